//go:build linux

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// report is the part of tlswhy/report/v1 that the tests read.
type report struct {
	Schema      string    `json:"schema"`
	Client      string    `json:"client"`
	Verdict     string    `json:"verdict"`
	Step        string    `json:"step"`
	Findings    []finding `json:"findings"`
	Handshakes  []attempt `json:"handshakes"`
	Chain       []any     `json:"chain"`
	Connections int       `json:"connections"`
}

type finding struct {
	Cause        string        `json:"cause"`
	Severity     string        `json:"severity"`
	Step         string        `json:"step"`
	Side         string        `json:"side"`
	Blocking     bool          `json:"blocking"`
	Confidence   string        `json:"confidence"`
	Title        string        `json:"title"`
	Detail       string        `json:"detail"`
	Evidence     []string      `json:"evidence"`
	Proof        *proof        `json:"proof"`
	Alternatives []alternative `json:"alternatives"`
	Either       [][]string    `json:"either"`
	Fix          []fix         `json:"fix"`
	Reproduce    []string      `json:"reproduce"`
}

type alternative struct {
	Cause   string `json:"cause"`
	Decides string `json:"decides"`
}

type proof struct {
	Kind           string          `json:"kind"`
	Baseline       string          `json:"baseline"`
	Counterfactual string          `json:"counterfactual"`
	Change         string          `json:"change"`
	Effect         string          `json:"effect"`
	Before         json.RawMessage `json:"before"`
	After          json.RawMessage `json:"after"`
}

type fix struct {
	For  string `json:"for"`
	Text string `json:"text"`
}

type attempt struct {
	ID      string `json:"id"`
	Purpose string `json:"purpose"`
	Outcome struct {
		Step string `json:"step"`
		Kind string `json:"kind"`
	} `json:"outcome"`
}

// outcome is one run of the program.
type outcome struct {
	report
	code   int
	line   string // the command as a person would type it
	stderr string
	stdout []byte
	took   time.Duration
}

// tlswhy runs the program with --json and decodes what it prints.
func tlswhy(t testing.TB, args ...string) outcome {
	t.Helper()
	o := tlswhyRaw(t, append(args, "--json")...)
	if err := json.Unmarshal(o.stdout, &o.report); err != nil {
		t.Fatalf("%s\nexit %d, no JSON on stdout: %v\n%s\n%s", o.line, o.code, err, clip(string(o.stdout), 2000), o.stderr)
	}
	return o
}

func tlswhyRaw(t testing.TB, args ...string) outcome {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
	defer stop()
	c := exec.CommandContext(ctx, program(t), args...)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	begin := time.Now()
	err := c.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%s: %v", c, err)
	}
	return outcome{code: c.ProcessState.ExitCode(), line: "tlswhy " + strings.Join(args, " "), stderr: errs.String(), stdout: out.Bytes(), took: time.Since(begin)}
}

// args is the row's command line without the program's name.
func (r *row) command(e *env) []string {
	a := []string{"check", r.target}
	if !r.noConnect {
		a = append(a, "--connect", e.addr())
	}
	if !r.noRoots {
		a = append(a, "--ca-file", e.pki.roots())
	}
	if r.as != "" {
		a = append(a, "--as", r.as)
	}
	for _, x := range r.args {
		a = append(a, e.expand(x))
	}
	return a
}

// TestCauses is the promise of the program on every endpoint of the tables.
func TestCauses(t *testing.T) {
	program(t)
	for _, r := range allRows() {
		t.Run(r.name, func(t *testing.T) {
			if !r.serial {
				t.Parallel()
			}
			e := r.up(t)
			o := tlswhy(t, r.command(e)...)
			for _, p := range r.want.problems(o) {
				t.Error(p)
			}
			if t.Failed() {
				t.Logf("%s\n%s", o.line, o.summary())
			}
		})
	}
}

var confidences = []string{"possible", "likely", "proved"}

// problems compares a run with what the row wants.
func (w want) problems(o outcome) []string {
	var p []string
	bad := func(format string, args ...any) { p = append(p, fmt.Sprintf(format, args...)) }
	if o.Schema != "tlswhy/report/v1" {
		bad("schema is %q", o.Schema)
	}
	for _, f := range o.Findings {
		if f.Confidence == "proved" {
			p = append(p, o.holds(f)...)
		}
	}
	if w.warning != "" {
		i := slices.IndexFunc(o.Findings, func(f finding) bool { return f.Cause == w.warning })
		switch {
		case i < 0:
			bad("no finding %s", w.warning)
		case o.Findings[i].Blocking:
			bad("%s blocks, and current clients connect", w.warning)
		}
	}
	if w.cause == "" {
		for _, f := range o.Findings {
			if f.Blocking {
				bad("blocking finding %s on a healthy endpoint: %s", f.Cause, f.Detail)
			}
		}
		if o.code != 0 || (o.Verdict != "ok" && o.Verdict != "warn") {
			bad("verdict %q and exit code %d on a healthy endpoint", o.Verdict, o.code)
		}
		return p
	}
	if w.unknown && o.code == 3 && o.Verdict == "unknown" && len(o.Findings) > 0 && slices.Contains(w.or, o.Findings[0].Cause) {
		return p
	}
	if o.code != 1 || o.Verdict != "fail" {
		bad("verdict %q and exit code %d, want fail and 1", o.Verdict, o.code)
	}
	if len(o.Findings) == 0 {
		bad("no finding, want %s", w.cause)
		return p
	}
	f := o.Findings[0]
	if f.Cause != w.cause && !slices.Contains(w.or, f.Cause) {
		bad("first finding is %s, want %s", f.Cause, w.cause)
		return p
	}
	if !f.Blocking {
		bad("%s does not block", f.Cause)
	}
	if f.Cause == w.cause {
		if f.Step != w.step {
			bad("%s is placed on step %s, want %s", f.Cause, f.Step, w.step)
		}
		if w.side != "" && f.Side != w.side {
			bad("%s is on the side of the %s, want %s", f.Cause, f.Side, w.side)
		}
		least := w.confidence
		if least == "" {
			least = "proved"
		}
		if slices.Index(confidences, f.Confidence) < slices.Index(confidences, least) {
			bad("%s is %s, want at least %s", f.Cause, f.Confidence, least)
		}
		if f.Confidence == "proved" && w.proof != "" && f.Proof != nil && f.Proof.Kind != w.proof {
			bad("%s is proved by %s, want %s", f.Cause, f.Proof.Kind, w.proof)
		}
	}
	if w.rival != "" && f.Confidence != "proved" && !slices.ContainsFunc(f.Alternatives, func(a alternative) bool { return a.Cause == w.rival || a.Cause == w.cause }) {
		bad("%s is %s, and %s is not among the alternatives", f.Cause, f.Confidence, w.rival)
	}
	if o.Step != f.Step {
		bad("the report stops at step %q, its first finding at %q", o.Step, f.Step)
	}
	if w.either != "" && !o.mentions(w.either) {
		bad("the next wall %s is not named", w.either)
	}
	return p
}

// holds checks a proof against the handshakes it points to: contract, "confidence: proved".
func (o outcome) holds(f finding) []string {
	if f.Proof == nil {
		return []string{f.Cause + " is called proved and has no proof"}
	}
	var p []string
	switch f.Proof.Kind {
	case "handshake":
		for _, id := range []string{f.Proof.Baseline, f.Proof.Counterfactual} {
			if !slices.ContainsFunc(o.Handshakes, func(h attempt) bool { return h.ID == id }) {
				p = append(p, fmt.Sprintf("%s: the proof names handshake %q, which is not in the report", f.Cause, id))
			}
		}
		if f.Proof.Baseline == f.Proof.Counterfactual {
			p = append(p, f.Cause+": baseline and counterfactual are the same handshake")
		}
		if f.Proof.Change == "" || f.Proof.Effect == "" {
			p = append(p, f.Cause+": the proof does not say what was changed and what came of it")
		}
	case "verify":
		if len(f.Proof.Before) == 0 || len(f.Proof.After) == 0 || bytes.Equal(f.Proof.Before, f.Proof.After) || f.Proof.Change == "" {
			p = append(p, f.Cause+": the proof lacks two different verdicts or the change between them")
		}
	case "observation":
	default:
		p = append(p, fmt.Sprintf("%s: no such kind of proof: %q", f.Cause, f.Proof.Kind))
	}
	for _, id := range f.Evidence {
		if !slices.ContainsFunc(o.Handshakes, func(h attempt) bool { return h.ID == id }) {
			p = append(p, fmt.Sprintf("%s: evidence %q is not in the report", f.Cause, id))
		}
	}
	return p
}

func (o outcome) mentions(cause string) bool {
	for i, f := range o.Findings {
		if i > 0 && f.Cause == cause || strings.Contains(f.Detail, cause) {
			return true
		}
		for _, set := range f.Either {
			if slices.Contains(set, cause) {
				return true
			}
		}
	}
	return strings.Contains(string(o.stdout), `"`+cause+`"`)
}

// summary is what a person needs to see of a wrong report.
func (o outcome) summary() string {
	var b strings.Builder
	fmt.Fprintf(&b, "exit %d, verdict %s, step %s, %d connections, %v\n", o.code, o.Verdict, o.Step, o.Connections, o.took.Round(time.Millisecond))
	for _, f := range o.Findings {
		fmt.Fprintf(&b, "  %s (%s, %s, %s, blocking %v): %s\n", f.Cause, f.Step, f.Side, f.Confidence, f.Blocking, f.Detail)
		if f.Proof != nil {
			fmt.Fprintf(&b, "    proof %s: %s → %s, %s: %s\n", f.Proof.Kind, f.Proof.Baseline, f.Proof.Counterfactual, f.Proof.Change, f.Proof.Effect)
		}
	}
	for _, h := range o.Handshakes {
		fmt.Fprintf(&b, "  %s %s: %s %s\n", h.ID, h.Purpose, h.Outcome.Step, h.Outcome.Kind)
	}
	return clip(b.String()+o.stderr, 5000)
}
