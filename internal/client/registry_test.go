package client

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestEveryProfileDecodes(t *testing.T) {
	for _, id := range IDs() {
		p, err := Get(id)
		if err != nil {
			t.Errorf("%s: %v", id, err)
			continue
		}
		if p.ID != id || p.Family == "" || p.Product == "" || p.Note == "" || p.Source == "" {
			t.Errorf("%s: incomplete: %+v", id, p)
		}
		if p.Policy.SendsSNI != (p.Hello.ServerName() != "") {
			t.Errorf("%s: sends_sni is %v, its hello has the name %q", id, p.Policy.SendsSNI, p.Hello.ServerName())
		}
		if name := p.Hello.ServerName(); name != "" && !strings.HasSuffix(name, ".example.com") {
			t.Errorf("%s: its hello names %q; use a name reserved for documentation", id, name)
		}
		if _, err := p.Store(); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
	if got := len(All()); got != len(IDs()) {
		t.Errorf("All has %d profiles, IDs %d", got, len(IDs()))
	}
}

func TestTheClientsOfTheContractExist(t *testing.T) {
	for _, id := range []string{"modern", "chrome", "firefox", "openssl-3.0", "curl-openssl", "java-17", "go-1.26.8", "nginx-proxy"} {
		if _, err := Get(id); err != nil {
			t.Error(err)
		}
	}
	if IDs()[0] != Default {
		t.Errorf("%s comes first, not %s", IDs()[0], Default)
	}
}

func TestGetReturnsAFreshProfile(t *testing.T) {
	a, _ := Get(Default)
	a.Hello.CipherSuites[0], a.Policy.MinRSABits = 0, 0
	b, _ := Get(Default)
	if b.Hello.CipherSuites[0] == 0 || b.Policy.MinRSABits == 0 {
		t.Error("a change of one profile shows in the next")
	}
}

func TestUnknownIDsGetSuggestions(t *testing.T) {
	for id, want := range map[string]string{
		"Modern":       "modern",
		"modren":       "modern",
		"openssl3.0":   "openssl-3.0",
		"openssl-3":    "openssl-3.0",
		"curl":         "curl-openssl",
		"java":         "java-25",
		"firefx":       "firefox",
		"go-1.26":      "go-1.26.8",
		"node":         "node-26.10.0",
		"nginx":        "nginx-proxy",
		"  chrome  ":   "chrome",
		"python-3.13":  "python-3.13.0",
		"zzzzzzzzzzzz": "",
		"":             "",
	} {
		_, err := Get(id)
		var unknown *UnknownError
		if !errors.As(err, &unknown) {
			t.Errorf("Get(%q): %v", id, err)
			continue
		}
		if want == "" {
			if len(unknown.Near) != 0 {
				t.Errorf("Get(%q) suggests %v", id, unknown.Near)
			}
			continue
		}
		if !slices.Contains(unknown.Near, want) {
			t.Errorf("Get(%q) suggests %v, not %s", id, unknown.Near, want)
		}
		if strings.ContainsAny(err.Error(), "\n") || !strings.Contains(err.Error(), want) {
			t.Errorf("Get(%q): %v", id, err)
		}
	}
}

func TestValidityFollowsTheDayOfIssuance(t *testing.T) {
	modern, _ := Get(Default)
	old, _ := Get("chrome-88")
	openssl, _ := Get("openssl-3.0")
	for _, c := range []struct {
		issued                string
		modern, old2020, none int
	}{
		{"2017-12-31", 0, 0, 0},
		{"2018-03-01", 825, 825, 0},
		{"2020-08-31", 825, 825, 0},
		{"2020-09-01", 398, 398, 0},
		{"2026-03-14", 398, 398, 0},
		{"2026-03-15", 200, 398, 0},
		{"2027-03-15", 100, 398, 0},
		{"2029-03-15", 47, 398, 0},
	} {
		at, err := time.Parse(time.DateOnly, c.issued)
		if err != nil {
			t.Fatal(err)
		}
		got := []int{modern.Policy.MaxValidity(at), old.Policy.MaxValidity(at), openssl.Policy.MaxValidity(at)}
		if want := []int{c.modern, c.old2020, c.none}; !slices.Equal(got, want) {
			t.Errorf("issued %s: %v days, want %v", c.issued, got, want)
		}
	}
}

func BenchmarkGet(b *testing.B) {
	for b.Loop() {
		if _, err := Get(Default); err != nil {
			b.Fatal(err)
		}
	}
}
