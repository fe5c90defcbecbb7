package client

import (
	"slices"
	"strings"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/trust"
	"github.com/tlswhy/tlswhy/internal/wire"
)

func (j *judge) certificateSize() *Refusal {
	pol := j.p.Policy
	// The transcript counts the message's header of four bytes, clients do not.
	if n := j.t.CertificateBytes - 4; pol.MaxCertificateBytes > 0 && n > pol.MaxCertificateBytes {
		return refuse(cause.CertificateTooLarge, CertificateSize, "the Certificate message has %d bytes; this client reads %d", n, pol.MaxCertificateBytes).
			because(n, pol.MaxCertificateBytes)
	}
	if n := len(j.t.Certificates); pol.MaxChain > 0 && n > pol.MaxChain {
		return refuse(cause.CertificateTooLarge, CertificateSize, "the server sends %d certificates; this client reads %d", n, pol.MaxChain).
			because(n, pol.MaxChain)
	}
	return nil
}

// leafKey judges the leaf's key for what the handshake is to do with it.
func (j *judge) leafKey() *Refusal {
	if j.leaf == nil || j.server() == nil {
		return nil
	}
	k, pol := j.leaf.Key, j.p.Policy
	isRSA := k.Type == trust.KeyRSA || k.Type == trust.KeyRSAPSS
	if j.known && j.version < wire.VersionTLS13 {
		// RFC 5246, Section 7.4.2 and RFC 8422, Section 2.
		auth, kx := j.suite.Authentication, j.suite.KeyExchange
		signs := kx == wire.KXRSA || kx == wire.KXDHE || kx == wire.KXECDHE
		isEC := k.Type == trust.KeyECDSA || k.Type == trust.KeyEd25519 || k.Type == trust.KeyEd448
		if signs && (auth == wire.AuthRSA && isEC || auth == wire.AuthECDSA && isRSA || auth == wire.AuthDSS && (isRSA || isEC)) {
			return refuse(cause.MalformedReply, ServerKey, "the server chose %s and sends a certificate with an %s key", j.server().CipherSuite, k.Type).
				at(cause.StepCertificate)
		}
	}
	if !isRSA || k.Bits == 0 {
		return nil
	}
	if pol.MinHandshakeRSABits > 0 && k.Bits < pol.MinHandshakeRSABits {
		return refuse(cause.WeakKey, KeySize, "the leaf's RSA key has %d bits; this client's TLS stack wants %d", k.Bits, pol.MinHandshakeRSABits).
			because(k.Bits, pol.MinHandshakeRSABits)
	}
	if pol.MaxHandshakeRSABits > 0 && k.Bits > pol.MaxHandshakeRSABits {
		return refuse(cause.CertificateTooLarge, KeySize, "the leaf's RSA key has %d bits; this client reads at most %d", k.Bits, pol.MaxHandshakeRSABits).
			because(k.Bits, pol.MaxHandshakeRSABits)
	}
	return nil
}

// keyUsage: RFC 5280, Section 4.2.1.3 and RFC 5246, Section 7.4.2.
func (j *judge) keyUsage() *Refusal {
	if !j.p.Policy.CheckKeyUsage || j.leaf == nil || !j.leaf.HasKeyUsage || !j.known {
		return nil
	}
	scope, isECDSA := j.p.Policy.KeyUsageFor, j.leaf.Key != nil && j.leaf.Key.Type == trust.KeyECDSA
	if strings.HasPrefix(scope, "ecdsa") && !isECDSA || strings.HasSuffix(scope, "tls12") && j.version >= wire.VersionTLS13 {
		return nil
	}
	var need trust.KeyUsage
	var name, does string
	switch KeyUse(j.t) {
	case trust.KeyUseSignature:
		need, name, does = trust.UsageDigitalSignature, "digitalSignature", "signs"
	case trust.KeyUseEncipherment:
		need, name, does = trust.UsageKeyEncipherment, "keyEncipherment", "decrypts"
	case trust.KeyUseAgreement:
		need, name, does = trust.UsageKeyAgreement, "keyAgreement", "agrees on keys"
	default:
		return nil // the certificate has no part in it
	}
	if j.leaf.KeyUsage&need != 0 {
		return nil
	}
	return refuse(cause.WrongKeyUsage, KeyUsage, "with %s in %s the server's key %s, and the certificate's keyUsage lacks %s",
		j.server().CipherSuite, j.version, does, name)
}

// keyExchange judges the ServerKeyExchange of TLS 1.2 and older.
func (j *judge) keyExchange() *Refusal {
	k := j.t.KeyExchange
	if k == nil || !j.known {
		return nil
	}
	switch j.suite.KeyExchange {
	case wire.KXECDHE, wire.KXECDHAnon, wire.KXECDHEPSK:
		// Without supported_groups any group may be chosen (RFC 8422, Section 4).
		offered := j.offer.SupportedGroups()
		if len(offered) > 0 && !slices.Contains(offered, k.Group) {
			return refuse(cause.NoSharedGroup, Groups, "the server chose the group %s, which this client does not offer", k.Group)
		}
	case wire.KXDHE, wire.KXDHAnon, wire.KXDHEPSK:
		if n, limit := k.DHBits(), j.p.Policy.MinDHBits; n < limit {
			return refuse(cause.WeakDH, DHSize, "the server's Diffie-Hellman prime has %d bits; this client wants %d", n, limit).because(n, limit)
		}
		if n, limit := k.DHBits(), j.p.Policy.MaxDHBits; limit > 0 && n > limit {
			return refuse(cause.NoSharedGroup, DHSize, "the server's Diffie-Hellman prime has %d bits; this client computes with at most %d", n, limit).
				because(n, limit).at(cause.StepKeys)
		}
	case wire.KXRSA:
		if !j.suite.Export {
			// The FREAK attack of 2015: a short-lived export key where none belongs.
			return refuse(cause.MalformedReply, Suites, "the server sends an export RSA key with %s, which has none", j.server().CipherSuite).at(cause.StepKeys)
		}
	}
	return nil
}

// signatureScheme judges the scheme of TLS 1.2 and 1.3.
func (j *judge) signatureScheme() *Refusal {
	s := j.t.Signature
	if s == 0 || j.version < wire.VersionTLS12 {
		return nil
	}
	offered := j.offer.SignatureAlgorithms()
	if _, ok := j.offer.Extension(wire.ExtSignatureAlgorithms); !ok {
		// RFC 5246, Section 7.4.1.4.1: a client that says nothing means SHA-1.
		offered = []wire.SignatureScheme{wire.SigRSAPKCS1SHA1, wire.SigDSASHA1, wire.SigECDSASHA1}
	}
	if !slices.Contains(offered, s) {
		return refuse(cause.NoSharedSignatureAlgorithm, SignatureAlgorithms, "the server signs with %s, which this client does not offer", s)
	}
	if j.p.Policy.RefuseSHA1Handshake && weakHash(s) {
		return refuse(cause.NoSharedSignatureAlgorithm, SignatureAlgorithms, "the server signs with %s; this client offers it and refuses its hash", s)
	}
	if j.version >= wire.VersionTLS13 && !allowedIn13(s) {
		return refuse(cause.MalformedReply, SignatureAlgorithms, "the server signs a TLS 1.3 handshake with %s, which TLS 1.3 forbids", s).at(cause.StepKeys)
	}
	return nil
}

// weakHash: MD5 and SHA-1 are the hashes 1 and 2 of TLS 1.2 (RFC 5246, Section 7.4.1.4.1).
func weakHash(s wire.SignatureScheme) bool { return s>>8 == 1 || s>>8 == 2 }

// allowedIn13: no PKCS #1 v1.5, DSA, SHA-1 or SHA-224 (RFC 8446, Section 4.2.3).
func allowedIn13(s wire.SignatureScheme) bool {
	hash, key := s>>8, s&0xff
	return hash > 6 || hash >= 4 && key == 3
}

// legacySignature: before TLS 1.2 the ServerKeyExchange is signed with MD5 and
// SHA-1, or SHA-1, whatever the two sides would like (RFC 4346, Section 7.4.3).
// What changes that is the version.
func (j *judge) legacySignature() *Refusal {
	k := j.t.KeyExchange
	if !j.p.Policy.RefuseSHA1Handshake || k == nil || len(k.Signature) == 0 || j.version >= wire.VersionTLS12 {
		return nil
	}
	return refuse(cause.NoSharedVersion, Versions,
		"the server answers with %s, whose key exchange is signed with SHA-1: this client offers the version and refuses the signature", j.version)
}

func (j *judge) signature() *Refusal {
	if j.t.SignatureValid != transcript.No {
		return nil
	}
	return refuse(cause.CertKeyMismatch, ServerKey, "the server's signature does not fit the certificate that it sent: its private key belongs to another certificate")
}
