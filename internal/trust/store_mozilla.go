package trust

import (
	"crypto/x509"
	"sync"
	"time"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// MozillaStore is the list of Mozilla's root programme that is built in, with
// its distrust-after dates. It is loaded once.
func MozillaStore() *Store { return mozillaStore() }

var mozillaStore = sync.OnceValue(loadMozilla)

func loadMozilla() *Store {
	s := &Store{ID: "mozilla", Name: "Mozilla's root programme (built in)"}
	for root := range bundle.Roots() {
		e := &entry{der: root.Certificate}
		if root.Constraint != nil {
			if e.distrustAfter = distrustDate(root.Constraint); e.distrustAfter.IsZero() {
				e.constraint = wrapConstraint(root.Constraint)
			}
		}
		s.add(e)
	}
	return s
}

// distrustDate finds the date inside the bundle's constraint: the package keeps
// it in a closure over the notBefore of the path's certificates. Zero if the
// constraint is of another kind.
func distrustDate(constraint func([]*x509.Certificate) error) time.Time {
	refuses := func(t int64) bool {
		return constraint([]*x509.Certificate{{NotBefore: time.Unix(t, 0).UTC()}}) != nil
	}
	lo := time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	hi := time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	if refuses(lo) || !refuses(hi) {
		return time.Time{}
	}
	for hi-lo > 1 {
		if mid := lo + (hi-lo)/2; refuses(mid) {
			hi = mid
		} else {
			lo = mid
		}
	}
	return time.Unix(lo, 0).UTC()
}

// wrapConstraint asks a constraint of crypto/x509's kind about one of our paths.
func wrapConstraint(constraint func([]*x509.Certificate) error) func([]*Certificate) string {
	return func(path []*Certificate) string {
		chain := make([]*x509.Certificate, 0, len(path))
		for _, c := range path {
			x, err := x509.ParseCertificate(c.Raw)
			if err != nil {
				return "a certificate of the chain is too odd for the store's rule: " + err.Error()
			}
			chain = append(chain, x)
		}
		if err := constraint(chain); err != nil {
			return err.Error()
		}
		return ""
	}
}
