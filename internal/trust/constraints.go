package trust

import (
	"net/netip"
	"net/url"
	"strings"
)

// maxComparisons bounds names times constraints in one verdict; crypto/x509
// stops at 250,000 too, OpenSSL at about a million.
const maxComparisons = 250_000

// size is the number of comparisons that a certificate's names would take.
func (nc *NameConstraints) size(c *Certificate) int {
	count := func(s *NameSubtrees) int {
		return (len(c.DNSNames)+1)*len(s.DNS) + len(c.IPAddresses)*len(s.IP) + len(c.EmailAddresses)*len(s.Email) +
			len(c.URIs)*len(s.URI) + len(s.Directory)
	}
	return count(&nc.Permitted) + count(&nc.Excluded)
}

// constrain compares once for each CA and certificate, within the bound.
func (v *verifier) constrain(ca, c *Certificate) (name, rule string) {
	k := [2]*Certificate{ca, c}
	if r, ok := v.constrained[k]; ok {
		return r[0], r[1]
	}
	if n := ca.NameConstraints.size(c); v.comparisons+n > maxComparisons {
		name, rule = c.Subject.Short(), "has more constraints than clients compare"
	} else {
		v.comparisons += n
		name, rule = ca.NameConstraints.violation(c, v.in.Policy.Names.CommonName)
	}
	if v.constrained == nil {
		v.constrained = make(map[[2]*Certificate][2]string)
	}
	v.constrained[k] = [2]string{name, rule}
	return name, rule
}

// violation returns the first name of the leaf that a CA's constraints forbid,
// and the rule it breaks; "" if there is none (RFC 5280, Section 4.2.1.10).
func (nc *NameConstraints) violation(c *Certificate, useCN bool) (name, rule string) {
	dns := c.DNSNames
	if useCN && c.cnApplies() && validHost(c.Subject.CN, true) {
		dns = []string{c.Subject.CN}
	}
	for _, d := range dns {
		if rule := check(d, nc.Permitted.DNS, nc.Excluded.DNS, matchDNSConstraint, excludesDNS); rule != "" {
			return d, rule
		}
	}
	for _, ip := range c.IPAddresses {
		in := func(a netip.Addr, p netip.Prefix) bool { return p.Contains(a) }
		if rule := check(ip, nc.Permitted.IP, nc.Excluded.IP, in, in); rule != "" {
			return ip.String(), rule
		}
	}
	for _, m := range c.EmailAddresses {
		if rule := check(m, nc.Permitted.Email, nc.Excluded.Email, matchEmailConstraint, matchEmailConstraint); rule != "" {
			return m, rule
		}
	}
	for _, u := range c.URIs {
		if rule := check(u, nc.Permitted.URI, nc.Excluded.URI, matchURIConstraint, matchURIConstraint); rule != "" {
			return u, rule
		}
	}
	if len(c.Subject.Attributes) > 0 {
		in := func(n, base Name) bool { return strings.HasPrefix(n.key(), base.key()) }
		if rule := check(c.Subject, nc.Permitted.Directory, nc.Excluded.Directory, in, in); rule != "" {
			return c.Subject.String(), rule
		}
	}
	return "", ""
}

// check applies both lists; the result names the rule that is broken.
func check[N, B any](name N, permitted, excluded []B, in, out func(N, B) bool) string {
	for _, b := range excluded {
		if out(name, b) {
			return "excludes " + subtreeText(b)
		}
	}
	if len(permitted) == 0 {
		return ""
	}
	var all []string
	for _, b := range permitted {
		if in(name, b) {
			return ""
		}
		if len(all) < 4 {
			all = append(all, subtreeText(b))
		}
	}
	return "permits only " + strings.Join(all, ", ")
}

func subtreeText(b any) string {
	switch b := b.(type) {
	case string:
		return quote(b)
	case netip.Prefix:
		return b.String()
	case Name:
		return b.String()
	}
	return ""
}

// matchDNSConstraint: the base itself or anything below it. A leading dot, which
// only URIs should have, excludes the base itself, as in Go and NSS.
func matchDNSConstraint(name, base string) bool {
	name, base = strings.ToLower(name), strings.ToLower(base)
	name = strings.TrimSuffix(name, ".")
	if base == "" {
		return true
	}
	if strings.HasPrefix(base, ".") {
		return strings.HasSuffix(name, base) && len(name) > len(base)
	}
	return name == base || strings.HasSuffix(name, "."+base)
}

// excludesDNS also stops a wildcard that could stand for an excluded name.
func excludesDNS(name, base string) bool {
	if matchDNSConstraint(name, base) {
		return true
	}
	suffix, wild := strings.CutPrefix(strings.ToLower(name), "*.")
	if !wild {
		return false
	}
	_, parent, ok := strings.Cut(strings.ToLower(strings.TrimPrefix(base, ".")), ".")
	return ok && parent == suffix
}

// matchEmailConstraint: a mailbox, a host, or with a leading dot all hosts below.
func matchEmailConstraint(mail, base string) bool {
	if strings.Contains(base, "@") {
		return strings.EqualFold(mail, base)
	}
	i := strings.LastIndexByte(mail, '@')
	if i < 0 {
		return false
	}
	return matchHostConstraint(mail[i+1:], base)
}

func matchURIConstraint(uri, base string) bool {
	u, err := url.Parse(uri)
	if err != nil || u.Hostname() == "" {
		return false
	}
	return matchHostConstraint(u.Hostname(), base)
}

func matchHostConstraint(host, base string) bool {
	if strings.HasPrefix(base, ".") {
		return matchDNSConstraint(host, base)
	}
	return base == "" || strings.EqualFold(host, base)
}
