package tlswhy

import (
	"embed"
	"slices"
	"strings"
)

//go:embed schema/*.schema.json
var schemas embed.FS

// SchemaKinds are the kinds of documents that have a JSON Schema: "report" for
// "tlswhy/report/v1" and so on.
func SchemaKinds() []string {
	entries, _ := schemas.ReadDir("schema") // embedded: it is there
	kinds := make([]string, len(entries))
	for i, e := range entries {
		kinds[i] = strings.TrimSuffix(e.Name(), ".schema.json")
	}
	slices.Sort(kinds)
	return kinds
}

// Schema is the JSON Schema (draft 2020-12) of a kind of document.
func Schema(kind string) (text []byte, ok bool) {
	text, err := schemas.ReadFile("schema/" + kind + ".schema.json")
	return text, err == nil
}
