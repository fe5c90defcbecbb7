package logline

import (
	"bytes"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// app reads the lines of programs that log with a library: a time, and in any
// order a level, a thread, a process and a logger, before the text.
//
//	2026-11-24 02:47:58.532 WARN  [https-jsse-nio-8443] o.a.tomcat.util.net.NioEndpoint : Handshake failed for …
//	2026-11-24 02:49:20,973 WARNING server: 192.0.2.7:37326 SSLError: [SSL: UNSUPPORTED_PROTOCOL] …
//	2026-11-24T02:50:53.799Z tlsClientError ERR_SSL_NO_SHARED_CIPHER 80BC2152467F0000:error:0A0000C1:…
//	[2026-11-24 20:29:45,061] INFO [SocketServer …] Failed authentication with /192.0.2.7 … (org.apache.kafka.common.network.Selector)
func (p *Parser) app(l *Line, line []byte) bool {
	b := line
	bracket := len(b) > 0 && b[0] == '['
	if bracket {
		b = b[1:]
	}
	when, n := p.iso(b)
	if n == 0 || n >= len(b) {
		return false
	}
	comma := n > 19 && b[19] == ','
	b = b[n:]
	switch {
	case bracket && b[0] == ']':
		b = b[1:]
	case bracket || b[0] != ' ' && b[0] != '\t' && b[0] != ':':
		return false
	}
	l.Format, l.Time = "app", when
	if comma {
		l.Software = "python"
	}
	p.appText(l, b)
	return true
}

// appText takes level, thread and logger from the front of b.
func (p *Parser) appText(l *Line, b []byte) {
	b = trimLeft(b)
	level := false
	for range 6 {
		b = trimLeft(b)
		w, rest := word(b)
		switch {
		case len(w) == 0:
			l.Message = nil
			return
		case w[0] == '[' && !hasPrefix(w, "[SSL:"): // a thread, a level, a process
			end := bytes.IndexByte(b, ']')
			if end < 0 || end > 120 {
				break
			}
			in := b[1:end]
			if isJavaThread(in) || l.Software == "" && level && hasPrefix(in, "Socket") {
				l.Software = "java"
			}
			level = level || isLevel(in)
			if hasPrefix(b[end+1:], ":") {
				end++
			}
			b = b[end+1:]
			continue
		case w[0] == '<' && w[len(w)-1] == '>' && bytes.Count(w, []byte(".")) == 2: // <0.1234.0>
			l.Format, l.Software, l.Conn = "rabbitmq", "erlang", w
			b = rest
			continue
		case isLevel(w):
			level = true
			b = rest
			continue
		case len(w) <= 3 && (string(w) == "---" || string(w) == "-" || string(w) == ":" || string(w) == "|"):
			b = rest
			continue
		case level && digits(w) == len(w) && len(w) <= 10 && hasPrefix(rest, "--- "): // Spring Boot's process
			b = rest
			continue
		case level && isLogger(w, rest):
			if l.Software == "" || bytes.IndexByte(w, '.') > 0 && index(w, "apache") > 0 {
				if isJavaLogger(w) {
					l.Software = "java"
				}
			}
			if len(rest) > 1 && rest[0] == ':' && rest[1] == ' ' {
				rest = rest[2:]
			} else if len(rest) > 1 && rest[0] == '-' && rest[1] == ' ' {
				rest = rest[2:]
			}
			b = rest
			l.Message = b
			p.appMessage(l, b)
			return
		}
		break
	}
	p.appMessage(l, b)
}

// appMessage reads the text itself.
func (p *Parser) appMessage(l *Line, b []byte) {
	if l.Format == "app" {
		switch {
		case hasPrefix(b, "tlsClientError") || hasPrefix(b, "clientError") || hasPrefix(b, "secureConnection"):
			l.Software = "nodejs"
		case hasSuffix(b, ")") && index(b, "(org.apache.kafka.") >= 0:
			l.Software = "kafka"
		case index(b, "javax.net.ssl.") >= 0 && l.Software == "python":
			l.Software = "java"
		case l.Software == "python" && index(b, "_ssl.c") < 0 && index(b, "SSLError") < 0:
			l.Software = "" // many write a comma before milliseconds
		}
	}
	if i := index(b, goHandshake); i >= 0 && i < 80 {
		l.Software = "go"
		p.goHTTP(l, b)
		return
	}
	if i := index(b, " (channelId="); i > 0 {
		if j := bytes.IndexByte(b[i+1:], ')'); j > 0 {
			b = p.without(b, i, i+1+j+1)
		}
	}
	l.Message, l.Client, l.Port = p.scrub(b)
	if l.Port != 0 && l.Conn == nil && l.Client.IsValid() {
		l.Conn = peerOf(b)
	}
	p.bracketedPort(l)
	l.Message = trim(l.Message)
	switch m := l.Message; {
	case hasPrefix(m, "Handshake failed for client connection"), hasPrefix(m, "tlsClientError"), hasPrefix(m, "Failed authentication with "),
		hasPrefix(m, "TLS server: "), hasPrefix(m, "Invalid request from "):
		l.Speaks = cause.SpeaksServer
	case hasPrefix(m, "TLS client: "):
		l.Speaks = cause.SpeaksClient
	}
}

// bracketedPort reads "and port [38348]", as Tomcat writes it.
func (p *Parser) bracketedPort(l *Line) {
	const mark = " and port ["
	i := index(l.Message, mark)
	if i < 0 || !l.Client.IsValid() {
		return
	}
	if v, n := number(l.Message[i+len(mark):]); n > 0 && v < 65536 {
		l.Port = uint16(v)
		l.Message = p.without(l.Message, i+len(mark), i+len(mark)+n)
	}
}

// peerOf is the first "address:port" of a text.
func peerOf(b []byte) []byte {
	for i := 0; i < len(b); i++ {
		if !isDigit(b[i]) && b[i] != '[' || i > 0 && inWord(b[i-1]) {
			continue
		}
		if _, port, k := endpoint(b[i:]); k > 0 && port != 0 {
			return b[i : i+k]
		}
	}
	return nil
}

func isLevel(w []byte) bool {
	if n := len(w); n > 0 && w[n-1] == ':' {
		w = w[:n-1]
	}
	if len(w) < 3 || len(w) > 8 {
		return false
	}
	var low [8]byte
	for i, c := range w {
		if !isLetter(c) {
			return false
		}
		low[i] = c | 0x20
	}
	switch string(low[:len(w)]) {
	case "trace", "debug", "info", "notice", "warn", "warning", "error", "fatal", "critical", "crit", "alert", "emerg", "severe", "fine", "finer", "finest", "config", "note", "err", "dbg", "inf", "wrn", "ftl", "trc", "pnc", "panic":
		return true
	}
	return false
}

// isLogger says whether w names a logger: something dotted, or what ends in a
// colon or is followed by " : " or " - ".
func isLogger(w, rest []byte) bool {
	if hasPrefix(rest, ": ") || hasPrefix(rest, "- ") {
		return !isDigit(w[0])
	}
	if w[len(w)-1] == ':' {
		w = w[:len(w)-1]
		for _, c := range w {
			if !inWord(c) && c != '$' && c != '/' {
				return false
			}
		}
		return len(w) > 1 && !isDigit(w[0]) && !hasSuffix(w, "Error") && !hasSuffix(w, "Exception") && string(w) != "SSL" && string(w) != "TLS" && string(w) != "http"
	}
	return isJavaLogger(w)
}

// isJavaLogger knows the names of classes: "org.apache.Foo", "o.a.t.u.net.Foo".
func isJavaLogger(w []byte) bool {
	if n := len(w); n > 0 && w[n-1] == ':' {
		w = w[:n-1]
	}
	if bytes.Count(w, []byte(".")) < 2 || !isLetter(w[0]) || hasSuffix(w, "Exception") {
		return false
	}
	for _, c := range w {
		if !isLetter(c) && !isDigit(c) && c != '.' && c != '$' && c != '_' {
			return false
		}
	}
	return true
}

func isJavaThread(in []byte) bool {
	return string(in) == "main" || index(in, "-exec-") >= 0 || index(in, "-nio-") >= 0 || index(in, "jsse") >= 0 || hasPrefix(in, "qtp") || hasPrefix(in, "pool-") || hasPrefix(in, "XNIO-") || hasPrefix(in, "nioEventLoop")
}

// litespeed reads the error log of LiteSpeed and OpenLiteSpeed:
//
//	2026-11-24 02:53:28.123456 [INFO] [1234] [T0] [192.0.2.7:52436:HTTP2-1#example] text
func (p *Parser) litespeed(l *Line, line []byte) bool {
	if len(line) < 34 || line[10] != ' ' || line[19] != '.' || digits(line[20:]) < 3 {
		return false
	}
	when, n := p.iso(line)
	if n == 0 || !hasPrefix(line[n:], " [") {
		return false
	}
	rest := line[n+1:]
	var level, peer []byte
	for len(rest) > 0 && rest[0] == '[' {
		end := bytes.IndexByte(rest, ']')
		if end < 0 {
			return false
		}
		in := rest[1:end]
		if hasPrefix(in, "[") { // [[2001:db8::1]:443]
			in = rest[1 : end+1]
		}
		switch {
		case isUpper(in) && isLevel(in):
			level = in
		case peer == nil:
			if a, port, k := endpoint(in); k > 0 && port != 0 {
				l.Client, l.Port, peer = a, port, in
				if i := bytes.IndexByte(in, '#'); i > 0 && isName(in[i+1:]) && bytes.IndexByte(in[i+1:], '.') > 0 {
					l.Name = in[i+1:]
				}
			}
		}
		rest = trimLeft(rest[end+1:])
	}
	if level == nil {
		*l = Line{}
		return false
	}
	l.Format, l.Software, l.Speaks, l.Time, l.Conn = "litespeed", "litespeed", cause.SpeaksServer, when, peer
	l.Message = rest
	return true
}

// lighttpd reads its error log:
//
//	2026-11-24 02:53:28: (mod_openssl.c.3510) SSL: 1 error:0A000410:SSL routines::sslv3 alert handshake failure (192.0.2.7)
func (p *Parser) lighttpd(l *Line, line []byte) bool {
	when, n := p.iso(line)
	if n == 0 || !hasPrefix(line[n:], ": (") || index(line[:min(len(line), 80)], ".c.") < 0 {
		return false
	}
	l.Format, l.Software, l.Speaks, l.Time = "lighttpd", "lighttpd", cause.SpeaksServer, when
	l.Message, l.Client, l.Port = p.scrub(line[n+2:])
	return true
}
