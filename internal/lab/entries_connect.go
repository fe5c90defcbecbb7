package lab

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/lab/oddtls"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// connectEntries go wrong before TLS begins.
func connectEntries() []*entry {
	noName := func(name, title string, rcode dnsmessage.RCode) *entry {
		return &entry{
			Spec: Spec{Name: name, Title: title, Cause: cause.DNSFailure, Fails: true},
			dns:  &dnsAnswer{rcode: rcode},
			up:   nameOnlyUp,
		}
	}
	proxy := func(name, title string, p func(*env) handler) *entry {
		return &entry{
			Spec: Spec{Name: name, Title: title, Cause: cause.ProxyRefused, Fails: true}, ports: 2, up: proxyUp(p),
		}
	}
	return []*entry{
		noName("no-such-name", "The name does not exist (NXDOMAIN).", dnsmessage.RCodeNameError),
		noName("dns-servfail", "The name server fails (SERVFAIL).", dnsmessage.RCodeServerFailure),
		noName("dns-empty", "The name exists and has no address.", dnsmessage.RCodeSuccess),
		{
			Spec: Spec{Name: "refused", Title: "Nothing listens on the port.", Cause: cause.TCPRefused, Fails: true},
			up:   refusedUp,
		},
		{
			Spec: Spec{Name: "timeout", Title: "Nothing answers to SYN.", Cause: cause.TCPTimeout, Fails: true},
			up:   timeoutUp,
		},
		{
			Spec: Spec{Name: "unreachable", Title: "There is no route to the address.", Cause: cause.TCPUnreachable, Fails: true},
			up:   unreachableUp,
		},
		{
			Spec: Spec{
				Name: "tcp-reset", Title: "Connections are reset before a byte is exchanged.",
				// RST may arrive while the client is sending.
				Cause: cause.TCPReset, Also: []cause.ID{cause.ResetAfterHello}, Fails: true,
			},
			up: func(e *env) error { return e.serve(func(_ context.Context, c *net.TCPConn) { reset(c) }) },
		},
		{
			Spec: Spec{
				Name: "rate-limited", Title: "The server takes one connection in two seconds and resets the others; the quota is used up.",
				// Whoever waits too short sees resets only.
				Cause: cause.RateLimited, Also: []cause.ID{cause.InconsistentEndpoints, cause.TCPReset, cause.ResetAfterHello}, Fails: true,
			},
			up: func(e *env) error {
				return limitedUp(e, func(next handler) handler { return busy(2*time.Second, next) }, nil)
			},
		},
		{
			Spec: Spec{Name: "rate-limited-rc4", Title: "RC4 only, and more than two connections at once are reset: probing must not hide the cause.", Cause: cause.NoSharedCipher, Fails: true},
			up: func(e *env) error {
				return limitedUp(e, func(next handler) handler { return atOnce(2, next) }, oddRSA(wire.VersionTLS12, wire.TLS_RSA_WITH_RC4_128_SHA))
			},
		},
		{
			Spec: Spec{
				Name: "banned-rc4", Title: "RC4 only, and after 12 failures within two seconds the client is locked out for as long.",
				Cause: cause.NoSharedCipher, Also: []cause.ID{cause.RateLimited}, Fails: true,
			},
			up: bannedUp,
		},
		{
			Spec: Spec{
				Name: "flaky", Title: "Every other connection is reset: one of two backends is broken.",
				Cause: cause.InconsistentEndpoints, Also: []cause.ID{cause.RateLimited}, Fails: true,
			},
			up: func(e *env) error {
				next, err := healthyNext(e)
				if err != nil {
					return err
				}
				bad := func(_ context.Context, c *net.TCPConn) {
					if _, err := readHello(c); err == nil {
						reset(c)
					}
				}
				return e.serve(alternate(bad, func(ctx context.Context, c *net.TCPConn) { next(ctx, c) }))
			},
		},
		{
			Spec: Spec{
				Name: "flaky-certificate", Title: "Every other connection gets an expired certificate: one of two backends was forgotten.",
				// One look shows the expired certificate only.
				Cause: cause.InconsistentEndpoints, Also: []cause.ID{cause.Expired}, Fails: true,
			},
			up: func(e *env) error {
				good, err := e.pki.chain(e.host)
				if err != nil {
					return err
				}
				bad, err := e.pki.chain(e.host, e.pki.valid(-93, -3))
				if err != nil {
					return err
				}
				return e.serve(alternate(tlsHandler(serverConfig(bad), welcome), tlsHandler(serverConfig(good), welcome)))
			},
		},
		{
			Spec: Spec{
				Name: "two-addresses", Title: "The name has two addresses; the second serves an expired certificate.",
				Cause: cause.InconsistentEndpoints, Fails: true,
			},
			dns: &dnsAnswer{addrs: []netip.Addr{{}, second}},
			up: func(e *env) error {
				cert, err := e.pki.chain(e.host, e.pki.valid(-93, -3))
				if err != nil {
					return err
				}
				return twoAddressesUp(e, tlsHandler(serverConfig(cert), welcome))
			},
		},
		{
			Spec: Spec{
				Name: "two-addresses-down", Title: "The name has two addresses; nothing listens at the second.",
				Cause: cause.InconsistentEndpoints,
			},
			dns: &dnsAnswer{addrs: []netip.Addr{{}, second}},
			up:  func(e *env) error { return twoAddressesUp(e, nil) },
		},
		{
			Spec: Spec{Name: "proxy", Title: "A healthy server behind an HTTP CONNECT proxy."}, ports: 2, up: proxyUp(workingProxy),
		},
		proxy("proxy-forbidden", "The proxy forbids the connection (403).", refusingProxy(http.StatusForbidden, "")),
		proxy("proxy-auth", "The proxy wants a password (407).", refusingProxy(http.StatusProxyAuthRequired, "Proxy-Authenticate: Basic realm=\"lab\"\r\n")),
		proxy("proxy-bad-gateway", "The proxy cannot connect (502).", refusingProxy(http.StatusBadGateway, "")),
		proxy("proxy-garbage", "What should be a proxy speaks another protocol.", answeringProxy("-ERR unknown command\r\n")),
	}
}

// second is another address of this machine: Linux has all of 127.0.0.0/8.
var second = netip.AddrFrom4([4]byte{127, 0, 0, 2})

// nameOnlyUp has nothing behind the name.
func nameOnlyUp(e *env) error {
	e.addr = net.JoinHostPort(e.host, "443")
	e.resolve("")
	return nil
}

// resolve makes the endpoint's target found through the lab's name server.
func (e *env) resolve(port string) {
	e.resolved = true
	e.targetPort = port
	e.args = append(e.args, "--resolver", e.lab.dns.addr)
}

// twoAddressesUp is a healthy server on the lab's address, and other (nil:
// nothing) on the second, on one port.
func twoAddressesUp(e *env, other handler) error {
	cert, err := e.pki.chain(e.host)
	if err != nil {
		return err
	}
	if err := e.serve(tlsHandler(serverConfig(cert), welcome)); err != nil {
		return err
	}
	_, port, err := net.SplitHostPort(e.addr)
	if err != nil {
		return err
	}
	ln, err := e.lab.listen(net.JoinHostPort(second.String(), port))
	if err != nil {
		return unavailable("no second address: %v", err)
	}
	if other == nil {
		if err := ln.Close(); err != nil {
			return err
		}
	} else {
		e.lab.serve(ln, other)
	}
	e.resolve(port)
	return nil
}

// limitedUp puts a limiter before a server: oddtls, or a healthy one.
func limitedUp(e *env, limit func(handler) handler, config func(*env) (*oddtls.Config, error)) error {
	if config == nil {
		cert, err := e.pki.chain(e.host)
		if err != nil {
			return err
		}
		return e.serve(limit(tlsHandler(serverConfig(cert), welcome)))
	}
	cfg, err := config(e)
	if err != nil {
		return err
	}
	return e.serve(limit(oddHandler(cfg)))
}

func bannedUp(e *env) error {
	cert, err := e.pki.rsaChain(e.host)
	if err != nil {
		return err
	}
	cfg := serverConfig(cert)
	cfg.MaxVersion = tls.VersionTLS12
	cfg.CipherSuites = []uint16{tls.TLS_RSA_WITH_RC4_128_SHA}
	return e.serve(banAfter(12, 2*time.Second, func(ctx context.Context, c *net.TCPConn) bool {
		t := tls.Server(c, cfg)
		if t.HandshakeContext(ctx) != nil {
			return false
		}
		if req, err := readRequest(t); err == nil {
			welcome(t, req)
		}
		_ = t.CloseWrite()
		return true
	}))
}
