package probe

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// TestDialoguesAreLegal holds every file against the schema, its patterns
// against the compiler, and the generated Go against the files.
func TestDialoguesAreLegal(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("dialogues/dialogue.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("dialogues/*.yaml")
	if err != nil || len(files) != len(dialogues) {
		t.Fatalf("%d files, %d dialogues: %v; run go generate", len(files), len(dialogues), err)
	}
	for _, f := range files {
		src, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		js, err := yaml.YAMLToJSON(src)
		if err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(js))
		if err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		if err := schema.Validate(doc); err != nil {
			t.Errorf("%s: %v", f, err)
		}
	}
	ports := map[uint16]string{}
	for i := range dialogues {
		d := &dialogues[i]
		for _, p := range append(append([]uint16{}, d.ports...), d.implicit...) {
			if other, taken := ports[p]; taken {
				t.Errorf("port %d is that of %s and %s", p, other, d.protocol)
			}
			ports[p] = d.protocol
		}
		for j := range d.steps {
			s := &d.steps[j]
			for _, p := range []string{s.until, s.ok, s.offers} {
				pattern(p)
			}
			unhex(strings.ReplaceAll(s.send, "{host}", "x"), s.hex)
		}
		pattern(d.form)
		d.noOp("x", true)
	}
}

func TestGeneratedDialoguesAreCurrent(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "dialogues"), os.DirFS("dialogues")); err != nil {
		t.Fatal(err)
	}
	gen := filepath.Join(dir, "gen")
	if out, err := exec.Command("go", "build", "-o", gen, "./gen").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	cmd := exec.Command(gen)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	want, err1 := os.ReadFile(filepath.Join(dir, "zz_dialogues.go"))
	got, err2 := os.ReadFile("zz_dialogues.go")
	if err1 != nil || err2 != nil || !bytes.Equal(got, want) {
		t.Errorf("zz_dialogues.go is not what the files give: run go generate (%v, %v)", err1, err2)
	}
}
