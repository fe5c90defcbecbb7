package survey

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// has says whether a version is accepted.
func (s *Survey) has(v wire.Version) bool { return slices.Contains(s.Versions, v) }

// before13 says whether a version older than TLS 1.3 is accepted.
func (s *Survey) before13() bool {
	return slices.ContainsFunc(s.Versions, func(v wire.Version) bool { return v < wire.VersionTLS13 })
}

// toleranceFindings: hellos that a correct server answers like any other.
func toleranceFindings(s *Survey, c *collector) {
	if len(s.Versions) == 0 {
		return
	}
	t := s.Features.Tolerates
	for _, x := range []struct {
		fact transcript.Tri
		id   cause.ID
		text string
	}{
		{t.HybridShare, cause.LargeHelloDropped, "A hello with a post-quantum key share, as current browsers send it, is not answered."},
		{t.Large, cause.LargeHelloDropped, "A hello of more than one segment is not answered."},
		{t.Medium, cause.LargeHelloDropped, "A hello of 256 to 511 bytes is not answered; smaller and larger ones are."},
		{t.SplitSegments, cause.LargeHelloDropped, "A hello that arrives in several TCP segments is not answered."},
		{t.SplitRecords, cause.LargeHelloDropped, "A hello in several TLS records is not answered."},
		{t.GREASE, cause.VersionIntolerant, "A hello with the reserved values of RFC 8701, as Chrome and Safari send them, is not answered."},
		{t.UnknownExtension, cause.VersionIntolerant, "A hello with an unknown extension is not answered."},
		{t.FutureVersion, cause.VersionIntolerant, "A hello that offers a version after TLS 1.3 besides is not answered."},
		{t.FutureLegacy, cause.VersionIntolerant, "A hello with a version field newer than TLS 1.2 is not answered."},
		{t.RecordVersion, cause.VersionIntolerant, "A hello in a record marked TLS 1.2 is not answered."},
		{t.EmptyShares, cause.VersionIntolerant, "A TLS 1.3 hello without a key share, which has to be asked for one (RFC 8446, Section 4.2.8), is not answered."},
	} {
		if x.fact == transcript.No {
			c.add(x.id, x.text, nil)
		}
	}
}

// weakness is why nobody should use a suite, "" if nothing is wrong with it; bad
// ones protect from nobody who tries. Suites without forward secrecy and in CBC
// mode are old, not weak.
func weakness(x wire.CipherSuite) (why string, bad bool) {
	i, ok := x.Info()
	if !ok {
		return "", false
	}
	switch {
	case i.Anonymous && i.Null:
		return "neither encrypt nor identify", true
	case i.Null:
		return "do not encrypt", true
	case i.Anonymous:
		return "identify nobody", true
	case i.Export || i.KeyBits > 0 && i.KeyBits < 112:
		return "have keys of 40 to 64 bits", true
	case i.Cipher == wire.CipherRC4:
		return "use RC4 (RFC 7465)", true
	case i.Cipher == wire.Cipher3DES || i.Cipher == wire.CipherIDEA || i.Cipher == wire.CipherRC2 || i.Cipher == wire.CipherGOST28147:
		return "have blocks of 64 bits (Sweet32)", false
	}
	return "", false
}

func suiteFindings(s *Survey, c *collector) {
	by := map[string][]string{}
	var order []string
	var worst wire.CipherSuite
	anyBad := false
	for _, v := range s.Versions {
		for _, x := range s.Suites[v.String()].List {
			why, bad := weakness(x)
			if why == "" || slices.Contains(by[why], x.String()) {
				continue
			}
			if by[why] == nil {
				order = append(order, why)
			}
			by[why] = append(by[why], x.String())
			if worst == 0 || bad && !anyBad {
				worst = x
			}
			anyBad = anyBad || bad
		}
	}
	if len(order) == 0 {
		return
	}
	rank := []string{"neither encrypt nor identify", "do not encrypt", "identify nobody", "have keys of 40 to 64 bits", "use RC4 (RFC 7465)", "have blocks of 64 bits (Sweet32)"}
	slices.SortFunc(order, func(a, b string) int { return slices.Index(rank, a) - slices.Index(rank, b) })
	parts := make([]string, 0, len(order))
	for _, why := range order {
		parts = append(parts, fmt.Sprintf("suites that %s: %s", why, joinSome(by[why], 3)))
	}
	values := map[string]string{"suite": worst.String()}
	if n := worst.OpenSSLName(); n != "" {
		values["openssl_suite"] = n
	}
	f := c.add(cause.WeakSuitesEnabled, "The server accepts "+strings.Join(parts, "; ")+".", values)
	if anyBad {
		worse(f, cause.SeverityMedium)
	}
}

func versionFindings(s *Survey, c *collector) {
	var old []string
	for _, v := range slices.Backward(s.Versions) {
		if v <= wire.VersionTLS11 {
			old = append(old, v.String())
		}
	}
	if len(old) > 0 {
		text := fmt.Sprintf("The server still accepts %s.", listed(old))
		if s.has(wire.VersionSSL20) {
			text += " SSL 2.0 lets an attacker read what newer versions encrypt with the same RSA key (DROWN)."
		}
		if s.has(wire.VersionSSL30) {
			text += " SSL 3.0 gives secrets away to who can make the client repeat requests (POODLE)."
		}
		if s.Features.FallbackSCSV == transcript.No {
			text += " It ignores TLS_FALLBACK_SCSV (RFC 7507), so who cuts connections can push clients that retry down to the oldest."
		}
		f := c.add(cause.ObsoleteProtocolEnabled, text, map[string]string{"version": old[len(old)-1]})
		if s.has(wire.VersionSSL20) || s.has(wire.VersionSSL30) {
			worse(f, cause.SeverityMedium)
		}
	}
	if s.has(wire.VersionTLS12) && !s.has(wire.VersionTLS13) {
		c.add(cause.TLS13Missing, "The server does not offer TLS 1.3.", nil)
	}
}

// minDHBits is what current clients and RFC 9325, Section 4.2 ask for.
const minDHBits = 2048

func keyExchangeFindings(s *Survey, c *collector) {
	for _, d := range s.DH {
		name := fmt.Sprintf("a Diffie-Hellman group of %d bits", d.Bits)
		if known := strings.TrimSuffix(d.Name, fmt.Sprintf(", %d bits", d.Bits)); known != "" {
			name += " (" + known + ")"
		}
		var f []string
		if d.Bits < minDHBits {
			f = append(f, fmt.Sprintf("The server uses %s; current clients want %d.", name, minDHBits))
			if d.Name != "" && d.Bits <= 1024 {
				f = append(f, "Many servers share that prime, so breaking it once pays (Logjam).")
			}
		}
		if len(f) == 0 {
			continue
		}
		x := c.add(cause.WeakDH, strings.Join(f, " "), nil)
		if d.Bits < 1024 {
			worse(x, cause.SeverityHigh)
		}
	}
}

func renegotiationFindings(s *Survey, c *collector) {
	if s.Features.SecureRenegotiation != transcript.No || !s.before13() {
		return
	}
	text := "The server does not know RFC 5746 (secure renegotiation): OpenSSL 3 and Java refuse it."
	if s.Features.ClientRenegotiation == transcript.Yes {
		text += " It lets clients renegotiate all the same, so an attacker can put a request of his own before a victim's (CVE-2009-3555)."
	}
	c.add(cause.LegacyRenegotiation, text, nil)
}

// optionFindings: what current stacks have off. Renegotiation that is not secure
// besides is told with that.
func optionFindings(s *Survey, c *collector) {
	if s.Features.Compression == transcript.Yes {
		f := c.add(cause.InsecureOptions, "TLS compression is on: secrets such as cookies can be guessed from the length of what is sent (CRIME, CVE-2012-4929).", nil)
		worse(f, cause.SeverityMedium)
	}
	if s.Features.ClientRenegotiation == transcript.Yes && s.Features.SecureRenegotiation != transcript.No {
		c.add(cause.InsecureOptions, "Clients may begin renegotiations, each of which costs the server a signature and them next to nothing: it is easily kept busy.", nil)
	}
}

// signatureFindings: a handshake that can be signed with SHA-1 alone.
func signatureFindings(s *Survey, c *collector) {
	if !s.has(wire.VersionTLS12) {
		return
	}
	var weak []string
	for _, x := range s.SignatureAlgorithms {
		switch {
		case x.TLS12 != transcript.Yes:
		case weakScheme(x.Scheme):
			weak = append(weak, x.Scheme.String())
		default:
			return
		}
	}
	if len(weak) > 0 {
		c.add(cause.NoSharedSignatureAlgorithm, fmt.Sprintf("In TLS 1.2 the server signs with %s only; current clients refuse MD5 and SHA-1 there (RFC 9155).", listed(weak)), map[string]string{"sigalg": weak[0]})
	}
}

// weakScheme: in TLS 1.2 the first byte is the hash, 1 for MD5 and 2 for SHA-1
// (RFC 5246, Section 7.4.1.4.1).
func weakScheme(x wire.SignatureScheme) bool { return x>>8 == 1 || x>>8 == 2 }

// http2Findings: h2 is taken, and a suite preferred that HTTP/2 forbids.
func http2Findings(s *Survey, c *collector) {
	suites := s.Suites[wire.VersionTLS12.String()]
	if !slices.Contains(s.ALPN, "h2") || s.has(wire.VersionTLS13) || suites.Order != transcript.ServerOrder || len(suites.List) == 0 {
		return
	}
	first := suites.List[0]
	if i, ok := first.Info(); ok && i.HTTP2Forbidden {
		c.add(cause.HTTP2InadequateSecurity, fmt.Sprintf("The server takes HTTP/2 and prefers %s, which HTTP/2 forbids (RFC 9113, Appendix A): browsers that offer it give up.", first), map[string]string{"suite": first.String()})
	}
}
