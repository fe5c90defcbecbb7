package trust

import (
	"bytes"
	"errors"
	"math/big"
	"time"
)

var (
	errCRL       = errors.New("revocation list is malformed")
	errCRLIssuer = errors.New("revocation list is of another issuer")
	errCRLScope  = errors.New("revocation list does not cover this kind of certificate")
	errCRLDelta  = errors.New("revocation list holds changes only (delta)")
)

// ParseCRL looks for a certificate in a revocation list, DER or PEM (RFC 5280,
// Section 5). issuer may be nil: then the signature cannot be checked. The
// list's entries are passed over without being kept: lists of 50 MB exist.
func ParseCRL(list []byte, cert, issuer *Certificate, at time.Time) RevocationStatus {
	s := RevocationStatus{Source: "crl", Cert: cert}
	if bytes.HasPrefix(bytes.TrimSpace(list[:min(len(list), 64)]), pemBegin) {
		list = firstPEM(list)
	}
	if err := s.parseCRL(list, issuer, at); err != nil {
		s.Err = err
	}
	return s
}

func (s *RevocationStatus) parseCRL(list []byte, issuer *Certificate, at time.Time) error {
	outer, ok := newDER(list, nil).sequence()
	if !ok {
		return errCRL
	}
	in := outer.inner()
	tbs, ok1 := in.sequence()
	alg, ok2 := in.sequence()
	sig, ok3 := in.take(tagBitString)
	if !ok1 || !ok2 || !ok3 {
		return errCRL
	}
	ti := tbs.inner()
	if ti.peek(tagInteger) {
		ti.integer() // version
	}
	ti.sequence() // signature
	name, ok := ti.sequence()
	if !ok {
		return errCRL
	}
	if key := parseName(name, "").key(); s.Cert == nil || key != s.Cert.issuerKey {
		return errCRLIssuer
	}
	var times [2]time.Time
	for i := range times {
		if !ti.peek(tagUTCTime) && !ti.peek(tagGeneralizedTime) {
			break
		}
		t, _ := ti.any()
		if times[i], ok = parseTime(t); !ok {
			return errCRL
		}
	}
	if times[0].IsZero() {
		return errCRL
	}
	s.setTimes(times[0], times[1], at)
	var entries element
	if ti.peek(tagSequence) {
		entries, _ = ti.sequence()
	}
	var scopeErr error
	if ext, ok := ti.take(contextTag(0, true)); ok {
		scopeErr = s.crlScope(ext)
	}
	s.State = RevocationGood
	if err := s.findInCRL(entries); err != nil {
		return err
	}
	if scopeErr != nil && (s.State != RevocationRevoked || !errors.Is(scopeErr, errCRLDelta)) {
		s.State = RevocationUnknown
		return scopeErr
	}
	if issuer != nil {
		bits, _, _ := sig.bits()
		sa := parseSignatureAlgorithm(alg)
		s.SignatureOK = issuer.Key.Verify(sa.SigAlg, tbs.full, bits) == nil
	}
	return nil
}

// findInCRL looks for the serial number.
func (s *RevocationStatus) findInCRL(entries element) error {
	if len(entries.body) == 0 {
		return nil
	}
	want := integerBytes(s.Cert.Serial)
	for in := entries.inner(); !in.empty(); {
		one, ok := in.sequence()
		if !ok {
			return errCRL
		}
		ei := one.inner()
		serial, ok := ei.take(tagInteger)
		if !ok {
			return errCRL
		}
		if !bytes.Equal(trimInteger(serial.body), want) {
			continue
		}
		s.State, s.Reason = RevocationRevoked, "unspecified"
		if t, ok := ei.any(); ok {
			s.RevokedAt, _ = parseTime(t)
		}
		eachExtension(ei, func(oid string, value []byte) {
			if e, ok := newDER(value, nil).take(tagEnum); ok && oid == "2.5.29.21" {
				s.Reason = reasonName(e.body)
			}
		})
		if s.Reason == "removeFromCRL" {
			s.State, s.Reason, s.RevokedAt = RevocationGood, "", time.Time{}
		}
		return nil
	}
	return nil
}

// eachExtension reads a SEQUENCE OF Extension if there is one.
func eachExtension(d *der, fn func(oid string, value []byte)) {
	eachElement(d, func(in *der) bool {
		one, ok := in.sequence()
		if !ok {
			return false
		}
		ei := one.inner()
		oid, _ := ei.oid()
		ei.take(tagBoolean)
		val, ok := ei.take(tagOctetString)
		if ok {
			fn(oid, val.body)
		}
		return ok
	})
}

// crlScope reads issuingDistributionPoint and the delta indicator (RFC 5280,
// Sections 5.2.4 and 5.2.5).
func (s *RevocationStatus) crlScope(ext element) error {
	var err error
	eachExtension(ext.inner(), func(oid string, value []byte) {
		switch oid {
		case "2.5.29.27":
			err = errCRLDelta
		case "2.5.29.28":
			seq, ok := newDER(value, nil).sequence()
			if !ok {
				return
			}
			for in := seq.inner(); !in.empty(); {
				e, ok := in.any()
				if !ok {
					return
				}
				set := len(e.body) == 1 && e.body[0] != 0
				switch {
				case e.tag == contextTag(1, false) && set && s.Cert.IsCA(), // onlyContainsUserCerts
					e.tag == contextTag(2, false) && set && !s.Cert.IsCA(), // onlyContainsCACerts
					e.tag == contextTag(5, false) && set:                   // onlyContainsAttributeCerts
					err = errCRLScope
				}
			}
		}
	})
	return err
}

// integerBytes is the shortest two's complement form.
func integerBytes(n *big.Int) []byte {
	if n.Sign() >= 0 {
		return trimInteger(append([]byte{0}, n.Bytes()...))
	}
	size := uint(n.BitLen()/8 + 1)
	b := new(big.Int).Add(n, new(big.Int).Lsh(big.NewInt(1), size*8)).FillBytes(make([]byte, size))
	return trimInteger(b)
}

func trimInteger(b []byte) []byte {
	for len(b) > 1 && (b[0] == 0 && b[1]&0x80 == 0 || b[0] == 0xff && b[1]&0x80 != 0) {
		b = b[1:]
	}
	return b
}
