package trust

import (
	"bytes"
	"fmt"
	"slices"
	"sync"
	"time"
)

// ProgrammeStore is the list of roots that a programme shipped: the last one of
// asOf's month or before it; zero: now. The programmes are mozilla, apple,
// microsoft, chrome, java, android and debian. The store's name says which list
// stands for the month, since few months have their own. A month before the
// first list gets that one.
//
// The rules of the programmes for roots on their way out are in the store, as
// far as they were in force that month; whether a client follows them is a
// matter of its policy (Policy.DistrustAfter).
func ProgrammeStore(id string, asOf time.Time) (*Store, error) {
	f, err := programmes()
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(f.Programmes, func(p *programme) bool { return p.ID == id })
	if i < 0 {
		return nil, fmt.Errorf("the roots of %q are not known", id)
	}
	p := f.Programmes[i]
	last := p.Lists[len(p.Lists)-1].Date
	if id == "mozilla" && (asOf.IsZero() || !asOf.Before(firstOfNextMonth(last.Time))) {
		return MozillaStore(), nil // which is newer than the lists, and loaded in every run
	}
	dated := !asOf.IsZero()
	if !dated {
		asOf = time.Now()
	}
	key := p.ID + "@" + month(asOf)
	if s, ok := programmeStores.Load(key); ok {
		return s.(*Store), nil
	}
	s, err := f.store(p, firstOfNextMonth(asOf))
	if err != nil {
		return nil, fmt.Errorf("loading the roots of %s: %w", id, err)
	}
	if s.ID = p.ID; dated {
		s.ID = key
	}
	s.Name = p.storeName(asOf, dated)
	kept, _ := programmeStores.LoadOrStore(key, s)
	return kept.(*Store), nil
}

// programmeStores holds the stores that were made, by programme and month.
var programmeStores sync.Map

// store makes the store of the last list before a time, with the rules that were
// in force by then.
func (f *programmeFile) store(p *programme, before time.Time) (*Store, error) {
	limited := map[int]*limits{}
	for _, r := range p.Rules {
		if !r.From.Before(before) {
			continue
		}
		if limited[r.Root] == nil {
			limited[r.Root] = &limits{}
		}
		limited[r.Root].add(r)
	}
	in := map[int]bool{}
	for i, l := range p.Lists {
		if i > 0 && !l.Date.Before(before) {
			break
		}
		for _, n := range l.Add {
			in[n] = true
		}
		for _, n := range l.Del {
			delete(in, n)
		}
	}
	s := &Store{}
	for n := range in {
		e, err := f.root(n)
		if err != nil {
			return nil, err
		}
		if l := limited[n]; l != nil {
			e = l.entry(e)
		}
		s.add(e)
	}
	// A map has no order; which of two roots of one name is tried first must not
	// be left to chance.
	slices.SortFunc(s.entries, compareEntries)
	for _, same := range s.bySubject {
		slices.SortFunc(same, compareEntries)
	}
	return s, nil
}

func compareEntries(a, b *entry) int { return bytes.Compare(a.der, b.der) }

// longAgo is the age from which a list is no longer that of the month, unless
// the programme had no other in between.
const longAgo = 18 * 30 * day

// storeName says whose roots they are, as of when, and how that is known.
func (p *programme) storeName(asOf time.Time, dated bool) string {
	i := 0
	for i+1 < len(p.Lists) && p.Lists[i+1].Date.Before(firstOfNextMonth(asOf)) {
		i++
	}
	l := p.Lists[i]
	how := "of " + l.Source
	switch {
	case l.Date.After(firstOfNextMonth(asOf)):
		how = "the earliest list known, " + how + " in " + month(l.Date.Time)
	case asOf.Sub(l.Date.Time) > longAgo:
		how = "the nearest list known, " + how + " in " + month(l.Date.Time)
	}
	if l.Guess {
		how += ", estimated"
	}
	if !dated {
		return fmt.Sprintf("%s roots (%s)", p.Name, how)
	}
	return fmt.Sprintf("%s roots as of %s (%s)", p.Name, month(asOf), how)
}

func month(t time.Time) string { return t.UTC().Format("2006-01") }

func firstOfNextMonth(t time.Time) time.Time {
	t = t.UTC()
	return time.Date(t.Year(), t.Month()+1, 1, 0, 0, 0, 0, time.UTC)
}
