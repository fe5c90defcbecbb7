package cause_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/tlswhy/tlswhy/internal/cause"
)

func TestVersionsHold(t *testing.T) {
	for _, c := range []struct {
		r       cause.Versions
		in, out []string
	}{
		{"", []string{"", "1", "x"}, nil},
		{"<8u31", []string{"7", "7u80", "8", "8u25", "1.8.0_25", "1.7.0_80-b15", ""}, []string{"8u31", "8u51", "1.8.0_31", "11", "17.0.21.1"}},
		{">=8u291 <9 || >=11.0.11", []string{"8u291", "8u462", "11.0.11", "17.0.21.1", "25"}, []string{"8u282", "9", "10.0.2", "11", "11.0.2"}},
		{"<1.0.1", []string{"0.9.8zh", "1.0.0f"}, []string{"1.0.1", "1.0.1e", "3.0.22"}},
		{">=1.0.2k", []string{"1.0.2k", "1.0.2u", "1.1.0h", "1.1.1v+quic"}, []string{"1.0.2", "1.0.2f"}},
		{">=0.10", []string{"0.10.0", "0.12.18", "v4.9.1", "26"}, []string{"0.8.28", "0.9.12"}},
		{"<2.7.9 || >=3 <3.4", []string{"2.7.6", "3.3.7"}, []string{"2.7.18", "3.11.2", "3.4"}},
		{"<4.1", []string{"4.0.4", "2.3"}, []string{"4.1", "4.10", "16"}},
	} {
		if !c.r.Valid() {
			t.Errorf("%q is no range", c.r)
		}
		for _, v := range c.in {
			if !c.r.Hold(v) {
				t.Errorf("%q leaves %q out", c.r, v)
			}
		}
		for _, v := range c.out {
			if c.r.Hold(v) {
				t.Errorf("%q holds %q", c.r, v)
			}
		}
	}
	for _, r := range []cause.Versions{"8", "<", ">=", "=8", "<=8", ">8", "< 8", "<8 ||", "|| <8", "<x", ">==8"} {
		if r.Valid() {
			t.Errorf("%q passes as a range", r)
		}
	}
}

func FuzzVersions(f *testing.F) {
	f.Add(">=8u291 <9 || >=11.0.11", "1.8.0_292-b10")
	f.Add("<99999999999999999999", "0.9.8zh")
	f.Fuzz(func(_ *testing.T, r, v string) { // no panic
		x := cause.Versions(r)
		x.Valid()
		x.Hold(v)
	})
}

func TestStackOf(t *testing.T) {
	for name, want := range map[string]string{
		"java-8u51": "Java 8u51", "python-3.11-debian": "Python 3.11", "nginx": "nginx", "node-fetch-18.20.8": "Node.js", "curl-openssl": "curl",
		"openssl-s_server": "openssl s_server", "": "", "abacus-1": "", "1.0": "",
	} {
		if got := cause.StackOf(name).String(); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

// TestAdviceData holds fixes to what the program makes of them.
func TestAdviceData(t *testing.T) {
	values := map[string]bool{"acts": true, "taken": true}
	for _, p := range cause.Placeholders() {
		values[p.Name] = true
	}
	off := regexp.MustCompile(`(?i)verify *= *false|verify_none|--no-check-certificate|--insecure|curl .*\s-k\b|TLS_REJECT_UNAUTHORIZED=0|InsecureSkipVerify|sslVerify=false|CERT_NONE|_create_unverified`)
	ours := regexp.MustCompile(`(?i)\b(lab|shop|cafe)\.(test|example)\b|harbour street|mill lane|127\.0\.0\.1:\d{5}`)
	for _, c := range cause.All() {
		for _, f := range c.Fixes {
			where := string(c.ID) + " for " + f.For
			if !f.Versions.Valid() {
				t.Errorf("%s: versions %q", where, f.Versions)
			}
			for _, w := range f.When {
				if !values[w.Name] || len(w.Is) == 0 {
					t.Errorf("%s: a condition on %q, which no finding has", where, w.Name)
				}
			}
			if s := f.Config + strings.Join(f.Run, "\n"); off.MatchString(s) {
				t.Errorf("%s switches verification off: %s", where, s)
			}
			// In prose such a switch stands behind a "never" or is said to accept everybody.
			if off.MatchString(f.Text) && !regexp.MustCompile(`(?i)\bnever\b|everybody|everything`).MatchString(f.Text) {
				t.Errorf("%s speaks well of a switch that turns verification off: %s", where, f.Text)
			}
			if s := f.Text + f.Config + strings.Join(f.Run, ""); ours.MatchString(s) {
				t.Errorf("%s names our own test bed: %s", where, s)
			}
		}
	}
}
