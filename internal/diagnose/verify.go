package diagnose

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/fetch"
	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/trust"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// verifyInput is what the client's judgement of t's certificates depends on.
func (s *session) verifyInput(t *transcript.Transcript) trust.Input {
	in := trust.Input{
		Roots: s.roots, Name: s.target.Host, At: s.at(), Staple: t.OCSP,
		Policy:       s.profile.TrustPolicy(s.publicRoots()),
		KeyUse:       keyUse(t),
		Interception: cause.MatchInterception, Cache: s.cache,
	}
	in.Chain = s.parsed(t)
	in.SCTs, _ = trust.ParseSCTList(t.SCTs)
	if s.o.At.IsZero() && t.Response != nil {
		// Sent within the last second or so, by the peer's own clock.
		if d, err := http.ParseTime(t.Response.Header.Get("Date")); err == nil {
			in.PeerTime = d
		}
	}
	if s.profile.CompletesChains(s.publicRoots()) {
		in.Extra = s.fetched
	}
	return in
}

// publicRoots: the roots are those of public CAs.
func (s *session) publicRoots() bool { return s.o.Roots == nil || s.o.PublicRoots }

// judgement is what a verdict on certificates was given on: the attempt, and how
// many certificates were fetched by then.
type judgement struct {
	t       *transcript.Transcript
	fetched int
}

type judgementResult struct {
	in  trust.Input
	res trust.Result
}

// judge verifies the certificates of t as the client does, once: several steps
// ask for it, and it is the dearest computation of a check.
func (s *session) judge(t *transcript.Transcript) (trust.Input, trust.Result) {
	key := judgement{t, len(s.fetched)}
	j, ok := s.judged[key]
	if !ok {
		j.in = s.verifyInput(t)
		j.res = trust.Verify(j.in)
		if s.judged == nil {
			s.judged = map[judgement]judgementResult{}
		}
		s.judged[key] = j
	}
	return j.in, j.res
}

func keyUse(t *transcript.Transcript) trust.KeyUse {
	if t.Server == nil {
		return trust.KeyUseUnknown
	}
	if t.Server.Version() >= wire.VersionTLS13 {
		return trust.KeyUseSignature
	}
	i, ok := t.Server.CipherSuite.Info()
	if !ok {
		return trust.KeyUseUnknown
	}
	switch i.KeyExchange {
	case wire.KXRSA:
		return trust.KeyUseEncipherment
	case wire.KXECDHE, wire.KXDHE:
		return trust.KeyUseSignature
	case wire.KXECDH, wire.KXDH:
		return trust.KeyUseAgreement
	}
	return trust.KeyUseUnknown
}

// unreadable says that the server's first certificate is no certificate at all.
func (s *session) unreadable(t *transcript.Transcript) bool {
	return len(t.Certificates) > 0 && s.certificate(t.Certificates[0]) == nil
}

// verify judges the certificates of t as the client does and adds a finding for
// each defect. It reports whether one of them stops the client.
func (s *session) verify(ctx context.Context, t *transcript.Transcript) bool {
	in, res := s.judge(t)
	if len(in.Chain) == 0 {
		return false
	}
	s.chain = in.Chain
	completed := s.complete(ctx, &in, &res)
	if res.OK && res.Best.Trusted() {
		s.askRevocation(ctx, t, &in, &res)
	}
	for i, d := range res.Defects {
		f := s.defectFinding(t, in, res, d, i == 0, completed)
		s.refine(ctx, t, d, &f)
		s.add(f)
	}
	return !res.OK
}

// complete fetches missing issuers. The verdict without them stands, unless the
// client would have fetched them too; the one with them is the proof.
func (s *session) complete(ctx context.Context, in *trust.Input, res *trust.Result) *trust.Result {
	if s.o.NoAIA || res.Best == nil || res.Best.Trusted() || len(trust.AIARequests(res.Incomplete())) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, fetchWait)
	defer cancel()
	fetched, with := trust.FetchIssuers(ctx, fetch.Func(s.run), *in)
	s.fetched = fetched
	if len(fetched) == 0 || with.Best == nil || !with.Best.Trusted() {
		return nil
	}
	if s.profile.CompletesChains(s.publicRoots()) {
		how := "fetches it by itself"
		if !s.profile.Policy.FetchesAIA {
			how = "knows it already"
		}
		f := finding(cause.IncompleteChain, report.Proved, fmt.Sprintf("The server does not send the certificate of %s. %s %s; most other clients do not, and fail.", strings.Join(issuersOf(res.Incomplete()), ", "), upperFirst(s.who()), how))
		f.Blocking = false
		f.Proof = &report.Proof{Kind: report.ByVerify, Change: "an added intermediate: " + subjects(fetched), Before: res.Verdict(), After: with.Verdict(), Repeated: 1}
		s.add(f)
		in.Extra = fetched
		*res = with
		return nil
	}
	return &with
}

func issuersOf(certs []*trust.Certificate) []string {
	var out []string
	for _, c := range certs {
		out = append(out, c.Issuer.Short())
	}
	return out
}

func subjects(certs []*trust.Certificate) string {
	var out []string
	for _, c := range certs {
		out = append(out, c.Subject.Short())
	}
	return strings.Join(out, ", ")
}

// askRevocation asks what the certificate names: OCSP if nothing was stapled,
// else the CRL. No answer is no finding: current clients go on without one.
func (s *session) askRevocation(ctx context.Context, t *transcript.Transcript, in *trust.Input, res *trust.Result) {
	if s.o.NoRevocation || len(t.OCSP) > 0 || len(res.Best.Certs) < 2 {
		return
	}
	leaf, issuer := res.Best.Certs[0], res.Best.Certs[1]
	ctx, cancel := context.WithTimeout(ctx, fetchWait)
	defer cancel()
	if st, ok := trust.FetchRevocation(ctx, fetch.Func(s.run), leaf, issuer, in.At); ok {
		in.Revocation = append(in.Revocation, st)
		*res = trust.Verify(*in)
	}
}

// defectFinding words a defect and proves it by judging the same handshake once
// more with one input changed.
func (s *session) defectFinding(t *transcript.Transcript, in trust.Input, res trust.Result, d trust.Defect, root bool, completed *trust.Result) report.Finding {
	f := finding(d.Cause, report.Likely, d.Detail, t.ID)
	f.Blocking = d.Blocking
	if c := d.Cert; c != nil {
		f.Values["subject"], f.Values["issuer"] = c.Subject.Short(), c.Issuer.Short()
		f.Values["not_before"], f.Values["not_after"] = dateOf(c.NotBefore), dateOf(c.NotAfter)
	}
	if names := in.Chain[0].DNSNames; len(names) > 0 {
		f.Values["names"] = strings.Join(names[:min(len(names), 4)], ", ")
	}
	if root && !res.OK {
		for _, id := range res.Ambiguous {
			f.Alternatives = append(f.Alternatives, report.Alternative{Cause: id, Decides: decides(d.Cause, id)})
		}
	}
	if !d.Blocking {
		return observed(f, d.Detail, t.ID)
	}
	change, with, conclusive := s.counterfactual(in, res, d, completed)
	if change == "" || stillBlocks(with, d.Cause) || !conclusive {
		return f
	}
	f.Confidence = report.Proved
	f.Proof = &report.Proof{Kind: report.ByVerify, Baseline: t.ID, Change: change, Before: string(d.Cause) + ": " + d.Detail, After: with.Verdict(), Repeated: 1}
	if !root {
		f.Proof.After = "no longer " + string(d.Cause)
	}
	if d.Cause == cause.TLSInterception {
		// The name of the issuer says so; what proves it is a look at another site.
		f.Confidence = report.Likely
		f.Proof = nil
	}
	return f
}

// counterfactual judges again with the one input changed on which the defect
// hangs. It is conclusive if nothing else could have made the difference.
func (s *session) counterfactual(in trust.Input, res trust.Result, d trust.Defect, completed *trust.Result) (change string, with trust.Result, conclusive bool) {
	if d.Cause == cause.IncompleteChain && completed != nil {
		return "an added intermediate: " + subjects(s.fetched), *completed, true
	}
	ch, ok := trust.Counterfactual(in, &res, d)
	if !ok {
		return "", res, false
	}
	// Whether a missing issuer is an intermediate or somebody's root cannot be
	// seen without it; but a CA that bears the organisation of a trusted root is
	// that root's.
	switch d.Cause {
	case cause.IncompleteChain:
		ch.Conclusive = s.issuerIsInHouse(in, res)
		if missing := res.Incomplete(); ch.Conclusive && len(missing) > 0 {
			ch.What = "an added intermediate: " + missing[0].Issuer.Short() + ", taken as given"
		}
	case cause.UntrustedRoot:
		ch.Conclusive = ch.Conclusive || !s.issuerIsInHouse(in, res)
	}
	return ch.What, trust.Verify(ch.Input), ch.Conclusive
}

func stillBlocks(r trust.Result, id cause.ID) bool {
	return slices.ContainsFunc(r.Defects, func(d trust.Defect) bool { return d.Cause == id && d.Blocking })
}

// issuerIsInHouse says that the missing issuer bears the organisation of a root
// that is trusted: then it is an intermediate of that root's CA.
func (s *session) issuerIsInHouse(in trust.Input, res trust.Result) bool {
	for _, c := range res.Incomplete() {
		org := c.Issuer.O
		if org == "" {
			continue
		}
		for _, a := range in.Roots.Anchors() {
			if a.Subject.O == org && a.Subject.String() != c.Issuer.String() {
				return true
			}
		}
	}
	return false
}

func dateOf(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") }

// decides is what tells one cause from another, by the catalogue.
func decides(id, from cause.ID) string {
	for _, pair := range [][2]cause.ID{{id, from}, {from, id}} {
		if c, ok := cause.Get(pair[0]); ok {
			for _, d := range c.Decides {
				if d.From == pair[1] {
					return d.How
				}
			}
		}
	}
	return "not visible from outside"
}

// refine tells neighbours of a certificate's defect apart by asking the server
// again under other names.
func (s *session) refine(ctx context.Context, t *transcript.Transcript, d trust.Defect, f *report.Finding) {
	if !d.Blocking || t.Attempt.Handshake == nil {
		return
	}
	addr, c := t.Attempt.Handshake.Address, t.Attempt.Handshake.Hello
	switch d.Cause {
	case cause.HostnameMismatch:
		s.whichCertificate(ctx, t, f)
	case cause.TLSInterception:
		const other = "www.example.org"
		o := s.run(ctx, s.attempt("the certificate that another site gets here", addr, with(c, offerSNI(other))))
		if !answered(o) || len(o.Certificates) == 0 {
			return
		}
		f.Evidence = append(f.Evidence, o.ID)
		leaf, err := trust.ParseCertificate(o.Certificates[0])
		host, herr := trust.ParseHost(other)
		if err == nil && herr == nil && d.Cert != nil && leaf.Covers(host, trust.NameRules{WildcardLabels: 2}) && leaf.Issuer.String() == s.chain[0].Issuer.String() {
			*f = observed(*f, "the same CA made up a certificate for "+other+" as well", o.ID)
			f.Detail += " Asked for " + other + ", the same CA made up a certificate for that name too."
		}
	}
}

// whichCertificate tells a certificate that lacks the name from the certificate
// of another site: what comes for no name, and for the certificate's own?
func (s *session) whichCertificate(ctx context.Context, t *transcript.Transcript, f *report.Finding) {
	addr, c := t.Attempt.Handshake.Address, t.Attempt.Handshake.Hello
	own := trust.CoveredName(s.chain[0], trust.NameRules{WildcardLabels: 2})
	as := []transcript.Attempt{s.attempt("the certificate that comes without a name", addr, with(c, dropSNI()))}
	if s.sni == "" && !s.target.IsAddress() {
		as = []transcript.Attempt{s.attempt("the certificate that comes with the name", addr, with(c, offerSNI(s.target.Host)))}
	}
	if own != "" && !strings.HasPrefix(own, "www.") {
		as = append(as, s.attempt("the certificate that comes for a name of its own", addr, with(c, offerSNI(own))))
	}
	ts := s.round(ctx, as)
	for _, x := range ts {
		f.Evidence = append(f.Evidence, x.ID)
	}
	if s.sni == "" {
		s.nameMissing(ts[0], t, f)
		return
	}
	if answered(ts[0]) && ts[0].LeafSHA256() == t.LeafSHA256() && !trust.SameSite(s.target.Host, s.chain[0].DNSNames) {
		f.Alternatives = append(f.Alternatives, report.Alternative{Cause: cause.WrongCertificate, Decides: decides(cause.HostnameMismatch, cause.WrongCertificate)})
		f.Detail += " It is also what the server shows to clients that send no name: its default, so the site of this name may not be configured here at all."
		wrong := finding(cause.WrongCertificate, f.Confidence, f.Detail, f.Evidence...)
		wrong.Proof, wrong.Values = f.Proof, f.Values
		wrong.Alternatives = []report.Alternative{{Cause: cause.HostnameMismatch, Decides: decides(cause.WrongCertificate, cause.HostnameMismatch)}}
		*f = wrong
	}
}

// nameMissing turns a wrong name into sni-required where the certificate that
// comes for the name would be the right one.
func (s *session) nameMissing(named, t *transcript.Transcript, f *report.Finding) {
	if !answered(named) || len(named.Certificates) == 0 || named.LeafSHA256() == t.LeafSHA256() {
		return
	}
	in := s.verifyInput(named)
	if res := trust.Verify(in); len(in.Chain) == 0 || stillBlocks(res, cause.HostnameMismatch) {
		return
	}
	sni := finding(cause.SNIRequired, report.Proved, fmt.Sprintf("Without a server name in the hello the server shows the certificate of another site (%s); with %s it shows the right one.", s.chain[0].Subject.Short(), s.target.Host), f.Evidence...)
	sni.Proof = &report.Proof{Kind: report.ByHandshake, Baseline: t.ID, Counterfactual: named.ID, Change: "sni: send " + s.target.Host, Effect: "the certificate of " + in.Chain[0].Subject.Short(), Repeated: 1}
	*f = sni
}
