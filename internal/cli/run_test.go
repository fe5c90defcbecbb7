package cli

import (
	"slices"
	"strings"
	"testing"
)

func TestRelayEnvironment(t *testing.T) {
	value := func(env []string, name string) (string, bool) {
		i := slices.IndexFunc(env, func(e string) bool { return strings.HasPrefix(e, name+"=") })
		if i < 0 {
			return "", false
		}
		return strings.TrimPrefix(env[i], name+"="), true
	}
	const relay, proxy = "127.0.0.1:4711", "http://127.0.0.1:4711"
	env := relayEnvironment(relay, []string{"PATH=/bin", "https_proxy=http://mine:3128", "HTTP_PROXY=http://mine:3128", "NO_PROXY=example.com", "no_proxy=x", "JAVA_TOOL_OPTIONS=-Xmx1g"})
	for name, want := range map[string]string{
		"PATH": "/bin", "HTTPS_PROXY": proxy, "https_proxy": proxy, "ALL_PROXY": proxy, "all_proxy": proxy, "npm_config_https_proxy": proxy,
		"HTTP_PROXY": "http://mine:3128", "NODE_USE_ENV_PROXY": "1", "GIT_CONFIG_KEY_0": "http.proxy", "GIT_CONFIG_VALUE_0": proxy,
		"JAVA_TOOL_OPTIONS": "-Xmx1g -Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=4711 -Dhttp.nonProxyHosts=",
	} {
		if got, _ := value(env, name); got != want {
			t.Errorf("%s=%q, want %q", name, got, want)
		}
	}
	for _, name := range []string{"NO_PROXY", "no_proxy", "http_proxy"} {
		if got, there := value(env, name); there {
			t.Errorf("%s=%q is there", name, got)
		}
	}
	if got, _ := value(relayEnvironment(relay, nil), "http_proxy"); got != proxy {
		t.Errorf("http_proxy=%q without one of the user's", got)
	}
	if got := withoutOurJava(env); !slices.Contains(got, "JAVA_TOOL_OPTIONS=-Xmx1g") {
		t.Errorf("the user's own Java options are lost: %v", got)
	}
	if got := javaFlags(env); len(got) != 3 || got[1] != "-Dhttps.proxyPort=4711" {
		t.Errorf("flags of java: %v", got)
	}
	own := []string{"JAVA_TOOL_OPTIONS=-Dhttps.proxyHost=mine -javaagent:/a b"}
	if got := javaFlags(relayEnvironment(relay, own)); len(got) == 0 || got[0] != "-Dhttps.proxyHost=127.0.0.1" {
		t.Errorf("the user's own Java options become flags: %v", got)
	}
}

func TestUpstreamProxy(t *testing.T) {
	getenv := func(env map[string]string) func(string) string { return func(n string) string { return env[n] } }
	f, err := upstreamProxy("", getenv(map[string]string{"https_proxy": "http://p:1", "NO_PROXY": ".internal"}))
	if err != nil {
		t.Fatal(err)
	}
	if u := f("example.com:443"); u == nil || u.Host != "p:1" {
		t.Errorf("the user's proxy is %v", u)
	}
	if u := f("a.internal:443"); u != nil {
		t.Errorf("an exception goes to %v", u)
	}
	if _, err := upstreamProxy("", getenv(map[string]string{"ALL_PROXY": "socks5://u:secret@p:1"})); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("a proxy that the relay cannot use: %v", err)
	}
	if f, err := upstreamProxy("", getenv(nil)); err != nil || f != nil {
		t.Errorf("a proxy out of nothing, %v", err)
	}
	if f, err := upstreamProxy("q:2", getenv(map[string]string{"https_proxy": "http://p:1"})); err != nil || f("a:443").Host != "q:2" {
		t.Errorf("--proxy does not win, %v", err)
	}
}

func TestRootsGiven(t *testing.T) {
	for line, want := range map[string]struct {
		files    []rootFile
		insecure string
		cert     string
	}{
		"curl --cacert ca.pem https://x": {files: []rootFile{{"ca.pem", "--cacert", false}, {"ssl.pem", "SSL_CERT_FILE", false}}},
		"/usr/bin/curl -sSk https://x":   {files: []rootFile{{"ssl.pem", "SSL_CERT_FILE", false}}, insecure: "-k"},
		"curl -o kitchen https://x":      {files: []rootFile{{"ssl.pem", "SSL_CERT_FILE", false}}},
		"curl --cert c.pem https://x":    {files: []rootFile{{"ssl.pem", "SSL_CERT_FILE", false}}, cert: "c.pem"},
		"wget --ca-certificate=w.pem u":  {files: []rootFile{{"w.pem", "--ca-certificate", false}, {"ssl.pem", "SSL_CERT_FILE", false}}},
		"node x.js":                      {files: []rootFile{{"extra.pem", "NODE_EXTRA_CA_CERTS", true}}},
		"python3.11 x.py":                {files: []rootFile{{"requests.pem", "REQUESTS_CA_BUNDLE", false}, {"ssl.pem", "SSL_CERT_FILE", false}}},
		"java -jar x.jar":                {},
		"./app":                          {files: []rootFile{{"ssl.pem", "SSL_CERT_FILE", false}}},
	} {
		got := rootsGiven(strings.Fields(line), func(n string) string {
			return map[string]string{"SSL_CERT_FILE": "ssl.pem", "NODE_EXTRA_CA_CERTS": "extra.pem", "REQUESTS_CA_BUNDLE": "requests.pem"}[n]
		})
		if !slices.Equal(got.files, want.files) || got.insecure != want.insecure || got.cert != want.cert {
			t.Errorf("%s: %+v", line, got)
		}
	}
}

func TestShellWords(t *testing.T) {
	got := strings.Join(shellWords([]string{"curl", "-H", "A: it's", "", "https://x/?a=b"}), " ")
	if want := `curl -H 'A: it'\''s' '' 'https://x/?a=b'`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
