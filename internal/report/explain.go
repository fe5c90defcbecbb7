package report

import (
	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// ExplanationSchema names the document of a text explained.
const ExplanationSchema = "tlswhy/explain/v1"

// Explanation is what an error text comes from.
type Explanation struct {
	Schema string `json:"schema"`
	// Input is the text, of a long one the beginning; Cut says that it was longer.
	Input string `json:"input"`
	Cut   bool   `json:"cut,omitempty"`
	// Matches are the causes, likeliest first; empty for a text that is not known.
	Matches []Match `json:"matches"`
	// Says is one sentence of what happened, "" if nothing matched.
	Says string `json:"says,omitempty"`
	// Step is where on the seven steps, "" where the text does not tell.
	Step cause.Step `json:"step,omitempty"`
	// Spoke is who wrote the text and who ended the handshake.
	Spoke Spoke `json:"spoke"`
	// Client is the id of the client that stands for who wrote the text, "" for none.
	Client string `json:"client,omitempty"`
	// Quirk is what the text hides or is mistaken for.
	Quirk string `json:"quirk,omitempty"`
	// Recognised is what was found in the text, matched or not.
	Recognised Recognised `json:"recognised"`
	// Report is the check of the target, where one was asked for.
	Report *Report `json:"report,omitempty"`
}

// Match is a cause that the text may come from.
type Match struct {
	Cause      cause.ID   `json:"cause"`
	Confidence float64    `json:"confidence"` // 0 to 1
	Stack      string     `json:"stack"`      // id of the software that wrote the text
	Signature  string     `json:"signature"`
	Side       cause.Side `json:"side"` // who usually has to act
	Step       cause.Step `json:"step"`
	Title      string     `json:"title"`
	Why        string     `json:"why"`
	Text       string     `json:"text"`    // the line that says so
	Source     string     `json:"source"`  // where the text is known from
	Decides    []string   `json:"decides"` // what tells it from the others
	Fix        []Fix      `json:"fix"`     // for the software at hand first
	Next       []string   `json:"next"`    // commands that decide
}

// Spoke says who wrote a text, and what it tells of the two ends.
type Spoke struct {
	Software string `json:"software,omitempty"` // name of who wrote it
	// Writer is client or server, "" where the text does not tell; RefusedBy is which
	// of them ended the handshake.
	Writer    string `json:"writer,omitempty"`
	RefusedBy string `json:"refused_by,omitempty"`
	// Alert is what it was told with; Direction is received or sent, as the writer
	// sees it, or unknown.
	Alert     *wire.AlertDescription `json:"alert,omitempty"`
	Direction string                 `json:"direction,omitempty"`
}

// Recognised is what a text holds, whether or not it is known.
type Recognised struct {
	Stacks []string                `json:"stacks"` // names of software
	Alerts []wire.AlertDescription `json:"alerts"`
	Codes  []ErrorCode             `json:"codes"`
	Host   string                  `json:"host,omitempty"` // a target that the text names
}

// ErrorCode is a packed error code of OpenSSL or one of its relatives.
type ErrorCode struct {
	Code   string `json:"code"`
	Reason string `json:"reason,omitempty"`
}
