package render

import (
	"github.com/tlswhy/tlswhy/internal/report"
)

// certView is one certificate of the chain as drawn, leaf first.
type certView struct {
	Class string // "", "bad" or "missing"
	Break string // what is wrong with the link from the one before
	Flag  string // what is wrong with itself, in a word
	// The rest as shown.
	Subject, Issuer, Dates, Key, Signature, Names, SHA256 string
}

func chainView(r *report.Report) []certView {
	var all []certView
	now, known := checkedAt(r)
	for i, c := range r.Chain {
		v := certView{
			Subject: c.Subject, Issuer: c.Issuer, Key: c.Key, Signature: c.Signature, SHA256: c.SHA256,
			Dates: date(c.NotBefore) + " to " + date(c.NotAfter), Names: list(c.SANs, 12),
		}
		switch {
		case known && now.After(c.NotAfter):
			v.Class, v.Flag = "bad", "expired"
		case known && now.Before(c.NotBefore):
			v.Class, v.Flag = "bad", "not valid yet"
		}
		switch {
		case c.From == "aia":
			v.Class, v.Break = "missing", "The server does not send this one; it was fetched."
		case i > 0 && r.Chain[i-1].Issuer != c.Subject:
			v.Class, v.Break = "bad", "This one did not issue the one above."
		}
		all = append(all, v)
	}
	return all
}
