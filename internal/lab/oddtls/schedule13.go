package oddtls

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"hash"

	"golang.org/x/crypto/cryptobyte"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// schedule13 is the key schedule of RFC 8446, Section 7.1.
type schedule13 struct {
	info wire.SuiteInfo
	hash func() hash.Hash

	client, server []byte // traffic secrets of the current epoch
	handshake      []byte // handshake secret
}

func newSchedule13(info wire.SuiteInfo) *schedule13 {
	s := &schedule13{info: info, hash: sha256.New}
	if info.Hash == wire.HashSHA384 {
		s.hash = sha512.New384
	}
	return s
}

func (s *schedule13) sum(b []byte) []byte {
	h := s.hash()
	h.Write(b)
	return h.Sum(nil)
}

// expand is HKDF-Expand-Label.
func (s *schedule13) expand(secret []byte, label string, context []byte, n int) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddUint16(uint16(n))
	b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes([]byte("tls13 " + label)) })
	b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(context) })
	info, err := b.Bytes()
	if err != nil {
		return nil, fmt.Errorf("deriving keys: %w", err)
	}
	return hkdf.Expand(s.hash, secret, string(info), n)
}

// derive is Derive-Secret over a transcript.
func (s *schedule13) derive(secret []byte, label string, transcript []byte) ([]byte, error) {
	return s.expand(secret, label, s.sum(transcript), s.hash().Size())
}

// toHandshake goes from the shared secret to the handshake traffic secrets;
// there is never a PSK.
func (s *schedule13) toHandshake(shared, transcript []byte) error {
	zeros := make([]byte, s.hash().Size())
	early, err := hkdf.Extract(s.hash, zeros, nil)
	if err != nil {
		return fmt.Errorf("deriving keys: %w", err)
	}
	salt, err := s.derive(early, "derived", nil)
	if err != nil {
		return err
	}
	if s.handshake, err = hkdf.Extract(s.hash, shared, salt); err != nil {
		return fmt.Errorf("deriving keys: %w", err)
	}
	if s.client, err = s.derive(s.handshake, "c hs traffic", transcript); err != nil {
		return err
	}
	s.server, err = s.derive(s.handshake, "s hs traffic", transcript)
	return err
}

// toApplication goes on from the transcript through the server's Finished.
func (s *schedule13) toApplication(transcript []byte) error {
	salt, err := s.derive(s.handshake, "derived", nil)
	if err != nil {
		return err
	}
	master, err := hkdf.Extract(s.hash, make([]byte, s.hash().Size()), salt)
	if err != nil {
		return fmt.Errorf("deriving keys: %w", err)
	}
	if s.client, err = s.derive(master, "c ap traffic", transcript); err != nil {
		return err
	}
	s.server, err = s.derive(master, "s ap traffic", transcript)
	return err
}

// protector makes one direction from its traffic secret.
func (s *schedule13) protector(secret []byte) (protector, error) {
	n := 16
	if s.info.Cipher == wire.CipherChaCha20 || s.info.KeyBits == 256 {
		n = 32
	}
	key, err := s.expand(secret, "key", nil, n)
	if err != nil {
		return nil, err
	}
	iv, err := s.expand(secret, "iv", nil, 12)
	if err != nil {
		return nil, err
	}
	a, err := newAEAD(s.info, key)
	if err != nil {
		return nil, err
	}
	return &aeadProtector{aead: a, iv: iv, tls13: true}, nil
}

// finished is the verify_data of RFC 8446, Section 4.4.4.
func (s *schedule13) finished(secret, transcript []byte) ([]byte, error) {
	key, err := s.expand(secret, "finished", nil, s.hash().Size())
	if err != nil {
		return nil, err
	}
	m := hmac.New(s.hash, key)
	m.Write(s.sum(transcript))
	return m.Sum(nil), nil
}
