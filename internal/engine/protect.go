package engine

import (
	"crypto/cipher"
	"crypto/hmac"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"hash"
	"io"
	"slices"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// protection is one direction of a record layer with its keys.
type protection interface {
	// seal appends one record.
	seal(dst []byte, t wire.ContentType, payload []byte) ([]byte, error)
	// open returns the inner type and the plaintext; it may work in place.
	open(r wire.Record) (wire.ContentType, []byte, error)
	// sequence is the number of records so far.
	sequence() uint64
}

var (
	errBadMAC    = errors.New("a record does not decrypt: its MAC is wrong")
	errBadLength = errors.New("a record does not decrypt: its length is impossible")
	errInner     = errors.New("a record of TLS 1.3 has no content type in it")
)

type seqNum uint64

func (s seqNum) sequence() uint64 { return uint64(s) }

// aad12 is what TLS 1.2 and older authenticate beside the payload.
func (s seqNum) aad12(t wire.ContentType, v wire.Version, n int) []byte {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, 13), uint64(s))
	return append(b, byte(t), byte(v>>8), byte(v), byte(n>>8), byte(n))
}

// aead13 is the record protection of TLS 1.3 (RFC 8446, Section 5.2).
type aead13 struct {
	seqNum
	aead cipher.AEAD
	iv   [12]byte
}

func (p *aead13) nonce() []byte {
	n := p.iv
	for i := range 8 {
		n[4+i] ^= byte(p.seqNum >> (56 - 8*i))
	}
	p.seqNum++
	return n[:]
}

func (p *aead13) seal(dst []byte, t wire.ContentType, payload []byte) ([]byte, error) {
	n := len(payload) + 1 + p.aead.Overhead()
	at := len(dst)
	dst = append(dst, byte(wire.ContentApplicationData), 3, 3, byte(n>>8), byte(n))
	inner := append(append(make([]byte, 0, len(payload)+1), payload...), byte(t))
	return p.aead.Seal(dst, p.nonce(), inner, dst[at:at+5]), nil
}

func (p *aead13) open(r wire.Record) (wire.ContentType, []byte, error) {
	n := len(r.Payload)
	if r.Type != wire.ContentApplicationData {
		return 0, nil, errors.New("a record of type " + r.Type.String() + " in clear where encrypted ones are due")
	}
	if n < p.aead.Overhead() {
		return 0, nil, errBadLength
	}
	aad := [5]byte{byte(r.Type), byte(r.Version >> 8), byte(r.Version), byte(n >> 8), byte(n)}
	out, err := p.aead.Open(r.Payload[:0], p.nonce(), r.Payload, aad[:])
	if err != nil {
		return 0, nil, errBadMAC
	}
	i := len(out) - 1
	for i >= 0 && out[i] == 0 {
		i--
	}
	if i < 0 {
		return 0, nil, errInner
	}
	return wire.ContentType(out[i]), out[:i], nil
}

// aead12 is the AEAD protection of TLS 1.2: with eight explicit bytes of nonce
// (RFC 5288, RFC 6655), or none for ChaCha20-Poly1305 (RFC 7905).
type aead12 struct {
	seqNum
	aead     cipher.AEAD
	iv       [12]byte // four bytes of salt where the rest is explicit
	explicit bool
	version  wire.Version
}

func (p *aead12) seal(dst []byte, t wire.ContentType, payload []byte) ([]byte, error) {
	nonce := p.iv
	n := len(payload) + p.aead.Overhead()
	if p.explicit {
		n += 8
	}
	dst = append(dst, byte(t), byte(p.version>>8), byte(p.version), byte(n>>8), byte(n))
	if p.explicit {
		binary.BigEndian.PutUint64(nonce[4:], uint64(p.seqNum))
		dst = append(dst, nonce[4:]...)
	} else {
		for i := range 8 {
			nonce[4+i] ^= byte(p.seqNum >> (56 - 8*i))
		}
	}
	aad := p.aad12(t, p.version, len(payload))
	p.seqNum++
	return p.aead.Seal(dst, nonce[:], payload, aad), nil
}

func (p *aead12) open(r wire.Record) (wire.ContentType, []byte, error) {
	nonce, b := p.iv, r.Payload
	if p.explicit {
		if len(b) < 8 {
			return 0, nil, errBadLength
		}
		copy(nonce[4:], b[:8])
		b = b[8:]
	} else {
		for i := range 8 {
			nonce[4+i] ^= byte(p.seqNum >> (56 - 8*i))
		}
	}
	if len(b) < p.aead.Overhead() {
		return 0, nil, errBadLength
	}
	aad := p.aad12(r.Type, r.Version, len(b)-p.aead.Overhead())
	p.seqNum++
	out, err := p.aead.Open(b[:0], nonce[:], b, aad)
	if err != nil {
		return 0, nil, errBadMAC
	}
	return r.Type, out, nil
}

// macRecord protects with a MAC, and a stream cipher, a block cipher in CBC
// mode or nothing (RFC 5246, Section 6.2.3).
type macRecord struct {
	seqNum
	mac     hash.Hash
	version wire.Version
	stream  cipher.Stream // RC4
	// block and iv: CBC. In TLS 1.0 iv is the last block of the record before,
	// afterwards each record carries its own (RFC 4346, Section 6.2.3.2).
	block        cipher.Block
	iv           []byte
	rand         io.Reader
	encryptFirst bool // encrypt-then-MAC (RFC 7366)
}

func (p *macRecord) sum(t wire.ContentType, v wire.Version, b []byte) []byte {
	p.mac.Reset()
	p.mac.Write(p.aad12(t, v, len(b)))
	p.mac.Write(b)
	return p.mac.Sum(nil)
}

func (p *macRecord) seal(dst []byte, t wire.ContentType, payload []byte) ([]byte, error) {
	body := slices.Clone(payload)
	if !p.encryptFirst {
		body = append(body, p.sum(t, p.version, payload)...)
	}
	switch {
	case p.stream != nil:
		p.stream.XORKeyStream(body, body)
	case p.block != nil:
		bs := p.block.BlockSize()
		pad := bs - len(body)%bs
		for range pad {
			body = append(body, byte(pad-1))
		}
		iv := p.iv
		var head []byte
		if p.version >= wire.VersionTLS11 {
			head = make([]byte, bs)
			if _, err := io.ReadFull(p.rand, head); err != nil {
				return nil, err
			}
			iv = head
		}
		cipher.NewCBCEncrypter(p.block, iv).CryptBlocks(body, body)
		p.iv = slices.Clone(body[len(body)-bs:])
		body = append(head, body...)
	}
	if p.encryptFirst {
		body = append(body, p.sum(t, p.version, body)...)
	}
	p.seqNum++
	return wire.AppendRecord(dst, t, p.version, body), nil
}

func (p *macRecord) open(r wire.Record) (wire.ContentType, []byte, error) {
	b := r.Payload
	size := p.mac.Size()
	if p.encryptFirst {
		if len(b) < size {
			return 0, nil, errBadLength
		}
		if !hmac.Equal(b[len(b)-size:], p.sum(r.Type, r.Version, b[:len(b)-size])) {
			return 0, nil, errBadMAC
		}
		b = b[:len(b)-size]
	}
	switch {
	case p.stream != nil:
		p.stream.XORKeyStream(b, b)
	case p.block != nil:
		var err error
		if b, err = p.openCBC(b); err != nil {
			return 0, nil, err
		}
	}
	if !p.encryptFirst {
		if len(b) < size {
			return 0, nil, errBadLength
		}
		if !hmac.Equal(b[len(b)-size:], p.sum(r.Type, r.Version, b[:len(b)-size])) {
			return 0, nil, errBadMAC
		}
		b = b[:len(b)-size]
	}
	p.seqNum++
	return r.Type, b, nil
}

// openCBC decrypts and takes the padding off. It makes no attempt to take the
// same time for good and bad padding: our peer has no secret of ours to guess,
// and each key lives for one connection that carries nothing private.
func (p *macRecord) openCBC(b []byte) ([]byte, error) {
	bs := p.block.BlockSize()
	iv := p.iv
	if p.version >= wire.VersionTLS11 {
		if len(b) < bs {
			return nil, errBadLength
		}
		iv, b = b[:bs], b[bs:]
	}
	if len(b) < bs || len(b)%bs != 0 {
		return nil, errBadLength
	}
	last := slices.Clone(b[len(b)-bs:])
	cipher.NewCBCDecrypter(p.block, iv).CryptBlocks(b, b)
	p.iv = last
	pad := int(b[len(b)-1])
	if pad+1 > len(b) {
		return nil, errBadMAC
	}
	for _, x := range b[len(b)-pad-1:] {
		if subtle.ConstantTimeByteEq(x, byte(pad)) != 1 {
			return nil, errBadMAC
		}
	}
	return b[:len(b)-pad-1], nil
}
