package tlswhy

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write deps.txt anew")

const module = "github.com/tlswhy/tlswhy"

// layers is the house: a package imports packages of lower layers, and none of
// its own or a higher one. ARCHITECTURE.md says what each is for.
var layers = map[string]int{
	"internal/wire":        0,
	"internal/cause":       0,
	"internal/render/safe": 0,
	"internal/transcript":  1,
	"internal/trust":       1,
	"internal/offer":       1,
	"internal/logline":     1,
	"internal/lab/oddtls":  1,
	"internal/engine":      2,
	"internal/report":      2,
	"internal/fetch":       2,
	"internal/lab":         2,
	"internal/passive":     2,
	"internal/client":      3,
	"internal/textdiag":    3,
	"internal/env":         4,
	"internal/logs":        4,
	"internal/probe":       4,
	"internal/relay":       5,
	"internal/diagnose":    5,
	"internal/survey":      5,
	"internal/compat":      6,
	"internal/render":      7,
	"":                     8, // the façade
	"internal/cli":         13,
	"cmd/tlswhy":           14,
}

// tools are programs and tests that nothing imports: generators, benchmarks,
// the end-to-end tests. They may import anything, and nobody may import them.
var tools = []string{"internal/cause/gen", "internal/client/gen", "internal/probe/gen", "internal/trust/gen", "internal/wire/gen", "internal/cli/genman", "bench/", "e2e"}

// only says who may import a package besides tests and tools, where that is
// stricter than the layers.
var only = map[string][]string{
	"internal/lab":        {"internal/cli"},
	"internal/lab/oddtls": {"internal/lab"},
	"internal/engine":     {"internal/probe"},
	"internal/probe":      {""},
	"internal/diagnose":   {"", "internal/compat"},
	"internal/survey":     {"", "internal/compat", "internal/render"},
	"internal/compat":     {"", "internal/render"},
	"internal/textdiag":   {"", "internal/logs"},
	"internal/logline":    {"internal/logs"},
}

// forbidden are dependencies that must not be linked into the program, with the
// reason.
var forbidden = map[string]string{
	"gopkg.in/yaml.v3":                         "unmaintained; data is compiled by generators",
	"github.com/goccy/go-yaml":                 "YAML is read by generators alone",
	"github.com/google/go-cmp":                 "for tests",
	"pgregory.net/rapid":                       "for tests",
	"go.uber.org/goleak":                       "for tests",
	"github.com/rogpeppe/go-internal":          "for tests",
	"github.com/santhosh-tekuri/jsonschema/v6": "for tests",
}

type goPackage struct {
	ImportPath string
	Name       string
	Doc        string
	Dir        string
	GoFiles    []string
	Imports    []string
	Module     *struct{ Path, Version string }
}

func list(t *testing.T, args ...string) []goPackage {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Name,Doc,Dir,GoFiles,Imports,Module"}, args...)...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.Bytes())
	}
	var all []goPackage
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// ours is a package's path within the module.
func ours(path string) (string, bool) {
	if path == module {
		return "", true
	}
	return strings.CutPrefix(path, module+"/")
}

func isTool(path string) bool {
	return slices.ContainsFunc(tools, func(t string) bool {
		return path == t || strings.HasSuffix(t, "/") && strings.HasPrefix(path, t)
	})
}

// A package imports only what stands below it.
func TestLayers(t *testing.T) {
	for _, p := range list(t, "./...") {
		from, _ := ours(p.ImportPath)
		if isTool(from) {
			continue
		}
		layer, ok := layers[from]
		if !ok {
			t.Errorf("%s has no layer: give it one in the table of this test and of ARCHITECTURE.md", from)
			continue
		}
		for _, i := range p.Imports {
			to, mine := ours(i)
			if !mine {
				continue
			}
			below, ok := layers[to]
			switch {
			case isTool(to):
				t.Errorf("%s imports %s, which is a tool", from, to)
			case !ok:
				t.Errorf("%s imports %s, which has no layer", from, to)
			case below >= layer:
				t.Errorf("%s (layer %d) imports %s (layer %d)", from, layer, to, below)
			}
			if who, strict := only[to]; strict && !slices.Contains(who, from) {
				t.Errorf("%s imports %s, which is for %q alone", from, to, who)
			}
		}
	}
}

// ARCHITECTURE.md shows the same table.
func TestLayersAreDocumented(t *testing.T) {
	text, err := os.ReadFile("ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	for p, layer := range layers {
		name := strings.TrimPrefix(p, "internal/")
		if p == "" {
			name = "tlswhy"
		}
		row := regexp.MustCompile(fmt.Sprintf("(?m)^\\| %d \\|[^|]*`%s`", layer, regexp.QuoteMeta(name)))
		if !row.Match(text) {
			t.Errorf("ARCHITECTURE.md does not list `%s` on layer %d", name, layer)
		}
	}
}

// Whoever comes to a package is told what it is for.
func TestPackagesHaveComments(t *testing.T) {
	for _, p := range list(t, "./...") {
		if len(p.GoFiles) == 0 {
			continue // of tests alone, which have a doc.go if they need one
		}
		if !strings.HasPrefix(p.Doc, "Package "+p.Name+" ") && !strings.HasPrefix(p.Doc, "Command ") {
			t.Errorf("%s: the package comment is %q", p.ImportPath, p.Doc)
		}
	}
}

// No file is longer than a person can keep in mind.
func TestFilesAreShort(t *testing.T) {
	const longest = 800
	eachFile(t, func(path string, text []byte) {
		if strings.HasPrefix(filepath.Base(path), "zz_") || !strings.HasSuffix(path, ".go") {
			return
		}
		if n := bytes.Count(text, []byte("\n")); n > longest {
			t.Errorf("%s has %d lines, at most %d", path, n, longest)
		}
	})
}

// Registration by init depends on import order and costs start-up time.
func TestNoInit(t *testing.T) {
	eachFile(t, func(path string, text []byte) {
		if strings.HasSuffix(path, ".go") && bytes.Contains(text, []byte("\nfunc init() {")) {
			t.Errorf("%s has an init function", path)
		}
	})
}

// Generated files say so in their name and their first line.
func TestGeneratedFilesAreMarked(t *testing.T) {
	eachFile(t, func(path string, text []byte) {
		if !strings.HasSuffix(path, ".go") {
			return
		}
		marked := regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`).Match(text[:min(len(text), 200)])
		if named := strings.HasPrefix(filepath.Base(path), "zz_"); named != marked {
			t.Errorf("%s: named as generated %v, marked %v", path, named, marked)
		}
	})
}

// Shipped files name no test bed: a rule written for one would pass its tests
// and help nobody.
func TestNoTestBedInShippedFiles(t *testing.T) {
	bed := regexp.MustCompile(`(?i)\b(lab\.test|good\.lab|bench\.test)\b`)
	eachFile(t, func(path string, text []byte) {
		if strings.HasSuffix(path, "_test.go") || strings.Contains(path, "testdata/") || strings.HasPrefix(path, "bench/") || strings.HasPrefix(path, "e2e/") {
			return
		}
		if m := bed.Find(text); m != nil {
			t.Errorf("%s names %s", path, m)
		}
	})
}

// deps.txt lists the modules in the binary, so that a review sees every new one.
func TestDependencies(t *testing.T) {
	versions := map[string]string{}
	for _, p := range list(t, "-deps", "./cmd/tlswhy") {
		if p.Module != nil && p.Module.Path != module {
			versions[p.Module.Path] = p.Module.Version
		}
	}
	var rows []string
	for path, version := range versions {
		rows = append(rows, path+" "+version+"\n")
		for prefix, why := range forbidden {
			if path == prefix || strings.HasPrefix(path, prefix+"/") {
				t.Errorf("%s is linked into the program: %s", path, why)
			}
		}
	}
	slices.Sort(rows)
	got := "# Modules linked into the program. `make deps` writes this file.\n" + strings.Join(rows, "")
	if *update {
		if err := os.WriteFile("deps.txt", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("deps.txt")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("deps.txt is not current (make deps) -file +binary:\n%s", d)
	}
}

// eachFile calls fn for every file of the repository.
func eachFile(t *testing.T, fn func(path string, text []byte)) {
	t.Helper()
	n := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); name != "." && (strings.HasPrefix(name, ".") || name == "dist" || name == "man") {
				return fs.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if bytes.IndexByte(text[:min(len(text), 512)], 0) < 0 { // text
			n++
			fn(filepath.ToSlash(path), text)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n < 50 {
		t.Fatalf("only %d files seen", n)
	}
}
