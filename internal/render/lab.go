package render

import (
	"io"
	"strconv"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/report"
)

// LabLine is what was found at an endpoint of the lab.
type LabLine struct {
	Name      string
	Cause     cause.ID // what is wrong there, "" is healthy
	Report    *report.Report
	AsClaimed bool
	Skipped   string // why there is no report
}

// LabLines writes a verdict line for each endpoint, and how many are right.
func LabLines(w io.Writer, all []LabLine, o Options) error {
	p := newPage(o)
	widest, right, checked, proved := 0, 0, 0, 0
	for _, x := range all {
		widest = max(widest, len(x.Name))
	}
	for _, x := range all {
		if x.Report == nil {
			p.labLine("·", dim, x.Name, widest, styled(dim, "not on this machine: "+x.Skipped))
			continue
		}
		checked++
		r := cleaned(x.Report)
		mark, st := "✓", boldGreen
		if x.AsClaimed {
			right++
		} else {
			mark, st = "✗", boldRed
		}
		p.labLine(mark, st, x.Name, widest, labVerdict(r, x))
		if root := r.Root(); root != nil && root.Confidence == report.Proved {
			proved++
		}
	}
	p.blank()
	p.put(2, 2, styled(bold, strconv.Itoa(right)+" of "+count(checked, "endpoint")+" as claimed, "+count(proved, "cause")+" proved"))
	return p.flush(w)
}

func (p *painter) labLine(mark string, st style, name string, widest int, l line) {
	head := line{{plain, "  "}, {st, mark}, {plain, " "}, {bold, padded(name, widest)}, {plain, "  "}}
	// The line stands for itself: it is cut where it ends, not at a word.
	rows := []line{append(line{{plain, ""}}, l...)}
	if room := p.width - widest - 6; l.width() > room {
		cut, _ := split(rows[0], room-1)
		rows[0] = append(cut, span{dim, "…"})
	}
	p.lines = append(p.lines, append(head, rows[0][1:]...))
}

func labVerdict(r *report.Report, x LabLine) line {
	claim := "healthy"
	if x.Cause != "" {
		claim = string(x.Cause)
	}
	if len(r.Findings) == 0 {
		l := line{{green, "connects"}}
		if r.Verdict == report.Unknown {
			l = line{{yellow, "unknown"}}
		}
		if !x.AsClaimed {
			l = append(l, span{plain, ", but should be "}, span{bold, claim})
		}
		return l
	}
	f := r.Root()
	if f == nil {
		f = &r.Findings[0]
		for i := range r.Findings {
			if r.Findings[i].Cause == x.Cause {
				f = &r.Findings[i]
			}
		}
	}
	l := line{{cyan, string(f.Cause)}, {dim, ", " + string(f.Confidence)}}
	if !x.AsClaimed {
		l = append(l, span{plain, ", but should be "}, span{bold, claim})
	}
	return append(l, span{plain, ": " + summary(f)})
}
