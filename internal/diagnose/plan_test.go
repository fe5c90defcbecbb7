package diagnose

import (
	"context"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tlswhy/tlswhy/internal/client"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s differs (go test -update writes it anew) -want +got:\n%s", path, d)
	}
}

// situation is a client at a server, for the plan of the second round.
type situation struct {
	client string
	server string
	edit   func(*simServer)
	boxes  []box
}

func situations() []situation {
	only := func(v wire.Version, suites ...wire.CipherSuite) func(*simServer) {
		return func(s *simServer) {
			s.versions = []wire.Version{v}
			if suites != nil {
				s.suites, s.keys = suites, []keyKind{keyRSA}
			}
		}
	}
	drop := ends(transcript.Reset)
	return []situation{
		{"modern", "TLS 1.0 alone", only(wire.VersionTLS10), nil},
		{"modern", "TLS 1.0 and RC4 alone", only(wire.VersionTLS10, wire.TLS_RSA_WITH_RC4_128_SHA), nil},
		{"modern", "SSL 3.0 alone", only(wire.VersionSSL30), nil},
		{"node-0.10.48", "TLS 1.3 alone", only(wire.VersionTLS13), nil},
		{"nginx-proxy", "TLS 1.3 alone", only(wire.VersionTLS13), nil},
		{"firefox", "Camellia alone", only(wire.VersionTLS12, wire.TLS_DHE_RSA_WITH_CAMELLIA_128_CBC_SHA), nil},
		{"modern", "CCM_8 alone in TLS 1.3, GCM in TLS 1.2", func(s *simServer) {
			s.suites = []wire.CipherSuite{wire.TLS_AES_128_CCM_8_SHA256, wire.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}
		}, nil},
		{"java-17", "hybrid groups alone", func(s *simServer) { s.groups = []wire.Group{wire.GroupX25519MLKEM768}; only(wire.VersionTLS13)(s) }, nil},
		{"modern", "Ed25519 alone", func(s *simServer) { s.keys = []keyKind{keyEd25519} }, nil},
		{"chrome", "another protocol alone", func(s *simServer) { s.alpn, s.strict = []string{"imap"}, true }, nil},
		{"modern", "Camellia, brainpool and another protocol", func(s *simServer) {
			only(wire.VersionTLS12, wire.TLS_ECDHE_RSA_WITH_CAMELLIA_128_GCM_SHA256)(s)
			s.groups, s.alpn, s.strict = []wire.Group{wire.GroupBrainpoolP256r1}, []string{"imap"}, true
		}, nil},
		{"chrome", "large hellos dropped", func(*simServer) {}, []box{dropLarge(1400, drop)}},
		{
			"openssl-3.0", "intolerant of TLS 1.3", func(s *simServer) { s.versions = s.versions[:3] },
			[]box{breakOn(func(h *wire.ClientHello) bool { return h.OffersVersion(wire.VersionTLS13) }, drop)},
		},
		{"firefox", "nothing is answered", func(*simServer) {}, []box{breakOn(func(*wire.ClientHello) bool { return true }, drop)}},
	}
}

// The plan is a pure function; here is what it comes to, to be read.
func TestPlan(t *testing.T) {
	var b strings.Builder
	for _, x := range situations() {
		s := goodServer()
		x.edit(s)
		w := one(s, x.boxes...)
		w.rtt = 0
		try := func(h *wire.ClientHello) *transcript.Transcript {
			a := transcript.Attempt{Handshake: &transcript.Handshake{Hello: h}}
			a.Handshake.Address = netip.AddrPortFrom(nameOf1, 443)
			tr, err := w.Try(context.Background(), a)
			if err != nil {
				t.Fatal(err)
			}
			return tr
		}
		p := profile(t, x.client)
		base := try(p.BuildHello(client.HelloOptions{ServerName: simHost, HTTP: true}))
		fmt.Fprintf(&b, "%s at a server of which: %s\n  its own hello: %s\n", x.client, x.server, ending(base))
		var answers []*transcript.Transcript
		for _, f := range fan() {
			tr := try(f.hello(simHost))
			answers = append(answers, tr)
			if answered(tr) {
				fmt.Fprintf(&b, "  %s: %s\n", f.purpose, ending(tr))
			}
		}
		for i, cs := range planCounterfactuals(base.Attempt.Handshake.Hello, base, answers) {
			fmt.Fprintf(&b, "  %2d. %s\n", i+1, strings.TrimPrefix(purposeOf(cs), "the client's hello, changed: "))
		}
		b.WriteString("\n")
	}
	golden(t, "plan.golden", b.String())
}

// ending says in a few words how an attempt ended.
func ending(t *transcript.Transcript) string {
	switch {
	case t.Server != nil && answered(t):
		parts := []string{t.Version().String(), t.Server.CipherSuite.String()}
		if t.Group != 0 {
			parts = append(parts, t.Group.String())
		}
		if t.Signature != 0 {
			parts = append(parts, t.Signature.String())
		}
		return strings.Join(parts, ", ")
	case t.Outcome.Alert != nil:
		return "alert " + t.Outcome.Alert.Description.String()
	}
	return string(t.Outcome.Kind)
}
