package survey

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/transcript"
)

// findings lists what hurts now or will, worst first. None is blocking: whom
// something stops is said by locksOut. software is the id of what answered, ""
// where only its HTTP header may tell.
func findings(s *Survey, software string) []report.Finding {
	c := collector{}
	for _, rule := range []func(*Survey, *collector){
		certificateFindings, stapleFindings, toleranceFindings, suiteFindings, versionFindings, keyExchangeFindings, renegotiationFindings, optionFindings, signatureFindings, dnsFindings, http2Findings,
	} {
		rule(s, &c)
	}
	slices.SortStableFunc(c.found, func(a, b report.Finding) int { return cmp.Compare(b.Severity, a.Severity) })
	advice := s.advice(software)
	for i := range c.found {
		advice.Complete(&c.found[i])
	}
	if c.found == nil {
		return []report.Finding{}
	}
	return c.found
}

// advice is what the advice on a survey's findings depends on.
func (s *Survey) advice(software string) report.Advice {
	if software == "" && s.HTTP != nil {
		software = cause.DetectSoftware(s.HTTP.Server, "", "")
	}
	sni := ""
	if s.Target.SNI != nil {
		sni = *s.Target.SNI
	}
	var addr netip.AddrPort
	if ip, err := netip.ParseAddr(s.Target.Address); err == nil {
		addr = netip.AddrPortFrom(ip, s.Target.Port)
	}
	return report.Advice{
		Known: report.Placeholders(s.Target, s.Options, sni, addr), Software: software,
		Retest: report.Command("tlswhy survey", s.Target, s.Options),
	}
}

// collector gathers findings, one for each cause.
type collector struct{ found []report.Finding }

// add notes what was seen. What is found of a cause that is there already joins
// its finding.
func (c *collector) add(id cause.ID, detail string, values map[string]string) *report.Finding {
	for i := range c.found {
		f := &c.found[i]
		if f.Cause != id {
			continue
		}
		if f.Detail != detail {
			f.Detail += " " + detail
			f.Proof.Effect = f.Detail
		}
		return f
	}
	f := report.Begin(id, report.Proved, detail).Observed(detail, "")
	f.Blocking = false
	for k, v := range values {
		f.Values[k] = v
	}
	c.found = append(c.found, f)
	return &c.found[len(c.found)-1]
}

// worse raises a finding's severity: the catalogue's is that of the mildest case.
func worse(f *report.Finding, s cause.Severity) { f.Severity = max(f.Severity, s) }

// forTarget are the certificates that are shown for the target's own name; where
// nobody noted for what, all.
func (s *Survey) forTarget() []*Certificate {
	var out []*Certificate
	for i := range s.Certificates {
		c := &s.Certificates[i]
		if len(c.For) == 0 || slices.Contains(c.For, transcript.ByName) || s.Target.SNI == nil && slices.Contains(c.For, transcript.ByNoName) {
			out = append(out, c)
		}
	}
	return out
}

func certificateFindings(s *Survey, c *collector) {
	all := s.forTarget()
	with := perKey{all: len(all)}
	for _, cert := range all {
		for _, d := range cert.Defects {
			with.add(string(d.Cause)+" "+d.Detail, cert.Key)
		}
	}
	for _, cert := range all {
		for _, d := range cert.Defects {
			detail := d.Detail
			if keys := with.some(string(d.Cause) + " " + d.Detail); keys != "" {
				detail = "With the " + keys + ": " + lowerFirst(detail)
			}
			if n := len(cert.FetchedIssuers); n > 0 && d.Cause == cause.IncompleteChain {
				detail += " What is missing can be fetched from where the certificate says; clients that do so connect."
			}
			values := map[string]string{}
			if d.Cert != nil {
				values["subject"], values["issuer"] = d.Cert.Subject.Short(), d.Cert.Issuer.Short()
			}
			if len(cert.Chain) > 0 && len(cert.Chain[0].SANs) > 0 {
				values["names"] = joinSome(cert.Chain[0].SANs, 4)
			}
			c.add(d.Cause, detail, values)
		}
	}
}

// perKey tells with which keys something holds, so that what holds with several
// is said once, and what holds with all needs none named.
type perKey struct {
	all  int // certificates that there are
	seen map[string][]string
}

func (p *perKey) add(what, key string) {
	if p.seen == nil {
		p.seen = map[string][]string{}
	}
	p.seen[what] = append(p.seen[what], key)
}

// some is "ECDSA P-256 key" or "ECDSA P-256 and RSA 2048 keys", "" where it is all.
func (p *perKey) some(what string) string {
	keys := slices.DeleteFunc(slices.Compact(slices.Clone(p.seen[what])), func(k string) bool { return k == "" })
	switch {
	case len(p.seen[what]) >= p.all || len(keys) == 0:
		return ""
	case len(keys) == 1:
		return keys[0] + " key"
	}
	return listed(keys) + " keys"
}

// stapleFindings: an answer that is worse than none. That a certificate which has
// to come with a good one does not is a defect of the certificate's.
func stapleFindings(s *Survey, c *collector) {
	all := s.forTarget()
	with := perKey{all: len(all)}
	var said []string
	for _, cert := range all {
		if cert.MustStaple {
			continue
		}
		what := ""
		switch cert.Staple {
		case "", stapleNone, "good", "revoked":
			continue
		case "unknown":
			what = "says that the CA does not know the certificate"
		case stapleExpired:
			what = "is past its date"
		case stapleForeign:
			what = "is about another certificate"
		default:
			what = "cannot be used"
		}
		with.add(what, cert.Key)
		if !slices.Contains(said, what) {
			said = append(said, what)
		}
	}
	for _, what := range said {
		to := "the certificate"
		if keys := with.some(what); keys != "" {
			to += " with the " + keys
		}
		c.add(cause.StaplingBroken, fmt.Sprintf("The OCSP response that is stapled to %s %s.", to, what), nil)
	}
}

// dnsFindings: what the zone says and the server does not do.
func dnsFindings(s *Survey, c *collector) {
	if s.DNS.TLSAMatch == transcript.No {
		f := c.add(cause.KeyPinning, "None of the TLSA records at "+tlsaName(s.Target)+" matches what the server shows: clients that check DANE (RFC 6698), mail servers above all, do not deliver.", nil)
		f.Side = cause.SideServer
	}
}
