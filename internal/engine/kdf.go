package engine

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/md5" // the PRF of TLS 1.0 and 1.1
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"hash"
	"sync"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// pHash fills out as in RFC 5246, Section 5; with xor it is mixed in.
func pHash(out []byte, newHash func() hash.Hash, secret, seed []byte, xor bool) {
	h := hmac.New(newHash, secret)
	h.Write(seed)
	a := h.Sum(nil)
	for len(out) > 0 {
		h.Reset()
		h.Write(a)
		h.Write(seed)
		b := h.Sum(nil)
		n := min(len(b), len(out))
		for i := range n {
			if xor {
				out[i] ^= b[i]
			} else {
				out[i] = b[i]
			}
		}
		out = out[n:]
		h.Reset()
		h.Write(a)
		a = h.Sum(nil)
	}
}

// prf is the PRF of the version: MD5 and SHA-1 of the two halves before TLS 1.2
// (RFC 2246, Section 5), the suite's hash in it.
func prf(v wire.Version, newHash func() hash.Hash, secret []byte, label string, seed []byte, n int) []byte {
	out := make([]byte, n)
	seed = append([]byte(label), seed...)
	if v >= wire.VersionTLS12 {
		pHash(out, newHash, secret, seed, false)
		return out
	}
	half := (len(secret) + 1) / 2
	pHash(out, md5.New, secret[:half], seed, false)
	pHash(out, sha1.New, secret[len(secret)-half:], seed, true)
	return out
}

// expandLabel is HKDF-Expand-Label (RFC 8446, Section 7.1).
func expandLabel(newHash func() hash.Hash, secret []byte, label string, context []byte, n int) []byte {
	const prefix = "tls13 " // labels have at most 18 bytes behind it, contexts are hashes
	var room [2 + 1 + 32 + 1 + 64]byte
	b := append(room[:0], byte(n>>8), byte(n), byte(len(prefix)+len(label)))
	b = append(append(b, prefix...), label...)
	b = append(append(b, byte(len(context))), context...)
	out, err := hkdf.Expand(newHash, secret, string(b), n)
	if err != nil {
		panic("engine: HKDF-Expand-Label of a fixed length: " + err.Error()) // lengths are constants of ours
	}
	return out
}

// extract is HKDF-Extract.
func extract(newHash func() hash.Hash, secret, salt []byte) []byte {
	if secret == nil {
		secret = make([]byte, newHash().Size())
	}
	out, err := hkdf.Extract(newHash, secret, salt)
	if err != nil {
		panic("engine: HKDF-Extract: " + err.Error()) // fails only in FIPS mode for short keys
	}
	return out
}

// schedule13 is the key schedule of TLS 1.3 at one of its secrets.
type schedule13 struct {
	hash   func() hash.Hash
	secret []byte
}

// newSchedule13 mixes in the pre-shared key of a session that is resumed, and
// the shared secret of the key exchange; nil where there is none.
func newSchedule13(h func() hash.Hash, psk, shared []byte) *schedule13 {
	var salt []byte
	switch {
	case psk != nil:
		salt = derived(h, extract(h, psk, nil))
	case h().Size() == sha256.Size:
		salt = noPSK256()
	default:
		salt = noPSK384()
	}
	return &schedule13{h, extract(h, shared, salt)}
}

// Where no session is resumed, the handshake secret is salted with a constant of
// the hash.
var (
	noPSK256 = sync.OnceValue(func() []byte { return derived(sha256.New, extract(sha256.New, nil, nil)) })
	noPSK384 = sync.OnceValue(func() []byte { return derived(sha512.New384, extract(sha512.New384, nil, nil)) })
)

func derived(h func() hash.Hash, secret []byte) []byte {
	return expandLabel(h, secret, "derived", h().Sum(nil), h().Size())
}

func (s *schedule13) traffic(label string, transcript []byte) []byte {
	return expandLabel(s.hash, s.secret, label, transcript, s.hash().Size())
}

// master goes from the handshake secret to the master secret.
func (s *schedule13) master() { s.secret = extract(s.hash, nil, derived(s.hash, s.secret)) }

// finished13 is the verify_data under a base key.
func finished13(h func() hash.Hash, base, transcript []byte) []byte {
	m := hmac.New(h, expandLabel(h, base, "finished", nil, h().Size()))
	m.Write(transcript)
	return m.Sum(nil)
}

// messageLog holds the handshake messages for the hashes over them.
type messageLog struct {
	all []byte
	h   hash.Hash // running, once the hash is known; then all is not grown
	off bool      // nothing will be asked of it
}

func (l *messageLog) add(b []byte) {
	if l.off {
		return
	}
	if l.h != nil {
		l.h.Write(b)
		return
	}
	l.all = append(l.all, b...)
}

// use fixes the hash (TLS 1.3).
func (l *messageLog) use(newHash func() hash.Hash) {
	l.h = newHash()
	l.h.Write(l.all)
	l.all = nil
}

// fork leaves the log as it is and returns a copy of it (TLS 1.3).
func (l *messageLog) fork() (*messageLog, error) {
	c, ok := l.h.(hash.Cloner)
	if !ok {
		return nil, errors.New("the hash of the handshake cannot be copied")
	}
	h, err := c.Clone()
	if err != nil {
		return nil, fmt.Errorf("copying the hash of the handshake: %w", err)
	}
	return &messageLog{h: h}, nil
}

func (l *messageLog) sum() []byte { return l.h.Sum(nil) }

// digest hashes all messages in TLS 1.2 and older.
func (l *messageLog) digest(v wire.Version, newHash func() hash.Hash) []byte {
	if v >= wire.VersionTLS12 {
		h := newHash()
		h.Write(l.all)
		return h.Sum(nil)
	}
	m, s := md5.Sum(l.all), sha1.Sum(l.all)
	return append(m[:], s[:]...)
}
