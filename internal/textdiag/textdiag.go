// Package textdiag tells from the text of an error message or a log what it
// comes from. It knows the signatures of the catalogue, the alerts in all their
// spellings and OpenSSL's packed error codes, and nothing of any network.
//
// One pass of an automaton finds short windows of all literals; what it finds
// is verified literal by literal, and what is left is weighed: the longer literal
// against the shorter, the reason against what is wrapped around it, a refusal
// against the alert that it caused. Texts are hostile: any bytes of any length are
// taken, of more than 16 MiB the beginning is read.
package textdiag

import (
	"slices"

	"github.com/tlswhy/tlswhy/internal/cause"
)

const (
	maxText = 16 << 20
	maxLine = 400
	// maxHits is how many times one literal counts in a text, and maxTries how often
	// its window is looked at in vain.
	maxHits  = 32
	maxTries = 20_000
	// maxAll is how many hits of all literals are weighed.
	maxAll = 8192
	// maxAlerts is how many alerts and codes of a text are read, among the first
	// maxWords places that look like one.
	maxAlerts = 256
	maxWords  = 4096
)

// Diagnosis is what a text says.
type Diagnosis struct {
	// Causes are ranked, likeliest first. None where nothing was known.
	Causes []Cause
	// Top is the signature that tells most, nil where none matched with causes.
	Top *Hit
	// Writer is the end of the connection at which the text was written.
	Writer cause.Speaker
	// RefusedBy is the end that ended the handshake; "" where the text does not tell.
	RefusedBy cause.Speaker
	// Alert is the one that it was told with, nil for none.
	Alert *Alert
	// Step is where it failed.
	Step cause.Step
	// Seen is what was recognised besides, whether or not anything matched.
	Seen Seen
}

// Cause is one of the causes that a text may come from.
type Cause struct {
	ID         cause.ID
	Confidence float64 // 0 to 1
	By         *Hit    // what speaks for it most
}

// Hit is a signature that was found.
type Hit struct {
	*cause.Signature
	Text     string   // the line, cleaned of terminal escapes
	Captures []string // what the {} of the literal stand for

	places []place
	length int
	weight float64
}

// Alert is an alert that a text names.
type Alert struct {
	ID        uint8
	Direction Direction
}

// Seen is what was recognised in a text.
type Seen struct {
	Stacks []*cause.SignatureStack // who wrote, likeliest first
	Alerts []Alert
	Codes  []Code // OpenSSL's
	Host   string // a target that the text names, HOST or HOST:PORT
	Cut    bool   // the text was longer than is read
}

// Code is a packed error code of OpenSSL or one of its relatives.
type Code struct {
	Text   string // eight hexadecimal digits
	Reason string // "" where the table has none
}

// finding is everything that the pass over a text yields.
type finding struct {
	hits     []Hit
	contexts []bool
	alerts   []alertSeen
	codes    []packedCode
	server   bool // OpenSSL's interface or a log says that a server wrote it
	client   bool
}

// Options are what is known of a text besides its words.
type Options struct {
	// Writer is the end of the connection at which the text was written; "" where only
	// the text can tell, and people paste what clients say; SpeaksEither for a log
	// that does not tell, where most is servers' and both are possible. What libraries say at both ends alike ("sslv3
	// alert handshake failure") is at a server's an alert that the client sent, and a
	// certificate that does not verify is the client's. A text that names its end itself
	// ("while SSL handshaking to upstream") is believed over this.
	Writer cause.Speaker
	// Most is how many causes are returned at most; 0 for 6.
	Most int
}

// Explain says what a text comes from.
func Explain(text []byte) Diagnosis { return ExplainAs(text, Options{}) }

// ExplainAs says what a text comes from that was written as o says.
func ExplainAs(text []byte, o Options) Diagnosis {
	c := load()
	d := read(text)
	f := c.search(&d)
	c.spellOut(f, &d)
	return c.weigh(&d, f, o)
}

// tallies are how often each pattern was found, and looked for in vain.
type tallies struct {
	hits, tries []int32
	touched     []int32 // the patterns of which either is not 0
}

func (t *tallies) reset(n int) {
	if len(t.hits) != n {
		t.hits, t.tries = make([]int32, n), make([]int32, n)
	}
	for _, id := range t.touched {
		t.hits[id], t.tries[id] = 0, 0
	}
	t.touched = t.touched[:0]
}

// search is the pass over the text.
func (c *catalogue) search(d *document) *finding {
	f := &finding{contexts: make([]bool, c.contexts)}
	t := c.tallies.Get().(*tallies)
	defer c.tallies.Put(t)
	t.reset(len(c.patterns))
	hits, tries := t.hits, t.tries
	var places []place
	c.automaton.scan(d.low, func(id int32, end int) {
		p, e := &c.patterns[id], &c.entries[id]
		if hits[id]|tries[id] == 0 {
			t.touched = append(t.touched, id)
		}
		if hits[id] >= maxHits || tries[id] >= maxTries || len(f.hits) >= maxAll {
			return
		}
		var ok bool
		if places, ok = p.find(d, end-min(window, len(p.parts[p.part])), places); !ok {
			tries[id]++
			return
		}
		hits[id]++
		switch e.kind {
		case matches:
			f.hits = append(f.hits, Hit{
				Signature: c.signatures[e.signature].Signature, places: slices.Clone(places),
				length: p.length + c.signatures[e.signature].bonus, Captures: p.captures(d, places),
			})
		case context:
			f.contexts[e.context] = true
			hits[id] = maxHits
		case serverWord:
			f.server = true
		case clientWord:
			f.client = true
		case alertWord:
			hits[id] = 0
			if tries[id]++; len(f.alerts) < maxAlerts && tries[id] < maxWords {
				if a, ok := alertAt(d, places[0].to); ok {
					f.alerts = append(f.alerts, a)
				}
			}
		case codePrefix:
			hits[id] = 0
			if tries[id]++; len(f.codes) < maxAlerts {
				if code, ok := codeAt(d, places[0].to); ok {
					f.codes = append(f.codes, code)
				}
			}
		}
	})
	f.hits = slices.DeleteFunc(f.hits, func(h Hit) bool { return !c.inContext(h.Signature, f.contexts) })
	return f
}

func (c *catalogue) inContext(s *cause.Signature, seen []bool) bool {
	k := c.byID[s.ID]
	for _, n := range k.also {
		if !seen[n] {
			return false
		}
	}
	for _, n := range k.unless {
		if seen[n] {
			return false
		}
	}
	return true
}

// spellOut looks up the codes that stand without their text, as if OpenSSL had
// written it.
func (c *catalogue) spellOut(f *finding, d *document) {
	for _, code := range f.codes {
		if code.alert >= 0 {
			f.alerts = append(f.alerts, alertSeen{place: code.place, id: uint8(code.alert), direction: Received})
			continue
		}
		spelled := code.spelled()
		_, end := lineBounds(d.low, code.from, code.to, 0, 2*gap)
		if spelled == "" || slices.ContainsFunc(f.hits, func(h Hit) bool {
			return slices.ContainsFunc(h.places, func(p place) bool { return p.from < end && p.to > code.from })
		}) {
			continue
		}
		line := read([]byte(spelled))
		for _, h := range c.search(&line).hits {
			for i := range h.places {
				h.places[i] = code.place
			}
			f.hits = append(f.hits, h)
		}
	}
}
