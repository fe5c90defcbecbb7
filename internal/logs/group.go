package logs

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/report"
)

// Bounds of what is kept of one group.
const (
	maxClients = 1024
	maxNames   = 256
	maxAgents  = 128
	maxTexts   = 64
	maxSample  = 400 // bytes of a line that is shown
)

// group is the failures of one cause; of the cause "" those whose text is not
// known.
type group struct {
	cause    cause.ID
	count    int64
	possible int64
	decided  int64
	noise    int64
	span     span
	over     histogram
	names    *tally[string]
	agents   *tally[string]
	stacks   *tally[string]
	texts    map[string]*text
	others   map[cause.ID]float64 // what its texts leave open besides
	decides  []string
	hints    map[*text]bool // of other groups, which leave this cause open
}

// text is one text of a group.
type text struct {
	count   int64
	verdict *verdict
	sample  string
}

// span is from the first to the last of some times, in Unix nanoseconds.
type span struct {
	first, last int64
	any         bool
}

func (s *span) see(at int64) {
	if !s.any {
		s.first, s.last, s.any = at, at, true
	}
	s.first, s.last = min(s.first, at), max(s.last, at)
}

func (s *span) times() (first, last *time.Time) {
	if !s.any {
		return nil, nil
	}
	f, l := time.Unix(0, s.first).UTC(), time.Unix(0, s.last).UTC()
	return &f, &l
}

func newGroup(id cause.ID) *group {
	return &group{
		cause: id, names: newTally[string](maxNames), agents: newTally[string](maxAgents),
		stacks: newTally[string](maxTexts), texts: map[string]*text{}, others: map[cause.ID]float64{}, hints: map[*text]bool{},
	}
}

// text is that of a verdict; of very many different ones those that come late are
// not told apart, and nil.
func (g *group) text(v *verdict, line []byte) *text {
	key := v.signature
	if key == "" {
		key = v.message
	}
	t, ok := g.texts[key]
	if !ok && len(g.texts) < maxTexts {
		t = &text{verdict: v, sample: shown(line)}
		g.texts[key] = t
	}
	return t
}

// shown is what of a line is shown.
func shown(line []byte) string {
	return strings.ToValidUTF8(strings.TrimSpace(string(line[:min(len(line), maxSample)])), "\ufffd")
}

// document is the group as the report has it.
func (g *group) document(whole span, clients *tally[netip.Addr]) report.LogGroup {
	f := report.Begin(g.cause, report.Possible, "")
	d := report.LogGroup{
		Cause: g.cause, Title: f.Title, Step: f.Step, Side: f.Side, Count: g.count, Possible: g.possible, Decided: g.decided, Noise: g.noise,
		Clients: []string{}, ClientCount: len(clients.count), Next: []string{},
	}
	d.First, d.Last = g.span.times()
	for _, c := range clients.top(10, netip.Addr.Compare) {
		d.Clients = append(d.Clients, c.key.String())
		d.Top = append(d.Top, report.LogCount{Kind: "client", Key: c.key.String(), Count: c.count})
	}
	for _, c := range g.names.top(10, strings.Compare) {
		d.Names = append(d.Names, c.key)
		d.Top = append(d.Top, report.LogCount{Kind: "name", Key: c.key, Count: c.count})
	}
	for _, c := range g.agents.top(5, strings.Compare) {
		d.Agents = append(d.Agents, c.key)
		d.Top = append(d.Top, report.LogCount{Kind: "agent", Key: c.key, Count: c.count})
	}
	for _, c := range g.stacks.top(1, strings.Compare) {
		d.Stack = c.key
	}
	if whole.any && g.over.any {
		first, last := floorDiv(whole.first, 1e9), floorDiv(whole.last, 1e9)
		d.Over, d.Span = g.over.over(first, last, columns), float64(max(1, last-first+1))
	}
	d.Texts = texts(g.texts)
	switch {
	case len(d.Texts) > 0:
		d.Sample = d.Texts[0].Sample
	case len(g.hints) > 0:
		most := slices.MaxFunc(slices.Collect(maps.Keys(g.hints)), func(a, b *text) int {
			return cmp.Or(cmp.Compare(a.count, b.count), cmp.Compare(b.sample, a.sample))
		})
		d.Sample, d.Stack = most.sample, most.verdict.stack
	}
	d.Decides = g.deciding()
	name := "HOST"
	if len(d.Names) > 0 && printable(d.Names[0]) {
		name = d.Names[0]
	}
	d.Next = append(d.Next, "tlswhy guide "+string(g.cause), report.Command("tlswhy", report.Target{Input: name}, report.Options{}))
	return d
}

// columns is into how many parts the time is cut for a sparkline.
const columns = 24

func printable(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return r != '.' && r != '-' && r != ':' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}) && name[0] != '-'
}

// mostDecides is how many ways to decide a group tells.
const mostDecides = 3

// deciding is what tells the cause from the others that its texts leave open,
// the likeliest of them first.
func (g *group) deciding() []string {
	var out []string
	if g.decided == g.count && g.possible == 0 {
		return nil
	}
	c, ok := cause.Get(g.cause)
	if !ok {
		return nil
	}
	for _, o := range rankedCauses(g.others) {
		for _, d := range c.Decides {
			if d.From == o && len(out) < mostDecides {
				out = append(out, string(o)+": "+cause.Expand(d.How, nil))
			}
		}
	}
	for _, d := range g.decides {
		if len(out) < mostDecides {
			out = append(out, d)
		}
	}
	return out
}
