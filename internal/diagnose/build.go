package diagnose

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/client"
	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// report puts together what the session knows.
func (s *session) report() *report.Report {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := &report.Report{
		Schema: report.Schema, Time: s.begun.UTC().Format(time.RFC3339),
		Target: s.target, Client: s.profile.ID, Options: s.o.Echo,
		Findings: s.findings, Handshakes: []report.Handshake{}, Addresses: []report.Address{},
		Checklist: []report.CheckItem{}, Chain: []report.ChainCert{},
		ElapsedMS: milliseconds(s.o.Now().Sub(s.begun)),
	}
	if r.Findings == nil {
		r.Findings = []report.Finding{}
	}
	r.Target.SNI = nil
	if s.sni != "" {
		r.Target.SNI = &s.sni
	}
	if s.target.IsAddress() && s.sni == "" {
		s.notes = append(s.notes, "the target is an address: no server name is sent (RFC 6066, Section 3)")
	}
	for _, a := range s.addresses {
		r.Addresses = append(r.Addresses, report.Address{IP: ipOf(a), Outcome: s.outcomeWord(a)})
	}
	if s.primary != nil && s.primary.Attempt.Handshake != nil {
		if ip := s.primary.Attempt.Handshake.Address; ip.Addr().IsValid() {
			r.Target.Address = ip.String()
		}
	}
	slices.SortFunc(s.all, func(a, b *transcript.Transcript) int { return cmp.Compare(number(a.ID), number(b.ID)) })
	for _, t := range s.all {
		if t.Attempt.Handshake != nil {
			r.Handshakes = append(r.Handshakes, handshakeOf(t))
			r.Connections++
		} else if t.Attempt.Fetch != nil {
			r.Connections++
		}
	}
	r.Server = s.server()
	r.Chain = s.chainOf()
	s.finish(r)
	r.Ladder = s.ladder(r)
	r.Checklist = s.checklist(r)
	if s.limited != "" {
		s.notes = append(s.notes, "the search ended before its time: "+s.limited)
	}
	r.Notes = s.notes
	return r
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func number(id string) int {
	n, _ := strconv.Atoi(strings.TrimPrefix(id, "h"))
	return n
}

func ipOf(a addressResult) string {
	if !a.addr.Addr().IsValid() {
		return "by proxy"
	}
	return a.addr.Addr().String()
}

func (s *session) outcomeWord(a addressResult) string {
	if a.stop == nil {
		return "ok"
	}
	if o := a.t.Outcome; o.Kind != transcript.Complete {
		if o.Alert != nil {
			return fmt.Sprintf("%s: alert %d %s", a.stop.step, uint8(o.Alert.Description), o.Alert.Description)
		}
		return fmt.Sprintf("%s: %s", a.stop.step, o.Kind)
	}
	return fmt.Sprintf("%s: refused by the client", a.stop.step)
}

// finish brings verdict, order, fixes and commands into the findings.
func (s *session) finish(r *report.Report) {
	inherit := map[cause.ID]bool{}
	r.Findings = slices.DeleteFunc(r.Findings, func(f report.Finding) bool {
		dup := inherit[f.Cause]
		inherit[f.Cause] = true
		return dup
	})
	slices.SortStableFunc(r.Findings, func(a, b report.Finding) int {
		switch {
		case a.Blocking == b.Blocking:
			return 0
		case a.Blocking:
			return -1
		}
		return 1
	})
	if s.limited != "" {
		for i := range r.Findings {
			if f := &r.Findings[i]; f.Blocking && f.Proof == nil && f.Confidence == report.Proved {
				f.Confidence = report.Likely
			}
		}
	}
	advice := s.advice(r.Server.Software)
	shown := map[string]bool{}
	for _, h := range r.Handshakes {
		shown[h.ID] = true
	}
	for i := range r.Findings {
		tidy(&r.Findings[i], shown)
		s.instead(&r.Findings[i])
		advice.Complete(&r.Findings[i])
	}
	r.Step = cause.StepSecure
	switch root := r.Root(); {
	case root != nil:
		r.Verdict, r.Step = report.Fail, root.Step
	case s.primary == nil || s.primary.Outcome.Kind == transcript.Aborted && s.primary.Outcome.Reached < transcript.ReachedFlight, s.assess(s.primary) != nil:
		r.Verdict = report.Unknown
		if s.primary != nil {
			r.Step = stepOf(s.primary)
		} else {
			r.Step = cause.StepConnect
		}
	case len(r.Findings) > 0:
		r.Verdict = report.Warn
	default:
		r.Verdict = report.OK
	}
}

// tidy leaves the evidence that the report holds.
func tidy(f *report.Finding, shown map[string]bool) {
	f.Evidence = slices.DeleteFunc(f.Evidence, func(id string) bool { return !shown[id] })
	if p := f.Proof; p != nil && !shown[p.Baseline] {
		p.Baseline = ""
	}
}

// advice is what the advice on findings depends on.
func (s *session) advice(software string) report.Advice {
	given := s.o.Echo
	given.Connect, given.Proxy = s.o.Connect, s.o.Proxy
	var addr netip.AddrPort
	if s.primary != nil && s.primary.Attempt.Handshake != nil {
		addr = s.primary.Attempt.Handshake.Address
	}
	var as []string
	if s.profile.ID != client.Default {
		as = []string{"--as", s.profile.ID}
	}
	return report.Advice{
		Known:    report.Placeholders(s.target, given, s.sni, addr),
		Software: software, Client: s.profile.Stack(), Library: s.profile.Library,
		Retest: report.Command("tlswhy", s.target, s.o.Echo, as...),
	}
}

func handshakeOf(t *transcript.Transcript) report.Handshake {
	h := t.Attempt.Handshake
	out := report.Handshake{
		ID: t.ID, Purpose: t.Attempt.Purpose, Hello: append([]byte{}, t.Hello...), Reply: append([]byte{}, t.Reply...), LeafSHA256: t.LeafSHA256(),
		BytesSent: t.BytesSent, BytesReceived: t.BytesReceived, MS: milliseconds(t.Times.Total),
		Outcome: report.Outcome{Step: stepOf(t), Kind: t.Outcome.Kind, Reached: t.Outcome.Reached.String(), Detail: t.Outcome.Detail},
	}
	if h.Address.Addr().IsValid() {
		out.Address = h.Address.String()
	}
	if t.Local.IsValid() {
		out.Local = t.Local.String()
	}
	if a := t.Outcome.Alert; a != nil {
		out.Outcome.Alert = &report.AlertName{ID: int(a.Description), Name: a.Description.String()}
	}
	if c := h.Hello; c != nil {
		o := &report.Offered{
			Versions: offeredVersions(c), Ciphers: c.CipherSuites, Groups: c.SupportedGroups(),
			SignatureAlgorithms: c.SignatureAlgorithms(), ALPN: c.ALPN(), Bytes: len(t.Hello),
		}
		if o.ALPN == nil {
			o.ALPN = []string{}
		}
		for _, k := range c.KeyShares() {
			o.KeyShares = append(o.KeyShares, k.Group)
		}
		for _, e := range c.Extensions {
			o.Extensions = append(o.Extensions, e.Type)
		}
		if n := c.ServerName(); n != "" {
			o.SNI = &n
		}
		if o.Versions == nil {
			o.Versions = []wire.Version{c.LegacyVersion}
		}
		out.Offered = o
	}
	if e := t.ECH; e != nil {
		out.ECH = &report.ECH{PublicName: e.PublicName, Accepted: e.Accepted, RetryConfigs: e.RetryConfigs}
	}
	if t.Server != nil {
		n := negotiated(t)
		out.Negotiated = &n
	}
	return out
}

func negotiated(t *transcript.Transcript) report.Server {
	var s report.Server
	if t.Server == nil {
		return s
	}
	v, c := t.Server.Version(), t.Server.CipherSuite
	s.Version, s.Cipher, s.ALPN = &v, &c, t.ALPN()
	if t.Group != 0 {
		g := t.Group
		s.Group = &g
	}
	if t.Signature != 0 {
		sig := t.Signature
		s.Sig = &sig
	}
	return s
}

// server is what the reference attempt negotiated, and which software it seems
// to be: by its Server header, its error page, or its greeting.
func (s *session) server() report.Server {
	var out report.Server
	if s.reference == nil {
		if s.primary != nil {
			out.Software = cause.DetectSoftware("", string(s.primary.Reply), "")
		}
		return out
	}
	out = negotiated(s.reference)
	for _, t := range append([]*transcript.Transcript{s.primary, s.reference}, s.all...) {
		if t == nil || out.Software != "" {
			continue
		}
		banner := strings.Join(t.Dialogue, "\n")
		if t.Response != nil {
			out.Software = cause.DetectSoftware(t.Response.Header.Get("Server"), banner, string(t.Response.Body))
			if out.Status == 0 && t == s.primary {
				out.Status = t.Response.Status
			}
		} else if banner != "" {
			out.Software = cause.DetectSoftware("", banner, "")
		}
		if out.Software == "" && t.Outcome.Kind == transcript.NotTLS {
			out.Software = cause.DetectSoftware(headerOf(t.Reply, "Server"), "", string(t.Reply))
		}
	}
	return out
}

// headerOf finds a header line in a plain HTTP answer.
func headerOf(b []byte, name string) string {
	for line := range strings.SplitSeq(string(b), "\n") {
		if k, v, ok := strings.Cut(line, ":"); ok && strings.EqualFold(strings.TrimSpace(k), name) {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

func (s *session) chainOf() []report.ChainCert {
	return append(report.ChainOf(s.parsed(s.reference), "sent"), report.ChainOf(s.fetched, "aia")...)
}
