package cli

import (
	"errors"

	"github.com/tlswhy/tlswhy"
)

// Exit codes: the contract with scripts.
const (
	exitOK          = 0   // the client connects, perhaps with warnings
	exitFail        = 1   // it does not
	exitUsage       = 2   // wrong usage or unreadable input
	exitUnknown     = 3   // could not tell
	exitInterrupted = 130 // as a shell reports SIGINT
)

var errInterrupted = errors.New("interrupted")

// exitError ends the program with a code; without err nothing is printed.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return "exit"
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// exitCode is the one place that maps errors to exit codes. What has no code of
// its own is wrong usage or unreadable input: nothing else fails here.
func exitCode(err error) int {
	var e *exitError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &e):
		return e.code
	case errors.Is(err, errInterrupted):
		return exitInterrupted
	}
	return exitUsage
}

// verdictExit is the exit of a command that checked targets: failed if any
// failed, else unknown if any is, and interrupted before either.
func verdictExit(verdicts []tlswhy.Verdict, interrupted bool) error {
	code := exitOK
	for _, v := range verdicts {
		switch v {
		case tlswhy.Fail:
			code = exitFail
		case tlswhy.Unknown:
			if code == exitOK {
				code = exitUnknown
			}
		}
	}
	if interrupted {
		code = exitInterrupted
	}
	if code == exitOK {
		return nil
	}
	return &exitError{code: code}
}
