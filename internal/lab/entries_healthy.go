package lab

import (
	"crypto/elliptic"
	"crypto/tls"
	"crypto/x509"
	"fmt"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/lab/oddtls"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// A healthy endpoint that lacks TLS 1.3 may be told so.
var tls12Only = []cause.ID{cause.TLS13Missing}

func healthyEntries() []*entry {
	return []*entry{
		{
			Spec: Spec{Name: "healthy", Title: "A healthy server with an ECDSA certificate, TLS 1.2 and 1.3."},
			up:   healthyUp(func(*tls.Config) {}),
		},
		{
			Spec: Spec{Name: "healthy-rsa", Title: "A healthy server with an RSA certificate, TLS 1.2 and 1.3."},
			up:   rsaUp(func(*tls.Config) {}),
		},
		{
			Spec: Spec{Name: "healthy-p384", Title: "A healthy server with a P-384 key."},
			up: certUp(func(p *pki, host string) (tls.Certificate, error) {
				return p.chainFrom(host, p.issuing, newCurveKey(elliptic.P384()))
			}),
		},
		{
			Spec: Spec{Name: "healthy-tls12", Title: "A healthy server with TLS 1.2 only.", Also: tls12Only},
			up:   healthyUp(func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }),
		},
		{
			Spec: Spec{Name: "healthy-tls12-rsa", Title: "A healthy server with TLS 1.2 only and an RSA certificate.", Also: tls12Only},
			up:   rsaUp(func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }),
		},
		{
			Spec: Spec{Name: "healthy-tls13", Title: "A healthy server with TLS 1.3 only."},
			up:   healthyUp(func(c *tls.Config) { c.MinVersion = tls.VersionTLS13 }),
		},
		{
			Spec: Spec{Name: "healthy-hybrid", Title: "A healthy server that prefers the post-quantum hybrid X25519MLKEM768 and takes others too."},
			up: healthyUp(func(c *tls.Config) {
				c.CurvePreferences = []tls.CurveID{tls.X25519MLKEM768, tls.X25519, tls.CurveP256}
			}),
		},
		{
			Spec: Spec{Name: "healthy-p256", Title: "A healthy server that knows one group, P-256, and asks for it by HelloRetryRequest."},
			up:   healthyUp(func(c *tls.Config) { c.CurvePreferences = []tls.CurveID{tls.CurveP256} }),
		},
		{
			Spec: Spec{Name: "healthy-wildcard", Title: "A healthy server with a wildcard certificate."},
			up: certUp(func(p *pki, host string) (tls.Certificate, error) {
				return p.chain(host, func(c *x509.Certificate) { c.DNSNames = []string{"*." + Domain} })
			}),
		},
		{
			Spec: Spec{Name: "healthy-many-names", Title: "A healthy server whose certificate has 150 names, this one last."},
			up: certUp(func(p *pki, host string) (tls.Certificate, error) {
				return p.chain(host, func(c *x509.Certificate) {
					c.DNSNames = nil
					for i := range 149 {
						c.DNSNames = append(c.DNSNames, fmt.Sprintf("site-%d.%s", i, Domain))
					}
					c.DNSNames = append(c.DNSNames, host)
				})
			}),
		},
		{
			Spec: Spec{Name: "healthy-long-chain", Title: "A healthy server with four intermediates in its chain."},
			up:   certUp(longChain),
		},
		{
			Spec: Spec{Name: "healthy-root-sent", Title: "A healthy server that sends its root along, which nobody needs."},
			up: certUp(func(p *pki, host string) (tls.Certificate, error) {
				c, err := p.chain(host)
				c.Certificate = append(c.Certificate, p.root.cert.Raw)
				return c, err
			}),
		},
		{
			Spec: Spec{Name: "healthy-stapled", Title: "A healthy server that staples a good OCSP response."},
			up:   certUp(func(p *pki, host string) (tls.Certificate, error) { return p.stapled(host) }),
		},
		{
			Spec: Spec{Name: "healthy-garbage-staple", Title: "A healthy server to most clients that staples something that is no OCSP response."},
			up: certUp(func(p *pki, host string) (tls.Certificate, error) {
				c, err := p.chain(host)
				c.OCSPStaple = []byte("404 page not found\n") // as a job saves it that does not look at the status
				return c, err
			}),
		},
		{
			Spec: Spec{Name: "healthy-renegotiates", Title: "A healthy server that lets clients begin renegotiations, over TLS 1.2.", Also: tls12Only},
			up:   oddWith(oddEC(wire.VersionTLS12, suites12...), func(c *oddtls.Config) { c.Renegotiates = true }),
		},
		{
			Spec: Spec{
				Name: "healthy-cross-signed", Title: "A healthy server that sends its root cross-signed by one that ran out, which only old clients need.",
				Also: []cause.ID{cause.ExpiredIntermediate, cause.WrongChainOrder},
			},
			up: certUp(crossSigned),
		},
		{
			Spec: Spec{
				Name: "healthy-old-versions", Title: "A healthy server to current clients that lets TLS 1.0 and 1.1 in as well.",
				Also: []cause.ID{cause.ObsoleteProtocolEnabled},
			},
			up: rsaUp(func(c *tls.Config) { c.MinVersion = tls.VersionTLS10 }),
		},
		{
			Spec: Spec{
				Name: "healthy-weak-suites", Title: "A healthy server to current clients that takes 3DES and RC4 as well, over TLS 1.2.",
				Also: []cause.ID{cause.WeakSuitesEnabled, cause.TLS13Missing},
			},
			up: rsaUp(func(c *tls.Config) {
				c.MaxVersion = tls.VersionTLS12
				c.CipherSuites = []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA, tls.TLS_RSA_WITH_RC4_128_SHA}
			}),
		},
		{
			Spec: Spec{Name: "healthy-http2", Title: "A healthy server that speaks HTTP/2.", Args: []string{"--as", "chrome"}},
			up: h2Up(true, func(e *env) (*tls.Config, error) {
				c, err := e.pki.chain(e.host)
				return serverConfig(c), err
			}),
		},
		{
			Spec: Spec{Name: "healthy-must-staple", Title: "A healthy server with a must-staple certificate that staples."},
			up: certUp(func(p *pki, host string) (tls.Certificate, error) {
				return p.stapled(host, func(c *x509.Certificate) { mustStaple(p, c) })
			}),
		},
		{
			Spec: Spec{Name: "healthy-ocsp", Title: "A healthy server whose CA answers OCSP and publishes a CRL."},
			up: certUp(func(p *pki, host string) (tls.Certificate, error) {
				p.publish("issuing", p.issuing)
				return p.chain(host, func(c *x509.Certificate) {
					c.OCSPServer, c.CRLDistributionPoints = []string{p.ocspURL("issuing")}, []string{p.crlURL("issuing")}
					c.IssuingCertificateURL = []string{p.aiaURL("issuing")}
				})
			}),
		},
		{
			Spec: Spec{Name: "healthy-constrained", Title: "A healthy server below a CA that may issue for this domain only."},
			up: issuerUp(func(_ *pki, c *x509.Certificate) {
				c.PermittedDNSDomainsCritical, c.PermittedDNSDomains = true, []string{Domain}
			}),
		},
		{
			Spec: Spec{Name: "healthy-mtls-optional", Title: "A healthy server that asks for a client certificate and takes none as well."},
			up: configUp(func(e *env) (*tls.Config, error) {
				return e.pki.mutualConfig(e.host, tls.VerifyClientCertIfGiven)
			}),
		},
		{
			Spec: Spec{Name: "healthy-mtls", Title: "A healthy server that demands a client certificate, and gets a good one."},
			up: clientCertUp(ClientGood, func(e *env) (*tls.Config, error) {
				return e.pki.mutualConfig(e.host, tls.RequireAndVerifyClientCert)
			}),
		},
	}
}

// postureEntries work, and will hurt.
func postureEntries() []*entry {
	return []*entry{
		{
			Spec: Spec{Name: "tls13-missing", Title: "TLS 1.2 is the newest that the server knows.", Cause: cause.TLS13Missing},
			up:   healthyUp(func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }),
		},
		{
			Spec: Spec{Name: "obsolete-protocols", Title: "The server still takes TLS 1.0 and 1.1.", Cause: cause.ObsoleteProtocolEnabled},
			up:   rsaUp(func(c *tls.Config) { c.MinVersion = tls.VersionTLS10 }),
		},
		{
			Spec: Spec{Name: "weak-suites", Title: "The server still takes RC4 and 3DES, in TLS 1.2.", Cause: cause.WeakSuitesEnabled},
			up: rsaUp(func(c *tls.Config) {
				c.CipherSuites = []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA, tls.TLS_RSA_WITH_RC4_128_SHA}
			}),
		},
	}
}

// crossSigned sends leaf, intermediate and the root's key in a certificate of a
// root that ran out and that nobody has.
func crossSigned(p *pki, host string) (tls.Certificate, error) {
	old, err := p.authority("tlswhy lab old root", nil, nil, p.valid(-3650, -100))
	if err != nil {
		return tls.Certificate{}, err
	}
	cross, err := p.authority(p.root.cert.Subject.CommonName, old, p.root.key, p.valid(-2000, -100))
	if err != nil {
		return tls.Certificate{}, err
	}
	c, err := p.chain(host)
	c.Certificate = append(c.Certificate, cross.cert.Raw)
	return c, err
}

// longChain issues below four intermediates.
func longChain(p *pki, host string) (tls.Certificate, error) {
	ca, sent := p.root, [][]byte(nil)
	for i := range 4 {
		var err error
		if ca, err = p.authority(fmt.Sprintf("tlswhy lab CA level %d", i+1), ca, nil); err != nil {
			return tls.Certificate{}, err
		}
		sent = append([][]byte{ca.cert.Raw}, sent...)
	}
	key := newECKey()
	der, err := p.leaf(host, ca, key)
	return tls.Certificate{Certificate: append([][]byte{der}, sent...), PrivateKey: key}, err
}
