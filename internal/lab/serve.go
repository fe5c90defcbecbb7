package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

const (
	// maxConns bounds the connections served at once by one listener.
	maxConns = 64
	// connLimit ends a connection whatever it does. It is well above the 30 s
	// that tlswhy waits, so that silence here is seen as silence.
	connLimit = 90 * time.Second
)

// handler serves one connection, which is closed when it returns.
type handler func(ctx context.Context, c *net.TCPConn)

// listenPort listens on the lab's fixed port with that offset, or on any.
func (l *Lab) listenPort(offset int) (*net.TCPListener, error) {
	port := 0
	if l.opts.BasePort != 0 {
		port = l.opts.BasePort + offset
	}
	return l.listen(net.JoinHostPort(l.opts.Addr, strconv.Itoa(port)))
}

func (l *Lab) listen(addr string) (*net.TCPListener, error) {
	var lc net.ListenConfig
	ln, err := lc.Listen(l.ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return ln.(*net.TCPListener), nil
}

// nextPort is the next of the ports that the plan reserves for the endpoint.
func (e *env) nextPort() int {
	if e.port == 0 {
		return 0
	}
	e.port++
	return e.port - 1
}

// nextAddr is the address of that port.
func (e *env) nextAddr() string {
	return net.JoinHostPort(e.lab.opts.Addr, strconv.Itoa(e.nextPort()))
}

// serve listens on the endpoint's next port and serves it with h. The first
// listener is the endpoint's address.
func (e *env) serve(h handler) error {
	_, err := e.serveAlso(h)
	return err
}

// serveAlso is serve, and returns the address.
func (e *env) serveAlso(h handler) (string, error) {
	ln, err := e.lab.listen(e.nextAddr())
	if err != nil {
		return "", err
	}
	addr := ln.Addr().String()
	if e.addr == "" {
		e.addr = addr
	}
	e.lab.serve(ln, h)
	return addr, nil
}

// serve accepts connections until the lab is closed.
func (l *Lab) serve(ln *net.TCPListener, h handler) {
	if !l.track(ln) {
		return
	}
	l.wg.Go(func() {
		slots := make(chan struct{}, maxConns)
		for {
			select {
			case slots <- struct{}{}:
			case <-l.ctx.Done():
				return
			}
			c, err := ln.AcceptTCP()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err != nil {
				// Out of descriptors, or a peer that left while queued: go on.
				<-slots
				if !pause(l.ctx, 10*time.Millisecond) {
					return
				}
				continue
			}
			l.wg.Go(func() {
				defer func() { <-slots }()
				l.handle(c, h)
			})
		}
	})
}

func (l *Lab) handle(c *net.TCPConn, h handler) {
	if !l.track(c) {
		return
	}
	defer l.untrack(c)
	// A deadline that cannot be set belongs to a connection that is gone.
	_ = c.SetDeadline(time.Now().Add(connLimit))
	h(l.ctx, c)
	finish(c)
}

// track makes Close close c; it closes c at once if the lab is closed.
func (l *Lab) track(c interface{ Close() error }) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		c.Close()
		return false
	}
	l.closers[c] = struct{}{}
	return true
}

func (l *Lab) untrack(c interface{ Close() error }) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.closers, c)
}

// finish closes politely. Closing with unread bytes makes the kernel send RST,
// which can destroy an alert or response that the peer has not read yet.
func finish(c *net.TCPConn) {
	if c.CloseWrite() == nil {
		_ = c.SetReadDeadline(time.Now().Add(2 * time.Second))
		_, _ = io.CopyN(io.Discard, c, 1<<16)
	}
	c.Close()
}

// reset closes with RST.
func reset(c *net.TCPConn) {
	_ = c.SetLinger(0)
	c.Close()
}

// hold swallows what comes until the peer leaves or the connection's time is up.
func hold(c net.Conn) { _, _ = io.Copy(io.Discard, c) }

// pause waits and reports whether ctx is still alive.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// unavailable marks an endpoint as not to be had here.
func unavailable(format string, args ...any) error {
	return unavailableError{fmt.Sprintf(format, args...)}
}
