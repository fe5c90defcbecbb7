package tlswhy

import (
	"encoding/base64"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// Every form in which people have an ECHConfigList.
func TestECHConfigForms(t *testing.T) {
	list, err := wire.MarshalECHConfigList(wire.ECHConfig{
		Version: wire.ECHVersion, KEM: wire.HPKEKEMDHKEMX25519HKDFSHA256, PublicKey: make([]byte, 32),
		Suites: []wire.HPKESuite{{KDF: wire.HPKEKDFHKDFSHA256, AEAD: wire.HPKEAEADAES128GCM}}, PublicName: "public.example",
	})
	if err != nil {
		t.Fatal(err)
	}
	text := base64.StdEncoding.EncodeToString(list)
	block := pem.EncodeToMemory(&pem.Block{Type: "ECHCONFIG", Bytes: list})
	file := func(content string) string {
		name := filepath.Join(t.TempDir(), "ech")
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	for name, given := range map[string]string{
		"base64": text, "a file of base64": file(text + "\n"), "a bare file": file(string(list)), "a PEM file": file(string(block)),
		"a PEM file with the key": file(string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte{1}})) + string(block)),
	} {
		c, err := New(Options{ECHConfig: given})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if string(c.diagnose.ECHConfig) != string(list) || c.diagnose.Echo.ECHConfig != given {
			t.Errorf("%s: read % x, echoed %q", name, c.diagnose.ECHConfig, c.diagnose.Echo.ECHConfig)
		}
	}
	for name, given := range map[string]string{
		"neither file nor base64": "no such thing", "base64 of something else": "AAAA", "another file": file("hello"), "an empty file": file(""),
		"a key alone": file("-----BEGIN PRIVATE KEY-----\nAQ==\n-----END PRIVATE KEY-----\n"), "a directory": t.TempDir(),
	} {
		if _, err := New(Options{ECHConfig: given}); err == nil || !strings.HasPrefix(err.Error(), "ECH configuration ") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
