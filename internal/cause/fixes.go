package cause

// FixesFor returns the fixes that a user of the software can apply at the given
// side, best first: those for the software itself, then for what it is built
// on, the generic ones last. An empty side is any side; SideClient gives what
// the client can do, any other side what can be done where the connection ends
// or on the way to it. The software may be an id of data/software.yaml, an
// alias of one, or such a name with a version ("java-17"); "" gives the generic
// fixes alone.
func (c *Cause) FixesFor(software string, side Side) []Fix {
	var fixes []Fix
	for _, id := range lineage(software) {
		for _, f := range c.Fixes {
			if f.For == id && (side == "" || (f.Side == SideClient) == (side == SideClient)) {
				fixes = append(fixes, *f)
			}
		}
	}
	return fixes
}

// lineage lists the software ids whose fixes apply to a piece of software.
func lineage(name string) []string {
	var ids []string
	if s, ok := LookupSoftware(name); ok {
		ids = append(ids, s.ID)
		ids = append(ids, s.Like...)
	}
	return append(ids, Generic)
}
