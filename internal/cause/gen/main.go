// Command gen compiles the catalogue's YAML into Go literals, and the signatures,
// which only some commands need, into lines of JSON. It is run by
// `go generate ./internal/cause`, in that directory, and writes the same bytes
// for the same data.
//
// It shares no types with package cause on purpose: it has to build while the
// generated half of that package is missing or out of date.
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

// run reads dir/data and writes dir/zz_*.
func run(dir string) error {
	files, err := generate(filepath.Join(dir, "data"))
	if err != nil {
		return err
	}
	old, err := filepath.Glob(filepath.Join(dir, "zz_*"))
	if err != nil {
		return err
	}
	for _, path := range old {
		if _, kept := files[filepath.Base(path)]; kept {
			continue
		}
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// generate returns the generated files by name.
func generate(data string) (map[string][]byte, error) {
	set, err := load(data)
	if err != nil {
		return nil, err
	}
	if err := set.check(); err != nil {
		return nil, err
	}
	return set.emit()
}
