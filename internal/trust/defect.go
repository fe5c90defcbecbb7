package trust

import (
	"cmp"
	"slices"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// Defect is one reason why a client would refuse, or should wonder at, a chain.
type Defect struct {
	Cause cause.ID
	// Cert is the certificate at fault, nil if it is the chain as a whole.
	Cert *Certificate
	// Index is Cert's place in the path: 0 is the leaf; -1 without Cert.
	Index int
	// Detail is one plain sentence with the names and dates of the case.
	Detail string
	// Blocking defects stop the client of the policy; others are worth knowing.
	Blocking bool
}

// order is the rank of causes when several meet: the first one is the root
// cause. Not the order of any one library (Go looks at dates first, OpenSSL at
// trust, Chrome at revocation), but the order in which one would repair:
//
//  1. Which certificate it is at all: sent in the wrong place, made by a proxy,
//     by nobody, by somebody unknown, or without the link to somebody known.
//     As long as this is open, the rest describes a certificate that will be
//     replaced anyway.
//  2. What kind it is: a CA's or a client's certificate that serves a site was
//     a mistake of installation; its name and dates are then beside the point.
//  3. Time and revocation of the leaf: the wrong name on an expired certificate
//     is usually an old certificate that somebody forgot.
//  4. The name.
//  5. The CAs above: whoever renews the leaf gets the new intermediates with it.
//  6. Strength and rules for public CAs: reissue with other parameters.
//  7. What only warns.
var order = []cause.ID{
	cause.WrongChainOrder, // where it blocks; sorted behind when it only warns
	cause.MalformedReply,
	cause.ClientClockSkew,
	cause.TLSInterception,
	cause.SelfSigned,
	cause.ClientCABundleOutdated,
	cause.IncompleteChain,
	cause.UntrustedRoot,
	cause.CertificateTooLarge,

	cause.CAAsLeaf,
	cause.WrongEKU,

	cause.Expired,
	cause.NotYetValid,
	cause.Revoked,

	cause.HostnameMismatch,
	cause.CNOnly,

	cause.ExpiredIntermediate,
	cause.IssuerNotCA,
	cause.PathLengthExceeded,
	cause.NameConstraints,

	cause.WeakKey,
	cause.WeakSignature,
	cause.WrongKeyUsage,
	cause.ValidityTooLong,
	cause.CTMissing,
	cause.MustStapleMissing,

	cause.ExpiresSoon,
}

var orderRank = func() map[cause.ID]int {
	m := make(map[cause.ID]int, len(order))
	for i, id := range order {
		m[id] = i
	}
	return m
}()

// sortDefects puts blocking ones first, then by rank, then from the leaf up.
func sortDefects(d []Defect) {
	slices.SortStableFunc(d, func(a, b Defect) int {
		if a.Blocking != b.Blocking {
			if a.Blocking {
				return -1
			}
			return 1
		}
		if c := cmp.Compare(orderRank[a.Cause], orderRank[b.Cause]); c != 0 {
			return c
		}
		return cmp.Compare(a.Index, b.Index)
	})
}

// firstBlocking returns the root cause, false if nothing blocks.
func firstBlocking(d []Defect) (Defect, bool) {
	for _, x := range d {
		if x.Blocking {
			return x, true
		}
	}
	return Defect{}, false
}

func countBlocking(d []Defect) int {
	n := 0
	for _, x := range d {
		if x.Blocking {
			n++
		}
	}
	return n
}
