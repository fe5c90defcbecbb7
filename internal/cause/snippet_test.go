package cause_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// The tests in snippet_*_test.go hand every configuration snippet of the
// catalogue to the software it is for and ask whether that can read it. Whether
// it mends anything is tested end to end, elsewhere.

// snippets calls check for each snippet of a software, with files of the test's
// own in place of the placeholders.
func snippets(t *testing.T, software string, files map[string]string, check func(t *testing.T, place, config string)) {
	t.Helper()
	seen := map[*cause.Fix]bool{}
	for _, c := range cause.All() {
		for _, f := range c.Fixes {
			if f.For != software || f.Config == "" || seen[f] {
				continue
			}
			seen[f] = true // a recipe is the same for all of its causes
			t.Run(fmt.Sprintf("%s/%s-%s", c.ID, f.Side, f.Place), func(t *testing.T) {
				config := cause.Expand(f.Config, files)
				check(t, f.Place, strings.ReplaceAll(config, "/etc/ssl/dhparam.pem", files["dh_file"]))
			})
		}
	}
	if len(seen) == 0 {
		t.Errorf("the catalogue has no snippet for %s", software)
	}
}

// tool finds a program. In CI a missing one is a failure.
func tool(t *testing.T, names ...string) string {
	t.Helper()
	for _, name := range names {
		for _, dir := range append(filepath.SplitList(os.Getenv("PATH")), "/usr/sbin") {
			if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
				return path
			}
		}
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("%v is not installed", names)
	}
	t.Skipf("%v is not installed", names)
	return ""
}

// accepted runs a configuration check.
func accepted(t *testing.T, config string, cmd *exec.Cmd) {
	t.Helper()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%s: %v\n%s\n%s", strings.Join(cmd.Args, " "), err, out, config)
	}
}

func write(t *testing.T, path, content string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// pki makes a CA and one certificate, which plays every part, and returns the
// files as values for the placeholders.
func pki(t *testing.T) map[string]string {
	t.Helper()
	dir := t.TempDir()
	sign := func(cn string, ca *x509.Certificate, caKey *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey, string, string) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		cert := &x509.Certificate{
			SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: cn},
			NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
			BasicConstraintsValid: true, IsCA: ca == nil,
		}
		if ca == nil {
			ca, caKey = cert, key
			cert.KeyUsage = x509.KeyUsageCertSign
		} else {
			cert.DNSNames, cert.IPAddresses = []string{"shop.example"}, []net.IP{net.IPv4(127, 0, 0, 1)}
			cert.KeyUsage = x509.KeyUsageDigitalSignature
		}
		der, err := x509.CreateCertificate(rand.Reader, cert, ca, &key.PublicKey, caKey)
		if err != nil {
			t.Fatal(err)
		}
		keyDER, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
		keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
		return cert, key, string(certPEM), string(keyPEM)
	}
	ca, caKey, caPEM, _ := sign("test root", nil, nil)
	_, _, certPEM, keyPEM := sign("shop.example", ca, caKey)

	file := func(name, content string) string { return write(t, filepath.Join(dir, name), content) }
	files := map[string]string{
		"host": "shop.example", "port": "443", "address": "127.0.0.1", "origin_name": "origin.example",
		"ca_file": file("ca.pem", caPEM), "client_ca_file": file("client-ca.pem", caPEM),
		"cert_file": file("cert.pem", certPEM), "chain_file": file("fullchain.pem", certPEM), "key_file": file("privkey.pem", keyPEM),
		"bundle_file": file("bundle.pem", certPEM+keyPEM), "client_cert_file": file("client.pem", certPEM), "client_key_file": file("client.key", keyPEM),
	}
	if openssl, err := exec.LookPath("openssl"); err == nil {
		out, err := exec.Command(openssl, "genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", "group:ffdhe2048").Output()
		if err != nil {
			t.Fatalf("making DH parameters: %v", err)
		}
		files["dh_file"] = file("dh.pem", string(out))
	}
	return files
}

// freePort returns a port of loopback on which nothing listens now.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// replaceLines is what Fix.Config promises: lines of base whose first word is
// also a first word of config give way to config.
func replaceLines(base, config string) string {
	first := func(line string) string {
		word, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		return strings.TrimSuffix(word, ";")
	}
	replaced := map[string]bool{}
	for line := range strings.Lines(config) {
		replaced[first(line)] = true
	}
	var out strings.Builder
	for line := range strings.Lines(base) {
		if !replaced[first(line)] {
			out.WriteString(line)
		}
	}
	return out.String() + config + "\n"
}
