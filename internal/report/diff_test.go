package report

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tlswhy/tlswhy/internal/cause"
)

func findings(spec string) []Finding {
	var all []Finding
	for _, s := range strings.Fields(spec) {
		id, blocking := strings.CutSuffix(s, "!")
		all = append(all, Finding{Cause: cause.ID(id), Blocking: blocking})
	}
	return all
}

func spec(all []Finding) string {
	words := make([]string, len(all))
	for i, f := range all {
		words[i] = string(f.Cause)
		if f.Blocking {
			words[i] += "!"
		}
	}
	return strings.Join(words, " ")
}

func TestCompare(t *testing.T) {
	for _, tt := range []struct {
		name, before, after           string
		fixed, added, unchanged       string
		blockingBefore, blockingAfter int
	}{
		{"all well", "", "", "", "", "", 0, 0},
		{"fixed", "expired! tls13-missing", "tls13-missing", "expired!", "", "tls13-missing", 1, 0},
		{"the next wall", "no-shared-version!", "no-shared-cipher!", "no-shared-version!", "no-shared-cipher!", "", 1, 1},
		{"eased", "inconsistent-endpoints!", "inconsistent-endpoints", "", "", "inconsistent-endpoints", 1, 0},
		{"one of two", "weak-signature! expired! weak-signature", "weak-signature!", "expired! weak-signature", "", "weak-signature!", 2, 1},
		{"one more", "weak-signature!", "weak-signature! weak-signature!", "", "weak-signature!", "weak-signature!", 1, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := Compare(&Report{Findings: findings(tt.before)}, &Report{Findings: findings(tt.after)})
			got := []string{spec(r.Fixed), spec(r.New), spec(r.Unchanged)}
			if d := cmp.Diff([]string{tt.fixed, tt.added, tt.unchanged}, got); d != "" {
				t.Errorf("fixed, new, unchanged: -want +got:\n%s", d)
			}
			if r.Before.Blocking != tt.blockingBefore || r.After.Blocking != tt.blockingAfter {
				t.Errorf("blocking %d to %d, want %d to %d", r.Before.Blocking, r.After.Blocking, tt.blockingBefore, tt.blockingAfter)
			}
		})
	}
}

// What the repeated check did not get to is not fixed.
func TestCompareHidden(t *testing.T) {
	before := &Report{Findings: []Finding{
		{Cause: cause.NoSharedVersion, Step: cause.StepVersion, Blocking: true},
		{Cause: cause.NoSharedCipher, Step: cause.StepCipher, Blocking: true},
		{Cause: cause.Expired, Step: cause.StepVerify, Blocking: true},
	}}
	for _, tt := range []struct {
		name          string
		after         *Report
		fixed, hidden string
	}{
		{"one step on", &Report{Verdict: Fail, Step: cause.StepCipher, Findings: before.Findings[1:2]}, "no-shared-version!", "expired!"},
		{"down", &Report{Verdict: Fail, Step: cause.StepConnect, Findings: findings("tcp-refused!")}, "", "no-shared-version! no-shared-cipher! expired!"},
		{"no answer", &Report{Verdict: Unknown, Step: cause.StepConnect}, "", "no-shared-version! no-shared-cipher! expired!"},
		{"all well", &Report{Verdict: OK, Step: cause.StepSecure}, "no-shared-version! no-shared-cipher! expired!", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := Compare(before, tt.after)
			if got := spec(r.Fixed); got != tt.fixed {
				t.Errorf("fixed: %q, want %q", got, tt.fixed)
			}
			if got := spec(r.Hidden); got != tt.hidden {
				t.Errorf("hidden: %q, want %q", got, tt.hidden)
			}
		})
	}
}

func TestRead(t *testing.T) {
	const one = `{"schema":"tlswhy/report/v1","target":{"host":"a.example","port":443,"sni":null},"step":"version","verdict":"fail"}`
	for in, n := range map[string]int{
		one: 1,
		`{"schema":"tlswhy/reports/v1","reports":[` + one + `,` + one + `]}`:                            2,
		`{"schema":"tlswhy/retest/v1","report":` + one + `}`:                                            1,
		`{"schema":"tlswhy/retests/v1","retests":[{"schema":"tlswhy/retest/v1","report":` + one + `}]}`: 1,
	} {
		got, err := Read(strings.NewReader(in))
		if err != nil || len(got) != n {
			t.Errorf("%s: %d reports, %v", in, len(got), err)
		}
	}
	for in, want := range map[string]string{
		"":                              "empty",
		"hello":                         "not a JSON report",
		"[]":                            "not a JSON report",
		"{}":                            `no "schema"`,
		`{"schema":7}`:                  "holds a number",
		`{"schema":"tlswhy/report/v2"}`: `schema "tlswhy/report/v2" cannot be retested`,
		`{"schema":"tlswhy/lab/v1"}`:    "cannot be retested",
		`{"schema":"tlswhy/report/v1"}`: "names no target",
		`{"schema":"tlswhy/report/v1","target":{"host":"a","port":70000}}`:           "target.port",
		`{"schema":"tlswhy/report/v1","target":{"host":"a","port":1},"step":"moon"}`: "unknown step",
		`{"schema":"tlswhy/reports/v1","reports":[]}`:                                "no report",
		`{"schema":"tlswhy/reports/v1","reports":[null]}`:                            "empty report",
		`{"schema":"tlswhy/reports/v1","reports":[{"schema":"x"}]}`:                  "cannot be retested",
		`{"schema":"tlswhy/retests/v1","retests":[null]}`:                            "empty report",
	} {
		_, err := Read(strings.NewReader(in))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v, want one line with %q", in, err, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"schema":"tlswhy/report/v1","target":{"host":"a.example","port":443,"sni":null},"findings":[{"cause":"expired","severity":"high","step":"verify"}]}`))
	f.Add([]byte(`{"schema":"tlswhy/reports/v1","reports":[null]}`))
	f.Add([]byte(`{"schema":"tlswhy/retest/v1"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		all, err := Read(strings.NewReader(string(data)))
		if err == nil && len(all) == 0 {
			t.Fatal("neither reports nor an error")
		}
		for _, r := range all {
			Compare(r, all[0])
		}
	})
}

// A report marshals without a null where a list belongs.
func TestFillLists(t *testing.T) {
	r := &Report{Findings: []Finding{{}}, Handshakes: []Handshake{{Offered: &Offered{}}, {}}, Chain: []ChainCert{{}}, Checklist: []CheckItem{{}}}
	r.FillLists()
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"evidence", "alternatives", "either", "fix", "reproduce", "addresses", "versions", "ciphers", "alpn", "sans"} {
		if !strings.Contains(string(text), `"`+name+`":[]`) {
			t.Errorf("%s is no empty list: %s", name, text)
		}
	}
	if !strings.Contains(string(text), `"hello":""`) {
		t.Errorf("hello is no empty text: %s", text)
	}
}
