package oddtls

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// maxMessage bounds one handshake message of a client.
const maxMessage = 1 << 16

// Conn is a connection after Server. Reads and writes must not overlap.
type Conn struct {
	net net.Conn
	cfg *Config

	version wire.Version // negotiated; 0 before
	in, out half
	msgs    []byte // handshake bytes not yet parsed
	app     []byte // application data not yet read
	eof     bool

	choice     choice
	serverName string
	transcript []byte // of the handshake under way
	clientCert []*x509.Certificate

	// TLS 1.2 and older, for renegotiation (RFC 5746, Section 3.7)
	clientVerify, serverVerify []byte
	// TLS 1.3, for post-handshake authentication
	keys13           *schedule13
	offersPostHSAuth bool
}

// half is one direction of the record layer.
type half struct {
	seq uint64
	p   protector // nil: plaintext
}

// Server runs the handshake. After an error the connection still has to be
// closed; the alert has been sent.
func Server(c net.Conn, cfg *Config) (*Conn, error) {
	s := &Conn{net: c, cfg: cfg}
	return s, s.guard(s.accept())
}

// ServerName is what the client asked for.
func (c *Conn) ServerName() string { return c.serverName }

// Version is what was negotiated.
func (c *Conn) Version() wire.Version { return c.version }

// PeerCertificates is the chain that the client proved to hold, or nil.
func (c *Conn) PeerCertificates() []*x509.Certificate { return c.clientCert }

// guard sends the alert that belongs to an error.
func (c *Conn) guard(err error) error {
	var a *AlertError
	switch {
	case err == nil:
	case errors.As(err, &a):
		if !a.Received {
			c.alert(2, a.Alert)
		}
	case errors.Is(err, errBadRecord):
		c.alert(2, wire.AlertBadRecordMAC)
	}
	return err
}

func (c *Conn) alert(level byte, a wire.AlertDescription) {
	_ = c.writeRecord(wire.ContentAlert, []byte{level, byte(a)})
}

// recordVersion is what stands in the records that we send.
func (c *Conn) recordVersion() wire.Version {
	switch {
	case c.version == 0:
		return wire.VersionTLS10
	case c.version >= wire.VersionTLS13:
		return wire.VersionTLS12
	}
	return c.version
}

func (c *Conn) writeRecord(t wire.ContentType, payload []byte) error {
	var out []byte
	for first := true; first || len(payload) > 0; first = false {
		n := min(len(payload), wire.MaxPlaintext)
		typ, fragment := t, payload[:n]
		if c.out.p != nil {
			typ, fragment = c.out.p.seal(c.out.seq, t, c.recordVersion(), fragment)
			c.out.seq++
		}
		out = wire.AppendRecord(out, typ, c.recordVersion(), fragment)
		payload = payload[n:]
	}
	if _, err := c.net.Write(out); err != nil {
		return fmt.Errorf("writing a record: %w", err)
	}
	return nil
}

// readRecord returns the next record, decrypted. Alerts become errors.
func (c *Conn) readRecord() (wire.ContentType, []byte, error) {
	var head [wire.RecordHeaderLen]byte
	if _, err := io.ReadFull(c.net, head[:]); err != nil {
		return 0, nil, fmt.Errorf("reading a record: %w", err)
	}
	t, v := wire.ContentType(head[0]), wire.Version(head[1])<<8|wire.Version(head[2])
	n := int(head[3])<<8 | int(head[4])
	if n > wire.MaxCiphertext {
		return 0, nil, fail(wire.AlertRecordOverflow, "record of %d bytes", n)
	}
	if head[1] != 3 {
		return 0, nil, fail(wire.AlertUnexpectedMessage, "not a TLS record")
	}
	body := make([]byte, n)
	if _, err := io.ReadFull(c.net, body); err != nil {
		return 0, nil, fmt.Errorf("reading a record: %w", err)
	}
	// In TLS 1.3 change_cipher_spec means nothing and is never encrypted.
	plainCCS := t == wire.ContentChangeCipherSpec && c.version >= wire.VersionTLS13
	if c.in.p != nil && !plainCCS {
		var err error
		if t, body, err = c.in.p.open(c.in.seq, t, v, body); err != nil {
			return 0, nil, err
		}
		c.in.seq++
	}
	if t == wire.ContentAlert {
		a, ok := wire.ParseAlert(body)
		if !ok {
			return 0, nil, fail(wire.AlertDecodeError, "malformed alert")
		}
		if a.Description == wire.AlertCloseNotify {
			return 0, nil, io.EOF
		}
		if a.Level == 2 || c.version >= wire.VersionTLS13 {
			return 0, nil, &AlertError{Alert: a.Description, Received: true}
		}
	}
	return t, body, nil
}

// readMessage returns the next handshake message and does not note it in the
// transcript. Warning alerts are returned as a message of type 0 with the
// description as body: SSL 3.0 says no_certificate that way.
func (c *Conn) readMessage() (wire.Message, error) {
	for records := 0; ; records++ {
		m, rest, err := wire.ParseMessage(c.msgs)
		if err == nil {
			c.msgs = rest
			return m, nil
		}
		if !errors.Is(err, wire.ErrNeedMore) || len(c.msgs) > maxMessage || records > 256 {
			return m, fail(wire.AlertIllegalParameter, "handshake message too long")
		}
		t, body, err := c.readRecord()
		switch {
		case err != nil:
			return m, err
		case t == wire.ContentHandshake:
			c.msgs = append(c.msgs, body...)
		case t == wire.ContentAlert:
			return wire.Message{Body: body[1:]}, nil
		case t == wire.ContentChangeCipherSpec && c.version >= wire.VersionTLS13:
		default:
			return m, fail(wire.AlertUnexpectedMessage, "%s record in a handshake", t)
		}
	}
}

// expect reads a message of one type and notes it in the transcript.
func (c *Conn) expect(t wire.HandshakeType) (wire.Message, error) {
	m, err := c.readMessage()
	if err != nil {
		return m, err
	}
	if m.Type != t || len(m.Raw) == 0 {
		return m, fail(wire.AlertUnexpectedMessage, "%s instead of %s", m.Type, t)
	}
	c.transcript = append(c.transcript, m.Raw...)
	return m, nil
}

// note adds our own messages to the transcript and returns them joined.
func (c *Conn) note(msgs ...[]byte) []byte {
	var flight []byte
	for _, m := range msgs {
		flight = append(flight, m...)
	}
	c.transcript = append(c.transcript, flight...)
	return flight
}

// Read returns application data. Close_notify is io.EOF.
func (c *Conn) Read(b []byte) (int, error) {
	for len(c.app) == 0 {
		if c.eof {
			return 0, io.EOF
		}
		t, body, err := c.readRecord()
		switch {
		case errors.Is(err, io.EOF):
			c.eof = true
			return 0, io.EOF
		case err != nil:
			return 0, c.guard(err)
		case t == wire.ContentApplicationData:
			c.app = body
		case t == wire.ContentHandshake && c.version < wire.VersionTLS13 && c.cfg.Renegotiates:
			c.msgs = append(c.msgs, body...)
			if err := c.again(); err != nil {
				return 0, c.guard(err)
			}
		case t == wire.ContentHandshake && c.version < wire.VersionTLS13:
			c.alert(1, wire.AlertNoRenegotiation)
		}
	}
	n := copy(b, c.app)
	c.app = c.app[n:]
	return n, nil
}

// Write sends application data.
func (c *Conn) Write(b []byte) (int, error) {
	if err := c.writeRecord(wire.ContentApplicationData, b); err != nil {
		return 0, err
	}
	return len(b), nil
}

// CloseWrite says close_notify and leaves the connection open.
func (c *Conn) CloseWrite() error {
	return c.writeRecord(wire.ContentAlert, []byte{1, byte(wire.AlertCloseNotify)})
}

// Alert sends a fatal alert, encrypted if the handshake is through.
func (c *Conn) Alert(a wire.AlertDescription) { c.alert(2, a) }
