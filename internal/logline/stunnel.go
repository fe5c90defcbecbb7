package logline

import (
	"bytes"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// stunnel reads its log: the number in brackets is the connection, the one
// before it the level, which differs within a connection.
//
//	2026.11.24 02:47:35 LOG3[17]: SSL_accept: ../ssl/record/rec_layer_s3.c:1602: error:0A000418:SSL routines::tlsv1 alert unknown ca
func (p *Parser) stunnel(l *Line, line []byte) bool {
	if len(line) < 28 || line[10] != ' ' || line[19] != ' ' || line[20] != 'L' {
		return false
	}
	t, ok := date(line, '.')
	if !ok || !t.hours(line[11:]) || !p.stunnelText(l, line[20:]) {
		return false
	}
	l.Time = p.local(t)
	return true
}

// stunnelText reads "LOG3[17]: text"; it says whether it is stunnel's.
func (p *Parser) stunnelText(l *Line, b []byte) bool {
	if len(b) < 8 || !hasPrefix(b, "LOG") || b[4] != '[' || !isDigit(b[3]) {
		return false
	}
	end := bytes.IndexByte(b, ']')
	if end < 0 || !hasPrefix(b[end:], "]: ") {
		return false
	}
	l.Format, l.Software, l.Speaks = "stunnel", "stunnel", cause.SpeaksServer
	l.Conn = b[4 : end+1]
	if !isDigit(b[5]) { // "[main]", "[ui]"
		l.Conn = nil
	}
	text := b[end+3:]
	if hasPrefix(text, "SSL_connect") || hasPrefix(text, "s_connect") {
		l.Speaks = cause.SpeaksClient
	}
	cut := len(b)
	for _, mark := range []string{" accepted connection from ", " connected remote server from "} {
		if i := index(text, mark); i >= 0 {
			if mark[1] == 'a' {
				l.Client, l.Port = wholeEndpoint(text[i+len(mark):])
				if !l.Client.IsValid() {
					l.Client, l.Port = lastColonPort(text[i+len(mark):])
				}
			}
			cut = end + 3 + i + len(mark) - 1
		}
	}
	l.Message = p.without(b[:cut], 5, end)
	return true
}
