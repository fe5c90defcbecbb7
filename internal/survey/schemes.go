package survey

import (
	"context"
	"slices"

	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// Signature schemes by the key that makes them, the likely ones first.
var (
	ecdsaSchemes12 = []wire.SignatureScheme{
		wire.SigECDSASecp256r1SHA256, wire.SigECDSASecp384r1SHA384, wire.SigECDSASecp521r1SHA512, wire.SigECDSASHA224, wire.SigECDSASHA1,
		wire.SigEd25519, wire.SigEd448,
	}
	rsaSchemes12 = []wire.SignatureScheme{
		wire.SigRSAPSSRSAESHA256, wire.SigRSAPSSRSAESHA384, wire.SigRSAPSSRSAESHA512,
		wire.SigRSAPKCS1SHA256, wire.SigRSAPKCS1SHA384, wire.SigRSAPKCS1SHA512, wire.SigRSAPKCS1SHA224, wire.SigRSAPKCS1SHA1,
		wire.SigRSAPSSPSSSHA256, wire.SigRSAPSSPSSSHA384, wire.SigRSAPSSPSSSHA512, wire.SigRSAPKCS1MD5,
	}
	// rareSchemes12 are no more likely for their neighbours.
	rareSchemes12 = []wire.SignatureScheme{
		wire.SigECDSASHA1, wire.SigEd25519, wire.SigEd448, wire.SigRSAPKCS1SHA1, wire.SigRSAPKCS1MD5,
		wire.SigRSAPSSPSSSHA256, wire.SigRSAPSSPSSSHA384, wire.SigRSAPSSPSSSHA512,
	}
	dsaSchemes12 = []wire.SignatureScheme{wire.SigDSASHA256, wire.SigDSASHA1, wire.SigDSASHA224, wire.SigDSASHA384, wire.SigDSASHA512, wire.SigDSAMD5}
	schemes13    = [][]wire.SignatureScheme{
		{wire.SigECDSASecp256r1SHA256, wire.SigECDSASecp384r1SHA384, wire.SigECDSASecp521r1SHA512},
		{wire.SigRSAPSSRSAESHA256, wire.SigRSAPSSRSAESHA384, wire.SigRSAPSSRSAESHA512},
		{wire.SigEd25519, wire.SigEd448},
		{wire.SigRSAPSSPSSSHA256, wire.SigRSAPSSPSSSHA384, wire.SigRSAPSSPSSSHA512},
	}
)

// rest13 are all other schemes of the registry, which a server of TLS 1.3 must
// not use or hardly any has.
func rest13() []wire.SignatureScheme {
	return slices.DeleteFunc(wire.AllSignatureSchemes(), func(x wire.SignatureScheme) bool {
		return slices.Contains(slices.Concat(schemes13...), x)
	})
}

// schemesOf13 searches what the server signs with in TLS 1.3.
func (s *session) schemesOf13(ctx context.Context, k *task) {
	if !s.with13(ctx, k) {
		return
	}
	rest := rest13()
	// Each kind of key is asked about by itself: HAProxy chooses the kind by what the
	// list holds of each, and then finds no scheme.
	q := &search[wire.SignatureScheme]{
		candidates: slices.Concat(slices.Concat(schemes13...), rest),
		classes:    [][]wire.SignatureScheme{schemes13[1], slices.Concat(slices.Concat(schemes13[2:]...), rest)},
		kin:        schemes13[:1],
		limit:      64,
		// A key on a curve has one scheme (RFC 8446, Section 4.2.3), an RSA key several.
		rare: func(x wire.SignatureScheme) bool {
			return !slices.Contains(schemes13[1], x) && !slices.Contains(schemes13[3], x)
		},
	}
	q.ask = func(lists [][]wire.SignatureScheme) []evidence[wire.SignatureScheme] {
		as := make([]transcript.Attempt, len(lists))
		for i, l := range lists {
			as[i] = s.handshake("TLS 1.3: signature algorithms", s.hello13(offer13{schemes: l}))
		}
		return s.schemeAnswers(wire.VersionTLS13, lists, k.all(ctx, as))
	}
	c := q.run()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.schemes13 = c
	s.incomplete = s.incomplete || !c.complete
}

// schemesOf12 does so in TLS 1.2, for each kind of key by itself.
func (s *session) schemesOf12(ctx context.Context, k *task, r *riders) {
	_, withRSA, withECDSA := r.seen()
	var rsa, ecdsa, dsa choice[wire.SignatureScheme]
	k.fork(
		func(k *task) { rsa = s.searchSchemes12(ctx, k, wire.AuthRSA, rsaSchemes12, withRSA) },
		func(k *task) { ecdsa = s.searchSchemes12(ctx, k, wire.AuthECDSA, ecdsaSchemes12, withECDSA) },
		func(k *task) { dsa = s.searchSchemes12(ctx, k, wire.AuthDSS, dsaSchemes12, nil) },
	)
	s.mu.Lock()
	defer s.mu.Unlock()
	c := choice[wire.SignatureScheme]{
		accepted: slices.Concat(ecdsa.accepted, rsa.accepted, dsa.accepted),
		complete: rsa.complete && ecdsa.complete && dsa.complete,
	}
	for _, kind := range []choice[wire.SignatureScheme]{ecdsa, rsa, dsa} {
		if kind.decided && !c.decided {
			c.order, c.decided = kind.order, true
		}
	}
	s.schemes12 = c
	s.incomplete = s.incomplete || !c.complete
}

func (s *session) searchSchemes12(ctx context.Context, k *task, auth wire.Authentication, schemes []wire.SignatureScheme, known []evidence[wire.SignatureScheme]) choice[wire.SignatureScheme] {
	suites := s.signingSuites(auth)
	if len(suites) == 0 {
		return choice[wire.SignatureScheme]{complete: true}
	}
	var classes [][]wire.SignatureScheme
	for _, c := range [][]wire.SignatureScheme{
		slices.DeleteFunc(slices.Clone(schemes), func(x wire.SignatureScheme) bool { return slices.Contains(rareSchemes12, x) }),
		only(schemes, rareSchemes12),
	} {
		if len(c) > 0 {
			classes = append(classes, c)
		}
	}
	q := &search[wire.SignatureScheme]{
		candidates: schemes, classes: classes, limit: len(schemes),
		rare:  func(x wire.SignatureScheme) bool { return slices.Contains(rareSchemes12, x) },
		prove: true,
	}
	q.ask = func(lists [][]wire.SignatureScheme) []evidence[wire.SignatureScheme] {
		as := make([]transcript.Attempt, len(lists))
		for i, l := range lists {
			as[i] = s.handshake("TLS 1.2: signature algorithms", s.hello12(wire.VersionTLS12, suites, nil, l))
		}
		return s.schemeAnswers(wire.VersionTLS12, lists, k.all(ctx, as))
	}
	for _, e := range known {
		q.learn(e)
	}
	return q.run()
}

// schemeAnswers reads which scheme the server signed with.
func (s *session) schemeAnswers(v wire.Version, lists [][]wire.SignatureScheme, ts []*transcript.Transcript) []evidence[wire.SignatureScheme] {
	out := make([]evidence[wire.SignatureScheme], len(lists))
	for i, t := range ts {
		out[i] = evidence[wire.SignatureScheme]{list: lists[i], open: t == nil}
		if t == nil {
			continue
		}
		s.observe(t, transcript.ByName)
		if t.Version() == v && slices.Contains(lists[i], t.Signature) {
			out[i].answer, out[i].ok = t.Signature, true
		}
	}
	return out
}

// signingSuites are the accepted suites of TLS 1.2 with which a key of that kind
// signs.
func (s *session) signingSuites(auth wire.Authentication) []wire.CipherSuite {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.suites[wire.VersionTLS12].accepted), func(x wire.CipherSuite) bool {
		i, _ := x.Info()
		return i.Authentication != auth || i.KeyExchange != wire.KXECDHE && i.KeyExchange != wire.KXDHE
	})
}
