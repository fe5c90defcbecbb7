package lab

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"sync"
	"time"
)

const day = 24 * time.Hour

// authority is a CA certificate with its key.
type authority struct {
	cert *x509.Certificate
	key  crypto.Signer
}

// pki is the lab's certificate authorities. Most of it is ECDSA P-256, which
// costs microseconds.
type pki struct {
	now      time.Time
	url      string     // of the server for AIA, OCSP and CRLs
	root     *authority // in the CA file
	issuing  *authority // intermediate below root: issues most leaves
	rsaRoot  *authority // in the CA file too
	clientCA *authority // of client certificates; in no file

	mu      sync.Mutex
	issuers map[string]*authority // by path at url: for AIA, OCSP and CRLs
	revoked map[string]time.Time  // by serial number
}

func newPKI(url string) (*pki, error) {
	p := &pki{
		now: time.Now().UTC().Truncate(time.Second), url: url,
		issuers: map[string]*authority{}, revoked: map[string]time.Time{},
	}
	keys, err := rsaKeys()
	if err != nil {
		return nil, err
	}
	if p.rsaRoot, err = p.authority("tlswhy lab root RSA", nil, keys.root); err != nil {
		return nil, err
	}
	if p.root, err = p.authority("tlswhy lab root ECDSA", nil, nil); err != nil {
		return nil, err
	}
	if p.issuing, err = p.authority("tlswhy lab issuing CA", p.root, nil); err != nil {
		return nil, err
	}
	if p.clientCA, err = p.authority("tlswhy lab client CA", nil, nil); err != nil {
		return nil, err
	}
	return p, nil
}

// edit changes a certificate before it is signed.
type edit func(*x509.Certificate)

// authority makes a CA. Without issuer it is a root; without key it gets a new
// one of ECDSA P-256.
func (p *pki) authority(name string, issuer *authority, key crypto.Signer, edits ...edit) (*authority, error) {
	if key == nil {
		key = newECKey()
	}
	t := &x509.Certificate{
		SerialNumber:          newSerial(),
		Subject:               pkix.Name{Organization: []string{"tlswhy lab"}, CommonName: name},
		NotBefore:             p.now.Add(-365 * day),
		NotAfter:              p.now.Add(5 * 365 * day),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	for _, e := range edits {
		e(t)
	}
	der, err := p.sign(t, issuer, key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("making %s: %w", name, err)
	}
	return &authority{cert, key}, nil
}

// leaf makes a certificate for host.
func (p *pki) leaf(host string, issuer *authority, key crypto.Signer, edits ...edit) ([]byte, error) {
	t := &x509.Certificate{
		SerialNumber:          newSerial(),
		Subject:               pkix.Name{CommonName: host},
		DNSNames:              []string{host},
		NotBefore:             p.now.Add(-30 * day),
		NotAfter:              p.now.Add(120 * day),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}
	if _, ok := key.Public().(*rsa.PublicKey); ok {
		t.KeyUsage |= x509.KeyUsageKeyEncipherment
	}
	for _, e := range edits {
		e(t)
	}
	return p.sign(t, issuer, key)
}

func (p *pki) sign(t *x509.Certificate, issuer *authority, key crypto.Signer) ([]byte, error) {
	parent, signer := t, key
	if issuer != nil {
		parent, signer = issuer.cert, issuer.key
	}
	der, err := x509.CreateCertificate(rand.Reader, t, parent, key.Public(), signer)
	if err != nil {
		return nil, fmt.Errorf("signing the certificate of %s: %w", t.Subject.CommonName, err)
	}
	return der, nil
}

// chain makes an ECDSA leaf and sends the intermediate along: what a healthy
// server has.
func (p *pki) chain(host string, edits ...edit) (tls.Certificate, error) {
	return p.chainFrom(host, p.issuing, newECKey(), edits...)
}

// chainFrom makes a leaf below issuer, and sends the issuer along if it is no
// root.
func (p *pki) chainFrom(host string, issuer *authority, key crypto.Signer, edits ...edit) (tls.Certificate, error) {
	der, err := p.leaf(host, issuer, key, edits...)
	if err != nil {
		return tls.Certificate{}, err
	}
	c := tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	if issuer.cert.Subject.String() != issuer.cert.Issuer.String() {
		c.Certificate = append(c.Certificate, issuer.cert.Raw)
	}
	return c, nil
}

// rsaChain makes an RSA leaf directly below the RSA root, so that clients which
// know no ECDSA can verify it.
func (p *pki) rsaChain(host string, edits ...edit) (tls.Certificate, error) {
	keys, err := rsaKeys()
	if err != nil {
		return tls.Certificate{}, err
	}
	return p.chainFrom(host, p.rsaRoot, keys.leaf, edits...)
}

// valid sets the validity period, in days from now.
func (p *pki) valid(from, to int) edit {
	return func(c *x509.Certificate) {
		c.NotBefore = p.now.Add(time.Duration(from) * day)
		c.NotAfter = p.now.Add(time.Duration(to) * day)
	}
}

func newECKey() *ecdsa.PrivateKey { return newCurveKey(elliptic.P256()) }

func newCurveKey(curve elliptic.Curve) *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		panic(err) // crypto/rand never fails, and the curve is ours
	}
	return key
}

// newSerial is 15 random bytes: positive and short in DER (RFC 5280, Section 4.1.2.2).
func newSerial() *big.Int {
	var b [15]byte
	_, _ = rand.Read(b[:]) // documented never to fail
	b[0] |= 1
	return new(big.Int).SetBytes(b[:])
}

// rsaPair is the RSA keys of all labs of one process: making one takes about
// 100 ms, and nothing that a lab shows depends on a key being new.
type rsaPair struct{ root, leaf *rsa.PrivateKey }

var rsaKeys = sync.OnceValues(func() (rsaPair, error) {
	var p rsaPair
	var errRoot, errLeaf error
	var wg sync.WaitGroup
	wg.Go(func() { p.root, errRoot = rsa.GenerateKey(rand.Reader, 2048) })
	wg.Go(func() { p.leaf, errLeaf = rsa.GenerateKey(rand.Reader, 2048) })
	wg.Wait()
	if err := errors.Join(errRoot, errLeaf); err != nil {
		return rsaPair{}, fmt.Errorf("making RSA keys: %w", err)
	}
	return p, nil
})
