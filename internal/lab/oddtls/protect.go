package oddtls

import (
	"crypto/cipher"
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"crypto/rc4"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"errors"
	"hash"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// protector encrypts or decrypts the records of one direction.
type protector interface {
	// seal returns the content type and fragment to put on the wire.
	seal(seq uint64, t wire.ContentType, v wire.Version, plain []byte) (wire.ContentType, []byte)
	// open undoes it.
	open(seq uint64, t wire.ContentType, v wire.Version, fragment []byte) (wire.ContentType, []byte, error)
}

var errBadRecord = errors.New("record does not decrypt")

// recordMAC authenticates the records of suites without AEAD.
type recordMAC struct {
	secret []byte
	hash   func() hash.Hash
	ssl3   bool
}

func newHash(m wire.MAC) func() hash.Hash {
	switch m {
	case wire.MACMD5:
		return md5.New
	case wire.MACSHA256:
		return sha256.New
	case wire.MACSHA384:
		return sha512.New384
	}
	return sha1.New
}

func (m *recordMAC) size() int { return m.hash().Size() }

func (m *recordMAC) sum(seq uint64, t wire.ContentType, v wire.Version, data []byte) []byte {
	head := binary.BigEndian.AppendUint64(nil, seq)
	head = append(head, byte(t))
	if !m.ssl3 {
		head = binary.BigEndian.AppendUint16(head, uint16(v))
	}
	head = binary.BigEndian.AppendUint16(head, uint16(len(data)))
	if m.ssl3 { // RFC 6101, Section 5.2.3.1
		return ssl3Keyed(m.hash, m.secret, head, data)
	}
	h := hmac.New(m.hash, m.secret)
	h.Write(head)
	h.Write(data)
	return h.Sum(nil)
}

// check takes the MAC off and compares it.
func (m *recordMAC) check(seq uint64, t wire.ContentType, v wire.Version, b []byte) ([]byte, error) {
	n := len(b) - m.size()
	if n < 0 || !hmac.Equal(b[n:], m.sum(seq, t, v, b[:n])) {
		return nil, errBadRecord
	}
	return b[:n], nil
}

// streamProtector is RC4, or NULL without cipher.
type streamProtector struct {
	rc4 *rc4.Cipher
	mac *recordMAC
}

func (p *streamProtector) seal(seq uint64, t wire.ContentType, v wire.Version, plain []byte) (wire.ContentType, []byte) {
	out := append(append([]byte(nil), plain...), p.mac.sum(seq, t, v, plain)...)
	if p.rc4 != nil {
		p.rc4.XORKeyStream(out, out)
	}
	return t, out
}

func (p *streamProtector) open(seq uint64, t wire.ContentType, v wire.Version, fragment []byte) (wire.ContentType, []byte, error) {
	out := append([]byte(nil), fragment...)
	if p.rc4 != nil {
		p.rc4.XORKeyStream(out, out)
	}
	plain, err := p.mac.check(seq, t, v, out)
	return t, plain, err
}

// cbcProtector is MAC, pad, encrypt. With an explicit IV (TLS 1.1 and 1.2) each
// record brings its own; before, the last block of one record is the IV of the
// next, which chained remembers.
type cbcProtector struct {
	block   cipher.Block
	mac     *recordMAC
	chained cipher.BlockMode
}

func (p *cbcProtector) seal(seq uint64, t wire.ContentType, v wire.Version, plain []byte) (wire.ContentType, []byte) {
	size := p.block.BlockSize()
	var out []byte
	mode := p.chained
	if mode == nil {
		out = make([]byte, size)
		_, _ = rand.Read(out) // documented never to fail
		mode = cipher.NewCBCEncrypter(p.block, out)
	}
	start := len(out)
	out = append(append(out, plain...), p.mac.sum(seq, t, v, plain)...)
	pad := size - (len(out)-start)%size
	for range pad {
		out = append(out, byte(pad-1))
	}
	mode.CryptBlocks(out[start:], out[start:])
	return t, out
}

func (p *cbcProtector) open(seq uint64, t wire.ContentType, v wire.Version, fragment []byte) (wire.ContentType, []byte, error) {
	size := p.block.BlockSize()
	out := append([]byte(nil), fragment...)
	mode := p.chained
	if mode == nil {
		if len(out) < size {
			return t, nil, errBadRecord
		}
		mode = cipher.NewCBCDecrypter(p.block, out[:size])
		out = out[size:]
	}
	if len(out) == 0 || len(out)%size != 0 {
		return t, nil, errBadRecord
	}
	mode.CryptBlocks(out, out)
	pad := int(out[len(out)-1]) + 1
	if pad > len(out) {
		return t, nil, errBadRecord
	}
	plain, err := p.mac.check(seq, t, v, out[:len(out)-pad])
	return t, plain, err
}

// aeadProtector is GCM, CCM or ChaCha20-Poly1305.
type aeadProtector struct {
	aead     cipher.AEAD
	iv       []byte
	explicit bool // 4 bytes of salt and 8 of nonce on the wire (RFC 5288, RFC 6655)
	tls13    bool
}

func (p *aeadProtector) nonce(seq uint64) []byte {
	if p.explicit {
		return binary.BigEndian.AppendUint64(append([]byte(nil), p.iv...), seq)
	}
	n := append([]byte(nil), p.iv...)
	for i := range 8 {
		n[len(n)-8+i] ^= byte(seq >> (56 - 8*i))
	}
	return n
}

func additional12(seq uint64, t wire.ContentType, v wire.Version, n int) []byte {
	b := append(binary.BigEndian.AppendUint64(nil, seq), byte(t), byte(v>>8), byte(v))
	return binary.BigEndian.AppendUint16(b, uint16(n))
}

func additional13(n int) []byte {
	return []byte{byte(wire.ContentApplicationData), 3, 3, byte(n >> 8), byte(n)}
}

func (p *aeadProtector) seal(seq uint64, t wire.ContentType, v wire.Version, plain []byte) (wire.ContentType, []byte) {
	nonce := p.nonce(seq)
	if p.tls13 {
		inner := append(append([]byte(nil), plain...), byte(t))
		return wire.ContentApplicationData, p.aead.Seal(nil, nonce, inner, additional13(len(inner)+p.aead.Overhead()))
	}
	var out []byte
	if p.explicit {
		out = nonce[len(p.iv):]
	}
	return t, p.aead.Seal(append([]byte(nil), out...), nonce, plain, additional12(seq, t, v, len(plain)))
}

func (p *aeadProtector) open(seq uint64, t wire.ContentType, v wire.Version, fragment []byte) (wire.ContentType, []byte, error) {
	nonce := p.nonce(seq)
	if p.explicit {
		if len(fragment) < 8 {
			return t, nil, errBadRecord
		}
		nonce = append(append([]byte(nil), p.iv...), fragment[:8]...)
		fragment = fragment[8:]
	}
	n := len(fragment) - p.aead.Overhead()
	if n < 0 {
		return t, nil, errBadRecord
	}
	ad := additional12(seq, t, v, n)
	if p.tls13 {
		ad = additional13(len(fragment))
	}
	plain, err := p.aead.Open(nil, nonce, fragment, ad)
	if err != nil {
		return t, nil, errBadRecord
	}
	if !p.tls13 {
		return t, plain, nil
	}
	for i := len(plain) - 1; i >= 0; i-- { // RFC 8446, Section 5.4: zeros are padding
		if plain[i] != 0 {
			return wire.ContentType(plain[i]), plain[:i], nil
		}
	}
	return t, nil, errBadRecord
}
