package lab

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// chainEntries are faults of the certificates around the leaf.
func chainEntries() []*entry {
	return []*entry{
		{
			Spec: Spec{Name: "self-signed", Title: "The certificate is signed by itself.", Cause: cause.SelfSigned, Fails: true},
			up:   selfSignedUp(func(*x509.Certificate) {}),
		},
		{
			Spec: Spec{Name: "self-signed-ca", Title: "The certificate is signed by itself and says it is a CA.", Cause: cause.SelfSigned, Also: []cause.ID{cause.CAAsLeaf}, Fails: true},
			up: selfSignedUp(func(c *x509.Certificate) {
				c.IsCA = true
				c.KeyUsage |= x509.KeyUsageCertSign
			}),
		},
		{
			Spec: Spec{
				Name: "untrusted-root", Title: "The chain ends at a private root that the client does not have.",
				// Without the root nothing shows that the intermediate is not the missing one.
				Cause: cause.UntrustedRoot, Also: []cause.ID{cause.IncompleteChain}, Fails: true,
			},
			up: certUp(func(p *pki, host string) (tls.Certificate, error) { return p.foreignChain(host, "private", false) }),
		},
		{
			Spec: Spec{Name: "untrusted-root-sent", Title: "The chain ends at a private root, which is sent along.", Cause: cause.UntrustedRoot, Fails: true},
			up:   certUp(func(p *pki, host string) (tls.Certificate, error) { return p.foreignChain(host, "private", true) }),
		},
		{
			Spec: Spec{
				Name: "interception", Title: "The certificate comes from a TLS-inspecting proxy.",
				// Only the names in it say so.
				Cause: cause.TLSInterception, Also: []cause.ID{cause.UntrustedRoot}, Fails: true,
			},
			up: certUp(func(p *pki, host string) (tls.Certificate, error) {
				return p.foreignChain(host, "Example SSL Inspection", true)
			}),
		},
		{
			Spec: Spec{Name: "incomplete-chain", Title: "The intermediate is not sent; the certificate says where to fetch it.", Cause: cause.IncompleteChain, Fails: true},
			up: certUp(func(p *pki, host string) (tls.Certificate, error) {
				p.publish("issuing", p.issuing)
				return p.withoutIntermediate(host, func(c *x509.Certificate) { c.IssuingCertificateURL = []string{p.aiaURL("issuing")} })
			}),
		},
		{
			Spec: Spec{
				Name: "incomplete-chain-no-aia", Title: "The intermediate is not sent, and the certificate does not say where it is.",
				// Nobody can tell which root the missing certificate leads to.
				Cause: cause.IncompleteChain, Also: []cause.ID{cause.UntrustedRoot}, Fails: true,
			},
			up: certUp(func(p *pki, host string) (tls.Certificate, error) { return p.withoutIntermediate(host) }),
		},
		{
			Spec: Spec{Name: "incomplete-chain-other", Title: "An intermediate is sent, but that of another CA.", Cause: cause.IncompleteChain, Also: []cause.ID{cause.UntrustedRoot}, Fails: true},
			up: certUp(func(p *pki, host string) (tls.Certificate, error) {
				other, err := p.authority("tlswhy lab other CA", p.root, nil)
				if err != nil {
					return tls.Certificate{}, err
				}
				c, err := p.withoutIntermediate(host)
				c.Certificate = append(c.Certificate, other.cert.Raw)
				return c, err
			}),
		},
		{
			Spec: Spec{Name: "chain-order", Title: "The root is sent before the intermediate.", Cause: cause.WrongChainOrder},
			up: certUp(func(p *pki, host string) (tls.Certificate, error) {
				c, err := p.withoutIntermediate(host)
				c.Certificate = append(c.Certificate, p.root.cert.Raw, p.issuing.cert.Raw)
				return c, err
			}),
		},
		{
			Spec: Spec{Name: "chain-unrelated", Title: "Certificates that have nothing to do with the site are sent along.", Cause: cause.WrongChainOrder},
			up: certUp(func(p *pki, host string) (tls.Certificate, error) {
				c, err := p.withoutIntermediate(host)
				if err != nil {
					return c, err
				}
				other, err := p.chain("other." + Domain)
				c.Certificate = append(append(c.Certificate, other.Certificate[:1]...), p.issuing.cert.Raw, p.rsaRoot.cert.Raw)
				return c, err
			}),
		},
		{
			Spec: Spec{Name: "expired-intermediate", Title: "The intermediate ran out two days ago.", Cause: cause.ExpiredIntermediate, Fails: true},
			up:   issuerUp(func(p *pki, c *x509.Certificate) { p.valid(-400, -2)(c) }),
		},
		{
			Spec: Spec{Name: "issuer-not-ca", Title: "The certificate was issued with another site's certificate.", Cause: cause.IssuerNotCA, Fails: true},
			up: issuerUp(func(_ *pki, c *x509.Certificate) {
				c.IsCA = false
				c.KeyUsage = x509.KeyUsageDigitalSignature
			}),
		},
		{
			Spec: Spec{Name: "path-length", Title: "A CA that may issue certificates but no CAs issued a CA.", Cause: cause.PathLengthExceeded, Fails: true},
			up: certUp(func(p *pki, host string) (tls.Certificate, error) {
				upper, err := p.authority("tlswhy lab CA for leaves only", p.root, nil, func(c *x509.Certificate) { c.MaxPathLenZero = true })
				if err != nil {
					return tls.Certificate{}, err
				}
				lower, err := p.authority("tlswhy lab CA too many", upper, nil)
				if err != nil {
					return tls.Certificate{}, err
				}
				c, err := p.chainFrom(host, lower, newECKey())
				c.Certificate = append(c.Certificate, upper.cert.Raw)
				return c, err
			}),
		},
		{
			Spec: Spec{Name: "name-constraints", Title: "The CA may issue for another domain only.", Cause: cause.NameConstraints, Fails: true},
			up: issuerUp(func(_ *pki, c *x509.Certificate) {
				c.PermittedDNSDomainsCritical, c.PermittedDNSDomains = true, []string{"example.com"}
			}),
		},
		{
			Spec: Spec{Name: "name-constraints-excluded", Title: "The CA may issue for every domain but this one.", Cause: cause.NameConstraints, Fails: true},
			up: issuerUp(func(_ *pki, c *x509.Certificate) {
				c.PermittedDNSDomainsCritical, c.ExcludedDNSDomains = true, []string{Domain}
			}),
		},
		{
			Spec: Spec{Name: "weak-intermediate", Title: "The intermediate has an RSA key of 1024 bits.", Cause: cause.WeakKey, Fails: true},
			up: certUp(func(p *pki, host string) (tls.Certificate, error) {
				key, err := rsa1024()
				if err != nil {
					return tls.Certificate{}, err
				}
				ca, err := p.authority("tlswhy lab weak CA", p.root, key)
				if err != nil {
					return tls.Certificate{}, err
				}
				return p.chainFrom(host, ca, newECKey())
			}),
		},
		{
			Spec: Spec{Name: "certificate-too-large", Title: "The chain takes 120 kB, more than OpenSSL reads.", Cause: cause.CertificateTooLarge, Fails: true},
			up:   certUp(func(p *pki, host string) (tls.Certificate, error) { return p.largeChain(host, 120_000) }),
		},
		{
			Spec: Spec{
				Name: "certificate-too-large-java", Title: "The chain takes 40 kB, more than Java reads.",
				Cause: cause.CertificateTooLarge, Fails: true, Args: []string{"--as", "java-17"},
			},
			up: certUp(func(p *pki, host string) (tls.Certificate, error) { return p.largeChain(host, 40_000) }),
		},
	}
}

func selfSignedUp(edits ...edit) func(*env) error {
	return certUp(func(p *pki, host string) (tls.Certificate, error) {
		key := newECKey()
		der, err := p.leaf(host, nil, key, edits...)
		return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
	})
}

// issuerUp serves a leaf of an intermediate that was edited.
func issuerUp(change func(*pki, *x509.Certificate)) func(*env) error {
	return certUp(func(p *pki, host string) (tls.Certificate, error) {
		ca, err := p.authority("tlswhy lab CA of "+host, p.root, nil, func(c *x509.Certificate) { change(p, c) })
		if err != nil {
			return tls.Certificate{}, err
		}
		return p.chainFrom(host, ca, newECKey())
	})
}

func (p *pki) withoutIntermediate(host string, edits ...edit) (tls.Certificate, error) {
	c, err := p.chain(host, edits...)
	if err != nil {
		return c, err
	}
	c.Certificate = c.Certificate[:1:1]
	return c, nil
}

// foreignChain ends at a root that is in no file of the lab.
func (p *pki) foreignChain(host, name string, sendRoot bool) (tls.Certificate, error) {
	owner := func(c *x509.Certificate) { c.Subject.Organization = []string{name} }
	root, err := p.authority(name+" root CA", nil, nil, owner)
	if err != nil {
		return tls.Certificate{}, err
	}
	ca, err := p.authority(name+" CA", root, nil, owner)
	if err != nil {
		return tls.Certificate{}, err
	}
	c, err := p.chainFrom(host, ca, newECKey())
	if sendRoot {
		c.Certificate = append(c.Certificate, root.cert.Raw)
	}
	return c, err
}

// largeChain has a leaf of about n bytes: the rest is an extension that nobody
// knows and that is not critical.
func (p *pki) largeChain(host string, n int) (tls.Certificate, error) {
	filler := make([]byte, n)
	_, _ = rand.Read(filler) // documented never to fail
	value, err := asn1.Marshal(filler)
	if err != nil {
		return tls.Certificate{}, err
	}
	return p.chain(host, func(c *x509.Certificate) {
		// An arc under 1.3.6.1.4.1.0, which is reserved and belongs to nobody.
		c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 0, 1}, Value: value}}
	})
}
