package survey

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tlswhy/tlswhy/internal/lab/oddtls"
	"github.com/tlswhy/tlswhy/internal/probe"
	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

const testHost = "survey.example"

// identity is a self-signed certificate and its key.
type identity struct {
	der []byte
	key crypto.Signer
}

var (
	ecdsaIdentity = sync.OnceValue(func() identity {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		return identify(k, err)
	})
	rsaIdentity = sync.OnceValue(func() identity {
		k, err := rsa.GenerateKey(rand.Reader, 2048)
		return identify(k, err)
	})
)

func identify(k crypto.Signer, err error) identity {
	if err != nil {
		panic(err)
	}
	t := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: testHost}, DNSNames: []string{testHost},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(60 * 24 * time.Hour), KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
	}
	der, err := x509.CreateCertificate(rand.Reader, t, t, k.Public(), k)
	if err != nil {
		panic(err)
	}
	return identity{der, k}
}

func (i identity) tls() tls.Certificate {
	return tls.Certificate{Certificate: [][]byte{i.der}, PrivateKey: i.key}
}

// listen serves each connection with handle until the test ends.
func listen(t *testing.T, handle func(net.Conn)) netip.AddrPort {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var conns sync.WaitGroup
	conns.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			conns.Go(func() {
				defer c.Close()
				_ = c.SetDeadline(time.Now().Add(20 * time.Second))
				handle(c)
			})
		}
	})
	t.Cleanup(func() { l.Close(); conns.Wait() })
	return netip.MustParseAddrPort(l.Addr().String())
}

// serveTLS finishes handshakes and answers one request.
func serveTLS(cfg *tls.Config) func(net.Conn) {
	return func(c net.Conn) {
		s := tls.Server(c, cfg)
		if s.Handshake() != nil {
			return
		}
		b := make([]byte, 4096)
		if n, _ := s.Read(b); n > 0 {
			fmt.Fprintf(s, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nStrict-Transport-Security: max-age=31536000; includeSubDomains\r\nAlt-Svc: h3=\":443\"\r\nConnection: close\r\n\r\n")
		}
		_ = s.Close()
	}
}

// serveOdd is a server of oddtls.
func serveOdd(cfg *oddtls.Config) func(net.Conn) {
	return func(c net.Conn) {
		s, err := oddtls.Server(c, cfg)
		if err != nil {
			return
		}
		_, _ = s.Read(make([]byte, 4096))
	}
}

func survey(t *testing.T, ctx context.Context, addr netip.AddrPort, po probe.Options, o Options) *Survey {
	t.Helper()
	target, err := report.ParseTarget(testHost)
	if err != nil {
		t.Fatal(err)
	}
	o.Connect, o.ConnectPort = addr.Addr().String(), addr.Port()
	if po.Concurrency == 0 {
		po.Concurrency = DefaultConcurrency
	}
	if po.Budget == 0 {
		po.Budget = DefaultBudget
	}
	d, err := Run(ctx, probe.New(po), target, o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// counter counts connections, and how many there were at once at most.
type counter struct{ all, now, most atomic.Int64 }

func (c *counter) of(handle func(net.Conn)) func(net.Conn) {
	return func(nc net.Conn) {
		c.all.Add(1)
		n := c.now.Add(1)
		defer c.now.Add(-1)
		for m := c.most.Load(); n > m && !c.most.CompareAndSwap(m, n); m = c.most.Load() {
		}
		handle(nc)
	}
}

func suiteNames(f transcript.SuiteFacts) []string {
	var out []string
	for _, x := range f.List {
		out = append(out, x.String())
	}
	return out
}

func groupsOf(d *Survey, v wire.Version) []wire.Group {
	var out []wire.Group
	for _, g := range d.Groups {
		if v == wire.VersionTLS13 && g.TLS13 == transcript.Yes || v < wire.VersionTLS13 && g.TLS12 == transcript.Yes {
			out = append(out, g.Group)
		}
	}
	return out
}
