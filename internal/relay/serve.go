package relay

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/tlswhy/tlswhy/internal/passive"
	"github.com/tlswhy/tlswhy/internal/transcript"
)

// maxHead bounds what a client asks of the proxy.
const maxHead = 64 << 10

// client is the connection of a client; what was read ahead is not lost.
type client struct {
	net.Conn
	br    *bufio.Reader
	limit *io.LimitedReader
}

func (c *client) Read(b []byte) (int, error) {
	if c.br != nil && c.br.Buffered() > 0 {
		return c.br.Read(b[:min(len(b), c.br.Buffered())])
	}
	return c.Conn.Read(b)
}

// serve serves one connection of a client.
func (r *Relay) serve(nc net.Conn) {
	if !r.track(nc) {
		return
	}
	defer r.drop(nc)
	c := &Connection{Start: time.Now(), Client: addrPort(nc.RemoteAddr())}
	in := &client{Conn: nc}
	if r.o.Forward != "" {
		c.Via = ViaForward
		c.Host, c.Port, _ = splitHostPort(r.o.Forward, 0) // Start has read it
		r.relay(c, in, nil, nil)
		return
	}
	_ = nc.SetDeadline(time.Now().Add(headTimeout))
	in.limit = &io.LimitedReader{R: nc, N: maxHead}
	in.br = bufio.NewReader(in.limit)
	first, err := in.br.Peek(1)
	if err != nil {
		return
	}
	if first[0] == socksVersion {
		r.serveSOCKS(c, in)
		return
	}
	r.serveHTTP(c, in)
}

func (r *Relay) serveHTTP(c *Connection, in *client) {
	req, err := http.ReadRequest(in.br)
	if err != nil {
		refuse(in, http.StatusBadRequest, "this is a proxy for HTTP and SOCKS5")
		return
	}
	if req.Method == http.MethodConnect {
		c.Via = ViaConnect
		if c.Host, c.Port, err = splitHostPort(req.Host, 443); err != nil {
			refuse(in, http.StatusBadRequest, err.Error())
			return
		}
		r.relay(c, in, func() error {
			_, err := io.WriteString(in, "HTTP/1.1 200 Connection established\r\n\r\n")
			return err
		}, func(f Failure) { refuse(in, http.StatusBadGateway, f.Detail) })
		return
	}
	if req.URL.Scheme != "http" || req.URL.Host == "" {
		refuse(in, http.StatusBadRequest, "this is a proxy, and the request names no http:// URL")
		return
	}
	r.servePlain(c, in, req)
}

// servePlain passes on one request of a client that uses the relay as its proxy
// for http:// too. The connection ends with the answer, because the next request
// may be for another server.
func (r *Relay) servePlain(c *Connection, in *client, req *http.Request) {
	c.Via = ViaHTTP
	var err error
	if c.Host, c.Port, err = splitHostPort(req.URL.Host, 80); err != nil {
		refuse(in, http.StatusBadRequest, err.Error())
		return
	}
	out, failure := r.dial(c)
	if failure.Kind != "" {
		c.Failed = failure
		refuse(in, http.StatusBadGateway, failure.Detail)
		r.keep(c)
		return
	}
	if !r.track(out) {
		return
	}
	defer r.drop(out)
	_ = in.SetDeadline(time.Time{})
	in.limit.N = 1 << 62
	for name := range req.Header {
		if strings.HasPrefix(strings.ToLower(name), "proxy-") {
			req.Header.Del(name)
		}
	}
	if req.Header.Get("User-Agent") == "" {
		req.Header.Set("User-Agent", "") // net/http would send its own
	}
	req.Close = true
	if req.Write(out) == nil {
		_, _ = io.Copy(in, out)
	}
	r.keep(c)
}

// refuse answers a client of the proxy.
func refuse(in *client, status int, why string) {
	why = strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, why) + "\n"
	_, _ = fmt.Fprintf(in, "HTTP/1.1 %d %s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", status, http.StatusText(status), len(why), why)
}

// relay connects to the server and passes bytes on. ready tells the client that
// the connection stands, sorry that it does not; both may be nil.
func (r *Relay) relay(c *Connection, in *client, ready func() error, sorry func(Failure)) {
	defer r.keep(c)
	out, failure := r.dial(c)
	if failure.Kind != "" {
		c.Failed = failure
		if sorry != nil {
			sorry(failure)
		} else {
			reset(in.Conn)
		}
		return
	}
	if !r.track(out) {
		return
	}
	defer r.drop(out)
	_ = in.SetDeadline(time.Time{})
	c.Seen = passive.New(nil)
	if ready != nil {
		if err := ready(); err != nil {
			return
		}
	}
	pump(c.Seen, in, out, r.o.halfOpen)
	if c.Seen.TLS() {
		c.Verdict = c.Seen.Finish()
	}
}

var buffers = sync.Pool{New: func() any { b := make([]byte, 32<<10); return &b }}

// pump passes bytes on in both directions until both have ended, or one has and
// the other is silent for longer than patience.
func pump(seen *passive.Conn, in *client, out net.Conn, patience time.Duration) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	var half atomic.Bool // one direction has ended
	one := func(dst, src net.Conn, from transcript.Side, note func([]byte)) {
		buf := *buffers.Get().(*[]byte)
		defer buffers.Put(&buf)
		for {
			n, err := src.Read(buf)
			if n > 0 {
				if half.Load() {
					_ = src.SetReadDeadline(time.Now().Add(patience)) // it is not silent
				}
				// Noted before it is sent on: what the peer answers comes after.
				mu.Lock()
				note(buf[:n])
				mu.Unlock()
				if _, werr := dst.Write(buf[:n]); werr != nil {
					// The kernel tells of a RST once, here or to the one that reads.
					mu.Lock()
					seen.End(other(from), ending(werr))
					mu.Unlock()
					return
				}
			}
			if err == nil {
				continue
			}
			how := ending(err)
			mu.Lock()
			seen.End(from, how)
			mu.Unlock()
			if how != passive.FIN {
				reset(dst)
				return
			}
			_ = closeWrite(dst)
			half.Store(true)
			_ = dst.SetReadDeadline(time.Now().Add(patience))
			return
		}
	}
	wg.Go(func() { one(out, in, transcript.FromClient, seen.FromClient) })
	one(in, out, transcript.FromServer, seen.FromServer)
	wg.Wait()
}

func ending(err error) passive.How {
	switch {
	case errors.Is(err, io.EOF):
		return passive.FIN
	case errors.Is(err, net.ErrClosed):
		return passive.Cut
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, syscall.ECONNABORTED):
		return passive.Reset
	}
	var ne net.Error
	if errors.As(err, &ne) && ne.Timeout() {
		return passive.Cut
	}
	return passive.Reset
}

// reset ends a connection by RST, as the other side of the relay has ended.
func reset(nc net.Conn) {
	if t, ok := nc.(*net.TCPConn); ok {
		_ = t.SetLinger(0)
	}
	if c, ok := nc.(*client); ok {
		reset(c.Conn)
		return
	}
	_ = nc.Close()
}

func closeWrite(nc net.Conn) error {
	switch c := nc.(type) {
	case *client:
		return closeWrite(c.Conn)
	case interface{ CloseWrite() error }:
		return c.CloseWrite()
	}
	return nc.Close()
}

func other(s transcript.Side) transcript.Side {
	if s == transcript.FromClient {
		return transcript.FromServer
	}
	return transcript.FromClient
}

func addrPort(a net.Addr) netip.AddrPort {
	if t, ok := a.(*net.TCPAddr); ok {
		ap := t.AddrPort()
		return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
	}
	return netip.AddrPort{}
}

// splitHostPort reads HOST, HOST:PORT or [ADDRESS]:PORT; without a port it is
// port.
func splitHostPort(s string, port uint16) (string, uint16, error) {
	bad := fmt.Errorf("%q is not HOST:PORT", s)
	host, text, err := net.SplitHostPort(s)
	if err != nil {
		host, text = strings.Trim(s, "[]"), strconv.Itoa(int(port))
		if _, err := netip.ParseAddr(host); err != nil && strings.Contains(host, ":") {
			return "", 0, bad
		}
	}
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil || host == "" || len(host) > 255 || n == 0 && port != 0 {
		return "", 0, bad
	}
	return host, uint16(n), nil
}
