package compat

import (
	"cmp"
	"context"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tlswhy/tlswhy/internal/client"
	"github.com/tlswhy/tlswhy/internal/diagnose"
	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/survey"
	"github.com/tlswhy/tlswhy/internal/transcript"
)

// Tryer makes attempts; see survey.Tryer.
type Tryer interface {
	Try(ctx context.Context, a transcript.Attempt) (*transcript.Transcript, error)
}

// Options are the circumstances.
type Options struct {
	Survey   survey.Options
	Diagnose diagnose.Options // for clients whose fate cannot be predicted
	// Change is what --if says; nil for none.
	Change *Change
	// Clients to tell of, nil: all that are known. The point of view is always told of.
	Clients []*client.Profile
}

// DefaultBudget is how many connections there may be: a survey's, and a diagnosis
// of some clients.
const DefaultBudget = survey.DefaultBudget + 1400

// diagnosesAtOnce bounds how many clients are tried at the same time. Each makes
// several attempts at once.
const diagnosesAtOnce = 4

// patience is how long a client that is tried waits for an answer, where nobody
// asked for another time.
const (
	patience       = 10 * time.Second
	defaultTimeout = 30 * time.Second
)

// Run surveys one address of the target and tells who can connect. Its error says
// that the survey could not begin, or that ctx ended: the result then holds what
// is known so far.
func Run(ctx context.Context, try Tryer, target report.Target, o Options) (*Result, error) {
	begun := time.Now()
	s, err := survey.Run(ctx, try, target, o.Survey)
	if s == nil {
		return nil, err
	}
	q := &asking{try: try, target: target, o: o, survey: s, begun: begun}
	return q.result(ctx), err
}

// asking is one run.
type asking struct {
	try      Tryer
	target   report.Target
	o        Options
	survey   *survey.Survey
	begun    time.Time
	profiles []*client.Profile
	rows     []Row

	mu          sync.Mutex
	connections int // of diagnoses
}

func (q *asking) result(ctx context.Context) *Result {
	s := q.survey
	r := &Result{Schema: Schema, Time: s.Time, Target: s.Target, Options: s.Options, Client: q.pointOfView().ID, Notes: s.Limits()}
	q.profiles = q.wanted()
	q.rows = make([]Row, len(q.profiles))
	p := s.Predictor()
	for i, c := range q.profiles {
		q.rows[i] = rowOf(c)
	}
	if len(s.Versions) > 0 {
		q.predict(p)
		if q.contradicted(p) {
			q.forgetLate()
		}
		q.forgetErrors()
	}
	q.tryRest(ctx)
	r.Clients = q.rows
	for _, x := range q.rows {
		switch x.How {
		case Predicted:
			r.Predicted++
		case Tried:
			r.Tried++
		}
	}
	r.Obstacles = obstacles(r.Clients)
	if len(s.Versions) > 0 {
		r.Separators = separators(q.profiles, q.rows)
		r.Improvements = improvements(p, &s.Facts, q.profiles)
		if q.o.Change != nil {
			var err error
			if r.WhatIf, err = whatIf(p, &s.Facts, q.profiles, q.o.Change); err != nil {
				r.Notes = append(r.Notes, "the change cannot be judged: "+err.Error())
			}
		}
	}
	r.Connections = s.Connections + q.connections
	r.ElapsedMS = float64(time.Since(q.begun).Microseconds()) / 1000
	r.FillLists()
	return r
}

func (q *asking) pointOfView() *client.Profile {
	if p := q.o.Diagnose.Client; p != nil {
		return p
	}
	p, err := client.Get(client.Default)
	if err != nil { // a test reads every profile
		return &client.Profile{ID: client.Default}
	}
	return p
}

// wanted are the clients to tell of, in the order of tables.
func (q *asking) wanted() []*client.Profile {
	list := slices.Clone(q.o.Clients)
	if list == nil {
		list = client.All()
	}
	own := q.pointOfView()
	if !slices.ContainsFunc(list, func(p *client.Profile) bool { return p.ID == own.ID }) {
		list = append(list, own)
	}
	order := client.Kinds()
	slices.SortStableFunc(list, func(a, b *client.Profile) int {
		return cmp.Or(
			cmp.Compare(slices.Index(order, a.Kind), slices.Index(order, b.Kind)),
			cmp.Compare(strings.ToLower(a.Group), strings.ToLower(b.Group)),
			client.CompareAge(a, b),
			strings.Compare(a.ID, b.ID),
		)
	})
	return list
}

func rowOf(p *client.Profile) Row {
	// A client of the user's own has no product among those that are known.
	return Row{ID: p.ID, Own: !client.Known(p.ID), Kind: p.Kind, Product: cmp.Or(p.Group, p.ID), Label: p.Label, Year: p.Year, Source: p.Source, Outcome: Unknown}
}

func (q *asking) predict(p *client.Predictor) {
	for i, c := range q.profiles {
		q.rows[i] = predicted(c, p.Predict(c))
	}
}

// predicted is a row of an exact prediction, or one that is still open.
func predicted(c *client.Profile, x client.Prediction) Row {
	r := rowOf(c)
	if !x.Exact {
		r.Open = x.Open
		return r
	}
	r.How, r.Why, r.Setting, r.ALPN = Predicted, x.Why, x.Setting, x.ALPN
	r.Outcome = OK
	if x.Outcome == client.Fail {
		r.Outcome = Fail
		r.Cause, r.Step = &x.Cause, &x.Step
	}
	r.Version, r.Cipher, r.Group = present(x.Version), present(x.Suite), present(x.Group)
	return r
}

func present[T comparable](x T) *T {
	var zero T
	if x == zero {
		return nil
	}
	return &x
}

// Endpoint is the address that was asked, for people.
func (r *Result) Endpoint() string {
	port := strconv.Itoa(int(r.Target.Port))
	if _, p, err := net.SplitHostPort(r.Options.Connect); err == nil {
		port = p
	}
	return net.JoinHostPort(cmp.Or(r.Target.Address, r.Target.Host), port)
}
