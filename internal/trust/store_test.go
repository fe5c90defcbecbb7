package trust

import (
	"bytes"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func pemOf(certs ...*Certificate) []byte {
	var b bytes.Buffer
	for _, c := range certs {
		b.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
	}
	return b.Bytes()
}

func TestMozillaStoreHasDistrustDates(t *testing.T) {
	s := MozillaStore()
	dated := 0
	for _, a := range s.Anchors() {
		if a.Constraint != nil {
			t.Errorf("%s: a constraint that is no date", a.Subject)
		}
		if d := a.DistrustAfter; !d.IsZero() {
			dated++
			// The dates that Mozilla sets end a day.
			if d.Hour() != 23 || d.Minute() != 59 || d.Second() != 59 {
				t.Errorf("%s: distrusted after %v", a.Subject, d)
			}
		}
	}
	if dated == 0 {
		t.Error("no anchor with a distrust date")
	}
}

func TestStoreLookups(t *testing.T) {
	p := newPKI()
	s := p.store.With(p.inter.Certificate)
	if p.store.Len() != 1 || s.Len() != 2 {
		t.Fatalf("%d and %d anchors", p.store.Len(), s.Len())
	}
	if s.With(p.root.Certificate).Len() != 2 {
		t.Error("the same certificate was added twice")
	}
	if a := s.Contains(p.inter.Certificate); a == nil || !a.Equal(p.inter.Certificate) {
		t.Error("anchor not found")
	}
	if p.store.Contains(p.inter.Certificate) != nil {
		t.Error("With changed its receiver")
	}
	if !s.hasKeyID(p.inter.SubjectKeyID) || s.hasKeyID([]byte{1}) || s.hasKeyID(nil) {
		t.Error("key identifiers")
	}
	if !s.hasOrganization("EXAMPLE, Inc.") || s.hasOrganization("Other") {
		t.Error("organizations")
	}
	var none *Store
	if none.Len() != 0 || none.Contains(p.root.Certificate) != nil || none.hasKeyID([]byte{1}) || none.hasOrganization("x") {
		t.Error("a nil store is empty")
	}
}

func TestFileStore(t *testing.T) {
	p := newPKI()
	dir := t.TempDir()
	write := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	both := pemOf(p.root.Certificate, p.inter.Certificate)
	key := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte{1, 2, 3}})
	broken := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte{0x30, 1, 2}})
	sub := filepath.Join(dir, "sub")
	empty := filepath.Join(dir, "empty")
	for _, d := range []string{sub, empty} {
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	write("sub/a.pem", pemOf(p.root.Certificate))
	write("sub/README", []byte("not a certificate"))
	if err := os.Symlink("a.pem", filepath.Join(sub, "0123abcd.0")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path, want string // part of the error, or "" and a number
		n          int
	}{
		{write("two.pem", both), "", 2},
		{write("text around.pem", append([]byte("# my CAs\n"), append(both, "\nthe end\n"...)...)), "", 2},
		{write("with key.pem", append(key, both...)), "", 2},
		{write("crlf.pem", bytes.ReplaceAll(both, []byte("\n"), []byte("\r\n"))), "", 2},
		{write("one.der", p.root.Raw), "", 1},
		{sub, "", 1},
		{filepath.Join(dir, "absent"), "no such file", 0},
		{empty, "no certificate found", 0},
		{write("nothing.pem", nil), "no certificate found", 0},
		{write("key only.pem", key), "no certificate found", 0},
		{write("text.txt", []byte("hello\n")), "no certificate found", 0},
		{write("third broken.pem", append(bytes.Clone(both), broken...)), "PEM block 3: reading certificate", 0},
		{write("cut off.pem", both[:len(both)-40]), "PEM block 2", 0},
		{write("base64.pem", bytes.Replace(both, []byte("MII"), []byte("M!I"), 1)), "PEM block 1", 0},
		{os.DevNull, "not a regular file", 0},
	} {
		s, err := FileStore(c.path)
		switch {
		case c.want == "" && (err != nil || s.Len() != c.n):
			t.Errorf("%s: %v", filepath.Base(c.path), err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n")):
			t.Errorf("%s: %v, want %q", filepath.Base(c.path), err, c.want)
		}
	}
}

func TestParsePEMSaysWhereItFails(t *testing.T) {
	p := newPKI()
	text := append(pemOf(p.root.Certificate), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("junk")})...)
	certs, err := ParsePEM(text)
	if len(certs) != 1 || err == nil || !strings.Contains(err.Error(), "PEM block 2") || !errors.Is(err, errOuter) {
		t.Errorf("%d certificates, %v", len(certs), err)
	}
}

func TestSystemStoreVariables(t *testing.T) {
	p := newPKI()
	dir := t.TempDir()
	file := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(file, append([]byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), pemOf(p.root.Certificate)...), 0o600); err != nil {
		t.Fatal(err)
	}
	env := func(kv ...string) func(string) string {
		return func(k string) string {
			for i := 0; i < len(kv); i += 2 {
				if kv[i] == k {
					return kv[i+1]
				}
			}
			return ""
		}
	}
	s, err := loadSystem(env("SSL_CERT_FILE", file))
	if err != nil || s.Len() != 1 || s.Name != file {
		t.Errorf("SSL_CERT_FILE: %+v %v", s, err)
	}
	saved := systemFiles
	defer func() { systemFiles = saved }()
	systemFiles = nil
	s, err = loadSystem(env("SSL_CERT_DIR", "/nonexistent"+string(filepath.ListSeparator)+dir))
	if err != nil || s.Len() != 1 || s.Name != dir {
		t.Errorf("SSL_CERT_DIR: %+v %v", s, err)
	}
	if _, err = loadSystem(env("SSL_CERT_FILE", filepath.Join(dir, "absent"))); err == nil {
		t.Error("an absent SSL_CERT_FILE is an error")
	}
	if _, err = loadSystem(env("SSL_CERT_DIR", "/nonexistent")); !errors.Is(err, ErrNoCertificate) {
		t.Errorf("an empty SSL_CERT_DIR: %v", err)
	}
	systemFiles = saved
	// A root that only the directory has is found there when it is needed.
	other := issue(caSpec("In The Directory"), nil)
	if err := os.WriteFile(filepath.Join(dir, "other.pem"), pemOf(other.Certificate), 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err = loadSystem(env("SSL_CERT_FILE", file, "SSL_CERT_DIR", dir)); err != nil || len(s.entries) != 1 || s.Len() != 2 {
		t.Errorf("both variables: %v", err)
	}
	for _, root := range []*ident{p.root, other} {
		s, _ := loadSystem(env("SSL_CERT_FILE", file, "SSL_CERT_DIR", dir))
		if r := Verify(Input{Chain: chain(issue(spec{}, root)), Roots: s, Name: "good.example", At: now, Policy: private()}); !r.OK {
			t.Errorf("%s: %s", root.Subject, r.Verdict())
		}
	}
	if s, err = loadSystem(env()); err != nil || s.Len() == 0 || s.Name == "" {
		t.Errorf("no variables: %v", err)
	}
}

func TestSummary(t *testing.T) {
	p := newPKI()
	leaf := issue(spec{names: []string{"good.example"}, ips: []string{"192.0.2.1"}}, p.inter)
	s := Summaries(chain(leaf, p.inter))
	want := Summary{
		Subject: "CN=good.example,O=Example", Issuer: "CN=Zoo Intermediate,O=Example",
		NotBefore: now.Add(-30 * day), NotAfter: now.Add(60 * day), SANs: []string{"good.example", "192.0.2.1"},
		Key: "ECDSA P-256", Signature: "ecdsa-with-SHA256", SHA256: hex.EncodeToString(leaf.SHA256[:]),
	}
	if len(s) != 2 || s[0].SANs[1] != want.SANs[1] || s[0].Subject != want.Subject || s[0].Issuer != want.Issuer ||
		!s[0].NotAfter.Equal(want.NotAfter) || s[0].Key != want.Key || s[0].Signature != want.Signature || s[0].SHA256 != want.SHA256 {
		t.Errorf("%+v", s)
	}
	if s[1].SANs == nil {
		t.Error("no names are an empty list, not null")
	}
}

func TestEstimateSkew(t *testing.T) {
	p := newPKI()
	certs := chain(issue(spec{}, p.inter), p.inter, p.root)
	for _, c := range []struct {
		name        string
		peer, local time.Time
		want        bool
	}{
		{"clock a year ahead", now, now.Add(365 * day), true},
		{"clock at 1970", now, time.Unix(0, 0), true},
		{"clock a minute off", now, now.Add(time.Minute), false},
		{"certificates expired by both clocks", now.Add(400 * day), now.Add(500 * day), false},
		{"valid by both clocks", now, now.Add(2 * day), false},
		{"no peer time", time.Time{}, now.Add(365 * day), false},
	} {
		if s := EstimateSkew(c.peer, c.local, certs); s.Explains != c.want {
			t.Errorf("%s: %+v", c.name, s)
		}
	}
}
