//go:build linux

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// fixCase is a broken server and the fix of the catalogue that has to mend it.
type fixCase struct {
	cause  cause.ID
	fixFor string // software id of the catalogue
	server string // key of servers
	spec   spec
	target string
	args   []string
	as     string
	good   string // identity behind {chain_file} and its kin; default "rsa"
}

func (c fixCase) name() string { return fmt.Sprintf("%s/%s", c.fixFor, c.cause) }

// fixCases is filled by hand: a fix counts as verified when it has mended the real software here.
func fixCases() []fixCase {
	old := spec{max: "1.0", weak: true}
	dh := spec{max: "1.2", weak: true, ciphers: dhe, dh: "1024"}
	builtIn := dh
	builtIn.dh = "built-in 1024"
	camellia := spec{max: "1.2", ciphers: "ECDHE-RSA-CAMELLIA256-SHA384:DHE-RSA-CAMELLIA256-SHA256"}
	p521 := spec{max: "1.2", ciphers: "ECDHE-RSA-AES256-GCM-SHA384", groups: "secp521r1"}
	mail := func(s spec) spec { s.wrap = true; return s }
	mtls := spec{clients: "require"}
	stranger := spec{clients: "require"}
	expired := spec{cert: "expired"}

	cases := []fixCase{
		{cause: "no-shared-version", fixFor: "nginx", spec: old},
		{cause: "no-shared-version", fixFor: "apache", spec: old},
		{cause: "no-shared-version", fixFor: "haproxy", spec: old},
		{cause: "no-shared-version", fixFor: "stunnel", spec: old},
		{cause: "no-shared-version", fixFor: "postfix", spec: old, target: "smtp://shop.example"},

		{cause: "no-shared-cipher", fixFor: "nginx", spec: camellia},
		{cause: "no-shared-cipher", fixFor: "apache", spec: camellia},
		{cause: "no-shared-cipher", fixFor: "haproxy", spec: camellia},
		{cause: "no-shared-cipher", fixFor: "stunnel", spec: camellia},
		{cause: "no-shared-cipher", fixFor: "caddy", spec: spec{max: "1.2", ciphers: "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"}},
		{cause: "no-shared-cipher", fixFor: "postfix", spec: spec{max: "1.2", lines: "tls_high_cipherlist = CAMELLIA256-SHA256\nsmtpd_tls_ciphers = high"}, target: "smtp://shop.example"},

		{cause: "no-shared-group", fixFor: "nginx", spec: spec{min: "1.3", groups: "X448"}},
		{cause: "no-shared-group", fixFor: "apache", spec: spec{min: "1.3", groups: "X448"}},
		{cause: "no-shared-group", fixFor: "haproxy", spec: p521},
		{cause: "no-shared-group", fixFor: "stunnel", spec: p521},
		{cause: "no-shared-group", fixFor: "caddy", spec: spec{groups: "secp521r1", ciphers: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"}},
		{cause: "no-shared-group", fixFor: "dovecot", spec: mail(spec{groups: "secp521r1"}), target: "imaps://shop.example"},
		{cause: "no-shared-group", fixFor: "postfix", spec: spec{max: "1.2", ciphers: "ECDHE-RSA-AES256-GCM-SHA384", lines: "smtpd_tls_eecdh_grade = auto\ntls_eecdh_auto_curves = secp521r1"}, target: "smtp://shop.example"},

		{cause: "no-shared-signature-algorithm", fixFor: "nginx", spec: spec{cert: "ed25519"}},
		{cause: "no-shared-signature-algorithm", fixFor: "apache", spec: spec{max: "1.2", weak: true, ciphers: "ECDHE-RSA-AES128-GCM-SHA256", sigalgs: "RSA+SHA1"}},

		{cause: "weak-dh", fixFor: "nginx", spec: dh, as: "openssl-3.0"},
		{cause: "weak-dh", fixFor: "apache", spec: dh, as: "openssl-3.0"},
		{cause: "weak-dh", fixFor: "haproxy", spec: builtIn, as: "openssl-3.0"},
		{cause: "weak-dh", fixFor: "stunnel", spec: dh, as: "openssl-3.0"},

		{cause: "mtls-required", fixFor: "nginx", spec: mtls},
		{cause: "mtls-required", fixFor: "apache", spec: mtls},
		{cause: "mtls-required", fixFor: "haproxy", spec: mtls},
		{cause: "mtls-required", fixFor: "stunnel", spec: mtls},
		{cause: "mtls-required", fixFor: "caddy", spec: mtls},
		{cause: "mtls-required", fixFor: "postfix", spec: mtls, target: "smtp://shop.example"},

		{cause: "mtls-cert-rejected", fixFor: "nginx", spec: stranger, args: with("other")},
		{cause: "mtls-cert-rejected", fixFor: "apache", spec: stranger, args: with("other")},
		{cause: "mtls-cert-rejected", fixFor: "haproxy", spec: stranger, args: with("other")},
		{cause: "mtls-cert-rejected", fixFor: "stunnel", spec: stranger, args: with("other")},
		{cause: "mtls-cert-rejected", fixFor: "caddy", spec: stranger, args: with("other")},
		{cause: "mtls-cert-rejected", fixFor: "postfix", spec: stranger, args: with("other"), target: "smtp://shop.example"},

		{cause: "not-tls", fixFor: "nginx", spec: spec{plain: true}},

		{cause: "sni-required", fixFor: "nginx", spec: spec{trick: "default-site", second: "elsewhere"}, args: noSNI},
		{cause: "unrecognized-name", fixFor: "nginx", spec: spec{trick: "reject"}, target: "cafe.example", good: "cafe"},
		{cause: "unrecognized-name", fixFor: "haproxy", spec: spec{cert: "elsewhere", trick: "strict-sni"}},
		{cause: "wrong-certificate", fixFor: "nginx", spec: spec{trick: "default-site", second: "elsewhere"}, target: "cafe.example", good: "cafe"},
		{cause: "wrong-certificate", fixFor: "apache", spec: spec{trick: "vhosts", second: "elsewhere"}, target: "cafe.example", good: "cafe"},
		{cause: "wrong-certificate", fixFor: "haproxy", spec: spec{cert: "elsewhere", second: "second"}},
		{cause: "wrong-certificate", fixFor: "caddy", spec: spec{cert: "elsewhere"}},
		{cause: "wrong-certificate", fixFor: "dovecot", spec: mail(spec{cert: "elsewhere"}), target: "imaps://shop.example"},

		{cause: "starttls-failed", fixFor: "postfix", spec: spec{plain: true}, target: "smtp://shop.example"},
		{cause: "starttls-failed", fixFor: "dovecot", spec: spec{plain: true}, target: "imap://shop.example"},
	}
	tool := "openssl-s_server"
	cases = append(cases,
		fixCase{cause: "no-shared-cipher", fixFor: tool, spec: camellia},
		fixCase{cause: "no-shared-group", fixFor: tool, spec: spec{min: "1.3", groups: "ffdhe8192"}},
		fixCase{cause: "no-shared-signature-algorithm", fixFor: tool, spec: spec{cert: "ed25519"}},
		fixCase{cause: "weak-dh", fixFor: tool, spec: dh, as: "openssl-3.0"},
		fixCase{cause: "expired", fixFor: tool, spec: expired},
	)
	for _, software := range []string{"nginx", "apache", "haproxy", "stunnel", "caddy"} {
		cases = append(cases, fixCase{cause: "expired", fixFor: software, spec: expired})
	}
	cases = append(cases,
		fixCase{cause: "expired", fixFor: "postfix", spec: expired, target: "smtp://shop.example"},
		fixCase{cause: "expired", fixFor: "dovecot", spec: expired, target: "imap://shop.example"},
	)
	for i := range cases {
		c := &cases[i]
		if c.target == "" {
			c.target = "shop.example"
		}
		if c.server == "" {
			c.server = map[string]string{"apache": "apache2", "openssl-s_server": "s_server"}[c.fixFor]
			if c.server == "" {
				c.server = c.fixFor
			}
		}
		if c.good == "" {
			c.good = "rsa"
		}
	}
	return cases
}

// catalogued returns the fix of the catalogue that a case is about.
func (c fixCase) catalogued() (*cause.Fix, error) {
	entry, ok := cause.Get(c.cause)
	if !ok {
		return nil, fmt.Errorf("the catalogue has no cause %s", c.cause)
	}
	for _, f := range entry.Fixes {
		if f.For == c.fixFor && f.Side != cause.SideClient && f.Config != "" {
			return f, nil
		}
	}
	return nil, fmt.Errorf("the catalogue has no configuration for %s in %s", c.fixFor, c.cause)
}

// TestVerifiedFixes holds the catalogue's flags against this file: what is marked was executed, what was executed is marked.
func TestVerifiedFixes(t *testing.T) {
	executed := map[*cause.Fix]string{}
	for _, c := range clientFixCases {
		f, err := c.catalogued()
		if err != nil {
			t.Errorf("%s: %v", c.name(), err)
			continue
		}
		executed[f] = c.name()
		if !f.Verified {
			t.Errorf("%s is executed here and not marked verified in the catalogue", c.name())
		}
	}
	for _, c := range stackCases() {
		f, err := c.catalogued()
		if err != nil {
			t.Errorf("%s: %v", c.name(), err)
			continue
		}
		executed[f] = c.name()
		if !f.Verified {
			t.Errorf("%s is executed here and not marked verified in the catalogue", c.name())
		}
	}
	for _, c := range fixCases() {
		f, err := c.catalogued()
		if err != nil {
			t.Errorf("%s: %v", c.name(), err)
			continue
		}
		executed[f] = c.name()
		if !f.Verified {
			t.Errorf("%s is executed here and not marked verified in the catalogue", c.name())
		}
	}
	for _, entry := range cause.All() {
		for _, f := range entry.Fixes {
			if f.Verified && executed[f] == "" {
				t.Errorf("%s for %s is marked verified and no test executes it", entry.ID, f.For)
			}
		}
	}
}

// TestFixes breaks a server, lets tlswhy say why, applies the catalogue's fix, and lets tlswhy retest.
func TestFixes(t *testing.T) {
	program(t)
	for _, c := range fixCases() {
		t.Run(c.name(), func(t *testing.T) {
			t.Parallel()
			f, err := c.catalogued()
			if err != nil {
				t.Fatal(err)
			}
			e := start(t, c.server, c.spec)
			r := row{target: c.target, args: c.args, as: c.as}
			before := tlswhyRaw(t, append(r.command(e), "--json")...)
			saved := e.file("report.json", string(before.stdout))
			o := before
			decode(t, &o)
			if len(o.Findings) == 0 || !same(cause.ID(o.Findings[0].Cause), c.cause) {
				t.Fatalf("the broken server is not diagnosed as %s\n%s\n%s", c.cause, o.line, o.summary())
			}

			mended := c.mend(e, f)
			if ok, out := c.foreignView().ask(t, e, &r); !ok {
				t.Errorf("a foreign client does not get through after the fix\n%s\nthe configuration is now:\n%s", clip(out, 1500), mended)
			}
			after := tlswhyRaw(t, "retest", saved, "--json")
			if after.code != 0 {
				t.Errorf("%s\nexit %d after the fix\n%s\n%s\nthe configuration is now:\n%s", after.line, after.code, clip(string(after.stdout), 2500), after.stderr, mended)
			}
		})
	}
}

// mend applies the fix to the server's configuration and starts it anew; it returns the configuration.
func (c fixCase) mend(e *env, f *cause.Fix) string {
	e.t.Helper()
	if c.fixFor == "openssl-s_server" {
		for _, cmd := range f.Run {
			c.execute(e, cmd)
		}
		cmd := e.last.cmd
		cmd.Args = onCommandLine(cmd.Args, strings.Fields(c.fill(e, f.Config)))
		e.restart()
		return strings.Join(cmd.Args, " ")
	}
	file := confFile[c.fixFor]
	mended, err := applyFix(c.fixFor, f.Place, readAll(e.t, e.path(file)), c.fill(e, f.Config))
	if err != nil {
		e.t.Fatal(err)
	}
	for _, cmd := range f.Run {
		c.execute(e, cmd)
	}
	e.file(file, mended)
	e.restart()
	return mended
}

// foreignView is who has to get through after the fix, besides tlswhy.
func (c fixCase) foreignView() view {
	scheme, _, ok := strings.Cut(c.target, "://")
	switch {
	case ok && strings.HasSuffix(scheme, "s"):
		return sees("openssl")
	case ok:
		return sees("openssl", "-starttls", scheme)
	case c.cause == "mtls-cert-rejected":
		return sees("curl", curlWith("other")...)
	}
	return sees("curl", "-f")
}

// same: two ids for one thing seen from two sides.
func same(got, want cause.ID) bool {
	pair := map[cause.ID]cause.ID{"wrong-certificate": "hostname-mismatch", "hostname-mismatch": "wrong-certificate"}
	return got == want || pair[got] == want
}

// fill puts this test's files and ports where the catalogue has placeholders and well-known ports.
func (c fixCase) fill(e *env, text string) string {
	id := e.id(c.good)
	bundle := e.path("mended.pem")
	if err := os.WriteFile(bundle, []byte(readAll(e.t, id.pemFile)), 0o644); err != nil {
		e.t.Fatal(err)
	}
	// Caddy reads the first certificate of the file alone, so it holds no more than the CA of the client at hand.
	trusted := e.id("ca/nobody").leafFile
	text = cause.Expand(text, map[string]string{
		"host": (&row{target: c.target}).host(), "port": strconv.Itoa(e.port), "chain_file": id.chainFile, "cert_file": id.leafFile, "key_file": id.keyFile,
		"bundle_file": bundle, "client_ca_file": trusted, "ca_file": e.pki.roots(),
	})
	text = strings.ReplaceAll(text, "/etc/ssl/dhparam.pem", e.path("dhparam.pem"))
	return regexp.MustCompile(`listen 443\b`).ReplaceAllString(text, "listen "+e.addr())
}

// execute runs a fix's command, but for those that speak to the service manager of a whole machine.
func (c fixCase) execute(e *env, line string) {
	e.t.Helper()
	if strings.Contains(line, "systemctl") {
		return
	}
	line = c.fill(e, line)
	line = strings.Replace(line, "openssl dhparam ", "openssl dhparam -dsaparam ", 1) // seconds instead of minutes
	cmd := exec.Command("sh", "-c", line)
	cmd.Dir = e.dir
	e.runOnce(cmd)
}
