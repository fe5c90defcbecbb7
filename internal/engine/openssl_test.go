package engine_test

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tlswhy/tlswhy/internal/engine"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// tool finds a program that a test needs: without it CI fails and a developer's
// machine skips.
func tool(t testing.TB, name string) string {
	t.Helper()
	p, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("%s is needed: %v", name, err)
		}
		t.Skipf("%s is not installed", name)
	}
	return p
}

// freePort finds a port that nobody listens on.
func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// start runs a server until the test ends and waits until it listens.
func start(t testing.TB, port string, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	stdin, err := cmd.StdinPipe() // s_server ends with its input
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s: %s", filepath.Base(name), out.String())
		}
	})
	addr := net.JoinHostPort("127.0.0.1", port)
	for range 100 {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			_ = c.Close()
			return addr
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("%s does not listen: %s", name, out.String())
	return ""
}

// files writes the identity as PEM.
func (i identity) files(t testing.TB) (cert, key string) {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(i.key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for name, b := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: i.der}, key: {Type: "PRIVATE KEY", Bytes: der}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(b), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

// opensslFiles makes a self-signed certificate of a kind that Go cannot make.
func opensslFiles(t testing.TB, args ...string) (cert, key string) {
	t.Helper()
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	args = append([]string{"req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=www.example.test", "-keyout", key, "-out", cert}, args...)
	if b, err := exec.Command(tool(t, "openssl"), args...).CombinedOutput(); err != nil {
		t.Fatalf("openssl %v: %v\n%s", args, err, b)
	}
	return cert, key
}

const allSuites13 = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_CCM_SHA256:TLS_AES_128_CCM_8_SHA256"

// sServer runs openssl s_server with all that it has switched on.
func sServer(t testing.TB, args ...string) string {
	t.Helper()
	port := freePort(t)
	base := []string{
		"s_server", "-www", "-quiet", "-accept", "127.0.0.1:" + port, "-min_protocol", "TLSv1",
		"-cipher", "ALL:COMPLEMENTOFALL:@SECLEVEL=0",
		"-ciphersuites", allSuites13,
	}
	return start(t, port, tool(t, "openssl"), append(base, args...)...)
}

func TestEverySuiteOfOpenSSL(t *testing.T) {
	openssl := tool(t, "openssl")
	rsaCert, rsaKey := newIdentity(t, "rsa").files(t)
	ecCert, ecKey := newIdentity(t, "p256").files(t)
	addr := sServer(t, "-cert", rsaCert, "-key", rsaKey, "-dcert", ecCert, "-dkey", ecKey)
	dsaParams := filepath.Join(t.TempDir(), "dsa.pem")
	if b, err := exec.Command(openssl, "dsaparam", "-out", dsaParams, "2048").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, b)
	}
	dsaCert, dsaKey := opensslFiles(t, "-newkey", "dsa:"+dsaParams)
	dsaAddr := sServer(t, "-cert", dsaCert, "-key", dsaKey)

	list, err := exec.Command(openssl, "ciphers", "-ciphersuites", allSuites13, "ALL:COMPLEMENTOFALL:@SECLEVEL=0").Output()
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for n := range strings.SplitSeq(strings.TrimSpace(string(list)), ":") {
		known[n] = true
	}
	tried := 0
	for _, s := range wire.AllCipherSuites() {
		info, ok := s.Info()
		if !ok || info.PSK || info.KeyExchange == wire.KXSRP {
			continue
		}
		if !known[s.OpenSSLName()] {
			continue
		}
		for _, v := range []wire.Version{wire.VersionTLS10, wire.VersionTLS11, wire.VersionTLS12, wire.VersionTLS13} {
			if !info.SupportedIn(v) {
				continue
			}
			tried++
			t.Run(fmt.Sprintf("%s/%s", v, s), func(t *testing.T) {
				to := addr
				if info.Authentication == wire.AuthDSS {
					to = dsaAddr
				}
				extra := []wire.Extension{wire.SignatureAlgorithmsExt(append(allSchemes, wire.SigDSASHA256, wire.SigDSASHA1)...)}
				if tried%2 == 0 {
					extra = append(extra, wire.EncryptThenMACExt())
				}
				h := &transcript.Handshake{
					Hello: offer{version: v, suites: []wire.CipherSuite{s}, extra: extra, noEMS: tried%3 == 0}.hello(),
					Depth: transcript.DepthRequest,
				}
				tr := try(t, to, h, engine.Options{})
				if c := info.Cipher; c == wire.CipherCamellia || c == wire.CipherARIA || c == wire.CipherSEED || c == wire.CipherIDEA || c == wire.CipherRC2 {
					if tr.Outcome.Kind != transcript.Unfinished || tr.Outcome.Reached != transcript.ReachedFlight {
						t.Fatalf("outcome %+v", tr.Outcome)
					}
				} else {
					wantResponse(t, tr, "s_server")
				}
				want := transcript.Yes
				if info.KeyExchange == wire.KXRSA || info.Anonymous {
					want = transcript.Unknown
				}
				if tr.SignatureValid != want {
					t.Errorf("signature %s valid: %v", tr.Signature, tr.SignatureValid)
				}
				if info.KeyExchange == wire.KXDHE && tr.KeyExchange.DHBits() < 1024 {
					t.Errorf("a prime of %d bits", tr.KeyExchange.DHBits())
				}
			})
		}
	}
	if tried < 100 {
		t.Errorf("only %d suites tried", tried)
	}
}

func TestEveryGroupOfOpenSSL(t *testing.T) {
	cert, key := newIdentity(t, "rsa").files(t)
	all := map[wire.Group]string{
		wire.GroupX25519: "X25519", wire.GroupX448: "X448", wire.GroupSecp256r1: "P-256", wire.GroupSecp384r1: "P-384", wire.GroupSecp521r1: "P-521",
		wire.GroupFFDHE2048: "ffdhe2048", wire.GroupFFDHE3072: "ffdhe3072", wire.GroupFFDHE4096: "ffdhe4096",
		wire.GroupFFDHE6144: "ffdhe6144", wire.GroupFFDHE8192: "ffdhe8192",
	}
	var names []string
	for _, n := range all {
		names = append(names, n)
	}
	addr := sServer(t, "-cert", cert, "-key", key, "-groups", strings.Join(names, ":"))
	for g := range all {
		for _, shares := range [][]wire.Group{{g}, {}} {
			t.Run(fmt.Sprintf("TLS 1.3/%s/%d shares", g, len(shares)), func(t *testing.T) {
				h := &transcript.Handshake{Hello: offer{version: wire.VersionTLS13, groups: []wire.Group{g}, shares: shares}.hello(), Depth: transcript.DepthRequest}
				tr := try(t, addr, h, engine.Options{})
				wantResponse(t, tr, "s_server")
				if tr.Group != g || (tr.Retry != nil) != (len(shares) == 0) {
					t.Errorf("group %s, retry %v", tr.Group, tr.Retry != nil)
				}
			})
		}
		if g >= wire.GroupFFDHE2048 {
			continue
		}
		t.Run("TLS 1.2/"+g.String(), func(t *testing.T) {
			h := &transcript.Handshake{Hello: offer{version: wire.VersionTLS12, groups: []wire.Group{g}}.hello(), Depth: transcript.DepthRequest}
			tr := try(t, addr, h, engine.Options{})
			wantResponse(t, tr, "s_server")
			if tr.Group != g {
				t.Errorf("group %s", tr.Group)
			}
		})
	}
}

func TestGroupsThatWeCannotCompute(t *testing.T) {
	cert, key := newIdentity(t, "rsa").files(t)
	addr := sServer(t, "-cert", cert, "-key", key, "-groups", "brainpoolP256r1:secp256k1:secp224r1:sect283k1")
	for _, g := range []wire.Group{wire.GroupBrainpoolP256r1, wire.GroupSecp256k1, wire.GroupSecp224r1, wire.GroupSect283k1} {
		h := &transcript.Handshake{
			Hello: offer{version: wire.VersionTLS12, groups: []wire.Group{g}, suites: []wire.CipherSuite{wire.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}}.hello(),
			Depth: transcript.DepthRequest,
		}
		tr := try(t, addr, h, engine.Options{})
		if tr.Outcome.Kind != transcript.Unfinished || tr.Outcome.Reached != transcript.ReachedFlight || tr.Group != g || tr.SignatureValid != transcript.Yes {
			t.Errorf("%s: %+v, group %s, signature %v", g, tr.Outcome, tr.Group, tr.SignatureValid)
		}
		h.Depth = transcript.DepthFlight
		if tr = try(t, addr, h, engine.Options{}); tr.Outcome.Kind != transcript.Complete {
			t.Errorf("%s at the flight: %+v", g, tr.Outcome)
		}
	}
}

func TestServerKeysOfOpenSSL(t *testing.T) {
	for name, args := range map[string][]string{
		"RSA 512":             {"-newkey", "rsa:512"},
		"RSA 1024":            {"-newkey", "rsa:1024"},
		"RSA 1025, SHA-1":     {"-newkey", "rsa:1025", "-sha1"},
		"RSA-PSS":             {"-newkey", "rsa-pss", "-pkeyopt", "rsa_keygen_bits:2048"},
		"RSA 4096, MD5":       {"-newkey", "rsa:4096", "-md5"},
		"P-521":               {"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-521"},
		"secp256k1":           {"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp256k1"},
		"brainpoolP384r1":     {"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:brainpoolP384r1"},
		"P-256 by parameters": {"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-pkeyopt", "ec_param_enc:explicit"},
		"Ed25519":             {"-newkey", "ed25519"},
		"Ed448":               {"-newkey", "ed448"},
	} {
		t.Run(name, func(t *testing.T) {
			cert, key := opensslFiles(t, args...)
			addr := sServer(t, "-cert", cert, "-key", key)
			done := 0
			for _, v := range []wire.Version{wire.VersionTLS10, wire.VersionTLS11, wire.VersionTLS12, wire.VersionTLS13} {
				schemes := append(allSchemes, wire.SigRSAPSSPSSSHA256, wire.SigRSAPSSPSSSHA384, wire.SigRSAPSSPSSSHA512)
				h := &transcript.Handshake{
					Hello: offer{version: v, only: true, extra: []wire.Extension{
						wire.SignatureAlgorithmsExt(schemes...),
						wire.SupportedGroupsExt(append(plainGroups, wire.GroupSecp256k1, wire.GroupBrainpoolP384r1)...),
					}}.hello(),
					Depth: transcript.DepthRequest,
				}
				if v < wire.VersionTLS12 {
					h.Hello.Remove(wire.ExtSignatureAlgorithms)
				}
				tr := try(t, addr, h, engine.Options{})
				if tr.Outcome.Kind == transcript.AlertReceived && tr.Server == nil {
					continue // OpenSSL does not use that key with that version
				}
				done++
				wantResponse(t, tr, "s_server")
				if tr.SignatureValid != transcript.Yes {
					t.Errorf("%s: signature %s valid: %v", v, tr.Signature, tr.SignatureValid)
				}
			}
			if done == 0 {
				t.Error("no version worked")
			}
		})
	}
}

func TestNextProtocolNegotiation(t *testing.T) {
	cert, key := newIdentity(t, "rsa").files(t)
	addr := sServer(t, "-cert", cert, "-key", key, "-nextprotoneg", "http/1.1,http/1.0")
	h := &transcript.Handshake{
		Hello: offer{version: wire.VersionTLS12, extra: []wire.Extension{{Type: wire.ExtNextProtocolNegotiation}}}.hello(),
		Depth: transcript.DepthRequest,
	}
	tr := try(t, addr, h, engine.Options{})
	wantResponse(t, tr, "s_server")
	if _, ok := tr.Server.Extension(wire.ExtNextProtocolNegotiation); !ok {
		t.Error("the server did not take it up")
	}
}
