package lab

import (
	"context"
	"io"
	"net"

	"github.com/tlswhy/tlswhy/internal/cause"
)

func networkEntries() []*entry {
	return []*entry{
		{
			Spec: Spec{Name: "reset", Title: "Every ClientHello is answered by RST.", Cause: cause.ResetAfterHello, Fails: true},
			up: func(e *env) error {
				return e.serve(func(_ context.Context, c *net.TCPConn) {
					if _, err := readHello(c); err == nil {
						reset(c)
					}
				})
			},
		},
		{
			Spec: Spec{Name: "silent", Title: "Every ClientHello is swallowed.", Cause: cause.SilentAfterHello, Fails: true},
			up:   func(e *env) error { return e.serve(func(_ context.Context, c *net.TCPConn) { hold(c) }) },
		},
		{
			Spec: Spec{Name: "closed", Title: "The server hangs up after the ClientHello, without an alert.", Cause: cause.ClosedAfterHello, Fails: true},
			up: func(e *env) error {
				return e.serve(func(_ context.Context, c *net.TCPConn) { _, _ = readHello(c) })
			},
		},
		{
			Spec: Spec{Name: "http", Title: "The port speaks plain HTTP.", Cause: cause.NotTLS, Fails: true},
			up:   func(e *env) error { return e.serve(plainHTTP) },
		},
	}
}

// plainHTTP answers requests, and whatever is none with 400.
func plainHTTP(_ context.Context, c *net.TCPConn) {
	if req, err := readRequest(c); err == nil {
		welcome(c, req)
		return
	}
	io.WriteString(c, "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 12\r\nConnection: close\r\n\r\nBad Request\n")
}
