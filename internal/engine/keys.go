package engine

import (
	"fmt"
	"io"
	"sync"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// Keys holds key pairs for key exchange, to be shared by attempts: making one
// per hello would cost more than all the rest of a probe. Nothing that is sent
// on our connections is worth a secret, so that forward secrecy is not needed.
// It is safe for concurrent use.
type Keys struct {
	mu    sync.Mutex
	pairs map[wire.Group]keyPair
}

// NewKeys returns an empty store.
func NewKeys() *Keys { return &Keys{pairs: map[wire.Group]keyPair{}} }

// get returns the key pair of a group, made on first use.
func (k *Keys) get(g wire.Group, rand io.Reader) (keyPair, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if p, ok := k.pairs[g]; ok {
		return p, nil
	}
	newPair, ok := groups[g]
	if !ok {
		return nil, fmt.Errorf("the group %s is not computed", g)
	}
	p, err := newPair(rand)
	if err != nil {
		return nil, fmt.Errorf("making a key of %s: %w", g, err)
	}
	k.pairs[g] = p
	return p, nil
}

// keyPair is our half of a key exchange.
type keyPair interface {
	// public is what stands in the key share.
	public() []byte
	// shared computes the secret from the peer's half. An error means that the
	// peer's half is not a legal one.
	shared(peer []byte) ([]byte, error)
}

// CanCompute reports whether the engine can do a key exchange in the group.
func CanCompute(g wire.Group) bool { _, ok := groups[g]; return ok }

// groups are the key exchanges that we can compute.
var groups = map[wire.Group]func(io.Reader) (keyPair, error){
	wire.GroupX25519:                newX25519,
	wire.GroupX448:                  newX448,
	wire.GroupSecp256r1:             newNIST(wire.GroupSecp256r1),
	wire.GroupSecp384r1:             newNIST(wire.GroupSecp384r1),
	wire.GroupSecp521r1:             newNIST(wire.GroupSecp521r1),
	wire.GroupFFDHE2048:             newFFDHE(wire.GroupFFDHE2048),
	wire.GroupFFDHE3072:             newFFDHE(wire.GroupFFDHE3072),
	wire.GroupFFDHE4096:             newFFDHE(wire.GroupFFDHE4096),
	wire.GroupFFDHE6144:             newFFDHE(wire.GroupFFDHE6144),
	wire.GroupFFDHE8192:             newFFDHE(wire.GroupFFDHE8192),
	wire.GroupX25519MLKEM768:        newHybrid(newMLKEM768, newX25519),
	wire.GroupSecP256r1MLKEM768:     newHybrid(newNIST(wire.GroupSecp256r1), newMLKEM768),
	wire.GroupSecP384r1MLKEM1024:    newHybrid(newNIST(wire.GroupSecp384r1), newMLKEM1024),
	wire.GroupX25519Kyber768Draft00: newHybrid(newX25519, newKyber768),
}

// ShareLen is the length in bytes of our share of the group, or 0 if we cannot
// compute it. A hello that is to have an exact size holds that many zeros in
// place of a share.
func ShareLen(g wire.Group) int {
	switch g {
	case wire.GroupX25519:
		return 32
	case wire.GroupX448:
		return 56
	case wire.GroupSecp256r1:
		return 65
	case wire.GroupSecp384r1:
		return 97
	case wire.GroupSecp521r1:
		return 133
	case wire.GroupX25519MLKEM768, wire.GroupX25519Kyber768Draft00:
		return 1184 + 32
	case wire.GroupSecP256r1MLKEM768:
		return 65 + 1184
	case wire.GroupSecP384r1MLKEM1024:
		return 97 + 1568
	}
	return int(ffdheTerms[g].bits / 8)
}
