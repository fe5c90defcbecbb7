package survey

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tlswhy/tlswhy/internal/trust"
)

// caaRemarks: records that forbid the CA which issued what is served, so that it
// cannot be renewed there (RFC 8659).
func caaRemarks(s *Survey) []string {
	if !s.DNS.Asked {
		return nil
	}
	allowed, restricted := caaIssuers(s.DNS.CAA)
	if !restricted {
		return nil
	}
	var out []string
	for _, c := range s.forTarget() {
		if len(c.Served.Chain) == 0 {
			continue
		}
		leaf, err := trust.ParseCertificate(c.Served.Chain[0])
		if err != nil || leaf.Issuer.O == "" { // no public CA is without an organisation
			continue
		}
		own, known := caaDomains[leaf.Issuer.O]
		if len(allowed) > 0 && (!known || slices.ContainsFunc(own, func(d string) bool { return slices.Contains(allowed, d) })) {
			continue
		}
		text := fmt.Sprintf("CAA records allow %s to issue certificates, and this one is of %s: it cannot be renewed there", orNobody(allowed), leaf.Issuer.O)
		if !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return out
}

func orNobody(names []string) string {
	if len(names) == 0 {
		return "nobody"
	}
	return listed(names)
}

// caaIssuers reads the issue properties. restricted: there is one at all; else
// everybody may issue.
func caaIssuers(records []string) (allowed []string, restricted bool) {
	for _, r := range records {
		fields := strings.Fields(r)
		if len(fields) < 3 || !strings.EqualFold(fields[1], "issue") {
			continue
		}
		restricted = true
		value := strings.Trim(strings.Join(fields[2:], " "), `"`)
		domain, _, _ := strings.Cut(value, ";") // parameters follow
		if domain = strings.ToLower(strings.TrimSpace(domain)); domain != "" && !slices.Contains(allowed, domain) {
			allowed = append(allowed, domain)
		}
	}
	return allowed, restricted
}

// caaDomains are the names by which CAs recognise themselves in CAA records, as
// their practice statements have them, by the organisation of their issuing
// certificates. A CA that is not here is taken to be allowed: the large resellers
// answer to many names.
var caaDomains = map[string][]string{
	"Let's Encrypt":         {"letsencrypt.org"},
	"Google Trust Services": {"pki.goog"},
	"GlobalSign nv-sa":      {"globalsign.com"},
	"Amazon":                {"amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com"},
}
