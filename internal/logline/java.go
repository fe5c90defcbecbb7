package logline

import (
	"bytes"
	"time"
)

// javaDebug reads what -Djavax.net.debug=ssl writes:
//
//	javax.net.ssl|ERROR|10|main|2026-11-24 02:47:58.532 UTC|TransportContext.java:363|Fatal (HANDSHAKE_FAILURE): no cipher suites in common (
//
// What follows in the parentheses is on lines of its own.
func (p *Parser) javaDebug(l *Line, line []byte) bool {
	if !hasPrefix(line, "javax.net.ssl|") {
		return false
	}
	fields := [4][]byte{}
	rest := line[len("javax.net.ssl|"):]
	for i := range fields { // level, thread's number, its name, time
		k := bytes.IndexByte(rest, '|')
		if k < 0 {
			return false
		}
		fields[i], rest = rest[:k], rest[k+1:]
	}
	l.Format, l.Software = "java-debug", "java"
	l.Time, _ = p.anyTime(fields[3])
	l.Conn = fields[2]
	// The place in the source stays: it is what the text is known by.
	l.Message = line[len(line)-len(rest)-1:]
	if index(rest, "|Fatal (") < 0 {
		if k := bytes.IndexByte(rest, '|'); k >= 0 {
			l.Message = rest[k+1:]
		}
	}
	l.Message = bytes.TrimRight(l.Message, " (")
	return true
}

// juli reads the one-line format of Tomcat:
//
//	24-Nov-2026 02:47:58.532 FINE [https-jsse-nio-8443-exec-3] org.apache.tomcat.util.net.NioEndpoint$SocketProcessor.doRun Handshake failed
func (p *Parser) juli(l *Line, line []byte) bool {
	if len(line) < 24 || line[2] != '-' || line[6] != '-' || line[11] != ' ' {
		return false
	}
	t := at{day: two(line), month: month(line[3:])}
	year, y := number(line[7:])
	if t.day < 1 || t.day > 31 || t.month == 0 || y != 4 || !t.hours(line[12:]) {
		return false
	}
	t.year = int(year)
	n := 20
	n += t.fraction(line[n:])
	l.Format, l.Software, l.Time = "java", "tomcat", p.local(t)
	p.appText(l, line[n:])
	return true
}

// jul reads the first of the two lines of java.util.logging; the second, "WARNING:
// text", has no time and continues it.
//
//	Nov 24, 2026 2:47:58 AM org.apache.tomcat.util.net.NioEndpoint$SocketProcessor doRun
func (p *Parser) jul(l *Line, line []byte) bool {
	if len(line) < 25 || month(line) == 0 || line[3] != ' ' {
		return false
	}
	t := at{month: month(line)}
	day, n := dayOf(line[4:])
	n += 4
	if day == 0 || n+6 > len(line) || line[n] != ',' || line[n+1] != ' ' {
		return false
	}
	year, y := number(line[n+2:])
	if y != 4 {
		return false
	}
	t.day, t.year = day, int(year)
	when, k := p.clock12(t, line[n+6:])
	if k == 0 {
		return false
	}
	l.Format, l.Software, l.Time = "java", "java", when
	l.Message = trimLeft(line[n+6+k:])
	return true
}

// clock12 reads " 2:47:58 AM" of a day.
func (p *Parser) clock12(t at, b []byte) (when time.Time, length int) {
	i := 0
	for i < len(b) && (b[i] == ' ' || b[i] == ',') {
		i++
	}
	h, n := number(b[i:])
	if n < 1 || n > 2 || h > 23 || i+n+6 > len(b) || b[i+n] != ':' || b[i+n+3] != ':' {
		return when, 0
	}
	t.hour, t.minute, t.second = int(h), two(b[i+n+1:]), two(b[i+n+4:])
	if t.minute < 0 || t.minute > 59 || t.second < 0 || t.second > 60 {
		return when, 0
	}
	i += n + 6
	i += t.fraction(b[i:])
	rest := b[i:]
	if hasPrefix(rest, "\u202f") { // CLDR 42 puts a narrow no-break space there
		rest = rest[len("\u202f"):]
	} else if len(rest) > 0 && rest[0] == ' ' {
		rest = rest[1:]
	}
	switch {
	case hasPrefix(rest, "AM"):
		if t.hour == 12 {
			t.hour = 0
		}
		i = len(b) - len(rest) + 2
	case hasPrefix(rest, "PM"):
		if t.hour < 12 {
			t.hour += 12
		}
		i = len(b) - len(rest) + 2
	}
	return p.local(t), i
}

// continues says whether a line belongs to the one before it.
func continues(line []byte) bool {
	if len(line) == 0 {
		return false
	}
	if line[0] == ' ' || line[0] == '\t' {
		return true
	}
	switch line[0] {
	case 'C':
		return hasPrefix(line, "Caused by: ")
	case 'S':
		return hasPrefix(line, "Suppressed: ") || hasPrefix(line, "SEVERE: ")
	case 'W':
		return hasPrefix(line, "WARNING: ")
	case 'I':
		return hasPrefix(line, "INFO: ")
	case 'F':
		return hasPrefix(line, "FINE: ")
	case '.':
		return hasPrefix(line, "... ")
	case '}', ')':
		return len(line) <= 2
	case '"':
		return hasPrefix(line, `"throwable" : {`)
	}
	if k := hexRun(line); k >= 8 && hasPrefix(line[k:], ":error:") { // OpenSSL's queue
		return true
	}
	return false
}

// openssl reads lines of OpenSSL's error queue, which programs print behind their
// own: "4027E63D797F0000:error:0A0000C7:SSL routines:…", and of 1.x with the
// thread in decimal.
func (p *Parser) openssl(l *Line, line []byte) bool {
	k := hexRun(line)
	if k < 8 || !hasPrefix(line[k:], ":error:") {
		return false
	}
	l.Format, l.Continues = "openssl", true
	l.Message = line[k+1:]
	return true
}
