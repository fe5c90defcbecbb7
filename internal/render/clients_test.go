package render

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tlswhy/tlswhy/internal/client"
	"github.com/tlswhy/tlswhy/internal/compat"
)

// asked is a document of testdata/clients.
func asked(t tester, name string) *compat.Result {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "clients", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	r := new(compat.Result)
	if err := json.Unmarshal(text, r); err != nil {
		t.Fatal(err)
	}
	return r
}

var askedNames = []string{"healthy", "incomplete-chain", "tls10-rc4"}

func TestGoldenClients(t *testing.T) {
	for _, name := range askedNames {
		for _, v := range []struct {
			ext    string
			format Format
			o      Options
		}{
			{"term", Term, Options{Width: 100}},
			{"color", Term, Options{Width: 100, Color: true}},
			{"narrow", Term, Options{Width: 50, ASCII: true}},
			{"verbose", Term, Options{Width: 120, Verbose: true}},
			{"html", HTML, Options{}},
			{"md", Markdown, Options{}},
			{"junit.xml", JUnit, Options{}},
		} {
			t.Run(name+"."+v.ext, func(t *testing.T) {
				var b bytes.Buffer
				if err := Clients(&b, v.format, asked(t, name), v.o); err != nil {
					t.Fatal(err)
				}
				golden(t, "clients-"+name+"."+v.ext, b.Bytes())
			})
		}
	}
}

// On a terminal it is one screen, and no line is wider than the terminal.
func TestClientsFitTheScreen(t *testing.T) {
	for _, name := range askedNames {
		var b bytes.Buffer
		if err := Clients(&b, Term, asked(t, name), Options{Width: 100}); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(b.String(), "\n"); n > surveyHeight {
			t.Errorf("%s takes %d lines", name, n)
		}
	}
}

// No text of a document reaches a view unescaped.
func TestHostileClients(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := asked(t, rapid.SampledFrom(askedNames).Draw(rt, "name"))
		evil := hostileText.Draw(rt, "text")
		r.Target.Host, r.Target.Input, r.Target.Address = evil, evil, evil
		r.Client, r.Notes = evil, []string{evil}
		for i := range r.Clients {
			r.Clients[i].Why, r.Clients[i].Setting, r.Clients[i].ID = evil, evil, evil
		}
		for i := range r.Obstacles {
			r.Obstacles[i].Text = evil
		}
		for _, f := range []Format{Term, HTML, Markdown, JUnit} {
			var b bytes.Buffer
			if err := Clients(&b, f, r, Options{Width: 100}); err != nil {
				rt.Fatal(err)
			}
			checkHarmless(rt, f, b.String())
		}
	})
}

// A span of versions names its ends, unless a label says more than a version.
func TestSpanOf(t *testing.T) {
	for want, labels := range map[string][]string{
		"64":                 {"64"},
		"64–156":             {"64", "72", "156"},
		"XP":                 {"XP", "XP"},
		"27–153":             {"27", "31 ESR", "153"},
		"2.4 + 2.4 (verify)": {"2.4", "2.4, verify"},
		"11 (7) + 11 (10)":   {"11 (7)", "11 (10)"},
		"7 + Server 2012":    {"7", "Server 2012"},
	} {
		if got := spanOf(labels); got != want {
			t.Errorf("%v: %q, want %q", labels, got, want)
		}
	}
}

// Every kind of client has a heading.
func TestKindsHaveNames(t *testing.T) {
	for _, k := range client.Kinds() {
		if k != client.Reference && kindNames[k] == "" {
			t.Errorf("%s has no heading", k)
		}
	}
}
