package client

import (
	"fmt"
	"strings"
	"time"

	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/trust"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// expiresSoon is the warning time for certificates about to expire.
const expiresSoon = 30 * 24 * time.Hour

// defaultWildcardLabels is what all but Go want after a wildcard.
const defaultWildcardLabels = 2

// TrustPolicy is the client's policy in the terms of trust.Verify. publicRoots
// says that the roots are those of public CAs, whose certificates browsers hold
// to further rules.
//
// Sizes of messages are Judge's matter and left out.
func (p *Profile) TrustPolicy(publicRoots bool) trust.Policy {
	pol := p.Policy
	labels := pol.WildcardLabels
	if labels == 0 {
		labels = defaultWildcardLabels
	}
	return trust.Policy{
		Trust: pol.VerifiesChain,
		Time:  pol.VerifiesChain || pol.VerifiesDates,
		Name:  pol.VerifiesName,
		Names: trust.NameRules{
			CommonName: !pol.RequireSAN, WildcardLabels: labels, IPInCommonName: pol.IPInCommonName, IPAsDNSName: pol.IPAsDNSName,
			CommonNameToo: pol.CommonNameToo, DeepWildcards: pol.DeepWildcards,
		},
		PartialChain:       pol.PartialChain,
		MaxPath:            pol.MaxPath,
		SentOrderOnly:      pol.SentOrderOnly,
		IgnoresAnchorDates: pol.IgnoresAnchorDates,
		MinRSABits:         onlyIf(pol.VerifiesChain, pol.MinRSABits),
		MinECBits:          onlyIf(pol.VerifiesChain, pol.MinECBits),
		RefuseSHA1Leaf:     pol.VerifiesChain && pol.RefuseSHA1Certificates,
		RefuseSHA1CA:       pol.VerifiesChain && pol.RefuseSHA1Certificates,
		RefuseMD5:          pol.VerifiesChain && (pol.RefuseMD5Certificates || pol.RefuseSHA1Certificates),

		ServerEKU:       pol.VerifiesChain && !pol.IgnoresEKU,
		KeyUsage:        pol.CheckKeyUsage && pol.KeyUsageFor == "", // else Judge knows more
		RefuseCALeaf:    pol.RefuseCALeaf,
		CARules:         pol.VerifiesChain,
		UnknownCritical: pol.VerifiesChain,

		PublicCA:      publicRoots,
		SCTs:          pol.RequiresCT,
		MaxValidity:   pol.followsCurrentValidity(),
		DistrustAfter: pol.HonoursDistrust,
		MustStaple:    pol.HonoursMustStaple,
		Revoked:       pol.VerifiesChain && (pol.Revocation == RevocationSoft || pol.Revocation == RevocationHard),
		RevokedStaple: pol.VerifiesChain && pol.Revocation == RevocationStapled,
		ExpiresSoon:   expiresSoon,
	}
}

func onlyIf(yes bool, n int) int {
	if !yes {
		return 0
	}
	return n
}

// followsCurrentValidity: trust knows the schedule of today. A client that
// stopped at an older one is not held to it.
func (p Policy) followsCurrentValidity() bool {
	return len(p.Validity) > 0 && p.Validity[len(p.Validity)-1].From.Year() >= 2029
}

// Store is the client's own root store, as of the month that its profile names.
func (p *Profile) Store() (*trust.Store, error) {
	if p.Roots != nil {
		return p.Roots, nil
	}
	programme, month, dated := strings.Cut(p.Policy.Store, "@")
	var asOf time.Time // zero: now
	if dated {
		var err error
		if asOf, err = time.Parse("2006-01", month); err != nil {
			return nil, fmt.Errorf("client %s: store %q: %w", p.ID, p.Policy.Store, err)
		}
	}
	switch programme {
	case "mozilla", "apple", "microsoft", "chrome", "java", "android", "debian":
		return trust.ProgrammeStore(programme, asOf)
	case "cloudflare":
		return trust.CloudflareStore(), nil
	case "system":
		s, err := trust.SystemStore()
		if err != nil {
			return nil, fmt.Errorf("loading the store of %s: %w", p.ID, err)
		}
		return s, nil
	case "none":
		return trust.NewStore("none", "no roots at all"), nil
	}
	return nil, fmt.Errorf("client %s: unknown store %q", p.ID, p.Policy.Store)
}

// CompletesChains says whether it finds an intermediate that the server did not
// send. publicRoots is as in TrustPolicy.
func (p *Profile) CompletesChains(publicRoots bool) bool {
	return p.Policy.FetchesAIA || p.Policy.PreloadsIntermediates && publicRoots
}

// KeyUse is what a handshake does with the key of the leaf.
func KeyUse(t *transcript.Transcript) trust.KeyUse {
	if t.Server == nil {
		return trust.KeyUseUnknown
	}
	info, _ := t.Server.CipherSuite.Info()
	switch info.KeyExchange {
	case wire.KXTLS13, wire.KXDHE, wire.KXECDHE:
		return trust.KeyUseSignature
	case wire.KXRSA, wire.KXRSAPSK:
		return trust.KeyUseEncipherment
	case wire.KXDH, wire.KXECDH:
		return trust.KeyUseAgreement
	}
	return trust.KeyUseUnknown
}
