package oddtls

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"errors"
	"fmt"
	"io"
	"math/big"

	"github.com/cloudflare/circl/sign/ed448"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// CurveKey is an ECDSA key on a curve that crypto/ecdsa does not know.
type CurveKey struct {
	Group wire.Group
	c     *curve
	d     *big.Int
	q     point
}

// CurvePublicKey is its public half.
type CurvePublicKey struct {
	Group wire.Group
	Point []byte // uncompressed
	OID   []int  // of the curve
}

// NewCurveKey makes a key on a prime curve, such as brainpoolP256r1.
func NewCurveKey(g wire.Group) (*CurveKey, error) {
	c := curveOf(g)
	if c == nil {
		return nil, fmt.Errorf("no curve %s here", g)
	}
	d := c.scalar()
	return &CurveKey{g, c, d, c.multiply(c.base(), d)}, nil
}

// Public returns a CurvePublicKey.
func (k *CurveKey) Public() crypto.PublicKey {
	return CurvePublicKey{k.Group, k.c.encode(k.q), k.c.oid}
}

// Sign makes an ECDSA signature in DER (SEC 1, Section 4.1.3).
func (k *CurveKey) Sign(_ io.Reader, digest []byte, _ crypto.SignerOpts) ([]byte, error) {
	e := new(big.Int).SetBytes(digest)
	if extra := len(digest)*8 - k.c.n.BitLen(); extra > 0 {
		e.Rsh(e, uint(extra))
	}
	for {
		nonce := k.c.scalar()
		r := new(big.Int).Mod(k.c.multiply(k.c.base(), nonce).x, k.c.n)
		s := new(big.Int).Mul(r, k.d)
		s.Add(s, e).Mul(s, nonce.ModInverse(nonce, k.c.n)).Mod(s, k.c.n)
		if r.Sign() == 0 || s.Sign() == 0 {
			continue
		}
		var b cryptobyte.Builder
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1BigInt(r)
			b.AddASN1BigInt(s)
		})
		return b.Bytes()
	}
}

// Ed448Key makes circl's key a crypto.Signer that takes the message itself.
type Ed448Key ed448.PrivateKey

// Public returns an ed448.PublicKey.
func (k Ed448Key) Public() crypto.PublicKey { return ed448.PrivateKey(k).Public() }

// Sign signs the message, which is not hashed before.
func (k Ed448Key) Sign(_ io.Reader, message []byte, _ crypto.SignerOpts) ([]byte, error) {
	return ed448.Sign(ed448.PrivateKey(k), message, ""), nil
}

// schemesFor lists what a key can sign with in TLS 1.2 or 1.3, best first.
func schemesFor(public any, v wire.Version) []wire.SignatureScheme {
	switch k := public.(type) {
	case *rsa.PublicKey:
		pss := []wire.SignatureScheme{wire.SigRSAPSSRSAESHA256, wire.SigRSAPSSRSAESHA384, wire.SigRSAPSSRSAESHA512}
		if v >= wire.VersionTLS13 {
			return pss
		}
		return append(pss, wire.SigRSAPKCS1SHA256, wire.SigRSAPKCS1SHA384, wire.SigRSAPKCS1SHA512, wire.SigRSAPKCS1SHA1)
	case *ecdsa.PublicKey:
		if v >= wire.VersionTLS13 {
			switch k.Curve.Params().BitSize {
			case 256:
				return []wire.SignatureScheme{wire.SigECDSASecp256r1SHA256}
			case 384:
				return []wire.SignatureScheme{wire.SigECDSASecp384r1SHA384}
			case 521:
				return []wire.SignatureScheme{wire.SigECDSASecp521r1SHA512}
			}
			return nil
		}
		return ecdsaSchemes12
	case CurvePublicKey:
		if v < wire.VersionTLS13 {
			return ecdsaSchemes12
		}
		switch k.Group {
		case wire.GroupBrainpoolP256r1, wire.GroupBrainpoolP256r1TLS13:
			return []wire.SignatureScheme{wire.SigECDSABrainpoolP256r1TLS13SHA256}
		case wire.GroupBrainpoolP384r1, wire.GroupBrainpoolP384r1TLS13:
			return []wire.SignatureScheme{wire.SigECDSABrainpoolP384r1TLS13SHA384}
		case wire.GroupBrainpoolP512r1, wire.GroupBrainpoolP512r1TLS13:
			return []wire.SignatureScheme{wire.SigECDSABrainpoolP512r1TLS13SHA512}
		}
	case ed25519.PublicKey:
		return []wire.SignatureScheme{wire.SigEd25519}
	case ed448.PublicKey:
		return []wire.SignatureScheme{wire.SigEd448}
	}
	return nil
}

// In TLS 1.2 hash and curve are independent (RFC 5246, Section 7.4.1.4.1).
var ecdsaSchemes12 = []wire.SignatureScheme{
	wire.SigECDSASecp256r1SHA256, wire.SigECDSASecp384r1SHA384, wire.SigECDSASecp521r1SHA512, wire.SigECDSASHA1,
}

// schemeHash is the hash of a scheme, 0 for those that take the message itself.
func schemeHash(s wire.SignatureScheme) crypto.Hash {
	switch s {
	case wire.SigEd25519, wire.SigEd448:
		return 0
	case wire.SigRSAPKCS1SHA1, wire.SigECDSASHA1:
		return crypto.SHA1
	case wire.SigRSAPKCS1SHA384, wire.SigRSAPSSRSAESHA384, wire.SigECDSASecp384r1SHA384, wire.SigECDSABrainpoolP384r1TLS13SHA384:
		return crypto.SHA384
	case wire.SigRSAPKCS1SHA512, wire.SigRSAPSSRSAESHA512, wire.SigECDSASecp521r1SHA512, wire.SigECDSABrainpoolP512r1TLS13SHA512:
		return crypto.SHA512
	}
	return crypto.SHA256
}

func isPSS(s wire.SignatureScheme) bool {
	return s == wire.SigRSAPSSRSAESHA256 || s == wire.SigRSAPSSRSAESHA384 || s == wire.SigRSAPSSRSAESHA512
}

// signScheme signs a message with a scheme of TLS 1.2 or 1.3.
func signScheme(key crypto.Signer, s wire.SignatureScheme, message []byte) ([]byte, error) {
	h := schemeHash(s)
	if h == 0 {
		return key.Sign(rand.Reader, message, crypto.Hash(0))
	}
	d := h.New()
	d.Write(message)
	var opts crypto.SignerOpts = h
	if isPSS(s) {
		opts = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: h}
	}
	return key.Sign(rand.Reader, d.Sum(nil), opts)
}

// signLegacy signs what TLS 1.1 and older sign: MD5 and SHA-1 together with
// RSA, SHA-1 with ECDSA. digests is md5 followed by sha1.
func signLegacy(key crypto.Signer, digests []byte) ([]byte, error) {
	if _, ok := key.Public().(*rsa.PublicKey); ok {
		return key.Sign(rand.Reader, digests, crypto.MD5SHA1)
	}
	return key.Sign(rand.Reader, digests[len(digests)-sha1.Size:], crypto.SHA1)
}

var errSignature = errors.New("signature does not verify")

// verifyScheme checks a client's signature of TLS 1.2 or 1.3.
func verifyScheme(public any, s wire.SignatureScheme, message, sig []byte) error {
	h := schemeHash(s)
	var digest []byte
	if h != 0 {
		d := h.New()
		d.Write(message)
		digest = d.Sum(nil)
	}
	ok := false
	switch k := public.(type) {
	case *rsa.PublicKey:
		if isPSS(s) {
			return rsa.VerifyPSS(k, h, digest, sig, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
		}
		return rsa.VerifyPKCS1v15(k, h, digest, sig)
	case *ecdsa.PublicKey:
		ok = ecdsa.VerifyASN1(k, digest, sig)
	case ed25519.PublicKey:
		ok = ed25519.Verify(k, message, sig)
	}
	if !ok {
		return errSignature
	}
	return nil
}

func verifyLegacy(public any, digests, sig []byte) error {
	switch k := public.(type) {
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(k, crypto.MD5SHA1, digests, sig)
	case *ecdsa.PublicKey:
		if ecdsa.VerifyASN1(k, digests[len(digests)-sha1.Size:], sig) {
			return nil
		}
	}
	return errSignature
}
