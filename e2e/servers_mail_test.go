//go:build linux

package e2e

import (
	"fmt"
	"strings"
)

// postfix serves SMTP; lines go into main.cf.
func postfix(e *env, s spec) {
	needRoot(e.t, "postfix")
	e.refuse("postfix", map[string]bool{"alpn": s.alpn != nil, "second": s.second != "", "suites": s.suites != ""})
	etc, spool, data := e.mkdir("etc"), e.mkdir("spool"), e.mkdir("data")
	e.chown(data, "postfix")
	for _, d := range []string{"private", "public", "maildrop", "incoming", "active", "defer", "deferred", "bounce", "corrupt", "hold", "flush", "saved", "trace"} {
		e.chown(e.mkdir("spool/"+d), "postfix")
	}
	e.mkdir("spool/pid")
	level := "may"
	if s.plain {
		level = "none"
	}
	id := e.id(s.certName())
	vs := s.versions()
	main := fmt.Sprintf(`compatibility_level = 3.6
queue_directory = %s
data_directory = %s
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = shop.example
mydestination =
local_recipient_maps =
alias_maps =
relay_domains =
maillog_file = %s
maillog_file_prefixes = /tmp, /var, %s
smtpd_tls_cert_file = %s
smtpd_tls_key_file = %s
smtpd_tls_security_level = %s
smtpd_tls_loglevel = 1
smtpd_tls_protocols = >=%s, <=%s
`, spool, data, e.log, workDir, id.chainFile, id.keyFile, level, opensslNames[vs[0]], opensslNames[vs[len(vs)-1]])
	if s.ciphers != "" || s.weak {
		main += "tls_high_cipherlist = " + s.cipherString("HIGH") + "\ntls_medium_cipherlist = " + s.cipherString("HIGH") + "\nsmtpd_tls_ciphers = high\n"
	}
	if s.clients == "require" {
		main += "smtpd_tls_req_ccert = yes\nsmtpd_tls_security_level = encrypt\nsmtpd_tls_CAfile = " + e.id("ca/clients").leafFile + "\n"
	}
	e.file("etc/main.cf", main+e.expand(s.lines)+"\n")
	wrap := ""
	if s.wrap {
		wrap = " -o smtpd_tls_wrappermode=yes"
	}
	e.file("etc/master.cf", fmt.Sprintf(`127.0.0.1:%d inet n - n - - smtpd%s
postlog unix-dgram n - n - 1 postlogd
anvil unix - - n - 1 anvil
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
cleanup unix n - n - 0 cleanup
`, e.port, wrap))
	e.file("etc/dynamicmaps.cf", "")
	c := e.command("/usr/lib/postfix/sbin/master", "-c", etc, "-d")
	c.Env = append(c.Env, "MAIL_CONFIG="+etc, "MAIL_LOGTAG=postfix")
	e.spawn(c)
}

// dovecot serves IMAP or POP3, with STARTTLS or (wrap) TLS from the first byte.
func dovecot(e *env, s spec) {
	needRoot(e.t, "dovecot")
	e.refuse("dovecot", map[string]bool{"alpn": s.alpn != nil, "second": s.second != "", "suites": s.suites != "", "max": s.max != "" && s.max != "1.3"})
	e.mkdir("dovecot")
	proto := s.proto
	if proto == "" {
		proto = "imap"
	}
	plainPort, tlsPort := e.port, 0
	if s.wrap {
		plainPort, tlsPort = 0, e.port
	}
	id := e.id(s.certName())
	ssl := "ssl = required\n"
	if s.plain {
		ssl = "ssl = no\n"
	}
	ssl += fmt.Sprintf("ssl_cert = <%s\nssl_key = <%s\nssl_min_protocol = %s\nssl_cipher_list = %s\n", id.chainFile, id.keyFile, opensslNames[s.versions()[0]], s.cipherString("ALL:!kRSA:!aNULL:!eNULL"))
	ssl += lineIf(s.groups, "ssl_curve_list = {}")
	dh := s.dh
	if dh == "" {
		dh = "2048"
	}
	ssl += "ssl_dh = <" + e.pki.dh(e.t, dh) + "\n"
	if s.clients != "" {
		ssl += "ssl_ca = <" + e.id("ca/clients").leafFile + "\nssl_verify_client_cert = yes\n"
	}
	if s.clients == "require" {
		ssl += "auth_ssl_require_client_cert = yes\n"
	}
	conf := e.file("dovecot.conf", fmt.Sprintf(`base_dir = %[1]s
state_dir = %[1]s
log_path = %[2]s
protocols = %[3]s
listen = 127.0.0.1
default_internal_user = dovecot
default_login_user = dovenull
%[4]sverbose_ssl = yes
disable_plaintext_auth = yes
passdb {
  driver = static
  args = password=x
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=/nonexistent
}
service %[3]s-login {
  chroot =
  inet_listener %[3]s {
    port = %[5]d
  }
  inet_listener %[3]ss {
    port = %[6]d
    ssl = yes
  }
}
service anvil {
  chroot =
}
service stats {
  chroot =
}
%[7]s
`, e.path("dovecot"), e.log, proto, ssl, plainPort, tlsPort, e.expand(s.lines)))
	e.spawn(e.command("dovecot", "-F", "-c", conf))
}

func vsftpd(e *env, s spec) {
	needRoot(e.t, "vsftpd")
	id := e.id(s.certName())
	conf := e.file("vsftpd.conf", fmt.Sprintf(`listen=YES
listen_address=127.0.0.1
listen_port=%d
background=NO
secure_chroot_dir=%s
ssl_enable=%s
rsa_cert_file=%s
rsa_private_key_file=%s
vsftpd_log_file=%s
xferlog_enable=YES
log_ftp_protocol=YES
seccomp_sandbox=NO
local_enable=YES
%s
`, e.port, e.mkdir("empty"), map[bool]string{true: "NO", false: "YES"}[s.plain], id.chainFile, id.keyFile, e.log, strings.TrimSpace(s.lines)))
	e.spawn(e.command("vsftpd", conf))
}
