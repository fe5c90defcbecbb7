package engine

import (
	"errors"
	"fmt"
	"io"

	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// ssl2 sends a hello in the SSL 2.0 format and reads the SERVER-HELLO, or the
// first flight of SSL 3.0 or TLS if the server answers in that.
func (c *conn) ssl2() error {
	h := *c.h.SSL2
	if len(h.Challenge) == 0 {
		h.Challenge = make([]byte, 16)
	}
	if allZero(h.Challenge) {
		h.Challenge = make([]byte, len(h.Challenge))
		if _, err := io.ReadFull(c.o.Rand, h.Challenge); err != nil {
			return fmt.Errorf("drawing the challenge: %w", err)
		}
	}
	b := h.Marshal()
	c.t.Hello = b
	if err := c.sendSegments(b, "sending the SSL 2.0 hello"); err != nil {
		return err
	}
	for {
		if len(c.raw) >= 3 {
			if _, _, err := wire.ParseRecord(c.raw); !errors.Is(err, wire.ErrNotTLS) {
				return c.tlsAfterSSL2(&h, b)
			}
			sh, err := wire.ParseSSL2ServerHello(c.raw)
			switch {
			case err == nil:
				c.t.ServerSSL2 = sh
				if len(sh.Certificate) > 0 {
					c.t.Certificates, c.t.CertificateBytes = [][]byte{sh.Certificate}, len(sh.Certificate)
				}
				c.reach(transcript.ReachedFlight)
				if c.depth > transcript.DepthFlight {
					return unfinished("SSL 2.0 is read and not completed here")
				}
				return nil
			case errors.Is(err, wire.ErrNeedMore):
			case isSSL2Error(c.raw):
				return &end{kind: transcript.Closed, detail: "the server answers with an error of SSL 2.0, " + ssl2Error(c.raw)}
			default:
				return c.notTLS()
			}
		}
		if err := c.more(); err != nil {
			return err
		}
	}
}

// isSSL2Error recognizes a record that holds an ERROR message: three bytes.
func isSSL2Error(b []byte) bool { return len(b) >= 5 && b[0] == 0x80 && b[1] == 3 && b[2] == 0 }

func ssl2Error(b []byte) string {
	switch code := int(b[3])<<8 | int(b[4]); code {
	case 1:
		return "no cipher"
	case 2:
		return "no certificate"
	case 4:
		return "bad certificate"
	case 6:
		return "unsupported certificate type"
	default:
		return fmt.Sprintf("code %d", code)
	}
}

// tlsAfterSSL2 reads on where the server answers the compatible hello in SSL
// 3.0 or TLS (RFC 5246, Appendix E.2).
func (c *conn) tlsAfterSSL2(h *wire.SSL2ClientHello, sent []byte) error {
	hello := &wire.ClientHello{LegacyVersion: h.Version, CompressionMethods: []wire.CompressionMethod{wire.CompressionNull}}
	n := min(len(h.Challenge), 32)
	copy(hello.Random[32-n:], h.Challenge[len(h.Challenge)-n:])
	for _, x := range h.Ciphers {
		if x <= 0xffff {
			hello.CipherSuites = append(hello.CipherSuites, wire.CipherSuite(x))
		}
	}
	c.hello, c.log = hello, &messageLog{}
	c.log.add(sent[2:]) // the message without its length is hashed
	sh, err := c.serverHello()
	if err != nil {
		return err
	}
	c.t.Server = sh
	c.reach(transcript.ReachedHello)
	if err := c.checkServerHello(sh); err != nil {
		return err
	}
	if c.version >= wire.VersionTLS13 {
		return malformed(wire.AlertProtocolVersion, "TLS 1.3 in answer to an SSL 2.0 hello")
	}
	if c.h.HelloOnly {
		return nil
	}
	return c.handshake12(sh)
}
