package oddtls

import (
	"errors"
	"math/big"
	"sync"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// DHGroup is a Diffie-Hellman group modulo a prime.
type DHGroup struct{ P, G *big.Int }

// Groups small enough to be refused, each of a prime that was once common.
var (
	// DH512 is of export days; this prime is the lab's own.
	DH512 = sync.OnceValue(func() DHGroup {
		p, _ := new(big.Int).SetString("bdd4cf00e18e9b2d71628af721b21808627cf0b7d37950cadad825eee87f397061b0afa1f065b5272a6545f473c935b59ede22b3f05a0cc43eb103e99a1798b7", 16)
		return DHGroup{p, big.NewInt(2)}
	})
	// DH768 and DH1024 are Oakley groups 1 and 2 (RFC 2409, Section 6).
	DH768  = sync.OnceValue(func() DHGroup { return fromConstant(768, 64, piBits, 149686) })
	DH1024 = sync.OnceValue(func() DHGroup { return fromConstant(1024, 64, piBits, 129093) })
	// DH2048 is group 14 (RFC 3526, Section 3).
	DH2048 = sync.OnceValue(func() DHGroup { return fromConstant(2048, 64, piBits, 124476) })
)

// fromConstant is 2^n - 2^(n-m) - 1 + 2^m * (floor(2^(n-2m-2) * c) + x): how
// RFC 2409, 3526 and 7919 build primes from the digits of pi or e, so that
// nobody could have chosen them.
func fromConstant(n, m uint, c func(bits uint) *big.Int, x int64) DHGroup {
	one := big.NewInt(1)
	p := new(big.Int).Lsh(one, n)
	p.Sub(p, new(big.Int).Lsh(one, n-m)).Sub(p, one)
	middle := c(n - 2*m - 2)
	middle.Add(middle, big.NewInt(x))
	return DHGroup{p.Add(p, middle.Lsh(middle, m)), big.NewInt(2)}
}

// guard bits absorb what truncated divisions lose.
const guard = 64

// eBits is floor(2^bits * e): the sum of 1/k!.
func eBits(bits uint) *big.Int {
	term := new(big.Int).Lsh(big.NewInt(1), bits+guard)
	sum := new(big.Int)
	for k := int64(1); term.Sign() > 0; k++ {
		sum.Add(sum, term)
		term.Quo(term, big.NewInt(k))
	}
	return sum.Rsh(sum, guard)
}

// piBits is floor(2^bits * pi) by Machin's 16 arctan(1/5) - 4 arctan(1/239).
func piBits(bits uint) *big.Int {
	arctan := func(inverse int64) *big.Int {
		term := new(big.Int).Lsh(big.NewInt(1), bits+guard)
		term.Quo(term, big.NewInt(inverse))
		sum, square := new(big.Int), big.NewInt(inverse*inverse)
		for k := int64(1); term.Sign() > 0; k += 2 {
			part := new(big.Int).Quo(term, big.NewInt(k))
			if k%4 == 1 {
				sum.Add(sum, part)
			} else {
				sum.Sub(sum, part)
			}
			term.Quo(term, square)
		}
		return sum
	}
	pi := arctan(5)
	pi.Lsh(pi, 4)
	b := arctan(239)
	pi.Sub(pi, b.Lsh(b, 2))
	return pi.Rsh(pi, guard)
}

var ffdheCache sync.Map // wire.Group to DHGroup

// ffdhe is a group of RFC 7919, Appendix A.
func ffdhe(g wire.Group) (DHGroup, bool) {
	if v, ok := ffdheCache.Load(g); ok {
		return v.(DHGroup), true
	}
	var d DHGroup
	switch g {
	case wire.GroupFFDHE2048:
		d = fromConstant(2048, 64, eBits, 560316)
	case wire.GroupFFDHE3072:
		d = fromConstant(3072, 64, eBits, 2625351)
	case wire.GroupFFDHE4096:
		d = fromConstant(4096, 64, eBits, 5736041)
	case wire.GroupFFDHE6144:
		d = fromConstant(6144, 64, eBits, 15705020)
	case wire.GroupFFDHE8192:
		d = fromConstant(8192, 64, eBits, 10965728)
	default:
		return d, false
	}
	ffdheCache.Store(g, d)
	return d, true
}

// exchange makes a key pair. The exponent is short, as RFC 7919, Section 5.2
// allows: 8192 bits would take a second. pad: TLS 1.3 keeps leading zeros of
// the shared secret (RFC 8446, Section 7.4.1), older versions strip them (RFC
// 5246, Section 8.1.2).
func (d DHGroup) exchange(pad bool) (*exchange, error) {
	x := randomBelow(new(big.Int).Lsh(big.NewInt(1), uint(min(512, d.P.BitLen()-1))))
	size := (d.P.BitLen() + 7) / 8
	y := new(big.Int).Exp(d.G, x, d.P)
	return &exchange{y.FillBytes(make([]byte, size)), func(peer []byte) ([]byte, error) {
		if len(peer) > size+1 {
			return nil, errors.New("public value longer than the prime")
		}
		v := new(big.Int).SetBytes(peer)
		if v.Cmp(big.NewInt(1)) <= 0 || v.Cmp(new(big.Int).Sub(d.P, big.NewInt(1))) >= 0 {
			return nil, errors.New("public value out of range")
		}
		s := v.Exp(v, x, d.P)
		if pad {
			return s.FillBytes(make([]byte, size)), nil
		}
		return s.Bytes(), nil
	}}, nil
}
