// Command gen compiles the root programmes' lists, data/stores.txt, and the
// certificates that they name, data/roots.pem, into what package trust embeds:
// zz_stores.json with the lists, zz_roots.bin and zz_roots_more.bin with the
// certificates. It is run by `go generate ./internal/trust`, in that directory,
// and writes the same bytes for the same data. Nothing is fetched.
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

// run reads dir/data and writes the generated files into dir.
func run(dir string) error {
	files, err := generate(filepath.Join(dir, "data"))
	if err != nil {
		return err
	}
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil { // source code, for everybody to read
			return err
		}
	}
	return nil
}

// generate returns the content of the generated files by their names.
func generate(data string) (map[string][]byte, error) {
	roots, err := readRoots(filepath.Join(data, "roots.pem"))
	if err != nil {
		return nil, err
	}
	programmes, err := readStores(filepath.Join(data, "stores.txt"), roots)
	if err != nil {
		return nil, err
	}
	return emit(programmes, roots)
}
