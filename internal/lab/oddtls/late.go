package oddtls

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/x509"
	"errors"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// ErrCannotAsk says that the client did not offer post-handshake authentication.
var ErrCannotAsk = errors.New("the client offers no post-handshake authentication")

// AskCertificate demands a client certificate on an established connection, the
// way servers protect a single path: by renegotiation in TLS 1.2 and older (RFC
// 5246, Section 7.4.1.1), by post-handshake authentication in TLS 1.3 (RFC
// 8446, Section 4.6.2). check decides as Config.CheckClient does.
func (c *Conn) AskCertificate(check func(chain []*x509.Certificate) wire.AlertDescription) error {
	cfg := *c.cfg
	cfg.ClientAuth, cfg.CheckClient = true, check
	c.cfg = &cfg
	if c.version >= wire.VersionTLS13 {
		return c.guard(c.postHandshake())
	}
	return c.guard(c.renegotiate())
}

func (c *Conn) renegotiate() error {
	if err := c.writeRecord(wire.ContentHandshake, wire.AppendMessage(nil, wire.TypeHelloRequest, nil)); err != nil {
		return err
	}
	return c.again()
}

// again answers a ClientHello on an established connection, asked for or not.
func (c *Conn) again() error {
	m, err := c.readMessage()
	if err != nil {
		return err
	}
	if len(m.Raw) == 0 { // a warning: no_renegotiation
		return fail(wire.AlertHandshakeFailure, "the client does not renegotiate")
	}
	if m.Type != wire.TypeClientHello {
		return fail(wire.AlertUnexpectedMessage, "%s instead of ClientHello", m.Type)
	}
	c.transcript = append([]byte(nil), m.Raw...)
	h, err := c.parseHello(m)
	if err != nil {
		return err
	}
	ch, err := c.cfg.negotiate(h)
	if err != nil {
		return err
	}
	if ch.version != c.version {
		return fail(wire.AlertProtocolVersion, "renegotiation to another version")
	}
	c.choice = ch
	return c.handshake12(h)
}

func (c *Conn) postHandshake() error {
	if !c.offersPostHSAuth {
		return ErrCannotAsk
	}
	context := make([]byte, 8)
	_, _ = rand.Read(context) // documented never to fail
	req, err := certificateRequest13(context)
	if err != nil {
		return err
	}
	main := c.transcript
	defer func() { c.transcript = main }()
	if err := c.writeRecord(wire.ContentHandshake, c.note(req)); err != nil {
		return err
	}
	if err := c.readClientAuth13(); err != nil {
		return err
	}
	want, err := c.keys13.finished(c.keys13.client, c.transcript)
	if err != nil {
		return err
	}
	m, err := c.expect(wire.TypeFinished)
	if err != nil {
		return err
	}
	if !hmac.Equal(want, m.Body) {
		return fail(wire.AlertDecryptError, "Finished does not verify")
	}
	return nil
}
