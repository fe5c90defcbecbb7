package trust

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"
)

// now is the time of the zoo; nothing in the tests depends on the real one.
var now = time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC)

// zooKeys are made once: RSA keys are slow to find.
var zooKeys = map[string]func() crypto.Signer{
	"p256":    sync.OnceValue(func() crypto.Signer { return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)) }),
	"p256b":   sync.OnceValue(func() crypto.Signer { return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)) }),
	"p384":    sync.OnceValue(func() crypto.Signer { return must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader)) }),
	"rsa1024": sync.OnceValue(func() crypto.Signer { return must(rsa.GenerateKey(rand.Reader, 1024)) }),
	"rsa2048": sync.OnceValue(func() crypto.Signer { return must(rsa.GenerateKey(rand.Reader, 2048)) }),
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// ident is a certificate of the zoo with its key.
type ident struct {
	*Certificate
	x   *x509.Certificate
	key crypto.Signer
}

// spec describes a certificate; the zero spec is a good leaf for good.example.
type spec struct {
	cn, org    string
	names      []string
	ips        []string
	noSAN      bool
	ca         bool
	pathLen    int // with hasPathLen
	hasPathLen bool
	nb, na     time.Duration // from now
	key        string
	sig        x509.SignatureAlgorithm
	eku        []x509.ExtKeyUsage
	ku         x509.KeyUsage
	noKU       bool
	permit     []string
	exclude    []string
	aia        string
	ocsp       string
	crl        string
	ext        []pkix.Extension
	serial     int64
	sameKeyAs  *ident
	noBasic    bool
	subjectKey []byte
	sctCount   int
}

var zooSerial struct {
	sync.Mutex
	n int64
}

func issue(s spec, parent *ident) *ident {
	zooSerial.Lock()
	zooSerial.n++
	serial := zooSerial.n
	zooSerial.Unlock()
	if s.serial != 0 {
		serial = s.serial
	}
	if s.cn == "" {
		s.cn = "good.example"
	}
	if s.org == "" {
		s.org = "Example"
	}
	if s.na == 0 {
		s.na = 60 * day
	}
	if s.nb == 0 {
		s.nb = -30 * day
	}
	if s.key == "" {
		s.key = "p256"
	}
	t := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: s.cn, Organization: []string{s.org}},
		NotBefore: now.Add(s.nb), NotAfter: now.Add(s.na),
		BasicConstraintsValid: !s.noBasic, IsCA: s.ca, SignatureAlgorithm: s.sig,
		ExtKeyUsage: s.eku, KeyUsage: s.ku, ExtraExtensions: s.ext, SubjectKeyId: s.subjectKey,
		PermittedDNSDomains: s.permit, ExcludedDNSDomains: s.exclude,
		PermittedDNSDomainsCritical: s.permit != nil || s.exclude != nil,
	}
	if !s.noSAN && !s.ca {
		t.DNSNames = s.names
		if s.names == nil && s.ips == nil {
			t.DNSNames = []string{"good.example", "www.good.example"}
		}
		for _, ip := range s.ips {
			t.IPAddresses = append(t.IPAddresses, net.ParseIP(ip))
		}
	} else if s.names != nil {
		t.DNSNames = s.names
	}
	if s.ku == 0 && !s.noKU {
		if t.KeyUsage = x509.KeyUsageDigitalSignature; s.ca {
			t.KeyUsage |= x509.KeyUsageCertSign | x509.KeyUsageCRLSign
		}
	}
	if s.eku == nil && !s.ca {
		t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	}
	if s.hasPathLen {
		t.MaxPathLen, t.MaxPathLenZero = s.pathLen, s.pathLen == 0
	}
	if s.aia != "" {
		t.IssuingCertificateURL = []string{s.aia}
	}
	if s.ocsp != "" {
		t.OCSPServer = []string{s.ocsp}
	}
	if s.crl != "" {
		t.CRLDistributionPoints = []string{s.crl}
	}
	if s.sctCount > 0 {
		t.ExtraExtensions = append(t.ExtraExtensions, sctExtension(s.sctCount))
	}
	id := &ident{key: zooKeys[s.key]()}
	if s.sameKeyAs != nil {
		id.key = s.sameKeyAs.key
	}
	signer, signKey := t, id.key
	if parent != nil {
		signer, signKey = parent.x, parent.key
	}
	der := must(x509.CreateCertificate(rand.Reader, t, signer, id.key.Public(), signKey))
	id.x = must(x509.ParseCertificate(der))
	id.Certificate = must(ParseCertificate(der))
	return id
}

// sctExtension holds n SCTs of different logs.
func sctExtension(n int) pkix.Extension {
	var list []byte
	for i := range n {
		sct := make([]byte, 1+32+8+2+4)
		sct[1] = byte(i + 1)
		list = append(append(list, 0, byte(len(sct))), sct...)
	}
	body := append([]byte{byte(len(list) >> 8), byte(len(list))}, list...)
	return pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 2}, Value: must(asn1.Marshal(body))}
}

var mustStapleExt = pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 24}, Value: []byte{0x30, 0x03, 0x02, 0x01, 0x05}}

func caSpec(cn string) spec { return spec{cn: cn, ca: true, nb: -300 * day, na: 3000 * day} }

// pki is the usual root, intermediate and store.
type pki struct {
	root, inter *ident
	store       *Store
}

func newPKI() pki {
	root := issue(caSpec("Zoo Root"), nil)
	inter := issue(func() spec { s := caSpec("Zoo Intermediate"); s.key = "p256b"; return s }(), root)
	return pki{root, inter, NewStore("zoo", "the zoo's store", root.Certificate)}
}

func chain(ids ...*ident) []*Certificate {
	out := make([]*Certificate, len(ids))
	for i, id := range ids {
		out[i] = id.Certificate
	}
	return out
}

// private is the modern policy without the rules for public CAs.
func private() Policy {
	p := Modern()
	p.PublicCA = false
	return p
}

func (p pki) input(ids ...*ident) Input {
	return Input{Chain: chain(ids...), Roots: p.store, Name: "good.example", At: now, Policy: private()}
}

func describe(t testing.TB, r *Result) {
	t.Helper()
	for _, d := range r.Defects {
		t.Logf("  blocking=%v %s: %s", d.Blocking, d.Cause, d.Detail)
	}
	t.Logf("  ambiguous %v, %d paths", r.Ambiguous, len(r.Paths))
}
