package lab

import (
	"crypto/tls"
	"crypto/x509"

	"github.com/tlswhy/tlswhy/internal/cause"
)

func certificateEntries() []*entry {
	edited := func(edits ...func(p *pki, c *x509.Certificate)) func(*env) error {
		return certUp(func(p *pki, host string) (tls.Certificate, error) {
			return p.chain(host, func(c *x509.Certificate) {
				for _, e := range edits {
					e(p, c)
				}
			})
		})
	}
	return []*entry{
		{
			Spec: Spec{Name: "expired", Title: "The certificate ran out three days ago.", Cause: cause.Expired, Fails: true},
			up:   edited(func(p *pki, c *x509.Certificate) { p.valid(-93, -3)(c) }),
		},
		{
			Spec: Spec{Name: "not-yet-valid", Title: "The certificate becomes valid in three days.", Cause: cause.NotYetValid, Fails: true},
			up:   edited(func(p *pki, c *x509.Certificate) { p.valid(3, 93)(c) }),
		},
		{
			Spec: Spec{
				Name: "clock-skew", Title: "The server is fine; the client's clock stands in 2016.",
				Cause: cause.ClientClockSkew, Fails: true, Args: []string{"--at", "2016-01-01T00:00:00Z"},
			},
			up: healthyUp(func(*tls.Config) {}),
		},
		{
			Spec: Spec{Name: "wrong-host", Title: "The certificate names another host.", Cause: cause.HostnameMismatch, Fails: true},
			up:   edited(func(_ *pki, c *x509.Certificate) { c.DNSNames = []string{"www." + Domain, "mail." + Domain} }),
		},
		{
			Spec: Spec{Name: "self-signed", Title: "The certificate is signed by itself.", Cause: cause.SelfSigned, Fails: true},
			up: certUp(func(p *pki, host string) (tls.Certificate, error) {
				key := newECKey()
				der, err := p.leaf(host, nil, key)
				return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
			}),
		},
		{
			Spec: Spec{Name: "untrusted-root", Title: "The chain ends at a private root that the client does not have.", Cause: cause.UntrustedRoot, Fails: true},
			up:   certUp(untrustedChain),
		},
		{
			Spec: Spec{
				Name: "incomplete-chain", Title: "The intermediate is not sent; the certificate says where to fetch it.",
				Cause: cause.IncompleteChain, Fails: true,
			},
			up: certUp(func(p *pki, host string) (tls.Certificate, error) {
				p.publish("issuing", p.issuing)
				c, err := p.chain(host, func(c *x509.Certificate) { c.IssuingCertificateURL = []string{p.aiaURL("issuing")} })
				c.Certificate = c.Certificate[:min(len(c.Certificate), 1)]
				return c, err
			}),
		},
	}
}

// untrustedChain ends at a root that is in no file of the lab.
func untrustedChain(p *pki, host string) (tls.Certificate, error) {
	root, err := p.authority("private root", nil, nil)
	if err != nil {
		return tls.Certificate{}, err
	}
	ca, err := p.authority("private issuing CA", root, nil)
	if err != nil {
		return tls.Certificate{}, err
	}
	return p.chainFrom(host, ca, newECKey())
}

// stapled is a chain with a fresh OCSP response.
func (p *pki) stapled(host string, edits ...edit) (tls.Certificate, error) {
	c, err := p.chain(host, edits...)
	if err != nil {
		return c, err
	}
	leaf, err := x509.ParseCertificate(c.Certificate[0])
	if err != nil {
		return c, err
	}
	c.OCSPStaple, err = p.ocspResponse(p.issuing, leaf.SerialNumber)
	return c, err
}
