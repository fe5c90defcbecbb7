package survey

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// keyKind splits what Served.Key says: "rsa", "ecdsa", or the name of another
// kind in lower case, with the size of an RSA key or the curve.
func keyKind(key string) (kind string, bits int, curve string) {
	kind, size, _ := strings.Cut(key, " ")
	bits, err := strconv.Atoi(size)
	if err != nil {
		curve = size
	}
	return strings.ToLower(kind), bits, curve
}

// keys are the kinds of the server's keys.
func (c *comparison) keys() []string {
	var out []string
	for _, x := range c.s.Served {
		if k, _, _ := keyKind(x.Key); k != "" && !slices.Contains(out, k) {
			out = append(out, k)
		}
	}
	return out
}

// weakKey says that a key protects less than those of the configuration. Other
// kinds than RSA and ECDSA are rare, and none of them weaker.
func (p *recommended) weakKey(key string) bool {
	switch kind, bits, curve := keyKind(key); kind {
	case "rsa", "rsa-pss":
		return p.RSABits == 0 || bits < p.RSABits
	case "ecdsa":
		g, ok := wire.ParseGroup(curveGroup(curve))
		return ok && weakGroup(g, p.ECDHBits)
	case "dsa":
		return true
	}
	return false
}

// curveGroup is the group's name of a NIST curve.
func curveGroup(curve string) string {
	if bits, ok := strings.CutPrefix(curve, "P-"); ok {
		return "secp" + bits + "r1"
	}
	return curve
}

// goodKey is the key to ask for.
func (p *recommended) goodKey() string {
	if slices.Contains(p.CertificateTypes, "ecdsa") {
		return "ECDSA " + p.CertificateCurves[0]
	}
	return fmt.Sprintf("RSA %d", p.RSABits)
}

func (c *comparison) certificates() {
	seen := map[string]bool{}
	var long []string // validities
	for _, cert := range c.s.forTarget() {
		if len(cert.Chain) == 0 || seen[cert.SHA256] {
			continue
		}
		seen[cert.SHA256] = true
		if key := cert.Key; c.p.weakKey(key) {
			good := c.p.goodKey()
			if kind, _, _ := keyKind(key); kind == "rsa" && c.p.RSABits > 0 {
				good = fmt.Sprintf("RSA %d", c.p.RSABits) // who needs RSA keeps it
			}
			c.need(Change{Setting: "certificate", Remove: []string{key}, Add: []string{good}, Text: fmt.Sprintf("Use a certificate with an %s key instead of %s.", good, key)},
				func(f *transcript.Facts) { replaceKey(f, cert.SHA256, good) })
		}
		if sig := strings.ToUpper(cert.Chain[0].Signature); !seen[sig] && (strings.Contains(sig, "SHA1") || strings.Contains(sig, "SHA-1") || strings.Contains(sig, "MD5")) {
			seen[sig] = true
			c.need(Change{Setting: "certificate", Remove: []string{cert.Chain[0].Signature}, Add: []string{"SHA-256"}, Text: "Have the certificate signed with SHA-256."}, nil)
		}
		if days := int(cert.Chain[0].NotAfter.Sub(cert.Chain[0].NotBefore).Hours() / 24); c.p.MaxDays > 0 && days > c.p.MaxDays {
			if s := fmt.Sprintf("%d days", days); !slices.Contains(long, s) {
				long = append(long, s)
			}
		}
	}
	if len(long) > 0 {
		c.need(Change{
			Setting: "certificate", Remove: long, Add: []string{fmt.Sprintf("%d days", c.p.MaxDays)},
			Text: fmt.Sprintf("Have certificates issued for at most %d days, not for %s.", c.p.MaxDays, strings.TrimSuffix(listed(long), " days")),
		}, nil)
	}
	// A second certificate lets clients in that do not take the first one's kind.
	kinds := c.keys()
	for _, kind := range c.p.CertificateTypes {
		if len(kinds) == 0 || slices.Contains(kinds, kind) {
			continue
		}
		key := "ECDSA " + c.p.CertificateCurves[0]
		if kind == "rsa" {
			key = fmt.Sprintf("RSA %d", c.p.RSABits)
		}
		c.offer(Change{Setting: "certificate", Add: []string{key}, Text: fmt.Sprintf("Have a second certificate with an %s key.", key)},
			func(f *transcript.Facts) { c.addKey(f, key) })
	}
}

// replaceKey gives one certificate another key. Configurations name suites by
// their ciphers, so those of the old key's kind become those of the new one.
func replaceKey(f *transcript.Facts, id, key string) {
	kind, _, _ := keyKind(key)
	old := ""
	for i := range f.Served {
		if x := &f.Served[i]; x.SHA256 == id {
			old, _, _ = keyKind(x.Key)
			x.Key, x.Chain, x.OCSP = key, nil, nil
		}
	}
	f.SignatureAlgorithms = slices.DeleteFunc(f.SignatureAlgorithms, func(x transcript.SchemeFact) bool { return x.Leaf == id || x.Leaf == "" && old != kind })
	addSchemes(f, key, id)
	if old == kind {
		return
	}
	for v, s := range f.Suites {
		var list []wire.CipherSuite
		for _, x := range s.List {
			if y, ok := withKey(x, kind); ok && !slices.Contains(list, y) {
				list = append(list, y)
			}
		}
		s.List = list
		f.Suites[v] = s
	}
	dropEmpty(f)
}

// addKey gives the server one certificate more, and the suites for it.
func (c *comparison) addKey(f *transcript.Facts, key string) {
	kind, _, _ := keyKind(key)
	another := transcript.Served{SHA256: "another", Key: key, KeyFits: transcript.Yes, For: []transcript.Asked{transcript.ByName, transcript.ByNoName, transcript.ByOtherName}}
	if i := slices.IndexFunc(f.Served, func(x transcript.Served) bool { return slices.Contains(x.For, transcript.ByName) }); i >= 0 {
		another.Like = f.Served[i].SHA256
	}
	f.Served = append(f.Served, another)
	addSchemes(f, key, "another")
	for _, v := range f.Versions {
		s := f.Suites[v.String()]
		for _, x := range c.p.suitesOf(v) {
			if fits(x, []string{kind}) && !slices.Contains(s.List, x) {
				s.List = append(s.List, x)
			}
		}
		f.Suites[v.String()] = s
	}
	c.addDH(f)
}

// withKey is the same suite with a key of that kind, false if there is none:
// suites of TLS 1.3 go with every key.
func withKey(x wire.CipherSuite, kind string) (wire.CipherSuite, bool) {
	if fits(x, []string{kind}) {
		return x, true
	}
	i, _ := x.Info()
	for _, y := range wire.AllCipherSuites() {
		j, ok := y.Info()
		if ok && fits(y, []string{kind}) && j.Registered && i.KeyExchange == j.KeyExchange && i.Cipher == j.Cipher && i.Mode == j.Mode && i.KeyBits == j.KeyBits && i.MAC == j.MAC && i.Hash == j.Hash && i.Export == j.Export {
			return y, true
		}
	}
	return 0, false
}

// fits says whether a suite can be used with a key of one of the kinds.
func fits(x wire.CipherSuite, kinds []string) bool {
	i, ok := x.Info()
	if !ok {
		return false
	}
	switch i.Authentication {
	case wire.AuthRSA:
		return slices.Contains(kinds, "rsa")
	case wire.AuthECDSA:
		return slices.Contains(kinds, "ecdsa") || slices.Contains(kinds, "ed25519") || slices.Contains(kinds, "ed448")
	case wire.AuthDSS:
		return slices.Contains(kinds, "dsa")
	}
	return true
}

// fitting are the suites of the configuration for a version that go with the
// server's keys.
func (c *comparison) fitting(v wire.Version) []wire.CipherSuite {
	keys := c.keys()
	return slices.DeleteFunc(c.p.suitesOf(v), func(x wire.CipherSuite) bool { return !fits(x, keys) })
}

// addSchemes are the signature schemes that a key of that kind has in any current
// stack.
func addSchemes(f *transcript.Facts, key, id string) {
	kind, _, curve := keyKind(key)
	add := func(tls13, tls12 bool, schemes ...wire.SignatureScheme) {
		for _, x := range schemes {
			i := slices.IndexFunc(f.SignatureAlgorithms, func(y transcript.SchemeFact) bool { return y.Scheme == x })
			if i >= 0 {
				continue
			}
			f.SignatureAlgorithms = append(f.SignatureAlgorithms, transcript.SchemeFact{Scheme: x, TLS13: transcript.TriOf(tls13), TLS12: transcript.TriOf(tls12), Leaf: id})
		}
	}
	switch kind {
	case "rsa":
		add(true, true, wire.SigRSAPSSRSAESHA256, wire.SigRSAPSSRSAESHA384, wire.SigRSAPSSRSAESHA512)
		add(false, true, wire.SigRSAPKCS1SHA256, wire.SigRSAPKCS1SHA384, wire.SigRSAPKCS1SHA512)
	case "ecdsa":
		add(curve == "P-256", true, wire.SigECDSASecp256r1SHA256)
		add(curve == "P-384", true, wire.SigECDSASecp384r1SHA384)
	}
}

// addVersions makes the server accept further versions, as a current stack with
// the configuration would.
func (c *comparison) addVersions(f *transcript.Facts, versions []wire.Version) {
	for _, v := range versions {
		list := c.fitting(v)
		if len(list) == 0 {
			continue
		}
		order := transcript.ClientOrder
		if c.p.ServerOrder {
			order = transcript.ServerOrder
		}
		f.Versions = append(f.Versions, v)
		f.Suites[v.String()] = transcript.SuiteFacts{Order: order, List: list, ChaChaFirst: transcript.No, Complete: true}
		c.openGroups(f, v)
		c.openSchemes(f, v)
		if v == wire.VersionTLS13 {
			f.Features.HelloRetry, f.Features.Tolerates.EmptyShares = transcript.Yes, transcript.Yes
			if f.Features.Tolerates.HybridShare == transcript.Unknown {
				f.Features.Tolerates.HybridShare = transcript.Yes
			}
			f.ShareFirst = transcript.Yes
		} else {
			c.addDH(f)
			if f.Features.SecureRenegotiation == transcript.Unknown {
				f.Features.SecureRenegotiation = transcript.Yes
			}
			if f.Features.ExtendedMasterSecret == transcript.Unknown {
				f.Features.ExtendedMasterSecret = transcript.Yes
			}
		}
	}
	slices.Sort(f.Versions)
	slices.Reverse(f.Versions)
}

// openGroups makes the server's groups usable in a version, and those of the
// configuration if it has none.
func (c *comparison) openGroups(f *transcript.Facts, v wire.Version) {
	if len(f.Groups) == 0 {
		for _, g := range c.p.groups {
			f.Groups = append(f.Groups, transcript.GroupFact{Group: g, TLS13: transcript.No, TLS12: transcript.No})
		}
	}
	for i := range f.Groups {
		g := &f.Groups[i]
		if v < wire.VersionTLS13 {
			if !g.Group.PostQuantum() {
				g.TLS12 = transcript.Yes
			}
		} else if slices.Contains(c.p.groups, g.Group) {
			g.TLS13 = transcript.Yes
		}
	}
}

// openSchemes adds the schemes of the server's keys, and makes those that are
// there usable in the version.
func (c *comparison) openSchemes(f *transcript.Facts, v wire.Version) {
	before := len(f.SignatureAlgorithms)
	for _, x := range f.Served {
		addSchemes(f, x.Key, x.SHA256)
	}
	for i := range f.SignatureAlgorithms[:before] {
		x := &f.SignatureAlgorithms[i]
		switch x.Scheme {
		case wire.SigRSAPKCS1SHA1, wire.SigRSAPKCS1SHA256, wire.SigRSAPKCS1SHA384, wire.SigRSAPKCS1SHA512:
			if v == wire.VersionTLS12 {
				x.TLS12 = transcript.Yes
			}
		default:
			if v == wire.VersionTLS12 {
				x.TLS12 = transcript.Yes
			}
			if v == wire.VersionTLS13 && !weakScheme(x.Scheme) {
				x.TLS13 = transcript.Yes
			}
		}
	}
}
