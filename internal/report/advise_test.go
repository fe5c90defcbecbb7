package report

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/tlswhy/tlswhy/internal/cause"
)

func TestShellWord(t *testing.T) {
	for in, want := range map[string]string{
		"plain": "plain", "/a/b-c_d.pem": "/a/b-c_d.pem", "2001:db8::1": "2001:db8::1", "http://p:3128": "http://p:3128",
		"": "''", "two words": "'two words'", "it's": `'it'\''s'`, "$(reboot)": "'$(reboot)'", "a;b": "'a;b'", "naïve": "'naïve'", "~": "'~'", "*": "'*'",
	} {
		if got := shellWord(in); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

// The command that repeats a check can be pasted into a shell.
func TestCommand(t *testing.T) {
	target := Target{Input: "api.example.com:8443", Host: "api.example.com", Port: 8443}
	for _, x := range []struct {
		command string
		o       Options
		own     []string
		want    string
	}{
		{"tlswhy", Options{}, nil, "tlswhy api.example.com:8443"},
		{"tlswhy", Options{Connect: "192.0.2.1", PublicRoots: true, CAFile: "my ca.pem"}, []string{"--as", "java-8u51"}, "tlswhy api.example.com:8443 --as java-8u51 --connect 192.0.2.1 --ca-file 'my ca.pem' --public-roots"},
		{"tlswhy survey", Options{SNI: "none", StartTLS: "smtp", NoAIA: true}, nil, "tlswhy survey api.example.com:8443 --sni none --starttls smtp --no-aia"},
	} {
		if got := Command(x.command, target, x.o, x.own...); got != x.want {
			t.Errorf("%s, want %s", got, x.want)
		}
	}
}

// Fixes for the software that answered come first, all others follow, and what
// is known of the case stands in the commands.
func TestAdvice(t *testing.T) {
	target := Target{Host: "api.example.com", Port: 8443}
	a := Advice{
		Known:    Placeholders(target, Options{Connect: "192.0.2.7", Proxy: "http://user:secret@proxy.example.net:3128"}, "api.example.com", netip.MustParseAddrPort("192.0.2.7:8443")),
		Software: "haproxy", Client: cause.StackOf("java-7"), Retest: "again",
	}
	f := Begin(cause.TLS13Missing, Proved, "…", "h1", "h1", "")
	a.Complete(&f)
	if len(f.Evidence) != 1 || f.Fix[0].For != "haproxy" || f.Retest != "again" || f.Alternatives == nil || f.Either == nil {
		t.Errorf("%+v", f)
	}
	if all, _ := cause.Get(cause.TLS13Missing); len(f.Fix) != len(all.Fixes) {
		t.Errorf("%d of %d fixes", len(f.Fix), len(all.Fixes))
	}
	if got := f.Reproduce[0]; !strings.Contains(got, "-connect 192.0.2.7:8443 -servername api.example.com") {
		t.Error(got)
	}
	if got := a.Known["proxy"]; got != "proxy.example.net:3128" {
		t.Errorf("proxy %q", got)
	}
	f = Begin(cause.ClientTooOld, Proved, "…")
	if a.Complete(&f); f.Side != cause.SideClient || f.Fix[0].For != "java" {
		t.Errorf("a client's fixes begin with %+v", f.Fix[0])
	}
}
