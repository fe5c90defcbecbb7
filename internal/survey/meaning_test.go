package survey

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/client"
	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

var update = flag.Bool("update", false, "write goldens anew")

// golden compares text with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s (-update writes it anew) -file +now:\n%s", path, d)
	}
}

func suites(t testing.TB, names string) []wire.CipherSuite {
	t.Helper()
	var out []wire.CipherSuite
	for name := range strings.FieldsSeq(names) {
		x, ok := wire.ParseCipherSuite(name)
		if !ok {
			t.Fatalf("no suite %s", name)
		}
		out = append(out, x)
	}
	return out
}

const (
	tls13Suites = "TLS_AES_256_GCM_SHA384 TLS_CHACHA20_POLY1305_SHA256 TLS_AES_128_GCM_SHA256"
	rsaAEAD     = "ECDHE-RSA-AES256-GCM-SHA384 ECDHE-RSA-CHACHA20-POLY1305 ECDHE-RSA-AES128-GCM-SHA256"
	rsaCBC      = "ECDHE-RSA-AES256-SHA ECDHE-RSA-AES128-SHA AES256-SHA AES128-SHA"
)

// healthy is a survey of an nginx of today with an RSA key: nothing to complain of.
func healthy(t testing.TB) *Survey {
	t.Helper()
	name := "www.example.org"
	day := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	s := &Survey{
		Schema: Schema, Target: report.Target{Input: name, Host: name, Port: 443, SNI: &name, Address: "192.0.2.7", Service: "http"},
		HTTP: &HTTP{Proto: "h2", Status: 200, Server: "nginx/1.28.0", HSTS: &HSTS{MaxAge: 63072000}}, Complete: true,
		Certificates: []Certificate{{
			Served: transcript.Served{SHA256: "aa", Key: "RSA 2048", For: []transcript.Asked{transcript.ByName, transcript.ByNoName, transcript.ByOtherName}},
			Chain:  []report.ChainCert{{Subject: "CN=" + name, NotBefore: day, NotAfter: day.AddDate(0, 0, 80), SANs: []string{name}, Key: "RSA 2048", Signature: "SHA256-RSA"}},
			Covers: transcript.Yes, Trusted: transcript.Yes, Problems: []cause.ID{}, DaysLeft: 60, Staple: "none",
		}},
	}
	f := &s.Facts
	f.Versions = []wire.Version{wire.VersionTLS13, wire.VersionTLS12}
	f.Suites = map[string]transcript.SuiteFacts{
		"TLS 1.3": {Order: transcript.ServerOrder, List: suites(t, tls13Suites), ChaChaFirst: transcript.No, Complete: true},
		"TLS 1.2": {Order: transcript.ServerOrder, List: suites(t, rsaAEAD), ChaChaFirst: transcript.No, Complete: true},
	}
	f.Groups = []transcript.GroupFact{
		{Group: wire.GroupX25519MLKEM768, TLS13: transcript.Yes, TLS12: transcript.No},
		{Group: wire.GroupX25519, TLS13: transcript.Yes, TLS12: transcript.Yes},
		{Group: wire.GroupSecp256r1, TLS13: transcript.Yes, TLS12: transcript.Yes},
		{Group: wire.GroupSecp384r1, TLS13: transcript.Yes, TLS12: transcript.Yes},
	}
	f.GroupOrder, f.SignatureOrder, f.ShareFirst = transcript.ServerOrder, transcript.ClientOrder, transcript.Yes
	addSchemes(f, "RSA 2048", "aa")
	f.ALPN, f.ALPNRefuses = []string{"h2", "http/1.1"}, transcript.No
	f.Served = []transcript.Served{s.Certificates[0].Served}
	yes := transcript.Yes
	f.Features = transcript.Features{
		OtherName: "same", NoName: "same", SecureRenegotiation: yes, ClientRenegotiation: transcript.No, ExtendedMasterSecret: yes, EncryptThenMAC: yes,
		FallbackSCSV: yes, DowngradeSentinel: yes, Compression: transcript.No, Heartbeat: transcript.No, OCSPStapling: transcript.No, HelloRetry: yes,
		ClientCertificate: "none", TicketLifetime: 3600,
		Tolerates: transcript.Tolerance{
			GREASE: yes, UnknownExtension: yes, FutureVersion: yes, FutureLegacy: yes, RecordVersion: yes, Medium: yes, Large: yes,
			SplitRecords: yes, SplitSegments: yes, EmptyShares: yes, HybridShare: yes, NoExtensions: yes,
		},
	}
	return s
}

// Servers that differ from healthy.
var servers = []struct {
	name string
	edit func(testing.TB, *Survey)
}{
	{"healthy", func(testing.TB, *Survey) {}},
	{"TLS 1.3 alone", func(_ testing.TB, s *Survey) {
		s.Versions = s.Versions[:1]
		delete(s.Suites, "TLS 1.2")
	}},
	{"old versions and suites", func(t testing.TB, s *Survey) {
		s.Versions = []wire.Version{wire.VersionTLS12, wire.VersionTLS11, wire.VersionTLS10, wire.VersionSSL30}
		s.Suites = map[string]transcript.SuiteFacts{
			"TLS 1.2": {Order: transcript.ClientOrder, List: suites(t, rsaAEAD+" "+rsaCBC+" DHE-RSA-AES128-SHA DES-CBC3-SHA RC4-SHA ADH-AES128-SHA"), Complete: true},
			"TLS 1.1": {Order: transcript.ClientOrder, List: suites(t, rsaCBC+" DES-CBC3-SHA RC4-SHA ADH-AES128-SHA"), Complete: true},
			"TLS 1.0": {Order: transcript.ClientOrder, List: suites(t, rsaCBC+" DES-CBC3-SHA RC4-SHA ADH-AES128-SHA"), Complete: true},
			"SSL 3.0": {Order: transcript.ClientOrder, List: suites(t, "DES-CBC3-SHA RC4-SHA"), Complete: true},
		}
		s.Groups = []transcript.GroupFact{{Group: wire.GroupSecp256r1, TLS13: transcript.No, TLS12: transcript.Yes}, {Group: wire.GroupSecp192r1, TLS13: transcript.No, TLS12: transcript.Yes}}
		s.DH = []transcript.DHFact{{Bits: 1024, Name: "Apache httpd 2.2, 1024 bits", Generator: 2, Safe: transcript.Yes, Reused: transcript.Yes}}
		f := &s.Features
		f.FallbackSCSV, f.SecureRenegotiation, f.ClientRenegotiation, f.Compression = transcript.No, transcript.No, transcript.Yes, transcript.Yes
		f.ExtendedMasterSecret, f.DowngradeSentinel, f.Tolerates.EmptyShares, f.Tolerates.HybridShare = transcript.No, transcript.Unknown, transcript.Unknown, transcript.Yes
		s.HTTP = &HTTP{Server: "Apache/2.2.22", Proto: "HTTP/1.1", Status: 200}
		s.Certificates[0].Key, s.Served[0].Key = "RSA 1024", "RSA 1024"
		s.Certificates[0].Chain[0].NotAfter = s.Certificates[0].Chain[0].NotBefore.AddDate(2, 0, 0)
	}},
	{"TLS 1.0 alone", func(t testing.TB, s *Survey) {
		s.Versions = []wire.Version{wire.VersionTLS10}
		s.Suites = map[string]transcript.SuiteFacts{"TLS 1.0": {Order: transcript.ServerOrder, List: suites(t, "RC4-SHA DES-CBC3-SHA"), Complete: true}}
		s.Groups, s.SignatureAlgorithms, s.HTTP = nil, nil, nil
		s.Features.Tolerates.EmptyShares, s.Features.DowngradeSentinel = transcript.Unknown, transcript.Unknown
	}},
	{"ECDSA alone", func(t testing.TB, s *Survey) {
		s.Certificates[0].Key, s.Served[0].Key = "ECDSA P-256", "ECDSA P-256"
		s.SignatureAlgorithms = nil
		addSchemes(&s.Facts, "ECDSA P-256", "aa")
		x := s.Suites["TLS 1.2"]
		x.List = suites(t, "ECDHE-ECDSA-AES256-GCM-SHA384 ECDHE-ECDSA-AES128-GCM-SHA256 ECDHE-ECDSA-AES128-CCM ECDHE-ECDSA-AES128-CCM8")
		s.Suites["TLS 1.2"] = x
	}},
}

func each(t *testing.T, do func(t *testing.T, name string, s *Survey)) {
	t.Helper()
	for _, x := range servers {
		s := healthy(t)
		x.edit(t, s)
		do(t, x.name, s)
	}
}

func predictorOf(s *Survey) *client.Predictor {
	return client.NewPredictor(&s.Facts, client.PredictOptions{Host: s.Target.Host, ServerName: s.Target.Host, HTTP: true, NoTrust: true})
}

// simpleClients tell by versions and suites alone whether they connect, so that
// goldens do not change with every client that is recorded.
type simpleClients struct{ before *transcript.Facts }

var simple = []struct {
	id     string
	offers map[string]string // versions and their suites
}{
	{"of-2002", map[string]string{"SSL 3.0": "RC4-SHA", "TLS 1.0": "RC4-SHA DES-CBC3-SHA"}},
	{"of-2008", map[string]string{"TLS 1.0": "AES128-SHA DES-CBC3-SHA"}},
	{"of-2013", map[string]string{"TLS 1.0": "ECDHE-RSA-AES128-SHA AES128-SHA", "TLS 1.1": "ECDHE-RSA-AES128-SHA AES128-SHA", "TLS 1.2": "ECDHE-RSA-AES128-GCM-SHA256 ECDHE-ECDSA-AES128-GCM-SHA256 ECDHE-RSA-AES128-SHA AES128-SHA"}},
	{"of-2020", map[string]string{"TLS 1.2": "ECDHE-RSA-AES128-GCM-SHA256 ECDHE-ECDSA-AES128-GCM-SHA256", "TLS 1.3": tls13Suites}},
	{"of-2026", map[string]string{"TLS 1.3": tls13Suites}},
}

func (c simpleClients) connects(i int, f *transcript.Facts) bool {
	for _, v := range f.Versions {
		for name := range strings.FieldsSeq(simple[i].offers[v.String()]) {
			x, _ := wire.ParseCipherSuite(name)
			if slices.Contains(f.Suites[v.String()].List, x) {
				return true
			}
		}
	}
	return false
}

func (c simpleClients) LockedOut() []client.Lockout { return nil }

func (c simpleClients) Lost(after *transcript.Facts) (lost, gained []string) {
	for i, x := range simple {
		switch before, then := c.connects(i, c.before), c.connects(i, after); {
		case before && !then:
			lost = append(lost, x.id)
		case !before && then:
			gained = append(gained, x.id)
		}
	}
	return lost, gained
}

// The way to Mozilla's configurations, and whom each step costs.
func TestProfiles(t *testing.T) {
	var b strings.Builder
	each(t, func(_ *testing.T, name string, s *Survey) {
		fmt.Fprintf(&b, "== %s\n", name)
		for _, g := range compare(s, simpleClients{&s.Facts}) {
			fmt.Fprintf(&b, "%s %s: meets %v\n", g.Profile, g.Version, g.Meets)
			for _, c := range g.Changes {
				fmt.Fprintf(&b, "  %s: %s\n    -%s +%s\n", c.Setting, c.Text, strings.Join(c.Remove, ","), strings.Join(c.Add, ","))
				if len(c.LocksOut) > 0 {
					fmt.Fprintf(&b, "    locks out %s\n", strings.Join(c.LocksOut, ", "))
				}
				if len(c.LetsIn) > 0 {
					fmt.Fprintf(&b, "    lets in %s\n", strings.Join(c.LetsIn, ", "))
				}
			}
		}
	})
	golden(t, "profiles.txt", b.String())
}

// Findings and remarks in words.
func TestFindings(t *testing.T) {
	var b strings.Builder
	each(t, func(t *testing.T, name string, s *Survey) {
		fmt.Fprintf(&b, "== %s\n", name)
		last := cause.SeverityHigh
		for _, f := range findings(s, "") {
			fmt.Fprintf(&b, "%s (%s, %s): %s\n", f.Cause, f.Severity, f.Step, f.Detail)
			if f.Blocking || f.Proof == nil || f.Confidence != report.Proved || len(f.Fix) == 0 || len(f.Reproduce) == 0 || f.Retest != "tlswhy survey www.example.org" {
				t.Errorf("%s: %s is blocking, or lacks proof, fixes or commands: %+v", name, f.Cause, f)
			}
			if f.Severity > last {
				t.Errorf("%s: %s stands behind something milder", name, f.Cause)
			}
			last = f.Severity
		}
		for _, r := range remarks(s) {
			fmt.Fprintf(&b, "- %s\n", r)
		}
	})
	golden(t, "findings.txt", b.String())
}

// Each thing that can be wrong with a healthy server is told, and nothing besides.
func TestFindingsOneByOne(t *testing.T) {
	no, yes := transcript.No, transcript.Yes
	for _, x := range []struct {
		name string
		edit func(*Survey)
		want []cause.ID
		note string // a part of the only remark
	}{
		{"nothing", func(*Survey) {}, nil, ""},
		{"nothing was asked", func(s *Survey) { *s = Survey{} }, nil, ""},
		{"hybrid share", func(s *Survey) { s.Features.Tolerates.HybridShare = no }, []cause.ID{cause.LargeHelloDropped}, ""},
		{"medium hello", func(s *Survey) { s.Features.Tolerates.Medium = no }, []cause.ID{cause.LargeHelloDropped}, ""},
		{"GREASE", func(s *Survey) { s.Features.Tolerates.GREASE = no }, []cause.ID{cause.VersionIntolerant}, ""},
		{"several intolerances are one finding", func(s *Survey) {
			s.Features.Tolerates.GREASE, s.Features.Tolerates.FutureVersion, s.Features.Tolerates.FutureLegacy = no, no, no
		}, []cause.ID{cause.VersionIntolerant}, ""},
		{"TLS 1.1", func(s *Survey) {
			s.Versions = append(s.Versions, wire.VersionTLS11)
			s.Suites["TLS 1.1"] = transcript.SuiteFacts{List: []wire.CipherSuite{wire.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA}}
		}, []cause.ID{cause.ObsoleteProtocolEnabled}, ""},
		{"no TLS 1.3", func(s *Survey) { s.Versions = s.Versions[1:]; s.Groups = s.Groups[1:] }, []cause.ID{cause.TLS13Missing}, ""},
		{"small DH", func(s *Survey) { s.DH = []transcript.DHFact{{Bits: 1024, Safe: yes}} }, []cause.ID{cause.WeakDH}, ""},
		{"sound DH", func(s *Survey) { s.DH = []transcript.DHFact{{Bits: 2048, Safe: yes, Reused: no}} }, nil, ""},
		{"DH with subgroups", func(s *Survey) { s.DH = []transcript.DHFact{{Bits: 2048, Name: "RFC 5114 group 24", Safe: no}} }, nil, "no safe prime"},
		{"small DH with subgroups", func(s *Survey) { s.DH = []transcript.DHFact{{Bits: 1024, Safe: no}} }, []cause.ID{cause.WeakDH}, ""},
		{"DH value reused", func(s *Survey) { s.DH = []transcript.DHFact{{Bits: 2048, Safe: yes, Reused: yes}} }, nil, "same Diffie-Hellman value"},
		{"RFC 5746", func(s *Survey) { s.Features.SecureRenegotiation = no }, []cause.ID{cause.LegacyRenegotiation}, ""},
		{"RFC 5746 with TLS 1.3 alone", func(s *Survey) { s.Versions = s.Versions[:1]; s.Features.SecureRenegotiation = no }, nil, ""},
		{"SHA-1 alone in TLS 1.2", func(s *Survey) {
			s.SignatureAlgorithms = []transcript.SchemeFact{{Scheme: wire.SigRSAPKCS1SHA1, TLS12: yes, TLS13: no}, {Scheme: wire.SigRSAPSSRSAESHA256, TLS12: no, TLS13: yes}}
		}, []cause.ID{cause.NoSharedSignatureAlgorithm}, "RFC 9155"},
		{"DANE", func(s *Survey) { s.DNS.TLSAMatch = no }, []cause.ID{cause.KeyPinning}, ""},
		{"compression", func(s *Survey) { s.Features.Compression = yes }, []cause.ID{cause.InsecureOptions}, ""},
		{"renegotiation", func(s *Survey) { s.Features.ClientRenegotiation = yes }, []cause.ID{cause.InsecureOptions}, ""},
		{"0-RTT", func(s *Survey) { s.Features.EarlyData = yes }, nil, "replayed"},
		{"long tickets", func(s *Survey) { s.Features.TicketLifetime = 14 * 24 * 3600 }, nil, "14 days"},
		{"no hybrid group", func(s *Survey) { s.Groups = s.Groups[1:] }, nil, "post-quantum"},
		{"no HSTS, which is said with HTTP", func(s *Survey) { s.HTTP.HSTS = nil }, nil, ""},
		{"expired staple", func(s *Survey) { s.Certificates[0].Staple = stapleExpired }, []cause.ID{cause.StaplingBroken}, ""},
		{"must-staple: a defect of the certificate", func(s *Survey) {
			s.Certificates[0].Staple, s.Certificates[0].MustStaple = stapleExpired, true
		}, nil, ""},
		{"good staple", func(s *Survey) { s.Certificates[0].Staple = "good" }, nil, ""},
		{"another certificate without a name, which is said with it", func(s *Survey) { s.Features.NoName = "other" }, nil, ""},
		{"h2 over CBC", func(s *Survey) {
			s.Versions, s.Groups = s.Versions[1:], s.Groups[1:]
			y := s.Suites["TLS 1.2"]
			y.List = append([]wire.CipherSuite{wire.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA}, y.List...)
			s.Suites["TLS 1.2"] = y
		}, []cause.ID{cause.HTTP2InadequateSecurity, cause.TLS13Missing}, ""},
	} {
		s := healthy(t)
		x.edit(s)
		var got []cause.ID
		for _, f := range findings(s, "") {
			got = append(got, f.Cause)
		}
		if !slices.Equal(got, x.want) {
			t.Errorf("%s: %v, want %v", x.name, got, x.want)
		}
		switch r := remarks(s); {
		case x.note == "" && len(r) > 0, x.note != "" && (len(r) != 1 || !strings.Contains(r[0], x.note)):
			t.Errorf("%s: remarks %q, want one with %q", x.name, r, x.note)
		}
	}
}

// Fixes come for the software that answered.
func TestFindingsForSoftware(t *testing.T) {
	s := healthy(t)
	s.Versions = s.Versions[1:]
	if f := findings(s, ""); f[0].Fix[0].For != "nginx" {
		t.Errorf("by its header: %s", f[0].Fix[0].For)
	}
	if f := findings(s, "haproxy"); f[0].Fix[0].For != "haproxy" {
		t.Errorf("as told: %s", f[0].Fix[0].For)
	}
}

func TestWeakness(t *testing.T) {
	for name, want := range map[string]string{
		"TLS_NULL_WITH_NULL_NULL": "neither encrypt nor identify", "ECDHE-RSA-NULL-SHA": "do not encrypt", "ADH-AES128-SHA": "identify nobody", "AECDH-NULL-SHA": "neither encrypt nor identify",
		"EXP-RC4-MD5": "have keys of 40 to 64 bits", "DES-CBC-SHA": "have keys of 40 to 64 bits", "RC4-SHA": "use RC4 (RFC 7465)", "DES-CBC3-SHA": "have blocks of 64 bits (Sweet32)",
		"AES128-SHA": "", "TLS_AES_128_GCM_SHA256": "", "TLS_AES_128_CCM_8_SHA256": "", "PSK-AES128-CBC-SHA": "", "CAMELLIA128-SHA": "",
	} {
		if got, _ := weakness(suites(t, name)[0]); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestCAA(t *testing.T) {
	for _, x := range []struct {
		records    []string
		allowed    []string
		restricted bool
	}{
		{nil, nil, false},
		{[]string{`0 iodef "mailto:a@example.org"`}, nil, false},
		{[]string{`0 issue "LetsEncrypt.org; validationmethods=dns-01"`, `0 issue "pki.goog"`, `0 issuewild ";"`}, []string{"letsencrypt.org", "pki.goog"}, true},
		{[]string{`0 issue ";"`}, nil, true},
		{[]string{`0 issue`}, nil, false},
	} {
		allowed, restricted := caaIssuers(x.records)
		if !slices.Equal(allowed, x.allowed) || restricted != x.restricted {
			t.Errorf("%q: %v %v", x.records, allowed, restricted)
		}
	}
}

// What is not listed passes if it is as good as something listed.
func TestWeaker(t *testing.T) {
	for _, x := range []struct {
		suite string
		want  [3]bool // modern, intermediate, old
	}{
		{"TLS_AES_128_GCM_SHA256", [3]bool{false, false, false}},
		{"TLS_AES_128_CCM_SHA256", [3]bool{false, false, false}},
		{"TLS_AES_128_CCM_8_SHA256", [3]bool{true, true, true}},
		{"ECDHE-ECDSA-AES128-CCM", [3]bool{true, false, false}},
		{"ECDHE-RSA-AES128-SHA", [3]bool{true, true, false}},
		{"DHE-RSA-AES128-SHA", [3]bool{true, true, false}},
		{"CAMELLIA128-SHA", [3]bool{true, true, false}},
		{"DES-CBC3-SHA", [3]bool{true, true, false}}, // listed
		{"ECDHE-RSA-DES-CBC3-SHA", [3]bool{true, true, true}},
		{"RC4-SHA", [3]bool{true, true, true}},
		{"DHE-DSS-AES128-GCM-SHA256", [3]bool{true, true, true}},
		{"PSK-AES128-CBC-SHA", [3]bool{true, true, true}},
		{"ADH-AES128-GCM-SHA256", [3]bool{true, true, true}},
	} {
		for i, p := range mozilla().Profiles {
			if got := p.weaker(suites(t, x.suite)[0]); got != x.want[i] {
				t.Errorf("%s is weaker than %s: %v", x.suite, p.Name, got)
			}
		}
	}
}

// The data can be read, and is complete.
func TestGuidelines(t *testing.T) {
	g, err := readGuidelines(mozillaJSON)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range g.Profiles {
		got = append(got, fmt.Sprintf("%s: %d versions, %d suites, %d groups, RSA %d, DH %d, %d days", p.Name, len(p.versions), len(p.suites), len(p.groups), p.RSABits, p.DHBits, p.MaxDays))
		if p.HSTSMaxAge != 63072000 || len(p.CertificateTypes) == 0 || len(p.CertificateCurves) == 0 {
			t.Errorf("%+v", p)
		}
	}
	want := []string{
		"modern: 1 versions, 3 suites, 3 groups, RSA 0, DH 0, 90 days",
		"intermediate: 2 versions, 12 suites, 3 groups, RSA 2048, DH 2048, 366 days",
		"old: 4 versions, 29 suites, 3 groups, RSA 2048, DH 1024, 366 days",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if _, err := readGuidelines([]byte(`{"profiles":[{"suites":["TLS_NO_SUCH"]}]}`)); err == nil {
		t.Error("an unknown suite is no error")
	}
}

// Changes are tried on a copy: the survey stays what it was.
func TestCompareLeavesTheFacts(t *testing.T) {
	each(t, func(t *testing.T, name string, s *Survey) {
		before := fmt.Sprintf("%+v", s.Facts)
		compare(s, predictorOf(s))
		if fmt.Sprintf("%+v", s.Facts) != before {
			t.Errorf("%s: the facts have changed", name)
		}
	})
}

// Who is asked for what is not complete cannot be told to meet anything.
func TestIncompleteMeetsNothing(t *testing.T) {
	s := healthy(t)
	x := s.Suites["TLS 1.2"]
	x.Complete = false
	s.Suites["TLS 1.2"] = x
	for _, g := range compare(s, predictorOf(s)) {
		if g.Meets {
			t.Errorf("%s is met by what was not asked", g.Profile)
		}
	}
	s.Versions = nil
	if got := compare(s, predictorOf(s)); got == nil || len(got) != 0 {
		t.Errorf("nothing was answered: %v", got)
	}
	if got := locksOut(s, predictorOf(s)); got == nil || len(got) != 0 {
		t.Errorf("nothing was answered: %v", got)
	}
}

// Real clients: TLS 1.2 keeps those of before 2018 in, and nobody current out.
func TestProfilesOfRealClients(t *testing.T) {
	s := healthy(t)
	g := compare(s, predictorOf(s))
	drop := g[0].Changes[0]
	if g[0].Profile != "modern" || drop.Text != "Stop accepting TLS 1.2." || !slices.Contains(drop.LocksOut, "node-0.10.48") || slices.Contains(drop.LocksOut, client.Default) || len(drop.LetsIn) > 0 {
		t.Errorf("%+v", drop)
	}
	s.Versions, s.Groups = s.Versions[1:], s.Groups[1:]
	delete(s.Suites, "TLS 1.3")
	g = compare(s, predictorOf(s))
	if add := g[1].Changes[0]; add.Text != "Accept TLS 1.3 too." || len(add.LocksOut) > 0 || !g[1].Meets {
		t.Errorf("%+v", g[1])
	}
	if x := g[0].Changes[0]; x.Text != "Accept TLS 1.3 instead of TLS 1.2." || !slices.Contains(x.LocksOut, "node-0.10.48") || slices.Contains(x.LocksOut, client.Default) {
		t.Errorf("%+v", x)
	}
}

func TestLocksOut(t *testing.T) {
	s := healthy(t)
	s.Versions = s.Versions[:1]
	delete(s.Suites, "TLS 1.2")
	got := locksOut(s, predictorOf(s))
	if len(got) == 0 || got[0].Cause != cause.NoSharedVersion || got[0].Step != cause.StepVersion || got[0].Text == "" || !slices.Contains(got[0].Clients, "node-0.10.48") {
		t.Errorf("TLS 1.3 alone: %+v", got)
	}
}
