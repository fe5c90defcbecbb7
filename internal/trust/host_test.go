package trust

import (
	"net/netip"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParseHost(t *testing.T) {
	for in, want := range map[string]string{
		"Example.COM":       "example.com",
		"example.com.":      "example.com",
		" example.com ":     "example.com",
		"münchen.example":   "xn--mnchen-3ya.example",
		"MÜNCHEN.example.":  "xn--mnchen-3ya.example",
		"a_b.example":       "a_b.example",
		"_dmarc.example":    "_dmarc.example",
		"192.0.2.1":         "192.0.2.1",
		"[2001:DB8::1]":     "2001:db8::1",
		"2001:db8:0::1":     "2001:db8::1",
		"fe80::1%eth0":      "fe80::1",
		"::ffff:192.0.2.1":  "192.0.2.1",
		"localhost":         "localhost",
		"日本語.example":       "xn--wgv71a119e.example",
		"1.2.3.4.5":         "1.2.3.4.5",
		"xn--bcher-kva.com": "xn--bcher-kva.com",
	} {
		h, err := ParseHost(in)
		if err != nil || h.String() != want {
			t.Errorf("%q: %q %v", in, h, err)
		}
	}
	for _, in := range []string{"", ".", "a..b", "-a.example", "a b", "exa*mple", "*.example", strings.Repeat("a", 64) + ".example", "a/b", "a:443", "\x00"} {
		if h, err := ParseHost(in); err == nil {
			t.Errorf("%q taken as %q", in, h)
		}
	}
}

func TestMatchName(t *testing.T) {
	two := NameRules{WildcardLabels: 2}
	for _, c := range []struct {
		pattern, host string
		rules         NameRules
		want          bool
	}{
		{"a.example", "a.example", two, true},
		{"A.Example", "a.example", two, true},
		{"a.example", "b.a.example", two, false},
		{"*.a.example", "b.a.example", two, true},
		{"*.a.example", "a.example", two, false},
		{"*.a.example", "c.b.a.example", two, false},
		{"*.A.EXAMPLE", "b.a.example", two, true},
		{"*.example", "a.example", two, false},
		{"*.example", "a.example", NameRules{WildcardLabels: 1}, true},
		{"*", "localhost", NameRules{}, false},
		{"*.", "localhost", NameRules{}, false},
		{"f*.a.example", "foo.a.example", two, false},
		{"*f.a.example", "of.a.example", two, false},
		{"a.*.example", "a.b.example", two, false},
		{"*.*.a.example", "c.b.a.example", two, false},
		{"a.example.", "a.example", two, false},
		{"", "a.example", two, false},
		{"*.a.example", "_x.a.example", two, true},
		{"*.xn--mnchen-3ya.example", "a.xn--mnchen-3ya.example", two, true},
		{"a\x00.example", "a", two, false},
	} {
		if got := MatchName(c.pattern, c.host, c.rules); got != c.want {
			t.Errorf("%q covers %q: %v", c.pattern, c.host, got)
		}
	}
}

// TestMatchNameLaws: what matches has as many labels and the same end.
func TestMatchNameLaws(t *testing.T) {
	label := rapid.StringMatching(`[a-z0-9][a-z0-9-]{0,5}`)
	rapid.Check(t, func(r *rapid.T) {
		labels := rapid.SliceOfN(label, 1, 5).Draw(r, "labels")
		host := strings.Join(labels, ".")
		if !MatchName(host, strings.ToLower(host), NameRules{}) {
			r.Errorf("%q does not match itself", host)
		}
		wild := "*." + strings.Join(labels[1:], ".")
		if got := MatchName(wild, host, NameRules{}); got != (len(labels) > 1) {
			r.Errorf("%q covers %q: %v", wild, host, got)
		}
		if MatchName(wild, "x."+host, NameRules{}) {
			r.Errorf("%q covers more than one label", wild)
		}
	})
}

func TestCoversAddressesOnlyByAddress(t *testing.T) {
	p := newPKI()
	c := issue(spec{names: []string{"192.0.2.9", "good.example"}, ips: []string{"192.0.2.1", "2001:db8::1"}}, p.inter)
	for in, want := range map[string]bool{
		"192.0.2.1": true, "::ffff:192.0.2.1": true, "2001:db8::1": true, "192.0.2.9": false, "192.0.2.2": false, "good.example": true,
	} {
		h, err := ParseHost(in)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Covers(h, NameRules{}); got != want {
			t.Errorf("%s: %v", in, got)
		}
	}
	if s := c.mismatch(Host{IP: netip.MustParseAddr("192.0.2.9")}, NameRules{}); !strings.Contains(s, "as a DNS name") {
		t.Error(s)
	}
}

func TestMismatchSentences(t *testing.T) {
	p := newPKI()
	many := []string{"a.test", "b.test", "c.test", "d.test", "e.test", "f.test"}
	for _, c := range []struct {
		spec spec
		host string
		want string
	}{
		{spec{names: many}, "good.example", "The certificate covers a.test, b.test, c.test, d.test and 2 more, not good.example."},
		{spec{names: []string{"good.example"}}, "www.good.example", "The certificate covers good.example, not www.good.example; a name does not cover what is below it."},
		{spec{names: []string{"*.good.example"}}, "a.b.good.example", "The certificate covers *.good.example, not a.b.good.example; a wildcard stands for one label only."},
		{spec{names: []string{"*.good.example"}}, "good.example", "The certificate covers *.good.example, not good.example; a wildcard does not cover the name that it stands below."},
		{spec{names: []string{"*.example"}}, "good.example", "The certificate covers *.example, not good.example; current clients accept no wildcard directly below a top-level domain."},
		{spec{noSAN: true, cn: "Some CA"}, "good.example", `The certificate names no host but in its common name, "Some CA", not good.example.`},
	} {
		h, err := ParseHost(c.host)
		if err != nil {
			t.Fatal(err)
		}
		got := issue(c.spec, p.inter).mismatch(h, NameRules{WildcardLabels: 2})
		if got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}

func TestNameConstraintKinds(t *testing.T) {
	for _, c := range []struct {
		name, base string
		match      func(string, string) bool
		want       bool
	}{
		{"a.example", "example", matchDNSConstraint, true},
		{"example", "example", matchDNSConstraint, true},
		{"example", ".example", matchDNSConstraint, false},
		{"a.example", ".example", matchDNSConstraint, true},
		{"notexample", "example", matchDNSConstraint, false},
		{"a.example", "", matchDNSConstraint, true},
		{"*.example", "bad.example", excludesDNS, true},
		{"*.example", "deep.bad.example", excludesDNS, false},
		{"*.a.example", "bad.example", excludesDNS, false},
		{"me@host.example", "host.example", matchEmailConstraint, true},
		{"me@a.host.example", "host.example", matchEmailConstraint, false},
		{"me@a.host.example", ".host.example", matchEmailConstraint, true},
		{"me@host.example", "me@host.example", matchEmailConstraint, true},
		{"you@host.example", "me@host.example", matchEmailConstraint, false},
		{"https://host.example/x", "host.example", matchURIConstraint, true},
		{"https://a.host.example/x", "host.example", matchURIConstraint, false},
		{"https://a.host.example/x", ".host.example", matchURIConstraint, true},
		{"nonsense", "host.example", matchURIConstraint, false},
	} {
		if got := c.match(c.name, c.base); got != c.want {
			t.Errorf("%s under %q: %v", c.name, c.base, got)
		}
	}
}

// What some clients take beyond RFC 9525.
func TestLenientNames(t *testing.T) {
	deep, both := NameRules{WildcardLabels: 2, DeepWildcards: true}, NameRules{WildcardLabels: 2, CommonNameToo: true}
	for _, x := range []struct {
		pattern, host string
		rules         NameRules
		want          bool
	}{
		{"*.example.com", "a.b.example.com", NameRules{WildcardLabels: 2}, false},
		{"*.example.com", "a.b.example.com", deep, true},
		{"*.example.com", "example.com", deep, false},
		{"*.example.com", "badexample.com", deep, false},
		{"*.com", "a.example.com", deep, false},
	} {
		if got := MatchName(x.pattern, x.host, x.rules); got != x.want {
			t.Errorf("%s for %s: %v", x.pattern, x.host, got)
		}
	}
	c := &Certificate{DNSNames: []string{"other.example"}, HasSAN: true}
	c.Subject.CN = "shop.example"
	h := Host{DNS: "shop.example"}
	if c.Covers(h, NameRules{CommonName: true, WildcardLabels: 2}) || !c.Covers(h, both) {
		t.Error("the common name beside another name")
	}
	c = &Certificate{DNSNames: []string{"192.0.2.1"}, HasSAN: true}
	ip := Host{IP: netip.MustParseAddr("192.0.2.1")}
	if c.Covers(ip, NameRules{}) || !c.Covers(ip, NameRules{IPAsDNSName: true}) {
		t.Error("an address as a DNS name")
	}
	c = &Certificate{}
	c.Subject.CN = "192.0.2.1"
	if c.Covers(ip, NameRules{CommonName: true}) || !c.Covers(ip, NameRules{IPInCommonName: true}) {
		t.Error("an address in the common name")
	}
}
