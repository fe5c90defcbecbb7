//go:build linux

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// postgres serves its own protocol with TLS after an SSLRequest; lines are further settings, "name=value" each.
func postgres(e *env, s spec) {
	bins, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if len(bins) == 0 {
		missing(e.t, "PostgreSQL")
	}
	sort.Strings(bins)
	bin := filepath.Dir(bins[len(bins)-1])
	d := e.mkdir("pg")
	e.chown(d, "postgres")
	init := e.command(filepath.Join(bin, "initdb"), "-D", d+"/data", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C")
	e.as(init, "postgres")
	e.runOnce(init)
	// The key must belong to the server's account and be private.
	id := e.id(s.certName())
	for from, to := range map[string]string{id.chainFile: "server.crt", id.keyFile: "server.key"} {
		f := filepath.Join("pg", "data", to)
		e.file(f, readAll(e.t, from))
		e.chown(e.path(f), "postgres")
		if err := os.Chmod(e.path(f), 0o600); err != nil {
			e.t.Fatal(err)
		}
	}
	ssl := "ssl=on"
	if s.plain {
		ssl = "ssl=off"
	}
	args := []string{"-D", d + "/data", "-p", fmt.Sprint(e.port)}
	for _, v := range append([]string{"listen_addresses=127.0.0.1", ssl, "fsync=off", "log_connections=on", "unix_socket_directories=" + d}, strings.Fields(s.lines)...) {
		args = append(args, "-c", v)
	}
	c := e.command(filepath.Join(bin, "postgres"), args...)
	e.as(c, "postgres")
	c.Dir = d
	e.spawn(c)
}

func mariadb(e *env, s spec) {
	needRoot(e.t, "mariadbd")
	d := e.mkdir("my")
	e.chown(d, "mysql")
	e.runOnce(e.command("mariadb-install-db", "--no-defaults", "--datadir="+d+"/data", "--user=mysql", "--skip-test-db", "--auth-root-authentication-method=normal"))
	id := e.id(s.certName())
	e.spawn(e.command("mariadbd", "--no-defaults", "--datadir="+d+"/data", "--user=mysql", "--bind-address=127.0.0.1", fmt.Sprintf("--port=%d", e.port),
		"--socket="+d+"/s", "--pid-file="+d+"/pid", "--ssl-cert="+id.chainFile, "--ssl-key="+id.keyFile))
}

func slapd(e *env, s spec) {
	d := e.mkdir("ldap")
	id := e.id(s.certName())
	conf := e.file("slapd.conf", fmt.Sprintf(`include /etc/ldap/schema/core.schema
pidfile %[1]s/pid
argsfile %[1]s/args
modulepath /usr/lib/ldap
TLSCertificateFile %[2]s
TLSCertificateKeyFile %[3]s
%[4]s
database ldif
suffix "dc=shop,dc=example"
directory %[1]s
`, d, id.chainFile, id.keyFile, e.expand(s.lines)))
	scheme := "ldap"
	if s.wrap {
		scheme = "ldaps"
	}
	e.spawn(e.command("slapd", "-f", conf, "-h", fmt.Sprintf("%s://%s/", scheme, e.addr()), "-d", "256"))
}

func redis(e *env, _ spec) {
	e.spawn(e.command("redis-server", "--port", fmt.Sprint(e.port), "--bind", "127.0.0.1", "--save", "", "--dir", e.dir))
}

func sshd(e *env, _ spec) {
	needRoot(e.t, "sshd")
	key := e.path("hostkey")
	e.runOnce(e.command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key))
	if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
		e.t.Fatal(err)
	}
	e.spawn(e.command("/usr/sbin/sshd", "-D", "-e", "-f", "/dev/null", "-h", key, "-p", fmt.Sprint(e.port), "-o", "ListenAddress=127.0.0.1", "-o", "PidFile="+e.path("sshd.pid")))
}

// forwardProxy is Apache httpd answering CONNECT; lines restrict it.
func forwardProxy(e *env, s spec) {
	apache(e, spec{plain: true, lines: "ProxyRequests On\n" + s.lines})
}
