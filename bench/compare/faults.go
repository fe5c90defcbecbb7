//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// maxConnections is what a check may open to one address.
const maxConnections = 40

// report is what is read of a report.
type report struct {
	Verdict  string
	Findings []struct {
		Cause, Step, Confidence string
		Blocking                bool
		Proof                   *struct{ Kind string }
	}
	Connections int
}

// faults measures how long it takes to prove why a handshake fails. Its
// arguments are PORT=CAUSE=ROUNDTRIPS=WORDS: the cause to be proved, and in how
// many round trips.
func faults(s *setup, args []string) error {
	if err := s.haveAll("curl", "openssl"); err != nil {
		return err
	}
	rtt, err := s.roundTrip([]string{args[0][:strings.Index(args[0], "=")] + "=x"})
	if err != nil {
		return err
	}
	fmt.Printf("Round trip %s ms; %d runs each, in turn. A run whose root cause is another or not proved is an error. A wall time holds the start of the program and all computing, so that it is above the round trips alone.\n\n", ms(rtt), s.N)
	var t table
	t.add("endpoint", "proved root cause", "median ms", "fastest ms", "round trips", "target", "", "connections", "resets", "errors", "curl ms, says", "openssl s_client ms, says")
	for _, a := range args {
		f := strings.SplitN(a, "=", 4)
		if len(f) != 4 {
			return fmt.Errorf("%q is no PORT=CAUSE=ROUNDTRIPS=WORDS", a)
		}
		port, err1 := strconv.Atoi(f[0])
		limit, err2 := strconv.Atoi(f[2])
		if err1 != nil || err2 != nil {
			return fmt.Errorf("%q is no PORT=CAUSE=ROUNDTRIPS=WORDS", a)
		}
		most := 0
		curlSays, opensslSays := "", ""
		rivals := []rival{
			{"tlswhy " + f[3], s.tlswhyCheck(port, "--json"), func(c cost, w wireWork) error {
				most = max(most, w.Connections)
				return proves(c, f[1])
			}},
			{"curl", s.curl(port), says(&curlSays, "curl: ")},
			{"openssl", s.openssl(port), says(&opensslSays, "error:")},
		}
		scores, err := contest(rivals, s.N, s.Iface, port, 20*time.Millisecond+rtt)
		if err != nil {
			return err
		}
		x := scores[0]
		wall := median(x.wall)
		trips := float64(wall) / float64(rtt)
		// A tenth of a round trip is for starting and computing.
		ok := len(x.wall) > 0 && len(x.errors) == 0 && trips <= float64(limit)+0.1 && most <= maxConnections
		t.add(f[3], f[1], ms(wall), ms(least(x.wall)), fmt.Sprintf("%.1f", math.Round(trips*10)/10), fmt.Sprintf("≤ %d", limit), met(ok),
			strconv.Itoa(most), strconv.Itoa(x.work.Resets/max(len(x.wall), 1)), strconv.Itoa(len(x.errors)),
			ms(median(scores[1].wall))+", "+curlSays, ms(median(scores[2].wall))+", "+opensslSays)
	}
	t.print()
	return nil
}

// proves wants the cause as the proved root cause.
func proves(c cost, cause string) error {
	var r report
	if err := json.Unmarshal(c.Stdout, &r); err != nil {
		return fmt.Errorf("exit %d, no report: %s", c.Exit, firstLine(c))
	}
	if len(r.Findings) == 0 || !r.Findings[0].Blocking {
		return fmt.Errorf("verdict %s without a blocking finding", r.Verdict)
	}
	root := r.Findings[0]
	if root.Cause != cause || root.Confidence != "proved" || root.Proof == nil {
		return fmt.Errorf("%s (%s) instead of %s (proved)", root.Cause, root.Confidence, cause)
	}
	return nil
}

// says notes what a peer says of the failure; whatever it is, the run counts.
func says(out *string, marker string) func(cost, wireWork) error {
	return func(c cost, _ wireWork) error {
		line := firstLine(c)
		for l := range strings.SplitSeq(string(c.Stderr)+"\n"+string(c.Stdout), "\n") {
			if i := strings.Index(l, marker); i >= 0 {
				line = l[i:]
				break
			}
		}
		if i := strings.Index(line, ":../"); i > 0 { // a place in OpenSSL's source
			line = line[:i]
		}
		*out = fmt.Sprintf("exit %d: %s", c.Exit, strings.ReplaceAll(line[:min(len(line), 100)], "|", "/"))
		return nil
	}
}
