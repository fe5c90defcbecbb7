package survey

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tlswhy/tlswhy/internal/offer"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// simSuites is a server that takes suites in its own order or the client's.
type simSuites struct {
	accepts       []wire.CipherSuite
	order         transcript.Order
	asked, rounds int
	t             *testing.T
}

func (s *simSuites) ask(lists [][]wire.CipherSuite) []evidence[wire.CipherSuite] {
	s.rounds++
	var out []evidence[wire.CipherSuite]
	for _, l := range lists {
		s.asked++
		e := evidence[wire.CipherSuite]{list: l}
		outer, inner := s.accepts, l
		if s.order == transcript.ClientOrder {
			outer, inner = l, s.accepts
		}
		if i := slices.IndexFunc(outer, func(x wire.CipherSuite) bool { return slices.Contains(inner, x) }); i >= 0 {
			e.answer, e.ok = outer[i], true
		}
		if testing.Verbose() {
			s.t.Logf("%d: %d suites, first %s: %t %s", s.rounds, len(l), l[0], e.ok, e.answer)
		}
		out = append(out, e)
	}
	return out
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// suitesNamed reads OpenSSL's or IANA's names.
func suitesNamed(t *testing.T, names ...string) []wire.CipherSuite {
	t.Helper()
	var out []wire.CipherSuite
	for _, n := range names {
		x, ok := wire.ParseCipherSuite(n)
		if !ok {
			t.Fatalf("%s is no suite", n)
		}
		out = append(out, x)
	}
	return out
}

// What usual configurations cost, in questions beyond the accepted suites and in
// rounds.
func TestCostOfUsualServers(t *testing.T) {
	configurations := map[string][]wire.CipherSuite{
		"OpenSSL HIGH, two certificates": suitesNamed(t, strings.Fields(readFile(t, "testdata/openssl-high.txt"))...),
		"Mozilla intermediate": suitesNamed(t, "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384",
			"ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305", "DHE-RSA-AES128-GCM-SHA256", "DHE-RSA-AES256-GCM-SHA384"),
		"Go": suitesNamed(t, "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-CHACHA20-POLY1305", "ECDHE-RSA-AES128-SHA", "ECDHE-RSA-AES256-SHA"),
		"JSSE": suitesNamed(t, "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-CHACHA20-POLY1305", "DHE-RSA-AES256-GCM-SHA384",
			"DHE-RSA-CHACHA20-POLY1305", "DHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-SHA384", "ECDHE-RSA-AES128-SHA256", "DHE-RSA-AES256-SHA256", "DHE-RSA-AES128-SHA256",
			"ECDHE-RSA-AES256-SHA", "ECDHE-RSA-AES128-SHA", "DHE-RSA-AES256-SHA", "DHE-RSA-AES128-SHA", "AES256-GCM-SHA384", "AES128-GCM-SHA256", "AES256-SHA256", "AES128-SHA256", "AES256-SHA", "AES128-SHA"),
		"an order of nobody": suitesNamed(t, "AES128-SHA", "ECDHE-RSA-AES256-SHA", "ECDHE-RSA-CHACHA20-POLY1305", "AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-GCM-SHA256", "CAMELLIA128-SHA"),
		"OpenSSL ALL:eNULL":  suitesNamed(t, strings.Fields(readFile(t, "testdata/openssl-all.txt"))...),
		"one suite":          suitesNamed(t, "ECDHE-RSA-AES256-GCM-SHA384"),
		"none":               {},
	}
	for name, accepts := range configurations {
		for _, order := range []transcript.Order{transcript.ClientOrder, transcript.ServerOrder} {
			t.Run(name+"/"+string(order), func(t *testing.T) {
				candidates, classes := oldCandidates(wire.VersionTLS12)
				s := &simSuites{accepts: accepts, order: order, t: t}
				q := &search[wire.CipherSuite]{candidates: candidates, classes: classes, guesses: guesses(), limit: offer.MaxSuites, place: placeOf, rare: isRare, prove: true, ask: s.ask}
				got := q.run()
				t.Logf("%d accepted, %d questions, %d rounds", len(accepts), s.asked, s.rounds)
				a, b := slices.Clone(got.accepted), slices.Clone(accepts)
				if order == transcript.ClientOrder {
					slices.Sort(a)
					slices.Sort(b)
				}
				if !slices.Equal(a, b) {
					t.Errorf("found %v\nwant %v", a, b)
				}
				// What follows no order that anybody recommends takes more.
				limit, rounds := len(accepts)+22, 4
				switch {
				case strings.Contains(name, "of nobody"):
					limit, rounds = limit+40, 6
				case strings.Contains(name, "ALL"): // what nobody recommends has no order to be guessed
					limit, rounds = 4*len(accepts), 18
				}
				if s.asked > limit {
					t.Errorf("%d questions for %d suites", s.asked, len(accepts))
				}
				if s.rounds > rounds {
					t.Errorf("%d rounds", s.rounds)
				}
			})
		}
	}
}
