package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// hello is a ClientHello with the bytes that brought it.
type hello struct {
	*wire.ClientHello
	raw     []byte // records included
	records int    // that it came in
}

// readHello reads records until a ClientHello is complete. Each read takes no
// more than belongs to the record, so that the rest stays in the connection.
func readHello(r io.Reader) (*hello, error) {
	const maxHello, maxRecords = 1 << 16, 1 << 10
	var h hello
	var msgs []byte
	for h.records < maxRecords && len(h.raw) < maxHello {
		head := make([]byte, wire.RecordHeaderLen)
		n, err := io.ReadFull(r, head)
		h.raw = append(h.raw, head[:n]...)
		if err != nil {
			return &h, fmt.Errorf("reading a record: %w", err)
		}
		size := int(head[3])<<8 | int(head[4])
		if head[0] != byte(wire.ContentHandshake) || head[1] != 3 || size > wire.MaxCiphertext {
			return &h, errors.New("not a handshake record")
		}
		body := make([]byte, size)
		n, err = io.ReadFull(r, body)
		h.raw = append(h.raw, body[:n]...)
		if err != nil {
			return &h, fmt.Errorf("reading a record: %w", err)
		}
		h.records++
		msgs = append(msgs, body...)
		m, _, err := wire.ParseMessage(msgs)
		if errors.Is(err, wire.ErrNeedMore) {
			continue
		}
		if err != nil {
			return &h, fmt.Errorf("reading a ClientHello: %w", err)
		}
		if m.Type != wire.TypeClientHello {
			return &h, errors.New("the first message is no ClientHello")
		}
		if h.ClientHello, err = wire.ParseClientHello(m.Body); err != nil {
			return &h, fmt.Errorf("reading a ClientHello: %w", err)
		}
		return &h, nil
	}
	return &h, errors.New("the ClientHello does not end")
}

// replay is a connection whose first bytes have been read already.
type replay struct {
	net.Conn
	first []byte
}

func (r *replay) Read(b []byte) (int, error) {
	if len(r.first) > 0 {
		n := copy(b, r.first)
		r.first = r.first[n:]
		return n, nil
	}
	return r.Conn.Read(b)
}

// cut does to a connection what a server or device does to those it refuses.
type cut func(c *net.TCPConn)

func sendAlert(a wire.AlertDescription) cut {
	return func(c *net.TCPConn) {
		_, _ = c.Write(wire.AppendRecord(nil, wire.ContentAlert, wire.VersionTLS12, []byte{2, byte(a)}))
	}
}

var alertUnrecognizedName = sendAlert(wire.AlertUnrecognizedName)

// hangUp leaves the closing to the caller: FIN.
func hangUp(*net.TCPConn) {}

func drop(c *net.TCPConn) { hold(c) }

// helloFilter reads the ClientHello, cuts off those that refuse says, and lets
// next have the others.
func helloFilter(refuse func(*hello) bool, how cut, next func(context.Context, net.Conn)) handler {
	return func(ctx context.Context, c *net.TCPConn) {
		h, err := readHello(c)
		if err != nil {
			return
		}
		if refuse(h) {
			how(c)
			return
		}
		next(ctx, &replay{c, h.raw})
	}
}
