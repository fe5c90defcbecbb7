//go:build linux

package e2e

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// bench is where the clients run: a mount namespace in which every name of the endpoints is this machine and the roots of
// the system are those of the tests.
type bench struct {
	t        testing.TB
	dir      string
	roots    string
	names    string // its hosts file
	goClient string
	inside   []string // the words before a command that put it there

	mu   sync.Mutex
	long map[string]*answering
}

func (b *bench) script(name string) string {
	f, _ := filepath.Abs(filepath.Join("testdata", "clients", name))
	return f
}

// newBench needs roots and names; it installs nothing.
func newBench(t testing.TB, roots string, names []string) *bench {
	t.Helper()
	needRoot(t, "a mount namespace with a hosts file of its own")
	dir := filepath.Join(workDir, "bench")
	b := &bench{t: t, dir: dir, roots: roots, long: map[string]*answering{}}
	if err := os.MkdirAll(filepath.Join(dir, "home"), 0o755); err != nil {
		t.Fatal(err)
	}
	b.names = filepath.Join(dir, "hosts")
	write := func(file, text string) {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(b.names, "127.0.0.1 localhost "+strings.Join(names, " ")+"\n")
	for _, n := range names {
		write(filepath.Join(dir, "nss-"+n), strings.ReplaceAll(plainGet, "{name}", n))
	}
	system := filepath.Join(dir, "system-roots.pem") // a copy: what anybody adds to the system's is not to reach the other clients
	write(system, readAll(t, roots))
	b.prepareNSS()
	b.buildGo()
	b.compileJava()
	t.Cleanup(b.close)

	holder := exec.Command("unshare", "-m", "--propagation", "private", "sh", "-c",
		`mount --bind "$1" /etc/hosts && mount --bind "$2" /etc/ssl/certs/ca-certificates.crt && echo ready && exec sleep 86400`, "sh", b.names, system)
	holder.SysProcAttr = groupOfItsOwn(nil)
	out, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = holder.Process.Kill(); _ = holder.Wait() })
	if line, _ := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		t.Fatal("no mount namespace for the clients")
	}
	b.inside = []string{"nsenter", fmt.Sprintf("--mount=/proc/%d/ns/mnt", holder.Process.Pid), "--"}
	return b
}

func (b *bench) prepareNSS() {
	b.t.Helper()
	db := filepath.Join(b.dir, "nss")
	do := func(name string, args ...string) {
		if out, err := exec.Command(need(b.t, name), args...).CombinedOutput(); err != nil {
			b.t.Fatalf("%s: %v\n%s", name, err, out)
		}
	}
	if err := os.MkdirAll(db, 0o755); err != nil {
		b.t.Fatal(err)
	}
	do("certutil", "-N", "-d", "sql:"+db, "--empty-password")
	for i, block := range strings.SplitAfter(readAll(b.t, b.roots), "-----END CERTIFICATE-----") {
		if !strings.Contains(block, "BEGIN") {
			continue
		}
		f := filepath.Join(b.dir, fmt.Sprintf("root-%d.pem", i))
		if err := os.WriteFile(f, []byte(strings.TrimSpace(block)+"\n"), 0o644); err != nil {
			b.t.Fatal(err)
		}
		do("certutil", "-A", "-d", "sql:"+db, "-n", fmt.Sprintf("root %d", i), "-t", "C,,", "-i", f)
	}
}

// buildGo builds the client with the toolchain of the tests.
func (b *bench) buildGo() {
	b.t.Helper()
	src := filepath.Join(b.dir, "go")
	if err := os.MkdirAll(src, 0o755); err != nil {
		b.t.Fatal(err)
	}
	for file, text := range map[string]string{"main.go": readAll(b.t, b.script("get.go.txt")), "go.mod": "module client\n\ngo 1.26\n"} {
		if err := os.WriteFile(filepath.Join(src, file), []byte(text), 0o644); err != nil {
			b.t.Fatal(err)
		}
	}
	b.goClient = filepath.Join(src, "client")
	c := exec.Command("go", "build", "-o", b.goClient, ".")
	c.Dir = src
	c.Env = append(os.Environ(), "GOFLAGS=-v", "GOWORK=off")
	if out, err := c.CombinedOutput(); err != nil {
		b.t.Fatalf("building the Go client: %v\n%s", err, out)
	}
}

// environment is nearly empty: nothing of whoever runs the tests may reach a client.
func (b *bench) environment(more []string) []string {
	env := []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=" + filepath.Join(b.dir, "home"), "LANG=C.UTF-8", "TERM=dumb"}
	for _, e := range more {
		env = append(env, strings.ReplaceAll(e, "{roots}", b.roots))
	}
	return env
}

// meet lets a client ask for a page.
func (b *bench) meet(s subject, name string, port int) (ok bool, said string) {
	if s.many != nil {
		said = b.line(s, name, port)
		return s.says.MatchString(said), said
	}
	ctx, stop := context.WithTimeout(context.Background(), patience)
	defer stop()
	c := b.command(ctx, s, s.run(b, name, port))
	var out watched
	c.Stdout, c.Stderr = &out, &out
	if s.input != "" {
		r, w, err := os.Pipe()
		if err != nil {
			return false, err.Error()
		}
		defer func() { _ = r.Close() }()
		c.Stdin = r
		_, _ = io.WriteString(w, strings.ReplaceAll(s.input, "{name}", name))
		closeInput := sync.OnceFunc(func() { _ = w.Close() })
		out.until, out.then = gotPage, closeInput
		end := time.AfterFunc(s.hold, closeInput)
		defer func() { end.Stop(); closeInput() }()
	}
	err := c.Run()
	said = string(bytes.ToValidUTF8(out.Bytes(), []byte("?")))
	if ctx.Err() != nil {
		return false, "no end in time: " + said
	}
	ok = err == nil
	if s.says != nil {
		ok = s.says.MatchString(said)
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) {
		said = err.Error() + " " + said
	}
	if s.still != nil && s.still.MatchString(said) {
		ok = true
	}
	return ok && (s.not == nil || !s.not.MatchString(said)), said
}

// watched is what a client prints. Once that matches, something follows.
type watched struct {
	bytes.Buffer
	until *regexp.Regexp
	then  func()
}

func (w *watched) Write(b []byte) (int, error) {
	n, err := w.Buffer.Write(b)
	if w.until != nil && w.until.Match(w.Bytes()) {
		w.then()
		w.until = nil
	}
	return n, err
}

// patience is how long a client may take.
const patience = 20 * time.Second

func (b *bench) command(ctx context.Context, s subject, args []string) *exec.Cmd {
	args = append(b.inside[:len(b.inside):len(b.inside)], args...)
	c := exec.CommandContext(ctx, args[0], args[1:]...)
	c.Dir, c.Env, c.SysProcAttr, c.WaitDelay = b.dir, b.environment(s.env), groupOfItsOwn(nil), time.Second
	return c
}

// installed tells what of the client is missing.
func (b *bench) installed(s subject) error {
	args := s.many
	if args == nil {
		args = func(b *bench) []string { return s.run(b, "x", 1) }
	}
	_, err := exec.LookPath(args(b)[0])
	return err
}

// answering is a client that answers a line with a line.
type answering struct {
	mu   sync.Mutex
	cmd  *exec.Cmd // nil: not running
	in   io.Writer
	out  chan string // closed at its end
	last *bytes.Buffer
}

// line asks a client that lives longer than one request. It is started again where it crashed or hung.
func (b *bench) line(s subject, name string, port int) string {
	b.mu.Lock()
	a := b.long[s.id]
	if a == nil {
		a = &answering{}
		b.long[s.id] = a
	}
	b.mu.Unlock()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.cmd == nil {
		if err := a.start(b.command(context.Background(), s, s.many(b))); err != nil {
			return err.Error()
		}
	}
	if _, err := fmt.Fprintf(a.in, "%s %d\n", name, port); err != nil {
		return a.stop("its input ended")
	}
	select {
	case l, ok := <-a.out:
		if !ok {
			return a.stop("it ended")
		}
		return l
	case <-time.After(patience):
		return a.stop("no answer in time")
	}
}

func (a *answering) start(c *exec.Cmd) error {
	in, err := c.StdinPipe()
	if err != nil {
		return err
	}
	out, err := c.StdoutPipe()
	if err != nil {
		return err
	}
	a.last = &bytes.Buffer{}
	c.Stderr = a.last
	if err := c.Start(); err != nil {
		return err
	}
	a.cmd, a.in, a.out = c, in, make(chan string)
	go func(to chan string) {
		defer close(to)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			to <- lines.Text()
		}
	}(a.out)
	return nil
}

func (a *answering) stop(why string) string {
	_ = syscall.Kill(-a.cmd.Process.Pid, syscall.SIGKILL)
	for range a.out { //nolint:revive // drained, so that its reader ends
	}
	_ = a.cmd.Wait()
	a.cmd = nil
	return why + ": " + a.last.String()
}

func (b *bench) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, a := range b.long {
		if a.cmd != nil {
			a.stop("")
		}
	}
}

// compileJava compiles the client that runs on JSSE and on Bouncy Castle.
func (b *bench) compileJava() {
	b.t.Helper()
	if out, err := exec.Command(need(b.t, "javac"), "-d", filepath.Join(b.dir, "java"), b.script("Many.java")).CombinedOutput(); err != nil {
		b.t.Fatalf("compiling Many.java: %v\n%s", err, out)
	}
}
