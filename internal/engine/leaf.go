package engine

import (
	"errors"
	"fmt"
	"io"
	"math/big"

	"golang.org/x/crypto/cryptobyte"

	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/trust"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// leafKey is the public key of the server's certificate, or why there is none.
type leafKey struct {
	key *trust.PublicKey
	err error
}

// certificates takes the server's certificates into the transcript.
func (c *conn) certificates(m *wire.Certificate, size int) {
	c.t.CertificateBytes = size
	c.t.Certificates = nil
	for _, e := range m.Entries {
		c.t.Certificates = append(c.t.Certificates, e.DER)
	}
	c.serverKey = &leafKey{}
	if len(m.Entries) == 0 {
		c.serverKey.err = errors.New("the server sent no certificate")
		return
	}
	key, err := trust.CertificateKey(m.Entries[0].DER)
	if err != nil {
		c.serverKey.err = fmt.Errorf("the server's certificate cannot be read: %w", err)
		return
	}
	c.serverKey = &leafKey{key: key}
}

// delegatedKey takes the key of a delegated credential, which signs the
// handshake in place of the leaf's (RFC 9345, Section 4).
func (c *conn) delegatedKey(b []byte) {
	s := cryptobyte.String(b)
	var spki cryptobyte.String
	if !s.Skip(4+2) || !s.ReadUint24LengthPrefixed(&spki) { // valid_time, dc_cert_verify_algorithm
		return
	}
	if key, err := trust.ParsePublicKey(spki); err == nil {
		c.serverKey = &leafKey{key: key}
	}
}

// checkSignature notes whether the leaf's key made sig over msg. A bad one is
// no reason to stop: the transcript says so.
func (c *conn) checkSignature(scheme wire.SignatureScheme, msg, sig []byte) {
	c.t.Signature = scheme
	c.t.SignatureValid = transcript.Unknown
	if c.serverKey == nil || c.serverKey.key == nil {
		return
	}
	key := c.serverKey.key
	alg, ok := trust.LegacySigAlg(key.Type)
	if scheme != 0 {
		alg, ok = trust.SigAlgFromTLS(uint16(scheme))
	}
	if !ok {
		return
	}
	switch err := key.Verify(alg, msg, sig); {
	case err == nil:
		c.t.SignatureValid = transcript.Yes
	case errors.Is(err, trust.ErrBadSignature), errors.Is(err, trust.ErrKeyMismatch):
		c.t.SignatureValid = transcript.No
	}
}

// encryptRSA encrypts the premaster secret to the leaf's key with PKCS #1 v1.5
// (RFC 5246, Section 7.4.7.1). crypto/rsa would refuse the short keys that old
// devices still have.
func (k *leafKey) encryptRSA(msg []byte, rand io.Reader) ([]byte, error) {
	if k == nil {
		return nil, errors.New("the server sent no certificate")
	}
	if k.err != nil {
		return nil, k.err
	}
	n, e := k.key.Modulus, k.key.Exponent
	if n == nil || e == nil {
		return nil, fmt.Errorf("the suite needs an RSA key, the certificate has one of type %s", k.key.Type)
	}
	size := (n.BitLen() + 7) / 8
	if n.Sign() <= 0 || n.BitLen() > 16384 || e.Sign() <= 0 || e.BitLen() > 64 || size < len(msg)+11 {
		return nil, fmt.Errorf("an RSA key of %d bits is out of bounds here", n.BitLen())
	}
	b := make([]byte, size)
	b[1] = 2
	pad := b[2 : size-len(msg)-1]
	if _, err := io.ReadFull(rand, pad); err != nil {
		return nil, err
	}
	for i := range pad {
		if pad[i] == 0 {
			pad[i] = byte(i) | 1 // the padding holds no zero bytes; uniform ones are not needed, see Keys
		}
	}
	copy(b[size-len(msg):], msg)
	out := new(big.Int).Exp(new(big.Int).SetBytes(b), e, n)
	return out.FillBytes(make([]byte, size)), nil
}
