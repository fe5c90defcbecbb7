package engine

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des" // old servers offer nothing else; no secret of ours is at stake
	"crypto/hmac"
	"crypto/md5" // see above
	"crypto/rc4" // see above
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"hash"
	"io"

	"github.com/pion/dtls/v3/pkg/crypto/ccm"
	"golang.org/x/crypto/chacha20poly1305"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// suite is what we need to compute with a cipher suite.
type suite struct {
	id              wire.CipherSuite
	info            wire.SuiteInfo
	hash            func() hash.Hash // of the PRF in TLS 1.2 and of HKDF
	mac             func() hash.Hash // nil for an AEAD
	keyLen          int
	ivLen           int // of the key block: CBC block, salt of the AEAD
	macLen          int
	aead            func(key []byte) (cipher.AEAD, error)
	block           func(key []byte) (cipher.Block, error)
	rc4             bool
	explicitPartial bool // AEAD of TLS 1.2 with eight explicit nonce bytes
}

// computable returns what is needed to run the suite, or an error that says
// what we lack.
func computable(id wire.CipherSuite) (*suite, error) {
	info, ok := id.Info()
	if !ok {
		return nil, fmt.Errorf("the cipher suite %s is unknown", id)
	}
	if info.Export {
		return nil, fmt.Errorf("export suites such as %s are not computed", id)
	}
	s := &suite{id: id, info: info, keyLen: info.KeyBits / 8}
	switch info.Hash {
	case wire.HashSHA256:
		s.hash = sha256.New
	case wire.HashSHA384:
		s.hash = sha512.New384
	default:
		return nil, fmt.Errorf("the key derivation of %s is not computed", id)
	}
	switch info.MAC {
	case wire.MACAEAD:
	case wire.MACMD5:
		s.mac, s.macLen = md5.New, md5.Size
	case wire.MACSHA1:
		s.mac, s.macLen = sha1.New, sha1.Size
	case wire.MACSHA256:
		s.mac, s.macLen = sha256.New, sha256.Size
	case wire.MACSHA384:
		s.mac, s.macLen = sha512.New384, sha512.Size384
	default:
		return nil, fmt.Errorf("the MAC of %s is not computed", id)
	}
	switch {
	case info.Cipher == wire.CipherNull && s.mac != nil:
	case info.Cipher == wire.CipherRC4 && s.mac != nil:
		s.rc4 = true
	case info.Cipher == wire.Cipher3DES && info.Mode == wire.ModeCBC:
		s.keyLen, s.ivLen, s.block = 24, des.BlockSize, des.NewTripleDESCipher
	case info.Cipher == wire.CipherDES && info.Mode == wire.ModeCBC:
		s.keyLen, s.ivLen, s.block = 8, des.BlockSize, des.NewCipher
	case info.Cipher == wire.CipherAES && info.Mode == wire.ModeCBC:
		s.ivLen, s.block = aes.BlockSize, aes.NewCipher
	case info.Cipher == wire.CipherAES && info.Mode == wire.ModeGCM:
		s.ivLen, s.explicitPartial = 4, true
		s.aead = overAES(cipher.NewGCM)
	case info.Cipher == wire.CipherAES && info.Mode == wire.ModeCCM:
		s.ivLen, s.explicitPartial = 4, true
		s.aead = overAES(func(b cipher.Block) (cipher.AEAD, error) { return ccm.NewCCM(b, 16, 12) })
	case info.Cipher == wire.CipherAES && info.Mode == wire.ModeCCM8:
		s.ivLen, s.explicitPartial = 4, true
		s.aead = overAES(func(b cipher.Block) (cipher.AEAD, error) { return ccm.NewCCM(b, 8, 12) })
	case info.Cipher == wire.CipherChaCha20 && info.Mode == wire.ModePoly1305:
		s.ivLen, s.aead = 12, chacha20poly1305.New
	default:
		return nil, fmt.Errorf("the cipher of %s is not computed", id)
	}
	return s, nil
}

func overAES(mode func(cipher.Block) (cipher.AEAD, error)) func([]byte) (cipher.AEAD, error) {
	return func(key []byte) (cipher.AEAD, error) {
		b, err := aes.NewCipher(key)
		if err != nil {
			return nil, err
		}
		return mode(b)
	}
}

// keys12 are the keys of one direction in TLS 1.2 and older.
type keys12 struct{ mac, key, iv []byte }

// protect12 makes the record protection of one direction.
func (s *suite) protect12(v wire.Version, k keys12, encryptFirst bool, rand io.Reader) (protection, error) {
	if s.aead != nil {
		a, err := s.aead(k.key)
		if err != nil {
			return nil, err
		}
		p := &aead12{aead: a, explicit: s.explicitPartial, version: v}
		copy(p.iv[:], k.iv)
		return p, nil
	}
	p := &macRecord{mac: hmac.New(s.mac, k.mac), version: v, rand: rand}
	switch {
	case s.rc4:
		c, err := rc4.NewCipher(k.key) // see the import
		if err != nil {
			return nil, err
		}
		p.stream = c
	case s.block != nil:
		b, err := s.block(k.key)
		if err != nil {
			return nil, err
		}
		p.block, p.iv, p.encryptFirst = b, k.iv, encryptFirst
	}
	return p, nil
}

// protect13 makes the record protection of one direction from its traffic
// secret (RFC 8446, Section 7.3).
func (s *suite) protect13(secret []byte) (protection, error) {
	key := expandLabel(s.hash, secret, "key", nil, s.keyLen)
	a, err := s.aead(key)
	if err != nil {
		return nil, err
	}
	p := &aead13{aead: a}
	copy(p.iv[:], expandLabel(s.hash, secret, "iv", nil, 12))
	return p, nil
}
