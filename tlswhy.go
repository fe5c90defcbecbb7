package tlswhy

import (
	"context"
	"fmt"
	"time"

	"github.com/tlswhy/tlswhy/internal/client"
	"github.com/tlswhy/tlswhy/internal/diagnose"
	"github.com/tlswhy/tlswhy/internal/probe"
	"github.com/tlswhy/tlswhy/internal/report"
)

// What a check yields. The types marshal to the JSON that the command line
// prints; the schema of it is Schema("report").
type (
	Report     = report.Report
	Target     = report.Target
	Finding    = report.Finding
	Proof      = report.Proof
	Fix        = report.Fix
	Handshake  = report.Handshake
	Verdict    = report.Verdict
	Confidence = report.Confidence
	Retest     = report.Retest
	// Event is an attempt that has ended, for showing progress.
	Event = diagnose.Event
)

// Verdicts of a Report.
const (
	OK      = report.OK      // the client connects
	Warn    = report.Warn    // it connects, with findings that will hurt
	Fail    = report.Fail    // it cannot connect
	Unknown = report.Unknown // could not tell
)

// Confidences of a Finding.
const (
	Proved   = report.Proved
	Likely   = report.Likely
	Possible = report.Possible
)

// Options are the circumstances of a check. The zero value checks as current
// browsers and libraries do, against the roots that they trust. Every field is
// also a flag of the command line.
type Options struct {
	// Client is the id of the client to check as; "" is "modern", what current
	// browsers and libraries have in common. "@FILE" is a client that was learned:
	// see ReadClient.
	Client string
	// Learned is a client to check as instead of Client.
	Learned *LearnedClient
	// CAFile is a PEM file of the roots to trust instead of the client's own. Rules
	// for public CAs apply to them only if PublicRoots is set.
	CAFile      string
	PublicRoots bool
	// CertFile and KeyFile are PEM files of the certificate, with its intermediates,
	// and the key that the client shows when it is asked to. Both or neither.
	CertFile, KeyFile string

	// Connect is HOST or HOST:PORT to dial instead of the target; the name asked
	// for and verified stays the target's.
	Connect string
	// SNI is the server name to send instead of the target's, or "none".
	SNI string
	// StartTLS names the dialogue to hold before TLS; "" is that of the target's
	// scheme. StartTLSProtocols lists them.
	StartTLS string
	// Proxy is the URL of an HTTP CONNECT proxy; "" is none. The environment is
	// not asked.
	Proxy string
	// Resolver is the address of a DNS server, with port 53 if it names none; "" is
	// the system's resolver.
	Resolver string
	// ECHConfig is what the client encrypts its hello with (RFC 9849): a file of an
	// ECHConfigList, bare, in base64 or PEM, or the list itself in base64 as the ech
	// parameter of an HTTPS record holds it. "" is what DNS has for the target, for
	// clients that ask.
	ECHConfig string
	// ExpectAddress is an address or a prefix that the name should resolve to.
	ExpectAddress string
	// At is the time to verify certificates at; zero is now.
	At time.Time
	// NoAIA fetches no missing intermediates.
	NoAIA bool

	// Timeout of one connection; 0 is 30 s.
	Timeout time.Duration
	// Budget is how many connections a check or a survey may open in all; 0 is 40
	// to each address for a check and 500 for a survey.
	Budget int
	// Concurrency is how many connections to one address are open at once; 0 is 16
	// for a check and 24 for a survey.
	Concurrency int
	// Rate is how many connections are opened per second at most; 0 is any number.
	Rate float64
	// Gentle opens one connection at a time.
	Gentle bool

	// Progress is told of each attempt as it ends, Early of a likely cause while
	// the search still waits. Both may be nil; calls do not overlap.
	Progress func(Event)
	Early    func(Finding)
}

// Checker checks targets under the same circumstances. It is safe for
// concurrent use, but for Progress and Early, which are called by each check.
type Checker struct {
	o        Options
	diagnose diagnose.Options
}

// New makes a Checker. It reads the files that the options name and reports
// what is wrong with the options; it opens no connection.
func New(o Options) (*Checker, error) {
	c := &Checker{o: o}
	if err := c.load(); err != nil {
		return nil, err
	}
	return c, nil
}

// Check diagnoses one target: a name, an address or a URL, in every form that
// Checker.ParseTarget reads. Its error says that the check could not begin, or is that
// of ctx: the report then holds what was known when it ended. A connection that
// fails is no error; it is what the report is about.
func Check(ctx context.Context, target string, o Options) (*Report, error) {
	c, err := New(o)
	if err != nil {
		return nil, err
	}
	t, err := c.ParseTarget(target)
	if err != nil {
		return nil, err
	}
	return c.Check(ctx, t)
}

// ParseTarget reads a target in any form that people write one: example.com,
// example.com:8443, https://example.com/x, [2001:db8::1]:443, smtp://mx.example.com.
// With the option StartTLS, a target without a scheme is of that protocol.
func (c *Checker) ParseTarget(s string) (Target, error) { return parseTarget(s, c.o.StartTLS) }

// Check diagnoses one target, like the function Check.
func (c *Checker) Check(ctx context.Context, t Target) (*Report, error) {
	p := c.prober(c.o.Budget, c.o.Concurrency)
	r, err := diagnose.Check(ctx, p, t, c.diagnose)
	if r == nil {
		return nil, fmt.Errorf("checking %s: %w", t, err)
	}
	r.Version = Version()
	r.FillLists()
	return r, err
}

func (c *Checker) prober(budget, concurrency int) *probe.Prober {
	return probe.New(probe.Options{
		Timeout: c.o.Timeout, Budget: budget, Concurrency: concurrency, Rate: c.o.Rate, Gentle: c.o.Gentle,
		Resolver: c.o.Resolver, Proxy: c.diagnose.Proxy, UserAgent: "tlswhy/" + Version(),
	})
}

// Compare tells what changed between two reports of the same target.
func Compare(before, after *Report) *Retest { return report.Compare(before, after) }

// Clients are the ids that Options.Client takes, the default first.
func Clients() []string { return client.IDs() }

// StartTLSProtocols are the names that Options.StartTLS takes.
func StartTLSProtocols() []string { return probe.StartTLSProtocols() }
