//go:build linux

package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// runDocument is what of `tlswhy run --json` these tests look at.
type runDocument struct {
	Verdict  string `json:"verdict"`
	ExitCode int    `json:"exit_code"`
	Clients  []struct {
		Nearest    string  `json:"nearest"`
		Similarity float64 `json:"similarity"`
		JA4        string  `json:"ja4"`
	} `json:"clients"`
	Handshakes []struct {
		Target    string `json:"target"`
		Outcome   string `json:"outcome"`
		Step      string `json:"step"`
		StoppedBy string `json:"stopped_by"`
		Seen      string `json:"seen"`
		Cause     string `json:"cause"`
	} `json:"handshakes"`
	Notes []string `json:"notes"`
}

var goFetch = sync.OnceValues(func() (string, error) {
	path := filepath.Join(workDir, "fetch")
	out, err := exec.Command("go", "build", "-o", path, "./testdata/fetch").CombinedOutput()
	if err != nil {
		return string(out), err
	}
	return path, nil
})

// runPrograms are real programs that get https://shop.example/, by the beginning
// of the id of the profile that is to be found.
var runPrograms = map[string]func(t testing.TB, roots string) []string{
	"curl-": func(t testing.TB, roots string) []string {
		return []string{need(t, "curl"), "-sSf", "-m", "10", "--cacert", roots, "-o", "/dev/null", "https://shop.example/"}
	},
	"wget-": func(t testing.TB, roots string) []string {
		return []string{need(t, "wget"), "-q", "-t", "1", "-T", "10", "--ca-certificate=" + roots, "-O", "/dev/null", "https://shop.example/"}
	},
	"python-": func(t testing.TB, roots string) []string {
		return []string{need(t, "/usr/bin/python3"), "-c", "import ssl, sys, urllib.request as u\nu.urlopen('https://shop.example/', context=ssl.create_default_context(cafile=sys.argv[1]), timeout=10).read()", roots}
	},
	"git-": func(t testing.TB, _ string) []string {
		return []string{need(t, "git"), "ls-remote", "https://shop.example/x.git"}
	},
	"java-": func(t testing.TB, roots string) []string {
		return []string{need(t, "java"), "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "testdata/Fetch.java", roots, "https://shop.example/"}
	},
	"node-": func(t testing.TB, roots string) []string {
		return []string{oldNode(t, "24.21.0"), "-e", "require('https').get('https://shop.example/', {ca: require('fs').readFileSync(process.argv[1])}, r => r.resume()).on('error', e => { console.error(e.code); process.exit(1) })", roots}
	},
	"go-": func(t testing.TB, roots string) []string {
		path, err := goFetch()
		if err != nil {
			t.Fatalf("%v\n%s", err, path)
		}
		return []string{path, roots, "https://shop.example/"}
	},
}

// TestRun runs real programs behind the relay: what they are, and why they fail.
func TestRun(t *testing.T) {
	program(t)
	rows := allRows()
	t.Setenv("GIT_SSL_CAINFO", theKeys.roots()) // it wins over http.sslCAInfo
	for _, tc := range []struct {
		row, cause, step string
		connect          []string // programs that connect all the same
	}{
		{"nginx/healthy", "", "", nil},
		{"nginx/expired", "expired", "verify", nil},
		// GnuTLS 3.7 completes TLS 1.0 and may have Camellia.
		{"nginx/tls10-only", "no-shared-version", "version", []string{"wget-", "git-"}},
		{"nginx/camellia-only", "no-shared-cipher", "cipher", []string{"wget-", "git-"}},
		{"haproxy/client-certificate-missing-tls1.3", "mtls-required", "keys", nil},
		{"apache2/client-certificate-missing-tls1.2", "mtls-required", "keys", nil},
	} {
		i := slices.IndexFunc(rows, func(r row) bool { return r.name == tc.row })
		if i < 0 {
			t.Errorf("no row %s", tc.row)
			continue
		}
		r := rows[i]
		t.Run(tc.row, func(t *testing.T) {
			t.Parallel()
			e := r.up(t)
			for family, command := range runPrograms {
				cmd := command(t, e.pki.roots())
				file := e.path("run-" + family + ".json")
				args := slices.Concat([]string{"run", "-o", file, "--connect", e.addr(), "--ca-file", e.pki.roots(), "--"}, cmd)
				o := tlswhyRaw(t, args...)
				text, err := os.ReadFile(file)
				if err != nil {
					t.Fatalf("%s: exit %d\n%s", o.line, o.code, o.stderr)
				}
				var d runDocument
				if err := json.Unmarshal(text, &d); err != nil {
					t.Fatal(err)
				}
				about := strings.Join([]string{o.line, clip(o.stderr, 600), clip(string(text), 2500)}, "\n")
				if len(d.Clients) == 0 || !strings.HasPrefix(d.Clients[0].Nearest, family) || d.Clients[0].Similarity < 0.9 {
					t.Errorf("%s is not recognised: %v\n%s", family, d.Clients, about)
					continue
				}
				first := d.Handshakes[0]
				if first.Target != "shop.example:443" {
					t.Errorf("%s: the target is %s", family, first.Target)
				}
				if tc.cause == "" || slices.Contains(tc.connect, family) && d.Verdict == "ok" {
					if d.Verdict != "ok" || o.code != d.ExitCode {
						t.Errorf("%s: verdict %s, exit %d, of the program %d\n%s", family, d.Verdict, o.code, d.ExitCode, about)
					}
					continue
				}
				if d.Verdict != "fail" || o.code != 1 || d.ExitCode == 0 || first.Cause != tc.cause || first.Step != tc.step || first.Outcome != "fail" {
					t.Errorf("%s: verdict %s, exit %d, of the program %d, %+v\n%s", family, d.Verdict, o.code, d.ExitCode, first, about)
				}
			}
		})
	}
}
