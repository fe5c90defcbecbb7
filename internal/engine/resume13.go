package engine

import (
	"time"

	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// offerPSK prepares the hello for the ticket of a session of TLS 1.3, which bind
// puts into it.
func (c *conn) offerPSK(h *wire.ClientHello, s *transcript.Session, suite *suite) {
	c.pskHash = suite.hash
	if _, ok := h.Extension(wire.ExtPSKKeyExchangeModes); !ok {
		h.Set(wire.PSKModesExt(wire.PSKModeDHEKE))
	}
	h.Remove(wire.ExtEarlyData)
	if c.h.EarlyData && s.MaxEarlyData > 0 {
		h.Set(wire.EarlyDataExt())
		c.offersEarly = true
	}
}

// bind puts pre_shared_key at the end of the hello, where it has to be, with the
// binder over all before it (RFC 8446, Sections 4.2.11.1 and 4.2.11.2). What was logged before
// this hello, after a HelloRetryRequest, counts.
func (c *conn) bind(h *wire.ClientHello) error {
	s := c.offers
	if s == nil || s.Version < wire.VersionTLS13 {
		return nil
	}
	age := uint32(max(c.now().Sub(s.Received), 0)/time.Millisecond) + s.AgeAdd
	binder := make([]byte, c.pskHash().Size())
	h.Remove(wire.ExtPreSharedKey)
	h.Extensions = append(h.Extensions, wire.PreSharedKeyExt(s.Ticket, age, binder))
	msg, err := h.Marshal()
	if err != nil {
		return err
	}
	sum := c.pskHash()
	sum.Write(c.log.all)
	sum.Write(msg[:len(msg)-len(binder)-3]) // both lengths of the list of binders
	early := extract(c.pskHash, s.Secret, nil)
	key := expandLabel(c.pskHash, early, "res binder", c.pskHash().Sum(nil), c.pskHash().Size())
	h.Set(wire.PreSharedKeyExt(s.Ticket, age, finished13(c.pskHash, key, sum.Sum(nil))))
	return nil
}

// retryPSK decides whether the session still fits what a HelloRetryRequest
// chose, and takes it out of the second hello where not (RFC 8446, Section
// 4.1.4).
func (c *conn) retryPSK(hrr *wire.ServerHello, h *wire.ClientHello) {
	if c.offersEarly {
		c.offersEarly, c.t.EarlyData = false, transcript.No
	}
	s := c.offers
	if s == nil || s.Version < wire.VersionTLS13 || sameHash(s.Suite, hrr.CipherSuite) {
		return
	}
	h.Remove(wire.ExtPreSharedKey)
	c.offers, c.t.Resumed = nil, transcript.No
}

func sameHash(a, b wire.CipherSuite) bool {
	x, ok := a.Info()
	y, also := b.Info()
	return ok && also && x.Hash == y.Hash
}

// settlePSK reads from the ServerHello of TLS 1.3 whether it takes the ticket.
func (c *conn) settlePSK(sh *wire.ServerHello) error {
	d, ok := sh.Extension(wire.ExtPreSharedKey)
	s := c.offers
	if s == nil || s.Version < wire.VersionTLS13 {
		_, foreign := c.hello.Extension(wire.ExtPreSharedKey)
		switch {
		case ok && foreign:
			return unfinished("the server took a pre-shared key that is not ours")
		case ok:
			return malformed(wire.AlertUnsupportedExtension, "the server took a pre-shared key, which the hello does not offer")
		case s != nil:
			c.t.Resumed = transcript.No
		}
		return nil
	}
	if !ok {
		c.t.Resumed = transcript.No
		return nil
	}
	if len(d) != 2 {
		return malformed(wire.AlertDecodeError, "pre_shared_key of %d bytes in the ServerHello", len(d))
	}
	if i := int(d[0])<<8 | int(d[1]); i != 0 {
		return malformed(wire.AlertIllegalParameter, "the server took the pre-shared key number %d of a single one", i)
	}
	if !sameHash(s.Suite, sh.CipherSuite) {
		return malformed(wire.AlertIllegalParameter, "the server resumes a session of %s with %s", s.Suite, sh.CipherSuite)
	}
	c.t.Resumed, c.resumed = transcript.Yes, s
	return nil
}

// psk is the pre-shared key of the handshake, or nil.
func (c *conn) psk() []byte {
	if c.resumed == nil {
		return nil
	}
	return c.resumed.Secret
}

// allowsPSKAlone reports whether the hello lets a server resume without a key
// exchange.
func allowsPSKAlone(h *wire.ClientHello) bool {
	d, _ := h.Extension(wire.ExtPSKKeyExchangeModes)
	return len(d) > 1 && contains(d[1:], byte(wire.PSKModeKE))
}

// gotEarlyData reads from EncryptedExtensions whether early data are taken, and
// turns to their keys: EndOfEarlyData is all that is sent with them.
func (c *conn) gotEarlyData(ee *wire.EncryptedExtensions) error {
	if !c.offersEarly {
		return nil
	}
	_, ok := ee.Extension(wire.ExtEarlyData)
	switch {
	case !ok:
		c.t.EarlyData = transcript.No
		return nil
	case c.resumed == nil:
		return malformed(wire.AlertIllegalParameter, "the server takes early data and not the ticket that they belong to")
	case c.suite.id != c.resumed.Suite:
		return malformed(wire.AlertIllegalParameter, "the server takes early data of %s with %s", c.resumed.Suite, c.suite.id)
	}
	c.t.EarlyData = transcript.Yes
	early := &schedule13{c.pskHash, extract(c.pskHash, c.psk(), nil)}
	var err error
	c.out, err = c.suite.protect13(early.traffic("c e traffic", c.helloSum))
	return err
}

// endEarlyData is what a server that takes early data waits for before our
// Finished (RFC 8446, Section 4.5); nothing otherwise.
func (c *conn) endEarlyData(dst, clientHS []byte) ([]byte, error) {
	if c.t.EarlyData != transcript.Yes {
		return dst, nil
	}
	msg := wire.AppendMessage(nil, wire.TypeEndOfEarlyData, nil)
	c.log.add(msg)
	dst, err := c.sealAll(dst, wire.ContentHandshake, msg)
	if err != nil {
		return nil, err
	}
	c.out, err = c.suite.protect13(clientHS)
	return dst, err
}

// keepTicket13 makes a session of a ticket (RFC 8446, Section 4.6.1).
func (c *conn) keepTicket13(t *wire.NewSessionTicket) {
	if c.resumption == nil || len(t.Ticket) == 0 {
		return
	}
	h := c.suite.hash
	c.t.Sessions = append(c.t.Sessions, &transcript.Session{
		Version: c.version, Suite: c.suite.id, Secret: expandLabel(h, c.resumption, "resumption", t.Nonce, h().Size()),
		Ticket: t.Ticket, Lifetime: t.Lifetime, AgeAdd: t.AgeAdd, MaxEarlyData: t.MaxEarlyData(), Received: c.now(),
	})
}
