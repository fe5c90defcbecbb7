package textdiag

import (
	"cmp"
	"slices"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// What kinds of texts count for. A program that refused says why; an alert says
// what the other side thought fit to tell; what is wrapped around tells least.
const (
	weighsRefusal = 8.0
	weighsOwn     = 5.0
	weighsAlert   = 2.0
	weighsGeneric = 1.0 // an alert without a signature of its own
	weighsWrapper = 0.4
	// besideRefusal is what an alert still counts for beside a refusal: it was
	// caused by it.
	besideRefusal = 0.25
	// usual is the length of a literal that counts half.
	usual = 15.0
)

// least is the share below which a cause is not worth mentioning, leastOfMany where
// more are asked for than the most that are mentioned otherwise.
const (
	least       = 0.02
	leastOfMany = 0.004
	most        = 6
)

// genericStack is the stack whose signatures stand for alerts by their number:
// tls/alert-40, or tls/alert-40-at-server where a server received it.
const genericStack = "tls"

// weigh combines what was found.
func (c *catalogue) weigh(d *document, f *finding, o Options) Diagnosis {
	hits := unshadowed(f.hits)
	out := Diagnosis{Seen: seenIn(hits, f)}
	out.Seen.Cut, out.Seen.Host = d.cut, hostIn(d.low)
	out.Writer = writer(hits, f)
	switch end := endOf(o.Writer, f); {
	case end == cause.SpeaksServer, o.Writer == cause.SpeaksEither && out.Writer == cause.SpeaksServer:
		out.Writer = cause.SpeaksServer
		c.turn(hits, 1)
	case end == cause.SpeaksClient:
		out.Writer = end
		if o.Writer == end {
			c.turnToProxy(hits)
		}
	case o.Writer == cause.SpeaksEither:
		out.Writer = cause.SpeaksEither
		c.turn(hits, inLogs)
		hits = append(hits, c.generic(hits, f, cause.SpeaksServer)...)
	}
	hits = append(hits, c.generic(hits, f, out.Writer)...)

	failures := slices.DeleteFunc(slices.Clone(hits), func(h Hit) bool { return len(h.Causes) == 0 })
	inner := slices.ContainsFunc(failures, func(h Hit) bool { return !h.Wraps })
	refused := slices.ContainsFunc(failures, func(h Hit) bool { return h.Refuses })
	best := 0.0
	total := 0.0
	shares := map[cause.ID]float64{}
	by := map[cause.ID]*Hit{}
	byShare := map[cause.ID]float64{}
	var order []cause.ID
	for i := range failures {
		h := &failures[i]
		if h.Wraps && inner {
			continue
		}
		h.weight = weightOf(h, refused) * c.byID[h.ID].sharpness * float64(h.length) / (float64(h.length) + usual)
		if out.Top == nil || h.weight > out.Top.weight {
			out.Top = h
		}
		best = max(best, reliability(h))
		total += h.weight
		for _, w := range h.Causes {
			s := h.weight * w.Weight
			if _, known := shares[w.Cause]; !known {
				order = append(order, w.Cause)
			}
			shares[w.Cause] += s
			if s > byShare[w.Cause] {
				by[w.Cause], byShare[w.Cause] = h, s
			}
		}
	}
	slices.SortStableFunc(order, func(a, b cause.ID) int { return cmp.Compare(shares[b], shares[a]) })
	limit, share := most, least
	if o.Most > 0 {
		limit = o.Most
	}
	if limit > most {
		share = leastOfMany
	}
	for _, id := range order {
		p := shares[id] / total
		if p < share || len(out.Causes) == limit {
			break
		}
		out.Causes = append(out.Causes, Cause{ID: id, Confidence: round(p * best), By: by[id]})
	}
	if out.Top != nil {
		if len(out.Causes) > 0 {
			out.Top = out.Causes[0].By
		}
		out.tell(f)
	}
	for i := range failures {
		h := &failures[i]
		h.Text = d.lineAt(h.places[0].from, h.places[len(h.places)-1].to)
	}
	return out
}

// tell fills in who refused, with which alert, and where.
func (out *Diagnosis) tell(f *finding) {
	top := out.Top
	out.Step = top.Step
	// Who pastes an alert and does not tell more saw it at the client.
	if top.Stack.ID == genericStack {
		if out.Writer == cause.SpeaksEither {
			out.Writer = cause.SpeaksClient
		}
	} else if top.Speaks != cause.SpeaksEither {
		out.Writer = top.Speaks
	}
	switch {
	case top.Heard != nil:
		out.Alert = &Alert{ID: *top.Heard, Direction: Received}
		if top.Stack.ID == genericStack {
			for _, a := range f.alerts {
				if a.id == *top.Heard {
					out.Alert.Direction = a.direction
				}
			}
		}
		out.RefusedBy = out.Writer.Other()
		if out.Alert.Direction == Sent {
			out.RefusedBy = out.Writer
		}
	case top.Refuses:
		out.RefusedBy = out.Writer
		for _, a := range f.alerts {
			if a.direction == Sent {
				out.Alert = &Alert{ID: a.id, Direction: Sent}
			}
		}
	}
	if out.RefusedBy == cause.SpeaksEither {
		out.RefusedBy = ""
	}
}

func weightOf(h *Hit, refused bool) float64 {
	switch {
	case h.Wraps:
		return weighsWrapper
	case h.Refuses:
		return weighsRefusal
	case h.Heard == nil:
		return weighsOwn
	}
	w := weighsAlert
	if h.Stack.ID == genericStack {
		w = weighsGeneric
	}
	if refused {
		w *= besideRefusal
	}
	return w
}

// reliability is how far the text can be trusted to come from what its signature
// says: a wrapper stands around much else, and what is from memory was not seen.
func reliability(h *Hit) float64 {
	r := 0.98
	switch {
	case h.Wraps:
		r = 0.5
	case h.Heard != nil:
		r = 0.95
	}
	if h.Source == "memory" && h.Stack.ID != genericStack {
		r *= 0.9
	}
	return r
}

func round(p float64) float64 { return float64(int(p*100+0.5)) / 100 }

// unshadowed drops hits that a more specific one hides. What a wrapper has around itself it does not hide. Of the hits of
// one signature, the most specific stays.
func unshadowed(hits []Hit) []Hit {
	order := make([]int, len(hits))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		// What is no failure by itself hides what it covers, wrapper or not.
		x, y := hits[a].Wraps && len(hits[a].Causes) > 0, hits[b].Wraps && len(hits[b].Causes) > 0
		if x != y {
			if x {
				return 1
			}
			return -1
		}
		return hits[b].length - hits[a].length
	})
	var kept []Hit
	taken := map[string]bool{}
	for _, i := range order {
		h := hits[i]
		hidden := slices.ContainsFunc(kept, func(k Hit) bool {
			return k.hides(&h)
		})
		if hidden {
			continue
		}
		if taken[h.ID] {
			continue
		}
		taken[h.ID] = true
		kept = append(kept, h)
	}
	return kept
}

// hides says that h is what k says in more words: half of its literals are
// within those of k, or k stands around all of it and shares a word.
func (h *Hit) hides(o *Hit) bool {
	if h.length == o.length {
		return len(h.Causes) == 0 && slices.Equal(h.places, o.places)
	}
	if h.length < o.length {
		return false
	}
	shared := overlap(h.places, o.places)
	return shared*2 >= size(o.places) || shared >= aWord && h.places[0].from <= o.places[0].from && h.places[len(h.places)-1].to >= o.places[len(o.places)-1].to
}

// aWord is how many bytes two texts share at least if one repeats the other.
const aWord = 8

func size(places []place) int {
	n := 0
	for _, p := range places {
		n += p.to - p.from
	}
	return n
}

// overlap is how many bytes two hits share.
func overlap(a, b []place) int {
	n := 0
	for _, x := range a {
		for _, y := range b {
			n += max(0, min(x.to, y.to)-max(x.from, y.from))
		}
	}
	return n
}

// writer is the end at which the text was written, as far as the texts found tell.
func writer(hits []Hit, f *finding) cause.Speaker {
	votes := map[cause.Speaker]int{}
	for _, h := range hits {
		if !h.Wraps {
			votes[h.Speaks] += h.length
		}
	}
	switch {
	case f.server && !f.client:
		return cause.SpeaksServer
	case f.client && !f.server:
		return cause.SpeaksClient
	case votes[cause.SpeaksServer] > votes[cause.SpeaksClient]:
		return cause.SpeaksServer
	case votes[cause.SpeaksClient] > 0:
		return cause.SpeaksClient
	}
	return cause.SpeaksEither
}

// generic are the signatures of the alerts that no signature of a stack reports.
func (c *catalogue) generic(hits []Hit, f *finding, writer cause.Speaker) []Hit {
	var out []Hit
	done := map[uint8]bool{}
	for _, h := range hits {
		if h.Heard != nil && !h.Wraps {
			done[*h.Heard] = true
		}
	}
	for _, a := range f.alerts {
		if done[a.id] || slices.ContainsFunc(hits, func(h Hit) bool { return overlap(h.places, []place{a.place}) > 0 }) {
			continue
		}
		done[a.id] = true
		name := alertSignature(a.id)
		s := c.byID[name]
		if at := c.byID[name+atServer]; at != nil && (writer == cause.SpeaksServer) != (a.direction == Sent) {
			s = at
		}
		if s != nil {
			out = append(out, Hit{Signature: s.Signature, places: []place{a.place}, length: usual})
		}
	}
	return out
}

// seenIn lists what was recognised.
func seenIn(hits []Hit, f *finding) Seen {
	var s Seen
	votes := map[string]int{}
	for _, h := range hits {
		if h.Stack.ID == genericStack {
			continue
		}
		if votes[h.Stack.ID] == 0 {
			s.Stacks = append(s.Stacks, h.Stack)
		}
		votes[h.Stack.ID] += h.length
	}
	slices.SortStableFunc(s.Stacks, func(a, b *cause.SignatureStack) int { return votes[b.ID] - votes[a.ID] })
	for _, a := range f.alerts {
		x := Alert{a.id, a.direction}
		if i := slices.IndexFunc(s.Alerts, func(o Alert) bool { return o.ID == x.ID }); i >= 0 {
			if s.Alerts[i].Direction == DirectionUnknown {
				s.Alerts[i] = x
			}
			continue
		}
		s.Alerts = append(s.Alerts, x)
	}
	for _, c := range f.codes {
		x := Code{Text: c.text, Reason: c.reason}
		if c.alert >= 0 {
			x.Reason = "alert " + alertName(uint8(c.alert))
		}
		if !slices.Contains(s.Codes, x) {
			s.Codes = append(s.Codes, x)
		}
	}
	return s
}
