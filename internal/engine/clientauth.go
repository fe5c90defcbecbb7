package engine

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"slices"

	"github.com/tlswhy/tlswhy/internal/trust"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// signSchemes lists the schemes in which the key can sign in version v, the
// preferred first.
func signSchemes(key crypto.Signer, v wire.Version) []wire.SignatureScheme {
	switch pub := key.Public().(type) {
	case ed25519.PublicKey:
		if v >= wire.VersionTLS12 {
			return []wire.SignatureScheme{wire.SigEd25519}
		}
	case *ecdsa.PublicKey:
		bySize := map[int]wire.SignatureScheme{256: wire.SigECDSASecp256r1SHA256, 384: wire.SigECDSASecp384r1SHA384, 521: wire.SigECDSASecp521r1SHA512}
		own, ok := bySize[pub.Curve.Params().BitSize]
		switch {
		case v >= wire.VersionTLS13 && ok: // the scheme names the curve
			return []wire.SignatureScheme{own}
		case v >= wire.VersionTLS12:
			all := []wire.SignatureScheme{wire.SigECDSASecp256r1SHA256, wire.SigECDSASecp384r1SHA384, wire.SigECDSASecp521r1SHA512, wire.SigECDSASHA1}
			if ok {
				return append([]wire.SignatureScheme{own}, all...)
			}
			return all
		}
	case *rsa.PublicKey:
		// PSS needs room for hash and salt of the same length (RFC 8017, Section 9.1.1).
		var pss []wire.SignatureScheme
		for _, s := range []struct {
			scheme wire.SignatureScheme
			size   int
		}{{wire.SigRSAPSSRSAESHA256, 32}, {wire.SigRSAPSSRSAESHA384, 48}, {wire.SigRSAPSSRSAESHA512, 64}} {
			if pub.Size() >= 2*s.size+2 {
				pss = append(pss, s.scheme)
			}
		}
		switch {
		case v >= wire.VersionTLS13:
			return pss
		case v >= wire.VersionTLS12:
			return append(pss, wire.SigRSAPKCS1SHA256, wire.SigRSAPKCS1SHA384, wire.SigRSAPKCS1SHA512, wire.SigRSAPKCS1SHA1)
		}
	}
	return nil
}

// pickScheme is the first of our schemes that the server accepts; false if none
// fits. Before TLS 1.2 there is nothing to pick and the scheme is 0.
func pickScheme(key crypto.Signer, v wire.Version, accepted []wire.SignatureScheme) (wire.SignatureScheme, bool) {
	if v < wire.VersionTLS12 {
		switch key.Public().(type) {
		case *rsa.PublicKey, *ecdsa.PublicKey:
			return 0, true
		}
		return 0, false
	}
	for _, s := range signSchemes(key, v) {
		if slices.Contains(accepted, s) {
			return s, true
		}
	}
	return 0, false
}

// signMessage signs msg in the scheme, or as TLS 1.0 and 1.1 do with scheme 0.
func signMessage(key crypto.Signer, scheme wire.SignatureScheme, msg []byte) ([]byte, error) {
	var alg trust.SigAlg
	ok := true
	switch key.Public().(type) {
	case *rsa.PublicKey:
		alg, _ = trust.LegacySigAlg(trust.KeyRSA)
	default:
		alg, _ = trust.LegacySigAlg(trust.KeyECDSA)
	}
	if scheme != 0 {
		alg, ok = trust.SigAlgFromTLS(uint16(scheme))
	}
	if !ok {
		return nil, fmt.Errorf("signing with %s is not computed", scheme)
	}
	opts := crypto.SignerOpts(alg.Hash)
	digest := msg
	switch {
	case alg.Scheme == trust.EdDSA:
		opts = crypto.Hash(0)
	case alg.Hash == crypto.MD5SHA1:
		m, s := crypto.MD5.New(), crypto.SHA1.New()
		m.Write(msg)
		s.Write(msg)
		digest = s.Sum(m.Sum(nil))
	default:
		h := alg.Hash.New()
		h.Write(msg)
		digest = h.Sum(nil)
		if alg.Scheme == trust.PSS {
			opts = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: alg.Hash}
		}
	}
	sig, err := key.Sign(rand.Reader, digest, opts)
	if err != nil {
		return nil, fmt.Errorf("signing with the client's key: %w", err)
	}
	return sig, nil
}

// ownCertificate is the client's Certificate message, with its certificate if
// there is one whose key can sign for the server.
func (c *conn) ownCertificate(r *wire.CertificateRequest) (msg *wire.Certificate, scheme wire.SignatureScheme, answered bool) {
	msg = &wire.Certificate{Context: r.Context}
	cert := c.h.Certificate
	if cert == nil || cert.Key == nil || len(cert.Chain) == 0 {
		return msg, 0, false
	}
	scheme, ok := pickScheme(cert.Key, c.version, r.SignatureSchemes)
	if !ok {
		return msg, 0, false
	}
	for _, der := range cert.Chain {
		msg.Entries = append(msg.Entries, wire.CertificateEntry{DER: der})
	}
	c.t.CertificateRequests[len(c.t.CertificateRequests)-1].Answered = true
	return msg, scheme, true
}

// answer13 builds Certificate and, if there is one, CertificateVerify, and logs
// them.
func (c *conn) answer13(r *wire.CertificateRequest) ([]byte, error) {
	msg, scheme, answered := c.ownCertificate(r)
	out, err := msg.Marshal(wire.VersionTLS13)
	if err != nil {
		return nil, err
	}
	c.log.add(out)
	if !answered {
		return out, nil
	}
	sig, err := signMessage(c.h.Certificate.Key, scheme, certificateVerifyInput("client", c.log.sum()))
	if err != nil {
		return nil, err
	}
	v := wire.AppendMessage(nil, wire.TypeCertificateVerify, verifyBody(scheme, sig))
	c.log.add(v)
	return append(out, v...), nil
}

func verifyBody(scheme wire.SignatureScheme, sig []byte) []byte {
	var b []byte
	if scheme != 0 {
		b = append(b, byte(scheme>>8), byte(scheme))
	}
	return append(append(b, byte(len(sig)>>8), byte(len(sig))), sig...)
}

// answer12 builds the Certificate message and returns what makes the
// CertificateVerify later (nil if there is none to make): it signs all messages
// up to ClientKeyExchange.
func (c *conn) answer12(r *wire.CertificateRequest) ([]byte, func() ([]byte, error), error) {
	msg, scheme, answered := c.ownCertificate(r)
	out, err := msg.Marshal(c.version)
	if err != nil {
		return nil, nil, err
	}
	if !answered {
		return out, func() ([]byte, error) { return nil, nil }, nil
	}
	return out, func() ([]byte, error) {
		sig, err := signMessage(c.h.Certificate.Key, scheme, c.log.all)
		if err != nil {
			return nil, err
		}
		return wire.AppendMessage(nil, wire.TypeCertificateVerify, verifyBody(scheme, sig)), nil
	}, nil
}
