//go:build linux

package e2e

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// answer is what a server said to one hello of a foreign client, read from the messages that the client shows.
type answer struct {
	hello   bool // a ServerHello came, and no HelloRetryRequest after it
	version wire.Version
	suite   wire.CipherSuite
	group   wire.Group // of the key exchange
	scheme  wire.SignatureScheme
	leaf    string // SHA-256 of the first certificate
	alert   int    // that the server sent, -1 for none
	alpn    string
	exts    []uint16 // of the ServerHello
	id      bool     // the ServerHello carries a session id
	retried bool     // a HelloRetryRequest came
	text    string   // all that the client wrote
}

// asker asks one server.
type asker struct {
	t        testing.TB
	addr     string
	starttls string
}

// Foreign clients are short processes: a few more than cores keep these busy while some wait for servers.
var askers = make(chan struct{}, 2*runtime.NumCPU())

var (
	messageHead = regexp.MustCompile(`^<<< .*, (Handshake|Alert) \[length [0-9a-f]+\], (?:fatal |warning )?(\S+)`)
	alpnLine    = regexp.MustCompile(`(?m)^ALPN protocol: (.*)$`)
)

// openssl runs s_client with these arguments and reads the server's messages from its -msg. Everything that is not asked
// for is as wide as it can be: security level 0, no configuration file.
func (a *asker) openssl(args ...string) answer {
	a.t.Helper()
	all := []string{"s_client", "-connect", a.addr, "-servername", "shop.example", "-msg", "-no-CAfile", "-no-CApath", "-no-CAstore", "-legacy_server_connect"}
	if a.starttls != "" {
		all = append(all, "-starttls", a.starttls)
	}
	out, cmd := a.run("openssl", append(all, args...)...)
	if !strings.Contains(out, ", ClientHello") {
		a.t.Errorf("%s sent no hello:\n%s", cmd, clip(out, 1500))
	}
	ans := answer{alert: -1, text: out}
	for _, m := range messages(out) {
		ans.read(m.kind, m.body)
	}
	if m := alpnLine.FindStringSubmatch(out); m != nil {
		ans.alpn = m[1]
	}
	return ans
}

func (a *asker) run(name string, args ...string) (output, command string) {
	a.t.Helper()
	askers <- struct{}{}
	defer func() { <-askers }()
	ctx, stop := context.WithTimeout(a.t.Context(), 30*time.Second)
	defer stop()
	c := exec.CommandContext(ctx, name, args...)
	c.Env = append(os.Environ(), "OPENSSL_CONF=/dev/null")
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	_ = c.Run() // a refusal is an answer
	if ctx.Err() != nil {
		a.t.Errorf("%s: no answer in time\n%s", c, clip(out.String(), 1500))
	}
	return out.String(), c.String()
}

type message struct {
	kind string // as s_client names it
	body []byte
}

// messages returns what the server sent, from the dumps of -msg.
func messages(out string) []message {
	var list []message
	in := false
	for line := range strings.Lines(out) {
		if m := messageHead.FindStringSubmatch(line); m != nil {
			kind := m[2]
			if m[1] == "Alert" {
				kind = "Alert"
			}
			list, in = append(list, message{kind: kind}), true
			continue
		}
		b, err := hex.DecodeString(strings.ReplaceAll(strings.TrimSpace(line), " ", ""))
		if !in || !strings.HasPrefix(line, "    ") || err != nil {
			in = false
			continue
		}
		last := &list[len(list)-1]
		last.body = append(last.body, b...)
	}
	return list
}

var helloRetry = sha256.Sum256([]byte("HelloRetryRequest")) // RFC 8446, Section 4.1.3

func (ans *answer) read(kind string, b []byte) {
	if kind == "Alert" {
		if len(b) == 2 {
			ans.alert = int(b[1])
		}
		return
	}
	if len(b) < 4 {
		return
	}
	s := cryptobyte.String(b[4:])
	switch kind {
	case "ServerHello":
		ans.serverHello(s)
	case "Certificate":
		var n uint32
		if ans.version == wire.VersionTLS13 {
			s.Skip(1) // an empty certificate_request_context
		}
		var leaf []byte
		s.Skip(3)
		if readUint24(&s, &n) && s.ReadBytes(&leaf, int(n)) {
			sum := sha256.Sum256(leaf)
			ans.leaf = hex.EncodeToString(sum[:])
		}
	case "CertificateVerify":
		ans.readScheme(&s)
	case "ServerKeyExchange":
		ans.keyExchange(s)
	}
}

func readUint24(s *cryptobyte.String, n *uint32) bool { return s.ReadUint24(n) }

func (ans *answer) readScheme(s *cryptobyte.String) {
	var v uint16
	if s.ReadUint16(&v) {
		ans.scheme = wire.SignatureScheme(v)
	}
}

func (ans *answer) serverHello(s cryptobyte.String) {
	var version, suite uint16
	var random []byte
	var id, exts cryptobyte.String
	if !s.ReadUint16(&version) || !s.ReadBytes(&random, 32) || !s.ReadUint8LengthPrefixed(&id) || !s.ReadUint16(&suite) || !s.Skip(1) {
		return
	}
	ans.version, ans.suite, ans.id = wire.Version(version), wire.CipherSuite(suite), len(id) > 0
	ans.hello = !bytes.Equal(random, helloRetry[:])
	ans.retried = ans.retried || !ans.hello
	ans.exts = nil
	if !s.ReadUint16LengthPrefixed(&exts) {
		return
	}
	for !exts.Empty() {
		var kind, v uint16
		var body cryptobyte.String
		if !exts.ReadUint16(&kind) || !exts.ReadUint16LengthPrefixed(&body) {
			return
		}
		ans.exts = append(ans.exts, kind)
		switch kind {
		case 43: // supported_versions
			if body.ReadUint16(&v) {
				ans.version = wire.Version(v)
			}
		case 51: // key_share
			if body.ReadUint16(&v) {
				ans.group = wire.Group(v)
			}
		}
	}
}

// keyExchange reads a ServerKeyExchange of ECDHE (RFC 8422, Section 5.4) or DHE (RFC 5246, Section 7.4.3).
func (ans *answer) keyExchange(s cryptobyte.String) {
	info, _ := ans.suite.Info()
	switch info.KeyExchange {
	case wire.KXECDHE, wire.KXECDHAnon:
		var kind uint8
		var group uint16
		var point cryptobyte.String
		if !s.ReadUint8(&kind) || kind != 3 || !s.ReadUint16(&group) || !s.ReadUint8LengthPrefixed(&point) {
			return
		}
		ans.group = wire.Group(group)
	case wire.KXDHE, wire.KXDHAnon:
		var p, g, y cryptobyte.String
		if !s.ReadUint16LengthPrefixed(&p) || !s.ReadUint16LengthPrefixed(&g) || !s.ReadUint16LengthPrefixed(&y) {
			return
		}
	default:
		return
	}
	if ans.version == wire.VersionTLS12 && info.Authentication != wire.AuthAnon {
		ans.readScheme(&s)
	}
}

// opensslSuite is a suite that this machine's openssl can offer.
type opensslSuite struct {
	id   wire.CipherSuite
	name string // openssl's
}

var suiteLine = regexp.MustCompile(`(?m)^\s*0x([0-9A-F]{2}),0x([0-9A-F]{2}) - (\S+)`)

var versionFlags = map[wire.Version]string{wire.VersionTLS10: "-tls1", wire.VersionTLS11: "-tls1_1", wire.VersionTLS12: "-tls1_2", wire.VersionTLS13: "-tls1_3"}

// all13 are the suites of TLS 1.3, which "openssl ciphers" lists only where they are enabled.
var all13 = []opensslSuite{{0x1301, "TLS_AES_128_GCM_SHA256"}, {0x1302, "TLS_AES_256_GCM_SHA384"}, {0x1303, "TLS_CHACHA20_POLY1305_SHA256"}, {0x1304, "TLS_AES_128_CCM_SHA256"}, {0x1305, "TLS_AES_128_CCM_8_SHA256"}}

// opensslSuites asks openssl what it can offer in a version, PSK and SRP suites included.
func opensslSuites(t testing.TB, v wire.Version) []opensslSuite {
	t.Helper()
	if v == wire.VersionTLS13 {
		return all13
	}
	c := exec.Command("openssl", "ciphers", "-V", "-s", "-psk", "-srp", versionFlags[v], "ALL:COMPLEMENTOFALL:@SECLEVEL=0")
	c.Env = append(os.Environ(), "OPENSSL_CONF=/dev/null")
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%s: %v", c, err)
	}
	var list []opensslSuite
	for _, m := range suiteLine.FindAllStringSubmatch(string(out), -1) {
		n, _ := strconv.ParseUint(m[1]+m[2], 16, 16)
		if id := wire.CipherSuite(n); id>>8 != 0x13 {
			list = append(list, opensslSuite{id, m[3]})
		}
	}
	if len(list) < 40 {
		t.Fatalf("%s lists %d suites", c, len(list))
	}
	return list
}

// opensslGroups are the names by which s_client offers a group. FFDHE groups and, in OpenSSL 3.0, no others than these exist
// in TLS 1.3.
var (
	opensslGroups13 = map[wire.Group]string{29: "X25519", 23: "P-256", 30: "X448", 25: "P-521", 24: "P-384", 256: "ffdhe2048", 257: "ffdhe3072", 258: "ffdhe4096", 259: "ffdhe6144", 260: "ffdhe8192"}
	opensslGroups12 = map[wire.Group]string{
		29: "X25519", 23: "P-256", 30: "X448", 25: "P-521", 24: "P-384", 21: "secp224r1", 19: "prime192v1", 22: "secp256k1", 20: "secp224k1", 18: "secp192k1",
		26: "brainpoolP256r1", 27: "brainpoolP384r1", 28: "brainpoolP512r1", 15: "secp160k1", 16: "secp160r1", 17: "secp160r2",
		1: "sect163k1", 2: "sect163r1", 3: "sect163r2", 4: "sect193r1", 5: "sect193r2", 6: "sect233k1", 7: "sect233r1", 8: "sect239k1",
		9: "sect283k1", 10: "sect283r1", 11: "sect409k1", 12: "sect409r1", 13: "sect571k1", 14: "sect571r1",
	}
)

func groupNames(version wire.Version) map[wire.Group]string {
	if version == wire.VersionTLS13 {
		return opensslGroups13
	}
	return opensslGroups12
}

// opensslSchemes are the names by which s_client offers a signature scheme in TLS 1.2; RSA with PKCS #1 v1.5, SHA-1, SHA-224
// and DSA are none of TLS 1.3 (RFC 8446, Section 4.2.3).
var opensslSchemes = map[wire.SignatureScheme]string{
	0x0403: "ecdsa_secp256r1_sha256", 0x0503: "ecdsa_secp384r1_sha384", 0x0603: "ecdsa_secp521r1_sha512", 0x0807: "ed25519", 0x0808: "ed448",
	0x0804: "rsa_pss_rsae_sha256", 0x0805: "rsa_pss_rsae_sha384", 0x0806: "rsa_pss_rsae_sha512",
	0x0809: "rsa_pss_pss_sha256", 0x080a: "rsa_pss_pss_sha384", 0x080b: "rsa_pss_pss_sha512",
	0x0401: "RSA+SHA256", 0x0501: "RSA+SHA384", 0x0601: "RSA+SHA512", 0x0301: "RSA+SHA224", 0x0201: "RSA+SHA1",
	0x0303: "ECDSA+SHA224", 0x0203: "ECDSA+SHA1",
	0x0202: "DSA+SHA1", 0x0302: "DSA+SHA224", 0x0402: "DSA+SHA256", 0x0502: "DSA+SHA384", 0x0602: "DSA+SHA512",
}

func schemeNames(version wire.Version) map[wire.SignatureScheme]string {
	if version == wire.VersionTLS12 {
		return opensslSchemes
	}
	out := map[wire.SignatureScheme]string{}
	for s, name := range opensslSchemes {
		if s>>8 == 8 || strings.HasPrefix(name, "ecdsa_") {
			out[s] = name
		}
	}
	return out
}

// offering are the arguments that offer these suites, in this order, in one version alone.
func offering(v wire.Version, names ...string) []string {
	list := strings.Join(names, ":")
	if v == wire.VersionTLS13 {
		return []string{"-tls1_3", "-cipher", "ALL:@SECLEVEL=0", "-ciphersuites", list}
	}
	args := []string{versionFlags[v], "-cipher", list + ":@SECLEVEL=0"}
	if slices.ContainsFunc(names, func(n string) bool { return strings.Contains(n, "PSK") }) {
		args = append(args, "-psk_identity", "Client_identity", "-psk", "1a2b3c4d")
	}
	if slices.ContainsFunc(names, func(n string) bool { return strings.Contains(n, "SRP") }) {
		args = append(args, "-srpuser", "user", "-srppass", "pass:secret")
	}
	return args
}

// everyGroup is for questions that are not about groups.
func everyGroup(v wire.Version) []string {
	var ids []wire.Group
	for g := range groupNames(v) {
		ids = append(ids, g)
	}
	// Usual ones first: TLS 1.3 sends a share of the first one only.
	slices.SortFunc(ids, func(a, b wire.Group) int { return groupRank(a) - groupRank(b) })
	var names []string
	for _, g := range ids {
		names = append(names, groupNames(v)[g])
	}
	return []string{"-groups", strings.Join(names, ":")}
}

func groupRank(g wire.Group) int {
	if i := slices.Index([]wire.Group{29, 23, 30, 25, 24}, g); i >= 0 {
		return i
	}
	return 100 + int(g)
}

func describe(ans answer) string {
	switch {
	case ans.hello:
		return fmt.Sprintf("accepted (%s, %s)", ans.version, ans.suite)
	case ans.alert >= 0:
		return fmt.Sprintf("refused with alert %d", ans.alert)
	}
	return "refused"
}
