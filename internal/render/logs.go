package render

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/render/safe"
	"github.com/tlswhy/tlswhy/internal/report"
)

// Logs writes which failures logs tell of: a line or two for each cause, the
// commonest first, and what to look at first. With Verbose, every cause with its
// texts and clients.
func Logs(w io.Writer, d *report.Logs, o Options) error {
	d = cleaned(d)
	p := newPage(o)
	p.o.Verbose = o.Verbose
	p.put(2, 4, logsHead(d))
	if d.Failures == 0 {
		p.put(margin, margin, styled(dim, "No line tells of a failed handshake. Servers write of them at level info or debug: tlswhy guide logs"))
		return p.flush(w)
	}
	p.blank()
	shown := 0
	for i := range d.Groups {
		g := &d.Groups[i]
		if users := g.Count - g.Noise; !o.Verbose && (shown == mostGroups || users == 0 && shown > 0) {
			continue
		}
		p.logGroup(d, g)
		shown++
	}
	p.otherGroups(d, shown)
	p.logNoise(d)
	p.logBy(d)
	if len(d.Groups) > 0 {
		p.blank()
		first := &d.Groups[0]
		if len(first.Decides) > 0 && first.Decided < first.Count {
			p.label("Decides", bold, text(sentence(first.Decides[0])), p.limit(2))
		}
		for i, n := range first.Next {
			label := "Next"
			if i > 0 {
				label = ""
			}
			p.command(label, n)
		}
	}
	return p.flush(w)
}

// mostGroups is how many causes are shown without Verbose.
const mostGroups = 8

// leastDrawn is from how many failures on they are drawn over time.
const leastDrawn = 3

// logsHead is what was read.
func logsHead(d *report.Logs) line {
	s := big(d.Lines) + " " + plural(d.Lines, "line")
	if d.First != nil && d.Last != nil {
		s += ", " + lasting(d.Last.Sub(*d.First))
	}
	mark := span{boldGreen, "✓ "}
	if d.Failures > d.Noise {
		mark = span{boldRed, "✗ "}
	}
	l := line{mark, {bold, s + " · " + big(d.Failures) + " failed " + plural(d.Failures, "handshake")}}
	switch {
	case d.Noise > 0 && d.Noise == d.Failures:
		l = append(l, span{plain, ", all of them likely nobody's"})
	case d.Noise > 0:
		l = append(l, span{plain, " · " + big(d.Noise) + " of them likely nobody's: " + noiseKinds(d)})
	}
	if d.Undated > 0 {
		l = append(l, span{plain, " · " + big(d.Undated) + " without a time left out"})
	}
	return l
}

func plural(n int64, what string) string {
	if n == 1 {
		return what
	}
	return what + "s"
}

func noiseKinds(d *report.Logs) string {
	names := map[string]string{"scanner": "scanners", "probe": "port probes", "healthcheck": "health checks", "own": "our own checks"}
	all := slices.Clone(d.NoiseBy)
	slices.SortStableFunc(all, func(a, b report.LogNoise) int { return int(b.Count - a.Count) })
	var out []string
	for _, n := range all {
		out = append(out, names[n.Kind])
	}
	return strings.Join(out, ", ")
}

// logGroup is a cause: how often, when, for whom.
func (p *painter) logGroup(d *report.Logs, g *report.LogGroup) {
	mark := span{boldRed, string(g.Cause)}
	if g.Count == g.Noise {
		mark = span{bold, string(g.Cause)}
	}
	l := line{mark, {plain, "  " + howOften(g)}}
	if s := sparkline(g.Over, p.o.ASCII); s != "" && g.Count >= leastDrawn {
		l = append(l, span{dim, "  "}, span{plain, s})
	}
	if w := when(d, g); w != "" {
		l = append(l, span{plain, "  " + w})
	}
	p.put(margin, margin+2, l)
	about := line{{dim, g.Title}}
	if others := leftOpen(g); len(others) > 0 {
		about = append(about, span{dim, ", or "}, span{plain, strings.Join(others, ", ")})
	}
	if who := forWhom(g); who != "" {
		about = append(about, span{dim, " · " + who})
	}
	p.put(margin+2, margin+2, about)
	if !p.o.Verbose {
		return
	}
	for _, t := range g.Texts {
		p.put(margin+4, margin+6, text(big(t.Count)+" × "+firstNonEmpty(t.Says, t.Sample)))
		if t.Says != "" {
			p.putLimited(margin+6, styled(dim, t.Sample), 2)
		}
	}
	for _, c := range g.Top {
		p.put(margin+4, margin+6, styled(dim, fmt.Sprintf("%s %s: %s", c.Kind, c.Key, big(c.Count))))
	}
	for _, x := range g.Decides {
		p.put(margin+4, margin+6, styled(dim, "decides: "+x))
	}
}

func firstNonEmpty(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func howOften(g *report.LogGroup) string {
	if g.Count == 0 {
		return "perhaps " + big(g.Possible)
	}
	s := big(g.Count)
	if g.Noise > 0 {
		s += fmt.Sprintf(" (%s noise)", big(g.Noise))
	}
	return s
}

// leftOpen are the other causes that most of the texts of a group leave open.
func leftOpen(g *report.LogGroup) []string {
	var out []string
	if g.Decided == g.Count {
		return out
	}
	for _, t := range g.Texts {
		for _, c := range t.Causes {
			if c != g.Cause && len(out) < 2 && !slices.Contains(out, string(c)) {
				out = append(out, string(c))
			}
		}
	}
	return out
}

// forWhom says which clients, names and agents.
func forWhom(g *report.LogGroup) string {
	var parts []string
	if n := len(g.Clients); n > 0 {
		top := int64(0)
		for _, c := range g.Top {
			if c.Kind == "client" {
				top = max(top, c.Count)
			}
		}
		switch {
		case n == 1 && g.ClientCount == 1:
			parts = append(parts, g.Clients[0])
		case top*2 > g.Count:
			parts = append(parts, fmt.Sprintf("%d clients, %s mostly", g.ClientCount, g.Clients[0]))
		default:
			parts = append(parts, fmt.Sprintf("%d clients", g.ClientCount))
		}
	}
	if len(g.Names) > 0 {
		s := "asked for " + g.Names[0]
		if n := len(g.Names) - 1; n > 0 {
			s += fmt.Sprintf(" and %d more", n)
		}
		parts = append(parts, s)
	}
	if len(g.Agents) > 0 {
		parts = append(parts, g.Agents[0])
	}
	return strings.Join(parts, ", ")
}

// when says since when, where that tells something.
func when(d *report.Logs, g *report.LogGroup) string {
	if g.First == nil || g.Last == nil || d.First == nil || d.Last == nil {
		return ""
	}
	whole := d.Last.Sub(*d.First)
	clock := func(t time.Time) string {
		if whole < time.Hour {
			return t.Format("2 Jan 15:04:05")
		}
		return t.Format("2 Jan 15:04")
	}
	switch {
	case g.Last.Sub(*g.First) < time.Second:
		return "at " + clock(*g.First)
	case whole > 0 && g.First.Sub(*d.First) > whole/10:
		s := "since " + clock(*g.First)
		if d.Last.Sub(*g.Last) > whole/10 {
			s = "from " + clock(*g.First) + " to " + clock(*g.Last)
		}
		return s
	case whole > 0 && d.Last.Sub(*g.Last) > whole/10:
		return "until " + clock(*g.Last)
	}
	return "all the time"
}

// sparkline draws counts over time; "" for none.
func sparkline(over []int64, ascii bool) string {
	bars := "▁▂▃▄▅▆▇█"
	if ascii {
		bars = "_.:-=+*#"
	}
	top := int64(0)
	for _, n := range over {
		top = max(top, n)
	}
	if top == 0 {
		return ""
	}
	marks := []rune(bars)
	var b strings.Builder
	for _, n := range over {
		k := n * int64(len(marks)-1) / top
		if n > 0 && k == 0 {
			k = 1
		}
		b.WriteRune(marks[max(k, 0)])
	}
	return b.String()
}

// otherGroups are the causes that are not shown, and what is not known.
func (p *painter) otherGroups(d *report.Logs, shown int) {
	if n := len(d.Groups) - shown; n > 0 {
		p.put(margin, margin, styled(dim, fmt.Sprintf("… %s: -v", count(n, "more possible cause"))))
	}
	if d.Unclassified == 0 {
		return
	}
	p.put(margin, margin+2, line{{boldYellow, "not known"}, {plain, "  " + big(d.Unclassified)}})
	for i, t := range d.Unknown {
		if i == 2 && !p.o.Verbose {
			break
		}
		p.putLimited(margin+2, styled(dim, t.Sample), 2)
	}
}

func (p *painter) logNoise(d *report.Logs) {
	if !p.o.Verbose {
		return
	}
	for _, n := range d.NoiseBy {
		p.put(margin, margin+2, line{{bold, "noise: " + n.Kind}, {plain, "  " + big(n.Count) + "  " + strings.Join(n.Clients, ", ")}})
	}
}

// logBy is the table that --by asks for.
func (p *painter) logBy(d *report.Logs) {
	if len(d.By) == 0 {
		return
	}
	p.blank()
	rows := d.By
	if !p.o.Verbose {
		rows = rows[:min(len(rows), 24)]
	}
	widest := 0
	for _, r := range rows {
		widest = max(widest, len([]rune(r.Key)))
	}
	widest = min(widest, 40)
	for _, r := range rows {
		var parts []string
		for _, id := range rankedCounts(r.Causes) {
			parts = append(parts, fmt.Sprintf("%s %s", id, big(r.Causes[id])))
		}
		p.put(margin, margin+widest+2, line{{bold, padded(r.Key, widest)}, {plain, "  " + big(r.Count) + "  "}, {dim, strings.Join(parts, ", ")}})
	}
}

func rankedCounts(m map[cause.ID]int64) []cause.ID {
	var out []cause.ID
	for id := range m {
		out = append(out, id)
	}
	slices.SortFunc(out, func(a, b cause.ID) int {
		if m[a] != m[b] {
			return int(m[b] - m[a])
		}
		return strings.Compare(string(a), string(b))
	})
	return out
}

// big is a number with its thousands set apart.
func big(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// lasting is a length of time in the unit that fits.
func lasting(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return count(int(d.Seconds())+1, "second")
	case d < 2*time.Hour:
		return count(int(d.Minutes()), "minute")
	case d < 48*time.Hour:
		return count(int(d.Hours()), "hour")
	}
	return count(int(d.Hours()/24), "day")
}

// LogFailure writes one line that tells of a failure.
func LogFailure(w io.Writer, f *report.LogFailure, o Options) error {
	name := string(f.Cause)
	if name == "" {
		name = "not known"
	}
	l := line{}
	if f.Time != nil {
		l = append(l, span{dim, f.Time.Format("2006-01-02 15:04:05") + "  "})
	}
	l = append(l, span{boldRed, name}, span{plain, "  "})
	if f.Client != "" {
		l = append(l, span{plain, f.Client + "  "})
	}
	if f.Noise != "" {
		l = append(l, span{dim, "(" + f.Noise + ")  "})
	}
	l = append(l, span{dim, safe.Line(f.Text, 300)})
	p := newPage(o)
	p.lines = append(p.lines, l)
	return p.flush(w)
}
