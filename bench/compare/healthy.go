//go:build linux

package main

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

// healthy compares verdicts on endpoints that are fine. Its arguments are ports
// with a word on each: 8443=TLS 1.3. A ratio to one of the peers may be a target.
func healthy(s *setup, args []string) error {
	if err := s.haveAll("curl", "openssl"); err != nil {
		return err
	}
	peer, most, err := s.target()
	if err != nil {
		return err
	}
	rtt, err := s.roundTrip(args)
	if err != nil {
		return err
	}
	fmt.Printf("Round trip %s ms (median of 9 TCP connects); %d runs each, in turn.\n\n", ms(rtt), s.N)
	var t table
	t.add("endpoint", "program", "median ms", "fastest ms", "CPU ms", "peak MB", "connections", "hellos", "handshakes finished", "resets", "errors", "tlswhy / this", "fastest / fastest", "target", "")
	for _, a := range args {
		port, word, err := endpoint(a)
		if err != nil {
			return err
		}
		rivals := []rival{
			{"tlswhy", s.tlswhyCheck(port), exits(0, 1)},
			{"curl", s.curl(port), exits(0, 1)},
			{"openssl s_client", s.openssl(port), exits(0, 1)},
		}
		scores, err := contest(rivals, s.N, s.Iface, port, 20*time.Millisecond+rtt)
		if err != nil {
			return err
		}
		for i, r := range rivals {
			x := scores[i]
			n := max(len(x.wall), 1)
			target, verdict := "", ""
			if r.name == peer {
				ok := len(x.errors) == 0 && len(scores[0].errors) == 0 && float64(median(scores[0].wall)) <= most*float64(median(x.wall))
				target, verdict = fmt.Sprintf("≤ %.1f ×", most), met(ok)
			}
			per := func(total int) string { return strconv.FormatFloat(float64(total)/float64(n), 'g', 3, 64) }
			t.add(word, r.name, ms(median(x.wall)), ms(least(x.wall)), ms(median(x.cpu)), mb(median(x.rss)),
				per(x.work.Connections), per(x.work.Hellos), per(x.work.Finished), per(x.work.Resets),
				strconv.Itoa(len(x.errors)), ratio(median(scores[0].wall), median(x.wall)), ratio(least(scores[0].wall), least(x.wall)), target, verdict)
		}
	}
	t.print()
	return nil
}

func least(v []time.Duration) time.Duration {
	if len(v) == 0 {
		return 0
	}
	m := v[0]
	for _, x := range v {
		m = min(m, x)
	}
	return m
}

// endpoint reads "8443=TLS 1.3".
func endpoint(a string) (int, string, error) {
	p, word, ok := strings.Cut(a, "=")
	port, err := strconv.Atoi(p)
	if !ok || err != nil {
		return 0, "", fmt.Errorf("%q is no PORT=WORD", a)
	}
	return port, word, nil
}

// roundTrip is how long a TCP connect to the first endpoint takes.
func (s *setup) roundTrip(args []string) (time.Duration, error) {
	if len(args) == 0 {
		return 0, fmt.Errorf("give endpoints as PORT=WORD")
	}
	port, _, err := endpoint(args[0])
	if err != nil {
		return 0, err
	}
	var took []time.Duration
	for range 9 {
		start := time.Now()
		c, err := net.DialTimeout("tcp", net.JoinHostPort(s.Addr, strconv.Itoa(port)), 5*time.Second)
		if err != nil {
			return 0, fmt.Errorf("measuring the round trip: %w", err)
		}
		took = append(took, time.Since(start))
		_ = c.Close()
	}
	return median(took), nil
}

// target reads "curl=1.1": how many times as long as that peer it may take.
func (s *setup) target() (peer string, most float64, err error) {
	if s.Target == "" {
		return "", 0, nil
	}
	peer, number, _ := strings.Cut(s.Target, "=")
	if most, err = strconv.ParseFloat(number, 64); err != nil {
		return "", 0, fmt.Errorf("%q is no PEER=RATIO", s.Target)
	}
	return peer, most, nil
}
