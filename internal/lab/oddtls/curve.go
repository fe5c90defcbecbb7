package oddtls

import (
	"crypto/rand"
	"errors"
	"math/big"
	"sync"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// curve is a short Weierstrass curve y² = x³ + ax + b over a prime field, for
// those that the standard library lacks. Affine and slow: a multiplication
// takes some milliseconds.
type curve struct {
	oid        []int
	p, a, b, n *big.Int
	gx, gy     *big.Int
	size       int // bytes of a coordinate
}

type point struct{ x, y *big.Int } // x nil: at infinity

func newCurve(oid []int, p, a, b, gx, gy, n string) *curve {
	num := func(s string) *big.Int {
		v, ok := new(big.Int).SetString(s, 16)
		if !ok {
			panic("oddtls: bad curve constant " + s)
		}
		return v
	}
	c := &curve{oid: oid, p: num(p), a: num(a), b: num(b), gx: num(gx), gy: num(gy), n: num(n)}
	c.size = (c.p.BitLen() + 7) / 8
	return c
}

func (c *curve) base() point { return point{c.gx, c.gy} }

func (c *curve) onCurve(q point) bool {
	if q.x == nil || q.x.Sign() < 0 || q.y.Sign() < 0 || q.x.Cmp(c.p) >= 0 || q.y.Cmp(c.p) >= 0 {
		return false
	}
	left := new(big.Int).Mul(q.y, q.y)
	right := new(big.Int).Mul(q.x, q.x)
	right.Add(right, c.a).Mul(right, q.x).Add(right, c.b)
	return left.Sub(left, right).Mod(left, c.p).Sign() == 0
}

func (c *curve) add(q, r point) point {
	if q.x == nil {
		return r
	}
	if r.x == nil {
		return q
	}
	num, den := new(big.Int), new(big.Int)
	if q.x.Cmp(r.x) == 0 {
		if q.y.Cmp(r.y) != 0 || q.y.Sign() == 0 {
			return point{}
		}
		num.Mul(q.x, q.x).Mul(num, big.NewInt(3)).Add(num, c.a)
		den.Lsh(q.y, 1)
	} else {
		num.Sub(r.y, q.y)
		den.Sub(r.x, q.x)
	}
	den.Mod(den, c.p).ModInverse(den, c.p)
	slope := num.Mul(num, den)
	slope.Mod(slope, c.p)
	x := new(big.Int).Mul(slope, slope)
	x.Sub(x, q.x).Sub(x, r.x).Mod(x, c.p)
	y := new(big.Int).Sub(q.x, x)
	y.Mul(y, slope).Sub(y, q.y).Mod(y, c.p)
	return point{x, y}
}

func (c *curve) multiply(q point, k *big.Int) point {
	var out point
	for i := k.BitLen() - 1; i >= 0; i-- {
		out = c.add(out, out)
		if k.Bit(i) == 1 {
			out = c.add(out, q)
		}
	}
	return out
}

// scalar is a random number from 1 to n-1.
func (c *curve) scalar() *big.Int { return randomBelow(c.n) }

func randomBelow(n *big.Int) *big.Int {
	k, err := rand.Int(rand.Reader, new(big.Int).Sub(n, big.NewInt(1)))
	if err != nil {
		panic(err) // crypto/rand never fails
	}
	return k.Add(k, big.NewInt(1))
}

// encode is the uncompressed form (SEC 1, Section 2.3.3).
func (c *curve) encode(q point) []byte {
	out := make([]byte, 1+2*c.size)
	out[0] = 4
	q.x.FillBytes(out[1 : 1+c.size])
	q.y.FillBytes(out[1+c.size:])
	return out
}

func (c *curve) decode(b []byte) (point, error) {
	if len(b) != 1+2*c.size || b[0] != 4 {
		return point{}, errors.New("bad point encoding")
	}
	q := point{new(big.Int).SetBytes(b[1 : 1+c.size]), new(big.Int).SetBytes(b[1+c.size:])}
	if !c.onCurve(q) {
		return point{}, errors.New("point is not on the curve")
	}
	return q, nil
}

// Curves of SEC 2 and RFC 5639, read when first used.
var (
	secp192r1 = sync.OnceValue(func() *curve {
		return newCurve([]int{1, 2, 840, 10045, 3, 1, 1},
			"fffffffffffffffffffffffffffffffeffffffffffffffff", "fffffffffffffffffffffffffffffffefffffffffffffffc",
			"64210519e59c80e70fa7e9ab72243049feb8deecc146b9b1",
			"188da80eb03090f67cbf20eb43a18800f4ff0afd82ff1012", "07192b95ffc8da78631011ed6b24cdd573f977a11e794811",
			"ffffffffffffffffffffffff99def836146bc9b1b4d22831")
	})
	secp224r1 = sync.OnceValue(func() *curve {
		return newCurve([]int{1, 3, 132, 0, 33},
			"ffffffffffffffffffffffffffffffff000000000000000000000001", "fffffffffffffffffffffffffffffffefffffffffffffffffffffffe",
			"b4050a850c04b3abf54132565044b0b7d7bfd8ba270b39432355ffb4",
			"b70e0cbd6bb4bf7f321390b94a03c1d356c21122343280d6115c1d21", "bd376388b5f723fb4c22dfe6cd4375a05a07476444d5819985007e34",
			"ffffffffffffffffffffffffffff16a2e0b8f03e13dd29455c5c2a3d")
	})
	secp256k1 = sync.OnceValue(func() *curve {
		return newCurve([]int{1, 3, 132, 0, 10},
			"fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f", "0", "7",
			"79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798", "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8",
			"fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141")
	})
	brainpoolP256r1 = sync.OnceValue(func() *curve {
		return newCurve([]int{1, 3, 36, 3, 3, 2, 8, 1, 1, 7},
			"a9fb57dba1eea9bc3e660a909d838d726e3bf623d52620282013481d1f6e5377", "7d5a0975fc2c3057eef67530417affe7fb8055c126dc5c6ce94a4b44f330b5d9",
			"26dc5c6ce94a4b44f330b5d9bbd77cbf958416295cf7e1ce6bccdc18ff8c07b6",
			"8bd2aeb9cb7e57cb2c4b482ffc81b7afb9de27e1e3bd23c23a4453bd9ace3262", "547ef835c3dac4fd97f8461a14611dc9c27745132ded8e545c1d54c72f046997",
			"a9fb57dba1eea9bc3e660a909d838d718c397aa3b561a6f7901e0e82974856a7")
	})
	brainpoolP384r1 = sync.OnceValue(func() *curve {
		return newCurve([]int{1, 3, 36, 3, 3, 2, 8, 1, 1, 11},
			"8cb91e82a3386d280f5d6f7e50e641df152f7109ed5456b412b1da197fb71123acd3a729901d1a71874700133107ec53",
			"7bc382c63d8c150c3c72080ace05afa0c2bea28e4fb22787139165efba91f90f8aa5814a503ad4eb04a8c7dd22ce2826",
			"04a8c7dd22ce28268b39b55416f0447c2fb77de107dcd2a62e880ea53eeb62d57cb4390295dbc9943ab78696fa504c11",
			"1d1c64f068cf45ffa2a63a81b7c13f6b8847a3e77ef14fe3db7fcafe0cbd10e8e826e03436d646aaef87b2e247d4af1e",
			"8abe1d7520f9c2a45cb1eb8e95cfd55262b70b29feec5864e19c054ff99129280e4646217791811142820341263c5315",
			"8cb91e82a3386d280f5d6f7e50e641df152f7109ed5456b31f166e6cac0425a7cf3ab6af6b7fc3103b883202e9046565")
	})
	brainpoolP512r1 = sync.OnceValue(func() *curve {
		return newCurve([]int{1, 3, 36, 3, 3, 2, 8, 1, 1, 13},
			"aadd9db8dbe9c48b3fd4e6ae33c9fc07cb308db3b3c9d20ed6639cca703308717d4d9b009bc66842aecda12ae6a380e62881ff2f2d82c68528aa6056583a48f3",
			"7830a3318b603b89e2327145ac234cc594cbdd8d3df91610a83441caea9863bc2ded5d5aa8253aa10a2ef1c98b9ac8b57f1117a72bf2c7b9e7c1ac4d77fc94ca",
			"3df91610a83441caea9863bc2ded5d5aa8253aa10a2ef1c98b9ac8b57f1117a72bf2c7b9e7c1ac4d77fc94cadc083e67984050b75ebae5dd2809bd638016f723",
			"81aee4bdd82ed9645a21322e9c4c6a9385ed9f70b5d916c1b43b62eef4d0098eff3b1f78e2d0d48d50d1687b93b97d5f7c6d5047406a5e688b352209bcb9f822",
			"7dde385d566332ecc0eabfa9cf7822fdf209f70024a57b1aa000c55b881f8111b2dcde494a5f485e5bca4bd88a2763aed1ca2b2fa8f0540678cd1e0f3ad80892",
			"aadd9db8dbe9c48b3fd4e6ae33c9fc07cb308db3b3c9d20ed6639cca70330870553e5c414ca92619418661197fac10471db1d381085ddaddb58796829ca90069")
	})
)

func curveOf(g wire.Group) *curve {
	switch g {
	case wire.GroupSecp192r1:
		return secp192r1()
	case wire.GroupSecp224r1:
		return secp224r1()
	case wire.GroupSecp256k1:
		return secp256k1()
	case wire.GroupBrainpoolP256r1, wire.GroupBrainpoolP256r1TLS13:
		return brainpoolP256r1()
	case wire.GroupBrainpoolP384r1, wire.GroupBrainpoolP384r1TLS13:
		return brainpoolP384r1()
	case wire.GroupBrainpoolP512r1, wire.GroupBrainpoolP512r1TLS13:
		return brainpoolP512r1()
	}
	return nil
}
