package survey

import (
	"slices"
	"time"

	"github.com/tlswhy/tlswhy/internal/client"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/trust"
)

// What a survey means is worked out by pure functions, each in a file of its
// name, once the asking is over:
//
//	certificate(served, verifying) Certificate   for each of Facts.Served
//	dhFact(p, g) transcript.DHFact               for each ServerKeyExchange
//	findings(s, software) []report.Finding       after Certificates, DNS, HTTP
//	remarks(s) []string                          what is no finding and is to be known
//	locksOut(s, clients) []LockOut
//	compare(s, clients) []Gap
//
// interpret calls them all in this order.

// verifying is what a verdict on certificates depends on beside themselves.
type verifying struct {
	// Name that the certificates are to cover, "" for none.
	Name  string
	Roots *trust.Store // nil: those of a current client
	// Public: the roots are those of public CAs, whose further rules apply.
	Public bool
	At     time.Time
	// Fetched are issuers that were not sent; no verdict hangs on them.
	Fetched []*trust.Certificate
	// Revocation is what the CAs said.
	Revocation []trust.RevocationStatus
}

// Predictor tells how clients fare with the server, under the circumstances of
// the survey; nil for a document that was read.
func (s *Survey) Predictor() *client.Predictor { return s.predictor }

// Baseline is the attempt with the survey's own client; nil if none was answered,
// and for a document that was read.
func (s *Survey) Baseline() *transcript.Transcript { return s.baseline }

// Limits are those of Notes that say what kept the survey from being complete;
// none for a document that was read.
func (s *Survey) Limits() []string { return s.limits }

// oracle tells which clients connect to the server of a survey. It is a
// client.Predictor for the survey's Facts.
type oracle interface {
	LockedOut() []client.Lockout
	// Lost are those that would not connect any more after a change, gained those
	// that would then.
	Lost(after *transcript.Facts) (lost, gained []string)
}

// interpret fills in what a survey means, once the facts, DNS and HTTP stand.
// software is the id of what answered, "" where only its HTTP header may tell.
func (s *Survey) interpret(v verifying, o client.PredictOptions, software string) {
	s.Certificates = make([]Certificate, 0, len(s.Served))
	for _, x := range s.Served {
		s.Certificates = append(s.Certificates, certificate(x, v))
	}
	s.Findings = findings(s, software)
	s.limits = slices.Clone(s.Notes)
	s.Notes = append(s.Notes, remarks(s)...)
	s.predictor = client.NewPredictor(&s.Facts, o)
	s.LocksOut = locksOut(s, s.predictor)
	// A configuration is compared by what it negotiates. The certificate that a
	// change would ask for is not there to be judged.
	o.NoTrust = true
	s.Profiles = compare(s, client.NewPredictor(&s.Facts, o))
}
