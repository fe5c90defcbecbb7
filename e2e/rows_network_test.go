//go:build linux

package e2e

import (
	"encoding/binary"
	"net"
	"slices"
	"strconv"
)

func fmtInt(n int) string { return strconv.Itoa(n) }

func notTLS() want             { return observed("not-tls", "version", "server") }
func wantsStartTLS() want      { return observed("starttls-required", "version", "client") }
func startTLSFailed() want     { return observed("starttls-failed", "connect", "server") }
func unclearPlain() want       { return wantsStartTLS().possible().orElse("not-tls", "closed-after-hello") }
func toNginx() []backend       { return []backend{{"nginx", spec{}}} }
func toNginx12() []backend     { return []backend{{"nginx", spec{max: "1.2"}}} }
func onlyCurl(s string) []view { return []view{fails("curl", s)} }

var plainRows = []row{
	{name: "nginx/plain-http", spec: spec{plain: true}, want: notTLS(), view: onlyCurl("wrong version number")},
	{name: "apache2/plain-http", spec: spec{plain: true}, want: notTLS(), view: onlyCurl("wrong version number|packet length")},
	{name: "node/plain-http", spec: spec{plain: true}, want: notTLS(), view: onlyCurl("wrong version number")},
	{name: "sshd/ssh", want: notTLS(), view: onlyCurl("wrong version number|packet length")},
	{name: "redis/redis", args: []string{"--timeout", "6s"}, want: notTLS().orElse("closed-after-hello", "silent-after-hello").possible(), view: onlyCurl("")},
	{name: "postfix/smtp-without-starttls-asked", want: wantsStartTLS(), view: []view{fails("curl", "wrong version number"), sees("openssl", "-starttls", "smtp")}},
	{name: "dovecot/imap-without-starttls-asked", want: wantsStartTLS(), view: []view{fails("curl", "wrong version number"), sees("openssl", "-starttls", "imap")}},
	{name: "dovecot/pop3-without-starttls-asked", spec: spec{proto: "pop3"}, want: wantsStartTLS(), view: []view{fails("curl", "wrong version number"), sees("openssl", "-starttls", "pop3")}},
	{name: "vsftpd/ftp-without-auth-tls", want: wantsStartTLS(), view: []view{fails("curl", "wrong version number|packet length"), sees("openssl", "-starttls", "ftp")}},
	{name: "mariadb/mysql-without-ssl-request", want: wantsStartTLS(), view: []view{fails("curl", "wrong version number|packet length"), sees("openssl", "-starttls", "mysql")}},
	{name: "postgres/without-ssl-request", want: unclearPlain(), view: []view{fails("curl", ""), sees("openssl", "-starttls", "postgres")}},
	{name: "slapd/ldap-without-starttls", want: unclearPlain(), view: []view{fails("curl", ""), sees("openssl", "-starttls", "ldap")}},

	{name: "postfix/starttls-not-offered", spec: spec{plain: true}, target: "smtp://shop.example", want: startTLSFailed(), view: []view{fails("openssl", "", "-starttls", "smtp")}},
	{name: "dovecot/starttls-not-offered", spec: spec{plain: true}, target: "imap://shop.example", want: startTLSFailed(), view: []view{fails("openssl", "", "-starttls", "imap")}},
	{name: "nginx/not-a-mail-server", spec: spec{plain: true}, target: "smtp://shop.example", args: []string{"--timeout", "6s"}, want: startTLSFailed().likely()},
	{
		name: "postfix/tls10-behind-starttls", spec: spec{max: "1.0", weak: true}, target: "smtp://shop.example", want: noVersion(),
		view: []view{fails("openssl", "", "-starttls", "smtp"), sees("openssl", append([]string{"-tls1", "-starttls", "smtp"}, oldSuites...)...)},
	},
	{name: "postfix/starttls-by-flag", args: []string{"--starttls", "smtp"}, view: []view{sees("openssl", "-starttls", "smtp")}},
}

const rateLimit = "  stick-table type ip size 1k expire 2s store conn_rate(2s)\n  tcp-request connection track-sc0 src\n  tcp-request connection reject if { sc0_conn_rate gt 5 }"

var networkRows = []row{
	{name: "nothing/refused", want: observed("tcp-refused", "connect", "server"), view: onlyCurl("refused|connect to")},
	{name: "kernel/refused-by-rule", spec: spec{behind: toNginx(), lines: "-j REJECT --reject-with tcp-reset"}, want: observed("tcp-refused", "connect", "server"), view: onlyCurl("connect to")},
	{name: "kernel/prohibited", spec: spec{behind: toNginx(), lines: "-j REJECT --reject-with icmp-admin-prohibited"}, want: observed("tcp-unreachable", "connect", "network"), view: onlyCurl("connect to")},
	{name: "kernel/host-unreachable", spec: spec{behind: toNginx(), lines: "-j REJECT --reject-with icmp-host-unreachable"}, want: observed("tcp-unreachable", "connect", "network"), view: onlyCurl("connect to")},
	{name: "kernel/dropped", spec: spec{behind: toNginx(), lines: "-j DROP"}, args: []string{"--timeout", "4s"}, want: observed("tcp-timeout", "connect", "network").likely(), view: []view{fails("curl", "timed out|timeout", "-m", "2")}},
	{name: "backlog/full", args: []string{"--timeout", "4s"}, want: observed("tcp-timeout", "connect", "network").likely(), view: []view{fails("curl", "timed out|timeout", "-m", "2")}},
	{name: "middlebox/reset-at-accept", spec: spec{trick: "accept: reset"}, want: observed("tcp-reset", "connect", "network").likely().orElse("reset-after-hello"), view: onlyCurl("reset|connect to")},
	{name: "balancer/rejected-at-accept", spec: spec{behind: toNginx(), lines: "  tcp-request connection reject"}, want: observed("tcp-reset", "connect", "network").likely().orElse("reset-after-hello", "closed-after-hello"), view: onlyCurl("")},

	{name: "middlebox/reset-after-hello", spec: spec{trick: "hello: reset"}, want: blocked("reset-after-hello", "version", "network", "").likely(), view: onlyCurl("reset")},
	{name: "middlebox/closed-after-hello", spec: spec{trick: "hello: close"}, want: blocked("closed-after-hello", "version", "server", "").likely(), view: onlyCurl("eof|SSL_ERROR_SYSCALL")},
	{name: "middlebox/silent-after-hello", spec: spec{trick: "hello: silent"}, args: []string{"--timeout", "6s"}, want: blocked("silent-after-hello", "version", "network", "").likely(), view: []view{fails("curl", "timed out|timeout", "-m", "2")}},
	{
		name: "balancer/silent-after-hello", spec: spec{behind: toNginx(), lines: "  tcp-request inspect-delay 5s\n  tcp-request content silent-drop if { req.ssl_hello_type 1 }"}, args: []string{"--timeout", "6s"},
		want: blocked("silent-after-hello", "version", "network", "").likely(), view: []view{fails("curl", "timed out|timeout", "-m", "2")},
	},

	{
		name: "kernel/large-hello-dropped", as: "chrome", spec: spec{behind: toNginx(), lines: "-m length --length 1450:65535 -j DROP"}, args: []string{"--timeout", "6s"},
		want: blocked("large-hello-dropped", "version", "network", "handshake"), view: []view{sees("curl"), fails("node-24", "")},
	},
	{
		name: "middlebox/large-hello-reset", as: "chrome", spec: spec{behind: toNginx(), trick: "larger=1400: reset"},
		want: blocked("large-hello-dropped", "version", "network", "handshake"), view: []view{sees("curl"), fails("node-24", "ECONNRESET")},
	},
	{
		name: "middlebox/version-intolerant-reset", spec: spec{behind: toNginx12(), trick: "offers=1.3: reset"}, want: blocked("version-intolerant", "version", "server", "handshake"),
		view: []view{fails("curl", "reset"), sees("openssl", "-tls1_2")},
	},
	{
		name: "middlebox/version-intolerant-close", spec: spec{behind: toNginx12(), trick: "offers=1.3: close"}, want: blocked("version-intolerant", "version", "server", "handshake"),
		view: []view{fails("curl", ""), sees("openssl", "-tls1_2")},
	},
	{
		name: "middlebox/version-intolerant-alert", spec: spec{behind: toNginx12(), trick: "offers=1.3: alert=70"}, want: blocked("version-intolerant", "version", "server", "handshake"),
		view: []view{fails("curl", "version"), sees("openssl", "-tls1_2")},
	},
	{name: "middlebox/garbled", spec: spec{behind: toNginx(), trick: "hello: garble"}, want: blocked("malformed-reply", "version", "server", "observation").likely(), view: onlyCurl("")},
	{name: "middlebox/zeroes", spec: spec{behind: toNginx(), trick: "hello: zero"}, want: blocked("malformed-reply", "version", "server", "observation").likely().orElse("not-tls"), view: onlyCurl("")},
	{name: "middlebox/http-instead", spec: spec{trick: "hello: http"}, want: notTLS().orElse("malformed-reply"), view: onlyCurl("wrong version number")},
	{
		name: "middlebox/flight-cut", spec: spec{behind: []backend{{"nginx", spec{max: "1.2"}}}, trick: "hello: cut=900"}, args: []string{"--timeout", "6s"},
		want: blocked("server-flight-dropped", "certificate", "network", "").likely(), view: []view{fails("curl", "timed out|timeout", "-m", "2")},
	},
	{name: "middlebox/slow", serial: true, spec: spec{behind: toNginx(), trick: "hello: delay=6s"}, args: []string{"--timeout", "20s"}, want: want{warning: "slow-handshake"}, view: []view{fails("curl", "timed out|timeout", "-m", "3")}},

	// Whoever connects too often is reset: a search that hurries sees a fault of its own making. Paced, it finds the real one.
	{
		name: "balancer/rate-limited-and-old", serial: true, spec: spec{behind: []backend{{"nginx", spec{max: "1.0", weak: true}}}, lines: rateLimit}, args: []string{"--rate", "2"},
		want: noVersion().likely().orElse("rate-limited"), view: []view{fails("curl", "")},
	},
	{
		name: "balancer/rate-limited-and-hurried", spec: spec{behind: []backend{{"nginx", spec{max: "1.0", weak: true}}}, lines: rateLimit},
		want: noVersion().likely().orElse("rate-limited").with(func(w *want) { w.unknown = true }), view: []view{fails("curl", "")},
	},
	{name: "balancer/rate-limited-and-healthy", spec: spec{behind: toNginx(), lines: rateLimit}, view: []view{sees("curl")}},
	{
		name: "balancer/one-of-two-expired", spec: spec{behind: []backend{{"nginx", spec{}}, {"apache2", spec{cert: "expired"}}}},
		want: blocked("inconsistent-endpoints", "connect", "server", "").likely(), view: []view{sees("curl"), fails("curl", "expired"), sees("curl")},
	},
	{
		name: "balancer/one-of-two-old", spec: spec{behind: []backend{{"nginx", spec{}}, {"apache2", spec{max: "1.0", weak: true}}}},
		want: blocked("inconsistent-endpoints", "connect", "server", "").likely(), view: []view{sees("curl"), fails("curl", "legacy sigalg|version"), sees("curl")},
	},
}

// throughProxy starts Apache httpd as forward proxy beside the endpoint; lines say whom it lets through.
func throughProxy(lines string) func(*env, *row) {
	return func(e *env, r *row) {
		p := newEnv(e.t)
		forwardProxy(p, spec{lines: e.expand(lines)})
		p.waitListening(p.port)
		r.args = append(slices.Clone(r.args), "--proxy", "http://"+p.addr())
		for i := range r.view {
			r.view[i].args = []string{"--noproxy", "", "--proxy", "http://" + p.addr(), "--proxytunnel"}
		}
	}
}

const openProxy = "AllowCONNECT {port}\n<Proxy *>\nRequire all granted\n</Proxy>\n"

func proxyRefused() want { return observed("proxy-refused", "connect", "proxy") }

var proxyRows = []row{
	{name: "proxy/healthy", server: "nginx", run: throughProxy(openProxy), view: []view{sees("curl")}},
	{name: "proxy/healthy-endpoint-expired", server: "nginx", spec: spec{cert: "expired"}, run: throughProxy(openProxy), want: badCert("expired"), view: onlyCurl("expired")},
	{name: "proxy/forbidden-port", server: "nginx", run: throughProxy("AllowCONNECT 443\n<Proxy *>\nRequire all granted\n</Proxy>\n"), want: proxyRefused(), view: onlyCurl("403")},
	{
		name: "proxy/password-needed", server: "nginx", run: throughProxy("AllowCONNECT {port}\n<Proxy *>\nAuthType Basic\nAuthName proxy\nAuthBasicProvider file\nAuthUserFile /dev/null\nRequire valid-user\n</Proxy>\n"),
		want: proxyRefused(), view: onlyCurl("407"),
	},
	{name: "proxy/cannot-reach-the-origin", server: "nothing", run: throughProxy(openProxy), want: proxyRefused(), view: onlyCurl("50[234]")},

	{name: "dns/no-such-name", server: "nothing", target: "nosuch.example", run: nameless, want: observed("dns-failure", "connect", "server")},
}

// nameless answers every query with NXDOMAIN (RFC 1035, Section 4.1.1) and drops --connect from the check.
func nameless(e *env, r *row) {
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		e.t.Fatal(err)
	}
	e.t.Cleanup(func() { _ = pc.Close() })
	go func() {
		b := make([]byte, 1500)
		for {
			n, from, err := pc.ReadFrom(b)
			if err != nil {
				return
			}
			if n < 12 {
				continue
			}
			flags := binary.BigEndian.Uint16(b[2:])
			binary.BigEndian.PutUint16(b[2:], flags|0x8400|3) // QR, AA, RCODE 3
			_, _ = pc.WriteTo(b[:n], from)
		}
	}()
	r.args = append(slices.Clone(r.args), "--resolver", pc.LocalAddr().String())
	r.noConnect = true
}
