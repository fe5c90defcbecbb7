package render

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tlswhy/tlswhy/internal/survey"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// surveyed is a hand-made survey of testdata/surveys.
func surveyed(t tester, name string) *survey.Survey {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", "surveys", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := survey.Read(f)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return all[0]
}

func surveyNames(t tester) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/surveys/*.json")
	if err != nil || len(files) < 4 {
		t.Fatalf("%d surveys, %v", len(files), err)
	}
	for i, f := range files {
		files[i] = strings.TrimSuffix(filepath.Base(f), ".json")
	}
	return files
}

// Every survey in every view.
func TestGoldenSurveys(t *testing.T) {
	views := []struct {
		ext    string
		format Format
		o      Options
	}{
		{"term", Term, Options{Width: 100}},
		{"color", Term, Options{Width: 100, Color: true}},
		{"narrow", Term, Options{Width: 50, ASCII: true}},
		{"verbose", Term, Options{Width: 100, Verbose: true}},
		{"json", JSON, Options{}},
		{"html", HTML, Options{}},
		{"md", Markdown, Options{}},
		{"junit.xml", JUnit, Options{}},
		{"sarif", SARIF, Options{}},
	}
	for _, name := range surveyNames(t) {
		for _, v := range views {
			t.Run(name+"."+v.ext, func(t *testing.T) {
				var b bytes.Buffer
				if err := Surveys(&b, v.format, []*survey.Survey{surveyed(t, name)}, v.o); err != nil {
					t.Fatal(err)
				}
				golden(t, "survey-"+name+"."+v.ext, b.Bytes())
			})
		}
	}
}

func TestGoldenSeveralSurveys(t *testing.T) {
	all := []*survey.Survey{surveyed(t, "nginx"), surveyed(t, "nothing")}
	for ext, f := range map[string]Format{"term": Term, "json": JSON, "html": HTML, "md": Markdown, "junit.xml": JUnit, "sarif": SARIF} {
		t.Run(ext, func(t *testing.T) {
			var b bytes.Buffer
			if err := Surveys(&b, f, all, Options{Width: 100}); err != nil {
				t.Fatal(err)
			}
			golden(t, "surveys."+ext, b.Bytes())
		})
	}
}

// diffs are pairs of surveys as people compare them.
func diffs(t tester) map[string]*survey.Diff {
	nginx, origin, after := surveyed(t, "nginx"), surveyed(t, "nginx"), surveyed(t, "nginx")
	origin.Target.Address = "198.51.100.9"
	origin.Versions = origin.Versions[1:]
	origin.HTTP = nil
	origin.Certificates = origin.Certificates[1:]
	after.Time = "2026-11-24T11:00:00Z"
	x := after.Suites["TLS 1.3"]
	x.List = append(x.List[2:], x.List[:2]...)
	after.Suites["TLS 1.3"] = x
	return map[string]*survey.Diff{
		"origin": survey.Compare(nginx, origin),
		"after":  survey.Compare(nginx, after),
		"other":  survey.Compare(nginx, surveyed(t, "legacy")),
		"device": survey.Compare(surveyed(t, "device"), nginx),
		"same":   survey.Compare(nginx, nginx),
	}
}

func TestGoldenDiffs(t *testing.T) {
	for name, d := range diffs(t) {
		for _, v := range []struct {
			ext    string
			format Format
			o      Options
		}{
			{"term", Term, Options{Width: 100}},
			{"color", Term, Options{Color: true}},
			{"narrow", Term, Options{Width: 50, ASCII: true}},
			{"json", JSON, Options{}},
			{"html", HTML, Options{}},
			{"md", Markdown, Options{}},
		} {
			t.Run(name+"."+v.ext, func(t *testing.T) {
				var b bytes.Buffer
				if err := SurveyDiff(&b, v.format, d, v.o); err != nil {
					t.Fatal(err)
				}
				golden(t, "diff-"+name+"."+v.ext, b.Bytes())
			})
		}
	}
	for _, f := range []Format{JUnit, SARIF} {
		if err := SurveyDiff(&bytes.Buffer{}, f, diffs(t)["same"], Options{}); !errors.Is(err, ErrNoDiff) {
			t.Errorf("%s: %v", f, err)
		}
	}
}

// A usual server takes one screen: 40 lines of 100 columns.
func TestSurveyFitsTheScreen(t *testing.T) {
	for _, name := range []string{"nginx", "device", "nothing"} {
		var b strings.Builder
		if err := Surveys(&b, Term, []*survey.Survey{surveyed(t, name)}, Options{Width: 100}); err != nil {
			t.Fatal(err)
		}
		rows := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
		if len(rows) > 40 {
			t.Errorf("%s takes %d lines:\n%s", name, len(rows), b.String())
		}
		for _, r := range rows {
			if w := text(r).width(); w > 100 {
				t.Errorf("%s: %d columns: %s", name, w, r)
			}
		}
	}
}

// No view of a survey, or of two, lets through what a peer put into a text.
func TestHostileSurveys(t *testing.T) {
	names := surveyNames(t)
	rapid.Check(t, func(t *rapid.T) {
		a, b := surveyed(t, rapid.SampledFrom(names).Draw(t, "a")), surveyed(t, rapid.SampledFrom(names).Draw(t, "b"))
		texts := rapid.SliceOfN(hostileText, 1, 8).Draw(t, "texts")
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		poison(reflect.ValueOf(a).Elem(), texts, random)
		poison(reflect.ValueOf(b).Elem(), texts, random)
		o := Options{
			Width: rapid.IntRange(20, 130).Draw(t, "width"), Color: rapid.Bool().Draw(t, "color"),
			Verbose: rapid.Bool().Draw(t, "verbose"), ASCII: rapid.Bool().Draw(t, "ascii"),
		}
		for _, f := range Formats() {
			var out bytes.Buffer
			if err := Surveys(&out, f, []*survey.Survey{a, b}, o); err != nil {
				t.Fatal(err)
			}
			checkHarmless(t, f, out.String())
			if f == JUnit || f == SARIF {
				continue
			}
			out.Reset()
			if err := SurveyDiff(&out, f, survey.Compare(a, b), o); err != nil {
				t.Fatal(err)
			}
			checkHarmless(t, f, out.String())
		}
	})
}

func TestClientNames(t *testing.T) {
	for want, ids := range map[string]string{
		"Node 0.8.6–0.12.18":                     "node-0.12.18 node-0.8.6 node-0.8.28 node-0.10.0 node-0.10.48",
		"Node 0.8.6, 4.9":                        "node-4.9.1 node-0.8.6",
		"Node fetch 26.10; Node 26.10":           "node-fetch-26.10.0 node-26.10.0",
		"Go 1.26; BearSSL 0.6; of-another-build": "of-another-build bearssl-0.6 go-1.26.8",
		"":                                       "",
	} {
		if got := strings.Join(clientNames(strings.Fields(ids)), "; "); got != want {
			t.Errorf("%s: %q, want %q", ids, got, want)
		}
	}
}

func TestSuitesInFewWords(t *testing.T) {
	for want, names := range map[string]string{
		"ECDHE-ECDSA and ECDHE-RSA with AES-128-GCM, ChaCha20":                                                      "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
		"RSA with AES-128-CBC, AES-128-CBC-SHA256, AES-128-CCM, AES-128-CCM8":                                       "TLS_RSA_WITH_AES_128_CBC_SHA TLS_RSA_WITH_AES_128_CBC_SHA256 TLS_RSA_WITH_AES_128_CCM TLS_RSA_WITH_AES_128_CCM_8",
		"anonymous DH with 3DES-CBC; export RSA with RC4-40-MD5; PSK with Camellia-128-GCM; RSA with no encryption": "TLS_DH_anon_WITH_3DES_EDE_CBC_SHA TLS_RSA_EXPORT_WITH_RC4_40_MD5 TLS_PSK_WITH_CAMELLIA_128_GCM_SHA256 TLS_RSA_WITH_NULL_SHA",
	} {
		var all []wire.CipherSuite
		for _, n := range strings.Fields(names) {
			x, ok := wire.ParseCipherSuite(n)
			if !ok {
				t.Fatal(n)
			}
			all = append(all, x)
		}
		if got := compressed(all); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	for name, want := range map[string]strength{
		"TLS_AES_128_CCM_8_SHA256": strong, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256": cbcOnly, "TLS_RSA_WITH_AES_256_GCM_SHA384": keyTransport,
		"TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA": weak, "TLS_ECDH_anon_WITH_AES_128_CBC_SHA": weak, "TLS_RSA_EXPORT_WITH_DES40_CBC_SHA": weak,
		"TLS_ECDHE_RSA_WITH_NULL_SHA": weak, "TLS_RSA_WITH_RC4_128_SHA": weak, "0xFE00": weak,
	} {
		x, _ := wire.ParseCipherSuite(name)
		if got := strengthOf(x); got != want {
			t.Errorf("%s is %s, want %s", name, strengthNames[got], strengthNames[want])
		}
	}
}

func TestDiffWithNothing(t *testing.T) {
	d := &survey.Diff{
		A: survey.Side{Name: "198.51.100.7", Complete: true}, B: survey.Side{Name: "192.0.2.7", NoTLS: "connection refused"},
		Differences: []survey.Difference{{Part: "versions", OnlyA: []string{"TLS 1.3"}}},
	}
	v := diffViewOf(d)
	if v.Headline != "Not compared: no TLS found at 192.0.2.7" || v.Alike != "Connection refused." || len(v.Rows) > 0 {
		t.Errorf("%+v", v)
	}
}
