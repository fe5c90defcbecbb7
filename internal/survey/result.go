package survey

import (
	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/client"
	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/trust"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// Schema names the document.
const Schema = "tlswhy/survey/v1"

// Survey is everything that one address of a server accepts. Its JSON is the
// contract with users' scripts: fields are added, never removed.
type Survey struct {
	Schema  string         `json:"schema"`
	Version string         `json:"tlswhy,omitempty"` // of the program
	Time    string         `json:"time"`             // RFC 3339, UTC, when it began
	Target  report.Target  `json:"target"`           // with the address that was asked
	Options report.Options `json:"options"`

	transcript.Facts
	// Answers tell what each version from SSL 2.0 to TLS 1.3 gets, newest first.
	Answers []Answer `json:"version_answers"`
	// Certificates are those of Facts, read and verified.
	Certificates []Certificate `json:"certificates"`
	// Authorities are the names of the CAs whose client certificates it asks for.
	Authorities []string `json:"client_certificate_authorities"`
	DNS         DNS      `json:"dns"`
	HTTP        *HTTP    `json:"http"` // nil where no HTTP came back

	// Findings are what hurts now or will, worst first; none is blocking.
	Findings []report.Finding `json:"findings"`
	// LocksOut tells which clients cannot connect, by what keeps them out.
	LocksOut []LockOut `json:"locks_out"`
	// Profiles compare with Mozilla's recommendations: modern, intermediate, old.
	Profiles []Gap `json:"profiles"`

	Addresses []report.Address `json:"addresses"` // all of the name
	// Notes say what kept the survey from being complete, and what else is to be known.
	Notes []string `json:"notes"`
	// Complete: nothing was left out for want of time, budget or answers.
	Complete bool `json:"complete"`
	// Gentle: the server was asked one thing at a time, because it was told to or
	// because the server takes no more.
	Gentle      bool    `json:"gentle"`
	Connections int     `json:"connections"`
	RoundTrips  int     `json:"round_trips"` // on the longest chain of questions that waited for each other
	RTTMS       float64 `json:"rtt_ms"`      // median time to set up a connection
	ElapsedMS   float64 `json:"elapsed_ms"`

	predictor *client.Predictor
	limits    []string
	baseline  *transcript.Transcript
}

// Answer is what a hello gets that offers nothing newer than Version.
type Answer struct {
	Version  wire.Version `json:"version"`
	Accepted bool         `json:"accepted"`
	// Outcome is "accepted", the version that was chosen instead ("TLS 1.0"), or how
	// it was refused: "alert 70 protocol_version", "closed", "reset", "silent".
	Outcome string `json:"outcome"`
}

// Certificate is a leaf that the server shows, and what comes with it.
type Certificate struct {
	transcript.Served
	Chain []report.ChainCert `json:"chain"`
	// Covers says whether the target's name is among its names.
	Covers transcript.Tri `json:"covers_name"`
	// Trusted says whether a chain to the roots of a current client was found,
	// name and time included; Problems name what is wrong with it otherwise.
	Trusted  transcript.Tri `json:"trusted"`
	Problems []cause.ID     `json:"problems"`
	// Defects are Problems in full; a document that was read has none.
	Defects []trust.Defect `json:"-"`
	// DaysLeft are the whole days until the first certificate of the chain expires,
	// negative since then; 0 on either side of it.
	DaysLeft int `json:"days_left"`
	// FetchedIssuers are the subjects of CA certificates that are not sent and were
	// fetched from where the chain says, so that it leads to a root with them.
	FetchedIssuers []string `json:"fetched_issuers"`
	// Staple is "none", "good", "revoked", "unknown" or what is wrong with it:
	// "expired", "unreadable", "not for this certificate".
	Staple     string `json:"staple"`
	MustStaple bool   `json:"must_staple"`
}

// DNS is what the name's zone says of its certificates and services.
type DNS struct {
	// Asked is false for addresses, under --connect, and where no look-up succeeded.
	Asked bool     `json:"asked"`
	CAA   []string `json:"caa"`   // presentation format, of the nearest name that has any (RFC 8659, Section 3)
	TLSA  []string `json:"tlsa"`  // of _port._tcp.name (RFC 6698)
	HTTPS []string `json:"https"` // RFC 9460
	// TLSAMatch says whether a TLSA record matches what is served.
	TLSAMatch transcript.Tri `json:"tlsa_match"`
}

// HTTP is what the application said to one request.
type HTTP struct {
	Proto  string `json:"proto"` // "HTTP/1.1", "h2"
	Status int    `json:"status"`
	Server string `json:"server"`
	AltSvc string `json:"alt_svc"`
	HSTS   *HSTS  `json:"hsts"` // nil without the header
}

// HSTS is a Strict-Transport-Security header (RFC 6797).
type HSTS struct {
	MaxAge            int64 `json:"max_age_s"`
	IncludeSubDomains bool  `json:"include_subdomains"`
	Preload           bool  `json:"preload"`
}

// LockOut is a setting that keeps clients out.
type LockOut struct {
	Step  cause.Step `json:"step"`
	Cause cause.ID   `json:"cause"`
	// Text says it in a phrase: "no version older than TLS 1.2".
	Text    string   `json:"text"`
	Clients []string `json:"clients"` // ids, of those predicted exactly
}

// Gap is how far a server is from a recommended configuration.
type Gap struct {
	Profile string   `json:"profile"` // "modern", "intermediate", "old"
	Version string   `json:"version"` // of the recommendation
	Meets   bool     `json:"meets"`
	Changes []Change `json:"changes"`
}

// Change is one thing to change in a configuration.
type Change struct {
	// Setting is "versions", "suites", "order", "groups", "dh", "certificate",
	// "hsts", "stapling".
	Setting string   `json:"setting"`
	Remove  []string `json:"remove"`
	Add     []string `json:"add"`
	Text    string   `json:"text"` // one sentence
	// LocksOut are clients that connect now and would not with this change alone,
	// LetsIn those that do not and would.
	LocksOut []string `json:"locks_out"`
	LetsIn   []string `json:"lets_in"`
}
