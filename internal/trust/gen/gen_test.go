package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The files that package trust embeds are those of the data.
func TestGeneratedFilesAreCurrent(t *testing.T) {
	files, err := generate("../data")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		if got, err := os.ReadFile(filepath.Join("..", name)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what `go generate` makes of the data (%v)", name, err)
		}
	}
	const most = 700 << 10
	if n := len(files["zz_stores.json"]) + len(files["zz_roots.bin"]) + len(files["zz_roots_more.bin"]); n > most {
		t.Errorf("%d bytes are embedded, at most %d", n, most)
	}
}

// Every mistake in the data is an error that names its line.
func TestMistakes(t *testing.T) {
	roots := map[string][]byte{"0123abcd": {1}, "4567abcd": {2}}
	const good = "programme x X's\nlist 2020-01-02 here\n+ 0123abcd One\n+ 4567abcd Two\n"
	if err := read(t, good+"list 2020-01-03 there\n- 0123abcd One\nafter 2020-05-05 from 2020-06-01 0123abcd One\nnever from 2021-01-01 0123abcd One\n", roots); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"list 2020-01-02 here\n":                                  ":1: ",
		good + "programme x X's\n":                                ":5: programme",
		good + "list 2020-01-02 again\n":                          ":5: list of",
		good + "list 2020-1-2 again\n":                            ":5: a list needs",
		good + "list 2020-02-01\n":                                ":5: a list needs",
		good + "+ 0123abcd One\n":                                 "changes nothing",
		good + "- 99999999 None\n":                                "no certificate",
		good + "sct 2020-01-01 0123abcd\n":                        "want DATE from DATE",
		good + "never from 2020 0123abcd One\n":                   "is no date",
		good + "before x from 2020-01-01 0123abcd One\n":          "is no date",
		good + "after 2020-01-01 from 2020-01-01 99 x\n":          "no list of x has",
		good + "banana\n":                                         "unknown line",
		"programme x X's\n+ 0123abcd One\n":                       "before any list",
		"programme x X's\nlist 2020-01-02 here\n+ 0123abcd One\n": "no programme has 4567abcd",
	} {
		if err := read(t, text, roots); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func read(t *testing.T, text string, roots map[string][]byte) error {
	t.Helper()
	path := filepath.Join(t.TempDir(), "stores.txt")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := readStores(path, roots)
	return err
}
