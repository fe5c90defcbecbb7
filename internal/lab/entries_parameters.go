package lab

import (
	"crypto"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"fmt"

	"github.com/cloudflare/circl/sign/ed448"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/lab/oddtls"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// parameterEntries are servers that differ from clients in groups, signature
// algorithms, Diffie-Hellman size or RFC 5746.
func parameterEntries() []*entry {
	noGroup := func(name, title string, up func(*env) error, args ...string) *entry {
		return &entry{Spec: Spec{Name: name, Title: title, Cause: cause.NoSharedGroup, Fails: true, Args: args}, up: up}
	}
	noScheme := func(name, title string, up func(*env) error) *entry {
		return &entry{Spec: Spec{Name: name, Title: title, Cause: cause.NoSharedSignatureAlgorithm, Fails: true}, up: up}
	}
	weakDH := func(bits int, group func() oddtls.DHGroup, as string) *entry {
		return &entry{
			Spec: Spec{
				Name: fmt.Sprintf("weak-dh-%d", bits), Title: fmt.Sprintf("The server's Diffie-Hellman group has %d bits.", bits),
				Cause: cause.WeakDH, Fails: true, Args: []string{"--as", as},
			},
			up: oddWith(oddRSA(wire.VersionTLS12, wire.TLS_DHE_RSA_WITH_AES_128_GCM_SHA256, wire.TLS_DHE_RSA_WITH_AES_128_CBC_SHA),
				func(c *oddtls.Config) { c.Groups, c.DH = nil, group() }),
		}
	}
	one := func(g wire.Group) func(*oddtls.Config) {
		return func(c *oddtls.Config) { c.Groups = []wire.Group{g} }
	}
	noRenegotiationInfo := func(c *oddtls.Config) { c.NoRenegotiationInfo = true }
	return []*entry{
		noGroup("p521-only", "The server knows one group, P-521, which Chrome does not offer.",
			healthyUp(func(c *tls.Config) { c.CurvePreferences = []tls.CurveID{tls.CurveP521} })),
		noGroup("x448-only", "The server knows one group, X448, over TLS 1.3.",
			oddWith(oddEC(wire.VersionTLS13, suites13...), one(wire.GroupX448))),
		noGroup("ffdhe8192-only", "The server knows one group, ffdhe8192, over TLS 1.3.",
			oddWith(oddEC(wire.VersionTLS13, suites13...), one(wire.GroupFFDHE8192))),
		noGroup("brainpool-only", "The server knows one curve, brainpoolP256r1, over TLS 1.2.",
			oddWith(oddRSA(wire.VersionTLS12, suites12...), one(wire.GroupBrainpoolP256r1))),
		noGroup("sect571r1-only", "The server knows one curve, sect571r1, over TLS 1.2.",
			oddWith(oddRSA(wire.VersionTLS12, suites12...), one(wire.GroupSect571r1))),
		noGroup("hybrid-only", "The server knows one group, the post-quantum hybrid X25519MLKEM768.",
			healthyUp(func(c *tls.Config) { c.CurvePreferences = []tls.CurveID{tls.X25519MLKEM768} }), "--as", "java-17"),

		noScheme("ed25519", "The server's key is Ed25519, which browsers do not take.",
			certUp(func(p *pki, host string) (tls.Certificate, error) {
				_, key, err := ed25519.GenerateKey(rand.Reader)
				if err != nil {
					return tls.Certificate{}, fmt.Errorf("making a key: %w", err)
				}
				return p.chainFrom(host, p.issuing, key)
			})),
		noScheme("ed448", "The server's key is Ed448, over TLS 1.3.",
			oddKey(func() (crypto.Signer, error) {
				_, key, err := ed448.GenerateKey(rand.Reader)
				return oddtls.Ed448Key(key), err
			})),
		noScheme("p521-key", "The server's key is on P-521, over TLS 1.3.",
			configUp(func(e *env) (*tls.Config, error) {
				c, err := e.pki.chainFrom(e.host, e.pki.issuing, newCurveKey(elliptic.P521()))
				if err != nil {
					return nil, err
				}
				cfg := serverConfig(c)
				cfg.MinVersion = tls.VersionTLS13
				return cfg, nil
			})),
		noScheme("brainpool-key", "The server's key is on brainpoolP256r1, over TLS 1.3.",
			oddKey(func() (crypto.Signer, error) { return oddtls.NewCurveKey(wire.GroupBrainpoolP256r1) })),
		noScheme("sha1-handshake", "The server signs the key exchange with SHA-1 only, over TLS 1.2.",
			oddWith(oddRSA(wire.VersionTLS12, suites12...), func(c *oddtls.Config) { c.Schemes = []wire.SignatureScheme{wire.SigRSAPKCS1SHA1} })),

		weakDH(512, oddtls.DH512, "openssl-3.0"),
		weakDH(768, oddtls.DH768, "java-17"),
		weakDH(1024, oddtls.DH1024, "openssl-3.0"),

		{
			Spec: Spec{Name: "legacy-renegotiation", Title: "The server does not know RFC 5746, over TLS 1.2.", Cause: cause.LegacyRenegotiation, Fails: true},
			up:   oddWith(oddEC(wire.VersionTLS12, suites12...), noRenegotiationInfo),
		},
		{
			Spec: Spec{
				Name: "legacy-renegotiation-rsa", Title: "The server does not know RFC 5746, with an RSA certificate, seen by OpenSSL 3.",
				Cause: cause.LegacyRenegotiation, Fails: true, Args: []string{"--as", "openssl-3.0"},
			},
			up: oddWith(oddRSA(wire.VersionTLS12, suites12...), noRenegotiationInfo),
		},
	}
}
