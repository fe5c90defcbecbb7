package render

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/tlswhy/tlswhy/internal/client"
)

// product is a client as people call it.
type product struct {
	name    string
	version string // as people say it: "0.10"
	year    int
	order   int // among the profiles of its product, by version
}

// products are all clients by id. They are read at first use: most runs name
// none.
var products = sync.OnceValue(func() map[string]product {
	all := client.All()
	slices.SortStableFunc(all, client.CompareAge)
	out := make(map[string]product, len(all))
	seen := map[string]int{}
	for _, p := range all {
		out[p.ID] = product{p.Group, p.Label, p.Year, seen[p.Group]}
		if p.Kind == client.Reference { // stands for all current ones, and before them
			out[p.ID] = product{name: p.Group, year: math.MaxInt}
		}
		seen[p.Group]++
	}
	return out
})

// clientNames are clients by product, those with the newest versions first:
// "Node 0.8–0.12". Versions that follow each other among those known
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
		var labels []string
		for _, x := range items[i : j+1] {
			labels = append(labels, x.version)
		}
		parts = append(parts, spanOf(labels))
		i = j + 1
	}
	return strings.Join(slices.Compact(parts), ", ")
}
