package render

import (
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

// remediesOf picks the fix for the software at hand: that of the server as
// detected, or that of the client where the client has to act. Fixes come in
// order of merit, so ties go to the first.
func remediesOf(r *report.Report, f *report.Finding) remedies {
	software := map[bool]string{false: softwareID(r.Server.Software), true: softwareID(r.Client)}
	best := map[bool]int{false: -1, true: -1} // by "is it the client's"
	rank := func(i int) int {
		x := f.Fix[i]
		switch {
		case x.For == software[atClient(x, f)] && x.For != "":
			return 2
		case x.For == cause.Generic:
			return 1
		}
		return 0
	}
	for i, x := range f.Fix {
		side := atClient(x, f)
		if best[side] < 0 || rank(i) > rank(best[side]) {
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

func softwareID(name string) string {
	if s, ok := cause.LookupSoftware(name); ok {
		return s.ID
	}
	return ""
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
		if n := softwareName(x.For); n != "" {
			names = append(names, n)
		}
	}
	return names
}
