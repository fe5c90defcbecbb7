package env

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// stores: those that are empty, old or incomplete, each said once for all who
// use it.
func (f *finder) stores() {
	now := f.h.Now()
	for i := range f.d.Stores {
		s := &f.d.Stores[i]
		who := f.names(s.UsedBy)
		if len(s.UsedBy) == 0 {
			continue
		}
		first := s.UsedBy[0]
		if s.Roots == 0 {
			why := s.Problem
			if why == "" {
				why = "no certificate in it"
			}
			severity := cause.SeverityHigh
			if strings.Contains(why, "encrypted") {
				severity = cause.SeverityLow // it works; only we cannot look
			}
			f.add(Finding{
				ID: FindStoreEmpty, Severity: severity, Stack: first, File: s.Path,
				Title:  fmt.Sprintf("%s: the store of %s cannot be read: %s", s.Path, who, why),
				Detail: "A client without roots trusts no server.", Fix: "Install the roots (package ca-certificates), or correct the path.",
			})
			continue
		}
		if len(s.Missing) > 0 && len(s.Missing) < len(tellingRoots()) {
			f.add(Finding{
				ID: FindRootsMissing, Severity: cause.SeverityHigh, Stack: first, File: s.Path,
				Title:  fmt.Sprintf("%s: %s missing", s.Path, missingText(s.Missing)),
				Detail: fmt.Sprintf("%s does not trust sites with certificates of %s.%s", who, issuersOf(s.Missing), f.age(s, now)),
				Fix:    "Update it: package ca-certificates, certifi, or the program that brings it along.",
			})
			continue
		}
		if newest, err := time.Parse(time.RFC3339, s.Newest); err == nil && now.Sub(newest) > rootsOldAfter {
			f.add(Finding{
				ID: FindRootsOld, Severity: cause.SeverityMedium, Stack: first, File: s.Path,
				Title:  fmt.Sprintf("%s: no root of the last %d years", s.Path, int(now.Sub(newest).Hours()/24/365)),
				Detail: fmt.Sprintf("The newest is %s of %s. %s uses it.", s.NewestName, newest.Format("2006"), who),
				Fix:    "Update it.",
			})
		}
	}
	f.certifi(now)
}

// age is what a package's version says of the store, as a sentence.
func (f *finder) age(s *Store, now time.Time) string {
	if !strings.Contains(s.Path, "certifi") {
		return ""
	}
	if t, v, ok := f.certifiDate(); ok && now.Sub(t) > certifiOldAfter {
		return fmt.Sprintf(" certifi %s is %s old.", v, span(float64(now.Sub(t).Milliseconds())))
	}
	return ""
}

// certifiDate: certifi's versions are dates.
func (f *finder) certifiDate() (time.Time, string, bool) {
	s := f.d.Stack("python")
	if s == nil {
		return time.Time{}, "", false
	}
	for _, p := range s.Packages {
		if p.Name != "certifi" {
			continue
		}
		parts := strings.Split(p.Value, ".")
		if len(parts) < 3 {
			return time.Time{}, "", false
		}
		t := time.Date(number(parts[0]), time.Month(number(parts[1])), number(parts[2]), 0, 0, 0, 0, time.UTC)
		return t, p.Value, t.Year() > 2010
	}
	return time.Time{}, "", false
}

func (f *finder) certifi(now time.Time) {
	t, v, ok := f.certifiDate()
	if !ok || now.Sub(t) < certifiOldAfter {
		return
	}
	f.add(Finding{
		ID: FindRootsOld, Severity: cause.SeverityMedium, Stack: "python-requests",
		Title:  fmt.Sprintf("certifi %s is %s old", v, span(float64(now.Sub(t).Milliseconds()))),
		Detail: "requests, pip and others trust what was public then.",
		Fix:    "python3 -m pip install --upgrade certifi",
	})
}

func missingText(roots []Root) string {
	names := rootNames(roots)
	if len(names) == 1 {
		return names[0] + " is"
	}
	return strings.Join(names, ", ") + " are"
}

// rootNames are common names, a few.
func rootNames(roots []Root) []string {
	var names []string
	for i, r := range roots {
		if i == maxNamed && len(roots) > maxNamed+1 {
			return append(names, fmt.Sprintf("%d others", len(roots)-i))
		}
		names = append(names, commonName(r.Subject))
	}
	return names
}

func commonName(subject string) string {
	for part := range strings.SplitSeq(subject, ",") {
		if cn, ok := strings.CutPrefix(strings.TrimSpace(part), "CN="); ok {
			return cn
		}
	}
	return subject
}

func issuersOf(roots []Root) string {
	var out []string
	for _, r := range roots {
		for _, k := range tellingRoots() {
			if k.SHA256 == r.SHA256 && !slices.Contains(out, k.Of) {
				out = append(out, k.Of)
			}
		}
	}
	return strings.Join(out, ", ")
}

// names are the stacks of ids, for a sentence.
func (f *finder) names(ids []string) string {
	var names []string
	for _, id := range ids {
		if s := f.d.Stack(id); s != nil {
			names = append(names, s.Name)
		}
	}
	switch n := len(names); {
	case n == 0:
		return "nobody"
	case n == 1:
		return names[0]
	default:
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
}

// trust: CAs that some clients of this machine trust and others do not.
func (f *finder) trust() {
	type holder struct {
		root Root
		in   []string // stacks
	}
	private := map[string]*holder{}
	var users, order []string
	for i := range f.d.Stores {
		s := &f.d.Stores[i]
		if len(s.UsedBy) == 0 || s.Roots == 0 {
			continue
		}
		users = append(users, s.UsedBy...)
		for _, r := range s.Unlisted {
			x := private[r.SHA256]
			if x == nil {
				x = &holder{root: r}
				private[r.SHA256] = x
				order = append(order, r.SHA256)
			}
			x.in = append(x.in, s.UsedBy...)
		}
	}
	// CAs with the same holders are said together.
	groups := map[string][]Root{}
	var keys []string
	for _, sum := range order {
		x := private[sum]
		slices.Sort(x.in)
		if x.root.Interception != "" {
			f.intercepted(x.root, x.in, without(users, x.in))
			continue
		}
		if len(x.in) == len(users) {
			continue
		}
		k := strings.Join(x.in, " ")
		if groups[k] == nil {
			keys = append(keys, k)
		}
		groups[k] = append(groups[k], x.root)
	}
	for _, k := range keys {
		in := strings.Fields(k)
		out := without(users, in)
		severity := cause.SeverityLow
		if slices.ContainsFunc(groups[k], func(r Root) bool { return r.Added }) {
			severity = cause.SeverityMedium // somebody wanted them trusted
		}
		n := len(groups[k])
		f.add(Finding{
			ID: FindTrustDiffers, Severity: severity, Stack: out[0],
			Title:  fmt.Sprintf("%s %s %s, and %s not", f.names(in), trusts(in), cas(n), f.names(out)+does(out)),
			Detail: strings.Join(rootNames(groups[k]), ", ") + ". A server with a certificate of theirs works in the one and fails in the other.",
			Fix:    f.addingTo(out[0]),
		})
	}
}

func trusts(in []string) string {
	if len(in) == 1 {
		return "trusts"
	}
	return "trust"
}

func does(in []string) string {
	if len(in) == 1 {
		return " does"
	}
	return " do"
}

func cas(n int) string {
	if n == 1 {
		return "a CA that is on no public list"
	}
	return fmt.Sprintf("%d CAs that are on no public list", n)
}

func without(all, some []string) []string {
	var out []string
	for _, x := range all {
		if !slices.Contains(some, x) && !slices.Contains(out, x) {
			out = append(out, x)
		}
	}
	return out
}

func (f *finder) intercepted(r Root, in, out []string) {
	x := Finding{
		ID: FindInterception, Severity: cause.SeverityLow, Stack: in[0],
		Title:  fmt.Sprintf("A CA of %s is trusted: connections of this machine are probably opened on the way", r.Interception),
		Detail: fmt.Sprintf("%s, trusted by %s.", r.Subject, f.names(in)),
		Fix:    "What servers show is then what that product makes of it: compare with a machine outside.",
	}
	if len(out) > 0 {
		x.Severity, x.Stack = cause.SeverityMedium, out[0]
		x.Detail += fmt.Sprintf(" %s%s not trust it, and fail%s behind it.", f.names(out), does(out), map[bool]string{true: "s"}[len(out) == 1])
		x.Fix = f.addingTo(out[0])
	}
	f.add(x)
}

// addingTo is how to add a CA to a stack.
func (f *finder) addingTo(id string) string {
	if s := f.d.Stack(id); s != nil {
		for _, a := range s.Advice {
			if a.For == "add a CA" {
				return s.Name + ": " + a.Text
			}
		}
	}
	return ""
}
