package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

func TestGeneratedFileIsCurrent(t *testing.T) {
	want, err := generate(filepath.Join("..", "data"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join("..", "zz_profiles.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("zz_profiles.jsonl is not what the data says: run go generate ./internal/client")
	}
}

// TestSchemaAgrees: the JSON Schema accepts every file, and knows the same keys
// as the generator.
func TestSchemaAgrees(t *testing.T) {
	path := filepath.Join("..", "data", "client.schema.json")
	schema, err := jsonschema.NewCompiler().Compile(path)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join("..", "data", "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatal("no data")
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		asJSON, err := yaml.YAMLToJSON(b)
		if err != nil {
			t.Fatal(err)
		}
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(v); err != nil {
			t.Errorf("%s: %v", f, err)
		}
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var s struct {
		Properties map[string]struct{ Properties map[string]any }
	}
	if err := json.Unmarshal(b, &s); err != nil {
		t.Fatal(err)
	}
	compare := func(what string, typ reflect.Type, known []string) {
		var tags []string
		for i := range typ.NumField() {
			if tag := typ.Field(i).Tag.Get("yaml"); tag != "" {
				tags = append(tags, tag)
			}
		}
		slices.Sort(tags)
		slices.Sort(known)
		if !slices.Equal(tags, known) {
			t.Errorf("%s: the generator knows %v, the schema %v", what, tags, known)
		}
	}
	compare("client", reflect.TypeFor[clientFile](), keys(s.Properties))
	compare("hello", reflect.TypeFor[hello](), keys(s.Properties["hello"].Properties))
	compare("policy", reflect.TypeFor[policy](), keys(s.Properties["policy"].Properties))
}

func keys[V any](m map[string]V) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	return out
}

// TestPolicyIsCompiledWhole: every key of a policy reaches the generated line.
func TestPolicyIsCompiledWhole(t *testing.T) {
	p := &policy{}
	v := reflect.ValueOf(p).Elem()
	for i := range v.NumField() {
		switch f := v.Field(i); f.Kind() {
		case reflect.Bool:
			f.SetBool(true)
		case reflect.Int:
			f.SetInt(7)
		}
	}
	p.MinVersion, p.Store, p.Validity = "TLS 1.2", "system", "x"
	p.KeyUsageFor, p.Revocation, p.FallsBack = "ecdsa", "soft", []string{"TLS 1.0"}
	l, err := p.compile(&rulesFile{Schedules: map[string][]limit{"x": {{From: "2020-01-01", Days: 9}}}})
	if err != nil {
		t.Fatal(err)
	}
	lv := reflect.ValueOf(l)
	for i := range lv.NumField() {
		if lv.Field(i).IsZero() {
			t.Errorf("%s is lost", lv.Type().Field(i).Name)
		}
	}
	if lv.NumField() != v.NumField() {
		t.Errorf("%d keys, %d fields", v.NumField(), lv.NumField())
	}
}

const good = `id: x-1.0
kind: tool
group: x
label: "1"
family: OpenSSL
product: x
version: "1"
year: 2024
source: captured
note: for the test
hello:
  suites: [TLS_AES_128_GCM_SHA256]
  extensions: [server_name, supported_versions, key_share, supported_groups, "padding=0000"]
  versions: [TLS 1.3]
  groups: [x25519]
  key_shares: [x25519]
policy:
  store: system
  verifies_chain: true
`

func TestBadDataIsRefusedWithItsPlace(t *testing.T) {
	for _, c := range []struct {
		name, from, to string
		want           string // regular expression
	}{
		{"good", "", "", ""},
		{"unknown key", "year: 2024", "year: 2024\ncolour: red", `x-1\.0\.yaml:9:1: unknown field`},
		{"unknown key in the policy", "  store: system", "  store: system\n  stroe: none", `x-1\.0\.yaml:19:3: unknown field`},
		{"key twice", "year: 2024", "year: 2024\nyear: 2025", `x-1\.0\.yaml:9:1: .*already defined`},
		{"wrong type", "year: 2024", "year: late", `x-1\.0\.yaml:8:7: `},
		{"two documents", "year: 2024", "year: 2024\n---\nid: y", "more than one document"},
		{"other id", "id: x-1.0", "id: x-1.1", "the file's name says"},
		{"odd year", "year: 2024", "year: 24", "year 24"},
		{"unknown source", "source: captured", "source: rumour", `source "rumour"`},
		{"no note", "note: for the test", "note: ''", "note is missing"},
		{"unknown suite", "TLS_AES_128_GCM_SHA256", "TLS_AES_129", `suites: unknown name "TLS_AES_129"`},
		{"unknown group", "groups: [x25519]", "groups: [x25520]", "groups: unknown name"},
		{"unknown extension", "server_name", "server_nam", "extensions: unknown name"},
		{"unknown version", "TLS 1.3", "TLS 1.9", "versions: unknown name"},
		{"both kinds of hello", "hello:", "hello:\n  base64: FgMB", "either base64 or a description"},
		{"no base64", "hello:\n", "hello:\n  base64: '!'\n  #", "illegal base64|either"},
		{"unknown kind", "kind: tool", "kind: fool", `kind "fool"`},
		{"documented without a document", "source: captured", "source: documented", "sources name no document"},
		{"key usage for nothing", "store: system", "store: system\n  key_usage_for: ecdsa", `key_usage_for "ecdsa"`},
		{"unknown way to ask", "store: system", "store: system\n  revocation: perhaps", `revocation "perhaps"`},
		{"unknown fallback", "store: system", "store: system\n  falls_back: [TLS 9]", `falls_back "TLS 9"`},
		{"odd month", "store: system", "store: mozilla@2014-13", `store "mozilla@2014-13"`},
		{"unknown version of the hello", "hello:\n", "hello:\n  legacy_version: TLS 9\n", `legacy_version "TLS 9"`},
		{"unknown version of the record", "hello:\n", "hello:\n  record_version: TLS 9\n", `record_version "TLS 9"`},
		{"unknown store", "store: system", "store: cellar", `store "cellar"`},
		{"verifies against nothing", "store: system", "store: none", "without a store"},
		{"unknown schedule", "store: system", "store: system\n  validity: forever", `validity "forever"`},
		{"unknown least version", "store: system", "store: system\n  min_version: TLS 9", `min_version "TLS 9"`},
		{"negative number", "store: system", "store: system\n  patience: -1", "patience is -1"},
		{"no policy", "policy:\n  store: system\n  verifies_chain: true\n", "", "policy is missing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, filepath.Join(dir, "rules", "validity.yaml"), "schedules: {}\n")
			text := good
			if c.from != "" {
				text = strings.Replace(good, c.from, c.to, 1)
				if text == good {
					t.Fatal("the test changes nothing")
				}
			}
			write(t, filepath.Join(dir, "x-1.0.yaml"), text)
			_, err := generate(dir)
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (err == nil || !regexp.MustCompile(c.want).MatchString(err.Error())):
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestSchedulesHaveToAscend(t *testing.T) {
	for _, list := range [][]limit{
		{{From: "2020-09-01", Days: 398}, {From: "2018-03-01", Days: 825}},
		{{From: "soon", Days: 1}},
		{{From: "2020-09-01"}},
	} {
		if _, err := (&rulesFile{Schedules: map[string][]limit{"x": list}}).schedule("x"); err == nil {
			t.Errorf("%v is accepted", list)
		}
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
