package client

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/mlkem"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// TestBuildHelloChangesNothingElse builds each client's hello for the name of
// its capture: but for what has to be fresh, it is the capture.
func TestBuildHelloChangesNothingElse(t *testing.T) {
	for _, p := range All() {
		t.Run(p.ID, func(t *testing.T) {
			before, err := p.Hello.Marshal()
			if err != nil {
				t.Fatal(err)
			}
			h := p.BuildHello(HelloOptions{ServerName: p.Hello.ServerName(), HTTP: true})
			after, err := p.Hello.Marshal()
			if err != nil || !bytes.Equal(before, after) {
				t.Fatal("BuildHello changed the profile's own hello")
			}
			if h.Random != [32]byte{} || !bytes.Equal(h.SessionID, make([]byte, len(p.Hello.SessionID))) {
				t.Error("random or session ID are not blank")
			}
			if !slices.Equal(h.CipherSuites, p.Hello.CipherSuites) || !slices.Equal(types(h), types(p.Hello)) {
				t.Errorf("suites or extensions differ from the capture:\n%v\n%v", types(h), types(p.Hello))
			}
			for i, e := range h.Extensions {
				if e.Type != wire.ExtKeyShare && !bytes.Equal(e.Data, p.Hello.Extensions[i].Data) {
					t.Errorf("%s differs from the capture", e.Type)
				}
			}
			shares := p.Hello.KeyShares()
			for i, s := range h.KeyShares() {
				if s.Group != shares[i].Group {
					t.Errorf("share %d is of %s, in the capture of %s", i, s.Group, shares[i].Group)
				}
				if wire.IsGREASE(uint16(s.Group)) != (len(s.Data) == 1) {
					t.Errorf("share of %s with %d bytes", s.Group, len(s.Data))
				}
			}
			fill(h)
			if got, want := h.Size(), p.Hello.Size(); got != want {
				t.Errorf("%d bytes with fresh shares, %d in the capture", got, want)
			}
		})
	}
}

func types(h *wire.ClientHello) []wire.ExtensionType {
	var out []wire.ExtensionType
	for _, e := range h.Extensions {
		out = append(out, e.Type)
	}
	return out
}

// fill does what the engine does with blank shares, with random bytes but for
// those that a real server looks at.
func fill(h *wire.ClientHello) {
	shares := h.KeyShares()
	if shares == nil {
		return
	}
	for i := range shares {
		if len(shares[i].Data) == 0 {
			shares[i].Data = publicValue(shares[i].Group)
		}
	}
	h.Set(wire.KeyShareExt(shares...))
}

func publicValue(g wire.Group) []byte {
	switch g {
	case wire.GroupX25519:
		b := make([]byte, 32)
		_, _ = rand.Read(b)
		return b
	case wire.GroupSecp256r1:
		return point(elliptic.P256())
	case wire.GroupSecp384r1:
		return point(elliptic.P384())
	case wire.GroupX25519Kyber768Draft00:
		return append(publicValue(wire.GroupX25519), make([]byte, 1184)...)
	case wire.GroupX25519MLKEM768:
		k, err := mlkem.GenerateKey768()
		if err != nil {
			panic(err)
		}
		return append(k.EncapsulationKey().Bytes(), publicValue(wire.GroupX25519)...)
	}
	return nil
}

func point(c elliptic.Curve) []byte {
	k, err := ecdsa.GenerateKey(c, rand.Reader)
	if err != nil {
		panic(err)
	}
	b, err := k.PublicKey.Bytes()
	if err != nil {
		panic(err)
	}
	return b
}

func TestServerNameStandsWhereTheClientPutsIt(t *testing.T) {
	firefox, _ := Get("firefox")
	chrome, _ := Get("chrome")
	plain, _ := Get("tcl-tls")
	for _, c := range []struct {
		p    *Profile
		name string
		want string
	}{
		{firefox, "www.example.org", "www.example.org"},
		{chrome, "www.example.org.", "www.example.org"},
		{chrome, "", ""},
		{chrome, "192.0.2.1", ""},
		{chrome, "2001:db8::1", ""},
		{chrome, strings.Repeat("a", 256), ""},
		{plain, "www.example.org", ""},
	} {
		h := c.p.BuildHello(HelloOptions{ServerName: c.name})
		if got := h.ServerName(); got != c.want {
			t.Errorf("%s for %q sends %q", c.p.ID, c.name, got)
		}
		if _, there := h.Extension(wire.ExtServerName); there != (c.want != "") {
			t.Errorf("%s for %q: server_name there is %v", c.p.ID, c.name, there)
		}
		if at := slices.Index(types(c.p.Hello), wire.ExtServerName); c.want != "" {
			without := func(x wire.ExtensionType) bool { return x == wire.ExtALPN || x == wire.ExtApplicationSettings }
			kept := slices.DeleteFunc(types(c.p.Hello)[:at], without)
			if got := slices.Index(types(h), wire.ExtServerName); got != len(kept) {
				t.Errorf("%s: server_name is extension %d, not %d", c.p.ID, got, len(kept))
			}
		}
	}
}

func TestALPNOnlyForHTTP(t *testing.T) {
	for _, id := range []string{"modern", "chrome", "firefox", "curl-openssl", "go-1.26.8"} {
		p, err := Get(id)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.BuildHello(HelloOptions{HTTP: true}).ALPN(); !slices.Equal(got, []string{"h2", "http/1.1"}) {
			t.Errorf("%s offers %v for HTTP", id, got)
		}
		h := p.BuildHello(HelloOptions{})
		if len(h.ALPN()) != 0 || slices.Contains(types(h), wire.ExtApplicationSettings) {
			t.Errorf("%s offers ALPN or ALPS for a target that speaks no HTTP", id)
		}
	}
}

func TestPaddingFollowsTheClientsRule(t *testing.T) {
	for _, c := range []struct {
		client  string
		largest int // padded hello
	}{
		{"curl-openssl", 515}, // an extension of four bytes where 511 are there
		{"chrome-106", 516},   // one byte more at least
		{"pike-8.0", 519},     // counts without the header
		{"openssl-3.0", 0},    // never pads
	} {
		p, err := Get(c.client)
		if err != nil {
			t.Fatal(err)
		}
		largest := 0
		for n := 1; n < 256; n++ {
			h := p.BuildHello(HelloOptions{ServerName: strings.Repeat("a", n), HTTP: true})
			_, padded := h.Extension(wire.ExtPadding)
			fill(h)
			if padded {
				largest = max(largest, h.Size())
			} else if s := h.Size(); c.largest > 0 && s > 260 && s < 512 {
				t.Errorf("%s sends %d bytes without padding", c.client, s)
			}
			if s := h.Size(); padded && s < 512 {
				t.Errorf("%s pads to %d bytes", c.client, s)
			}
		}
		if largest != c.largest {
			t.Errorf("%s pads to at most %d bytes, not %d", c.client, largest, c.largest)
		}
	}
}

func TestNothingOfAnEarlierSessionIsSent(t *testing.T) {
	p, _ := Get("modern")
	p.Hello.Set(wire.Extension{Type: wire.ExtSessionTicket, Data: []byte("ticket")})
	p.Hello.Set(wire.CookieExt([]byte("cookie")))
	p.Hello.Set(wire.Extension{Type: wire.ExtEarlyData})
	p.Hello.Set(wire.Extension{Type: wire.ExtPreSharedKey, Data: []byte("psk")})
	h := p.BuildHello(HelloOptions{})
	for _, e := range []wire.ExtensionType{wire.ExtCookie, wire.ExtEarlyData, wire.ExtPreSharedKey} {
		if _, ok := h.Extension(e); ok {
			t.Errorf("%s is sent", e)
		}
	}
	if d, ok := h.Extension(wire.ExtSessionTicket); !ok || len(d) != 0 {
		t.Errorf("session_ticket is %q", d)
	}
}

// TestRealServerAnswers sends each client's hello to crypto/tls, which answers
// those of TLS 1.0 and newer with a ServerHello that the client may expect.
func TestRealServerAnswers(t *testing.T) {
	addr := serve(t)
	for _, p := range All() {
		t.Run(p.ID, func(t *testing.T) {
			t.Parallel()
			h := p.BuildHello(HelloOptions{ServerName: "www.example.org", HTTP: true})
			fill(h)
			_, _ = rand.Read(h.Random[:])
			sh, alert := ask(t, addr, h)
			if alert != nil {
				if alert.Description == wire.AlertProtocolVersion && h.MaxVersion() < wire.VersionTLS10 {
					return
				}
				t.Fatalf("the server answers with %s", alert.Description)
			}
			if !h.OffersVersion(sh.Version()) || !slices.Contains(h.CipherSuites, sh.CipherSuite) {
				t.Errorf("the server chose %s and %s", sh.Version(), sh.CipherSuite)
			}
			if h.OffersVersion(wire.VersionTLS13) && sh.Version() != wire.VersionTLS13 {
				t.Errorf("the server chose %s", sh.Version())
			}
		})
	}
}

func serve(t *testing.T) string {
	t.Helper()
	rsaKey, ecKey := testKeys(t)
	cfg := &tls.Config{
		MinVersion: tls.VersionTLS10, // old clients have to be answered
		NextProtos: []string{"h2", "http/1.1"},
		Certificates: []tls.Certificate{
			{Certificate: [][]byte{selfSigned(t, ecKey)}, PrivateKey: ecKey},
			{Certificate: [][]byte{selfSigned(t, rsaKey)}, PrivateKey: rsaKey},
		},
	}
	for _, s := range slices.Concat(tls.CipherSuites(), tls.InsecureCipherSuites()) {
		cfg.CipherSuites = append(cfg.CipherSuites, s.ID)
	}
	return listen(t, cfg)
}

// listen serves handshakes by crypto/tls until the test ends.
func listen(t *testing.T, cfg *tls.Config) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_ = c.SetDeadline(time.Now().Add(10 * time.Second))
				_ = tls.Server(c, cfg).Handshake()
			}()
		}
	}()
	return l.Addr().String()
}

// ask sends a hello and reads the first message of the answer.
func ask(t *testing.T, addr string, h *wire.ClientHello) (*wire.ServerHello, *wire.Alert) {
	t.Helper()
	c, err := net.DialTimeout("tcp", addr, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	msg, err := h.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write(wire.AppendRecords(nil, wire.ContentHandshake, wire.VersionTLS10, msg)); err != nil {
		t.Fatal(err)
	}
	var buf []byte
	for {
		rec, _, err := wire.ParseRecord(buf)
		switch {
		case errors.Is(err, wire.ErrNeedMore):
			chunk := make([]byte, 4096)
			n, err := c.Read(chunk)
			if n == 0 && (errors.Is(err, io.EOF) || err != nil) {
				t.Fatalf("reading the answer: %v", err)
			}
			buf = append(buf, chunk[:n]...)
			continue
		case err != nil:
			t.Fatal(err)
		}
		if rec.Type == wire.ContentAlert {
			a, ok := wire.ParseAlert(rec.Payload)
			if !ok {
				t.Fatal("malformed alert")
			}
			return nil, &a
		}
		m := rec.Payload
		n := int(m[1])<<16 | int(m[2])<<8 | int(m[3])
		sh, err := wire.ParseServerHello(m[4 : 4+n])
		if err != nil {
			t.Fatal(err)
		}
		return sh, nil
	}
}

func selfSigned(t *testing.T, key any, change ...func(*x509.Certificate)) []byte {
	t.Helper()
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "www.example.org"}, DNSNames: []string{"www.example.org"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	for _, f := range change {
		f(tmpl)
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.(interface{ Public() crypto.PublicKey }).Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// FuzzBuildHello: whatever the name, the hello can be built, read again, and
// carries the name or none.
func FuzzBuildHello(f *testing.F) {
	for _, name := range []string{"", ".", "..", "www.example.org", "xn--bcher-kva.example.", "192.0.2.1", "[2001:db8::1]", "fe80::1%eth0", "a\x00b", "*.example.org", "münchen.example", strings.Repeat("x", 255), strings.Repeat("y.", 40000)} {
		f.Add(name, uint16(len(name)), true)
	}
	ids := IDs()
	f.Fuzz(func(t *testing.T, name string, which uint16, http bool) {
		p, err := Get(ids[int(which)%len(ids)])
		if err != nil {
			t.Fatal(err)
		}
		h := p.BuildHello(HelloOptions{ServerName: name, HTTP: http})
		b, err := h.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		again, err := wire.ParseClientHello(b[4:])
		if err != nil {
			t.Fatal(err)
		}
		if got := again.ServerName(); got != "" && got != strings.TrimSuffix(name, ".") {
			t.Errorf("%q became %q", name, got)
		}
	})
}
