package logline

import (
	"bytes"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// nginxError reads the error log of nginx and what is built on it:
//
//	2006/01/02 15:04:05 [info] 31#31: *17 SSL_do_handshake() failed (SSL: …) while SSL handshaking, client: 192.0.2.1, server: 0.0.0.0:443
//
// Connections are numbered per worker, so the process id is part of Conn.
func (p *Parser) nginxError(l *Line, line []byte) bool {
	if len(line) < 24 || line[10] != ' ' || line[19] != ' ' || line[20] != '[' {
		return false
	}
	t, ok := date(line, '/')
	if !ok || !t.hours(line[11:]) {
		return false
	}
	i := 21 + letters(line[21:])
	if i+2 >= len(line) || line[i] != ']' || line[i+1] != ' ' {
		return false
	}
	i += 2
	pid := i
	n := digits(line[i:])
	if i += n; n == 0 || i >= len(line) || line[i] != '#' {
		return false
	}
	i++
	n = digits(line[i:])
	if i += n; n == 0 || i+1 >= len(line) || line[i] != ':' || line[i+1] != ' ' {
		return false
	}
	i += 2
	l.Format, l.Software, l.Speaks = "nginx-error", "nginx", cause.SpeaksServer
	l.Time = p.local(t)
	if i < len(line) && line[i] == '*' {
		if n = digits(line[i+1:]); n > 0 {
			l.Conn = line[pid : i+1+n]
			i += 1 + n
			if i < len(line) && line[i] == ' ' {
				i++
			}
		}
	}
	p.nginxMessage(l, line[i:])
	return true
}

// nginxMessage splits the text of an error from the context that nginx writes
// after it, of "name: value" parts.
func (p *Parser) nginxMessage(l *Line, b []byte) {
	at := clientAt(b)
	if at < 0 {
		l.Message = p.nginxStart(l, b)
		return
	}
	l.Message = b[:at]
	ctx := b[at+len(", client: "):]
	if hasPrefix(ctx, "unix:") {
		ctx = ctx[len("unix:"):]
	} else {
		var n int
		l.Client, l.Port, n = endpoint(ctx)
		ctx = ctx[n:]
	}
	if hasPrefix(ctx, ", server: ") {
		ctx = ctx[len(", server: "):]
		if i := bytes.IndexByte(ctx, ','); i >= 0 {
			l.Name, ctx = ctx[:i], ctx[i:]
		} else {
			l.Name, ctx = ctx, nil
		}
		if !isName(l.Name) { // the listening socket, before a name is known
			l.Name = nil
		}
	}
	if len(ctx) > 0 {
		if host := quotedAfter(ctx, `, host: "`); host != nil {
			l.Name = hostOnly(host)
		}
	}
	if toUpstream(l.Message) {
		l.Speaks = cause.SpeaksClient
		if index(ctx, `, upstream: "https://`) < 0 && index(ctx, `, upstream: "`) >= 0 && anyUpstream(l.Message) {
			l.Message = nil // no matter of TLS
			return
		}
	}
	if hasPrefix(l.Message, "upstream SSL certificate does not match") {
		l.Message = p.nginxName(l, l.Message)
	}
}

// clientAt finds ", client: ". The text before it may hold a peer's bytes, and so
// may what follows, as the request does: the first is nginx's, unless the peer
// wrote it into a name.
func clientAt(b []byte) int {
	for from := 0; ; {
		i := bytes.IndexByte(b[from:], ',')
		if i < 0 {
			return -1
		}
		from += i
		if hasPrefix(b[from:], ", client: ") {
			return from
		}
		from++
	}
}

// toUpstream says whether nginx was the client of the connection that failed.
func toUpstream(message []byte) bool {
	if hasPrefix(message, "upstream ") {
		return true
	}
	// "… while SSL handshaking to upstream", "… while reading response header from upstream"
	return hasSuffix(message, "upstream") || hasSuffix(message, "upstream]")
}

// anyUpstream says whether a message is one that a backend causes with TLS and
// without. Of one without, nginx says in other words that it speaks TLS after all
// ("upstream sent no valid HTTP/1.0 header").
func anyUpstream(message []byte) bool {
	return hasPrefix(message, "connect() failed") || hasPrefix(message, "recv() failed") || hasPrefix(message, "upstream timed out") ||
		hasPrefix(message, "no live upstreams") || hasPrefix(message, "upstream prematurely closed")
}

// nginxName takes the name out of `upstream SSL certificate does not match
// "name" while …`: the failure is the same for every name.
func (p *Parser) nginxName(l *Line, b []byte) []byte {
	i := index(b, `match "`)
	if i < 0 {
		return b
	}
	name := b[i+len(`match "`):]
	j := bytes.IndexByte(name, '"')
	if j < 0 {
		return b
	}
	if l.Name == nil || l.Speaks == cause.SpeaksClient {
		l.Name = name[:j]
	}
	return p.texts.join(b[:i+len("match")], trimLeft(name[j+1:]))
}

// nginxStart reads texts without a context: of the master process, and of
// connections that ended ("client 192.0.2.1 closed keepalive connection").
func (p *Parser) nginxStart(l *Line, b []byte) []byte {
	if !hasPrefix(b, "client ") {
		return b
	}
	a, port, n := endpoint(b[len("client "):])
	if n == 0 {
		return b
	}
	l.Client, l.Port = a, port
	rest := trimLeft(b[len("client ")+n:])
	if hasPrefix(rest, "connected to ") {
		return rest[:len("connected")]
	}
	return rest
}

// quotedAfter is the text between a mark that ends in a quotation mark and the
// next one.
func quotedAfter(b []byte, mark string) []byte {
	rest, ok := after(b, mark)
	if !ok {
		return nil
	}
	i := bytes.IndexByte(rest, '"')
	if i <= 0 {
		return nil
	}
	return rest[:i]
}

// hostOnly is a Host header without its port; nil for an address.
func hostOnly(h []byte) []byte {
	if i := bytes.LastIndexByte(h, ':'); i > 0 && i+1 < len(h) && digits(h[i+1:]) == len(h)-i-1 {
		h = h[:i]
	}
	if !isName(h) {
		return nil
	}
	return h
}

// isName says whether b can be the name of a host: no address, no socket, none
// of nginx's ways to say that there is none ("_", "", "~regex").
func isName(b []byte) bool {
	if len(b) == 0 || len(b) > 255 || len(b) == 1 && (b[0] == '_' || b[0] == '-' || b[0] == '*') || b[0] == '~' || b[0] == '[' || b[0] == '/' {
		return false
	}
	numeric := true
	for _, c := range b {
		if c == ':' || c <= ' ' || c == '"' || c == '/' {
			return false
		}
		numeric = numeric && (isDigit(c) || c == '.')
	}
	return !numeric
}
