//go:build linux

package e2e

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// foreignCertificate makes an identity that crypto/x509 cannot: keys it does not know, hashes it refuses.
func foreignCertificate(p *pki, name string) (*identity, error) {
	switch name {
	case "ed448":
		return p.byOpenSSL(name, "-sha256", "-algorithm", "ED448")
	case "brainpool":
		return p.byOpenSSL(name, "-sha256", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:brainpoolP256r1")
	case "secp256k1":
		return p.byOpenSSL(name, "-sha256", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp256k1")
	case "rsa-pss":
		return p.byOpenSSL(name, "-sha256", "-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048")
	case "sha1":
		return p.byOpenSSL(name, "-sha1", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
	case "md5":
		return p.byOpenSSL(name, "-md5", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
	case "dsa":
		if _, err := openssl(p.dir, "", "genpkey", "-genparam", "-algorithm", "DSA", "-pkeyopt", "dsa_paramgen_bits:2048", "-out", "dsa.par"); err != nil {
			return nil, err
		}
		return p.byOpenSSL(name, "-sha256", "-paramfile", "dsa.par")
	case "sha1-issuer":
		return sha1Issuer(p, name)
	}
	return nil, fmt.Errorf("no certificate of that name in the tables")
}

func openssl(dir string, stdin string, args ...string) ([]byte, error) {
	c := exec.Command("openssl", args...)
	c.Dir, c.Stdin = dir, strings.NewReader(stdin)
	var errs bytes.Buffer
	c.Stderr = &errs
	out, err := c.Output()
	if err != nil {
		return nil, fmt.Errorf("openssl %s: %w: %s", strings.Join(args, " "), err, errs.String())
	}
	return out, nil
}

// byOpenSSL issues a leaf over a key of "openssl genpkey".
func (p *pki) byOpenSSL(name, hash string, genpkey ...string) (*identity, error) {
	if _, err := openssl(p.dir, "", append([]string{"genpkey", "-out", name + ".key"}, genpkey...)...); err != nil {
		return nil, err
	}
	return p.signByOpenSSL(name, "ca/rsa-issuing", hash, leafExtensions)
}

// sha1Issuer is a sound leaf below an issuing CA that was itself signed with SHA-1.
func sha1Issuer(p *pki, name string) (*identity, error) {
	const issuer = "sha1-issuing"
	if _, err := openssl(p.dir, "", "genpkey", "-algorithm", "RSA", "-out", issuer+".key"); err != nil {
		return nil, err
	}
	mid, err := p.signByOpenSSL(issuer, "ca/rsa-root", "-sha1", "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n")
	if err != nil {
		return nil, err
	}
	mid.name = issuer
	if err := p.write(mid); err != nil {
		return nil, err
	}
	if _, err := openssl(p.dir, "", "genpkey", "-algorithm", "RSA", "-out", name+".key"); err != nil {
		return nil, err
	}
	id, err := p.signWith(name, mid.leafFile, mid.keyFile, "-sha256", leafExtensions)
	if err != nil {
		return nil, err
	}
	id.chain = append(id.chain, mid.der)
	return id, nil
}

const leafExtensions = "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature,keyEncipherment\nextendedKeyUsage=serverAuth\n" +
	"subjectAltName=DNS:shop.example,DNS:www.shop.example\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"

func (p *pki) signByOpenSSL(name, issuer, hash, ext string) (*identity, error) {
	ca, err := p.get(issuer)
	if err != nil {
		return nil, err
	}
	id, err := p.signWith(name, ca.leafFile, ca.keyFile, hash, ext)
	if err == nil && issuer != "ca/rsa-root" {
		id.chain = append(id.chain, ca.der)
	}
	return id, err
}

func (p *pki) signWith(name, caFile, caKey, hash, ext string) (*identity, error) {
	cn := "shop.example"
	if strings.Contains(ext, "CA:TRUE") {
		cn = "Harbour Street " + name
	}
	if err := os.WriteFile(p.path(name+".ext"), []byte(ext), 0o644); err != nil {
		return nil, err
	}
	if _, err := openssl(p.dir, "", "req", "-new", "-key", name+".key", "-subj", "/CN="+cn, "-out", name+".csr"); err != nil {
		return nil, err
	}
	out, err := openssl(p.dir, "", "x509", "-req", "-in", name+".csr", "-CA", caFile, "-CAkey", caKey,
		"-set_serial", serial().String(), "-days", "60", hash, "-extfile", name+".ext")
	if err != nil {
		return nil, err
	}
	b, _ := pem.Decode(out)
	if b == nil {
		return nil, fmt.Errorf("openssl x509 wrote no certificate: %s", out)
	}
	id := &identity{der: b.Bytes, chain: [][]byte{b.Bytes}, keyFile: p.path(name + ".key")}
	// Kept nil where crypto/x509 knows neither curve nor algorithm; nothing here needs it then.
	id.cert, _ = x509.ParseCertificate(b.Bytes)
	return id, os.Chmod(id.keyFile, 0o644)
}

// p12 returns the identity as a PKCS #12 file with the password "changeit", Java's habit.
func (p *pki) p12(t testing.TB, name string) string {
	t.Helper()
	id := p.id(t, name)
	p.kmu.Lock()
	defer p.kmu.Unlock()
	if _, err := os.Stat(id.p12File); err == nil {
		return id.p12File
	}
	args := []string{"pkcs12", "-export", "-in", id.leafFile, "-inkey", id.keyFile, "-passout", "pass:changeit", "-name", "site", "-out", id.p12File + ".new"}
	if len(id.chain) > 1 {
		args = append(args, "-certfile", id.restFile)
	}
	if _, err := openssl(p.dir, "", args...); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(id.p12File+".new", id.p12File); err != nil {
		t.Fatal(err)
	}
	return id.p12File
}

// The 1024-bit group of RFC 2409, Section 6.2, and the 2048-bit one of RFC 3526, Section 3, both with generator 2. Making
// safe primes of our own would take minutes.
var dhPrimes = map[string]string{
	"1024": "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD" +
		"EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED" +
		"EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE65381FFFFFFFFFFFFFFFF",
	"2048": "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD" +
		"EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED" +
		"EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F" +
		"83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B" +
		"E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510" +
		"15728E5A8AACAA68FFFFFFFFFFFFFFFF",
}

// dh returns a file of Diffie-Hellman parameters with that many bits.
func (p *pki) dh(t testing.TB, bits string) string {
	t.Helper()
	p.kmu.Lock()
	defer p.kmu.Unlock()
	f := p.path("dh" + bits + ".pem")
	if _, err := os.Stat(f); err == nil {
		return f
	}
	prime, ok := new(big.Int).SetString(dhPrimes[bits], 16)
	if !ok {
		t.Fatalf("no Diffie-Hellman group of %s bits", bits)
	}
	der, err := asn1.Marshal(struct{ P, G *big.Int }{prime, big.NewInt(2)})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(f, pem.EncodeToMemory(&pem.Block{Type: "DH PARAMETERS", Bytes: der}), 0o644); err != nil {
		t.Fatal(err)
	}
	return f
}

func (p *pki) url(file string) string { return fmt.Sprintf("http://127.0.0.1:%d/%s", p.webPort, file) }
func (p *pki) ocspURL() string        { return fmt.Sprintf("http://127.0.0.1:%d/", p.ocspPort) }

// serveWeb publishes what certificates point to: the issuing CA in DER and its CRL, with "revoked-crl" on it.
func (p *pki) serveWeb() error {
	issuing, err := p.get("ca/rsa-issuing")
	if err != nil {
		return err
	}
	revoked, err := p.get("revoked-crl")
	if err != nil {
		return err
	}
	crl, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{
		Number: serial(), ThisUpdate: time.Now().Add(-time.Hour), NextUpdate: time.Now().Add(7 * day),
		RevokedCertificateEntries: []x509.RevocationListEntry{{SerialNumber: revoked.cert.SerialNumber, RevocationTime: time.Now().Add(-2 * time.Hour), ReasonCode: 1}},
	}, issuing.cert, issuing.key)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/ca/rsa-issuing.der", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/pkix-cert")
		_, _ = w.Write(issuing.der)
	})
	mux.HandleFunc("/issuing.crl", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/pkix-crl")
		_, _ = w.Write(crl)
	})
	ln, err := listenOn(p.webPort)
	if err != nil {
		return err
	}
	go func() { _ = (&http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}).Serve(ln) }()
	return nil
}

// ocspIndex writes the database of "openssl ocsp" with one revoked certificate.
func (p *pki) ocspIndex(t testing.TB) string {
	t.Helper()
	c := p.id(t, "revoked-ocsp").cert
	line := fmt.Sprintf("R\t%s\t%s,keyCompromise\t%X\tunknown\t/CN=shop.example\n",
		c.NotAfter.UTC().Format("060102150405Z"), time.Now().Add(-3*time.Hour).UTC().Format("060102150405Z"), c.SerialNumber)
	if len(fmt.Sprintf("%X", c.SerialNumber))%2 == 1 { // the database wants whole octets
		line = strings.Replace(line, fmt.Sprintf("%X", c.SerialNumber), fmt.Sprintf("0%X", c.SerialNumber), 1)
	}
	f := filepath.Join(t.TempDir(), "index.txt")
	if err := os.WriteFile(f, []byte(line), 0o644); err != nil {
		t.Fatal(err)
	}
	return f
}
