package logs

import (
	"bytes"
	"cmp"
	"hash/maphash"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/report"
)

// counter counts the records of blocks that come in order.
type counter struct {
	o        Options
	lines    int64
	bytes    int64
	undated  int64
	failures int64
	whole    span
	groups   map[cause.ID]*group
	effects  map[*verdict]*effect
	peers    peers
	by       *byTable
	own      map[netip.AddrPort][]int64
	ownNoise noiseOf
	textual  map[cause.Noise]*noiseOf
	recent   [recentSize]event
	last     event // of the line before
	seed     maphash.Seed
	source   *source
	at       int64 // when the last line with a time was written, Unix ns; 0: none yet
}

// recentSize is how many connections are remembered, and nearLines and nearTime
// how far the lines of one may be apart.
const (
	recentSize = 4096
	nearLines  = 2000
	nearTime   = int64(time.Minute)
)

// event is a failure that was counted and may still get more lines.
type event struct {
	hash    uint64
	source  *source
	line    int64
	head    int64
	at      int64
	client  netip.Addr
	verdict *verdict
	own     bool
}

// effect is what a verdict counts for, and how often it does.
type effect struct {
	verdict *verdict
	group   *group
	others  []*group
	text    *text
	count   int64
}

// maxEffects bounds the verdicts that are remembered; messages that differ
// everywhere would fill the memory otherwise.
const maxEffects = 4 << 10

type noiseOf struct {
	count   int64
	clients *tally[netip.Addr]
}

func newCounter(o Options) *counter {
	c := &counter{
		o: o, groups: map[cause.ID]*group{}, effects: map[*verdict]*effect{}, peers: peers{all: map[netip.Addr]*peer{}}, by: newByTable(o.By),
		own: map[netip.AddrPort][]int64{}, textual: map[cause.Noise]*noiseOf{}, seed: maphash.MakeSeed(),
	}
	for _, p := range o.Own {
		a := netip.AddrPortFrom(p.Local.Addr().Unmap(), p.Local.Port())
		c.own[a] = append(c.own[a], p.At)
	}
	return c
}

// count takes in the records of a block.
func (c *counter) count(b *block) error {
	if c.source != b.source {
		c.source, c.at, c.last = b.source, 0, event{}
	}
	c.lines += b.lines
	c.bytes += int64(len(b.text))
	for i := range b.records {
		if err := c.record(b, &b.records[i]); err != nil {
			return err
		}
	}
	return nil
}

func (c *counter) record(b *block, r *record) error {
	at := c.at
	if !r.at.Time.IsZero() {
		at = r.at.Time.UnixNano()
		c.at = at
	}
	if !c.wanted(at) {
		return nil
	}
	line := b.text[r.from:r.to]
	e := event{source: b.source, line: b.line + r.line, head: b.line + r.head, at: at, client: r.at.Client, verdict: r.verdict}
	e.own = c.isOwn(r.at.Client, r.at.Port, at)
	var slot *event // where an earlier line of the same connection may be
	switch {
	case (r.at.Continues || e.head == c.last.head) && c.last.source == e.source && c.last.head == e.head:
		slot, e.hash = &c.last, c.last.hash
	case len(r.at.Conn) > 0:
		e.hash = maphash.Bytes(c.seed, r.at.Conn)
		slot = &c.recent[e.hash%recentSize]
	}
	var old event
	if slot != nil {
		old = *slot
	}
	if old.verdict != nil && old.hash == e.hash && c.near(&old, &e) {
		if !e.client.IsValid() {
			e.client = old.client
		}
		e.head = old.head
		v := together(old.verdict, r.verdict)
		if v != old.verdict {
			c.add(&old, r, line, -1)
			e.verdict = v
			c.add(&e, r, line, 1)
		} else {
			e.verdict = v
		}
		e.own = old.own
	} else {
		c.add(&e, r, line, 1)
	}
	if slot != nil {
		*slot = e
	}
	c.last = e
	if c.o.Each == nil {
		return nil
	}
	return c.o.Each(c.failure(&e, r, line))
}

// wanted says whether a time lies within what was asked for.
func (c *counter) wanted(at int64) bool {
	if c.o.Since.IsZero() && c.o.Until.IsZero() {
		return true
	}
	if at == 0 {
		c.undated++
		return false
	}
	return (c.o.Since.IsZero() || at >= c.o.Since.UnixNano()) && (c.o.Until.IsZero() || at < c.o.Until.UnixNano())
}

// near says whether two events of one connection's name are of one connection.
func (c *counter) near(old, e *event) bool {
	return old.source == e.source && e.line-old.line <= nearLines && (old.at == 0 || e.at == 0 || max(e.at-old.at, old.at-e.at) <= nearTime)
}

func (c *counter) isOwn(client netip.Addr, port uint16, at int64) bool {
	if len(c.own) == 0 || port == 0 {
		return false
	}
	return slices.ContainsFunc(c.own[netip.AddrPortFrom(client, port)], func(t int64) bool {
		return at == 0 || max(at/1e9-t, t-at/1e9) <= probeSlack
	})
}

func (c *counter) group(id cause.ID) *group {
	g, ok := c.groups[id]
	if !ok {
		g = newGroup(id)
		c.groups[id] = g
	}
	return g
}

// effect finds what a verdict counts for; line is one that has it.
func (c *counter) effect(v *verdict, line []byte) *effect {
	e, ok := c.effects[v]
	if ok {
		return e
	}
	if len(c.effects) >= maxEffects {
		c.settle()
	}
	g := c.group(v.cause())
	e = &effect{verdict: v, group: g, text: g.text(v, line)}
	if !v.decided() {
		for _, o := range v.causes[min(1, len(v.causes)):] {
			e.others = append(e.others, c.group(o.ID))
		}
	}
	if len(g.decides) == 0 {
		g.decides = v.decides
	}
	c.effects[v] = e
	return e
}

// settle adds up what the verdicts count for.
func (c *counter) settle() {
	for _, e := range c.effects {
		v, g := e.verdict, e.group
		g.count += e.count
		if v.decided() {
			g.decided += e.count
		}
		g.stacks.add(v.stack, e.count)
		if e.text != nil {
			e.text.count += e.count
		}
		for i, o := range e.others {
			o.possible += e.count
			g.others[o.cause] += v.causes[i+1].Confidence * float64(e.count)
			o.others[g.cause] += v.causes[0].Confidence * float64(e.count)
			if e.text != nil && e.count > 0 {
				o.hints[e.text] = true
			}
		}
	}
	clear(c.effects)
}

// add counts an event, or takes it back.
func (c *counter) add(e *event, r *record, line []byte, n int64) {
	f := c.effect(e.verdict, line)
	g := f.group
	c.failures += n
	f.count += n
	if e.at != 0 {
		g.over.add(floorDiv(e.at, 1e9), n)
		if n > 0 {
			g.span.see(e.at)
			c.whole.see(e.at)
		}
	}
	if n > 0 {
		if len(r.at.Name) > 0 {
			addBytes(g.names, r.at.Name)
		}
		if len(r.at.Agent) > 0 {
			addBytes(g.agents, r.at.Agent)
		}
	}
	if c.o.By != "" {
		c.by.add(e, r, n)
	}
	c.noisy(e, g, n)
}

// addBytes counts a key that is made a string only when it is new.
func addBytes(t *tally[string], key []byte) {
	key = key[:min(len(key), maxSample)]
	if n, ok := t.count[string(key)]; ok {
		t.count[string(key)] = n + 1
		return
	}
	t.add(string(bytes.ToValidUTF8(key, []byte("\ufffd"))), 1)
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// noisy counts what is likely nobody's failure: by the text at once, by the
// client's behaviour at the end.
func (c *counter) noisy(e *event, g *group, n int64) {
	switch noise := e.verdict.noise; {
	case e.own:
		g.noise += n
		c.ownNoise.add(e.client, n)
		return
	case noise == cause.NoiseScanner || noise == cause.NoiseProbe:
		g.noise += n
		t := c.textual[noise]
		if t == nil {
			t = &noiseOf{}
			c.textual[noise] = t
		}
		t.add(e.client, n)
	}
	if !e.client.IsValid() {
		return
	}
	c.peers.get(e.client).see(g, e.verdict, floorDiv(e.at, 1e9), n)
}

func (n *noiseOf) add(client netip.Addr, by int64) {
	n.count += by
	if client.IsValid() {
		if n.clients == nil {
			n.clients = newTally[netip.Addr](maxClients)
		}
		n.clients.add(client, by)
	}
}

// failure is one line as Each gets it.
func (c *counter) failure(e *event, r *record, line []byte) report.LogFailure {
	v := e.verdict
	f := report.LogFailure{
		Source: e.source.name, Line: e.line, Cause: v.cause(), Stack: v.stack, Name: string(bytes.ToValidUTF8(r.at.Name, []byte("\ufffd"))),
		Agent: string(bytes.ToValidUTF8(r.at.Agent, []byte("\ufffd"))), Noise: string(v.noise), Text: shown(line),
	}
	if e.own {
		f.Noise = string(noiseOwn)
	}
	if e.at != 0 {
		t := time.Unix(0, e.at).UTC()
		f.Time = &t
	}
	if e.client.IsValid() {
		f.Client = e.client.String()
	}
	if !v.decided() {
		for _, o := range v.causes[min(1, len(v.causes)):] {
			f.Others = append(f.Others, o.ID)
		}
	}
	return f
}

// result is what was counted.
func (c *counter) result(damage []report.LogDamage) *report.Logs {
	c.settle()
	d := &report.Logs{
		Schema: report.LogsSchema, Lines: c.lines, Bytes: c.bytes, Failures: c.failures, Undated: c.undated,
		Groups: []report.LogGroup{}, Damage: damage, By: c.by.document(),
	}
	d.First, d.Last = c.whole.times()
	noise := map[cause.Noise]*noiseOf{noiseOwn: &c.ownNoise}
	for k, n := range c.textual {
		noise[k] = n
	}
	c.behaviour(noise)
	for _, kind := range slices.Sorted(maps.Keys(noise)) {
		if n := noise[kind]; n.count > 0 {
			d.Noise += n.count
			d.NoiseBy = append(d.NoiseBy, report.LogNoise{Kind: string(kind), Count: n.count, Clients: n.top()})
		}
	}
	for id, g := range c.groups {
		switch {
		case g.count == 0 && g.possible == 0:
		case id == "":
			d.Unclassified, d.Unknown = g.count, texts(g.texts)
		default:
			d.Groups = append(d.Groups, g.document(c.whole, c.peers.of(g)))
		}
	}
	slices.SortFunc(d.Groups, func(a, b report.LogGroup) int {
		return cmp.Or(cmp.Compare(b.Count-b.Noise, a.Count-a.Noise), cmp.Compare(b.Count, a.Count), cmp.Compare(b.Possible, a.Possible), cmp.Compare(a.Cause, b.Cause))
	})
	return d
}

// behaviour finds the clients whose failures as a whole are noise, and counts
// what of them is not counted as such by its text.
func (c *counter) behaviour(noise map[cause.Noise]*noiseOf) {
	for _, p := range c.peers.ring {
		kind := p.noise()
		if kind == "" {
			continue
		}
		n := noise[kind]
		if n == nil {
			n = &noiseOf{}
			noise[kind] = n
		}
		for _, g := range p.counts {
			users := min(g.count-g.noise, g.group.count-g.group.noise)
			if users > 0 {
				g.group.noise += users
				n.add(p.addr, users)
			}
		}
	}
}

func (n *noiseOf) top() []string {
	out := []string{}
	if n.clients == nil {
		return out
	}
	for _, a := range n.clients.top(10, netip.Addr.Compare) {
		out = append(out, a.key.String())
	}
	return out
}

// texts are the texts of a group, the commonest first.
func texts(all map[string]*text) []report.LogText {
	out := make([]report.LogText, 0, len(all))
	for _, t := range all {
		x := report.LogText{Count: t.count, Signature: t.verdict.signature, Says: strings.ToValidUTF8(t.verdict.says, "\ufffd"), Sample: t.sample}
		for _, c := range t.verdict.causes {
			x.Causes = append(x.Causes, c.ID)
		}
		out = append(out, x)
	}
	slices.SortFunc(out, func(a, b report.LogText) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Signature, b.Signature), cmp.Compare(a.Sample, b.Sample))
	})
	return out[:min(len(out), 5)]
}

// rankedCauses are causes by their weight.
func rankedCauses(w map[cause.ID]float64) []cause.ID {
	out := slices.Collect(maps.Keys(w))
	slices.SortFunc(out, func(a, b cause.ID) int { return cmp.Or(cmp.Compare(w[b], w[a]), cmp.Compare(a, b)) })
	return out
}
