package tlswhy

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/netip"

	"github.com/tlswhy/tlswhy/internal/survey"
	"github.com/tlswhy/tlswhy/internal/transcript"
)

// What a survey yields. The types marshal to the JSON that the command line
// prints; the schemas of it are Schema("survey") and Schema("survey-diff").
type (
	// SurveyResult is everything that one address of a server accepts.
	SurveyResult = survey.Survey
	// SurveyDiff is what two surveys tell differently.
	SurveyDiff = survey.Diff
	// Facts are what of it is negotiation: versions, suites, groups and so on.
	Facts = transcript.Facts
	// Tri is a fact that may not have been checked: FactUnknown, No or Yes.
	Tri = transcript.Tri
)

// Values of a Tri.
const (
	FactUnknown = transcript.Unknown
	No          = transcript.No
	Yes         = transcript.Yes
)

// Survey finds out everything that one address of a target accepts: versions,
// suites with their order, groups, signature algorithms, certificates, sessions
// and the rest. It takes some hundred connections, 24 at once. Its error says
// that the survey could not begin, or is that of ctx: the result then holds what
// was known when it ended. A server that accepts nothing is no error.
func Survey(ctx context.Context, target string, o Options) (*SurveyResult, error) {
	c, err := New(o)
	if err != nil {
		return nil, err
	}
	t, err := c.ParseTarget(target)
	if err != nil {
		return nil, err
	}
	return c.Survey(ctx, t)
}

// Survey surveys one target, like the function Survey. Progress is told of each
// connection, with its purpose alone.
func (c *Checker) Survey(ctx context.Context, t Target) (*SurveyResult, error) {
	d, o := &c.diagnose, c.surveyOptions()
	p := c.prober(cmp.Or(c.o.Budget, survey.DefaultBudget), o.Concurrency)
	s, err := survey.Run(ctx, p, t, o)
	if s == nil {
		return nil, fmt.Errorf("surveying %s: %w", t, err)
	}
	s.Version = Version()
	for _, a := range s.Addresses {
		if ip, err := netip.ParseAddr(a.IP); err == nil && d.ExpectAddress.IsValid() && !d.ExpectAddress.Contains(ip.Unmap()) {
			s.Notes = append(s.Notes, fmt.Sprintf("the name resolves to %s, which is not in %s", ip, d.ExpectAddress))
		}
	}
	s.FillLists()
	return s, err
}

// surveyOptions are the circumstances of a survey.
func (c *Checker) surveyOptions() survey.Options {
	d := &c.diagnose
	o := survey.Options{
		Client: d.Client, Roots: d.Roots, PublicRoots: d.PublicRoots, Connect: d.Connect, ConnectPort: d.ConnectPort,
		SNI: d.SNI, NoSNI: d.NoSNI, Certificate: d.Certificate, At: d.At, NoAIA: d.NoAIA, Proxy: d.Proxy,
		Concurrency: cmp.Or(c.o.Concurrency, survey.DefaultConcurrency), Gentle: d.Gentle, Rate: c.o.Rate, Echo: d.Echo,
	}
	if c.o.Progress != nil {
		o.Progress = func(_ int, purpose string) { c.o.Progress(Event{Purpose: purpose}) }
	}
	return o
}

// ReadSurveys reads the surveys of a document that the command line printed.
func ReadSurveys(r io.Reader) ([]*SurveyResult, error) { return survey.Read(r) }

// CompareSurveys tells how two surveys differ: an edge and its origin, two nodes
// of one name, one server before and after a change.
func CompareSurveys(a, b *SurveyResult) *SurveyDiff {
	d := survey.Compare(a, b)
	d.Version = Version()
	return d
}
