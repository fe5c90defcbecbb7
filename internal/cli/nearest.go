package cli

import (
	"slices"
	"strings"
)

// didYouMean is ", did you mean x or y?" for names spelled like s, or "".
func didYouMean(s string, names []string) string {
	near := nearest(s, names)
	if len(near) == 0 {
		return ""
	}
	return ", did you mean " + strings.Join(near, " or ") + "?"
}

// nearest are at most three names that s may have been meant to be.
func nearest(s string, names []string) []string {
	if s == "" || len(s) > 64 {
		return nil
	}
	type match struct {
		name string
		cost int
	}
	var found []match
	for _, n := range names {
		d := distance(s, n)
		if strings.Contains(n, s) && len(s) > 2 || strings.Contains(s, n) && len(n) > 3 {
			d = min(d, 2)
		}
		if d <= 1+len(s)/4 {
			found = append(found, match{n, d})
		}
	}
	slices.SortStableFunc(found, func(a, b match) int { return a.cost - b.cost })
	var out []string
	for _, m := range found[:min(len(found), 3)] {
		out = append(out, m.name)
	}
	return out
}

// distance is Levenshtein's, over bytes: the names are ASCII.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
