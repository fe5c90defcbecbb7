package logline

import (
	"bytes"
	"net/netip"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// postfix reads the text of a Postfix daemon:
//
//	postfix/smtpd[3010]: SSL_accept error from mail.example.com[192.0.2.7]: -1
//	postfix/smtpd[3010]: warning: TLS library problem: error:0A000412:…:SSL alert number 42:
//	postfix/smtp[3011]: 85D37281B7: to=<…>, relay=mx.example.com[192.0.2.25]:25, …, status=deferred (…)
//
// A process serves one peer at a time, so its number is the connection.
func (p *Parser) postfix(l *Line, name, pid, msg []byte) {
	l.Format, l.Software, l.Speaks = "postfix", "postfix", cause.SpeaksServer
	if i := bytes.LastIndexByte(name, '/'); i >= 0 {
		switch string(name[i+1:]) {
		case "smtp", "lmtp", "tlsproxy":
			l.Speaks = cause.SpeaksClient
			if name[i+1] == 't' { // of both ends
				l.Speaks = cause.SpeaksEither
			}
		}
	}
	l.Conn = process(name, pid)
	if n := queueID(msg); n > 0 {
		msg = msg[n:]
	}
	if i := index(msg, "status="); i >= 0 && hasPrefix(msg, "to=<") {
		if relay, ok := after(msg[:i], "relay="); ok {
			from, to, a, port := bracketed(relay)
			if to > 0 && from == 0 {
				l.Client, l.Port = a, port
				l.Name = hostOnly(before(relay, "["))
			}
		}
		msg = msg[i:]
	}
	l.Message = p.mailPeer(l, msg)
	if hasPrefix(l.Message, "warning: TLS library problem") { // the daemon tells at which end
		s := append(append(p.texts.scratch[:0], name...), "[]: "...)
		p.texts.scratch = append(s, l.Message...)
		l.Message = p.texts.keep()
	}
	if i := index(l.Message, `: \026\003`); i >= 0 { // a hello where a command should be
		l.Message = l.Message[:i+len(`: \026\003`)]
	} else if i := index(l.Message, "non-SMTP command from"); i >= 0 {
		l.Message = l.Message[:i+len("non-SMTP command")]
	}
}

// process is "postfix/smtpd[3010]" again, which name and pid are parts of where
// they were not decoded.
func process(name, pid []byte) []byte {
	if pid == nil {
		return nil
	}
	if n := len(name) + len(pid) + 2; cap(name) >= n {
		if whole := name[:n]; whole[len(name)] == '[' && whole[n-1] == ']' && bytes.Equal(whole[len(name)+1:n-1], pid) {
			return whole
		}
	}
	out := make([]byte, 0, len(name)+len(pid)+2)
	return append(append(append(append(out, name...), '['), pid...), ']')
}

// queueID is the length of "85D37281B7: " or a long one of base 52.
func queueID(b []byte) int {
	n, digit := 0, false
	for n < len(b) && n < 24 && (isLetter(b[n]) || isDigit(b[n])) {
		digit = digit || isDigit(b[n])
		n++
	}
	if n >= 6 && (digit || string(b[:n]) == "NOQUEUE") && hasPrefix(b[n:], ": ") {
		return n + 2
	}
	return 0
}

// mailPeer takes "host[192.0.2.7]:25" out of a text.
func (p *Parser) mailPeer(l *Line, b []byte) []byte {
	from, to, a, port := bracketed(b)
	if to == 0 {
		return b
	}
	if !l.Client.IsValid() {
		l.Client, l.Port = a, port
	}
	if name := before(b[from:to], "["); l.Speaks == cause.SpeaksClient && l.Name == nil && isName(name) {
		l.Name = name
	}
	s := append(append(p.texts.scratch[:0], b[:from]...), "[]"...)
	p.texts.scratch = append(s, b[to:]...)
	return p.texts.keep()
}

// dovecotText is what follows "imap-login: " and "imap-login(user)<123><session>: ".
func dovecotText(b []byte) []byte {
	i := bytes.IndexByte(b, ':')
	if i < 0 {
		return b
	}
	return trimLeft(b[i+1:])
}

// dovecot reads the text of one of Dovecot's processes:
//
//	imap-login: Info: Disconnected: Connection closed: SSL_accept() failed: … (no auth attempts in 0 secs): user=<>, rip=192.0.2.7, lip=…, TLS handshaking: SSL_accept() failed: …, session=<4nmWvvxgXtN/AAAB>
func (p *Parser) dovecot(l *Line, b []byte) {
	l.Format, l.Software, l.Speaks = "dovecot", "dovecot", cause.SpeaksServer
	for _, level := range []string{"Debug: ", "Info: ", "Warning: ", "Error: ", "Fatal: ", "Panic: "} {
		if hasPrefix(b, level) {
			b = b[len(level):]
			break
		}
	}
	if session, ok := after(b, "session=<"); ok {
		if i := bytes.IndexByte(session, '>'); i > 0 {
			l.Conn = session[:i]
		}
	}
	l.Message = b
	i := index(b, "rip=")
	if i < 0 {
		return
	}
	l.Client, _ = addressOf(b[i+len("rip="):])
	if port, ok := after(b[i:], ", rport="); ok {
		if v, n := number(port); n > 0 && v < 65536 {
			l.Port = uint16(v)
		}
	}
	// What stands before the list has numbers of seconds in it, and in older
	// releases no reason; the list repeats the reason after "TLS".
	head := b[:i]
	if j := index(head, ": user="); j >= 0 {
		head = head[:j]
	}
	if j := index(head, " ("); j >= 0 {
		if k := bytes.LastIndexByte(head, ')'); k > j && k == len(head)-1 {
			head = head[:bytes.LastIndex(head, []byte(" ("))]
		}
	}
	state := b[i:]
	j := index(state, ", TLS")
	if j < 0 {
		l.Message = head
		return
	}
	state = state[j+len(", "):]
	if k := index(state, ", session=<"); k >= 0 {
		state = state[:k]
	}
	if reason, ok := after(state, ": "); ok && bytes.Contains(head, reason) {
		state = before(state, ": ")
		l.Message = p.texts.join(head, state)
		return
	}
	l.Message = p.texts.join(head, state)
}

func addressOf(b []byte) (netip.Addr, int) {
	a, n := address(b)
	return a, n
}

// exim reads Exim's main log:
//
//	2026-11-24 02:53:28 [123] TLS error on connection from mail.example.com (helo) [192.0.2.7]:4711 (SSL_accept): error:0A000412:…
func (p *Parser) exim(l *Line, line []byte) bool {
	if len(line) < 21 || line[10] != ' ' || line[19] != ' ' && line[19] != '.' {
		return false
	}
	when, n := p.iso(line)
	if n == 0 || n >= len(line) || line[n] != ' ' {
		return false
	}
	rest := trimLeft(line[n:])
	if rest = trimLeft(rest); len(rest) > 0 && rest[0] == '[' {
		i := bytes.IndexByte(rest, ']')
		if i < 0 || digits(rest[1:]) != i-1 {
			return false
		}
		rest = trimLeft(rest[i+1:])
	}
	if !p.eximText(l, rest) {
		return false
	}
	l.Time = when
	return true
}

// eximText reads what follows the time; it says whether it is Exim's.
func (p *Parser) eximText(l *Line, b []byte) bool {
	id := 0
	if n := eximID(b); n > 0 {
		id, b = n, b[n:]
	}
	if id == 0 && !hasPrefix(b, "TLS ") && !hasPrefix(b, "SMTP ") && !hasPrefix(b, "no host name found") && !hasPrefix(b, "H=") && !hasPrefix(b, "rejected ") {
		return false
	}
	l.Format, l.Software, l.Speaks = "exim", "exim", cause.SpeaksServer
	if hasPrefix(b, "TLS error on connection to") || hasPrefix(b, "== ") || hasPrefix(b, "** ") || index(b, ": a TLS session is required") >= 0 || hasPrefix(b, "H=") && id > 0 {
		l.Speaks = cause.SpeaksClient
	}
	l.Message = b
	from, to, a, port := bracketed(b)
	if to == 0 {
		return true
	}
	l.Client, l.Port = a, port
	if id > 0 && (hasPrefix(b, "== ") || hasPrefix(b, "** ")) { // whom it was for and by which rule differs
		l.Message = trimLeft(bytes.TrimPrefix(b[to:], []byte(":")))
		return true
	}
	for _, word := range []string{"connection from ", "connection to "} {
		if i := index(b, word); i >= 0 && i+len(word) <= from+1 {
			from = i + len(word)
			if l.Speaks == cause.SpeaksClient {
				name := before(b[from:to], " ")
				l.Name = hostOnly(name)
			}
			break
		}
	}
	if i := index(b, " I=["); i > 0 && i >= to { // the own end
		if j := bytes.IndexByte(b[i+1:], ' '); j > 0 {
			to = i + 1 + j
		}
	}
	s := append(append(p.texts.scratch[:0], b[:from]...), "[]"...)
	p.texts.scratch = append(s, b[to:]...)
	l.Message = p.texts.keep()
	return true
}

// eximID is the length of "1abcDE-000123-AB " or, since 4.97, of one with a
// longer middle.
func eximID(b []byte) int {
	i := bytes.IndexByte(b[:min(len(b), 24)], ' ')
	if i < 16 || b[6] != '-' || b[i-3] != '-' && b[i-5] != '-' {
		return 0
	}
	return i + 1
}
