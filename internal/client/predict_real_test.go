package client

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/lab/oddtls"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// happened is how a client fared with a real server.
type happened struct {
	fate    Fate
	causes  []cause.ID // that what was seen stands for
	version wire.Version
	suite   wire.CipherSuite
	group   wire.Group
	scheme  wire.SignatureScheme
	retry   bool
	partial bool // the engine makes no share of the group that was asked for
	detail  string
}

func whatHappened(p *Profile, s *realServer, tr *transcript.Transcript) happened {
	h := happened{fate: OK, version: tr.Version(), group: tr.Group, scheme: tr.Signature, retry: tr.Retry != nil, detail: string(tr.Outcome.Kind) + " " + tr.Outcome.Detail}
	if tr.Server != nil {
		h.suite = tr.Server.CipherSuite
	}
	common := slices.ContainsFunc(s.Versions, tr.Attempt.Handshake.Hello.OffersVersion)
	if r := p.Judge(tr); r != nil {
		h.fate, h.causes, h.detail = Fail, []cause.ID{r.Cause}, r.String()
		return h
	}
	switch {
	case tr.Outcome.Kind == transcript.Complete || tr.Outcome.Kind == transcript.Unfinished:
		h.partial = tr.Server == nil
	case tr.Outcome.Kind != transcript.AlertReceived:
		h.fate, h.causes = Fail, []cause.ID{cause.ID("not seen: " + h.detail)}
	case !common:
		// A server that goes by legacy_version looks for suites of a version that
		// the client does not offer, and may fail there.
		h.fate, h.causes = Fail, []cause.ID{cause.NoSharedVersion}
	case tr.Outcome.Alert.Description == wire.AlertHandshakeFailure:
		h.fate, h.causes = Fail, []cause.ID{cause.NoSharedCipher, cause.NoSharedGroup, cause.NoSharedSignatureAlgorithm}
	case tr.Outcome.Alert.Description == wire.AlertNoApplicationProtocol:
		h.fate, h.causes = Fail, []cause.ID{cause.NoALPNOverlap}
	case tr.Outcome.Alert.Description == wire.AlertUnrecognizedName:
		h.fate, h.causes = Fail, []cause.ID{cause.SNIRequired}
	default:
		h.fate, h.causes = Fail, []cause.ID{cause.ID(tr.Outcome.Alert.Description.String())}
	}
	return h
}

// disagreement compares; "" if the prediction is what happened.
func disagreement(x Prediction, h happened) string {
	if !x.Exact {
		return "not exact: " + x.Open
	}
	if x.Outcome != h.fate {
		return fmt.Sprintf("predicted %s, got %s", x.Outcome, h.fate)
	}
	if h.fate == Fail {
		if !slices.Contains(h.causes, x.Cause) {
			return fmt.Sprintf("predicted %s, got %v", x.Cause, h.causes)
		}
		return ""
	}
	type choice struct {
		v wire.Version
		s wire.CipherSuite
		g wire.Group
		x wire.SignatureScheme
		r bool
	}
	got, want := choice{x.Version, x.Suite, x.Group, x.Signature, x.Retry}, choice{h.version, h.suite, h.group, h.scheme, h.retry}
	if got != want && !h.partial {
		return fmt.Sprintf("predicted %v, got %v", got, want)
	}
	return ""
}

var (
	suites13  = []wire.CipherSuite{wire.TLS_AES_256_GCM_SHA384, wire.TLS_CHACHA20_POLY1305_SHA256, wire.TLS_AES_128_GCM_SHA256}
	ecdsaGCM  = []wire.CipherSuite{wire.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, wire.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, wire.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}
	ecdsaCBC  = []wire.CipherSuite{wire.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA, wire.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}
	ecdheGCM  = []wire.CipherSuite{wire.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, wire.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, wire.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}
	ecdheCBC  = []wire.CipherSuite{wire.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA, wire.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA}
	dhe       = []wire.CipherSuite{wire.TLS_DHE_RSA_WITH_AES_256_GCM_SHA384, wire.TLS_DHE_RSA_WITH_AES_128_GCM_SHA256, wire.TLS_DHE_RSA_WITH_AES_256_CBC_SHA, wire.TLS_DHE_RSA_WITH_AES_128_CBC_SHA}
	transport = []wire.CipherSuite{wire.TLS_RSA_WITH_AES_256_GCM_SHA384, wire.TLS_RSA_WITH_AES_128_GCM_SHA256, wire.TLS_RSA_WITH_AES_256_CBC_SHA, wire.TLS_RSA_WITH_AES_128_CBC_SHA, wire.TLS_RSA_WITH_3DES_EDE_CBC_SHA, wire.TLS_RSA_WITH_RC4_128_SHA}
	anonymous = []wire.CipherSuite{wire.TLS_DH_anon_WITH_AES_128_CBC_SHA, wire.TLS_ECDH_anon_WITH_AES_128_CBC_SHA}

	allVersions = []wire.Version{wire.VersionSSL30, wire.VersionTLS10, wire.VersionTLS11, wire.VersionTLS12, wire.VersionTLS13}
	allGroups   = []wire.Group{wire.GroupX25519, wire.GroupSecp256r1, wire.GroupSecp384r1, wire.GroupSecp521r1, wire.GroupX448, wire.GroupBrainpoolP256r1, wire.GroupFFDHE2048}
	rsaSchemes  = []wire.SignatureScheme{wire.SigRSAPSSRSAESHA256, wire.SigRSAPSSRSAESHA384, wire.SigRSAPSSRSAESHA512, wire.SigRSAPKCS1SHA256, wire.SigRSAPKCS1SHA384, wire.SigRSAPKCS1SHA512, wire.SigRSAPKCS1SHA1}
	ecSchemes   = []wire.SignatureScheme{wire.SigECDSASecp256r1SHA256, wire.SigECDSASecp384r1SHA384, wire.SigECDSASecp521r1SHA512, wire.SigECDSASHA1, wire.SigEd25519}
	allSchemes  = slices.Concat(ecSchemes, rsaSchemes)
)

// TestPredictionIsWhatHappens: every client meets real servers, and fares as
// predicted from the facts about them.
func TestPredictionIsWhatHappens(t *testing.T) {
	v := func(v ...wire.Version) []wire.Version { return v }
	curves := []wire.Group{wire.GroupX25519, wire.GroupSecp256r1, wire.GroupSecp384r1}
	for _, c := range []struct {
		name string
		key  string
		s    realServer
		open string // what handshakes do not show
	}{
		{"current", "ECDSA P-256", realServer{shareFirst: true, Config: oddtls.Config{Versions: v(wire.VersionTLS12, wire.VersionTLS13), Suites: slices.Concat(suites13, ecdsaGCM), Groups: curves, Schemes: allSchemes, ALPN: []string{"h2", "http/1.1"}}}, ""},
		{"everything, RSA", "RSA 2048", realServer{Config: oddtls.Config{Versions: allVersions, Suites: slices.Concat(suites13, ecdheGCM, ecdheCBC, transport), Groups: allGroups, Schemes: allSchemes}}, ""},
		{"everything, client's orders", "RSA 2048", realServer{clientSuites: true, clientGroups: true, Config: oddtls.Config{Versions: allVersions, Suites: slices.Concat(transport, ecdheCBC, ecdheGCM, suites13), Groups: curves, Schemes: allSchemes}}, ""},
		{"ChaCha20 for those who put it first", "ECDSA P-384", realServer{chachaFirst: true, Config: oddtls.Config{Versions: v(wire.VersionTLS12), Suites: slices.Concat(ecdsaGCM, ecdsaCBC), Groups: curves, Schemes: allSchemes}}, ""},
		{"TLS 1.3 alone, with a group to ask for", "RSA 2048", realServer{Config: oddtls.Config{Versions: v(wire.VersionTLS13), Suites: suites13, Groups: []wire.Group{wire.GroupSecp521r1, wire.GroupSecp384r1}, Schemes: allSchemes}}, ""},
		{"TLS 1.3 alone, one share at hand", "ECDSA P-256", realServer{shareFirst: true, Config: oddtls.Config{Versions: v(wire.VersionTLS13), Suites: suites13[1:2], Groups: []wire.Group{wire.GroupSecp384r1, wire.GroupSecp256r1}, Schemes: ecSchemes[:1]}}, ""},
		{"Ed25519", "Ed25519", realServer{Config: oddtls.Config{Versions: v(wire.VersionTLS12, wire.VersionTLS13), Suites: slices.Concat(suites13, ecdsaGCM, ecdsaCBC), Groups: curves, Schemes: allSchemes}}, ""},
		{"a key on secp521r1", "ECDSA P-521", realServer{Config: oddtls.Config{Versions: v(wire.VersionTLS10, wire.VersionTLS12, wire.VersionTLS13), Suites: slices.Concat(suites13, ecdsaGCM, ecdsaCBC), Groups: curves, Schemes: allSchemes}}, ""},
		{"TLS 1.0 with ECDHE", "RSA 2048", realServer{Config: oddtls.Config{Versions: v(wire.VersionTLS10), Suites: ecdheCBC, Groups: curves, Schemes: allSchemes}}, ""},
		{"TLS 1.1 with key transport", "RSA 2048", realServer{Config: oddtls.Config{Versions: v(wire.VersionTLS11), Suites: transport, Groups: curves, Schemes: allSchemes}}, ""},
		{"SSL 3.0", "RSA 2048", realServer{Config: oddtls.Config{Versions: v(wire.VersionSSL30), Suites: transport, Schemes: allSchemes}}, ""},
		{"DHE of 1024 bits", "RSA 2048", realServer{Config: oddtls.Config{Versions: v(wire.VersionTLS12), Suites: dhe, DH: oddtls.DH1024(), Groups: curves, Schemes: allSchemes}}, ""},
		{"DHE of 2048 bits", "RSA 2048", realServer{Config: oddtls.Config{Versions: v(wire.VersionTLS10, wire.VersionTLS12), Suites: dhe, DH: oddtls.DH2048(), Groups: curves, Schemes: allSchemes}}, ""},
		{"signatures with SHA-1", "RSA 2048", realServer{Config: oddtls.Config{Versions: v(wire.VersionTLS12), Suites: ecdheGCM, Groups: curves, Schemes: rsaSchemes[6:]}}, ""},
		{"signatures with PSS alone", "RSA 2048", realServer{Config: oddtls.Config{Versions: v(wire.VersionTLS12, wire.VersionTLS13), Suites: slices.Concat(suites13, ecdheGCM), Groups: curves, Schemes: rsaSchemes[2:3]}}, ""},
		{"no secure renegotiation", "RSA 2048", realServer{Config: oddtls.Config{Versions: v(wire.VersionTLS12), Suites: ecdheGCM, Groups: curves, Schemes: allSchemes, NoRenegotiationInfo: true}}, ""},
		{"an RSA key of 1024 bits", "RSA 1024", realServer{Config: oddtls.Config{Versions: v(wire.VersionTLS12, wire.VersionTLS13), Suites: slices.Concat(suites13, transport), Groups: curves, Schemes: allSchemes}}, ""},
		{"one curve of its own", "RSA 2048", realServer{Config: oddtls.Config{Versions: v(wire.VersionTLS12, wire.VersionTLS13), Suites: slices.Concat(suites13, ecdheGCM, ecdheCBC), Groups: []wire.Group{wire.GroupX448}, Schemes: allSchemes}}, ""},
		{"SPDY alone", "ECDSA P-256", realServer{Config: oddtls.Config{Versions: v(wire.VersionTLS12, wire.VersionTLS13), Suites: slices.Concat(suites13, ecdsaGCM), Groups: curves, Schemes: allSchemes, ALPN: []string{"spdy/3.1"}}}, ""},
		{"HTTP/2 over CBC", "RSA 2048", realServer{Config: oddtls.Config{Versions: v(wire.VersionTLS12), Suites: ecdheCBC, Groups: curves, Schemes: allSchemes, ALPN: []string{"h2"}}}, "HTTP/2"},
		{"a name wanted", "ECDSA P-256", realServer{needsName: true, Config: oddtls.Config{Versions: v(wire.VersionTLS12, wire.VersionTLS13), Suites: slices.Concat(suites13, ecdsaGCM, ecdsaCBC), Groups: curves, Schemes: allSchemes}}, ""},
		{"anonymous", "RSA 2048", realServer{Config: oddtls.Config{Versions: v(wire.VersionTLS10, wire.VersionTLS12), Suites: anonymous, Groups: curves, Schemes: allSchemes}}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := c.s
			s.withKey(t, c.key)
			addr, stop := s.start(t)
			defer stop()
			pr := NewPredictor(s.facts(), PredictOptions{Host: "www.example.org", ServerName: "www.example.org", HTTP: true, NoTrust: true})
			count := map[Fate]int{}
			for _, p := range oneAttempt() {
				x, h := pr.Predict(p), whatHappened(p, &s, meet(t, p, addr, true))
				count[x.Outcome]++
				if c.open != "" && strings.Contains(x.Open, c.open) {
					continue
				}
				if d := disagreement(x, h); d != "" {
					t.Errorf("%s: %s (%s; %s)", p.ID, d, x.Why, h.detail)
				}
			}
			t.Logf("%d connect, %d do not", count[OK], count[Fail])
		})
	}
}

// TestLawPredictionIsWhatHappens: the same for servers that nobody thought of.
func TestLawPredictionIsWhatHappens(t *testing.T) {
	profiles := sync.OnceValue(oneAttempt)()
	keys := []string{"RSA 2048", "RSA 1024", "ECDSA P-256", "ECDSA P-384", "Ed25519"}
	for k, s := range keyKinds() { // certificates are dear; one a key
		certificates[k] = selfSigned(t, s)
	}
	rapid.Check(t, func(rt *rapid.T) {
		s := &realServer{}
		key := rapid.SampledFrom(keys).Draw(rt, "key")
		s.Key, s.Chain = keyKinds()[key], [][]byte{certificates[key]}
		s.Versions = subset(rt, "versions", allVersions)
		s.Suites = subset(rt, "suites", slices.Concat(suites13, ecdsaGCM, ecdsaCBC, ecdheGCM, ecdheCBC, dhe, transport, anonymous))
		s.Groups = subset(rt, "groups", allGroups)
		s.Schemes = subset(rt, "schemes", allSchemes)
		if key == "Ed25519" { // the server would sign with it in TLS 1.0, and fail
			s.Versions = append(slices.DeleteFunc(slices.Clone(s.Versions), func(v wire.Version) bool { return v <= wire.VersionTLS12 }), wire.VersionTLS12)
		}
		if key == "RSA 1024" { // too small for it; the server does not know that
			s.Schemes = slices.DeleteFunc(slices.Clone(s.Schemes), func(x wire.SignatureScheme) bool { return x == wire.SigRSAPSSRSAESHA512 })
			s.Schemes = append(s.Schemes, wire.SigRSAPKCS1SHA256)
		}
		s.clientSuites = rapid.Bool().Draw(rt, "client's suites")
		s.clientGroups = rapid.Bool().Draw(rt, "client's groups")
		s.shareFirst = rapid.Bool().Draw(rt, "share first")
		s.chachaFirst = !s.clientSuites && rapid.Bool().Draw(rt, "ChaCha20 first")
		s.needsName = rapid.Bool().Draw(rt, "needs a name")
		s.NoRenegotiationInfo = rapid.Bool().Draw(rt, "no RFC 5746")
		if rapid.Bool().Draw(rt, "own DH group") {
			s.DH = oddtls.DH1024()
		}
		s.ALPN = rapid.SampledFrom([][]string{nil, {"http/1.1"}, {"h2", "http/1.1"}, {"acme-tls/1"}}).Draw(rt, "ALPN")
		addr, stop := s.start(rt)
		defer stop()
		pr := NewPredictor(s.facts(), PredictOptions{Host: "www.example.org", ServerName: "www.example.org", HTTP: true, NoTrust: true})
		for range 8 {
			p := rapid.SampledFrom(profiles).Draw(rt, "client")
			x, h := pr.Predict(p), whatHappened(p, s, meet(rt, p, addr, true))
			if !x.Exact {
				continue
			}
			if d := disagreement(x, h); d != "" {
				rt.Fatalf("%s: %s (%s; %s)", p.ID, d, x.Why, h.detail)
			}
		}
	})
}

var certificates = map[string][]byte{}

// subset draws some of a list, in an order of its own.
func subset[T comparable](t *rapid.T, name string, list []T) []T {
	perm := rapid.Permutation(list).Draw(t, name)
	return perm[:rapid.IntRange(1, len(perm)).Draw(t, name+" drawn")]
}
