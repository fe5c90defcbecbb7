package oddtls

import (
	"errors"
	"math/big"
)

// sect571r1 is y² + xy = x³ + x² + b over GF(2^571) (SEC 2, Section 3.7.2):
// field elements are polynomials whose coefficients are the bits of a number.
type binaryCurve struct{ b, gx, gy, n *big.Int }

const (
	binaryDegree = 571
	binarySize   = 72 // bytes of a coordinate
)

var sect571r1 = func() *binaryCurve {
	num := func(s string) *big.Int {
		v, ok := new(big.Int).SetString(s, 16)
		if !ok {
			panic("oddtls: bad curve constant " + s)
		}
		return v
	}
	return &binaryCurve{
		b:  num("02f40e7e2221f295de297117b7f3d62f5c6a97ffcb8ceff1cd6ba8ce4a9a18ad84ffabbd8efa59332be7ad6756a66e294afd185a78ff12aa520e4de739baca0c7ffeff7f2955727a"),
		gx: num("0303001d34b856296c16c0d40d3cd7750a93d1d2955fa80aa5f40fc8db7b2abdbde53950f4c0d293cdd711a35b67fb1499ae60038614f1394abfa3b4c850d927e1e7769c8eec2d19"),
		gy: num("037bf27342da639b6dccfffeb73d69d78c6c27a6009cbbca1980f8533921e8a684423e43bab08a576291af8f461bb2a8b3531d2f0485c19b16e2f1516e23dd3c1a4827af1b8ac15b"),
		n:  num("03ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe661ce18ff55987308059b186823851ec7dd9ca1161de93d5174d66e8382e9bb2fe84e47"),
	}
}()

// reduce takes f modulo x^571 + x^10 + x^5 + x^2 + 1.
func reduce(f *big.Int) *big.Int {
	for f.BitLen() > binaryDegree {
		high := new(big.Int).Rsh(f, binaryDegree)
		f.Xor(f, new(big.Int).Lsh(high, binaryDegree))
		for _, e := range []uint{10, 5, 2, 0} {
			f.Xor(f, new(big.Int).Lsh(high, e))
		}
	}
	return f
}

func fieldMultiply(a, b *big.Int) *big.Int {
	out := new(big.Int)
	for i := b.BitLen() - 1; i >= 0; i-- {
		out.Lsh(out, 1)
		if b.Bit(i) == 1 {
			out.Xor(out, a)
		}
	}
	return reduce(out)
}

// fieldInverse is the extended Euclidean algorithm on polynomials.
func fieldInverse(a *big.Int) *big.Int {
	u, v := new(big.Int).Set(a), new(big.Int).SetBit(big.NewInt(1|1<<2|1<<5|1<<10), binaryDegree, 1)
	g, h := big.NewInt(1), new(big.Int)
	for u.BitLen() > 1 {
		shift := u.BitLen() - v.BitLen()
		if shift < 0 {
			u, v, g, h = v, u, h, g
			shift = -shift
		}
		u.Xor(u, new(big.Int).Lsh(v, uint(shift)))
		g.Xor(g, new(big.Int).Lsh(h, uint(shift)))
	}
	return reduce(g)
}

func (c *binaryCurve) onCurve(q point) bool {
	if q.x.BitLen() > binaryDegree || q.y.BitLen() > binaryDegree || q.x.Sign() == 0 {
		return false
	}
	left := fieldMultiply(q.y, new(big.Int).Xor(q.y, q.x))
	right := fieldMultiply(fieldMultiply(q.x, q.x), new(big.Int).Xor(q.x, big.NewInt(1)))
	return left.Cmp(right.Xor(right, c.b)) == 0
}

func (c *binaryCurve) add(q, r point) point {
	if q.x == nil {
		return r
	}
	if r.x == nil {
		return q
	}
	x, y := new(big.Int), new(big.Int)
	if q.x.Cmp(r.x) == 0 {
		if q.y.Cmp(r.y) != 0 || q.x.Sign() == 0 {
			return point{}
		}
		// doubling: l = x + y/x, x' = l² + l + 1, y' = x² + (l+1)x'
		l := fieldMultiply(q.y, fieldInverse(q.x))
		l.Xor(l, q.x)
		x.Xor(fieldMultiply(l, l), l).Xor(x, big.NewInt(1))
		y.Xor(fieldMultiply(q.x, q.x), fieldMultiply(new(big.Int).Xor(l, big.NewInt(1)), x))
		return point{x, y}
	}
	dx := new(big.Int).Xor(q.x, r.x)
	l := fieldMultiply(new(big.Int).Xor(q.y, r.y), fieldInverse(dx))
	x.Xor(fieldMultiply(l, l), l).Xor(x, dx).Xor(x, big.NewInt(1))
	y.Xor(fieldMultiply(l, new(big.Int).Xor(q.x, x)), x).Xor(y, q.y)
	return point{x, y}
}

func (c *binaryCurve) multiply(q point, k *big.Int) point {
	var out point
	for i := k.BitLen() - 1; i >= 0; i-- {
		out = c.add(out, out)
		if k.Bit(i) == 1 {
			out = c.add(out, q)
		}
	}
	return out
}

func (c *binaryCurve) exchange() (*exchange, error) {
	k := randomBelow(c.n)
	q := c.multiply(point{c.gx, c.gy}, k)
	pub := make([]byte, 1+2*binarySize)
	pub[0] = 4
	q.x.FillBytes(pub[1 : 1+binarySize])
	q.y.FillBytes(pub[1+binarySize:])
	return &exchange{pub, func(peer []byte) ([]byte, error) {
		if len(peer) != len(pub) || peer[0] != 4 {
			return nil, errors.New("bad point encoding")
		}
		q := point{new(big.Int).SetBytes(peer[1 : 1+binarySize]), new(big.Int).SetBytes(peer[1+binarySize:])}
		if !c.onCurve(q) {
			return nil, errors.New("point is not on the curve")
		}
		s := c.multiply(q, k)
		if s.x == nil {
			return nil, errors.New("shared point at infinity")
		}
		return s.x.FillBytes(make([]byte, binarySize)), nil
	}}, nil
}
