package trust

import (
	"bytes"
	"crypto/dsa" // read from old certificates, never made
	"crypto/elliptic"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"filippo.io/nistec"
)

// KeyType names the algorithm of a public key.
type KeyType string

// Key types that the parser tells apart.
const (
	KeyUnknown KeyType = "unknown"
	KeyRSA     KeyType = "rsa"
	KeyRSAPSS  KeyType = "rsa-pss" // id-RSASSA-PSS: may only sign with PSS (RFC 4055, Section 1.2)
	KeyECDSA   KeyType = "ecdsa"
	KeyEd25519 KeyType = "ed25519"
	KeyEd448   KeyType = "ed448"
	KeyX25519  KeyType = "x25519"
	KeyX448    KeyType = "x448"
	KeyDSA     KeyType = "dsa"
	KeyDH      KeyType = "dh"
	KeyGOST    KeyType = "gost"
	KeySM2     KeyType = "sm2"
	KeyMLDSA44 KeyType = "ml-dsa-44"
	KeyMLDSA65 KeyType = "ml-dsa-65"
	KeyMLDSA87 KeyType = "ml-dsa-87"
	KeySLHDSA  KeyType = "slh-dsa"
)

// PublicKey is the key of a certificate, as far as it could be read.
type PublicKey struct {
	Type KeyType
	// AlgorithmOID is the dotted OID of SubjectPublicKeyInfo.algorithm.
	AlgorithmOID string
	// Bits is the modulus' size for RSA, DSA and DH, the field's size for
	// curves; 0 if unknown.
	Bits int
	// Curve is the usual name of the curve ("P-256", "brainpoolP256r1",
	// "secp256k1"), or its dotted OID where we have no name.
	Curve string
	// Modulus and Exponent are set for RSA keys.
	Modulus, Exponent *big.Int
	// PSS holds the restrictions of an rsa-pss key; nil if there are none.
	PSS *SigAlg
	// DSAParams is set for DSA keys that carry their parameters; a key may
	// inherit them from its issuer (RFC 3279, Section 2.3.2).
	DSAParams *dsa.Parameters
	// SPKI is the SubjectPublicKeyInfo in DER.
	SPKI []byte
	// Oddities lists what a strict reader would refuse.
	Oddities []string

	x, y  *big.Int          // ECDSA
	p256  *nistec.P256Point // (x, y) of P-256
	comb  *p256Comb         // of (x, y), where there is one
	dsaY  *big.Int
	point []byte // the bare subjectPublicKey bits
}

var errSPKI = errors.New("SubjectPublicKeyInfo is not a SEQUENCE of algorithm and BIT STRING")

// keyOIDs maps SubjectPublicKeyInfo algorithms.
var keyOIDs = map[string]KeyType{
	"1.2.840.113549.1.1.1":    KeyRSA,
	"1.2.840.113549.1.1.7":    KeyRSA, // id-RSAES-OAEP
	"2.5.8.1.1":               KeyRSA, // id-ea-rsa, X.509 of 1988
	"1.2.840.113549.1.1.10":   KeyRSAPSS,
	"1.2.840.10045.2.1":       KeyECDSA,
	"1.3.132.1.12":            KeyECDSA, // id-ecDH
	"1.3.101.110":             KeyX25519,
	"1.3.101.111":             KeyX448,
	"1.3.101.112":             KeyEd25519,
	"1.3.101.113":             KeyEd448,
	"1.2.840.10040.4.1":       KeyDSA,
	"1.2.840.113549.1.3.1":    KeyDH,
	"1.2.840.10046.2.1":       KeyDH,
	"1.2.643.2.2.19":          KeyGOST, // GOST R 34.10-2001
	"1.2.643.7.1.1.1.1":       KeyGOST, // GOST R 34.10-2012, 256 bits
	"1.2.643.7.1.1.1.2":       KeyGOST,
	"2.16.840.1.101.3.4.3.17": KeyMLDSA44,
	"2.16.840.1.101.3.4.3.18": KeyMLDSA65,
	"2.16.840.1.101.3.4.3.19": KeyMLDSA87,
}

// ParsePublicKey reads a DER SubjectPublicKeyInfo (RFC 5280, Section 4.1.2.7).
// An unknown algorithm, curve or malformed key inside it is no error.
func ParsePublicKey(spki []byte) (*PublicKey, error) {
	odd := &oddities{}
	d := newDER(spki, odd)
	seq, ok := d.sequence()
	if !ok {
		return nil, errSPKI
	}
	in := seq.inner()
	alg, ok1 := in.sequence()
	bits, ok2 := in.take(tagBitString)
	if !ok1 || !ok2 {
		return nil, errSPKI
	}
	k := &PublicKey{Type: KeyUnknown, SPKI: seq.full}
	defer func() { k.Oddities = odd.list }()
	ai := alg.inner()
	k.AlgorithmOID, _ = ai.oid()
	key, unused, ok := bits.bits()
	if !ok || unused != 0 {
		odd.add("public key BIT STRING is malformed")
	}
	k.point = key
	if t, ok := keyOIDs[k.AlgorithmOID]; ok {
		k.Type = t
	} else if n, ok := strings.CutPrefix(k.AlgorithmOID, "2.16.840.1.101.3.4.3."); ok && len(n) == 2 && n >= "20" && n <= "31" {
		k.Type = KeySLHDSA
	}
	switch k.Type {
	case KeyRSA, KeyRSAPSS:
		k.readRSA(ai, odd)
	case KeyECDSA:
		k.readEC(ai, odd)
	case KeyDSA:
		k.readDSA(ai, odd)
	case KeyDH:
		if p, ok := ai.sequence(); ok {
			if n, ok := p.inner().integer(); ok {
				k.Bits = n.BitLen()
			}
		}
	case KeyEd25519, KeyX25519:
		k.Bits = 256
		k.expectLength(32, odd)
	case KeyEd448:
		k.Bits = 456
		k.expectLength(57, odd)
	case KeyX448:
		k.Bits = 448
		k.expectLength(56, odd)
	case KeyGOST:
		k.Bits = 256
		if k.AlgorithmOID == "1.2.643.7.1.1.1.2" {
			k.Bits = 512
		}
	case KeyMLDSA44:
		k.expectLength(1312, odd)
	case KeyMLDSA65:
		k.expectLength(1952, odd)
	case KeyMLDSA87:
		k.expectLength(2592, odd)
	}
	return k, nil
}

// CertificateKey is the Key of ParseCertificate(der), found without reading the
// rest: all that a handshake needs.
func CertificateKey(der []byte) (*PublicKey, error) {
	in, ok := afterSerial(der)
	if !ok {
		return nil, fmt.Errorf("reading certificate: %w", errOuter)
	}
	for range 4 { // signature, issuer, validity, subject
		if _, ok := in.sequence(); !ok {
			return nil, fmt.Errorf("reading certificate: %w", errOuter)
		}
	}
	spki, ok := in.sequence()
	if !ok {
		return nil, fmt.Errorf("reading certificate: %w", errSPKI)
	}
	key, err := ParsePublicKey(spki.full)
	if err != nil {
		key = &PublicKey{Type: KeyUnknown, SPKI: spki.full}
	}
	return key, nil
}

func (k *PublicKey) expectLength(n int, odd *oddities) {
	if len(k.point) != n {
		odd.add("%s key of %d bytes instead of %d", k.Type, len(k.point), n)
	}
}

// readRSA reads RSAPublicKey (RFC 8017, Appendix A.1.1).
func (k *PublicKey) readRSA(params *der, odd *oddities) {
	seq, ok := newDER(k.point, odd).sequence()
	if !ok {
		odd.add("RSA key is not a SEQUENCE")
		return
	}
	in := seq.inner()
	modulus, ok1 := in.take(tagInteger)
	e, ok2 := in.integer()
	n, ok3 := modulus.integer()
	if !ok1 || !ok2 || !ok3 {
		odd.add("RSA key lacks modulus or exponent")
		return
	}
	if n.Sign() < 0 {
		// Some encoders forget the leading zero; OpenSSL before 1.1 read the
		// modulus as positive nonetheless.
		odd.add("RSA modulus is negative")
		n.SetBytes(modulus.body)
	}
	if e.Sign() <= 0 || e.Bit(0) == 0 || e.Cmp(big.NewInt(1)) == 0 {
		odd.add("RSA exponent %s", shortInt(e))
	}
	k.Modulus, k.Exponent, k.Bits = n, e, n.BitLen()
	if k.Type == KeyRSAPSS && !params.empty() {
		if p, ok := params.sequence(); ok {
			alg := parsePSSParams(p)
			k.PSS = &alg
		}
	}
}

// readDSA reads Dss-Parms and DSAPublicKey (RFC 3279, Section 2.3.2).
func (k *PublicKey) readDSA(params *der, odd *oddities) {
	y, ok := newDER(k.point, odd).integer()
	if !ok {
		odd.add("DSA key is not an INTEGER")
		return
	}
	k.dsaY = y
	seq, ok := params.sequence()
	if !ok {
		return
	}
	in := seq.inner()
	p, ok1 := in.integer()
	q, ok2 := in.integer()
	g, ok3 := in.integer()
	if !ok1 || !ok2 || !ok3 {
		odd.add("DSA parameters are malformed")
		return
	}
	k.DSAParams = &dsa.Parameters{P: p, Q: q, G: g}
	k.Bits = p.BitLen()
}

// readEC reads ECParameters and the point (RFC 5480, Sections 2.1.1 and 2.2).
func (k *PublicKey) readEC(params *der, odd *oddities) {
	switch {
	case params.peek(tagOID):
		oid, _ := params.oid()
		k.Curve = oid
		if c, ok := curveOIDs[oid]; ok {
			k.Curve, k.Bits = c.name, c.bits
		}
		if oid == "1.2.156.10197.1.301" {
			k.Type = KeySM2
		}
	case params.peek(tagSequence):
		odd.add("curve given by explicit parameters instead of its name")
		seq, _ := params.sequence()
		k.Curve, k.Bits = explicitCurve(seq)
	default:
		odd.add("EC key without curve")
	}
	if k.Curve == "P-256" && len(k.point) == 65 && k.point[0] == 4 {
		// Nearly all; the check that it lies on the curve is made once.
		if k.p256, _ = nistec.NewP256Point().SetBytes(k.point); k.p256 != nil {
			k.x, k.y = new(big.Int).SetBytes(k.point[1:33]), new(big.Int).SetBytes(k.point[33:])
			return
		}
	}
	curve := curveByName(k.Curve)
	if curve == nil {
		return
	}
	x, y, ok := decodePoint(curve, k.point)
	if !ok {
		odd.add("public key is no point of %s that can be read here", k.Curve)
		return
	}
	k.x, k.y = x, y
	if k.Curve == "P-256" {
		k.p256, _ = p256Point(x, y)
	}
}

// explicitCurve recognises a known curve by its prime and order in
// SpecifiedECDomain (SEC 1, Section C.2).
func explicitCurve(seq element) (name string, bits int) {
	in := seq.inner()
	in.integer() // version
	field, ok := in.sequence()
	if !ok {
		return "explicit", 0
	}
	fi := field.inner()
	fi.oid()
	p, ok := fi.integer()
	if !ok {
		return "explicit", 0
	}
	in.any() // a and b
	base, ok1 := in.any()
	n, ok2 := in.integer()
	if !ok1 || !ok2 {
		return "explicit", p.BitLen()
	}
	for _, c := range curves {
		if c.curve == nil {
			continue
		}
		cp := c.curve().Params()
		if cp.P.Cmp(p) != 0 || cp.N.Cmp(n) != 0 {
			continue
		}
		// The base point too: CVE-2020-0601 was a known curve with another one.
		if x, y, ok := decodePoint(c.curve(), base.octets()); ok && x.Cmp(cp.Gx) == 0 && y.Cmp(cp.Gy) == 0 {
			return c.name, c.bits
		}
	}
	return "explicit", p.BitLen()
}

// decodePoint reads an uncompressed, compressed or hybrid point (SEC 1,
// Section 2.3.4) and checks that it lies on the curve.
func decodePoint(curve elliptic.Curve, b []byte) (x, y *big.Int, ok bool) {
	p := curve.Params().P
	size := (curve.Params().BitSize + 7) / 8
	if len(b) == 0 {
		return nil, nil, false
	}
	switch b[0] {
	case 4, 6, 7:
		if len(b) != 1+2*size {
			return nil, nil, false
		}
		x, y = new(big.Int).SetBytes(b[1:1+size]), new(big.Int).SetBytes(b[1+size:])
	case 2, 3:
		if len(b) != 1+size {
			return nil, nil, false
		}
		if x, y = elliptic.UnmarshalCompressed(curve, b); x == nil {
			return nil, nil, false
		}
	default:
		return nil, nil, false
	}
	if x.Cmp(p) >= 0 || y.Cmp(p) >= 0 || !curve.IsOnCurve(x, y) {
		return nil, nil, false
	}
	return x, y, true
}

// Equal tells whether two keys have the same SubjectPublicKeyInfo.
func (k *PublicKey) Equal(o *PublicKey) bool {
	return k != nil && o != nil && bytes.Equal(k.SPKI, o.SPKI)
}

func shortInt(n *big.Int) string {
	if n.BitLen() > 64 {
		return "of more than 64 bits"
	}
	return n.String()
}
