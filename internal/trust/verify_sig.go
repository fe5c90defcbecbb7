package trust

import (
	"crypto"
	"crypto/dsa" // old certificates still carry DSA keys; they are verified, never made
	"crypto/ed25519"
	_ "crypto/md5" // hash of old certificates and of the TLS 1.0 signature
	_ "crypto/sha1"
	_ "crypto/sha256"
	_ "crypto/sha512"
	"errors"
	"fmt"

	"github.com/cloudflare/circl/sign/ed448"
	"github.com/cloudflare/circl/sign/mldsa/mldsa44"
	"github.com/cloudflare/circl/sign/mldsa/mldsa65"
	"github.com/cloudflare/circl/sign/mldsa/mldsa87"
)

// Scheme is the way a signature is made, without its hash.
type Scheme uint8

// The schemes that can stand in a certificate or in a TLS handshake.
const (
	SchemeUnknown Scheme = iota
	PKCS1v15             // RSASSA-PKCS1-v1_5, RFC 8017, Section 8.2
	PSS                  // RSASSA-PSS, RFC 8017, Section 8.1
	ECDSA                // FIPS 186-5 with any curve we know
	EdDSA                // Ed25519 or Ed448 as the key says, RFC 8032, pure mode
	DSA                  // FIPS 186-4
	MLDSA                // FIPS 204, empty context
)

// String returns the scheme's usual name.
func (s Scheme) String() string {
	switch s {
	case PKCS1v15:
		return "RSASSA-PKCS1-v1_5"
	case PSS:
		return "RSASSA-PSS"
	case ECDSA:
		return "ECDSA"
	case EdDSA:
		return "EdDSA"
	case DSA:
		return "DSA"
	case MLDSA:
		return "ML-DSA"
	}
	return "unknown"
}

// SaltAny accepts any PSS salt length.
const SaltAny = -1

// SigAlg says how a signature is to be checked.
type SigAlg struct {
	Scheme Scheme
	// Hash is the digest; 0 for EdDSA and ML-DSA. crypto.MD5SHA1 is the bare
	// concatenation that TLS 1.0 and 1.1 sign with RSA (RFC 4346, Section 7.4.3).
	Hash crypto.Hash
	// MGFHash is the digest of PSS's mask generation; 0 means Hash.
	MGFHash crypto.Hash
	// SaltLength is the PSS salt in bytes, or SaltAny. TLS 1.3 wants the
	// digest's length (RFC 8446, Section 4.2.3).
	SaltLength int
}

var (
	// ErrBadSignature means that the signature was checked and is wrong.
	ErrBadSignature = errors.New("signature does not verify")
	// ErrUnsupported means that nothing was checked: the algorithm, curve or
	// hash is one that this program cannot compute, or the key is out of bounds.
	ErrUnsupported = errors.New("cannot be checked here")
	// ErrKeyMismatch means that the key's type cannot make such a signature.
	ErrKeyMismatch = errors.New("key type does not fit the signature algorithm")
)

// Bounds on keys from peers: what is larger is not computed, because a hostile
// peer would choose what we spend. A 16384-bit modulus with an exponent up to
// 64 bits costs milliseconds, a full-size exponent at 4096 bits some tens.
const (
	maxModulusBits      = 16384
	maxWideExponentBits = 64
	fullExponentBits    = 4096
	maxDSABits          = 4096
)

// SigAlgFromTLS maps an IANA SignatureScheme code point to a SigAlg; false if
// the code point is not one of a signature we can name.
func SigAlgFromTLS(scheme uint16) (SigAlg, bool) {
	switch scheme {
	case 0x0804, 0x0809: // rsa_pss_rsae_sha256, rsa_pss_pss_sha256
		return SigAlg{Scheme: PSS, Hash: crypto.SHA256, SaltLength: 32}, true
	case 0x0805, 0x080a:
		return SigAlg{Scheme: PSS, Hash: crypto.SHA384, SaltLength: 48}, true
	case 0x0806, 0x080b:
		return SigAlg{Scheme: PSS, Hash: crypto.SHA512, SaltLength: 64}, true
	case 0x0807, 0x0808: // ed25519, ed448
		return SigAlg{Scheme: EdDSA}, true
	case 0x081a: // ecdsa_brainpoolP256r1tls13_sha256, RFC 8734
		return SigAlg{Scheme: ECDSA, Hash: crypto.SHA256}, true
	case 0x081b:
		return SigAlg{Scheme: ECDSA, Hash: crypto.SHA384}, true
	case 0x081c:
		return SigAlg{Scheme: ECDSA, Hash: crypto.SHA512}, true
	case 0x0904, 0x0905, 0x0906: // mldsa44, mldsa65, mldsa87
		return SigAlg{Scheme: MLDSA}, true
	}
	// RFC 5246, Section 7.4.1.4.1: hash in the high byte, signature in the low.
	hashes := [...]crypto.Hash{1: crypto.MD5, 2: crypto.SHA1, 3: crypto.SHA224, 4: crypto.SHA256, 5: crypto.SHA384, 6: crypto.SHA512}
	schemes := [...]Scheme{1: PKCS1v15, 2: DSA, 3: ECDSA}
	h, s := int(scheme>>8), int(scheme&0xff)
	if h == 0 || h >= len(hashes) || s == 0 || s >= len(schemes) {
		return SigAlg{}, false
	}
	return SigAlg{Scheme: schemes[s], Hash: hashes[h]}, true //nolint:gosec // G602: both were held against the lengths
}

// LegacySigAlg is what TLS 1.0 and 1.1 sign with a key of that type, where the
// message carries no algorithm (RFC 4346, Section 7.4.3; RFC 4492, Section 5.4).
func LegacySigAlg(t KeyType) (SigAlg, bool) {
	switch t {
	case KeyRSA, KeyRSAPSS:
		return SigAlg{Scheme: PKCS1v15, Hash: crypto.MD5SHA1}, true
	case KeyECDSA:
		return SigAlg{Scheme: ECDSA, Hash: crypto.SHA1}, true
	case KeyDSA:
		return SigAlg{Scheme: DSA, Hash: crypto.SHA1}, true
	}
	return SigAlg{}, false
}

// Verify checks sig over msg (the message itself, not its digest). Errors wrap
// ErrBadSignature, ErrUnsupported or ErrKeyMismatch.
func (k *PublicKey) Verify(alg SigAlg, msg, sig []byte) error {
	if k == nil {
		return fmt.Errorf("no public key: %w", ErrUnsupported)
	}
	if want := schemeKeys[alg.Scheme]; want == nil {
		return fmt.Errorf("signature scheme: %w", ErrUnsupported)
	} else if !want(k.Type) {
		if k.Type == KeyUnknown {
			return fmt.Errorf("key algorithm %s: %w", k.AlgorithmOID, ErrUnsupported)
		}
		return fmt.Errorf("%s signature by %s key: %w", alg.Scheme, k.Type, ErrKeyMismatch)
	}
	var digest []byte
	if alg.Scheme != EdDSA && alg.Scheme != MLDSA {
		var err error
		if digest, err = hashSum(alg.Hash, msg); err != nil {
			return err
		}
	}
	switch alg.Scheme {
	case PKCS1v15:
		return k.verifyPKCS1(alg.Hash, digest, sig)
	case PSS:
		return k.verifyPSS(alg, digest, sig)
	case ECDSA:
		return k.verifyECDSA(digest, sig)
	case DSA:
		return k.verifyDSA(digest, sig)
	case EdDSA:
		return k.verifyEdDSA(msg, sig)
	default:
		return k.verifyMLDSA(msg, sig)
	}
}

var schemeKeys = map[Scheme]func(KeyType) bool{
	PKCS1v15: func(t KeyType) bool { return t == KeyRSA },
	PSS:      func(t KeyType) bool { return t == KeyRSA || t == KeyRSAPSS },
	ECDSA:    func(t KeyType) bool { return t == KeyECDSA },
	DSA:      func(t KeyType) bool { return t == KeyDSA },
	EdDSA:    func(t KeyType) bool { return t == KeyEd25519 || t == KeyEd448 },
	MLDSA:    func(t KeyType) bool { return t == KeyMLDSA44 || t == KeyMLDSA65 || t == KeyMLDSA87 },
}

func hashSum(h crypto.Hash, msg []byte) ([]byte, error) {
	if h == crypto.MD5SHA1 {
		m, s := crypto.MD5.New(), crypto.SHA1.New()
		m.Write(msg)
		s.Write(msg)
		return s.Sum(m.Sum(nil)), nil
	}
	if h == 0 || !h.Available() {
		return nil, fmt.Errorf("hash %d: %w", h, ErrUnsupported)
	}
	d := h.New()
	d.Write(msg)
	return d.Sum(nil), nil
}

// verifyDSA checks a DER Dss-Sig-Value (RFC 3279, Section 2.2.2).
func (k *PublicKey) verifyDSA(digest, sig []byte) error {
	p := k.DSAParams
	if p == nil || p.P.BitLen() > maxDSABits || p.Q.BitLen() > 512 || p.P.Sign() <= 0 || p.Q.Sign() <= 0 ||
		p.G.Cmp(p.P) >= 0 || k.dsaY.Cmp(p.P) >= 0 {
		return fmt.Errorf("DSA parameters: %w", ErrUnsupported)
	}
	r, s, ok := parseRS(sig)
	if !ok {
		return ErrBadSignature
	}
	// FIPS 186-4, Section 4.7: the leftmost bits of the digest, as many as q has.
	if n := (p.Q.BitLen() + 7) / 8; len(digest) > n {
		digest = digest[:n]
	}
	pub := &dsa.PublicKey{Parameters: *p, Y: k.dsaY}
	if !dsa.Verify(pub, digest, r, s) {
		return ErrBadSignature
	}
	return nil
}

func (k *PublicKey) verifyEdDSA(msg, sig []byte) error {
	switch {
	case k.Type == KeyEd25519 && len(k.point) == ed25519.PublicKeySize:
		if ed25519.Verify(k.point, msg, sig) {
			return nil
		}
	case k.Type == KeyEd448 && len(k.point) == ed448.PublicKeySize:
		if len(sig) == ed448.SignatureSize && ed448.Verify(k.point, msg, sig, "") {
			return nil
		}
	default:
		return fmt.Errorf("%s key of %d bytes: %w", k.Type, len(k.point), ErrUnsupported)
	}
	return ErrBadSignature
}

func (k *PublicKey) verifyMLDSA(msg, sig []byte) error {
	ok := false
	switch k.Type {
	case KeyMLDSA44:
		var pk mldsa44.PublicKey
		if err := pk.UnmarshalBinary(k.point); err != nil {
			return fmt.Errorf("ML-DSA-44 key: %w", ErrUnsupported)
		}
		ok = mldsa44.Verify(&pk, msg, nil, sig)
	case KeyMLDSA65:
		var pk mldsa65.PublicKey
		if err := pk.UnmarshalBinary(k.point); err != nil {
			return fmt.Errorf("ML-DSA-65 key: %w", ErrUnsupported)
		}
		ok = mldsa65.Verify(&pk, msg, nil, sig)
	case KeyMLDSA87:
		var pk mldsa87.PublicKey
		if err := pk.UnmarshalBinary(k.point); err != nil {
			return fmt.Errorf("ML-DSA-87 key: %w", ErrUnsupported)
		}
		ok = mldsa87.Verify(&pk, msg, nil, sig)
	}
	if !ok {
		return ErrBadSignature
	}
	return nil
}
