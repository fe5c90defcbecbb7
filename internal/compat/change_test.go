package compat

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tlswhy/tlswhy/internal/client"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// server is one of today with an RSA key.
func server(t testing.TB) *transcript.Facts {
	t.Helper()
	list := func(names string) []wire.CipherSuite {
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
	all := []transcript.Asked{transcript.ByName, transcript.ByNoName, transcript.ByOtherName}
	f := &transcript.Facts{
		Versions: []wire.Version{wire.VersionTLS13, wire.VersionTLS12},
		Suites: map[string]transcript.SuiteFacts{
			"TLS 1.3": {Order: transcript.ServerOrder, Complete: true, ChaChaFirst: transcript.No, List: list("TLS_AES_256_GCM_SHA384 TLS_AES_128_GCM_SHA256")},
			"TLS 1.2": {Order: transcript.ServerOrder, Complete: true, ChaChaFirst: transcript.No, List: list("ECDHE-RSA-AES256-GCM-SHA384 ECDHE-RSA-AES128-GCM-SHA256 ECDHE-RSA-AES128-SHA")},
		},
		GroupOrder: transcript.ServerOrder, SignatureOrder: transcript.ServerOrder, ShareFirst: transcript.Yes, ALPNRefuses: transcript.No,
		Served: []transcript.Served{{SHA256: "1", For: all, Key: "RSA 2048", KeyFits: transcript.Yes, Bytes: 3000}},
	}
	for _, g := range []wire.Group{wire.GroupX25519, wire.GroupSecp256r1} {
		f.Groups = append(f.Groups, transcript.GroupFact{Group: g, TLS13: transcript.Yes, TLS12: transcript.Yes})
	}
	for _, s := range []wire.SignatureScheme{wire.SigRSAPSSRSAESHA256, wire.SigRSAPKCS1SHA256, wire.SigRSAPKCS1SHA1} {
		f.SignatureAlgorithms = append(f.SignatureAlgorithms, transcript.SchemeFact{Scheme: s, TLS13: transcript.TriOf(s == wire.SigRSAPSSRSAESHA256), TLS12: transcript.Yes, Leaf: "1"})
	}
	feature := &f.Features
	feature.SecureRenegotiation, feature.ExtendedMasterSecret, feature.HelloRetry = transcript.Yes, transcript.Yes, transcript.Yes
	feature.ClientCertificate, feature.OtherName, feature.NoName = "none", "same", "same"
	feature.Tolerates = transcript.Tolerance{
		GREASE: transcript.Yes, UnknownExtension: transcript.Yes, FutureVersion: transcript.Yes, FutureLegacy: transcript.Yes, RecordVersion: transcript.Yes,
		Medium: transcript.Yes, Large: transcript.Yes, SplitRecords: transcript.Yes, SplitSegments: transcript.Yes, EmptyShares: transcript.Yes,
		HybridShare: transcript.Yes, NoExtensions: transcript.Yes,
	}
	return f
}

func noFile(name string) ([]byte, error) { return nil, errors.New("no file " + name) }

func TestParseChange(t *testing.T) {
	for text, want := range map[string]string{
		"versions=1.2,1.3":                      "",
		"versions=+1.0":                         "",
		"  versions=-1.2   suites=-CBC ":        "",
		"suites=+TLS_RSA_WITH_AES_128_CBC_SHA":  "",
		"suites=ECDHE-RSA-AES128-GCM-SHA256":    "",
		"groups=+X25519MLKEM768,-secp256r1":     "",
		"certificate=+ECDSA:P-256":              "",
		"":                                      "nothing is changed",
		"versions":                              "write SETTING=VALUES",
		"versions=":                             "write SETTING=VALUES",
		"versions=9":                            `"9" is no version`,
		"versions=SSLv2":                        "is no version",
		"versions=1.2,+1.0":                     "either a whole list",
		"suites=AES":                            `"AES" is no cipher suite`,
		"groups=+x25518":                        "is no group",
		"colour=red":                            "no setting is called that; there are versions, suites, groups, certificate, chain",
		"certificate=+DSA:1024":                 "a second certificate is",
		"certificate=new.pem":                   "no file new.pem",
		"chain=+a.pem":                          "no file a.pem",
		"versions=1.2 suites=TLS_FALLBACK_SCSV": "is no cipher suite",
	} {
		_, err := ParseChange(text, noFile)
		switch {
		case want == "" && err != nil:
			t.Errorf("%q: %v", text, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

func TestApply(t *testing.T) {
	f := server(t)
	change := func(text string) *transcript.Facts {
		t.Helper()
		c, err := ParseChange(text, os.ReadFile)
		if err != nil {
			t.Fatal(err)
		}
		out, err := c.Apply(f)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	if g := change("versions=1.2"); len(g.Versions) != 1 || g.Suites["TLS 1.3"].List != nil {
		t.Errorf("%v", g.Versions)
	}
	g := change("versions=+1.0")
	if !slices.Contains(g.Versions, wire.VersionTLS10) || len(g.Suites["TLS 1.0"].List) == 0 || g.Versions[0] != wire.VersionTLS13 {
		t.Errorf("%v, %v", g.Versions, g.Suites["TLS 1.0"])
	}
	if g := change("suites=-CBC"); len(g.Suites["TLS 1.2"].List) != 2 || len(g.Suites["TLS 1.3"].List) != 2 {
		t.Errorf("%v", g.Suites)
	}
	if g := change("suites=+AES128-SHA"); g.Suites["TLS 1.2"].List[3] != wire.TLS_RSA_WITH_AES_128_CBC_SHA {
		t.Errorf("%v", g.Suites["TLS 1.2"])
	}
	if g := change("suites=ECDHE-RSA-AES128-SHA"); len(g.Suites["TLS 1.2"].List) != 1 || len(g.Suites["TLS 1.3"].List) != 2 {
		t.Errorf("a list without suites of TLS 1.3 changes those: %v", g.Suites)
	}
	if g := change("groups=+X25519MLKEM768"); g.Groups[0].Group != wire.GroupX25519MLKEM768 || g.Groups[0].TLS12 != transcript.No {
		t.Errorf("%v", g.Groups)
	}
	if g := change("groups=secp256r1"); len(g.Groups) != 1 || g.Groups[0].TLS12 != transcript.Yes {
		t.Errorf("%v", g.Groups)
	}
	if g := change("certificate=+ECDSA:P-256"); len(g.Served) != 2 || !slices.ContainsFunc(g.Suites["TLS 1.2"].List, func(x wire.CipherSuite) bool { i, _ := x.Info(); return i.Authentication == wire.AuthECDSA }) {
		t.Errorf("%v", g.Suites)
	}
	for _, text := range []string{"versions=-1.2,-1.3", "suites=-AEAD,-CBC"} {
		c, err := ParseChange(text, noFile)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Apply(f); err == nil {
			t.Errorf("%s leaves something", text)
		}
	}
	if len(f.Versions) != 2 || len(f.Suites["TLS 1.2"].List) != 3 || len(f.Groups) != 2 || len(f.Served) != 1 {
		t.Errorf("a change changed what it was made from: %+v", f)
	}
}

// A change and the change back is no change; what is lost by one direction is
// gained by the other.
func TestThereAndBack(t *testing.T) {
	f := server(t)
	p := client.NewPredictor(f, client.PredictOptions{Host: "a.example", ServerName: "a.example", HTTP: true, NoTrust: true})
	all := client.All()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SampledFrom([]string{
			"versions=1.3", "versions=1.2", "versions=+1.0", "versions=+1.1", "suites=-CBC", "suites=-AEAD versions=1.2", "groups=secp256r1", "groups=X25519",
			"suites=+AES128-SHA", "suites=+DES-CBC3-SHA", "groups=+X25519MLKEM768",
		}).Draw(t, "change")
		c, err := ParseChange(text, noFile)
		if err != nil {
			t.Fatal(err)
		}
		w, err := whatIf(p, f, all, c)
		if err != nil {
			t.Fatal(err)
		}
		after, err := c.Apply(f)
		if err != nil {
			t.Fatal(err)
		}
		lost, gained := p.With(after).Lost(f)
		// Lost is in the order of ids.
		if !sameSet(w.Lost, gained) || !sameSet(w.Gained, lost) {
			t.Errorf("%s: lost %v and gained %v; back: lost %v and gained %v", text, w.Lost, w.Gained, lost, gained)
		}
	})
}

func sameSet(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}

// Every client that connects has all separators, and no other one has.
func TestSeparatorsSeparate(t *testing.T) {
	all := client.All()
	f := server(t)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SampledFrom([]string{"versions=1.3", "versions=1.2", "suites=-CBC versions=1.2", "groups=secp384r1", "groups=X25519MLKEM768", "versions=+1.0"}).Draw(t, "change")
		c, err := ParseChange(text, noFile)
		if err != nil {
			t.Fatal(err)
		}
		g, err := c.Apply(f)
		if err != nil {
			t.Fatal(err)
		}
		p := client.NewPredictor(g, client.PredictOptions{Host: "a.example", ServerName: "a.example", HTTP: true, NoTrust: true})
		rows := make([]Row, len(all))
		for i, x := range all {
			rows[i] = predicted(x, p.Predict(x))
		}
		found := separators(all, rows)
		if found == nil {
			return
		}
		for i, r := range rows {
			if r.Outcome == Unknown || r.Kind == client.Reference {
				continue
			}
			has := true
			for _, s := range found {
				k := slices.IndexFunc(traits, func(t trait) bool { return t.text == s })
				has = has && traits[k].has(all[i])
			}
			if has != (r.Outcome == OK) {
				t.Errorf("%s: %v, yet %s: %s", text, found, r.ID, r.Outcome)
			}
		}
	})
}

func FuzzParseChange(f *testing.F) {
	for _, s := range []string{"versions=1.2,1.3", "suites=-CBC groups=+x25519", "certificate=+RSA:2048", "chain=+x", "versions=+1.0,-1.2", "=", "suites=0x1301", "groups=-0x0a0a"} {
		f.Add(s)
	}
	facts := server(f)
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseChange(text, noFile)
		if err != nil {
			return
		}
		after, err := c.Apply(facts)
		if err != nil {
			return
		}
		if len(after.Versions) == 0 {
			t.Error("no version is left")
		}
		for _, v := range after.Versions {
			if len(after.Suites[v.String()].List) == 0 {
				t.Errorf("%s has no suite", v)
			}
		}
	})
}
