package diagnose

import (
	"bytes"
	"context"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hpke"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/client"
	"github.com/tlswhy/tlswhy/internal/probe"
	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/trust"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// The servers here are those of the standard library: they read encrypted hellos
// by themselves.

const (
	echHost   = "hidden.example"
	echPublic = "public.example"
)

// echPKI issues for the hidden site and, in a chain of its own, for the public
// name.
func echPKI(t testing.TB) (hidden, public tls.Certificate, roots *trust.Store) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	issue := func(ca *x509.Certificate, names ...string) []byte {
		c := &x509.Certificate{
			SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "ECH " + strings.Join(names, " ")},
			NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(90 * 24 * time.Hour),
			DNSNames: names, IsCA: names == nil, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature,
		}
		if c.IsCA {
			c.KeyUsage = x509.KeyUsageCertSign
		}
		if ca == nil {
			ca = c
		}
		der, err := x509.CreateCertificate(rand.Reader, c, ca, key.Public(), key)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	rootDER := issue(nil)
	root, err := x509.ParseCertificate(rootDER)
	if err != nil {
		t.Fatal(err)
	}
	anchor, err := trust.ParseCertificate(rootDER)
	if err != nil {
		t.Fatal(err)
	}
	own := func(name string) tls.Certificate {
		return tls.Certificate{Certificate: [][]byte{issue(root, name)}, PrivateKey: key}
	}
	return own(echHost), own(echPublic), trust.NewStore("ech", "the test's root", anchor)
}

// echKey is a key of a server, and the list to publish for it.
func echKey(t testing.TB, id uint8) (tls.EncryptedClientHelloKey, []byte) {
	t.Helper()
	private, err := hpke.DHKEM(ecdh.X25519()).GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	secret, err := private.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	c := wire.ECHConfig{
		Version: wire.ECHVersion, ConfigID: id, KEM: wire.HPKEKEMDHKEMX25519HKDFSHA256, PublicKey: private.PublicKey().Bytes(),
		Suites: []wire.HPKESuite{{KDF: wire.HPKEKDFHKDFSHA256, AEAD: wire.HPKEAEADAES128GCM}}, PublicName: echPublic,
	}
	raw, err := c.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	list, err := wire.MarshalECHConfigList(c)
	if err != nil {
		t.Fatal(err)
	}
	return tls.EncryptedClientHelloKey{Config: raw, PrivateKey: secret, SendAsRetry: true}, list
}

// shortHellos closes connections whose first record is longer than limit.
type shortHellos struct {
	net.Listener
	limit int
}

type replayed struct {
	net.Conn
	io.Reader
}

func (c replayed) Read(b []byte) (int, error) { return c.Reader.Read(b) }

func (l shortHellos) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		var head [5]byte
		if _, err := io.ReadFull(c, head[:]); err == nil && int(head[3])<<8|int(head[4]) <= l.limit {
			return replayed{c, io.MultiReader(bytes.NewReader(head[:]), c)}, nil
		}
		_ = c.Close()
	}
}

func echServer(t testing.TB, cfg *tls.Config, limit int) netip.AddrPort {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var l net.Listener = ln
	if limit > 0 {
		l = shortHellos{ln, limit}
	}
	s := &http.Server{
		TLSConfig: cfg, ErrorLog: log.New(io.Discard, "", 0), ReadHeaderTimeout: 5 * time.Second,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }),
	}
	go func() { _ = s.ServeTLS(l, "", "") }()
	t.Cleanup(func() { _ = s.Close() })
	return netip.MustParseAddrPort(ln.Addr().String())
}

func TestECH(t *testing.T) {
	hidden, public, roots := echPKI(t)
	key, list := echKey(t, 1)
	current, _ := echKey(t, 2)
	broken, _ := echKey(t, 3) // names a key that it cannot use
	broken.PrivateKey = current.PrivateKey
	unusable, err := wire.MarshalECHConfigList(wire.ECHConfig{Version: 0xfe0a, Raw: []byte{0xfe, 0x0a, 0, 0}})
	if err != nil {
		t.Fatal(err)
	}
	modern, err := client.Get("modern")
	if err != nil {
		t.Fatal(err)
	}
	keys := func(k ...tls.EncryptedClientHelloKey) *tls.Config {
		return &tls.Config{Certificates: []tls.Certificate{hidden, public}, EncryptedClientHelloKeys: k}
	}
	one := func(c tls.Certificate, k ...tls.EncryptedClientHelloKey) *tls.Config {
		return &tls.Config{Certificates: []tls.Certificate{c}, EncryptedClientHelloKeys: k}
	}
	refusing := keys()
	refusing.GetConfigForClient = func(h *tls.ClientHelloInfo) (*tls.Config, error) {
		if h.ServerName == echPublic {
			return nil, errors.New("no such site")
		}
		return nil, nil
	}
	turning := keys()
	var first atomic.Pointer[net.Conn]
	turning.Certificates = turning.Certificates[:1]
	turning.GetEncryptedClientHelloKeys = func(h *tls.ClientHelloInfo) ([]tls.EncryptedClientHelloKey, error) {
		if !slices.Contains(h.Extensions, uint16(wire.ExtEncryptedClientHello)) {
			return []tls.EncryptedClientHelloKey{key}, nil
		}
		if first.CompareAndSwap(nil, &h.Conn) || *first.Load() == h.Conn {
			return []tls.EncryptedClientHelloKey{current}, nil
		}
		return []tls.EncryptedClientHelloKey{key}, nil
	}
	elsewhere := keys(key)
	elsewhere.GetConfigForClient = func(h *tls.ClientHelloInfo) (*tls.Config, error) {
		if slices.Contains(h.Extensions, uint16(wire.ExtEncryptedClientHello)) {
			return one(public, key), nil
		}
		return nil, nil
	}
	for _, c := range []struct {
		name     string
		cfg      *tls.Config
		limit    int // bytes of a hello's record
		list     []byte
		cause    cause.ID // "": none
		blocking bool
		proof    report.ProofKind
		says     string
		note     string
	}{
		{name: "healthy", cfg: keys(key), list: list},
		{name: "healthy among old keys", cfg: keys(current, key), list: list},
		{name: "stale", cfg: keys(current), list: list, cause: cause.ECHRejected, proof: report.ByHandshake, says: "names another key"},
		{name: "not read at all", cfg: keys(), list: list, cause: cause.ECHRejected, proof: report.ByHandshake, says: "does not decrypt hellos"},
		{name: "TLS 1.2", cfg: func() *tls.Config { c := keys(); c.MaxVersion = tls.VersionTLS12; return c }(), list: list, cause: cause.ECHRejected, proof: report.ByHandshake, says: "does not decrypt hellos"},
		{name: "the public name unknown", cfg: one(hidden), list: list, cause: cause.ECHRejected, blocking: true, proof: report.ByHandshake, says: "not valid for the public name " + echPublic},
		{name: "the public name unknown, with retry configs", cfg: one(hidden, current), list: list, cause: cause.ECHRejected, blocking: true, proof: report.ByHandshake, says: "not valid for the public name"},
		{name: "retry configs that fail too", cfg: keys(broken), list: list, cause: cause.ECHRejected, blocking: true, proof: report.ByHandshake, says: "cannot read that one either"},
		{name: "the public name refused", cfg: refusing, list: list, cause: cause.ECHRejected, blocking: true, proof: report.ByHandshake, says: "internal_error"},
		{name: "long hellos dropped", cfg: keys(key), limit: sentSize(modern.BuildHello(client.HelloOptions{ServerName: echHost, HTTP: true})) + 50, list: list, cause: cause.LargeHelloDropped, blocking: true},
		{name: "machines that disagree", cfg: turning, list: list, cause: cause.InconsistentEndpoints, proof: report.ByObservation},
		{name: "another site behind the encryption", cfg: elsewhere, list: list, cause: cause.HostnameMismatch, blocking: true, proof: report.ByVerify, says: "once its hello is encrypted"},
		{name: "no key that can be used", cfg: keys(), list: unusable, note: "does not encrypt its hello"},
	} {
		for _, gentle := range []bool{false, true} {
			t.Run(c.name, func(t *testing.T) {
				first.Store(nil)
				addr := echServer(t, c.cfg, c.limit)
				r := checkECH(t, addr, roots, Options{ECHConfig: c.list, Gentle: gentle})
				root := slices.IndexFunc(r.Findings, func(f report.Finding) bool { return f.Cause == c.cause })
				switch {
				case c.cause == "":
					if len(r.Findings) > 0 || r.Verdict != report.OK {
						t.Fatalf("%s %+v", r.Verdict, r.Findings)
					}
				case root < 0:
					t.Fatalf("no %s in %+v", c.cause, r.Findings)
				default:
					f := r.Findings[root]
					if root > 0 || len(r.Findings) > 1 && r.Findings[1].Cause != cause.TLS13Missing && r.Findings[1].Blocking {
						t.Errorf("findings %+v", r.Findings)
					}
					if f.Blocking != c.blocking || !strings.Contains(f.Detail, c.says) {
						t.Errorf("blocking %v: %s", f.Blocking, f.Detail)
					}
					proofOf(t, r, f, c.proof)
				}
				if notes := strings.Join(r.Notes, "\n"); (c.note == "") != (notes == "") || !strings.Contains(notes, c.note) {
					t.Errorf("notes %q", notes)
				}
			})
		}
	}
}

func checkECH(t *testing.T, addr netip.AddrPort, roots *trust.Store, o Options) *report.Report {
	t.Helper()
	o.Connect, o.Roots, o.NoAIA, o.NoRevocation = addr.Addr().String(), roots, true, true
	name := echHost
	target := report.Target{Host: echHost, Port: addr.Port(), SNI: &name, Service: "http", Path: "/"}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	r, err := Check(ctx, probe.New(probe.Options{}), target, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// proofOf checks that the finding rests on attempts that the report has.
func proofOf(t *testing.T, r *report.Report, f report.Finding, kind report.ProofKind) {
	t.Helper()
	if kind == "" {
		return
	}
	if f.Proof == nil || f.Proof.Kind != kind || f.Confidence != report.Proved {
		t.Fatalf("%s, proof %+v", f.Confidence, f.Proof)
	}
	ids := append([]string{f.Proof.Baseline}, f.Evidence...)
	if kind == report.ByHandshake {
		ids = append(ids, f.Proof.Counterfactual)
	}
	for _, id := range ids {
		i := slices.IndexFunc(r.Handshakes, func(h report.Handshake) bool { return h.ID == id })
		if i < 0 {
			t.Errorf("%q is no handshake of the report", id)
		} else if id == f.Proof.Baseline && kind == report.ByHandshake && r.Handshakes[i].ECH == nil {
			t.Errorf("the baseline %s is not encrypted", id)
		}
	}
}

// TestECHAsksDNS: who asks DNS for keys, and for which name.
func TestECHAsksDNS(t *testing.T) {
	hidden, public, roots := echPKI(t)
	current, _ := echKey(t, 2)
	_, list := echKey(t, 1)
	addr := echServer(t, &tls.Config{Certificates: []tls.Certificate{hidden, public}, EncryptedClientHelloKeys: []tls.EncryptedClientHelloKey{current}}, 0)
	record := `1 ` + echHost + `. alpn="h2,h3" ech="` + base64.StdEncoding.EncodeToString(list) + `"`
	for _, c := range []struct {
		name, as string
		delay    time.Duration
		edit     func(*Options)
		asked    bool
		found    bool
	}{
		{"a browser", "chrome", 0, nil, true, true},
		{"another", "firefox", 0, nil, true, true},
		{"a client that does not", "modern", 0, nil, false, false},
		{"no server name", "chrome", 0, func(o *Options) { o.NoSNI = true }, false, false},
		{"an answer that does not come", "chrome", time.Minute, nil, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			profile, err := client.Get(c.as)
			if err != nil {
				t.Fatal(err)
			}
			try := &withRecords{Tryer: probe.New(probe.Options{}), addr: addr.Addr(), records: []string{record}, delay: c.delay}
			o := Options{Client: profile, Roots: roots, NoAIA: true, NoRevocation: true}
			if c.edit != nil {
				c.edit(&o)
			}
			name := echHost
			began := time.Now()
			r, err := Check(t.Context(), try, report.Target{Host: echHost, Port: addr.Port(), SNI: &name, Service: "http", Path: "/"}, o)
			if err != nil {
				t.Fatal(err)
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("took %s", took)
			}
			want := "_" + strconv.Itoa(int(addr.Port())) + "._https." + echHost
			if asked := try.asked.Load(); c.asked && (asked == nil || *asked != want) || !c.asked && asked != nil {
				t.Errorf("asked for %v, want %q", asked, want)
			}
			found := slices.ContainsFunc(r.Findings, func(f report.Finding) bool { return f.Cause == cause.ECHRejected })
			if found != c.found {
				t.Errorf("findings %+v", r.Findings)
			}
			if found && !strings.Contains(r.Findings[0].Detail, "the HTTPS record of "+want) {
				t.Errorf("%s", r.Findings[0].Detail)
			}
		})
	}
}

// withRecords answers look-ups and leaves the rest to the prober.
type withRecords struct {
	Tryer
	addr    netip.Addr
	records []string
	delay   time.Duration
	asked   atomic.Pointer[string]
}

func (w *withRecords) Try(ctx context.Context, a transcript.Attempt) (*transcript.Transcript, error) {
	if a.Lookup == nil {
		return w.Tryer.Try(ctx, a)
	}
	t := &transcript.Transcript{Attempt: a, Start: time.Now(), Outcome: transcript.Outcome{Kind: transcript.Complete}}
	t.Found = &transcript.Found{Code: "NOERROR"}
	if a.Lookup.Type == "ADDR" {
		t.Found.Addresses = []netip.Addr{w.addr}
		return t, nil
	}
	w.asked.Store(&a.Lookup.Name)
	select {
	case <-time.After(w.delay):
		t.Found.Records = w.records
	case <-ctx.Done():
		t.Found = &transcript.Found{Code: "TIMEOUT"}
		t.Outcome.Kind = transcript.Aborted
	}
	return t, nil
}

func TestPublishedKeys(t *testing.T) {
	for _, c := range []struct {
		name    string
		records []string
		want    string
	}{
		{"the host by its name", []string{`1 Hidden.Example. ech="YQ=="`}, "a"},
		{"none", nil, ""},
		{"no keys", []string{`1 . alpn="h2"`}, ""},
		{"keys", []string{`1 . alpn="h2,h3" ipv4hint="192.0.2.1" ech="YQ=="`}, "a"},
		{"without quotes", []string{`1 . ech=YQ==`}, "a"},
		{"the lowest priority", []string{`2 . ech="Yg=="`, `1 . ech="YQ=="`}, "a"},
		{"the lowest has none", []string{`2 . ech="Yg=="`, `1 . alpn="h2"`}, ""},
		{"an alias", []string{`0 other.example. ech="YQ=="`, `0 .`}, ""},
		{"another endpoint", []string{`1 other.example. ech="Yg=="`, `2 . ech="YQ=="`}, "a"},
		{"no base64", []string{`1 . ech="?"`}, ""},
		{"nonsense", []string{"", "1", "x . ech=YQ==", "-1"}, ""},
	} {
		at := func(name string) *transcript.Transcript {
			return &transcript.Transcript{
				Attempt: transcript.Attempt{Lookup: &transcript.Lookup{Name: name, Type: "HTTPS"}}, Found: &transcript.Found{Records: c.records},
			}
		}
		if got := publishedKeys(at(echHost), echHost); string(got) != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
		named := slices.ContainsFunc(c.records, func(r string) bool { return strings.HasPrefix(r, "1 Hidden") })
		if got := publishedKeys(at("_8443._https."+echHost), echHost); (got != nil) != named {
			t.Errorf("%s, at another port: %q", c.name, got)
		}
	}
	if publishedKeys(&transcript.Transcript{}, echHost) != nil {
		t.Error("keys out of nothing")
	}
}
