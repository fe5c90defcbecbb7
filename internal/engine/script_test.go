package engine_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tlswhy/tlswhy/internal/engine"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// scripted runs serve on each connection to a loopback port.
func scripted(t testing.TB, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { defer c.Close(); serve(c) })
		}
	})
	t.Cleanup(func() { l.Close(); wg.Wait() })
	return l.Addr().String()
}

// readHello reads the hello of a client.
func readHello(c net.Conn) *wire.ClientHello {
	var b []byte
	var chunk [4096]byte
	for {
		n, err := c.Read(chunk[:])
		if err != nil {
			return nil
		}
		b = append(b, chunk[:n]...)
		var hs []byte
		for rest := b; ; {
			r, more, err := wire.ParseRecord(rest)
			if err != nil {
				break
			}
			hs, rest = append(hs, r.Payload...), more
		}
		if m, _, err := wire.ParseMessage(hs); err == nil {
			h, err := wire.ParseClientHello(m.Body)
			if err != nil {
				return nil
			}
			return h
		}
	}
}

// answers makes a server that reads the hello and answers with bytes.
func answers(make func(h *wire.ClientHello) []byte) func(net.Conn) {
	return func(c net.Conn) {
		if h := readHello(c); h != nil {
			_, _ = c.Write(make(h))
			_ = c.(*net.TCPConn).CloseWrite()
			_, _ = io.Copy(io.Discard, c)
		}
	}
}

func record(t wire.ContentType, v wire.Version, b []byte) []byte {
	return wire.AppendRecord(nil, t, v, b)
}

func serverHello(v wire.Version, s wire.CipherSuite, exts ...wire.Extension) []byte {
	h := &wire.ServerHello{LegacyVersion: v, CipherSuite: s, Extensions: exts}
	_, _ = rand.Read(h.Random[:])
	b, _ := h.Marshal()
	return b
}

func helloRecord(v wire.Version, s wire.CipherSuite, exts ...wire.Extension) []byte {
	return record(wire.ContentHandshake, v, serverHello(v, s, exts...))
}

func alertRecord(level, description byte) []byte {
	return record(wire.ContentAlert, wire.VersionTLS12, []byte{level, description})
}

func u16(n int) []byte { return []byte{byte(n >> 8), byte(n)} }

func vector(b []byte) []byte { return append(u16(len(b)), b...) }

func TestOddServers(t *testing.T) {
	const ok = wire.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
	is13 := wire.Extension{Type: wire.ExtSupportedVersions, Data: []byte{3, 4}}
	fixed := func(b []byte) func(net.Conn) { return answers(func(*wire.ClientHello) []byte { return b }) }
	for name, tc := range map[string]struct {
		serve   func(net.Conn)
		version wire.Version // of our hello; 0: TLS 1.3 with 1.2
		kind    transcript.Kind
		reached transcript.Milestone
		detail  string
		alert   wire.AlertDescription // where kind is an alert
		said    wire.AlertDescription // our last alert, 0: none or close_notify
	}{
		"fatal alert":          {serve: fixed(alertRecord(2, 40)), kind: transcript.AlertReceived, alert: wire.AlertHandshakeFailure},
		"alert in two records": {serve: fixed(append(record(21, 0x0303, []byte{2}), record(21, 0x0303, []byte{40})...)), kind: transcript.Malformed, said: wire.AlertDecodeError},
		"warning and the end":  {serve: fixed(alertRecord(1, 112)), kind: transcript.AlertReceived, alert: wire.AlertUnrecognizedName},
		"warning, then a hello": {
			serve: fixed(append(alertRecord(1, 112), helloRecord(wire.VersionTLS12, ok)...)), kind: transcript.AlertReceived,
			reached: transcript.ReachedHello, alert: wire.AlertUnrecognizedName,
		},
		"close_notify":   {serve: fixed(alertRecord(1, 0)), kind: transcript.Closed, detail: "close_notify"},
		"closes":         {serve: fixed(nil), kind: transcript.Closed, detail: "closed the connection"},
		"half a record":  {serve: fixed(helloRecord(wire.VersionTLS12, ok)[:20]), kind: transcript.Closed, detail: "20 bytes into a record"},
		"half a message": {serve: fixed(record(22, 0x0303, serverHello(wire.VersionTLS12, ok)[:20])), kind: transcript.Closed, detail: "within a handshake message"},
		"HTTP":           {serve: fixed([]byte("HTTP/1.1 400 Bad Request\r\n\r\nspeak TLS? no")), kind: transcript.NotTLS, detail: `"HTTP/1.1 400 Bad Request"`},
		"MySQL":          {serve: fixed([]byte("\x4a\x00\x00\x00\x0a8.0.36\x00")), kind: transcript.NotTLS},
		"garbage behind a record": {
			serve: fixed(append(helloRecord(wire.VersionTLS12, ok), "HTTP/1.1"...)), kind: transcript.Malformed, reached: transcript.ReachedHello,
			detail: "bytes that begin none", said: wire.AlertDecodeError,
		},
		"huge message":   {serve: fixed(record(22, 0x0303, []byte{2, 0xff, 0xff, 0xff})), kind: transcript.Malformed, said: wire.AlertDecodeError},
		"empty records":  {serve: fixed(bytes.Repeat(record(22, 0x0303, nil), 100)), kind: transcript.Malformed, detail: "empty records", said: wire.AlertUnexpectedMessage},
		"many warnings":  {serve: fixed(bytes.Repeat(alertRecord(1, 112), 100)), kind: transcript.Malformed, detail: "warnings", said: wire.AlertUnexpectedMessage},
		"data at once":   {serve: fixed(record(23, 0x0303, []byte("hi"))), kind: transcript.Malformed, said: wire.AlertUnexpectedMessage},
		"certificate":    {serve: fixed(record(22, 0x0303, []byte{11, 0, 0, 3, 0, 0, 0})), kind: transcript.Malformed, detail: "certificate instead of", said: wire.AlertUnexpectedMessage},
		"broken hello":   {serve: fixed(record(22, 0x0303, []byte{2, 0, 0, 3, 3, 3, 0})), kind: transcript.Malformed, detail: "truncated ServerHello", said: wire.AlertDecodeError},
		"hello requests": {serve: fixed(append(record(22, 0x0301, []byte{0, 0, 0, 0}), alertRecord(2, 70)...)), kind: transcript.AlertReceived, alert: wire.AlertProtocolVersion},
		"suite not offered": {
			serve: fixed(helloRecord(wire.VersionTLS12, wire.TLS_RSA_WITH_RC4_128_MD5)), kind: transcript.Malformed, reached: transcript.ReachedHello,
			detail: "TLS_RSA_WITH_RC4_128_MD5, which the hello does not offer", said: wire.AlertIllegalParameter,
		},
		"version not offered": {
			serve: fixed(helloRecord(wire.VersionTLS10, wire.TLS_RSA_WITH_AES_128_CBC_SHA)), kind: transcript.Malformed, reached: transcript.ReachedHello,
			detail: "TLS 1.0, which the hello does not offer", said: wire.AlertProtocolVersion,
		},
		"suite of another version": {
			serve: fixed(helloRecord(wire.VersionTLS12, wire.TLS_AES_128_GCM_SHA256)), kind: transcript.Malformed, reached: transcript.ReachedHello,
			detail: "TLS_AES_128_GCM_SHA256 with TLS 1.2", said: wire.AlertIllegalParameter,
		},
		"group not offered": {
			serve: answers(func(h *wire.ClientHello) []byte {
				ske := append([]byte{3, 0, byte(wire.GroupSect163k1), 2, 4, 4}, append(u16(int(wire.SigRSAPKCS1SHA256)), vector([]byte("sig"))...)...)
				return append(helloRecord(wire.VersionTLS12, ok), record(22, 0x0303, wire.AppendMessage(nil, wire.TypeServerKeyExchange, ske))...)
			}),
			kind: transcript.Malformed, reached: transcript.ReachedHello, detail: "sect163k1, which the hello does not offer", said: wire.AlertIllegalParameter,
		},
		"session ID of its own": {
			serve: fixed(helloRecord(wire.VersionTLS12, wire.TLS_AES_128_GCM_SHA256, is13)), kind: transcript.Malformed, reached: transcript.ReachedHello,
			detail: "session ID", said: wire.AlertIllegalParameter,
		},
		"TLS 1.3 without a share": {
			serve: answers(func(h *wire.ClientHello) []byte {
				sh := &wire.ServerHello{LegacyVersion: wire.VersionTLS12, SessionID: h.SessionID, CipherSuite: wire.TLS_AES_128_GCM_SHA256, Extensions: []wire.Extension{is13}}
				b, _ := sh.Marshal()
				return record(22, 0x0303, b)
			}),
			kind: transcript.Malformed, reached: transcript.ReachedHello, detail: "without a key share", said: wire.AlertMissingExtension,
		},
		"retry that asks for nothing": {
			serve: answers(func(h *wire.ClientHello) []byte {
				sh := &wire.ServerHello{LegacyVersion: wire.VersionTLS12, SessionID: h.SessionID, CipherSuite: wire.TLS_AES_128_GCM_SHA256, Extensions: []wire.Extension{is13}}
				sh.SetHelloRetryRequest()
				b, _ := sh.Marshal()
				return record(22, 0x0303, b)
			}),
			kind: transcript.Malformed, reached: transcript.ReachedRetry, detail: "asks for nothing", said: wire.AlertIllegalParameter,
		},
		"encrypted garbage": {
			serve: answers(func(h *wire.ClientHello) []byte {
				sh := &wire.ServerHello{
					LegacyVersion: wire.VersionTLS12, SessionID: h.SessionID, CipherSuite: wire.TLS_AES_128_GCM_SHA256,
					Extensions: []wire.Extension{is13, {Type: wire.ExtKeyShare, Data: append(append(u16(int(wire.GroupX25519)), u16(32)...), bytes.Repeat([]byte{9}, 32)...)}},
				}
				b, _ := sh.Marshal()
				return append(record(22, 0x0303, b), record(23, 0x0303, make([]byte, 64))...)
			}),
			kind: transcript.Malformed, reached: transcript.ReachedHello, detail: "MAC", said: wire.AlertBadRecordMAC,
		},
		"SSL 3.0 to an old hello": {
			serve: answers(func(h *wire.ClientHello) []byte {
				return append(helloRecord(wire.VersionSSL30, wire.TLS_RSA_WITH_AES_128_CBC_SHA), record(22, 0x0300, []byte{11, 0, 0, 3, 0, 0, 0, 14, 0, 0, 0})...)
			}),
			version: wire.VersionTLS10, kind: transcript.Unfinished, reached: transcript.ReachedFlight, detail: "SSL 3.0",
		},
	} {
		t.Run(name, func(t *testing.T) {
			v := tc.version
			if v == 0 {
				v = wire.VersionTLS13
			}
			tr := try(t, scripted(t, tc.serve), &transcript.Handshake{Hello: offer{version: v}.hello(), Depth: transcript.DepthFinish, Wait: time.Second}, engine.Options{})
			if tr.Outcome.Kind != tc.kind || !strings.Contains(tr.Outcome.Detail, tc.detail) || tr.Outcome.Reached != max(tc.reached, transcript.ReachedConnected) {
				t.Fatalf("%+v", tr.Outcome)
			}
			if tc.kind == transcript.AlertReceived && (tr.Outcome.Alert == nil || tr.Outcome.Alert.Description != tc.alert) {
				t.Errorf("alert %+v", tr.Outcome.Alert)
			}
			if tc.reached >= transcript.ReachedHello && tr.Server == nil {
				t.Error("the ServerHello was not kept")
			}
			var said wire.AlertDescription
			for _, a := range tr.Alerts {
				if a.From == transcript.FromClient && a.Alert.Description != wire.AlertUserCanceled {
					said = a.Alert.Description
				}
			}
			if said != tc.said {
				t.Errorf("we said %s: %+v", said, tr.Alerts)
			}
		})
	}
}

// A server of the 1990s: SSL 3.0 or an export suite with its short-lived key,
// signed as in TLS 1.0.
func TestExportFlight(t *testing.T) {
	id := newIdentity(t, "rsa")
	const suite = wire.TLS_RSA_EXPORT_WITH_RC4_40_MD5
	for _, spoil := range []bool{false, true} {
		serve := answers(func(h *wire.ClientHello) []byte {
			sh := &wire.ServerHello{LegacyVersion: wire.VersionTLS10, CipherSuite: suite}
			hello, _ := sh.Marshal()
			params := append(vector(bytes.Repeat([]byte{0xc1}, 64)), vector([]byte{1, 0, 1})...)
			signed := append(append(bytes.Clone(h.Random[:]), sh.Random[:]...), params...)
			m, s := crypto.MD5.New(), crypto.SHA1.New()
			m.Write(signed)
			s.Write(signed)
			sig, err := rsa.SignPKCS1v15(nil, id.key.(*rsa.PrivateKey), crypto.MD5SHA1, s.Sum(m.Sum(nil)))
			if err != nil {
				panic(err)
			}
			if spoil {
				sig[20] ^= 1
			}
			cert, _ := (&wire.Certificate{Entries: []wire.CertificateEntry{{DER: id.der}}}).Marshal(wire.VersionTLS10)
			flight := append(hello, cert...)
			flight = wire.AppendMessage(flight, wire.TypeServerKeyExchange, append(params, vector(sig)...))
			flight = wire.AppendMessage(flight, wire.TypeServerHelloDone, nil)
			return wire.AppendRecords(nil, wire.ContentHandshake, wire.VersionTLS10, flight, 100) // in many records
		})
		h := &transcript.Handshake{Hello: offer{version: wire.VersionTLS10, suites: []wire.CipherSuite{suite}}.hello(), Depth: transcript.DepthFinish}
		tr := try(t, scripted(t, serve), h, engine.Options{})
		if tr.Outcome.Kind != transcript.Unfinished || tr.Outcome.Reached != transcript.ReachedFlight || len(tr.KeyExchange.Modulus) != 64 {
			t.Fatalf("%+v %+v", tr.Outcome, tr.KeyExchange)
		}
		if tr.SignatureValid != transcript.TriOf(!spoil) {
			t.Errorf("signature valid: %v, spoilt: %v", tr.SignatureValid, spoil)
		}
	}
}

func TestSSL2(t *testing.T) {
	cert := newIdentity(t, "rsa").der
	hello := []byte{4, 0, 1, 0, 2}
	hello = append(append(append(hello, u16(len(cert))...), u16(3)...), u16(16)...)
	hello = append(append(append(hello, cert...), 1, 0, 0x80), make([]byte, 16)...)
	hello = append([]byte{0x80 | byte(len(hello)>>8), byte(len(hello))}, hello...)
	answer := func(b []byte) string {
		return scripted(t, func(c net.Conn) {
			_, _ = c.Read(make([]byte, 1024))
			_, _ = c.Write(b)
			_ = c.(*net.TCPConn).CloseWrite()
			_, _ = io.Copy(io.Discard, c)
		})
	}
	for name, tc := range map[string]struct {
		answer  []byte
		kind    transcript.Kind
		version wire.Version
	}{
		"SSL 2.0": {hello, transcript.Complete, wire.VersionSSL20},
		"SSL 3.0": {append(helloRecord(wire.VersionSSL30, wire.TLS_RSA_WITH_RC4_128_SHA), record(22, 0x0300, []byte{11, 0, 0, 3, 0, 0, 0, 14, 0, 0, 0})...), transcript.Complete, wire.VersionSSL30},
		"alert":   {alertRecord(2, 40), transcript.AlertReceived, 0},
		"error":   {[]byte{0x80, 3, 0, 0, 1}, transcript.Closed, 0},
		"HTTP":    {[]byte("HTTP/1.0 400 Bad\r\n\r\n"), transcript.NotTLS, 0},
		"nothing": {nil, transcript.Closed, 0},
	} {
		t.Run(name, func(t *testing.T) {
			h := &transcript.Handshake{SSL2: &wire.SSL2ClientHello{
				Version: wire.VersionSSL30, Ciphers: []wire.SSL2Cipher{0x010080, wire.SSL2Cipher(wire.TLS_RSA_WITH_RC4_128_SHA)}, Challenge: make([]byte, 16),
			}}
			tr := try(t, answer(tc.answer), h, engine.Options{})
			if tr.Outcome.Kind != tc.kind || tr.Version() != tc.version {
				t.Errorf("%+v, version %s", tr.Outcome, tr.Version())
			}
			if tc.version == wire.VersionSSL20 && (!bytes.Equal(tr.Certificates[0], cert) || tr.Outcome.Reached != transcript.ReachedFlight) {
				t.Errorf("certificate or milestone: %+v", tr.Outcome)
			}
		})
	}
}

func TestHelloIsCutUpAsAsked(t *testing.T) {
	var mu sync.Mutex
	var reads [][]byte
	addr := scripted(t, func(c net.Conn) {
		for {
			b := make([]byte, 4096)
			_ = c.SetReadDeadline(time.Now().Add(time.Second))
			n, err := c.Read(b)
			if err != nil {
				return
			}
			mu.Lock()
			reads = append(reads, b[:n])
			mu.Unlock()
		}
	})
	hello := offer{version: wire.VersionTLS12}.hello()
	tr := try(t, addr, &transcript.Handshake{Hello: hello, Records: []int{10, 50}, Segments: []int{7, 100}, RecordVersion: wire.VersionTLS12}, engine.Options{})
	mu.Lock()
	defer mu.Unlock()
	if len(reads) < 3 || len(reads[0]) != 7 || len(reads[1]) != 100 {
		t.Errorf("%d reads, outcome %+v", len(reads), tr.Outcome)
	}
	r, rest, err := wire.ParseRecord(tr.Hello)
	second, _, err2 := wire.ParseRecord(rest)
	if err != nil || err2 != nil || len(r.Payload) != 10 || len(second.Payload) != 50 || r.Version != wire.VersionTLS12 {
		t.Errorf("records of %d and %d bytes", len(r.Payload), len(second.Payload))
	}
	if !bytes.Equal(bytes.Join(reads, nil), tr.Hello) {
		t.Error("the transcript's hello is not what was sent")
	}
	if hello.Random != [32]byte{} {
		t.Error("the caller's hello was changed")
	}
}
