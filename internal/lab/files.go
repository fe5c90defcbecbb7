package lab

import (
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
)

// The lab's files, all PEM.
const caFile = "ca.pem"

// ClientCert says which client certificate.
type ClientCert string

// The client certificates. Endpoints that want one trust the lab's client CA.
const (
	ClientGood     ClientCert = "good"
	ClientOther    ClientCert = "other"     // of a CA that the endpoints do not know
	ClientExpired  ClientCert = "expired"   // a day ago
	ClientWrongEKU ClientCert = "wrong-eku" // good for servers only
)

// ClientCertFiles are the paths of a client certificate with its chain, and of its key.
func (l *Lab) ClientCertFiles(c ClientCert) (cert, key string) {
	base := filepath.Join(l.dir, "client-"+string(c))
	return base + ".pem", base + ".key"
}

func (p *pki) writeFiles(dir string) error {
	if err := writePEM(filepath.Join(dir, caFile), "CERTIFICATE", 0o644, p.root.cert.Raw, p.rsaRoot.cert.Raw); err != nil {
		return err
	}
	other, err := p.authority("another client CA", nil, nil)
	if err != nil {
		return err
	}
	for _, c := range []struct {
		id     ClientCert
		issuer *authority
		edit   edit
	}{
		{ClientGood, p.clientCA, func(*x509.Certificate) {}},
		{ClientOther, other, func(*x509.Certificate) {}},
		{ClientExpired, p.clientCA, p.valid(-90, -1)},
		{ClientWrongEKU, p.clientCA, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }},
	} {
		key := newECKey()
		der, err := p.leaf("", c.issuer, key, func(t *x509.Certificate) {
			t.Subject = pkix.Name{CommonName: "client " + string(c.id)}
			t.DNSNames = nil
			t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
		}, c.edit)
		if err != nil {
			return err
		}
		base := filepath.Join(dir, "client-"+string(c.id))
		if err := writePEM(base+".pem", "CERTIFICATE", 0o644, der); err != nil {
			return err
		}
		if err := writeKey(base+".key", key); err != nil {
			return err
		}
	}
	return nil
}

func writeKey(path string, key crypto.PrivateKey) error {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("encoding a key: %w", err)
	}
	return writePEM(path, "PRIVATE KEY", 0o600, der)
}

func writePEM(path, kind string, mode os.FileMode, blocks ...[]byte) error {
	var out []byte
	for _, b := range blocks {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b})...)
	}
	if err := os.WriteFile(path, out, mode); err != nil {
		return fmt.Errorf("writing the lab's files: %w", err)
	}
	return nil
}
