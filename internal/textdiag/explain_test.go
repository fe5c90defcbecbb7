package textdiag

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
)

func u8(n uint8) *uint8 { return &n }

// a few signatures that have one of everything, so that the rules are tested
// apart from the data.
func demo() *catalogue {
	lib := &cause.SignatureStack{ID: "lib", Name: "Lib"}
	app := &cause.SignatureStack{ID: "app", Name: "App"}
	tls := &cause.SignatureStack{ID: genericStack, Name: "TLS"}
	one := func(id cause.ID) []cause.Weighted { return []cause.Weighted{{Cause: id, Weight: 1}} }
	return compile([]cause.Signature{
		{
			ID: "lib/verify", Stack: lib, Match: []string{"certificate verify failed"}, Refuses: true, Step: cause.StepVerify, Speaks: cause.SpeaksClient, Source: "observed",
			Causes: []cause.Weighted{{Cause: cause.UntrustedRoot, Weight: 0.5}, {Cause: cause.Expired, Weight: 0.3}, {Cause: cause.HostnameMismatch, Weight: 0.2}},
		},
		{ID: "lib/verify-expired", Stack: lib, Match: []string{"certificate verify failed: certificate has expired"}, Refuses: true, Step: cause.StepVerify, Speaks: cause.SpeaksClient, Causes: one(cause.Expired), Source: "observed"},
		{ID: "lib/heard-45", Stack: lib, Match: []string{"alert certificate expired"}, Heard: u8(45), Step: cause.StepVerify, Speaks: cause.SpeaksClient, Causes: one(cause.MTLSCertRejected), Source: "observed"},
		{ID: "lib/no-cipher", Stack: lib, Match: []string{"SSL routines:{}:no shared cipher"}, Refuses: true, Step: cause.StepCipher, Speaks: cause.SpeaksServer, Causes: one(cause.NoSharedCipher), Source: "observed"},
		{ID: "app/wrapper", Stack: app, Match: []string{"app: connect failed: {}"}, Wraps: true, Step: cause.StepConnect, Speaks: cause.SpeaksClient, Causes: one(cause.TCPReset), Source: "observed"},
		{ID: "app/noise", Stack: app, Match: []string{"retrying after certificate verify failed"}, Speaks: cause.SpeaksClient, Source: "observed"},
		{ID: "app/context", Stack: app, Match: []string{"handshake broke"}, Also: []string{"at the gateway"}, Unless: []string{"in a test"}, Step: cause.StepVersion, Speaks: cause.SpeaksClient, Causes: one(cause.NoSharedVersion), Source: "observed"},
		{ID: "tls/alert-40", Stack: tls, Match: []string{"alert 40 at the client"}, Heard: u8(40), Step: cause.StepCipher, Speaks: cause.SpeaksClient, Causes: one(cause.NoSharedCipher), Source: "observed"},
		{ID: "tls/alert-48", Stack: tls, Match: []string{"alert 48 at the client"}, Heard: u8(48), Step: cause.StepKeys, Speaks: cause.SpeaksClient, Causes: one(cause.MTLSCertRejected), Source: "observed"},
		{ID: "tls/alert-48-at-server", Stack: tls, Match: []string{"alert 48 at the server"}, Heard: u8(48), Step: cause.StepVerify, Speaks: cause.SpeaksServer, Causes: one(cause.UntrustedRoot), Source: "observed"},
	})
}

func (c *catalogue) explain(text string) Diagnosis {
	d := read([]byte(text))
	f := c.search(&d)
	c.spellOut(f, &d)
	return c.weigh(&d, f, Options{})
}

func TestRules(t *testing.T) {
	c := demo()
	for name, x := range map[string]struct {
		text      string
		cause     cause.ID
		by        string
		refusedBy cause.Speaker
	}{
		"general":                       {"error: certificate verify failed", cause.UntrustedRoot, "lib/verify", "client"},
		"specific beats general":        {"error: certificate verify failed: certificate has expired (x.c:1)", cause.Expired, "lib/verify-expired", "client"},
		"case and white space":          {"CERTIFICATE  Verify\n   Failed:\tcertificate has\n expired", cause.Expired, "lib/verify-expired", "client"},
		"terminal escapes":              {"\x1b[31mcertificate\x1b[0m verify \x1b]8;;http://x\x07failed", cause.UntrustedRoot, "lib/verify", "client"},
		"refusal beats its alert":       {"certificate verify failed: certificate has expired\ntls alert certificate expired", cause.Expired, "lib/verify-expired", "client"},
		"alert alone":                   {"tlsv1 alert certificate expired", cause.MTLSCertRejected, "lib/heard-45", "server"},
		"wrapper alone":                 {"app: connect failed: who knows", cause.TCPReset, "app/wrapper", ""},
		"inner beats wrapper":           {"app: connect failed: error certificate verify failed", cause.UntrustedRoot, "lib/verify", "client"},
		"noise hides":                   {"retrying after certificate verify failed", "", "", ""},
		"noise hides only its place":    {"retrying after certificate verify failed\nagain: certificate verify failed", cause.UntrustedRoot, "lib/verify", "client"},
		"context there":                 {"at the gateway\nthe handshake broke", cause.NoSharedVersion, "app/context", ""},
		"context missing":               {"the handshake broke", "", "", ""},
		"context forbidden":             {"at the gateway in a test the handshake broke", "", "", ""},
		"gap":                           {"error:0A0000C1:SSL routines:tls_post_process:no shared cipher", cause.NoSharedCipher, "lib/no-cipher", "server"},
		"gap too long":                  {"SSL routines:" + strings.Repeat("x", 201) + ":no shared cipher", "", "", ""},
		"gap over a line":               {"SSL routines:\nx:no shared cipher", "", "", ""},
		"code of release 3":             {"failed: error:0A0000C1 and no more", cause.NoSharedCipher, "lib/no-cipher", "server"},
		"code of release 1":             {"failed: error:1408A0C1", cause.NoSharedCipher, "lib/no-cipher", "server"},
		"code of BoringSSL":             {"error:100000b8:SSL routines:OPENSSL_internal:NO_SHARED_CIPHER", cause.NoSharedCipher, "lib/no-cipher", "server"},
		"code of an alert":              {"error:14094410", cause.NoSharedCipher, "tls/alert-40", "server"},
		"code of an alert, release 3":   {"error:0A000410:x", cause.NoSharedCipher, "tls/alert-40", "server"},
		"alert number":                  {"ssl alert number 40", cause.NoSharedCipher, "tls/alert-40", "server"},
		"alert(40)":                     {"tls: fatal alert(40)", cause.NoSharedCipher, "tls/alert-40", "server"},
		"handshake_failure":             {"Received fatal alert: handshake_failure", cause.NoSharedCipher, "tls/alert-40", "server"},
		"SSLV3_ALERT_HANDSHAKE_FAILURE": {"[SSL: SSLV3_ALERT_HANDSHAKE_FAILURE]", cause.NoSharedCipher, "tls/alert-40", "server"},
		"HandshakeFailure":              {"tls error: AlertReceived(HandshakeFailure)", cause.NoSharedCipher, "tls/alert-40", "server"},
		"description":                   {"ssl alert: { level: 2, description: 40 }", cause.NoSharedCipher, "tls/alert-40", "server"},
		"at a server":                   {"SSL_accept failed: alert unknown_ca received", cause.UntrustedRoot, "tls/alert-48-at-server", "client"},
		"sent by a server":              {"SSL_accept failed: sending alert unknown_ca", cause.MTLSCertRejected, "tls/alert-48", "server"},
		"sent by a client":              {"SSL_connect failed: sending alert unknown_ca", cause.UntrustedRoot, "tls/alert-48-at-server", "client"},
		"an alert of something else":    {"alert 40: disk full", "", "", ""},
		"a path":                        {"GET /tls-alert-40 HTTP/1.1", "", "", ""},
		"a version":                     {"tls alert 1.40", "", "", ""},
		"nothing":                       {"all is well", "", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := c.explain(x.text)
			if x.cause == "" {
				if len(d.Causes) > 0 {
					t.Fatalf("%s by %s, want nothing", d.Causes[0].ID, d.Top.ID)
				}
				return
			}
			if len(d.Causes) == 0 {
				t.Fatalf("nothing, want %s", x.cause)
			}
			if got := d.Causes[0]; got.ID != x.cause || got.By.ID != x.by {
				t.Errorf("%s by %s, want %s by %s", got.ID, got.By.ID, x.cause, x.by)
			}
			if x.refusedBy != "" && d.RefusedBy != x.refusedBy {
				t.Errorf("refused by %q, want %q", d.RefusedBy, x.refusedBy)
			}
			sum := 0.0
			for _, k := range d.Causes {
				sum += k.Confidence
			}
			if sum > 1.02 {
				t.Errorf("the confidences add up to %v", sum)
			}
		})
	}
}

func TestRecognisedWithoutMatch(t *testing.T) {
	d := demo().explain("weird tls thing: alert number 90, error:14094123:x, see https://shop.example:8443/cart")
	if len(d.Causes) != 0 {
		t.Fatalf("causes %v", d.Causes)
	}
	if len(d.Seen.Alerts) != 1 || d.Seen.Alerts[0].ID != 90 || len(d.Seen.Codes) != 1 || d.Seen.Codes[0].Reason == "" || d.Seen.Host != "shop.example:8443" {
		t.Errorf("seen %+v", d.Seen)
	}
}

func TestHost(t *testing.T) {
	for text, want := range map[string]string{
		`Get "https://shop.example/x": EOF`:                          "shop.example",
		`https://user@evil`:                                          "user",
		`WSS://Shop.Example:443/`:                                    "shop.example",
		`https://[2001:db8::1]:8443/`:                                "[2001:db8::1]:8443",
		`https://[nonsense]/`:                                        "",
		`unknown ssl protocol error in connection to a.example:8443`: "a.example:8443",
		`connection to port 12`:                                      "",
		`http://plain.example/`:                                      "",
		`host='db.example', port=5432`:                               "db.example",
		`https://`:                                                   "",
	} {
		if got := hostIn(bytes.ToLower([]byte(text))); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

func TestCaptures(t *testing.T) {
	c := demo()
	d := c.explain("x app: connect failed: Some Reason here \nnext")
	if d.Top == nil || len(d.Top.Captures) != 1 || d.Top.Captures[0] != "Some Reason here" {
		t.Errorf("%+v", d.Top)
	}
}

// Texts that are made to be slow are not: 16 MiB in seconds, whatever they hold.
func TestHostileTextsEnd(t *testing.T) {
	for name, unit := range map[string]string{
		"one line":      "a",
		"prefix":        "SSL routines:",
		"alerts":        "tls alert handshake_failur ",
		"codes":         "error:0A0000C1",
		"failures":      "error:0A000410:SSL routines::sslv3 alert handshake failure\n",
		"NUL":           "\x00",
		"not UTF-8":     "\xff\xfe\xc3",
		"escapes":       "\x1b[",
		"open sequence": "\x1b]",
		"spaces":        " \t",
	} {
		text := []byte(strings.Repeat(unit, (maxText+1000)/len(unit)+1))
		start := time.Now()
		d := Explain(text)
		took := time.Since(start)
		t.Logf("%s: %v", name, took)
		if took > 60*time.Second { // a loaded machine is ten times slower
			t.Errorf("%s: took %v", name, took)
		}
		if !d.Seen.Cut {
			t.Errorf("%s: not told that it was cut", name)
		}
	}
}

func FuzzExplain(f *testing.F) {
	for _, s := range cause.Signatures() {
		if len(s.ID)%16 == 0 {
			f.Add([]byte(s.Sample))
		}
	}
	f.Add([]byte("alert alert(40 tls error:1409441\x1b[ https://[::"))
	f.Add([]byte("tls alert level 2 description"))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, o := range []Options{{}, {Writer: cause.SpeaksServer, Most: 10}, {Writer: cause.SpeaksEither, Most: 10}} {
			d := ExplainAs(text, o)
			for _, c := range d.Causes {
				if c.Confidence < 0 || c.Confidence > 1 || !c.ID.Valid() || c.By == nil {
					t.Errorf("%+v: %+v", o, c)
				}
			}
			if (d.Top == nil) != (len(d.Causes) == 0) {
				t.Errorf("%+v: top %v, %d causes", o, d.Top, len(d.Causes))
			}
		}
	})
}

func BenchmarkExplain(b *testing.B) {
	text := []byte(`Get "https://shop.example/": remote error: tls: handshake failure`)
	Explain(text)
	for b.Loop() {
		Explain(text)
	}
}

func BenchmarkCompile(b *testing.B) {
	all := cause.Signatures()
	for b.Loop() {
		compile(all)
	}
}

func BenchmarkText(b *testing.B) {
	text := []byte(strings.Repeat("192.0.2.1 - - [24/Nov/2026:02:47:29 +0000] \"GET /index.html HTTP/1.1\" 200 612 \"-\" \"Mozilla/5.0\"\n", 10000))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		Explain(text)
	}
}
