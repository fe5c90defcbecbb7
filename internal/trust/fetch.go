package trust

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// FetchRequest is one HTTP exchange that would tell more. This package opens no
// connections; who calls it decides whether, when and through which guard.
type FetchRequest struct {
	// Purpose is "aia", "ocsp" or "crl".
	Purpose     string
	Method      string
	URL         string
	ContentType string
	Body        []byte
	// Cert is the certificate that it is about.
	Cert *Certificate
	// MaxBytes is the most that a sensible answer has.
	MaxBytes int
}

// FetchResponse is what came back.
type FetchResponse struct {
	Status int
	Header http.Header
	Body   []byte
}

// Fetcher carries out requests.
type Fetcher interface {
	Fetch(ctx context.Context, r FetchRequest) (FetchResponse, error)
}

const (
	maxURLs      = 2 // of one kind in one certificate
	maxAIABytes  = 256 << 10
	maxOCSPBytes = 64 << 10
	maxCRLBytes  = 32 << 20
)

// usableURLs drops what is no HTTP (ldap:// is common in private CAs).
func usableURLs(urls []string) []string {
	var out []string
	for _, s := range urls {
		u, err := url.Parse(s)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || slices.Contains(out, s) {
			continue
		}
		if out = append(out, s); len(out) == maxURLs {
			break
		}
	}
	return out
}

// AIARequests asks for the issuers of certificates (RFC 5280, Section 4.2.2.1).
func AIARequests(certs []*Certificate) []FetchRequest {
	var out []FetchRequest
	seen := map[string]bool{}
	for _, c := range certs {
		for _, u := range usableURLs(c.IssuerURLs) {
			if !seen[u] {
				seen[u] = true
				out = append(out, FetchRequest{Purpose: "aia", Method: http.MethodGet, URL: u, Cert: c, MaxBytes: maxAIABytes})
			}
		}
	}
	return out
}

// AddFetched reads the answer to an AIA request: DER, PEM or PKCS #7.
func AddFetched(r FetchResponse) ([]*Certificate, error) {
	if r.Status != 0 && r.Status != http.StatusOK {
		return nil, fmt.Errorf("fetching issuer: HTTP status %d", r.Status)
	}
	certs, err := ParseCertificates(r.Body)
	if err != nil {
		return certs, fmt.Errorf("fetching issuer: %w", err)
	}
	return certs, nil
}

// Incomplete lists the certificates whose issuers would be worth fetching: the
// tops of the paths that end for want of one.
func (r *Result) Incomplete() []*Certificate {
	var out []*Certificate
	for _, p := range r.Paths {
		if c := p.top(); p.End == EndMissingIssuer && !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	return out
}

// OCSPRequests asks the servers that the certificate names.
func OCSPRequests(cert, issuer *Certificate) []FetchRequest {
	var out []FetchRequest
	urls := usableURLs(cert.OCSPServers)
	if len(urls) == 0 || issuer == nil {
		return nil
	}
	body, err := OCSPRequest(cert, issuer)
	if err != nil {
		return nil
	}
	for _, u := range urls {
		out = append(out, FetchRequest{
			Purpose: "ocsp", Method: http.MethodPost, URL: u, ContentType: "application/ocsp-request",
			Body: body, Cert: cert, MaxBytes: maxOCSPBytes,
		})
	}
	return out
}

// CRLRequests asks for the lists that the certificate names.
func CRLRequests(cert *Certificate) []FetchRequest {
	var out []FetchRequest
	for _, u := range usableURLs(cert.CRLDistributionPoints) {
		out = append(out, FetchRequest{Purpose: "crl", Method: http.MethodGet, URL: u, Cert: cert, MaxBytes: maxCRLBytes})
	}
	return out
}

// FetchRevocation asks what the certificate names, OCSP servers first and then
// lists, until an answer proves something; false if none does.
func FetchRevocation(ctx context.Context, f Fetcher, cert, issuer *Certificate, at time.Time) (RevocationStatus, bool) {
	for _, r := range slices.Concat(OCSPRequests(cert, issuer), CRLRequests(cert)) {
		resp, err := f.Fetch(ctx, r)
		if err != nil || resp.Status != http.StatusOK {
			continue
		}
		parse := ParseOCSP
		if r.Purpose == "crl" {
			parse = ParseCRL
		}
		if s := parse(resp.Body, cert, issuer, at); s.Proves() && s.State != RevocationUnknown {
			return s, true
		}
	}
	return RevocationStatus{}, false
}

// maxAIASteps bounds how many missing certificates are fetched one after another.
const maxAIASteps = 4

// FetchIssuers fetches what is missing until a path leads to an anchor, an
// issuer cannot be had, or the bound is reached. It returns the certificates
// fetched, which may be used as Input.Extra, and the last verdict with them.
func FetchIssuers(ctx context.Context, f Fetcher, in Input) ([]*Certificate, Result) {
	res := Verify(in)
	var fetched []*Certificate
	asked := map[string]bool{}
	for range maxAIASteps {
		if res.Best == nil || res.Best.Trusted() {
			break
		}
		var fresh []*Certificate
		for _, r := range AIARequests(res.Incomplete()) {
			if asked[r.URL] || ctx.Err() != nil {
				continue
			}
			asked[r.URL] = true
			resp, err := f.Fetch(ctx, r)
			if err != nil {
				continue
			}
			certs, _ := AddFetched(resp) // an unusable answer is as good as none
			fresh = append(fresh, certs...)
		}
		if len(fresh) == 0 {
			break
		}
		fetched = append(fetched, fresh...)
		in.Extra = append(slices.Clip(in.Extra), fresh...)
		res = Verify(in)
	}
	return fetched, res
}
