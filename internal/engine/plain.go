package engine

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// plain sends bytes that are no hello, or none at all, and hears the peer out.
func (c *conn) plain() error {
	c.records = -1
	if len(c.h.Plain) > 0 {
		if err := c.sendSegments(c.h.Plain, "sending plain text"); err != nil {
			return err
		}
	}
	if err := c.more(); err != nil {
		return err
	}
	ended := c.hearOut(plainTime, transcript.MaxReply)
	if len(c.raw) > 0 && c.looksLikeTLS() {
		return c.plainTLS()
	}
	c.t.Response = plainHTTP(c.t.Reply)
	detail := "the answer is not TLS: " + quoted(c.t.Reply)
	if ended != nil && !errors.Is(ended, io.EOF) && !isTimeout(ended) {
		detail += "; then " + reason(ended)
	}
	return &end{kind: transcript.NotTLS, detail: detail}
}

// plainTime is how long we listen on after the first bytes of an answer to
// plain text: an error page or a greeting comes in one go.
const plainTime = 300 * time.Millisecond

func (c *conn) looksLikeTLS() bool {
	_, _, err := wire.ParseRecord(c.raw)
	return err == nil
}

// plainTLS reads the records of a peer that answers plain text in TLS, usually
// an alert.
func (c *conn) plainTLS() error {
	c.records = 0
	for {
		r, rest, err := wire.ParseRecord(c.raw)
		if err != nil {
			return nil
		}
		c.raw = rest
		if r.Type == wire.ContentAlert {
			if err := c.gotAlert(r.Payload); err != nil {
				return err
			}
		}
	}
}

// plainHTTP reads a reply in clear as HTTP, or returns nil.
func plainHTTP(reply []byte) *transcript.Response {
	if !bytes.HasPrefix(reply, []byte("HTTP/")) {
		return nil
	}
	r, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(reply)), nil)
	if err != nil {
		return nil
	}
	defer r.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(r.Body, transcript.MaxReply)) // cut short: what there is
	return &transcript.Response{Proto: r.Proto, Status: r.StatusCode, Header: r.Header, Body: body, GoAway: -1}
}
