//go:build linux

package e2e

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// middlebox is a device on the way, or a server so broken that no software is willing to play it. Its trick is a condition
// and an action, "CONDITION: ACTION":
//
//	accept           every connection, before any byte is read
//	hello            every connection, after the ClientHello
//	name=HOST        those with that server name
//	larger=N         those whose ClientHello record is larger than N bytes
//	offers=1.3       those that offer that version in supported_versions
//	reset close silent alert=N    what happens to them
//	garble http zero cut=N delay=D   what happens to the server's answer
//
// Everything else is passed to the server behind.
func middlebox(e *env, s spec) {
	backend := ""
	if len(s.behind) > 0 {
		backend = e.behind(s.behind)[0].addr()
	}
	when, action, ok := strings.Cut(s.trick, ": ")
	if !ok {
		e.t.Fatalf("middlebox: no condition and action in %q", s.trick)
	}
	ln := e.listen()
	e.port = ln.Addr().(*net.TCPAddr).Port
	e.t.Cleanup(func() { _ = ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go handle(c.(*net.TCPConn), when, action, backend)
		}
	}()
}

func handle(c *net.TCPConn, when, action, backend string) {
	defer func() { _ = c.Close() }()
	if when == "accept" {
		interfere(c, action)
		return
	}
	h, err := readHello(c)
	if err != nil && len(h.raw) == 0 {
		return
	}
	if !h.matches(when) {
		pass(c, h.raw, backend, nil)
		return
	}
	if mangle := mangler(action); mangle != nil {
		pass(c, h.raw, backend, mangle)
		return
	}
	interfere(c, action)
}

// interfere ends a connection the way the action says.
func interfere(c *net.TCPConn, action string) {
	verb, arg, _ := strings.Cut(action, "=")
	switch verb {
	case "reset":
		_ = c.SetLinger(0)
	case "close":
		// With unread bytes in its buffer the kernel would send RST instead of FIN.
		_ = c.CloseWrite()
		_ = c.SetReadDeadline(time.Now().Add(time.Second))
		_, _ = io.Copy(io.Discard, c)
	case "silent":
		_, _ = io.Copy(io.Discard, c)
	case "alert":
		n, _ := strconv.Atoi(arg)
		_, _ = c.Write([]byte{21, 3, 3, 0, 2, 2, byte(n)})
	case "http":
		_, _ = io.WriteString(c, "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
	}
}

// mangler returns what changes the server's bytes on their way back, nil for actions that need no server.
func mangler(action string) func(to io.Writer, from io.Reader) {
	verb, arg, _ := strings.Cut(action, "=")
	switch verb {
	case "garble": // lengths inside the first handshake message no longer fit
		return func(to io.Writer, from io.Reader) {
			b := make([]byte, 16<<10)
			n, _ := from.Read(b)
			for i := 9; i < n; i += 5 {
				b[i] ^= 0xa5
			}
			_, _ = to.Write(b[:n])
			_, _ = io.Copy(to, from)
		}
	case "zero":
		return func(to io.Writer, from io.Reader) {
			b := make([]byte, 512)
			_, _ = from.Read(b)
			clear(b)
			_, _ = to.Write(b)
			_, _ = io.Copy(io.Discard, from)
		}
	case "cut":
		n, _ := strconv.ParseInt(arg, 10, 64)
		return func(to io.Writer, from io.Reader) {
			_, _ = io.CopyN(to, from, n)
			_, _ = io.Copy(io.Discard, from)
		}
	case "delay":
		d, _ := time.ParseDuration(arg)
		return func(to io.Writer, from io.Reader) {
			time.Sleep(d)
			_, _ = io.Copy(to, from)
		}
	}
	return nil
}

func pass(c *net.TCPConn, first []byte, backend string, mangle func(io.Writer, io.Reader)) {
	conn, err := net.Dial("tcp", backend)
	if err != nil {
		_ = c.SetLinger(0)
		return
	}
	b := conn.(*net.TCPConn)
	defer func() { _ = b.Close() }()
	if _, err := b.Write(first); err != nil {
		return
	}
	up := make(chan struct{})
	go func() {
		defer close(up)
		_, _ = io.Copy(b, c)
		_ = b.CloseWrite()
	}()
	if mangle == nil {
		_, _ = io.Copy(c, b)
	} else {
		mangle(c, b)
	}
	_ = c.CloseWrite()
	select {
	case <-up:
	case <-time.After(time.Second):
	}
}

// helloSeen is what a middlebox reads of a ClientHello.
type helloSeen struct {
	raw      []byte
	name     string
	versions []uint16
}

func (h helloSeen) matches(when string) bool {
	verb, arg, _ := strings.Cut(when, "=")
	switch verb {
	case "hello":
		return true
	case "name":
		return h.name == arg
	case "larger":
		n, _ := strconv.Atoi(arg)
		return len(h.raw) > n
	case "offers":
		for _, v := range h.versions {
			if v == map[string]uint16{"1.2": 0x0303, "1.3": 0x0304}[arg] {
				return true
			}
		}
	}
	return false
}

var errNoHello = errors.New("no ClientHello")

// readHello reads records until the ClientHello is whole; it may be spread over several.
func readHello(c net.Conn) (h helloSeen, err error) {
	_ = c.SetReadDeadline(time.Now().Add(30 * time.Second))
	defer func() { _ = c.SetReadDeadline(time.Time{}) }()
	var msg []byte
	for {
		head := make([]byte, 5)
		n, err := io.ReadFull(c, head)
		h.raw = append(h.raw, head[:n]...)
		if err != nil || head[0] != 22 {
			return h, errNoHello
		}
		body := make([]byte, binary.BigEndian.Uint16(head[3:]))
		n, err = io.ReadFull(c, body)
		h.raw, msg = append(h.raw, body[:n]...), append(msg, body[:n]...)
		if err != nil {
			return h, errNoHello
		}
		if len(msg) >= 4 && len(msg) >= 4+int(msg[1])<<16+int(msg[2])<<8+int(msg[3]) {
			h.parse(msg[4:])
			return h, nil
		}
	}
}

// parse picks server_name and supported_versions out of a ClientHello (RFC 8446, Section 4.1.2).
func (h *helloSeen) parse(b []byte) {
	skip := func(n int) bool {
		if n > len(b) {
			b = nil
			return false
		}
		b = b[n:]
		return true
	}
	vector := func(size int) bool {
		if len(b) < size {
			return false
		}
		n := int(b[0])
		if size == 2 {
			n = int(binary.BigEndian.Uint16(b))
		}
		return skip(size + n)
	}
	if !skip(34) || !vector(1) || !vector(2) || !vector(1) || !skip(2) {
		return
	}
	for len(b) >= 4 {
		kind, n := binary.BigEndian.Uint16(b), int(binary.BigEndian.Uint16(b[2:]))
		if 4+n > len(b) {
			return
		}
		data := b[4 : 4+n]
		switch {
		case kind == 0 && n > 5:
			h.name = string(data[5:])
		case kind == 43:
			for i := 1; i+1 < n; i += 2 {
				h.versions = append(h.versions, binary.BigEndian.Uint16(data[i:]))
			}
		}
		b = b[4+n:]
	}
}
