package engine

import (
	"bytes"
	"fmt"
	"io"

	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// offerSession puts the session to be resumed into the first hello, if that can
// be done with it.
func (c *conn) offerSession(h *wire.ClientHello) error {
	s := c.h.Resume
	if s == nil || c.h.ECH != nil || !h.OffersVersion(s.Version) || !offered(h, s.Suite) {
		return nil
	}
	suite, err := computable(s.Suite)
	if err != nil {
		return fmt.Errorf("resuming a session: %w", err) // never finished here, thus not ours
	}
	switch {
	case s.Version >= wire.VersionTLS13:
		c.offerPSK(h, s, suite)
	case len(s.Ticket) > 0:
		h.Set(wire.Extension{Type: wire.ExtSessionTicket, Data: s.Ticket})
		// An invented ID, which a server that takes the ticket has to send back:
		// otherwise only the next message would tell (RFC 5077, Section 3.4).
		if len(h.SessionID) == 0 {
			h.SessionID = make([]byte, 32)
			if _, err := io.ReadFull(c.o.Rand, h.SessionID); err != nil {
				return fmt.Errorf("drawing the session ID: %w", err)
			}
		}
	default:
		h.SessionID = bytes.Clone(s.ID)
	}
	c.offers = s
	return nil
}

// settleSession reads from the ServerHello whether the session is resumed.
func (c *conn) settleSession(sh *wire.ServerHello) error {
	if c.version >= wire.VersionTLS13 {
		return c.settlePSK(sh)
	}
	s := c.offers
	switch {
	case s == nil:
		return nil
	case s.Version >= wire.VersionTLS13 || len(sh.SessionID) == 0 || !bytes.Equal(sh.SessionID, c.hello.SessionID):
		c.t.Resumed = transcript.No
		return nil
	case s.Version != c.version:
		return malformed(wire.AlertIllegalParameter, "the server resumes a session of %s with %s", s.Version, c.version)
	case s.Suite != sh.CipherSuite:
		return malformed(wire.AlertIllegalParameter, "the server resumes a session of %s with %s", s.Suite, sh.CipherSuite)
	}
	if _, ems := sh.Extension(wire.ExtExtendedMasterSecret); ems != s.ExtendedMasterSecret {
		word := map[bool]string{true: "with", false: "without"}
		return malformed(wire.AlertHandshakeFailure, "the server resumes a session that began %s extended_master_secret %s it", word[s.ExtendedMasterSecret], word[ems])
	}
	c.t.Resumed, c.resumed = transcript.Yes, s
	return nil
}

// keepSessions12 notes what the server offers to resume a finished handshake by.
func (c *conn) keepSessions12(sh *wire.ServerHello, master []byte, ems bool) {
	s := transcript.Session{Version: c.version, Suite: sh.CipherSuite, Secret: master, ExtendedMasterSecret: ems, Received: c.now()}
	// With a ticket accepted the ID is the one that we invented.
	if len(sh.SessionID) > 0 && (c.resumed == nil || len(c.resumed.ID) > 0) {
		byID := s
		byID.ID = sh.SessionID
		c.t.Sessions = append(c.t.Sessions, &byID)
	}
	// An empty ticket is a promise that the server did not keep (RFC 5077, Section
	// 3.3).
	if t := c.ticket; t != nil && len(t.Ticket) > 0 {
		byTicket := s
		byTicket.Ticket, byTicket.Lifetime = t.Ticket, t.Lifetime
		c.t.Sessions = append(c.t.Sessions, &byTicket)
	}
	c.ticket = nil
}
