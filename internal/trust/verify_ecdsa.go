package trust

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"fmt"
	"math/big"
)

// verifyECDSA checks a DER ECDSA-Sig-Value (RFC 3279, Section 2.2.3).
func (k *PublicKey) verifyECDSA(digest, sig []byte) error {
	curve := curveByName(k.Curve)
	if curve == nil {
		return fmt.Errorf("curve %s: %w", k.Curve, ErrUnsupported)
	}
	if k.x == nil {
		return fmt.Errorf("public point: %w", ErrUnsupported)
	}
	if k.p256 != nil {
		r, s, ok := parseRS(sig)
		if !ok {
			return ErrBadSignature
		}
		return verifyP256(k.p256, k.comb, digest, r, s)
	}
	if fastCurve(k.Curve) {
		return verifyNIST(&ecdsa.PublicKey{Curve: curve, X: k.x, Y: k.y}, digest, sig)
	}
	r, s, ok := parseRS(sig)
	if !ok {
		return ErrBadSignature
	}
	return verifyGenericECDSA(curve, k.x, k.y, digest, r, s)
}

// verifyNIST leaves the curve's arithmetic to crypto/ecdsa, which has it in
// assembly, and takes signatures in BER as well.
func verifyNIST(pub *ecdsa.PublicKey, digest, sig []byte) error {
	if ecdsa.VerifyASN1(pub, digest, sig) {
		return nil
	}
	odd := &oddities{}
	r, s, ok := readRS(newDER(sig, odd))
	// What is in its shortest form was read by crypto/ecdsa as it was here.
	if !ok || len(odd.list) == 0 || !ecdsa.Verify(pub, digest, r, s) {
		return ErrBadSignature
	}
	return nil
}

// verifyGenericECDSA follows SEC 1, Section 4.1.4, for curves that
// crypto/ecdsa has no fast code for.
func verifyGenericECDSA(curve elliptic.Curve, x, y *big.Int, digest []byte, r, s *big.Int) error {
	n := curve.Params().N
	if r.Sign() <= 0 || s.Sign() <= 0 || r.Cmp(n) >= 0 || s.Cmp(n) >= 0 {
		return ErrBadSignature
	}
	e := new(big.Int).SetBytes(digest)
	if excess := len(digest)*8 - n.BitLen(); excess > 0 {
		e.Rsh(e, uint(excess))
	}
	w := new(big.Int).ModInverse(s, n)
	if w == nil {
		return ErrBadSignature
	}
	u1 := e.Mul(e, w)
	u1.Mod(u1, n)
	u2 := w.Mul(r, w)
	u2.Mod(u2, n)
	x2, y2 := curve.ScalarMult(x, y, u2.Bytes())
	if u1.Sign() != 0 { // a zero multiple is the point at infinity, which Add refuses
		x1, y1 := curve.ScalarBaseMult(u1.Bytes())
		if x1.Cmp(x2) == 0 {
			if y1.Cmp(y2) != 0 {
				return ErrBadSignature // sum is the point at infinity
			}
			x2, _ = curve.Double(x1, y1)
		} else {
			x2, _ = curve.Add(x1, y1, x2, y2)
		}
	}
	if x2.Mod(x2, n).Cmp(r) != 0 {
		return ErrBadSignature
	}
	return nil
}

// parseRS reads SEQUENCE { r INTEGER, s INTEGER } and nothing after it.
func parseRS(sig []byte) (r, s *big.Int, ok bool) { return readRS(newDER(sig, nil)) }

func readRS(d *der) (r, s *big.Int, ok bool) {
	seq, ok := d.sequence()
	if !ok || !d.empty() {
		return nil, nil, false
	}
	in := seq.inner()
	if r, ok = in.integer(); !ok {
		return nil, nil, false
	}
	if s, ok = in.integer(); !ok || !in.empty() {
		return nil, nil, false
	}
	return r, s, r.BitLen() <= 1024 && s.BitLen() <= 1024
}
