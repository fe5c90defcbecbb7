package env

import (
	"encoding/hex"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tlswhy/tlswhy/internal/wire"
)

func confOf(files map[string]string) confReader {
	return confReader{
		read: func(name string) ([]byte, error) {
			text, ok := files[name]
			if !ok {
				return nil, errors.New("none")
			}
			return []byte(text), nil
		},
		list: func(dir string) []string {
			var out []string
			for _, name := range sortedKeys(files) {
				if filepath.Dir(name) == dir {
					out = append(out, name)
				}
			}
			return out
		},
		getenv: func(name string) string { return map[string]string{"V": "TLSv1.2"}[name] },
	}
}

const confHead = "openssl_conf = i\n[i]\nssl_conf = s\n[s]\nsystem_default = t\n[t]\n"

func TestOpenSSLConf(t *testing.T) {
	for _, tt := range []struct {
		name  string
		files map[string]string
		want  []Setting
		err   string
	}{
		{"quotes and comments", map[string]string{"/c": confHead + "MinProtocol = 'TLSv1.2' # not # 1.3\n"}, []Setting{{"MinProtocol", "TLSv1.2", "/c", 7}}, ""},
		{"a line goes on", map[string]string{"/c": confHead + "CipherString = A:\\\nB\n"}, []Setting{{"CipherString", "A:B", "/c", 7}}, ""},
		{"variables", map[string]string{"/c": "v = TLSv1\n" + confHead + "w = .3\nMinProtocol = $v$w\nMaxProtocol=${ENV::V}\nx=$(default::v)\n"}, []Setting{
			{"w", ".3", "/c", 8},
			{"MinProtocol", "TLSv1.3", "/c", 9},
			{"MaxProtocol", "TLSv1.2", "/c", 10},
			{"x", "TLSv1", "/c", 11},
		}, ""},
		{"an included file goes on in the same section", map[string]string{"/c": confHead + ".include /d/x.cnf\nA=1\n", "/d/x.cnf": "MinProtocol=None\n"}, []Setting{{"MinProtocol", "None", "/d/x.cnf", 1}, {"A", "1", "/c", 8}}, ""},
		{"an included directory", map[string]string{"/c": confHead + ".include = /d\n", "/d/b.conf": "B=2\n", "/d/a.cnf": "A=1\n", "/d/c.txt": "C=3\n"}, []Setting{{"A", "1", "/d/a.cnf", 1}, {"B", "2", "/d/b.conf", 1}}, ""},
		{"what cannot be included is passed over", map[string]string{"/c": confHead + ".include /nowhere\nA=1\n"}, []Setting{{"A", "1", "/c", 8}}, ""},
		{"a section in two places", map[string]string{"/c": confHead + "A=1\n[o]\nB=2\n[t]\nC=3\n"}, []Setting{{"A", "1", "/c", 7}, {"C", "3", "/c", 11}}, ""},
		{"another section's name", map[string]string{"/c": "t::A=1\n" + confHead}, []Setting{{"A", "1", "/c", 1}}, ""},
		{"no equal sign", map[string]string{"/c": confHead + "MinProtocol TLSv1.2\n"}, nil, "without an equal sign"},
		{"no closing bracket", map[string]string{"/c": "[t\n"}, nil, "closing bracket"},
		{"no such variable", map[string]string{"/c": "a = $b\n"}, nil, "has no value"},
		{"it includes itself", map[string]string{"/c": ".include /c\n"}, nil, "too many included files"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := parseOpenSSLConf(confOf(tt.files), "/c")
			if tt.err != "" {
				if len(c.errors) == 0 || !strings.Contains(c.errors[0].Name, tt.err) {
					t.Errorf("errors %v", c.errors)
				}
				return
			}
			got, _ := c.systemDefault()
			if d := cmp.Diff(tt.want, got); d != "" || len(c.errors) > 0 {
				t.Errorf("%v -want +got:\n%s", c.errors, d)
			}
		})
	}
}

// Settings as the versions of OpenSSL write them.
func TestTLSSettings(t *testing.T) {
	got := readTLSSettings([]Setting{
		{Name: "1.minprotocol", Value: "TLSv1.1"},
		{Name: "MaxProtocol", Value: "None"},
		{Name: "CipherString", Value: "DEFAULT:@SECLEVEL=1:!X:@SECLEVEL=3"},
		{Name: "Protocol", Value: "-ALL, TLSv1.2"},
		{Name: "Groups", Value: "?*X25519MLKEM768:?P-256/X448:nonsense"},
		{Name: "Options", Value: "-SessionTicket,UnsafeLegacyServerConnect"},
		{Name: "Certificate", Value: "x"},
		{Name: "DTLS.MinProtocol", Value: "DTLSv1.2"},
	})
	if got.min != wire.VersionTLS11 || got.max != 0 || got.level != 3 || !got.noTickets || !got.legacyServer || len(got.all) != 6 {
		t.Errorf("%+v", got)
	}
	if got.allows(wire.VersionTLS13) || !got.allows(wire.VersionTLS12) || got.allows(wire.VersionTLS11) {
		t.Errorf("versions %v", got.switched)
	}
	if d := cmp.Diff([]wire.Group{wire.GroupX25519MLKEM768, wire.GroupSecp256r1, wire.GroupX448}, got.groups); d != "" {
		t.Error(d)
	}
}

func TestJavaSecurity(t *testing.T) {
	all := parseProperties("# c\n! d\na = 1\nb:2\nc 3\\\n   ,4\n\\u=x\na=5\n", "/f")
	want := []Setting{{"a", "1", "/f", 3}, {"b", "2", "/f", 4}, {"c", "3,4", "/f", 5}, {"u", "x", "/f", 7}, {"a", "5", "/f", 8}}
	if d := cmp.Diff(want, all); d != "" {
		t.Error(d)
	}
	d := readDisabled("SSLv3, TLSv1, RC4, DH keySize < 1024, RSA keySize < 2048, TLS_RSA_*, SHA1 jdkCA & usage TLSServer, rsa_pkcs1_sha1 usage HandshakeSignature, EC keySize < 224, NULL")
	if d.dh != 1024 || d.rsa != 2048 || !d.sha1 || !d.sha1Hand || !d.version(wire.VersionTLS10) || d.version(wire.VersionTLS12) {
		t.Errorf("%+v", d)
	}
	for name, want := range map[string]bool{"TLS_RSA_WITH_AES_128_CBC_SHA": true, "TLS_ECDHE_RSA_WITH_RC4_128_SHA": true, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA": false, "TLS_AES_128_GCM_SHA256": false} {
		if c, ok := wire.ParseCipherSuite(name); !ok || d.suite(c) != want {
			t.Errorf("%s: disabled %v", name, !want)
		}
	}
}

func TestVersions(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		less bool
	}{{"3.0.22", "3.2", true}, {"3.2", "3.0.22", false}, {"1.1.1f", "1.1.1w", true}, {"1.1.1", "1.1.1a", true}, {"3.0", "3.0.0", false}, {"9", "10", true}, {"", "1", true}} {
		if got := versionLess(tt.a, tt.b); got != tt.less {
			t.Errorf("%s < %s: %v", tt.a, tt.b, got)
		}
	}
	for in, want := range map[string]string{"1.8.0_412": "8.0.412", "8u162": "8.0.162", "17.0.21.1": "17.0.21.1"} {
		if got := javaNumber(in); got != want {
			t.Errorf("%s: %s", in, got)
		}
	}
}

func TestPasswordsAreHidden(t *testing.T) {
	for in, want := range map[string]string{
		"http://u:p@h:1": "http://u:…@h:1", "u:p@h": "u:…@h", "http://h": "http://h", "http://u@h": "http://u@h", "http://u:p@x@h": "http://u:…@h",
		"http://a:b/c:d@e": "http://a:…@e",
	} {
		if got := withoutPassword(in); got != want {
			t.Errorf("%s: %s", in, got)
		}
	}
}

// Keystores that keytool writes are read: JKS, and PKCS #12 as a JDK ships it.
func TestKeystoresOfKeytool(t *testing.T) {
	bin := tool(t, "keytool")
	dir := t.TempDir()
	pem := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(pem, expandCerts(t, []byte("{ca Of A Keystore}\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		format string
		extra  []string
		err    error
	}{
		{"JKS", nil, nil},
		{"PKCS12", []string{"-J-Dkeystore.pkcs12.certProtectionAlgorithm=NONE", "-J-Dkeystore.pkcs12.macAlgorithm=NONE"}, nil},
		{"PKCS12", nil, errEncrypted},
	} {
		file := filepath.Join(dir, "store")
		_ = os.Remove(file)
		args := append([]string{"-importcert", "-noprompt", "-alias", "x", "-file", pem, "-keystore", file, "-storetype", tt.format, "-storepass", "changeit"}, tt.extra...)
		if out, err := exec.Command(bin, args...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		format, ders, err := parseKeystore(b)
		if format != tt.format || !errors.Is(err, tt.err) || tt.err == nil && (len(ders) != 1 || string(ders[0]) != string(testCA(t, "Of A Keystore"))) {
			t.Errorf("%s %v: %s, %d certificates, %v", tt.format, tt.extra, format, len(ders), err)
		}
	}
}

// The data is there, and says what it should.
func TestData(t *testing.T) {
	kinds := map[string]bool{"file": true, "dir": true, "dirs": true, "path": true, "new": true, "options": true, "switch": true}
	seen := map[string]bool{}
	for _, v := range variables() {
		if !kinds[v.Kind] || v.For == "" || v.What == "" || seen[v.Name] {
			t.Errorf("variable %+v", v)
		}
		seen[v.Name] = true
	}
	public := map[string]bool{}
	for _, s := range retired() {
		public[s] = true
	}
	if len(variables()) < 40 || len(retired()) < 50 || len(ends()) == 0 {
		t.Error("data is missing")
	}
	for _, r := range tellingRoots() {
		if b, err := hex.DecodeString(r.SHA256); err != nil || len(b) != 32 || r.Of == "" {
			t.Errorf("root %+v", r)
		}
	}
	for _, id := range StackIDs() {
		if id != "python-requests" && len(advice()[id]) == 0 {
			t.Errorf("no advice for %s", id)
		}
		if len(families[id]) == 0 {
			t.Errorf("no family for %s", id)
		}
	}
}
