package client

import (
	"strconv"
	"strings"
	"testing"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// fromJA3 builds a hello that has the given JA3 text.
func fromJA3(t *testing.T, text string) *wire.ClientHello {
	t.Helper()
	f := strings.Split(text, ",")
	numbers := func(s string) []uint16 {
		var out []uint16
		for _, x := range strings.FieldsFunc(s, func(r rune) bool { return r == '-' }) {
			n, err := strconv.ParseUint(x, 10, 16)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, uint16(n))
		}
		return out
	}
	h := &wire.ClientHello{LegacyVersion: wire.Version(numbers(f[0])[0])}
	for _, s := range numbers(f[1]) {
		h.CipherSuites = append(h.CipherSuites, wire.CipherSuite(s))
	}
	var groups []wire.Group
	for _, g := range numbers(f[3]) {
		groups = append(groups, wire.Group(g))
	}
	for _, e := range numbers(f[2]) {
		x := wire.Extension{Type: wire.ExtensionType(e)}
		switch x.Type {
		case wire.ExtSupportedGroups:
			x = wire.SupportedGroupsExt(groups...)
		case wire.ExtECPointFormats:
			n := numbers(f[4])
			x.Data = []byte{byte(len(n))}
			for _, v := range n {
				x.Data = append(x.Data, byte(v))
			}
		}
		h.Extensions = append(h.Extensions, x)
	}
	return h
}

// TestJA3 knows the examples of JA3's README and one published of Chrome 143.
func TestJA3(t *testing.T) {
	for text, want := range map[string]string{
		"769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0": "ada70206e40642a3e4461f35503241d5",
		"769,4-5-10-9-100-98-3-6-19-18-99,,,":                                  "de350869b8c85de67a350c8d186f11e6",
		"771,4865-4866-4867-49195-49199-49196-49200-52393-52392-49171-49172-156-157-47-53," +
			"45-51-16-65037-23-17613-0-11-10-43-65281-35-18-5-13-27,4588-29-23-24,0": "98487aa16281980e7d1120d399efb6a4",
	} {
		h := fromJA3(t, text)
		h.CipherSuites = append([]wire.CipherSuite{0x1a1a}, h.CipherSuites...) // GREASE does not count
		if gotText, got := JA3(h); gotText != text || got != want {
			t.Errorf("got %s (%s), want %s", gotText, got, want)
		}
	}
}

// TestJA4 knows the example of JA4's specification, and what is published of the
// clients whose hellos are recorded here.
func TestJA4(t *testing.T) {
	example := &wire.ClientHello{LegacyVersion: wire.VersionTLS12, CipherSuites: []wire.CipherSuite{0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035}}
	for _, e := range []wire.ExtensionType{0x001b, 0x0000, 0x0033, 0x0010, 0x4469, 0x0017, 0x002d, 0x000d, 0x0005, 0x0023, 0x0012, 0x002b, 0xff01, 0x000b, 0x000a, 0x0015} {
		example.Extensions = append(example.Extensions, wire.Extension{Type: e})
	}
	example.Set(wire.ALPNExt("h2", "http/1.1"))
	example.Set(wire.SupportedVersionsExt(0x0a0a, wire.VersionTLS13, wire.VersionTLS12))
	example.Set(wire.SignatureAlgorithmsExt(0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601))
	if got, want := JA4(example), "t13d1516h2_8daaf6152771_e5627efa2ab1"; got != want {
		t.Errorf("example of the specification: %s, want %s", got, want)
	}
	for id, want := range map[string]string{
		"chrome-147": "t13d1516h2_8daaf6152771_d8a2da3f94cd",
	} {
		p, err := Get(id)
		if err != nil {
			t.Fatal(err)
		}
		if got := JA4(p.Hello); got != want {
			t.Errorf("%s: %s, want %s", id, got, want)
		}
	}
	bare := &wire.ClientHello{LegacyVersion: wire.VersionSSL30}
	if got, want := JA4(bare), "ts3i000000_000000000000_000000000000"; got != want {
		t.Errorf("an empty hello: %s, want %s", got, want)
	}
	bare.Extensions = []wire.Extension{wire.ALPNExt("\xab\xcd")}
	if got, want := JA4(bare), "ts3i0001ad_000000000000_000000000000"; got != want {
		t.Errorf("a protocol of odd bytes: %s, want %s", got, want)
	}
}

// TestFingerprintsSurviveBuildHello: another name of the same length changes neither.
func TestFingerprintsSurviveBuildHello(t *testing.T) {
	for _, p := range All() {
		name := ""
		if p.Policy.SendsSNI {
			name = "b.example.com"
		}
		h := p.BuildHello(HelloOptions{ServerName: name, HTTP: true})
		if got, want := JA4(h), JA4(p.Hello); got != want {
			t.Errorf("%s: JA4 %s, in the capture %s", p.ID, got, want)
		}
		_, got := JA3(h)
		if _, want := JA3(p.Hello); got != want {
			t.Errorf("%s: JA3 %s, in the capture %s", p.ID, got, want)
		}
	}
}
