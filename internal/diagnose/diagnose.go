// Package diagnose turns transcripts into findings. It has no sockets of its
// own: it asks for experiments through Tryer, so that all of it is tested with
// recorded transcripts.
//
// The method is necessity and sufficiency. The client's own hello is tried
// first, together with a fan of maximal hellos. If the client's fails and one of
// the fan is answered, the answer names what the client lacks; the client's
// hello with exactly that added has to succeed (sufficient), and leaving any
// part of it out has to fail again (necessary). The earliest necessary dimension
// on the seven steps is the root cause and the pair of attempts is its proof.
// If nothing of the fan is answered, what is varied is not negotiation: the
// name, the size, the segmentation, the protocol itself.
//
// Confidence is honest: proved needs a proof of one of three kinds (see
// report.Proof), and what cannot be told apart from outside is reported with its
// alternatives and with what would decide.
package diagnose

import (
	"context"
	"net/netip"
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/client"
	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/trust"
)

// Tryer makes attempts. An attempt that fails is a transcript and no error: an
// error says that there was nothing to try with, because the budget is used up
// or the context has ended. Try is called from several goroutines.
type Tryer interface {
	Try(ctx context.Context, a transcript.Attempt) (*transcript.Transcript, error)
}

// Options are the circumstances of a check.
type Options struct {
	// Client from whose point of view it is; nil: the profile "modern".
	Client *client.Profile
	// Roots to verify against instead of the client's own store. PublicRoots says
	// that they are public CAs, so that the policies for those apply.
	Roots       *trust.Store
	PublicRoots bool
	// Connect dials this host or address instead of the target's name. ConnectPort
	// 0 is the target's port.
	Connect     string
	ConnectPort uint16
	// SNI to send instead of the target's name; NoSNI sends none.
	SNI   string
	NoSNI bool
	// ECHConfig is the ECHConfigList that every client encrypts its hello with; nil:
	// what DNS has, for clients that ask.
	ECHConfig []byte
	// Certificate that the client shows when asked.
	Certificate *transcript.ClientCertificate
	// At is the time to verify at; zero: now.
	At time.Time
	// Proxy is the URL of an HTTP CONNECT proxy.
	Proxy string
	// NoAIA, NoRevocation: fetch no certificates, no OCSP responses or CRLs.
	NoAIA, NoRevocation bool
	// Gentle makes one connection at a time.
	Gentle bool
	// ExpectAddress is an address or prefix that the name should resolve to.
	ExpectAddress netip.Prefix
	// Timeout of one connection; 0: 30 s. It bounds the baseline; experiments get
	// less, and the report says silent only when this is over.
	Timeout time.Duration
	// Echo is copied into the report: what retest needs.
	Echo report.Options
	// Progress is told of each attempt as it ends, Early of a likely root cause
	// while the search still waits. Both may be nil; calls do not overlap.
	Progress func(Event)
	Early    func(report.Finding)
	// Now is the clock; nil: time.Now.
	Now func() time.Time
}

// Event is one attempt that has ended.
type Event struct {
	Done    int // attempts so far
	Purpose string
	Outcome transcript.Outcome
	Step    cause.Step
}

// Times within a check. They bound experiments, not the client's own attempt.
const (
	// impatience is when a silent first attempt is treated as silent for now,
	// while it goes on waiting: the terminal names a likely cause within 5 s.
	impatience = 3 * time.Second
	// headStart is how long the fan waits for the client's own SYN to go out.
	headStart = 2 * time.Millisecond
	// probeWait is the silence after which an experiment counts as unanswered.
	// TCP sends a lost SYN or segment again after 1 s and after 3 s.
	probeWait = 3500 * time.Millisecond
	// listenWait is how long a server is given to speak first.
	listenWait = 1500 * time.Millisecond
	// fetchWait bounds AIA, OCSP and CRL fetches.
	fetchWait = 4 * time.Second
	// slowHandshake is what impatient clients wait for a handshake.
	slowHandshake = 10 * time.Second
	// maxAddresses are tried with the client's own hello.
	maxAddresses = 8
)

// Check diagnoses one target. Its error says that the check could not begin, or
// that ctx ended: the report then holds what is known so far.
func Check(ctx context.Context, try Tryer, target report.Target, o Options) (*report.Report, error) {
	s, err := newSession(try, target, o)
	if err != nil {
		return nil, err
	}
	s.check(ctx)
	s.running.Wait()
	return s.report(), context.Cause(ctx)
}
