// Command gen compiles the clients' YAML files into zz_profiles.jsonl, one line
// a client. It is run by `go generate ./internal/client`, in that directory,
// and writes the same bytes for the same data.
//
// It shares no types with package client on purpose: it has to build while the
// generated file is missing, which that package embeds.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if err := run("."); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

// run reads dir/data and writes dir/zz_profiles.jsonl.
func run(dir string) error {
	out, err := generate(filepath.Join(dir, "data"))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "zz_profiles.jsonl"), out, 0o644) // source code, for everybody to read
}

// generate returns the content of the generated file.
func generate(data string) ([]byte, error) {
	clients, rules, err := load(data)
	if err != nil {
		return nil, err
	}
	return emit(clients, rules)
}
