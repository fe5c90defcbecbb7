package logline

import "testing"

func TestFormatsWeb(t *testing.T) {
	run(t, []row{
		{
			`192.0.2.7 - - [24/Nov/2026:02:49:00 +0100] "\x16\x03\x01\x02\x00\x01\x00\x01\xFC\x03\x03" 400 157 "-" "-"`,
			want{"access", "", "server", "2026-11-24T01:49:00Z", "192.0.2.7:0", "", "", "", `"\x16\x03" 400`, false},
		},
		{
			`192.0.2.7 - alice [24/Nov/2026:02:49:00 +0000] "GET /a\"b HTTP/1.1" 400 208 "https://www.example.com/" "Mozilla/5.0 (X11)" TLSv1.2 "FAILED:certificate has expired"`,
			want{"access", "", "server", "2026-11-24T02:49:00Z", "192.0.2.7:0", "", "Mozilla/5.0 (X11)", "", `400 TLSv1.2 client_verify FAILED:certificate has expired`, false},
		},
		{
			`www.example.com:443 2001:db8::7 - - [24/Nov/2026:02:49:00 -0500] "GET / HTTP/1.1" 496 0 "-" "curl/8.5.0"`,
			want{"access", "", "server", "2026-11-24T07:49:00Z", "[2001:db8::7]:0", "www.example.com", "curl/8.5.0", "", `496`, false},
		},
		{
			`[24/Nov/2026:02:47:28 +0000] 192.0.2.7 TLSv1.3 TLS_AES_256_GCM_SHA384 "GET / HTTP/1.1" 5`,
			want{"apache-ssl-request", "apache", "server", "2026-11-24T02:47:28Z", "192.0.2.7:0", "", "", "", `TLSv1.3`, false},
		},
		{
			`192.0.2.7 [24/Nov/2026:03:02:10 +0000] 500 TLSv1.3 (NONE)`,
			want{"access", "", "server", "2026-11-24T03:02:10Z", "192.0.2.7:0", "", "", "", `500 TLSv1.3`, false},
		},
		{
			`192.0.2.7 - - [24/Nov/2026:02:47:46 +0000] "GET / HTTP/1.1" 200 18`,
			want{"access", "", "server", "2026-11-24T02:47:46Z", "192.0.2.7:0", "", "", "", `200`, false},
		},
		{
			`[Tue Nov 24 02:47:46.014712 2026] [ssl:info] [pid 20800:tid 20811] [client 192.0.2.7:54792] AH01964: Connection to child 6 established (server www.example.com:443)`,
			want{"apache-error", "apache", "server", "2026-11-24T02:47:46.014712Z", "192.0.2.7:54792", "www.example.com", "", "pid 20800:tid 20811", `AH01964: Connection to child`, false},
		},
		{
			`[Tue Nov 24 02:47:50.009418 2026] [ssl:info] [pid 20800:tid 20810] SSL Library Error: error:0A000412:SSL routines::sslv3 alert bad certificate (SSL alert number 42)`,
			want{"apache-error", "apache", "server", "2026-11-24T02:47:50.009418Z", "", "", "", "pid 20800:tid 20810", `SSL Library Error: error:0A000412:SSL routines::sslv3 alert bad certificate (SSL alert number 42)`, false},
		},
		{
			`[Tue Nov 24 02:48:33.663375 2026] [ssl:info] [pid 31756:tid 31763] (70014)End of file found: [client 2001:db8::7:54004] AH01992: SSL library error 6 reading data`,
			want{"apache-error", "apache", "server", "2026-11-24T02:48:33.663375Z", "[2001:db8::7]:54004", "", "", "pid 31756:tid 31763", `(70014)End of file found: AH01992: SSL library error 6 reading data`, false},
		},
		{
			`[Tue Nov 24 02:49:54.891810 2026] [ssl:info] [pid 17444:tid 17447] [remote 192.0.2.9:22211] AH02039: Certificate Verification: Error (20): unable to get local issuer certificate`,
			want{"apache-error", "apache", "client", "2026-11-24T02:49:54.89181Z", "", "", "", "pid 17444:tid 17447", `[remote ] AH02039: Certificate Verification: Error (20): unable to get local issuer certificate`, false},
		},
		{
			`[Tue Nov 24 02:49:54.895924 2026] [proxy:error] [pid 17444:tid 17447] [client 192.0.2.7:37864] AH00898: Error during SSL Handshake with remote server returned by /, referer: https://a.example/`,
			want{"apache-error", "apache", "client", "2026-11-24T02:49:54.895924Z", "192.0.2.7:37864", "", "", "pid 17444:tid 17447", `AH00898: Error during SSL Handshake with remote server returned by /`, false},
		},
		{
			`[Tue Nov  4 02:47:46 2026] [error] [client 192.0.2.7] SSL Library Error: 336027900 error:140760FC:SSL routines:SSL23_GET_CLIENT_HELLO:unknown protocol`,
			want{"apache-error", "apache", "server", "2026-11-04T02:47:46Z", "192.0.2.7:0", "", "", "", `SSL Library Error: 336027900 error:140760FC:SSL routines:SSL23_GET_CLIENT_HELLO:unknown protocol`, false},
		},
		{
			`192.0.2.7:48022 [24/Nov/2026:02:47:34.570] fe/1: SSL handshake failure`,
			want{"haproxy", "haproxy", "server", "2026-11-24T02:47:34.57Z", "192.0.2.7:48022", "", "", "192.0.2.7:48022", `] fe/1: SSL handshake failure`, false},
		},
		{
			`2001:db8::7:48022 [24/Nov/2026:02:47:34.570] fe/1: SSL handshake failure (error:0A000102:SSL routines::unsupported protocol)`,
			want{"haproxy", "haproxy", "server", "2026-11-24T02:47:34.57Z", "[2001:db8::7]:48022", "", "", "2001:db8::7:48022", `] fe/1: SSL handshake failure (error:0A000102:SSL routines::unsupported protocol)`, false},
		},
		{
			`192.0.2.7:43098 [24/Nov/2026:02:48:04.749] fe~ fe/<NOSRV> -1/-1/-1/-1/14 400 0 - - CR-- 1/1/0/0/0 0/0 "<BADREQ>"`,
			want{"haproxy", "haproxy", "server", "2026-11-24T02:48:04.749Z", "192.0.2.7:43098", "", "", "192.0.2.7:43098", `] fe~ fe/<NOSRV> -1/-1/-1/-1/1 400 0 - - CR-- "<BADREQ>"`, false},
		},
		{
			`192.0.2.7:47412 [24/Nov/2026:02:50:24.064] fe~ be/origin 0/0/-1/-1/1033 503 217 - - SC-- 1/1/0/0/1 0/0 "GET / HTTP/1.1"`,
			want{"haproxy", "haproxy", "client", "2026-11-24T02:50:24.064Z", "192.0.2.7:47412", "", "", "192.0.2.7:47412", `] fe~ be/origin 0/0/-1/-1/1 503 0 - - SC-- `, false},
		},
		{
			`192.0.2.7:47412 [24/Nov/2026:02:50:24.064] fe be/s1 1/0/30 212 -- 1/1/0/0/0 0/0`,
			want{"haproxy", "haproxy", "server", "2026-11-24T02:50:24.064Z", "192.0.2.7:47412", "", "", "192.0.2.7:47412", `] fe be/s1 1/0/1 0 -- `, false},
		},
		{
			`192.0.2.7:47412 [24/Nov/2026:02:50:24.064] fe~ 34/000000000A000412/0/0/0 www.example.com/TLSv1.3/TLS_AES_128_GCM_SHA256`,
			want{"haproxy", "haproxy", "server", "2026-11-24T02:50:24.064Z", "192.0.2.7:47412", "www.example.com", "", "192.0.2.7:47412", `] fe~ 34/000000000A000412/0/0/0 error:0A000412:SSL routines::`, false},
		},
		{
			`Nov 24 02:47:34 lb haproxy[123]: 192.0.2.7:48022 [24/Nov/2026:02:47:34.570] fe/1: SSL handshake failure`,
			want{"haproxy", "haproxy", "server", "2026-11-24T02:47:34.57Z", "192.0.2.7:48022", "", "", "192.0.2.7:48022", `] fe/1: SSL handshake failure`, false},
		},
		{
			`2026/11/24 02:52:42 http: TLS handshake error from 192.0.2.7:47896: remote error: tls: unknown certificate authority`,
			want{"go", "go", "server", "2026-11-24T02:52:42Z", "192.0.2.7:47896", "", "", "192.0.2.7:47896", `http: TLS handshake error from : remote error: tls: unknown certificate authority`, false},
		},
		{
			`2026/11/24 02:52:42.123456 http: TLS handshake error from [2001:db8::7]:47896: EOF`,
			want{"go", "go", "server", "2026-11-24T02:52:42.123456Z", "[2001:db8::7]:47896", "", "", "[2001:db8::7]:47896", `http: TLS handshake error from : EOF`, false},
		},
		{
			`2026/11/24 02:51:53 http: TLS handshake error from 192.0.2.7:60928: tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2026-11-24T02:51:53Z is after 2026-11-22T02:00:00Z`,
			want{"go", "go", "server", "2026-11-24T02:51:53Z", "192.0.2.7:60928", "", "", "192.0.2.7:60928", `http: TLS handshake error from : tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time is after`, false},
		},
		{
			`2026/11/24 02:53:34 http: TLS handshake error from 192.0.2.7:44876: tls: no cipher suite supported by both client and server; client offered: [c02b c02f]`,
			want{"go", "go", "server", "2026-11-24T02:53:34Z", "192.0.2.7:44876", "", "", "192.0.2.7:44876", `http: TLS handshake error from : tls: no cipher suite supported by both client and server`, false},
		},
		{
			`2026/11/24 02:52:42 http: proxy error: tls: failed to verify certificate: x509: certificate signed by unknown authority`,
			want{"go", "go", "client", "2026-11-24T02:52:42Z", "", "", "", "", `http: proxy error: tls: failed to verify certificate: x509: certificate signed by unknown authority`, false},
		},
		{
			`2026.11.24 02:47:35 LOG5[17]: Service [https] accepted connection from 192.0.2.7:37176`,
			want{"stunnel", "stunnel", "server", "2026-11-24T02:47:35Z", "192.0.2.7:37176", "", "", "[17]", `LOG5[]: Service [https] accepted connection from`, false},
		},
		{
			`2026.11.24 02:47:35 LOG3[17]: SSL_accept: ../ssl/record/rec_layer_s3.c:1602: error:0A000418:SSL routines::tlsv1 alert unknown ca`,
			want{"stunnel", "stunnel", "server", "2026-11-24T02:47:35Z", "", "", "", "[17]", `LOG3[]: SSL_accept: ../ssl/record/rec_layer_s3.c:1602: error:0A000418:SSL routines::tlsv1 alert unknown ca`, false},
		},
		{
			`2026.11.24 02:47:35 LOG3[main]: Address already in use`,
			want{"stunnel", "stunnel", "server", "2026-11-24T02:47:35Z", "", "", "", "", `LOG3[]: Address already in use`, false},
		},
		{
			`Nov 24 02:47:35 host stunnel[900]: LOG3[17]: SSL_connect: error:0A000086:SSL routines::certificate verify failed`,
			want{"stunnel", "stunnel", "client", "2026-11-24T02:47:35Z", "", "", "", "[17]", `LOG3[]: SSL_connect: error:0A000086:SSL routines::certificate verify failed`, false},
		},
		{
			`[2026-11-24 02:47:45.123][14][debug][connection] [source/common/tls/ssl_socket.cc:246] [Tags: "ConnectionId":"17"] remote address:192.0.2.7:5000,TLS_error:|268435581:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED:TLS_error_end`,
			want{"envoy", "envoy", "either", "2026-11-24T02:47:45.123Z", "192.0.2.7:5000", "", "", "17", `remote address:,TLS_error:|268435581:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED:TLS_error_end`, false},
		},
		{
			`[2026-11-24 02:47:45.123][14][debug][connection] [source/extensions/transport_sockets/tls/ssl_socket.cc:246] [C17] TLS error: 268435612:SSL routines:OPENSSL_internal:HTTP_REQUEST`,
			want{"envoy", "envoy", "either", "2026-11-24T02:47:45.123Z", "", "", "", "C17", `TLS error: 268435612:SSL routines:OPENSSL_internal:HTTP_REQUEST`, false},
		},
		{
			`[2026-11-24T02:47:45.123Z] "GET / HTTP/1.1" 503 UF,URX 0 159 10 - "192.0.2.7" "curl/8.5.0" "a9a7" "www.example.com" "192.0.2.9:443"`,
			want{"envoy", "envoy", "server", "2026-11-24T02:47:45.123Z", "192.0.2.7:0", "www.example.com", "curl/8.5.0", "", `503 UF,URX`, false},
		},
		{
			`[2026-11-24T02:47:45.123Z] "GET / HTTP/1.1" 503 UF upstream_reset_before_response_started{remote_connection_failure} - "TLS_error:|268435581:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED:TLS_error_end" 0 159 10 - "-" "curl/8.5.0" "a9a7" "www.example.com" "192.0.2.9:443" outbound|443||www.example.com - 192.0.2.1:443 192.0.2.7:52436 www.example.com -`,
			want{"envoy", "envoy", "client", "2026-11-24T02:47:45.123Z", "192.0.2.7:52436", "www.example.com", "curl/8.5.0", "192.0.2.7:52436", `503 UF upstream_reset_before_response_started{remote_connection_failure} TLS_error:|268435581:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED:TLS_error_end`, false},
		},
		{
			`[2026-11-24T02:47:45.123Z] "- - -" 0 NR filter_chain_not_found - "-" 0 0 0 - "-" "-" "-" "-" "-" - - 192.0.2.1:443 192.0.2.7:52436 missing.example.com -`,
			want{"envoy", "envoy", "server", "2026-11-24T02:47:45.123Z", "192.0.2.7:52436", "missing.example.com", "", "192.0.2.7:52436", `0 NR filter_chain_not_found`, false},
		},
		{
			`{"start_time":"2026-11-24T02:47:45.123Z","response_code":503,"response_flags":"UF","upstream_transport_failure_reason":"TLS_error:|268435581:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED:TLS_error_end","downstream_remote_address":"192.0.2.7:52436","requested_server_name":"www.example.com","user_agent":"curl/8.5.0","authority":"www.example.com"}`,
			want{"envoy", "envoy", "client", "2026-11-24T02:47:45.123Z", "192.0.2.7:52436", "www.example.com", "curl/8.5.0", "192.0.2.7:52436", `503 UF TLS_error:|268435581:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED:TLS_error_end`, false},
		},
		{
			`{"level":"debug","ts":1795488838.3771272,"logger":"http.stdlib","msg":"http: TLS handshake error from 192.0.2.7:42554: tls: client offered only unsupported versions: [303 302 301]"}`,
			want{"caddy", "caddy", "server", "2026-11-24T02:53:58.3771272Z", "192.0.2.7:42554", "", "", "192.0.2.7:42554", `http: TLS handshake error from : tls: client offered only unsupported versions: [303 302 301]`, false},
		},
		{
			`{"level":"debug","ts":1795489355.905116,"logger":"tls.handshake","msg":"no certificate matching TLS ClientHello","remote_ip":"192.0.2.7","remote_port":"36270","server_name":"missing.example.com","remote":"192.0.2.7:36270","identifier":"missing.example.com","cipher_suites":[4866,4867]}`,
			want{"caddy", "caddy", "server", "2026-11-24T03:02:35.905116Z", "192.0.2.7:36270", "missing.example.com", "", "192.0.2.7:36270", `no certificate matching TLS ClientHello`, false},
		},
		{
			`{"level":"error","ts":1795489355.9,"logger":"http.log.error","msg":"tls: failed to verify certificate: x509: certificate signed by unknown authority","request":{"remote_ip":"192.0.2.7","remote_port":"36270","proto":"HTTP/2.0","method":"GET","host":"www.example.com","uri":"/","headers":{"User-Agent":["curl/8.5.0"]},"tls":{"version":772,"server_name":"www.example.com"}},"duration":0.01,"status":502,"err_id":"x","err_trace":"y"}`,
			want{"caddy", "caddy", "client", "2026-11-24T03:02:35.9Z", "192.0.2.7:36270", "www.example.com", "", "192.0.2.7:36270", `502 "logger":"http.log.error" tls: failed to verify certificate: x509: certificate signed by unknown authority`, false},
		},
		{
			"2026/11/24 02:47:29.018\tDEBUG\thttp.stdlib\thttp: TLS handshake error from 192.0.2.7:49576: EOF",
			want{"caddy-console", "caddy", "server", "2026-11-24T02:47:29.018Z", "192.0.2.7:49576", "", "", "192.0.2.7:49576", `http: TLS handshake error from : EOF`, false},
		},
		{
			"2026/11/24 02:47:29.018\tERROR\thttp.log.error\ttls: handshake failure\t{\"request\": {\"remote_ip\": \"192.0.2.7\", \"host\": \"www.example.com\"}, \"status\": 502}",
			want{"caddy-console", "caddy", "client", "2026-11-24T02:47:29.018Z", "192.0.2.7:0", "www.example.com", "", "", `502 "logger":"http.log.error" tls: handshake failure`, false},
		},
		{
			`{"level":"debug","time":"2026-11-24T06:22:33Z","message":"Serving default certificate for request: \"example.com\""}`,
			want{"traefik", "traefik", "either", "2026-11-24T06:22:33Z", "", "", "", "", `Serving default certificate for request: "example.com"`, false},
		},
		{
			`time="2026-11-24T02:47:45Z" level=debug msg="http: TLS handshake error from 192.0.2.7:52436: remote error: tls: bad certificate"`,
			want{"logfmt", "go", "server", "2026-11-24T02:47:45Z", "192.0.2.7:52436", "", "", "192.0.2.7:52436", `http: TLS handshake error from : remote error: tls: bad certificate`, false},
		},
		{
			`2026-11-24T02:47:45Z DBG log/log.go:245 > http: TLS handshake error from 192.0.2.7:52436: remote error: tls: bad certificate`,
			want{"console", "go", "server", "2026-11-24T02:47:45Z", "192.0.2.7:52436", "", "", "192.0.2.7:52436", `http: TLS handshake error from : remote error: tls: bad certificate`, false},
		},
		{
			`2026-11-24 02:53:28.123456 [DEBUG] [192.0.2.7:52436] SSL_accept() failed!: error:100000b8:SSL routines:OPENSSL_internal:HTTP_REQUEST`,
			want{"litespeed", "litespeed", "server", "2026-11-24T02:53:28.123456Z", "192.0.2.7:52436", "", "", "192.0.2.7:52436", `SSL_accept() failed!: error:100000b8:SSL routines:OPENSSL_internal:HTTP_REQUEST`, false},
		},
		{
			`2026-11-24 02:53:28.123456 [INFO] [1234] [T0] [192.0.2.7:52436:HTTP2-1#www.example.com] SSL_accept() failed!: error:0A000412:SSL routines::sslv3 alert bad certificate`,
			want{"litespeed", "litespeed", "server", "2026-11-24T02:53:28.123456Z", "192.0.2.7:52436", "www.example.com", "", "192.0.2.7:52436:HTTP2-1#www.example.com", `SSL_accept() failed!: error:0A000412:SSL routines::sslv3 alert bad certificate`, false},
		},
		{
			`2026-11-24 02:53:28: (mod_openssl.c.3510) SSL: 1 error:0A000410:SSL routines::sslv3 alert handshake failure (192.0.2.7)`,
			want{"lighttpd", "lighttpd", "server", "2026-11-24T02:53:28Z", "192.0.2.7:0", "", "", "", `(mod_openssl.c.3510) SSL: 1 error:0A000410:SSL routines::sslv3 alert handshake failure ()`, false},
		},
	})
}

func TestFormatsMail(t *testing.T) {
	run(t, []row{
		{
			`Nov 24 02:53:28 mx postfix/smtpd[3010]: warning: TLS library problem: error:0A000412:SSL routines::sslv3 alert bad certificate:../ssl/statem/statem_srvr.c:1657:SSL alert number 42:`,
			want{"postfix", "postfix", "server", "2026-11-24T02:53:28Z", "", "", "", "postfix/smtpd[3010]", `postfix/smtpd[]: warning: TLS library problem: error:0A000412:SSL routines::sslv3 alert bad certificate:../ssl/statem/statem_srvr.c:1657:SSL alert number 42:`, false},
		},
		{
			`Nov 24 02:53:28 mx postfix/smtpd[3010]: SSL_accept error from mail.example.com[192.0.2.7]: -1`,
			want{"postfix", "postfix", "server", "2026-11-24T02:53:28Z", "192.0.2.7:0", "", "", "postfix/smtpd[3010]", `SSL_accept error from []: -1`, false},
		},
		{
			`<22>Nov 24 02:53:28 mx postfix/smtpd[3010]: improper command pipelining after CONNECT from unknown[192.0.2.7]: \026\003\001\002\000`,
			want{"postfix", "postfix", "server", "2026-11-24T02:53:28Z", "192.0.2.7:0", "", "", "postfix/smtpd[3010]", `improper command pipelining after CONNECT from []: \026\003`, false},
		},
		{
			`2026-11-24T02:53:28.123456+01:00 mx postfix/smtp[3011]: 85D37281B7: to=<user@example.com>, relay=mx.example.com[192.0.2.25]:25, delay=3.1, delays=0.1/0/3/0, dsn=4.7.5, status=deferred (Server certificate not trusted)`,
			want{"postfix", "postfix", "client", "2026-11-24T01:53:28.123456Z", "192.0.2.25:25", "mx.example.com", "", "postfix/smtp[3011]", `status=deferred (Server certificate not trusted)`, false},
		},
		{
			`Nov 24 02:53:28 mx postfix/smtp[1234]: SSL_connect error to mx.example.com[192.0.2.25]:25: Connection timed out`,
			want{"postfix", "postfix", "client", "2026-11-24T02:53:28Z", "192.0.2.25:25", "mx.example.com", "", "postfix/smtp[1234]", `SSL_connect error to []: Connection timed out`, false},
		},
		{
			`Nov 24 02:47:41 imap-login: Debug: SSL error: SSL_accept() failed: error:0A000415:SSL routines::sslv3 alert certificate expired: SSL alert number 45`,
			want{"dovecot", "dovecot", "server", "2026-11-24T02:47:41Z", "", "", "", "", `SSL error: SSL_accept() failed: error:0A000415:SSL routines::sslv3 alert certificate expired: SSL alert number 45`, false},
		},
		{
			`Nov 24 02:48:25 mail dovecot: imap-login: Info: Disconnected: Connection closed: read(size=429) failed: Connection reset by peer (no auth attempts in 0 secs): user=<>, rip=192.0.2.7, lip=192.0.2.1, TLS: read(size=429) failed: Connection reset by peer, session=<4nmWvvxgXtN/AAAB>`,
			want{"dovecot", "dovecot", "server", "2026-11-24T02:48:25Z", "192.0.2.7:0", "", "", "4nmWvvxgXtN/AAAB", `Disconnected: Connection closed: read(size=429) failed: Connection reset by peer TLS`, false},
		},
		{
			`Nov 24 02:48:25 mail dovecot: imap-login: Disconnected (no auth attempts in 0 secs): user=<>, rip=2001:db8::7, lip=2001:db8::1, TLS handshaking: SSL_accept() failed: error:14094416:SSL routines:ssl3_read_bytes:sslv3 alert certificate unknown: SSL alert number 46, session=<abc>`,
			want{"dovecot", "dovecot", "server", "2026-11-24T02:48:25Z", "[2001:db8::7]:0", "", "", "abc", `Disconnected TLS handshaking: SSL_accept() failed: error:14094416:SSL routines:ssl3_read_bytes:sslv3 alert certificate unknown: SSL alert number 46`, false},
		},
		{
			`2026-11-24 02:53:28 TLS error on connection from mail.example.com [192.0.2.7] (SSL_accept): error:0A000412:SSL routines::sslv3 alert bad certificate (SSL alert number 42)`,
			want{"exim", "exim", "server", "2026-11-24T02:53:28Z", "192.0.2.7:0", "", "", "", `TLS error on connection from [] (SSL_accept): error:0A000412:SSL routines::sslv3 alert bad certificate (SSL alert number 42)`, false},
		},
		{
			`2026-11-24 02:53:28 [3171] TLS error on connection to mx.example.com [192.0.2.25]:25 (gnutls_handshake): timed out`,
			want{"exim", "exim", "client", "2026-11-24T02:53:28Z", "192.0.2.25:25", "mx.example.com", "", "", `TLS error on connection to [] (gnutls_handshake): timed out`, false},
		},
		{
			`2026-11-24 02:53:28 1abcDE-000123-AB == user@example.com R=dnslookup T=remote_smtp defer (-37) H=mx.example.com [192.0.2.25]: a TLS session is required, but an attempt to start TLS failed`,
			want{"exim", "exim", "client", "2026-11-24T02:53:28Z", "192.0.2.25:0", "", "", "", `a TLS session is required, but an attempt to start TLS failed`, false},
		},
	})
}

func TestFormatsFtp(t *testing.T) {
	run(t, []row{
		{
			`Tue Nov 24 02:47:45 2026 [pid 3] FTP response: Client "::ffff:192.0.2.7", "530 Non-anonymous sessions must use encryption."`,
			want{"vsftpd", "vsftpd", "server", "2026-11-24T02:47:45Z", "192.0.2.7:0", "", "", "pid 3", `FTP response: Client "", "530 Non-anonymous sessions must use encryption."`, false},
		},
		{
			`2026-11-24 02:53:28,123 mod_tls/2.9[3171]: unable to accept TLS connection: protocol error: (1) error:0A000102:SSL routines::unsupported protocol`,
			want{"proftpd", "proftpd", "server", "2026-11-24T02:53:28.123Z", "", "", "", "3171", `unable to accept TLS connection: protocol error: (1) error:0A000102:SSL routines::unsupported protocol`, false},
		},
		{
			`2026-11-24 02:53:28,123 ftp.example.com proftpd[3171] ftp.example.com (client.example.com[192.0.2.7]): TLS/TLS-C negotiation failed on control channel`,
			want{"proftpd", "proftpd", "server", "2026-11-24T02:53:28.123Z", "192.0.2.7:0", "ftp.example.com", "", "3171", `TLS/TLS-C negotiation failed on control channel`, false},
		},
	})
}

func TestFormatsDb(t *testing.T) {
	run(t, []row{
		{
			`2026-11-24 02:47:45.123 UTC [3171] LOG:  could not accept SSL connection: sslv3 alert bad certificate`,
			want{"postgresql", "postgresql", "server", "2026-11-24T02:47:45.123Z", "", "", "", "3171", `LOG:  could not accept SSL connection: sslv3 alert bad certificate`, false},
		},
		{
			`2026-11-24 02:47:45 UTC:192.0.2.7(52436):app@db:[3171]: FATAL:  no pg_hba.conf entry for host "192.0.2.7", user "app", database "db", no encryption`,
			want{"postgresql", "postgresql", "server", "2026-11-24T02:47:45Z", "192.0.2.7:52436", "", "", "3171", `FATAL:  no pg_hba.conf entry for host "", user "app", database "db", no encryption`, false},
		},
		{
			`2026-11-24 02:47:45.123 UTC [3171] HINT:  This may indicate that the client does not support any SSL protocol version between TLSv1.2 and TLSv1.3.`,
			want{"postgresql", "postgresql", "server", "2026-11-24T02:47:45.123Z", "", "", "", "3171", `HINT:  This may indicate that the client does not support any SSL protocol version between TLSv1.2 and TLSv1.3.`, true},
		},
		{
			`2026-11-24 02:47:45.123 UTC,,,3171,"192.0.2.7:52436",6745a2b8.c63,1,"",2026-11-24 02:47:45 UTC,,0,LOG,08P01,"could not accept SSL connection: tlsv1 alert unknown ca",,,,,,,,,"","not initialized",,0`,
			want{"postgresql", "postgresql", "server", "2026-11-24T02:47:45.123Z", "192.0.2.7:52436", "", "", "6745a2b8.c63", `could not accept SSL connection: tlsv1 alert unknown ca`, false},
		},
		{
			`{"timestamp":"2026-11-24 02:47:45.123 UTC","pid":3171,"remote_host":"192.0.2.7","remote_port":52436,"session_id":"6745a2b8.c63","error_severity":"LOG","state_code":"08P01","message":"could not accept SSL connection: unsupported protocol"}`,
			want{"postgresql", "postgresql", "server", "2026-11-24T02:47:45.123Z", "192.0.2.7:52436", "", "", "192.0.2.7:52436", `LOG could not accept SSL connection: unsupported protocol`, false},
		},
		{
			`Nov 24 02:47:45 db postgres[3171]: [5-1] LOG:  could not accept SSL connection: EOF detected`,
			want{"postgresql", "postgresql", "server", "2026-11-24T02:47:45Z", "", "", "", "", `LOG:  could not accept SSL connection: EOF detected`, false},
		},
		{
			`2026-11-24  3:02:18 3 [Warning] Aborted connection 3 to db: 'unconnected' user: 'unauthenticated' host: '192.0.2.7' (This connection closed normally without authentication)`,
			want{"mysql", "mysql", "server", "2026-11-24T03:02:18Z", "192.0.2.7:0", "", "", "3", `Aborted connection (This connection closed normally without authentication)`, false},
		},
		{
			`2026-11-24  3:02:19 6 [Warning] Could not read packet: fd: 42  state: 1  read_length: 66047  errno: 11  vio_errno: 1158  length: 0`,
			want{"mysql", "mysql", "server", "2026-11-24T03:02:19Z", "", "", "", "6", `Could not read packet: fd: - read_length: errno: 11  vio_errno: 1158`, false},
		},
		{
			`2026-11-24T02:47:45.123456Z 8 [Warning] [MY-010055] [Server] IP address '192.0.2.7' could not be resolved: Name or service not known`,
			want{"mysql", "mysql", "server", "2026-11-24T02:47:45.123456Z", "", "", "", "8", `[MY-010055] [Server] IP address '192.0.2.7' could not be resolved: Name or service not known`, false},
		},
		{
			`1234:M 24 Nov 2026 02:53:28.123 # Error accepting a client connection: error:0A000412:SSL routines::sslv3 alert bad certificate (addr=192.0.2.7:52436 laddr=192.0.2.1:6379)`,
			want{"redis", "redis", "server", "2026-11-24T02:53:28.123Z", "192.0.2.7:52436", "", "", "192.0.2.7:52436", `Error accepting a client connection: error:0A000412:SSL routines::sslv3 alert bad certificate`, false},
		},
		{
			`{"t":{"$date":"2026-11-24T02:47:45.123+01:00"},"s":"I","c":"NETWORK","id":22988,"ctx":"conn17","msg":"Error receiving request from client. Ending connection from remote","attr":{"error":{"code":141,"codeName":"SSLHandshakeFailed","errmsg":"SSL handshake failed: tlsv1 alert unknown ca"},"remote":"192.0.2.7:52436","connectionId":17}}`,
			want{"mongodb", "mongodb", "server", "2026-11-24T01:47:45.123Z", "192.0.2.7:52436", "", "", "conn17", `SSLHandshakeFailed Error receiving request from client. Ending connection from remote: SSL handshake failed: tlsv1 alert unknown ca`, false},
		},
		{
			`6745a2b8 conn=1000 fd=12 ACCEPT from IP=192.0.2.7:52436 (IP=0.0.0.0:636)`,
			want{"slapd", "slapd", "server", "2024-11-26T10:28:08Z", "192.0.2.7:52436", "", "", "conn=1000", `ACCEPT`, false},
		},
		{
			`Nov 24 02:53:28 ldap slapd[1234]: conn=1022 TLS: can't accept: error:0A000418:SSL routines::tlsv1 alert unknown ca.`,
			want{"slapd", "slapd", "server", "2026-11-24T02:53:28Z", "", "", "", "conn=1022", `TLS: can't accept: error:0A000418:SSL routines::tlsv1 alert unknown ca.`, false},
		},
		{
			`Nov 24 02:53:28 ldap slapd[1234]: conn=1022 fd=14 closed (TLS negotiation failure)`,
			want{"slapd", "slapd", "server", "2026-11-24T02:53:28Z", "", "", "", "conn=1022", `closed (TLS negotiation failure)`, false},
		},
	})
}

func TestFormatsApps(t *testing.T) {
	run(t, []row{
		{
			`2026-11-24 02:47:58.532 WARN  [https-jsse-nio-8443-exec-3] org.example.HttpsEndpoint : Handshake failed for client connection from /192.0.2.7:38348 : javax.net.ssl.SSLHandshakeException: (no_application_protocol) No matching application layer protocol values`,
			want{"app", "java", "server", "2026-11-24T02:47:58.532Z", "192.0.2.7:38348", "", "", "192.0.2.7:38348", `Handshake failed for client connection from / : javax.net.ssl.SSLHandshakeException: (no_application_protocol) No matching application layer protocol values`, false},
		},
		{
			"\tCaused by: java.io.EOFException: SSL peer shut down incorrectly",
			want{"", "", "either", "", "", "", "", "", `Caused by: java.io.EOFException: SSL peer shut down incorrectly`, true},
		},
		{
			"\tat java.base/sun.security.ssl.Alert.createSSLException(Alert.java:130)",
			want{"", "", "either", "", "", "", "", "", `at java.base/sun.security.ssl.Alert.createSSLException(Alert.java:130)`, true},
		},
		{
			`2026-11-24T02:47:58.532+01:00  WARN 1 --- [nio-8443-exec-1] o.a.tomcat.util.net.NioEndpoint          : Handshake failed for client connection from IP address [192.0.2.7] and port [38348]`,
			want{"app", "java", "server", "2026-11-24T01:47:58.532Z", "192.0.2.7:38348", "", "", "", `Handshake failed for client connection from IP address  and port []`, false},
		},
		{
			`24-Nov-2026 02:47:58.532 FINE [https-jsse-nio-8443-exec-3] org.apache.tomcat.util.net.NioEndpoint$SocketProcessor.doRun Handshake failed`,
			want{"java", "java", "either", "2026-11-24T02:47:58.532Z", "", "", "", "", `Handshake failed`, false},
		},
		{
			`Nov 24, 2026 2:47:58 PM org.apache.tomcat.util.net.NioEndpoint$SocketProcessor doRun`,
			want{"java", "java", "either", "2026-11-24T14:47:58Z", "", "", "", "", `org.apache.tomcat.util.net.NioEndpoint$SocketProcessor doRun`, false},
		},
		{
			`WARNING: Handshake failed for client connection from IP address [192.0.2.7] and port [38348]`,
			want{"", "", "either", "", "192.0.2.7:38348", "", "", "", `WARNING: Handshake failed for client connection from IP address  and port []`, true},
		},
		{
			`javax.net.ssl|ERROR|10|main|2026-11-24 02:47:58.532 UTC|TransportContext.java:363|Fatal (HANDSHAKE_FAILURE): no cipher suites in common (`,
			want{"java-debug", "java", "either", "2026-11-24T02:47:58.532Z", "", "", "", "main", `|TransportContext.java:363|Fatal (HANDSHAKE_FAILURE): no cipher suites in common`, false},
		},
		{
			`[2026-11-24 20:29:45,061] INFO [SocketServer listenerType=ZK_BROKER, nodeId=0] Failed authentication with /192.0.2.7 (channelId=192.0.2.1:9093-192.0.2.7:43546-4) (SSL handshake failed) (org.apache.kafka.common.network.Selector)`,
			want{"app", "kafka", "server", "2026-11-24T20:29:45.061Z", "192.0.2.7:0", "", "", "", `Failed authentication with / (SSL handshake failed) (org.apache.kafka.common.network.Selector)`, false},
		},
		{
			`2026-11-24T02:50:53.799Z tlsClientError ERR_SSL_NO_SHARED_CIPHER 80BC2152467F0000:error:0A0000C1:SSL routines:tls_post_process_client_hello:no shared cipher:../deps/openssl/openssl/ssl/statem/statem_srvr.c:2226:`,
			want{"app", "nodejs", "server", "2026-11-24T02:50:53.799Z", "", "", "", "", `tlsClientError ERR_SSL_NO_SHARED_CIPHER error:0A0000C1:SSL routines:tls_post_process_client_hello:no shared cipher:../deps/openssl/openssl/ssl/statem/statem_srvr.c:2226:`, false},
		},
		{
			`2026-11-24 02:49:20,973 WARNING server: 192.0.2.7:37326 SSLError: [SSL: UNSUPPORTED_PROTOCOL] unsupported protocol (_ssl.c:992)`,
			want{"app", "python", "either", "2026-11-24T02:49:20.973Z", "192.0.2.7:37326", "", "", "192.0.2.7:37326", `SSLError: [SSL: UNSUPPORTED_PROTOCOL] unsupported protocol (_ssl.c:992)`, false},
		},
		{
			`2026-11-24 02:47:45.123456+00:00 [notice] <0.1234.0> TLS server: In state wait_cert at ssl_handshake.erl:2074 generated SERVER ALERT: Fatal - Unknown CA`,
			want{"rabbitmq", "erlang", "server", "2026-11-24T02:47:45.123456Z", "", "", "", "<0.1234.0>", `TLS server: In state wait_cert at ssl_handshake.erl:2074 generated SERVER ALERT: Fatal - Unknown CA`, false},
		},
		{
			`[2026-11-24 02:53:28 +0000] [1234] [WARNING] Invalid request from ip=192.0.2.7: Invalid HTTP method: '\x16\x03\x01\x02'`,
			want{"app", "", "server", "2026-11-24T02:53:28Z", "192.0.2.7:0", "", "", "", `Invalid request from ip=: Invalid HTTP method: '\x16\x03\x01\x02'`, false},
		},
		{
			`4027E63D797F0000:error:0A0000C7:SSL routines:tls_process_client_certificate:peer did not return a certificate:../ssl/statem/statem_srvr.c:3517:`,
			want{"openssl", "", "either", "", "", "", "", "", `error:0A0000C7:SSL routines:tls_process_client_certificate:peer did not return a certificate:../ssl/statem/statem_srvr.c:3517:`, true},
		},
		{
			`verify error:num=10:certificate has expired`,
			want{"", "", "either", "", "", "", "", "", `verify error:num=10:certificate has expired`, false},
		},
	})
}

func TestFormatsCdn(t *testing.T) {
	run(t, []row{
		{
			`{"ClientIP":"192.0.2.7","ClientRequestHost":"www.example.com","ClientRequestUserAgent":"curl/8.5.0","ClientSrcPort":52436,"EdgeResponseStatus":525,"OriginResponseStatus":0,"EdgeStartTimestamp":1795488838377000000,"RayID":"6e38"}`,
			want{"cloudflare", "cloudflare", "client", "2026-11-24T02:53:58.377Z", "192.0.2.7:52436", "www.example.com", "curl/8.5.0", "192.0.2.7:52436", `"EdgeResponseStatus":525,"OriginResponseStatus":0`, false},
		},
		{
			`https 2026-11-24T02:47:45.123456Z app/web/50dc6c495c0c9188 192.0.2.7:2817 10.0.0.1:443 -1 -1 -1 502 - 34 366 "GET https://www.example.com:443/ HTTP/1.1" "curl/8.5.0" TLS_AES_128_GCM_SHA256 TLSv1.3 arn:aws:elasticloadbalancing:x "Root=1-5" "www.example.com" "arn:aws:acm:y" 0 2026-11-24T02:47:44.000000Z "forward" "-" "-" "10.0.0.1:443" "-" "-" "-"`,
			want{"aws-alb", "aws-alb", "client", "2026-11-24T02:47:45.123456Z", "192.0.2.7:2817", "www.example.com", "curl/8.5.0", "192.0.2.7:2817", `502 TLSv1.3`, false},
		},
		{
			`2026-11-24T02:47:45.123456Z 192.0.2.7 52436 443 TLSv1.2 ECDHE-RSA-AES128-GCM-SHA256 - "CN=a,O=b c" NotBefore=2023-09-21T22:43:21Z;NotAfter=2026-06-17T22:43:21Z FEF257372D5C14D4 Failed:ClientCertExpired TID_3180a73013c8ca4bac2f731159d4b0fe`,
			want{"aws-alb-connection", "aws-alb", "server", "2026-11-24T02:47:45.123456Z", "192.0.2.7:52436", "", "", "TID_3180a73013c8ca4bac2f731159d4b0fe", `TLSv1.2 Failed:ClientCertExpired`, false},
		},
		{
			`2026-11-24T02:47:45.123456Z 192.0.2.7 36932 443 - - - "-" - - UnmappedConnectionError TID_1c71a68d70587445ad5127ff8b2687d7`,
			want{"aws-alb-connection", "aws-alb", "server", "2026-11-24T02:47:45.123456Z", "192.0.2.7:36932", "", "", "TID_1c71a68d70587445ad5127ff8b2687d7", `UnmappedConnectionError`, false},
		},
		{
			`tls 2.0 2026-11-24T02:47:45 net/web/c6e77e28c25b2234 g3d4b5e8bb8464cd 192.0.2.7:51341 192.0.2.1:443 5 - 98 246 48 arn:aws:acm:x - - - - www.example.com - - -`,
			want{"aws-nlb", "aws-alb", "server", "2026-11-24T02:47:45Z", "192.0.2.7:51341", "www.example.com", "", "192.0.2.7:51341", `TLS handshake failed incoming_tls_alert 48`, false},
		},
		{
			"2026-11-24\t02:47:45\tFRA2\t2390\t192.0.2.7\tGET\td111111abcdef8.cloudfront.net\t/\t502\t-\tcurl/8.5.0\t-\t-\tError\tid==\twww.example.com\thttps\t23\t0.001\t-\tTLSv1.2\tECDHE-RSA-AES128-GCM-SHA256\tError\tHTTP/2.0\t-\t-\t52436\t0.001\tOriginConnectError\ttext/html\t78\t-\t-",
			want{"cloudfront", "aws-cloudfront", "client", "2026-11-24T02:47:45Z", "192.0.2.7:52436", "www.example.com", "curl/8.5.0", "", `502 Error OriginConnectError TLSv1.2`, false},
		},
		{
			`{"httpRequest":{"requestMethod":"GET","requestUrl":"https://www.example.com/","status":502,"remoteIp":"192.0.2.7","userAgent":"curl/8.5.0"},"jsonPayload":{"@type":"x","statusDetails":"ssl_certificate_chain_verification_failed"},"timestamp":"2026-11-24T02:47:45.123456Z","severity":"WARNING"}`,
			want{"google-lb", "google-lb", "server", "2026-11-24T02:47:45.123456Z", "192.0.2.7:0", "", "curl/8.5.0", "", `502 "statusDetails":"ssl_certificate_chain_verification_failed"`, false},
		},
		{
			`{"time":"2026-11-24T02:47:45Z","category":"FrontDoorAccessLog","properties":{"clientIp":"192.0.2.7","clientPort":"52436","httpStatusCode":"503","errorInfo":"OriginCertificateExpired","hostName":"www.example.com","userAgent":"curl/8.5.0"}}`,
			want{"azure-edge", "azure-edge", "either", "2026-11-24T02:47:45Z", "192.0.2.7:52436", "www.example.com", "curl/8.5.0", "192.0.2.7:52436", `503 "errorInfo":"OriginCertificateExpired"`, false},
		},
		{
			`{"timestamp":"2026-11-24T02:47:45+0000","client_ip":"192.0.2.7","host":"cache-1","request_user_agent":"curl/8.5.0","response_status":503,"status":503,"fastly_error":"x","message":"unable to get local issuer certificate","tls_server_name":"www.example.com"}`,
			want{"json", "", "either", "2026-11-24T02:47:45Z", "192.0.2.7:0", "www.example.com", "curl/8.5.0", "", `503 unable to get local issuer certificate`, false},
		},
	})
}

func TestFormatsWin(t *testing.T) {
	run(t, []row{
		{
			"Error\t11/24/2026 2:47:45 AM\tSchannel\t36887\tNone\tA fatal alert was received from the remote endpoint. The TLS protocol defined fatal alert code is 48.",
			want{"schannel", "schannel", "either", "2026-11-24T02:47:45Z", "", "", "", "", `Event ID: 36887 A fatal alert was received from the remote endpoint. The TLS protocol defined fatal alert code is 48.`, false},
		},
		{
			`Error,24.11.2026 02:47:45,Schannel,36874,None,"An TLS 1.2 connection request was received from a remote client application, but none of the cipher suites supported by the client application are supported by the server. The SSL connection request has failed."`,
			want{"schannel", "schannel", "server", "2026-11-24T02:47:45Z", "", "", "", "", `Event ID: 36874 An TLS 1.2 connection request was received from a remote client application, but none of the cipher suites supported by the client application are supported by the server. The SSL connection request has failed.`, false},
		},
		{
			`<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Schannel' Guid='{1f678132-5938-4686-9fdc-c8ff68f15c85}'/><EventID>36887</EventID><Level>2</Level><TimeCreated SystemTime='2026-11-24T02:47:45.123456700Z'/></System><EventData><Data Name='AlertDesc'>48</Data></EventData></Event>`,
			want{"schannel", "schannel", "either", "2026-11-24T02:47:45.1234567Z", "", "", "", "", `Event ID: 36887 Schannel alert code 48`, false},
		},
	})
}

func TestFormatsWrap(t *testing.T) {
	run(t, []row{
		{
			`{"log":"2026/11/24 02:52:42 http: TLS handshake error from 192.0.2.7:47896: EOF\n","stream":"stderr","time":"2026-11-24T02:52:42.123456789Z"}`,
			want{"go", "go", "server", "2026-11-24T02:52:42.123456789Z", "192.0.2.7:47896", "", "", "192.0.2.7:47896", `http: TLS handshake error from : EOF`, false},
		},
		{
			`2026-11-24T02:52:42.123456789Z stderr F 2026/11/24 02:52:42 http: TLS handshake error from 192.0.2.7:47896: EOF`,
			want{"go", "go", "server", "2026-11-24T02:52:42.123456789Z", "192.0.2.7:47896", "", "", "192.0.2.7:47896", `http: TLS handshake error from : EOF`, false},
		},
		{
			`web-1  | 192.0.2.7 - - [24/Nov/2026:02:49:00 +0000] "\x16\x03\x01\x02" 400 157 "-" "-"`,
			want{"access", "", "server", "2026-11-24T02:49:00Z", "192.0.2.7:0", "", "", "", `"\x16\x03" 400`, false},
		},
		{
			`{"__REALTIME_TIMESTAMP":"1795488838377000","SYSLOG_IDENTIFIER":"postfix/smtpd","_PID":"3010","MESSAGE":"SSL_accept error from mail.example.com[192.0.2.7]: -1"}`,
			want{"postfix", "postfix", "server", "2026-11-24T02:53:58.377Z", "192.0.2.7:0", "", "", "postfix/smtpd[3010]", `SSL_accept error from []: -1`, false},
		},
		{
			`{"__REALTIME_TIMESTAMP":"1795488838377000","SYSLOG_IDENTIFIER":"web","_PID":"3010","MESSAGE":[104,105,32,27]}`,
			want{"journal", "", "either", "2026-11-24T02:53:58.377Z", "", "", "", "", "hi \x1b", false},
		},
		{
			`<34>1 2026-11-24T02:53:28.123Z mx slapd 1234 - [x@1 a="]"] conn=1022 fd=14 closed (TLS negotiation failure)`,
			want{"slapd", "slapd", "server", "2026-11-24T02:53:28.123Z", "", "", "", "conn=1022", `closed (TLS negotiation failure)`, false},
		},
		{
			`MESSAGE=SSL_accept() failed`,
			want{"journal", "", "either", "", "", "", "", "", `SSL_accept() failed`, false},
		},
		{
			`something else altogether from 192.0.2.7:443`,
			want{"", "", "either", "", "192.0.2.7:443", "", "", "", `something else altogether from `, false},
		},
		{
			`nginx: [emerg] SSL_CTX_use_PrivateKey("/etc/tls/key.pem") failed (SSL: error:05800074:x509 certificate routines::key values mismatch)`,
			want{"", "nginx", "server", "", "", "", "", "", `nginx: [emerg] SSL_CTX_use_PrivateKey("/etc/tls/key.pem") failed (SSL: error:05800074:x509 certificate routines::key values mismatch)`, false},
		},
	})
}
