package render

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/env"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// aMachine has something of everything.
func aMachine() *env.Document {
	root := env.Root{Subject: "CN=Ours,O=Example", SHA256: strings.Repeat("ab", 32), Added: true, Interception: "Zscaler"}
	return &env.Document{
		Schema: env.Schema, Version: "test", Time: "2026-11-24T12:00:00Z",
		System:   env.System{OS: "linux", Arch: "amd64", ID: "debian", Name: "Debian GNU/Linux 12 (bookworm)", Release: "12"},
		Clock:    env.Clock{Now: "2026-11-24T12:00:00Z", Synchronised: transcript.Yes, MaxErrorMS: 20, Daemons: []string{"chrony"}, NotBefore: "2026-11-01T00:00:00Z", Evidence: "the sources are of then"},
		Proxy:    env.Proxy{Variables: []env.Variable{{Name: "HTTPS_PROXY", Value: "http://proxy.example.net:3128"}}, Exempt: []string{}},
		Settings: []env.Variable{{Name: "SSL_CERT_FILE", Value: "/nowhere", What: "the roots", For: "OpenSSL", Exists: transcript.No}},
		Policies: []env.Policy{{ID: "crypto-policies", Name: "FUTURE", Path: "/etc/crypto-policies/config", Settings: []env.Setting{}}},
		Stacks: []env.Stack{{
			ID: "openssl", Name: "OpenSSL", Path: "/usr/bin/openssl", Version: "3.0.15", Library: "OpenSSL 3.0.15",
			MinVersion: wire.VersionTLS12, MaxVersion: wire.VersionTLS13, SecurityLevel: 3, Suites: []wire.CipherSuite{0x1302},
			Groups: []wire.Group{wire.GroupX25519}, Settings: []env.Setting{{Name: "CipherString", Value: "DEFAULT@SECLEVEL=3", File: "/etc/ssl/openssl.cnf", Line: 7}},
			Store: "/etc/ssl/cert.pem", Profile: "openssl-3.0", Nearness: "of the same version", Packages: []env.Setting{},
			Advice: []env.Advice{{For: "add a CA", Text: "Put it there.", Run: []string{"cp ca.pem /etc/ssl/certs"}}}, Problems: []string{},
		}},
		Stores: []env.Store{{
			ID: "/etc/ssl/cert.pem", Path: "/etc/ssl/cert.pem", Format: "PEM", Roots: 140, SHA256: strings.Repeat("cd", 32), Newest: "2024-05-15T00:00:00Z",
			Expired: []env.Root{root}, Unlisted: []env.Root{root}, Missing: []env.Root{{Subject: "CN=ISRG Root X1"}}, Certificates: []env.Root{root}, UsedBy: []string{"openssl"},
		}},
		Findings: []env.Finding{
			{ID: env.FindFileMissing, Severity: cause.SeverityHigh, Title: "SSL_CERT_FILE names /nowhere, which does not exist", Detail: "It is read as the roots.", Fix: "Unset it."},
			{ID: env.FindLevelRaised, Severity: cause.SeverityMedium, Stack: "openssl", Title: "The level is raised", Detail: "Most are refused.", Fix: "Lower it."},
		},
	}
}

func TestEnvOnAScreen(t *testing.T) {
	d := aMachine()
	other := aMachine()
	other.Stacks[0].SecurityLevel, other.Stacks[0].MinVersion = 2, wire.VersionTLS10
	other.Stores[0].Certificates = nil
	for name, write := range map[string]func(*bytes.Buffer) error{
		"env":          func(b *bytes.Buffer) error { return Env(b, Term, d, "", Options{}) },
		"env-openssl":  func(b *bytes.Buffer) error { return Env(b, Term, d, "openssl", Options{}) },
		"env-markdown": func(b *bytes.Buffer) error { return Env(b, Markdown, d, "openssl", Options{}) },
		"env-diff": func(b *bytes.Buffer) error {
			return EnvDiff(b, Term, env.Compare(other, d, "there", "here"), Options{})
		},
		"env-diff-markdown": func(b *bytes.Buffer) error {
			return EnvDiff(b, Markdown, env.Compare(other, d, "there", "here"), Options{})
		},
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		golden(t, name+".txt", b.Bytes())
	}
	for _, f := range []Format{HTML, JUnit, SARIF} {
		if err := Env(&bytes.Buffer{}, f, d, "", Options{}); err == nil {
			t.Errorf("%s is no view of a machine", f)
		}
	}
}

// Subjects, paths and values are anybody's text here too.
func TestEnvHostileText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data, err := json.Marshal(aMachine())
		if err != nil {
			t.Fatal(err)
		}
		var a, b env.Document
		for _, d := range []*env.Document{&a, &b} {
			if err := json.Unmarshal(data, d); err != nil {
				t.Fatal(err)
			}
		}
		texts := rapid.SliceOfN(hostileText, 1, 8).Draw(t, "texts")
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		poison(reflect.ValueOf(&a).Elem(), texts, random)
		poison(reflect.ValueOf(&b).Elem(), texts, random)
		o := Options{Width: rapid.IntRange(20, 130).Draw(t, "width"), Color: rapid.Bool().Draw(t, "color"), Verbose: rapid.Bool().Draw(t, "verbose")}
		for _, f := range []Format{Term, JSON, Markdown} {
			for _, stack := range []string{"", a.Stacks[0].ID} {
				var out bytes.Buffer
				if err := Env(&out, f, &a, stack, o); err != nil {
					t.Fatal(err)
				}
				checkHarmless(t, f, out.String())
			}
			var out bytes.Buffer
			if err := EnvDiff(&out, f, env.Compare(&a, &b, "there", "here"), o); err != nil {
				t.Fatal(err)
			}
			checkHarmless(t, f, out.String())
		}
	})
}
