package diagnose

import (
	"slices"

	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// minimal keeps one experiment a dimension, the one that changes least, with
// what the server chose as the change; the earliest dimension comes first.
func minimal(singles, all []experiment) []experiment {
	best := map[dimension]experiment{}
	for _, e := range singles {
		d := e.changes[0].dim
		if have, ok := best[d]; !ok || smaller(e.changes[0], have.changes[0]) {
			best[d] = e
		}
	}
	// Where the hello may shrink and where it may not both got through, the size
	// was not what mattered.
	if sized, ok := best[dimSize]; ok && sized.changes[0].key == "size-" {
		if slices.ContainsFunc(all, func(e experiment) bool {
			return len(e.changes) == 1 && e.changes[0].key == "groups-hybrid" && e.ok()
		}) {
			delete(best, dimSize)
		}
	}
	var out []experiment
	for _, e := range best {
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b experiment) int {
		return int(a.changes[0].dim) - int(b.changes[0].dim)
	})
	return out
}

// smaller prefers one offered value to a whole list, and what is taken out of
// the hello for a reason of its own to all that can be.
func smaller(a, b change) bool {
	if a.removes && b.removes {
		return a.key == "extensions-GREASE"
	}
	return len(a.key) < len(b.key)
}

// needed tells the offers that an answer took up from those of which it took
// nothing: what the server chose then stands in the client's hello c already,
// and something else than the offer made it answer this time. Groups and
// signature algorithms may be needed for the certificates and not be chosen (RFC
// 8422, Section 5.1), so an answer that does not name them tells nothing.
func needed(c *wire.ClientHello, singles []experiment) (yes, moot []experiment) {
	for _, e := range singles {
		if ch := e.changes[0]; !ch.removes && (ch.dim == dimVersions || ch.dim == dimSuites) && e.t.Server != nil && len(lacks(c, e.t)) == 0 {
			moot = append(moot, e)
		} else {
			yes = append(yes, e)
		}
	}
	return yes, moot
}

// tolerated tells the removals apart of which the server showed, by any answer,
// that it does not mind what they take out of the client's hello c: that it
// answers without says then that it lacks something, not that it breaks.
func tolerated(c *wire.ClientHello, singles, done []experiment, fan []*transcript.Transcript) (yes, no []experiment) {
	answers := slices.Clone(fan)
	for _, e := range done {
		answers = append(answers, e.t)
	}
	for _, e := range singles {
		if slices.ContainsFunc(answers, func(t *transcript.Transcript) bool {
			return answered(t) && t.Attempt.Handshake.Hello != nil && holds(t.Attempt.Handshake.Hello, e.changes[0], c)
		}) {
			yes = append(yes, e)
		} else {
			no = append(no, e)
		}
	}
	return yes, no
}

// holds says that hello h holds all that the removal takes out of c.
func holds(h *wire.ClientHello, removal change, c *wire.ClientHello) bool {
	switch removal.key {
	case "versions-TLS 1.3":
		return h.OffersVersion(wire.VersionTLS13)
	case "groups-hybrid":
		return hasHybrid(h)
	case "size-":
		return sentSize(h) >= sentSize(c)
	case "extensions-":
		return !slices.ContainsFunc(c.Extensions, func(e wire.Extension) bool {
			_, has := h.Extension(e.Type)
			return !coreExtension(e.Type) && !has
		})
	case "extensions-GREASE":
		return countGREASE(h) >= countGREASE(c)
	}
	return false
}

// countGREASE counts reserved values in the lists in which clients put them.
func countGREASE(h *wire.ClientHello) int {
	n := 0
	count := func(v uint16) {
		if wire.IsGREASE(v) {
			n++
		}
	}
	for _, s := range h.CipherSuites {
		count(uint16(s))
	}
	for _, e := range h.Extensions {
		count(uint16(e.Type))
	}
	for _, g := range h.SupportedGroups() {
		count(uint16(g))
	}
	for _, s := range h.SignatureAlgorithms() {
		count(uint16(s))
	}
	for _, s := range h.KeyShares() {
		count(uint16(s.Group))
	}
	versions, _ := listedVersions(h)
	for _, v := range versions {
		count(uint16(v))
	}
	return n
}
