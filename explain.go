package tlswhy

import (
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/client"
	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/textdiag"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// Explanation is what an error text comes from. It marshals to the JSON that
// "tlswhy explain" prints; the schema of it is Schema("explain").
type Explanation = report.Explanation

// ExplainOptions are what is known besides the text.
type ExplainOptions struct {
	// Software is what fixes are wanted for, such as "nginx" or "java-8u51"; "" is
	// what wrote the text.
	Software string
	// Target is what the text is about; "" is what the text itself names.
	Target string
}

// maxInput is how much of a text the explanation repeats.
const maxInput = 64 << 10

// Explain says what an error text of a client, a server, a browser or a CDN comes
// from: a line, a stack trace, the paste of a log. It opens no connection.
func Explain(text []byte, o ExplainOptions) *Explanation {
	d := textdiag.Explain(text)
	e := &Explanation{
		Schema: report.ExplanationSchema, Cut: d.Seen.Cut || len(text) > maxInput,
		Input:   strings.ToValidUTF8(string(text[:min(len(text), maxInput)]), "\ufffd"),
		Matches: []report.Match{}, Step: d.Step, Recognised: recognised(&d),
	}
	e.Spoke = spoke(&d)
	if d.Top == nil {
		return e
	}
	e.Says, e.Quirk = says(&d, d.Top), d.Top.Quirk
	x := newExplainer(&d, e, o)
	for _, c := range d.Causes {
		e.Matches = append(e.Matches, x.match(c))
	}
	return e
}

func spoke(d *textdiag.Diagnosis) report.Spoke {
	s := report.Spoke{}
	switch {
	case d.Top != nil && len(d.Seen.Stacks) > 0 && !slices.Contains(d.Seen.Stacks, d.Top.Stack):
		s.Software = d.Seen.Stacks[0].Name
	case d.Top != nil && len(d.Seen.Stacks) > 0:
		s.Software = d.Top.Stack.Name
	case len(d.Seen.Stacks) > 0:
		s.Software = d.Seen.Stacks[0].Name
	}
	if d.Writer != cause.SpeaksEither {
		s.Writer = string(d.Writer)
	}
	s.RefusedBy = string(d.RefusedBy)
	if d.Alert != nil {
		a := wire.AlertDescription(d.Alert.ID)
		s.Alert, s.Direction = &a, string(d.Alert.Direction)
	}
	return s
}

func recognised(d *textdiag.Diagnosis) report.Recognised {
	r := report.Recognised{Stacks: []string{}, Alerts: []wire.AlertDescription{}, Codes: []report.ErrorCode{}, Host: d.Seen.Host}
	for _, s := range d.Seen.Stacks {
		r.Stacks = append(r.Stacks, s.Name)
	}
	for _, a := range d.Seen.Alerts {
		r.Alerts = append(r.Alerts, wire.AlertDescription(a.ID))
	}
	for _, c := range d.Seen.Codes {
		r.Codes = append(r.Codes, report.ErrorCode{Code: c.Text, Reason: c.Reason})
	}
	return r
}

// says is the sentence of a signature with what its literal's {} stand for.
func says(d *textdiag.Diagnosis, h *textdiag.Hit) string {
	pairs := []string{}
	for n := range 9 {
		stands := "…"
		if n < len(h.Captures) && h.Captures[n] != "" {
			stands = h.Captures[n]
		}
		pairs = append(pairs, fmt.Sprintf("{%d}", n+1), stands)
	}
	s := strings.NewReplacer(pairs...).Replace(h.Says)
	if s == "" && h.Heard != nil {
		s = fmt.Sprintf("the other side sent the alert %s", wire.AlertDescription(*h.Heard))
	}
	if s == "" && len(d.Causes) > 0 {
		if c, ok := cause.Get(d.Causes[0].ID); ok {
			s = strings.TrimSuffix(cause.Expand(c.Summary, nil), ".")
		}
	}
	return s
}

// explainer fills in matches.
type explainer struct {
	d      *textdiag.Diagnosis
	advice report.Advice
	wanted map[string]bool // software ids whose fixes are shown
	target string
	as     string
	causes []cause.ID
}

func newExplainer(d *textdiag.Diagnosis, e *Explanation, o ExplainOptions) *explainer {
	x := &explainer{d: d, wanted: map[string]bool{cause.Generic: true}, target: o.Target}
	if x.target == "" {
		x.target = e.Recognised.Host
	}
	for _, c := range d.Causes {
		x.causes = append(x.causes, c.ID)
	}
	known := map[string]string{}
	if host, port, err := net.SplitHostPort(x.target); err == nil {
		known["host"], known["port"], known["sni"] = host, port, host
	} else if x.target != "" && !strings.Contains(x.target, "/") {
		known["host"], known["sni"] = x.target, x.target
	}
	stack, server := x.software(o.Software)
	x.advice = report.Advice{Known: known, Client: stack, Software: server}
	x.as = clientFor(stack)
	e.Client = x.as
	return x
}

// software is what the fixes are for: of the client a stack, of the server an id.
func (x *explainer) software(asked string) (stack cause.Stack, server string) {
	add := func(name string) {
		s := cause.StackOf(name)
		if len(s) == 0 {
			return
		}
		for _, c := range s {
			x.wanted[c.Software] = true
		}
		w, ok := cause.LookupSoftware(name)
		switch {
		case ok && (w.Kind == cause.KindServer || w.Kind == cause.KindEdge):
			if server == "" {
				server = name
			}
		case x.d.Writer == cause.SpeaksServer && asked == "":
			if server == "" {
				server = name
			}
		case len(stack) == 0:
			stack = s
		}
	}
	if asked != "" {
		add(asked)
		return stack, server
	}
	stacks := x.d.Seen.Stacks
	if x.d.Top != nil {
		stacks = append([]*cause.SignatureStack{x.d.Top.Stack}, stacks...)
	}
	for _, s := range stacks {
		for _, id := range s.Software {
			add(id)
		}
	}
	return stack, server
}

// clientFor is the newest client that stands for a stack, "" where none does.
func clientFor(stack cause.Stack) string {
	if len(stack) == 0 {
		return ""
	}
	software, best, year := stack[0].Software, "", 0
	for _, id := range client.IDs() {
		if id == software {
			return id
		}
		if !strings.HasPrefix(id, software+"-") {
			continue
		}
		if p, err := client.Get(id); err == nil && p.Kind != client.CDN && p.Year >= year && p.Stack().Top().Software == software {
			best, year = id, p.Year
		}
	}
	return best
}

// match is a cause with why, fixes and what decides.
func (x *explainer) match(c textdiag.Cause) report.Match {
	h := c.By
	f := report.Begin(c.ID, report.Possible, "")
	x.advice.Complete(&f)
	m := report.Match{
		Cause: c.ID, Confidence: c.Confidence, Stack: h.Stack.ID, Signature: h.ID, Side: f.Side, Step: f.Step,
		Title: f.Title, Why: says(x.d, h), Text: h.Text, Source: h.Source, Decides: x.decides(c.ID, h), Fix: []report.Fix{}, Next: x.next(c.ID),
	}
	if h.Quirk != "" && h != x.d.Top {
		m.Why += "; " + h.Quirk
	}
	for _, fix := range f.Fix {
		if x.wanted[fix.For] {
			m.Fix = append(m.Fix, fix)
		}
	}
	return m
}

// decides is what tells a cause from the others that the text leaves open: what
// the signature says of them, and the catalogue of each pair.
func (x *explainer) decides(id cause.ID, h *textdiag.Hit) []string {
	out := []string{}
	if len(x.causes) < 2 {
		return out
	}
	out = append(out, h.Decides...)
	c, _ := cause.Get(id)
	for _, d := range c.Decides {
		if slices.Contains(x.causes, d.From) {
			out = append(out, string(d.From)+": "+cause.Expand(d.How, x.advice.Known))
		}
	}
	return out
}

// next are the commands that come next: the check that decides, and the guide.
func (x *explainer) next(id cause.ID) []string {
	target := x.target
	if target == "" {
		target = "HOST"
	}
	check := report.Command("tlswhy", report.Target{Input: target}, report.Options{})
	if x.as != "" {
		check += " --as " + x.as
	}
	return []string{check, "tlswhy guide " + string(id)}
}
