package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

const (
	packageDir = ".."
	dataDir    = "../data"
)

// TestGeneratedFilesAreCurrent is what CI relies on: somebody who edits data
// and forgets `go generate` is told so here.
func TestGeneratedFilesAreCurrent(t *testing.T) {
	want, err := generate(dataDir)
	if err != nil {
		t.Fatal(err)
	}
	again, err := generate(dataDir)
	if err != nil {
		t.Fatal(err)
	}
	have, err := filepath.Glob(filepath.Join(packageDir, "zz_*"))
	if err != nil {
		t.Fatal(err)
	}
	if len(have) != len(want) {
		t.Errorf("%d generated files in the tree, the data make %d; run go generate ./internal/cause", len(have), len(want))
	}
	for name, content := range want {
		if !bytes.Equal(content, again[name]) {
			t.Errorf("%s differs from one run to the next", name)
		}
		got, err := os.ReadFile(filepath.Join(packageDir, name))
		if err != nil {
			t.Errorf("%v; run go generate ./internal/cause", err)
		} else if !bytes.Equal(got, content) {
			t.Errorf("%s is out of date; run go generate ./internal/cause", name)
		}
	}
}

func TestRunRemovesWhatIsNoLongerMade(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "data"), os.DirFS(dataDir)); err != nil {
		t.Fatal(err)
	}
	stale := filepath.Join(dir, "zz_cause_gone.go")
	if err := os.WriteFile(stale, []byte("package cause\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(stale); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", stale, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "zz_ids.go")); err != nil {
		t.Error(err)
	}
}

func TestDataFitsItsSchema(t *testing.T) {
	compiler := jsonschema.NewCompiler()
	schemas := map[string]string{}
	for _, name := range []string{"cause", "recipes", "stack", "topic", "software", "interception", "signature"} {
		f, err := os.Open(filepath.Join(dataDir, name+".schema.json"))
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(f)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		schemas[name], _ = doc.(map[string]any)["$id"].(string)
		if err := compiler.AddResource(schemas[name], doc); err != nil {
			t.Fatal(err)
		}
	}
	check := func(schema, path string) {
		t.Run(strings.TrimPrefix(path, dataDir+"/"), func(t *testing.T) {
			s, err := compiler.Compile(schemas[schema])
			if err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			asJSON, err := yaml.YAMLToJSON(text)
			if err != nil {
				t.Fatal(err)
			}
			doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Validate(doc); err != nil {
				t.Error(err)
			}
		})
	}
	causes, topics := yamlFiles(filepath.Join(dataDir, "causes")), yamlFiles(filepath.Join(dataDir, "topics"))
	if len(causes) == 0 || len(topics) == 0 {
		t.Fatal("no data found")
	}
	for _, path := range causes {
		check("cause", path)
	}
	for _, path := range topics {
		check("topic", path)
	}
	for _, path := range yamlFiles(filepath.Join(dataDir, "stacks")) {
		check("stack", path)
	}
	for _, path := range yamlFiles(filepath.Join(dataDir, "signatures")) {
		check("signature", path)
	}
	for _, name := range []string{"recipes", "software", "interception"} {
		check(name, filepath.Join(dataDir, name+".yaml"))
	}
}

func TestFilesAreClean(t *testing.T) {
	err := filepath.WalkDir(dataDir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for i, line := range strings.Split(string(text), "\n") {
			if strings.TrimRight(line, " \t\r") != line {
				t.Errorf("%s:%d: trailing space", path, i+1)
			}
			if strings.Contains(line, "\t") {
				t.Errorf("%s:%d: tab", path, i+1)
			}
		}
		if !bytes.HasSuffix(text, []byte("\n")) {
			t.Errorf("%s: no newline at the end", path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestMistakesAreLocated feeds what contributors get wrong: each has to be
// refused with the file's name and, where YAML knows it, the line.
func TestMistakesAreLocated(t *testing.T) {
	good, err := os.ReadFile(filepath.Join(dataDir, "causes", "expired.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	all, err := load(dataDir)
	if err != nil {
		t.Fatal(err)
	}
	replace := func(old, with string) string {
		if !strings.Contains(string(good), old) {
			t.Fatalf("expired.yaml has no %q", old)
		}
		return strings.Replace(string(good), old, with, 1)
	}
	for name, c := range map[string]struct{ content, want string }{
		"unknown field":       {replace("title:", "titel:"), "expired.yaml:7:1: unknown field"},
		"unknown field deep":  {replace("- for: generic", "- fur: generic"), "unknown field \"fur\""},
		"key twice":           {string(good) + "id: expired\n", "expired.yaml:"},
		"not YAML":            {"id: [", "expired.yaml:1:"},
		"wrong type":          {replace("order: 10", "order: ten"), "expired.yaml:2:8:"},
		"empty":               {"", "expired.yaml: empty file"},
		"two documents":       {string(good) + "---\nid: x\n", "expired.yaml: more than one document"},
		"other name":          {replace("id: expired", "id: expiry"), `the file's name says "expired"`},
		"unknown step":        {replace("step: verify", "step: verfy"), `expired.yaml: step "verfy" is none of`},
		"unknown side":        {replace("side: server", "side: sever"), `side "sever" is none of`},
		"unknown neighbour":   {replace("near: [client-clock-skew", "near: [no-such-cause"), `near "no-such-cause" is no other cause`},
		"itself as neighbour": {replace("near: [client-clock-skew", "near: [expired"), `near "expired" is no other cause`},
		"undecided neighbour": {replace("  client-clock-skew: There", "  untrusted-root: There"), `decides says nothing about its neighbour "client-clock-skew"`},
		"unknown recipe":      {replace("recipes: [install-certificate]", "recipes: [install]"), `unknown recipe "install"`},
		"unknown software":    {replace("- for: cloudflare", "- for: cloudfare"), "fix 3 (cloudfare): unknown software"},
		"place without lines": {replace("- for: generic", "- for: generic\n    place: server"), "place without config"},
		"lines without place": {replace("- for: cloudflare", "- for: cloudflare\n    config: x"), `place "" is none of`},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "expired.yaml")
			if err := os.WriteFile(path, []byte(c.content), 0o600); err != nil {
				t.Fatal(err)
			}
			changed, err := loadCause(path)
			if err == nil {
				s := *all
				s.causes = slices.Clone(all.causes)
				s.causes[slices.IndexFunc(s.causes, func(c causeFile) bool { return c.ID == "expired" })] = changed
				err = s.check()
			}
			if err == nil {
				t.Fatal("accepted")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is\n%v\nwithout %q", err, c.want)
			}
		})
	}
}

func TestConstantNames(t *testing.T) {
	for id, want := range map[string]string{
		"no-shared-version":         "NoSharedVersion",
		"no-alpn-overlap":           "NoALPNOverlap",
		"starttls-required":         "STARTTLSRequired",
		"client-ca-bundle-outdated": "ClientCABundleOutdated",
		"http2-inadequate-security": "HTTP2InadequateSecurity",
		"tls13-missing":             "TLS13Missing",
	} {
		if got := constant(id); got != want {
			t.Errorf("constant(%q) = %q, want %q", id, got, want)
		}
	}
}
