package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/tlswhy/tlswhy/internal/report"
)

// writeMarkdown writes what one pastes into an issue or a pull request: GitHub's
// and GitLab's dialect, long parts folded.
func writeMarkdown(w io.Writer, reports []*report.Report) error {
	var b strings.Builder
	for i, r := range reports {
		if i > 0 {
			b.WriteString("\n---\n\n")
		}
		markdownReport(&b, r)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func writeMarkdownRetests(w io.Writer, retests []*report.Retest) error {
	var b strings.Builder
	for i, t := range retests {
		if i > 0 {
			b.WriteString("\n---\n\n")
		}
		fmt.Fprintf(&b, "## %s\n\n", mdText(retestHeadline(t)))
		for _, g := range []struct {
			label string
			all   []report.Finding
		}{{"fixed", t.Fixed}, {"new", t.New}, {"unchanged", t.Unchanged}, {"not seen", t.Hidden}} {
			for j := range g.all {
				fmt.Fprintf(&b, "- **%s** %s: %s\n", g.label, mdCode(string(g.all[j].Cause)), mdText(summary(&g.all[j])))
			}
		}
		b.WriteByte('\n')
		markdownReport(&b, t.Report)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func markdownReport(b *strings.Builder, r *report.Report) {
	fmt.Fprintf(b, "## %s %s\n\n", verdictMark(r.Verdict), mdText(headline(r)))
	root := r.Root()
	if root == nil && r.Verdict == report.Unknown && len(r.Findings) > 0 {
		root = &r.Findings[0]
	}
	if root != nil {
		fmt.Fprintf(b, "%s\n\n", mdText(summary(root)))
	} else if facts := negotiated(r.Server); len(facts) > 0 {
		if v := validity(r); v != "" {
			facts = append(facts, v)
		}
		fmt.Fprintf(b, "%s\n\n", mdText(strings.Join(facts, ", ")))
	}
	b.WriteString("| step | | |\n| --- | --- | --- |\n")
	for _, g := range rungs(r) {
		fmt.Fprintf(b, "| %s | %s | %s |\n", stepName(g.Step), mdText(strings.ReplaceAll(stateWord(g.State), "-", " ")), mdText(rungText(g)))
	}
	b.WriteByte('\n')
	if root != nil {
		markdownFinding(b, r, root)
		for _, c := range root.Reproduce {
			fmt.Fprintf(b, "See it:\n\n%s\n", mdBlock("sh", c))
		}
		if root.Retest != "" {
			fmt.Fprintf(b, "Re-test:\n\n%s\n", mdBlock("sh", root.Retest))
		}
	}
	if r.Verdict == report.Unknown {
		for _, s := range triedWays(r) {
			fmt.Fprintf(b, "- %s\n", mdText(s))
		}
		b.WriteByte('\n')
	}
	markdownOthers(b, r, root)
	for _, n := range r.Notes {
		fmt.Fprintf(b, "> %s\n\n", mdText(sentence(n)))
	}
	markdownAttempts(b, r)
	fmt.Fprintf(b, "%s\n", mdText(totals(r)))
}

func markdownFinding(b *strings.Builder, r *report.Report, f *report.Finding) {
	fmt.Fprintf(b, "**%s** %s\n\n", confidenceLabel(f.Confidence), mdText(capitalised(proof(r, f, true))))
	for _, a := range f.Alternatives {
		fmt.Fprintf(b, "**Or** %s: %s\n\n", mdCode(string(a.Cause)), mdText(decides(a)))
	}
	for i, set := range f.Either {
		word := "**Either**"
		if i > 0 {
			word = "**or**"
		}
		fmt.Fprintf(b, "%s %s\n\n", word, mdText(strings.Join(set, " and ")))
	}
	if s := actor(r, f); s != "" {
		fmt.Fprintf(b, "**Who acts:** %s\n\n", mdText(s))
	}
	m := remediesOf(f)
	markdownFix(b, "Fix", m.main)
	markdownFix(b, "Instead", m.instead)
	if len(m.others) == 0 {
		return
	}
	b.WriteString("<details><summary>The same fix elsewhere</summary>\n\n")
	for i := range m.others {
		name := softwareName(m.others[i].For)
		if name == "" {
			name = "In general"
		}
		markdownFix(b, name, &m.others[i])
	}
	b.WriteString("</details>\n\n")
}

func markdownFix(b *strings.Builder, label string, x *report.Fix) {
	if x == nil {
		return
	}
	if name := softwareName(x.For); name != "" && name != label {
		label += ", " + name
	}
	fmt.Fprintf(b, "**%s:** %s\n\n", mdText(label), mdText(sentence(oneLine(x.Text))))
	if rows := configRows(x); len(rows) > 0 {
		fmt.Fprintf(b, "%s\n", mdBlock("", strings.Join(rows, "\n")))
	}
}

func markdownOthers(b *strings.Builder, r *report.Report, root *report.Finding) {
	n := 0
	for i := range r.Findings {
		f := &r.Findings[i]
		if f == root {
			continue
		}
		if n++; n == 1 {
			b.WriteString("Also found:\n\n")
		}
		kind := "warning"
		if f.Blocking {
			kind = "next cause"
		}
		fmt.Fprintf(b, "- %s (%s): %s\n", mdCode(string(f.Cause)), kind, mdText(summary(f)))
	}
	if n > 0 {
		b.WriteByte('\n')
	}
}

func markdownAttempts(b *strings.Builder, r *report.Report) {
	if len(r.Handshakes) == 0 {
		return
	}
	fmt.Fprintf(b, "<details><summary>All attempts (%d)</summary>\n\n| id | why | offered | outcome | time |\n| --- | --- | --- | --- | --- |\n", len(r.Handshakes))
	for i := range r.Handshakes {
		h := &r.Handshakes[i]
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s |\n", mdText(h.ID), mdText(h.Purpose), mdText(offered(h.Offered)), mdText(outcome(h)), milliseconds(h.MS))
	}
	b.WriteString("\n</details>\n\n")
}

// mdEscaper takes its meaning from everything that has one in Markdown, HTML or
// a table: CommonMark lets any ASCII punctuation be escaped.
var mdEscaper = strings.NewReplacer(
	`\`, `\\`, "`", "\\`", "*", `\*`, "[", `\[`, "]", `\]`,
	"<", "&lt;", ">", "&gt;", "&", "&amp;", "|", `\|`, "#", `\#`, "~", `\~`, "!", `\!`, "@", "&#64;", "$", `\$`,
	// Left alone: the underscores of suite names stand inside words, where they
	// mean nothing in these dialects.
)

// autolinks keeps GitHub from making links of what a peer says.
var autolinks = strings.NewReplacer("://", `:\/\/`, "www.", "www&#46;", "WWW.", "WWW&#46;")

// mdText is text that stays text. An @ becomes an entity, so that a name on a
// certificate notifies nobody.
func mdText(s string) string {
	s = mdEscaper.Replace(oneLine(s))
	// What starts a list, a heading or a rule does so only at the start of a line.
	if s != "" && strings.ContainsRune("-+=_", rune(s[0])) {
		s = `\` + s
	}
	return autolinks.Replace(s)
}

// mdCode is an inline code span, with a fence longer than any inside.
func mdCode(s string) string {
	if s == "" {
		return "-"
	}
	fence := strings.Repeat("`", longestRun(s, '`')+1)
	if len(fence) > 1 {
		return fence + " " + s + " " + fence
	}
	return fence + s + fence
}

func mdBlock(lang, s string) string {
	fence := strings.Repeat("`", max(3, longestRun(s, '`')+1))
	return fence + lang + "\n" + s + "\n" + fence + "\n"
}

func longestRun(s string, c byte) int {
	longest, n := 0, 0
	for i := range len(s) {
		if s[i] != c {
			n = 0
			continue
		}
		n++
		longest = max(longest, n)
	}
	return longest
}
