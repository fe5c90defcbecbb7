package cause_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// TestNothingRunsAtStart: the whole catalogue is linked into every command, so
// it has to be data and no code. The runtime lists each package whose
// initialisation does anything.
func TestNothingRunsAtStart(t *testing.T) {
	goTool := tool(t, "go")
	// Inside the package's directory, for `internal` to be importable.
	if err := os.MkdirAll("testdata", 0o755); err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("testdata", "init")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	main := write(t, filepath.Join(dir, "main.go"), `package main

import "github.com/tlswhy/tlswhy/internal/cause"

func main() {
	c, _ := cause.Get(cause.Expired)
	println(c.ID, c.FixesFor("nginx", "")[0].Text, cause.Topics()[0].Title)
}
`)
	bin := filepath.Join(t.TempDir(), "start")
	if out, err := exec.Command(goTool, "build", "-o", bin, "./"+main).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cmd := exec.Command(bin)
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if !strings.Contains(string(out), "init ") || !strings.Contains(string(out), "expired") {
		t.Fatalf("no trace in\n%s", out)
	}
	for line := range strings.Lines(string(out)) {
		if strings.HasPrefix(line, "init github.com/tlswhy/") {
			t.Errorf("work at program start: %s", line)
		}
	}
}

func BenchmarkFixesFor(b *testing.B) {
	c, _ := cause.Get(cause.NoSharedVersion)
	for b.Loop() {
		c.FixesFor("java-8u51", cause.SideClient)
	}
}

func BenchmarkExpandCommand(b *testing.B) {
	known := map[string]string{"host": "shop.example", "ca_file": "roots.pem"}
	for b.Loop() {
		cause.ExpandCommand("openssl s_client -connect {connect} {servername} {starttls} {cafile}", known)
	}
}

func BenchmarkMatchInterception(b *testing.B) {
	for b.Loop() {
		cause.MatchInterception("CN=WE1,O=Google Trust Services,C=US")
	}
}
