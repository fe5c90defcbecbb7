//go:build linux

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// slow is how long a scan may take to be repeated.
const slow = 3 * time.Second

// scans are the runs of one scanner on one endpoint.
type scans struct {
	score
	found *found // of the last run
	less  string // what is wrong with it, "" for nothing
}

// survey compares the scanners on endpoints, which are ports with a word on each.
// The one whose word begins with "nginx" has the targets, and suites in its own
// order.
func survey(s *setup, args []string) error {
	if err := s.haveAll("nmap", "sslscan", "testssl", "openssl"); err != nil {
		return err
	}
	rtt, err := s.roundTrip(args)
	if err != nil {
		return err
	}
	fmt.Printf("Round trip %s ms (median of 9 TCP connects). Runs of less than %.0f s are repeated %d times, in turn, and the median counts; slower ones are made once.\n\n", ms(rtt), slow.Seconds(), s.N)
	var t, goals, differences table
	t.add("endpoint", "program", "runs", "median ms", "CPU ms", "peak MB", "connections", "versions", "(version, suite) pairs", "groups", "errors", "result", "this / tlswhy")
	goals.add("endpoint", "target of tlswhy survey", "measured", "bound", "")
	differences.add("endpoint", "kind", "what", "found by", "not found by", "openssl s_client")
	for _, a := range args {
		port, word, err := endpoint(a)
		if err != nil {
			return err
		}
		nginx := strings.HasPrefix(word, "nginx")
		rivals := s.scanners(port, nginx)
		all, err := s.scan(rivals, port, 50*time.Millisecond+rtt)
		if err != nil {
			return err
		}
		var names []string
		var results []*found
		for i, r := range rivals {
			names = append(names, r.name)
			results = append(results, all[i].found)
		}
		list := s.disputes(port, names, results)
		judge(all, names, list)
		for i, r := range rivals {
			x := all[i]
			row := []string{word, r.name, strconv.Itoa(len(x.wall)), ms(median(x.wall)), ms(median(x.cpu)), mb(median(x.rss)), perRun(x.work.Connections, len(x.wall)), "–", "–", "–", strconv.Itoa(len(x.errors)), x.less, ratio(median(x.wall), median(all[0].wall))}
			if f := x.found; f != nil {
				row[7], row[8] = strconv.Itoa(len(f.versions)), strconv.Itoa(len(f.pairs))
				if !f.noGroups {
					row[9] = strconv.Itoa(len(f.groups))
				}
			}
			t.add(row...)
		}
		list2rows(&differences, word, list)
		if nginx {
			targets(&goals, word, rivals, all, rtt)
		}
	}
	t.print()
	goals.print()
	if len(differences.rows) > 1 {
		fmt.Print("What not all of them found, settled by one `openssl s_client` for each (nmap lists no groups):\n\n")
		differences.print()
	}
	return nil
}

func perRun(total, n int) string {
	return strconv.FormatFloat(float64(total)/float64(max(n, 1)), 'g', 4, 64)
}

// scan runs the scanners in turn. The first run of each warms the caches, and
// counts only where it is so slow that it stays the only one.
func (s *setup) scan(rivals []scanner, port int, settle time.Duration) ([]*scans, error) {
	w, err := tap(s.Iface, port)
	if err != nil {
		return nil, err
	}
	defer w.close()
	dir, err := os.MkdirTemp("", "tlswhy-scan-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	all := make([]*scans, len(rivals))
	for round := range s.N + 1 {
		for i, r := range rivals {
			x := all[i]
			if x == nil {
				x = &scans{}
				all[i] = x
			} else if len(x.wall)+len(x.errors) > 0 && round == 1 {
				continue // slow: once
			}
			if round > 1 && len(x.wall) > 0 && x.wall[0] >= slow {
				continue
			}
			out := filepath.Join(dir, fmt.Sprintf("%d-%d", i, round))
			cmd := slices.Clone(r.cmd)
			for j := range cmd {
				cmd[j] = strings.ReplaceAll(cmd[j], "{out}", out)
			}
			c, err := measure(cmd)
			if err != nil {
				return nil, err
			}
			seen := w.read(port, settle)
			if round == 0 && c.wall() < slow {
				continue
			}
			f, err := r.read(c, out)
			if err != nil {
				fmt.Fprintf(os.Stderr, "compare: %s: %v\n", r.name, err)
				x.errors = append(x.errors, err.Error())
			}
			if f != nil {
				x.found = f
			}
			x.wall, x.cpu, x.rss = append(x.wall, c.wall()), append(x.cpu, time.Duration(c.CPUNS)), append(x.rss, c.RSSKB)
			x.work.Connections += seen.Connections
		}
	}
	return all, nil
}

// judge words what each scanner missed or claimed wrongly: a program that found
// less than another one has not done the same work.
func judge(all []*scans, names []string, list []*dispute) {
	for i, x := range all {
		missed, wrong := map[string]int{}, 0
		for _, d := range list {
			switch {
			case d.verdict == "accepted" && slices.Contains(d.not, names[i]):
				missed[d.kind]++
			case d.verdict == "refused" && slices.Contains(d.by, names[i]):
				wrong++
			}
		}
		var words []string
		for _, kind := range []string{"version", "suite", "group"} {
			if n := missed[kind]; n > 0 {
				words = append(words, fmt.Sprintf("%d %s%s less", n, kind, plural(n)))
			}
		}
		if wrong > 0 {
			words = append(words, fmt.Sprintf("%d wrong", wrong))
		}
		if n := len(x.errors); n > 0 {
			words = append(words, fmt.Sprintf("%d error%s", n, plural(n)))
		}
		x.less = "all found"
		if len(words) > 0 {
			x.less = "**FAILED**: " + strings.Join(words, ", ")
		}
	}
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}

// list2rows puts what the same scanners found, and the same verdict, on one line.
func list2rows(t *table, word string, list []*dispute) {
	type key struct{ kind, by, not, verdict string }
	var keys []key
	what := map[key][]string{}
	for _, d := range list {
		k := key{d.kind, strings.Join(d.by, ", "), strings.Join(d.not, ", "), d.verdict}
		if what[k] == nil {
			keys = append(keys, k)
		}
		what[k] = append(what[k], d.what)
	}
	for _, k := range keys {
		said := strings.Join(what[k], ", ")
		if k.kind == "suite" { // a version once for all its suites
			for _, v := range []string{"SSL 2.0", "SSL 3.0", "TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3"} {
				if i := strings.Index(said, v); i >= 0 {
					said = said[:i] + v + ":" + strings.ReplaceAll(said[i+len(v):], v+" ", "")
				}
			}
		}
		t.add(word, k.kind, said, k.by, k.not, k.verdict)
	}
}

// targets holds tlswhy against the numbers that it has to reach on nginx.
func targets(t *table, word string, rivals []scanner, all []*scans, rtt time.Duration) {
	ours := all[0]
	took := median(ours.wall)
	good := ours.found != nil && ours.less == "all found" && took > 0
	goal := func(what, measured, bound string, ok bool) { t.add(word, what, measured, bound, met(ok && good)) }
	fastest := time.Duration(0)
	for _, x := range all[1:] {
		if w := median(x.wall); x.found != nil && (fastest == 0 || w < fastest) {
			fastest = w
		}
	}
	goal("the same or a longer list than any other, no errors", ours.less, "all found", true)
	if rtt < 20*time.Millisecond {
		goal("not slower than the fastest of the others", ms(took)+" ms", "≤ "+ms(fastest)+" ms", took <= fastest)
		return
	}
	runs := max(len(ours.wall), 1)
	connections := (ours.work.Connections + runs - 1) / runs
	pairs, says := 0, 0
	if ours.found != nil {
		pairs, says = len(ours.found.pairs), ours.found.roundTrips
	}
	trips := 2*((connections+23)/24) + 4
	goal("wall time", ms(took)+" ms", "≤ 1600 ms", took <= 1600*time.Millisecond)
	goal("connections (pairs + 60)", strconv.Itoa(connections), fmt.Sprintf("≤ %d", pairs+60), connections <= pairs+60)
	// As elsewhere, a tenth of one is allowed for starting and computing.
	measured := float64(took) / float64(rtt)
	goal("round trips (2 × ⌈connections / 24⌉ + 4), by the clock", fmt.Sprintf("%.1f", measured), fmt.Sprintf("≤ %d", trips), measured <= float64(trips)+0.1)
	goal("round trips, by its own count", strconv.Itoa(says), fmt.Sprintf("≤ %d", trips), says > 0 && says <= trips)
	times := func(w time.Duration) float64 { return float64(w) / float64(max(took, 1)) }
	goal("faster than the fastest of the others", fmt.Sprintf("%.1f ×", times(fastest)), "≥ 12 ×", times(fastest) >= 12)
	for i, r := range rivals {
		if least := map[string]float64{"sslscan": 25, "testssl.sh": 40}[r.name]; least > 0 {
			x := times(median(all[i].wall))
			goal("faster than "+r.name, fmt.Sprintf("%.1f ×", x), fmt.Sprintf("≥ %.0f ×", least), x >= least && all[i].found != nil)
		}
	}
}
