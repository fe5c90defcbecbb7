package passive

import (
	"bytes"

	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// message reads one handshake message in clear. One that cannot be read is left:
// the side that it was meant for will say so.
func (c *Conn) message(f *flow, from transcript.Side, m wire.Message) {
	if from == transcript.FromClient {
		c.fromClient(f, m)
		return
	}
	c.fromServer(m)
}

func (c *Conn) fromClient(f *flow, m wire.Message) {
	switch m.Type {
	case wire.TypeClientHello:
		f.hellos++
		h, err := wire.ParseClientHello(m.Body)
		if err != nil {
			return
		}
		switch {
		case c.Hello == nil:
			c.Hello, c.T.Hello, f.raw = h, f.raw, nil
		case c.T.Retry != nil && c.T.Retried == nil:
			c.T.Retried = bytes.Clone(m.Raw)
		}
	case wire.TypeCertificate:
		// An empty list is how TLS 1.2 says no; SSL 3.0 has an alert for it.
		if cert, err := wire.ParseCertificate(m.Body); err == nil && len(c.T.CertificateRequests) > 0 {
			c.T.CertificateRequests[0].Answered = len(cert.Entries) > 0
		}
	case wire.TypeClientKeyExchange:
		c.T.Outcome.Reached = max(c.T.Outcome.Reached, transcript.ReachedFlight)
	}
}

func (c *Conn) fromServer(m wire.Message) {
	t := &c.T
	reach := func(to transcript.Milestone) { t.Outcome.Reached = max(t.Outcome.Reached, to) }
	switch m.Type {
	case wire.TypeServerHello:
		h, err := wire.ParseServerHello(m.Body)
		switch {
		case err != nil:
		case h.IsHelloRetryRequest():
			t.Retry = h
			reach(transcript.ReachedRetry)
		case t.Server == nil:
			t.Server, c.version = h, h.Version()
			if ks, ok := h.KeyShare(); ok {
				t.Group = ks.Group
			}
			reach(transcript.ReachedHello)
		}
	case wire.TypeCertificate:
		if cert, err := wire.ParseCertificate(m.Body); err == nil && t.Certificates == nil {
			for _, e := range cert.Entries {
				t.Certificates = append(t.Certificates, e.DER)
			}
			t.CertificateBytes = len(m.Raw)
		}
	case wire.TypeCertificateStatus:
		t.OCSP, _ = wire.ParseCertificateStatus(m.Body)
	case wire.TypeServerKeyExchange:
		if t.Server == nil {
			return
		}
		if k, err := wire.ParseServerKeyExchange(m.Body, t.Server.CipherSuite, c.version); err == nil {
			t.KeyExchange, t.Group, t.Signature = k, k.Group, k.Scheme
		}
	case wire.TypeCertificateRequest:
		if r, err := wire.ParseCertificateRequest(m.Body, c.version); err == nil && len(t.CertificateRequests) == 0 {
			t.CertificateRequests = append(t.CertificateRequests, transcript.CertificateRequest{Phase: transcript.DuringHandshake, Request: r})
		}
	case wire.TypeServerHelloDone:
		reach(transcript.ReachedFlight)
	case wire.TypeNewSessionTicket:
		t.Tickets++
	}
}
