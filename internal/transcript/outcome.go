package transcript

import "github.com/tlswhy/tlswhy/internal/wire"

// Kind is how an attempt ended.
type Kind string

// Kinds of outcome.
const (
	Complete       Kind = "complete"        // went as deep as it was asked to
	Refused        Kind = "refused"         // RST to the SYN
	Unreachable    Kind = "unreachable"     // ICMP, or the kernel's own word
	NoRoute        Kind = "no-route"        // this machine has no route to that family: not the server's fault
	ConnectTimeout Kind = "connect-timeout" // no answer to the SYN
	ProxyFailed    Kind = "proxy-failed"    // the proxy refused or failed
	StartTLSFailed Kind = "starttls-failed" // the dialogue before TLS went wrong
	AlertReceived  Kind = "alert"           // a fatal alert, or a warning and the end
	Reset          Kind = "reset"           // RST after the connection stood
	Closed         Kind = "closed"          // FIN without a (fatal) alert
	Silent         Kind = "silent"          // nothing more came within the time
	NotTLS         Kind = "not-tls"         // the peer speaks something else; see Reply
	Malformed      Kind = "malformed"       // TLS, but not legal
	Unfinished     Kind = "unfinished"      // legal, but we lack what it takes to go on (a suite of no implementation here); judged by what was read
	Aborted        Kind = "aborted"         // cancelled from our side before the end
	LocalError     Kind = "local-error"     // our own machine: no socket, no address
)

// Milestone is how far an attempt got. They are ordered.
type Milestone uint8

// Milestones.
const (
	ReachedNothing   Milestone = iota
	ReachedConnected           // TCP stands (through the proxy, if any)
	ReachedStartTLS            // the dialogue said go; equals ReachedConnected without one
	ReachedRetry               // a HelloRetryRequest came
	ReachedHello               // a ServerHello came
	ReachedFlight              // the server's first flight is complete
	ReachedFinished            // both Finished: the server's was right
	ReachedResponse            // application data came back
)

var milestoneNames = [...]string{"nothing", "connected", "starttls", "retry", "server-hello", "flight", "finished", "response"}

// String is the milestone's name.
func (m Milestone) String() string {
	if int(m) < len(milestoneNames) {
		return milestoneNames[m]
	}
	return "unknown"
}

// MarshalText writes String.
func (m Milestone) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads what MarshalText writes; an unknown name is nothing.
func (m *Milestone) UnmarshalText(b []byte) error {
	*m = ReachedNothing
	for i, n := range milestoneNames {
		if n == string(b) {
			*m = Milestone(i)
		}
	}
	return nil
}

// Outcome is how an attempt ended and how far it got.
type Outcome struct {
	Kind    Kind      `json:"kind"`
	Reached Milestone `json:"reached"`
	// Alert is the server's, where Kind is AlertReceived.
	Alert *wire.Alert `json:"alert,omitempty"`
	// Detail is one plain sentence or phrase without final stop: what was wrong.
	Detail string `json:"detail,omitempty"`
}
