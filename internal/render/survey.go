package render

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/survey"
)

// Surveys writes surveys in a view. JSON is one document whatever their number.
// JUnit and SARIF show their findings.
func Surveys(w io.Writer, f Format, surveys []*survey.Survey, o Options) error {
	if f == JSON {
		if len(surveys) == 1 && !o.Several {
			return WriteJSON(w, surveys[0])
		}
		return WriteJSON(w, survey.Many{Schema: survey.ManySchema, Surveys: surveys})
	}
	views := make([]*surveyView, len(surveys))
	findings := make([]*report.Report, len(surveys))
	for i, s := range surveys {
		s = cleaned(withoutDefects(s))
		views[i], findings[i] = surveyViewOf(s), surveyFindings(s)
	}
	switch f {
	case Term:
		return writeTermSurveys(w, views, o)
	case HTML:
		return writeHTMLSurveys(w, views)
	case Markdown:
		return writeMarkdownSurveys(w, views)
	case JUnit:
		return writeJUnit(w, findings)
	case SARIF:
		return writeSARIF(w, findings)
	}
	return fmt.Errorf("format %q is not known", f)
}

// withoutDefects drops what no document holds and no view shows: parsed
// certificates, which are costly to copy.
func withoutDefects(s *survey.Survey) *survey.Survey {
	out := *s
	out.Certificates = slices.Clone(s.Certificates)
	for i := range out.Certificates {
		out.Certificates[i].Defects = nil
	}
	return &out
}

// SurveyDiff writes what two surveys tell differently. JUnit and SARIF, which
// report findings, have no place for it.
func SurveyDiff(w io.Writer, f Format, d *survey.Diff, o Options) error {
	if f == JSON {
		return WriteJSON(w, d)
	}
	v := diffViewOf(cleaned(d))
	switch f {
	case Term:
		return writeTermDiff(w, v, o)
	case HTML:
		return writeHTMLDiff(w, v)
	case Markdown:
		return writeMarkdownDiff(w, v)
	case JUnit, SARIF:
		return ErrNoDiff
	}
	return fmt.Errorf("format %q is not known", f)
}

// ErrNoDiff says that a format cannot hold the comparison of two surveys.
var ErrNoDiff = fmt.Errorf("a comparison of surveys is printed as %s", strings.Join([]string{string(Term), string(JSON), string(HTML), string(Markdown)}, ", "))

// surveyFindings is a survey as a report of what it found, for the views that
// know findings alone. What it found about a server it found from the point of
// view of all current clients.
func surveyFindings(s *survey.Survey) *report.Report {
	r := &report.Report{
		Schema: report.Schema, Version: s.Version, Time: s.Time, Target: s.Target, Client: "modern", Options: s.Options,
		Verdict: surveyVerdict(s), Step: cause.StepSecure, Findings: s.Findings, Addresses: s.Addresses, Notes: s.Notes,
		Server: report.Server{Software: surveySoftware(s)}, Connections: s.Connections, ElapsedMS: s.ElapsedMS,
	}
	if r.Verdict == report.Unknown {
		r.Step = cause.StepVersion
		for _, st := range cause.Steps() {
			state := "not-reached"
			if st == cause.StepVersion {
				state = "failed"
			}
			r.Ladder = append(r.Ladder, report.Rung{Step: st, State: state})
		}
	}
	return r
}

// surveyVerdict: a survey that found no TLS has not answered its question.
func surveyVerdict(s *survey.Survey) report.Verdict {
	switch {
	case len(s.Versions) == 0:
		return report.Unknown
	case len(s.Findings) > 0:
		return report.Warn
	}
	return report.OK
}

func surveySoftware(s *survey.Survey) string {
	if s.HTTP == nil {
		return ""
	}
	return cause.DetectSoftware(s.HTTP.Server, "", "")
}
