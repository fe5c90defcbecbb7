//go:build linux

package e2e

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

var (
	theKeys *pki
	workDir string // readable for every account: several servers drop root

	programOnce sync.Once
	programPath string
	errProgram  error
)

func TestMain(m *testing.M) {
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f != nil && !isSet("test.parallel") {
		// Three servers at once keep two cores busy without making the slow ones (JVM, databases) miss their timeouts.
		_ = f.Value.Set("3")
	}
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	for _, tool := range []string{"openssl", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("CI") == "true" {
				return 1, fmt.Errorf("%s is missing: run scripts/install-servers.sh", tool)
			}
			fmt.Fprintf(os.Stderr, "e2e: SKIPPED, %s is missing: run scripts/install-servers.sh\n", tool)
			return 0, nil
		}
	}
	// Servers of Debian live in sbin, which is not on every account's path.
	_ = os.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin:/sbin")
	workDir, err = os.MkdirTemp("", "tlswhy-e2e-")
	if err != nil {
		return 1, err
	}
	if !keepFiles() {
		defer func() { err = errors.Join(err, os.RemoveAll(workDir)) }()
	}
	if err := os.Chmod(workDir, 0o755); err != nil {
		return 1, err
	}
	dir := filepath.Join(workDir, "pki")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return 1, err
	}
	if theKeys, err = newPKI(dir); err != nil {
		return 1, err
	}
	if err := theKeys.serveWeb(); err != nil {
		return 1, err
	}
	fillServers()
	code = m.Run()
	missed.Range(func(what, _ any) bool {
		fmt.Fprintf(os.Stderr, "e2e: SKIPPED tests for want of %s: run scripts/install-servers.sh\n", what)
		return true
	})
	return code, nil
}

// keepFiles is for debugging a server's configuration: TLSWHY_E2E_KEEP=1 leaves the directory behind.
func keepFiles() bool { return os.Getenv("TLSWHY_E2E_KEEP") != "" }

func isSet(name string) (set bool) {
	flag.Visit(func(f *flag.Flag) { set = set || f.Name == name })
	return set
}

// program builds cmd/tlswhy once for the whole run. TLSWHY_BINARY names a ready one.
func program(t testing.TB) string {
	t.Helper()
	programOnce.Do(func() {
		if programPath = os.Getenv("TLSWHY_BINARY"); programPath != "" {
			return
		}
		programPath = filepath.Join(workDir, "tlswhy")
		c := exec.Command("go", "build", "-o", programPath, "./cmd/tlswhy")
		c.Dir = ".."
		if out, err := c.CombinedOutput(); err != nil {
			errProgram = fmt.Errorf("building cmd/tlswhy: %w\n%s", err, out)
		}
	})
	if errProgram != nil {
		t.Fatal(errProgram)
	}
	return programPath
}

var missed sync.Map // what tests were skipped for

// missing skips the test where a tool is not installed, and fails it in CI.
func missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is missing: run scripts/install-servers.sh", what)
	}
	missed.Store(what, true)
	t.Skipf("%s is missing: run scripts/install-servers.sh", what)
}

func need(t testing.TB, tool string) string {
	t.Helper()
	f, err := exec.LookPath(tool)
	if err != nil {
		missing(t, tool)
	}
	return f
}

func needRoot(t testing.TB, why string) {
	t.Helper()
	if os.Geteuid() != 0 {
		missing(t, "root, for "+why)
	}
}

// oldNode returns the binary of a Node.js release that install-servers.sh fetched.
func oldNode(t testing.TB, version string) string {
	t.Helper()
	f := filepath.Join(toolsDir(), "node-"+version, "node")
	if _, err := os.Stat(f); err != nil {
		missing(t, "Node.js "+version)
	}
	return f
}

// toolsDir is where the install scripts put what does not come from Debian.
func toolsDir() string {
	if d := os.Getenv("TLSWHY_TOOLS"); d != "" {
		return d
	}
	return filepath.Join(os.Getenv("HOME"), ".cache", "tlswhy-tools")
}
