package survey

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"slices"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/client"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/trust"
)

var testDay = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// pkiTest is a CA with an intermediate.
type pkiTest struct {
	root, inter *x509.Certificate
	rootKey     crypto.Signer
	key         crypto.Signer // of the intermediate
	serial      int64
}

func newPKITest(t *testing.T) *pkiTest {
	t.Helper()
	p := &pkiTest{}
	p.rootKey, p.key = ecKey(t), ecKey(t)
	ca := func(name string) *x509.Certificate {
		p.serial++
		return &x509.Certificate{
			SerialNumber: big.NewInt(p.serial), Subject: pkix.Name{CommonName: name}, NotBefore: testDay.AddDate(-1, 0, 0), NotAfter: testDay.AddDate(5, 0, 0),
			IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		}
	}
	p.root = sign(t, ca("Root"), ca("Root"), p.rootKey.Public(), p.rootKey)
	p.inter = sign(t, ca("Intermediate"), p.root, p.key.Public(), p.rootKey)
	return p
}

func ecKey(t *testing.T) crypto.Signer {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func sign(t *testing.T, template, parent *x509.Certificate, pub crypto.PublicKey, key crypto.Signer) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, pub, key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (p *pkiTest) leaf(t *testing.T, edit func(*x509.Certificate), pub crypto.PublicKey) *x509.Certificate {
	t.Helper()
	p.serial++
	c := &x509.Certificate{
		SerialNumber: big.NewInt(p.serial), Subject: pkix.Name{CommonName: "www.example.org"}, DNSNames: []string{"www.example.org"},
		NotBefore: testDay.AddDate(0, 0, -10), NotAfter: testDay.AddDate(0, 0, 80), KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if edit != nil {
		edit(c)
	}
	return sign(t, c, p.inter, pub, p.key)
}

func (p *pkiTest) staple(t *testing.T, c *x509.Certificate, status int, from, to time.Duration) []byte {
	t.Helper()
	der, err := ocsp.CreateResponse(p.inter, p.inter, ocsp.Response{SerialNumber: c.SerialNumber, Status: status, ThisUpdate: testDay.Add(from), NextUpdate: testDay.Add(to), RevokedAt: testDay.Add(-time.Hour)}, p.key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func (p *pkiTest) roots(t *testing.T) *trust.Store {
	t.Helper()
	c, err := trust.ParseCertificate(p.root.Raw)
	if err != nil {
		t.Fatal(err)
	}
	return trust.NewStore("test", "a root of this test", c)
}

func TestCertificate(t *testing.T) {
	p := newPKITest(t)
	good := p.leaf(t, nil, ecKey(t).Public())
	expired := p.leaf(t, func(c *x509.Certificate) { c.NotAfter = testDay.AddDate(0, 0, -3) }, ecKey(t).Public())
	soon := p.leaf(t, func(c *x509.Certificate) { c.NotAfter = testDay.AddDate(0, 0, 5) }, ecKey(t).Public())
	other := p.leaf(t, func(c *x509.Certificate) { c.DNSNames = []string{"other.example"} }, ecKey(t).Public())
	must := p.leaf(t, func(c *x509.Certificate) {
		c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 24}, Value: []byte{0x30, 3, 2, 1, 5}}}
	}, ecKey(t).Public())
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	small := p.leaf(t, nil, weak.Public())
	h := time.Hour
	for _, x := range []struct {
		name     string
		chain    [][]byte
		ocsp     []byte
		covers   transcript.Tri
		trusted  transcript.Tri
		problems []cause.ID
		days     int
		staple   string
		must     bool
	}{
		{"good", [][]byte{good.Raw, p.inter.Raw}, nil, transcript.Yes, transcript.Yes, nil, 80, "none", false},
		{"good staple", [][]byte{good.Raw, p.inter.Raw}, p.staple(t, good, ocsp.Good, -h, h), transcript.Yes, transcript.Yes, nil, 80, "good", false},
		{"revoked", [][]byte{good.Raw, p.inter.Raw}, p.staple(t, good, ocsp.Revoked, -h, h), transcript.Yes, transcript.Yes, []cause.ID{cause.Revoked}, 80, "revoked", false},
		{"unknown to its CA", [][]byte{good.Raw, p.inter.Raw}, p.staple(t, good, ocsp.Unknown, -h, h), transcript.Yes, transcript.Yes, nil, 80, "unknown", false},
		{"old staple", [][]byte{good.Raw, p.inter.Raw}, p.staple(t, good, ocsp.Good, -9*h, -h), transcript.Yes, transcript.Yes, nil, 80, stapleExpired, false},
		{"another's staple", [][]byte{good.Raw, p.inter.Raw}, p.staple(t, other, ocsp.Good, -h, h), transcript.Yes, transcript.Yes, nil, 80, stapleForeign, false},
		{"garbage for a staple", [][]byte{good.Raw, p.inter.Raw}, []byte{0x30, 0}, transcript.Yes, transcript.Yes, nil, 80, stapleUnreadable, false},
		{"must-staple and none", [][]byte{must.Raw, p.inter.Raw}, nil, transcript.Yes, transcript.No, []cause.ID{cause.MustStapleMissing}, 80, "none", true},
		{"must-staple and one", [][]byte{must.Raw, p.inter.Raw}, p.staple(t, must, ocsp.Good, -h, h), transcript.Yes, transcript.Yes, nil, 80, "good", true},
		{"expired", [][]byte{expired.Raw, p.inter.Raw}, nil, transcript.Yes, transcript.No, []cause.ID{cause.Expired}, -3, "none", false},
		{"soon", [][]byte{soon.Raw, p.inter.Raw}, nil, transcript.Yes, transcript.Yes, []cause.ID{cause.ExpiresSoon}, 5, "none", false},
		{"another name", [][]byte{other.Raw, p.inter.Raw}, nil, transcript.No, transcript.No, []cause.ID{cause.HostnameMismatch}, 80, "none", false},
		{"small key", [][]byte{small.Raw, p.inter.Raw}, nil, transcript.Yes, transcript.No, []cause.ID{cause.WeakKey}, 80, "none", false},
		{"no intermediate", [][]byte{good.Raw}, nil, transcript.Yes, transcript.No, []cause.ID{cause.IncompleteChain}, 80, "none", false},
		{"an unreadable intermediate", [][]byte{good.Raw, {1, 2, 3}, p.inter.Raw}, nil, transcript.Yes, transcript.Yes, nil, 80, "none", false},
		{"no certificate", [][]byte{{1, 2, 3}}, []byte{1}, transcript.Unknown, transcript.No, []cause.ID{cause.MalformedReply}, 0, stapleUnreadable, false},
		{"nothing", nil, nil, transcript.Unknown, transcript.Unknown, nil, 0, "none", false},
	} {
		got := certificate(transcript.Served{Chain: x.chain, OCSP: x.ocsp}, verifying{Name: "www.example.org", Roots: p.roots(t), At: testDay})
		if got.Covers != x.covers || got.Trusted != x.trusted || got.DaysLeft != x.days || got.Staple != x.staple || got.MustStaple != x.must || !slices.Equal(got.Problems, x.problems) {
			t.Errorf("%s: covers %v, trusted %v, %d days, staple %q, must %v, problems %v", x.name, got.Covers, got.Trusted, got.DaysLeft, got.Staple, got.MustStaple, got.Problems)
		}
		if got.Chain == nil || got.Problems == nil {
			t.Errorf("%s: a list is nil", x.name)
		}
	}
}

// A zone may forbid the CA that issued what is served.
func TestCAARemarks(t *testing.T) {
	p := newPKITest(t)
	ca := *p.inter
	ca.RawSubject, ca.Subject = nil, pkix.Name{Organization: []string{"Let's Encrypt"}, CommonName: "E9"}
	p.inter = sign(t, &ca, p.root, p.key.Public(), p.rootKey)
	leaf := p.leaf(t, nil, ecKey(t).Public())
	for _, x := range []struct {
		caa  []string
		want string
	}{
		{nil, ""},
		{[]string{`0 issue "letsencrypt.org"`}, ""},
		{[]string{`0 issue "pki.goog"`, `0 issue "letsencrypt.org"`}, ""},
		{[]string{`0 issue "pki.goog"`}, "CAA records allow pki.goog to issue certificates, and this one is of Let's Encrypt: it cannot be renewed there"},
		{[]string{`0 issue ";"`}, "CAA records allow nobody to issue certificates, and this one is of Let's Encrypt: it cannot be renewed there"},
	} {
		s := healthy(t)
		s.DNS = DNS{Asked: true, CAA: x.caa}
		s.Certificates[0].Served.Chain = [][]byte{leaf.Raw}
		got := caaRemarks(s)
		if x.want == "" && len(got) > 0 || x.want != "" && !slices.Equal(got, []string{x.want}) {
			t.Errorf("%q: %q", x.caa, got)
		}
	}
}

func FuzzCAA(f *testing.F) {
	f.Add(`0 issue "letsencrypt.org; a=b"`)
	f.Add(`0 issue`)
	f.Fuzz(func(t *testing.T, record string) {
		if allowed, restricted := caaIssuers([]string{record}); len(allowed) > 0 && !restricted || slices.Contains(allowed, "") {
			t.Errorf("%q %v", allowed, restricted)
		}
	})
}

// All of it together, on a real chain.
func TestInterpret(t *testing.T) {
	p := newPKITest(t)
	soon := p.leaf(t, func(c *x509.Certificate) { c.NotAfter = testDay.AddDate(0, 0, 5) }, ecKey(t).Public())
	s := healthy(t)
	s.SignatureAlgorithms = nil
	addSchemes(&s.Facts, "ECDSA P-256", "aa")
	s.Suites["TLS 1.2"] = transcript.SuiteFacts{Order: transcript.ServerOrder, List: suites(t, "ECDHE-ECDSA-AES128-GCM-SHA256"), ChaChaFirst: transcript.No, Complete: true}
	s.Served[0].Key, s.Served[0].Chain = "ECDSA P-256", [][]byte{soon.Raw, p.inter.Raw}
	s.interpret(verifying{Name: s.Target.Host, Roots: p.roots(t), At: testDay}, client.PredictOptions{Host: s.Target.Host, ServerName: s.Target.Host, HTTP: true, Roots: p.roots(t), At: testDay}, "")
	if len(s.Findings) != 1 || s.Findings[0].Cause != cause.ExpiresSoon || s.Findings[0].Values["issuer"] != "Intermediate" {
		t.Errorf("findings %+v", s.Findings)
	}
	if len(s.Certificates) != 1 || len(s.Certificates[0].Chain) != 2 || s.Certificates[0].DaysLeft != 5 {
		t.Errorf("certificates %+v", s.Certificates)
	}
	if len(s.Profiles) != 3 || !s.Profiles[1].Meets || s.Profiles[0].Meets {
		t.Errorf("profiles %+v", s.Profiles)
	}
	for _, l := range s.LocksOut {
		if slices.Contains(l.Clients, client.Default) {
			t.Errorf("current clients are locked out: %+v", l)
		}
	}
}

func BenchmarkInterpret(b *testing.B) {
	s := healthy(b)
	for b.Loop() {
		s.interpret(verifying{Name: s.Target.Host, At: testDay}, client.PredictOptions{Host: s.Target.Host, ServerName: s.Target.Host, HTTP: true, At: testDay}, "")
		s.Notes = nil
	}
}
