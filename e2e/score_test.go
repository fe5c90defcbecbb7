//go:build linux

package e2e

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/lab"
)

// The bars of the score, in percent of all pairs.
const (
	barOutcome = 99.5
	barCause   = 97.0
)

// foretold is what `tlswhy clients` says of one client.
type foretold struct {
	ID      string  `json:"id"`
	Outcome string  `json:"outcome"`
	Cause   *string `json:"cause"`
	Why     string  `json:"why"`
	How     string  `json:"how"`
	Open    string  `json:"open"`
}

func (f foretold) cause() string {
	if f.Cause == nil {
		return ""
	}
	return *f.Cause
}

// pair is one real client at one endpoint.
type pair struct {
	m        *meeting
	s        subject
	said     foretold
	ok       bool   // the real client got its page
	text     string // what it printed
	sight    sight
	accepted []cause.ID
	took     time.Duration
}

func (p *pair) rightOutcome() bool { return p.ok == (p.said.Outcome == "ok") }

func (p *pair) judged() bool { return p.ok || len(p.accepted) > 0 }

func (p *pair) rightCause() bool {
	return p.rightOutcome() && (p.ok || slices.Contains(p.accepted, cause.ID(p.said.cause())))
}

// TestClientsScore holds what `tlswhy clients` says of clients against what those clients do. TLSWHY_SCORE=FILE writes the
// result there as Markdown, TLSWHY_SCORE_ENDPOINTS=a,b takes the endpoints that have one of these in their names,
// TLSWHY_SCORE_CLIENTS=a,b likewise; TLSWHY_SCORE_ALL=1 lets slow clients meet all.
func TestClientsScore(t *testing.T) {
	program(t)
	dir := filepath.Join(workDir, "score-lab")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	l, err := lab.Start(context.Background(), lab.Options{Only: scoredLab, Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	specs := map[string]lab.Spec{}
	for _, e := range l.Endpoints() {
		specs[e.Name] = e.Spec
	}
	all := meetings(t, specs)
	var names []string
	for _, m := range all {
		if !slices.Contains(names, m.host) {
			names = append(names, m.host)
		}
	}
	roots := filepath.Join(dir, "roots.pem")
	if err := os.WriteFile(roots, []byte(readAll(t, theKeys.roots())+readAll(t, l.CAFile())), 0o644); err != nil {
		t.Fatal(err)
	}
	b := newBench(t, roots, names)
	var list []subject
	for _, s := range subjects() {
		if !selected("TLSWHY_SCORE_CLIENTS", s.id) {
			continue
		}
		if err := b.installed(s); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatalf("%s is missing: run scripts/install-clients.sh (%v)", s.id, err)
			}
			t.Logf("SKIPPED: %s is missing: run scripts/install-clients.sh", s.id)
			continue
		}
		list = append(list, s)
	}
	if len(list) < 12 && os.Getenv("TLSWHY_SCORE_CLIENTS") == "" {
		missing(t, "most of the clients of scripts/install-clients.sh")
	}

	var mu sync.Mutex
	var pairs []*pair
	t.Run("at", func(t *testing.T) {
		for i, m := range all {
			if !selected("TLSWHY_SCORE_ENDPOINTS", m.name) {
				continue
			}
			t.Run(m.name, func(t *testing.T) {
				t.Parallel()
				addr := ""
				if m.lab != "" {
					e, _ := l.Endpoint(m.lab)
					addr = e.Addr
				} else {
					addr = m.row.up(t).addr()
				}
				for _, p := range m.meetAll(t, b, addr, i, list) {
					mu.Lock()
					pairs = append(pairs, p)
					mu.Unlock()
				}
			})
		}
	})
	text, outcome, causes := tally(pairs)
	t.Log("\n" + text)
	t.Log("slowest: " + slowest(pairs))
	if file := os.Getenv("TLSWHY_SCORE"); file != "" {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Error(err)
		}
	}
	if outcome < barOutcome || causes < barCause {
		t.Errorf("outcome %.2f %%, cause %.2f %%; the bars are %.1f and %.1f", outcome, causes, barOutcome, barCause)
	}
}

// selected looks whether a variable of the environment lists a part of the name; empty, it lists all.
func selected(variable, name string) bool {
	only := os.Getenv(variable)
	return only == "" || slices.ContainsFunc(strings.Split(only, ","), func(x string) bool { return strings.Contains(name, x) })
}

// meetAll surveys the endpoint once, then sends every client there, each through a relay of its own.
func (m *meeting) meetAll(t *testing.T, b *bench, addr string, index int, list []subject) []*pair {
	t.Helper()
	o := tlswhyRaw(t, "clients", m.host, "--connect", addr, "--ca-file", b.roots, "--json")
	var doc struct {
		Clients []foretold `json:"clients"`
	}
	if err := json.Unmarshal(o.stdout, &doc); err != nil {
		t.Errorf("%s\nexit %d, no JSON: %v\n%s", o.line, o.code, err, clip(o.stderr, 1500))
		return nil
	}
	said := map[string]foretold{}
	for _, f := range doc.Clients {
		said[f.ID] = f
	}
	var out []*pair
	var wg sync.WaitGroup
	// Two at a time: some clients spend most of their time asleep. s_server has one ear only.
	slots := make(chan struct{}, 2)
	if m.row != nil && m.row.server == "s_server" {
		slots = make(chan struct{}, 1)
	}
	for k, s := range list {
		if s.slow && (index+k)%3 != 0 && os.Getenv("TLSWHY_SCORE_ALL") == "" {
			continue
		}
		p := &pair{m: m, s: s, said: said[s.id]}
		if p.said.ID == "" {
			t.Errorf("nothing is said of %s", s.id)
			continue
		}
		out = append(out, p)
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			if err := p.happen(b, addr); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	return out
}

// happen lets the client meet the server, through a relay of its own.
func (p *pair) happen(b *bench, addr string) error {
	r, err := newRelay(addr)
	if err != nil {
		return err
	}
	begin := time.Now()
	p.ok, p.text = b.meet(p.s, p.m.host, r.port())
	p.took = time.Since(begin)
	p.sight = r.close()
	if !p.ok {
		p.accepted = p.m.truth(p.sight, p.text)
	}
	return nil
}

// slowest tells where the time went.
func slowest(pairs []*pair) string {
	took := map[string]time.Duration{}
	for _, p := range pairs {
		took[p.s.id] += p.took
	}
	ids := slices.SortedFunc(maps.Keys(took), func(a, b string) int { return cmp.Compare(took[b], took[a]) })
	var out []string
	for _, id := range ids[:min(12, len(ids))] {
		out = append(out, fmt.Sprintf("%s %.1f s", id, took[id].Seconds()))
	}
	return strings.Join(out, ", ")
}

// tally is the score as Markdown, and the two numbers of it in percent.
func tally(pairs []*pair) (text string, outcome, causes float64) {
	slices.SortFunc(pairs, func(a, b *pair) int {
		return cmp.Or(strings.Compare(a.m.name, b.m.name), strings.Compare(a.s.id, b.s.id))
	})
	var all count
	stacks, kinds := map[string]*count{}, map[string]*count{}
	clients, endpoints := map[string]bool{}, map[string]bool{}
	var wrong []string
	for _, p := range pairs {
		clients[p.s.id], endpoints[p.m.name] = true, true
		all.add(p)
		add(stacks, p.s.stack, p)
		add(kinds, p.m.kind, p)
		if p.rightOutcome() && (p.rightCause() || !p.judged()) {
			continue
		}
		real := "ok"
		if !p.ok {
			real = fmt.Sprintf("fail %v: %s", p.accepted, oneLine(p.text))
		}
		predicted := p.said.Outcome
		if c := p.said.cause(); c != "" {
			predicted += " " + c
		}
		wrong = append(wrong, fmt.Sprintf("| %s | %s | %s: %s | %s |", p.m.name, p.s.id, predicted, cell(p.said.Why), cell(real)))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d clients on %d TLS stacks met %d endpoints: %d pairs.\n\n", len(clients), len(stacks), len(endpoints), all.pairs)
	fmt.Fprintf(&b, "| | pairs | fail | outcome | cause | cause of those that fail | not judged |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n")
	b.WriteString(all.row("**all**"))
	for _, set := range []map[string]*count{kinds, stacks} {
		for _, k := range slices.Sorted(maps.Keys(set)) {
			b.WriteString(set[k].row(k))
		}
	}
	fmt.Fprintf(&b, "\nWrong pairs: %d.\n\n", len(wrong))
	if len(wrong) > 0 {
		fmt.Fprintf(&b, "| endpoint | client | predicted | real |\n| --- | --- | --- | --- |\n%s\n", strings.Join(wrong, "\n"))
	}
	return b.String(), all.outcomes(), all.causes()
}

// count counts pairs. Those whose cause nothing tells count for the outcome alone.
type count struct{ pairs, fail, outcome, judged, cause, failJudged, failCause int }

func add(to map[string]*count, key string, p *pair) {
	if to[key] == nil {
		to[key] = &count{}
	}
	to[key].add(p)
}

func (c *count) add(p *pair) {
	c.pairs++
	if !p.ok {
		c.fail++
	}
	if p.rightOutcome() {
		c.outcome++
	}
	if !p.judged() {
		return
	}
	c.judged++
	if p.rightCause() {
		c.cause++
	}
	if !p.ok {
		c.failJudged++
		if p.rightCause() {
			c.failCause++
		}
	}
}

func percent(n, of int) float64 {
	if of == 0 {
		return 100
	}
	return 100 * float64(n) / float64(of)
}

func (c *count) outcomes() float64 { return percent(c.outcome, c.pairs) }
func (c *count) causes() float64   { return percent(c.cause, c.judged) }

func (c *count) row(name string) string {
	return fmt.Sprintf("| %s | %d | %d | %.2f %% | %.2f %% | %.2f %% | %d |\n", name, c.pairs, c.fail, c.outcomes(), c.causes(), percent(c.failCause, c.failJudged), c.pairs-c.judged)
}

// oneLine is a program's text in short, without the paths of the machine it ran on.
func oneLine(s string) string {
	if wd, err := os.Getwd(); err == nil {
		s = strings.ReplaceAll(s, wd+string(filepath.Separator), "")
	}
	return clip(strings.Join(strings.Fields(strings.ReplaceAll(s, workDir+string(filepath.Separator), "")), " "), 220)
}

func cell(s string) string { return strings.NewReplacer("|", `\|`, "\n", " ").Replace(s) }
