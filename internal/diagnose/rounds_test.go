package diagnose

import (
	"fmt"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// A single cause takes at most six round trips, a combination ten; each
// connection costs one, each hello another, each HelloRetryRequest a third.
const (
	roundsSingle      = 6
	roundsCombination = 10
)

// negotiations are faults of one list, and of two or three.
func negotiations() []fault {
	var out []fault
	add := func(name string, want cause.ID, rounds int, clients []string, edit func(*simServer)) {
		f := fault{name: name, clients: clients, want: want, rounds: rounds, proof: report.ByHandshake, step: cause.StepCipher}
		if c, ok := cause.Get(want); ok {
			f.step = c.Step
		}
		f.world = func() *world { return changed(edit) }
		out = append(out, f)
	}
	only := func(v wire.Version) func(*simServer) { return func(s *simServer) { s.versions = []wire.Version{v} } }
	rsa := func(s *simServer, suites ...wire.CipherSuite) { s.suites, s.keys = suites, []keyKind{keyRSA} }
	for _, v := range []wire.Version{wire.VersionTLS10, wire.VersionTLS11} {
		add(fmt.Sprintf("%s alone", v), cause.NoSharedVersion, roundsSingle, []string{"modern", "chrome", "firefox", "go-1.26.8", "java-17"}, only(v))
	}
	add("SSL 3.0 alone", cause.NoSharedVersion, roundsSingle, []string{"modern", "openssl-3.0", "chrome"}, only(wire.VersionSSL30))
	add("TLS 1.3 alone", cause.NoSharedVersion, roundsSingle, []string{"nginx-proxy", "node-0.10.48", "go-1.9.7", "node-4.9.1"}, only(wire.VersionTLS13))
	add("RC4 alone", cause.NoSharedCipher, roundsSingle, []string{"modern", "firefox", "openssl-3.0", "java-17"}, func(s *simServer) {
		only(wire.VersionTLS12)(s)
		rsa(s, wire.TLS_RSA_WITH_RC4_128_SHA)
	})
	add("Camellia alone", cause.NoSharedCipher, roundsSingle, nil, func(s *simServer) {
		only(wire.VersionTLS12)(s)
		rsa(s, wire.TLS_ECDHE_RSA_WITH_CAMELLIA_128_GCM_SHA256)
	})
	add("CCM_8 alone", cause.NoSharedCipher, roundsSingle, nil, func(s *simServer) {
		only(wire.VersionTLS13)(s)
		s.suites = []wire.CipherSuite{wire.TLS_AES_128_CCM_8_SHA256}
	})
	for _, g := range []wire.Group{wire.GroupX448, wire.GroupSecp521r1, wire.GroupFFDHE8192} {
		// Every answer takes a HelloRetryRequest here.
		add(fmt.Sprintf("%s alone", g), cause.NoSharedGroup, roundsSingle+3, nil, func(s *simServer) {
			only(wire.VersionTLS13)(s)
			s.groups = []wire.Group{g}
		})
	}
	add("brainpool alone", cause.NoSharedGroup, roundsSingle, []string{"modern", "firefox"}, func(s *simServer) {
		only(wire.VersionTLS12)(s)
		s.groups = []wire.Group{wire.GroupBrainpoolP256r1}
		rsa(s, wire.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256)
	})
	add("hybrid alone", cause.NoSharedGroup, roundsSingle+3, []string{"modern", "java-17", "openssl-3.0"}, func(s *simServer) {
		only(wire.VersionTLS13)(s)
		s.groups = []wire.Group{wire.GroupX25519MLKEM768}
	})
	add("Ed25519 certificate", cause.NoSharedSignatureAlgorithm, roundsSingle, []string{"modern", "chrome", "firefox"}, func(s *simServer) {
		s.keys = []keyKind{keyEd25519}
	})
	add("SHA-1 alone", cause.NoSharedSignatureAlgorithm, roundsSingle, nil, func(s *simServer) {
		only(wire.VersionTLS12)(s)
		s.schemes = []wire.SignatureScheme{wire.SigRSAPKCS1SHA1}
		rsa(s, wire.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256)
	})
	add("another protocol", cause.NoALPNOverlap, roundsSingle, []string{"modern", "chrome"}, func(s *simServer) { s.alpn, s.strict = []string{"imap"}, true })

	add("TLS 1.0 and RC4", cause.NoSharedVersion, roundsCombination, []string{"modern", "firefox", "java-17"}, func(s *simServer) {
		only(wire.VersionTLS10)(s)
		rsa(s, wire.TLS_RSA_WITH_RC4_128_SHA)
	})
	add("TLS 1.0 and brainpool", cause.NoSharedVersion, roundsCombination, nil, func(s *simServer) {
		only(wire.VersionTLS10)(s)
		rsa(s, wire.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA)
		s.groups = []wire.Group{wire.GroupBrainpoolP256r1}
	})
	add("TLS 1.3, X448 and Ed25519", cause.NoSharedGroup, roundsCombination+4, nil, func(s *simServer) {
		only(wire.VersionTLS13)(s)
		s.groups, s.keys = []wire.Group{wire.GroupX448}, []keyKind{keyEd25519}
	})
	add("Camellia, brainpool and another protocol", cause.NoSharedCipher, roundsCombination, nil, func(s *simServer) {
		only(wire.VersionTLS12)(s)
		rsa(s, wire.TLS_ECDHE_RSA_WITH_CAMELLIA_128_GCM_SHA256)
		s.groups = []wire.Group{wire.GroupBrainpoolP256r1}
		s.alpn, s.strict = []string{"imap"}, true
	})
	add("TLS 1.0, RC4 and another protocol", cause.NoSharedVersion, roundsCombination, nil, func(s *simServer) {
		only(wire.VersionTLS10)(s)
		rsa(s, wire.TLS_RSA_WITH_RC4_128_SHA)
		s.alpn, s.strict = []string{"imap"}, true
	})
	return out
}
