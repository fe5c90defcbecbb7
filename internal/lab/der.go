package lab

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
)

// What crypto/x509 refuses to make is made by rewriting a certificate that it
// made: another key or signature algorithm goes in, and it is signed again.

type tbsCertificate struct {
	Version    int `asn1:"optional,explicit,default:0,tag:0"`
	Serial     *big.Int
	Algorithm  pkix.AlgorithmIdentifier
	Issuer     asn1.RawValue
	Validity   asn1.RawValue
	Subject    asn1.RawValue
	PublicKey  subjectPublicKeyInfo
	Extensions []pkix.Extension `asn1:"omitempty,optional,explicit,tag:3"`
}

type subjectPublicKeyInfo struct {
	Algorithm pkix.AlgorithmIdentifier
	Key       asn1.BitString
}

type certificate struct {
	TBS       asn1.RawValue
	Algorithm pkix.AlgorithmIdentifier
	Signature asn1.BitString
}

// signature is an algorithm to sign certificates with.
type signature struct {
	oid  asn1.ObjectIdentifier
	hash crypto.Hash
	null bool // parameters are NULL, as RSA wants (RFC 3279, Section 2.2.1)
}

var (
	md5WithRSA      = signature{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 4}, crypto.MD5, true}
	sha1WithRSA     = signature{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 5}, crypto.SHA1, true}
	ecdsaWithSHA256 = signature{asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}, crypto.SHA256, false}
)

// rewrite changes a certificate and signs it again.
func rewrite(der []byte, key crypto.Signer, sig signature, change func(*tbsCertificate)) ([]byte, error) {
	var c certificate
	var tbs tbsCertificate
	if _, err := asn1.Unmarshal(der, &c); err != nil {
		return nil, fmt.Errorf("reading a certificate: %w", err)
	}
	if _, err := asn1.Unmarshal(c.TBS.FullBytes, &tbs); err != nil {
		return nil, fmt.Errorf("reading a certificate: %w", err)
	}
	tbs.Algorithm = pkix.AlgorithmIdentifier{Algorithm: sig.oid}
	if sig.null {
		tbs.Algorithm.Parameters = asn1.NullRawValue
	}
	if change != nil {
		change(&tbs)
	}
	raw, err := asn1.Marshal(tbs)
	if err != nil {
		return nil, fmt.Errorf("building a certificate: %w", err)
	}
	h := sig.hash.New()
	h.Write(raw)
	value, err := key.Sign(rand.Reader, h.Sum(nil), sig.hash)
	if err != nil {
		return nil, fmt.Errorf("signing a certificate: %w", err)
	}
	out, err := asn1.Marshal(certificate{asn1.RawValue{FullBytes: raw}, tbs.Algorithm, asn1.BitString{Bytes: value, BitLength: 8 * len(value)}})
	if err != nil {
		return nil, fmt.Errorf("building a certificate: %w", err)
	}
	return out, nil
}

// withKey puts another public key in.
func withKey(algorithm pkix.AlgorithmIdentifier, key []byte) func(*tbsCertificate) {
	return func(t *tbsCertificate) {
		t.PublicKey = subjectPublicKeyInfo{algorithm, asn1.BitString{Bytes: key, BitLength: 8 * len(key)}}
	}
}

// subjectPublicKey is the content of the BIT STRING of the SubjectPublicKeyInfo.
func subjectPublicKey(cert *x509.Certificate) ([]byte, error) {
	var spki subjectPublicKeyInfo
	if _, err := asn1.Unmarshal(cert.RawSubjectPublicKeyInfo, &spki); err != nil {
		return nil, fmt.Errorf("reading a public key: %w", err)
	}
	return spki.Key.RightAlign(), nil
}
