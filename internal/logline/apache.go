package logline

import (
	"bytes"
	"net/netip"
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// ctime reads "Tue Nov 24 02:47:45.947609 2026", and without the fraction.
func (p *Parser) ctime(b []byte) (when time.Time, length int) {
	if len(b) < 24 || !weekday(b) {
		return when, 0
	}
	t := at{month: month(b[4:])}
	day, n := dayOf(b[8:])
	n += 8
	if t.month == 0 || day == 0 || n+9 > len(b) || b[n] != ' ' || !t.hours(b[n+1:]) {
		return when, 0
	}
	t.day = day
	n += 9
	n += t.fraction(b[n:])
	if n+5 > len(b) || b[n] != ' ' {
		return when, 0
	}
	year, k := number(b[n+1:])
	if k != 4 {
		return when, 0
	}
	t.year = int(year)
	return p.local(t), n + 5
}

// apacheError reads the error log of Apache httpd, of 2.4 and, with less in its
// brackets, 2.2:
//
//	[Tue Nov 24 02:47:46.014712 2026] [ssl:info] [pid 20800:tid 20811] [client 192.0.2.7:54792] AH01964: …
//	[Tue Nov 24 02:48:33.663375 2026] [ssl:info] [pid 31756:tid 31763] (70014)End of file found: [client 192.0.2.7:54004] AH01992: …
//	[Tue Nov 24 02:47:46 2026] [error] [client 192.0.2.7] …
//
// Lines of the TLS library name no client: what they share with the line before
// them is the thread, which serves one handshake at a time.
func (p *Parser) apacheError(l *Line, line []byte) bool {
	if len(line) < 30 || line[0] != '[' {
		return false
	}
	when, n := p.ctime(line[1:])
	if n++; n == 1 || n+2 >= len(line) || line[n] != ']' || line[n+1] != ' ' || line[n+2] != '[' {
		return false
	}
	l.Format, l.Software, l.Speaks, l.Time = "apache-error", "apache", cause.SpeaksServer, when
	rest := line[n+2:]
	var reason, remote []byte
	for len(rest) > 0 {
		if rest[0] == '(' && reason == nil { // (104)Connection reset by peer: [client …
			i := index(rest, ": ")
			if i < 0 || digits(rest[1:]) == 0 {
				break
			}
			reason, rest = rest[:i+1], rest[i+2:]
			continue
		}
		if rest[0] != '[' {
			break
		}
		end := bytes.IndexByte(rest, ']')
		if end < 0 {
			break
		}
		in := rest[1:end]
		switch {
		case hasPrefix(in, "pid "):
			l.Conn = in
		case hasPrefix(in, "client "):
			l.Client, l.Port = apacheClient(in[len("client "):])
		case hasPrefix(in, "remote "): // the origin
			l.Speaks, remote = cause.SpeaksClient, remoteMark
		case hasPrefix(in, "proxy"):
			l.Speaks = cause.SpeaksClient
		}
		rest = trimLeft(rest[end+1:])
	}
	if i := bytes.LastIndex(rest, []byte(", referer: ")); i >= 0 {
		rest = rest[:i]
	}
	if l.Speaks == cause.SpeaksServer && (index(rest, "SSL Proxy ") >= 0 || hasPrefix(rest, "AH00898") || hasPrefix(rest, "AH01084") || hasPrefix(rest, "AH01097")) {
		l.Speaks = cause.SpeaksClient
	}
	l.Message = p.texts.join(reason, remote, p.apacheServer(l, rest))
	return true
}

// remoteMark tells in a message that it is about the origin.
var remoteMark = []byte("[remote ]")

func apacheClient(b []byte) (a netip.Addr, port uint16) {
	if a, port = lastColonPort(b); a.IsValid() { // 2.4 writes the port, behind IPv6 too
		return a, port
	}
	return wholeEndpoint(b)
}

// apacheServer takes "(server www.example.com:443)" and the number of the child
// from the end of mod_ssl's texts.
func (p *Parser) apacheServer(l *Line, b []byte) []byte {
	const mark = " (server "
	i := bytes.LastIndex(b, []byte(mark))
	if i < 0 || b[len(b)-1] != ')' {
		return b
	}
	if l.Name = hostOnly(b[i+len(mark) : len(b)-1]); l.Name == nil {
		return b
	}
	if b = b[:i]; hasPrefix(b, "AH01964: Connection to child ") {
		return b[:len("AH01964: Connection to child")]
	}
	return b
}
