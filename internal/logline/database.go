package logline

import (
	"bytes"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// severities of PostgreSQL stand with two spaces behind them, whatever
// log_line_prefix is.
var severities = []string{"LOG:  ", "FATAL:  ", "ERROR:  ", "WARNING:  ", "PANIC:  ", "NOTICE:  ", "INFO:  ", "DEBUG1:  ", "DETAIL:  ", "HINT:  ", "STATEMENT:  ", "CONTEXT:  ", "QUERY:  ", "LOCATION:  "}

// postgres reads the server log of PostgreSQL:
//
//	2026-11-24 02:47:45.123 UTC [3171] LOG:  could not accept SSL connection: sslv3 alert bad certificate
//	2026-11-24 02:47:45 UTC:192.0.2.7(52436):app@db:[3171]: FATAL:  no pg_hba.conf entry for host "192.0.2.7", …
func (p *Parser) postgres(l *Line, line []byte) bool {
	when, n := p.iso(line)
	if n == 0 {
		return false
	}
	rest := line[n:]
	at := severityAt(rest[:min(len(rest), 200)])
	if at < 0 {
		return p.postgresCSV(l, line)
	}
	l.Format, l.Software, l.Speaks, l.Time = "postgresql", "postgresql", cause.SpeaksServer, when
	prefix := rest[:at]
	for i := 0; i < len(prefix); i++ { // "[3171]", "[3171-1]"; "192.0.2.7(52436)"
		c := prefix[i]
		if c == '[' && l.Conn == nil {
			if k := digits(prefix[i+1:]); k > 0 && i+1+k < len(prefix) && (prefix[i+1+k] == ']' || prefix[i+1+k] == '-') {
				l.Conn = prefix[i+1 : i+1+k]
				i += k
			}
			continue
		}
		if (isDigit(c) || c == ':') && !l.Client.IsValid() && (i == 0 || !inWord(prefix[i-1])) {
			if a, k := address(prefix[i:]); k > 0 && (a.Is4() || k > 4) {
				l.Client = a
				if i+k+1 < len(prefix) && prefix[i+k] == '(' {
					if v, _ := number(prefix[i+k+1:]); v < 65536 {
						l.Port = uint16(v)
					}
				}
				i += k
			}
		}
	}
	l.Message = rest[at:]
	p.postgresText(l)
	return true
}

func severityAt(b []byte) int {
	for i := 0; i < len(b); i++ {
		if b[i] < 'A' || b[i] > 'Z' || i > 0 && inWord(b[i-1]) {
			continue
		}
		for _, s := range severities {
			if hasPrefix(b[i:], s) {
				return i
			}
		}
	}
	return -1
}

// postgresSyslog reads "[5-1] LOG:  text", as the server gives it to syslog.
func (p *Parser) postgresSyslog(l *Line, b []byte) {
	l.Format, l.Software, l.Speaks = "postgresql", "postgresql", cause.SpeaksServer
	if i := severityAt(b[:min(len(b), 200)]); i >= 0 {
		b = b[i:]
	}
	l.Message = b
	p.postgresText(l)
}

// postgresText takes the host out of `no pg_hba.conf entry for host "192.0.2.7",
// user …`, and knows the lines that explain the one before them.
func (p *Parser) postgresText(l *Line) {
	m := l.Message
	for _, s := range []string{"DETAIL:", "HINT:", "STATEMENT:", "CONTEXT:", "QUERY:", "LOCATION:"} {
		if hasPrefix(m, s) {
			l.Continues = true
		}
	}
	if i := index(m, `host "`); i >= 0 {
		host, k := quoted(m[i+len("host "):])
		if a, _ := wholeEndpoint(host); a.IsValid() {
			if !l.Client.IsValid() {
				l.Client = a
			}
			l.Message = p.without(m, i+len(`host "`), i+len("host ")+k-1)
		}
	}
}

// postgresCSV reads csvlog: time, user, database, process, "host:port", session,
// line, command, start, transactions, severity, SQLSTATE, message, …
func (p *Parser) postgresCSV(l *Line, line []byte) bool {
	var fields [14][]byte
	n := 0
	for b := line; n < len(fields) && len(b) > 0; n++ {
		end := bytes.IndexByte(b, ',')
		if b[0] == '"' {
			text, k := quotedCSV(b)
			fields[n], end = text, k
			if k < len(b) && b[k] != ',' {
				return false
			}
		} else if end < 0 {
			fields[n], end = b, len(b)
		} else {
			fields[n] = b[:end]
		}
		b = b[min(len(b), end+1):]
	}
	if n < len(fields) || digits(fields[3]) != len(fields[3]) || len(fields[12]) != 5 {
		return false
	}
	when, k := p.iso(fields[0])
	if k == 0 {
		return false
	}
	l.Format, l.Software, l.Speaks, l.Time = "postgresql", "postgresql", cause.SpeaksServer, when
	l.Conn = fields[5]
	l.Client, l.Port = wholeEndpoint(fields[4])
	if !l.Client.IsValid() {
		l.Client, l.Port = lastColonPort(fields[4])
	}
	l.Message = fields[13]
	p.postgresText(l)
	return true
}

// quotedCSV reads a quoted field, in which a mark is doubled.
func quotedCSV(b []byte) (text []byte, length int) {
	for i := 1; i < len(b); i++ {
		if b[i] != '"' {
			continue
		}
		if i+1 < len(b) && b[i+1] == '"' {
			i++
			continue
		}
		text, length = b[1:i], i+1
		if index(text, `""`) >= 0 {
			text = bytes.ReplaceAll(text, []byte(`""`), []byte(`"`))
		}
		return text, length
	}
	return b[1:], len(b)
}

// mysql reads the error log of MySQL and MariaDB:
//
//	2026-11-24  3:02:18 3 [Warning] Aborted connection 3 to db: 'unconnected' user: 'unauthenticated' host: '192.0.2.7' (…)
//	2026-11-24T02:47:45.123456Z 8 [Warning] [MY-010055] [Server] …
func (p *Parser) mysql(l *Line, line []byte) bool {
	when, n := p.iso(line)
	if n == 0 || n+4 > len(line) || line[n] != ' ' {
		return false
	}
	rest := trimLeft(line[n:])
	k := digits(rest)
	if k == 0 || k+2 >= len(rest) || rest[k] != ' ' || rest[k+1] != '[' {
		return false
	}
	thread := rest[:k]
	rest = rest[k+1:]
	level := bytes.IndexByte(rest, ']')
	if level < 0 {
		return false
	}
	switch string(rest[1:level]) {
	case "Note", "Warning", "ERROR", "Error", "System":
	default:
		return false
	}
	l.Format, l.Software, l.Speaks, l.Time = "mysql", "mysql", cause.SpeaksServer, when
	if string(thread) != "0" {
		l.Conn = thread
	}
	rest = trimLeft(rest[level+1:])
	l.Message = rest
	if host, ok := after(rest, "host: '"); ok {
		if a, _ := wholeEndpoint(before(host, "'")); a.IsValid() {
			l.Client = a
		}
	}
	if i := index(rest, "Aborted connection "); i >= 0 { // whose, of what
		i += len("Aborted connection")
		if j := bytes.LastIndex(rest, []byte(" (")); j > i {
			l.Message = p.without(rest, i, j)
		}
	} else if i := index(rest, " packet: fd: "); i >= 0 {
		l.Message = p.mysqlPacket(rest, i+len(" packet:"))
	}
	return true
}

// mysqlPacket keeps of "fd: 42  state: 1  read_length: 4  errno: 11  vio_errno: 1158
// length: 0" the two error numbers.
func (p *Parser) mysqlPacket(b []byte, from int) []byte {
	s := append(p.texts.scratch[:0], b[:from]...)
	i := index(b[from:], "errno: ")
	if i < 0 {
		return b
	}
	end := index(b[from:], "  length:")
	if end < i {
		end = len(b) - from
	}
	s = append(s, " fd: - read_length: "...)
	p.texts.scratch = append(s, b[from+i:from+end]...)
	return p.texts.keep()
}

// redis reads its log:
//
//	1234:M 24 Nov 2026 02:53:28.123 # Error accepting a client connection: … (addr=192.0.2.7:52436 laddr=192.0.2.1:6379)
func (p *Parser) redis(l *Line, line []byte) bool {
	k := digits(line)
	if k == 0 || k > 10 || k+4 > len(line) || line[k] != ':' || !isLetter(line[k+1]) || line[k+2] != ' ' {
		return false
	}
	b := line[k+3:]
	day, n := dayOf(b)
	if day == 0 || n+22 > len(b) {
		return false
	}
	t := at{day: day, month: month(b[n+1:])}
	year, y := number(b[n+5:])
	if t.month == 0 || y != 4 || !t.hours(b[n+10:]) {
		return false
	}
	t.year = int(year)
	n += 18
	n += t.fraction(b[n:])
	rest := b[n:]
	if len(rest) < 3 || rest[0] != ' ' || rest[2] != ' ' {
		return false
	}
	l.Format, l.Software, l.Speaks, l.Time = "redis", "redis", cause.SpeaksServer, p.local(t)
	l.Message = rest[3:]
	if i := index(l.Message, " (addr="); i >= 0 {
		client, _ := word(l.Message[i+len(" (addr="):])
		client = bytes.TrimSuffix(client, []byte(")"))
		l.Client, l.Port = wholeEndpoint(client)
		if !l.Client.IsValid() {
			l.Client, l.Port = lastColonPort(client)
		}
		l.Conn = client
		l.Message = l.Message[:i]
	}
	return true
}
