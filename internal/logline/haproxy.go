package logline

import (
	"bytes"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// haproxy reads the lines of HAProxy about connections and requests:
//
//	192.0.2.7:48022 [24/Nov/2026:02:47:34.570] fe/1: SSL handshake failure
//	192.0.2.7:43098 [24/Nov/2026:02:48:04.749] fe~ fe/<NOSRV> -1/-1/-1/-1/14 400 0 - - CR-- 1/1/0/0/0 0/0 "<BADREQ>"
//	192.0.2.7:43098 [24/Nov/2026:02:48:04.749] fe~ be/s1 1/0/30 212 -- 1/1/0/0/0 0/0
//	192.0.2.7:43098 [24/Nov/2026:02:48:04.749] fe~ 34/0A000412/0/0/0 www.example.com/TLSv1.3/TLS_AES_128_GCM_SHA256
//
// The last is the form that the manual recommends for error-log-format; httplog
// may have the same at its end (option httpslog).
func (p *Parser) haproxy(l *Line, line []byte) bool {
	open := bytes.IndexByte(line[:min(len(line), 80)], '[')
	if open == 0 {
		next := bytes.IndexByte(line[1:min(len(line), 80)], '[')
		open = next + 1
		if next < 0 {
			return false
		}
	}
	if open < 9 || line[open-1] != ' ' {
		return false
	}
	peer := line[:open-1]
	a, port := lastColonPort(peer)
	if !a.IsValid() {
		if a, port = wholeEndpoint(peer); !a.IsValid() || port == 0 {
			return false
		}
	}
	when, n := p.clfTime(line[open:])
	if n == 0 || open+n+1 >= len(line) || line[open+n] != ' ' {
		return false
	}
	l.Format, l.Software, l.Speaks = "haproxy", "haproxy", cause.SpeaksServer
	l.Time, l.Client, l.Port, l.Conn = when, a, port, peer
	rest := line[open+n+1:]
	w, fields := word(rest)
	if len(w) > 0 && w[len(w)-1] == ':' { // "fe/1:"
		// The bracket stays: it is what signatures know these texts by.
		l.Message = line[open+n-1:]
		return true
	}
	p.haproxyFields(l, line[open+n-1:], w, fields)
	return true
}

// haproxyFields reads what follows the frontend of a log line by fields.
func (p *Parser) haproxyFields(l *Line, whole, frontend, b []byte) {
	backend, rest := word(b)
	if bytes.Count(backend, []byte("/")) == 4 { // error-log-format
		l.Message = whole
		names, _ := word(rest)
		p.haproxyErrors(l, append(append(p.texts.scratch[:0], "] "...), frontend...), backend, names)
		return
	}
	timers, rest := word(rest)
	status, after := word(rest)
	s := append(p.texts.scratch[:0], "] "...)
	s = append(append(append(append(s, frontend...), ' '), backend...), ' ')
	s = appendTimers(s, timers)
	if bytes.Count(timers, []byte("/")) == 4 {
		s = append(append(s, ' '), status...)
		s = append(s, " 0 - -"...)
		for range 3 { // bytes, two captured cookies
			_, after = word(after)
		}
	} else {
		s = append(s, " 0"...)
	}
	state, after := word(after)
	s = append(append(append(s, ' '), state...), ' ')
	if len(state) >= 2 && state[0] == 'S' && state[1] == 'C' { // no connection to the server
		l.Speaks = cause.SpeaksClient
	}
	if i := bytes.IndexByte(after, '"'); i >= 0 {
		request, n := quoted(after[i:])
		if string(request) == "<BADREQ>" {
			s = append(s, `"<BADREQ>"`...)
		}
		errors, names := word(trimLeft(after[i+n:]))
		if bytes.Count(errors, []byte("/")) == 4 {
			names, _ = word(names)
			p.haproxyErrors(l, s, errors, names)
			return
		}
	}
	p.texts.scratch = s
	l.Message = p.texts.keep()
}

// haproxyErrors adds "fc_err/ssl_fc_err/ssl_c_err/ssl_c_ca_err/resumed" and takes
// the name from "sni/version/suite".
func (p *Parser) haproxyErrors(l *Line, s, errors, names []byte) {
	if name := before(names, "/"); isName(name) {
		l.Name = name
	}
	s = append(append(s, ' '), errors...)
	_, rest, _ := bytes.Cut(errors, []byte("/"))
	code, rest, _ := bytes.Cut(rest, []byte("/"))
	if k := hexRun(code); k == len(code) && k >= 8 && string(code[k-8:]) != "00000000" {
		s = append(append(s, " error:"...), code[k-8:]...)
		s = append(s, ":SSL routines::"...)
	}
	if verify := before(rest, "/"); len(verify) > 0 && string(verify) != "0" && digits(verify) == len(verify) {
		s = append(append(s, " verify error:num="...), verify...)
		s = append(s, ':')
	}
	p.texts.scratch = s
	l.Message = p.texts.keep()
}

// appendTimers keeps of a request's timers which phases were reached: -1 is a
// phase that was not, 0 is one that took no time.
func appendTimers(s, timers []byte) []byte {
	for i := 0; i < len(timers); {
		switch c := timers[i]; {
		case c == '-' || c == '/' || c == '+':
			s = append(s, c)
			i++
		case isDigit(c):
			k := digits(timers[i:])
			if k == 1 && c == '0' || i > 0 && timers[i-1] == '-' {
				s = append(s, c)
			} else {
				s = append(s, '1')
			}
			i += k
		default:
			i++
		}
	}
	return s
}
