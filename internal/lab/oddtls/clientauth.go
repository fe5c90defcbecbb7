package oddtls

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/x509"

	"github.com/tlswhy/tlswhy/internal/wire"
)

type clientChain = []*x509.Certificate

// readClientCertificate12 reads the client's Certificate, or SSL 3.0's
// no_certificate alert (RFC 6101, Section 5.6.6), and lets CheckClient decide.
func (c *Conn) readClientCertificate12() (clientChain, error) {
	m, err := c.readMessage()
	if err != nil {
		return nil, err
	}
	if len(m.Raw) == 0 && c.version == wire.VersionSSL30 && len(m.Body) == 1 && m.Body[0] == byte(wire.AlertNoCertificate) {
		return c.judge(nil)
	}
	if m.Type != wire.TypeCertificate {
		return nil, fail(wire.AlertUnexpectedMessage, "%s instead of Certificate", m.Type)
	}
	c.transcript = append(c.transcript, m.Raw...)
	msg, err := wire.ParseCertificate(m.Body)
	if err != nil {
		return nil, fail(wire.AlertDecodeError, "%v", err)
	}
	return c.judge(msg.Entries)
}

func (c *Conn) judge(entries []wire.CertificateEntry) (clientChain, error) {
	var chain clientChain
	for _, e := range entries {
		cert, err := x509.ParseCertificate(e.DER)
		if err != nil {
			return nil, fail(wire.AlertBadCertificate, "client certificate: %v", err)
		}
		chain = append(chain, cert)
	}
	if c.cfg.CheckClient != nil {
		if a := c.cfg.CheckClient(chain); a != 0 {
			return nil, fail(a, "client certificate refused")
		}
	}
	return chain, nil
}

func (c *Conn) readCertificateVerify12(s *state12, chain clientChain) error {
	signed := append([]byte(nil), c.transcript...)
	m, err := c.expect(wire.TypeCertificateVerify)
	if err != nil {
		return err
	}
	switch {
	case c.version >= wire.VersionTLS12:
		v, perr := wire.ParseCertificateVerify(m.Body)
		if perr != nil {
			return fail(wire.AlertDecodeError, "%v", perr)
		}
		err = verifyScheme(chain[0].PublicKey, v.Scheme, signed, v.Signature)
	default:
		if len(m.Body) < 2 {
			return fail(wire.AlertDecodeError, "malformed CertificateVerify")
		}
		digests := s.kdf.transcriptHash(signed)
		if c.version == wire.VersionSSL30 { // RFC 6101, Section 5.6.8
			digests = append(ssl3Nested(md5.New, s.master, signed, nil), ssl3Nested(sha1.New, s.master, signed, nil)...)
		}
		err = verifyLegacy(chain[0].PublicKey, digests, m.Body[2:])
	}
	if err != nil {
		return fail(wire.AlertDecryptError, "CertificateVerify: %v", err)
	}
	return nil
}
