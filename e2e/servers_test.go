//go:build linux

package e2e

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"testing"
	"time"
)

// servers maps the name of a software to the function that configures and starts it. A function may return before the
// server listens; start waits.
var servers map[string]func(*env, spec)

// The map is filled here and not at its declaration because balancers start other servers by it.
func fillServers() {
	servers = map[string]func(*env, spec){
		"nginx": nginx, "nginx-stream": nginxStream, "apache2": apache, "haproxy": haproxy, "lighttpd": lighttpd,
		"stunnel": stunnel, "hitch": hitch, "caddy": caddy,
		"s_server": sServer, "gnutls": gnutls, "java": java, "python": python,
		"node": node(""), "node-0.10": node("0.10.48"), "node-4": node("4.9.1"), "node-8": node("8.17.0"), "node-24": node("24.21.0"),
		"postfix": postfix, "dovecot": dovecot, "vsftpd": vsftpd,
		"postgres": postgres, "mariadb": mariadb, "slapd": slapd, "redis": redis, "sshd": sshd, "forward-proxy": forwardProxy,
		"go": goServer, "middlebox": middlebox, "kernel": kernel, "balancer": balancer, "nothing": func(*env, spec) {}, "backlog": backlog,
	}
}

// foreign tells the software that shares no line with tlswhy nor with Go's crypto/tls.
func foreign(server string) bool {
	return server != "go" && server != "middlebox" && server != "nothing" && server != "backlog" && server != "caddy"
}

// start brings an endpoint up and returns when clients can connect.
func start(t testing.TB, server string, s spec) *env {
	t.Helper()
	e := newEnv(t)
	run := servers[server]
	if run == nil {
		t.Fatalf("no server software %q", server)
	}
	run(e, s)
	if server != "nothing" {
		e.waitListening(e.port)
	}
	return e
}

// behind starts the servers of a middlebox or balancer, each on a port of its own.
func (e *env) behind(list []backend) []*env {
	e.t.Helper()
	var out []*env
	for _, b := range list {
		out = append(out, start(e.t, b.server, b.spec))
	}
	return out
}

var placeholder = regexp.MustCompile(`\{(chain|leaf|rest|key|all|dh):([^}]+)\}|\{(port|dir|roots)\}`)

// expand fills the placeholders of a row's own lines.
func (e *env) expand(lines string) string {
	return placeholder.ReplaceAllStringFunc(lines, func(m string) string {
		x := placeholder.FindStringSubmatch(m)
		switch x[1] + x[3] {
		case "port":
			return strconv.Itoa(e.port)
		case "dir":
			return e.dir
		case "roots":
			return e.pki.roots()
		case "dh":
			return e.pki.dh(e.t, x[2])
		}
		id := e.id(x[2])
		return map[string]string{"chain": id.chainFile, "leaf": id.leafFile, "rest": id.restFile, "key": id.keyFile, "all": id.pemFile}[x[1]]
	})
}

// refuse fails a row that asks a software for something its function does not express.
func (e *env) refuse(server string, asked map[string]bool) {
	e.t.Helper()
	for what, yes := range asked {
		if yes {
			e.t.Fatalf("the function for %s does not express %s", server, what)
		}
	}
}

// httpBackend is the plain web server behind those that only terminate TLS.
func (e *env) httpBackend() string {
	e.t.Helper()
	ln := e.listen()
	srv := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintln(w, "the shop is open")
	})}
	go func() { _ = srv.Serve(ln) }()
	e.t.Cleanup(func() { _ = srv.Close() })
	return ln.Addr().String()
}
