package oddtls

import (
	"crypto/ecdh"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/cloudflare/circl/dh/x448"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// exchange is one fresh key pair: our public value, and what turns the peer's
// into the shared secret.
type exchange struct {
	public []byte
	shared func(peer []byte) ([]byte, error)
}

func stdCurve(g wire.Group) ecdh.Curve {
	switch g {
	case wire.GroupSecp256r1:
		return ecdh.P256()
	case wire.GroupSecp384r1:
		return ecdh.P384()
	case wire.GroupSecp521r1:
		return ecdh.P521()
	case wire.GroupX25519:
		return ecdh.X25519()
	}
	return nil
}

func canExchange(g wire.Group) bool {
	return stdCurve(g) != nil || curveOf(g) != nil || isFFDHE(g) || g == wire.GroupX448 || g == wire.GroupSect571r1
}

func newExchange(g wire.Group) (*exchange, error) {
	if c := stdCurve(g); c != nil {
		return stdExchange(c)
	}
	if c := curveOf(g); c != nil {
		return c.exchange()
	}
	if d, ok := ffdhe(g); ok {
		return d.exchange(true)
	}
	switch g {
	case wire.GroupX448:
		return x448Exchange()
	case wire.GroupSect571r1:
		return sect571r1().exchange()
	}
	return nil, fmt.Errorf("no group %s here", g)
}

func stdExchange(c ecdh.Curve) (*exchange, error) {
	key, err := c.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making a key share: %w", err)
	}
	return &exchange{key.PublicKey().Bytes(), func(peer []byte) ([]byte, error) {
		p, err := c.NewPublicKey(peer)
		if err != nil {
			return nil, fmt.Errorf("reading a key share: %w", err)
		}
		return key.ECDH(p)
	}}, nil
}

func x448Exchange() (*exchange, error) {
	var secret, public x448.Key
	if _, err := rand.Read(secret[:]); err != nil {
		return nil, fmt.Errorf("making a key share: %w", err)
	}
	x448.KeyGen(&public, &secret)
	return &exchange{public[:], func(peer []byte) ([]byte, error) {
		var p, out x448.Key
		if len(peer) != len(p) {
			return nil, errors.New("bad length of an X448 share")
		}
		copy(p[:], peer)
		if !x448.Shared(&out, &secret, &p) {
			return nil, errors.New("X448 share of low order")
		}
		return out[:], nil
	}}, nil
}

func (c *curve) exchange() (*exchange, error) {
	k := c.scalar()
	return &exchange{c.encode(c.multiply(c.base(), k)), func(peer []byte) ([]byte, error) {
		q, err := c.decode(peer)
		if err != nil {
			return nil, err
		}
		s := c.multiply(q, k)
		if s.x == nil {
			return nil, errors.New("shared point at infinity")
		}
		return s.x.FillBytes(make([]byte, c.size)), nil
	}}, nil
}
