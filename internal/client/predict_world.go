package client

import (
	"slices"

	"github.com/tlswhy/tlswhy/internal/transcript"
)

// world is one way in which a server may be, given what was seen of it. Rules
// ask it for facts; what is unknown gets an answer that is likely, or in a
// further run the other one.
type world struct {
	given []assumption // to the first questions
	asked []assumption // all questions so far, with what was answered
	// vague is something unknown that decides and has no two values; "" if nothing.
	vague string
}

type assumption struct {
	what string // is unknown, in a phrase
	yes  bool
}

// holds is a fact. Unknown, it is what a usual server does, but for the worlds
// that try what would be otherwise.
func (w *world) holds(fact transcript.Tri, usual bool, what string) bool {
	if fact != transcript.Unknown {
		return fact == transcript.Yes
	}
	for _, a := range w.asked {
		if a.what == what {
			return a.yes
		}
	}
	a := assumption{what, usual}
	if n := len(w.asked); n < len(w.given) {
		a = w.given[n]
	}
	w.asked = append(w.asked, a)
	return a.yes
}

// unsure notes that something decides which nobody looked at.
func (w *world) unsure(what string) {
	if w.vague == "" {
		w.vague = what
	}
}

// alternatives are the worlds that differ from this one in the answer to one of
// the questions that were not given to it, and are the same before.
func (w *world) alternatives() [][]assumption {
	var out [][]assumption
	for i := len(w.given); i < len(w.asked); i++ {
		g := slices.Clone(w.asked[:i+1])
		g[i].yes = !g[i].yes
		out = append(out, g)
	}
	return out
}
