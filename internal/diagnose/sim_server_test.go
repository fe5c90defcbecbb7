package diagnose

import (
	"slices"

	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// fate is how an attempt ends that does not get what it came for.
type fate struct {
	kind  transcript.Kind
	alert wire.AlertDescription // of AlertReceived
	reply []byte                // of NotTLS
}

func alerts(d wire.AlertDescription) *fate { return &fate{kind: transcript.AlertReceived, alert: d} }
func ends(k transcript.Kind) *fate         { return &fate{kind: k} }

// demand is whether a server wants client certificates.
type demand uint8

const (
	demandNone demand = iota
	demandOptional
	demandRequired
)

// simServer is a TLS server as it is configured. What it answers follows from
// the RFCs; nothing here is taken from the code under test.
type simServer struct {
	versions []wire.Version
	// deaf: the software predates supported_versions (RFC 8446, Section 4.2.1)
	// and goes by legacy_version.
	deaf    bool
	suites  []wire.CipherSuite // of all versions, in its order
	follows bool               // the client's order counts, not its own
	keys    []keyKind          // a certificate for each
	groups  []wire.Group       // for TLS 1.3 and ECDHE, in its order
	// shares: it takes a group of which the hello holds a share before one that it
	// likes better but would have to ask for.
	shares  bool
	schemes []wire.SignatureScheme
	prime   int // bits of its Diffie-Hellman prime
	alpn    []string
	strict  bool // no protocol in common is fatal (RFC 7301, Section 3.2)

	names    []string // that it serves; nil: any
	unknown  *fate    // what meets another name; nil: the default site
	nameless *fate    // what meets a hello without a name; nil: the default site

	demand              demand
	noRenegotiationInfo bool
	chain               [][]byte // instead of that of its key
	// curt is how it refuses where RFCs ask for an alert; nil: by that alert.
	curt *fate
	// plain is how it meets bytes that are no hello; nil: it closes.
	plain *fate
}

// deal is what a server and a hello come to.
type deal struct {
	version wire.Version
	suite   wire.CipherSuite
	info    wire.SuiteInfo
	key     keyKind
	group   wire.Group
	ask     bool // by HelloRetryRequest, for a share of group
	scheme  wire.SignatureScheme
	alpn    string
	foreign bool // the default site answers, not that of the name
}

// negotiate answers a hello: with a deal, or with the end of it.
func (s *simServer) negotiate(h *wire.ClientHello) (deal, *fate) {
	d, f := s.consider(h)
	if f != nil && f.kind == transcript.AlertReceived && s.curt != nil {
		f = s.curt
	}
	return d, f
}

func (s *simServer) consider(h *wire.ClientHello) (d deal, f *fate) {
	if d.version = s.pickVersion(h); d.version == 0 {
		return d, alerts(wire.AlertProtocolVersion)
	}
	switch name := h.ServerName(); {
	case name == "":
		if s.nameless != nil {
			return d, s.nameless
		}
		d.foreign = s.names != nil
	case s.names != nil && !slices.Contains(s.names, name):
		if s.unknown != nil {
			return d, s.unknown
		}
		d.foreign = true
	}
	ok := false
	for _, suite := range s.inOrder(h) {
		if ok = s.take(h, &d, suite); ok {
			break
		}
	}
	if !ok {
		return d, alerts(wire.AlertHandshakeFailure)
	}
	if offered := h.ALPN(); len(s.alpn) > 0 && len(offered) > 0 {
		for _, p := range s.alpn {
			if slices.Contains(offered, p) {
				d.alpn = p
				break
			}
		}
		if d.alpn == "" && s.strict {
			return d, alerts(wire.AlertNoApplicationProtocol)
		}
	}
	return d, nil
}

// pickVersion is the newest version of both, or 0.
func (s *simServer) pickVersion(h *wire.ClientHello) wire.Version {
	var best wire.Version
	_, listed := h.Extension(wire.ExtSupportedVersions)
	for _, v := range s.versions {
		offered := v <= h.LegacyVersion && v < wire.VersionTLS13
		if listed && !s.deaf {
			offered = slices.Contains(h.SupportedVersions(), v)
		}
		if offered {
			best = max(best, v)
		}
	}
	return best
}

// inOrder are the suites of both, in the order of the one that decides.
func (s *simServer) inOrder(h *wire.ClientHello) []wire.CipherSuite {
	first, second := s.suites, h.CipherSuites
	if s.follows {
		first, second = second, first
	}
	var out []wire.CipherSuite
	for _, x := range first {
		if slices.Contains(second, x) {
			out = append(out, x)
		}
	}
	return out
}

// take completes the deal with one suite, if that works with the server's keys
// and all else that the hello offers.
func (s *simServer) take(h *wire.ClientHello, d *deal, suite wire.CipherSuite) bool {
	info, known := suite.Info()
	if !known || !info.SupportedIn(d.version) {
		return false
	}
	for _, key := range s.keys {
		try := *d
		try.suite, try.info, try.key = suite, info, key
		ok := false
		if d.version >= wire.VersionTLS13 {
			ok = s.take13(h, &try)
		} else {
			ok = s.take12(h, &try)
		}
		if ok {
			*d = try
			return true
		}
	}
	return false
}

// take13 is RFC 8446, Section 4.1.1: group and scheme are independent of the suite.
func (s *simServer) take13(h *wire.ClientHello, d *deal) bool {
	held := func(g wire.Group) bool {
		return slices.ContainsFunc(h.KeyShares(), func(k wire.KeyShare) bool { return k.Group == g })
	}
	for _, g := range s.groups {
		if !slices.Contains(h.SupportedGroups(), g) || !groupIn13(g) {
			continue
		}
		if d.group == 0 || s.shares && d.ask && held(g) {
			d.group, d.ask = g, !held(g)
		}
	}
	if d.group == 0 {
		return false
	}
	for _, x := range s.schemes {
		if signs13(d.key, x) && slices.Contains(h.SignatureAlgorithms(), x) {
			d.scheme = x
			return true
		}
	}
	return false
}

// take12 is RFC 5246, Section 7.4.2 and RFC 8422, Section 5.1.
func (s *simServer) take12(h *wire.ClientHello, d *deal) bool {
	switch d.info.KeyExchange {
	case wire.KXRSA:
	case wire.KXDHE, wire.KXDHAnon:
		if s.prime == 0 {
			return false
		}
	case wire.KXECDHE, wire.KXECDHAnon:
		// A hello without the list leaves the choice to the server (RFC 8422,
		// Section 4).
		offered, listed := h.SupportedGroups(), false
		if _, listed = h.Extension(wire.ExtSupportedGroups); !listed {
			offered = []wire.Group{wire.GroupSecp256r1, wire.GroupSecp384r1}
		}
		for _, g := range s.groups {
			if d.group == 0 && groupIn12(g) && slices.Contains(offered, g) {
				d.group = g
			}
		}
		if d.group == 0 {
			return false
		}
	default:
		return false
	}
	switch d.info.Authentication {
	case wire.AuthAnon:
		d.key = ""
		return true
	case wire.AuthRSA:
		if d.key != keyRSA {
			return false
		}
	case wire.AuthECDSA:
		curve := map[keyKind]wire.Group{keyP256: wire.GroupSecp256r1, keyP384: wire.GroupSecp384r1}[d.key]
		_, listed := h.Extension(wire.ExtSupportedGroups)
		if d.key == keyRSA || listed && curve != 0 && !slices.Contains(h.SupportedGroups(), curve) {
			return false
		}
		if d.key == keyEd25519 && d.version < wire.VersionTLS12 {
			return false
		}
	default:
		return false
	}
	if d.version < wire.VersionTLS12 || d.info.KeyExchange == wire.KXRSA {
		return true
	}
	offered := h.SignatureAlgorithms()
	if _, listed := h.Extension(wire.ExtSignatureAlgorithms); !listed {
		offered = []wire.SignatureScheme{wire.SigRSAPKCS1SHA1, wire.SigECDSASHA1} // RFC 5246, Section 7.4.1.4.1
	}
	for _, x := range s.schemes {
		if signs12(d.key, x) && slices.Contains(offered, x) {
			d.scheme = x
			return true
		}
	}
	return false
}

// groupIn13 are the groups of TLS 1.3; all else is of TLS 1.2 and older.
func groupIn13(g wire.Group) bool {
	switch g {
	case wire.GroupX25519, wire.GroupX448, wire.GroupSecp256r1, wire.GroupSecp384r1, wire.GroupSecp521r1:
		return true
	}
	return g >= wire.GroupFFDHE2048
}

func groupIn12(g wire.Group) bool { return g < wire.GroupBrainpoolP256r1TLS13 }

// signs13 are the schemes of a key in TLS 1.3 (RFC 8446, Section 4.2.3).
func signs13(k keyKind, s wire.SignatureScheme) bool {
	switch k {
	case keyRSA:
		return s == wire.SigRSAPSSRSAESHA256 || s == wire.SigRSAPSSRSAESHA384 || s == wire.SigRSAPSSRSAESHA512
	case keyP256:
		return s == wire.SigECDSASecp256r1SHA256
	case keyP384:
		return s == wire.SigECDSASecp384r1SHA384
	case keyEd25519:
		return s == wire.SigEd25519
	}
	return false
}

// signs12: in TLS 1.2 the schemes name a hash and a kind of key, not a curve.
func signs12(k keyKind, s wire.SignatureScheme) bool {
	switch k {
	case keyRSA:
		return signs13(k, s) || s>>8 >= 1 && s>>8 <= 6 && s&0xff == 1
	case keyP256, keyP384:
		return s>>8 >= 2 && s>>8 <= 6 && s&0xff == 3
	}
	return signs13(k, s)
}
