package logs_test

import (
	"bytes"
	"testing"

	"github.com/tlswhy/tlswhy/internal/logs"
)

// Whatever a log is made of, it is read to its end, and the counts agree.
func FuzzRead(f *testing.F) {
	f.Add([]byte(nginx))
	f.Add([]byte("{\"log\":\"http: TLS handshake error from [::1]:1: EOF\\n\",\"time\":\"2026-11-24T10:00:00Z\"}\n\x00\xff\x1b[31m"))
	f.Add([]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"))
	f.Add([]byte("\x28\xb5\x2f\xfd\x04\x00\x51\x00\x00hello"))
	f.Add([]byte("javax.net.ssl.SSLHandshakeException: no cipher suites in common\n\tat sun.security.ssl.Alert\nCaused by: x\n"))
	f.Fuzz(func(t *testing.T, log []byte) {
		if len(log) > 1<<16 {
			return
		}
		d, err := logs.Read(t.Context(), []logs.Input{{Name: "x", Reader: bytes.NewReader(log)}}, logs.Options{Now: now, By: "client", Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		sum := d.Unclassified
		for _, g := range d.Groups {
			sum += g.Count
			if g.Count < 0 || g.Noise > g.Count || g.Decided > g.Count {
				t.Errorf("%+v", g)
			}
		}
		if sum != d.Failures {
			t.Errorf("groups have %d of %d", sum, d.Failures)
		}
	})
}
