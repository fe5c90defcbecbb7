//go:build unix

package cli

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tlswhy/tlswhy/internal/lab"
)

// Ctrl-C while a server stays silent: what is known by then is one document on
// stdout, and the exit code is 130.
func TestCtrlC(t *testing.T) {
	l, err := lab.Start(t.Context(), lab.Options{Only: []string{"silent"}})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	e := l.Endpoints()[0]
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		cmd := exec.CommandContext(t.Context(), build(t), e.Target, "--connect", e.Addr, "--ca-file", l.CAFile(), "--json")
		var out, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(1500 * time.Millisecond)
		if err := cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		err := cmd.Wait()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != exitInterrupted {
			t.Errorf("%v: %v, want exit code %d", sig, err, exitInterrupted)
		}
		if d := time.Since(begun); d > 2*time.Second {
			t.Errorf("%v: it takes %s to end", sig, d)
		}
		if err := validate("report", out.Bytes()); err != nil {
			t.Errorf("%v: %v in\n%s", sig, err, out.Bytes())
		}
		if !strings.Contains(out.String(), "interrupted before the end") {
			t.Errorf("%v: the report does not say so:\n%s", sig, out.Bytes())
		}
		if stderr.Len() > 0 {
			t.Errorf("%v: stderr gets %q", sig, stderr.String())
		}
	}
}

// The lab ends with Ctrl-C, as it is meant to, and leaves no files.
func TestLabEndsWithCtrlC(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, build(t), "lab", "healthy")
	cmd.Env = append(os.Environ(), "TMPDIR="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var text []byte
	buffer := make([]byte, 4096)
	for !bytes.Contains(text, []byte("Ctrl-C ends")) {
		n, err := out.Read(buffer)
		text = append(text, buffer[:n]...)
		if err != nil {
			t.Fatalf("%v after:\n%s", err, text)
		}
	}
	if !bytes.Contains(text, []byte("\n  tlswhy healthy.")) && !bytes.HasPrefix(text, []byte("healthy")) {
		t.Errorf("no command to try:\n%s", text)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// Nothing may be read, parsed or built when the program starts that only some
// commands need. Bytes allocated by initialisation do not depend on how busy the
// machine is, so they stand for the time.
func TestStartsLean(t *testing.T) {
	const atMost, ofOurs = 256 << 10, 32 << 10
	cmd := exec.Command(build(t), "--version")
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	var trace bytes.Buffer
	cmd.Stderr = &trace
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, m := range regexp.MustCompile(`(?m)^init (\S+) .* (\d+) bytes`).FindAllStringSubmatch(trace.String(), -1) {
		n, err := strconv.Atoi(m[2])
		if err != nil {
			t.Fatal(err)
		}
		total += n
		if strings.HasPrefix(m[1], "github.com/tlswhy/") && n > ofOurs {
			t.Errorf("%s allocates %d bytes at start, at most %d", m[1], n, ofOurs)
		}
	}
	if total == 0 || total > atMost {
		t.Errorf("%d bytes are allocated at start, at most %d:\n%s", total, atMost, trace.String())
	}
}

// tlswhy --version has to take under 8 ms.
func BenchmarkVersion(b *testing.B) {
	path := build(b)
	for b.Loop() {
		if err := exec.Command(path, "--version").Run(); err != nil {
			b.Fatal(err)
		}
	}
}
