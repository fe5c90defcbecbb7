package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const goodSignatures = `stack: demo
name: Demo
speaks: client
software: [curl]
signatures:
  - id: first
    match: ["demo: {} is too old"]
    causes: [no-shared-version, client-too-old]
    says: "{1} is too old"
    source: observed
    sample: "demo: TLS 1.0 is too old"
  - id: second
    match: ["demo: alert forty"]
    causes: [{no-shared-cipher: 0.6}, {mtls-required: 0.2}]
    heard: alert 40
    source: "documentation: Demo manual"
    sample: "demo: alert forty"
`

func TestSignatureMistakesAreLocated(t *testing.T) {
	all, err := load(dataDir)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ old, with, want string }{
		"good":              {"", "", ""},
		"unknown field":     {"    says:", "    sais:", "demo.yaml:9:5: unknown field"},
		"other name":        {"stack: demo", "stack: dema", `says that the stack is "demo"`},
		"unknown software":  {"[curl]", "[curly]", `unknown software "curly"`},
		"unknown speaker":   {"speaks: client", "speaks: cleint", `speaks "cleint" is none of`},
		"id twice":          {"id: second", "id: first", "the id is taken"},
		"id with a space":   {"id: second", "id: Second one", "an id is lower-case"},
		"unknown cause":     {"client-too-old]", "client-to-old]", `demo.yaml:6: first: unknown cause "client-to-old"`},
		"cause twice":       {"client-too-old]", "no-shared-version]", `cause "no-shared-version" stands there twice`},
		"weights in part":   {", client-too-old]", ", {client-too-old: 0.2}]", "either all causes have weights"},
		"weight of nothing": {"mtls-required: 0.2", "mtls-required: 0", "demo.yaml:12: second: the weight of mtls-required is 0"},
		"too much weight":   {"mtls-required: 0.2", "mtls-required: 0.5", "add up to 1.10"},
		"no such alert":     {"alert 40\n", "alert 400\n", "there is no alert 400"},
		"not an alert":      {"heard: alert 40", "heard: handshake_failure", "it has to be like"},
		"heard and refused": {"heard: alert 40", "heard: alert 40\n    refuses: true", "did not refuse by itself"},
		"empty literal":     {`"demo: {} is too old"`, `"{}: {}"`, "no literal part"},
		"two gaps":          {`"demo: {} is too old"`, `"demo: {}{} is too old"`, "nothing between them"},
		"part that is not":  {`"{1} is too old"`, `"{2} is too old"`, "says has {2}"},
		"unknown noise":     {"heard: alert 40", "noise: robots\n    heard: alert 40", `noise "robots" is none of`},
		"unknown step":      {"heard: alert 40", "step: hello", `step "hello" is none of`},
		"unknown source":    {"source: observed", "source: seen", `source "seen" is none of`},
		"source of no name": {`"documentation: Demo manual"`, `"documentation: "`, "is none of observed"},
		"no sample":         {`sample: "demo: alert forty"`, `sample: ""`, "sample is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(goodSignatures, c.old) {
				t.Fatalf("no %q in the example", c.old)
			}
			path := filepath.Join(t.TempDir(), "demo.yaml")
			if err := os.WriteFile(path, []byte(strings.Replace(goodSignatures, c.old, c.with, 1)), 0o600); err != nil {
				t.Fatal(err)
			}
			f, err := loadSignatures(path)
			if err == nil {
				s := *all
				s.signatures = []signatureFile{f}
				err = s.check()
			}
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("error is\n%v\nwithout %q", err, c.want)
			}
		})
	}
}

func TestWeights(t *testing.T) {
	for _, c := range []struct {
		in   []weighted
		want []float64
	}{
		{[]weighted{{cause: "a"}}, []float64{1}},
		{[]weighted{{cause: "a"}, {cause: "b"}}, []float64{0.69, 0.31}},
		{[]weighted{{"a", 0.6, true}, {"b", 0.2, true}}, []float64{0.75, 0.25}},
	} {
		got := weights(c.in)
		for i, w := range c.want {
			if got[i].Weight != w {
				t.Errorf("%v: weight %d is %v, want %v", c.in, i, got[i].Weight, w)
			}
		}
	}
}
