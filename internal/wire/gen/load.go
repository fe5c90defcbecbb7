package main

import (
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// entry is one assigned code point.
type entry struct {
	value      uint32
	name       string // as String prints it
	registered bool   // it stands in the IANA registry
}

// registry is one CSV file and what package wire makes of it.
type registry struct {
	file   string // without .csv; "-extra" holds what IANA does not list
	goType string
	prefix string // of the constants; none are written when empty
	table  string // the name table; none is written when empty
	digits int    // hexadecimal digits of a constant's value
	doc    string // heads the constants

	entries []entry
}

// display replaces names of the registry that nobody would look for. RFC 9846
// renamed extended_master_secret; logs, captures and stacks keep the name of
// RFC 7627.
var display = map[string]string{"extended_main_secret": "extended_master_secret"}

// load reads the registry and its -extra companion.
func (r *registry) load(dir string) error {
	for _, part := range []struct {
		suffix     string
		registered bool
	}{{"", true}, {"-extra", false}} {
		rows, err := readCSV(dir, r.file+part.suffix)
		if errors.Is(err, fs.ErrNotExist) && !part.registered {
			continue
		}
		if err != nil {
			return err
		}
		for _, row := range rows {
			v, err := strconv.ParseUint(row[0], 0, 32)
			if err != nil {
				return fmt.Errorf("reading %s%s: value %q: %w", r.file, part.suffix, row[0], err)
			}
			name := strings.TrimSuffix(row[1], "_RESERVED")
			if d, ok := display[name]; ok {
				name = d
			}
			r.entries = append(r.entries, entry{uint32(v), name, part.registered})
		}
	}
	slices.SortFunc(r.entries, func(a, b entry) int { return cmp.Compare(a.value, b.value) })
	names := make(map[string]bool, len(r.entries))
	for i, e := range r.entries {
		if i > 0 && r.entries[i-1].value == e.value {
			return fmt.Errorf("reading %s: %#x stands there twice", r.file, e.value)
		}
		if k := strings.ToLower(e.name); names[k] {
			return fmt.Errorf("reading %s: %s stands there twice", r.file, e.name)
		} else {
			names[k] = true
		}
	}
	return nil
}

// readCSV returns the rows of dir/name.csv without the header. The first two
// columns are value and name, the values ascend.
func readCSV(dir, name string) ([][]string, error) {
	f, err := os.Open(filepath.Join(dir, name+".csv"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	if len(rows) < 2 || len(rows[0]) < 2 || rows[0][0] != "value" || rows[0][1] != "name" {
		return nil, fmt.Errorf("reading %s: no header value,name", name)
	}
	return rows[1:], nil
}

// opensslNames are the names of one suite in OpenSSL, the current one first.
type opensslNames map[uint32][]string

func loadOpenSSL(dir string) (opensslNames, error) {
	rows, err := readCSV(dir, "openssl-cipher-names")
	if err != nil {
		return nil, err
	}
	names, seen := opensslNames{}, map[string]bool{}
	for _, row := range rows {
		v, err := strconv.ParseUint(row[0], 0, 16)
		if err != nil {
			return nil, fmt.Errorf("reading openssl-cipher-names: %w", err)
		}
		if first := len(names[uint32(v)]) == 0; first != (row[2] == "primary") || seen[row[1]] {
			return nil, fmt.Errorf("reading openssl-cipher-names: %s out of place", row[1])
		}
		seen[row[1]] = true
		names[uint32(v)] = append(names[uint32(v)], row[1])
	}
	return names, nil
}

// loadValues reads a list of code points.
func loadValues(dir, name string) (map[uint32]bool, error) {
	rows, err := readCSV(dir, name)
	if err != nil {
		return nil, err
	}
	set := make(map[uint32]bool, len(rows))
	for _, row := range rows {
		v, err := strconv.ParseUint(row[0], 0, 16)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
		set[uint32(v)] = true
	}
	return set, nil
}

// loadALPN reads the protocol ids, whose values are strings.
func loadALPN(dir string) ([][2]string, error) {
	var ids [][2]string
	for _, name := range []string{"tls-alpn-protocol-ids", "tls-alpn-protocol-ids-extra"} {
		rows, err := readCSV(dir, name)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			ids = append(ids, [2]string{row[0], row[1]})
		}
	}
	slices.SortFunc(ids, func(a, b [2]string) int { return cmp.Compare(a[0], b[0]) })
	for i := range ids[1:] {
		if ids[i][0] == ids[i+1][0] {
			return nil, fmt.Errorf("reading tls-alpn-protocol-ids: %s stands there twice", ids[i][0])
		}
	}
	return ids, nil
}
