package diagnose

import (
	"context"
	"net/netip"
	"slices"

	"github.com/tlswhy/tlswhy/internal/transcript"
)

// combination is the case in which no change alone is enough. Of the smallest
// set that is, each change is left out once; what is not missed goes. current is
// what became of currentClient, if it was tried already.
func (s *session) combination(ctx context.Context, addr netip.AddrPort, base, control *transcript.Transcript, several []experiment, either [][]string, current []*transcript.Transcript) bool {
	var ask []transcript.Attempt
	if len(current) == 0 {
		ask = s.currentClient(addr)
	}
	slices.SortStableFunc(several, func(a, b experiment) int { return len(a.changes) - len(b.changes) })
	best := s.leaveOut(ctx, addr, base, several[0].changes, ask...)
	current = append(current, best.also...)
	if best.t = several[0].t; !answered(best.again) {
		best.without = nil // it was answered once and then no more
	}
	for range 3 {
		unmissed := best.unmissed()
		if len(unmissed) == 0 {
			break
		}
		// All of it at once. Where one stood in for another that fails, and the one
		// stays that explains most.
		rest := but(best.changes, unmissed...)
		if len(rest) > 0 {
			if next := s.leaveOut(ctx, addr, base, rest); answered(next.again) {
				best = next
				continue
			}
		}
		next := best
		if n := len(unmissed) - 1; n > 0 {
			next = s.leaveOut(ctx, addr, base, but(best.changes, unmissed[:n]...))
		}
		if best.without = nil; !answered(next.again) || len(next.changes) == len(best.changes) {
			break
		}
		best = next
	}
	s.addCombination(base, control, best, either)
	s.clientTooOld(s.findings[len(s.findings)-len(best.changes)], current)
	return true
}

// setOfChanges is a set with what became of the hellos that lack one change each.
type setOfChanges struct {
	changes []change
	t       *transcript.Transcript   // an answer to the whole set
	again   *transcript.Transcript   // another try of it
	without []*transcript.Transcript // in the order of changes; nil: nothing was learnt
	also    []*transcript.Transcript
}

// leaveOut makes the round of a set: each change left out, all of it, and what
// else is to go along. base is the client's own attempt.
func (s *session) leaveOut(ctx context.Context, addr netip.AddrPort, base *transcript.Transcript, changes []change, also ...transcript.Attempt) setOfChanges {
	c := base.Attempt.Handshake.Hello
	var as []transcript.Attempt
	if len(changes) > 1 {
		for i, ch := range changes {
			as = append(as, s.attempt("left out: "+ch.text, addr, with(c, but(changes, i)...)))
		}
	}
	n := len(as)
	as = append(as, s.attempt("repeat: "+purposeOf(changes), addr, with(c, changes...)))
	ts := s.round(ctx, append(as, also...))
	// Where the client's own hello got an answer of TLS, a cut among several
	// connections is not yet the answer to this one.
	for i := range ts[:n] {
		for range 2 {
			if cutShort(base) || !cutShort(ts[i]) {
				break
			}
			again := as[i]
			again.Purpose = "alone: " + again.Purpose
			ts[i] = s.run(ctx, again)
		}
	}
	return setOfChanges{changes: changes, t: ts[n], again: ts[n], without: ts[:n], also: ts[n+1:]}
}

// proves says that every change of the set was missed.
func (e setOfChanges) proves() bool {
	return len(e.without) == len(e.changes) && !slices.ContainsFunc(e.without, func(t *transcript.Transcript) bool { return gaveUp(t) || answered(t) })
}

// gaveUp says that an attempt tells nothing of the server: the budget or the
// user's patience was at its end.
func gaveUp(t *transcript.Transcript) bool {
	return t.Outcome.Kind == transcript.Aborted && !answered(t)
}

// unmissed are the changes without which the set is answered too. The last
// explains most.
func (e setOfChanges) unmissed() []int {
	var out []int
	for i, t := range e.without {
		if answered(t) {
			out = append(out, i)
		}
	}
	slices.SortStableFunc(out, func(a, b int) int { return explainsMore(e.changes[a], e.changes[b]) })
	return out
}

// explainsMore orders changes: what is offered explains more than what is taken
// out of the hello, and of that a part more than the whole.
func explainsMore(a, b change) int {
	switch {
	case a.removes != b.removes && a.removes:
		return -1
	case a.removes != b.removes:
		return 1
	case a.dim == b.dim && smaller(a, b):
		return 1
	case a.dim == b.dim && smaller(b, a):
		return -1
	}
	return int(a.dim) - int(b.dim)
}

// but is the list without those at the given places.
func but(changes []change, places ...int) []change {
	var out []change
	for i, ch := range changes {
		if !slices.Contains(places, i) {
			out = append(out, ch)
		}
	}
	return out
}

// alternatives are the sets of which no other is a part, in words.
func alternatives(found []experiment) [][]string {
	var out [][]string
	for i, e := range found {
		if slices.ContainsFunc(found, func(o experiment) bool { return len(o.changes) < len(e.changes) && e.contains(o) }) ||
			slices.ContainsFunc(found[:i], func(o experiment) bool { return len(o.changes) == len(e.changes) && e.contains(o) }) {
			continue // more than is needed, or told already
		}
		var set []string
		for _, ch := range e.changes {
			set = append(set, ch.text)
		}
		out = append(out, set)
	}
	if len(out) < 2 {
		return nil
	}
	return out
}

// addCombination adds a finding for each change of a set, the earliest first.
func (s *session) addCombination(base, control *transcript.Transcript, e setOfChanges, either [][]string) {
	order := make([]int, len(e.changes))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return int(e.changes[a].dim) - int(e.changes[b].dim) })
	for n, i := range order {
		p := flip{a: base, b: e.t, change: e.changes[i], seen: 1, extra: []string{base.ID, control.ID, e.again.ID}}
		switch {
		case len(e.changes) == 1 && answered(e.again): // one change after all
			p.seen = 2
		case e.proves():
			p.a, p.seen = e.without[i], 2
		}
		f := s.negotiationFinding(p, e.changes)
		if n == 0 {
			f.Either = either
		} else {

			s.walls[p.change.dim] = p.change.text
			f.Detail = "Next wall, once the one before is out of the way: " + lowerFirst(f.Detail)
		}
		s.add(f)
	}
}
