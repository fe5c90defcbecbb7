package trust

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
)

func TestHealthyChainsHaveNoDefect(t *testing.T) {
	p := newPKI()
	sub := issue(caSpec("Zoo Sub"), p.inter)
	cases := map[string]Input{
		"leaf, intermediate":           p.input(issue(spec{}, p.inter), p.inter),
		"root sent too":                p.input(issue(spec{}, p.inter), p.inter, p.root),
		"directly by the root":         p.input(issue(spec{}, p.root)),
		"two intermediates":            p.input(issue(spec{}, sub), sub, p.inter),
		"wildcard":                     p.input(issue(spec{names: []string{"*.other.test", "*.good.example", "good.example"}}, p.inter), p.inter),
		"RSA":                          p.input(issue(spec{key: "rsa2048"}, p.inter), p.inter),
		"P-384":                        p.input(issue(spec{key: "p384"}, p.inter), p.inter),
		"no extended key usage":        p.input(issue(spec{eku: []x509.ExtKeyUsage{}}, p.inter), p.inter),
		"any extended key usage":       p.input(issue(spec{eku: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}, p.inter), p.inter),
		"no key usage":                 p.input(issue(spec{noKU: true}, p.inter), p.inter),
		"path length just enough":      pathLenCase(p, 0),
		"permitted name":               p.input(leafUnder(p, spec{cn: "Narrow", ca: true, na: 900 * day, permit: []string{"good.example"}})...),
		"excluded is another":          p.input(leafUnder(p, spec{cn: "Narrow", ca: true, na: 900 * day, exclude: []string{"bad.example"}})...),
		"self-signed, in the store":    trustedSelfSigned(),
		"six-day certificate, day one": p.input(issue(spec{nb: -day, na: 5 * day}, p.inter), p.inter),
	}
	in := p.input(issue(spec{sctCount: 2, na: 60 * day}, p.inter), p.inter)
	in.Policy = Modern()
	cases["public CA with SCTs"] = in
	in = p.input(issue(spec{ips: []string{"192.0.2.7", "2001:db8::1"}}, p.inter), p.inter)
	in.Name = "[2001:DB8:0::1]"
	cases["IPv6 address"] = in
	in = p.input(issue(spec{names: []string{"xn--bcher-kva.example"}}, p.inter), p.inter)
	in.Name = "Bücher.example."
	cases["international name with trailing dot"] = in
	for name, in := range cases {
		r := Verify(in)
		if !r.OK || len(r.Defects) != 0 || len(r.Ambiguous) != 0 {
			t.Errorf("%s: ok %v", name, r.OK)
			describe(t, &r)
		}
		if r.Verdict() != "accepted" {
			t.Errorf("%s: %s", name, r.Verdict())
		}
	}
}

func leafUnder(p pki, ca spec) []*ident {
	ca.key = "p384"
	c := issue(ca, p.root)
	return []*ident{issue(spec{}, c), c}
}

func trustedSelfSigned() Input {
	leaf := issue(spec{}, nil)
	return Input{Chain: chain(leaf), Roots: NewStore("", "", leaf.Certificate), Name: "good.example", At: now, Policy: private()}
}

func pathLenCase(p pki, pathLen int) Input {
	return p.input(leafUnder(p, spec{cn: "Short", ca: true, na: 900 * day, pathLen: pathLen, hasPathLen: true})...)
}

// TestEachDefectAlone: every certificate cause is told apart, alone it is the
// only blocking one, and the counterfactual of it is accepted.
func TestEachDefectAlone(t *testing.T) {
	p := newPKI()
	other := issue(spec{cn: "Elsewhere Root", org: "Elsewhere", ca: true, nb: -300 * day, na: 3000 * day, key: "p384"}, nil)
	otherInt := issue(spec{cn: "Elsewhere CA", org: "Elsewhere", ca: true, nb: -300 * day, na: 3000 * day}, other)
	public := func(ids ...*ident) Input {
		in := p.input(ids...)
		in.Policy = Modern()
		return in
	}
	type tc struct {
		name string
		in   Input
		want cause.ID
		says string // part of the sentence
		amb  []cause.ID
	}
	skew := []cause.ID{cause.ClientClockSkew}
	cases := []tc{
		{"expired", p.input(issue(spec{nb: -90 * day, na: -3 * day}, p.inter), p.inter), cause.Expired, "2026-06-12 12:00 UTC, 3 days ago", skew},
		{"not yet valid", p.input(issue(spec{nb: 10 * day, na: 90 * day}, p.inter), p.inter), cause.NotYetValid, "in 10 days", skew},
		{"other name", p.input(issue(spec{names: []string{"other.example"}}, p.inter), p.inter), cause.HostnameMismatch, "covers other.example, not good.example", []cause.ID{cause.WrongCertificate}},
		{"self-signed", p.input(issue(spec{}, nil)), cause.SelfSigned, "its own key", nil},
		{"private root, sent", p.input(issue(spec{}, otherInt), otherInt, other), cause.UntrustedRoot, `ends at the root "Elsewhere Root", which is not in the zoo's store`, nil},
		{"private root, not sent", p.input(issue(spec{}, otherInt), otherInt), cause.UntrustedRoot, `issued by "Elsewhere Root", which is neither sent`, []cause.ID{cause.IncompleteChain}},
		{"intermediate missing", p.input(issue(spec{}, p.inter)), cause.IncompleteChain, "too few", []cause.ID{cause.UntrustedRoot}},
		{"intermediate missing, unknown organization", p.input(issue(spec{}, otherInt)), cause.IncompleteChain, "too few", []cause.ID{cause.UntrustedRoot}},
		{"expired intermediate", p.input(leafUnder(p, spec{cn: "Old CA", ca: true, nb: -900 * day, na: -5 * day})...), cause.ExpiredIntermediate, `intermediate "Old CA" expired on`, skew},
		{"RSA 1024 leaf", p.input(issue(spec{key: "rsa1024"}, p.inter), p.inter), cause.WeakKey, "RSA key of 1024 bits; at least 2048", nil},
		{"SHA-1 leaf", p.input(issueUnderRSA(p, x509.SHA1WithRSA)...), cause.WeakSignature, "signed with SHA-1", nil},
		{"common name only", p.input(issue(spec{noSAN: true}, p.inter), p.inter), cause.CNOnly, "common name only", nil},
		{"client certificate", p.input(issue(spec{eku: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}, p.inter), p.inter), cause.WrongEKU, "meant for clientAuth", nil},
		{"CA for mail only", p.input(leafUnder(p, spec{cn: "Mail CA", ca: true, na: 900 * day, eku: []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection}})...), cause.WrongEKU, "may issue for emailProtection", nil},
		{"CA as leaf", p.input(issue(spec{ca: true, names: []string{"good.example"}}, p.inter), p.inter), cause.CAAsLeaf, "that of a CA", nil},
		{"issuer is no CA", p.input(leafUnder(p, spec{cn: "Leafy", na: 900 * day})...), cause.IssuerNotCA, "CA:FALSE", nil},
		{"issuer may not sign", p.input(leafUnder(p, spec{cn: "Signless", ca: true, na: 900 * day, ku: x509.KeyUsageCRLSign})...), cause.IssuerNotCA, "keyUsage (cRLSign)", nil},
		{"path too long", pathTooLong(p), cause.PathLengthExceeded, "allows no intermediate below it, the chain has 1", nil},
		{"name not permitted", p.input(leafUnder(p, spec{cn: "Narrow", ca: true, na: 900 * day, permit: []string{"corp.example"}})...), cause.NameConstraints, "may not issue for good.example: it permits only corp.example", nil},
		{"name excluded", p.input(leafUnder(p, spec{cn: "Narrow", ca: true, na: 900 * day, exclude: []string{"example"}})...), cause.NameConstraints, "excludes example", nil},
		{"staple missing", p.input(issue(spec{ext: []pkix.Extension{mustStapleExt}}, p.inter), p.inter), cause.MustStapleMissing, "none comes", nil},
		{"no SCT", public(issue(spec{}, p.inter), p.inter), cause.CTMissing, "no signed certificate timestamp", nil},
		{"too few SCTs", public(issue(spec{sctCount: 1}, p.inter), p.inter), cause.CTMissing, "1 signed certificate timestamp ", nil},
		{"valid too long", public(issue(spec{sctCount: 3, na: 400 * day}, p.inter), p.inter), cause.ValidityTooLong, "valid for 430 days; browsers accept at most 200", nil},
		{"precertificate", p.input(issue(spec{ext: []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 3}, Critical: true, Value: []byte{5, 0}}}}, p.inter), p.inter), cause.MalformedReply, "precertificate", nil},
		{"unknown critical extension", p.input(issue(spec{ext: []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3}, Critical: true, Value: []byte{5, 0}}}}, p.inter), p.inter), cause.MalformedReply, "critical extension 1.2.3", nil},
		{"keyUsage for signing CRLs", p.input(issue(spec{ku: x509.KeyUsageCRLSign}, p.inter), p.inter), cause.WrongKeyUsage, "keyUsage (cRLSign)", nil},
		{"site's certificate sent last", p.input(p.inter, issue(spec{}, p.inter)), cause.WrongChainOrder, "number 2", nil},
	}
	in := p.input(issue(spec{key: "rsa2048"}, p.inter), p.inter)
	in.KeyUse = KeyUseEncipherment
	cases = append(cases, tc{"RSA key exchange without keyEncipherment", in, cause.WrongKeyUsage, "keyEncipherment", nil})

	in = p.input(issue(spec{}, otherInt), otherInt, other)
	in.CurrentRoots = NewStore("today", "today's store", other.Certificate)
	cases = append(cases, tc{"client's store is old", in, cause.ClientCABundleOutdated, "is in today's store but not in the zoo's store", []cause.ID{cause.UntrustedRoot}})

	in = p.input(issue(spec{}, p.inter), p.inter)
	in.At, in.PeerTime = now.Add(400*day), now
	cases = append(cases, tc{"clock is ahead", in, cause.ClientClockSkew, "off by 400 days", nil})

	proxy := issue(spec{cn: "Corp TLS Inspection CA", org: "Corp", ca: true, nb: -300 * day, na: 3000 * day}, nil)
	cases = append(cases,
		tc{"inspecting proxy", p.input(issue(spec{}, proxy), proxy), cause.TLSInterception, "Corp TLS Inspection CA", []cause.ID{cause.UntrustedRoot}},
		tc{"inspecting proxy, leaf only", p.input(issue(spec{}, proxy)), cause.TLSInterception, "Corp TLS Inspection CA", []cause.ID{cause.IncompleteChain, cause.UntrustedRoot}})

	leaf := issue(spec{}, p.inter)
	in = p.input(leaf, p.inter)
	in.Policy.MaxChainBytes = len(leaf.Raw)
	cases = append(cases, tc{"more bytes than the client reads", in, cause.CertificateTooLarge, "reads at most", nil})

	in = p.input(leaf, p.inter)
	in.Policy.MaxPath = 2
	cases = append(cases, tc{"longer than the client verifies", in, cause.PathLengthExceeded, "has 3 certificates; this client verifies at most 2", nil})

	distrusted := &Store{ID: "zoo", Name: "the zoo's store"}
	distrusted.AddConstrained(p.root.Certificate, now.Add(-60*day))
	in = public(issue(spec{sctCount: 2}, p.inter), p.inter)
	in.Roots = distrusted
	cases = append(cases, tc{"distrusted CA", in, cause.UntrustedRoot, "trusted only for certificates issued until 2026-04-16", nil})

	in = p.input(leaf, p.inter)
	in.Policy.Revoked = true
	in.Revocation = []RevocationStatus{{Source: "crl", Cert: leaf.Certificate, State: RevocationRevoked, Reason: "keyCompromise", RevokedAt: now.Add(-day), SignatureOK: true, Current: true}}
	cases = append(cases, tc{"revoked", in, cause.Revoked, "keyCompromise", nil})

	cache := NewCache()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := Verify(c.in)
			sameWithCache(t, cache, c.in, &r)
			root, blocked := r.Root()
			if !blocked || r.OK || root.Cause != c.want || !strings.Contains(root.Detail, c.says) {
				t.Errorf("want %s saying %q", c.want, c.says)
				describe(t, &r)
				return
			}
			if !slices.Equal(r.Ambiguous, c.amb) {
				t.Errorf("ambiguous %v, want %v", r.Ambiguous, c.amb)
			}
			if !strings.HasSuffix(root.Detail, ".") || strings.Contains(root.Detail, "%!") {
				t.Errorf("no plain sentence: %s", root.Detail)
			}
			ch, ok := Counterfactual(c.in, &r, root)
			if !ok || ch.What == "" {
				t.Fatalf("no counterfactual")
			}
			after := Verify(ch.Input)
			if !after.OK {
				t.Errorf("%s: still %s", ch.What, after.Verdict())
			}
			for _, d := range r.Defects[1:] {
				if d.Blocking && !(c.want == cause.ClientClockSkew && d.Cause == cause.Expired) &&
					!(c.want == cause.WrongChainOrder) {
					t.Errorf("also blocking: %s: %s", d.Cause, d.Detail)
				}
			}
		})
	}
}

func issueUnderRSA(p pki, sig x509.SignatureAlgorithm) []*ident {
	ca := issue(spec{cn: "RSA CA", ca: true, na: 900 * day, key: "rsa2048"}, p.root)
	return []*ident{issue(spec{sig: sig}, ca), ca}
}

func pathTooLong(p pki) Input {
	top := issue(spec{cn: "Short", ca: true, na: 900 * day, key: "p384", hasPathLen: true}, p.root)
	sub := issue(spec{cn: "Sub", ca: true, na: 900 * day}, top)
	return p.input(issue(spec{}, sub), sub, top)
}

// TestRootCauseOfCombinations holds the order of defect.go.
func TestRootCauseOfCombinations(t *testing.T) {
	p := newPKI()
	stranger := issue(spec{cn: "Elsewhere Root", org: "Elsewhere", ca: true, nb: -300 * day, na: 3000 * day, key: "p384"}, nil)
	old := issue(spec{cn: "Old CA", ca: true, nb: -900 * day, na: -5 * day, key: "p384"}, p.root)
	client := []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	for _, c := range []struct {
		name string
		in   Input
		want []cause.ID
	}{
		{"self-signed for another name", p.input(issue(spec{names: []string{"localhost"}}, nil)), []cause.ID{cause.SelfSigned, cause.HostnameMismatch}},
		{"self-signed and expired", p.input(issue(spec{nb: -90 * day, na: -day}, nil)), []cause.ID{cause.SelfSigned, cause.Expired}},
		{"self-signed CA", p.input(issue(spec{ca: true, names: []string{"good.example"}}, nil)), []cause.ID{cause.SelfSigned, cause.CAAsLeaf}},
		{"private root, expired", p.input(issue(spec{nb: -90 * day, na: -day}, stranger), stranger), []cause.ID{cause.UntrustedRoot, cause.Expired}},
		{"expired for another name", p.input(issue(spec{nb: -90 * day, na: -day, names: []string{"old.example"}}, p.inter), p.inter), []cause.ID{cause.Expired, cause.HostnameMismatch}},
		{"expired under an expired CA", p.input(issue(spec{nb: -90 * day, na: -day}, old), old), []cause.ID{cause.Expired, cause.ExpiredIntermediate}},
		{"root as leaf", p.input(p.root), []cause.ID{cause.CAAsLeaf, cause.HostnameMismatch}},
		{"client certificate of another name", p.input(issue(spec{cn: "alice", noSAN: true, eku: client}, p.inter), p.inter), []cause.ID{cause.WrongEKU, cause.HostnameMismatch}},
		{"incomplete and another name", p.input(issue(spec{names: []string{"old.example"}}, p.inter)), []cause.ID{cause.IncompleteChain, cause.HostnameMismatch}},
		{"weak key and common name only", p.input(issue(spec{noSAN: true, key: "rsa1024"}, p.inter), p.inter), []cause.ID{cause.CNOnly, cause.WeakKey}},
		{"weak key for another name", p.input(issue(spec{names: []string{"old.example"}, key: "rsa1024"}, p.inter), p.inter), []cause.ID{cause.HostnameMismatch, cause.WeakKey}},
	} {
		r := Verify(c.in)
		var got []cause.ID
		for _, d := range r.Defects {
			if d.Blocking {
				got = append(got, d.Cause)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
			describe(t, &r)
		}
		// Taking the causes away one after the other ends in acceptance; two that
		// hang on the same input go in one step.
		in, steps := c.in, 0
		for ; !r.OK && steps < 5; steps++ {
			root, _ := r.Root()
			ch, ok := Counterfactual(in, &r, root)
			if !ok {
				t.Fatalf("%s: no counterfactual for %s", c.name, root.Cause)
			}
			in = ch.Input
			r = Verify(in)
		}
		if !r.OK || steps > len(c.want) {
			t.Errorf("%s: %d steps to acceptance, last %s", c.name, steps, r.Verdict())
		}
	}
}

func TestWarningsDoNotBlock(t *testing.T) {
	p := newPKI()
	unrelated := issue(spec{cn: "Unrelated CA", ca: true, na: 900 * day}, p.root)
	leaf := issue(spec{}, p.inter)
	soonCA := issue(spec{cn: "Ending CA", ca: true, nb: -900 * day, na: 10 * day, key: "p384"}, p.root)
	revoked := p.input(leaf, p.inter)
	revoked.Revocation = []RevocationStatus{{Cert: leaf.Certificate, State: RevocationRevoked, SignatureOK: true, Current: true, RevokedAt: now.Add(-day)}}
	asked := p.input(issue(spec{ext: []pkix.Extension{mustStapleExt}, nb: -80 * day, na: 10 * day}, p.inter), p.inter)
	asked.StapleNotAsked = true
	for _, c := range []struct {
		name string
		in   Input
		want cause.ID
		says string
	}{
		{"no staple because none was asked for", asked, cause.ExpiresSoon, "in 10 days"},
		{"root before intermediate", p.input(leaf, p.root, p.inter), cause.WrongChainOrder, `Certificate 2 of those sent ("Zoo Root") did not issue`},
		{"unrelated CA", p.input(leaf, unrelated, p.inter), cause.WrongChainOrder, `("Unrelated CA") does not belong`},
		{"sent twice", p.input(leaf, p.inter, p.inter), cause.WrongChainOrder, "repetition"},
		{"expires in 10 days", p.input(issue(spec{nb: -80 * day, na: 10 * day}, p.inter), p.inter), cause.ExpiresSoon, "in 10 days"},
		{"six-day certificate on its last", p.input(issue(spec{nb: -5 * day, na: day}, p.inter), p.inter), cause.ExpiresSoon, "in 24 hours"},
		{"intermediate ends soon", p.input(issue(spec{}, soonCA), soonCA), cause.ExpiresSoon, `"Ending CA" expires`},
		{"revoked, by a client that does not ask", revoked, cause.Revoked, "was revoked"},
	} {
		r := Verify(c.in)
		if !r.OK || len(r.Defects) != 1 || r.Defects[0].Cause != c.want || !strings.Contains(r.Defects[0].Detail, c.says) {
			t.Errorf("%s: ok %v", c.name, r.OK)
			describe(t, &r)
		}
	}
}

// TestAlternativePaths: an expired or unknown way up does no harm beside a good one.
func TestAlternativePaths(t *testing.T) {
	p := newPKI()
	gone := issue(spec{cn: "Gone Root", org: "Gone", ca: true, nb: -3000 * day, na: -100 * day, key: "p384"}, nil)
	// The zoo's root, cross-signed by a root that has expired since.
	cross := issue(spec{cn: "Zoo Root", ca: true, nb: -2000 * day, na: -100 * day, sameKeyAs: p.root}, gone)
	in := p.input(issue(spec{}, p.inter), p.inter, cross)
	in.Roots = in.Roots.With(gone.Certificate)
	r := Verify(in)
	if !r.OK || len(r.Paths) != 2 || !r.Paths[0].Trusted() || len(r.Defects) != 1 || !strings.Contains(r.Defects[0].Detail, "old ones do not") {
		t.Errorf("modern client: ok %v", r.OK)
		describe(t, &r)
	}
	// What OpenSSL 1.0.2 did at the end of DST Root CA X3.
	in.Policy.SentOrderOnly = true
	r = Verify(in)
	if root, _ := r.Root(); r.OK || root.Cause != cause.ExpiredIntermediate || !strings.Contains(root.Detail, "Zoo Root") {
		t.Errorf("client that follows the order sent: ok %v", r.OK)
		describe(t, &r)
	}
}

// TestExpiredAnchor: what Let's Encrypt's cross-signed root did from 2021-09-30 to
// clients that knew DST Root CA X3 and not ISRG Root X1. The cross certificate
// outlived the root that had signed it, since Android asks for no more than that
// root's name and key; everybody else refused.
func TestExpiredAnchor(t *testing.T) {
	p := newPKI()
	gone := issue(spec{cn: "Gone Root", org: "Gone", ca: true, nb: -3000 * day, na: -100 * day, key: "p384"}, nil)
	cross := issue(spec{cn: "Zoo Root", ca: true, nb: -2000 * day, na: 900 * day, sameKeyAs: p.root}, gone)
	in := p.input(issue(spec{}, p.inter), p.inter, cross)
	in.Roots = NewStore("old", "an old phone's roots", gone.Certificate)
	r := Verify(in)
	if root, _ := r.Root(); r.OK || root.Cause != cause.ExpiredIntermediate || !strings.Contains(root.Detail, `"Gone Root", a root of the client's own store, expired on`) {
		t.Errorf("a client that looks at the root's dates: ok %v, %s", r.OK, r.Verdict())
	}
	in.Policy.IgnoresAnchorDates = true
	if r = Verify(in); !r.OK || !r.Has(cause.ExpiredIntermediate) {
		t.Errorf("a client that does not: ok %v, %s", r.OK, r.Verdict())
		describe(t, &r)
	}
	// The dates of what stands below the root still count.
	stale := issue(spec{cn: "Zoo Root", ca: true, nb: -2000 * day, na: -day, sameKeyAs: p.root}, gone)
	in.Chain = p.input(issue(spec{}, p.inter), p.inter, stale).Chain
	if r = Verify(in); r.OK {
		t.Error("an expired cross certificate was accepted")
	}
}

// TestMixedStore: a private root in the system's store is not held to the rules
// for public CAs, and a public one to Mozilla's dates although the system lost them.
func TestMixedStore(t *testing.T) {
	p := newPKI()
	in := p.input(issue(spec{na: 900 * day}, p.inter), p.inter)
	in.Policy = Modern()
	in.Roots.Mixed = true
	if r := Verify(in); !r.OK {
		t.Errorf("private root: %s", r.Verdict())
	}
	in.Roots.Mixed = false
	if r := Verify(in); r.OK {
		t.Error("declared public: accepted")
	}
	for _, a := range MozillaStore().Anchors() {
		if a.DistrustAfter.IsZero() {
			continue
		}
		v := &verifier{in: Input{Roots: &Store{Mixed: true}, Policy: Modern()}}
		path := &Path{Certs: []*Certificate{{NotBefore: a.DistrustAfter.Add(day)}, a.Certificate}, End: EndAnchor, Anchor: &Anchor{Certificate: a.Certificate}}
		if d := v.checkDistrust(path); len(d) != 1 {
			t.Errorf("%s: no distrust date applied", a.Subject)
		}
	}
}

func TestInstalledProxyIsNoted(t *testing.T) {
	proxy := issue(spec{cn: "Corp TLS Inspection CA", org: "Corp", ca: true, nb: -300 * day, na: 3000 * day}, nil)
	in := Input{Chain: chain(issue(spec{}, proxy)), Roots: NewStore("", "", proxy.Certificate), Name: "good.example", At: now, Policy: private()}
	if r := Verify(in); !r.OK || len(r.Defects) != 1 || r.Defects[0].Cause != cause.TLSInterception {
		describe(t, &r)
		t.Error("trusted proxy")
	}
}

// TestConstraintsAreBounded: thousands of names under thousands of constraints.
func TestConstraintsAreBounded(t *testing.T) {
	p := newPKI()
	var names, permit []string
	for i := range 2000 {
		names = append(names, fmt.Sprintf("n%d.good.example", i))
		permit = append(permit, fmt.Sprintf("p%d.example", i))
	}
	ca := issue(spec{cn: "Many", ca: true, na: 900 * day, key: "p384", permit: append(permit, "good.example")}, p.root)
	leaf := issue(spec{names: append(names, "good.example")}, ca)
	start := time.Now()
	r := Verify(p.input(leaf, ca))
	if root, _ := r.Root(); root.Cause != cause.NameConstraints || !strings.Contains(root.Detail, "more constraints than clients compare") {
		t.Errorf("%s", r.Verdict())
	}
	if d := time.Since(start); d > time.Second {
		t.Errorf("took %v", d)
	}
}

func TestPartialChain(t *testing.T) {
	p := newPKI()
	in := p.input(issue(spec{}, p.inter))
	in.Roots = NewStore("", "", p.inter.Certificate)
	if r := Verify(in); !r.OK {
		t.Errorf("an intermediate in the store is an anchor for most clients: %s", r.Verdict())
	}
	in.Policy.PartialChain = false
	if r := Verify(in); r.OK || r.Best.End != EndMissingIssuer || len(r.Best.Certs) != 2 {
		t.Errorf("OpenSSL goes on to the root: %s", r.Verdict())
	}
	in.Roots = in.Roots.With(p.root.Certificate)
	if r := Verify(in); !r.OK || len(r.Best.Certs) != 3 {
		t.Errorf("and finds it there: %s", r.Verdict())
	}
}

func TestSameNameOtherKey(t *testing.T) {
	p := newPKI()
	fake := issue(spec{cn: "Zoo Root", ca: true, nb: -300 * day, na: 3000 * day, key: "p384"}, nil)
	in := p.input(issue(spec{}, fake), fake)
	r := Verify(in)
	if root, _ := r.Root(); root.Cause != cause.UntrustedRoot || !strings.Contains(root.Detail, "another key") {
		describe(t, &r)
		t.Error("a root of the same name")
	}
	r = Verify(p.input(issue(spec{}, fake)))
	if root, _ := r.Root(); root.Cause != cause.UntrustedRoot || !strings.Contains(root.Detail, "another key") {
		describe(t, &r)
		t.Error("only the leaf of it")
	}
}

// TestCertificateNamedLikeItsCA: many howtos give the CA and the server the same
// name. Libraries call that self-signed; the key tells that it is not.
func TestCertificateNamedLikeItsCA(t *testing.T) {
	p := newPKI()
	ca := issue(spec{cn: "good.example", ca: true, na: 900 * day, key: "p384"}, nil)
	leaf := issue(spec{cn: "good.example"}, ca)
	r := Verify(p.input(leaf, ca))
	if root, _ := r.Root(); root.Cause != cause.UntrustedRoot {
		describe(t, &r)
		t.Error("signed by another key of the same name")
	}
}

func TestSearchIsBounded(t *testing.T) {
	// Six CAs that all certify each other: factorially many paths.
	var cas [6]*ident
	names := []string{"A", "B", "C", "D", "E", "F"}
	keys := []string{"p256", "p256b", "p384", "rsa2048", "p256", "p256b"}
	for i := range cas {
		cas[i] = issue(spec{cn: names[i], ca: true, na: 900 * day, key: keys[i]}, nil)
	}
	leaf := issue(spec{}, cas[0])
	sent := []*Certificate{leaf.Certificate}
	for i := range cas {
		for j := range cas {
			if i != j {
				c := issue(spec{cn: names[i], ca: true, na: 900 * day, key: keys[i]}, cas[j])
				sent = append(sent, c.Certificate)
			}
		}
	}
	start := time.Now()
	r := Verify(Input{Chain: sent, Roots: NewStore("", ""), Name: "good.example", At: now, Policy: private()})
	if len(r.Paths) > maxPaths || !r.Cut {
		t.Errorf("%d paths, cut %v", len(r.Paths), r.Cut)
	}
	if d := time.Since(start); d > 2*time.Second {
		t.Errorf("took %v", d)
	}
}

func TestVerifyNothing(t *testing.T) {
	if r := Verify(Input{At: now, Policy: Modern()}); r.OK || r.Best != nil {
		t.Error("no certificate is no success")
	}
	r := Verify(Input{Chain: chain(issue(spec{}, nil)), At: now})
	if !r.OK {
		t.Errorf("the zero policy demands nothing, yet: %s", r.Verdict())
	}
}
