package client

import (
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/trust"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// store is a root store that was loaded, or could not be.
type store struct {
	*trust.Store
	err error
}

// verdictKey is all in which clients differ that look at one certificate, where
// the difference may matter.
type verdictKey struct {
	leaf         [sha256.Size]byte
	policy       string
	store        string // "": that of the options, or own
	own          *trust.Store
	use          trust.KeyUse
	staple, scts bool // asked for, and there to be had
	fetches      bool
}

// verify judges the certificate as the client does.
func (r *run) verify(d *deal, t *transcript.Transcript) (transcript.Tri, *failure) {
	pol := r.p.Policy
	if r.o.NoTrust || d.leaf == nil || !pol.VerifiesChain && !pol.VerifiesName && !pol.VerifiesDates {
		return transcript.Unknown, nil
	}
	if len(d.leaf.chain) == 0 || d.leaf.chain[0] == nil {
		r.unsure("the server's certificate chain")
		return transcript.Unknown, nil
	}
	roots := r.roots()
	if roots.err != nil {
		r.unsure("the roots that this client trusts")
		return transcript.Unknown, nil
	}
	res := r.verdict(d.leaf, roots.Store, KeyUse(t))
	root, blocked := res.Root()
	if !blocked {
		return transcript.Yes, nil
	}
	if d.foreign && root.Cause == cause.HostnameMismatch && r.namedSiteFits() {
		return transcript.No, stop(cause.SNIRequired, "another site's certificate to hellos without a server name",
			"this client sends no server name, and without one the server shows the certificate of another site")
	}
	id := root.Cause
	if id == cause.HostnameMismatch && r.defaultSite(d.leaf) {
		id = cause.WrongCertificate
	}
	setting := title(id)
	if id == cause.IncompleteChain && len(res.Ambiguous) > 0 {
		setting = "the certificate's issuer is neither sent nor known to them"
	}
	return transcript.No, stop(id, setting, "%s", root.Detail)
}

// roots is the store that the client trusts.
func (r *run) roots() store {
	if r.o.Roots != nil {
		return store{Store: r.o.Roots}
	}
	if r.p.Roots != nil { // its policy names the store of the client that it is like
		return store{Store: r.p.Roots}
	}
	name := r.p.Policy.Store
	s, ok := r.stores[name]
	if !ok {
		s.Store, s.err = r.p.Store()
		r.stores[name] = s
	}
	return s
}

func (r *run) verdict(l *leaf, roots *trust.Store, use trust.KeyUse) trust.Result {
	public := r.o.Roots == nil || r.o.PublicRoots
	policy := r.p.TrustPolicy(public)
	_, staple := r.h.Extension(wire.ExtStatusRequest)
	_, scts := r.h.Extension(wire.ExtSignedCertificateTimestamp)
	key := verdictKey{
		leaf: l.id, policy: fmt.Sprintf("%+v", policy), use: use,
		staple: staple && (len(l.OCSP) > 0 || l.chain[0].MustStaple), scts: scts && l.SCTs["extension"] > 0,
		fetches: r.p.CompletesChains(public) && len(r.o.Extra) > 0,
	}
	switch {
	case r.o.Roots != nil:
	case r.p.Roots != nil:
		key.own = r.p.Roots
	default:
		key.store = r.p.Policy.Store
	}
	if !policy.KeyUsage {
		key.use = trust.KeyUseUnknown
	}
	if res, ok := r.verdicts[key]; ok {
		return res
	}
	in := trust.Input{
		Chain: l.chain, Roots: roots, Name: r.o.Host, At: r.o.At, Policy: policy, KeyUse: key.use,
		StapleNotAsked: !staple, Revocation: r.o.Revocation, Cache: r.cas,
	}
	if key.staple {
		in.Staple = l.OCSP
	}
	if key.scts {
		in.SCTs = countedSCTs(l.SCTs["extension"])
	}
	if key.fetches {
		in.Extra = r.o.Extra
	}
	res := trust.Verify(in)
	r.verdicts[key] = res
	return res
}

// countedSCTs stands for timestamps that were counted and not kept: what policies
// ask is how many logs there are.
func countedSCTs(n int) []trust.SCT {
	out := make([]trust.SCT, min(n, 16))
	for i := range out {
		out[i].LogID[0] = byte(i + 1)
	}
	return out
}

// defaultSite: the certificate is what the server shows to hellos without a name
// as well, and one for another site: that of the target's name may not be
// configured at all.
func (r *run) defaultSite(l *leaf) bool {
	return slices.Contains(l.For, transcript.ByNoName) && slices.Contains(l.For, transcript.ByName) &&
		l.chain[0] != nil && !trust.SameSite(r.o.Host, l.chain[0].DNSNames)
}

// namedSiteFits: the certificate that comes for the target's name is one for it.
func (r *run) namedSiteFits() bool {
	host, err := trust.ParseHost(r.o.Host)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(r.shown(false), func(l *leaf) bool {
		return len(l.chain) > 0 && l.chain[0] != nil && l.chain[0].Covers(host, trust.NameRules{WildcardLabels: defaultWildcardLabels})
	})
}
