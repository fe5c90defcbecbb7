package env

import (
	_ "embed"
	"encoding/json"
	"sync"
)

//go:embed data/variables.json
var variablesJSON []byte

//go:embed data/roots.json
var rootsJSON []byte

//go:embed data/retired.json
var retiredJSON []byte

//go:embed data/ends.json
var endsJSON []byte

//go:embed data/advice.json
var adviceJSON []byte

// variable is one that may be set in an environment.
type variable struct {
	Name string `json:"name"`
	// Kind of value: file, dir, dirs, path (either), new (a file to be written),
	// options, switch.
	Kind string `json:"kind"`
	For  string `json:"for"`
	What string `json:"what"`
	// Dangerous is the value that turns verification off; "*" is any.
	Dangerous string `json:"dangerous"`
}

// tellingRoot is one that much of the web depends on.
type tellingRoot struct {
	Subject string `json:"subject"`
	Of      string `json:"of"`
	SHA256  string `json:"sha256"`
}

// end is when a library's versions below one got no fixes any more.
type end struct {
	Library string `json:"library"`
	Before  string `json:"before"`
	End     string `json:"end"`
}

// Embedded data: a test reads each.
var (
	variables    = lazily[[]variable](&variablesJSON)
	tellingRoots = lazily[[]tellingRoot](&rootsJSON)
	retired      = lazily[[]string](&retiredJSON) // subjects
	ends         = lazily[[]end](&endsJSON)
	advice       = lazily[map[string][]Advice](&adviceJSON)
)

func lazily[T any](text *[]byte) func() T {
	return sync.OnceValue(func() T {
		var v T
		_ = json.Unmarshal(*text, &v) // embedded, and held by a test
		return v
	})
}
