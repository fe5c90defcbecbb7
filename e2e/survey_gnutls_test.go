//go:build linux

package e2e

import (
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// gnutlsSuite is a suite that gnutls-cli can offer: 3DES, RC4, Camellia-GCM and GOST are missing from Debian's OpenSSL.
type gnutlsSuite struct {
	id       wire.CipherSuite
	name     string
	priority string // the words that enable this suite alone
}

var (
	gnutlsLine     = regexp.MustCompile(`(?m)^TLS_(\S+)\s+0x([0-9a-f]{2}), 0x([0-9a-f]{2})\s+(TLS1\.[0-3])$`)
	gnutlsSelected = regexp.MustCompile(`Selected cipher suite: GNUTLS_(\S+)`)
	gnutlsExchange = map[string]string{
		"RSA": "RSA", "DHE_DSS": "DHE-DSS", "DHE_RSA": "DHE-RSA", "ECDHE_RSA": "ECDHE-RSA", "ECDHE_ECDSA": "ECDHE-ECDSA",
		"PSK": "PSK", "RSA_PSK": "RSA-PSK", "DHE_PSK": "DHE-PSK", "ECDHE_PSK": "ECDHE-PSK", "DH_ANON": "ANON-DH", "ECDH_ANON": "ANON-ECDH",
		"SRP_SHA": "SRP", "SRP_SHA_RSA": "SRP-RSA", "SRP_SHA_DSS": "SRP-DSS",
	}
	gnutlsSuiteName = regexp.MustCompile(`^(.+?)_((?:AES|CAMELLIA|3DES|ARCFOUR|NULL|CHACHA20)\w*?)(?:_(MD5|SHA1|SHA256|SHA384))?$`)
	gnutlsVersions  = map[wire.Version]string{wire.VersionTLS10: "VERS-TLS1.0", wire.VersionTLS11: "VERS-TLS1.1", wire.VersionTLS12: "VERS-TLS1.2"}
)

// gnutlsSuites returns what gnutls-cli can offer before TLS 1.3.
func gnutlsSuites(t testing.TB) []gnutlsSuite {
	t.Helper()
	out, err := exec.Command(need(t, "gnutls-cli"), "--list").Output()
	if err != nil {
		t.Fatalf("gnutls-cli --list: %v", err)
	}
	var list []gnutlsSuite
	for _, m := range gnutlsLine.FindAllStringSubmatch(string(out), -1) {
		n, _ := strconv.ParseUint(m[2]+m[3], 16, 16)
		s := gnutlsSuite{id: wire.CipherSuite(n), name: m[1]}
		if m[4] == "TLS1.3" {
			continue
		}
		if m[1] == "GOSTR341112_256_28147_CNT_IMIT" {
			s.priority = "+VKO-GOST-12:+GOST28147-TC26Z-CNT:+GOST28147-TC26Z-IMIT"
			list = append(list, s)
			continue
		}
		p := gnutlsSuiteName.FindStringSubmatch(m[1])
		if p == nil || gnutlsExchange[p[1]] == "" {
			t.Fatalf("gnutls-cli lists TLS_%s, which this test cannot offer", m[1])
		}
		cipher, mac := strings.ReplaceAll(p[2], "_", "-"), p[3]
		if cipher == "3DES-EDE-CBC" {
			cipher = "3DES-CBC"
		}
		if strings.Contains(cipher, "GCM") || strings.Contains(cipher, "CCM") || strings.Contains(cipher, "POLY1305") {
			mac = "AEAD"
		}
		s.priority = "+" + gnutlsExchange[p[1]] + ":+" + cipher + ":+" + mac
		list = append(list, s)
	}
	if len(list) < 150 {
		t.Fatalf("gnutls-cli lists %d suites", len(list))
	}
	return list
}

// gnutls offers suites in one version: these, and where there are several all that their parts combine to.
func (a *asker) gnutls(v wire.Version, list ...gnutlsSuite) answer {
	a.t.Helper()
	var priorities []string
	for _, s := range list {
		priorities = append(priorities, s.priority)
	}
	host, port, _ := strings.Cut(a.addr, ":")
	args := []string{
		// A CA file keeps it from loading all of the system's.
		"-d", "4", "--no-ca-verification", "--x509cafile=" + theKeys.roots(), "--sni-hostname", "shop.example", "-p", port,
		"--priority", "NONE:+" + gnutlsVersions[v] + ":" + strings.Join(priorities, ":") + ":+COMP-NULL:+SIGN-ALL:+GROUP-ALL:+CTYPE-ALL:%VERIFY_ALLOW_BROKEN",
	}
	if strings.Contains(list[0].name, "PSK") {
		args = append(args, "--pskusername", "Client_identity", "--pskkey", "1a2b3c4d")
	}
	if strings.Contains(list[0].name, "SRP") {
		args = append(args, "--srpusername", "user", "--srppasswd", "secret")
	}
	if a.starttls != "" {
		args = append(args, "--starttls-proto="+a.starttls)
	}
	out, cmd := a.run("gnutls-cli", append(args, host)...)
	if !strings.Contains(out, "CLIENT HELLO was queued") {
		a.t.Errorf("%s sent no hello:\n%s", cmd, clip(out, 1500))
	}
	ans := answer{alert: -1, text: out}
	if m := gnutlsSelected.FindStringSubmatch(out); m != nil {
		ans.hello, ans.version = true, v
		for _, s := range list {
			if s.name == m[1] {
				ans.suite = s.id
			}
		}
	}
	return ans
}
