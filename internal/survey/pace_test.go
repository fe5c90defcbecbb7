package survey

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tlswhy/tlswhy/internal/transcript"
)

// take acquires a slot in a goroutine that says name once it has it.
func take(ctx context.Context, p *pace, u urgency, name string, got *[]string, mu *sync.Mutex) {
	go func() {
		if _, ok := p.acquire(ctx, 0, u); ok {
			mu.Lock()
			*got = append(*got, name)
			mu.Unlock()
		}
	}()
	synctest.Wait()
}

// The urgent go first, those of one urgency in the order in which they came, and
// one that wants to be alone before all.
func TestPaceOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var got []string
		p := newPace(1, 0)
		take(t.Context(), p, leisurely, "first", &got, &mu)
		take(t.Context(), p, leisurely, "leisurely", &got, &mu)
		take(t.Context(), p, urgent, "urgent 1", &got, &mu)
		take(t.Context(), p, ordinarily, "ordinarily", &got, &mu)
		take(t.Context(), p, urgent, "urgent 2", &got, &mu)
		take(t.Context(), p, alone, "alone", &got, &mu)
		for range 6 {
			p.release(0)
			synctest.Wait()
		}
		if want := []string{"first", "alone", "urgent 1", "urgent 2", "ordinarily", "leisurely"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		time.Sleep(time.Second) // the credit's timer ends
	})
}

// Never more than the limit at once, and one that is alone has nobody beside it;
// whatever is cancelled, all slots come back.
func TestPaceLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit = 5
		p := newPace(limit, 0)
		var now, most atomic.Int64
		var wg sync.WaitGroup
		for i := range 300 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(1+i%7*40)*time.Millisecond)
			wg.Go(func() {
				defer cancel()
				u := urgency(i % 4)
				if _, ok := p.acquire(ctx, 0, u); !ok {
					return
				}
				n := now.Add(1)
				if n > most.Load() {
					most.Store(n)
				}
				if u == alone && n != 1 {
					t.Errorf("%d at once, one of them alone", n)
				}
				time.Sleep(time.Duration(1+i%3) * time.Millisecond)
				if u == alone && now.Load() != 1 {
					t.Errorf("%d at once, one of them alone", now.Load())
				}
				now.Add(-1)
				p.release(0)
			})
		}
		wg.Wait()
		if most.Load() != limit {
			t.Errorf("%d at once, want %d", most.Load(), limit)
		}
		time.Sleep(time.Second)
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.busy != 0 || len(p.free) != limit || len(p.waiting) != 0 || p.alone || p.credit != burst {
			t.Errorf("%d busy, %d free, %d waiting, alone %t, credit %d", p.busy, len(p.free), len(p.waiting), p.alone, p.credit)
		}
	})
}

// A few connections are begun at once, the others one each step.
func TestPaceCredit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPace(100, 0)
		began := time.Now()
		var mu sync.Mutex
		var at []time.Duration
		for range 3 * burst {
			go func() {
				if _, ok := p.acquire(t.Context(), 0, urgent); ok {
					mu.Lock()
					at = append(at, time.Since(began))
					mu.Unlock()
				}
			}()
		}
		time.Sleep(time.Second)
		mu.Lock()
		defer mu.Unlock()
		slices.Sort(at)
		if len(at) != 3*burst {
			t.Fatalf("%d begun", len(at))
		}
		for i, d := range at {
			if want := step * time.Duration(max(0, i-burst+1)); d != want {
				t.Errorf("connection %d began after %s, want %s", i, d, want)
			}
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.credit != burst || p.refills {
			t.Errorf("credit %d, refills %t", p.credit, p.refills)
		}
	})
}

// With a rate, connections begin that far from each other from the first on, the
// urgent ones first.
func TestPaceRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPace(24, 2)
		began := time.Now()
		var mu sync.Mutex
		var got []string
		take(t.Context(), p, leisurely, "first", &got, &mu)
		take(t.Context(), p, leisurely, "third", &got, &mu)
		take(t.Context(), p, urgent, "second", &got, &mu)
		time.Sleep(time.Second - 1)
		mu.Lock()
		if want := []string{"first", "second"}; !slices.Equal(got, want) {
			t.Errorf("after %s: %q, want %q", time.Since(began), got, want)
		}
		mu.Unlock()
		time.Sleep(time.Second)
		mu.Lock()
		defer mu.Unlock()
		if len(got) != 3 {
			t.Errorf("after %s: %q", time.Since(began), got)
		}
	})
}

// A slot's clock is the round trip in which its last answer came: what waits for
// a slot starts then.
func TestPaceClocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPace(2, 0)
		for _, want := range []int{0, 0} {
			if got, ok := p.acquire(t.Context(), 0, urgent); !ok || got != want {
				t.Errorf("begins in %d, want %d", got, want)
			}
		}
		p.release(3)
		p.release(5)
		for _, x := range []struct{ now, want int }{{1, 3}, {9, 9}} {
			if got, _ := p.acquire(t.Context(), x.now, urgent); got != x.want {
				t.Errorf("at %d: begins in %d, want %d", x.now, got, x.want)
			}
		}
		time.Sleep(time.Second)
	})
}

// A crowded server is asked no more than crowd at a time, and slow lowers the
// limit for good.
func TestPaceCrowdedAndSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &session{pace: newPace(24, 0)}
		late := &transcript.Transcript{Times: transcript.Times{FirstByte: 50 * time.Millisecond}}
		s.connects = []time.Duration{time.Millisecond}
		s.crowded(late)
		var got atomic.Int64
		ctx, cancel := context.WithCancel(t.Context())
		for range 24 {
			go func() {
				if _, ok := s.pace.acquire(ctx, 0, urgent); ok {
					got.Add(1)
				}
			}()
		}
		time.Sleep(time.Second)
		if got.Load() != crowd {
			t.Errorf("%d at once of a crowded server", got.Load())
		}
		if !s.pace.slow(1) || s.pace.slow(1) || s.pace.slow(2) {
			t.Error("slow does not say whether it made a difference")
		}
		for range crowd - 1 {
			s.pace.release(0)
		}
		time.Sleep(time.Second)
		if got.Load() != crowd {
			t.Errorf("%d beside what is slower than one at a time", got.Load()-crowd)
		}
		s.pace.release(0)
		time.Sleep(time.Second)
		if got.Load() != crowd+1 {
			t.Errorf("%d when there was room for one", got.Load()-crowd)
		}
		for range crowd {
			s.crowded(&transcript.Transcript{Times: transcript.Times{FirstByte: time.Millisecond}})
		}
		if s.pace.crowded {
			t.Error("still crowded with answers in time")
		}
		cancel()
	})
}

// Progress may take its time, and is told of one connection after the other.
func TestProgressInOrder(t *testing.T) {
	var last int
	s := &session{}
	s.o.Progress = func(n int, _ string) {
		if n != last+1 {
			t.Errorf("%d after %d", n, last)
		}
		last = n
		s.isGone() // takes what nobody may hold meanwhile
	}
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() { s.tell("") })
	}
	wg.Wait()
}
