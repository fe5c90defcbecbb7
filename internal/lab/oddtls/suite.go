package oddtls

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/rc4"
	"errors"
	"fmt"

	"github.com/pion/dtls/v3/pkg/crypto/ccm"
	"golang.org/x/crypto/chacha20poly1305"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// canEncrypt reports whether this package has the suite's cipher. Suites with
// others (Camellia, ARIA, SEED, IDEA, RC2) are negotiated and answered up to
// ServerHelloDone; no key is ever used.
func canEncrypt(i wire.SuiteInfo) bool {
	switch i.Cipher {
	case wire.CipherNull, wire.CipherRC4, wire.CipherDES, wire.Cipher3DES, wire.CipherAES, wire.CipherChaCha20:
		return true
	}
	return false
}

// keySizes are the bytes of key block that one direction of a suite takes.
type keySizes struct {
	mac, key, iv int
	final        int // key bytes after expansion; differs from key in export suites
}

func sizesOf(i wire.SuiteInfo, v wire.Version) keySizes {
	var s keySizes
	if !i.AEAD {
		s.mac = newHash(i.MAC)().Size()
	}
	switch i.Cipher {
	case wire.CipherRC4:
		s.key = 16
	case wire.CipherDES:
		s.key, s.iv = 8, 8
	case wire.Cipher3DES:
		s.key, s.iv = 24, 8
	case wire.CipherAES:
		s.key, s.iv = i.KeyBits/8, 16
		if i.AEAD {
			s.iv = 4
		}
	case wire.CipherChaCha20:
		s.key, s.iv = 32, 12
	}
	if i.Mode == wire.ModeCBC && v >= wire.VersionTLS11 {
		s.iv = 0 // every record brings its own
	}
	s.final = s.key
	if i.Export {
		s.key = i.KeyBits / 8
	}
	return s
}

// newProtector makes one direction of a suite of TLS 1.2 or older.
func newProtector(i wire.SuiteInfo, v wire.Version, mac, key, iv []byte, encrypt bool) (protector, error) {
	m := &recordMAC{secret: mac, hash: newHash(i.MAC), ssl3: v == wire.VersionSSL30}
	switch i.Cipher {
	case wire.CipherNull:
		return &streamProtector{mac: m}, nil
	case wire.CipherRC4:
		c, err := rc4.NewCipher(key)
		if err != nil {
			return nil, fmt.Errorf("RC4: %w", err)
		}
		return &streamProtector{c, m}, nil
	}
	if i.AEAD {
		a, err := newAEAD(i, key)
		if err != nil {
			return nil, err
		}
		return &aeadProtector{aead: a, iv: iv, explicit: i.Cipher == wire.CipherAES}, nil
	}
	var b cipher.Block
	var err error
	switch i.Cipher {
	case wire.CipherDES:
		b, err = des.NewCipher(key)
	case wire.Cipher3DES:
		b, err = des.NewTripleDESCipher(key)
	case wire.CipherAES:
		b, err = aes.NewCipher(key)
	default:
		err = errors.New("cipher is negotiated only")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", i.Cipher, err)
	}
	p := &cbcProtector{block: b, mac: m}
	if v < wire.VersionTLS11 {
		p.chained = cipher.NewCBCDecrypter(b, iv)
		if encrypt {
			p.chained = cipher.NewCBCEncrypter(b, iv)
		}
	}
	return p, nil
}

func newAEAD(i wire.SuiteInfo, key []byte) (cipher.AEAD, error) {
	if i.Cipher == wire.CipherChaCha20 {
		return chacha20poly1305.New(key)
	}
	b, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("AES: %w", err)
	}
	switch i.Mode {
	case wire.ModeCCM:
		return ccm.NewCCM(b, 16, 12)
	case wire.ModeCCM8:
		return ccm.NewCCM(b, 8, 12)
	}
	return cipher.NewGCM(b)
}
