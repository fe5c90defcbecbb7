package logline

import (
	"bytes"
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// column is what a column of a W3C Extended Log File holds.
type column uint8

const (
	columnOther column = iota
	columnDate
	columnTime
	columnClient
	columnPort
	columnHost
	columnAgent
	columnStatus
	columnSubstatus
	columnWin32
	columnReason
	columnProtocol
	columnResult
	columnDetail
)

// maxColumns is more than any known log has.
const maxColumns = 64

func columnOf(name []byte) column {
	switch string(name) {
	case "date":
		return columnDate
	case "time":
		return columnTime
	case "c-ip":
		return columnClient
	case "c-port":
		return columnPort
	case "cs-host", "x-host-header":
		return columnHost
	case "cs(Host)": // of CloudFront: the distribution; x-host-header is what was asked
		return columnHost
	case "cs(User-Agent)":
		return columnAgent
	case "sc-status":
		return columnStatus
	case "sc-substatus":
		return columnSubstatus
	case "sc-win32-status":
		return columnWin32
	case "s-reason":
		return columnReason
	case "ssl-protocol", "crypt-protocol":
		return columnProtocol
	case "x-edge-result-type":
		return columnResult
	case "x-edge-detailed-result-type", "sc-error", "connection-status", "tls-status":
		return columnDetail
	}
	return columnOther
}

// directive reads the lines that begin with #; #Fields names the columns of what
// follows.
func (p *Parser) directive(l *Line, line []byte) bool {
	if len(line) < 2 || line[0] != '#' {
		return false
	}
	fields, ok := bytes.CutPrefix(line, []byte("#Fields:"))
	if !ok {
		for _, d := range []string{"#Software:", "#Version:", "#Date:", "#Remark:", "#Start-Date:", "#End-Date:"} {
			if hasPrefix(line, d) {
				l.Format = "w3c"
				return true
			}
		}
		return false
	}
	p.columns, p.cloudfront = p.columns[:0], false
	for fields = trim(fields); len(fields) > 0 && len(p.columns) < maxColumns; {
		var name []byte
		if i := bytes.IndexAny(fields, " \t"); i >= 0 {
			name, fields = fields[:i], trimLeft(fields[i:])
		} else {
			name, fields = fields, nil
		}
		if hasPrefix(name, "x-edge-") {
			p.cloudfront = true
		}
		p.columns = append(p.columns, columnOf(name))
	}
	l.Format = "w3c"
	return true
}

// w3c reads a line of columns that a #Fields line before it named: IIS, HTTP.sys
// and, with tabs, CloudFront.
func (p *Parser) w3c(l *Line, line []byte) bool {
	if len(p.columns) < 4 || len(line) < 10 || !isDigit(line[0]) {
		return false
	}
	if _, ok := date(line, '-'); !ok {
		return false
	}
	sep := byte(' ')
	if bytes.IndexByte(line, '\t') >= 0 {
		sep = '\t'
	}
	if bytes.Count(line, []byte{sep})+1 != len(p.columns) {
		return false
	}
	var status, sub, win32, reason, result, detail, protocol []byte
	var day at
	var hasDay bool
	var clock []byte
	rest := line
	for _, c := range p.columns {
		var v []byte
		if i := bytes.IndexByte(rest, sep); i >= 0 {
			v, rest = rest[:i], rest[i+1:]
		} else {
			v, rest = rest, nil
		}
		if nothing(v) {
			continue
		}
		switch c {
		case columnDate:
			day, hasDay = date(v, '-')
		case columnTime:
			clock = v
		case columnClient:
			l.Client, _ = address(v)
		case columnPort:
			if n, k := number(v); k == len(v) && n < 65536 {
				l.Port = uint16(n)
			}
		case columnHost:
			l.Name = hostOnly(v)
		case columnAgent:
			l.Agent = v
		case columnStatus:
			status = v
		case columnSubstatus:
			sub = v
		case columnWin32:
			win32 = v
		case columnReason:
			reason = v
		case columnResult:
			result = v
		case columnDetail:
			detail = v
		case columnProtocol:
			protocol = v
		case columnOther:
		}
	}
	if hasDay && day.hours(clock) {
		l.Time = day.offset(0) // both write UTC
	}
	if p.cloudfront {
		l.Format, l.Software = "cloudfront", "aws-cloudfront"
		l.Speaks = cause.SpeaksServer
		if hasPrefix(detail, "Origin") || hasPrefix(detail, "NonS3Origin") {
			l.Speaks = cause.SpeaksClient
		}
		if bytes.Equal(result, detail) {
			detail = nil
		}
		l.Message = p.texts.join(status, result, detail, protocol)
		return true
	}
	l.Format, l.Software, l.Speaks = "iis", "iis", cause.SpeaksServer
	s := p.texts.scratch[:0]
	if status != nil {
		s = append(append(s, "HTTP Error "...), status...)
		if sub != nil && string(sub) != "0" {
			s = append(append(s, '.'), sub...)
		}
	}
	if win32 != nil && string(win32) != "0" {
		s = append(append(s, " sc-win32-status "...), win32...)
	}
	if reason != nil {
		s = append(append(s, ' '), reason...)
	}
	p.texts.scratch = s
	l.Message = trimLeft(p.texts.keep())
	return true
}

// cloudfrontColumns are those of the standard log, for files whose head is cut
// off.
var cloudfrontColumns = []string{
	"date", "time", "x-edge-location", "sc-bytes", "c-ip", "cs-method", "cs(Host)", "cs-uri-stem", "sc-status", "cs(Referer)",
	"cs(User-Agent)", "cs-uri-query", "cs(Cookie)", "x-edge-result-type", "x-edge-request-id", "x-host-header", "cs-protocol",
	"cs-bytes", "time-taken", "x-forwarded-for", "ssl-protocol", "ssl-cipher", "x-edge-response-result-type", "cs-protocol-version",
	"fle-status", "fle-encrypted-fields", "c-port", "time-to-first-byte", "x-edge-detailed-result-type", "sc-content-type",
	"sc-content-len", "sc-range-start", "sc-range-end",
}

// headless reads a line of CloudFront's where no #Fields line came before.
func (p *Parser) headless(l *Line, line []byte) bool {
	if len(line) < 60 || line[10] != '\t' || bytes.Count(line, []byte("\t"))+1 != len(cloudfrontColumns) {
		return false
	}
	if _, ok := date(line, '-'); !ok {
		return false
	}
	p.columns, p.cloudfront = p.columns[:0], true
	for _, name := range cloudfrontColumns {
		p.columns = append(p.columns, columnOf([]byte(name)))
	}
	return p.w3c(l, line)
}

// usDate reads "11/24/2026 2:47:45 AM" and "24/11/2026 02:47:45", as Windows
// writes them by locale: a twelve-hour clock goes with the month first.
func (p *Parser) usDate(b []byte) (when time.Time, length int) {
	first, n := number(b)
	if n < 1 || n > 2 || n >= len(b) || b[n] != '/' && b[n] != '.' && b[n] != '-' {
		return when, 0
	}
	sep := b[n]
	i := n + 1
	second, n := number(b[i:])
	i += n
	if n < 1 || n > 2 || i >= len(b) || b[i] != sep {
		return when, 0
	}
	year, n := number(b[i+1:])
	i += 1 + n
	if n != 4 || i >= len(b) || b[i] != ' ' && b[i] != ',' {
		return when, 0
	}
	end := b[i:min(len(b), i+18)]
	t := at{year: int(year), month: int(first), day: int(second)}
	if sep == '.' || first > 12 || second <= 12 && index(end, "AM") < 0 && index(end, "PM") < 0 {
		t.month, t.day = t.day, t.month
	}
	if t.month < 1 || t.month > 12 || t.day < 1 || t.day > 31 {
		return when, 0
	}
	when, n = p.clock12(t, b[i:])
	if n == 0 {
		return when, 0
	}
	return when, i + n
}
