package compat_test

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tlswhy/tlswhy/internal/client"
	"github.com/tlswhy/tlswhy/internal/compat"
	"github.com/tlswhy/tlswhy/internal/diagnose"
	"github.com/tlswhy/tlswhy/internal/lab"
	"github.com/tlswhy/tlswhy/internal/probe"
	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/survey"
	"github.com/tlswhy/tlswhy/internal/trust"
)

// profiles are clients of every age and kind.
func profiles(t testing.TB, ids ...string) []*client.Profile {
	t.Helper()
	var out []*client.Profile
	for _, id := range ids {
		p, err := client.Get(id)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, p)
	}
	return out
}

var sample = []string{
	"modern", "chrome", "firefox", "curl-openssl", "go-1.26.8", "java-17", "node-0.8.6", "node-12.22.12", "python-2.7.18", "rustls-0.20", "nginx-proxy", "bearssl-0.6",
}

// endpoint is one of the lab's, with the options to ask it with.
func endpoint(t testing.TB, l *lab.Lab, name string) (report.Target, compat.Options) {
	t.Helper()
	e, ok := l.Endpoint(name)
	if !ok {
		t.Fatalf("no endpoint %s", name)
	}
	target, err := report.ParseTarget(e.Target)
	if err != nil {
		t.Fatal(err)
	}
	roots, err := trust.FileStore(l.CAFile())
	if err != nil {
		t.Fatal(err)
	}
	addr := netip.MustParseAddrPort(e.Addr)
	return target, compat.Options{
		Survey:   survey.Options{Roots: roots, Connect: addr.Addr().String(), ConnectPort: addr.Port()},
		Diagnose: diagnose.Options{Roots: roots, Connect: addr.Addr().String(), ConnectPort: addr.Port(), Timeout: 4 * time.Second},
	}
}

func prober() *probe.Prober {
	return probe.New(probe.Options{Timeout: 4 * time.Second, Budget: 3000, Concurrency: 24})
}

// What is predicted is what a diagnosis with the client's own hello finds: the
// same end, and where a client fails, the same step.
func TestPredictionsHold(t *testing.T) {
	defer goleak.VerifyNone(t)
	names := []string{
		"healthy", "healthy-tls12", "healthy-tls13", "healthy-hybrid", "tls10-only", "tls11-only", "3des-only", "camellia-only", "rsa-key-exchange", "dhe-only",
		"ccm-tls13", "p521-only", "x448-only", "hybrid-only", "ed25519", "p521-key", "weak-dh-1024", "weak-dh-768", "legacy-renegotiation", "sni-required",
		"unrecognized-name", "wrong-certificate", "mtls-tls12", "mtls-tls13", "expired", "self-signed", "incomplete-chain", "cn-only", "sha1", "weak-key", "wrong-eku", "ca-as-leaf",
		"alpn", "key-mismatch", "http2-weak-suite", "large-hello-drop", "extension-intolerant", "grease-intolerant", "certificate-too-large-java",
	}
	l, err := lab.Start(t.Context(), lab.Options{Only: names})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	known := profiles(t, sample...)
	var mu sync.Mutex
	predicted := 0
	t.Run("endpoints", func(t *testing.T) {
		for _, name := range names {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				target, o := endpoint(t, l, name)
				o.Clients = known
				r, err := compat.Run(t.Context(), prober(), target, o)
				if err != nil {
					t.Fatal(err)
				}
				for _, x := range r.Clients {
					if x.Outcome == compat.Unknown {
						t.Errorf("%s: could not tell (%s)", x.ID, x.Open)
					}
					if x.How != compat.Predicted {
						continue
					}
					mu.Lock()
					predicted++
					mu.Unlock()
					d := o.Diagnose
					d.Client = profiles(t, x.ID)[0]
					rep, err := diagnose.Check(t.Context(), prober(), target, d)
					if err != nil {
						t.Fatal(err)
					}
					if connects := rep.Verdict == report.OK || rep.Verdict == report.Warn; connects != (x.Outcome == compat.OK) {
						t.Errorf("%s: predicted %s (%s), and a diagnosis says %s", x.ID, x.Outcome, x.Why, rep.Verdict)
						continue
					}
					if x.Outcome == compat.Fail && rep.Findings[0].Step != *x.Step {
						t.Errorf("%s: predicted to fail at %s (%s), and it fails at %s (%s)", x.ID, x.Step, *x.Cause, rep.Findings[0].Step, rep.Findings[0].Cause)
					}
				}
			})
		}
	})
	if all := len(names) * len(known); predicted < all*8/10 {
		t.Errorf("of %d pairs only %d were predicted", all, predicted)
	}
}

// Where nothing answers, nobody is asked one by one.
func TestNothingAnswers(t *testing.T) {
	defer goleak.VerifyNone(t)
	l, err := lab.Start(t.Context(), lab.Options{Only: []string{"http", "reset", "closed", "refused"}})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for name, cause := range map[string]string{"http": "not-tls", "reset": "reset-after-hello", "closed": "closed-after-hello", "refused": "tcp-refused"} {
		target, o := endpoint(t, l, name)
		r, err := compat.Run(t.Context(), prober(), target, o)
		if err != nil {
			t.Fatal(err)
		}
		if r.Verdict() != report.Fail || r.Tried != 1 || len(r.Clients) != len(client.IDs()) || r.Connections > 400 {
			t.Errorf("%s: %s, %d tried of %d, %d connections", name, r.Verdict(), r.Tried, len(r.Clients), r.Connections)
		}
		for _, x := range r.Clients {
			if x.Cause == nil || string(*x.Cause) != cause {
				t.Errorf("%s: %s: %+v", name, x.ID, x)
				break
			}
		}
	}
}

// A point of view that is no known client is told of as well.
func TestOwnClient(t *testing.T) {
	l, err := lab.Start(t.Context(), lab.Options{Only: []string{"healthy"}})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	target, o := endpoint(t, l, "healthy")
	own := profiles(t, "node-0.8.6")[0]
	own.ID = "@mine.json"
	o.Diagnose.Client, o.Clients = own, profiles(t, "chrome")
	r, err := compat.Run(t.Context(), prober(), target, o)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Clients) != 2 || r.Row("@mine.json") == nil || r.Verdict() != report.Fail {
		t.Errorf("%s, %+v", r.Verdict(), r.Clients)
	}
}

// Interrupted, it says what is known by then and leaves nothing behind.
func TestInterrupted(t *testing.T) {
	defer goleak.VerifyNone(t)
	l, err := lab.Start(t.Context(), lab.Options{Only: []string{"silent"}})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	target, o := endpoint(t, l, "silent")
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	r, err := compat.Run(ctx, prober(), target, o)
	if !errors.Is(err, context.DeadlineExceeded) || r == nil {
		t.Fatalf("%v, %v", r, err)
	}
	if i := slices.IndexFunc(r.Clients, func(x compat.Row) bool { return x.Outcome == compat.OK }); i >= 0 {
		t.Errorf("%s connects to nobody", r.Clients[i].ID)
	}
}

// Every improvement is one that --if shows to work, and separators separate.
func TestMeaning(t *testing.T) {
	l, err := lab.Start(t.Context(), lab.Options{Only: []string{"healthy", "healthy-tls13", "tls10-rc4", "p521-only", "camellia-only", "incomplete-chain"}})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for name, want := range map[string]struct{ separators, change string }{
		"healthy":          {"TLS 1.2", "versions=+1.0"},
		"healthy-tls13":    {"TLS 1.3", "versions=+1.2"},
		"p521-only":        {"secp521r1", "groups=+"},
		"camellia-only":    {"a suite with Camellia", "suites=+"},
		"incomplete-chain": {"", "chain=+"},
	} {
		t.Run(name, func(t *testing.T) {
			target, o := endpoint(t, l, name)
			r, err := compat.Run(t.Context(), prober(), target, o)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(r.Separators, " and "); want.separators != "" && !strings.Contains(got, want.separators) {
				t.Errorf("separated by %q, want %q", got, want.separators)
			}
			i := slices.IndexFunc(r.Improvements, func(x compat.Improvement) bool { return strings.HasPrefix(x.Change, want.change) })
			if i < 0 {
				t.Fatalf("no improvement %s: %+v", want.change, r.Improvements)
			}
			x := r.Improvements[i]
			if want.change == "chain=+" {
				return // it needs a file
			}
			change, err := compat.ParseChange(x.Change, nil)
			if err != nil {
				t.Fatal(err)
			}
			o.Change = change
			again, err := compat.Run(t.Context(), prober(), target, o)
			if err != nil {
				t.Fatal(err)
			}
			// Reference clients are not let in by an improvement, and are told of by --if.
			gained := slices.DeleteFunc(slices.Clone(again.WhatIf.Gained), func(id string) bool { return id == client.Default })
			lets := slices.Clone(x.LetsIn)
			slices.Sort(gained)
			slices.Sort(lets)
			if !slices.Equal(gained, lets) {
				t.Errorf("%s lets in %v, and --if says %v", x.Change, lets, gained)
			}
		})
	}
}

// A second certificate, like the first but for its key, loses nobody.
func TestSecondCertificate(t *testing.T) {
	l, err := lab.Start(t.Context(), lab.Options{Only: []string{"healthy", "healthy-rsa"}})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for name, key := range map[string]string{"healthy": "RSA:2048", "healthy-rsa": "ECDSA:P-256"} {
		target, o := endpoint(t, l, name)
		if o.Change, err = compat.ParseChange("certificate=+"+key, nil); err != nil {
			t.Fatal(err)
		}
		r, err := compat.Run(t.Context(), prober(), target, o)
		if err != nil {
			t.Fatal(err)
		}
		if w := r.WhatIf; len(w.Lost) > 0 || len(w.Open) > 5 {
			t.Errorf("%s with a second key %s: lost %v, open %v", name, key, w.Lost, w.Open)
		}
	}
}
