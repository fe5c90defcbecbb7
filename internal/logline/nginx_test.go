package logline

import "testing"

func TestNginxError(t *testing.T) {
	run(t, []row{
		{
			`2026/11/24 02:47:29 [info] 15768#15768: *1 SSL_do_handshake() failed (SSL: error:0A0000C1:SSL routines::no shared cipher) while SSL handshaking, client: 192.0.2.7, server: 0.0.0.0:443`,
			want{"nginx-error", "nginx", "server", "2026-11-24T02:47:29Z", "192.0.2.7:0", "", "", "15768#15768: *1", `SSL_do_handshake() failed (SSL: error:0A0000C1:SSL routines::no shared cipher) while SSL handshaking`, false},
		},
		{
			`2026/11/24 02:48:16 [error] 28857#28857: *1 upstream SSL certificate does not match "origin.example.com" while SSL handshaking to upstream, client: 2001:db8::1, server: www.example.com, request: "GET / HTTP/1.1", upstream: "https://192.0.2.9:8443/", host: "www.example.com:8443"`,
			want{"nginx-error", "nginx", "client", "2026-11-24T02:48:16Z", "[2001:db8::1]:0", "origin.example.com", "", "28857#28857: *1", `upstream SSL certificate does not match while SSL handshaking to upstream`, false},
		},
		{
			`2026/11/24 02:50:47 [info] 26646#26646: *1 client sent no required SSL certificate while reading client request headers, client: ::ffff:192.0.2.1, server: _, request: "GET / HTTP/1.1", host: "api.example.com"`,
			want{"nginx-error", "nginx", "server", "2026-11-24T02:50:47Z", "192.0.2.1:0", "api.example.com", "", "26646#26646: *1", `client sent no required SSL certificate while reading client request headers`, false},
		},
		{
			`2026/11/24 02:48:11 [info] 27584#27584: *9 client 192.0.2.4 closed keepalive connection`,
			want{"nginx-error", "nginx", "server", "2026-11-24T02:48:11Z", "192.0.2.4:0", "", "", "27584#27584: *9", `closed keepalive connection`, false},
		},
		{
			`2026/11/24 03:02:10 [info] 27515#27515: *1 client 192.0.2.4:45422 connected to 192.0.2.5:21395`,
			want{"nginx-error", "nginx", "server", "2026-11-24T03:02:10Z", "192.0.2.4:45422", "", "", "27515#27515: *1", `connected`, false},
		},
		{
			`2026/11/24 02:48:16 [emerg] 28715#28715: SSL_CTX_use_PrivateKey("/etc/tls/key.pem") failed (SSL: error:05800074:x509 certificate routines::key values mismatch)`,
			want{"nginx-error", "nginx", "server", "2026-11-24T02:48:16Z", "", "", "", "", `SSL_CTX_use_PrivateKey("/etc/tls/key.pem") failed (SSL: error:05800074:x509 certificate routines::key values mismatch)`, false},
		},
	})
}
