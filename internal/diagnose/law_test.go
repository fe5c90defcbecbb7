package diagnose

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/client"
	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// negotiation are the dimensions of the hello that the laws draw faults in.
var negotiation = []dimension{dimVersions, dimSuites, dimGroups, dimSchemes, dimALPN}

// Every report keeps the contract's promises, and what it says of a negotiation
// that fails is what the model says.
func TestLawNegotiation(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := profile(rt, rapid.SampledFrom(simClients).Draw(rt, "client"))
		var s *simServer
		if rapid.Bool().Draw(rt, "near") {
			broken := rapid.SliceOfNDistinct(rapid.SampledFrom(negotiation), 0, 3, rapid.ID).Draw(rt, "broken")
			s = drawNear(rt, p, broken...)
		} else {
			s = drawServer(rt)
		}
		w := one(s)
		x := examine(t, w, p, nil)
		defer func() {
			if rt.Failed() {
				x.tell(rt)
			}
		}()
		x.sound(rt, w)
		x.agrees(rt, p, w.hosts[nameOf1])
	})
}

// Every report is a document of its schema, and reads back as what it was.
func TestLawDocument(t *testing.T) {
	defer fewerChecks(25)() // validation takes longer than the check
	rapid.Check(t, func(rt *rapid.T) {
		x := examine(t, one(drawServer(rt)), profile(rt, rapid.SampledFrom(simClients).Draw(rt, "client")), nil)
		x.validate(rt)
	})
}

// Whatever the number of connections that may be made, nothing is said of
// attempts that were not made, and nothing is proved by them.
func TestLawBudget(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := profile(rt, rapid.SampledFrom(simClients).Draw(rt, "client"))
		w := one(drawNear(rt, p, rapid.SliceOfNDistinct(rapid.SampledFrom(negotiation), 0, 3, rapid.ID).Draw(rt, "broken")...))
		w.budget = rapid.IntRange(1, 40).Draw(rt, "budget")
		e := w.hosts[nameOf1]
		if e.every = rapid.IntRange(0, 4).Draw(rt, "every"); e.every > 0 {
			e.flaky = ends(transcript.Reset)
		}
		x := examine(t, w, p, nil)
		defer func() {
			if rt.Failed() {
				x.tell(rt)
			}
		}()
		x.sound(rt, w)
		steady := &simEnd{server: e.server}
		for _, f := range x.Findings {
			if f.Cause == cause.InconsistentEndpoints && e.every == 0 {
				rt.Errorf("an endpoint of one kind: %s", f.Detail)
			}
			if p := f.Proof; f.Blocking && p != nil && p.Kind == report.ByHandshake && f.Cause != cause.HTTP2InadequateSecurity {
				a, _ := x.handshake(p.Baseline)
				b, _ := x.handshake(p.Counterfactual)
				if steady.passes(sentHello(rt, a)) || !steady.passes(sentHello(rt, b)) {
					rt.Errorf("%s is proved by chance", f.Cause)
				}
			}
		}
	})
}

// agrees holds the report of a check against the model.
func (x examined) agrees(t tester, p *client.Profile, e *simEnd) {
	t.Helper()
	s := e.server
	name := simHost
	if !p.Policy.SendsSNI {
		name = ""
	}
	h := p.BuildHello(client.HelloOptions{ServerName: name, HTTP: true})
	root := x.Root()
	if e.passes(h) {
		d, _ := s.negotiate(freshHello(h, "law"))
		want := refusal(p, s, h, d)
		switch {
		case root == nil && want != "":
			t.Errorf("nothing stops the client; want %s", want)
		case root != nil && root.Cause != want:
			t.Errorf("%s stops the client; want %q", root.Cause, want)
		}
		return
	}
	sets := sufficient(e, h)
	t.Logf("sufficient: %v", sets)
	if root == nil {
		t.Fatalf("no blocking finding, and the server does not answer the client")
	}
	if len(sets) == 0 {
		return
	}
	found := x.dimensions()
	if !slices.ContainsFunc(sets, func(set []dimension) bool { return covers(found, set) && found[0].step() == set[0].step() }) {
		t.Errorf("the report changes %v; sufficient are %v", found, sets)
		return
	}
	if root.Confidence != report.Proved {
		t.Errorf("%s is %s", root.Cause, root.Confidence)
	}
	x.helps(t, e, h)
}

// covers says that what was found is a sufficient set. A single change is found
// alone; of several, the report keeps to what the server chose, which may need
// one more than another choice would have.
func covers(found, set []dimension) bool {
	if len(set) == 1 {
		return slices.Equal(found, set)
	}
	return !slices.ContainsFunc(set, func(d dimension) bool { return !slices.Contains(found, d) })
}

// dimensions are those in which the report's blocking findings change the hello.
func (x examined) dimensions() []dimension {
	of := map[cause.ID]dimension{
		cause.NoSharedVersion: dimVersions, cause.NoSharedCipher: dimSuites, cause.NoSharedGroup: dimGroups,
		cause.NoSharedSignatureAlgorithm: dimSchemes, cause.NoALPNOverlap: dimALPN, cause.LargeHelloDropped: dimSize,
	}
	var out []dimension
	for _, f := range x.Findings {
		d, known := of[f.Cause]
		if f.Cause == cause.VersionIntolerant && f.Proof != nil {
			d, known = map[string]dimension{"versions": dimVersions, "extensions": dimExtensions, "groups": dimGroups}[strings.Split(f.Proof.Change, ":")[0]], true
		}
		if f.Blocking && known {
			out = append(out, d)
		}
	}
	return out
}

// The same with a device or a piece of software that stumbles over the hello
// before anything is negotiated, alone or beside one list that does not fit.
func TestLawIntolerance(t *testing.T) {
	names := slices.Sorted(maps.Keys(stumbles))
	rapid.Check(t, func(rt *rapid.T) {
		p := profile(rt, rapid.SampledFrom(simClients).Draw(rt, "client"))
		broken := rapid.SliceOfNDistinct(rapid.SampledFrom(negotiation), 0, 1, rapid.ID).Draw(rt, "broken")
		s := drawNear(rt, p, broken...)
		over := rapid.SampledFrom(names).Draw(rt, "stumbles over")
		if over == "TLS 1.3" && slices.Contains(s.versions, wire.VersionTLS13) || (over == "hybrid shares" || over == "large hellos") && slices.ContainsFunc(s.groups, isBig) {
			rt.Skip("what it speaks it does not stumble over")
		}
		how := rapid.SampledFrom([]*fate{alerts(wire.AlertHandshakeFailure), alerts(wire.AlertDecodeError), ends(transcript.Closed), ends(transcript.Reset), ends(transcript.Silent)}).Draw(rt, "how")
		w := one(s, breakOn(stumbles[over].over, how))
		w.hosts[nameOf1].stumbles = over
		x := examine(t, w, p, nil)
		defer func() {
			if rt.Failed() {
				x.tell(rt)
			}
		}()
		x.sound(rt, w)
		x.agrees(rt, p, w.hosts[nameOf1])
	})
}
