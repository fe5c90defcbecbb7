package textdiag

import (
	"sync"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// kind is what a pattern is for.
type kind uint8

const (
	matches kind = iota // a literal of a signature's match
	context             // of its also or unless
	alertWord
	codePrefix
	serverWord // tells that a server wrote the text
	clientWord
)

// contextBonus is what a literal of the context adds to the length of a match,
// besides its own.
const contextBonus = 15

// entry is a pattern and what uses it.
type entry struct {
	kind      kind
	signature int // for matches
	context   int // for context: its number
}

// compiled is a signature ready to be looked for.
type compiled struct {
	*cause.Signature
	also, unless []int // numbers of contexts
	bonus        int   // how much more specific its context makes it
	sharpness    float64
}

// catalogue is all signatures and the automaton that finds them.
type catalogue struct {
	signatures []compiled
	byID       map[string]*compiled
	patterns   []pattern
	entries    []entry
	contexts   int
	automaton  *automaton
	tallies    sync.Pool // of *tallies
}

var loaded struct {
	once sync.Once
	c    *catalogue
}

// load compiles the signatures once, when the first text is to be explained.
func load() *catalogue {
	loaded.once.Do(func() { loaded.c = compile(cause.Signatures()) })
	return loaded.c
}

// words of OpenSSL's interface and of servers' logs by which side is told.
var (
	serverWords = []string{
		"ssl_accept", "accept error", "tls_accept", "while ssl handshaking, client:", "accept:error", "as server", "tls_err_accept",
		"could not accept", "unable to accept", "failed to accept", "accept failed", "tls accept", "starttls=server",
		"client connection", "handling client", "with client failed", "client disconnected", "couriertls: accept",
	}
	clientWords = []string{"ssl_connect", "connect:error", "tls_connect:", "tls_connect(", "upstream", "negotiating ssl on fd", "negotiating tls on fd", "while proxying request", "http: proxy error:", "tls_err_connect"}
)

func compile(all []cause.Signature) *catalogue {
	c := &catalogue{signatures: make([]compiled, len(all)), byID: make(map[string]*compiled, len(all))}
	c.tallies.New = func() any { return new(tallies) }
	add := func(literal string, e entry) {
		c.patterns = append(c.patterns, parse(literal))
		c.entries = append(c.entries, e)
	}
	numbers := map[string]int{}
	contextOf := func(literals []string) []int {
		out := make([]int, 0, len(literals))
		for _, l := range literals {
			n, ok := numbers[l]
			if !ok {
				n = c.contexts
				c.contexts++
				numbers[l] = n
				add(l, entry{kind: context, context: n})
			}
			out = append(out, n)
		}
		return out
	}
	for i := range all {
		s := &c.signatures[i]
		s.Signature = &all[i]
		c.byID[s.ID] = s
		for _, l := range s.Match {
			add(l, entry{kind: matches, signature: i})
		}
		s.also, s.unless = contextOf(s.Also), contextOf(s.Unless)
		for _, l := range s.Also {
			s.bonus += contextBonus + len(l)
		}
		for _, w := range s.Causes {
			s.sharpness += w.Weight * w.Weight
		}
	}
	add("alert", entry{kind: alertWord})
	add("error:", entry{kind: codePrefix})
	add("TLS_LIB_ERR=", entry{kind: codePrefix}) // Squid's details of an error
	for _, w := range serverWords {
		add(w, entry{kind: serverWord})
	}
	for _, w := range clientWords {
		add(w, entry{kind: clientWord})
	}
	for i := range c.patterns {
		if c.entries[i].kind > context {
			c.patterns[i].whole = false
		}
	}
	c.automaton = newAutomaton(aim(c.patterns))
	return c
}
