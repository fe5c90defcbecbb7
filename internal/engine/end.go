package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// end is how a connection came to its end; the error that travels up.
type end struct {
	kind   transcript.Kind
	detail string
	alert  *wire.Alert
	// say is the alert that a client sends upon this; close_notify (0) stands
	// for an end that gives no reason to complain.
	say wire.AlertDescription
	// gone: the peer has ended the connection, and there is nobody to say it to.
	gone bool
}

func (e *end) Error() string { return string(e.kind) + ": " + e.detail }

// malformed is the end for something that no legal peer sends.
func malformed(say wire.AlertDescription, format string, args ...any) error {
	return &end{kind: transcript.Malformed, detail: fmt.Sprintf(format, args...), say: say}
}

// unfinished is the end for something legal that we cannot compute.
func unfinished(format string, args ...any) error {
	return &end{kind: transcript.Unfinished, detail: fmt.Sprintf(format, args...), say: wire.AlertUserCanceled}
}

// finish writes the outcome.
func (c *conn) finish(err error) {
	out := &c.t.Outcome
	if err == nil {
		if out.Kind == "" {
			out.Kind = transcript.Complete
		}
		return
	}
	var e *end
	if !errors.As(err, &e) {
		out.Kind, out.Detail = transcript.LocalError, err.Error()
		return
	}
	out.Kind, out.Detail, out.Alert = e.kind, e.detail, e.alert
	// A warning that is followed by the end was the reason for it.
	if (e.kind == transcript.Closed || e.kind == transcript.Reset) && c.warning != nil {
		out.Kind, out.Alert = transcript.AlertReceived, c.warning
		out.Detail = "a warning, then the end: " + e.detail
	}
}

// ioEnd turns an error of the connection into an end. during says what was
// going on: "reading", "sending the hello".
func (c *conn) ioEnd(err error, during string) error {
	var e *end
	if errors.As(err, &e) {
		return err
	}
	switch {
	case c.ctx.Err() != nil && errors.Is(c.ctx.Err(), context.Canceled):
		return &end{kind: transcript.Aborted, detail: "cancelled while " + during}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.ErrClosedPipe), errors.Is(err, net.ErrClosed):
		return &end{kind: transcript.Closed, detail: c.cutShort("the peer closed the connection")}
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.ECONNABORTED), errors.Is(err, syscall.EPIPE):
		return &end{kind: transcript.Reset, detail: c.cutShort("the connection was reset while " + during)}
	case isTimeout(err):
		d := c.now().Sub(c.lastHeard)
		c.gap(c.now())
		if c.t.BytesReceived == 0 {
			return &end{kind: transcript.Silent, detail: fmt.Sprintf("nothing came within %s", rounded(d))}
		}
		return &end{kind: transcript.Silent, detail: c.cutShort(fmt.Sprintf("nothing more came within %s", rounded(d)))}
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EACCES):
		return &end{kind: transcript.Unreachable, detail: "the network reported while " + during + ": " + reason(err)}
	}
	return &end{kind: transcript.Reset, detail: during + ": " + reason(err)}
}

// cutShort adds where in the records the end came.
func (c *conn) cutShort(s string) string {
	switch {
	case len(c.raw) > 0 && c.records >= 0:
		return s + fmt.Sprintf(", %d bytes into a record", len(c.raw))
	case len(c.hs) > 0:
		return s + ", within a handshake message"
	}
	return s
}

func isTimeout(err error) bool {
	var ne net.Error
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &ne) && ne.Timeout()
}

// reason is the system's own words for err, without addresses.
func reason(err error) string {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno.Error()
	}
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err.Error()
	}
	return err.Error()
}

func rounded(d time.Duration) time.Duration {
	if d < time.Second {
		return d.Round(time.Millisecond)
	}
	return d.Round(100 * time.Millisecond)
}
