package lab

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
)

// startTLS is how a mail server of the lab treats STARTTLS.
type startTLS int

const (
	offered   startTLS = iota
	missing            // not offered, and unknown when asked for
	refused            // offered, and then refused
	garbled            // something on the way has overwritten the offer
	dumbAfter          // agreed to, and then no TLS follows
)

// mail is a protocol that starts in clear text.
type mail struct {
	greeting string
	// reply answers one line. upgrade: TLS begins after the answer.
	reply func(line string, how startTLS) (out string, upgrade, quit bool)
}

var errLine = errors.New("line too long")

// mailUp serves a mail protocol that upgrades to TLS.
func mailUp(m mail, how startTLS, certificate func(p *pki, host string) (tls.Certificate, error)) func(*env) error {
	return func(e *env) error {
		cert, err := certificate(e.pki, e.host)
		if err != nil {
			return err
		}
		cfg := serverConfig(cert)
		return e.serve(func(ctx context.Context, c *net.TCPConn) { m.serve(ctx, c, cfg, how) })
	}
}

func (m mail) serve(ctx context.Context, c net.Conn, cfg *tls.Config, how startTLS) {
	io.WriteString(c, m.greeting+"\r\n")
	upgraded, err := m.talk(c, how)
	if err != nil || !upgraded {
		return
	}
	if how == dumbAfter {
		_, _ = m.talk(c, missing)
		return
	}
	t := tls.Server(c, cfg)
	if t.HandshakeContext(ctx) != nil {
		return
	}
	if _, err := m.talk(t, missing); err == nil {
		_ = t.CloseWrite()
	}
}

// talk answers lines until the client quits or asks for TLS.
func (m mail) talk(c io.ReadWriter, how startTLS) (upgrade bool, err error) {
	r := bufio.NewReaderSize(c, 1024)
	for range 200 {
		line, isPrefix, err := r.ReadLine()
		if err != nil {
			return false, fmt.Errorf("reading a line: %w", err)
		}
		if isPrefix {
			return false, errLine
		}
		out, upgrade, quit := m.reply(string(line), how)
		if _, err := io.WriteString(c, out); err != nil {
			return false, fmt.Errorf("answering: %w", err)
		}
		if upgrade || quit {
			return upgrade, nil
		}
	}
	return false, nil
}

func word(line string, n int) string {
	f := strings.Fields(line)
	if n >= len(f) {
		return ""
	}
	return strings.ToUpper(f[n])
}

// smtp is RFC 5321 with RFC 3207.
var smtp = mail{"220 mail." + Domain + " ESMTP", func(line string, how startTLS) (string, bool, bool) {
	switch word(line, 0) {
	case "EHLO":
		keyword := map[startTLS]string{offered: "250-STARTTLS\r\n", refused: "250-STARTTLS\r\n", dumbAfter: "250-STARTTLS\r\n", garbled: "250-XXXXXXXX\r\n"}[how]
		return "250-mail." + Domain + "\r\n" + keyword + "250 8BITMIME\r\n", false, false
	case "HELO":
		return "250 mail." + Domain + "\r\n", false, false
	case "STARTTLS":
		switch how {
		case offered, dumbAfter:
			return "220 2.0.0 Ready to start TLS\r\n", true, false
		case refused:
			return "454 4.7.0 TLS not available due to local problem\r\n", false, false
		}
	case "NOOP", "RSET":
		return "250 2.0.0 Ok\r\n", false, false
	case "QUIT":
		return "221 2.0.0 Bye\r\n", false, true
	}
	return "502 5.5.2 Command not recognized\r\n", false, false
}}

// imap is RFC 9051.
var imap = mail{"* OK IMAP4rev1 server ready", func(line string, how startTLS) (string, bool, bool) {
	tag, _, _ := strings.Cut(line, " ")
	switch word(line, 1) {
	case "CAPABILITY":
		keyword := map[startTLS]string{offered: " STARTTLS LOGINDISABLED", refused: " STARTTLS LOGINDISABLED", dumbAfter: " STARTTLS", garbled: " XXXXXXXX"}[how]
		return "* CAPABILITY IMAP4rev1" + keyword + "\r\n" + tag + " OK done\r\n", false, false
	case "STARTTLS":
		switch how {
		case offered, dumbAfter:
			return tag + " OK Begin TLS negotiation now\r\n", true, false
		case refused:
			return tag + " NO TLS is not available\r\n", false, false
		}
	case "NOOP":
		return tag + " OK done\r\n", false, false
	case "LOGOUT":
		return "* BYE\r\n" + tag + " OK done\r\n", false, true
	}
	return tag + " BAD unknown command\r\n", false, false
}}

// pop3 is RFC 1939 with RFC 2595.
var pop3 = mail{"+OK POP3 server ready", func(line string, how startTLS) (string, bool, bool) {
	switch word(line, 0) {
	case "CAPA":
		keyword := map[startTLS]string{offered: "STLS\r\n", refused: "STLS\r\n", dumbAfter: "STLS\r\n", garbled: "XXXX\r\n"}[how]
		return "+OK\r\nUSER\r\n" + keyword + ".\r\n", false, false
	case "STLS":
		switch how {
		case offered, dumbAfter:
			return "+OK Begin TLS negotiation\r\n", true, false
		case refused:
			return "-ERR TLS is not available\r\n", false, false
		}
	case "NOOP":
		return "+OK\r\n", false, false
	case "QUIT":
		return "+OK bye\r\n", false, true
	}
	return "-ERR unknown command\r\n", false, false
}}
