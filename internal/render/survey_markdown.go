package render

import (
	"fmt"
	"io"
	"strings"
)

func writeMarkdownSurveys(w io.Writer, views []*surveyView) error {
	var b strings.Builder
	for i, v := range views {
		if i > 0 {
			b.WriteString("\n---\n\n")
		}
		markdownSurvey(&b, v)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func markdownSurvey(b *strings.Builder, v *surveyView) {
	fmt.Fprintf(b, "## %s %s\n\n", verdictMark(v.Verdict), mdText(v.Headline))
	if v.Where != "" {
		fmt.Fprintf(b, "%s\n\n", mdText(v.Where))
	}
	if len(v.Facts) > 0 {
		b.WriteString("| | |\n| --- | --- |\n")
	}
	for _, f := range v.Facts {
		var cells []string
		for _, row := range f.Rows {
			cells = append(cells, mdParts(row))
		}
		for _, l := range f.Out {
			cells = append(cells, mdText(l.Text)+" *"+mdText(l.Words(0))+"*")
		}
		fmt.Fprintf(b, "| **%s** | %s |\n", mdText(f.Label), strings.Join(cells, "<br>"))
	}
	b.WriteByte('\n')
	for i, f := range v.Findings {
		if i == 0 {
			b.WriteString("### What will hurt\n\n")
		}
		fmt.Fprintf(b, "%s %s\n\n", mdCode(string(f.Cause)), mdText(summary(f)))
		markdownFinding(b, v.r, f)
		for _, c := range f.Reproduce {
			fmt.Fprintf(b, "See it:\n\n%s\n", mdBlock("sh", c))
		}
	}
	if len(v.Profiles) > 0 {
		b.WriteString("### Mozilla's recommendations\n\n")
	}
	for _, p := range v.Profiles {
		markdownProfile(b, p)
	}
	for _, n := range v.Notes {
		fmt.Fprintf(b, "> %s\n\n", mdText(n))
	}
	for _, t := range v.Tables {
		markdownTable(b, t)
	}
	fmt.Fprintf(b, "%s\n", mdText(v.Totals))
}

// mdParts sets what hurts in bold.
func mdParts(parts []part) string {
	var b strings.Builder
	for _, p := range parts {
		text := mdText(p.Text)
		// mdText drops the spaces that separate parts.
		lead := p.Text[:len(p.Text)-len(strings.TrimLeft(p.Text, " "))]
		tail := p.Text[len(strings.TrimRight(p.Text, " ")):]
		if len(lead) == len(p.Text) {
			tail = ""
		}
		if p.Grade == gradeBad && text != "" {
			text = "**" + text + "**"
		}
		b.WriteString(lead + text + tail)
	}
	return b.String()
}

func markdownProfile(b *strings.Builder, p profileView) {
	mark := "✗ " + count(len(p.Changes), "change")
	if p.Meets {
		mark = "✓ met"
	}
	fmt.Fprintf(b, "**%s** (%s): %s\n\n", mdText(p.Name), mdText(p.Version), mark)
	for _, c := range p.Changes {
		fmt.Fprintf(b, "- %s", mdText(c.Text))
		for _, x := range []struct{ word, what string }{{"Remove", c.Remove}, {"Add", c.Add}, {"Keeps out", c.Out}, {"Lets in", c.In}} {
			if x.what != "" {
				fmt.Fprintf(b, " %s: %s.", x.word, mdText(x.what))
			}
		}
		b.WriteByte('\n')
	}
	if len(p.Changes) > 0 {
		b.WriteByte('\n')
	}
}

func markdownTable(b *strings.Builder, t surveyTable) {
	fmt.Fprintf(b, "<details><summary>%s</summary>\n\n", mdText(t.Title))
	if t.Note != "" {
		fmt.Fprintf(b, "%s\n\n", mdText(t.Note))
	}
	if len(t.Rows) > 0 {
		markdownRow(b, t.Head)
		fmt.Fprintf(b, "|%s\n", strings.Repeat(" --- |", len(t.Head)))
		for _, r := range t.Rows {
			markdownRow(b, r.Cells)
		}
		b.WriteByte('\n')
	}
	for i, c := range t.Chain {
		fmt.Fprintf(b, "%d. %s, %s, %s, issued by %s\n", i+1, mdText(c.Subject), mdText(c.Dates), mdText(c.Key), mdText(c.Issuer))
	}
	if len(t.Chain) > 0 {
		b.WriteByte('\n')
	}
	b.WriteString("</details>\n\n")
}

func markdownRow(b *strings.Builder, cells []string) {
	b.WriteByte('|')
	for _, c := range cells {
		b.WriteString(" " + mdText(c) + " |")
	}
	b.WriteByte('\n')
}
