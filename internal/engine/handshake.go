package engine

import (
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// handshake runs the first handshake of the connection as deep as it was asked
// to.
func (c *conn) handshake() error {
	c.log = &messageLog{}
	hello, err := c.prepare(c.h.Hello)
	if err != nil {
		return err
	}
	if err := c.offerSession(hello); err != nil {
		return err
	}
	if c.h.ECH != nil {
		if hello, err = c.offerECH(hello); err != nil {
			return err
		}
	}
	if _, err := c.sendHello(hello, true); err != nil {
		return err
	}
	sh, err := c.serverHello()
	if err != nil {
		return err
	}
	if sh.IsHelloRetryRequest() {
		if err := c.checkRetry(sh); err != nil || c.h.HelloOnly {
			return err
		}
		if sh, err = c.retry(sh); err != nil {
			return err
		}
	}
	c.t.Server = sh
	c.reach(transcript.ReachedHello)
	if err := c.settleECH(sh); err != nil {
		return err
	}
	if err := c.checkServerHello(sh); err != nil {
		return err
	}
	if err := c.settleSession(sh); err != nil {
		return err
	}
	if c.h.HelloOnly {
		return c.endAtHello(sh)
	}
	if c.version >= wire.VersionTLS13 {
		return c.handshake13(sh)
	}
	return c.handshake12(sh)
}

// serverHello reads the ServerHello or HelloRetryRequest.
func (c *conn) serverHello() (*wire.ServerHello, error) {
	for {
		m, err := c.next()
		if err != nil {
			return nil, err
		}
		if m == nil {
			return nil, malformed(wire.AlertUnexpectedMessage, "ChangeCipherSpec instead of a ServerHello")
		}
		if m.Type == wire.TypeHelloRequest && len(m.Body) == 0 {
			continue // RFC 5246, Section 7.4.1.1: ignored while a handshake is on; not hashed
		}
		if m.Type != wire.TypeServerHello {
			return nil, malformed(wire.AlertUnexpectedMessage, "%s instead of a ServerHello", m.Type)
		}
		sh, err := wire.ParseServerHello(m.Body)
		if err != nil {
			return nil, malformed(wire.AlertDecodeError, "%s", err.Error())
		}
		if sh.IsHelloRetryRequest() {
			if c.t.Retry != nil {
				return nil, malformed(wire.AlertUnexpectedMessage, "a second HelloRetryRequest")
			}
			if c.h.HelloOnly {
				return sh, nil // nothing is hashed, and any suite will do
			}
			s, err := computable(sh.CipherSuite)
			if err != nil {
				c.t.Retry = sh
				c.reach(transcript.ReachedRetry)
				return nil, unfinished("%s", err.Error())
			}
			// RFC 8446, Section 4.4.1: the first hello stands as its hash.
			c.log.use(s.hash)
			sum := c.log.sum()
			c.log = &messageLog{}
			c.log.add(wire.AppendMessage(nil, wire.TypeMessageHash, sum))
		}
		c.log.add(m.Raw)
		return sh, nil
	}
}

// checkServerHello holds the choices against the hello.
func (c *conn) checkServerHello(sh *wire.ServerHello) error {
	v := sh.Version()
	c.version = v
	switch {
	case v < wire.VersionSSL30 || v > wire.VersionTLS13:
		return malformed(wire.AlertProtocolVersion, "the server chose the version %s", v)
	case !c.hello.OffersVersion(v):
		return malformed(wire.AlertProtocolVersion, "the server chose %s, which the hello does not offer", v)
	case v < wire.VersionTLS13 && sh.LegacyVersion != v, v >= wire.VersionTLS13 && sh.LegacyVersion != wire.VersionTLS12:
		return malformed(wire.AlertIllegalParameter, "the server chose %s with legacy_version %s", v, sh.LegacyVersion)
	case !offered(c.hello, sh.CipherSuite):
		return malformed(wire.AlertIllegalParameter, "the server chose %s, which the hello does not offer", sh.CipherSuite)
	case sh.CipherSuite.IsSignalling():
		return malformed(wire.AlertIllegalParameter, "the server chose %s, which is no suite", sh.CipherSuite)
	}
	compression := false
	for _, m := range c.hello.CompressionMethods {
		compression = compression || m == sh.CompressionMethod
	}
	if !compression {
		return malformed(wire.AlertIllegalParameter, "the server chose the compression method %s, which the hello does not offer", sh.CompressionMethod)
	}
	if info, ok := sh.CipherSuite.Info(); ok && (info.KeyExchange == wire.KXTLS13) != (v >= wire.VersionTLS13) {
		return malformed(wire.AlertIllegalParameter, "the server chose %s with %s", sh.CipherSuite, v)
	}
	return nil
}

// checkRetry holds a HelloRetryRequest against the hello (RFC 8446, Section
// 4.1.4).
func (c *conn) checkRetry(hrr *wire.ServerHello) error {
	c.t.Retry = hrr
	c.reach(transcript.ReachedRetry)
	if err := c.checkServerHello(hrr); err != nil {
		return err
	}
	if c.version < wire.VersionTLS13 {
		return malformed(wire.AlertIllegalParameter, "a HelloRetryRequest of %s", c.version)
	}
	asked, hasShare := hrr.KeyShare()
	if !hasShare {
		if hrr.Cookie() == nil {
			return malformed(wire.AlertIllegalParameter, "a HelloRetryRequest that asks for nothing")
		}
		return nil
	}
	g := asked.Group
	if !contains(c.hello.SupportedGroups(), g) {
		return malformed(wire.AlertIllegalParameter, "the server asks for a share of %s, which the hello does not offer", g)
	}
	for _, s := range c.hello.KeyShares() {
		if s.Group == g {
			return malformed(wire.AlertIllegalParameter, "the server asks for a share of %s, which it was given", g)
		}
	}
	return nil
}

// retry answers a HelloRetryRequest (RFC 8446, Section 4.1.2) and reads the
// ServerHello.
func (c *conn) retry(hrr *wire.ServerHello) (*wire.ServerHello, error) {
	h := c.hello.Clone()
	asked, hasShare := hrr.KeyShare()
	cookie := hrr.Cookie()
	if hasShare {
		g := asked.Group
		p, err := c.o.Keys.get(g, c.o.Rand)
		if err != nil {
			return nil, unfinished("the server asks for a share of %s, which is not computed here", g)
		}
		c.keyPairs = map[wire.Group]keyPair{g: p}
		h.Set(wire.KeyShareExt(wire.KeyShare{Group: g, Data: p.public()}))
	}
	if cookie != nil {
		h.Set(wire.CookieExt(cookie))
	}
	h.Remove(wire.ExtEarlyData)
	c.retryPSK(hrr, h)
	if err := c.retryECH(hrr, h); err != nil {
		return nil, err
	}
	c.version = 0 // records in clear still, ChangeCipherSpec dropped
	second, err := c.sendHello(h, false)
	if err != nil {
		return nil, err
	}
	var out []byte
	if len(h.SessionID) > 0 {
		c.dummyCCS = true
		out = append(out, changeCipherSpec...)
	}
	c.t.Retried = second
	if err := c.write(append(out, second...), "sending the second hello"); err != nil {
		return nil, err
	}
	sh, err := c.serverHello()
	if err != nil {
		return nil, err
	}
	if sh.CipherSuite != hrr.CipherSuite {
		c.t.Server = sh
		return nil, malformed(wire.AlertIllegalParameter, "the server asked for %s and then chose %s", hrr.CipherSuite, sh.CipherSuite)
	}
	return sh, nil
}

// changeCipherSpec is the record that middleboxes like to see (RFC 8446,
// Appendix D.4).
var changeCipherSpec = []byte{byte(wire.ContentChangeCipherSpec), 3, 3, 0, 1, 1}

func contains[T comparable](s []T, x T) bool {
	for _, y := range s {
		if x == y {
			return true
		}
	}
	return false
}

// share finds our key pair for the server's share and computes the secret.
func (c *conn) share(ks wire.KeyShare) ([]byte, error) {
	c.t.Group = ks.Group
	p, ok := c.keyPairs[ks.Group]
	if !ok {
		for _, s := range c.hello.KeyShares() {
			if s.Group == ks.Group {
				return nil, unfinished("the server took the share of %s, whose key is not ours", ks.Group)
			}
		}
		return nil, malformed(wire.AlertIllegalParameter, "the server answers with a share of %s, which the hello has none of", ks.Group)
	}
	secret, err := p.shared(ks.Data)
	if err != nil {
		return nil, malformed(wire.AlertIllegalParameter, "the server's share of %s: %s", ks.Group, err.Error())
	}
	return secret, nil
}

// expect reads one handshake message of the given type and logs it.
func (c *conn) expect(want wire.HandshakeType) (*wire.Message, error) {
	m, err := c.next()
	if err != nil {
		return nil, err
	}
	if m == nil {
		return nil, malformed(wire.AlertUnexpectedMessage, "ChangeCipherSpec instead of %s", want)
	}
	if m.Type != want {
		return nil, unexpected(m, want.String())
	}
	c.log.add(m.Raw)
	return m, nil
}

func unexpected(m *wire.Message, want string) error {
	return malformed(wire.AlertUnexpectedMessage, "%s instead of %s", m.Type, want)
}

func decodeError(err error) error { return malformed(wire.AlertDecodeError, "%s", err.Error()) }
