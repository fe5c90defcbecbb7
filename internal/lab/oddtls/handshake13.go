package oddtls

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"

	"golang.org/x/crypto/cryptobyte"

	"github.com/tlswhy/tlswhy/internal/wire"
)

func (c *Conn) handshake13(h *wire.ClientHello) error {
	c.keys13 = newSchedule13(c.choice.info)
	_, c.offersPostHSAuth = h.Extension(wire.ExtPostHandshakeAuth)
	if c.choice.share == nil {
		var err error
		if h, err = c.retry13(h); err != nil {
			return err
		}
	}
	ex, err := newExchange(c.choice.group)
	if err != nil {
		return err
	}
	shared, err := ex.shared(c.choice.share)
	if err != nil {
		return fail(wire.AlertIllegalParameter, "key share: %v", err)
	}
	hello := &wire.ServerHello{LegacyVersion: wire.VersionTLS12, SessionID: h.SessionID, CipherSuite: c.choice.suite}
	_, _ = rand.Read(hello.Random[:]) // documented never to fail
	share := cryptobyte.NewBuilder(nil)
	share.AddUint16(uint16(c.choice.group))
	share.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(ex.public) })
	hello.Extensions = []wire.Extension{
		{Type: wire.ExtSupportedVersions, Data: []byte{3, 4}},
		{Type: wire.ExtKeyShare, Data: share.BytesOrPanic()},
	}
	raw, err := hello.Marshal()
	if err != nil {
		return err
	}
	if err := c.writeRecord(wire.ContentHandshake, c.note(raw)); err != nil {
		return err
	}
	if err := c.writeRecord(wire.ContentChangeCipherSpec, []byte{1}); err != nil {
		return err
	}
	if err := c.keys13.toHandshake(shared, c.transcript); err != nil {
		return err
	}
	return c.finish13()
}

// retry13 asks for another share (RFC 8446, Section 4.1.4) and reads the second hello.
func (c *Conn) retry13(h *wire.ClientHello) (*wire.ClientHello, error) {
	hrr := &wire.ServerHello{LegacyVersion: wire.VersionTLS12, SessionID: h.SessionID, CipherSuite: c.choice.suite}
	hrr.SetHelloRetryRequest()
	hrr.Extensions = []wire.Extension{
		{Type: wire.ExtSupportedVersions, Data: []byte{3, 4}},
		{Type: wire.ExtKeyShare, Data: []byte{byte(c.choice.group >> 8), byte(c.choice.group)}},
	}
	raw, err := hrr.Marshal()
	if err != nil {
		return nil, err
	}
	// The first hello counts as its hash (RFC 8446, Section 4.4.1).
	c.transcript = wire.AppendMessage(nil, wire.TypeMessageHash, c.keys13.sum(c.transcript))
	if err := c.writeRecord(wire.ContentHandshake, c.note(raw)); err != nil {
		return nil, err
	}
	m, err := c.expect(wire.TypeClientHello)
	if err != nil {
		return nil, err
	}
	second, err := c.parseHello(m)
	if err != nil {
		return nil, err
	}
	again, err := c.cfg.negotiate(second)
	if err != nil {
		return nil, err
	}
	if again.share == nil || again.group != c.choice.group || again.suite != c.choice.suite {
		return nil, fail(wire.AlertIllegalParameter, "the second ClientHello does not answer the HelloRetryRequest")
	}
	c.choice = again
	return second, nil
}

// finish13 is everything after ServerHello.
func (c *Conn) finish13() error {
	k := c.keys13
	var err error
	if c.out.p, err = k.protector(k.server); err != nil {
		return err
	}
	if c.in.p, err = k.protector(k.client); err != nil {
		return err
	}
	c.in.seq, c.out.seq = 0, 0
	if err := c.sendFlight13(); err != nil {
		return err
	}
	clientHS, afterServer := k.client, bytes.Clone(c.transcript)
	if err := k.toApplication(afterServer); err != nil {
		return err
	}
	// From here on we send with application keys: also the alerts that answer a
	// bad client certificate, which is why they come late.
	out, err := k.protector(k.server)
	if err != nil {
		return err
	}
	c.out = half{p: out}
	if c.cfg.ClientAuth {
		if err := c.readClientAuth13(); err != nil {
			return err
		}
	}
	want, err := k.finished(clientHS, c.transcript)
	if err != nil {
		return err
	}
	m, err := c.expect(wire.TypeFinished)
	if err != nil {
		return err
	}
	if !hmac.Equal(want, m.Body) {
		return fail(wire.AlertDecryptError, "Finished does not verify")
	}
	in, err := k.protector(k.client)
	if err != nil {
		return err
	}
	c.in = half{p: in}
	return nil
}

func (c *Conn) sendFlight13() error {
	ee, err := message(wire.TypeEncryptedExtensions, func(b *cryptobyte.Builder) {
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
			if c.choice.alpn == "" {
				return
			}
			e := wire.ALPNExt(c.choice.alpn)
			b.AddUint16(uint16(e.Type))
			b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(e.Data) })
		})
	})
	if err != nil {
		return err
	}
	flight := c.note(ee)
	if c.cfg.ClientAuth {
		req, err := certificateRequest13(nil)
		if err != nil {
			return err
		}
		flight = append(flight, c.note(req)...)
	}
	cert, err := c.certificateMessage(nil)
	if err != nil {
		return err
	}
	flight = append(flight, c.note(cert)...)
	sig, err := signScheme(c.cfg.Key, c.choice.scheme, signed13("server", c.keys13.sum(c.transcript)))
	if err != nil {
		return fail(wire.AlertInternalError, "signing: %v", err)
	}
	verify, err := message(wire.TypeCertificateVerify, func(b *cryptobyte.Builder) {
		b.AddUint16(uint16(c.choice.scheme))
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(sig) })
	})
	if err != nil {
		return err
	}
	flight = append(flight, c.note(verify)...)
	fin, err := c.keys13.finished(c.keys13.server, c.transcript)
	if err != nil {
		return err
	}
	flight = append(flight, c.note(wire.AppendMessage(nil, wire.TypeFinished, fin))...)
	return c.writeRecord(wire.ContentHandshake, flight)
}

// signed13 is what a CertificateVerify signs (RFC 8446, Section 4.4.3).
func signed13(side string, transcriptHash []byte) []byte {
	b := bytes.Repeat([]byte{' '}, 64)
	b = append(b, "TLS 1.3, "+side+" CertificateVerify\x00"...)
	return append(b, transcriptHash...)
}

func certificateRequest13(context []byte) ([]byte, error) {
	return message(wire.TypeCertificateRequest, func(b *cryptobyte.Builder) {
		b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(context) })
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
			e := wire.SignatureAlgorithmsExt(requestSchemes...)
			b.AddUint16(uint16(e.Type))
			b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(e.Data) })
		})
	})
}

// readClientAuth13 reads Certificate and, if there is one, CertificateVerify.
func (c *Conn) readClientAuth13() error {
	m, err := c.expect(wire.TypeCertificate)
	if err != nil {
		return err
	}
	msg, err := wire.ParseCertificate13(m.Body)
	if err != nil {
		return fail(wire.AlertDecodeError, "%v", err)
	}
	chain, err := c.judge(msg.Entries)
	if err != nil || len(chain) == 0 {
		return err
	}
	hash := c.keys13.sum(c.transcript)
	m, err = c.expect(wire.TypeCertificateVerify)
	if err != nil {
		return err
	}
	v, err := wire.ParseCertificateVerify(m.Body)
	if err != nil {
		return fail(wire.AlertDecodeError, "%v", err)
	}
	if err := verifyScheme(chain[0].PublicKey, v.Scheme, signed13("client", hash), v.Signature); err != nil {
		return fail(wire.AlertDecryptError, "CertificateVerify: %v", err)
	}
	c.clientCert = chain
	return nil
}
