package diagnose

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// ladder tells of each step how far the client got.
func (s *session) ladder(r *report.Report) []report.Rung {
	root := r.Root()
	broke := cause.StepSecure + 1
	if root != nil {
		broke = root.Step
	} else if r.Verdict == report.Unknown {
		broke = r.Step
	}
	var out []report.Rung
	for _, step := range cause.Steps() {
		rung := report.Rung{Step: step, State: "passed", Text: s.rungText(step)}
		switch {
		case step == broke:
			rung.State = "failed"
			if root != nil {
				rung.Text = root.Title
			}
			if step == cause.StepVersion && root != nil && root.Cause == cause.NoSharedVersion {
				rung.Text = s.versionText()
			}
		case step > broke:
			rung.State, rung.Text = "not-reached", ""
			for d, text := range s.walls {
				if d.step() == step {
					rung.State, rung.Text = "wall", "next wall: "+text
				}
			}
			if i := slices.IndexFunc(r.Findings, func(f report.Finding) bool { return f.Blocking && f.Step == step }); i >= 0 {
				rung.State, rung.Text = "wall", "next wall: "+r.Findings[i].Title
			}
		default:
			if i := slices.IndexFunc(r.Findings, func(f report.Finding) bool { return !f.Blocking && f.Step == step }); i >= 0 {
				rung.State = "warn"
			}
		}
		out = append(out, rung)
	}
	return out
}

func (s *session) versionText() string {
	offers := "none"
	if s.primary != nil && s.primary.Attempt.Handshake != nil && s.primary.Attempt.Handshake.Hello != nil {
		offers = rangeOf(offeredVersions(s.primary.Attempt.Handshake.Hello))
	}
	var takes []string
	for v := wire.VersionTLS13; v >= wire.VersionSSL30; v-- {
		if s.posture.versions[v] == transcript.Yes {
			takes = append(takes, v.String())
		}
	}
	slices.Reverse(takes)
	if len(takes) == 0 {
		return "client: " + offers
	}
	return fmt.Sprintf("client: %s      server: %s", offers, andList(takes))
}

// inMilliseconds writes a round trip the way ping does: "0.4 ms", "31 ms".
func inMilliseconds(d time.Duration) string {
	ms := float64(d) / float64(time.Millisecond)
	if ms < 10 {
		return fmt.Sprintf("%.1f ms", ms)
	}
	return fmt.Sprintf("%.0f ms", ms)
}

// rungText is what a passed step came to.
func (s *session) rungText(step cause.Step) string {
	t := s.primary
	if t == nil {
		return ""
	}
	switch step {
	case cause.StepConnect:
		if a := t.Attempt.Handshake; a != nil && a.Address.Addr().IsValid() && t.Outcome.Reached >= transcript.ReachedConnected {
			return fmt.Sprintf("%s, %s", a.Address.Addr(), inMilliseconds(t.Times.Connect))
		}
	case cause.StepVersion:
		if v := t.Version(); v != 0 {
			return v.String()
		}
	case cause.StepCipher:
		if t.Server == nil {
			return ""
		}
		parts := []string{t.Server.CipherSuite.String()}
		if t.Group != 0 {
			parts = append(parts, t.Group.String())
		}
		if p := t.ALPN(); p != "" {
			parts = append(parts, p)
		}
		return strings.Join(parts, ", ")
	case cause.StepCertificate:
		if c := s.parsed(t); len(c) > 0 {
			return fmt.Sprintf("%s, issued by %s", c[0].Subject.Short(), c[0].Issuer.Short())
		}
	case cause.StepVerify:
		if c := s.parsed(t); len(c) > 0 {
			days := int(c[0].NotAfter.Sub(s.at()).Hours() / 24)
			return fmt.Sprintf("valid until %s, %d days", c[0].NotAfter.UTC().Format("2006-01-02"), days)
		}
	case cause.StepKeys:
		if len(t.CertificateRequests) > 0 {
			if t.CertificateRequests[0].Answered {
				return "client certificate accepted"
			}
			return "client certificate asked for, not needed"
		}
	case cause.StepSecure:
		if t.Response != nil {
			return fmt.Sprintf("%s %d", t.Response.Proto, t.Response.Status)
		}
	}
	return ""
}

// checklist fills the points of the catalogue's checklist from what was seen.
func (s *session) checklist(r *report.Report) []report.CheckItem {
	out := []report.CheckItem{}
	for _, item := range cause.Checklist() {
		state, evidence := s.checkPoint(item.ID, r)
		if evidence == nil {
			evidence = []string{}
		}
		out = append(out, report.CheckItem{ID: item.ID, State: state, Evidence: evidence})
	}
	return out
}

func yesNo(t transcript.Tri) string {
	switch t {
	case transcript.Yes:
		return "yes"
	case transcript.No:
		return "no"
	}
	return "unknown"
}

// checkPoint answers one point: yes, no, unknown or n/a, and the evidence.
func (s *session) checkPoint(id string, r *report.Report) (string, []string) {
	has := func(ids ...cause.ID) (report.Finding, bool) {
		i := slices.IndexFunc(r.Findings, func(f report.Finding) bool { return slices.Contains(ids, f.Cause) })
		if i < 0 {
			return report.Finding{}, false
		}
		return r.Findings[i], true
	}
	// absent is yes where a certificate was seen and none of the causes was found.
	absent := func(ids ...cause.ID) (string, []string) {
		if f, ok := has(ids...); ok {
			return "no", f.Evidence
		}
		if s.primary == nil || len(s.primary.Certificates) == 0 {
			return "unknown", nil
		}
		return "yes", []string{s.primary.ID}
	}
	version := func(v wire.Version) (string, []string) {
		if ev := s.posture.versionID[v]; ev != "" {
			return "yes", []string{ev}
		}
		return yesNo(s.posture.versions[v]), nil
	}
	switch id {
	case "exact-hostname":
		if s.target.IsAddress() {
			return "no", nil
		}
		return "yes", nil
	case "dns-expected":
		return s.dnsExpected(r)
	case "covers-hostname":
		return absent(cause.HostnameMismatch, cause.WrongCertificate, cause.CNOnly, cause.SNIRequired)
	case "chain-complete":
		return absent(cause.IncompleteChain, cause.WrongChainOrder, cause.ExpiredIntermediate, cause.UntrustedRoot, cause.SelfSigned)
	case "not-expired":
		return absent(cause.Expired, cause.NotYetValid, cause.ExpiredIntermediate)
	case "tls12-enabled":
		return version(wire.VersionTLS12)
	case "tls13-enabled":
		return version(wire.VersionTLS13)
	case "obsolete-not-required":
		if s.posture.versions[wire.VersionTLS12] == transcript.Yes || s.posture.versions[wire.VersionTLS13] == transcript.Yes {
			return "yes", nil
		}
		for v := wire.VersionSSL30; v <= wire.VersionTLS11; v++ {
			if s.posture.versions[v] == transcript.Yes {
				return "no", []string{s.posture.versionID[v]}
			}
		}
		return "unknown", nil
	case "cipher-modern":
		if f, ok := has(cause.NoSharedCipher, cause.WeakSuitesEnabled, cause.WeakDH, cause.HTTP2InadequateSecurity); ok {
			return "no", f.Evidence
		}
		if s.primary == nil || s.primary.Server == nil {
			return "unknown", nil
		}
		return "yes", []string{s.primary.ID}
	case "sni-correct":
		if f, ok := has(cause.SNIRequired, cause.UnrecognizedName, cause.WrongCertificate, cause.SNIFiltered); ok {
			return "no", f.Evidence
		}
		if s.sni == "" {
			return "n/a", nil
		}
		return absent(cause.HostnameMismatch)
	case "no-interference":
		if f, ok := has(cause.TCPReset, cause.TCPTimeout, cause.RateLimited, cause.ProxyRefused, cause.ResetAfterHello, cause.SilentAfterHello, cause.SNIFiltered, cause.LargeHelloDropped, cause.ServerFlightDropped, cause.TLSInterception, cause.MalformedReply); ok {
			return "no", f.Evidence
		}
		if s.primary != nil && answered(s.primary) {
			return "yes", []string{s.primary.ID}
		}
		return "unknown", nil
	case "edge-cert-valid", "origin-cert-valid":
		// Which of the two this address is, path tells; check sees one endpoint.
		return "n/a", nil
	}
	return "unknown", nil // "logs-clean" and others that no handshake can tell
}

func (s *session) dnsExpected(r *report.Report) (string, []string) {
	if !s.o.ExpectAddress.IsValid() {
		return "unknown", nil
	}
	for _, a := range s.addresses {
		if !s.o.ExpectAddress.Contains(a.addr.Addr()) {
			return "no", []string{a.t.ID}
		}
	}
	if len(r.Addresses) == 0 {
		return "unknown", nil
	}
	return "yes", nil
}
