package survey

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// saved is a survey of the renderers' test data: no server answers the same way
// each time this test runs.
func saved(t testing.TB, name string) *Survey {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "render", "testdata", "surveys", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := Read(f)
	if err != nil {
		t.Fatal(err)
	}
	return all[0]
}

// say writes differences so that a test can hold them.
func say(d *Diff) []string {
	var out []string
	for _, x := range d.Differences {
		s := x.Part
		if x.Item != "" {
			s += "." + x.Item
		}
		switch x.Kind {
		case DiffSet:
			s += " -" + strings.Join(x.OnlyA, ",") + " +" + strings.Join(x.OnlyB, ",")
		case DiffOrder:
			s += " order"
		default:
			s += " " + x.A + " -> " + x.B
		}
		out = append(out, s)
	}
	return out
}

func TestCompare(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Survey)
		want   []string
		onlyA  []string
		onlyB  []string
		silent []string
	}{
		"nothing": {change: func(*Survey) {}},
		"a version less": {
			change: func(s *Survey) { s.Versions = s.Versions[:1] },
			want:   []string{"versions -TLS 1.2 +"},
		},
		"a suite less and the order reversed": {
			change: func(s *Survey) {
				x := s.Suites["TLS 1.3"]
				x.List = []wire.CipherSuite{0x1301, 0x1302}
				s.Suites["TLS 1.3"] = x
			},
			want: []string{"suites.TLS 1.3 -TLS_CHACHA20_POLY1305_SHA256 +", "suites.TLS 1.3 order"},
		},
		"the client's order has no order to differ in": {
			change: func(s *Survey) {
				x := s.Suites["TLS 1.2"]
				x.List = slices.Clone(x.List)
				slices.Reverse(x.List)
				s.Suites["TLS 1.2"] = x
			},
		},
		"whose order decides": {
			change: func(s *Survey) {
				x := s.Suites["TLS 1.2"]
				x.Order = transcript.ServerOrder
				s.Suites["TLS 1.2"] = x
			},
			want: []string{"suites.TLS 1.2 order client -> server"},
		},
		"a group in one version alone": {
			change: func(s *Survey) {
				s.Groups = slices.Clone(s.Groups)
				s.Groups[1].TLS13 = transcript.No
			},
			want: []string{"groups -x25519 +x25519 (not TLS 1.3)"},
		},
		"what one does not know": {
			change: func(s *Survey) { s.Features.Heartbeat = transcript.Unknown; s.Features.OtherName = "" },
			silent: []string{"features.other_name", "features.heartbeat"},
		},
		"features": {
			change: func(s *Survey) {
				s.Features.Tickets = 1
				s.Features.ResumptionID = transcript.No
				s.Features.Tolerates.Large = transcript.No
			},
			want: []string{"features.resumption_id yes -> no", "features.tickets 2 -> 1", "features.tolerates.size_large yes -> no"},
		},
		"another certificate of the same key": {
			change: func(s *Survey) {
				s.Certificates = slices.Clone(s.Certificates)
				s.Certificates[1].SHA256 = strings.Repeat("0", 64)
				s.Certificates[1].Staple = "good"
			},
			want: []string{
				"certificates.RSA RSA 2048, CN=www.example.com, issued by CN=Example CA R10, O=Example Trust, C=US, until 2027-01-23, SHA-256 c7c7c7c7… -> " +
					"RSA 2048, CN=www.example.com, issued by CN=Example CA R10, O=Example Trust, C=US, until 2027-01-23, SHA-256 00000000…",
				"certificates.RSA staple none -> good",
			},
		},
		"a certificate less": {
			change: func(s *Survey) { s.Certificates = s.Certificates[:1] },
			want:   []string{"certificates.RSA RSA 2048, CN=www.example.com, issued by CN=Example CA R10, O=Example Trust, C=US, until 2027-01-23, SHA-256 c7c7c7c7… -> none"},
		},
		"no HTTP": {
			change: func(s *Survey) { s.HTTP = nil },
			want:   []string{"http HTTP/1.1 200 -> no answer"},
		},
		"HSTS": {
			change: func(s *Survey) { h := *s.HTTP; h.HSTS = nil; s.HTTP = &h },
			want:   []string{"http.hsts max-age=63072000; includeSubDomains -> "},
		},
		"DNS not asked": {
			change: func(s *Survey) { s.DNS.Asked = false },
			silent: []string{"dns"},
		},
		"clients": {
			change: func(s *Survey) {
				s.LocksOut = []LockOut{{Clients: []string{"node-0.8.6", "node-0.8.28", "node-0.10.0"}}, {Clients: []string{"java-17", "node-0.8.6"}}}
			},
			onlyA: []string{"java-17"},
			onlyB: []string{"node-forge-1.4"},
		},
		"suites that were not all asked for": {
			change: func(s *Survey) { x := s.Suites["TLS 1.2"]; x.Complete = false; s.Suites["TLS 1.2"] = x },
			silent: []string{"suites.TLS 1.2"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			a, b := saved(t, "nginx"), saved(t, "nginx")
			c.change(b)
			d := Compare(a, b)
			if diff := cmp.Diff(c.want, say(d)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if diff := cmp.Diff([][]string{c.onlyA, c.onlyB, c.silent}, [][]string{nilIfEmpty(d.OnlyA), nilIfEmpty(d.OnlyB), nilIfEmpty(d.NotCompared)}); diff != "" {
				t.Errorf("clients, not compared: -want +got:\n%s", diff)
			}
			if d.Alike < 20 {
				t.Errorf("only %d things alike", d.Alike)
			}
			// The other way round it is the same the other way round.
			if back := Compare(b, a); len(back.Differences) != len(d.Differences) || back.Alike != d.Alike {
				t.Errorf("backwards: %v", say(back))
			}
		})
	}
}

func nilIfEmpty(s []string) []string {
	if len(s) == 0 {
		return nil
	}
	return s
}

func TestSidesHaveNames(t *testing.T) {
	a, b := saved(t, "nginx"), saved(t, "nginx")
	for _, c := range []struct {
		change func()
		a, b   string
	}{
		{func() {}, "before", "after"},
		{func() { a.Time = "2026-12-01T00:00:00Z" }, "after", "before"},
		{func() { b.Target.Address = "192.0.2.7" }, "192.0.2.10", "192.0.2.7"},
		{func() { b.Target.Host = "www.example.net" }, "www.example.com:443", "www.example.net:443"},
	} {
		c.change()
		if d := Compare(a, b); d.A.Name != c.a || d.B.Name != c.b {
			t.Errorf("%q and %q, want %q and %q", d.A.Name, d.B.Name, c.a, c.b)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "it is empty",
		"{":                              "no survey in JSON",
		"{}":                             `it has no "schema"`,
		`{"schema":"tlswhy/report/v1"}`:  `schema "tlswhy/report/v1" is no survey`,
		`{"schema":"tlswhy/survey/v1"}`:  "names no target",
		`{"schema":"tlswhy/surveys/v1"}`: "holds no survey",
		`{"schema":"tlswhy/survey/v1","versions":7}`:      `"versions" holds a number`,
		`{"schema":"tlswhy/surveys/v1","surveys":[null]}`: "an empty survey",
		`{"schema":"tlswhy/surveys/v1","surveys":[{}]}`:   `schema "" is no survey`,
	} {
		_, err := Read(strings.NewReader(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

// Whatever a file holds, reading and comparing it ends without a panic.
func FuzzRead(f *testing.F) {
	s := saved(f, "device")
	text, err := json.Marshal(s)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"schema":"tlswhy/surveys/v1","surveys":[{"schema":"tlswhy/survey/v1","target":{"host":"a","port":1},"suites":null}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		all, err := Read(strings.NewReader(string(data)))
		if err != nil {
			return
		}
		for _, x := range all {
			if d := Compare(x, x); len(d.Differences) > 0 {
				t.Errorf("differs from itself: %v", say(d))
			}
			Compare(x, s)
			Compare(s, x)
		}
	})
}

// Against a server that was not reached everything would differ.
func TestNothingToCompare(t *testing.T) {
	gone := healthy(t)
	gone.Facts, gone.Notes = transcript.Facts{}, []string{"shop.example cannot be resolved: NXDOMAIN"}
	d := Compare(healthy(t), gone)
	if d.A.NoTLS != "" || d.B.NoTLS != gone.Notes[0] || len(d.Differences) != 1 || d.Differences[0].Part != "versions" {
		t.Errorf("%+v", d)
	}
}
