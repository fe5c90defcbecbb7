package client

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// profiles has one line of JSON a client, ordered by id. It stays a string in
// the program's read-only data until a line of it is asked for.
//
//go:embed zz_profiles.jsonl
var profiles string

// record is a line of profiles.
type record struct {
	ID            string
	Kind          Kind
	Group         string
	Label         string
	Family        string
	Product       string
	Version       string
	Library       string
	Software      []string
	Year          int
	Source        Source
	Note          string
	Sources       []string
	RecordVersion wire.Version
	Padding       Padding
	Hello         []byte // handshake message with its header
	Policy        policyRecord
}

// policyRecord is a Policy with its dates as text.
type policyRecord struct {
	Policy
	Validity []struct {
		From string
		Days int
	}
}

type entry struct{ id, line string }

// index splits profiles at its lines, without decoding any of them.
var index = sync.OnceValue(func() []entry {
	var out []entry
	for line := range strings.Lines(profiles) {
		// The generator writes the id first; see its emit.go.
		id, _, _ := strings.Cut(strings.TrimPrefix(line, `{"ID":"`), `"`)
		out = append(out, entry{id, line})
	}
	return out
})

// Default is the id of the client that stands for all current ones.
const Default = "modern"

// IDs lists all clients: the default first, the rest by name.
func IDs() []string {
	out := []string{Default}
	for _, e := range index() {
		if e.id != Default {
			out = append(out, e.id)
		}
	}
	return out
}

// All returns every profile, in the order of IDs.
func All() []*Profile {
	var out []*Profile
	for _, id := range IDs() {
		if p, err := Get(id); err == nil { // a test decodes every line
			out = append(out, p)
		}
	}
	return out
}

// UnknownError says that there is no client of that id.
type UnknownError struct {
	ID   string
	Near []string // ids that are spelled like it, nearest first; may be empty
}

func (e *UnknownError) Error() string {
	if len(e.Near) == 0 {
		return fmt.Sprintf("unknown client %q", e.ID)
	}
	return fmt.Sprintf("unknown client %q; did you mean %s?", e.ID, strings.Join(e.Near, ", "))
}

// Known says whether there is a client of that id.
func Known(id string) bool {
	_, ok := slices.BinarySearchFunc(index(), id, func(e entry, id string) int { return strings.Compare(e.id, id) })
	return ok
}

// Get returns a client. The error for an unknown id is an *UnknownError.
func Get(id string) (*Profile, error) {
	entries := index()
	i, ok := slices.BinarySearchFunc(entries, id, func(e entry, id string) int { return strings.Compare(e.id, id) })
	if !ok {
		return nil, &UnknownError{ID: id, Near: nearest(id)}
	}
	p, err := decode(entries[i].line)
	if err != nil {
		return nil, fmt.Errorf("reading client %s: %w", id, err)
	}
	return p, nil
}

func decode(line string) (*Profile, error) {
	var r record
	dec := json.NewDecoder(strings.NewReader(line))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&r); err != nil {
		return nil, err
	}
	if len(r.Hello) < 4 {
		return nil, fmt.Errorf("hello of %d bytes", len(r.Hello))
	}
	hello, err := wire.ParseClientHello(r.Hello[4:])
	if err != nil {
		return nil, err
	}
	p := &Profile{
		ID: r.ID, Kind: r.Kind, Group: r.Group, Label: r.Label, Sources: r.Sources, Family: r.Family, Product: r.Product, Version: r.Version, Library: r.Library, Software: r.Software, Year: r.Year,
		Source: r.Source, Note: r.Note, Hello: hello, RecordVersion: r.RecordVersion, Padding: r.Padding,
		Policy: r.Policy.Policy,
	}
	for _, v := range r.Policy.Validity {
		from, err := time.Parse(time.DateOnly, v.From)
		if err != nil {
			return nil, err
		}
		p.Policy.Validity = append(p.Policy.Validity, ValidityLimit{from, v.Days})
	}
	return p, nil
}

// nearest lists ids that a person may have meant: those that begin like id or
// contain it, and those of few edits.
func nearest(id string) []string {
	id = strings.ToLower(strings.TrimSpace(id))
	if id == "" || len(id) > 64 {
		return nil
	}
	type match struct {
		id   string
		cost int
	}
	var found []match
	for _, known := range IDs() {
		d := distance(id, known)
		switch {
		case known == id:
			d = 0 // but for its case
		case strings.HasPrefix(known, id):
			d = 1
		case strings.Contains(known, id):
			d = min(d, 2)
		case d > 1+len(id)/4:
			continue
		}
		found = append(found, match{known, d})
	}
	// Ties: the newest version, which is what "node" or "chrome" means.
	slices.SortStableFunc(found, func(a, b match) int {
		if a.cost != b.cost {
			return a.cost - b.cost
		}
		return CompareVersions(b.id, a.id)
	})
	var out []string
	for _, m := range found[:min(len(found), 5)] {
		out = append(out, m.id)
	}
	return out
}

// CompareVersions compares text with the numbers in it by value, so that 9 comes
// before 10; negative, 0 or positive.
func CompareVersions(a, b string) int {
	for a != "" && b != "" {
		na, nb := digits(a), digits(b)
		if na > 0 && nb > 0 {
			x, y := strings.TrimLeft(a[:na], "0"), strings.TrimLeft(b[:nb], "0")
			if len(x) != len(y) {
				return len(x) - len(y)
			}
			if c := strings.Compare(x, y); c != 0 {
				return c
			}
			a, b = a[na:], b[nb:]
			continue
		}
		if a[0] != b[0] {
			return int(a[0]) - int(b[0])
		}
		a, b = a[1:], b[1:]
	}
	return len(a) - len(b)
}

// CompareAge orders clients of one group, the older first: by version where both
// labels are numbers ("0.8.28" was released after "0.10.0"), else by year ("XP" and
// "7").
func CompareAge(a, b *Profile) int {
	if digits(a.Label) > 0 && digits(b.Label) > 0 {
		return cmp.Or(CompareVersions(a.Label, b.Label), cmp.Compare(a.Year, b.Year))
	}
	return cmp.Or(cmp.Compare(a.Year, b.Year), CompareVersions(a.Label, b.Label))
}

func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

// distance is Levenshtein's.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
