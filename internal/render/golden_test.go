package render

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tlswhy/tlswhy/internal/report"
)

var update = flag.Bool("update", false, "write the golden files anew")

// tester is what *testing.T and *rapid.T have in common.
type tester interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// scenario is a hand-made report of testdata/reports.
func scenario(t tester, name string) *report.Report {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", "reports", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := report.Read(f)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return all[0]
}

func scenarios(t tester) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/reports/*.json")
	if err != nil || len(files) < 12 {
		t.Fatalf("%d scenarios, %v", len(files), err)
	}
	for i, f := range files {
		files[i] = strings.TrimSuffix(filepath.Base(f), ".json")
	}
	return files
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", "golden", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("%s differs (go test -update writes it anew) -want +got:\n%s", path, d)
	}
}

// Every scenario in every view.
func TestGolden(t *testing.T) {
	views := []struct {
		ext    string
		format Format
		o      Options
	}{
		{"term", Term, Options{}},
		{"color", Term, Options{Color: true}},
		{"narrow", Term, Options{Width: 50}},
		{"verbose", Term, Options{Width: 120, Verbose: true}},
		{"json", JSON, Options{}},
		{"html", HTML, Options{}},
		{"md", Markdown, Options{}},
		{"junit.xml", JUnit, Options{}},
		{"sarif", SARIF, Options{}},
	}
	for _, name := range scenarios(t) {
		for _, v := range views {
			t.Run(name+"."+v.ext, func(t *testing.T) {
				var b bytes.Buffer
				if err := Reports(&b, v.format, []*report.Report{scenario(t, name)}, v.o); err != nil {
					t.Fatal(err)
				}
				golden(t, name+"."+v.ext, b.Bytes())
			})
		}
	}
}

func TestGoldenSeveral(t *testing.T) {
	all := []*report.Report{scenario(t, "ok"), scenario(t, "warn"), scenario(t, "expired"), scenario(t, "unknown")}
	for ext, f := range map[string]Format{"term": Term, "json": JSON, "html": HTML, "md": Markdown, "junit.xml": JUnit, "sarif": SARIF} {
		t.Run(ext, func(t *testing.T) {
			var b bytes.Buffer
			if err := Reports(&b, f, all, Options{ASCII: true, Saved: "report.json"}); err != nil {
				t.Fatal(err)
			}
			golden(t, "several."+ext, b.Bytes())
		})
	}
}

func TestGoldenRetest(t *testing.T) {
	for name, pair := range map[string][2]string{
		"fixed":  {"expired", "ok"},
		"broken": {"ok", "mtls-required"},
		"next":   {"no-shared-version", "either"},
		"same":   {"version-and-cipher", "version-and-cipher"},
		"warned": {"warn", "warn"},
		"lost":   {"expired", "unknown"},
	} {
		for ext, f := range map[string]Format{"term": Term, "json": JSON, "html": HTML, "md": Markdown, "junit.xml": JUnit, "sarif": SARIF} {
			t.Run(name+"."+ext, func(t *testing.T) {
				var b bytes.Buffer
				r := report.Compare(scenario(t, pair[0]), scenario(t, pair[1]))
				if err := Retests(&b, f, []*report.Retest{r}, Options{}); err != nil {
					t.Fatal(err)
				}
				golden(t, "retest-"+name+"."+ext, b.Bytes())
			})
		}
	}
}

// One screen answers the question: 24 lines of 80 columns, the last one left to
// the prompt. A healthy endpoint takes three.
func TestFitsTheScreen(t *testing.T) {
	for _, name := range scenarios(t) {
		var b strings.Builder
		if err := Reports(&b, Term, []*report.Report{scenario(t, name)}, Options{}); err != nil {
			t.Fatal(err)
		}
		rows := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
		if len(rows) > 23 {
			t.Errorf("%s takes %d lines:\n%s", name, len(rows), b.String())
		}
		if name == "ok" && len(rows) != 3 {
			t.Errorf("%s takes %d lines:\n%s", name, len(rows), b.String())
		}
		for _, r := range rows {
			// Commands and configuration are the exception: they stay whole.
			if w := text(r).width(); w > 80 && !strings.HasPrefix(r, strings.Repeat(" ", margin+labelWidth+2)) {
				t.Errorf("%s: %d columns: %s", name, w, r)
			}
		}
	}
}
