package compat

import (
	"slices"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/client"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// trait is a property that a client has or lacks.
type trait struct {
	step cause.Step // at which its lack shows
	text string
	has  func(p *client.Profile) bool
	// used says that a connection came about by it; nil where that cannot be seen.
	used func(r *Row) bool
}

// traits are tried in this order: of two that separate equally well, the first
// is what people know.
var traits = slices.Concat(
	[]trait{
		version(wire.VersionTLS12), version(wire.VersionTLS13), version(wire.VersionTLS11),
		{cause.StepVersion, "no TLS above 1.2", func(p *client.Profile) bool { return p.Hello.MaxVersion() <= wire.VersionTLS12 }, nil},
		{cause.StepVersion, "TLS 1.0 or 1.1 allowed", func(p *client.Profile) bool {
			return !p.Policy.RefuseSHA1Handshake && slices.ContainsFunc([]wire.Version{wire.VersionTLS10, wire.VersionTLS11}, func(v wire.Version) bool {
				return p.Hello.OffersVersion(v) && v >= p.Policy.MinVersion
			})
		}, nil},
		suite("a suite with ECDHE", func(i wire.SuiteInfo) bool { return i.KeyExchange == wire.KXECDHE }),
		suite("a suite with ECDHE and AEAD", func(i wire.SuiteInfo) bool { return i.KeyExchange == wire.KXECDHE && i.AEAD }),
		orTLS13(suite("a suite with ECDHE, RSA and AEAD", func(i wire.SuiteInfo) bool {
			return i.KeyExchange == wire.KXECDHE && i.Authentication == wire.AuthRSA && i.AEAD
		})),
		suite("a suite with AEAD", func(i wire.SuiteInfo) bool { return i.AEAD }),
		{cause.StepCipher, "suites for ECDSA certificates", func(p *client.Profile) bool {
			return p.Hello.MaxVersion() >= wire.VersionTLS13 || suite("", func(i wire.SuiteInfo) bool { return i.Authentication == wire.AuthECDSA }).has(p)
		}, nil},
		suite("a suite with ECDSA and AEAD", func(i wire.SuiteInfo) bool { return i.Authentication == wire.AuthECDSA && i.AEAD }),
		suite("a suite with DHE", func(i wire.SuiteInfo) bool { return i.KeyExchange == wire.KXDHE }),
		suite("a suite with RSA key transport", func(i wire.SuiteInfo) bool { return i.KeyExchange == wire.KXRSA }),
		suite("a suite with RC4", func(i wire.SuiteInfo) bool { return i.Cipher == wire.CipherRC4 }),
		suite("a suite with 3DES", func(i wire.SuiteInfo) bool { return i.Cipher == wire.Cipher3DES }),
		suite("a suite with Camellia", func(i wire.SuiteInfo) bool { return i.Cipher == wire.CipherCamellia }),
		group(wire.GroupX25519), group(wire.GroupX25519MLKEM768), group(wire.GroupSecp256r1), group(wire.GroupSecp384r1), group(wire.GroupSecp521r1), group(wire.GroupX448),
		scheme("RSA-PSS signatures", wire.SigRSAPSSRSAESHA256), scheme("ECDSA signatures", wire.SigECDSASecp256r1SHA256), scheme("Ed25519 signatures", wire.SigEd25519),
		{cause.StepCertificate, "a server name in the hello (SNI)", func(p *client.Profile) bool { return p.Policy.SendsSNI }, nil},
		{cause.StepVersion, "extensions in the hello", func(p *client.Profile) bool { return len(p.Hello.Extensions) > 0 }, nil},
		{cause.StepVerify, "a CA certificate as the site's own allowed", func(p *client.Profile) bool { return !p.Policy.RefuseCALeaf || !p.Policy.VerifiesChain }, nil},
		{cause.StepVerify, "no demand for a stapled answer", func(p *client.Profile) bool { return !p.Policy.HonoursMustStaple }, nil},
		{cause.StepVerify, "no check of the certificate", func(p *client.Profile) bool { return !p.Policy.VerifiesChain }, nil},
		{cause.StepVerify, "no check of the name", func(p *client.Profile) bool { return !p.Policy.VerifiesName }, nil},
		{cause.StepVerify, "fetching missing certificates", func(p *client.Profile) bool { return p.CompletesChains(true) || !p.Policy.VerifiesChain }, nil},
		{cause.StepVerify, "a look at the common name", func(p *client.Profile) bool { return !p.Policy.RequireSAN || !p.Policy.VerifiesName }, nil},
		{cause.StepVerify, "SHA-1 in certificates allowed", func(p *client.Profile) bool { return !p.Policy.RefuseSHA1Certificates }, nil},
		{cause.StepVerify, "RSA keys under 2048 bits allowed", func(p *client.Profile) bool { return p.Policy.MinRSABits < 2048 }, nil},
		{cause.StepKeys, "Diffie-Hellman under 2048 bits allowed", func(p *client.Profile) bool { return p.Policy.MinDHBits < 2048 }, nil},
		{cause.StepKeys, "Diffie-Hellman under 1024 bits allowed", func(p *client.Profile) bool { return p.Policy.MinDHBits < 1024 }, nil},
		{cause.StepKeys, "no demand for secure renegotiation", func(p *client.Profile) bool { return !p.Policy.RequireSecureRenegotiation }, nil},
	},
)

func version(v wire.Version) trait {
	return trait{cause.StepVersion, v.String(), func(p *client.Profile) bool { return p.Hello.MaxVersion() >= v }, nil}
}

func suite(text string, is func(wire.SuiteInfo) bool) trait {
	return trait{cause.StepCipher, text, func(p *client.Profile) bool {
		return slices.ContainsFunc(p.Hello.CipherSuites, func(x wire.CipherSuite) bool {
			i, ok := x.Info()
			return ok && i.KeyExchange != wire.KXTLS13 && is(i)
		})
	}, func(r *Row) bool {
		if r.Cipher == nil {
			return false
		}
		i, ok := r.Cipher.Info()
		return ok && i.KeyExchange != wire.KXTLS13 && is(i)
	}}
}

// orTLS13 is a trait that clients of TLS 1.3, whose suites are all alike in this,
// do not need.
func orTLS13(t trait) trait {
	has := t.has
	t.has = func(p *client.Profile) bool { return p.Hello.MaxVersion() >= wire.VersionTLS13 || has(p) }
	return t
}

func group(g wire.Group) trait {
	return trait{cause.StepCipher, g.String(), func(p *client.Profile) bool { return slices.Contains(p.Hello.SupportedGroups(), g) }, func(r *Row) bool { return r.Group != nil && *r.Group == g }}
}

func scheme(text string, s wire.SignatureScheme) trait {
	return trait{cause.StepCipher, text, func(p *client.Profile) bool { return slices.Contains(p.Hello.SignatureAlgorithms(), s) }, nil}
}

// maxTraits is how many properties a person can hold together.
const maxTraits = 3

// separators finds the fewest traits that all clients have that connect, and no
// other client has all of. Only traits count that belong to a step at which
// somebody fails, and suites and groups that somebody connected by: any other
// would be coincidence.
func separators(profiles []*client.Profile, rows []Row) []string {
	failsAt := map[cause.Step]bool{}
	var in, out []*client.Profile
	for i, r := range rows {
		switch {
		case r.Kind == client.Reference || r.Outcome == Unknown:
		case r.Outcome == OK:
			in = append(in, profiles[i])
		default:
			out = append(out, profiles[i])
			if r.Step != nil {
				failsAt[*r.Step] = true
			}
		}
	}
	if len(in) == 0 || len(out) == 0 {
		return nil
	}
	var common []trait
	connectedBy := func(used func(*Row) bool) bool {
		return used == nil || slices.ContainsFunc(rows, func(r Row) bool { return r.Outcome == OK && used(&r) })
	}
	for _, t := range traits {
		if failsAt[t.step] && connectedBy(t.used) && !slices.ContainsFunc(in, func(p *client.Profile) bool { return !t.has(p) }) {
			common = append(common, t)
		}
	}
	for n := 1; n <= maxTraits; n++ {
		if found := covering(common, out, n); found != nil {
			return found
		}
	}
	return nil
}

// covering finds n of the traits, of which every client lacks one; nil if there
// are none.
func covering(common []trait, clients []*client.Profile, n int) []string {
	if n == 0 {
		if len(clients) > 0 {
			return nil
		}
		return []string{}
	}
	for i, t := range common {
		rest := filter(clients, t.has)
		if len(rest) == len(clients) {
			continue
		}
		if more := covering(common[i+1:], rest, n-1); more != nil {
			return append([]string{t.text}, more...)
		}
	}
	return nil
}
