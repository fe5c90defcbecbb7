//go:build linux

package e2e

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// subject is a real client of which tlswhy has a profile under the same id.
type subject struct {
	id    string
	stack string // the TLS library under it
	// slow clients meet a part of the endpoints only.
	slow bool
	// run is the command line for one request. many stands in its place for those that take longer to start than to ask:
	// they answer lines "NAME PORT" with a line each.
	run  func(b *bench, name string, port int) []string
	many func(b *bench) []string
	// input is its standard input, with {name} for the name.
	input string
	// hold is how long its input stays open after that, for those that end with it; an answer ends it sooner.
	hold time.Duration
	env  []string // with {roots} for the file of roots
	// says decides by what is printed, for clients whose exit status tells nothing; nil: the exit status does.
	says *regexp.Regexp
	// not overrules a good end, still a bad one.
	not, still *regexp.Regexp
}

var (
	gotPage = regexp.MustCompile(`HTTP/\d(\.\d)? [23]\d\d\b`)
	isGit   = regexp.MustCompile(`is this a git repository|not found`)
	badPage = regexp.MustCompile(`(?i)\b(400 Bad Request|403 Forbidden|No required SSL certificate|wants an SSL client certificate|SSL Certificate Error|Service Unavailable|Internal Server Error)\b`)
)

const plainGet = "GET / HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n"

func url(name string, port int) string { return fmt.Sprintf("https://%s:%d/", name, port) }

// script is a client that is a file of testdata and takes name, port and roots.
func script(file string, with ...string) func(*bench, string, int) []string {
	return func(b *bench, name string, port int) []string {
		return append(with, b.script(file), name, strconv.Itoa(port), b.roots)
	}
}

// lines is such a file that serves many requests.
func lines(file string, with ...string) func(*bench) []string {
	return func(b *bench) []string { return append(with[:len(with):len(with)], b.script(file), b.roots) }
}

func tool(args ...string) func(*bench, string, int) []string {
	return func(b *bench, name string, port int) []string {
		out := make([]string, len(args))
		for i, a := range args {
			out[i] = strings.NewReplacer("{url}", url(name, port), "{roots}", b.roots, "{name}", name, "{port}", strconv.Itoa(port), "{dir}", b.dir).Replace(a)
		}
		return out
	}
}

func subjects() []subject {
	list := []subject{
		{id: "curl-openssl", stack: "OpenSSL 3.0", run: tool("curl", "-sS", "-f", "-m", "10", "-o", "/dev/null", "--cacert", "{roots}", "{url}")},
		{id: "openssl-3.0", stack: "OpenSSL 3.0", input: plainGet, says: gotPage, run: tool("openssl", "s_client", "-connect", "127.0.0.1:{port}", "-servername", "{name}", "-verify_hostname", "{name}",
			"-CAfile", "{roots}", "-no-CApath", "-no-CAstore", "-verify_return_error", "-ign_eof", "-brief")},
		{id: "python-3.11-debian", stack: "OpenSSL 3.0", says: gotPage, many: lines("get.py", "/usr/bin/python3")},
		{id: "perl-httptiny", stack: "OpenSSL 3.0", env: []string{"SSL_CERT_FILE={roots}"}, says: gotPage, many: func(b *bench) []string { return []string{"perl", b.script("get.pl"), "HTTP::Tiny"} }},
		{id: "perl-lwp", stack: "OpenSSL 3.0", env: []string{"PERL_LWP_SSL_CA_FILE={roots}"}, says: gotPage, many: func(b *bench) []string { return []string{"perl", b.script("get.pl"), "LWP::UserAgent"} }},
		{id: "php-streams", stack: "OpenSSL 3.0", run: tool("php", "-n", "-d", "openssl.cafile={roots}", "-d", "display_errors=1", "-d", "default_socket_timeout=10", "-r",
			`exit(file_get_contents($argv[1]) === false ? 1 : 0);`, "{url}")},
		{id: "php-curl", stack: "OpenSSL 3.0", run: tool("php", "-n", "-d", "extension=curl", "-r",
			`$c = curl_init($argv[1]); curl_setopt_array($c, [CURLOPT_CAINFO => $argv[2], CURLOPT_FAILONERROR => true, CURLOPT_RETURNTRANSFER => true, CURLOPT_TIMEOUT => 10]); $r = curl_exec($c); echo curl_error($c); exit($r === false ? 1 : 0);`, "{url}", "{roots}")},
		{id: "ruby-3.1", stack: "OpenSSL 3.0", says: gotPage, many: lines("get.rb", "ruby")},
		{id: "lua-sec", stack: "OpenSSL 3.0", says: gotPage, run: script("get.lua", "lua5.3")},
		{id: "tcl-tls", stack: "OpenSSL 3.0", says: gotPage, run: script("get.tcl", "tclsh8.6")},
		{id: "w3m", stack: "OpenSSL 3.0", says: gotPage, run: tool("w3m", "-o", "ssl_ca_file={roots}", "-o", "ssl_ca_path=", "-o", "ssl_ca_default=0", "-o", "ssl_verify_server=1", "-dump_both", "{url}")},
		{id: "links", stack: "OpenSSL 3.0", env: []string{"SSL_CERT_FILE={roots}", "SSL_CERT_DIR=/nonexistent"}, not: badPage, run: tool("links", "-ssl.certificates", "2", "-retries", "1", "-receive-timeout", "8", "-dump", "{url}")},

		{id: "gnutls-cli", stack: "GnuTLS", input: plainGet, says: gotPage, run: tool("gnutls-cli", "--x509cafile={roots}", "--sni-hostname={name}", "--verify-hostname={name}", "-p", "{port}", "127.0.0.1")},
		{id: "wget-gnutls", stack: "GnuTLS", run: tool("wget", "-nv", "--no-hsts", "--tries=1", "--timeout=10", "-O", "/dev/null", "--ca-certificate={roots}", "{url}")},
		{id: "wget2-gnutls", stack: "GnuTLS", says: regexp.MustCompile(`HTTP response [23]\d\d`), run: tool("wget2", "-S", "--no-hsts", "--tries=1", "--timeout=10", "-O", "/dev/null", "--ca-certificate={roots}", "{url}")},
		{id: "git-gnutls", stack: "GnuTLS", env: []string{"GIT_TERMINAL_PROMPT=0"}, still: isGit, run: tool("git", "-c", "http.sslCAInfo={roots}", "ls-remote", "{url}")},
		{id: "lynx", stack: "GnuTLS", env: []string{"SSL_CERT_FILE={roots}"}, says: gotPage, run: tool("lynx", "-cfg=/dev/null", "-connect_timeout=10", "-read_timeout=10", "-mime_header", "-dump", "{url}")},
		// It reads the roots of the system alone, which are ours where clients run.
		{id: "elinks", stack: "GnuTLS", not: badPage, still: regexp.MustCompile(`the shop is open`), // it complains of an end that came after the page
			run: tool("elinks", "-no-numbering", "-eval", "set connection.ssl.cert_verify = 1", "-eval", "set connection.retries = 1", "-eval", "set connection.receive_timeout = 8", "-dump", "1", "{url}")},
		{id: "aria2", stack: "GnuTLS", run: tool("aria2c", "--no-conf", "-m", "1", "-t", "10", "--ca-certificate={roots}", "-d", "{dir}", "-o", "aria-{port}", "{url}")},
		{id: "lftp-gnutls", stack: "GnuTLS", run: tool("lftp", "-c", "set ssl:ca-file {roots}; set net:max-retries 1; set net:timeout 8; cat {url}")},
		{id: "libsoup3-gnutls", stack: "GnuTLS", slow: true, says: gotPage, run: script("get.gjs.js", "gjs")},

		{id: "curl-nss", stack: "NSS", run: script("curl_nss.py", "/usr/bin/python3")},
		{id: "nss-tstclnt", stack: "NSS", says: gotPage, run: tool("tstclnt", "-4", "-h", "{name}", "-p", "{port}", "-d", "sql:{dir}/nss", "-A", "{dir}/nss-{name}")},

		{id: "android-boringssl-13", stack: "BoringSSL", input: plainGet, says: gotPage, run: tool("bssl-tool", "client", "-connect", "127.0.0.1:{port}", "-server-name", "{name}", "-root-certs", "{roots}")},
		{id: "wolfssl-5.5", stack: "wolfSSL", says: gotPage, run: script("wolfssl.py", "/usr/bin/python3")},
		{id: "botan-2.19", stack: "Botan", input: plainGet, hold: 8 * time.Second, says: regexp.MustCompile(`(?s)status: Verified.*HTTP/1\.\d [23]\d\d`), run: tool("botan", "tls_client", "{name}", "--port={port}", "--skip-system-cert-store", "--trusted-cas={roots}")},
		{id: "pike-8.0", stack: "Pike", says: gotPage, many: lines("get.pike", "pike8.0")},
		{id: "erlang-25", stack: "Erlang", says: gotPage, many: lines("get.escript", "escript")},
		{id: "java-17", stack: "JSSE", says: gotPage, many: java17("url")},
		{id: "java-17-httpclient", stack: "JSSE", says: gotPage, many: java17("http")},
		{id: "java-17-bouncycastle", stack: "Bouncy Castle", says: gotPage, many: java17("bc")},
		{id: "go-1.26.8", stack: "Go", run: func(b *bench, name string, port int) []string {
			return []string{b.goClient, name, strconv.Itoa(port)}
		}, env: []string{"SSL_CERT_FILE={roots}", "SSL_CERT_DIR=/nonexistent"}},
	}
	for _, v := range []string{"1.9.7", "1.12.17", "1.16.15", "1.20.14", "1.23.0"} {
		list = append(list, subject{id: "go-" + v, stack: "Go", env: []string{"SSL_CERT_FILE={roots}", "SSL_CERT_DIR=/nonexistent"}, run: tool(toolsDir()+"/go-"+v+"/client", "{name}", "{port}")})
	}
	for _, v := range []struct{ version, library string }{
		{"0.8.28", "1.0.0"},
		{"0.10.48", "1.0.1"},
		{"0.12.18", "1.0.1"},
		{"4.9.1", "1.0.2"},
		{"6.17.1", "1.0.2"},
		{"8.17.0", "1.0.2"},
		{"10.0.0", "1.1.0"},
		{"10.24.1", "1.1.1"},
		{"12.22.12", "1.1.1"},
		{"14.21.3", "1.1.1"},
		{"16.20.2", "1.1.1"},
		{"17.9.1", "3.0"},
		{"18.20.8", "3.0"},
		{"20.20.2", "3.0"},
		{"22.23.3", "3.5"},
		{"24.21.0", "3.5"},
		{"26.10.0", "3.5"},
	} {
		list = append(list, subject{id: "node-" + v.version, stack: "OpenSSL " + v.library, says: gotPage, many: lines("get.js", toolsDir()+"/node-"+v.version+"/node")})
	}
	for _, v := range []struct{ version, library string }{{"18.20.8", "3.0"}, {"22.23.3", "3.5"}, {"26.10.0", "3.5"}} {
		list = append(list, subject{id: "node-fetch-" + v.version, stack: "OpenSSL " + v.library, says: gotPage, env: []string{"NODE_EXTRA_CA_CERTS={roots}"}, many: func(b *bench) []string {
			return []string{toolsDir() + "/node-" + v.version + "/node", b.script("fetch.mjs")}
		}})
	}
	for _, v := range []string{"1.46.3", "2.9.6"} {
		list = append(list, subject{id: "deno-" + v, stack: "rustls", says: gotPage, env: []string{"DENO_NO_UPDATE_CHECK=1", "NO_COLOR=1"}, many: func(b *bench) []string {
			return []string{toolsDir() + "/deno-" + v + "/deno", "run", "--no-config", "--no-prompt", "--allow-net", "--cert", b.roots, b.script("fetch.mjs")}
		}})
	}
	for _, v := range []string{"1.1.45", "1.4.5"} {
		list = append(list, subject{id: "bun-" + v, stack: "BoringSSL", says: gotPage, env: []string{"NODE_EXTRA_CA_CERTS={roots}"}, many: func(b *bench) []string {
			return []string{toolsDir() + "/bun-" + v + "/bun", b.script("fetch.mjs")}
		}})
	}
	return list
}

func java17(how string) func(*bench) []string {
	return func(b *bench) []string {
		path := filepath.Join(b.dir, "java")
		for _, jar := range []string{"bctls", "bcprov", "bcutil", "bcpkix"} {
			path += ":/usr/share/java/" + jar + ".jar"
		}
		return []string{"java", "-XX:+UseSerialGC", "-Xmx256m", "-cp", path, "Many", how, b.roots}
	}
}
