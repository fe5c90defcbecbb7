package lab

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// page answers an HTTP request over an established connection.
type page func(w io.Writer, req *http.Request)

// welcome is what a healthy endpoint answers.
func welcome(w io.Writer, req *http.Request) { respond(w, req, http.StatusOK, "It works.\n") }

func respond(w io.Writer, req *http.Request, status int, body string) {
	fmt.Fprintf(w, "HTTP/1.1 %d %s\r\nDate: %s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\nConnection: close\r\n\r\n",
		status, http.StatusText(status), time.Now().UTC().Format(http.TimeFormat), len(body))
	if req.Method != http.MethodHead {
		io.WriteString(w, body)
	}
}

// readRequest reads one request of bounded size.
func readRequest(c io.Reader) (*http.Request, error) {
	return http.ReadRequest(bufio.NewReader(io.LimitReader(c, 1<<16)))
}

// tlsHandler finishes a handshake, answers one request and says close_notify.
func tlsHandler(cfg *tls.Config, p page) handler {
	return func(ctx context.Context, c *net.TCPConn) { serveTLS(ctx, c, cfg, p) }
}

// tlsNext is tlsHandler behind something that has looked at the first bytes.
func tlsNext(cfg *tls.Config, p page) func(context.Context, net.Conn) {
	return func(ctx context.Context, c net.Conn) { serveTLS(ctx, c, cfg, p) }
}

// serveTLS is tlsHandler over any connection; the caller closes it.
func serveTLS(ctx context.Context, c net.Conn, cfg *tls.Config, p page) {
	t := tls.Server(c, cfg)
	if t.HandshakeContext(ctx) != nil {
		return // the alert is on its way
	}
	if req, err := readRequest(t); err == nil {
		p(t, req)
	}
	_ = t.CloseWrite()
}

// serverConfig accepts what current servers accept. Resumption is off: every
// handshake of the lab is a full one.
func serverConfig(certs ...tls.Certificate) *tls.Config {
	return &tls.Config{Certificates: certs, MinVersion: tls.VersionTLS12, SessionTicketsDisabled: true}
}

// certUp serves a certificate and key made for the endpoint's host.
func certUp(certificate func(p *pki, host string) (tls.Certificate, error)) func(*env) error {
	return configUp(func(e *env) (*tls.Config, error) {
		c, err := certificate(e.pki, e.host)
		if err != nil {
			return nil, err
		}
		return serverConfig(c), nil
	})
}

// healthyUp serves a good certificate with a changed configuration.
func healthyUp(change func(*tls.Config)) func(*env) error {
	return configUp(func(e *env) (*tls.Config, error) {
		c, err := e.pki.chain(e.host)
		if err != nil {
			return nil, err
		}
		cfg := serverConfig(c)
		if change != nil {
			change(cfg)
		}
		return cfg, nil
	})
}

// rsaUp is healthyUp with an RSA key.
func rsaUp(change func(*tls.Config)) func(*env) error {
	return configUp(func(e *env) (*tls.Config, error) {
		c, err := e.pki.rsaChain(e.host)
		if err != nil {
			return nil, err
		}
		cfg := serverConfig(c)
		if change != nil {
			change(cfg)
		}
		return cfg, nil
	})
}

func configUp(config func(*env) (*tls.Config, error)) func(*env) error {
	return func(e *env) error {
		cfg, err := config(e)
		if err != nil {
			return err
		}
		return e.serve(tlsHandler(cfg, welcome))
	}
}
