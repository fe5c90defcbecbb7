package diagnose

import (
	"context"
	"fmt"
	"net/netip"
	"runtime"
	"sync"
	"time"

	"github.com/tlswhy/tlswhy/internal/client"
	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/trust"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// session is one check as it goes: what was asked, what was seen, what follows.
type session struct {
	try     Tryer
	o       Options
	target  report.Target
	profile *client.Profile
	roots   *trust.Store
	// sni is the name sent, or "".
	sni   string
	begun time.Time

	running sync.WaitGroup // attempts under way: none outlives the check

	mu       sync.Mutex
	all      []*transcript.Transcript
	order    int // handshakes begun
	asides   int // fetches and look-ups begun
	done     int
	limited  string // why the search ended before its time
	notes    []string
	findings []report.Finding

	// What the report is made of besides the findings.
	primary   *transcript.Transcript // the client's own attempt that the findings speak of
	reference *transcript.Transcript // the best answer to anything, for chain and server
	addresses []addressResult
	posture   posture
	chain     []*trust.Certificate
	fetched   []*trust.Certificate // by AIA
	walls     map[dimension]string // next walls, for the ladder
	ech       <-chan encrypted     // the client's hello encrypted; nil: there is no key
	certs     map[string]*trust.Certificate
	judged    map[judgement]judgementResult
	cache     *trust.Cache // nil: nothing is remembered beyond the check
}

// addressResult is how the client fares at one address.
type addressResult struct {
	addr netip.AddrPort
	t    *transcript.Transcript
	stop *stop
}

func newSession(try Tryer, target report.Target, o Options) (*session, error) {
	roots, err := o.complete()
	if err != nil {
		return nil, err
	}
	s := sessionOf(try, target, o, roots)
	s.walls = map[dimension]string{}
	return s, nil
}

// complete puts in what was left open, and returns the roots to verify against.
func (o *Options) complete() (*trust.Store, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Timeout <= 0 {
		o.Timeout = 30 * time.Second
	}
	if o.Client == nil {
		p, err := client.Get("modern")
		if err != nil {
			return nil, fmt.Errorf("loading the default client: %w", err)
		}
		o.Client = p
	}
	if o.Roots != nil {
		return o.Roots, nil
	}
	store, err := o.Client.Store()
	if err != nil {
		return nil, fmt.Errorf("loading the root store of %s: %w", o.Client.ID, err)
	}
	return store, nil
}

// sessionOf begins a session under complete options.
func sessionOf(try Tryer, target report.Target, o Options, roots *trust.Store) *session {
	s := &session{try: try, o: o, target: target, profile: o.Client, roots: roots, begun: o.Now()}
	switch {
	case o.NoSNI:
	case o.SNI != "":
		s.sni = o.SNI
	case o.Client.Policy.SendsSNI && !target.IsAddress():
		s.sni = target.Host
	}
	return s
}

// at is the time at which certificates are judged.
func (s *session) at() time.Time {
	if !s.o.At.IsZero() {
		return s.o.At
	}
	return s.o.Now()
}

// hello is the client's own, with name as server name ("" for none).
func (s *session) hello(name string) *wire.ClientHello {
	h := s.profile.BuildHello(client.HelloOptions{ServerName: name, HTTP: s.target.Service == "http"})
	if name != "" && h.ServerName() == "" && h.Extensions != nil {
		h.Set(wire.ServerNameExt(name)) // asked for by the user, whatever the client does by itself
	}
	return h
}

// attempt is a handshake with h at addr.
func (s *session) attempt(purpose string, addr netip.AddrPort, h *wire.ClientHello) transcript.Attempt {
	return transcript.Attempt{Purpose: purpose, Handshake: &transcript.Handshake{
		Address: addr, Host: s.target.Host, Port: s.target.Port,
		Proxy: s.o.Proxy, StartTLS: s.target.StartTLS, Service: s.target.Service,
		Hello: h, Depth: transcript.DepthFlight, Wait: probeWait,
	}}
}

// baseline is the client's own attempt: as deep as it goes, as long as it takes.
func (s *session) baseline(purpose string, addr netip.AddrPort) transcript.Attempt {
	a := s.attempt(purpose, addr, s.hello(s.sni))
	a.Handshake.Depth = transcript.DepthRequest
	a.Handshake.Certificate = s.o.Certificate
	a.Handshake.Wait = 0
	if s.target.Service == "http" {
		a.Handshake.Request = &transcript.Request{Method: "GET", Path: orElse(s.target.Path, "/")}
	}
	return a
}

// start makes the attempt in the background. Transcripts are numbered in the
// order in which attempts were started.
func (s *session) start(ctx context.Context, a transcript.Attempt) <-chan *transcript.Transcript {
	id := s.nextID(a)
	out := make(chan *transcript.Transcript, 1)
	s.running.Add(1)
	go func() {
		defer s.running.Done()
		t, err := s.try.Try(ctx, a)
		if err != nil {
			t = &transcript.Transcript{Outcome: transcript.Outcome{Kind: transcript.Aborted, Detail: err.Error()}}
		}
		t.ID, t.Attempt = id, a
		s.record(ctx, t, err)
		out <- t
	}()
	// Attempts go out in the order in which they were started. Without this, the
	// last one started would be the first to run.
	runtime.Gosched()
	return out
}

// nextID numbers handshakes h1, h2 …; fetches and look-ups, which are no evidence
// that a reader of the report could look up there, have numbers of their own.
func (s *session) nextID(a transcript.Attempt) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a.Handshake == nil {
		s.asides++
		return fmt.Sprintf("x%d", s.asides)
	}
	s.order++
	return fmt.Sprintf("h%d", s.order)
}

func (s *session) record(ctx context.Context, t *transcript.Transcript, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		if ctx.Err() == nil && s.limited == "" {
			s.limited = err.Error()
		}
		return
	}
	s.all = append(s.all, t)
	s.done++
	if s.o.Progress != nil {
		s.o.Progress(Event{Done: s.done, Purpose: t.Attempt.Purpose, Outcome: t.Outcome, Step: stepOf(t)})
	}
}

// run makes one attempt and waits for it.
func (s *session) run(ctx context.Context, a transcript.Attempt) *transcript.Transcript {
	return <-s.start(ctx, a)
}

// round makes all attempts at once, or one after the other if that was asked
// for, and waits for all.
func (s *session) round(ctx context.Context, as []transcript.Attempt) []*transcript.Transcript {
	out := make([]*transcript.Transcript, len(as))
	if s.o.Gentle {
		for i, a := range as {
			out[i] = s.run(ctx, a)
		}
		return out
	}
	pending := make([]<-chan *transcript.Transcript, len(as))
	for i, a := range as {
		pending[i] = s.start(ctx, a)
	}
	for i, p := range pending {
		out[i] = <-p
	}
	return out
}

func (s *session) note(format string, args ...any) {
	n := fmt.Sprintf(format, args...)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, have := range s.notes {
		if have == n {
			return
		}
	}
	s.notes = append(s.notes, n)
}

func (s *session) add(f report.Finding) { s.findings = append(s.findings, f) }
