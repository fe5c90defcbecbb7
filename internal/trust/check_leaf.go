package trust

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// checkLeaf lists what is wrong with the site's own certificate, whatever path
// leads from it.
func (v *verifier) checkLeaf() []Defect {
	var out []Defect
	c, pol, at := v.leaf, &v.in.Policy, v.in.At
	add := func(id cause.ID, i int, blocking bool, format string, args ...any) {
		out = append(out, Defect{Cause: id, Cert: c, Index: i, Blocking: blocking, Detail: fmt.Sprintf(format, args...)})
	}
	switch {
	case !c.NotAfter.IsZero() && at.After(c.NotAfter):
		add(cause.Expired, 0, pol.Time, "The certificate expired on %s, %s.", date(c.NotAfter), ago(at.Sub(c.NotAfter)))
	case at.Before(c.NotBefore):
		add(cause.NotYetValid, 0, pol.Time, "The certificate is valid only from %s, in %s.", date(c.NotBefore), span(c.NotBefore.Sub(at)))
	case v.expiresSoon(c):
		add(cause.ExpiresSoon, 0, false, "The certificate expires on %s, in %s.", date(c.NotAfter), span(c.NotAfter.Sub(at)))
	}
	v.checkName(add)
	if c.IsCA() {
		add(cause.CAAsLeaf, 0, v.refusesCALeaf(), "The certificate that the server presents for itself is that of a CA (%s).", quote(c.Subject.Short()))
	}
	if c.HasEKU && !allowsServer(c.EKU) {
		add(cause.WrongEKU, 0, pol.ServerEKU, "The certificate is meant for %s, not for server authentication.", ekuList(c.EKU))
	}
	if c.HasKeyUsage {
		if ok, need := v.in.KeyUse.allows(c.KeyUsage); !ok {
			add(cause.WrongKeyUsage, 0, pol.KeyUsage, "The certificate's keyUsage (%s) does not allow %s.", orNothing(c.KeyUsage.String()), need)
		}
	}
	v.checkKey(c, 0, add)
	if !c.SelfIssued() {
		v.checkSignatureStrength(c, 0, add)
	}
	if len(c.UnknownCritical) > 0 {
		if c.CTPoison {
			add(cause.MalformedReply, 0, pol.UnknownCritical, "The server presents a precertificate (RFC 6962), which is for transparency logs only; clients refuse it.")
		} else {
			add(cause.MalformedReply, 0, pol.UnknownCritical, "The certificate carries the critical extension %s, which clients do not know and therefore refuse.", c.UnknownCritical[0])
		}
	}
	if c.MustStaple && !v.in.StapleNotAsked {
		if why := v.stapleMissing(); why != "" {
			add(cause.MustStapleMissing, 0, pol.MustStaple, "The certificate demands a stapled OCSP response (TLS feature extension) and %s.", why)
		}
	}
	if pol.MaxChainBytes > 0 && v.res.ChainBytes > pol.MaxChainBytes {
		add(cause.CertificateTooLarge, 0, true, "The server sends %d bytes of certificates; this client reads at most %d.", v.res.ChainBytes, pol.MaxChainBytes)
	}
	return out
}

// refusesCALeaf: clients that refuse a CA as a site's certificate do so by
// policy. For the others it is the root cause nonetheless where the certificate
// names no host: it was never made for a server.
func (v *verifier) refusesCALeaf() bool {
	if v.in.Policy.RefuseCALeaf {
		return true
	}
	return v.in.Policy.Name && !v.host.IsZero() && !v.leaf.HasSAN && !v.leaf.Covers(v.host, v.in.Policy.Names)
}

func (v *verifier) checkName(add addFunc) {
	c, rules := v.leaf, v.in.Policy.Names
	if v.host.IsZero() || c.Covers(v.host, rules) {
		return
	}
	if c.CNOnly(v.host, rules) {
		add(cause.CNOnly, 0, v.in.Policy.Name, "The name %s stands in the certificate's common name only; clients look in subjectAltName, which %s.", v.host, sanState(c))
		return
	}
	add(cause.HostnameMismatch, 0, v.in.Policy.Name, "%s", c.mismatch(v.host, rules))
}

func sanState(c *Certificate) string {
	if !c.HasSAN {
		return "is missing"
	}
	return "holds no DNS name"
}

// public tells whether the rules for public CAs apply to a path: by policy, and
// in a store that private roots were added to, to those that Mozilla knows.
func (v *verifier) public(p *Path) bool {
	if !v.in.Policy.PublicCA || !p.Trusted() {
		return false
	}
	return !v.in.Roots.Mixed || MozillaStore().Contains(p.Anchor.Certificate) != nil
}

// checkPublic applies the rules for publicly trusted leaves.
func (v *verifier) checkPublic(p *Path) []Defect {
	pol, c := &v.in.Policy, v.leaf
	if !v.public(p) {
		return nil
	}
	var out []Defect
	if pol.MaxValidity {
		most := maxValidity(c.NotBefore)
		if days := c.Lifetime().Hours() / 24; most > 0 && days > float64(most) {
			out = append(out, Defect{
				Cause: cause.ValidityTooLong, Cert: c, Blocking: true,
				Detail: fmt.Sprintf("The certificate is valid for %.0f days; browsers accept at most %d from a public CA for one issued on %s.", days, most, c.NotBefore.Format("2006-01-02")),
			})
		}
	}
	if pol.SCTs {
		if need, got := sctsNeeded(c), v.countSCTs(); got < need {
			out = append(out, Defect{
				Cause: cause.CTMissing, Cert: c, Blocking: true,
				Detail: fmt.Sprintf("The certificate comes with %s of different logs; browsers want %d.", scts(got), need),
			})
		}
	}
	return out
}

func scts(n int) string {
	switch n {
	case 0:
		return "no signed certificate timestamp"
	case 1:
		return "1 signed certificate timestamp"
	}
	return fmt.Sprintf("%d signed certificate timestamps", n)
}

// countSCTs counts logs, over all three ways of delivery (RFC 6962, Section 3.3).
// By TLS extension or OCSP two are enough whatever the lifetime, which the count
// for embedded ones is raised to meet.
func (v *verifier) countSCTs() int {
	logs := make(map[[32]byte]bool)
	for _, s := range v.leaf.SCTs {
		logs[s.LogID] = true
	}
	embedded := len(logs)
	outside := make(map[[32]byte]bool)
	for _, s := range v.in.SCTs {
		logs[s.LogID], outside[s.LogID] = true, true
	}
	if len(outside) >= 2 {
		return max(len(logs), 3)
	}
	return max(embedded, len(logs))
}

// label is how a sentence names a certificate of the chain.
func (c *Certificate) label() string {
	switch {
	case c.IsCA() && c.SelfIssued():
		return "the root " + quoted(c.Subject.Short())
	case c.IsCA():
		return "the intermediate " + quoted(c.Subject.Short())
	}
	return "the certificate " + quoted(c.Subject.Short())
}

// quoted bounds a peer's text and escapes what is not printable.
func quoted(s string) string {
	const most = 120
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return fmt.Sprintf("%q", s)
}

func capital(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return s
	}
	return string(unicode.ToUpper(r)) + s[n:]
}

func orNothing(s string) string {
	if s == "" {
		return "empty"
	}
	return s
}

func ekuList(eku []string) string {
	if len(eku) == 0 {
		return "nothing"
	}
	const show = 4
	var names []string
	for i, o := range eku {
		if i == show {
			names = append(names, fmt.Sprintf("%d more", len(eku)-show))
			break
		}
		names = append(names, EKUName(o))
	}
	return strings.Join(names, ", ")
}
