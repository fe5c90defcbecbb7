package trust

import (
	"cmp"
	"slices"
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// Input is all that a verdict depends on. Nothing is fetched.
type Input struct {
	// Chain is what the peer sent, in its order; the first is the leaf.
	Chain []*Certificate
	// Extra holds further certificates that may stand between: fetched by AIA,
	// or known to the client.
	Extra []*Certificate
	// Roots is the client's store; nil trusts nobody.
	Roots *Store
	// CurrentRoots, if set, is a store of today: where Roots does not trust a
	// chain that CurrentRoots does, the client's store is to blame.
	CurrentRoots *Store
	// Name is the host or address asked for, as typed; "" checks no name.
	Name string
	// At is the time of the check.
	At     time.Time
	Policy Policy
	// KeyUse is what the handshake did with the leaf's key.
	KeyUse KeyUse
	// Staple is the stapled OCSP response (DER), nil if none came.
	Staple []byte
	// StapleNotAsked: the hello had no status_request, so none could come.
	StapleNotAsked bool
	// SCTs that came by TLS extension or in an OCSP response.
	SCTs []SCT
	// Revocation holds what OCSP servers and CRLs said; see ParseOCSP, ParseCRL.
	Revocation []RevocationStatus
	// PeerTime is the peer's own clock (its Date header), zero if unknown.
	PeerTime time.Time
	// Interception recognises the name of a CA that inspects traffic, and says
	// which product it is; nil asks the catalogue of causes.
	Interception func(issuer string) (product string, ok bool)
	// Cache remembers what many chains have in common; nil: nothing is remembered.
	Cache *Cache
}

// Result is the verdict.
type Result struct {
	// OK: nothing blocks the client of the policy.
	OK bool
	// Best is the path that a client would take, or would get furthest on; nil
	// only if there was no certificate.
	Best *Path
	// Paths holds all paths that were found, best first.
	Paths []*Path
	// Defects of the best path and of the chain as a whole, the root cause first.
	Defects []Defect
	// Ambiguous lists causes that would look the same from here as the root
	// cause, likeliest first; empty if it is certain.
	Ambiguous []cause.ID
	// UsedExtra: the best path needs a certificate that the peer did not send.
	UsedExtra bool
	// ChainBytes is the sum of the certificates sent.
	ChainBytes int
	// Cut: the search hit its bounds and is not complete.
	Cut bool
}

// Root returns the root cause, false if nothing blocks.
func (r *Result) Root() (Defect, bool) { return firstBlocking(r.Defects) }

// Has tells whether the cause is among the defects.
func (r *Result) Has(id cause.ID) bool {
	return slices.ContainsFunc(r.Defects, func(d Defect) bool { return d.Cause == id })
}

// Verdict is one line for a proof: "accepted", or the root cause's sentence.
func (r *Result) Verdict() string {
	if d, ok := r.Root(); ok {
		return string(d.Cause) + ": " + d.Detail
	}
	if r.Best == nil {
		return "no certificate"
	}
	return "accepted"
}

type verifier struct {
	in   Input
	leaf *Certificate
	host Host
	res  *Result
	// staple is what Input.Staple says of the leaf, nil if there is none.
	staple *RevocationStatus

	comparisons int // of names with constraints
	constrained map[[2]*Certificate][2]string
}

// Verify judges a chain. It finds every path, notes all defects of each, and
// takes the path with the fewest.
func Verify(in Input) Result {
	res := Result{}
	in.Chain = slices.DeleteFunc(slices.Clone(in.Chain), func(c *Certificate) bool { return c == nil })
	if len(in.Chain) == 0 {
		return res
	}
	v := &verifier{in: in, leaf: in.Chain[0], res: &res}
	if in.Name != "" {
		host, err := ParseHost(in.Name)
		if err != nil {
			host = Host{DNS: in.Name} // covers nothing, and is quoted in the sentence
		}
		v.host = host
	}
	for _, c := range in.Chain {
		res.ChainBytes += len(c.Raw)
	}
	v.findPaths()
	v.readStaple()
	leafDefects := v.checkLeaf()
	for _, p := range res.Paths {
		p.Defects = slices.Concat(v.checkTrust(p), v.checkPath(p), v.checkPublic(p), v.checkRevocation(p), leafDefects)
		v.settle(&p.Defects)
	}
	slices.SortStableFunc(res.Paths, v.comparePaths)
	if v.in.Policy.SentOrderOnly && len(res.Paths) > 1 {
		res.Paths = res.Paths[:1]
	}
	res.Best = res.Paths[0]
	res.UsedExtra = res.Best.uses(FromExtra) > 0
	res.Defects = slices.Concat(res.Best.Defects, v.checkOrder(), v.checkStale(), v.checkInstalledProxy(), v.checkSkew())
	v.checkCurrentRoots()
	v.settle(&res.Defects)
	_, blocked := firstBlocking(res.Defects)
	res.OK = !blocked
	if !res.OK {
		res.Ambiguous = v.ambiguous()
	}
	return res
}

// findPaths builds all paths; with the slow part of the store only if the quick
// one leads nowhere.
func (v *verifier) findPaths() {
	build := func() {
		v.res.Paths, v.res.Cut = buildPaths(v.leaf, &v.in)
	}
	build()
	if slices.ContainsFunc(v.res.Paths, (*Path).Trusted) {
		return
	}
	if whole := v.in.Roots.whole(); whole != v.in.Roots {
		v.in.Roots = whole
		build()
	}
}

// readStaple judges the stapled response by any issuer that was found.
func (v *verifier) readStaple() {
	if len(v.in.Staple) == 0 {
		return
	}
	var issuer *Certificate
	for _, p := range v.res.Paths {
		if len(p.Certs) > 1 {
			issuer = p.Certs[1]
			break
		}
	}
	s := ParseOCSP(v.in.Staple, v.leaf, issuer, v.in.At)
	s.Source = "staple"
	v.staple = &s
	v.in.SCTs = append(slices.Clip(v.in.SCTs), s.SCTs...)
}

// comparePaths orders by what a client would rather take: a path that passes, a
// trusted one, fewer and lesser defects, what was sent over what was fetched,
// and the shorter.
func (v *verifier) comparePaths(a, b *Path) int {
	da, blockedA := firstBlocking(a.Defects)
	db, blockedB := firstBlocking(b.Defects)
	return cmp.Or(
		compareBool(blockedA, blockedB),
		compareBool(!a.Trusted(), !b.Trusted()),
		cmp.Compare(countBlocking(a.Defects), countBlocking(b.Defects)),
		// Among untrusted paths the one that explains most: to a self-signed
		// top, then the longest.
		func() int {
			if a.Trusted() {
				return 0
			}
			return cmp.Or(cmp.Compare(a.End, b.End), cmp.Compare(len(b.Certs), len(a.Certs)))
		}(),
		cmp.Compare(orderRank[db.Cause], orderRank[da.Cause]), // the later cause is the lesser
		cmp.Compare(a.uses(FromExtra), b.uses(FromExtra)),
		cmp.Compare(len(a.Certs), len(b.Certs)),
		cmp.Compare(len(a.Defects), len(b.Defects)),
	)
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// settle applies the waivers, sorts, and removes repetitions.
func (v *verifier) settle(d *[]Defect) {
	for i := range *d {
		x := &(*d)[i]
		x.Blocking = x.Blocking && !slices.Contains(v.in.Policy.Waive, x.Cause)
	}
	sortDefects(*d)
	*d = dropRepeated(*d)
}

// dropRepeated removes what two checks say of the same certificate.
func dropRepeated(d []Defect) []Defect {
	if len(d) < 2 {
		return d
	}
	type key struct {
		id   cause.ID
		cert *Certificate
	}
	seen := make(map[key]bool, len(d))
	return slices.DeleteFunc(d, func(x Defect) bool {
		k := key{x.Cause, x.Cert}
		if seen[k] {
			return true
		}
		seen[k] = true
		return false
	})
}
