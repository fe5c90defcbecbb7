package render

import (
	"slices"
	"strings"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/report"
)

// remedies sorts a finding's fixes for a reader: the one to show first, what
// the other end could do instead, and the rest.
type remedies struct {
	main    *report.Fix
	instead *report.Fix
	others  []report.Fix // neither of the two; those of the acting side first
}

// remediesOf picks the first fix of either end: fixes come in order of merit,
// those for the software at hand before all others.
func remediesOf(f *report.Finding) remedies {
	best := map[bool]int{false: -1, true: -1} // by "is it the client's"
	for i, x := range f.Fix {
		if side := atClient(x, f); best[side] < 0 {
			best[side] = i
		}
	}
	acts := f.Side == cause.SideClient
	var m remedies
	if i := best[acts]; i >= 0 {
		m.main = &f.Fix[i]
	}
	if i := best[!acts]; i >= 0 {
		m.instead = &f.Fix[i]
	}
	if m.main == nil {
		m.main, m.instead = m.instead, nil
	}
	for _, side := range []bool{acts, !acts} {
		for i, x := range f.Fix {
			if atClient(x, f) == side && m.main != &f.Fix[i] && m.instead != &f.Fix[i] {
				m.others = append(m.others, x)
			}
		}
	}
	return m
}

// atClient reports whether a fix is applied at the client; one that does not
// say is for whoever has to act.
func atClient(x report.Fix, f *report.Finding) bool {
	if x.Side == "" {
		return f.Side == cause.SideClient
	}
	return x.Side == cause.SideClient
}

// softwareName is the name that the makers of a software write, "" for a fix
// that names no product.
func softwareName(id string) string {
	if id == cause.Generic {
		return ""
	}
	if s, ok := cause.LookupSoftware(id); ok {
		return s.Name
	}
	return id
}

// otherNames are the products that the remaining fixes are for.
func (m remedies) otherNames() []string {
	var names []string
	for _, x := range m.others {
		if n := softwareName(x.For); n != "" && !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	return names
}

// saysItself reports whether a text begins with the software's name, so that no
// label has to.
func saysItself(x *report.Fix, name string) bool {
	return strings.HasPrefix(x.Text, name+" ")
}
