package render

// The terminal's view of a survey: one screen of 40 lines, facts in the order in
// which a handshake meets them, whom each keeps out below it, then what will
// hurt and what the recommendations say. What does not fit waits for -v.

import (
	"cmp"
	"io"
	"strings"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/report"
)

const (
	surveyHeight = 40 // lines that a survey tries to keep to
	surveyLabel  = 14
	maxWhole     = 160 // of tables whose cells people copy
)

// How much of each thing is shown, from plenty to little, until a survey fits
// the screen.
type surveyRoom struct {
	row      int  // lines of one row
	products int  // that a setting keeps out
	config   int  // lines of configuration of one fix
	findings int  // in full
	changes  int  // to meet a recommendation
	fixes    bool // are shown
	short    bool // facts that can be said with less are
}

var surveyRooms = []surveyRoom{
	{4, 8, 3, 6, 6, true, false},
	{3, 5, 2, 4, 4, true, false},
	{3, 5, 2, 4, 4, true, true},
	{3, 4, 1, 3, 3, true, true},
	{2, 3, 1, 3, 2, true, true},
	{2, 3, 0, 3, 2, true, true}, // a server with so much to say gets more than a screen
}

func writeTermSurveys(w io.Writer, views []*surveyView, o Options) error {
	var b strings.Builder
	for i, v := range views {
		if i > 0 {
			b.WriteByte('\n')
		}
		for _, l := range surveyLines(v, o) {
			l.write(&b, o.Color)
		}
	}
	return flush(w, b.String(), o)
}

func surveyLines(v *surveyView, o Options) []line {
	width := min(max(cmp.Or(o.Width, defaultWidth), minWidth), maxWidth)
	// A terminal that is higher than a screen may show more, never less.
	height := max(o.Height-1, surveyHeight)
	for i, room := range surveyRooms {
		p := &surveyPainter{painter: painter{r: v.r, o: o, width: width}, v: v, room: room}
		p.survey()
		if o.Verbose || len(p.lines) <= height || i == len(surveyRooms)-1 {
			return p.lines
		}
	}
	return nil
}

type surveyPainter struct {
	painter
	v    *surveyView
	room surveyRoom
}

func styleOf(g grade) style {
	switch g {
	case gradeGood:
		return green
	case gradePoor:
		return yellow
	case gradeBad:
		return red
	case gradeSoft:
		return dim
	}
	return plain
}

func lineOf(parts []part) line {
	l := make(line, len(parts))
	for i, p := range parts {
		l[i] = span{styleOf(p.Grade), p.Text}
	}
	return l
}

// most is n, or any number where details are asked for.
func (p *surveyPainter) most(n int) int {
	if p.o.Verbose {
		return 0
	}
	return n
}

func (p *surveyPainter) survey() {
	v := p.v
	mark := span{boldGreen, "✓ "}
	switch v.Verdict {
	case report.Warn:
		mark = span{boldYellow, "! "}
	case report.Unknown:
		mark = span{boldYellow, "? "}
	case report.Fail:
		mark = span{boldRed, "✗ "}
	}
	p.put(2, 4, line{mark, {bold, v.Headline}})
	if v.Where != "" {
		p.put(margin, margin, styled(dim, v.Where))
	}
	p.blank()
	for _, f := range v.Facts {
		p.fact(f)
	}
	p.surveyFindings()
	p.profiles()
	if len(v.Notes) > 0 {
		p.blank()
		for _, n := range v.Notes {
			p.beside("Note", bold, surveyLabel, text(n), p.most(p.room.row))
		}
	}
	if p.o.Verbose {
		for _, t := range v.Tables {
			p.table(t)
		}
		p.blank()
	}
	s := v.Totals
	if !p.o.Verbose {
		s += " · more: -v · --json · -o page.html"
	}
	p.put(margin, margin, styled(dim, s))
}

func (p *surveyPainter) fact(f fact) {
	label, rows := f.Label, f.Rows
	if f.Short != nil && p.room.short && !p.o.Verbose {
		rows = f.Short
	}
	most := p.most(p.room.row)
	if f.Whole {
		most = 0
	}
	for _, row := range rows {
		p.beside(label, bold, surveyLabel, lineOf(row), most)
		label = ""
	}
	for _, l := range f.Out {
		p.beside(label, bold, surveyLabel, line{{yellow, "└ "}, {plain, l.Text + " "}, {yellow, l.Words(p.most(p.room.products))}}, p.most(2))
		label = ""
	}
}

func (p *surveyPainter) surveyFindings() {
	if len(p.v.Findings) == 0 {
		return
	}
	p.blank()
	shown := p.v.Findings
	if n := p.room.findings; !p.o.Verbose && len(shown) > n {
		shown = shown[:n]
	}
	for _, f := range shown {
		p.put(margin, margin+2, line{{boldYellow, "! "}, {bold, string(f.Cause)}, {plain, "  " + summary(f)}})
		if p.o.Verbose {
			p.finding(f)
			if len(f.Reproduce) > 0 {
				p.command("See it", f.Reproduce[0])
			}
			continue
		}
		if m := remediesOf(f); m.main != nil && p.room.fixes {
			p.shortFix(shortest(m))
		}
	}
	if rest := p.v.Findings[len(shown):]; len(rest) > 0 {
		ids := make([]string, len(rest))
		for i, f := range rest {
			ids[i] = string(f.Cause)
		}
		p.put(margin, margin+2, line{{boldYellow, "! "}, {plain, list(ids, 5)}})
	}
}

func (p *surveyPainter) shortFix(x *report.Fix) {
	name := "Fix"
	if n := softwareName(x.For); n != "" {
		name += ", " + n
	}
	rows := configRows(x)
	if x.Config == "" && p.room.config < 2 {
		rows = nil // commands suit few machines as they stand, and need the text
	}
	if len(rows) == 0 || p.room.config > 1 {
		p.lines = append(p.lines, p.block(margin+2, margin+2, line{{bold, name + ": "}, {plain, sentence(oneLine(x.Text))}}, 2)...)
		name = ""
	}
	// Lines of configuration say more than the text around them.
	if n := max(p.room.config, 1); len(rows) > n {
		rows = rows[:n]
	}
	for _, row := range rows {
		l := line{{cyan, row}}
		if name != "" {
			l, name = line{{bold, name + ": "}, {cyan, row}}, ""
		}
		p.lines = append(p.lines, p.block(margin+2, margin+4, l, 2)...)
	}
}

// shortest is the remedy that is shown where there is no room for text and
// configuration. A line of configuration that names a file is there already most
// times: what has to be in the file is what matters, and the remedy for any
// software says that.
func shortest(m remedies) *report.Fix {
	if !strings.Contains(m.main.Config, ".pem") {
		return m.main
	}
	for i := range m.others {
		if x := &m.others[i]; x.For == cause.Generic && x.Side == m.main.Side {
			return x
		}
	}
	return m.main
}

// profiles says how far the server is from the recommendations: in full for the
// first that it does not meet and should, in a word for the others.
func (p *surveyPainter) profiles() {
	all := p.v.Profiles
	if len(all) == 0 {
		return
	}
	p.blank()
	var head line
	for i, x := range all {
		if i > 0 {
			head = append(head, span{dim, " · "})
		}
		if x.Meets {
			head = append(head, span{green, x.Name + " ✓"})
		} else {
			head = append(head, span{plain, x.Name + " ✗ "}, span{dim, count(len(x.Changes), "change")})
		}
	}
	p.beside("Mozilla", bold, surveyLabel, head, 0)
	for _, x := range all {
		if !x.Meets && (p.o.Verbose || x.Name == nextProfile(all)) {
			p.profile(x)
		}
	}
}

// nextProfile is the recommendation to go for: the intermediate one, which suits
// nearly all, and then the strictest.
func nextProfile(all []profileView) string {
	for _, name := range []string{"intermediate", "modern"} {
		for _, x := range all {
			if x.Name == name && !x.Meets {
				return name
			}
		}
	}
	return ""
}

func (p *surveyPainter) profile(x profileView) {
	for i, c := range x.Changes {
		label := ""
		if i == 0 {
			label = x.Name
		}
		if n := p.room.changes; !p.o.Verbose && i == n-1 && len(x.Changes) > n {
			p.beside(label, plain, surveyLabel, styled(dim, "and "+count(len(x.Changes)-i, "more change")+": -v"), 1)
			return
		}
		l := line{{plain, c.Text}}
		if c.Out != "" {
			l = append(l, span{yellow, " Keeps out " + c.Out + "."})
		}
		if c.In != "" {
			l = append(l, span{green, " Lets in " + c.In + "."})
		}
		p.beside(label, plain, surveyLabel, l, p.most(p.room.row))
		if p.o.Verbose {
			for _, d := range []struct{ word, what string }{{"remove ", c.Remove}, {"add ", c.Add}} {
				if d.what != "" {
					p.beside("", plain, surveyLabel, line{{dim, d.word}, {cyan, d.what}}, 0)
				}
			}
		}
	}
}

func (p *surveyPainter) table(t surveyTable) {
	p.heading(t.Title)
	if t.Note != "" {
		p.put(margin, margin, styled(dim, t.Note))
	}
	rows, grades := make([][]string, 0, len(t.Rows)+1), []style{}
	if t.Headed() {
		rows, grades = append(rows, t.Head), append(grades, dim)
	}
	for _, r := range t.Rows {
		rows, grades = append(rows, r.Cells), append(grades, styleOf(r.Grade))
	}
	width := p.width
	if t.Whole {
		width = maxWhole
	}
	for i, lines := range rowsOfColumns(rows, margin, width) {
		for _, l := range lines {
			for j := range l {
				l[j].style = grades[i]
			}
			p.lines = append(p.lines, l)
		}
	}
	for i, c := range t.Chain {
		flag := ""
		if c.Flag != "" {
			flag = ", " + c.Flag
		}
		p.put(margin, margin+2, line{{dim, "sent " + string(rune('0'+min(i, 9))) + "  "}, {plain, c.Subject}, {red, flag}})
		p.put(margin+2, margin+2, styled(dim, c.Dates+" · "+c.Key+" · "+c.Signature+" · issued by "+c.Issuer))
		if c.Break != "" {
			p.put(margin+2, margin+2, styled(red, c.Break))
		}
	}
}
