package logline

import (
	"bytes"
	"encoding/binary"
	"net/netip"
)

// address reads an IP address that b begins with: dotted decimal, or colons with
// a zone or a dotted tail. A mapped IPv4 address is given as IPv4. What follows
// must not go on as an address or a name would.
//
// netip.ParseAddr takes a string, which would be an allocation a line.
func address(b []byte) (a netip.Addr, length int) {
	if a, n := address4(b); n > 0 {
		return a, n
	}
	return address6(b)
}

func address4(b []byte) (netip.Addr, int) {
	octets, n := dotted(b)
	if n == 0 || n < len(b) && (b[n] == '.' && n+1 < len(b) && isDigit(b[n+1]) || isLetter(b[n]) || isDigit(b[n])) {
		return netip.Addr{}, 0
	}
	return netip.AddrFrom4(octets), n
}

func dotted(b []byte) (octets [4]byte, n int) {
	for i := range octets {
		if i > 0 {
			if n >= len(b) || b[n] != '.' {
				return octets, 0
			}
			n++
		}
		v, start := 0, n
		for n < len(b) && n < start+3 && isDigit(b[n]) {
			v = v*10 + int(b[n]-'0')
			n++
		}
		if n == start || v > 255 {
			return octets, 0
		}
		octets[i] = byte(v)
	}
	return octets, n
}

// address6 reads the forms of RFC 4291 Section 2.2, and skips a zone (RFC 4007).
func address6(b []byte) (netip.Addr, int) {
	var out [16]byte
	at, gap, n := 0, -1, 0
	if hasPrefix(b, "::") {
		gap, n = 0, 2
	}
	for at < 16 {
		v, start := 0, n
		for n < len(b) && n < start+4 {
			h := hex(b[n])
			if h < 0 {
				break
			}
			v = v<<4 | h
			n++
		}
		if n == start {
			if gap != at { // a colon with nothing after it
				return netip.Addr{}, 0
			}
			break
		}
		if n < len(b) && b[n] == '.' {
			octets, k := dotted(b[start:])
			if k == 0 || at > 12 || gap < 0 && at != 12 {
				return netip.Addr{}, 0
			}
			at += copy(out[at:], octets[:])
			n = start + k
			break
		}
		binary.BigEndian.PutUint16(out[at:], uint16(v))
		at += 2
		if at == 16 || n >= len(b) || b[n] != ':' {
			break
		}
		if n+1 < len(b) && b[n+1] == ':' {
			if gap >= 0 {
				return netip.Addr{}, 0
			}
			gap = at
			n += 2
			continue
		}
		if n+1 >= len(b) || hex(b[n+1]) < 0 { // the colon is not the address's
			break
		}
		n++
	}
	if gap < 0 && at != 16 || gap >= 0 && at == 16 || n < 2 {
		return netip.Addr{}, 0
	}
	if gap >= 0 {
		copy(out[16-(at-gap):], out[gap:at])
		clear(out[gap : 16-(at-gap)])
	}
	if n < len(b) && b[n] == '%' { // the zone is of use on that host alone
		for n++; n < len(b) && (isLetter(b[n]) || isDigit(b[n])); n++ {
		}
	}
	if n < len(b) && (isLetter(b[n]) || isDigit(b[n])) {
		return netip.Addr{}, 0
	}
	return netip.AddrFrom16(out).Unmap(), n
}

func hex(c byte) int {
	switch {
	case isDigit(c):
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// endpoint reads "192.0.2.1:443", "[2001:db8::1]:443", "2001:db8::1", and, as
// HAProxy writes it, "2001:db8::1:443" where eight groups stand before the port.
func endpoint(b []byte) (a netip.Addr, port uint16, length int) {
	if len(b) > 0 && b[0] == '[' {
		a, n := address(b[1:])
		if n == 0 || n+1 >= len(b) || b[n+1] != ']' {
			return netip.Addr{}, 0, 0
		}
		n += 2
		port, k := portAfter(b[n:])
		return a, port, n + k
	}
	a, n := address(b)
	if n == 0 {
		return netip.Addr{}, 0, 0
	}
	port, k := portAfter(b[n:])
	return a, port, n + k
}

// wholeEndpoint is endpoint for a field that holds nothing else.
func wholeEndpoint(b []byte) (netip.Addr, uint16) {
	a, port, n := endpoint(b)
	if n != len(b) {
		return netip.Addr{}, 0
	}
	return a, port
}

// portAfter reads ":443".
func portAfter(b []byte) (port uint16, length int) {
	if len(b) < 2 || b[0] != ':' {
		return 0, 0
	}
	v, n := number(b[1:])
	if n == 0 || v > 65535 {
		return 0, 0
	}
	return uint16(v), n + 1
}

// lastColonPort reads "address:port" where an IPv6 address stands without
// brackets: the port is what follows the last colon.
func lastColonPort(b []byte) (netip.Addr, uint16) {
	i := bytes.LastIndexByte(b, ':')
	if i < 0 {
		return netip.Addr{}, 0
	}
	v, n := number(b[i+1:])
	if n == 0 || n != len(b)-i-1 || v > 65535 {
		return netip.Addr{}, 0
	}
	a, k := address(b[:i])
	if k == 0 || k != i {
		return netip.Addr{}, 0
	}
	return a, uint16(v)
}
