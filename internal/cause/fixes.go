package cause

import "strings"

// Condition is something that has to be so for a fix to help: the value of a
// name is one of Is. Where the value is not known, it may be.
type Condition struct {
	// Name is a placeholder, or "acts": the side that has to act, client or server,
	// or "taken": the oldest version that the server takes.
	Name string
	Is   []string
}

// Suits reports whether the conditions of a fix hold for the values of a case.
func (f *Fix) Suits(values map[string]string) bool {
	for _, c := range f.When {
		if v := values[c.Name]; v != "" && !contains(c.Is, v) {
			return false
		}
	}
	return true
}

// FixesFor returns the fixes that a user of the software can apply at the given
// side, best first: those for the software itself, then for what it is built
// on, the generic ones last. An empty side is any side; SideClient gives what
// the client can do, any other side what can be done where the connection ends
// or on the way to it. The software may be an id of data/software.yaml, an
// alias of one, or such a name with a release ("java-8u51"), for which only those
// are given that it can apply; "" gives the generic fixes alone.
func (c *Cause) FixesFor(software string, side Side) []Fix {
	return c.FixesOf(StackOf(software), side, nil)
}

// FixesOf is FixesFor for a stack whose releases are known, and for a case of
// which the values are known: what would not help there is left out.
func (c *Cause) FixesOf(stack Stack, side Side, values map[string]string) []Fix {
	var fixes []Fix
	add := func(f *Fix) {
		if (side == "" || (f.Side == SideClient) == (side == SideClient)) && f.Suits(values) {
			fixes = append(fixes, *f)
		}
	}
	for i := range stack {
		for _, f := range c.Fixes {
			if stack.reaches(i, f) {
				add(f)
			}
		}
	}
	for _, f := range c.Fixes {
		if f.For == Generic {
			add(f)
		}
	}
	return fixes
}

// lookup is LookupSoftware with the part of the name that was known.
func lookup(name string) (s *Software, stem string) {
	for stem = strings.ToLower(name); stem != ""; {
		for i := range softwareTable {
			if s := &softwareTable[i]; s.ID == stem || contains(s.Aliases, stem) {
				return s, stem
			}
		}
		cut := strings.LastIndexByte(stem, '-')
		if cut < 0 {
			break
		}
		stem = stem[:cut]
	}
	return nil, ""
}
