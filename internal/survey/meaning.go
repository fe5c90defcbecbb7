package survey

import (
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
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
//	locksOut(s, predict) []LockOut
//	compare(s, predict) []Gap

// verifying is what a verdict on certificates depends on beside themselves.
type verifying struct {
	// Name that the certificates are to cover, "" for none.
	Name  string
	Roots *trust.Store // nil: those of a current client
	// Public: the roots are those of public CAs, whose further rules apply.
	Public bool
	At     time.Time
}

// prediction is how one client would fare with a server of certain facts.
type prediction struct {
	Client string
	OK     bool
	// Exact: the facts decide; what is not exact is not shown.
	Exact bool
	// Step, Cause and Why tell where a client stops that does not connect; Why is
	// a phrase.
	Step  cause.Step
	Cause cause.ID
	Why   string
}

// predictor tells for every known client how it would fare.
type predictor func(*transcript.Facts) []prediction
