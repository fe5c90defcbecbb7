package render

import (
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/tlswhy/tlswhy/internal/report"
)

// JUnit has no specification; this is the part of Ant's format that Jenkins,
// GitLab and GitHub's reporters read alike. A target is a suite, each of the
// seven steps a test of it; warnings go to the step that they show at.
type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name      string      `xml:"name,attr"`
	Tests     int         `xml:"tests,attr"`
	Failures  int         `xml:"failures,attr"`
	Errors    int         `xml:"errors,attr"`
	Skipped   int         `xml:"skipped,attr"`
	Time      string      `xml:"time,attr"`
	Timestamp string      `xml:"timestamp,attr,omitempty"`
	Cases     []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name      string        `xml:"name,attr"`
	ClassName string        `xml:"classname,attr"`
	Failure   *junitMessage `xml:"failure,omitempty"`
	Error     *junitMessage `xml:"error,omitempty"`
	Skipped   *junitMessage `xml:"skipped,omitempty"`
	SystemOut string        `xml:"system-out,omitempty"`
}

type junitMessage struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

func writeJUnit(w io.Writer, reports []*report.Report) error {
	suites := make([]junitSuite, len(reports))
	for i, r := range reports {
		suites[i] = suiteOf(r)
	}
	return writeJUnitSuites(w, suites)
}

func writeJUnitSuites(w io.Writer, suites []junitSuite) error {
	all := junitSuites{Name: "tlswhy"}
	for _, s := range suites {
		all.Tests += s.Tests
		all.Failures += s.Failures
		all.Errors += s.Errors
		all.Suites = append(all.Suites, s)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", " ")
	if err := e.Encode(all); err != nil {
		return fmt.Errorf("writing JUnit: %w", err)
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func suiteOf(r *report.Report) junitSuite {
	s := junitSuite{
		Name:      place(r.Target) + " as " + r.Client,
		Time:      strconv.FormatFloat(r.ElapsedMS/1000, 'f', 3, 64),
		Timestamp: strings.TrimSuffix(r.Time, "Z"),
	}
	placed := map[int]bool{}
	for _, g := range rungs(r) {
		c := junitCase{Name: stepName(g.Step), ClassName: r.Target.HostPort()}
		var warnings []string
		for i := range r.Findings {
			f := &r.Findings[i]
			if f.Step != g.Step || placed[i] {
				continue
			}
			placed[i] = true
			if !f.Blocking {
				warnings = append(warnings, string(f.Cause)+": "+summary(f))
				continue
			}
			text := junitText(r, f)
			if c.Failure != nil {
				c.Failure.Text += "\n\n" + text
				continue
			}
			c.Failure = &junitMessage{Message: summary(f), Type: string(f.Cause), Text: text}
		}
		switch {
		case c.Failure != nil:
		case g.State == "failed" && r.Verdict == report.Unknown:
			c.Error = &junitMessage{Message: headline(r), Type: "unknown", Text: strings.Join(append(sentences(r.Notes), triedWays(r)...), "\n")}
		case g.State == "not-reached":
			c.Skipped = &junitMessage{Message: "not reached"}
		}
		c.SystemOut = strings.Join(warnings, "\n")
		s.add(c)
	}
	for i := range r.Findings {
		if f := &r.Findings[i]; f.Blocking && !placed[i] { // of no step of the ladder
			s.add(junitCase{Name: string(f.Cause), ClassName: r.Target.HostPort(), Failure: &junitMessage{summary(f), string(f.Cause), junitText(r, f)}})
		}
	}
	// The open question has to be somewhere, even where no step is to blame.
	if r.Verdict == report.Unknown && s.Errors == 0 {
		s.add(junitCase{Name: "verdict", ClassName: r.Target.HostPort(), Error: &junitMessage{Message: headline(r), Type: "unknown", Text: strings.Join(sentences(r.Notes), "\n")}})
	}
	return s
}

func (s *junitSuite) add(c junitCase) {
	s.Tests++
	switch {
	case c.Failure != nil:
		s.Failures++
	case c.Error != nil:
		s.Errors++
	case c.Skipped != nil:
		s.Skipped++
	}
	s.Cases = append(s.Cases, c)
}

func junitText(r *report.Report, f *report.Finding) string {
	rows := []string{confidenceLabel(f.Confidence) + ": " + proof(r, f, true)}
	if s := actor(r, f); s != "" {
		rows = append(rows, "Who acts: "+s)
	}
	if x := remediesOf(f).main; x != nil {
		fix := "Fix: "
		if n := softwareName(x.For); n != "" {
			fix += n + ": "
		}
		rows = append(rows, fix+sentence(oneLine(x.Text)))
		rows = append(rows, configRows(x)...)
	}
	if len(f.Reproduce) > 0 {
		rows = append(rows, "See it: "+f.Reproduce[0])
	}
	if f.Retest != "" {
		rows = append(rows, "Re-test: "+f.Retest)
	}
	return strings.Join(rows, "\n")
}
