//go:build linux

package main

import (
	"fmt"
	"strconv"
	"time"
)

// versionWithin is what "tlswhy --version" may take.
const versionWithin = 8 * time.Millisecond

// startup compares how long programs take that do nothing but say who they are.
func startup(s *setup, _ []string) error {
	if err := s.haveAll("curl", "openssl", "true"); err != nil {
		return err
	}
	says := func(c cost, _ wireWork) error {
		if len(c.Stdout) == 0 {
			return fmt.Errorf("exit %d and no output", c.Exit)
		}
		return nil
	}
	quiet := func(c cost, _ wireWork) error {
		if c.Exit != 0 {
			return fmt.Errorf("exit %d", c.Exit)
		}
		return nil
	}
	rivals := []rival{
		{"`tlswhy --version`", []string{s.Tlswhy, "--version"}, says},
		{"a Go program that prints one line", []string{s.Hello}, says},
		{"`true`", []string{"true"}, quiet},
		{"`curl --version`", []string{"curl", "--version"}, says},
		{"`openssl version`", []string{"openssl", "version"}, says},
	}
	scores, err := contest(rivals, s.N, "", 0, 0)
	if err != nil {
		return err
	}
	fmt.Printf("%d runs each, in turn.\n\n", s.N)
	var t table
	t.add("program", "median ms", "fastest ms", "CPU ms", "peak MB", "errors", "target", "")
	for i, r := range rivals {
		x := scores[i]
		target, verdict := "", ""
		if i == 0 {
			target, verdict = "< 8 ms", met(len(x.errors) == 0 && median(x.wall) < versionWithin)
		}
		t.add(r.name, ms(median(x.wall)), ms(least(x.wall)), ms(median(x.cpu)), mb(median(x.rss)), strconv.Itoa(len(x.errors)), target, verdict)
	}
	t.print()
	return nil
}
