package lab

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// The lab of the tests serves all of them: an endpoint has to keep serving.
var shared = sync.OnceValues(func() (*Lab, error) {
	return Start(context.Background(), Options{Slowness: 400 * time.Millisecond})
})

const (
	// patience is how long something is waited for that has to come.
	patience = 20 * time.Second
	// silence is how long nothing has to come to count as nothing.
	silence = 700 * time.Millisecond
)

func TestMain(m *testing.M) {
	code := m.Run()
	if l, err := shared(); err == nil {
		l.Close()
	}
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

func running(t testing.TB) *Lab {
	t.Helper()
	l, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func endpoint(t testing.TB, name string) Endpoint {
	t.Helper()
	l := running(t)
	e, ok := l.Endpoint(name)
	if !ok {
		for _, s := range l.Skipped() {
			if s.Name == name {
				t.Skipf("this machine cannot have it: %s", s.Why)
			}
		}
		t.Fatalf("no endpoint %q", name)
	}
	return e
}

func TestCatalogue(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range Catalogue() {
		switch {
		case seen[s.Name]:
			t.Errorf("%s: twice", s.Name)
		case s.Cause != "" && !s.Cause.Valid():
			t.Errorf("%s: no cause %q", s.Name, s.Cause)
		case s.Cause == "" && (s.Fails || s.Step != cause.StepUnknown):
			t.Errorf("%s: healthy, and fails", s.Name)
		case s.Cause != "" && s.Step == cause.StepUnknown:
			t.Errorf("%s: no step", s.Name)
		case !strings.HasSuffix(s.Title, "."):
			t.Errorf("%s: title is no sentence: %q", s.Name, s.Title)
		}
		for _, a := range s.Also {
			if !a.Valid() || a == s.Cause {
				t.Errorf("%s: also %q", s.Name, a)
			}
		}
		seen[s.Name] = true
	}
}

func TestStartedEndpointsAreUsable(t *testing.T) {
	for _, e := range running(t).Endpoints() {
		if _, _, err := net.SplitHostPort(e.Addr); err != nil {
			t.Errorf("%s: address %q", e.Name, e.Addr)
		}
		if !strings.HasPrefix(e.Command, "tlswhy ") || !strings.Contains(e.Command, "--ca-file") {
			t.Errorf("%s: command %q", e.Name, e.Command)
		}
	}
}

func TestOnlyAndBasePort(t *testing.T) {
	base := freePort(t)
	l, err := Start(t.Context(), Options{Only: []string{"expired", "silent"}, BasePort: base})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if n := len(l.Endpoints()); n != 2 {
		t.Fatalf("%d endpoints, want 2", n)
	}
	plan, _ := planPorts(base)
	if e, _ := l.Endpoint("expired"); e.Addr != fmt.Sprintf("127.0.0.1:%d", plan["expired"]) {
		t.Errorf("expired at %s, planned %d", e.Addr, plan["expired"])
	}
}

// freePort finds a base below which no listener of ours stands; ephemeral ports
// lie far above.
func freePort(t *testing.T) int {
	t.Helper()
	for base := 21000; base < 30000; base += 500 {
		ln, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", base))
		if err == nil {
			ln.Close()
			return base
		}
	}
	t.Fatal("no free port")
	return 0
}

func TestStartRefuses(t *testing.T) {
	for name, o := range map[string]Options{
		"unknown endpoint":     {Only: []string{"no-such-thing"}},
		"address not loopback": {Addr: "0.0.0.0"},
		"no address":           {Addr: "localhost"},
		"port out of range":    {BasePort: 65500},
		"negative port":        {BasePort: -1},
		"missing directory":    {Dir: "/nonexistent/dir", Only: []string{"expired"}},
	} {
		if l, err := Start(t.Context(), o); err == nil {
			l.Close()
			t.Errorf("%s: no error", name)
		}
	}
}

func TestContextClosesTheLab(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	l, err := Start(ctx, Options{Only: []string{"silent"}})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("tcp", l.Endpoints()[0].Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	cancel()
	c.SetReadDeadline(time.Now().Add(5 * time.Second))
	if _, err := c.Read(make([]byte, 1)); err == nil || os.IsTimeout(err) {
		t.Errorf("connection still open after the context ended: %v", err)
	}
	l.Close()
	if _, err := os.Stat(l.CAFile()); !os.IsNotExist(err) {
		t.Error("the private directory is still there")
	}
}

// roots reads the CA file as a client does.
func roots(t testing.TB) *x509.CertPool {
	t.Helper()
	pem, err := os.ReadFile(running(t).CAFile())
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		t.Fatal("no certificate in the CA file")
	}
	return pool
}

// shake runs a handshake, a request and reads the answer.
func shake(t testing.TB, e Endpoint, change func(*tls.Config)) (tls.ConnectionState, string, error) {
	t.Helper()
	cfg := &tls.Config{ServerName: e.Host, RootCAs: roots(t)}
	if change != nil {
		change(cfg)
	}
	raw, err := net.DialTimeout("tcp", e.Addr, patience)
	if err != nil {
		return tls.ConnectionState{}, "", err
	}
	defer raw.Close()
	raw.SetDeadline(time.Now().Add(patience))
	c := tls.Client(raw, cfg)
	if err := c.Handshake(); err != nil {
		return tls.ConnectionState{}, "", err
	}
	fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", e.Host)
	var sb strings.Builder
	buf := make([]byte, 4096)
	for {
		n, err := c.Read(buf)
		sb.Write(buf[:n])
		if err != nil {
			if err.Error() == "EOF" {
				err = nil
			}
			return c.ConnectionState(), sb.String(), err
		}
	}
}

func TestHealthyEndpointsWork(t *testing.T) {
	for _, e := range running(t).Endpoints() {
		if e.Cause != "" || e.Target != e.Host {
			continue
		}
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			_, page, err := shake(t, e, func(c *tls.Config) { c.Certificates = clientCert(t, e) })
			if err != nil || !strings.HasPrefix(page, "HTTP/1.1 200 ") {
				t.Errorf("%v, page %q", err, page)
			}
		})
	}
}

// clientCert loads what the endpoint's arguments name.
func clientCert(t testing.TB, e Endpoint) []tls.Certificate {
	t.Helper()
	var cert, key string
	for i, a := range e.Args {
		switch a {
		case "--cert":
			cert = e.Args[i+1]
		case "--key":
			key = e.Args[i+1]
		}
	}
	if cert == "" {
		return nil
	}
	c, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	return []tls.Certificate{c}
}

func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		l, err := Start(b.Context(), Options{})
		if err != nil {
			b.Fatal(err)
		}
		if err := l.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func TestIPv6(t *testing.T) {
	l, err := Start(t.Context(), Options{Addr: "::1", Slowness: time.Millisecond})
	if err != nil {
		if strings.Contains(err.Error(), "cannot assign") {
			t.Skip("no IPv6 on this machine")
		}
		t.Fatal(err)
	}
	defer l.Close()
	for _, name := range []string{"healthy", "healthy-old-versions", "slow", "refused", "timeout", "proxy"} {
		e, ok := l.Endpoint(name)
		if !ok || !strings.HasPrefix(e.Addr, "[::1]:") || !strings.Contains(e.Command, "[::1]") {
			t.Errorf("%s: %+v", name, e)
		}
	}
	c, err := tls.Dial("tcp", mustEndpoint(t, l, "healthy").Addr, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
}

func mustEndpoint(t *testing.T, l *Lab, name string) Endpoint {
	t.Helper()
	e, ok := l.Endpoint(name)
	if !ok {
		t.Fatalf("no %s", name)
	}
	return e
}
