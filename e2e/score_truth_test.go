//go:build linux

package e2e

import (
	"cmp"
	"regexp"
	"slices"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// What is true of a pair that fails does not come from tlswhy: it comes from what the endpoint was set up to be, from what
// passed on the wire, and from the client's own words where they are not to be misunderstood.

// words maps what clients say to the causes that it can stand for. The first that matches counts.
var words = []struct {
	re     *regexp.Regexp
	causes []cause.ID
}{
	{regexp.MustCompile(`(?i)certificate (has|is) expired|cert_?has_?expired|certificate_?expired|CertExpired|invalid peer certificate: Expired|expired cert`), []cause.ID{cause.Expired, cause.ExpiredIntermediate, cause.NotYetValid}}, // "has expired or is not yet valid"
	{regexp.MustCompile(`(?i)not yet valid|not_?yet_?valid|not (yet )?activated`), []cause.ID{cause.NotYetValid}},
	{regexp.MustCompile(`(?i)dh.key.too.small|dh_p_too_short|bad_dh_p_length|DH ServerKeyExchange does not comply|not acceptable.*prime|prime received on DH|fewer bits than|dh.+insecure|insufficient security`), []cause.ID{cause.WeakDH}},
	{regexp.MustCompile(`(?i)unsafe.legacy.renegotiation`), []cause.ID{cause.LegacyRenegotiation}},
	{regexp.MustCompile(`(?i)\b(ee|ca)[ _](certificate )?key[ _]too[ _](small|weak)`), []cause.ID{cause.WeakKey}},
	{regexp.MustCompile(`(?i)\bmd[ _]too[ _]weak|digest algorithm too weak|insecure algorithm|SHA1WithRSA|MD5-RSA|CERT_SIGNATURE_ALGORITHM_DISABLED`), []cause.ID{cause.WeakSignature}},
	{regexp.MustCompile(`(?i)permitted subtree|excluded subtree|not permitted by (any )?constraint|name.?constraint`), []cause.ID{cause.NameConstraints}},
	{regexp.MustCompile(`(?i)path.?len(gth)?.?(constraint )?exceeded|too many intermediates|PathLenConstraint`), []cause.ID{cause.PathLengthExceeded}},
	{regexp.MustCompile(`(?i)excessive message size|certificate.+too large|maximum.+certificate`), []cause.ID{cause.CertificateTooLarge}},
	{regexp.MustCompile(`(?i)self[- ]signed certificate in (certificate )?chain|SELF_SIGNED_CERT_IN_CHAIN`), []cause.ID{cause.UntrustedRoot, cause.SelfSigned, cause.TLSInterception}},
	{regexp.MustCompile(`(?i)self[- ]signed|DEPTH_ZERO_SELF_SIGNED`), []cause.ID{cause.SelfSigned}},
	{regexp.MustCompile(`(?i)hostname mismatch|host ?name.* does not match|does not match target host|ALTNAME_INVALID|doesn't match|no alternative certificate subject name|NotValidForName|certificate is (not )?valid for .*, not|name in the certificate does not match|certificate name mismatch|certificate's owner does not match|No subject alternative (DNS )?names?|domain name mismatch|x509: certificate relies on legacy Common Name|BAD_CERT_DOMAIN|hostname_check_failed`), []cause.ID{cause.HostnameMismatch, cause.WrongCertificate, cause.CNOnly}},
	{regexp.MustCompile(`(?i)unsuitable certificate purpose|invalid.?purpose|incompatible key usage|unsupported certificate purpose|certificate type not approved`), []cause.ID{cause.WrongEKU, cause.WrongKeyUsage, cause.IssuerNotCA, cause.CAAsLeaf}},
	{
		regexp.MustCompile(`(?i)unable to get (local )?issuer|UNABLE_TO_(GET_ISSUER|VERIFY_LEAF)|UnknownIssuer|unable to verify the first certificate|signed by unknown authority|unable to find valid certification path|unknown_ca|UNKNOWN_ISSUER`),
		[]cause.ID{cause.IncompleteChain, cause.UntrustedRoot, cause.TLSInterception, cause.SelfSigned, cause.IssuerNotCA},
	},
}

func saidCauses(said string) []cause.ID {
	for _, w := range words {
		if w.re.MatchString(said) {
			return w.causes
		}
	}
	return nil
}

// turnedDown are the reasons for which a server refuses a hello with one and the same alert.
var turnedDown = []cause.ID{cause.NoSharedCipher, cause.NoSharedGroup, cause.NoSharedSignatureAlgorithm}

// beforeHello tells whether a fault shows before any ServerHello, to everybody who has it.
func beforeHello(id cause.ID) bool {
	c, ok := cause.Get(id)
	return ok && (c.Step == cause.StepConnect || c.Step == cause.StepVersion || c.Step == cause.StepCipher) || id == cause.UnrecognizedName || id == cause.SNIRequired
}

// truth are the causes that are right for a client that failed; none: what it saw and said does not tell.
func (m *meeting) truth(s sight, said string) []cause.ID {
	declared := m.faults
	only := func(f func(cause.ID) bool) (out []cause.ID) {
		for _, id := range declared {
			if f(id) {
				out = append(out, id)
			}
		}
		return out
	}
	if m.kind == "network" && !(s.alerted && s.alert == wire.AlertProtocolVersion && slices.Contains(declared, cause.LargeHelloDropped)) {
		return declared
	}
	if s.hello == nil {
		return nil
	}
	if m.min != 0 && s.hello.MaxVersion() < m.min {
		if s.alerted && s.alert != wire.AlertProtocolVersion { // both walls stand, and it ran into the other
			return append([]cause.ID{cause.NoSharedVersion}, only(beforeHello)...)
		}
		return []cause.ID{cause.NoSharedVersion}
	}
	if s.server == nil {
		return m.refused(s, only(beforeHello))
	}
	if heard := saidCauses(said); heard != nil {
		if both := only(func(id cause.ID) bool { return slices.Contains(heard, id) }); both != nil {
			return both
		}
		return heard
	}
	if slices.Contains(declared, cause.NoSharedVersion) && s.server.Version() < wire.VersionTLS12 {
		// The client offered it and takes it not: its signatures are too weak for it, or the version itself.
		return append([]cause.ID{cause.NoSharedSignatureAlgorithm}, declared...)
	}
	return declared
}

// refused is the truth where no ServerHello came; declared are the faults that show there.
func (m *meeting) refused(s sight, declared []cause.ID) []cause.ID {
	switch {
	case s.alerted && s.alert == wire.AlertProtocolVersion && !(slices.Contains(declared, cause.VersionIntolerant) && s.hello.OffersVersion(wire.VersionTLS13)):
		return []cause.ID{cause.NoSharedVersion}
	case s.alerted && s.alert == wire.AlertNoApplicationProtocol:
		return []cause.ID{cause.NoALPNOverlap}
	case s.alerted && s.alert == wire.AlertUnrecognizedName && declared == nil:
		return []cause.ID{cause.UnrecognizedName, cause.SNIRequired}
	case s.alerted && s.alert == wire.AlertInternalError && s.hello.ServerName() == "" && !slices.Contains(declared, cause.ServerInternalError):
		return []cause.ID{cause.SNIRequired} // what crypto/tls says where no certificate belongs to the name, or to none
	case declared == nil:
		return turnedDown
	}
	old := s.hello.MaxVersion() < wire.VersionTLS13 || m.max != 0 && m.max < wire.VersionTLS13
	switch declared[0] {
	case cause.NoSharedVersion:
		if s.alerted && s.alert == wire.AlertHandshakeFailure && s.hello.OffersVersion(cmp.Or(m.max, wire.VersionTLS10)) {
			return append(turnedDown[:len(turnedDown):len(turnedDown)], declared...)
		}
	case cause.NoSharedGroup, cause.NoSharedSignatureAlgorithm:
		if old { // up to TLS 1.2 a suite without a group or a signature for it is a suite that is not shared
			return append([]cause.ID{cause.NoSharedCipher}, declared...)
		}
	case cause.SNIRequired, cause.UnrecognizedName:
		if s.hello.ServerName() == "" {
			return append([]cause.ID{cause.SNIRequired}, declared...)
		}
		if s.alerted && s.alert == wire.AlertHandshakeFailure {
			return append(turnedDown[:len(turnedDown):len(turnedDown)], declared...)
		}
	case cause.NoALPNOverlap, cause.ServerInternalError:
		// Those without ALPN pass by the first; some meet another wall before either.
		if s.alerted && s.alert == wire.AlertHandshakeFailure {
			return append(turnedDown[:len(turnedDown):len(turnedDown)], declared...)
		}
	}
	return declared
}
