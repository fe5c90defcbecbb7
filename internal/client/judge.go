package client

import (
	"slices"
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/trust"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// defaultPatience of a client of which nothing is known, in seconds.
const defaultPatience = 60

// Judge reads what the server answered, in the order of the protocol, and
// returns the first thing that makes this client stop; nil if it goes on as far
// as the transcript goes. What was offered is the hello of the attempt, so an
// experiment with a widened hello is judged by what it offered, and by the
// policy for all else; in the relaxed dimensions the policy says nothing.
//
// The certificate chain is not looked at: that is trust.Verify, with TrustPolicy.
func (p *Profile) Judge(t *transcript.Transcript, relaxed ...Dimension) *Refusal {
	var leaf *trust.Certificate
	if len(t.Certificates) > 0 {
		leaf, _ = trust.ParseCertificate(t.Certificates[0]) // unreadable: trust.Verify says so
	}
	return p.JudgeLeaf(t, leaf, relaxed...)
}

// JudgeLeaf is Judge for callers that have read the first of the certificates
// themselves; nil: there is none, or it cannot be read.
func (p *Profile) JudgeLeaf(t *transcript.Transcript, leaf *trust.Certificate, relaxed ...Dimension) *Refusal {
	j := &judge{p: p, t: t, offer: p.offered(t), version: t.Version(), leaf: leaf}
	if t.Server != nil {
		j.suite, j.known = t.Server.CipherSuite.Info()
	}
	for _, check := range []func() *Refusal{
		j.retry, j.versions, j.downgrade, j.suites, j.legalHello, j.renegotiation, j.masterSecret, j.keyShare,
		j.encryptedExtensions, j.certificateSize, j.leafKey, j.keyUsage, j.keyExchange, j.signatureScheme,
		j.legacySignature, j.signature, j.finished, j.patience, j.http2,
	} {
		if r := check(); r != nil && !slices.Contains(relaxed, r.Dimension) {
			return r
		}
	}
	return nil
}

// offered is the hello that was sent, or the client's own if it is not known.
func (p *Profile) offered(t *transcript.Transcript) *wire.ClientHello {
	if hs := t.Attempt.Handshake; hs != nil && hs.Hello != nil {
		return hs.Hello
	}
	return p.Hello
}

type judge struct {
	p       *Profile
	t       *transcript.Transcript
	offer   *wire.ClientHello
	version wire.Version
	suite   wire.SuiteInfo
	known   bool // suite is
	leaf    *trust.Certificate
}

func (j *judge) server() *wire.ServerHello { return j.t.Server }

// retry judges a HelloRetryRequest (RFC 8446, Section 4.1.4).
func (j *judge) retry() *Refusal {
	r := j.t.Retry
	if r == nil {
		return nil
	}
	ks, ok := r.KeyShare()
	if !ok {
		if r.Cookie() == nil {
			return refuse(cause.MalformedReply, Extensions, "the server asks for another hello and for nothing to change in it")
		}
		return nil
	}
	if !slices.Contains(j.offer.SupportedGroups(), ks.Group) {
		return refuse(cause.NoSharedGroup, Groups, "the server asks for a key share of %s, which this client does not offer", ks.Group)
	}
	for _, sent := range j.offer.KeyShares() {
		if sent.Group == ks.Group {
			return refuse(cause.MalformedReply, Extensions, "the server asks for a key share of %s, which the hello held already", ks.Group)
		}
	}
	return nil
}

func (j *judge) versions() *Refusal {
	if j.version == 0 {
		return nil
	}
	minimum := j.p.Policy.MinVersion
	switch {
	case j.server() != nil && j.version > j.offer.MaxVersion():
		return refuse(cause.MalformedReply, Versions, "the server answers with %s, newer than the %s that was offered", j.version, j.offer.MaxVersion())
	case !j.offer.OffersVersion(j.version), j.server() == nil:
		return refuse(cause.NoSharedVersion, Versions, "the server answers with %s, which this client does not offer", j.version)
	case j.version < minimum:
		return refuse(cause.NoSharedVersion, Versions, "the server answers with %s; this client completes nothing older than %s", j.version, minimum)
	}
	return nil
}

// Downgrade sentinels end the random of a server that was kept from its newest
// version (RFC 8446, Section 4.1.3).
const (
	sentinel12 = "DOWNGRD\x01" // it knows TLS 1.3 and chose TLS 1.2
	sentinel11 = "DOWNGRD\x00" // it knows TLS 1.2 and chose an older one
)

// downgrade: a TLS 1.3 client has to look at the sentinel, an older one should;
// those of TLS 1.2 that do are the ones that know TLS 1.3 too.
func (j *judge) downgrade() *Refusal {
	s := j.server()
	if s == nil || !j.offer.OffersVersion(wire.VersionTLS13) || j.version >= wire.VersionTLS13 {
		return nil
	}
	tail := string(s.Random[24:])
	if tail == sentinel12 || tail == sentinel11 && j.version < wire.VersionTLS12 {
		return refuse(cause.VersionIntolerant, Versions,
			"the server answers with %s and marks the answer as a downgrade: something changed the hello on its way, or the server marks wrongly", j.version)
	}
	return nil
}

func (j *judge) suites() *Refusal {
	s := j.server()
	if s == nil {
		return nil
	}
	if !slices.Contains(j.offer.CipherSuites, s.CipherSuite) || s.CipherSuite.IsSignalling() {
		return refuse(cause.NoSharedCipher, Suites, "the server chose %s, which this client does not offer", s.CipherSuite)
	}
	// That a suite is newer than the version is refused by all; that it is older
	// (DES in TLS 1.2) by few.
	if j.known && j.suite.MinVersion > j.version || j.version >= wire.VersionTLS13 && j.suite.KeyExchange != wire.KXTLS13 {
		return refuse(cause.MalformedReply, Suites, "the server chose %s, which does not exist in %s", s.CipherSuite, j.version)
	}
	if r := j.t.Retry; r != nil && r.CipherSuite != s.CipherSuite {
		return refuse(cause.MalformedReply, Suites, "the server asked for another hello with %s and then chose %s", r.CipherSuite, s.CipherSuite)
	}
	return nil
}

// legalHello looks at what no client accepts in a ServerHello.
func (j *judge) legalHello() *Refusal {
	s := j.server()
	if s == nil {
		return nil
	}
	if !slices.Contains(j.offer.CompressionMethods, s.CompressionMethod) {
		return refuse(cause.MalformedReply, Extensions, "the server chose compression method %d, which was not offered", s.CompressionMethod)
	}
	for i, e := range s.Extensions {
		if slices.ContainsFunc(s.Extensions[:i], func(o wire.Extension) bool { return o.Type == e.Type }) {
			return refuse(cause.MalformedReply, Extensions, "the ServerHello holds %s twice", e.Type)
		}
		if !j.solicited(e.Type) {
			return refuse(cause.MalformedReply, Extensions, "the ServerHello holds %s, which was not asked for", e.Type)
		}
	}
	return j.protocol(s.ALPN())
}

// solicited: a server may answer only what was asked (RFC 8446, Section 4.2).
func (j *judge) solicited(t wire.ExtensionType) bool {
	if _, ok := j.offer.Extension(t); ok {
		return true
	}
	// RFC 5746, Section 3.4: the signalling suite asks for the extension.
	return t == wire.ExtRenegotiationInfo && slices.Contains(j.offer.CipherSuites, wire.TLS_EMPTY_RENEGOTIATION_INFO_SCSV)
}

func (j *judge) protocol(alpn string) *Refusal {
	if alpn == "" || slices.Contains(j.offer.ALPN(), alpn) {
		return nil
	}
	return refuse(cause.MalformedReply, ALPN, "the server chose the protocol %q, which was not offered", alpn).at(cause.StepCipher)
}

func (j *judge) renegotiation() *Refusal {
	s := j.server()
	if s == nil || j.version >= wire.VersionTLS13 {
		return nil
	}
	d, ok := s.Extension(wire.ExtRenegotiationInfo)
	if ok && (len(d) != 1 || d[0] != 0) {
		return refuse(cause.MalformedReply, Extensions, "the server's renegotiation_info speaks of a handshake that never was").at(cause.StepKeys)
	}
	if !ok && j.p.Policy.RequireSecureRenegotiation {
		return refuse(cause.LegacyRenegotiation, Renegotiation, "the server does not know secure renegotiation (RFC 5746), and this client insists on it")
	}
	return nil
}

func (j *judge) masterSecret() *Refusal {
	s := j.server()
	if s == nil || j.version >= wire.VersionTLS13 || !j.p.Policy.RequireExtendedMasterSecret {
		return nil
	}
	if _, ok := s.Extension(wire.ExtExtendedMasterSecret); !ok {
		return refuse(cause.ClientSetup, Extensions, "the server does not know extended_master_secret (RFC 7627), which this client insists on, as in FIPS mode").at(cause.StepKeys)
	}
	return nil
}

// keyShare judges the share of a TLS 1.3 ServerHello (RFC 8446, Section 4.2.8).
func (j *judge) keyShare() *Refusal {
	s := j.server()
	if s == nil || j.version < wire.VersionTLS13 {
		return nil
	}
	ks, ok := s.KeyShare()
	if !ok {
		return refuse(cause.MalformedReply, Extensions, "the ServerHello of TLS 1.3 holds no key share")
	}
	if !slices.Contains(j.offer.SupportedGroups(), ks.Group) {
		return refuse(cause.NoSharedGroup, Groups, "the server chose the group %s, which this client does not offer", ks.Group)
	}
	if j.t.Retry != nil {
		return nil
	}
	for _, sent := range j.offer.KeyShares() {
		if sent.Group == ks.Group {
			return nil
		}
	}
	return refuse(cause.MalformedReply, Groups, "the server answers with a key share of %s, of which it was sent none", ks.Group)
}

func (j *judge) encryptedExtensions() *Refusal {
	ee := j.t.Encrypted
	if ee == nil {
		return nil
	}
	for _, e := range ee.Extensions {
		if !j.solicited(e.Type) {
			return refuse(cause.MalformedReply, Extensions, "the EncryptedExtensions hold %s, which was not asked for", e.Type)
		}
	}
	return j.protocol(ee.ALPN())
}

func (j *judge) finished() *Refusal {
	if j.t.Finished != transcript.No {
		return nil
	}
	return refuse(cause.MalformedReply, ServerKey, "the server's Finished is wrong: the two sides saw different handshakes or have different keys").at(cause.StepKeys)
}

func (j *judge) patience() *Refusal {
	limit := j.p.Policy.Patience
	if limit == 0 {
		limit = defaultPatience
	}
	took := j.t.Times.Handshake
	if took <= time.Duration(limit)*time.Second {
		return nil
	}
	return refuse(cause.SlowHandshake, Time, "the handshake takes %s; this client waits %d s", took.Round(100*time.Millisecond), limit).
		because(int(took/time.Second), limit)
}

// http2: RFC 9113, Section 9.2.
func (j *judge) http2() *Refusal {
	if j.t.ALPN() != "h2" || !j.p.Policy.RefuseWeakHTTP2 {
		return nil
	}
	switch {
	case j.version < wire.VersionTLS12:
		return refuse(cause.HTTP2InadequateSecurity, HTTP2, "HTTP/2 over %s, which it does not allow", j.version)
	case j.known && j.suite.HTTP2Forbidden:
		return refuse(cause.HTTP2InadequateSecurity, HTTP2, "HTTP/2 over %s, which it does not allow", j.server().CipherSuite)
	}
	return nil
}
