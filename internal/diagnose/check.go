package diagnose

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/http2"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/trust"
)

// check runs the diagnosis; what it finds is in the session afterwards.
func (s *session) check(ctx context.Context) {
	addrs := s.resolve(ctx)
	if len(addrs) == 0 {
		return
	}
	// First round: the client's own hello to every address, and the fan to the
	// first, all at once.
	pending := make([]<-chan *transcript.Transcript, len(addrs))
	giveUp := make([]context.CancelFunc, len(addrs))
	dialling := make([]chan struct{}, len(addrs))
	for i, a := range addrs {
		var each context.Context
		each, giveUp[i] = context.WithCancel(ctx)
		defer giveUp[i]()
		dialling[i] = make(chan struct{})
		each = transcript.WithDialling(each, sync.OnceFunc(func() { close(dialling[i]) }))
		pending[i] = s.start(each, s.baseline("baseline", a))
	}
	if !s.o.Gentle {
		hidden, cancel := context.WithCancel(ctx)
		defer cancel()
		s.ech = s.seekECH(hidden, addrs[0])
	}
	base, fan := s.firstRound(ctx, addrs[0], pending[0], dialling[0])
	primary := 0
	for base != nil && base.Outcome.Kind == transcript.NoRoute && primary+1 < len(addrs) {
		s.addresses = append(s.addresses, addressResult{addrs[primary], base, s.assess(base)})
		primary++
		base, fan = s.firstRound(ctx, addrs[primary], pending[primary], dialling[primary])
	}
	late := pending[primary] // of a baseline that is still silent
	if base == nil {
		base = s.provisional(addrs[primary], fan)
	} else {
		late = nil
	}
	s.addresses = append(s.addresses, addressResult{addrs[primary], base, s.assess(base)})
	for i := primary + 1; i < len(addrs); i++ {
		t := s.await(ctx, pending[i], impatience)
		if t == nil {
			giveUp[i]()
			t = givenUp(<-pending[i])
		}
		s.addresses = append(s.addresses, addressResult{addrs[i], t, s.assess(t)})
	}
	if ctx.Err() != nil {
		s.primary = base
		return
	}
	s.choose(ctx, base, fan, late)
}

// choose diagnoses the address that the findings shall speak of: the first where
// the client fails, or the first there is.
func (s *session) choose(ctx context.Context, base *transcript.Transcript, fan []*transcript.Transcript, late <-chan *transcript.Transcript) {
	results := slices.Clone(s.addresses)
	i := slices.IndexFunc(results, func(r addressResult) bool { return r.stop != nil && r.stop.area != areaReach })
	if i < 0 {
		// Clients pass over an address where no connection stands up (RFC 8305).
		i = slices.IndexFunc(results, func(r addressResult) bool { return r.stop == nil })
	}
	if i < 0 || results[i].t == base {
		s.diagnose(ctx, addressOf(base), base, fan, late)
	} else {
		r := results[i]
		s.diagnose(ctx, r.addr, r.t, s.round(ctx, s.planFan(r.addr)), nil)
	}
	s.mixed(results)
}

// givenUp makes of an attempt that was ended from our side one that was silent
// for as long as it was given.
func givenUp(t *transcript.Transcript) *transcript.Transcript {
	if t.Outcome.Kind != transcript.Aborted {
		return t
	}
	c := *t
	c.Outcome.Kind = transcript.Silent
	if c.Outcome.Reached == transcript.ReachedNothing {
		c.Outcome.Kind = transcript.ConnectTimeout
	}
	c.Outcome.Detail = "no answer within " + impatience.String()
	return &c
}

func addressOf(t *transcript.Transcript) netip.AddrPort { return t.Attempt.Handshake.Address }

func (s *session) planFan(addr netip.AddrPort) []transcript.Attempt {
	var as []transcript.Attempt
	for _, f := range fan() {
		as = append(as, s.attempt(f.purpose, addr, f.hello(s.sni)))
	}
	return as
}

// firstRound waits for the client's own attempt while the fan goes out beside
// it. A nil baseline is one that is still silent. Where the client is fine, what
// of the fan is still under way is given little time: it is only for what might
// hurt one day.
func (s *session) firstRound(ctx context.Context, addr netip.AddrPort, pending <-chan *transcript.Transcript, dialling <-chan struct{}) (*transcript.Transcript, []*transcript.Transcript) {
	if s.o.Gentle {
		base := s.await(ctx, pending, s.o.Timeout)
		return base, s.round(ctx, s.planFan(addr))
	}
	fanCtx, cancel := context.WithCancel(ctx)
	defer cancel()
	plan := s.planFan(addr)
	base := s.letGo(pending, dialling)
	results := make([]<-chan *transcript.Transcript, len(plan))
	for i, a := range plan {
		results[i] = s.start(fanCtx, a)
	}
	if base == nil {
		base = s.await(ctx, pending, impatience)
	}
	var grace <-chan time.Time
	if base != nil && s.assess(base) == nil {
		t := time.NewTimer(base.Times.Total + 400*time.Millisecond)
		defer t.Stop()
		grace = t.C
	}
	fan := make([]*transcript.Transcript, len(plan))
	for i, r := range results {
		select {
		case fan[i] = <-r:
		case <-grace:
			cancel()
			for j := i; j < len(results); j++ {
				fan[j] = <-results[j]
			}
			return base, fan
		}
	}
	if base == nil {
		base = s.await(ctx, pending, 0)
	}
	return base, fan
}

// letGo waits until the client's own SYN is out, so that it goes before those of
// the fan: where connections are limited, it has to be ours that are turned away,
// and what computes the answers has the one to the client's hello to do first. It
// returns an attempt that has ended by then.
func (s *session) letGo(pending <-chan *transcript.Transcript, dialling <-chan struct{}) *transcript.Transcript {
	timer := time.NewTimer(headStart)
	defer timer.Stop()
	select {
	case t := <-pending:
		return t
	case <-dialling:
	case <-timer.C:
	}
	return nil
}

// await returns nil if the attempt has not ended within d.
func (s *session) await(ctx context.Context, pending <-chan *transcript.Transcript, d time.Duration) *transcript.Transcript {
	select {
	case t := <-pending:
		return t
	default:
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case t := <-pending:
		return t
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return <-pending
	}
}

// provisional stands for the client's own attempt while it is still silent. How
// far it got is what the fan's silent attempts got to.
func (s *session) provisional(addr netip.AddrPort, fan []*transcript.Transcript) *transcript.Transcript {
	a := s.baseline("baseline, still waiting", addr)
	kind := transcript.Silent
	if slices.ContainsFunc(fan, func(t *transcript.Transcript) bool { return t.Outcome.Kind == transcript.ConnectTimeout }) {
		kind = transcript.ConnectTimeout
	}
	reached := transcript.ReachedConnected
	if kind == transcript.ConnectTimeout {
		reached = transcript.ReachedNothing
	}
	return &transcript.Transcript{ID: "", Attempt: a, Outcome: transcript.Outcome{Kind: kind, Reached: reached, Detail: "no answer so far"}}
}

// diagnose explains what stops the client at one address, if anything does.
func (s *session) diagnose(ctx context.Context, addr netip.AddrPort, base *transcript.Transcript, fan []*transcript.Transcript, late <-chan *transcript.Transcript) {
	s.primary = base
	s.posture = readPosture(base, fan)
	s.reference = reference(base, fan)
	before := len(s.findings)
	if late != nil {
		s.early(base, fan)
	}
	s.explainStop(ctx, addr, base, fan)
	if late != nil {
		s.settle(ctx, addr, fan, late, before)
	}
	if s.blocked() {
		return
	}
	if s.asksLate(ctx, addr) || s.leavesHTTP2() {
		return
	}
	sus := suspicious(s.primary, fan)
	if sus == nil {
		sus = s.hybridAlone(ctx, addr, fan)
	}
	if sus == nil {
		sus = s.askedAgain(ctx, addr, fan)
	}
	if sus != nil && !s.o.Gentle {
		if s.unsteady(ctx, addr, s.primary, sus) {
			return
		}
	}
	s.encryption(ctx, addr)
	s.postureFindings()
	s.closing()
}

// explainStop looks for the cause by the area in which the client stops.
func (s *session) explainStop(ctx context.Context, addr netip.AddrPort, base *transcript.Transcript, fan []*transcript.Transcript) {
	st := s.assess(base)
	if st == nil || st.area == areaVerify {
		if other := s.otherLeaf(base, fan); other != nil && s.unsteady(ctx, addr, base, other) {
			return
		}
	}
	if st == nil {
		s.verify(ctx, base)
		return
	}
	switch st.area {
	case areaReach:
		s.reach(ctx, addr, base)
	case areaAlien:
		s.alien(ctx, addr, base, fan)
	case areaPolicy:
		s.refuse(ctx, addr, base, st.refusal)
	case areaSlow:
		s.slow(base)
		s.verify(ctx, base)
	case areaVerify:
		s.verify(ctx, base)
	case areaKeys, areaSecure:
		s.verify(ctx, base)
		s.keys(ctx, base)
	case areaFlight, areaNegotiate:
		if st.area == areaFlight && base.Outcome.Kind == transcript.Malformed {
			s.flight(base) // the server did answer the hello
			return
		}
		if slices.ContainsFunc(fan, answered) {
			if s.negotiate(ctx, addr, base, fan) {
				return
			}
			if st.area == areaFlight {
				s.flight(base)
				return
			}
		}
		if ctx.Err() != nil || s.blocked() {
			return
		}
		if s.void(ctx, addr, base) {
			return
		}
		s.unanswered(ctx, addr, base, fan)
	}
}

// void looks, where connections were cut among many, what the client's own hello
// gets alone. If that is something else, the round did not count, and the search
// is made again with one connection at a time. It reports whether that was done.
func (s *session) void(ctx context.Context, addr netip.AddrPort, base *transcript.Transcript) bool {
	limited := slices.ContainsFunc(s.findings, func(f report.Finding) bool { return f.Cause == cause.RateLimited })
	cut := base.Outcome.Kind == transcript.Reset || base.Outcome.Kind == transcript.Closed
	if s.o.Gentle || !limited && !cut {
		return false
	}
	alone := s.run(ctx, s.attempt("alone: the client's own hello", addr, base.Attempt.Handshake.Hello))
	switch {
	case answered(alone):
		if !s.unsteady(ctx, addr, base, alone) {
			s.verify(ctx, alone)
		}
		return true
	case cutShort(alone) || gaveUp(alone):
		return false
	}
	if !limited {
		s.limitedFinding("Connections made at the same time are cut, one alone gets an answer: the server or a device before it limits connections. What follows was asked one at a time.", []string{base.ID, alone.ID})
	}
	s.o.Gentle = true
	fan := s.round(ctx, s.planFan(addr))
	s.posture, s.reference = readPosture(alone, fan), reference(alone, fan)
	s.explainAlone(ctx, addr, alone, fan)
	return true
}

// explainAlone explains a hello that is not answered, from a round made one
// connection at a time.
func (s *session) explainAlone(ctx context.Context, addr netip.AddrPort, base *transcript.Transcript, fan []*transcript.Transcript) {
	if slices.ContainsFunc(fan, answered) && s.negotiate(ctx, addr, base, fan) || ctx.Err() != nil {
		return
	}
	s.unanswered(ctx, addr, base, fan)
}

// alien: the reply to the client's hello is no TLS. If a hello of the fan was
// answered in TLS, something on the way did it, and not the server.
func (s *session) alien(ctx context.Context, addr netip.AddrPort, base *transcript.Transcript, fan []*transcript.Transcript) {
	p, known := recognise(base.Reply)
	switch {
	case s.target.StartTLS != "":
		f := finding(cause.STARTTLSFailed, report.Proved, fmt.Sprintf("After the go-ahead of the %s dialogue the server does not speak TLS: its answer to the ClientHello begins with %q.", strings.ToUpper(s.target.StartTLS), excerpt(base.Reply)), base.ID)
		f.Values["service"] = s.target.StartTLS
		s.add(observed(f, "clear text where a ServerHello belongs", base.ID))
	case slices.ContainsFunc(fan, answered):
		if !s.negotiate(ctx, addr, base, fan) {
			s.illegal(ctx, addr, base, fan, &other{control: base})
		}
	case known || printable(base.Reply):
		s.alienFinding(addr, base, p)
	default:
		s.unanswered(ctx, addr, base, fan)
	}
}

// settle waits for a first attempt that was silent while the search went on. It
// tells silence from slowness.
func (s *session) settle(ctx context.Context, addr netip.AddrPort, fan []*transcript.Transcript, late <-chan *transcript.Transcript, before int) {
	t := s.await(ctx, late, s.o.Timeout+time.Second)
	if t == nil {
		return
	}
	s.primary = t
	for i := range s.addresses {
		if s.addresses[i].addr == addr {
			s.addresses[i] = addressResult{addr, t, s.assess(t)}
		}
	}
	for i := before; i < len(s.findings); i++ {
		f := &s.findings[i]
		f.Evidence = slices.DeleteFunc(f.Evidence, func(id string) bool { return id == "" })
		if !slices.Contains(f.Evidence, t.ID) {
			f.Evidence = append(f.Evidence, t.ID)
		}
		if p := f.Proof; p != nil && p.Baseline == "" {
			p.Baseline = t.ID
		}
	}
	switch t.Outcome.Kind {
	case transcript.Silent, transcript.Aborted:
		return
	case transcript.ConnectTimeout:
		s.findings = s.findings[:before]
		s.reach(ctx, addr, t)
		return
	}
	// It did answer, only late.
	s.findings = s.findings[:before]
	s.posture = readPosture(t, fan)
	s.reference = reference(t, fan)
	s.explainStop(ctx, addr, t, fan)
	if t.Server != nil {
		s.slow(t)
	}
}

// slow adds the finding that the answer comes later than clients wait.
func (s *session) slow(t *transcript.Transcript) {
	if slices.ContainsFunc(s.findings, func(f report.Finding) bool { return f.Cause == cause.SlowHandshake }) {
		return
	}
	took := max(t.Times.LongestGap, t.Times.Handshake)
	f := finding(cause.SlowHandshake, report.Proved, fmt.Sprintf("The handshake goes on, but the server keeps the client waiting for %s; many clients give up after 5 to 10 s.", rounded(took)), t.ID)
	// What is shorter than the client's patience is worth a word and stops nobody.
	st := s.assess(t)
	f.Blocking = st != nil && st.area == areaSlow
	s.add(observed(f, "the longest silence within the handshake was "+rounded(t.Times.LongestGap), t.ID))
}

func rounded(d time.Duration) string { return d.Round(100 * time.Millisecond).String() }

func (s *session) blocked() bool {
	return slices.ContainsFunc(s.findings, func(f report.Finding) bool { return f.Blocking })
}

// leavesHTTP2: the server takes h2 in the handshake and leaves it at once because
// of the suite (RFC 9113, Section 9.2.2). The client would have to know.
func (s *session) leavesHTTP2() bool {
	t := s.primary
	if t == nil || t.Response == nil || t.Response.GoAway != int(http2.ErrCodeInadequateSecurity) {
		return false
	}
	f := finding(cause.HTTP2InadequateSecurity, report.Proved, fmt.Sprintf("The server takes HTTP/2 (h2) and then gives it up: it sends GOAWAY INADEQUATE_SECURITY, because HTTP/2 does not allow %s.", suiteOf(t)), t.ID)
	s.add(observed(f, "GOAWAY INADEQUATE_SECURITY over "+suiteOf(t), t.ID))
	return true
}

// closing looks at how the connection of a healthy endpoint ended.
func (s *session) closing() {
	t := s.primary
	if t == nil || t.Response == nil || t.Response.Proto != "HTTP/1.1" || t.Response.GoAway > 0 {
		return
	}
	r := t.Response
	if r.Header.Get("Content-Length") != "" || r.Header.Get("Transfer-Encoding") != "" || t.CloseNotify != transcript.No {
		return
	}
	f := finding(cause.UncleanClose, report.Proved, "The response says nothing of its length and the connection ends without close_notify: a client cannot tell its end from a cut, and OpenSSL 3 reports an unexpected EOF.", t.ID)
	f.Blocking = false
	s.add(observed(f, "FIN without close_notify after a response without a length", t.ID))
}

// reference is the attempt that tells most of the server, for chain and facts.
func reference(base *transcript.Transcript, fan []*transcript.Transcript) *transcript.Transcript {
	if base != nil && len(base.Certificates) > 0 {
		return base
	}
	for _, t := range fan {
		if t != nil && len(t.Certificates) > 0 {
			return t
		}
	}
	return base
}

// parsed are the certificates of t that can be read.
func (s *session) parsed(t *transcript.Transcript) []*trust.Certificate {
	if t == nil {
		return nil
	}
	var out []*trust.Certificate
	for _, der := range t.Certificates {
		if c := s.certificate(der); c != nil {
			out = append(out, c)
		}
	}
	return out
}

// leaf is the first certificate of t, or nil if there is none that can be read.
func (s *session) leaf(t *transcript.Transcript) *trust.Certificate {
	if len(t.Certificates) == 0 {
		return nil
	}
	return s.certificate(t.Certificates[0])
}

// certificate is der parsed, or nil if it cannot be read. Each is parsed once:
// most attempts of a check bring the same.
func (s *session) certificate(der []byte) *trust.Certificate {
	c, known := s.certs[string(der)]
	if !known {
		c, _ = s.cache.ParseCertificate(der)
		if s.certs == nil {
			s.certs = map[string]*trust.Certificate{}
		}
		s.certs[string(der)] = c
	}
	return c
}
