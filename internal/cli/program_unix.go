//go:build unix

package cli

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// forwarded are the signals that are for the program, too.
func forwarded() []os.Signal {
	return []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2}
}

// heardItself: what is typed at a terminal goes to all processes before it, the
// program among them; a second one would be one too many.
func (a *app) heardItself(s os.Signal) bool {
	if s != syscall.SIGINT && s != syscall.SIGQUIT {
		return false
	}
	tty, err := os.Open("/dev/tty")
	if err != nil {
		return false
	}
	defer tty.Close()
	fd := int(tty.Fd()) // G115: a descriptor is a small number
	front, err := unix.IoctlGetInt(fd, unix.TIOCGPGRP)
	return err == nil && term.IsTerminal(fd) && front == unix.Getpgrp()
}

// exitStatus is that of a shell: 128 and the signal, where one ended it.
func exitStatus(p *os.ProcessState) int {
	if w, ok := p.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		return 128 + int(w.Signal())
	}
	return p.ExitCode()
}
