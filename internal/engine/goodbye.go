package engine

import (
	"errors"
	"net"
	"time"

	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// goodbye ends the connection as RFC 8446, Section 6.1 asks, so that our probes
// leave no noise behind: an alert that says why, then FIN. Bytes that we have
// not read would turn the FIN into a RST, hence they are taken first.
func (c *conn) goodbye(err error) {
	var e *end
	errors.As(err, &e)
	tls := c.h.Hello != nil || c.t.Server != nil
	if e != nil {
		switch e.kind {
		case transcript.Reset, transcript.NotTLS, transcript.LocalError:
			tls = false
		case transcript.Closed, transcript.AlertReceived:
			// The peer has gone or is going; an alert would only meet its RST.
			tls = tls && c.t.CloseNotify == transcript.Yes && c.in != nil
		}
		tls = tls && (!e.gone || c.t.CloseNotify == transcript.Yes)
	}
	if c.h.Terse {
		// Of many connections the calls are what costs. Closing sends the alert and
		// FIN at once, where nothing is unread.
		c.drain()
		if tls {
			c.sayGoodbye(e)
		}
		return
	}
	if tls {
		c.sayGoodbye(e)
	}
	if w, ok := c.nc.(interface{ CloseWrite() error }); ok {
		_ = w.CloseWrite()
	}
	c.drain()
}

func (c *conn) sayGoodbye(e *end) {
	var alerts []wire.Alert
	finished := c.t.Outcome.Reached >= transcript.ReachedFinished
	switch {
	case e != nil && e.kind == transcript.Malformed:
		alerts = append(alerts, wire.Alert{Level: alertFatal, Description: e.say})
	case finished && c.t.ECH != nil && c.t.ECH.Accepted == transcript.No:
		// RFC 9849, Section 6.1.6: so that the server's logs tell why.
		alerts = append(alerts, wire.Alert{Level: alertFatal, Description: wire.AlertECHRequired})
	case !finished:
		alerts = append(alerts, wire.Alert{Level: alertWarning, Description: wire.AlertUserCanceled})
		fallthrough
	default:
		alerts = append(alerts, wire.Alert{Level: alertWarning, Description: wire.AlertCloseNotify})
	}
	var out []byte
	var err error
	for _, a := range alerts {
		if out, err = c.sealAll(out, wire.ContentAlert, []byte{byte(a.Level), byte(a.Description)}); err != nil {
			return
		}
	}
	if !c.h.Terse || c.ctx.Err() != nil { // else its deadline is that of the attempt
		_ = c.nc.SetWriteDeadline(time.Now().Add(farewell))
	}
	n, err := writeLast(c.nc, out)
	c.t.BytesSent += int64(n)
	if err != nil {
		return
	}
	for _, a := range alerts {
		c.t.Alerts = append(c.t.Alerts, transcript.Alert{From: transcript.FromClient, Phase: c.phase, Alert: a})
	}
}

// farewell is how long the last write may take. The buffer of the kernel has
// room for it unless the peer has stopped reading long ago.
const farewell = 100 * time.Millisecond

// drain takes what has already arrived and does not wait for more.
func (c *conn) drain() {
	c.needChunk()
	for range 64 {
		n, err := readNow(c.nc, c.chunk)
		c.t.BytesReceived += int64(n)
		if err != nil {
			return
		}
	}
}

// readSoon is readNow for connections that cannot be asked without waiting.
func readSoon(nc net.Conn, b []byte) (int, error) {
	if err := nc.SetReadDeadline(time.Now().Add(time.Millisecond)); err != nil {
		return 0, err
	}
	return nc.Read(b)
}
