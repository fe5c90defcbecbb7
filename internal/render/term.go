package render

// The terminal's view. Rules: two columns of margin with the verdict's mark,
// four for everything under it; labels in one column; one screen of 80 by 24
// answers the question, and what does not fit there waits for -v. Lower case,
// full stops only after sentences.

import (
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/tlswhy/tlswhy/internal/report"
)

// Bounds of the view, in columns and lines. Lines beyond maxWidth are hard to
// follow with the eye.
const (
	minWidth      = 40
	minText       = 12 // what is left for a text beside the widest label
	maxWidth      = 110
	defaultWidth  = 80
	defaultHeight = 24
	margin        = 4
	labelWidth    = 9
)

// painter collects the lines of one report.
type painter struct {
	r     *report.Report
	o     Options
	width int
	// level is how much was given up so far to fit the height; 0 is nothing.
	level int
	lines []line
}

func writeTerm(w io.Writer, reports []*report.Report, o Options) error {
	var b strings.Builder
	for i, r := range reports {
		if i > 0 {
			b.WriteByte('\n')
		}
		for _, l := range termLines(r, o) {
			l.write(&b, o.Color)
		}
	}
	if len(reports) > 1 {
		b.WriteByte('\n')
		tally(reports).write(&b, o.Color)
	}
	return flush(w, b.String(), o)
}

// flush writes text, without characters beyond ASCII of our own if so wanted.
func flush(w io.Writer, s string, o Options) error {
	if o.ASCII {
		s = asciiMarks.Replace(s)
	}
	_, err := io.WriteString(w, s)
	return err
}

var asciiMarks = strings.NewReplacer("✓", "+", "✗", "x", "─", "-", "·", "|", "…", "...", "–", "-", "→", "->", "“", `"`, "”", `"`, "┄", ".", "└", "`", "≠", "!=", "\u00a0", " ")

// termLines is a report in as few lines as it needs, and no more than fit.
func termLines(r *report.Report, o Options) []line {
	width := o.Width
	if width == 0 {
		width = defaultWidth
	}
	return termLinesWithin(r, o, width, max(o.Height, defaultHeight))
}

// termLinesWithin is termLines for a report that shares the screen.
func termLinesWithin(r *report.Report, o Options, width, height int) []line {
	for level := 0; ; level++ {
		p := &painter{r: r, o: o, width: min(max(width, minWidth), maxWidth), level: level}
		p.report()
		// One line stays free for the prompt.
		if o.Verbose || level == maxLevel || len(p.lines) < height {
			return p.lines
		}
	}
}

// What is given up, one after the other, until a report fits the screen.
const (
	fewerWarnings     = iota + 1 // warnings share one line
	noHints                      // that other fixes exist is left to -v
	shortRetest                  // a long command is not repeated: it was just typed
	mergedLadder                 // steps passed share one line
	shorterConfig                // configuration shows its first lines
	shorterInstead               // what the other end could do is said in two lines
	shorterForInstead            // or in one, and long texts in two, so that it finds room
	noInstead                    // it is left to -v
	shorterTexts                 // long texts show their first three lines
	shorterStillTexts            // then two
	shortestTexts                // then one
	maxLevel          = shortestTexts
)

func (p *painter) report() {
	switch p.r.Verdict {
	case report.OK, report.Warn:
		p.healthy()
	default:
		p.broken()
	}
	if p.o.Verbose {
		p.details()
	}
	p.totals()
}

// healthy takes three lines, and one more for each thing that will hurt or has
// to be said.
func (p *painter) healthy() {
	mark, head := span{boldGreen, "✓ "}, headline(p.r)
	warnings := p.warnings()
	if p.r.Verdict == report.Warn {
		mark = span{boldYellow, "! "}
		head += ", with " + count(len(warnings), "warning")
	}
	p.put(2, 4, line{mark, {bold, head}})
	if facts := negotiated(p.r.Server); len(facts) > 0 {
		p.put(margin, margin, text(strings.Join(facts, ", ")))
	}
	widest := 0
	for _, f := range warnings {
		widest = max(widest, len(f.Cause))
	}
	for _, f := range warnings {
		p.beside(string(f.Cause), yellow, widest+2, text(summary(f)), p.limit(1))
	}
	p.notes()
}

// broken is a failure, or a question that stayed open.
func (p *painter) broken() {
	mark := span{boldRed, "✗ "}
	if p.r.Verdict == report.Unknown {
		mark = span{boldYellow, "? "}
	}
	p.blank()
	p.put(2, 4, line{mark, {bold, headline(p.r)}})
	root := p.r.Root()
	if root == nil && len(p.r.Findings) > 0 && p.r.Verdict == report.Unknown {
		root = &p.r.Findings[0]
	}
	if root != nil {
		p.putLimited(margin, text(summary(root)), p.limit(5))
	}
	p.blank()
	p.ladder()
	p.blank()
	if root != nil {
		p.finding(root)
	}
	if p.r.Verdict == report.Unknown {
		p.tried()
	}
	p.also(root)
	p.notes()
	p.seeIt(root)
}

func (p *painter) finding(f *report.Finding) {
	st := boldGreen
	if f.Confidence != report.Proved {
		st = boldYellow
	}
	p.label(confidenceLabel(f.Confidence), st, text(proof(p.r, f, p.o.Verbose)), p.limit(5))
	for i, a := range f.Alternatives {
		if !p.o.Verbose && (i == 2 || f.Confidence == report.Proved) {
			break
		}
		p.label("Or", bold, line{{plain, string(a.Cause)}, {plain, ": " + decides(a)}}, p.limit(3))
	}
	if len(f.Either) > 0 {
		sets := make([]string, len(f.Either))
		for i, set := range f.Either {
			sets[i] = strings.Join(set, " and ")
		}
		p.label("Either", bold, text(strings.Join(sets, ", or ")+"."), p.limit(3))
	}
	if s := actor(p.r, f); s != "" {
		p.label("Who acts", bold, text(s), 0)
	}
	m := remediesOf(f)
	p.fix("Fix", m.main, m)
	if m.instead != nil && p.level < noInstead {
		p.fix("Instead", m.instead, remedies{})
	}
}

// fix shows one remedy: for what, what to do, and the lines of configuration.
func (p *painter) fix(label string, x *report.Fix, m remedies) {
	if x == nil {
		return
	}
	l := line{}
	if n := softwareName(x.For); n != "" && !saysItself(x, n) {
		l = append(l, span{bold, n + ": "})
	}
	l = append(l, span{plain, sentence(oneLine(x.Text))})
	if names := m.otherNames(); len(names) > 0 && p.level < noHints && !p.o.Verbose {
		l = append(l, span{dim, " Also for " + list(names, 3) + ": -v"})
	}
	lines, rows := p.limit(6), 8
	switch {
	case p.level == shorterForInstead && label == "Instead":
		lines, rows = 1, 2
	case p.level == shorterForInstead:
		lines, rows = 3, 4
	case p.level >= shorterInstead && label == "Instead":
		lines, rows = 2, 3
	case p.level >= shorterConfig:
		rows = 4
	}
	p.label(label, bold, l, lines)
	p.config(x, rows)
}

// config shows the lines of configuration and the commands after them.
func (p *painter) config(x *report.Fix, limit int) {
	indent := strings.Repeat(" ", margin+labelWidth+2)
	if x.Config != "" && x.Place != "" && p.o.Verbose {
		p.lines = append(p.lines, line{{dim, indent + "in " + x.Place + ":"}})
	}
	rows := configRows(x)
	for i, row := range rows {
		if !p.o.Verbose && i == limit-1 && len(rows) > limit {
			p.lines = append(p.lines, line{{dim, indent + "… " + count(len(rows)-i, "more line") + ": -v"}})
			return
		}
		p.lines = append(p.lines, line{{cyan, indent + row}})
	}
}

// configRows are the lines of configuration, then what to run.
func configRows(x *report.Fix) []string {
	var rows []string
	if c := strings.Trim(x.Config, "\n"); c != "" {
		rows = strings.Split(c, "\n")
	}
	return append(rows, x.Run...)
}

// oneLine joins the lines of a text.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// also names the other findings: the walls behind the first, then the warnings.
func (p *painter) also(root *report.Finding) {
	if p.o.Verbose {
		return // the details have them in full
	}
	var next []string
	for i := range p.r.Findings {
		if f := &p.r.Findings[i]; f.Blocking && f != root {
			next = append(next, bare(f.Title)+" ("+string(f.Cause)+")")
		}
	}
	if len(next) > 0 {
		p.label("Then", bold, text("once that is fixed: "+list(next, 3)+"."), p.limit(3))
	}
	warnings := p.warnings()
	if root != nil && !root.Blocking {
		warnings = warnings[1:]
	}
	switch {
	case len(warnings) == 0:
	case len(warnings) <= 2 && p.level < fewerWarnings:
		for _, f := range warnings {
			p.label("Also", yellow, line{{plain, string(f.Cause) + ": " + summary(f)}}, 2)
		}
	default:
		ids := make([]string, len(warnings))
		for i, f := range warnings {
			ids[i] = string(f.Cause)
		}
		p.label("Also", yellow, text(list(ids, 4)), 2)
	}
}

func (p *painter) warnings() []*report.Finding {
	var all []*report.Finding
	for i := range p.r.Findings {
		if f := &p.r.Findings[i]; !f.Blocking {
			all = append(all, f)
		}
	}
	return all
}

func (p *painter) notes() {
	for _, n := range p.r.Notes {
		p.label("Note", bold, text(sentence(n)), p.limit(3))
	}
}

// tried lists what was tried, where no verdict came of it.
func (p *painter) tried() {
	if ways := triedWays(p.r); len(ways) > 0 {
		p.label("Tried", bold, text(list(ways, 5)+"."), p.limit(4))
	}
	if p.o.Saved != "" {
		p.label("Attach", bold, text(p.o.Saved+" to a bug report: it holds every attempt."), 0)
	}
}

func (p *painter) seeIt(root *report.Finding) {
	if root == nil {
		return
	}
	if len(root.Reproduce) > 0 {
		p.command("See it", root.Reproduce[0])
	}
	switch {
	case p.o.Saved != "" && p.r.Verdict != report.Unknown:
		p.command("Re-test", "tlswhy retest "+p.o.Saved)
	case root.Retest != "":
		if p.level >= shortRetest && len(wrapCommand(root.Retest, p.width-margin-labelWidth)) > 1 {
			p.label("Re-test", bold, text("the same command, or -o report.json and tlswhy retest report.json"), 1)
			return
		}
		p.command("Re-test", root.Retest)
	}
}

func (p *painter) totals() {
	var more []string
	if !p.o.Verbose {
		more = append(more, "-v")
	}
	s := totals(p.r)
	if len(p.r.Findings) > 0 {
		more = append(more, "--json", "tlswhy guide "+string(p.r.Findings[0].Cause))
	} else if v := validity(p.r); v != "" {
		s = v + " · " + s
	}
	if len(more) > 0 {
		s += " · more: "
		if l := text(s + strings.Join(more, " · ")); len(more) == 3 && margin+l.width() > p.width {
			more = slices.Delete(more, 1, 2)
		}
		s += strings.Join(more, " · ")
	}
	p.put(margin, margin, styled(dim, s))
}

// tally sums up the reports of several targets.
func tally(reports []*report.Report) line {
	n := map[report.Verdict]int{}
	for _, r := range reports {
		n[r.Verdict]++
	}
	l := line{{bold, "  " + count(len(reports), "target") + ": "}}
	sep := ""
	for _, v := range []struct {
		verdict report.Verdict
		style   style
		word    string
	}{{report.OK, green, "ok"}, {report.Warn, yellow, "ok with warnings"}, {report.Fail, red, "failed"}, {report.Unknown, yellow, "unknown"}} {
		if n[v.verdict] > 0 {
			l = append(l, span{plain, sep}, span{v.style, strconv.Itoa(n[v.verdict]) + " " + v.word})
			sep = ", "
		}
	}
	return l
}
