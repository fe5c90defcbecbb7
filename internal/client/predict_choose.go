package client

import (
	"slices"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/trust"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// deal is what a server chooses from a hello.
type deal struct {
	version wire.Version
	suite   wire.CipherSuite
	info    wire.SuiteInfo
	group   wire.Group
	retry   bool // group has to be asked for
	scheme  wire.SignatureScheme
	dhBits  int // of a prime that is not negotiated by name
	alpn    string
	leaf    *leaf // nil without a certificate
	foreign bool  // what is shown to clients that send no name
}

// certificate is the parsed leaf, or nil.
func (d *deal) certificate() *trust.Certificate {
	if d.leaf == nil || len(d.leaf.chain) == 0 || d.leaf.Like != "" { // whose key is another one
		return nil
	}
	return d.leaf.chain[0]
}

// negotiate chooses as a server does that follows the RFCs and the facts.
func (r *run) negotiate() (*deal, *failure) {
	d := &deal{}
	if f := r.intolerance(false); f != nil {
		return d, f
	}
	for _, choose := range []func(*deal) *failure{r.pickVersion, r.pickSite, r.pickSuite, r.pickALPN} {
		if f := choose(d); f != nil {
			return d, f
		}
	}
	return d, nil
}

// pickVersion takes the newest in common. A server that knows TLS 1.3 reads
// supported_versions (RFC 8446, Section 4.2.1); an older one may go by
// legacy_version, and where that leads elsewhere the client refuses the answer.
func (r *run) pickVersion(d *deal) *failure {
	if len(r.f.Versions) == 0 {
		r.unsure("which versions the server accepts")
		return stop(cause.NoSharedVersion, "no version at all", "no version is known that the server accepts")
	}
	for _, v := range r.f.Versions {
		// SSL 2.0 has a hello of its own, which no client here sends.
		if v > d.version && v >= wire.VersionSSL30 && r.h.OffersVersion(v) {
			d.version = v
		}
	}
	if d.version != 0 {
		legacy := r.byLegacyVersion()
		if legacy > d.version && !r.holds(transcript.Unknown, true, "whether the server reads supported_versions") {
			d.version = legacy
		}
		return nil
	}
	if v := r.spokenInVain(); v != 0 {
		d.version = v
		return stop(cause.NoSharedCipher, "no suite of "+v.String(), "the server speaks %s, but accepts no suite of it", v)
	}
	oldest, newest := slices.Min(r.f.Versions), slices.Max(r.f.Versions)
	setting := "nothing newer than " + newest.String()
	offered := "at least " + oldestOffered(r.h.ClientHello).String()
	switch best := r.h.MaxVersion(); {
	case best < oldest:
		setting, offered = "nothing older than "+oldest.String(), "at most "+best.String()
	case best < newest:
		setting, offered = "not "+best.String(), best.String()
	}
	return stop(cause.NoSharedVersion, setting, "the server accepts %s, and this client offers %s", setting, offered)
}

// spokenInVain is a version that the client offers and the server knows, but of
// which it accepts no suite; 0 if there is none.
func (r *run) spokenInVain() wire.Version {
	for v := wire.VersionTLS13; v >= wire.VersionSSL30; v-- {
		if s, ok := r.f.Suites[v.String()]; ok && len(s.List) == 0 && r.h.OffersVersion(v) && !slices.Contains(r.f.Versions, v) {
			return v
		}
	}
	return 0
}

// byLegacyVersion is what a server that does not know TLS 1.3 may take, or 0. It
// differs for clients that leave a version out of the middle.
func (r *run) byLegacyVersion() wire.Version {
	var best wire.Version
	for _, v := range r.f.Versions {
		if v >= wire.VersionTLS13 {
			return 0
		}
		if v <= r.h.LegacyVersion {
			best = max(best, v)
		}
	}
	return best
}

// oldestOffered is the oldest version of supported_versions, or SSL 3.0.
func oldestOffered(h *wire.ClientHello) wire.Version {
	if _, ok := h.Extension(wire.ExtSupportedVersions); !ok {
		return wire.VersionSSL30
	}
	v := h.SupportedVersions()
	if len(v) == 0 {
		return 0
	}
	return slices.Min(v)
}

// pickSite: a client that sends no name gets what the survey saw without one.
func (r *run) pickSite(d *deal) *failure {
	if r.o.ServerName == "" || r.h.ServerName() != "" {
		return nil
	}
	how := r.f.Features.NoName
	known := transcript.Unknown
	if how != "" {
		known = transcript.TriOf(how == "same" || how == "other")
	}
	if !r.holds(known, true, "what a hello without a server name gets") {
		if how == "" {
			how = "refused"
		}
		return stop(cause.SNIRequired, "no answer to hellos without a server name", "this client sends no server name, and without one the server gives up (%s)", how)
	}
	d.foreign = how == "other"
	return nil
}

// obstacle is why a suite that both sides have cannot be used.
type obstacle uint8

// Obstacles, the earliest in a hello first.
const (
	noObstacle obstacle = iota
	lacksGroup
	lacksScheme
	lacksKey
)

func (r *run) pickSuite(d *deal) *failure {
	facts, ok := r.f.Suites[d.version.String()]
	if !ok {
		r.unsure("the suites of " + d.version.String())
	}
	met := map[obstacle]bool{}
	for _, s := range r.inOrder(facts, d.version) {
		try := *d
		try.suite = s
		try.info, _ = s.Info() // zero for what is not in the registry: it fits
		why := r.fits(&try)
		if why == noObstacle {
			r.unlisted(facts, d.version)
			*d = try
			return nil
		}
		met[why] = true
		if d.version >= wire.VersionTLS13 {
			break // groups, schemes and keys do not hang on the suite
		}
	}
	r.unlisted(facts, d.version)
	switch {
	case met[lacksGroup]:
		return stop(cause.NoSharedGroup, "none of their groups in "+d.version.String(), "in %s the server has no group for the key exchange in common with this client", d.version)
	case met[lacksScheme]:
		return stop(cause.NoSharedSignatureAlgorithm, "none of their signature algorithms in "+d.version.String(), "in %s the server has no signature algorithm in common with this client", d.version)
	case met[lacksKey]:
		return stop(cause.NoSharedCipher, "a certificate whose key fits none of their suites", "this client offers no suite of %s that fits the server's certificate", d.version)
	}
	return stop(cause.NoSharedCipher, "none of their suites of "+d.version.String(), "the server has no suite of %s in common with this client", d.version)
}

// unlisted: a suite that was not asked for may be one that the server likes.
func (r *run) unlisted(facts transcript.SuiteFacts, v wire.Version) {
	if facts.Complete {
		return
	}
	for _, s := range r.h.CipherSuites {
		if i, ok := s.Info(); ok && !i.PSK && (i.KeyExchange == wire.KXTLS13) == (v >= wire.VersionTLS13) && i.MinVersion <= v && !slices.Contains(facts.List, s) {
			r.unsure("whether the server accepts " + s.String())
			return
		}
	}
}

// inOrder lists the suites in common, the likeliest choice first.
func (r *run) inOrder(facts transcript.SuiteFacts, v wire.Version) []wire.CipherSuite {
	servers := facts.Order == transcript.ServerOrder
	if facts.Order == "" {
		servers = r.holds(transcript.Unknown, true, "whose order of suites decides in "+v.String())
	}
	first, second := r.h.CipherSuites, facts.List
	if servers {
		first, second = second, first
	}
	var out []wire.CipherSuite
	for _, s := range first {
		if slices.Contains(second, s) && !s.IsSignalling() {
			out = append(out, s)
		}
	}
	chacha := func(s wire.CipherSuite) bool {
		i, _ := s.Info()
		return i.Cipher == wire.CipherChaCha20
	}
	if servers && r.likesChaCha() && slices.ContainsFunc(out, chacha) && !chacha(out[0]) &&
		r.holds(facts.ChaChaFirst, false, "whether the server takes ChaCha20 of clients that put it first") {
		slices.SortStableFunc(out, func(a, b wire.CipherSuite) int {
			switch x, y := chacha(a), chacha(b); {
			case x == y:
				return 0
			case x:
				return -1
			}
			return 1
		})
	}
	return out
}

// likesChaCha: the first suite that a server may know is of ChaCha20.
func (r *run) likesChaCha() bool {
	for _, s := range r.h.CipherSuites {
		i, ok := s.Info()
		if !ok || i.KeyExchange == wire.KXCECPQ1 {
			continue
		}
		return i.Cipher == wire.CipherChaCha20
	}
	return false
}

// fits completes the deal with what the suite needs, or says what is missing.
func (r *run) fits(d *deal) obstacle {
	if d.version >= wire.VersionTLS13 {
		return r.fits13(d)
	}
	switch d.info.KeyExchange {
	case wire.KXECDHE, wire.KXECDHAnon, wire.KXECDHEPSK:
		if !r.pickCurve(d) {
			return lacksGroup
		}
	case wire.KXDHE, wire.KXDHAnon, wire.KXDHEPSK:
		if !r.pickDH(d) {
			return lacksGroup
		}
	}
	return r.pickKey(d)
}

// pickKey finds a certificate that the suite can do with, and how it signs.
func (r *run) pickKey(d *deal) obstacle {
	i := d.info
	if i.Anonymous || i.Authentication == wire.AuthPSK {
		return noObstacle
	}
	keys := r.shown(d.foreign)
	if len(keys) == 0 {
		r.unsure("the certificate that the server shows")
		return noObstacle
	}
	worst := lacksKey
	for _, l := range keys {
		if !l.authenticates(i, d.version) {
			continue
		}
		// RFC 8422, Section 5.1: the client's groups bind the key, too.
		if groups := r.h.SupportedGroups(); l.curve != 0 && len(groups) > 0 && !slices.Contains(groups, l.curve) {
			worst = lacksGroup
			continue
		}
		d.leaf = l
		if !r.pickScheme(d) {
			worst = lacksScheme
			continue
		}
		return noObstacle
	}
	if d.foreign && worst == lacksKey {
		// The one certificate seen without a name says nothing of others.
		r.unsure("all certificates that a hello without a server name gets")
	}
	return worst
}

// pickScheme chooses the signature of TLS 1.2 by the key of d.leaf.
func (r *run) pickScheme(d *deal) bool {
	i := d.info
	if d.version < wire.VersionTLS12 || i.KeyExchange == wire.KXRSA && !i.Export || i.KeyExchange == wire.KXDH || i.KeyExchange == wire.KXECDH {
		return true
	}
	offered := r.h.SignatureAlgorithms()
	if _, ok := r.h.Extension(wire.ExtSignatureAlgorithms); !ok {
		offered = impliedSchemes
	}
	for _, s := range r.schemesInOrder(offered, d.version) {
		if d.leaf.signs(s.Scheme, d.version) {
			d.scheme = s.Scheme
			return true
		}
	}
	return r.vague != ""
}

// impliedSchemes of a hello of TLS 1.2 that names none (RFC 5246, Section 7.4.1.4.1).
var impliedSchemes = []wire.SignatureScheme{wire.SigRSAPKCS1SHA1, wire.SigDSASHA1, wire.SigECDSASHA1}

// schemesInOrder lists the schemes in common, the likeliest choice first.
func (r *run) schemesInOrder(offered []wire.SignatureScheme, v wire.Version) []transcript.SchemeFact {
	used := func(s transcript.SchemeFact) transcript.Tri {
		if v >= wire.VersionTLS13 {
			return s.TLS13
		}
		return s.TLS12
	}
	if !slices.ContainsFunc(r.f.SignatureAlgorithms, func(s transcript.SchemeFact) bool { return used(s) != transcript.No }) {
		r.unsure("the server's signature algorithms in " + v.String()) // see groupsInOrder
		return nil
	}
	var out []transcript.SchemeFact
	for _, s := range r.f.SignatureAlgorithms {
		if slices.Contains(offered, s.Scheme) && r.holds(used(s), true, "whether the server signs with "+s.Scheme.String()+" in "+v.String()) {
			out = append(out, s)
		}
	}
	if len(out) > 1 && !r.serverDecides(r.f.SignatureOrder, "whose order of signature algorithms decides") {
		slices.SortStableFunc(out, func(a, b transcript.SchemeFact) int {
			return slices.Index(offered, a.Scheme) - slices.Index(offered, b.Scheme)
		})
	}
	return out
}

func (r *run) serverDecides(o transcript.Order, what string) bool {
	if o == "" {
		return r.holds(transcript.Unknown, true, what)
	}
	return o == transcript.ServerOrder
}

// pickALPN: RFC 7301, Section 3.2.
func (r *run) pickALPN(d *deal) *failure {
	offered := r.h.ALPN()
	if len(offered) == 0 {
		return nil
	}
	for _, p := range r.f.ALPN {
		if slices.Contains(offered, p) {
			d.alpn = p
			return nil
		}
	}
	if len(r.f.ALPN) == 0 && r.f.ALPNRefuses == transcript.Unknown {
		return nil // nothing chosen, nothing refused: it ignores the extension
	}
	if len(r.f.ALPN) == 0 && r.f.ALPNRefuses == transcript.Yes {
		// It takes some, or it would not look at them: the survey missed them.
		r.unsure("the server's application protocols")
	}
	if !r.holds(r.f.ALPNRefuses, false, "whether the server refuses foreign application protocols") {
		return nil
	}
	return stop(cause.NoALPNOverlap, "none of their application protocols (ALPN)", "the server has no application protocol in common with this client (ALPN)")
}
