package diagnose

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/transcript"
)

// protocol is what a peer speaks instead of TLS.
type protocol struct {
	name string
	// starttls is the dialogue by which it may be upgraded, "" for none.
	starttls string
}

// greetings are how protocols begin, in the order in which they are looked for.
// any lists words of which one has to occur too, in lower case.
var greetings = []struct {
	prefix string
	any    []string
	p      protocol
}{
	{"HTTP/", nil, protocol{name: "HTTP"}},
	{"<!doctype html", nil, protocol{name: "HTTP"}},
	{"<html", nil, protocol{name: "HTTP"}},
	{"SSH-", nil, protocol{name: "SSH"}},
	{"* OK", nil, protocol{"IMAP", "imap"}},
	{"* PREAUTH", nil, protocol{"IMAP", "imap"}},
	{"* BYE", nil, protocol{"IMAP", "imap"}},
	{"+OK", nil, protocol{"POP3", "pop3"}},
	{"220", []string{"ftp"}, protocol{"FTP", "ftp"}},
	{"220", []string{"lmtp"}, protocol{"LMTP", "lmtp"}},
	{"220", []string{"smtp", "mail", "mx", "postfix", "exim", "sendmail"}, protocol{"SMTP", "smtp"}},
	{"220", nil, protocol{"SMTP or FTP", "smtp"}},
	{"554", nil, protocol{"SMTP", "smtp"}},
	{"421", nil, protocol{"SMTP or FTP", "smtp"}},
	{"500", []string{"command", "syntax", "unrecognized", "unknown"}, protocol{"a line protocol such as SMTP or FTP", "smtp"}},
	{"200", []string{"nnrp", "nntp", "news", "posting"}, protocol{"NNTP", "nntp"}},
	{"201", []string{"nnrp", "nntp", "news", "posting"}, protocol{"NNTP", "nntp"}},
	{"\"IMPLEMENTATION\"", nil, protocol{"ManageSieve", "sieve"}},
	{"<?xml", []string{"jabber", "stream:"}, protocol{"XMPP", "xmpp"}},
	{"<stream:", nil, protocol{"XMPP", "xmpp"}},
	{":", []string{"notice", " 451 ", " 421 "}, protocol{"IRC", "irc"}},
	{"NOTICE AUTH", nil, protocol{"IRC", "irc"}},
	{"ERROR :", nil, protocol{"IRC", "irc"}},
	{"-ERR", nil, protocol{name: "Redis"}},
	{"-DENIED", nil, protocol{name: "Redis"}},
	{"-NOAUTH", nil, protocol{name: "Redis"}},
	{"RFB ", nil, protocol{name: "VNC"}},
	{"@RSYNCD:", nil, protocol{name: "rsync"}},
	{"AMQP", nil, protocol{name: "AMQP"}},
	{"\xff\xfb", nil, protocol{name: "Telnet"}},
	{"\xff\xfd", nil, protocol{name: "Telnet"}},
}

// recognise names the protocol of a server's first bytes.
func recognise(b []byte) (protocol, bool) {
	lower := lowerASCII(b[:min(len(b), 512)])
	for _, g := range greetings {
		if !strings.HasPrefix(lower, lowerASCII([]byte(g.prefix))) {
			continue
		}
		if g.any == nil || containsAny(lower, g.any) {
			return g.p, true
		}
	}
	switch {
	case isMySQL(b):
		return protocol{"MySQL or MariaDB", "mysql"}, true
	case len(b) > 9 && b[0] == 'E' && b[1] == 0 && b[2] == 0 && bytes.Contains(b, []byte("SFATAL")):
		return protocol{"PostgreSQL", "postgres"}, true
	case len(b) > 6 && b[0] == 0x30 && bytes.Contains(b, []byte("1.3.6.1.4.1.1466.20036")): // notice of disconnection, RFC 4511
		return protocol{"LDAP", "ldap"}, true
	}
	return protocol{}, false
}

// lowerASCII leaves all else alone: strings.ToLower makes one and the same of
// all bytes that are no UTF-8, and so Telnet of any noise.
func lowerASCII(b []byte) string {
	out := bytes.Clone(b)
	for i, c := range out {
		if 'A' <= c && c <= 'Z' {
			out[i] = c + 'a' - 'A'
		}
	}
	return string(out)
}

func containsAny(s string, words []string) bool {
	for _, w := range words {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

// isMySQL recognises the server's handshake packet of protocol version 10, or an
// error packet in its place.
func isMySQL(b []byte) bool {
	if len(b) < 8 || b[3] != 0 {
		return false
	}
	n := int(b[0]) | int(b[1])<<8 | int(b[2])<<16
	if n < 4 || n > 1024 {
		return false
	}
	return b[4] == 10 && b[5] >= '0' && b[5] <= '9' || b[4] == 0xff
}

// alienFinding names what stands there instead of TLS.
func (s *session) alienFinding(addr netip.AddrPort, t *transcript.Transcript, p protocol) {
	id, detail := cause.NotTLS, fmt.Sprintf("%s speaks %s there, not TLS: its first bytes are %q.", addr, orElse(p.name, "something else"), excerpt(t.Reply))
	if p.starttls != "" && s.target.StartTLS == "" {
		id = cause.STARTTLSRequired
		detail = fmt.Sprintf("%s speaks %s in clear text first and upgrades to TLS by STARTTLS: its first bytes are %q.", addr, p.name, excerpt(t.Reply))
	}
	f := finding(id, report.Proved, detail, t.ID)
	if p.starttls != "" {
		f.Values["service"] = p.starttls
	}
	s.add(observed(f, "the server's first bytes: "+fmt.Sprintf("%q", excerpt(t.Reply)), t.ID))
}

// excerpt is the first line of a reply, cut to what fits a sentence.
func excerpt(b []byte) string {
	if i := bytes.IndexAny(b, "\r\n"); i > 0 {
		b = b[:i]
	}
	return string(b[:min(len(b), 60)])
}
