package diagnose

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// putBack goes the other way round, from an answered hello of the fan to the
// client's: each dimension of the client's is put into it, and what breaks it is
// to blame.
func (s *session) putBack(ctx context.Context, addr netip.AddrPort, base, control *transcript.Transcript, fan []*transcript.Transcript) bool {
	c := base.Attempt.Handshake.Hello
	ref := easiest(c, fan)
	if ref == nil {
		return false
	}
	r := ref.Attempt.Handshake.Hello
	var plan [][]change
	for _, d := range []dimension{dimVersions, dimSize, dimExtensions, dimSuites, dimGroups, dimSchemes, dimALPN} {
		if ch, differs := takeFrom(c, r, d); differs {
			plan = append(plan, []change{ch})
		}
	}
	refAgain, done := s.experiments(ctx, addr, r, plan)
	if !answered(refAgain) {
		return s.unsteady(ctx, addr, ref, refAgain)
	}
	for _, e := range done {
		if e.ok() {
			continue
		}
		// The reference gets through, with this of the client's it does not.
		ch := e.changes[0]
		ch.removes = ch.dim != dimVersions || c.OffersVersion(refAgain.Version())
		ch.value = instead(ch.dim, c, refAgain)
		f := s.negotiationFinding(flip{a: e.t, b: refAgain, change: ch, seen: 1, extra: []string{base.ID, control.ID, ref.ID}}, nil)
		f.Confidence = report.Likely
		f.Proof = nil
		f.Detail += " A maximal hello gets through and fails once it takes this from the client; more than this stands in the client's way, so the change alone does not prove it."
		s.add(f)
		return true
	}
	return false
}

// instead names what the server took where the client's hello c has what it does
// not take, or that of c, by what the sentence about the dimension speaks of.
func instead(d dimension, c *wire.ClientHello, t *transcript.Transcript) string {
	switch d {
	case dimVersions:
		return t.Version().String()
	case dimSuites:
		return suiteOf(t)
	case dimGroups:
		return t.Group.String()
	case dimSchemes:
		return t.Signature.String()
	case dimALPN:
		return strings.Join(c.ALPN(), ", ")
	case dimExtensions:
		return dropExtensions(c).value
	}
	return ""
}

// takeFrom is the change that makes dimension d of a hello like that of c, and
// whether r differs from c in it.
func takeFrom(c, r *wire.ClientHello, d dimension) (change, bool) {
	ch := change{dim: d, key: "take " + d.String(), text: d.String() + ": as the client has them"}
	copyExt := func(t wire.ExtensionType) func(*wire.ClientHello) {
		return func(h *wire.ClientHello) {
			if data, ok := c.Extension(t); ok {
				h.Set(wire.Extension{Type: t, Data: data})
			} else {
				h.Remove(t)
			}
		}
	}
	switch d {
	case dimVersions:
		ch.apply = func(h *wire.ClientHello) {
			switch {
			case c.OffersVersion(wire.VersionTLS13) && !h.OffersVersion(wire.VersionTLS13):
				addVersion(h, wire.VersionTLS13)
			case !c.OffersVersion(wire.VersionTLS13) && h.OffersVersion(wire.VersionTLS13):
				dropTLS13().apply(h)
			}
			h.LegacyVersion = c.LegacyVersion
			copyExt(wire.ExtSupportedVersions)(h)
		}
		return ch, !slices.Equal(c.SupportedVersions(), r.SupportedVersions())
	case dimSuites:
		ch.apply = func(h *wire.ClientHello) { h.CipherSuites = slices.Clone(c.CipherSuites) }
		return ch, !slices.Equal(c.CipherSuites, r.CipherSuites)
	case dimGroups:
		ch.apply = func(h *wire.ClientHello) {
			copyExt(wire.ExtSupportedGroups)(h)
			if h.OffersVersion(wire.VersionTLS13) && c.OffersVersion(wire.VersionTLS13) {
				copyExt(wire.ExtKeyShare)(h)
			}
		}
		return ch, !slices.Equal(c.SupportedGroups(), r.SupportedGroups())
	case dimSchemes:
		ch.apply = copyExt(wire.ExtSignatureAlgorithms)
		return ch, !slices.Equal(c.SignatureAlgorithms(), r.SignatureAlgorithms())
	case dimALPN:
		ch.apply = copyExt(wire.ExtALPN)
		return ch, !slices.Equal(c.ALPN(), r.ALPN())
	case dimSize:
		size := sentSize(c)
		return resize(size), r.Extensions != nil && size > sentSize(r)
	case dimExtensions:
		ch.apply = func(h *wire.ClientHello) {
			for _, e := range c.Extensions {
				if !coreExtension(e.Type) && (h.OffersVersion(wire.VersionTLS13) || e.Type != wire.ExtCompressCertificate) {
					h.Set(e)
				}
			}
		}
		return ch, r.Extensions != nil && slices.ContainsFunc(c.Extensions, func(e wire.Extension) bool {
			_, has := r.Extension(e.Type)
			return !coreExtension(e.Type) && !has
		})
	}
	return ch, false
}
