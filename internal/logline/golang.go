package logline

import (
	"bytes"
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// goTime reads the time of Go's package log: "2026/11/24 02:47:33", which may
// have microseconds.
func (p *Parser) goTime(b []byte) (when time.Time, length int) {
	t, ok := date(b, '/')
	if !ok || len(b) < 20 || b[10] != ' ' || !t.hours(b[11:]) {
		return when, 0
	}
	n := 19 + t.fraction(b[19:])
	return p.local(t), n
}

// golang reads what Go's net/http logs:
//
//	2026/11/24 02:47:33 http: TLS handshake error from 192.0.2.7:34640: tls: client didn't provide a certificate
func (p *Parser) golang(l *Line, line []byte) bool {
	when, n := p.goTime(line)
	if n == 0 || n+6 > len(line) || line[n] != ' ' {
		return false
	}
	rest := line[n+1:]
	if !hasPrefix(rest, "http: ") && !hasPrefix(rest, "http2: ") {
		if i := index(rest[:min(len(rest), 80)], "http: TLS handshake error from "); i > 0 { // log.SetPrefix, a file's name
			rest = rest[i:]
		} else {
			return false
		}
	}
	l.Format, l.Software, l.Time = "go", "go", when
	p.goHTTP(l, rest)
	return true
}

const goHandshake = "TLS handshake error from "

// goHTTP reads a text of net/http; it says whether it is one about a handshake.
func (p *Parser) goHTTP(l *Line, b []byte) bool {
	l.Message = b
	i := index(b[:min(len(b), 80)], goHandshake)
	if i < 0 {
		if hasPrefix(b, "http: proxy error: ") { // httputil.ReverseProxy
			l.Speaks = cause.SpeaksClient
		}
		return false
	}
	l.Speaks = cause.SpeaksServer
	i += len(goHandshake)
	a, port, k := endpoint(b[i:])
	if k == 0 {
		return true
	}
	l.Client, l.Port, l.Conn = a, port, b[i:i+k]
	l.Message = p.goMessage(b, i, i+k)
	return true
}

// goMessage leaves out the address and what else Go puts into the reason that
// differs by client: the list of suites, the time at which a certificate was
// judged.
func (p *Parser) goMessage(b []byte, from, to int) []byte {
	end := len(b)
	if i := index(b[to:], "; client offered: ["); i >= 0 {
		end = to + i
	} else if i := index(b[to:], ": current time "); i >= 0 {
		if j := bytes.LastIndex(b[to+i:], []byte(" is ")); j >= 0 {
			// "is after", "is before" tells an old certificate from a new one.
			s := append(append(p.texts.scratch[:0], b[:from]...), b[to:to+i+len(": current time")]...)
			word := b[to+i+j:]
			if k := bytes.IndexByte(word[len(" is "):], ' '); k >= 0 {
				word = word[:len(" is ")+k]
			}
			p.texts.scratch = append(s, word...)
			return p.texts.keep()
		}
	}
	return p.without(b[:end], from, to)
}
