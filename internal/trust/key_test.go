package trust

import (
	"crypto"
	"crypto/elliptic"
	"crypto/x509"
	"errors"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
)

func spki(alg []byte, key []byte) []byte {
	return tlv(tagSequence, alg, tlv(tagBitString, []byte{0}, key))
}

func algorithm(t testing.TB, oid string, params ...[]byte) []byte {
	t.Helper()
	o, err := x509.ParseOID(oid)
	if err != nil {
		t.Fatal(err)
	}
	return tlv(tagSequence, append([][]byte{tlv(tagOID, must(o.MarshalBinary()))}, params...)...)
}

func TestOddKeys(t *testing.T) {
	rsaAlg := algorithm(t, "1.2.840.113549.1.1.1", []byte{5, 0})
	p256 := algorithm(t, "1.2.840.10045.2.1", tlv(tagOID, []byte{0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7}))
	g := elliptic.P256().Params()
	compressed := append([]byte{2 | byte(g.Gy.Bit(0))}, g.Gx.FillBytes(make([]byte, 32))...)
	modulus := tlv(tagInteger, append([]byte{0}, slices.Repeat([]byte{0xff}, 128)...))
	for _, c := range []struct {
		name string
		spki []byte
		want string // Describe
		typ  KeyType
		says string // in Oddities
	}{
		{"RSA", spki(rsaAlg, tlv(tagSequence, modulus, tlv(tagInteger, []byte{3}))), "RSA 1024", KeyRSA, ""},
		{"RSA with negative modulus", spki(rsaAlg, tlv(tagSequence, tlv(tagInteger, slices.Repeat([]byte{0xfe}, 128)), tlv(tagInteger, []byte{3}))), "RSA 1024", KeyRSA, "modulus is negative"},
		{"RSA with exponent 1", spki(rsaAlg, tlv(tagSequence, modulus, tlv(tagInteger, []byte{1}))), "RSA 1024", KeyRSA, "exponent 1"},
		{"RSA with even exponent", spki(rsaAlg, tlv(tagSequence, modulus, tlv(tagInteger, []byte{4}))), "RSA 1024", KeyRSA, "exponent 4"},
		{"RSA without exponent", spki(rsaAlg, tlv(tagSequence, modulus)), "RSA 0", KeyRSA, "lacks modulus or exponent"},
		{"RSA key that is text", spki(rsaAlg, []byte("hello")), "RSA 0", KeyRSA, "not a SEQUENCE"},
		{"compressed point", spki(p256, compressed), "ECDSA P-256", KeyECDSA, ""},
		{"point of wrong length", spki(p256, compressed[:20]), "ECDSA P-256", KeyECDSA, "no point of P-256"},
		{"point at infinity", spki(p256, []byte{0}), "ECDSA P-256", KeyECDSA, "no point of P-256"},
		{"no point", spki(p256, nil), "ECDSA P-256", KeyECDSA, "no point of P-256"},
		{"no curve", spki(algorithm(t, "1.2.840.10045.2.1"), compressed), "ECDSA", KeyECDSA, "without curve"},
		{"unknown curve", spki(algorithm(t, "1.2.840.10045.2.1", tlv(tagOID, []byte{0x2a, 3, 4})), compressed), "ECDSA 1.2.3.4", KeyECDSA, ""},
		{"SM2", spki(algorithm(t, "1.2.840.10045.2.1", tlv(tagOID, []byte{0x2a, 0x81, 0x1c, 0xcf, 0x55, 1, 0x82, 0x2d})), compressed), "ECDSA sm2p256v1", KeySM2, ""},
		{"Ed25519 of 31 bytes", spki(algorithm(t, "1.3.101.112"), make([]byte, 31)), "Ed25519", KeyEd25519, "31 bytes instead of 32"},
		{"X25519", spki(algorithm(t, "1.3.101.110"), make([]byte, 32)), "X25519", KeyX25519, ""},
		{"X448", spki(algorithm(t, "1.3.101.111"), make([]byte, 56)), "X448", KeyX448, ""},
		{"GOST", spki(algorithm(t, "1.2.643.7.1.1.1.2"), make([]byte, 66)), "GOST", KeyGOST, ""},
		{"ML-DSA-44", spki(algorithm(t, "2.16.840.1.101.3.4.3.17"), make([]byte, 1312)), "ML-DSA-44", KeyMLDSA44, ""},
		{"ML-DSA-87", spki(algorithm(t, "2.16.840.1.101.3.4.3.19"), make([]byte, 1)), "ML-DSA-87", KeyMLDSA87, "1 bytes instead of 2592"},
		{"SLH-DSA", spki(algorithm(t, "2.16.840.1.101.3.4.3.20"), make([]byte, 32)), "SLH-DSA", KeySLHDSA, ""},
		{"DSA with inherited parameters", spki(algorithm(t, "1.2.840.10040.4.1"), tlv(tagInteger, []byte{9})), "DSA 0", KeyDSA, ""},
		{"Diffie-Hellman", spki(algorithm(t, "1.2.840.113549.1.3.1", tlv(tagSequence, modulus, tlv(tagInteger, []byte{2}))), tlv(tagInteger, []byte{9})), "DH 1024", KeyDH, ""},
		{"unknown algorithm", unknownKey, "unknown (1.2.3.4)", KeyUnknown, ""},
	} {
		k, err := ParsePublicKey(c.spki)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		odd := strings.Join(k.Oddities, "; ")
		if k.Type != c.typ || k.Describe() != c.want || c.says == "" && odd != "" || !strings.Contains(odd, c.says) {
			t.Errorf("%s: %s %q, oddities %q", c.name, k.Type, k.Describe(), k.Oddities)
		}
		for _, alg := range []SigAlg{{Scheme: PKCS1v15, Hash: crypto.SHA256}, {Scheme: PSS, Hash: crypto.SHA256}, {Scheme: ECDSA, Hash: crypto.SHA256}, {Scheme: EdDSA}, {Scheme: DSA, Hash: crypto.SHA1}, {Scheme: MLDSA}} {
			if k.Verify(alg, []byte("m"), make([]byte, 128)) == nil {
				t.Errorf("%s: verifies zeros with %s", c.name, alg.Scheme)
			}
		}
	}
	if _, err := ParsePublicKey([]byte{5, 0}); err == nil {
		t.Error("NULL is no key")
	}
}

// TestExplicitCurveWithForeignGenerator is CVE-2020-0601: a known curve with a
// generator of the attacker's choice must not pass for the known curve.
func TestExplicitCurveWithForeignGenerator(t *testing.T) {
	p := elliptic.P256().Params()
	num := func(n *big.Int) []byte { return tlv(tagInteger, append([]byte{0}, n.Bytes()...)) }
	key := append(append([]byte{4}, p.Gx.FillBytes(make([]byte, 32))...), p.Gy.FillBytes(make([]byte, 32))...)
	for _, c := range []struct {
		scalar byte
		want   string
	}{{1, "P-256"}, {2, "explicit"}} {
		x, y := elliptic.P256().ScalarBaseMult([]byte{c.scalar}) // builds the attack
		g := append(append([]byte{4}, x.FillBytes(make([]byte, 32))...), y.FillBytes(make([]byte, 32))...)
		params := tlv(
			tagSequence, tlv(tagInteger, []byte{1}),
			tlv(tagSequence, tlv(tagOID, []byte{0x2a, 0x86, 0x48, 0xce, 0x3d, 1, 1}), num(p.P)),
			tlv(tagSequence, tlv(tagOctetString, []byte{1}), tlv(tagOctetString, p.B.Bytes())),
			tlv(tagOctetString, g), num(p.N), tlv(tagInteger, []byte{1}),
		)
		k, err := ParsePublicKey(spki(algorithm(t, "1.2.840.10045.2.1", params), key))
		if err != nil || k.Curve != c.want {
			t.Errorf("generator times %d: %s %v", c.scalar, k.Curve, err)
		}
	}
}

func TestLegacySigAlg(t *testing.T) {
	for typ, want := range map[KeyType]SigAlg{
		KeyRSA: {Scheme: PKCS1v15, Hash: crypto.MD5SHA1}, KeyECDSA: {Scheme: ECDSA, Hash: crypto.SHA1}, KeyDSA: {Scheme: DSA, Hash: crypto.SHA1},
	} {
		if got, ok := LegacySigAlg(typ); !ok || got != want {
			t.Errorf("%s: %+v", typ, got)
		}
	}
	if _, ok := LegacySigAlg(KeyEd25519); ok {
		t.Error("Ed25519 needs TLS 1.2")
	}
}

func TestSignatureAlgorithms(t *testing.T) {
	read := func(der []byte) (SignatureAlgorithm, []string) {
		odd := &oddities{}
		e, _ := newDER(der, odd).sequence()
		return parseSignatureAlgorithm(e), odd.list
	}
	if a, _ := read(algorithm(t, "1.2.840.113549.1.1.2", []byte{5, 0})); a.HashName != "MD2" || a.Scheme != SchemeUnknown {
		t.Errorf("%+v", a)
	}
	if a, odd := read(algorithm(t, "1.2.840.113549.1.1.11")); a.HashName != "SHA-256" || len(odd) != 1 {
		t.Errorf("%+v %q", a, odd)
	}
	if a, _ := read(algorithm(t, "1.2.840.113549.1.1.10")); a.SigAlg != pssDefaults || a.HashName != "SHA-1" {
		t.Errorf("%+v", a)
	}
	if a, _ := read(algorithm(t, "1.2.3")); a.Name != "1.2.3" {
		t.Errorf("%+v", a)
	}
	unknownHash := tlv(tagSequence, tlv(0xa0, algorithm(t, "1.2.3")))
	if a, _ := read(algorithm(t, "1.2.840.113549.1.1.10", unknownHash)); a.Hash != 0 {
		t.Errorf("%+v", a)
	}
	k := &PublicKey{Type: KeyRSA, Modulus: big.NewInt(15), Exponent: big.NewInt(3)}
	if err := k.Verify(SigAlg{Scheme: PSS}, nil, nil); !errors.Is(err, ErrUnsupported) {
		t.Errorf("PSS with an unknown hash: %v", err)
	}
}

func TestKeyUses(t *testing.T) {
	all := []KeyUse{KeyUseUnknown, KeyUseSignature, KeyUseEncipherment, KeyUseAgreement}
	for ku, want := range map[KeyUsage][]bool{
		UsageDigitalSignature: {true, true, false, false},
		UsageKeyEncipherment:  {true, false, true, false},
		UsageKeyAgreement:     {true, false, false, true},
		UsageCertSign:         {false, false, false, false},
	} {
		for i, use := range all {
			if ok, need := use.allows(ku); ok != want[i] || need == "" {
				t.Errorf("%s for use %d: %v", ku, use, ok)
			}
		}
	}
}

func TestWaive(t *testing.T) {
	p := newPKI()
	in := p.input(issue(spec{names: []string{"other.example"}}, p.inter), p.inter)
	in.Policy.Waive = []cause.ID{cause.HostnameMismatch}
	r := Verify(in)
	if !r.OK || !r.Has(cause.HostnameMismatch) || r.Has(cause.Expired) {
		t.Errorf("%s, defects %v", r.Verdict(), r.Defects)
	}
}

// TestMozillaConstraintOfAnotherKind: should the bundle ever bring a rule that
// is no date, it is asked as it is.
func TestMozillaConstraintOfAnotherKind(t *testing.T) {
	p := newPKI()
	rule := func(chain []*x509.Certificate) error {
		if chain[0].Subject.CommonName == "good.example" {
			return errors.New("not for good.example")
		}
		return nil
	}
	if d := distrustDate(rule); !d.IsZero() {
		t.Errorf("date %v", d)
	}
	s := &Store{Name: "s"}
	s.add(&entry{der: p.root.Raw, constraint: wrapConstraint(rule)})
	in := p.input(issue(spec{sctCount: 3}, p.inter), p.inter)
	in.Roots, in.Policy = s, Modern()
	r := Verify(in)
	if root, _ := r.Root(); root.Cause != cause.UntrustedRoot || !strings.Contains(root.Detail, "not for good.example") {
		t.Errorf("%s", r.Verdict())
	}
}

func TestSpans(t *testing.T) {
	for d, want := range map[time.Duration]string{
		time.Second: "1 second", 30 * time.Second: "30 seconds", 90 * time.Minute: "1 hour", 47 * time.Hour: "47 hours",
		48 * time.Hour: "2 days", 800 * day: "800 days", 4 * 365 * day: "4 years", -3 * day: "3 days", 5 * time.Minute: "5 minutes",
	} {
		if got := span(d); got != want {
			t.Errorf("%v: %s", d, got)
		}
	}
}

func TestParseName(t *testing.T) {
	n, err := ParseName(someName)
	if err != nil || n.String() != "CN=good.example" {
		t.Errorf("%s %v", n, err)
	}
	if _, err := ParseName([]byte{1}); err == nil {
		t.Error("no name")
	}
}
