package oddtls

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"golang.org/x/crypto/cryptobyte"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// errSSL2 ends a connection whose SSL 2.0 hello was answered as far as this
// package goes.
var errSSL2 = errors.New("SSL 2.0 is answered with a SERVER-HELLO and no more")

func (c *Conn) accept() error {
	h, err := c.readFirstHello()
	if err != nil {
		return err
	}
	return c.handshake(h)
}

// handshake answers a ClientHello that is already in the transcript.
func (c *Conn) handshake(h *wire.ClientHello) error {
	ch, err := c.cfg.negotiate(h)
	if err != nil {
		return err
	}
	c.version, c.choice, c.serverName = ch.version, ch, h.ServerName()
	if ch.version >= wire.VersionTLS13 {
		return c.handshake13(h)
	}
	return c.handshake12(h)
}

// readFirstHello reads a ClientHello in a TLS record or in SSL 2.0 format (RFC
// 5246, Appendix E.2).
func (c *Conn) readFirstHello() (*wire.ClientHello, error) {
	var first [2]byte
	if _, err := io.ReadFull(c.net, first[:]); err != nil {
		return nil, fmt.Errorf("reading a record: %w", err)
	}
	if first[0]&0x80 != 0 {
		return c.readSSL2Hello(first)
	}
	c.net = &prefixed{c.net, first[:]}
	m, err := c.expect(wire.TypeClientHello)
	if err != nil {
		return nil, err
	}
	return c.parseHello(m)
}

func (c *Conn) parseHello(m wire.Message) (*wire.ClientHello, error) {
	h, err := wire.ParseClientHello(m.Body)
	if err != nil {
		return nil, fail(wire.AlertDecodeError, "%v", err)
	}
	return h, nil
}

func (c *Conn) readSSL2Hello(first [2]byte) (*wire.ClientHello, error) {
	body := make([]byte, int(first[0]&0x7f)<<8|int(first[1]))
	if _, err := io.ReadFull(c.net, body); err != nil {
		return nil, fmt.Errorf("reading an SSL 2.0 record: %w", err)
	}
	h, err := wire.ParseSSL2ClientHello(append(first[:], body...))
	if err != nil {
		return nil, fail(wire.AlertUnexpectedMessage, "%v", err)
	}
	if h.Version < wire.VersionSSL30 {
		if c.cfg.SSL2 {
			return nil, c.answerSSL2(h)
		}
		return nil, fail(wire.AlertProtocolVersion, "SSL 2.0 only")
	}
	if len(c.cfg.Versions) == 0 {
		return nil, fail(wire.AlertProtocolVersion, "SSL 2.0 is all there is")
	}
	c.transcript = append(c.transcript, body...)
	out := &wire.ClientHello{LegacyVersion: h.Version, CompressionMethods: []wire.CompressionMethod{wire.CompressionNull}}
	n := min(len(h.Challenge), 32)
	copy(out.Random[32-n:], h.Challenge[len(h.Challenge)-n:])
	for _, s := range h.Ciphers {
		if s <= 0xffff {
			out.CipherSuites = append(out.CipherSuites, wire.CipherSuite(s))
		}
	}
	return out, nil
}

// answerSSL2 sends the SERVER-HELLO with certificate and the ciphers in common.
func (c *Conn) answerSSL2(h *wire.SSL2ClientHello) error {
	const rc4, des3 = 0x010080, 0x0700C0
	var ciphers []byte
	for _, s := range h.Ciphers {
		if s == rc4 || s == des3 {
			ciphers = append(ciphers, byte(s>>16), byte(s>>8), byte(s))
		}
	}
	id := make([]byte, 16)
	_, _ = rand.Read(id) // documented never to fail
	var cert []byte
	if len(c.cfg.Chain) > 0 {
		cert = c.cfg.Chain[0]
	}
	b := []byte{4, 0, 1, 0, 2}
	for _, n := range []int{len(cert), len(ciphers), len(id)} {
		b = binary.BigEndian.AppendUint16(b, uint16(n))
	}
	b = append(append(append(b, cert...), ciphers...), id...)
	if _, err := c.net.Write(append([]byte{0x80 | byte(len(b)>>8), byte(len(b))}, b...)); err != nil {
		return fmt.Errorf("writing a SERVER-HELLO: %w", err)
	}
	return errSSL2
}

// serverHello makes the message of TLS 1.2 and older.
func (c *Conn) serverHello(h *wire.ClientHello, random *[32]byte) ([]byte, error) {
	s := wire.ServerHello{LegacyVersion: c.version, CipherSuite: c.choice.suite}
	_, _ = rand.Read(s.Random[:]) // documented never to fail
	*random = s.Random
	if d, ok := h.Extension(wire.ExtRenegotiationInfo); !c.cfg.NoRenegotiationInfo && (ok || hasSCSV(h)) {
		if ok && !bytes.Equal(d, append([]byte{byte(len(c.clientVerify))}, c.clientVerify...)) {
			return nil, fail(wire.AlertHandshakeFailure, "renegotiation_info does not match (RFC 5746, Section 3.7)")
		}
		s.Extensions = append(s.Extensions, wire.RenegotiationInfoExt(append(append([]byte(nil), c.clientVerify...), c.serverVerify...)))
	}
	if _, ok := h.Extension(wire.ExtECPointFormats); ok && c.choice.group != 0 && !isFFDHE(c.choice.group) {
		s.Extensions = append(s.Extensions, wire.ECPointFormatsExt())
	}
	if c.choice.alpn != "" {
		s.Extensions = append(s.Extensions, wire.ALPNExt(c.choice.alpn))
	}
	return s.Marshal()
}

func hasSCSV(h *wire.ClientHello) bool {
	for _, s := range h.CipherSuites {
		if s == wire.TLS_EMPTY_RENEGOTIATION_INFO_SCSV {
			return true
		}
	}
	return false
}

func (c *Conn) certificateMessage(context []byte) ([]byte, error) {
	m := wire.Certificate{Context: context}
	for _, der := range c.cfg.Chain {
		m.Entries = append(m.Entries, wire.CertificateEntry{DER: der})
	}
	return m.Marshal(c.version)
}

// message builds a handshake message from its body.
func message(t wire.HandshakeType, build func(*cryptobyte.Builder)) ([]byte, error) {
	var b cryptobyte.Builder
	build(&b)
	body, err := b.Bytes()
	if err != nil {
		return nil, fmt.Errorf("building %s: %w", t, err)
	}
	return wire.AppendMessage(nil, t, body), nil
}
