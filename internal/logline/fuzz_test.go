package logline

import (
	"testing"
	"unsafe"
)

// corpus has a line of each family, to begin from.
var corpus = []string{
	`2026/11/24 02:47:29 [info] 1#1: *1 SSL_do_handshake() failed (SSL: error:0A0000C1:SSL routines::no shared cipher) while SSL handshaking, client: 192.0.2.7, server: 0.0.0.0:443`,
	`192.0.2.7 - - [24/Nov/2026:02:49:00 +0100] "\x16\x03\x01\x02" 400 157 "-" "-" TLSv1.2 "FAILED:certificate has expired"`,
	`[Tue Nov 24 02:48:33.663375 2026] [ssl:info] [pid 1:tid 2] (70014)End of file found: [client 2001:db8::7:54004] AH01992: SSL library error 6 reading data (server www.example.com:443)`,
	`192.0.2.7:43098 [24/Nov/2026:02:48:04.749] fe~ fe/<NOSRV> -1/-1/-1/-1/14 400 0 - - CR-- 1/1/0/0/0 0/0 "<BADREQ>" 34/000000000A000412/0/0/0 www.example.com/TLSv1.3/TLS_AES_128_GCM_SHA256`,
	`2026/11/24 02:51:53 http: TLS handshake error from [::ffff:192.0.2.7]:60928: tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2026-11-24T02:51:53Z is after 2026-11-22T02:00:00Z`,
	`[2026-11-24T02:47:45.123Z] "GET / HTTP/1.1" 503 UF details - "TLS_error:|268435581:x:TLS_error_end" 0 159 10 - "-" "curl/8.5.0" "a9a7" "www.example.com" "192.0.2.9:443" c - 192.0.2.1:443 192.0.2.7:52436 www.example.com -`,
	`{"level":"error","ts":1795489355.9,"logger":"http.log.error","msg":"tls: \u00e9\ud83d\ude00","request":{"remote_ip":"192.0.2.7","host":"www.example.com"},"status":502}`,
	`{"log":"2026.11.24 02:47:35 LOG3[17]: SSL_accept: x\n","stream":"stderr","time":"2026-11-24T02:52:42.123456789Z"}`,
	`{"__REALTIME_TIMESTAMP":"1795488838377000","SYSLOG_IDENTIFIER":"postfix/smtpd","_PID":"3010","MESSAGE":[104,105]}`,
	`Nov 24 02:53:28 mx postfix/smtpd[3010]: SSL_accept error from mail.example.com[192.0.2.7]: -1`,
	`Nov 24 02:48:25 mail dovecot: imap-login: Disconnected (no auth): user=<>, rip=192.0.2.7, lip=192.0.2.1, TLS: x, session=<abc>`,
	`2026-11-24 02:53:28 1abcDE-000123-AB == user@example.com R=d T=r defer (-37) H=mx.example.com [192.0.2.25]: a TLS session is required`,
	`2026-11-24 02:47:45 UTC:192.0.2.7(52436):app@db:[3171]: FATAL:  no pg_hba.conf entry for host "192.0.2.7", user "app"`,
	`2026-11-24 02:47:45.123 UTC,,,3171,"192.0.2.7:52436",6745a2b8.c63,1,"",2026-11-24 02:47:45 UTC,,0,LOG,08P01,"could ""not""",,,`,
	`2026-11-24  3:02:19 6 [Warning] Could not read packet: fd: 42  state: 1  read_length: 66047  errno: 11  vio_errno: 1158  length: 0`,
	`1234:M 24 Nov 2026 02:53:28.123 # Error accepting a client connection: x (addr=192.0.2.7:52436 laddr=192.0.2.1:6379)`,
	`6745a2b8.0e4c1f3a 0x7f2b conn=1000 fd=12 ACCEPT from IP=[2001:db8::7]:52436 (IP=0.0.0.0:636)`,
	`Nov 24, 2026 2:47:58 PM org.apache.tomcat.util.net.NioEndpoint doRun`,
	`javax.net.ssl|ERROR|10|main|2026-11-24 02:47:58.532 UTC|TransportContext.java:363|Fatal (HANDSHAKE_FAILURE): x (`,
	`https 2026-11-24T02:47:45.123456Z app/web/50 192.0.2.7:2817 10.0.0.1:443 -1 -1 -1 502 - 34 366 "GET https://www.example.com:443/ HTTP/1.1" "curl/8.5.0" - - arn "R" "www.example.com" "a" 0 t "f" "-" "-" "x"`,
	`2026-11-24T02:47:45.123456Z 192.0.2.7 36932 443 - - - "-" - - UnmappedConnectionError TID_1c71`,
	`tls 2.0 2026-11-24T02:47:45 net/web/c6 g3 192.0.2.7:51341 192.0.2.1:443 5 - 98 246 48 a - - - - www.example.com - - -`,
	`#Fields: date time c-ip cs(User-Agent) sc-status sc-substatus sc-win32-status`,
	`2026-11-24 02:47:45 192.0.2.7 curl/8.5.0 403 16 2148204809`,
	`<Event xmlns='x'><System><Provider Name='Schannel'/><EventID>36887</EventID><TimeCreated SystemTime='2026-11-24T02:47:45Z'/></System><EventData><Data Name='AlertDesc'>48</Data></EventData></Event>`,
	`Error,24.11.2026 02:47:45,Schannel,36874,None,"An TLS 1.2 connection request was received"`,
	`<34>1 2026-11-24T02:53:28.123Z mx slapd 1234 - [x@1 a="]"] conn=1022 fd=14 closed`,
	"2026/11/24 02:47:29.018\tERROR\thttp.log.error\ttls: x\t{\"request\": {\"host\": \"a.example\"}, \"status\": 502}",
	`time="2026-11-24T02:47:45Z" level=debug msg="http: TLS handshake error from 192.0.2.7:52436: EOF"`,
	`web-1  | 2026-11-24T02:52:42.123456789Z stderr F something from 192.0.2.7:443`,
	"\tat sun.security.ssl.Alert(Alert.java:130)",
}

// Whatever the line: no panic, the same twice, what is not decoded lies within
// it, and nothing of it is written to.
func FuzzParse(f *testing.F) {
	for _, line := range corpus {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		before := string(line)
		p := &Parser{Now: now}
		l := p.Parse(line)
		if string(line) != before {
			t.Fatal("the line was written to")
		}
		if l.Client.Is4In6() {
			t.Errorf("mapped address %v", l.Client)
		}
		if l.Port != 0 && !l.Client.IsValid() && l.Format != "iis" && len(line) > 0 && line[0] != '{' && l.Format != "cloudfront" && l.Format != "logfmt" && l.Format != "caddy-console" {
			t.Errorf("%s: a port without an address", l.Format)
		}
		if l.Speaks == "" {
			t.Error("no word on who speaks")
		}
		first := inWords(l)
		// A second look goes by what the parser remembers.
		p.Parse([]byte(corpus[len(before)%len(corpus)]))
		if again := inWords((&Parser{Now: now}).Parse(line)); again != first {
			t.Errorf("read twice: %+v, %+v", first, again)
		}
		if kept := inWords(l); kept != first {
			t.Errorf("a later line changed %+v to %+v", first, kept)
		}
	})
}

// The lines of the usual servers are given as slices of themselves.
func TestSlicesLieWithin(t *testing.T) {
	for _, line := range []string{corpus[0], `192.0.2.7:48022 [24/Nov/2026:02:47:34.570] fe/1: SSL handshake failure`} {
		b := []byte(line)
		l := (&Parser{Now: now}).Parse(b)
		for _, s := range [][]byte{l.Name, l.Agent, l.Conn, l.Message} {
			if len(s) == 0 {
				continue
			}
			from := uintptr(unsafe.Pointer(unsafe.SliceData(s)))
			low := uintptr(unsafe.Pointer(unsafe.SliceData(b)))
			if from < low || from+uintptr(len(s)) > low+uintptr(len(b)) {
				t.Errorf("%q does not lie within %q", s, line)
			}
		}
	}
}

// speed has the lines that logs are full of.
var speed = []struct{ name, line string }{
	{"nginx", corpus[0]},
	{"access", `192.0.2.7 - - [24/Nov/2026:02:49:00 +0000] "GET / HTTP/1.1" 400 208 "-" "Mozilla/5.0 (X11; Linux x86_64)"`},
	{"haproxy", `192.0.2.7:48022 [24/Nov/2026:02:47:34.570] fe/1: SSL handshake failure`},
	{"apache", `[Tue Nov 24 02:47:46.014712 2026] [ssl:info] [pid 20800:tid 20811] [client 192.0.2.7:54792] AH02008: SSL library error 1 in handshake (server www.example.com:443)`},
	{"go", `2026/11/24 02:52:42 http: TLS handshake error from 192.0.2.7:47896: remote error: tls: unknown certificate authority`},
	{"stunnel", `2026.11.24 02:47:35 LOG3[17]: SSL_accept: ../ssl/record/rec_layer_s3.c:1602: error:0A000418:SSL routines::tlsv1 alert unknown ca`},
	{"postfix", `Nov 24 02:53:28 mx postfix/smtpd[3010]: warning: TLS library problem: error:0A000412:SSL routines::sslv3 alert bad certificate:../ssl/statem/statem_srvr.c:1657:SSL alert number 42:`},
	{"caddy", `{"level":"debug","ts":1795488838.3771272,"logger":"http.stdlib","msg":"http: TLS handshake error from 192.0.2.7:42554: tls: client offered only unsupported versions: [303 302 301]"}`},
	{"java", `2026-11-24 02:47:58.532 WARN  [https-jsse-nio-8443-exec-3] org.example.HttpsEndpoint : Handshake failed for client connection from /192.0.2.7:38348 : javax.net.ssl.SSLHandshakeException: (no_application_protocol) No matching application layer protocol values`},
	{"postgres", `2026-11-24 02:47:45.123 UTC [3171] LOG:  could not accept SSL connection: sslv3 alert bad certificate`},
	{"unknown", `something that no program of ours writes, about a connection of 192.0.2.7 to nobody at all`},
}

func TestCommonLinesCostNoAllocation(t *testing.T) {
	for _, s := range speed[:6] {
		p, line := &Parser{Now: now}, []byte(s.line)
		if n := testing.AllocsPerRun(200, func() { p.Parse(line) }); n != 0 {
			t.Errorf("%s: %v allocations a line", s.name, n)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	for _, s := range speed {
		b.Run(s.name, func(b *testing.B) {
			p, line := &Parser{Now: now}, []byte(s.line)
			b.SetBytes(int64(len(line)))
			b.ReportAllocs()
			for b.Loop() {
				p.Parse(line)
			}
		})
	}
}
