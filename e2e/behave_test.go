//go:build linux

package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// view is what one foreign client sees of an endpoint.
type view struct {
	client string
	args   []string
	ok     bool
	says   string // regular expression on its output
	input  string // what the client reads from standard input
}

// sees: the client gets through. fails: it does not, and says why.
func sees(client string, args ...string) view { return view{client: client, args: args, ok: true} }

func fails(client, says string, args ...string) view {
	return view{client: client, args: args, says: says}
}
func (v view) saying(re string) view { v.says = re; return v }

// oldSuites lets OpenSSL 3 speak what its security level forbids.
var oldSuites = []string{"-cipher", "ALL:@SECLEVEL=0"}

// clients are the commands behind the names in views.
var clients = map[string]func(e *env, r *row, args []string) *exec.Cmd{
	"curl": func(e *env, r *row, args []string) *exec.Cmd {
		return exec.Command("curl", append([]string{"-sS", "-m", "10", "--noproxy", "*", "--cacert", e.pki.roots(), "--connect-to", "::" + e.addr(), "https://" + r.host() + r.path()}, args...)...)
	},
	"openssl": func(e *env, r *row, args []string) *exec.Cmd {
		a := []string{"s_client", "-connect", e.addr(), "-CAfile", e.pki.roots(), "-verify_return_error"}
		if !slices.Contains(args, "-noservername") {
			a = append(a, "-servername", r.host(), "-verify_hostname", r.host())
		}
		return exec.Command("openssl", append(a, args...)...)
	},
	"gnutls": func(e *env, r *row, args []string) *exec.Cmd {
		return exec.Command("gnutls-cli", append([]string{"--x509cafile", e.pki.roots(), "--sni-hostname", r.host(), "--verify-hostname", r.host(), "-p", fmt.Sprint(e.port), "127.0.0.1"}, args...)...)
	},
	"java": func(e *env, r *row, args []string) *exec.Cmd {
		return exec.Command("java", append([]string{"-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dget.cas=" + e.pki.roots(), "-cp", javaClasses(e), "Get", r.host(), fmt.Sprint(e.port)}, args...)...)
	},
	"node": nodeClient(""), "node-0.10": nodeClient("0.10.48"), "node-4": nodeClient("4.9.1"), "node-8": nodeClient("8.17.0"), "node-24": nodeClient("24.21.0"),
	"python": func(e *env, r *row, args []string) *exec.Cmd {
		src, _ := filepath.Abs(filepath.Join("testdata", "get.py"))
		return exec.Command("/usr/bin/python3", append([]string{src, e.pki.roots(), r.host(), fmt.Sprint(e.port)}, args...)...)
	},
}

func nodeClient(version string) func(*env, *row, []string) *exec.Cmd {
	return func(e *env, r *row, args []string) *exec.Cmd {
		bin := "node"
		if version != "" {
			bin = oldNode(e.t, version)
		}
		src, _ := filepath.Abs(filepath.Join("testdata", "get.js"))
		return exec.Command(bin, append([]string{src, e.pki.roots(), r.host(), fmt.Sprint(e.port)}, args...)...)
	}
}

// ask runs a client against the endpoint and returns whether it got through, with all it wrote.
func (v view) ask(t testing.TB, e *env, r *row) (ok bool, output string) {
	t.Helper()
	f := clients[v.client]
	if f == nil {
		t.Fatalf("no client %q", v.client)
	}
	var args []string
	for _, a := range v.args {
		args = append(args, e.expand(a))
	}
	c := f(e, r, args)
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	defer stop()
	run := exec.CommandContext(ctx, need(t, c.Path), c.Args[1:]...)
	var out bytes.Buffer
	run.Stdin, run.Stdout, run.Stderr = strings.NewReader(v.input), &out, &out
	err := run.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%s: %v", run, err)
	}
	return err == nil, run.String() + "\n" + string(bytes.ToValidUTF8(out.Bytes(), []byte("?")))
}

// TestServersBehave holds every endpoint of the tables against foreign clients: is the fault really there?
func TestServersBehave(t *testing.T) {
	for _, r := range allRows() {
		if len(r.view) == 0 {
			continue
		}
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			e := r.up(t)
			for _, v := range r.view {
				ok, out := v.ask(t, e, &r)
				if ok != v.ok {
					t.Errorf("%s got through: %v, want %v\n%s", v.client, ok, v.ok, clip(out, 2500))
				} else if v.says != "" && !regexp.MustCompile(v.says).MatchString(out) {
					t.Errorf("%s does not say %q:\n%s", v.client, v.says, clip(out, 2500))
				}
			}
		})
	}
}

func clip(s string, n int) string {
	if s = strings.TrimSpace(s); len(s) > n {
		return s[:n/2] + "\n…\n" + s[len(s)-n/2:]
	}
	return s
}
