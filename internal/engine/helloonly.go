package engine

import (
	"errors"

	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// endAtHello ends an attempt that wants nothing but the ServerHello. In TLS 1.3
// the server has turned to encryption by then and takes an alert in clear for an
// attack, so that the goodbye is made with its keys where they are ours to make.
func (c *conn) endAtHello(sh *wire.ServerHello) error {
	if c.version < wire.VersionTLS13 {
		return nil
	}
	ks, ok := sh.KeyShare()
	if ok && isFFDHE(ks.Group) && c.offersShare(ks.Group) {
		c.t.Group = ks.Group
		return nil // the secret would cost up to a tenth of a second
	}
	_, _, _, err := c.protectHandshake(sh)
	var e *end
	if errors.As(err, &e) && e.kind == transcript.Unfinished {
		return nil // the choice is known all the same
	}
	return err
}

func isFFDHE(g wire.Group) bool { _, ok := ffdheTerms[g]; return ok }

func (c *conn) offersShare(g wire.Group) bool {
	for _, s := range c.hello.KeyShares() {
		if s.Group == g {
			return true
		}
	}
	return false
}
