package engine

import (
	"fmt"
	"io"
	"time"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// segmentPause lies between the writes of a hello that is to go out in several
// segments: enough for the first to leave before the next is there.
const segmentPause = 5 * time.Millisecond

// prepare returns a copy of the hello with everything fresh filled in, and
// remembers our key pairs for it.
func (c *conn) prepare(from *wire.ClientHello) (*wire.ClientHello, error) {
	h := from.Clone()
	if h.Random == [32]byte{} {
		if _, err := io.ReadFull(c.o.Rand, h.Random[:]); err != nil {
			return nil, fmt.Errorf("drawing the random: %w", err)
		}
	}
	if allZero(h.SessionID) {
		if _, err := io.ReadFull(c.o.Rand, h.SessionID); err != nil {
			return nil, fmt.Errorf("drawing the session ID: %w", err)
		}
	}
	c.keyPairs = map[wire.Group]keyPair{}
	shares := h.KeyShares()
	fresh := false
	kept := shares[:0]
	for _, s := range shares {
		if !allZero(s.Data) || wire.IsGREASE(uint16(s.Group)) {
			kept = append(kept, s)
			continue
		}
		fresh = true
		if !CanCompute(s.Group) {
			// An empty share is illegal and a false one would be refused: the
			// group stays in supported_groups, where the server may ask for it.
			continue
		}
		p, err := c.o.Keys.get(s.Group, c.o.Rand)
		if err != nil {
			return nil, err
		}
		c.keyPairs[s.Group] = p
		kept = append(kept, wire.KeyShare{Group: s.Group, Data: p.public()})
	}
	if fresh {
		h.Set(wire.KeyShareExt(kept...))
	}
	return h, nil
}

// sendHello puts the hello on the wire the way the attempt asks for. Only the
// first hello is cut up; what is sent is returned.
func (c *conn) sendHello(h *wire.ClientHello, first bool) ([]byte, error) {
	if err := c.bind(h); err != nil {
		return nil, err
	}
	msg, err := h.Marshal()
	if err != nil {
		return nil, err
	}
	c.hello = h
	if c.offersEarly {
		sum := c.pskHash()
		sum.Write(msg)
		c.helloSum = sum.Sum(nil)
	}
	c.log.add(msg)
	version := c.h.RecordVersion
	if version == 0 {
		version = wire.VersionTLS10
		if h.LegacyVersion == wire.VersionSSL30 {
			version = wire.VersionSSL30
		}
	}
	if !first {
		// RFC 8446, Section 5.1: everything but the first hello says 3.3.
		b := wire.AppendRecords(nil, wire.ContentHandshake, wire.VersionTLS12, msg)
		return b, nil
	}
	b := wire.AppendRecords(nil, wire.ContentHandshake, version, msg, c.h.Records...)
	c.t.Hello = b
	return b, c.sendSegments(b, "sending the hello")
}

// sendSegments writes b in as many pieces as the attempt asks for.
func (c *conn) sendSegments(b []byte, during string) error {
	for _, size := range c.h.Segments {
		n := max(size, 1)
		if n >= len(b) {
			break
		}
		if err := c.write(b[:n], during); err != nil {
			return err
		}
		b = b[n:]
		t := time.NewTimer(segmentPause)
		select {
		case <-t.C:
		case <-c.ctx.Done():
			t.Stop()
		}
	}
	err := c.write(b, during)
	c.awaitFirst = c.lastHeard
	return err
}

func allZero(b []byte) bool {
	for _, x := range b {
		if x != 0 {
			return false
		}
	}
	return true
}
