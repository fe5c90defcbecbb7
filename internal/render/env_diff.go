package render

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/tlswhy/tlswhy/internal/env"
)

// EnvDiff writes what differs between two machines.
func EnvDiff(w io.Writer, f Format, d *env.Diff, o Options) error {
	if f == JSON {
		return WriteJSON(w, d)
	}
	clean := cleaned(d)
	switch f {
	case Term:
	case Markdown:
		return markdownEnvDiff(w, clean)
	default:
		return fmt.Errorf("there is no %s of a comparison of machines: there are term, json and markdown", f)
	}
	p := newPage(o)
	n := len(clean.Differences)
	head := line{{boldYellow, "≠ "}, {bold, clean.A.Name + " and " + clean.B.Name + ": " + count(n, "difference")}}
	if n == 0 {
		head = line{{boldGreen, "✓ "}, {bold, clean.A.Name + " and " + clean.B.Name + ": no difference"}}
	}
	p.put(2, 4, head)
	p.put(4, 4, styled(dim, fmt.Sprintf("%s: %s, %s", clean.A.Name, clean.A.System, clean.A.Time)))
	p.put(4, 4, styled(dim, fmt.Sprintf("%s: %s, %s", clean.B.Name, clean.B.System, clean.B.Time)))
	p.put(4, 4, styled(dim, count(clean.Alike, "other thing")+" compared and alike"))
	for _, x := range clean.Differences {
		p.blank()
		p.put(2, 4, styled(bold, envTitle(x)))
		a, b := envSides(x, o.Verbose)
		width := max(text(clean.A.Name).width(), text(clean.B.Name).width()) + 2
		p.beside(clean.A.Name, plain, width, text(a), 0)
		p.beside(clean.B.Name, plain, width, text(b), 0)
		if x.Means != "" {
			p.put(margin, margin, styled(dim, x.Means))
		}
	}
	return p.flush(w)
}

// envTitle is what differs, and for whom.
func envTitle(x env.Difference) string {
	title := cmp.Or(x.Item, x.Part)
	if len(x.Of) > 0 {
		title += ": " + strings.Join(x.Of, ", ")
	}
	return title
}

// envSides is what each side has.
func envSides(x env.Difference, verbose bool) (string, string) {
	if len(x.OnlyA)+len(x.OnlyB) == 0 {
		return cmp.Or(x.A, "–"), cmp.Or(x.B, "–")
	}
	most := 8
	if verbose {
		most = 10_000
	}
	side := func(n string, only []string) string {
		if len(only) == 0 {
			return n + " in all, none of them alone"
		}
		return n + " in all, only here: " + list(only, most)
	}
	return side(x.A, x.OnlyA), side(x.B, x.OnlyB)
}

func markdownEnvDiff(w io.Writer, d *env.Diff) error {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s and %s: %s\n\n", mdText(d.A.Name), mdText(d.B.Name), count(len(d.Differences), "difference"))
	if len(d.Differences) > 0 {
		fmt.Fprintf(&b, "| | %s | %s |\n| --- | --- | --- |\n", mdText(d.A.Name), mdText(d.B.Name))
	}
	for _, x := range d.Differences {
		left, right := envSides(x, true)
		fmt.Fprintf(&b, "| **%s** | %s | %s |\n", mdText(envTitle(x)), mdText(left), mdText(right))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func markdownEnv(w io.Writer, d *env.Document, stack string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s as a TLS client\n\n%s\n\n", mdText(systemLine(d.System)), mdText(clockText(d.Clock)))
	mdTable(&b, stackRows(d))
	mdTable(&b, storeRows(d))
	for i, f := range d.Findings {
		if stack != "" && f.Stack != stack {
			continue
		}
		if i == 0 {
			b.WriteString("### What will hurt\n\n")
		}
		fmt.Fprintf(&b, "- **%s** (%s): %s %s\n", mdText(f.Title), f.Severity, mdText(f.Detail), mdText(f.Fix))
	}
	if s := d.Stack(stack); s != nil {
		b.WriteString("\n### What to change here\n\n")
		for _, a := range s.Advice {
			fmt.Fprintf(&b, "To %s: %s\n\n", mdText(a.For), mdText(a.Text))
			for _, c := range a.Run {
				b.WriteString(mdBlock("sh", c) + "\n")
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func mdTable(b *strings.Builder, rows [][]string) {
	for i, row := range rows {
		b.WriteByte('|')
		for _, cell := range row {
			fmt.Fprintf(b, " %s |", mdText(cell))
		}
		b.WriteByte('\n')
		if i == 0 {
			b.WriteString("|" + strings.Repeat(" --- |", len(row)) + "\n")
		}
	}
	b.WriteByte('\n')
}
