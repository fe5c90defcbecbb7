package trust

import (
	"crypto"
	"crypto/dsa" // the oracle for DSA
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"math/big"
	"testing"

	"github.com/ProtonMail/go-crypto/bitcurves"
	"github.com/ProtonMail/go-crypto/brainpool"
	"github.com/cloudflare/circl/sign/ed448"
	"github.com/cloudflare/circl/sign/mldsa/mldsa65"
)

// rawRSA makes a key without crypto/rsa, which refuses small ones.
func rawRSA(t testing.TB, bits int, e int64) (*PublicKey, *big.Int) {
	t.Helper()
	for {
		p, err := rand.Prime(rand.Reader, bits/2)
		if err != nil {
			t.Fatal(err)
		}
		q, err := rand.Prime(rand.Reader, bits-bits/2)
		if err != nil {
			t.Fatal(err)
		}
		n := new(big.Int).Mul(p, q)
		one := big.NewInt(1)
		phi := new(big.Int).Mul(p.Sub(p, one), q.Sub(q, one))
		d := new(big.Int).ModInverse(big.NewInt(e), phi)
		if d == nil || n.BitLen() != bits {
			continue
		}
		return &PublicKey{Type: KeyRSA, Bits: bits, Modulus: n, Exponent: big.NewInt(e)}, d
	}
}

// rawPKCS1 signs with the bare exponentiation.
func rawPKCS1(k *PublicKey, d *big.Int, h crypto.Hash, msg []byte) []byte {
	sum, err := hashSum(h, msg)
	if err != nil {
		panic(err)
	}
	size := (k.Modulus.BitLen() + 7) / 8
	em := []byte{0, 1}
	for len(em) < size-1-len(digestInfo[h])-len(sum) {
		em = append(em, 0xff)
	}
	em = append(append(append(em, 0), digestInfo[h]...), sum...)
	s := new(big.Int).SetBytes(em)
	return s.Exp(s, d, k.Modulus).FillBytes(make([]byte, size))
}

func mustKey(t testing.TB, pub any) *PublicKey {
	t.Helper()
	spki, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		t.Fatal(err)
	}
	k, err := ParsePublicKey(spki)
	if err != nil {
		t.Fatal(err)
	}
	if len(k.Oddities) != 0 {
		t.Fatalf("oddities: %q", k.Oddities)
	}
	return k
}

// checkBothWays wants sig to verify, and no altered message, signature or key to.
func checkBothWays(t *testing.T, k *PublicKey, alg SigAlg, msg, sig []byte) {
	t.Helper()
	if err := k.Verify(alg, msg, sig); err != nil {
		t.Fatalf("good signature: %v", err)
	}
	if err := k.Verify(alg, append([]byte("x"), msg...), sig); !errors.Is(err, ErrBadSignature) {
		t.Errorf("altered message: %v", err)
	}
	for _, at := range []int{0, len(sig) / 2, len(sig) - 1} {
		bad := append([]byte(nil), sig...)
		bad[at] ^= 0x04
		if err := k.Verify(alg, msg, bad); !errors.Is(err, ErrBadSignature) {
			t.Errorf("signature altered at %d: %v", at, err)
		}
	}
	for _, bad := range [][]byte{nil, {}, sig[:len(sig)-1], append(append([]byte(nil), sig...), 0)} {
		if err := k.Verify(alg, msg, bad); !errors.Is(err, ErrBadSignature) {
			t.Errorf("signature of %d bytes: %v", len(bad), err)
		}
	}
}

func TestVerifyPKCS1SmallAndOddKeys(t *testing.T) {
	msg := []byte("ServerKeyExchange")
	for _, c := range []struct {
		bits int
		e    int64
		hash crypto.Hash
	}{
		{512, 3, crypto.MD5},
		{512, 65537, crypto.SHA1},
		{512, 65537, crypto.MD5SHA1},
		{768, 17, crypto.SHA256},
		{1000, 65537, crypto.SHA384},
		{1023, 1<<33 + 1, crypto.SHA512}, // exponents above 2^31 are refused by crypto/rsa
		{1024, 65537, crypto.SHA224},
	} {
		k, d := rawRSA(t, c.bits, c.e)
		checkBothWays(t, k, SigAlg{Scheme: PKCS1v15, Hash: c.hash}, msg, rawPKCS1(k, d, c.hash, msg))
	}
	k, d := rawRSA(t, 512, 65537)
	em := new(big.Int).Exp(big.NewInt(2), d, k.Modulus).FillBytes(make([]byte, 64))
	if err := k.Verify(SigAlg{Scheme: PKCS1v15, Hash: crypto.SHA512}, msg, em); !errors.Is(err, ErrBadSignature) {
		t.Errorf("SHA-512 does not fit 512 bits, got %v", err)
	}
}

func TestVerifyRSAAgainstStandardLibrary(t *testing.T) {
	msg := []byte("CertificateVerify")
	for _, bits := range []int{1024, 1025, 2047, 2048} { // 1025: the encoded message is a byte shorter
		priv, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			t.Fatal(err)
		}
		k := mustKey(t, priv.Public())
		if k.Type != KeyRSA || k.Bits != bits || k.Exponent.Int64() != 65537 {
			t.Fatalf("key read as %s %d %v", k.Type, k.Bits, k.Exponent)
		}
		for _, h := range []crypto.Hash{crypto.SHA1, crypto.SHA256, crypto.SHA384, crypto.SHA512} {
			sum, _ := hashSum(h, msg)
			sig, err := rsa.SignPKCS1v15(rand.Reader, priv, h, sum)
			if err != nil {
				t.Fatal(err)
			}
			checkBothWays(t, k, SigAlg{Scheme: PKCS1v15, Hash: h}, msg, sig)
			if h == crypto.SHA512 && bits < 1100 {
				continue
			}
			for _, salt := range []int{rsa.PSSSaltLengthEqualsHash, rsa.PSSSaltLengthAuto, 11} {
				sig, err := rsa.SignPSS(rand.Reader, priv, h, sum, &rsa.PSSOptions{SaltLength: salt})
				if err != nil {
					t.Fatal(err)
				}
				checkBothWays(t, k, SigAlg{Scheme: PSS, Hash: h, SaltLength: SaltAny}, msg, sig)
				err = k.Verify(SigAlg{Scheme: PSS, Hash: h, SaltLength: h.Size()}, msg, sig)
				if ok := salt == rsa.PSSSaltLengthEqualsHash; ok != (err == nil) {
					t.Errorf("%d bits, salt %d, fixed length wanted: %v", bits, salt, err)
				}
			}
		}
	}
}

func TestVerifyECDSA(t *testing.T) {
	msg := []byte("hello")
	for _, curve := range []elliptic.Curve{
		elliptic.P224(), elliptic.P256(), elliptic.P384(), elliptic.P521(),
		brainpool.P256r1(), brainpool.P384r1(), brainpool.P512r1(), brainpool.P256t1(), bitcurves.S256(),
	} {
		var name string
		var oid asn1.ObjectIdentifier
		for _, c := range curves {
			if c.curve != nil && c.curve() == curve {
				name = c.name
				oid = parseOID(t, c.oid)
			}
		}
		t.Run(name, func(t *testing.T) {
			n := curve.Params().N
			d, _ := rand.Int(rand.Reader, n)
			x, y := curve.ScalarBaseMult(d.Bytes())
			size := (curve.Params().BitSize + 7) / 8
			point := append([]byte{4}, x.FillBytes(make([]byte, size))...)
			point = append(point, y.FillBytes(make([]byte, size))...)
			k := ecKey(t, oid, point)
			if k.Type != KeyECDSA || k.Curve != name || k.x == nil {
				t.Fatalf("key read as %s %s, oddities %q", k.Type, k.Curve, k.Oddities)
			}
			for _, h := range []crypto.Hash{crypto.SHA1, crypto.SHA256, crypto.SHA512} {
				checkBothWays(t, k, SigAlg{Scheme: ECDSA, Hash: h}, msg, signECDSA(t, curve, d, h, msg))
			}
			point[len(point)-1] ^= 1
			if bad := ecKey(t, oid, point); len(bad.Oddities) == 0 || bad.x != nil {
				t.Error("a point off the curve was taken")
			}
		})
	}
}

// signECDSA signs over any curve, as SEC 1, Section 4.1.3.
func signECDSA(t testing.TB, curve elliptic.Curve, d *big.Int, h crypto.Hash, msg []byte) []byte {
	n := curve.Params().N
	sum, err := hashSum(h, msg)
	if err != nil {
		t.Fatal(err)
	}
	e := new(big.Int).SetBytes(sum)
	if ex := len(sum)*8 - n.BitLen(); ex > 0 {
		e.Rsh(e, uint(ex))
	}
	for {
		k, _ := rand.Int(rand.Reader, n)
		if k.Sign() == 0 {
			continue
		}
		r, _ := curve.ScalarBaseMult(k.Bytes())
		r.Mod(r, n)
		s := new(big.Int).Mul(r, d)
		s.Add(s, e).Mul(s, k.ModInverse(k, n)).Mod(s, n)
		if r.Sign() == 0 || s.Sign() == 0 {
			continue
		}
		sig, err := asn1.Marshal(struct{ R, S *big.Int }{r, s})
		if err != nil {
			t.Fatal(err)
		}
		return sig
	}
}

func parseOID(t testing.TB, s string) asn1.ObjectIdentifier {
	t.Helper()
	o, err := x509.ParseOID(s)
	if err != nil {
		t.Fatal(err)
	}
	der, err := o.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	var out asn1.ObjectIdentifier
	if _, err := asn1.Unmarshal(append([]byte{6, byte(len(der))}, der...), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func ecKey(t testing.TB, curve asn1.ObjectIdentifier, point []byte) *PublicKey {
	t.Helper()
	spki, err := asn1.Marshal(struct {
		Alg struct{ A, P asn1.ObjectIdentifier }
		Key asn1.BitString
	}{
		struct{ A, P asn1.ObjectIdentifier }{asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}, curve},
		asn1.BitString{Bytes: point, BitLength: len(point) * 8},
	})
	if err != nil {
		t.Fatal(err)
	}
	k, err := ParsePublicKey(spki)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestVerifyEdDSAAndMLDSA(t *testing.T) {
	msg := []byte("hello")
	pub, priv, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	checkBothWays(t, mustKey(t, pub), SigAlg{Scheme: EdDSA}, msg, ed25519.Sign(priv, msg))

	pub4, priv4, err := ed448.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	k4 := &PublicKey{Type: KeyEd448, point: pub4}
	checkBothWays(t, k4, SigAlg{Scheme: EdDSA}, msg, ed448.Sign(priv4, msg, ""))

	pubM, privM, err := mldsa65.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sig := make([]byte, mldsa65.SignatureSize)
	if err := mldsa65.SignTo(privM, msg, nil, false, sig); err != nil {
		t.Fatal(err)
	}
	checkBothWays(t, &PublicKey{Type: KeyMLDSA65, point: pubM.Bytes()}, SigAlg{Scheme: MLDSA}, msg, sig)
}

func TestVerifyDSA(t *testing.T) {
	var priv dsa.PrivateKey
	if err := dsa.GenerateParameters(&priv.Parameters, rand.Reader, dsa.L1024N160); err != nil {
		t.Fatal(err)
	}
	if err := dsa.GenerateKey(&priv, rand.Reader); err != nil {
		t.Fatal(err)
	}
	msg := []byte("hello")
	sum := sha256.Sum256(msg)
	r, s, err := dsa.Sign(rand.Reader, &priv, sum[:20])
	if err != nil {
		t.Fatal(err)
	}
	sig, _ := asn1.Marshal(struct{ R, S *big.Int }{r, s})
	k := &PublicKey{Type: KeyDSA, DSAParams: &priv.Parameters, dsaY: priv.Y}
	checkBothWays(t, k, SigAlg{Scheme: DSA, Hash: crypto.SHA256}, msg, sig)
}

func TestVerifyRefusesWithoutComputing(t *testing.T) {
	big1 := new(big.Int).Lsh(big.NewInt(1), maxModulusBits+8)
	huge := &PublicKey{Type: KeyRSA, Modulus: new(big.Int).Add(big1, big.NewInt(1)), Exponent: big.NewInt(3)}
	slow := &PublicKey{Type: KeyRSA, Modulus: new(big.Int).Add(new(big.Int).Lsh(big.NewInt(1), 8000), big.NewInt(1)), Exponent: new(big.Int).Lsh(big.NewInt(3), 7000)}
	pss := SigAlg{Scheme: PSS, Hash: crypto.SHA256, SaltLength: 32}
	for _, c := range []struct {
		name string
		key  *PublicKey
		alg  SigAlg
		want error
	}{
		{"modulus of more than 16384 bits", huge, pss, ErrUnsupported},
		{"exponent of 7000 bits", slow, SigAlg{Scheme: PKCS1v15, Hash: crypto.SHA256}, ErrUnsupported},
		{"even modulus", &PublicKey{Type: KeyRSA, Modulus: big.NewInt(1 << 40), Exponent: big.NewInt(3)}, pss, ErrUnsupported},
		{"empty RSA key", &PublicKey{Type: KeyRSA}, pss, ErrUnsupported},
		{"no key", nil, pss, ErrUnsupported},
		{"MD4", &PublicKey{Type: KeyRSA}, SigAlg{Scheme: PKCS1v15, Hash: crypto.MD4}, ErrUnsupported},
		{"unknown scheme", &PublicKey{Type: KeyRSA}, SigAlg{}, ErrUnsupported},
		{"ECDSA by RSA key", &PublicKey{Type: KeyRSA}, SigAlg{Scheme: ECDSA, Hash: crypto.SHA256}, ErrKeyMismatch},
		{"PKCS #1 v1.5 by rsa-pss key", &PublicKey{Type: KeyRSAPSS}, SigAlg{Scheme: PKCS1v15, Hash: crypto.SHA256}, ErrKeyMismatch},
		{"unknown key", &PublicKey{Type: KeyUnknown, AlgorithmOID: "1.2.3"}, pss, ErrUnsupported},
		{"curve without code", &PublicKey{Type: KeyECDSA, Curve: "sect571r1"}, SigAlg{Scheme: ECDSA, Hash: crypto.SHA256}, ErrUnsupported},
		{"DSA without parameters", &PublicKey{Type: KeyDSA, dsaY: big.NewInt(1)}, SigAlg{Scheme: DSA, Hash: crypto.SHA1}, ErrUnsupported},
	} {
		if err := c.key.Verify(c.alg, []byte("m"), []byte("s")); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestSigAlgFromTLS(t *testing.T) {
	for code, want := range map[uint16]SigAlg{
		0x0101: {Scheme: PKCS1v15, Hash: crypto.MD5},
		0x0201: {Scheme: PKCS1v15, Hash: crypto.SHA1},
		0x0202: {Scheme: DSA, Hash: crypto.SHA1},
		0x0403: {Scheme: ECDSA, Hash: crypto.SHA256},
		0x0601: {Scheme: PKCS1v15, Hash: crypto.SHA512},
		0x0804: {Scheme: PSS, Hash: crypto.SHA256, SaltLength: 32},
		0x080b: {Scheme: PSS, Hash: crypto.SHA512, SaltLength: 64},
		0x0807: {Scheme: EdDSA},
		0x0808: {Scheme: EdDSA},
		0x081a: {Scheme: ECDSA, Hash: crypto.SHA256},
	} {
		if got, ok := SigAlgFromTLS(code); !ok || got != want {
			t.Errorf("%#04x: %+v %v", code, got, ok)
		}
	}
	for _, code := range []uint16{0, 0x0100, 0x0104, 0x0701, 0x0a0a, 0xeeee, 0xff03} {
		if got, ok := SigAlgFromTLS(code); ok {
			t.Errorf("%#04x: %+v", code, got)
		}
	}
}
