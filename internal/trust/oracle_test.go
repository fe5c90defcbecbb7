package trust

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// compareWithX509 compares every field that both parsers have.
func compareWithX509(t testing.TB, c *Certificate, x *x509.Certificate) {
	t.Helper()
	who := x.Subject.String()
	eq := func(what string, got, want any) {
		t.Helper()
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %s is %v, x509 says %v", who, what, got, want)
		}
	}
	eq("Raw", c.Raw, x.Raw)
	eq("TBS", c.TBS, x.RawTBSCertificate)
	eq("Version", c.Version, x.Version)
	eq("Serial", c.Serial, x.SerialNumber)
	eq("raw issuer", c.Issuer.Raw, x.RawIssuer)
	eq("raw subject", c.Subject.Raw, x.RawSubject)
	eq("CN", c.Subject.CN, x.Subject.CommonName)
	eq("SelfIssued", c.SelfIssued(), bytes.Equal(x.RawSubject, x.RawIssuer))
	if len(x.Subject.Organization) > 0 {
		eq("O", c.Subject.O, x.Subject.Organization[0])
	}
	eq("attributes", len(c.Subject.Attributes), len(x.Subject.Names))
	for i, a := range x.Subject.Names {
		eq("attribute type", c.Subject.Attributes[i].OID, a.Type)
		eq("attribute value", c.Subject.Attributes[i].Value, a.Value)
	}
	eq("NotBefore", c.NotBefore, x.NotBefore)
	eq("NotAfter", c.NotAfter, x.NotAfter)
	eq("SPKI", c.Key.SPKI, x.RawSubjectPublicKeyInfo)
	eq("Signature", c.Signature, x.Signature)
	eq("SKI", c.SubjectKeyID, x.SubjectKeyId)
	eq("AKI", c.AuthorityKeyID, x.AuthorityKeyId)
	eq("KeyUsage", uint16(c.KeyUsage), uint16(x.KeyUsage))
	eq("DNSNames", c.DNSNames, x.DNSNames)
	eq("EmailAddresses", c.EmailAddresses, x.EmailAddresses)
	var ips []netip.Addr
	for _, ip := range x.IPAddresses {
		a, _ := netip.AddrFromSlice(ip)
		ips = append(ips, a)
	}
	eq("IPAddresses", c.IPAddresses, ips)
	eq("URIs", c.URIs, x.URIs)
	eq("OCSP", c.OCSPServers, x.OCSPServer)
	eq("issuer URLs", c.IssuerURLs, x.IssuingCertificateURL)
	eq("CRL URLs", c.CRLDistributionPoints, x.CRLDistributionPoints)
	eq("basicConstraints", c.BasicConstraints != nil, x.BasicConstraintsValid)
	eq("IsCA", c.IsCA(), x.IsCA)
	if bc := c.BasicConstraints; bc != nil && bc.CA {
		want := x.MaxPathLen
		if want == 0 && !x.MaxPathLenZero {
			want = -1
		}
		eq("PathLen", bc.PathLen, want)
	}
	eq("EKUs", len(c.EKU), len(x.ExtKeyUsage)+len(x.UnknownExtKeyUsage))
	eq("serverAuth", slices.Contains(c.EKU, EKUServerAuth), slices.Contains(x.ExtKeyUsage, x509.ExtKeyUsageServerAuth))
	var policies []string
	for _, p := range x.Policies {
		policies = append(policies, p.String())
	}
	eq("Policies", c.Policies, policies)
	eq("extensions", len(c.Extensions), len(x.Extensions))
	for i, e := range x.Extensions {
		eq("extension", c.Extensions[i], Extension{OID: e.Id.String(), Critical: e.Critical, Value: e.Value})
	}
	eq("unknown critical", len(c.UnknownCritical), len(x.UnhandledCriticalExtensions))
	if nc := c.NameConstraints; nc != nil {
		eq("permitted DNS", nc.Permitted.DNS, x.PermittedDNSDomains)
		eq("excluded DNS", nc.Excluded.DNS, x.ExcludedDNSDomains)
	}
	switch k := x.PublicKey.(type) {
	case *rsa.PublicKey:
		eq("modulus", c.Key.Modulus, k.N)
		eq("exponent", c.Key.Exponent, k.E)
		eq("bits", c.Key.Bits, k.N.BitLen())
	case *ecdsa.PublicKey:
		eq("curve", c.Key.Curve, k.Params().Name)
		eq("x", c.Key.x, k.X) // compared, not computed with
		eq("y", c.Key.y, k.Y) // compared, not computed with
	case ed25519.PublicKey:
		eq("point", c.Key.point, []byte(k))
	}
	if x.SignatureAlgorithm != x509.UnknownSignatureAlgorithm {
		eq("signature is known", c.SignatureAlgorithm.Scheme != SchemeUnknown, true)
	}
}

func TestParsesSystemRootsLikeX509(t *testing.T) {
	stores := []*Store{MozillaStore()}
	if s, err := SystemStore(); err == nil {
		stores = append(stores, s)
	}
	n := 0
	for _, s := range stores {
		for _, a := range s.Anchors() {
			x, err := x509.ParseCertificate(a.Raw)
			if err != nil {
				t.Logf("x509 refuses %s: %v", a.Subject, err)
				continue
			}
			compareWithX509(t, a.Certificate, x)
			if !a.SelfSigned() && x.CheckSignatureFrom(x) == nil {
				t.Errorf("%s: signature of its own does not verify", a.Subject)
			}
			if len(a.Oddities) > 0 {
				t.Logf("%s: %q", a.Subject, a.Oddities)
			}
			n++
		}
		if s.Len() < 100 {
			t.Errorf("%s: only %d anchors", s.Name, s.Len())
		}
	}
	t.Logf("%d certificates compared", n)
}

// x509Policy is what crypto/x509 refuses.
func x509Policy() Policy {
	return Policy{
		Trust: true, Time: true, Name: true, Names: NameRules{WildcardLabels: 1}, PartialChain: true,
		RefuseSHA1Leaf: true, RefuseSHA1CA: true, RefuseMD5: true,
		ServerEKU: true, CARules: true, UnknownCritical: true,
	}
}

// TestAcceptsWhatX509Accepts draws chains with any mixture of faults, cross
// signatures, missing and shuffled certificates, and wants the same verdict.
func TestAcceptsWhatX509Accepts(t *testing.T) {
	accepted, refused := 0, 0
	rapid.Check(t, func(r *rapid.T) {
		// Many faults at once would hide each other: mostly there are few.
		rare := rapid.SampledFrom([]int{1, 4, 10}).Draw(r, "rare")
		pick := func(label string, odds int) bool { return rapid.IntRange(1, odds*rare).Draw(r, label) == odds*rare }
		caKeys := []string{"p256", "p384", "rsa2048", "p256b"}
		ca := func(i int, parent *ident) *ident {
			s := spec{cn: fmt.Sprintf("CA %d", i), ca: true, nb: -300 * day, na: 900 * day}
			s.key = caKeys[rapid.IntRange(0, 3).Draw(r, "key")]
			s.ca = !pick("not a CA", 20)
			if pick("expired CA", 20) {
				s.na = -day
			}
			if s.ca && pick("path length", 4) {
				s.hasPathLen, s.pathLen = true, rapid.IntRange(0, 2).Draw(r, "length")
			}
			if pick("permit", 8) {
				s.permit = []string{rapid.SampledFrom([]string{"good.example", "example", "corp.example", ".example"}).Draw(r, "permitted")}
			}
			if pick("exclude", 8) {
				s.exclude = []string{rapid.SampledFrom([]string{"www.good.example", "bad.example", "www.example"}).Draw(r, "excluded")}
			}
			switch rapid.IntRange(0, 15*rare).Draw(r, "eku") - 1 {
			case 0:
				s.eku = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
			case 1:
				s.eku = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
			case 2:
				s.eku = []x509.ExtKeyUsage{x509.ExtKeyUsageAny}
			}
			if pick("no keyCertSign", 25) {
				s.ku = x509.KeyUsageCRLSign
			}
			if parent != nil && pick("SHA-1", 20) {
				if _, ok := parent.key.Public().(*rsa.PublicKey); ok {
					s.sig = x509.SHA1WithRSA
				}
			}
			return issue(s, parent)
		}
		roots := []*ident{ca(0, nil), ca(1, nil)}
		above := roots[0]
		var between []*ident
		for i := range rapid.IntRange(0, 3).Draw(r, "depth") {
			next := ca(10+i, above)
			if pick("cross", 4) {
				s := spec{cn: next.Subject.CN, ca: true, nb: -200 * day, na: 700 * day, sameKeyAs: next}
				between = append(between, issue(s, roots[1]))
			}
			between = append(between, next)
			above = next
		}
		leafSpec := spec{names: rapid.SampledFrom([][]string{
			{"good.example", "www.good.example"}, {"www.good.example", "good.example"}, {"good.example", "*.good.example"}, {"*.example", "*.good.example"}, {"good.example"}, {"*.good.example"}, {"other.example", "good.example"}, {"GOOD.example"}, {"g*.example"}, {"good.example."}, {"other.example"},
		}).Draw(r, "names")}
		if pick("expired leaf", 12) {
			leafSpec.na = -day
		}
		if pick("client leaf", 12) {
			leafSpec.eku = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
		}
		leaf := issue(leafSpec, above)

		var trusted []*ident
		for _, id := range roots {
			if !pick("root unknown", 5) {
				trusted = append(trusted, id)
			}
		}
		if len(between) > 0 && pick("intermediate trusted", 10) {
			trusted = append(trusted, between[0])
		}
		var sent []*ident
		for _, id := range between {
			if !pick("not sent", 8) {
				sent = append(sent, id)
			}
		}
		sent = rapid.Permutation(sent).Draw(r, "order")
		if pick("root sent", 3) {
			sent = append(sent, roots[0])
		}
		host := rapid.SampledFrom([]string{"good.example", "www.good.example"}).Draw(r, "host")

		store := NewStore("", "")
		pool, inters := x509.NewCertPool(), x509.NewCertPool()
		for _, id := range trusted {
			store = store.With(id.Certificate)
			pool.AddCert(id.x)
		}
		for _, id := range sent {
			inters.AddCert(id.x)
		}
		got := Verify(Input{Chain: chain(append([]*ident{leaf}, sent...)...), Roots: store, Name: host, At: now, Policy: x509Policy()})
		_, err := leaf.x.Verify(x509.VerifyOptions{DNSName: host, Roots: pool, Intermediates: inters, CurrentTime: now})
		if got.OK != (err == nil) {
			r.Errorf("accepted: %v (%s), x509 says: %v", got.OK, got.Verdict(), err)
		}
		if got.OK {
			accepted++
		} else {
			refused++
		}
		compareWithX509(t, leaf.Certificate, leaf.x)
	})
	t.Logf("%d accepted, %d refused", accepted, refused)
	if accepted == 0 || refused == 0 {
		t.Error("the property was not exercised both ways")
	}
}
