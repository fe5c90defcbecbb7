package diagnose

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"sync"
	"time"

	"github.com/tlswhy/tlswhy/internal/trust"
)

// simHost is the name that simulated servers serve, and simEpoch the time in
// the simulated world: bubbles of synctest begin in the year 2000, before the
// rules that today's clients follow.
const simHost = "www.sim.example"

var simEpoch = time.Date(2026, time.May, 4, 9, 0, 0, 0, time.UTC)

// keyKind is the kind of key that a certificate is made for.
type keyKind string

const (
	keyRSA     keyKind = "rsa"
	keyP256    keyKind = "p256"
	keyP384    keyKind = "p384"
	keyEd25519 keyKind = "ed25519"
)

// simPKI has one chain a kind of key: leaf, intermediate, and the root, which
// servers do not send.
type simPKI struct {
	root    *trust.Certificate
	chains  map[keyKind][][]byte
	signers map[keyKind]crypto.Signer
	// elsewhere is a chain for the site of another name.
	elsewhere [][]byte
	expired   [][]byte
}

// simCerts are made once; making them is slower than any check.
var simCerts = sync.OnceValue(func() *simPKI {
	must := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	serial := int64(0)
	issue := func(cn string, public any, days int, parent *x509.Certificate, signer crypto.Signer, names ...string) (*x509.Certificate, []byte) {
		serial++
		c := &x509.Certificate{
			SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: cn, Organization: []string{"Simulation"}},
			NotBefore: simEpoch.AddDate(0, -2, 0), NotAfter: simEpoch.AddDate(0, 0, days),
			BasicConstraintsValid: true, IsCA: names == nil, DNSNames: names, KeyUsage: x509.KeyUsageCertSign,
		}
		if names != nil {
			c.KeyUsage, c.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
			if _, ok := public.(*rsa.PublicKey); ok {
				c.KeyUsage |= x509.KeyUsageKeyEncipherment
			}
		}
		if parent == nil {
			parent = c
		}
		der, err := x509.CreateCertificate(rand.Reader, c, parent, public, signer)
		must(err)
		parsed, err := x509.ParseCertificate(der)
		must(err)
		return parsed, der
	}
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	root, rootDER := issue("Simulated Root", caKey.Public(), 3650, nil, caKey)
	subKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	sub, subDER := issue("Simulated Issuer", subKey.Public(), 1800, root, caKey)

	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	must(err)
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	must(err)
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	must(err)

	out := &simPKI{chains: map[keyKind][][]byte{}, signers: map[keyKind]crypto.Signer{keyRSA: rsaKey, keyP256: p256, keyP384: p384, keyEd25519: ed}}
	for kind, key := range out.signers {
		_, der := issue(simHost, key.Public(), 80, sub, subKey, simHost, "sim.example")
		out.chains[kind] = [][]byte{der, subDER}
	}
	_, der := issue("default.example", p256.Public(), 80, sub, subKey, "default.example")
	out.elsewhere = [][]byte{der, subDER}
	_, der = issue(simHost, p256.Public(), -9, sub, subKey, simHost)
	out.expired = [][]byte{der, subDER}
	out.root, err = trust.ParseCertificate(rootDER)
	must(err)
	return out
})

// simRoots is a store of the simulated root alone.
func simRoots() *trust.Store { return trust.NewStore("sim", "the simulated root", simCerts().root) }
