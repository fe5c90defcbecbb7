package trust

import (
	"fmt"
	"slices"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// checkTrust says why a path leads to no anchor.
func (v *verifier) checkTrust(p *Path) []Defect {
	if p.Trusted() {
		return nil
	}
	top, i := p.top(), len(p.Certs)-1
	d := Defect{Cert: top, Index: i, Blocking: v.in.Policy.Trust}
	issuer := top.Issuer
	if product, ok := v.interception(p); ok {
		d.Cause = cause.TLSInterception
		d.Detail = fmt.Sprintf("The certificate was issued by %s, which looks like %s and not like a CA of the site.", quoted(issuer.Short()), product)
		return []Defect{d}
	}
	switch {
	case p.End == EndSelfSigned && i == 0:
		d.Cause = cause.SelfSigned
		d.Detail = fmt.Sprintf("The certificate (%s) is signed by its own key and is not in the client's store.", quoted(top.Subject.Short()))
	case p.End == EndSelfSigned:
		d.Cause = cause.UntrustedRoot
		d.Detail = fmt.Sprintf("The chain ends at the root %s, which is not in %s.", quoted(top.Subject.Short()), v.storeName())
		if len(v.in.Roots.issuers(top)) > 0 {
			d.Detail = fmt.Sprintf("The chain ends at a root named %s; %s holds one of that name, but with another key.", quoted(top.Subject.Short()), v.storeName())
		}
	case p.End == EndBounds:
		d.Cause = cause.UntrustedRoot
		d.Detail = "The certificates sent lead to so many paths that the search for a trusted root was ended."
	default:
		d.Cause = v.missingIssuer(p)
		d.Detail = v.missingDetail(p, d.Cause)
	}
	return []Defect{d}
}

func (v *verifier) storeName() string {
	if v.in.Roots == nil || v.in.Roots.Name == "" {
		return "the client's store"
	}
	return v.in.Roots.Name
}

// interception asks the catalogue about the issuers of the path, from the top.
func (v *verifier) interception(p *Path) (string, bool) {
	match := v.in.Interception
	if match == nil {
		match = cause.MatchInterception
	}
	for i := len(p.Certs) - 1; i >= 0; i-- {
		if i == 0 && p.Certs[0].SelfIssued() {
			break // a site that names itself so is no proxy
		}
		if product, ok := v.in.Cache.interception(&p.Certs[i].Issuer, match); ok {
			return product, true
		}
	}
	return "", false
}

// missingIssuer decides between incomplete-chain and untrusted-root where the
// issuer of the path's top is neither sent nor in the store. Both look alike:
// what is not there may be an intermediate of a trusted CA or a private root.
// What Ambiguous says about it is decided along with it.
func (v *verifier) missingIssuer(p *Path) cause.ID {
	top := p.top()
	switch {
	case v.in.Roots.hasKeyID(top.AuthorityKeyID), v.in.Roots.hasOrganization(top.Issuer.O):
		// The store knows the CA's key or the CA's owner.
		if v.sameNameOtherKey(top) {
			return cause.UntrustedRoot
		}
		return cause.IncompleteChain
	case len(p.Certs) == 1:
		// Only the leaf fits together: whoever forgets the intermediates sends
		// this. A private CA's servers mostly do send the CA's chain.
		if v.sameNameOtherKey(top) {
			return cause.UntrustedRoot
		}
		return cause.IncompleteChain
	}
	return cause.UntrustedRoot
}

// sameNameOtherKey: the store holds an anchor with the missing issuer's name,
// but its key did not sign.
func (v *verifier) sameNameOtherKey(top *Certificate) bool {
	return len(v.in.Roots.issuers(top)) > 0
}

func (v *verifier) missingDetail(p *Path, id cause.ID) string {
	top := p.top()
	what := "The certificate"
	if len(p.Certs) > 1 {
		what = capital(top.label())
	}
	s := fmt.Sprintf("%s was issued by %s, which is neither sent nor in %s", what, quoted(top.Issuer.Short()), v.storeName())
	switch {
	case v.sameNameOtherKey(top):
		return fmt.Sprintf("%s was issued by %s; %s holds a CA of that name, but with another key.", what, quoted(top.Issuer.Short()), v.storeName())
	case v.sentByName(top):
		return s + "; the certificate of that name that is sent did not sign it."
	case id == cause.IncompleteChain && len(v.in.Chain) > len(p.Certs):
		return s + "; the other certificates sent do not belong to this chain."
	case id == cause.IncompleteChain:
		return s + "; the server sends too few certificates."
	}
	return s + "."
}

// sentByName: a certificate with the issuer's name was sent, with a wrong key.
func (v *verifier) sentByName(top *Certificate) bool {
	for _, c := range v.in.Chain {
		if c != top && c.subjectKey == top.issuerKey {
			return true
		}
	}
	return false
}

// ambiguous lists what else would look like the root cause.
func (v *verifier) ambiguous() []cause.ID {
	d, _ := v.res.Root()
	p := v.res.Best
	switch d.Cause {
	case cause.TLSInterception:
		if p.End == EndMissingIssuer && len(p.Certs) == 1 {
			return []cause.ID{cause.IncompleteChain, cause.UntrustedRoot}
		}
		return []cause.ID{cause.UntrustedRoot}
	case cause.IncompleteChain:
		return []cause.ID{cause.UntrustedRoot}
	case cause.UntrustedRoot:
		if p.End == EndMissingIssuer || p.End == EndBounds {
			return []cause.ID{cause.IncompleteChain}
		}
	case cause.ClientCABundleOutdated:
		return []cause.ID{cause.UntrustedRoot}
	case cause.Expired, cause.NotYetValid, cause.ExpiredIntermediate:
		if v.in.PeerTime.IsZero() { // nobody has confirmed our clock
			return []cause.ID{cause.ClientClockSkew}
		}
	case cause.HostnameMismatch:
		return []cause.ID{cause.WrongCertificate} // decided by asking for other names
	}
	return nil
}

// checkCurrentRoots blames the client's store where today's store trusts the
// chain.
func (v *verifier) checkCurrentRoots() {
	if v.in.CurrentRoots == nil || !v.in.Policy.Trust || v.res.Best.Trusted() {
		return
	}
	in := v.in
	in.Roots, in.CurrentRoots = in.CurrentRoots, nil
	now := Verify(in)
	if !now.Best.Trusted() {
		return
	}
	for i, d := range v.res.Defects {
		if d.Cause != cause.UntrustedRoot && d.Cause != cause.IncompleteChain {
			continue
		}
		d.Cause = cause.ClientCABundleOutdated
		d.Detail = fmt.Sprintf("The root %s is in %s but not in %s.", quoted(now.Best.top().Subject.Short()), in.Roots.Name, v.storeName())
		v.res.Defects[i] = d
	}
}

// checkOrder looks at the certificates as they were sent. RFC 5246, Section
// 7.4.2 wants each to certify the one before it; RFC 8446, Section 4.4.2 allows
// any order after the leaf, and nearly all clients sort, but some embedded ones
// do not.
func (v *verifier) checkOrder() []Defect {
	sent := v.in.Chain
	if d, ok := v.misplacedLeaf(); ok {
		return []Defect{d}
	}
	if len(sent) < 2 {
		return nil
	}
	related := func(c *Certificate) bool {
		return slices.ContainsFunc(v.res.Paths, func(p *Path) bool { return slices.ContainsFunc(p.Certs, c.Equal) })
	}
	warn := func(c *Certificate, format string, args ...any) []Defect {
		return []Defect{{Cause: cause.WrongChainOrder, Cert: c, Index: -1, Detail: fmt.Sprintf(format, args...)}}
	}
	for i, c := range sent[:min(len(sent), maxSent)] {
		switch {
		case slices.ContainsFunc(sent[:i], c.Equal):
			return warn(c, "Certificate %d of those sent (%s) is a repetition.", i+1, quoted(c.Subject.Short()))
		case !related(c) && !v.res.Cut:
			return warn(c, "Certificate %d of those sent (%s) does not belong to the chain.", i+1, quoted(c.Subject.Short()))
		case i > 0 && sent[i-1].issuerKey != c.subjectKey:
			return warn(c, "Certificate %d of those sent (%s) did not issue the one before it.", i+1, quoted(c.Subject.Short()))
		}
	}
	return nil
}

// misplacedLeaf: the first certificate is a CA's and another one is the site's.
// Clients take the first for the site's own.
func (v *verifier) misplacedLeaf() (Defect, bool) {
	if v.host.IsZero() || !v.leaf.IsCA() || v.leaf.Covers(v.host, v.in.Policy.Names) {
		return Defect{}, false
	}
	for i, c := range v.in.Chain[1:] {
		if !c.IsCA() && c.Covers(v.host, v.in.Policy.Names) {
			return Defect{
				Cause: cause.WrongChainOrder, Cert: c, Index: -1, Blocking: v.in.Policy.Name,
				Detail: fmt.Sprintf("The site's own certificate is sent as number %d, after %s; it has to come first.", i+2, v.leaf.label()),
			}, true
		}
	}
	return Defect{}, false
}

// checkStale warns of an expired CA certificate that is sent and not needed:
// old clients follow it and fail, as many did at the end of DST Root CA X3.
func (v *verifier) checkStale() []Defect {
	if !v.in.Policy.Time || !v.res.Best.Trusted() {
		return nil
	}
	for _, p := range v.res.Paths[1:] {
		for i, c := range p.Certs {
			if i == 0 || p.Sources[i] != FromPeer || c.NotAfter.IsZero() || !v.in.At.After(c.NotAfter) || slices.Contains(v.res.Best.Certs, c) {
				continue
			}
			return []Defect{{
				Cause: cause.ExpiredIntermediate, Cert: c, Index: -1,
				Detail: fmt.Sprintf("%s, which the server sends in addition, expired on %s; current clients find another way, old ones do not.", capital(c.label()), date(c.NotAfter)),
			}}
		}
	}
	return nil
}

// checkInstalledProxy notes an inspecting proxy whose root this client trusts:
// what is seen is the proxy's certificate, not the site's.
func (v *verifier) checkInstalledProxy() []Defect {
	p := v.res.Best
	if !p.Trusted() || len(p.Certs) < 2 {
		return nil
	}
	product, ok := v.interception(p)
	if !ok || MozillaStore().Contains(p.Anchor.Certificate) != nil {
		return nil
	}
	return []Defect{{
		Cause: cause.TLSInterception, Cert: p.Anchor.Certificate, Index: len(p.Certs) - 1,
		Detail: fmt.Sprintf("The certificate was issued by %s, which looks like %s; this client trusts it, and sees its certificate instead of the site's.", quoted(p.Certs[0].Issuer.Short()), product),
	}}
}

// checkSkew blames this machine's clock if the peer's explains everything.
func (v *verifier) checkSkew() []Defect {
	if v.in.PeerTime.IsZero() {
		return nil
	}
	s := EstimateSkew(v.in.PeerTime, v.in.At, v.res.Best.Certs)
	if !s.Explains {
		return nil
	}
	return []Defect{{
		Cause: cause.ClientClockSkew, Index: -1, Blocking: v.in.Policy.Time,
		Detail: fmt.Sprintf("By the server's clock (%s) every certificate is valid; this machine's clock (%s) is off by %s.", date(v.in.PeerTime), date(v.in.At), span(s.Offset)),
	}}
}
