package tlswhy

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tlswhy/tlswhy/internal/client"
	"github.com/tlswhy/tlswhy/internal/compat"
	"github.com/tlswhy/tlswhy/internal/survey"
)

// Who can connect. The types marshal to the JSON that the command line prints;
// the schema is Schema("clients").
type (
	// Compatibility is who can connect to one address of a server, and why not.
	Compatibility = compat.Result
	// ClientRow is one client of a Compatibility.
	ClientRow = compat.Row
)

// ClientsOptions say whom to tell of.
type ClientsOptions struct {
	// Families keeps the clients of which kind ("browser", "proxy"), product
	// ("Chrome", "Java"), TLS library ("OpenSSL") or id begins with one of these,
	// in any case; none: all.
	Families []string
	// If is a change of the server to judge before anyone makes it:
	// "versions=1.2,1.3", "suites=-3DES groups=+X25519MLKEM768"; "" for none.
	If string
}

// Compatibility tells which clients can connect to one address of the target:
// predicted from a survey, and tried where a prediction would not be exact. Its
// error says that it could not begin, or is that of ctx.
func (c *Checker) Compatibility(ctx context.Context, t Target, o ClientsOptions) (*Compatibility, error) {
	q := compat.Options{Diagnose: c.diagnose, Survey: c.surveyOptions()}
	q.Diagnose.Progress, q.Diagnose.Early = nil, nil
	if o.If != "" {
		change, err := compat.ParseChange(o.If, readFile)
		if err != nil {
			return nil, fmt.Errorf("--if %w", err)
		}
		q.Change = change
	}
	if len(o.Families) > 0 {
		if q.Clients = family(o.Families); len(q.Clients) == 0 {
			return nil, &UnknownFamilyError{o.Families}
		}
	}
	p := c.prober(cmp.Or(c.o.Budget, compat.DefaultBudget), cmp.Or(c.o.Concurrency, survey.DefaultConcurrency))
	r, err := compat.Run(ctx, p, t, q)
	if r == nil {
		return nil, fmt.Errorf("surveying %s: %w", t, err)
	}
	r.Version = Version()
	return r, err
}

// UnknownFamilyError says that no client is of any of the families.
type UnknownFamilyError struct{ Families []string }

func (e *UnknownFamilyError) Error() string {
	return "no client is of the family " + strings.Join(e.Families, ", ")
}

// Families are the kinds, products and TLS libraries of clients.
func Families() []string {
	var kinds, products, libraries []string
	for _, p := range client.All() {
		for list, name := range map[*[]string]string{&kinds: string(p.Kind), &products: p.Group, &libraries: p.Family} {
			if !slices.Contains(*list, name) {
				*list = append(*list, name)
			}
		}
	}
	for _, l := range [][]string{kinds, products, libraries} {
		slices.SortFunc(l, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
	}
	all := slices.Concat(kinds, products, libraries)
	slices.Sort(all)
	return slices.Compact(all)
}

// ClientProfiles are the clients of the families, of all without any, in the order
// of Clients.
func ClientProfiles(families []string) []*client.Profile {
	if len(families) == 0 {
		return client.All()
	}
	return family(families)
}

func family(words []string) []*client.Profile {
	var out []*client.Profile
	for _, p := range client.All() {
		if inFamily(p, words) {
			out = append(out, p)
		}
	}
	return out
}

func inFamily(p *client.Profile, words []string) bool {
	for _, w := range words {
		w = strings.ToLower(strings.TrimSpace(w))
		for _, name := range []string{string(p.Kind), p.Group, p.Family, p.ID} {
			if w != "" && strings.HasPrefix(strings.ToLower(name), w) {
				return true
			}
		}
	}
	return false
}
