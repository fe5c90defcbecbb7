package diagnose

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/trust"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// answered reports whether the server took the hello: it chose from it and sent
// its flight. What a client then makes of the answer is another matter.
func answered(t *transcript.Transcript) bool {
	if t.Outcome.Kind == transcript.Malformed && t.Outcome.Reached < transcript.ReachedFlight {
		return false
	}
	return t.Outcome.Reached >= transcript.ReachedFlight || t.Outcome.Kind == transcript.Unfinished && (t.Server != nil || t.Retry != nil)
}

// experiment is one hello of a round, made of the client's own by changes.
type experiment struct {
	changes []change
	t       *transcript.Transcript
}

func (e experiment) ok() bool { return e.t != nil && answered(e.t) }

func (e experiment) keys() []string {
	k := make([]string, len(e.changes))
	for i, c := range e.changes {
		k[i] = c.key
	}
	slices.Sort(k)
	return k
}

// keysOf tells sets of changes apart.
func keysOf(cs []change) string { return strings.Join(experiment{changes: cs}.keys(), ";") }

// contains says that the changes of o are among those of e.
func (e experiment) contains(o experiment) bool {
	have := e.keys()
	return !slices.ContainsFunc(o.keys(), func(k string) bool { return !slices.Contains(have, k) })
}

// planCounterfactuals is the second round: what to change in the client's hello
// c, judging by what the server answered to the fan. It is a pure function.
//
// Every way in which an answered hello differs from the client's is tried alone
// and, where there are several, together. The suites, groups and schemes of the
// fan are also offered whole, since a server may take another than it preferred
// in the company of the fan. Where the client offers all that an answer needed,
// or the server names the protocol or the size as its trouble, things are taken
// out of the hello instead.
func planCounterfactuals(c *wire.ClientHello, base *transcript.Transcript, fan []*transcript.Transcript) [][]change {
	var plan [][]change
	seen := map[string]bool{}
	add := func(cs ...change) {
		if len(cs) == 0 {
			return
		}
		if k := keysOf(cs); !seen[k] {
			seen[k] = true
			plan = append(plan, cs)
		}
	}
	covered := false
	for _, f := range fan {
		if !answered(f) {
			continue
		}
		missing := lacks(c, f)
		covered = covered || len(missing) == 0
		for _, m := range missing {
			add(m)
		}
		add(missing...)
		for _, wide := range widened(c, f.Attempt.Handshake.Hello) {
			add(wide)
		}
	}
	if len(c.ALPN()) > 0 {
		// The fan offers no ALPN, so that a server that insists on another protocol
		// answers it. It looks at ALPN last: what it says to the client's own hello
		// may be about something else.
		add(dropALPN(c))
		for _, f := range fan {
			if missing := lacks(c, f); answered(f) && len(missing) > 0 && !covered {
				add(append(missing, dropALPN(c))...)
			}
		}
	}
	if covered {
		for _, r := range removals(c) {
			add(r)
		}
	}
	return plan
}

// widened offers whole what the fan's hello f has more than the client's, one
// dimension at a time, where both are of one generation.
func widened(c, f *wire.ClientHello) []change {
	if f == nil || c.OffersVersion(wire.VersionTLS13) != f.OffersVersion(wire.VersionTLS13) && !c.OffersVersion(f.MaxVersion()) {
		return nil
	}
	var out []change
	if more := missingFrom(f.CipherSuites, c.CipherSuites); len(more) > 0 {
		ch := offerSuites(more...)
		ch.text, ch.value = "suites: offer every suite that servers of this version have", "every suite"
		out = append(out, ch)
	}
	if more := missingFrom(f.SupportedGroups(), c.SupportedGroups()); len(more) > 0 && c.SupportedGroups() != nil {
		ch := offerGroups(more...)
		ch.text, ch.value = "groups: offer every group that servers of this version have", "every group"
		out = append(out, ch)
	}
	if more := missingFrom(f.SignatureAlgorithms(), c.SignatureAlgorithms()); len(more) > 0 && c.SignatureAlgorithms() != nil {
		ch := offerSchemes(more...)
		ch.text, ch.value = "signature algorithms: offer every one there is", "every signature algorithm"
		out = append(out, ch)
	}
	return out
}

func missingFrom[T comparable](have, in []T) []T {
	var out []T
	for _, v := range have {
		if !slices.Contains(in, v) {
			out = append(out, v)
		}
	}
	return out
}

// removals are what can be taken out of a hello without its offering less than
// a server of TLS 1.2 needs.
func removals(c *wire.ClientHello) []change {
	var out []change
	if c.OffersVersion(wire.VersionTLS13) && c.OffersVersion(wire.VersionTLS12) {
		out = append(out, dropTLS13())
	}
	if hasHybrid(c) {
		out = append(out, dropHybrid(c, true), dropHybrid(c, false))
	}
	if slices.ContainsFunc(c.Extensions, func(e wire.Extension) bool { return !coreExtension(e.Type) }) {
		out = append(out, dropExtensions(c))
	}
	if hasGREASE(c) {
		out = append(out, dropGREASE())
	}
	return out
}

// negotiate finds out why base, the client's own hello at addr, was not
// answered although some of the fan were. It reports whether it found a cause.
func (s *session) negotiate(ctx context.Context, addr netip.AddrPort, base *transcript.Transcript, fan []*transcript.Transcript) bool {
	c := base.Attempt.Handshake.Hello
	plan := planCounterfactuals(c, base, fan)
	control, done, twice := s.rehearsed(ctx, addr, base, fan, plan)
	for _, t := range []*transcript.Transcript{control, twice.control} {
		if t != nil && answered(t) && !answered(base) {
			// The same hello, another answer: the endpoint is not one thing.
			return s.unsteady(ctx, addr, base, t)
		}
	}
	var singles, several []experiment
	for _, e := range done {
		switch {
		case !e.ok():
		case len(e.changes) == 1:
			singles = append(singles, e)
		default:
			several = append(several, e)
		}
	}
	singles, moot := needed(c, singles)
	if len(moot) > 0 && s.unsteady(ctx, addr, base, moot[0].t) {
		return true
	}
	if len(singles)+len(several) == 0 && s.spoilt(base, done) {
		return s.gently(ctx, addr, base)
	}
	doubtful, singles := tolerated(c, singles, done, fan)
	switch {
	case len(singles) > 0:
		return s.single(ctx, addr, base, control, minimal(singles, done), done, twice)
	case len(several) > 0:
		return s.combination(ctx, addr, base, control, several, alternatives(several), twice.current)
	case len(doubtful) > 0:
		return s.single(ctx, addr, base, control, minimal(doubtful, done), done, twice)
	}
	if several = s.besides(ctx, addr, base, fan, done); len(several) > 0 {
		return s.combination(ctx, addr, base, control, several, nil, twice.current)
	}
	return s.putBack(ctx, addr, base, control, fan)
}

// experiments makes a round of the client's hello with each set of changes, and
// the hello itself once more as control.
func (s *session) experiments(ctx context.Context, addr netip.AddrPort, c *wire.ClientHello, plan [][]change) (control *transcript.Transcript, done []experiment) {
	as := []transcript.Attempt{s.attempt("control: the client's own hello again", addr, c)}
	for _, cs := range plan {
		as = append(as, s.attempt(purposeOf(cs), addr, with(c, cs...)))
	}
	ts := s.round(ctx, as)
	for i, cs := range plan {
		done = append(done, experiment{cs, ts[i+1]})
	}
	return ts[0], done
}

func purposeOf(cs []change) string {
	p := "the client's hello, changed: "
	for i, c := range cs {
		if i > 0 {
			p += " · "
		}
		p += c.text
	}
	return p
}

// single is the case of one change that is enough. With several such, any one of
// them would do: the earliest is reported, the others as alternatives to it.
func (s *session) single(ctx context.Context, addr netip.AddrPort, base, control *transcript.Transcript, ok, all []experiment, twice rehearsal) bool {
	c := base.Attempt.Handshake.Hello
	root := ok[0]
	cs := root.changes
	if picked := pickedOf(root, c); picked != nil {
		cs = []change{*picked}
	}
	repeats := 1
	var again []*transcript.Transcript
	if last := twice.of(cs); last != nil {
		again = append([]*transcript.Transcript{twice.control, last}, twice.current...)
	} else {
		// The deciding flip once more: A B A B. Connections that are cut may be the
		// work of one bad server among several that take turns: an odd number of
		// tries in a row meets all of two.
		if cutShort(base) {
			repeats = 3
		}
		var as []transcript.Attempt
		for range repeats {
			as = append(as, s.attempt("repeat: the client's own hello", addr, c))
		}
		as = append(as, s.attempt("repeat: "+purposeOf(cs), addr, with(c, cs...)))
		again = s.round(ctx, append(as, s.currentClient(addr)...))
	}
	for _, t := range again[:repeats] {
		if answered(t) {
			return s.unsteady(ctx, addr, base, t)
		}
	}
	b, last := root, again[repeats]
	p := flip{a: base, seen: 1, extra: append(ids(again[:repeats]), control.ID, root.t.ID)}
	if answered(last) {
		b, p.seen = experiment{cs, last}, 2
	} else if cutShort(base) && cutShort(last) {
		return s.unsteady(ctx, addr, root.t, last)
	}
	p.b, p.change = b.t, b.changes[0]
	if b.changes[0].key == "size-" {
		p = bySizeAlone(p, all)
	}
	f := s.negotiationFinding(p, nil)
	for _, alt := range ok {
		f.Either = append(f.Either, []string{alt.changes[0].text})
	}
	if len(f.Either) < 2 {
		f.Either = nil
	} else {
		f.Either[0] = []string{b.changes[0].text}
	}
	s.add(f)
	if !b.changes[0].removes {
		s.clientTooOld(f, again[repeats+1:])
	}
	return true
}

// bySizeAlone takes for the failing side the hello that lacks the same groups and
// is padded to the old length, if it was tried: then nothing but size differs.
func bySizeAlone(p flip, all []experiment) flip {
	for _, e := range all {
		if len(e.changes) == 1 && e.changes[0].key == "groups-hybrid" && !e.ok() {
			p.extra = append(p.extra, p.a.ID)
			p.a = e.t
			p.change.text = fmt.Sprintf("size: %d bytes instead of %d, by padding alone", helloBytes(p.b), helloBytes(p.a))
			return p
		}
	}
	return p
}

// spoilt says that experiments were cut where the client's own hello is not: by
// their number, it seems, and not by what they held.
func (s *session) spoilt(base *transcript.Transcript, done []experiment) bool {
	return !s.o.Gentle && !cutShort(base) && slices.ContainsFunc(done, func(e experiment) bool { return cutShort(e.t) && !gaveUp(e.t) })
}

// gently makes the search again, one connection at a time.
func (s *session) gently(ctx context.Context, addr netip.AddrPort, base *transcript.Transcript) bool {
	s.limitedFinding("Connections made at the same time are cut, one alone gets an answer: the server or a device before it limits connections. What follows was asked one at a time.", []string{base.ID})
	s.o.Gentle = true
	fan := s.round(ctx, s.planFan(addr))
	s.posture, s.reference = readPosture(base, fan), reference(base, fan)
	return slices.ContainsFunc(fan, answered) && s.negotiate(ctx, addr, base, fan)
}

// pickedOf narrows a change that offered a whole list to what the server took
// of it that the client c does not offer.
func pickedOf(e experiment, c *wire.ClientHello) *change {
	ch := e.changes[0]
	if ch.removes || e.t.Server == nil {
		return nil
	}
	var p change
	switch {
	case ch.dim == dimSuites:
		p = offerSuites(e.t.Server.CipherSuite)
	case ch.dim == dimGroups && e.t.Group != 0:
		group := e.t.Group
		if slices.Contains(c.SupportedGroups(), group) {
			if group = curveOfKey(e.t); group == 0 {
				return nil
			}
		}
		p = offerGroups(group)
	case ch.dim == dimSchemes && e.t.Signature != 0:
		p = offerSchemes(e.t.Signature)
	default:
		return nil
	}
	return &p
}

// curveOfKey is the group of t's hello that is the curve of the server's key:
// up to TLS 1.2 a client has to offer it, too (RFC 8422, Section 5.1).
func curveOfKey(t *transcript.Transcript) wire.Group {
	if len(t.Certificates) == 0 {
		return 0
	}
	leaf, err := trust.ParseCertificate(t.Certificates[0])
	if err != nil || leaf.Key == nil || leaf.Key.Curve == "" {
		return 0
	}
	name := leaf.Key.Curve
	if bits, ok := strings.CutPrefix(name, "P-"); ok {
		name = "secp" + bits + "r1"
	}
	for _, g := range t.Attempt.Handshake.Hello.SupportedGroups() {
		if g.String() == name {
			return g
		}
	}
	return 0
}

// causeOf names the cause that a necessary change in a dimension stands for.
func causeOf(ch change) cause.ID {
	switch ch.dim {
	case dimVersions:
		if ch.removes {
			return cause.VersionIntolerant
		}
		return cause.NoSharedVersion
	case dimSize:
		return cause.LargeHelloDropped
	case dimExtensions:
		return cause.VersionIntolerant
	case dimSuites:
		return cause.NoSharedCipher
	case dimGroups:
		if ch.removes && ch.key == "groups-hybrid" {
			return cause.VersionIntolerant
		}
		return cause.NoSharedGroup
	case dimSchemes:
		return cause.NoSharedSignatureAlgorithm
	case dimALPN:
		return cause.NoALPNOverlap
	}
	if ch.removes {
		return cause.UnrecognizedName
	}
	return cause.SNIRequired
}
