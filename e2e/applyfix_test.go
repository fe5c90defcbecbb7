//go:build linux

package e2e

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// confFile is the file, in an endpoint's directory, that a fix for a software changes.
var confFile = map[string]string{
	"nginx": "nginx.conf", "apache": "apache.conf", "haproxy": "haproxy.cfg", "caddy": "Caddyfile", "stunnel": "stunnel.conf",
	"postfix": "etc/main.cf", "dovecot": "dovecot.conf",
}

// applyFix does what the catalogue says of a fix's configuration: its lines replace those of the same directive at the
// place, or are added there.
func applyFix(software, place, conf, config string) (string, error) {
	if software == "haproxy" && place == "bind" {
		return onBindLine(conf, config)
	}
	first := func(line string) string {
		w, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		return strings.TrimSuffix(w, ";")
	}
	var start, end string // the block: from the line with start, up to the line with end
	switch software + " " + place {
	case "nginx server":
		start, end = "server_name shop.example", "}"
	case "apache vhost":
		start, end = "ServerName shop.example", "</VirtualHost>"
	case "caddy site":
		start, end = "bind 127.0.0.1", "respond "
	case "haproxy global":
		start, end = "log stdout", "defaults"
	case "stunnel service":
		start, end = "[shop]", "\x00"
	case "postfix main.cf", "dovecot dovecot.conf":
		start, end = "", "\x00"
	default:
		return "", fmt.Errorf("no way to apply a fix for %s at %q", software, place)
	}
	lines := strings.Split(conf, "\n")
	from, to := 0, len(lines)
	if start != "" {
		from = slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, start) })
		if from < 0 {
			return "", fmt.Errorf("no %q in the configuration", start)
		}
		// nginx puts listen before server_name
		for software == "nginx" && from > 0 && !strings.Contains(lines[from], "server {") {
			from--
		}
		from++
		if n := slices.IndexFunc(lines[from:], func(l string) bool { return strings.HasPrefix(strings.TrimSpace(l), end) }); n >= 0 {
			to = from + n
		}
	}

	replaced := map[string]bool{}
	for _, b := range blocks(config) {
		replaced[first(b)] = true
	}
	var kept []string
	for _, b := range blocks(strings.Join(lines[from:to], "\n")) {
		if w := first(b); !replaced[w] || w == "local_name" {
			kept = append(kept, b)
		}
	}
	out := slices.Concat(lines[:from], []string{strings.TrimRight(config, "\n")}, kept, lines[to:])
	return strings.Join(out, "\n"), nil
}

// blocks splits a configuration into directives, those with braces as one piece.
func blocks(text string) []string {
	var out []string
	depth := 0
	for _, l := range strings.Split(text, "\n") {
		if depth > 0 {
			out[len(out)-1] += "\n" + l
		} else if strings.TrimSpace(l) != "" {
			out = append(out, l)
		}
		depth += strings.Count(l, "{") - strings.Count(l, "}")
	}
	return out
}

var bindLine = regexp.MustCompile(`(?m)^\s*bind 127\.0\.0\.1:.*$`)

// onBindLine changes keywords of a bind line, each with its value.
func onBindLine(conf, config string) (string, error) {
	line := bindLine.FindString(conf)
	if line == "" {
		return "", fmt.Errorf("no bind line")
	}
	mended := line
	words := strings.Fields(config)
	for i := 0; i+1 < len(words); i += 2 {
		key, value := words[i], words[i+1]
		old := regexp.MustCompile(` ` + regexp.QuoteMeta(key) + ` \S+`)
		mended = old.ReplaceAllString(mended, "")
		mended += " " + key + " " + value
	}
	return strings.Replace(conf, line, mended, 1), nil
}

// onCommandLine changes options of a command, each with its value.
func onCommandLine(args, options []string) []string {
	out := slices.Clone(args)
	for i := 0; i+1 < len(options); i += 2 {
		if at := slices.Index(out, options[i]); at >= 0 {
			out = slices.Delete(out, at, at+2)
		}
		out = append(out, options[i], options[i+1])
	}
	return out
}

func decode(t testing.TB, o *outcome) {
	t.Helper()
	if err := json.Unmarshal(o.stdout, &o.report); err != nil {
		t.Fatalf("%s: exit %d, %v\n%s%s", o.line, o.code, err, clip(string(o.stdout), 1000), o.stderr)
	}
}

func TestApplyFix(t *testing.T) {
	for _, tt := range []struct{ software, place, conf, config, want string }{
		{
			"nginx", "server", "http {\nserver {\nlisten 1;\nserver_name shop.example;\nssl_protocols TLSv1;\nlocation / {\nreturn 200;\n}\n}\n}", "ssl_protocols TLSv1.2;\n",
			"http {\nserver {\nssl_protocols TLSv1.2;\nlisten 1;\nserver_name shop.example;\nlocation / {\nreturn 200;\n}\n}\n}",
		},
		{
			"haproxy", "bind", "frontend f\n  bind 127.0.0.1:1 ssl crt a ssl-min-ver TLSv1.0 ssl-max-ver TLSv1.0 ciphers X", "ssl-min-ver TLSv1.2 ssl-max-ver TLSv1.3\n",
			"frontend f\n  bind 127.0.0.1:1 ssl crt a ciphers X ssl-min-ver TLSv1.2 ssl-max-ver TLSv1.3",
		},
		{"stunnel", "service", "debug = 5\n[shop]\naccept = 1\nsslVersionMax = TLSv1", "sslVersionMax = TLSv1.3\n", "debug = 5\n[shop]\nsslVersionMax = TLSv1.3\naccept = 1"},
		{"caddy", "site", "https://shop.example {\nbind 127.0.0.1\ntls a b {\nprotocols tls1.3\n}\nrespond \"x\"\n}", "tls c d\n", "https://shop.example {\nbind 127.0.0.1\ntls c d\nrespond \"x\"\n}"},
	} {
		got, err := applyFix(tt.software, tt.place, tt.conf, tt.config)
		if err != nil {
			t.Error(err)
		}
		if got != tt.want {
			t.Errorf("%s: got\n%s\nwant\n%s", tt.software, got, tt.want)
		}
	}
}
