// Package env looks at this machine as a client: which programs speak TLS here,
// with which libraries, what those trust, which versions they insist on and
// which file says so. Nothing here dials. Programs are run without a shell, for
// seconds and with bounded output; what is not installed is absent.
//
// A Host is what it looks at, so that another machine's tree of files can stand
// in for this one.
package env

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
)

// Host is a machine.
type Host struct {
	// FS is its file system from the root on.
	FS fs.FS
	// Dir is the working directory, which relative names in the environment are meant
	// from; "" is the root.
	Dir string
	// Environ is the environment, as of os.Environ.
	Environ []string
	// Run runs a program with arguments, within a time of its own, and returns the
	// beginning of what it wrote.
	Run func(ctx context.Context, path string, args ...string) (stdout, stderr []byte, err error)
	// Now is its clock.
	Now func() time.Time
	// Kernel is what the kernel says of the clock.
	Kernel func() KernelClock
	// OS and Arch as Go names them.
	OS, Arch string
	// Built is when tlswhy was built or its newest data are of; zero: not known.
	Built time.Time
	// Version of tlswhy.
	Version string

	limit     time.Duration // for one program of ThisHost
	ran       memo
	addedOnce sync.Once
	added     map[string]bool
}

// KernelClock is what the kernel knows.
type KernelClock struct {
	Known, Synchronised bool
	MaxError            time.Duration
}

// ThisHost is the machine that the program runs on.
func ThisHost(version string, built time.Time) *Host {
	dir, _ := os.Getwd() // "" if it was removed: relative names lead nowhere then
	h := &Host{
		Dir: dir, FS: os.DirFS("/"), Environ: os.Environ(), Now: time.Now, Kernel: kernelClock,
		OS: runtime.GOOS, Arch: runtime.GOARCH, Version: version, Built: built, limit: runTimeout,
	}
	h.Run = h.run
	return h
}

// Bounds on what programs may cost.
const (
	runTimeout = 8 * time.Second // a Java machine that was never started takes two
	maxOutput  = 4 << 20         // node prints its roots: 250 KB
	maxFile    = 16 << 20
)

// run runs a program. Its standard input is empty, and it is told to write in
// English.
func (h *Host) run(ctx context.Context, path string, args ...string) ([]byte, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, h.limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...) //nolint:gosec // G204: programs of our own list, found on PATH
	cmd.Env = append(slices.Clone(h.Environ), "LC_ALL=C")
	stdout, stderr := &head{}, &head{}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	// A program that leaves children behind must not hold the pipes open.
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	if ctx.Err() != nil {
		err = fmt.Errorf("no answer within %s", h.limit)
	}
	return stdout.b.Bytes(), stderr.b.Bytes(), err
}

// head keeps the first maxOutput bytes.
type head struct{ b bytes.Buffer }

func (h *head) Write(p []byte) (int, error) {
	if room := maxOutput - h.b.Len(); room > 0 {
		h.b.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

// memo remembers what programs said: several stacks ask the same one.
type memo struct {
	mu  sync.Mutex
	got map[string]*answer
}

type answer struct {
	once           sync.Once
	stdout, stderr string
	err            error
}

// ask runs a program once and returns what it wrote.
func (h *Host) ask(ctx context.Context, path string, args ...string) (string, string, error) {
	key := path + "\x00" + strings.Join(args, "\x00")
	h.ran.mu.Lock()
	if h.ran.got == nil {
		h.ran.got = map[string]*answer{}
	}
	a := h.ran.got[key]
	if a == nil {
		a = &answer{}
		h.ran.got[key] = a
	}
	h.ran.mu.Unlock()
	a.once.Do(func() {
		out, errOut, err := h.Run(ctx, path, args...)
		a.stdout, a.stderr, a.err = string(out), string(errOut), err
	})
	return a.stdout, a.stderr, a.err
}

// getenv is the value of a variable, "" if it is not set.
func (h *Host) getenv(name string) string {
	v, _ := h.lookupEnv(name)
	return v
}

func (h *Host) lookupEnv(name string) (string, bool) {
	for i := len(h.Environ) - 1; i >= 0; i-- {
		if k, v, ok := strings.Cut(h.Environ[i], "="); ok && k == name {
			return v, true
		}
	}
	return "", false
}

// inFS is a path as fs.FS wants it.
func (h *Host) inFS(name string) string {
	if !path.IsAbs(name) {
		name = path.Join(h.Dir, name)
	}
	name = strings.TrimPrefix(path.Clean("/"+name), "/")
	if name == "" {
		return "."
	}
	return name
}

// read reads a file within bounds.
func (h *Host) read(name string) ([]byte, error) {
	// Before it is opened: to open a named pipe is to wait for a writer.
	info, err := h.stat(name)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, errors.New("is a directory")
	case !info.Mode().IsRegular():
		return nil, errors.New("not a regular file")
	}
	f, err := h.FS.Open(h.inFS(name))
	if err != nil {
		return nil, reason(err)
	}
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, reason(err)
	}
	if len(b) > maxFile {
		return nil, fmt.Errorf("larger than %d MiB", maxFile>>20)
	}
	return b, nil
}

func (h *Host) stat(name string) (fs.FileInfo, error) {
	info, err := fs.Stat(h.FS, h.inFS(name))
	if err != nil {
		return nil, reason(err)
	}
	return info, nil
}

func (h *Host) exists(name string) bool {
	_, err := h.stat(name)
	return err == nil
}

// reason is the system's reason without operation and path.
func reason(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// lookPath finds a program in PATH; "" if there is none.
func (h *Host) lookPath(names ...string) string {
	for _, name := range names {
		for dir := range strings.SplitSeq(h.getenv("PATH"), ":") {
			if !path.IsAbs(dir) {
				continue // a relative directory is another one everywhere
			}
			full := path.Join(dir, name)
			if info, err := h.stat(full); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
				return full
			}
		}
	}
	return ""
}
