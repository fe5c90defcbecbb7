//go:build linux

package e2e

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// pki makes identities on first use; they live in one directory that every server account can read.
type pki struct {
	dir string

	// Revocation and AIA URLs are part of certificates, so the port has to be known before the first is issued.
	webPort, ocspPort int

	mu   sync.Mutex
	ids  map[string]*identity
	once map[string]*sync.Once
	errs map[string]error
	keys map[string]crypto.Signer
	kmu  sync.Mutex
}

// identity is a certificate with its chain and key, as files in the forms that servers want them.
type identity struct {
	name  string
	cert  *x509.Certificate // nil for those that crypto/x509 cannot parse
	der   []byte
	key   crypto.Signer // nil for those made by openssl
	chain [][]byte      // what the server sends, leaf first, DER

	chainFile, leafFile, restFile, keyFile string
	pemFile                                string // key, then chain: HAProxy and hitch
	p12File                                string
}

func newPKI(dir string) (*pki, error) {
	p := &pki{dir: dir, ids: map[string]*identity{}, once: map[string]*sync.Once{}, errs: map[string]error{}, keys: map[string]crypto.Signer{}}
	p.webPort, p.ocspPort = freePort(), freePort()
	for _, root := range []string{"ca/rsa-root", "ca/ec-root"} {
		id, err := p.get(root)
		if err != nil {
			return nil, err
		}
		f, err := os.OpenFile(p.path("roots.pem"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		if err != nil {
			return nil, err
		}
		if err := pem.Encode(f, &pem.Block{Type: "CERTIFICATE", Bytes: id.der}); err != nil {
			return nil, err
		}
		if err := f.Close(); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (p *pki) path(name string) string { return filepath.Join(p.dir, name) }

// roots is the CA file that makes the healthy rows healthy.
func (p *pki) roots() string { return p.path("roots.pem") }

func (p *pki) id(t testing.TB, name string) *identity {
	t.Helper()
	id, err := p.get(name)
	if err != nil {
		t.Fatalf("making the certificate %q: %v", name, err)
	}
	return id
}

func (p *pki) get(name string) (*identity, error) {
	p.mu.Lock()
	o := p.once[name]
	if o == nil {
		o = new(sync.Once)
		p.once[name] = o
	}
	p.mu.Unlock()
	o.Do(func() {
		id, err := p.build(name)
		if err == nil {
			id.name = name
			err = p.write(id)
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.ids[name], p.errs[name] = id, err
	})
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ids[name], p.errs[name]
}

func (p *pki) build(name string) (*identity, error) {
	if r, ok := certificates[name]; ok {
		return p.issue(name, r)
	}
	return foreignCertificate(p, name)
}

// request is everything about one certificate that differs from a flawless one.
type request struct {
	key    string // "rsa2048" (default), "rsa1024", "rsa4096", "p256", "p384", "p521", "ed25519"
	issuer string // identity that signs; default ca/rsa-issuing; "self"
	cn     string
	names  []string // default: shop.example and www.shop.example
	from   time.Duration
	until  time.Duration // relative to now; default one hour ago … 60 days
	edit   func(*x509.Certificate)
	urls   func(*pki, *x509.Certificate) // places that the certificate points to
	send   []string                      // identities whose certificates are sent after the leaf; default: the issuer's chain without root
	alone  bool                          // send nothing but the leaf
	own    bool                          // a key of its own; by default leaves of one key type share one, which saves seconds
}

const day = 24 * time.Hour

func (p *pki) issue(name string, r request) (*identity, error) {
	if r.key == "" {
		r.key = "rsa2048"
	}
	if r.issuer == "" {
		r.issuer = "ca/rsa-issuing"
	}
	if r.names == nil {
		r.names = []string{"shop.example", "www.shop.example"}
	}
	if r.cn == "" {
		r.cn = "shop.example"
	}
	if r.from == 0 {
		r.from = -time.Hour
	}
	if r.until == 0 {
		r.until = 60 * day
	}
	slot := r.key
	if r.own {
		slot = name
	}
	key, err := p.key(slot, r.key)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	tmpl := &x509.Certificate{
		SerialNumber: serial(), NotBefore: now.Add(r.from), NotAfter: now.Add(r.until),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}
	tmpl.Subject.CommonName = r.cn
	if _, ok := key.(*rsa.PrivateKey); ok {
		tmpl.KeyUsage |= x509.KeyUsageKeyEncipherment
	}
	for _, n := range r.names {
		if ip := net.ParseIP(n); ip != nil {
			tmpl.IPAddresses = append(tmpl.IPAddresses, ip)
		} else {
			tmpl.DNSNames = append(tmpl.DNSNames, n)
		}
	}
	if r.edit != nil {
		r.edit(tmpl)
	}
	if r.urls != nil {
		r.urls(p, tmpl)
	}

	id := &identity{key: key}
	parent, signer := tmpl, key
	if r.issuer != "self" {
		iss, err := p.get(r.issuer)
		if err != nil {
			return nil, err
		}
		parent, signer = iss.cert, iss.key
		if !r.alone && r.send == nil {
			for _, der := range iss.chain {
				if c, err := x509.ParseCertificate(der); err != nil || string(c.RawIssuer) != string(c.RawSubject) {
					id.chain = append(id.chain, der)
				}
			}
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, key.Public(), signer)
	if err != nil {
		return nil, err
	}
	for _, s := range r.send {
		o, err := p.get(s)
		if err != nil {
			return nil, err
		}
		id.chain = append(id.chain, o.der)
	}
	id.der, id.chain = der, append([][]byte{der}, id.chain...)
	id.cert, err = x509.ParseCertificate(der)
	return id, err
}

// key returns the key of a slot, making it on first use.
func (p *pki) key(slot, kind string) (crypto.Signer, error) {
	p.kmu.Lock()
	defer p.kmu.Unlock()
	if k := p.keys[slot]; k != nil {
		return k, nil
	}
	var k crypto.Signer
	var err error
	switch kind {
	case "rsa1024":
		k, err = rsa.GenerateKey(rand.Reader, 1024)
	case "rsa2048":
		k, err = rsa.GenerateKey(rand.Reader, 2048)
	case "rsa4096":
		k, err = rsa.GenerateKey(rand.Reader, 4096)
	case "p256":
		k, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "p384":
		k, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "p521":
		k, err = ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	case "ed25519":
		_, k, err = ed25519.GenerateKey(rand.Reader)
	default:
		err = fmt.Errorf("no key kind %q", kind)
	}
	if err == nil {
		p.keys[slot] = k
	}
	return k, err
}

func serial() *big.Int {
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		panic(err)
	}
	return n
}

// write stores an identity in every form a server reads.
func (p *pki) write(id *identity) error {
	base := p.path(filepath.FromSlash(id.name))
	if err := os.MkdirAll(filepath.Dir(base), 0o755); err != nil {
		return err
	}
	if id.keyFile == "" {
		der, err := x509.MarshalPKCS8PrivateKey(id.key)
		if err != nil {
			return err
		}
		id.keyFile = base + ".key"
		// Readable for all: the servers run as accounts of their own, and these keys live for minutes.
		if err := os.WriteFile(id.keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o644); err != nil {
			return err
		}
	}
	var leaf, rest []byte
	for i, der := range id.chain {
		b := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
		if i == 0 {
			leaf = b
		} else {
			rest = append(rest, b...)
		}
	}
	key, err := os.ReadFile(id.keyFile)
	if err != nil {
		return err
	}
	id.leafFile, id.restFile, id.chainFile, id.pemFile = base+".leaf.pem", base+".rest.pem", base+".chain.pem", base+".all.pem"
	chain := append(leaf[:len(leaf):len(leaf)], rest...)
	for f, b := range map[string][]byte{id.leafFile: leaf, id.restFile: rest, id.chainFile: chain, id.pemFile: append(key, chain...)} {
		if err := os.WriteFile(f, b, 0o644); err != nil {
			return err
		}
	}
	id.p12File = base + ".p12"
	return nil
}
