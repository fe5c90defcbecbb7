package logline

import (
	"bytes"
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// inner reads a line that was wrapped.
func (p *Parser) inner(l *Line, line []byte, depth int) {
	if depth >= maxDepth {
		p.fallback(l, line)
		return
	}
	p.parse(l, line, depth+1)
}

// docker reads the lines of Docker's json-file driver, and of collectors that
// keep its names.
func (p *Parser) docker(l *Line, o *object, depth int) {
	when, _ := p.anyTime(o.text(fTime))
	p.inner(l, o.text(fLog), depth)
	if l.Format == "" {
		l.Format = "docker"
	}
	if !when.IsZero() {
		l.Time = when
	}
}

// journal reads what journalctl -o json writes.
func (p *Parser) journal(l *Line, o *object, depth int) {
	when, _ := epoch(o.raw[fJournalTime])
	message := o.text(fJournalMessage)
	if len(message) > 0 && message[0] == '[' {
		message = byteArray(message)
	}
	p.entry(l, "journal", o.text(fJournalName), o.raw[fJournalPID], message, depth)
	if !when.IsZero() {
		l.Time = when
	}
}

// journalField reads a line of journalctl -o export. The time of an entry comes
// before its message.
func (p *Parser) journalField(l *Line, line []byte, depth int) bool {
	i := bytes.IndexByte(line, '=')
	if i < 3 || i > 64 {
		return false
	}
	key, value := line[:i], line[i+1:]
	switch string(key) {
	case "MESSAGE":
	case "__REALTIME_TIMESTAMP":
		when, ok := epoch(value)
		if !ok {
			return false
		}
		p.entryTime = when
		fallthrough
	case "__CURSOR", "__MONOTONIC_TIMESTAMP", "_PID", "SYSLOG_IDENTIFIER", "_COMM", "PRIORITY", "_UID", "_GID", "_BOOT_ID", "_MACHINE_ID", "_HOSTNAME", "_TRANSPORT", "_EXE", "_CMDLINE", "_SYSTEMD_UNIT", "_SYSTEMD_CGROUP", "SYSLOG_FACILITY", "SYSLOG_PID", "SYSLOG_TIMESTAMP", "_SOURCE_REALTIME_TIMESTAMP", "_CAP_EFFECTIVE", "_SELINUX_CONTEXT", "_SYSTEMD_SLICE", "_SYSTEMD_INVOCATION_ID", "_RUNTIME_SCOPE", "_STREAM_ID":
		l.Format = "journal"
		return true
	default:
		return false
	}
	p.inner(l, value, depth)
	if l.Format == "" {
		l.Format = "journal"
	}
	if !p.entryTime.IsZero() {
		l.Time = p.entryTime
	}
	return true
}

// syslog reads RFC 3164 as daemons write it to files, with or without the
// priority, and with the time of RFC 3339 that rsyslog writes; and RFC 5424.
func (p *Parser) syslog(l *Line, line []byte, depth int) bool {
	b := line
	if len(b) > 4 && b[0] == '<' {
		n := digits(b[1:])
		if n == 0 || n > 3 || b[n+1] != '>' {
			return false
		}
		b = b[n+2:]
		if hasPrefix(b, "1 ") {
			return p.syslog5424(l, b[2:], depth)
		}
	}
	when, n, zoned := p.syslogTime(b)
	if n == 0 || n+2 > len(b) || b[n] != ' ' {
		return false
	}
	rest := b[n+1:]
	w, msg := word(rest)
	host := w
	if len(w) > 0 && w[len(w)-1] != ':' { // Dovecot and mod_tls, writing their own files, name no host
		w, msg = word(msg)
		if len(msg) == 0 && len(w) == 0 || bytes.IndexByte(host, '|') >= 0 {
			return false
		}
	}
	if len(w) < 2 || w[len(w)-1] != ':' {
		return false
	}
	name, pid := tag(w[:len(w)-1])
	if name == nil || zoned && pid == nil && knownProgram(name) == "" {
		return false
	}
	p.entry(l, "syslog", name, pid, msg, depth)
	if l.Time.IsZero() || zoned {
		l.Time = when
	}
	return true
}

// syslogTime reads "Nov 24 02:53:28", "Nov 24 02:53:28.123", "Nov 24 2026 02:53:28"
// and RFC 3339; zoned if it has a year and a zone.
func (p *Parser) syslogTime(b []byte) (when time.Time, length int, zoned bool) {
	if len(b) < 16 {
		return when, 0, false
	}
	if isDigit(b[0]) {
		if b[10] != 'T' {
			return when, 0, false
		}
		when, n := p.iso(b)
		return when, n, n > 19
	}
	t := at{month: month(b)}
	if t.month == 0 || b[3] != ' ' {
		return when, 0, false
	}
	day, n := dayOf(b[4:])
	n += 4
	if day == 0 || n >= len(b) || b[n] != ' ' {
		return when, 0, false
	}
	t.day = day
	n++
	if digits(b[n:]) == 4 && n+5 < len(b) && b[n+4] == ' ' {
		year, _ := number(b[n:])
		t.year = int(year)
		n += 5
	}
	if n+8 > len(b) || !t.hours(b[n:]) {
		return when, 0, false
	}
	n += 8
	n += t.fraction(b[n:])
	if t.year > 0 {
		return p.local(t), n, false
	}
	return p.thisYear(t), n, false
}

// syslog5424 reads "2026-11-24T02:53:28Z host app 123 ID47 [sd] text" (RFC 5424
// Section 6).
func (p *Parser) syslog5424(l *Line, b []byte, depth int) bool {
	stamp, rest := word(b)
	when, n := p.iso(stamp)
	if n != len(stamp) && string(stamp) != "-" {
		return false
	}
	_, rest = word(rest) // host
	app, rest := word(rest)
	pid, rest := word(rest)
	_, rest = word(rest) // message id
	for len(rest) > 0 && rest[0] == '[' {
		i := 1
		for ; i < len(rest) && rest[i] != ']'; i++ {
			if rest[i] == '"' {
				if i = stringEnd(rest, i) - 1; i < 0 {
					return false
				}
			}
		}
		if i >= len(rest) {
			return false
		}
		rest = rest[i+1:]
	}
	rest = trimLeft(bytes.TrimPrefix(trimLeft(rest), []byte("- ")))
	rest = bytes.TrimPrefix(rest, []byte("\ufeff"))
	p.entry(l, "syslog", something(app), something(pid), rest, depth)
	if n > 0 {
		l.Time = when
	}
	return true
}

// tag splits "postfix/smtpd[3010]"; nil for what is none.
func tag(b []byte) (name, pid []byte) {
	if i := bytes.IndexByte(b, '['); i > 0 && b[len(b)-1] == ']' {
		b, pid = b[:i], b[i+1:len(b)-1]
		if digits(pid) != len(pid) {
			pid = nil
		}
	}
	if len(b) == 0 || len(b) > 64 {
		return nil, nil
	}
	for _, c := range b {
		if !inWord(c) && c != '/' && c != '(' && c != ')' && c != '@' {
			return nil, nil
		}
	}
	return b, pid
}

// knownProgram is the software that a program of this name is; "" if unknown.
func knownProgram(name []byte) string {
	if i := bytes.IndexByte(name, '/'); i > 0 && hasPrefix(name, "postfix") {
		name = name[:i]
	}
	if i := bytes.LastIndexByte(name, '/'); i >= 0 && !hasPrefix(name, "mod_") {
		name = name[i+1:]
	}
	switch string(name) {
	case "nginx":
		return "nginx"
	case "haproxy":
		return "haproxy"
	case "apache2", "httpd":
		return "apache"
	case "caddy":
		return "caddy"
	case "traefik":
		return "traefik"
	case "envoy":
		return "envoy"
	case "stunnel", "stunnel4":
		return "stunnel"
	case "postfix":
		return "postfix"
	case "dovecot", "imap-login", "pop3-login", "submission-login", "managesieve-login", "lmtp", "auth":
		return "dovecot"
	case "exim", "exim4":
		return "exim"
	case "slapd":
		return "slapd"
	case "vsftpd":
		return "vsftpd"
	case "proftpd":
		return "proftpd"
	case "postgres", "postgresql":
		return "postgresql"
	case "mysqld", "mariadbd", "mariadb":
		return "mysql"
	case "redis-server", "redis":
		return "redis"
	case "mongod", "mongos":
		return "mongodb"
	case "node":
		return "nodejs"
	case "java":
		return "java"
	case "tomcat", "tomcat9", "tomcat10":
		return "tomcat"
	case "kafka":
		return "kafka"
	case "openlitespeed", "litespeed", "lsws":
		return "litespeed"
	case "rabbitmq-server":
		return "erlang"
	}
	if hasPrefix(name, "postfix-") {
		return "postfix"
	}
	if hasPrefix(name, "mod_tls") {
		return "proftpd"
	}
	return ""
}

// entry reads what a program gave to syslog or the journal: in the form that it
// writes there, which has no time, or in that of its files.
func (p *Parser) entry(l *Line, format string, name, pid, msg []byte, depth int) {
	software := knownProgram(name)
	switch software {
	case "postfix":
		p.postfix(l, name, pid, msg)
		return
	case "dovecot":
		if string(name) == "dovecot" {
			msg = dovecotText(msg)
		}
		p.dovecot(l, msg)
		return
	case "slapd":
		p.slapdText(l, msg)
		return
	case "stunnel":
		if p.stunnelText(l, msg) {
			return
		}
	case "exim":
		if p.eximText(l, msg) {
			return
		}
	case "proftpd":
		p.proftpdText(l, pid, msg)
		return
	case "postgresql":
		p.postgresSyslog(l, msg)
		return
	}
	p.inner(l, msg, depth)
	if l.Format == "" {
		l.Format = format
		if l.Software == "" {
			l.Software = software
		}
		text, a, port := p.scrub(l.Message)
		if l.Message = text; a.IsValid() && !l.Client.IsValid() {
			l.Client, l.Port = a, port
		}
		if software == "haproxy" || software == "nginx" {
			l.Speaks = cause.SpeaksServer
		}
	}
}

// cri reads the lines of container runtimes ("TIME stderr F text") and what
// kubectl logs --timestamps and docker logs -t put before a line: the time in
// nanoseconds.
func (p *Parser) cri(l *Line, line []byte, depth int) bool {
	if len(line) < 31 || line[10] != 'T' || line[19] != '.' {
		return false
	}
	n := digits(line[20:])
	if n < 7 {
		return false
	}
	when, k := p.iso(line)
	if k == 0 || k >= len(line) || line[k] != ' ' {
		return false
	}
	rest := line[k+1:]
	stream := hasPrefix(rest, "stderr ") || hasPrefix(rest, "stdout ")
	switch {
	case stream && len(rest) > 9 && rest[8] == ' ' && (rest[7] == 'F' || rest[7] == 'P'):
		rest = rest[9:]
	case n != 9:
		return false
	}
	p.inner(l, rest, depth)
	if l.Format == "" {
		l.Format = "cri"
	}
	l.Time = when
	return true
}

// compose reads "name-1  | text", which docker compose logs writes, and
// "[pod/name/container] text" of kubectl logs --prefix.
func (p *Parser) compose(l *Line, line []byte, depth int) bool {
	var rest []byte
	if hasPrefix(line, "[pod/") {
		i := bytes.IndexByte(line[:min(len(line), 400)], ']')
		if i < 0 {
			return false
		}
		rest = line[i+1:]
	} else {
		n := 0
		for n < len(line) && n < 64 && inWord(line[n]) {
			n++
		}
		if n == 0 {
			return false
		}
		for n < len(line) && n < 96 && line[n] == ' ' {
			n++
		}
		if n+1 >= len(line) || line[n] != '|' || line[n+1] != ' ' || line[n-1] != ' ' {
			return false
		}
		rest = line[n+1:]
	}
	p.inner(l, trimLeft(rest), depth)
	return true
}

// anyTime reads a time that is a field by itself: a number since 1970 or a
// calendar's.
func (p *Parser) anyTime(b []byte) (time.Time, bool) {
	if when, ok := epoch(b); ok {
		return when, true
	}
	if when, n := p.iso(b); n > 0 {
		return when, true
	}
	if when, n := p.goTime(b); n > 0 {
		return when, true
	}
	if when, n := p.clfTime(b); n > 0 {
		return when, true
	}
	if len(b) >= 20 && isDigit(b[0]) && b[2] == '/' { // $time_local without brackets
		t := at{day: two(b), month: month(b[3:])}
		c, y := two(b[7:]), two(b[9:])
		t.year = c*100 + y
		if t.day >= 1 && t.day <= 31 && t.month > 0 && c >= 0 && y >= 0 && b[11] == ':' && t.hours(b[12:]) {
			if len(b) > 21 {
				if east, _, ok := zone(b[21:]); ok {
					return t.offset(east), true
				}
			}
			return p.local(t), true
		}
	}
	return time.Time{}, false
}
