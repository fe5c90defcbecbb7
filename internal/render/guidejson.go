package render

import (
	"io"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// GuideSchema names the document of the catalogue.
const GuideSchema = "tlswhy/guide/v1"

type guideDocument struct {
	Schema string       `json:"schema"`
	Causes []guideCause `json:"causes"`
	Topics []guideTopic `json:"topics"`
}

type guideCause struct {
	ID         cause.ID       `json:"id"`
	Group      cause.Group    `json:"group"`
	Step       cause.Step     `json:"step"`
	Severity   cause.Severity `json:"severity"`
	Side       cause.Side     `json:"side"`
	Title      string         `json:"title"`
	Summary    string         `json:"summary"`
	What       string         `json:"what"`
	Near       []cause.ID     `json:"near"`
	Shows      []guideSymptom `json:"shows"`
	Confirm    []string       `json:"confirm"`
	Decides    []guideDecides `json:"decides"`
	Fix        []guideFix     `json:"fix"`
	Reproduce  []string       `json:"reproduce"`
	Retest     string         `json:"retest"`
	References []string       `json:"references"`
}

type guideSymptom struct {
	In   string `json:"in"`
	Text string `json:"text"`
}

type guideDecides struct {
	From cause.ID `json:"from"`
	How  string   `json:"how"`
}

type guideFix struct {
	For      string     `json:"for"`
	Side     cause.Side `json:"side"`
	Versions string     `json:"versions,omitempty"`
	Text     string     `json:"text"`
	Config   string     `json:"config,omitempty"`
	Place    string     `json:"place,omitempty"`
	Run      []string   `json:"run,omitempty"`
	Verified bool       `json:"verified"`
}

type guideTopic struct {
	ID      string      `json:"id"`
	Title   string      `json:"title"`
	Summary string      `json:"summary"`
	Text    []string    `json:"text"`
	Items   []guideItem `json:"items"`
	Outro   string      `json:"outro,omitempty"`
}

type guideItem struct {
	ID       string         `json:"id"`
	Title    string         `json:"title"`
	Text     string         `json:"text"`
	Step     cause.Step     `json:"step,omitempty"`
	Severity cause.Severity `json:"severity,omitempty"`
	Causes   []cause.ID     `json:"causes"`
	Next     string         `json:"next,omitempty"`
	Commands []string       `json:"commands"`
}

// GuideJSON writes causes and topics as one document. Commands and texts are
// filled with the examples' values, as in the other views.
func GuideJSON(w io.Writer, causes []*cause.Cause, topics []*cause.Topic, software string) error {
	doc := guideDocument{Schema: GuideSchema, Causes: []guideCause{}, Topics: []guideTopic{}}
	for _, c := range causes {
		doc.Causes = append(doc.Causes, causeDocument(c, software))
	}
	for _, t := range topics {
		doc.Topics = append(doc.Topics, topicDocument(t))
	}
	return WriteJSON(w, doc)
}

func causeDocument(c *cause.Cause, software string) guideCause {
	d := guideCause{
		ID: c.ID, Group: c.Group, Step: c.Step, Severity: c.Severity, Side: c.Side,
		Title: c.Title, Summary: cause.Expand(c.Summary, nil), What: cause.Expand(c.What, nil),
		Near: orEmpty(c.Near), Shows: []guideSymptom{}, Confirm: each(c.Confirm, cause.Expand),
		Decides: []guideDecides{}, Fix: []guideFix{}, Reproduce: each(c.Reproduce, cause.ExpandCommand),
		Retest: cause.Expand(c.Retest, nil), References: orEmpty(c.References),
	}
	for _, s := range c.Shows {
		d.Shows = append(d.Shows, guideSymptom{s.In, cause.Expand(s.Text, nil)})
	}
	for _, x := range c.Decides {
		d.Decides = append(d.Decides, guideDecides{x.From, cause.Expand(x.How, nil)})
	}
	fixes := c.FixesFor(software, "")
	if software == "" {
		fixes = nil
		for _, f := range c.Fixes {
			fixes = append(fixes, *f)
		}
	}
	for _, f := range fixes {
		x := guideFix{For: f.For, Side: f.Side, Versions: string(f.Versions), Text: cause.Expand(f.Text, nil), Config: cause.Expand(f.Config, nil), Place: f.Place, Verified: f.Verified}
		if len(f.Run) > 0 {
			x.Run = each(f.Run, cause.ExpandCommand)
		}
		d.Fix = append(d.Fix, x)
	}
	return d
}

func topicDocument(t *cause.Topic) guideTopic {
	d := guideTopic{ID: t.ID, Title: t.Title, Summary: cause.Expand(t.Summary, nil), Text: each(t.Text, cause.Expand), Items: []guideItem{}, Outro: cause.Expand(t.Outro, nil)}
	for _, i := range t.Items {
		d.Items = append(d.Items, guideItem{
			ID: i.ID, Title: i.Title, Text: cause.Expand(i.Text, nil), Step: i.Step, Severity: i.Severity,
			Causes: orEmpty(i.Causes), Next: cause.Expand(i.Next, nil), Commands: each(i.Commands, cause.ExpandCommand),
		})
	}
	return d
}

func each(all []string, expand func(string, map[string]string) string) []string {
	out := make([]string, len(all))
	for i, s := range all {
		out[i] = expand(s, nil)
	}
	return out
}

func orEmpty[T any](all []T) []T {
	if all == nil {
		return []T{}
	}
	return all
}
