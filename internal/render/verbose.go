package render

import (
	"fmt"
	"slices"
	"strings"

	"github.com/clipperhouse/displaywidth"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// details is what -v adds: everything in the report but the bytes.
func (p *painter) details() {
	if p.r.Verdict == report.OK || p.r.Verdict == report.Warn {
		p.blank()
		p.ladder()
	}
	root := p.r.Root()
	for i := range p.r.Findings {
		if f := &p.r.Findings[i]; f != root {
			p.otherFinding(f)
		}
	}
	if root != nil {
		p.otherFixes(root)
	}
	p.addresses()
	p.chain()
	p.checklist()
	p.handshakes()
	p.blank()
}

func (p *painter) heading(s string) {
	p.blank()
	p.lines = append(p.lines, line{{plain, "  "}, {bold, s}})
}

func (p *painter) otherFinding(f *report.Finding) {
	kind := "Warning"
	if f.Blocking {
		kind = "Next cause"
	}
	p.heading(kind + ": " + string(f.Cause))
	p.put(margin, margin, text(summary(f)))
	p.finding(f)
	if len(f.Reproduce) > 0 {
		p.command("See it", f.Reproduce[0])
	}
}

func (p *painter) otherFixes(f *report.Finding) {
	m := remediesOf(f)
	if len(m.others) == 0 {
		return
	}
	p.heading("The same fix elsewhere")
	for _, x := range m.others {
		name := softwareName(x.For)
		if name == "" {
			name = "in general"
		}
		if atClient(x, f) != (f.Side == cause.SideClient) {
			name += ", instead"
		}
		p.put(margin, margin+2, line{{bold, name + ": "}, {plain, sentence(oneLine(x.Text))}, {dim, untested(x)}})
		if x.Config != "" && x.Place != "" {
			p.put(margin+2, margin+2, styled(dim, "in "+x.Place+":"))
		}
		for _, row := range configRows(&x) {
			p.lines = append(p.lines, line{{cyan, strings.Repeat(" ", margin+2) + row}})
		}
	}
}

// untested marks a fix that no test of ours has seen work.
func untested(x report.Fix) string {
	if x.Verified {
		return ""
	}
	return " (from documentation, not tested here)"
}

func (p *painter) addresses() {
	if len(p.r.Addresses) == 0 {
		return
	}
	p.heading("Addresses")
	rows := make([][]string, len(p.r.Addresses))
	for i, a := range p.r.Addresses {
		rows[i] = []string{a.IP, a.Outcome}
	}
	p.table(rows)
}

func (p *painter) chain() {
	if len(p.r.Chain) == 0 {
		return
	}
	p.heading("Certificates, as sent")
	for i, c := range p.r.Chain {
		from := ""
		if c.From == "aia" {
			from = " (not sent: fetched)"
		}
		p.put(margin, margin+4, line{{plain, fmt.Sprintf("%d  ", i)}, {bold, c.Subject}, {yellow, from}})
		p.put(margin+3, margin+5, text("issued by "+c.Issuer))
		p.put(margin+3, margin+5, text(date(c.NotBefore)+" to "+date(c.NotAfter)+" · "+c.Key+" · "+c.Signature))
		if len(c.SANs) > 0 {
			p.put(margin+3, margin+5, text("names: "+list(c.SANs, 8)))
		}
		p.put(margin+3, margin+5, styled(dim, "SHA-256 "+c.SHA256))
	}
	if len(p.r.Authorities) > 0 {
		p.heading("Client certificates are accepted of")
		for _, a := range p.r.Authorities {
			p.put(margin, margin+2, text(a))
		}
	}
}

func (p *painter) checklist() {
	if len(p.r.Checklist) == 0 {
		return
	}
	p.heading("Checklist")
	for _, c := range p.r.Checklist {
		mark := span{dim, "· "}
		switch c.State {
		case "yes":
			mark = span{green, "✓ "}
		case "no":
			mark = span{red, "✗ "}
		case "unknown":
			mark = span{yellow, "? "}
		}
		l := line{mark, {plain, checkTitle(c.ID)}}
		if len(c.Evidence) > 0 {
			l = append(l, span{dim, " (" + list(c.Evidence, 4) + ")"})
		}
		p.put(margin, margin+2, l)
	}
}

func checkTitle(id string) string {
	for _, item := range cause.Checklist() {
		if item.ID == id {
			return item.Title
		}
	}
	return id
}

func (p *painter) handshakes() {
	if len(p.r.Handshakes) == 0 {
		return
	}
	p.heading("Attempts")
	rows := make([][]string, len(p.r.Handshakes))
	for i := range p.r.Handshakes {
		h := &p.r.Handshakes[i]
		rows[i] = []string{h.ID, h.Purpose, offered(h.Offered), outcome(h), milliseconds(h.MS)}
	}
	p.table(rows)
}

func milliseconds(ms float64) string {
	if ms >= 10 {
		return fmt.Sprintf("%.0f ms", ms)
	}
	return fmt.Sprintf("%.1f ms", ms)
}

// offered is a hello in a few words: "TLS 1.0–1.2, 17 suites, 512 bytes".
func offered(o *report.Offered) string {
	if o == nil {
		return ""
	}
	s := versionRange(o.Versions)
	if n := len(o.Ciphers); n == 1 {
		s += ", " + o.Ciphers[0].String()
	} else {
		s += ", " + count(n, "suite")
	}
	if o.SNI == nil {
		s += ", no SNI"
	}
	return s + ", " + count(o.Bytes, "byte")
}

// versionRange is "TLS 1.0–1.3"; versions with gaps are listed.
func versionRange(all []wire.Version) string {
	var vs []wire.Version
	for _, v := range all {
		if !wire.IsGREASE(uint16(v)) {
			vs = append(vs, v)
		}
	}
	if len(vs) == 0 {
		return "no version"
	}
	low, high := vs[0], vs[0]
	for _, v := range vs {
		low, high = min(low, v), max(high, v)
	}
	switch {
	case low == high:
		return low.String()
	case int(high-low)+1 == len(vs) && low >= wire.VersionTLS10:
		return low.String() + "–" + strings.TrimPrefix(high.String(), "TLS ")
	}
	names := make([]string, len(vs))
	for i, v := range vs {
		names[i] = v.String()
	}
	return strings.Join(names, ", ")
}

// table puts rows in columns as wide as their content; the widest column gives
// way where the terminal is too narrow, and its cells wrap.
func (p *painter) table(rows [][]string) {
	p.lines = append(p.lines, columns(rows, margin, p.width)...)
}

func columns(rows [][]string, indent, width int) []line {
	return slices.Concat(rowsOfColumns(rows, indent, width)...)
}

// rowsOfColumns are the lines that each row takes.
func rowsOfColumns(rows [][]string, indent, width int) [][]line {
	if len(rows) == 0 {
		return nil
	}
	const gap = 2
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], displaywidth.String(cell))
		}
	}
	total := indent + gap*(len(widths)-1)
	for _, w := range widths {
		total += w
	}
	least := leastWidths(rows, widths, width)
	for total > width {
		widest := -1
		for i := range widths {
			if widths[i] > least[i] && (widest < 0 || widths[i] > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			break
		}
		widths[widest]--
		total--
	}
	out := make([][]line, len(rows))
	for n, row := range rows {
		cells := make([][]line, len(row))
		height := 1
		for i, cell := range row {
			cells[i] = wrap(text(cell), widths[i])
			height = max(height, len(cells[i]))
		}
		for y := range height {
			l := line{{plain, strings.Repeat(" ", indent)}}
			for x := range cells {
				var c line
				if y < len(cells[x]) {
					c = cells[x][y]
				}
				l = append(l, c...)
				if x < len(cells)-1 {
					l = append(l, span{plain, strings.Repeat(" ", max(0, widths[x]-c.width())+gap)})
				}
			}
			out[n] = append(out[n], trimRight(l))
		}
	}
	return out
}

// leastWidths are how narrow columns may become: what a reader copies stays in
// one piece, the name of a row and any path, if half of the width holds it.
func leastWidths(rows [][]string, widths []int, width int) []int {
	const narrow, roomy = 12, 72 // below, all columns give way alike
	least := make([]int, len(widths))
	for i := range widths {
		least[i] = min(widths[i], narrow)
		if width < roomy {
			continue
		}
		for _, row := range rows {
			for _, w := range strings.Fields(row[i]) {
				n := displaywidth.String(w)
				if (i == 0 || !breakable(text(w))) && n <= width/2 {
					least[i] = max(least[i], n)
				}
			}
		}
	}
	return least
}

// trimRight drops spaces at the end.
func trimRight(l line) line {
	for n := len(l); n > 0; n-- {
		if t := strings.TrimRight(l[n-1].text, " "); t != "" {
			return append(slices.Clone(l[:n-1]), span{l[n-1].style, t})
		}
	}
	return nil
}
