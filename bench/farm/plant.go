//go:build linux

package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" // key identifiers, RFC 5280, Section 4.2.1.2 (1)
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"math/big"
	"time"
)

// farm is the hosts and their certificates.
type farm struct {
	root  []byte
	hosts map[string]*tls.Certificate
}

// hostName is the name of host i.
func hostName(i int) string { return fmt.Sprintf("host%d.bench.example", i) }

// rsaKeys is how many RSA keys the leaves share: making a thousand would take
// minutes, and a client that caches no keys sees no difference.
const rsaKeys = 16

// plant makes a root, an intermediate and n leaves.
func plant(kind string, n int) (*farm, error) {
	newKey, newCAKey, keys := newECDSA, newECDSA, n
	switch kind {
	case "ecdsa":
	case "mixed":
		newCAKey = newRSA
	case "rsa":
		newKey, newCAKey, keys = newRSA, newRSA, min(n, rsaKeys)
	default:
		return nil, fmt.Errorf("no kind of key is called %q", kind)
	}
	now := time.Now()
	ca := func(cn string, days int) *x509.Certificate {
		return &x509.Certificate{
			Subject:   pkix.Name{Organization: []string{"Benchmark"}, CommonName: cn},
			NotBefore: now.Add(-24 * time.Hour), NotAfter: now.AddDate(0, 0, days),
			IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		}
	}
	rootKey, err := newCAKey()
	if err != nil {
		return nil, err
	}
	root, err := issue(ca("Benchmark Root", 3650), rootKey.Public(), nil, rootKey)
	if err != nil {
		return nil, err
	}
	middleKey, err := newCAKey()
	if err != nil {
		return nil, err
	}
	middle, err := issue(ca("Benchmark Intermediate", 1825), middleKey.Public(), root, rootKey)
	if err != nil {
		return nil, err
	}
	f := &farm{root: root.Raw, hosts: make(map[string]*tls.Certificate, n)}
	var pool []crypto.Signer
	for i := range n {
		if len(pool) < keys {
			k, err := newKey()
			if err != nil {
				return nil, err
			}
			pool = append(pool, k)
		}
		key, name := pool[i%len(pool)], hostName(i)
		leaf, err := issue(leafFor(name, kind, now), key.Public(), middle, middleKey)
		if err != nil {
			return nil, err
		}
		f.hosts[name] = &tls.Certificate{Certificate: [][]byte{leaf.Raw, middle.Raw}, PrivateKey: key, Leaf: leaf}
	}
	return f, nil
}

// leafFor holds what leaves of public CAs hold, so that reading it costs as much.
func leafFor(name, kind string, now time.Time) *x509.Certificate {
	c := &x509.Certificate{
		Subject:   pkix.Name{CommonName: name},
		DNSNames:  []string{name, "www." + name},
		NotBefore: now.Add(-24 * time.Hour), NotAfter: now.AddDate(0, 0, 89),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		OCSPServer:            []string{"http://ocsp.bench.example"},
		IssuingCertificateURL: []string{"http://ca.bench.example/intermediate.der"},
		CRLDistributionPoints: []string{"http://ca.bench.example/intermediate.crl"},
		PolicyIdentifiers:     []asn1.ObjectIdentifier{{2, 23, 140, 1, 2, 1}}, // domain-validated
	}
	if kind == "rsa" {
		c.KeyUsage |= x509.KeyUsageKeyEncipherment
	}
	return c
}

func newECDSA() (crypto.Signer, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }

func newRSA() (crypto.Signer, error) { return rsa.GenerateKey(rand.Reader, 2048) }

func issue(c *x509.Certificate, pub any, parent *x509.Certificate, key crypto.Signer) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	spki, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		return nil, err
	}
	id := sha1.Sum(spki)
	c.SerialNumber, c.SubjectKeyId = serial.Add(serial, big.NewInt(1)), id[:]
	if parent == nil {
		parent = c
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, pub, key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

func (f *farm) rootPEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: f.root})
}

func (f *farm) certificate(h *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if c, ok := f.hosts[h.ServerName]; ok {
		return c, nil
	}
	return nil, fmt.Errorf("no host is called %q", h.ServerName)
}
