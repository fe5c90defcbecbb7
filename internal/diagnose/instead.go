package diagnose

import (
	"fmt"
	"slices"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/client"
	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// instead fills in what the server would have to let in where it is the client
// that has to act, and whom that would admit besides: the catalogue's texts weigh
// it.
func (s *session) instead(f *report.Finding) {
	if f.Side != cause.SideClient || s.primary == nil || s.primary.Attempt.Handshake == nil || s.primary.Attempt.Handshake.Hello == nil {
		return
	}
	h := s.primary.Attempt.Handshake.Hello
	switch f.Cause {
	case cause.NoSharedVersion, cause.ClientTooOld:
		newest := slices.Max(append(realVersions(h), 0))
		if newest == 0 {
			return
		}
		f.Values["letting"] = newest.String()
		if f.Cause == cause.NoSharedVersion {
			taken := s.oldestTaken(f)
			f.Values["admits"], f.Values["taken"] = s.admitted(newest, taken), taken.String()
		}
	case cause.NoSharedCipher:
		for _, c := range h.CipherSuites {
			if !wire.IsGREASE(uint16(c)) && c.OpenSSLName() != "" {
				f.Values["letting"] = c.String()
				return
			}
		}
	case cause.NoSharedGroup:
		if groups := realGroups(h.SupportedGroups()); len(groups) > 0 {
			f.Values["letting"] = groups[0].String()
		}
	}
}

// oldestTaken is the oldest version that the server is known to take.
func (s *session) oldestTaken(f *report.Finding) wire.Version {
	oldest, _ := wire.ParseVersion(f.Values["version"])
	for v, taken := range s.posture.versions {
		if taken == transcript.Yes && (oldest == 0 || v < oldest) {
			oldest = v
		}
	}
	return oldest
}

// admitted counts the other known clients that offer and complete a version, and
// nothing as new as what the server takes.
func (s *session) admitted(let, taken wire.Version) string {
	n := 0
	for _, p := range client.All() {
		versions := realVersions(p.Hello)
		if p.ID != s.profile.ID && slices.Contains(versions, let) && slices.Max(versions) < taken && p.Policy.MinVersion <= let {
			n++
		}
	}
	switch n {
	case 0:
		return "no other client that is known here"
	case 1:
		return "1 more known client"
	}
	return fmt.Sprintf("%d more known clients", n)
}

// realVersions are those that a hello offers, without GREASE.
func realVersions(h *wire.ClientHello) []wire.Version {
	return slices.DeleteFunc(slices.Clone(offeredVersions(h)), func(v wire.Version) bool { return wire.IsGREASE(uint16(v)) })
}
