package report

import (
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// LogsSchema names the document of logs read.
const LogsSchema = "tlswhy/logs/v1"

// Logs is which failures logs tell of.
type Logs struct {
	Schema string `json:"schema"`
	// Lines is how many were read, Bytes how long they were (after unpacking).
	Lines int64 `json:"lines"`
	Bytes int64 `json:"bytes"`
	// Failures is how many failed handshakes they tell of, Unclassified how many of
	// these come from a text that is not known. Several lines of one connection are
	// one failure.
	Failures     int64 `json:"failures"`
	Unclassified int64 `json:"unclassified"`
	// Noise is how many of the failures are likely nobody's: scanners, probes,
	// health checks, our own checks.
	Noise int64 `json:"noise"`
	// Undated is how many failures were left out of a span of time because nothing
	// tells when they were.
	Undated int64 `json:"undated,omitempty"`
	// First and Last are when the lines that tell of failures were written; nil where no
	// line has a time.
	First *time.Time `json:"first,omitempty"`
	Last  *time.Time `json:"last,omitempty"`
	// Groups are the causes: those that most failures have first.
	Groups []LogGroup `json:"groups"`
	// Unknown are texts that look like failures and are not known, the commonest first.
	Unknown []LogText `json:"unknown,omitempty"`
	// NoiseBy says whose noise it was.
	NoiseBy []LogNoise `json:"noise_by,omitempty"`
	// By is what was asked to be counted: clients, names or hours.
	By []LogBy `json:"by,omitempty"`
	// Damage is where input was not as it should be; what came before counts.
	Damage []LogDamage `json:"damage,omitempty"`
}

// LogGroup is the failures of one cause.
type LogGroup struct {
	Cause cause.ID   `json:"cause"`
	Title string     `json:"title"`
	Step  cause.Step `json:"step"`
	Side  cause.Side `json:"side"` // who usually has to act
	// Count is how many failures have this as the likeliest cause; over all groups
	// they add up to the failures that are classified. Possible is how many more may
	// have it too, whose texts do not decide: Count may be 0.
	Count    int64 `json:"count"`
	Possible int64 `json:"possible,omitempty"`
	// Decided is how many of Count come from a text that leaves no other cause.
	Decided int64 `json:"decided"`
	// Noise is how many of Count are likely nobody's.
	Noise int64 `json:"noise,omitempty"`
	// Stack is the software that wrote most of the lines.
	Stack string     `json:"stack"`
	First *time.Time `json:"first,omitempty"`
	Last  *time.Time `json:"last,omitempty"`
	// Clients are addresses, Names what was asked for, Agents user agents; the
	// commonest first, of many the most. Top says how often each.
	Clients []string   `json:"clients"`
	Names   []string   `json:"names,omitempty"`
	Agents  []string   `json:"agents,omitempty"`
	Top     []LogCount `json:"top,omitempty"`
	// ClientCount is how many addresses there are; of very many it is at least that.
	ClientCount int `json:"client_count"`
	// Over is how many failures fell into each of Span/len(Over) seconds since the
	// first of all failures.
	Over []int64 `json:"over,omitempty"`
	Span float64 `json:"span_s,omitempty"`
	// Texts are what the lines say, the commonest first.
	Texts  []LogText `json:"texts,omitempty"`
	Sample string    `json:"sample"`
	// Decides is what tells this cause from the others that its texts leave open.
	Decides []string `json:"decides,omitempty"`
	Next    []string `json:"next"` // commands
}

// LogText is one text among the lines, without what differs between equal failures.
type LogText struct {
	Count     int64      `json:"count"`
	Signature string     `json:"signature,omitempty"`
	Says      string     `json:"says,omitempty"`
	Sample    string     `json:"sample"`           // a line that has it
	Causes    []cause.ID `json:"causes,omitempty"` // likeliest first
}

// LogCount is how often a client, a name or a user agent occurs.
type LogCount struct {
	Kind  string `json:"kind"` // client, name or agent
	Key   string `json:"key"`
	Count int64  `json:"count"`
}

// LogNoise is failures that are likely nobody's.
type LogNoise struct {
	Kind    string   `json:"kind"` // scanner, probe, healthcheck, own
	Count   int64    `json:"count"`
	Clients []string `json:"clients"`
}

// LogBy is the failures of one client, name or hour.
type LogBy struct {
	Key    string             `json:"key"`
	Count  int64              `json:"count"`
	Causes map[cause.ID]int64 `json:"causes"`
	First  *time.Time         `json:"first,omitempty"`
	Last   *time.Time         `json:"last,omitempty"`
}

// LogDamage is a place where input is broken.
type LogDamage struct {
	Source string `json:"source"`
	Line   int64  `json:"line"` // the last that was read whole
	Reason string `json:"reason"`
}

// LogFailure is one line that tells of a failure.
type LogFailure struct {
	Source string     `json:"source,omitempty"`
	Line   int64      `json:"line"` // in its source, from 1
	Time   *time.Time `json:"time,omitempty"`
	Cause  cause.ID   `json:"cause,omitempty"` // "" for a text that is not known
	Stack  string     `json:"stack"`
	Client string     `json:"client,omitempty"`
	Name   string     `json:"name,omitempty"`
	Agent  string     `json:"agent,omitempty"`
	Noise  string     `json:"noise,omitempty"`
	// Others are the causes that the text leaves open besides.
	Others []cause.ID `json:"others,omitempty"`
	Text   string     `json:"text"`
}
