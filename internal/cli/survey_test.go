package cli

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tlswhy/tlswhy"
)

func runSurvey(t *testing.T, args ...string) output {
	t.Helper()
	return runFake(t, t.Context(), false, nil, append([]string{"survey"}, args...)...)
}

func TestSurveyExitCodes(t *testing.T) {
	for args, want := range map[string]int{
		"a.example":                               exitOK,
		"a.example b.example":                     exitOK,
		"nothing.example":                         exitUnknown,
		"a.example nothing.example":               exitUnknown,
		"broken.example":                          exitUsage,
		"a.example --against b.example":           exitOK,
		"a.example --against nothing.example":     exitUnknown,
		"a.example --against broken.example":      exitUsage,
		"broken.example --against a.example":      exitUsage,
		"a.example b.example --against c.example": exitUsage,
		"a.example --against nosuch://x":          exitUsage,
	} {
		t.Run(args, func(t *testing.T) {
			got := runSurvey(t, strings.Fields(args)...)
			if got.code != want || (want == exitUsage) != (got.err != "") || (want == exitUsage) != (got.out == "") {
				t.Errorf("exit code %d, want %d; stdout %q, stderr %q", got.code, want, got.out, got.err)
			}
		})
	}
}

// What --against takes: a place for the same name, another target, a file.
func TestAgainst(t *testing.T) {
	saved := filepath.Join(t.TempDir(), "before.json")
	got := runSurvey(t, "a.example", "c.example", "--json")
	if err := os.WriteFile(saved, []byte(got.out), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		target, against string
		nameA, nameB    string
		differs         bool
	}{
		{"a.example", "192.0.2.7", "192.0.2.1", "192.0.2.7", true},
		{"a.example", "192.0.2.7:8443", "192.0.2.1", "192.0.2.7:8443", true},
		{"a.example", "[2001:db8::7]:443", "192.0.2.1", "[2001:db8::7]:443", true},
		{"a.example", "origin.example:8443", "192.0.2.1", "origin.example:8443", true},
		{"smtp://a.example", "192.0.2.7", "192.0.2.1", "192.0.2.7", true},
		{"a.example", "b.example", "a.example:443", "b.example:443", false},
		{"a.example", "https://b.example:8443", "a.example:443", "b.example:8443", false},
		{"192.0.2.1", "192.0.2.7", "192.0.2.1:443", "192.0.2.7:443", false},
		{"a.example", saved, "before", "after", false},
		{"c.example", saved, "before", "after", false},
	} {
		t.Run(c.target+" "+filepath.Base(c.against), func(t *testing.T) {
			got := runSurvey(t, c.target, "--against", c.against, "--json")
			var d tlswhy.SurveyDiff
			if err := json.Unmarshal([]byte(got.out), &d); err != nil {
				t.Fatalf("%v: %+v", err, got)
			}
			if err := validate("survey-diff", []byte(got.out)); err != nil {
				t.Error(err)
			}
			if d.A.Name != c.nameA || d.B.Name != c.nameB || (len(d.Differences) > 0) != c.differs {
				t.Errorf("%q and %q with %d differences", d.A.Name, d.B.Name, len(d.Differences))
			}
		})
	}
	if got := runSurvey(t, "b.example", "--against", saved); got.code != exitUsage || !strings.Contains(got.err, "holds 2 surveys, none of b.example:443") {
		t.Errorf("%+v", got)
	}
	if got := runSurvey(t, saved); got.code != exitUsage || !strings.Contains(got.err, "holds 2 surveys, and one is wanted") {
		t.Errorf("%+v", got)
	}
}

// Ctrl-C prints what is known, with 130.
func TestSurveyInterrupted(t *testing.T) {
	for name, args := range map[string][]string{
		"one":               {"slow.example", "--json"},
		"the first of two":  {"slow.example", "--against", "a.example", "--json"},
		"the second of two": {"a.example", "--against", "slow.example", "--json"},
		"several":           {"slow.example", "a.example", "--json"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(20*time.Millisecond, func() { cancel(errInterrupted) })
			got := runFake(t, ctx, false, nil, append([]string{"survey"}, args...)...)
			if got.code != exitInterrupted || got.err != "" {
				t.Errorf("exit code %d, stderr %q", got.code, got.err)
			}
			if !json.Valid([]byte(got.out)) || !strings.Contains(got.out, "slow.example") {
				t.Errorf("stdout %q", got.out)
			}
		})
	}
}
