package cli

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/tlswhy/tlswhy/internal/lab"
)

var update = flag.Bool("update", false, "write the expected files of the scripts anew")

// program builds the real program once for the whole run and returns its path.
// It is built without the race detector, which makes a process slow to start;
// what runs at the same time is tested within the test's own process.
var program = sync.OnceValues(func() (string, error) {
	path := filepath.Join(programDir, "tlswhy")
	cmd := exec.Command("go", "build", "-o", path, "github.com/tlswhy/tlswhy/cmd/tlswhy")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the program: %w\n%s", err, out)
	}
	return path, nil
})

var programDir string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "tlswhy-cli-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	programDir = dir
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

func build(t testing.TB) string {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// Each script is a command of the program, run as a process. Commands of the
// scripts, besides testscript's own:
//
//	lab NAME…          starts endpoints: $CA, $NAME (its target) and $NAME_AT
//	run CODE ARGS…     runs tlswhy and wants that exit code
//	refused ARGS…      wants exit code 2, one line on stderr, nothing on stdout
//	document KIND FILE wants FILE to be one JSON document of that kind
func TestScripts(t *testing.T) {
	path := filepath.Dir(build(t)) + string(os.PathListSeparator) + os.Getenv("PATH")
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"lab": scriptLab, "run": scriptRun, "refused": scriptRefused, "document": scriptDocument,
		},
		Setup: func(e *testscript.Env) error {
			e.Setenv("PATH", path)
			e.Setenv("TMPDIR", e.WorkDir)
			e.Setenv("NO_COLOR", "")
			return nil
		},
	})
}

func scriptLab(ts *testscript.TestScript, _ bool, names []string) {
	l, err := lab.Start(context.Background(), lab.Options{Only: names, Dir: ts.Getenv("WORK")})
	ts.Check(err)
	ts.Defer(func() { _ = l.Close() })
	ts.Setenv("CA", l.CAFile())
	for _, e := range l.Endpoints() {
		name := strings.ToUpper(strings.ReplaceAll(e.Name, "-", "_"))
		ts.Setenv(name, e.Target)
		ts.Setenv(name+"_AT", e.Addr)
	}
	if n := len(l.Endpoints()); n != len(names) {
		ts.Fatalf("%d endpoints run, not %d: %v", n, len(names), l.Skipped())
	}
}

// tlswhy runs the program and returns its exit code.
func tlswhyCode(ts *testscript.TestScript, args []string) int {
	err := ts.Exec("tlswhy", args...)
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	ts.Fatalf("%v", err)
	return -1
}

func scriptRun(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	if got := tlswhyCode(ts, args[1:]); got != want {
		ts.Fatalf("exit code %d, want %d\nstdout:\n%s\nstderr:\n%s", got, want, ts.ReadFile("stdout"), ts.ReadFile("stderr"))
	}
	if s := ts.ReadFile("stderr"); want != exitUsage && s != "" {
		ts.Fatalf("stderr is no terminal and gets: %s", s)
	}
}

func scriptRefused(ts *testscript.TestScript, _ bool, args []string) {
	if got := tlswhyCode(ts, args); got != exitUsage {
		ts.Fatalf("exit code %d, want %d\nstdout:\n%s\nstderr:\n%s", got, exitUsage, ts.ReadFile("stdout"), ts.ReadFile("stderr"))
	}
	if s := ts.ReadFile("stdout"); s != "" {
		ts.Fatalf("stdout gets: %s", s)
	}
	if s := ts.ReadFile("stderr"); strings.Count(s, "\n") != 1 || !strings.HasSuffix(s, "\n") || !strings.HasPrefix(s, "tlswhy: ") {
		ts.Fatalf("stderr is not one line: %q", s)
	}
}

func scriptDocument(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: document KIND FILE")
	}
	err := validate(args[0], []byte(ts.ReadFile(args[1])))
	if neg != (err != nil) {
		ts.Fatalf("%s: %v", args[1], err)
	}
}

// Every golden document of the renderers is of its schema.
func TestGoldenDocuments(t *testing.T) {
	files, err := filepath.Glob("../render/testdata/golden/*.json")
	if err != nil || len(files) < 12 {
		t.Fatalf("%d golden documents, %v", len(files), err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var head struct{ Schema string }
		if err := json.Unmarshal(text, &head); err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		kind := strings.TrimSuffix(strings.TrimPrefix(head.Schema, "tlswhy/"), "/v1")
		if err := validate(kind, text); err != nil {
			t.Errorf("%s: %v", f, err)
		}
	}
}
