package oddtls

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"slices"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// choice is what a server settles on for one hello.
type choice struct {
	version wire.Version
	suite   wire.CipherSuite
	info    wire.SuiteInfo
	group   wire.Group // ECDHE, and all of TLS 1.3; DHE with a group of RFC 7919
	share   []byte     // TLS 1.3: the client's share for group; nil: ask by HelloRetryRequest
	scheme  wire.SignatureScheme
	alpn    string
}

// negotiate is a pure function of the configuration and the hello.
func (cfg *Config) negotiate(h *wire.ClientHello) (choice, error) {
	var c choice
	var ok bool
	if c.version, ok = cfg.pickVersion(h); !ok {
		return c, fail(wire.AlertProtocolVersion, "no version in common")
	}
	if slices.Contains(h.CipherSuites, wire.TLS_FALLBACK_SCSV) && slices.Max(cfg.Versions) > c.version {
		return c, fail(wire.AlertInappropriateFallback, "the client came down without need (RFC 7507)")
	}
	var err error
	if c.version >= wire.VersionTLS13 {
		err = cfg.pick13(h, &c)
	} else {
		err = cfg.pickSuite(h, &c)
	}
	if err != nil {
		return c, err
	}
	if offered := h.ALPN(); len(cfg.ALPN) > 0 && len(offered) > 0 {
		i := slices.IndexFunc(cfg.ALPN, func(p string) bool { return slices.Contains(offered, p) })
		if i < 0 {
			return c, fail(wire.AlertNoApplicationProtocol, "no application protocol in common")
		}
		c.alpn = cfg.ALPN[i]
	}
	return c, nil
}

// pickVersion reads supported_versions only if the server knows TLS 1.3, which
// brought it: an older one answers with what it has, and the client hangs up.
func (cfg *Config) pickVersion(h *wire.ClientHello) (best wire.Version, ok bool) {
	_, listed := h.Extension(wire.ExtSupportedVersions)
	listed = listed && slices.Contains(cfg.Versions, wire.VersionTLS13)
	for _, v := range cfg.Versions {
		offered := v <= h.LegacyVersion && v < wire.VersionTLS13
		if listed {
			offered = h.OffersVersion(v)
		}
		if v > best && offered {
			best, ok = v, true
		}
	}
	return best, ok
}

func (cfg *Config) pick13(h *wire.ClientHello, c *choice) error {
	i := slices.IndexFunc(cfg.Suites, func(s wire.CipherSuite) bool {
		info, ok := s.Info()
		return ok && info.KeyExchange == wire.KXTLS13 && canEncrypt(info) && slices.Contains(h.CipherSuites, s)
	})
	if i < 0 {
		return fail(wire.AlertHandshakeFailure, "no TLS 1.3 suite in common")
	}
	c.suite = cfg.Suites[i]
	c.info, _ = c.suite.Info()
	offered := h.SupportedGroups()
	if len(offered) == 0 {
		return fail(wire.AlertMissingExtension, "no supported_groups (RFC 8446, Section 9.2)")
	}
	if c.group = cfg.pickGroup(offered); c.group == 0 {
		return fail(wire.AlertHandshakeFailure, "no group in common")
	}
	for _, s := range h.KeyShares() {
		if s.Group == c.group {
			c.share = s.Data
		}
	}
	schemes := h.SignatureAlgorithms()
	if len(schemes) == 0 {
		return fail(wire.AlertMissingExtension, "no signature_algorithms (RFC 8446, Section 9.2)")
	}
	if c.scheme = cfg.pickScheme(schemes, c.version); c.scheme == 0 {
		return fail(wire.AlertHandshakeFailure, "no signature algorithm in common")
	}
	return nil
}

func (cfg *Config) groups() []wire.Group {
	if cfg.Groups == nil {
		return []wire.Group{wire.GroupSecp256r1}
	}
	return cfg.Groups
}

// pickGroup returns the server's first group that the client offers, or 0.
func (cfg *Config) pickGroup(offered []wire.Group) wire.Group {
	for _, g := range cfg.groups() {
		if slices.Contains(offered, g) && canExchange(g) {
			return g
		}
	}
	return 0
}

// pickSuite takes the first suite of TLS 1.2 and older that works with the
// server's key and everything else that the client offers.
func (cfg *Config) pickSuite(h *wire.ClientHello, c *choice) error {
	for _, s := range cfg.Suites {
		info, ok := s.Info()
		if !ok || !slices.Contains(h.CipherSuites, s) || !info.SupportedIn(c.version) {
			continue
		}
		try := *c
		try.suite, try.info = s, info
		if cfg.fits(h, &try) {
			*c = try
			return nil
		}
	}
	return fail(wire.AlertHandshakeFailure, "no suite in common")
}

func (cfg *Config) fits(h *wire.ClientHello, c *choice) bool {
	switch c.info.KeyExchange {
	case wire.KXRSA:
	case wire.KXPSK:
		return len(cfg.PSK) > 0
	case wire.KXDHE, wire.KXDHAnon:
		c.group = cfg.pickFFDHE(h.SupportedGroups())
		if c.group == 0 && cfg.onlyFFDHE() {
			return false
		}
	case wire.KXECDHE, wire.KXECDHAnon:
		offered := h.SupportedGroups()
		if len(offered) == 0 {
			// RFC 8422, Section 4: the client leaves the choice to the server.
			offered = slices.Clone(cfg.groups())
		}
		offered = slices.DeleteFunc(offered, isFFDHE)
		if c.group = cfg.pickGroup(offered); c.group == 0 {
			return false
		}
	default:
		return false
	}
	switch c.info.Authentication {
	case wire.AuthAnon:
		return true
	case wire.AuthRSA:
		if _, ok := cfg.publicKey().(*rsa.PublicKey); !ok {
			return false
		}
	case wire.AuthECDSA:
		if _, ok := cfg.publicKey().(*rsa.PublicKey); ok || cfg.Key == nil {
			return false
		}
		// RFC 8422, Section 5.1.1: the client's groups bind the key too.
		if offered, g := h.SupportedGroups(), groupOfKey(cfg.publicKey()); len(offered) > 0 && g != 0 && !slices.Contains(offered, g) {
			return false
		}
	default:
		return false
	}
	if c.version < wire.VersionTLS12 || c.info.KeyExchange == wire.KXRSA && !c.info.Export {
		return true
	}
	schemes := h.SignatureAlgorithms()
	if len(schemes) == 0 {
		// RFC 5246, Section 7.4.1.4.1: absent means SHA-1 with any key.
		schemes = []wire.SignatureScheme{wire.SigRSAPKCS1SHA1, wire.SigECDSASHA1}
	}
	c.scheme = cfg.pickScheme(schemes, c.version)
	return c.scheme != 0
}

func (cfg *Config) publicKey() any {
	if cfg.Key == nil {
		return nil
	}
	return cfg.Key.Public()
}

// groupOfKey is the curve of an ECDSA key, or 0.
func groupOfKey(public any) wire.Group {
	switch k := public.(type) {
	case CurvePublicKey:
		return k.Group
	case *ecdsa.PublicKey:
		switch k.Curve.Params().BitSize {
		case 224:
			return wire.GroupSecp224r1
		case 256:
			return wire.GroupSecp256r1
		case 384:
			return wire.GroupSecp384r1
		case 521:
			return wire.GroupSecp521r1
		}
	}
	return 0
}

// pickScheme returns the server's first scheme that the client offers, or 0.
func (cfg *Config) pickScheme(offered []wire.SignatureScheme, v wire.Version) wire.SignatureScheme {
	able := schemesFor(cfg.publicKey(), v)
	mine := cfg.Schemes
	if mine == nil {
		mine = able
	}
	for _, s := range mine {
		if slices.Contains(able, s) && slices.Contains(offered, s) {
			return s
		}
	}
	return 0
}

func isFFDHE(g wire.Group) bool { return g >= wire.GroupFFDHE2048 && g <= wire.GroupFFDHE8192 }

func (cfg *Config) pickFFDHE(offered []wire.Group) wire.Group {
	for _, g := range cfg.Groups {
		if isFFDHE(g) && slices.Contains(offered, g) {
			return g
		}
	}
	return 0
}

// onlyFFDHE: the server insists on a group of RFC 7919.
func (cfg *Config) onlyFFDHE() bool {
	return cfg.DH.P == nil && slices.ContainsFunc(cfg.Groups, isFFDHE)
}
