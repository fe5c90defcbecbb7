package survey

import (
	"slices"

	"github.com/tlswhy/tlswhy/internal/client"
	"github.com/tlswhy/tlswhy/internal/offer"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// handshake is a question put as a hello. What follows the server's first flight
// is not asked for.
func (s *session) handshake(purpose string, h *wire.ClientHello) transcript.Attempt {
	return transcript.Attempt{Purpose: purpose, Handshake: &transcript.Handshake{
		Address: s.addr, Host: s.target.Host, Port: s.target.Port,
		Proxy: s.o.Proxy, StartTLS: s.target.StartTLS, Service: s.target.Service,
		Hello: h, Depth: transcript.DepthFlight, Wait: questionWait,
	}}
}

// helloOnly ends the question at the first ServerHello or HelloRetryRequest.
func helloOnly(a transcript.Attempt) transcript.Attempt {
	a.Handshake.HelloOnly = true
	return a
}

// addCertSchemes puts signature_algorithms_cert beside a short list of schemes, so
// that a server does not look at the signatures on its chain when it chooses what
// to sign with (RFC 8446, Section 4.2.3). It is left out for servers whose chain
// is signed with what has no scheme, such as MD5: OpenSSL refuses it then.
func (s *session) addCertSchemes(h *wire.ClientHello) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.oddChain {
		return
	}
	e := wire.SignatureAlgorithmsExt(offer.SignatureSchemes()...)
	e.Type = wire.ExtSignatureAlgorithmsCert
	h.Set(e)
}

// hello12 offers TLS 1.2 or the given older version alone, and with it what tells
// of the server by the way. nil groups or schemes are all of them.
func (s *session) hello12(v wire.Version, suites []wire.CipherSuite, groups []wire.Group, schemes []wire.SignatureScheme) *wire.ClientHello {
	h := offer.Older(v, s.sni, suites)
	if v <= wire.VersionSSL30 {
		return h
	}
	if groups != nil {
		h.Set(wire.SupportedGroupsExt(groups...))
	}
	if schemes != nil && v >= wire.VersionTLS12 {
		h.Set(wire.SignatureAlgorithmsExt(schemes...))
		s.addCertSchemes(h)
	}
	h.Set(wire.StatusRequestExt())
	h.Set(wire.SCTExt())
	h.Set(wire.EncryptThenMACExt())
	h.Set(wire.ExtendedMasterSecretExt())
	h.Set(wire.SessionTicketExt())
	return h
}

// offer13 is what a question of TLS 1.3 is about; nil lists are all of them.
type offer13 struct {
	suites  []wire.CipherSuite
	groups  []wire.Group
	schemes []wire.SignatureScheme
	// noShare leaves the choice of the group to a HelloRetryRequest.
	noShare bool
	// hybrid lists post-quantum groups too, without a share.
	hybrid bool
}

func (s *session) hello13(o offer13) *wire.ClientHello {
	h := offer.TLS13(s.sni, false)
	if o.suites != nil {
		h.CipherSuites = slices.Clone(o.suites)
	}
	switch {
	case o.groups != nil:
		h.Set(wire.SupportedGroupsExt(o.groups...))
	case o.hybrid || !s.isClassic():
		h.Set(wire.SupportedGroupsExt(append(offer.Groups13(), wire.GroupX25519MLKEM768, wire.GroupSecP256r1MLKEM768)...))
	}
	if o.noShare {
		h.Set(wire.KeyShareExt())
	} else if o.groups != nil {
		h.Set(wire.KeyShareExt(shares(o.groups)...))
	}
	if o.schemes != nil {
		h.Set(wire.SignatureAlgorithmsExt(o.schemes...))
		s.addCertSchemes(h)
	}
	h.Set(wire.StatusRequestExt())
	h.Set(wire.SCTExt())
	return h
}

// isClassic: TLS 1.3 needs no post-quantum group here.
func (s *session) isClassic() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.classic
}

// shares of all groups, to be filled in by the engine, which leaves out what it
// cannot compute.
func shares(groups []wire.Group) []wire.KeyShare {
	out := make([]wire.KeyShare, len(groups))
	for i, g := range groups {
		out[i].Group = g
	}
	return out
}

// client is the hello of the client that the survey speaks for, for a server name
// or none.
func (s *session) clientHello(name string) *wire.ClientHello {
	h := s.profile.BuildHello(client.HelloOptions{ServerName: name, HTTP: s.target.Service == "http"})
	if name != "" && h.ServerName() == "" && h.Extensions != nil {
		h.Set(wire.ServerNameExt(name))
	}
	return h
}
