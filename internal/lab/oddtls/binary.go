package oddtls

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math/big"
	"sync"
)

// element is a polynomial over GF(2) of degree below 571, bits by rising power:
// the field of sect571r1 is taken modulo x^571 + x^10 + x^5 + x^2 + 1.
type element [9]uint64

const binarySize = 72 // bytes of a coordinate

func newElement(b []byte) (element, bool) {
	var e element
	if len(b) != binarySize {
		return e, false
	}
	for i := range e {
		e[i] = binary.BigEndian.Uint64(b[binarySize-8*(i+1):])
	}
	return e, e[8]>>59 == 0
}

func (e *element) bytes() []byte {
	var b []byte
	for i := len(e) - 1; i >= 0; i-- {
		b = binary.BigEndian.AppendUint64(b, e[i])
	}
	return b
}

func (e element) plus(o element) element {
	for i := range e {
		e[i] ^= o[i]
	}
	return e
}

// reduce folds the upper words down: x^64i is x^(64(i-9)+5) times the rest of the polynomial.
func reduce(r *[18]uint64) element {
	for i := 17; i >= 9; i-- {
		t := r[i]
		r[i-9] ^= t<<5 ^ t<<7 ^ t<<10 ^ t<<15
		r[i-8] ^= t>>59 ^ t>>57 ^ t>>54 ^ t>>49
	}
	t := r[8] >> 59
	r[0] ^= t ^ t<<2 ^ t<<5 ^ t<<10
	r[8] &= 1<<59 - 1
	return element(r[:9])
}

// times multiplies with a window of four bits.
func (e *element) times(o *element) element {
	var table [16][10]uint64
	copy(table[1][:], e[:])
	for i := 2; i < 16; i++ {
		half := table[i/2]
		for k := 9; k > 0; k-- {
			table[i][k] = half[k]<<1 | half[k-1]>>63
		}
		table[i][0] = half[0] << 1
		if i%2 == 1 {
			for k := range 10 {
				table[i][k] ^= table[1][k]
			}
		}
	}
	var r [19]uint64
	for nibble := 60; ; nibble -= 4 {
		for i, w := range o {
			row := &table[w>>nibble&15]
			for k, v := range row {
				r[i+k] ^= v
			}
		}
		if nibble == 0 {
			break
		}
		for k := 18; k > 0; k-- {
			r[k] = r[k]<<4 | r[k-1]>>60
		}
		r[0] <<= 4
	}
	return reduce((*[18]uint64)(r[:18]))
}

// spread puts a zero before every bit, which is squaring.
func spread(half uint32) uint64 {
	x := uint64(half)
	x = (x | x<<16) & 0x0000ffff0000ffff
	x = (x | x<<8) & 0x00ff00ff00ff00ff
	x = (x | x<<4) & 0x0f0f0f0f0f0f0f0f
	x = (x | x<<2) & 0x3333333333333333
	return (x | x<<1) & 0x5555555555555555
}

func (e *element) square() element {
	var r [18]uint64
	for i, w := range e {
		r[2*i], r[2*i+1] = spread(uint32(w)), spread(uint32(w>>32))
	}
	return reduce(&r)
}

// inverse is e^(2^571-2), by doubling the exponents of the form 2^k-1 (Itoh, Tsujii).
func (e *element) inverse() element {
	out, k := *e, 1
	for bit := 8; bit >= 0; bit-- { // the bits of 570 below its highest
		power := out
		for range k {
			power = power.square()
		}
		out, k = power.times(&out), 2*k
		if 570>>bit&1 == 1 {
			power = out.square()
			out, k = power.times(e), k+1
		}
	}
	return out.square()
}

// binaryCurve is y² + xy = x³ + x² + b (SEC 2, Section 3.7.2).
type binaryCurve struct {
	b, gx, gy element
	n         *big.Int
}

type binaryPoint struct {
	x, y     element
	infinite bool
}

var sect571r1 = sync.OnceValue(func() *binaryCurve {
	num := func(s string) element {
		b, err := hex.DecodeString(s)
		e, ok := newElement(b)
		if err != nil || !ok {
			panic("oddtls: bad curve constant " + s)
		}
		return e
	}
	n, _ := new(big.Int).SetString("03ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe661ce18ff55987308059b186823851ec7dd9ca1161de93d5174d66e8382e9bb2fe84e47", 16)
	return &binaryCurve{
		b:  num("02f40e7e2221f295de297117b7f3d62f5c6a97ffcb8ceff1cd6ba8ce4a9a18ad84ffabbd8efa59332be7ad6756a66e294afd185a78ff12aa520e4de739baca0c7ffeff7f2955727a"),
		gx: num("0303001d34b856296c16c0d40d3cd7750a93d1d2955fa80aa5f40fc8db7b2abdbde53950f4c0d293cdd711a35b67fb1499ae60038614f1394abfa3b4c850d927e1e7769c8eec2d19"),
		gy: num("037bf27342da639b6dccfffeb73d69d78c6c27a6009cbbca1980f8533921e8a684423e43bab08a576291af8f461bb2a8b3531d2f0485c19b16e2f1516e23dd3c1a4827af1b8ac15b"),
		n:  n,
	}
})

var elementOne = element{1}

func (c *binaryCurve) onCurve(q binaryPoint) bool {
	sum := q.x.plus(q.y)
	left := q.y.times(&sum)
	xx := q.x.square()
	x1 := q.x.plus(elementOne)
	right := xx.times(&x1)
	return q.x != element{} && left == right.plus(c.b)
}

func (c *binaryCurve) add(q, r binaryPoint) binaryPoint {
	switch {
	case q.infinite:
		return r
	case r.infinite:
		return q
	case q.x != r.x:
		dx := q.x.plus(r.x)
		inverse := dx.inverse()
		dy := q.y.plus(r.y)
		l := dy.times(&inverse)
		ll := l.square()
		x := ll.plus(l).plus(dx).plus(elementOne)
		back := q.x.plus(x)
		y := l.times(&back)
		return binaryPoint{x: x, y: y.plus(x).plus(q.y)}
	case q.y != r.y || q.x == element{}:
		return binaryPoint{infinite: true}
	}
	inverse := q.x.inverse()
	l := q.y.times(&inverse)
	l = l.plus(q.x)
	ll := l.square()
	x := ll.plus(l).plus(elementOne)
	l1 := l.plus(elementOne)
	y := l1.times(&x)
	return binaryPoint{x: x, y: y.plus(q.x.square())}
}

func (c *binaryCurve) multiply(q binaryPoint, k *big.Int) binaryPoint {
	out := binaryPoint{infinite: true}
	for i := k.BitLen() - 1; i >= 0; i-- {
		out = c.add(out, out)
		if k.Bit(i) == 1 {
			out = c.add(out, q)
		}
	}
	return out
}

// sect571r1Key is one key pair for all: making one takes a tenth of a second.
var sect571r1Key = sync.OnceValues(func() (k *big.Int, public []byte) {
	c := sect571r1()
	k = randomBelow(c.n)
	q := c.multiply(binaryPoint{x: c.gx, y: c.gy}, k)
	return k, append(append([]byte{4}, q.x.bytes()...), q.y.bytes()...)
})

func (c *binaryCurve) exchange() (*exchange, error) {
	k, public := sect571r1Key()
	return &exchange{public, func(peer []byte) ([]byte, error) {
		if len(peer) != len(public) || peer[0] != 4 {
			return nil, errors.New("bad point encoding")
		}
		x, okX := newElement(peer[1 : 1+binarySize])
		y, okY := newElement(peer[1+binarySize:])
		p := binaryPoint{x: x, y: y}
		if !okX || !okY || !c.onCurve(p) {
			return nil, errors.New("point is not on the curve")
		}
		s := c.multiply(p, k)
		if s.infinite {
			return nil, errors.New("shared point at infinity")
		}
		return s.x.bytes(), nil
	}}, nil
}
