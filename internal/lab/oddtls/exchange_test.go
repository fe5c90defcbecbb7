package oddtls

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"

	"github.com/tlswhy/tlswhy/internal/wire"
)

var testGroups = []wire.Group{
	wire.GroupSecp192r1, wire.GroupSecp224r1, wire.GroupSecp256k1, wire.GroupSecp256r1, wire.GroupX25519, wire.GroupX448,
	wire.GroupBrainpoolP256r1, wire.GroupBrainpoolP384r1, wire.GroupBrainpoolP512r1, wire.GroupSect571r1, wire.GroupFFDHE2048,
}

func TestBothSidesAgree(t *testing.T) {
	for _, g := range testGroups {
		a, err := newExchange(g)
		if err != nil {
			t.Fatal(err)
		}
		b, err := newExchange(g)
		if err != nil {
			t.Fatal(err)
		}
		x, errX := a.shared(b.public)
		y, errY := b.shared(a.public)
		if errX != nil || errY != nil || !bytes.Equal(x, y) {
			t.Errorf("%s: %x, %x, %v, %v", g, x, y, errX, errY)
		}
	}
}

func TestBadSharesAreRefused(t *testing.T) {
	for _, g := range testGroups {
		e, err := newExchange(g)
		if err != nil {
			t.Fatal(err)
		}
		for name, peer := range map[string][]byte{
			"empty": nil, "short": {4}, "zeros": make([]byte, len(e.public)), "cut": e.public[:len(e.public)-1],
		} {
			// A shorter public value is a number like any other modulo a prime.
			if name == "cut" && isFFDHE(g) || name == "short" && isFFDHE(g) {
				continue
			}
			if _, err := e.shared(peer); err == nil {
				t.Errorf("%s: share %q accepted", g, name)
			}
		}
	}
}

func TestFieldLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		gen := rapid.Custom(func(t *rapid.T) element {
			b := rapid.SliceOfN(rapid.Byte(), binarySize, binarySize).Draw(t, "bytes")
			b[0] &= 7
			e, ok := newElement(b)
			if !ok {
				t.Fatalf("%x is in the field", b)
			}
			if !bytes.Equal(e.bytes(), b) {
				t.Fatalf("bytes of %x: %x", b, e.bytes())
			}
			return e
		})
		a, b, c := gen.Draw(t, "a"), gen.Draw(t, "b"), gen.Draw(t, "c")
		ab, ba := a.times(&b), b.times(&a)
		if ab != ba {
			t.Fatal("ab != ba")
		}
		bc := b.plus(c)
		ac := a.times(&c)
		if a.times(&bc) != ab.plus(ac) {
			t.Fatal("a(b+c) != ab+ac")
		}
		if a.square() != a.times(&a) {
			t.Fatal("square")
		}
		if a != (element{}) {
			inverse := a.inverse()
			if a.times(&inverse) != elementOne {
				t.Fatal("inverse")
			}
		}
	})
}

func BenchmarkExchange(b *testing.B) {
	for _, g := range []wire.Group{wire.GroupSect571r1, wire.GroupBrainpoolP256r1, wire.GroupFFDHE8192} {
		b.Run(g.String(), func(b *testing.B) {
			for b.Loop() {
				if _, err := newExchange(g); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
