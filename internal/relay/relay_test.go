package relay

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/net/proxy"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/passive"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var identity = sync.OnceValue(func() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "relay"}, DNSNames: []string{"server.example"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	leaf, _ := x509.ParseCertificate(der)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
})

func roots() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(identity().Leaf)
	return p
}

// serve runs fn for each connection until the test ends.
func serve(t *testing.T, fn func(net.Conn)) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			nc, err := ln.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer nc.Close()
				_ = nc.SetDeadline(time.Now().Add(10 * time.Second))
				fn(nc)
			})
		}
	})
	t.Cleanup(func() { _ = ln.Close(); wg.Wait() })
	return ln.Addr().String()
}

// tlsServer says what it hears until the client ends.
func tlsServer(t *testing.T, c *tls.Config) string {
	if c.Certificates == nil {
		c.Certificates = []tls.Certificate{identity()}
	}
	return serve(t, func(nc net.Conn) {
		tc := tls.Server(nc, c)
		if tc.Handshake() == nil {
			_, _ = io.Copy(tc, tc)
			_ = tc.Close()
		}
	})
}

func start(t *testing.T, o Options) *Relay {
	t.Helper()
	r, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// only is the one connection that the relay saw.
func only(t *testing.T, r *Relay) *Connection {
	t.Helper()
	for range 500 {
		if all, n := r.Connections(); n == 1 {
			return all[0]
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("the relay did not see one connection to its end")
	return nil
}

// talk makes a handshake through the relay and has a word echoed.
func talk(nc net.Conn, c *tls.Config) error {
	defer nc.Close()
	_ = nc.SetDeadline(time.Now().Add(10 * time.Second))
	if c.ServerName == "" {
		c.ServerName = "server.example"
	}
	tc := tls.Client(nc, c)
	if err := tc.Handshake(); err != nil {
		return err
	}
	if _, err := io.WriteString(tc, "hello there, a few words"); err != nil {
		return err
	}
	if _, err := io.ReadFull(tc, make([]byte, 5)); err != nil {
		return err
	}
	return tc.Close()
}

func TestVerdicts(t *testing.T) {
	const v12, v13 = tls.VersionTLS12, tls.VersionTLS13
	other := x509.NewCertPool()
	trusting := func(c *tls.Config) *tls.Config { c.RootCAs = roots(); return c }
	for name, tc := range map[string]struct {
		server *tls.Config
		client *tls.Config
		result passive.Result
		step   cause.Step
		by     transcript.Side
		cause  cause.ID
	}{
		"1.3":               {&tls.Config{}, trusting(&tls.Config{}), passive.OK, cause.StepSecure, "", ""},
		"1.2":               {&tls.Config{MaxVersion: v12}, trusting(&tls.Config{}), passive.OK, cause.StepSecure, "", ""},
		"1.0":               {&tls.Config{MaxVersion: tls.VersionTLS10, MinVersion: tls.VersionTLS10}, trusting(&tls.Config{MinVersion: tls.VersionTLS10}), passive.OK, cause.StepSecure, "", ""},
		"retry":             {&tls.Config{CurvePreferences: []tls.CurveID{tls.CurveP521}}, trusting(&tls.Config{CurvePreferences: []tls.CurveID{tls.X25519, tls.CurveP521}}), passive.OK, cause.StepSecure, "", ""},
		"sha384":            {&tls.Config{MaxVersion: v12, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384}}, trusting(&tls.Config{}), passive.OK, cause.StepSecure, "", ""},
		"untrusted in 1.3":  {&tls.Config{}, &tls.Config{RootCAs: other}, passive.Fail, cause.StepVerify, transcript.FromClient, ""},
		"untrusted in 1.2":  {&tls.Config{MaxVersion: v12}, &tls.Config{RootCAs: other}, passive.Fail, cause.StepVerify, transcript.FromClient, ""},
		"no shared version": {&tls.Config{MinVersion: v13}, trusting(&tls.Config{MaxVersion: v12}), passive.Fail, cause.StepVersion, transcript.FromServer, cause.NoSharedVersion},
		"no shared suite": {
			&tls.Config{MaxVersion: v12, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}},
			trusting(&tls.Config{CipherSuites: []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}, MaxVersion: v12}), passive.Fail, cause.StepCipher, transcript.FromServer, cause.NoSharedCipher,
		},
		"no shared protocol":          {&tls.Config{NextProtos: []string{"h2"}}, trusting(&tls.Config{NextProtos: []string{"mqtt"}}), passive.Fail, cause.StepCipher, transcript.FromServer, cause.NoALPNOverlap},
		"certificate wanted in 1.3":   {&tls.Config{ClientAuth: tls.RequireAnyClientCert}, trusting(&tls.Config{}), passive.Fail, cause.StepKeys, transcript.FromServer, cause.MTLSRequired},
		"certificate wanted in 1.2":   {&tls.Config{ClientAuth: tls.RequireAnyClientCert, MaxVersion: v12}, trusting(&tls.Config{}), passive.Fail, cause.StepKeys, transcript.FromServer, cause.MTLSRequired},
		"certificate rejected in 1.3": {&tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: other}, trusting(&tls.Config{Certificates: []tls.Certificate{identity()}}), passive.Fail, cause.StepKeys, transcript.FromServer, cause.MTLSCertRejected},
		"certificate rejected in 1.2": {&tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: other, MaxVersion: v12}, trusting(&tls.Config{Certificates: []tls.Certificate{identity()}}), passive.Fail, cause.StepKeys, transcript.FromServer, cause.MTLSCertRejected},
		"certificate taken in 1.3":    {&tls.Config{ClientAuth: tls.RequireAnyClientCert}, trusting(&tls.Config{Certificates: []tls.Certificate{identity()}}), passive.OK, cause.StepSecure, "", ""},
		"certificate not needed":      {&tls.Config{ClientAuth: tls.RequestClientCert}, trusting(&tls.Config{}), passive.OK, cause.StepSecure, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.client.GetClientCertificate == nil && len(tc.client.Certificates) > 0 {
				cert := tc.client.Certificates[0] // whatever CAs the server names
				tc.client.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &cert, nil }
			}
			r := start(t, Options{Forward: tlsServer(t, tc.server)})
			nc, err := net.Dial("tcp", r.Addr())
			if err != nil {
				t.Fatal(err)
			}
			err = talk(nc, tc.client)
			c := only(t, r)
			v := c.Verdict
			if (err == nil) != (tc.result == passive.OK) {
				t.Fatalf("the client says %v", err)
			}
			if v.Result != tc.result || v.Step != tc.step || v.StoppedBy != tc.by || v.Cause != tc.cause {
				t.Errorf("%+v, client %v, records %v", v, err, c.Seen.Records)
			}
			if c.Seen.Hello == nil || c.Seen.Hello.ServerName() != "server.example" || c.Broken() != (tc.result == passive.Fail) {
				t.Errorf("hello %v, broken %v", c.Seen.Hello, c.Broken())
			}
			if got, want := v.WantsCertificate == transcript.Yes, tc.server.ClientAuth != tls.NoClientCert; got != want {
				t.Errorf("a certificate is wanted: %v, want %v", got, want)
			}
		})
	}
}

// What a server does that speaks no TLS, or not for long.
func TestRudeServers(t *testing.T) {
	heard := func(nc net.Conn) { _, _ = nc.Read(make([]byte, 4096)) }
	for name, tc := range map[string]struct {
		server func(net.Conn)
		kind   transcript.Kind
		cause  cause.ID
		says   string
	}{
		"closes":     {heard, transcript.Closed, "", "closed the connection instead"},
		"resets":     {func(nc net.Conn) { heard(nc); _ = nc.(*net.TCPConn).SetLinger(0) }, transcript.Reset, "", "reset the connection instead"},
		"is of HTTP": {func(nc net.Conn) { heard(nc); _, _ = io.WriteString(nc, "HTTP/1.1 400 Bad Request\r\n\r\n") }, transcript.Closed, cause.NotTLS, "something else than TLS"},
		"stops after the ServerHello": {func(nc net.Conn) {
			heard(nc)
			m, _ := (&wire.ServerHello{LegacyVersion: wire.VersionTLS12, CipherSuite: wire.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}).Marshal()
			_, _ = nc.Write(wire.AppendRecord(nil, wire.ContentHandshake, wire.VersionTLS12, m))
		}, transcript.Closed, "", "closed the connection within the handshake"},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, Options{Forward: serve(t, tc.server)})
			nc, err := net.Dial("tcp", r.Addr())
			if err != nil {
				t.Fatal(err)
			}
			err = talk(nc, &tls.Config{RootCAs: roots()})
			if name == "resets" && !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("the client hears %v, not the RST", err)
			}
			c := only(t, r)
			if o := c.Seen.T.Outcome; o.Kind != tc.kind || c.Verdict.Cause != tc.cause || !strings.Contains(o.Detail, tc.says) || c.Verdict.StoppedBy != transcript.FromServer || !c.Broken() {
				t.Errorf("outcome %+v, verdict %+v", o, c.Verdict)
			}
		})
	}
}

// A connection that is opened and not used is no failure.
func TestLeftAlone(t *testing.T) {
	at := serve(t, func(nc net.Conn) { _, _ = io.Copy(io.Discard, nc) })
	r := start(t, Options{Forward: at})
	nc, err := net.Dial("tcp", r.Addr())
	if err != nil {
		t.Fatal(err)
	}
	_ = nc.Close()
	if c := only(t, r); c.TLS() || c.Broken() {
		t.Errorf("%+v", c)
	}
}

func TestWaysIn(t *testing.T) {
	at := tlsServer(t, &tls.Config{})
	_, port, _ := net.SplitHostPort(at)
	for name, tc := range map[string]struct {
		via  Via
		dial func(relay string) (net.Conn, error)
	}{
		"SOCKS5 with a name": {ViaSOCKS, func(relay string) (net.Conn, error) {
			d, err := proxy.SOCKS5("tcp", relay, nil, nil)
			if err != nil {
				return nil, err
			}
			return d.Dial("tcp", "localhost:"+port)
		}},
		"CONNECT, hello at once": {ViaConnect, func(relay string) (net.Conn, error) {
			nc, err := net.Dial("tcp", relay)
			if err != nil {
				return nil, err
			}
			_, err = io.WriteString(nc, "CONNECT localhost:"+port+" HTTP/1.1\r\nHost: localhost:"+port+"\r\n\r\n")
			b := make([]byte, len("HTTP/1.1 200 Connection established\r\n\r\n"))
			if err == nil {
				_, err = io.ReadFull(nc, b)
			}
			return nc, err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, Options{})
			nc, err := tc.dial(r.Addr())
			if err != nil {
				t.Fatal(err)
			}
			if err := talk(nc, &tls.Config{RootCAs: roots()}); err != nil {
				t.Fatal(err)
			}
			if c := only(t, r); c.Via != tc.via || c.Host != "localhost" || c.Verdict.Result != passive.OK || !c.Remote.IsValid() {
				t.Errorf("%+v", c)
			}
		})
	}
}

// A proxy for http:// is one too, and keeps its own headers to itself.
func TestPlainHTTP(t *testing.T) {
	var got http.Header
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		got = q.Header
		body, _ := io.ReadAll(q.Body)
		_, _ = w.Write(append([]byte(q.URL.Path+" "), body...))
	}))
	defer s.Close()
	r := start(t, Options{})
	tr := &http.Transport{Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: r.Addr()})}
	defer tr.CloseIdleConnections()
	// The name is not that of loopback, for which net/http uses no proxy, and
	// Connect leads there all the same.
	r.o.Connect = strings.TrimPrefix(s.URL, "http://")
	q, _ := http.NewRequest(http.MethodPost, "http://site.example/path", strings.NewReader(strings.Repeat("x", 200_000)))
	q.Header.Set("Proxy-Authorization", "Basic c2VjcmV0")
	resp, err := (&http.Client{Transport: tr}).Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || !strings.HasPrefix(string(body), "/path xxx") || len(body) != 200_006 {
		t.Errorf("%d bytes, %v: %.40q", len(body), err, body)
	}
	if got.Get("Proxy-Authorization") != "" {
		t.Error("the server gets what was meant for the proxy")
	}
	if c := only(t, r); c.Via != ViaHTTP || c.TLS() || c.Broken() {
		t.Errorf("%+v", c)
	}
}

func TestUnreachable(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := ln.Addr().String()
	_ = ln.Close()
	r := start(t, Options{})
	nc, err := net.Dial("tcp", r.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	if _, err := io.WriteString(nc, "CONNECT "+at+" HTTP/1.1\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	answer, _ := io.ReadAll(nc)
	if !bytes.HasPrefix(answer, []byte("HTTP/1.1 502 ")) || !bytes.Contains(answer, []byte("connection refused")) {
		t.Errorf("%q", answer)
	}
	if c := only(t, r); c.Failed.Kind != transcript.Refused || !c.Broken() || c.TLS() {
		t.Errorf("%+v", c.Failed)
	}
}

// Through the user's own proxy, which is another relay here.
func TestBehindProxy(t *testing.T) {
	at := tlsServer(t, &tls.Config{})
	outer := start(t, Options{})
	inner := start(t, Options{Proxy: func(string) *url.URL {
		return &url.URL{Scheme: "http", Host: outer.Addr(), User: url.UserPassword("u", "secret")}
	}})
	d, err := proxy.SOCKS5("tcp", inner.Addr(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	nc, err := d.Dial("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	if err := talk(nc, &tls.Config{RootCAs: roots()}); err != nil {
		t.Fatal(err)
	}
	c := only(t, inner)
	if c.Verdict.Result != passive.OK || c.Remote.IsValid() || c.Proxy != "http://"+outer.Addr() {
		t.Errorf("%+v", c)
	}
	only(t, outer)
}

// Nothing is changed on the way, whatever it is.
func TestUntouched(t *testing.T) {
	data := make([]byte, 3<<20)
	_, _ = rand.Read(data)
	data[0] = 0x16 // begins like a handshake and is none
	data[1] = 3
	at := serve(t, func(nc net.Conn) { _, _ = io.Copy(nc, nc); _ = nc.(*net.TCPConn).CloseWrite() })
	r := start(t, Options{Forward: at})
	nc, err := net.Dial("tcp", r.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	var wg sync.WaitGroup
	wg.Go(func() { _, _ = nc.Write(data); _ = nc.(*net.TCPConn).CloseWrite() })
	back, err := io.ReadAll(nc)
	wg.Wait()
	if err != nil || !bytes.Equal(back, data) {
		t.Errorf("%d of %d bytes come back, %v", len(back), len(data), err)
	}
}

// Strangers get an answer or nothing, and no crash.
func TestStrangers(t *testing.T) {
	r := start(t, Options{})
	for _, say := range []string{
		"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "CONNECT : HTTP/1.1\r\n\r\n", "CONNECT a:99999 HTTP/1.1\r\n\r\n", "GET https://example.com/ HTTP/1.1\r\n\r\n",
		"\x05\x00", "\x05\x01\x02", "\x05\x01\x00\x05\x02\x00\x01\x7f\x00\x00\x01\x00\x01", "\x05\x01\x00\x05\x01\x00\x09", "\x05\x01\x00\x05\x01\x00\x03\x00", "\x04\x01", "\x16\x03\x01\x00\x00",
	} {
		nc, err := net.Dial("tcp", r.Addr())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(nc, say)
		_ = nc.(*net.TCPConn).CloseWrite()
		_ = nc.SetDeadline(time.Now().Add(5 * time.Second))
		if _, err := io.Copy(io.Discard, nc); err != nil && !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("%q: %v", say, err)
		}
		_ = nc.Close()
	}
	if _, n := r.Connections(); n != 0 {
		t.Errorf("%d connections are counted", n)
	}
}

// Close does not wait for those who stay.
func TestClose(t *testing.T) {
	at := serve(t, func(nc net.Conn) { _, _ = io.Copy(io.Discard, nc) })
	r, err := Start(context.Background(), Options{Forward: at})
	if err != nil {
		t.Fatal(err)
	}
	var all []net.Conn
	for range 5 {
		nc, err := net.Dial("tcp", r.Addr())
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, nc)
		_, _ = io.WriteString(nc, "word")
	}
	begun := time.Now()
	if err := r.Close(); err != nil || time.Since(begun) > 2*time.Second {
		t.Errorf("%v after %s", err, time.Since(begun))
	}
	for _, nc := range all {
		_ = nc.Close()
	}
	if _, err := Start(context.Background(), Options{Forward: "no port at all:"}); err == nil {
		t.Error("nonsense is taken for a place")
	}
}

func TestSplitHostPort(t *testing.T) {
	for in, want := range map[string]string{
		"a:1": "a 1", "a": "a 443", "[::1]:2": "::1 2", "::1": "::1 443", "[::1]": "::1 443", "a:b": "", "a:0": "", "a:1:2": "", "": "", ":1": "", "a:70000": "",
	} {
		host, port, err := splitHostPort(in, 443)
		got := ""
		if err == nil {
			got = host + " " + (&big.Int{}).SetUint64(uint64(port)).String()
		}
		if got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
