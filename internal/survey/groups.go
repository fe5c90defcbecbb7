package survey

import (
	"context"
	"slices"
	"sync"

	"github.com/tlswhy/tlswhy/internal/offer"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/trust"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// groupsOf13 searches the groups of TLS 1.3. No share is sent: the server says
// in a HelloRetryRequest which it wants, without the cost of a key exchange.
func (s *session) groupsOf13(ctx context.Context, k *task) {
	if !s.with13(ctx, k) {
		return
	}
	candidates, usual, classes := groupCandidates13()
	noShare := true
	put := func(lists [][]wire.Group) []evidence[wire.Group] {
		as := make([]transcript.Attempt, len(lists))
		for i, l := range lists {
			as[i] = helloOnly(s.handshake("TLS 1.3: groups", s.hello13(offer13{groups: l, noShare: noShare})))
		}
		out := make([]evidence[wire.Group], len(lists))
		for i, t := range k.all(ctx, as) {
			out[i] = evidence[wire.Group]{list: lists[i], open: t == nil}
			if t == nil {
				continue
			}
			out[i].answer, out[i].ok = chosenGroup13(t)
			out[i].ok = out[i].ok && slices.Contains(lists[i], out[i].answer)
		}
		return out
	}
	q := &search[wire.Group]{candidates: candidates, classes: classes, kin: [][]wire.Group{usual}, limit: len(candidates), ask: put}
	q.first()
	empty := transcript.TriOf(len(q.accepted()) > 0)
	if empty == transcript.No && q.ended {
		empty = transcript.Unknown // nobody answered the question
	}
	if empty == transcript.No && ctx.Err() == nil {
		// A server that has TLS 1.3 and does not take a hello without shares is asked
		// with all of them.
		noShare = false
		probe := helloOnly(s.handshake("TLS 1.3: shares", s.hello13(offer13{groups: computable13})))
		if t := k.one(ctx, probe); t != nil && t.Version() == wire.VersionTLS13 {
			q = &search[wire.Group]{candidates: candidates, classes: classes, kin: [][]wire.Group{usual}, limit: len(candidates), ask: put}
		} else {
			empty = transcript.Unknown // it has no TLS 1.3
		}
	}
	c := q.run()
	s.tolerances13(ctx, k, c.accepted)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.groups13 = c
	s.facts.Features.Tolerates.EmptyShares = empty
	if empty == transcript.No && s.facts.Features.HelloRetry == transcript.Unknown {
		s.facts.Features.HelloRetry = transcript.No
	}
	s.incomplete = s.incomplete || !c.complete
}

// computable13 are groups of which the engine sends shares, but for the largest.
var computable13 = []wire.Group{
	wire.GroupX25519, wire.GroupSecp256r1, wire.GroupSecp384r1, wire.GroupSecp521r1, wire.GroupX448,
	wire.GroupFFDHE2048, wire.GroupX25519MLKEM768,
}

// hasShare: the engine makes key shares of the group.
func hasShare(g wire.Group) bool {
	return slices.Contains(computable13, g) || g.FiniteField() || g == wire.GroupSecP256r1MLKEM768
}

// chosenGroup13 is what the server wants to use, by a HelloRetryRequest or by its
// share.
func chosenGroup13(t *transcript.Transcript) (wire.Group, bool) {
	for _, sh := range []*wire.ServerHello{t.Retry, t.Server} {
		if sh == nil || sh.Version() != wire.VersionTLS13 {
			continue
		}
		if ks, ok := sh.KeyShare(); ok {
			return ks.Group, true
		}
	}
	return 0, false
}

// groupCandidates13 are all groups of the registry, those of RFC 8446 first, and
// the classes that they are asked by. The usual ones are asked for anyway.
func groupCandidates13() (candidates, usual []wire.Group, classes [][]wire.Group) {
	usual = []wire.Group{wire.GroupX25519, wire.GroupSecp256r1, wire.GroupX448, wire.GroupSecp521r1, wire.GroupSecp384r1}
	var hybrid, ffdhe, rest []wire.Group
	for _, g := range wire.AllGroups() {
		switch {
		case slices.Contains(usual, g), g == wire.GroupArbitraryExplicitPrimeCurves, g == wire.GroupArbitraryExplicitChar2Curves:
		case g >= 0x0100 && g < 0x0200:
			ffdhe = append(ffdhe, g)
		case g >= 0x0200:
			hybrid = append(hybrid, g)
		default:
			rest = append(rest, g)
		}
	}
	// The one that servers have first, where they have any.
	hybrid = slices.DeleteFunc(hybrid, func(g wire.Group) bool { return g == wire.GroupX25519MLKEM768 })
	hybrid = append([]wire.Group{wire.GroupX25519MLKEM768}, hybrid...)
	return slices.Concat(hybrid[:1], usual, ffdhe, hybrid[1:], rest), usual, [][]wire.Group{ffdhe, slices.Concat(hybrid, rest)}
}

// riders are lists that go along with hellos that are sent anyway, in a new order
// each time. Where the client's order decides, all that is accepted shows by the
// way; where the server's does, nothing is lost.
type riders struct {
	mu sync.Mutex
	n  int // rotations so far
	// peeledECDSA and peeledRSA count what peel gave out.
	peeledECDSA, peeledRSA int
	groups                 []evidence[wire.Group]
	rsa                    []evidence[wire.SignatureScheme]
	ecdsa                  []evidence[wire.SignatureScheme]
}

func newRiders() *riders { return &riders{} }

// next are the lists for the next hello; nil on a nil receiver.
func (r *riders) next() ([]wire.Group, []wire.SignatureScheme) {
	if r == nil {
		return nil, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	i := r.n
	r.n++
	return rotated(groupCandidates12, i), slices.Concat(rotated(ecdsaSchemes12, i), rotated(rsaSchemes12, i), dsaSchemes12)
}

// peel are the schemes for a hello to which the suite is expected as answer:
// those that its key is expected to like best are left out, more of them each
// time, so that the order shows of a server that has one of its own. Without any
// that it takes, another suite would be the answer.
func (r *riders) peel(x wire.CipherSuite) []wire.SignatureScheme {
	r.mu.Lock()
	defer r.mu.Unlock()
	ecdsa, rsa := ecdsaSchemes12, rsaSchemes12
	switch i, _ := x.Info(); {
	case i.KeyExchange != wire.KXECDHE && i.KeyExchange != wire.KXDHE:
	case i.Authentication == wire.AuthECDSA:
		ecdsa = ecdsa[1+r.peeledECDSA%3:]
		r.peeledECDSA++
	case i.Authentication == wire.AuthRSA:
		rsa = rsa[1+r.peeledRSA%6:]
		r.peeledRSA++
	}
	return slices.Concat(ecdsa, rsa, dsaSchemes12)
}

// seen is what the riders told so far: the search that they ride along with may
// be under way still.
func (r *riders) seen() (groups []evidence[wire.Group], rsa, ecdsa []evidence[wire.SignatureScheme]) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.groups), slices.Clone(r.rsa), slices.Clone(r.ecdsa)
}

func rotated[T any](xs []T, n int) []T {
	n %= len(xs)
	return slices.Concat(xs[n:], xs[:n])
}

// read takes from an answer which group and scheme it was.
func (r *riders) read(t *transcript.Transcript) {
	if r == nil || t.Server == nil || t.KeyExchange == nil || t.Version() != wire.VersionTLS12 {
		return
	}
	info, ok := t.Server.CipherSuite.Info()
	h := t.Attempt.Handshake.Hello
	if !ok || h == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if info.KeyExchange == wire.KXECDHE && t.KeyExchange.Group != 0 {
		r.groups = append(r.groups, evidence[wire.Group]{list: h.SupportedGroups(), answer: t.KeyExchange.Group, ok: true})
	}
	if t.KeyExchange.Scheme == 0 {
		return
	}
	e := evidence[wire.SignatureScheme]{answer: t.KeyExchange.Scheme, ok: true}
	switch info.Authentication {
	case wire.AuthRSA:
		e.list = only(h.SignatureAlgorithms(), rsaSchemes12)
		r.rsa = append(r.rsa, e)
	case wire.AuthECDSA:
		e.list = only(h.SignatureAlgorithms(), ecdsaSchemes12)
		r.ecdsa = append(r.ecdsa, e)
	}
}

// only are those of xs that are in keep.
func only[T comparable](xs, keep []T) []T {
	return slices.DeleteFunc(slices.Clone(xs), func(x T) bool { return !slices.Contains(keep, x) })
}

// groupCandidates12 are the curves of TLS 1.2 and older, the likely ones first.
// Groups of RFC 7919 are not among them: what a server does for a DHE suite is
// seen by its parameters.
var groupCandidates12 = func() []wire.Group {
	first := []wire.Group{
		wire.GroupX25519, wire.GroupSecp256r1, wire.GroupX448, wire.GroupSecp521r1, wire.GroupSecp384r1,
		wire.GroupBrainpoolP256r1, wire.GroupBrainpoolP384r1, wire.GroupBrainpoolP512r1, wire.GroupSecp256k1,
	}
	return append(first, slices.DeleteFunc(offer.Groups12(), func(g wire.Group) bool { return slices.Contains(first, g) })...)
}()

// groupsOf12 searches the groups of TLS 1.2, beginning with what the riders saw.
func (s *session) groupsOf12(ctx context.Context, k *task, r *riders) {
	k.fork(
		func(k *task) {
			if ecdhe := s.ecdheSuites(wire.VersionTLS12); len(ecdhe) > 0 {
				s.searchGroups12(ctx, k, wire.VersionTLS12, ecdhe, r)
			}
		},
		func(k *task) { s.finiteGroups12(ctx, k) },
	)
}

// finiteGroups12 asks whether DHE suites are used with groups of the client's
// list (RFC 7919), and with which. What the server uses for clients that list
// none is left out of the list: it would tell nothing.
func (s *session) finiteGroups12(ctx context.Context, k *task) {
	dhe := s.dheSuites()
	if len(dhe) == 0 {
		return
	}
	left := []wire.Group{wire.GroupFFDHE3072, wire.GroupFFDHE2048, wire.GroupFFDHE4096, wire.GroupFFDHE6144, wire.GroupFFDHE8192}
	var found []wire.Group
	for len(left) > 0 {
		t := k.one(ctx, s.handshake("TLS 1.2: named Diffie-Hellman groups", s.hello12(wire.VersionTLS12, dhe, left, nil)))
		if t == nil {
			return
		}
		if t.KeyExchange == nil || !slices.Contains(left, t.Group) {
			break
		}
		found = append(found, t.Group)
		left = slices.DeleteFunc(left, func(g wire.Group) bool { return g == t.Group })
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ffdhe12, s.asked12DH = found, true
}

func (s *session) dheSuites() []wire.CipherSuite {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.suites[wire.VersionTLS12].accepted), func(x wire.CipherSuite) bool {
		i, _ := x.Info()
		return i.KeyExchange != wire.KXDHE && i.KeyExchange != wire.KXDHAnon
	})
}

func (s *session) searchGroups12(ctx context.Context, k *task, v wire.Version, ecdhe []wire.CipherSuite, r *riders) {
	anchor := s.curveOfLeaf(ecdhe)
	q := &search[wire.Group]{
		candidates: groupCandidates12,
		classes:    [][]wire.Group{groupCandidates12[:5], groupCandidates12[5:]},
		limit:      len(groupCandidates12),
		ask: func(lists [][]wire.Group) []evidence[wire.Group] {
			as := make([]transcript.Attempt, len(lists))
			for i, l := range lists {
				if anchor != 0 && !slices.Contains(l, anchor) {
					l = append(slices.Clone(l), anchor)
				}
				as[i] = s.handshake(v.String()+": groups", s.hello12(v, ecdhe, l, nil))
			}
			out := make([]evidence[wire.Group], len(lists))
			for i, t := range k.all(ctx, as) {
				out[i] = evidence[wire.Group]{list: lists[i], open: t == nil}
				if t == nil {
					continue
				}
				if t.Version() == v && t.KeyExchange != nil && slices.Contains(lists[i], t.KeyExchange.Group) {
					out[i].answer, out[i].ok = t.KeyExchange.Group, true
				}
			}
			return out
		},
	}
	known, _, _ := r.seen()
	for _, e := range known {
		q.learn(e)
	}
	c := q.run()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.groups12 = c
	s.incomplete = s.incomplete || !c.complete
}

// curveOfLeaf is the curve of the server's ECDSA key if all suites need that: it
// has to be among the groups then (RFC 8422, Section 5.1), and stands at the end
// of each list. 0 where there is none.
func (s *session) curveOfLeaf(suites []wire.CipherSuite) wire.Group {
	if slices.ContainsFunc(suites, func(x wire.CipherSuite) bool { i, _ := x.Info(); return i.Authentication != wire.AuthECDSA }) {
		return 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range s.served {
		c, err := trust.ParseCertificate(x.Chain[0])
		if err != nil {
			continue
		}
		if g, ok := wire.ParseGroup(c.Key.Curve); ok {
			return g
		}
	}
	return 0
}

// olderGroups searches the groups of the newest older version, where TLS 1.2
// makes no key exchange on curves.
func (s *session) olderGroups(ctx context.Context, k *task) {
	s.accepted12(ctx, k)
	for v := wire.VersionTLS12; v >= wire.VersionTLS10; v-- {
		ecdhe := s.ecdheSuites(v)
		if len(ecdhe) == 0 {
			continue
		}
		if v < wire.VersionTLS12 { // else they are searched already
			s.searchGroups12(ctx, k, v, ecdhe, newRiders())
		}
		return
	}
}

// ecdheSuites are those that a version before TLS 1.3 has. Where a server has RSA
// certificates too, those with ECDSA are left out, so that no curve has to be in
// every list.
func (s *session) ecdheSuites(v wire.Version) []wire.CipherSuite {
	s.mu.Lock()
	defer s.mu.Unlock()
	var rsa, other []wire.CipherSuite
	for _, x := range s.suites[v].accepted {
		switch i, _ := x.Info(); {
		case i.KeyExchange != wire.KXECDHE && i.KeyExchange != wire.KXECDHAnon:
		case i.Authentication == wire.AuthRSA || i.Authentication == wire.AuthAnon:
			rsa = append(rsa, x)
		default:
			other = append(other, x)
		}
	}
	if len(rsa) > 0 {
		return rsa
	}
	return other
}
