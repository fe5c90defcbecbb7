package diagnose

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/tlswhy/tlswhy/internal/trust"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/wire"
)

func TestSameSite(t *testing.T) {
	for _, x := range []struct {
		host  string
		names []string
		want  bool
	}{
		{"www.example.org", []string{"example.org"}, true},
		{"www.example.org", []string{"else.example", "*.example.org"}, true},
		{"WWW.Example.ORG", []string{"mail.example.org"}, true},
		{"shop.example.co.uk", []string{"www.example.co.uk"}, true},
		{"shop.example.co.uk", []string{"other.co.uk"}, false},
		{"a.github.io", []string{"b.github.io"}, false}, // a public suffix of its own
		{"www.example.org", []string{"www.example.com"}, false},
		{"www.example.org", nil, false},
		{"localhost", []string{"localhost"}, false},
	} {
		if got := trust.SameSite(x.host, x.names); got != x.want {
			t.Errorf("%s and %v: %v", x.host, x.names, got)
		}
	}
}

func TestWords(t *testing.T) {
	for want, got := range map[string]string{
		"none": andList(nil), "a": andList([]string{"a"}), "a and b": andList([]string{"a", "b"}), "a, b and c": andList([]string{"a", "b", "c"}),
		"no suite": lowerFirst("No suite"), "TLS 1.0 alone": lowerFirst("TLS 1.0 alone"), "Über": upperFirst("über"),
		"TLS 1.2 and TLS 1.3": rangeOf([]wire.Version{wire.VersionTLS13, wire.VersionTLS12}), "220 hi": excerpt([]byte("220 hi\r\nmore")),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// The ladder: what was passed, what broke, what waits behind.
func TestLadder(t *testing.T) {
	rungs := func(x examined) string {
		var out []string
		for _, r := range x.Ladder {
			out = append(out, r.State)
		}
		return strings.Join(out, " ")
	}
	for _, x := range []struct {
		name string
		edit func(*simServer)
		want string
	}{
		{"nothing is wrong", func(s *simServer) { s.versions = s.versions[2:] }, "passed passed passed passed passed passed passed"},
		{"old versions besides", func(*simServer) {}, "passed warn passed passed passed passed passed"},
		{"TLS 1.0 alone", func(s *simServer) { s.versions = s.versions[:1] }, "passed failed not-reached not-reached not-reached not-reached not-reached"},
		{"and RC4 behind it", func(s *simServer) {
			s.versions, s.suites, s.keys = s.versions[:1], []wire.CipherSuite{wire.TLS_RSA_WITH_RC4_128_SHA}, []keyKind{keyRSA}
		}, "passed failed wall not-reached not-reached not-reached not-reached"},
		{
			"an expired certificate", func(s *simServer) {
				s.versions, s.chain, s.keys = s.versions[2:], simCerts().expired, []keyKind{keyP256}
			},
			"passed passed passed passed failed not-reached not-reached",
		},
		{
			"a client certificate is wanted", func(s *simServer) { s.versions, s.demand = s.versions[2:], demandRequired },
			"passed passed passed passed passed failed not-reached",
		},
	} {
		s := goodServer()
		x.edit(s)
		got := examine(t, one(s), profile(t, "modern"), nil)
		if r := rungs(got); r != x.want {
			t.Errorf("%s: %s, want %s", x.name, r, x.want)
			got.tell(t)
		}
		for _, r := range got.Ladder {
			if r.State == "failed" && r.Text == "" || r.State == "not-reached" && r.Text != "" {
				t.Errorf("%s: %s %s %q", x.name, r.Step, r.State, r.Text)
			}
		}
	}
}

// Every point of the catalogue's checklist has an answer of the contract's four,
// and the ones that a handshake tells are told.
func TestChecklist(t *testing.T) {
	states := func(x examined) map[string]string {
		out := map[string]string{}
		for _, c := range x.Checklist {
			out[c.ID] = c.State
			for _, id := range c.Evidence {
				if _, ok := x.handshake(id); !ok {
					t.Errorf("%s: evidence %q", c.ID, id)
				}
			}
		}
		return out
	}
	expect := func(x examined, want map[string]string) {
		t.Helper()
		got := states(x)
		for _, item := range cause.Checklist() {
			if !slices.Contains([]string{"yes", "no", "unknown", "n/a"}, got[item.ID]) {
				t.Errorf("%s is %q", item.ID, got[item.ID])
			}
		}
		for id, w := range want {
			if got[id] != w {
				t.Errorf("%s is %q, want %q", id, got[id], w)
			}
		}
	}
	expect(examine(t, changed(func(s *simServer) { s.versions = s.versions[2:] }), profile(t, "modern"), func(o *Options) { o.ExpectAddress = netip.MustParsePrefix("192.0.2.0/24") }), map[string]string{
		"exact-hostname": "yes", "dns-expected": "yes", "covers-hostname": "yes", "chain-complete": "yes", "not-expired": "yes", "tls12-enabled": "yes",
		"tls13-enabled": "yes", "obsolete-not-required": "yes", "cipher-modern": "yes", "sni-correct": "yes", "no-interference": "yes", "edge-cert-valid": "n/a",
	})
	expect(examine(t, changed(func(s *simServer) {
		s.versions, s.chain, s.keys = s.versions[:3], simCerts().expired, []keyKind{keyP256}
	}), profile(t, "modern"),
		func(o *Options) { o.ExpectAddress = netip.MustParsePrefix("198.51.100.0/24") }), map[string]string{
		"dns-expected": "no", "not-expired": "no", "covers-hostname": "yes", "tls12-enabled": "yes",
	})
	expect(examine(t, changed(func(s *simServer) { s.versions = s.versions[:1] }), profile(t, "modern"), nil), map[string]string{
		"tls12-enabled": "no", "obsolete-not-required": "no", "dns-expected": "unknown", "no-interference": "unknown",
	})
	expect(examine(t, one(goodServer(), filterName(simHost, "segment", ends("reset"))), profile(t, "modern"), nil), map[string]string{
		"sni-correct": "no", "no-interference": "no",
	})
}

// The re-test has all that was given, safe for a shell.
func TestRetestCommand(t *testing.T) {
	s := &session{target: report.Target{Input: "www.sim.example:8443"}, profile: profile(t, "java-17"), o: Options{Echo: report.Options{
		CAFile: "/tmp/my roots.pem", Connect: "192.0.2.1", SNI: "none", StartTLS: "smtp", PublicRoots: true, Cert: "c.pem", Key: "k.pem",
		Proxy: "http://proxy:3128", Resolver: "192.0.2.53", At: "2026-01-01", NoAIA: true,
	}}}
	want := "tlswhy www.sim.example:8443 --as java-17 --connect 192.0.2.1 --sni none --starttls smtp --ca-file '/tmp/my roots.pem' --public-roots " +
		"--cert c.pem --key k.pem --proxy http://proxy:3128 --resolver 192.0.2.53 --at 2026-01-01 --no-aia"
	if got := s.advice("").Retest; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

// Of two removals the one that says more is kept, and sets are told once.
func TestOrderOfChanges(t *testing.T) {
	h := helloOf(t, "chrome")
	all := append(removals(h), offerSuites(wire.TLS_RSA_WITH_RC4_128_SHA), offerVersion(wire.VersionTLS10))
	slices.SortStableFunc(all, explainsMore)
	var keys []string
	for _, ch := range all {
		keys = append(keys, ch.key)
	}
	want := "[versions-TLS 1.3 size- extensions- extensions-GREASE groups-hybrid versions+TLS 1.0 suites+TLS_RSA_WITH_RC4_128_SHA]"
	if got := fmt.Sprint(keys); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	a, b, c := offerVersion(wire.VersionTLS10), offerSuites(wire.TLS_RSA_WITH_RC4_128_SHA), dropALPN(h)
	sets := []experiment{{changes: []change{a, b}}, {changes: []change{b, a}}, {changes: []change{a, b, c}}, {changes: []change{a, c}}}
	if got := fmt.Sprint(alternatives(sets)); got != fmt.Sprint([][]string{{a.text, b.text}, {a.text, c.text}}) {
		t.Error(got)
	}
	if alternatives(sets[:3]) != nil {
		t.Error("one set has no alternative")
	}
}
