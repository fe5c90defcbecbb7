package client

import (
	"slices"

	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// groupsInOrder lists the groups in common, the likeliest choice first. A hello
// of TLS 1.2 or older without supported_groups leaves the choice to the server
// (RFC 8422, Section 4).
func (r *run) groupsInOrder(v wire.Version) []wire.Group {
	offered := r.h.SupportedGroups()
	used := func(g transcript.GroupFact) transcript.Tri {
		if v >= wire.VersionTLS13 {
			return g.TLS13
		}
		return g.TLS12
	}
	if !slices.ContainsFunc(r.f.Groups, func(g transcript.GroupFact) bool { return used(g) != transcript.No }) {
		// Nobody looked; or the server was seen to agree on a key and on no group,
		// and the survey was disturbed.
		r.unsure("the groups of the server's key exchange in " + v.String())
		return slices.DeleteFunc(offered, func(g wire.Group) bool { return wire.IsGREASE(uint16(g)) })
	}
	_, sent := r.h.Extension(wire.ExtSupportedGroups)
	var out []wire.Group
	for _, g := range r.f.Groups {
		if (slices.Contains(offered, g.Group) || !sent && v < wire.VersionTLS13) &&
			r.holds(used(g), true, "whether the server uses "+g.Group.String()+" in "+v.String()) {
			out = append(out, g.Group)
		}
	}
	order := r.f.GroupOrder
	if v < wire.VersionTLS13 && slices.Contains(r.f.Versions, wire.VersionTLS13) {
		order = r.f.GroupOrder12
	}
	if sent && len(out) > 1 && !r.serverDecides(order, "whose order of groups decides in "+v.String()) {
		slices.SortStableFunc(out, func(a, b wire.Group) int { return slices.Index(offered, a) - slices.Index(offered, b) })
	}
	return out
}

// pickCurve chooses the group of ECDHE before TLS 1.3.
func (r *run) pickCurve(d *deal) bool {
	groups := slices.DeleteFunc(r.groupsInOrder(d.version), wire.Group.FiniteField)
	if len(groups) == 0 {
		return false
	}
	d.group = groups[0]
	return true
}

// pickDH chooses the group of DHE before TLS 1.3. Where both sides know named
// ones they agree on one of these or on none (RFC 7919, Section 4); else the
// server uses its own.
func (r *run) pickDH(d *deal) bool {
	knows := slices.ContainsFunc(r.f.Groups, func(g transcript.GroupFact) bool { return g.Group.FiniteField() && g.TLS12 == transcript.Yes })
	if knows && slices.ContainsFunc(r.h.SupportedGroups(), wire.Group.FiniteField) {
		groups := slices.DeleteFunc(r.groupsInOrder(d.version), func(g wire.Group) bool { return !g.FiniteField() })
		if len(groups) == 0 {
			return false
		}
		d.group, d.dhBits = groups[0], ffdheBits[groups[0]]
		return true
	}
	least, most := r.p.Policy.MinDHBits, r.p.Policy.MaxDHBits
	fit := func(x transcript.DHFact) bool { return x.Bits >= least && (most == 0 || x.Bits <= most) }
	some, all := false, true
	for _, x := range r.f.DH {
		some, all = some || fit(x), all && fit(x)
		if d.dhBits == 0 || x.Bits < d.dhBits {
			d.dhBits = x.Bits
		}
	}
	if len(r.f.DH) == 1 {
		// It sends the numbers; whoever knows them calls them by that name.
		if g, ok := wire.ParseGroup(r.f.DH[0].Name); ok && g.FiniteField() {
			d.group = g
		}
	}
	if some != all || len(r.f.DH) == 0 {
		// Which of them it takes may hang on the suite and on its key.
		r.unsure("the Diffie-Hellman group of " + d.suite.String())
	}
	return true
}

var ffdheBits = map[wire.Group]int{
	wire.GroupFFDHE2048: 2048, wire.GroupFFDHE3072: 3072, wire.GroupFFDHE4096: 4096,
	wire.GroupFFDHE6144: 6144, wire.GroupFFDHE8192: 8192,
}

// fits13 chooses group and signature of TLS 1.3, which are independent of the
// suite (RFC 8446, Section 4.1.1).
func (r *run) fits13(d *deal) obstacle {
	groups := r.groupsInOrder(d.version)
	if len(groups) == 0 || !r.pickShare(d, groups) {
		return lacksGroup
	}
	keys := r.shown(d.foreign)
	if len(keys) == 0 {
		r.unsure("the certificate that the server shows")
	}
	schemes := r.schemesInOrder(r.h.SignatureAlgorithms(), d.version)
	for _, s := range schemes {
		i := slices.IndexFunc(keys, func(l *leaf) bool { return s.Leaf != "" && s.Leaf == l.SHA256 })
		if i < 0 {
			i = slices.IndexFunc(keys, func(l *leaf) bool { return l.signs(s.Scheme, d.version) })
		}
		if i >= 0 {
			d.scheme, d.leaf = s.Scheme, keys[i]
			return noObstacle
		}
	}
	switch {
	case r.vague != "":
		return noObstacle // see above
	case d.foreign && len(schemes) > 0:
		r.unsure("all certificates that a hello without a server name gets")
	}
	return lacksScheme
}

// pickShare takes a group of which the hello holds a share, or asks for one.
func (r *run) pickShare(d *deal, groups []wire.Group) bool {
	shares := r.h.KeyShares()
	held := func(g wire.Group) bool {
		return slices.ContainsFunc(shares, func(s wire.KeyShare) bool { return s.Group == g })
	}
	d.group, d.retry = groups[0], !held(groups[0])
	if !d.retry {
		return true
	}
	i := slices.IndexFunc(groups, held)
	asks := r.holds(r.f.Features.HelloRetry, true, "whether the server asks for another key share")
	take := !asks || i >= 0 && r.holds(r.f.ShareFirst, true, "whether the server prefers a key share that it has")
	if take && asks && groups[0].PostQuantum() {
		// Go since 1.24 and OpenSSL since 3.5 ask for that one all the same.
		take = !r.holds(transcript.Unknown, true, "whether the server would rather ask for a post-quantum share")
	}
	if i >= 0 && take {
		d.group, d.retry = groups[i], false
		return true
	}
	return asks
}
