package engine

import (
	"bytes"
	"crypto/hpke"
	"fmt"
	"hash"
	"io"
	"slices"

	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// echOffer is an encrypted ClientHello (RFC 9849) that the server has not judged
// yet, or has accepted.
type echOffer struct {
	config  *wire.ECHConfig
	suite   wire.HPKESuite
	enc     []byte // empty once the first hello is out
	sender  *hpke.Sender
	inner   *wire.ClientHello // the last one encrypted
	log     *messageLog       // of the handshake as it is if the inner hello counts
	retried bool              // accepted in a HelloRetryRequest
}

// offerECH encrypts h and returns the outer hello. Where that cannot be done, h
// is sent as it is, as clients do (RFC 9849, Section 6.1).
func (c *conn) offerECH(h *wire.ClientHello) (*wire.ClientHello, error) {
	c.t.ECH = &transcript.ECH{}
	e := newECHOffer(c.h.ECH)
	if e == nil || h.Extensions == nil || !h.OffersVersion(wire.VersionTLS13) {
		return h, nil
	}
	e.inner = innerHello(h)
	if _, err := io.ReadFull(c.o.Rand, e.inner.Random[:]); err != nil {
		return nil, fmt.Errorf("drawing the random: %w", err)
	}
	outer := h.Clone()
	outer.Set(wire.ServerNameExt(e.config.PublicName))
	if err := e.seal(outer); err != nil {
		return nil, err
	}
	c.ech = e
	*c.t.ECH = transcript.ECH{Offered: true, PublicName: e.config.PublicName, ConfigID: e.config.ConfigID}
	return outer, nil
}

// newECHOffer sets HPKE up with the first configuration of the list that can be
// used, or returns nil.
func newECHOffer(list []byte) *echOffer {
	configs, err := wire.ParseECHConfigList(list)
	if err != nil {
		return nil
	}
	for i := range configs {
		c := &configs[i]
		if !c.Understood() {
			continue
		}
		kem, err := hpke.NewKEM(uint16(c.KEM))
		if err != nil {
			continue
		}
		key, err := kem.NewPublicKey(c.PublicKey)
		if err != nil {
			continue
		}
		for _, s := range c.Suites {
			kdf, kdfErr := hpke.NewKDF(uint16(s.KDF))
			aead, aeadErr := hpke.NewAEAD(uint16(s.AEAD))
			if kdfErr != nil || aeadErr != nil || s.AEAD == wire.HPKEAEADExportOnly {
				continue
			}
			enc, sender, err := hpke.NewSender(key, kdf, aead, append([]byte("tls ech\x00"), c.Raw...))
			if err != nil {
				continue
			}
			return &echOffer{config: c, suite: s, enc: enc, sender: sender, log: &messageLog{}}
		}
	}
	return nil
}

// innerHello is h as it is encrypted: with TLS 1.3 alone (RFC 9849, Section
// 6.1), and with what the outer hello does not have in front, since what both
// have is taken from there in one run.
func innerHello(h *wire.ClientHello) *wire.ClientHello {
	in := h.Clone()
	for _, t := range []wire.ExtensionType{
		wire.ExtEncryptedClientHello, wire.ExtPadding, wire.ExtECPointFormats, wire.ExtExtendedMasterSecret,
		wire.ExtEncryptThenMAC, wire.ExtSessionTicket, wire.ExtRenegotiationInfo,
	} {
		in.Remove(t)
	}
	own := []wire.Extension{wire.ECHClientHello{Inner: true}.Extension(), wire.SupportedVersionsExt(wire.VersionTLS13)}
	if name, ok := in.Extension(wire.ExtServerName); ok {
		own = append(own, wire.Extension{Type: wire.ExtServerName, Data: name})
	}
	in.Remove(wire.ExtServerName)
	in.Remove(wire.ExtSupportedVersions)
	in.Extensions = append(own, in.Extensions...)
	return in
}

// seal encrypts the inner hello into the outer one and notes the inner.
func (e *echOffer) seal(outer *wire.ClientHello) error {
	msg, err := e.inner.Marshal()
	if err != nil {
		return err
	}
	e.log.add(msg)
	plain, err := e.encode(outer)
	if err != nil {
		return err
	}
	// The additional data are the outer hello with zeros for the payload, which
	// is longer than the plain text by the AEAD's tag of 16 bytes.
	ext := wire.ECHClientHello{Suite: e.suite, ConfigID: e.config.ConfigID, Enc: e.enc, Payload: make([]byte, len(plain)+16)}
	outer.Set(ext.Extension())
	aad, err := outer.Marshal()
	if err != nil {
		return err
	}
	if ext.Payload, err = e.sender.Seal(aad[4:], plain); err != nil {
		return fmt.Errorf("encrypting the hello: %w", err)
	}
	outer.Set(ext.Extension())
	e.enc = nil
	return nil
}

// encode is EncodedClientHelloInner with its padding (RFC 9849, Sections 5.1 and
// 6.1.3).
func (e *echOffer) encode(outer *wire.ClientHello) ([]byte, error) {
	h := e.inner.Clone()
	h.SessionID = nil
	var shared []wire.ExtensionType
	h.Extensions = slices.DeleteFunc(h.Extensions, func(x wire.Extension) bool {
		same, ok := outer.Extension(x.Type)
		ok = ok && x.Type != wire.ExtEncryptedClientHello && bytes.Equal(same, x.Data)
		if ok {
			shared = append(shared, x.Type)
		}
		return ok
	})
	if len(shared) > 0 {
		h.Extensions = append(h.Extensions, wire.ECHOuterExtensionsExt(shared...))
	}
	msg, err := h.Marshal()
	if err != nil {
		return nil, err
	}
	limit := int(e.config.MaximumNameLength)
	padding := max(limit-len(h.ServerName()), 0)
	if h.ServerName() == "" {
		padding = limit + 9
	}
	padding += 31 - (len(msg)-4+padding-1)%32
	return append(msg[4:], make([]byte, padding)...), nil
}

// confirmation is what a server that has read the inner hello puts into its
// answer (RFC 9849, Sections 7.2 and 7.2.1).
func (e *echOffer) confirmation(newHash func() hash.Hash, label string, answer *wire.ServerHello) ([]byte, error) {
	msg, err := answer.Marshal()
	if err != nil {
		return nil, err
	}
	log, err := e.log.fork()
	if err != nil {
		return nil, err
	}
	log.add(msg)
	return expandLabel(newHash, extract(newHash, e.inner.Random[:], nil), label, log.sum(), 8), nil
}

// retryECH judges a HelloRetryRequest and encrypts the second hello. h is the
// outer one with what the server asked for.
func (c *conn) retryECH(hrr *wire.ServerHello, h *wire.ClientHello) error {
	e := c.ech
	if e == nil {
		return nil
	}
	s, err := computable(hrr.CipherSuite)
	if err != nil {
		return unfinished("%s", err.Error())
	}
	got, ok := hrr.Extension(wire.ExtEncryptedClientHello)
	if ok && len(got) != 8 {
		return malformed(wire.AlertDecodeError, "encrypted_client_hello of %d bytes in the HelloRetryRequest", len(got))
	}
	e.log.use(s.hash)
	sum := e.log.sum()
	e.log = &messageLog{}
	e.log.use(s.hash)
	e.log.add(wire.AppendMessage(nil, wire.TypeMessageHash, sum))
	blank := *hrr
	blank.Extensions = slices.Clone(hrr.Extensions)
	for i := range blank.Extensions {
		if blank.Extensions[i].Type == wire.ExtEncryptedClientHello {
			blank.Extensions[i].Data = make([]byte, 8)
		}
	}
	want, err := e.confirmation(s.hash, "hrr ech accept confirmation", &blank)
	if err != nil {
		return err
	}
	if !ok || !bytes.Equal(got, want) {
		// The second outer hello keeps the extension of the first.
		c.rejectedECH()
		return nil
	}
	msg, err := hrr.Marshal()
	if err != nil {
		return err
	}
	e.log.add(msg)
	e.retried = true
	for _, t := range []wire.ExtensionType{wire.ExtKeyShare, wire.ExtCookie} {
		if d, ok := h.Extension(t); ok {
			e.inner.Set(wire.Extension{Type: t, Data: d})
		}
	}
	e.inner.Remove(wire.ExtEarlyData)
	return e.seal(h)
}

// settleECH reads from the ServerHello which of the two hellos counts, and goes
// on with that one.
func (c *conn) settleECH(sh *wire.ServerHello) error {
	e := c.ech
	if e == nil {
		return nil
	}
	s, err := computable(sh.CipherSuite)
	switch {
	case sh.Version() < wire.VersionTLS13:
		if !e.retried {
			c.rejectedECH()
		}
		return nil
	case err != nil:
		return nil // it cannot be told, nor can the handshake go on
	}
	if e.log.h == nil {
		e.log.use(s.hash)
	}
	blank := *sh
	clear(blank.Random[24:])
	want, err := e.confirmation(s.hash, "ech accept confirmation", &blank)
	if err != nil {
		return err
	}
	if !bytes.Equal(want, sh.Random[24:]) {
		if e.retried {
			return malformed(wire.AlertIllegalParameter, "the server accepts the encrypted hello in its HelloRetryRequest and not in its ServerHello")
		}
		c.rejectedECH()
		return nil
	}
	msg, err := sh.Marshal()
	if err != nil {
		return err
	}
	e.log.add(msg)
	c.log, c.hello = e.log, e.inner
	c.t.ECH.Accepted = transcript.Yes
	return nil
}

// rejectedECH goes on with the outer hello. Nothing that is meant for the real
// name may be said on the connection (RFC 9849, Section 6.1.7).
func (c *conn) rejectedECH() {
	c.ech = nil
	c.t.ECH.Accepted = transcript.No
	c.depth = min(c.depth, transcript.DepthFinish)
	h := *c.h
	h.Certificate = nil
	c.h = &h
}

// gotRetryConfigs takes the keys that a server which rejected ours has instead.
func (c *conn) gotRetryConfigs(ee *wire.EncryptedExtensions) error {
	list, ok := ee.Extension(wire.ExtEncryptedClientHello)
	if !ok || c.t.ECH == nil || !c.t.ECH.Offered {
		return nil
	}
	if c.t.ECH.Accepted == transcript.Yes {
		return malformed(wire.AlertUnsupportedExtension, "retry_configs although the encrypted hello was accepted")
	}
	if _, err := wire.ParseECHConfigList(list); err != nil {
		return malformed(wire.AlertDecodeError, "retry_configs: %s", err.Error())
	}
	c.t.ECH.RetryConfigs = list
	return nil
}
