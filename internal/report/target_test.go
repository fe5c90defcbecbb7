package report

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestParseTarget(t *testing.T) {
	name := func(s string) *string { return &s }
	for _, tt := range []struct {
		in   string
		want Target
		text string
	}{
		{"example.com", Target{Host: "example.com", Port: 443, SNI: name("example.com"), Service: "http", Path: "/"}, "example.com:443"},
		{"example.com:8443", Target{Host: "example.com", Port: 8443, SNI: name("example.com"), Service: "http", Path: "/"}, "example.com:8443"},
		{"https://Example.COM/x?y=1#z", Target{Host: "example.com", Port: 443, SNI: name("example.com"), Service: "http", Path: "/x?y=1"}, "example.com:443"},
		{"https://example.com:444", Target{Host: "example.com", Port: 444, SNI: name("example.com"), Service: "http", Path: "/"}, "example.com:444"},
		{"https://example.com?q", Target{Host: "example.com", Port: 443, SNI: name("example.com"), Service: "http", Path: "/?q"}, "example.com:443"},
		{"https://example.com/?q=a b\"é", Target{Host: "example.com", Port: 443, SNI: name("example.com"), Service: "http", Path: "/?q=a%20b%22%C3%A9"}, "example.com:443"},
		{"192.0.2.1", Target{Host: "192.0.2.1", Port: 443, Service: "http", Path: "/"}, "192.0.2.1:443"},
		{"[2001:db8::1]:443", Target{Host: "2001:db8::1", Port: 443, Service: "http", Path: "/"}, "[2001:db8::1]:443"},
		{"2001:DB8::1", Target{Host: "2001:db8::1", Port: 443, Service: "http", Path: "/"}, "[2001:db8::1]:443"},
		{"[fe80::1%eth0]", Target{Host: "fe80::1%eth0", Port: 443, Service: "http", Path: "/"}, "[fe80::1%eth0]:443"},
		{"smtp://mx.example.com", Target{Host: "mx.example.com", Port: 25, SNI: name("mx.example.com"), StartTLS: "smtp", Service: "smtp", Path: "/"}, "smtp://mx.example.com:25"},
		{"submission://mx.example.com", Target{Host: "mx.example.com", Port: 587, SNI: name("mx.example.com"), StartTLS: "smtp", Service: "smtp", Path: "/"}, "smtp://mx.example.com:587"},
		{"smtps://mx.example.com", Target{Host: "mx.example.com", Port: 465, SNI: name("mx.example.com"), Service: "smtp", Path: "/"}, "mx.example.com:465"},
		{"imaps://mx.example.com:1993", Target{Host: "mx.example.com", Port: 1993, SNI: name("mx.example.com"), Service: "imap", Path: "/"}, "imaps://mx.example.com:1993"},
		{"mx.example.com:993", Target{Host: "mx.example.com", Port: 993, SNI: name("mx.example.com"), Service: "imap", Path: "/"}, "mx.example.com:993"},
		{"POSTGRES://db.example.com", Target{Host: "db.example.com", Port: 5432, SNI: name("db.example.com"), StartTLS: "postgres", Service: "postgres", Path: "/"}, "postgres://db.example.com:5432"},
		{"bücher.example", Target{Host: "xn--bcher-kva.example", Port: 443, SNI: name("xn--bcher-kva.example"), Service: "http", Path: "/"}, "xn--bcher-kva.example:443"},
		{"日本。example", Target{Host: "xn--wgv71a.example", Port: 443, SNI: name("xn--wgv71a.example"), Service: "http", Path: "/"}, "xn--wgv71a.example:443"},
		{"example.com.", Target{Host: "example.com", Port: 443, SNI: name("example.com"), Service: "http", Path: "/"}, "example.com:443"},
		{"db_1.internal", Target{Host: "db_1.internal", Port: 443, SNI: name("db_1.internal"), Service: "http", Path: "/"}, "db_1.internal:443"},
		{"r3---sn-4g5e.example.com", Target{Host: "r3---sn-4g5e.example.com", Port: 443, SNI: name("r3---sn-4g5e.example.com"), Service: "http", Path: "/"}, "r3---sn-4g5e.example.com:443"},
		{"localhost:8443/health", Target{Host: "localhost", Port: 8443, SNI: name("localhost"), Service: "http", Path: "/health"}, "localhost:8443"},
	} {
		t.Run(tt.in, func(t *testing.T) {
			got, err := ParseTarget(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			tt.want.Input = tt.in
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
			if got.String() != tt.text {
				t.Errorf("String: %q, want %q", got.String(), tt.text)
			}
		})
	}
}

func TestParseTargetRefuses(t *testing.T) {
	for in, want := range map[string]string{
		"":                                    "empty",
		"  ":                                  "empty",
		"http://example.com":                  "write https://",
		"gopher://example.com":                `scheme "gopher" is not known`,
		"https://":                            "host is missing",
		"https://user:pw@example.com/":        "user name or password",
		"user@example.com":                    "user name or password",
		"example.com:0":                       "out of range",
		"example.com:65536":                   "out of range",
		"example.com:99999999999999999999999": "out of range",
		"example.com:-1":                      "not a number",
		"example.com:https":                   "not a number",
		"example.com:":                        "not a number",
		"2001:db8::1]:443":                    "brackets",
		"[2001:db8::1":                        "missing",
		"[example.com]":                       "not an IPv6 address",
		"[192.0.2.1]":                         "not an IPv6 address",
		"[2001:db8::1]x":                      "only :PORT",
		"2001:db8::1:zz":                      "brackets",
		"127.1":                               "neither a name nor an IPv4 address",
		"256.1.1.1":                           "neither a name nor an IPv4 address",
		"a..b":                                "label is empty",
		"-a.example":                          "hyphen",
		"*.example.com":                       "cannot stand in one",
		"exa mple.com":                        "not a host name",
		"example.com\x00":                     "not a host name",
		strings.Repeat("a", 64) + ".b":        "longer than 63",
		strings.Repeat("a.", 200) + "b":       "longer than 253",
		"xn--zzzzzz--.example":                "not a host name",
		"\u202eexample.com":                   "not a host name",
	} {
		t.Run(in, func(t *testing.T) {
			got, err := ParseTarget(in)
			if err == nil {
				t.Fatalf("accepted as %+v", got)
			}
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q does not say %q", err, want)
			}
			if strings.ContainsAny(err.Error(), "\n\r\x1b\x00\u202e") {
				t.Errorf("%q is not one plain line", err)
			}
		})
	}
}

// What is shown as the target can be given as one again.
func TestTargetStringRoundTrips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		scheme := rapid.SampledFrom(Schemes()).Draw(t, "scheme")
		host := rapid.SampledFrom([]string{"example.com", "192.0.2.1", "[2001:db8::1]"}).Draw(t, "host")
		in := scheme + "://" + host
		if rapid.Bool().Draw(t, "with port") {
			in += ":" + rapid.StringMatching(`[1-9][0-9]{0,3}`).Draw(t, "port")
		}
		first, err := ParseTarget(in)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseTarget(first.String())
		if err != nil {
			t.Fatalf("%q, from %q: %v", first.String(), in, err)
		}
		if first.Service == "" { // tls:// says nothing of what is inside
			first.Service, again.Service = "", ""
		}
		first.Input, again.Input = "", ""
		if d := cmp.Diff(first, again); d != "" {
			t.Errorf("%q: -first +again:\n%s", in, d)
		}
	})
}

func FuzzParseTarget(f *testing.F) {
	for _, s := range []string{"example.com", "https://example.com:8443/x?y#z", "[2001:db8::1]:443", "smtp://bücher.example", "a:b:c", "://", "x://[::1%1]:70000"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := ParseTarget(s)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\r\x1b\x00") {
				t.Fatalf("%q is not one plain line", err)
			}
			return
		}
		if got.Host == "" || got.Port == 0 || !strings.HasPrefix(got.Path, "/") {
			t.Fatalf("%q became %+v", s, got)
		}
		if strings.ContainsAny(got.Host+got.Path, " \r\n\t\x00") {
			t.Fatalf("%q became %+v: that would split a request", s, got)
		}
	})
}
