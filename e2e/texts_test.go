//go:build linux

package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// textDocument is what of `tlswhy explain --json` and `tlswhy logs --json` these
// tests look at.
type textDocument struct {
	Matches  []struct{ Cause string } `json:"matches"`
	Failures int                      `json:"failures"`
	Groups   []struct {
		Cause string `json:"cause"`
	} `json:"groups"`
}

// TestTexts lets real clients fail at real servers: what the client says is
// explained, what the server writes into its log is grouped, and both name the
// cause.
func TestTexts(t *testing.T) {
	program(t)
	curl := func(args ...string) func(e *env) []string {
		return func(e *env) []string {
			return append([]string{need(e.t, "curl"), "-sSf", "-m", "10", "-o", "/dev/null", "--connect-to", "shop.example:443:" + e.addr(), "https://shop.example/"}, args...)
		}
	}
	trusting := func(e *env) []string { return append(curl()(e), "--cacert", e.pki.roots()) }
	old := func(e *env) []string {
		return []string{need(e.t, "openssl"), "s_client", "-connect", e.addr(), "-servername", "shop.example", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"}
	}
	for _, tc := range []struct {
		name, cause string
		spec        spec
		client      func(*env) []string
		servers     []string
		also        []string // causes that the text leaves open first, and rightly
		page        []string // servers that tell the client in a page, which curl does not show
	}{
		{"old-client", "no-shared-version", spec{}, old, []string{"nginx", "apache2", "haproxy", "stunnel", "s_server", "python", "node"}, []string{"client-too-old"}, nil},
		{"no-root", "untrusted-root", spec{}, curl(), []string{"nginx", "apache2", "haproxy", "stunnel", "s_server", "python", "node"}, []string{"incomplete-chain"}, nil},
		{"expired", "expired", spec{cert: "expired"}, trusting, []string{"nginx", "apache2", "haproxy", "stunnel", "s_server", "python", "node"}, nil, nil},
		{"no-client-certificate", "mtls-required", spec{clients: "require"}, trusting, []string{"nginx", "apache2", "haproxy", "stunnel", "s_server", "python", "node"}, nil, []string{"nginx"}},
	} {
		for _, server := range tc.servers {
			t.Run(server+"/"+tc.name, func(t *testing.T) {
				t.Parallel()
				e := start(t, server, tc.spec)
				before := len(readAll(t, e.log))
				args := tc.client(e)
				said, err := exec.Command(args[0], args[1:]...).CombinedOutput()
				if err == nil {
					t.Fatalf("%s connects:\n%s", strings.Join(args, " "), said)
				}
				fits := func(c string) bool { return c == tc.cause || slices.Contains(tc.also, c) }

				o := tlswhyRaw(t, "explain", "--json", string(said))
				var d textDocument
				if err := json.Unmarshal(o.stdout, &d); err != nil {
					t.Fatalf("%v\n%s%s", err, o.stdout, o.stderr)
				}
				if first := d.Matches[:min(3, len(d.Matches))]; !slices.Contains(tc.page, server) && !slices.ContainsFunc(first, func(m struct{ Cause string }) bool { return fits(m.Cause) }) {
					t.Errorf("explain has %v for %s", first, said)
				}

				// Some write their log a moment later.
				for end := time.Now().Add(10 * time.Second); ; time.Sleep(200 * time.Millisecond) {
					log := e.file("read.log", readAll(t, e.log)[before:])
					o := tlswhyRaw(t, "logs", "--json", log)
					d = textDocument{}
					if err := json.Unmarshal(o.stdout, &d); err != nil {
						t.Fatalf("%v\n%s%s", err, o.stdout, o.stderr)
					}
					if slices.ContainsFunc(d.Groups, func(g struct {
						Cause string `json:"cause"`
					},
					) bool {
						return fits(g.Cause)
					}) {
						break
					}
					if time.Now().After(end) {
						text, _ := os.ReadFile(log)
						t.Errorf("logs has %v for\n%s", d.Groups, text)
						break
					}
				}
			})
		}
	}
}
