package probe

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/tlswhy/tlswhy/internal/transcript"
)

// Bounds of a fetch.
const (
	defaultFetchBytes = 1 << 20
	fetchTimeout      = 10 * time.Second // a responder that is slower is as good as down
	maxRedirects      = 3
)

// fetch makes one HTTP exchange for certificates or revocation.
func (p *Prober) fetch(ctx context.Context, f *transcript.Fetch, t *transcript.Transcript) error {
	u, err := url.Parse(f.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return fmt.Errorf("fetching %q: not an http or https URL", f.URL)
	}
	ctx, cancel := context.WithTimeout(ctx, min(fetchTimeout, p.o.Timeout))
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, cmp.Or(f.Method, http.MethodGet), f.URL, bytes.NewReader(f.Body))
	if err != nil {
		return fmt.Errorf("fetching %s: %w", f.URL, err)
	}
	req.Header.Set("User-Agent", p.o.UserAgent)
	if f.ContentType != "" {
		req.Header.Set("Content-Type", f.ContentType)
	}
	tr := &http.Transport{
		DialContext: p.dialFetch, DisableKeepAlives: true, MaxResponseHeaderBytes: 64 << 10,
		TLSHandshakeTimeout: fetchTimeout,
	}
	defer tr.CloseIdleConnections()
	if p.o.Proxy != "" {
		pu, _, err := parseProxy(p.o.Proxy)
		if err != nil {
			return err
		}
		tr.Proxy = http.ProxyURL(pu)
	}
	c := &http.Client{Transport: tr, CheckRedirect: func(r *http.Request, via []*http.Request) error {
		if len(via) > maxRedirects {
			return errors.New("too many redirects")
		}
		if r.URL.Scheme != "http" && r.URL.Scheme != "https" {
			return fmt.Errorf("a redirect to the scheme %q", r.URL.Scheme)
		}
		return nil
	}}
	p.begin(t)
	t.Fetched = &transcript.Fetched{}
	resp, err := c.Do(req)
	if err != nil {
		return p.fetchFailed(ctx, err, t)
	}
	defer resp.Body.Close()
	limit := f.MaxBytes
	if limit <= 0 {
		limit = defaultFetchBytes
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, int64(limit)+1))
	t.Fetched.Status, t.Fetched.ContentType = resp.StatusCode, resp.Header.Get("Content-Type")
	t.BytesReceived = int64(len(body))
	if err != nil {
		return p.fetchFailed(ctx, err, t)
	}
	if len(body) > limit {
		t.Fetched.Error = fmt.Sprintf("the answer is longer than %d bytes", limit)
		t.Outcome = transcript.Outcome{Kind: transcript.Complete, Reached: transcript.ReachedResponse, Detail: t.Fetched.Error}
		return nil
	}
	t.Fetched.Body = body
	t.Outcome = transcript.Outcome{Kind: transcript.Complete, Reached: transcript.ReachedResponse}
	return nil
}

// fetchFailed sets the outcome of a fetch that came to nothing. What kept us
// from trying stays an error.
func (p *Prober) fetchFailed(ctx context.Context, err error, t *transcript.Transcript) error {
	var refused *guardError
	if errors.As(err, &refused) || errors.Is(err, ErrBudget) {
		return err
	}
	var ue *url.Error
	if errors.As(err, &ue) {
		err = ue.Err
	}
	t.Fetched.Error = err.Error()
	var de *net.DNSError
	var op *net.OpError
	switch {
	case errors.As(err, &de):
		t.Outcome = transcript.Outcome{Kind: transcript.LocalError, Detail: "the name has no address: " + de.Err}
	case errors.As(err, &op) && op.Op == "dial":
		t.Outcome = dialOutcome(ctx, err, netip.AddrPort{})
	case isTimeout(err):
		t.Outcome = transcript.Outcome{Kind: transcript.Silent, Detail: "no answer in time"}
	default:
		t.Outcome = transcript.Outcome{Kind: transcript.Closed, Detail: err.Error()}
	}
	return nil
}

// dialFetch is the guarded dialler of fetches: it resolves once and dials what
// the guard has seen, within the budget.
func (p *Prober) dialFetch(ctx context.Context, _, hostport string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(hostport)
	if err != nil {
		return nil, err
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("the port %q", port)
	}
	found := p.addresses(ctx, host)
	if len(found.Addresses) == 0 {
		return nil, &net.DNSError{Err: found.Code, Name: host, IsTimeout: found.Code == codeTimeout}
	}
	var last error
	for _, a := range found.Addresses {
		if err := p.guard(a); err != nil {
			last = &guardError{err}
			continue
		}
		release, err := p.limits.admit(ctx, a.String())
		if err != nil {
			return nil, err
		}
		nc, err := p.dial(ctx, netip.AddrPortFrom(a, uint16(n)), 0)
		if err == nil {
			return &releasing{Conn: nc, release: release}, nil
		}
		release()
		last = err
	}
	return nil, last
}

// releasing gives its slot back when it is closed.
type releasing struct {
	net.Conn
	release func()
	once    sync.Once
}

func (r *releasing) Close() error {
	r.once.Do(r.release)
	return r.Conn.Close()
}
