package trust

import (
	"fmt"
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// RevocationState is what a CA says of a certificate.
type RevocationState uint8

// Revocation states.
const (
	RevocationUnknown RevocationState = iota // no answer, or none that covers the certificate
	RevocationGood
	RevocationRevoked
)

// String returns "unknown", "good" or "revoked".
func (s RevocationState) String() string {
	return [...]string{"unknown", "good", "revoked"}[min(s, RevocationRevoked)]
}

// RevocationStatus is one OCSP response's or CRL's word on one certificate.
type RevocationStatus struct {
	// Source is "staple", "ocsp" or "crl".
	Source string
	// Cert is the certificate that was asked about.
	Cert  *Certificate
	State RevocationState
	// ThisUpdate and NextUpdate bound the answer's validity; NextUpdate may be zero.
	ThisUpdate, NextUpdate time.Time
	// RevokedAt and Reason are set if State is RevocationRevoked.
	RevokedAt time.Time
	Reason    string
	// SignatureOK: the issuer, or a responder that it named, signed the answer.
	SignatureOK bool
	// Current: the time of the check lies within the answer's validity.
	Current bool
	// SCTs that came in the answer.
	SCTs []SCT
	// Err says what is wrong with the answer; a status with an error proves nothing.
	Err error
}

// Proves tells whether the answer can be believed.
func (s *RevocationStatus) Proves() bool { return s.Err == nil && s.SignatureOK && s.Current }

func (s *RevocationStatus) setTimes(this, next, at time.Time) {
	s.ThisUpdate, s.NextUpdate = this, next
	// A few minutes of tolerance: responders sign with the current second.
	s.Current = !at.Add(minSkew).Before(this) && (next.IsZero() || !at.After(next))
}

// reasons are CRLReason's names (RFC 5280, Section 5.3.1).
var reasons = [...]string{
	"unspecified", "keyCompromise", "cACompromise", "affiliationChanged", "superseded",
	"cessationOfOperation", "certificateHold", "", "removeFromCRL", "privilegeWithdrawn", "aACompromise",
}

func reasonName(b []byte) string {
	if len(b) == 1 && int(b[0]) < len(reasons) && reasons[b[0]] != "" {
		return reasons[b[0]]
	}
	return "unspecified"
}

// checkRevocation applies what is known to the certificates of a path.
func (v *verifier) checkRevocation(p *Path) []Defect {
	var out []Defect
	statuses := v.in.Revocation
	if v.staple != nil {
		statuses = append([]RevocationStatus{*v.staple}, statuses...)
	}
	for i, c := range p.Certs {
		for _, s := range statuses {
			if s.State != RevocationRevoked || !s.Proves() || s.Cert == nil || !c.Equal(s.Cert) || s.RevokedAt.After(v.in.At) {
				continue
			}
			what := "The certificate"
			if i > 0 {
				what = capital(c.label())
			}
			out = append(out, Defect{
				Cause: cause.Revoked, Cert: c, Index: i, Blocking: v.in.Policy.Revoked || v.in.Policy.RevokedStaple && s.Source == "staple",
				Detail: fmt.Sprintf("%s was revoked by its CA on %s (%s), says %s.", what, date(s.RevokedAt), s.Reason, sourceText(s.Source)),
			})
			break
		}
	}
	return out
}

func sourceText(source string) string {
	switch source {
	case "staple":
		return "the stapled OCSP response"
	case "crl":
		return "the CA's revocation list"
	}
	return "the CA's OCSP server"
}

// stapleMissing says why the staple does not do; "" if it does.
func (v *verifier) stapleMissing() string {
	switch s := v.staple; {
	case s == nil:
		return "none comes"
	case s.Err != nil:
		return fmt.Sprintf("what comes is not usable: %v", s.Err)
	case !s.Current:
		return fmt.Sprintf("the one that comes is outside its validity (%s to %s)", date(s.ThisUpdate), date(s.NextUpdate))
	case !s.SignatureOK:
		return "the one that comes is not signed by the CA"
	case s.State == RevocationUnknown:
		return "the one that comes says that the CA does not know the certificate"
	}
	return ""
}
