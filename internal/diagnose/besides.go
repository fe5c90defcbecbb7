package diagnose

import (
	"context"
	"net/netip"
	"slices"

	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// besides is tried where neither one change nor what an answer needs is enough:
// the endpoint lacks something and breaks at something else. What an answer of
// the fan needs is offered, and one thing taken out besides; or all that can be.
func (s *session) besides(ctx context.Context, addr netip.AddrPort, base *transcript.Transcript, fan []*transcript.Transcript, done []experiment) []experiment {
	c := base.Attempt.Handshake.Hello
	var sets []experiment
	var as []transcript.Attempt
	try := func(changes ...change) {
		if slices.ContainsFunc(done, func(e experiment) bool { return keysOf(e.changes) == keysOf(changes) }) {
			return
		}
		sets = append(sets, experiment{changes: changes})
		as = append(as, s.attempt(purposeOf(changes), addr, with(c, changes...)))
	}
	for _, from := range startingPoints(c, fan) {
		// What a hello held that was answered, the server does not mind, and what it
		// chose has to stay.
		out := slices.DeleteFunc(removals(c), func(ch change) bool {
			return slices.ContainsFunc(fan, func(f *transcript.Transcript) bool { return answered(f) && holds(f.Attempt.Handshake.Hello, ch, c) }) ||
				isHybrid(from.Group) && (ch.key == "size-" || ch.key == "groups-hybrid")
		})
		slices.SortStableFunc(out, func(a, b change) int { return explainsMore(b, a) })
		needs := lacks(c, from)
		for _, ch := range out {
			try(append(slices.Clone(needs), ch)...)
		}
		if len(c.ALPN()) > 0 {
			out = append(out, dropALPN(c))
		}
		if len(out) > 1 {
			try(append(needs, out...)...)
		}
	}
	var ok []experiment
	for i, t := range s.round(ctx, as) {
		if sets[i].t = t; answered(t) {
			ok = append(ok, sets[i])
		}
	}
	return ok
}

// startingPoints are the answers of the fan to start from: the one that needs
// least of the client, and the one of the newest version, which a server may
// insist on.
func startingPoints(c *wire.ClientHello, fan []*transcript.Transcript) []*transcript.Transcript {
	best := easiest(c, fan)
	if best == nil {
		return nil
	}
	out := []*transcript.Transcript{best}
	newest := best
	for _, f := range fan {
		if answered(f) && f.Version() > newest.Version() {
			newest = f
		}
	}
	if keysOf(lacks(c, newest)) != keysOf(lacks(c, best)) {
		out = append(out, newest)
	}
	return out
}

// easiest is the answer of the fan that needs least of the client.
func easiest(c *wire.ClientHello, fan []*transcript.Transcript) *transcript.Transcript {
	var best *transcript.Transcript
	for _, f := range fan {
		if answered(f) && f.Attempt.Handshake.Hello != nil && (best == nil || len(lacks(c, f)) < len(lacks(c, best))) {
			best = f
		}
	}
	return best
}
