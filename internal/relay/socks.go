package relay

import (
	"bytes"
	"io"
	"net/netip"

	"github.com/tlswhy/tlswhy/internal/transcript"
)

// SOCKS5 (RFC 1928), without authentication: the relay listens on loopback.
const (
	socksVersion     = 5
	socksConnect     = 1
	socksIPv4        = 1
	socksName        = 3
	socksIPv6        = 4
	socksOK          = 0
	socksUnreachable = 4 // host unreachable
	socksRefused     = 5
	socksNoCommand   = 7
	socksNoAddress   = 8
	socksNoMethod    = 0xff
)

func (r *Relay) serveSOCKS(c *Connection, in *client) {
	c.Via = ViaSOCKS
	answer := func(code byte) error {
		// The bound address is of no use to anybody here: zeros, as many proxies do.
		_, err := in.Write([]byte{socksVersion, code, 0, socksIPv4, 0, 0, 0, 0, 0, 0})
		return err
	}
	methods, ok := r.socksGreeting(in)
	if !ok {
		return
	}
	if !methods {
		_, _ = in.Write([]byte{socksVersion, socksNoMethod})
		return
	}
	if _, err := in.Write([]byte{socksVersion, 0}); err != nil {
		return
	}
	var head [4]byte
	if _, err := io.ReadFull(in.br, head[:]); err != nil || head[0] != socksVersion {
		return
	}
	host, port, ok := socksAddress(in, head[3])
	switch {
	case !ok:
		_ = answer(socksNoAddress)
		return
	case head[1] != socksConnect:
		_ = answer(socksNoCommand)
		return
	}
	c.Host, c.Port = host, port
	r.relay(c, in, func() error { return answer(socksOK) }, func(f Failure) {
		code := byte(socksUnreachable)
		if f.Kind == transcript.Refused {
			code = socksRefused
		}
		_ = answer(code)
	})
}

// socksGreeting says whether the client would go without authentication.
func (r *Relay) socksGreeting(in *client) (none, ok bool) {
	var head [2]byte
	if _, err := io.ReadFull(in.br, head[:]); err != nil {
		return false, false
	}
	methods := make([]byte, head[1])
	if _, err := io.ReadFull(in.br, methods); err != nil {
		return false, false
	}
	for _, m := range methods {
		none = none || m == 0
	}
	return none, true
}

func socksAddress(in *client, kind byte) (host string, port uint16, ok bool) {
	n := 4
	switch kind {
	case socksIPv4:
	case socksIPv6:
		n = 16
	case socksName:
		length, err := in.br.ReadByte()
		if err != nil || length == 0 {
			return "", 0, false
		}
		n = int(length)
	default:
		return "", 0, false
	}
	b := make([]byte, n+2)
	if _, err := io.ReadFull(in.br, b); err != nil {
		return "", 0, false
	}
	host = string(b[:n])
	if kind == socksName {
		// It may go into a request to the user's own proxy, as a part of a line.
		if bytes.ContainsFunc(b[:n], func(r rune) bool { return r <= ' ' || r == 0x7f }) {
			return "", 0, false
		}
	} else {
		a, _ := netip.AddrFromSlice(b[:n]) // 4 or 16 bytes
		host = a.Unmap().String()
	}
	return host, uint16(b[n])<<8 | uint16(b[n+1]), true
}
