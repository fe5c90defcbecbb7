//go:build unix

package engine_test

import (
	"crypto/tls"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/tlswhy/tlswhy/internal/engine"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// BenchmarkHandshake compares our client with that of crypto/tls on the same
// server of this process: "ours/std" is the ratio of processor time, the
// server's share included in both.
func BenchmarkHandshake(b *testing.B) {
	id := newIdentity(b, "p256")
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{id.cert}, SessionTicketsDisabled: true})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				if c.(*tls.Conn).Handshake() == nil {
					_, _ = io.Copy(io.Discard, c)
				}
			}()
		}
	}()
	addr := l.Addr().String()
	keys := engine.NewKeys()
	for _, v := range []wire.Version{wire.VersionTLS12, wire.VersionTLS13} {
		hello := offer{version: v}.hello()
		ours := func() {
			nc, err := net.Dial("tcp", addr)
			if err != nil {
				b.Fatal(err)
			}
			tr := &transcript.Transcript{}
			engine.Run(b.Context(), nc, &transcript.Handshake{Hello: hello, Depth: transcript.DepthFinish}, tr, engine.Options{Keys: keys})
			if tr.Outcome.Kind != transcript.Complete {
				b.Fatal(tr.Outcome)
			}
		}
		std := func() {
			c, err := tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true, MinVersion: uint16(v), MaxVersion: uint16(v), CurvePreferences: []tls.CurveID{tls.X25519}})
			if err != nil {
				b.Fatal(err)
			}
			c.Close()
		}
		b.Run(v.String(), func(b *testing.B) {
			var mine, theirs time.Duration
			for b.Loop() {
				start := cpuTime()
				ours()
				middle := cpuTime()
				std()
				mine, theirs = mine+middle-start, theirs+cpuTime()-middle
			}
			b.ReportMetric(mine.Seconds()*1e6/float64(b.N), "ours-µs/op")
			b.ReportMetric(theirs.Seconds()*1e6/float64(b.N), "std-µs/op")
			b.ReportMetric(mine.Seconds()/theirs.Seconds(), "ours/std")
		})
	}
}

// cpuTime is the processor time of this process.
func cpuTime() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
