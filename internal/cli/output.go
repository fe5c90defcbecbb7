package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// sink is where an answer goes. A file is opened before anything is checked, so
// that a mistyped path costs no connection, and gets its name only once the
// answer is whole: who reads it never sees half of one.
type sink struct {
	io.Writer
	file string // "" is stdout
	flag string // that named it, for errors
	temp *os.File
}

func (a *app) open(path string) (*sink, error) { return a.openAs("--output", path) }

// openAs is open for a file that another flag names.
func (a *app) openAs(flag, path string) (*sink, error) {
	if path == "" || path == "-" {
		return &sink{Writer: a.out}, nil
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		if info.IsDir() {
			return nil, fmt.Errorf("%s %q: this is a directory", flag, path)
		}
		// A device or a pipe cannot be replaced: it is written to.
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return nil, fmt.Errorf("%s %q: %w", flag, path, plainError(err))
		}
		return &sink{Writer: f, file: path, flag: flag}, nil
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".tlswhy-*")
	if err != nil {
		return nil, fmt.Errorf("%s %q: %w", flag, path, plainError(err))
	}
	return &sink{Writer: f, file: path, flag: flag, temp: f}, nil
}

// commit makes the answer appear.
func (s *sink) commit() error {
	if s.temp == nil {
		if c, ok := s.Writer.(*os.File); ok && s.file != "" {
			return c.Close()
		}
		return nil
	}
	f := s.temp
	s.temp = nil
	err := f.Chmod(newFileMode())
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), s.file)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return fmt.Errorf("%s %q: %w", s.flag, s.file, plainError(err))
	}
	return nil
}

// abandon removes what was not committed.
func (s *sink) abandon() {
	if s.temp != nil {
		_ = s.temp.Close()
		_ = os.Remove(s.temp.Name())
		s.temp = nil
	}
}

// plainError is the system's reason without the operation and the path, which
// the message has already.
func plainError(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	var l *os.LinkError
	if errors.As(err, &l) {
		return l.Err
	}
	return err
}
