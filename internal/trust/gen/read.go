package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// fingerprintDigits of a SHA-256 tell the roots apart.
const fingerprintDigits = 8

// readRoots returns the certificates of a PEM file by their short fingerprints.
func readRoots(path string) (map[string][]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	roots := map[string][]byte{}
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		sum := sha256.Sum256(block.Bytes)
		f := hex.EncodeToString(sum[:])[:fingerprintDigits]
		if roots[f] != nil {
			return nil, fmt.Errorf("%s: two certificates begin with %s", path, f)
		}
		roots[f] = block.Bytes
	}
	if rest := strings.TrimSpace(string(text)); strings.Contains(rest, "-----BEGIN") {
		return nil, fmt.Errorf("%s: a broken block after %d certificates", path, len(roots))
	}
	return roots, nil
}

type programme struct {
	id, name string
	lists    []list
	rules    []rule
	has      map[string]bool // the roots of the last list
	ever     map[string]bool
}

type list struct {
	date, source string
	guess        bool
	add, del     []string
}

type rule struct{ kind, date, from, root string }

// readStores reads the lists. Every line that does not fit is an error.
func readStores(path string, roots map[string][]byte) ([]*programme, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var out []*programme
	for i, line := range strings.Split(string(text), "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		if out, err = readLine(out, line, roots); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, i+1, err)
		}
	}
	for f := range roots {
		if !slices.ContainsFunc(out, func(p *programme) bool { return p.ever[f] }) {
			return nil, fmt.Errorf("%s: no programme has %s", path, f)
		}
	}
	return out, nil
}

func readLine(all []*programme, line string, roots map[string][]byte) ([]*programme, error) {
	kind, rest, _ := strings.Cut(line, " ")
	if kind == "programme" {
		id, name, ok := strings.Cut(rest, " ")
		if !ok || slices.ContainsFunc(all, func(p *programme) bool { return p.id == id }) {
			return nil, fmt.Errorf("programme %q: no name, or there already", id)
		}
		return append(all, &programme{id: id, name: name, has: map[string]bool{}, ever: map[string]bool{}}), nil
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%q stands before any programme", kind)
	}
	p := all[len(all)-1]
	switch kind {
	case "list", "guess":
		date, source, _ := strings.Cut(rest, " ")
		if _, err := time.Parse(time.DateOnly, date); err != nil || source == "" {
			return nil, fmt.Errorf("a list needs a date and a source: %q", rest)
		}
		if n := len(p.lists); n > 0 && p.lists[n-1].date >= date {
			return nil, fmt.Errorf("list of %s after that of %s", date, p.lists[n-1].date)
		}
		p.lists = append(p.lists, list{date: date, source: source, guess: kind == "guess"})
	case "+", "-":
		return all, p.change(kind, rest, roots)
	case "after", "before", "sct", "never":
		return all, p.rule(kind, rest)
	default:
		return nil, fmt.Errorf("unknown line %q", kind)
	}
	return all, nil
}

func (p *programme) change(kind, rest string, roots map[string][]byte) error {
	f, _, _ := strings.Cut(rest, " ")
	switch {
	case len(p.lists) == 0:
		return fmt.Errorf("%s stands before any list", f)
	case len(f) != fingerprintDigits || roots[f] == nil:
		return fmt.Errorf("there is no certificate %q", f)
	case p.has[f] == (kind == "+"):
		return fmt.Errorf("%s %s changes nothing", kind, f)
	}
	l := &p.lists[len(p.lists)-1]
	if p.has[f] = kind == "+"; p.has[f] {
		l.add, p.ever[f] = append(l.add, f), true
	} else {
		l.del = append(l.del, f)
	}
	return nil
}

// rule reads "DATE from DATE FINGERPRINT", without the first date for never.
func (p *programme) rule(kind, rest string) error {
	words := strings.Fields(rest)
	r := rule{kind: kind}
	if kind != "never" && len(words) > 0 {
		r.date, words = words[0], words[1:]
	}
	if len(words) < 3 || words[0] != "from" {
		return fmt.Errorf("%s: want DATE from DATE FINGERPRINT, have %q", kind, rest)
	}
	r.from, r.root = words[1], words[2]
	for _, d := range []string{r.date, r.from} {
		if _, err := time.Parse(time.DateOnly, d); err != nil && (d != "" || kind != "never") {
			return fmt.Errorf("%s: %q is no date", kind, d)
		}
	}
	if !p.ever[r.root] {
		return fmt.Errorf("%s: no list of %s has %s", kind, p.id, r.root)
	}
	p.rules = append(p.rules, r)
	return nil
}
