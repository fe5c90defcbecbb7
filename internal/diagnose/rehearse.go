package diagnose

import (
	"context"
	"net/netip"

	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// maxRound is what is made at once at most. More would wait for a connection to
// be free, and that takes as long as another round.
const maxRound = 16

// rehearsal are second tries within the round that is to find the cause: of the
// client's own hello, and of the changes that the answers to the fan let expect
// to decide. Where one of them does, no round is needed to see the flip again.
type rehearsal struct {
	control *transcript.Transcript
	again   map[string]*transcript.Transcript // by keysOf
	current []*transcript.Transcript          // of currentClient
}

// of is the second try of a set of changes, nil if there was none or it was not
// answered.
func (r rehearsal) of(cs []change) *transcript.Transcript {
	if t := r.again[keysOf(cs)]; t != nil && answered(t) {
		return t
	}
	return nil
}

// foreseen are the single changes that may decide, the likeliest first: what an
// answer of the fan needed and the client lacks, what the server's alert is
// about, and what can be taken out where the client lacks nothing.
func foreseen(c *wire.ClientHello, base *transcript.Transcript, fan []*transcript.Transcript) []change {
	var out []change
	covered := false
	for _, f := range fan {
		if !answered(f) {
			continue
		}
		switch missing := lacks(c, f); len(missing) {
		case 0:
			covered = true
		case 1:
			out = append(out, missing[0])
		}
	}
	if isAlert(base, wire.AlertNoApplicationProtocol) && len(c.ALPN()) > 0 {
		out = append([]change{dropALPN(c)}, out...)
	} else if covered {
		out = append(out, removals(c)...)
	}
	return out
}

// rehearsed makes the round of the plan with as many second tries as fit. Where
// the client's attempt was cut short there are none: what cuts connections may do
// so now and then, which several at the same time do not tell.
func (s *session) rehearsed(ctx context.Context, addr netip.AddrPort, base *transcript.Transcript, fan []*transcript.Transcript, plan [][]change) (*transcript.Transcript, []experiment, rehearsal) {
	c := base.Attempt.Handshake.Hello
	var r rehearsal
	current := s.currentClient(addr)
	room := maxRound - 2 - len(plan) - len(current)
	if cutShort(base) || s.o.Gentle || room <= 0 {
		control, done := s.experiments(ctx, addr, c, plan)
		return control, done, r
	}
	as := []transcript.Attempt{
		s.attempt("control: the client's own hello again", addr, c),
		s.attempt("repeat: the client's own hello", addr, c),
	}
	var keys []string
	r.again = map[string]*transcript.Transcript{}
	for _, ch := range foreseen(c, base, fan) {
		cs := []change{ch}
		if _, known := r.again[keysOf(cs)]; known || len(keys) == room {
			continue
		}
		r.again[keysOf(cs)] = nil
		keys = append(keys, keysOf(cs))
		as = append(as, s.attempt("repeat: "+purposeOf(cs), addr, with(c, cs...)))
	}
	before := len(as)
	for _, cs := range plan {
		as = append(as, s.attempt(purposeOf(cs), addr, with(c, cs...)))
	}
	ts := s.round(ctx, append(as, current...))
	var done []experiment
	for i, cs := range plan {
		done = append(done, experiment{cs, ts[before+i]})
	}
	for i, k := range keys {
		r.again[k] = ts[2+i]
	}
	r.control, r.current = ts[1], ts[before+len(plan):]
	if !endsAlike(base, ts[0]) || !endsAlike(base, ts[1]) {
		r.again = nil // not one thing, or a limit: what flips here is to be seen alone
	}
	return ts[0], done, r
}

// endsAlike says that two attempts with the same hello ended in the same way.
func endsAlike(a, b *transcript.Transcript) bool {
	if a.Outcome.Kind != b.Outcome.Kind || a.Outcome.Reached != b.Outcome.Reached {
		return false
	}
	x, y := a.Outcome.Alert, b.Outcome.Alert
	return x == nil && y == nil || x != nil && y != nil && x.Description == y.Description
}
