package logline

import (
	"bytes"
	"net/netip"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// jsonLine reads a line that is a JSON object: what wraps another line, the logs
// of programs and CDNs that are known by their members, and any other.
func (p *Parser) jsonLine(l *Line, line []byte, depth int) bool {
	if len(line) < 2 || line[0] != '{' {
		return false
	}
	o := &p.object
	if !o.read(line) {
		return false
	}
	switch {
	case o.set[fJournalMessage]:
		p.journal(l, o, depth)
		return true
	case o.set[fLog] && !o.set[fMsg]:
		p.docker(l, o, depth)
		return true
	}
	l.Format = "json"
	p.jsonCommon(l, o)
	switch {
	case o.set[fEdgeStatus] || o.set[fRayID]:
		p.cloudflare(l, o)
	case o.set[fMongoContext] && o.set[fMongoComponent]:
		p.mongo(l, o)
	case o.set[fStatusDetails]:
		l.Format, l.Software = "google-lb", "google-lb"
		l.Speaks = cause.SpeaksServer
		p.pairs(l, o.raw[fStatus], "statusDetails", o.text(fStatusDetails))
	case o.set[fErrorInfo]:
		l.Format, l.Software = "azure-edge", "azure-edge"
		p.pairs(l, o.raw[fStatus], "errorInfo", o.text(fErrorInfo))
	case o.set[fFlags] || o.set[fDownstreamReason] || o.set[fUpstreamReason]:
		p.envoyJSON(l, o)
	case o.set[fSeverity]:
		l.Format, l.Software, l.Speaks = "postgresql", "postgresql", cause.SpeaksServer
		l.Message = p.texts.join(o.text(fSeverity), l.Message)
		p.postgresText(l)
	default:
		p.jsonProgram(l, o)
	}
	return true
}

// jsonCommon takes what most formats have.
func (p *Parser) jsonCommon(l *Line, o *object) {
	if o.set[fTime] {
		l.Time, _ = p.anyTime(o.text(fTime))
	} else if o.set[fTimeSeconds] {
		l.Time, _ = p.anyTime(o.raw[fTimeSeconds])
	}
	if o.set[fClient] {
		client := o.text(fClient)
		if l.Client, l.Port = wholeEndpoint(client); !l.Client.IsValid() {
			l.Client, l.Port = lastColonPort(client)
		}
		if l.Port != 0 {
			l.Conn = client
		}
	}
	if o.set[fPort] {
		if v, n := number(o.raw[fPort]); n > 0 && v < 65536 {
			l.Port = uint16(v)
		}
	}
	if l.Conn == nil && l.Port != 0 && l.Client.IsValid() {
		l.Conn = netip.AddrPortFrom(l.Client, l.Port).AppendTo(nil)
	}
	if o.set[fSNI] {
		l.Name = hostOnly(o.text(fSNI))
	}
	if l.Name == nil && o.set[fName] {
		l.Name = hostOnly(o.text(fName))
	}
	if o.set[fAgent] && len(o.raw[fAgent]) > 0 {
		if l.Agent = o.text(fAgent); l.Agent[0] == '[' {
			l.Agent = nil
		}
	}
	msg, err := o.text(fMsg), o.text(fErr)
	if o.set[fErrText] {
		err = o.text(fErrText)
	}
	if len(msg) > 0 && len(err) > 0 && bytes.Contains(msg, err) {
		err = nil
	}
	l.Message = p.reason(msg, err)
}

// reason puts a text and its error together.
func (p *Parser) reason(a, b []byte) []byte {
	switch {
	case len(b) == 0:
		return a
	case len(a) == 0:
		return b
	}
	if string(b) == "EOF" { // too little to be told apart by itself
		p.texts.scratch = append(append(p.texts.scratch[:0], a...), `","error":"EOF"`...)
		return p.texts.keep()
	}
	p.texts.scratch = append(append(append(p.texts.scratch[:0], a...), ": "...), b...)
	return p.texts.keep()
}

// pairs makes `status "name":"value"` the message.
func (p *Parser) pairs(l *Line, status []byte, name string, value []byte) {
	s := p.texts.scratch[:0]
	if len(status) > 0 {
		s = append(append(s, status...), ' ')
	}
	s = append(append(append(s, '"'), name...), `":"`...)
	p.texts.scratch = append(append(s, value...), '"')
	l.Message = p.texts.keep()
}

// jsonProgram tells programs that log in JSON apart, and reads the text of those
// that put another line into it.
func (p *Parser) jsonProgram(l *Line, o *object) {
	msg := l.Message
	if i := index(msg, goHandshake); i >= 0 && i < 80 {
		l.Software = "go"
		p.goHTTP(l, msg)
	} else if o.set[fClient] || len(msg) > 0 {
		text, a, port := p.scrub(msg)
		l.Message = text
		if !l.Client.IsValid() {
			l.Client, l.Port = a, port
		}
	}
	logger := o.raw[fLogger]
	switch {
	case hasPrefix(logger, "http") || hasPrefix(logger, "tls") || hasPrefix(logger, "events") || hasPrefix(logger, "admin") || hasPrefix(logger, "pki"):
		l.Format, l.Software = "caddy", "caddy"
		p.caddyStatus(l, o)
	case hasPrefix(o.raw[fProgram], "traefik") || o.set[fUpstreamHost] && o.set[fStatus] && o.set[fLevel] || isTraefik(l.Message):
		l.Format, l.Software = "traefik", "traefik"
		p.withStatus(l, o)
	default:
		p.withStatus(l, o)
	}
}

// isTraefik knows texts of Traefik, whose JSON lines have the names of many
// programs.
func isTraefik(msg []byte) bool {
	return hasPrefix(msg, "Serving default certificate for request") || hasPrefix(msg, "TLS options difference") || hasPrefix(msg, "500 Internal Server Error: tls:")
}

// caddyStatus: the logger http.log.error has failures of reverse_proxy, where
// Caddy is the client.
func (p *Parser) caddyStatus(l *Line, o *object) {
	if l.Speaks == "" && hasPrefix(o.raw[fLogger], "tls") {
		l.Speaks = cause.SpeaksServer
	}
	if hasPrefix(o.raw[fLogger], "http.log.error") || hasPrefix(o.raw[fLogger], "http.handlers.reverse_proxy") {
		l.Speaks = cause.SpeaksClient
		if hasPrefix(o.raw[fLogger], "http.log.error") {
			l.Message = p.texts.join(httpError, l.Message)
		}
	}
	p.withStatus(l, o)
}

// withStatus adds an HTTP status and a certificate's verdict, where they are, to
// the message.
func (p *Parser) withStatus(l *Line, o *object) {
	status := o.raw[fStatus]
	if len(status) != 3 || digits(status) != 3 || status[0] < '4' {
		status = nil
	}
	var verdict, hello []byte
	if o.set[fTLSVerify] && hasPrefix(o.raw[fTLSVerify], "FAILED") {
		verdict = o.text(fTLSVerify)
	}
	if o.set[fRequestLine] {
		request := o.raw[fRequestLine]
		if hasPrefix(request, `\\x16`) { // the escape of an escape
			request = unescape(request)
		}
		if hello = helloInRequest(request); hello != nil {
			p.texts.scratch = append(append(append(p.texts.scratch[:0], '"'), hello...), '"')
			hello = p.texts.keep()
		}
	}
	l.Message = p.texts.join(hello, status, l.Message, verdict)
}

// httpError is the name of the logger for failed requests, which is how Caddy's
// own failures as a client are known.
var httpError = []byte(`"logger":"http.log.error"`)

// cloudflare reads the HTTP requests of Logpush. 525 and 526 are of Cloudflare's
// connection to the origin.
func (p *Parser) cloudflare(l *Line, o *object) {
	l.Format, l.Software = "cloudflare", "cloudflare"
	s := append(p.texts.scratch[:0], `"EdgeResponseStatus":`...)
	s = append(s, o.raw[fEdgeStatus]...)
	if o.set[fOriginStatus] {
		s = append(append(s, `,"OriginResponseStatus":`...), o.raw[fOriginStatus]...)
	}
	l.Speaks = cause.SpeaksServer
	if hasPrefix(o.raw[fEdgeStatus], "52") || hasPrefix(o.raw[fEdgeStatus], "53") {
		l.Speaks = cause.SpeaksClient
	}
	if o.set[fTLSVerify] && !hasPrefix(o.raw[fTLSVerify], "unknown") && string(o.raw[fTLSVerify]) != "ok" {
		s = append(append(append(s, `,"ClientMTLSAuthStatus":"`...), o.raw[fTLSVerify]...), '"')
	}
	p.texts.scratch = s
	l.Message = p.texts.keep()
}

// mongo reads the structured log of MongoDB 4.4 and later.
func (p *Parser) mongo(l *Line, o *object) {
	l.Format, l.Software = "mongodb", "mongodb"
	l.Speaks = cause.SpeaksServer
	if hasPrefix(o.raw[fMongoContext], "conn") {
		l.Conn = o.raw[fMongoContext]
	} else {
		l.Speaks = cause.SpeaksEither // it dials other members of its set
	}
	if o.set[fErrCode] {
		l.Message = p.texts.join(o.raw[fErrCode], l.Message)
	}
	l.Message, _, _ = p.scrub(l.Message)
}

// envoyJSON reads access logs whose fields are named after Envoy's operators.
func (p *Parser) envoyJSON(l *Line, o *object) {
	l.Format, l.Software = "envoy", "envoy"
	l.Speaks = cause.SpeaksServer
	if o.set[fUpstreamReason] {
		l.Speaks = cause.SpeaksClient
	}
	l.Message = p.texts.join(o.raw[fStatus], o.raw[fFlags], o.text(fDetails), o.text(fDownstreamReason), o.text(fUpstreamReason))
}
