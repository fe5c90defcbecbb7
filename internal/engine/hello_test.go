package engine_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/tlswhy/tlswhy/internal/engine"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

var (
	suites13 = []wire.CipherSuite{wire.TLS_AES_128_GCM_SHA256, wire.TLS_AES_256_GCM_SHA384, wire.TLS_CHACHA20_POLY1305_SHA256}
	suites12 = []wire.CipherSuite{
		wire.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, wire.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		wire.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, wire.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, wire.TLS_RSA_WITH_AES_128_CBC_SHA,
		wire.TLS_RSA_WITH_3DES_EDE_CBC_SHA,
	}
	allSchemes = []wire.SignatureScheme{
		wire.SigECDSASecp256r1SHA256, wire.SigECDSASecp384r1SHA384, wire.SigECDSASecp521r1SHA512, wire.SigEd25519, wire.SigEd448,
		wire.SigRSAPSSRSAESHA256, wire.SigRSAPSSRSAESHA384, wire.SigRSAPSSRSAESHA512, wire.SigRSAPKCS1SHA256, wire.SigRSAPKCS1SHA384,
		wire.SigRSAPKCS1SHA512, wire.SigRSAPKCS1SHA1, wire.SigECDSASHA1,
	}
	plainGroups = []wire.Group{wire.GroupX25519, wire.GroupSecp256r1, wire.GroupSecp384r1, wire.GroupSecp521r1, wire.GroupX448, wire.GroupFFDHE2048}
)

// offer describes a hello for a test.
type offer struct {
	version wire.Version // the newest; TLS 1.3 brings 1.2 along
	only    bool         // that version alone
	suites  []wire.CipherSuite
	groups  []wire.Group
	shares  []wire.Group // nil: the first group
	alpn    []string
	name    string
	noEMS   bool
	extra   []wire.Extension
}

func (o offer) hello() *wire.ClientHello {
	if o.groups == nil {
		o.groups = plainGroups
	}
	if o.suites == nil {
		o.suites = suites12
		if o.version >= wire.VersionTLS13 {
			o.suites = append(slices.Clone(suites13), suites12...)
		}
	}
	if o.name == "" {
		o.name = "www.example.test"
	}
	h := &wire.ClientHello{
		LegacyVersion: min(o.version, wire.VersionTLS12), CipherSuites: o.suites,
		CompressionMethods: []wire.CompressionMethod{wire.CompressionNull},
		Extensions: []wire.Extension{
			wire.ServerNameExt(o.name), wire.SupportedGroupsExt(o.groups...), wire.ECPointFormatsExt(),
			wire.StatusRequestExt(), wire.RenegotiationInfoExt(nil),
		},
	}
	if !o.noEMS {
		h.Set(wire.ExtendedMasterSecretExt())
	}
	if o.version >= wire.VersionTLS12 {
		h.Set(wire.SignatureAlgorithmsExt(allSchemes...))
	}
	if o.version >= wire.VersionTLS13 {
		h.SessionID = make([]byte, 32)
		versions := []wire.Version{wire.VersionTLS13, wire.VersionTLS12}
		if o.only {
			versions = versions[:1]
		}
		h.Set(wire.SupportedVersionsExt(versions...))
		if o.shares == nil {
			o.shares = o.groups[:1]
		}
		shares := []wire.KeyShare{}
		for _, g := range o.shares {
			shares = append(shares, wire.KeyShare{Group: g})
		}
		h.Set(wire.KeyShareExt(shares...))
		h.Set(wire.PSKModesExt(1))
	}
	if o.alpn != nil {
		h.Set(wire.ALPNExt(o.alpn...))
	}
	for _, e := range o.extra {
		h.Set(e)
	}
	return h
}

// try runs one attempt against addr.
func try(t testing.TB, addr string, h *transcript.Handshake, o engine.Options) *transcript.Transcript {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	nc, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	if h.Host == "" {
		h.Host, h.Port = "www.example.test", 443
	}
	if h.Wait == 0 {
		h.Wait = 10 * time.Second
	}
	h.Address = netip.MustParseAddrPort(nc.RemoteAddr().String())
	tr := &transcript.Transcript{}
	engine.Run(ctx, nc, h, tr, o)
	return tr
}

// identity is a key with a certificate of its own.
type identity struct {
	key  crypto.Signer
	cert tls.Certificate
	der  []byte
}

func newIdentity(t testing.TB, kind string) identity {
	t.Helper()
	var key crypto.Signer
	var err error
	switch kind {
	case "rsa":
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	case "p256":
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "p384":
		key, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "p521":
		key, err = ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	case "ed25519":
		_, key, err = ed25519.GenerateKey(rand.Reader)
	default:
		t.Fatalf("no key of kind %q", kind)
	}
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "www.example.test"}, DNSNames: []string{"www.example.test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return identity{key, tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, der}
}

func (i identity) client() *transcript.ClientCertificate {
	return &transcript.ClientCertificate{Chain: [][]byte{i.der}, Key: i.key}
}
