package logs

import (
	"cmp"
	"slices"
)

// tally counts keys, of very many the commonest: when it is full, a new key takes
// the place and the count of the rarest (Metwally, Agrawal and El Abbadi: Efficient
// computation of frequent and top-k elements in data streams, 2005), so that
// counts are never too low, and keys that are common are not lost.
type tally[K comparable] struct {
	most  int
	count map[K]int64
	over  bool // some key was dropped
	// floor is the least count when it was last looked for: nothing is below.
	floor int64
}

func newTally[K comparable](most int) *tally[K] {
	return &tally[K]{most: most, count: map[K]int64{}}
}

func (t *tally[K]) add(k K, n int64) {
	if c, ok := t.count[k]; ok || len(t.count) < t.most {
		t.count[k] = c + n
		return
	}
	t.over = true
	// The rarest: any key at the floor; where there is none left, the floor rises.
	for {
		least := int64(-1)
		for o, c := range t.count {
			if c <= t.floor {
				delete(t.count, o)
				t.count[k] = c + n
				return
			}
			if least < 0 || c < least {
				least = c
			}
		}
		t.floor = least
	}
}

type ranked[K comparable] struct {
	key   K
	count int64
}

// top are the commonest keys, at most n; of equally common ones the lesser first.
func (t *tally[K]) top(n int, compare func(a, b K) int) []ranked[K] {
	all := make([]ranked[K], 0, len(t.count))
	for k, c := range t.count {
		all = append(all, ranked[K]{k, c})
	}
	slices.SortFunc(all, func(a, b ranked[K]) int { return cmp.Or(cmp.Compare(b.count, a.count), compare(a.key, b.key)) })
	return all[:min(n, len(all))]
}
