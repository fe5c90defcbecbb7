//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// rival is a program in a comparison.
type rival struct {
	name string
	cmd  []string
	// good reports what is wrong with a run, or nil.
	good func(cost, wireWork) error
}

// score is what the runs of one rival came to.
type score struct {
	wall, cpu []time.Duration
	rss       []int64
	work      wireWork
	errors    []string
}

// contest runs the rivals in turn, n times each, after one run that warms the
// caches and does not count. port is watched on the interface for the work that
// is done; 0 watches nothing.
func contest(rivals []rival, n int, iface string, port int, settle time.Duration) ([]score, error) {
	var w *wiretap
	if port != 0 {
		var err error
		if w, err = tap(iface, port); err != nil {
			return nil, err
		}
		defer w.close()
	}
	scores := make([]score, len(rivals))
	for round := range n + 1 {
		for i, r := range rivals {
			c, err := measure(r.cmd)
			if err != nil {
				return nil, err
			}
			var seen wireWork
			if w != nil {
				seen = w.read(port, settle)
			}
			if round == 0 {
				continue
			}
			s := &scores[i]
			if err := r.good(c, seen); err != nil {
				s.errors = append(s.errors, err.Error())
				continue
			}
			s.wall = append(s.wall, c.wall())
			s.cpu = append(s.cpu, time.Duration(c.CPUNS))
			s.rss = append(s.rss, c.RSSKB)
			s.work.Connections += seen.Connections
			s.work.Hellos += seen.Hellos
			s.work.Finished += seen.Finished
			s.work.Resets += seen.Resets
		}
	}
	for i, s := range scores {
		for _, e := range s.errors {
			fmt.Fprintf(os.Stderr, "compare: %s: %s\n", rivals[i].name, e)
		}
	}
	return scores, nil
}

// exits wants an exit code, and the client's Finished on a connection at least.
func exits(code, finished int) func(cost, wireWork) error {
	return func(c cost, w wireWork) error {
		if c.Exit != code {
			return fmt.Errorf("exit %d instead of %d: %s", c.Exit, code, firstLine(c))
		}
		if w.Finished < finished {
			return fmt.Errorf("%d handshakes finished, %d were to be", w.Finished, finished)
		}
		return nil
	}
}

func firstLine(c cost) string {
	for _, b := range [][]byte{c.Stderr, c.Stdout} {
		if line, _, _ := strings.Cut(strings.TrimSpace(string(b)), "\n"); line != "" {
			return line
		}
	}
	return "no output"
}

func (s *setup) haveAll(programs ...string) error {
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			return fmt.Errorf("this benchmark needs %s: %w", p, err)
		}
	}
	return nil
}
