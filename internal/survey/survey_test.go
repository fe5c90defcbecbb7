package survey

import (
	"context"
	"crypto/tls"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/tlswhy/tlswhy/internal/lab/oddtls"
	"github.com/tlswhy/tlswhy/internal/probe"
	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// What crypto/tls was told to accept is what is found.
func TestSurveyOfCryptoTLS(t *testing.T) {
	var n counter
	addr := listen(t, n.of(serveTLS(&tls.Config{
		Certificates: []tls.Certificate{ecdsaIdentity().tls(), rsaIdentity().tls()},
		MinVersion:   tls.VersionTLS11,
		CipherSuites: []uint16{
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
			tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, tls.TLS_RSA_WITH_AES_256_CBC_SHA,
		},
		CurvePreferences: []tls.CurveID{tls.X25519, tls.CurveP384, tls.X25519MLKEM768},
		NextProtos:       []string{"imap", "http/1.1"},
	})))
	d := survey(t, t.Context(), addr, probe.Options{}, Options{})
	if !d.Complete || d.Gentle {
		t.Errorf("complete %t, gentle %t, notes %q", d.Complete, d.Gentle, d.Notes)
	}
	if d.Connections != int(n.all.Load()) {
		t.Errorf("%d connections reported, %d made", d.Connections, n.all.Load())
	}
	if m := n.most.Load(); m > DefaultConcurrency {
		t.Errorf("%d connections at once", m)
	}
	if want := []wire.Version{wire.VersionTLS13, wire.VersionTLS12, wire.VersionTLS11}; !slices.Equal(d.Versions, want) {
		t.Errorf("versions %v, want %v", d.Versions, want)
	}
	got := map[string][]string{}
	for v, f := range d.Suites {
		got[v] = slices.Sorted(slices.Values(suiteNames(f)))
		if f.Order != transcript.ServerOrder {
			t.Errorf("%s: the order is the %s's", v, f.Order)
		}
	}
	if diff := cmp.Diff(map[string][]string{
		"TLS 1.3": {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"},
		"TLS 1.2": {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "TLS_RSA_WITH_AES_256_CBC_SHA"},
		"TLS 1.1": {"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "TLS_RSA_WITH_AES_256_CBC_SHA"},
	}, got); diff != "" {
		t.Errorf("suites, -want +got:\n%s", diff)
	}
	groups := groupsOf(d, wire.VersionTLS13)
	slices.Sort(groups)
	if want := []wire.Group{wire.GroupSecp384r1, wire.GroupX25519, wire.GroupX25519MLKEM768}; !slices.Equal(groups, want) {
		t.Errorf("groups of TLS 1.3 %v, want %v", groups, want)
	}
	if want := []string{"imap", "http/1.1"}; !slices.Equal(d.ALPN, want) || d.ALPNRefuses != transcript.Yes {
		t.Errorf("ALPN %v, refuses %s", d.ALPN, d.ALPNRefuses)
	}
	if len(d.Certificates) != 2 {
		t.Errorf("%d certificates", len(d.Certificates))
	}
	f := d.Features
	for name, x := range map[string]transcript.Tri{
		"secure renegotiation": f.SecureRenegotiation, "EMS": f.ExtendedMasterSecret, "tickets": f.SessionTickets,
		"fallback": f.FallbackSCSV, "resumption by PSK": f.ResumptionPSK, "by ticket": f.ResumptionTicket, "sentinel": f.DowngradeSentinel,
		"retry": f.HelloRetry, "GREASE": f.Tolerates.GREASE, "large": f.Tolerates.Large, "hybrid": f.Tolerates.HybridShare,
	} {
		if x != transcript.Yes {
			t.Errorf("%s: %s", name, x)
		}
	}
	if f.ClientCertificate != "none" || f.NoName != "same" || f.OtherName != "same" || f.Compression != transcript.No {
		t.Errorf("features %+v", f)
	}
	if d.HTTP == nil || d.HTTP.HSTS == nil || d.HTTP.HSTS.MaxAge != 31536000 || !d.HTTP.HSTS.IncludeSubDomains || d.HTTP.AltSvc == "" {
		t.Errorf("HTTP %+v", d.HTTP)
	}
}

// An order of nobody's, weak suites, and a small group: as configured.
func TestSurveyOfAnOddServer(t *testing.T) {
	id := rsaIdentity()
	suites := []wire.CipherSuite{
		wire.TLS_RSA_WITH_RC4_128_SHA, wire.TLS_DHE_RSA_WITH_AES_128_CBC_SHA, wire.TLS_RSA_WITH_3DES_EDE_CBC_SHA,
		wire.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA, wire.TLS_RSA_WITH_NULL_SHA, wire.TLS_DH_anon_WITH_AES_128_CBC_SHA, wire.TLS_RSA_EXPORT_WITH_RC4_40_MD5,
	}
	addr := listen(t, serveOdd(&oddtls.Config{
		Versions: []wire.Version{wire.VersionTLS12, wire.VersionTLS10, wire.VersionSSL30}, Suites: suites, SSL2: true,
		Groups: []wire.Group{wire.GroupSecp521r1, wire.GroupBrainpoolP256r1, wire.GroupSecp256r1}, DH: oddtls.DH512(),
		Chain: [][]byte{id.der}, Key: id.key, NoRenegotiationInfo: true,
	}))
	d := survey(t, t.Context(), addr, probe.Options{}, Options{})
	if want := []wire.Version{wire.VersionTLS12, wire.VersionTLS10, wire.VersionSSL30, wire.VersionSSL20}; !slices.Equal(d.Versions, want) {
		t.Errorf("versions %v, want %v", d.Versions, want)
	}
	for _, v := range []string{"TLS 1.2", "TLS 1.0"} {
		want := suites
		if v == "TLS 1.2" { // oddtls follows RFC 4346, Appendix A.5
			want = suites[:len(suites)-1]
		}
		if got := d.Suites[v]; !slices.Equal(got.List, want) || got.Order != transcript.ServerOrder || !got.Complete {
			t.Errorf("%s: %s %v", v, got.Order, suiteNames(got))
		}
	}
	if got, want := groupsOf(d, wire.VersionTLS12), []wire.Group{wire.GroupSecp521r1, wire.GroupBrainpoolP256r1, wire.GroupSecp256r1}; !slices.Equal(got, want) {
		t.Errorf("groups %v, want %v", got, want)
	}
	if len(d.DH) != 1 || d.DH[0].Bits != 512 {
		t.Errorf("DH %+v", d.DH)
	}
	if d.Features.SecureRenegotiation != transcript.No {
		t.Errorf("secure renegotiation: %s", d.Features.SecureRenegotiation)
	}
	for _, a := range d.Answers {
		if a.Version == wire.VersionTLS11 && (a.Accepted || a.Outcome != "TLS 1.0") {
			t.Errorf("TLS 1.1: %+v", a)
		}
	}
}

// busy serves one connection at a time and resets those that come meanwhile, as
// small devices do.
func busy(handle func(net.Conn)) func(net.Conn) {
	var taken atomic.Bool
	return func(c net.Conn) {
		if !taken.CompareAndSwap(false, true) {
			_ = c.(*net.TCPConn).SetLinger(0)
			_ = c.Close()
			return
		}
		defer taken.Store(false)
		handle(c)
	}
}

// A server that serves one connection at a time is noticed, asked gently, and
// surveyed as well as any other.
func TestOneAtATime(t *testing.T) {
	cfg := &tls.Config{Certificates: []tls.Certificate{rsaIdentity().tls()}}
	want := survey(t, t.Context(), listen(t, serveTLS(cfg)), probe.Options{}, Options{})
	d := survey(t, t.Context(), listen(t, busy(serveTLS(cfg))), probe.Options{}, Options{})
	if !d.Gentle || !d.Complete || !slices.ContainsFunc(d.Notes, func(n string) bool { return strings.Contains(n, "one thing at a time") }) {
		t.Errorf("gentle %t, complete %t, notes %q", d.Gentle, d.Complete, d.Notes)
	}
	if diff := cmp.Diff(want.Suites, d.Suites); diff != "" {
		t.Errorf("suites, -want +got:\n%s", diff)
	}
	if diff := cmp.Diff(want.Versions, d.Versions); diff != "" {
		t.Errorf("versions, -want +got:\n%s", diff)
	}
}

// A server that takes no more connections ends the survey, which says so.
func TestRefusingInTheMidst(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serve := serveTLS(&tls.Config{Certificates: []tls.Certificate{ecdsaIdentity().tls()}})
	var conns sync.WaitGroup
	conns.Go(func() {
		for n := 0; n < 40; n++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			conns.Go(func() { defer c.Close(); _ = c.SetDeadline(time.Now().Add(10 * time.Second)); serve(c) })
		}
		l.Close()
	})
	t.Cleanup(func() { l.Close(); conns.Wait() })
	began := time.Now()
	d := survey(t, t.Context(), l.Addr().(*net.TCPAddr).AddrPort(), probe.Options{}, Options{})
	if d.Complete || !slices.ContainsFunc(d.Notes, func(n string) bool { return strings.Contains(n, "no more connections") }) {
		t.Errorf("complete %t, notes %q", d.Complete, d.Notes)
	}
	if len(d.Versions) == 0 {
		t.Error("what was seen is lost")
	}
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestBudgetEndsTheSurvey(t *testing.T) {
	addr := listen(t, serveTLS(&tls.Config{Certificates: []tls.Certificate{ecdsaIdentity().tls()}}))
	d := survey(t, t.Context(), addr, probe.Options{Budget: 20}, Options{})
	if d.Connections != 20 || d.Complete || !slices.ContainsFunc(d.Notes, func(n string) bool { return strings.Contains(n, "budget") }) {
		t.Errorf("%d connections, complete %t, notes %q", d.Connections, d.Complete, d.Notes)
	}
}

// The end of the context ends the survey at once, with what is known.
func TestCancelled(t *testing.T) {
	addr := listen(t, func(c net.Conn) { _, _ = c.Read(make([]byte, 1)); time.Sleep(50 * time.Millisecond) })
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	target, err := report.ParseTarget(addr.String())
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	d, err := Run(ctx, probe.New(probe.Options{Budget: -1}), target, Options{})
	if err == nil || d == nil || d.Complete {
		t.Errorf("%v, %+v", err, d)
	}
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("it took %s", took)
	}
}

// What is no TLS server at all: nothing accepted, and a hint.
func TestNothingThere(t *testing.T) {
	addr := listen(t, func(c net.Conn) {
		_, _ = c.Read(make([]byte, 512))
		_, _ = c.Write([]byte("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"))
	})
	d := survey(t, t.Context(), addr, probe.Options{}, Options{})
	if len(d.Versions) != 0 || !slices.ContainsFunc(d.Notes, func(n string) bool { return strings.Contains(n, "tells why") }) {
		t.Errorf("versions %v, notes %q", d.Versions, d.Notes)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	d = survey(t, t.Context(), l.Addr().(*net.TCPAddr).AddrPort(), probe.Options{}, Options{})
	if len(d.Versions) != 0 || d.Complete || len(d.Notes) == 0 {
		t.Errorf("a closed port: versions %v, complete %t, notes %q", d.Versions, d.Complete, d.Notes)
	}
}

func TestParseHSTS(t *testing.T) {
	for in, want := range map[string]*HSTS{
		"max-age=31536000": {MaxAge: 31536000},
		"max-age=0":        {},
		`MAX-AGE="63072000" ; includeSubDomains; preload`: {MaxAge: 63072000, IncludeSubDomains: true, Preload: true},
		"includeSubDomains":            nil,
		"max-age=-1":                   nil,
		"max-age=99999999999999999999": nil,
		"max-age=1; unknown=2;;":       {MaxAge: 1},
		"":                             nil,
	} {
		if diff := cmp.Diff(want, parseHSTS(in)); diff != "" {
			t.Errorf("%q, -want +got:\n%s", in, diff)
		}
	}
}

func TestTLSAMatches(t *testing.T) {
	leaf, other := ecdsaIdentity().der, rsaIdentity().der
	chain := [][]byte{leaf, other}
	for record, want := range map[string]bool{
		"3 0 0 " + tlsaData(leaf, 0, 0):  true,
		"3 1 1 " + tlsaData(leaf, 1, 1):  true,
		"1 0 2 " + tlsaData(leaf, 0, 2):  true,
		"3 1 1 " + tlsaData(other, 1, 1): false, // of the CA
		"2 1 1 " + tlsaData(other, 1, 1): true,
		"3 9 1 " + tlsaData(leaf, 0, 1):  true, // an unknown selector is read as 0
		"3 1 9 00":                       false,
		"nonsense":                       false,
	} {
		if got := tlsaMatches([]string{record}, chain); got != want {
			t.Errorf("%s: %t", record, got)
		}
	}
}

// A server that wants a post-quantum group and nothing else is found to.
func TestHybridOnly(t *testing.T) {
	addr := listen(t, serveTLS(&tls.Config{
		Certificates: []tls.Certificate{ecdsaIdentity().tls()}, CurvePreferences: []tls.CurveID{tls.X25519MLKEM768},
		MinVersion: tls.VersionTLS13,
	}))
	d := survey(t, t.Context(), addr, probe.Options{}, Options{})
	if got := groupsOf(d, wire.VersionTLS13); !slices.Equal(d.Versions, []wire.Version{wire.VersionTLS13}) || !slices.Equal(got, []wire.Group{wire.GroupX25519MLKEM768}) {
		t.Errorf("versions %v, groups %v", d.Versions, got)
	}
	if len(d.SignatureAlgorithms) != 1 || d.Features.Tolerates.GREASE != transcript.Yes {
		t.Errorf("schemes %v, GREASE %s", d.SignatureAlgorithms, d.Features.Tolerates.GREASE)
	}
}

// Nothing is waited for longer than it takes to see that nobody answers.
func TestSilentServer(t *testing.T) {
	addr := listen(t, func(c net.Conn) { _, _ = c.Read(make([]byte, 1<<14)); _, _ = c.Read(make([]byte, 1)) })
	began := time.Now()
	d := survey(t, t.Context(), addr, probe.Options{}, Options{})
	if d.Complete || len(d.Versions) != 0 || !slices.Contains(d.Notes, "nothing answers a hello") {
		t.Errorf("complete %t, notes %q", d.Complete, d.Notes)
	}
	if took := time.Since(began); took > 25*time.Second {
		t.Errorf("it took %s", took)
	}
}

// The names that trust has for curves are those that wire reads.
func TestCurvesHaveGroups(t *testing.T) {
	for name, want := range map[string]wire.Group{"P-256": wire.GroupSecp256r1, "P-384": wire.GroupSecp384r1, "P-521": wire.GroupSecp521r1, "secp256k1": wire.GroupSecp256k1, "brainpoolP256r1": wire.GroupBrainpoolP256r1} {
		if got, ok := wire.ParseGroup(name); !ok || got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// The curves of a server that knows nothing newer than TLS 1.0 are found too.
func TestCurvesOfAnOldServer(t *testing.T) {
	id := rsaIdentity()
	want := []wire.Group{wire.GroupSecp384r1, wire.GroupSecp256r1}
	addr := listen(t, serveOdd(&oddtls.Config{
		Versions: []wire.Version{wire.VersionTLS10}, Suites: []wire.CipherSuite{wire.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, wire.TLS_RSA_WITH_AES_128_CBC_SHA},
		Groups: want, Chain: [][]byte{id.der}, Key: id.key,
	}))
	d := survey(t, t.Context(), addr, probe.Options{}, Options{})
	if got := groupsOf(d, wire.VersionTLS10); !slices.Equal(got, want) {
		t.Errorf("groups %v, want %v", got, want)
	}
}
