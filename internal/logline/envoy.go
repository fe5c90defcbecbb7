package logline

import (
	"bytes"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// envoy reads Envoy's own log and its access log of text:
//
//	[2026-11-24 02:47:45.123][14][debug][connection] [source/…/ssl_socket.cc:246] [Tags: "ConnectionId":"17"] remote address:192.0.2.7:5000,TLS_error:|268435581:…
//	[2026-11-24T02:47:45.123Z] "GET / HTTP/1.1" 503 UF,URX upstream_reset_before_response_started{…} - "TLS_error:|268435581:…" 0 159 10 - "-" "curl/8.5.0" "id" "www.example.com" "192.0.2.9:443"
func (p *Parser) envoy(l *Line, line []byte) bool {
	if len(line) < 30 || line[0] != '[' {
		return false
	}
	when, n := p.iso(line[1:])
	if n++; n == 1 || n+2 >= len(line) || line[n] != ']' {
		return false
	}
	switch {
	case line[n+1] == '[' && isDigit(line[n+2]):
		p.envoyLog(l, line[n+1:])
	case line[n+1] == ' ' && line[n+2] == '"':
		p.envoyAccess(l, line[n+2:])
		if l.Format == "" {
			return false
		}
	default:
		return false
	}
	l.Format, l.Software, l.Time = "envoy", "envoy", when
	return true
}

func (p *Parser) envoyLog(l *Line, b []byte) {
	for len(b) > 0 && b[0] == '[' {
		end := bytes.IndexByte(b, ']')
		if end < 0 {
			break
		}
		in := b[1:end]
		switch {
		case hasPrefix(in, "C") && digits(in[1:]) > 0: // "[C17]", "[C17][S42]"
			l.Conn = in
		case hasPrefix(in, "Tags: "):
			if id, ok := after(in, `"ConnectionId":"`); ok {
				l.Conn = before(id, `"`)
			}
		case string(in) == "pool" || string(in) == "router" || string(in) == "upstream" || string(in) == "hc":
			l.Speaks = cause.SpeaksClient
		case string(in) == "conn_handler":
			l.Speaks = cause.SpeaksServer
		}
		b = trimLeft(b[end+1:])
	}
	l.Message, l.Client, l.Port = p.scrub(b)
}

// envoyAccess reads the default format, and Istio's, which has three fields more
// before the sizes and the two ends of the connection behind them.
func (p *Parser) envoyAccess(l *Line, b []byte) {
	request, n := quoted(b)
	status, rest := word(trimLeft(b[n:]))
	flags, rest := word(rest)
	if k := digits(status); k == 0 || k != len(status) {
		return
	}
	l.Format, l.Speaks = "envoy", cause.SpeaksServer
	var details, termination, failure []byte
	if w, _ := word(rest); digits(w) != len(w) {
		details, rest = word(rest)
		if hasPrefix(details, "via_upstream") {
			details = nil
		}
		termination, rest = word(rest)
		var k int
		failure, k = quoted(rest)
		rest = trimLeft(rest[k:])
	} else if i := index(b, "TLS_error:"); i >= 0 { // an operator of the administrator's
		failure = b[i:]
		for k, c := range failure {
			if c == '"' || c == '\t' {
				failure = failure[:k]
				break
			}
		}
	}
	failure = something(failure)
	if bytes.IndexByte(flags, 'U') >= 0 && failure != nil { // UF: the upstream's connection failed
		l.Speaks = cause.SpeaksClient
	}
	var quotes [6][]byte
	k, last := 0, 0
	for i := 0; i < len(rest) && k < len(quotes); i++ {
		if rest[i] == '"' {
			text, length := quoted(rest[i:])
			quotes[k] = text
			k++
			i += length - 1
			last = i + 1
		}
	}
	if k >= 5 { // forwarded-for, agent, request id, authority, upstream
		last := quotes[k-5 : k]
		l.Client, l.Port = wholeEndpoint(before(last[0], ","))
		l.Agent = something(last[1])
		l.Name = hostOnly(last[3])
	}
	tail := trimLeft(rest[min(last, len(rest)):])
	for field := 0; len(tail) > 0 && field < 6; field++ { // cluster, local, local, remote, name, route
		var w []byte
		w, tail = word(tail)
		if a, port := wholeEndpoint(w); a.IsValid() && field == 3 {
			l.Client, l.Port, l.Conn = a, port, w
		} else if field == 4 && isName(w) {
			l.Name = w
		}
	}
	var hello []byte
	if hello = helloInRequest(request); hello != nil {
		p.texts.scratch = append(append(append(p.texts.scratch[:0], '"'), hello...), '"')
		hello = p.texts.keep()
	}
	l.Message = p.texts.join(hello, status, something(flags), something(details), something(termination), failure)
	l.Message, _, _ = p.scrub(l.Message)
}
