package lab

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// secureEntries fail once the handshake is through.
func secureEntries() []*entry {
	cbc := func(e *env) (*tls.Config, error) {
		c, err := e.pki.rsaChain(e.host)
		if err != nil {
			return nil, err
		}
		cfg := serverConfig(c)
		cfg.MaxVersion = tls.VersionTLS12
		cfg.CipherSuites = []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, tls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA}
		return cfg, nil
	}
	return []*entry{
		{
			Spec: Spec{
				Name: "http2-weak-suite", Title: "The server agrees to HTTP/2 over a CBC suite, which HTTP/2 forbids, and then refuses it.",
				Cause: cause.HTTP2InadequateSecurity, Fails: true, Args: []string{"--as", "chrome"},
			},
			up: h2Up(true, cbc),
		},
		{
			Spec: Spec{
				Name: "http2-weak-suite-lax", Title: "The server agrees to HTTP/2 over a CBC suite and thinks nothing of it; browsers do.",
				Cause: cause.HTTP2InadequateSecurity, Fails: true, Args: []string{"--as", "chrome"},
			},
			up: h2Up(false, cbc),
		},
		{
			Spec: Spec{Name: "unclean-close", Title: "The response has no length and ends without close_notify.", Cause: cause.UncleanClose},
			up: func(e *env) error {
				cert, err := e.pki.chain(e.host)
				if err != nil {
					return err
				}
				cfg := serverConfig(cert)
				return e.serve(func(ctx context.Context, c *net.TCPConn) {
					t := tls.Server(c, cfg)
					if t.HandshakeContext(ctx) != nil {
						return
					}
					if _, err := readRequest(t); err == nil {
						fmt.Fprintf(t, "HTTP/1.1 200 OK\r\nDate: %s\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\nIs this all of i",
							time.Now().UTC().Format(http.TimeFormat))
					}
				})
			},
		},
	}
}
