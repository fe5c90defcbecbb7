package engine

import (
	"errors"

	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// Bounds on what a peer may make us do after the handshake.
const (
	maxKeyUpdates     = 8
	maxPostHandshakes = 32 // messages
)

// postHandshake deals with the complete handshake messages that are there after
// the handshake.
func (c *conn) postHandshake() error {
	for {
		m, rest, err := wire.ParseMessage(c.hs)
		if errors.Is(err, wire.ErrNeedMore) {
			return nil
		}
		if err != nil {
			return decodeError(err)
		}
		c.hs = rest
		if c.postMessages++; c.postMessages > maxPostHandshakes {
			return malformed(wire.AlertUnexpectedMessage, "more than %d messages after the handshake", maxPostHandshakes)
		}
		if c.version >= wire.VersionTLS13 {
			err = c.postHandshake13(&m)
		} else {
			err = c.postHandshake12(&m)
		}
		if err != nil {
			return err
		}
	}
}

func (c *conn) postHandshake13(m *wire.Message) error {
	switch m.Type {
	case wire.TypeNewSessionTicket:
		t, err := wire.ParseNewSessionTicket(m.Body, c.version)
		if err != nil {
			return decodeError(err)
		}
		c.t.Tickets++
		c.keepTicket13(t)
		return nil
	case wire.TypeKeyUpdate:
		return c.keyUpdate(m.Body)
	case wire.TypeCertificateRequest:
		return c.postHandshakeAuth(m)
	}
	return malformed(wire.AlertUnexpectedMessage, "%s after the handshake", m.Type)
}

// keyUpdate is RFC 8446, Section 4.6.3.
func (c *conn) keyUpdate(body []byte) error {
	if len(body) != 1 || body[0] > 1 {
		return malformed(wire.AlertDecodeError, "malformed KeyUpdate")
	}
	if c.keyUpdates++; c.keyUpdates > maxKeyUpdates {
		return malformed(wire.AlertUnexpectedMessage, "more than %d KeyUpdates", maxKeyUpdates)
	}
	if len(c.hs) > 0 {
		return malformed(wire.AlertUnexpectedMessage, "handshake bytes behind a KeyUpdate under the old keys")
	}
	c.serverApp = c.nextSecret(c.serverApp)
	in, err := c.suite.protect13(c.serverApp)
	if err != nil {
		return err
	}
	c.in = in
	if body[0] == 0 {
		return nil
	}
	out, err := c.sealAll(nil, wire.ContentHandshake, wire.AppendMessage(nil, wire.TypeKeyUpdate, []byte{0}))
	if err != nil {
		return err
	}
	c.clientApp = c.nextSecret(c.clientApp)
	if c.out, err = c.suite.protect13(c.clientApp); err != nil {
		return err
	}
	return c.write(out, "answering a KeyUpdate")
}

func (c *conn) nextSecret(s []byte) []byte {
	return expandLabel(c.suite.hash, s, "traffic upd", nil, c.suite.hash().Size())
}

// postHandshakeAuth answers a CertificateRequest after the handshake (RFC 8446,
// Section 4.6.2).
func (c *conn) postHandshakeAuth(m *wire.Message) error {
	_, allowed := c.hello.Extension(wire.ExtPostHandshakeAuth)
	c.phase = transcript.PostHandshake
	// Each exchange has a log of its own on top of the main handshake's.
	mainLog, err := c.log.fork()
	if err != nil {
		return err
	}
	defer func() { c.log = mainLog }()
	r, err := c.gotCertificateRequest(m)
	if err != nil {
		return err
	}
	if !allowed {
		return malformed(wire.AlertUnexpectedMessage, "a CertificateRequest after the handshake, which the hello does not allow")
	}
	msgs, err := c.answer13(r)
	if err != nil {
		return err
	}
	msgs = append(msgs, wire.AppendMessage(nil, wire.TypeFinished, finished13(c.suite.hash, c.clientApp, c.log.sum()))...)
	out, err := c.sealAll(nil, wire.ContentHandshake, msgs)
	if err != nil {
		return err
	}
	return c.write(out, "answering a CertificateRequest")
}

func (c *conn) postHandshake12(m *wire.Message) error {
	switch {
	case m.Type == wire.TypeHelloRequest && len(m.Body) == 0:
		return c.renegotiate()
	case m.Type == wire.TypeNewSessionTicket:
		c.t.Tickets++
		return nil
	}
	return malformed(wire.AlertUnexpectedMessage, "%s after the handshake", m.Type)
}
