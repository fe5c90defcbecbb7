package trust

import (
	"fmt"
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// checkPath lists what is wrong with the CAs of a path and with the links
// between them. What concerns the leaf alone is in check_leaf.go.
func (v *verifier) checkPath(p *Path) []Defect {
	var out []Defect
	add := func(id cause.ID, i int, blocking bool, format string, args ...any) {
		out = append(out, Defect{Cause: id, Cert: p.Certs[i], Index: i, Blocking: blocking, Detail: fmt.Sprintf(format, args...)})
	}
	pol := &v.in.Policy
	below := 0 // intermediates between the leaf and the certificate at hand
	for i := 1; i < len(p.Certs); i++ {
		c := p.Certs[i]
		anchor := p.Trusted() && i == len(p.Certs)-1
		v.checkCATime(c, i, anchor, add)
		if reason := notCA(c, anchor || p.End == EndSelfSigned && i == len(p.Certs)-1); reason != "" {
			add(cause.IssuerNotCA, i, pol.CARules, "%s signed %s but %s.", capital(c.label()), p.Certs[i-1].label(), reason)
		}
		if bc := c.BasicConstraints; bc != nil && bc.CA && bc.PathLen >= 0 && below > bc.PathLen {
			add(cause.PathLengthExceeded, i, pol.CARules, "%s allows %s below it, the chain has %d.", capital(c.label()), intermediates(bc.PathLen), below)
		}
		if c.NameConstraints != nil {
			for j, below := range p.Certs[:i] {
				if j > 0 && !below.HasSAN {
					continue
				}
				if name, rule := v.constrain(c, below); rule != "" {
					add(cause.NameConstraints, i, pol.CARules, "%s may not issue for %s: it %s.", capital(c.label()), quote(name), rule)
					break
				}
			}
		}
		v.checkKey(c, i, add)
		if i < len(p.Certs)-1 { // the last one's own signature is never checked
			v.checkSignatureStrength(c, i, add)
		}
		if pol.ServerEKU && c.HasEKU && !allowsServer(c.EKU) {
			add(cause.WrongEKU, i, true, "%s may issue for %s only, not for servers.", capital(c.label()), ekuList(c.EKU))
		}
		if pol.UnknownCritical && len(c.UnknownCritical) > 0 {
			add(cause.MalformedReply, i, true, "%s carries the critical extension %s, which clients do not know and therefore refuse.", capital(c.label()), c.UnknownCritical[0])
		}
		if !c.SelfIssued() {
			below++
		}
	}
	if pol.MaxPath > 0 && len(p.Certs) > pol.MaxPath && p.Trusted() {
		add(cause.PathLengthExceeded, pol.MaxPath-1, true, "The path to %s has %d certificates; this client verifies at most %d.", p.top().label(), len(p.Certs), pol.MaxPath)
	}
	if v.public(p) && pol.DistrustAfter {
		out = append(out, v.checkDistrust(p)...)
	}
	return out
}

type addFunc func(id cause.ID, index int, blocking bool, format string, args ...any)

func (v *verifier) checkCATime(c *Certificate, i int, anchor bool, add addFunc) {
	where, blocking := "", v.in.Policy.Time
	if anchor {
		where = ", a root of the client's own store,"
		blocking = blocking && !v.in.Policy.IgnoresAnchorDates
	}
	switch at := v.in.At; {
	case !c.NotAfter.IsZero() && at.After(c.NotAfter):
		add(cause.ExpiredIntermediate, i, blocking, "%s%s expired on %s, %s.", capital(c.label()), where, date(c.NotAfter), ago(at.Sub(c.NotAfter)))
	case at.Before(c.NotBefore):
		add(cause.NotYetValid, i, blocking, "%s%s is valid only from %s, in %s.", capital(c.label()), where, date(c.NotBefore), span(c.NotBefore.Sub(at)))
	case !anchor && v.expiresSoon(c):
		add(cause.ExpiresSoon, i, false, "%s expires on %s, in %s.", capital(c.label()), date(c.NotAfter), span(c.NotAfter.Sub(at)))
	}
}

// notCA says why a certificate may not issue others (RFC 5280, Section 6.1.4 (k)
// and (n)); "" if it may. Anchors of version 1 predate basicConstraints.
func notCA(c *Certificate, top bool) string {
	switch bc := c.BasicConstraints; {
	case bc == nil && top && c.Version < 3:
	case bc == nil:
		return "has no basicConstraints, so it is no CA"
	case !bc.CA:
		return "is no CA (basicConstraints CA:FALSE)"
	}
	if c.HasKeyUsage && c.KeyUsage&UsageCertSign == 0 {
		return fmt.Sprintf("its keyUsage (%s) does not allow to sign certificates", c.KeyUsage)
	}
	return ""
}

func (v *verifier) checkKey(c *Certificate, i int, add addFunc) {
	pol := &v.in.Policy
	k := c.Key
	switch k.Type {
	case KeyRSA, KeyRSAPSS, KeyDSA:
		if k.Bits > 0 && k.Bits < pol.MinRSABits {
			add(cause.WeakKey, i, true, "%s has %s key of %d bits; at least %d are wanted.", capital(c.label()), article(k.Type), k.Bits, pol.MinRSABits)
		} else if k.Exponent != nil && k.Exponent.BitLen() == 1 && pol.MinRSABits > 0 {
			add(cause.WeakKey, i, true, "%s has an RSA key with exponent 1, which protects nothing.", capital(c.label()))
		}
	case KeyECDSA:
		if k.Bits > 0 && k.Bits < pol.MinECBits {
			add(cause.WeakKey, i, true, "%s has a key on %s with %d bits; at least %d are wanted.", capital(c.label()), k.Curve, k.Bits, pol.MinECBits)
		}
	}
}

func article(t KeyType) string {
	if t == KeyDSA {
		return "a DSA"
	}
	return "an RSA"
}

func (v *verifier) checkSignatureStrength(c *Certificate, i int, add addFunc) {
	pol := &v.in.Policy
	refuse := pol.RefuseMD5
	switch c.SignatureAlgorithm.HashName {
	case "MD2", "MD4", "MD5":
	case "SHA-1":
		if refuse = pol.RefuseSHA1CA; i == 0 {
			refuse = pol.RefuseSHA1Leaf
		}
	default:
		return
	}
	if refuse {
		add(cause.WeakSignature, i, true, "%s is signed with %s (%s), which current clients refuse.", capital(c.label()), c.SignatureAlgorithm.HashName, c.SignatureAlgorithm.Name)
	}
}

// checkDistrust applies what the store demands of this anchor's paths.
func (v *verifier) checkDistrust(p *Path) []Defect {
	i := len(p.Certs) - 1
	a := p.Anchor
	if v.in.Roots.Mixed && a.DistrustAfter.IsZero() {
		// Distributions pack Mozilla's list without its dates.
		if m := MozillaStore().Contains(a.Certificate); m != nil {
			a = m
		}
	}
	if d := a.DistrustAfter; !d.IsZero() && p.Certs[0].NotBefore.After(d) {
		return []Defect{{
			Cause: cause.UntrustedRoot, Cert: a.Certificate, Index: i, Blocking: true,
			Detail: fmt.Sprintf("%s is trusted only for certificates issued until %s; this one is of %s.", capital(a.label()), date(d), date(p.Certs[0].NotBefore)),
		}}
	}
	if a.Constraint != nil {
		if reason := a.Constraint(p.Certs); reason != "" {
			return []Defect{{
				Cause: cause.UntrustedRoot, Cert: a.Certificate, Index: i, Blocking: true,
				Detail: fmt.Sprintf("%s is trusted within limits only: %s.", capital(a.label()), reason),
			}}
		}
	}
	return nil
}

// expiresSoon: within the warning time, or the last third of a short lifetime.
func (v *verifier) expiresSoon(c *Certificate) bool {
	warn := v.in.Policy.ExpiresSoon
	if warn <= 0 || c.NotAfter.IsZero() {
		return false
	}
	if third := c.Lifetime() / 3; third > 0 && third < warn {
		warn = third
	}
	return v.in.At.Add(warn).After(c.NotAfter)
}

func allowsServer(eku []string) bool {
	for _, o := range eku {
		switch o {
		case EKUServerAuth, EKUAny, EKUMicrosoftSGC, EKUNetscapeSGC:
			return true
		}
	}
	return false
}

func date(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// span is a duration as people say it; always positive.
func span(d time.Duration) string {
	if d < 0 {
		d = -d
	}
	n, unit := int64(d/day), "day"
	switch {
	case d < time.Minute:
		n, unit = int64(d/time.Second), "second"
	case d < time.Hour:
		n, unit = int64(d/time.Minute), "minute"
	case d < 2*day:
		n, unit = int64(d/time.Hour), "hour"
	case d >= 3*365*day:
		n, unit = int64(d/(365*day)), "year"
	}
	if n == 1 {
		return fmt.Sprintf("1 %s", unit)
	}
	return fmt.Sprintf("%d %ss", n, unit)
}

func ago(d time.Duration) string { return span(d) + " ago" }

func intermediates(n int) string {
	switch n {
	case 0:
		return "no intermediate"
	case 1:
		return "1 intermediate"
	}
	return fmt.Sprintf("%d intermediates", n)
}
