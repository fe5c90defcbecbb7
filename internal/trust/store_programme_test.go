package trust

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"
)

func asOf(t testing.TB, month string) time.Time {
	t.Helper()
	if month == "" {
		return time.Time{}
	}
	d, err := time.Parse("2006-01", month)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// storeOf takes "mozilla@2014-06".
func storeOf(t testing.TB, name string) *Store {
	t.Helper()
	id, month, _ := strings.Cut(name, "@")
	s, err := ProgrammeStore(id, asOf(t, month))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// anchorOf finds a root by the beginning of its SHA-256.
func anchorOf(s *Store, fingerprint string) *Anchor {
	for _, a := range s.Anchors() {
		if strings.HasPrefix(hex.EncodeToString(a.SHA256[:]), fingerprint) {
			return a
		}
	}
	return nil
}

// Roots of the milestones, by what SHA-256 begins with.
const (
	dstX3        = "06872603"
	isrgX1       = "96bcec06"
	isrgX2       = "69729b8e"
	addTrust     = "687fa451"
	startCom     = "c766a9be"
	cnnic        = "e2839377"
	camerfirma08 = "063e4afa" // Chambers of Commerce Root - 2008
	trustCor1    = "d40e9c86"
	eTugra       = "b0bfd52b"
	entrustG2    = "43df5774"
	globaltrust  = "9a296a51"
	ePKI         = "c0a6f4dc"
	netlock      = "6c61dac3"
	equifax      = "08297a40" // Equifax Secure Certificate Authority
	gte          = "a5312518" // GTE CyberTrust Global Root
	thawteServer = "b4410b73" // Thawte Server CA
	baltimore    = "16af57a9"
	geoTrust     = "ff856a2d" // GeoTrust Global CA
	amazon1      = "8ecde688"
	gtsR1        = "d947432a"
	userTrust    = "e793c9b0"
	sslCom       = "85666a56"
)

// When roots came and went: what broke people has to be in, on its date.
func TestRootsCameAndWent(t *testing.T) {
	for _, c := range []struct {
		root, without, with string // stores; "" is not asked
	}{
		{dstX3, "java@2016-06", "java@2016-07"},       // 8u101
		{dstX3, "", "android@2016-08"},                // 7.0, and all before
		{dstX3, "mozilla@2022-04", "mozilla@2021-10"}, // gone after its end
		{isrgX1, "android@2016-08", "android@2016-12"},
		{isrgX1, "java@2017-06", "java@2017-07"},
		{isrgX1, "apple@2015-09", "apple@2016-09"},
		{isrgX1, "mozilla@2016-10", "mozilla@2016-11"},
		{isrgX2, "apple@2022-04", "apple@2023-09"},
		{dstX3, "apple@2023-09", "apple@2022-04"},
		{isrgX1, "debian@2016-10", "debian@2016-11"},
		{isrgX1, "microsoft@2016-08", "microsoft@2018-08"},
		{isrgX2, "mozilla@2021-10", "mozilla@2022-04"},
		{isrgX2, "android@2021-10", "android@2023-10"},
		{isrgX2, "java@2022-04", "java@2025-02"},
		{isrgX2, "", "chrome@2022-11"},
		{addTrust, "debian@2020-06", "debian@2020-05"},
		{addTrust, "mozilla@2020-07", "mozilla@2020-06"},
		{startCom, "mozilla@2018-04", "mozilla@2016-07"},
		{cnnic, "mozilla@2018-04", "mozilla@2015-01"},
		{camerfirma08, "mozilla@2021-10", "mozilla@2021-01"},
		{trustCor1, "mozilla@2023-02", "mozilla@2022-12"},
		{trustCor1, "chrome@2023-03", "chrome@2023-02"},
		{eTugra, "mozilla@2023-10", "mozilla@2023-07"},
		{equifax, "mozilla@2016-01", "mozilla@2015-09"},
		{gte, "mozilla@2015-09", "mozilla@2014-12"},
		{thawteServer, "mozilla@2015-09", "mozilla@2014-12"},
		{baltimore, "mozilla@2025-08", "mozilla@2025-07"},
		{geoTrust, "mozilla@2021-10", "mozilla@2020-12"},
		{amazon1, "mozilla@2016-12", "mozilla@2017-05"},
		{gtsR1, "", "mozilla@2022-04"},
		{userTrust, "mozilla@2014-12", "mozilla@2015-04"},
		{sslCom, "mozilla@2017-12", "mozilla@2018-04"},
		{ePKI, "mozilla@2026-09", "mozilla@2026-06"},
		{netlock, "chrome@2026-10", "chrome@2025-09"},
	} {
		if c.without != "" && anchorOf(storeOf(t, c.without), c.root) != nil {
			t.Errorf("%s has %s", c.without, c.root)
		}
		if a := anchorOf(storeOf(t, c.with), c.root); a == nil {
			t.Errorf("%s lacks %s", c.with, c.root)
		}
	}
	diginotar := "0d136e43"
	for _, id := range []string{"mozilla@2012-08", "debian@2011-10", "microsoft@2018-08", "java@2014-03"} {
		if anchorOf(storeOf(t, id), diginotar) != nil {
			t.Errorf("%s trusts DigiNotar", id)
		}
	}
}

// The expiries that broke clients are those of the certificates themselves.
func TestExpiriesOfMilestones(t *testing.T) {
	for store, want := range map[string][2]string{
		"mozilla@2016-07":   {dstX3, "2021-09-30 14:01 UTC"},
		"debian@2016-07":    {addTrust, "2020-05-30 10:48 UTC"},
		"microsoft@2020-12": {baltimore, "2025-05-12 23:59 UTC"},
	} {
		a := anchorOf(storeOf(t, store), want[0])
		if a == nil || date(a.NotAfter) != want[1] {
			t.Errorf("%s: %v, want the end %s", store, a, want[1])
		}
	}
}

// Roots on their way out: who refuses what from when on.
func TestProgrammesDistrustByDate(t *testing.T) {
	day := func(s string) time.Time { d, _ := time.Parse(time.DateOnly, s); return d }
	for _, c := range []struct {
		store, root string
		issued      string
		logged      string // of an embedded timestamp; "": none
		refused     string // what the reason contains; "": accepted
	}{
		{"mozilla@2024-11", entrustG2, "2024-12-15", "", ""},
		{"mozilla@2024-12", entrustG2, "2024-11-30", "", ""},
		{"mozilla@2024-12", entrustG2, "2024-12-01", "", "issued until 2024-11-30"},
		{"apple@2024-11", entrustG2, "2024-11-16", "", "issued until 2024-11-15"},
		{"java@2024-12", entrustG2, "2024-12-01", "", ""},
		{"java@2025-01", entrustG2, "2024-12-01", "", "issued until 2024-11-11"},
		{"chrome@2024-10", entrustG2, "2024-11-12", "", ""},
		{"chrome@2024-11", entrustG2, "2024-11-12", "", "logged until 2024-11-11"},
		{"chrome@2024-11", entrustG2, "2024-11-12", "2024-11-11", ""}, // one timestamp in time is enough
		{"chrome@2024-11", entrustG2, "2024-11-11", "2024-11-12", "logged until 2024-11-11"},
		{"chrome@2025-07", netlock, "2025-08-02", "", ""},
		{"chrome@2025-08", netlock, "2025-08-02", "", "logged until 2025-07-31"},
		{"chrome@2025-08", ePKI, "2025-08-02", "", "logged until 2025-07-31"},
		{"mozilla@2025-08", ePKI, "2025-06-01", "", "issued until 2025-04-15"},
		{"mozilla@2024-12", globaltrust, "2024-07-02", "", "issued until 2024-06-30"},
		{"mozilla@2017-01", startCom, "2016-10-22", "", "issued until 2016-10-21"},
		{"mozilla@2016-12", startCom, "2016-10-22", "", ""},
		{"mozilla@2015-05", cnnic, "2015-04-01", "", "issued until 2015-03-31"},
		{"mozilla@2018-04", geoTrust, "2016-05-01", "", ""},
		{"mozilla@2018-05", geoTrust, "2016-05-01", "", "issued before 2016-06-01"},
		{"mozilla@2018-05", geoTrust, "2016-07-01", "", ""},
		{"mozilla@2018-12", geoTrust, "2016-07-01", "", "no certificate of a server"},
		{"apple@2018-08", geoTrust, "2016-05-01", "", "issued before 2016-06-01"},
		{"apple@2018-08", geoTrust, "2017-12-05", "", "issued until 2017-12-01"},
		{"java@2019-04", geoTrust, "2019-04-17", "", "issued until 2019-04-16"},
		{"java@2019-04", geoTrust, "2019-04-10", "", ""},
		{"mozilla@2022-12", trustCor1, "2022-12-01", "", "issued until 2022-11-30"},
	} {
		a := anchorOf(storeOf(t, c.store), c.root)
		if a == nil {
			t.Errorf("%s lacks %s", c.store, c.root)
			continue
		}
		leaf := &Certificate{NotBefore: day(c.issued)}
		if c.logged != "" {
			leaf.SCTs = []SCT{{Timestamp: day(c.logged).Add(time.Hour)}}
		}
		v := &verifier{in: Input{Roots: &Store{}}}
		var got string
		for _, d := range v.checkDistrust(&Path{Certs: []*Certificate{leaf, a.Certificate}, End: EndAnchor, Anchor: a}) {
			got += d.Detail
		}
		if (got == "") != (c.refused == "") || !strings.Contains(got, c.refused) {
			t.Errorf("%s %s, issued %s, logged %q: %q, want %q", c.store, c.root, c.issued, c.logged, got, c.refused)
		}
	}
}

// Firefox, Chrome and Apple spared the CAs below Symantec's roots that others ran.
func TestIndependentCAsAreSpared(t *testing.T) {
	a := anchorOf(storeOf(t, "mozilla@2018-12"), geoTrust)
	leaf := &Certificate{NotBefore: time.Date(2016, 1, 1, 0, 0, 0, 0, time.UTC), Subject: Name{O: "Google Inc"}}
	ca := &Certificate{Subject: Name{O: "Google Inc"}}
	if why := a.Constraint([]*Certificate{leaf, ca, a.Certificate}); why != "" {
		t.Errorf("below Google's CA: %s", why)
	}
	if a.Constraint([]*Certificate{leaf, a.Certificate}) == "" {
		t.Error("a leaf of that name passed without the CA")
	}
}

// A store's name says which list stands for the month, and how well it is known.
func TestStoreNames(t *testing.T) {
	for store, want := range map[string]string{
		"mozilla@2014-06":   "Mozilla's roots as of 2014-06 (of Mozilla's certdata.txt 1.97)",
		"mozilla@2022-04":   "Mozilla's roots as of 2022-04 (of Mozilla's certdata.txt of 2022-04-26)",
		"mozilla@2010-01":   "Mozilla's roots as of 2010-01 (the earliest list known, of Node.js 0.8.6 in 2012-08)",
		"android@2016-09":   "Android's roots as of 2016-09 (of Android 7.0, estimated)",
		"android@2025-08":   "Android's roots as of 2025-08 (of AOSP 16.0.0_r4)",
		"microsoft@2026-11": "Microsoft's roots as of 2026-11 (the nearest list known, of testssl.sh 3.2.1 in 2024-07)",
		"debian@2023-06":    "Debian's roots as of 2023-06 (of ca-certificates 20230311)",
		"mozilla":           MozillaStore().Name,
		"mozilla@2031-01":   MozillaStore().Name,
	} {
		if got := storeOf(t, store).Name; got != want {
			t.Errorf("%s: %q, want %q", store, got, want)
		}
	}
	if s := storeOf(t, "java@2014-03"); s.ID != "java@2014-03" || storeOf(t, "java@2014-03") != s {
		t.Errorf("%q, or made twice", s.ID)
	}
	if s := storeOf(t, "java"); s.ID != "java" || !strings.HasPrefix(s.Name, "Java's roots (") {
		t.Errorf("%q %q", s.ID, s.Name)
	}
	if _, err := ProgrammeStore("netscape", time.Time{}); err == nil || !strings.Contains(err.Error(), `"netscape"`) {
		t.Errorf("an unknown programme: %v", err)
	}
}

// Every list is whole: all of its roots are found, can be read and stand under
// their subjects; and no list is the same as the one before it.
func TestListsAreWhole(t *testing.T) {
	f, err := programmes()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range f.Programmes {
		n := 0
		for i, l := range p.Lists {
			if len(l.Add)+len(l.Del) == 0 {
				t.Errorf("%s: list %d of %s changes nothing", p.ID, i, l.Source)
			}
			n += len(l.Add) - len(l.Del)
			s, err := f.store(p, l.Date.AddDate(0, 0, 1))
			if err != nil {
				t.Fatal(err)
			}
			if s.Len() != n || len(s.Anchors()) != n {
				t.Errorf("%s of %s: %d roots listed, %d in the store, %d readable", p.ID, l.Source, n, s.Len(), len(s.Anchors()))
			}
			for _, a := range s.Anchors() {
				if s.Contains(a.Certificate) != a {
					t.Errorf("%s of %s: %s is not found", p.ID, l.Source, a.Subject.Short())
				}
			}
		}
	}
}

// The lists agree with the copy of Mozilla's list that another package ships.
func TestLastListIsMozillas(t *testing.T) {
	f, err := programmes()
	if err != nil {
		t.Fatal(err)
	}
	p := f.Programmes[0]
	ours, err := f.store(p, p.Lists[len(p.Lists)-1].Date.AddDate(0, 0, 1))
	if err != nil {
		t.Fatal(err)
	}
	other, odd := MozillaStore(), 0
	for _, a := range ours.Anchors() {
		b := other.Contains(a.Certificate)
		if b == nil {
			odd++
			continue
		}
		if !a.DistrustAfter.Equal(b.DistrustAfter) {
			t.Errorf("%s: distrusted after %s, there after %s", a.Subject.Short(), a.DistrustAfter, b.DistrustAfter)
		}
	}
	if odd > 12 { // a few weeks apart
		t.Errorf("%d of %d roots are not in the other list", odd, ours.Len())
	}
}

// Months of one programme share what was parsed, also with other programmes.
func TestListsShareAnchors(t *testing.T) {
	a, b := anchorOf(storeOf(t, "mozilla@2016-07"), addTrust), anchorOf(storeOf(t, "debian@2018-05"), addTrust)
	if a == nil || a != b {
		t.Errorf("%p and %p", a, b)
	}
}

// What the first store of a run costs, and any further one.
func BenchmarkProgrammeStore(b *testing.B) {
	at := time.Date(2020, 12, 31, 0, 0, 0, 0, time.UTC)
	find := func(b *testing.B, f *programmeFile, id string) *programme {
		for _, p := range f.Programmes {
			if p.ID == id {
				return p
			}
		}
		b.Fatalf("no %s", id)
		return nil
	}
	for _, id := range []string{"mozilla", "microsoft"} {
		b.Run("first/"+id, func(b *testing.B) {
			for b.Loop() {
				commonEntries, moreEntries = rootEntries{packed: commonRoots}, rootEntries{packed: moreRoots}
				f, err := readProgrammes()
				if err != nil {
					b.Fatal(err)
				}
				if _, err := f.store(find(b, f, id), at); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("further/"+id, func(b *testing.B) {
			f, err := readProgrammes()
			if err != nil {
				b.Fatal(err)
			}
			p := find(b, f, id)
			for b.Loop() {
				if _, err := f.store(p, at); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func ExampleProgrammeStore() {
	s, _ := ProgrammeStore("android", time.Date(2016, 9, 1, 0, 0, 0, 0, time.UTC))
	fmt.Println(s.Name)
	// Output: Android's roots as of 2016-09 (of Android 7.0, estimated)
}
