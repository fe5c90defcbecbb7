package logline

import (
	"bytes"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// albAccess reads the access log of an Application Load Balancer:
//
//	https 2026-11-24T02:47:45.123456Z app/web/50dc6c495c0c9188 192.0.2.7:2817 10.0.0.1:443 -1 -1 -1 502 - 34 366 "GET https://www.example.com:443/ HTTP/1.1" "curl/8.5.0" TLS_AES_128_GCM_SHA256 TLSv1.3 arn:… "Root=…" "www.example.com" "arn:…" 0 2026-11-24T02:47:44.0Z "forward" "-" "-" "10.0.0.1:443" "-" "-" "-"
func (p *Parser) albAccess(l *Line, line []byte) bool {
	kind, rest := word(line)
	switch string(kind) {
	case "http", "https", "h2", "grpcs", "ws", "wss":
	default:
		return false
	}
	stamp, rest := word(rest)
	when, n := p.iso(stamp)
	balancer, rest := word(rest)
	if n == 0 || bytes.IndexByte(balancer, '/') < 0 {
		return false
	}
	client, rest := word(rest)
	target, rest := word(rest)
	l.Format, l.Software, l.Speaks, l.Time = "aws-alb", "aws-alb", cause.SpeaksServer, when
	l.Client, l.Port = lastColonPort(client)
	if !l.Client.IsValid() {
		l.Client, l.Port = wholeEndpoint(client)
	}
	if l.Port != 0 {
		l.Conn = client
	}
	for range 3 { // durations
		_, rest = word(rest)
	}
	status, rest := word(rest)
	targetStatus, rest := word(rest)
	if !nothing(target) && nothing(targetStatus) && len(status) == 3 && status[0] == '5' {
		l.Speaks = cause.SpeaksClient // its connection to the target failed
	}
	for range 2 { // bytes
		_, rest = word(rest)
	}
	_, k := quoted(rest)
	rest = trimLeft(rest[k:])
	agent, k := quoted(rest)
	l.Agent = something(agent)
	rest = trimLeft(rest[k:])
	_, rest = word(rest) // suite
	version, rest := word(rest)
	var quotes [9][]byte
	q := 0
	for i := 0; i < len(rest) && q < len(quotes); i++ {
		if rest[i] == '"' {
			text, length := quoted(rest[i:])
			quotes[q] = text
			q++
			i += length - 1
		}
	}
	if q > 1 { // trace, name, certificate, actions, redirect, error_reason
		l.Name = hostOnly(quotes[1])
	}
	var reason []byte
	if q > 5 {
		reason = something(quotes[5])
	}
	l.Message = p.texts.join(status, something(targetStatus), something(version), reason)
	return true
}

// albConnection reads the connection log of an Application Load Balancer:
//
//	2026-11-24T02:47:45.123456Z 192.0.2.7 52436 443 TLSv1.3 TLS_AES_128_GCM_SHA256 - "CN=…" 2026-…;2027-… 1234 Failed:ClientCertExpired TID_…
//	2026-11-24T02:47:45.123456Z 192.0.2.7 52436 443 - - - "-" - - UnmappedConnectionError TID_…
func (p *Parser) albConnection(l *Line, line []byte) bool {
	if len(line) < 40 || line[10] != 'T' {
		return false
	}
	stamp, rest := word(line)
	when, n := p.iso(stamp)
	if n == 0 || n != len(stamp) {
		return false
	}
	client, rest := word(rest)
	a, _ := wholeEndpoint(client)
	port, rest := word(rest)
	listener, rest := word(rest)
	v, k := number(port)
	if !a.IsValid() || k == 0 || k != len(port) || v > 65535 || digits(listener) != len(listener) || len(listener) == 0 {
		return false
	}
	l.Format, l.Software, l.Speaks, l.Time = "aws-alb-connection", "aws-alb", cause.SpeaksServer, when
	l.Client, l.Port = a, uint16(v)
	version, rest := word(rest)
	i := bytes.LastIndex(rest, []byte(" TID_"))
	if i < 0 {
		i = len(rest)
	} else {
		l.Conn = rest[i+1:]
	}
	verdict := rest[:i]
	if j := bytes.LastIndexByte(verdict, ' '); j >= 0 {
		verdict = verdict[j+1:]
	}
	l.Message = p.texts.join(something(version), something(verdict))
	return true
}

// nlb reads the TLS log of a Network Load Balancer:
//
//	tls 2.0 2026-11-24T02:47:45 net/web/c6e77e28c25b2234 g3d4b5e8bb8464cd 192.0.2.7:51341 10.0.0.1:443 5 2 98 246 - arn:… - TLS_AES_128_GCM_SHA256 tlsv13 - www.example.com …
func (p *Parser) nlb(l *Line, line []byte) bool {
	if !hasPrefix(line, "tls ") {
		return false
	}
	var f [18][]byte
	rest := line
	n := 0
	for n < len(f) && len(rest) > 0 {
		f[n], rest = word(rest)
		n++
	}
	if n < 12 || !isDigit(f[1][0]) {
		return false
	}
	when, k := p.iso(f[2])
	if k == 0 {
		return false
	}
	l.Format, l.Software, l.Speaks, l.Time = "aws-nlb", "aws-alb", cause.SpeaksServer, when
	l.Client, l.Port = wholeEndpoint(f[5])
	if !l.Client.IsValid() {
		l.Client, l.Port = lastColonPort(f[5])
	}
	if l.Port != 0 {
		l.Conn = f[5]
	}
	if n > 17 && isName(f[17]) {
		l.Name = f[17]
	}
	handshake, alert, version := f[8], f[11], f[15]
	s := p.texts.scratch[:0]
	s = append(s, "TLS handshake"...)
	if nothing(handshake) { // no time: it did not end
		s = append(s, " failed"...)
	}
	if !nothing(version) {
		s = append(append(s, ' '), version...)
	}
	if !nothing(alert) {
		s = append(append(s, " incoming_tls_alert "...), alert...)
	}
	p.texts.scratch = s
	l.Message = p.texts.keep()
	return true
}
