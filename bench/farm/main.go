//go:build linux

// Command farm serves many hosts on loopback for measurements of throughput:
// each name has a leaf of its own, issued by one intermediate. It answers every
// address of 127.0.0.0/8, so that each host can have its own.
//
//	farm -n 1000 -key ecdsa -dir DIR
//
// writes DIR/root.pem and prints "tls12=PORT tls13=PORT bare=PORT hold=PORT
// ready" when it serves:
//
//   - tls12 and tls13 speak that version alone, without resumption;
//   - bare reads a request whose first four bytes say how many bytes to answer
//     with, and answers: what the same bytes cost without any TLS;
//   - hold accepts, reads and never answers.
package main

import (
	"crypto/tls"
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"path/filepath"
	"syscall"
)

func main() {
	n := flag.Int("n", 1000, "hosts")
	kind := flag.String("key", "ecdsa", "kinds of keys: ecdsa (P-256), rsa (2048 bits), or mixed: CAs with rsa, leaves with ecdsa")
	dir := flag.String("dir", "", "directory for root.pem")
	flag.Parse()
	log.SetFlags(0)
	log.SetPrefix("farm: ")
	if err := manyFiles(); err != nil {
		log.Fatal(err)
	}
	f, err := plant(*kind, *n)
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*dir, "root.pem"), f.rootPEM(), 0o644); err != nil {
		log.Fatal(err)
	}
	for _, s := range []struct {
		name  string
		serve func(net.Conn)
	}{
		{"tls12", f.handshake(tls.VersionTLS12)},
		{"tls13", f.handshake(tls.VersionTLS13)},
		{"bare", bare},
		{"hold", hold},
	} {
		l, err := net.Listen("tcp4", "0.0.0.0:0")
		if err != nil {
			log.Fatal(err)
		}
		go accept(l, s.serve)
		fmt.Printf("%s=%d ", s.name, l.Addr().(*net.TCPAddr).Port)
	}
	fmt.Println("ready")
	select {}
}

// manyFiles raises the limit of open files to what is allowed.
func manyFiles() error {
	var r syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r); err != nil {
		return err
	}
	r.Cur = r.Max
	return syscall.Setrlimit(syscall.RLIMIT_NOFILE, &r)
}

// accept serves who comes from this machine, and nobody else.
func accept(l net.Listener, serve func(net.Conn)) {
	for {
		c, err := l.Accept()
		if err != nil {
			log.Print(err)
			continue
		}
		if a, ok := c.LocalAddr().(*net.TCPAddr); !ok || !a.IP.IsLoopback() {
			c.Close()
			continue
		}
		go func() {
			defer c.Close()
			serve(c)
		}()
	}
}

// handshake serves one version; what comes after the handshake is read to its
// end, so that it is the client that closes.
func (f *farm) handshake(version uint16) func(net.Conn) {
	config := &tls.Config{
		MinVersion: version, MaxVersion: version,
		GetCertificate:         f.certificate,
		SessionTicketsDisabled: true,
		NextProtos:             []string{"h2", "http/1.1"},
	}
	return func(c net.Conn) {
		t := tls.Server(c, config)
		if t.Handshake() == nil {
			_, _ = io.Copy(io.Discard, t)
		}
	}
}

// maxBare bounds what bare is asked for.
const maxBare = 1 << 16

func bare(c net.Conn) {
	b := make([]byte, maxBare)
	n, err := io.ReadAtLeast(c, b, 4)
	if err != nil || n < 4 {
		return
	}
	want := min(binary.BigEndian.Uint32(b), maxBare)
	_, _ = c.Write(b[:want])
	_, _ = io.Copy(io.Discard, c)
}

func hold(c net.Conn) { _, _ = io.Copy(io.Discard, c) }
