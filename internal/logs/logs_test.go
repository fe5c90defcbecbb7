package logs_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/logs"
	"github.com/tlswhy/tlswhy/internal/report"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func now() time.Time { return time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC) }

func read(t *testing.T, o logs.Options, inputs ...string) *report.Logs {
	t.Helper()
	var in []logs.Input
	for i, s := range inputs {
		in = append(in, logs.Input{Name: fmt.Sprintf("log%d", i+1), Reader: strings.NewReader(s)})
	}
	o.Now = now
	d, err := logs.Read(t.Context(), in, o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func group(t *testing.T, d *report.Logs, id cause.ID) report.LogGroup {
	t.Helper()
	for _, g := range d.Groups {
		if g.Cause == id {
			return g
		}
	}
	t.Fatalf("no group %s in %+v", id, d.Groups)
	return report.LogGroup{}
}

const nginx = `2026/11/24 10:00:00 [info] 7#7: *1 SSL_do_handshake() failed (SSL: error:0A000102:SSL routines::unsupported protocol) while SSL handshaking, client: 198.51.100.7, server: 0.0.0.0:443
2026/11/24 10:00:01 [error] 7#7: *2 open() "/srv/www/favicon.ico" failed (2: No such file or directory), client: 198.51.100.8, server: www.example.com, request: "GET /favicon.ico HTTP/1.1", host: "www.example.com"
2026/11/24 11:30:00 [info] 7#7: *3 SSL_do_handshake() failed (SSL: error:0A000102:SSL routines::unsupported protocol) while SSL handshaking, client: 198.51.100.9, server: 0.0.0.0:443
2026/11/24 11:30:05 [info] 7#7: *4 SSL_do_handshake() failed (SSL: error:0A0000C1:SSL routines::no shared cipher) while SSL handshaking, client: 198.51.100.7, server: 0.0.0.0:443
`

// many is the log n times, of other connections each time.
func many(n int) string {
	var b strings.Builder
	for i := range n {
		for l := range strings.Lines(nginx) {
			k := strings.IndexByte(l, '*')
			fmt.Fprintf(&b, "%s*%d%s", l[:k], i, l[k+1:])
		}
	}
	return b.String()
}

func TestCounts(t *testing.T) {
	d := read(t, logs.Options{}, nginx)
	if d.Lines != 4 || d.Failures != 3 || d.Unclassified != 0 {
		t.Errorf("%d lines, %d failures, %d unclassified", d.Lines, d.Failures, d.Unclassified)
	}
	g := group(t, d, cause.NoSharedVersion)
	if g.Count != 2 || g.Stack != "nginx" || strings.Join(g.Clients, " ") != "198.51.100.7 198.51.100.9" || g.First.Hour() != 10 || g.Last.Minute() != 30 {
		t.Errorf("%+v", g)
	}
	if g := group(t, d, cause.NoSharedCipher); g.Count != 1 {
		t.Errorf("%+v", g)
	}
	sum := int64(0)
	for _, g := range d.Groups {
		sum += g.Count
	}
	if sum != d.Failures-d.Unclassified {
		t.Errorf("the groups add up to %d of %d", sum, d.Failures)
	}
}

// However a log is cut into blocks and whoever looks at them, the result is one.
func TestWorkersAgree(t *testing.T) {
	long := many(20000)
	one := read(t, logs.Options{Workers: 1}, long)
	four := read(t, logs.Options{Workers: 4}, long)
	if one.Failures != 60000 || four.Failures != one.Failures || four.Lines != one.Lines || one.Lines != 80000 {
		t.Errorf("%d of %d, %d of %d", one.Failures, one.Lines, four.Failures, four.Lines)
	}
	a, b := group(t, one, cause.NoSharedVersion), group(t, four, cause.NoSharedVersion)
	if fmt.Sprint(a.Clients, a.Over, a.Count) != fmt.Sprint(b.Clients, b.Over, b.Count) {
		t.Errorf("%+v\n%+v", a, b)
	}
}

func TestSinceUntil(t *testing.T) {
	d := read(t, logs.Options{Since: time.Date(2026, 11, 24, 11, 0, 0, 0, time.UTC), Until: time.Date(2026, 11, 24, 11, 30, 5, 0, time.UTC)}, nginx)
	if d.Failures != 1 || group(t, d, cause.NoSharedVersion).Clients[0] != "198.51.100.9" {
		t.Errorf("%+v", d)
	}
	d = read(t, logs.Options{Since: now()}, "SSL_do_handshake() failed (SSL: error:0A0000C1:SSL routines::no shared cipher)\n")
	if d.Failures != 0 || d.Undated != 1 {
		t.Errorf("%+v", d)
	}
}

func TestEach(t *testing.T) {
	var got []report.LogFailure
	read(t, logs.Options{Each: func(f report.LogFailure) error { got = append(got, f); return nil }}, nginx)
	if len(got) != 3 || got[0].Line != 1 || got[1].Line != 3 || got[2].Line != 4 || got[2].Cause != cause.NoSharedCipher || got[2].Client != "198.51.100.7" || got[2].Time.Hour() != 11 {
		t.Errorf("%+v", got)
	}
	stop := io.ErrClosedPipe
	_, err := logs.Read(t.Context(), []logs.Input{{Name: "x", Reader: strings.NewReader(many(50000))}}, logs.Options{Now: now, Each: func(report.LogFailure) error { return stop }})
	if !errors.Is(err, stop) {
		t.Errorf("got %v", err)
	}
}

// What goes on between a proxy and a backend without TLS is no failure of TLS.
func TestPlainBackend(t *testing.T) {
	const refused = `2026/11/24 10:00:00 [error] 7#7: *1 connect() failed (111: Connection refused) while connecting to upstream, client: 198.51.100.7, server: www.example.com, request: "GET / HTTP/1.1", upstream: "%s://10.0.0.1:8080/", host: "www.example.com"` + "\n"
	if d := read(t, logs.Options{}, fmt.Sprintf(refused, "http")); d.Failures != 0 {
		t.Errorf("%+v", d.Groups)
	}
	if d := read(t, logs.Options{}, fmt.Sprintf(refused, "https")); d.Failures != 1 {
		t.Errorf("%+v", d.Groups)
	}
}

// Lines of one connection are one failure, and the one that tells more counts.
func TestOneConnection(t *testing.T) {
	d := read(t, logs.Options{}, `[Tue Nov 24 10:00:00.006692 2026] [ssl:info] [pid 20:tid 21] [client 198.51.100.7:50001] AH01964: Connection to child 5 established (server www.example.com:443)
[Tue Nov 24 10:00:00.009378 2026] [ssl:info] [pid 20:tid 21] [client 198.51.100.7:50001] AH02008: SSL library error 1 in handshake (server www.example.com:443)
[Tue Nov 24 10:00:00.009400 2026] [ssl:info] [pid 20:tid 21] SSL Library Error: error:0A000102:SSL routines::unsupported protocol
`)
	if d.Failures != 1 || group(t, d, cause.NoSharedVersion).Count != 1 {
		t.Errorf("%d failures: %+v", d.Failures, d.Groups)
	}
}

// Lines that name no connection are a failure each.
func TestNoConnection(t *testing.T) {
	d := read(t, logs.Options{}, "80AC:error:0A0000C1:SSL routines::no shared cipher\nserver: error:0A0000C1:SSL routines::no shared cipher\nserver: error:0A0000C1:SSL routines::no shared cipher\n")
	if d.Failures != 3 {
		t.Errorf("%d failures: %+v", d.Failures, d.Groups)
	}
}

// A stack trace is one failure with the line that it follows.
func TestStackTrace(t *testing.T) {
	d := read(t, logs.Options{}, `javax.net.ssl|ERROR|20|https-jsse-nio-8443-exec-1|2026-11-24 10:11:21.123 UTC|TransportContext.java:370|Fatal (HANDSHAKE_FAILURE): no cipher suites in common (
"throwable" : {
  javax.net.ssl.SSLHandshakeException: no cipher suites in common
  	at java.base/sun.security.ssl.Alert.createSSLException(Alert.java:130)
)
`)
	if d.Failures != 1 || group(t, d, cause.NoSharedCipher).Count != 1 {
		t.Errorf("%d failures: %+v", d.Failures, d.Groups)
	}
}

func TestGzipAndDamage(t *testing.T) {
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	if _, err := io.WriteString(w, many(5000)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	d := read(t, logs.Options{}, z.String())
	if d.Failures != 15000 || len(d.Damage) != 0 {
		t.Errorf("%d failures, %v", d.Failures, d.Damage)
	}
	d = read(t, logs.Options{}, z.String()[:z.Len()/2], nginx)
	if d.Failures < 1000 || d.Failures >= 15000 || len(d.Damage) != 1 || d.Damage[0].Source != "log1" || d.Damage[0].Line == 0 || !strings.Contains(d.Damage[0].Reason, "ends midway") {
		t.Errorf("%d failures, %v", d.Failures, d.Damage)
	}
}

// A line of megabytes is looked at to its end, and counts once.
func TestLongLine(t *testing.T) {
	d := read(t, logs.Options{}, strings.Repeat("x", 3<<20)+" SSL_do_handshake() failed (SSL: error:0A0000C1:SSL routines::no shared cipher) "+strings.Repeat("y", 1<<20)+"\n"+nginx)
	if d.Lines != 5 || d.Failures != 4 {
		t.Errorf("%d lines, %d failures", d.Lines, d.Failures)
	}
}

func TestUnknownFailure(t *testing.T) {
	d := read(t, logs.Options{}, "2026-11-24 10:00:00 frobd[17]: TLS handshake with 198.51.100.7 failed: flux capacitor\n")
	if d.Failures != 1 || d.Unclassified != 1 || len(d.Unknown) != 1 {
		t.Errorf("%+v", d)
	}
	for _, l := range []string{
		"gcc -c -DOPENSSL_NO_SSL3 -Werror=implicit-function-declaration Modules/_ssl.c",
		"Install: ca-certificates:amd64 (20230311), libgpg-error0:amd64 (1.46-1)",
		"GET /docs/tls/errors.html 200",
		"certificate renewed for www.example.com, next attempt in 60 days; it never was as good as it is today, without any error",
	} {
		if d := read(t, logs.Options{}, l+"\n"); d.Failures != 0 {
			t.Errorf("%q: %+v", l, d)
		}
	}
}

// Who fails in many ways is a scanner; who leaves at the same pace is a health check.
func TestNoise(t *testing.T) {
	var b strings.Builder
	for i := range 8 {
		fmt.Fprintf(&b, "2026/11/24 10:00:%02d [info] 7#7: *%d peer closed connection in SSL handshake while SSL handshaking, client: 203.0.113.1, server: 0.0.0.0:443\n", i*7, 100+i)
		reason := []string{"0A000102:SSL routines::unsupported protocol", "0A0000C1:SSL routines::no shared cipher", "0A00009C:SSL routines::http request", "0A0000EB:SSL routines::no application protocol", "0A000065:SSL routines::no suitable key share"}[i%5]
		fmt.Fprintf(&b, "2026/11/24 10:00:%02d [info] 7#7: *%d SSL_do_handshake() failed (SSL: error:%s) while SSL handshaking, client: 203.0.113.2, server: 0.0.0.0:443\n", i*7, 200+i, reason)
	}
	d := read(t, logs.Options{}, b.String()+nginx)
	kinds := map[string]report.LogNoise{}
	for _, n := range d.NoiseBy {
		kinds[n.Kind] = n
	}
	if n := kinds["scanner"]; n.Count != 8 || strings.Join(n.Clients, " ") != "203.0.113.2" {
		t.Errorf("%+v", d.NoiseBy)
	}
	if d.Noise < 8 || d.Noise > 16 || d.Failures != 19 {
		t.Errorf("%d of %d are noise: %+v", d.Noise, d.Failures, d.NoiseBy)
	}
}
