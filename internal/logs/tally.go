package logs

import (
	"cmp"
	"math"
	"slices"
)

// tally counts keys, of very many the commonest: when it is full, a new key takes
// the place and the count of the rarest (Metwally, Agrawal and El Abbadi: Efficient
// computation of frequent and top-k elements in data streams, 2005), so that
// counts are never too low, and keys that are common are not lost.
type tally[K comparable] struct {
	most  int
	count map[K]int64
	// rare are keys that had the least count, floor, when they were last gathered.
	rare  []K
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
	for {
		for len(t.rare) > 0 {
			o := t.rare[len(t.rare)-1]
			t.rare = t.rare[:len(t.rare)-1]
			if c, ok := t.count[o]; ok && c <= t.floor {
				delete(t.count, o)
				t.count[k] = c + n
				return
			}
		}
		t.floor = math.MaxInt64
		for _, c := range t.count {
			t.floor = min(t.floor, c)
		}
		for o, c := range t.count {
			if c == t.floor {
				t.rare = append(t.rare, o)
			}
		}
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
