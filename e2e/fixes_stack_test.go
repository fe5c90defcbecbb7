//go:build linux

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// stackCase is advice for the client's end: a real client fails at a server, gets the catalogue's advice for its own
// software and release, exactly as printed, and gets through. What is dialled is localhost, so that programs are run as
// their users do.
type stackCase struct {
	cause  cause.ID
	client string // key of stackClients
	place  string // of the fix, where the software has several
}

func (c stackCase) name() string {
	return strings.TrimSuffix(fmt.Sprintf("%s/%s/%s", c.client, c.cause, c.place), "/")
}

// stackServers are what clients fail at.
var stackServers = map[cause.ID]struct {
	server string
	spec   spec
}{
	cause.UntrustedRoot:       {"nginx", spec{cert: "local-private"}},
	cause.MTLSRequired:        {"nginx", spec{cert: "local", clients: "require"}},
	cause.NoSharedVersion:     {"nginx", spec{cert: "local", max: "1.0", weak: true}},
	cause.NoSharedCipher:      {"nginx", spec{cert: "local", max: "1.2", weak: true, ciphers: "AES256-CCM8:AES128-CCM8"}},
	cause.WeakDH:              {"nginx", spec{cert: "local", max: "1.2", weak: true, ciphers: dhe + ":ECDHE-RSA-AES128-GCM-SHA256", dh: "1024", lines: "ssl_prefer_server_ciphers on;\n"}},
	cause.WeakKey:             {"nginx", spec{cert: "local-1024", weak: true}},
	cause.LegacyRenegotiation: {"gnutls", spec{cert: "local", max: "1.2", ciphers: "%DISABLE_SAFE_RENEGOTIATION"}},
	cause.IncompleteChain:     {"nginx", spec{cert: "local-alone"}},
}

// serversFor are servers of a client's own, where the usual one does not stop it.
var serversFor = map[string]struct {
	server string
	spec   spec
}{
	"go/no-shared-cipher":    {"nginx", spec{cert: "local", max: "1.2", ciphers: "AES128-GCM-SHA256:AES256-GCM-SHA384"}},
	"java/no-shared-cipher":  {"nginx", spec{cert: "local", max: "1.2", ciphers: "AES128-GCM-SHA256:AES256-GCM-SHA384"}},
	"java/weak-dh":           {"java", spec{cert: "local", max: "1.2", weak: true, ciphers: "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256,TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", lines: "-Djdk.tls.ephemeralDHKeySize=legacy"}},
	"node-8/no-shared-group": {"nginx", spec{cert: "local", max: "1.2", groups: "secp384r1", ciphers: "ECDHE-RSA-AES128-GCM-SHA256"}},
}

func stackCases() []stackCase {
	var cases []stackCase
	add := func(client string, ids ...cause.ID) {
		for _, id := range ids {
			cases = append(cases, stackCase{cause: id, client: client})
		}
	}
	add("curl", cause.UntrustedRoot, cause.MTLSRequired, cause.NoSharedVersion, cause.NoSharedCipher, cause.WeakDH, cause.WeakKey, cause.LegacyRenegotiation)
	// Debian's GnuTLS still offers TLS 1.0 by itself.
	add("wget", cause.UntrustedRoot, cause.MTLSRequired, cause.NoSharedCipher)
	add("git", cause.UntrustedRoot, cause.MTLSRequired)
	add("gnutls", cause.UntrustedRoot, cause.MTLSRequired, cause.NoSharedCipher)
	add("python", cause.UntrustedRoot, cause.MTLSRequired, cause.NoSharedVersion, cause.NoSharedCipher, cause.WeakDH, cause.WeakKey, cause.LegacyRenegotiation)
	add("requests", cause.UntrustedRoot, cause.IncompleteChain, cause.MTLSRequired, cause.NoSharedVersion, cause.WeakDH, cause.WeakKey, cause.LegacyRenegotiation)
	add("node", cause.UntrustedRoot, cause.MTLSRequired, cause.NoSharedVersion, cause.LegacyRenegotiation)
	add("node-16", cause.NoSharedVersion)
	add("node-8", cause.NoSharedGroup)
	add("node-0.10", cause.UntrustedRoot)
	add("java", cause.UntrustedRoot, cause.MTLSRequired, cause.NoSharedVersion, cause.NoSharedCipher, cause.WeakDH)
	add("go", cause.UntrustedRoot, cause.MTLSRequired, cause.NoSharedVersion, cause.NoSharedCipher)
	add("php", cause.UntrustedRoot, cause.MTLSRequired, cause.NoSharedVersion, cause.WeakDH, cause.WeakKey, cause.LegacyRenegotiation)
	add("ruby", cause.UntrustedRoot, cause.MTLSRequired, cause.NoSharedVersion, cause.NoSharedCipher, cause.WeakDH, cause.WeakKey, cause.LegacyRenegotiation)
	add("perl", cause.UntrustedRoot, cause.MTLSRequired, cause.NoSharedVersion, cause.NoSharedCipher, cause.WeakDH, cause.WeakKey, cause.LegacyRenegotiation)
	for _, id := range []cause.ID{cause.NoSharedVersion, cause.NoSharedCipher, cause.WeakDH, cause.WeakKey, cause.LegacyRenegotiation} {
		cases = append(cases, stackCase{cause: id, client: "openssl", place: "openssl.cnf"})
	}
	return cases
}

// change is advice that was applied: what a command gets besides.
type change struct {
	options, env []string
	code         string // put where a program says FIX
	ini          string // a php.ini
}

// stackClient is a real program that asks https://localhost for its first page.
type stackClient struct {
	stack string // its software and release; "" behind the name: the one on this machine
	run   func(e *env, url, roots string, x change) *exec.Cmd
}

var stackClients = map[string]stackClient{
	"curl": {"curl-7.88.1", func(e *env, url, roots string, x change) *exec.Cmd {
		return exec.Command("curl", append([]string{"-sS", "-f", "-m", "10", "--noproxy", "*", "--cacert", roots, url}, x.options...)...)
	}},
	"wget": {"wget-1.21.3", func(e *env, url, roots string, x change) *exec.Cmd {
		return exec.Command("wget", append([]string{"--no-config", "--no-proxy", "-O-", "--tries=1", "--timeout=10", "--ca-certificate=" + roots, url}, x.options...)...)
	}},
	// No repository is there: an answer of HTTP is what counts, see through.
	"git": {"git-2.39.5", func(e *env, url, roots string, x change) *exec.Cmd {
		c := exec.Command("git", append(append([]string{"-c", "http.sslCAInfo=" + roots}, x.options...), "ls-remote", url)...)
		c.Env = []string{"GIT_CURL_VERBOSE=1", "GIT_CONFIG_NOSYSTEM=1"}
		return c
	}},
	"gnutls": {"gnutls-3.7.9", func(e *env, url, roots string, x change) *exec.Cmd {
		return exec.Command("gnutls-cli", append([]string{"--x509cafile=" + roots, "-p", fmtInt(e.port)}, append(x.options, "localhost")...)...)
	}},
	"openssl": {"openssl-3.0.22", func(e *env, url, roots string, x change) *exec.Cmd {
		return exec.Command("openssl", append([]string{"s_client", "-connect", "localhost:" + fmtInt(e.port), "-CAfile", roots, "-verify_return_error"}, x.options...)...)
	}},
	"python":   {"python-3.11.2", interpreted("get.py.txt", "# FIX", "SSL_CERT_FILE", "/usr/bin/python3")},
	"requests": {"requests-2.28.1", interpreted("requests.py.txt", "# FIX", "REQUESTS_CA_BUNDLE", "/usr/bin/python3")},
	"ruby":     {"ruby-3.1.2", interpreted("get.rb.txt", "# FIX", "SSL_CERT_FILE", "ruby")},
	"perl":     {"perl-5.36.0", interpreted("get.pl.txt", "# FIX", "PERL_LWP_SSL_CA_FILE", "perl")},
	"php": {"php-8.2.0", func(e *env, url, roots string, x change) *exec.Cmd {
		file := e.program("get.php.txt", "// FIX", "get.php", x.code)
		ini := "openssl.cafile = " + roots + "\n"
		if x.ini != "" {
			ini = x.ini
		}
		return exec.Command("php", "-n", "-c", e.file("php.ini", ini), "-d", "openssl.cafile="+iniValue(ini, "openssl.cafile"), file, url)
	}},
	"node":      nodeStack("20.20.2"),
	"node-16":   nodeStack("16.20.2"),
	"node-8":    nodeStack("8.17.0"),
	"node-0.10": nodeStack("0.10.48"),
	"go": {"go-1.26.8", func(e *env, url, roots string, x change) *exec.Cmd {
		dir := e.mkdir("go")
		e.file("go/go.mod", "module client\n\ngo 1.26\n")
		if err := os.Rename(e.program("get.go.txt", "// FIX", "main.go", x.code), filepath.Join(dir, "main.go")); err != nil {
			e.t.Fatal(err)
		}
		build := exec.Command("go", "build", "-o", "client", ".")
		build.Dir, build.Env = dir, append(os.Environ(), "GOFLAGS=", "GOWORK=off", "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			e.t.Fatalf("building the client: %v\n%s", err, out)
		}
		c := exec.Command(filepath.Join(dir, "client"), url)
		c.Env = []string{"SSL_CERT_FILE=" + roots}
		return c
	}},
	"java": {"java-17.0.21", func(e *env, url, roots string, x change) *exec.Cmd {
		args := []string{"-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djavax.net.ssl.trustStore=" + rootsForJava(e), "-Djavax.net.ssl.trustStorePassword=changeit"}
		return exec.Command("java", append(append(args, x.options...), "-cp", javaClasses(e), "Plain", url)...)
	}},
}

var (
	rootsOnce sync.Once
	rootsP12  string
)

// rootsForJava is the store with the roots that every client trusts.
func rootsForJava(e *env) string {
	e.t.Helper()
	keytool := need(e.t, "keytool")
	rootsOnce.Do(func() {
		rootsP12 = filepath.Join(workDir, "roots.p12")
		for i, one := range strings.SplitAfter(readAll(e.t, e.pki.roots()), "-----END CERTIFICATE-----\n") {
			if strings.Contains(one, "BEGIN") {
				e.runOnce(exec.Command(keytool, "-importcert", "-noprompt", "-keystore", rootsP12, "-storepass", "changeit", "-alias", fmtInt(i), "-file", e.file("one.pem", one)))
			}
		}
	})
	return rootsP12
}

// interpreted is a client that a template and an interpreter make, with its roots in an environment variable.
func interpreted(template, mark, roots, interpreter string) func(*env, string, string, change) *exec.Cmd {
	return func(e *env, url, file string, x change) *exec.Cmd {
		c := exec.Command(interpreter, e.program(template, mark, "client"+filepath.Ext(strings.TrimSuffix(template, ".txt")), x.code), url)
		c.Env = []string{roots + "=" + file}
		return c
	}
}

// nodeStack is a Node.js of install-clients.sh. Requests that the catalogue prints become the program's request.
func nodeStack(version string) stackClient {
	return stackClient{"nodejs-" + version, func(e *env, url, roots string, x change) *exec.Cmd {
		code := x.code
		if strings.HasPrefix(code, "https.request(") {
			code = "req = " + code
		}
		c := exec.Command(oldNode(e.t, version), e.program("get.js.txt", "// FIX", "get.js", code), url)
		c.Env = []string{"NODE_EXTRA_CA_CERTS=" + roots}
		if strings.HasPrefix(version, "0.") || strings.HasPrefix(version, "4.") {
			c.Env = nil
		}
		return c
	}}
}

// program writes a client with code in the place of a mark, each line as far in as the mark was.
func (e *env) program(template, mark, name, code string) string {
	e.t.Helper()
	text := readAll(e.t, filepath.Join("testdata", "stacks", template))
	before, _, _ := strings.Cut(text, mark)
	indent := before[strings.LastIndexByte(before, '\n')+1:]
	return e.file(name, strings.Replace(text, mark, strings.ReplaceAll(strings.TrimSpace(code), "\n", "\n"+indent), 1))
}

func iniValue(ini, key string) string {
	for line := range strings.Lines(ini) {
		if k, v, ok := strings.Cut(line, "="); ok && strings.TrimSpace(k) == key {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// catalogued is what the catalogue says first to this client.
func (c stackCase) catalogued() (*cause.Fix, error) {
	stack := cause.StackOf(stackClients[c.client].stack)
	entry, ok := cause.Get(c.cause)
	if !ok {
		return nil, fmt.Errorf("the catalogue has no cause %s", c.cause)
	}
	values := map[string]string{"acts": "server"}
	if entry.Side == cause.SideClient {
		values["acts"] = "client"
	}
	for _, x := range entry.FixesOf(stack, cause.SideClient, values) {
		if x.For == stack.Top().Software && (c.place == "" || c.place == x.Place) {
			for _, f := range entry.Fixes {
				if f.For == x.For && f.Side == x.Side && f.Text == x.Text {
					return f, nil
				}
			}
		}
	}
	return nil, fmt.Errorf("the catalogue has no advice for %s about %s", stack, c.cause)
}

// apply does what a fix says, in the directory of the endpoint.
func (c stackCase) apply(e *env, f *cause.Fix) change {
	e.t.Helper()
	trusted := e.pki.roots()
	switch c.cause {
	case cause.UntrustedRoot:
		trusted = e.id("ca/private").leafFile
	case cause.IncompleteChain:
		trusted = e.file("with-intermediate.pem", readAll(e.t, trusted)+readAll(e.t, e.id("ca/rsa-issuing").leafFile))
	}
	known := map[string]string{
		"host": "localhost", "port": fmtInt(e.port), "address": "127.0.0.1", "ca_file": trusted,
		"client_cert_file": e.id("client/good").chainFile, "client_key_file": e.id("client/good").keyFile,
	}
	var x change
	config := cause.Expand(f.Config, known)
	switch f.Place {
	case "options":
		x.options = strings.Fields(config)
	case "environment":
		for line := range strings.Lines(config) {
			x.env = append(x.env, strings.TrimSpace(line))
		}
	case "code":
		x.code = config
	case "php.ini":
		x.ini = config + "\n"
	case "openssl.cnf":
		x.env = []string{"OPENSSL_CONF=" + e.file("own.cnf", "openssl_conf = init\n[init]\nssl_conf = ssl\n[ssl]\nsystem_default = tls\n[tls]\n"+config+"\n")}
	default:
		e.t.Fatalf("no way to apply a fix at %q", f.Place)
	}
	for _, line := range f.Run {
		cmd := exec.Command("sh", "-c", cause.ExpandCommand(line, known))
		cmd.Dir, cmd.Env = e.dir, append(os.Environ(), "JAVA_HOME="+javaHome(e))
		e.runOnce(cmd)
	}
	return x
}

func javaHome(e *env) string {
	java, err := exec.LookPath("java")
	if err != nil {
		return ""
	}
	if java, err = filepath.EvalSymlinks(java); err != nil {
		e.t.Fatal(err)
	}
	return filepath.Dir(filepath.Dir(java))
}

// foreignSetting is a variable by which this machine's owner has set clients up.
var foreignSetting = regexp.MustCompile(`(?i)^(NODE_|SSL_CERT|CURL_|GIT_|REQUESTS_|PIP_|PERL_LWP|HTTPS_CA|JAVA_TOOL|JDK_JAVA|OPENSSL_CONF|GODEBUG|\w+_proxy=)`)

// ask runs the client, with a change or without.
func (c stackCase) ask(e *env, x change) (through bool, output string) {
	e.t.Helper()
	cmd := stackClients[c.client].run(e, fmt.Sprintf("https://localhost:%d/", e.port), e.pki.roots(), x)
	ctx, stop := context.WithTimeout(e.t.Context(), 30*time.Second)
	defer stop()
	run := exec.CommandContext(ctx, need(e.t, cmd.Path), cmd.Args[1:]...)
	run.Dir = e.dir
	clean := slices.DeleteFunc(os.Environ(), func(v string) bool { return foreignSetting.MatchString(v) })
	run.Env = append(append(append(clean, "HOME="+e.dir), cmd.Env...), x.env...)
	run.Stdin = strings.NewReader("GET / HTTP/1.0\r\nHost: localhost\r\n\r\n")
	var out bytes.Buffer
	run.Stdout, run.Stderr = &out, &out
	err := run.Run()
	text := run.String() + "\n" + string(bytes.ToValidUTF8(out.Bytes(), []byte("?")))
	switch c.client {
	case "git", "gnutls": // both go on to what they are for, which is not there
		return strings.Contains(text, "HTTP/1.1 200") || strings.Contains(text, "HTTP/2 200"), text
	}
	return err == nil, text
}

// TestStackFixes: the client fails, does what the catalogue says, and gets through.
func TestStackFixes(t *testing.T) {
	for _, c := range stackCases() {
		t.Run(c.name(), func(t *testing.T) {
			t.Parallel()
			f, err := c.catalogued()
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(c.client, "java") {
				need(t, "javac")
			}
			s, own := serversFor[c.client+"/"+string(c.cause)]
			if !own {
				s.server, s.spec = stackServers[c.cause].server, stackServers[c.cause].spec
			}
			e := start(t, s.server, s.spec)
			if through, out := c.ask(e, change{}); through {
				t.Fatalf("it gets through without the fix\n%s", clip(out, 1500))
			}
			x := c.apply(e, f)
			if through, out := c.ask(e, x); !through {
				t.Errorf("it does not get through with %q at %q\n%s", f.Config, f.Place, clip(out, 2500))
			}
		})
	}
}
