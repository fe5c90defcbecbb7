package lab

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"net"

	"github.com/cloudflare/circl/sign/ed448"

	"github.com/tlswhy/tlswhy/internal/lab/oddtls"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// oddUp serves an oddtls configuration.
func oddUp(config func(*env) (*oddtls.Config, error)) func(*env) error {
	return func(e *env) error {
		cfg, err := config(e)
		if err != nil {
			return err
		}
		return e.serve(oddHandler(cfg))
	}
}

func oddHandler(cfg *oddtls.Config) handler {
	return func(_ context.Context, c *net.TCPConn) { serveOdd(c, cfg) }
}

func serveOdd(c net.Conn, cfg *oddtls.Config) {
	t, err := oddtls.Server(c, cfg)
	if err != nil {
		return
	}
	if req, err := readRequest(t); err == nil {
		welcome(t, req)
	}
	_ = t.CloseWrite()
}

// oddRSA is the RSA certificate with one version and some suites.
func oddRSA(version wire.Version, suites ...wire.CipherSuite) func(*env) (*oddtls.Config, error) {
	return func(e *env) (*oddtls.Config, error) {
		c, err := e.pki.rsaChain(e.host)
		if err != nil {
			return nil, err
		}
		return oddConfig(c.Certificate, c.PrivateKey, []wire.Version{version}, suites), nil
	}
}

// oddEC is the same with an ECDSA certificate.
func oddEC(version wire.Version, suites ...wire.CipherSuite) func(*env) (*oddtls.Config, error) {
	return func(e *env) (*oddtls.Config, error) {
		c, err := e.pki.chain(e.host)
		if err != nil {
			return nil, err
		}
		return oddConfig(c.Certificate, c.PrivateKey, []wire.Version{version}, suites), nil
	}
}

func oddConfig(chain [][]byte, key crypto.PrivateKey, versions []wire.Version, suites []wire.CipherSuite) *oddtls.Config {
	return &oddtls.Config{
		Versions: versions, Suites: suites, Chain: chain, Key: key.(crypto.Signer),
		Groups: []wire.Group{wire.GroupX25519, wire.GroupSecp256r1, wire.GroupSecp384r1},
	}
}

// oddWith changes a configuration.
func oddWith(config func(*env) (*oddtls.Config, error), change func(*oddtls.Config)) func(*env) error {
	return oddUp(func(e *env) (*oddtls.Config, error) {
		cfg, err := config(e)
		if err == nil {
			change(cfg)
		}
		return cfg, err
	})
}

// Suites that a server of TLS 1.2 or 1.3 with either kind of key is glad to have.
var (
	suites13 = []wire.CipherSuite{wire.TLS_AES_128_GCM_SHA256, wire.TLS_AES_256_GCM_SHA384, wire.TLS_CHACHA20_POLY1305_SHA256}
	suites12 = []wire.CipherSuite{
		wire.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, wire.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		wire.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, wire.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	}
	// suitesOld is what a server of about 2005 has.
	suitesOld = []wire.CipherSuite{
		wire.TLS_RSA_WITH_AES_128_CBC_SHA, wire.TLS_RSA_WITH_3DES_EDE_CBC_SHA, wire.TLS_RSA_WITH_RC4_128_SHA, wire.TLS_RSA_WITH_RC4_128_MD5,
	}
)

// oddKeyChain issues a certificate for a key that crypto/x509 does not know.
func (p *pki) oddKeyChain(host string, key crypto.Signer) ([][]byte, error) {
	var change func(*tbsCertificate)
	switch k := key.Public().(type) {
	case oddtls.CurvePublicKey:
		params, err := asn1.Marshal(asn1.ObjectIdentifier(k.OID))
		if err != nil {
			return nil, fmt.Errorf("encoding a curve: %w", err)
		}
		change = withKey(pkix.AlgorithmIdentifier{
			Algorithm: asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}, Parameters: asn1.RawValue{FullBytes: params},
		}, k.Point)
	case ed448.PublicKey: // RFC 8410, Section 3
		change = withKey(pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 3, 101, 113}}, k)
	default:
		return nil, fmt.Errorf("no certificate for a key of type %T", k)
	}
	der, err := p.leaf(host, p.issuing, newECKey())
	if err != nil {
		return nil, err
	}
	if der, err = rewrite(der, p.issuing.key, ecdsaWithSHA256, change); err != nil {
		return nil, err
	}
	return [][]byte{der, p.issuing.cert.Raw}, nil
}

// oddKey serves TLS 1.3 with such a key.
func oddKey(newKey func() (crypto.Signer, error)) func(*env) error {
	return oddUp(func(e *env) (*oddtls.Config, error) {
		key, err := newKey()
		if err != nil {
			return nil, err
		}
		chain, err := e.pki.oddKeyChain(e.host, key)
		if err != nil {
			return nil, err
		}
		return oddConfig(chain, key, []wire.Version{wire.VersionTLS13}, suites13), nil
	})
}

// resigned is an RSA chain whose leaf is signed with another algorithm.
func (p *pki) resigned(host string, sig signature) ([][]byte, *rsa.PrivateKey, error) {
	keys, err := rsaKeys()
	if err != nil {
		return nil, nil, err
	}
	der, err := p.leaf(host, p.rsaRoot, keys.leaf)
	if err != nil {
		return nil, nil, err
	}
	der, err = rewrite(der, keys.root, sig, nil)
	return [][]byte{der}, keys.leaf, err
}
