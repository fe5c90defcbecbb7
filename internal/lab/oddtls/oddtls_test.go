package oddtls

import (
	"bufio"
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tlswhy/tlswhy/internal/wire"
)

var rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

var ecKey = sync.OnceValue(func() *ecdsa.PrivateKey {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return k
})

func selfSigned(t testing.TB, key crypto.Signer) []byte {
	t.Helper()
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "odd.tlswhy.test"}, DNSNames: []string{"odd.tlswhy.test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func rsaConfig(t testing.TB, v wire.Version, suites ...wire.CipherSuite) *Config {
	return &Config{Versions: []wire.Version{v}, Suites: suites, Chain: [][]byte{selfSigned(t, rsaKey())}, Key: rsaKey()}
}

func ecConfig(t testing.TB, v wire.Version, suites ...wire.CipherSuite) *Config {
	return &Config{Versions: []wire.Version{v}, Suites: suites, Chain: [][]byte{selfSigned(t, ecKey())}, Key: ecKey()}
}

// echo serves one connection at a time: a line in, the same line out.
func echo(t testing.TB, cfg *Config) (addr string, errs <-chan error) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ch := make(chan error, 16)
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			c.SetDeadline(time.Now().Add(20 * time.Second))
			ch <- echoOnce(c, cfg)
			c.(*net.TCPConn).CloseWrite()
			io.Copy(io.Discard, c)
			c.Close()
		}
	})
	t.Cleanup(func() { ln.Close(); wg.Wait() })
	return ln.Addr().String(), ch
}

func echoOnce(c net.Conn, cfg *Config) error {
	s, err := Server(c, cfg)
	if err != nil {
		return err
	}
	line, err := bufio.NewReader(s).ReadString('\n')
	if err != nil {
		return fmt.Errorf("after the handshake: %w", err)
	}
	if _, err := s.Write([]byte("echo " + line)); err != nil {
		return err
	}
	return s.CloseWrite()
}

// tool finds a foreign client; CI has them all.
func tool(t testing.TB, name string) string {
	t.Helper()
	p, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("%s is not installed", name)
		}
		t.Skipf("%s is not installed", name)
	}
	return p
}

func openssl(t testing.TB, addr string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, tool(t, "openssl"), append([]string{"s_client", "-connect", addr, "-servername", "odd.tlswhy.test", "-ign_eof"}, args...)...)
	cmd.Stdin = strings.NewReader("hello\n")
	out, _ := cmd.CombinedOutput()
	return string(out)
}

func TestOpenSSLFinishes(t *testing.T) {
	t.Parallel()
	const weak = "@SECLEVEL=0"
	with := func(c *Config, f func(*Config)) *Config { f(c); return c }
	for _, tc := range []struct {
		name string
		cfg  *Config
		args string
	}{
		{"TLS 1.0, RSA, AES-CBC", rsaConfig(t, wire.VersionTLS10, wire.TLS_RSA_WITH_AES_128_CBC_SHA), "-tls1 -cipher AES128-SHA" + weak},
		{"TLS 1.0, ECDHE", rsaConfig(t, wire.VersionTLS10, wire.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA), "-tls1 -cipher ALL" + weak},
		{"TLS 1.0, ECDSA", ecConfig(t, wire.VersionTLS10, wire.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA), "-tls1 -cipher ALL" + weak},
		{"TLS 1.0, NULL", rsaConfig(t, wire.VersionTLS10, wire.TLS_RSA_WITH_NULL_SHA), "-tls1 -cipher ALL:COMPLEMENTOFALL" + weak},
		{"TLS 1.1, DHE", rsaConfig(t, wire.VersionTLS11, wire.TLS_DHE_RSA_WITH_AES_128_CBC_SHA), "-tls1_1 -cipher ALL" + weak},
		{"TLS 1.2, DHE, AES-GCM", rsaConfig(t, wire.VersionTLS12, wire.TLS_DHE_RSA_WITH_AES_256_GCM_SHA384), "-tls1_2 -cipher ALL" + weak},
		{"TLS 1.2, RSA, CBC SHA-256", rsaConfig(t, wire.VersionTLS12, wire.TLS_RSA_WITH_AES_128_CBC_SHA256), "-tls1_2 -cipher ALL" + weak},
		{"TLS 1.2, ECDHE, CBC SHA-384", rsaConfig(t, wire.VersionTLS12, wire.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384), "-tls1_2 -cipher ALL" + weak},
		{"TLS 1.2, ChaCha20", ecConfig(t, wire.VersionTLS12, wire.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256), "-tls1_2"},
		{"TLS 1.2, CCM", ecConfig(t, wire.VersionTLS12, wire.TLS_ECDHE_ECDSA_WITH_AES_128_CCM), "-tls1_2 -cipher ALL"},
		{"TLS 1.2, CCM-8", ecConfig(t, wire.VersionTLS12, wire.TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8), "-tls1_2 -cipher ALL" + weak},
		{"TLS 1.2, anonymous DH", &Config{Versions: []wire.Version{wire.VersionTLS12}, Suites: []wire.CipherSuite{wire.TLS_DH_anon_WITH_AES_128_CBC_SHA}}, "-tls1_2 -cipher ADH" + weak},
		{"TLS 1.2, anonymous ECDH", &Config{Versions: []wire.Version{wire.VersionTLS12}, Suites: []wire.CipherSuite{wire.TLS_ECDH_anon_WITH_AES_256_CBC_SHA}}, "-tls1_2 -cipher AECDH" + weak},
		{"TLS 1.2, PSK", &Config{Versions: []wire.Version{wire.VersionTLS12}, Suites: []wire.CipherSuite{wire.TLS_PSK_WITH_AES_128_GCM_SHA256}, PSK: []byte{1, 2, 3}}, "-tls1_2 -psk 010203 -cipher PSK"},
		{"TLS 1.2, DHE 1024", with(rsaConfig(t, wire.VersionTLS12, wire.TLS_DHE_RSA_WITH_AES_128_GCM_SHA256), func(c *Config) { c.DH = DH1024() }), "-tls1_2 -cipher ALL" + weak},
		{"TLS 1.2, X448", group(t, wire.VersionTLS12, wire.GroupX448), "-tls1_2 -groups X448"},
		{"TLS 1.2, P-521", group(t, wire.VersionTLS12, wire.GroupSecp521r1), "-tls1_2 -groups P-521"},
		{"TLS 1.2, P-224", group(t, wire.VersionTLS12, wire.GroupSecp224r1), "-tls1_2 -groups P-224 -cipher ALL" + weak},
		{"TLS 1.2, secp256k1", group(t, wire.VersionTLS12, wire.GroupSecp256k1), "-tls1_2 -groups secp256k1"},
		{"TLS 1.2, sect571r1", group(t, wire.VersionTLS12, wire.GroupSect571r1), "-tls1_2 -groups sect571r1"},
		{"TLS 1.2, brainpoolP256r1", group(t, wire.VersionTLS12, wire.GroupBrainpoolP256r1), "-tls1_2 -groups brainpoolP256r1"},
		{"TLS 1.2, brainpoolP384r1", group(t, wire.VersionTLS12, wire.GroupBrainpoolP384r1), "-tls1_2 -groups brainpoolP384r1"},
		{"TLS 1.2, brainpoolP512r1", group(t, wire.VersionTLS12, wire.GroupBrainpoolP512r1), "-tls1_2 -groups brainpoolP512r1"},
		{"TLS 1.3, X25519", group(t, wire.VersionTLS13, wire.GroupX25519), "-tls1_3"},
		{"TLS 1.3, retry to P-384", group(t, wire.VersionTLS13, wire.GroupSecp384r1), "-tls1_3"},
		{"TLS 1.3, X448", group(t, wire.VersionTLS13, wire.GroupX448), "-tls1_3 -groups X25519:X448"},
		{"TLS 1.3, ffdhe2048", group(t, wire.VersionTLS13, wire.GroupFFDHE2048), "-tls1_3 -groups ffdhe2048"},
		{"TLS 1.3, ffdhe8192", group(t, wire.VersionTLS13, wire.GroupFFDHE8192), "-tls1_3 -groups ffdhe8192"},
		{"TLS 1.3, CCM", with(ecConfig(t, wire.VersionTLS13, wire.TLS_AES_128_CCM_SHA256), func(*Config) {}), "-tls1_3 -ciphersuites TLS_AES_128_CCM_SHA256"},
		{"TLS 1.3, CCM-8", with(ecConfig(t, wire.VersionTLS13, wire.TLS_AES_128_CCM_8_SHA256), func(*Config) {}), "-tls1_3 -ciphersuites TLS_AES_128_CCM_8_SHA256"},
		{"TLS 1.3, AES-256", rsaConfig(t, wire.VersionTLS13, wire.TLS_AES_256_GCM_SHA384), "-tls1_3"},
		{"TLS 1.3, ChaCha20", rsaConfig(t, wire.VersionTLS13, wire.TLS_CHACHA20_POLY1305_SHA256), "-tls1_3"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			addr, errs := echo(t, tc.cfg)
			out := openssl(t, addr, strings.Fields(tc.args)...)
			if !strings.Contains(out, "echo hello") {
				t.Errorf("openssl %s: %v\n%s", tc.args, <-errs, tail(out))
			}
		})
	}
}

func group(t testing.TB, v wire.Version, g wire.Group) *Config {
	c := rsaConfig(t, v, wire.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, wire.TLS_AES_128_GCM_SHA256)
	c.Groups = []wire.Group{g}
	return c
}

func tail(s string) string {
	// The error lines come first or last, certificates in between.
	var out []string
	for _, l := range strings.Split(s, "\n") {
		if strings.Contains(l, "error") || strings.Contains(l, "alert") || strings.Contains(l, "Cipher") {
			out = append(out, l)
		}
	}
	return strings.Join(out, "\n")
}

func TestOpenSSLRefusesNoRFC5746(t *testing.T) {
	cfg := ecConfig(t, wire.VersionTLS12, wire.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256)
	cfg.NoRenegotiationInfo = true
	addr, _ := echo(t, cfg)
	if out := openssl(t, addr, "-tls1_2"); !strings.Contains(out, "unsafe legacy renegotiation disabled") {
		t.Error(tail(out))
	}
	if out := openssl(t, addr, "-tls1_2", "-legacy_server_connect"); !strings.Contains(out, "echo hello") {
		t.Error(tail(out))
	}
}

func TestAlerts(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, args string
		cfg        *Config
		want       wire.AlertDescription
	}{
		{"version", "-tls1_2", rsaConfig(t, wire.VersionTLS13, wire.TLS_AES_128_GCM_SHA256), wire.AlertProtocolVersion},
		{"suite", "-tls1_2 -cipher ECDHE", rsaConfig(t, wire.VersionTLS12, wire.TLS_RSA_WITH_RC4_128_SHA), wire.AlertHandshakeFailure},
		{"suite that needs another key", "-tls1_2", rsaConfig(t, wire.VersionTLS12, wire.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256), wire.AlertHandshakeFailure},
		{"group", "-tls1_2 -groups P-256", group(t, wire.VersionTLS12, wire.GroupX448), wire.AlertHandshakeFailure},
		{"group in TLS 1.3", "-tls1_3 -groups P-256", group(t, wire.VersionTLS13, wire.GroupX448), wire.AlertHandshakeFailure},
		{"signature algorithm", "-tls1_2 -sigalgs RSA+SHA256", ecConfig(t, wire.VersionTLS12, wire.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256), wire.AlertHandshakeFailure},
		{"signature algorithm in TLS 1.3", "-tls1_3 -sigalgs RSA-PSS+SHA256", ecConfig(t, wire.VersionTLS13, wire.TLS_AES_128_GCM_SHA256), wire.AlertHandshakeFailure},
		{"fallback", "-tls1_1 -fallback_scsv -cipher ALL@SECLEVEL=0", &Config{Versions: []wire.Version{wire.VersionTLS11, wire.VersionTLS12}}, wire.AlertInappropriateFallback},
		{"cipher that is negotiated only", "-tls1_2 -cipher CAMELLIA128-SHA", rsaConfig(t, wire.VersionTLS12, wire.TLS_RSA_WITH_CAMELLIA_128_CBC_SHA), wire.AlertInternalError},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			addr, errs := echo(t, tc.cfg)
			out := openssl(t, addr, strings.Fields(tc.args)...)
			var a *AlertError
			if err := <-errs; !errors.As(err, &a) || a.Received || a.Alert != tc.want {
				t.Errorf("server: %v", err)
			}
			if want := fmt.Sprintf("SSL alert number %d", tc.want); !strings.Contains(out, want) {
				t.Errorf("openssl does not say %q:\n%s", want, tail(out))
			}
		})
	}
}

func TestCryptoTLSFinishes(t *testing.T) {
	for _, v := range []wire.Version{wire.VersionTLS10, wire.VersionTLS11, wire.VersionTLS12, wire.VersionTLS13} {
		t.Run(v.String(), func(t *testing.T) {
			cfg := rsaConfig(t, v, wire.TLS_RSA_WITH_RC4_128_SHA, wire.TLS_RSA_WITH_3DES_EDE_CBC_SHA, wire.TLS_AES_128_GCM_SHA256)
			cfg.ALPN = []string{"http/1.1"}
			addr, _ := echo(t, cfg)
			raw, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer raw.Close()
			c := tls.Client(raw, &tls.Config{
				InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, NextProtos: []string{"h2", "http/1.1"},
				CipherSuites: []uint16{tls.TLS_RSA_WITH_RC4_128_SHA, tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA},
			})
			fmt.Fprintln(c, "hello")
			got, err := io.ReadAll(c)
			if err != nil || string(got) != "echo hello\n" || c.ConnectionState().NegotiatedProtocol != "http/1.1" {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

func TestLargeWritesAreSplit(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	want := bytes.Repeat([]byte("0123456789"), 5000)
	go func() {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		if s, err := Server(c, group(t, wire.VersionTLS13, wire.GroupX25519)); err == nil {
			s.Write(want)
			s.CloseWrite()
			io.Copy(io.Discard, c)
		}
	}()
	c, err := tls.Dial("tcp", ln.Addr().String(), &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got, err := io.ReadAll(c); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func TestPrimesAreTheRealOnes(t *testing.T) {
	for g, d := range map[string]DHGroup{"modp768": DH768(), "modp1024": DH1024(), "modp2048": DH2048(), "512": DH512()} {
		if !d.P.ProbablyPrime(8) || !new(big.Int).Rsh(d.P, 1).ProbablyPrime(8) {
			t.Errorf("%s is no safe prime", g)
		}
	}
	for _, g := range []wire.Group{wire.GroupFFDHE2048, wire.GroupFFDHE3072, wire.GroupFFDHE4096, wire.GroupFFDHE6144, wire.GroupFFDHE8192} {
		d, ok := ffdhe(g)
		if !ok || !d.P.ProbablyPrime(1) {
			t.Errorf("%s is not prime", g)
		}
	}
}
