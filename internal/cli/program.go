package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
)

func (a *app) environ() []string { return os.Environ() }

// startProgram runs a program with the streams of this one to its end, and
// returns its exit code as a shell would.
func (a *app) startProgram(args, env []string) (int, error) {
	cmd := exec.Command(args[0], args[1:]...) //nolint:gosec // G204: the user's own command
	cmd.Env = env
	cmd.Stdin, cmd.Stdout, cmd.Stderr = a.in, a.out, a.err
	if programName(args[0]) == "java" {
		// The same by flags: of the environment's variable, Java tells on stderr.
		cmd.Args = append([]string{args[0]}, append(javaFlags(env), args[1:]...)...)
		cmd.Env = withoutOurJava(env)
	}
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, forwarded()...)
	defer signal.Stop(signals)
	if err := cmd.Start(); err != nil {
		code := exitNotExecutable
		if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
			code = exitNotFound
		}
		return 0, &exitError{code: code, err: fmt.Errorf("%s: %w", args[0], notStarted(err))}
	}
	ended := make(chan struct{})
	passed := make(chan struct{})
	go func() {
		defer close(passed)
		for {
			select {
			case s := <-signals:
				if !a.heardItself(s) {
					_ = cmd.Process.Signal(s)
				}
			case <-ended:
				return
			}
		}
	}()
	err := cmd.Wait()
	close(ended)
	<-passed
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return 0, fmt.Errorf("waiting for %s: %w", args[0], err)
	}
	return exitStatus(cmd.ProcessState), nil
}

// notStarted is why, without what the message has already.
func notStarted(err error) error {
	var e *exec.Error
	if errors.As(err, &e) {
		if errors.Is(e.Err, exec.ErrNotFound) {
			return errors.New("there is no such program")
		}
		return e.Err
	}
	return plainError(err)
}

// programName is what a program is called, without folder and suffix.
func programName(path string) string {
	return strings.TrimSuffix(filepath.Base(path), ".exe")
}

const javaVariable = "JAVA_TOOL_OPTIONS="

// javaFlags are the flags of the environment's variable that are ours: its last.
func javaFlags(env []string) []string {
	for _, e := range env {
		if options, ok := strings.CutPrefix(e, javaVariable); ok {
			return strings.Fields(options[strings.LastIndex(options, "-Dhttps.proxyHost="):])
		}
	}
	return nil
}

func withoutOurJava(env []string) []string {
	var out []string
	for _, e := range env {
		if options, ok := strings.CutPrefix(e, javaVariable); ok {
			options = strings.TrimSpace(options[:strings.LastIndex(options, "-Dhttps.proxyHost=")])
			if options == "" {
				continue
			}
			e = javaVariable + options
		}
		out = append(out, e)
	}
	return out
}
