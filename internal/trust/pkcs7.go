package trust

import (
	"bytes"
	"errors"
	"fmt"
)

var errPKCS7 = errors.New("not a PKCS #7 bundle of certificates")

// parsePKCS7 reads the certificates of a SignedData (RFC 5652, Section 5.1), as
// "certs-only" .p7c files of AIA URLs are (RFC 5280, Section 4.2.2.1).
func parsePKCS7(der []byte) ([]*Certificate, error) {
	outer, ok := newDER(der, nil).sequence()
	if !ok {
		return nil, errPKCS7
	}
	in := outer.inner()
	if oid, _ := in.oid(); oid != "1.2.840.113549.1.7.2" { // id-signedData
		return nil, errPKCS7
	}
	explicit, ok := in.take(contextTag(0, true))
	if !ok {
		return nil, errPKCS7
	}
	sd, ok := explicit.inner().sequence()
	if !ok {
		return nil, errPKCS7
	}
	si := sd.inner()
	si.integer()    // version
	si.take(tagSet) // digestAlgorithms
	si.sequence()   // encapContentInfo
	set, ok := si.take(contextTag(0, true))
	if !ok {
		return nil, ErrNoCertificate
	}
	var certs []*Certificate
	for ci := set.inner(); !ci.empty(); {
		e, ok := ci.any()
		if !ok || len(certs) == maxPKCS7 {
			break
		}
		if e.tag != tagSequence {
			continue // attribute certificates and the like
		}
		c, err := ParseCertificate(e.full)
		if err != nil {
			return certs, fmt.Errorf("PKCS #7 certificate %d: %w", len(certs)+1, err)
		}
		certs = append(certs, c)
	}
	if len(certs) == 0 {
		return nil, ErrNoCertificate
	}
	return certs, nil
}

const maxPKCS7 = 256

// ParseCertificates reads whatever holds certificates: PEM, one DER certificate
// or a PKCS #7 bundle, in DER or in PEM.
func ParseCertificates(b []byte) ([]*Certificate, error) {
	if i := bytes.Index(b, pemBegin); i >= 0 {
		var p7 []byte
		if bytes.HasPrefix(b[i:], []byte("-----BEGIN PKCS7-----")) || bytes.HasPrefix(b[i:], []byte("-----BEGIN CMS-----")) {
			p7 = firstPEM(b[i:])
		}
		if p7 != nil {
			return parsePKCS7(p7)
		}
		return ParsePEM(b)
	}
	if len(b) == 0 || b[0] != tagSequence {
		return nil, ErrNoCertificate
	}
	certs, err := parsePKCS7(b)
	if !errors.Is(err, errPKCS7) {
		return certs, err
	}
	c, err := ParseCertificate(b)
	if err != nil {
		return nil, err
	}
	return []*Certificate{c}, nil
}
