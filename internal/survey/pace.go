package survey

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/tlswhy/tlswhy/internal/transcript"
)

// Times of a survey.
const (
	// questionWait is the silence after which a question counts as unanswered. TCP
	// sends a lost SYN or segment again after 1 s and after 3 s.
	questionWait = 3500 * time.Millisecond
	// questionTime bounds a question as a whole, for servers that let their answer
	// drip.
	questionTime = 12 * time.Second
	// silenceWait is added to four round trips for a server that is known to refuse
	// by silence.
	silenceWait = time.Second
	// burst connections are begun at once, and one more each step. A server with a
	// short queue of connections it has yet to accept drops what does not fit, which
	// costs a second each; many have room for ten.
	burst = 10
	step  = 1500 * time.Microsecond
	// crowd is how many questions are left to a server that answers later than the
	// distance explains: more would only wait in its queue. It is taken as crowded
	// if a first byte takes three times a round trip and grace.
	crowd = 8
	grace = 8 * time.Millisecond
	// backOff is what a server is left alone for before a question that it did not
	// answer is repeated; it grows fourfold.
	backOff = 100 * time.Millisecond
	// breath is what a server gets between two connections that takes one at a time.
	breath = 5 * time.Millisecond
)

// pace holds how much is asked of the server at a time. It counts round trips as
// they would follow each other with any delay: each of the slots has a clock.
type pace struct {
	mu      sync.Mutex
	limit   int
	busy    int
	free    []int // clocks of the idle slots
	waiting []*waiter
	alone   bool // a question has the server to itself
	crowded bool // the server answers late
	credit  int  // connections that may be begun now
	refills bool // credit grows with time
	burst   int  // the most that credit grows to
	step    time.Duration
}

// waiter is a question that waits for a slot.
type waiter struct {
	urgency urgency
	alone   bool
	ready   chan int // receives the clock of its slot
}

// urgency says which questions go first: those with the longest line of others
// behind them. Those of one urgency go in the order in which they came.
type urgency int

const (
	leisurely urgency = iota
	ordinarily
	urgent
	alone // has the server to itself
)

// newPace holds limit questions at once, and begins at most rate a second; 0 is
// no limit to those. A question has to wait here for its turn: the prober's wait
// counts as time of the question, and keeps no order.
func newPace(limit int, rate float64) *pace {
	p := &pace{limit: limit, free: make([]int, limit), burst: burst, step: step}
	if rate > 0 {
		p.burst, p.step = 1, max(step, time.Duration(min(float64(time.Second)/rate, float64(24*time.Hour))))
	}
	p.credit = p.burst
	return p
}

// acquire waits for a slot and returns the round trip in which the question goes
// out. It is false if ctx ended first.
func (p *pace) acquire(ctx context.Context, now int, u urgency) (start int, ok bool) {
	w := &waiter{urgency: u, alone: u == alone, ready: make(chan int, 1)}
	p.mu.Lock()
	i := slices.IndexFunc(p.waiting, func(o *waiter) bool { return o.urgency < u })
	if i < 0 {
		i = len(p.waiting)
	}
	p.waiting = slices.Insert(p.waiting, i, w)
	p.admit()
	p.mu.Unlock()
	select {
	case clock := <-w.ready:
		return max(now, clock), true
	case <-ctx.Done():
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := slices.Index(p.waiting, w); i >= 0 {
		p.waiting = slices.Delete(p.waiting, i, i+1)
		p.admit()
		return 0, false
	}
	return max(now, <-w.ready), true // admitted at the same moment
}

// admit gives free slots to those who wait. The caller holds p.mu.
func (p *pace) admit() {
	for len(p.waiting) > 0 && p.busy < p.limit && !p.alone && !(p.crowded && p.busy >= crowd) {
		w := p.waiting[0]
		if w.alone && p.busy > 0 {
			return // it has to be the only one: nobody passes it
		}
		if !p.spend() {
			return
		}
		p.waiting = p.waiting[1:]
		p.busy++
		p.alone = w.alone
		i := slices.Index(p.free, slices.Min(p.free))
		w.ready <- p.free[i]
		p.free = slices.Delete(p.free, i, i+1)
	}
}

// spend takes a credit. Without one, admit is called again once there is. The
// caller holds p.mu.
func (p *pace) spend() bool {
	if !p.refills {
		p.refills = true
		time.AfterFunc(p.step, p.refill)
	}
	if p.credit == 0 {
		return false
	}
	p.credit--
	return true
}

func (p *pace) refill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.credit++
	if p.refills = p.credit < p.burst; p.refills {
		time.AfterFunc(p.step, p.refill)
	}
	p.admit()
}

// release gives the slot back; end is the round trip in which the answer came.
func (p *pace) release(end int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.busy--
	p.alone = false
	p.free = append(p.free, end)
	p.admit()
}

// slow lowers the number of questions at a time. It is false if it was as low
// already.
func (p *pace) slow(limit int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.limit <= limit {
		return false
	}
	p.limit = limit
	return true
}

// task is a line of questions of which each may wait for the one before.
type task struct {
	s       *session
	urgency urgency
	now     int // round trips so far
}

// one asks one question. nil: there was no answer to go by, because the budget
// or the time ended.
func (k *task) one(ctx context.Context, a transcript.Attempt) *transcript.Transcript {
	return k.all(ctx, []transcript.Attempt{a})[0]
}

// all asks several at once and waits for all.
func (k *task) all(ctx context.Context, as []transcript.Attempt) []*transcript.Transcript {
	out := make([]*transcript.Transcript, len(as))
	ends := make([]int, len(as))
	var wg sync.WaitGroup
	for i, a := range as {
		wg.Go(func() { out[i], ends[i] = k.s.put(ctx, a, k.now, k.urgency) })
	}
	wg.Wait()
	for _, end := range ends {
		k.now = max(k.now, end)
	}
	return out
}

// fork follows several lines of questions at once, and goes on when all have
// come to their end.
func (k *task) fork(lines ...func(*task)) {
	ends := make([]task, len(lines))
	var wg sync.WaitGroup
	for i, f := range lines {
		ends[i] = task{s: k.s, now: k.now, urgency: k.urgency}
		wg.Go(func() { f(&ends[i]) })
	}
	wg.Wait()
	for _, e := range ends {
		k.now = max(k.now, e.now)
	}
}

// put asks one question. Silence, a reset or a close without a word may be our
// own doing: it counts when it was seen alone too, by a server that answers what
// it answered before.
func (s *session) put(ctx context.Context, a transcript.Attempt, now int, u urgency) (*transcript.Transcript, int) {
	t, end := s.attempt(ctx, a, now, u)
	if t == nil {
		return nil, end
	}
	if !trouble(t) {
		s.remember(a, t)
		return t, end
	}
	// One doubt at a time: what the first ones find out settles the others.
	select {
	case s.doubts <- struct{}{}:
		defer func() { <-s.doubts }()
	case <-ctx.Done():
		return nil, end
	}
	if refusesConnections(t) && !s.wasGreeted() {
		if s.isGone() {
			return t, end
		}
		// Refusals come before the first answers: they may be for want of room beside
		// what is under way. Where a connection took its whole time, that is over.
		if t.Outcome.Kind != transcript.ConnectTimeout {
			again, at := s.attempt(ctx, a, end, alone)
			end = at
			switch {
			case again == nil:
				return nil, end
			case !trouble(again):
				s.overloaded(t)
				return again, end
			}
			t = again
		}
		if s.giveUp(t) {
			return t, end
		}
	}
	for _, pause := range []time.Duration{backOff, 4 * backOff, 16 * backOff} {
		if s.known(t) {
			return t, end
		}
		if !rest(ctx, pause) {
			return nil, end
		}
		again, at := s.attempt(ctx, a, end, alone)
		end = at
		if again == nil {
			return nil, end
		}
		if !trouble(again) {
			s.overloaded(t)
			return again, end
		}
		t = again
		if s.control(ctx, end) {
			s.confirm(t.Outcome.Kind)
			return t, end
		}
	}
	if refusesConnections(t) {
		// It takes no more of them: what is left of the survey would only tell of that.
		s.mu.Lock()
		s.unreachable = outcomeText(t)
		s.incomplete = true
		s.mu.Unlock()
		return nil, end
	}
	return t, end
}

func (s *session) wasGreeted() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.greeted
}

func (s *session) isGone() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.unreachable != ""
}

// giveUp ends the questions to an address that refuses connections, unless one
// came as far as a hello meanwhile.
func (s *session) giveUp(t *transcript.Transcript) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.greeted && refusesConnections(t) {
		s.unreachable = outcomeText(t)
	}
	return s.unreachable != ""
}

// control repeats a question that was answered before, alone. It is true if it is
// answered still, or if none was so far.
func (s *session) control(ctx context.Context, now int) bool {
	s.mu.Lock()
	good := s.good
	s.mu.Unlock()
	if good.Handshake == nil {
		return true
	}
	if !rest(ctx, backOff) {
		return true
	}
	good.Purpose = "again, to compare: " + good.Purpose
	t, _ := s.attempt(ctx, good, now, alone)
	return t == nil || !trouble(t)
}

// remember keeps one question that is answered with TLS.
func (s *session) remember(a transcript.Attempt, t *transcript.Transcript) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.good.Handshake == nil && helloCame(t) {
		s.good = a
	}
}

// rest waits. It is false if ctx ended.
func rest(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// trouble: the question was not answered in so many words.
func trouble(t *transcript.Transcript) bool {
	switch t.Outcome.Kind {
	case transcript.Silent, transcript.Reset, transcript.Closed:
		return t.Outcome.Reached < transcript.ReachedHello
	}
	return refusesConnections(t)
}

func refusesConnections(t *transcript.Transcript) bool {
	switch t.Outcome.Kind {
	case transcript.Refused, transcript.ConnectTimeout, transcript.Unreachable, transcript.NoRoute, transcript.ProxyFailed, transcript.StartTLSFailed, transcript.LocalError:
		return true
	}
	return false
}

// known: such an end was seen twice alone, and never shown to be our doing: that
// is how this server refuses.
func (s *session) known(t *transcript.Transcript) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.confirmed[t.Outcome.Kind] >= 2
}

func (s *session) confirm(k transcript.Kind) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.confirmed[k]++
	if k == transcript.Silent && s.confirmed[k] >= 2 && s.good.Handshake == nil {
		s.unreachable = "nothing answers a hello" // and there is no use in waiting for more of that
	}
}

// overloaded: the same question was answered when it was asked alone.
func (s *session) overloaded(t *transcript.Transcript) {
	s.mu.Lock()
	clear(s.confirmed)
	s.gentle = true
	s.mu.Unlock()
	if s.pace.slow(1) {
		s.note("asked one thing at a time: with several at once it %s, and alone it answers", endedWith(t))
	}
}

// attempt makes one attempt within the pace.
func (s *session) attempt(ctx context.Context, a transcript.Attempt, now int, u urgency) (*transcript.Transcript, int) {
	if s.isGone() {
		return nil, now
	}
	start, ok := s.pace.acquire(ctx, now, u)
	if !ok {
		return nil, now
	}
	s.mu.Lock()
	gentle := s.gentle
	s.mu.Unlock()
	if gentle {
		_ = rest(ctx, breath)
	}
	s.shorten(&a)
	bounded, cancel := context.WithTimeout(ctx, questionTime)
	defer cancel()
	t, err := s.try.Try(bounded, a)
	end := start
	if err == nil {
		end += roundTrips(t)
	}
	s.pace.release(end)
	if err == nil {
		s.tell(a.Purpose)
	}
	if err != nil || t.Outcome.Kind == transcript.Aborted {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.incomplete = true
		if err != nil && ctx.Err() == nil && s.limited == "" {
			s.limited = err.Error()
		}
		return nil, end
	}
	t.Attempt = a
	s.count(t)
	return t, end
}

// shorten waits less for a server that is known to refuse by silence.
func (s *session) shorten(a *transcript.Attempt) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.confirmed[transcript.Silent] < 2 {
		return
	}
	h := *a.Handshake
	h.Wait = min(h.Wait, silenceWait+4*median(s.connects))
	a.Handshake = &h
}

// roundTrips that the attempt took: one for the connection, one for each flight
// that was waited for.
func roundTrips(t *transcript.Transcript) int {
	n := 1
	if t.Times.Proxy > 0 {
		n++
	}
	n += len(t.Dialogue) / 2
	if len(t.Hello) > 0 {
		n++
	}
	if len(t.Retried) > 0 {
		n++
	}
	if t.Outcome.Reached >= transcript.ReachedFinished && t.Version() < 0x0304 && t.Resumed != transcript.Yes {
		n++
	}
	if t.Response != nil {
		n++
	}
	return n
}

// tell counts a connection and tells of it, which may take the listener a while.
func (s *session) tell(purpose string) {
	s.telling.Lock()
	defer s.telling.Unlock()
	s.mu.Lock()
	s.connections++
	n := s.connections
	s.mu.Unlock()
	if s.o.Progress != nil {
		s.o.Progress(n, purpose)
	}
}

// count keeps what each attempt says of the way to the server.
func (s *session) count(t *transcript.Transcript) {
	s.mu.Lock()
	if c := t.Times.Connect; c > 0 {
		s.connects = append(s.connects, c+t.Times.Proxy)
	}
	s.greeted = s.greeted || !refusesConnections(t)
	if t.Retry != nil {
		s.facts.Features.HelloRetry = transcript.Yes
	}
	serial := s.serial(t)
	s.crowded(t)
	s.mu.Unlock()
	if serial && s.pace.slow(2) {
		s.mu.Lock()
		s.gentle = true
		s.mu.Unlock()
		s.note("asked one thing at a time: it serves one connection after the other")
	}
}

// crowded notices whether answers come later than the distance explains. The
// caller holds s.mu.
func (s *session) crowded(t *transcript.Transcript) {
	if t.Times.FirstByte == 0 {
		return
	}
	s.latest = append(s.latest, t.Times.FirstByte)
	if len(s.latest) > crowd {
		s.latest = s.latest[1:]
	}
	late := median(s.latest) > 3*median(s.connects)+grace
	s.pace.mu.Lock()
	defer s.pace.mu.Unlock()
	s.pace.crowded = late
}

// serial tells whether the server seems to serve one connection at a time: of
// many under way, answers come one by one, each a round trip after the last. The
// caller holds s.mu.
func (s *session) serial(t *transcript.Transcript) bool {
	const (
		run    = 8                    // answers in a row
		wanted = 8                    // connections under way
		least  = 5 * time.Millisecond // of a round trip: below, all looks the same
	)
	s.pace.mu.Lock()
	crowded := s.pace.busy >= wanted
	s.pace.mu.Unlock()
	now := s.o.Now()
	if !crowded || t.Times.FirstByte == 0 {
		s.ends = s.ends[:0]
		return false
	}
	s.ends = append(s.ends, now)
	if len(s.ends) > run {
		s.ends = s.ends[1:]
	}
	rtt := median(s.connects)
	if len(s.ends) < run || rtt < least {
		return false
	}
	for i := range len(s.ends) - 1 {
		if s.ends[i+1].Sub(s.ends[i]) < rtt/2 {
			return false
		}
	}
	return true
}

func median(d []time.Duration) time.Duration {
	if len(d) == 0 {
		return 0
	}
	d = slices.Sorted(slices.Values(d))
	return d[len(d)/2]
}

// outcomeText says how an attempt ended, in a phrase.
func outcomeText(t *transcript.Transcript) string {
	switch o := t.Outcome; o.Kind {
	case transcript.AlertReceived:
		if o.Alert != nil {
			return fmt.Sprintf("alert %d %s", uint8(o.Alert.Description), o.Alert.Description)
		}
		return "an alert"
	case transcript.Malformed, transcript.NotTLS, transcript.LocalError, transcript.Unreachable, transcript.ProxyFailed, transcript.StartTLSFailed:
		if o.Detail != "" {
			return string(o.Kind) + ": " + o.Detail
		}
	}
	return string(t.Outcome.Kind)
}

func endedWith(t *transcript.Transcript) string {
	switch t.Outcome.Kind {
	case transcript.Silent:
		return "does not answer"
	case transcript.Reset:
		return "resets connections"
	case transcript.Closed:
		return "closes connections without a word"
	}
	return "refuses connections"
}
