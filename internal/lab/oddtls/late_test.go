package oddtls

import (
	"bufio"
	"context"
	"crypto/x509"
	"encoding/pem"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// needOne is a CheckClient that wants any certificate.
func needOne(chain []*x509.Certificate) wire.AlertDescription {
	if len(chain) == 0 {
		return wire.AlertHandshakeFailure
	}
	return 0
}

func keyFiles(t *testing.T) (cert, key string) {
	t.Helper()
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "c.pem"), filepath.Join(dir, "c.key")
	der, err := x509.MarshalPKCS8PrivateKey(ecKey())
	if err != nil {
		t.Fatal(err)
	}
	for path, b := range map[string]*pem.Block{
		cert: {Type: "CERTIFICATE", Bytes: selfSigned(t, ecKey())},
		key:  {Type: "PRIVATE KEY", Bytes: der},
	} {
		if err := os.WriteFile(path, pem.EncodeToMemory(b), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

func TestClientCertificateInFirstHandshake(t *testing.T) {
	cert, key := keyFiles(t)
	for _, v := range []struct {
		version wire.Version
		args    string
	}{
		{wire.VersionTLS10, "-tls1 -cipher ALL@SECLEVEL=0"},
		{wire.VersionTLS12, "-tls1_2"},
		{wire.VersionTLS13, "-tls1_3"},
	} {
		cfg := rsaConfig(t, v.version, wire.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, wire.TLS_AES_128_GCM_SHA256, wire.TLS_RSA_WITH_AES_128_CBC_SHA)
		cfg.ClientAuth, cfg.CheckClient = true, needOne
		addr, errs := echo(t, cfg)
		args := strings.Fields(v.args)
		if out := openssl(t, addr, append(args, "-cert", cert, "-key", key)...); !strings.Contains(out, "echo hello") {
			t.Errorf("%s with certificate: %v\n%s", v.version, <-errs, tail(out))
		} else {
			<-errs
		}
		if out := openssl(t, addr, args...); !strings.Contains(out, "SSL alert number 40") {
			t.Errorf("%s without certificate: %v\n%s", v.version, <-errs, tail(out))
		}
	}
}

// askLate serves like echo, and asks for a certificate after the line came.
func askLate(t *testing.T, cfg *Config) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			c.SetDeadline(time.Now().Add(10 * time.Second))
			answer := func() string {
				s, err := Server(c, cfg)
				if err != nil {
					return ""
				}
				if _, err := bufio.NewReader(s).ReadString('\n'); err != nil {
					return ""
				}
				if err := s.AskCertificate(needOne); err != nil {
					return ""
				}
				s.Write([]byte("certificate of " + s.PeerCertificates()[0].Subject.CommonName + "\n"))
				s.CloseWrite()
				return ""
			}
			answer()
			c.Close()
		}
	}()
	return ln.Addr().String()
}

func TestClientCertificateLater(t *testing.T) {
	cert, key := keyFiles(t)
	for _, tc := range []struct {
		version wire.Version
		args    string
	}{
		{wire.VersionTLS10, "-tls1 -cipher ALL@SECLEVEL=0"},
		{wire.VersionTLS12, "-tls1_2"},
		{wire.VersionTLS13, "-tls1_3 -enable_pha"},
	} {
		addr := askLate(t, rsaConfig(t, tc.version, wire.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, wire.TLS_AES_128_GCM_SHA256, wire.TLS_RSA_WITH_AES_128_CBC_SHA))
		args := strings.Fields(tc.args)
		if out := late(t, addr, append(args, "-cert", cert, "-key", key)...); !strings.Contains(out, "certificate of odd.tlswhy.test") {
			t.Errorf("%s with certificate:\n%s", tc.version, tail(out))
		}
		if out := late(t, addr, args...); !strings.Contains(out, "SSL alert number 40") {
			t.Errorf("%s without certificate:\n%s", tc.version, tail(out))
		}
	}
	addr := askLate(t, rsaConfig(t, wire.VersionTLS13, wire.TLS_AES_128_GCM_SHA256))
	if out := late(t, addr, "-tls1_3"); strings.Contains(out, "certificate of") {
		t.Error("a client without post-handshake authentication was asked")
	}
}

// late is openssl for servers that go on after the request.
func late(t *testing.T, addr string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, tool(t, "openssl"), append([]string{"s_client", "-connect", addr, "-ign_eof"}, args...)...)
	cmd.Stdin = strings.NewReader("hello\n")
	out, _ := cmd.CombinedOutput()
	return string(out)
}
