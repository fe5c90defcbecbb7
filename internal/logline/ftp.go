package logline

import (
	"bytes"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// vsftpd reads its log, of the form
//
//	Tue Nov 24 02:47:45 2026 [pid 3] [user] FTP response: Client "192.0.2.7", "530 Non-anonymous sessions must use encryption."
func (p *Parser) vsftpd(l *Line, line []byte) bool {
	when, n := p.ctime(line)
	if n == 0 || !hasPrefix(line[n:], " [pid ") {
		return false
	}
	rest := line[n+1:]
	end := bytes.IndexByte(rest, ']')
	if end < 0 {
		return false
	}
	l.Format, l.Software, l.Speaks = "vsftpd", "vsftpd", cause.SpeaksServer
	l.Time, l.Conn = when, rest[1:end]
	rest = trimLeft(rest[end+1:])
	if len(rest) > 0 && rest[0] == '[' {
		if end := bytes.IndexByte(rest, ']'); end > 0 {
			rest = trimLeft(rest[end+1:])
		}
	}
	l.Message = rest
	if i := index(rest, `Client "`); i >= 0 {
		client, k := quoted(rest[i+len(`Client `):])
		if a, port := wholeEndpoint(client); a.IsValid() {
			l.Client, l.Port = a, port
			l.Message = p.without(rest, i+len(`Client "`), i+len(`Client `)+k-1)
		}
	}
	return true
}

// proftpd reads the TLSLog of mod_tls and the server's own log:
//
//	2026-11-24 02:53:28,123 mod_tls/2.9[3171]: unable to accept TLS connection: …
//	2026-11-24 02:53:28,123 ftp.example.com proftpd[3171] ftp.example.com (client.example.com[192.0.2.7]): …
func (p *Parser) proftpd(l *Line, line []byte) bool {
	if len(line) < 40 || line[10] != ' ' || line[19] != ',' {
		return false
	}
	when, n := p.iso(line)
	if n == 0 || n >= len(line) || line[n] != ' ' {
		return false
	}
	w, rest := word(line[n+1:])
	if !hasPrefix(w, "mod_") {
		if w, rest = word(rest); !hasPrefix(w, "proftpd[") {
			return false
		}
	}
	_, pid := tag(bytes.TrimSuffix(w, []byte(":")))
	if pid == nil {
		return false
	}
	p.proftpdText(l, pid, rest)
	l.Time = when
	return true
}

// proftpdText reads what follows the process.
func (p *Parser) proftpdText(l *Line, pid, b []byte) {
	l.Format, l.Software, l.Speaks = "proftpd", "proftpd", cause.SpeaksServer
	l.Conn = pid
	l.Message = b
	if i := index(b, "): "); i > 0 && bytes.IndexByte(b[:i], '(') >= 0 {
		if _, to, a, port := bracketed(b[:i]); to > 0 {
			l.Client, l.Port = a, port
			l.Message = b[i+len("): "):]
			if name, _ := word(b); isName(name) {
				l.Name = name
			}
		}
	}
}
