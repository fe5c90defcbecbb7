package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tlswhy/tlswhy"
	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/survey"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// fake answers for each host what the test says.
type fake struct {
	o      tlswhy.Options
	answer func(ctx context.Context, o tlswhy.Options, t tlswhy.Target) (*tlswhy.Report, error)
}

func (f *fake) ParseTarget(s string) (tlswhy.Target, error) { return report.ParseTarget(s) }

func (f *fake) Check(ctx context.Context, t tlswhy.Target) (*tlswhy.Report, error) {
	return f.answer(ctx, f.o, t)
}

// Compatibility is never reached: the scripts run the real one.
func (f *fake) Compatibility(context.Context, tlswhy.Target, tlswhy.ClientsOptions) (*tlswhy.Compatibility, error) {
	return nil, errors.New("not faked")
}

// Survey finds TLS 1.3 everywhere but at nothing.example, and TLS 1.2 besides
// where no other place is dialled.
func (f *fake) Survey(ctx context.Context, t tlswhy.Target) (*tlswhy.SurveyResult, error) {
	s := &tlswhy.SurveyResult{Schema: survey.Schema, Target: t, Time: "2026-11-24T06:00:00Z", Complete: true}
	s.Target.Address = "192.0.2.1"
	switch {
	case t.Host == "slow.example":
		<-ctx.Done()
		s.Versions = []wire.Version{wire.VersionTLS13}
		return s, context.Cause(ctx)
	case t.Host == "broken.example":
		return nil, errors.New("it could not begin")
	case t.Host == "nothing.example":
	case f.o.Connect != "":
		s.Versions, s.Target.Address = []wire.Version{wire.VersionTLS13}, f.o.Connect
	default:
		s.Versions = []wire.Version{wire.VersionTLS13, wire.VersionTLS12}
	}
	s.FillLists()
	return s, nil
}

// verdictByName makes ok.example ok, fail.example fail and so on.
func verdictByName(_ context.Context, _ tlswhy.Options, t tlswhy.Target) (*tlswhy.Report, error) {
	r := &tlswhy.Report{Schema: report.Schema, Target: t, Client: "modern", Step: cause.StepSecure}
	r.Verdict = tlswhy.Verdict(strings.TrimSuffix(t.Host, ".example"))
	if r.Verdict == tlswhy.Fail {
		r.Findings = []tlswhy.Finding{{Cause: cause.Expired, Step: cause.StepVerify, Blocking: true, Confidence: tlswhy.Possible, Title: "expired"}}
	}
	r.FillLists()
	return r, nil
}

type output struct {
	code     int
	out, err string
}

func runFake(t *testing.T, ctx context.Context, terminals bool, answer func(context.Context, tlswhy.Options, tlswhy.Target) (*tlswhy.Report, error), args ...string) output {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir())
	var out, stderr lockedBuffer
	a := &app{
		in: strings.NewReader(""), out: &out, err: &stderr,
		outTerminal: terminal{is: terminals, width: 80, height: 24}, errTerminal: terminal{is: terminals, width: 80, height: 24},
		getenv:     func(string) string { return "" },
		newChecker: func(o tlswhy.Options) (checker, error) { return &fake{o, answer}, nil },
	}
	code := a.run(ctx, args)
	return output{code, out.String(), stderr.String()}
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func TestExitCodes(t *testing.T) {
	for targets, want := range map[string]int{
		"ok.example":                              exitOK,
		"warn.example":                            exitOK,
		"fail.example":                            exitFail,
		"unknown.example":                         exitUnknown,
		"ok.example warn.example":                 exitOK,
		"ok.example fail.example":                 exitFail,
		"ok.example unknown.example":              exitUnknown,
		"unknown.example fail.example ok.example": exitFail,
		"fail.example unknown.example":            exitFail,
	} {
		t.Run(targets, func(t *testing.T) {
			got := runFake(t, t.Context(), false, verdictByName, strings.Fields(targets)...)
			if got.code != want || got.err != "" {
				t.Errorf("exit code %d, want %d; stderr %q", got.code, want, got.err)
			}
		})
	}
}

// Reports come in the order of the targets, whichever is done first.
func TestSeveralTargetsInOrder(t *testing.T) {
	var args, want []string
	for i := range 30 {
		args = append(args, fmt.Sprintf("host%d.example", i))
		want = append(want, fmt.Sprintf("host%d.example", i))
	}
	running, most := 0, 0
	var mu sync.Mutex
	answer := func(ctx context.Context, o tlswhy.Options, t tlswhy.Target) (*tlswhy.Report, error) {
		mu.Lock()
		running++
		most = max(most, running)
		n := running
		mu.Unlock()
		time.Sleep(time.Duration(40/n) * time.Millisecond)
		mu.Lock()
		running--
		mu.Unlock()
		return &tlswhy.Report{Schema: report.Schema, Target: t, Verdict: tlswhy.OK}, nil
	}
	got := runFake(t, t.Context(), false, answer, append(args, "--json")...)
	reports, err := report.Read(strings.NewReader(got.out))
	if err != nil {
		t.Fatal(err)
	}
	var hosts []string
	for _, r := range reports {
		hosts = append(hosts, r.Target.Host)
	}
	if d := cmp.Diff(want, hosts); d != "" {
		t.Error(d)
	}
	if most < 2 || most > maxAtOnce {
		t.Errorf("%d targets at once, want 2 to %d", most, maxAtOnce)
	}
	most = 0
	runFake(t, t.Context(), false, answer, append(args[:4], "--gentle")...)
	if most != 1 {
		t.Errorf("%d targets at once with --gentle", most)
	}
}

// Ctrl-C: what is known is printed, and nothing that is not.
func TestInterrupted(t *testing.T) {
	answer := func(ctx context.Context, o tlswhy.Options, t tlswhy.Target) (*tlswhy.Report, error) {
		r, _ := verdictByName(ctx, o, t)
		if t.Host == "unknown.example" {
			<-ctx.Done()
			return r, context.Cause(ctx)
		}
		return r, nil
	}
	for _, format := range []string{"term", "json", "junit"} {
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(50*time.Millisecond, func() { cancel(errInterrupted) })
		got := runFake(t, ctx, false, answer, "fail.example", "unknown.example", "--format", format)
		if got.code != exitInterrupted {
			t.Errorf("%s: exit code %d, want %d", format, got.code, exitInterrupted)
		}
		if !strings.Contains(got.out, "fail.example") || !strings.Contains(got.out, "nterrupted before the end") {
			t.Errorf("%s: what is known is missing:\n%s", format, got.out)
		}
	}
	// The document of several targets stays one where a single report is known.
	ctx, cancel := context.WithCancelCause(t.Context())
	one := func(ctx context.Context, o tlswhy.Options, target tlswhy.Target) (*tlswhy.Report, error) {
		if target.Host == "unknown.example" {
			<-ctx.Done()
			return nil, context.Cause(ctx)
		}
		defer cancel(errInterrupted)
		return verdictByName(ctx, o, target)
	}
	got := runFake(t, ctx, false, one, "fail.example", "unknown.example", "--json")
	if err := validate("reports", []byte(got.out)); err != nil || got.code != exitInterrupted {
		t.Errorf("one of two: exit code %d, %v", got.code, err)
	}
	// Where nothing is known, nothing is said.
	ctx, cancel = context.WithCancelCause(t.Context())
	cancel(errInterrupted)
	nothing := func(ctx context.Context, o tlswhy.Options, t tlswhy.Target) (*tlswhy.Report, error) {
		return nil, context.Cause(ctx)
	}
	if got := runFake(t, ctx, false, nothing, "ok.example", "--json"); got != (output{exitInterrupted, "", ""}) {
		t.Errorf("interrupted at once: %+v", got)
	}
}

// A check that cannot begin is an error, not a verdict.
func TestCannotBegin(t *testing.T) {
	answer := func(context.Context, tlswhy.Options, tlswhy.Target) (*tlswhy.Report, error) {
		return nil, errors.New("loading the root store:\nno such file\x1b[2J")
	}
	got := runFake(t, t.Context(), false, answer, "ok.example", "--json")
	if got.code != exitUsage || got.out != "" || got.err != "tlswhy: loading the root store:\\nno such file\\x1b[2J\n" {
		t.Errorf("%+v", got)
	}
}

// Progress shows on a terminal, after a while, and is gone at the end; a likely
// cause stays.
func TestProgress(t *testing.T) {
	answer := func(ctx context.Context, o tlswhy.Options, t tlswhy.Target) (*tlswhy.Report, error) {
		o.Progress(tlswhy.Event{Done: 1, Purpose: "baseline\x1b[2J"})
		time.Sleep(patience + 2*interval)
		o.Early(tlswhy.Finding{Cause: cause.SilentAfterHello, Detail: "No answer so far."})
		return verdictByName(ctx, o, t)
	}
	got := runFake(t, t.Context(), true, answer, "fail.example")
	if !strings.Contains(got.err, "fail.example:443 · 1 s · 1 attempt · baseline") {
		t.Errorf("no progress: %q", got.err)
	}
	if !strings.Contains(got.err, "  likely silent-after-hello: No answer so far. Waiting up to 30s to be sure.\n") {
		t.Errorf("no early word: %q", got.err)
	}
	if strings.Contains(strings.ReplaceAll(got.err, "\r\x1b[2K", ""), "\x1b") {
		t.Errorf("text of a peer controls the terminal: %q", got.err)
	}
	last := got.err[strings.LastIndexByte(got.err, '\n')+1:]
	if last != "" && !strings.HasSuffix(last, "\r\x1b[2K") {
		t.Errorf("the line stays: %q", got.err)
	}
	if got := runFake(t, t.Context(), false, answer, "fail.example"); got.err != "" {
		t.Errorf("progress without a terminal: %q", got.err)
	}
	quick := runFake(t, t.Context(), true, verdictByName, "ok.example")
	if quick.err != "" {
		t.Errorf("progress of what is quick: %q", quick.err)
	}
}

// An open question leaves one file to attach to a bug report.
func TestUnknownLeavesAFile(t *testing.T) {
	got := runFake(t, t.Context(), false, verdictByName, "unknown.example")
	_, after, ok := strings.Cut(got.out, "Attach   ")
	if !ok {
		t.Fatalf("nothing to attach:\n%s", got.out)
	}
	name := strings.Fields(after)[0]
	f, err := os.Open(name)
	if err != nil {
		t.Fatalf("%v in:\n%s", err, got.out)
	}
	defer f.Close()
	if reports, err := report.Read(f); err != nil || reports[0].Verdict != tlswhy.Unknown {
		t.Errorf("%v", err)
	}
	if got := runFake(t, t.Context(), false, verdictByName, "unknown.example", "--json"); strings.Contains(got.out, "Attach") {
		t.Error("JSON needs no second file")
	}
}

// On a terminal a file comes in addition to what one reads.
func TestOutputBesideTheTerminal(t *testing.T) {
	file := t.TempDir() + "/report.json"
	got := runFake(t, t.Context(), true, verdictByName, "fail.example", "-o", file)
	if !strings.Contains(got.out, "cannot connect to") || !strings.Contains(got.out, "tlswhy retest ") || !strings.Contains(got.out, file) {
		t.Errorf("terminal:\n%s", got.out)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate("report", text); err != nil {
		t.Error(err)
	}
	if got := runFake(t, t.Context(), true, verdictByName, "fail.example", "--json", "-o", file); got.out != "" {
		t.Errorf("an explicit format is for the file alone: %q", got.out)
	}
	// A failed run leaves the old file as it was.
	before, _ := os.ReadFile(file)
	fails := func(context.Context, tlswhy.Options, tlswhy.Target) (*tlswhy.Report, error) {
		return nil, errors.New("no")
	}
	runFake(t, t.Context(), true, fails, "fail.example", "-o", file)
	if after, _ := os.ReadFile(file); !bytes.Equal(before, after) {
		t.Error("a failed run touches the file")
	}
}

func TestParseTime(t *testing.T) {
	now := time.Date(2026, 11, 24, 6, 0, 0, 0, time.UTC)
	for in, want := range map[string]string{
		"2026-11-24":                "2026-11-24T00:00:00Z",
		"2026-11-24T06:00:00Z":      "2026-11-24T06:00:00Z",
		"2026-11-24T06:00:00+01:00": "2026-11-24T05:00:00Z",
		"2026-11-24 06:30":          "2026-11-24T06:30:00Z",
		"+30d":                      "2026-12-24T06:00:00Z",
		"-1w":                       "2026-11-17T06:00:00Z",
		"+1y":                       "2027-11-24T06:00:00Z",
		"-12h":                      "2026-11-23T18:00:00Z",
		"+1h30m":                    "2026-11-24T07:30:00Z",
	} {
		got, err := parseTime(in, now)
		if err != nil || got.UTC().Format(time.RFC3339) != want {
			t.Errorf("%q: %v, %v, want %s", in, got, err, want)
		}
	}
	for _, in := range []string{"tomorrow", "2026-13-01", "+", "-", "+d", "+-3d", "+300y", "+1e300d", "+infd", "+nand", "1764000000", "2026-11-24T25:00:00Z"} {
		if got, err := parseTime(in, now); err == nil {
			t.Errorf("%q is taken for %v", in, got)
		}
	}
}

func FuzzParseTime(f *testing.F) {
	for _, s := range []string{"2026-11-24", "+30d", "-1y", "+1e3w", "+", "x"} {
		f.Add(s)
	}
	now := time.Date(2026, 11, 24, 6, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, s string) {
		if s == "" {
			return // no flag is given
		}
		got, err := parseTime(s, now)
		if err == nil && (got.Year() < 0 || got.Year() > 9999) {
			t.Errorf("%q is in the year %d, which RFC 3339 cannot write", s, got.Year())
		}
	})
}

func TestShellSplit(t *testing.T) {
	for in, want := range map[string][]string{
		"tlswhy a.example --ca-file /tmp/x": {"tlswhy", "a.example", "--ca-file", "/tmp/x"},
		`tlswhy 'a b' 'it'\''s' ''`:         {"tlswhy", "a b", "it's", ""},
		"  tlswhy   'x'y ":                  {"tlswhy", "xy"},
		"":                                  nil,
	} {
		got, err := shellSplit(in)
		if d := cmp.Diff(want, got); err != nil || d != "" {
			t.Errorf("%q: %v %s", in, err, d)
		}
	}
	if _, err := shellSplit("tlswhy 'a"); err == nil {
		t.Error("an open quote is accepted")
	}
}

func TestNearest(t *testing.T) {
	names := []string{"expired", "expires-soon", "revoked", "no-shared-version", "version-intolerant"}
	for in, want := range map[string][]string{
		"expird":  {"expired"},
		"version": {"no-shared-version", "version-intolerant"},
		"xyzzy":   nil,
		"":        nil,
	} {
		if d := cmp.Diff(want, nearest(in, names)); d != "" {
			t.Errorf("%q: %s", in, d)
		}
	}
}

// What the shells complete.
func TestCompletion(t *testing.T) {
	for args, want := range map[string]string{
		"--as java-1":       "java-17\t",
		"check --as modern": "modern\t",
		"--format ":         "sarif",
		"--starttls ":       "smtp",
		"--sni ":            "none",
		"guide ":            "expired\t",
		"guide --for ":      "nginx\t",
		"lab ":              "expired\t",
		"schema ":           "report",
		"retest ":           "json",
		"--ca-file ":        "pem",
		"check --timeout ":  "30s",
	} {
		t.Run(args, func(t *testing.T) {
			got := runFake(t, t.Context(), false, verdictByName, append([]string{"__complete"}, strings.Split(args, " ")...)...)
			if !strings.Contains(got.out, want) {
				t.Errorf("%q is not offered:\n%s", want, got.out)
			}
		})
	}
	if got := runFake(t, t.Context(), false, verdictByName, "__complete", "exa"); strings.Contains(got.out, "example") || !strings.Contains(got.out, ":4") {
		t.Errorf("targets are not to be guessed: %s", got.out)
	}
}
