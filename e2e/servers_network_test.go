//go:build linux

package e2e

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// kernel puts a packet filter rule before a real server: lines hold the rule after the match on address and port.
func kernel(e *env, s spec) {
	needRoot(e.t, "iptables")
	need(e.t, "iptables")
	if len(s.behind) > 0 {
		e.port = e.behind(s.behind)[0].port
	}
	rule := append([]string{"INPUT", "-p", "tcp", "-d", "127.0.0.1", "--dport", fmt.Sprint(e.port)}, strings.Fields(s.lines)...)
	ipt := func(op string) error {
		args := append([]string{"-w", "10", op}, rule...)
		if out, err := exec.Command("iptables", args...).CombinedOutput(); err != nil {
			return fmt.Errorf("iptables %s: %w: %s", strings.Join(args, " "), err, out)
		}
		return nil
	}
	if err := ipt("-I"); err != nil {
		e.t.Fatal(err)
	}
	e.t.Cleanup(func() {
		if err := ipt("-D"); err != nil {
			e.t.Error(err)
		}
	})
}

// balancer is HAProxy passing TCP through to the servers behind in turn; lines go into its frontend.
func balancer(e *env, s spec) {
	var list strings.Builder
	for i, b := range e.behind(s.behind) {
		fmt.Fprintf(&list, "  server s%d %s\n", i, b.addr())
	}
	haproxyRun(e, "", fmt.Sprintf("listen shop\n  mode tcp\n  bind 127.0.0.1:%d\n  balance roundrobin\n%s\n%s", e.port, e.expand(s.lines), list.String()))
}

// backlog listens and never accepts, with its queue already full: a SYN gets no answer.
func backlog(e *env, _ spec) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		e.t.Fatal(err)
	}
	e.t.Cleanup(func() { _ = syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Port: e.port, Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		e.t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		e.t.Fatal(err)
	}
	for range 3 {
		go func() {
			if c, err := net.DialTimeout("tcp", e.addr(), 90*time.Second); err == nil {
				e.t.Cleanup(func() { _ = c.Close() })
			}
		}()
	}
	time.Sleep(300 * time.Millisecond)
}

// goServer is crypto/tls: for what no foreign implementation here can do, such as X25519MLKEM768 alone. Tricks: "internal"
// (no certificate for any name), "wrong-key".
func goServer(e *env, s spec) {
	id := e.id(s.certName())
	cert := tls.Certificate{Certificate: id.chain, PrivateKey: id.key}
	if s.trick == "wrong-key" {
		cert.PrivateKey = e.id("other-key").key
	}
	ids := map[string]uint16{"1.0": tls.VersionTLS10, "1.1": tls.VersionTLS11, "1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}
	vs := s.versions()
	conf := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: ids[vs[0]], MaxVersion: ids[vs[len(vs)-1]], NextProtos: s.alpn}
	if s.groups != "" {
		conf.CurvePreferences = []tls.CurveID{map[string]tls.CurveID{"X25519MLKEM768": tls.X25519MLKEM768, "P-256": tls.CurveP256, "P-521": tls.CurveP521}[s.groups]}
	}
	if s.trick == "internal" {
		conf.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return nil, fmt.Errorf("the certificate store is away")
		}
	}
	ln := e.listen()
	e.port = ln.Addr().(*net.TCPAddr).Port
	if conf.NextProtos == nil {
		conf.NextProtos = []string{"http/1.1"}
	}
	srv := &http.Server{ReadHeaderTimeout: 30 * time.Second, ErrorLog: log.New(io.Discard, "", 0), Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintln(w, "the shop is open")
	})}
	if !slices.Contains(conf.NextProtos, "h2") {
		srv.TLSNextProto = map[string]func(*http.Server, *tls.Conn, http.Handler){}
	}
	go func() { _ = srv.Serve(tls.NewListener(ln, conf)) }()
	e.t.Cleanup(func() { _ = srv.Close() })
}
