package passive

import (
	"bytes"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// said is what one side sends at a time.
type said struct {
	from transcript.Side
	b    []byte
}

const (
	theClient = transcript.FromClient
	theServer = transcript.FromServer
)

func record(kind wire.ContentType, payload []byte) []byte {
	return wire.AppendRecord(nil, kind, wire.VersionTLS12, payload)
}

func sealed(from transcript.Side, kind wire.ContentType, n int) said {
	return said{from, record(kind, bytes.Repeat([]byte{0xa5}, n))}
}

func alert(from transcript.Side, level wire.AlertLevel, d wire.AlertDescription) said {
	return said{from, record(wire.ContentAlert, []byte{byte(level), byte(d)})}
}

func hello(t testing.TB) said {
	h := &wire.ClientHello{
		LegacyVersion: wire.VersionTLS12, CipherSuites: []wire.CipherSuite{wire.TLS_AES_128_GCM_SHA256, wire.TLS_RSA_WITH_AES_128_CBC_SHA},
		CompressionMethods: []wire.CompressionMethod{0}, Extensions: []wire.Extension{wire.ServerNameExt("a.example"), wire.PaddingExt(300)},
	}
	m, err := h.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return said{theClient, wire.AppendRecords(nil, wire.ContentHandshake, wire.VersionTLS10, m, 100, 7)}
}

func serverHello(t testing.TB, v wire.Version, suite wire.CipherSuite) said {
	h := &wire.ServerHello{LegacyVersion: min(v, wire.VersionTLS12), CipherSuite: suite}
	if v == wire.VersionTLS13 {
		h.Extensions = []wire.Extension{{Type: wire.ExtSupportedVersions, Data: []byte{3, 4}}}
	}
	m, err := h.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return said{theServer, record(wire.ContentHandshake, m)}
}

func flight12(t testing.TB) said {
	cert, err := (&wire.Certificate{Entries: []wire.CertificateEntry{{DER: make([]byte, 700)}}}).Marshal(wire.VersionTLS12)
	if err != nil {
		t.Fatal(err)
	}
	return said{theServer, record(wire.ContentHandshake, wire.AppendMessage(cert, wire.TypeServerHelloDone, nil))}
}

type ending struct {
	by  transcript.Side
	how How
}

// observe feeds what was said in pieces of at most size bytes.
func observe(all []said, size int, e ending) (*Conn, Verdict) {
	at := time.Unix(0, 0)
	c := New(func() time.Time { return at })
	for _, s := range all {
		at = at.Add(10 * time.Millisecond)
		for b := s.b; len(b) > 0; {
			n := min(size, len(b))
			if s.from == theClient {
				c.FromClient(b[:n])
			} else {
				c.FromServer(b[:n])
			}
			b = b[n:]
		}
	}
	if e.how != Open {
		c.End(e.by, e.how)
	}
	return c, c.Finish()
}

func cases(t testing.TB) map[string]struct {
	said []said
	end  ending
	want Verdict
} {
	type row = struct {
		said []said
		end  ending
		want Verdict
	}
	app := wire.ContentApplicationData
	in13 := func(more ...said) []said {
		return append([]said{hello(t), serverHello(t, wire.VersionTLS13, wire.TLS_AES_128_GCM_SHA256), sealed(theServer, app, 30), sealed(theServer, app, 900), sealed(theServer, app, 53)}, more...)
	}
	in12 := func(more ...said) []said {
		return append([]said{hello(t), serverHello(t, wire.VersionTLS12, wire.TLS_RSA_WITH_AES_128_CBC_SHA), flight12(t)}, more...)
	}
	finished12 := func(from transcript.Side) said {
		return said{from, append(record(wire.ContentChangeCipherSpec, []byte{1}), record(wire.ContentHandshake, make([]byte, 64))...)}
	}
	keyExchange := said{theClient, record(wire.ContentHandshake, wire.AppendMessage(nil, wire.TypeClientKeyExchange, make([]byte, 130)))}
	clientCCS := said{theClient, record(wire.ContentChangeCipherSpec, []byte{1})}
	return map[string]row{
		"1.3: finished":          {in13(clientCCS, sealed(theClient, app, 53), sealed(theServer, app, 240), sealed(theClient, app, 90), sealed(theClient, app, 19), sealed(theServer, app, 19)), ending{theClient, FIN}, Verdict{Result: OK, Step: cause.StepSecure, WantsCertificate: transcript.No, Answered: transcript.No}},
		"1.3: finished and left": {in13(clientCCS, sealed(theClient, app, 53), sealed(theServer, app, 240), sealed(theClient, app, 19)), ending{theClient, FIN}, Verdict{Result: OK, Step: cause.StepSecure, WantsCertificate: transcript.No, Answered: transcript.No, Unused: true}},
		"1.3: finished, goodbye": {in13(clientCCS, sealed(theClient, app, 53), sealed(theServer, app, 240), sealed(theClient, app, 19), sealed(theServer, app, 19)), ending{theServer, FIN}, Verdict{Result: OK, Step: cause.StepSecure, WantsCertificate: transcript.No, Answered: transcript.No, Unused: true}},
		"1.2: finished and left": {in12(keyExchange, finished12(theClient), finished12(theServer)), ending{theClient, Reset}, Verdict{Result: OK, Step: cause.StepSecure, WantsCertificate: transcript.No, Answered: transcript.No, Unused: true}},
		"1.3: left unused and closed by the server much later": {
			in13(sealed(theClient, app, 53), sealed(theServer, app, 240), sealed(theServer, app, 19)),
			ending{theServer, FIN},
			Verdict{Result: OK, Step: cause.StepSecure, WantsCertificate: transcript.No, Answered: transcript.No},
		},
		"1.3: the client alerts":         {in13(clientCCS, sealed(theClient, app, 19)), ending{theClient, FIN}, Verdict{Result: Fail, Step: cause.StepVerify, StoppedBy: theClient}},
		"1.3: the client alerts, padded": {in13(clientCCS, sealed(theClient, app, 35)), ending{theServer, FIN}, Verdict{Result: Fail, Step: cause.StepVerify, StoppedBy: theClient}},
		"1.3: all is padded":             {in13(clientCCS, sealed(theClient, app, 69), sealed(theServer, app, 256), sealed(theClient, app, 200)), ending{theServer, FIN}, Verdict{Result: OK, Step: cause.StepSecure, WantsCertificate: transcript.No, Answered: transcript.No}},
		"1.3: an empty certificate, all padded": {
			in13(sealed(theClient, app, 41), sealed(theClient, app, 69), sealed(theServer, app, 35)),
			ending{theServer, FIN},
			Verdict{Result: Fail, Step: cause.StepKeys, StoppedBy: theServer, Cause: cause.MTLSRequired, WantsCertificate: transcript.Yes, Answered: transcript.No},
		},
		"1.3: the server alerts before Finished": {
			in13(sealed(theClient, app, 41), sealed(theServer, app, 19), sealed(theClient, app, 69), sealed(theClient, app, 187)),
			ending{theServer, FIN},
			Verdict{Result: Fail, Step: cause.StepKeys, StoppedBy: theServer, Cause: cause.MTLSRequired, WantsCertificate: transcript.Yes, Answered: transcript.No},
		},
		"1.3: the client is gone": {in13(), ending{theClient, Reset}, Verdict{Result: Fail, Step: cause.StepVerify, StoppedBy: theClient}},
		"1.3: an empty certificate, and the server alerts": {
			in13(sealed(theClient, app, 25), sealed(theClient, app, 53), sealed(theServer, app, 19)),
			ending{theServer, FIN},
			Verdict{Result: Fail, Step: cause.StepKeys, StoppedBy: theServer, Cause: cause.MTLSRequired, WantsCertificate: transcript.Yes, Answered: transcript.No},
		},
		"1.3: an empty certificate in one record with Finished": {
			in13(sealed(theClient, app, 61), sealed(theServer, app, 19)),
			ending{theServer, FIN},
			Verdict{Result: Fail, Step: cause.StepKeys, StoppedBy: theServer, Cause: cause.MTLSRequired, WantsCertificate: transcript.Yes, Answered: transcript.No},
		},
		"1.3: the observer leaves": {in13(), ending{theClient, Cut}, Verdict{Result: Unknown}},
		"1.2: finished, with a warning before": {
			append([]said{hello(t), alert(theServer, 1, wire.AlertUnrecognizedName)}, in12(keyExchange, finished12(theClient), finished12(theServer), sealed(theServer, wire.ContentAlert, 32))[1:]...),
			ending{theServer, FIN},
			Verdict{Result: OK, Step: cause.StepSecure, WantsCertificate: transcript.No, Answered: transcript.No},
		},
		"1.2: expired, says the client": {in12(alert(theClient, 2, wire.AlertCertificateExpired)), ending{theClient, FIN}, Verdict{Result: Fail, Step: cause.StepVerify, StoppedBy: theClient, Cause: cause.Expired, WantsCertificate: transcript.No, Answered: transcript.No}},
		"1.2: Finished is wrong":        {in12(keyExchange, finished12(theClient), sealed(theServer, wire.ContentHandshake, 0), alert(theServer, 2, wire.AlertDecryptError)), ending{theServer, FIN}, Verdict{Result: Fail, Step: cause.StepKeys, StoppedBy: theServer, WantsCertificate: transcript.No, Answered: transcript.No}},
		"a warning, then the end":       {[]said{hello(t), alert(theServer, 1, wire.AlertUnrecognizedName)}, ending{theServer, FIN}, Verdict{Result: Fail, Step: cause.StepCertificate, StoppedBy: theServer, Cause: cause.UnrecognizedName}},
		"no answer, and nobody waits":   {[]said{hello(t)}, ending{theClient, FIN}, Verdict{Result: Unknown}},
	}
}

// However the bytes arrive, the verdict is the same.
func TestVerdict(t *testing.T) {
	for name, tc := range cases(t) {
		for _, size := range []int{1 << 20, 100, 5, 1} {
			c, got := observe(tc.said, size, tc.end)
			if got.Detail == "" && got.Result != OK {
				t.Errorf("%s: no detail", name)
			}
			got.Detail = ""
			if got != tc.want {
				t.Errorf("%s, %d bytes at a time:\n got %+v\nwant %+v\n%v", name, size, got, tc.want, c.Records)
			}
			if c.Hello == nil || c.Hello.ServerName() != "a.example" || c.HelloRecord != wire.VersionTLS10 || !bytes.Equal(c.T.Hello, hello(t).b) {
				t.Errorf("%s, %d bytes at a time: the hello is not read: %v", name, size, c.Hello)
			}
		}
	}
}

func TestOthers(t *testing.T) {
	old := (&wire.SSL2ClientHello{Version: wire.VersionTLS10, Ciphers: []wire.SSL2Cipher{0x00002f}, Challenge: make([]byte, 16)}).Marshal()
	if c, _ := observe([]said{{theClient, old}}, 1<<20, ending{}); !c.TLS() || c.SSL2 == nil {
		t.Error("a hello of SSL 2.0 is not seen")
	}
	for _, text := range []string{"GET / HTTP/1.1\r\n\r\n", "SSH-2.0-x\r\n", "\x00", "\x16\x09"} {
		if c, _ := observe([]said{{theClient, []byte(text)}, {theServer, []byte("whatever")}}, 1, ending{}); c.TLS() || len(c.Plain) == 0 {
			t.Errorf("%q is taken for TLS, or not kept: %q", text, c.Plain)
		}
	}
}

// Memory stays within bounds whatever comes.
func TestBounded(t *testing.T) {
	c := New(nil)
	junk := record(wire.ContentHandshake, append([]byte{1, 3, 0xff, 0xff}, make([]byte, 16000)...))
	for range 1000 {
		c.FromClient(junk)
		c.FromServer(junk)
	}
	alerts := New(nil)
	for range 100_000 {
		alerts.FromClient([]byte{21, 3, 1, 0, 0})
	}
	if cap(alerts.client.raw) > 1<<20 {
		t.Errorf("%d bytes of no hello are kept", cap(alerts.client.raw))
	}
	for range 1000 {
		c.FromServer(record(wire.ContentApplicationData, make([]byte, 16000)))
	}
	if n := cap(c.client.hs) + cap(c.client.raw) + cap(c.server.hs) + cap(c.server.partial); n > 2<<20 || len(c.Records) > maxRecords {
		t.Errorf("%d bytes and %d records are kept", n, len(c.Records))
	}
}

// No sequence of bytes makes it stumble.
func TestAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := New(nil)
		for range rapid.IntRange(0, 20).Draw(t, "pieces") {
			b := rapid.SliceOfN(rapid.Byte(), 0, 60).Draw(t, "bytes")
			if rapid.Bool().Draw(t, "as a record") {
				b = record(wire.ContentType(rapid.IntRange(20, 24).Draw(t, "type")), b)
			}
			if rapid.Bool().Draw(t, "client") {
				c.FromClient(b)
			} else {
				c.FromServer(b)
			}
		}
		c.Finish()
	})
}

func FuzzConn(f *testing.F) {
	for _, tc := range cases(f) {
		var script []byte
		for _, s := range tc.said {
			who := byte(0)
			if s.from == theServer {
				who = 1
			}
			script = append(append(script, who, byte(len(s.b)>>8), byte(len(s.b))), s.b...)
		}
		f.Add(script)
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		c := New(func() time.Time { return time.Unix(0, 0) })
		for len(script) >= 3 {
			n := min(int(script[1])<<8|int(script[2]), len(script)-3)
			b := script[3 : 3+n]
			if script[0]&1 == 0 {
				c.FromClient(b)
			} else {
				c.FromServer(b)
			}
			if script[0]&2 != 0 {
				c.End(theServer, Reset)
			}
			script = script[3+n:]
		}
		v := c.Finish()
		if v.Result == Fail && (v.Step == cause.StepUnknown || v.Detail == "") {
			t.Fatalf("%+v", v)
		}
	})
}
