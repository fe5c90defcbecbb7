package diagnose

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// dimension is one independent way in which two hellos can differ. They are
// ordered by the step at which they show, and within a step by how a server
// goes about it.
type dimension uint8

const (
	dimVersions dimension = iota
	dimSize
	dimExtensions
	dimSuites
	dimGroups
	dimSchemes
	dimALPN
	dimSNI
)

var dimensionNames = [...]string{"versions", "size", "extensions", "suites", "groups", "signature algorithms", "alpn", "sni"}

func (d dimension) String() string { return dimensionNames[d] }

func (d dimension) step() cause.Step {
	switch d {
	case dimVersions, dimSize, dimExtensions:
		return cause.StepVersion
	case dimSNI:
		return cause.StepCertificate
	}
	return cause.StepCipher
}

// change is one edit of a hello in one dimension.
type change struct {
	dim dimension
	// key tells equal changes: "suites+TLS_RSA_WITH_RC4_128_SHA".
	key string
	// text is for people: "suites: offer TLS_RSA_WITH_RC4_128_SHA".
	text string
	// removes: something is taken away that the server chokes on, as against
	// offered that it lacks.
	removes bool
	// resizes: the size is what is tested, so it is not padded back.
	resizes bool
	value   string // what is offered or taken away, by its IANA name
	apply   func(*wire.ClientHello)
}

// with returns a copy of h with the changes made. What they take out of it is
// made up for with the padding extension, where that can be done and the change
// is not about size, so that size cannot be what made the difference.
func with(h *wire.ClientHello, changes ...change) *wire.ClientHello {
	c, full := h.Clone(), h.Clone()
	for _, ch := range changes {
		ch.apply(c)
		if !ch.removes || ch.resizes {
			ch.apply(full)
		}
	}
	if want := sentSize(full); sentSize(c) < want {
		c.PadTo(c.Size() + want - sentSize(c))
	}
	return c
}

// sentSize is the size of the handshake message once the engine has filled the
// key shares in.
func sentSize(h *wire.ClientHello) int {
	n := h.Size()
	for _, s := range h.KeyShares() {
		if len(s.Data) == 0 {
			n += shareSize(s.Group)
		}
	}
	return n
}

// shareSize is the length in bytes of a client's key share (RFC 8446, Section
// 4.2.8; draft-ietf-tls-ecdhe-mlkem; draft-tls-westerbaan-xyber768d00), or 0 for
// a group of which no share is sent.
func shareSize(g wire.Group) int {
	switch g {
	case wire.GroupX25519:
		return 32
	case wire.GroupX448:
		return 56
	case wire.GroupSecp256r1:
		return 65
	case wire.GroupSecp384r1:
		return 97
	case wire.GroupSecp521r1:
		return 133
	case wire.GroupFFDHE2048:
		return 256
	case wire.GroupFFDHE3072:
		return 384
	case wire.GroupFFDHE4096:
		return 512
	case wire.GroupFFDHE6144:
		return 768
	case wire.GroupFFDHE8192:
		return 1024
	case wire.GroupX25519MLKEM768, wire.GroupX25519Kyber768Draft00:
		return 1184 + 32
	case wire.GroupSecP256r1MLKEM768:
		return 1184 + 65
	case wire.GroupSecP384r1MLKEM1024:
		return 1568 + 97
	}
	return 0
}

// isHybrid tells the groups with a post-quantum part, whose shares need more
// than one segment.
func isHybrid(g wire.Group) bool { return shareSize(g) > 1100 }

func offerVersion(v wire.Version) change {
	return change{
		dim: dimVersions, key: "versions+" + v.String(), text: "versions: offer " + v.String(), value: v.String(),
		apply: func(h *wire.ClientHello) { addVersion(h, v) },
	}
}

// addVersion makes h offer v besides what it offers. TLS 1.3 brings its suites
// and shares along: without them it is not offered.
func addVersion(h *wire.ClientHello, v wire.Version) {
	versions, listed := listedVersions(h)
	switch {
	case v >= wire.VersionTLS13:
		if !listed {
			versions = downFrom(h.LegacyVersion)
		}
		h.LegacyVersion = max(h.LegacyVersion, wire.VersionTLS12)
		if h.Extensions == nil {
			h.Extensions = []wire.Extension{}
		}
		h.Set(wire.SupportedVersionsExt(append([]wire.Version{v}, versions...)...))
		bringTLS13(h)
	case listed:
		h.Set(wire.SupportedVersionsExt(append(versions, v)...))
	default:
		h.LegacyVersion = max(h.LegacyVersion, v)
	}
	if v == wire.VersionTLS12 && h.Extensions != nil {
		if _, ok := h.Extension(wire.ExtSignatureAlgorithms); !ok {
			h.Set(wire.SignatureAlgorithmsExt(wire.SigECDSASecp256r1SHA256, wire.SigRSAPSSRSAESHA256, wire.SigRSAPKCS1SHA256,
				wire.SigECDSASecp384r1SHA384, wire.SigRSAPKCS1SHA384, wire.SigRSAPKCS1SHA512, wire.SigRSAPKCS1SHA1, wire.SigECDSASHA1))
		}
	}
}

// listedVersions are those of supported_versions as sent, GREASE included: what
// is added to the list must not change the rest of it.
func listedVersions(h *wire.ClientHello) (versions []wire.Version, listed bool) {
	d, listed := h.Extension(wire.ExtSupportedVersions)
	for i := 1; i+1 < len(d); i += 2 {
		versions = append(versions, wire.Version(d[i])<<8|wire.Version(d[i+1]))
	}
	return versions, listed
}

// downFrom lists TLS 1.0 to v, newest first: what a hello without
// supported_versions offers.
func downFrom(v wire.Version) []wire.Version {
	var out []wire.Version
	for ; v >= wire.VersionTLS10; v-- {
		out = append(out, v)
	}
	return out
}

func bringTLS13(h *wire.ClientHello) {
	if len(h.SessionID) == 0 {
		h.SessionID = make([]byte, 32)
	}
	h.CipherSuites = append([]wire.CipherSuite{wire.TLS_AES_128_GCM_SHA256, wire.TLS_AES_256_GCM_SHA384, wire.TLS_CHACHA20_POLY1305_SHA256}, h.CipherSuites...)
	groups := h.SupportedGroups()
	for _, g := range []wire.Group{wire.GroupX25519, wire.GroupSecp256r1} {
		if !slices.Contains(groups, g) {
			groups = append(groups, g)
		}
	}
	h.Set(wire.SupportedGroupsExt(groups...))
	schemes := h.SignatureAlgorithms()
	for _, s := range []wire.SignatureScheme{wire.SigECDSASecp256r1SHA256, wire.SigECDSASecp384r1SHA384, wire.SigRSAPSSRSAESHA256, wire.SigRSAPSSRSAESHA384, wire.SigRSAPSSRSAESHA512, wire.SigRSAPKCS1SHA256} {
		if !slices.Contains(schemes, s) {
			schemes = append(schemes, s)
		}
	}
	h.Set(wire.SignatureAlgorithmsExt(schemes...))
	h.Set(wire.PSKModesExt(1))
	h.Set(wire.KeyShareExt(wire.KeyShare{Group: wire.GroupX25519}, wire.KeyShare{Group: wire.GroupSecp256r1}))
}

func offerSuites(suites ...wire.CipherSuite) change {
	names := joinNames(suites)
	return change{
		dim: dimSuites, key: "suites+" + names, text: "suites: offer " + names, value: names,
		apply: func(h *wire.ClientHello) {
			for _, s := range suites {
				if !slices.Contains(h.CipherSuites, s) {
					h.CipherSuites = append(h.CipherSuites, s)
				}
			}
		},
	}
}

func offerGroups(groups ...wire.Group) change {
	names := joinNames(groups)
	return change{
		dim: dimGroups, key: "groups+" + names, text: "groups: offer " + names, value: names,
		apply: func(h *wire.ClientHello) {
			have := h.SupportedGroups()
			for _, g := range groups {
				if !slices.Contains(have, g) {
					have = append(have, g)
				}
			}
			h.Set(wire.SupportedGroupsExt(have...))
		},
	}
}

func offerSchemes(schemes ...wire.SignatureScheme) change {
	names := joinNames(schemes)
	return change{
		dim: dimSchemes, key: "schemes+" + names, text: "signature algorithms: offer " + names, value: names,
		apply: func(h *wire.ClientHello) {
			have := h.SignatureAlgorithms()
			for _, s := range schemes {
				if !slices.Contains(have, s) {
					have = append(have, s)
				}
			}
			h.Set(wire.SignatureAlgorithmsExt(have...))
		},
	}
}

func offerSNI(name string) change {
	return change{
		dim: dimSNI, key: "sni+" + name, text: "sni: send " + name, value: name,
		apply: func(h *wire.ClientHello) { h.Set(wire.ServerNameExt(name)) },
	}
}

func dropSNI() change {
	return change{
		dim: dimSNI, key: "sni-", text: "sni: send none", removes: true,
		apply: func(h *wire.ClientHello) { h.Remove(wire.ExtServerName) },
	}
}

func dropALPN(h *wire.ClientHello) change {
	offered := strings.Join(h.ALPN(), ", ")
	return change{
		dim: dimALPN, key: "alpn-", text: "alpn: offer none instead of " + offered, removes: true, value: offered,
		apply: func(h *wire.ClientHello) {
			h.Remove(wire.ExtALPN)
			h.Remove(wire.ExtApplicationSettings)
			h.Remove(wire.ExtApplicationSettingsOld)
		},
	}
}

// dropTLS13 makes a hello of TLS 1.2 at most out of one that offers more.
func dropTLS13() change {
	return change{
		dim: dimVersions, key: "versions-TLS 1.3", text: "versions: offer TLS 1.2 at most", removes: true, value: "TLS 1.3",
		apply: func(h *wire.ClientHello) {
			for _, t := range []wire.ExtensionType{wire.ExtSupportedVersions, wire.ExtKeyShare, wire.ExtPSKKeyExchangeModes, wire.ExtPreSharedKey, wire.ExtEarlyData, wire.ExtCookie, wire.ExtPostHandshakeAuth, wire.ExtCompressCertificate, wire.ExtEncryptedClientHello} {
				h.Remove(t)
			}
			h.CipherSuites = slices.DeleteFunc(h.CipherSuites, func(s wire.CipherSuite) bool {
				i, ok := s.Info()
				return ok && i.MinVersion >= wire.VersionTLS13
			})
		},
	}
}

// coreExtensions are those that carry a dimension of their own or that no
// server may trip over.
func coreExtension(t wire.ExtensionType) bool {
	switch t {
	case wire.ExtServerName, wire.ExtSupportedGroups, wire.ExtECPointFormats, wire.ExtSignatureAlgorithms, wire.ExtALPN,
		wire.ExtSupportedVersions, wire.ExtKeyShare, wire.ExtPSKKeyExchangeModes, wire.ExtRenegotiationInfo, wire.ExtPadding:
		return true
	}
	return false
}

// dropExtensions takes out every extension that is not needed to agree on
// version, suite, group, scheme, name and application protocol.
func dropExtensions(h *wire.ClientHello) change {
	var gone []string
	for _, e := range h.Extensions {
		if !coreExtension(e.Type) {
			gone = append(gone, e.Type.String())
		}
	}
	names := strings.Join(gone, ", ")
	return change{
		dim: dimExtensions, key: "extensions-", text: "extensions: leave out " + names, removes: true, value: names,
		apply: func(h *wire.ClientHello) {
			h.Extensions = slices.DeleteFunc(h.Extensions, func(e wire.Extension) bool { return !coreExtension(e.Type) })
		},
	}
}

// dropGREASE takes the reserved values of RFC 8701 out of every list.
func dropGREASE() change {
	return change{
		dim: dimExtensions, key: "extensions-GREASE", text: "extensions: leave the GREASE values out (RFC 8701)", removes: true, value: "GREASE",
		apply: func(h *wire.ClientHello) {
			h.CipherSuites = slices.DeleteFunc(h.CipherSuites, func(s wire.CipherSuite) bool { return wire.IsGREASE(uint16(s)) })
			h.Extensions = slices.DeleteFunc(h.Extensions, func(e wire.Extension) bool { return wire.IsGREASE(uint16(e.Type)) })
			if g := h.SupportedGroups(); g != nil {
				h.Set(wire.SupportedGroupsExt(slices.DeleteFunc(g, func(g wire.Group) bool { return wire.IsGREASE(uint16(g)) })...))
			}
			if _, ok := h.Extension(wire.ExtSupportedVersions); ok {
				h.Set(wire.SupportedVersionsExt(h.SupportedVersions()...))
			}
			if s := h.SignatureAlgorithms(); s != nil {
				h.Set(wire.SignatureAlgorithmsExt(slices.DeleteFunc(s, func(s wire.SignatureScheme) bool { return wire.IsGREASE(uint16(s)) })...))
			}
			if s := h.KeyShares(); s != nil {
				h.Set(wire.KeyShareExt(slices.DeleteFunc(s, func(s wire.KeyShare) bool { return wire.IsGREASE(uint16(s.Group)) })...))
			}
		},
	}
}

// dropHybrid takes post-quantum groups and their shares out, by which the hello
// shrinks; resize says whether it may.
func dropHybrid(h *wire.ClientHello, resize bool) change {
	var hybrid []wire.Group
	for _, g := range h.SupportedGroups() {
		if isHybrid(g) {
			hybrid = append(hybrid, g)
		}
	}
	c := change{
		dim: dimGroups, key: "groups-hybrid", text: "groups: leave out " + joinNames(hybrid), removes: true, value: joinNames(hybrid),
		apply: func(h *wire.ClientHello) {
			h.Set(wire.SupportedGroupsExt(slices.DeleteFunc(h.SupportedGroups(), isHybrid)...))
			if s := h.KeyShares(); s != nil {
				h.Set(wire.KeyShareExt(slices.DeleteFunc(s, func(s wire.KeyShare) bool { return isHybrid(s.Group) })...))
			}
		},
	}
	if resize {
		c.dim, c.key, c.resizes = dimSize, "size-", true
		c.text = "size: let the hello shrink by the share of " + joinNames(hybrid)
	}
	return c
}

func hasHybrid(h *wire.ClientHello) bool {
	return slices.ContainsFunc(h.KeyShares(), func(s wire.KeyShare) bool { return isHybrid(s.Group) })
}

func hasGREASE(h *wire.ClientHello) bool {
	return slices.ContainsFunc(h.CipherSuites, func(s wire.CipherSuite) bool { return wire.IsGREASE(uint16(s)) }) ||
		slices.ContainsFunc(h.Extensions, func(e wire.Extension) bool { return wire.IsGREASE(uint16(e.Type)) })
}

// resize pads the hello to a handshake message of size bytes.
func resize(size int) change {
	return change{
		dim: dimSize, key: fmt.Sprintf("size=%d", size), text: fmt.Sprintf("size: pad the hello to %d bytes", size), resizes: true, value: fmt.Sprint(size),
		apply: func(h *wire.ClientHello) { h.PadTo(h.Size() + size - sentSize(h)) },
	}
}

// lacks lists what the client's hello c would have to offer in order to reach
// what the server chose in t, in the order of the dimensions. It is empty if the
// server chose nothing that c does not offer.
func lacks(c *wire.ClientHello, t *transcript.Transcript) []change {
	chosen, group := t.Server, t.Group
	if chosen == nil {
		// A HelloRetryRequest that we cannot follow: the choice stands in it.
		if chosen = t.Retry; chosen == nil {
			return nil
		}
		if ks, ok := chosen.KeyShare(); ok {
			group = ks.Group
		}
	}
	var out []change
	v, suite := chosen.Version(), chosen.CipherSuite
	newer := !c.OffersVersion(v)
	if newer {
		out = append(out, offerVersion(v))
	}
	brought := c.Clone()
	if newer {
		addVersion(brought, v)
	}
	if !slices.Contains(brought.CipherSuites, suite) {
		out = append(out, offerSuites(suite))
	}
	if group >= wire.GroupFFDHE2048 && v < wire.VersionTLS13 {
		group = 0 // a prime that we know by name: the client need not list it (RFC 7919, Section 4)
	}
	if have := brought.SupportedGroups(); group != 0 && have != nil && !slices.Contains(have, group) {
		out = append(out, offerGroups(group))
	}
	if have := brought.SignatureAlgorithms(); t.Signature != 0 && v >= wire.VersionTLS12 && have != nil && !slices.Contains(have, t.Signature) {
		out = append(out, offerSchemes(t.Signature))
	}
	return out
}

func joinNames[T fmt.Stringer](vs []T) string {
	names := make([]string, len(vs))
	for i, v := range vs {
		names[i] = v.String()
	}
	return strings.Join(names, ", ")
}
