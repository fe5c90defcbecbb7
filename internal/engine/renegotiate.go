package engine

import (
	"errors"
	"time"

	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

const (
	// maxRenegotiations is how often a server may ask for a new handshake.
	maxRenegotiations = 2
	// renegotiationTime is what a server may take to answer a hello within the
	// connection, beside the round trip: many never do.
	renegotiationTime = time.Second
	// maxMeanwhile bounds the application data that come before that answer, such
	// as the greeting of a mail server.
	maxMeanwhile = 64 << 10
)

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
	if err := c.sendRenegotiationHello(); err != nil {
		return err
	}
	sh, err := c.serverHello()
	if err != nil {
		return err
	}
	return c.renegotiated(sh)
}

// beginRenegotiation begins a handshake within the connection that the server
// has not asked for, and notes whether it takes part. An end of the connection
// that is the answer is the end of the attempt, and it is complete.
func (c *conn) beginRenegotiation() error {
	if err := c.sendRenegotiationHello(); err != nil {
		return err
	}
	c.asking = true
	c.until = time.Now().Add(2*c.t.Times.FirstByte + renegotiationTime)
	sh, err := c.serverHello()
	c.asking, c.until = false, time.Time{}
	var e *end
	switch {
	case err == nil:
		c.t.Renegotiated = transcript.Yes
		return c.renegotiated(sh)
	case errors.Is(err, errNoRenegotiation):
		c.t.Renegotiated = transcript.No
		return nil // the connection goes on (RFC 5246, Section 7.2.2)
	case errors.As(err, &e) && (e.kind == transcript.AlertReceived || e.kind == transcript.Closed || e.kind == transcript.Reset):
		c.t.Renegotiated = transcript.No
		return &end{kind: transcript.Complete, detail: "the server ended the connection upon the hello of a renegotiation", gone: true}
	}
	return err
}

// errNoRenegotiation is the server's warning no_renegotiation in answer to our
// hello.
var errNoRenegotiation = errors.New("the server declines to renegotiate")

func (c *conn) sendRenegotiationHello() error {
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
	return c.write(out, "sending the hello of the renegotiation")
}

// renegotiated goes on with the handshake after the server's hello.
func (c *conn) renegotiated(sh *wire.ServerHello) error {
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
// version negotiated, bound to the handshake before (RFC 5746, Section 3.5)
// where the server can tell.
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
	for _, t := range []wire.ExtensionType{
		wire.ExtSupportedVersions, wire.ExtKeyShare, wire.ExtPSKKeyExchangeModes, wire.ExtEarlyData, wire.ExtCookie,
		wire.ExtPreSharedKey, wire.ExtPostHandshakeAuth, wire.ExtPadding, wire.ExtSessionTicket, wire.ExtEncryptedClientHello,
		wire.ExtRenegotiationInfo,
	} {
		h.Remove(t)
	}
	if !c.secureReneg {
		return h
	}
	if h.Extensions == nil {
		h.Extensions = []wire.Extension{}
	}
	h.Set(wire.RenegotiationInfoExt(c.clientFin))
	return h
}
