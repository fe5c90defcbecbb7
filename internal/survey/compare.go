package survey

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/trust"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// compare says of each recommended configuration whether the server meets it:
// whether it has nothing weaker than that allows. What the configuration has
// besides, and somebody needs to connect, are changes as well, which only add;
// a server meets a configuration without them.
func compare(s *Survey, clients oracle) []Gap {
	out := []Gap{}
	if len(s.Versions) == 0 {
		return out
	}
	g := mozilla()
	for i := range g.Profiles {
		c := comparison{s: s, p: &g.Profiles[i], clients: clients, meets: true}
		for _, step := range []func(){c.versions, c.suites, c.order, c.groups, c.dh, c.certificates, c.hsts, c.stapling} {
			step()
		}
		if c.changes == nil {
			c.changes = []Change{}
		}
		out = append(out, Gap{Profile: c.p.Name, Version: g.Version, Meets: c.meets && s.suitesComplete(), Changes: c.changes})
	}
	return out
}

// suitesComplete: of what was not asked nobody can say that it is not accepted.
func (s *Survey) suitesComplete() bool {
	for _, v := range s.Versions {
		if !s.Suites[v.String()].Complete {
			return false
		}
	}
	return true
}

// comparison is one configuration's.
type comparison struct {
	s       *Survey
	p       *recommended
	clients oracle
	meets   bool
	changes []Change
}

// change adds a change to the list; edit makes it in a copy of the facts, nil if
// no client would notice. It reports whether somebody is let in.
func (c *comparison) change(x Change, edit func(*transcript.Facts)) {
	x.LocksOut, x.LetsIn = []string{}, []string{}
	if edit != nil {
		after := c.s.Facts.Clone()
		edit(after)
		lost, gained := c.clients.Lost(after)
		x.LocksOut, x.LetsIn = append(x.LocksOut, lost...), append(x.LetsIn, gained...)
	}
	if x.Remove == nil {
		x.Remove = []string{}
	}
	if x.Add == nil {
		x.Add = []string{}
	}
	c.changes = append(c.changes, x)
}

// need is a change without which the configuration is not met.
func (c *comparison) need(x Change, edit func(*transcript.Facts)) {
	c.meets = false
	c.change(x, edit)
}

// offer is a change that adds; it is dropped if nobody needs it.
func (c *comparison) offer(x Change, edit func(*transcript.Facts)) {
	c.change(x, edit)
	if last := len(c.changes) - 1; len(c.changes[last].LetsIn) == 0 {
		c.changes = c.changes[:last]
	}
}

func (c *comparison) versions() {
	var remove, add []wire.Version
	for _, v := range c.s.Versions {
		if !slices.Contains(c.p.versions, v) {
			remove = append(remove, v)
		}
	}
	for _, v := range c.p.versions {
		if !c.s.has(v) {
			add = append(add, v)
		}
	}
	without := func(f *transcript.Facts) {
		f.Versions = slices.DeleteFunc(f.Versions, func(v wire.Version) bool { return slices.Contains(remove, v) })
		for _, v := range remove {
			delete(f.Suites, v.String())
		}
	}
	switch {
	case len(remove) > 0 && len(remove) == len(c.s.Versions):
		// One without the other would leave nothing.
		c.need(Change{Setting: "versions", Remove: names(remove), Add: names(add), Text: fmt.Sprintf("Accept %s instead of %s.", listed(oldestFirst(add)), listed(oldestFirst(remove)))},
			func(f *transcript.Facts) { c.addVersions(f, add); without(f) })
		return
	case len(remove) > 0:
		c.need(Change{Setting: "versions", Remove: names(remove), Text: fmt.Sprintf("Stop accepting %s.", listed(oldestFirst(remove)))}, without)
	}
	// Each by itself: who has TLS 1.3 to gain need not take TLS 1.0.
	for _, v := range add {
		x := Change{Setting: "versions", Add: []string{v.String()}, Text: fmt.Sprintf("Accept %s too.", v)}
		edit := func(f *transcript.Facts) { c.addVersions(f, []wire.Version{v}) }
		if v == wire.VersionTLS13 {
			c.change(x, edit) // faster and better for those who connect already
			continue
		}
		c.offer(x, edit)
	}
}

func names[T fmt.Stringer](xs []T) []string {
	out := make([]string, 0, len(xs))
	for _, x := range xs {
		out = append(out, x.String())
	}
	return out
}

func oldestFirst(vs []wire.Version) []string {
	vs = slices.Clone(vs)
	slices.Sort(vs)
	return names(vs)
}

func (c *comparison) suites() {
	var remove []wire.CipherSuite
	add := map[wire.Version][]wire.CipherSuite{}
	var added []wire.CipherSuite
	for _, v := range c.s.Versions {
		if !slices.Contains(c.p.versions, v) {
			continue // goes as a whole
		}
		list := c.s.Suites[v.String()].List
		for _, x := range list {
			if c.p.weaker(x) && !slices.Contains(remove, x) {
				remove = append(remove, x)
			}
		}
		for _, x := range c.fitting(v) {
			if slices.Contains(list, x) {
				continue
			}
			add[v] = append(add[v], x)
			if !slices.Contains(added, x) {
				added = append(added, x)
			}
		}
	}
	put := func(f *transcript.Facts) {
		for v, xs := range add {
			suites := f.Suites[v.String()]
			suites.List = append(suites.List, xs...)
			f.Suites[v.String()] = suites
		}
		c.addDH(f)
	}
	drop := func(f *transcript.Facts) {
		for v, suites := range f.Suites {
			suites.List = slices.DeleteFunc(suites.List, func(x wire.CipherSuite) bool { return slices.Contains(remove, x) })
			f.Suites[v] = suites
		}
		dropEmpty(f)
	}
	if len(remove) > 0 {
		x := Change{Setting: "suites", Remove: names(remove), Text: fmt.Sprintf("Drop %s.", counted(names(remove), "suite"))}
		if c.leavesNothing(remove) {
			x.Add = names(added)
			x.Text = fmt.Sprintf("Accept %s instead of %s.", counted(x.Add, "suite"), counted(x.Remove, "suite"))
			c.need(x, func(f *transcript.Facts) { put(f); drop(f) })
			return
		}
		c.need(x, drop)
	}
	if len(added) > 0 {
		c.offer(Change{Setting: "suites", Add: names(added), Text: fmt.Sprintf("Accept %s too.", counted(names(added), "suite"))}, put)
	}
}

// leavesNothing: no version would have a suite left.
func (c *comparison) leavesNothing(remove []wire.CipherSuite) bool {
	for _, v := range c.s.Versions {
		for _, x := range c.s.Suites[v.String()].List {
			if !slices.Contains(remove, x) {
				return false
			}
		}
	}
	return true
}

// dropEmpty takes versions out that have no suite left.
func dropEmpty(f *transcript.Facts) {
	f.Versions = slices.DeleteFunc(f.Versions, func(v wire.Version) bool {
		s := f.Suites[v.String()]
		if len(s.List)+len(s.ListSSL2) > 0 {
			return false
		}
		delete(f.Suites, v.String())
		return true
	})
}

// counted names up to three things, or the first ones and how many more.
func counted(names []string, what string) string {
	if len(names) <= 3 {
		return listed(names)
	}
	return fmt.Sprintf("%d %ss (%s, …)", len(names), what, strings.Join(names[:2], ", "))
}

// order: a configuration with weak suites in it needs the server to choose.
func (c *comparison) order() {
	if !c.p.ServerOrder {
		return
	}
	var versions []string
	for _, v := range c.s.Versions {
		if x := c.s.Suites[v.String()]; v < wire.VersionTLS13 && x.Order == transcript.ClientOrder && len(x.List) > 1 && slices.Contains(c.p.versions, v) {
			versions = append(versions, v.String())
		}
	}
	if len(versions) == 0 {
		return
	}
	c.need(Change{Setting: "order", Remove: []string{"client"}, Add: []string{"server"}, Text: "Let the server's order decide among suites, strong ones first."}, func(f *transcript.Facts) {
		for _, v := range versions {
			x := f.Suites[v]
			x.Order = transcript.ServerOrder
			f.Suites[v] = x
		}
	})
}

func (c *comparison) groups() {
	var remove, add []wire.Group
	for _, g := range c.s.Groups {
		if weakGroup(g.Group, c.p.ECDHBits) {
			remove = append(remove, g.Group)
		}
	}
	if len(remove) > 0 {
		c.need(Change{Setting: "groups", Remove: names(remove), Text: fmt.Sprintf("Drop %s.", counted(names(remove), "group"))}, func(f *transcript.Facts) {
			f.Groups = slices.DeleteFunc(f.Groups, func(g transcript.GroupFact) bool { return slices.Contains(remove, g.Group) })
		})
	}
	if len(c.s.Groups) == 0 {
		return // no key exchange that has groups, or nobody looked
	}
	for _, g := range c.p.groups {
		if !slices.ContainsFunc(c.s.Groups, func(x transcript.GroupFact) bool { return x.Group == g }) {
			add = append(add, g)
		}
	}
	if len(add) > 0 {
		c.offer(Change{Setting: "groups", Add: names(add), Text: fmt.Sprintf("Accept %s too.", counted(names(add), "group"))}, func(f *transcript.Facts) {
			for _, g := range add {
				f.Groups = append(f.Groups, transcript.GroupFact{Group: g, TLS13: transcript.TriOf(c.s.has(wire.VersionTLS13)), TLS12: transcript.TriOf(c.s.before13())})
			}
		})
	}
}

// weakGroup says that a curve is smaller than bits. X25519 has 255 of 256 and
// counts as 256; finite fields of RFC 7919 are all large enough.
func weakGroup(g wire.Group, bits int) bool {
	name := strings.ToLower(g.String())
	if strings.HasPrefix(name, "arbitrary_explicit") {
		return true
	}
	for _, prefix := range []string{"secp", "sect"} {
		var n int
		if _, err := fmt.Sscanf(strings.TrimPrefix(name, prefix), "%d", &n); strings.HasPrefix(name, prefix) && err == nil {
			return n < bits
		}
	}
	return false
}

func (c *comparison) dh() {
	var small []string
	for _, d := range c.s.DH {
		if d.Bits < c.p.DHBits {
			small = append(small, fmt.Sprintf("%d bits", d.Bits))
		}
	}
	if len(small) == 0 {
		return
	}
	slices.Sort(small)
	small = slices.Compact(small)
	c.need(Change{Setting: "dh", Remove: small, Add: []string{c.ffdhe()}, Text: fmt.Sprintf("Use the Diffie-Hellman group %s instead of one of %s.", c.ffdhe(), listed(small))}, func(f *transcript.Facts) {
		f.DH = nil
		c.addDH(f)
	})
}

// ffdhe is the group of RFC 7919 to use.
func (c *comparison) ffdhe() string { return fmt.Sprintf("ffdhe%d", max(2048, c.p.DHBits)) }

// addDH gives a server with DHE suites a group for them.
func (c *comparison) addDH(f *transcript.Facts) {
	if len(f.DH) == 0 {
		f.DH = []transcript.DHFact{{Bits: max(2048, c.p.DHBits), Name: c.ffdhe(), Generator: 2, Safe: transcript.Yes}}
	}
}

func (c *comparison) hsts() {
	h := c.s.HTTP
	if h == nil || c.s.Target.Service != "http" || h.HSTS != nil && h.HSTS.MaxAge >= c.p.HSTSMaxAge {
		return
	}
	want := fmt.Sprintf("max-age=%d", c.p.HSTSMaxAge)
	x := Change{Setting: "hsts", Add: []string{want}, Text: "Send Strict-Transport-Security: " + want + " (two years)."}
	if h.HSTS != nil {
		x.Remove = []string{fmt.Sprintf("max-age=%d", h.HSTS.MaxAge)}
	}
	c.need(x, nil)
}

// stapling: only where the CA has an OCSP server; many have none any more.
func (c *comparison) stapling() {
	if !c.p.OCSPStapling || c.s.Features.OCSPStapling != transcript.No {
		return
	}
	for _, cert := range c.s.forTarget() {
		if len(cert.Served.Chain) == 0 {
			continue
		}
		if leaf, err := trust.ParseCertificate(cert.Served.Chain[0]); err == nil && len(leaf.OCSPServers) > 0 {
			c.change(Change{Setting: "stapling", Add: []string{"OCSP"}, Text: "Staple the CA's OCSP response, so that clients need not ask."}, nil)
			return
		}
	}
}
