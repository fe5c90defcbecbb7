// Package logs reads the logs of servers, proxies and CDNs and tells which
// failed handshakes they hold: why, how often, since when, for whom.
//
// A log goes through in one pass. Blocks that end with a line are looked over by
// as many workers as there are processors: a filter finds the lines that may hold a
// known text, their formats are read, and their words explained; the words of
// equal failures are equal, so each is explained once. What was found is counted
// in the order of the lines. All tables have a bound, so that memory does not grow
// with the log.
package logs

import (
	"cmp"
	"context"
	"runtime"
	"time"

	"github.com/tlswhy/tlswhy/internal/report"
)

// Options are what to count and how.
type Options struct {
	// Since and Until bound the time of the lines that count; zero: no bound.
	Since, Until time.Time
	// Now is for times without a year; nil: time.Now. Zone is that of times that
	// name none; nil: UTC.
	Now  func() time.Time
	Zone *time.Location
	// By is "client", "name" or "hour" to count by that too.
	By string
	// Own are our own checks, whose traces are noise.
	Own []Probe
	// Each is called for every line that tells of a failure, in order; an error of it
	// ends the reading.
	Each func(report.LogFailure) error
	// Progress is called now and then with the bytes read of the files so far, as
	// they are stored, and of all together; 0 where that is not known.
	Progress func(read, total int64)
	// Follow waits for more at the end of the files, until the context is done.
	Follow bool
	// Workers is how many look at lines at the same time; 0: as many as there are
	// processors.
	Workers int
}

// Read reads inputs to their ends, one after the other. An input that cannot be
// opened is an error and nothing is read; one that breaks midway is told of in
// the Damage of the result. When the context is done or Each fails, what was read
// until then is returned with the error.
func Read(ctx context.Context, inputs []Input, o Options) (*report.Logs, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r, err := newReader(inputs, o)
	if err != nil {
		return nil, err
	}
	defer r.close()
	workers := cmp.Or(o.Workers, runtime.GOMAXPROCS(0))
	free := make(chan *block, 2*workers+2)
	for range cap(free) {
		free <- newBlock()
	}
	todo, inOrder := make(chan *block), make(chan *block, cap(free))
	done := make(chan struct{}, workers)
	for range workers {
		go func() {
			defer func() { done <- struct{}{} }()
			w := newWorker(o)
			for b := range todo {
				w.look(b)
				b.ready <- struct{}{}
			}
		}()
	}
	go func() {
		defer func() { close(todo); close(inOrder); done <- struct{}{} }()
		r.run(ctx, free, func(b *block) {
			inOrder <- b
			todo <- b
		})
	}()
	c := newCounter(o)
	for b := range inOrder {
		<-b.ready
		if err := c.count(b); err != nil {
			cancel(err)
		}
		b.reset()
		free <- b
	}
	for range workers + 1 {
		<-done
	}
	return c.result(r.damage), context.Cause(ctx)
}
