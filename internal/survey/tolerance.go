package survey

import (
	"context"
	"slices"

	"github.com/tlswhy/tlswhy/internal/offer"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// oddity is something unusual and legal in a hello, and the fact that it tests.
type oddity struct {
	name   string
	fact   func(*transcript.Tolerance) *transcript.Tri
	change func(*transcript.Handshake)
}

// oddities13 are tried all at once in a hello of TLS 1.3, oddities12 in one of TLS
// 1.2: a server that answers tolerates each of them. Only where it does not, they
// are told apart.
var (
	oddities13 = []oddity{
		{"GREASE", func(t *transcript.Tolerance) *transcript.Tri { return &t.GREASE }, grease},
		{"an unknown extension", func(t *transcript.Tolerance) *transcript.Tri { return &t.UnknownExtension }, func(a *transcript.Handshake) {
			a.Hello.Set(wire.Extension{Type: unknownExtension, Data: []byte("?")})
		}},
		{"a future version", func(t *transcript.Tolerance) *transcript.Tri { return &t.FutureVersion }, func(a *transcript.Handshake) {
			a.Hello.Set(wire.SupportedVersionsExt(append([]wire.Version{futureVersion}, a.Hello.SupportedVersions()...)...))
		}},
		{"record version 3.3", func(t *transcript.Tolerance) *transcript.Tri { return &t.RecordVersion }, func(a *transcript.Handshake) {
			a.RecordVersion = wire.VersionTLS12
		}},
		{"more than one segment", func(t *transcript.Tolerance) *transcript.Tri { return &t.Large }, func(a *transcript.Handshake) {
			a.Hello.Set(wire.PaddingExt(1800))
		}},
		{"two records", func(t *transcript.Tolerance) *transcript.Tri { return &t.SplitRecords }, func(a *transcript.Handshake) {
			a.Records = []int{100, 1 << 14}
		}},
		{"two segments", func(t *transcript.Tolerance) *transcript.Tri { return &t.SplitSegments }, func(a *transcript.Handshake) {
			a.Segments = []int{60}
		}},
	}
	oddities12 = []oddity{
		{"legacy_version 3.4", func(t *transcript.Tolerance) *transcript.Tri { return &t.FutureLegacy }, func(a *transcript.Handshake) {
			a.Hello.LegacyVersion = wire.VersionTLS13
		}},
		{"256 to 511 bytes", func(t *transcript.Tolerance) *transcript.Tri { return &t.Medium }, func(a *transcript.Handshake) {
			a.Hello.PadTo(400)
		}},
	}
)

const (
	// unknownExtension is of no registry and no GREASE value.
	unknownExtension wire.ExtensionType = 0xfa57
	// futureVersion is a version after TLS 1.3.
	futureVersion wire.Version = 0x0305
	// greaseValue is one of RFC 8701, Section 2.
	greaseValue = 0x3a3a
)

// grease sprinkles values of RFC 8701 as Chrome does.
func grease(a *transcript.Handshake) {
	h := a.Hello
	h.CipherSuites = append([]wire.CipherSuite{greaseValue}, h.CipherSuites...)
	if g := h.SupportedGroups(); len(g) > 0 {
		h.Set(wire.SupportedGroupsExt(append([]wire.Group{greaseValue}, g...)...))
	}
	if v := h.SupportedVersions(); len(v) > 0 {
		h.Set(wire.SupportedVersionsExt(append([]wire.Version{greaseValue}, v...)...))
	}
	if ks := h.KeyShares(); len(ks) > 0 {
		h.Set(wire.KeyShareExt(append([]wire.KeyShare{{Group: greaseValue, Data: []byte{0}}}, ks...)...))
	}
	h.Set(wire.Extension{Type: greaseValue})
}

// tolerances tries the oddities of TLS 1.2.
func (s *session) tolerances(ctx context.Context, k *task) {
	base := func() transcript.Attempt {
		h := offer.Older(wire.VersionTLS12, s.sni, plain12)
		h.Set(wire.SupportedGroupsExt(wire.GroupX25519, wire.GroupSecp256r1, wire.GroupSecp384r1, wire.GroupSecp521r1))
		// Odd by now, and once usual: what the server takes of these is told by the way.
		h.CompressionMethods = []wire.CompressionMethod{compressionDEFLATE, 0}
		h.Set(wire.Extension{Type: wire.ExtMaxFragmentLength, Data: []byte{4}}) // 4,096 bytes
		h.Set(wire.Extension{Type: wire.ExtHeartbeat, Data: []byte{1}})
		h.Set(wire.Extension{Type: wire.ExtNextProtocolNegotiation})
		return helloOnly(s.handshake("TLS 1.2: oddities", h))
	}
	without := offer.Older(wire.VersionTLS12, s.sni, offer.Ordinary(wire.VersionTLS12))
	without.Extensions = nil
	k.fork(
		func(k *task) {
			t := s.tolerate(ctx, k, oddities12, base)
			s.mu.Lock()
			defer s.mu.Unlock()
			s.odd[wire.VersionTLS12] = t
		},
		func(k *task) {
			t := k.one(ctx, helloOnly(s.handshake("TLS 1.2: without extensions", without)))
			s.mu.Lock()
			defer s.mu.Unlock()
			s.bare = t
		},
	)
	switch has13 := s.with13(ctx, k); {
	case ctx.Err() != nil:
	case !has13:
		if s.tolerate(ctx, k, oddities13, s.current) != nil {
			s.tolerate(ctx, k, []oddity{hybridShare}, s.current)
			return
		}
		// Is it the offer of TLS 1.3 that it does not take?
		a := s.current()
		for _, e := range []wire.ExtensionType{wire.ExtSupportedVersions, wire.ExtKeyShare, wire.ExtPSKKeyExchangeModes} {
			a.Handshake.Hello.Remove(e)
		}
		a.Purpose += ": without TLS 1.3"
		// One that answers with SSL 3.0 did not find that in supported_versions.
		if t := k.one(ctx, a); t != nil && helloCame(t) && t.Version() >= wire.VersionTLS10 {
			s.observe(t, transcript.ByName)
			s.mu.Lock()
			defer s.mu.Unlock()
			s.facts.Features.Tolerates.FutureVersion = transcript.No
		}
	case s.odd[wire.VersionTLS12] == nil:
		s.tolerate(ctx, k, oddities12[1:], s.current)
	}
}

// current is the hello of a current client, TLS 1.2 and 1.3 at once: what a server
// without TLS 1.3 gets to see of it is what it has to cope with.
func (s *session) current() transcript.Attempt {
	h := s.hello13(offer13{suites: slices.Concat(usual13[:3], plain12), groups: []wire.Group{wire.GroupX25519, wire.GroupSecp256r1, wire.GroupSecp384r1}})
	h.Set(wire.KeyShareExt(shares([]wire.Group{wire.GroupX25519})...))
	h.Set(wire.SupportedVersionsExt(wire.VersionTLS13, wire.VersionTLS12, wire.VersionTLS11, wire.VersionTLS10))
	h.Set(wire.RenegotiationInfoExt(nil))
	h.Set(wire.ExtendedMasterSecretExt())
	h.Set(wire.ECPointFormatsExt())
	return helloOnly(s.handshake("current clients: oddities", h))
}

// hybridShare is asked alone: its size would hide behind that of another oddity.
var hybridShare = oddity{"a post-quantum key share", func(t *transcript.Tolerance) *transcript.Tri { return &t.HybridShare }, func(a *transcript.Handshake) {
	a.Hello.Set(wire.SupportedGroupsExt(append([]wire.Group{wire.GroupX25519MLKEM768}, a.Hello.SupportedGroups()...)...))
	a.Hello.Set(wire.KeyShareExt(shares([]wire.Group{wire.GroupX25519MLKEM768, wire.GroupX25519})...))
}}

// tolerances13 tries the oddities of TLS 1.3, in a hello that lists the two groups
// that the server likes best and has a share of the second alone: it also tells
// whether that is enough.
func (s *session) tolerances13(ctx context.Context, k *task, accepted []wire.Group) {
	base := func() transcript.Attempt {
		o := offer13{suites: slices.Concat([]wire.CipherSuite{wire.TLS_CHACHA20_POLY1305_SHA256}, usual13[:2], usual13[3:])}
		if len(accepted) > 0 {
			o.groups = accepted[:min(2, len(accepted))]
		}
		h := s.hello13(o)
		if len(accepted) > 1 {
			h.Set(wire.KeyShareExt(shares(accepted[1:2])...))
		}
		return helloOnly(s.handshake("TLS 1.3: oddities", h))
	}
	t := s.tolerate(ctx, k, oddities13, base)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.odd[wire.VersionTLS13] = t
	switch {
	case t == nil || len(accepted) < 2 || !hasShare(accepted[1]):
	case t.Retry != nil:
		s.facts.ShareFirst = transcript.No
	case t.Server != nil && t.Version() == wire.VersionTLS13:
		s.facts.ShareFirst = transcript.Yes
	}
}

// plain12 are few enough suites for a hello of less than 256 bytes. ChaCha20
// leads: see chachaFirst.
var plain12 = []wire.CipherSuite{
	wire.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, wire.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
	wire.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, wire.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	wire.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, wire.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	wire.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, wire.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA,
	wire.TLS_DHE_RSA_WITH_AES_128_GCM_SHA256, wire.TLS_RSA_WITH_AES_128_GCM_SHA256, wire.TLS_RSA_WITH_AES_128_CBC_SHA, wire.TLS_RSA_WITH_3DES_EDE_CBC_SHA,
}

func odd(a transcript.Attempt, os ...oddity) transcript.Attempt {
	for _, o := range os {
		o.change(a.Handshake)
	}
	return a
}

// tolerate asks with all oddities at once, and returns what was answered in the
// end. Without an answer, the plain hello
// and each oddity are asked alone.
func (s *session) tolerate(ctx context.Context, k *task, os []oddity, base func() transcript.Attempt) *transcript.Transcript {
	t := k.one(ctx, odd(base(), os...))
	if t == nil {
		return nil
	}
	set := func(o oddity, v transcript.Tri) {
		s.mu.Lock()
		defer s.mu.Unlock()
		*o.fact(&s.facts.Features.Tolerates) = v
	}
	if helloCame(t) {
		s.observe(t, transcript.ByName)
		for _, o := range os {
			set(o, transcript.Yes)
		}
		return t
	}
	as := []transcript.Attempt{base()}
	for _, o := range os {
		a := odd(base(), o)
		a.Purpose += ": " + o.name
		as = append(as, a)
	}
	ts := k.all(ctx, as)
	if ts[0] == nil || !helloCame(ts[0]) {
		return nil // it does not take the plain one either: nothing to say of the oddities
	}
	s.observe(ts[0], transcript.ByName)
	for i, o := range os {
		if ts[i+1] != nil {
			set(o, transcript.TriOf(helloCame(ts[i+1])))
		}
	}
	return ts[0]
}

func helloCame(t *transcript.Transcript) bool { return t.Server != nil || t.Retry != nil }
