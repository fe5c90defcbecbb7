package render

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tlswhy/tlswhy/internal/client"
	"github.com/tlswhy/tlswhy/internal/compat"
	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/survey"
)

// Clients writes who can connect to a server. In JUnit every client is a test;
// SARIF, which reports findings, has no place for clients.
func Clients(w io.Writer, f Format, r *compat.Result, o Options) error {
	if f == JSON {
		return WriteJSON(w, r)
	}
	r = cleaned(r)
	v := clientsViewOf(r)
	switch f {
	case Term:
		return writeTermSurveys(w, []*surveyView{v}, o)
	case HTML:
		return writeHTMLSurveys(w, []*surveyView{v})
	case Markdown:
		return writeMarkdownSurveys(w, []*surveyView{v})
	case JUnit:
		return writeJUnitSuites(w, []junitSuite{clientSuite(r)})
	case SARIF:
		return fmt.Errorf("who can connect is printed as %s", strings.Join([]string{string(Term), string(JSON), string(HTML), string(Markdown), string(JUnit)}, ", "))
	}
	return fmt.Errorf("format %q is not known", f)
}

// clientsViewOf words who can connect. It has the parts of a survey's view, so
// that the same painters lay it out.
func clientsViewOf(r *compat.Result) *surveyView {
	v := &surveyView{
		s:       &survey.Survey{Version: r.Version, Time: r.Time, Target: r.Target, Options: r.Options},
		r:       &report.Report{Target: r.Target, Options: r.Options, Verdict: r.Verdict()},
		Heading: "Who connects", Verdict: clientsVerdict(r), Headline: clientsHeadline(r), Where: clientsWhere(r), Notes: sentences(r.Notes), Totals: clientsTotals(r),
	}
	for _, k := range client.Kinds() {
		if allAlike(r) {
			break // what keeps them out says all
		}
		if f, ok := kindFact(r, k); ok {
			v.Facts = append(v.Facts, f)
		}
	}
	v.obstacles(r)
	v.improvements(r)
	v.whatIf(r)
	v.Tables = []surveyTable{clientsTable(r)}
	return v
}

// allAlike: one thing keeps everybody out, and hundreds of names add nothing: the
// name does not resolve, nothing listens.
func allAlike(r *compat.Result) bool {
	_, all := counted(r)
	return len(r.Obstacles) == 1 && len(r.Obstacles[0].Clients) == all && all > 1
}

// clientsVerdict: all connect, some do not, none does.
func clientsVerdict(r *compat.Result) report.Verdict {
	if x := r.Row(r.Client); r.Client != client.Default && x != nil {
		return r.Verdict()
	}
	ok, all := counted(r)
	switch {
	case all == 0:
		return report.Unknown
	case ok == 0:
		return report.Fail
	case ok < all:
		return report.Warn
	}
	return report.OK
}

func counted(r *compat.Result) (ok, all int) {
	return r.Count(client.Captured, client.Documented, client.Estimated)
}

func clientsHeadline(r *compat.Result) string {
	var s string
	ok, all := r.Count(client.Captured)
	read, documents := r.Count(client.Documented, client.Estimated)
	switch {
	case all > 0 && documents > 0:
		s = fmt.Sprintf("%d of %s that were recorded connect, and %d of %d known from documents.", ok, count(all, "client"), read, documents)
	case all > 0:
		s = fmt.Sprintf("%d of %s connect.", ok, count(all, "client"))
	case documents > 0:
		s = fmt.Sprintf("%d of %s known from documents connect.", read, count(documents, "client"))
	}
	if x := r.Row(r.Client); x != nil && (r.Client != client.Default || s == "") {
		own := r.Client + " cannot connect: " + lowerSentence(x.Why)
		switch x.Outcome {
		case compat.OK:
			own = r.Client + ": " + lowerSentence(x.Why)
		case compat.Unknown:
			own = r.Client + ": could not tell."
		}
		s = strings.TrimSpace(own + " " + s)
	}
	if len(r.Separators) > 0 {
		s += " What separates them: " + andWords(r.Separators) + "."
	}
	return s
}

func lowerSentence(s string) string {
	if len(s) > 1 && s[1] >= 'a' && s[1] <= 'z' {
		return strings.ToLower(s[:1]) + s[1:]
	}
	return s
}

func andWords(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

func clientsWhere(r *compat.Result) string {
	s := r.Target.Input
	if s == "" {
		s = r.Target.Host
	}
	if r.Target.Address != "" {
		s += " at " + r.Endpoint()
	}
	if t, err := time.Parse(time.RFC3339, r.Time); err == nil {
		s += ", " + t.Format("2006-01-02 15:04 UTC")
	}
	return s
}

func clientsTotals(r *compat.Result) string {
	s := fmt.Sprintf("predicted %d, tried %d · %s · %s", r.Predicted, r.Tried, count(r.Connections, "connection"), seconds(r.ElapsedMS))
	if _, n := r.Count(client.Documented, client.Estimated); n > 0 {
		s += " · * from documents, not recorded"
	}
	return s
}

// kindNames are headings.
var kindNames = map[client.Kind]string{
	client.Browser: "Browsers", client.Platform: "Platforms", client.Language: "Languages", client.Tool: "Tools", client.Library: "Libraries",
	client.Mail: "Mail", client.Proxy: "Proxies", client.CDN: "CDNs", client.Bot: "Bots",
}

// span of versions of one product that fare alike.
type clientRun struct {
	product    string
	labels     []string
	documented bool
	row        compat.Row // of the first
}

// String is "Chrome 64–156*".
func (c clientRun) String() string {
	s := c.product + nbsp + spanOf(c.labels)
	if c.documented {
		s += "*"
	}
	parts := strings.Split(strings.TrimSpace(s), plus)
	for i := range parts {
		parts[i] = strings.ReplaceAll(parts[i], " ", nbsp)
	}
	return strings.Join(parts, nbsp+"+ ")
}

// plus joins versions that make no range.
const plus = " + "

// spanOf is from the first to the last; labels that say more than a version are
// named one by one.
func spanOf(labels []string) string {
	first, last := labels[0], labels[len(labels)-1]
	switch {
	case first == last:
		return apposed(first)
	case slices.ContainsFunc(labels, func(l string) bool { return !plainVersion(l) }):
		return plusJoined(labels)
	}
	first, _, _ = strings.Cut(first, " ")
	last, _, _ = strings.Cut(last, " ")
	if first == last {
		return plusJoined(labels)
	}
	return first + "–" + last
}

func plusJoined(labels []string) string {
	out := make([]string, len(labels))
	for i, l := range labels {
		out[i] = apposed(l)
	}
	return strings.Join(out, plus)
}

// apposed is "2.4 (verify)" for "2.4, verify": among clients that commas part, a
// comma within one misleads.
func apposed(label string) string {
	version, rest, ok := strings.Cut(label, ", ")
	if !ok {
		return label
	}
	return version + " (" + rest + ")"
}

// plainVersion: "153", "31 ESR"; not "2.4, verify" nor "Server 2012".
func plainVersion(label string) bool {
	digit := label != "" && label[0] >= '0' && label[0] <= '9'
	return !strings.Contains(label, ",") && (digit || !strings.Contains(label, " "))
}

// nbsp keeps a product and its versions on one line.
const nbsp = "\u00a0"

// runs joins neighbours of a product that have the same end.
func runs(rows []compat.Row) []clientRun {
	var out []clientRun
	for _, x := range rows {
		documented := x.Source != client.Captured && !x.Own
		if n := len(out); n > 0 {
			if last := &out[n-1]; last.product == x.Product && last.row.Outcome == x.Outcome && sameStep(last.row, x) {
				last.labels = append(last.labels, x.Label)
				last.documented = last.documented || documented
				continue
			}
		}
		out = append(out, clientRun{x.Product, []string{x.Label}, documented, x})
	}
	return out
}

func sameStep(a, b compat.Row) bool {
	return a.Step == nil && b.Step == nil || a.Step != nil && b.Step != nil && *a.Step == *b.Step
}

// kindFact is one kind of clients: first those that fail, with the step at which
// they do, then those that connect.
func kindFact(r *compat.Result, k client.Kind) (fact, bool) {
	rows := slices.DeleteFunc(slices.Clone(r.Clients), func(x compat.Row) bool { return x.Kind != k })
	if len(rows) == 0 || k == client.Reference {
		return fact{}, false
	}
	var good, open []string
	bad := map[string][]string{}
	var order []string
	for _, c := range runs(rows) {
		switch c.row.Outcome {
		case compat.OK:
			good = append(good, c.String())
		case compat.Fail:
			step := c.row.Step.String()
			if bad[step] == nil {
				order = append(order, step)
			}
			bad[step] = append(bad[step], c.String())
		default:
			open = append(open, c.String())
		}
	}
	f := fact{Label: kindNames[k]}
	// The shorter row says how many it does not name.
	const few = 3
	add := func(names []string, parts func(text string) []part) {
		if len(names) > 0 {
			f.Rows = append(f.Rows, parts(strings.Join(names, ", ")))
			f.Short = append(f.Short, parts(list(names, few)))
		}
	}
	for _, step := range order {
		add(bad[step], func(s string) []part { return []part{{gradeBad, "✗ "}, {gradeBad, step + ": "}, {gradeNone, s}} })
	}
	add(good, func(s string) []part { return []part{{gradeGood, "✓ "}, {gradeNone, s}} })
	add(open, func(s string) []part {
		return []part{{gradePoor, "? "}, {gradeSoft, "could not tell: "}, {gradeNone, s}}
	})
	return f, true
}

// obstacles says what keeps clients out.
func (v *surveyView) obstacles(r *compat.Result) {
	f := fact{Label: "Why not"}
	for _, o := range r.Obstacles {
		f.Rows = append(f.Rows, []part{
			{gradeBad, string(o.Cause)},
			{gradeNone, " " + strings.TrimSuffix(o.Text, ".")},
			{gradeSoft, " · " + count(len(o.Clients), "client") + ": "},
			{gradeNone, list(clientNames(o.Clients), 5)},
		})
	}
	if len(f.Rows) > 0 {
		v.Facts = append(v.Facts, f)
	}
}

// improvements say which single change would let clients in.
func (v *surveyView) improvements(r *compat.Result) {
	f := fact{Label: "One change"}
	for _, x := range r.Improvements {
		row := []part{
			{gradeGood, fmt.Sprintf("lets %d in: ", len(x.LetsIn))}, {gradeNone, x.Text},
		}
		if x.Price != "" {
			row = append(row, part{gradePoor, " · price: " + x.Price})
		}
		if len(x.Loses) > 0 {
			row = append(row, part{gradeBad, " · loses " + list(clientNames(x.Loses), 3)})
		}
		f.Rows = append(f.Rows, append(row, part{gradeSoft, " · who: "}, part{gradeNone, list(clientNames(x.LetsIn), 4)}))
	}
	if len(f.Rows) > 0 {
		v.Facts = append(v.Facts, f)
	}
}

// whatIf says what a change would do that nobody has made yet.
func (v *surveyView) whatIf(r *compat.Result) {
	x := r.WhatIf
	if x == nil {
		return
	}
	f := fact{Label: "If", Rows: [][]part{{{gradeNone, x.Change}}}, Whole: true}
	add := func(g grade, mark string, what string, ids []string) {
		if len(ids) > 0 {
			f.Rows = append(f.Rows, []part{{g, mark + " " + fmt.Sprintf(what, count(len(ids), "client"))}, {gradeNone, ": " + strings.Join(clientNames(ids), ", ")}})
		}
	}
	add(gradeBad, "✗", "%s lost", x.Lost)
	add(gradeGood, "✓", "%s let in", x.Gained)
	if len(f.Rows) == 1 {
		f.Rows = append(f.Rows, []part{{gradeSoft, "nobody is lost, and nobody let in"}})
	}
	add(gradePoor, "?", "%s of which it cannot be told", x.Open)
	v.Facts = append([]fact{f}, v.Facts...)
}

// clientsTable has a row for each client.
func clientsTable(r *compat.Result) surveyTable {
	t := surveyTable{Title: "Every client", Whole: true, Head: []string{"client", "year", "", "version", "suite", "group", "why not", "known from", "how"}}
	for _, x := range r.Clients {
		mark, g, why := "✓", gradeNone, ""
		switch x.Outcome {
		case compat.Fail:
			mark, g = "✗", gradeBad
			why = x.Step.String() + ": " + string(*x.Cause)
		case compat.Unknown:
			mark, g = "?", gradePoor
		}
		year := ""
		if x.Year > 0 {
			year = strconv.Itoa(x.Year)
		}
		t.Rows = append(t.Rows, tableRow{g, []string{x.ID, year, mark, named(x.Version), named(x.Cipher), named(x.Group), why, string(x.Source), string(x.How)}})
	}
	return t
}

func named[T fmt.Stringer](x *T) string {
	if x == nil {
		return ""
	}
	return (*x).String()
}

// clientSuite has a test for each client.
func clientSuite(r *compat.Result) junitSuite {
	s := junitSuite{
		Name: place(r.Target) + " clients", Timestamp: strings.TrimSuffix(r.Time, "Z"),
		Time: strconv.FormatFloat(r.ElapsedMS/1000, 'f', 3, 64),
	}
	for _, x := range r.Clients {
		c := junitCase{Name: x.ID, ClassName: r.Target.HostPort(), SystemOut: x.Why}
		switch x.Outcome {
		case compat.Fail:
			c.Failure = &junitMessage{Message: x.Why, Type: string(*x.Cause)}
			s.Failures++
		case compat.Unknown:
			c.Skipped = &junitMessage{Message: "could not tell"}
			s.Skipped++
		}
		s.Tests++
		s.Cases = append(s.Cases, c)
	}
	return s
}
