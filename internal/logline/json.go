package logline

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// field is what a member of a JSON object is taken for.
type field uint8

const (
	fTime field = iota
	fTimeSeconds
	fLevel
	fLogger
	fMsg
	fErr
	fErrText // of an object "error"
	fErrCode
	fClient
	fPort
	fName
	fSNI
	fAgent
	fStatus
	fConn
	fLog
	fStream
	fJournalMessage
	fJournalTime
	fJournalPID
	fJournalName
	fMongoContext
	fMongoComponent
	fEdgeStatus
	fOriginStatus
	fRayID
	fFlags
	fDownstreamReason
	fUpstreamReason
	fDetails
	fStatusDetails
	fErrorInfo
	fSeverity
	fUpstreamHost
	fTLSVersion
	fTLSVerify
	fRequestLine
	fProgram
	fFieldCount
)

// object is what was picked from a JSON object and the objects in it. Values are
// raw: strings without their marks.
type object struct {
	raw [fFieldCount][]byte
	set [fFieldCount]bool // the member is there, and the first of its kind
}

// maxNesting is how deep members are looked at; those below are skipped.
const maxNesting = 5

// read picks the members of the object that b begins with; it says whether b is
// one, at least up to where the line was cut.
func (o *object) read(b []byte) bool {
	clear(o.raw[:])
	clear(o.set[:])
	n, ok := o.members(b, nil, 0)
	return ok || n > 2
}

// members reads an object and returns its length.
func (o *object) members(b, parent []byte, depth int) (int, bool) {
	i := 1
	for members := 0; ; members++ {
		i = space(b, i)
		if i >= len(b) {
			return i, false
		}
		if b[i] == '}' {
			return i + 1, true
		}
		if members > 0 {
			if b[i] != ',' {
				return 0, false
			}
			i = space(b, i+1)
		}
		if i >= len(b) || b[i] != '"' {
			return 0, false
		}
		end := stringEnd(b, i)
		if end < 0 {
			return i, false
		}
		key := b[i+1 : end-1]
		i = space(b, end)
		if i >= len(b) || b[i] != ':' {
			return 0, false
		}
		i = space(b, i+1)
		if i >= len(b) {
			return i, false
		}
		switch b[i] {
		case '{':
			if depth >= maxNesting {
				n := skip(b[i:])
				if n == 0 {
					return i, false
				}
				i += n
				continue
			}
			n, ok := o.members(b[i:], key, depth+1)
			if !ok {
				return i + n, false
			}
			i += n
		case '[':
			n := skip(b[i:])
			if n == 0 {
				return i, false
			}
			o.pick(key, parent, b[i:i+n], depth)
			i += n
		case '"':
			end := stringEnd(b, i)
			if end < 0 { // the line was cut in it
				o.pick(key, parent, b[i+1:], depth)
				return len(b), false
			}
			o.pick(key, parent, b[i+1:end-1], depth)
			i = end
		default:
			n := i
			for n < len(b) && b[n] != ',' && b[n] != '}' && b[n] != ' ' && b[n] != ']' {
				n++
			}
			if n == i {
				return 0, false
			}
			o.pick(key, parent, b[i:n], depth)
			i = n
		}
	}
}

func space(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t') {
		i++
	}
	return i
}

// stringEnd is behind the closing mark of the string that begins at i.
func stringEnd(b []byte, i int) int {
	for i++; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return -1
}

// skip is the length of the array or object that b begins with, without a look
// into it; 0 if it has no end.
func skip(b []byte) int {
	open := 0
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '{', '[':
			open++
		case '}', ']':
			if open--; open == 0 {
				return i + 1
			}
		case '"':
			end := stringEnd(b, i)
			if end < 0 {
				return 0
			}
			i = end - 1
		}
	}
	return 0
}

// pick takes a member for what its name means.
func (o *object) pick(key, parent, value []byte, depth int) {
	f, ok := meaning(key, parent, depth)
	if !ok || o.set[f] || nothing(value) {
		return
	}
	o.raw[f], o.set[f] = value, true
}

// meaning says what the names mean that programs give to the members of their
// log lines.
func meaning(key, parent []byte, depth int) (field, bool) {
	switch string(key) {
	case "time", "ts", "@timestamp", "timestamp", "start_time", "EdgeStartTimestamp", "StartUTC", "eventTime", "datetime", "$date", "log_time":
		return fTime, depth == 0 || string(key) == "$date" && string(parent) == "t"
	case "EdgeEndTimestamp", "EdgeEndTimeStamp":
		return fTimeSeconds, true
	case "level", "lvl", "severity":
		return fLevel, depth == 0
	case "logger", "logger_name":
		return fLogger, depth == 0
	case "msg", "message", "Message":
		if string(parent) == "error" || string(parent) == "err" {
			return fErrText, true
		}
		return fMsg, depth == 0 || string(parent) == "jsonPayload"
	case "error", "err":
		return fErr, depth <= 1
	case "errmsg":
		return fErrText, true
	case "codeName":
		return fErrCode, true
	case "remote_addr", "client_ip", "remote_ip", "clientip", "clientIp", "client_addr", "clientAddr", "ClientAddr", "ClientHost", "ClientIP", "remoteIp", "remote", "remoteAddr", "remoteAddress", "downstream_remote_address", "downstream_direct_remote_address", "remote_host", "peer", "peer_addr", "source_ip", "src_ip", "ip", "c-ip", "socket_ip":
		return fClient, string(key) != "ip" || depth > 0 || len(parent) == 0
	case "remote_port", "client_port", "ClientPort", "remotePort", "ClientSrcPort", "clientPort", "src_port":
		return fPort, true
	case "sni", "server_name", "requested_server_name", "ssl_server_name", "tls_sni", "ServerName", "tls_server_name":
		return fSNI, true
	case "http_host", "authority", ":authority", "vhost", "ClientRequestHost", "RequestHost", "hostName", "identifier", "request_host":
		return fName, true
	case "host":
		return fName, string(parent) == "request" || string(parent) == "req" || string(parent) == "http"
	case "user_agent", "http_user_agent", "userAgent", "user-agent", "ClientRequestUserAgent", "agent", "request_User-Agent", "request_user_agent", "User-Agent":
		return fAgent, true
	case "status", "status_code", "response_code", "DownstreamStatus", "httpStatusCode", "code":
		return fStatus, string(key) != "code" && string(key) != "status" || depth == 0 || string(parent) == "httpRequest" || string(parent) == "response"
	case "connectionId", "connection_id", "conn_id", "connection":
		return fConn, true
	case "log":
		return fLog, depth == 0
	case "stream":
		return fStream, depth == 0
	case "MESSAGE":
		return fJournalMessage, depth == 0
	case "__REALTIME_TIMESTAMP":
		return fJournalTime, depth == 0
	case "_PID", "SYSLOG_PID":
		return fJournalPID, depth == 0
	case "SYSLOG_IDENTIFIER", "_COMM":
		return fJournalName, depth == 0
	case "ctx":
		return fMongoContext, depth == 0
	case "c":
		return fMongoComponent, depth == 0
	case "EdgeResponseStatus":
		return fEdgeStatus, true
	case "OriginResponseStatus":
		return fOriginStatus, true
	case "RayID":
		return fRayID, true
	case "response_flags":
		return fFlags, true
	case "downstream_transport_failure_reason":
		return fDownstreamReason, true
	case "upstream_transport_failure_reason":
		return fUpstreamReason, true
	case "response_code_details", "connection_termination_details":
		return fDetails, true
	case "statusDetails":
		return fStatusDetails, true
	case "errorInfo":
		return fErrorInfo, true
	case "error_severity":
		return fSeverity, depth == 0
	case "upstream_host", "upstream_addr", "ServiceAddr", "ServiceURL", "upstream":
		return fUpstreamHost, true
	case "tls_version", "ssl_protocol", "TLSVersion", "tls_protocol", "ClientSSLProtocol", "downstream_tls_version":
		return fTLSVersion, true
	case "ssl_client_verify", "tls_client_verify", "ClientMTLSAuthStatus", "proxyStatus":
		return fTLSVerify, true
	case "request", "request_line":
		return fRequestLine, depth == 0
	case "program", "app", "appname", "ident", "process":
		return fProgram, depth == 0
	}
	return 0, false
}

// text is a value with its escapes resolved, fresh if it has any.
func (o *object) text(f field) []byte { return unescape(o.raw[f]) }

// unescape resolves the escapes of RFC 8259 Section 7; what is none stays.
func unescape(b []byte) []byte {
	if bytes.IndexByte(b, '\\') < 0 {
		return b
	}
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] != '\\' || i+1 >= len(b) {
			out = append(out, b[i])
			continue
		}
		i++
		switch b[i] {
		case 'n':
			out = append(out, '\n')
		case 't':
			out = append(out, '\t')
		case 'r':
			out = append(out, '\r')
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'u':
			r := hex4(b[i+1:])
			if r < 0 {
				out = append(out, '\\', 'u')
				continue
			}
			i += 4
			if utf16.IsSurrogate(r) && hasPrefix(b[i+1:], `\u`) {
				if low := hex4(b[i+3:]); low >= 0 {
					if both := utf16.DecodeRune(r, low); both != utf8.RuneError {
						r = both
						i += 6
					}
				}
			}
			out = utf8.AppendRune(out, r)
		default:
			out = append(out, b[i])
		}
	}
	return out
}

func hex4(b []byte) rune {
	if len(b) < 4 {
		return -1
	}
	v := 0
	for _, c := range b[:4] {
		h := hex(c)
		if h < 0 {
			return -1
		}
		v = v<<4 | h
	}
	return rune(v)
}

// byteArray reads "[72,101,…]", as journald writes a message that is not UTF-8.
func byteArray(b []byte) []byte {
	if len(b) < 2 || b[0] != '[' {
		return b
	}
	out := make([]byte, 0, len(b)/3)
	for i := 1; i < len(b); {
		v, n := number(b[i:])
		if n == 0 {
			i++
			continue
		}
		if v > 255 {
			return b
		}
		out = append(out, byte(v))
		i += n
	}
	return out
}
