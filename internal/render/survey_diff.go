package render

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/tlswhy/tlswhy/internal/survey"
)

// diffView is a comparison in words.
type diffView struct {
	Class, Mark, Headline string
	Alike                 string
	A, B                  string // names of the sides
	AWhere, BWhere        string
	Rows                  []diffRow
	Notes                 []string
	Version               string
}

const (
	onlyHere   = "only here: "
	shortValue = 30 // columns of a value that stands beside the other side's
)

// diffRow is one difference: what each side has.
type diffRow struct{ Label, A, B string }

func diffViewOf(d *survey.Diff) *diffView {
	v := &diffView{
		Class: "warn", Mark: "≠", A: d.A.Name, B: d.B.Name, AWhere: sideWhere(d.A), BWhere: sideWhere(d.B),
		Alike: count(d.Alike, "other thing") + " compared and alike", Version: d.Version,
	}
	n := len(d.Differences)
	what := place(d.A.Target)
	switch sameTarget := d.A.Target.String() == d.B.Target.String(); {
	case !sameTarget:
		what = d.A.Name + " and " + d.B.Name
	case d.A.Name == "before" || d.A.Name == "after":
		what += ", " + d.A.Name + " and " + d.B.Name
	default:
		what += " at " + d.A.Name + " and at " + d.B.Name
	}
	v.Headline = what + ": " + count(n, "difference")
	if n == 0 {
		v.Class, v.Mark = "ok", "✓"
		v.Headline = what + ": no difference"
		v.Alike = count(d.Alike, "thing") + " compared"
	}
	for _, x := range d.Differences {
		v.Rows = append(v.Rows, rowOf(x))
	}
	if a, b := clientNames(d.OnlyA), clientNames(d.OnlyB); len(a)+len(b) > 0 {
		v.Rows = append(v.Rows, diffRow{"who connects here alone", cmp.Or(list(a, 12), "nobody"), cmp.Or(list(b, 12), "nobody")})
	}
	for _, s := range []survey.Side{d.A, d.B} {
		switch {
		case s.NoTLS != "":
			v.Class, v.Mark = "unknown", "?"
			v.Headline = "Not compared: no TLS found at " + s.Name
			v.Alike, v.Rows = strings.Join(sentences([]string{s.NoTLS}), " "), nil
		case !s.Complete:
			v.Notes = append(v.Notes, "The survey of "+s.Name+" is not complete: what it lacks may only not have been asked for.")
		}
	}
	if len(d.NotCompared) > 0 {
		named := make([]string, len(d.NotCompared))
		for i, s := range d.NotCompared {
			named[i] = partWords(s)
		}
		v.Notes = append(v.Notes, "Not known of both, and not compared: "+list(named, 8)+".")
	}
	return v
}

func sideWhere(s survey.Side) string {
	var parts []string
	if a := s.Target.Address; a != "" && a != s.Name && a != s.Target.Host {
		parts = append(parts, a)
	}
	if t, err := time.Parse(time.RFC3339, s.Time); err == nil {
		parts = append(parts, t.UTC().Format("2 Jan 2006 15:04 UTC"))
	}
	return strings.Join(parts, ", ")
}

func rowOf(x survey.Difference) diffRow {
	r := diffRow{Label: partWords(x.Part)}
	if x.Item != "" {
		r.Label = partWords(x.Part + "." + x.Item)
	}
	switch x.Kind {
	case survey.DiffSet:
		r.A, r.B = "–", "–"
		if len(x.OnlyA) > 0 {
			r.A = onlyHere + listed(x.OnlyA)
		}
		if len(x.OnlyB) > 0 {
			r.B = onlyHere + listed(x.OnlyB)
		}
	case survey.DiffOrder:
		r.Label += ", order"
		r.A, r.B = fromFirstDifference(x.A, x.B)
	default:
		r.A, r.B = cmp.Or(x.A, "none"), cmp.Or(x.B, "none")
	}
	return r
}

// listed joins what may hold commas itself.
func listed(items []string) string {
	if slices.ContainsFunc(items, func(s string) bool { return strings.Contains(s, ", ") }) {
		return strings.Join(items, "; ")
	}
	return strings.Join(items, ", ")
}

// fromFirstDifference shows two orders of the same things from where they part.
func fromFirstDifference(a, b string) (string, string) {
	x, y := strings.Split(a, ", "), strings.Split(b, ", ")
	i := 0
	for i < min(len(x), len(y)) && x[i] == y[i] {
		i++
	}
	cut := func(all []string) string {
		s := strings.Join(all[i:], ", ")
		if i > 0 {
			s = fmt.Sprintf("after %s alike: %s", count(i, "item"), s)
		}
		return s
	}
	return cut(x), cut(y)
}

// partNames are parts and members of a survey whose names in JSON are not what
// people call them.
var partNames = map[string]string{
	"features": "", "signature_algorithms": "signatures", "certificates": "certificate", "client_certificate_authorities": "client CAs",
	"alpn": "ALPN", "dns": "DNS", "http": "HTTP", "dh": "DHE groups", "locks_out": "who connects",
	"encrypt_then_mac": "encrypt-then-MAC", "fallback_scsv": "TLS_FALLBACK_SCSV", "downgrade_sentinel": "downgrade marks",
	"ocsp_stapling": "OCSP stapling", "sct_extension": "SCTs in the handshake", "next_protocol_negotiation": "NPN",
	"hello_retry_request": "HelloRetryRequest", "session_ids": "session IDs", "resumption_id": "resumption by session ID",
	"resumption_ticket": "resumption by ticket", "resumption_psk": "resumption in TLS 1.3", "ticket_lifetime_s": "ticket lifetime in seconds",
	"early_data": "0-RTT", "early_data_accepted": "0-RTT accepted", "max_early_data": "0-RTT bytes",
	"other_name": "an unknown server name", "no_name": "no server name", "tlsa_match": "TLSA match",
	"caa": "CAA", "tlsa": "TLSA", "https": "HTTPS", "alt_svc": "Alt-Svc", "hsts": "HSTS", "refuses": "refuses others",
}

// partWords is a part of a survey, or "part.member" of it, as people call it.
func partWords(s string) string {
	part, item, dotted := strings.Cut(s, ".")
	if rest, ok := strings.CutPrefix(s, "features.tolerates"); ok {
		item = strings.TrimPrefix(rest, ".")
		for _, w := range toleranceWords {
			if w.name == item {
				return "tolerates " + w.what
			}
		}
		return strings.TrimSpace("tolerates " + plainName(item))
	}
	if !dotted {
		return partName(part)
	}
	return strings.TrimSpace(partName(part) + " " + partName(item))
}

func partName(s string) string {
	if n, ok := partNames[s]; ok {
		return n
	}
	return plainName(s)
}

func writeTermDiff(w io.Writer, v *diffView, o Options) error {
	p := newPage(o)
	st := boldYellow
	if v.Class == "ok" {
		st = boldGreen
	}
	p.put(2, 4, line{{st, v.Mark + " "}, {bold, v.Headline}})
	p.put(margin, margin, line{{dim, v.Alike}})
	if len(v.Rows) > 0 {
		p.blank()
	}
	// Lists stand one below the other, short values side by side after them.
	a, b := sideNames(v)
	column := max(text(a).width(), text(b).width()) + 2
	short := [][]string{{"", a, b}}
	for _, r := range v.Rows {
		if max(text(r.A).width(), text(r.B).width()) <= shortValue && !strings.Contains(r.A+r.B, onlyHere) {
			short = append(short, []string{r.Label, r.A, r.B})
			continue
		}
		p.put(margin, margin, styled(bold, r.Label))
		for _, side := range []struct{ name, text string }{{a, r.A}, {b, r.B}} {
			if side.text != "–" {
				p.indented(side.name, column, side.text)
			}
		}
	}
	if len(short) > 1 {
		for i, lines := range rowsOfColumns(short, margin, p.width) {
			for _, l := range lines {
				for j := range l {
					switch {
					case i == 0:
						l[j].style = cyan
					case j == 1:
						l[j].style = bold
					}
				}
				p.lines = append(p.lines, l)
			}
		}
	}
	if len(v.Notes) > 0 {
		p.blank()
	}
	for _, n := range v.Notes {
		p.put(margin, margin, text(n))
	}
	return p.flush(w)
}

func (p *painter) indented(name string, column int, s string) {
	const at = margin + 2
	column = min(column, p.width/3)
	rows := p.block(at+column, at+column, text(s), 0)
	rows[0] = append(line{{plain, strings.Repeat(" ", at)}, {cyan, padded(name, column)}}, rows[0][1:]...)
	p.lines = append(p.lines, rows...)
}

// sideNames are short enough to stand before each line.
func sideNames(v *diffView) (a, b string) {
	a, b = v.A, v.B
	if max(text(a).width(), text(b).width()) > 24 {
		return "first", "second"
	}
	return a, b
}

func writeMarkdownDiff(w io.Writer, v *diffView) error {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s %s\n\n%s\n\n", v.Mark, mdText(v.Headline), mdText(v.Alike))
	if len(v.Rows) > 0 {
		fmt.Fprintf(&b, "| | %s | %s |\n| --- | --- | --- |\n", mdText(v.A), mdText(v.B))
	}
	for _, r := range v.Rows {
		fmt.Fprintf(&b, "| **%s** | %s | %s |\n", mdText(r.Label), mdText(r.A), mdText(r.B))
	}
	if len(v.Rows) > 0 {
		b.WriteByte('\n')
	}
	for _, n := range slices.Clone(v.Notes) {
		fmt.Fprintf(&b, "> %s\n\n", mdText(n))
	}
	_, err := io.WriteString(w, b.String())
	return err
}
