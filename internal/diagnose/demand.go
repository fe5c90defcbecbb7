package diagnose

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/trust"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// demandsCertificate reports whether the handshake stands but the server makes
// the client feel that it wants a certificate, or another one: by an alert after
// Finished, by closing, or by an HTTP page for it.
func (s *session) demandsCertificate(t *transcript.Transcript) bool {
	if len(t.CertificateRequests) == 0 {
		return false
	}
	if _, late := lateAlert(t); late {
		return true
	}
	if t.Response == nil {
		// A server that closes or resets instead of answering, after it had asked.
		return t.Outcome.Kind == transcript.Reset || t.Outcome.Kind == transcript.Closed && s.asked(t)
	}
	return t.Response.WantsCertificate()
}

// asked says that a request was sent, so that silence means something.
func (s *session) asked(t *transcript.Transcript) bool {
	return t.Attempt.Handshake.Depth == transcript.DepthRequest && s.target.Service != ""
}

// keys explains why the server gave up after the client's second flight.
func (s *session) keys(_ context.Context, t *transcript.Transcript) {
	if n := len(t.CertificateRequests); n > 0 {
		s.mutualTLS(t, t.CertificateRequests[n-1])
		return
	}
	alert, hasAlert := t.ServerAlert()
	info, _ := wire.SuiteInfo{}, false
	if t.Server != nil {
		info, _ = t.Server.CipherSuite.Info()
	}
	if info.KeyExchange == wire.KXRSA && t.Outcome.Reached < transcript.ReachedFinished {
		// The server could not decrypt the premaster secret, or got it wrong and
		// fails at Finished (RFC 5246, Section 7.4.7.1).
		f := finding(cause.CertKeyMismatch, report.Likely, fmt.Sprintf("The server cannot use what was encrypted to the key of its certificate: after the RSA key exchange it %s.", afterFlight(t)), t.ID)
		f.Alternatives = append(f.Alternatives, report.Alternative{Cause: cause.ServerInternalError, Decides: "compare the modulus of the certificate with that of the key file on the server"})
		s.add(f)
		return
	}
	if hasAlert && (alert.Alert.Description == wire.AlertBadRecordMAC || alert.Alert.Description == wire.AlertDecryptError || alert.Alert.Description == wire.AlertDecodeError) {
		f := finding(cause.MalformedReply, report.Likely, fmt.Sprintf("The server cannot read the client's last messages (alert %d %s): something changes the bytes on their way, or one side computes other keys.", uint8(alert.Alert.Description), alert.Alert.Description), t.ID)
		f.Step = cause.StepKeys
		s.add(f)
		return
	}
	if t.Outcome.Kind == transcript.Silent {
		s.add(finding(cause.ServerFlightDropped, report.Likely, "The handshake stalls after the client's second flight: neither the server's Finished nor an alert comes.", t.ID))
		return
	}
	f := finding(cause.ServerInternalError, report.Likely, fmt.Sprintf("The server gives up after the key exchange: it %s.", afterFlight(t)), t.ID)
	f.Step = cause.StepKeys
	s.add(f)
}

// asksLate finds out whether a page is refused because the server could not ask
// for a client certificate: in TLS 1.3 it may do so after the handshake only if
// the hello says that it may (RFC 8446, Section 4.2.6), which no browser does.
func (s *session) asksLate(ctx context.Context, addr netip.AddrPort) bool {
	t := s.primary
	if t.Response == nil || t.Response.Status != 403 && t.Response.Status != 401 && t.Response.Status != 400 ||
		t.Version() < wire.VersionTLS13 || len(t.CertificateRequests) > 0 {
		return false
	}
	c := t.Attempt.Handshake.Hello
	if _, offers := c.Extension(wire.ExtPostHandshakeAuth); offers {
		return false
	}
	ch := change{
		dim: dimExtensions, key: "extensions+post_handshake_auth", text: "extensions: offer post_handshake_auth",
		apply: func(h *wire.ClientHello) { h.Set(wire.PostHandshakeAuthExt()) },
	}
	a := s.baseline("the client's hello that lets itself be asked later", addr)
	a.Handshake.Hello = with(c, ch)
	b := s.run(ctx, a)
	i := slices.IndexFunc(b.CertificateRequests, func(r transcript.CertificateRequest) bool { return r.Phase == transcript.PostHandshake })
	if i < 0 {
		return false
	}
	f := finding(cause.MTLSRequired, report.Proved, fmt.Sprintf("The server wants a client certificate for %s and asks for it only after the handshake, which %s does not allow in TLS 1.3: it answers with status %d. From a client that does allow it, it asks for one.%s", s.target.Path, s.who(), t.Response.Status, acceptable(authorities(b.CertificateRequests[i].Request))), t.ID, b.ID)
	f.Proof = &report.Proof{Kind: report.ByHandshake, Baseline: t.ID, Counterfactual: b.ID, Change: ch.text, Effect: "CertificateRequest after the handshake", Repeated: 1}
	s.add(f)
	return true
}

func afterFlight(t *transcript.Transcript) string {
	if a, ok := t.ServerAlert(); ok {
		return fmt.Sprintf("sends alert %d %s", uint8(a.Alert.Description), a.Alert.Description)
	}
	switch t.Outcome.Kind {
	case transcript.Reset:
		return "resets the connection"
	case transcript.Closed:
		return "closes the connection"
	case transcript.Silent:
		return "says nothing more"
	}
	if t.Response != nil {
		return fmt.Sprintf("answers with status %d", t.Response.Status)
	}
	return "ends the connection"
}

// mutualTLS tells a missing client certificate from a refused one.
func (s *session) mutualTLS(t *transcript.Transcript, req transcript.CertificateRequest) {
	names := authorities(req.Request)
	when := ""
	switch req.Phase {
	case transcript.Renegotiating:
		when = fmt.Sprintf(" It asks only once it has seen the request for %s (renegotiation).", s.target.Path)
	case transcript.PostHandshake:
		when = fmt.Sprintf(" It asks only once it has seen the request for %s (post-handshake authentication).", s.target.Path)
	}
	if req.Answered {
		f := finding(cause.MTLSCertRejected, report.Likely, fmt.Sprintf("The server asked for a client certificate, got one, and %s.%s%s", afterFlight(t), when, s.certificateTrouble(t, names)), t.ID)
		f.Side = cause.SideClient
		s.add(observed(f, "CertificateRequest, the client's certificate, then: "+afterFlight(t), t.ID))
		return
	}
	f := finding(cause.MTLSRequired, report.Likely, fmt.Sprintf("The server asks for a client certificate; without one it %s.%s%s", afterFlight(t), when, acceptable(names)), t.ID)
	conclusive := t.Response == nil || t.Response.WantsCertificate()
	if conclusive {
		f = observed(f, "CertificateRequest, an empty Certificate, then: "+afterFlight(t), t.ID)
	}
	s.add(f)
}

// authorities are the distinguished names of the CAs that the server accepts.
func authorities(r *wire.CertificateRequest) []string {
	if r == nil {
		return nil
	}
	var out []string
	for _, der := range r.Authorities {
		if n, err := trust.ParseName(der); err == nil {
			out = append(out, n.String())
		}
	}
	return out
}

func acceptable(names []string) string {
	switch n := len(names); {
	case n == 0:
		return " It names no acceptable CA."
	case n <= 3:
		return " Acceptable CAs: " + strings.Join(names, "; ") + "."
	default:
		return fmt.Sprintf(" It accepts %d CAs, among them %s.", n, strings.Join(names[:2], "; "))
	}
}

// certificateTrouble looks for what is wrong with the client's certificate as
// far as that can be seen from here.
func (s *session) certificateTrouble(t *transcript.Transcript, accepted []string) string {
	if s.o.Certificate == nil || len(s.o.Certificate.Chain) == 0 {
		return ""
	}
	leaf, err := trust.ParseCertificate(s.o.Certificate.Chain[0])
	if err != nil {
		return " The certificate that was sent cannot be read."
	}
	switch {
	case s.at().After(leaf.NotAfter):
		return " It expired on " + dateOf(leaf.NotAfter) + "."
	case s.at().Before(leaf.NotBefore):
		return " It is not valid before " + dateOf(leaf.NotBefore) + "."
	case len(accepted) > 0 && !slices.Contains(accepted, leaf.Issuer.String()):
		return " It was issued by " + leaf.Issuer.String() + ", which is none of the CAs that the server names." + acceptable(accepted)
	}
	if a, ok := t.ServerAlert(); ok && a.Alert.Description == wire.AlertUnknownCA {
		return " The server does not know its issuer, " + leaf.Issuer.String() + "."
	}
	return ""
}
