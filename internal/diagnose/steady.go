package diagnose

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/trust"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// Attempts that tell an endpoint that answers now like this and now like that
// from one that does not like to be asked so often.
const (
	steadyTries = 6
	steadyPause = 250 * time.Millisecond
	// Tries that follow where it looks as if a limit had ended.
	calmTries = 3
	calmPause = time.Second
)

// unsteady is called when the same hello got two answers (a and b, in this
// order). It tries the client's own hello one by one: now and then failing, the
// endpoint is inconsistent; failing only when asked often, it is limited. It
// reports whether it found either.
func (s *session) unsteady(ctx context.Context, addr netip.AddrPort, a, b *transcript.Transcript) bool {
	var good, bad []string
	var worst *transcript.Transcript
	recovered := true // every failure came before every success
	for i := 0; i < steadyTries+calmTries; i++ {
		wait := steadyPause
		if i >= steadyTries {
			// A limit that was hit by our own round ends by itself; of servers that take
			// turns the bad one comes back.
			if len(bad) == 0 || len(good) == 0 || !recovered || !cutShort(a, b) {
				break
			}
			wait = calmPause
		}
		if i > 0 && !pause(ctx, wait) {
			break
		}
		t := s.run(ctx, s.attempt(fmt.Sprintf("one at a time, try %d", i+1), addr, s.hello(s.sni)))
		if gaveUp(t) {
			break
		}
		if s.assess(t) == nil {
			good = append(good, t.ID)
		} else {
			bad = append(bad, t.ID)
			worst = t
			recovered = recovered && len(good) == 0
		}
	}
	tries := len(good) + len(bad)
	switch {
	case tries == 0:
		return false
	case len(bad) == 0 && cutShort(a, b):
		s.limitedFinding(fmt.Sprintf("Connections made at the same time fail now and then, made one after the other %d of %d succeed: the server or a device before it limits connections.", len(good), tries), append([]string{a.ID, b.ID}, good...))
		return false // what the client itself meets is still to be judged
	case len(bad) > 0 && len(good) >= calmTries && recovered && cutShort(a, b):
		s.limitedFinding(fmt.Sprintf("After a round of connections at once the next %d failed and the %d after them, made slowly, did not: the server or a device before it limits how often one may connect.", len(bad), len(good)), append(append([]string{a.ID, b.ID}, bad...), good...))
		return false
	case len(good) == 0:
		s.limitedFinding(fmt.Sprintf("Some attempts got through and then %d of %d did not: the server or a device before it blocks who connects too often.", len(bad), tries), append([]string{a.ID, b.ID}, bad...))
		return false
	case len(bad) == 0:
		return false
	}
	f := finding(cause.InconsistentEndpoints, report.Proved, fmt.Sprintf("The same hello to %s gets different answers: %d of %d attempts, one after the other, fail (%s). Several servers stand behind this address and one of them is broken, or the server fails now and then.", addr, len(bad), tries, s.trouble(worst)), append(append([]string{a.ID, b.ID}, good...), bad...)...)
	f.Proof = &report.Proof{Kind: report.ByObservation, Baseline: bad[0], Counterfactual: good[0], Change: "none: the same hello, again", Effect: fmt.Sprintf("%d succeed, %d fail", len(good), len(bad)), Repeated: tries}
	s.add(f)
	return true
}

// trouble says in a phrase what stops the client in an attempt.
func (s *session) trouble(t *transcript.Transcript) string {
	if answered(t) {
		if res := trust.Verify(s.verifyInput(t)); !res.OK {
			return res.Verdict()
		}
		if r := s.profile.Judge(t); r != nil {
			return r.Detail
		}
	}
	return "the hello " + s.endOf(t)
}

// otherLeaf looks for an answer to the fan with another certificate of the same
// kind of key, of which the client thinks otherwise than of the one in base: a
// hint that not all servers behind the address were given the same.
func (s *session) otherLeaf(base *transcript.Transcript, fan []*transcript.Transcript) *transcript.Transcript {
	mine := s.parsed(base)
	if len(mine) == 0 {
		return nil
	}
	_, ok := s.judge(base)
	for _, t := range fan {
		if !answered(t) || t.LeafSHA256() == base.LeafSHA256() || t.Attempt.Handshake.Hello.ServerName() != s.sni {
			continue
		}
		theirs := s.parsed(t)
		if len(theirs) == 0 || theirs[0].Key == nil || mine[0].Key == nil || theirs[0].Key.Type != mine[0].Key.Type {
			continue
		}
		if _, res := s.judge(t); res.OK != ok.OK {
			return t
		}
	}
	return nil
}

func (s *session) limitedFinding(detail string, evidence []string) {
	f := finding(cause.RateLimited, report.Likely, detail, evidence...)
	f.Blocking = false
	s.add(f)
}

// cutShort says that one of the attempts ended by the network's hand, as those
// do that a limiter turns away; two answers of TLS are two servers.
func cutShort(ts ...*transcript.Transcript) bool {
	for _, t := range ts {
		switch t.Outcome.Kind {
		case transcript.Reset, transcript.Closed, transcript.Silent, transcript.Refused, transcript.ConnectTimeout:
			return true
		}
	}
	return false
}

// suspicious looks for attempts of the fan that had to succeed, given that base
// did, and did not: a hint of backends that differ, or of a limit.
func suspicious(base *transcript.Transcript, fan []*transcript.Transcript) *transcript.Transcript {
	v := base.Version()
	for _, t := range fan {
		hs := t.Attempt.Handshake
		if hs == nil || hs.Hello == nil || v < wire.VersionTLS12 {
			continue
		}
		same := hs.Hello.MaxVersion() == v
		switch {
		case cutShort(t) && same && !hasHybrid(hs.Hello) && len(hs.Hello.CipherSuites) > 50 == (v == wire.VersionTLS12):
			return t
		// No less strange: a version refused that base was given a moment ago, and TLS 1.0 of a server that has 1.3.
		case isAlert(t, wire.AlertProtocolVersion) && same:
			return t
		case answered(t) && v == wire.VersionTLS13 && hs.Hello.MaxVersion() == wire.VersionTLS12 && t.Version() < wire.VersionTLS12:
			return t
		}
	}
	return nil
}

// askedAgain makes, where a hello of the fan was reset, the client's own hello
// twice more at once, and returns the one that did not fare as the first did. A
// hello that asks for an old version may be reset by a server that is well
// (Schannel does so) or by one of several that is broken; of two that take turns
// two connections meet both.
func (s *session) askedAgain(ctx context.Context, addr netip.AddrPort, fan []*transcript.Transcript) *transcript.Transcript {
	cut := func(t *transcript.Transcript) bool { return t.Outcome.Kind == transcript.Reset }
	if s.o.Gentle || s.assess(s.primary) != nil || !slices.ContainsFunc(fan, cut) {
		return nil
	}
	again := s.round(ctx, []transcript.Attempt{
		s.attempt("the client's own hello, again", addr, s.hello(s.sni)),
		s.attempt("the client's own hello, once more", addr, s.hello(s.sni)),
	})
	if i := slices.IndexFunc(again, func(t *transcript.Transcript) bool { return !gaveUp(t) && s.assess(t) != nil }); i >= 0 {
		return again[i]
	}
	return nil
}

// pause waits, or ends with the context; it reports whether to go on.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
