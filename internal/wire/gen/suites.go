package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// suiteRow is one row of the suite table, in Go expressions.
type suiteRow struct {
	entry
	openssl []string

	kx, auth     string
	cipher, mode string
	bits         int
	mac, hash    string
	min, max     string
	flags        []string
}

// keyExchange is what the part of a name before _WITH_ stands for.
type keyExchange struct {
	kx, auth      string
	forwardSecret bool
}

var keyExchanges = map[string]keyExchange{
	"RSA":             {"KXRSA", "AuthRSA", false},
	"RSA_FIPS":        {"KXRSA", "AuthRSA", false},
	"RSA_OLDFIPS":     {"KXRSA", "AuthRSA", false},
	"DH_DSS":          {"KXDH", "AuthDSS", false},
	"DH_RSA":          {"KXDH", "AuthRSA", false},
	"DHE_DSS":         {"KXDHE", "AuthDSS", true},
	"DHE_RSA":         {"KXDHE", "AuthRSA", true},
	"DH_anon":         {"KXDHAnon", "AuthAnon", true},
	"ECDH_ECDSA":      {"KXECDH", "AuthECDSA", false},
	"ECDH_RSA":        {"KXECDH", "AuthRSA", false},
	"ECDHE_ECDSA":     {"KXECDHE", "AuthECDSA", true},
	"ECDHE_RSA":       {"KXECDHE", "AuthRSA", true},
	"ECDH_anon":       {"KXECDHAnon", "AuthAnon", true},
	"PSK":             {"KXPSK", "AuthPSK", false},
	"DHE_PSK":         {"KXDHEPSK", "AuthPSK", true},
	"PSK_DHE":         {"KXDHEPSK", "AuthPSK", true}, // RFC 6655 spells two suites this way
	"RSA_PSK":         {"KXRSAPSK", "AuthRSA", false},
	"ECDHE_PSK":       {"KXECDHEPSK", "AuthPSK", true},
	"SRP_SHA":         {"KXSRP", "AuthSRP", true},
	"SRP_SHA_RSA":     {"KXSRP", "AuthRSA", true},
	"SRP_SHA_DSS":     {"KXSRP", "AuthDSS", true},
	"KRB5":            {"KXKRB5", "AuthKRB5", false},
	"GOSTR341094":     {"KXGOST", "AuthGOST", false},
	"GOSTR341001":     {"KXGOST", "AuthGOST", false},
	"GOSTR341112_256": {"KXGOST", "AuthGOST", false},
	"ECCPWD":          {"KXECCPWD", "AuthPassword", true},
	"ECJPAKE":         {"KXECJPAKE", "AuthPassword", true},
	"CECPQ1_RSA":      {"KXCECPQ1", "AuthRSA", true},
	"CECPQ1_ECDSA":    {"KXCECPQ1", "AuthECDSA", true},
	"FORTEZZA_KEA":    {"KXFortezza", "AuthFortezza", false},
}

// tlcpKeyExchanges stand at the head of TLCP names, which have no _WITH_.
var tlcpKeyExchanges = map[string]keyExchange{
	"ECDHE": {"KXECDHE", "AuthSM2", true},
	"ECC":   {"KXSM2", "AuthSM2", false},
	"IBSDH": {"KXIBC", "AuthIBC", true},
	"IBC":   {"KXIBC", "AuthIBC", false},
	"RSA":   {"KXRSA", "AuthRSA", false},
}

// bulk is what the part of a name after _WITH_ begins with.
type bulk struct {
	name, cipher, mode string
	bits               int
	aead               bool
	mac                string // where the name does not end with one
}

// bulks are tried in order: a name stands before its own prefix.
var bulks = blockBulks([]bulk{
	{name: "NULL", cipher: "CipherNull", mode: "ModeNone"},
	{name: "RC4_128", cipher: "CipherRC4", mode: "ModeStream", bits: 128},
	{name: "RC4_56", cipher: "CipherRC4", mode: "ModeStream", bits: 56},
	{name: "RC4_40", cipher: "CipherRC4", mode: "ModeStream", bits: 40},
	{name: "RC2_CBC_56", cipher: "CipherRC2", mode: "ModeCBC", bits: 56},
	{name: "RC2_CBC_40", cipher: "CipherRC2", mode: "ModeCBC", bits: 40},
	{name: "RC2_CBC", cipher: "CipherRC2", mode: "ModeCBC", bits: 128},
	{name: "IDEA_CBC", cipher: "CipherIDEA", mode: "ModeCBC", bits: 128},
	{name: "DES40_CBC", cipher: "CipherDES", mode: "ModeCBC", bits: 40},
	{name: "DES_CBC_40", cipher: "CipherDES", mode: "ModeCBC", bits: 40},
	{name: "DES_CBC", cipher: "CipherDES", mode: "ModeCBC", bits: 56},
	{name: "3DES_EDE_CBC", cipher: "Cipher3DES", mode: "ModeCBC", bits: 168},
	{name: "FORTEZZA_CBC", cipher: "CipherFortezza", mode: "ModeCBC", bits: 80},
	{name: "SEED_CBC", cipher: "CipherSEED", mode: "ModeCBC", bits: 128},
	{name: "CHACHA20_POLY1305", cipher: "CipherChaCha20", mode: "ModePoly1305", bits: 256, aead: true},
	{name: "ESTREAM_SALSA20", cipher: "CipherESTREAMSalsa20", mode: "ModeStream", bits: 256},
	{name: "SALSA20", cipher: "CipherSalsa20", mode: "ModeStream", bits: 256},
	{name: "28147_CNT_IMIT", cipher: "CipherGOST28147", mode: "ModeCNT", bits: 256, mac: "MACIMIT"},
	{name: "KUZNYECHIK_CTR_OMAC", cipher: "CipherKuznyechik", mode: "ModeCTR", bits: 256, mac: "MACOMAC"},
	{name: "MAGMA_CTR_OMAC", cipher: "CipherMagma", mode: "ModeCTR", bits: 256, mac: "MACOMAC"},
	{name: "KUZNYECHIK_MGM_L", cipher: "CipherKuznyechik", mode: "ModeMGML", bits: 256, aead: true},
	{name: "KUZNYECHIK_MGM_S", cipher: "CipherKuznyechik", mode: "ModeMGMS", bits: 256, aead: true},
	{name: "MAGMA_MGM_L", cipher: "CipherMagma", mode: "ModeMGML", bits: 256, aead: true},
	{name: "MAGMA_MGM_S", cipher: "CipherMagma", mode: "ModeMGMS", bits: 256, aead: true},
	{name: "SM1", cipher: "CipherSM1", mode: "ModeCBC", bits: 128},
	{name: "SM4_CBC", cipher: "CipherSM4", mode: "ModeCBC", bits: 128},
	{name: "SM4_GCM", cipher: "CipherSM4", mode: "ModeGCM", bits: 128, aead: true},
	{name: "SM4_CCM", cipher: "CipherSM4", mode: "ModeCCM", bits: 128, aead: true},
	{name: "AEGIS_256", cipher: "CipherAEGIS256", mode: "ModeNone", bits: 256, aead: true},
	{name: "AEGIS_128L", cipher: "CipherAEGIS128L", mode: "ModeNone", bits: 128, aead: true},
	{name: "ASCONAEAD128", cipher: "CipherASCON", mode: "ModeNone", bits: 128, aead: true},
	// TLS_SHA256_SHA256 of RFC 9150: integrity by HMAC in the place of an AEAD.
	{name: "SHA256", cipher: "CipherNull", mode: "ModeNone", aead: true},
	{name: "SHA384", cipher: "CipherNull", mode: "ModeNone", aead: true},
})

// blockBulks are the ciphers of 128-bit blocks, which come in all modes.
func blockBulks(list []bulk) []bulk {
	for _, c := range [][2]string{{"AES", "CipherAES"}, {"CAMELLIA", "CipherCamellia"}, {"ARIA", "CipherARIA"}} {
		for _, bits := range []int{128, 256} {
			for _, m := range [][2]string{{"CBC", "ModeCBC"}, {"GCM", "ModeGCM"}, {"CCM_8", "ModeCCM8"}, {"CCM", "ModeCCM"}} {
				name := fmt.Sprintf("%s_%d_%s", c[0], bits, m[0])
				list = append(list, bulk{name: name, cipher: c[1], mode: m[1], bits: bits, aead: m[0] != "CBC"})
			}
		}
	}
	return list
}

// ends are what a name may end with: the MAC where there is no AEAD, and the
// hash of the key derivation.
var ends = map[string]struct{ mac, hash string }{
	"":             {"", "HashSHA256"}, // RFC 5246, Section 5: the default
	"MD5":          {"MACMD5", "HashSHA256"},
	"SHA":          {"MACSHA1", "HashSHA256"},
	"SHA1":         {"MACSHA1", "HashSHA256"},
	"SHA256":       {"MACSHA256", "HashSHA256"},
	"SHA384":       {"MACSHA384", "HashSHA384"},
	"SHA512":       {"", "HashSHA512"},
	"SM3":          {"MACSM3", "HashSM3"},
	"GOSTR3411":    {"MACGOSTR3411", ""},
	"ASCONHASH256": {"", "HashASCON256"},
}

// suiteRows takes the names of the suites apart.
func suiteRows(entries []entry, openssl opensslNames, prohibited map[uint32]bool) ([]suiteRow, error) {
	rows := make([]suiteRow, 0, len(entries))
	for _, e := range entries {
		r := suiteRow{entry: e, openssl: openssl[e.value]}
		if err := r.parse(); err != nil {
			return nil, fmt.Errorf("reading tls-cipher-suites: %w", err)
		}
		if prohibited[e.value] {
			r.flags = append(r.flags, "flagHTTP2Forbidden")
		}
		if e.registered {
			r.flags = append(r.flags, "flagRegistered")
		}
		rows = append(rows, r)
	}
	return rows, nil
}

func (r *suiteRow) parse() error {
	r.kx, r.auth, r.cipher, r.mode, r.mac, r.hash = "KXNone", "AuthNone", "CipherNull", "ModeNone", "MACNone", "HashNone"
	r.min, r.max = "VersionSSL30", "VersionTLS12"
	if strings.HasSuffix(r.name, "_SCSV") {
		r.flags = []string{"flagSignalling"}
		return nil
	}
	if r.name == "TLS_NULL_WITH_NULL_NULL" {
		return nil // the state before the first handshake
	}
	_, rest, _ := strings.Cut(strings.TrimSuffix(r.name, "_OLD"), "_")
	kx, rest, tls12 := strings.Cut(rest, "_WITH_")
	k := keyExchange{kx: "KXTLS13", auth: "AuthTLS13", forwardSecret: true}
	export := false
	switch {
	case tls12:
		kx, export = strings.CutSuffix(kx, "_EXPORT")
		if !export {
			kx, export = strings.CutSuffix(kx, "_EXPORT1024")
		}
		var ok bool
		if k, ok = keyExchanges[kx]; !ok {
			return fmt.Errorf("%s: unknown key exchange %s", r.name, kx)
		}
	case r.value>>8 == 0xe0:
		head, tail, _ := strings.Cut(kx, "_")
		k, rest = tlcpKeyExchanges[head], tail
	default:
		rest = kx
	}
	i := slices.IndexFunc(bulks, func(b bulk) bool { return rest == b.name || strings.HasPrefix(rest, b.name+"_") })
	if i < 0 || k.kx == "" {
		return fmt.Errorf("%s: unknown cipher %s", r.name, rest)
	}
	b := bulks[i]
	end, ok := ends[strings.TrimPrefix(rest[len(b.name):], "_")]
	if !ok {
		return fmt.Errorf("%s: unknown end", r.name)
	}
	switch kx {
	case "GOSTR341094", "GOSTR341001":
		end.hash = "HashGOSTR341194"
	case "GOSTR341112_256":
		end.hash = "HashStreebog256"
	}
	r.kx, r.auth, r.cipher, r.mode, r.bits, r.hash = k.kx, k.auth, b.cipher, b.mode, b.bits, end.hash
	switch r.mac = end.mac; {
	case b.aead:
		r.mac = "MACAEAD"
		r.flags = append(r.flags, "flagAEAD")
	case b.mac != "":
		r.mac = b.mac
	case r.mac == "":
		return fmt.Errorf("%s: no MAC", r.name)
	}
	if export {
		r.flags = append(r.flags, "flagExport")
	}
	if k.forwardSecret {
		r.flags = append(r.flags, "flagForwardSecret")
	}
	r.versions(export)
	return nil
}

// versions sets the protocol versions; SuiteInfo says what they mean.
func (r *suiteRow) versions(export bool) {
	psk := strings.HasSuffix(r.kx, "PSK")
	switch {
	case r.value>>8 == 0xe0:
		r.min, r.max = "VersionTLCP11", "VersionTLCP11"
	case r.kx == "KXTLS13" || strings.HasPrefix(r.mode, "ModeMGM"):
		// RFC 9367: the MGM suites are the ones of TLS 1.3, the key
		// exchange in their name is not used.
		r.min, r.max = "VersionTLS13", "VersionTLS13"
		r.kx, r.auth = "KXTLS13", "AuthTLS13"
		if !slices.Contains(r.flags, "flagForwardSecret") {
			r.flags = append(r.flags, "flagForwardSecret")
		}
	case r.kx == "KXFortezza":
		r.max = "VersionSSL30"
	case r.mac == "MACAEAD" || r.mode == "ModeCTR" || r.kx == "KXECCPWD" || r.cipher == "CipherARIA":
		r.min = "VersionTLS12"
	case r.mac == "MACSHA256" || r.mac == "MACSHA384":
		r.min = "VersionTLS12"
		if psk { // RFC 5487, Section 3.1; RFC 5489, Section 3; RFC 6367, Section 3.3
			r.min = "VersionTLS10"
		}
	case strings.HasPrefix(r.kx, "KXECDH") || r.kx == "KXKRB5" || r.kx == "KXGOST" || strings.HasSuffix(r.cipher, "Salsa20") || strings.HasSuffix(r.cipher, "SALSA20"):
		r.min = "VersionTLS10"
	}
	switch {
	case export:
		r.max = "VersionTLS10"
	case (r.cipher == "CipherDES" || r.cipher == "CipherIDEA") && r.max == "VersionTLS12":
		r.max = "VersionTLS11"
	}
}

// writeSuites emits the suite table.
func writeSuites(b *bytes.Buffer, rows []suiteRow) error {
	b.WriteString("var suites = [...]suite{\n")
	for _, r := range rows {
		name := ""
		if len(r.openssl) > 0 {
			name = r.openssl[0]
		}
		flags := "0"
		if len(r.flags) > 0 {
			flags = strings.Join(r.flags, " | ")
		}
		fmt.Fprintf(b, "{0x%04X, %q, %q, %s, %s, %s, %s, %d, %s, %s, %s, %s, %s},\n",
			r.value, r.name, name, r.kx, r.auth, r.cipher, r.mode, r.bits, r.mac, r.hash, r.min, r.max, flags)
	}
	b.WriteString("}\n\n// opensslAliases are the other names that OpenSSL has or had for a suite.\nvar opensslAliases = [...]named[CipherSuite]{\n")
	for _, r := range rows {
		for _, alias := range r.openssl[min(1, len(r.openssl)):] {
			fmt.Fprintf(b, "{0x%04X, %q},\n", r.value, alias)
		}
	}
	b.WriteString("}\n")
	return nil
}
