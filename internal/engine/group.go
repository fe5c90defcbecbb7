package engine

import (
	"crypto/ecdh"
	"crypto/mlkem"
	"errors"
	"fmt"
	"io"

	"github.com/cloudflare/circl/dh/x25519"
	"github.com/cloudflare/circl/dh/x448"
	"github.com/cloudflare/circl/kem/kyber/kyber768"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// ecdhPair is one of the NIST curves.
type ecdhPair struct{ key *ecdh.PrivateKey }

func (p ecdhPair) public() []byte { return p.key.PublicKey().Bytes() }

func (p ecdhPair) shared(peer []byte) ([]byte, error) {
	pub, err := p.key.Curve().NewPublicKey(peer)
	if err != nil {
		return nil, fmt.Errorf("%d bytes that are no point of the curve", len(peer))
	}
	return p.key.ECDH(pub)
}

// x25519Pair is X25519 (RFC 7748); crypto/ecdh has no assembly for it and takes
// half as long again.
type x25519Pair struct{ priv, pub x25519.Key }

func newX25519(rand io.Reader) (keyPair, error) {
	var p x25519Pair
	if _, err := io.ReadFull(rand, p.priv[:]); err != nil {
		return nil, err
	}
	x25519.KeyGen(&p.pub, &p.priv)
	return &p, nil
}

func (p *x25519Pair) public() []byte { return p.pub[:] }

func (p *x25519Pair) shared(peer []byte) ([]byte, error) {
	var pub, out x25519.Key
	if len(peer) != len(pub) {
		return nil, fmt.Errorf("%d bytes for a point of X25519", len(peer))
	}
	copy(pub[:], peer)
	if !x25519.Shared(&out, &p.priv, &pub) {
		return nil, errors.New("a point of low order")
	}
	return out[:], nil
}

func newNIST(g wire.Group) func(io.Reader) (keyPair, error) {
	return func(rand io.Reader) (keyPair, error) {
		switch g {
		case wire.GroupSecp384r1:
			return newECDH(ecdh.P384(), 48, 0xff, rand)
		case wire.GroupSecp521r1:
			return newECDH(ecdh.P521(), 66, 0x01, rand)
		}
		return newECDH(ecdh.P256(), 32, 0xff, rand)
	}
}

// newECDH draws the private key from rand itself, so that a fixed source gives
// a fixed handshake, which ecdh.Curve.GenerateKey does not promise. mask is for
// the first byte of a scalar that does not fill its bytes.
func newECDH(curve ecdh.Curve, size int, mask byte, rand io.Reader) (keyPair, error) {
	b := make([]byte, size)
	for range 64 { // a draw misses the range with a probability below one half
		if _, err := io.ReadFull(rand, b); err != nil {
			return nil, err
		}
		b[0] &= mask
		if key, err := curve.NewPrivateKey(b); err == nil {
			return ecdhPair{key}, nil
		}
	}
	return nil, errors.New("the source of randomness gives no usable scalar")
}

// x448Pair is X448 (RFC 7748).
type x448Pair struct{ priv, pub x448.Key }

func newX448(rand io.Reader) (keyPair, error) {
	var p x448Pair
	if _, err := io.ReadFull(rand, p.priv[:]); err != nil {
		return nil, err
	}
	x448.KeyGen(&p.pub, &p.priv)
	return &p, nil
}

func (p *x448Pair) public() []byte { return p.pub[:] }

func (p *x448Pair) shared(peer []byte) ([]byte, error) {
	var pub, out x448.Key
	if len(peer) != len(pub) {
		return nil, fmt.Errorf("%d bytes for a point of X448", len(peer))
	}
	copy(pub[:], peer)
	if !x448.Shared(&out, &p.priv, &pub) {
		return nil, errors.New("a point of low order")
	}
	return out[:], nil
}

// mlkemPair is the client's side of ML-KEM: its half is an encapsulation key
// and the peer's a ciphertext.
type mlkemPair struct {
	pub         []byte
	decapsulate func([]byte) ([]byte, error)
	size        int // of a ciphertext
}

func newMLKEM768(rand io.Reader) (keyPair, error) {
	var seed [mlkem.SeedSize]byte
	if _, err := io.ReadFull(rand, seed[:]); err != nil {
		return nil, err
	}
	k, err := mlkem.NewDecapsulationKey768(seed[:])
	if err != nil {
		return nil, err
	}
	return &mlkemPair{k.EncapsulationKey().Bytes(), k.Decapsulate, mlkem.CiphertextSize768}, nil
}

func newMLKEM1024(rand io.Reader) (keyPair, error) {
	var seed [mlkem.SeedSize]byte
	if _, err := io.ReadFull(rand, seed[:]); err != nil {
		return nil, err
	}
	k, err := mlkem.NewDecapsulationKey1024(seed[:])
	if err != nil {
		return nil, err
	}
	return &mlkemPair{k.EncapsulationKey().Bytes(), k.Decapsulate, mlkem.CiphertextSize1024}, nil
}

// newKyber768 is the third-round Kyber of X25519Kyber768Draft00, which browsers
// of 2023 and 2024 offer.
func newKyber768(rand io.Reader) (keyPair, error) {
	scheme := kyber768.Scheme()
	seed := make([]byte, scheme.SeedSize())
	if _, err := io.ReadFull(rand, seed); err != nil {
		return nil, err
	}
	pub, priv := scheme.DeriveKeyPair(seed)
	b, err := pub.MarshalBinary()
	if err != nil {
		return nil, err
	}
	open := func(ct []byte) ([]byte, error) { return scheme.Decapsulate(priv, ct) }
	return &mlkemPair{b, open, scheme.CiphertextSize()}, nil
}

func (p *mlkemPair) public() []byte { return p.pub }

func (p *mlkemPair) shared(peer []byte) ([]byte, error) {
	if len(peer) != p.size {
		return nil, fmt.Errorf("a ciphertext of %d bytes instead of %d", len(peer), p.size)
	}
	return p.decapsulate(peer)
}

// hybridPair puts two key exchanges after each other, shares and secrets alike
// (draft-ietf-tls-ecdhe-mlkem).
type hybridPair struct{ a, b keyPair }

func newHybrid(a, b func(io.Reader) (keyPair, error)) func(io.Reader) (keyPair, error) {
	return func(rand io.Reader) (keyPair, error) {
		first, err := a(rand)
		if err != nil {
			return nil, err
		}
		second, err := b(rand)
		if err != nil {
			return nil, err
		}
		return &hybridPair{first, second}, nil
	}
}

func (p *hybridPair) public() []byte {
	return append(append([]byte{}, p.a.public()...), p.b.public()...)
}

func (p *hybridPair) shared(peer []byte) ([]byte, error) {
	n := len(p.a.public())
	if m, ok := p.a.(*mlkemPair); ok {
		n = m.size
	}
	if len(peer) < n {
		return nil, fmt.Errorf("a hybrid share of %d bytes", len(peer))
	}
	x, err := p.a.shared(peer[:n])
	if err != nil {
		return nil, err
	}
	y, err := p.b.shared(peer[n:])
	if err != nil {
		return nil, err
	}
	return append(x, y...), nil
}
