package render

import (
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tlswhy/tlswhy/internal/report"
)

//go:embed assets/page.html assets/page.css assets/survey.html assets/survey.css
var assets embed.FS

// pageTemplate is parsed at first use: most runs show no page.
var pageTemplate = sync.OnceValues(func() (*template.Template, error) {
	return template.ParseFS(assets, "assets/page.html")
})

// writeHTML writes one self-contained page. It needs no script, loads nothing
// and says so in its policy, so that it can be mailed and opened anywhere.
func writeHTML(w io.Writer, pages []page) error {
	t, err := pageTemplate()
	if err != nil {
		return fmt.Errorf("reading the page's template: %w", err)
	}
	style, err := assets.ReadFile("assets/page.css")
	if err != nil {
		return fmt.Errorf("reading the page's style: %w", err)
	}
	title := "tlswhy: " + count(len(pages), "target")
	if len(pages) == 1 {
		title = pages[0].Headline
	}
	return t.Execute(w, struct {
		Title string
		Style template.CSS
		Pages []page
	}{title, template.CSS(style), pages}) //nolint:gosec // G203: the style is embedded, no text of a peer is in it
}

// page is a report as the template wants it: words, no decisions left.
type page struct {
	Anchor, Verdict, Mark, Headline, Why, Facts string
	Delta                                       *delta
	Rungs                                       []rungView
	Tried                                       []string
	Root                                        *findingView
	Others                                      []findingView
	Notes                                       []string
	Addresses                                   []report.Address
	Chain                                       []certView
	Authorities                                 []string
	Checklist                                   []checkView
	Attempts                                    []attemptView
	Totals, Checked, Settings, Version          string
}

type delta struct {
	Headline string
	Rows     []deltaRow
}

type deltaRow struct{ Class, Label, Cause, Text string }

type rungView struct{ State, Word, Name, Text string }

type findingView struct {
	Class, Tag, Cause, Summary  string
	Confidence, ConfidenceLabel string
	Proof, Actor                string
	Compare                     *compareView
	Judged                      *report.Proof
	Alternatives                []report.Alternative
	Either                      []string
	Fixes, MoreFixes            []fixView
	MoreNames                   string
	Reproduce                   []string
	Retest, Guide               string
}

type fixView struct {
	For, Text, Place, Config, Run, Remark string
	Open                                  bool
}

type checkView struct{ Class, Word, Title string }

type attemptView struct {
	Anchor, ID, Purpose, Address, Offered, Outcome, Time string
	Bytes                                                []dumpView
}

type dumpView struct{ Label, Dump string }

// maxDump is how many bytes of a hello or a reply the page shows.
const maxDump = 2048

func pagesOf(reports []*report.Report) []page {
	pages := make([]page, len(reports))
	for i, r := range reports {
		pages[i] = pageOf(r, "r"+strconv.Itoa(i+1))
	}
	return pages
}

func pagesOfRetests(retests []*report.Retest) []page {
	pages := make([]page, len(retests))
	for i, t := range retests {
		pages[i] = pageOf(t.Report, "r"+strconv.Itoa(i+1))
		d := &delta{Headline: sentence(retestHeadline(t))}
		for _, g := range []struct {
			label string
			all   []report.Finding
		}{{"fixed", t.Fixed}, {"new", t.New}, {"unchanged", t.Unchanged}, {"not seen", t.Hidden}} {
			for j := range g.all {
				d.Rows = append(d.Rows, deltaRow{g.label, g.label, string(g.all[j].Cause), summary(&g.all[j])})
			}
		}
		pages[i].Delta = d
	}
	return pages
}

func pageOf(r *report.Report, anchor string) page {
	p := page{
		Anchor: anchor, Verdict: verdictClass(r.Verdict), Mark: verdictMark(r.Verdict), Headline: headline(r),
		Notes: sentences(r.Notes), Addresses: r.Addresses, Authorities: r.Authorities,
		Chain: chainView(r), Totals: totals(r), Settings: settings(r.Options), Version: r.Version,
	}
	if t, err := time.Parse(time.RFC3339, r.Time); err == nil {
		p.Checked = "checked " + t.UTC().Format("2 Jan 2006 15:04 UTC")
	}
	for _, g := range rungs(r) {
		p.Rungs = append(p.Rungs, rungView{g.State, strings.ReplaceAll(stateWord(g.State), "-", " "), g.Step.String(), rungText(g)})
	}
	root := r.Root()
	if root == nil && r.Verdict == report.Unknown && len(r.Findings) > 0 {
		root = &r.Findings[0]
	}
	if root != nil {
		p.Why = summary(root)
		v := viewOf(r, root)
		p.Root = &v
	} else {
		facts := negotiated(r.Server)
		if s := validity(r); s != "" {
			facts = append(facts, s)
		}
		p.Facts = strings.Join(facts, ", ")
	}
	if r.Verdict == report.Unknown {
		p.Tried = triedWays(r)
	}
	for i := range r.Findings {
		if f := &r.Findings[i]; f != root {
			p.Others = append(p.Others, viewOf(r, f))
		}
	}
	for _, c := range r.Checklist {
		p.Checklist = append(p.Checklist, checkView{strings.ReplaceAll(c.State, "/", ""), c.State, checkTitle(c.ID)})
	}
	for i := range r.Handshakes {
		p.Attempts = append(p.Attempts, attemptOf(&r.Handshakes[i], anchor))
	}
	return p
}

func viewOf(r *report.Report, f *report.Finding) findingView {
	v := findingView{
		Class: "warning", Tag: "Warning", Cause: string(f.Cause), Summary: summary(f),
		Confidence: string(f.Confidence), ConfidenceLabel: confidenceLabel(f.Confidence),
		Proof: capitalised(proof(r, f, f.Proof == nil || f.Proof.Kind != report.ByVerify)), Actor: actor(r, f), Compare: compare(r, f.Proof),
		Reproduce: f.Reproduce, Retest: f.Retest, Guide: "tlswhy guide " + string(f.Cause),
	}
	if f.Blocking {
		v.Class, v.Tag = "blocking", "Next cause"
	}
	if f.Proof != nil && f.Proof.Kind == report.ByVerify {
		v.Judged = f.Proof
	}
	for _, a := range f.Alternatives {
		v.Alternatives = append(v.Alternatives, report.Alternative{Cause: a.Cause, Decides: decides(a)})
	}
	for _, set := range f.Either {
		v.Either = append(v.Either, strings.Join(set, " and "))
	}
	m := remediesOf(f)
	if m.main != nil {
		v.Fixes = append(v.Fixes, fixOf(m.main, true, false))
	}
	if m.instead != nil {
		v.Fixes = append(v.Fixes, fixOf(m.instead, false, true))
	}
	for i := range m.others {
		x := &m.others[i]
		v.MoreFixes = append(v.MoreFixes, fixOf(x, false, m.main != nil && atClient(*x, f) != atClient(*m.main, f)))
	}
	v.MoreNames = list(m.otherNames(), 4)
	return v
}

func fixOf(x *report.Fix, open, instead bool) fixView {
	v := fixView{
		For: softwareName(x.For), Text: sentence(oneLine(x.Text)), Place: x.Place,
		Config: strings.Trim(x.Config, "\n"), Run: strings.Join(x.Run, "\n"), Open: open,
	}
	if v.For == "" {
		v.For = "In general"
	}
	if instead {
		v.For += " (instead, at the other end)"
	}
	if !x.Verified {
		v.Remark = "From documentation, not tested by us."
	}
	return v
}

func attemptOf(h *report.Handshake, anchor string) attemptView {
	v := attemptView{
		Anchor: anchor + "-" + h.ID, ID: h.ID, Purpose: h.Purpose, Address: h.Address,
		Offered: offered(h.Offered), Outcome: outcome(h), Time: milliseconds(h.MS),
	}
	for _, d := range []struct {
		label string
		data  []byte
	}{{"sent", h.Hello}, {"received", h.Reply}} {
		if len(d.data) == 0 {
			continue
		}
		label := d.label + ", " + count(len(d.data), "byte")
		if len(d.data) > maxDump {
			label += fmt.Sprintf(", the first %d shown", maxDump)
		}
		v.Bytes = append(v.Bytes, dumpView{label, hex.Dump(d.data[:min(len(d.data), maxDump)])})
	}
	return v
}

func verdictClass(v report.Verdict) string {
	switch v {
	case report.OK, report.Warn, report.Fail:
		return string(v)
	}
	return "unknown"
}

func verdictMark(v report.Verdict) string {
	switch v {
	case report.OK:
		return "✓"
	case report.Warn:
		return "!"
	case report.Fail:
		return "✗"
	}
	return "?"
}

// rungText is the text of a step without what its state says already.
func rungText(g report.Rung) string { return strings.TrimPrefix(g.Text, "next wall: ") }

func stateWord(state string) string {
	if state == "wall" {
		return "next wall"
	}
	return state
}

func sentences(all []string) []string {
	out := make([]string, len(all))
	for i, s := range all {
		out[i] = sentence(s)
		if first, _, _ := strings.Cut(s, " "); !hostLike(first) {
			out[i] = capitalised(out[i])
		}
	}
	return out
}

// hostLike words stay as they are: nobody knows Example.com.
func hostLike(s string) bool {
	return strings.Contains(s, ".") && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-.") == ""
}

// settings lists the options that the check was run with.
func settings(o report.Options) string {
	var parts []string
	for _, p := range []struct{ flag, value string }{
		{"--connect", o.Connect},
		{"--sni", o.SNI},
		{"--starttls", o.StartTLS},
		{"--proxy", o.Proxy},
		{"--resolver", o.Resolver},
		{"--ca-file", o.CAFile},
		{"--cert", o.Cert},
		{"--key", o.Key},
		{"--at", o.At},
	} {
		if p.value != "" {
			parts = append(parts, p.flag+" "+p.value)
		}
	}
	for _, p := range []struct {
		flag string
		set  bool
	}{{"--public-roots", o.PublicRoots}, {"--no-aia", o.NoAIA}} {
		if p.set {
			parts = append(parts, p.flag)
		}
	}
	return strings.Join(parts, " ")
}
