package logline

import (
	"bytes"
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// slapd reads what OpenLDAP's slapd writes to a file or to stderr: seconds since
// 1970 in hexadecimal before the text.
//
//	6745a2b8 conn=1000 fd=12 closed (TLS negotiation failure)
//	6745a2b8.0e4c1f3a 0x7f2b TLS: can't accept: …
func (p *Parser) slapd(l *Line, line []byte) bool {
	n := hexRun(line)
	if n != 8 || n+2 > len(line) {
		return false
	}
	seconds := int64(0)
	for _, c := range line[:n] {
		seconds = seconds<<4 | int64(hex(c))
	}
	rest := line[n:]
	if rest[0] == '.' {
		_, rest = word(rest)
		if hasPrefix(rest, "0x") {
			_, rest = word(rest)
		}
	} else if rest[0] != ' ' {
		return false
	}
	rest = trimLeft(rest)
	if !hasPrefix(rest, "conn=") && !hasPrefix(rest, "TLS") && !hasPrefix(rest, "connection_read") && !hasPrefix(rest, "slapd ") && !hasPrefix(rest, "main: TLS") && !hasPrefix(rest, "daemon") {
		return false
	}
	p.slapdText(l, rest)
	l.Time = time.Unix(seconds, 0).UTC()
	return true
}

// slapdText reads "conn=1000 fd=12 ACCEPT from IP=192.0.2.7:52436 (IP=0.0.0.0:636)".
func (p *Parser) slapdText(l *Line, b []byte) {
	l.Format, l.Software, l.Speaks = "slapd", "slapd", cause.SpeaksServer
	for {
		w, rest := word(b)
		if hasPrefix(w, "conn=") {
			l.Conn = w
		} else if !hasPrefix(w, "fd=") && !hasPrefix(w, "op=") {
			break
		}
		b = rest
	}
	if i := index(b, "ACCEPT from IP="); i >= 0 {
		client, _ := word(b[i+len("ACCEPT from IP="):])
		l.Client, l.Port = wholeEndpoint(client)
		if !l.Client.IsValid() {
			l.Client, l.Port = lastColonPort(client)
		}
		b = b[:i+len("ACCEPT")]
	}
	if i := index(b, "connection_read("); i >= 0 { // its number is a descriptor
		if j := bytes.IndexByte(b[i:], ')'); j > 0 {
			b = p.without(b, i+len("connection_read("), i+j)
		}
	}
	l.Message = b
}
