package wire

import (
	"strings"
	"testing"
)

func TestInfo(t *testing.T) {
	for x, want := range map[CipherSuite]SuiteInfo{
		TLS_AES_128_GCM_SHA256: {
			KeyExchange: KXTLS13, Authentication: AuthTLS13, Cipher: CipherAES, Mode: ModeGCM, KeyBits: 128, MAC: MACAEAD, Hash: HashSHA256,
			MinVersion: VersionTLS13, MaxVersion: VersionTLS13, AEAD: true, ForwardSecret: true, Registered: true,
		},
		TLS_AES_128_CCM_8_SHA256: {
			KeyExchange: KXTLS13, Authentication: AuthTLS13, Cipher: CipherAES, Mode: ModeCCM8, KeyBits: 128, MAC: MACAEAD, Hash: HashSHA256,
			MinVersion: VersionTLS13, MaxVersion: VersionTLS13, AEAD: true, ForwardSecret: true, Registered: true,
		},
		TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384: {
			KeyExchange: KXECDHE, Authentication: AuthECDSA, Cipher: CipherAES, Mode: ModeCBC, KeyBits: 256, MAC: MACSHA384, Hash: HashSHA384,
			MinVersion: VersionTLS12, MaxVersion: VersionTLS12, ForwardSecret: true, HTTP2Forbidden: true, Registered: true,
		},
		TLS_RSA_WITH_3DES_EDE_CBC_SHA: {
			KeyExchange: KXRSA, Authentication: AuthRSA, Cipher: Cipher3DES, Mode: ModeCBC, KeyBits: 168, MAC: MACSHA1, Hash: HashSHA256,
			MinVersion: VersionSSL30, MaxVersion: VersionTLS12, HTTP2Forbidden: true, Registered: true,
		},
		TLS_RSA_EXPORT_WITH_RC4_40_MD5: {
			KeyExchange: KXRSA, Authentication: AuthRSA, Cipher: CipherRC4, Mode: ModeStream, KeyBits: 40, MAC: MACMD5, Hash: HashSHA256,
			MinVersion: VersionSSL30, MaxVersion: VersionTLS10, Export: true, HTTP2Forbidden: true, Registered: true,
		},
		TLS_DHE_DSS_EXPORT1024_WITH_DES_CBC_SHA: {
			KeyExchange: KXDHE, Authentication: AuthDSS, Cipher: CipherDES, Mode: ModeCBC, KeyBits: 56, MAC: MACSHA1, Hash: HashSHA256,
			MinVersion: VersionSSL30, MaxVersion: VersionTLS10, Export: true, ForwardSecret: true,
		},
		TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256: {
			KeyExchange: KXECDHEPSK, Authentication: AuthPSK, Cipher: CipherAES, Mode: ModeCBC, KeyBits: 128, MAC: MACSHA256, Hash: HashSHA256,
			MinVersion: VersionTLS10, MaxVersion: VersionTLS12, PSK: true, ForwardSecret: true, HTTP2Forbidden: true, Registered: true,
		},
		TLS_DH_anon_WITH_AES_128_GCM_SHA256: {
			KeyExchange: KXDHAnon, Authentication: AuthAnon, Cipher: CipherAES, Mode: ModeGCM, KeyBits: 128, MAC: MACAEAD, Hash: HashSHA256,
			MinVersion: VersionTLS12, MaxVersion: VersionTLS12, AEAD: true, Anonymous: true, ForwardSecret: true, HTTP2Forbidden: true, Registered: true,
		},
		TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256_OLD: {
			KeyExchange: KXECDHE, Authentication: AuthRSA, Cipher: CipherChaCha20, Mode: ModePoly1305, KeyBits: 256, MAC: MACAEAD, Hash: HashSHA256,
			MinVersion: VersionTLS12, MaxVersion: VersionTLS12, AEAD: true, ForwardSecret: true,
		},
		TLS_RSA_WITH_NULL_SHA256: {
			KeyExchange: KXRSA, Authentication: AuthRSA, MAC: MACSHA256, Hash: HashSHA256,
			MinVersion: VersionTLS12, MaxVersion: VersionTLS12, Null: true, HTTP2Forbidden: true, Registered: true,
		},
		TLS_GOSTR341112_256_WITH_KUZNYECHIK_MGM_S: {
			KeyExchange: KXTLS13, Authentication: AuthTLS13, Cipher: CipherKuznyechik, Mode: ModeMGMS, KeyBits: 256, MAC: MACAEAD, Hash: HashStreebog256,
			MinVersion: VersionTLS13, MaxVersion: VersionTLS13, AEAD: true, ForwardSecret: true, Registered: true,
		},
	} {
		if got, ok := x.Info(); !ok || got != want {
			t.Errorf("%v:\n got %+v\nwant %+v", x, got, want)
		}
	}
	for _, x := range []CipherSuite{TLS_FALLBACK_SCSV, TLS_EMPTY_RENEGOTIATION_INFO_SCSV, 0x0a0a, 0xfff0} {
		if i, ok := x.Info(); ok {
			t.Errorf("%v: %+v", x, i)
		}
		if x.IsSignalling() != strings.HasSuffix(x.String(), "_SCSV") {
			t.Errorf("%v signals: %t", x, x.IsSignalling())
		}
	}
}

// TestInfoIsConsistent holds every suite to what its name says.
func TestInfoIsConsistent(t *testing.T) {
	for _, x := range AllCipherSuites() {
		name := x.String()
		i, ok := x.Info()
		if !ok {
			if !x.IsSignalling() {
				t.Errorf("%s: no properties", name)
			}
			continue
		}
		has := func(s string) bool { return strings.Contains(name, s) }
		for rule, ok := range map[string]bool{
			"versions ascend":                  i.MinVersion <= i.MaxVersion,
			"TLS 1.3 suites name no exchange":  (i.MinVersion == VersionTLS13) == (i.KeyExchange == KXTLS13),
			"TLS 1.3 stands alone":             (i.MinVersion == VersionTLS13) == (i.MaxVersion == VersionTLS13),
			"TLS 1.3 suites are AEADs":         i.MinVersion != VersionTLS13 || i.AEAD,
			"HTTP/2 allows TLS 1.3":            i.MinVersion != VersionTLS13 || !i.HTTP2Forbidden,
			"AEADs need TLS 1.2":               !i.AEAD || i.MinVersion >= VersionTLS12 || i.MinVersion == VersionTLCP11,
			"AEAD or MAC":                      i.AEAD == (i.MAC == MACAEAD),
			"AEAD modes":                       i.AEAD == (has("GCM") || has("CCM") || has("POLY1305") || has("MGM") || has("AEGIS") || has("ASCONAEAD") || has("TLS_SHA")),
			"export":                           i.Export == has("EXPORT"),
			"export keys are of 40 or 56 bits": !i.Export || i.KeyBits == 40 || i.KeyBits == 56,
			"export ends with TLS 1.0":         !i.Export || i.MaxVersion == VersionTLS10,
			"keys of 40 bits are export":       i.KeyBits != 40 || i.Export,
			"NULL":                             i.Null == (has("WITH_NULL") || has("TLS_SHA")),
			"no cipher, no key":                i.Null == (i.KeyBits == 0),
			"anonymous":                        i.Anonymous == (has("_anon_") || x == TLS_NULL_WITH_NULL_NULL),
			"PSK":                              i.PSK == has("PSK"),
			"forward secrecy":                  i.ForwardSecret == (has("DHE_") || has("_anon_") || has("SRP") || has("ECCPWD") || has("ECJPAKE") || has("CECPQ1") || has("IBSDH") || i.KeyExchange == KXTLS13),
			"RC4":                              (i.Cipher == CipherRC4) == has("RC4"),
			"3DES":                             (i.Cipher == Cipher3DES) == has("3DES"),
			"CBC":                              (i.Mode == ModeCBC) == (has("CBC") || has("_SM1_")),
			"MD5":                              (i.MAC == MACMD5) == strings.HasSuffix(name, "_MD5"),
			"a bulk cipher has a mode":         i.Null || i.Mode != ModeNone || i.Cipher == CipherAEGIS128L || i.Cipher == CipherAEGIS256 || i.Cipher == CipherASCON,
			"a hash":                           i.Hash != HashNone || i.KeyExchange == KXNone,
			"an exchange":                      i.KeyExchange != KXNone || x == TLS_NULL_WITH_NULL_NULL,
			"an authentication":                i.Authentication != AuthNone || x == TLS_NULL_WITH_NULL_NULL,
			"SHA384 goes with SHA384":          !strings.HasSuffix(name, "SHA384") || i.Hash == HashSHA384,
			"OpenSSL says EXP":                 x.OpenSSLName() == "" || i.Export == strings.HasPrefix(x.OpenSSLName(), "EXP"),
		} {
			if !ok {
				t.Errorf("%s: %s: %+v", name, rule, i)
			}
		}
	}
}

func FuzzParseNames(f *testing.F) {
	for _, s := range []string{"TLS_AES_128_GCM_SHA256", "AES128-SHA", "0xC0,0x2F", "GREASE (0x0A0A)", "RSA+SHA256", "P-256", "0x", ",", "GREASE ()", "{\"id\":5}", "5"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if x, ok := ParseCipherSuite(s); ok {
			if y, ok := ParseCipherSuite(x.String()); !ok || x != y {
				t.Errorf("%q: %v, then %v", s, x, y)
			}
		}
		if x, ok := ParseGroup(s); ok {
			if y, ok := ParseGroup(x.String()); !ok || x != y {
				t.Errorf("%q: %v, then %v", s, x, y)
			}
		}
		if x, ok := ParseSignatureScheme(s); ok {
			if y, ok := ParseSignatureScheme(x.String()); !ok || x != y {
				t.Errorf("%q: %v, then %v", s, x, y)
			}
		}
		ParseExtensionType(s)
		ParseAlertDescription(s)
		var x CipherSuite
		_ = x.UnmarshalJSON([]byte(s))
	})
}

func BenchmarkSuiteString(b *testing.B) {
	for b.Loop() {
		_ = TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256.String()
	}
}

func BenchmarkParseCipherSuite(b *testing.B) {
	for b.Loop() {
		ParseCipherSuite("ECDHE-RSA-CHACHA20-POLY1305")
	}
}

// TestKindNames: no constant was added without a name.
func TestKindNames(t *testing.T) {
	for kind, names := range map[string][]string{
		KXIBC.String(): keyExchangeNames[:], AuthIBC.String(): authenticationNames[:], CipherASCON.String(): cipherNames[:],
		ModeMGMS.String(): modeNames[:], MACGOSTR3411.String(): macNames[:], HashASCON256.String(): hashNames[:],
	} {
		seen := map[string]bool{}
		for i, n := range names {
			if n == "" || seen[n] {
				t.Errorf("%s and its like: name %d is %q", kind, i, n)
			}
			seen[n] = true
		}
	}
	for _, x := range AllCipherSuites() {
		if i, ok := x.Info(); ok {
			if s := i.KeyExchange.String() + i.Authentication.String() + i.Cipher.String() + i.Mode.String() + i.MAC.String() + i.Hash.String(); strings.Contains(s, "0x") {
				t.Errorf("%v: %s", x, s)
			}
		}
	}
	if got := KeyExchange(200).String(); got != "0xC8" {
		t.Errorf("unknown kind: %s", got)
	}
}
