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

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/client"
	"github.com/tlswhy/tlswhy/internal/diagnose"
	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/survey"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
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

// quickly is a diagnosis that may be made for every client.
const quickly = 2 * time.Second

// Run surveys one address of the target and tells who can connect. Its error says
// that the survey could not begin, or that ctx ended: the result then holds what
// is known so far.
func Run(ctx context.Context, try Tryer, target report.Target, o Options) (*Result, error) {
	s, err := survey.Run(ctx, try, target, o.Survey)
	if s == nil {
		return nil, err
	}
	q := &asking{try: try, target: target, o: o, survey: s}
	return q.result(ctx), err
}

// asking is one run.
type asking struct {
	try      Tryer
	target   report.Target
	o        Options
	survey   *survey.Survey
	profiles []*client.Profile
	rows     []Row

	mu          sync.Mutex
	connections int // of diagnoses
}

func (q *asking) result(ctx context.Context) *Result {
	s := q.survey
	begun, _ := time.Parse(time.RFC3339, s.Time)
	r := &Result{Schema: Schema, Time: s.Time, Target: s.Target, Options: s.Options, Client: q.pointOfView().ID, Notes: s.Limits()}
	q.profiles = q.wanted()
	q.rows = make([]Row, len(q.profiles))
	p := s.Predictor()
	if len(s.Versions) == 0 {
		q.noAnswer(ctx)
	} else {
		q.predict(p)
		q.tryRest(ctx)
	}
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
	r.ElapsedMS = max(s.ElapsedMS, float64(time.Since(begun).Microseconds())/1000)
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
	return Row{ID: p.ID, Kind: p.Kind, Product: p.Group, Label: p.Label, Year: p.Year, Source: p.Source, Outcome: Unknown}
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

// tryRest diagnoses, for real, the clients whose prediction is open.
func (q *asking) tryRest(ctx context.Context) {
	var todo []int
	for i := range q.rows {
		if q.rows[i].How == "" {
			todo = append(todo, i)
		}
	}
	q.tryEach(ctx, todo)
}

func (q *asking) tryEach(ctx context.Context, todo []int) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, q.atOnce())
	for _, i := range todo {
		if ctx.Err() != nil {
			break
		}
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			q.attempt(ctx, i)
		})
	}
	wg.Wait()
}

func (q *asking) atOnce() int {
	if q.survey.Gentle || q.o.Survey.Gentle {
		return 1
	}
	return diagnosesAtOnce
}

// attempt diagnoses as the client of row i, at the address that was surveyed.
func (q *asking) attempt(ctx context.Context, i int) {
	o := q.o.Diagnose
	o.Client, o.Gentle = q.profiles[i], o.Gentle || q.survey.Gentle
	o.Progress, o.Early = nil, nil
	if o.Timeout == 0 || o.Timeout == defaultTimeout {
		o.Timeout = patience // many clients are waiting for their turn
	}
	if a := q.survey.Target.Address; a != "" && o.Proxy == "" {
		o.Connect, o.ConnectPort = a, cmp.Or(o.ConnectPort, q.target.Port)
	}
	x, spent := q.check(ctx, o)
	for _, v := range q.profiles[i].Policy.FallsBack {
		if x.Outcome != Fail || *x.Step > cause.StepCipher {
			break
		}
		o.Client = q.profiles[i].FallBack(v)
		y, more := q.check(ctx, o)
		spent += more
		if y.Outcome == OK {
			y.Why = "It falls back to " + v.String() + " by itself. " + y.Why
			x = y
		}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.connections += spent
	x.Open = q.rows[i].Open
	q.rows[i] = x
}

// check is one diagnosis, as a row, and how many connections it took.
func (q *asking) check(ctx context.Context, o diagnose.Options) (Row, int) {
	r, err := diagnose.Check(ctx, q.try, q.target, o)
	if r == nil || err != nil {
		return rowOf(o.Client), 0
	}
	return tried(o.Client, r), r.Connections
}

// tried is a row of a diagnosis.
func tried(c *client.Profile, r *report.Report) Row {
	x := rowOf(c)
	switch r.Verdict {
	case report.OK, report.Warn:
		x.Outcome = OK
	case report.Fail:
		x.Outcome = Fail
	default:
		return x
	}
	x.How = Tried
	x.Version, x.Cipher, x.Group, x.ALPN = r.Server.Version, r.Server.Cipher, r.Server.Group, r.Server.ALPN
	for _, f := range r.Findings {
		if f.Blocking && x.Outcome == Fail {
			x.Cause, x.Step, x.Why = &f.Cause, &f.Step, f.Title
			if f.Detail != "" {
				x.Why = f.Detail
			}
			x.Setting = lowerFirst(f.Title)
			break
		}
	}
	if x.Outcome == OK {
		x.Why = connected(x)
	}
	return x
}

func connected(x Row) string {
	parts := []string{}
	if x.Version != nil {
		parts = append(parts, x.Version.String())
	}
	if x.Cipher != nil {
		parts = append(parts, x.Cipher.String())
	}
	if x.Group != nil {
		parts = append(parts, x.Group.String())
	}
	if len(parts) == 0 {
		return "It connects."
	}
	return "It connects with " + strings.Join(parts, ", ") + "."
}

func lowerFirst(s string) string {
	if len(s) > 1 && (s[1] < 'A' || s[1] > 'Z') {
		return strings.ToLower(s[:1]) + s[1:]
	}
	return s
}

// noAnswer: no hello of the survey was answered, the widest ones included. What
// no hello gets past, stops all. Where the hello makes the difference each client
// is tried; if that takes long, one of each kind of hello, which speaks for the
// others.
func (q *asking) noAnswer(ctx context.Context) {
	for i, c := range q.profiles {
		q.rows[i] = rowOf(c)
	}
	own := slices.IndexFunc(q.profiles, func(p *client.Profile) bool { return p.ID == q.pointOfView().ID })
	began := time.Now()
	q.attempt(ctx, own)
	first := q.rows[own]
	if first.Outcome == Fail && nobodyGetsThrough(*first.Cause) {
		for i := range q.rows {
			q.rows[i].copyEnd(first)
		}
		return
	}
	if time.Since(began) < quickly {
		var rest []int
		for i := range q.rows {
			if i != own {
				rest = append(rest, i)
			}
		}
		q.tryEach(ctx, rest)
		return
	}
	if time.Since(began) < quickly {
		var rest []int
		for i := range q.rows {
			if i != own {
				rest = append(rest, i)
			}
		}
		q.tryEach(ctx, rest)
		return
	}
	speakers := map[shape]int{shapeOf(q.profiles[own]): own}
	var todo []int
	for i, c := range q.profiles {
		if _, ok := speakers[shapeOf(c)]; !ok {
			speakers[shapeOf(c)] = i
			todo = append(todo, i)
		}
	}
	q.tryEach(ctx, todo)
	for i, c := range q.profiles {
		q.rows[i].copyEnd(q.rows[speakers[shapeOf(c)]])
	}
}

// copyEnd gives a client that was not tried the end of one that fares like it.
func (x *Row) copyEnd(y Row) {
	if x.How != "" || y.How == "" {
		return
	}
	x.Outcome, x.Cause, x.Step, x.Why, x.Setting, x.How = y.Outcome, y.Cause, y.Step, y.Why, y.Setting, Predicted
}

// nobodyGetsThrough: clients do not differ below TLS, nor where a diagnosis found
// that no hello at all is answered.
func nobodyGetsThrough(id cause.ID) bool {
	switch id {
	case cause.NotTLS, cause.STARTTLSRequired, cause.MalformedReply, cause.SilentAfterHello, cause.ClosedAfterHello, cause.ResetAfterHello:
		return true
	case cause.ClientSetup:
		return false
	}
	c, ok := cause.Get(id)
	return ok && c.Step == cause.StepConnect
}

// shape is what boxes on the way have been seen to drop a hello for.
type shape struct {
	serverName, tls13, extensions, grease, hybrid bool
	size                                          int // 0: under 256 bytes, 1: under 512, 2: one segment, 3: more
}

func shapeOf(p *client.Profile) shape {
	h := p.Hello
	s := shape{
		serverName: p.Policy.SendsSNI, tls13: h.OffersVersion(wire.VersionTLS13), extensions: len(h.Extensions) > 0,
		grease: slices.ContainsFunc(h.CipherSuites, func(x wire.CipherSuite) bool { return wire.IsGREASE(uint16(x)) }),
		hybrid: slices.ContainsFunc(h.KeyShares(), func(k wire.KeyShare) bool { return onlyTLS13(k.Group) }),
	}
	for _, limit := range []int{256, 512, 1440} {
		if h.Size() >= limit {
			s.size++
		}
	}
	return s
}

// Endpoint is the address that was asked, for people.
func (r *Result) Endpoint() string {
	port := strconv.Itoa(int(r.Target.Port))
	if _, p, err := net.SplitHostPort(r.Options.Connect); err == nil {
		port = p
	}
	return net.JoinHostPort(cmp.Or(r.Target.Address, r.Target.Host), port)
}
