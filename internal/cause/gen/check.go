package main

import (
	"errors"
	"fmt"
	"slices"
)

// The vocabulary of package cause. A word that is missing there does not
// compile, a word that is missing here does not pass.
var (
	groups     = []string{"reach", "interference", "negotiation", "sni", "mutual-tls", "certificate", "secure", "posture", "client", "cdn-origin"}
	steps      = []string{"connect", "version", "cipher", "certificate", "verify", "keys", "secure"}
	severities = []string{"low", "medium", "high"}
	sides      = []string{"server", "client", "network", "cdn", "origin", "proxy"}
	kinds      = []string{"server", "edge", "library", "client"}
	gateways   = []string{"gateway", "antivirus", "debugging-proxy"}
)

// check reports every reference that leads nowhere. What a text must look like
// is the business of the schema and of the tests.
func (s *set) check() error {
	var errs []error
	complain := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	oneOf := func(where, what, value string, allowed []string) {
		if !slices.Contains(allowed, value) {
			complain("%s: %s %q is none of %q", where, what, value, allowed)
		}
	}

	ids := map[string]bool{}
	for _, c := range s.causes {
		ids[c.ID] = true
	}
	places := map[string][]string{"generic": nil}
	for _, w := range s.software.Software {
		if _, double := places[w.ID]; double {
			complain("software.yaml: %s stands there twice", w.ID)
		}
		places[w.ID] = w.Places
		oneOf("software.yaml: "+w.ID, "kind", w.Kind, kinds)
	}
	for _, w := range s.software.Software {
		for _, own := range w.Own {
			if !slices.Contains(w.Places, own) {
				complain("software.yaml: %s: own %q is no place", w.ID, own)
			}
		}
		for _, like := range w.Like {
			if _, known := places[like]; !known || like == w.ID {
				complain("software.yaml: %s is like %q, which is no other software", w.ID, like)
			}
		}
	}

	checkFix := func(where string, f fix) {
		allowed, known := places[f.For]
		if !known {
			complain("%s: unknown software", where)
		}
		if f.Side != "" {
			oneOf(where, "side", f.Side, sides)
		}
		if f.Config == "" && f.Place != "" {
			complain("%s: place without config", where)
		}
		if f.Config != "" && !slices.Contains(allowed, f.Place) {
			complain("%s: place %q is none of %q", where, f.Place, allowed)
		}
	}
	for name, fixes := range s.recipes.Recipes {
		for _, f := range fixes {
			where := fmt.Sprintf("recipes.yaml: %s (%s)", name, f.For)
			checkFix(where, f)
			if f.Side == "" {
				complain("%s: a recipe has to name its side", where)
			}
		}
	}

	for _, f := range s.stacks {
		for i, x := range f.Fixes {
			where := fmt.Sprintf("stacks/%s.yaml: fix %d", f.Software, i+1)
			checkFix(where, x.fix(f.Software))
			for _, id := range x.Causes {
				if !ids[id] {
					complain("%s: unknown cause %q", where, id)
				}
			}
		}
	}

	for _, c := range s.causes {
		where := c.ID + ".yaml"
		oneOf(where, "group", c.Group, groups)
		oneOf(where, "step", c.Step, steps)
		oneOf(where, "severity", c.Severity, severities)
		oneOf(where, "side", c.Side, sides)
		for i, n := range c.Near {
			if !ids[n] || n == c.ID || slices.Contains(c.Near[:i], n) {
				complain("%s: near %q is no other cause, or stands there twice", where, n)
			}
			if c.Decides[n] == "" {
				complain("%s: decides says nothing about its neighbour %q", where, n)
			}
		}
		for n := range c.Decides {
			if !slices.Contains(c.Near, n) {
				complain("%s: decides speaks of %q, which is not near", where, n)
			}
		}
		for i, f := range c.Fix {
			checkFix(fmt.Sprintf("%s: fix %d (%s)", where, i+1, f.For), f)
		}
		for _, name := range c.Recipes {
			if s.recipes.Recipes[name] == nil {
				complain("%s: unknown recipe %q", where, name)
			}
		}
	}

	topics := map[string]bool{}
	for _, t := range s.topics {
		if ids[t.ID] || topics[t.ID] {
			complain("topic %s: the id is taken", t.ID)
		}
		topics[t.ID] = true
		seen := map[string]bool{}
		for _, i := range t.Items {
			where := fmt.Sprintf("topic %s, item %s", t.ID, i.ID)
			if seen[i.ID] {
				complain("%s: stands there twice", where)
			}
			seen[i.ID] = true
			for _, id := range i.Causes {
				if !ids[id] {
					complain("%s: unknown cause %q", where, id)
				}
			}
			if i.Step != "" {
				oneOf(where, "step", i.Step, steps)
			}
			if i.Severity != "" {
				oneOf(where, "severity", i.Severity, severities)
			}
		}
	}
	for _, p := range s.interception.Products {
		oneOf("interception.yaml: "+p.Product, "kind", p.Kind, gateways)
	}
	errs = append(errs, s.checkSignatures())
	return errors.Join(errs...)
}
