//go:build linux

package e2e

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// env is one running endpoint: its directory, ports, processes and log.
type env struct {
	t    testing.TB
	dir  string
	port int // where clients connect
	pki  *pki
	log  string
	last *process

	openssl string // configuration file of OpenSSL for the server, "" for the system's

	procs []*process
}

type process struct {
	cmd  *exec.Cmd
	done chan struct{}
}

var envs atomic.Int64

func newEnv(t testing.TB) *env {
	t.Helper()
	// Not t.TempDir: that is private to root, and its long name does not fit into a socket address.
	dir := filepath.Join(workDir, fmt.Sprintf("e%d", envs.Add(1)))
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	e := &env{t: t, dir: dir, port: freePort(), pki: theKeys, log: filepath.Join(dir, "server.log")}
	if err := os.WriteFile(e.log, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(e.log, 0o666); err != nil { // the umask took the bits that servers without root need
		t.Fatal(err)
	}
	t.Cleanup(func() {
		e.stop()
		if t.Failed() {
			t.Logf("the server's log:\n%s", tail(e.log, 3000))
		}
		if !keepFiles() {
			_ = os.RemoveAll(dir)
		}
	})
	return e
}

func (e *env) addr() string             { return net.JoinHostPort("127.0.0.1", strconv.Itoa(e.port)) }
func (e *env) path(name string) string  { return filepath.Join(e.dir, name) }
func (e *env) id(name string) *identity { return e.pki.id(e.t, name) }

func (e *env) file(name, text string) string {
	e.t.Helper()
	f := e.path(name)
	if err := os.WriteFile(f, []byte(text), 0o644); err != nil {
		e.t.Fatal(err)
	}
	return f
}

func (e *env) mkdir(name string) string {
	e.t.Helper()
	d := e.path(name)
	if err := os.MkdirAll(d, 0o755); err != nil {
		e.t.Fatal(err)
	}
	return d
}

func (e *env) chown(path, account string) {
	e.t.Helper()
	uid, gid := account2ids(e.t, account)
	if err := os.Chown(path, int(uid), int(gid)); err != nil {
		e.t.Fatal(err)
	}
}

func account2ids(t testing.TB, account string) (uid, gid uint32) {
	t.Helper()
	u, err := user.Lookup(account)
	if err != nil {
		missing(t, "the account "+account)
	}
	a, _ := strconv.ParseUint(u.Uid, 10, 32)
	b, _ := strconv.ParseUint(u.Gid, 10, 32)
	return uint32(a), uint32(b)
}

// command prepares a process in a group of its own, in the endpoint's directory, with its output in the log.
func (e *env) command(name string, args ...string) *exec.Cmd {
	e.t.Helper()
	c := exec.Command(need(e.t, name), args...)
	c.Dir = e.dir
	c.Env = append(os.Environ(), "HOME="+e.dir, "XDG_DATA_HOME="+e.dir, "XDG_CONFIG_HOME="+e.dir)
	if e.openssl != "" {
		c.Env = append(c.Env, "OPENSSL_CONF="+e.openssl)
	}
	c.SysProcAttr = groupOfItsOwn(nil)
	return c
}

// groupOfItsOwn lets stop reach a server's children as well; should the test binary die, the server goes with it.
func groupOfItsOwn(account *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL, Credential: account}
}

func (e *env) as(c *exec.Cmd, account string) {
	e.t.Helper()
	needRoot(e.t, "running a server as "+account)
	uid, gid := account2ids(e.t, account)
	c.SysProcAttr.Credential = &syscall.Credential{Uid: uid, Gid: gid}
}

// runOnce runs a preparing command (initdb and the like) to its end.
func (e *env) runOnce(c *exec.Cmd) {
	e.t.Helper()
	if out, err := c.CombinedOutput(); err != nil {
		e.t.Fatalf("%s: %v\n%s", c, err, out)
	}
}

// spawn starts a server; waitListening comes next.
func (e *env) spawn(c *exec.Cmd) {
	e.t.Helper()
	f, err := os.OpenFile(e.log, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		e.t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if c.Stdout == nil {
		c.Stdout, c.Stderr = f, f
	}
	if err := c.Start(); err != nil {
		e.t.Fatalf("starting %s: %v", c, err)
	}
	p := &process{cmd: c, done: make(chan struct{})}
	go func() { _ = c.Wait(); close(p.done) }()
	e.procs, e.last = append(e.procs, p), p
}

// restart stops the server and starts it again with the same command line; its files may have changed meanwhile.
func (e *env) restart() {
	e.t.Helper()
	var again []*exec.Cmd
	for _, p := range e.procs {
		c := exec.Command(p.cmd.Path, p.cmd.Args[1:]...)
		c.Dir, c.Env = p.cmd.Dir, p.cmd.Env
		c.SysProcAttr = groupOfItsOwn(p.cmd.SysProcAttr.Credential)
		again = append(again, c)
	}
	e.stop()
	for range 200 { // children may hold the socket a moment longer than their parent
		if !listening(e.port) {
			break
		}
		time.Sleep(15 * time.Millisecond)
	}
	for _, c := range again {
		e.spawn(c)
	}
	e.waitListening(e.port)
}

// waitListening returns when something listens on the port; looking at /proc costs the server no connection.
func (e *env) waitListening(port int) {
	e.t.Helper()
	deadline := time.Now().Add(time.Minute)
	for !listening(port) {
		if e.last != nil {
			select {
			case <-e.last.done:
				if !listening(port) && !e.last.cmd.ProcessState.Success() {
					e.t.Fatalf("%s ended with %v\n%s", e.last.cmd, e.last.cmd.ProcessState, tail(e.log, 3000))
				}
			default:
			}
		}
		if time.Now().After(deadline) {
			e.t.Fatalf("nothing listens on port %d after a minute\n%s", port, tail(e.log, 3000))
		}
		time.Sleep(15 * time.Millisecond)
	}
}

// stop ends every process with its whole group, first politely.
func (e *env) stop() {
	for i := len(e.procs) - 1; i >= 0; i-- {
		p := e.procs[i]
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGTERM)
		select {
		case <-p.done:
		case <-time.After(3 * time.Second):
		}
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) // also children that outlived their parent
		<-p.done
	}
	e.procs, e.last = nil, nil
}

var nextPort atomic.Int64

// freePort hands out ports below the ephemeral range, so that no outgoing connection takes them meanwhile, and never one twice.
func freePort() int {
	nextPort.CompareAndSwap(0, int64(15000+os.Getpid()*331%16000))
	for {
		p := int(nextPort.Add(1))
		if p > 32000 {
			nextPort.Store(15000)
			continue
		}
		if free(p) {
			return p
		}
	}
}

// free looks whether the port can be had. No process is forked meanwhile: until its exec, a child would keep a copy of the
// listening socket, and waitListening would take that for the server.
func free(port int) bool {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	ln, err := listenOn(port)
	if err != nil {
		return false
	}
	_ = ln.Close()
	return true
}

// listen takes a free port for a server in the test binary itself; whoever else runs these tests may be faster than a look.
func (e *env) listen() net.Listener {
	e.t.Helper()
	for range 20 {
		if ln, err := listenOn(freePort()); err == nil {
			return ln
		}
	}
	e.t.Fatal("no port is free")
	return nil
}

func listenOn(port int) (net.Listener, error) {
	return net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
}

func listening(port int) bool {
	suffix := fmt.Sprintf(":%04X", port)
	for _, f := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		b, err := os.ReadFile(f)
		if err != nil {
			continue
		}
		for _, line := range strings.Split(string(b), "\n") {
			x := strings.Fields(line)
			if len(x) > 3 && x[3] == "0A" && strings.HasSuffix(x[1], suffix) {
				return true
			}
		}
	}
	return false
}

func tail(file string, n int) string {
	b, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	if len(b) > n {
		b = b[len(b)-n:]
	}
	return string(bytes.ToValidUTF8(b, []byte("?")))
}
