package textdiag

import (
	"slices"
	"testing"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// Every signature wins its own sample, or loses it to one that says the same:
// the likeliest cause is its own.
func TestSamples(t *testing.T) {
	all := cause.Signatures()
	if len(all) == 0 {
		t.Fatal("no signatures")
	}
	for i := range all {
		s := &all[i]
		d := read([]byte(s.Sample))
		c := load()
		f := c.search(&d)
		c.spellOut(f, &d)
		if !slices.ContainsFunc(f.hits, func(h Hit) bool { return h.ID == s.ID }) {
			t.Errorf("%s does not match its own sample %q", s.ID, s.Sample)
			continue
		}
		got := c.weigh(&d, f, Options{})
		switch {
		case len(s.Causes) == 0:
			// A text that is no failure by itself has to hide those within it.
			if got.Top != nil {
				t.Errorf("%s is no failure, and its sample %q is taken for %s", s.ID, s.Sample, got.Top.ID)
			}
		case got.Top == nil:
			t.Errorf("%s: nothing explains its sample %q", s.ID, s.Sample)
		case s.Wraps && !got.Top.Wraps:
			// The sample has its reason in it, which is what it should lose to.
		case got.Top.ID != s.ID && got.Causes[0].ID != s.Causes[0].Cause:
			t.Errorf("%s (%s) loses its sample %q to %s (%s)", s.ID, s.Causes[0].Cause, s.Sample, got.Top.ID, got.Causes[0].ID)
		}
	}
}
