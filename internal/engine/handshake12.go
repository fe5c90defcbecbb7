package engine

import (
	"bytes"
	"io"
	"math/big"

	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// handshake12 goes on after a ServerHello of TLS 1.2 or older; also within a
// connection, on renegotiation.
func (c *conn) handshake12(sh *wire.ServerHello) error {
	suite, lack := computable(sh.CipherSuite)
	c.suite = suite
	if err := c.checkRenegotiationInfo(sh); err != nil {
		return err
	}
	if err := c.agreeLimits(sh); err != nil {
		return err
	}
	if scts, ok := sh.Extension(wire.ExtSignedCertificateTimestamp); ok {
		c.t.SCTs = scts
	}
	if c.resumed != nil {
		return c.abbreviated12(sh)
	}
	c.log.off = c.depth == transcript.DepthFlight
	request, err := c.flight12(sh)
	if err != nil {
		return err
	}
	c.reach(transcript.ReachedFlight)
	if c.depth == transcript.DepthFlight {
		return nil
	}
	if lack != nil {
		return unfinished("%s", lack.Error())
	}
	if c.version < wire.VersionTLS10 {
		return unfinished("SSL 3.0 is read and not completed here")
	}
	return c.clientFlight12(sh, request)
}

// checkRenegotiationInfo is RFC 5746, Sections 3.4 and 3.5.
func (c *conn) checkRenegotiationInfo(sh *wire.ServerHello) error {
	d, ok := sh.Extension(wire.ExtRenegotiationInfo)
	if c.clientFin == nil {
		c.secureReneg = ok
		if ok && !bytes.Equal(d, []byte{0}) {
			return malformed(wire.AlertHandshakeFailure, "renegotiation_info of %d bytes in a first handshake", len(d))
		}
		return nil
	}
	if !c.secureReneg {
		if ok {
			return malformed(wire.AlertHandshakeFailure, "renegotiation_info on renegotiation, and none in the handshake before")
		}
		return nil
	}
	want := append(append([]byte{byte(len(c.clientFin) + len(c.serverFin))}, c.clientFin...), c.serverFin...)
	if !bytes.Equal(d, want) {
		return malformed(wire.AlertHandshakeFailure, "renegotiation_info does not match the handshake before")
	}
	return nil
}

// flight12 reads from Certificate to ServerHelloDone.
func (c *conn) flight12(sh *wire.ServerHello) (*wire.CertificateRequest, error) {
	var request *wire.CertificateRequest
	seen := wire.TypeServerHello
	c.t.KeyExchange = nil
	for {
		m, err := c.next()
		if err != nil {
			return nil, err
		}
		if m == nil {
			return nil, malformed(wire.AlertUnexpectedMessage, "ChangeCipherSpec in the server's flight: the server resumes a session that does not exist")
		}
		if m.Type == wire.TypeHelloRequest {
			continue
		}
		if !follows12(seen, m.Type) {
			return nil, malformed(wire.AlertUnexpectedMessage, "%s after %s", m.Type, seen)
		}
		seen = m.Type
		switch m.Type {
		case wire.TypeCertificateRequest:
			if request, err = c.gotCertificateRequest(m); err != nil {
				return nil, err
			}
			continue
		case wire.TypeCertificate:
			cert, err := wire.ParseCertificate(m.Body)
			if err != nil {
				return nil, decodeError(err)
			}
			c.certificates(cert, len(m.Raw))
		case wire.TypeCertificateStatus:
			if c.t.OCSP, err = wire.ParseCertificateStatus(m.Body); err != nil {
				return nil, decodeError(err)
			}
		case wire.TypeServerKeyExchange:
			if err := c.serverKeyExchange(sh, m.Body); err != nil {
				return nil, err
			}
		case wire.TypeServerHelloDone:
			c.log.add(m.Raw)
			return request, nil
		}
		c.log.add(m.Raw)
	}
}

// follows12 tells whether a message may come after another in the server's
// flight (RFC 5246, Section 7.3). A missing one is noticed where it is needed.
func follows12(before, m wire.HandshakeType) bool {
	order := []wire.HandshakeType{
		wire.TypeServerHello, wire.TypeSupplementalData, wire.TypeCertificate, wire.TypeCertificateStatus,
		wire.TypeServerKeyExchange, wire.TypeCertificateRequest, wire.TypeServerHelloDone,
	}
	at := -1
	for i, t := range order {
		if t == before {
			at = i
		}
		if t == m {
			return at >= 0 && i > at
		}
	}
	return false
}

func (c *conn) serverKeyExchange(sh *wire.ServerHello, body []byte) error {
	info, ok := sh.CipherSuite.Info()
	if !ok {
		return nil // of an unknown suite: nothing says what it holds
	}
	switch info.KeyExchange {
	case wire.KXECDHE, wire.KXECDHAnon, wire.KXECDHEPSK, wire.KXDHE, wire.KXDHAnon, wire.KXDHEPSK, wire.KXPSK, wire.KXRSAPSK:
	case wire.KXRSA:
		if !info.Export {
			return malformed(wire.AlertUnexpectedMessage, "ServerKeyExchange with %s", sh.CipherSuite)
		}
	default:
		return nil
	}
	k, err := wire.ParseServerKeyExchange(body, sh.CipherSuite, c.version)
	if err != nil {
		return decodeError(err)
	}
	c.t.KeyExchange = k
	c.t.Group = k.Group
	if k.Group == 0 && len(k.P) > 0 {
		c.t.Group = knownPrime(k)
	}
	if k.Signature != nil {
		msg := append(append(append([]byte{}, c.hello.Random[:]...), sh.Random[:]...), k.Params...)
		c.checkSignature(k.Scheme, msg, k.Signature)
	}
	if k.Group != 0 && len(c.hello.SupportedGroups()) > 0 && !contains(c.hello.SupportedGroups(), k.Group) {
		return malformed(wire.AlertIllegalParameter, "the server chose the group %s, which the hello does not offer", k.Group)
	}
	return nil
}

// knownPrime names the group of RFC 7919 that the parameters are, or 0.
func knownPrime(k *wire.ServerKeyExchange) wire.Group {
	for g, t := range ffdheTerms {
		if uint(k.DHBits()) == t.bits && new(big.Int).SetBytes(k.P).Cmp(ffdhePrime(g)) == 0 {
			return g
		}
	}
	return 0
}

// premaster computes the premaster secret and the body of our ClientKeyExchange.
func (c *conn) premaster(sh *wire.ServerHello) (secret, body []byte, err error) {
	k := c.t.KeyExchange
	info := c.suite.info
	switch info.KeyExchange {
	case wire.KXRSA:
		secret = make([]byte, 48)
		if _, err := io.ReadFull(c.o.Rand, secret); err != nil {
			return nil, nil, err
		}
		secret[0], secret[1] = byte(c.hello.LegacyVersion>>8), byte(c.hello.LegacyVersion)
		enc, err := c.serverKey.encryptRSA(secret, c.o.Rand)
		if err != nil {
			return nil, nil, unfinished("%s", err.Error())
		}
		return secret, append([]byte{byte(len(enc) >> 8), byte(len(enc))}, enc...), nil
	case wire.KXECDHE, wire.KXECDHAnon:
		if k == nil {
			return nil, nil, malformed(wire.AlertUnexpectedMessage, "no ServerKeyExchange with %s", sh.CipherSuite)
		}
		if !CanCompute(k.Group) || k.Group.PostQuantum() {
			return nil, nil, unfinished("the group %s is not computed here", k.Group)
		}
		p, err := c.o.Keys.get(k.Group, c.o.Rand)
		if err != nil {
			return nil, nil, err
		}
		if secret, err = p.shared(k.Point); err != nil {
			return nil, nil, malformed(wire.AlertIllegalParameter, "the server's point on %s: %s", k.Group, err.Error())
		}
		pub := p.public()
		return secret, append([]byte{byte(len(pub))}, pub...), nil
	case wire.KXDHE, wire.KXDHAnon:
		if k == nil {
			return nil, nil, malformed(wire.AlertUnexpectedMessage, "no ServerKeyExchange with %s", sh.CipherSuite)
		}
		bits := k.DHBits()
		if bits < minPrimeBits || bits > maxPrimeBits {
			return nil, nil, unfinished("a Diffie-Hellman prime of %d bits is out of bounds here", bits)
		}
		d, err := newDH(new(big.Int).SetBytes(k.P), new(big.Int).SetBytes(k.G), false, c.o.Rand)
		if err != nil {
			return nil, nil, err
		}
		if secret, err = d.shared(k.Y); err != nil {
			return nil, nil, malformed(wire.AlertIllegalParameter, "the server's Diffie-Hellman value: %s", err.Error())
		}
		pub := d.public()
		return secret, append([]byte{byte(len(pub) >> 8), byte(len(pub))}, pub...), nil
	}
	return nil, nil, unfinished("the key exchange of %s is not computed here", sh.CipherSuite)
}

// clientFlight12 sends our half and reads the server's Finished.
func (c *conn) clientFlight12(sh *wire.ServerHello, request *wire.CertificateRequest) error {
	var msgs, verify []byte
	sign := func() ([]byte, error) { return nil, nil }
	if request != nil {
		cert, signer, err := c.answer12(request)
		if err != nil {
			return err
		}
		c.log.add(cert)
		msgs = append(msgs, cert...)
		sign = signer
	}
	pre, body, err := c.premaster(sh)
	if err != nil {
		return err
	}
	cke := wire.AppendMessage(nil, wire.TypeClientKeyExchange, body)
	c.log.add(cke)
	msgs = append(msgs, cke...)

	label, seed := "master secret", append(append([]byte{}, c.hello.Random[:]...), sh.Random[:]...)
	_, asked := c.hello.Extension(wire.ExtExtendedMasterSecret)
	_, ems := sh.Extension(wire.ExtExtendedMasterSecret)
	ems = ems && asked
	if ems {
		label, seed = "extended master secret", c.log.digest(c.version, c.suite.hash)
	}
	master := prf(c.version, c.suite.hash, pre, label, seed, 48)

	if verify, err = sign(); err != nil {
		return err
	}
	if verify != nil {
		c.log.add(verify)
		msgs = append(msgs, verify...)
	}
	newIn, newOut, err := c.newKeys12(master, sh)
	if err != nil {
		return err
	}
	next := c.nextProtocol(sh)
	c.log.add(next)
	clientFin := c.finished12(master, "client finished")
	fin := wire.AppendMessage(nil, wire.TypeFinished, clientFin)
	c.log.add(fin)

	out, err := c.sealAll(nil, wire.ContentHandshake, msgs)
	if err != nil {
		return err
	}
	if out, err = c.sealAll(out, wire.ContentChangeCipherSpec, []byte{1}); err != nil {
		return err
	}
	c.out = newOut
	if out, err = c.sealAll(out, wire.ContentHandshake, append(next, fin...)); err != nil {
		return err
	}
	if err := c.write(out, "sending ClientKeyExchange and Finished"); err != nil {
		return err
	}
	if err := c.serverFinish12(newIn, master); err != nil {
		return err
	}
	c.clientFin = clientFin
	c.reach(transcript.ReachedFinished)
	c.keepSessions12(sh, master, ems)
	return nil
}

// nextProtocol is the message that a server waits for when it has taken up
// next_protocol_negotiation, ALPN's predecessor, which clients up to about 2016
// offer (draft-agl-tls-nextprotoneg-04); nil otherwise.
func (c *conn) nextProtocol(sh *wire.ServerHello) []byte {
	_, asked := c.hello.Extension(wire.ExtNextProtocolNegotiation)
	if _, ok := sh.Extension(wire.ExtNextProtocolNegotiation); !ok || !asked {
		return nil
	}
	const proto = "http/1.1"
	pad := 32 - (len(proto)+2)%32
	body := append([]byte{byte(len(proto))}, proto...)
	body = append(body, byte(pad))
	return wire.AppendMessage(nil, wire.TypeNextProtocol, append(body, make([]byte, pad)...))
}

// serverFinish12 reads the server's ChangeCipherSpec and Finished.
func (c *conn) serverFinish12(newIn protection, master []byte) error {
	for {
		m, err := c.next()
		if err != nil {
			return err
		}
		if m == nil {
			break
		}
		switch m.Type {
		case wire.TypeNewSessionTicket:
			if c.ticket, err = wire.ParseNewSessionTicket(m.Body, c.version); err != nil {
				return decodeError(err)
			}
			c.t.Tickets++
			c.log.add(m.Raw)
		case wire.TypeHelloRequest:
		default:
			return unexpected(m, "ChangeCipherSpec")
		}
	}
	c.in = newIn
	want := c.finished12(master, "server finished")
	m, err := c.expect(wire.TypeFinished)
	if err != nil {
		return err
	}
	if err := c.checkFinished(m.Body, want); err != nil {
		return err
	}
	c.serverFin = want
	return nil
}

// keyBlock derives the keys of both directions (RFC 5246, Section 6.3).
func (c *conn) keyBlock(master []byte, sh *wire.ServerHello) (client, server keys12) {
	s := c.suite
	seed := append(append([]byte{}, sh.Random[:]...), c.hello.Random[:]...)
	b := prf(c.version, s.hash, master, "key expansion", seed, 2*(s.macLen+s.keyLen+s.ivLen))
	cut := func(n int) []byte {
		out := b[:n:n]
		b = b[n:]
		return out
	}
	client.mac, server.mac = cut(s.macLen), cut(s.macLen)
	client.key, server.key = cut(s.keyLen), cut(s.keyLen)
	client.iv, server.iv = cut(s.ivLen), cut(s.ivLen)
	return client, server
}
