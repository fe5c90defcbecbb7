// Package probe makes attempts: it resolves, dials, goes through proxies and
// plaintext dialogues, hands the connection to the engine and returns the
// transcript. It holds the budget, the pace and the guard of addresses, and is
// the only package that dials.
package probe

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/tlswhy/tlswhy/internal/engine"
	"github.com/tlswhy/tlswhy/internal/transcript"
)

//go:generate go run ./gen

// ErrBudget says that an attempt was not made because the connections that the
// prober may open are used up.
var ErrBudget = errors.New("the budget of connections is used up")

// Defaults of Options.
const (
	DefaultTimeout     = 30 * time.Second
	DefaultBudget      = 40 // connections to one address
	DefaultConcurrency = 16 // connections to one address at once
)

// Options are the limits and surroundings of a Prober. The zero value is usable.
type Options struct {
	// Timeout of a whole attempt, from the lookup to the last byte; 0: DefaultTimeout.
	Timeout time.Duration
	// Budget is how many connections may be opened in all; 0: DefaultBudget for
	// each address; negative: no limit.
	Budget int
	// Rate is how many connections are begun per second at most; 0: no limit.
	Rate float64
	// Gentle makes one connection at a time.
	Gentle bool
	// Concurrency is how many connections to one address are held at once; 0:
	// DefaultConcurrency.
	Concurrency int
	// Resolver is the address of a DNS server, port 53 unless it names one; "":
	// the system's resolver.
	Resolver string
	// Proxy is the http:// or https:// URL of a CONNECT proxy for fetches, or "".
	// A handshake names its own.
	Proxy string
	// ProxyRoots verify the certificate of an https:// proxy; nil: the system's.
	ProxyRoots *x509.CertPool
	// LocalGuard says whether an address may be dialled; nil allows all.
	LocalGuard func(netip.Addr) error
	// Keys are shared by all hellos; nil: the prober's own.
	Keys *engine.Keys
	// Now is the clock of transcripts; nil: time.Now.
	Now func() time.Time
	// UserAgent of HTTP requests; "": "tlswhy".
	UserAgent string
}

// Prober makes attempts. It is safe for concurrent use.
type Prober struct {
	o           Options
	limits      *limits
	connections atomic.Int64
	attempts    atomic.Int64
}

// New returns a Prober.
func New(o Options) *Prober {
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Concurrency <= 0 {
		o.Concurrency = DefaultConcurrency
	}
	if o.Keys == nil {
		o.Keys = engine.NewKeys()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.UserAgent == "" {
		o.UserAgent = "tlswhy"
	}
	return &Prober{o: o, limits: newLimits(o)}
}

// Connections is how many connections were begun so far.
func (p *Prober) Connections() int { return int(p.connections.Load()) }

// Try makes one attempt. An attempt that fails is a transcript; the error is
// for what kept us from trying: ErrBudget, the guard, a context that has ended.
func (p *Prober) Try(ctx context.Context, a transcript.Attempt) (*transcript.Transcript, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if a.Handshake == nil || !a.Handshake.Terse {
		roomyStack()
	}
	t := &transcript.Transcript{Attempt: a}
	var err error
	switch {
	case a.Handshake != nil:
		err = p.handshake(ctx, a.Handshake, t)
	case a.Fetch != nil:
		err = p.fetch(ctx, a.Fetch, t)
	case a.Lookup != nil:
		err = p.lookup(ctx, a.Lookup, t)
	default:
		err = errors.New("an attempt of nothing")
	}
	if err != nil {
		return nil, err
	}
	t.Times.Total = p.o.Now().Sub(t.Start)
	if ctx.Err() != nil && endedByTime(t.Outcome.Kind) {
		t.Outcome.Kind, t.Outcome.Detail = transcript.Aborted, "ended from our side"
	}
	return t, nil
}

// roomyStack makes the goroutine's stack as large as an attempt needs, in one
// step and while there is nothing on it to copy. An attempt has a goroutine to
// itself, which would else grow three times in the midst of a handshake.
//
//go:noinline
func roomyStack() {
	var b [12 << 10]byte
	runtime.KeepAlive(&b)
}

// begin stamps the transcript when the attempt really starts.
func (p *Prober) begin(t *transcript.Transcript) {
	t.ID = "h" + strconv.FormatInt(p.attempts.Add(1), 10)
	t.Start = p.o.Now()
}

// endedByTime reports whether the end of the caller's context may have caused
// such an outcome.
func endedByTime(k transcript.Kind) bool {
	switch k {
	case transcript.Silent, transcript.ConnectTimeout, transcript.ProxyFailed, transcript.StartTLSFailed, transcript.LocalError:
		return true
	}
	return false
}

// handshake makes one attempt at a handshake.
func (p *Prober) handshake(ctx context.Context, h *transcript.Handshake, t *transcript.Transcript) error {
	d, err := p.dialogueFor(h)
	if err != nil {
		return err
	}
	key := h.Address.Addr().Unmap().String()
	if !h.Address.IsValid() {
		key = h.Host
	}
	if h.Proxy == "" {
		if err := p.guard(h.Address.Addr()); err != nil {
			return err
		}
	}
	release, err := p.limits.admit(ctx, key)
	if err != nil {
		return err
	}
	defer release()
	p.begin(t)
	ctx, cancel := context.WithTimeout(ctx, p.o.Timeout)
	defer cancel()
	nc, err := p.connect(ctx, h, t)
	if err != nil {
		return err
	}
	if nc == nil {
		return nil
	}
	defer nc.Close()
	t.Outcome.Reached = transcript.ReachedConnected
	if h.StartTLS != "" {
		if !p.startTLS(ctx, d, h, nc, t) {
			return nil
		}
		t.Outcome.Reached = transcript.ReachedStartTLS
	}
	o := engine.Options{Keys: p.o.Keys, Now: p.o.Now, UserAgent: p.o.UserAgent}
	if !h.Terse {
		o.Acked = nc.acked(h)
	}
	if d != nil {
		o.NoOp = d.noOp(h.Host, h.StartTLS == "")
	}
	engine.Run(ctx, nc, h, t, o)
	return nil
}

// guard asks whether an address may be dialled.
func (p *Prober) guard(a netip.Addr) error {
	if p.o.LocalGuard == nil {
		return nil
	}
	if err := p.o.LocalGuard(a.Unmap()); err != nil {
		return fmt.Errorf("dialling %s: %w", a, err)
	}
	return nil
}
