package survey

import (
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
	Client string // its id
	client.Prediction
}

// predictor tells of every known client how it would fare.
type predictor func(*transcript.Facts) []prediction

// predictFor is the predictor for a target.
func predictFor(o client.PredictOptions) predictor {
	profiles := client.All()
	return func(f *transcript.Facts) []prediction {
		pr := client.NewPredictor(f, o)
		out := make([]prediction, 0, len(profiles))
		for _, p := range profiles {
			out = append(out, prediction{p.ID, pr.Predict(p)})
		}
		return out
	}
}
