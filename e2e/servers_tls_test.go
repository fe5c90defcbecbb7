//go:build linux

package e2e

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func readAll(t testing.TB, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func stunnel(e *env, s spec) {
	e.refuse("stunnel", map[string]bool{"alpn": s.alpn != nil, "second": s.second != ""})
	vs := s.names(opensslNames)
	id := e.id(s.certName())
	certFile := id.chainFile
	if s.dh != "" { // stunnel reads DH parameters from the certificate's file
		certFile = e.file("chain-and-dh.pem", readAll(e.t, id.chainFile)+readAll(e.t, e.pki.dh(e.t, s.dh)))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "foreground = yes\ndebug = 5\nsyslog = no\npid =\noutput = %s\n[shop]\naccept = 127.0.0.1:%d\nconnect = %s\n", e.log, e.port, e.httpBackend())
	fmt.Fprintf(&b, "cert = %s\nkey = %s\nciphers = %s\nsslVersionMin = %s\nsslVersionMax = %s\n", certFile, id.keyFile, s.cipherString("HIGH:!aNULL"), vs[0], vs[len(vs)-1])
	b.WriteString(lineIf(s.groups, "curves = {}"))
	b.WriteString(lineIf(s.suites, "ciphersuites = {}"))
	if s.clients == "require" {
		fmt.Fprintf(&b, "verifyChain = yes\nCAfile = %s\n", e.id("ca/clients").leafFile)
	}
	b.WriteString(e.expand(s.lines) + "\n")
	c := e.command("stunnel4", e.file("stunnel.conf", b.String()))
	c.Stdout, c.Stderr = io.Discard, io.Discard // it logs to its file as well
	e.spawn(c)
}

func hitch(e *env, s spec) {
	needRoot(e.t, "hitch, which drops it")
	e.refuse("hitch", map[string]bool{"dh": s.dh != "", "sigalgs": s.sigalgs != ""})
	var b strings.Builder
	host, port, _ := strings.Cut(e.httpBackend(), ":")
	fmt.Fprintf(&b, "frontend = \"[127.0.0.1]:%d\"\nbackend = \"[%s]:%s\"\n", e.port, host, port)
	for _, n := range []string{s.certName(), s.second} {
		if n != "" {
			fmt.Fprintf(&b, "pem-file = %q\n", e.id(n).pemFile)
		}
	}
	fmt.Fprintf(&b, "tls-protos = %s\nciphers = %q\n", strings.Join(s.names(haproxyNames), " "), s.cipherString("HIGH:!aNULL"))
	b.WriteString(lineIf(s.suites, "ciphersuites = \"{}\""))
	b.WriteString(lineIf(s.groups, "ecdh-curve = \"{}\""))
	b.WriteString(lineIf(strings.Join(s.alpn, ","), "alpn-protos = \"{}\""))
	if s.clients == "require" {
		fmt.Fprintf(&b, "client-verify = required\nclient-verify-ca = %q\n", e.id("ca/clients").leafFile)
	}
	fmt.Fprintf(&b, "workers = 1\ndaemon = off\nuser = \"nobody\"\ngroup = \"nogroup\"\nquiet = off\nsyslog = off\nlog-level = 2\nlog-filename = %q\n%s\n", e.log, e.expand(s.lines))
	e.spawn(e.command("hitch", "--config="+e.file("hitch.conf", b.String())))
}

// sServer is "openssl s_server"; lines hold further arguments, a line each.
func sServer(e *env, s spec) {
	id := e.id(s.certName())
	args := []string{"s_server", "-accept", e.addr(), "-www", "-cert", id.leafFile, "-key", id.keyFile, "-cipher", s.cipherString("DEFAULT")}
	if len(id.chain) > 1 {
		args = append(args, "-cert_chain", id.restFile)
	}
	for v, flag := range map[string]string{"ssl3": "-no_ssl3", "1.0": "-no_tls1", "1.1": "-no_tls1_1", "1.2": "-no_tls1_2", "1.3": "-no_tls1_3"} {
		if !slices.Contains(s.versions(), v) {
			args = append(args, flag)
		}
	}
	for flag, v := range map[string]string{"-ciphersuites": s.suites, "-groups": s.groups, "-sigalgs": s.sigalgs, "-alpn": strings.Join(s.alpn, ",")} {
		if v != "" {
			args = append(args, flag, v)
		}
	}
	if s.dh != "" {
		args = append(args, "-dhparam", e.pki.dh(e.t, s.dh))
	}
	switch s.clients {
	case "require":
		args = append(args, "-Verify", "2", "-verify_return_error", "-CAfile", e.id("ca/clients").leafFile)
	case "optional":
		args = append(args, "-verify", "2", "-CAfile", e.id("ca/clients").leafFile)
	}
	args = append(args, strings.Fields(e.expand(s.lines))...)
	c := e.command("openssl", args...)
	r, w, err := os.Pipe() // s_server ends when its standard input does
	if err != nil {
		e.t.Fatal(err)
	}
	c.Stdin = r
	e.spawn(c)
	_ = r.Close()
	e.t.Cleanup(func() { _ = w.Close() })
}

// gnutls is gnutls-serv; ciphers hold further words of the priority string, lines further arguments.
func gnutls(e *env, s spec) {
	id := e.id(s.certName())
	prio := "NORMAL:-VERS-ALL"
	for _, v := range s.names(gnutlsNames) {
		prio += ":+" + v
	}
	if s.ciphers != "" {
		prio += ":" + s.ciphers
	}
	args := []string{"--http", "--port", fmt.Sprint(e.port), "--x509certfile", id.chainFile, "--x509keyfile", id.keyFile, "--priority", prio}
	if s.alpn != nil {
		args = append(args, "--alpn-fatal")
		for _, a := range s.alpn {
			args = append(args, "--alpn", a)
		}
	}
	if s.clients == "require" {
		args = append(args, "--require-client-cert", "--verify-client-cert", "--x509cafile", e.id("ca/clients").leafFile)
	} else {
		args = append(args, "--disable-client-cert")
	}
	args = append(args, strings.Fields(e.expand(s.lines))...)
	e.spawn(e.command("gnutls-serv", args...))
}

var (
	javaOnce sync.Once
	errJava  error
)

// javaClasses compiles the server and the client of testdata once.
func javaClasses(e *env) string {
	e.t.Helper()
	need(e.t, "java")
	javac := need(e.t, "javac")
	classes := filepath.Join(workDir, "classes")
	javaOnce.Do(func() {
		src, err := filepath.Abs("testdata")
		if err != nil {
			errJava = err
			return
		}
		c := exec.Command(javac, "-d", classes, filepath.Join(src, "Shop.java"), filepath.Join(src, "Get.java"), filepath.Join(src, "Plain.java"))
		if out, err := c.CombinedOutput(); err != nil {
			errJava = fmt.Errorf("javac: %w\n%s", err, out)
		}
	})
	if errJava != nil {
		e.t.Fatal(errJava)
	}
	return classes
}

// java runs testdata/Shop.java on JSSE. ciphers are JSSE names with commas; lines are system properties, one a line; the
// trick is the program's own: "throwing-keys", "wrong-key" (signs with the key of "other-key"), "names=REGEXP".
func java(e *env, s spec) {
	args := []string{"-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx96m"}
	if s.weak {
		args = append(args, "-Djava.security.properties="+e.file("java.security", "jdk.tls.disabledAlgorithms=\njdk.tls.legacyAlgorithms=\njdk.certpath.disabledAlgorithms=\n"))
	}
	if s.groups != "" {
		args = append(args, "-Djdk.tls.namedGroups="+s.groups)
	}
	if s.dh != "" {
		args = append(args, "-Djdk.tls.ephemeralDHKeySize="+s.dh)
	}
	args = append(args, strings.Fields(s.lines)...)
	args = append(args, "-cp", javaClasses(e), "Shop", "port="+fmt.Sprint(e.port), "keys="+e.pki.p12(e.t, s.certName()), "versions="+strings.Join(s.names(opensslNames), ","))
	if s.ciphers != "" || s.suites != "" {
		args = append(args, "suites="+strings.Trim(s.ciphers+","+s.suites, ","))
	}
	if s.alpn != nil {
		args = append(args, "alpn="+strings.Join(s.alpn, ","))
	}
	if s.clients == "require" {
		args = append(args, "clients="+e.id("ca/clients").leafFile)
	}
	switch {
	case s.trick == "wrong-key":
		args = append(args, "sign="+e.pki.p12(e.t, "other-key"))
	case s.trick != "":
		args = append(args, s.trick)
	}
	e.spawn(e.command("java", args...))
	e.waitListening(e.port)
	// A JVM's first handshake loads hundreds of classes, seconds on a busy machine; no row is about that.
	if c, err := tls.DialWithDialer(&net.Dialer{Timeout: 20 * time.Second}, "tcp", e.addr(), &tls.Config{ServerName: "shop.example", InsecureSkipVerify: true, MinVersion: tls.VersionTLS10}); err == nil {
		_ = c.Close()
	}
}

// node runs testdata/shop.js; lines are a JSON object of options to tls.createServer.
func node(version string) func(*env, spec) {
	return func(e *env, s spec) {
		bin := "node"
		if version != "" {
			bin = oldNode(e.t, version)
		}
		id := e.id(s.certName())
		opt := map[string]any{}
		if s.lines != "" {
			if err := json.Unmarshal([]byte(e.expand(s.lines)), &opt); err != nil {
				e.t.Fatal(err)
			}
		}
		old := strings.HasPrefix(version, "0.") || strings.HasPrefix(version, "4.") || strings.HasPrefix(version, "8.")
		if old {
			e.refuse("old Node.js", map[string]bool{"a version range": s.min+s.max != "", "weak": s.weak, "suites": s.suites != ""})
		} else {
			vs := s.names(opensslNames)
			opt["minVersion"], opt["maxVersion"] = vs[0], vs[len(vs)-1]
		}
		if c := s.ciphers; c != "" || s.weak {
			opt["ciphers"] = s.cipherString("DEFAULT")
		}
		if s.suites != "" {
			opt["ciphers"] = s.suites
		}
		if s.groups != "" {
			opt["ecdhCurve"] = s.groups
		}
		if s.alpn != nil {
			opt["ALPNProtocols"] = s.alpn
		}
		if s.clients == "require" {
			opt["requestCert"], opt["rejectUnauthorized"] = true, true
		}
		all := map[string]any{"port": e.port, "chain": id.chainFile, "key": id.keyFile, "plain": s.plain, "trick": s.trick, "tls": opt}
		if s.clients != "" {
			all["clients"] = e.id("ca/clients").leafFile
		}
		if s.dh != "" {
			all["dh"] = e.pki.dh(e.t, s.dh)
		}
		b, err := json.Marshal(all)
		if err != nil {
			e.t.Fatal(err)
		}
		script, err := filepath.Abs(filepath.Join("testdata", "shop.js"))
		if err != nil {
			e.t.Fatal(err)
		}
		e.spawn(e.command(bin, script, string(b)))
	}
}

// python runs testdata/shop.py on the ssl module; tricks: "internal-error" and "unrecognized" in the SNI callback,
// "abrupt" closes without close_notify.
func python(e *env, s spec) {
	id := e.id(s.certName())
	vs := s.versions()
	all := map[string]any{
		"port": e.port, "chain": id.chainFile, "key": id.keyFile, "plain": s.plain, "trick": s.trick,
		"min": vs[0], "max": vs[len(vs)-1], "alpn": s.alpn, "curve": s.groups,
	}
	if s.ciphers != "" || s.weak {
		all["ciphers"] = s.cipherString("DEFAULT")
	}
	if s.clients != "" {
		all["clients"], all["mode"] = e.id("ca/clients").leafFile, s.clients
	}
	b, err := json.Marshal(all)
	if err != nil {
		e.t.Fatal(err)
	}
	script, err := filepath.Abs(filepath.Join("testdata", "shop.py"))
	if err != nil {
		e.t.Fatal(err)
	}
	bin := "/usr/bin/python3" // the distribution's: others on the path may lack the ssl module
	if _, err := os.Stat(bin); err != nil {
		bin = "python3"
	}
	e.spawn(e.command(bin, script, string(b)))
}
