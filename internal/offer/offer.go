// Package offer knows the widest offers of each generation of the protocol: the
// suites, groups and signature schemes that any server may want, in hellos small
// enough for all of them. Diagnosis and survey begin with these.
package offer

import (
	"slices"
	"sync"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// MaxSuites bounds the suites of one probing hello: some servers and middle
// boxes give up on lists that do not fit 200 bytes or so.
const MaxSuites = 96

// TLS13 offers TLS 1.3 alone, with every suite, group and scheme of it.
func TLS13(sni string, hybrid bool) *wire.ClientHello {
	h := &wire.ClientHello{
		LegacyVersion:      wire.VersionTLS12,
		SessionID:          make([]byte, 32), // middlebox compatibility, RFC 8446, Appendix D.4
		CipherSuites:       Suites13(),
		CompressionMethods: []wire.CompressionMethod{0},
		Extensions:         []wire.Extension{},
	}
	if sni != "" {
		h.Set(wire.ServerNameExt(sni))
	}
	groups, shares := Groups13(), []wire.KeyShare{{Group: wire.GroupX25519}, {Group: wire.GroupSecp256r1}}
	if hybrid {
		groups = append([]wire.Group{wire.GroupX25519MLKEM768, wire.GroupSecP256r1MLKEM768}, groups...)
		shares = append([]wire.KeyShare{{Group: wire.GroupX25519MLKEM768}}, shares...)
	}
	h.Set(wire.SupportedGroupsExt(groups...))
	h.Set(wire.SignatureAlgorithmsExt(SignatureSchemes()...))
	h.Set(wire.SupportedVersionsExt(wire.VersionTLS13))
	h.Set(wire.PSKModesExt(1))
	h.Set(wire.KeyShareExt(shares...))
	return h
}

// Older offers version and everything older, without extensions younger
// than TLS 1.2; SSL 3.0 gets none at all.
func Older(version wire.Version, sni string, suites []wire.CipherSuite) *wire.ClientHello {
	h := &wire.ClientHello{
		LegacyVersion:      version,
		CipherSuites:       append(slices.Clone(suites), wire.TLS_EMPTY_RENEGOTIATION_INFO_SCSV),
		CompressionMethods: []wire.CompressionMethod{0},
	}
	if version <= wire.VersionSSL30 {
		return h
	}
	h.Extensions = []wire.Extension{}
	if sni != "" {
		h.Set(wire.ServerNameExt(sni))
	}
	h.Set(wire.SupportedGroupsExt(Groups12()...))
	h.Set(wire.ECPointFormatsExt())
	if version >= wire.VersionTLS12 {
		h.Set(wire.SignatureAlgorithmsExt(SignatureSchemes()...))
	}
	return h
}

func Suites13() []wire.CipherSuite {
	return []wire.CipherSuite{
		wire.TLS_AES_128_GCM_SHA256, wire.TLS_AES_256_GCM_SHA384, wire.TLS_CHACHA20_POLY1305_SHA256,
		wire.TLS_AES_128_CCM_SHA256, wire.TLS_AES_128_CCM_8_SHA256, wire.TLS_SM4_GCM_SM3, wire.TLS_SM4_CCM_SM3,
	}
}

// Groups13 are the groups of RFC 8446, Section 4.2.7 and RFC 8734.
func Groups13() []wire.Group {
	return []wire.Group{
		wire.GroupX25519, wire.GroupSecp256r1, wire.GroupSecp384r1, wire.GroupSecp521r1, wire.GroupX448,
		wire.GroupFFDHE2048, wire.GroupFFDHE3072, wire.GroupFFDHE4096, wire.GroupFFDHE6144, wire.GroupFFDHE8192,
		wire.GroupBrainpoolP256r1TLS13, wire.GroupBrainpoolP384r1TLS13, wire.GroupBrainpoolP512r1TLS13,
	}
}

// Groups12 are the groups that a server of TLS 1.2 or older may know. The FFDHE
// groups are left out: a server that knows RFC 7919 would refuse to use another
// prime of its own.
func Groups12() []wire.Group {
	return []wire.Group{
		wire.GroupX25519, wire.GroupSecp256r1, wire.GroupX448, wire.GroupSecp384r1, wire.GroupSecp521r1,
		wire.GroupBrainpoolP256r1, wire.GroupBrainpoolP384r1, wire.GroupBrainpoolP512r1, wire.GroupSecp256k1,
		wire.GroupSect571r1, wire.GroupSect571k1, wire.GroupSect409r1, wire.GroupSect409k1, wire.GroupSect283r1, wire.GroupSect283k1,
		wire.GroupSecp224r1, wire.GroupSecp224k1, wire.GroupSecp192r1, wire.GroupSecp192k1, wire.GroupSect239k1,
		wire.GroupSect233r1, wire.GroupSect233k1, wire.GroupSect193r1, wire.GroupSect193r2, wire.GroupSecp160r1,
		wire.GroupSecp160r2, wire.GroupSecp160k1, wire.GroupSect163r1, wire.GroupSect163r2, wire.GroupSect163k1,
	}
}

func SignatureSchemes() []wire.SignatureScheme {
	return []wire.SignatureScheme{
		wire.SigECDSASecp256r1SHA256, wire.SigECDSASecp384r1SHA384, wire.SigECDSASecp521r1SHA512,
		wire.SigEd25519, wire.SigEd448,
		wire.SigRSAPSSRSAESHA256, wire.SigRSAPSSRSAESHA384, wire.SigRSAPSSRSAESHA512,
		wire.SigRSAPSSPSSSHA256, wire.SigRSAPSSPSSSHA384, wire.SigRSAPSSPSSSHA512,
		wire.SigRSAPKCS1SHA256, wire.SigRSAPKCS1SHA384, wire.SigRSAPKCS1SHA512,
		wire.SigECDSABrainpoolP256r1TLS13SHA256, wire.SigECDSABrainpoolP384r1TLS13SHA384, wire.SigECDSABrainpoolP512r1TLS13SHA512,
		wire.SigRSAPKCS1SHA224, wire.SigECDSASHA224, wire.SigRSAPKCS1SHA1, wire.SigECDSASHA1,
		wire.SigDSASHA256, wire.SigDSASHA224, wire.SigDSASHA1, wire.SigRSAPKCS1MD5,
	}
}

// Ordinary authenticate the server and encrypt, from strong to weak: at
// most MaxSuites that exist in the given version, TLS 1.2 or older.
func Ordinary(version wire.Version) []wire.CipherSuite {
	return Pick(func(i wire.SuiteInfo) int {
		if i.Anonymous || i.Null || i.Export || i.PSK || i.MinVersion > version {
			return -1
		}
		switch i.KeyExchange {
		case wire.KXECDHE, wire.KXDHE, wire.KXRSA:
		default:
			return -1
		}
		return Rank(i)
	})
}

// Weak are the suites that no current client wants: RC4 and 64-bit blocks.
func Weak() []wire.CipherSuite {
	return Pick(func(i wire.SuiteInfo) int {
		if i.Anonymous || i.Null || i.Export || i.PSK {
			return -1
		}
		switch i.Cipher {
		case wire.CipherRC4, wire.Cipher3DES, wire.CipherDES, wire.CipherIDEA, wire.CipherRC2:
			return Rank(i)
		}
		return -1
	})
}

// Broken encrypt nothing, authenticate nobody, or both badly.
func Broken() []wire.CipherSuite {
	return Pick(func(i wire.SuiteInfo) int {
		if i.PSK || !(i.Anonymous || i.Null || i.Export) {
			return -1
		}
		switch i.KeyExchange {
		case wire.KXECDHE, wire.KXDHE, wire.KXRSA, wire.KXDHAnon, wire.KXECDHAnon:
			return Rank(i)
		}
		return -1
	})
}

// Rank orders suites by what a server is likely to have, so that the cut at
// MaxSuites takes what hardly anybody has.
func Rank(i wire.SuiteInfo) int {
	r := 0
	switch i.Cipher {
	case wire.CipherAES:
	case wire.CipherChaCha20:
		r += 10
	case wire.CipherCamellia:
		r += 30
	case wire.CipherARIA:
		r += 40
	case wire.Cipher3DES:
		r += 50
	case wire.CipherRC4:
		r += 60
	case wire.CipherSEED, wire.CipherIDEA, wire.CipherDES:
		r += 70
	case wire.CipherNull:
		r += 75
	default:
		r += 90
	}
	switch i.KeyExchange {
	case wire.KXECDHE, wire.KXECDHAnon:
	case wire.KXDHE, wire.KXDHAnon:
		r += 3
	default:
		r += 6
	}
	if !i.AEAD {
		r += 2
	}
	if i.Authentication == wire.AuthDSS || i.Cipher == wire.CipherARIA && !i.AEAD {
		r += 65
	}
	return r
}

type knownSuite struct {
	suite wire.CipherSuite
	info  wire.SuiteInfo
}

// oldSuites are all suites of TLS 1.2 and older.
var oldSuites = sync.OnceValue(func() []knownSuite {
	var out []knownSuite
	for _, s := range wire.AllCipherSuites() {
		if i, ok := s.Info(); ok && i.MinVersion < wire.VersionTLS13 {
			out = append(out, knownSuite{s, i})
		}
	}
	return out
})

func Pick(score func(wire.SuiteInfo) int) []wire.CipherSuite {
	type scored struct {
		suite wire.CipherSuite
		score int
	}
	var all []scored
	for _, s := range oldSuites() {
		if n := score(s.info); n >= 0 {
			all = append(all, scored{s.suite, n})
		}
	}
	slices.SortStableFunc(all, func(a, b scored) int { return a.score - b.score })
	out := make([]wire.CipherSuite, 0, MaxSuites)
	for _, s := range all[:min(len(all), MaxSuites)] {
		out = append(out, s.suite)
	}
	return out
}

// SSL2 offers SSL 2.0 with all of its cipher kinds.
func SSL2() *wire.SSL2ClientHello {
	return &wire.SSL2ClientHello{
		Version:   wire.VersionSSL20,
		Ciphers:   []wire.SSL2Cipher{0x010080, 0x020080, 0x030080, 0x040080, 0x050080, 0x060040, 0x0700c0},
		Challenge: []byte("0123456789abcdef"),
	}
}
