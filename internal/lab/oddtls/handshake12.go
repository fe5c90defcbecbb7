package oddtls

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"fmt"

	"golang.org/x/crypto/cryptobyte"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// state12 is what one handshake of TLS 1.2 or older gathers.
type state12 struct {
	client, server [32]byte // randoms
	kdf            kdf
	ex             *exchange  // DHE, ECDHE
	export         *exportKey // RSA_EXPORT
	premaster      []byte
	master         []byte
	inNext         protector
	outNext        protector
}

func (c *Conn) handshake12(h *wire.ClientHello) error {
	s := &state12{client: h.Random, kdf: newKDF(c.choice)}
	if err := c.sendFlight12(h, s); err != nil {
		return err
	}
	if !canEncrypt(c.choice.info) {
		// Negotiated only: hear the client out, then say what is wrong here.
		if _, err := c.readMessage(); err != nil {
			return err
		}
		return fail(wire.AlertInternalError, "no cipher for %s here", c.choice.suite)
	}
	if err := c.readFlight12(s); err != nil {
		return err
	}
	c.clientVerify = s.kdf.finished(s.master, c.transcript, false)
	if err := c.readFinished12(s); err != nil {
		return err
	}
	if err := c.writeRecord(wire.ContentChangeCipherSpec, []byte{1}); err != nil {
		return err
	}
	c.out = half{p: s.outNext}
	c.serverVerify = s.kdf.finished(s.master, c.transcript, true)
	err := c.writeRecord(wire.ContentHandshake, wire.AppendMessage(nil, wire.TypeFinished, c.serverVerify))
	c.transcript = nil
	return err
}

func (c *Conn) sendFlight12(h *wire.ClientHello, s *state12) error {
	hello, err := c.serverHello(h, &s.server)
	if err != nil {
		return err
	}
	flight := [][]byte{hello}
	if c.hasCertificate() {
		cert, err := c.certificateMessage(nil)
		if err != nil {
			return err
		}
		flight = append(flight, cert)
	}
	ske, err := c.keyExchangeMessage(s)
	if err != nil {
		return err
	}
	if ske != nil {
		flight = append(flight, ske)
	}
	if c.cfg.ClientAuth && c.hasCertificate() {
		req, err := c.certificateRequest12()
		if err != nil {
			return err
		}
		flight = append(flight, req)
	}
	flight = append(flight, wire.AppendMessage(nil, wire.TypeServerHelloDone, nil))
	return c.writeRecord(wire.ContentHandshake, c.note(flight...))
}

func (c *Conn) hasCertificate() bool {
	a := c.choice.info.Authentication
	return a != wire.AuthAnon && a != wire.AuthPSK
}

// keyExchangeMessage is nil where the suite has none.
func (c *Conn) keyExchangeMessage(s *state12) ([]byte, error) {
	var params cryptobyte.Builder
	vector := func(b []byte) {
		params.AddUint16LengthPrefixed(func(p *cryptobyte.Builder) { p.AddBytes(b) })
	}
	var err error
	switch c.choice.info.KeyExchange {
	case wire.KXECDHE, wire.KXECDHAnon:
		if s.ex, err = newExchange(c.choice.group); err != nil {
			return nil, err
		}
		params.AddUint8(uint8(wire.CurveTypeNamed))
		params.AddUint16(uint16(c.choice.group))
		params.AddUint8LengthPrefixed(func(p *cryptobyte.Builder) { p.AddBytes(s.ex.public) })
	case wire.KXDHE, wire.KXDHAnon:
		d := c.dhGroup()
		if s.ex, err = d.exchange(false); err != nil {
			return nil, err
		}
		vector(d.P.Bytes())
		vector(d.G.Bytes())
		vector(s.ex.public)
	case wire.KXPSK: // no hint, so no message (RFC 4279, Section 2)
		return nil, nil
	case wire.KXRSA:
		if !c.choice.info.Export {
			return nil, nil
		}
		if s.export, err = exportRSA(); err != nil {
			return nil, err
		}
		vector(s.export.n.Bytes())
		vector(s.export.e.Bytes())
	}
	p, err := params.Bytes()
	if err != nil {
		return nil, fmt.Errorf("building ServerKeyExchange: %w", err)
	}
	if c.choice.info.Authentication == wire.AuthAnon {
		return wire.AppendMessage(nil, wire.TypeServerKeyExchange, p), nil
	}
	signed := append(append(append([]byte(nil), s.client[:]...), s.server[:]...), p...)
	var sig []byte
	if c.version >= wire.VersionTLS12 {
		sig, err = signScheme(c.cfg.Key, c.choice.scheme, signed)
	} else {
		sig, err = signLegacy(c.cfg.Key, s.kdf.transcriptHash(signed))
	}
	if err != nil {
		return nil, fail(wire.AlertInternalError, "signing the key exchange: %v", err)
	}
	return message(wire.TypeServerKeyExchange, func(b *cryptobyte.Builder) {
		b.AddBytes(p)
		if c.version >= wire.VersionTLS12 {
			b.AddUint16(uint16(c.choice.scheme))
		}
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(sig) })
	})
}

func (c *Conn) dhGroup() DHGroup {
	if d, ok := ffdhe(c.choice.group); ok {
		return d
	}
	if c.cfg.DH.P != nil {
		return c.cfg.DH
	}
	d, _ := ffdhe(wire.GroupFFDHE2048)
	return d
}

func (c *Conn) certificateRequest12() ([]byte, error) {
	return message(wire.TypeCertificateRequest, func(b *cryptobyte.Builder) {
		b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) {
			b.AddUint8(uint8(wire.ClientCertRSASign))
			if c.version >= wire.VersionTLS10 {
				b.AddUint8(uint8(wire.ClientCertECDSASign))
			}
		})
		if c.version >= wire.VersionTLS12 {
			b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { addSchemes(b, requestSchemes) })
		}
		b.AddUint16(0) // any CA
	})
}

// requestSchemes are the signatures that clients may make.
var requestSchemes = []wire.SignatureScheme{
	wire.SigECDSASecp256r1SHA256, wire.SigECDSASecp384r1SHA384, wire.SigECDSASecp521r1SHA512, wire.SigEd25519,
	wire.SigRSAPSSRSAESHA256, wire.SigRSAPSSRSAESHA384, wire.SigRSAPSSRSAESHA512, wire.SigRSAPKCS1SHA256,
}

func addSchemes(b *cryptobyte.Builder, schemes []wire.SignatureScheme) {
	for _, s := range schemes {
		b.AddUint16(uint16(s))
	}
}

func (c *Conn) readFlight12(s *state12) error {
	var chain clientChain
	if c.cfg.ClientAuth && c.hasCertificate() {
		var err error
		if chain, err = c.readClientCertificate12(); err != nil {
			return err
		}
	}
	m, err := c.expect(wire.TypeClientKeyExchange)
	if err != nil {
		return err
	}
	if err := c.readKeyExchange(m.Body, s); err != nil {
		return err
	}
	s.master = s.kdf.master(s.premaster, s.client[:], s.server[:])
	if len(chain) > 0 {
		if err := c.readCertificateVerify12(s, chain); err != nil {
			return err
		}
	}
	c.clientCert = chain
	return c.deriveKeys12(s)
}

func (c *Conn) readKeyExchange(body []byte, s *state12) error {
	b := cryptobyte.String(body)
	var v cryptobyte.String
	var err error
	bad := fail(wire.AlertDecodeError, "malformed ClientKeyExchange")
	switch c.choice.info.KeyExchange {
	case wire.KXRSA:
		v = b
		if c.version > wire.VersionSSL30 && !b.ReadUint16LengthPrefixed(&v) { // SSL 3.0 has no length here
			return bad
		}
		s.premaster, err = c.decryptPremaster(v, s.export)
	case wire.KXPSK:
		if !b.ReadUint16LengthPrefixed(&v) || !b.Empty() { // the identity: any will do
			return bad
		}
		s.premaster = pskPremaster(c.cfg.PSK)
	case wire.KXECDHE, wire.KXECDHAnon:
		if !b.ReadUint8LengthPrefixed(&v) || !b.Empty() {
			return bad
		}
		s.premaster, err = s.ex.shared(v)
	default:
		if !b.ReadUint16LengthPrefixed(&v) || !b.Empty() {
			return bad
		}
		s.premaster, err = s.ex.shared(v)
	}
	if err != nil {
		return fail(wire.AlertIllegalParameter, "key exchange: %v", err)
	}
	return nil
}

// pskPremaster is zeros of the key's length and the key (RFC 4279, Section 2).
func pskPremaster(psk []byte) []byte {
	n := len(psk)
	b := append([]byte{byte(n >> 8), byte(n)}, make([]byte, n)...)
	return append(append(b, byte(n>>8), byte(n)), psk...)
}

// decryptPremaster answers a bad ciphertext with a random premaster, so that
// the handshake fails at Finished (RFC 5246, Section 7.4.7.1).
func (c *Conn) decryptPremaster(ciphertext []byte, export *exportKey) ([]byte, error) {
	premaster := make([]byte, 48)
	_, _ = rand.Read(premaster) // documented never to fail
	if export != nil {
		if p, ok := export.decrypt(ciphertext); ok {
			return p, nil
		}
		return premaster, nil
	}
	key, ok := c.cfg.Key.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("RSA key transport with a key of type %T", c.cfg.Key)
	}
	return premaster, rsa.DecryptPKCS1v15SessionKey(nil, key, ciphertext, premaster)
}

func (c *Conn) deriveKeys12(s *state12) error {
	info, size := c.choice.info, sizesOf(c.choice.info, c.version)
	block := s.kdf.keyBlock(s.master, s.client[:], s.server[:], 2*(size.mac+size.key+size.iv))
	take := func(n int) []byte {
		out := block[:n:n]
		block = block[n:]
		return out
	}
	cmac, smac := take(size.mac), take(size.mac)
	ckey, skey := take(size.key), take(size.key)
	civ, siv := take(size.iv), take(size.iv)
	if info.Export {
		ckey, skey, civ, siv = s.kdf.exportKeys(size, ckey, skey, s.client[:], s.server[:])
	}
	var err error
	if s.inNext, err = newProtector(info, c.version, cmac, ckey, civ, false); err != nil {
		return err
	}
	s.outNext, err = newProtector(info, c.version, smac, skey, siv, true)
	return err
}

func (c *Conn) readFinished12(s *state12) error {
	if len(c.msgs) > 0 {
		return fail(wire.AlertUnexpectedMessage, "message before ChangeCipherSpec")
	}
	t, body, err := c.readRecord()
	if err != nil {
		return err
	}
	if t != wire.ContentChangeCipherSpec || len(body) != 1 || body[0] != 1 {
		return fail(wire.AlertUnexpectedMessage, "%s instead of ChangeCipherSpec", t)
	}
	c.in = half{p: s.inNext}
	m, err := c.expect(wire.TypeFinished)
	if err != nil {
		return err
	}
	if !hmac.Equal(m.Body, c.clientVerify) {
		return fail(wire.AlertDecryptError, "Finished does not verify")
	}
	return nil
}
