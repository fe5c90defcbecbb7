package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/report"
)

// Explanation writes what a text comes from on one screen: what it means, who
// spoke, where, the causes with what decides, the fix and the next command. With
// Verbose, the fixes and what decides of every cause.
func Explanation(w io.Writer, e *report.Explanation, o Options) error {
	checked := e.Report
	short := *e
	short.Report = nil
	short.Input = ""
	e = cleaned(&short)
	p := newPage(o)
	p.o.Verbose = o.Verbose
	if len(e.Matches) == 0 {
		p.unexplained(e)
	} else {
		p.explained(e)
	}
	if err := p.flush(w); err != nil || checked == nil {
		return err
	}
	if _, err := io.WriteString(w, "\n"); err != nil {
		return err
	}
	return Reports(w, Term, []*report.Report{checked}, o)
}

func (p *painter) unexplained(e *report.Explanation) {
	p.put(2, 4, line{{boldYellow, "? "}, {bold, "This text is not known"}})
	r := e.Recognised
	var seen []string
	if len(r.Stacks) > 0 {
		seen = append(seen, "texts of "+firstFour(r.Stacks))
	}
	for _, a := range r.Alerts {
		seen = append(seen, fmt.Sprintf("the alert %s (%d)", a, uint8(a)))
	}
	for _, c := range r.Codes {
		s := "OpenSSL's error code " + c.Code
		if c.Reason != "" {
			s += ", " + c.Reason
		}
		seen = append(seen, s)
	}
	if len(seen) == 0 {
		p.label("Seen", bold, text("no alert, no error code, and no software that is known here"), 0)
	} else {
		p.label("Seen", bold, text(strings.Join(seen, "; ")), 4)
	}
	target := r.Host
	if target == "" {
		target = "HOST"
	}
	p.command("Next", "tlswhy "+target)
}

func firstFour(names []string) string { return strings.Join(names[:min(len(names), 4)], ", ") }

func (p *painter) explained(e *report.Explanation) {
	p.put(2, 4, line{{boldRed, "✗ "}, {bold, sentence(e.Says)}})
	top := &e.Matches[0]
	if top.Text != "" {
		p.putLimited(margin, styled(dim, top.Text), p.limit(2))
	}
	p.blank()
	p.label("Who", bold, text(whoSpoke(e)), p.limit(3))
	p.label("Step", bold, text(stepsWalked(e.Step)), 0)
	if e.Quirk != "" {
		p.label("Note", boldYellow, text(sentence(e.Quirk)), p.limit(3))
	}
	p.blank()
	shown := e.Matches
	if !p.o.Verbose {
		shown = shown[:min(len(shown), 4)]
	}
	for i := range shown {
		p.possible(i, &shown[i])
	}
	if n := len(e.Matches) - len(shown); n > 0 {
		p.put(margin, margin, styled(dim, fmt.Sprintf("… %s less likely: -v", count(n, "more cause"))))
	}
	if !p.o.Verbose && len(top.Decides) > 0 {
		p.label("Decides", bold, text(sentence(top.Decides[0])), p.limit(3))
	}
	p.blank()
	p.remedy(top)
	if p.o.Verbose {
		for i := range e.Matches[1:] {
			p.blank()
			p.put(margin, margin, styled(bold, e.Matches[i+1].Title))
			p.remedy(&e.Matches[i+1])
		}
	}
	for i, n := range top.Next {
		label := "Next"
		if i > 0 {
			label = ""
		}
		p.command(label, n)
	}
}

// whoSpoke says who wrote the text and who refused.
func whoSpoke(e *report.Explanation) string {
	s := e.Spoke
	who := "The text"
	if s.Software != "" {
		who = s.Software
	}
	if s.Writer != "" {
		who += " at the " + s.Writer
	} else {
		who += " at one of the ends"
	}
	alert := ""
	if s.Alert != nil {
		alert = fmt.Sprintf("the alert %s (%d)", *s.Alert, uint8(*s.Alert))
	}
	switch {
	case alert != "" && s.Direction == "sent":
		return who + " refused and sent " + alert + "."
	case alert != "" && s.RefusedBy != "":
		return who + " says so; the " + s.RefusedBy + " refused with " + alert + "."
	case alert != "":
		return who + " says so; the other side refused with " + alert + "."
	case s.RefusedBy != "" && s.RefusedBy == s.Writer:
		return who + " refused by itself: what came from the other side did not pass."
	}
	return who + " says so, and not which side refused."
}

func stepsWalked(s cause.Step) string {
	if s == cause.StepUnknown {
		return "the text does not tell"
	}
	return stepName(s)
}

// possible is a cause with how much speaks for it.
func (p *painter) possible(i int, m *report.Match) {
	share := fmt.Sprintf("%3.0f %%", m.Confidence*100)
	st := plain
	if i == 0 {
		st = bold
	}
	p.beside(share, st, labelWidth, line{{cyan, string(m.Cause)}, {plain, "  " + m.Title}, {dim, " · " + string(m.Side)}}, p.limit(2))
	if p.o.Verbose {
		for _, d := range m.Decides {
			p.label("", plain, styled(dim, d), 0)
		}
	}
}

// remedy is the first fix for the software at hand, and where there is none the
// first of all.
func (p *painter) remedy(m *report.Match) {
	fixes := m.Fix
	if !p.o.Verbose {
		fixes = fixes[:min(len(fixes), 1)]
	}
	for i := range fixes {
		f := &fixes[i]
		l := text(f.Text)
		if name := softwareName(f.For); name != "" && !saysItself(f, name) {
			l = append(line{{bold, name + ": "}}, l...)
		}
		label := "Fix"
		if i > 0 {
			label = ""
		}
		p.label(label, boldGreen, l, p.limit(4))
		for row := range strings.SplitSeq(strings.Trim(f.Config, "\n"), "\n") {
			if row != "" {
				p.lines = append(p.lines, line{{cyan, strings.Repeat(" ", margin+labelWidth) + row}})
			}
		}
		for _, r := range f.Run {
			p.shell(margin+labelWidth, r)
		}
	}
}
