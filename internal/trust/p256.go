package trust

import (
	"crypto/elliptic"
	"math/big"

	"filippo.io/nistec"
)

// p256Order is n, the order of P-256's base point; p256Half is n/2.
var (
	p256Order = elliptic.P256().Params().N
	p256Half  = new(big.Int).Rsh(p256Order, 1)
)

// verifyP256 follows SEC 1, Section 4.1.4. crypto/ecdsa does the same in time that
// does not depend on its input, which a verification has no use for, and cannot be
// given multiples of a key that were computed before. comb is nil or holds those
// of the key's point q.
func verifyP256(q *nistec.P256Point, comb *p256Comb, digest []byte, r, s *big.Int) error {
	n := p256Order
	if r.Sign() <= 0 || s.Sign() <= 0 || r.Cmp(n) >= 0 || s.Cmp(n) >= 0 {
		return ErrBadSignature
	}
	if len(digest) > 32 {
		digest = digest[:32] // its leftmost bits, as many as n has
	}
	w := new(big.Int).ModInverse(s, n)
	e := new(big.Int).SetBytes(digest)
	var product, quotient big.Int
	u1 := e
	quotient.QuoRem(product.Mul(e, w), n, u1)
	u2 := w
	quotient.QuoRem(product.Mul(r, w), n, u2)

	var b [32]byte
	sum, err := nistec.NewP256Point().ScalarBaseMult(u1.FillBytes(b[:]))
	if err != nil {
		return ErrBadSignature
	}
	if comb != nil {
		comb.addMultiple(sum, u2)
	} else {
		p, err := nistec.NewP256Point().ScalarMult(q, u2.FillBytes(b[:]))
		if err != nil {
			return ErrBadSignature
		}
		sum.Add(sum, p) // knows equal points, opposite ones, and the one at infinity
	}
	rx, err := sum.BytesX()
	if err != nil {
		return ErrBadSignature // the point at infinity
	}
	// The field's prime is larger than n: x may have wrapped around, once.
	v := product.SetBytes(rx)
	if v.Cmp(n) >= 0 {
		v.Sub(v, n)
	}
	if v.Cmp(r) != 0 {
		return ErrBadSignature
	}
	return nil
}

// p256Point fails for what is not on the curve.
func p256Point(x, y *big.Int) (*nistec.P256Point, error) {
	var b [65]byte
	b[0] = 4 // uncompressed, SEC 1, Section 2.3.4
	x.FillBytes(b[1:33])
	y.FillBytes(b[33:])
	return nistec.NewP256Point().SetBytes(b[:])
}

// p256Comb holds the multiples d·256^i of a point Q for the digits d = 1 … 128 at
// [i][d-1]. A multiple of Q is then a sum of at most 32 of them, each added or
// subtracted, without any doubling. It takes 384 KiB and about 2 ms to make.
type p256Comb [32][128]nistec.P256Point

func newP256Comb(q *nistec.P256Point) *p256Comb {
	c := new(p256Comb)
	base := nistec.NewP256Point().Set(q)
	for i := range c {
		row := &c[i]
		row[0].Set(base)
		for d := 1; d < len(row); d++ {
			row[d].Add(&row[d-1], base)
		}
		base.Double(&row[len(row)-1])
	}
	return c
}

// addMultiple adds u·Q to sum, with 0 ≤ u < n. It changes u.
func (c *p256Comb) addMultiple(sum *nistec.P256Point, u *big.Int) {
	// u·Q = -(n-u)·Q. The smaller of the two is below 2^255, so that its highest
	// digit, at most 127 and a carry, needs no carry itself.
	flip := u.Cmp(p256Half) > 0
	if flip {
		u.Sub(p256Order, u)
	}
	var b [32]byte
	u.FillBytes(b[:])
	var minus nistec.P256Point
	carry := 0
	for i := range c {
		d := int(b[31-i]) + carry
		carry = 0
		negative := flip
		if d > 128 {
			d, carry, negative = 256-d, 1, !flip
		}
		switch {
		case d == 0:
		case negative:
			sum.Add(sum, minus.Negate(&c[i][d-1]))
		default:
			sum.Add(sum, &c[i][d-1])
		}
	}
}
