package lab

import (
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// TestEndpointsSurviveHostileClients leaves each endpoint in all the ways that
// a port scanner or worse does. A panic would end the test binary.
func TestEndpointsSurviveHostileClients(t *testing.T) {
	l, err := Start(t.Context(), Options{Slowness: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	noise := make([]byte, 1<<15)
	_, _ = rand.Read(noise)
	whole, err := rawHello("a." + Domain).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	whole = wire.AppendRecord(nil, wire.ContentHandshake, wire.VersionTLS10, whole)
	inputs := [][]byte{
		nil,
		{0x16},
		noise, bytes.Repeat([]byte{'A'}, 1<<15), bytes.Repeat([]byte{'\n'}, 4096), whole[:40],
		append(bytes.Clone(whole), noise[:100]...), append([]byte{0x16, 3, 1, 0xff, 0xff}, noise...),
		{0x16, 3, 1, 0, 4, 1, 0xff, 0xff, 0xff},
		[]byte("CONNECT a HTTP/1.1\r\n\r\n"), []byte("GET /" + strings.Repeat("x", 1<<15)),
		[]byte("STARTTLS\r\n\x16\x03\x01"), (&wire.SSL2ClientHello{Version: wire.VersionTLS10, Challenge: make([]byte, 16)}).Marshal(),
	}
	for _, e := range l.Endpoints() {
		for i, in := range inputs {
			c, err := net.DialTimeout("tcp", e.Addr, 50*time.Millisecond)
			if err != nil {
				break // refused, timeout and the like
			}
			_, _ = c.Write(in)
			if i%2 == 0 {
				_ = c.(*net.TCPConn).SetLinger(0)
			}
			c.Close()
		}
	}
	done := make(chan error, 1)
	go func() { done <- l.Close() }()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("Close hangs")
	}
}

// TestManyConnectionsAtOnce opens more than an endpoint serves at a time: the
// rest waits and is served.
func TestManyConnectionsAtOnce(t *testing.T) {
	e := endpoint(t, "healthy")
	errs := make(chan error)
	for range 2 * maxConns {
		go func() {
			_, _, err := shake(t, e, func(c *tls.Config) { c.InsecureSkipVerify = true })
			errs <- err
		}()
	}
	for range 2 * maxConns {
		if err := <-errs; err != nil {
			t.Fatal(err)
		}
	}
}

func TestProxyReachesItsEndpointOnly(t *testing.T) {
	proxy := strings.TrimPrefix(arg(t, endpoint(t, "proxy"), "--proxy"), "http://")
	for _, target := range []string{endpoint(t, "healthy").Addr, "192.0.2.1:443", "", "a:b:c"} {
		got, _ := plainAnswer(t, proxy, "CONNECT "+target+" HTTP/1.1\r\nHost: x\r\n\r\n")
		if strings.Contains(got, " 200 ") {
			t.Errorf("the proxy connects to %q: %q", target, got)
		}
	}
}

func plainAnswer(t *testing.T, addr, say string) (string, error) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(5 * time.Second))
	io.WriteString(c, say)
	b, err := io.ReadAll(c)
	return string(b), err
}

func arg(t *testing.T, e Endpoint, name string) string {
	t.Helper()
	for i, a := range e.Args {
		if a == name {
			return e.Args[i+1]
		}
	}
	t.Fatalf("%s has no %s", e.Name, name)
	return ""
}

func FuzzReadHello(f *testing.F) {
	whole, err := rawHello("a." + Domain).Marshal()
	if err != nil {
		f.Fatal(err)
	}
	one := wire.AppendRecord(nil, wire.ContentHandshake, wire.VersionTLS10, whole)
	f.Add(one)
	f.Add(wire.AppendRecords(nil, wire.ContentHandshake, wire.VersionTLS10, whole, 1, 5, 20))
	f.Add(one[:50])
	f.Add([]byte("GET / HTTP/1.1\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := bytes.NewReader(b)
		h, err := readHello(r)
		if (err == nil) != (h.ClientHello != nil) {
			t.Errorf("hello %v with error %v", h.ClientHello, err)
		}
		// What was read is kept: a server behind the device sees the same bytes.
		rest, _ := io.ReadAll(r)
		if !bytes.Equal(append(h.raw, rest...), b) {
			t.Error("bytes lost")
		}
		if h.ClientHello != nil {
			offersTLS13(h)
			unknownExtension(h)
			hasGREASE(h)
		}
	})
}

func FuzzResolver(f *testing.F) {
	name := dnsmessage.MustNewName("healthy." + Domain + ".")
	q := dnsmessage.Message{Header: dnsmessage.Header{ID: 7}, Questions: []dnsmessage.Question{{Name: name, Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET}}}
	b, err := q.Pack()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(b[:12])
	f.Add([]byte{})
	r := &resolver{names: map[string]dnsAnswer{name.String(): {addrs: nil}}}
	f.Fuzz(func(t *testing.T, query []byte) {
		out := r.answer(query)
		if out == nil {
			return
		}
		var m dnsmessage.Message
		if err := m.Unpack(out); err != nil || !m.Response || m.ID != uint16(query[0])<<8|uint16(query[1]) {
			t.Errorf("answer %x: %v", out, err)
		}
	})
}

// FuzzMail holds dialogues with made-up lines.
func FuzzMail(f *testing.F) {
	f.Add("EHLO a\r\nNOOP\r\nSTARTTLS\r\n")
	f.Add("a CAPABILITY\r\na STARTTLS\r\n")
	f.Add("CAPA\r\nSTLS\r\n")
	f.Add(strings.Repeat("x", 5000))
	f.Fuzz(func(t *testing.T, lines string) {
		for _, m := range []mail{smtp, imap, pop3} {
			for _, how := range []startTLS{offered, missing, refused, garbled, dumbAfter} {
				upgrade, err := m.talk(struct {
					io.Reader
					io.Writer
				}{strings.NewReader(lines), io.Discard}, how)
				if upgrade && (err != nil || how != offered && how != dumbAfter) {
					t.Errorf("upgrade with %v, %v", how, err)
				}
				if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, errLine) {
					t.Errorf("talk: %v", err)
				}
			}
		}
	})
}

// FuzzOCSPRequest throws bytes at the OCSP responder.
func FuzzOCSPRequest(f *testing.F) {
	p, err := newPKI("http://127.0.0.1:1")
	if err != nil {
		f.Fatal(err)
	}
	p.publish("issuing", p.issuing)
	f.Add([]byte{0x30, 0})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(p.answerOCSP(p.issuing, b)) == 0 {
			t.Error("no answer")
		}
	})
}
