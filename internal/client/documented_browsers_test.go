package client

import (
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/lab/oddtls"
	"github.com/tlswhy/tlswhy/internal/trust"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// TestDocumentedBrowsers: what is known of browsers by version.
func TestDocumentedBrowsers(t *testing.T) {
	serve := func(suites []wire.CipherSuite, vs ...wire.Version) origin {
		return origin{realServer: realServer{Config: oddtls.Config{Versions: vs, Suites: suites}}}
	}
	certificate := func(f func(*x509.Certificate)) origin { return origin{leaf: certified(f)} }
	with := func(o origin, key string) origin { o.key = key; return o }
	const (
		v10, v11, v12, v13 = wire.VersionTLS10, wire.VersionTLS11, wire.VersionTLS12, wire.VersionTLS13
		ssl3               = wire.VersionSSL30
	)
	var (
		old      = serve(slices.Concat(ecdheCBC, transport), v10, v11)
		only12   = serve(slices.Concat(ecdheGCM, ecdheCBC, transport), v12)
		only13   = serve(suites13, v13)
		poodle   = serve(transport, ssl3)
		rc4      = serve([]wire.CipherSuite{wire.TLS_RSA_WITH_RC4_128_SHA}, v10, v11, v12)
		des      = serve([]wire.CipherSuite{wire.TLS_RSA_WITH_3DES_EDE_CBC_SHA}, v12)
		rsaKeys  = serve([]wire.CipherSuite{wire.TLS_RSA_WITH_AES_128_GCM_SHA256, wire.TLS_RSA_WITH_AES_128_CBC_SHA}, v12)
		gcm      = serve(ecdheGCM[2:], v12)
		ecdsa    = origin{key: "ECDSA P-256", realServer: realServer{Config: oddtls.Config{Versions: versions(v12), Suites: ecdsaGCM}}}
		logjam   = origin{realServer: realServer{Config: oddtls.Config{Versions: versions(v12), Suites: []wire.CipherSuite{wire.TLS_DHE_RSA_WITH_AES_128_CBC_SHA}, DH: oddtls.DH768()}}}
		dhe1024  = origin{realServer: realServer{Config: oddtls.Config{Versions: versions(v12), Suites: []wire.CipherSuite{wire.TLS_DHE_RSA_WITH_AES_128_CBC_SHA}, DH: oddtls.DH1024()}}}
		good     = origin{}
		cnOnly   = certificate(func(c *x509.Certificate) { c.DNSNames = nil })
		expired  = with(serve(slices.Concat(ecdheGCM, ecdheCBC, transport), v10, v12), "RSA 2048")
		rsa1024  = with(origin{}, "RSA 1024")
		rsa1024t = with(only12, "RSA 1024")
		needs    = origin{realServer: realServer{needsName: true, Config: oddtls.Config{Versions: versions(v10, v12), Suites: slices.Concat(ecdheGCM, ecdheCBC, transport)}}}
	)
	expired.leaf = certified(func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Hour) })
	for _, c := range []struct {
		clients []string
		origin  origin
		cause   cause.ID // "": they connect
		says    string
	}{
		{[]string{"chrome-30", "chrome-49", "chrome-58", "chrome-70", "firefox-27", "firefox-52", "safari-7", "ios-6", "ios-9"}, old, "", "TLS 1.0 and 1.1 were in every browser until 2020"},
		{[]string{"chrome-84", "chrome-98", "chrome-106", "chrome-124", "edge", "firefox-78", "firefox-102", "safari-14", "safari-18", "ios-14"}, old, cause.NoSharedVersion, "browsers removed TLS 1.0 and 1.1 in 2020"},
		{[]string{"ios-apps-9", "macos-10.11", "macos-13"}, old, cause.NoSharedVersion, "Apple: App Transport Security wants TLS 1.2"},
		{[]string{"firefox-24", "safari-5.1", "safari-6", "bingbot-2013"}, only12, cause.NoSharedVersion, "TLS 1.2 came with Firefox 27, OS X 10.9"},
		{[]string{"chrome-30", "firefox-27", "safari-7", "ios-5", "ios-6"}, only12, "", "TLS 1.2 came with Chrome 30, Firefox 27, OS X 10.9, iOS 5"},
		{[]string{"chrome-58", "firefox-60", "safari-12.1", "ios-12"}, only13, cause.NoSharedVersion, "TLS 1.3 came with Chrome 70, Firefox 63, iOS 12.2"},
		{[]string{"chrome-70", "firefox-63", "safari-13", "ios-13", "edge-101"}, only13, "", "TLS 1.3 came with Chrome 70, Firefox 63, macOS 10.15"},
		{[]string{"chrome-30", "firefox-27", "safari-8", "ios-8"}, poodle, "", "SSL 3.0 went with Chrome 40, Firefox 34, Safari 9"},
		{[]string{"chrome-40", "firefox-31", "safari-9", "ios-9"}, poodle, cause.NoSharedVersion, "SSL 3.0 went with Chrome 40, Firefox 34, Safari 9"},
		{[]string{"chrome-40", "firefox-31", "safari-9"}, rc4, "", "RC4 went with Chrome 48, Firefox 44, macOS 10.12"},
		{[]string{"chrome-49", "firefox-45", "safari-11", "ios-11"}, rc4, cause.NoSharedCipher, "RC4 went with Chrome 48, Firefox 44, macOS 10.12"},
		{[]string{"chrome-70", "firefox-78", "safari-18"}, des, "", "uTLS: 3DES left the hello of Chrome with 83; Firefox 93 removes it; Safari has it"},
		{[]string{"chrome-84", "chrome-98", "firefox-102"}, des, cause.NoSharedCipher, "uTLS: 3DES left the hello of Chrome with 83; Firefox 93 removes it"},
		{[]string{"chrome-147", "firefox-135", "safari-18"}, rsaKeys, "", "browsers still offer RSA key transport"},
		{[]string{"ios-apps-9", "macos-12"}, rsaKeys, cause.NoSharedCipher, "Apple: App Transport Security wants forward secrecy"},
		{[]string{"chrome-30", "safari-7", "ios-8"}, gcm, cause.NoSharedCipher, "AES-GCM came with Chrome 32, OS X 10.11, iOS 9"},
		{[]string{"chrome-40", "firefox-27", "safari-9", "ios-9"}, gcm, "", "AES-GCM came with Chrome 32, Firefox 27, OS X 10.11, iOS 9"},
		{[]string{"chrome-49-xp"}, ecdsa, cause.NoSharedCipher, "Chrome on Windows XP offers no ECDSA"},
		{[]string{"chrome-49", "firefox-27", "safari-9"}, ecdsa, "", "ECDSA is in all of them"},
		{[]string{"firefox-37", "chrome-40"}, logjam, "", "Logjam: Chrome 45 and Firefox 39 refuse small DH groups"},
		{[]string{"firefox-39", "firefox-52", "chrome-45"}, logjam, cause.WeakDH, "Logjam: Chrome 45 and Firefox 39 refuse small DH groups"},
		{[]string{"firefox-39", "firefox-60", "chrome-45"}, dhe1024, "", "Logjam: 1024 bits pass"},
		{[]string{"chrome-58", "firefox-78", "safari-9", "edge"}, dhe1024, cause.NoSharedCipher, "DHE went with Chrome 53 at the latest, Firefox 78, OS X 10.11"},
		{[]string{"chrome-49", "firefox-78", "safari-12.1", "ios-12"}, cnOnly, "", "names in the common name counted until Chrome 58, Firefox 101, iOS 13"},
		{[]string{"chrome-58", "edge", "firefox-102", "safari-13", "ios-13", "macos-10.15"}, cnOnly, cause.CNOnly, "Chrome 58, Firefox 101, Apple 103769: names in subjectAltName alone"},
		{[]string{"safari-13", "ios-13", "safari-18", "ios-apps-9", "macos-11"}, rsa1024t, cause.WeakKey, "Apple 103769: RSA keys of 2048 bits or more"},
		{[]string{"chrome-84", "firefox-78", "safari-12.1"}, rsa1024, "", "Chrome and Firefox ask for 1024 bits"},
		{[]string{"chrome-30", "chrome-98", "firefox-24", "firefox-128", "safari-6", "ios-17"}, expired, "", ""},
		{[]string{"chrome-30", "firefox-24", "safari-5.1", "ios-5", "googlebot"}, needs, "", "all but Internet Explorer on Windows XP send a server name"},
		{[]string{"bingbot-2013"}, needs, cause.SNIRequired, "SSL Labs: BingBot of December 2013 sends none"},
		{[]string{"googlebot", "bingbot"}, expired, "", "crawlers look at no certificate"},
		{[]string{"chrome-98", "chrome-124", "chrome-131", "edge", "edge-133", "firefox-63", "firefox-102", "firefox-115", "firefox-128", "firefox-135", "safari-15", "safari-16", "safari-17", "safari-18", "ios-15", "macos-15", "bingbot"}, good, "", "what is current connects with TLS 1.2 and 1.3"},
	} {
		want := Fail
		if c.cause == "" {
			want = OK
		}
		for _, id := range c.clients {
			p, err := Get(id)
			if err != nil {
				t.Error(err)
				continue
			}
			f, o := c.origin.build(t)
			cause, outcome := c.cause, want
			if c.says == "" { // expired, to those who verify
				cause, outcome = "expired", Fail
			}
			if x := p.Predict(f, o); x.Outcome != outcome || x.Cause != cause {
				t.Errorf("%s: %s %s (%s; open %q), want %s %s: %s", id, x.Outcome, x.Cause, x.Why, x.Open, outcome, cause, c.says)
			}
		}
	}
}

// TestBrowsersGetBetter: no browser is locked out by a change that its newer
// release takes, of those that differ in nothing but age.
func TestBrowsersGetBetter(t *testing.T) {
	f, o := origin{}.build(t)
	for _, p := range All() {
		if p.Kind != Browser || p.Year < 2018 || p.Source == Captured {
			continue
		}
		if x := p.Predict(f, o); x.Outcome != OK || x.Version < wire.VersionTLS12 {
			t.Errorf("%s of %d: %s %s (%s)", p.ID, p.Year, x.Outcome, x.Cause, x.Why)
		}
	}
}

// TestPreloadedIntermediates: Firefox has the intermediates of public CAs since
// 68 and fetches none; Chrome and Safari fetch them.
func TestPreloadedIntermediates(t *testing.T) {
	ca := predictCA()
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(3), Subject: pkix.Name{CommonName: "Example Intermediate"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().AddDate(-1, 0, 0), NotAfter: time.Now().AddDate(4, 0, 0), KeyUsage: x509.KeyUsageCertSign,
	}, ca.root, keyKinds()["ECDSA P-256"].Public(), ca.key)
	if err != nil {
		t.Fatal(err)
	}
	intermediate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	below := &predictPKI{keyKinds()["ECDSA P-256"], intermediate, ca.store}
	extra, err := trust.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	f, o := origin{}.build(t)
	f.Served[0].Chain = below.issue(t, "RSA 2048", func(c *x509.Certificate) { c.SignatureAlgorithm = x509.ECDSAWithSHA256 })[:1]
	o.Extra = []*trust.Certificate{extra}
	for _, c := range []struct {
		client          string
		private, public bool // completes a chain to roots of that kind
	}{
		{"firefox-60", false, false},
		{"firefox-102", false, true},
		{"firefox", false, true},
		{"chrome-70", true, true},
		{"safari-11", true, true},
		{"openssl-3.0", false, false},
	} {
		p, _ := Get(c.client)
		p.Policy.RequiresCT = false // the test's certificates have no timestamps
		for _, public := range []bool{false, true} {
			o.PublicRoots = public
			want := c.private
			if public {
				want = c.public
			}
			if x := p.Predict(f, o); (x.Outcome == OK) != want || !want && x.Cause != cause.IncompleteChain {
				t.Errorf("%s, public roots %v: %s %s (%s)", c.client, public, x.Outcome, x.Cause, x.Why)
			}
		}
	}
}
