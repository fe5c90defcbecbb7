package tlswhy

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/tlswhy/tlswhy/internal/wire"
)

func TestSurvey(t *testing.T) {
	l, e := startLab(t, "healthy", "tls10-rc4")
	at, err := netip.ParseAddrPort(e["healthy"].Addr)
	if err != nil {
		t.Fatal(err)
	}
	var purposes []string
	o := Options{
		Connect: e["healthy"].Addr, CAFile: l.CAFile(), ExpectAddress: "192.0.2.0/24", Concurrency: 8,
		Progress: func(e Event) { purposes = append(purposes, e.Purpose) },
	}
	s, err := Survey(t.Context(), e["healthy"].Target, o)
	if err != nil {
		t.Fatal(err)
	}
	if s.Version != Version() || !slices.Equal(s.Versions, []wire.Version{wire.VersionTLS13, wire.VersionTLS12}) || !s.Complete {
		t.Errorf("%+v", s)
	}
	if len(s.Certificates) != 1 || s.Certificates[0].Trusted != Yes {
		t.Errorf("certificates: %+v", s.Certificates)
	}
	if len(purposes) < 20 {
		t.Errorf("progress: %q", purposes)
	}
	if !slices.ContainsFunc(s.Notes, func(n string) bool { return strings.Contains(n, at.Addr().String()+", which is not in 192.0.2.0/24") }) {
		t.Errorf("notes: %q", s.Notes)
	}

	o.Connect, o.Progress = e["tls10-rc4"].Addr, nil
	other, err := Survey(t.Context(), e["healthy"].Target, o)
	if err != nil {
		t.Fatal(err)
	}
	if d := CompareSurveys(s, other); len(d.Differences) == 0 || d.Differences[0].Part != "versions" || d.Version != Version() {
		t.Errorf("%+v", d)
	}
	if _, err := Survey(t.Context(), "example.com", Options{Concurrency: -1}); err == nil {
		t.Error("a negative concurrency is taken")
	}
}

// What shows with a survey alone, and issuers that are fetched.
func TestSurveyFinds(t *testing.T) {
	l, e := startLab(t, "healthy-garbage-staple", "healthy-renegotiates", "incomplete-chain", "incomplete-chain-no-aia")
	for _, x := range []struct {
		endpoint string
		noAIA    bool
		want     string
		fetched  int
	}{
		{"healthy-garbage-staple", false, "stapling-broken", 0},
		{"healthy-renegotiates", false, "insecure-options", 0},
		{"incomplete-chain", false, "incomplete-chain", 1},
		{"incomplete-chain", true, "incomplete-chain", 0},
		{"incomplete-chain-no-aia", false, "incomplete-chain", 0},
	} {
		s, err := Survey(t.Context(), e[x.endpoint].Target, Options{Connect: e[x.endpoint].Addr, CAFile: l.CAFile(), NoAIA: x.noAIA})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(s.Findings, func(f Finding) bool { return string(f.Cause) == x.want }) {
			t.Errorf("%s: findings %+v", x.endpoint, s.Findings)
		}
		if len(s.Certificates) != 1 || len(s.Certificates[0].FetchedIssuers) != x.fetched {
			t.Errorf("%s without AIA %v: certificates %+v", x.endpoint, x.noAIA, s.Certificates)
		}
		// Chrome fetches what is missing; Python does not.
		var out []string
		for _, lock := range s.LocksOut {
			if lock.Cause == "incomplete-chain" {
				out = append(out, lock.Clients...)
			}
		}
		chrome := slices.ContainsFunc(out, func(c string) bool { return strings.HasPrefix(c, "chrom") })
		python := slices.ContainsFunc(out, func(c string) bool { return strings.HasPrefix(c, "python") })
		if missing := x.want == "incomplete-chain"; chrome != (missing && x.fetched == 0) || python != missing {
			t.Errorf("%s without AIA %v: keeps out %q", x.endpoint, x.noAIA, out)
		}
	}
}
