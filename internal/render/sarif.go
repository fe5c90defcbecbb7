package render

import (
	"io"
	"net/url"
	"slices"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/report"
)

// SARIF 2.1.0 (OASIS), the part that code scanning shows. The target's URL
// stands where a file would; a finding's fingerprint is what it is and where, so
// that a scanner sees the same one again.
type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool        sarifTool         `json:"tool"`
	Invocations []sarifInvocation `json:"invocations"`
	Results     []sarifResult     `json:"results"`
}

type sarifTool struct {
	Driver sarifDriver `json:"driver"`
}

type sarifDriver struct {
	Name    string      `json:"name"`
	Version string      `json:"version,omitempty"`
	Rules   []sarifRule `json:"rules"`
}

type sarifRule struct {
	ID               string       `json:"id"`
	ShortDescription sarifMessage `json:"shortDescription"`
	FullDescription  sarifMessage `json:"fullDescription"`
	Help             sarifMessage `json:"help"`
	Default          sarifDefault `json:"defaultConfiguration"`
}

type sarifDefault struct {
	Level string `json:"level"`
}

type sarifInvocation struct {
	ExecutionSuccessful bool                `json:"executionSuccessful"`
	StartTime           string              `json:"startTimeUtc,omitempty"`
	Notifications       []sarifNotification `json:"toolExecutionNotifications,omitempty"`
}

type sarifNotification struct {
	Level   string       `json:"level"`
	Message sarifMessage `json:"message"`
}

type sarifResult struct {
	RuleID       string            `json:"ruleId"`
	RuleIndex    int               `json:"ruleIndex"`
	Level        string            `json:"level"`
	Kind         string            `json:"kind"`
	Message      sarifMessage      `json:"message"`
	Locations    []sarifLocation   `json:"locations"`
	Fingerprints map[string]string `json:"partialFingerprints"`
	Properties   sarifProperties   `json:"properties"`
}

type sarifMessage struct {
	Text string `json:"text"`
}

type sarifLocation struct {
	Physical sarifPhysical  `json:"physicalLocation"`
	Logical  []sarifLogical `json:"logicalLocations"`
}

type sarifPhysical struct {
	Artifact sarifArtifact `json:"artifactLocation"`
	Region   sarifRegion   `json:"region"`
}

type sarifArtifact struct {
	URI string `json:"uri"`
}

type sarifRegion struct {
	StartLine int `json:"startLine"`
}

type sarifLogical struct {
	Name string `json:"name"`
	Kind string `json:"kind"`
}

type sarifProperties struct {
	Client     string `json:"client"`
	Confidence string `json:"confidence"`
	Blocking   bool   `json:"blocking"`
	Side       string `json:"side"`
}

func writeSARIF(w io.Writer, reports []*report.Report) error {
	run := sarifRun{Tool: sarifTool{Driver: sarifDriver{Name: "tlswhy", Rules: []sarifRule{}}}, Results: []sarifResult{}}
	for _, r := range reports {
		run.Tool.Driver.Version = r.Version
		inv := sarifInvocation{ExecutionSuccessful: r.Verdict != report.Unknown, StartTime: r.Time}
		if r.Verdict == report.Unknown {
			inv.Notifications = append(inv.Notifications, sarifNotification{"error", sarifMessage{headline(r)}})
		}
		for _, n := range sentences(r.Notes) {
			inv.Notifications = append(inv.Notifications, sarifNotification{"note", sarifMessage{n}})
		}
		run.Invocations = append(run.Invocations, inv)
		for i := range r.Findings {
			run.Results = append(run.Results, resultOf(r, &r.Findings[i], run.rule(&r.Findings[i])))
		}
	}
	return WriteJSON(w, sarifLog{
		Schema:  "https://json.schemastore.org/sarif-2.1.0.json",
		Version: "2.1.0", Runs: []sarifRun{run},
	})
}

// rule returns the index of a finding's cause among the rules, adding it first
// if need be.
func (run *sarifRun) rule(f *report.Finding) int {
	rules := &run.Tool.Driver.Rules
	if i := slices.IndexFunc(*rules, func(x sarifRule) bool { return x.ID == string(f.Cause) }); i >= 0 {
		return i
	}
	rule := sarifRule{ID: string(f.Cause), Default: sarifDefault{level(f.Severity, true)}}
	rule.ShortDescription.Text = catalogueTitle(f.Cause)
	rule.FullDescription.Text, rule.Help.Text = rule.ShortDescription.Text, "tlswhy guide "+string(f.Cause)
	if c, ok := cause.Get(f.Cause); ok && c.Summary != "" {
		rule.FullDescription.Text = cause.Expand(c.Summary, nil)
	}
	*rules = append(*rules, rule)
	return len(*rules) - 1
}

func resultOf(r *report.Report, f *report.Finding, rule int) sarifResult {
	message := summary(f) + " " + confidenceLabel(f.Confidence) + ": " + proof(r, f, true)
	if x := remediesOf(f).main; x != nil {
		message += " Fix: " + sentence(oneLine(x.Text))
	}
	return sarifResult{
		RuleID: string(f.Cause), RuleIndex: rule, Level: level(f.Severity, f.Blocking), Kind: "fail",
		Message: sarifMessage{message},
		Locations: []sarifLocation{{
			Physical: sarifPhysical{sarifArtifact{targetURI(r.Target)}, sarifRegion{1}},
			Logical:  []sarifLogical{{stepName(f.Step), "resource"}},
		}},
		Fingerprints: map[string]string{"tlswhy/v1": r.Target.String() + " " + r.Client + " " + string(f.Cause)},
		Properties:   sarifProperties{r.Client, string(f.Confidence), f.Blocking, string(f.Side)},
	}
}

func level(s cause.Severity, blocking bool) string {
	switch {
	case blocking && s >= cause.SeverityMedium:
		return "error"
	case blocking || s >= cause.SeverityMedium:
		return "warning"
	}
	return "note"
}

// targetURI is the target as a URI. SARIF viewers want one to group by.
func targetURI(t report.Target) string {
	scheme := "https"
	if t.StartTLS != "" {
		scheme = t.StartTLS
	} else if t.Service != "" && t.Service != "http" {
		scheme = t.Service + "s"
	}
	u := url.URL{Scheme: scheme, Host: t.HostPort(), Path: "/"}
	return u.String()
}
