package engine

import (
	"context"
	"errors"
	"hash"
	"net"
	"time"

	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// Bounds on what a peer can make us hold or do. Honest ones stay far below.
const (
	maxHandshakeTotal = 2 << 20 // bytes of all handshake messages of a connection
	maxIdleRecords    = 32      // empty records and dropped ChangeCipherSpecs
	maxAlerts         = 16      // warnings in a row
	readChunk         = 4 << 10
)

// conn is one connection in the making.
type conn struct {
	ctx   context.Context
	nc    net.Conn
	h     *transcript.Handshake
	t     *transcript.Transcript
	o     Options
	depth transcript.Depth
	phase transcript.Phase

	wait time.Duration // for each of the peer's messages; 0: the context alone

	start, lastHeard time.Time
	awaitFirst       time.Time // set when the hello is out, until the first byte

	chunk   []byte // what one read takes; not on the stack, which would have to grow for it
	pooled  *[readChunk]byte
	raw     []byte // received, not yet parsed as records
	records int    // parsed so far; -1: plain text, no records are expected
	idle    int    // records in a row that brought nothing on
	hs      []byte // handshake bytes not yet parsed as messages
	hsTotal int    // handshake bytes received
	warning *wire.Alert
	nAlerts int

	version wire.Version // negotiated, 0 before
	in, out protection   // nil: plaintext

	// What the handshake leaves for later.
	hello                                    *wire.ClientHello // the last one sent; the inner one once that was accepted
	ech                                      *echOffer         // nil: none, or rejected
	keyPairs                                 map[wire.Group]keyPair
	suite                                    *suite
	serverKey                                *leafKey
	secureReneg                              bool
	clientFin, serverFin                     []byte // verify_data of TLS 1.2 and older
	clientApp, serverApp                     []byte // traffic secrets of TLS 1.3
	log                                      *messageLog
	offers, resumed                          *transcript.Session    // in the hello; by the server. nil: none
	ticket                                   *wire.NewSessionTicket // the last one before TLS 1.3
	pskHash                                  func() hash.Hash       // of the session offered in TLS 1.3
	offersEarly                              bool                   // the hello on the wire offers early data
	helloSum                                 []byte                 // the hash of that hello
	resumption                               []byte                 // resumption_master_secret of TLS 1.3
	asking                                   bool                   // we began to renegotiate and wait for the answer
	until                                    time.Time              // zero, or when waiting for the peer ends
	readUntil                                time.Time              // the deadline of the last read
	meanwhile                                int                    // bytes of application data while asking
	limits                                   recordLimits
	postMessages, keyUpdates, renegotiations int
	dummyCCS                                 bool // the ChangeCipherSpec for middleboxes is out
}

// more reads once and appends to raw.
func (c *conn) more() error {
	if err := c.setReadDeadline(c.wait); err != nil {
		return err
	}
	n, err := c.read()
	if n > 0 {
		return nil
	}
	if err == nil {
		err = errors.New("reading returned nothing")
	}
	return c.ioEnd(err, "waiting for the peer")
}

// read reads once and takes what came.
func (c *conn) read() (int, error) {
	c.needChunk()
	n, err := c.nc.Read(c.chunk)
	if n > 0 {
		c.heard(c.chunk[:n])
	}
	return n, err
}

// setReadDeadline bounds the next read by wait (0: not) and the context.
func (c *conn) setReadDeadline(wait time.Duration) error {
	var d time.Time
	if cd, ok := c.ctx.Deadline(); ok {
		d = cd
	}
	if wait > 0 {
		if w := time.Now().Add(wait); d.IsZero() || w.Before(d) {
			d = w
		}
	}
	if !c.until.IsZero() && (d.IsZero() || c.until.Before(d)) {
		d = c.until
	}
	if c.h.Terse && d.Equal(c.readUntil) {
		return nil // it stands, unless the end of the context has moved it
	}
	c.readUntil = d
	if err := c.nc.SetReadDeadline(d); err != nil {
		return c.ioEnd(err, "waiting for the peer")
	}
	// The context may have ended before the deadline was moved: look after.
	if errors.Is(c.ctx.Err(), context.Canceled) {
		return &end{kind: transcript.Aborted, detail: "cancelled"}
	}
	return nil
}

// heard takes bytes from the peer.
func (c *conn) heard(b []byte) {
	now := c.now()
	c.gap(now)
	c.lastHeard = now
	if !c.awaitFirst.IsZero() {
		c.t.Times.FirstByte = now.Sub(c.awaitFirst)
		c.awaitFirst = time.Time{}
	}
	c.t.BytesReceived += int64(len(b))
	most := transcript.MaxReply
	if c.h.Terse {
		most = transcript.MaxTerseReply
	}
	if room := most - len(c.t.Reply); room > 0 {
		c.t.Reply = append(c.t.Reply, b[:min(room, len(b))]...)
	}
	c.raw = append(c.raw, b...)
}

// gap notes a silence of the peer that ends now, if it lies within the handshake.
func (c *conn) gap(now time.Time) {
	if c.t.Times.Handshake == 0 {
		c.t.Times.LongestGap = max(c.t.Times.LongestGap, now.Sub(c.lastHeard))
	}
}

// write sends b. When that fails, what the peer said before it hung up is read
// first: it tells more than the failed write.
func (c *conn) write(b []byte, during string) error {
	if d, ok := c.ctx.Deadline(); ok {
		_ = c.nc.SetWriteDeadline(d)
	}
	if errors.Is(c.ctx.Err(), context.Canceled) {
		return &end{kind: transcript.Aborted, detail: "cancelled while " + during}
	}
	c.lastHeard = c.now() // a silence of the peer begins when it is its turn
	n, err := c.nc.Write(b)
	c.t.BytesSent += int64(n)
	if err == nil {
		return nil
	}
	failed := c.ioEnd(err, during)
	for len(c.raw) < transcript.MaxReply && c.more() == nil {
	}
	for len(c.raw) > 0 {
		typ, p, err := c.record()
		if err != nil {
			var e *end
			if errors.As(err, &e) && e.kind == transcript.NotTLS {
				return err
			}
			break
		}
		if typ == wire.ContentChangeCipherSpec && c.in == nil {
			break // what follows is under keys that we have not switched to
		}
		if typ == wire.ContentAlert {
			if err := c.gotAlert(p); err != nil {
				return err
			}
		}
	}
	return failed
}

// record returns the next record, decrypted.
func (c *conn) record() (wire.ContentType, []byte, error) {
	for {
		r, rest, err := wire.ParseRecord(c.raw)
		switch {
		case errors.Is(err, wire.ErrNeedMore):
			if err := c.more(); err != nil {
				return 0, nil, err
			}
			continue
		case err != nil && c.records == 0:
			return 0, nil, c.notTLS()
		case err != nil:
			return 0, nil, malformed(wire.AlertDecodeError, "after %d records came bytes that begin none: % x", c.records, c.raw[:min(8, len(c.raw))])
		}
		c.raw = rest
		c.records++
		typ, p, err := c.open(r)
		if err != nil {
			return 0, nil, err
		}
		if len(p) == 0 && typ != wire.ContentApplicationData || typ == wire.ContentChangeCipherSpec {
			if c.idle++; c.idle > maxIdleRecords {
				return 0, nil, malformed(wire.AlertUnexpectedMessage, "more than %d empty records in a row", maxIdleRecords)
			}
		} else if len(p) > 0 {
			c.idle = 0
		}
		return typ, p, nil
	}
}

func (c *conn) open(r wire.Record) (wire.ContentType, []byte, error) {
	if c.in == nil {
		return r.Type, r.Payload, c.checkSize(len(r.Payload))
	}
	if c.version >= wire.VersionTLS13 && r.Type == wire.ContentChangeCipherSpec {
		return r.Type, r.Payload, nil // RFC 8446, Appendix D.4
	}
	if c.version >= wire.VersionTLS13 && r.Type == wire.ContentAlert && len(r.Payload) == 2 && c.inFresh() {
		// A server that cannot derive our keys, or stumbles before it does,
		// complains in clear.
		return r.Type, r.Payload, nil
	}
	typ, p, err := c.in.open(r)
	if err != nil {
		return 0, nil, malformed(wire.AlertBadRecordMAC, "%s", err.Error())
	}
	return typ, p, c.checkSize(len(p))
}

// inFresh reports whether nothing was decrypted yet with the current keys.
func (c *conn) inFresh() bool { return c.in.sequence() == 0 }

// next returns the next handshake message, or nil for a ChangeCipherSpec of
// TLS 1.2 and older. Alerts are noted on the way; in TLS 1.3, and before the
// version is known, ChangeCipherSpec is dropped.
func (c *conn) next() (*wire.Message, error) {
	for {
		m, rest, err := wire.ParseMessage(c.hs)
		if err == nil {
			c.hs = rest
			return &m, nil
		}
		if !errors.Is(err, wire.ErrNeedMore) {
			return nil, malformed(wire.AlertDecodeError, "%s", err.Error())
		}
		typ, p, err := c.record()
		if err != nil {
			return nil, err
		}
		switch typ {
		case wire.ContentHandshake:
			if err := c.gotHandshake(p); err != nil {
				return nil, err
			}
		case wire.ContentAlert:
			if err := c.gotAlert(p); err != nil {
				return nil, err
			}
		case wire.ContentChangeCipherSpec:
			if len(p) != 1 || p[0] != 1 {
				return nil, malformed(wire.AlertDecodeError, "ChangeCipherSpec of %d bytes", len(p))
			}
			if c.version == 0 || c.version >= wire.VersionTLS13 {
				continue
			}
			if len(c.hs) > 0 {
				return nil, malformed(wire.AlertUnexpectedMessage, "ChangeCipherSpec within a handshake message")
			}
			return nil, nil
		case wire.ContentApplicationData:
			if c.meanwhile += len(p); !c.asking || c.meanwhile > maxMeanwhile {
				return nil, malformed(wire.AlertUnexpectedMessage, "a record of type %s in the handshake", typ)
			}
		default:
			return nil, malformed(wire.AlertUnexpectedMessage, "a record of type %s in the handshake", typ)
		}
	}
}

func (c *conn) gotHandshake(p []byte) error {
	if c.hsTotal += len(p); c.hsTotal > maxHandshakeTotal {
		return malformed(wire.AlertDecodeError, "more than %d bytes of handshake messages", maxHandshakeTotal)
	}
	c.hs = append(c.hs, p...)
	return nil
}

// gotAlert notes an alert and returns the end that it means, if any.
func (c *conn) gotAlert(p []byte) error {
	a, ok := wire.ParseAlert(p)
	if !ok {
		return malformed(wire.AlertDecodeError, "an alert record that holds % x", p[:min(8, len(p))])
	}
	c.t.Alerts = append(c.t.Alerts, transcript.Alert{From: transcript.FromServer, Phase: c.phase, Alert: a})
	warning := a.Level == alertWarning
	switch {
	case warning && a.Description == wire.AlertCloseNotify:
		c.t.CloseNotify = transcript.Yes
		return &end{kind: transcript.Closed, detail: "the peer said close_notify"}
	case warning && c.version >= wire.VersionTLS13 && a.Description != wire.AlertUserCanceled:
		// RFC 8446, Section 6: the level is ignored, all others are fatal.
		return &end{kind: transcript.AlertReceived, alert: &a}
	case warning && a.Description == wire.AlertNoRenegotiation && c.asking:
		return errNoRenegotiation
	case warning:
		c.warning = &a
		if c.nAlerts++; c.nAlerts > maxAlerts {
			return malformed(wire.AlertUnexpectedMessage, "more than %d warnings", maxAlerts)
		}
		return nil
	}
	return &end{kind: transcript.AlertReceived, alert: &a}
}

// Alert levels (RFC 8446, Section 6).
const (
	alertWarning wire.AlertLevel = 1
	alertFatal   wire.AlertLevel = 2
)

// notTLS hears the peer out for a moment, so that a banner or an error page is
// complete, and says what it is.
func (c *conn) notTLS() error {
	_ = c.hearOut(bannerTime, bannerBytes) // how the banner ended says nothing more
	return &end{kind: transcript.NotTLS, detail: "the answer is not TLS: " + quoted(c.t.Reply)}
}

// How long, and up to how many bytes, a peer is heard out that speaks no TLS:
// servers write an error page or a banner in one go, or within a round trip.
const (
	bannerTime  = 300 * time.Millisecond
	bannerBytes = 4 << 10
)

// hearOut reads until the peer ends, d passed since the call, or max bytes are
// there; what then ended it is returned.
func (c *conn) hearOut(d time.Duration, limit int) error {
	until := time.Now().Add(d)
	for len(c.raw) < limit {
		left := time.Until(until)
		if left <= 0 {
			return nil
		}
		if err := c.setReadDeadline(left); err != nil {
			return err
		}
		n, err := c.read()
		if n > 0 {
			continue
		}
		if isTimeout(err) && time.Until(until) <= 0 {
			return nil
		}
		return err
	}
	return nil
}

// quoted shows the beginning of what a peer said in one line.
func quoted(b []byte) string {
	const show = 60
	out := make([]byte, 0, show)
	printable := 0
	for i, x := range b {
		if i == show || x == '\n' || x == '\r' && i > 0 {
			break
		}
		if x >= 0x20 && x < 0x7f {
			printable++
			out = append(out, x)
		} else {
			out = append(out, '.')
		}
	}
	if len(out) > 0 && printable*10 >= len(out)*8 {
		return `"` + string(out) + `"`
	}
	return "bytes " + hexBytes(b[:min(16, len(b))])
}

func hexBytes(b []byte) string {
	const d = "0123456789abcdef"
	out := make([]byte, 0, 3*len(b))
	for i, x := range b {
		if i > 0 {
			out = append(out, ' ')
		}
		out = append(out, d[x>>4], d[x&15])
	}
	return string(out)
}
