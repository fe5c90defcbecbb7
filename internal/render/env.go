package render

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/env"
)

// Env writes this machine as a client; stack is the one to be shown in full, ""
// for an overview of all.
func Env(w io.Writer, f Format, d *env.Document, stack string, o Options) error {
	if f == JSON {
		return WriteJSON(w, d)
	}
	clean := cleaned(d)
	p := newPage(o)
	switch f {
	case Term:
	case Markdown:
		return markdownEnv(w, clean, stack)
	default:
		return fmt.Errorf("there is no %s of a machine: there are term, json and markdown", f)
	}
	if s := clean.Stack(stack); s != nil {
		p.envStack(clean, s, o.Verbose)
	} else {
		p.envOverview(clean, o.Verbose)
	}
	return p.flush(w)
}

// envColumn is the width of labels.
const envColumn = 14

func (p *painter) fact(label, value string) {
	if value != "" {
		p.beside(label, bold, envColumn, text(value), 0)
	}
}

func (p *painter) envOverview(d *env.Document, verbose bool) {
	p.put(2, 2, styled(bold, systemLine(d.System)+" as a TLS client"))
	p.blank()
	p.fact("Clock", clockText(d.Clock))
	p.envVariables(d)
	for _, x := range d.Policies {
		p.fact("Policy", x.Name+", "+x.Path)
	}
	p.blank()
	p.envTable(stackRows(d))
	p.blank()
	p.envTable(storeRows(d))
	p.envPrivate(d)
	p.envFindings(d.Findings, verbose)
	p.blank()
	p.put(2, 2, styled(dim, "tlswhy env --for "+exampleStack(d)+" shows one in full; tlswhy example.com --as local checks as this machine."))
}

func exampleStack(d *env.Document) string {
	for _, id := range []string{"python", "java", "node"} {
		if d.Stack(id) != nil {
			return id
		}
	}
	if len(d.Stacks) > 0 {
		return d.Stacks[0].ID
	}
	return "python"
}

func (p *painter) envTable(rows [][]string) {
	for i, l := range columns(rows, 2, p.width) {
		if i == 0 {
			for j := range l {
				l[j].style = bold
			}
		}
		p.lines = append(p.lines, l)
	}
}

func systemLine(s env.System) string {
	return strings.TrimSpace(cmp.Or(s.Name, s.OS) + ", " + s.Arch)
}

func clockText(c env.Clock) string {
	out := c.Now
	switch c.Synchronised.String() {
	case "yes":
		out += fmt.Sprintf(", synchronised, wrong by %s at most", errorBound(c.MaxErrorMS))
	case "no":
		out += ", not synchronised by this kernel"
	default:
		out += ", and nobody here knows whether it is right"
	}
	if len(c.Daemons) > 0 {
		out += ", kept by " + strings.Join(c.Daemons, ", ")
	}
	if c.NotBefore != "" && c.BehindMS == 0 {
		out += "; past " + c.NotBefore + " (" + c.Evidence + ")"
	}
	return out
}

func errorBound(ms float64) string {
	if ms >= 1000 {
		return strconv.FormatFloat(ms/1000, 'f', 1, 64) + " s"
	}
	return strconv.FormatFloat(ms, 'f', 0, 64) + " ms"
}

func (p *painter) envVariables(d *env.Document) {
	label := "Environment"
	for _, v := range slices.Concat(d.Proxy.Variables, d.Settings) {
		l := line{{plain, v.Name + "=" + v.Value}}
		if v.Exists.String() == "no" {
			l = append(l, span{red, " does not exist"})
		}
		p.beside(label, bold, envColumn, l, 0)
		label = ""
	}
}

func stackRows(d *env.Document) [][]string {
	rows := [][]string{{"program", "version", "library", "TLS", "level", "nearest client"}}
	for i := range d.Stacks {
		s := &d.Stacks[i]
		rows = append(rows, []string{s.Name, s.Version, libraryText(s), boundsText(s), levelText(s), s.Profile})
	}
	return rows
}

func libraryText(s *env.Stack) string { return cmp.Or(s.Library, "?") }

func boundsText(s *env.Stack) string {
	switch {
	case s.MinVersion == 0 && s.MaxVersion == 0:
		return ""
	case s.MaxVersion == 0:
		return strings.TrimPrefix(s.MinVersion.String(), "TLS ") + " and later"
	case s.MinVersion == s.MaxVersion:
		return strings.TrimPrefix(s.MinVersion.String(), "TLS ")
	}
	return strings.TrimPrefix(s.MinVersion.String(), "TLS ") + " to " + strings.TrimPrefix(s.MaxVersion.String(), "TLS ")
}

func levelText(s *env.Stack) string {
	if s.SecurityLevel < 0 {
		return ""
	}
	return strconv.Itoa(s.SecurityLevel)
}

func storeRows(d *env.Document) [][]string {
	rows := [][]string{{"roots", "newest", "private", "store", "used by"}}
	for i := range d.Stores {
		s := &d.Stores[i]
		if len(s.UsedBy) == 0 {
			continue
		}
		rows = append(rows, []string{strconv.Itoa(s.Roots), year(s.Newest), numberOrNone(len(s.Unlisted)), s.Path, strings.Join(s.UsedBy, " ")})
	}
	return rows
}

func year(t string) string {
	if len(t) < 4 {
		return ""
	}
	return t[:4]
}

func numberOrNone(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// envPrivate names the CAs on no public list, once each.
func (p *painter) envPrivate(d *env.Document) {
	var seen []string
	label := "Private CAs"
	for i := range d.Stores {
		for _, r := range d.Stores[i].Unlisted {
			if len(d.Stores[i].UsedBy) == 0 || slices.Contains(seen, r.SHA256) || len(seen) >= 12 {
				continue
			}
			seen = append(seen, r.SHA256)
			if label != "" {
				p.blank()
			}
			p.beside(label, bold, envColumn, rootLine(r), 0)
			label = ""
		}
	}
}

func rootLine(r env.Root) line {
	l := line{{plain, r.Subject}}
	if r.Interception != "" {
		l = append(l, span{yellow, "  opens connections: " + r.Interception})
	}
	if r.Added {
		l = append(l, span{dim, "  added by the administrator"})
	}
	return l
}

func (p *painter) envFindings(all []env.Finding, verbose bool) {
	for i, f := range all {
		if i == 0 {
			p.blank()
			p.put(2, 2, styled(bold, "What will hurt"))
		}
		if i == 12 && !verbose {
			p.put(margin, margin, styled(dim, fmt.Sprintf("and %s more: -v", count(len(all)-i, "finding"))))
			return
		}
		st := dim
		switch f.Severity {
		case cause.SeverityHigh:
			st = boldRed
		case cause.SeverityMedium:
			st = boldYellow
		}
		p.blank()
		p.beside(f.Severity.String(), st, 8, line{{bold, f.Title}}, 0)
		p.put(margin+8, margin+8, text(f.Detail))
		if f.Fix != "" {
			p.put(margin+8, margin+8, line{{bold, "Fix: "}, {plain, f.Fix}})
		}
	}
}

// rootsOf says how many roots there are, and where.
func rootsOf(st *env.Store) string {
	if st.Format == "built in" {
		return fmt.Sprintf("%d %s", st.Roots, st.Path)
	}
	return fmt.Sprintf("%d in %s (%s)", st.Roots, st.Path, st.Format)
}

// envStack shows one stack in full.
func (p *painter) envStack(d *env.Document, s *env.Stack, verbose bool) {
	p.put(2, 2, line{{bold, strings.TrimSpace(s.Name + " " + s.Version)}, {dim, "  " + s.Path}})
	p.blank()
	p.fact("Library", s.Library)
	p.fact("Versions", boundsText(s))
	p.fact("Level", levelText(s))
	if s.Profile != "" {
		p.fact("Like", s.Profile+", "+s.Nearness)
	}
	p.fact("Hello", s.JA4)
	if st := d.StoreOf(s); st != nil {
		p.fact("Roots", rootsOf(st))
		p.fact("", "set "+st.SHA256)
		if st.Problem != "" {
			p.fact("", st.Problem)
		}
		for _, r := range st.Unlisted {
			p.beside("", plain, envColumn, append(line{{dim, "private: "}}, rootLine(r)...), 0)
		}
		for _, r := range st.Missing {
			p.beside("", plain, envColumn, line{{red, "missing: "}, {plain, r.Subject}}, 0)
		}
		if len(st.Expired) > 0 {
			p.fact("", count(len(st.Expired), "expired root"))
		}
	} else {
		p.fact("Roots", "none found")
	}
	p.envSettings("Settings", s.Settings)
	p.envSettings("Packages", s.Packages)
	if verbose || len(s.Suites) <= 20 {
		for i, c := range s.Suites {
			p.fact(map[bool]string{true: "Suites"}[i == 0], c.String())
		}
	} else {
		p.fact("Suites", strconv.Itoa(len(s.Suites))+"; -v lists them")
	}
	for i, g := range s.Groups {
		p.fact(map[bool]string{true: "Groups"}[i == 0], g.String())
	}
	p.envFindings(slices.DeleteFunc(slices.Clone(d.Findings), func(f env.Finding) bool { return f.Stack != s.ID }), verbose)
	if len(s.Advice) > 0 {
		p.blank()
		p.put(2, 2, styled(bold, "What to change here"))
	}
	for _, a := range s.Advice {
		p.blank()
		p.put(margin, margin+2, line{{bold, "To " + a.For + ": "}, {plain, a.Text}})
		for _, c := range a.Run {
			p.shell(margin+2, c)
		}
	}
}

func (p *painter) envSettings(label string, all []env.Setting) {
	for _, s := range all {
		l := line{{plain, s.Name + " = " + s.Value}}
		if s.File != "" {
			l = append(l, span{dim, "  " + s.File})
			if s.Line > 0 {
				l = append(l, span{dim, ":" + strconv.Itoa(s.Line)})
			}
		}
		p.beside(label, bold, envColumn, l, 0)
		label = ""
	}
}
