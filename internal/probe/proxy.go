package probe

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"time"

	"github.com/tlswhy/tlswhy/internal/transcript"
)

// connectProxy dials the proxy and asks it to CONNECT. A proxy that fails in
// whatever way is an outcome.
func (p *Prober) connectProxy(ctx context.Context, h *transcript.Handshake, t *transcript.Transcript) (*link, error) {
	failed := func(format string, args ...any) (*link, error) {
		if t.Outcome.Kind != transcript.Aborted {
			t.Outcome.Kind = transcript.ProxyFailed
		}
		t.Outcome.Detail = fmt.Sprintf(format, args...)
		return nil, nil
	}
	u, addr, err := parseProxy(h.Proxy)
	if err != nil {
		return nil, err
	}
	start := p.o.Now()
	nc, err := p.dialProxy(ctx, addr, h.Wait)
	t.Times.Connect = p.o.Now().Sub(start)
	if err != nil {
		var refused *guardError
		if errors.As(err, &refused) {
			return nil, err
		}
		return failed("the proxy %s cannot be reached: %s", addr, systemReason(err))
	}
	t.Local = localAddr(nc)
	stop := context.AfterFunc(ctx, func() { _ = nc.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	ok := false
	defer func() {
		if !ok {
			_ = nc.Close()
		}
	}()
	start = p.o.Now()
	defer func() { t.Times.Proxy = p.o.Now().Sub(start) }()
	setDeadline(ctx, nc, h.Wait)
	if u.Scheme == "https" {
		tc := tls.Client(nc, &tls.Config{ServerName: u.Hostname(), NextProtos: []string{"http/1.1"}, RootCAs: p.o.ProxyRoots})
		if err := tc.HandshakeContext(ctx); err != nil {
			return failed("TLS to the proxy %s: %s", addr, err.Error())
		}
		nc = tc
	}
	target := net.JoinHostPort(h.Host, strconv.Itoa(int(h.Port)))
	if h.Address.IsValid() && h.Address.Addr().IsValid() {
		target = h.Address.String()
	}
	req := "CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\nUser-Agent: " + p.o.UserAgent + "\r\n"
	if u.User != nil {
		password, _ := u.User.Password()
		req += "Proxy-Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(u.User.Username()+":"+password)) + "\r\n"
	}
	if _, err := io.WriteString(nc, req+"\r\n"); err != nil {
		return failed("asking the proxy %s: %s", addr, systemReason(err))
	}
	br := bufio.NewReader(io.LimitReader(nc, maxProxyAnswer))
	resp, err := http.ReadResponse(br, &http.Request{Method: http.MethodConnect})
	if err != nil {
		switch {
		case isTimeout(err):
			return failed("the proxy %s does not answer", addr)
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return failed("the proxy %s closed the connection without an answer", addr)
		}
		return failed("the proxy %s does not answer in HTTP: %s", addr, systemReason(err))
	}
	t.Dialogue = append(t.Dialogue, "C: CONNECT "+target+" HTTP/1.1", "S: "+resp.Proto+" "+resp.Status)
	if resp.StatusCode/100 != 2 {
		detail := fmt.Sprintf("the proxy %s answered %s", addr, resp.Status)
		if s := resp.Header.Get("X-Squid-Error"); s != "" {
			detail += " (" + s + ")"
		}
		return failed("%s", detail)
	}
	early, err := br.Peek(br.Buffered())
	if err != nil {
		return failed("reading the answer of the proxy %s: %s", addr, systemReason(err))
	}
	_ = nc.SetDeadline(time.Time{})
	ok = true
	return &link{Conn: nc, early: append([]byte(nil), early...)}, nil
}

const maxProxyAnswer = 64 << 10

// parseProxy reads the URL and returns it with its host and port.
func parseProxy(s string) (*url.URL, string, error) {
	u, err := url.Parse(s)
	if err != nil {
		return nil, "", errors.New("the proxy's URL cannot be read")
	}
	port := u.Port()
	switch u.Scheme {
	case "http":
		if port == "" {
			port = "80"
		}
	case "https":
		if port == "" {
			port = "443"
		}
	default:
		return nil, "", fmt.Errorf("a proxy of scheme %q: http and https are possible", u.Scheme)
	}
	if u.Hostname() == "" {
		return nil, "", errors.New("the proxy's URL names no host")
	}
	return u, net.JoinHostPort(u.Hostname(), port), nil
}

// guardError is the guard's refusal; it is an error of Try and no outcome.
type guardError struct{ err error }

func (e *guardError) Error() string { return e.err.Error() }
func (e *guardError) Unwrap() error { return e.err }

// dialProxy resolves the proxy's name and dials its addresses in order. Every
// address is held against the guard.
func (p *Prober) dialProxy(ctx context.Context, hostport string, wait time.Duration) (net.Conn, error) {
	host, port, err := net.SplitHostPort(hostport)
	if err != nil {
		return nil, err
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("the port %q", port)
	}
	found := p.addresses(ctx, host)
	if len(found.Addresses) == 0 {
		return nil, fmt.Errorf("the name %s has no address (%s)", host, found.Code)
	}
	var last error
	for _, a := range found.Addresses {
		if err := p.guard(a); err != nil {
			last = &guardError{err}
			continue
		}
		nc, err := p.dial(ctx, netip.AddrPortFrom(a, uint16(n)), wait)
		if err == nil {
			return nc, nil
		}
		last = err
	}
	return nil, last
}

// setDeadline bounds what is done next on nc by the context and wait.
func setDeadline(ctx context.Context, nc net.Conn, wait time.Duration) {
	d, _ := ctx.Deadline()
	if wait > 0 {
		if w := time.Now().Add(wait); d.IsZero() || w.Before(d) {
			d = w
		}
	}
	_ = nc.SetDeadline(d)
	if ctx.Err() != nil {
		_ = nc.SetDeadline(time.Unix(1, 0))
	}
}
