package diagnose

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

func FuzzRecognise(f *testing.F) {
	for _, s := range []string{
		"", "HTTP/1.1 400 Bad Request\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n", "220 mx ESMTP\r\n", "* OK ready\r\n", "\x4a\x00\x00\x00\x0a5.5.5\x00", "E\x00\x00\x00\x0eSFATAL\x00",
		"0\x5e1.3.6.1.4.1.1466.20036", "\xff\xfb\x01", "\x15\x03\x01\x00\x02\x02\x28", "<?xml version='1.0'?><stream:stream>",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, known := recognise(b)
		if known != (p.name != "") {
			t.Errorf("%q: %+v, known %v", b, p, known)
		}
		if again, _ := recognise(append([]byte{}, b...)); again != p {
			t.Errorf("%q: %+v and then %+v", b, p, again)
		}
		if e := excerpt(b); len(e) > 60 {
			t.Errorf("an excerpt of %d bytes", len(e))
		}
		printable(b)
		looksLikeTLS(b)
		if utf8.Valid(b) && known && looksLikeTLS(b) {
			t.Errorf("%q is %s and begins like TLS", b, p.name)
		}
	})
}

// scrambler answers attempts like the simulation and then writes over what the
// transcript says. No peer and no capture can be trusted to make sense.
type scrambler struct {
	*world
	noise []byte
}

func (s scrambler) Try(ctx context.Context, a transcript.Attempt) (*transcript.Transcript, error) {
	t, err := s.world.Try(ctx, a)
	if err != nil {
		return t, err
	}
	// Each attempt reads the noise from a place of its own, so that attempts differ
	// and a run is repeated.
	r := &noise{b: s.noise, at: len(a.Purpose) * 7}
	if a.Handshake != nil && a.Handshake.Hello != nil {
		r.at += a.Handshake.Hello.Size()
	}
	r.scramble(t)
	return t, nil
}

type noise struct {
	b  []byte
	at int
}

func (r *noise) byte() byte {
	if len(r.b) == 0 {
		return 0
	}
	r.at++
	return r.b[r.at%len(r.b)]
}

func (r *noise) u16() uint16 { return binary.BigEndian.Uint16([]byte{r.byte(), r.byte()}) }

func (r *noise) bytes() []byte {
	out := make([]byte, int(r.byte())%40)
	for i := range out {
		out[i] = r.byte()
	}
	return out
}

func (r *noise) scramble(t *transcript.Transcript) {
	kinds := []transcript.Kind{
		transcript.Complete, transcript.Refused, transcript.Unreachable, transcript.NoRoute, transcript.ConnectTimeout, transcript.ProxyFailed, transcript.StartTLSFailed,
		transcript.AlertReceived, transcript.Reset, transcript.Closed, transcript.Silent, transcript.NotTLS, transcript.Malformed, transcript.Unfinished, transcript.Aborted, transcript.LocalError, "",
	}
	extensions := func() []wire.Extension {
		var out []wire.Extension
		for range r.byte() % 4 {
			out = append(out, wire.Extension{Type: wire.ExtensionType(r.u16()), Data: r.bytes()})
		}
		return out
	}
	edits := []func(){
		func() { t.Outcome.Kind = kinds[int(r.byte())%len(kinds)] },
		func() { t.Outcome.Reached = transcript.Milestone(r.byte() % 10) },
		func() {
			t.Outcome.Alert = &wire.Alert{Level: wire.AlertLevel(r.byte()), Description: wire.AlertDescription(r.byte())}
		},
		func() { t.Outcome.Alert = nil },
		func() { t.Reply = r.bytes() },
		func() { t.Server = nil },
		func() {
			t.Server = &wire.ServerHello{LegacyVersion: wire.Version(r.u16()), CipherSuite: wire.CipherSuite(r.u16()), Extensions: extensions()}
		},
		func() { t.Retry = &wire.ServerHello{CipherSuite: wire.CipherSuite(r.u16()), Extensions: extensions()} },
		func() { t.Group = wire.Group(r.u16()) },
		func() { t.Signature = wire.SignatureScheme(r.u16()) },
		func() { t.Certificates = [][]byte{r.bytes(), r.bytes()} },
		func() { t.Certificates = nil },
		func() { t.KeyExchange = &wire.ServerKeyExchange{P: r.bytes(), Group: wire.Group(r.u16())} },
		func() { t.Encrypted = &wire.EncryptedExtensions{Extensions: extensions()} },
		func() { t.ServerSSL2 = &wire.SSL2ServerHello{Version: wire.Version(r.u16())} },
		func() { t.SignatureValid, t.Finished = transcript.Tri(r.byte()%4), transcript.Tri(r.byte()%4) },
		func() {
			t.CertificateRequests = append(t.CertificateRequests, transcript.CertificateRequest{Answered: r.byte() > 127, Request: &wire.CertificateRequest{Authorities: [][]byte{r.bytes()}}})
		},
		func() { t.CertificateRequests = append(t.CertificateRequests, transcript.CertificateRequest{}) },
		func() {
			t.Alerts = append(t.Alerts, transcript.Alert{From: transcript.FromServer, Alert: wire.Alert{Description: wire.AlertDescription(r.byte())}})
		},
		func() { t.Response = &transcript.Response{Proto: "HTTP/1.1", Status: int(r.u16()), Body: r.bytes()} },
		func() { t.OCSP, t.SCTs = r.bytes(), r.bytes() },
		func() { t.Times.LongestGap = time.Duration(r.byte()) * time.Second },
		func() { t.Hello = r.bytes() },
		func() {
			t.Found = &transcript.Found{Addresses: []netip.Addr{nameOf1, {}}, Code: string(r.bytes()), Error: string(r.bytes())}
		},
		func() { t.Found = nil },
	}
	for range r.byte() % 4 {
		edits[int(r.byte())%len(edits)]()
	}
}

func FuzzCheck(f *testing.F) {
	for i := range 24 {
		seed := make([]byte, 16)
		for j := range seed {
			seed[j] = byte(i*37 + j*j*11)
		}
		f.Add(seed, uint8(i))
	}
	f.Add([]byte{}, uint8(0))
	f.Fuzz(func(t *testing.T, b []byte, who uint8) {
		if len(b) > 1<<12 {
			t.Skip("more noise tells no more")
		}
		p := profile(t, simClients[int(who)%len(simClients)])
		w := one(goodServer())
		if len(b) > 1 && b[0]%3 == 1 {
			w.hosts[nameOf1].server.versions = w.hosts[nameOf1].server.versions[:1+int(b[1])%4]
		}
		var failed any
		synctest.Test(t, func(*testing.T) {
			defer func() { failed = recover() }()
			begun := time.Now()
			r, err := Check(context.Background(), scrambler{w, b}, simTarget(), Options{
				Client: p, Roots: simRoots(), Now: func() time.Time { return simEpoch.Add(time.Since(begun)) },
			})
			if err != nil {
				failed = err
				return
			}
			if _, err := json.Marshal(r); err != nil {
				failed = err
			}
			shown := map[string]bool{"": true}
			for _, h := range r.Handshakes {
				shown[h.ID] = true
			}
			for _, f := range r.Findings {
				if (f.Confidence == report.Proved) != (f.Proof != nil) {
					failed = fmt.Sprintf("%s is %s, its proof %+v", f.Cause, f.Confidence, f.Proof)
				}
				if p := f.Proof; p != nil && p.Kind == report.ByHandshake && (!shown[p.Baseline] || !shown[p.Counterfactual] || p.Baseline == p.Counterfactual) {
					failed = fmt.Sprintf("%s: the proof names %q and %q", f.Cause, p.Baseline, p.Counterfactual)
				}
			}
		})
		if failed != nil || w.panicked != nil {
			t.Fatal(failed, w.panicked)
		}
	})
}
