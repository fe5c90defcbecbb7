package client

import (
	"errors"
	"fmt"
	"strings"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// Learned is an unknown client of which a hello was seen.
type Learned struct {
	// Profile has the hello as it was seen and, because a hello tells nothing of it,
	// the policy of the nearest known client.
	Profile *Profile
	Nearest Match
	// PolicyFrom is the id of the client whose policy it has.
	PolicyFrom string
	// Assumed says, for people, what was taken over from the nearest client.
	Assumed []string
}

// Learn makes a client of a hello. Its policy is that of the nearest known client,
// as far as the hello does not contradict it. Program is what it is called
// ("curl"), or ""; record the version of the record that carried the hello, or 0.
func Learn(hello *wire.ClientHello, record wire.Version, program string) (*Learned, error) {
	return LearnAs(hello, record, program, "")
}

// LearnAs is Learn with the policy of the client policyOf; "": of the nearest.
func LearnAs(hello *wire.ClientHello, record wire.Version, program, policyOf string) (*Learned, error) {
	if len(hello.CipherSuites) == 0 {
		return nil, errors.New("the hello offers no cipher suite")
	}
	near := Nearest(hello, program, 1)
	if len(near) == 0 {
		return nil, errors.New("no client is known")
	}
	l := &Learned{Nearest: near[0]}
	base := near[0].Profile
	if policyOf != "" {
		var err error
		if base, err = Get(policyOf); err != nil {
			return nil, err
		}
	}
	p := *base
	p.Policy = policyFor(hello, base)
	p.Software = nil
	for _, c := range base.Stack() {
		p.Software = append(p.Software, strings.TrimSpace(c.Software+" "+c.Release))
	}
	p.ID, p.Group, p.Label, p.Product, p.Version, p.Year = program, "", "", program, "", 0
	if program == "" {
		p.ID, p.Product = "learned", "learned client"
	}
	p.Hello, p.Source, p.Sources = hello.Clone(), Estimated, nil
	p.RecordVersion, p.Padding = recordVersion(hello, record), paddingFor(hello, base)
	l.Assumed = assumptions(&p)
	p.Note = fmt.Sprintf("Hello recorded from the program itself; the rest is assumed, from %s: %s.", base.ID, strings.Join(l.Assumed, "; "))
	l.Profile, l.PolicyFrom = &p, base.ID
	return l, nil
}

// policyFor is the policy of base without what the hello shows to be otherwise.
func policyFor(h *wire.ClientHello, base *Profile) Policy {
	p := base.Policy
	has := func(t wire.ExtensionType) bool { _, ok := h.Extension(t); return ok }
	p.SendsSNI = has(wire.ExtServerName)
	if p.MinVersion > h.MaxVersion() {
		p.MinVersion = 0
	}
	p.RequireExtendedMasterSecret = p.RequireExtendedMasterSecret && has(wire.ExtExtendedMasterSecret)
	p.HonoursMustStaple = p.HonoursMustStaple && has(wire.ExtStatusRequest)
	p.UsesECH = p.UsesECH && has(wire.ExtEncryptedClientHello)
	return p
}

// recordVersion is what stacks do where it was not seen: 3.0 for a hello of SSL
// 3.0, else 3.1.
func recordVersion(h *wire.ClientHello, seen wire.Version) wire.Version {
	switch {
	case seen >= wire.VersionSSL30 && seen <= wire.VersionTLS13:
		return seen
	case h.MaxVersion() <= wire.VersionSSL30:
		return wire.VersionSSL30
	}
	return wire.VersionTLS10
}

// paddingFor tells the rule from one sample, or leaves it to base where the sample
// is of a size that nobody pads.
func paddingFor(h *wire.ClientHello, base *Profile) Padding {
	_, padded := h.Extension(wire.ExtPadding)
	size := h.Size()
	switch {
	case padded && base.Padding == PadNone:
		return PadExact
	case !padded && size >= 256 && size < 512-4:
		return PadNone
	}
	return base.Padding
}

// assumptions says what of p's policy no hello shows.
func assumptions(p *Profile) []string {
	pol := p.Policy
	var out []string
	add := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	switch {
	case pol.VerifiesChain && pol.VerifiesName:
		add("it verifies chain and name")
	case pol.VerifiesChain:
		add("it verifies the chain and not the name")
	default:
		add("it verifies no certificate")
	}
	if pol.VerifiesChain {
		add("its root store is %s", pol.Store)
	}
	if pol.MinVersion != 0 {
		add("it completes %s and newer", pol.MinVersion)
	}
	if pol.MinRSABits > 0 {
		add("RSA keys have %d bits or more", pol.MinRSABits)
	}
	if pol.MinDHBits > 0 {
		add("Diffie-Hellman primes have %d bits or more", pol.MinDHBits)
	}
	if pol.RefuseSHA1Certificates {
		add("no certificate is signed with SHA-1")
	}
	if pol.RequireSecureRenegotiation {
		add("the server knows secure renegotiation (RFC 5746)")
	}
	if r := pol.Revocation; r != "" && r != RevocationNone {
		add("it asks about revocation (%s)", r)
	}
	return out
}
