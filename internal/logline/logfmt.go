package logline

import (
	"bytes"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// logfmt reads lines of key=value pairs, as Traefik 2, Grafana and many programs
// in Go write them:
//
//	time="2026-11-24T02:47:45Z" level=debug msg="http: TLS handshake error from 192.0.2.7:52436: …"
func (p *Parser) logfmt(l *Line, line []byte) bool {
	o := &p.object
	clear(o.raw[:])
	clear(o.set[:])
	pairs := 0
	for b := line; len(b) > 0; pairs++ {
		n := 0
		for n < len(b) && n < 64 && (inWord(b[n]) || b[n] == '@' || b[n] == '/') {
			n++
		}
		if n == 0 || n >= len(b) || b[n] != '=' {
			if pairs < 2 {
				return false
			}
			break
		}
		key := b[:n]
		var value []byte
		b = b[n+1:]
		if len(b) > 0 && b[0] == '"' {
			text, k := quoted(b)
			value, b = text, b[k:]
		} else if i := bytes.IndexByte(b, ' '); i >= 0 {
			value, b = b[:i], b[i:]
		} else {
			value, b = b, nil
		}
		o.pick(key, nil, value, 0)
		if string(key) == "t" {
			o.pick([]byte("time"), nil, value, 0)
		}
		b = trimLeft(b)
	}
	if pairs < 2 || !o.set[fMsg] && !o.set[fErr] && !o.set[fLevel] {
		return false
	}
	l.Format = "logfmt"
	p.jsonCommon(l, o)
	p.jsonProgram(l, o)
	if l.Format == "json" {
		l.Format = "logfmt"
	}
	return true
}

// console reads what zap's console encoder writes for Caddy, and zerolog's for
// Traefik 3:
//
//	2026/11/24 02:47:29.018	DEBUG	http.stdlib	http: TLS handshake error from 192.0.2.7:49576: …	{"…":…}
//	2026-11-24T02:47:45Z DBG log/log.go:245 > http: TLS handshake error from 192.0.2.7:52436: …
func (p *Parser) console(l *Line, line []byte) bool {
	when, n := p.goTime(line)
	if n > 0 {
		if n >= len(line) || line[n] != '\t' {
			return false
		}
		level, rest, _ := bytes.Cut(line[n+1:], []byte("\t"))
		logger, msg, ok := bytes.Cut(rest, []byte("\t"))
		if !isLevel(level) {
			return false
		}
		if !ok { // without a logger
			logger, msg = nil, rest
		}
		p.caddyConsole(l, logger, msg)
		l.Time = when
		return true
	}
	if when, n = p.iso(line); n == 0 || n+5 > len(line) || line[n] != ' ' && line[n] != '\t' {
		return false
	}
	w, rest := word(trimLeft(line[n:]))
	switch string(w) {
	case "DBG", "INF", "WRN", "ERR", "TRC", "FTL":
	default:
		return false
	}
	if i := index(rest[:min(len(rest), 120)], " > "); i > 0 && bytes.IndexByte(rest[:i], ' ') < 0 {
		rest = rest[i+3:]
	}
	l.Format, l.Software, l.Time = "console", "", when
	if isTraefik(rest) || index(line, "traefik") >= 0 {
		l.Software = "traefik"
	}
	if i := index(rest, goHandshake); i >= 0 && i < 80 {
		p.goHTTP(l, rest)
		if l.Software == "" {
			l.Software = "go"
		}
		return true
	}
	l.Message, l.Client, l.Port = p.scrub(rest)
	return true
}

// caddyConsole reads logger, text and fields.
func (p *Parser) caddyConsole(l *Line, logger, msg []byte) {
	o := &p.object
	clear(o.raw[:])
	clear(o.set[:])
	if i := index(msg, "\t{"); i >= 0 {
		o.read(msg[i+1:])
		msg = msg[:i]
	}
	o.raw[fMsg], o.set[fMsg] = msg, true
	o.raw[fLogger], o.set[fLogger] = logger, len(logger) > 0
	p.jsonCommon(l, o)
	p.jsonProgram(l, o)
	l.Format = "caddy-console"
	if l.Software == "" || l.Software == "go" {
		l.Software = "caddy"
	}
	if hasPrefix(logger, "http.log.error") {
		l.Speaks = cause.SpeaksClient
	}
}
