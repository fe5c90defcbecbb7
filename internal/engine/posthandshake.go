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
	maxRenegotiations = 2
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

// renegotiate answers a HelloRequest with a handshake within the connection, if
// that can be done securely (RFC 5746), and declines otherwise.
func (c *conn) renegotiate() error {
	c.t.Renegotiation = true
	if c.renegotiations++; !c.secureReneg || c.renegotiations > maxRenegotiations {
		out, err := c.sealAll(nil, wire.ContentAlert, []byte{byte(alertWarning), byte(wire.AlertNoRenegotiation)})
		if err != nil {
			return err
		}
		c.t.Alerts = append(c.t.Alerts, transcript.Alert{From: transcript.FromClient, Phase: c.phase, Alert: wire.Alert{Level: alertWarning, Description: wire.AlertNoRenegotiation}})
		return c.write(out, "declining to renegotiate")
	}
	c.phase = transcript.Renegotiating
	c.offers, c.resumed = nil, nil // a full handshake
	h, err := c.prepare(c.renegotiationHello())
	if err != nil {
		return err
	}
	msg, err := h.Marshal()
	if err != nil {
		return err
	}
	c.hello, c.log = h, &messageLog{}
	c.log.add(msg)
	out, err := c.sealAll(nil, wire.ContentHandshake, msg)
	if err != nil {
		return err
	}
	if err := c.write(out, "sending the hello of the renegotiation"); err != nil {
		return err
	}
	sh, err := c.serverHello()
	if err != nil {
		return err
	}
	was := c.version
	if err := c.checkServerHello(sh); err != nil {
		return err
	}
	if c.version != was {
		c.version = was
		return malformed(wire.AlertProtocolVersion, "the server changed the version on renegotiation")
	}
	return c.handshake12(sh)
}

// renegotiationHello is the first hello without what belongs to TLS 1.3, of the
// version negotiated, bound to the handshake before (RFC 5746, Section 3.5).
func (c *conn) renegotiationHello() *wire.ClientHello {
	h := c.h.Hello.Clone()
	h.Random, h.SessionID, h.LegacyVersion = [32]byte{}, nil, c.version
	suites := h.CipherSuites[:0]
	for _, s := range h.CipherSuites {
		info, ok := s.Info()
		if s.IsSignalling() || ok && info.KeyExchange == wire.KXTLS13 || wire.IsGREASE(uint16(s)) {
			continue
		}
		suites = append(suites, s)
	}
	h.CipherSuites = suites
	if h.Extensions == nil {
		h.Extensions = []wire.Extension{}
	}
	for _, t := range []wire.ExtensionType{
		wire.ExtSupportedVersions, wire.ExtKeyShare, wire.ExtPSKKeyExchangeModes, wire.ExtEarlyData, wire.ExtCookie,
		wire.ExtPreSharedKey, wire.ExtPostHandshakeAuth, wire.ExtPadding, wire.ExtSessionTicket, wire.ExtEncryptedClientHello,
	} {
		h.Remove(t)
	}
	h.Set(wire.RenegotiationInfoExt(c.clientFin))
	return h
}
