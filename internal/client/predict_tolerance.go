package client

import (
	"slices"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// segment is what fits the first segment of a hello on an Ethernet: 1500 bytes
// less the headers of IPv4 and of TCP with timestamps.
const segment = 1448

// trait is something unusual but legal of a hello.
type trait struct {
	has     bool
	fact    transcript.Tri
	cause   cause.ID
	setting string // what of the server is in the way
	hello   string // what of the hello
}

// intolerance says whether something of the hello is more than the server copes
// with. What is known is known at once; of what is unknown is asked at the end,
// where nothing else stops the client.
func (r *run) intolerance(unknown bool) *failure {
	for _, t := range r.traits() {
		if !t.has || (t.fact == transcript.Unknown) != unknown {
			continue
		}
		if !r.holds(t.fact, true, "whether the server copes with "+t.hello) {
			return stop(t.cause, t.setting, "the server does not answer hellos with %s, and this client's is one", t.hello)
		}
	}
	return nil
}

func (r *run) traits() []trait {
	h, tol := r.h, r.f.Features.Tolerates
	newest := slices.Max(append(slices.Clone(r.f.Versions), 0))
	shares := h.KeyShares()
	hybrid := tol.HybridShare
	if hybrid == transcript.Unknown && (tol.Large == transcript.No || tol.Large == transcript.Yes && tol.GREASE == transcript.Yes) {
		// Size says it already; or neither size nor shares of unknown groups, which
		// GREASE has too, are too much.
		hybrid = transcript.Yes
	}
	const fails = "no answer to hellos with "
	intolerant := func(has bool, fact transcript.Tri, what string) trait {
		return trait{has, fact, cause.VersionIntolerant, fails + what, what}
	}
	lost := func(has bool, fact transcript.Tri, what string) trait {
		return trait{has, fact, cause.LargeHelloDropped, fails + what, what}
	}
	return []trait{
		intolerant(r.p.RecordVersion >= wire.VersionTLS12, tol.RecordVersion, "records of version TLS 1.2 before it was agreed on"),
		// TLS 1.3 is as unheard of to an older server as TLS 1.4 would be.
		intolerant(newest > 0 && r.listsNewer(newest), tol.FutureVersion, "newer versions in supported_versions than its own"),
		intolerant(newest > 0 && h.LegacyVersion > newest && h.LegacyVersion > wire.VersionTLS12, tol.FutureLegacy, "a newer legacy_version than its own"),
		intolerant(hasGREASE(h.ClientHello), tol.GREASE, "reserved values (GREASE)"),
		intolerant(hasUnregistered(h.ClientHello), tol.UnknownExtension, "an extension that it does not know"),
		intolerant(h.OffersVersion(wire.VersionTLS13) && len(shares) == 0, tol.EmptyShares, "no key share"),
		// Without a version in common there is no telling, and nothing that extensions
		// would help.
		intolerant(len(h.Extensions) == 0 && slices.ContainsFunc(r.f.Versions, h.OffersVersion), tol.NoExtensions, "no extensions"),
		lost(h.size+recordHeader > segment, tol.Large, "more bytes than one segment holds"),
		lost(h.size >= 256 && h.size <= 511, tol.Medium, "256 to 511 bytes"),
		intolerant(slices.ContainsFunc(shares, func(s wire.KeyShare) bool { return s.Group.PostQuantum() }), hybrid, "a post-quantum key share"),
	}
}

const recordHeader = 5

// listsNewer: supported_versions holds what is newer than the server's newest,
// reserved values included.
func (r *run) listsNewer(newest wire.Version) bool {
	d, ok := r.h.Extension(wire.ExtSupportedVersions)
	if !ok || len(d) < 1 {
		return false
	}
	for d = d[1:]; len(d) >= 2; d = d[2:] {
		if wire.Version(d[0])<<8|wire.Version(d[1]) > newest {
			return true
		}
	}
	return false
}

// hasGREASE: RFC 8701.
func hasGREASE(h *wire.ClientHello) bool {
	return slices.ContainsFunc(h.CipherSuites, func(s wire.CipherSuite) bool { return wire.IsGREASE(uint16(s)) }) ||
		slices.ContainsFunc(h.Extensions, func(e wire.Extension) bool { return wire.IsGREASE(uint16(e.Type)) })
}

// hasUnregistered: an extension of no RFC, reserved values aside.
func hasUnregistered(h *wire.ClientHello) bool {
	return slices.ContainsFunc(h.Extensions, func(e wire.Extension) bool {
		switch e.Type {
		case wire.ExtApplicationSettings, wire.ExtApplicationSettingsOld, wire.ExtNextProtocolNegotiation, wire.ExtChannelID, wire.ExtChannelIDOld:
			return true
		}
		return false
	})
}
