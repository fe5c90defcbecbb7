package client

import (
	"fmt"
	"strings"
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/trust"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// Fate is whether a client connects.
type Fate string

// Fates.
const (
	OK   Fate = "ok"
	Fail Fate = "fail"
)

// Prediction is how a client would fare with a server of which the facts are
// known, without asking it.
type Prediction struct {
	Outcome Fate
	// Exact is false where the outcome or the cause hangs on something that was not
	// surveyed: then it is a guess, and not to be shown as a result.
	Exact bool
	// Open says what that is, in a phrase: "the Diffie-Hellman group"; "" if Exact.
	Open string
	// Why is one plain sentence.
	Why string

	// Cause and Step are where it stops; "" and StepUnknown if it connects.
	Cause cause.ID
	Step  cause.Step
	// Setting is what of the server stops it, in a phrase that is the same for
	// all clients that it stops: "nothing older than TLS 1.2"; "" if it connects.
	Setting string

	// What is negotiated, as far as it gets. Zero where there is none, or where it
	// hangs on something that was not surveyed although the outcome does not.
	Version   wire.Version
	Suite     wire.CipherSuite
	Group     wire.Group
	Signature wire.SignatureScheme // 0 before TLS 1.2
	ALPN      string
	Retry     bool // a HelloRetryRequest asks for a key share of Group

	// Verified says whether the client accepts the certificate: Unknown where it
	// looks at none, did not get so far, or PredictOptions left it out.
	Verified transcript.Tri
}

// PredictOptions is what a prediction is made for, besides server and client.
type PredictOptions struct {
	// Host is the target as typed, a name or an address: what certificates are
	// checked for. "" checks no name.
	Host string
	// ServerName is what is sent as server_name, as it was in the survey: mostly
	// Host; "" for none.
	ServerName string
	// HTTP: the target speaks HTTP, so clients offer their ALPN.
	HTTP bool

	// Roots are trusted instead of each client's own store; nil: its own.
	Roots *trust.Store
	// PublicRoots applies the rules for public CAs to Roots too.
	PublicRoots bool
	// At is the time of the check; zero: now.
	At time.Time
	// Extra are certificates that were fetched by AIA, for clients that fetch too.
	Extra []*trust.Certificate
	// Revocation holds what OCSP servers and CRLs said.
	Revocation []trust.RevocationStatus
	// NoTrust leaves chains, dates and names out.
	NoTrust bool

	// ClientCertificate: clients have one that the server takes.
	ClientCertificate bool
}

// Predictor predicts for one server. It keeps what clients have in common, so
// that many are cheaper than each alone; it is not safe for concurrent use.
type Predictor struct {
	f      *transcript.Facts
	o      PredictOptions
	served []*leaf
	*memory
	all []Prediction // of profiles, once they were asked for
}

// memory is what does not hang on the facts, for servers that differ in little.
type memory struct {
	profiles []*Profile
	hellos   map[*Profile]hello
	stores   map[string]store
	verdicts map[verdictKey]trust.Result
	cas      *trust.Cache
	// fallbacks are clients as they try again.
	fallbacks map[fallback]*Profile
}

type fallback struct {
	id string
	v  wire.Version
}

// hello is what a client sends, and how many bytes that are.
type hello struct {
	*wire.ClientHello
	size int
}

// NewPredictor reads the certificates of f, which must not change while in use.
func NewPredictor(f *transcript.Facts, o PredictOptions) *Predictor {
	if o.At.IsZero() {
		o.At = time.Now()
	}
	m := &memory{hellos: map[*Profile]hello{}, stores: map[string]store{}, verdicts: map[verdictKey]trust.Result{}, cas: trust.NewCache(), fallbacks: map[fallback]*Profile{}}
	return &Predictor{f: f, o: o, served: readServed(f.Served, m.cas), memory: m}
}

// With is a predictor for other facts and the same options: a what-if. It shares
// what was computed so far.
func (pr *Predictor) With(f *transcript.Facts) *Predictor {
	return &Predictor{f: f, o: pr.o, served: readServed(f.Served, pr.cas), memory: pr.memory}
}

// Fetched are the issuers that the server does not send and clients may fetch.
func (pr *Predictor) Fetched() []*trust.Certificate { return pr.o.Extra }

// All predicts for every client, in the order of IDs.
func (pr *Predictor) All() ([]*Profile, []Prediction) {
	if pr.profiles == nil {
		pr.profiles = All()
	}
	if pr.all == nil {
		for _, p := range pr.profiles {
			pr.all = append(pr.all, pr.Predict(p))
		}
	}
	return pr.profiles, pr.all
}

// hello builds what the client sends, once.
func (pr *Predictor) hello(p *Profile) hello {
	h, ok := pr.hellos[p]
	if !ok {
		h.ClientHello = p.BuildHello(HelloOptions{ServerName: pr.o.ServerName, HTTP: pr.o.HTTP})
		h.size = p.sizeOnWire(h.ClientHello)
		pr.hellos[p] = h
	}
	return h
}

// Predict says how the client would fare. See Predictor for many clients.
func (p *Profile) Predict(f *transcript.Facts, o PredictOptions) Prediction {
	return NewPredictor(f, o).Predict(p)
}

// run is one client in one world.
type run struct {
	*Predictor
	*world
	p *Profile
	h hello
}

// maxWorlds bounds how many ways the unknown may turn out are tried.
const maxWorlds = 64

// Predict says how the client would fare. Where a fact is unknown it looks at
// what would follow from either value: only if that makes no difference to
// outcome and cause is the prediction exact.
//
// A client that tries again by itself with an older version connects if that does.
func (pr *Predictor) Predict(p *Profile) Prediction {
	x := pr.predict(p)
	if x.Outcome == OK || x.Step > cause.StepCipher {
		return x
	}
	for _, v := range p.Policy.FallsBack {
		y := pr.predict(pr.older(p, v))
		if y.Outcome != OK {
			continue
		}
		if !y.Exact {
			x.Exact, x.Open = false, y.Open
			return x
		}
		y.Why = fmt.Sprintf("It falls back to %s by itself, and then %s", y.Version, lowerFirst(y.Why))
		return y
	}
	return x
}

func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }

// older is the client as it tries again, with a version at most.
func (pr *Predictor) older(p *Profile, v wire.Version) *Profile {
	key := fallback{p.ID, v}
	q, ok := pr.fallbacks[key]
	if !ok {
		q = p.FallBack(v)
		pr.fallbacks[key] = q
	}
	return q
}

func (pr *Predictor) predict(p *Profile) Prediction {
	h := pr.hello(p)
	in := func(given []assumption) (Prediction, *world) {
		r := run{pr, &world{given: given}, p, h}
		return r.predict(), r.world
	}
	first, w := in(nil)
	first.Open = w.vague
	todo := w.alternatives()
	for tried := 1; first.Open == "" && len(todo) > 0; tried++ {
		given := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		next, w := in(given)
		if tried == maxWorlds || w.vague != "" || next.Outcome != first.Outcome || next.Cause != first.Cause {
			first.Open = given[len(given)-1].what
			break
		}
		first.forget(next)
		todo = append(todo, w.alternatives()...)
	}
	first.Exact = first.Open == ""
	if first.Outcome == OK {
		first.Why = first.success()
	}
	first.Why = sentence(first.Why)
	return first
}

// forget takes out what is not the same in another world.
func (x *Prediction) forget(y Prediction) {
	keep(&x.Version, y.Version)
	keep(&x.Suite, y.Suite)
	keep(&x.Group, y.Group)
	keep(&x.Signature, y.Signature)
	keep(&x.ALPN, y.ALPN)
	keep(&x.Retry, y.Retry)
	keep(&x.Verified, y.Verified)
}

func keep[T comparable](x *T, y T) {
	if *x != y {
		var zero T
		*x = zero
	}
}

func (x *Prediction) success() string {
	var parts []string
	if x.Version != 0 {
		parts = append(parts, x.Version.String())
	}
	if x.Suite != 0 {
		parts = append(parts, x.Suite.String())
	}
	if x.Group != 0 {
		parts = append(parts, x.Group.String())
	}
	if len(parts) == 0 {
		return "it connects"
	}
	return "it connects with " + strings.Join(parts, ", ")
}

// sentence gives a phrase a capital and a full stop.
func sentence(s string) string {
	if s == "" {
		return ""
	}
	s = strings.ToUpper(s[:1]) + s[1:]
	if !strings.HasSuffix(s, ".") {
		s += "."
	}
	return s
}

// predict goes the way of a handshake: the server's choice, the client's view of
// it, the certificate, the server's demands, the first application data.
func (r *run) predict() Prediction {
	d, f := r.negotiate()
	out := Prediction{Outcome: OK}
	if f == nil || d.version != 0 {
		out.Version = d.version
	}
	if f != nil {
		return out.failed(f)
	}
	out.Suite, out.Group, out.Signature, out.ALPN, out.Retry = d.suite, d.group, d.scheme, d.alpn, d.retry
	t := r.answer(d)
	late := r.p.JudgeLeaf(t, d.certificate())
	if late != nil && late.Dimension != HTTP2 {
		return out.failed(r.refused(late, d))
	}
	verified, f := r.verify(d, t)
	if out.Verified = verified; f != nil {
		return out.failed(f)
	}
	if f := r.demands(); f != nil {
		return out.failed(f)
	}
	if late != nil {
		return out.failed(r.refused(late, d))
	}
	if f := r.inadequate(d); f != nil {
		return out.failed(f)
	}
	if f := r.unlistedChain(d); f != nil {
		return out.failed(f)
	}
	if f := r.intolerance(true); f != nil {
		return Prediction{}.failed(f)
	}
	return out
}

// failure is where and why a client stops.
type failure struct {
	cause   cause.ID
	step    cause.Step
	setting string
	why     string
}

func (x Prediction) failed(f *failure) Prediction {
	x.Outcome, x.Cause, x.Step, x.Setting, x.Why = Fail, f.cause, f.step, f.setting, f.why
	return x
}

// stop makes a failure on the step of its cause.
func stop(id cause.ID, setting, why string, args ...any) *failure {
	f := &failure{cause: id, setting: setting, why: fmt.Sprintf(why, args...)}
	if c, ok := cause.Get(id); ok {
		f.step = c.Step
	}
	return f
}

// refused words what Judge found, and names the server's part in it.
func (r *run) refused(x *Refusal, d *deal) *failure {
	f := &failure{cause: x.Cause, step: x.Step, why: x.Detail}
	switch x.Dimension {
	case Versions:
		f.setting = "nothing newer than " + d.version.String()
	case Renegotiation:
		f.setting = "no secure renegotiation (RFC 5746)"
	case DHSize:
		f.setting = fmt.Sprintf("a Diffie-Hellman group of %d bits", x.Got)
	case KeySize:
		f.setting = fmt.Sprintf("an RSA key of %d bits", x.Got)
	case CertificateSize:
		f.setting = "a certificate chain of that size"
	case SignatureAlgorithms:
		f.setting = "signatures with " + d.scheme.String()
	case HTTP2:
		f.setting = "HTTP/2 over " + d.suite.String()
	case Extensions:
		f.setting = "no extended master secret (RFC 7627)"
	default:
		f.setting = title(x.Cause)
	}
	return f
}

// title is the catalogue's name of a cause, as it stands within a sentence.
func title(id cause.ID) string {
	c, ok := cause.Get(id)
	if !ok || len(c.Title) < 2 {
		return string(id)
	}
	if second := c.Title[1]; second >= 'A' && second <= 'Z' {
		return c.Title // an abbreviation
	}
	return strings.ToLower(c.Title[:1]) + c.Title[1:]
}

// inadequate: servers may hang up on HTTP/2 over a suite that it forbids (RFC
// 9113, Section 9.2.2). Some do, and a survey does not go as far as that.
func (r *run) inadequate(d *deal) *failure {
	if d.alpn != "h2" || d.version >= wire.VersionTLS13 || d.version == wire.VersionTLS12 && !d.info.HTTP2Forbidden {
		return nil
	}
	if r.holds(transcript.Unknown, true, "whether the server speaks HTTP/2 over "+d.suite.String()) {
		return nil
	}
	return stop(cause.HTTP2InadequateSecurity, "no HTTP/2 over "+d.suite.String(), "the server gives up HTTP/2 over %s, which HTTP/2 does not allow", d.suite)
}

// demands: a client certificate that none of the profiles has.
func (r *run) demands() *failure {
	if r.o.ClientCertificate {
		return nil
	}
	known := transcript.Unknown
	if c := r.f.Features.ClientCertificate; c != "" {
		known = transcript.TriOf(c == "required")
	}
	if r.holds(known, false, "whether a client certificate is required") {
		return stop(cause.MTLSRequired, "a client certificate is required", "the server wants a client certificate")
	}
	return nil
}
