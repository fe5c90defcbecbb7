package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/tlswhy/tlswhy/internal/engine"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// handshake plays a client against a server, as far as Finished.
func handshake(t *testing.T, p *Profile, addr string) *transcript.Transcript {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	nc, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	h := &transcript.Handshake{
		Address: netip.MustParseAddrPort(addr), Host: "www.example.org",
		Hello: p.BuildHello(HelloOptions{ServerName: "www.example.org", HTTP: true}), Depth: transcript.DepthFinish,
		RecordVersion: p.RecordVersion,
	}
	tr := &transcript.Transcript{Attempt: transcript.Attempt{Handshake: h}}
	engine.Run(ctx, nc, h, tr, engine.Options{})
	return tr
}

// result is how a client fares: "ok", the alert it got, or the cause of its refusal.
func result(p *Profile, tr *transcript.Transcript) string {
	if r := p.Judge(tr); r != nil {
		return string(r.Cause)
	}
	switch tr.Outcome.Kind {
	case transcript.Complete:
		return "ok"
	case transcript.AlertReceived:
		return tr.Outcome.Alert.Description.String()
	}
	return fmt.Sprintf("%s: %s", tr.Outcome.Kind, tr.Outcome.Detail)
}

// TestEveryClientLikesAHealthyServer: no rule fires where nothing is wrong.
func TestEveryClientLikesAHealthyServer(t *testing.T) {
	addr := serve(t)
	for _, p := range All() {
		t.Run(p.ID, func(t *testing.T) {
			t.Parallel()
			want := "ok"
			if p.Hello.MaxVersion() < wire.VersionTLS10 {
				want = "protocol_version" // crypto/tls has no SSL 3.0
			}
			if got := result(p, handshake(t, p, addr)); got != want {
				t.Error(got)
			}
		})
	}
}

// TestClientsFareAsTheRealOnesDid has servers with one fault each. What is
// expected was seen of the real programs.
func TestClientsFareAsTheRealOnesDid(t *testing.T) {
	rsaKey, ecKey := testKeys(t)
	rsaCert := tls.Certificate{Certificate: [][]byte{selfSigned(t, rsaKey)}, PrivateKey: rsaKey}
	ecCert := tls.Certificate{Certificate: [][]byte{selfSigned(t, ecKey)}, PrivateKey: ecKey}
	noKU := tls.Certificate{PrivateKey: rsaKey, Certificate: [][]byte{selfSigned(t, rsaKey, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment })}}
	wrongKey := tls.Certificate{Certificate: [][]byte{rsaCert.Certificate[0]}, PrivateKey: testKey2(t)}
	long := tls.Certificate{PrivateKey: rsaKey}
	for range 11 {
		long.Certificate = append(long.Certificate, rsaCert.Certificate[0])
	}
	big := tls.Certificate{PrivateKey: rsaKey, Certificate: [][]byte{selfSigned(t, rsaKey, func(c *x509.Certificate) {
		for i := range 1600 {
			c.DNSNames = append(c.DNSNames, fmt.Sprintf("%05d.a-rather-long-label-to-fill-the-space.example.org", i))
		}
	})}}
	ecdhe := []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA}
	rsaKX := []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA, tls.TLS_RSA_WITH_AES_128_GCM_SHA256}
	for _, s := range []struct {
		name   string
		cfg    *tls.Config
		faring map[string]string
	}{
		{"TLS 1.0 with ECDHE", &tls.Config{MaxVersion: tls.VersionTLS10, CipherSuites: ecdhe, Certificates: []tls.Certificate{rsaCert}}, map[string]string{
			"curl-openssl": "no-shared-version", "openssl-3.0": "no-shared-version", "nginx-proxy": "no-shared-version",
			"modern": "protocol_version", "go-1.26.8": "protocol_version", "chrome": "protocol_version", "python-3.13.0": "protocol_version", "node-20.20.2": "protocol_version",
			"bearssl-0.6": "ok", "node-8.17.0": "ok", "gnutls-cli": "ok", "node-0.8.28": "ok", "emacs-gnutls": "no-shared-version",
		}},
		{"TLS 1.0 with RSA key transport", &tls.Config{MaxVersion: tls.VersionTLS10, CipherSuites: rsaKX, Certificates: []tls.Certificate{rsaCert}}, map[string]string{
			"curl-openssl": "ok", "python-2.7.18": "ok", "links": "ok", "node-4.9.1": "ok", "chrome-64": "ok", "nginx-proxy": "ok", "modern": "protocol_version",
		}},
		{"TLS 1.0 with ECDHE and h2", &tls.Config{MaxVersion: tls.VersionTLS10, CipherSuites: ecdhe, NextProtos: []string{"h2"}, Certificates: []tls.Certificate{rsaCert}}, map[string]string{
			"qtwebengine-5.15": "http2-inadequate-security",
		}},
		{"TLS 1.3 alone", &tls.Config{MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{ecCert}}, map[string]string{
			"modern": "ok", "curl-openssl": "ok", "go-1.26.8": "ok", "subtls-0.5": "ok", "java-17": "ok",
			"node-10.24.1": "protocol_version", "mono-6.8": "protocol_version", "nginx-proxy": "protocol_version", "botan-2.19": "protocol_version",
		}},
		{"RSA key transport alone", &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: rsaKX, Certificates: []tls.Certificate{rsaCert}}, map[string]string{
			"modern": "handshake_failure", "go-1.26.8": "handshake_failure", "java-17": "handshake_failure", "python-3.13.0": "handshake_failure",
			"curl-openssl": "ok", "chrome": "ok", "firefox": "ok", "node-17.9.1": "ok", "go-1.20.14": "ok",
		}},
		{"a hybrid group alone", &tls.Config{MinVersion: tls.VersionTLS13, CurvePreferences: []tls.CurveID{tls.X25519MLKEM768}, Certificates: []tls.Certificate{ecCert}}, map[string]string{
			"modern": "handshake_failure", "openssl-3.0": "handshake_failure", "curl-openssl": "handshake_failure",
			"go-1.26.8": "ok", "chrome": "ok", "firefox": "ok",
		}},
		{"secp521r1 alone", &tls.Config{CurvePreferences: []tls.CurveID{tls.CurveP521}, Certificates: []tls.Certificate{rsaCert}}, map[string]string{
			"modern": "handshake_failure", "chrome": "handshake_failure", "curl-openssl": "ok", "go-1.26.8": "ok", "java-25": "ok", "node-24.21.0": "ok", "firefox": "ok",
		}},
		{"a key that is not the certificate's", &tls.Config{Certificates: []tls.Certificate{wrongKey}}, map[string]string{
			"modern": "cert-key-mismatch", "curl-openssl": "cert-key-mismatch", "go-1.26.8": "cert-key-mismatch", "java-17": "cert-key-mismatch",
		}},
		{"the same in TLS 1.2", &tls.Config{MaxVersion: tls.VersionTLS12, Certificates: []tls.Certificate{wrongKey}}, map[string]string{
			"modern": "cert-key-mismatch", "curl-openssl": "cert-key-mismatch", "openssl-3.0": "cert-key-mismatch", "java-17": "cert-key-mismatch",
		}},
		{"keyUsage without digitalSignature", &tls.Config{Certificates: []tls.Certificate{noKU}}, map[string]string{
			"java-17": "wrong-key-usage", "gnutls-cli": "wrong-key-usage", "chrome": "wrong-key-usage", "modern": "wrong-key-usage",
			"curl-openssl": "ok", "openssl-3.0": "ok", "go-1.26.8": "ok",
		}},
		{"eleven certificates", &tls.Config{Certificates: []tls.Certificate{long}}, map[string]string{
			"java-17": "certificate-too-large", "modern": "certificate-too-large", "curl-openssl": "ok", "gnutls-cli": "ok",
		}},
		{"a certificate of 100 KB", &tls.Config{Certificates: []tls.Certificate{big}}, map[string]string{
			"java-17": "certificate-too-large", "modern": "certificate-too-large", "curl-openssl": "ok", "gnutls-cli": "ok", "go-1.26.8": "ok",
		}},
	} {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			if s.cfg.MinVersion == 0 {
				s.cfg.MinVersion = tls.VersionTLS10 // old clients have to be answered
			}
			addr := listen(t, s.cfg)
			for id, want := range s.faring {
				p, err := Get(id)
				if err != nil {
					t.Fatal(err)
				}
				if got := result(p, handshake(t, p, addr)); got != want {
					t.Errorf("%s: %s, want %s", id, got, want)
				}
			}
		})
	}
}

// TestSharesAreFilledByTheEngine: no share is blanked that nobody fills.
func TestSharesAreFilledByTheEngine(t *testing.T) {
	for _, g := range fillable {
		if !engine.CanCompute(g) {
			t.Errorf("the engine makes no share of %s", g)
		}
	}
	for _, p := range All() {
		for _, s := range p.Hello.KeyShares() {
			if engine.CanCompute(s.Group) && len(s.Data) != engine.ShareLen(s.Group) {
				t.Errorf("%s: a share of %s with %d bytes, the engine makes %d", p.ID, s.Group, len(s.Data), engine.ShareLen(s.Group))
			}
			if engine.CanCompute(s.Group) && !slices.Contains(fillable, s.Group) {
				t.Errorf("%s: the share of %s could be fresh", p.ID, s.Group)
			}
		}
	}
}
