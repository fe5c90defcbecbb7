package lab

import (
	"crypto/tls"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// mailEntries start in clear text.
func mailEntries() []*entry {
	good := func(p *pki, host string) (tls.Certificate, error) { return p.chain(host) }
	expired := func(p *pki, host string) (tls.Certificate, error) { return p.chain(host, p.valid(-93, -3)) }
	with := func(scheme, name, title string, id cause.ID, m mail, how startTLS, cert func(*pki, string) (tls.Certificate, error)) *entry {
		return &entry{Spec: Spec{Name: name, Title: title, Cause: id, Fails: id != ""}, scheme: scheme, up: mailUp(m, how, cert)}
	}
	var all []*entry
	for _, p := range []struct {
		scheme, kind string
		m            mail
	}{{"smtp", "A mail server (SMTP)", smtp}, {"imap", "A mailbox server (IMAP)", imap}, {"pop3", "A mailbox server (POP3)", pop3}} {
		all = append(all,
			with(p.scheme, p.scheme, p.kind+" with STARTTLS, healthy.", "", p.m, offered, good),
			with(p.scheme, p.scheme+"-no-starttls", p.kind+" that does not offer STARTTLS.", cause.STARTTLSFailed, p.m, missing, good),
			with(p.scheme, p.scheme+"-refused", p.kind+" that offers STARTTLS and refuses it.", cause.STARTTLSFailed, p.m, refused, good),
			&entry{
				Spec: Spec{Name: p.scheme + "-direct", Title: p.kind + ", spoken to in TLS from the first byte.", Cause: cause.STARTTLSRequired, Fails: true},
				up:   mailUp(p.m, offered, good),
			})
	}
	return append(all,
		with("smtp", "smtp-stripped", "Something on the way overwrites the offer of STARTTLS.", cause.STARTTLSFailed, smtp, garbled, good),
		with("smtp", "smtp-no-tls-after", "A mail server agrees to STARTTLS and goes on in clear text.", cause.STARTTLSFailed, smtp, dumbAfter, good),
		with("smtp", "smtp-expired", "A mail server's certificate, behind STARTTLS, ran out.", cause.Expired, smtp, offered, expired),
		&entry{
			Spec: Spec{Name: "mysql-direct", Title: "A database (MySQL), spoken to in TLS from the first byte.", Cause: cause.STARTTLSRequired, Fails: true},
			up:   func(e *env) error { return e.serve(banner(mysqlGreeting)) },
		},
		&entry{
			Spec: Spec{Name: "ftp-direct", Title: "A file server (FTP), spoken to in TLS from the first byte.", Cause: cause.STARTTLSRequired, Fails: true},
			up:   mailUp(mail{"220 lab FTP server ready", func(string, startTLS) (string, bool, bool) { return "500 Unknown command\r\n", false, false }}, missing, good),
		},
	)
}

// mysqlGreeting is the packet with which a MySQL server begins: protocol 10,
// version, thread, salt, capabilities (with CLIENT_SSL), character set, status.
const mysqlGreeting = "\x49\x00\x00\x00\x0a8.0.0\x00\x07\x00\x00\x00saltsalt\x00\xff\xff\xff\x02\x00\xff\xc7\x15" +
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00saltsaltsalt\x00mysql_native_password\x00"
