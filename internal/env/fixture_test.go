package env

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"encoding/json"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/tlswhy/tlswhy/internal/trust"
)

var update = flag.Bool("update", false, "write the expected parts of testdata anew")

// fixtureTime is when the fixtures' clocks stand, unless they say otherwise.
var fixtureTime = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// fixture is a machine out of an archive: files by their paths, "run COMMAND" is
// what a program answers, "env" the environment, "now" the clock.
func fixture(t testing.TB, a *txtar.Archive) *Host {
	t.Helper()
	files := fstest.MapFS{}
	answers := map[string]string{}
	h := &Host{
		FS: files, OS: "linux", Arch: "amd64", Version: "test", Now: func() time.Time { return fixtureTime },
		Kernel: func() KernelClock {
			return KernelClock{Known: true, Synchronised: true, MaxError: 20 * time.Millisecond}
		},
		Environ: []string{"PATH=/usr/local/bin:/usr/bin:/bin"},
	}
	for _, f := range a.Files {
		switch {
		case f.Name == "want":
		case f.Name == "env":
			h.Environ = append(h.Environ, strings.Split(strings.TrimSpace(string(f.Data)), "\n")...)
		case f.Name == "now":
			now, err := time.Parse(time.RFC3339, strings.TrimSpace(string(f.Data)))
			if err != nil {
				t.Fatal(err)
			}
			h.Now = func() time.Time { return now }
		case strings.HasPrefix(f.Name, "run "):
			answers[strings.TrimPrefix(f.Name, "run ")] = string(expandCerts(t, f.Data))
		default:
			files[f.Name] = &fstest.MapFile{Data: expandCerts(t, f.Data), Mode: 0o755, ModTime: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
		}
	}
	h.Run = func(_ context.Context, path string, args ...string) ([]byte, []byte, error) {
		command := path + " " + strings.Join(args, " ")
		if i := strings.IndexByte(command, '\n'); i >= 0 {
			command = strings.TrimSpace(command[:i]) // a script
		}
		out, ok := answers[command]
		if !ok {
			return nil, nil, errors.New("no such program: " + command)
		}
		return []byte(out), nil, nil
	}
	return h
}

// expandCerts replaces "{mozilla}", "{mozilla but NAME}", "{ca NAME}" by certificates in
// PEM and "{jks NAME; NAME}" by a keystore.
func expandCerts(t testing.TB, b []byte) []byte {
	var out bytes.Buffer
	if before, after, ok := bytes.Cut(b, []byte("@MOZILLA@")); ok { // within JSON
		var all bytes.Buffer
		for _, a := range trust.MozillaStore().Anchors() {
			_ = pem.Encode(&all, &pem.Block{Type: "CERTIFICATE", Bytes: a.Raw})
		}
		return slices.Concat(before, bytes.ReplaceAll(all.Bytes(), []byte("\n"), []byte(`\n`)), after)
	}
	for row := range bytes.Lines(b) {
		text := strings.TrimSpace(string(row))
		if len(text) < 2 || text[0] != '{' || text[len(text)-1] != '}' || strings.Contains(text, `"`) {
			out.Write(row)
			continue
		}
		word, rest, _ := strings.Cut(text[1:len(text)-1], " ")
		switch word {
		case "mozilla":
			without := strings.TrimPrefix(rest, "but ")
			for _, a := range trust.MozillaStore().Anchors() {
				if without == "" || !strings.Contains(a.Subject.String(), without) {
					_ = pem.Encode(&out, &pem.Block{Type: "CERTIFICATE", Bytes: a.Raw})
				}
			}
		case "ca":
			_ = pem.Encode(&out, &pem.Block{Type: "CERTIFICATE", Bytes: testCA(t, rest)})
		case "jks":
			out.Write(jks(t, strings.Split(rest, "; ")...))
		default:
			t.Fatalf("what is %s?", text)
		}
	}
	return out.Bytes()
}

// testCA is the same for the same name.
func testCA(t testing.TB, name string) []byte {
	t.Helper()
	seed := sha256.Sum256([]byte(name))
	key := ed25519.NewKeyFromSeed(seed[:])
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name, Organization: []string{"A test"}},
		NotBefore: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2044, 1, 1, 0, 0, 0, 0, time.UTC),
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(nil, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// jks is a keystore of all of Mozilla's list ("mozilla") and CAs.
func jks(t testing.TB, names ...string) []byte {
	var ders [][]byte
	for _, n := range names {
		if n == "mozilla" {
			for _, a := range trust.MozillaStore().Anchors() {
				ders = append(ders, a.Raw)
			}
			continue
		}
		ders = append(ders, testCA(t, n))
	}
	b := binary.BigEndian.AppendUint32(nil, jksMagic)
	b = binary.BigEndian.AppendUint32(b, 2)
	b = binary.BigEndian.AppendUint32(b, uint32(len(ders)))
	utf := func(s string) {
		b = binary.BigEndian.AppendUint16(b, uint16(len(s)))
		b = append(b, s...)
	}
	for i, der := range ders {
		b = binary.BigEndian.AppendUint32(b, 2)
		utf(fmt.Sprintf("ca%d", i))
		b = binary.BigEndian.AppendUint64(b, 0)
		utf("X.509")
		b = binary.BigEndian.AppendUint32(b, uint32(len(der)))
		b = append(b, der...)
	}
	return append(b, make([]byte, 20)...) // the digest, which needs the password
}

// inShort is a document without what changes with Mozilla's list.
func inShort(d *Document) string {
	var b strings.Builder
	fmt.Fprintf(&b, "system %s %s\n", d.System.ID, d.System.Release)
	for _, p := range d.Policies {
		fmt.Fprintf(&b, "policy %s %s %d\n", p.ID, p.Name, len(p.Settings))
	}
	for _, s := range d.Stacks {
		fmt.Fprintf(&b, "stack %s %s, %s, %s, level %d\n", s.ID, s.Version, s.Library, versionText(&s), s.SecurityLevel)
		for _, x := range s.Settings {
			if x.File != "" {
				fmt.Fprintf(&b, "  %s = %s  %s\n", x.Name, clip(x.Value), place(x))
			}
		}
	}
	for _, s := range d.Stores {
		fmt.Fprintf(&b, "store %s %s of %s\n", s.Path, s.Format, strings.Join(s.UsedBy, " "))
		for _, r := range s.Unlisted {
			fmt.Fprintf(&b, "  private %s %s added %v\n", commonName(r.Subject), r.Interception, r.Added)
		}
		for _, r := range s.Missing {
			fmt.Fprintf(&b, "  missing %s\n", r.Subject)
		}
	}
	for _, f := range d.Findings {
		fmt.Fprintf(&b, "%s %s %s: %s\n", f.Severity, f.ID, f.Stack, f.Title)
	}
	return b.String()
}

// Each machine of testdata is seen as it is.
func TestFixtures(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) < 5 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			d := Collect(t.Context(), fixture(t, a))
			got := inShort(d)
			i := slices.IndexFunc(a.Files, func(f txtar.File) bool { return f.Name == "want" })
			if *update {
				if i < 0 {
					a.Files = append(a.Files, txtar.File{Name: "want"})
					i = len(a.Files) - 1
				}
				a.Files[i].Data = []byte(got)
				if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if i < 0 {
				t.Fatal("no want")
			}
			if d := cmp.Diff(string(a.Files[i].Data), got); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
			text, err := json.Marshal(d)
			if err != nil {
				t.Fatal(err)
			}
			for _, secret := range []string{"hunter2", ":secret"} {
				if bytes.Contains(text, []byte(secret)) {
					t.Errorf("a password is shown: %s", secret)
				}
			}
			read, err := Read(bytes.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			if x := Compare(d, read, "a", "b"); len(x.Differences) != 0 {
				t.Errorf("it differs from what was saved: %+v", x.Differences)
			}
			if x := Compare(d, d, "a", "b"); len(x.Differences) != 0 || x.Alike == 0 {
				t.Errorf("it differs from itself: %+v", x.Differences)
			}
		})
	}
}
