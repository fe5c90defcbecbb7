package tlswhy

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tlswhy/tlswhy/internal/client"
	"github.com/tlswhy/tlswhy/internal/compat"
	"github.com/tlswhy/tlswhy/internal/env"
	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/survey"
)

// The schema of a document and the Go type that is marshalled to it know the
// same members, and agree on which are always there.
func TestSchemaMatchesTypes(t *testing.T) {
	for kind, v := range map[string]any{
		"report": report.Report{}, "reports": report.Reports{}, "retest": report.Retest{}, "retests": report.Retests{},
		"env": env.Document{}, "env-diff": env.Diff{},
		"clients": compat.Result{}, "survey": survey.Survey{}, "surveys": survey.Many{}, "survey-diff": survey.Diff{},
		"run": report.Run{}, "explain": report.Explanation{}, "logs": report.Logs{}, "client": client.File{},
	} {
		t.Run(kind, func(t *testing.T) {
			w := walker{t: t, docs: map[string]map[string]any{}}
			w.compare(kind, kind+".schema.json", w.doc(kind+".schema.json"), reflect.TypeOf(v))
		})
	}
}

type walker struct {
	t    *testing.T
	docs map[string]map[string]any
	seen []string
}

func (w *walker) doc(name string) map[string]any {
	if d, ok := w.docs[name]; ok {
		return d
	}
	text, ok := Schema(strings.TrimSuffix(name, ".schema.json"))
	if !ok {
		w.t.Fatalf("no schema %s", name)
	}
	var d map[string]any
	if err := json.Unmarshal(text, &d); err != nil {
		w.t.Fatalf("%s: %v", name, err)
	}
	w.docs[name] = d
	return d
}

// resolve follows a $ref within the documents.
func (w *walker) resolve(file string, s map[string]any) (string, map[string]any) {
	ref, ok := s["$ref"].(string)
	if !ok {
		return file, s
	}
	name, pointer, _ := strings.Cut(ref, "#/$defs/")
	if name == "" {
		name = file
	}
	d := w.doc(name)
	if pointer != "" {
		d, ok = d["$defs"].(map[string]any)[pointer].(map[string]any)
		if !ok {
			w.t.Fatalf("%s: no definition %s", file, ref)
		}
	}
	return w.resolve(name, d)
}

func (w *walker) compare(path, file string, s map[string]any, typ reflect.Type) {
	file, s = w.resolve(file, s)
	key := fmt.Sprint(typ, file, s["description"])
	if slices.Contains(w.seen, key) {
		return
	}
	w.seen = append(w.seen, key)
	for typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	if types, ok := s["anyOf"].([]any); ok { // null, or what follows
		for _, x := range types {
			if m := x.(map[string]any); m["type"] != "null" {
				w.compare(path, file, m, typ)
			}
		}
		return
	}
	switch {
	case typ == reflect.TypeOf(time.Time{}), typ.Implements(reflect.TypeOf((*json.Marshaler)(nil)).Elem()):
		return // one value to JSON, whatever it is to Go
	case typ.Kind() == reflect.Slice && typ.Elem().Kind() != reflect.Uint8:
		items, ok := s["items"].(map[string]any)
		if !ok {
			w.t.Errorf("%s: a list in Go, not in the schema", path)
			return
		}
		w.compare(path+"[]", file, items, typ.Elem())
	case typ.Kind() == reflect.Map:
		values, ok := s["additionalProperties"].(map[string]any)
		if !ok {
			w.t.Errorf("%s: a map in Go, not in the schema", path)
			return
		}
		w.compare(path+"{}", file, values, typ.Elem())
	case typ.Kind() == reflect.Struct:
		w.compareStruct(path, file, s, typ)
	}
}

func (w *walker) compareStruct(path, file string, s map[string]any, typ reflect.Type) {
	properties, _ := s["properties"].(map[string]any)
	required := map[string]bool{}
	for _, r := range listOf(s["required"]) {
		required[r.(string)] = true
	}
	known := map[string]bool{}
	for _, f := range reflect.VisibleFields(typ) { // those of embedded structs too
		if f.Anonymous || shadowed(typ, f) {
			continue
		}
		if !f.IsExported() {
			continue
		}
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		known[name] = true
		p, ok := properties[name].(map[string]any)
		if !ok {
			w.t.Errorf("%s.%s: not in the schema", path, name)
			continue
		}
		if always := !strings.Contains(options, "omitempty"); always != required[name] {
			w.t.Errorf("%s.%s: always there %v, required by the schema %v", path, name, always, required[name])
		}
		w.compare(path+"."+name, file, p, f.Type)
	}
	for name := range properties {
		if !known[name] {
			w.t.Errorf("%s.%s: in the schema, not in Go", path, name)
		}
	}
}

// shadowed says whether encoding/json leaves out a member of an embedded struct
// because one of the same name stands above it.
func shadowed(typ reflect.Type, f reflect.StructField) bool {
	for _, o := range reflect.VisibleFields(typ) {
		if o.Name == f.Name && len(o.Index) < len(f.Index) {
			return true
		}
	}
	return false
}

func listOf(v any) []any {
	l, _ := v.([]any)
	return l
}
