package trust

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"math/big"
	"sync"
	"testing"

	"filippo.io/nistec"
	"pgregory.net/rapid"
)

// p256Both verifies with and without a comb, and holds both against crypto/ecdsa.
func p256Both(t interface {
	Helper()
	Errorf(string, ...any)
}, x, y *big.Int, comb *p256Comb, digest []byte, r, s *big.Int,
) bool {
	t.Helper()
	want := ecdsa.Verify(&ecdsa.PublicKey{Curve: elliptic.P256(), X: x, Y: y}, digest, r, s)
	for _, c := range []*p256Comb{nil, comb} {
		if got := verifyP256(must(p256Point(x, y)), c, digest, r, s) == nil; got != want {
			t.Errorf("comb %v: %v, crypto/ecdsa says %v: key %x %x, digest %x, r %x, s %x", c != nil, got, want, x, y, digest, r, s)
		}
	}
	return want
}

func p256Key(t testing.TB) (*ecdsa.PrivateKey, *p256Comb) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k, newP256Comb(must(p256Point(k.X, k.Y)))
}

func TestP256LikeTheStandardLibrary(t *testing.T) {
	n := elliptic.P256().Params().N
	for range 8 {
		k, comb := p256Key(t)
		for i := range 40 {
			digest := make([]byte, i+1) // shorter and longer than n
			_, _ = rand.Read(digest)
			r, s, err := ecdsa.Sign(rand.Reader, k, digest)
			if err != nil {
				t.Fatal(err)
			}
			if !p256Both(t, k.X, k.Y, comb, digest, r, s) {
				t.Fatal("crypto/ecdsa refuses its own signature")
			}
			// The other s of the same r is as good; nothing forbids a high one.
			if !p256Both(t, k.X, k.Y, comb, digest, r, new(big.Int).Sub(n, s)) {
				t.Error("n-s is refused")
			}
			one := big.NewInt(1)
			for _, c := range [][2]*big.Int{
				{s, r},
				{new(big.Int).Add(r, one), s},
				{r, new(big.Int).Add(s, one)},
				{new(big.Int).Add(r, n), s},
				{r, new(big.Int).Add(s, n)},
				{new(big.Int).Neg(r), s},
			} {
				if p256Both(t, k.X, k.Y, comb, digest, c[0], c[1]) {
					t.Errorf("a wrong signature is taken: %x %x", c[0], c[1])
				}
			}
			digest[0] ^= 0x80
			if p256Both(t, k.X, k.Y, comb, digest, r, s) {
				t.Error("the signature of another digest is taken")
			}
		}
	}
}

func TestP256Edges(t *testing.T) {
	params := elliptic.P256().Params()
	n, one := params.N, big.NewInt(1)
	k, comb := p256Key(t)
	minus := func(a, b *big.Int) *big.Int { return new(big.Int).Sub(a, b) }
	digest := sha256.Sum256([]byte("edge"))
	numbers := []*big.Int{
		new(big.Int), one, big.NewInt(2), big.NewInt(128), big.NewInt(129), big.NewInt(255), big.NewInt(256), p256Half, new(big.Int).Add(p256Half, one), minus(n, one), n,
		new(big.Int).Add(n, one), minus(params.P, one), params.P, minus(new(big.Int).Lsh(one, 256), one), new(big.Int).Lsh(one, 256), new(big.Int).Lsh(one, 600), big.NewInt(-1),
	}
	for _, r := range numbers {
		for _, s := range numbers {
			for _, d := range [][]byte{digest[:], make([]byte, 32), n.Bytes(), bytes.Repeat([]byte{0xff}, 32), {1}, make([]byte, 64)} {
				p256Both(t, k.X, k.Y, comb, d, r, s)
			}
		}
	}
}

// forgeP256 makes the signature whose sum is a·G + b·Q, for the digest that falls
// out: r = x(a·G + b·Q) mod n, s = r/b, e = a·s.
func forgeP256(x, y, a, b *big.Int) (digest []byte, r, s *big.Int) {
	curve, n := elliptic.P256(), p256Order
	ax, ay := curve.ScalarBaseMult(a.Bytes())
	bx, by := curve.ScalarMult(x, y, b.Bytes())
	if a.Sign() == 0 {
		ax, ay = bx, by
	} else if ax.Cmp(bx) == 0 && ay.Cmp(by) == 0 {
		ax, ay = curve.Double(ax, ay)
	} else {
		ax, ay = curve.Add(ax, ay, bx, by)
	}
	_ = ay
	r = new(big.Int).Mod(ax, n)
	s = new(big.Int).ModInverse(b, n)
	s.Mul(s, r).Mod(s, n)
	e := new(big.Int).Mul(a, s)
	return e.Mod(e, n).FillBytes(make([]byte, 32)), r, s
}

func TestP256Sums(t *testing.T) {
	n := p256Order
	k, comb := p256Key(t)
	for name, c := range map[string]struct{ a, b *big.Int }{
		"u1 is 0":                {new(big.Int), big.NewInt(12345)},
		"both are 1":             {big.NewInt(1), big.NewInt(1)},
		"u2 is n-1":              {big.NewInt(3), new(big.Int).Sub(n, big.NewInt(1))},
		"u2 is the half":         {big.NewInt(3), p256Half},
		"u2 is above the half":   {big.NewInt(3), new(big.Int).Add(p256Half, big.NewInt(1))},
		"the digits are 128":     {big.NewInt(3), new(big.Int).SetBytes(bytes.Repeat([]byte{0x7f, 0x80}, 16))},
		"the digits carry":       {big.NewInt(3), new(big.Int).SetBytes(append([]byte{0x7e}, bytes.Repeat([]byte{0xff}, 31)...))},
		"a doubling in the sum":  {k.D, big.NewInt(1)},
		"another, with a carry":  {new(big.Int).Mod(new(big.Int).Mul(k.D, big.NewInt(200)), n), big.NewInt(200)},
		"one digit in the end":   {big.NewInt(3), new(big.Int).Lsh(big.NewInt(100), 248)},
		"one digit at the start": {big.NewInt(3), big.NewInt(100)},
	} {
		digest, r, s := forgeP256(k.X, k.Y, c.a, c.b)
		if !p256Both(t, k.X, k.Y, comb, digest, r, s) {
			t.Errorf("%s: refused", name)
		}
	}
	// The sum is the point at infinity: u1·G = -u2·Q. No r fits.
	for _, b := range []int64{1, 77, 300} {
		u2 := big.NewInt(b)
		u1 := new(big.Int).Mul(u2, k.D)
		u1.Sub(n, u1.Mod(u1, n))
		r := big.NewInt(5)
		s := new(big.Int).ModInverse(u2, n)
		s.Mul(s, r).Mod(s, n)
		e := new(big.Int).Mul(u1, s)
		if p256Both(t, k.X, k.Y, comb, e.Mod(e, n).FillBytes(make([]byte, 32)), r, s) {
			t.Errorf("the point at infinity is taken with u2 = %d", b)
		}
	}
}

// An x between n and p is one in 2^128: there a point is chosen, and a key made for it.
func TestP256Wraparound(t *testing.T) {
	curve, n := elliptic.P256(), p256Order
	params := curve.Params()
	found := 0
	for i := int64(0); found < 4; i++ {
		if i > 100 {
			t.Fatal("no point with an x above n")
		}
		x := new(big.Int).Add(n, big.NewInt(i))
		if x.Cmp(params.P) >= 0 {
			t.Fatal("x is out of the field")
		}
		px, py := elliptic.UnmarshalCompressed(curve, append([]byte{2}, x.FillBytes(make([]byte, 32))...))
		if px == nil || i == 0 { // r = 0 is none
			continue
		}
		found++
		// P = u1·G + u2·Q, so Q = (P - u1·G)/u2.
		u1, u2 := big.NewInt(987654321+i), big.NewInt(1234567890123+i)
		gx, gy := curve.ScalarBaseMult(u1.Bytes())
		qx, qy := curve.Add(px, py, gx, new(big.Int).Sub(params.P, gy))
		qx, qy = curve.ScalarMult(qx, qy, new(big.Int).ModInverse(u2, n).Bytes())
		digest, r, s := forgeP256(qx, qy, u1, u2)
		if r.Cmp(big.NewInt(i)) != 0 {
			t.Fatalf("r is %x", r)
		}
		comb := newP256Comb(must(p256Point(qx, qy)))
		if !p256Both(t, qx, qy, comb, digest, r, s) {
			t.Errorf("x = n+%d is refused", i)
		}
		if p256Both(t, qx, qy, comb, digest, x, s) {
			t.Error("r above n is taken")
		}
	}
}

func TestP256CombIsMultiples(t *testing.T) {
	k, comb := p256Key(t)
	q := must(p256Point(k.X, k.Y))
	rapid.Check(t, func(t *rapid.T) {
		u := new(big.Int).SetBytes(rapid.SliceOfN(rapid.Byte(), 0, 32).Draw(t, "u"))
		u.Mod(u, p256Order)
		want := must(nistec.NewP256Point().ScalarMult(q, u.FillBytes(make([]byte, 32))))
		got := nistec.NewP256Point()
		comb.addMultiple(got, u)
		if got.Equal(want) != 1 {
			t.Fatalf("%x", u)
		}
	})
}

func FuzzP256(f *testing.F) {
	k, comb := p256Key(f)
	digest := sha256.Sum256([]byte("seed"))
	r, s, err := ecdsa.Sign(rand.Reader, k, digest[:])
	if err != nil {
		f.Fatal(err)
	}
	f.Add(digest[:], r.Bytes(), s.Bytes(), []byte{1}, []byte{2})
	f.Add([]byte{}, []byte{}, []byte{}, []byte{}, []byte{0xff})
	f.Add(digest[:20], p256Order.Bytes(), []byte{1}, p256Half.Bytes(), p256Order.Bytes())
	f.Fuzz(func(t *testing.T, digest, r, s, a, b []byte) {
		if len(digest) == 0 {
			digest = []byte{0}
		}
		p256Both(t, k.X, k.Y, comb, digest, new(big.Int).SetBytes(r), new(big.Int).SetBytes(s))
		// Signatures that are right, with multiples of the fuzzer's choice.
		u1, u2 := new(big.Int).SetBytes(a), new(big.Int).SetBytes(b)
		if u1.Mod(u1, p256Order); u2.Mod(u2, p256Order).Sign() == 0 {
			return
		}
		forged, fr, fs := forgeP256(k.X, k.Y, u1, u2)
		p256Both(t, k.X, k.Y, comb, forged, fr, fs)
	})
}

// The keys that sign most get a comb, in bounded number, and no verdict depends on it.
func TestCombsGoToTheBusiest(t *testing.T) {
	var keys caKeys
	made := make([]*PublicKey, maxCombs+2)
	privates := make([]*ecdsa.PrivateKey, len(made))
	for i := range made {
		privates[i] = must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
		made[i] = mustKey(t, privates[i].Public())
	}
	digest := sha256.Sum256([]byte("message"))
	use := func(i, times int) (fast *PublicKey) {
		sig := must(ecdsa.SignASN1(rand.Reader, privates[i], digest[:]))
		for range times {
			fast = keys.fast(made[i])
			if !fast.Equal(made[i]) {
				t.Fatal("another key comes back")
			}
			if fast.verifyECDSA(digest[:], sig) != nil || fast.verifyECDSA(digest[1:], sig) == nil {
				t.Fatalf("key %d with comb %v: wrong verdict", i, fast.comb != nil)
			}
		}
		return fast
	}
	if use(0, combAfter-1).comb != nil {
		t.Error("a comb for a key that is hardly used")
	}
	for i := range maxCombs {
		if use(i, combAfter).comb == nil {
			t.Fatalf("no comb for key %d", i)
		}
	}
	if use(maxCombs, combAfter).comb != nil || keys.combs != maxCombs {
		t.Errorf("a key that is used as often displaces another; %d combs", keys.combs)
	}
	if use(maxCombs, combAfter).comb == nil || keys.combs != maxCombs {
		t.Errorf("a key that is used twice as often gets no comb; %d combs", keys.combs)
	}
	for range 20 {
		keys.age()
	}
	if len(keys.keys) != 0 || keys.combs != 0 {
		t.Errorf("%d keys and %d combs of those that sign no more", len(keys.keys), keys.combs)
	}
	for i := range maxCountedKeys + 50 {
		k := *made[0]
		k.SPKI = append(bytes.Clone(k.SPKI), byte(i), byte(i>>8))
		keys.fast(&k)
	}
	if len(keys.keys) > maxCountedKeys {
		t.Errorf("%d keys are counted", len(keys.keys))
	}
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for range 2 * combAfter {
				keys.fast(made[i/2])
			}
		})
	}
	wg.Wait()
}

// BenchmarkP256 is one verification, with crypto/ecdsa beside it.
func BenchmarkP256(b *testing.B) {
	k, comb := p256Key(b)
	digest := sha256.Sum256([]byte("message"))
	r, s, _ := ecdsa.Sign(rand.Reader, k, digest[:])
	q := must(p256Point(k.X, k.Y))
	b.Run("standard", func(b *testing.B) {
		for b.Loop() {
			ecdsa.Verify(&k.PublicKey, digest[:], r, s)
		}
	})
	for name, c := range map[string]*p256Comb{"once": nil, "comb": comb} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if verifyP256(q, c, digest[:], r, s) != nil {
					b.Fatal()
				}
			}
		})
	}
	b.Run("make", func(b *testing.B) {
		for b.Loop() {
			newP256Comb(q)
		}
	})
}
