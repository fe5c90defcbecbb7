package survey

import (
	"cmp"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/client"
	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/trust"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// document makes of all that was seen what is reported.
func (s *session) document() *Survey {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gather()
	d := &Survey{
		Schema: Schema, Time: s.begun.UTC().Format(time.RFC3339), Target: s.target, Options: s.o.Echo,
		Facts: s.facts, Answers: s.versionAnswers(), DNS: s.dns, HTTP: s.http(),
		Addresses: s.addresses, Notes: s.notes, Complete: !s.incomplete && s.limited == "" && s.unreachable == "" && s.connections > 0,
		Gentle: s.gentle, Connections: s.connections, RoundTrips: s.longest,
		RTTMS: milliseconds(median(s.connects)), ElapsedMS: milliseconds(s.o.Now().Sub(s.begun)),
	}
	if s.addr.Addr().IsValid() {
		d.Target.Address = s.addr.Addr().String()
		if len(d.Addresses) == 0 {
			d.Addresses = []report.Address{{IP: d.Target.Address, Outcome: orElse(s.unreachable, "asked")}}
		}
	}
	d.Target.SNI = nil
	if s.sni != "" {
		d.Target.SNI = &s.sni
	}
	switch {
	case s.limited != "":
		d.Notes = append(d.Notes, "not everything was asked: "+s.limited)
	case s.unreachable != "" && s.connections > 0 && len(s.facts.Versions) > 0:
		d.Notes = append(d.Notes, "the server takes no more connections: "+s.unreachable)
	case s.unreachable != "":
		d.Notes = append(d.Notes, s.unreachable)
	case len(s.facts.Versions) == 0:
		d.Notes = append(d.Notes, "no hello was answered with TLS: tlswhy check tells why")
	}
	s.meaning(d)
	return d
}

// gather turns what was seen into Facts. The caller holds s.mu.
func (s *session) gather() {
	f := &s.facts
	f.Suites = map[string]transcript.SuiteFacts{}
	for v := wire.VersionTLS13; v >= wire.VersionSSL30; v-- {
		if r := s.suites[v]; len(r.accepted) > 0 {
			f.Versions = append(f.Versions, v)
			f.Suites[v.String()] = transcript.SuiteFacts{Order: orderOf(r.order), List: r.accepted, ChaChaFirst: chachaFirst(r.choice, cmp.Or(s.chacha[v], s.odd[v])), Complete: r.complete}
		}
	}
	if r := s.suites[wire.VersionSSL20]; len(r.ssl2) > 0 {
		f.Versions = append(f.Versions, wire.VersionSSL20)
		f.Suites[wire.VersionSSL20.String()] = transcript.SuiteFacts{Order: transcript.ServerOrder, List: []wire.CipherSuite{}, ListSSL2: r.ssl2, Complete: true}
	}
	s.gatherGroups()
	s.gatherSchemes()
	for _, key := range slices.SortedFunc(maps.Keys(s.dh), func(a, b string) int { return cmp.Compare(s.dh[a].order, s.dh[b].order) }) {
		f.DH = append(f.DH, s.dh[key].fact())
	}
	for _, x := range s.served {
		f.Served = append(f.Served, *x)
	}
	s.gatherFeatures()
}

func orderOf(o transcript.Order) transcript.Order {
	if o == "" {
		return transcript.ClientOrder
	}
	return o
}

func (s *session) gatherGroups() {
	f := &s.facts
	finite := choice[wire.Group]{accepted: s.ffdhe12, complete: s.asked12DH}
	for _, g := range slices.Concat(s.groups13.accepted, s.groups12.accepted, s.ffdhe12) {
		in12 := s.groups12.has(g)
		if g.FiniteField() {
			in12 = finite.has(g)
		}
		if !slices.ContainsFunc(f.Groups, func(x transcript.GroupFact) bool { return x.Group == g }) {
			f.Groups = append(f.Groups, transcript.GroupFact{Group: g, TLS13: s.groups13.has(g), TLS12: in12})
		}
	}
	f.GroupOrder = orderOf(s.groups13.order)
	if s.groups13.decided && s.groups12.decided && s.groups12.order != f.GroupOrder {
		f.GroupOrder12 = s.groups12.order
	}
	if !s.groups13.decided && s.groups12.decided {
		f.GroupOrder = s.groups12.order
	}
	if slices.ContainsFunc(s.groups13.accepted, wire.Group.PostQuantum) {
		f.Features.Tolerates.HybridShare = transcript.Yes
	}
}

func (s *session) gatherSchemes() {
	f := &s.facts
	for _, x := range slices.Concat(s.schemes13.accepted, s.schemes12.accepted) {
		if !slices.ContainsFunc(f.SignatureAlgorithms, func(y transcript.SchemeFact) bool { return y.Scheme == x }) {
			f.SignatureAlgorithms = append(f.SignatureAlgorithms, transcript.SchemeFact{
				Scheme: x, TLS13: s.schemes13.has(x), TLS12: s.schemes12.has(x), Leaf: s.schemeLeaf[x],
			})
		}
	}
	f.SignatureOrder = orderOf(s.schemes13.order)
	if !s.schemes13.decided && s.schemes12.decided {
		f.SignatureOrder = s.schemes12.order
	}
}

// fact describes a Diffie-Hellman group.
func (d *dhSeen) fact() transcript.DHFact {
	f := dhFact(d.p, d.g)
	n := 0
	for _, times := range d.values {
		n += times
		if times > 1 {
			f.Reused = transcript.Yes
		}
	}
	if f.Reused != transcript.Yes && n > 1 {
		f.Reused = transcript.No
	}
	return f
}

func (s *session) gatherFeatures() {
	f := &s.facts.Features
	f.RoundTrip = median(s.connects)
	f.NoName = s.comparedWith(s.noName)
	f.OtherName = s.comparedWith(s.other)
	s.clientCertificates()
	has13 := len(s.suites[wire.VersionTLS13].accepted) > 0
	if has13 && len(s.sentinels) > 0 {
		switch with, without := slices.Contains(s.sentinels, true), slices.Contains(s.sentinels, false); {
		case !without:
			f.DowngradeSentinel = transcript.Yes
		case !with:
			f.DowngradeSentinel = transcript.No
		default: // not all that answers here is one server
			s.notes = append(s.notes, "some answers of TLS 1.2 bear the mark of a server that has TLS 1.3, others do not: several servers answer at this address")
		}
	}
	// The signal means something below the newest version only.
	if t, v := s.fellBack, s.fellBackTo; t != nil && len(s.facts.Versions) > 1 && s.facts.Versions[0] > v {
		switch {
		case t.Server != nil:
			f.FallbackSCSV = transcript.No
		case t.Outcome.Alert != nil && t.Outcome.Alert.Description == wire.AlertInappropriateFallback:
			f.FallbackSCSV = transcript.Yes
		}
	}
	if t := s.bare; t != nil && (helloCame(t) || slices.Contains(s.facts.Versions, wire.VersionTLS12)) {
		f.Tolerates.NoExtensions = transcript.TriOf(helloCame(t))
	}
	if !has13 { // what only TLS 1.3 has cannot be tolerated or not
		f.Tolerates.EmptyShares = transcript.Unknown
	}
}

// comparedWith says how an answer for another name, or for none, differs from
// that for the target's: "same", "other", or how it was refused.
func (s *session) comparedWith(t *transcript.Transcript) string {
	switch {
	case t == nil || len(s.served) == 0: // nothing to compare with
		return ""
	case len(t.Certificates) == 0 && t.Outcome.Kind == transcript.Complete: // a suite that goes without
		return ""
	case len(t.Certificates) == 0:
		return outcomeText(t)
	}
	id := t.LeafSHA256()
	for _, x := range s.served {
		if x.SHA256 == id && slices.Contains(x.For, transcript.ByName) {
			return "same"
		}
	}
	return "other"
}

// clientCertificates reads whether the server asks for one, and insists.
func (s *session) clientCertificates() {
	f := &s.facts.Features
	if len(s.requests) == 0 {
		if s.noRequest {
			f.ClientCertificate = "none"
		}
		return
	}
	f.ClientCertificate = "requested"
	for _, r := range s.requests {
		if r.Request != nil && len(f.Authorities) == 0 {
			f.Authorities = r.Request.Authorities
		}
	}
	if s.o.Certificate == nil && (s.baseline != nil && insists(s.baseline) || slices.ContainsFunc(s.finished, func(t *transcript.Transcript) bool {
		return t.Outcome.Reached < transcript.ReachedFinished && insists(t)
	})) {
		f.ClientCertificate = "required"
	}
}

// insists: it asked for a certificate, got none, and went no further. Silence is
// no refusal: there are slow pages.
func insists(t *transcript.Transcript) bool {
	switch {
	case len(t.CertificateRequests) == 0:
		return false
	case t.Response != nil:
		return t.Response.WantsCertificate()
	case t.Outcome.Reached < transcript.ReachedFlight:
		return false
	}
	switch t.Outcome.Kind {
	case transcript.AlertReceived, transcript.Reset, transcript.Closed:
		return true
	}
	return false
}

// versionAnswers tells what each version got.
func (s *session) versionAnswers() []Answer {
	var out []Answer
	for _, v := range []wire.Version{wire.VersionTLS13, wire.VersionTLS12, wire.VersionTLS11, wire.VersionTLS10, wire.VersionSSL30, wire.VersionSSL20} {
		if a := s.answers[v]; a != "" {
			out = append(out, Answer{Version: v, Accepted: slices.Contains(s.facts.Versions, v), Outcome: a})
		}
	}
	return out
}

// http reads the answer to the one request.
func (s *session) http() *HTTP {
	t := s.baseline
	if t == nil || t.Response == nil || t.Response.Status == 0 || s.target.Service != "http" {
		return nil
	}
	r := t.Response
	h := &HTTP{Proto: r.Proto, Status: r.Status, Server: r.Header.Get("Server"), AltSvc: r.Header.Get("Alt-Svc")}
	if v := r.Header.Values("Strict-Transport-Security"); len(v) > 0 {
		h.HSTS = parseHSTS(v[0]) // RFC 6797, Section 8.1: only the first counts
	}
	return h
}

// parseHSTS reads the header's value (RFC 6797, Section 6.1); nil without a
// max-age that can be read.
func parseHSTS(s string) *HSTS {
	h, ok := &HSTS{}, false
	for d := range strings.SplitSeq(s, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(d), "=")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "max-age":
			n, err := strconv.ParseInt(strings.Trim(strings.TrimSpace(value), `"`), 10, 64)
			if err != nil || n < 0 {
				return nil
			}
			h.MaxAge, ok = n, true
		case "includesubdomains":
			h.IncludeSubDomains = true
		case "preload":
			h.Preload = true
		}
	}
	if !ok {
		return nil
	}
	return h
}

// tlsaMatches reports whether one of the records stands for a certificate of the
// chain (RFC 6698, Section 2.1). What it does not understand matches nothing.
func tlsaMatches(records []string, chain [][]byte) bool {
	for _, r := range records {
		var usage, selector, matching int
		var data string
		if n, err := fmt.Sscanf(r, "%d %d %d %s", &usage, &selector, &matching, &data); err != nil || n != 4 {
			continue
		}
		certs := chain[:min(1, len(chain))]
		if usage == 0 || usage == 2 { // PKIX-TA, DANE-TA: any CA of the chain
			certs = chain[min(1, len(chain)):]
		}
		for _, der := range certs {
			if strings.EqualFold(tlsaData(der, selector, matching), data) {
				return true
			}
		}
	}
	return false
}

func tlsaData(der []byte, selector, matching int) string {
	if selector == 1 {
		c, err := trust.ParseCertificate(der)
		if err != nil {
			return ""
		}
		der = c.Key.SPKI
	}
	switch matching {
	case 0:
		return hex.EncodeToString(der)
	case 1:
		sum := sha256.Sum256(der)
		return hex.EncodeToString(sum[:])
	case 2:
		sum := sha512.Sum512(der)
		return hex.EncodeToString(sum[:])
	}
	return ""
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// meaning works out what the facts mean.
func (s *session) meaning(d *Survey) {
	for _, raw := range d.Features.Authorities {
		if n, err := trust.ParseName(raw); err == nil {
			d.Authorities = append(d.Authorities, n.String())
		}
	}
	if chain := s.shownByName(); d.DNS.TLSA != nil && chain != nil && len(d.DNS.TLSA) > 0 {
		d.DNS.TLSAMatch = transcript.TriOf(tlsaMatches(d.DNS.TLSA, chain))
	}
	v := s.verifying()
	d.baseline = s.baseline
	d.interpret(
		v,
		client.PredictOptions{
			Host: s.target.Host, ServerName: s.sni, HTTP: s.target.Service == "http", Extra: s.fetched, Revocation: s.revoked,
			Roots: s.o.Roots, PublicRoots: v.Public, At: v.At, ClientCertificate: s.o.Certificate != nil,
		},
		s.software(),
	)
}

// shownByName is the chain that the target's own name gets.
func (s *session) shownByName() [][]byte {
	for _, x := range s.served {
		if slices.Contains(x.For, transcript.ByName) {
			return x.Chain
		}
	}
	return nil
}

// software names what answered the request, as far as the answer tells.
func (s *session) software() string {
	t := s.baseline
	if t == nil || t.Response == nil {
		return ""
	}
	return cause.DetectSoftware(t.Response.Header.Get("Server"), strings.Join(t.Dialogue, "\n"), string(t.Response.Body))
}
