package lab

import (
	"context"
	"net"
	"time"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// tampered lets something happen to what a healthy server sends.
type tampered struct {
	net.Conn
	write func(c net.Conn, b []byte) (int, error)
}

func (t *tampered) Write(b []byte) (int, error) { return t.write(t.Conn, b) }

// tamperUp puts a tamperer, new for each connection, before a healthy server
// with the given configuration.
func tamperUp(config func(*env) (handlerNext, error), newWrite func(context.Context) func(net.Conn, []byte) (int, error)) func(*env) error {
	return func(e *env) error {
		next, err := config(e)
		if err != nil {
			return err
		}
		return e.serve(func(ctx context.Context, c *net.TCPConn) {
			next(ctx, &tampered{c, newWrite(ctx)})
		})
	}
}

// handlerNext serves a connection that something else has had its hands on.
type handlerNext func(context.Context, net.Conn)

// healthyNext is a healthy server behind a device. certificates in its chain
// make its flight larger than one segment.
func healthyNext(e *env) (handlerNext, error) {
	c, err := longChain(e.pki, e.host)
	if err != nil {
		return nil, err
	}
	return tlsNext(serverConfig(c), welcome), nil
}

// loseAfter lets n bytes through and swallows the rest.
func loseAfter(n int) func(context.Context) func(net.Conn, []byte) (int, error) {
	return func(context.Context) func(net.Conn, []byte) (int, error) {
		left := n
		return func(c net.Conn, b []byte) (int, error) {
			k := min(left, len(b))
			left -= k
			if _, err := c.Write(b[:k]); err != nil {
				return 0, err
			}
			return len(b), nil
		}
	}
}

// cutAfter lets n bytes through and then ends the stream.
func cutAfter(n int) func(context.Context) func(net.Conn, []byte) (int, error) {
	return func(context.Context) func(net.Conn, []byte) (int, error) {
		left := n
		return func(c net.Conn, b []byte) (int, error) {
			k := min(left, len(b))
			left -= k
			if _, err := c.Write(b[:k]); err != nil {
				return 0, err
			}
			if left == 0 {
				return 0, net.ErrClosed
			}
			return len(b), nil
		}
	}
}

// drip sends one byte, waits, sends the next.
func drip(every time.Duration) func(context.Context) func(net.Conn, []byte) (int, error) {
	return func(ctx context.Context) func(net.Conn, []byte) (int, error) {
		return func(c net.Conn, b []byte) (int, error) {
			for i := range b {
				if _, err := c.Write(b[i : i+1]); err != nil {
					return i, err
				}
				if !pause(ctx, every) {
					return i, ctx.Err()
				}
			}
			return len(b), nil
		}
	}
}

// change hands each record to f, which may alter it in place.
func change(newF func() func(wire.Record)) func(context.Context) func(net.Conn, []byte) (int, error) {
	return func(context.Context) func(net.Conn, []byte) (int, error) {
		f := newF()
		return func(c net.Conn, b []byte) (int, error) {
			out := append([]byte(nil), b...)
			for rest := out; ; {
				r, next, err := wire.ParseRecord(rest)
				if err != nil {
					break
				}
				f(r)
				rest = next
			}
			return c.Write(out)
		}
	}
}

// corruptEncrypted spoils the first record after ChangeCipherSpec: the first
// encrypted one, in TLS 1.3 because servers send an empty ChangeCipherSpec for
// the sake of middleboxes (RFC 8446, Appendix D.4).
func corruptEncrypted() func(wire.Record) {
	after, done := false, false
	return func(r wire.Record) {
		if after && !done {
			r.Payload[len(r.Payload)-1] ^= 1
			done = true
		}
		after = after || r.Type == wire.ContentChangeCipherSpec
	}
}

// corruptServerHello makes the session ID of the ServerHello longer than the message.
func corruptServerHello() func(wire.Record) {
	done := false
	return func(r wire.Record) {
		const sessionIDLength = 4 + 2 + 32
		if !done && r.Type == wire.ContentHandshake && len(r.Payload) > sessionIDLength {
			r.Payload[sessionIDLength] = 0xff
			done = true
		}
	}
}
