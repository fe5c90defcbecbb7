package env

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// What is no file is not waited for.
func TestNotAFile(t *testing.T) {
	dir := t.TempDir()
	h := &Host{FS: os.DirFS(dir)}
	if runtime.GOOS != "windows" { // which has no named pipes in folders
		if err := mkfifo(filepath.Join(dir, "pipe")); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() {
			_, err := h.read("/pipe")
			h.needed("/pipe")
			done <- err
		}()
		select {
		case err := <-done:
			if err == nil || err.Error() != "not a regular file" {
				t.Error(err)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("it waits for somebody to write to a pipe")
		}
	}
	if _, err := h.read("/"); err == nil || err.Error() != "is a directory" {
		t.Error(err)
	}
	if _, err := h.read("/nothing"); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// A few lines cannot take all of the memory.
func TestConfOfManyValues(t *testing.T) {
	text := "a = " + strings.Repeat("x", 1<<15) + "\n" + strings.Repeat("b = $a$a\n", 20_000)
	c := parseOpenSSLConf(confOf(map[string]string{"/c": text}), "/c")
	total := 0
	for _, s := range c.sections["default"] {
		total += len(s.Value)
	}
	if total > maxValues || len(c.errors) == 0 {
		t.Errorf("%d bytes, errors %v", total, c.errors)
	}
}

// A variable is found as fast in a long file as in a short one.
func TestConfOfManyVariables(t *testing.T) {
	text := "a = 1\n" + strings.Repeat("b = "+strings.Repeat("$a", 100)+"\n", 50_000)
	begun := time.Now()
	parseOpenSSLConf(confOf(map[string]string{"/c": text}), "/c")
	if took := time.Since(begun); took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
}

// A document that would take hours to compare is turned away.
func TestImplausibleDocument(t *testing.T) {
	for what, d := range map[string]*Document{
		"stacks":    {Stacks: make([]Stack, 300)},
		"variables": {Settings: make([]Variable, 3000)},
		"settings":  {Stacks: []Stack{{Settings: make([]Setting, 6000)}}},
		"roots":     {Stores: []Store{{Certificates: make([]Root, maxRoots+1)}}},
	} {
		d.Schema = Schema
		b, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Read(bytes.NewReader(b)); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestClipIsText(t *testing.T) {
	if s := clip(strings.Repeat("é", 100) + "x"); !utf8.ValidString(s) || len(s) > 64 {
		t.Errorf("%q", s)
	}
	if s := clip("x" + strings.Repeat("é", 100)); !utf8.ValidString(s) {
		t.Errorf("%q", s)
	}
}

// CURL_CA_BUNDLE=ca.pem is one of the directory that the program is started in.
func TestRelativeName(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "place"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "place", "ca.pem"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	h := &Host{FS: os.DirFS(dir), Dir: "/place"}
	for _, name := range []string{"ca.pem", "./ca.pem", "../place/ca.pem", "/place/ca.pem"} {
		if b, err := h.read(name); err != nil || string(b) != "x" {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
	if h.exists("/ca.pem") {
		t.Error("an absolute name is taken for a relative one")
	}
}
