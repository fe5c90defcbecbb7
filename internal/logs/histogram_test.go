package logs

import (
	"testing"

	"pgregory.net/rapid"
)

// Nothing is lost, whatever the order of the times, and the parts add up.
func TestHistogramLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var h histogram
		times := rapid.SliceOfN(rapid.Int64Range(-1<<33, 1<<33), 1, 200).Draw(t, "times")
		first, last := times[0], times[0]
		for _, at := range times {
			h.add(at, 1)
			first, last = min(first, at), max(last, at)
		}
		sum := int64(0)
		for _, n := range h.over(first, last, rapid.IntRange(1, 60).Draw(t, "parts")) {
			sum += n
		}
		if sum != int64(len(times)) {
			t.Fatalf("%d of %d", sum, len(times))
		}
		if h.start > first || h.start+spans*h.width <= last {
			t.Fatalf("%d to %d are not within %d and %d spans of %d", first, last, h.start, spans, h.width)
		}
	})
}

// Common keys are kept, and no count is too low.
func TestTally(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.SliceOfN(rapid.IntRange(0, 40), 0, 400).Draw(t, "keys")
		most := rapid.IntRange(1, 20).Draw(t, "most")
		c := newTally[int](most)
		truth := map[int]int64{}
		for _, k := range keys {
			c.add(k, 1)
			truth[k]++
		}
		if len(c.count) > most {
			t.Fatalf("%d keys, at most %d", len(c.count), most)
		}
		for k, n := range truth {
			if got, ok := c.count[k]; ok && got < n {
				t.Fatalf("%d: %d, was there %d times", k, got, n)
			} else if !ok && n > int64(len(keys)/most) {
				t.Fatalf("%d was there %d times of %d, and is lost", k, n, len(keys))
			}
		}
	})
}
