package probe

import (
	"context"
	"sync"

	"golang.org/x/time/rate"
)

// limits are the budget, the pace and the number of connections at once.
type limits struct {
	perAddress bool // the budget is that of each address
	budget     int  // negative: none
	at         int  // connections to one address at once
	pace       *rate.Limiter
	one        chan struct{} // gentle: holds one

	mu    sync.Mutex
	total int
	addrs map[string]*addressLimits
}

type addressLimits struct {
	slots chan struct{}
	used  int
	users int // that wait for a slot or hold one
}

func newLimits(o Options) *limits {
	l := &limits{budget: o.Budget, at: o.Concurrency, addrs: map[string]*addressLimits{}}
	if o.Budget == 0 {
		l.perAddress, l.budget = true, DefaultBudget
	}
	if o.Rate > 0 {
		l.pace = rate.NewLimiter(rate.Limit(o.Rate), 1)
	}
	if o.Gentle {
		l.one = make(chan struct{}, 1)
	}
	return l
}

// admit waits until a connection to the address may be begun. The returned
// function is called when it is over. What was reserved and not used, because
// ctx ended first, is given back.
func (l *limits) admit(ctx context.Context, address string) (func(), error) {
	a, err := l.reserve(address)
	if err != nil {
		return nil, err
	}
	var held []chan struct{}
	release := func() {
		for _, c := range held {
			<-c
		}
		l.forget(address, a)
	}
	for _, c := range []chan struct{}{a.slots, l.one} {
		if c == nil {
			continue
		}
		select {
		case c <- struct{}{}:
			held = append(held, c)
		case <-ctx.Done():
			release()
			l.giveBack(a)
			return nil, ctx.Err()
		}
	}
	if l.pace != nil {
		if err := l.pace.Wait(ctx); err != nil {
			release()
			l.giveBack(a)
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			return nil, err
		}
	}
	if err := ctx.Err(); err != nil {
		release()
		l.giveBack(a)
		return nil, err
	}
	return release, nil
}

func (l *limits) reserve(address string) (*addressLimits, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.addrs[address]
	if a == nil {
		a = &addressLimits{slots: make(chan struct{}, l.at)}
		l.addrs[address] = a
	}
	used := l.total
	if l.perAddress {
		used = a.used
	}
	if l.budget >= 0 && used >= l.budget {
		return nil, ErrBudget
	}
	l.total++
	a.used++
	a.users++
	return a, nil
}

// forget drops what is known of an address that nobody is at, where no budget
// needs it: of a million addresses the limits of a few are held.
func (l *limits) forget(address string, a *addressLimits) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if a.users--; a.users == 0 && l.budget < 0 {
		delete(l.addrs, address)
	}
}

func (l *limits) giveBack(a *addressLimits) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.total--
	a.used--
}
