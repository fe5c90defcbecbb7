package survey

import (
	"slices"

	"github.com/tlswhy/tlswhy/internal/transcript"
)

// evidence is one question and what came of it: the list offered and what was
// chosen from it, if anything was.
type evidence[T comparable] struct {
	list   []T
	answer T
	ok     bool // something of the list was chosen
	// open: there was no answer to go by, because the budget or the time ended.
	open bool
	// void: the question was about something else too, and the answer may be due to
	// that.
	void bool
}

// search finds out what of a set a server accepts, and whose order decides what
// is chosen. All that it can do is to offer lists.
//
// A refusal says that nothing of the list is accepted. An answer says that one
// element is, and, once it is known whose order decides, more: in the client's
// order all that stood before it is refused; in the server's it is preferred to
// all the rest. So each accepted element costs about one question, asked at once
// with the others, and refused ones cost next to nothing.
type search[T comparable] struct {
	candidates []T
	// classes are asked about as a whole first. An element is expected to be
	// accepted if all classes that hold it have an accepted member. Each candidate
	// has to be in one at least, or else forward and reverse have to hold it.
	classes [][]T
	// guesses are orders in which a server may prefer what it accepts; that which
	// fits the answers best is used to order questions.
	guesses []func(a, b T) int
	// lazy asks about classes only once one of their members was chosen: for sets of
	// which a server has few, and which fit one question.
	lazy bool
	// limit is how many elements fit one question.
	limit int
	// prove asks at the end for all that was only passed over in the client's order:
	// some servers that have an order of their own change it with the client's, so
	// that they look alike.
	prove bool
	// rare marks elements of which an accepted relative tells nothing; nil: none.
	rare func(T) bool
	// place is where in a list an element stands as long as the server's order may
	// decide: below 0 before others, above 0 behind them. Some servers change their
	// order with what leads the client's list, or is its first of a kind; what they
	// make of that is asked by itself. nil: anywhere.
	place func(T) int
	// kin are classes that are not asked about as a whole: what is asked anyway tells
	// of a member.
	kin [][]T
	// ask asks all questions at once and returns the answers in their order.
	ask func(lists [][]T) []evidence[T]
	// predicted are the answers that are expected to the questions now asked, in
	// their order; nil: none are.
	predicted []T
	peeled    bool

	log    []evidence[T]
	chosen []T           // each element that was an answer, once
	out    map[T]bool    // was in a list of which nothing was chosen
	won    map[[2]T]bool // the first was chosen from a list that holds the second
	ended  bool          // an answer stayed open: what is found is not complete
}

// choice is what a search found.
type choice[T comparable] struct {
	accepted []T // in the server's order where that decides, else in that of the best guess
	order    transcript.Order
	// decided: order was seen, not assumed for want of a second element.
	decided  bool
	complete bool
}

// has says whether x is accepted, as far as that was found out.
func (c choice[T]) has(x T) transcript.Tri {
	switch {
	case slices.Contains(c.accepted, x):
		return transcript.Yes
	case c.complete:
		return transcript.No
	}
	return transcript.Unknown
}

// maxRounds bounds the rounds of a loop that ends by itself with any server that
// is consistent.
const maxRounds = 24

func (q *search[T]) run() choice[T] {
	q.first()
	order, decided := q.order()
	if !decided && len(q.accepted()) > 0 {
		order, decided = q.settle()
	}
	if order == transcript.ClientOrder && decided {
		if c, ok := q.byClientOrder(); ok {
			return c
		}
	}
	return q.byServerOrder()
}

// put asks questions and keeps the answers. Lists of nothing are left out.
func (q *search[T]) put(lists ...[]T) {
	lists = slices.DeleteFunc(lists, func(l []T) bool { return len(l) == 0 })
	if len(lists) == 0 || q.ended {
		return
	}
	order, decided := q.order()
	for i, l := range lists {
		l = slices.Clone(l[:min(len(l), q.limit)])
		if !decided || order != transcript.ClientOrder {
			q.lead(l)
		}
		lists[i] = l
	}
	for _, e := range q.ask(lists) {
		if e.open || e.void {
			q.ended = q.ended || e.open
			continue
		}
		e.ok = e.ok && slices.Contains(e.list, e.answer) // Apache answers ALPN with what was not offered
		q.learn(e)
	}
}

// learn keeps an answer, also one to a question that was asked for another
// reason.
func (q *search[T]) learn(e evidence[T]) {
	if q.out == nil {
		q.out, q.won = map[T]bool{}, map[[2]T]bool{}
	}
	q.log = append(q.log, e)
	if e.ok && !slices.Contains(q.chosen, e.answer) {
		q.chosen = append(q.chosen, e.answer)
	}
	at := slices.Index(e.list, e.answer)
	for i, x := range e.list {
		switch {
		case !e.ok:
			q.out[x] = true
		case x != e.answer && !(i > at && q.place != nil && q.place(e.answer) > q.place(x)):
			// Out of its place it may owe its choice to that.
			q.won[[2]T{e.answer, x}] = true
		}
	}
}

// lead puts elements into their places.
func (q *search[T]) lead(l []T) {
	if q.place != nil {
		slices.SortStableFunc(l, func(a, b T) int { return q.place(a) - q.place(b) })
	}
}

// first asks about everything: forward, reverse, and each class. What earlier
// evidence tells already is not asked.
func (q *search[T]) first() {
	order, decided := q.order()
	var lists [][]T
	if !decided && q.wholes() < 2 {
		all := q.guessed(q.candidates)
		lists = append(lists, all[:min(len(all), q.limit)], reversed(all[:min(len(all), q.limit)]))
	}
	for _, c := range q.classes {
		if q.lazy {
			break
		}
		if rest := q.unknown(c, decided && order == transcript.ClientOrder); len(rest) > 0 && (len(rest) == len(c) || !q.answered(c)) {
			// The least expected first: where the client's order decides, an answer tells of
			// all that stand before it.
			lists = append(lists, reversed(q.guessed(rest)))
		}
	}
	q.put(lists...)
}

// wholes counts the answers to lists of everything, in whatever order.
func (q *search[T]) wholes() int {
	n := 0
	for _, e := range q.log {
		if len(e.list) >= len(q.candidates) {
			n++
		}
	}
	return n
}

// accepted are the elements that were chosen at least once.
func (q *search[T]) accepted() []T { return slices.Clone(q.chosen) }

func (q *search[T]) isAccepted(x T) bool { return slices.Contains(q.chosen, x) }

// isRefused: x was in a list of which nothing was chosen, or, in the client's
// order, before what was chosen.
func (q *search[T]) isRefused(x T, clientOrder bool) bool {
	if q.out[x] || !clientOrder {
		return q.out[x]
	}
	return slices.ContainsFunc(q.log, func(e evidence[T]) bool {
		return e.ok && slices.Contains(e.list[:max(0, slices.Index(e.list, e.answer))], x)
	})
}

// unknown are those of xs of which nothing is known yet.
func (q *search[T]) unknown(xs []T, clientOrder bool) []T {
	return slices.DeleteFunc(slices.Clone(xs), func(x T) bool { return q.isAccepted(x) || q.isRefused(x, clientOrder) })
}

// answered: the class has an accepted member.
func (q *search[T]) answered(class []T) bool { return slices.ContainsFunc(class, q.isAccepted) }

// expected: all classes of x have an accepted member, and that tells something.
func (q *search[T]) expected(x T) bool {
	if q.rare != nil && q.rare(x) {
		return false
	}
	in := false
	for _, c := range slices.Concat(q.classes, q.kin) {
		if !slices.Contains(c, x) {
			continue
		}
		if in = q.answered(c); !in {
			return false
		}
	}
	return in || len(q.classes)+len(q.kin) == 0
}

// beats: a was chosen from a list that holds b.
func (q *search[T]) beats(a, b T) bool { return q.won[[2]T{a, b}] }

// order says whose order decides, if the answers so far tell.
func (q *search[T]) order() (order transcript.Order, decided bool) {
	acc := q.accepted()
	client, server := true, true
	for i, a := range acc {
		for _, b := range acc[:i] {
			server = server && !(q.beats(a, b) && q.beats(b, a))
		}
	}
	for _, e := range q.log {
		client = client && q.followsClient(e, acc)
	}
	switch {
	case client && !server:
		return transcript.ClientOrder, true
	case client && server:
		return transcript.ClientOrder, false
	}
	// Neither: it prefers in a way of its own, which is no client's order.
	return transcript.ServerOrder, true
}

// followsClient: nothing accepted stands before the answer.
func (q *search[T]) followsClient(e evidence[T], accepted []T) bool {
	if !e.ok {
		return true
	}
	for _, x := range e.list[:max(0, slices.Index(e.list, e.answer))] {
		if slices.Contains(accepted, x) {
			return false
		}
	}
	return true
}

// settle asks what decides the order: two accepted elements in both orders. If
// only one is known, what is left is asked for another.
func (q *search[T]) settle() (transcript.Order, bool) {
	for range maxRounds {
		if order, decided := q.order(); decided {
			return order, true
		}
		if a, b, ok := q.comparable(); ok {
			q.put([]T{a, b}, []T{b, a})
			return q.order()
		}
		rest := q.guessed(q.unknown(q.candidates, false))
		if len(rest) == 0 || q.ended {
			break
		}
		q.put(chunks(rest, q.limit)...)
	}
	return q.order()
}

// comparable are two accepted elements that may stand in either order.
func (q *search[T]) comparable() (a, b T, ok bool) {
	for i, a := range q.chosen {
		for _, b := range q.chosen[:i] {
			if q.place == nil || q.place(a) == q.place(b) {
				return a, b, true
			}
		}
	}
	return a, b, false
}

// byClientOrder finds what is accepted where the client's order decides. It is
// not ok if an answer contradicts that after all.
func (q *search[T]) byClientOrder() (choice[T], bool) {
	for round := range maxRounds {
		rest := q.guessed(q.unknown(q.candidates, true))
		if len(rest) == 0 || q.ended {
			break
		}
		var likely, others []T
		for _, x := range rest {
			if q.expected(x) || round > 0 && len(rest) <= q.limit/8 {
				likely = append(likely, x)
			} else {
				others = append(others, x)
			}
		}
		// Each leads a list once, the rest behind it: its answer tells of it, and if it is
		// refused, of those up to the next that is not.
		var lists [][]T
		for i := range likely {
			lists = append(lists, slices.Concat(likely[i:], likely[:i]))
		}
		if round == 0 {
			lists = append(lists, q.unproved()...)
		}
		slices.Reverse(others)
		n := q.limit
		if round > 0 {
			n = max(1, n/8)
		}
		q.put(append(lists, chunks(others, n)...)...)
	}
	q.put(q.unproved()...) // most were proved beside the first round
	acc := q.accepted()
	for _, e := range q.log {
		if !q.followsClient(e, acc) {
			return choice[T]{}, false
		}
	}
	return choice[T]{q.guessed(acc), transcript.ClientOrder, len(acc) > 1, !q.ended && len(q.unknown(q.candidates, true)) == 0}, true
}

// unproved are the elements that were only passed over, in lists that fit, if they
// are to be proved.
func (q *search[T]) unproved() [][]T {
	if !q.prove {
		return nil
	}
	var skipped []T
	for _, x := range q.guessed(q.candidates) {
		if !q.isAccepted(x) && !q.isRefused(x, false) && q.isRefused(x, true) {
			skipped = append(skipped, x)
		}
	}
	return chunks(skipped, q.limit)
}

// byServerOrder finds what is accepted and the order of it, where the server's
// decides; and what is accepted alone, for one that is not consistent.
func (q *search[T]) byServerOrder() choice[T] {
	q.peel()
	// What is still unknown. Expected ones are asked one by one, as long as most of
	// what was expected came: they only stood elsewhere in the order. Of the others
	// there are seldom any, so that a few questions do.
	var expected, others []T
	for _, x := range q.guessed(q.unknown(q.candidates, false)) {
		if q.expected(x) {
			expected = append(expected, x)
		} else {
			others = append(others, x)
		}
	}
	size := 1
	if len(expected) > len(q.chosen) {
		size = 6
	}
	sets := append(chunks(expected, min(size, q.limit)), chunks(others, q.limit)...)
	for range maxRounds {
		if len(sets) == 0 || q.ended {
			break
		}
		q.put(sets...)
		var next [][]T
		for _, s := range sets {
			if s = q.unknown(s, false); len(s) > 0 {
				next = append(next, s[:len(s)/2], s[len(s)/2:])
			}
		}
		sets = slices.DeleteFunc(next, func(s []T) bool { return len(s) == 0 })
	}
	acc := q.arrange(q.accepted())
	order, decided := q.order()
	if !decided && len(acc) > 1 { // one by one they came without telling
		order, decided = q.settle()
	}
	return choice[T]{acc, order, decided && len(acc) > 1, !q.ended && len(q.unknown(q.candidates, false)) == 0}
}

// peel offers all that is expected without the first, the first two … of the
// expected order. Where the guess holds, each answer is the next one, and all of
// it is proved in one round. A sample goes first, which may show another guess to
// fit better.
func (q *search[T]) peel() {
	if q.peeled {
		return
	}
	q.peeled = true
	for _, sample := range []bool{true, false} {
		var likely []T
		for _, x := range q.candidates {
			if q.isAccepted(x) || q.expected(x) && !q.isRefused(x, false) {
				likely = append(likely, x)
			}
		}
		likely = q.topological(likely)
		var lists [][]T
		var first []T
		for i := 1; i < len(likely); i++ {
			if sample && (len(likely) < 12 || i%4 != 1) || q.beatsAll(likely[i], likely[i+1:]) {
				continue
			}
			lists, first = append(lists, reversed(likely[i:])), append(first, likely[i])
		}
		if !sample {
			q.predicted = first
		}
		q.put(lists...)
		q.predicted = nil
		if sample && q.misses(lists, first) > len(lists)/2 {
			return // no guess fits: it would be proved to be wrong, at a question a piece
		}
	}
}

// misses counts the lists that were not answered with what was expected first.
func (q *search[T]) misses(lists [][]T, first []T) int {
	n := 0
	for i, l := range lists {
		if !q.beatsAll(first[i], l) {
			n++
		}
	}
	return n
}

// beatsAll: x was chosen from one list that holds all of ys.
func (q *search[T]) beatsAll(x T, ys []T) bool {
	return q.isAccepted(x) && slices.ContainsFunc(q.log, func(e evidence[T]) bool {
		return e.ok && e.answer == x && !slices.ContainsFunc(ys, func(y T) bool { return y != x && !slices.Contains(e.list, y) })
	})
}

// arrange puts accepted elements into the server's order, asking where the
// answers so far do not tell.
func (q *search[T]) arrange(acc []T) []T {
	for range 3 {
		acc = q.topological(acc)
		var pairs [][]T
		for i := range len(acc) - 1 {
			if !q.beats(acc[i], acc[i+1]) && !q.beats(acc[i+1], acc[i]) {
				pairs = append(pairs, []T{acc[i+1], acc[i]})
			}
		}
		if len(pairs) == 0 || q.ended {
			return acc
		}
		q.put(pairs...)
	}
	return q.sort(q.topological(acc))
}

// sort compares with the middle one, what is before it and what is behind it
// likewise, all at once.
func (q *search[T]) sort(acc []T) []T {
	parts := [][]T{acc}
	for q.splits(parts) {
		var pairs [][]T
		for _, p := range parts {
			pivot := p[len(p)/2]
			for _, x := range p {
				if x != pivot && !q.beats(x, pivot) && !q.beats(pivot, x) {
					pairs = append(pairs, []T{x, pivot})
				}
			}
		}
		q.put(pairs...)
		var next [][]T
		for _, p := range parts {
			var before, after []T
			pivot := p[len(p)/2]
			for _, x := range p {
				switch {
				case x == pivot:
				case q.beats(x, pivot):
					before = append(before, x)
				default:
					after = append(after, x)
				}
			}
			for _, n := range [][]T{before, {pivot}, after} {
				if len(n) > 0 {
					next = append(next, n)
				}
			}
		}
		parts = next
	}
	return slices.Concat(parts...)
}

// splits: something of parts is still to be ordered.
func (q *search[T]) splits(parts [][]T) bool {
	return !q.ended && slices.ContainsFunc(parts, func(p []T) bool { return len(p) > 1 })
}

// topological orders xs so that nothing stands before what beats it, and by the
// best guess where that leaves a choice.
func (q *search[T]) topological(xs []T) []T {
	left := q.guessed(xs)
	var out []T
	for len(left) > 0 {
		next := slices.IndexFunc(left, func(x T) bool {
			return !slices.ContainsFunc(left, func(y T) bool { return q.beats(y, x) && !q.beats(x, y) })
		})
		next = max(next, 0) // a ring: the server is not consistent
		out = append(out, left[next])
		left = slices.Delete(left, next, next+1)
	}
	return out
}

// guessed orders xs by the guess that most answers agree with, or as the candidates
// are.
func (q *search[T]) guessed(xs []T) []T {
	out := slices.Clone(xs)
	if len(q.guesses) == 0 {
		slices.SortStableFunc(out, func(a, b T) int { return slices.Index(q.candidates, a) - slices.Index(q.candidates, b) })
		return out
	}
	acc := q.accepted()
	best, most := 0, -1
	for i, cmp := range q.guesses {
		n := 0
		for _, a := range acc {
			for _, b := range acc {
				if q.beats(a, b) && cmp(a, b) < 0 {
					n++
				}
			}
		}
		if n > most {
			best, most = i, n
		}
	}
	slices.SortStableFunc(out, q.guesses[best])
	return out
}

func reversed[T any](xs []T) []T {
	out := slices.Clone(xs)
	slices.Reverse(out)
	return out
}

func chunks[T any](xs []T, n int) [][]T {
	var out [][]T
	for len(xs) > 0 {
		k := min(n, len(xs))
		out = append(out, xs[:k:k])
		xs = xs[k:]
	}
	return out
}
