package diagnose

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/offer"
	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// other are the experiments with what is not negotiation, for an endpoint that
// answers no hello of the fan.
type other struct {
	control  *transcript.Transcript // the hello that the others vary
	none     *transcript.Transcript // without a server name
	another  *transcript.Transcript // with another name
	segments *transcript.Transcript // the name split over two segments
	records  *transcript.Transcript // the name split over two records
	tiny     *transcript.Transcript // no extensions but the name, fewest suites
	noShare  *transcript.Transcript // TLS 1.3 without a key share: asks for a HelloRetryRequest
	ssl2     *transcript.Transcript
	listen   *transcript.Transcript // nothing is sent
	http     *transcript.Transcript
	postgres *transcript.Transcript
}

func (o *other) all() []*transcript.Transcript {
	return []*transcript.Transcript{o.control, o.none, o.another, o.segments, o.records, o.tiny, o.noShare, o.ssl2, o.listen, o.http, o.postgres}
}

// otherName is a name that no server serves (RFC 2606) and no filter lists.
const otherName = "www.example.org"

// planOther makes the experiments. best is the hello of the fan to vary: the one
// that got furthest.
func (s *session) planOther(addr netip.AddrPort, best *wire.ClientHello) (*other, []transcript.Attempt, []**transcript.Transcript) {
	o := &other{}
	var as []transcript.Attempt
	var slots []**transcript.Transcript
	add := func(slot **transcript.Transcript, a transcript.Attempt) {
		as, slots = append(as, a), append(slots, slot)
	}
	add(&o.control, s.attempt("control: the hello that the next ones vary", addr, best))
	if best.Extensions != nil {
		if best.ServerName() != "" {
			add(&o.none, s.attempt("without a server name", addr, with(best, dropSNI())))
			split := s.attempt("the server name split over two segments", addr, best)
			split.Handshake.Segments = []int{splitAt(best) + wire.RecordHeaderLen}
			add(&o.segments, split)
			split = s.attempt("the server name split over two records", addr, best)
			split.Handshake.Records = []int{splitAt(best), wire.MaxPlaintext}
			add(&o.records, split)
		}
		switch {
		case best.ServerName() != "":
			add(&o.another, s.attempt("with another server name", addr, with(best, offerSNI(otherName))))
		case !s.target.IsAddress():
			add(&o.another, s.attempt("with the target as server name", addr, with(best, offerSNI(s.target.Host))))
		default:
			add(&o.another, s.attempt("with a server name", addr, with(best, offerSNI(otherName))))
		}
	}
	add(&o.tiny, s.attempt("the smallest hello there is", addr, tinyHello(s.sni)))
	noShare := offer.TLS13(s.sni, false)
	noShare.Set(wire.KeyShareExt())
	add(&o.noShare, s.attempt("TLS 1.3 without a key share, to be asked for one", addr, noShare))
	plain := func(purpose string, b []byte, wait time.Duration) transcript.Attempt {
		a := s.attempt(purpose, addr, nil)
		a.Handshake.Plain, a.Handshake.Wait = b, wait
		return a
	}
	if s.target.StartTLS == "" {
		ssl2 := s.attempt("an SSL 2.0 hello", addr, nil)
		ssl2.Handshake.SSL2 = offer.SSL2()
		add(&o.ssl2, ssl2)
		add(&o.listen, plain("saying nothing, to hear whether the server speaks first", []byte{}, listenWait))
		add(&o.http, plain("a plain HTTP request", []byte("GET / HTTP/1.0\r\nHost: "+s.target.Host+"\r\n\r\n"), probeWait))
		add(&o.postgres, plain("a PostgreSQL SSLRequest", []byte{0, 0, 0, 8, 4, 210, 22, 47}, listenWait))
	}
	return o, as, slots
}

// splitAt is the offset in the handshake message of the middle of the name.
func splitAt(h *wire.ClientHello) int {
	b, err := h.Marshal()
	name := h.ServerName()
	if i := bytes.Index(b, []byte(name)); err == nil && name != "" && i >= 0 {
		return i + len(name)/2
	}
	return len(b) / 2
}

// tinyHello is what the oldest servers understand: TLS 1.2 at most, the commonest
// suites, no extension but the name.
func tinyHello(sni string) *wire.ClientHello {
	h := &wire.ClientHello{
		LegacyVersion: wire.VersionTLS12,
		CipherSuites: []wire.CipherSuite{
			wire.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, wire.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, wire.TLS_RSA_WITH_AES_128_GCM_SHA256,
			wire.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, wire.TLS_RSA_WITH_AES_128_CBC_SHA, wire.TLS_RSA_WITH_3DES_EDE_CBC_SHA,
		},
		CompressionMethods: []wire.CompressionMethod{0},
	}
	if sni != "" {
		h.Extensions = []wire.Extension{wire.ServerNameExt(sni)}
	}
	return h
}

// unanswered explains an endpoint that answers neither the client's hello nor
// any of the fan.
func (s *session) unanswered(ctx context.Context, addr netip.AddrPort, base *transcript.Transcript, fan []*transcript.Transcript) {
	best := furthest(fan)
	if best == nil {
		best = base
	}
	hello := best.Attempt.Handshake.Hello
	if hello == nil {
		hello = base.Attempt.Handshake.Hello
	}
	o, as, slots := s.planOther(addr, hello)
	for i, t := range s.round(ctx, as) {
		*slots[i] = t
	}
	if ctx.Err() != nil {
		return
	}
	if answered(o.control) && !answered(best) && s.unsteady(ctx, addr, best, o.control) {
		return
	}
	for _, rule := range []func(context.Context, netip.AddrPort, *transcript.Transcript, []*transcript.Transcript, *other) bool{
		s.speaksFirst, s.speaksElse, s.resetAtOnce, s.byName, s.onlySSL2, s.brokenOff, s.illegal, s.refusesAll, s.cutOff,
	} {
		if rule(ctx, addr, base, fan, o) {
			return
		}
	}
}

// furthest is the attempt of the fan that got furthest: whatever ends it, unless
// the server names the version as its trouble, may have come past the version.
// SSL 3.0 has no alert for that, so its end says nothing.
func furthest(fan []*transcript.Transcript) *transcript.Transcript {
	var best *transcript.Transcript
	score := func(t *transcript.Transcript) int {
		n := int(t.Outcome.Reached) * 10
		if h := t.Attempt.Handshake.Hello; !isAlert(t, wire.AlertProtocolVersion) && h != nil && h.MaxVersion() > wire.VersionSSL30 {
			n += 5
		}
		if t.Attempt.Handshake.Hello != nil && t.Attempt.Handshake.Hello.MaxVersion() == wire.VersionTLS12 {
			n++
		}
		return n
	}
	for _, t := range fan {
		if t.Attempt.Handshake == nil || t.Attempt.Handshake.Hello == nil {
			continue
		}
		if best == nil || score(t) > score(best) {
			best = t
		}
	}
	return best
}

// early tells the waiting user what it looks like, while the client's own
// attempt goes on waiting.
func (s *session) early(base *transcript.Transcript, fan []*transcript.Transcript) {
	if s.o.Early == nil {
		return
	}
	id, detail := cause.SilentAfterHello, "No answer to the ClientHello so far."
	if base.Outcome.Kind == transcript.ConnectTimeout || slices.ContainsFunc(fan, func(t *transcript.Transcript) bool { return t.Outcome.Kind == transcript.ConnectTimeout }) {
		id, detail = cause.TCPTimeout, "No answer to the SYN so far."
	}
	s.o.Early(finding(id, report.Likely, detail))
}

// speaksFirst: the server greets, which no TLS server does.
func (s *session) speaksFirst(_ context.Context, addr netip.AddrPort, _ *transcript.Transcript, _ []*transcript.Transcript, o *other) bool {
	if o.listen == nil || len(o.listen.Reply) == 0 || looksLikeTLS(o.listen.Reply) {
		return false
	}
	p, known := recognise(o.listen.Reply)
	if !known && !printable(o.listen.Reply) {
		return false
	}
	s.alienFinding(addr, o.listen, p)
	return true
}

// speaksElse: the server answers a plain dialogue, or answers the hello in one.
func (s *session) speaksElse(_ context.Context, addr netip.AddrPort, base *transcript.Transcript, fan []*transcript.Transcript, o *other) bool {
	// A TLS server may well answer a plain request with a page about it.
	if slices.ContainsFunc(slices.Concat(fan, o.all(), []*transcript.Transcript{base}), func(t *transcript.Transcript) bool {
		return t != nil && len(t.Reply) > 0 && looksLikeTLS(t.Reply)
	}) {
		return false
	}
	if o.postgres != nil && len(o.postgres.Reply) == 1 && (o.postgres.Reply[0] == 'S' || o.postgres.Reply[0] == 'N') {
		s.alienFinding(addr, o.postgres, protocol{name: "PostgreSQL", starttls: "postgres"})
		return true
	}
	for _, t := range []*transcript.Transcript{o.http, base} {
		if t == nil || len(t.Reply) == 0 || looksLikeTLS(t.Reply) {
			continue
		}
		if p, known := recognise(t.Reply); known {
			s.alienFinding(addr, t, p)
			return true
		}
	}
	return false
}

// resetAtOnce: the connection is reset although nothing was sent.
func (s *session) resetAtOnce(_ context.Context, addr netip.AddrPort, base *transcript.Transcript, _ []*transcript.Transcript, o *other) bool {
	if o.listen == nil || base.Outcome.Kind != transcript.Reset && base.Outcome.Kind != transcript.Closed {
		return false
	}
	switch o.listen.Outcome.Kind {
	case transcript.Reset:
		f := finding(cause.TCPReset, report.Proved, fmt.Sprintf("%s accepts the connection and resets it before a byte is sent.", addr), base.ID, o.listen.ID)
		s.add(observed(f, "RST on a connection on which nothing was sent", o.listen.ID))
		return true
	case transcript.Closed:
		f := finding(cause.ClosedAfterHello, report.Likely, fmt.Sprintf("%s accepts the connection and closes it at once, before a byte is sent: whatever stands there has no service behind it or does not want this client's address.", addr), base.ID, o.listen.ID)
		f.Alternatives = append(f.Alternatives, report.Alternative{Cause: cause.TCPReset, Decides: "whether the close comes from the server or from a device before it: capture on the server"})
		s.add(f)
		return true
	}
	return false
}

// byName: the name in the hello is what matters.
func (s *session) byName(ctx context.Context, addr netip.AddrPort, base *transcript.Transcript, _ []*transcript.Transcript, o *other) bool {
	if o.none == nil {
		return s.needsName(base, o)
	}
	split, how := o.records, "over two records"
	if o.segments != nil && answered(o.segments) {
		split, how = o.segments, "over two segments"
	}
	named := s.endOf(o.control)
	switch {
	case split != nil && answered(split):
		if !s.flipsAlone(ctx, o.control, split) {
			return false
		}
		f := finding(cause.SNIFiltered, report.Proved, fmt.Sprintf("Something on the way cuts connections to the name %s: a hello with it %s, and the same hello with the name split %s is answered.", s.sni, named, how), base.ID, o.control.ID, split.ID)
		f.Proof = &report.Proof{Kind: report.ByHandshake, Baseline: o.control.ID, Counterfactual: split.ID, Change: "segmentation: the name split " + how, Effect: effectOf(split), Repeated: 2}
		s.add(f)
	case answered(o.none) && o.another != nil && answered(o.another) && !isAlert(o.control, wire.AlertUnrecognizedName):
		f := finding(cause.SNIFiltered, report.Likely, fmt.Sprintf("A hello with the name %s %s; with another name or with none it is answered.", s.sni, named), base.ID, o.control.ID, o.none.ID, o.another.ID)
		f.Alternatives = []report.Alternative{{Cause: cause.UnrecognizedName, Decides: decides(cause.SNIFiltered, cause.UnrecognizedName)}}
		s.add(f)
	case siteOfItsOwn(o):
		// Another name is refused in another way: the server knows this one, and it
		// is this site's settings that nothing meets.
		return false
	case answered(o.none) || o.another != nil && answered(o.another):
		b, ch := o.none, dropSNI()
		if !answered(b) {
			b, ch = o.another, offerSNI(otherName)
		}
		if !s.flipsAlone(ctx, o.control, b) {
			return false
		}
		f := finding(cause.UnrecognizedName, report.Proved, fmt.Sprintf("The server refuses the name %s: the hello %s, and the same hello %s is answered.", s.sni, named, nameOf(ch)), base.ID, o.control.ID, b.ID)
		f.Proof = &report.Proof{Kind: report.ByHandshake, Baseline: o.control.ID, Counterfactual: b.ID, Change: ch.text, Effect: effectOf(b), Repeated: 2}
		if o.control.Outcome.Kind != transcript.AlertReceived || isAlert(o.control, wire.AlertInternalError) {
			f.Alternatives = []report.Alternative{{Cause: cause.ServerInternalError, Decides: decides(cause.UnrecognizedName, cause.ServerInternalError)}}
		}
		s.add(f)
	default:
		return false
	}
	return true
}

// flipsAlone makes both attempts of a flip once more, one at a time: a connection
// that was cut among many says nothing of what its hello held.
func (s *session) flipsAlone(ctx context.Context, a, b *transcript.Transcript) bool {
	x := s.run(ctx, a.Attempt)
	y := s.run(ctx, b.Attempt)
	return x.Outcome.Kind == a.Outcome.Kind && !answered(x) && answered(y)
}

// siteOfItsOwn says that the name is refused with an alert about negotiation
// while a name that nobody serves gets another alert.
func siteOfItsOwn(o *other) bool {
	if o.another == nil || answered(o.another) || o.another.Outcome.Alert == nil || o.control.Outcome.Alert == nil {
		return false
	}
	a, b := o.control.Outcome.Alert.Description, o.another.Outcome.Alert.Description
	return a != b && (a == wire.AlertHandshakeFailure || a == wire.AlertInsufficientSecurity || a == wire.AlertProtocolVersion)
}

func nameOf(c change) string {
	if c.removes {
		return "without a name"
	}
	return "with the name " + c.value
}

// needsName: the client sends none, and with one it works.
func (s *session) needsName(base *transcript.Transcript, o *other) bool {
	if o.another == nil || !answered(o.another) {
		return false
	}
	name := o.another.Attempt.Handshake.Hello.ServerName()
	f := finding(cause.SNIRequired, report.Proved, fmt.Sprintf("Without a server name in the hello the server gives up (it %s); with %s it answers.", s.endOf(o.control), name), base.ID, o.control.ID, o.another.ID)
	f.Proof = &report.Proof{Kind: report.ByHandshake, Baseline: o.control.ID, Counterfactual: o.another.ID, Change: "sni: send " + name, Effect: effectOf(o.another), Repeated: 1}
	s.add(f)
	return true
}

func isAlert(t *transcript.Transcript, d wire.AlertDescription) bool {
	return t != nil && t.Outcome.Alert != nil && t.Outcome.Alert.Description == d
}

func (s *session) onlySSL2(_ context.Context, _ netip.AddrPort, base *transcript.Transcript, _ []*transcript.Transcript, o *other) bool {
	if o.ssl2 == nil || o.ssl2.ServerSSL2 == nil {
		return false
	}
	f := finding(cause.NoSharedVersion, report.Likely, fmt.Sprintf("No TLS version in common: the server takes SSL 2.0 alone, %s offers %s.", s.who(), rangeOf(offeredVersions(base.Attempt.Handshake.Hello))), base.ID, o.ssl2.ID)
	f.Values["version"] = wire.VersionSSL20.String()
	s.add(observed(f, "an SSL 2.0 SERVER-HELLO", o.ssl2.ID))
	return true
}

// illegal: what comes back is TLS by its first byte or was meant to be, and no
// legal message.
func (s *session) illegal(_ context.Context, _ netip.AddrPort, base *transcript.Transcript, fan []*transcript.Transcript, o *other) bool {
	bad := o.control
	if bad.Outcome.Kind != transcript.Malformed && bad.Outcome.Kind != transcript.NotTLS {
		bad = base
	}
	if bad.Outcome.Kind != transcript.Malformed && bad.Outcome.Kind != transcript.NotTLS {
		return false
	}
	f := finding(cause.MalformedReply, report.Proved, fmt.Sprintf("The answer to the ClientHello is not a legal TLS message: %s.", orElse(bad.Outcome.Detail, "its first bytes are "+firstBytes(bad.Reply))), append(ids(fan), base.ID, bad.ID)...)
	s.add(observed(f, orElse(bad.Outcome.Detail, firstBytes(bad.Reply)), bad.ID))
	return true
}

// brokenOff: a ServerHello comes, the rest does not.
func (s *session) brokenOff(_ context.Context, _ netip.AddrPort, base *transcript.Transcript, fan []*transcript.Transcript, o *other) bool {
	for _, t := range slices.Concat([]*transcript.Transcript{base, o.control}, fan) {
		if t.Outcome.Reached == transcript.ReachedHello {
			return s.flight(t)
		}
	}
	// Bytes of a flight without a complete first message.
	if base.Outcome.Kind == transcript.Silent && len(base.Reply) > 0 {
		return s.flight(base)
	}
	return false
}

// refusesAll: every hello gets an alert.
func (s *session) refusesAll(_ context.Context, _ netip.AddrPort, base *transcript.Transcript, fan []*transcript.Transcript, o *other) bool {
	best := furthest(append(slices.Clone(fan), base))
	a := best.Outcome.Alert
	if a == nil {
		return false
	}
	evidence := append([]string{base.ID}, ids(fan)...)
	add := func(id cause.ID, detail string, also ...cause.ID) {
		f := finding(id, report.Likely, detail, evidence...)
		for _, other := range also {
			f.Alternatives = append(f.Alternatives, report.Alternative{Cause: other, Decides: decides(id, other)})
		}
		s.add(f)
	}
	said := fmt.Sprintf("alert %d %s", uint8(a.Description), a.Description)
	switch {
	case isAlert(base, wire.AlertUnrecognizedName) || a.Description == wire.AlertUnrecognizedName:
		add(cause.UnrecognizedName, fmt.Sprintf("The server knows no site of the name %s (%s), and none for a hello without a name either.", orElse(s.sni, s.target.Host), said), cause.ServerInternalError)
	case a.Description == wire.AlertInternalError:
		add(cause.ServerInternalError, fmt.Sprintf("Every hello, whatever it offers, gets %s: the server fails by itself, for this name at least.", said), cause.UnrecognizedName)
	case o.noShare != nil && o.noShare.Retry != nil:
		evidence = append(evidence, o.noShare.ID)
		add(cause.NoSharedSignatureAlgorithm, fmt.Sprintf("The server agrees on version, suite and group (it asks for a key share) and then gives up with %s, whatever signature algorithms are offered: the key of its certificate fits none that it is set to use.", said), cause.ServerInternalError)
	case best.Attempt.Handshake.Hello != nil && best.Attempt.Handshake.Hello.MaxVersion() >= wire.VersionTLS13 && a.Description == wire.AlertHandshakeFailure:
		// In TLS 1.3 no suite depends on the kind of key, and all suites and groups
		// were offered: what is left is the signature.
		add(cause.NoSharedSignatureAlgorithm, fmt.Sprintf("The server speaks TLS 1.3 alone and refuses a hello with every suite, group and signature algorithm of it (%s): the key of its certificate fits none of the signature algorithms that it is set to use.", said), cause.NoSharedCipher, cause.ServerInternalError)
	case a.Description == wire.AlertProtocolVersion:
		add(cause.NoSharedVersion, "The server refuses every version from SSL 3.0 to TLS 1.3 that is offered to it ("+said+").", cause.VersionIntolerant)
	case a.Description == wire.AlertNoApplicationProtocol:
		add(cause.NoALPNOverlap, "The server insists on an application protocol that was not offered ("+said+").")
	case a.Description == wire.AlertAccessDenied:
		add(cause.SNIFiltered, "Every hello is refused with "+said+".", cause.ServerInternalError)
	default:
		add(cause.NoSharedCipher, fmt.Sprintf("Even a hello with every cipher suite, group and signature algorithm is refused with %s, and the version is not what the server minds: none of the suites that it is set to use fits its key.", said), cause.NoSharedSignatureAlgorithm, cause.ServerInternalError)
	}
	return true
}

// cutOff: every hello meets a reset, a close or silence.
func (s *session) cutOff(_ context.Context, addr netip.AddrPort, base *transcript.Transcript, fan []*transcript.Transcript, o *other) bool {
	kind := o.control.Outcome.Kind
	if base.Outcome.Kind != transcript.Aborted {
		kind = base.Outcome.Kind
	}
	evidence := append([]string{base.ID, o.control.ID}, ids(fan)...)
	n := len(fan) + 1
	switch kind {
	case transcript.Reset:
		f := finding(cause.ResetAfterHello, report.Likely, fmt.Sprintf("%s resets the connection at every one of %d different hellos.", addr, n), evidence...)
		if o.listen != nil && o.listen.Outcome.Kind == transcript.Silent {
			f.Evidence = append(f.Evidence, o.listen.ID)
			f = observed(f, "RST after each hello, and none while nothing is sent", base.ID)
		}
		s.add(f)
	case transcript.Closed:
		f := finding(cause.ClosedAfterHello, report.Likely, fmt.Sprintf("%s closes the connection without an alert at every one of %d different hellos.", addr, n), evidence...)
		for _, id := range []cause.ID{cause.NoSharedCipher, cause.ServerInternalError} {
			f.Alternatives = append(f.Alternatives, report.Alternative{Cause: id, Decides: "the server's log: it says why it closed"})
		}
		if o.listen != nil && o.listen.Outcome.Kind == transcript.Silent {
			f.Evidence = append(f.Evidence, o.listen.ID)
			f = observed(f, "FIN after each hello, and none while nothing is sent", base.ID)
		}
		s.add(f)
	case transcript.Silent:
		f := finding(cause.SilentAfterHello, report.Likely, fmt.Sprintf("%s takes the connection and answers none of %d different hellos.", addr, n), evidence...)
		f.Alternatives = append(f.Alternatives, report.Alternative{Cause: cause.SlowHandshake, Decides: fmt.Sprintf("waiting longer than %s", s.o.Timeout)})
		s.add(f)
	case transcript.ConnectTimeout, transcript.Refused, transcript.Unreachable:
		s.reach(context.Background(), addr, base)
	default:
		return false
	}
	return true
}

// flight explains an answer that breaks off after the ServerHello.
func (s *session) flight(t *transcript.Transcript) bool {
	switch t.Outcome.Kind {
	case transcript.Silent, transcript.Reset, transcript.Closed:
		f := finding(cause.ServerFlightDropped, report.Likely, fmt.Sprintf("The ServerHello arrives and the rest of the server's flight does not: after %d bytes the answer breaks off (%s).", t.BytesReceived, t.Outcome.Kind), t.ID)
		for _, id := range []cause.ID{cause.SlowHandshake, cause.ServerInternalError} {
			f.Alternatives = append(f.Alternatives, report.Alternative{Cause: id, Decides: decides(cause.ServerFlightDropped, id)})
		}
		s.add(f)
	case transcript.AlertReceived:
		a := t.Outcome.Alert
		f := finding(cause.ServerInternalError, report.Likely, fmt.Sprintf("The server begins its answer and gives up in the middle of it (%s).", afterFlight(t)), t.ID)
		if a != nil && a.Description != wire.AlertInternalError {
			f.Alternatives = append(f.Alternatives, report.Alternative{Cause: cause.NoSharedSignatureAlgorithm, Decides: "the server's log"})
		}
		s.add(f)
	default:
		what := orElse(t.Outcome.Detail, string(t.Outcome.Kind))
		if s.unreadable(t) {
			what = "what it sends as its certificate cannot be read as one"
		}
		f := finding(cause.MalformedReply, report.Likely, fmt.Sprintf("The server's answer is not legal TLS: %s.", what), t.ID)
		s.add(observed(f, what, t.ID))
	}
	return true
}

func ids(ts []*transcript.Transcript) []string {
	var out []string
	for _, t := range ts {
		out = append(out, t.ID)
	}
	return out
}

func firstBytes(b []byte) string {
	if len(b) == 0 {
		return "none"
	}
	return fmt.Sprintf("% x", b[:min(len(b), 16)])
}

func looksLikeTLS(b []byte) bool {
	_, _, err := wire.ParseRecord(b)
	return !errors.Is(err, wire.ErrNotTLS)
}

func printable(b []byte) bool {
	good := 0
	for _, r := range string(b) {
		if unicode.IsPrint(r) || strings.ContainsRune("\r\n\t", r) {
			good++
		}
	}
	return len(b) > 0 && good*10 >= len([]rune(string(b)))*9
}
