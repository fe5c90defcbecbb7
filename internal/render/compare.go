package render

import (
	"fmt"
	"strconv"

	"github.com/tlswhy/tlswhy/internal/report"
)

// compareView is two hellos side by side, for the proof that rests on them.
type compareView struct {
	Left, Right               string // ids with what they were for
	LeftOutcome, RightOutcome string
	Rows                      []compareRow // that differ
	Same                      []compareRow // the rest
}

type compareRow struct {
	Name        string
	Left, Right []item
	Differs     bool
}

// item is one value offered; Own says that only this side has it.
type item struct {
	Text string
	Own  bool
}

// compare is nil where the proof does not rest on two hellos.
func compare(r *report.Report, p *report.Proof) *compareView {
	if p == nil || p.Kind != report.ByHandshake {
		return nil
	}
	a, b := handshake(r, p.Baseline), handshake(r, p.Counterfactual)
	if a == nil || b == nil || a.Offered == nil || b.Offered == nil {
		return nil
	}
	x, y := a.Offered, b.Offered
	v := &compareView{
		Left: a.ID + ", " + a.Purpose, Right: b.ID + ", " + b.Purpose,
		LeftOutcome: outcome(a), RightOutcome: outcome(b),
	}
	for _, r := range []compareRow{
		row("versions", names(x.Versions), names(y.Versions)),
		row("suites", names(x.Ciphers), names(y.Ciphers)),
		row("groups", names(x.Groups), names(y.Groups)),
		row("key shares", names(x.KeyShares), names(y.KeyShares)),
		row("signature algorithms", names(x.SignatureAlgorithms), names(y.SignatureAlgorithms)),
		row("ALPN", x.ALPN, y.ALPN),
		row("server name", pointed(x.SNI), pointed(y.SNI)),
		row("extensions", names(x.Extensions), names(y.Extensions)),
		row("size", []string{strconv.Itoa(x.Bytes) + " bytes"}, []string{strconv.Itoa(y.Bytes) + " bytes"}),
	} {
		if r.Differs {
			v.Rows = append(v.Rows, r)
		} else {
			v.Same = append(v.Same, r)
		}
	}
	return v
}

func names[T fmt.Stringer](all []T) []string {
	out := make([]string, len(all))
	for i, x := range all {
		out[i] = x.String()
	}
	return out
}

func pointed(s *string) []string {
	if s == nil {
		return nil
	}
	return []string{*s}
}

func row(name string, left, right []string) compareRow {
	r := compareRow{Name: name, Left: items(left, right), Right: items(right, left)}
	for _, side := range [][]item{r.Left, r.Right} {
		for _, x := range side {
			r.Differs = r.Differs || x.Own
		}
	}
	return r
}

func items(own, other []string) []item {
	has := make(map[string]bool, len(other))
	for _, s := range other {
		has[s] = true
	}
	out := make([]item, len(own))
	for i, s := range own {
		out[i] = item{s, !has[s]}
	}
	return out
}
