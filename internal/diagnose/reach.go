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
)

// resolve finds the addresses to dial. None: the finding says why.
func (s *session) resolve(ctx context.Context) []netip.AddrPort {
	addr, host := s.target.Dial(s.o.Connect, s.o.ConnectPort, s.o.Proxy != "")
	if host == "" {
		return []netip.AddrPort{addr}
	}
	t := s.run(ctx, transcript.Attempt{Purpose: "addresses of " + host, Lookup: &transcript.Lookup{Name: host, Type: "ADDR"}})
	if t.Found == nil || len(t.Found.Addresses) == 0 {
		if ctx.Err() == nil {
			s.add(s.dnsFinding(host, t))
		}
		return nil
	}
	found := t.Found.Addresses
	if len(found) > maxAddresses {
		s.note("the name has %d addresses; %d of them were tried", len(found), maxAddresses)
		found = found[:maxAddresses]
	}
	var out []netip.AddrPort
	for _, ip := range found {
		out = append(out, netip.AddrPortFrom(ip, addr.Port()))
	}
	return out
}

func (s *session) dnsFinding(host string, t *transcript.Transcript) report.Finding {
	code, why := "no answer", t.Outcome.Detail
	if t.Found != nil {
		code, why = t.Found.Code, t.Found.Error
	}
	f := finding(cause.DNSFailure, report.Likely, "", t.ID)
	switch code {
	case "NXDOMAIN":
		f.Detail = fmt.Sprintf("The name %s does not exist (NXDOMAIN).", host)
	case "NOERROR":
		f.Detail = fmt.Sprintf("The name %s exists and has no address: neither an A nor an AAAA record.", host)
	case "SERVFAIL":
		f.Detail = fmt.Sprintf("The resolver cannot get an answer for %s (SERVFAIL): broken delegation or DNSSEC, or name servers that are down.", host)
	case "TIMEOUT":
		f.Detail = fmt.Sprintf("No DNS answer for %s within the time.", host)
		f.Side = cause.SideNetwork
		return f
	default:
		f.Detail = fmt.Sprintf("The name %s cannot be resolved: %s.", host, strings.TrimSuffix(strings.TrimSpace(code+" "+why), "."))
		return f
	}
	return observed(f, code, t.ID)
}

// reach explains an attempt that never came to a hello.
func (s *session) reach(ctx context.Context, addr netip.AddrPort, t *transcript.Transcript) {
	detail := t.Outcome.Detail
	switch t.Outcome.Kind {
	case transcript.Refused:
		f := finding(cause.TCPRefused, report.Proved, fmt.Sprintf("Nothing listens on %s: the SYN is answered with a reset.", addr), t.ID)
		s.add(observed(f, "RST to the SYN", t.ID))
	case transcript.Unreachable:
		f := finding(cause.TCPUnreachable, report.Proved, fmt.Sprintf("%s cannot be reached: %s.", addr, orElse(detail, "an ICMP unreachable came back")), t.ID)
		s.add(observed(f, "ICMP unreachable", t.ID))
	case transcript.NoRoute:
		f := finding(cause.TCPUnreachable, report.Likely, fmt.Sprintf("This machine has no route to %s.", addr.Addr()), t.ID)
		f.Side = cause.SideClient
		s.add(observed(f, "no route on this machine", t.ID))
	case transcript.ConnectTimeout:
		f := finding(cause.TCPTimeout, report.Likely, fmt.Sprintf("No answer to the SYN from %s within %s: a firewall drops it, the host is down, or its backlog is full.", addr, rounded(t.Times.Total)), t.ID)
		s.add(f)
	case transcript.ProxyFailed:
		f := finding(cause.ProxyRefused, report.Likely, fmt.Sprintf("The proxy does not open the way to %s: %s.", s.target.HostPort(), orElse(detail, "it refuses")), t.ID)
		f.Values["proxy"] = s.advice("").Known["proxy"]
		s.add(observed(f, detail, t.ID))
	case transcript.StartTLSFailed:
		f := finding(cause.STARTTLSFailed, report.Likely, fmt.Sprintf("The %s dialogue does not come to TLS: %s.", strings.ToUpper(s.target.StartTLS), orElse(detail, "it breaks off")), t.ID)
		f.Values["service"] = s.target.StartTLS
		s.add(observed(f, orElse(detail, "the dialogue breaks off"), t.ID))
	case transcript.LocalError:
		s.note("this machine could not try: %s", detail)
		f := finding(cause.ClientSetup, report.Likely, fmt.Sprintf("This machine could not open the connection: %s.", detail), t.ID)
		f.Blocking = false
		s.add(f)
	case transcript.Aborted:
		s.note("stopped before the first answer: %s", orElse(detail, "interrupted"))
	}
}

// mixed compares how the client fares at the addresses of a name, or from try to
// try. It adds the finding about the difference itself.
func (s *session) mixed(results []addressResult) {
	var good, bad, unroutable []string
	var evidence []string
	handshakes := 0
	for _, r := range results {
		evidence = append(evidence, r.t.ID)
		switch {
		case r.t.Outcome.Kind == transcript.NoRoute:
			unroutable = append(unroutable, r.addr.Addr().String())
		case r.stop == nil:
			good = append(good, r.addr.Addr().String())
		default:
			bad = append(bad, r.addr.Addr().String())
			if r.stop.area != areaReach {
				handshakes++
			}
		}
	}
	if len(unroutable) > 0 && len(good)+len(bad) > 0 {
		s.note("this machine has no route to %s: not tried", strings.Join(unroutable, ", "))
	}
	if len(good) == 0 || len(bad) == 0 {
		return
	}
	f := finding(cause.InconsistentEndpoints, report.Proved, fmt.Sprintf("The addresses of %s answer differently: the client gets through at %s and not at %s.", s.target.Host, andList(good), andList(bad)), evidence...)
	f = observed(f, "different outcomes of the same hello at different addresses", evidence[0])
	if handshakes == 0 {
		// Clients try the next address when no connection stands up (RFC 8305).
		f.Blocking = false
		f.Detail += " Clients try the next address by themselves when a connection does not stand up, which costs time."
	}
	s.findings = slices.Insert(s.findings, 0, f)
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
