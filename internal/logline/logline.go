// Package logline reads one line of a log: who wrote it, when, with whom it
// spoke, and the words that tell why. It knows the formats of servers, proxies
// and CDNs by their content alone, peels what syslog, journald, Docker and
// Kubernetes wrap around a line, and gives slices of the line, so that a common
// line costs no allocation.
package logline

import (
	"net/netip"
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// Line is what one line of a log tells. Slices point into the line, or are
// fresh where the line had to be decoded; nobody changes them later.
type Line struct {
	Format   string        // id of the format: "nginx-error", "haproxy", …; "" for none known
	Software string        // id in data/software.yaml of the program that wrote it, or its own name where that has none ("slapd"); "" unknown
	Speaks   cause.Speaker // at which end it stands: server for accepted clients, client for upstream lines, either when unknown
	Time     time.Time     // UTC; zero: none in the line
	Client   netip.Addr    // the peer, never IPv4-mapped; of an upstream line the client it was for, where the line has it; zero: none
	Port     uint16        // of the peer; 0: none
	Name     []byte        // the name asked for: SNI, virtual host, host; nil: none
	Agent    []byte        // user agent; nil: none
	Conn     []byte        // what lines of one connection share; nil: unknown
	Message  []byte        // the words to explain, without what differs between equal failures
	// Continues: the line belongs to the record before it: stack traces, "Caused
	// by:", indented lines, lines of OpenSSL's queue without a head.
	Continues bool
}

// Parser reads the lines of one log. It remembers the format of the line before,
// which is tried first, and the columns that W3C logs announce. It is for one
// goroutine.
type Parser struct {
	// Now is for times without a year: the line is never more than a day in the
	// future. nil: time.Now.
	Now func() time.Time
	// Zone is that of times that name none. nil: UTC.
	Zone *time.Location

	last  [maxDepth + 1]kind // per depth of wrapping
	texts texts

	object     object    // of the JSON line at hand
	columns    []column  // of the last #Fields line
	cloudfront bool      // it was CloudFront's
	entryTime  time.Time // of the entry whose properties stand a line each
	eventID    string
}

// maxDepth is how many wrappers are peeled: JSON of Docker around syslog around
// the program's own.
const maxDepth = 3

// maxLine is what is read of a line, in bytes; programs cut theirs far earlier.
const maxLine = 64 << 10

// Parse reads one line, with or without its line end. It never fails: of a line
// in no known format only Message is set, and Time and Client where they are
// plain to see.
func (p *Parser) Parse(line []byte) Line {
	var l Line
	p.parse(&l, line, 0)
	if l.Speaks == "" {
		l.Speaks = cause.SpeaksEither
	}
	return l
}

// kind is a format, or a group of formats that one function tells apart.
type kind uint8

const (
	none kind = iota
	nginxError
	golang
	console
	haproxy
	access
	apacheError
	stunnel
	envoy
	app
	postgres
	mysql
	redis
	exim
	proftpd
	vsftpd
	litespeed
	slapd
	syslog
	cri
	compose
	journalField
	jsonLine
	logfmt
	directive
	w3c
	headless
	albAccess
	albConnection
	nlb
	schannelEvent
	javaDebug
	juli
	jul
	openssl
	lighttpd
)

// parse fills l from a line at a depth of wrapping.
func (p *Parser) parse(l *Line, line []byte, depth int) {
	if len(line) > maxLine {
		line = line[:maxLine]
	}
	for len(line) > 0 && (line[len(line)-1] == '\n' || line[len(line)-1] == '\r') {
		line = line[:len(line)-1]
	}
	if last := p.last[depth]; last != none && p.try(last, l, line, depth) {
		return
	}
	for _, k := range candidates(line) {
		if k != p.last[depth] && p.try(k, l, line, depth) {
			p.last[depth] = k
			return
		}
	}
	p.fallback(l, line)
}

// try reads line as one format. Where it returns false it left l alone.
func (p *Parser) try(k kind, l *Line, line []byte, depth int) bool {
	switch k {
	case nginxError:
		return p.nginxError(l, line)
	case golang:
		return p.golang(l, line)
	case console:
		return p.console(l, line)
	case haproxy:
		return p.haproxy(l, line)
	case access:
		return p.access(l, line)
	case apacheError:
		return p.apacheError(l, line)
	case stunnel:
		return p.stunnel(l, line)
	case envoy:
		return p.envoy(l, line)
	case app:
		return p.app(l, line)
	case postgres:
		return p.postgres(l, line)
	case mysql:
		return p.mysql(l, line)
	case redis:
		return p.redis(l, line)
	case exim:
		return p.exim(l, line)
	case proftpd:
		return p.proftpd(l, line)
	case vsftpd:
		return p.vsftpd(l, line)
	case litespeed:
		return p.litespeed(l, line)
	case slapd:
		return p.slapd(l, line)
	case syslog:
		return p.syslog(l, line, depth)
	case cri:
		return p.cri(l, line, depth)
	case compose:
		return p.compose(l, line, depth)
	case journalField:
		return p.journalField(l, line, depth)
	case jsonLine:
		return p.jsonLine(l, line, depth)
	case logfmt:
		return p.logfmt(l, line)
	case directive:
		return p.directive(l, line)
	case w3c:
		return p.w3c(l, line)
	case headless:
		return p.headless(l, line)
	case albAccess:
		return p.albAccess(l, line)
	case albConnection:
		return p.albConnection(l, line)
	case nlb:
		return p.nlb(l, line)
	case schannelEvent:
		return p.schannelEvent(l, line)
	case javaDebug:
		return p.javaDebug(l, line)
	case juli:
		return p.juli(l, line)
	case jul:
		return p.jul(l, line)
	case openssl:
		return p.openssl(l, line)
	case lighttpd:
		return p.lighttpd(l, line)
	default:
		return false
	}
}

// candidates are the formats whose lines may begin as this one does, the more
// particular first.
func candidates(line []byte) []kind {
	if len(line) == 0 {
		return nil
	}
	switch c := line[0]; {
	case isDigit(c):
		return digitFirst
	case c == '[':
		return bracketFirst
	case c == '{':
		return braceFirst
	case c == '#':
		return hashFirst
	case c == '<':
		return angleFirst
	case isLetter(c) || c == '_':
		return letterFirst
	case c == ':' || c == '*' || c == '-':
		return otherFirst
	}
	return nil
}

// In each list the formats with the more particular heads come first.
var (
	digitFirst = []kind{
		nginxError, golang, console, haproxy, access, stunnel, redis, cri, w3c, headless, litespeed, mysql, postgres,
		proftpd, exim, albConnection, juli, lighttpd, syslog, openssl, slapd, app, compose,
	}
	bracketFirst = []kind{apacheError, envoy, haproxy, access, app, compose}
	braceFirst   = []kind{jsonLine}
	hashFirst    = []kind{directive}
	angleFirst   = []kind{syslog, schannelEvent}
	letterFirst  = []kind{
		syslog, access, haproxy, vsftpd, javaDebug, jul, albAccess, nlb, logfmt, journalField, compose, openssl, slapd, schannelEvent,
	}
	otherFirst = []kind{haproxy, access, logfmt}
)
