package trust

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestForeignKeys verifies chains that openssl made and crypto/x509 cannot read
// or refuses to check. testdata/openssl/make.sh makes them.
func TestForeignKeys(t *testing.T) {
	for _, c := range []struct {
		file, key, signature string
		typ                  KeyType
		unchecked            bool
		oddities             int
	}{
		{"brainpoolP256r1", "ECDSA brainpoolP256r1", "ecdsa-with-SHA256", KeyECDSA, false, 0},
		{"brainpoolP384r1", "ECDSA brainpoolP384r1", "ecdsa-with-SHA384", KeyECDSA, false, 0},
		{"brainpoolP512r1", "ECDSA brainpoolP512r1", "ecdsa-with-SHA512", KeyECDSA, false, 0},
		{"brainpoolP256t1", "ECDSA brainpoolP256t1", "ecdsa-with-SHA256", KeyECDSA, false, 0},
		{"secp256k1", "ECDSA secp256k1", "ecdsa-with-SHA256", KeyECDSA, false, 0},
		{"secp224r1", "ECDSA P-224", "ecdsa-with-SHA224", KeyECDSA, false, 0},
		{"prime192v1", "ECDSA P-192", "ecdsa-with-SHA256", KeyECDSA, true, 0},
		{"sect283k1", "ECDSA sect283k1", "ecdsa-with-SHA256", KeyECDSA, true, 0},
		{"explicit", "ECDSA P-256", "ecdsa-with-SHA256", KeyECDSA, false, 1},
		{"ed448", "Ed448", "Ed448", KeyEd448, false, 0},
		{"ed25519", "Ed25519", "Ed25519", KeyEd25519, false, 0},
		{"rsa-pss-key", "RSA-PSS 2048", "RSASSA-PSS", KeyRSAPSS, false, 0},
		{"rsa-pss-restricted", "RSA-PSS 2048", "RSASSA-PSS", KeyRSAPSS, false, 0},
		{"rsa-pss-signature", "RSA 2048", "RSASSA-PSS", KeyRSA, false, 0},
		{"rsa-512-md5", "RSA 512", "md5WithRSAEncryption", KeyRSA, false, 0},
		{"rsa-exponent-3", "RSA 2048", "sha256WithRSAEncryption", KeyRSA, false, 0},
		{"rsa-exponent-wide", "RSA 2048", "sha256WithRSAEncryption", KeyRSA, false, 0},
		{"dsa", "DSA 2048", "dsa-with-sha256", KeyDSA, false, 0},
	} {
		t.Run(c.file, func(t *testing.T) {
			certs := readPEM(t, filepath.Join("testdata", "openssl", c.file+".pem"))
			leaf, ca := certs[0], certs[1]
			if len(leaf.Oddities) != c.oddities {
				t.Errorf("oddities %q", leaf.Oddities)
			}
			if got := leaf.Key.Describe(); got != c.key || leaf.Key.Type != c.typ {
				t.Errorf("key %s (%s)", got, leaf.Key.Type)
			}
			if leaf.SignatureAlgorithm.Name != c.signature {
				t.Errorf("signature %s", leaf.SignatureAlgorithm.Name)
			}
			if !ca.SelfSigned() {
				t.Error("the CA is self-signed")
			}
			in := Input{Chain: certs, Roots: NewStore("", "", ca), Name: "192.0.2.1", At: leaf.NotBefore.Add(time.Hour), Policy: Policy{Trust: true, Time: true, Name: true, ServerEKU: true, CARules: true}}
			r := Verify(in)
			if !r.OK || r.Best.Unchecked != c.unchecked {
				t.Errorf("%s, unchecked %v", r.Verdict(), r.Best.Unchecked)
			}
			if c.unchecked {
				return
			}
			// An altered certificate does not belong to the CA any more.
			raw := []byte(strings.Replace(string(leaf.Raw), "good.example", "evil.example", 1))
			bad, err := ParseCertificate(raw)
			if err != nil {
				t.Fatal(err)
			}
			if err := bad.CheckSignatureFrom(ca); err == nil {
				t.Error("altered certificate verifies")
			}
			in.Chain = []*Certificate{bad, ca}
			if r := Verify(in); r.OK {
				t.Error("altered certificate accepted")
			}
		})
	}
}

func readPEM(t testing.TB, path string) []*Certificate {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	certs, err := ParsePEM(b)
	if err != nil {
		t.Fatal(err)
	}
	return certs
}

func TestPSSParametersOfKeyAndSignature(t *testing.T) {
	leaf := readPEM(t, "testdata/openssl/rsa-pss-restricted.pem")[0]
	a := leaf.SignatureAlgorithm
	if a.HashName != "SHA-384" || a.SaltLength != 48 || hashName(a.MGFHash) != "SHA-384" {
		t.Errorf("signature: %+v", a)
	}
	if p := leaf.Key.PSS; p == nil || hashName(p.Hash) != "SHA-384" || p.SaltLength != 48 {
		t.Errorf("key: %+v", p)
	}
	if p := readPEM(t, "testdata/openssl/rsa-pss-key.pem")[0].Key.PSS; p != nil {
		t.Errorf("a key without parameters restricts nothing, got %+v", p)
	}
}
