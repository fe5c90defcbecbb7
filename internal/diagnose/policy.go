package diagnose

import (
	"context"
	"fmt"
	"net/netip"
	"strings"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/client"
	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/transcript"
)

// refuse explains a refusal of the client's own: the server answered with what
// the hello offers, and the client does not go on. The proof is to judge the
// same handshake with that one rule of the client's left out.
func (s *session) refuse(ctx context.Context, addr netip.AddrPort, t *transcript.Transcript, r *client.Refusal) {
	f := finding(r.Cause, report.Likely, sentence(r.Detail), t.ID)
	f.Step = r.Step
	switch r.Dimension {
	case client.ServerKey, client.Extensions:
		f = observed(f, r.Detail, t.ID)
	case client.HTTP2:
		s.add(s.withoutHTTP2(ctx, addr, t, f))
		return
	default:
		after := "goes on"
		if next := s.profile.Judge(t, r.Dimension); next != nil {
			after = "goes on, and stops later: " + next.String()
		}
		f.Confidence = report.Proved
		f.Proof = &report.Proof{Kind: report.ByVerify, Baseline: t.ID, Change: ruleChange(t, r), Before: "stops: " + r.Detail, After: after, Repeated: 1}
	}
	if v := t.Version(); v != 0 {
		f.Values["version"] = v.String()
	}
	if t.Server != nil {
		f.Values["suite"] = t.Server.CipherSuite.String()
	}
	if t.Group != 0 {
		f.Values["group"] = t.Group.String()
	}
	s.add(f)
	if r.Cause == cause.NoSharedVersion || r.Cause == cause.NoSharedCipher {
		s.clientTooOld(f, s.round(ctx, s.currentClient(addr)))
	}
}

// ruleChange words the client's rule that is left out in the second judgement.
func ruleChange(t *transcript.Transcript, r *client.Refusal) string {
	switch r.Dimension {
	case client.Versions:
		return "the client's minimum: " + t.Version().String() + " is enough"
	case client.DHSize:
		if r.Got > r.Limit {
			return fmt.Sprintf("the client's limit: Diffie-Hellman primes of %d bits instead of %d", r.Got, r.Limit)
		}
		return fmt.Sprintf("the client's minimum: Diffie-Hellman primes of %d bits instead of %d", r.Got, r.Limit)
	case client.KeySize:
		return fmt.Sprintf("the client's limit: keys of %d bits instead of %d", r.Got, r.Limit)
	case client.CertificateSize:
		return fmt.Sprintf("the client's limit: %d instead of %d for the certificates", r.Got, r.Limit)
	case client.Renegotiation:
		return "the client's rules: servers without RFC 5746 are let through"
	case client.SignatureAlgorithms:
		return "the client's rules: any signature algorithm in the handshake"
	case client.KeyUsage:
		return "the client's rules: keyUsage is not looked at"
	}
	return "the client's rules: without the one on " + strings.ReplaceAll(string(r.Dimension), "_", " ")
}

// withoutHTTP2 tries the same hello without h2: over HTTP/1.1 the suite is fine.
func (s *session) withoutHTTP2(ctx context.Context, addr netip.AddrPort, t *transcript.Transcript, f report.Finding) report.Finding {
	c := t.Attempt.Handshake.Hello
	ch := dropALPN(c)
	ch.text = "alpn: offer none, so that HTTP/1.1 is spoken"
	a := s.attempt("the client's hello without h2", addr, with(c, ch))
	a.Handshake.Depth = transcript.DepthRequest
	b := s.run(ctx, a)
	f.Evidence = append(f.Evidence, b.ID)
	if s.profile.Judge(b) == nil && b.Outcome.Reached >= transcript.ReachedFinished {
		f.Confidence = report.Proved
		f.Proof = &report.Proof{Kind: report.ByHandshake, Baseline: t.ID, Counterfactual: b.ID, Change: ch.text, Effect: "HTTP/1.1 over " + suiteOf(b), Repeated: 1}
	}
	return f
}

func sentence(s string) string {
	if s == "" {
		return s
	}
	return upperFirst(s) + "."
}
