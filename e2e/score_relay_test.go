//go:build linux

package e2e

import (
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// relay stands between one real client and one server and keeps what passes in the clear, so that it is known of each pair
// who offered what and who ended it. It changes nothing.
type relay struct {
	ln     net.Listener
	to     string
	wg     sync.WaitGroup
	mu     sync.Mutex
	halves []*exchange
	conns  []net.Conn
}

// exchange is one connection.
type exchange struct {
	mu               sync.Mutex
	toServer, toPeer []byte // at most maxKept of each
}

const maxKept = 64 << 10

func newRelay(to string) (*relay, error) {
	for range 20 {
		ln, err := listenOn(freePort())
		if err != nil {
			continue
		}
		r := &relay{ln: ln, to: to}
		r.wg.Go(r.accept)
		return r, nil
	}
	return nil, errors.New("no port is free")
}

func (r *relay) port() int { return r.ln.Addr().(*net.TCPAddr).Port }

func (r *relay) accept() {
	for {
		c, err := r.ln.Accept()
		if err != nil {
			return
		}
		s, err := net.DialTimeout("tcp", r.to, 5*time.Second)
		if err != nil {
			reset(c)
			continue
		}
		x := &exchange{}
		r.mu.Lock()
		r.halves = append(r.halves, x)
		r.conns = append(r.conns, c, s)
		r.mu.Unlock()
		r.wg.Go(func() { x.pass(c, s, &x.toServer) })
		r.wg.Go(func() { x.pass(s, c, &x.toPeer) })
	}
}

// pass copies one direction. Ends travel on as what they were: a close as a close, a reset as a reset.
func (x *exchange) pass(from, to net.Conn, keep *[]byte) {
	b := make([]byte, 16<<10)
	for {
		n, err := from.Read(b)
		if n > 0 {
			x.mu.Lock()
			*keep = append(*keep, b[:min(n, maxKept-len(*keep))]...)
			x.mu.Unlock()
			if _, werr := to.Write(b[:n]); werr != nil {
				reset(from)
				return
			}
		}
		switch {
		case err == nil:
		case errors.Is(err, io.EOF):
			_ = to.(*net.TCPConn).CloseWrite()
			return
		default:
			reset(to)
			return
		}
	}
}

func reset(c net.Conn) {
	_ = c.(*net.TCPConn).SetLinger(0)
	_ = c.Close()
}

// close ends everything and returns what was seen.
func (r *relay) close() sight {
	_ = r.ln.Close()
	r.mu.Lock()
	for _, c := range r.conns {
		_ = c.Close()
	}
	r.mu.Unlock()
	r.wg.Wait()
	return look(r.halves)
}

// sight is what the wire shows of a pair: of its first connection with a ClientHello, for what a client tries after that
// is no longer its own hello.
type sight struct {
	hello       *wire.ClientHello
	server      *wire.ServerHello // not a HelloRetryRequest
	alert       wire.AlertDescription
	alerted     bool // the server sent an alert in the clear
	answered    bool // the server sent anything
	connections int
}

func look(all []*exchange) sight {
	s := sight{connections: len(all)}
	for _, x := range all {
		for _, m := range clearMessages(x.toServer) {
			if m.Type != wire.TypeClientHello || s.hello != nil {
				continue
			}
			h, err := wire.ParseClientHello(m.Body)
			if err != nil {
				continue
			}
			s.hello = h
		}
		if s.hello == nil {
			continue
		}
		s.answered = len(x.toPeer) > 0
		for _, m := range clearMessages(x.toPeer) {
			if m.Type != wire.TypeServerHello {
				continue
			}
			if h, err := wire.ParseServerHello(m.Body); err == nil && !h.IsHelloRetryRequest() {
				s.server = h
			}
		}
		s.alert, s.alerted = clearAlert(x.toPeer)
		return s
	}
	return s
}

// clearMessages are the handshake messages before encryption begins, as far as they can be read. A server of TLS 1.3 may put
// a change_cipher_spec between HelloRetryRequest and ServerHello (RFC 8446, Appendix D.4).
func clearMessages(b []byte) []wire.Message {
	var stream []byte
	for len(b) > 0 {
		rec, rest, err := wire.ParseRecord(b)
		if err != nil {
			break
		}
		if rec.Type == wire.ContentHandshake {
			stream = append(stream, rec.Payload...)
		}
		b = rest
	}
	var out []wire.Message
	for {
		m, rest, err := wire.ParseMessage(stream)
		if err != nil {
			return out
		}
		out, stream = append(out, m), rest
	}
}

func clearAlert(b []byte) (wire.AlertDescription, bool) {
	for len(b) > 0 {
		rec, rest, err := wire.ParseRecord(b)
		if err != nil || rec.Type == wire.ContentChangeCipherSpec {
			break
		}
		if a, ok := wire.ParseAlert(rec.Payload); ok && rec.Type == wire.ContentAlert && a.Level == 2 {
			return a.Description, true
		}
		b = rest
	}
	return 0, false
}
