package survey

import (
	"context"
	"slices"
	"time"

	"github.com/tlswhy/tlswhy/internal/fetch"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/trust"
)

// issuersTime bounds how long missing issuers are fetched, of all certificates
// together: a CA that is not reached must not hold a survey up.
const issuersTime = 4 * time.Second

// issuers fetches the CA certificates that the server does not send and its
// chains name (RFC 5280, Section 4.2.2.1), as some clients do. Those that lead
// to no root either are left out.
func (s *session) issuers(ctx context.Context) []*trust.Certificate {
	if s.o.NoAIA || ctx.Err() != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, issuersTime)
	defer cancel()
	try := s.fetcher()
	s.mu.Lock()
	served := slices.Clone(s.served)
	s.mu.Unlock()
	v := s.verifying()
	var all []*trust.Certificate
	for _, x := range served {
		chain, ok := parse(x.Chain)
		if !ok {
			continue
		}
		in := v.input(*x, chain)
		in.Extra = all // what one key lacked, the next may lack too
		fetched, res := trust.FetchIssuers(ctx, try, in)
		if len(fetched) > 0 && res.Best != nil && res.Best.Trusted() {
			all = append(all, fetched...)
		}
	}
	return all
}

func (s *session) fetcher() fetch.Func {
	return func(ctx context.Context, a transcript.Attempt) *transcript.Transcript {
		t, err := s.try.Try(ctx, a)
		if err != nil {
			return nil
		}
		return t
	}
}

// revocation asks the CAs of what is served whether it was revoked, where the
// server staples no answer of theirs.
func (s *session) revocation(ctx context.Context) []trust.RevocationStatus {
	if ctx.Err() != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, issuersTime)
	defer cancel()
	s.mu.Lock()
	served := slices.Clone(s.served)
	s.mu.Unlock()
	v := s.verifying()
	var all []trust.RevocationStatus
	for _, x := range served {
		chain, ok := parse(x.Chain)
		if !ok || len(x.OCSP) > 0 {
			continue
		}
		in := v.input(*x, chain)
		in.Extra = s.fetched
		res := trust.Verify(in)
		if res.Best == nil || !res.Best.Trusted() || len(res.Best.Certs) < 2 {
			continue // nobody asks about a certificate that is not trusted anyway
		}
		if st, ok := trust.FetchRevocation(ctx, s.fetcher(), res.Best.Certs[0], res.Best.Certs[1], v.At); ok {
			all = append(all, st)
		}
	}
	return all
}

// verifying is what the certificates of this survey are judged by.
func (s *session) verifying() verifying {
	at := s.o.At
	if at.IsZero() {
		at = s.begun
	}
	return verifying{Name: s.target.Host, Roots: s.roots, Public: s.o.Roots == nil || s.o.PublicRoots, At: at, Fetched: s.fetched, Revocation: s.revoked}
}

// fetchedIssuers are those of extra that a chain lacks, by their subjects; none
// where it leads to a root without them, or with them no further.
func fetchedIssuers(in trust.Input, res *trust.Result, extra []*trust.Certificate) []string {
	if len(extra) == 0 || res.Best == nil || res.Best.Trusted() {
		return nil
	}
	in.Extra = extra
	with := trust.Verify(in)
	if with.Best == nil || !with.Best.Trusted() {
		return nil
	}
	var out []string
	for _, c := range with.Best.Certs {
		if slices.Contains(extra, c) {
			out = append(out, c.Subject.String())
		}
	}
	return out
}
