package logs

// histogram counts over time in a bounded number of equal spans, which grow
// by doubling when time goes beyond them.
type histogram struct {
	start int64 // Unix seconds of the first span, a multiple of width
	width int64 // seconds
	count [spans]int64
	any   bool
}

const spans = 128

func (h *histogram) add(at, n int64) {
	if !h.any {
		h.any, h.width, h.start = true, 1, at
	}
	for at < h.start || at >= h.start+spans*h.width {
		h.widen(at)
	}
	h.count[(at-h.start)/h.width] += n
}

// widen doubles the spans, and moves their beginning so that at comes nearer.
func (h *histogram) widen(at int64) {
	old := *h
	h.width *= 2
	h.start = floorTo(old.start, h.width)
	if at < h.start {
		// Room before: what is there moves to the end.
		end := floorTo(old.start+spans*old.width+h.width-1, h.width)
		h.start = end - spans*h.width
	}
	h.count = [spans]int64{}
	for i, n := range old.count {
		if n != 0 {
			h.count[(old.start+int64(i)*old.width-h.start)/h.width] += n
		}
	}
}

func floorTo(x, width int64) int64 {
	r := x % width
	if r < 0 {
		r += width
	}
	return x - r
}

// over spreads the counts over n equal parts of the time from first to last.
func (h *histogram) over(first, last int64, n int) []int64 {
	out := make([]int64, n)
	length := max(1, last-first+1)
	for i, c := range h.count {
		if c == 0 {
			continue
		}
		middle := h.start + int64(i)*h.width + h.width/2
		k := (middle - first) * int64(n) / length
		out[min(max(k, 0), int64(n-1))] += c
	}
	return out
}
