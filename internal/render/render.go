// Package render shows a report: on a terminal, as JSON, as a page, as Markdown
// for an issue, as JUnit for a pipeline and as SARIF for code scanning. Every
// view shows the same report in the same order (verdict, where, why, proof, who
// acts, what to do, how to check it) and decides nothing.
//
// Text of peers is cleaned once, before any view sees it; see clean.go.
package render

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tlswhy/tlswhy/internal/report"
)

// Format names a view.
type Format string

// The views.
const (
	Term     Format = "term"
	JSON     Format = "json"
	HTML     Format = "html"
	Markdown Format = "markdown"
	JUnit    Format = "junit"
	SARIF    Format = "sarif"
)

// Formats are all views, in the order in which they are listed to people.
func Formats() []Format { return []Format{Term, JSON, HTML, Markdown, JUnit, SARIF} }

// ParseFormat reads the name of a view.
func ParseFormat(s string) (Format, error) {
	if f := Format(s); slices.Contains(Formats(), f) {
		return f, nil
	}
	names := make([]string, 0, len(Formats()))
	for _, f := range Formats() {
		names = append(names, string(f))
	}
	return "", fmt.Errorf("format %q is not known, there are %s", s, strings.Join(names, ", "))
}

// Options say where a view is shown. They matter to Term, but for Several.
type Options struct {
	// Width of the terminal in columns; 0 is 80.
	Width int
	// Height in lines that a report tries to keep to; 0 is 24. Verbose ignores it.
	Height  int
	Color   bool
	ASCII   bool // no characters beyond ASCII of our own
	Verbose bool // all findings, fixes, handshakes and certificates
	// Several asks for the document of several targets even where an interruption
	// left one report.
	Several bool
	// Saved is the file that holds the report as JSON, for "tlswhy retest FILE";
	// "" where there is none.
	Saved string
}

// Reports writes reports in a view. JSON is one document whatever their number.
func Reports(w io.Writer, f Format, reports []*report.Report, o Options) error {
	if f == JSON {
		return writeReportsJSON(w, reports, o.Several)
	}
	clean := make([]*report.Report, len(reports))
	for i, r := range reports {
		clean[i] = cleaned(r)
	}
	switch f {
	case Term:
		return writeTerm(w, clean, o)
	case HTML:
		return writeHTML(w, pagesOf(clean))
	case Markdown:
		return writeMarkdown(w, clean)
	case JUnit:
		return writeJUnit(w, clean)
	case SARIF:
		return writeSARIF(w, clean)
	}
	return fmt.Errorf("format %q is not known", f)
}

// Retests writes what became of repeated checks. JUnit and SARIF show the
// repeated check alone: what they are read by keeps its own history.
func Retests(w io.Writer, f Format, retests []*report.Retest, o Options) error {
	if f == JSON {
		return writeRetestsJSON(w, retests)
	}
	clean := make([]*report.Retest, len(retests))
	fresh := make([]*report.Report, len(retests))
	for i, t := range retests {
		clean[i] = cleaned(t)
		fresh[i] = clean[i].Report
	}
	switch f {
	case Term:
		return writeTermRetests(w, clean, o)
	case HTML:
		return writeHTML(w, pagesOfRetests(clean))
	case Markdown:
		return writeMarkdownRetests(w, clean)
	case JUnit:
		return writeJUnit(w, fresh)
	case SARIF:
		return writeSARIF(w, fresh)
	}
	return fmt.Errorf("format %q is not known", f)
}
