package trust

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// OCSPRequest builds a request for one certificate (RFC 6960, Section 4.1.1),
// with SHA-1 identifiers as RFC 9654, Section 3.1.1 still wants and without a nonce, so
// that caches can answer.
func OCSPRequest(cert, issuer *Certificate) ([]byte, error) {
	nameHash, keyHash := certIDHashes(crypto.SHA1, issuer)
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { // OCSPRequest
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { // TBSRequest
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { // requestList
				b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { // Request
					b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { // CertID
						b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
							b.AddASN1ObjectIdentifier([]int{1, 3, 14, 3, 2, 26})
							b.AddASN1NULL()
						})
						b.AddASN1OctetString(nameHash)
						b.AddASN1OctetString(keyHash)
						b.AddASN1BigInt(cert.Serial)
					})
				})
			})
		})
	})
	out, err := b.Bytes()
	if err != nil {
		return nil, fmt.Errorf("building OCSP request: %w", err)
	}
	return out, nil
}

// certIDHashes are issuerNameHash and issuerKeyHash of a CertID.
func certIDHashes(h crypto.Hash, issuer *Certificate) (name, key []byte) {
	n, k := h.New(), h.New()
	n.Write(issuer.Subject.Raw)
	k.Write(issuer.Key.point)
	return n.Sum(nil), k.Sum(nil)
}

var errOCSP = errors.New("OCSP response is malformed")

// ErrOtherCertificate is the Err of a response that speaks of other certificates.
var ErrOtherCertificate = errors.New("OCSP response is about another certificate")

// ocspErrors are OCSPResponseStatus' names (RFC 6960, Section 4.2.1).
var ocspErrors = map[byte]string{1: "malformedRequest", 2: "internalError", 3: "tryLater", 5: "sigRequired", 6: "unauthorized"}

// ParseOCSP reads a response and looks for the certificate in it. issuer may be
// nil: then the signature cannot be checked. The status' Source is "ocsp".
func ParseOCSP(der []byte, cert, issuer *Certificate, at time.Time) RevocationStatus {
	s := RevocationStatus{Source: "ocsp", Cert: cert}
	if err := s.parseOCSP(der, issuer, at); err != nil {
		s.Err = err
	}
	return s
}

func (s *RevocationStatus) parseOCSP(der []byte, issuer *Certificate, at time.Time) error {
	outer, ok := newDER(der, nil).sequence()
	if !ok {
		return errOCSP
	}
	in := outer.inner()
	status, ok := in.take(tagEnum)
	if !ok || len(status.body) != 1 {
		return errOCSP
	}
	if c := status.body[0]; c != 0 {
		if n := ocspErrors[c]; n != "" {
			return fmt.Errorf("OCSP server answers %s", n)
		}
		return fmt.Errorf("OCSP server answers status %d", c)
	}
	wrapped, ok := in.take(contextTag(0, true))
	if !ok {
		return errOCSP
	}
	rb, ok := wrapped.inner().sequence()
	if !ok {
		return errOCSP
	}
	ri := rb.inner()
	if oid, _ := ri.oid(); oid != "1.3.6.1.5.5.7.48.1.1" { // id-pkix-ocsp-basic
		return fmt.Errorf("OCSP response of type %s", oid)
	}
	body, ok := ri.any()
	if !ok || body.tag&^0x20 != tagOctetString {
		return errOCSP
	}
	basic, ok := newDER(body.octets(), nil).sequence()
	if !ok {
		return errOCSP
	}
	bi := basic.inner()
	tbs, ok1 := bi.sequence()
	alg, ok2 := bi.sequence()
	sig, ok3 := bi.take(tagBitString)
	if !ok1 || !ok2 || !ok3 {
		return errOCSP
	}
	sigBits, _, _ := sig.bits()
	if err := s.readOCSPData(tbs, issuer, at); err != nil {
		return err
	}
	if issuer != nil {
		var responders []*Certificate
		if certs, ok := bi.take(contextTag(0, true)); ok {
			responders = readResponders(certs)
		}
		sa := parseSignatureAlgorithm(alg)
		s.SignatureOK = signedByResponder(sa.SigAlg, tbs.full, sigBits, issuer, responders, at)
	}
	return nil
}

const maxResponders = 8

func readResponders(e element) []*Certificate {
	seq, ok := e.inner().sequence()
	if !ok {
		return nil
	}
	var out []*Certificate
	for in := seq.inner(); !in.empty() && len(out) < maxResponders; {
		el, ok := in.any()
		if !ok {
			break
		}
		if c, err := ParseCertificate(el.full); err == nil {
			out = append(out, c)
		}
	}
	return out
}

// signedByResponder: the issuer itself signed, or a certificate that the issuer
// gave the OCSPSigning usage (RFC 6960, Section 4.2.2.2).
func signedByResponder(alg SigAlg, tbs, sig []byte, issuer *Certificate, responders []*Certificate, at time.Time) bool {
	if issuer.Key.Verify(alg, tbs, sig) == nil {
		return true
	}
	for _, r := range responders {
		delegated := false
		for _, o := range r.EKU {
			delegated = delegated || o == EKUOCSPSigning
		}
		if delegated && r.issuerKey == issuer.subjectKey && r.ValidAt(at) &&
			r.CheckSignatureFrom(issuer) == nil && r.Key.Verify(alg, tbs, sig) == nil {
			return true
		}
	}
	return false
}

// readOCSPData reads ResponseData.
func (s *RevocationStatus) readOCSPData(tbs element, issuer *Certificate, at time.Time) error {
	in := tbs.inner()
	in.take(contextTag(0, true)) // version
	in.any()                     // responderID
	in.any()                     // producedAt
	responses, ok := in.sequence()
	if !ok {
		return errOCSP
	}
	n := 0
	for ri := responses.inner(); !ri.empty(); n++ {
		one, ok := ri.sequence()
		if !ok || n > maxListed {
			return errOCSP
		}
		si := one.inner()
		id, ok := si.sequence()
		if !ok {
			return errOCSP
		}
		if !certIDMatches(id, s.Cert, issuer) {
			continue
		}
		return s.readSingle(si, at)
	}
	return ErrOtherCertificate
}

func certIDMatches(id element, cert, issuer *Certificate) bool {
	in := id.inner()
	alg, ok1 := in.sequence()
	name, ok2 := in.take(tagOctetString)
	key, ok3 := in.take(tagOctetString)
	serial, ok4 := in.integer()
	if !ok1 || !ok2 || !ok3 || !ok4 || cert == nil || serial.Cmp(cert.Serial) != 0 {
		return false
	}
	oid, _ := alg.inner().oid()
	h := hashOIDs[oid]
	if issuer == nil || h == 0 || !h.Available() {
		return true // the serial number alone
	}
	wantName, wantKey := certIDHashes(h, issuer)
	return bytes.Equal(name.body, wantName) && bytes.Equal(key.body, wantKey)
}

// readSingle reads the rest of a SingleResponse.
func (s *RevocationStatus) readSingle(in *der, at time.Time) error {
	status, ok := in.any()
	if !ok {
		return errOCSP
	}
	switch status.tag &^ 0x20 {
	case contextTag(0, false):
		s.State = RevocationGood
	case contextTag(1, false):
		s.State, s.Reason = RevocationRevoked, "unspecified"
		ri := status.inner()
		if t, ok := ri.any(); ok {
			s.RevokedAt, _ = parseTime(t)
		}
		if r, ok := ri.take(contextTag(0, true)); ok {
			if e, ok := r.inner().take(tagEnum); ok {
				s.Reason = reasonName(e.body)
			}
		}
	case contextTag(2, false):
		s.State = RevocationUnknown
	default:
		return errOCSP
	}
	var this, next time.Time
	t, ok := in.any()
	if ok {
		this, ok = parseTime(t)
	}
	if !ok {
		return errOCSP
	}
	if n, ok := in.take(contextTag(0, true)); ok {
		if t, ok := n.inner().any(); ok {
			next, _ = parseTime(t)
		}
	}
	s.setTimes(this, next, at)
	if ext, ok := in.take(contextTag(1, true)); ok {
		s.readSingleExtensions(ext)
	}
	return nil
}

// readSingleExtensions looks for SCTs (RFC 6962, Section 3.3).
func (s *RevocationStatus) readSingleExtensions(e element) {
	eachElement(e.inner(), func(in *der) bool {
		one, ok := in.sequence()
		if !ok {
			return false
		}
		ei := one.inner()
		oid, _ := ei.oid()
		ei.take(tagBoolean)
		val, ok := ei.take(tagOctetString)
		if ok && oid == "1.3.6.1.4.1.11129.2.4.5" {
			if list, ok := newDER(val.body, nil).take(tagOctetString); ok {
				s.SCTs, _ = ParseSCTList(list.body)
			}
		}
		return ok
	})
}
