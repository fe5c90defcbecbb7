// Package client describes real clients: the hello that each sends, the policy
// by which it judges the answers, and what of both a server's answer meets.
// Profiles are data; nothing here dials.
//
// The source is one YAML file a client under data/. `go generate` compiles
// them into one line of JSON each, which is decoded when its client is asked
// for: a program that names no client reads none.
package client

//go:generate go run ./gen

import (
	"time"

	"github.com/tlswhy/tlswhy/internal/trust"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// Source is where a profile comes from.
type Source string

// Sources.
const (
	Captured   Source = "captured"   // hello recorded from the real program, behaviour measured
	Documented Source = "documented" // from its makers' documentation, which is named
	Estimated  Source = "estimated"
)

// Profile is one client. Get returns a fresh one, which the caller may change.
type Profile struct {
	ID string
	// Kind is what it is to those who run it.
	Kind Kind
	// Group and Label are its row and its place there in tables: "Chrome", "64".
	Group, Label string
	Family       string // "OpenSSL", "NSS", "BoringSSL", "JSSE", "Go", "union"
	Product      string
	Version      string
	Library      string
	// Software that the catalogue's fixes are for, with releases ("python 3.11"),
	// the outermost first; empty: Stack finds it out.
	Software []string
	Year     int // of the version's release
	Source   Source
	Note     string   // where it comes from and what is special, for people
	Sources  []string // documents that a Documented or Estimated profile was read from
	// Hello is a sample of what it sends, for a server name of its capture.
	Hello *wire.ClientHello
	// RecordVersion of the record that carries the hello.
	RecordVersion wire.Version
	// Padding is the rule by which it pads its hello.
	Padding Padding
	Policy  Policy
	// Roots of its own, of a client that was found on a machine; nil: those that
	// Policy.Store names.
	Roots *trust.Store
}

// Kind is what a client is to the people who run it.
type Kind string

// Kinds, in the order of tables.
const (
	Reference Kind = "reference" // no program: what several have in common
	Browser   Kind = "browser"
	Platform  Kind = "platform" // an operating system's own library, which apps use
	Language  Kind = "language"
	Tool      Kind = "tool"
	Library   Kind = "library"
	Mail      Kind = "mail"
	Proxy     Kind = "proxy"
	CDN       Kind = "cdn"
	Bot       Kind = "bot"
)

// Kinds lists all of them, in the order of tables.
func Kinds() []Kind {
	return []Kind{Reference, Browser, Platform, Language, Tool, Library, Mail, Proxy, CDN, Bot}
}

// Revocation is how a client asks whether a certificate was revoked.
type Revocation string

// Ways to ask. The zero value is RevocationNone.
const (
	RevocationNone    Revocation = "none"    // never
	RevocationStapled Revocation = "stapled" // a stapled OCSP response alone
	RevocationPushed  Revocation = "pushed"  // a list that its maker sends out
	RevocationSoft    Revocation = "soft"    // the CA; no answer is no objection
	RevocationHard    Revocation = "hard"    // the CA; no answer is a refusal
)

// Padding is a rule for the padding extension (RFC 7685). All of them fill a
// hello of 256 to 511 bytes up to 512, because such sizes once hung load
// balancers; they differ where fewer than five bytes are missing.
type Padding string

// Padding rules.
const (
	PadNone    Padding = ""
	PadAtLeast Padding = "at-least-one" // BoringSSL, NSS: one byte of padding at least
	PadExact   Padding = "exact"        // OpenSSL: an empty extension where nothing fits
	PadBody    Padding = "body"         // Pike: the same, and the header does not count
)

// Policy is what a client insists on beyond what its hello offers. Zero values
// mean that it does not care, unless said otherwise.
type Policy struct {
	// MinVersion is the oldest version that it completes; its hello may list older.
	MinVersion wire.Version
	// MinRSABits of any RSA key in the chain below the root, MinECBits likewise.
	MinRSABits, MinECBits int
	// MinHandshakeRSABits and MaxHandshakeRSABits bound the RSA key of the leaf
	// before the chain is looked at, also where no chain is verified.
	MinHandshakeRSABits, MaxHandshakeRSABits int
	// MinDHBits of a Diffie-Hellman prime.
	MinDHBits int
	// MaxDHBits of a Diffie-Hellman prime; 0: no limit known. Java before 8 computes
	// with no more than 1024.
	MaxDHBits int
	// RefuseSHA1Certificates signed with SHA-1 or MD5, the root's own excepted.
	RefuseSHA1Certificates bool
	// RefuseMD5Certificates: likewise, where SHA-1 still passes.
	RefuseMD5Certificates bool
	// RefuseSHA1Handshake: no SHA-1 or MD5 in the signatures of the handshake,
	// which rules out TLS 1.0 and 1.1 with (EC)DHE.
	RefuseSHA1Handshake bool
	// RequireSecureRenegotiation (RFC 5746) of a server of TLS 1.2 or older.
	RequireSecureRenegotiation bool
	// RequireExtendedMasterSecret (RFC 7627).
	RequireExtendedMasterSecret bool
	// RequireSAN: a name in the common name alone does not count.
	RequireSAN bool
	// CommonNameToo: the common name counts beside a SAN. DeepWildcards: a wildcard
	// stands for any number of labels.
	CommonNameToo, DeepWildcards bool
	// WildcardLabels have to follow a wildcard; 0: 2, so that "*.com" covers nothing.
	WildcardLabels int
	// SendsSNI for a target that is a name.
	SendsSNI bool
	// VerifiesChain, VerifiesName: what the client did when it was recorded. Those
	// that verify only on request were asked to; the profile's Note says so.
	VerifiesChain, VerifiesName bool
	// VerifiesDates of the leaf also where it verifies no chain, as Apache does.
	VerifiesDates bool
	// PartialChain: any certificate of the store is an anchor, self-signed or not.
	PartialChain bool
	// MaxPath is the longest path that it verifies, in certificates from leaf to
	// root; 0: no limit.
	MaxPath int
	// SentOrderOnly: no second path is tried where the first leads nowhere.
	SentOrderOnly bool
	// IgnoresAnchorDates: a root of its store is trusted also when it has expired.
	IgnoresAnchorDates bool
	// RefuseCALeaf as the site's own certificate.
	RefuseCALeaf bool
	// IgnoresEKU: extendedKeyUsage is not looked at.
	IgnoresEKU bool
	// HonoursMustStaple: a certificate with the TLS feature needs a stapled answer.
	HonoursMustStaple bool
	// RequiresCT, MaxValidityDays: rules for certificates of public CAs (0: none).
	RequiresCT      bool
	MaxValidityDays int
	// Validity is the same limit where it depends on the day of issuance:
	// ascending, the last that has begun counts, before the first MaxValidityDays.
	Validity []ValidityLimit
	// HonoursDistrust: certificates issued after a CA's distrust date are refused.
	HonoursDistrust bool
	// FetchesAIA completes a chain whose intermediate was not sent.
	FetchesAIA bool
	// PreloadsIntermediates: its maker sends it the intermediates of public CAs, so
	// it completes chains that lack one as if it fetched them, where the roots are
	// public ones.
	PreloadsIntermediates bool
	// UsesECH: encrypts its hello where an HTTPS record has a key for it (RFC 9849).
	UsesECH bool
	// ALPNMandatory: goes on without ALPN if the server ignores it (always true
	// of real clients, so there is no field); a no_application_protocol alert
	// stops every client.
	// Store names its root store: a programme, mostly as of a month
	// ("mozilla@2014-06"), "cloudflare", "system" or "none".
	Store string
	// Revocation is how it asks whether a certificate was revoked.
	Revocation Revocation
	// IPInCommonName, IPAsDNSName: for a target that is an address, also the common
	// name (without any subjectAltName) or a dNSName of that text counts.
	IPInCommonName, IPAsDNSName bool
	// FallsBack are the versions with which it tries again by itself after a
	// handshake failed, in order.
	FallsBack []wire.Version
	// MaxCertificateBytes that it reads of a Certificate message, the header not
	// counted; 0: no limit known.
	MaxCertificateBytes int
	// MaxChain is how many certificates it reads of one; 0: no limit known.
	MaxChain int
	// CheckKeyUsage: refuses a leaf whose keyUsage forbids what the handshake does.
	CheckKeyUsage bool
	// KeyUsageFor narrows that down: "" is all, "ecdsa" such keys alone,
	// "ecdsa-tls12" those in TLS 1.2 and older, "tls12" all keys there.
	KeyUsageFor string
	// RefuseWeakHTTP2: gives up h2 over a suite that HTTP/2 forbids (RFC 9113,
	// Section 9.2.2).
	RefuseWeakHTTP2 bool
	// Patience is how long it waits for the handshake, in seconds; 0: 60.
	Patience int
}

// ValidityLimit is a rule for certificates issued at From or later.
type ValidityLimit struct {
	From time.Time
	Days int
}

// MaxValidity of a certificate issued at that time, in days; 0: no limit.
func (p Policy) MaxValidity(issued time.Time) int {
	days := p.MaxValidityDays
	for _, l := range p.Validity {
		if !issued.Before(l.From) {
			days = l.Days
		}
	}
	return days
}
