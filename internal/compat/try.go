package compat

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/client"
	"github.com/tlswhy/tlswhy/internal/diagnose"
	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// quickly is a diagnosis that may be made for every client.
const quickly = 2 * time.Second

// fewClients are diagnosed one by one, however long that takes.
const fewClients = 16

// looksAtOnce bounds how many clients' first hellos are under way at a time.
const looksAtOnce = 16

// contradicted: the survey's own client did not get as far as was to be expected.
// Then something is at work that a survey does not know of, such as a box that
// drops certificates, and no prediction is worth anything.
func (q *asking) contradicted(p *client.Predictor) bool {
	t := q.survey.Baseline()
	if t == nil || t.Outcome.Reached >= transcript.ReachedFinished {
		return false
	}
	switch t.Outcome.Kind {
	case transcript.Silent, transcript.Reset, transcript.Closed, transcript.Malformed, transcript.NotTLS, transcript.AlertReceived:
	default:
		return false
	}
	own, err := client.Get(client.Default)
	if c := q.o.Survey.Client; c != nil {
		own, err = c, nil
	}
	return err == nil && p.Predict(own).Outcome == client.OK
}

// forgetLate takes back all predictions but those of an early end: what stops a
// client before that what is at work begins, does so all the same.
func (q *asking) forgetLate() {
	for i := range q.rows {
		if x := &q.rows[i]; x.Outcome != Fail || *x.Step > cause.StepCipher {
			*x = rowOf(q.profiles[i])
		}
	}
}

// forgetErrors takes back that a version is not shared where the server met it
// with internal_error: that is no word about the version.
func (q *asking) forgetErrors() {
	for i := range q.rows {
		x := &q.rows[i]
		if x.Outcome != Fail || *x.Cause != cause.NoSharedVersion {
			continue
		}
		for _, a := range q.survey.Answers {
			if a.Outcome == "alert 80 internal_error" && q.profiles[i].Hello.MaxVersion() == a.Version {
				*x = rowOf(q.profiles[i])
				break
			}
		}
	}
}

// tryRest diagnoses, for real, the clients of which nothing was predicted. What
// no hello gets past, stops all; if it takes long, one client of each kind of
// hello speaks for the others.
func (q *asking) tryRest(ctx context.Context) {
	var todo []int
	own := q.pointOfView().ID
	for i := range q.rows {
		switch {
		case q.rows[i].How != "":
		case q.profiles[i].ID == own:
			todo = append([]int{i}, todo...)
		default:
			todo = append(todo, i)
		}
	}
	if len(todo) == 0 {
		return
	}
	began := time.Now()
	q.attempt(ctx, todo[0])
	first := q.rows[todo[0]]
	switch slow := time.Since(began) > quickly; {
	case q.nothingKnown() && first.Outcome == Fail && nobodyGetsThrough(*first.Cause):
		for _, i := range todo[1:] {
			q.rows[i].copyEnd(first)
		}
	case slow && len(todo) > fewClients:
		q.speakers(ctx, todo)
	default:
		q.look(ctx, todo[1:])
	}
}

// nothingKnown: no version was found that the server accepts.
func (q *asking) nothingKnown() bool { return len(q.survey.Versions) == 0 }

// speakers tries one client of each shape of hello, and gives the others its end.
func (q *asking) speakers(ctx context.Context, todo []int) {
	speaker := map[shape]int{shapeOf(q.profiles[todo[0]]): todo[0]}
	var first []int
	for _, i := range todo[1:] {
		if s := shapeOf(q.profiles[i]); !has(speaker, s) {
			speaker[s] = i
			first = append(first, i)
		}
	}
	q.tryEach(ctx, first)
	for _, i := range todo {
		q.rows[i].copyEnd(q.rows[speaker[shapeOf(q.profiles[i])]])
	}
}

func has[K comparable, V any](m map[K]V, k K) bool {
	_, ok := m[k]
	return ok
}

// end is how a client's first hello ended, with what of it decides what that means.
type end struct {
	kind       transcript.Kind
	alert      wire.Alert
	reached    transcript.Milestone
	newest     wire.Version
	serverName bool
}

// look sends each client's hello once. Those that the server ends in the same way
// fail for the same reason, and one of them is diagnosed; those that get through
// the first flight are diagnosed each, which costs little.
func (q *asking) look(ctx context.Context, todo []int) {
	ends := make([]*end, len(q.rows))
	if addr, ok := q.address(); ok {
		forEach(ctx, todo, q.atMost(looksAtOnce), func(i int) {
			o := q.diagnosis(i)
			screen, err := diagnose.NewScreen(q.try, o)
			if err != nil {
				return
			}
			g, err := screen.Look(ctx, q.target, addr)
			q.count(1)
			// What the client itself refuses is not said by the server, and is its own.
			if err != nil || g.Transcript == nil || g.Transcript.Outcome.Reached >= transcript.ReachedFlight {
				return
			}
			h := q.profiles[i].Hello
			e := &end{kind: g.Transcript.Outcome.Kind, reached: g.Transcript.Outcome.Reached, newest: h.MaxVersion(), serverName: o.Client.Policy.SendsSNI}
			if a := g.Transcript.Outcome.Alert; a != nil {
				e.alert = *a
			}
			ends[i] = e
		})
	}
	speaker := map[end]int{}
	var first []int
	for _, i := range todo {
		if e := ends[i]; e == nil {
			first = append(first, i)
		} else if !has(speaker, *e) {
			speaker[*e] = i
			first = append(first, i)
		}
	}
	q.tryEach(ctx, first)
	for _, i := range todo {
		if e := ends[i]; e != nil {
			q.rows[i].copyEnd(q.rows[speaker[*e]])
			q.tooOld(i, e)
		}
	}
}

// tooOld: the server tells this client that its version is the reason (RFC 8446,
// Section 6.2), and says something else to a newer or older one.
func (q *asking) tooOld(i int, e *end) {
	x := &q.rows[i]
	if e.kind != transcript.AlertReceived || e.alert.Description != wire.AlertProtocolVersion || x.Outcome != Fail || *x.Cause == cause.NoSharedVersion {
		return
	}
	for _, a := range q.survey.Answers {
		if a.Version >= wire.VersionTLS10 && a.Outcome != "alert 70 protocol_version" && !q.profiles[i].Hello.OffersVersion(a.Version) {
			id, step := cause.NoSharedVersion, cause.StepVersion
			x.Cause, x.Step, x.Setting = &id, &step, "not "+e.newest.String()
			x.Why = "The server refuses " + e.newest.String() + " (alert 70 protocol_version), and not " + a.Version.String() + "."
			return
		}
	}
}

// address is the one that was surveyed; false behind a proxy, which may resolve
// the name itself.
func (q *asking) address() (netip.AddrPort, bool) {
	ip, err := netip.ParseAddr(q.survey.Target.Address)
	return netip.AddrPortFrom(ip, cmp.Or(q.o.Diagnose.ConnectPort, q.target.Port)), err == nil && q.o.Diagnose.Proxy == ""
}

func (q *asking) tryEach(ctx context.Context, todo []int) {
	forEach(ctx, todo, q.atMost(diagnosesAtOnce), func(i int) { q.attempt(ctx, i) })
}

// atMost is n, or one for a server that is asked gently.
func (q *asking) atMost(n int) int {
	if q.survey.Gentle || q.o.Survey.Gentle {
		return 1
	}
	return n
}

func forEach(ctx context.Context, todo []int, atOnce int, f func(i int)) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	for _, i := range todo {
		if ctx.Err() != nil {
			break
		}
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			f(i)
		})
	}
	wg.Wait()
}

func (q *asking) count(connections int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.connections += connections
}

// diagnosis is what the client of row i is diagnosed with, at the address that
// was surveyed.
func (q *asking) diagnosis(i int) diagnose.Options {
	o := q.o.Diagnose
	o.Client, o.Gentle = q.profiles[i], o.Gentle || q.survey.Gentle
	o.Progress, o.Early = nil, nil
	if o.Timeout == 0 || o.Timeout == defaultTimeout {
		o.Timeout = patience // many clients are waiting for their turn
	}
	if a := q.survey.Target.Address; a != "" && o.Proxy == "" {
		o.Connect, o.ConnectPort = a, cmp.Or(o.ConnectPort, q.target.Port)
	}
	return o
}

// attempt diagnoses as the client of row i.
func (q *asking) attempt(ctx context.Context, i int) {
	o := q.diagnosis(i)
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
	q.count(spent)
	x.Open = q.rows[i].Open
	q.rows[i] = x
}

// check is one diagnosis, as a row, and how many connections it took.
func (q *asking) check(ctx context.Context, o diagnose.Options) (Row, int) {
	r, err := diagnose.Check(ctx, q.try, q.target, o)
	switch {
	case r == nil:
		return rowOf(o.Client), 0
	case err != nil: // interrupted
		return rowOf(o.Client), r.Connections
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
	switch {
	case x.Outcome == OK:
		x.Why = connected(x)
	case x.Cause == nil: // what fails has a cause: others rely on it
		return rowOf(c)
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
		hybrid: slices.ContainsFunc(h.KeyShares(), func(k wire.KeyShare) bool { return k.Group.PostQuantum() }),
	}
	for _, limit := range []int{256, 512, 1440} {
		if h.Size() >= limit {
			s.size++
		}
	}
	return s
}
