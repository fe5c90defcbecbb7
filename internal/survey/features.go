package survey

import (
	"context"
	"slices"

	"github.com/tlswhy/tlswhy/internal/offer"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// first is the client's own handshake with one request. It is false if no
// connection stands up.
func (s *session) first(ctx context.Context, k *task) bool {
	a := s.handshake("as "+s.profile.ID, s.clientHello(s.sni))
	a.Handshake.Depth = transcript.DepthRequest
	a.Handshake.Certificate = s.o.Certificate
	if s.target.Service == "http" {
		a.Handshake.Request = &transcript.Request{Method: "GET", Path: s.path()}
	}
	t := k.one(ctx, a)
	if t != nil && !refusesConnections(t) {
		s.observe(t, transcript.ByName)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case t != nil && !refusesConnections(t):
		s.baseline = t
	case !s.greeted:
		if t != nil && s.unreachable == "" {
			s.unreachable = outcomeText(t)
		}
		s.setOutcome(orElse(s.unreachable, "not asked"))
		return false
	}
	s.setOutcome("asked") // without a baseline: others were answered, this one was not in its time
	return true
}

// setOutcome says of the current address what came of it. The caller holds s.mu.
func (s *session) setOutcome(outcome string) {
	for i := range s.addresses {
		if s.addresses[i].IP == s.addr.Addr().String() {
			s.addresses[i].Outcome = outcome
		}
	}
}

func (s *session) path() string {
	if s.target.Path == "" {
		return "/"
	}
	return s.target.Path
}

// resume13 resumes a session of TLS 1.3, with early data if its ticket allows.
func (s *session) resume13(ctx context.Context, k *task) {
	t := s.baseline
	if t == nil || t.Version() != wire.VersionTLS13 || t.Outcome.Reached < transcript.ReachedFinished {
		return
	}
	s.mu.Lock()
	f := &s.facts.Features
	f.Tickets = t.Tickets
	// Tickets come behind the handshake: where the connection was ended there, as for
	// want of a certificate, nobody knows what else would have come.
	if t.Outcome.Kind == transcript.Complete || t.Outcome.Reached >= transcript.ReachedResponse {
		f.ResumptionPSK = transcript.No
		f.EarlyData = transcript.No
	}
	s.mu.Unlock()
	if len(t.Sessions) == 0 {
		return
	}
	ses := t.Sessions[len(t.Sessions)-1]
	a := s.handshake("resume TLS 1.3", s.clientHello(s.sni))
	a.Handshake.Depth = transcript.DepthFinish
	a.Handshake.Resume = ses
	a.Handshake.EarlyData = ses.MaxEarlyData > 0
	again := k.one(ctx, a)
	s.mu.Lock()
	defer s.mu.Unlock()
	f.TicketLifetime = ses.Lifetime
	f.MaxEarlyData = ses.MaxEarlyData
	f.EarlyData = transcript.TriOf(ses.MaxEarlyData > 0)
	f.ResumptionPSK = transcript.Unknown
	if again != nil && again.Outcome.Reached >= transcript.ReachedHello {
		f.ResumptionPSK = again.Resumed
		f.EarlyDataAccepted = again.EarlyData
	}
}

// sessions12 finishes handshakes before TLS 1.3 and resumes them: by ticket, and
// by session ID. On the second connection a renegotiation is begun.
func (s *session) sessions12(ctx context.Context, k *task) {
	finish := func(purpose string, ticket bool) transcript.Attempt {
		h := s.hello12(wire.VersionTLS12, offer.Ordinary(wire.VersionTLS12), nil, nil)
		if !ticket {
			h.Remove(wire.ExtSessionTicket)
		}
		a := s.handshake(purpose, h)
		a.Handshake.Depth = transcript.DepthFinish
		a.Handshake.Certificate = s.o.Certificate
		a.Handshake.Renegotiate = !ticket
		return a
	}
	first := []transcript.Attempt{finish("TLS 1.2: with a ticket", true), finish("TLS 1.2: without tickets", false)}
	ts := k.all(ctx, first)
	var again []transcript.Attempt
	var to []*transcript.Tri
	f := &s.facts.Features
	for i, t := range ts {
		if t == nil || t.Server == nil || t.Version() > wire.VersionTLS12 {
			continue
		}
		s.observe(t, transcript.ByName)
		s.mu.Lock()
		s.finished = append(s.finished, t)
		s.mu.Unlock()
		if t.Outcome.Reached < transcript.ReachedFinished {
			continue
		}
		s.mu.Lock()
		if i == 1 {
			f.ClientRenegotiation = t.Renegotiated
			f.SessionIDs = max(f.SessionIDs, transcript.TriOf(len(t.Server.SessionID) > 0))
			f.ResumptionID = transcript.No
		} else {
			f.ResumptionTicket = transcript.No
		}
		s.mu.Unlock()
		result := &f.ResumptionTicket
		if i == 1 {
			result = &f.ResumptionID
		}
		for _, ses := range t.Sessions {
			if (i == 0) != (len(ses.Ticket) > 0) {
				continue
			}
			a := finish("resume "+t.Version().String(), i == 0)
			a.Handshake.Renegotiate = false
			a.Handshake.Resume = ses
			again, to = append(again, a), append(to, result)
			break
		}
	}
	if len(again) == 0 {
		return
	}
	for i, t := range k.all(ctx, again) {
		if t != nil && t.Outcome.Reached >= transcript.ReachedHello {
			s.mu.Lock()
			*to[i] = t.Resumed
			s.mu.Unlock()
		}
	}
}

// otherName is a server name that no server has (RFC 6761, Section 6.4).
const otherName = "name-of-no-server.invalid"

// wide is a hello that the server answers if it answers any usual one: of TLS 1.3
// where it has that, else of all that is older.
func (s *session) wide(ctx context.Context, k *task, name string) *wire.ClientHello {
	h := s.hello12(wire.VersionTLS12, offer.Ordinary(wire.VersionTLS12), nil, nil)
	if s.with13(ctx, k) {
		h = s.hello13(offer13{})
	}
	h.Remove(wire.ExtServerName)
	if name != "" {
		h.Set(wire.ServerNameExt(name))
	}
	return h
}

// names asks without a server name, and with one that the server cannot know.
func (s *session) names(ctx context.Context, k *task) {
	if s.sni == "" {
		return
	}
	ts := k.all(ctx, []transcript.Attempt{
		s.handshake("without a server name", s.wide(ctx, k, "")),
		s.handshake("with another server name", s.wide(ctx, k, otherName)),
	})
	for i, asked := range []transcript.Asked{transcript.ByNoName, transcript.ByOtherName} {
		if ts[i] != nil {
			s.observe(ts[i], asked)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noName, s.other = ts[0], ts[1]
}

// fallback offers an older version with TLS_FALLBACK_SCSV: a server that knows a
// newer one has to refuse (RFC 7507).
func (s *session) fallback(v wire.Version) transcript.Attempt {
	h := s.hello12(v, offer.Ordinary(v), nil, nil)
	h.CipherSuites = append(h.CipherSuites, wire.TLS_FALLBACK_SCSV)
	return s.handshake(v.String()+" with TLS_FALLBACK_SCSV", h)
}

// records asks about record sizes, certificate compression and the fallback
// signal.
func (s *session) records(ctx context.Context, k *task) {
	k.fork(
		func(k *task) {
			v := wire.VersionTLS11 // below the newest, where it means something
			if s.with13(ctx, k) {
				v = wire.VersionTLS12
			}
			t := k.one(ctx, helloOnly(s.fallback(v)))
			s.mu.Lock()
			defer s.mu.Unlock()
			s.fellBack, s.fellBackTo = t, v
		},
		func(k *task) {
			if s.with13(ctx, k) {
				s.readCompressing(ctx, k)
			}
		},
	)
}

// compressions of RFC 8879 that the engine undoes.
var compressions = []wire.CertCompression{wire.CertCompressionBrotli, wire.CertCompressionZstd, wire.CertCompressionZlib}

func (s *session) compressing(algorithms []wire.CertCompression) *wire.ClientHello {
	h := s.hello13(offer13{})
	d := []byte{byte(2 * len(algorithms))}
	for _, a := range algorithms {
		d = append(d, byte(a>>8), byte(a))
	}
	h.Set(wire.Extension{Type: wire.ExtCompressCertificate, Data: d})
	h.Set(wire.Extension{Type: wire.ExtRecordSizeLimit, Data: []byte{0x40, 0x01}}) // as much as there can be
	return h
}

// readCompressing asks for certificate compression, and for the algorithms left as
// long as one is used.
func (s *session) readCompressing(ctx context.Context, k *task) {
	for left := compressions; len(left) > 0; {
		t := k.one(ctx, s.handshake("TLS 1.3: record sizes, certificate compression", s.compressing(left)))
		if t == nil || t.Version() != wire.VersionTLS13 {
			return
		}
		s.observe(t, transcript.ByName)
		s.mu.Lock()
		if t.Encrypted != nil {
			if d, ok := t.Encrypted.Extension(wire.ExtRecordSizeLimit); ok && len(d) == 2 {
				s.facts.Features.RecordSizeLimit = int(d[0])<<8 | int(d[1])
			}
		}
		used := t.CertificateCompression
		if used != 0 {
			s.facts.Features.CertificateCompression = append(s.facts.Features.CertificateCompression, used)
		}
		s.mu.Unlock()
		if used == 0 {
			return
		}
		left = slices.DeleteFunc(slices.Clone(left), func(a wire.CertCompression) bool { return a == used })
	}
}

// protocols searches the application protocols. What of all is not taken tells,
// as a whole, whether the server refuses what it does not know.
func (s *session) protocols(ctx context.Context, k *task) {
	var refuses transcript.Tri
	q := &search[string]{candidates: slices.Concat(alpnHTTP, alpnOthers), lazy: true, prove: true, limit: 64, rare: func(string) bool { return true }}
	q.ask = func(lists [][]string) []evidence[string] {
		as := make([]transcript.Attempt, len(lists))
		for i, l := range lists {
			h := s.wide(ctx, k, s.sni)
			h.Set(wire.ALPNExt(l...))
			as[i] = s.handshake("ALPN", h)
		}
		ts := k.all(ctx, as)
		out := make([]evidence[string], len(lists))
		for i, t := range ts {
			out[i] = evidence[string]{list: lists[i], open: t == nil}
			if t == nil {
				continue
			}
			s.observe(t, transcript.ByName)
			out[i].answer = t.ALPN()
			out[i].ok = out[i].answer != ""
			switch {
			case t.Outcome.Alert != nil && t.Outcome.Alert.Description == wire.AlertNoApplicationProtocol:
				refuses = transcript.Yes // in TLS 1.3 it may come behind the ServerHello
			case t.Outcome.Reached >= transcript.ReachedFlight && !slices.Contains(lists[i], out[i].answer) && refuses == transcript.Unknown:
				refuses = transcript.No
			}
		}
		return out
	}
	c := q.run()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.facts.ALPN = c.accepted
	s.facts.ALPNRefuses = refuses
	s.incomplete = s.incomplete || !c.complete
}

// Application protocols that servers on TCP have. acme-tls/1 is not asked for: it
// is a challenge that stands alone (RFC 8737, Section 3), and servers end a
// handshake that offers it where they await none.
var (
	alpnHTTP   = []string{"h2", "http/1.1", "http/1.0"}
	alpnOthers = []string{
		"spdy/3.1", "spdy/3", "dot", "imap", "pop3", "smtp", "managesieve", "xmpp-client", "xmpp-server", "ftp", "nntp",
		"postgresql", "mqtt", "irc", "ntske/1", "sip/2", "coap", "tds/8.0", "radius/1.1", "stun.turn", "webrtc",
	}
)
