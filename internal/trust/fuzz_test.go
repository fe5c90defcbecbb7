package trust

import (
	"crypto/x509"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/crypto/ocsp"
)

// seedCerts are certificates of every kind that the tests have.
func seedCerts(f *testing.F) []*Certificate {
	f.Helper()
	var out []*Certificate
	files, err := filepath.Glob("testdata/openssl/*.pem")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		out = append(out, readPEM(f, name)...)
	}
	return append(out, MozillaStore().Anchors()[0].Certificate)
}

func FuzzParseCertificate(f *testing.F) {
	for _, c := range seedCerts(f) {
		f.Add(c.Raw)
	}
	f.Add(oddCert{}.build())
	f.Add(oddCert{wrap: func(b []byte) []byte { return indefinite(tagSequence, b) }}.build())
	store := MozillaStore()
	f.Fuzz(func(t *testing.T, der []byte) {
		c, err := ParseCertificate(der)
		x, xerr := x509.ParseCertificate(der)
		if err != nil {
			if xerr == nil {
				t.Fatalf("x509 reads it, we say %v", err)
			}
			return
		}
		if k, err := CertificateKey(der); err != nil || !k.Equal(c.Key) || k.Type != c.Key.Type {
			t.Errorf("the key alone reads as %+v (%v), with the certificate as %+v", k, err, c.Key)
		}
		// x509 does not look at the extensions of versions 1 and 2, OpenSSL does.
		if xerr == nil && (c.Version == 3 || len(c.Extensions) == 0) {
			compareFuzzed(t, c, x)
		}
		if len(c.Oddities) > maxOddities {
			t.Error("oddities are not bounded")
		}
		for _, s := range append(Summarize(c).SANs, c.Subject.String(), c.Issuer.String()) {
			if !utf8.ValidString(s) {
				t.Errorf("%q is not UTF-8", s)
			}
		}
		r := Verify(Input{Chain: []*Certificate{c, c}, Roots: store, Name: "good.example", At: now, Policy: Modern()})
		if r.Best == nil {
			t.Error("no path")
		}
		for _, d := range r.Defects {
			if strings.ContainsFunc(d.Detail, func(r rune) bool { return r < 0x20 }) {
				t.Errorf("control character in %q", d.Detail)
			}
		}
	})
}

// compareFuzzed compares what has to be equal even in odd certificates that
// x509 happens to take.
func compareFuzzed(t *testing.T, c *Certificate, x *x509.Certificate) {
	t.Helper()
	if c.Serial.Cmp(x.SerialNumber) != 0 || string(c.TBS) != string(x.RawTBSCertificate) || string(c.Subject.Raw) != string(x.RawSubject) ||
		!c.NotAfter.Equal(x.NotAfter) || !c.NotBefore.Equal(x.NotBefore) || c.IsCA() != x.IsCA || len(c.DNSNames) != len(x.DNSNames) ||
		string(c.Key.SPKI) != string(x.RawSubjectPublicKeyInfo) {
		t.Errorf("x509 reads it otherwise:\nserial %v %v\nvalidity %v to %v, %v to %v\nCA %v %v\nnames %q %q\noddities %q",
			c.Serial, x.SerialNumber, c.NotBefore, c.NotAfter, x.NotBefore, x.NotAfter, c.IsCA(), x.IsCA, c.DNSNames, x.DNSNames, c.Oddities)
	}
}

func FuzzParsePEM(f *testing.F) {
	b, err := os.ReadFile("testdata/openssl/ed25519.pem")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(b[:len(b)-30])
	f.Add([]byte("-----BEGIN PKCS7-----\nMAA=\n-----END PKCS7-----\n"))
	f.Fuzz(func(_ *testing.T, text []byte) {
		_, _ = ParseCertificates(text)
	})
}

func FuzzParseOCSP(f *testing.F) {
	p := newPKI()
	leaf := issue(spec{}, p.inter)
	f.Add(ocspFor(f, leaf, p.inter, ocsp.Response{Status: ocsp.Good}, nil))
	f.Add(ocspFor(f, leaf, p.inter, ocsp.Response{Status: ocsp.Revoked, RevokedAt: now}, nil))
	f.Add(ocsp.TryLaterErrorResponse)
	f.Fuzz(func(t *testing.T, der []byte) {
		s := ParseOCSP(der, leaf.Certificate, p.inter.Certificate, now)
		if s.Proves() {
			if _, err := ocsp.ParseResponseForCert(der, leaf.x, p.inter.x); err != nil {
				t.Errorf("believed %+v, the library says %v", s, err)
			}
		}
	})
}

func FuzzParseCRL(f *testing.F) {
	p := newPKI()
	leaf := issue(spec{}, p.inter)
	f.Add(tlv(tagSequence, tlv(tagSequence, tlv(tagInteger, []byte{1}), ecdsaAlg, p.inter.Subject.Raw, tlv(tagUTCTime, []byte("260601000000Z"))), ecdsaAlg, tlv(tagBitString, []byte{0})))
	f.Fuzz(func(t *testing.T, der []byte) {
		s := ParseCRL(der, leaf.Certificate, p.inter.Certificate, now)
		if s.Proves() {
			l, err := x509.ParseRevocationList(der)
			if err != nil || l.CheckSignatureFrom(p.inter.x) != nil {
				t.Errorf("believed %+v", s)
			}
		}
	})
}

func FuzzMatchName(f *testing.F) {
	f.Add("*.a.example", "b.a.example")
	f.Add("a.example", "A.example.")
	f.Add("*.", "[::1]")
	f.Fuzz(func(t *testing.T, pattern, name string) {
		h, err := ParseHost(name)
		if err != nil || h.DNS == "" {
			return
		}
		got := MatchName(pattern, h.DNS, NameRules{WildcardLabels: 1})
		c := &x509.Certificate{DNSNames: []string{pattern}, Raw: []byte{1}}
		if !ascii(pattern) || strings.HasSuffix(pattern, ".") {
			return // read differently before it comes to matching
		}
		if want := c.VerifyHostname(h.DNS) == nil; got != want {
			t.Errorf("%q covers %q: %v, x509 says %v", pattern, h.DNS, got, want)
		}
	})
}

func FuzzParseSCTList(f *testing.F) {
	f.Add(sctExtension(2).Value[2:])
	f.Fuzz(func(t *testing.T, b []byte) {
		if list, _ := ParseSCTList(b); len(list) > maxSCTs {
			t.Error("not bounded")
		}
	})
}
