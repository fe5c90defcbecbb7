package diagnose

import (
	"strings"
	"testing"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/offer"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// Banners as they come from real software.
func TestRecognise(t *testing.T) {
	mysql := "\x4a\x00\x00\x00\x0a5.5.5-10.11.6-MariaDB-0+deb12u1\x00\x08\x00\x00\x00abcdefgh\x00"
	for _, x := range []struct{ name, banner, protocol, starttls string }{
		{"nginx", "HTTP/1.1 400 Bad Request\r\nServer: nginx\r\n\r\n", "HTTP", ""},
		{"a page alone", "<!DOCTYPE HTML PUBLIC \"-//IETF//DTD HTML 2.0//EN\">\n<html>", "HTTP", ""},
		{"an old page", "<html>\r\n<head><title>400 The plain HTTP request", "HTTP", ""},
		{"OpenSSH", "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u2\r\n", "SSH", ""},
		{"Dovecot", "* OK [CAPABILITY IMAP4rev1 STARTTLS] Dovecot ready.\r\n", "IMAP", "imap"},
		{"IMAP that shuts down", "* BYE disconnecting\r\n", "IMAP", "imap"},
		{"Dovecot's POP3", "+OK Dovecot ready.\r\n", "POP3", "pop3"},
		{"vsftpd", "220 (vsFTPd 3.0.3)\r\n", "FTP", "ftp"},
		{"ProFTPD", "220 ProFTPD Server (Debian) [::ffff:192.0.2.1]\r\n", "FTP", "ftp"},
		{"Postfix", "220 mx.example.org ESMTP Postfix (Debian/GNU)\r\n", "SMTP", "smtp"},
		{"LMTP", "220 mx LMTP ready\r\n", "LMTP", "lmtp"},
		{"a bare 220", "220 welcome\r\n", "SMTP or FTP", "smtp"},
		{"Postfix that refuses", "554 5.7.1 no\r\n", "SMTP", "smtp"},
		{"busy", "421 too many connections\r\n", "SMTP or FTP", "smtp"},
		{"a line protocol that got a hello", "500 5.5.1 Command unrecognized\r\n", "a line protocol such as SMTP or FTP", "smtp"},
		{"INN", "200 news.example InterNetNews NNRP server ready (posting ok)\r\n", "NNTP", "nntp"},
		{"INN without posting", "201 news.example NNTP ready\r\n", "NNTP", "nntp"},
		{"Pigeonhole", "\"IMPLEMENTATION\" \"Dovecot Pigeonhole\"\r\n", "ManageSieve", "sieve"},
		{"Prosody", "<?xml version='1.0'?><stream:stream xmlns:stream='http://etherx.jabber.org/streams'>", "XMPP", "xmpp"},
		{"a stream alone", "<stream:error>", "XMPP", "xmpp"},
		{"IRC", ":irc.example NOTICE * :*** Looking up your hostname...\r\n", "IRC", "irc"},
		{"IRC that closes", "ERROR :Closing Link: 192.0.2.1\r\n", "IRC", "irc"},
		{"Redis", "-ERR unknown command\r\n", "Redis", ""},
		{"Redis in protected mode", "-DENIED Redis is running in protected mode\r\n", "Redis", ""},
		{"VNC", "RFB 003.008\n", "VNC", ""},
		{"rsync", "@RSYNCD: 31.0\n", "rsync", ""},
		{"RabbitMQ", "AMQP\x00\x00\x09\x01", "AMQP", ""},
		{"Telnet", "\xff\xfd\x18\xff\xfd\x20", "Telnet", ""},
		{"MariaDB", mysql, "MySQL or MariaDB", "mysql"},
		{"MySQL that refuses the host", "\x45\x00\x00\x00\xff\x6a\x04Host '192.0.2.1' is not allowed", "MySQL or MariaDB", "mysql"},
		{"PostgreSQL", "E\x00\x00\x00\x8fSFATAL\x00VFATAL\x00C0A000\x00Munsupported frontend protocol", "PostgreSQL", "postgres"},
		{"LDAP", "0\x5e\x02\x01\x00\x78\x59\x0a\x01\x02\x04\x00\x04\x30decoding error\x8a\x161.3.6.1.4.1.1466.20036", "LDAP", "ldap"},
		{"nothing", "", "", ""},
		{"a TLS alert", "\x15\x03\x01\x00\x02\x02\x28", "", ""},
		{"zeros", strings.Repeat("\x00", 64), "", ""},
		{"noise", "\x8d\xf1\x02\x99\x10\x44\xee", "", ""},
		{"text that says nothing", "hello\r\n", "", ""},
		{"220 within a line", "code 220 smtp\r\n", "", ""},
		{"XML that is no stream", "<?xml version='1.0'?><feed/>", "", ""},
		{"a colon", ": comment\n", "", ""},
		{"a packet that is too long", "\xff\xff\x7f\x00\x0a5.5", "", ""},
	} {
		p, known := recognise([]byte(x.banner))
		if p.name != x.protocol || p.starttls != x.starttls || known != (x.protocol != "") {
			t.Errorf("%s: %q by %q, known %v; want %q by %q", x.name, p.name, p.starttls, known, x.protocol, x.starttls)
		}
	}
}

func TestCertificatePage(t *testing.T) {
	for _, x := range []struct {
		name   string
		status int
		body   string
		want   bool
		proto  string
	}{
		{"nginx without one", 400, "<title>400 No required SSL certificate was sent</title>", true, "HTTP/1.1"},
		{"nginx with a wrong one", 400, "<title>400 The SSL certificate error</title>", true, "HTTP/1.1"},
		{"its own codes", 496, "", true, "HTTP/1.1"},
		{"its own codes, the other", 495, "anything", true, "HTTP/1.1"},
		{"IIS", 403, "<h2>403 - Forbidden: SSL client certificate required.</h2>", true, "HTTP/1.1"},
		{"a proxy", 421, "This host needs a TLS client certificate", true, "HTTP/1.1"},
		{"HTTP to a TLS port", 400, "The plain HTTP request was sent to HTTPS port", false, "HTTP/1.1"},
		{"a forbidden page", 403, "You may not see this.", false, "HTTP/1.1"},
		{"a page about certificates of another kind", 403, "Buy a gift certificate!", false, "HTTP/1.1"},
		{"a page that is served", 200, "client certificate accepted over TLS", false, "HTTP/1.1"},
		{"over HTTP/2", 400, "No required SSL certificate was sent", true, "h2"},
		{"Postfix", 421, "4.7.1 Client certificate not trusted", true, "smtp"},
		{"Postfix for another reason", 421, "4.3.0 try again", false, "smtp"},
		{"a mail server that goes on", 250, "certificate or not", false, "smtp"},
		{"not found", 404, "ssl certificate", false, "HTTP/1.1"},
	} {
		if got := (&transcript.Response{Proto: x.proto, Status: x.status, Body: []byte(x.body)}).WantsCertificate(); got != x.want {
			t.Errorf("%s: %v", x.name, got)
		}
	}
}

func alerted(d wire.AlertDescription, reached transcript.Milestone, h *wire.ClientHello) *transcript.Transcript {
	return &transcript.Transcript{
		Attempt: transcript.Attempt{Handshake: &transcript.Handshake{Hello: h}},
		Outcome: transcript.Outcome{Kind: transcript.AlertReceived, Reached: reached, Alert: &wire.Alert{Level: 2, Description: d}},
	}
}

func TestFurthest(t *testing.T) {
	of := func(v wire.Version) *wire.ClientHello {
		if v >= wire.VersionTLS13 {
			return offer.TLS13(simHost, false)
		}
		return offer.Older(v, simHost, offer.Ordinary(v))
	}
	at := transcript.ReachedConnected
	tls13, tls12, tls10, ssl3 := of(wire.VersionTLS13), of(wire.VersionTLS12), of(wire.VersionTLS10), of(wire.VersionSSL30)
	for _, x := range []struct {
		name string
		fan  []*transcript.Transcript
		want int
	}{
		{"nothing", nil, -1},
		{"no hello among them", []*transcript.Transcript{{Attempt: transcript.Attempt{Handshake: &transcript.Handshake{}}}}, -1},
		{"TLS 1.2 among equals", []*transcript.Transcript{alerted(wire.AlertHandshakeFailure, at, tls13), alerted(wire.AlertHandshakeFailure, at, tls12)}, 1},
		{"past the version", []*transcript.Transcript{alerted(wire.AlertHandshakeFailure, at, tls10), alerted(wire.AlertProtocolVersion, at, tls12)}, 0},
		{"SSL 3.0 has no alert for the version", []*transcript.Transcript{alerted(wire.AlertHandshakeFailure, at, ssl3), alerted(wire.AlertProtocolVersion, at, tls10), alerted(wire.AlertProtocolVersion, at, tls12)}, 2},
		{"a ServerHello beats all", []*transcript.Transcript{alerted(wire.AlertHandshakeFailure, at, tls12), alerted(wire.AlertProtocolVersion, transcript.ReachedHello, tls10)}, 1},
	} {
		var want *transcript.Transcript
		if x.want >= 0 {
			want = x.fan[x.want]
		}
		if got := furthest(x.fan); got != want {
			t.Errorf("%s: another one", x.name)
		}
	}
}

func TestStepOf(t *testing.T) {
	for _, x := range []struct {
		name string
		o    transcript.Outcome
		want cause.Step
	}{
		{"nothing stood", transcript.Outcome{Kind: transcript.Refused}, cause.StepConnect},
		{"silence", transcript.Outcome{Kind: transcript.Silent, Reached: transcript.ReachedConnected}, cause.StepVersion},
		{"the proxy", transcript.Outcome{Kind: transcript.ProxyFailed, Reached: transcript.ReachedConnected}, cause.StepConnect},
		{"the dialogue", transcript.Outcome{Kind: transcript.StartTLSFailed, Reached: transcript.ReachedConnected}, cause.StepConnect},
		{"a retry", transcript.Outcome{Kind: transcript.Closed, Reached: transcript.ReachedRetry}, cause.StepCipher},
		{"a ServerHello", transcript.Outcome{Kind: transcript.Reset, Reached: transcript.ReachedHello}, cause.StepCertificate},
		{"the flight, as far as it was to go", transcript.Outcome{Kind: transcript.Complete, Reached: transcript.ReachedFlight}, cause.StepVerify},
		{"the flight, and no further", transcript.Outcome{Kind: transcript.AlertReceived, Reached: transcript.ReachedFlight}, cause.StepKeys},
		{"Finished", transcript.Outcome{Kind: transcript.Complete, Reached: transcript.ReachedFinished}, cause.StepSecure},
		{"a response", transcript.Outcome{Kind: transcript.Complete, Reached: transcript.ReachedResponse}, cause.StepSecure},
	} {
		if got := stepOf(&transcript.Transcript{Outcome: x.o}); got != x.want {
			t.Errorf("%s: %s, want %s", x.name, got, x.want)
		}
	}
	for d, want := range map[wire.AlertDescription]cause.Step{
		wire.AlertProtocolVersion: cause.StepVersion, wire.AlertInappropriateFallback: cause.StepVersion, wire.AlertHandshakeFailure: cause.StepCipher,
		wire.AlertUnrecognizedName: cause.StepCertificate, wire.AlertInternalError: cause.StepCipher,
	} {
		if got := stepOf(alerted(d, transcript.ReachedConnected, nil)); got != want {
			t.Errorf("alert %s: %s, want %s", d, got, want)
		}
	}
	asked := alerted(wire.AlertCertificateRequired, transcript.ReachedFinished, nil)
	asked.CertificateRequests = []transcript.CertificateRequest{{}}
	if got := stepOf(asked); got != cause.StepKeys {
		t.Errorf("certificate_required after Finished: %s", got)
	}
}

func TestSiteOfItsOwn(t *testing.T) {
	at := transcript.ReachedConnected
	is := func(mine, other wire.AlertDescription) *twoNames {
		return &twoNames{alerted(mine, at, nil), alerted(other, at, nil)}
	}
	for _, x := range []struct {
		name string
		o    *twoNames
		want bool
	}{
		{"two reasons", is(wire.AlertHandshakeFailure, wire.AlertUnrecognizedName), true},
		{"its versions", is(wire.AlertProtocolVersion, wire.AlertUnrecognizedName), true},
		{"one reason", is(wire.AlertHandshakeFailure, wire.AlertHandshakeFailure), false},
		{"the name itself", is(wire.AlertUnrecognizedName, wire.AlertHandshakeFailure), false},
		{"no other was tried", &twoNames{alerted(wire.AlertHandshakeFailure, at, nil), nil}, false},
	} {
		if got := siteOfItsOwn(&other{control: x.o.mine, another: x.o.other}); got != x.want {
			t.Errorf("%s: %v", x.name, got)
		}
	}
	if siteOfItsOwn(&other{control: alerted(wire.AlertHandshakeFailure, at, nil), another: chose(wire.VersionTLS12, 0, 0, 0)}) {
		t.Error("another name is answered: the site is none of its own")
	}
}

// twoNames are the answers to the name and to another.
type twoNames struct{ mine, other *transcript.Transcript }
