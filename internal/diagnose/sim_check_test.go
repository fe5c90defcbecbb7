package diagnose

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/client"
	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/transcript"
)

// tester is what *testing.T and *rapid.T have in common.
type tester interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Logf(format string, args ...any)
}

// simTarget is the site of the simulation.
func simTarget() report.Target {
	return report.Target{Input: simHost, Host: simHost, Port: 443, Service: "http", Path: "/"}
}

// examined is what a check in a world came to.
type examined struct {
	*report.Report
	took     time.Duration
	err      error
	panicked any
}

// examine runs a check in a bubble of its own, whose time stands still while
// anything computes.
func examine(t *testing.T, w *world, p *client.Profile, edit func(*Options)) (out examined) {
	t.Helper()
	synctest.Test(t, func(*testing.T) {
		defer func() { out.panicked = recover() }()
		begun := time.Now()
		o := Options{Client: p, Roots: simRoots(), Now: func() time.Time { return simEpoch.Add(time.Since(begun)) }}
		if edit != nil {
			edit(&o)
		}
		out.Report, out.err = Check(context.Background(), w, simTarget(), o)
		out.took = time.Since(begun)
	})
	if out.panicked == nil {
		out.panicked = w.panicked
	}
	return out
}

func profile(t tester, id string) *client.Profile {
	t.Helper()
	p, err := client.Get(id)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return p
}

// handshakeOfID finds an attempt of the report.
func (x examined) handshake(id string) (report.Handshake, bool) {
	i := slices.IndexFunc(x.Handshakes, func(h report.Handshake) bool { return h.ID == id })
	if i < 0 {
		return report.Handshake{}, false
	}
	return x.Handshakes[i], true
}

// past says that an attempt got its answer: the server's flight, or a choice
// that cannot be computed here.
func past(h report.Handshake) bool {
	switch h.Outcome.Reached {
	case "flight", "finished", "response":
		return true
	}
	return h.Outcome.Kind == transcript.Unfinished
}

// sound holds a report against what the contract promises of every report.
func (x examined) sound(t tester, w *world) {
	t.Helper()
	if x.panicked != nil || x.err != nil {
		t.Fatalf("panic %v, error %v", x.panicked, x.err)
	}
	for addr, n := range w.tried {
		if n > 40 {
			t.Errorf("%d connections to %s", n, addr)
		}
	}
	for i, f := range x.Findings {
		x.soundFinding(t, f)
		if f.Blocking && slices.ContainsFunc(x.Findings[:i], func(f report.Finding) bool { return !f.Blocking }) {
			t.Errorf("%s blocks and stands behind one that does not", f.Cause)
		}
	}
	root := x.Root()
	switch {
	case (x.Verdict == report.Fail) != (root != nil):
		t.Errorf("verdict %s with root cause %v", x.Verdict, root)
	case root != nil && root.Step != x.Step:
		t.Errorf("the report stops at %s, its root cause at %s", x.Step, root.Step)
	}
}

func (x examined) soundFinding(t tester, f report.Finding) {
	t.Helper()
	if len(f.Evidence) == 0 && f.Step != cause.StepConnect {
		t.Errorf("%s has no evidence", f.Cause)
	}
	for _, id := range f.Evidence {
		if _, ok := x.handshake(id); !ok && f.Step != cause.StepConnect {
			t.Errorf("%s: evidence %q is no attempt of the report", f.Cause, id)
		}
	}
	p := f.Proof
	if (f.Confidence == report.Proved) != (p != nil) {
		t.Errorf("%s is %s, with proof %+v", f.Cause, f.Confidence, p)
	}
	if p == nil {
		return
	}
	switch p.Kind {
	case report.ByHandshake:
		a, okA := x.handshake(p.Baseline)
		b, okB := x.handshake(p.Counterfactual)
		if !okA || !okB {
			t.Fatalf("%s: the proof names %q and %q", f.Cause, p.Baseline, p.Counterfactual)
		}
		if f.Blocking && past(a) && f.Cause != cause.SNIRequired && f.Cause != cause.HTTP2InadequateSecurity {
			t.Errorf("%s: the baseline %s of the proof did not fail", f.Cause, a.ID)
		}
		if !past(b) {
			t.Errorf("%s: the counterfactual %s of the proof failed: %+v", f.Cause, b.ID, b.Outcome)
		}
		for _, d := range differences(t, a, b) {
			if !allowed(p.Change, d) {
				t.Errorf("%s: the proof changes %q, and %s and %s also differ in %s", f.Cause, p.Change, a.ID, b.ID, d)
			}
		}
		// What is taken out of a hello is made up for by padding, which needs four
		// bytes (RFC 7685), so that size cannot be the reason.
		if f.Blocking && f.Cause != cause.LargeHelloDropped && len(b.Hello) <= len(a.Hello)-4 {
			t.Errorf("%s: %s has %d bytes and %s %d, which %q does not name", f.Cause, a.ID, len(a.Hello), b.ID, len(b.Hello), p.Change)
		}
	case report.ByVerify:
		if p.Before == "" || p.After == "" || p.Before == p.After || p.Change == "" {
			t.Errorf("%s: proof by verification without two verdicts: %+v", f.Cause, p)
		}
	case report.ByObservation:
		if _, ok := x.handshake(p.Baseline); !ok && f.Step != cause.StepConnect {
			t.Errorf("%s: what was observed in %q?", f.Cause, p.Baseline)
		}
	default:
		t.Errorf("%s: no such kind of proof: %q", f.Cause, p.Kind)
	}
}

var reportSchema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	text, err := os.ReadFile("../../schema/report.schema.json")
	if err != nil {
		return nil, err
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("report.json", doc); err != nil {
		return nil, err
	}
	return c.Compile("report.json")
})

// validate holds the report's JSON against its schema and reads it back.
func (x examined) validate(t tester) {
	t.Helper()
	schema, err := reportSchema()
	if err != nil {
		t.Fatalf("%v", err)
	}
	first, err := json.Marshal(x.Report)
	if err != nil {
		t.Fatalf("%v", err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(first))
	if err != nil {
		t.Fatalf("%v", err)
	}
	if err := schema.Validate(doc); err != nil {
		t.Errorf("%v", err)
	}
	back, err := report.Read(bytes.NewReader(first))
	if err != nil || len(back) != 1 {
		t.Fatalf("reading the report back: %v", err)
	}
	if again, err := json.Marshal(back[0]); err != nil || !bytes.Equal(first, again) {
		t.Errorf("the report changes by being read back: %v\n%s\n%s", err, first, again)
	}
}

// tell logs what a person needs to see of a wrong report.
func (x examined) tell(t tester) {
	t.Helper()
	if x.Report == nil {
		return
	}
	t.Logf("verdict %s at %s, %d connections, %s", x.Verdict, x.Step, x.Connections, x.took)
	for _, f := range x.Findings {
		t.Logf("  %s at %s, %s, side %s, blocking %v: %s", f.Cause, f.Step, f.Confidence, f.Side, f.Blocking, f.Detail)
		if p := f.Proof; p != nil {
			t.Logf("    %s %s → %s: %s: %s", p.Kind, p.Baseline, p.Counterfactual, p.Change, p.Effect)
		}
		for _, e := range f.Either {
			t.Logf("    either %v", e)
		}
	}
	for _, h := range x.Handshakes {
		chosen, said := "", ""
		if n := h.Negotiated; n != nil && n.Version != nil {
			chosen = n.Version.String() + " " + n.Cipher.String()
			if n.Group != nil {
				chosen += " " + n.Group.String()
			}
			if n.Sig != nil {
				chosen += " " + n.Sig.String()
			}
		}
		if h.Outcome.Alert != nil {
			said = h.Outcome.Alert.Name
		}
		t.Logf("  %s %s: %s after %s %s %s", h.ID, h.Purpose, h.Outcome.Kind, h.Outcome.Reached, said, chosen)
	}
}
