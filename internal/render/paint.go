package render

import (
	"strings"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/report"
)

func (p *painter) blank() { p.lines = append(p.lines, nil) }

// put wraps a line into the width, its first line at one column and the others
// at another.
func (p *painter) put(first, hang int, l line) {
	p.lines = append(p.lines, p.block(first, hang, l, 0)...)
}

func (p *painter) putLimited(indent int, l line, limit int) {
	p.lines = append(p.lines, p.block(indent, indent, l, limit)...)
}

// block is put without the putting. Beyond limit lines (0: any number) the last
// one ends in an ellipsis.
func (p *painter) block(first, hang int, l line, limit int) []line {
	rows := wrap(l, max(p.width-hang, minText))
	for i := range rows {
		indent := hang
		if i == 0 {
			indent = first
		}
		rows[i] = append(line{{plain, strings.Repeat(" ", indent)}}, rows[i]...)
	}
	if limit > 0 && len(rows) > limit {
		rows = rows[:limit]
		rows[limit-1] = append(shortened(rows[limit-1], p.width-2), span{dim, " …"})
	}
	return rows
}

// limit is the number of lines that a text may take, at most n: fewer once the
// screen is short, and any number with -v.
func (p *painter) limit(n int) int {
	switch {
	case p.o.Verbose:
		return 0
	case p.level >= shortestTexts:
		return min(n, 1)
	case p.level >= shorterStillTexts:
		return min(n, 2)
	case p.level == shorterForInstead:
		return min(n, 2)
	case p.level >= shorterTexts:
		return min(n, 3)
	}
	return n
}

// label puts a text beside its label.
func (p *painter) label(label string, st style, l line, limit int) {
	p.beside(label, st, labelWidth, l, limit)
}

// beside is label with a column of another width.
func (p *painter) beside(label string, st style, width int, l line, limit int) {
	width = min(width, p.width/2)
	rows := p.block(margin+width, margin+width, l, limit)
	head := line{{plain, strings.Repeat(" ", margin)}, {st, label}}
	if room := width - text(label).width(); room > 0 {
		// The label takes the place of the first line's margin.
		rows[0] = append(append(head, span{plain, strings.Repeat(" ", room)}), rows[0][1:]...)
	} else {
		p.lines = append(p.lines, head)
	}
	p.lines = append(p.lines, rows...)
}

// command puts a shell command beside its label; it can be pasted as it stands.
func (p *painter) command(label, command string) {
	indent := strings.Repeat(" ", margin+labelWidth)
	for i, row := range wrapCommand(command, p.width-margin-labelWidth) {
		if i == 0 {
			p.lines = append(p.lines, line{{plain, strings.Repeat(" ", margin)}, {bold, padded(label, labelWidth)}, {cyan, row}})
		} else {
			p.lines = append(p.lines, line{{cyan, indent + row}})
		}
	}
}

// rungs is the report's ladder, or what its step tells where it has none.
func rungs(r *report.Report) []report.Rung {
	if len(r.Ladder) > 0 {
		return r.Ladder
	}
	var all []report.Rung
	for _, s := range cause.Steps() {
		state := "not-reached"
		switch {
		case r.Verdict == report.OK || r.Verdict == report.Warn || s < r.Step:
			state = "passed"
		case s == r.Step && r.Verdict == report.Fail:
			state = "failed"
		}
		all = append(all, report.Rung{Step: s, State: state})
	}
	return all
}

// The ladder: number and name of a step, a rail to the mark, then the text.
//
//	1 connect ───── 192.0.2.10, 31 ms
//	2 version ────✗ client: TLS 1.0, server: TLS 1.2, TLS 1.3
//	3 cipher · 4 certificate · 5 verify · 6 keys · 7 secure   not reached
const railEnd = 15

func (p *painter) ladder() {
	all := rungs(p.r)
	for i := 0; i < len(all); {
		if n := p.run(all[i:]); n > 1 {
			p.together(all[i : i+n])
			i += n
			continue
		}
		p.rung(all[i])
		i++
	}
}

// run is how many steps from the first on share one line: those not reached
// that have nothing to say and, where the screen is short, those passed.
func (p *painter) run(rest []report.Rung) int {
	state := rest[0].State
	if p.o.Verbose || state != "not-reached" && (state != "passed" || p.level < mergedLadder) {
		return 1
	}
	n := 0
	for n < len(rest) && rest[n].State == state && (rest[n].Text == "" || state == "passed") {
		n++
	}
	return n
}

func (p *painter) together(rest []report.Rung) {
	names := make([]string, len(rest))
	for i, g := range rest {
		names[i] = stepName(g.Step)
	}
	if rest[0].State == "passed" {
		p.put(margin, margin+2, line{{green, strings.Join(names, " ─ ")}, {plain, " ✓"}})
		return
	}
	l := styled(dim, strings.Join(names, " · ")+" not reached")
	if margin+l.width() > p.width && len(names) > 2 {
		l = styled(dim, names[0]+" … "+names[len(names)-1]+" not reached")
	}
	p.put(margin, margin+2, l)
}

func stepName(s cause.Step) string {
	return string(rune('0'+s.Index())) + " " + s.String()
}

func (p *painter) rung(g report.Rung) {
	name := stepName(g.Step)
	rail := func(mark string) string {
		return " " + strings.Repeat("─", max(1, railEnd-len(name)-1-len([]rune(mark)))) + mark
	}
	var head line
	body := text(g.Text)
	switch g.State {
	case "passed":
		head = line{{plain, name}, {green, rail("")}}
	case "failed":
		head = line{{bold, name}, {boldRed, rail("✗")}}
	case "warn":
		head = line{{plain, name}, {boldYellow, rail("!")}}
	case "wall":
		head = line{{dim, name}, {red, " " + strings.Repeat("┄", max(1, railEnd-len(name)-2)) + "✗"}}
		body = line{{dim, "next wall: "}, {plain, rungText(g)}}
	default:
		head = styled(dim, padded(name, railEnd))
		body = styled(dim, g.Text)
		if g.Text == "" {
			body = styled(dim, "not reached")
		}
	}
	rows := p.block(margin+railEnd+1, margin+railEnd+1, body, p.limit(3))
	rows[0] = append(append(line{{plain, strings.Repeat(" ", margin)}}, append(head, span{plain, " "})...), rows[0][1:]...)
	p.lines = append(p.lines, rows...)
}
