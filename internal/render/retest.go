package render

import (
	"cmp"
	"io"
	"strings"

	"github.com/tlswhy/tlswhy/internal/report"
)

// writeTermRetests shows what changed, and the repeated check where it still
// fails or -v asks for it.
func writeTermRetests(w io.Writer, retests []*report.Retest, o Options) error {
	var b strings.Builder
	for i, t := range retests {
		if i > 0 {
			b.WriteByte('\n')
		}
		for _, l := range retestLines(t, o) {
			l.write(&b, o.Color)
		}
	}
	return flush(w, b.String(), o)
}

func retestLines(t *report.Retest, o Options) []line {
	p := &painter{r: t.Report, o: o, width: min(max(cmp.Or(o.Width, defaultWidth), minWidth), maxWidth)}
	mark := span{boldGreen, "✓ "}
	switch {
	case t.Verdict == report.Unknown:
		mark = span{boldYellow, "? "}
	case t.After.Blocking > 0:
		mark = span{boldRed, "✗ "}
	}
	p.put(2, 4, line{mark, {bold, retestHeadline(t)}})
	p.changes("fixed", green, t.Fixed)
	p.changes("new", red, t.New)
	p.changes("unchanged", yellow, t.Unchanged)
	p.changes("not seen", dim, t.Hidden)
	if t.After.Blocking > 0 || t.Verdict == report.Unknown || o.Verbose {
		return append(p.lines, termLines(t.Report, o)...)
	}
	p.totals()
	return p.lines
}

func (p *painter) changes(label string, st style, all []report.Finding) {
	const width = 11
	for i := range all {
		f := &all[i]
		s := summary(f)
		if !f.Blocking {
			s += " (warning)"
		}
		p.beside(label, st, width, line{{bold, string(f.Cause)}, {plain, ": " + s}}, 0)
	}
}

func retestHeadline(t *report.Retest) string {
	s := headline(t.Report)
	switch before, after := t.Before, t.After; {
	case t.Verdict == report.Unknown:
		return s
	case before.Blocking > 0 && after.Blocking == 0:
		return s + ": fixed"
	case before.Blocking == 0 && after.Blocking > 0:
		return s + ", and could before"
	case after.Blocking > 0 && before.Cause != after.Cause:
		return s + ": " + string(before.Cause) + " is gone, " + string(after.Cause) + " is next"
	case after.Blocking > 0:
		return s + ", as before"
	}
	return s + ", as before"
}
