package textdiag

import (
	_ "embed"
	"strings"
)

// automaton finds short strings in a text in one pass (Aho and Corasick, 1975).
// It is a complete transition table over the classes of bytes that occur in the
// strings, which takes one look-up a byte.
type automaton struct {
	class   [256]uint8
	classes int
	next    []int32   // by state and class
	found   [][]int32 // by state: the strings that end there
}

// window is the length of the strings that patterns are found by: long enough to
// be rare in texts, short enough for a small table.
const window = 6

func newAutomaton(words []string) *automaton {
	a := &automaton{classes: 1} // class 0: bytes of no string
	for _, s := range words {
		for i := range len(s) {
			if a.class[s[i]] == 0 {
				a.class[s[i]] = uint8(a.classes)
				a.classes++
			}
		}
	}
	a.class['\n'] = a.class[' ']
	grow := func() int32 {
		a.next = append(a.next, make([]int32, a.classes)...)
		a.found = append(a.found, nil)
		return int32(len(a.found) - 1)
	}
	grow()
	for id, s := range words {
		if s == "" {
			continue
		}
		state := int32(0)
		for i := range len(s) {
			at := int(state)*a.classes + int(a.class[s[i]])
			if a.next[at] == 0 {
				n := grow()
				a.next[at] = n
			}
			state = a.next[at]
		}
		a.found[state] = append(a.found[state], int32(id))
	}
	a.link()
	return a
}

// link completes the table breadth first: where a state has no way on, that of
// the longest suffix that is a state is taken.
func (a *automaton) link() {
	fail := make([]int32, len(a.found))
	queue := make([]int32, 0, len(a.found))
	for c := range a.classes {
		if s := a.next[c]; s != 0 {
			queue = append(queue, s)
		}
	}
	for i := 0; i < len(queue); i++ {
		s := queue[i]
		row, back := int(s)*a.classes, int(fail[s])*a.classes
		if more := a.found[fail[s]]; len(more) > 0 {
			a.found[s] = append(a.found[s][:len(a.found[s]):len(a.found[s])], more...)
		}
		for c := range a.classes {
			if to := a.next[row+c]; to != 0 {
				fail[to] = a.next[back+c]
				queue = append(queue, to)
			} else {
				a.next[row+c] = a.next[back+c]
			}
		}
	}
}

// scan calls fn with each string found and the place where it ends.
func (a *automaton) scan(text []byte, fn func(id int32, end int)) {
	state := 0
	for i, b := range text {
		state = int(a.next[state*a.classes+int(a.class[b])])
		for _, id := range a.found[state] {
			fn(id, i+1)
		}
	}
}

// ordinaryText are lines that servers write by the million when nothing is wrong
// with TLS: what they are made of tells nothing.
//
//go:embed ordinary.txt
var ordinaryText string

// aim picks for each pattern the window that the fewest patterns share, and no
// ordinary line has if there is one.
func aim(patterns []pattern) []string {
	var ordinary [1 << 14]bool
	for l := range strings.Lines(strings.ToLower(ordinaryText)) {
		for i := range l {
			for _, n := range []int{gramLen, window} {
				if i+n <= len(l) {
					ordinary[hash(l[i:i+n])] = true
				}
			}
		}
	}
	var seen [1 << 14]uint16
	each := func(p *pattern, fn func(part, offset int, w string)) {
		for k, part := range p.parts {
			n := min(len(part), window)
			if n < 3 {
				continue
			}
			for o := 0; o+n <= len(part); o++ {
				fn(k, o, part[o:o+n])
			}
		}
	}
	for i := range patterns {
		each(&patterns[i], func(_, _ int, w string) {
			if h := hash(w); seen[h] < 1<<16-1 {
				seen[h]++
			}
		})
	}
	out := make([]string, len(patterns))
	for i := range patterns {
		p := &patterns[i]
		best := 1 << 30
		each(p, func(part, offset int, w string) {
			n := len(w)
			cost := int(seen[hash(w)]) + (window-n)*64
			if n < shortestWindow {
				cost += 10_000
			}
			if strings.ContainsAny(w, " '\"") {
				cost += 1500 // of these, texts have variants: see read
			}
			if ordinary[hash(w)] {
				cost += 2000
			}
			for g := 0; g+gramLen <= n; g++ { // see Filter
				if ordinary[hash(w[g:g+gramLen])] {
					cost += 500
				}
			}
			if cost < best {
				best, p.part, p.offset, out[i] = cost, part, offset, w
			}
		})
	}
	return out
}

// hash is FNV-1a, folded.
func hash(s string) int {
	h := uint32(2166136261)
	for i := range len(s) {
		h = (h ^ uint32(s[i])) * 16777619
	}
	return int((h ^ h>>16) & (1<<14 - 1))
}
