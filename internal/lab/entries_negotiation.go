package lab

import (
	"crypto/tls"
	"errors"

	"github.com/tlswhy/tlswhy/internal/cause"
)

func negotiationEntries() []*entry {
	return []*entry{
		{
			Spec: Spec{Name: "tls10-only", Title: "The server knows TLS 1.0 and nothing newer.", Cause: cause.NoSharedVersion, Fails: true},
			up:   rsaUp(func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS10 }),
		},
		{
			Spec: Spec{Name: "tls11-only", Title: "The server knows TLS 1.1 and nothing newer.", Cause: cause.NoSharedVersion, Fails: true},
			up:   rsaUp(func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS11, tls.VersionTLS11 }),
		},
		{
			Spec: Spec{Name: "rc4-only", Title: "The server takes RC4 and nothing better, over TLS 1.2.", Cause: cause.NoSharedCipher, Fails: true},
			up: rsaUp(func(c *tls.Config) {
				c.MaxVersion = tls.VersionTLS12
				c.CipherSuites = []uint16{tls.TLS_ECDHE_RSA_WITH_RC4_128_SHA, tls.TLS_RSA_WITH_RC4_128_SHA}
			}),
		},
		{
			Spec: Spec{Name: "p521-only", Title: "The server knows one group, P-521, which Chrome does not offer.", Cause: cause.NoSharedGroup, Fails: true},
			up:   healthyUp(func(c *tls.Config) { c.CurvePreferences = []tls.CurveID{tls.CurveP521} }),
		},
		{
			Spec: Spec{Name: "alpn", Title: "The server speaks acme-tls/1 and insists on it.", Cause: cause.NoALPNOverlap, Fails: true},
			up:   healthyUp(func(c *tls.Config) { c.NextProtos = []string{"acme-tls/1"} }),
		},
		{
			Spec: Spec{Name: "internal-error", Title: "The server fails by itself: it has no certificate to show.", Cause: cause.ServerInternalError, Fails: true},
			up: healthyUp(func(c *tls.Config) {
				c.Certificates = nil
				c.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
					return nil, errors.New("certificate store is gone")
				}
			}),
		},
	}
}
