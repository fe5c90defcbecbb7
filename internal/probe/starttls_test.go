package probe_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
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

// packets answers each read with the next of its hexadecimal strings; "TLS"
// begins TLS.
func packets(answers ...string) func(net.Conn) {
	return func(c net.Conn) {
		for i, a := range answers {
			if i > 0 || !strings.HasPrefix(a, "^") {
				if _, err := c.Read(make([]byte, 4096)); err != nil {
					return
				}
			}
			if a == "TLS" {
				tc := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{serverCert()}})
				if tc.Handshake() == nil {
					_, _ = io.Copy(io.Discard, tc)
				}
				return
			}
			b, err := hex.DecodeString(strings.ReplaceAll(strings.TrimPrefix(a, "^"), " ", ""))
			if err != nil {
				panic(err)
			}
			if _, err := c.Write(b); err != nil {
				return
			}
			if i+1 < len(answers) && answers[i+1] == "TLS" && !strings.HasPrefix(a, "^") {
				tc := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{serverCert()}})
				if tc.Handshake() == nil {
					_, _ = io.Copy(io.Discard, tc)
				}
				return
			}
		}
	}
}

func TestBinaryDialogues(t *testing.T) {
	const mysql = "2f0000 00 0a 352e372e3000 01000000 4142434445464748 00 "
	for name, tc := range map[string]struct {
		proto, detail string
		serve         func(net.Conn)
	}{
		"postgres":                {"postgres", "", packets("53", "TLS")},
		"postgres without TLS":    {"postgres", "does not offer", packets("4e")},
		"postgres refuses":        {"postgres", "too many clients", packets("45 00000020 " + hex.EncodeToString([]byte("Msorry, too many clients")) + "00 00")},
		"postgres, injected":      {"postgres", "clear text after the go-ahead", packets("53 4e")},
		"LDAP":                    {"ldap", "", packets("300c02010178070a010004000400", "TLS")},
		"Active Directory":        {"ldap", "", packets("308400000010020101788400000007 0a010004000400", "TLS")},
		"LDAP refuses":            {"ldap", "unsupported extended operation", packets("302a 020101 7825 0a0102 0400 041e" + hex.EncodeToString([]byte("unsupported extended operation")))},
		"MySQL without TLS":       {"mysql", "does not offer", packets("^" + mysql + "fff7 08 0200 7f80 15 00000000000000000000 414243444546474849404142 00")},
		"MySQL blocks the host":   {"mysql", "is blocked because", packets("^" + "20000000 ff6904" + hex.EncodeToString([]byte("Host x is blocked because men")))},
		"RDP":                     {"rdp", "", packets("030000130ed000001234000200080001000000", "TLS")},
		"RDP of the old security": {"rdp", "does not offer", packets("030000130ed000001234000300080002000000")},
		"RDP before negotiation":  {"rdp", "does not offer", packets("0300000b06d00000123400")},
		"XMPP": {"xmpp", "", packets(
			hex.EncodeToString([]byte("<?xml version='1.0'?><stream:stream id='x'><stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>")),
			hex.EncodeToString([]byte("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")), "TLS")},
		"XMPP of another host":      {"xmpp", "host-unknown", packets(hex.EncodeToString([]byte("<stream:stream id='x'><stream:error><host-unknown/></stream:error></stream:stream>")))},
		"IRC":                       {"irc", "", packets(hex.EncodeToString([]byte(":irc.example NOTICE * :*** Looking up\r\n:irc.example 670 * :STARTTLS successful\r\n")), "TLS")},
		"NNTP without CAPABILITIES": {"nntp", "", packets("^"+hex.EncodeToString([]byte("200 hi\r\n")), hex.EncodeToString([]byte("500 what\r\n")), hex.EncodeToString([]byte("382 go\r\n")), "TLS")},
		"sieve":                     {"sieve", "", packets("^"+hex.EncodeToString([]byte("\"IMPLEMENTATION\" \"x\"\r\n\"STARTTLS\"\r\nOK \"ready\"\r\n")), hex.EncodeToString([]byte("OK \"begin\"\r\n")), "TLS")},
		"FTP":                       {"ftp", "", packets("^"+hex.EncodeToString([]byte("220 hi\r\n")), hex.EncodeToString([]byte("234 go\r\n")), "TLS")},
		"FTP refuses":               {"ftp", "530 Please login", packets("^"+hex.EncodeToString([]byte("220 hi\r\n")), hex.EncodeToString([]byte("530 Please login with USER and PASS.\r\n")))},
	} {
		t.Run(name, func(t *testing.T) {
			h := handshake(listen(t, tc.serve))
			h.StartTLS, h.Wait = tc.proto, 500*time.Millisecond
			tr := try(t, probe.New(probe.Options{}), h)
			if tc.detail == "" && tr.Outcome.Kind != transcript.Complete ||
				tc.detail != "" && (tr.Outcome.Kind != transcript.StartTLSFailed || !strings.Contains(tr.Outcome.Detail, tc.detail)) {
				t.Errorf("%+v %q", tr.Outcome, tr.Dialogue)
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

func TestProxyBehindTLS(t *testing.T) {
	plain := connectProxy(t, "200 ok", "")
	proxy := listen(t, func(c net.Conn) {
		tc := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{serverCert()}})
		up, err := net.Dial("tcp", plain.String())
		if err != nil {
			return
		}
		defer up.Close()
		done := make(chan struct{})
		go func() { defer close(done); _, _ = io.Copy(up, tc); _ = up.(*net.TCPConn).CloseWrite() }()
		_, _ = io.Copy(tc, up)
		_ = tc.CloseWrite()
		<-done
	})
	roots := x509.NewCertPool()
	leaf, err := x509.ParseCertificate(serverCert().Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	roots.AddCert(leaf)
	h := handshake(httpsServer(t))
	h.Proxy, h.Depth = "https://"+proxy.String(), transcript.DepthRequest
	tr := try(t, probe.New(probe.Options{ProxyRoots: roots}), h)
	if tr.Outcome.Kind != transcript.Complete || tr.Response == nil || tr.Response.Status != 200 {
		t.Fatalf("%+v", tr.Outcome)
	}
	if tr := try(t, probe.New(probe.Options{}), h); tr.Outcome.Kind != transcript.ProxyFailed {
		t.Errorf("a proxy that nobody trusts: %+v", tr.Outcome)
	}
}
