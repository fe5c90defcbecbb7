package render

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/tlswhy/tlswhy/internal/client"
)

// product is a client as people call it.
type product struct {
	name    string
	version string // without what nobody remembers: "0.10" of 0.10.48
	year    int
	order   int // among the profiles of its product, by version
}

// products are all clients by id. They are read at first use: most runs name
// none.
var products = sync.OnceValue(func() map[string]product {
	all := client.All()
	slices.SortStableFunc(all, func(a, b *client.Profile) int { return compareVersions(a.Version, b.Version) })
	out := make(map[string]product, len(all))
	seen := map[string]int{}
	for _, p := range all {
		name := p.Product
		out[p.ID] = product{name, shortVersion(p.Version), p.Year, seen[name]}
		if p.ID == client.Default { // stands for all current ones, and before them
			out[p.ID] = product{name: name, year: math.MaxInt}
		}
		seen[name]++
	}
	return out
})

// clientNames are clients by product, those with the newest versions first:
// "Node.js https 0.8–0.12". Versions that follow each other among those known
// make a range.
func clientNames(ids []string) []string {
	type group struct {
		name  string
		year  int
		items []product
	}
	var groups []*group
	for _, id := range ids {
		p, ok := products()[id]
		if !ok { // of another version of this program
			p = product{name: id}
		}
		i := slices.IndexFunc(groups, func(g *group) bool { return g.name == p.name })
		if i < 0 {
			groups, i = append(groups, &group{name: p.name}), len(groups)
		}
		groups[i].year = max(groups[i].year, p.year)
		groups[i].items = append(groups[i].items, p)
	}
	slices.SortStableFunc(groups, func(a, b *group) int { return cmp.Compare(b.year, a.year) })
	out := make([]string, len(groups))
	for i, g := range groups {
		slices.SortFunc(g.items, func(a, b product) int { return cmp.Compare(a.order, b.order) })
		out[i] = strings.TrimSpace(g.name + " " + versionRanges(g.items))
	}
	return out
}

func versionRanges(items []product) string {
	var parts []string
	for i := 0; i < len(items); {
		j := i
		for j+1 < len(items) && items[j+1].order <= items[j].order+1 {
			j++
		}
		switch from, to := items[i].version, items[j].version; {
		case from == to:
			parts = append(parts, from)
		default:
			parts = append(parts, from+"–"+to)
		}
		i = j + 1
	}
	return strings.Join(slices.Compact(parts), ", ")
}

// shortVersion is 156 of 156.0.8078.79 and 0.10 of 0.10.48.
func shortVersion(v string) string {
	v, _, _ = strings.Cut(v, " ")
	v, _, _ = strings.Cut(v, "+")
	parts := strings.Split(v, ".")
	if n, err := strconv.Atoi(parts[0]); err == nil && n >= 10 && len(parts) > 1 {
		return parts[0]
	}
	return strings.Join(parts[:min(len(parts), 2)], ".")
}

// compareVersions compares number by number.
func compareVersions(a, b string) int {
	x, y := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(x), len(y)) {
		n, errN := strconv.Atoi(x[i])
		m, errM := strconv.Atoi(y[i])
		c := cmp.Compare(n, m)
		if errN != nil || errM != nil {
			c = strings.Compare(x[i], y[i])
		}
		if c != 0 {
			return c
		}
	}
	return cmp.Compare(len(x), len(y))
}
