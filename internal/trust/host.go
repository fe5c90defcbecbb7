package trust

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// Host is a reference identity (RFC 9525, Section 2): what a certificate has to
// cover. Exactly one of DNS and IP is set; the zero Host names nothing.
type Host struct {
	DNS string     // A-labels, lower case, no trailing dot
	IP  netip.Addr // no zone, IPv4-mapped addresses unmapped
}

var errHost = errors.New("not a host name or address")

// ParseHost reads a name or address as users write it: Unicode, a trailing dot,
// brackets around IPv6, a zone.
func ParseHost(s string) (Host, error) {
	s = strings.TrimSpace(s)
	bare := s
	if strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]") {
		bare = s[1 : len(s)-1]
	}
	if ip, err := netip.ParseAddr(bare); err == nil {
		return Host{IP: ip.WithZone("").Unmap()}, nil
	}
	s = strings.TrimSuffix(s, ".")
	if !ascii(s) {
		a, err := idna.Lookup.ToASCII(s)
		if err != nil {
			return Host{}, fmt.Errorf("%q: %w", s, errHost)
		}
		s = a
	}
	s = strings.ToLower(s)
	if !validHost(s, false) {
		return Host{}, fmt.Errorf("%q: %w", s, errHost)
	}
	return Host{DNS: s}, nil
}

// String returns the name or address.
func (h Host) String() string {
	if h.IP.IsValid() {
		return h.IP.String()
	}
	return h.DNS
}

// IsZero tells whether the host names nothing.
func (h Host) IsZero() bool { return h.DNS == "" && !h.IP.IsValid() }

// validHost checks LDH labels, and underscores, which clients let pass because
// such names exist. With pattern set, the left-most label may be "*".
func validHost(s string, pattern bool) bool {
	if s == "" || len(s) > 253 {
		return false
	}
	for i, label := range strings.Split(s, ".") {
		if label == "" || len(label) > 63 {
			return false
		}
		if pattern && i == 0 && label == "*" {
			continue
		}
		for j, c := range []byte(label) {
			switch {
			case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_':
			case c == '-' && j != 0:
			default:
				return false
			}
		}
	}
	return true
}

// NameRules are the differences between clients in comparing names.
type NameRules struct {
	// CommonName is consulted where the certificate has no dNSName, as OpenSSL,
	// curl and Python before 3.7 do (RFC 2818, Section 3.1; gone since RFC 9525).
	CommonName bool
	// WildcardLabels is how many labels have to follow a wildcard: 2 in OpenSSL
	// and Firefox ("*.com" never matches), 1 in Go.
	WildcardLabels int
	// CommonNameToo: it counts beside subjectAltName as well (Lynx, Pike).
	CommonNameToo bool
	// DeepWildcards: a wildcard stands for any number of labels, one at least.
	DeepWildcards bool
	// IPInCommonName: for an address, the common name counts where there is no
	// subjectAltName (Internet Explorer, older JSSE). IPAsDNSName: a dNSName of that
	// text does (Schannel, older browsers). RFC 9525, Section 4.3, wants an iPAddress.
	IPInCommonName, IPAsDNSName bool
}

// MatchName tells whether a dNSName pattern covers a name in the form that
// Host.DNS has. A wildcard is the whole left-most label and stands for exactly
// one label (RFC 9525, Section 6.3); "f*.example.com" matches nothing.
func MatchName(pattern, host string, rules NameRules) bool {
	pattern = strings.ToLower(pattern)
	if !validHost(pattern, true) || !validHost(host, false) {
		// Names that break the rules still match themselves, as in Go.
		return pattern != "" && pattern == host && !strings.Contains(pattern, "*")
	}
	suffix, wild := strings.CutPrefix(pattern, "*.")
	if !wild {
		return pattern == host
	}
	if strings.Count(suffix, ".")+1 < rules.WildcardLabels {
		return false
	}
	if rules.DeepWildcards {
		return strings.HasSuffix(host, "."+suffix)
	}
	_, rest, ok := strings.Cut(host, ".")
	return ok && rest == suffix
}

// Covers tells whether the certificate is for that host.
func (c *Certificate) Covers(h Host, rules NameRules) bool {
	if h.IP.IsValid() {
		for _, ip := range c.IPAddresses {
			if ip.Unmap() == h.IP {
				return true
			}
		}
		return rules.IPAsDNSName && slices.ContainsFunc(c.DNSNames, func(d string) bool { return isAddress(d, h.IP) }) ||
			rules.IPInCommonName && !c.HasSAN && isAddress(c.Subject.CN, h.IP)
	}
	for _, p := range c.DNSNames {
		if MatchName(p, h.DNS, rules) {
			return true
		}
	}
	return (rules.CommonName && c.cnApplies() || rules.CommonNameToo) && MatchName(c.Subject.CN, h.DNS, rules)
}

// SameSite says that one of the names has the host's registrable domain.
func SameSite(host string, names []string) bool {
	site, err := publicsuffix.EffectiveTLDPlusOne(strings.ToLower(host))
	return err == nil && slices.ContainsFunc(names, func(n string) bool {
		other, err := publicsuffix.EffectiveTLDPlusOne(strings.ToLower(strings.TrimPrefix(n, "*.")))
		return err == nil && other == site
	})
}

// isAddress: the text is that address.
func isAddress(text string, want netip.Addr) bool {
	ip, err := netip.ParseAddr(text)
	return err == nil && ip.Unmap() == want
}

// cnApplies tells whether clients that consult the common name would here:
// no dNSName stands beside it (RFC 6125, Section 6.4.4).
func (c *Certificate) cnApplies() bool { return len(c.DNSNames) == 0 && c.Subject.CN != "" }

// CNOnly tells whether only the common name covers the host.
func (c *Certificate) CNOnly(h Host, rules NameRules) bool {
	rules.CommonName = false
	if h.IP.IsValid() {
		// Old clients compared addresses with the common name as text.
		return !c.HasSAN && isAddress(c.Subject.CN, h.IP)
	}
	return !c.Covers(h, rules) && c.cnApplies() && MatchName(c.Subject.CN, h.DNS, rules)
}

// mismatch explains in one sentence why the certificate does not cover h.
func (c *Certificate) mismatch(h Host, rules NameRules) string {
	covered := c.coveredNames()
	what := "covers " + covered
	if covered == "" {
		if what = "names no host"; c.Subject.CN != "" {
			what = fmt.Sprintf("names no host but in its common name, %s", quote(c.Subject.CN))
		}
	}
	s := fmt.Sprintf("The certificate %s, not %s", what, h)
	switch {
	case h.IP.IsValid():
		for _, d := range c.DNSNames {
			if isAddress(d, h.IP) {
				return s + "; the address stands in it as a DNS name, where clients do not look for addresses."
			}
		}
	case c.hasWildcard("." + h.DNS):
		return s + "; a wildcard does not cover the name that it stands below."
	case c.wildcardTooShort(h.DNS, rules):
		return s + "; current clients accept no wildcard directly below a top-level domain."
	case c.coversDeeper(h.DNS):
		return s + "; a wildcard stands for one label only."
	case c.coversParent(h.DNS):
		return s + "; a name does not cover what is below it."
	}
	return s + "."
}

// hasWildcard: the certificate names "*" and that suffix.
func (c *Certificate) hasWildcard(suffix string) bool {
	for _, p := range c.DNSNames {
		if strings.EqualFold(p, "*"+suffix) {
			return true
		}
	}
	return false
}

// coversDeeper: a wildcard ends like the host but the host has more labels.
func (c *Certificate) coversDeeper(host string) bool {
	for _, p := range c.DNSNames {
		if suffix, ok := strings.CutPrefix(strings.ToLower(p), "*"); ok && len(suffix) > 1 && strings.HasSuffix(host, suffix) && !MatchName(p, host, NameRules{}) {
			return true
		}
	}
	return false
}

func (c *Certificate) coversParent(host string) bool {
	for _, p := range c.DNSNames {
		if !strings.HasPrefix(p, "*") && p != "" && strings.HasSuffix(host, "."+strings.ToLower(p)) {
			return true
		}
	}
	return false
}

func (c *Certificate) wildcardTooShort(host string, rules NameRules) bool {
	for _, p := range c.DNSNames {
		if MatchName(p, host, NameRules{}) && !MatchName(p, host, rules) {
			return true
		}
	}
	return false
}

// coveredNames lists the first few names for a sentence.
func (c *Certificate) coveredNames() string {
	const show = 4
	var all []string
	n := 0
	for _, d := range c.DNSNames {
		if n++; len(all) < show {
			all = append(all, quote(d))
		}
	}
	for _, ip := range c.IPAddresses {
		if n++; len(all) < show {
			all = append(all, ip.String())
		}
	}
	s := strings.Join(all, ", ")
	if n > show {
		s += fmt.Sprintf(" and %d more", n-show)
	}
	return s
}

// quote bounds a string from a peer and puts quotes around it if it is more
// than a plain name.
func quote(s string) string {
	const most = 120
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	if validHost(s, true) {
		return s
	}
	return fmt.Sprintf("%q", s)
}
