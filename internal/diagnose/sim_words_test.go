package diagnose

import (
	"strings"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// told makes a change of a hello by its words, as a reader of the report would.
// s is the server, for words that mean all that servers have.
func told(t tester, h *wire.ClientHello, words string, s *simServer) remedy {
	t.Helper()
	dim, what, _ := strings.Cut(words, ": ")
	offered, offers := strings.CutPrefix(what, "offer ")
	list := strings.Split(offered, ", ")
	switch {
	case words == "versions: offer TLS 1.2 at most":
		return remedy{dim: dimVersions, apply: onlyOld}
	case dim == "versions" && offers:
		v, ok := wire.ParseVersion(offered)
		if !ok {
			t.Fatalf("%q names no version", words)
		}
		return remedy{dim: dimVersions, apply: func(h *wire.ClientHello) { alsoVersion(h, v) }}
	case dim == "suites" && strings.HasPrefix(offered, "every"):
		return remedy{dim: dimSuites, apply: func(h *wire.ClientHello) { h.CipherSuites = union(h.CipherSuites, s.suites) }}
	case dim == "suites" && offers:
		add := read(t, list, wire.ParseCipherSuite)
		return remedy{dim: dimSuites, apply: func(h *wire.ClientHello) { h.CipherSuites = union(h.CipherSuites, add) }}
	case dim == "groups" && strings.HasPrefix(offered, "every"):
		return remedy{dim: dimGroups, apply: func(h *wire.ClientHello) { h.Set(wire.SupportedGroupsExt(union(h.SupportedGroups(), s.groups)...)) }}
	case dim == "groups" && offers:
		add := read(t, list, wire.ParseGroup)
		return remedy{dim: dimGroups, apply: func(h *wire.ClientHello) { h.Set(wire.SupportedGroupsExt(union(h.SupportedGroups(), add)...)) }}
	case dim == "groups":
		return remedy{dim: dimGroups, apply: noBigShares}
	case dim == "signature algorithms" && strings.HasPrefix(offered, "every"):
		return remedy{dim: dimSchemes, apply: func(h *wire.ClientHello) {
			h.Set(wire.SignatureAlgorithmsExt(union(h.SignatureAlgorithms(), s.schemes)...))
		}}
	case dim == "signature algorithms" && offers:
		add := read(t, list, wire.ParseSignatureScheme)
		return remedy{dim: dimSchemes, apply: func(h *wire.ClientHello) { h.Set(wire.SignatureAlgorithmsExt(union(h.SignatureAlgorithms(), add)...)) }}
	case dim == "alpn":
		return remedy{dim: dimALPN, apply: func(h *wire.ClientHello) { h.Remove(wire.ExtALPN) }}
	case dim == "size":
		return remedy{dimSize, noBigShares, true}
	case dim == "extensions" && strings.Contains(what, "RFC 8701"):
		return remedy{dim: dimExtensions, apply: noGREASE}
	case dim == "extensions":
		return remedy{dim: dimExtensions, apply: onlyNeeded}
	}
	t.Fatalf("nobody knows what to do about %q", words)
	return remedy{}
}

func read[T any](t tester, names []string, parse func(string) (T, bool)) []T {
	t.Helper()
	var out []T
	for _, n := range names {
		v, ok := parse(n)
		if !ok {
			t.Fatalf("%q is no name", n)
		}
		out = append(out, v)
	}
	return out
}

// helps follows every way out that a report names and asks the model whether it
// leads out: the set of all changes proved, and each set of either.
func (x examined) helps(t tester, e *simEnd, h *wire.ClientHello) {
	t.Helper()
	sets := [][]string{{}}
	for _, f := range x.Findings {
		if !f.Blocking {
			continue
		}
		if p := f.Proof; p != nil && p.Kind == "handshake" {
			sets[0] = append(sets[0], p.Change)
		}
		sets = append(sets, f.Either...)
	}
	for _, set := range sets {
		var rs []remedy
		for _, words := range set {
			rs = append(rs, told(t, h, words, e.server))
		}
		if len(rs) > 0 && !e.passes(cured(h, rs...)) {
			t.Errorf("%v are made, and the server still does not answer", set)
		}
	}
}
