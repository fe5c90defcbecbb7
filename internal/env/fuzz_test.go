package env

import (
	"bytes"
	"encoding/json"
	"testing"
)

func FuzzOpenSSLConf(f *testing.F) {
	f.Add([]byte(confHead + "MinProtocol = TLSv1.2\nCipherString = DEFAULT@SECLEVEL=2\n.include /c\n"))
	f.Add([]byte("a = $a$a${b}$(c::d)\\\n'\"`\n.pragma dollarid:on\n[x\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		c := parseOpenSSLConf(confOf(map[string]string{"/c": string(text), "/d/x.cnf": string(text)}), "/c")
		all, _ := c.systemDefault()
		s := readTLSSettings(all)
		versionBounds("OpenSSL 3.0.0", s, s.level)
		if len(c.files) > maxIncludes {
			t.Errorf("%d files", len(c.files))
		}
	})
}

func FuzzJavaSecurity(f *testing.F) {
	f.Add("jdk.tls.disabledAlgorithms=SSLv3, RC4, \\\n DH keySize < 1024, TLS_RSA_*\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, s := range parseProperties(text, "/f") {
			if s.Name == "" || s.Line < 1 {
				t.Errorf("%+v", s)
			}
			readDisabled(s.Value).suite(0x002f)
		}
	})
}

func FuzzKeystore(f *testing.F) {
	f.Add(jks(f, "A CA"))
	f.Add([]byte{0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2, 0xff, 0xff, 0xff, 0xff})
	f.Add([]byte{0x30, 0x0b, 2, 1, 3, 0x30, 6, 6, 1, 1, 0xa0, 1, 4})
	f.Fuzz(func(t *testing.T, b []byte) {
		_, ders, _ := parseKeystore(b)
		total := 0
		for _, d := range ders {
			total += len(d)
		}
		if total > len(b) {
			t.Errorf("%d bytes out of %d", total, len(b))
		}
	})
}

// A document of another machine is anybody's text.
func FuzzDocument(f *testing.F) {
	f.Add([]byte(`{"schema":"tlswhy/env/v1","stacks":[{"id":"openssl","store":"x","settings":[{"name":"a"}]}],"stores":[{"id":"x","certificates":[{"subject":"CN=a","sha256":"00"}]}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := Read(bytes.NewReader(b))
		if err != nil {
			return
		}
		if x := Compare(d, d, "a", "b"); len(x.Differences) != 0 {
			t.Errorf("it differs from itself: %+v", x.Differences)
		}
		if _, err := json.Marshal(Compare(d, &Document{}, "a", "b")); err != nil {
			t.Error(err)
		}
	})
}

func FuzzHello(f *testing.F) {
	f.Add([]byte{22, 3, 1, 0, 5, 1, 0, 0, 1, 0})
	f.Fuzz(func(t *testing.T, b []byte) { helloOf(b) })
}
