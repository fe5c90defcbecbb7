package trust

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// Change is one input of a verdict set to another value. Judging the same
// handshake before and after proves what the input decides.
type Change struct {
	Input Input
	// What names the input and its new value: "time: 2026-11-20 06:00 UTC".
	What string
	// Conclusive: if the verdict flips, the cause is proved. Trusting the top of
	// a chain with a missing issuer shows that trust is all that is missing, and
	// leaves open whose fault that is.
	Conclusive bool
}

// Counterfactual changes the one input that a defect hangs on. ok is false if
// no input would make a difference.
func Counterfactual(in Input, res *Result, d Defect) (Change, bool) {
	ch := Change{Input: in, Conclusive: true}
	pol := &ch.Input.Policy
	if res.Best == nil {
		return ch, false
	}
	switch d.Cause {
	case cause.Expired, cause.NotYetValid, cause.ExpiredIntermediate:
		at, ok := validTime(res.Best, d.Cert)
		if !ok {
			return ch, false
		}
		ch.Input.At = at
		ch.Input.PeerTime = at
		ch.What = "time: " + date(at)
	case cause.ClientClockSkew:
		ch.Input.At = in.PeerTime
		ch.What = "time: the server's, " + date(in.PeerTime)
	case cause.HostnameMismatch:
		name := CoveredName(in.Chain[0], pol.Names)
		if ch.Input.Name = name; name == "" {
			ch.What = "name: not checked"
		} else {
			ch.What = "name: " + name
		}
	case cause.CNOnly:
		pol.Names.CommonName = true
		ch.What = "policy: the common name is accepted"
	case cause.SelfSigned, cause.UntrustedRoot, cause.TLSInterception, cause.IncompleteChain:
		if res.Best.Trusted() { // an anchor with a distrust date
			pol.DistrustAfter = false
			ch.What = "policy: the store's distrust date is not applied"
			break
		}
		top := res.Best.top()
		ch.Input.Roots = withAnchor(in.Roots, top)
		pol.PartialChain = true
		ch.What = "roots: add " + quoted(top.Subject.Short())
		ch.Conclusive = res.Best.End == EndSelfSigned
	case cause.ClientCABundleOutdated:
		ch.Input.Roots = in.CurrentRoots
		ch.What = "roots: " + in.CurrentRoots.Name
	case cause.WrongChainOrder:
		i := slices.Index(in.Chain, d.Cert)
		if i <= 0 {
			return ch, false
		}
		ch.Input.Chain = append([]*Certificate{d.Cert}, slices.Delete(slices.Clone(in.Chain), i, i+1)...)
		ch.What = "order: the site's own certificate first"
	case cause.WeakKey:
		if d.Cert == nil || d.Cert.Key.Bits == 0 {
			return ch, false
		}
		if d.Cert.Key.Type == KeyECDSA {
			pol.MinECBits = min(pol.MinECBits, d.Cert.Key.Bits)
		} else {
			pol.MinRSABits = min(pol.MinRSABits, d.Cert.Key.Bits)
		}
		ch.What = fmt.Sprintf("policy: keys from %d bits are accepted", d.Cert.Key.Bits)
	case cause.Revoked:
		ch.Input.Revocation, ch.Input.Staple = nil, nil
		pol.Waive = append(slices.Clip(pol.Waive), cause.MustStapleMissing)
		ch.What = "revocation: not checked"
	case cause.CertificateTooLarge:
		pol.MaxChainBytes = res.ChainBytes
		ch.What = fmt.Sprintf("policy: %d bytes of certificates are read", res.ChainBytes)
	default:
		what, ok := waivers[d.Cause]
		if !ok {
			return ch, false
		}
		pol.Waive = append(slices.Clip(pol.Waive), d.Cause)
		ch.What = "policy: " + what
	}
	return ch, true
}

// waivers say what a client that lets a cause pass would do.
var waivers = map[cause.ID]string{
	cause.WeakSignature:      "signatures with SHA-1 and MD5 are accepted",
	cause.WrongEKU:           "extendedKeyUsage is not checked",
	cause.WrongKeyUsage:      "keyUsage is not checked",
	cause.CAAsLeaf:           "a CA certificate is accepted as the site's",
	cause.IssuerNotCA:        "issuers need not be CAs",
	cause.PathLengthExceeded: "path lengths are not checked",
	cause.NameConstraints:    "name constraints are not checked",
	cause.CTMissing:          "certificate transparency is not demanded",
	cause.ValidityTooLong:    "the length of the validity is not limited",
	cause.MustStapleMissing:  "a stapled response is not demanded",
	cause.MalformedReply:     "unknown critical extensions are accepted",
}

func withAnchor(s *Store, c *Certificate) *Store {
	if s == nil {
		return NewStore("", "", c)
	}
	return s.With(c)
}

// validTime picks a time at which the whole path is valid, or else at which the
// one certificate is.
func validTime(p *Path, c *Certificate) (t time.Time, ok bool) {
	for _, certs := range [][]*Certificate{p.Certs, {c}} {
		if certs[0] == nil {
			continue
		}
		if from, to, ok := CommonValidity(certs); ok && !to.IsZero() {
			// Near the end of the validity, clear of the warning time if it can be.
			return to.Add(-min(to.Sub(from)/2, day)), true
		}
	}
	return time.Time{}, false
}

// CoveredName is a host or address that the certificate is for, "" if there is
// none; a wildcard becomes "www".
func CoveredName(c *Certificate, rules NameRules) string {
	for _, d := range c.DNSNames {
		if suffix, ok := strings.CutPrefix(d, "*."); ok {
			d = "www." + suffix
		}
		if h, err := ParseHost(d); err == nil && c.Covers(h, rules) {
			return h.String()
		}
	}
	for _, ip := range c.IPAddresses {
		return ip.String()
	}
	return ""
}
