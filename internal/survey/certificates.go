package survey

import (
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/client"
	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/trust"
)

// Values of Certificate.Staple besides those of trust.RevocationState.
const (
	stapleNone       = "none"
	stapleExpired    = "expired"
	stapleUnreadable = "unreadable"
	stapleForeign    = "not for this certificate"
)

// certificate reads and judges a certificate of the server's as a current client
// would that asked for the target's name.
func certificate(served transcript.Served, v verifying) Certificate {
	out := Certificate{Served: served, Chain: []report.ChainCert{}, Problems: []cause.ID{}, FetchedIssuers: []string{}, Staple: stapleNone}
	chain, readable := parse(served.Chain)
	if len(served.OCSP) > 0 {
		out.Staple = stapleUnreadable
	}
	if !readable { // the leaf is no certificate
		if len(served.Chain) > 0 {
			out.Trusted = transcript.No
			out.Defects = []trust.Defect{{Cause: cause.MalformedReply, Index: -1, Blocking: true, Detail: "What the server sends in place of its certificate cannot be read as one."}}
			out.Problems = append(out.Problems, cause.MalformedReply)
		}
		return out
	}
	out.Chain = report.ChainOf(chain, "sent")
	leaf := chain[0]
	out.MustStaple = leaf.MustStaple
	out.SCTs = maps.Clone(served.SCTs)
	if out.SCTs == nil {
		out.SCTs = map[string]int{}
	}
	if n := len(leaf.SCTs); n > 0 {
		out.SCTs["certificate"] = n
	}
	in := v.input(served, chain)
	res := trust.Verify(in)
	out.FetchedIssuers = fetchedIssuers(in, &res, v.Fetched)
	out.Trusted = transcript.TriOf(res.OK)
	for _, d := range res.Defects {
		out.Defects = append(out.Defects, d)
		if !slices.Contains(out.Problems, d.Cause) {
			out.Problems = append(out.Problems, d.Cause)
		}
	}
	if host, err := trust.ParseHost(v.Name); err == nil && !host.IsZero() {
		out.Covers = transcript.TriOf(leaf.Covers(host, trust.Modern().Names))
	}
	path := chain
	if res.Best != nil && res.Best.Trusted() {
		path = res.Best.Certs[:max(1, len(res.Best.Certs)-1)] // a root's own date counts for nobody
	}
	out.DaysLeft = daysLeft(path, v.At)
	if len(served.OCSP) > 0 {
		s := trust.ParseOCSP(served.OCSP, leaf, issuerOf(leaf, chain, &res), v.At)
		out.Staple = stapleState(&s)
		if n := len(s.SCTs); n > 0 {
			out.SCTs["ocsp"] = n
		}
	}
	return out
}

// input is what a current client judges.
func (v verifying) input(served transcript.Served, chain []*trust.Certificate) trust.Input {
	policy := trust.Modern()
	policy.PublicCA = v.Public
	roots := v.Roots
	if p, err := client.Get(client.Default); err == nil {
		policy = p.TrustPolicy(v.Public)
		if roots == nil {
			roots, _ = p.Store() // none: then nobody is trusted, and the defects say so
		}
	}
	in := trust.Input{
		Chain: chain, Roots: roots, Name: v.Name, At: v.At, Policy: policy,
		KeyUse: trust.KeyUseUnknown, Staple: served.OCSP, Interception: cause.MatchInterception, Revocation: v.Revocation,
	}
	// Where SCTs came besides the certificate, only their number was kept.
	const most = 16 // more than any policy asks for
	for i := range min(served.SCTs["extension"], most) {
		in.SCTs = append(in.SCTs, trust.SCT{LogID: [32]byte{byte(i + 1)}})
	}
	return in
}

// parse reads the certificates that can be read; false if the leaf is not one of
// them.
func parse(ders [][]byte) ([]*trust.Certificate, bool) {
	var out []*trust.Certificate
	for i, der := range ders {
		c, err := trust.ParseCertificate(der)
		switch {
		case err == nil:
			out = append(out, c)
		case i == 0:
			return nil, false
		}
	}
	return out, len(out) > 0
}

// daysLeft is how many whole days the first of the certificates has until it
// expires; negative since then.
func daysLeft(certs []*trust.Certificate, at time.Time) int {
	first := time.Time{}
	for _, c := range certs {
		if !c.NotAfter.IsZero() && (first.IsZero() || c.NotAfter.Before(first)) {
			first = c.NotAfter
		}
	}
	if first.IsZero() {
		return 0
	}
	return int(first.Sub(at) / (24 * time.Hour)) // towards zero: an hour is no day, past or to come
}

// issuerOf is the certificate that issued the leaf, nil if it was not sent and is
// no root that we have.
func issuerOf(leaf *trust.Certificate, chain []*trust.Certificate, res *trust.Result) *trust.Certificate {
	if res.Best != nil && len(res.Best.Certs) > 1 {
		return res.Best.Certs[1]
	}
	for _, c := range chain[1:] {
		if c.Subject.String() == leaf.Issuer.String() {
			return c
		}
	}
	return nil
}

// stapleState says what a stapled response is worth.
func stapleState(s *trust.RevocationStatus) string {
	switch {
	case errors.Is(s.Err, trust.ErrOtherCertificate):
		return stapleForeign
	case s.Err != nil:
		return stapleUnreadable
	case !s.Current:
		return stapleExpired
	}
	return s.State.String()
}
