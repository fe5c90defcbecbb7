package probe_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tlswhy/tlswhy/internal/probe"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var serverCert = sync.OnceValue(func() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "www.example.test"}, DNSNames: []string{"www.example.test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		panic(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
})

func hello() *wire.ClientHello {
	return &wire.ClientHello{
		LegacyVersion: wire.VersionTLS12, SessionID: make([]byte, 32),
		CipherSuites:       []wire.CipherSuite{wire.TLS_AES_128_GCM_SHA256, wire.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256},
		CompressionMethods: []wire.CompressionMethod{wire.CompressionNull},
		Extensions: []wire.Extension{
			wire.ServerNameExt("www.example.test"), wire.SupportedGroupsExt(wire.GroupX25519), wire.ECPointFormatsExt(),
			wire.SignatureAlgorithmsExt(wire.SigECDSASecp256r1SHA256), wire.SupportedVersionsExt(wire.VersionTLS13, wire.VersionTLS12),
			wire.KeyShareExt(wire.KeyShare{Group: wire.GroupX25519}), wire.ExtendedMasterSecretExt(), wire.RenegotiationInfoExt(nil),
		},
	}
}

func httpsServer(t testing.TB) netip.AddrPort {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "hello %s", r.Host)
	}))
	s.TLS = &tls.Config{Certificates: []tls.Certificate{serverCert()}}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return netip.MustParseAddrPort(s.Listener.Addr().String())
}

// listen runs serve for each connection to a loopback port.
func listen(t testing.TB, serve func(net.Conn)) netip.AddrPort {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { defer c.Close(); serve(c) })
		}
	})
	t.Cleanup(func() { l.Close(); wg.Wait() })
	return netip.MustParseAddrPort(l.Addr().String())
}

func handshake(a netip.AddrPort) *transcript.Handshake {
	return &transcript.Handshake{Address: a, Host: "www.example.test", Port: 443, Hello: hello(), Wait: 5 * time.Second}
}

func try(t testing.TB, p *probe.Prober, h *transcript.Handshake) *transcript.Transcript {
	t.Helper()
	tr, err := p.Try(t.Context(), transcript.Attempt{Handshake: h})
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func TestHealthyServer(t *testing.T) {
	p := probe.New(probe.Options{})
	h := handshake(httpsServer(t))
	h.Depth = transcript.DepthRequest
	tr := try(t, p, h)
	if tr.Outcome.Kind != transcript.Complete || tr.Response == nil || tr.Response.Status != 200 || string(tr.Response.Body) != "hello www.example.test" {
		t.Fatalf("%+v %+v", tr.Outcome, tr.Response)
	}
	if tr.ID != "h1" || tr.Times.Connect <= 0 || tr.Times.Total < tr.Times.Handshake || tr.Local.Port() == 0 || tr.HelloAcked != transcript.Yes {
		t.Errorf("%+v", tr)
	}
	if p.Connections() != 1 {
		t.Errorf("%d connections", p.Connections())
	}
}

func TestConnectionOutcomes(t *testing.T) {
	reset := func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0) }
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := netip.MustParseAddrPort(l.Addr().String())
	l.Close()
	hold := func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }
	for name, tc := range map[string]struct {
		addr  netip.AddrPort
		plain []byte
		kind  transcript.Kind
		acked transcript.Tri
	}{
		"nobody listens":     {addr: closed, kind: transcript.Refused},
		"reset at once":      {addr: listen(t, reset), plain: []byte{}, kind: transcript.Reset},
		"reset after hello":  {addr: listen(t, func(c net.Conn) { _, _ = c.Read(make([]byte, 1)); reset(c) }), kind: transcript.Reset, acked: transcript.Yes},
		"closed after hello": {addr: listen(t, func(c net.Conn) { _, _ = c.Read(make([]byte, 4096)) }), kind: transcript.Closed, acked: transcript.Yes},
		"silent":             {addr: listen(t, hold), kind: transcript.Silent, acked: transcript.Yes},
		"heard out":          {addr: listen(t, hold), plain: []byte{}, kind: transcript.Silent},
		"speaks SSH":         {addr: listen(t, func(c net.Conn) { _, _ = io.WriteString(c, "SSH-2.0-OpenSSH_9.2\r\n"); hold(c) }), kind: transcript.NotTLS, acked: transcript.Yes},
		"HTTP to plain": {addr: listen(t, func(c net.Conn) {
			_, _ = c.Read(make([]byte, 4096))
			_, _ = io.WriteString(c, "HTTP/1.1 302 Found\r\nLocation: /y\r\nContent-Length: 0\r\n\r\n")
		}), plain: []byte("GET / HTTP/1.0\r\n\r\n"), kind: transcript.NotTLS, acked: transcript.Yes},
	} {
		t.Run(name, func(t *testing.T) {
			h := handshake(tc.addr)
			h.Wait = 500 * time.Millisecond
			if tc.plain != nil {
				h.Hello, h.Plain = nil, tc.plain
			}
			tr := try(t, probe.New(probe.Options{}), h)
			if tr.Outcome.Kind != tc.kind {
				t.Fatalf("got %+v", tr.Outcome)
			}
			if tr.HelloAcked != tc.acked {
				t.Errorf("acknowledged: %v", tr.HelloAcked)
			}
			if name == "HTTP to plain" && (tr.Response == nil || tr.Response.Status != 302) {
				t.Errorf("response %+v", tr.Response)
			}
		})
	}
}

func TestBudget(t *testing.T) {
	addr := httpsServer(t)
	p := probe.New(probe.Options{Budget: 3})
	for i := range 5 {
		_, err := p.Try(t.Context(), transcript.Attempt{Handshake: handshake(addr)})
		if want := i >= 3; errors.Is(err, probe.ErrBudget) != want {
			t.Errorf("attempt %d: %v", i, err)
		}
	}
	if p.Connections() != 3 {
		t.Errorf("%d connections", p.Connections())
	}
}

func TestConcurrencyIsBounded(t *testing.T) {
	for _, tc := range []struct {
		o    probe.Options
		want int32
	}{{probe.Options{Concurrency: 3}, 3}, {probe.Options{Gentle: true}, 1}} {
		var now, most atomic.Int32
		addr := listen(t, func(c net.Conn) {
			n := now.Add(1)
			defer now.Add(-1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
			_, _ = c.Read(make([]byte, 4096))
			time.Sleep(20 * time.Millisecond)
		})
		p := probe.New(tc.o)
		var wg sync.WaitGroup
		for range 12 {
			wg.Go(func() { _, _ = p.Try(t.Context(), transcript.Attempt{Handshake: handshake(addr)}) })
		}
		wg.Wait()
		// The server may notice the end of one connection after the beginning of the next.
		if got := most.Load(); got > tc.want+1 {
			t.Errorf("%d at once, want %d", got, tc.want)
		}
	}
}

func TestRate(t *testing.T) {
	addr := httpsServer(t)
	p := probe.New(probe.Options{Rate: 20})
	start := time.Now()
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() { _, _ = p.Try(t.Context(), transcript.Attempt{Handshake: handshake(addr)}) })
	}
	wg.Wait()
	if d := time.Since(start); d < 190*time.Millisecond {
		t.Errorf("five connections at 20 a second took %v", d)
	}
}

func TestCancellation(t *testing.T) {
	addr := listen(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	p := probe.New(probe.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	start := time.Now()
	h := handshake(addr)
	h.Wait = 0
	tr, err := p.Try(ctx, transcript.Attempt{Handshake: h})
	if err != nil || tr.Outcome.Kind != transcript.Aborted || time.Since(start) > time.Second {
		t.Fatalf("%+v %v after %v", tr, err, time.Since(start))
	}
	if _, err := p.Try(ctx, transcript.Attempt{Handshake: h}); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that has ended: %v", err)
	}
}

func TestTimeoutBoundsADrip(t *testing.T) {
	addr := listen(t, func(c net.Conn) {
		_, _ = c.Read(make([]byte, 4096))
		for _, b := range []byte("\x16\x03\x03\x40\x00\x02\x00\x3f\xfc\x03\x03aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa") {
			if _, err := c.Write([]byte{b}); err != nil {
				return
			}
			time.Sleep(30 * time.Millisecond)
		}
	})
	p := probe.New(probe.Options{Timeout: 300 * time.Millisecond})
	start := time.Now()
	h := handshake(addr)
	tr := try(t, p, h)
	if tr.Outcome.Kind != transcript.Silent || time.Since(start) > time.Second {
		t.Fatalf("%+v after %v", tr.Outcome, time.Since(start))
	}
}

func TestGuard(t *testing.T) {
	no := errors.New("not a public address")
	p := probe.New(probe.Options{LocalGuard: func(a netip.Addr) error {
		if a.IsLoopback() {
			return no
		}
		return nil
	}})
	addr := httpsServer(t)
	for name, a := range map[string]transcript.Attempt{
		"handshake": {Handshake: handshake(addr)},
		"mapped":    {Handshake: handshake(netip.AddrPortFrom(netip.AddrFrom16(addr.Addr().As16()), addr.Port()))},
		"proxy":     {Handshake: &transcript.Handshake{Host: "example.test", Port: 443, Hello: hello(), Proxy: "http://" + addr.String()}},
		"fetch":     {Fetch: &transcript.Fetch{URL: "https://" + addr.String() + "/"}},
		"by name":   {Fetch: &transcript.Fetch{URL: fmt.Sprintf("http://localhost:%d/", addr.Port())}},
	} {
		if _, err := p.Try(t.Context(), a); !errors.Is(err, no) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if p.Connections() != 0 {
		t.Errorf("%d connections", p.Connections())
	}
}
