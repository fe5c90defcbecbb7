//go:build linux

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// program is what is compared: a command line, and how to read from its output
// how many failures it found.
type program struct {
	name  string
	args  []string
	found func(out []byte) (int64, error)
}

// run is one run of a program.
type run struct {
	wall, cpu time.Duration
	rss       int64 // bytes, of the largest process; 0 for a pipeline
	found     int64
}

func compare(args []string) error {
	fs := flag.NewFlagSet("compare", flag.ExitOnError)
	runs := fs.Int("runs", 5, "how often each runs")
	binary := fs.String("tlswhy", "tlswhy", "the program")
	patterns := fs.String("patterns", "", "file to write the patterns for rg to")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if fs.NArg() == 0 || *patterns == "" {
		return errors.New("compare takes -patterns and logs")
	}
	if err := os.WriteFile(*patterns, []byte(strings.Join(short(), "\n")+"\n"), 0o600); err != nil {
		return err
	}
	for _, log := range fs.Args() {
		if err := compareOn(log, *binary, *patterns, *runs); err != nil {
			return fmt.Errorf("%s: %w", log, err)
		}
	}
	return nil
}

// short are the reasons as one would search for them.
func short() []string {
	var out []string
	for _, r := range reasons {
		_, words, _ := strings.Cut(r, "::")
		words, _, _ = strings.Cut(words, ":")
		out = append(out, words)
	}
	return out
}

func compareOn(log, binary, patterns string, runs int) error {
	lines, size, failures, err := measure(log)
	if err != nil {
		return err
	}
	all := []program{
		{"tlswhy logs", []string{binary, "logs", "--json", log}, failuresOf},
		{"rg -oN 20 patterns \\| sort \\| uniq -c", []string{"sh", "-c", `rg -oN -f "$0" "$1" | sort | uniq -c`, patterns, log}, sumOf},
		{"rg -c 20 patterns", []string{"rg", "-c", "-f", patterns, log}, sumOf},
	}
	results := make([][]run, len(all))
	for range runs {
		for i, p := range all {
			r, err := once(p)
			if err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			results[i] = append(results[i], r)
		}
	}
	fmt.Printf("nginx's error log, %d MB, %d lines, %d of them failures (%.0f %%); %d runs each, in turn, warm cache; medians.\n\n", size/1e6, lines, failures, 100*float64(failures)/float64(lines), runs)
	fmt.Println("| program | wall s | CPU s | MB for a CPU second | memory MB | failures found | errors |\n| --- | --- | --- | --- | --- | --- | --- |")
	for i, p := range all {
		wall, cpu, errs := median(results[i], func(r run) float64 { return r.wall.Seconds() }), median(results[i], func(r run) float64 { return r.cpu.Seconds() }), 0
		for _, r := range results[i] {
			if r.found != failures {
				errs++
			}
		}
		rss := "-"
		if r := median(results[i], func(r run) float64 { return float64(r.rss) }); r > 0 {
			rss = strconv.Itoa(int(r / 1e6))
		}
		fmt.Printf("| %s | %.2f | %.2f | %.0f | %s | %d | %d |\n", p.name, wall, cpu, float64(size)/1e6/cpu, rss, results[i][0].found, errs)
	}
	ours := median(results[0], func(r run) float64 { return r.cpu.Seconds() })
	for i := 1; i < len(all); i++ {
		fmt.Printf("\nCPU time of `%s` over that of tlswhy: %.2f\n", strings.ReplaceAll(all[i].name, "\\", ""), median(results[i], func(r run) float64 { return r.cpu.Seconds() })/ours)
	}
	fmt.Println()
	return nil
}

// measure counts a log's lines, bytes and failures, and warms the cache with it.
// It keeps nothing: what this process holds would count as its children's.
func measure(log string) (lines, size int, failures int64, err error) {
	f, err := os.Open(log)
	if err != nil {
		return 0, 0, 0, err
	}
	defer f.Close()
	s := bufio.NewScanner(f)
	for s.Scan() {
		lines++
		size += len(s.Bytes()) + 1
		if bytes.Contains(s.Bytes(), []byte("SSL_do_handshake() failed")) {
			failures++
		}
	}
	return lines, size, failures, s.Err()
}

func once(p program) (run, error) {
	c := exec.Command(p.args[0], p.args[1:]...)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	start := time.Now()
	err := c.Run()
	r := run{wall: time.Since(start)}
	if err != nil {
		return r, fmt.Errorf("%w: %s", err, errs.Bytes())
	}
	r.cpu = c.ProcessState.UserTime() + c.ProcessState.SystemTime()
	if u, ok := c.ProcessState.SysUsage().(*syscall.Rusage); ok && p.args[0] != "sh" {
		r.rss = u.Maxrss << 10
	}
	r.found, err = p.found(out.Bytes())
	return r, err
}

// failuresOf reads tlswhy's JSON.
func failuresOf(out []byte) (int64, error) {
	var d struct{ Failures int64 }
	err := json.Unmarshal(out, &d)
	return d.Failures, err
}

// sumOf adds up the numbers at the beginnings of lines.
func sumOf(out []byte) (int64, error) {
	sum := int64(0)
	for l := range bytes.Lines(out) {
		f := bytes.Fields(l)
		if len(f) == 0 {
			continue
		}
		n, err := strconv.ParseInt(string(f[0]), 10, 64)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}

func median(all []run, of func(run) float64) float64 {
	var x []float64
	for _, r := range all {
		x = append(x, of(r))
	}
	slices.Sort(x)
	return x[len(x)/2]
}
