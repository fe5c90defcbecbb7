package trust

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/big"
	"net/netip"
	"time"
)

// Certificate is an X.509 certificate as far as it could be read. It is not
// changed after parsing and may be shared.
type Certificate struct {
	Raw    []byte   // DER
	TBS    []byte   // the signed part of Raw
	SHA256 [32]byte // of Raw

	Version int      // 1, 2 or 3
	Serial  *big.Int // may be zero or negative, which RFC 5280 forbids; never nil
	Issuer  Name
	Subject Name
	// NotBefore and NotAfter bound the validity, both inclusive; zero if unreadable.
	NotBefore, NotAfter time.Time

	Key                *PublicKey // never nil
	SignatureAlgorithm SignatureAlgorithm
	Signature          []byte

	Extensions []Extension

	// HasSAN tells whether there is a subjectAltName extension at all.
	HasSAN         bool
	DNSNames       []string // as written, may be malformed
	IPAddresses    []netip.Addr
	EmailAddresses []string
	URIs           []string

	BasicConstraints *BasicConstraints // nil if absent
	KeyUsage         KeyUsage
	HasKeyUsage      bool
	EKU              []string // dotted OIDs; see EKUName
	HasEKU           bool
	NameConstraints  *NameConstraints // nil if absent

	OCSPServers           []string // URLs of authorityInfoAccess
	IssuerURLs            []string // caIssuers URLs of authorityInfoAccess
	CRLDistributionPoints []string // URLs

	SCTs       []SCT // embedded (RFC 6962, Section 3.3)
	CTPoison   bool  // a precertificate (RFC 6962, Section 3.1)
	MustStaple bool  // TLS feature status_request (RFC 7633)
	Policies   []string

	SubjectKeyID   []byte
	AuthorityKeyID []byte

	// UnknownCritical lists critical extensions that no client is known to
	// process; RFC 5280, Section 4.2 makes them refuse the certificate.
	UnknownCritical []string
	// Oddities lists what a strict reader would refuse or wonder at.
	Oddities []string

	subjectKey, issuerKey string // canonical forms of the names

	lasting bool // an anchor of a store, or held by a Cache
}

// Extension is one extension as it stands.
type Extension struct {
	OID      string
	Critical bool
	Value    []byte // content of the OCTET STRING
}

// BasicConstraints of RFC 5280, Section 4.2.1.9.
type BasicConstraints struct {
	CA bool
	// PathLen is the number of intermediates allowed below, -1 if unlimited.
	PathLen int
}

var errOuter = errors.New("not an X.509 certificate")

// ParseCertificate reads one DER certificate. It fails only if the outer
// structure, the validity or the key's frame cannot be found; everything else
// that is wrong is noted in Oddities. The result refers to der.
func ParseCertificate(der []byte) (*Certificate, error) {
	odd := &oddities{}
	d := newDER(der, odd)
	outer, ok := d.sequence()
	if !ok {
		return nil, fmt.Errorf("reading certificate: %w", errOuter)
	}
	if !d.empty() {
		odd.add("%d bytes after the certificate", len(d.b))
	}
	in := outer.inner()
	tbs, ok1 := in.sequence()
	sigAlg, ok2 := in.sequence()
	sig, ok3 := in.take(tagBitString)
	if !ok1 || !ok2 || !ok3 {
		return nil, fmt.Errorf("reading certificate: %w", errOuter)
	}
	c := &Certificate{Raw: outer.full, TBS: tbs.full, SHA256: sha256.Sum256(outer.full)}
	c.SignatureAlgorithm = parseSignatureAlgorithm(sigAlg)
	if c.Signature, _, ok = sig.bits(); !ok {
		odd.add("signature BIT STRING is malformed")
	}
	if err := c.parseTBS(tbs, sigAlg, odd); err != nil {
		return nil, fmt.Errorf("reading certificate: %w", err)
	}
	c.Oddities = odd.list
	c.subjectKey, c.issuerKey = c.Subject.key(), c.Issuer.key()
	return c, nil
}

// parseTBS reads TBSCertificate (RFC 5280, Section 4.1).
func (c *Certificate) parseTBS(tbs, outerAlg element, odd *oddities) error {
	in := tbs.inner()
	c.Version = 1
	if v, ok := in.take(contextTag(0, true)); ok {
		n, ok := v.inner().integer()
		if !ok || !n.IsInt64() || n.Int64() < 0 || n.Int64() > 2 {
			odd.add("unknown certificate version")
		} else {
			c.Version = int(n.Int64()) + 1
		}
	}
	serial, ok := in.integer()
	if !ok {
		return errors.New("no serial number")
	}
	c.Serial = serial
	if serial.Sign() <= 0 {
		odd.add("serial number is not positive")
	} else if serial.BitLen() > 159 {
		odd.add("serial number of more than 20 bytes")
	}
	alg, ok := in.sequence()
	if !ok {
		return errors.New("no signature algorithm")
	}
	if !bytes.Equal(alg.full, outerAlg.full) {
		odd.add("inner and outer signature algorithms differ")
	}
	issuer, ok := in.sequence()
	if !ok {
		return errors.New("no issuer")
	}
	c.Issuer = parseName(issuer, "issuer")
	validity, ok := in.sequence()
	if !ok {
		return errors.New("no validity")
	}
	c.parseValidity(validity)
	subject, ok := in.sequence()
	if !ok {
		return errors.New("no subject")
	}
	c.Subject = parseName(subject, "subject")
	spki, ok := in.sequence()
	if !ok {
		return errors.New("no public key")
	}
	key, err := ParsePublicKey(spki.full)
	if err != nil {
		odd.add("public key is malformed")
		key = &PublicKey{Type: KeyUnknown, SPKI: spki.full}
	}
	c.Key = key
	for _, s := range key.Oddities {
		odd.add("%s", s)
	}
	for !in.empty() {
		e, ok := in.any()
		if !ok {
			odd.add("bytes after the public key are malformed")
			break
		}
		switch e.tag {
		case 0x81, 0x82, 0xa1, 0xa2: // issuerUniqueID, subjectUniqueID
			odd.add("unique identifiers are present")
		case contextTag(3, true):
			c.parseExtensions(e, odd)
		default:
			odd.add("unknown field in the certificate")
		}
	}
	if len(c.Extensions) > 0 && c.Version != 3 {
		odd.add("extensions in a version %d certificate", c.Version)
	}
	return nil
}

func (c *Certificate) parseValidity(e element) {
	in := e.inner()
	for _, t := range []*time.Time{&c.NotBefore, &c.NotAfter} {
		el, ok := in.any()
		if ok {
			*t, ok = parseTime(el)
		}
		if !ok {
			e.odd.add("validity date is unreadable")
		}
	}
	if !c.NotAfter.IsZero() && c.NotAfter.Before(c.NotBefore) {
		e.odd.add("notAfter is before notBefore")
	}
}

// IsCA tells whether the certificate may issue others by its basic constraints
// (RFC 5280, Section 6.1.4 (k)). Certificates of version 1 carry none.
func (c *Certificate) IsCA() bool { return c.BasicConstraints != nil && c.BasicConstraints.CA }

// SelfIssued tells whether issuer and subject are the same name.
func (c *Certificate) SelfIssued() bool { return c.subjectKey == c.issuerKey }

// SelfSigned tells whether the certificate is self-issued and its own key
// verifies the signature. A signature that cannot be computed here counts if
// the key identifiers do not contradict.
func (c *Certificate) SelfSigned() bool {
	if !c.SelfIssued() {
		return false
	}
	err := c.CheckSignatureFrom(c)
	if errors.Is(err, ErrUnsupported) {
		return len(c.AuthorityKeyID) == 0 || len(c.SubjectKeyID) == 0 || bytes.Equal(c.AuthorityKeyID, c.SubjectKeyID)
	}
	return err == nil
}

// CheckSignatureFrom checks that the parent's key made the signature, and
// nothing else. Errors wrap ErrBadSignature, ErrUnsupported or ErrKeyMismatch.
func (c *Certificate) CheckSignatureFrom(parent *Certificate) error {
	return c.checkSignatureBy(parent.Key)
}

func (c *Certificate) checkSignatureBy(k *PublicKey) error {
	if k.Type == KeyDSA && k.DSAParams == nil {
		return fmt.Errorf("DSA key with inherited parameters: %w", ErrUnsupported)
	}
	if c.SignatureAlgorithm.Scheme == SchemeUnknown {
		return fmt.Errorf("signature algorithm %s: %w", c.SignatureAlgorithm.Name, ErrUnsupported)
	}
	return k.Verify(c.SignatureAlgorithm.SigAlg, c.TBS, c.Signature)
}

// Equal tells whether two certificates are the same bytes.
func (c *Certificate) Equal(o *Certificate) bool { return o != nil && c.SHA256 == o.SHA256 }

// ValidAt tells whether t lies within the validity; an unreadable date does not count.
func (c *Certificate) ValidAt(t time.Time) bool {
	return (c.NotBefore.IsZero() || !t.Before(c.NotBefore)) && (c.NotAfter.IsZero() || !t.After(c.NotAfter))
}

// Lifetime is the validity period as the CA/Browser Forum counts it, with both
// ends included (Baseline Requirements, Section 1.6.1).
func (c *Certificate) Lifetime() time.Duration {
	if c.NotBefore.IsZero() || c.NotAfter.IsZero() {
		return 0
	}
	return c.NotAfter.Sub(c.NotBefore) + time.Second
}
