package engine

import (
	"errors"
	"io"
	"math/big"
	"sync"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// Bounds of a Diffie-Hellman prime from a peer, in bits. Below, there is no key
// to speak of; above, one computation would cost us seconds.
const (
	minPrimeBits = 128
	maxPrimeBits = 16384
)

// exponentBits of our secret exponents: twice the strength of an 8192-bit group
// and more (RFC 7919, Section 5.2 asks for 400).
const exponentBits = 512

// dhPair is finite-field Diffie-Hellman.
type dhPair struct {
	p, x, y *big.Int
	// padded: the secret keeps its leading zeros, as in TLS 1.3 (RFC 8446,
	// Section 7.4.1); TLS 1.2 and older strip them (RFC 5246, Section 8.1.2).
	padded bool
}

// newDH makes a key pair in the group of p and g.
func newDH(p, g *big.Int, padded bool, rand io.Reader) (*dhPair, error) {
	b := make([]byte, exponentBits/8)
	if _, err := io.ReadFull(rand, b); err != nil {
		return nil, err
	}
	x := new(big.Int).SetBytes(b)
	if bits := p.BitLen() - 1; bits < exponentBits {
		x.Rsh(x, uint(exponentBits-bits))
	}
	x.SetBit(x, 1, 1) // not 0 or 1
	return &dhPair{p, x, new(big.Int).Exp(g, x, p), padded}, nil
}

func (d *dhPair) public() []byte {
	if d.padded {
		return d.y.FillBytes(make([]byte, (d.p.BitLen()+7)/8))
	}
	return d.y.Bytes()
}

func (d *dhPair) shared(peer []byte) ([]byte, error) {
	size := (d.p.BitLen() + 7) / 8
	if d.padded && len(peer) != size {
		return nil, errors.New("a share that is not as long as the prime")
	}
	y := new(big.Int).SetBytes(peer)
	if y.Cmp(big.NewInt(1)) <= 0 || y.Cmp(new(big.Int).Sub(d.p, big.NewInt(1))) >= 0 {
		return nil, errors.New("a public value out of range")
	}
	z := new(big.Int).Exp(y, d.x, d.p)
	if d.padded {
		return z.FillBytes(make([]byte, size)), nil
	}
	return z.Bytes(), nil
}

func newFFDHE(g wire.Group) func(io.Reader) (keyPair, error) {
	return func(rand io.Reader) (keyPair, error) { return newDH(ffdhePrime(g), big.NewInt(2), true, rand) }
}

// ffdheTerms holds size in bits and the term X of each group of RFC 7919,
// Appendix A: p = 2^b - 2^(b-64) + (floor(2^(b-130) e) + X) 2^64 - 1.
var ffdheTerms = map[wire.Group]struct {
	bits uint
	x    int64
}{
	wire.GroupFFDHE2048: {2048, 560316},
	wire.GroupFFDHE3072: {3072, 2625351},
	wire.GroupFFDHE4096: {4096, 5736041},
	wire.GroupFFDHE6144: {6144, 15705020},
	wire.GroupFFDHE8192: {8192, 10965728},
}

var ffdhePrimes sync.Map // wire.Group to *big.Int

// ffdhePrime computes the prime of the group, once.
func ffdhePrime(g wire.Group) *big.Int {
	if p, ok := ffdhePrimes.Load(g); ok {
		return p.(*big.Int)
	}
	t := ffdheTerms[g]
	one := big.NewInt(1)
	mid := scaledE(t.bits - 130)
	mid.Add(mid, big.NewInt(t.x)).Lsh(mid, 64)
	p := new(big.Int).Lsh(one, t.bits)
	p.Sub(p, new(big.Int).Lsh(one, t.bits-64)).Add(p, mid).Sub(p, one)
	ffdhePrimes.Store(g, p)
	return p
}

// scaledE is floor(2^bits e), from the series of e with 64 bits to spare.
func scaledE(bits uint) *big.Int {
	const spare = 64
	term := new(big.Int).Lsh(big.NewInt(1), bits+spare)
	sum := new(big.Int).Set(term)
	for k := int64(1); term.Sign() > 0; k++ {
		term.Quo(term, big.NewInt(k))
		sum.Add(sum, term)
	}
	return sum.Rsh(sum, spare)
}
