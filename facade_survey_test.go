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
