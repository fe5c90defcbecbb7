package render

import (
	"io"
	"strings"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// Guide writes causes and topics of the catalogue for reading. Fixes are those
// for a piece of software if one is named, else all.
func Guide(w io.Writer, causes []*cause.Cause, topics []*cause.Topic, software string, o Options) error {
	p := newPage(o)
	for _, c := range causes {
		p.separate()
		p.cause(c, software)
	}
	for _, t := range topics {
		p.separate()
		p.topic(t)
	}
	return p.flush(w)
}

// GuideIndex lists the catalogue: chapters, then causes by the step at which
// they show.
func GuideIndex(w io.Writer, causes []*cause.Cause, topics []*cause.Topic, o Options) error {
	p := newPage(o)
	p.put(2, 4, styled(bold, "Chapters: tlswhy guide CHAPTER"))
	widest := 0
	for _, c := range causes {
		widest = max(widest, len(c.ID))
	}
	for _, t := range topics {
		p.beside(t.ID, cyan, widest+2, text(t.Title), 0)
	}
	p.causesByStep(causes, widest+2)
	return p.flush(w)
}

// GuideSteps lists the causes that show at some of the steps.
func GuideSteps(w io.Writer, causes []*cause.Cause, o Options) error {
	p := newPage(o)
	widest := 0
	for _, c := range causes {
		widest = max(widest, len(c.ID))
	}
	p.causesByStep(causes, widest+2)
	return p.flush(w)
}

func newPage(o Options) *painter {
	width := o.Width
	if width == 0 {
		width = defaultWidth
	}
	o.Verbose = true // nothing is cut in what is there to be read
	return &painter{o: o, width: min(max(width, minWidth), maxWidth)}
}

func (p *painter) flush(w io.Writer) error {
	var b strings.Builder
	for _, l := range p.lines {
		l.write(&b, p.o.Color)
	}
	return flush(w, b.String(), p.o)
}

func (p *painter) separate() {
	if len(p.lines) > 0 {
		p.blank()
		p.blank()
	}
}

func (p *painter) causesByStep(causes []*cause.Cause, column int) {
	for _, step := range append(cause.Steps(), cause.StepUnknown) {
		first := true
		for _, c := range causes {
			if c.Step != step {
				continue
			}
			if first {
				if len(p.lines) > 0 {
					p.blank()
				}
				p.put(2, 4, styled(bold, strings.TrimSpace("Causes at step "+stepName(step))))
				first = false
			}
			p.beside(string(c.ID), cyan, column, text(c.Title), 0)
		}
	}
}

func (p *painter) cause(c *cause.Cause, software string) {
	p.put(2, 2, line{{bold, c.Title}, {dim, "  " + string(c.ID)}})
	p.put(2, 2, styled(dim, "step "+stepName(c.Step)+" · severity "+c.Severity.String()+" · side "+string(c.Side)))
	p.blank()
	p.paragraph(c.Summary)
	if c.What != "" {
		p.blank()
		p.paragraph(c.What)
	}
	if len(c.Shows) > 0 {
		p.heading("How it shows")
		widest := 0
		for _, s := range c.Shows {
			widest = max(widest, len([]rune(s.In)))
		}
		widest = min(widest, 20)
		for _, s := range c.Shows {
			p.beside(s.In, plain, widest+2, text(cause.Expand(s.Text, nil)), 0)
		}
	}
	p.numbered("How to make sure", c.Confirm)
	if len(c.Decides) > 0 {
		p.heading("What else looks like it")
		for _, d := range c.Decides {
			p.put(margin, margin+2, line{{cyan, string(d.From)}, {plain, ": " + cause.Expand(d.How, nil)}})
		}
	}
	p.fixesOf(c, software)
	p.commands("See it", c.Reproduce)
	if c.Retest != "" {
		p.heading("How to know that it is gone")
		p.paragraphAt(margin, c.Retest)
	}
	if len(c.References) > 0 {
		p.heading("References")
		for _, r := range c.References {
			p.put(margin, margin+2, text(r))
		}
	}
}

func (p *painter) fixesOf(c *cause.Cause, software string) {
	var fixes []cause.Fix
	if software != "" {
		fixes = c.FixesFor(software, "")
	} else {
		for _, f := range c.Fixes {
			fixes = append(fixes, *f)
		}
	}
	if len(fixes) == 0 {
		return
	}
	p.heading("How to fix it")
	for i, f := range fixes {
		if i > 0 {
			p.blank()
		}
		name := softwareName(f.For)
		if name == "" {
			name = "In general"
		}
		if f.Side == cause.SideClient {
			name += " (client)"
		}
		if f.Versions != "" {
			name += ", " + strings.ReplaceAll(string(f.Versions), "||", "or")
		}
		l := line{{bold, name + ": "}, {plain, cause.Expand(f.Text, nil)}}
		if !f.Verified {
			l = append(l, span{dim, " (not tested here)"})
		}
		p.put(margin, margin+2, l)
		if f.Config != "" {
			if f.Place != "" {
				p.put(margin+2, margin+4, styled(dim, "in "+f.Place+":"))
			}
			for row := range strings.SplitSeq(strings.Trim(cause.Expand(f.Config, nil), "\n"), "\n") {
				p.lines = append(p.lines, line{{cyan, strings.Repeat(" ", margin+4) + row}})
			}
		}
		for _, r := range f.Run {
			p.shell(margin+2, cause.ExpandCommand(r, nil))
		}
	}
}

func (p *painter) topic(t *cause.Topic) {
	p.put(2, 2, line{{bold, t.Title}, {dim, "  " + t.ID}})
	if t.Summary != "" {
		p.blank()
		p.paragraph(t.Summary)
	}
	for _, s := range t.Text {
		p.blank()
		p.paragraph(s)
	}
	for _, item := range t.Items {
		p.blank()
		title := line{{bold, item.Title}}
		if item.Severity != cause.SeverityUnknown {
			title = append(title, span{yellow, "  " + item.Severity.String()})
		}
		p.put(margin, margin, title)
		if item.Text != "" {
			p.paragraphAt(margin, item.Text)
		}
		if item.Next != "" {
			p.put(margin, margin, line{{bold, "Next: "}, {plain, cause.Expand(item.Next, nil)}})
		}
		for _, c := range item.Commands {
			p.shell(margin+2, cause.ExpandCommand(c, nil))
		}
		if len(item.Causes) > 0 {
			ids := make([]string, len(item.Causes))
			for i, id := range item.Causes {
				ids[i] = string(id)
			}
			p.put(margin, margin+2, styled(cyan, "→ "+strings.Join(ids, ", ")))
		}
	}
	if t.Outro != "" {
		p.blank()
		p.paragraph(t.Outro)
	}
}

func (p *painter) paragraph(s string) { p.paragraphAt(2, s) }

func (p *painter) paragraphAt(indent int, s string) {
	p.put(indent, indent, text(oneLine(cause.Expand(s, nil))))
}

func (p *painter) numbered(title string, all []string) {
	if len(all) == 0 {
		return
	}
	p.heading(title)
	for i, s := range all {
		p.beside(string(rune('1'+i%9))+".", plain, 3, text(oneLine(cause.Expand(s, nil))), 0)
	}
}

func (p *painter) commands(title string, all []string) {
	if len(all) == 0 {
		return
	}
	p.heading(title)
	for _, c := range all {
		p.shell(margin, cause.ExpandCommand(c, nil))
	}
}

func (p *painter) shell(indent int, command string) {
	for _, row := range wrapCommand(command, p.width-indent) {
		p.lines = append(p.lines, line{{cyan, strings.Repeat(" ", indent) + row}})
	}
}
