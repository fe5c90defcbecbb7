package lab

import (
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"

	"golang.org/x/net/http2"
)

// halfClosing leaves the rest of closing to finish: the HTTP/2 server closes
// right after GOAWAY, and RST for what it has not read would overtake it.
type halfClosing struct{ *net.TCPConn }

func (c halfClosing) Close() error { return c.CloseWrite() }

// h2Up serves HTTP/2 to those who negotiate it, and HTTP/1.1 to others. strict
// servers refuse suites that HTTP/2 forbids with GOAWAY INADEQUATE_SECURITY (RFC
// 9113, Section 9.2.2); lax ones leave it to the client to notice.
func h2Up(strict bool, config func(*env) (*tls.Config, error)) func(*env) error {
	return func(e *env) error {
		cfg, err := config(e)
		if err != nil {
			return err
		}
		cfg.NextProtos = []string{"h2", "http/1.1"}
		base := &http.Server{ErrorLog: log.New(io.Discard, "", 0)}
		server := &http2.Server{PermitProhibitedCipherSuites: !strict, IdleTimeout: connLimit}
		answer := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("It works.\n")) })
		return e.serve(func(ctx context.Context, c *net.TCPConn) {
			t := tls.Server(halfClosing{c}, cfg)
			if t.HandshakeContext(ctx) != nil {
				return
			}
			if t.ConnectionState().NegotiatedProtocol == "h2" {
				server.ServeConn(t, &http2.ServeConnOpts{Context: ctx, Handler: answer, BaseConfig: base})
				return
			}
			if req, err := readRequest(t); err == nil {
				welcome(t, req)
			}
			_ = t.CloseWrite()
		})
	}
}
