package client

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// The hello of a captured client is nearest to that client, or to one that offers
// the same.
func TestNearestOfItself(t *testing.T) {
	for _, p := range All() {
		if p.Kind == Reference {
			continue
		}
		h := p.BuildHello(HelloOptions{ServerName: "other.example.net", HTTP: true})
		if _, alps := p.Hello.Extension(wire.ExtCompressCertificate); alps {
			h = p.Hello.Clone() // BuildHello may leave out what is not understood here
		}
		m := Nearest(h, "", 1)[0]
		if !m.Exact || m.Score != 1 || len(m.Differences) > 0 {
			t.Errorf("%s: nearest is %s, %.3f, %v", p.ID, m.Profile.ID, m.Score, m.Differences)
		}
	}
}

func TestNearest(t *testing.T) {
	curl, err := Get("curl-openssl")
	if err != nil {
		t.Fatal(err)
	}
	h := curl.Hello.Clone()
	h.CipherSuites = append(slices.DeleteFunc(h.CipherSuites, func(s wire.CipherSuite) bool {
		return s == wire.TLS_RSA_WITH_AES_128_CBC_SHA
	}), wire.TLS_RSA_WITH_RC4_128_SHA, 0x4a4a)
	m := Nearest(h, "curl", 1)[0]
	if m.Profile.ID != "curl-openssl" || m.Exact || m.Score < 0.95 || m.Score >= 1 {
		t.Errorf("nearest of a curl with another suite: %s %.3f", m.Profile.ID, m.Score)
	}
	want := []string{"1 suite more (TLS_RSA_WITH_RC4_128_SHA), 1 suite fewer (TLS_RSA_WITH_AES_128_CBC_SHA)"}
	if !slices.Equal(m.Differences, want) {
		t.Errorf("differences %q, want %q", m.Differences, want)
	}
	// Order is no difference.
	h = curl.Hello.Clone()
	slices.Reverse(h.CipherSuites)
	if m := Nearest(h, "curl", 1)[0]; !m.Exact {
		t.Errorf("in another order: %s %v", m.Profile.ID, m.Differences)
	}
}

func TestLearn(t *testing.T) {
	curl, err := Get("curl-openssl")
	if err != nil {
		t.Fatal(err)
	}
	h := curl.Hello.Clone()
	h.Remove(wire.ExtServerName)
	h.Remove(wire.ExtStatusRequest)
	l, err := Learn(h, wire.VersionTLS12, "mycurl")
	if err != nil {
		t.Fatal(err)
	}
	p := l.Profile
	if p.ID != "mycurl" || p.Policy.SendsSNI || p.Policy.Store != curl.Policy.Store || p.Policy.MinRSABits != curl.Policy.MinRSABits ||
		p.RecordVersion != wire.VersionTLS12 || p.Source != Estimated || l.PolicyFrom != "curl-openssl" {
		t.Errorf("learned %+v", p)
	}
	if built := p.BuildHello(HelloOptions{ServerName: "example.com", HTTP: true}); built.ServerName() != "" {
		t.Errorf("it sent no server name, and now sends %q", built.ServerName())
	}
	if _, err := LearnAs(h, 0, "", "no-such-client"); err == nil {
		t.Error("the policy of nobody is taken over")
	}
}

// An old client does not get the least version of the one whose policy it has.
func TestLearnOldClient(t *testing.T) {
	h := &wire.ClientHello{
		LegacyVersion: wire.VersionTLS10, CipherSuites: []wire.CipherSuite{wire.TLS_RSA_WITH_AES_128_CBC_SHA},
		CompressionMethods: []wire.CompressionMethod{0},
	}
	l, err := LearnAs(h, 0, "", "chrome")
	if err != nil {
		t.Fatal(err)
	}
	if p := l.Profile; p.Policy.MinVersion > wire.VersionTLS10 || p.RecordVersion != wire.VersionTLS10 {
		t.Errorf("least version %s, record %s", p.Policy.MinVersion, p.RecordVersion)
	}
}

func TestReadFile(t *testing.T) {
	p, err := Get("openssl-3.0")
	if err != nil {
		t.Fatal(err)
	}
	message, err := p.Hello.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	record := wire.AppendRecords(nil, wire.ContentHandshake, wire.VersionTLS10, message)
	split := wire.AppendRecords(nil, wire.ContentHandshake, wire.VersionTLS10, message, 5, 100)
	colons := ""
	for _, b := range record {
		colons += fmt.Sprintf("%02x:", b)
	}
	for name, text := range map[string]string{
		"record": string(record), "message": string(message), "body": string(message[4:]), "records": string(split),
		"hex": hex.EncodeToString(record), "hex of the message": strings.ToUpper(hex.EncodeToString(message)) + "\n", "hex with colons": strings.TrimSuffix(colons, ":"),
		"base64": base64.StdEncoding.EncodeToString(record), "base64 in lines": base64.StdEncoding.EncodeToString(message)[:40] + "\n" + base64.StdEncoding.EncodeToString(message)[40:] + "\n",
		"base64url": base64.RawURLEncoding.EncodeToString(message),
	} {
		file := filepath.Join(t.TempDir(), "client")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		l, err := ReadFile(file)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got, err := l.Profile.Hello.Marshal()
		if err != nil || !bytes.Equal(got, message) {
			t.Errorf("%s: another hello, %v", name, err)
		}
	}
	for text, want := range map[string]string{
		"":                                     "neither",
		"hello":                                "neither",
		`{"schema":"other"}`:                   "schema",
		`{`:                                    "no saved client",
		string(record[:60]):                    "cut off",
		string(message[:60]):                   "cut off",
		"\x16\x03\x01\x00\x04\x02\x00\x00\x00": "not a ClientHello",
	} {
		if _, err := Read([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: %v, want it to say %q", text, err, want)
		}
	}
}

// What is saved is read back as the same client.
func TestFileRoundTrip(t *testing.T) {
	for _, id := range []string{"curl-openssl", "java-17", "chrome", "node-0.10.48"} {
		p, err := Get(id)
		if err != nil {
			t.Fatal(err)
		}
		l, err := Learn(p.Hello, p.RecordVersion, "my program")
		if err != nil {
			t.Fatal(err)
		}
		l.Profile.Policy.SendsSNI = false
		f, err := l.File(time.Unix(1_700_000_000, 0))
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Read(text)
		if err != nil {
			t.Fatalf("%s: %v", id, err)
		}
		if JA4(again.Profile.Hello) != JA4(l.Profile.Hello) && l.Profile.Hello.MaxVersion() < wire.VersionTLS13 ||
			again.PolicyFrom != l.PolicyFrom || again.Profile.Policy.SendsSNI || again.Profile.ID != "my program" ||
			again.Profile.RecordVersion != p.RecordVersion || again.Profile.Padding != l.Profile.Padding {
			t.Errorf("%s: %+v", id, again.Profile)
		}
	}
}

func FuzzRead(f *testing.F) {
	p, err := Get("openssl-3.0")
	if err != nil {
		f.Fatal(err)
	}
	message, err := p.Hello.Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(message)
	f.Add(wire.AppendRecord(nil, wire.ContentHandshake, wire.VersionTLS10, message))
	f.Add([]byte(hex.EncodeToString(message)))
	f.Add([]byte(base64.StdEncoding.EncodeToString(message)))
	f.Add([]byte(`{"schema":"tlswhy/client/v1","hello":"AQAAAA==","policy_from":"chrome"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		l, err := Read(text)
		if err != nil {
			return
		}
		p := l.Profile
		if p.Hello == nil || l.Nearest.Score < 0 || l.Nearest.Score > 1 {
			t.Fatalf("score %v", l.Nearest.Score)
		}
		if h := p.BuildHello(HelloOptions{ServerName: "example.com", HTTP: true}); h == nil {
			t.Fatal("no hello")
		}
		if _, err := l.File(time.Time{}); err != nil {
			t.Fatal(err)
		}
	})
}
