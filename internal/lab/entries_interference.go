package lab

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// interferenceEntries are what firewalls, middleboxes and old servers do to a
// hello, and to the answer.
func interferenceEntries() []*entry {
	return append(append(helloEntries(), filterEntries()...), replyEntries()...)
}

// helloEntries cut off everybody.
func helloEntries() []*entry {
	afterHello := func(how cut) func(*env) error {
		return func(e *env) error {
			return e.serve(func(_ context.Context, c *net.TCPConn) {
				if _, err := readHello(c); err == nil {
					how(c)
				}
			})
		}
	}
	return []*entry{
		{
			Spec: Spec{Name: "reset", Title: "Every ClientHello is answered by RST.", Cause: cause.ResetAfterHello, Fails: true},
			up:   afterHello(reset),
		},
		{
			Spec: Spec{Name: "silent", Title: "Every ClientHello is swallowed.", Cause: cause.SilentAfterHello, Fails: true},
			up:   func(e *env) error { return e.serve(func(_ context.Context, c *net.TCPConn) { hold(c) }) },
		},
		{
			Spec: Spec{Name: "closed", Title: "The server hangs up after the ClientHello, without an alert.", Cause: cause.ClosedAfterHello, Fails: true},
			up:   afterHello(hangUp),
		},
		{
			Spec: Spec{Name: "slow", Title: "The server takes longer to answer the ClientHello than many clients wait.", Cause: cause.SlowHandshake, Fails: true},
			up: func(e *env) error {
				next, err := healthyNext(e)
				if err != nil {
					return err
				}
				return e.serve(func(ctx context.Context, c *net.TCPConn) {
					if pause(ctx, e.lab.opts.Slowness) {
						next(ctx, c)
					}
				})
			},
		},
		{
			Spec: Spec{
				Name: "dripping", Title: "The server sends its answer one byte a second.",
				// Whoever gives up in the middle sees a flight that stops.
				Cause: cause.SlowHandshake, Also: []cause.ID{cause.ServerFlightDropped}, Fails: true,
			},
			up: tamperUp(healthyNext, drip(time.Second)),
		},
	}
}

// filterEntries pass some hellos on to a healthy server.
func filterEntries() []*entry {
	filtered := func(refuse func(host string, h *hello) bool, how cut) func(*env) error {
		return func(e *env) error {
			next, err := healthyNext(e)
			if err != nil {
				return err
			}
			return e.serve(helloFilter(func(h *hello) bool { return refuse(e.host, h) }, how, next))
		}
	}
	named := func(host string, h *hello) bool { return strings.EqualFold(h.ServerName(), host) }
	sni := func(name, title string, up func(*env) error) *entry {
		// A server that refuses a name it does not know does the same.
		return &entry{Spec: Spec{Name: name, Title: title, Cause: cause.SNIFiltered, Also: []cause.ID{cause.UnrecognizedName}, Fails: true}, up: up}
	}
	large := func(name, title string, how cut) *entry {
		return &entry{
			Spec: Spec{Name: name, Title: title, Cause: cause.LargeHelloDropped, Fails: true, Args: []string{"--as", "chrome"}},
			up:   filtered(func(_ string, h *hello) bool { return len(h.raw) > segment }, how),
		}
	}
	intolerant := func(name, title string, refuse func(*hello) bool, how cut, args ...string) *entry {
		return &entry{
			Spec: Spec{Name: name, Title: title, Cause: cause.VersionIntolerant, Fails: true, Args: args},
			up:   filtered(func(_ string, h *hello) bool { return refuse(h) }, how),
		}
	}
	return []*entry{
		sni("sni-reset", "Something on the way resets connections that ask for this name.", filtered(named, reset)),
		sni("sni-drop", "Something on the way swallows hellos that ask for this name.", filtered(named, drop)),
		sni("sni-close", "Something on the way closes connections that ask for this name.", filtered(named, hangUp)),
		sni("sni-split", "Something on the way resets connections whose first segment shows this name in one piece.", firstSegmentUp),

		large("large-hello-drop", "A ClientHello of more than 1400 bytes is swallowed.", drop),
		large("large-hello-reset", "A ClientHello of more than 1400 bytes is answered by RST.", reset),
		{
			Spec: Spec{
				Name: "large-hello-segments", Title: "A ClientHello that comes in more than one segment is swallowed.",
				Cause: cause.LargeHelloDropped, Fails: true, Args: []string{"--as", "chrome"},
			},
			up: segmentsUp,
		},

		intolerant("tls13-reset", "The server resets connections when TLS 1.3 is offered.", offersTLS13, reset),
		intolerant("tls13-close", "The server hangs up when TLS 1.3 is offered.", offersTLS13, hangUp),
		intolerant("tls13-alert", "The server answers handshake_failure when TLS 1.3 is offered.", offersTLS13, sendAlert(wire.AlertHandshakeFailure)),
		intolerant("extension-intolerant", "The server hangs up when it does not know an extension.", unknownExtension, hangUp),
		intolerant("grease-intolerant", "The server resets connections that offer a reserved value (GREASE).", hasGREASE, reset, "--as", "chrome"),
	}
}

// segment is the room for TCP payload in a packet of 1500 bytes, less options
// and a tunnel's header.
const segment = 1400

func offersTLS13(h *hello) bool { return slices.Contains(h.SupportedVersions(), wire.VersionTLS13) }

// unknownExtension: a server of about 2014 knows these.
func unknownExtension(h *hello) bool {
	known := []wire.ExtensionType{
		wire.ExtServerName, wire.ExtMaxFragmentLength, wire.ExtStatusRequest, wire.ExtSupportedGroups, wire.ExtECPointFormats,
		wire.ExtSignatureAlgorithms, wire.ExtHeartbeat, wire.ExtALPN, wire.ExtSignedCertificateTimestamp, wire.ExtPadding,
		wire.ExtSessionTicket, wire.ExtNextProtocolNegotiation, wire.ExtRenegotiationInfo,
	}
	return slices.ContainsFunc(h.Extensions, func(e wire.Extension) bool { return !slices.Contains(known, e.Type) })
}

func hasGREASE(h *hello) bool {
	for _, s := range h.CipherSuites {
		if wire.IsGREASE(uint16(s)) {
			return true
		}
	}
	for _, g := range h.SupportedGroups() {
		if wire.IsGREASE(uint16(g)) {
			return true
		}
	}
	return slices.ContainsFunc(h.Extensions, func(e wire.Extension) bool { return wire.IsGREASE(uint16(e.Type)) })
}

// firstSegmentUp is a device that looks at the first segment of a connection
// only, and for the name as plain bytes.
func firstSegmentUp(e *env) error {
	next, err := healthyNext(e)
	if err != nil {
		return err
	}
	return e.serve(func(ctx context.Context, c *net.TCPConn) {
		first := make([]byte, 1<<14)
		n, err := c.Read(first)
		if err != nil {
			return
		}
		if bytes.Contains(bytes.ToLower(first[:n]), []byte(e.host)) {
			reset(c)
			return
		}
		next(ctx, &replay{c, first[:n]})
	})
}

// replyEntries spoil the answer.
func replyEntries() []*entry {
	malformed := func(name, title string, also []cause.ID, up func(*env) error) *entry {
		return &entry{Spec: Spec{Name: name, Title: title, Cause: cause.MalformedReply, Also: also, Fails: true}, up: up}
	}
	says := func(reply func() []byte) func(*env) error {
		return func(e *env) error {
			return e.serve(func(_ context.Context, c *net.TCPConn) {
				if _, err := readHello(c); err == nil {
					_, _ = c.Write(reply())
				}
			})
		}
	}
	return []*entry{
		{
			Spec: Spec{Name: "flight-dropped", Title: "After 1400 bytes nothing more of the server's answer arrives.", Cause: cause.ServerFlightDropped, Fails: true},
			up:   tamperUp(healthyNext, loseAfter(segment)),
		},
		// Random bytes might speak any protocol.
		malformed("garbage", "The answer to a ClientHello is random bytes.", []cause.ID{cause.NotTLS}, says(func() []byte {
			b := make([]byte, 300)
			_, _ = rand.Read(b) // documented never to fail
			b[0] |= 0x80        // and never by chance a record
			return b
		})),
		malformed("zeros", "The answer to a ClientHello is zeros.", []cause.ID{cause.NotTLS}, says(func() []byte { return make([]byte, 300) })),
		// A plain HTTP server says much the same.
		malformed("http-injected", "Something on the way answers the ClientHello with an HTTP redirect.", []cause.ID{cause.NotTLS}, says(func() []byte {
			return []byte("HTTP/1.1 302 Found\r\nLocation: http://blocked." + Domain + "/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
		})),
		malformed("bad-server-hello", "A length in the ServerHello is wrong.", nil, tamperUp(healthyNext, change(corruptServerHello))),
		malformed("bad-mac", "The first encrypted record was changed on the way.", nil, tamperUp(healthyNext, change(corruptEncrypted))),
		malformed("truncated", "The connection ends in the middle of the ServerHello.", []cause.ID{cause.ClosedAfterHello, cause.ServerFlightDropped}, tamperUp(healthyNext, cutAfter(60))),

		notTLS("http", "The port speaks plain HTTP.", plainHTTP),
		notTLS("ssh", "The port speaks SSH.", banner("SSH-2.0-lab\r\n")),
		notTLS("line-protocol", "The port speaks a database's protocol of lines.", func(_ context.Context, c *net.TCPConn) {
			buf := make([]byte, 1<<12)
			if _, err := c.Read(buf); err == nil {
				io.WriteString(c, "-ERR unknown command\r\n")
			}
		}),
	}
}

func notTLS(name, title string, h handler) *entry {
	return &entry{
		Spec: Spec{Name: name, Title: title, Cause: cause.NotTLS, Fails: true},
		up:   func(e *env) error { return e.serve(h) },
	}
}

// banner speaks first, as servers of some protocols do.
func banner(text string) handler {
	return func(_ context.Context, c *net.TCPConn) {
		if _, err := io.WriteString(c, text); err == nil {
			hold(c)
		}
	}
}

// plainHTTP answers requests, and what does not begin like one with 400, at
// once, as the common servers do.
func plainHTTP(_ context.Context, c *net.TCPConn) {
	r := bufio.NewReader(io.LimitReader(c, 1<<16))
	if b, err := r.Peek(1); err == nil && b[0] >= 'A' && b[0] <= 'Z' {
		if req, err := http.ReadRequest(r); err == nil {
			welcome(c, req)
			return
		}
	}
	_, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 12\r\nConnection: close\r\n\r\nBad Request\n")
}
