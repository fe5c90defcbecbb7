package lab

import (
	"crypto/tls"
	"crypto/x509"
	"errors"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/lab/oddtls"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// negotiationEntries are servers with which clients share no version or suite,
// and combinations where that is only the first wall.
func negotiationEntries() []*entry {
	noVersion := func(name, title string, up func(*env) error) *entry {
		return &entry{Spec: Spec{Name: name, Title: title, Cause: cause.NoSharedVersion, Fails: true}, up: up}
	}
	noCipher := func(name, title string, up func(*env) error, args ...string) *entry {
		return &entry{Spec: Spec{Name: name, Title: title, Cause: cause.NoSharedCipher, Fails: true, Args: args}, up: up}
	}
	return []*entry{
		noVersion("tls10-only", "The server knows TLS 1.0 and nothing newer.",
			rsaUp(func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS10 })),
		noVersion("tls11-only", "The server knows TLS 1.1 and nothing newer.",
			rsaUp(func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS11, tls.VersionTLS11 })),
		noVersion("ssl3-only", "The server knows SSL 3.0 and nothing newer.",
			oddUp(oddRSA(wire.VersionSSL30, suitesOld...))),
		noVersion("ssl2-only", "The server answers an SSL 2.0 hello and no other.",
			oddWith(oddRSA(0), func(c *oddtls.Config) { c.Versions, c.SSL2 = nil, true })),
		noVersion("export-only", "The server knows TLS 1.0 with export suites of 40 bits.",
			oddUp(oddRSA(wire.VersionTLS10, wire.TLS_RSA_EXPORT_WITH_RC4_40_MD5, wire.TLS_RSA_EXPORT_WITH_DES40_CBC_SHA))),
		noVersion("tls10-rc4", "The server knows TLS 1.0 with RC4: two walls, one behind the other.",
			oddUp(oddRSA(wire.VersionTLS10, wire.TLS_RSA_WITH_RC4_128_SHA, wire.TLS_RSA_WITH_RC4_128_MD5))),
		noVersion("tls10-expired", "The server knows TLS 1.0 only, and its certificate ran out too.",
			oddUp(func(e *env) (*oddtls.Config, error) {
				c, err := e.pki.rsaChain(e.host, e.pki.valid(-93, -3))
				if err != nil {
					return nil, err
				}
				return oddConfig(c.Certificate, c.PrivateKey, []wire.Version{wire.VersionTLS10}, suitesOld), nil
			})),

		noCipher("rc4-only", "The server takes RC4 and nothing better, over TLS 1.2.",
			oddUp(oddRSA(wire.VersionTLS12, wire.TLS_ECDHE_RSA_WITH_RC4_128_SHA, wire.TLS_RSA_WITH_RC4_128_SHA))),
		noCipher("3des-only", "The server takes 3DES and nothing better, over TLS 1.2.",
			oddUp(oddRSA(wire.VersionTLS12, wire.TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA, wire.TLS_RSA_WITH_3DES_EDE_CBC_SHA))),
		noCipher("null-only", "The server wants no encryption.",
			oddUp(oddRSA(wire.VersionTLS12, wire.TLS_RSA_WITH_NULL_SHA256, wire.TLS_RSA_WITH_NULL_SHA))),
		noCipher("anonymous-only", "The server has no certificate and takes anonymous suites only.",
			oddUp(func(*env) (*oddtls.Config, error) {
				return &oddtls.Config{
					Versions: []wire.Version{wire.VersionTLS12},
					Suites:   []wire.CipherSuite{wire.TLS_ECDH_anon_WITH_AES_128_CBC_SHA, wire.TLS_DH_anon_WITH_AES_128_GCM_SHA256},
				}, nil
			})),
		noCipher("psk-only", "The server wants a pre-shared key.",
			oddUp(func(*env) (*oddtls.Config, error) {
				return &oddtls.Config{
					Versions: []wire.Version{wire.VersionTLS12}, PSK: []byte("correct horse battery staple"),
					Suites: []wire.CipherSuite{wire.TLS_PSK_WITH_AES_128_GCM_SHA256, wire.TLS_PSK_WITH_AES_128_CBC_SHA},
				}, nil
			})),
		noCipher("camellia-only", "The server takes Camellia only.",
			oddUp(oddRSA(wire.VersionTLS12, wire.TLS_ECDHE_RSA_WITH_CAMELLIA_128_CBC_SHA256, wire.TLS_RSA_WITH_CAMELLIA_128_CBC_SHA))),
		noCipher("aria-only", "The server takes ARIA only.",
			oddUp(oddRSA(wire.VersionTLS12, wire.TLS_ECDHE_RSA_WITH_ARIA_128_GCM_SHA256))),
		noCipher("ccm8-only", "The server takes AES-CCM with short tags only, over TLS 1.2.",
			oddUp(oddEC(wire.VersionTLS12, wire.TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8))),
		noCipher("ccm-tls13", "The server takes AES-CCM only, over TLS 1.3.",
			oddUp(oddEC(wire.VersionTLS13, wire.TLS_AES_128_CCM_SHA256))),
		noCipher("dhe-only", "The server exchanges keys by DHE of 2048 bits only.",
			oddWith(oddRSA(wire.VersionTLS12, wire.TLS_DHE_RSA_WITH_AES_128_GCM_SHA256), func(c *oddtls.Config) { c.Groups, c.DH = nil, oddtls.DH2048() })),
		noCipher("rsa-key-exchange", "The server exchanges keys with its RSA key only, which Go no longer does.",
			rsaUp(func(c *tls.Config) {
				c.MaxVersion = tls.VersionTLS12
				c.CipherSuites = []uint16{tls.TLS_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_RSA_WITH_AES_256_GCM_SHA384}
			}), "--as", "go-1.26.8"),
		noCipher("wrong-key-type", "The server's suites need an ECDSA key and its key is RSA: no client can connect.",
			oddUp(oddRSA(wire.VersionTLS12, wire.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, wire.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384))),
		noCipher("rc4-wrong-host", "The server takes RC4 only, and its certificate is for another host.",
			oddUp(func(e *env) (*oddtls.Config, error) {
				c, err := e.pki.rsaChain("www." + Domain)
				if err != nil {
					return nil, err
				}
				return oddConfig(c.Certificate, c.PrivateKey, []wire.Version{wire.VersionTLS12}, []wire.CipherSuite{wire.TLS_RSA_WITH_RC4_128_SHA}), nil
			})),

		{
			Spec: Spec{Name: "alpn", Title: "The server speaks acme-tls/1 and insists on it.", Cause: cause.NoALPNOverlap, Fails: true, Args: []string{"--as", "chrome"}},
			up:   healthyUp(func(c *tls.Config) { c.NextProtos = []string{"acme-tls/1"} }),
		},
		{
			Spec: Spec{Name: "alpn-tls12", Title: "The server speaks MQTT and insists on it, in TLS 1.2.", Cause: cause.NoALPNOverlap, Fails: true, Args: []string{"--as", "firefox"}},
			up: healthyUp(func(c *tls.Config) {
				c.NextProtos, c.MaxVersion = []string{"mqtt"}, tls.VersionTLS12
			}),
		},
		{
			Spec: Spec{Name: "internal-error", Title: "The server fails by itself: its certificates are gone.", Cause: cause.ServerInternalError, Fails: true},
			up: healthyUp(func(c *tls.Config) {
				c.Certificates = nil
				c.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return nil, errors.New("certificates are gone") }
			}),
		},
		{
			Spec: Spec{Name: "key-mismatch", Title: "Certificate and private key do not belong together, in TLS 1.3.", Cause: cause.CertKeyMismatch, Fails: true},
			up:   mismatchUp(tls.VersionTLS13),
		},
		{
			Spec: Spec{Name: "key-mismatch-tls12", Title: "Certificate and private key do not belong together, in TLS 1.2.", Cause: cause.CertKeyMismatch, Fails: true},
			up:   mismatchUp(tls.VersionTLS12),
		},
	}
}

// mismatchUp signs with a key that is not the certificate's.
func mismatchUp(version uint16) func(*env) error {
	return configUp(func(e *env) (*tls.Config, error) {
		c, err := e.pki.chain(e.host)
		if err != nil {
			return nil, err
		}
		if c.Leaf, err = x509.ParseCertificate(c.Certificate[0]); err != nil {
			return nil, err
		}
		c.PrivateKey = newECKey()
		cfg := serverConfig(c)
		cfg.MinVersion, cfg.MaxVersion = version, version
		return cfg, nil
	})
}
