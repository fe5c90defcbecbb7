package client

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// Match is how close a hello is to that of a known client.
type Match struct {
	Profile *Profile // shared: not to be changed
	// Score is from 0, nothing in common, to 1, the same offer: versions, suites,
	// groups, signature algorithms, extensions and ALPN as sets, without GREASE and
	// without what depends on the target or on an earlier connection.
	Score float64
	// Exact: the same offer. Order may differ, as it does in browsers that shuffle.
	Exact bool
	// Differences tell, for people, what the hello has more and less than the
	// profile; none if Exact.
	Differences []string
	// order is from 0 to 1: how many neighbours stand as they do in the profile.
	order float64
	named bool
}

// circumstantial are extensions that say nothing of the program: they depend on
// the target (an address has no server name), on the size of the hello, or on an
// earlier connection to the same server.
var circumstantial = []uint16{
	uint16(wire.ExtServerName), uint16(wire.ExtPadding), uint16(wire.ExtPreSharedKey), uint16(wire.ExtEarlyData), uint16(wire.ExtCookie),
}

// feature is one set of a hello, and its share of the score.
type feature struct {
	name   string
	weight float64
	of     func(*wire.ClientHello) []uint16
	show   func(uint16) string
}

var features = []feature{
	{"version", 0.10, func(h *wire.ClientHello) []uint16 { return codes(h.SupportedVersions()) }, func(v uint16) string { return wire.Version(v).String() }},
	{"suite", 0.35, func(h *wire.ClientHello) []uint16 { return codes(h.CipherSuites) }, func(v uint16) string { return wire.CipherSuite(v).String() }},
	{"group", 0.15, func(h *wire.ClientHello) []uint16 { return codes(h.SupportedGroups()) }, func(v uint16) string { return wire.Group(v).String() }},
	{"signature algorithm", 0.15, func(h *wire.ClientHello) []uint16 { return codes(h.SignatureAlgorithms()) }, func(v uint16) string { return wire.SignatureScheme(v).String() }},
	{"extension", 0.20, ownExtensions, func(v uint16) string { return wire.ExtensionType(v).String() }},
}

// maxCompared bounds the work for a hello that nobody sends: real ones have fewer
// than 200 of anything.
const maxCompared = 1024

// alpnWeight is what is left: ALPN are texts.
const alpnWeight = 0.05

func ownExtensions(h *wire.ClientHello) []uint16 {
	return slices.DeleteFunc(extensionCodes(h), func(e uint16) bool { return slices.Contains(circumstantial, e) })
}

// programs are all clients but those whose hello no program sends, read once:
// nobody may change them.
var programs = sync.OnceValue(func() []*Profile {
	return slices.DeleteFunc(All(), func(p *Profile) bool { return p.Kind == Reference })
})

// Nearest are the known clients by how close the hello comes to theirs, the
// nearest first, at most n. Between equals the one that is called like the
// program wins (program may be ""), then the one of the same order.
func Nearest(h *wire.ClientHello, program string, n int) []Match {
	var all []Match
	for _, p := range programs() {
		m := compare(h, p)
		m.named = program != "" && calledLike(p, program)
		all = append(all, m)
	}
	slices.SortStableFunc(all, func(a, b Match) int {
		return cmp.Or(
			-cmp.Compare(a.Score, b.Score), -compareBool(a.named, b.named), -cmp.Compare(a.order, b.order),
			-compareBool(a.Profile.Source == Captured, b.Profile.Source == Captured), -cmp.Compare(a.Profile.Year, b.Profile.Year),
		)
	})
	return all[:min(len(all), n)]
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// calledLike: "python3.11" is called like python-requests, "curl" like curl-openssl.
func calledLike(p *Profile, program string) bool {
	program = strings.TrimRight(strings.ToLower(program), "0123456789.-")
	id, _, _ := strings.Cut(p.ID, "-")
	return len(program) > 1 && program == id
}

// Same says whether two hellos are of one client: the same offer, in any order.
func Same(a, b *wire.ClientHello) bool {
	for _, f := range features {
		if !slices.Equal(asSet(f.of(a)), asSet(f.of(b))) {
			return false
		}
	}
	return slices.Equal(a.ALPN(), b.ALPN())
}

// asSet sorts the list, which is not used any more, and drops what stands in it twice.
func asSet(list []uint16) []uint16 {
	slices.Sort(list)
	return slices.Compact(list)
}

func compare(h *wire.ClientHello, p *Profile) Match {
	m := Match{Profile: p, Exact: true}
	for _, f := range features {
		a, b := f.of(h), f.of(p.Hello)
		a = a[:min(len(a), maxCompared)]
		more, less := without(a, b), without(b, a)
		m.Score += f.weight * jaccard(len(a), len(b), len(more), len(less))
		m.order += sameNeighbours(a, b) / float64(len(features))
		if d := difference(f.name, names(more, f.show), names(less, f.show)); d != "" {
			m.Differences = append(m.Differences, d)
		}
	}
	a, b := h.ALPN(), p.Hello.ALPN()
	a = a[:min(len(a), maxCompared)]
	more, less := without(a, b), without(b, a)
	m.Score += alpnWeight * jaccard(len(a), len(b), len(more), len(less))
	if d := difference("ALPN protocol", more, less); d != "" {
		m.Differences = append(m.Differences, d)
	}
	m.Exact = len(m.Differences) == 0
	if m.Exact {
		m.Score = 1
	}
	return m
}

// without lists what of a is not in b.
func without[T comparable](a, b []T) []T {
	var out []T
	for _, v := range a {
		if !slices.Contains(b, v) {
			out = append(out, v)
		}
	}
	return out
}

// jaccard is the size of what is in both over that of what is in either. Two
// empty lists are the same.
func jaccard(a, b, more, less int) float64 {
	shared := a - more
	if either := max(shared, b-less) + more + less; either > 0 {
		return float64(shared) / float64(either)
	}
	return 1
}

func sameNeighbours(a, b []uint16) float64 {
	if len(a) < 2 {
		return 1
	}
	same := 0
	for i := 1; i < len(a); i++ {
		if j := slices.Index(b, a[i-1]); j >= 0 && j+1 < len(b) && b[j+1] == a[i] {
			same++
		}
	}
	return float64(same) / float64(len(a)-1)
}

func names(list []uint16, show func(uint16) string) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = show(v)
	}
	return out
}

// difference is "1 suite more (X), 2 fewer (Y, Z)", or "" for none.
func difference(what string, more, less []string) string {
	part := func(list []string, word string) string {
		plural := "s"
		if len(list) == 1 {
			plural = ""
		}
		shown := strings.Join(list[:min(len(list), 3)], ", ")
		if len(list) > 3 {
			shown += ", …"
		}
		return fmt.Sprintf("%d %s%s %s (%s)", len(list), what, plural, word, shown)
	}
	var parts []string
	if len(more) > 0 {
		parts = append(parts, part(more, "more"))
	}
	if len(less) > 0 {
		parts = append(parts, part(less, "fewer"))
	}
	return strings.Join(parts, ", ")
}
