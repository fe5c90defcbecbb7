package engine

import (
	"context"
	"io"
	"math/rand/v2"
	"net"
	"testing"
	"time"

	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// seeded is a source of randomness that is the same in every run.
func seeded(s byte) io.Reader { return rand.NewChaCha8([32]byte{s}) }

// tape is a connection whose peer says what it holds, whatever it is sent, and
// ends.
type tape struct {
	net.Conn // nil: nothing else is called
	rest     []byte
}

func replay(b []byte) net.Conn { return &tape{rest: b} }

func (c *tape) Read(b []byte) (int, error) {
	if len(c.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(b, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

func (*tape) Write(b []byte) (int, error)      { return len(b), nil }
func (*tape) Close() error                     { return nil }
func (*tape) SetDeadline(time.Time) error      { return nil }
func (*tape) SetReadDeadline(time.Time) error  { return nil }
func (*tape) SetWriteDeadline(time.Time) error { return nil }

var fuzzKeys = NewKeys()

func fuzzHello(newest wire.Version) *wire.ClientHello {
	h := &wire.ClientHello{
		LegacyVersion: min(newest, wire.VersionTLS12), CompressionMethods: []wire.CompressionMethod{0},
		CipherSuites: []wire.CipherSuite{
			wire.TLS_AES_128_GCM_SHA256, wire.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, wire.TLS_DHE_RSA_WITH_AES_128_CBC_SHA,
			wire.TLS_RSA_WITH_AES_128_CBC_SHA, wire.TLS_RSA_EXPORT_WITH_RC4_40_MD5, wire.TLS_DH_anon_WITH_AES_128_CBC_SHA,
		},
		Extensions: []wire.Extension{
			wire.SupportedGroupsExt(wire.GroupX25519, wire.GroupSecp256r1, wire.GroupFFDHE2048), wire.RenegotiationInfoExt(nil), wire.PostHandshakeAuthExt(),
		},
	}
	if newest >= wire.VersionTLS13 {
		h.Set(wire.SupportedVersionsExt(wire.VersionTLS13, wire.VersionTLS12))
		h.Set(wire.KeyShareExt(wire.KeyShare{Group: wire.GroupX25519}))
	}
	return h
}

// FuzzEngine gives every kind of attempt a peer that says anything.
func FuzzEngine(f *testing.F) {
	sh := &wire.ServerHello{LegacyVersion: wire.VersionTLS12, CipherSuite: wire.TLS_DHE_RSA_WITH_AES_128_CBC_SHA}
	hello, _ := sh.Marshal()
	cert, _ := (&wire.Certificate{Entries: []wire.CertificateEntry{{DER: []byte{0x30, 0}}}}).Marshal(wire.VersionTLS12)
	ske := wire.AppendMessage(nil, wire.TypeServerKeyExchange, append([]byte{0, 16, 0xff, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 17, 0, 1, 2, 0, 1, 5}, 4, 1, 0, 1, 9))
	done := wire.AppendMessage(nil, wire.TypeServerHelloDone, nil)
	flight := append(append(append(hello, cert...), ske...), done...)
	f.Add(wire.AppendRecords(nil, wire.ContentHandshake, wire.VersionTLS12, flight), byte(0))
	sh.CipherSuite, sh.Extensions = wire.TLS_AES_128_GCM_SHA256, []wire.Extension{{Type: wire.ExtSupportedVersions, Data: []byte{3, 4}}, {Type: wire.ExtKeyShare, Data: []byte{0, 23}}}
	sh.SetHelloRetryRequest()
	hello, _ = sh.Marshal()
	f.Add(wire.AppendRecords(nil, wire.ContentHandshake, wire.VersionTLS12, hello), byte(1))
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"), byte(2))
	f.Add([]byte{0x80, 3, 0, 0, 1}, byte(3))
	f.Add([]byte{21, 3, 3, 0, 2, 2, 40}, byte(1))
	// Resumed by ID, and by ticket in TLS 1.3.
	resumed := &wire.ServerHello{LegacyVersion: wire.VersionTLS12, SessionID: []byte("an id"), CipherSuite: wire.TLS_DHE_RSA_WITH_AES_128_CBC_SHA}
	hello, _ = resumed.Marshal()
	f.Add(append(wire.AppendRecords(nil, wire.ContentHandshake, wire.VersionTLS12, hello), 20, 3, 3, 0, 1, 1), byte(4))
	resumed = &wire.ServerHello{LegacyVersion: wire.VersionTLS12, CipherSuite: wire.TLS_AES_128_GCM_SHA256, Extensions: []wire.Extension{
		{Type: wire.ExtSupportedVersions, Data: []byte{3, 4}},
		{Type: wire.ExtPreSharedKey, Data: []byte{0, 0}},
		{Type: wire.ExtKeyShare, Data: append([]byte{0, 29, 0, 32}, make([]byte, 32)...)},
	}}
	hello, _ = resumed.Marshal()
	f.Add(wire.AppendRecords(nil, wire.ContentHandshake, wire.VersionTLS12, hello), byte(5))
	f.Fuzz(func(t *testing.T, b []byte, how byte) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		h := &transcript.Handshake{Host: "a.example", Port: 443, Depth: transcript.DepthRequest, Wait: time.Second}
		h.HelloOnly, h.EarlyData, h.Renegotiate = how&64 != 0, true, how&128 != 0
		switch how & 63 % 6 {
		case 4:
			h.Hello = fuzzHello(wire.VersionTLS12)
			h.Resume = &transcript.Session{Version: wire.VersionTLS12, Suite: wire.TLS_DHE_RSA_WITH_AES_128_CBC_SHA, Secret: make([]byte, 48), ID: []byte("an id")}
		case 5:
			h.Hello = fuzzHello(wire.VersionTLS13)
			h.Resume = &transcript.Session{Version: wire.VersionTLS13, Suite: wire.TLS_AES_128_GCM_SHA256, Secret: make([]byte, 32), Ticket: []byte("a ticket"), MaxEarlyData: 1}
		case 0:
			h.Hello = fuzzHello(wire.VersionTLS12)
		case 1:
			h.Hello = fuzzHello(wire.VersionTLS13)
		case 2:
			h.Plain = []byte("x")
		case 3:
			h.SSL2 = &wire.SSL2ClientHello{Version: wire.VersionTLS10, Ciphers: []wire.SSL2Cipher{0x2f, 0x33, 0x010080}, Challenge: make([]byte, 16)}
		}
		tr := &transcript.Transcript{}
		Run(ctx, replay(b), h, tr, Options{Keys: fuzzKeys, Rand: seeded(1)})
		if tr.Outcome.Kind == "" || tr.Outcome.Kind == transcript.LocalError || len(tr.Reply) > transcript.MaxReply {
			t.Fatalf("outcome %+v", tr.Outcome)
		}
		if ctx.Err() != nil {
			t.Fatal("the engine did not come to an end")
		}
	})
}

// FuzzProtected gives what lies behind encryption in clear: the flight of TLS
// 1.3, the messages after a handshake, responses of HTTP/1.1 and HTTP/2.
func FuzzProtected(f *testing.F) {
	ee := wire.AppendMessage(nil, wire.TypeEncryptedExtensions, []byte{0, 0})
	cert, _ := (&wire.Certificate{Entries: []wire.CertificateEntry{{DER: []byte{0x30, 0}}}}).Marshal(wire.VersionTLS13)
	verify := wire.AppendMessage(nil, wire.TypeCertificateVerify, []byte{8, 4, 0, 1, 9})
	fin := wire.AppendMessage(nil, wire.TypeFinished, make([]byte, 32))
	f.Add(wire.AppendRecords(nil, wire.ContentHandshake, wire.VersionTLS12, append(append(append(ee, cert...), verify...), fin...)), byte(0))
	f.Add(wire.AppendRecords(nil, wire.ContentHandshake, wire.VersionTLS12, wire.AppendMessage(ee, wire.TypeCompressedCertificate, []byte{0, 2, 0, 0, 9, 0, 0, 2, 0x3b, 0})), byte(0))
	ticket := wire.AppendMessage(nil, wire.TypeNewSessionTicket, []byte{0, 0, 0, 1, 0, 0, 0, 2, 1, 3, 0, 1, 4, 0, 0})
	request := wire.AppendMessage(nil, wire.TypeCertificateRequest, []byte{1, 7, 0, 8, 0, 13, 0, 4, 0, 2, 4, 3})
	page := wire.AppendRecord(nil, wire.ContentApplicationData, wire.VersionTLS12, []byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"))
	f.Add(append(wire.AppendRecords(nil, wire.ContentHandshake, wire.VersionTLS12, append(ticket, request...)), page...), byte(1))
	f.Add(wire.AppendRecord(nil, wire.ContentApplicationData, wire.VersionTLS12, []byte("\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x08\x07\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x02")), byte(2))
	f.Add(append(wire.AppendRecord(nil, wire.ContentHandshake, wire.VersionTLS12, []byte{0, 0, 0, 0}), page...), byte(3))
	limits := wire.AppendMessage(nil, wire.TypeEncryptedExtensions, []byte{0, 11, 0, 28, 0, 2, 0, 64, 0, 1, 0, 1, 1})
	f.Add(wire.AppendRecords(nil, wire.ContentHandshake, wire.VersionTLS12, append(append(append(limits, cert...), verify...), fin...)), byte(0))
	refusal := wire.AppendRecord(nil, wire.ContentApplicationData, wire.VersionTLS12, []byte("220 ready\r\n"))
	f.Add(wire.AppendRecord(refusal, wire.ContentAlert, wire.VersionTLS12, []byte{1, 100}), byte(5))
	early := wire.AppendMessage(nil, wire.TypeEncryptedExtensions, []byte{0, 4, 0, 42, 0, 0})
	f.Add(wire.AppendRecords(nil, wire.ContentHandshake, wire.VersionTLS12, append(early, fin...)), byte(4))
	f.Fuzz(func(t *testing.T, b []byte, how byte) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		suite, err := computable(wire.TLS_AES_128_GCM_SHA256)
		if err != nil {
			t.Fatal(err)
		}
		hello := fuzzHello(wire.VersionTLS13)
		hello.Set(wire.CompressCertificateExt(wire.CertCompressionZlib, wire.CertCompressionBrotli, wire.CertCompressionZstd))
		hello.Set(wire.RecordSizeLimitExt(64))
		hello.Set(wire.MaxFragmentLengthExt(1))
		c := &conn{
			ctx: ctx, nc: replay(b), h: &transcript.Handshake{Host: "a.example", Hello: hello}, t: &transcript.Transcript{}, wait: time.Second,
			o: Options{Keys: fuzzKeys, Rand: seeded(2), Now: time.Now}, version: wire.VersionTLS13, suite: suite, hello: hello, log: &messageLog{},
			clientApp: make([]byte, 32), serverApp: make([]byte, 32), resumption: make([]byte, 32), secureReneg: true, depth: transcript.DepthRequest,
		}
		defer c.nc.Close()
		switch how % 6 {
		case 5:
			c.version, c.clientFin, c.serverFin = wire.VersionTLS12, make([]byte, 12), make([]byte, 12)
			err = c.beginRenegotiation()
		case 4:
			// A session is resumed and early data are offered.
			c.resumed = &transcript.Session{Version: wire.VersionTLS13, Suite: suite.id, Secret: make([]byte, 32), Ticket: []byte{1}}
			c.pskHash, c.offersEarly, c.helloSum = suite.hash, true, make([]byte, 32)
			c.log.use(suite.hash)
			_, err = c.flight13(make([]byte, 32))
		case 0:
			c.log.use(suite.hash)
			_, err = c.flight13(make([]byte, 32))
		case 1:
			c.log.use(suite.hash)
			err = c.readHTTP1()
		case 2:
			c.log.use(suite.hash)
			err = c.readHTTP2()
		case 3:
			c.version, c.clientFin, c.serverFin = wire.VersionTLS12, make([]byte, 12), make([]byte, 12)
			err = c.readHTTP1()
		}
		c.finish(err)
		if c.t.Outcome.Kind == transcript.LocalError {
			t.Fatalf("outcome %+v", c.t.Outcome)
		}
		if r := c.t.Response; r != nil && len(r.Body) > transcript.MaxReply {
			t.Fatalf("a body of %d bytes", len(r.Body))
		}
		if ctx.Err() != nil {
			t.Fatal("no end")
		}
	})
}
