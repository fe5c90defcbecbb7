package client

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/lab/oddtls"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/trust"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// usualServers are configurations that people have, by the words that they use.
// The first three are Mozilla's (Security/Server Side TLS, version 5.7).
func usualServers(t *testing.T) map[string]*transcript.Facts {
	t.Helper()
	versions := func(v ...wire.Version) []wire.Version { return v }
	curves := []wire.Group{wire.GroupX25519, wire.GroupSecp256r1, wire.GroupSecp384r1}
	nist := curves[1:]
	intermediate := slices.Concat(suites13, []wire.CipherSuite{
		wire.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, wire.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		wire.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, wire.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
		wire.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, wire.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
		wire.TLS_DHE_RSA_WITH_AES_128_GCM_SHA256, wire.TLS_DHE_RSA_WITH_AES_256_GCM_SHA384, wire.TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
	})
	old := slices.Concat(intermediate, []wire.CipherSuite{
		wire.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256, wire.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, wire.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384, wire.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA,
		wire.TLS_DHE_RSA_WITH_AES_128_CBC_SHA256, wire.TLS_DHE_RSA_WITH_AES_256_CBC_SHA256,
		wire.TLS_RSA_WITH_AES_128_GCM_SHA256, wire.TLS_RSA_WITH_AES_256_GCM_SHA384, wire.TLS_RSA_WITH_AES_128_CBC_SHA256, wire.TLS_RSA_WITH_AES_256_CBC_SHA256,
		wire.TLS_RSA_WITH_AES_128_CBC_SHA, wire.TLS_RSA_WITH_AES_256_CBC_SHA, wire.TLS_RSA_WITH_3DES_EDE_CBC_SHA,
	})
	dheCBC := []wire.CipherSuite{wire.TLS_DHE_RSA_WITH_AES_128_CBC_SHA, wire.TLS_DHE_RSA_WITH_AES_256_CBC_SHA, wire.TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA}
	all := versions(wire.VersionTLS10, wire.VersionTLS11, wire.VersionTLS12, wire.VersionTLS13)
	to12 := all[:3]
	out := map[string]*transcript.Facts{}
	for name, s := range map[string]struct {
		key string
		realServer
	}{
		"modern":       {"ECDSA P-256", realServer{clientSuites: true, shareFirst: true, Config: oddtls.Config{Versions: all[3:], Suites: suites13, Groups: curves}}},
		"intermediate": {"RSA 2048", realServer{clientSuites: true, shareFirst: true, Config: oddtls.Config{Versions: all[2:], Suites: intermediate, Groups: curves}}},
		"old":          {"RSA 2048", realServer{shareFirst: true, Config: oddtls.Config{Versions: all, Suites: old, Groups: curves, DH: oddtls.DH1024()}}},

		"TLS 1.2 and newer, names only": {"RSA 2048", realServer{needsName: true, shareFirst: true, Config: oddtls.Config{Versions: all, Suites: old, Groups: curves}}},
		"TLS 1.0 alone":                 {"RSA 2048", realServer{Config: oddtls.Config{Versions: all[:1], Suites: slices.Concat(ecdheCBC, transport), Groups: nist}}},
		"SSL 3.0 alone":                 {"RSA 2048", realServer{Config: oddtls.Config{Versions: versions(wire.VersionSSL30), Suites: transport}}},
		"RC4 and 3DES alone":            {"RSA 2048", realServer{Config: oddtls.Config{Versions: to12, Suites: []wire.CipherSuite{wire.TLS_RSA_WITH_RC4_128_SHA, wire.TLS_RSA_WITH_3DES_EDE_CBC_SHA}}}},
		"RSA key transport alone":       {"RSA 2048", realServer{Config: oddtls.Config{Versions: to12, Suites: transport[:4]}}},
		"an ECDSA certificate alone":    {"ECDSA P-256", realServer{Config: oddtls.Config{Versions: to12, Suites: slices.Concat(ecdsaGCM, ecdsaCBC), Groups: nist}}},
		"ECDHE-RSA with GCM alone":      {"RSA 2048", realServer{Config: oddtls.Config{Versions: to12[2:], Suites: ecdheGCM, Groups: nist}}},
		"AES-256 alone":                 {"RSA 2048", realServer{Config: oddtls.Config{Versions: to12, Suites: []wire.CipherSuite{wire.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, wire.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA}, Groups: nist}}},
		"X25519 alone":                  {"RSA 2048", realServer{Config: oddtls.Config{Versions: all[3:], Suites: suites13, Groups: curves[:1]}}},
		"DHE of 1024 bits alone":        {"RSA 2048", realServer{Config: oddtls.Config{Versions: to12, Suites: slices.Concat(dhe[:2], dheCBC), DH: oddtls.DH1024()}}},
		"DHE of 2048 bits alone":        {"RSA 2048", realServer{Config: oddtls.Config{Versions: to12, Suites: slices.Concat(dhe[:2], dheCBC), DH: oddtls.DH2048()}}},
	} {
		s.Schemes = allSchemes
		f := s.withKey(t, s.key).facts()
		f.Features.ExtendedMasterSecret = transcript.Yes
		out[name] = f
	}
	large := *out["intermediate"]
	large.Served = slices.Clone(large.Served)
	large.Served[0].Bytes = 40000
	out["certificates of 40 KB"] = &large
	return out
}

// TestDocumentedJavaAndWindows holds profiles that nobody here recorded to what
// is known of the real clients, and says where that stands.
func TestDocumentedJavaAndWindows(t *testing.T) {
	const (
		mozilla  = "Mozilla, Security/Server Side TLS: oldest compatible clients"
		ssllabs  = "Qualys SSL Labs, user agent capabilities"
		oracle   = "Oracle, JDK release notes and cryptographic roadmap"
		openjdk  = "OpenJDK source: CipherSuite.java, java.security"
		schannel = "Microsoft, TLS Cipher Suites in Windows; Protocols in TLS/SSL (Schannel SSP)"
		winhttp  = "Microsoft, KB3140245"
		framewrk = "Microsoft, TLS best practices with .NET Framework"
		linux    = "Microsoft, default TLS cipher suites for .NET on Linux"
	)
	const none = cause.ID("")
	servers := usualServers(t)
	for _, c := range []struct {
		server  string
		cause   cause.ID // none: connects
		says    string
		clients []string
	}{
		{"modern", none, mozilla, []string{"java-11.0.2", "java-11", "java-21"}},
		{"modern", none, schannel, []string{"schannel-2022", "schannel-11", "dotnet-framework-4.8", "dotnet-8-windows", "outlook"}},
		{"modern", none, linux, []string{"dotnet-8-linux"}},
		{"modern", cause.NoSharedVersion, schannel, []string{"schannel-10", "schannel-2019", "schannel-2016", "schannel-8.1", "ie11-win10", "edge-legacy-18", "dotnet-framework-4.7"}},
		{"modern", cause.NoSharedVersion, oracle, []string{"java-8u51", "java-8u181", "java-7", "java-6"}},
		{"modern", none, oracle, []string{"java-8"}}, // 8u341

		{"intermediate", none, mozilla, []string{"ie11-win7", "ie11-win8.1", "java-8u51", "java-8u181", "java-8", "java-11.0.2", "java-11", "java-21", "edge-legacy-18"}},
		{"intermediate", none, schannel, []string{"schannel-8.1", "schannel-2012r2", "schannel-2016", "schannel-2019", "schannel-2022", "schannel-10", "schannel-11", "ie11-win10"}},
		{"intermediate", cause.NoSharedVersion, oracle, []string{"java-6", "java-7"}},
		{"intermediate", cause.NoSharedVersion, winhttp, []string{"schannel-7", "schannel-2012", "outlook-2013"}},
		{"intermediate", cause.NoSharedVersion, ssllabs, []string{"ie6-xp", "ie8-xp", "schannel-xp", "schannel-vista"}},
		{"intermediate", cause.NoSharedVersion, framewrk, []string{"dotnet-framework-4.5", "powershell-5.1"}},
		{"intermediate", none, framewrk, []string{"dotnet-framework-4.6", "dotnet-framework-4.7", "dotnet-framework-4.8"}},
		{"intermediate", none, linux, []string{"dotnet-8-linux"}},

		{"old", none, mozilla, []string{"ie8-xp", "java-6", "java-7", "schannel-xp", "schannel-vista", "schannel-7", "dotnet-framework-4.5"}},
		{"old", cause.NoSharedVersion, ssllabs, []string{"ie6-xp"}},

		{"TLS 1.2 and newer, names only", cause.SNIRequired, ssllabs, []string{"ie8-xp", "schannel-xp", "java-6"}},
		{"TLS 1.2 and newer, names only", none, ssllabs, []string{"schannel-vista", "schannel-7", "java-7"}},

		{"TLS 1.0 alone", none, ssllabs, []string{"java-6", "java-7", "java-8u51", "java-8u181", "java-11.0.2", "ie8-xp", "schannel-vista", "ie11-win7"}},
		{"TLS 1.0 alone", cause.NoSharedVersion, oracle, []string{"java-8", "java-11", "java-21"}},
		{"TLS 1.0 alone", none, schannel, []string{"schannel-7", "schannel-2016", "schannel-10", "schannel-2022"}},
		{"TLS 1.0 alone", cause.NoSharedVersion, "Microsoft, TLS 1.0 and TLS 1.1 deprecation in Windows", []string{"schannel-11", "ie11-win10"}},
		{"TLS 1.0 alone", cause.NoSharedCipher, linux, []string{"dotnet-8-linux"}},

		{"SSL 3.0 alone", none, ssllabs, []string{"ie6-xp", "schannel-xp", "java-6"}},
		{"SSL 3.0 alone", cause.NoSharedVersion, oracle, []string{"java-7", "java-8u51"}},
		{"SSL 3.0 alone", none, schannel, []string{"schannel-8.1"}},
		{"SSL 3.0 alone", cause.NoSharedVersion, schannel, []string{"schannel-2016", "schannel-10"}},
		{"SSL 3.0 alone", cause.NoSharedVersion, "Microsoft, KB3009008", []string{"ie11-win7", "ie11-win8.1"}},

		{"RC4 and 3DES alone", none, ssllabs, []string{"ie8-xp", "schannel-xp", "java-6", "java-7", "java-8u51"}},
		{"RC4 and 3DES alone", none, schannel, []string{"schannel-7", "schannel-8.1", "schannel-2016", "schannel-2019"}},
		{"RC4 and 3DES alone", cause.NoSharedCipher, oracle, []string{"java-8u181", "java-11.0.2", "java-8"}},
		{"RC4 and 3DES alone", cause.NoSharedCipher, schannel, []string{"schannel-11"}},

		{"RSA key transport alone", none, openjdk, []string{"java-6", "java-7", "java-8u51", "java-8u181", "java-8", "java-11.0.2"}},
		{"RSA key transport alone", cause.NoSharedCipher, openjdk, []string{"java-11", "java-21"}},
		{"RSA key transport alone", none, schannel, []string{"schannel-vista", "schannel-7", "schannel-10", "schannel-11"}},
		{"RSA key transport alone", cause.NoSharedCipher, ssllabs, []string{"ie8-xp"}}, // no AES
		{"RSA key transport alone", cause.NoSharedCipher, linux, []string{"dotnet-8-linux"}},

		{"an ECDSA certificate alone", cause.NoSharedCipher, ssllabs, []string{"java-6", "schannel-xp"}},
		{"an ECDSA certificate alone", none, ssllabs, []string{"java-7", "java-8u51", "schannel-vista", "schannel-7", "ie11-win7", "schannel-10"}},

		{"ECDHE-RSA with GCM alone", cause.NoSharedCipher, schannel, []string{"schannel-8.1", "schannel-2012r2", "ie11-win7", "ie11-win8.1"}},
		{"ECDHE-RSA with GCM alone", none, schannel, []string{"schannel-2016", "schannel-2019", "schannel-10", "ie11-win10"}},
		{"ECDHE-RSA with GCM alone", none, openjdk, []string{"java-8u51"}},

		{"AES-256 alone", cause.NoSharedCipher, oracle, []string{"java-7", "java-8u51"}},
		{"AES-256 alone", none, oracle, []string{"java-8u181", "java-8"}},

		{"X25519 alone", cause.NoSharedGroup, openjdk, []string{"java-11.0.2", "java-8"}},
		{"X25519 alone", none, openjdk, []string{"java-11", "java-21"}},

		{"DHE of 1024 bits alone", none, oracle, []string{"java-6", "java-7", "java-8u51", "java-8u181", "java-8"}},
		{"DHE of 1024 bits alone", none, "Microsoft, MS15-055", []string{"schannel-7", "schannel-8.1", "schannel-2019"}},
		{"DHE of 2048 bits alone", cause.NoSharedGroup, ssllabs, []string{"java-6", "java-7"}},
		{"DHE of 2048 bits alone", none, oracle, []string{"java-8u51", "java-8u181", "java-8"}},
		{"DHE of 2048 bits alone", cause.NoSharedCipher, schannel, []string{"schannel-10", "schannel-11", "schannel-xp"}},

		{"certificates of 40 KB", cause.CertificateTooLarge, "Microsoft, TLS registry settings: MessageLimitClient", []string{"schannel-8.1", "schannel-10", "schannel-11", "ie11-win10", "dotnet-8-windows"}},
		{"certificates of 40 KB", cause.CertificateTooLarge, "OpenJDK: jdk.tls.maxHandshakeMessageSize", []string{"java-8", "java-11", "java-21"}},
		{"certificates of 40 KB", none, linux, []string{"dotnet-8-linux"}},
	} {
		f, ok := servers[c.server]
		if !ok {
			t.Fatalf("there is no server %q", c.server)
		}
		for _, id := range c.clients {
			p, err := Get(id)
			if err != nil {
				t.Error(err)
				continue
			}
			x := p.Predict(f, PredictOptions{Host: predictHost, ServerName: predictHost, NoTrust: true})
			if !x.Exact || x.Cause != c.cause {
				t.Errorf("%s at %s: predicted %s %q (%s; open: %q), but %s says %q", id, c.server, x.Outcome, x.Cause, x.Why, x.Open, c.says, c.cause)
			}
		}
	}
}

// TestDocumentedNegotiation: what old clients are known to agree on.
func TestDocumentedNegotiation(t *testing.T) {
	servers := usualServers(t)
	for _, c := range []struct {
		client, server string
		version        wire.Version
		suite          wire.CipherSuite
	}{
		// The server of "intermediate" leaves the order to the client.
		{"ie11-win7", "intermediate", wire.VersionTLS12, wire.TLS_DHE_RSA_WITH_AES_256_GCM_SHA384},
		{"schannel-2012r2", "intermediate", wire.VersionTLS12, wire.TLS_DHE_RSA_WITH_AES_256_GCM_SHA384},
		{"schannel-10", "intermediate", wire.VersionTLS12, wire.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384},
		{"schannel-11", "intermediate", wire.VersionTLS13, wire.TLS_AES_256_GCM_SHA384},
		{"java-8u51", "intermediate", wire.VersionTLS12, wire.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256},
		{"java-11.0.2", "intermediate", wire.VersionTLS13, wire.TLS_AES_128_GCM_SHA256},
		{"java-6", "old", wire.VersionTLS10, wire.TLS_RSA_WITH_AES_128_CBC_SHA},
		{"java-7", "old", wire.VersionTLS10, wire.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA},
		{"ie8-xp", "old", wire.VersionTLS10, wire.TLS_RSA_WITH_3DES_EDE_CBC_SHA},
		{"schannel-7", "old", wire.VersionTLS10, wire.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA},
		{"dotnet-framework-4.5", "old", wire.VersionTLS10, wire.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA},
	} {
		p, err := Get(c.client)
		if err != nil {
			t.Error(err)
			continue
		}
		x := p.Predict(servers[c.server], PredictOptions{Host: predictHost, ServerName: predictHost, NoTrust: true})
		if x.Version != c.version || x.Suite != c.suite {
			t.Errorf("%s at %s: %s, %s, not %s, %s", c.client, c.server, x.Version, x.Suite, c.version, c.suite)
		}
	}
}

// TestPublishedFingerprints: hellos that are put together from documents have
// the JA3 that others recorded of the real client, where one is published.
func TestPublishedFingerprints(t *testing.T) {
	without := func(types ...wire.ExtensionType) func(*wire.ClientHello) {
		return func(h *wire.ClientHello) {
			for _, e := range types {
				h.Remove(e)
			}
		}
	}
	for _, c := range []struct {
		client, ja3 string
		change      func(*wire.ClientHello) // to the program that was recorded
	}{
		{"schannel-xp", "de350869b8c85de67a350c8d186f11e6", without(wire.ExtRenegotiationInfo)},    // before KB980436
		{"schannel-vista", "ada70206e40642a3e4461f35503241d5", without(wire.ExtRenegotiationInfo)}, // likewise
		{"schannel-10", "6a5d235ee78c6aede6a61448b4e9ff1e", nil},
		{"schannel-11", "fae0e5d973c96ae1888b99538efa0363", func(h *wire.ClientHello) {
			i := slices.IndexFunc(h.Extensions, func(e wire.Extension) bool { return e.Type == wire.ExtECPointFormats })
			h.Extensions = slices.Insert(h.Extensions, i+1, wire.ALPNExt("http/1.1"))
		}},
	} {
		p, err := Get(c.client)
		if err != nil {
			t.Error(err)
			continue
		}
		if c.change != nil {
			c.change(p.Hello)
		}
		if text, hash := JA3(p.Hello); hash != c.ja3 {
			t.Errorf("%s: JA3 %s (%s), published is %s", c.client, hash, text, c.ja3)
		}
	}
	// OpenJDK's updates of 2026 disable the same algorithms in 17 and 21.
	recorded, _ := Get("java-17")
	like, _ := Get("java-21")
	want, _ := JA3(recorded.Hello)
	if got, _ := JA3(like.Hello); got != want {
		t.Errorf("java-21: JA3 %s, recorded of 17: %s", got, want)
	}
}

// TestDocumentedRoots: Let's Encrypt says which platforms trust its root: Java 8
// since 8u141, Java 7 since 7u151, Windows that fetches roots.
func TestDocumentedRoots(t *testing.T) {
	for id, want := range map[string]bool{
		"java-6": false, "java-7": false, "java-8u51": false, "java-8u181": true, "java-8": true, "java-11.0.2": true, "java-21": true,
		"schannel-7": true, "schannel-2012r2": true, "schannel-11": true, "ie11-win7": true, "dotnet-8-linux": true,
	} {
		p, err := Get(id)
		if err != nil {
			t.Error(err)
			continue
		}
		s, err := p.Store()
		if err != nil {
			t.Error(err)
			continue
		}
		got := slices.ContainsFunc(s.Anchors(), func(a *trust.Anchor) bool {
			return strings.Contains(fmt.Sprint(a.Certificate.Subject), "CN=ISRG Root X1,")
		})
		if got != want {
			t.Errorf("%s (%s): ISRG Root X1 is in it: %v", id, p.Policy.Store, got)
		}
	}
}

// TestDocumentedProfilesSayWhere: what was not recorded names its documents, and
// what its makers' documents do not tell is called an estimate.
func TestDocumentedProfilesSayWhere(t *testing.T) {
	for _, p := range All() {
		if p.Source != Captured && p.Kind != Reference && len(p.Sources) == 0 {
			t.Errorf("%s is %s and names no source", p.ID, p.Source)
		}
	}
}
