package render

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/survey"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// surveyView is a survey in words, in the order in which every view shows it.
// What is said and how much it matters is decided here; the views lay it out.
type surveyView struct {
	s        *survey.Survey
	r        *report.Report // its findings
	Verdict  report.Verdict
	Headline string
	Heading  string // of Facts, on a page
	Where    string // address, software, time
	Facts    []fact
	Findings []*report.Finding
	Profiles []profileView
	Tables   []surveyTable // everything, for who asks for details
	Notes    []string
	Totals   string
}

// grade says how much a piece of text matters.
type grade string

const (
	gradeNone grade = ""
	gradeGood grade = "good"
	gradeFair grade = "fair" // works, newer is better
	gradePoor grade = "poor" // will hurt
	gradeBad  grade = "bad"  // hurts
	gradeSoft grade = "soft" // beside the point
)

// fact is what one dimension comes to: a label, rows of text, and whom it keeps
// out.
type fact struct {
	Label string
	Rows  [][]part
	// Whole rows are not cut to fit a screen: they are what was asked for.
	Whole bool
	// Short are rows that say the same with less, for a screen that is full.
	Short [][]part
	// Out are the settings that keep clients out.
	Out []lockOut
}

type part struct {
	Grade grade
	Text  string
}

type lockOut struct {
	Text    string   // the setting
	Clients []string // products with their versions, newest first
	Count   int
}

// Words is "keeps out Node.js https 0.8–0.10 (3 clients)", with at most limit
// products; 0 is all.
func (l lockOut) Words(limit int) string {
	if limit == 0 {
		limit = len(l.Clients)
	}
	s := "keeps out " + list(l.Clients, limit)
	if l.Count > 1 {
		s += " (" + count(l.Count, "client") + ")"
	}
	return s
}

type profileView struct {
	Name, Version string
	Meets         bool
	Changes       []changeView
}

type changeView struct {
	Text        string
	Remove, Add string
	Out, In     string
}

func surveyViewOf(s *survey.Survey) *surveyView {
	v := &surveyView{s: s, r: surveyFindings(s), Verdict: surveyVerdict(s), Notes: sentences(s.Notes)}
	v.Headline = surveyHeadline(s)
	v.Where = surveyWhere(s)
	for i := range s.Findings {
		v.Findings = append(v.Findings, &s.Findings[i])
	}
	if len(s.Versions) > 0 {
		v.facts()
	} else {
		v.add(refusedVersions(s))
	}
	for _, g := range s.Profiles {
		// What is called old is for servers that have to keep clients of that age.
		if g.Profile == "old" && !g.Meets && !slices.ContainsFunc(s.Versions, old) {
			continue
		}
		v.Profiles = append(v.Profiles, profileOf(g))
	}
	v.Tables = surveyTables(s)
	v.Totals = surveyTotals(s)
	return v
}

// add appends what has something to say.
func (v *surveyView) add(f fact) {
	f.Rows = slices.DeleteFunc(f.Rows, func(row []part) bool { return len(row) == 0 })
	if len(f.Rows)+len(f.Out) > 0 {
		v.Facts = append(v.Facts, f)
	}
}

func (v *surveyView) facts() {
	s := v.s
	out := lockOuts(s)
	suites := suiteFacts(s)
	// What suites keep out stands under the last of them.
	suites[len(suites)-1].Out = out.of("suites")
	for _, f := range suites {
		v.add(f)
	}
	refused := refusedVersions(s)
	refused.Out = out.of("version")
	v.add(refused)
	groups := groupFact(s)
	groups.Out = out.of("groups")
	v.add(groups)
	signatures := signatureFact(s)
	signatures.Out = out.of("signatures")
	v.add(signatures)
	alpn := alpnFact(s)
	alpn.Out = out.of("alpn")
	v.add(alpn)
	certs := certificateFact(s)
	certs.Out = out.of("certificates")
	v.add(certs)
	v.add(sessionFact(s))
	features := featureFact(s)
	features.Out = out.of("features")
	v.add(features)
	http := httpFact(s)
	http.Out = out.of("http")
	v.add(http)
	v.add(dnsFact(s))
}

func surveyHeadline(s *survey.Survey) string {
	where := place(s.Target)
	if len(s.Versions) == 0 {
		return "No TLS found at " + where
	}
	h := where + " accepts " + and(names(s.Versions))
	if n := len(s.Findings); n > 0 {
		h += ", with " + count(n, "warning")
	}
	return h
}

// and joins with commas and one "and".
func and(items []string) string {
	if len(items) < 2 {
		return strings.Join(items, "")
	}
	return strings.Join(items[:len(items)-1], ", ") + " and " + items[len(items)-1]
}

func surveyWhere(s *survey.Survey) string {
	var parts []string
	if a := s.Target.Address; a != "" && a != s.Target.Host {
		if n := len(s.Addresses); n > 1 {
			a += fmt.Sprintf(" (1 of %d addresses)", n)
		}
		parts = append(parts, a)
	}
	if s.HTTP != nil && s.HTTP.Server != "" {
		parts = append(parts, s.HTTP.Server)
	}
	if n := s.Target.SNI; n == nil && len(s.Versions) > 0 {
		parts = append(parts, "asked without a server name")
	} else if n != nil && *n != s.Target.Host {
		parts = append(parts, "asked for "+*n)
	}
	if t, err := time.Parse(time.RFC3339, s.Time); err == nil {
		parts = append(parts, t.UTC().Format("2 Jan 2006 15:04 UTC"))
	}
	return strings.Join(parts, " · ")
}

func surveyTotals(s *survey.Survey) string {
	t := count(s.Connections, "connection")
	if s.RoundTrips > 0 {
		t += " in " + count(s.RoundTrips, "round trip")
	}
	t += ", " + seconds(s.ElapsedMS)
	switch {
	case s.Gentle:
		t += ", one at a time"
	}
	if !s.Complete {
		t += ", not complete"
	}
	return t
}

// refusedVersions tells what hellos of other versions get.
func refusedVersions(s *survey.Survey) fact {
	f := fact{Label: "Refused"}
	var order []string
	by := map[string][]string{}
	for _, a := range s.Answers {
		if a.Accepted || slices.Contains(s.Versions, a.Version) {
			continue
		}
		o := a.Outcome
		if strings.HasPrefix(o, "TLS ") || strings.HasPrefix(o, "SSL ") {
			o = "gets " + o + " instead"
		}
		if by[o] == nil {
			order = append(order, o)
		}
		by[o] = append(by[o], a.Version.String())
	}
	for _, o := range order {
		text := strings.Join(by[o], ", ")
		if o != "" {
			text += ": " + o
		}
		f.Rows = append(f.Rows, []part{{gradeNone, text}})
	}
	if len(f.Rows) > 1 { // one line has room for the usual two
		var row []part
		for i, r := range f.Rows {
			if i > 0 {
				row = append(row, part{gradeSoft, " · "})
			}
			row = append(row, r...)
		}
		f.Rows = [][]part{row}
	}
	return f
}

// lockOutsBy are the settings that keep clients out, by the fact that they
// belong to.
type lockOutsBy map[string][]lockOut

func (l lockOutsBy) of(where string) []lockOut { return l[where] }

func lockOuts(s *survey.Survey) lockOutsBy {
	by := lockOutsBy{}
	for _, l := range s.LocksOut {
		if len(l.Clients) == 0 {
			continue
		}
		where := factOf(l.Cause, l.Step)
		by[where] = append(by[where], lockOut{Text: bare(l.Text), Clients: clientNames(l.Clients), Count: len(l.Clients)})
	}
	return by
}

// factOf is the fact that a cause belongs to.
func factOf(id cause.ID, step cause.Step) string {
	switch id {
	case cause.NoSharedGroup, cause.WeakDH:
		return "groups"
	case cause.NoSharedSignatureAlgorithm:
		return "signatures"
	case cause.NoALPNOverlap:
		return "alpn"
	case cause.NoSharedCipher, cause.WeakSuitesEnabled, cause.HTTP2InadequateSecurity:
		return "suites"
	}
	switch step {
	case cause.StepVersion:
		return "version"
	case cause.StepCipher:
		return "suites"
	case cause.StepCertificate, cause.StepVerify:
		return "certificates"
	case cause.StepSecure:
		return "http"
	}
	return "features"
}

func profileOf(g survey.Gap) profileView {
	p := profileView{Name: g.Profile, Version: g.Version, Meets: g.Meets}
	for _, c := range g.Changes {
		x := changeView{Text: sentence(c.Text), Remove: unsaid(c, c.Remove), Add: unsaid(c, c.Add)}
		if len(c.LocksOut) > 0 {
			x.Out = list(clientNames(c.LocksOut), 4)
		}
		if len(c.LetsIn) > 0 {
			x.In = list(clientNames(c.LetsIn), 4)
		}
		p.Changes = append(p.Changes, x)
	}
	return p
}

// unsaid are the items of a change whose sentence does not name them all.
func unsaid(c survey.Change, items []string) string {
	switch c.Setting {
	case "order", "certificate", "hsts", "stapling":
		return "" // a value, which the sentence holds
	}
	if !slices.ContainsFunc(items, func(s string) bool { return !strings.Contains(c.Text, s) }) {
		return ""
	}
	return strings.Join(items, ", ")
}

func old(v wire.Version) bool { return v < wire.VersionTLS12 }
