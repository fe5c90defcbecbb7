// Package passive reads a TLS handshake of others from the bytes of both
// directions, without keys: a relay that stands in between feeds it, and so can
// whoever reads a capture. What was in clear is parsed into a transcript; of what
// was encrypted the sizes and directions are kept, which is enough to see who
// rejected whom: an alert of TLS 1.3 is the only record of its size.
//
// A Conn keeps a bounded amount of memory however much it is fed, and once the
// handshake is over it does no more than count.
package passive

import (
	"bytes"
	"errors"
	"time"

	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

const (
	// maxHello bounds the first flight of a client: 64 KiB is what the length fields
	// of a hello can say.
	maxHello = 64<<10 + 4<<10
	// maxFlight bounds the handshake messages in clear that wait for their end.
	maxFlight = wire.MaxHandshakeBytes + 4
	// maxRecords is how many protected records are noted: the flights of a handshake
	// with long chains take a dozen.
	maxRecords = 64
)

// Record is one protected record, seen from outside.
type Record struct {
	From transcript.Side
	// Type is what its header says: in TLS 1.3 application data whatever is inside.
	Type   wire.ContentType
	Length int // of the payload, in bytes
	At     time.Duration
}

// How a side ended its direction of the connection.
type How string

// The ways to end.
const (
	Open  How = ""      // not yet
	FIN   How = "fin"   // it has nothing more to send
	Reset How = "reset" // RST
	Cut   How = "cut"   // the observation ended first
)

// End is how the connection ended: who was first, and how.
type End struct {
	By transcript.Side
	How
	At time.Duration
}

// Conn is one connection under observation. It is not safe for concurrent use.
type Conn struct {
	// T holds what was read: Hello, Server, Certificates, Alerts and so on. Its
	// Outcome is filled by Finish.
	T transcript.Transcript
	// Hello is the client's first one, nil where none was read, and HelloRecord the
	// version of the record that began it.
	Hello       *wire.ClientHello
	HelloRecord wire.Version
	// SSL2 is the client's hello in the format of SSL 2.0.
	SSL2 *wire.SSL2ClientHello
	// Plain are the client's first bytes where they are no TLS, at most 64.
	Plain []byte
	// Records are the first protected ones, of both sides in the order seen.
	Records []Record
	// Ended is the first end of either side.
	Ended End

	client, server flow
	version        wire.Version
	shapes         [2]int // protected records of client and server, all of them
	start          time.Time
	now            func() time.Time
	answered       time.Duration // first byte of the server
}

// flow is one direction.
type flow struct {
	partial []byte // of a record that is not whole
	skip    int    // bytes of a record that is only counted
	hs      []byte // of a handshake message that is not whole
	raw     []byte // the client's records up to the end of its hello
	sealed  bool   // records are protected from here on (TLS 1.2 and older)
	off     bool   // nothing more to read: not TLS, damaged, or over
	hellos  int
}

// New begins an observation. now may be nil: time.Now.
func New(now func() time.Time) *Conn {
	if now == nil {
		now = time.Now
	}
	c := &Conn{now: now, start: now()}
	c.T.Start = c.start
	return c
}

func (c *Conn) since() time.Duration { return c.now().Sub(c.start) }

// FromClient takes in bytes that the client sent.
func (c *Conn) FromClient(b []byte) {
	c.T.BytesSent += int64(len(b))
	c.feed(&c.client, transcript.FromClient, b)
}

// FromServer takes in bytes that the server sent.
func (c *Conn) FromServer(b []byte) {
	if c.T.BytesReceived == 0 && len(b) > 0 {
		c.answered = c.since()
		c.T.Times.FirstByte = c.answered
	}
	c.T.BytesReceived += int64(len(b))
	if room := transcript.MaxReply - len(c.T.Reply); room > 0 && c.Plain == nil {
		c.T.Reply = append(c.T.Reply, b[:min(room, len(b))]...)
	}
	c.feed(&c.server, transcript.FromServer, b)
}

// End notes that a side ended its direction.
func (c *Conn) End(by transcript.Side, how How) {
	if c.Ended.How == Open {
		c.Ended = End{by, how, c.since()}
	}
}

// TLS says whether the client began with a hello.
func (c *Conn) TLS() bool { return c.Hello != nil || c.SSL2 != nil }

func (c *Conn) feed(f *flow, from transcript.Side, b []byte) {
	for len(b) > 0 && !f.off {
		if f.skip > 0 {
			n := min(f.skip, len(b))
			f.skip -= n
			b = b[n:]
			continue
		}
		b = c.record(f, from, b)
	}
}

// record reads on in the record that begins with what is left of earlier bytes,
// and returns what is behind it.
func (c *Conn) record(f *flow, from transcript.Side, b []byte) []byte {
	if want := wire.RecordHeaderLen - len(f.partial); want > 0 {
		n := min(want, len(b))
		f.partial, b = append(f.partial, b[:n]...), b[n:]
		if from == transcript.FromClient && c.ssl2(f, b) {
			return nil
		}
	}
	_, _, err := wire.ParseRecord(f.partial)
	if errors.Is(err, wire.ErrNotTLS) {
		c.notTLS(f, from, b)
		return nil
	}
	if len(f.partial) < wire.RecordHeaderLen {
		return nil
	}
	kind := wire.ContentType(f.partial[0])
	length := int(f.partial[3])<<8 | int(f.partial[4])
	if kind == wire.ContentApplicationData || f.sealed && kind != wire.ContentChangeCipherSpec {
		c.note(from, kind, length)
		f.partial, f.skip = f.partial[:0], length
		return b
	}
	n := min(wire.RecordHeaderLen+length-len(f.partial), len(b))
	f.partial, b = append(f.partial, b[:n]...), b[n:]
	r, _, err := wire.ParseRecord(f.partial)
	if err != nil {
		return nil // not whole yet: b is used up
	}
	if from == transcript.FromClient && c.Hello == nil {
		if f.raw = append(f.raw, f.partial...); len(f.raw) > maxHello {
			c.notTLS(f, from, nil)
			return nil
		}
	}
	c.clear(f, from, r)
	f.partial = f.partial[:0]
	return b
}

// notTLS is what a side says that speaks something else, from the start or at
// some later point; the rest is not looked at.
func (c *Conn) notTLS(f *flow, from transcript.Side, b []byte) {
	f.off = true
	if from == transcript.FromClient && !c.TLS() {
		c.Plain = append(bytes.Clone(f.raw), f.partial...)
		c.Plain = append(c.Plain, b[:min(len(b), 64)]...)
		c.Plain = c.Plain[:min(len(c.Plain), 64)]
		c.T.Reply = nil
	}
	*f = flow{off: true}
}

// ssl2 takes a hello in the format of SSL 2.0, which some clients of its time
// send whatever they offer (RFC 5246, Appendix E.2).
func (c *Conn) ssl2(f *flow, rest []byte) bool {
	p := f.partial
	if c.TLS() || len(f.raw) > 0 || len(p) < 3 || p[0]&0x80 == 0 || p[2] != 1 {
		return false
	}
	whole := append(bytes.Clone(p), rest...)
	h, err := wire.ParseSSL2ClientHello(whole)
	if err != nil {
		return false // in several segments it counts as no TLS: nobody sends it today
	}
	c.SSL2, c.T.Hello = h, whole
	*f = flow{}
	return true
}

// clear reads a record in clear.
func (c *Conn) clear(f *flow, from transcript.Side, r wire.Record) {
	switch r.Type {
	case wire.ContentAlert:
		if a, ok := wire.ParseAlert(r.Payload); ok && len(c.T.Alerts) < 8 {
			c.T.Alerts = append(c.T.Alerts, transcript.Alert{From: from, Phase: transcript.DuringHandshake, Alert: a})
		}
	case wire.ContentChangeCipherSpec:
		// In TLS 1.3 it means nothing (RFC 8446, Appendix D.4).
		f.sealed = c.version != 0 && c.version < wire.VersionTLS13
	case wire.ContentHandshake:
		if from == transcript.FromClient && f.hellos == 0 && c.HelloRecord == 0 {
			c.HelloRecord = r.Version
		}
		f.hs = append(f.hs, r.Payload...)
		limit := maxFlight
		if from == transcript.FromClient {
			limit = maxHello
		}
		for len(f.hs) > 0 {
			m, rest, err := wire.ParseMessage(f.hs)
			if errors.Is(err, wire.ErrNeedMore) && len(f.hs) < limit {
				return
			}
			if err != nil {
				c.notTLS(f, from, nil)
				return
			}
			f.hs = rest
			c.message(f, from, m)
		}
		f.hs = nil
	}
}

// note keeps the shape of a protected record.
func (c *Conn) note(from transcript.Side, kind wire.ContentType, length int) {
	i := 0
	if from == transcript.FromServer {
		i = 1
	}
	c.shapes[i]++
	if len(c.Records) < maxRecords {
		c.Records = append(c.Records, Record{from, kind, length, c.since()})
	} else if c.shapes[0] > 4 && c.shapes[1] > 4 {
		c.client.off, c.server.off = true, true // the handshake is long over
	}
}
