package oddtls

import (
	"crypto/rand"
	"fmt"
	"math/big"
	"sync"
)

// exportKey is the short-lived RSA key of export suites: 512 bits, which
// crypto/rsa neither makes nor uses.
type exportKey struct{ n, e, d *big.Int }

var exportRSA = sync.OnceValues(func() (*exportKey, error) {
	const bits = 512
	one, e := big.NewInt(1), big.NewInt(65537)
	for {
		p, err := rand.Prime(rand.Reader, bits/2)
		if err != nil {
			return nil, fmt.Errorf("making an export key: %w", err)
		}
		q, err := rand.Prime(rand.Reader, bits/2)
		if err != nil {
			return nil, fmt.Errorf("making an export key: %w", err)
		}
		n := new(big.Int).Mul(p, q)
		phi := new(big.Int).Mul(p.Sub(p, one), q.Sub(q, one))
		if d := new(big.Int).ModInverse(e, phi); d != nil && n.BitLen() == bits {
			return &exportKey{n, e, d}, nil
		}
	}
})

// decrypt undoes PKCS #1 v1.5 padding (RFC 8017, Section 7.2.2) around a
// premaster of 48 bytes.
func (k *exportKey) decrypt(ciphertext []byte) ([]byte, bool) {
	c := new(big.Int).SetBytes(ciphertext)
	if c.Cmp(k.n) >= 0 {
		return nil, false
	}
	m := c.Exp(c, k.d, k.n).FillBytes(make([]byte, (k.n.BitLen()+7)/8))
	at := len(m) - 48
	if m[0] != 0 || m[1] != 2 || m[at-1] != 0 {
		return nil, false
	}
	return m[at:], true
}
