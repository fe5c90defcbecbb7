package diagnose

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/client"
	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// finding begins a finding. Fixes, commands and re-test are filled in when the
// report is made.
func finding(id cause.ID, confidence report.Confidence, detail string, evidence ...string) report.Finding {
	return report.Begin(id, confidence, detail, evidence...)
}

// observed makes f proved by what the protocol says itself.
func observed(f report.Finding, what string, id string) report.Finding {
	return f.Observed(what, id)
}

// flip is a pair of attempts that differ in one change: a fails, b gets past.
type flip struct {
	a, b   *transcript.Transcript
	change change
	seen   int
	extra  []string // ids of further attempts that bear it out
}

// negotiationFinding words a necessary change. all is the whole sufficient set
// where the change is one of several.
func (s *session) negotiationFinding(p flip, all []change) report.Finding {
	id := causeOf(p.change)
	f := finding(id, report.Proved, s.explain(id, p), append([]string{p.a.ID, p.b.ID}, p.extra...)...)
	if p.seen < 2 {
		f.Confidence = report.Likely
	}
	f.Proof = &report.Proof{
		Kind: report.ByHandshake, Baseline: p.a.ID, Counterfactual: p.b.ID,
		Change: p.change.text, Effect: effectOf(p.b), Repeated: p.seen,
	}
	if f.Confidence != report.Proved {
		f.Proof = nil
	}
	fillValues(f.Values, p)
	switch id {
	case cause.VersionIntolerant:
		if a := p.a.Outcome.Alert; a != nil && a.Description == wire.AlertProtocolVersion {
			f.Alternatives = append(f.Alternatives, report.Alternative{Cause: cause.NoSharedVersion, Decides: "a server that chose an older version as RFC 8446, Section 4.2.1 asks would have answered the hello that offers both"})
		}
	}
	if !p.change.removes && len(all) <= 1 && s.clientIsOld(p) {
		f.Side = cause.SideClient
	}
	return f
}

// helloBytes is the size of an attempt's hello on the wire, in one record.
func helloBytes(t *transcript.Transcript) int {
	if n := len(t.Hello); n > 0 {
		return n
	}
	return sentSize(t.Attempt.Handshake.Hello) + wire.RecordHeaderLen
}

func fillValues(v map[string]string, p flip) {
	switch p.change.dim {
	case dimVersions:
		v["version"] = p.change.value
		// What shows the failure is the client's own newest version.
		v["offered_version"] = p.a.Attempt.Handshake.Hello.MaxVersion().String()
	case dimSuites:
		if p.b.Server != nil {
			v["suite"] = p.b.Server.CipherSuite.String()
			if n := p.b.Server.CipherSuite.OpenSSLName(); n != "" {
				v["openssl_suite"] = n
			}
		}
	case dimGroups:
		v["group"] = p.change.value
	case dimSchemes:
		v["sigalg"] = p.change.value
	case dimALPN:
		v["alpn"] = p.change.value
	}
}

// explain says in a sentence or two what the two attempts show.
func (s *session) explain(id cause.ID, p flip) string {
	c := p.a.Attempt.Handshake.Hello
	how := s.endOf(p.a)
	switch id {
	case cause.NoSharedVersion:
		return fmt.Sprintf("No TLS version in common: %s offers %s, the server takes %s.", s.who(), rangeOf(offeredVersions(c)), andList(s.serverVersions(p)))
	case cause.NoSharedCipher:
		return fmt.Sprintf("No cipher suite in common: the server chooses %s, which %s does not offer.", suiteOf(p.b), s.who())
	case cause.NoSharedGroup:
		return fmt.Sprintf("No key-exchange group in common: the server wants %s, %s offers %s.", p.change.value, s.who(), joinNames(realGroups(c.SupportedGroups())))
	case cause.NoSharedSignatureAlgorithm:
		return fmt.Sprintf("No signature algorithm in common: the server signs with %s, which %s does not accept.", p.change.value, s.who())
	case cause.NoALPNOverlap:
		return fmt.Sprintf("No application protocol in common: the server wants another one than %s; without ALPN it answers.", p.change.value)
	case cause.LargeHelloDropped:
		return fmt.Sprintf("A ClientHello of %d bytes %s, one of %d bytes is answered: something on the way or in the server does not take a hello that needs more than one segment.", helloBytes(p.a), how, helloBytes(p.b))
	case cause.VersionIntolerant:
		switch p.change.dim {
		case dimVersions:
			return fmt.Sprintf("The server (or a device before it) breaks when TLS 1.3 is merely offered: the hello %s; the same hello of the same length that stops at TLS 1.2 is answered with %s.", how, p.b.Version())
		case dimGroups:
			return fmt.Sprintf("The server (or a device before it) breaks at a key share that it does not know (%s): the hello %s, and without it, at the same length, it is answered.", p.change.value, how)
		}
		return fmt.Sprintf("The server (or a device before it) breaks at extensions that it does not know (%s): the hello %s, and without them, at the same length, it is answered.", p.change.value, how)
	case cause.SNIRequired:
		return fmt.Sprintf("Without a server name in the hello the server gives up (%s); with %s it answers.", how, p.change.value)
	case cause.UnrecognizedName:
		return fmt.Sprintf("The server refuses the name %s (%s) and answers a hello without a name.", s.sni, how)
	}
	return p.change.text
}

// who names the client in a sentence.
func (s *session) who() string {
	if s.profile.ID == client.Default {
		return "a current client"
	}
	return s.profile.ID
}

// serverVersions are the versions that the server is known to take.
func (s *session) serverVersions(p flip) []string {
	var out []string
	for v := wire.VersionTLS13; v >= wire.VersionSSL30; v-- {
		if s.posture.versions[v] == transcript.Yes {
			out = append(out, v.String())
		}
	}
	if len(out) == 0 {
		out = []string{p.b.Version().String()}
	}
	return out
}

func offeredVersions(h *wire.ClientHello) []wire.Version {
	if _, ok := h.Extension(wire.ExtSupportedVersions); ok {
		return h.SupportedVersions()
	}
	return downFrom(h.LegacyVersion)
}

// rangeOf words a list of versions as "TLS 1.2 and TLS 1.3" or "up to TLS 1.0".
func rangeOf(vs []wire.Version) string {
	vs = slices.Clone(vs)
	slices.Sort(vs)
	names := make([]string, len(vs))
	for i, v := range vs {
		names[i] = v.String()
	}
	return andList(names)
}

func andList(names []string) string {
	switch n := len(names); n {
	case 0:
		return "none"
	case 1:
		return names[0]
	default:
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
}

func realGroups(gs []wire.Group) []wire.Group {
	return slices.DeleteFunc(slices.Clone(gs), func(g wire.Group) bool { return wire.IsGREASE(uint16(g)) })
}

func suiteOf(t *transcript.Transcript) string {
	switch {
	case t.Server != nil:
		return t.Server.CipherSuite.String()
	case t.Retry != nil:
		return t.Retry.CipherSuite.String()
	}
	return "none"
}

func effectOf(t *transcript.Transcript) string {
	if t.Server != nil {
		return fmt.Sprintf("ServerHello: %s, %s", t.Version(), t.Server.CipherSuite)
	}
	return string(t.Outcome.Kind)
}

// endOf says in a phrase how an attempt ended, with the hello as its subject.
func (s *session) endOf(t *transcript.Transcript) string {
	switch o := t.Outcome; o.Kind {
	case transcript.AlertReceived:
		if o.Alert != nil {
			return fmt.Sprintf("is refused with alert %d %s", uint8(o.Alert.Description), o.Alert.Description)
		}
		return "is refused with an alert"
	case transcript.Reset:
		return "is answered by a TCP reset"
	case transcript.Closed:
		return "makes the server close the connection without a word"
	case transcript.Silent:
		return "gets no answer"
	case transcript.Malformed:
		return "gets an illegal answer"
	case transcript.NotTLS:
		return "gets an answer that is no TLS"
	case transcript.Refused:
		return "finds the port closed"
	case transcript.ConnectTimeout:
		return "is never sent: the connection does not stand up"
	default:
		return "ends with " + string(o.Kind)
	}
}

// clientIsOld says that what the client would have to learn is what every
// current client has: then it is the client that has to act.
func (s *session) clientIsOld(p flip) bool {
	m := s.modern()
	return m != nil && len(lacks(m.BuildHello(client.HelloOptions{ServerName: s.sni, HTTP: true}), p.b)) == 0 && m.Judge(p.b) == nil
}

// currentClient is an attempt with the hello of a current client, or none where
// the client is one. It goes along with a round that is made anyway.
func (s *session) currentClient(addr netip.AddrPort) []transcript.Attempt {
	m := s.modern()
	if m == nil {
		return nil
	}
	name := s.sni
	if name == "" && !s.target.IsAddress() && !s.o.NoSNI {
		name = s.target.Host
	}
	h := m.BuildHello(client.HelloOptions{ServerName: name, HTTP: s.target.Service == "http"})
	return []transcript.Attempt{s.attempt("what a current client offers", addr, h)}
}

// modern is the profile that stands for current clients, nil where the client is
// that.
func (s *session) modern() *client.Profile {
	if s.profile.ID == client.Default {
		return nil
	}
	m, err := client.Get(client.Default)
	if err != nil {
		return nil
	}
	return m
}

// clientTooOld adds the finding that the server is fine for current clients, if
// the attempt of currentClient was answered.
func (s *session) clientTooOld(root report.Finding, current []*transcript.Transcript) {
	m := s.modern()
	if m == nil || len(current) == 0 {
		return
	}
	t := current[0]
	if !answered(t) || m.Judge(t) != nil {
		return
	}
	for i := range s.findings {
		if s.findings[i].Cause == root.Cause && s.findings[i].Blocking {
			s.findings[i].Side = cause.SideClient
		}
	}
	f := finding(cause.ClientTooOld, report.Proved, fmt.Sprintf("The server answers what current clients offer (%s, %s); %s lacks it.", t.Version(), suiteOf(t), s.who()), root.Evidence...)
	f.Evidence = append(f.Evidence, t.ID)
	f.Blocking = false
	f.Proof = &report.Proof{Kind: report.ByHandshake, Baseline: s.primaryID(), Counterfactual: t.ID, Change: "client: modern instead of " + s.profile.ID, Effect: effectOf(t), Repeated: 1}
	s.add(f)
}

func (s *session) primaryID() string {
	if s.primary == nil {
		return ""
	}
	return s.primary.ID
}

func lowerFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	next, _ := utf8.DecodeRuneInString(s[n:])
	if unicode.IsUpper(next) { // an acronym
		return s
	}
	return string(unicode.ToLower(r)) + s[n:]
}

func upperFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}
