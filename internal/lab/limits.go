package lab

import (
	"context"
	"net"
	"sync"
	"time"
)

// Endpoints that treat connections by their number or timing start afresh after
// a while without any, so that whoever comes finds them in the same state. It is
// longer than a careful client pauses between two attempts.
const quiet = 10 * time.Second

// meter counts connections.
type meter struct {
	mu     sync.Mutex
	last   time.Time
	n      int // since the last quiet time
	open   int
	tokens float64
	banned time.Time
	fails  []time.Time
}

// arrive notes a connection and returns its number, from 0.
func (m *meter) arrive(now time.Time) int {
	if now.Sub(m.last) > quiet {
		m.n, m.tokens, m.fails, m.banned = 0, 0, nil, time.Time{}
	} else {
		m.n++
	}
	m.last = now
	return m.n
}

// alternate serves connections in turn, beginning with the first handler after
// each quiet time.
func alternate(hs ...handler) handler {
	var m meter
	return func(ctx context.Context, c *net.TCPConn) {
		m.mu.Lock()
		n := m.arrive(time.Now())
		m.mu.Unlock()
		hs[n%len(hs)](ctx, c)
	}
}

// busy resets connections but for one every interval: the others that use this
// server have used the quota up before the client comes.
func busy(every time.Duration, next handler) handler {
	var m meter
	return func(ctx context.Context, c *net.TCPConn) {
		m.mu.Lock()
		now := time.Now()
		since := now.Sub(m.last)
		if m.arrive(now) > 0 {
			m.tokens = min(1, m.tokens+float64(since)/float64(every))
		}
		pass := m.tokens >= 1
		if pass {
			m.tokens--
		}
		m.mu.Unlock()
		if !pass {
			reset(c)
			return
		}
		next(ctx, c)
	}
}

// atOnce resets connections beyond max open ones.
func atOnce(most int, next handler) handler {
	var m meter
	return func(ctx context.Context, c *net.TCPConn) {
		m.mu.Lock()
		m.open++
		pass := m.open <= most
		m.mu.Unlock()
		defer func() {
			m.mu.Lock()
			m.open--
			m.mu.Unlock()
		}()
		if !pass {
			reset(c)
			return
		}
		next(ctx, c)
	}
}

// banAfter resets whatever comes for a while once there were too many failures
// within it, as tools that read server logs do. next reports a success.
func banAfter(failures int, ban time.Duration, next func(context.Context, *net.TCPConn) bool) handler {
	var m meter
	return func(ctx context.Context, c *net.TCPConn) {
		m.mu.Lock()
		now := time.Now()
		m.arrive(now)
		banned := now.Before(m.banned)
		m.mu.Unlock()
		if banned {
			reset(c)
			return
		}
		if next(ctx, c) {
			return
		}
		m.mu.Lock()
		defer m.mu.Unlock()
		recent := m.fails[:0]
		for _, t := range m.fails {
			if now.Sub(t) < ban {
				recent = append(recent, t)
			}
		}
		if m.fails = append(recent, now); len(m.fails) >= failures {
			m.banned, m.fails = time.Now().Add(ban), nil
		}
	}
}
