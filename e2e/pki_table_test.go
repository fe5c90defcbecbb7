//go:build linux

package e2e

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"time"
)

// asCA turns a template into a CA certificate; maxPath < 0 means no limit.
func asCA(maxPath int) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		c.IsCA, c.KeyUsage, c.ExtKeyUsage = true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign|x509.KeyUsageDigitalSignature, nil
		c.MaxPathLen, c.MaxPathLenZero = maxPath, maxPath == 0
		c.DNSNames = nil
	}
}

func ca(cn, key, issuer string, edits ...func(*x509.Certificate)) request {
	return request{cn: cn, key: key, issuer: issuer, own: true, from: -30 * day, until: 3650 * day, edit: func(c *x509.Certificate) {
		asCA(-1)(c)
		for _, e := range edits {
			e(c)
		}
	}}
}

func forClients(c *x509.Certificate) {
	c.ExtKeyUsage, c.DNSNames = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, nil
}

func manyNames(n int) []string {
	names := []string{"shop.example", "www.shop.example"}
	for i := len(names); i < n; i++ {
		names = append(names, fmt.Sprintf("branch-%04d.shop.example", i))
	}
	return names
}

// mustStaple is the TLS feature extension with status_request (RFC 7633).
var mustStaple = pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 24}, Value: []byte{0x30, 3, 2, 1, 5}}

// certificates are the identities that crypto/x509 can make. Each differs from "rsa" in what its name says.
var certificates = map[string]request{
	"ca/rsa-root":        ca("Harbour Street Root R1", "rsa2048", "self"),
	"ca/rsa-issuing":     ca("Harbour Street Issuing R2", "rsa2048", "ca/rsa-root"),
	"ca/ec-root":         ca("Harbour Street Root E1", "p384", "self"),
	"ca/ec-issuing":      ca("Harbour Street Issuing E2", "p256", "ca/ec-root"),
	"ca/deep-1":          ca("Harbour Street Deep 1", "p256", "ca/ec-root"),
	"ca/deep-2":          ca("Harbour Street Deep 2", "p256", "ca/deep-1"),
	"ca/deep-3":          ca("Harbour Street Deep 3", "p256", "ca/deep-2"),
	"ca/private":         ca("Mill Lane Private Root", "rsa2048", "self"),
	"ca/private-ec":      ca("Mill Lane Private Root EC", "p256", "self"),
	"ca/private-issuing": ca("Mill Lane Private Issuing", "p256", "ca/private"),
	"ca/inspection":      ca("Zscaler Root CA", "rsa2048", "self", func(c *x509.Certificate) { c.Subject.Organization = []string{"Zscaler Inc."} }),
	"ca/lapsed":          {cn: "Harbour Street Issuing R0", own: true, issuer: "ca/rsa-root", from: -800 * day, until: -5 * day, edit: asCA(-1)},
	"ca/narrow": ca("Harbour Street Constrained", "p256", "ca/ec-root", func(c *x509.Certificate) {
		c.PermittedDNSDomains, c.PermittedDNSDomainsCritical = []string{"depot.example"}, true
	}),
	"ca/short":   ca("Harbour Street Short Path", "p256", "ca/ec-root", asCA(0)),
	"ca/beyond":  ca("Harbour Street Beyond", "p256", "ca/short"),
	"ca/weak":    ca("Harbour Street Small Key", "rsa1024", "ca/rsa-root"),
	"ca/clients": ca("Dockyard Client CA", "p256", "self"),
	"ca/nobody":  ca("Someone Else Client CA", "p256", "self"),

	// Healthy.
	"rsa":        {},
	"rsa4096":    {key: "rsa4096"},
	"p256":       {key: "p256", issuer: "ca/ec-issuing"},
	"p384":       {key: "p384", issuer: "ca/ec-issuing"},
	"wildcard":   {names: []string{"*.shop.example", "shop.example"}},
	"deep":       {key: "p256", issuer: "ca/deep-3"},
	"with-root":  {send: []string{"ca/rsa-issuing", "ca/rsa-root"}},
	"many-names": {names: manyNames(500)},
	"ipaddress":  {names: []string{"shop.example", "127.0.0.1"}},
	"elsewhere":  {cn: "default.example", names: []string{"default.example"}},
	"cafe":       {cn: "cafe.example", names: []string{"cafe.example"}},
	"second":     {cn: "www.shop.example", names: []string{"www.shop.example"}},

	// For clients that are run as they are and dial a name of this machine.
	"local":         {names: []string{"localhost"}, cn: "localhost"},
	"local-private": {names: []string{"localhost"}, cn: "localhost", issuer: "ca/private-issuing"},
	"local-alone":   {names: []string{"localhost"}, cn: "localhost", alone: true},
	"local-1024":    {names: []string{"localhost"}, cn: "localhost", key: "rsa1024"},

	// Keys that current clients do not all speak.
	"p521":    {key: "p521", issuer: "ca/ec-issuing"},
	"ed25519": {key: "ed25519", issuer: "ca/ec-issuing"},

	// Dates.
	"expired":         {from: -90 * day, until: -3 * day},
	"expired-ec":      {key: "p256", issuer: "ca/ec-issuing", from: -90 * day, until: -20 * time.Hour},
	"not-yet-valid":   {from: 2 * day, until: 90 * day},
	"soon":            {from: -80 * day, until: 36 * time.Hour},
	"lapsed-issuer":   {issuer: "ca/lapsed"},
	"ten-years":       {from: -day, until: 3650 * day},
	"no-transparency": {from: -day, until: 80 * day},

	// Names.
	"other-name":    {cn: "depot.example", names: []string{"depot.example", "www.depot.example"}},
	"deep-wildcard": {names: []string{"*.example.shop.example", "*.www.shop.example"}},
	"parent-only":   {names: []string{"example.org", "pop.shop.example"}},
	"name-in-cn":    {edit: func(c *x509.Certificate) { c.DNSNames = nil }},
	"constrained":   {key: "p256", issuer: "ca/narrow"},

	// Trust.
	"self-signed":       {issuer: "self", own: true},
	"self-signed-ec":    {issuer: "self", own: true, key: "p256"},
	"self-signed-local": {issuer: "self", own: true, cn: "localhost", names: []string{"localhost"}},
	"private-root":      {issuer: "ca/private-issuing"},
	"private-leaf-only": {issuer: "ca/private"},
	"private-root-sent": {issuer: "ca/private", send: []string{"ca/private"}},
	"private-root-ec":   {issuer: "ca/private-ec", key: "p256"},
	"inspected":         {issuer: "ca/inspection", send: []string{"ca/inspection"}},

	// Chains.
	"leaf-only":    {alone: true},
	"leaf-only-ec": {alone: true, key: "p256", issuer: "ca/ec-issuing"},
	"wrong-issuer": {send: []string{"ca/ec-issuing"}},
	"swapped":      {key: "p256", issuer: "ca/deep-3", send: []string{"ca/deep-1", "ca/deep-3", "ca/deep-2"}},
	"unrelated":    {send: []string{"ca/private", "ca/rsa-issuing"}},
	"too-deep":     {key: "p256", issuer: "ca/beyond"},
	"by-leaf":      {key: "p256", issuer: "p256", own: true, cn: "till.shop.example"},

	"leaf-only-aia": {alone: true, urls: func(p *pki, c *x509.Certificate) { c.IssuingCertificateURL = []string{p.url("ca/rsa-issuing.der")} }},

	// Revocation. The CRL is served over HTTP, the OCSP answer by "openssl ocsp".
	"revoked-crl":  {own: true, urls: func(p *pki, c *x509.Certificate) { c.CRLDistributionPoints = []string{p.url("issuing.crl")} }},
	"revoked-ocsp": {own: true, urls: func(p *pki, c *x509.Certificate) { c.OCSPServer = []string{p.ocspURL()} }},

	// Usage.
	"client-eku":  {edit: func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }},
	"code-eku":    {edit: func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning} }},
	"no-signing":  {edit: func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment }},
	"ca-as-leaf":  {edit: func(c *x509.Certificate) { c.IsCA, c.KeyUsage = true, c.KeyUsage|x509.KeyUsageCertSign }},
	"must-staple": {edit: func(c *x509.Certificate) { c.ExtraExtensions = append(c.ExtraExtensions, mustStaple) }},

	// Strength.
	"rsa1024":     {key: "rsa1024"},
	"weak-issuer": {issuer: "ca/weak"},

	// A Certificate message above the 100 KiB that OpenSSL clients read by default.
	"huge": {names: manyNames(5000)},

	// Another key for the same name: what a server signs with when certificate and key are mixed up.
	"other-key": {own: true},

	"client/good":    {cn: "buyer-17", issuer: "ca/clients", key: "p256", edit: forClients},
	"client/other":   {cn: "buyer-17", issuer: "ca/nobody", key: "p256", edit: forClients},
	"client/expired": {cn: "buyer-17", issuer: "ca/clients", key: "p256", from: -90 * day, until: -2 * day, edit: forClients},
}
