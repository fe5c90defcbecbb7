package survey

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// week is the longest that a ticket may live (RFC 8446, Section 4.6.1).
const week = 7 * 24 * 60 * 60

// remarks are what is to be known besides, in phrases: no cause of failures, but
// worth a thought, and not plain from a fact alone. That there is no HSTS, or
// another certificate for clients without a name, is.
func remarks(s *Survey) []string {
	var out []string
	add := func(when bool, format string, args ...any) {
		if when {
			out = append(out, fmt.Sprintf(format, args...))
		}
	}
	f := &s.Features
	add(f.Heartbeat == transcript.Yes, "the heartbeat extension is on, which no client needs; OpenSSL before 1.0.1g leaks memory by it (CVE-2014-0160)")
	add(s.has(wire.VersionTLS13) && len(s.Groups) > 0 && !slices.ContainsFunc(s.Groups, func(g transcript.GroupFact) bool { return g.Group.PostQuantum() }),
		"no post-quantum key exchange (X25519MLKEM768): what is recorded today can be read once there are quantum computers")
	for _, d := range s.DH {
		add(d.Safe == transcript.No && d.Bits >= minDHBits, "the Diffie-Hellman prime of %d bits is no safe prime (openssl dhparam -dsaparam makes such): sound as long as the server draws a new value for each handshake, as OpenSSL does", d.Bits)
		add(d.Reused == transcript.Yes, "the server sends the same Diffie-Hellman value in several handshakes (%d bits): it has no forward secrecy between them", d.Bits)
	}
	add(f.ExtendedMasterSecret == transcript.No && s.before13(), "no extended master secret (RFC 7627), which FIPS 140-3 clients insist on")
	add(f.EarlyData == transcript.Yes, "0-RTT is allowed: its requests can be replayed (RFC 8446, Section 8), so the application has to take only harmless ones")
	add(f.TicketLifetime > week, "session tickets are said to live %d days; the most is 7 (RFC 8446, Section 4.6.1)", f.TicketLifetime/(24*60*60))
	add(f.DowngradeSentinel == transcript.No, "the mark by which clients notice a downgrade from TLS 1.3 is missing (RFC 8446, Section 4.1.3): a device may be answering in the server's place")
	for _, h := range []struct {
		code wire.SignatureScheme // RFC 5246, Section 7.4.1.4.1
		name string
	}{{1, "MD5"}, {2, "SHA-1"}} {
		add(slices.ContainsFunc(s.SignatureAlgorithms, func(x transcript.SchemeFact) bool {
			return x.TLS12 == transcript.Yes && x.Scheme>>8 == h.code
		}), "TLS 1.2 handshakes are signed with %s for clients that ask for it (RFC 9155 says no)", h.name)
	}
	return append(out, caaRemarks(s)...)
}

// joinSome lists at most n.
func joinSome(names []string, n int) string {
	if len(names) <= n {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:n], ", "), len(names)-n)
}

// listed is "a", "a and b", "a, b and c".
func listed(names []string) string {
	switch n := len(names); n {
	case 0:
		return "none"
	case 1:
		return names[0]
	default:
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
}

func lowerFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if next, _ := utf8.DecodeRuneInString(s[n:]); unicode.IsUpper(next) { // an acronym
		return s
	}
	return string(unicode.ToLower(r)) + s[n:]
}

// tlsaName is where the TLSA records of a target are (RFC 6698, Section 3).
func tlsaName(t report.Target) string { return fmt.Sprintf("_%d._tcp.%s", t.Port, t.Host) }
