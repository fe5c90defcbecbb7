package trust

import (
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"net"
	"net/url"
	"strings"
	"testing"
)

// TestConstraintsOfAllKinds puts a CA with every kind of constraint above
// leaves with every kind of name; x509 is asked about all but directory names,
// which it does not compare.
func TestConstraintsOfAllKinds(t *testing.T) {
	p := newPKI()
	_, net4, _ := net.ParseCIDR("192.0.2.0/25")
	_, net6, _ := net.ParseCIDR("2001:db8::/32")
	_, bad4, _ := net.ParseCIDR("192.0.2.64/26")
	key := zooKeys["p384"]()
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(99), Subject: pkix.Name{CommonName: "All Kinds"}, NotBefore: now.Add(-day), NotAfter: now.Add(900 * day),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		PermittedDNSDomains: []string{"example"}, ExcludedDNSDomains: []string{"bad.example"}, PermittedDNSDomainsCritical: true,
		PermittedIPRanges: []*net.IPNet{net4, net6}, ExcludedIPRanges: []*net.IPNet{bad4},
		PermittedEmailAddresses: []string{"mail.example", ".corp.example"}, ExcludedEmailAddresses: []string{"boss@mail.example"},
		PermittedURIDomains: []string{".example"}, ExcludedURIDomains: []string{"bad.example"},
	}
	der := must(x509.CreateCertificate(rand.Reader, tmpl, p.root.x, key.Public(), p.root.key))
	ca := &ident{Certificate: must(ParseCertificate(der)), x: must(x509.ParseCertificate(der)), key: key}
	if len(ca.Oddities) != 0 || ca.NameConstraints.Permitted.IP[1].String() != "2001:db8::/32" || len(ca.NameConstraints.Excluded.Email) != 1 {
		t.Fatalf("%q %+v", ca.Oddities, ca.NameConstraints)
	}
	for _, c := range []struct {
		dns, ip, mail, uri string
		says               string // "" is accepted
	}{
		{"good.example", "192.0.2.1", "me@mail.example", "https://a.example/x", ""},
		{"good.example", "2001:db8::1", "me@eu.corp.example", "", ""},
		{"good.test", "", "", "", "good.test: it permits only example"},
		{"bad.example", "", "", "", "bad.example: it excludes bad.example"},
		{"good.example", "192.0.2.200", "", "", "permits only 192.0.2.0/25, 2001:db8::/32"},
		{"good.example", "192.0.2.70", "", "", "excludes 192.0.2.64/26"},
		{"good.example", "", "boss@mail.example", "", "excludes"},
		{"good.example", "", "me@corp.example", "", "permits only mail.example"},
		{"good.example", "", "", "https://bad.example/", "excludes bad.example"},
		{"good.example", "", "", "https://example/", "permits only"},
	} {
		s := &x509.Certificate{
			SerialNumber: big.NewInt(100), Subject: pkix.Name{CommonName: "leaf"}, NotBefore: now.Add(-day), NotAfter: now.Add(60 * day),
			DNSNames: []string{c.dns}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		}
		if c.ip != "" {
			s.IPAddresses = []net.IP{net.ParseIP(c.ip)}
		}
		if c.mail != "" {
			s.EmailAddresses = []string{c.mail}
		}
		if c.uri != "" {
			s.URIs = []*url.URL{must(url.Parse(c.uri))}
		}
		raw := must(x509.CreateCertificate(rand.Reader, s, ca.x, zooKeys["p256"]().Public(), key))
		leaf, x := must(ParseCertificate(raw)), must(x509.ParseCertificate(raw))
		in := p.input(p.inter)
		in.Chain, in.Name = []*Certificate{leaf, ca.Certificate}, c.dns
		r := Verify(in)
		if root, _ := r.Root(); r.OK != (c.says == "") || !strings.Contains(root.Detail, c.says) {
			t.Errorf("%+v: %s", c, r.Verdict())
		}
		roots, inters := x509.NewCertPool(), x509.NewCertPool()
		roots.AddCert(p.root.x)
		inters.AddCert(ca.x)
		if _, err := x.Verify(x509.VerifyOptions{Roots: roots, Intermediates: inters, CurrentTime: now}); (err == nil) != r.OK {
			t.Errorf("%+v: we say %s, x509 says %v", c, r.Verdict(), err)
		}
	}
}

func TestDirectoryNameConstraint(t *testing.T) {
	p := newPKI()
	dn := func(o string) []byte {
		return must(asn1.Marshal(pkix.Name{Organization: []string{o}}.ToRDNSequence()))
	}
	permit := func(o string) pkix.Extension {
		return pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 30}, Critical: true, Value: tlv(tagSequence, tlv(0xa0, tlv(tagSequence, tlv(0xa4, dn(o)))))}
	}
	// The subject's most general part has to come first for a prefix to match.
	leafExt := spec{cn: "good.example", org: "Acme"}
	for o, want := range map[string]bool{"Acme": true, "Other": false} {
		ca := issue(spec{cn: "Directory", ca: true, na: 900 * day, key: "p384", ext: []pkix.Extension{permit(o)}}, p.root)
		r := Verify(p.input(issue(leafExt, ca), ca))
		if r.OK != want {
			t.Errorf("permitted %s: %s", o, r.Verdict())
		}
	}
}

func TestSubnetMasks(t *testing.T) {
	for _, c := range []struct {
		b    []byte
		want string
	}{
		{[]byte{192, 0, 2, 9, 255, 255, 255, 0}, "192.0.2.0/24"},
		{[]byte{0, 0, 0, 0, 0, 0, 0, 0}, "0.0.0.0/0"},
		{[]byte{192, 0, 2, 9, 255, 255, 255, 255}, "192.0.2.9/32"},
		{[]byte{192, 0, 2, 9, 255, 0, 255, 0}, ""},
		{[]byte{192, 0, 2}, ""},
	} {
		p, ok := ipSubnet(c.b)
		if ok != (c.want != "") || ok && p.String() != c.want {
			t.Errorf("%v: %v %v", c.b, p, ok)
		}
	}
}
