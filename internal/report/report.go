// Package report holds a diagnosis as data: what was found, the evidence, the
// proof. Every view renders it, `retest` compares two of it, and its JSON is
// the contract with users' scripts: fields are added, never removed.
package report

import (
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// Schema names the document.
const Schema = "tlswhy/report/v1"

// Verdict is the answer in one word.
type Verdict string

// Verdicts.
const (
	OK      Verdict = "ok"
	Warn    Verdict = "warn" // works, with findings that will hurt
	Fail    Verdict = "fail"
	Unknown Verdict = "unknown" // could not tell
)

// Confidence of a finding.
type Confidence string

// Confidences: Proved needs a Proof.
const (
	Proved   Confidence = "proved"
	Likely   Confidence = "likely"
	Possible Confidence = "possible"
)

// Report is the outcome of one check.
type Report struct {
	Schema  string  `json:"schema"`
	Version string  `json:"tlswhy,omitempty"` // of the program
	Time    string  `json:"time,omitempty"`   // RFC 3339, UTC, when the check began
	Target  Target  `json:"target"`
	Client  string  `json:"client"`
	Options Options `json:"options"`
	Verdict Verdict `json:"verdict"`
	// Step is where the client stops: that of the first blocking finding, or
	// "secure" where nothing stops it.
	Step     cause.Step `json:"step"`
	Findings []Finding  `json:"findings"`
	// Ladder tells of each of the seven steps, for people.
	Ladder     []Rung      `json:"ladder,omitempty"`
	Handshakes []Handshake `json:"handshakes"`
	Addresses  []Address   `json:"addresses"`
	Checklist  []CheckItem `json:"checklist"`
	Server     Server      `json:"server"`
	Chain      []ChainCert `json:"chain"`
	// Authorities are the CAs that the server accepts client certificates of.
	Authorities []string `json:"client_certificate_authorities,omitempty"`
	// Notes say what kept the search from being complete: a budget, no route to
	// a family, a target by address.
	Notes       []string `json:"notes,omitempty"`
	Connections int      `json:"connections"`
	ElapsedMS   float64  `json:"elapsed_ms"`
}

// Target is what was checked.
type Target struct {
	Input string `json:"input,omitempty"` // as the user wrote it
	Host  string `json:"host"`
	Port  uint16 `json:"port"`
	// SNI is the name sent, or null where none was.
	SNI      *string `json:"sni"`
	Address  string  `json:"address"` // that the findings speak of
	StartTLS string  `json:"starttls"`
	// Service is the protocol spoken inside TLS: "http", "smtp", "imap"; "" is
	// whatever it may be, and nothing is asked of it.
	Service string `json:"service,omitempty"`
	Path    string `json:"path,omitempty"`
}

// Options are the flags that retest needs: paths, never contents.
type Options struct {
	CAFile      string `json:"ca_file"`
	Cert        string `json:"cert"`
	Key         string `json:"key"`
	Connect     string `json:"connect"`
	Proxy       string `json:"proxy"`
	Resolver    string `json:"resolver"`
	At          string `json:"at"`
	PublicRoots bool   `json:"public_roots"`
	SNI         string `json:"sni,omitempty"` // as given: a name or "none"
	StartTLS    string `json:"starttls"`
	NoAIA       bool   `json:"no_aia,omitempty"`
	ECHConfig   string `json:"ech_config,omitempty"` // as given: a file, or the list in base64
}

// Finding is one thing that is wrong or will hurt. The first is the root cause.
type Finding struct {
	Cause        cause.ID       `json:"cause"`
	Severity     cause.Severity `json:"severity"`
	Step         cause.Step     `json:"step"`
	Side         cause.Side     `json:"side"`
	Blocking     bool           `json:"blocking"`
	Confidence   Confidence     `json:"confidence"`
	Title        string         `json:"title"`
	Detail       string         `json:"detail"`
	Evidence     []string       `json:"evidence"`
	Proof        *Proof         `json:"proof"`
	Alternatives []Alternative  `json:"alternatives"`
	// Either lists sets of changes; making all changes of one set is enough.
	Either    [][]string `json:"either"`
	Fix       []Fix      `json:"fix"`
	Reproduce []string   `json:"reproduce"`
	Retest    string     `json:"retest"`
	// Values fill the placeholders of texts: {version}, {names} and so on.
	Values map[string]string `json:"values,omitempty"`
}

// ProofKind is what a proof rests on.
type ProofKind string

// Kinds of proof (see the package documentation of diagnose).
const (
	ByHandshake   ProofKind = "handshake"   // two attempts that differ in one dimension
	ByVerify      ProofKind = "verify"      // one handshake judged twice with one input changed
	ByObservation ProofKind = "observation" // the protocol says it itself
)

// Proof is what makes a finding proved.
type Proof struct {
	Kind           ProofKind `json:"kind"`
	Baseline       string    `json:"baseline,omitempty"`       // id of the attempt that fails
	Counterfactual string    `json:"counterfactual,omitempty"` // id of the attempt that gets past
	Change         string    `json:"change"`                   // the one thing changed, or what was observed
	Effect         string    `json:"effect,omitempty"`
	Before         string    `json:"before,omitempty"` // verdicts of a verify proof
	After          string    `json:"after,omitempty"`
	// Repeated is how often the flip was seen.
	Repeated int `json:"repeated,omitempty"`
}

// Alternative is a cause that cannot be told apart by what was seen.
type Alternative struct {
	Cause   cause.ID `json:"cause"`
	Decides string   `json:"decides"`
}

// Fix is what to do, for one software.
type Fix struct {
	For  string     `json:"for"`
	Side cause.Side `json:"side,omitempty"`
	// Versions are the releases of the software that it is for: "<8u31", ">=12 <18".
	Versions string `json:"versions,omitempty"`
	Text     string `json:"text"`
	// Config holds lines of configuration, Place says where they go, in the
	// software's own terms: "server" for nginx's server block.
	Config string `json:"config,omitempty"`
	Place  string `json:"place,omitempty"`
	// Run holds shell commands to run, in order, after Config is in place.
	Run []string `json:"run,omitempty"`
	// Verified: a test of ours has applied it to the real software and seen the
	// handshake succeed.
	Verified bool `json:"verified"`
}

// Rung is one step of the ladder.
type Rung struct {
	Step cause.Step `json:"step"`
	// State is "passed", "failed", "warn" or "not-reached"; "wall" marks a step
	// not reached of which an experiment showed that it fails too.
	State string `json:"state"`
	Text  string `json:"text,omitempty"`
}

// Handshake is one attempt as evidence.
type Handshake struct {
	ID            string   `json:"id"`
	Purpose       string   `json:"purpose"`
	Address       string   `json:"address"`
	Local         string   `json:"local,omitempty"` // our end, IP:PORT; "" for what never connected
	Offered       *Offered `json:"offered"`
	Outcome       Outcome  `json:"outcome"`
	Hello         []byte   `json:"hello"`
	Reply         []byte   `json:"reply"`
	LeafSHA256    string   `json:"leaf_sha256"`
	Negotiated    *Server  `json:"negotiated,omitempty"`
	ECH           *ECH     `json:"ech,omitempty"` // of a hello that was to be encrypted
	BytesSent     int64    `json:"bytes_sent"`
	BytesReceived int64    `json:"bytes_received"`
	MS            float64  `json:"ms"`
}

// Offered is what a hello offered.
type Offered struct {
	Versions            []wire.Version         `json:"versions"`
	Ciphers             []wire.CipherSuite     `json:"ciphers"`
	Groups              []wire.Group           `json:"groups,omitempty"`
	KeyShares           []wire.Group           `json:"key_shares,omitempty"`
	SignatureAlgorithms []wire.SignatureScheme `json:"signature_algorithms,omitempty"`
	ALPN                []string               `json:"alpn"`
	SNI                 *string                `json:"sni"`
	Extensions          []wire.ExtensionType   `json:"extensions,omitempty"`
	Bytes               int                    `json:"bytes"`
}

// ECH is what became of an encrypted hello (RFC 9849). What Handshake says to be
// offered is then the inner hello, and Hello are the bytes of the outer one.
type ECH struct {
	PublicName   string         `json:"public_name"` // "": it was not encrypted, no key could be used
	Accepted     transcript.Tri `json:"accepted"`
	RetryConfigs []byte         `json:"retry_configs,omitempty"` // ECHConfigList that the server answered with
}

// Outcome of a handshake in the report's words.
type Outcome struct {
	Step    cause.Step      `json:"step"`
	Kind    transcript.Kind `json:"kind"`
	Reached string          `json:"reached"`
	Alert   *AlertName      `json:"alert"`
	Detail  string          `json:"detail,omitempty"`
}

// AlertName is an alert with its IANA name.
type AlertName struct {
	ID   int    `json:"id"`
	Name string `json:"name"`
}

// Address is one address of the name and how the client fares there.
type Address struct {
	IP      string `json:"ip"`
	Outcome string `json:"outcome"`
}

// CheckItem is one point of the checklist.
type CheckItem struct {
	ID       string   `json:"id"`
	State    string   `json:"state"` // yes, no, unknown, n/a
	Evidence []string `json:"evidence"`
}

// Server is what was negotiated and what the server seems to be.
type Server struct {
	Version  *wire.Version         `json:"version"`
	Cipher   *wire.CipherSuite     `json:"cipher"`
	Group    *wire.Group           `json:"group"`
	ALPN     string                `json:"alpn"`
	Sig      *wire.SignatureScheme `json:"signature_algorithm,omitempty"`
	Software string                `json:"software"` // an id of fixes, "" unknown
	Status   int                   `json:"http_status,omitempty"`
}

// ChainCert is one certificate of the chain as sent.
type ChainCert struct {
	Subject   string    `json:"subject"`
	Issuer    string    `json:"issuer"`
	NotBefore time.Time `json:"not_before"`
	NotAfter  time.Time `json:"not_after"`
	SANs      []string  `json:"sans"`
	Key       string    `json:"key"`       // "RSA 2048", "ECDSA P-256"
	Signature string    `json:"signature"` // "SHA256-RSA"
	SHA256    string    `json:"sha256"`
	// From is "sent", or "aia" for one that was fetched.
	From string `json:"from,omitempty"`
}

// Root is the first blocking finding, or nil.
func (r *Report) Root() *Finding {
	for i := range r.Findings {
		if r.Findings[i].Blocking {
			return &r.Findings[i]
		}
	}
	return nil
}
