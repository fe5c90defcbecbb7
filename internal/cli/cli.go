// Package cli is the command line: commands, flags, exit codes, progress. It
// decides what is asked for and where the answer goes; what the answer is, the
// packages below decide.
//
// Rules: the answer goes to stdout and nothing else does. Errors are one line on
// stderr. Progress goes to stderr, only if it is a terminal, and is gone when the
// answer comes. Exit codes are those of exit.go.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/tlswhy/tlswhy"
	"github.com/tlswhy/tlswhy/internal/render/safe"
)

// checker is what the commands need of *tlswhy.Checker; tests have another.
type checker interface {
	ParseTarget(s string) (tlswhy.Target, error)
	Check(ctx context.Context, t tlswhy.Target) (*tlswhy.Report, error)
	Survey(ctx context.Context, t tlswhy.Target) (*tlswhy.SurveyResult, error)
	Compatibility(ctx context.Context, t tlswhy.Target, o tlswhy.ClientsOptions) (*tlswhy.Compatibility, error)
}

// app is one run of the program: its surroundings, and nothing that outlives it.
type app struct {
	in          io.Reader
	out, err    io.Writer
	outTerminal terminal
	errTerminal terminal
	getenv      func(string) string
	newChecker  func(tlswhy.Options) (checker, error)
}

// Main runs the program with the process's surroundings and returns its exit
// code.
func Main(args []string) int {
	if len(args) == 1 && args[0] == "--version" {
		// Scripts ask this often. It needs no commands and waits for nothing.
		_, err := fmt.Fprintln(os.Stdout, versionLine())
		return exitCode(err)
	}
	// The first Ctrl-C ends the work, and what is known is printed; the second one
	// ends the program the hard way, because by then the signal is the system's.
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		signal.Stop(signals)
		cancel(errInterrupted)
	}()
	a := &app{
		in: os.Stdin, out: os.Stdout, err: os.Stderr,
		outTerminal: terminalOf(os.Stdout), errTerminal: terminalOf(os.Stderr),
		getenv: os.Getenv, newChecker: newChecker,
	}
	return a.run(ctx, args)
}

func newChecker(o tlswhy.Options) (checker, error) { return tlswhy.New(o) }

// run runs one command line.
func (a *app) run(ctx context.Context, args []string) int {
	root := a.commandFor(args)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	code := exitCode(err)
	var silent *exitError
	if err != nil && !(errors.As(err, &silent) && silent.err == nil) {
		fmt.Fprintf(a.err, "tlswhy: %s\n", safe.Line(strings.TrimSpace(err.Error()), 1000))
	}
	return code
}
