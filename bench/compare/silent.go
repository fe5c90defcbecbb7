//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// namedWithin is when a silent endpoint has to be named on the terminal.
const namedWithin = 5 * time.Second

// silent measures when a cause is first named on the terminal, and when the
// final report comes. Its arguments are [ADDRESS:]PORT=CAUSE=SECONDS=WORDS: the
// cause, and the --timeout to give.
func silent(s *setup, args []string) error {
	fmt.Printf("On a pseudo terminal; %d runs each. The report may come once --timeout is over, to tell silent from slow.\n\n", s.N)
	var t table
	t.add("endpoint", "cause named as likely", "after s (median)", "latest s", "target", "", "--timeout s", "report after s", "exit", "connections", "errors")
	for _, a := range args {
		f := strings.SplitN(a, "=", 4)
		if len(f) != 4 {
			return fmt.Errorf("%q is no [ADDRESS:]PORT=CAUSE=SECONDS=WORDS", a)
		}
		one := *s
		if host, port, err := net.SplitHostPort(f[0]); err == nil {
			one.Addr, f[0] = host, port
		}
		port, err := strconv.Atoi(f[0])
		if err != nil {
			return fmt.Errorf("%q: %w", a, err)
		}
		w, err := tap(s.Iface, port)
		if err != nil {
			return err
		}
		var named, reported []time.Duration
		latest, exit, connections, failed := time.Duration(0), 0, 0, 0
		for range s.N {
			r, err := onTerminal(one.tlswhyCheck(port, "--timeout", f[2]+"s"), f[1])
			if err != nil {
				w.close()
				return err
			}
			connections = max(connections, w.read(port, 50*time.Millisecond).Connections)
			exit = r.exit
			reported = append(reported, r.took)
			if r.named == 0 {
				failed++
				fmt.Fprintf(os.Stderr, "compare: %s: %s was not named as likely: %q\n", f[3], f[1], r.text)
				continue
			}
			named = append(named, r.named)
			latest = max(latest, r.named)
		}
		w.close()
		t.add(f[3], f[1], seconds(median(named)), seconds(latest), "≤ 5", met(failed == 0 && latest <= namedWithin), f[2],
			seconds(median(reported)), strconv.Itoa(exit), strconv.Itoa(connections), strconv.Itoa(failed))
	}
	t.print()
	return nil
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f", d.Seconds()) }

// seen is a run on a terminal.
type seen struct {
	named, took time.Duration // named is 0 if the cause was not
	exit        int
	text        string
}

var escapes = regexp.MustCompile(`\x1b\[[0-9;?]*[A-Za-z]`)

// onTerminal runs a program on a pseudo terminal and waits for "likely" and the
// cause to stand on one line.
func onTerminal(args []string, cause string) (seen, error) {
	master, terminal, err := openTerminal()
	if err != nil {
		return seen{}, err
	}
	defer master.Close()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = terminal, terminal, terminal
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Pdeathsig: syscall.SIGKILL}
	cmd.Env = append(os.Environ(), "TERM=xterm-256color", "LC_ALL=C.UTF-8")
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return seen{}, fmt.Errorf("starting %s: %w", args[0], err)
	}
	_ = terminal.Close()
	likely := regexp.MustCompile(`(?m)^.*likely.*` + regexp.QuoteMeta(cause) + `.*$|^.*` + regexp.QuoteMeta(cause) + `.*likely.*$`)
	var r seen
	var text []byte
	buf := make([]byte, 4096)
	for {
		n, err := master.Read(buf)
		text = append(text, buf[:n]...)
		if r.named == 0 && likely.MatchString(escapes.ReplaceAllString(string(text), "")) {
			r.named = time.Since(start)
		}
		if err != nil {
			// Linux reports EIO when the last process has closed its side.
			if !errors.Is(err, syscall.EIO) && !errors.Is(err, io.EOF) {
				return seen{}, fmt.Errorf("reading the terminal: %w", err)
			}
			break
		}
	}
	_ = cmd.Wait()
	r.took, r.exit, r.text = time.Since(start), cmd.ProcessState.ExitCode(), escapes.ReplaceAllString(string(text), "")
	return r, nil
}

// openTerminal makes a pseudo terminal of 100 columns.
func openTerminal() (master, terminal *os.File, err error) {
	master, err = os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("opening a pseudo terminal: %w", err)
	}
	fd := int(master.Fd())
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		terminal, err = os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|syscall.O_NOCTTY, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 40, Col: 100})
	}
	if err != nil {
		_ = master.Close()
		return nil, nil, fmt.Errorf("setting up a pseudo terminal: %w", err)
	}
	return master, terminal, nil
}

// mute accepts connections and says nothing, until it is ended.
func mute(args []string) error {
	if len(args) != 1 {
		return errors.New("give an address to listen on")
	}
	l, err := net.Listen("tcp", args[0])
	if err != nil {
		return err
	}
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			_, _ = io.Copy(io.Discard, c)
			_ = c.Close()
		}()
	}
}
