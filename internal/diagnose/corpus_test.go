package diagnose_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"github.com/tlswhy/tlswhy/internal/client"
	"github.com/tlswhy/tlswhy/internal/diagnose"
	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/trust"
)

// The corpus holds checks of real servers, attempt by attempt. They are replayed
// here, so that what a change of any rule does to 100 servers is seen without
// one. `go test ./e2e -run RecordCorpus -update` records them anew, which is
// needed where the method makes other attempts; `go test . -update` here writes
// the verdicts and counts.
const corpus = "testdata/corpus"

// recording is what the recorder of package e2e writes.
type recording struct {
	Target      string
	Client      string
	SNI         string   // as the option; "none" sends none
	Roots       string   // a file of PEM in the corpus; "": the client's own
	Certificate [][]byte // the client's, DER
	Connect     string
	Begun       time.Time
	Transcripts []*transcript.Transcript
}

func readRecording(t *testing.T, name string) recording {
	t.Helper()
	packed, err := os.ReadFile(filepath.Join(corpus, name, "transcripts.json.zst"))
	if err != nil {
		t.Fatal(err)
	}
	z, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	text, err := z.DecodeAll(packed, nil)
	if err != nil {
		t.Fatal(err)
	}
	var r recording
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&r); err != nil {
		t.Fatal(err)
	}
	return r
}

// replayer answers attempts with what was recorded of the same attempt: the same
// hello sent in the same way. Of several alike it takes one with the same
// purpose, the earliest first, and the last again when all were used.
type replayer struct {
	mu     sync.Mutex
	tapes  map[[32]byte][]*transcript.Transcript
	used   map[*transcript.Transcript]int
	missed []string
}

func newReplayer(ts []*transcript.Transcript) *replayer {
	r := &replayer{tapes: map[[32]byte][]*transcript.Transcript{}, used: map[*transcript.Transcript]int{}}
	for _, t := range ts {
		k := keyOf(t.Attempt)
		r.tapes[k] = append(r.tapes[k], t)
	}
	return r
}

// keyOf is all of an attempt but its purpose and our patience.
func keyOf(a transcript.Attempt) [32]byte {
	a.Purpose = ""
	if a.Handshake != nil {
		h := *a.Handshake
		h.Wait = 0
		a.Handshake = &h
	}
	text, err := json.Marshal(a)
	if err != nil {
		panic(err)
	}
	return sha256.Sum256(text)
}

func (r *replayer) Try(ctx context.Context, a transcript.Attempt) (*transcript.Transcript, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	recorded := r.pick(a)
	if recorded == nil {
		return nil, errors.New("this attempt was not recorded")
	}
	t := *recorded
	t.Start = time.Now()
	// In the time that it took.
	timer := time.NewTimer(t.Times.Total)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		t = transcript.Transcript{Attempt: a, Outcome: transcript.Outcome{Kind: transcript.Aborted, Detail: "ended from our side"}}
	}
	return &t, nil
}

func (r *replayer) pick(a transcript.Attempt) *transcript.Transcript {
	r.mu.Lock()
	defer r.mu.Unlock()
	tapes := r.tapes[keyOf(a)]
	if len(tapes) == 0 {
		r.missed = append(r.missed, a.Purpose)
		return nil
	}
	best := tapes[0]
	worth := func(t *transcript.Transcript) int {
		n := -2 * r.used[t]
		if t.Attempt.Purpose == a.Purpose {
			n++
		}
		return n
	}
	for _, t := range tapes {
		if worth(t) > worth(best) {
			best = t
		}
	}
	r.used[best]++
	return best
}

// verdict is what of a report has to stay as it is.
type verdict struct {
	Verdict  report.Verdict `json:"verdict"`
	Step     string         `json:"step"`
	Findings []brief        `json:"findings"`
	Attempts int            `json:"attempts"`
}

type brief struct {
	Cause      string     `json:"cause"`
	Step       string     `json:"step"`
	Side       string     `json:"side"`
	Blocking   bool       `json:"blocking,omitempty"`
	Confidence string     `json:"confidence"`
	Proof      string     `json:"proof,omitempty"`
	Change     string     `json:"change,omitempty"`
	Or         []string   `json:"or,omitempty"`
	Either     [][]string `json:"either,omitempty"`
}

func verdictOf(r *report.Report) verdict {
	v := verdict{Verdict: r.Verdict, Step: r.Step.String(), Findings: []brief{}, Attempts: len(r.Handshakes)}
	for _, f := range r.Findings {
		b := brief{Cause: string(f.Cause), Step: f.Step.String(), Side: string(f.Side), Blocking: f.Blocking, Confidence: string(f.Confidence), Either: f.Either}
		if f.Proof != nil {
			b.Proof = string(f.Proof.Kind)
			if f.Proof.Kind == report.ByHandshake {
				b.Change = f.Proof.Change
			}
		}
		for _, a := range f.Alternatives {
			b.Or = append(b.Or, string(a.Cause))
		}
		v.Findings = append(v.Findings, b)
	}
	return v
}

// replay checks once more what was recorded, in the time of a bubble.
func replay(t *testing.T, rec recording) (*report.Report, *replayer) {
	t.Helper()
	target, err := report.ParseTarget(rec.Target)
	if err != nil {
		t.Fatal(err)
	}
	p, err := client.Get(rec.Client)
	if err != nil {
		t.Fatal(err)
	}
	o := diagnose.Options{Client: p, Timeout: 8 * time.Second}
	if o.Connect, o.ConnectPort, err = report.ParseEndpoint(rec.Connect, 0); err != nil {
		t.Fatal(err)
	}
	if rec.Roots != "" {
		if o.Roots, err = trust.FileStore(filepath.Join(corpus, rec.Roots)); err != nil {
			t.Fatal(err)
		}
	}
	if o.NoSNI = rec.SNI == "none"; !o.NoSNI {
		o.SNI = rec.SNI
	}
	if rec.Certificate != nil {
		o.Certificate = &transcript.ClientCertificate{Chain: rec.Certificate}
	}
	tape := newReplayer(rec.Transcripts)
	var out *report.Report
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		o.Now = func() time.Time { return rec.Begun.Add(time.Since(began)) }
		if out, err = diagnose.Check(context.Background(), tape, target, o); err != nil {
			t.Error(err)
		}
	})
	return out, tape
}

func corpusCases(t *testing.T) []string {
	t.Helper()
	dirs, err := filepath.Glob(filepath.Join(corpus, "*", "transcripts.json.zst"))
	if err != nil || len(dirs) < 30 {
		t.Fatalf("%d cases, %v", len(dirs), err)
	}
	for i, d := range dirs {
		dirs[i] = filepath.Base(filepath.Dir(d))
	}
	return dirs
}

// What was found in a recorded check is found in it again.
func TestCorpus(t *testing.T) {
	update := flag.Lookup("update").Value.String() == "true"
	counts := map[string]*[4]int{}
	for _, name := range corpusCases(t) {
		t.Run(name, func(t *testing.T) {
			r, tape := replay(t, readRecording(t, name))
			if len(tape.missed) > 0 {
				t.Errorf("attempts that were not recorded: %s; record anew: go test ./e2e -run RecordCorpus -update", strings.Join(tape.missed, "; "))
			}
			v := verdictOf(r)
			count(counts, v)
			got, err := json.MarshalIndent(v, "", " ")
			if err != nil {
				t.Fatal(err)
			}
			compare(t, filepath.Join(corpus, name, "want.json"), string(got)+"\n", update)
		})
	}
	compare(t, filepath.Join(corpus, "counts.txt"), countsTable(counts), update)
}

// count adds a verdict to the causes' numbers: as root cause, proved, likely or
// possible besides, and as warning.
func count(counts map[string]*[4]int, v verdict) {
	for i, f := range v.Findings {
		n := counts[f.Cause]
		if n == nil {
			n = &[4]int{}
			counts[f.Cause] = n
		}
		switch {
		case i == 0 && f.Blocking && f.Confidence == "proved":
			n[0]++
		case i == 0 && f.Blocking:
			n[1]++
		case f.Blocking:
			n[2]++
		default:
			n[3]++
		}
	}
	if len(v.Findings) == 0 {
		n := counts["(nothing)"]
		if n == nil {
			n = &[4]int{}
			counts["(nothing)"] = n
		}
		n[3]++
	}
}

// countsTable shows at once what a change of any rule did.
func countsTable(counts map[string]*[4]int) string {
	var names []string
	for n := range counts {
		names = append(names, n)
	}
	slices.Sort(names)
	var b strings.Builder
	fmt.Fprintf(&b, "%-32s %8s %8s %8s %8s\n", "cause", "proved", "likely", "behind", "warning")
	for _, n := range names {
		c := counts[n]
		fmt.Fprintf(&b, "%-32s %8d %8d %8d %8d\n", n, c[0], c[1], c[2], c[3])
	}
	return b.String()
}

func compare(t *testing.T, path, got string, update bool) {
	t.Helper()
	if update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s differs (go test -update writes it anew) -want +got:\n%s", path, d)
	}
}
