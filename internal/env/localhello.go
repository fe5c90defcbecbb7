package env

import (
	"slices"
	"strings"

	"github.com/tlswhy/tlswhy/internal/client"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// takesList are stacks whose suites are the library's own list: others set one.
var takesList = []string{"openssl", "curl", "psql", "mysql"}

// applyOpenSSL puts a security level and settings of openssl.cnf into a profile:
// what they forbid goes, what they order is ordered. A hello that the program
// itself wrote has all of that already; the policy has not.
func applyOpenSSL(p *client.Profile, d *Document, s *Stack, t tlsSettings) {
	lvl := level{tickets: true}
	if s.SecurityLevel >= 0 {
		lvl = levelOf(s.SecurityLevel)
		opensslPolicy(&p.Policy, s, lvl)
	}
	if t.legacyServer {
		p.Policy.RequireSecureRenegotiation = false
	}
	if s.MinVersion != 0 {
		p.Policy.MinVersion = s.MinVersion
	}
	if len(s.Hello) > 0 {
		return
	}
	h := p.Hello
	versions := slices.DeleteFunc(h.SupportedVersions(), func(v wire.Version) bool {
		return wire.IsGREASE(uint16(v)) || !t.allows(v) || v < lvl.oldestVersion
	})
	if len(versions) == 0 {
		return // a configuration with which it cannot speak at all
	}
	setVersions(h, versions)
	if slices.Contains(takesList, s.ID) {
		if o := d.Stack("openssl"); o != nil && len(o.Suites) > 0 && o.Library == s.Library {
			takeSuites(h, o.Suites)
		}
	}
	only13 := slices.Min(versions) >= wire.VersionTLS13
	no13 := slices.Max(versions) < wire.VersionTLS13
	h.CipherSuites = slices.DeleteFunc(h.CipherSuites, func(c wire.CipherSuite) bool {
		info, ok := c.Info()
		if !ok {
			return false
		}
		is13 := info.KeyExchange == wire.KXTLS13
		tooNew := !is13 && info.MinVersion > slices.Max(versions)
		return is13 && no13 || !is13 && only13 || tooNew || lvl.forwardSecret && info.KeyExchange == wire.KXRSA
	})
	opensslGroups(h, t, lvl, no13)
	opensslSchemes(h, s, t, lvl, only13)
	if slices.Max(versions) < wire.VersionTLS12 {
		h.Remove(wire.ExtSignatureAlgorithms) // RFC 5246, Section 7.4.1.4.1
	}
	if !lvl.tickets || t.noTickets {
		h.Remove(wire.ExtSessionTicket)
	}
}

func opensslPolicy(pol *client.Policy, s *Stack, lvl level) {
	modern := !versionLess(strings.TrimPrefix(s.Library, "OpenSSL "), "3.0")
	pol.MinRSABits, pol.MinECBits, pol.MinDHBits = lvl.rsa, lvl.ec, lvl.rsa
	pol.RefuseMD5Certificates = lvl.security > 0
	// SHA-1 counts 63 bits since 3.0, and 80 before.
	pol.RefuseSHA1Certificates = lvl.security > 80 || modern && lvl.security > 63
	pol.RefuseSHA1Handshake = pol.RefuseSHA1Certificates
}

// setVersions leaves those versions, newest first. Without TLS 1.3 OpenSSL sends
// no supported_versions, and nothing else that belongs to it.
func setVersions(h *wire.ClientHello, versions []wire.Version) {
	newest := slices.Max(versions)
	h.LegacyVersion = min(newest, wire.VersionTLS12)
	if newest >= wire.VersionTLS13 {
		h.Set(wire.SupportedVersionsExt(versions...))
		return
	}
	for _, e := range []wire.ExtensionType{wire.ExtSupportedVersions, wire.ExtPSKKeyExchangeModes, wire.ExtKeyShare} {
		h.Remove(e)
	}
}

// takeSuites replaces the suites and keeps the signalling value at the end.
func takeSuites(h *wire.ClientHello, suites []wire.CipherSuite) {
	kept := slices.DeleteFunc(slices.Clone(h.CipherSuites), func(c wire.CipherSuite) bool { return !c.IsSignalling() })
	h.CipherSuites = append(slices.Clone(suites), kept...)
}

func opensslGroups(h *wire.ClientHello, t tlsSettings, lvl level, no13 bool) {
	groups := h.SupportedGroups()
	if len(groups) == 0 {
		return
	}
	set := len(t.groups) > 0
	if set {
		groups = slices.Clone(t.groups)
	}
	groups = slices.DeleteFunc(groups, func(g wire.Group) bool {
		bits := groupBits(g)
		return bits != 0 && bits < lvl.security || no13 && g.FiniteField()
	})
	if len(groups) == 0 {
		return
	}
	h.Set(wire.SupportedGroupsExt(groups...))
	shares := h.KeyShares()
	if len(shares) == 0 {
		return
	}
	shares = slices.DeleteFunc(shares, func(s wire.KeyShare) bool { return !slices.Contains(groups, s.Group) })
	if set || len(shares) == 0 {
		shares = []wire.KeyShare{{Group: groups[0]}}
	}
	h.Set(wire.KeyShareExt(shares...))
}

func opensslSchemes(h *wire.ClientHello, s *Stack, t tlsSettings, lvl level, only13 bool) {
	schemes := h.SignatureAlgorithms()
	if len(schemes) == 0 {
		return
	}
	modern := !versionLess(strings.TrimPrefix(s.Library, "OpenSSL "), "3.0")
	if len(t.schemes) > 0 {
		schemes = slices.Clone(t.schemes)
	} else if modern && s.SecurityLevel == 0 {
		schemes = withSHA1(schemes)
	}
	schemes = slices.DeleteFunc(schemes, func(x wire.SignatureScheme) bool {
		bits := schemeBits(x, modern)
		return bits != 0 && bits < lvl.security || only13 && !in13(x)
	})
	if len(schemes) > 0 {
		h.Set(wire.SignatureAlgorithmsExt(schemes...))
	}
}

// withSHA1 puts SHA-1 behind the SHA-224 of the same key, which is OpenSSL's order.
func withSHA1(schemes []wire.SignatureScheme) []wire.SignatureScheme {
	var out []wire.SignatureScheme
	for _, x := range schemes {
		out = append(out, x)
		if sha1 := x&0xff | 0x0200; x>>8 == 3 && !slices.Contains(schemes, sha1) {
			out = append(out, sha1)
		}
	}
	return out
}

// in13: no SHA-224, SHA-1 or DSA where nothing but TLS 1.3 is offered.
func in13(x wire.SignatureScheme) bool { return x>>8 > 3 && !(x>>8 <= 6 && x&0xff == 2) }

// applyJava puts java.security into a profile.
func applyJava(p *client.Profile, s *Stack) {
	h := p.Hello
	set, ok := lastProperty(s.Settings, "jdk.tls.disabledAlgorithms")
	if !ok {
		return
	}
	forbidden := readDisabled(set.Value)
	if s.MinVersion != 0 && s.MaxVersion != 0 {
		var versions []wire.Version
		for _, v := range slices.Backward(allVersions) {
			if v >= s.MinVersion && v <= s.MaxVersion && !forbidden.version(v) {
				versions = append(versions, v)
			}
		}
		if len(versions) > 0 {
			setVersions(h, versions)
			p.Policy.MinVersion = s.MinVersion
		}
	}
	h.CipherSuites = slices.DeleteFunc(h.CipherSuites, forbidden.suite)
	if forbidden.dh > 0 {
		p.Policy.MinDHBits = forbidden.dh
	}
	if c, ok := lastProperty(s.Settings, "jdk.certpath.disabledAlgorithms"); ok {
		if bits := readDisabled(c.Value).rsa; bits > 0 {
			p.Policy.MinRSABits = bits
		}
	}
	p.Policy.RefuseSHA1Handshake = forbidden.sha1Hand
	if groups, ok := lastProperty(s.Settings, "jdk.tls.namedGroups"); ok {
		list := groupList(strings.NewReplacer(",", ":", `"`, "").Replace(groups.Value))
		if len(list) > 0 {
			h.Set(wire.SupportedGroupsExt(list...))
			if len(h.KeyShares()) > 0 {
				h.Set(wire.KeyShareExt(wire.KeyShare{Group: list[0]}))
			}
		}
	}
}
