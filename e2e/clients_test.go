//go:build linux

package e2e

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"testing"
	"time"
)

// sampled are the rows on which tlswhy's verdict for a client is held against that client itself: one of each kind, the
// disputed ones above all (what OpenSSL 3 refuses and browsers do not, and the other way round).
var sampled = []string{
	"nginx/healthy", "haproxy/healthy-tls13", "apache2/healthy-tls12", "gnutls/healthy-deep-chain", "lighttpd/healthy-ecdsa", "nginx/healthy-root-sent",
	"nginx/healthy-all-versions", "node-24/healthy-hybrid",
	"nginx/tls10-only", "node-0.10/tls10-only", "java/tls10-only", "node-0.10/tls10-and-rc4",
	"nginx/camellia-only", "haproxy/static-rsa-only", "haproxy/tls13-ccm8-only",
	"nginx/x448-only", "haproxy/p521-only", "apache2/brainpool-only", "s_server/ffdhe8192-only", "node-24/hybrid-only",
	"nginx/ed25519-certificate", "haproxy/ed448-certificate", "apache2/p521-certificate-tls13",
	"nginx/dh1024", "haproxy/dh2048", "gnutls/no-renegotiation-info", "java/wrong-key-tls13", "java/alpn-mqtt",
	"apache2/client-certificate-missing-tls1.2", "haproxy/client-certificate-missing-tls1.3",
	"nginx/expired", "nginx/other-name", "node/name-in-common-name", "nginx/self-signed", "nginx/leaf-only", "nginx/chain-out-of-order",
	"apache2/ca-as-leaf", "nginx/client-eku", "nginx/rsa1024", "apache2/sha1", "haproxy/name-constraints", "s_server/path-too-long", "apache2/must-staple",
}

// realClients are clients that are both a profile of tlswhy and a program on this machine.
var realClients = map[string]func(t testing.TB, e *env, r *row) (ok bool, output string){
	// With a request and until the server closes: s_client alone would leave before a late alert of TLS 1.3 arrives.
	"openssl-3.0": func(t testing.TB, e *env, r *row) (bool, string) {
		return view{client: "openssl", args: []string{"-ign_eof"}, input: "GET / HTTP/1.0\r\nHost: " + r.host() + "\r\n\r\n"}.ask(t, e, r)
	},
	// -f: an error page is a failure for tlswhy, too.
	"curl-openssl": func(t testing.TB, e *env, r *row) (bool, string) { return sees("curl", "-f").ask(t, e, r) },
	"java-17":      func(t testing.TB, e *env, r *row) (bool, string) { return sees("java").ask(t, e, r) },
	"go-1.26.8":    goClient,
}

func goClient(t testing.TB, e *env, r *row) (bool, string) {
	t.Helper()
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(readAll(t, e.pki.roots()))) {
		t.Fatal("no roots")
	}
	tr := &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: pool},
		ForceAttemptHTTP2: true, // what net/http does for a client without a configuration of its own
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, e.addr())
		},
	}
	defer tr.CloseIdleConnections()
	resp, err := (&http.Client{Transport: tr, Timeout: 15 * time.Second}).Get("https://" + r.host() + r.path())
	if err != nil {
		return false, err.Error()
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode < 400, fmt.Sprintf("%s over %s", resp.Status, tls.VersionName(resp.TLS.Version))
}

// TestVerdictsHold asks, for a sample of the endpoints, tlswhy and the real client the same question.
func TestVerdictsHold(t *testing.T) {
	program(t)
	rows := allRows()
	for _, name := range sampled {
		i := slices.IndexFunc(rows, func(r row) bool { return r.name == name })
		if i < 0 {
			t.Errorf("no row %s", name)
			continue
		}
		r := rows[i]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := r.up(t)
			for id, real := range realClients {
				// Its own session cache or a grown-up server must not matter: the same endpoint for all of them.
				r := r
				r.as, r.args = id, nil
				o := tlswhy(t, r.command(e)...)
				ok, out := real(t, e, &r)
				says := o.Verdict == "ok" || o.Verdict == "warn"
				if says != ok {
					t.Errorf("%s got through: %v, and tlswhy says %s\n%s\n%s\n%s", id, ok, o.Verdict, clip(out, 1500), o.line, o.summary())
				}
			}
		})
	}
}
