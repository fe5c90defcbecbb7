//go:build linux

package e2e

import (
	"fmt"
	"strings"
)

// nginxTLS is the TLS part of an nginx server block, in http and stream alike.
func nginxTLS(e *env, s spec) string {
	var b strings.Builder
	for _, name := range []string{s.certName(), s.second} {
		if name != "" && (name != s.second || s.trick == "") {
			fmt.Fprintf(&b, "ssl_certificate %s;\nssl_certificate_key %s;\n", e.id(name).chainFile, e.id(name).keyFile)
		}
	}
	fmt.Fprintf(&b, "ssl_protocols %s;\n", strings.Join(s.names(opensslNames), " "))
	b.WriteString(lineIf(s.cipherString("HIGH:!aNULL:!MD5"), "ssl_ciphers {};"))
	b.WriteString(lineIf(s.groups, "ssl_ecdh_curve {};"))
	b.WriteString(lineIf(s.suites, "ssl_conf_command Ciphersuites {};"))
	b.WriteString(lineIf(s.sigalgs, "ssl_conf_command SignatureAlgorithms {};"))
	if s.dh != "" {
		b.WriteString("ssl_dhparam " + e.pki.dh(e.t, s.dh) + ";\n")
	}
	switch s.clients {
	case "require":
		b.WriteString("ssl_verify_client on;\nssl_client_certificate " + e.id("ca/clients").leafFile + ";\n")
	case "optional":
		b.WriteString("ssl_verify_client optional;\nssl_client_certificate " + e.id("ca/clients").leafFile + ";\n")
	}
	b.WriteString(e.expand(s.lines))
	return b.String()
}

func nginxRun(e *env, blocks string) {
	d := e.mkdir("nginx")
	module := ""
	if strings.Contains(blocks, "stream {") {
		module = "load_module /usr/lib/nginx/modules/ngx_stream_module.so;\n"
	}
	conf := e.file("nginx.conf", module+fmt.Sprintf(`daemon off;
master_process off;
pid %[1]s/pid;
error_log %[2]s info;
events { worker_connections 128; }
%[3]s
`, d, e.log, blocks))
	e.spawn(e.command("nginx", "-e", e.log, "-p", d, "-c", conf))
}

// nginx knows the tricks "default-site" (another server first, and so the default, with the second certificate, beside shop.example), "reject"
// (a default server that refuses unknown names) and "close" (one that answers them with 444).
func nginx(e *env, s spec) {
	e.refuse("nginx", map[string]bool{"alpn": s.alpn != nil && s.alpn[0] != "h2"})
	listen := fmt.Sprintf("127.0.0.1:%d", e.port)
	flags := " ssl"
	if s.alpn != nil {
		flags += " http2"
	}
	var site, other string
	if s.plain {
		site = fmt.Sprintf("server {\nlisten %s;\nserver_name shop.example;\nlocation / { return 200 \"open\\n\"; }\n}\n", listen)
	} else {
		if !strings.Contains(s.lines, "location / ") {
			s.lines += "\nlocation / { return 200 \"the shop is open\\n\"; }\n"
		}
		site = fmt.Sprintf("server {\nlisten %s%s;\nserver_name shop.example www.shop.example;\n%s}\n", listen, flags, nginxTLS(e, s))
	}
	switch s.trick {
	case "default-site", "close":
		answer := "location / { return 200 \"default site\\n\"; }"
		if s.trick == "close" {
			answer = "location / { return 444; }"
		}
		other = fmt.Sprintf("server {\nlisten %s ssl;\nserver_name default.example;\n%s%s}\n", listen, nginxTLS(e, spec{cert: s.second}), answer)
	case "reject":
		other = fmt.Sprintf("server {\nlisten %s ssl default_server;\nssl_reject_handshake on;\n}\n", listen)
	}
	d := e.path("nginx")
	nginxRun(e, fmt.Sprintf(`http {
client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/fcgi; uwsgi_temp_path %[1]s/uwsgi; scgi_temp_path %[1]s/scgi;
access_log %[2]s combined;
server_names_hash_bucket_size 128;
%[3]s%[4]s}`, d, e.log, other, site))
}

func nginxStream(e *env, s spec) {
	nginxRun(e, fmt.Sprintf("stream {\nserver {\nlisten 127.0.0.1:%d ssl;\n%sproxy_pass %s;\n}\n}", e.port, nginxTLS(e, s), e.httpBackend()))
}

// apache knows the tricks "vhosts" (a first virtual host with the second certificate) and "proxy" (a forward proxy; lines
// say what it refuses).
func apache(e *env, s spec) {
	d := e.mkdir("apache")
	root := e.mkdir("apache/site")
	e.mkdir("apache/site/private")
	e.file("apache/site/index.html", "the shop is open\n")
	e.file("apache/site/private/index.html", "the back office\n")
	var load strings.Builder
	for _, m := range []string{"mpm_event", "authz_core", "authz_host", "dir", "alias", "ssl", "socache_shmcb", "proxy", "proxy_connect", "auth_basic", "authn_core", "authn_file", "authz_user"} {
		fmt.Fprintf(&load, "LoadModule %s_module /usr/lib/apache2/modules/mod_%s.so\n", m, m)
	}
	head := fmt.Sprintf(`ServerRoot %[1]s
PidFile %[1]s/pid
Mutex file:%[1]s default
ServerName 127.0.0.1
Listen 127.0.0.1:%[2]d
%[3]sStartServers 1
ServerLimit 1
ThreadsPerChild 12
MaxRequestWorkers 12
ErrorLog %[4]s
LogLevel info ssl:info
DocumentRoot %[5]s
DirectoryIndex index.html
<Directory %[5]s>
Require all granted
</Directory>
`, d, e.port, load.String(), e.log, root)

	if s.plain {
		e.spawn(e.command("apache2", "-f", e.file("apache.conf", head+e.expand(s.lines)), "-DFOREGROUND"))
		return
	}
	host := func(name, cert, more string) string {
		id := e.id(cert)
		certFile := id.chainFile
		if s.dh != "" { // httpd reads DH parameters from the certificate's file
			certFile = e.file("chain-and-dh.pem", readAll(e.t, id.chainFile)+readAll(e.t, e.pki.dh(e.t, s.dh)))
		}
		var b strings.Builder
		fmt.Fprintf(&b, "<VirtualHost 127.0.0.1:%d>\nServerName %s\nSSLEngine on\nSSLCertificateFile %s\nSSLCertificateKeyFile %s\n", e.port, name, certFile, id.keyFile)
		fmt.Fprintf(&b, "SSLProtocol -all +%s\n", strings.Join(s.names(opensslNames), " +"))
		fmt.Fprintf(&b, "SSLCipherSuite %s\n", s.cipherString("HIGH:!aNULL"))
		b.WriteString(lineIf(s.suites, "SSLCipherSuite TLSv1.3 {}"))
		b.WriteString(lineIf(s.groups, "SSLOpenSSLConfCmd Groups {}"))
		b.WriteString(lineIf(s.sigalgs, "SSLOpenSSLConfCmd SignatureAlgorithms {}"))
		if s.clients != "" {
			fmt.Fprintf(&b, "SSLVerifyClient %s\nSSLVerifyDepth 2\nSSLCACertificateFile %s\n", s.clients, e.id("ca/clients").leafFile)
		}
		b.WriteString(more + "</VirtualHost>\n")
		return b.String()
	}
	conf := head
	if s.trick == "vhosts" {
		conf += host("default.example", s.second, "")
	}
	conf += host("shop.example", s.certName(), e.expand(s.lines))
	e.spawn(e.command("apache2", "-f", e.file("apache.conf", conf), "-DFOREGROUND"))
}

// haproxy appends lines to the frontend; the trick holds further words of the bind line. dh may be "built-in BITS", for its
// own groups instead of a file.
func haproxy(e *env, s spec) {
	bind := fmt.Sprintf("bind 127.0.0.1:%d", e.port)
	if !s.plain {
		vs := s.names(haproxyNames)
		dir := e.mkdir("crt")
		e.file("crt/1.pem", readAll(e.t, e.id(s.certName()).pemFile))
		if s.second != "" {
			e.file("crt/2.pem", readAll(e.t, e.id(s.second).pemFile))
		}
		bind += fmt.Sprintf(" ssl crt %s ssl-min-ver %s ssl-max-ver %s ciphers %s", dir, vs[0], vs[len(vs)-1], s.cipherString("HIGH:!aNULL"))
		if s.suites != "" {
			bind += " ciphersuites " + s.suites
		}
		if s.groups != "" {
			bind += " curves " + s.groups
		}
		if s.alpn != nil {
			bind += " alpn " + strings.Join(s.alpn, ",")
		}
		if s.clients == "require" {
			s.clients += "d" // HAProxy's word is "required"
		}
		if s.clients != "" {
			bind += " verify " + s.clients + " ca-file " + e.id("ca/clients").leafFile
		}
		bind += " " + s.trick
	}
	global := ""
	if bits, ok := strings.CutPrefix(s.dh, "built-in "); ok {
		global = "tune.ssl.default-dh-param " + bits
	} else if s.dh != "" {
		global = "ssl-dh-param-file " + e.pki.dh(e.t, s.dh)
	}
	if s.weak { // it loads certificate and DH group before it reads the security level in ciphers
		e.openssl = e.file("openssl.cnf", "openssl_conf = start\n[start]\nssl_conf = ssl\n[ssl]\nsystem_default = weak\n[weak]\nCipherString = DEFAULT:@SECLEVEL=0\n")
	}
	haproxyRun(e, global, fmt.Sprintf(`frontend shop
  mode http
  %s
  %s
  http-request return status 200 content-type text/plain string open
`, bind, e.expand(s.lines)))
}

func haproxyRun(e *env, global, sections string) {
	conf := e.file("haproxy.cfg", fmt.Sprintf(`global
  log stdout format raw local0 info
  %s
defaults
  log global
  option httplog
  timeout connect 5s
  timeout client 60s
  timeout server 60s
%s`, global, sections))
	e.spawn(e.command("haproxy", "-db", "-f", conf))
}

func lighttpd(e *env, s spec) {
	d := e.mkdir("site")
	e.file("site/index.html", "the shop is open\n")
	e.refuse("lighttpd", map[string]bool{"alpn": s.alpn != nil, "second": s.second != ""})
	tls := ""
	if !s.plain {
		vs := s.names(opensslNames)
		cmd := []string{`"MinProtocol" => "` + vs[0] + `"`, `"MaxProtocol" => "` + vs[len(vs)-1] + `"`, `"CipherString" => "` + s.cipherString("HIGH:!aNULL") + `"`}
		for k, v := range map[string]string{"Curves": s.groups, "Ciphersuites": s.suites, "SignatureAlgorithms": s.sigalgs} {
			if v != "" {
				cmd = append(cmd, fmt.Sprintf("%q => %q", k, v))
			}
		}
		if s.dh != "" {
			cmd = append(cmd, fmt.Sprintf("%q => %q", "DHParameters", e.pki.dh(e.t, s.dh)))
		}
		id := e.id(s.certName())
		tls = fmt.Sprintf("ssl.engine = \"enable\"\nssl.pemfile = %q\nssl.privkey = %q\nssl.openssl.ssl-conf-cmd = (%s)\n", id.chainFile, id.keyFile, strings.Join(cmd, ", "))
		if s.clients != "" {
			tls += fmt.Sprintf("ssl.verifyclient.activate = \"enable\"\nssl.verifyclient.ca-file = %q\n", e.id("ca/clients").leafFile)
			if s.clients == "require" {
				tls += "ssl.verifyclient.enforce = \"enable\"\n"
			}
		}
	}
	conf := e.file("lighttpd.conf", fmt.Sprintf(`server.modules = ("mod_openssl", "mod_accesslog")
server.document-root = %q
server.port = %d
server.bind = "127.0.0.1"
index-file.names = ("index.html")
server.errorlog = %q
accesslog.filename = %q
debug.log-ssl-noise = "enable"
%s%s
`, d, e.port, e.log, e.log, tls, e.expand(s.lines)))
	e.spawn(e.command("lighttpd", "-D", "-f", conf))
}

func caddy(e *env, s spec) {
	e.refuse("caddy", map[string]bool{"dh": s.dh != "", "sigalgs": s.sigalgs != "", "second": s.second != ""})
	site := fmt.Sprintf("https://shop.example:%d", e.port)
	tls := ""
	if s.plain {
		site = fmt.Sprintf("http://:%d", e.port)
	} else {
		id := e.id(s.certName())
		var b strings.Builder
		fmt.Fprintf(&b, "tls %s %s {\n", id.chainFile, id.keyFile)
		vs := s.versions()
		fmt.Fprintf(&b, "protocols tls%s tls%s\n", vs[0], vs[len(vs)-1])
		b.WriteString(lineIf(s.ciphers, "ciphers {}"))
		b.WriteString(lineIf(s.groups, "curves {}"))
		b.WriteString(lineIf(strings.Join(s.alpn, " "), "alpn {}"))
		if s.clients == "require" {
			fmt.Fprintf(&b, "client_auth {\nmode require_and_verify\ntrusted_ca_cert_file %s\n}\n", e.id("ca/clients").leafFile)
		}
		b.WriteString("}\n")
		tls = b.String()
	}
	conf := e.file("Caddyfile", fmt.Sprintf(`{
admin off
auto_https disable_redirects
http_port %d
https_port %d
skip_install_trust
storage file_system %s/caddy
}
%s {
bind 127.0.0.1
%s
%s
respond "the shop is open"
}
`, freePort(), e.port, e.dir, site, tls, e.expand(s.lines)))
	if s.plain { // Caddy wants to know which of its ports is plain
		conf = e.file("Caddyfile", strings.Replace(readAll(e.t, conf), fmt.Sprintf("https_port %d", e.port), fmt.Sprintf("https_port %d", freePort()), 1))
	}
	e.spawn(e.command("caddy", "run", "--config", conf, "--adapter", "caddyfile"))
}
