package diagnose

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tlswhy/tlswhy/internal/client"
	"github.com/tlswhy/tlswhy/internal/engine"
	"github.com/tlswhy/tlswhy/internal/offer"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

func helloOf(t tester, id string) *wire.ClientHello {
	t.Helper()
	return profile(t, id).BuildHello(client.HelloOptions{ServerName: simHost, HTTP: true})
}

// chose is an answer of the fan: version, suite, group and scheme of it.
func chose(v wire.Version, suite wire.CipherSuite, g wire.Group, s wire.SignatureScheme) *transcript.Transcript {
	sh := &wire.ServerHello{LegacyVersion: min(v, wire.VersionTLS12), CipherSuite: suite}
	if v >= wire.VersionTLS13 {
		sh.Extensions = []wire.Extension{{Type: wire.ExtSupportedVersions, Data: []byte{3, 4}}}
	}
	return &transcript.Transcript{Server: sh, Group: g, Signature: s, Outcome: transcript.Outcome{Kind: transcript.Complete, Reached: transcript.ReachedFlight}}
}

func TestLacks(t *testing.T) {
	hrr := chose(wire.VersionTLS13, wire.TLS_SM4_GCM_SM3, 0, 0)
	hrr.Retry, hrr.Server = hrr.Server, nil
	hrr.Retry.Extensions = append(hrr.Retry.Extensions, wire.Extension{Type: wire.ExtKeyShare, Data: []byte{0, 30}})
	hrr.Retry.SetHelloRetryRequest()
	for _, x := range []struct {
		name, client string
		t            *transcript.Transcript
		want         []string
	}{
		{"all is offered", "modern", chose(wire.VersionTLS13, wire.TLS_AES_128_GCM_SHA256, wire.GroupX25519, wire.SigECDSASecp256r1SHA256), nil},
		{"nothing was chosen", "modern", &transcript.Transcript{}, nil},
		{"the version", "modern", chose(wire.VersionTLS10, wire.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, wire.GroupSecp256r1, 0), []string{"versions: offer TLS 1.0"}},
		{"the suite", "modern", chose(wire.VersionTLS12, wire.TLS_RSA_WITH_RC4_128_SHA, 0, 0), []string{"suites: offer TLS_RSA_WITH_RC4_128_SHA"}},
		{"the group", "modern", chose(wire.VersionTLS13, wire.TLS_AES_128_GCM_SHA256, wire.GroupX448, wire.SigECDSASecp256r1SHA256), []string{"groups: offer x448"}},
		{"the scheme", "modern", chose(wire.VersionTLS13, wire.TLS_AES_128_GCM_SHA256, wire.GroupX25519, wire.SigEd25519), []string{"signature algorithms: offer ed25519"}},
		{
			"all four", "modern", chose(wire.VersionTLS11, wire.TLS_ECDHE_RSA_WITH_RC4_128_SHA, wire.GroupBrainpoolP256r1, 0),
			[]string{"versions: offer TLS 1.1", "suites: offer TLS_ECDHE_RSA_WITH_RC4_128_SHA", "groups: offer brainpoolP256r1"},
		},
		{"a prime with a name", "modern", chose(wire.VersionTLS12, wire.TLS_DHE_RSA_WITH_AES_128_GCM_SHA256, wire.GroupFFDHE2048, wire.SigRSAPKCS1SHA256), []string{"suites: offer TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"}},
		// Before TLS 1.2 no scheme is negotiated, whatever the transcript says.
		{"a scheme before TLS 1.2", "node-0.10.48", chose(wire.VersionTLS10, wire.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, wire.GroupSecp256r1, wire.SigEd25519), nil},
		// TLS 1.3 brings its suites, groups and schemes along.
		{"TLS 1.3 with what comes along", "node-0.10.48", chose(wire.VersionTLS13, wire.TLS_CHACHA20_POLY1305_SHA256, wire.GroupX25519, wire.SigRSAPSSRSAESHA256), []string{"versions: offer TLS 1.3"}},
		{
			"TLS 1.3 with what does not", "node-0.10.48", chose(wire.VersionTLS13, wire.TLS_AES_128_CCM_8_SHA256, wire.GroupX448, wire.SigEd448),
			[]string{"versions: offer TLS 1.3", "suites: offer TLS_AES_128_CCM_8_SHA256", "groups: offer x448", "signature algorithms: offer ed448"},
		},
		{"an answer that is no more than a retry", "modern", hrr, []string{"suites: offer TLS_SM4_GCM_SM3", "groups: offer x448"}},
	} {
		var got []string
		for _, ch := range lacks(helloOf(t, x.client), x.t) {
			got = append(got, ch.text)
		}
		if !slices.Equal(got, x.want) {
			t.Errorf("%s: %v, want %v", x.name, got, x.want)
		}
	}
}

// A change keeps the length where it takes something out, changes nothing else,
// and leaves the hello that it was made of alone.
func TestWithKeepsTheLength(t *testing.T) {
	for _, id := range client.IDs() {
		h := helloOf(t, id)
		before := must(h.Marshal())
		for _, ch := range append(removals(h), dropALPN(h), dropSNI(), dropGREASE(), offerSuites(wire.TLS_RSA_WITH_RC4_128_SHA), offerGroups(wire.GroupX448), offerSchemes(wire.SigEd448)) {
			c := with(h, ch)
			got, want := sentSize(c), sentSize(h)
			switch {
			case h.Extensions == nil, ch.resizes:
			case ch.removes && got != want && want-got >= 4:
				t.Errorf("%s, %s: %d bytes instead of %d", id, ch.text, got, want)
			case !ch.removes && got < want:
				t.Errorf("%s, %s: %d bytes, fewer than %d", id, ch.text, got, want)
			}
			if _, err := wire.ParseClientHello(must(c.Marshal())[4:]); err != nil {
				t.Errorf("%s, %s: %v", id, ch.text, err)
			}
		}
		if !slices.Equal(before, must(h.Marshal())) {
			t.Errorf("%s: the hello has changed", id)
		}
	}
}

func TestWithPadsSetsAlike(t *testing.T) {
	h := helloOf(t, "chrome")
	alpn, suites := dropALPN(h), offerSuites(wire.TLS_RSA_WITH_RC4_128_SHA, wire.TLS_RSA_WITH_RC4_128_MD5)
	if a, b := sentSize(with(h, suites)), sentSize(with(h, suites, alpn)); a != b {
		t.Errorf("%d bytes, and %d without ALPN", a, b)
	}
	small := dropHybrid(h, true)
	if a, b := sentSize(with(h, small)), sentSize(with(h, small, alpn)); a != b {
		t.Errorf("%d bytes without the hybrid share, and %d without ALPN", a, b)
	}
	if a, b := sentSize(with(h, small)), sentSize(h); a > b-1100 {
		t.Errorf("%d bytes of %d, without a share of more than 1100", a, b)
	}
	if a, b := sentSize(with(h, dropHybrid(h, false))), sentSize(h); a != b {
		t.Errorf("%d bytes of %d, where only padding may take the share's place", a, b)
	}
	if n := sentSize(with(h, resize(3000))); n != 3000 {
		t.Errorf("%d bytes, want 3000", n)
	}
}

// Versions are added to what stands there, GREASE included, in its order.
func TestAddVersion(t *testing.T) {
	for _, x := range []struct {
		client  string
		version wire.Version
		want    string
	}{
		{"chrome", wire.VersionTLS10, "legacy TLS 1.2, 0x5A5A TLS 1.3 TLS 1.2 TLS 1.0"},
		{"openssl-3.0", wire.VersionSSL30, "legacy TLS 1.2, TLS 1.3 TLS 1.2 TLS 1.1 TLS 1.0 SSL 3.0"},
		{"node-0.10.48", wire.VersionTLS13, "legacy TLS 1.2, TLS 1.3 TLS 1.2 TLS 1.1 TLS 1.0"},
		{"nginx-proxy", wire.VersionTLS13, "legacy TLS 1.2, TLS 1.3 TLS 1.2 TLS 1.1 TLS 1.0"},
	} {
		h := helloOf(t, x.client)
		addVersion(h, x.version)
		versions, _ := listedVersions(h)
		var names []string
		for _, v := range versions {
			if wire.IsGREASE(uint16(v)) {
				v = 0x5a5a // any will do
				names = append(names, "0x5A5A")
				continue
			}
			names = append(names, v.String())
		}
		if got := fmt.Sprintf("legacy %s, %s", h.LegacyVersion, strings.Join(names, " ")); got != x.want {
			t.Errorf("%s with %s: %s, want %s", x.client, x.version, got, x.want)
		}
		if x.version >= wire.VersionTLS13 && (len(h.KeyShares()) == 0 || len(h.SessionID) != 32) {
			t.Errorf("%s: TLS 1.3 without what belongs to it", x.client)
		}
	}
	old := offer.Older(wire.VersionTLS10, simHost, offer.Ordinary(wire.VersionTLS10))
	addVersion(old, wire.VersionTLS12)
	if old.LegacyVersion != wire.VersionTLS12 || len(old.SignatureAlgorithms()) == 0 {
		t.Errorf("TLS 1.2 offered by %s with schemes %v", old.LegacyVersion, old.SignatureAlgorithms())
	}
}

func TestHolds(t *testing.T) {
	chrome, modern := helloOf(t, "chrome"), helloOf(t, "modern")
	for _, ch := range removals(chrome) {
		if !holds(chrome, ch, chrome) {
			t.Errorf("%s: the hello itself holds it", ch.key)
		}
		if holds(with(chrome, ch), ch, chrome) {
			t.Errorf("%s: still held by a hello that it was taken out of", ch.key)
		}
		if ch.key != "versions-TLS 1.3" && holds(modern, ch, chrome) {
			t.Errorf("%s: modern holds what chrome has of it", ch.key)
		}
	}
}

// The table of shares says what the engine sends.
func TestShareSizes(t *testing.T) {
	for _, g := range wire.AllGroups() {
		if got, want := shareSize(g), engine.ShareLen(g); got != want {
			t.Errorf("%s: %d bytes, the engine sends %d", g, got, want)
		}
	}
}

// The fan stays within what old servers and one segment take.
func TestFanIsModest(t *testing.T) {
	for _, f := range fan() {
		h := f.hello(simHost)
		if n := len(h.CipherSuites); n > offer.MaxSuites+1 {
			t.Errorf("%s: %d suites", f.purpose, n)
		}
		if n := sentSize(h); n > 1200 && !hasHybrid(h) {
			t.Errorf("%s: %d bytes", f.purpose, n)
		}
		if slices.Contains(h.CipherSuites, wire.TLS_FALLBACK_SCSV) {
			t.Errorf("%s: TLS_FALLBACK_SCSV", f.purpose)
		}
		for _, s := range h.CipherSuites {
			if i, ok := s.Info(); ok && f.version != 0 && (i.Anonymous || i.Null || i.Export || i.PSK) && i.KeyExchange != wire.KXNone && !s.IsSignalling() {
				t.Errorf("%s: %s", f.purpose, s)
			}
		}
		if f.version == wire.VersionSSL30 && h.Extensions != nil {
			t.Errorf("%s has extensions", f.purpose)
		}
	}
}
