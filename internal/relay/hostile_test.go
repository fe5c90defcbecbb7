package relay

import (
	"bytes"
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"
)

// A download that goes on after the client has ended its own direction is no
// silence, however long it takes; silence is.
func TestHalfOpen(t *testing.T) {
	const patience = 300 * time.Millisecond
	slow := serve(t, func(nc net.Conn) {
		_, _ = io.Copy(io.Discard, nc)
		for range 8 {
			time.Sleep(patience / 3)
			_, _ = io.WriteString(nc, "part ")
		}
	})
	silent := serve(t, func(nc net.Conn) {
		_, _ = io.Copy(io.Discard, nc)
		time.Sleep(10 * patience)
	})
	get := func(at string) (string, time.Duration) {
		nc, err := net.Dial("tcp", start(t, Options{Forward: at, halfOpen: patience}).Addr())
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		_ = nc.SetDeadline(time.Now().Add(10 * time.Second))
		_ = nc.(*net.TCPConn).CloseWrite()
		begun := time.Now()
		b, _ := io.ReadAll(nc)
		return string(b), time.Since(begun)
	}
	if s, _ := get(slow); len(s) != 8*len("part ") {
		t.Errorf("of a slow download came %q", s)
	}
	if s, took := get(silent); s != "" || took > 8*patience {
		t.Errorf("a silent server: %q after %s", s, took)
	}
}

// A name in SOCKS is any bytes; none of them may become a line of the request to
// the user's proxy.
func TestNameOfSeveralLines(t *testing.T) {
	var mu sync.Mutex
	var heard bytes.Buffer
	upstream := serve(t, func(nc net.Conn) {
		b := make([]byte, 4096)
		n, _ := nc.Read(b)
		mu.Lock()
		heard.Write(b[:n])
		mu.Unlock()
	})
	r := start(t, Options{Proxy: func(string) *url.URL { return &url.URL{Scheme: "http", Host: upstream} }})
	for _, name := range []string{"a\r\nX-Injected: 1\r\n", "a b", "a\x00b", "a\x7fb"} {
		nc, err := net.Dial("tcp", r.Addr())
		if err != nil {
			t.Fatal(err)
		}
		_ = nc.SetDeadline(time.Now().Add(5 * time.Second))
		_, _ = io.WriteString(nc, "\x05\x01\x00\x05\x01\x00\x03"+string(rune(len(name)))+name+"\x01\xbb")
		answer := make([]byte, 4)
		if _, err := io.ReadFull(nc, answer); err != nil || answer[3] != socksNoAddress {
			t.Errorf("%q: answer % x, %v", name, answer, err)
		}
		_ = nc.Close()
	}
	mu.Lock()
	defer mu.Unlock()
	if heard.Len() > 0 {
		t.Errorf("the proxy is asked %q", heard.String())
	}
}
