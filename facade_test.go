package tlswhy

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/lab"
	"github.com/tlswhy/tlswhy/internal/report"
)

func startLab(t testing.TB, names ...string) (*lab.Lab, map[string]lab.Endpoint) {
	t.Helper()
	l, err := lab.Start(context.Background(), lab.Options{Only: names})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	byName := map[string]lab.Endpoint{}
	for _, e := range l.Endpoints() {
		byName[e.Name] = e
	}
	return l, byName
}

func TestCheck(t *testing.T) {
	l, e := startLab(t, "healthy", "incomplete-chain")
	r, err := Check(t.Context(), e["healthy"].Target, Options{Connect: e["healthy"].Addr, CAFile: l.CAFile()})
	if err != nil || r.Verdict != OK || r.Root() != nil || r.Version != Version() {
		t.Errorf("healthy: %v, %+v", err, r)
	}
	r, err = Check(t.Context(), e["incomplete-chain"].Target, Options{Connect: e["incomplete-chain"].Addr, CAFile: l.CAFile()})
	if err != nil {
		t.Fatal(err)
	}
	root := r.Root()
	if r.Verdict != Fail || root == nil || root.Cause != cause.IncompleteChain || root.Confidence != Proved || root.Proof == nil {
		t.Errorf("incomplete chain: %s, %+v", r.Verdict, root)
	}
	if again := Compare(r, r); len(again.Unchanged) != len(r.Findings) || len(again.Fixed)+len(again.New) > 0 {
		t.Errorf("compared with itself: %+v", again)
	}
}

// Paths and flags stand in the report, secrets do not.
func TestReportHoldsNoSecrets(t *testing.T) {
	l, e := startLab(t, "expired")
	r, err := Check(t.Context(), e["expired"].Target, Options{
		CAFile: l.CAFile(), Proxy: "http://someone:hunter2@" + e["expired"].Addr, Timeout: 2 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "hunter2") {
		i := strings.Index(string(text), "hunter2")
		t.Errorf("the proxy's password is in the report: …%s…", text[max(0, i-80):i+20])
	}
	if want := "http://someone@" + e["expired"].Addr; r.Options.Proxy != want {
		t.Errorf("proxy %q, want %q", r.Options.Proxy, want)
	}
}

func TestWithoutPassword(t *testing.T) {
	for in, want := range map[string]string{
		"http://a:b@proxy.example:3128": "http://a@proxy.example:3128",
		"a:b@proxy.example":             "a@proxy.example",
		"http://a:b@c@proxy.example":    "http://a@proxy.example",
		"http://proxy.example":          "http://proxy.example",
		"":                              "",
	} {
		if got := withoutPassword(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

// What is wrong with a client certificate is said before anything is dialled.
func TestClientCertificateFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, blocks ...*pem.Block) string {
		var text []byte
		for _, b := range blocks {
			text = append(text, pem.EncodeToMemory(b)...)
		}
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	key, other := newKey(t), newKey(t)
	cert := newCertificate(t, key)
	pkcs8 := func(k *ecdsa.PrivateKey) *pem.Block {
		der, err := x509.MarshalPKCS8PrivateKey(k)
		if err != nil {
			t.Fatal(err)
		}
		return &pem.Block{Type: "PRIVATE KEY", Bytes: der}
	}
	sec1 := func(k *ecdsa.PrivateKey) *pem.Block {
		der, err := x509.MarshalECPrivateKey(k)
		if err != nil {
			t.Fatal(err)
		}
		return &pem.Block{Type: "EC PRIVATE KEY", Bytes: der}
	}
	certFile := write("cert.pem", cert)
	for name, o := range map[string]Options{
		"two files":             {CertFile: certFile, KeyFile: write("key.pem", pkcs8(key))},
		"SEC 1":                 {CertFile: certFile, KeyFile: write("sec1.pem", sec1(key))},
		"one file":              {CertFile: write("both.pem", cert, pkcs8(key))},
		"key first":             {CertFile: write("key-first.pem", pkcs8(key), cert)},
		"parameters before key": {CertFile: certFile, KeyFile: write("params.pem", &pem.Block{Type: "EC PARAMETERS", Bytes: []byte{6, 0}}, sec1(key))},
	} {
		if c, err := New(o); err != nil || c.diagnose.Certificate == nil || len(c.diagnose.Certificate.Chain) != 1 {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, tt := range map[string]struct {
		o    Options
		want string
	}{
		"no key":           {Options{CertFile: certFile}, "is given without a key"},
		"no certificate":   {Options{KeyFile: write("k.pem", pkcs8(key))}, "is given without a certificate"},
		"another key":      {Options{CertFile: certFile, KeyFile: write("other.pem", pkcs8(other))}, "is not the key of certificate"},
		"encrypted":        {Options{CertFile: certFile, KeyFile: write("enc.pem", &pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte{1}})}, "asks for no passphrase"},
		"damaged key":      {Options{CertFile: certFile, KeyFile: write("bad.pem", &pem.Block{Type: "PRIVATE KEY", Bytes: []byte{1}})}, "not a key that can be read"},
		"key has no key":   {Options{CertFile: certFile, KeyFile: certFile}, "no private key found"},
		"not a file":       {Options{CertFile: dir, KeyFile: dir}, "is a directory"},
		"unknown client":   {Options{Client: "netscape"}, `unknown client "netscape"`},
		"negative timeout": {Options{Timeout: -1}, "cannot be negative"},
	} {
		if _, err := New(tt.o); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, tt.want)
		}
	}
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func newCertificate(t *testing.T, k *ecdsa.PrivateKey) *pem.Block {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "client"}, NotAfter: time.Now().Add(time.Hour),
	}, &x509.Certificate{Subject: pkix.Name{CommonName: "client"}}, k.Public(), k)
	if err != nil {
		t.Fatal(err)
	}
	return &pem.Block{Type: "CERTIFICATE", Bytes: der}
}

// Every scheme that a target may have can be spoken, and --starttls stands for
// the scheme.
func TestTargetsCanBeSpoken(t *testing.T) {
	c, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, scheme := range report.Schemes() {
		if _, err := c.ParseTarget(scheme + "://example.com"); err != nil {
			t.Errorf("%s: %v", scheme, err)
		}
	}
	if d := slices.DeleteFunc(report.StartTLSNames(), func(n string) bool { return slices.Contains(StartTLSProtocols(), n) }); len(d) > 0 {
		t.Errorf("schemes without a dialogue: %v", d)
	}
	if d := slices.DeleteFunc(StartTLSProtocols(), func(n string) bool { return slices.Contains(report.StartTLSNames(), n) }); len(d) > 0 {
		t.Errorf("dialogues without a scheme: %v", d)
	}
	c, err = New(Options{StartTLS: "smtp"})
	if err != nil {
		t.Fatal(err)
	}
	for in, port := range map[string]uint16{"mx.example.com": 25, "mx.example.com:2525": 2525, "submission://mx.example.com": 587} {
		got, err := c.ParseTarget(in)
		if err != nil || got.Port != port || got.StartTLS != "smtp" || got.Service != "smtp" {
			t.Errorf("%s: %+v, %v", in, got, err)
		}
	}
}
