package client

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/lab/oddtls"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/trust"
	"github.com/tlswhy/tlswhy/internal/wire"
)

const predictHost = "www.example.org"

// predictPKI is a root and what it issues.
type predictPKI struct {
	key   crypto.Signer
	root  *x509.Certificate
	store *trust.Store
}

var predictCA = sync.OnceValue(func() *predictPKI {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Example Root"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().AddDate(-1, 0, 0), NotAfter: time.Now().AddDate(9, 0, 0), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		panic(err)
	}
	root, _ := x509.ParseCertificate(der)
	parsed, err := trust.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return &predictPKI{key, root, trust.NewStore("test", "the test's own root", parsed)}
})

// issue makes a chain for a key of keyKinds.
func (p *predictPKI) issue(t testing.TB, kind string, change ...func(*x509.Certificate)) [][]byte {
	t.Helper()
	c := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: predictHost}, DNSNames: []string{predictHost},
		NotBefore: time.Now().AddDate(0, 0, -10), NotAfter: time.Now().AddDate(0, 0, 80),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, f := range change {
		f(c)
	}
	der, err := x509.CreateCertificate(rand.Reader, c, p.root, keyKinds()[kind].Public(), p.key)
	if err != nil {
		t.Fatal(err)
	}
	return [][]byte{der, p.root.Raw}
}

// goodServer is one with which every client of the last ten years connects, and
// options under which its certificate is trusted.
func goodServer(t testing.TB) (*transcript.Facts, PredictOptions) {
	t.Helper()
	s := realServer{shareFirst: true, Config: oddtls.Config{
		Versions: []wire.Version{wire.VersionTLS12, wire.VersionTLS13},
		Suites:   slices.Concat(suites13, ecdheGCM, ecdheCBC), Groups: []wire.Group{wire.GroupX25519, wire.GroupSecp256r1, wire.GroupSecp384r1},
		Schemes: allSchemes, ALPN: []string{"h2", "http/1.1"},
	}}
	s.Key, s.Chain = keyKinds()["RSA 2048"], predictCA().issue(t, "RSA 2048")
	f := s.facts()
	f.Features.ExtendedMasterSecret = transcript.Yes
	return f, PredictOptions{Host: predictHost, ServerName: predictHost, HTTP: true, Roots: predictCA().store}
}

func TestPredict(t *testing.T) {
	type change func(*testing.T, *transcript.Facts, *PredictOptions)
	facts := func(c func(*transcript.Facts)) change {
		return func(_ *testing.T, f *transcript.Facts, _ *PredictOptions) { c(f) }
	}
	chain := func(cs ...func(*x509.Certificate)) change {
		return func(t *testing.T, f *transcript.Facts, _ *PredictOptions) {
			f.Served[0].Chain = predictCA().issue(t, "RSA 2048", cs...)
		}
	}
	for _, c := range []struct {
		name    string
		client  string
		change  change
		cause   cause.ID // "": connects
		step    cause.Step
		setting string // part of it
		open    string // part of it; "": exact
	}{
		{name: "all well", client: "modern"},
		{name: "all well, TLS 1.2", client: "node-4.9.1"},
		{name: "a client that is too old", client: "node-forge-1.4", cause: cause.NoSharedVersion, step: cause.StepVersion, setting: "nothing older than TLS 1.2"},
		{name: "a client that is too new", client: "subtls-0.5", change: facts(func(f *transcript.Facts) { f.Versions = f.Versions[1:] }), cause: cause.NoSharedVersion, step: cause.StepVersion, setting: "nothing newer than TLS 1.2"},
		{name: "a hole in the versions", client: "node-forge-1.4", change: facts(func(f *transcript.Facts) {
			f.Versions = []wire.Version{wire.VersionTLS12, wire.VersionSSL30}
			f.Suites["SSL 3.0"] = transcript.SuiteFacts{Complete: true, Order: transcript.ServerOrder, List: transport}
		}), cause: cause.NoSharedVersion, step: cause.StepVersion, setting: "nothing newer than SSL 3.0"},
		{name: "SSL 2.0 alone", client: "node-0.8.6", change: facts(func(f *transcript.Facts) { f.Versions = []wire.Version{wire.VersionSSL20} }), cause: cause.NoSharedVersion, step: cause.StepVersion, setting: "nothing newer than SSL 2.0"},
		{name: "nothing known", client: "modern", change: facts(func(f *transcript.Facts) { *f = transcript.Facts{} }), cause: cause.NoSharedVersion, step: cause.StepVersion, open: "versions"},

		{name: "a version known in vain", client: "node-8.17.0", change: facts(func(f *transcript.Facts) {
			f.Versions, f.Suites["TLS 1.2"] = f.Versions[:1], transcript.SuiteFacts{Complete: true}
		}), cause: cause.NoSharedCipher, step: cause.StepCipher, setting: "no suite of TLS 1.2"},
		{name: "a survey that was disturbed: no group", client: "modern", change: facts(func(f *transcript.Facts) {
			f.Groups = []transcript.GroupFact{{Group: wire.GroupX25519, TLS13: transcript.No, TLS12: transcript.Yes}}
		}), open: "groups"},
		{name: "a survey that was disturbed: no signature algorithm", client: "modern", change: facts(func(f *transcript.Facts) {
			f.SignatureAlgorithms = []transcript.SchemeFact{{Scheme: wire.SigRSAPKCS1SHA256, TLS13: transcript.No, TLS12: transcript.Yes}}
		}), open: "signature algorithms"},
		{name: "suites not all asked for", client: "modern", change: facts(func(f *transcript.Facts) {
			f.Suites["TLS 1.3"] = transcript.SuiteFacts{Order: transcript.ServerOrder, List: suites13[:1]}
		}), open: "whether the server accepts TLS_AES_128_GCM_SHA256"},
		{name: "groups not asked for", client: "modern", change: facts(func(f *transcript.Facts) { f.Groups = nil }), open: "groups"},
		{name: "an unknown group order makes no difference to the outcome", client: "firefox", change: facts(func(f *transcript.Facts) { f.GroupOrder = "" })},
		{name: "schemes not asked for", client: "modern", change: facts(func(f *transcript.Facts) { f.SignatureAlgorithms = nil }), open: "signature algorithms"},
		{name: "no certificate known", client: "modern", change: facts(func(f *transcript.Facts) { f.Served = nil }), open: "certificate"},
		{name: "no HelloRetryRequest", client: "wolfssl-5.5", change: facts(func(f *transcript.Facts) {
			f.Groups = []transcript.GroupFact{{Group: wire.GroupX25519, TLS13: transcript.Yes, TLS12: transcript.Yes}}
			f.Features.HelloRetry = transcript.No
		}), cause: cause.NoSharedGroup, step: cause.StepCipher, setting: "groups in TLS 1.3"},
		{name: "a hello that goes by legacy_version", client: "elinks", change: facts(func(f *transcript.Facts) {
			f.Versions = []wire.Version{wire.VersionTLS11, wire.VersionTLS10}
			f.Suites["TLS 1.0"] = transcript.SuiteFacts{Complete: true, Order: transcript.ServerOrder, List: ecdheCBC}
			f.Suites["TLS 1.1"] = f.Suites["TLS 1.0"]
		}), open: "supported_versions"},

		{name: "DH unknown", client: "openssl-3.0", change: facts(func(f *transcript.Facts) {
			f.Versions, f.DH = f.Versions[1:], nil
			f.Suites["TLS 1.2"] = transcript.SuiteFacts{Complete: true, Order: transcript.ServerOrder, List: dhe}
		}), open: "Diffie-Hellman"},
		{name: "two DH groups, one too small", client: "openssl-3.0", change: facts(func(f *transcript.Facts) {
			f.Versions, f.DH = f.Versions[1:], []transcript.DHFact{{Bits: 2048}, {Bits: 1024}}
			f.Suites["TLS 1.2"] = transcript.SuiteFacts{Complete: true, Order: transcript.ServerOrder, List: dhe}
		}), cause: cause.WeakDH, step: cause.StepKeys, open: "Diffie-Hellman"},

		{name: "no name: refused", client: "nginx-proxy", change: facts(func(f *transcript.Facts) { f.Features.NoName = "alert 112 unrecognized_name" }), cause: cause.SNIRequired, step: cause.StepCertificate, setting: "without a server name"},
		{name: "no name: not looked at", client: "nginx-proxy", change: facts(func(f *transcript.Facts) { f.Features.NoName = "" }), open: "without a server name"},
		{name: "no name: nothing to those who send one", client: "modern", change: facts(func(f *transcript.Facts) { f.Features.NoName = "closed" })},
		{name: "no name: another site's certificate", client: "tcl-tls", change: func(t *testing.T, f *transcript.Facts, _ *PredictOptions) {
			f.Features.NoName = "other"
			f.Served[0].For = []transcript.Asked{transcript.ByName}
			other := f.Served[0]
			other.SHA256, other.For = "other", []transcript.Asked{transcript.ByNoName}
			other.Chain = predictCA().issue(t, "RSA 2048", func(c *x509.Certificate) { c.DNSNames = []string{"other.example.org"} })
			f.Served = append(f.Served, other)
		}}, // it checks no names
		{name: "no name in the survey either", client: "modern", change: func(_ *testing.T, f *transcript.Facts, o *PredictOptions) {
			f.Features.NoName, o.ServerName = "", ""
		}},

		{name: "ALPN refused", client: "chrome", change: facts(func(f *transcript.Facts) { f.ALPN = []string{"acme-tls/1"} }), cause: cause.NoALPNOverlap, step: cause.StepCipher},
		{name: "ALPN not offered", client: "openssl-3.0", change: facts(func(f *transcript.Facts) { f.ALPN = []string{"acme-tls/1"} })},
		{name: "ALPN refused, and none taken", client: "chrome", change: facts(func(f *transcript.Facts) { f.ALPN = nil }), cause: cause.NoALPNOverlap, step: cause.StepCipher, open: "application protocols"},
		{name: "ALPN ignored", client: "chrome", change: facts(func(f *transcript.Facts) { f.ALPN, f.ALPNRefuses = nil, transcript.Unknown })},
		{name: "ALPN: not known whether it refuses", client: "chrome", change: facts(func(f *transcript.Facts) { f.ALPN, f.ALPNRefuses = []string{"acme-tls/1"}, transcript.Unknown }), open: "application protocols"},

		{name: "a client certificate", client: "modern", change: facts(func(f *transcript.Facts) { f.Features.ClientCertificate = "required" }), cause: cause.MTLSRequired, step: cause.StepKeys},
		{name: "a client certificate, at hand", client: "modern", change: func(_ *testing.T, f *transcript.Facts, o *PredictOptions) {
			f.Features.ClientCertificate, o.ClientCertificate = "required", true
		}},
		{name: "a client certificate, not looked at", client: "modern", change: facts(func(f *transcript.Facts) { f.Features.ClientCertificate = "" }), open: "client certificate"},
		{name: "a client certificate counts after the server's", client: "modern", change: func(t *testing.T, f *transcript.Facts, _ *PredictOptions) {
			f.Features.ClientCertificate = "required"
			f.Served[0].Chain = predictCA().issue(t, "RSA 2048", func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Hour) })
		}, cause: cause.Expired, step: cause.StepVerify},

		{name: "expired", client: "modern", change: chain(func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Hour) }), cause: cause.Expired, step: cause.StepVerify, setting: "expired"},
		{name: "expired, to a client that does not look", client: "nginx-proxy", change: chain(func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Hour) })},
		{name: "another name", client: "modern", change: chain(func(c *x509.Certificate) { c.DNSNames = []string{"other.example.org"} }), cause: cause.HostnameMismatch, step: cause.StepVerify},
		{name: "untrusted", client: "modern", change: func(_ *testing.T, _ *transcript.Facts, o *PredictOptions) {
			o.Roots = trust.NewStore("none", "no roots")
		}, cause: cause.UntrustedRoot, step: cause.StepVerify},
		{name: "trust left out", client: "modern", change: func(_ *testing.T, _ *transcript.Facts, o *PredictOptions) {
			o.Roots, o.NoTrust = trust.NewStore("none", "no roots"), true
		}},
		{name: "a chain that was not kept", client: "modern", change: facts(func(f *transcript.Facts) { f.Served[0].Chain, f.Served[0].Key = nil, "RSA 2048" }), open: "certificate chain"},
		{name: "a chain that was not kept, to a client that does not look", client: "nginx-proxy", change: facts(func(f *transcript.Facts) { f.Served[0].Chain, f.Served[0].Key = nil, "RSA 2048" })},
		{name: "a key of another certificate", client: "modern", change: facts(func(f *transcript.Facts) { f.Served[0].KeyFits = transcript.No }), cause: cause.CertKeyMismatch, step: cause.StepKeys},
		{name: "a chain signed with what the client does not list", client: "subtls-0.5", change: facts(func(f *transcript.Facts) {
			f.Served[0].Chain = predictCA().issue(t, "ECDSA P-256", func(c *x509.Certificate) { c.SignatureAlgorithm = x509.ECDSAWithSHA384 })
		}), open: "ecdsa_secp384r1_sha384"},
		{name: "HTTP/2 over a suite that it forbids", client: "chrome", change: facts(func(f *transcript.Facts) {
			f.Versions = f.Versions[1:]
			f.Suites["TLS 1.2"] = transcript.SuiteFacts{Complete: true, Order: transcript.ServerOrder, List: ecdheCBC}
		}), cause: cause.HTTP2InadequateSecurity, step: cause.StepSecure},
		{name: "HTTP/2 over a suite that it forbids, to a client that does not mind", client: "curl-openssl", change: facts(func(f *transcript.Facts) {
			f.Versions = f.Versions[1:]
			f.Suites["TLS 1.2"] = transcript.SuiteFacts{Complete: true, Order: transcript.ServerOrder, List: ecdheCBC}
		}), open: "HTTP/2"},
		{name: "a large certificate", client: "java-17", change: facts(func(f *transcript.Facts) { f.Served[0].Bytes = 40000 }), cause: cause.CertificateTooLarge, step: cause.StepCertificate},

		{name: "GREASE", client: "chrome", change: facts(func(f *transcript.Facts) { f.Features.Tolerates.GREASE = transcript.No }), cause: cause.VersionIntolerant, step: cause.StepVersion, setting: "GREASE"},
		{name: "GREASE, to a client without", client: "firefox", change: facts(func(f *transcript.Facts) { f.Features.Tolerates.GREASE = transcript.No })},
		{name: "no extensions", client: "java-6", change: func(_ *testing.T, f *transcript.Facts, _ *PredictOptions) {
			f.Versions = append(f.Versions, wire.VersionTLS10)
			f.Suites["TLS 1.0"] = transcript.SuiteFacts{Complete: true, Order: transcript.ServerOrder, List: transport}
			f.Features.Tolerates.NoExtensions = transcript.No
		}, cause: cause.VersionIntolerant, step: cause.StepVersion, setting: "no extensions"},
		{name: "no extensions, and too old", client: "java-6", change: func(_ *testing.T, f *transcript.Facts, _ *PredictOptions) {
			f.Features.Tolerates.NoExtensions = transcript.No
		}, cause: cause.NoSharedVersion, step: cause.StepVersion},
		{name: "GREASE, not looked at", client: "chrome", change: facts(func(f *transcript.Facts) { f.Features.Tolerates.GREASE = transcript.Unknown }), open: "GREASE"},
		{name: "what fails anyway needs no look", client: "chrome", change: facts(func(f *transcript.Facts) {
			f.Features.Tolerates.GREASE = transcript.Unknown
			f.Groups = []transcript.GroupFact{{Group: wire.GroupX448, TLS13: transcript.Yes}}
		}), cause: cause.NoSharedGroup, step: cause.StepCipher},
		{name: "a large hello", client: "chrome", change: facts(func(f *transcript.Facts) { f.Features.Tolerates.Large = transcript.No }), cause: cause.LargeHelloDropped, step: cause.StepVersion},
		{name: "a large hello, to a client of a small one", client: "openssl-3.0", change: facts(func(f *transcript.Facts) { f.Features.Tolerates.Large = transcript.No })},
		{name: "a post-quantum share", client: "firefox", change: facts(func(f *transcript.Facts) { f.Features.Tolerates.HybridShare = transcript.No }), cause: cause.VersionIntolerant, step: cause.StepVersion},
		{name: "a post-quantum share, not looked at, where size and GREASE are no matter", client: "firefox", change: facts(func(f *transcript.Facts) { f.Features.Tolerates.HybridShare = transcript.Unknown })},
		{name: "a post-quantum share, not looked at", client: "firefox", change: facts(func(f *transcript.Facts) {
			f.Features.Tolerates.HybridShare, f.Features.Tolerates.GREASE = transcript.Unknown, transcript.Unknown
		}), open: "post-quantum"},
		{name: "256 to 511 bytes", client: "node-4.9.1", change: facts(func(f *transcript.Facts) { f.Features.Tolerates.Medium = transcript.No }), cause: cause.LargeHelloDropped, step: cause.StepVersion},
		{name: "256 to 511 bytes, to a client that pads", client: "curl-openssl", change: facts(func(f *transcript.Facts) { f.Features.Tolerates.Medium = transcript.No })},
		{name: "TLS 1.3 is unheard of", client: "curl-openssl", change: facts(func(f *transcript.Facts) {
			f.Versions = f.Versions[1:]
			f.Features.Tolerates.FutureVersion = transcript.No
		}), cause: cause.VersionIntolerant, step: cause.StepVersion},
		{name: "TLS 1.3 is unheard of, to a client without", client: "node-8.17.0", change: facts(func(f *transcript.Facts) {
			f.Versions = f.Versions[1:]
			f.Features.Tolerates.FutureVersion = transcript.No
		})},
		{name: "TLS 1.2 on the first record", client: "java-17", change: facts(func(f *transcript.Facts) { f.Features.Tolerates.RecordVersion = transcript.No }), cause: cause.VersionIntolerant, step: cause.StepVersion},

		{name: "renegotiation not looked at", client: "openssl-3.0", change: facts(func(f *transcript.Facts) {
			f.Versions, f.Features.SecureRenegotiation = f.Versions[1:], transcript.Unknown
		}), open: "secure renegotiation"},
		{name: "renegotiation not looked at, to a client that does not mind", client: "firefox", change: facts(func(f *transcript.Facts) {
			f.Versions, f.Features.SecureRenegotiation = f.Versions[1:], transcript.Unknown
		})},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, o := goodServer(t)
			if c.change != nil {
				c.change(t, f, &o)
			}
			p, err := Get(c.client)
			if err != nil {
				t.Fatal(err)
			}
			x := p.Predict(f, o)
			if x.Cause != c.cause || x.Step != c.step || (x.Outcome == OK) != (c.cause == "") {
				t.Errorf("%s: %s at %s", x.Outcome, x.Cause, x.Step)
			}
			if !strings.Contains(x.Setting, c.setting) || (x.Setting == "") != (x.Outcome == OK) {
				t.Errorf("setting %q", x.Setting)
			}
			if x.Exact != (c.open == "") || !strings.Contains(x.Open, c.open) || x.Exact != (x.Open == "") {
				t.Errorf("exact: %t, open: %q", x.Exact, x.Open)
			}
			if x.Why == "" || !strings.HasSuffix(x.Why, ".") || strings.HasSuffix(x.Why, "..") || strings.Contains(x.Why, "%!") {
				t.Errorf("why: %q", x.Why)
			}
			t.Log(x.Why, x.Setting)
		})
	}
}

// TestPredictsAnotherSitesCertificate: to a client that does check the name, and
// sends none.
func TestPredictsAnotherSitesCertificate(t *testing.T) {
	f, o := goodServer(t)
	f.Features.NoName = "other"
	f.Served[0].For = []transcript.Asked{transcript.ByName}
	f.Served = append(f.Served, f.Served[0])
	f.Served[1].SHA256, f.Served[1].For = "other", []transcript.Asked{transcript.ByNoName}
	f.Served[1].Chain = predictCA().issue(t, "RSA 2048", func(c *x509.Certificate) { c.DNSNames = []string{"other.example.org"} })
	p, _ := Get(Default)
	p.Policy.SendsSNI = false
	x := p.Predict(f, o)
	if x.Cause != cause.SNIRequired || x.Step != cause.StepCertificate || !x.Exact || x.Verified != transcript.No {
		t.Errorf("%+v", x)
	}
}

// A client of this machine trusts the roots that lie here, whatever the client
// that it is like trusts, and not for it.
func TestPredictsWithRootsOfItsOwn(t *testing.T) {
	f, o := goodServer(t)
	o.Roots = nil // which know the server's root
	like, err := Get("openssl-3.0")
	if err != nil {
		t.Fatal(err)
	}
	like.Policy.Store = "mozilla"
	local := *like
	local.ID, local.Roots = "local", predictCA().store
	for _, order := range [][]*Profile{{like, &local}, {&local, like}} {
		pr := NewPredictor(f, o)
		for _, p := range order {
			want := OK
			if p == like {
				want = Fail
			}
			if x := pr.Predict(p); x.Outcome != want {
				t.Errorf("%s, %s first: %s, want %s: %s", p.ID, order[0].ID, x.Outcome, want, x.Why)
			}
		}
	}
}

// TestUnknownOrderIsLeftOut: what hangs on the unknown is not said.
func TestUnknownOrderIsLeftOut(t *testing.T) {
	f, o := goodServer(t)
	s := f.Suites["TLS 1.3"]
	s.Order = ""
	f.Suites["TLS 1.3"] = s
	p, _ := Get("chrome")
	x := p.Predict(f, o)
	if !x.Exact || x.Outcome != OK || x.Suite != 0 || x.Version != wire.VersionTLS13 || x.Group != wire.GroupX25519 {
		t.Errorf("%+v", x)
	}
	if x.Why != "It connects with TLS 1.3, x25519." {
		t.Errorf("why: %s", x.Why)
	}
}

func TestLockedOut(t *testing.T) {
	f, o := goodServer(t)
	seen := map[string]bool{}
	for i, l := range LockedOut(f, o) {
		t.Log(l.Step, l.Cause, l.Text, l.Clients)
		if i == 0 && (l.Cause != cause.NoSharedVersion || l.Text != "nothing older than TLS 1.2" || !slices.Contains(l.Clients, "node-0.8.28")) {
			t.Errorf("first %+v", l)
		}
		for _, id := range l.Clients {
			if seen[id] {
				t.Errorf("%s is locked out twice", id)
			}
			seen[id] = true
		}
	}
	if seen[Default] || !seen["node-forge-1.4"] {
		t.Errorf("locked out: %v", seen)
	}
}

func TestLost(t *testing.T) {
	before, o := goodServer(t)
	after, _ := goodServer(t)
	after.Versions = after.Versions[:1] // TLS 1.3 alone
	lost, gained := Lost(before, after, o)
	if !slices.Contains(lost, "node-8.17.0") || slices.Contains(lost, Default) || len(gained) != 0 {
		t.Errorf("lost %v, gained %v", lost, gained)
	}
	back, none := Lost(after, before, o)
	if !slices.Equal(back, none) && (!slices.Equal(none, lost) || len(back) != 0) {
		t.Errorf("the other way: lost %v, gained %v", back, none)
	}
	// What cannot be told is in neither.
	after.Features.ClientCertificate = ""
	if lost, _ := Lost(before, after, o); slices.Contains(lost, "modern") {
		t.Error("a guess is counted")
	}
}

// BenchmarkPredictAll is what a survey does: whom does this server lock out?
func BenchmarkPredictAll(b *testing.B) {
	f, o := goodServer(b)
	for b.Loop() {
		LockedOut(f, o)
	}
}

// BenchmarkPredictAllPublic: likewise, by each client's own roots.
func BenchmarkPredictAllPublic(b *testing.B) {
	f, o := goodServer(b)
	o.Roots = nil
	for b.Loop() {
		LockedOut(f, o)
	}
}

// BenchmarkLost is one what-if more.
func BenchmarkLost(b *testing.B) {
	f, o := goodServer(b)
	after := *f
	after.Versions = f.Versions[:1]
	pr := NewPredictor(f, o)
	pr.All()
	for b.Loop() {
		pr.Lost(&after)
	}
}

// A client that tries again with an older version gets through where the first
// hello is what the server does not cope with.
func TestFallsBack(t *testing.T) {
	f := &transcript.Facts{
		Versions: []wire.Version{wire.VersionTLS10, wire.VersionSSL30},
		Suites: map[string]transcript.SuiteFacts{
			"TLS 1.0": {Order: transcript.ServerOrder, Complete: true, List: []wire.CipherSuite{wire.TLS_RSA_WITH_AES_128_CBC_SHA}},
			"SSL 3.0": {Order: transcript.ServerOrder, Complete: true, List: []wire.CipherSuite{wire.TLS_RSA_WITH_AES_128_CBC_SHA}},
		},
		Served: []transcript.Served{{SHA256: "1", Key: "RSA 2048", KeyFits: transcript.Yes, For: []transcript.Asked{transcript.ByName, transcript.ByNoName}}},
	}
	f.Features.ClientCertificate, f.Features.NoName, f.Features.SecureRenegotiation = "none", "same", transcript.Yes
	f.Features.Tolerates = transcript.Tolerance{GREASE: transcript.Yes, FutureVersion: transcript.Yes, UnknownExtension: transcript.No, Medium: transcript.Yes, Large: transcript.Yes, NoExtensions: transcript.Yes}
	p, err := Get("chrome-64")
	if err != nil {
		t.Fatal(err)
	}
	o := PredictOptions{Host: "a.example", ServerName: "a.example", HTTP: true, NoTrust: true}
	if x := p.Predict(f, o); x.Outcome != Fail {
		t.Fatalf("%+v", x)
	}
	p.Policy.MinVersion, p.Policy.FallsBack = 0, []wire.Version{wire.VersionTLS10, wire.VersionSSL30}
	x := p.Predict(f, o)
	if x.Outcome != OK || !x.Exact || x.Version != wire.VersionSSL30 || !strings.HasPrefix(x.Why, "It falls back to SSL 3.0") {
		t.Errorf("%+v", x)
	}
}
