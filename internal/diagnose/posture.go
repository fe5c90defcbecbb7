package diagnose

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// posture is what the fan told of the server as a whole.
type posture struct {
	versions map[wire.Version]transcript.Tri
	// weak and broken name a suite of those lists that was accepted, with the
	// attempt that shows it.
	weak, broken        wire.CipherSuite
	weakID, brokenID    string
	hybrid              transcript.Tri
	hybridID, classicID string
	versionID           map[wire.Version]string
}

// readPosture takes from the answers to the fan and to the client's own hello
// what they say of the server.
func readPosture(base *transcript.Transcript, ts []*transcript.Transcript) posture {
	p := posture{versions: map[wire.Version]transcript.Tri{}, versionID: map[wire.Version]string{}}
	see := func(t *transcript.Transcript) {
		if v := t.Version(); v != 0 && t.Outcome.Reached >= transcript.ReachedHello {
			p.versions[v] = transcript.Yes
			if p.versionID[v] == "" {
				p.versionID[v] = t.ID
			}
		}
	}
	if base != nil {
		see(base)
		// A server that has TLS 1.3 takes it where it is offered; one of OpenSSL 1.0 answers a hello of TLS 1.3 alone with
		// handshake_failure, which tells less.
		if hs := base.Attempt.Handshake; answered(base) && base.Version() < wire.VersionTLS13 && hs != nil && hs.Hello != nil && hs.Hello.OffersVersion(wire.VersionTLS13) {
			p.versions[wire.VersionTLS13] = transcript.No
		}
	}
	for i, f := range fan() {
		if i >= len(ts) || ts[i] == nil {
			continue
		}
		t := ts[i]
		see(t)
		// A clear refusal says that the version is off. Silence may be anything.
		if f.version != 0 && !answered(t) && t.Outcome.Kind == transcript.AlertReceived && p.versions[f.version] == transcript.Unknown && isAlert(t, wire.AlertProtocolVersion) {
			p.versions[f.version] = transcript.No
		}
		// A server takes the newest that it has of what is offered (RFC 5246, Appendix E.1).
		if v := t.Version(); f.version != 0 && answered(t) && v != 0 {
			for v++; v <= f.version; v++ {
				if p.versions[v] == transcript.Unknown {
					p.versions[v] = transcript.No
				}
			}
		}
		switch {
		case f.version == 0 && answered(t) && t.Server != nil:
			if info, _ := t.Server.CipherSuite.Info(); info.Null || info.Anonymous || info.Export {
				p.broken, p.brokenID = t.Server.CipherSuite, t.ID
			} else {
				p.weak, p.weakID = t.Server.CipherSuite, t.ID
			}
		case i == 0:
			p.classicID = t.ID
		case i == 1 && ts[0] != nil && answered(ts[0]):
			p.hybridID = t.ID
			if answered(t) {
				p.hybrid = transcript.Yes
			} else if cutShort(t) {
				p.hybrid = transcript.No
			}
		}
	}
	return p
}

// postureFindings are what works today and will hurt. They are made of
// observations, and never stop the client.
func (s *session) postureFindings() {
	p := s.posture
	warn := func(id cause.ID, detail, evidence string) {
		f := finding(id, report.Proved, detail, evidence)
		f.Blocking = false
		s.add(observed(f, detail, evidence))
	}
	var old []string
	var oldID string
	for v := wire.VersionSSL30; v <= wire.VersionTLS11; v++ {
		if p.versions[v] == transcript.Yes {
			old = append(old, v.String())
			oldID = p.versionID[v]
		}
	}
	modern := p.versions[wire.VersionTLS12] == transcript.Yes || p.versions[wire.VersionTLS13] == transcript.Yes
	if len(old) > 0 && modern {
		warn(cause.ObsoleteProtocolEnabled, fmt.Sprintf("The server still accepts %s.", andList(old)), oldID)
	}
	if p.versions[wire.VersionTLS12] == transcript.Yes && p.versions[wire.VersionTLS13] == transcript.No {
		warn(cause.TLS13Missing, "The server does not offer TLS 1.3.", p.versionID[wire.VersionTLS12])
	}
	if p.weakID != "" || p.brokenID != "" {
		suite, id := p.weak, p.weakID
		if p.brokenID != "" {
			suite, id = p.broken, p.brokenID
		}
		warn(cause.WeakSuitesEnabled, fmt.Sprintf("The server accepts %s from a client that offers nothing better.", suite), id)
	}
	if p.hybrid == transcript.No && s.primary != nil && answered(s.primary) {
		f := finding(cause.LargeHelloDropped, report.Likely, "A hello with a post-quantum key share, as current browsers send it, gets no answer; a small one does: what does not fit one segment is dropped here.", p.hybridID, p.classicID)
		f.Blocking = false
		f.Alternatives = []report.Alternative{{Cause: cause.VersionIntolerant, Decides: decides(cause.LargeHelloDropped, cause.VersionIntolerant)}}
		s.add(f)
	}
}

// hybridAlone tries the hello with the hybrid share once more, alone, if it was
// cut among the others: that a device drops it is no conclusion from one
// connection of nine. It returns the cut attempt if the server does answer.
func (s *session) hybridAlone(ctx context.Context, addr netip.AddrPort, fan []*transcript.Transcript) *transcript.Transcript {
	i := slices.IndexFunc(fan, func(t *transcript.Transcript) bool { return t != nil && t.ID == s.posture.hybridID })
	if s.posture.hybrid != transcript.No || s.o.Gentle || i < 0 {
		return nil
	}
	// Twice, since of two servers that take turns one may be the bad one.
	for range 2 {
		t := s.run(ctx, s.attempt("alone: "+fan[i].Attempt.Purpose, addr, fan[i].Attempt.Handshake.Hello))
		switch {
		case answered(t):
			s.posture.hybrid, s.posture.hybridID = transcript.Yes, t.ID
			return fan[i]
		case cutShort(t):
			s.posture.hybridID = t.ID
		default:
			s.posture.hybrid = transcript.Unknown
			return nil
		}
	}
	return nil
}
