package logline

import (
	"bytes"
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// fallback is for lines of no known format: what stands at the beginning as a
// time stamp is one, and addresses are the peer's.
func (p *Parser) fallback(l *Line, line []byte) {
	l.Continues = continues(line)
	switch when, n := p.iso(line); {
	case n > 0:
		l.Time, line = when, line[n:]
	default:
		if when, n = p.goTime(line); n > 0 {
			l.Time, line = when, line[n:]
		} else if len(line) > 0 && line[0] == '[' {
			if when, n = p.bracketTime(line); n > 0 {
				l.Time, line = when, line[n:]
			}
		} else if when, n = p.ctime(line); n > 0 {
			l.Time, line = when, line[n:]
		}
	}
	text := bytes.TrimLeft(line, " \t:-")
	if l.Continues {
		text = line
	}
	if i := index(text, goHandshake); i >= 0 && i < 80 {
		p.goHTTP(l, text)
		l.Software = "go"
		return
	}
	if hasPrefix(text, "nginx: [") { // on the terminal, before the log is open
		l.Software, l.Speaks = "nginx", cause.SpeaksServer
	}
	l.Message, l.Client, l.Port = p.scrub(trim(text))
	p.bracketedPort(l)
}

// bracketTime reads a time in brackets at the beginning.
func (p *Parser) bracketTime(b []byte) (when time.Time, length int) {
	if when, n := p.clfTime(b); n > 0 {
		return when, n
	}
	end := bytes.IndexByte(b[:min(len(b), 48)], ']')
	if end < 0 {
		return when, 0
	}
	if when, n := p.iso(b[1:end]); n > 0 {
		return when, end + 1
	}
	if when, n := p.ctime(b[1:end]); n > 0 {
		return when, end + 1
	}
	return when, 0
}
