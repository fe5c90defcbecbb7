package survey

import (
	"cmp"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/tlswhy/tlswhy/internal/transcript"
)

// simServer chooses like a server: from what it accepts, in its own order or in
// the client's, with an element that may jump the queue where it leads.
type simServer struct {
	accepts     []int // in its order
	clientOrder bool
	jumper      int // -1: none
	asked       int
	rounds      int
}

func (s *simServer) choose(list []int) (int, bool) {
	if s.jumper >= 0 && len(list) > 0 && list[0] == s.jumper && slices.Contains(s.accepts, s.jumper) {
		return s.jumper, true
	}
	outer, inner := s.accepts, list
	if s.clientOrder {
		outer, inner = list, s.accepts
	}
	for _, x := range outer {
		if slices.Contains(inner, x) {
			return x, true
		}
	}
	return 0, false
}

func (s *simServer) ask(lists [][]int) []evidence[int] {
	s.rounds++
	var out []evidence[int]
	for _, l := range lists {
		s.asked++
		e := evidence[int]{list: l}
		e.answer, e.ok = s.choose(l)
		out = append(out, e)
	}
	return out
}

// Whatever a consistent server accepts, in whatever order, is found.
func TestLawSearchFindsAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 120).Draw(t, "candidates")
		candidates := make([]int, n)
		for i := range candidates {
			candidates[i] = i
		}
		k := rapid.IntRange(0, n).Draw(t, "accepted")
		accepts := rapid.Permutation(candidates).Draw(t, "order")[:k]
		s := &simServer{accepts: accepts, clientOrder: rapid.Bool().Draw(t, "client order"), jumper: -1}
		limit := rapid.IntRange(2, 96).Draw(t, "limit")
		width := rapid.IntRange(1, limit).Draw(t, "class")
		q := &search[int]{candidates: candidates, classes: chunks(candidates, width), limit: limit, ask: s.ask}
		if !s.clientOrder && rapid.Bool().Draw(t, "jumps") {
			s.jumper = rapid.IntRange(0, n-1).Draw(t, "jumper")
			q.place = func(x int) int {
				if x == s.jumper {
					return 1
				}
				return 0
			}
		}
		if rapid.Bool().Draw(t, "guess") {
			q.guesses = []func(a, b int) int{cmp.Compare[int], func(a, b int) int { return cmp.Compare(b, a) }}
		}
		got := q.run()
		if !got.complete {
			t.Fatalf("not complete: %+v", got)
		}
		// Of two, one of which may not lead, only one order can be offered.
		plain := slices.DeleteFunc(slices.Clone(accepts), func(x int) bool { return x == s.jumper })
		if len(plain) > 1 {
			if want := map[bool]transcript.Order{true: transcript.ClientOrder, false: transcript.ServerOrder}[s.clientOrder]; got.order != want || !got.decided {
				t.Fatalf("order %s (decided %t), want %s", got.order, got.decided, want)
			}
		}
		a, b := slices.Clone(got.accepted), slices.Clone(accepts)
		if s.clientOrder || len(plain) < 2 {
			slices.Sort(a)
			slices.Sort(b)
		}
		if !slices.Equal(a, b) {
			t.Fatalf("found %v, accepts %v", a, b)
		}
	})
}

// With a good guess, a server costs one question for each element that it
// accepts, one for each class, and a few more; and three rounds.
func TestSearchIsCheap(t *testing.T) {
	for _, clientOrder := range []bool{true, false} {
		s := &simServer{clientOrder: clientOrder, jumper: -1}
		candidates := make([]int, 90)
		for i := range candidates {
			candidates[i] = i
			if i%30 < 12 {
				s.accepts = append(s.accepts, i)
			}
		}
		q := &search[int]{candidates: candidates, limit: 96, ask: s.ask, guesses: []func(a, b int) int{cmp.Compare[int]}}
		for i := 0; i < 90; i += 6 {
			q.classes = append(q.classes, candidates[i:i+6])
		}
		got := q.run()
		if len(got.accepted) != 36 {
			t.Errorf("client order %t: found %v", clientOrder, got.accepted)
		}
		if s.asked > 36+15+8 || s.rounds > 5 {
			t.Errorf("client order %t: %d questions in %d rounds", clientOrder, s.asked, s.rounds)
		}
	}
}

// A server that answers by chance ends no search in a loop, and all that was
// seen is reported.
func TestSearchOfTheInconsistentEnds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seen := map[int]bool{}
		asked := 0
		q := &search[int]{candidates: []int{1, 2, 3, 4, 5, 6, 7, 8, 9}, limit: 9, classes: [][]int{{1, 2, 3}, {4, 5, 6}, {7, 8, 9}}}
		q.ask = func(lists [][]int) []evidence[int] {
			var out []evidence[int]
			for _, l := range lists {
				asked++
				e := evidence[int]{list: l, ok: rapid.Bool().Draw(t, "ok")}
				if e.ok {
					e.answer = rapid.SampledFrom(l).Draw(t, "answer")
					seen[e.answer] = true
				}
				out = append(out, e)
			}
			return out
		}
		got := q.run()
		if asked > 400 {
			t.Fatalf("%d questions", asked)
		}
		for x := range seen {
			if !slices.Contains(got.accepted, x) {
				t.Fatalf("%d was chosen and is not in %v", x, got.accepted)
			}
		}
	})
}

// An answer that stays open ends the search with what is known.
func TestSearchWithoutBudget(t *testing.T) {
	s := &simServer{accepts: []int{3, 1}, jumper: -1}
	q := &search[int]{candidates: []int{1, 2, 3, 4}, limit: 4, classes: [][]int{{1, 2}, {3, 4}}}
	q.ask = func(lists [][]int) []evidence[int] {
		out := s.ask(lists)
		for i := 2; i < len(out); i++ {
			out[i] = evidence[int]{list: lists[i], open: true}
		}
		return out
	}
	got := q.run()
	if got.complete || !slices.Contains(got.accepted, 3) {
		t.Errorf("%+v", got)
	}
}
