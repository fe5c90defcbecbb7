// Package engine plays the client's part of one TLS connection and writes down
// what happens. It sends any hello, reads what the server answers as far as it
// was asked to, and completes handshakes of TLS 1.0 to 1.3 by itself, because a
// library would hide the very bytes, alerts and pauses that a diagnosis needs.
//
// It verifies nothing that a client would judge by its policy: a certificate
// that nobody trusts, a weak group or a signature that does not fit are facts
// for the transcript and no reason to stop.
package engine

import (
	"context"
	"crypto/rand"
	"io"
	"net"
	"time"

	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// Options are what Run needs beside the attempt itself. The zero value works.
type Options struct {
	// Keys are key pairs to be used in several attempts; nil makes fresh ones.
	Keys *Keys
	// Rand is the source of randoms, session IDs and keys; nil is crypto/rand.
	Rand io.Reader
	// Now is the clock of the measurements; nil is time.Now. Deadlines of the
	// connection are set by the real clock.
	Now func() time.Time
	// NoOp is what to say at DepthRequest to a peer that speaks no HTTP.
	NoOp *NoOp
	// Acked says whether the peer's TCP has acknowledged any of our bytes; nil if
	// nothing can tell.
	Acked func() transcript.Tri
	// UserAgent of HTTP requests; "" is "tlswhy".
	UserAgent string
}

// Run holds the attempt h on the connection nc, which stands and has any
// plaintext dialogue behind it, and fills in t what comes of it. It closes nc.
// The end of ctx ends the attempt: its deadline as silence, its cancellation as
// an abort.
func Run(ctx context.Context, nc net.Conn, h *transcript.Handshake, t *transcript.Transcript, o Options) {
	if o.Keys == nil {
		o.Keys = NewKeys()
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.UserAgent == "" {
		o.UserAgent = "tlswhy"
	}
	c := &conn{ctx: ctx, nc: nc, h: h, t: t, o: o, phase: transcript.DuringHandshake, depth: h.Depth, wait: h.Wait}
	c.reach(transcript.ReachedConnected)
	stop := context.AfterFunc(ctx, func() { _ = nc.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	c.start = c.now()
	c.lastHeard = c.start
	var err error
	switch {
	case h.Hello != nil:
		err = c.tls()
	case h.SSL2 != nil:
		err = c.ssl2()
	default:
		err = c.plain()
	}
	c.endHandshake()
	c.finish(err)
	switch {
	case t.BytesReceived > 0:
		t.HelloAcked = transcript.Yes
	case o.Acked != nil && t.BytesSent > 0:
		t.HelloAcked = o.Acked()
	}
	c.goodbye(err)
	_ = nc.Close()
	c.freeChunk()
}

// tls runs the handshake and what follows it.
func (c *conn) tls() error {
	if err := c.handshake(); err != nil {
		return err
	}
	c.endHandshake()
	if c.h.HelloOnly || c.depth < transcript.DepthFinish {
		return nil
	}
	if c.h.Renegotiate && c.version < wire.VersionTLS13 {
		if err := c.beginRenegotiation(); err != nil {
			return err
		}
	}
	if c.depth < transcript.DepthRequest {
		return nil
	}
	c.phase = transcript.AfterFinished
	return c.request()
}

// reach raises the milestone.
func (c *conn) reach(m transcript.Milestone) {
	c.t.Outcome.Reached = max(c.t.Outcome.Reached, m)
}

// endHandshake stops the handshake's clock, once.
func (c *conn) endHandshake() {
	if c.t.Times.Handshake == 0 {
		c.t.Times.Handshake = c.now().Sub(c.start)
	}
}

func (c *conn) now() time.Time { return c.o.Now() }

// offered reports whether the hello on the wire lists the suite.
func offered(h *wire.ClientHello, s wire.CipherSuite) bool {
	for _, x := range h.CipherSuites {
		if x == s {
			return true
		}
	}
	return false
}
