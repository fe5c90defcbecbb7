package render

import (
	"fmt"
	"html/template"
	"io"
	"strconv"
	"strings"
	"sync"
)

// surveyTemplate shares the frame, the proofs and the remedies of a report's
// page.
var surveyTemplate = sync.OnceValues(func() (*template.Template, error) {
	return template.ParseFS(assets, "assets/survey.html", "assets/page.html")
})

type surveyPage struct {
	Anchor, Verdict, Mark string
	*surveyView
	Hurts   []findingView
	Version string
	Setting string
}

type diffPage struct {
	*diffView
	Version string
}

func writeHTMLSurveys(w io.Writer, views []*surveyView) error {
	pages := make([]surveyPage, len(views))
	title := "tlswhy: " + count(len(views), "survey")
	for i, v := range views {
		p := surveyPage{
			Anchor: "r" + strconv.Itoa(i+1), Verdict: verdictClass(v.Verdict), Mark: verdictMark(v.Verdict),
			surveyView: v, Version: v.s.Version, Setting: settings(v.s.Options),
		}
		for _, f := range v.Findings {
			p.Hurts = append(p.Hurts, viewOf(v.r, f))
		}
		pages[i] = p
	}
	if len(views) == 1 {
		title = views[0].Headline
	}
	return writeSurveyPage(w, title, "surveys", pages)
}

func writeHTMLDiff(w io.Writer, v *diffView) error {
	return writeSurveyPage(w, v.Headline, "diff", diffPage{v, v.Version})
}

func writeSurveyPage(w io.Writer, title, body string, content any) error {
	t, err := surveyTemplate()
	if err != nil {
		return fmt.Errorf("reading the page's template: %w", err)
	}
	data := struct {
		Title   string
		Style   template.CSS
		Surveys any
		Diff    any
	}{Title: title}
	if body == "diff" {
		data.Diff = content
	} else {
		data.Surveys = content
	}
	for _, name := range []string{"assets/page.css", "assets/survey.css"} {
		style, err := assets.ReadFile(name)
		if err != nil {
			return fmt.Errorf("reading the page's style: %w", err)
		}
		data.Style += template.CSS(style) //nolint:gosec // G203: the style is embedded, no text of a peer is in it
	}
	return t.ExecuteTemplate(w, "survey.html", data)
}

// The page asks for what is a method elsewhere.

func (l lockOut) Some() string { return l.Words(shownOut) }

// Rest is all that are kept out, where Some does not name them all.
func (l lockOut) Rest() string {
	if len(l.Clients) <= shownOut {
		return ""
	}
	return strings.Join(l.Clients, ", ")
}

// shownOut is how many products a page names at once.
const shownOut = 8
