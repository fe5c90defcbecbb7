package cli

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/tlswhy/tlswhy"
	"github.com/tlswhy/tlswhy/internal/render/safe"
)

// Progress appears after patience and is drawn anew every interval. What is
// quick shows none: it would only flicker.
const (
	patience = time.Second
	interval = 150 * time.Millisecond
)

// progress is one line on stderr that says what goes on, and is wiped when the
// answer comes. Off a terminal it does nothing.
type progress struct {
	w       io.Writer
	width   int
	timeout time.Duration

	mu       sync.Mutex
	start    time.Time
	targets  []tlswhy.Target
	done     int // targets
	attempts int
	purpose  string
	shown    bool
	stop     chan struct{}
	stopped  sync.WaitGroup
}

func (a *app) newProgress(timeout time.Duration) *progress {
	p := &progress{width: a.errTerminal.width, timeout: timeout}
	if a.errTerminal.is {
		p.w = a.err
	}
	if p.width == 0 {
		p.width = 80
	}
	return p
}

func (p *progress) begin(targets []tlswhy.Target) {
	if p.w == nil {
		return
	}
	p.mu.Lock()
	p.start, p.targets, p.stop = time.Now(), targets, make(chan struct{})
	p.mu.Unlock()
	p.stopped.Go(func() {
		select {
		case <-time.After(patience):
		case <-p.stop:
			return
		}
		tick := time.NewTicker(interval)
		defer tick.Stop()
		for {
			p.draw()
			select {
			case <-tick.C:
			case <-p.stop:
				return
			}
		}
	})
}

// attempt is told of each attempt that has ended.
func (p *progress) attempt(e tlswhy.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.attempts++
	p.purpose = e.Purpose
}

// finished is told of each target that is done.
func (p *progress) finished() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done++
}

// early names a likely cause while the search still waits. It stays on the
// screen: who has seen enough stops here.
func (p *progress) early(f tlswhy.Finding) {
	if p.w == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	text := fmt.Sprintf("  likely %s: %s Waiting up to %s to be sure.", f.Cause, strings.TrimRight(f.Detail, ". ")+".", p.timeout)
	p.wipe()
	fmt.Fprintln(p.w, safe.Line(text, 400))
}

func (p *progress) draw() {
	p.mu.Lock()
	defer p.mu.Unlock()
	what := fmt.Sprintf("%d targets, %d done", len(p.targets), p.done)
	if len(p.targets) == 1 {
		what = p.targets[0].String()
	}
	plural := "s"
	if p.attempts == 1 {
		plural = ""
	}
	s := fmt.Sprintf("  %s · %d s · %d attempt%s", what, int(time.Since(p.start).Seconds()), p.attempts, plural)
	if p.purpose != "" {
		s += " · " + p.purpose
	}
	s = safe.Line(s, 400)
	// One column stays free: some terminals wrap when the last one is filled.
	if r := []rune(s); len(r) > p.width-1 {
		s = string(r[:p.width-2]) + "…"
	}
	p.wipe()
	fmt.Fprint(p.w, s)
	p.shown = true
}

// wipe clears the line, if there is one.
func (p *progress) wipe() {
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[2K")
		p.shown = false
	}
}

// end wipes the line for good.
func (p *progress) end() {
	if p.w == nil || p.stop == nil {
		return
	}
	close(p.stop)
	p.stopped.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wipe()
}
