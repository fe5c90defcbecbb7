package engine

import (
	"crypto/hmac"

	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// certificateVerifyContext precedes the hash that a CertificateVerify of TLS
// 1.3 signs (RFC 8446, Section 4.4.3).
func certificateVerifyInput(side string, hash []byte) []byte {
	b := make([]byte, 64, 64+34+len(hash))
	for i := range b {
		b[i] = ' '
	}
	b = append(b, "TLS 1.3, "+side+" CertificateVerify"...)
	b = append(b, 0)
	return append(b, hash...)
}

// handshake13 goes on after a ServerHello of TLS 1.3.
func (c *conn) handshake13(sh *wire.ServerHello) error {
	schedule, clientHS, serverHS, err := c.protectHandshake(sh)
	if err != nil {
		return err
	}
	request, err := c.flight13(serverHS)
	if err != nil {
		return err
	}
	c.reach(transcript.ReachedFlight)
	if c.depth == transcript.DepthFlight {
		return nil
	}
	schedule.master()
	toFinished := c.log.sum()
	c.clientApp = schedule.traffic("c ap traffic", toFinished)
	c.serverApp = schedule.traffic("s ap traffic", toFinished)
	return c.clientFlight13(request, schedule, clientHS)
}

// protectHandshake makes the key exchange and turns to the keys of the handshake.
func (c *conn) protectHandshake(sh *wire.ServerHello) (schedule *schedule13, clientHS, serverHS []byte, err error) {
	if string(sh.SessionID) != string(c.hello.SessionID) {
		return nil, nil, nil, malformed(wire.AlertIllegalParameter, "the server does not echo the session ID of the hello")
	}
	s, err := computable(sh.CipherSuite)
	if err != nil {
		return nil, nil, nil, unfinished("%s", err.Error())
	}
	c.suite = s
	var shared []byte
	ks, ok := sh.KeyShare()
	if !ok && (c.resumed == nil || !allowsPSKAlone(c.hello)) {
		return nil, nil, nil, malformed(wire.AlertMissingExtension, "a ServerHello of TLS 1.3 without a key share")
	}
	if ok {
		if shared, err = c.share(ks); err != nil {
			return nil, nil, nil, err
		}
	}
	if c.log.h == nil {
		c.log.use(s.hash)
	}
	schedule = newSchedule13(s.hash, c.psk(), shared)
	clientHS = schedule.traffic("c hs traffic", c.log.sum())
	serverHS = schedule.traffic("s hs traffic", c.log.sum())
	if len(c.hs) > 0 {
		return nil, nil, nil, malformed(wire.AlertUnexpectedMessage, "handshake bytes in clear behind the ServerHello")
	}
	if c.in, err = s.protect13(serverHS); err != nil {
		return nil, nil, nil, err
	}
	if c.out, err = s.protect13(clientHS); err != nil {
		return nil, nil, nil, err
	}
	return schedule, clientHS, serverHS, nil
}

// flight13 reads from EncryptedExtensions to Finished.
func (c *conn) flight13(serverHS []byte) (*wire.CertificateRequest, error) {
	m, err := c.expect(wire.TypeEncryptedExtensions)
	if err != nil {
		return nil, err
	}
	if c.t.Encrypted, err = wire.ParseEncryptedExtensions(m.Body); err != nil {
		return nil, decodeError(err)
	}
	if err := c.gotRetryConfigs(c.t.Encrypted); err != nil {
		return nil, err
	}
	if err := c.agreeLimits(c.t.Encrypted); err != nil {
		return nil, err
	}
	if err := c.gotEarlyData(c.t.Encrypted); err != nil {
		return nil, err
	}
	if c.resumed != nil {
		return nil, c.finished13(serverHS) // the ticket stands for the certificate
	}
	if m, err = c.next(); err != nil {
		return nil, err
	}
	var request *wire.CertificateRequest
	if m != nil && m.Type == wire.TypeCertificateRequest {
		if request, err = c.gotCertificateRequest(m); err != nil {
			return nil, err
		}
		if m, err = c.next(); err != nil {
			return nil, err
		}
	}
	if err := c.certificate13(m); err != nil {
		return nil, err
	}
	signed := c.log.sum()
	if m, err = c.expect(wire.TypeCertificateVerify); err != nil {
		return nil, err
	}
	v, err := wire.ParseCertificateVerify(m.Body)
	if err != nil {
		return nil, decodeError(err)
	}
	c.checkSignature(v.Scheme, certificateVerifyInput("server", signed), v.Signature)
	return request, c.finished13(serverHS)
}

// finished13 reads the server's Finished.
func (c *conn) finished13(serverHS []byte) error {
	want := finished13(c.suite.hash, serverHS, c.log.sum())
	m, err := c.expect(wire.TypeFinished)
	if err != nil {
		return err
	}
	if len(c.hs) > 0 {
		return malformed(wire.AlertUnexpectedMessage, "handshake bytes behind the server's Finished under the same keys")
	}
	return c.checkFinished(m.Body, want)
}

func (c *conn) checkFinished(got, want []byte) error {
	ok := hmac.Equal(got, want)
	c.t.Finished = transcript.TriOf(ok)
	if !ok {
		return malformed(wire.AlertDecryptError, "the server's Finished is wrong")
	}
	return nil
}

// certificate13 takes the Certificate or CompressedCertificate message.
func (c *conn) certificate13(m *wire.Message) error {
	if m == nil {
		return malformed(wire.AlertUnexpectedMessage, "ChangeCipherSpec instead of Certificate")
	}
	body := m.Body
	switch m.Type {
	case wire.TypeCertificate:
	case wire.TypeCompressedCertificate:
		alg, plain, err := decompressCertificate(body)
		if err != nil {
			return malformed(wire.AlertBadCertificate, "%s", err.Error())
		}
		if !contains(c.hello.CertCompressions(), alg) {
			return malformed(wire.AlertIllegalParameter, "a certificate compressed with %s, which the hello does not offer", alg)
		}
		body = plain
		c.t.CertificateCompression, c.t.CompressedBytes = alg, len(m.Raw)
	default:
		return unexpected(m, "Certificate")
	}
	c.log.add(m.Raw)
	cert, err := wire.ParseCertificate13(body)
	if err != nil {
		return decodeError(err)
	}
	c.certificates(cert, len(body)+4)
	if ocsp := cert.OCSP(); ocsp != nil {
		c.t.OCSP = ocsp
	}
	if len(cert.Entries) > 0 {
		for _, e := range cert.Entries[0].Extensions {
			switch e.Type {
			case wire.ExtSignedCertificateTimestamp:
				c.t.SCTs = e.Data
			case wire.ExtDelegatedCredential:
				c.delegatedKey(e.Data)
			}
		}
	}
	return nil
}

// gotCertificateRequest logs and notes a demand for a client certificate.
func (c *conn) gotCertificateRequest(m *wire.Message) (*wire.CertificateRequest, error) {
	r, err := wire.ParseCertificateRequest(m.Body, c.version)
	if err != nil {
		return nil, decodeError(err)
	}
	c.log.add(m.Raw)
	c.t.CertificateRequests = append(c.t.CertificateRequests, transcript.CertificateRequest{Phase: c.phase, Request: r})
	return r, nil
}

// clientFlight13 sends our half and, to save a round trip, the request with it.
func (c *conn) clientFlight13(request *wire.CertificateRequest, schedule *schedule13, clientHS []byte) error {
	var out []byte
	if len(c.hello.SessionID) > 0 && !c.dummyCCS {
		c.dummyCCS = true
		out = append(out, changeCipherSpec...)
	}
	out, err := c.endEarlyData(out, clientHS)
	if err != nil {
		return err
	}
	msgs := c.applicationSettings()
	c.log.add(msgs)
	if request != nil {
		cert, err := c.answer13(request)
		if err != nil {
			return err
		}
		msgs = append(msgs, cert...)
	}
	fin := wire.AppendMessage(nil, wire.TypeFinished, finished13(c.suite.hash, clientHS, c.log.sum()))
	c.log.add(fin)
	c.resumption = schedule.traffic("res master", c.log.sum())
	out, err = c.sealAll(out, wire.ContentHandshake, append(msgs, fin...))
	if err != nil {
		return err
	}
	if c.in, err = c.suite.protect13(c.serverApp); err != nil {
		return err
	}
	if c.out, err = c.suite.protect13(c.clientApp); err != nil {
		return err
	}
	if c.depth >= transcript.DepthRequest {
		if out, err = c.sealRequest(out); err != nil {
			return err
		}
	}
	c.reach(transcript.ReachedFinished)
	return c.write(out, "sending Finished")
}

// applicationSettings is the client's EncryptedExtensions, which a server waits
// for when it has taken up ALPS as Chrome offers it (draft-vvv-tls-alps); nil
// otherwise.
func (c *conn) applicationSettings() []byte {
	for _, t := range []wire.ExtensionType{wire.ExtApplicationSettings, wire.ExtApplicationSettingsOld} {
		_, asked := c.hello.Extension(t)
		if _, ok := c.t.Encrypted.Extension(t); ok && asked {
			return wire.AppendMessage(nil, wire.TypeEncryptedExtensions, []byte{0, 4, byte(t >> 8), byte(t), 0, 0})
		}
	}
	return nil
}

// sealAll encrypts payload into as many records as it takes.
func (c *conn) sealAll(dst []byte, t wire.ContentType, payload []byte) ([]byte, error) {
	for first := true; first || len(payload) > 0; first = false {
		n := min(len(payload), c.room())
		if c.out == nil {
			dst = wire.AppendRecord(dst, t, c.recordVersion(), payload[:n])
		} else {
			var err error
			if dst, err = c.out.seal(dst, t, payload[:n]); err != nil {
				return nil, err
			}
		}
		payload = payload[n:]
	}
	return dst, nil
}

// recordVersion is what plaintext records say after the hello.
func (c *conn) recordVersion() wire.Version {
	switch {
	case c.version == 0:
		return wire.VersionTLS10
	case c.version >= wire.VersionTLS13:
		return wire.VersionTLS12
	}
	return c.version
}
