package client

import (
	"cmp"
	"slices"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/transcript"
)

// Lockout is a setting of a server that keeps clients out.
type Lockout struct {
	Step  cause.Step
	Cause cause.ID
	// Text is the setting in a phrase: "nothing older than TLS 1.2".
	Text string
	// Clients are ids, in the order of IDs; at least one.
	Clients []string
}

// LockedOut is Predictor.LockedOut for one question.
func LockedOut(f *transcript.Facts, o PredictOptions) []Lockout {
	return NewPredictor(f, o).LockedOut()
}

// LockedOut tells which clients cannot connect, by what keeps them out, in the
// order of the steps; where one setting keeps out more than another of the same
// step, it comes first. Clients of which that cannot be told exactly are not in it.
func (pr *Predictor) LockedOut() []Lockout {
	var out []Lockout
	profiles, all := pr.All()
	for k, x := range all {
		if !x.Exact || x.Outcome == OK {
			continue
		}
		i := slices.IndexFunc(out, func(l Lockout) bool { return l.Step == x.Step && l.Cause == x.Cause && l.Text == x.Setting })
		if i < 0 {
			i = len(out)
			out = append(out, Lockout{Step: x.Step, Cause: x.Cause, Text: x.Setting})
		}
		out[i].Clients = append(out[i].Clients, profiles[k].ID)
	}
	slices.SortStableFunc(out, func(a, b Lockout) int {
		return cmp.Or(cmp.Compare(a.Step, b.Step), cmp.Compare(len(b.Clients), len(a.Clients)))
	})
	return out
}

// Lost is Predictor.Lost for one change.
func Lost(before, after *transcript.Facts, o PredictOptions) (lost, gained []string) {
	return NewPredictor(before, o).Lost(after)
}

// Lost compares a server before and after a change: the ids of the clients that
// connect no longer, and of those that do now, each in the order of IDs. Those
// of which either cannot be told exactly are in neither.
func (pr *Predictor) Lost(after *transcript.Facts) (lost, gained []string) {
	profiles, before := pr.All()
	_, then := pr.With(after).All()
	for i, x := range before {
		y := then[i]
		switch {
		case !x.Exact || !y.Exact || x.Outcome == y.Outcome:
		case x.Outcome == OK:
			lost = append(lost, profiles[i].ID)
		default:
			gained = append(gained, profiles[i].ID)
		}
	}
	return lost, gained
}
