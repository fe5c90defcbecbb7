package render

import (
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/transcript"
)

// Summary is why in a sentence or two, as every view tells it.
func Summary(f *report.Finding) string { return summary(f) }

// Run writes what the TLS of a program did: who it is, each handshake, and the
// diagnosis of the first that failed; with Verbose of all.
func Run(w io.Writer, doc *report.Run, o Options) error {
	doc = cleaned(doc)
	p := newPage(o)
	p.o.Verbose = o.Verbose
	p.runHead(doc)
	for i := range doc.Clients {
		if i == maxRunClients && !o.Verbose {
			p.put(margin, margin, styled(dim, "… "+count(len(doc.Clients)-i, "more client")+": -v"))
			break
		}
		p.runClient(doc, &doc.Clients[i])
	}
	p.runHandshakes(doc)
	for _, n := range doc.Notes {
		p.label("Note", bold, text(sentence(n)), 0)
	}
	p.runReports(doc)
	p.runKeep(doc)
	return p.flush(w)
}

const (
	maxRunClients    = 2
	maxRunHandshakes = 8
)

// runHead is the verdict as a sentence.
func (p *painter) runHead(doc *report.Run) {
	name := programOf(doc)
	all, failed := 0, 0
	for _, h := range doc.Handshakes {
		all += h.Count
		if h.Outcome == "fail" {
			failed += h.Count
		}
	}
	exit := fmt.Sprintf(" · %s ended with %d", name, doc.ExitCode)
	if doc.ExitCode == 0 {
		exit = ""
	}
	switch {
	case all == 0:
		p.put(2, 4, line{{boldYellow, "? "}, {bold, "No TLS of " + name + " was seen"}, {dim, exit}})
	case failed > 0:
		p.blank()
		what := fmt.Sprintf("%d of %d handshakes of %s failed", failed, all, name)
		if all == 1 {
			what = "The one handshake of " + name + " failed"
		}
		p.put(2, 4, line{{boldRed, "✗ "}, {bold, what}, {dim, exit}})
	default:
		what := strconv.Itoa(all) + " handshakes of " + name + ", none failed"
		if all == 1 {
			what = "The one handshake of " + name + " succeeded"
		}
		p.put(2, 4, line{{boldGreen, "✓ "}, {bold, what}, {dim, exit}})
	}
}

func programOf(doc *report.Run) string {
	if len(doc.Command) == 0 {
		return "the program"
	}
	return filepath.Base(doc.Command[0])
}

// runClient says who a client is.
func (p *painter) runClient(doc *report.Run, c *report.RunClient) {
	l := line{{cyan, c.Nearest}}
	if c.Exact {
		l = append(l, span{plain, ", the same offer"})
	} else {
		l = append(l, span{plain, fmt.Sprintf(" is nearest, %.0f %% alike", 100*c.Similarity)})
	}
	if len(doc.Clients) > 1 {
		l = append(line{{plain, c.ID + ": "}}, l...)
		l = append(l, span{dim, " · " + count(c.Handshakes, "handshake")})
	}
	p.label("Client", bold, l, 0)
	if !c.Exact && (p.o.Verbose || len(c.Differences) <= 2) {
		for _, d := range c.Differences {
			p.label("", plain, styled(dim, d), 2)
		}
	}
	p.label("", plain, styled(dim, "JA4 "+c.JA4), 0)
	if p.o.Verbose || doc.Verdict != report.Fail {
		p.label("", plain, styled(dim, "JA3 "+c.JA3), 0)
	}
	if p.o.Verbose {
		if c.Offered != nil {
			p.label("", plain, text("offers "+offered(c.Offered)), 0)
		}
		p.label("", plain, styled(dim, "assumed, from "+c.PolicyFrom+": "+strings.Join(c.Assumed, "; ")), 0)
	}
}

// runHandshakes has a line or two for each, those that failed first.
func (p *painter) runHandshakes(doc *report.Run) {
	shown := 0
	for _, want := range []string{"fail", "unknown", "ok"} {
		for i := range doc.Handshakes {
			h := &doc.Handshakes[i]
			if h.Outcome != want {
				continue
			}
			if shown++; shown > maxRunHandshakes && !p.o.Verbose {
				continue
			}
			p.runHandshake(h)
		}
	}
	if shown > maxRunHandshakes && !p.o.Verbose {
		p.put(margin, margin, styled(dim, "… "+count(shown-maxRunHandshakes, "more handshake")+": -v"))
	}
}

func (p *painter) runHandshake(h *report.RunHandshake) {
	times := ""
	if h.Count > 1 {
		times = fmt.Sprintf(", %d times", h.Count)
	}
	switch h.Outcome {
	case "ok":
		p.put(margin, margin+2, line{{boldGreen, "✓ "}, {plain, h.Target}, {dim, times}, {dim, " · " + negotiatedBy(h)}})
		return
	case "unknown":
		p.put(margin, margin+2, line{{boldYellow, "? "}, {plain, h.Target}, {dim, times + " · " + h.Seen}})
		return
	}
	l := line{{boldRed, "✗ "}, {bold, h.Target}, {dim, times}, {plain, " at " + stepName(h.Step)}}
	if h.Step == cause.StepUnknown {
		l = l[:3]
	}
	if h.StoppedBy != "" {
		l = append(l, span{plain, ", by the " + h.StoppedBy})
	}
	if h.Cause != nil {
		l = append(l, span{plain, ": "}, span{cyan, string(*h.Cause)})
		if h.Confidence != nil {
			l = append(l, span{dim, ", " + string(*h.Confidence)})
		}
	}
	p.put(margin, margin+2, l)
	p.put(margin+2, margin+2, line{{dim, sentence(beginning(h.Seen))}})
	if h.Report == nil || h.Cause == nil || *h.Confidence == report.Possible {
		if h.Detail != "" {
			p.put(margin+2, margin+2, text(sentence(beginning(h.Detail))))
		}
	}
	if h.WantsCertificate == transcript.Yes && h.Answered == transcript.Yes {
		p.put(margin+2, margin+2, styled(dim, "It showed a client certificate."))
	}
}

// beginning begins a sentence, but for the name of a program.
func beginning(s string) string {
	if strings.HasPrefix(s, "the ") {
		return "T" + s[1:]
	}
	return s
}

func negotiatedBy(h *report.RunHandshake) string {
	var parts []string
	if h.Version != nil {
		parts = append(parts, h.Version.String())
	}
	if h.Cipher != nil {
		parts = append(parts, h.Cipher.String())
	}
	if h.Group != nil {
		parts = append(parts, h.Group.String())
	}
	return strings.Join(parts, ", ")
}

// runReports shows the diagnoses that say why: the first, or all.
func (p *painter) runReports(doc *report.Run) {
	for i, r := range doc.Reports {
		if r.Root() == nil && !p.o.Verbose {
			continue // it got through: the handshake's line says what that means
		}
		for j := range r.Findings {
			if strings.HasPrefix(r.Findings[j].Retest, "tlswhy run ") {
				r.Findings[j].Retest = "" // it was just typed
			}
		}
		height := max(p.o.Height, defaultHeight) - len(p.lines) - 2
		p.lines = append(p.lines, termLinesWithin(r, p.o, p.width, max(height, minReport))...)
		if !p.o.Verbose {
			if len(doc.Reports) > i+1 {
				p.put(margin, margin, styled(dim, "more diagnoses: -v"))
			}
			return
		}
	}
}

// minReport is how many lines a diagnosis gets however much stands above it.
const minReport = 18

// runKeep says how to ask again as this client.
// whereabouts are the flags without which the target is another one.
func whereabouts(doc *report.Run) string {
	if len(doc.Reports) == 0 {
		return ""
	}
	var s string
	o := doc.Reports[0].Options
	for _, f := range [][2]string{{" --connect ", o.Connect}, {" --ca-file ", o.CAFile}} {
		if f[1] != "" {
			s += f[0] + cause.ShellQuote(f[1])
		}
	}
	return s
}

func (p *painter) runKeep(doc *report.Run) {
	if len(doc.Clients) == 0 {
		return
	}
	target := "TARGET"
	if len(doc.Handshakes) > 0 {
		target = doc.Handshakes[0].Target
	}
	for _, c := range doc.Clients {
		if c.Saved != "" {
			p.command("Use it", "tlswhy "+target+" --as @"+c.Saved+whereabouts(doc))
		}
	}
	if doc.Clients[0].Saved == "" && (doc.Verdict == report.Fail || p.o.Verbose) {
		p.label("Keep it", bold, line{{cyan, "tlswhy run --save FILE -- …"}, {plain, ", then "}, {cyan, "--as @FILE"}, {plain, " everywhere"}}, 0)
	}
}
