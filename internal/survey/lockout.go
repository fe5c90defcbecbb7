package survey

import (
	"cmp"
	"slices"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/client"
)

// locksOut tells which clients cannot connect, by the setting that keeps them
// out, the setting that keeps most out first. Clients whose fate hangs on
// something that was not asked are left out.
func locksOut(s *Survey, predict predictor) []LockOut {
	if len(s.Versions) == 0 {
		return []LockOut{}
	}
	type key struct {
		cause   cause.ID
		step    cause.Step
		setting string
	}
	by := map[key]*LockOut{}
	for _, p := range predict(&s.Facts) {
		if !p.Exact || p.Outcome != client.Fail {
			continue
		}
		k := key{p.Cause, p.Step, p.Setting}
		if by[k] == nil {
			by[k] = &LockOut{Step: p.Step, Cause: p.Cause, Text: p.Setting}
		}
		by[k].Clients = append(by[k].Clients, p.Client)
	}
	out := make([]LockOut, 0, len(by))
	for _, l := range by {
		slices.Sort(l.Clients)
		out = append(out, *l)
	}
	slices.SortFunc(out, func(a, b LockOut) int {
		return cmp.Or(cmp.Compare(len(b.Clients), len(a.Clients)), cmp.Compare(a.Step, b.Step), cmp.Compare(a.Text, b.Text), cmp.Compare(a.Cause, b.Cause))
	})
	return out
}
