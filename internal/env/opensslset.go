package env

import (
	"slices"
	"strconv"
	"strings"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// tlsSettings is what a section of SSL_CONF commands asks for
// (SSL_CONF_cmd(3)). Zero values: not said.
type tlsSettings struct {
	min, max     wire.Version
	switched     map[wire.Version]bool // Protocol = -TLSv1.3
	level        int                   // -1: not said
	groups       []wire.Group
	schemes      []wire.SignatureScheme
	noTickets    bool
	legacyServer bool // UnsafeLegacyServerConnect
	unknown      []Setting
	all          []Setting
}

var secLevel = pattern(`@SECLEVEL=([0-9])`)

// readTLSSettings reads commands in the order in which they stand; a later one
// wins. Names are read without regard to case, as by OpenSSL.
func readTLSSettings(all []Setting) tlsSettings {
	t := tlsSettings{level: -1, switched: map[wire.Version]bool{}}
	for _, s := range all {
		// "1.MinProtocol" is MinProtocol: a number makes names unique.
		name := s.Name
		if i := strings.LastIndexByte(name, '.'); i >= 0 {
			name = name[i+1:]
		}
		known := true
		if strings.HasPrefix(strings.ToUpper(s.Value), "DTLS") {
			continue // the same names serve both; this is not about TLS
		}
		switch strings.ToLower(name) {
		case "minprotocol":
			t.min, known = protocol(s.Value)
		case "maxprotocol":
			t.max, known = protocol(s.Value)
		case "protocol":
			t.protocols(s.Value)
		case "cipherstring":
			if m := secLevel().FindAllStringSubmatch(s.Value, -1); m != nil {
				t.level, _ = strconv.Atoi(m[len(m)-1][1])
			}
		case "ciphersuites":
		case "groups", "curves":
			t.groups = groupList(s.Value)
		case "signaturealgorithms":
			t.schemes = schemeList(s.Value)
		case "options":
			t.options(s.Value)
		default:
			continue // certificates, DH parameters, …: a server's
		}
		t.all = append(t.all, s)
		if !known {
			t.unknown = append(t.unknown, s)
		}
	}
	return t
}

// protocol reads TLSv1.2 and the like; None is no bound.
func protocol(s string) (wire.Version, bool) {
	if strings.EqualFold(s, "None") {
		return 0, true
	}
	return wire.ParseVersion(s)
}

var allVersions = []wire.Version{wire.VersionSSL30, wire.VersionTLS10, wire.VersionTLS11, wire.VersionTLS12, wire.VersionTLS13}

func (t *tlsSettings) protocols(list string) {
	for word := range strings.SplitSeq(list, ",") {
		word = strings.TrimSpace(word)
		on := !strings.HasPrefix(word, "-")
		word = strings.TrimLeft(word, "+-")
		for _, v := range allVersions {
			if named, ok := wire.ParseVersion(word); ok && named == v || strings.EqualFold(word, "ALL") {
				t.switched[v] = on
			}
		}
	}
}

func (t *tlsSettings) options(list string) {
	for word := range strings.SplitSeq(list, ",") {
		word = strings.TrimSpace(word)
		on := !strings.HasPrefix(word, "-")
		switch strings.ToLower(strings.TrimLeft(word, "+-")) {
		case "sessionticket":
			t.noTickets = !on
		case "unsafelegacyserverconnect", "unsafelegacyrenegotiation":
			t.legacyServer = on
		}
	}
}

// groupList reads names between colons; OpenSSL 3.5 puts "?" before those that
// may be unknown, "*" before those to send a share of, and "/" between ranks.
func groupList(s string) []wire.Group {
	var out []wire.Group
	for _, word := range strings.FieldsFunc(s, func(r rune) bool { return r == ':' || r == '/' }) {
		word = strings.TrimLeft(strings.TrimSpace(word), "?*")
		if g, ok := wire.ParseGroup(word); ok && !slices.Contains(out, g) {
			out = append(out, g)
		}
	}
	return out
}

func schemeList(s string) []wire.SignatureScheme {
	var out []wire.SignatureScheme
	for word := range strings.SplitSeq(s, ":") {
		if x, ok := wire.ParseSignatureScheme(strings.TrimLeft(strings.TrimSpace(word), "?")); ok && !slices.Contains(out, x) {
			out = append(out, x)
		}
	}
	return out
}

// allows says whether the settings leave a version.
func (t *tlsSettings) allows(v wire.Version) bool {
	if on, said := t.switched[v]; said && !on {
		return false
	}
	return (t.min == 0 || v >= t.min) && (t.max == 0 || v <= t.max)
}

// level is what one of OpenSSL's security levels demands
// (SSL_CTX_set_security_level(3)); bits of security, and of keys.
type level struct {
	security      int
	rsa, ec       int // also DH, in the column of RSA
	oldestVersion wire.Version
	forwardSecret bool
	tickets       bool
}

var levels = [...]level{
	{0, 0, 0, wire.VersionSSL30, false, true},
	{80, 1024, 160, wire.VersionSSL30, false, true},
	{112, 2048, 224, wire.VersionTLS10, false, true},
	{128, 3072, 256, wire.VersionTLS11, true, false},
	{192, 7680, 384, wire.VersionTLS12, true, false},
	{256, 15360, 512, wire.VersionTLS12, true, false},
}

func levelOf(n int) level { return levels[min(max(n, 0), len(levels)-1)] }

// groupBits is the security of a group as OpenSSL counts it; 0: not known.
func groupBits(g wire.Group) int {
	switch g {
	case wire.GroupSecp192r1:
		return 80
	case wire.GroupSecp224r1:
		return 112
	case wire.GroupX25519, wire.GroupSecp256r1, wire.GroupFFDHE3072, wire.GroupFFDHE4096:
		return 128
	case wire.GroupFFDHE2048:
		return 112
	case wire.GroupSecp384r1, wire.GroupFFDHE8192, wire.GroupBrainpoolP384r1, wire.GroupBrainpoolP384r1TLS13:
		return 192
	case wire.GroupFFDHE6144:
		return 128
	case wire.GroupX448:
		return 224
	case wire.GroupSecp521r1, wire.GroupBrainpoolP512r1, wire.GroupBrainpoolP512r1TLS13:
		return 256
	case wire.GroupBrainpoolP256r1, wire.GroupBrainpoolP256r1TLS13:
		return 128
	}
	return 0
}

// schemeBits is the security of a scheme's hash as OpenSSL counts it: half its
// length, but that of SHA-1 and MD5 is lower since OpenSSL 3.0, which leaves them
// to level 0.
func schemeBits(s wire.SignatureScheme, modern bool) int {
	switch s {
	case wire.SigEd25519:
		return 128
	case wire.SigEd448:
		return 224
	}
	switch hash := uint16(s) >> 8; {
	case hash == 2:
		if modern {
			return 63
		}
		return 80
	case hash == 3:
		return 112
	case hash == 4:
		return 128
	case hash == 5:
		return 192
	case hash == 6:
		return 256
	case hash == 8: // RSASSA-PSS
		switch uint16(s) & 0xff {
		case 4, 9:
			return 128
		case 5, 10:
			return 192
		case 6, 11:
			return 256
		}
	}
	return 0
}
