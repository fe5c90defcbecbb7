package wire

import (
	"errors"
	"math/bits"
	"slices"

	"golang.org/x/crypto/cryptobyte"
)

// ServerKeyExchange is the message of TLS 1.2 and older. Which parameters it
// holds follows from the suite; nothing in the bytes says so.
type ServerKeyExchange struct {
	Group Group  // ECDHE with a named curve
	Point []byte // ECDHE: the server's public value
	// DHE, all big-endian
	P, G, Y []byte
	// RSA_EXPORT: a short-lived key of at most 512 bits
	Modulus, Exponent []byte
	PSKHint           []byte

	Params    []byte          // the bytes that the signature covers, after both randoms
	Scheme    SignatureScheme // TLS 1.2 only
	Signature []byte          // nil in anonymous and PSK exchanges
}

// ErrExplicitCurve says that the server sent curve parameters instead of a
// name, which RFC 8422 forbids.
var ErrExplicitCurve = errors.New("ServerKeyExchange with an explicit curve")

// ParseServerKeyExchange reads the body for a suite with the given key exchange.
func ParseServerKeyExchange(body []byte, suite CipherSuite, version Version) (*ServerKeyExchange, error) {
	info, ok := suite.Info()
	if !ok {
		return nil, errors.New("ServerKeyExchange for an unknown suite")
	}
	s := cryptobyte.String(body)
	k := &ServerKeyExchange{}
	bad := errors.New("malformed ServerKeyExchange")
	if info.PSK {
		var hint cryptobyte.String
		if !s.ReadUint16LengthPrefixed(&hint) {
			return nil, bad
		}
		k.PSKHint = slices.Clone([]byte(hint))
	}
	switch info.KeyExchange {
	case KXECDHE, KXECDHAnon, KXECDHEPSK:
		if err := k.readECDHE(&s); err != nil {
			return nil, err
		}
	case KXDHE, KXDHAnon, KXDHEPSK:
		if !readVectors(&s, &k.P, &k.G, &k.Y) {
			return nil, bad
		}
	case KXRSA:
		if !readVectors(&s, &k.Modulus, &k.Exponent) {
			return nil, bad
		}
	case KXPSK, KXRSAPSK:
	default:
		return nil, errors.New("ServerKeyExchange of a kind that is not read here")
	}
	k.Params = slices.Clone(body[:len(body)-len(s)])
	if info.Anonymous || info.PSK {
		return k, nil
	}
	if version >= VersionTLS12 {
		var scheme uint16
		if !s.ReadUint16(&scheme) {
			return nil, bad
		}
		k.Scheme = SignatureScheme(scheme)
	}
	var sig cryptobyte.String
	if !s.ReadUint16LengthPrefixed(&sig) || !s.Empty() {
		return nil, bad
	}
	k.Signature = slices.Clone([]byte(sig))
	return k, nil
}

func (k *ServerKeyExchange) readECDHE(s *cryptobyte.String) error {
	const namedCurve = 3 // RFC 8422, Section 5.4
	var kind uint8
	var group uint16
	var point cryptobyte.String
	if !s.ReadUint8(&kind) {
		return errors.New("malformed ServerKeyExchange")
	}
	if kind != namedCurve {
		return ErrExplicitCurve
	}
	if !s.ReadUint16(&group) || !s.ReadUint8LengthPrefixed(&point) {
		return errors.New("malformed ServerKeyExchange")
	}
	k.Group, k.Point = Group(group), slices.Clone([]byte(point))
	return nil
}

func readVectors(s *cryptobyte.String, out ...*[]byte) bool {
	for _, o := range out {
		var v cryptobyte.String
		if !s.ReadUint16LengthPrefixed(&v) {
			return false
		}
		*o = slices.Clone([]byte(v))
	}
	return true
}

// DHBits is the size of the Diffie-Hellman prime in bits, or 0.
func (k *ServerKeyExchange) DHBits() int { return bitLen(k.P) }

func bitLen(b []byte) int {
	for i, x := range b {
		if x != 0 {
			return (len(b)-i-1)*8 + bits.Len8(x)
		}
	}
	return 0
}
