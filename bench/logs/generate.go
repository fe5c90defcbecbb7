//go:build linux

package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"time"
)

// reasons are what OpenSSL says in nginx's log when a handshake fails.
var reasons = []string{
	"error:0A000102:SSL routines::unsupported protocol", "error:0A0000C1:SSL routines::no shared cipher",
	"error:0A000418:SSL routines::tlsv1 alert unknown ca:SSL alert number 48", "error:0A000416:SSL routines::sslv3 alert certificate unknown:SSL alert number 46",
	"error:0A000415:SSL routines::sslv3 alert certificate expired:SSL alert number 45", "error:0A000412:SSL routines::sslv3 alert bad certificate:SSL alert number 42",
	"error:0A000410:SSL routines::sslv3 alert handshake failure:SSL alert number 40", "error:0A00042E:SSL routines::tlsv1 alert protocol version:SSL alert number 70",
	"error:0A000458:SSL routines::tlsv1 unrecognized name:SSL alert number 112", "error:0A0000EB:SSL routines::no application protocol",
	"error:0A00009C:SSL routines::http request", "error:0A00010B:SSL routines::wrong version number",
	"error:0A000126:SSL routines::unexpected eof while reading", "error:0A0000C7:SSL routines::peer did not return a certificate",
	"error:0A000086:SSL routines::certificate verify failed", "error:0A000065:SSL routines::no suitable key share",
	"error:0A000076:SSL routines::no suitable signature algorithm", "error:0A000152:SSL routines::unsafe legacy renegotiation disabled",
	"error:0A000175:SSL routines::inappropriate fallback", "error:0A000417:SSL routines::sslv3 alert illegal parameter:SSL alert number 47",
}

// others are what nginx writes besides.
var others = []string{
	`[error] PID#PID: *CONN open() "/srv/wwwPATH" failed (2: No such file or directory), client: CLIENT, server: HOST, request: "GET PATH HTTP/1.1", host: "HOST"`,
	`[error] PID#PID: *CONN upstream timed out (110: Connection timed out) while reading response header from upstream, client: CLIENT, server: HOST, request: "POST PATH HTTP/1.1", upstream: "http://10.0.0.17:8080PATH", host: "HOST"`,
	`[warn] PID#PID: *CONN a client request body is buffered to a temporary file /var/cache/nginx/client_temp/0000012345, client: CLIENT, server: HOST, request: "PUT PATH HTTP/2.0", host: "HOST"`,
	`[error] PID#PID: *CONN connect() failed (111: Connection refused) while connecting to upstream, client: CLIENT, server: HOST, request: "GET PATH HTTP/2.0", upstream: "http://10.0.0.18:8080PATH", host: "HOST"`,
	`[info] PID#PID: *CONN client CLIENT closed keepalive connection`,
	`[error] PID#PID: *CONN limiting requests, excess: 10.400 by zone "perip", client: CLIENT, server: HOST, request: "GET PATH HTTP/1.1", host: "HOST"`,
}

func generate(args []string) error {
	fs := flag.NewFlagSet("generate", flag.ExitOnError)
	mb := fs.Int("mb", 500, "size in MB (10^6 bytes)")
	share := fs.Float64("failures", 0.3, "share of the lines")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if fs.NArg() != 1 {
		return errors.New("generate takes one file")
	}
	f, err := os.Create(fs.Arg(0))
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	r := rand.New(rand.NewPCG(17, 4))
	at := time.Date(2026, 11, 10, 0, 0, 0, 0, time.UTC)
	size := int64(*mb) * 1e6
	for n, conn := int64(0), 1; n < size; conn++ {
		at = at.Add(time.Duration(r.IntN(400)) * time.Millisecond)
		line := others[r.IntN(len(others))]
		if r.Float64() < *share {
			line = "[info] PID#PID: *CONN SSL_do_handshake() failed (SSL: " + reasons[r.IntN(len(reasons))] + ") while SSL handshaking, client: CLIENT, server: 0.0.0.0:443"
		}
		k, err := strings.NewReplacer(
			"PID", strconv.Itoa(1000+r.IntN(8)), "CONN", strconv.Itoa(conn), "CLIENT", fmt.Sprintf("198.51.%d.%d", r.IntN(256), r.IntN(256)),
			"HOST", fmt.Sprintf("www%d.example.com", r.IntN(300)), "PATH", fmt.Sprintf("/a/%d/%x.html?page=%d", r.IntN(100), r.Uint64(), r.IntN(20)),
		).WriteString(w, at.Format("2006/01/02 15:04:05 ")+line+"\n")
		if err != nil {
			return err
		}
		n += int64(k)
	}
	return errors.Join(w.Flush(), f.Close())
}
