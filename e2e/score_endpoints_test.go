//go:build linux

package e2e

import (
	"fmt"
	"slices"
	"testing"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/lab"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// meeting is an endpoint at which clients are let loose.
type meeting struct {
	name   string // server software or "lab", and the fault
	host   string
	kind   string       // of fault, for the table
	faults []cause.ID   // what is wrong with it on purpose, each of them right; none: nothing
	row    *row         // how to start it, nil for the lab's
	lab    string       // its name there
	min    wire.Version // oldest and newest that the server takes; 0: not known
	max    wire.Version
}

// scoredRows are endpoints of the tables, by name: every cause that depends on the client, each shown by several
// implementations.
var scoredRows = []string{
	"nginx/healthy", "apache2/healthy-tls12", "haproxy/healthy-tls13", "lighttpd/healthy-ecdsa", "stunnel/healthy-p384", "gnutls/healthy-deep-chain",
	"nginx/healthy-dual-certificates", "haproxy/healthy-h2", "node-24/healthy-hybrid", "go/healthy-hybrid-only", "caddy/healthy", "java/healthy-ecdsa",
	"nginx/healthy-all-versions", "node-8/healthy-old-library", "nginx/healthy-optional-client-certificate", "nginx/healthy-root-sent",

	"nginx/tls10-only", "apache2/tls11-only", "gnutls/tls11-only", "java/ssl3-only", "java/tls10-only", "python/tls11-only", "node-0.10/tls10-only",
	"node-0.10/tls10-and-rc4", "gnutls/tls11-and-3des",

	"nginx/camellia-only", "stunnel/aria-only", "nginx/ccm8-only", "apache2/ecdsa-suites-rsa-cert", "caddy/ecdsa-suites-rsa-cert", "haproxy/static-rsa-only",
	"java/rc4-only", "gnutls/3des-only", "node-4/rc4-only", "java/anonymous-only", "haproxy/tls13-ccm8-only", "s_server/tls13-ccm-only", "nginx/dsa-certificate",

	"nginx/x448-only", "haproxy/p521-only", "apache2/brainpool-only", "s_server/ffdhe8192-only", "s_server/sect571r1-only", "java/x448-only",
	"python/p521-only", "node-24/hybrid-only", "nginx/secp256k1-certificate",

	"nginx/ed25519-certificate", "haproxy/ed448-certificate", "apache2/p521-certificate-tls13", "s_server/sha1-signature-only", "lighttpd/rsa-pss-certificate",

	"s_server/alpn-foo", "nginx-stream/alpn-imap", "java/alpn-mqtt", "gnutls/alpn-coap", "node/alpn-xmpp", "caddy/alpn-postgresql",

	"nginx/dh1024", "apache2/dh1024", "java/dh768", "haproxy/dh2048", "gnutls/no-renegotiation-info", "gnutls/no-renegotiation-info-ecdsa",
	"java/wrong-key-tls13", "java/wrong-key-tls12", "java/failing-key-manager", "python/internal-error", "nginx/h2-over-cbc",

	"haproxy/strict-sni-unknown-name", "nginx/reject-unknown-name", "java/name-matcher", "hitch/abort-on-unknown-name", "caddy/no-such-site",
	"nginx/default-site-unknown-name", "haproxy/default-certificate",

	"nginx/client-certificate-missing-tls1.2", "apache2/client-certificate-missing-tls1.3", "haproxy/client-certificate-missing-tls1.2",
	"stunnel/client-certificate-missing-tls1.3", "s_server/client-certificate-missing-tls1.2", "gnutls/client-certificate-missing-tls1.3",
	"java/client-certificate-missing-tls1.2", "node/client-certificate-missing-tls1.3", "caddy/client-certificate-missing-tls1.2",

	"nginx/expired", "stunnel/expired-yesterday", "apache2/not-yet-valid", "haproxy/expired-intermediate", "nginx/other-name", "java/wildcard-too-deep",
	"node/name-in-common-name", "haproxy/name-constraints", "nginx/self-signed", "python/self-signed-ecdsa", "apache2/private-root", "stunnel/private-root-sent",
	"nginx/leaf-only", "caddy/leaf-only-ecdsa", "gnutls/wrong-issuer-sent", "nginx/chain-out-of-order", "haproxy/unrelated-certificate",
	"s_server/path-too-long", "nginx/signed-by-a-leaf", "nginx/certificate-too-large", "nginx/client-eku", "s_server/code-signing-eku", "nginx/key-usage-without-signature",
	"apache2/ca-as-leaf", "nginx/rsa1024", "s_server/rsa1024-issuer", "apache2/sha1", "nginx/sha1-issuer", "s_server/md5",

	"nginx/plain-http", "middlebox/reset-after-hello", "middlebox/closed-after-hello", "middlebox/version-intolerant-reset", "middlebox/version-intolerant-alert",
	"middlebox/large-hello-reset",
}

// moreRows are endpoints that no other table needs.
var moreRows = []row{
	{name: "nginx/name-needed", spec: spec{trick: "reject"}, want: needsSNI()},
	{name: "haproxy/name-needed", spec: spec{trick: "strict-sni"}, want: needsSNI()},
	{name: "nginx/mozilla-intermediate", spec: spec{second: "p256", ciphers: mozillaIntermediate, groups: mozillaGroups, dh: "2048"}},
	{name: "nginx/mozilla-old", spec: spec{min: "1.0", weak: true, ciphers: mozillaOld, groups: mozillaGroups, dh: "1024", lines: preferServer}},
	{name: "gnutls/own-order", spec: spec{min: "1.0", ciphers: "%SERVER_PRECEDENCE:+3DES-CBC:+DHE-RSA:+SHA256:+SHA384:+SIGN-RSA-SHA1"}},
	{name: "s_server/pss-only", spec: spec{max: "1.2", ciphers: "ECDHE-RSA-AES128-GCM-SHA256", sigalgs: "rsa_pss_rsae_sha256"}, want: noSigAlg()},
	{name: "apache2/chacha-only", spec: spec{max: "1.2", ciphers: "ECDHE-RSA-CHACHA20-POLY1305"}, want: noCipher()},
	{name: "nginx/x25519-only", spec: spec{max: "1.2", ciphers: "ECDHE-RSA-AES256-SHA:ECDHE-RSA-AES128-GCM-SHA256", groups: "X25519"}, want: noGroup()},
	{name: "haproxy/p384-only", spec: spec{groups: "P-384", cert: "p384"}, want: noGroup()},
	{name: "node/cbc-only", spec: spec{max: "1.2", ciphers: "ECDHE-RSA-AES256-SHA384:ECDHE-RSA-AES128-SHA256"}, want: noCipher()},
	{name: "s_server/dhe-2048", spec: spec{max: "1.2", ciphers: dhe, dh: "2048"}, want: noCipher()},
}

// scoredLab are endpoints of the lab, which are this project's own servers.
var scoredLab = []string{
	"healthy", "healthy-rsa", "healthy-tls12", "healthy-tls12-rsa", "healthy-tls13", "healthy-p256", "healthy-long-chain", "healthy-old-versions", "healthy-http2", "healthy-cross-signed",
	"healthy-must-staple", "healthy-constrained", "healthy-mtls-optional",
	"tls11-only", "ssl3-only", "export-only", "tls10-rc4", "tls10-expired",
	"rc4-only", "3des-only", "null-only", "anonymous-only", "psk-only", "ccm8-only", "ccm-tls13", "dhe-only", "rsa-key-exchange", "wrong-key-type",
	"p521-only", "x448-only", "ffdhe8192-only", "brainpool-only", "hybrid-only", "ed25519", "ed448", "p521-key", "brainpool-key", "sha1-handshake",
	"weak-dh-512", "weak-dh-768", "weak-dh-1024", "legacy-renegotiation", "legacy-renegotiation-rsa", "key-mismatch", "key-mismatch-tls12", "internal-error",
	"alpn", "alpn-tls12", "unrecognized-name", "wrong-certificate", "mtls-tls12", "mtls-tls13", "mtls-alert42", "mtls-http",
	"expired", "not-yet-valid", "wrong-host", "wrong-host-wildcard", "cn-only", "weak-key", "sha1", "md5", "wrong-eku", "wrong-key-usage", "ca-as-leaf",
	"self-signed", "self-signed-ca", "untrusted-root", "untrusted-root-sent", "interception", "incomplete-chain", "incomplete-chain-no-aia", "chain-order",
	"expired-intermediate", "issuer-not-ca", "path-length", "name-constraints", "name-constraints-excluded", "weak-intermediate", "certificate-too-large-java",
	"tls13-reset", "tls13-alert", "reset", "closed", "http",
}

// labOf13 are those that take TLS 1.3 alone.
var labOf13 = []string{"healthy-tls13", "ccm-tls13", "x448-only", "ffdhe8192-only", "hybrid-only", "key-mismatch", "mtls-tls13"}

// secondWalls are faults behind the first, which clients meet that pass the first.
var secondWalls = map[string][]cause.ID{
	"lab/tls10-expired": {cause.Expired}, "lab/tls10-rc4": {cause.NoSharedCipher}, "lab/export-only": {cause.NoSharedCipher},
	"node-0.10/tls10-and-rc4": {cause.NoSharedCipher}, "gnutls/tls11-and-3des": {cause.NoSharedCipher},
}

// kindOf a fault, for the table.
func kindOf(faults []cause.ID) string {
	if len(faults) == 0 {
		return "healthy"
	}
	switch faults[0] {
	case cause.NoSharedVersion, cause.VersionIntolerant:
		return "version"
	case cause.NoSharedCipher, cause.ServerInternalError:
		return "suite"
	case cause.NoSharedGroup:
		return "group"
	case cause.NoSharedSignatureAlgorithm:
		return "signature"
	case cause.NoALPNOverlap, cause.HTTP2InadequateSecurity:
		return "ALPN"
	case cause.WeakDH, cause.LegacyRenegotiation, cause.CertKeyMismatch:
		return "keys"
	case cause.SNIRequired, cause.UnrecognizedName, cause.WrongCertificate:
		return "name sent"
	case cause.MTLSRequired:
		return "client certificate"
	}
	if c, ok := cause.Get(faults[0]); ok && (c.Step == cause.StepVerify || c.Step == cause.StepCertificate) {
		return "certificate"
	}
	return "network"
}

var wireVersions = map[string]wire.Version{"ssl3": wire.VersionSSL30, "1.0": wire.VersionTLS10, "1.1": wire.VersionTLS11, "1.2": wire.VersionTLS12, "1.3": wire.VersionTLS13}

func meetings(t testing.TB, specs map[string]lab.Spec) []*meeting {
	t.Helper()
	var all []*meeting
	rows := append(allRows(), moreRows...)
	names := slices.Clone(scoredRows)
	for _, r := range moreRows {
		names = append(names, r.name)
	}
	for _, name := range names {
		i := slices.IndexFunc(rows, func(r row) bool { return r.name == name })
		if i < 0 {
			t.Errorf("no row %s", name)
			continue
		}
		r := rows[i]
		r.fill()
		m := &meeting{name: name, host: r.host(), row: &r}
		for _, id := range append([]string{r.want.cause}, r.want.or...) {
			if id != "" {
				m.faults = append(m.faults, cause.ID(id))
			}
		}
		if v := r.spec.versions(); r.server != "node-0.10" && r.server != "node-4" && r.server != "node-8" && r.server != "middlebox" {
			m.min, m.max = wireVersions[v[0]], wireVersions[v[len(v)-1]]
		}
		all = append(all, m)
	}
	for _, name := range scoredLab {
		s, ok := specs[name]
		if !ok {
			t.Errorf("no endpoint %s in the lab", name)
			continue
		}
		m := &meeting{name: "lab/" + name, host: s.Host, lab: name}
		if s.Fails {
			m.faults = append([]cause.ID{s.Cause}, s.Also...)
		}
		if slices.Contains(labOf13, name) {
			m.min, m.max = wire.VersionTLS13, wire.VersionTLS13
		}
		all = append(all, m)
	}
	for _, m := range all {
		m.kind = kindOf(m.faults)
		m.faults = append(m.faults, secondWalls[m.name]...)
		if m.faults == nil && m.row != nil && m.row.want.warning == string(cause.WrongChainOrder) || m.lab == "chain-order" {
			m.faults = append(m.faults, cause.WrongChainOrder) // most clients do not mind
		}
	}
	return all
}

func (m *meeting) String() string { return fmt.Sprintf("%s %v", m.name, m.faults) }
