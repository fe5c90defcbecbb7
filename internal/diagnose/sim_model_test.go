package diagnose

import (
	"slices"

	"pgregory.net/rapid"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/client"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// simClients are clients of every family and age.
var simClients = []string{
	"modern", "chrome", "firefox", "safari", "openssl-3.0", "curl-openssl", "java-17", "java-25", "go-1.26.8", "nginx-proxy",
	"gnutls-cli", "node-0.10.48", "node-4.9.1", "python-2.7.18", "go-1.9.7", "chrome-64", "chrome-126", "bearssl-0.6", "curl-nss",
	"wolfssl-5.5", "mbedtls-2.28", "mono-6.8", "rustls-0.20", "qt5-network",
}

// What servers of the simulation may have. Everything is in one of the fan's
// hellos: what no server has that anybody met needs no diagnosis.
var (
	poolSuites = []wire.CipherSuite{
		wire.TLS_AES_128_GCM_SHA256, wire.TLS_AES_256_GCM_SHA384, wire.TLS_CHACHA20_POLY1305_SHA256, wire.TLS_AES_128_CCM_SHA256, wire.TLS_AES_128_CCM_8_SHA256,
		wire.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, wire.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, wire.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, wire.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
		wire.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, wire.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA, wire.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384, wire.TLS_ECDHE_RSA_WITH_RC4_128_SHA,
		wire.TLS_DHE_RSA_WITH_AES_128_GCM_SHA256, wire.TLS_DHE_RSA_WITH_AES_256_CBC_SHA, wire.TLS_DHE_RSA_WITH_CAMELLIA_128_CBC_SHA,
		wire.TLS_RSA_WITH_AES_128_GCM_SHA256, wire.TLS_RSA_WITH_AES_128_CBC_SHA, wire.TLS_RSA_WITH_AES_256_CBC_SHA256, wire.TLS_RSA_WITH_3DES_EDE_CBC_SHA, wire.TLS_RSA_WITH_RC4_128_SHA,
		wire.TLS_RSA_WITH_RC4_128_MD5, wire.TLS_RSA_WITH_CAMELLIA_256_CBC_SHA, wire.TLS_RSA_WITH_NULL_SHA, wire.TLS_DH_anon_WITH_AES_128_CBC_SHA, wire.TLS_ECDHE_RSA_WITH_CAMELLIA_128_GCM_SHA256,
		wire.TLS_ECDHE_ECDSA_WITH_ARIA_128_GCM_SHA256, wire.TLS_RSA_WITH_DES_CBC_SHA,
	}
	poolGroups = []wire.Group{
		wire.GroupX25519, wire.GroupSecp256r1, wire.GroupSecp384r1, wire.GroupSecp521r1, wire.GroupX448, wire.GroupX25519MLKEM768,
		wire.GroupBrainpoolP256r1, wire.GroupSecp256k1, wire.GroupSect571r1, wire.GroupFFDHE2048, wire.GroupFFDHE8192,
	}
	poolSchemes = []wire.SignatureScheme{
		wire.SigECDSASecp256r1SHA256, wire.SigECDSASecp384r1SHA384, wire.SigEd25519, wire.SigRSAPSSRSAESHA256, wire.SigRSAPSSRSAESHA512,
		wire.SigRSAPKCS1SHA256, wire.SigRSAPKCS1SHA512, wire.SigRSAPKCS1SHA1, wire.SigECDSASHA1, wire.SigRSAPKCS1SHA224,
	}
	poolVersions = []wire.Version{wire.VersionSSL30, wire.VersionTLS10, wire.VersionTLS11, wire.VersionTLS12, wire.VersionTLS13}
	poolKeys     = []keyKind{keyRSA, keyP256, keyP384, keyEd25519}
)

// pick draws some of a pool, at least one, in an order of its own.
func pick[T comparable](rt *rapid.T, label string, pool []T) []T {
	return rapid.SliceOfNDistinct(rapid.SampledFrom(pool), 1, len(pool), rapid.ID).Draw(rt, label)
}

// drawVersions draws a range of versions, as servers are set up.
func drawVersions(rt *rapid.T, pool []wire.Version) []wire.Version {
	lo := rapid.IntRange(0, len(pool)-1).Draw(rt, "oldest")
	hi := rapid.IntRange(lo, len(pool)-1).Draw(rt, "newest")
	return pool[lo : hi+1]
}

// drawServer draws a server that owes nothing to anybody.
func drawServer(rt *rapid.T) *simServer {
	s := &simServer{
		versions: drawVersions(rt, poolVersions), suites: pick(rt, "suites", poolSuites), groups: pick(rt, "groups", poolGroups),
		schemes: pick(rt, "schemes", poolSchemes), keys: pick(rt, "keys", poolKeys)[:1],
		follows: rapid.Bool().Draw(rt, "client's order"), shares: rapid.Bool().Draw(rt, "shares first"),
		prime: rapid.SampledFrom([]int{0, 512, 1024, 2048, 4096}).Draw(rt, "prime"),
	}
	s.drawManners(rt)
	s.settle(rt)
	return s
}

// settle drops the versions that the server can complete with nobody: no
// software is set up like that, or it refuses to start.
func (s *simServer) settle(t *rapid.T) {
	var able []wire.Version
	for _, v := range s.versions {
		h := &wire.ClientHello{LegacyVersion: v, CipherSuites: s.suites, Extensions: []wire.Extension{
			wire.SupportedGroupsExt(append(slices.Clone(s.groups), wire.GroupSecp256r1, wire.GroupSecp384r1)...), wire.SignatureAlgorithmsExt(s.schemes...),
		}}
		alone := *s
		alone.versions = []wire.Version{v}
		if v >= wire.VersionTLS13 {
			h.LegacyVersion = wire.VersionTLS12
			h.Set(wire.SupportedVersionsExt(v))
		}
		if _, f := alone.consider(h); f == nil {
			able = append(able, v)
		}
	}
	if len(able) == 0 {
		t.Skip("a server that answers nobody")
	}
	s.versions = able
}

// drawManners are what does not depend on the lists.
func (s *simServer) drawManners(rt *rapid.T) {
	if !slices.Contains(s.versions, wire.VersionTLS13) {
		s.deaf = rapid.Bool().Draw(rt, "deaf to supported_versions")
	}
	s.curt = rapid.SampledFrom([]*fate{nil, nil, nil, ends(transcript.Closed), alerts(wire.AlertHandshakeFailure)}).Draw(rt, "refuses by")
	if rapid.Bool().Draw(rt, "knows ALPN") {
		s.alpn = []string{"h2", "http/1.1"}
	}
}

// drawNear draws a server that a client gets along with, but for what breaks.
func drawNear(rt *rapid.T, p *client.Profile, broken ...dimension) *simServer {
	h := p.BuildHello(client.HelloOptions{ServerName: simHost, HTTP: true})
	s := &simServer{follows: rapid.Bool().Draw(rt, "client's order"), shares: rapid.Bool().Draw(rt, "shares first")}
	s.drawManners(rt)
	is := func(d dimension) bool { return slices.Contains(broken, d) }
	s.versions = drawVersions(rt, split(poolVersions, func(v wire.Version) bool { return h.OffersVersion(v) && v >= p.Policy.MinVersion }, is(dimVersions)))
	s.suites = pick(rt, "near suites", split(poolSuites, func(x wire.CipherSuite) bool { return slices.Contains(h.CipherSuites, x) }, is(dimSuites)))
	s.groups = pick(rt, "near groups", split(poolGroups, func(g wire.Group) bool {
		return h.SupportedGroups() == nil || slices.Contains(h.SupportedGroups(), g)
	}, is(dimGroups)))
	s.schemes = pick(rt, "near schemes", split(poolSchemes, func(x wire.SignatureScheme) bool {
		return h.SignatureAlgorithms() == nil || slices.Contains(h.SignatureAlgorithms(), x)
	}, is(dimSchemes)))
	s.keys = pick(rt, "near keys", poolKeys)
	s.prime = 2048
	if is(dimALPN) {
		s.alpn, s.strict = []string{"foo/1"}, true
	}
	s.curt = nil
	s.settle(rt)
	return s
}

// split keeps what is shared, or what is foreign; everything if nothing is.
func split[T any](pool []T, shared func(T) bool, foreign bool) []T {
	var out []T
	for _, x := range pool {
		if shared(x) != foreign {
			out = append(out, x)
		}
	}
	if len(out) == 0 {
		return pool
	}
	return out
}

// refusal is what a client of profile p holds against a deal that its hello
// allows, or "": the rules of Policy, read here once more.
func refusal(p *client.Profile, s *simServer, h *wire.ClientHello, d deal) cause.ID {
	pol, old := p.Policy, d.version < wire.VersionTLS13
	signed := old && d.info.KeyExchange != wire.KXRSA && !d.info.Anonymous
	dh := d.info.KeyExchange == wire.KXDHE || d.info.KeyExchange == wire.KXDHAnon
	sha1 := d.scheme == wire.SigRSAPKCS1SHA1 || d.scheme == wire.SigECDSASHA1
	switch {
	case d.version < pol.MinVersion:
		return cause.NoSharedVersion
	case old && s.noRenegotiationInfo && pol.RequireSecureRenegotiation:
		return cause.LegacyRenegotiation
	case dh && s.prime < pol.MinDHBits:
		return cause.WeakDH
	case d.version >= wire.VersionTLS12 && sha1 && pol.RefuseSHA1Handshake:
		return cause.NoSharedSignatureAlgorithm
	case signed && d.version < wire.VersionTLS12 && pol.RefuseSHA1Handshake:
		return cause.NoSharedVersion
	case d.alpn == "h2" && pol.RefuseWeakHTTP2 && (d.version < wire.VersionTLS12 || d.info.HTTP2Forbidden):
		return cause.HTTP2InadequateSecurity
	}
	return ""
}
