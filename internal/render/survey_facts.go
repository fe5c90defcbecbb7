package render

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/survey"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// sep stands between things that have nothing to do with each other.
var sep = part{gradeSoft, " · "}

// joined puts separators between parts.
func joined(parts []part) []part {
	var out []part
	for i, p := range parts {
		if i > 0 {
			out = append(out, sep)
		}
		out = append(out, p)
	}
	return out
}

func spoken(s *survey.Survey) (new13, older bool) {
	new13 = slices.Contains(s.Versions, wire.VersionTLS13)
	older = slices.ContainsFunc(s.Versions, func(v wire.Version) bool { return v < wire.VersionTLS13 })
	return new13, older
}

func groupFact(s *survey.Survey) fact {
	f := fact{Label: "Groups"}
	new13, older := spoken(s)
	var row []part
	for i := 0; i < len(s.Groups); i++ {
		if i > 0 {
			row = append(row, part{gradeNone, ", "})
		}
		g := s.Groups[i]
		name := g.Group.String()
		// A run of finite fields by size, as OpenSSL and GnuTLS have them, is one item.
		if n := finiteRun(s.Groups[i:]); n > 2 {
			i += n - 1
			name += "–" + strings.TrimPrefix(s.Groups[i].Group.String(), "ffdhe")
		}
		switch {
		case !new13 || !older:
		case g.TLS13 == transcript.Yes && g.TLS12 == transcript.No && !postQuantum(g.Group):
			name += " (TLS 1.3)"
		case g.TLS13 == transcript.No && g.TLS12 == transcript.Yes:
			name += " (not TLS 1.3)"
		}
		if postQuantum(g.Group) {
			if i+1 == len(s.Groups) || !postQuantum(s.Groups[i+1].Group) {
				name += " (post-quantum)" // said once of several
			}
			row = append(row, part{gradeGood, name})
		} else {
			row = append(row, part{gradeNone, name})
		}
	}
	if o := orderWords(s.GroupOrder, len(s.Groups)); o != "" {
		if s.ShareFirst == transcript.Yes && s.GroupOrder == transcript.ServerOrder {
			o += " among key shares sent"
		}
		if o12 := orderWords(s.GroupOrder12, len(s.Groups)); o12 != "" && s.GroupOrder12 != s.GroupOrder {
			o += ", in TLS 1.2 " + strings.TrimSuffix(o12, " order")
		}
		row = append(row, sep, part{gradeSoft, o})
	}
	f.Rows = append(f.Rows, row)
	if s.Features.HelloRetry == transcript.No && new13 {
		f.Rows = append(f.Rows, []part{{gradePoor, "asks for no other key share where the first does not suit (HelloRetryRequest)"}})
	}
	for _, p := range s.DH {
		f.Rows = append(f.Rows, primeRow(p))
	}
	return f
}

// finiteRun is how many groups at the beginning are those of RFC 7919 in the
// order of their sizes, for the same versions.
func finiteRun(all []transcript.GroupFact) int {
	n := 0
	for i, g := range all {
		if !strings.HasPrefix(g.Group.String(), "ffdhe") || i > 0 && (g.Group != all[i-1].Group+1 || g.TLS13 != all[0].TLS13 || g.TLS12 != all[0].TLS12) {
			break
		}
		n++
	}
	return n
}

// postQuantum says so of groups with ML-KEM, hybrid or not (FIPS 203), and of
// the drafts with Kyber.
func postQuantum(g wire.Group) bool {
	n := strings.ToUpper(g.String())
	return strings.Contains(n, "MLKEM") || strings.Contains(n, "KYBER")
}

func primeRow(p transcript.DHFact) []part {
	st := gradeNone
	switch {
	case p.Bits < 1024:
		st = gradeBad
	case p.Bits < 2048:
		st = gradePoor
	}
	text := "DHE with " + count(p.Bits, "bit")
	if p.Name != "" && !strings.HasPrefix(p.Name, strconv.Itoa(p.Bits)) {
		text += " (" + p.Name + ")"
	}
	row := []part{{st, text}}
	if p.Safe == transcript.No {
		row = append(row, sep, part{gradeFair, "not a safe prime"})
	}
	if p.Reused == transcript.Yes {
		row = append(row, sep, part{gradePoor, "the same public value is used again"})
	}
	return row
}

func signatureFact(s *survey.Survey) fact {
	f := fact{Label: "Signatures"}
	new13, older := spoken(s)
	var both, only12 []string
	for _, x := range s.SignatureAlgorithms {
		name := x.Scheme.String()
		if new13 && older && x.TLS13 == transcript.No {
			if !slices.Contains(only12, name) {
				only12 = append(only12, name)
			}
			continue
		}
		if !slices.Contains(both, name) {
			both = append(both, name)
		}
	}
	row := schemeParts(both)
	if len(only12) > 0 {
		if len(row) > 0 {
			row = append(row, sep)
		}
		row = append(append(row, part{gradeSoft, "TLS 1.2 also "}), schemeParts(only12)...)
	}
	if o := orderWords(s.SignatureOrder, len(s.SignatureAlgorithms)); o != "" {
		row = append(row, sep, part{gradeSoft, o})
	}
	f.Rows = append(f.Rows, row)
	return f
}

func schemeParts(all []string) []part {
	var row []part
	for i, name := range all {
		if i > 0 {
			row = append(row, part{gradeNone, ", "})
		}
		g := gradeNone
		if strings.HasSuffix(name, "_sha1") || strings.Contains(name, "md5") {
			g = gradePoor
		}
		row = append(row, part{g, name})
	}
	return row
}

func alpnFact(s *survey.Survey) fact {
	f := fact{Label: "ALPN"}
	if len(s.ALPN) == 0 {
		if s.ALPNRefuses == transcript.Unknown {
			return f
		}
		f.Rows = append(f.Rows, []part{{gradeNone, "none, it ignores what clients offer"}})
		return f
	}
	row := []part{{gradeNone, strings.Join(s.ALPN, ", ")}}
	switch s.ALPNRefuses {
	case transcript.Yes:
		row = append(row, sep, part{gradeSoft, "refuses clients that offer none of them"})
	case transcript.No:
		row = append(row, sep, part{gradeSoft, "goes on without where a client offers others"})
	}
	f.Rows = append(f.Rows, row)
	return f
}

func certificateFact(s *survey.Survey) fact {
	f := fact{Label: "Certificate"}
	if len(s.Certificates) > 1 {
		f.Label = "Certificates"
	}
	for i := range s.Certificates {
		f.Rows = append(f.Rows, certificateRow(s, &s.Certificates[i]))
	}
	// How a client fares that does not say the right name.
	var other []part
	for _, x := range []struct{ what, how string }{{"an unknown name", s.Features.OtherName}, {"no name", s.Features.NoName}} {
		if x.how != "" && x.how != "same" && x.how != "other" {
			other = append(other, part{gradeNone, x.what + " is refused: " + x.how})
		}
	}
	f.Rows = append(f.Rows, joined(other))
	return f
}

func certificateRow(s *survey.Survey, c *survey.Certificate) []part {
	parts := []part{{gradeNone, cmp.Or(c.Key, "a key of unknown kind") + " for " + coveredNames(c)}}
	parts = append(parts, expiry(c))
	switch {
	case c.Trusted == transcript.Yes:
		parts = append(parts, part{gradeGood, "trusted"})
	case len(c.FetchedIssuers) > 0:
		parts = append(parts, part{gradeBad, "issuer not sent, but it can be fetched"})
		fallthrough
	case len(c.Problems) > 0:
		var ids []string
		for _, p := range c.Problems {
			if p != cause.Expired { // which is said already
				ids = append(ids, string(p))
			}
		}
		if len(ids) > 0 {
			parts = append(parts, part{gradeBad, strings.Join(ids, ", ")})
		}
	case c.Trusted == transcript.No:
		parts = append(parts, part{gradeBad, "not trusted"})
	}
	if c.KeyFits == transcript.No {
		parts = append(parts, part{gradeBad, "signatures are made with another key"})
	}
	if a := shownFor(s, c); a != "" {
		parts = append(parts, part{gradeSoft, a})
	}
	parts = append(parts, stapleParts(s, c)...)
	n := 0
	for _, k := range c.SCTs {
		n += k
	}
	if n > 0 {
		parts = append(parts, part{gradeSoft, count(n, "SCT")})
	}
	return joined(parts)
}

func coveredNames(c *survey.Certificate) string {
	if len(c.Chain) == 0 {
		return "names that are not known"
	}
	leaf := c.Chain[0]
	switch n := len(leaf.SANs); {
	case n == 0:
		return leaf.Subject + " (no names)"
	case n <= 2:
		return strings.Join(leaf.SANs, " and ")
	default:
		return leaf.SANs[0] + " and " + strconv.Itoa(n-1) + " more names"
	}
}

func expiry(c *survey.Certificate) part {
	switch d := c.DaysLeft; {
	case len(c.Chain) == 0:
		return part{gradeSoft, "expiry not known"}
	case d < 0 || slices.Contains(c.Problems, cause.Expired):
		first := c.Chain[0].NotAfter
		for _, x := range c.Chain {
			if x.NotAfter.Before(first) {
				first = x.NotAfter
			}
		}
		return part{gradeBad, "expired on " + dayOf(first)}
	case d < 15:
		return part{gradePoor, count(d, "day") + " left"}
	default:
		return part{gradeNone, count(d, "day") + " left"}
	}
}

// shownFor says to which names a certificate is shown, where that is not the
// same for all.
func shownFor(s *survey.Survey, c *survey.Certificate) string {
	if len(c.For) == 0 || s.Features.OtherName == "same" && s.Features.NoName == "same" {
		return ""
	}
	has := func(a transcript.Asked) bool { return slices.Contains(c.For, a) }
	switch {
	case has(transcript.ByName) && has(transcript.ByNoName) && has(transcript.ByOtherName):
		return ""
	case has(transcript.ByName) && len(c.For) == 1:
		return "for this name alone"
	case s.Target.SNI == nil && has(transcript.ByName):
		return ""
	}
	var ways []string
	for _, x := range []struct {
		ask  transcript.Asked
		word string
	}{{transcript.ByName, "this name"}, {transcript.ByNoName, "clients that send no name"}, {transcript.ByOtherName, "unknown names"}} {
		if has(x.ask) {
			ways = append(ways, x.word)
		}
	}
	return "for " + and(ways)
}

func stapleParts(s *survey.Survey, c *survey.Certificate) []part {
	switch {
	case c.Staple == "good":
		return []part{{gradeGood, "revocation status stapled"}}
	case c.Staple == "" || c.Staple == "none":
		if c.MustStaple {
			return []part{{gradeBad, "no stapled status, and it promises one"}}
		}
		return nil
	}
	return []part{{gradeBad, "stapled status: " + c.Staple}}
}

func sessionFact(s *survey.Survey) fact {
	f := fact{Label: "Sessions"}
	x := s.Features
	var with, without []string
	for _, r := range []struct {
		t    transcript.Tri
		name string
	}{{x.ResumptionPSK, "TLS 1.3"}, {x.ResumptionTicket, "tickets"}, {x.ResumptionID, "session IDs"}} {
		switch r.t {
		case transcript.Yes:
			with = append(with, r.name)
		case transcript.No:
			without = append(without, r.name)
		}
	}
	var parts []part
	switch {
	case len(with) > 0 && len(without) > 0:
		parts = append(parts, part{gradeNone, "resumed with " + and(with) + ", not with " + and(without)})
	case len(with) > 0:
		parts = append(parts, part{gradeNone, "resumed with " + and(with)})
	case len(without) > 0:
		parts = append(parts, part{gradeFair, "not resumed: each connection is a full handshake"})
	}
	if x.Tickets > 0 {
		parts = append(parts, part{gradeSoft, count(x.Tickets, "ticket") + lifetime(x.TicketLifetime)})
	}
	switch {
	case x.EarlyDataAccepted == transcript.Yes:
		parts = append(parts, part{gradePoor, "0-RTT accepted" + earlyBytes(x.MaxEarlyData) + ": requests in it can be replayed"})
	case x.EarlyData == transcript.Yes:
		parts = append(parts, part{gradeFair, "0-RTT offered" + earlyBytes(x.MaxEarlyData)})
	case x.EarlyData == transcript.No:
		parts = append(parts, part{gradeSoft, "no 0-RTT"})
	}
	f.Rows = append(f.Rows, joined(parts))
	return f
}

func lifetime(seconds uint32) string {
	if seconds == 0 {
		return ""
	}
	return ", good for " + period(int64(seconds))
}

func earlyBytes(n uint32) string {
	if n == 0 {
		return ""
	}
	return ", up to " + strconv.FormatUint(uint64(n), 10) + " bytes"
}

// period is a time in the largest unit that it is a whole number of, or nearly.
func period(seconds int64) string {
	for _, u := range []struct {
		n    int64
		name string
	}{{365 * 86400, "year"}, {30 * 86400, "month"}, {86400, "day"}, {3600, "hour"}, {60, "minute"}} {
		if seconds >= u.n && (seconds%u.n == 0 || seconds >= 10*u.n) {
			return count(int(seconds/u.n), u.name)
		}
	}
	return count(int(seconds), "second")
}

// halfYear, in seconds, is the least that guidance takes for HSTS.
const halfYear = 15768000

func httpFact(s *survey.Survey) fact {
	f := fact{Label: "HTTP"}
	h := s.HTTP
	if h == nil {
		return f
	}
	parts := []part{{gradeNone, h.Proto + " answers " + strconv.Itoa(h.Status)}}
	if h.HSTS == nil || h.HSTS.MaxAge == 0 {
		parts = append(parts, part{gradeFair, "no HSTS: a first visit by http:// can be caught"})
	} else {
		p := part{gradeGood, "HSTS for " + period(h.HSTS.MaxAge)}
		if h.HSTS.MaxAge < halfYear {
			p = part{gradeFair, p.Text + ", which is short"}
		}
		text := p.Text
		if h.HSTS.IncludeSubDomains {
			text += ", subdomains too"
		}
		if h.HSTS.Preload {
			text += ", preload"
		}
		parts = append(parts, part{p.Grade, text})
	}
	if h.AltSvc != "" {
		parts = append(parts, part{gradeNone, "Alt-Svc " + h.AltSvc})
	}
	f.Rows = append(f.Rows, joined(parts))
	return f
}

func dnsFact(s *survey.Survey) fact {
	f := fact{Label: "DNS"}
	d := s.DNS
	if !d.Asked {
		return f
	}
	var parts []part
	if len(d.CAA) > 0 {
		parts = append(parts, part{gradeNone, "CAA " + list(d.CAA, 3)})
	} else {
		parts = append(parts, part{gradeSoft, "no CAA: any CA may issue"})
	}
	if n := len(d.TLSA); n > 0 {
		p := part{gradeNone, count(n, "TLSA record")}
		switch d.TLSAMatch {
		case transcript.Yes:
			p.Grade, p.Text = gradeGood, p.Text+", matched"
		case transcript.No:
			p.Grade, p.Text = gradeBad, p.Text+", none matches what is served"
		}
		parts = append(parts, p)
	}
	if n := len(d.HTTPS); n > 0 {
		parts = append(parts, part{gradeNone, "HTTPS " + list(d.HTTPS, 2)})
	}
	f.Rows = append(f.Rows, joined(parts))
	return f
}

// chainCert is a certificate of a survey as drawn: it has no checks of a report
// around it, so it is put into one.
func surveyChain(s *survey.Survey, c *survey.Certificate) []certView {
	return chainView(&report.Report{Time: s.Time, Options: s.Options, Chain: c.Chain})
}

func dayOf(t time.Time) string {
	if t.IsZero() {
		return "?"
	}
	return date(t)
}
