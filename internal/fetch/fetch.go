// Package fetch carries out what trust would like to fetch (issuers, OCSP
// responses, CRLs) as attempts, so that they go through the same guard, budget
// and transcript as everything else.
package fetch

import (
	"context"
	"fmt"

	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/trust"
)

// Func makes one attempt. nil: it was not made.
type Func func(context.Context, transcript.Attempt) *transcript.Transcript

// Fetch implements trust.Fetcher. Its error says what kept the answer away.
func (f Func) Fetch(ctx context.Context, r trust.FetchRequest) (trust.FetchResponse, error) {
	subject := "a certificate"
	if r.Cert != nil {
		subject = r.Cert.Subject.Short()
	}
	t := f(ctx, transcript.Attempt{
		Purpose: r.Purpose + " of " + subject,
		Fetch:   &transcript.Fetch{Method: r.Method, URL: r.URL, ContentType: r.ContentType, Body: r.Body, MaxBytes: r.MaxBytes},
	})
	switch {
	case t == nil:
		return trust.FetchResponse{}, fmt.Errorf("fetching %s: not tried", r.URL)
	case t.Fetched == nil:
		return trust.FetchResponse{}, fmt.Errorf("fetching %s: %s", r.URL, t.Outcome.Detail)
	case t.Fetched.Error != "":
		return trust.FetchResponse{}, fmt.Errorf("fetching %s: %s", r.URL, t.Fetched.Error)
	}
	return trust.FetchResponse{Status: t.Fetched.Status, Body: t.Fetched.Body}, nil
}
