package relay

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
	"net/url"
	"strconv"
	"syscall"
	"time"

	"github.com/tlswhy/tlswhy/internal/transcript"
)

// dial connects to where the client wants to go, or to where the options say.
func (r *Relay) dial(c *Connection) (net.Conn, Failure) {
	host, port := c.Host, c.Port
	if r.o.Connect != "" {
		host, port, _ = splitHostPort(r.o.Connect, c.Port) // Start has read it
	}
	target := net.JoinHostPort(host, strconv.Itoa(int(port)))
	ctx, cancel := context.WithTimeout(r.ctx, r.o.Timeout)
	defer cancel()
	if r.o.Proxy != nil && c.Via != ViaHTTP { // what is not TLS has a proxy of its own, if any
		if u := r.o.Proxy(target); u != nil {
			shown := *u
			shown.User = nil
			c.Proxy = shown.String()
			nc, err := r.viaProxy(ctx, u, target)
			if err != nil {
				return nil, Failure{Kind: transcript.ProxyFailed, Detail: fmt.Sprintf("the proxy %s: %s", u.Host, reason(err))}
			}
			return nc, Failure{}
		}
	}
	nc, err := r.dialer().DialContext(ctx, "tcp", target)
	if err != nil {
		return nil, failureOf(err)
	}
	c.Remote = addrPort(nc.RemoteAddr())
	return nc, Failure{}
}

func (r *Relay) dialer() *net.Dialer {
	d := &net.Dialer{}
	if r.o.Resolver != "" {
		d.Resolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, r.o.Resolver)
		}}
	}
	return d
}

// viaProxy asks the user's own proxy to CONNECT.
func (r *Relay) viaProxy(ctx context.Context, u *url.URL, target string) (_ net.Conn, err error) {
	port := map[string]string{"http": "80", "https": "443"}[u.Scheme]
	if port == "" {
		return nil, fmt.Errorf("proxies of scheme %q are not supported here", u.Scheme)
	}
	if u.Port() != "" {
		port = u.Port()
	}
	nc, err := r.dialer().DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = nc.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	defer func() {
		if err != nil {
			_ = nc.Close()
		}
	}()
	if u.Scheme == "https" {
		tc := tls.Client(nc, &tls.Config{ServerName: u.Hostname(), NextProtos: []string{"http/1.1"}})
		if err := tc.HandshakeContext(ctx); err != nil {
			return nil, err
		}
		nc = tc
	}
	req := "CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n"
	if u.User != nil {
		password, _ := u.User.Password()
		req += "Proxy-Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(u.User.Username()+":"+password)) + "\r\n"
	}
	if _, err := io.WriteString(nc, req+"\r\n"); err != nil {
		return nil, err
	}
	br := bufio.NewReader(&io.LimitedReader{R: nc, N: maxHead})
	resp, err := http.ReadResponse(br, &http.Request{Method: http.MethodConnect})
	if err != nil {
		return nil, err
	}
	if resp.StatusCode/100 != 2 {
		return nil, errors.New("it answers " + resp.Status)
	}
	if br.Buffered() > 0 {
		return nil, errors.New("it sends bytes before the tunnel is used")
	}
	return nc, nil
}

// failureOf says what a failed dial means.
func failureOf(err error) Failure {
	f := Failure{Kind: transcript.LocalError, Detail: reason(err)}
	var dns *net.DNSError
	var ne net.Error
	switch {
	case errors.As(err, &dns):
		f.Kind, f.DNS = transcript.Unreachable, true
		f.Detail = "the name does not resolve: " + dns.Err
	case errors.Is(err, syscall.ECONNREFUSED):
		f.Kind = transcript.Refused
	case errors.Is(err, syscall.ECONNRESET):
		f.Kind = transcript.Reset
	case errors.Is(err, syscall.ETIMEDOUT), errors.As(err, &ne) && ne.Timeout():
		f.Kind, f.Detail = transcript.ConnectTimeout, "no answer to the SYN"
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM):
		f.Kind = transcript.Unreachable
	case errors.Is(err, context.Canceled):
		f.Kind = transcript.Aborted
	}
	return f
}

// reason is the system's own words, without addresses.
func reason(err error) string {
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
