package diagnose

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/trust"
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
	known := s.values()
	shown := map[string]bool{}
	for _, h := range r.Handshakes {
		shown[h.ID] = true
	}
	for i := range r.Findings {
		tidy(&r.Findings[i], shown)
		s.advise(&r.Findings[i], known, r.Server.Software)
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

// tidy leaves the evidence that the report holds, and no list nil.
func tidy(f *report.Finding, shown map[string]bool) {
	f.Evidence = slices.DeleteFunc(f.Evidence, func(id string) bool { return !shown[id] })
	if p := f.Proof; p != nil && !shown[p.Baseline] {
		p.Baseline = ""
	}
	if f.Alternatives == nil {
		f.Alternatives = []report.Alternative{}
	}
	if f.Either == nil {
		f.Either = [][]string{}
	}
}

// values fill the placeholders of the catalogue's texts.
func (s *session) values() map[string]string {
	v := map[string]string{
		"host": s.target.Host, "port": fmt.Sprint(s.target.Port), "sni": s.sni, "path": orElse(s.target.Path, "/"),
	}
	if s.primary != nil && s.primary.Attempt.Handshake != nil && s.primary.Attempt.Handshake.Address.Addr().IsValid() {
		a := s.primary.Attempt.Handshake.Address
		v["address"] = a.Addr().String()
		if s.o.Connect != "" || s.target.IsAddress() {
			v["connect"] = a.String()
		}
	}
	if s.target.StartTLS != "" {
		v["service"] = s.target.StartTLS
	}
	if s.o.Echo.CAFile != "" {
		v["ca_file"] = s.o.Echo.CAFile
	}
	if s.o.Proxy != "" {
		v["proxy"] = hostOf(s.o.Proxy)
	}
	return v
}

// hostOf is host and port of a URL: texts must not repeat its password.
func hostOf(proxy string) string {
	u, err := url.Parse(proxy)
	if err != nil {
		return ""
	}
	return u.Host
}

// advise adds what to do about a finding: fixes for the software that answered
// first, the commands that show the failure, and the re-test.
func (s *session) advise(f *report.Finding, known map[string]string, software string) {
	c, ok := cause.Get(f.Cause)
	if !ok {
		return
	}
	v := map[string]string{}
	for k, x := range known {
		v[k] = x
	}
	for k, x := range f.Values {
		v[k] = x
	}
	if f.Title == "" {
		f.Title = c.Title
	}
	f.Title = cause.Expand(f.Title, v)
	f.Fix = []report.Fix{}
	sides := []cause.Side{f.Side}
	if f.Side == cause.SideClient {
		software = s.profile.ID
		sides = append(sides, c.Side)
	} else if f.Side != c.Side {
		sides = append(sides, c.Side)
	}
	seen := map[string]bool{}
	add := func(x cause.Fix) {
		key := x.For + string(x.Side) + x.Text
		if seen[key] {
			return
		}
		seen[key] = true
		fix := report.Fix{For: x.For, Side: x.Side, Text: cause.Expand(x.Text, v), Config: cause.Expand(x.Config, v), Place: x.Place, Verified: x.Verified}
		for _, cmd := range x.Run {
			fix.Run = append(fix.Run, cause.ExpandCommand(cmd, v))
		}
		f.Fix = append(f.Fix, fix)
	}
	for _, side := range sides {
		for _, x := range c.FixesFor(software, side) {
			add(x)
		}
	}
	// What answered may stand before what has to be changed, so the fixes for all
	// other software follow.
	for _, x := range c.Fixes {
		add(*x)
	}
	f.Reproduce = []string{}
	for _, cmd := range c.Reproduce {
		f.Reproduce = append(f.Reproduce, cause.ExpandCommand(cmd, v))
	}
	f.Retest = s.retestCommand()
}

// retestCommand repeats this check.
func (s *session) retestCommand() string {
	o := s.o.Echo
	parts := []string{"tlswhy", quote(orElse(s.target.Input, s.target.String()))}
	add := func(flag, value string) {
		if value != "" {
			parts = append(parts, flag, quote(value))
		}
	}
	if s.profile.ID != "modern" {
		add("--as", s.profile.ID)
	}
	add("--connect", o.Connect)
	add("--sni", o.SNI)
	add("--starttls", o.StartTLS)
	add("--ca-file", o.CAFile)
	if o.PublicRoots {
		parts = append(parts, "--public-roots")
	}
	add("--cert", o.Cert)
	add("--key", o.Key)
	add("--proxy", o.Proxy)
	add("--resolver", o.Resolver)
	add("--at", o.At)
	add("--ech-config", o.ECHConfig)
	if o.NoAIA {
		parts = append(parts, "--no-aia")
	}
	return strings.Join(parts, " ")
}

// quote makes one word of s for a POSIX shell.
func quote(s string) string {
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-/:@%+=,", r))
	}) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
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
	out := []report.ChainCert{}
	add := func(cs []*trust.Certificate, from string) {
		for _, c := range cs {
			x := trust.Summarize(c)
			if x.SANs == nil {
				x.SANs = []string{}
			}
			out = append(out, report.ChainCert{Subject: x.Subject, Issuer: x.Issuer, NotBefore: x.NotBefore.UTC(), NotAfter: x.NotAfter.UTC(), SANs: x.SANs, Key: x.Key, Signature: x.Signature, SHA256: x.SHA256, From: from})
		}
	}
	add(s.parsed(s.reference), "sent")
	add(s.fetched, "aia")
	return out
}
