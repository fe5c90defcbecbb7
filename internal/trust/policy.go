package trust

import (
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// Policy is what one client demands of a certificate chain. The zero Policy
// demands nothing; Modern is the sum of what current clients refuse.
type Policy struct {
	// Trust: the chain has to lead to an anchor.
	Trust bool
	// Time: every certificate of the path has to be valid now.
	Time bool
	// Name: the leaf has to cover the host.
	Name bool
	// Names are the rules for that.
	Names NameRules
	// PartialChain takes any certificate of the store for an anchor, also one
	// that is not self-signed (Go, NSS, curl; OpenSSL only by a flag).
	PartialChain bool
	// SentOrderOnly follows the certificates as sent as far as they lead and
	// tries no other path, as OpenSSL before 1.1.0 and GnuTLS before 3.7 do.
	SentOrderOnly bool
	// IgnoresAnchorDates: an anchor is a name and a key, and its own dates are not
	// looked at (RFC 5280, Section 6.1.1 (d) asks for no more). So do Android before 7
	// and rustls; OpenSSL, GnuTLS and Go refuse an expired root.
	IgnoresAnchorDates bool

	// MinRSABits refuses smaller RSA, RSA-PSS and DSA keys of leaf and CAs; 0: none.
	MinRSABits int
	// MinECBits refuses smaller curves; 0: none.
	MinECBits int
	// RefuseSHA1Leaf and RefuseSHA1CA refuse certificates signed with SHA-1,
	// RefuseMD5 those signed with MD5 or older. An anchor's own signature never
	// counts: nobody checks it.
	RefuseSHA1Leaf, RefuseSHA1CA, RefuseMD5 bool

	// ServerEKU: extendedKeyUsage, where present, has to allow server
	// authentication, in the leaf and in its CAs.
	ServerEKU bool
	// KeyUsage: the leaf's keyUsage has to allow what the handshake does with
	// the key (Chrome, GnuTLS, Go's TLS 1.2 with RSA key exchange).
	KeyUsage bool
	// RefuseCALeaf refuses a CA certificate as the site's own (Firefox, rustls).
	RefuseCALeaf bool
	// CARules: issuers have to be CAs, within path length and name constraints.
	CARules bool
	// UnknownCritical refuses critical extensions that nobody processes.
	UnknownCritical bool

	// PublicCA applies what browsers demand of publicly trusted CAs: the three
	// that follow. It is off for roots that the user supplied.
	PublicCA      bool
	SCTs          bool // certificate transparency (Chrome, Safari, Firefox since 135)
	MaxValidity   bool // see maxValidity
	DistrustAfter bool // the store's dates for CAs on their way out

	// MustStaple refuses a leaf with the TLS feature extension and no good
	// stapled OCSP response (Firefox).
	MustStaple bool
	// Revoked makes a revoked certificate blocking, whoever says so; RevokedStaple
	// only where the stapled OCSP response says it. Else it is a warning.
	Revoked, RevokedStaple bool
	// Waive lists causes that this client lets pass although a switch above says
	// otherwise; they stay among the defects and do not block.
	Waive []cause.ID
	// MaxPath bounds the path in certificates, leaf and anchor included (OpenSSL's
	// depth and two more); 0: no bound.
	MaxPath int
	// MaxChainBytes bounds the sum of the certificates sent; 0: no bound.
	MaxChainBytes int

	// ExpiresSoon is the warning time; 0: no warning. For certificates of a
	// lifetime below three times that, it is a third of the lifetime.
	ExpiresSoon time.Duration
}

// Modern refuses what any of current Chrome, Firefox, Safari, OpenSSL 3, Go and
// Java refuses by default, with a store of public roots. Switch PublicCA off
// for a private CA.
func Modern() Policy {
	return Policy{
		Trust: true, Time: true, Name: true,
		Names:        NameRules{WildcardLabels: 2},
		PartialChain: true,
		MinRSABits:   2048, MinECBits: 224,
		RefuseSHA1Leaf: true, RefuseSHA1CA: true, RefuseMD5: true,
		ServerEKU: true, KeyUsage: true, RefuseCALeaf: true, CARules: true, UnknownCritical: true,
		PublicCA: true, SCTs: true, MaxValidity: true, DistrustAfter: true,
		MustStaple:  true,
		ExpiresSoon: 30 * day,
	}
}

const day = 24 * time.Hour

// validityRule is a limit of the CA/Browser Forum's Baseline Requirements,
// Section 6.3.2, on certificates issued from a date on.
type validityRule struct {
	from time.Time
	days int
}

var validityRules = []validityRule{ // newest first
	{time.Date(2029, 3, 15, 0, 0, 0, 0, time.UTC), 47},
	{time.Date(2027, 3, 15, 0, 0, 0, 0, time.UTC), 100},
	{time.Date(2026, 3, 15, 0, 0, 0, 0, time.UTC), 200},
	{time.Date(2020, 9, 1, 0, 0, 0, 0, time.UTC), 398},
	{time.Date(2018, 3, 1, 0, 0, 0, 0, time.UTC), 825},
	{time.Date(2015, 4, 1, 0, 0, 0, 0, time.UTC), 1187}, // 39 months
	{time.Date(2012, 7, 1, 0, 0, 0, 0, time.UTC), 1827}, // 60 months
}

// maxValidity is the number of days that a publicly trusted leaf issued at that
// time may be valid, 0 if there was no limit.
func maxValidity(notBefore time.Time) int {
	for _, r := range validityRules {
		if !notBefore.Before(r.from) {
			return r.days
		}
	}
	return 0
}

// ctSince is when Chrome began to demand certificate transparency of every new
// certificate.
var ctSince = time.Date(2018, 4, 30, 0, 0, 0, 0, time.UTC)

// sctsNeeded is how many SCTs of different logs Chrome's and Apple's policies
// want in a certificate: two up to 180 days of lifetime, three above.
func sctsNeeded(c *Certificate) int {
	if c.NotBefore.Before(ctSince) {
		return 0
	}
	if c.Lifetime() > 180*day {
		return 3
	}
	return 2
}

// KeyUse is what a handshake does with the leaf's key.
type KeyUse uint8

// Key uses.
const (
	KeyUseUnknown      KeyUse = iota
	KeyUseSignature           // TLS 1.3, (EC)DHE: signs the key exchange
	KeyUseEncipherment        // RSA key exchange
	KeyUseAgreement           // static (EC)DH
)

// allows tells whether a keyUsage extension permits the use, and the bit's name.
func (u KeyUse) allows(ku KeyUsage) (ok bool, need string) {
	switch u {
	case KeyUseSignature:
		return ku&UsageDigitalSignature != 0, "digitalSignature, which this key exchange needs"
	case KeyUseEncipherment:
		return ku&UsageKeyEncipherment != 0, "keyEncipherment, which RSA key exchange needs"
	case KeyUseAgreement:
		return ku&UsageKeyAgreement != 0, "keyAgreement, which static Diffie-Hellman needs"
	}
	return ku&(UsageDigitalSignature|UsageKeyEncipherment|UsageKeyAgreement) != 0, "any use in a TLS handshake"
}
