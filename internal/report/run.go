package report

import (
	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// RunSchema names the document of a program that was run under observation.
const RunSchema = "tlswhy/run/v1"

// Run is what a program's TLS did while it ran behind the relay.
type Run struct {
	Schema  string   `json:"schema"`
	Version string   `json:"tlswhy,omitempty"` // of the program
	Time    string   `json:"time"`             // RFC 3339, UTC, when the program was started
	Command []string `json:"command"`
	// ExitCode of the program; 128 and the number of the signal that ended it.
	ExitCode int `json:"exit_code"`
	// Verdict: fail if a handshake failed, unknown if no TLS was seen.
	Verdict Verdict `json:"verdict"`
	// Connections that came through the relay, and those of them that were not TLS.
	Connections int            `json:"connections"`
	NotTLS      int            `json:"not_tls"`
	Clients     []RunClient    `json:"clients"`
	Handshakes  []RunHandshake `json:"handshakes"`
	// Reports are the diagnoses of failed handshakes, one for each client and target.
	Reports []*Report `json:"reports"`
	Notes   []string  `json:"notes"`
}

// RunClient is one TLS client within the program, known by its hello.
type RunClient struct {
	ID string `json:"id"` // "c1" in the order of Clients: those of which handshakes failed first
	// Nearest known client; Similarity is from 0 to 1, and Exact says that it offers
	// the same. Differences are what this one has more and less.
	Nearest     string   `json:"nearest"`
	Similarity  float64  `json:"similarity"`
	Exact       bool     `json:"exact"`
	Differences []string `json:"differences"`
	JA3         string   `json:"ja3"`
	JA4         string   `json:"ja4"`
	Offered     *Offered `json:"offered"`
	// Assumed is what of its policy no hello shows, taken over from the client
	// PolicyFrom.
	PolicyFrom string   `json:"policy_from"`
	Assumed    []string `json:"assumed"`
	// Hello is one of it, as a handshake message.
	Hello      []byte `json:"hello"`
	Handshakes int    `json:"handshakes"`
	Failed     int    `json:"failed"`
	Saved      string `json:"saved,omitempty"` // the file
}

// RunHandshake is one handshake of the program, or a connection that it did not
// get. Equal ones that follow each other are counted.
type RunHandshake struct {
	Target string `json:"target"` // HOST:PORT, by the server name where one was sent
	Via    string `json:"via"`    // connect, socks5, forward
	// Address is where the relay connected, "" where it did not or a proxy did.
	Address string `json:"address"`
	Client  string `json:"client"` // id in Clients, "" where no hello was seen
	Count   int    `json:"count"`
	// Outcome is "ok", "fail", or "unknown": it ended before either side could have
	// meant something by it.
	Outcome string     `json:"outcome"`
	Step    cause.Step `json:"step"`
	// StoppedBy is the side that ended it: "client", "server", "network", or "".
	StoppedBy string `json:"stopped_by"`
	// Seen is what the relay saw, Alerts the ones in clear.
	Seen   string             `json:"seen"`
	Alerts []transcript.Alert `json:"alerts"`
	// Cause is that of the diagnosis where there is one, else what an alert names, or
	// null.
	Cause      *cause.ID         `json:"cause"`
	Confidence *Confidence       `json:"confidence"`
	Detail     string            `json:"detail"`
	Report     *int              `json:"report"` // index in Reports
	Version    *wire.Version     `json:"version"`
	Cipher     *wire.CipherSuite `json:"cipher"`
	Group      *wire.Group       `json:"group"`
	// WantsCertificate: the server asked for a client certificate; Answered: the
	// program showed one.
	WantsCertificate transcript.Tri `json:"wants_certificate"`
	Answered         transcript.Tri `json:"answered"`
	BytesSent        int64          `json:"bytes_sent"`
	BytesReceived    int64          `json:"bytes_received"`
	MS               float64        `json:"ms"`
}
