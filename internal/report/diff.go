package report

import "github.com/tlswhy/tlswhy/internal/cause"

// RetestSchema names the document that compares two reports.
const RetestSchema = "tlswhy/retest/v1"

// Retest is what became of a report's findings when its check was repeated.
type Retest struct {
	Schema string  `json:"schema"`
	Target Target  `json:"target"`
	Client string  `json:"client"`
	Before Summary `json:"before"`
	After  Summary `json:"after"`
	// Verdict is that of the repeated check.
	Verdict   Verdict   `json:"verdict"`
	Fixed     []Finding `json:"fixed"`     // as the old report has them
	New       []Finding `json:"new"`       // as the new report has them
	Unchanged []Finding `json:"unchanged"` // likewise: its evidence is the fresh one
	// Hidden are findings of the old report that the repeated check could not see,
	// because the client stops before their step now.
	Hidden []Finding `json:"hidden,omitempty"`
	// Report is the repeated check in full, to retest from again.
	Report *Report `json:"report"`
}

// Summary is a report in a few words.
type Summary struct {
	Verdict  Verdict    `json:"verdict"`
	Step     cause.Step `json:"step"`
	Cause    cause.ID   `json:"cause,omitempty"` // root cause, "" where nothing blocks
	Time     string     `json:"time,omitempty"`  // RFC 3339, UTC
	Blocking int        `json:"blocking"`        // number of blocking findings
	Findings int        `json:"findings"`        // number of all findings
}

// Compare tells which findings of the old report are gone, which are still
// there and which came new. Findings are the same if their cause is: their
// texts name dates, counts and attempts, which differ from run to run.
func Compare(before, after *Report) *Retest {
	r := &Retest{
		Schema:    RetestSchema,
		Target:    after.Target,
		Client:    after.Client,
		Before:    before.Summary(),
		After:     after.Summary(),
		Verdict:   after.Verdict,
		Fixed:     []Finding{},
		New:       []Finding{},
		Unchanged: []Finding{},
		Report:    after,
	}
	// A cause can stand in a report more than once (two addresses, two weak
	// certificates), so occurrences are counted off.
	left := map[cause.ID]int{}
	for _, f := range before.Findings {
		left[f.Cause]++
	}
	for _, f := range after.Findings {
		if left[f.Cause] > 0 {
			left[f.Cause]--
			r.Unchanged = append(r.Unchanged, f)
		} else {
			r.New = append(r.New, f)
		}
	}
	// Of several findings of one cause the last ones count as gone; which of them
	// it really was cannot be told by the cause.
	for i := len(before.Findings) - 1; i >= 0; i-- {
		f := before.Findings[i]
		if left[f.Cause] == 0 {
			continue
		}
		left[f.Cause]--
		if hidden(f, after) {
			r.Hidden = append([]Finding{f}, r.Hidden...)
		} else {
			r.Fixed = append([]Finding{f}, r.Fixed...)
		}
	}
	return r
}

// hidden reports whether a check that ended like r would not have come to f.
func hidden(f Finding, r *Report) bool {
	if r.Verdict == Unknown {
		return f.Step >= r.Step
	}
	return r.Root() != nil && f.Step > r.Step
}

// Summary is the report in a few words.
func (r *Report) Summary() Summary {
	s := Summary{Verdict: r.Verdict, Step: r.Step, Time: r.Time, Findings: len(r.Findings)}
	for _, f := range r.Findings {
		if !f.Blocking {
			continue
		}
		if s.Blocking == 0 {
			s.Cause = f.Cause
		}
		s.Blocking++
	}
	return s
}
