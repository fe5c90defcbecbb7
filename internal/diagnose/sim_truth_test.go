package diagnose

import (
	"slices"

	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// What would help a hello, by asking the model and not the code under test.

// passes says whether an endpoint answers a hello with what it offers.
func (e *simEnd) passes(h *wire.ClientHello) bool {
	fresh := freshHello(h, "truth")
	seen := onTheWire(&transcript.Handshake{}, fresh)
	for _, b := range e.boxes {
		if b.minds(seen) {
			return false
		}
	}
	d, f := e.server.negotiate(fresh)
	return f == nil && fresh.OffersVersion(d.version)
}

// remedy is one way to make a hello better for a server in one dimension.
type remedy struct {
	dim   dimension
	apply func(*wire.ClientHello)
	// shrinks: the hello may get smaller by it.
	shrinks bool
}

// stumble is something in a hello that an endpoint breaks at, with what helps.
type stumble struct {
	over func(*wire.ClientHello) bool
	remedy
}

// stumbles are what servers and devices were seen to break at, by name.
var stumbles = map[string]stumble{
	"TLS 1.3":        {func(h *wire.ClientHello) bool { return h.OffersVersion(wire.VersionTLS13) }, remedy{dim: dimVersions, apply: onlyOld}},
	"session_ticket": {func(h *wire.ClientHello) bool { _, has := h.Extension(wire.ExtSessionTicket); return has }, remedy{dim: dimExtensions, apply: onlyNeeded}},
	"GREASE":         {func(h *wire.ClientHello) bool { return countGREASE(h) > 0 }, remedy{dim: dimExtensions, apply: noGREASE}},
	"hybrid shares":  {func(h *wire.ClientHello) bool { return slices.ContainsFunc(h.KeyShares(), bigShare) }, remedy{dim: dimGroups, apply: noBigShares}},
	"large hellos":   {func(h *wire.ClientHello) bool { return h.Size() > 1400 }, remedy{dimSize, noBigShares, true}},
}

// remedies are all there are for a hello and an endpoint.
func remedies(h *wire.ClientHello, e *simEnd) []remedy {
	var out []remedy
	s := e.server
	add := func(d dimension, apply func(*wire.ClientHello)) { out = append(out, remedy{dim: d, apply: apply}) }
	for _, v := range s.versions {
		if !h.OffersVersion(v) {
			add(dimVersions, func(h *wire.ClientHello) { alsoVersion(h, v) })
		}
	}
	add(dimSuites, func(h *wire.ClientHello) { h.CipherSuites = union(h.CipherSuites, s.suites) })
	if h.SupportedGroups() != nil {
		add(dimGroups, func(h *wire.ClientHello) { h.Set(wire.SupportedGroupsExt(union(h.SupportedGroups(), s.groups)...)) })
	}
	if h.SignatureAlgorithms() != nil {
		add(dimSchemes, func(h *wire.ClientHello) {
			h.Set(wire.SignatureAlgorithmsExt(union(h.SignatureAlgorithms(), s.schemes)...))
		})
	}
	if h.ALPN() != nil {
		add(dimALPN, func(h *wire.ClientHello) { h.Remove(wire.ExtALPN) })
	}
	// What a server stumbles over has to go; all else may stay.
	if over, any := stumbles[e.stumbles]; any && over.over(h) {
		out = append(out, over.remedy)
	}
	return out
}

func union[T comparable](a, b []T) []T {
	out := slices.Clone(a)
	for _, x := range b {
		if !slices.Contains(out, x) {
			out = append(out, x)
		}
	}
	return out
}

// alsoVersion offers a version with what belongs to it.
func alsoVersion(h *wire.ClientHello, v wire.Version) {
	versions := h.SupportedVersions()
	_, listed := h.Extension(wire.ExtSupportedVersions)
	if !listed {
		versions = []wire.Version{wire.VersionTLS12, wire.VersionTLS11, wire.VersionTLS10}
		versions = slices.DeleteFunc(versions, func(v wire.Version) bool { return v > h.LegacyVersion })
	}
	switch {
	case v >= wire.VersionTLS13:
		if h.Extensions == nil {
			h.Extensions = []wire.Extension{}
		}
		h.LegacyVersion, h.SessionID = wire.VersionTLS12, make([]byte, 32)
		h.CipherSuites = union(h.CipherSuites, []wire.CipherSuite{wire.TLS_AES_128_GCM_SHA256, wire.TLS_AES_256_GCM_SHA384, wire.TLS_CHACHA20_POLY1305_SHA256})
		h.Set(wire.SupportedVersionsExt(append([]wire.Version{v}, versions...)...))
		h.Set(wire.SupportedGroupsExt(union(h.SupportedGroups(), []wire.Group{wire.GroupX25519, wire.GroupSecp256r1})...))
		h.Set(wire.SignatureAlgorithmsExt(union(h.SignatureAlgorithms(), []wire.SignatureScheme{
			wire.SigECDSASecp256r1SHA256, wire.SigECDSASecp384r1SHA384, wire.SigRSAPSSRSAESHA256, wire.SigRSAPSSRSAESHA384, wire.SigRSAPSSRSAESHA512, wire.SigRSAPKCS1SHA256,
		})...))
		h.Set(wire.PSKModesExt(1))
		h.Set(wire.KeyShareExt(wire.KeyShare{Group: wire.GroupX25519}, wire.KeyShare{Group: wire.GroupSecp256r1}))
		return
	case listed:
		h.Set(wire.SupportedVersionsExt(union(versions, []wire.Version{v})...))
	default:
		h.LegacyVersion = max(h.LegacyVersion, v)
	}
	if _, has := h.Extension(wire.ExtSignatureAlgorithms); v == wire.VersionTLS12 && !has && h.Extensions != nil {
		h.Set(wire.SignatureAlgorithmsExt(wire.SigECDSASecp256r1SHA256, wire.SigRSAPSSRSAESHA256, wire.SigRSAPKCS1SHA256,
			wire.SigECDSASecp384r1SHA384, wire.SigRSAPKCS1SHA384, wire.SigRSAPKCS1SHA512, wire.SigRSAPKCS1SHA1, wire.SigECDSASHA1))
	}
}

// onlyOld stops at TLS 1.2.
func onlyOld(h *wire.ClientHello) {
	for _, t := range []wire.ExtensionType{wire.ExtSupportedVersions, wire.ExtKeyShare, wire.ExtPSKKeyExchangeModes} {
		h.Remove(t)
	}
}

func bigShare(k wire.KeyShare) bool { return isBig(k.Group) }

func isBig(g wire.Group) bool {
	switch g {
	case wire.GroupX25519MLKEM768, wire.GroupSecP256r1MLKEM768, wire.GroupSecP384r1MLKEM1024, wire.GroupX25519Kyber768Draft00:
		return true
	}
	return false
}

func noBigShares(h *wire.ClientHello) {
	h.Set(wire.SupportedGroupsExt(slices.DeleteFunc(h.SupportedGroups(), isBig)...))
	h.Set(wire.KeyShareExt(slices.DeleteFunc(h.KeyShares(), bigShare)...))
}

// oldExtensions are known to servers of TLS 1.2 and to all that came after.
func isKnownToAll(t wire.ExtensionType) bool {
	switch t {
	case wire.ExtServerName, wire.ExtSupportedGroups, wire.ExtECPointFormats, wire.ExtSignatureAlgorithms, wire.ExtALPN, wire.ExtSupportedVersions,
		wire.ExtKeyShare, wire.ExtPSKKeyExchangeModes, wire.ExtRenegotiationInfo, wire.ExtPadding:
		return true
	}
	return false
}

func onlyNeeded(h *wire.ClientHello) {
	h.Extensions = slices.DeleteFunc(h.Extensions, func(e wire.Extension) bool { return !isKnownToAll(e.Type) })
}

func noGREASE(h *wire.ClientHello) {
	h.CipherSuites = slices.DeleteFunc(h.CipherSuites, func(s wire.CipherSuite) bool { return wire.IsGREASE(uint16(s)) })
	h.Extensions = slices.DeleteFunc(h.Extensions, func(e wire.Extension) bool { return wire.IsGREASE(uint16(e.Type)) })
	if g := h.SupportedGroups(); g != nil {
		h.Set(wire.SupportedGroupsExt(slices.DeleteFunc(g, func(g wire.Group) bool { return wire.IsGREASE(uint16(g)) })...))
	}
	if k := h.KeyShares(); k != nil {
		h.Set(wire.KeyShareExt(slices.DeleteFunc(k, func(k wire.KeyShare) bool { return wire.IsGREASE(uint16(k.Group)) })...))
	}
	if _, ok := h.Extension(wire.ExtSupportedVersions); ok {
		h.Set(wire.SupportedVersionsExt(h.SupportedVersions()...))
	}
}

// cured makes remedies on a copy, of the same size where that is not their point.
func cured(h *wire.ClientHello, rs ...remedy) *wire.ClientHello {
	c := h.Clone()
	shrinks := false
	for _, r := range rs {
		r.apply(c)
		shrinks = shrinks || r.shrinks
	}
	size := func(h *wire.ClientHello) int { return freshHello(h, "size").Size() }
	if missing := size(h) - size(c); !shrinks && missing > 0 {
		c.PadTo(c.Size() + missing)
	}
	return c
}

// sufficient are the smallest sets of dimensions that make an endpoint answer a
// hello, each dimension by one remedy: of one, else of two, else of three.
func sufficient(e *simEnd, h *wire.ClientHello) [][]dimension {
	all := remedies(h, e)
	var out [][]dimension
	var grow func(from int, chosen []remedy, n int)
	grow = func(from int, chosen []remedy, n int) {
		if n == 0 {
			if e.passes(cured(h, chosen...)) {
				var ds []dimension
				for _, r := range chosen {
					ds = append(ds, r.dim)
				}
				slices.Sort(ds)
				if !slices.ContainsFunc(out, func(o []dimension) bool { return slices.Equal(o, ds) }) {
					out = append(out, ds)
				}
			}
			return
		}
		for i := from; i < len(all); i++ {
			if slices.ContainsFunc(chosen, func(r remedy) bool { return r.dim == all[i].dim }) {
				continue
			}
			grow(i+1, append(slices.Clone(chosen), all[i]), n-1)
		}
	}
	for n := 1; n <= 3 && len(out) == 0; n++ {
		grow(0, nil, n)
	}
	slices.SortFunc(out, func(a, b []dimension) int { return slices.Compare(a, b) })
	return out
}
