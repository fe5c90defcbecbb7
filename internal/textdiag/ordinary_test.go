package textdiag

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// ordinary are lines of logs and of programs' output that report no failure of
// TLS, some of which speak of it. @ stands for a part that varies.
var ordinary = []string{
	"@date status installed @pkg:amd64 @ver",
	"@date upgrade @pkg:all @ver @ver",
	"Setting up @pkg (@ver) ...", "Unpacking @pkg (@ver) over (@ver) ...", "Processing triggers for @pkg (@ver) ...",
	"Get:@n https://deb.debian.org/debian bookworm/main amd64 @pkg amd64 @ver [@n kB]",
	"E: Unable to locate package @pkg", "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process @n (@pkg)",
	"W: Some index files failed to download. They have been ignored, or old ones used instead.",
	"dpkg: error processing package @pkg (--configure): installed post-installation script subprocess returned error exit status @n",
	"[@n.@n] usb 1-@n: new high-speed USB device number @n using xhci_hcd", "[@n.@n] EXT4-fs (sda@n): mounted filesystem with ordered data mode. Quota mode: none.",
	"[@n.@n] Out of memory: Killed process @n (@pkg) total-vm:@nkB, anon-rss:@nkB", "[@n.@n] @pkg[@n]: segfault at @hex ip @hex sp @hex error @n in libc.so.6[@hex+@hex]",
	"[@n.@n] e1000e: eth0 NIC Link is Up @n Mbps Full Duplex, Flow Control: None", "[@n.@n] TCP: request_sock_TCP: Possible SYN flooding on port @n. Sending cookies.",
	"[@n.@n] audit: type=@n audit(@n.@n:@n): apparmor=\"DENIED\" operation=\"open\" profile=\"@pkg\" pid=@n", "kernel: [UFW BLOCK] IN=eth0 OUT= SRC=@ip DST=@ip LEN=@n PROTO=TCP SPT=@n DPT=@n WINDOW=@n SYN",
	"@ip - - [@date] \"GET /@word/@word.html HTTP/1.1\" 200 @n \"-\" \"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\"",
	"@ip - @word [@date] \"POST /api/v@n/@word HTTP/2.0\" 201 @n \"https://www.example.com/@word\" \"curl/8.5.0\" TLSv1.3 TLS_AES_256_GCM_SHA384",
	"@ip - - [@date] \"GET /@word HTTP/1.1\" 404 @n \"-\" \"Go-http-client/1.1\"", "@ip - - [@date] \"GET /ssl/handshake.html HTTP/1.1\" 200 @n", "@ip - - [@date] \"GET /docs/tls-alert-40 HTTP/1.1\" 200 @n",
	"@ip - - [@date] \"GET /certificates/expired HTTP/1.1\" 304 0", "@date [error] @n#@n: *@n open() \"/var/www/@word\" failed (2: No such file or directory), client: @ip, server: www.example.com",
	"@date [notice] @n#@n: signal process started", "@date [warn] @n#@n: *@n an upstream response is buffered to a temporary file /var/cache/nginx/proxy_temp/@n while reading upstream, client: @ip",
	"@date [error] @n#@n: *@n directory index of \"/var/www/\" is forbidden, client: @ip, server: _, request: \"GET / HTTP/1.1\"", "@date [notice] @n#@n: using the \"epoll\" event method",
	"[@date] [mpm_event:notice] [pid @n:tid @n] AH00489: Apache/2.4.62 (Debian) OpenSSL/3.0.15 configured -- resuming normal operations", "[@date] [core:notice] [pid @n:tid @n] AH00094: Command line: '/usr/sbin/apache2'",
	"[@date] [authz_core:error] [pid @n] [client @ip:@n] AH01630: client denied by server configuration: /srv/www/@word", "[@date] [ssl:info] [pid @n] AH01914: Configuring server www.example.com:443 for SSL protocol",
	"@word.c:@n:@n: warning: unused variable '@word' [-Wunused-variable]", "@word.c:@n:@n: error: expected ';' before '@word'", "/usr/bin/ld: @word.o: in function `@word': undefined reference to `SSL_CTX_new'",
	"gcc -O2 -Wall -c @word.c -o @word.o", "make[@n]: Entering directory '/src/@word'", "make: *** [Makefile:@n: @word] Error @n", "./@word.go:@n:@n: undefined: tls.Config", "ok  \tgithub.com/example/@word\t@n.@ns", "--- FAIL: Test@word (@n.@ns)",
	"FAIL\tgithub.com/example/tls/@word\t@n.@ns", "npm warn deprecated @pkg@@ver: this library is no longer supported", "added @n packages, and audited @n packages in @ns", "@n vulnerabilities (@n moderate, @n high)",
	"Collecting @pkg==@ver", "Successfully installed @pkg-@ver @pkg-@ver", "Requirement already satisfied: certifi in /usr/lib/python3/dist-packages (@ver)", "  File \"/srv/app/@word.py\", line @n, in @word", "KeyError: '@word'", "ValueError: invalid literal for int() with base 10: '@word'",
	"TypeError: Cannot read properties of undefined (reading '@word')", "    at @word (/srv/app/node_modules/@pkg/lib/@word.js:@n:@n)", "Exception in thread \"main\" java.lang.NullPointerException: Cannot invoke \"String.length()\"", "\tat com.example.@word.@word(@word.java:@n)",
	"INFO  [main] o.s.b.w.embedded.tomcat.TomcatWebServer : Tomcat started on port(s): @n (https) with context path ''", "@date INFO  @word - Started @word in @n.@n seconds (JVM running for @n.@n)", "WARN  @word - Slow query: SELECT * FROM @word took @n ms",
	"sshd[@n]: Accepted publickey for @word from @ip port @n ssh2: ED25519 SHA256:@hex", "sshd[@n]: Failed password for invalid user @word from @ip port @n ssh2", "sshd[@n]: Connection closed by authenticating user root @ip port @n [preauth]", "sudo: @word : TTY=pts/@n ; PWD=/home/@word ; USER=root ; COMMAND=/usr/bin/systemctl restart @pkg",
	"systemd[1]: Started @pkg.service - @word daemon.", "systemd[1]: @pkg.service: Main process exited, code=exited, status=@n/FAILURE", "systemd[1]: Reached target network-online.target - Network is Online.", "CRON[@n]: (root) CMD (test -x /usr/sbin/anacron || run-parts --report /etc/cron.daily)",
	"postfix/smtpd[@n]: connect from mail.example.org[@ip]", "postfix/qmgr[@n]: @hex: from=<@word@example.org>, size=@n, nrcpt=1 (queue active)", "postfix/smtp[@n]: @hex: to=<@word@example.net>, relay=mx.example.net[@ip]:25, delay=@n.@n, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as @hex)",
	"postfix/smtpd[@n]: Anonymous TLS connection established from mail.example.org[@ip]: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)", "dovecot: imap-login: Login: user=<@word>, method=PLAIN, rip=@ip, lip=@ip, mpid=@n, TLS, session=<@hex>", "exim[@n]: @hex <= @word@example.org H=mail.example.org [@ip] P=esmtps X=TLS1.3:ECDHE_X25519__RSA_PSS_RSAE_SHA256__AES_256_GCM:256 CV=no S=@n",
	"* SSL connection using TLSv1.3 / TLS_AES_256_GCM_SHA384 / X25519 / RSASSA-PSS", "*  SSL certificate verify ok.", "*  start date: Nov @n 00:00:00 2026 GMT", "*  subject: CN=www.example.com", "* ALPN: server accepted h2", "* Connected to www.example.com (@ip) port 443",
	"New, TLSv1.3, Cipher is TLS_AES_256_GCM_SHA384", "Verify return code: 0 (ok)", "Verification: OK", "    Protocol  : TLSv1.2", "Session-ID: @hex", "read R BLOCK", "certbot: Certificate not yet due for renewal", "Successfully received certificate.", "Certificate is saved at: /etc/letsencrypt/live/www.example.com/fullchain.pem", "This certificate expires on 2027-0@n-1@n.",
	"traefik: time=\"@date\" level=info msg=\"Configuration loaded from file: /etc/traefik/traefik.yml\"", "{\"level\":\"info\",\"ts\":@n.@n,\"logger\":\"tls.obtain\",\"msg\":\"certificate obtained successfully\",\"identifier\":\"www.example.com\"}", "{\"level\":\"info\",\"ts\":@n.@n,\"msg\":\"handled request\",\"status\":200,\"duration\":0.@n,\"tls\":{\"resumed\":false,\"version\":772,\"cipher_suite\":4865}}",
	"haproxy[@n]: @ip:@n [@date] fe~ be/s1 0/0/@n/@n/@n 200 @n - - ---- 1/1/0/0/0 0/0 \"GET /@word HTTP/1.1\"", "haproxy[@n]: Proxy fe started.", "haproxy[@n]: Server be/s1 is DOWN, reason: Layer7 wrong status, code: 503, check duration: @nms.", "LOG:  checkpoint complete: wrote @n buffers (@n.@n%); 0 WAL file(s) added", "LOG:  database system is ready to accept connections", "ERROR:  relation \"@word\" does not exist at character @n",
	"FATAL:  password authentication failed for user \"@word\"", "LOG:  connection authorized: user=@word database=@word SSL enabled (protocol=TLSv1.3, cipher=TLS_AES_256_GCM_SHA384, bits=256)", "[Note] [MY-010747] [Server] Plugin 'FEDERATED' is disabled.", "mysqld: ready for connections. Version: '@ver'  socket: '/run/mysqld/mysqld.sock'  port: 3306", "* Ready to accept connections tls", "# WARNING Memory overcommit must be enabled!",
	"level=info msg=\"container @word started\" id=@hex", "Pulling from library/@pkg", "Digest: sha256:@hex", "Status: Downloaded newer image for @pkg:latest", "I@n @word.go:@n] Starting controller @word", "W@n reflector.go:@n] failed to list *v1.@word: Unauthorized", "Warning  BackOff  @ns (x@n over @nm)  kubelet  Back-off restarting failed container", "pod/@word-@hex created", "error: pathspec '@word' did not match any file(s) known to git",
	"remote: Enumerating objects: @n, done.", "fatal: not a git repository (or any of the parent directories): .git", " @n files changed, @n insertions(+), @n deletions(-)", "Merge branch 'fix-tls-handshake' of github.com:example/@word", "commit @hex: Fix certificate expiry alert for @word", "ALERT: disk usage on /dev/sda@n is at @n%", "alert @n fired: cpu above @n% on host @word", "Alertmanager: alert name @word status firing", "prometheus: level=info component=tsdb msg=\"Head GC completed\" duration=@nms",
	"named[@n]: client @hex @ip#@n (example.com): query: example.com IN A +E(0)K (@ip)", "dhclient[@n]: DHCPACK of @ip from @ip", "chronyd[@n]: Selected source @ip (2.debian.pool.ntp.org)", "NetworkManager[@n]: <info> [@n.@n] device (eth0): state change: activated", "Connection to @ip closed.", "rsync: connection unexpectedly closed (@n bytes received so far) [sender]", "tar: @word: Cannot stat: No such file or directory", "bash: @word: command not found", "total @n", "drwxr-xr-x @n root root @n Nov @n 12:@n @word",
	"Filesystem      Size  Used Avail Use% Mounted on", "The quick brown fox jumps over the lazy dog @n times.", "Meeting notes: the handshake between @word and @word went well", "Certificate of completion awarded to @word", "Your SSL plan will renew on 2027-01-@n", "Dear customer, the unknown sender @word has been added", "rule @n: access denied for group @word", "internal error counter reset by @word", "decode error rate is @n per hour", "Unexpected message type @n in queue @word",
}

// line fills a template in.
func line(r *rand.Rand, template string) string {
	one := func(of ...string) string { return of[r.IntN(len(of))] }
	word := func() string {
		return one("alpha", "report", "index", "users", "orders", "cache", "worker", "session", "invoice", "backup", "search", "stream", "gateway", "node", "client", "server", "handler", "parser", "tls", "ssl", "cert")
	}
	var b strings.Builder
	for i := 0; i < len(template); i++ {
		if template[i] != '@' {
			b.WriteByte(template[i])
			continue
		}
		rest := template[i+1:]
		for _, v := range []struct {
			name string
			text func() string
		}{
			{"date", func() string {
				return fmt.Sprintf("2026-11-%02d %02d:%02d:%02d", 1+r.IntN(28), r.IntN(24), r.IntN(60), r.IntN(60))
			}},
			{"pkg", func() string {
				return one("openssl", "libssl3", "ca-certificates", "nginx", "curl", "libgnutls30", "python3-requests", "nodejs", "postgresql-15", "redis-server", "openjdk-17-jre", "linux-image-6.1.0")
			}},
			{"ver", func() string { return fmt.Sprintf("%d.%d.%d-%d", r.IntN(9), r.IntN(20), r.IntN(20), r.IntN(5)) }},
			{"word", word},
			{"hex", func() string { return fmt.Sprintf("%08x", r.Uint32()) }},
			{"ip", func() string { return fmt.Sprintf("192.0.2.%d", r.IntN(256)) }},
			{"n", func() string { return fmt.Sprint(r.IntN(1 << (1 + r.IntN(16)))) }},
		} {
			if strings.HasPrefix(rest, v.name) {
				b.WriteString(v.text())
				i += len(v.name)
				break
			}
		}
	}
	return b.String()
}

// Lines that are no failure of TLS get a cause less than once in a thousand.
func TestOrdinaryLines(t *testing.T) {
	const n, atMost = 6000, 5
	r := rand.New(rand.NewPCG(1, 2))
	wrong := 0
	for i := range n {
		text := line(r, ordinary[i%len(ordinary)])
		if d := Explain([]byte(text)); len(d.Causes) > 0 {
			if wrong++; wrong < 40 {
				t.Logf("%q is taken for %s by %s", text, d.Causes[0].ID, d.Top.ID)
			}
		}
	}
	if wrong > atMost {
		t.Errorf("%d of %d ordinary lines get a cause, at most %d", wrong, n, atMost)
	}
}
