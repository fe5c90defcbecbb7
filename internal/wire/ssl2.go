package wire

import (
	"errors"
	"slices"

	"golang.org/x/crypto/cryptobyte"
)

// SSL2ClientHello is the CLIENT-HELLO of SSL 2.0, which also served as the
// compatible form of an SSL 3.0 or TLS hello (RFC 5246, Appendix E.2).
type SSL2ClientHello struct {
	Version   Version
	Ciphers   []SSL2Cipher // SSL 3.0 and TLS suites have a zero first byte
	SessionID []byte
	Challenge []byte // 16 to 32 bytes
}

// Marshal returns the record, two-byte header included.
func (h *SSL2ClientHello) Marshal() []byte {
	b := []byte{1, byte(h.Version >> 8), byte(h.Version)}
	b = len16(len16(len16(b, 3*len(h.Ciphers)), len(h.SessionID)), len(h.Challenge))
	for _, c := range h.Ciphers {
		b = append(b, byte(c>>16), byte(c>>8), byte(c))
	}
	b = append(append(b, h.SessionID...), h.Challenge...)
	return append([]byte{0x80 | byte(len(b)>>8), byte(len(b))}, b...)
}

// ParseSSL2ClientHello reads a record that holds an SSL 2.0 CLIENT-HELLO.
func ParseSSL2ClientHello(b []byte) (*SSL2ClientHello, error) {
	body, err := ssl2Record(b, 1)
	if err != nil {
		return nil, err
	}
	s := cryptobyte.String(body)
	var version, nc, ns, nch uint16
	var c, sid, ch []byte
	if !s.ReadUint16(&version) || !s.ReadUint16(&nc) || !s.ReadUint16(&ns) || !s.ReadUint16(&nch) || nc%3 != 0 ||
		!s.ReadBytes(&c, int(nc)) || !s.ReadBytes(&sid, int(ns)) || !s.ReadBytes(&ch, int(nch)) || !s.Empty() {
		return nil, errors.New("malformed SSL 2.0 CLIENT-HELLO")
	}
	return &SSL2ClientHello{Version(version), ssl2Ciphers(c), sid, ch}, nil
}

// SSL2ServerHello is the SERVER-HELLO of SSL 2.0.
type SSL2ServerHello struct {
	Version      Version
	Certificate  []byte // X.509 in DER, or empty
	Ciphers      []SSL2Cipher
	ConnectionID []byte
}

// ParseSSL2ServerHello reads a record that holds an SSL 2.0 SERVER-HELLO. It
// returns ErrNeedMore for a prefix of one.
func ParseSSL2ServerHello(b []byte) (*SSL2ServerHello, error) {
	body, err := ssl2Record(b, 4)
	if err != nil {
		return nil, err
	}
	s := cryptobyte.String(body)
	var hit, certType uint8
	var version, ncert, nc, nid uint16
	var cert, c, id []byte
	if !s.ReadUint8(&hit) || !s.ReadUint8(&certType) || !s.ReadUint16(&version) ||
		!s.ReadUint16(&ncert) || !s.ReadUint16(&nc) || !s.ReadUint16(&nid) || nc%3 != 0 ||
		!s.ReadBytes(&cert, int(ncert)) || !s.ReadBytes(&c, int(nc)) || !s.ReadBytes(&id, int(nid)) || !s.Empty() {
		return nil, errors.New("malformed SSL 2.0 SERVER-HELLO")
	}
	return &SSL2ServerHello{Version(version), slices.Clone(cert), ssl2Ciphers(c), id}, nil
}

// ssl2Record checks the two-byte header (no padding: these messages come before
// any encryption) and the message type.
func ssl2Record(b []byte, want byte) ([]byte, error) {
	if len(b) < 3 {
		return nil, ErrNeedMore
	}
	if b[0]&0x80 == 0 || b[2] != want {
		return nil, errors.New("not an SSL 2.0 message of that type")
	}
	n := int(b[0]&0x7f)<<8 | int(b[1])
	if len(b) < 2+n {
		return nil, ErrNeedMore
	}
	if n < 1 {
		return nil, errors.New("empty SSL 2.0 record")
	}
	return b[3 : 2+n], nil
}

func ssl2Ciphers(b []byte) []SSL2Cipher {
	var out []SSL2Cipher
	for ; len(b) >= 3; b = b[3:] {
		out = append(out, SSL2Cipher(b[0])<<16|SSL2Cipher(b[1])<<8|SSL2Cipher(b[2]))
	}
	return out
}
