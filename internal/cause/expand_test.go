package cause_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tlswhy/tlswhy/internal/cause"
)

func TestExpand(t *testing.T) {
	for _, c := range []struct {
		name, template string
		known          map[string]string
		want           string
	}{
		{"nothing known", "{host}:{port}", nil, "example.com:443"},
		{"known", "{host}:{port}", map[string]string{"host": "a.example", "port": "8443"}, "a.example:8443"},
		{"empty is not known", "{host}", map[string]string{"host": ""}, "example.com"},
		{"connect", "{connect}", map[string]string{"host": "a.example", "port": "25"}, "a.example:25"},
		{"connect to IPv6", "{connect}", map[string]string{"host": "2001:db8::1"}, "[2001:db8::1]:443"},
		{"connect elsewhere", "{connect} {connect_to}", map[string]string{"connect": "192.0.2.7:8443"}, "192.0.2.7:8443 --connect-to ::192.0.2.7:8443"},
		{"sni follows the host", "{servername}", map[string]string{"host": "a.example"}, "-servername a.example"},
		{"an address is no server name", "{servername}", map[string]string{"host": "192.0.2.7"}, "-noservername"},
		{"nor in brackets", "{servername}", map[string]string{"host": "[2001:db8::1]"}, "-noservername"},
		{"another sni", "{servername}", map[string]string{"host": "a.example", "sni": "b.example"}, "-servername b.example"},
		{"no sni", "{servername}", map[string]string{"host": "a.example", "sni": ""}, "-noservername"},
		{"url", "{url}", map[string]string{"host": "a.example"}, "https://a.example/"},
		{"url with port and path", "{url}", map[string]string{"host": "2001:db8::1", "port": "8443", "path": "/x"}, "https://[2001:db8::1]:8443/x"},
		{"empty options vanish", "s_client {starttls} {cafile} -x", nil, "s_client -x"},
		{"options", "s_client {starttls} {cafile}", map[string]string{"service": "imap", "ca_file": "r.pem"}, "s_client -starttls imap -CAfile r.pem"},
		{"options are not given", "{cafile}|{servername}", map[string]string{"cafile": "-x", "servername": "-y"}, "|-servername example.com"},
		{"versions", "{version_option}", map[string]string{"version": "TLS 1.0"}, "-tls1"},
		{"versions", "{version_option}", map[string]string{"version": "SSL 3.0"}, "-ssl3"},
		{"version unknown", "{version_option}", nil, "-tls1_2"},
		{"braces of others", "tls {chain_file} {\n\tx {}\n} { a } {A} {} %{HTTP_HOST}", nil, "tls fullchain.pem {\n\tx {}\n} { a } {A} {} %{HTTP_HOST}"},
		{"escaped", "%{{http_code}} {{host}} T{{host}}}", nil, "%{http_code} {host} T{host}}"},
		{"unknown name", "{nonsense} {host}", nil, "{nonsense} example.com"},
		{"unclosed", "{host {port", nil, "{host {port"},
		{"values are not templates", "{host}", map[string]string{"host": "{port}"}, "{port}"},
	} {
		if got := cause.Expand(c.template, c.known); got != c.want {
			t.Errorf("%s: Expand(%q, %v) = %q, want %q", c.name, c.template, c.known, got, c.want)
		}
	}
}

// TestExpandCommandQuotes gives hostile names, as a certificate can carry them,
// to a real shell and looks at the words that it makes of them.
func TestExpandCommandQuotes(t *testing.T) {
	sh := tool(t, "sh")
	for _, value := range []string{
		"a.example", "a b", "x;touch /nonexistent/x", "$(id)", "`id`", "it's", `"`, `\`, "*", "-rf", "a'b'c", "ä", "{port}", "#x", "~", "!x",
	} {
		for template, want := range map[string][]string{
			"printf '%s\\n' {names}":      {value},
			"printf '%s\\n' {servername}": {"-servername", value},
			"printf '%s\\n' {cafile} end": {"-CAfile", value, "end"},
			"printf '%s\\n' x={names}.":   {"x=" + value + "."},
		} {
			command := cause.ExpandCommand(template, map[string]string{"names": value, "sni": value, "ca_file": value})
			out, err := exec.Command(sh, "-c", command).CombinedOutput()
			if err != nil {
				t.Errorf("%s: %v", command, err)
			}
			if got := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n"); !slices.Equal(got, want) {
				t.Errorf("%q makes the words %q, want %q", command, got, want)
			}
		}
	}
	if got := cause.ExpandCommand("x {names}", map[string]string{"names": "a\x1b[31m\nb"}); strings.ContainsAny(got, "\x1b\n") {
		t.Errorf("control characters get through: %q", got)
	}
}

func TestPlaceholders(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range cause.Placeholders() {
		if seen[p.Name] || p.Means == "" {
			t.Errorf("{%s} stands there twice or says nothing", p.Name)
		}
		seen[p.Name] = true
		if got := cause.Expand("{"+p.Name+"}", nil); got == "" && !p.Flag {
			t.Errorf("{%s} becomes nothing when nothing is known", p.Name)
		}
	}
}

func FuzzExpand(f *testing.F) {
	for _, c := range cause.All() {
		f.Add(c.Reproduce[0], "host", "a.example")
	}
	f.Add("{{host}} {sni}", "sni", "")
	f.Add("tls {chain_file} {\n}", "chain_file", "x'y")
	f.Add("{connect}", "host", "[::1")
	f.Fuzz(func(t *testing.T, template, name, value string) {
		known := map[string]string{name: value}
		for _, got := range []string{cause.Expand(template, known), cause.ExpandCommand(template, known)} {
			if utf8.ValidString(template) && utf8.ValidString(value) && !utf8.ValidString(got) {
				t.Errorf("%q is no longer UTF-8", got)
			}
			// A template grows by its placeholders' values and by nothing else.
			if limit := (len(template)+1)*(5*len(value)+100) + 1; len(got) > limit {
				t.Errorf("%d bytes of template became %d", len(template), len(got))
			}
			if !strings.Contains(template, "{") && got != template {
				t.Errorf("%q without placeholder became %q", template, got)
			}
		}
	})
}
