package logline

import (
	"bytes"
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// clfTime reads "[24/Nov/2026:02:47:28 +0000]" and, as HAProxy writes it,
// "[24/Nov/2026:02:47:34.570]".
func (p *Parser) clfTime(b []byte) (when time.Time, length int) {
	if len(b) < 22 || b[0] != '[' || b[3] != '/' || b[7] != '/' || b[12] != ':' {
		return when, 0
	}
	t := at{day: two(b[1:]), month: month(b[4:])}
	c, y := two(b[8:]), two(b[10:])
	t.year = c*100 + y
	if t.day < 1 || t.day > 31 || t.month == 0 || c < 0 || y < 0 || !t.hours(b[13:]) {
		return when, 0
	}
	n := 21
	n += t.fraction(b[n:])
	if n < len(b) && b[n] == ']' {
		return p.local(t), n + 1
	}
	if n >= len(b) || b[n] != ' ' {
		return when, 0
	}
	east, k, ok := zone(b[n+1:])
	n += 1 + k
	if !ok || n >= len(b) || b[n] != ']' {
		return when, 0
	}
	return t.offset(east), n + 1
}

// maxHead is how far into a line the time of an access log begins.
const maxHead = 400

// access reads access logs of the Common Log Format's family: combined, with a
// virtual host before or TLS variables after it, mod_ssl's ssl_request_log, and
// logs of nginx's stream module:
//
//	192.0.2.7 - - [24/Nov/2026:02:47:28 +0000] "GET / HTTP/1.1" 200 17 "-" "curl/8.5.0" TLSv1.3
//	[24/Nov/2026:02:47:28 +0000] 192.0.2.7 TLSv1.3 TLS_AES_256_GCM_SHA384 "GET / HTTP/1.1" 5
//	192.0.2.7 [24/Nov/2026:03:02:10 +0000] 500 TLSv1.3 (NONE)
func (p *Parser) access(l *Line, line []byte) bool {
	open := bytes.IndexByte(line[:min(len(line), maxHead)], '[')
	if open < 0 {
		return false
	}
	if open == 0 && len(line) > 1 && !isDigit(line[1]) {
		return false
	}
	when, n := p.clfTime(line[open:])
	if n == 0 {
		if open == 0 || !hasPrefix(line[open:], "[") {
			return false
		}
		next := bytes.IndexByte(line[open+1:min(len(line), maxHead)], '[') // "[2001:db8::1] - - [time]"
		if next < 0 {
			return false
		}
		open += 1 + next
		if when, n = p.clfTime(line[open:]); n == 0 {
			return false
		}
	}
	head, tail := line[:open], trimLeft(line[open+n:])
	l.Format, l.Speaks, l.Time = "access", cause.SpeaksServer, when
	if open == 0 {
		head, tail = word(tail)
		l.Format, l.Software = "apache-ssl-request", "apache"
	}
	for range 3 { // the address may stand behind the virtual host
		var w []byte
		if w, head = word(head); len(w) == 0 {
			break
		}
		if a, port := wholeEndpoint(bytes.TrimRight(w, ",")); a.IsValid() {
			l.Client, l.Port = a, port
			break
		}
		if name := hostOnly(w); name != nil && bytes.IndexByte(name, '.') > 0 && l.Name == nil {
			l.Name = name
		}
	}
	p.accessTail(l, tail)
	return true
}

// accessTail reads what stands behind the time.
func (p *Parser) accessTail(l *Line, b []byte) {
	var status, request, mark []byte
	rest := b
	if i := bytes.IndexByte(b, '"'); i >= 0 {
		var n int
		request, n = quoted(b[i:])
		rest = trimLeft(b[i+n:])
		mark = helloInRequest(request)
		mark = mark[:len(mark):len(mark)]
		if i > 0 {
			rest = b // the TLS variables stand before the request
		}
	}
	if w, _ := word(rest); len(w) == 3 && digits(w) == 3 {
		status = w
	} else if i := bytes.IndexByte(b, '"'); i > 0 {
		_, n := quoted(b[i:])
		if w, _ := word(trimLeft(b[i+n:])); len(w) == 3 && digits(w) == 3 && l.Format != "apache-ssl-request" {
			status = w
		}
	}
	l.Agent = agentOf(rest, request)
	version, verdict := tlsVariables(rest)
	if mark != nil {
		p.texts.scratch = append(append(append(p.texts.scratch[:0], '"'), mark...), '"')
		mark = p.texts.keep()
	}
	if verdict != nil {
		p.texts.scratch = append(append(p.texts.scratch[:0], "client_verify "...), verdict...)
		verdict = p.texts.keep()
	}
	l.Message = p.texts.join(mark, status, version, verdict)
	if l.Message == nil {
		l.Message = rest
	}
}

// quoted reads a quoted string with backslash escapes: its text and its length
// with both marks.
func quoted(b []byte) (text []byte, length int) {
	if len(b) == 0 || b[0] != '"' {
		return nil, 0
	}
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return b[1:i], i + 1
		}
	}
	return b[1:], len(b)
}

// helloInRequest is the beginning of a TLS record where a request line should
// be, as servers escape it: somebody spoke TLS to a plain port.
func helloInRequest(request []byte) []byte {
	switch {
	case hasPrefix(request, `\x16\x03`):
		return request[:len(`\x16\x03`)]
	case hasPrefix(request, `\u0016\u0003`):
		return request[:len(`\u0016\u0003`)]
	case hasPrefix(request, "\x16\x03"):
		return request[:2]
	}
	return nil
}

// agentOf is the last but the referrer of the quoted fields behind the request.
func agentOf(b, request []byte) []byte {
	if request == nil {
		return nil
	}
	var fields [3][]byte
	n := 0
	for n < len(fields) {
		i := bytes.IndexByte(b, '"')
		if i < 0 {
			break
		}
		text, k := quoted(b[i:])
		fields[n] = text
		n++
		b = b[i+k:]
	}
	if n < 2 || len(fields[0]) > 0 && len(request) > 0 && &fields[0][0] == &request[0] {
		return nil
	}
	return something(fields[1])
}

// tlsVariables finds the protocol and a certificate's verdict among the fields
// that administrators append: $ssl_protocol, $ssl_client_verify ("FAILED:certificate
// has expired", which has spaces).
func tlsVariables(b []byte) (version, verdict []byte) {
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case 'T', 'S':
			if version == nil && (hasPrefix(b[i:], "TLSv1") || hasPrefix(b[i:], "SSLv")) {
				k := i
				for k < len(b) && inWord(b[k]) {
					k++
				}
				version = b[i:k]
				i = k
			}
		case 'F':
			if hasPrefix(b[i:], "FAILED:") {
				k := i
				for k < len(b) && k < i+160 && b[k] != '"' && b[k] != '|' && b[k] != '\t' && b[k] != ',' && b[k] != ']' {
					k++
				}
				return version, trim(b[i:k])
			}
		}
	}
	return version, nil
}
