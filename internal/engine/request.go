package engine

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// NoOp is an exchange that changes nothing on a peer that speaks another
// protocol than HTTP.
type NoOp struct {
	Proto string // "smtp"
	// Greeted tells whether the server's greeting is complete; nil if it waits
	// for us to speak.
	Greeted func(greeting []byte) bool
	// Send is what is said; nil: nothing can be said without a login, so that we
	// listen for one round trip.
	Send []byte
	// Done tells whether what came since Send is a complete answer, and its reply
	// code or 0.
	Done func(reply []byte) (status int, done bool)
	// Bye is said at the end, or nil.
	Bye []byte
}

// Bounds on what is read of an answer.
const (
	maxAnswer   = 256 << 10 // headers and body of a response, frames of HTTP/2
	maxInterims = 8         // responses of status 1xx
	lateClose   = 15 * time.Millisecond
)

// isHTTP2 tells what ALPN chose.
func (c *conn) isHTTP2() bool { return c.t.ALPN() == "h2" }

// useNoOp tells whether the peer is to be spoken to in its own protocol.
func (c *conn) useNoOp() bool {
	return c.o.NoOp != nil && c.h.Request == nil && !strings.HasPrefix(c.t.ALPN(), "http/") && !c.isHTTP2()
}

// sealRequest appends the encrypted request, or nothing where the server has to
// greet first.
func (c *conn) sealRequest(dst []byte) ([]byte, error) {
	var b []byte
	switch {
	case c.useNoOp():
		if c.o.NoOp.Greeted != nil || c.o.NoOp.Send == nil {
			return dst, nil
		}
		b = c.o.NoOp.Send
	case c.isHTTP2():
		b = c.http2Request()
	default:
		b = c.http1Request()
	}
	return c.sealAll(dst, wire.ContentApplicationData, b)
}

// method, path and authority of the request.
func (c *conn) target() (method, path, authority string) {
	method, path = "GET", "/"
	if r := c.h.Request; r != nil {
		if r.Method != "" {
			method = r.Method
		}
		if r.Path != "" {
			path = r.Path
		}
	}
	authority = c.h.Host
	if strings.Contains(authority, ":") {
		authority = "[" + authority + "]"
	}
	if c.h.Port != 443 && c.h.Port != 0 {
		authority = net.JoinHostPort(c.h.Host, strconv.Itoa(int(c.h.Port)))
	}
	return method, path, authority
}

// token keeps what would break a request line out of it.
var token = strings.NewReplacer("\r", "", "\n", "", " ", "%20", "\t", "%09")

func (c *conn) http1Request() []byte {
	method, path, host := c.target()
	var b bytes.Buffer
	b.WriteString(token.Replace(method) + " " + token.Replace(path) + " HTTP/1.1\r\n")
	b.WriteString("Host: " + token.Replace(host) + "\r\n")
	b.WriteString("User-Agent: " + c.o.UserAgent + "\r\nAccept: */*\r\nConnection: close\r\n\r\n")
	return b.Bytes()
}

// request sends the request, unless it went with our Finished, and reads on
// until the answer is there.
func (c *conn) request() error {
	if c.version < wire.VersionTLS13 {
		out, err := c.sealRequest(nil)
		if err != nil {
			return err
		}
		if len(out) > 0 {
			if err := c.write(out, "sending the request"); err != nil {
				return err
			}
		}
	}
	switch {
	case c.useNoOp():
		return c.readNoOp()
	case c.isHTTP2():
		return c.readHTTP2()
	}
	return c.readHTTP1()
}

// appReader reads the decrypted application data; it keeps the error that ended
// them, because readers on top replace it by their own.
type appReader struct {
	c    *conn
	left int // bytes that may still come
	buf  []byte
	all  []byte // the first bytes, for answers that are not what was expected
	err  error
}

func (c *conn) appReader() *appReader { return &appReader{c: c, left: maxAnswer} }

func (r *appReader) Read(p []byte) (int, error) {
	if r.err != nil {
		if cleanEnd(r.err) {
			return 0, io.EOF
		}
		return 0, r.err
	}
	for len(r.buf) == 0 {
		if r.left <= 0 {
			return 0, io.EOF
		}
		b, err := r.c.appData()
		if err != nil {
			r.err = err
			if cleanEnd(err) {
				err = io.EOF
			}
			return 0, err
		}
		r.left -= len(b)
		r.buf = b
		if len(b) > 0 {
			r.c.reach(transcript.ReachedResponse)
			if room := transcript.MaxReply - len(r.all); room > 0 {
				r.all = append(r.all, b[:min(room, len(b))]...)
			}
		}
	}
	n := copy(p, r.buf)
	r.buf = r.buf[n:]
	return n, nil
}

// appData returns the payload of the next record of application data and deals
// with whatever else comes after the handshake.
func (c *conn) appData() ([]byte, error) {
	for {
		typ, p, err := c.record()
		if err != nil {
			var e *end
			if errors.As(err, &e) && (e.kind == transcript.Closed || e.kind == transcript.Reset) {
				c.t.CloseNotify = transcript.No
			}
			return nil, err
		}
		switch typ {
		case wire.ContentApplicationData:
			return p, nil
		case wire.ContentAlert:
			if err := c.gotAlert(p); err != nil {
				return nil, err
			}
		case wire.ContentHandshake:
			if err := c.gotHandshake(p); err != nil {
				return nil, err
			}
			if err := c.postHandshake(); err != nil {
				return nil, err
			}
		case wire.ContentChangeCipherSpec:
			if c.version < wire.VersionTLS13 {
				return nil, malformed(wire.AlertUnexpectedMessage, "ChangeCipherSpec after the handshake")
			}
		default:
			return nil, malformed(wire.AlertUnexpectedMessage, "a record of type %s after the handshake", typ)
		}
	}
}

// readHTTP1 reads the response and, because it was to close the connection, how
// the server ends it.
func (c *conn) readHTTP1() error {
	in := c.appReader()
	br := bufio.NewReader(in)
	method, _, _ := c.target()
	for range maxInterims {
		resp, err := http.ReadResponse(br, &http.Request{Method: method})
		if err != nil {
			return c.notHTTP(in)
		}
		c.t.Response = &transcript.Response{Proto: resp.Proto, Status: resp.StatusCode, Header: resp.Header, GoAway: -1}
		if resp.StatusCode >= 100 && resp.StatusCode < 200 && resp.StatusCode != http.StatusSwitchingProtocols {
			continue
		}
		body, err := io.ReadAll(io.LimitReader(resp.Body, transcript.MaxReply))
		c.t.Response.Body = body
		if err != nil && in.err != nil {
			return cut(in.err)
		}
		_ = resp.Body.Close()
		return c.awaitClose(in)
	}
	return malformed(wire.AlertInternalError, "more than %d interim responses", maxInterims)
}

// cut is the end of a connection within a response.
func cut(err error) error {
	var e *end
	if errors.As(err, &e) && e.kind == transcript.Closed {
		return &end{kind: e.kind, detail: e.detail + " within the response", say: e.say}
	}
	return err
}

// cleanEnd reports whether a connection ended as it may after a response.
func cleanEnd(err error) bool {
	var e *end
	if !errors.As(err, &e) {
		return errors.Is(err, io.EOF)
	}
	return e.kind == transcript.Closed
}

// listenOn waits as long as a late alert or a demand may take to get here. That
// none comes is well.
func (c *conn) listenOn(in *appReader) error {
	wait := c.wait
	c.wait = 2*c.t.Times.FirstByte + lateAlert
	defer func() { c.wait = wait }()
	_, _ = in.Read(make([]byte, readChunk)) // in.err has its end
	if len(in.all) > 0 {
		c.t.Response = &transcript.Response{Proto: c.o.NoOp.Proto, Body: in.all, GoAway: -1}
	}
	var e *end
	if errors.As(in.err, &e) && e.kind != transcript.Silent {
		return e
	}
	return nil
}

// lateAlert is what a server may take to judge a client certificate.
const lateAlert = 50 * time.Millisecond

// awaitClose gives the server's close_notify and FIN a moment: they come right
// behind the response or not at all. Only an alert still counts.
func (c *conn) awaitClose(in *appReader) error {
	wait := c.wait
	c.wait = lateClose
	defer func() { c.wait = wait }()
	for in.err == nil && in.left > 0 {
		b, err := c.appData()
		in.left -= len(b)
		in.err = err
	}
	var e *end
	if errors.As(in.err, &e) && e.kind == transcript.AlertReceived {
		return e
	}
	return nil
}

// notHTTP takes an answer that does not parse: the connection's own end if that
// is why, else what the peer said.
func (c *conn) notHTTP(in *appReader) error {
	if len(in.all) == 0 && in.err != nil {
		return in.err
	}
	c.t.Response = &transcript.Response{Body: in.all, GoAway: -1}
	if in.err != nil && !cleanEnd(in.err) {
		return in.err
	}
	c.t.Outcome.Detail = "the answer is not HTTP: " + quoted(in.all)
	return nil
}

// readNoOp holds the exchange of a protocol other than HTTP.
func (c *conn) readNoOp() error {
	n := c.o.NoOp
	in := c.appReader()
	c.t.Response = nil
	if n.Send == nil {
		return c.listenOn(in)
	}
	if n.Greeted != nil {
		done := func(b []byte) (int, bool) { return 0, n.Greeted(b) }
		if _, _, err := readUntil(in, done); err != nil {
			return in.err
		}
		out, err := c.sealAll(nil, wire.ContentApplicationData, n.Send)
		if err != nil {
			return err
		}
		if err := c.write(out, "sending "+n.Proto); err != nil {
			return err
		}
	}
	reply, status, err := readUntil(in, n.Done)
	if len(reply) > 0 {
		c.t.Response = &transcript.Response{Proto: n.Proto, Status: status, Body: reply, GoAway: -1}
	}
	if err != nil {
		return in.err
	}
	if n.Bye != nil {
		if out, err := c.sealAll(nil, wire.ContentApplicationData, n.Bye); err == nil {
			_ = c.write(out, "saying goodbye")
		}
	}
	return nil
}

// readUntil reads until done is content or as much came as we keep.
func readUntil(in *appReader, done func([]byte) (int, bool)) ([]byte, int, error) {
	var got []byte
	var b [2 << 10]byte
	for len(got) < transcript.MaxReply {
		n, err := in.Read(b[:])
		if err != nil {
			return got, 0, err
		}
		got = append(got, b[:n]...)
		if status, ok := done(got); ok {
			return got, status, nil
		}
	}
	return got, 0, nil
}
