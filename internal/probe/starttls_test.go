package probe_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tlswhy/tlswhy/internal/probe"
	"github.com/tlswhy/tlswhy/internal/transcript"
)

// textServer speaks a line protocol: it says greeting, then answers each line
// by its first word; "TLS" behind an answer begins TLS, "." closes, "!" waits.
func textServer(greeting string, answers map[string]string) func(net.Conn) {
	return func(c net.Conn) {
		_, _ = io.WriteString(c, greeting)
		r := bufio.NewReader(c)
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			key := strings.ToUpper(strings.TrimSpace(line))
			a, ok := answers[key]
			if !ok {
				a, ok = answers[strings.Fields(key + " x")[0]]
			}
			if !ok {
				a = "500 what?\r\n"
			}
			switch {
			case a == ".":
				return
			case a == "!":
				_, _ = io.Copy(io.Discard, c)
				return
			case strings.HasSuffix(a, "TLS"):
				_, _ = io.WriteString(c, strings.TrimSuffix(a, "TLS"))
				tc := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{serverCert()}})
				if tc.Handshake() != nil {
					return
				}
				c, r = tc, bufio.NewReader(tc)
			default:
				_, _ = io.WriteString(c, a)
			}
		}
	}
}

const ehlo = "250-mx.example.test\r\n250-SIZE 1000\r\n250-STARTTLS\r\n250 HELP\r\n"

func TestStartTLSWorks(t *testing.T) {
	for _, tc := range []struct {
		proto, greeting string
		answers         map[string]string
		status          int
	}{
		{"smtp", "220-wait\r\n220 mx.example.test ESMTP\r\n", map[string]string{"EHLO": ehlo, "STARTTLS": "220 go\r\nTLS", "QUIT": "."}, 250},
		{"imap", "* OK [CAPABILITY IMAP4rev1] ready\r\n", map[string]string{
			"A1": "* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\na1 OK done\r\n", "A2": "a2 OK begin\r\nTLS", "A3": "a3 OK NOOP\r\n", "A4": ".",
		}, 0},
		{"pop3", "+OK ready\r\n", map[string]string{"CAPA": "+OK list\r\nTOP\r\nSTLS\r\n.\r\n", "STLS": "+OK begin\r\nTLS", "QUIT": "."}, 0},
		{"pop3", "+OK ready\r\n", map[string]string{"CAPA": "-ERR unknown\r\n", "STLS": "+OK begin\r\nTLS", "QUIT": "."}, 0},
	} {
		t.Run(tc.proto, func(t *testing.T) {
			h := handshake(listen(t, textServer(tc.greeting, tc.answers)))
			h.StartTLS, h.Depth = tc.proto, transcript.DepthRequest
			tr := try(t, probe.New(probe.Options{}), h)
			if tr.Outcome.Kind != transcript.Complete || tr.Response == nil || tr.Response.Proto != tc.proto || tr.Response.Status != tc.status {
				t.Fatalf("%+v %+v\n%s", tr.Outcome, tr.Response, strings.Join(tr.Dialogue, "\n"))
			}
			if tr.Times.StartTLS <= 0 || len(tr.Dialogue) < 5 || !strings.HasPrefix(tr.Dialogue[0], "S: ") {
				t.Errorf("dialogue %q", tr.Dialogue)
			}
			if tr.Reply[0] != 22 {
				t.Error("the reply begins with the dialogue")
			}
		})
	}
}

func TestStartTLSFails(t *testing.T) {
	good := map[string]string{"EHLO": ehlo, "STARTTLS": "220 go\r\nTLS"}
	with := func(k, v string) map[string]string {
		m := map[string]string{}
		for a, b := range good {
			m[a] = b
		}
		m[k] = v
		return m
	}
	const hi = "220 hi\r\n"
	for name, tc := range map[string]struct {
		greeting string
		answers  map[string]string
		detail   string
	}{
		"not offered":             {hi, with("EHLO", "250-mx\r\n250 8BITMIME\r\n"), "the server does not offer STARTTLS"},
		"stripped":                {hi, with("EHLO", "250-mx\r\n250-XXXXXXXA\r\n250 8BITMIME\r\n"), "the server does not offer STARTTLS"},
		"refused":                 {hi, with("STARTTLS", "454 4.7.0 TLS not available\r\n"), "refused at STARTTLS: 454 4.7.0 TLS not available"},
		"refused at the greeting": {"554 5.7.1 go away\r\n", good, "refused at the greeting: 554 5.7.1 go away"},
		"another protocol":        {"SSH-2.0-OpenSSH_9.2\r\n", good, "garbled answer at the greeting: SSH-2.0-OpenSSH_9.2"},
		"TLS at once":             {"\x16\x03\x03\x00\x02", good, "garbled answer at the greeting"},
		"closed":                  {hi, with("STARTTLS", "."), "the server closed the connection after STARTTLS"},
		"silent":                  {hi, with("STARTTLS", "!"), "no answer after STARTTLS"},
		"no greeting":             {"", good, "no answer at the greeting"},
		"injection":               {hi, with("STARTTLS", "220 go\r\n250 injected\r\n"), "bytes in clear text after the go-ahead: 250 injected"},
		"endless":                 {strings.Repeat("220-more\r\n", 4000), good, "without an end"},
	} {
		t.Run(name, func(t *testing.T) {
			h := handshake(listen(t, textServer(tc.greeting, tc.answers)))
			h.StartTLS, h.Wait = "smtp", 400*time.Millisecond
			tr := try(t, probe.New(probe.Options{}), h)
			if tr.Outcome.Kind != transcript.StartTLSFailed || !strings.Contains(tr.Outcome.Detail, tc.detail) {
				t.Errorf("%+v", tr.Outcome)
			}
			if tr.Outcome.Reached != transcript.ReachedConnected || len(tr.Reply) > 0 {
				t.Errorf("reached %s, reply %q", tr.Outcome.Reached, tr.Reply)
			}
		})
	}
}

func TestImplicitTLSSpeaksTheProtocol(t *testing.T) {
	addr := listen(t, func(c net.Conn) {
		tc := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{serverCert()}})
		if tc.Handshake() == nil {
			textServer("* OK ready\r\n", map[string]string{"A3": "a3 OK NOOP\r\n", "A4": "."})(tc)
		}
	})
	h := handshake(addr)
	h.Port, h.Depth = 993, transcript.DepthRequest
	tr := try(t, probe.New(probe.Options{}), h)
	if tr.Outcome.Kind != transcript.Complete || tr.Response == nil || tr.Response.Proto != "imap" || !strings.HasPrefix(string(tr.Response.Body), "a3 OK") {
		t.Fatalf("%+v %+v", tr.Outcome, tr.Response)
	}
}

func TestStartTLSProtocols(t *testing.T) {
	for _, p := range []string{"smtp", "imap", "pop3"} {
		if !slices.Contains(probe.StartTLSProtocols(), p) || probe.StartTLSOn(probe.StartTLSPort(p)) != p || probe.ImplicitPort(p) == 0 {
			t.Errorf("%s: ports %d and %d", p, probe.StartTLSPort(p), probe.ImplicitPort(p))
		}
	}
	_, err := probe.New(probe.Options{}).Try(t.Context(), transcript.Attempt{Handshake: &transcript.Handshake{StartTLS: "gopher"}})
	if err == nil {
		t.Error("a protocol without a dialogue")
	}
}

// connectProxy answers CONNECT: status 200 tunnels to the target.
func connectProxy(t testing.TB, status string, wantAuth string) netip.AddrPort {
	return listen(t, func(c net.Conn) {
		r := bufio.NewReader(c)
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		if req.Method != http.MethodConnect || req.Header.Get("Proxy-Authorization") != wantAuth {
			status = "407 Proxy Authentication Required"
		}
		if !strings.HasPrefix(status, "200") {
			fmt.Fprintf(c, "%s\r\n\r\n", strings.Replace("HTTP/1.1 STATUS", "STATUS", status, 1))
			return
		}
		up, err := net.Dial("tcp", req.Host)
		if err != nil {
			_, _ = io.WriteString(c, "HTTP/1.1 502 Bad Gateway\r\n\r\n")
			return
		}
		defer up.Close()
		_, _ = io.WriteString(c, "HTTP/1.1 200 Connection established\r\n\r\n")
		done := make(chan struct{})
		go func() { defer close(done); _, _ = io.Copy(up, r); _ = up.(*net.TCPConn).CloseWrite() }()
		_, _ = io.Copy(c, up)
		_ = c.(*net.TCPConn).CloseWrite()
		<-done
	})
}

func TestProxy(t *testing.T) {
	target := httpsServer(t)
	closed := netip.MustParseAddrPort("127.0.0.1:1")
	for name, tc := range map[string]struct {
		url    string
		detail string // "" succeeds
	}{
		"works":         {"http://" + connectProxy(t, "200 ok", "").String(), ""},
		"with password": {"http://joe:s%40cret@" + connectProxy(t, "200 ok", "Basic am9lOnNAY3JldA==").String(), ""},
		"no password":   {"http://" + connectProxy(t, "200 ok", "Basic x").String(), "answered 407 Proxy Authentication Required"},
		"forbidden":     {"http://" + connectProxy(t, "403 Forbidden", "").String(), "answered 403 Forbidden"},
		"no target":     {"http://" + connectProxy(t, "504 Gateway Timeout", "").String(), "answered 504 Gateway Timeout"},
		"garbage":       {"http://" + listen(t, func(c net.Conn) { _, _ = io.WriteString(c, "SSH-2.0-x\r\n"); _, _ = io.Copy(io.Discard, c) }).String(), "does not answer in HTTP"},
		"closes":        {"http://" + listen(t, func(c net.Conn) { _, _ = c.Read(make([]byte, 4096)) }).String(), "closed the connection"},
		"silent":        {"http://" + listen(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }).String(), "does not answer"},
		"refused":       {"http://" + closed.String(), "cannot be reached: connection refused"},
		"unknown name":  {"http://no-such-proxy.invalid:3128", "cannot be reached"},
		"false TLS":     {"https://" + target.String(), "TLS to the proxy"},
	} {
		t.Run(name, func(t *testing.T) {
			h := handshake(target)
			h.Proxy, h.Wait, h.Depth = tc.url, 500*time.Millisecond, transcript.DepthRequest
			tr := try(t, probe.New(probe.Options{}), h)
			if tc.detail == "" {
				if tr.Outcome.Kind != transcript.Complete || tr.Response.Status != 200 || tr.Times.Proxy <= 0 {
					t.Errorf("%+v", tr.Outcome)
				}
				return
			}
			if tr.Outcome.Kind != transcript.ProxyFailed || !strings.Contains(tr.Outcome.Detail, tc.detail) || strings.Contains(tr.Outcome.Detail, "s@cret") {
				t.Errorf("%+v", tr.Outcome)
			}
		})
	}
}

func TestProxyResolvesTheName(t *testing.T) {
	target := httpsServer(t)
	h := handshake(netip.AddrPort{})
	h.Host, h.Port = "localhost", target.Port()
	h.Proxy = "http://" + connectProxy(t, "200 ok", "").String()
	tr := try(t, probe.New(probe.Options{}), h)
	if tr.Outcome.Kind != transcript.Complete {
		t.Errorf("%+v", tr.Outcome)
	}
}
