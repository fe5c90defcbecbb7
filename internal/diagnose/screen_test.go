package diagnose_test

import (
	"errors"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/diagnose"
	"github.com/tlswhy/tlswhy/internal/lab"
	"github.com/tlswhy/tlswhy/internal/probe"
	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/trust"
)

// startLab brings up all endpoints that are reached by an address, and the
// options under which they are looked at.
func startLab(t testing.TB, only ...string) (*lab.Lab, diagnose.Options) {
	t.Helper()
	l, err := lab.Start(t.Context(), lab.Options{Only: only})
	if err != nil {
		t.Fatal(err)
	}
	roots, err := trust.FileStore(l.CAFile())
	if err != nil {
		t.Fatal(err)
	}
	return l, diagnose.Options{Roots: roots, Timeout: 3 * time.Second, NoRevocation: true}
}

// plain are the endpoints whose circumstances are those of the options.
func plain(l *lab.Lab) []lab.Endpoint {
	return slices.DeleteFunc(l.Endpoints(), func(e lab.Endpoint) bool {
		if len(e.Args) > 0 || e.Addr == "" {
			return true
		}
		_, err := netip.ParseAddrPort(e.Addr)
		return err != nil
	})
}

func targetOf(t testing.TB, e lab.Endpoint) (report.Target, netip.AddrPort) {
	t.Helper()
	target, err := report.ParseTarget(e.Target)
	if err != nil {
		t.Fatal(err)
	}
	return target, netip.MustParseAddrPort(e.Addr)
}

// seenLater are the steps at which a stop shows only behind the first flight.
var seenLater = []cause.Step{cause.StepKeys, cause.StepSecure}

// What a screen calls healthy, Check lets through, and what Check stops at up to
// the end of the first flight, a screen does not call healthy.
func TestScreenJudgesLikeCheck(t *testing.T) {
	defer goleak.VerifyNone(t)
	l, o := startLab(t)
	defer l.Close()
	endpoints := plain(l)
	if len(endpoints) < 100 {
		t.Fatalf("only %d endpoints", len(endpoints))
	}
	slots := make(chan struct{}, 16)
	var wg sync.WaitGroup
	var mu sync.Mutex
	settled, later := 0, 0
	for _, e := range endpoints {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			target, addr := targetOf(t, e)
			p := probe.New(probe.Options{Timeout: o.Timeout})
			screen, err := diagnose.NewScreen(p, o)
			if err != nil {
				t.Error(err)
				return
			}
			g, err := screen.Look(t.Context(), target, addr)
			if err != nil {
				t.Errorf("%s: %v", e.Name, err)
				return
			}
			if n := p.Connections(); n != 1 {
				t.Errorf("%s: a glance made %d connections", e.Name, n)
			}
			c := o
			c.Connect, c.ConnectPort = addr.Addr().String(), addr.Port()
			r, err := diagnose.Check(t.Context(), probe.New(probe.Options{Timeout: o.Timeout, Budget: -1}), target, c)
			if err != nil {
				t.Errorf("%s: %v", e.Name, err)
				return
			}
			stops := r.Verdict == report.Fail || r.Verdict == report.Unknown
			mu.Lock()
			defer mu.Unlock()
			switch {
			case g.Healthy && stops:
				later++
				// Such a stop has to be one that the first flight does not show.
				if i := slices.IndexFunc(r.Findings, func(f report.Finding) bool { return f.Blocking }); i < 0 || !slices.Contains(seenLater, r.Findings[i].Step) {
					t.Errorf("%s: healthy at a glance, and Check says %s: %+v", e.Name, r.Verdict, r.Findings)
				}
			case g.Healthy:
				settled++
			case e.Cause == cause.InconsistentEndpoints:
				// The two may have met another of the servers that take turns.
			case r.Verdict == report.OK && len(g.Transcript.CertificateRequests) == 0:
				t.Errorf("%s is well and not settled by a glance: %s %s; %v", e.Name, g.Transcript.Outcome.Kind, g.Transcript.Outcome.Detail, g.Trust.Defects)
			}
		})
	}
	wg.Wait()
	t.Logf("of %d endpoints %d are settled by a glance; %d stop a client only after the first flight", len(endpoints), settled, later)
	if settled < 20 {
		t.Errorf("only %d endpoints are settled by a glance", settled)
	}
}

// An attempt that cannot be made is an error, and no verdict.
func TestScreenWithoutBudget(t *testing.T) {
	p := probe.New(probe.Options{Budget: 1})
	screen, err := diagnose.NewScreen(p, diagnose.Options{})
	if err != nil {
		t.Fatal(err)
	}
	closed := netip.MustParseAddrPort("127.0.0.1:1")
	g, err := screen.Look(t.Context(), report.Target{Host: "a.example", Port: 1}, closed)
	if err != nil || g.Healthy || g.Transcript.Outcome.Kind != transcript.Refused {
		t.Errorf("a closed port: %+v, %v", g, err)
	}
	if _, err := screen.Look(t.Context(), report.Target{Host: "a.example", Port: 1}, closed); !errors.Is(err, probe.ErrBudget) {
		t.Errorf("without budget: %v", err)
	}
}

// BenchmarkScreen is a verdict on a healthy host, server and all.
func BenchmarkScreen(b *testing.B) {
	l, o := startLab(b, "healthy-tls12", "healthy-tls13")
	defer l.Close()
	for _, e := range plain(l) {
		target, addr := targetOf(b, e)
		screen, err := diagnose.NewScreen(probe.New(probe.Options{Budget: -1}), o)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(e.Name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if g, err := screen.Look(b.Context(), target, addr); err != nil || !g.Healthy {
					b.Fatalf("%+v, %v", g, err)
				}
			}
		})
	}
}
