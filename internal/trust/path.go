package trust

import (
	"bytes"
	"errors"
	"slices"
)

// Bounds of the search: a peer chooses the certificates, and cross-signed CAs
// multiply.
const (
	maxPathLength = 12
	maxPaths      = 64
	maxSigChecks  = 500
	maxSent       = 100 // certificates of the peer that are looked at
	maxExtra      = 64
)

// Source is where a certificate of a path came from.
type Source uint8

// Sources.
const (
	FromPeer  Source = iota // sent in the handshake
	FromExtra               // fetched, or known otherwise
	FromStore               // an anchor
)

// PathEnd is why a path goes no further.
type PathEnd uint8

// Path ends.
const (
	EndAnchor        PathEnd = iota // at an anchor of the store
	EndSelfSigned                   // at a self-signed certificate that the store lacks
	EndMissingIssuer                // the last certificate's issuer is nowhere
	EndBounds                       // the search was cut off
)

// Path is one way from the leaf upwards.
type Path struct {
	Certs   []*Certificate // leaf first
	Sources []Source       // one for each of Certs
	End     PathEnd
	Anchor  *Anchor // the last of Certs if End is EndAnchor
	// Unchecked is set if a signature on the path is of a kind that cannot be
	// computed here; the link then rests on names and key identifiers.
	Unchecked bool
	Defects   []Defect
}

// Trusted tells whether the path leads to an anchor.
func (p *Path) Trusted() bool { return p.End == EndAnchor }

func (p *Path) top() *Certificate { return p.Certs[len(p.Certs)-1] }

// uses counts certificates of a source.
func (p *Path) uses(s Source) int {
	n := 0
	for _, x := range p.Sources {
		if x == s {
			n++
		}
	}
	return n
}

// builder finds every path. Depth first, but the candidates of each step in the
// order in which clients try them: anchors, certificates as sent, fetched ones.
type builder struct {
	sent, extra []*Certificate
	store       *Store
	policy      *Policy

	paths  []*Path
	checks int // signatures computed, weighted by cost
	cut    bool
	memo   map[[2]*Certificate]link
	cache  *Cache
}

// link is the answer to "did parent sign child?".
type link uint8

const (
	linkNo link = iota + 1
	linkYes
	linkUnchecked
)

// dedupe drops repeated certificates and bounds their number.
func dedupe(certs []*Certificate, most int, but ...*Certificate) []*Certificate {
	if len(certs) == 1 && len(but) == 1 && certs[0] != nil && !certs[0].Equal(but[0]) {
		return certs // nearly always
	}
	seen := make(map[[32]byte]bool, len(certs))
	for _, c := range but {
		seen[c.SHA256] = true
	}
	var out []*Certificate
	for _, c := range certs {
		if c == nil || seen[c.SHA256] || len(out) == most {
			continue
		}
		seen[c.SHA256] = true
		out = append(out, c)
	}
	return out
}

func buildPaths(leaf *Certificate, in *Input) (paths []*Path, cut bool) {
	b := &builder{store: in.Roots, policy: &in.Policy, cache: in.Cache}
	b.sent = dedupe(in.Chain[1:], maxSent, leaf)
	if len(in.Extra) > 0 {
		b.extra = dedupe(in.Extra, maxExtra, append([]*Certificate{leaf}, b.sent...)...)
	}
	if a := in.Roots.Contains(leaf); a != nil && b.isAnchor(a) {
		b.paths = append(b.paths, &Path{Certs: []*Certificate{leaf}, Sources: []Source{FromPeer}, End: EndAnchor, Anchor: a})
	}
	b.extend(&Path{Certs: []*Certificate{leaf}, Sources: []Source{FromPeer}})
	return b.paths, b.cut
}

// isAnchor: a store's certificate ends a path if it is self-signed, or if the
// client takes partial chains.
func (b *builder) isAnchor(a *Anchor) bool { return b.policy.PartialChain || a.SelfIssued() }

// candidate is an issuer to try.
type candidate struct {
	cert   *Certificate
	source Source
	anchor *Anchor
}

func (b *builder) candidates(c *Certificate) []candidate {
	var anchors, others []candidate
	for _, a := range b.store.issuers(c) {
		if b.isAnchor(a) {
			anchors = append(anchors, candidate{a.Certificate, FromStore, a})
		} else {
			others = append(others, candidate{a.Certificate, FromStore, nil})
		}
	}
	sent, extra := b.issuersAmong(b.sent, c, FromPeer), b.issuersAmong(b.extra, c, FromExtra)
	out := slices.Concat(anchors, sent, others, extra)
	if b.policy.SentOrderOnly {
		out = slices.Concat(sent, anchors, others, extra)
	}
	// A matching key identifier first: it is a hint, never a condition (RFC
	// 5280, Section 4.2.1.1 asks for it, RFC 4158 for not relying on it).
	slices.SortStableFunc(out, func(x, y candidate) int { return mismatchRank(c, x.cert) - mismatchRank(c, y.cert) })
	return out
}

// issuersAmong picks the certificates that name themselves the issuer of c, but
// for those that the store holds too: they are candidates already.
func (b *builder) issuersAmong(certs []*Certificate, c *Certificate, source Source) []candidate {
	var out []candidate
	for _, s := range certs {
		if s.subjectKey == c.issuerKey && b.store.Contains(s) == nil {
			out = append(out, candidate{s, source, nil})
		}
	}
	return out
}

func mismatchRank(child, parent *Certificate) int {
	if len(child.AuthorityKeyID) > 0 && len(parent.SubjectKeyID) > 0 && !bytes.Equal(child.AuthorityKeyID, parent.SubjectKeyID) {
		return 1
	}
	return 0
}

// extend adds every continuation of p to b.paths.
func (b *builder) extend(p *Path) {
	c := p.top()
	if len(b.paths) >= maxPaths || len(p.Certs) >= maxPathLength || b.checks >= maxSigChecks {
		b.cut = true
		b.end(p, EndBounds)
		return
	}
	extended := false
	for _, cand := range b.candidates(c) {
		if p.holds(cand.cert) {
			continue
		}
		l := b.signed(c, cand.cert)
		if l == linkNo {
			continue
		}
		next := &Path{
			Certs:     append(slices.Clone(p.Certs), cand.cert),
			Sources:   append(slices.Clone(p.Sources), cand.source),
			Unchecked: p.Unchecked || l == linkUnchecked,
		}
		extended = true
		if cand.anchor != nil {
			next.Anchor = cand.anchor
			b.end(next, EndAnchor)
		} else {
			b.extend(next)
		}
		if len(b.paths) >= maxPaths {
			b.cut = true
			return
		}
		if b.policy.SentOrderOnly {
			return
		}
	}
	if extended {
		return
	}
	if c.SelfIssued() && b.signed(c, c) != linkNo {
		// A leaf that the store itself holds has its path already.
		if a := b.store.Contains(c); a == nil || len(p.Certs) > 1 || !b.isAnchor(a) {
			b.end(p, EndSelfSigned)
		}
		return
	}
	if len(p.Certs) == 1 && len(b.paths) > 0 {
		return // the leaf is an anchor
	}
	b.end(p, EndMissingIssuer)
}

func (b *builder) end(p *Path, end PathEnd) {
	p.End = end
	b.paths = append(b.paths, p)
}

// holds tells whether the path has that subject with that key already: cross
// certificates would lead in circles.
func (p *Path) holds(c *Certificate) bool {
	for _, x := range p.Certs {
		if x.subjectKey == c.subjectKey && x.Key.Equal(c.Key) {
			return true
		}
	}
	return false
}

// signed tells whether the parent's key made the child's signature. What cannot
// be computed counts as signed unless key identifiers contradict.
func (b *builder) signed(child, parent *Certificate) link {
	k := [2]*Certificate{child, parent}
	if l := b.memo[k]; l != 0 {
		return l
	}
	if l := b.cache.link(child, parent); l != 0 {
		return l
	}
	if b.checks >= maxSigChecks {
		b.cut = true
		return linkNo
	}
	b.checks += parent.Key.verifyCost()
	l := linkNo
	switch err := b.cache.checkSignature(child, parent); {
	case err == nil:
		l = linkYes
	case errors.Is(err, ErrUnsupported) && mismatchRank(child, parent) == 0:
		l = linkUnchecked
	}
	if b.memo == nil {
		b.memo = make(map[[2]*Certificate]link)
	}
	b.memo[k] = l
	b.cache.setLink(child, parent, l)
	return l
}

// verifyCost weighs a signature check; one is an RSA 2048 or a P-256 check.
func (k *PublicKey) verifyCost() int {
	cost := 1
	if k.Type == KeyDSA || k.Type == KeyECDSA && !fastCurve(k.Curve) {
		return 20 // milliseconds instead of fractions of one
	}
	if k.Modulus != nil && k.Exponent != nil {
		words := 1 + k.Bits/4097
		cost = words * words * (1 + k.Exponent.BitLen()/64)
	}
	return cost
}

// fastCurve: curves that the standard library computes.
func fastCurve(name string) bool {
	switch name {
	case "P-224", "P-256", "P-384", "P-521":
		return true
	}
	return false
}
