package wire

import (
	"bytes"
	"crypto/ecdh"
	"crypto/rand"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func anECHConfig(name string, exts ...Extension) ECHConfig {
	return ECHConfig{
		Version: ECHVersion, ConfigID: 7, KEM: 0x20, PublicKey: bytes.Repeat([]byte{4}, 32),
		Suites: []HPKESuite{{1, 1}, {1, 3}}, MaximumNameLength: 42, PublicName: name, Extensions: append([]Extension{}, exts...),
	}
}

func mustECHList(t testing.TB, cs ...ECHConfig) []byte {
	t.Helper()
	b, err := MarshalECHConfigList(cs...)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestECHConfigsThatMayBeUsed(t *testing.T) {
	other := ECHConfig{Version: 0xfe0a, Raw: []byte{0xfe, 0x0a, 0, 3, 1, 2, 3}}
	for _, c := range []struct {
		name   string
		config ECHConfig
		want   bool
	}{
		{"plain", anECHConfig("public.example"), true},
		{"an extension that may be ignored", anECHConfig("public.example", Extension{0x1234, []byte{1}}), true},
		{"a mandatory extension", anECHConfig("public.example", Extension{0xfe00, nil}), false},
		{"another version", other, false},
		{"an address for a name", anECHConfig("192.0.2.1"), false},
		{"half an address", anECHConfig("192.0.513"), false},
		{"a hexadecimal label at the end", anECHConfig("a.0x7f"), false},
		{"an empty label", anECHConfig("a..example"), false},
		{"the root's dot", anECHConfig("a.example."), false},
		{"an underscore", anECHConfig("_a.example"), false},
		{"a control character", anECHConfig("a\x1b.example"), false},
	} {
		got, err := ParseECHConfigList(mustECHList(t, c.config, anECHConfig("last.example")))
		if err != nil || len(got) != 2 || got[1].PublicName != "last.example" {
			t.Errorf("%s: %+v %v", c.name, got, err)
			continue
		}
		if got[0].Understood() != c.want {
			t.Errorf("%s: understood %v", c.name, !c.want)
		}
		if raw, _ := c.config.Marshal(); !bytes.Equal(raw, got[0].Raw) {
			t.Errorf("%s: raw % x", c.name, got[0].Raw)
		}
	}
}

func TestECHConfigListsThatAreNone(t *testing.T) {
	good := mustECHList(t, anECHConfig("a.example"))
	for name, b := range map[string][]byte{
		"nothing": {}, "empty": {0, 0}, "cut": good[:len(good)-1], "a byte more": append(slices.Clone(good), 0),
		"no key":    mustECHList(t, ECHConfig{Version: ECHVersion, Suites: []HPKESuite{{1, 1}}, PublicName: "a"}),
		"no suites": mustECHList(t, ECHConfig{Version: ECHVersion, PublicKey: []byte{1}, PublicName: "a"}),
		"no name":   mustECHList(t, ECHConfig{Version: ECHVersion, PublicKey: []byte{1}, Suites: []HPKESuite{{1, 1}}}),
	} {
		if c, err := ParseECHConfigList(b); err == nil {
			t.Errorf("%s: read as %+v", name, c)
		}
	}
}

func TestECHExtensionLaw(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := ECHClientHello{Inner: rapid.Bool().Draw(t, "inner")}
		if !e.Inner {
			e.Suite = HPKESuite{HPKEKDF(rapid.Uint16().Draw(t, "kdf")), HPKEAEAD(rapid.Uint16().Draw(t, "aead"))}
			e.ConfigID = rapid.Uint8().Draw(t, "id")
			e.Enc = append([]byte(nil), rapid.SliceOfN(rapid.Byte(), 1, 99).Draw(t, "enc")...)
			e.Payload = rapid.SliceOfN(rapid.Byte(), 1, 300).Draw(t, "payload")
		}
		got, err := ParseECHClientHello(e.Extension().Data)
		if err != nil || !reflect.DeepEqual(*got, e) {
			t.Fatalf("%+v %v, want %+v", got, err, e)
		}
	})
}

func FuzzParseECH(f *testing.F) {
	key, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	c := anECHConfig("a.example", Extension{0x8001, []byte{1}})
	c.PublicKey = key.PublicKey().Bytes()
	f.Add(mustECHList(f, c, ECHConfig{Version: 1, Raw: []byte{0, 1, 0, 0}}))
	f.Add(ECHClientHello{Suite: HPKESuite{1, 1}, Enc: []byte{1}, Payload: []byte{2}}.Extension().Data)
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, b []byte) {
		if e, err := ParseECHClientHello(b); err == nil && !bytes.Equal(e.Extension().Data, b) {
			t.Fatalf("built again: %x\n%x", e.Extension().Data, b)
		}
		cs, err := ParseECHConfigList(b)
		if err != nil {
			return
		}
		for i := range cs {
			cs[i].Understood()
		}
		if again := mustECHList(t, cs...); !bytes.Equal(again, b) {
			t.Fatalf("built again: %x\n%x", again, b)
		}
	})
}
