package lab

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"sync"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// leafUp serves a chain whose leaf was edited.
func leafUp(edits ...func(p *pki, c *x509.Certificate)) func(*env) error {
	return certUp(func(p *pki, host string) (tls.Certificate, error) { return p.editedChain(host, edits...) })
}

func (p *pki) editedChain(host string, edits ...func(p *pki, c *x509.Certificate)) (tls.Certificate, error) {
	return p.chain(host, func(c *x509.Certificate) {
		for _, e := range edits {
			e(p, c)
		}
	})
}

func validDays(from, to int) func(*pki, *x509.Certificate) {
	return func(p *pki, c *x509.Certificate) { p.valid(from, to)(c) }
}

func namesOf(names ...string) func(*pki, *x509.Certificate) {
	return func(_ *pki, c *x509.Certificate) { c.DNSNames = names }
}

// rsa1024 is shared by the endpoints with a weak key.
var rsa1024 = sync.OnceValues(func() (*rsa.PrivateKey, error) {
	k, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		return nil, fmt.Errorf("making a weak key: %w", err)
	}
	return k, nil
})

// certificateEntries are faults of the leaf itself.
func certificateEntries() []*entry {
	return []*entry{
		{
			Spec: Spec{Name: "expired", Title: "The certificate ran out three days ago.", Cause: cause.Expired, Fails: true},
			up:   leafUp(validDays(-93, -3)),
		},
		{
			Spec: Spec{Name: "expired-years", Title: "The certificate of an RSA server ran out four years ago.", Cause: cause.Expired, Fails: true},
			up: certUp(func(p *pki, host string) (tls.Certificate, error) {
				return p.rsaChain(host, p.valid(-5*365, -4*365))
			}),
		},
		{
			Spec: Spec{Name: "not-yet-valid", Title: "The certificate becomes valid in three days.", Cause: cause.NotYetValid, Fails: true},
			up:   leafUp(validDays(3, 93)),
		},
		{
			Spec: Spec{
				Name: "clock-skew", Title: "The server is fine; the client's clock stands in 2016.",
				// To a client that trusts its clock the two look alike.
				Cause: cause.ClientClockSkew, Also: []cause.ID{cause.NotYetValid},
				Fails: true, Args: []string{"--at", "2016-01-01T00:00:00Z"},
			},
			up: healthyUp(nil),
		},
		{
			Spec: Spec{Name: "expires-soon", Title: "The certificate has five days left.", Cause: cause.ExpiresSoon},
			up:   leafUp(validDays(-85, 5)),
		},
		{
			Spec: Spec{Name: "wrong-host", Title: "The certificate names other hosts.", Cause: cause.HostnameMismatch, Fails: true},
			up:   leafUp(namesOf("www."+Domain, "mail."+Domain)),
		},
		{
			Spec: Spec{Name: "wrong-host-parent", Title: "The certificate names the domain and not the host in it.", Cause: cause.HostnameMismatch, Fails: true},
			up:   leafUp(namesOf(Domain)),
		},
		{
			Spec: Spec{
				Name: "wrong-host-wildcard", Title: "A wildcard stands for one label; this name has one more.",
				Cause: cause.HostnameMismatch, Fails: true, Host: "www.wrong-host-wildcard." + Domain,
			},
			up: leafUp(namesOf("*." + Domain)),
		},
		{
			Spec: Spec{Name: "cn-only", Title: "The name stands in the common name alone, without subjectAltName.", Cause: cause.CNOnly, Fails: true},
			up:   leafUp(namesOf()),
		},
		{
			Spec: Spec{Name: "weak-key", Title: "The certificate has an RSA key of 1024 bits.", Cause: cause.WeakKey, Fails: true},
			up: certUp(func(p *pki, host string) (tls.Certificate, error) {
				key, err := rsa1024()
				if err != nil {
					return tls.Certificate{}, err
				}
				return p.chainFrom(host, p.rsaRoot, key)
			}),
		},
		{
			Spec: Spec{Name: "sha1", Title: "The certificate is signed with SHA-1.", Cause: cause.WeakSignature, Fails: true},
			up:   resignedUp(sha1WithRSA),
		},
		{
			Spec: Spec{Name: "md5", Title: "The certificate is signed with MD5.", Cause: cause.WeakSignature, Fails: true},
			up:   resignedUp(md5WithRSA),
		},
		{
			Spec: Spec{Name: "wrong-eku", Title: "The certificate is for clients, not for servers.", Cause: cause.WrongEKU, Fails: true},
			up:   leafUp(func(_ *pki, c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }),
		},
		{
			Spec: Spec{Name: "wrong-eku-code", Title: "The certificate is for signing programs.", Cause: cause.WrongEKU, Fails: true},
			up:   leafUp(func(_ *pki, c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning} }),
		},
		{
			Spec: Spec{Name: "wrong-key-usage", Title: "The keyUsage of the certificate allows key agreement and no signatures.", Cause: cause.WrongKeyUsage, Fails: true},
			up:   leafUp(func(_ *pki, c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyAgreement }),
		},
		{
			Spec: Spec{Name: "ca-as-leaf", Title: "A CA certificate serves as the site's certificate.", Cause: cause.CAAsLeaf, Fails: true},
			up: leafUp(func(_ *pki, c *x509.Certificate) {
				c.IsCA = true
				c.KeyUsage |= x509.KeyUsageCertSign
			}),
		},
		{
			Spec: Spec{Name: "must-staple", Title: "The certificate promises a stapled OCSP response and none comes.", Cause: cause.MustStapleMissing, Fails: true, Args: []string{"--as", "firefox"}},
			up:   leafUp(mustStaple),
		},
		{
			Spec: Spec{
				Name: "ct-missing", Title: "A certificate of a public CA comes without proof of certificate transparency.",
				Cause: cause.CTMissing, Fails: true, Args: []string{"--public-roots"},
			},
			up: healthyUp(nil),
		},
		{
			Spec: Spec{
				Name: "ten-years", Title: "A certificate of a public CA is valid for ten years.",
				// It has no proof of certificate transparency either.
				Cause: cause.ValidityTooLong, Also: []cause.ID{cause.CTMissing}, Fails: true, Args: []string{"--public-roots"},
			},
			up: certUp(func(p *pki, host string) (tls.Certificate, error) {
				return p.chainFrom(host, p.root, newECKey(), p.valid(-30, 3650))
			}),
		},
		{
			Spec: Spec{Name: "revoked-ocsp", Title: "The certificate is revoked, says OCSP.", Cause: cause.Revoked},
			up:   revokedUp(func(p *pki, c *x509.Certificate) { c.OCSPServer = []string{p.ocspURL("issuing")} }, false),
		},
		{
			Spec: Spec{Name: "revoked-crl", Title: "The certificate is revoked, says the CRL.", Cause: cause.Revoked},
			up:   revokedUp(func(p *pki, c *x509.Certificate) { c.CRLDistributionPoints = []string{p.crlURL("issuing")} }, false),
		},
		{
			Spec: Spec{Name: "revoked-stapled", Title: "The certificate is revoked, says the OCSP response that the server staples.", Cause: cause.Revoked},
			up:   revokedUp(func(*pki, *x509.Certificate) {}, true),
		},
	}
}

// mustStaple adds the TLS feature status_request (RFC 7633).
func mustStaple(_ *pki, c *x509.Certificate) {
	c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{
		Id: asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 24}, Value: []byte{0x30, 3, 2, 1, 5},
	})
}

func resignedUp(sig signature) func(*env) error {
	return certUp(func(p *pki, host string) (tls.Certificate, error) {
		chain, key, err := p.resigned(host, sig)
		return tls.Certificate{Certificate: chain, PrivateKey: key}, err
	})
}

func revokedUp(where func(*pki, *x509.Certificate), staple bool) func(*env) error {
	return certUp(func(p *pki, host string) (tls.Certificate, error) {
		p.publish("issuing", p.issuing)
		edit := func(c *x509.Certificate) {
			where(p, c)
			p.revoke(c.SerialNumber)
		}
		if staple {
			return p.stapled(host, edit)
		}
		return p.chain(host, edit)
	})
}

// stapled is a chain with a fresh OCSP response.
func (p *pki) stapled(host string, edits ...edit) (tls.Certificate, error) {
	c, err := p.chain(host, edits...)
	if err != nil {
		return c, err
	}
	leaf, err := x509.ParseCertificate(c.Certificate[0])
	if err != nil {
		return c, fmt.Errorf("stapling: %w", err)
	}
	c.OCSPStaple, err = p.ocspResponse(p.issuing, leaf.SerialNumber)
	return c, err
}
