package probe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"

	"github.com/tlswhy/tlswhy/internal/transcript"
)

// link is a connection that stands, to the peer or through a proxy.
type link struct {
	net.Conn
	early []byte // read from the connection and not yet handed on
}

func (l *link) Read(b []byte) (int, error) {
	if len(l.early) > 0 {
		n := copy(b, l.early)
		l.early = l.early[n:]
		return n, nil
	}
	return l.Conn.Read(b)
}

// SyscallConn gives access to the socket, if the connection is one.
func (l *link) SyscallConn() (syscall.RawConn, error) {
	if c, ok := l.Conn.(syscall.Conn); ok {
		return c.SyscallConn()
	}
	return nil, errors.ErrUnsupported
}

// CloseWrite sends FIN, or close_notify to a proxy behind TLS.
func (l *link) CloseWrite() error {
	if c, ok := l.Conn.(interface{ CloseWrite() error }); ok {
		return c.CloseWrite()
	}
	return nil
}

// acked returns what tells the engine whether the peer's TCP has acknowledged
// anything from now on. Behind a proxy it is the proxy that acknowledges.
func (l *link) acked(h *transcript.Handshake) func() transcript.Tri {
	tc, ok := l.Conn.(*net.TCPConn)
	if !ok || h.Proxy != "" {
		return nil
	}
	before, ok := bytesAcked(tc)
	if !ok {
		return nil
	}
	return func() transcript.Tri {
		now, ok := bytesAcked(tc)
		if !ok {
			return transcript.Unknown
		}
		return transcript.TriOf(now > before)
	}
}

// connect opens the connection, through the proxy if there is one. Where that
// fails the outcome is set and the link is nil.
func (p *Prober) connect(ctx context.Context, h *transcript.Handshake, t *transcript.Transcript) (*link, error) {
	if h.Proxy != "" {
		return p.connectProxy(ctx, h, t)
	}
	start := p.o.Now()
	nc, err := p.dial(ctx, h.Address, h.Wait)
	t.Times.Connect = p.o.Now().Sub(start)
	if err != nil {
		t.Outcome = dialOutcome(ctx, err, h.Address)
		if t.Outcome.Kind == transcript.ConnectTimeout {
			t.Outcome.Detail = fmt.Sprintf("no answer to the SYN within %s", t.Times.Connect.Round(10*time.Millisecond))
		}
		return nil, nil
	}
	t.Local = localAddr(nc)
	return &link{Conn: nc}, nil
}

// dial opens one TCP connection; wait bounds the answer to the SYN if it is not 0.
func (p *Prober) dial(ctx context.Context, a netip.AddrPort, wait time.Duration) (net.Conn, error) {
	p.connections.Add(1)
	d := net.Dialer{Timeout: wait, KeepAlive: -1}
	if dialling := transcript.Dialling(ctx); dialling != nil {
		// Called right before connect, on the thread that calls it.
		d.ControlContext = func(context.Context, string, string, syscall.RawConn) error {
			dialling()
			return nil
		}
	}
	// Not DialTCP: it binds the socket first, also where no local address is given.
	// A port that is taken by bind serves one connection, one that connect takes
	// serves one to each peer; with many connections the search for a free one costs
	// milliseconds, and soon there is none.
	return d.DialContext(ctx, "tcp", a.String())
}

func localAddr(nc net.Conn) netip.AddrPort {
	if a, ok := nc.LocalAddr().(*net.TCPAddr); ok {
		return a.AddrPort()
	}
	return netip.AddrPort{}
}

// dialOutcome says what a failed dial means.
func dialOutcome(ctx context.Context, err error, a netip.AddrPort) transcript.Outcome {
	kind := transcript.LocalError
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		kind = transcript.Aborted
	case errors.Is(err, syscall.ECONNREFUSED):
		kind = transcript.Refused
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		kind = transcript.Reset
	case errors.Is(err, syscall.ETIMEDOUT), errors.Is(err, os.ErrDeadlineExceeded), isTimeout(err):
		kind = transcript.ConnectTimeout
	case errors.Is(err, syscall.ENETUNREACH):
		kind = transcript.Unreachable
		if !haveRoute(a) {
			kind = transcript.NoRoute
		}
	case errors.Is(err, syscall.EAFNOSUPPORT), errors.Is(err, syscall.EADDRNOTAVAIL) && a.Addr().Unmap().Is6():
		kind = transcript.NoRoute
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM):
		kind = transcript.Unreachable
	}
	detail := systemReason(err)
	if kind == transcript.NoRoute {
		detail = "this machine has no route there: " + detail
	}
	return transcript.Outcome{Kind: kind, Detail: detail}
}

// haveRoute asks the kernel for a route without sending anything: connecting a
// UDP socket only looks one up. It tells our own lack of a route from an ICMP
// message of a router on the way.
func haveRoute(a netip.AddrPort) bool {
	c, err := net.Dial("udp", a.String())
	if err != nil {
		return !errors.Is(err, syscall.ENETUNREACH)
	}
	_ = c.Close()
	return true
}

func isTimeout(err error) bool {
	var ne net.Error
	return errors.As(err, &ne) && ne.Timeout()
}

// systemReason is the system's own words, without addresses.
func systemReason(err error) string {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno.Error()
	}
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err.Error()
	}
	return err.Error()
}
