// Package relay stands between a program and the servers it talks to, and does
// not decrypt: it is a proxy on loopback (HTTP CONNECT, SOCKS5, plain HTTP), or
// forwards every connection to one place. Bytes pass untouched in both
// directions, ends (FIN and RST) are passed on as they come, and every connection
// is observed (package passive).
package relay

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"sync"
	"time"

	"github.com/tlswhy/tlswhy/internal/passive"
	"github.com/tlswhy/tlswhy/internal/transcript"
)

// Bounds of what a relay keeps and waits for.
const (
	maxOpen        = 512              // connections at once; more wait to be accepted
	maxKept        = 512              // connections of which all is remembered
	maxKeptFailed  = 2048             // the same for those that failed
	headTimeout    = 30 * time.Second // for what a client asks of the proxy
	defaultTimeout = 30 * time.Second // for a connection to the server to stand
	halfOpen       = 5 * time.Minute  // silence of one side after the other has ended
)

// Options of a relay. The zero value is a proxy on a free port of 127.0.0.1.
type Options struct {
	// Listen is HOST:PORT to listen on; "" is 127.0.0.1:0.
	Listen string
	// Forward is HOST:PORT that every connection is passed on to; "": the relay is a
	// proxy, and its clients say where they want to go.
	Forward string
	// Connect is HOST or HOST:PORT to dial instead of what the clients ask for.
	Connect string
	// Proxy is the user's own proxy for a connection to HOST:PORT, nil for none. A nil
	// function: always none.
	Proxy func(hostPort string) *url.URL
	// Resolver is a DNS server, HOST:PORT; "" is the system's resolver.
	Resolver string
	// Timeout for a connection to the server to stand; 0 is 30 s.
	Timeout time.Duration
	// Done is told of each connection that has ended. It may be called from several
	// goroutines at once; the connection does not change any more.
	Done func(*Connection)

	halfOpen time.Duration // for tests
}

// Via is how a connection came to the relay.
type Via string

// The ways in.
const (
	ViaConnect Via = "connect" // HTTP CONNECT
	ViaSOCKS   Via = "socks5"
	ViaHTTP    Via = "http" // a plain request to a proxy
	ViaForward Via = "forward"
)

// Connection is what was seen of one connection.
type Connection struct {
	Via Via
	// Host and Port are what the client asked for.
	Host string
	Port uint16
	// Client is where it came from, Remote where the relay went; no address where a
	// proxy did that.
	Client, Remote netip.AddrPort
	// Proxy is the user's own one that it went through, without credentials, or "".
	Proxy string
	Start time.Time
	// Failed is why there is no connection to the server; Kind is "" where there is.
	Failed Failure
	// Seen is what passed; nil where there was no connection.
	Seen *passive.Conn
	// Verdict on the handshake; of a connection that is not TLS it is the zero value.
	Verdict passive.Verdict
}

// TLS says whether the client sent a hello.
func (c *Connection) TLS() bool { return c.Seen != nil && c.Seen.TLS() }

// Broken says whether the client did not get what it wanted: no connection, or no
// handshake.
func (c *Connection) Broken() bool {
	return c.Failed.Kind != "" && c.Failed.Kind != transcript.Aborted || c.Verdict.Result == passive.Fail
}

// Failure is why a server could not be reached.
type Failure struct {
	Kind   transcript.Kind // Refused, ConnectTimeout, Unreachable, NoRoute, ProxyFailed, LocalError
	DNS    bool            // the name does not resolve; Kind is Unreachable
	Detail string
}

// Relay is one that runs.
type Relay struct {
	o      Options
	ln     net.Listener
	ctx    context.Context
	cancel context.CancelFunc
	slots  chan struct{}
	wg     sync.WaitGroup

	mu     sync.Mutex
	open   map[net.Conn]struct{}
	kept   []*Connection
	failed int // of kept
	total  int
	closed bool
}

// Start brings a relay up. It runs until Close is called or ctx ends.
func Start(ctx context.Context, o Options) (*Relay, error) {
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	if o.halfOpen == 0 {
		o.halfOpen = halfOpen
	}
	for _, place := range []string{o.Forward, o.Connect} {
		if place == "" {
			continue
		}
		if _, _, err := splitHostPort(place, 1); err != nil {
			return nil, err
		}
	}
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", o.Listen)
	if err != nil {
		return nil, fmt.Errorf("starting the relay: %w", err)
	}
	r := &Relay{o: o, ln: ln, slots: make(chan struct{}, maxOpen), open: map[net.Conn]struct{}{}}
	r.ctx, r.cancel = context.WithCancel(ctx)
	context.AfterFunc(r.ctx, func() { _ = r.ln.Close() })
	r.wg.Go(r.accept)
	return r, nil
}

// Addr is where it listens.
func (r *Relay) Addr() string { return r.ln.Addr().String() }

func (r *Relay) accept() {
	for {
		select {
		case r.slots <- struct{}{}:
		case <-r.ctx.Done():
			return
		}
		nc, err := r.ln.Accept()
		if err != nil {
			<-r.slots
			if r.ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return
			}
			// Out of descriptors, or a client that was gone at once: others may come.
			select {
			case <-time.After(10 * time.Millisecond):
				continue
			case <-r.ctx.Done():
				return
			}
		}
		r.wg.Go(func() {
			defer func() { <-r.slots }()
			r.serve(nc)
		})
	}
}

// track registers a connection so that Close ends it; false: it is too late.
func (r *Relay) track(nc net.Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		_ = nc.Close()
		return false
	}
	r.open[nc] = struct{}{}
	return true
}

func (r *Relay) drop(nc net.Conn) {
	_ = nc.Close()
	r.mu.Lock()
	delete(r.open, nc)
	r.mu.Unlock()
}

// keep remembers a connection that has ended, within bounds.
func (r *Relay) keep(c *Connection) {
	r.mu.Lock()
	r.total++
	switch {
	case c.Broken() && r.failed < maxKeptFailed:
		r.failed++
		r.kept = append(r.kept, c)
	case len(r.kept)-r.failed < maxKept:
		r.kept = append(r.kept, c)
	}
	r.mu.Unlock()
	if r.o.Done != nil {
		r.o.Done(c)
	}
}

// Connections are those that have ended, in the order of their ends, and how many
// there were in all: beyond some thousands only the first are remembered.
func (r *Relay) Connections() (ended []*Connection, total int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]*Connection(nil), r.kept...), r.total
}

// Settle waits until no connection is open, but no longer than d.
func (r *Relay) Settle(d time.Duration) {
	deadline := time.Now().Add(d)
	for time.Now().Before(deadline) {
		r.mu.Lock()
		n := len(r.open)
		r.mu.Unlock()
		if n == 0 {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// Close ends every connection and waits until all is gone.
func (r *Relay) Close() error {
	r.mu.Lock()
	r.closed = true
	all := make([]net.Conn, 0, len(r.open))
	for nc := range r.open {
		all = append(all, nc)
	}
	r.mu.Unlock()
	r.cancel()
	err := r.ln.Close()
	for _, nc := range all {
		_ = nc.Close()
	}
	r.wg.Wait()
	if errors.Is(err, net.ErrClosed) {
		err = nil
	}
	return err
}
