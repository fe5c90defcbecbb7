package lab

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
)

// The Go halves of the claims. Each returns nil if all is as it should be.

// gnutls is gnutls-cli.
func gnutls(want string) claim {
	return claim{func(t *testing.T, e Endpoint) string {
		host, port, _ := net.SplitHostPort(e.Addr)
		return run(t, patience, "", "gnutls-cli", "--x509cafile", running(t).CAFile(), "--verify-hostname", e.Host, "--sni-hostname", e.Host, "-p", port, host)
	}, want}
}

func attime(after time.Duration) string {
	return fmt.Sprintf("-attime %d", time.Now().Add(after).Unix())
}

func expect(err error, want string) error {
	if err == nil || !strings.Contains(err.Error(), want) {
		return fmt.Errorf("got %w, want %q", err, want)
	}
	return nil
}

func goSays(want string) func(*testing.T, Endpoint) error {
	return func(t *testing.T, e Endpoint) error {
		_, _, err := shake(t, e, nil)
		return expect(err, want)
	}
}

func withSuite(id uint16) func(*tls.Config) {
	return func(c *tls.Config) {
		c.MinVersion, c.MaxVersion, c.CipherSuites = tls.VersionTLS10, tls.VersionTLS12, []uint16{id}
	}
}

func goSaysWith(suite uint16, want string) func(*testing.T, Endpoint) error {
	return func(t *testing.T, e Endpoint) error {
		_, _, err := shake(t, e, withSuite(suite))
		return expect(err, want)
	}
}

func suiteWorks(id uint16) func(*testing.T, Endpoint) error {
	return func(t *testing.T, e Endpoint) error {
		s, page, err := shake(t, e, withSuite(id))
		if err == nil && (s.CipherSuite != id || !strings.HasPrefix(page, "HTTP/1.1 200")) {
			err = fmt.Errorf("suite %x, page %q", s.CipherSuite, page)
		}
		return err
	}
}

func usesHybrid(t *testing.T, e Endpoint) error {
	s, _, err := shake(t, e, nil)
	if err == nil && s.CurveID != tls.X25519MLKEM768 {
		err = fmt.Errorf("group %s", s.CurveID)
	}
	return err
}

func leaf(t *testing.T, e Endpoint) (*x509.Certificate, error) {
	s, _, err := shake(t, e, func(c *tls.Config) { c.InsecureSkipVerify = true })
	if err != nil {
		return nil, err
	}
	return s.PeerCertificates[0], nil
}

func leafIsCA(t *testing.T, e Endpoint) error {
	c, err := leaf(t, e)
	if err == nil && !c.IsCA {
		err = errors.New("it is no CA certificate")
	}
	return err
}

func validFor(atLeast time.Duration) func(*testing.T, Endpoint) error {
	return func(t *testing.T, e Endpoint) error {
		c, err := leaf(t, e)
		if err == nil && c.NotAfter.Sub(c.NotBefore) < atLeast {
			err = fmt.Errorf("valid for %s", c.NotAfter.Sub(c.NotBefore))
		}
		return err
	}
}

func fetch(url string) ([]byte, error) {
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
	r, err := c.Get(url)
	if err != nil {
		return nil, err
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusOK {
		return nil, errors.New(r.Status)
	}
	return io.ReadAll(r.Body)
}

// ocspSays asks with `openssl ocsp`.
func ocspSays(status string) func(*testing.T, Endpoint) error {
	return func(t *testing.T, e Endpoint) error {
		s, _, err := shake(t, e, nil)
		if err != nil {
			return err
		}
		dir := t.TempDir()
		for i, name := range []string{"leaf.pem", "issuer.pem"} {
			b := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.PeerCertificates[i].Raw})
			if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
				return err
			}
		}
		out := run(t, patience, "", "openssl", "ocsp", "-issuer", filepath.Join(dir, "issuer.pem"), "-cert", filepath.Join(dir, "leaf.pem"),
			"-url", s.PeerCertificates[0].OCSPServer[0], "-CAfile", running(t).CAFile())
		if !strings.Contains(out, "leaf.pem: "+status) || !strings.Contains(out, "Response verify OK") {
			return errors.New(out)
		}
		return nil
	}
}

func crlHas(revoked bool) func(*testing.T, Endpoint) error {
	return func(t *testing.T, e Endpoint) error {
		s, _, err := shake(t, e, nil)
		if err != nil {
			return err
		}
		c := s.PeerCertificates[0]
		der, err := fetch(c.CRLDistributionPoints[0])
		if err != nil {
			return err
		}
		list, err := x509.ParseRevocationList(der)
		if err != nil {
			return err
		}
		if err := list.CheckSignatureFrom(s.PeerCertificates[1]); err != nil {
			return err
		}
		found := false
		for _, r := range list.RevokedCertificateEntries {
			found = found || r.SerialNumber.Cmp(c.SerialNumber) == 0
		}
		if found != revoked {
			return fmt.Errorf("revoked: %v", found)
		}
		return nil
	}
}

func aiaCompletes(t *testing.T, e Endpoint) error {
	c, err := leaf(t, e)
	if err != nil {
		return err
	}
	der, err := fetch(c.IssuingCertificateURL[0])
	if err != nil {
		return err
	}
	issuer, err := x509.ParseCertificate(der)
	if err != nil {
		return err
	}
	pool := x509.NewCertPool()
	pool.AddCert(issuer)
	_, err = c.Verify(x509.VerifyOptions{Roots: roots(t), Intermediates: pool, DNSName: e.Host})
	return err
}

func certificateOf(t *testing.T, id ClientCert) tls.Certificate {
	t.Helper()
	cert, key := running(t).ClientCertFiles(id)
	c, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func goodClientCertWorks(t *testing.T, e Endpoint) error {
	good := certificateOf(t, ClientGood)
	_, page, err := shake(t, e, func(c *tls.Config) { c.Certificates = []tls.Certificate{good} })
	if err == nil && !strings.HasPrefix(page, "HTTP/1.1 200") {
		err = fmt.Errorf("page %q", page)
	}
	return err
}

func withoutClientCert(want string) func(*testing.T, Endpoint) error { return goSays(want) }

// sendsClientCert shows the endpoint's certificate whatever CAs it lists.
func sendsClientCert(want string) func(*testing.T, Endpoint) error {
	return func(t *testing.T, e Endpoint) error {
		own := clientCert(t, e)
		_, _, err := shake(t, e, func(c *tls.Config) {
			c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &own[0], nil }
		})
		return expect(err, want)
	}
}

// renegotiates begins a second handshake as a client and sends its request after it.
func renegotiates(t *testing.T, e Endpoint) error {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, tool(t, "openssl"), "s_client", "-connect", e.Addr, "-servername", e.Host, "-tls1_2", "-CAfile", running(t).CAFile())
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		return err
	}
	// openssl takes a command only where a piece of its input begins with it.
	for _, s := range []string{"R\n", "GET / HTTP/1.1\r\nHost: " + e.Host + "\r\nConnection: close\r\n\r\n"} {
		time.Sleep(500 * time.Millisecond)
		if _, err := io.WriteString(in, s); err != nil {
			break // it gave up, and says why
		}
	}
	_ = cmd.Wait()
	if got := out.String(); !strings.Contains(got, "RENEGOTIATING") || !strings.Contains(got, "200 OK") {
		return errors.New(shorten(got))
	}
	return nil
}

// curlWithGoodCert is curl for servers that ask late, which crypto/tls clients refuse.
func curlWithGoodCert(t *testing.T, e Endpoint) error {
	cert, key := running(t).ClientCertFiles(ClientGood)
	c := curl("--cert "+cert+" --key "+key, works)
	if out := c.run(t, e); !strings.Contains(out, works) {
		return errors.New(out)
	}
	return nil
}

func otherNameWorks(t *testing.T, e Endpoint) error {
	_, page, err := shake(t, e, func(c *tls.Config) { c.ServerName, c.InsecureSkipVerify = "other."+Domain, true })
	if err == nil && !strings.HasPrefix(page, "HTTP/1.1 200") {
		err = fmt.Errorf("page %q", page)
	}
	return err
}

func servesOtherNames(t *testing.T, e Endpoint) error {
	for _, name := range []string{"shop.example.com", "blog.example.net"} {
		if _, _, err := shake(t, e, func(c *tls.Config) { c.ServerName = name }); err != nil {
			return err
		}
	}
	return nil
}

// goAway reads the server's GOAWAY with its code.
func goAway(t *testing.T, e Endpoint) error {
	raw, err := net.Dial("tcp", e.Addr)
	if err != nil {
		return err
	}
	defer raw.Close()
	raw.SetDeadline(time.Now().Add(patience))
	c := tls.Client(raw, &tls.Config{ServerName: e.Host, RootCAs: roots(t), NextProtos: []string{"h2"}, MaxVersion: tls.VersionTLS12})
	if _, err := io.WriteString(c, http2.ClientPreface); err != nil {
		return err
	}
	f := http2.NewFramer(c, c)
	if err := f.WriteSettings(); err != nil {
		return err
	}
	for {
		frame, err := f.ReadFrame()
		if err != nil {
			return err
		}
		if g, ok := frame.(*http2.GoAwayFrame); ok {
			if g.ErrCode != http2.ErrCodeInadequateSecurity {
				return fmt.Errorf("GOAWAY %s", g.ErrCode)
			}
			return nil
		}
	}
}
