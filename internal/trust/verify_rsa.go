package trust

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"fmt"
	"math/big"
)

// rsaPublic computes sig^e mod n as a string of the modulus' length.
func (k *PublicKey) rsaPublic(sig []byte) ([]byte, error) {
	n, e := k.Modulus, k.Exponent
	if n == nil || e == nil || n.Sign() <= 0 || e.Sign() <= 0 || n.Bit(0) == 0 {
		return nil, fmt.Errorf("RSA key: %w", ErrUnsupported)
	}
	bits := n.BitLen()
	if bits > maxModulusBits || e.BitLen() > fullExponentBits || (bits > fullExponentBits && e.BitLen() > maxWideExponentBits) {
		return nil, fmt.Errorf("RSA key of %d bits with a %d-bit exponent: %w", bits, e.BitLen(), ErrUnsupported)
	}
	size := (bits + 7) / 8
	if len(sig) != size {
		return nil, ErrBadSignature
	}
	s := new(big.Int).SetBytes(sig)
	if s.Cmp(n) >= 0 {
		return nil, ErrBadSignature
	}
	return s.Exp(s, e, n).FillBytes(make([]byte, size)), nil
}

// digestInfo holds the DER prefixes of RFC 8017, Section 9.2, note 1.
var digestInfo = map[crypto.Hash][]byte{
	crypto.MD5:     {0x30, 0x20, 0x30, 0x0c, 0x06, 0x08, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x05, 0x05, 0x00, 0x04, 0x10},
	crypto.SHA1:    {0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14},
	crypto.SHA224:  {0x30, 0x2d, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x04, 0x05, 0x00, 0x04, 0x1c},
	crypto.SHA256:  {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20},
	crypto.SHA384:  {0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02, 0x05, 0x00, 0x04, 0x30},
	crypto.SHA512:  {0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03, 0x05, 0x00, 0x04, 0x40},
	crypto.MD5SHA1: {},
}

// standard is the key for crypto/rsa, which is faster by a quarter and takes no short
// keys and no odd exponents; nil: it would not take this one. What it accepts is
// right; what it refuses is looked at again here.
func (k *PublicKey) standard() *rsa.PublicKey {
	if k.Bits < 1024 || k.Bits > fullExponentBits || k.Modulus == nil || k.Exponent == nil || k.Exponent.BitLen() > 31 {
		return nil
	}
	return &rsa.PublicKey{N: k.Modulus, E: int(k.Exponent.Int64())}
}

func (k *PublicKey) verifyPKCS1(h crypto.Hash, digest, sig []byte) error {
	if std := k.standard(); std != nil && rsa.VerifyPKCS1v15(std, h, digest, sig) == nil {
		return nil
	}
	prefix, ok := digestInfo[h]
	if !ok {
		return fmt.Errorf("RSA with hash %d: %w", h, ErrUnsupported)
	}
	em, err := k.rsaPublic(sig)
	if err != nil {
		return err
	}
	pad := len(em) - len(prefix) - len(digest) - 3
	if pad < 8 {
		return ErrBadSignature // RFC 8017, Section 9.2, step 3: the key is too short for this digest
	}
	want := make([]byte, 0, len(em))
	want = append(want, 0, 1)
	want = append(want, bytes.Repeat([]byte{0xff}, pad)...)
	want = append(want, 0)
	want = append(want, prefix...)
	want = append(want, digest...)
	if !bytes.Equal(em, want) {
		return ErrBadSignature
	}
	return nil
}

// verifyPSS is EMSA-PSS-VERIFY of RFC 8017, Section 9.1.2.
func (k *PublicKey) verifyPSS(alg SigAlg, digest, sig []byte) error {
	mgf := alg.MGFHash
	if mgf == 0 {
		mgf = alg.Hash
	}
	if !mgf.Available() {
		return fmt.Errorf("mask generation hash %d: %w", mgf, ErrUnsupported)
	}
	if std := k.standard(); std != nil && mgf == alg.Hash && alg.SaltLength > 0 &&
		rsa.VerifyPSS(std, alg.Hash, digest, sig, &rsa.PSSOptions{SaltLength: alg.SaltLength}) == nil {
		return nil
	}
	em, err := k.rsaPublic(sig)
	if err != nil {
		return err
	}
	emBits := k.Modulus.BitLen() - 1
	if emBits%8 == 0 { // the encoded message is one byte shorter than the modulus
		if em[0] != 0 {
			return ErrBadSignature
		}
		em = em[1:]
	}
	hLen := len(digest)
	if len(em) < hLen+2 || em[len(em)-1] != 0xbc {
		return ErrBadSignature
	}
	db, h := em[:len(em)-hLen-1], em[len(em)-hLen-1:len(em)-1]
	topMask := byte(0xff) >> (8*len(em) - emBits)
	if db[0]&^topMask != 0 {
		return ErrBadSignature
	}
	mgf1XOR(db, mgf, h)
	db[0] &= topMask
	one := bytes.IndexByte(db, 1)
	if one < 0 || len(bytes.Trim(db[:one], "\x00")) != 0 {
		return ErrBadSignature
	}
	salt := db[one+1:]
	if alg.SaltLength != SaltAny && len(salt) != alg.SaltLength {
		return ErrBadSignature
	}
	d := alg.Hash.New()
	d.Write(make([]byte, 8))
	d.Write(digest)
	d.Write(salt)
	if !bytes.Equal(d.Sum(nil), h) {
		return ErrBadSignature
	}
	return nil
}

// mgf1XOR applies MGF1 (RFC 8017, Appendix B.2.1) over out.
func mgf1XOR(out []byte, hash crypto.Hash, seed []byte) {
	var counter [4]byte
	for done := 0; done < len(out); {
		d := hash.New()
		d.Write(seed)
		d.Write(counter[:])
		for _, b := range d.Sum(nil) {
			if done == len(out) {
				return
			}
			out[done] ^= b
			done++
		}
		for i := 3; i >= 0; i-- {
			if counter[i]++; counter[i] != 0 {
				break
			}
		}
	}
}
