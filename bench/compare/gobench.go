//go:build linux

package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// result is one Go benchmark: the values of each unit, one a run.
type result struct {
	pkg, name string
	units     map[string][]float64
}

// gobench turns the output of "go test -bench" on stdin into a table with ratios:
// those that a benchmark reports itself (a unit such as ours/std, measured in
// turn), and those of sub-benchmarks of which one is called "ours".
func gobench(_ *setup, _ []string) error {
	results, err := readBenchmarks(os.Stdin)
	if err != nil {
		return err
	}
	if len(results) == 0 {
		return fmt.Errorf("no benchmark ran")
	}
	var t table
	t.add("package", "benchmark", "time", "allocated", "ours / theirs")
	for _, r := range results {
		ratios := r.ratios()
		if dir, last := split(r.name); last == "ours" {
			for _, o := range results {
				if d, l := split(o.name); o.pkg == r.pkg && d == dir && l != "ours" {
					ratios = append(ratios, fmt.Sprintf("%s %.2f", l, r.value("ns/op")/o.value("ns/op")))
				}
			}
		}
		allocated := ""
		if _, ok := r.units["B/op"]; ok {
			allocated = fmt.Sprintf("%.0f B, %.0f objects", r.value("B/op"), r.value("allocs/op"))
		}
		t.add(strings.TrimPrefix(r.pkg, "github.com/tlswhy/tlswhy/"), r.name, nanoseconds(r.value("ns/op")), allocated, strings.Join(ratios, ", "))
	}
	t.print()
	return nil
}

var benchmarkLine = regexp.MustCompile(`^Benchmark(\S+?)(?:-\d+)?\s+\d+\s+(.*)$`)

func readBenchmarks(in io.Reader) ([]*result, error) {
	var out []*result
	pkg := ""
	sc := bufio.NewScanner(in)
	for sc.Scan() {
		if p, ok := strings.CutPrefix(sc.Text(), "pkg: "); ok {
			pkg = p
		}
		m := benchmarkLine.FindStringSubmatch(sc.Text())
		if m == nil {
			if strings.HasPrefix(sc.Text(), "FAIL") || strings.HasPrefix(sc.Text(), "--- FAIL") {
				return nil, fmt.Errorf("%s: %s", pkg, sc.Text())
			}
			continue
		}
		i := slices.IndexFunc(out, func(r *result) bool { return r.pkg == pkg && r.name == m[1] })
		if i < 0 {
			i, out = len(out), append(out, &result{pkg: pkg, name: m[1], units: map[string][]float64{}})
		}
		f := strings.Fields(m[2])
		for k := 0; k+1 < len(f); k += 2 {
			if v, err := strconv.ParseFloat(f[k], 64); err == nil {
				out[i].units[f[k+1]] = append(out[i].units[f[k+1]], v)
			}
		}
	}
	return out, sc.Err()
}

func (r *result) value(unit string) float64 { return median(r.units[unit]) }

// ratios are the metrics called OURS/THEIRS that are no rate.
func (r *result) ratios() []string {
	var out []string
	for u := range r.units {
		if ours, theirs, ok := strings.Cut(u, "/"); ok && ours == "ours" && theirs != "op" {
			out = append(out, fmt.Sprintf("%s %.2f", theirs, r.value(u)))
		}
	}
	sort.Strings(out)
	return out
}

// split parts a sub-benchmark from what it belongs to.
func split(name string) (dir, last string) {
	i := strings.LastIndexByte(name, '/')
	if i < 0 {
		return "", name
	}
	return name[:i], name[i+1:]
}

func nanoseconds(ns float64) string {
	switch {
	case ns < 1e3:
		return fmt.Sprintf("%.0f ns", ns)
	case ns < 1e6:
		return fmt.Sprintf("%.1f µs", ns/1e3)
	}
	return fmt.Sprintf("%.2f ms", ns/1e6)
}
