package main

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"slices"
)

// The shape of zz_stores.json; package trust has the same in store_data.go.
// Roots are numbers: those of zz_roots.bin first, then those of zz_roots_more.bin.
type outFile struct {
	Common     int            `json:"common"` // how many zz_roots.bin holds
	Programmes []outProgramme `json:"programmes"`
}

type outProgramme struct {
	ID    string    `json:"id"`
	Name  string    `json:"name"`
	Lists []outList `json:"lists"`
	Rules []outRule `json:"rules,omitempty"`
}

type outList struct {
	Date   string `json:"date"`
	Source string `json:"source"`
	Guess  bool   `json:"guess,omitempty"`
	Add    []int  `json:"add,omitempty"`
	Del    []int  `json:"del,omitempty"`
}

type outRule struct {
	Kind string `json:"kind"`
	Date string `json:"date,omitempty"`
	From string `json:"from"`
	Root int    `json:"root"`
}

// rare are programmes with many roots that no other has: most runs that need a
// store do without them.
var rare = []string{"apple", "microsoft"}

func emit(programmes []*programme, roots map[string][]byte) (map[string][]byte, error) {
	var common, more []string
	for f := range roots {
		if slices.ContainsFunc(programmes, func(p *programme) bool { return p.ever[f] && !slices.Contains(rare, p.id) }) {
			common = append(common, f)
		} else {
			more = append(more, f)
		}
	}
	// By issuer, as far as the bytes show it: like compresses with like.
	byContent := func(a, b string) int {
		return bytes.Compare(roots[a][min(15, len(roots[a])):], roots[b][min(15, len(roots[b])):])
	}
	slices.SortFunc(common, byContent)
	slices.SortFunc(more, byContent)
	number := map[string]int{}
	for i, f := range slices.Concat(common, more) {
		number[f] = i
	}
	out := outFile{Common: len(common)}
	for _, p := range programmes {
		out.Programmes = append(out.Programmes, p.out(number))
	}
	text, err := json.Marshal(out)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{"zz_stores.json": append(text, '\n')}
	for name, list := range map[string][]string{"zz_roots.bin": common, "zz_roots_more.bin": more} {
		if files[name], err = pack(list, roots); err != nil {
			return nil, err
		}
	}
	return files, nil
}

func (p *programme) out(number map[string]int) outProgramme {
	numbers := func(fs []string) []int {
		var ns []int
		for _, f := range fs {
			ns = append(ns, number[f])
		}
		slices.Sort(ns)
		return ns
	}
	o := outProgramme{ID: p.id, Name: p.name}
	for _, l := range p.lists {
		o.Lists = append(o.Lists, outList{Date: l.date, Source: l.source, Guess: l.guess, Add: numbers(l.add), Del: numbers(l.del)})
	}
	for _, r := range p.rules {
		o.Rules = append(o.Rules, outRule{Kind: r.kind, Date: r.date, From: r.from, Root: number[r.root]})
	}
	return o
}

// pack compresses certificates, each after its length in two bytes.
func pack(list []string, roots map[string][]byte) ([]byte, error) {
	var raw, out bytes.Buffer
	for _, f := range list {
		if len(roots[f]) > math.MaxUint16 {
			return nil, fmt.Errorf("%s is too long", f)
		}
		raw.Write(binary.BigEndian.AppendUint16(nil, uint16(len(roots[f]))))
		raw.Write(roots[f])
	}
	w, err := flate.NewWriter(&out, flate.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(raw.Bytes()); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
