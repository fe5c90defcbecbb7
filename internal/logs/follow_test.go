package logs_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tlswhy/tlswhy/internal/logs"
	"github.com/tlswhy/tlswhy/internal/report"
)

// A file that is followed: what is added, also in two pieces; moved away with
// another in its place; cut.
func TestFollow(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "error.log")
	lines := strings.SplitAfter(nginx, "\n")
	write := func(flag int, s string) {
		t.Helper()
		f, err := os.OpenFile(name, flag|os.O_WRONLY|os.O_CREATE, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString(s); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	write(os.O_TRUNC, lines[0])
	found := make(chan report.LogFailure, 10)
	ctx, cancel := context.WithCancel(t.Context())
	type answer struct {
		d   *report.Logs
		err error
	}
	done := make(chan answer)
	go func() {
		d, err := logs.Read(ctx, []logs.Input{{Name: name}}, logs.Options{Now: now, Follow: true, Each: func(f report.LogFailure) error { found <- f; return nil }})
		done <- answer{d, err}
	}()
	next := func(want int64) {
		t.Helper()
		select {
		case f := <-found:
			if f.Line != want {
				t.Errorf("line %d, want %d", f.Line, want)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("nothing of line %d", want)
		}
	}
	next(1)
	write(os.O_APPEND, lines[1]+lines[2][:40])
	time.Sleep(300 * time.Millisecond)
	write(os.O_APPEND, lines[2][40:])
	next(3)
	if err := os.Rename(name, name+".1"); err != nil {
		t.Fatal(err)
	}
	write(os.O_TRUNC, lines[3])
	next(1)
	write(os.O_APPEND, lines[2])
	next(2)
	write(os.O_TRUNC, lines[0])
	next(1)
	cancel()
	a := <-done
	if !errors.Is(a.err, context.Canceled) || a.d.Failures != 5 || len(a.d.Damage) != 1 || !strings.Contains(a.d.Damage[0].Reason, "was cut") {
		t.Errorf("%v, %d failures, %v", a.err, a.d.Failures, a.d.Damage)
	}
}
