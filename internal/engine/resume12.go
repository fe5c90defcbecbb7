package engine

import (
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// abbreviated12 goes on after a ServerHello that resumes a session (RFC 5246,
// Section 7.3, Figure 2): the server finishes first.
func (c *conn) abbreviated12(sh *wire.ServerHello) error {
	master := c.resumed.Secret
	newIn, newOut, err := c.newKeys12(master, sh)
	if err != nil {
		return err
	}
	if err := c.serverFinish12(newIn, master); err != nil {
		return err
	}
	c.reach(transcript.ReachedFlight)
	if c.depth == transcript.DepthFlight {
		return nil
	}
	next := c.nextProtocol(sh)
	c.log.add(next)
	clientFin := c.finished12(master, "client finished")
	fin := wire.AppendMessage(nil, wire.TypeFinished, clientFin)
	out, err := c.sealAll(nil, wire.ContentChangeCipherSpec, []byte{1})
	if err != nil {
		return err
	}
	c.out = newOut
	if out, err = c.sealAll(out, wire.ContentHandshake, append(next, fin...)); err != nil {
		return err
	}
	if err := c.write(out, "sending Finished"); err != nil {
		return err
	}
	c.clientFin = clientFin
	c.reach(transcript.ReachedFinished)
	c.keepSessions12(sh, master, c.resumed.ExtendedMasterSecret)
	return nil
}

// newKeys12 makes both directions of the record protection that
// ChangeCipherSpec turns to.
func (c *conn) newKeys12(master []byte, sh *wire.ServerHello) (in, out protection, err error) {
	client, server := c.keyBlock(master, sh)
	_, encryptFirst := sh.Extension(wire.ExtEncryptThenMAC)
	if in, err = c.suite.protect12(c.version, server, encryptFirst, c.o.Rand); err != nil {
		return nil, nil, err
	}
	if out, err = c.suite.protect12(c.version, client, encryptFirst, c.o.Rand); err != nil {
		return nil, nil, err
	}
	return in, out, nil
}

// finished12 is the verify_data over the messages so far (RFC 5246, Section
// 7.4.9).
func (c *conn) finished12(master []byte, label string) []byte {
	return prf(c.version, c.suite.hash, master, label, c.log.digest(c.version, c.suite.hash), 12)
}
