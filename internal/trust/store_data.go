package trust

import (
	"compress/flate"
	_ "embed"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

//go:generate go run ./gen

// The lists of the root programmes and their certificates, compiled from data/.
// Nothing of it is touched before a programme is asked for, and the certificates
// that Apple and Microsoft alone have only for those two.
var (
	//go:embed zz_stores.json
	storesJSON string
	//go:embed zz_roots.bin
	commonRoots string
	//go:embed zz_roots_more.bin
	moreRoots string
)

// programmeFile is zz_stores.json.
type programmeFile struct {
	Common     int          `json:"common"`
	Programmes []*programme `json:"programmes"`
}

type programme struct {
	ID    string          `json:"id"`
	Name  string          `json:"name"` // "Mozilla's"
	Lists []programmeList `json:"lists"`
	Rules []programmeRule `json:"rules"`
}

// programmeList is what a programme held on a day, as the difference from the
// list before it. A guess was pieced together from others.
type programmeList struct {
	Date   calendarDay `json:"date"`
	Source string      `json:"source"`
	Guess  bool        `json:"guess"`
	Add    []int       `json:"add"`
	Del    []int       `json:"del"`
}

// programmeRule limits a root from a day on; see limits.add for the kinds.
type programmeRule struct {
	Kind string      `json:"kind"`
	Date calendarDay `json:"date"`
	From calendarDay `json:"from"`
	Root int         `json:"root"`
}

// calendarDay is the beginning of a day, UTC.
type calendarDay struct{ time.Time }

// UnmarshalJSON reads "2006-01-02".
func (d *calendarDay) UnmarshalJSON(b []byte) error {
	t, err := time.Parse(`"`+time.DateOnly+`"`, string(b))
	d.Time = t
	return err
}

func (d calendarDay) end() time.Time { return d.AddDate(0, 0, 1).Add(-time.Second) }

var programmes = sync.OnceValues(readProgrammes)

func readProgrammes() (*programmeFile, error) {
	var f programmeFile
	if err := json.NewDecoder(strings.NewReader(storesJSON)).Decode(&f); err != nil {
		return nil, fmt.Errorf("reading the lists of roots: %w", err)
	}
	return &f, nil
}

// rootEntries are the entries of roots without limits, which all lists share: a
// root is parsed once, whatever the number of lists that it is looked up in.
type rootEntries struct {
	once    sync.Once
	packed  string
	entries []*entry
	err     error
}

var (
	commonEntries = rootEntries{packed: commonRoots}
	moreEntries   = rootEntries{packed: moreRoots}
)

func (r *rootEntries) load() ([]*entry, error) {
	r.once.Do(func() {
		b, err := io.ReadAll(flate.NewReader(strings.NewReader(r.packed)))
		if err != nil {
			r.err = fmt.Errorf("unpacking roots: %w", err)
			return
		}
		for len(b) >= 2 {
			n := int(binary.BigEndian.Uint16(b))
			if b = b[2:]; n > len(b) {
				r.err = fmt.Errorf("unpacking roots: certificate %d is cut off", len(r.entries))
				return
			}
			r.entries = append(r.entries, &entry{der: b[:n:n]})
			b = b[n:]
		}
	})
	return r.entries, r.err
}

// root returns the shared entry of a root by its number.
func (f *programmeFile) root(n int) (*entry, error) {
	from := &commonEntries
	if n >= f.Common {
		from, n = &moreEntries, n-f.Common
	}
	all, err := from.load()
	switch {
	case err != nil:
		return nil, err
	case n < 0 || n >= len(all):
		return nil, fmt.Errorf("the lists of roots name certificate %d, which is not there", n)
	}
	return all[n], nil
}
