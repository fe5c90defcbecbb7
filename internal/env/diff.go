package env

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// DiffSchema names the comparison of two machines.
const DiffSchema = "tlswhy/env-diff/v1"

// Diff is what differs between two machines, most telling first.
type Diff struct {
	Schema      string       `json:"schema"`
	Version     string       `json:"tlswhy"` // version of the program
	A           Side         `json:"a"`
	B           Side         `json:"b"`
	Differences []Difference `json:"differences"`
	Alike       int          `json:"alike"` // things compared that do not differ
}

// Side is one of the machines.
type Side struct {
	Name   string `json:"name"`
	Time   string `json:"time"`
	System string `json:"system"`
}

// Difference is one thing that differs.
type Difference struct {
	// Part is what differs: "version", "trust", "verification", "level", "variable",
	// "proxy", "setting", "suites", "groups", "library", "program", "policy", "clock",
	// "system".
	Part string `json:"part"`
	// Of are the stacks that it is of; none: the machine.
	Of []string `json:"of"`
	// Item is the name of a variable or setting.
	Item string `json:"item,omitempty"`
	A    string `json:"a"`
	B    string `json:"b"`
	// OnlyA and OnlyB are members of sets.
	OnlyA []string `json:"only_a,omitempty"`
	OnlyB []string `json:"only_b,omitempty"`
	// Means is what follows from it.
	Means string `json:"means,omitempty"`

	rank int
}

// maxDocument is far above any: a machine with ten stores writes 200 KB.
const maxDocument = 32 << 20

// Read reads a document that tlswhy env --json wrote.
func Read(r io.Reader) (*Document, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxDocument+1))
	if err != nil {
		return nil, err
	}
	if len(b) > maxDocument {
		return nil, fmt.Errorf("larger than %d MiB", maxDocument>>20)
	}
	var d Document
	if err := json.Unmarshal(b, &d); err != nil {
		return nil, errors.New("this is no JSON of tlswhy env --json")
	}
	if d.Schema != Schema {
		return nil, fmt.Errorf("this is a document of %q, not of %s", d.Schema, Schema)
	}
	if err := d.plausible(); err != nil {
		return nil, err
	}
	return &d, nil
}

// plausible bounds the lists that are compared each with each: the document is
// anybody's text.
func (d *Document) plausible() error {
	most := func(what string, n, limit int) error {
		if n > limit {
			return fmt.Errorf("%d %s: no machine has as many", n, what)
		}
		return nil
	}
	err := cmp.Or(
		most("stacks", len(d.Stacks), 200), most("stores", len(d.Stores), 1000), most("policies", len(d.Policies), 200),
		most("variables", len(d.Settings)+len(d.Proxy.Variables), 2000), most("findings", len(d.Findings), 5000),
	)
	for i := range d.Stacks {
		s := &d.Stacks[i]
		err = cmp.Or(err, most("suites", len(s.Suites), 2000), most("settings", len(s.Settings)+len(s.Packages), 5000))
	}
	for i := range d.Stores {
		err = cmp.Or(err, most("roots", len(d.Stores[i].Certificates), maxRoots))
	}
	return err
}

type differ struct {
	out *Diff
}

func (x *differ) compare(rank int, part, of, a, b, means string) {
	x.item(rank, part, of, "", a, b, means)
}

func (x *differ) item(rank int, part, of, item, a, b, means string) {
	if a == b {
		x.out.Alike++
		return
	}
	x.add(Difference{Part: part, Of: stacks(of), Item: item, A: a, B: b, Means: means, rank: rank})
}

func stacks(id string) []string {
	if id == "" {
		return []string{}
	}
	return []string{id}
}

// add says what is the same for several stacks once.
func (x *differ) add(d Difference) {
	for i := range x.out.Differences {
		old := &x.out.Differences[i]
		if len(old.Of) > 0 && len(d.Of) > 0 && old.Part == d.Part && old.Item == d.Item && old.A == d.A && old.B == d.B &&
			slices.Equal(old.OnlyA, d.OnlyA) && slices.Equal(old.OnlyB, d.OnlyB) {
			old.Of = append(old.Of, d.Of...)
			return
		}
	}
	x.out.Differences = append(x.out.Differences, d)
}

func (x *differ) sets(rank int, part, of string, a, b []string, means string) {
	onlyA, onlyB := without(a, b), without(b, a)
	if len(onlyA)+len(onlyB) == 0 {
		x.out.Alike++
		return
	}
	x.add(Difference{
		Part: part, Of: stacks(of), A: strconv.Itoa(len(a)), B: strconv.Itoa(len(b)), OnlyA: onlyA, OnlyB: onlyB, Means: means, rank: rank,
	})
}

// Ranks: what decides over a connection comes before what explains it.
const (
	rankVerify = iota
	rankVersion
	rankTrust
	rankLevel
	rankClock
	rankVariable
	rankProxy
	rankSetting
	rankSuites
	rankPolicy
	rankLibrary
	rankProgram
	rankSystem
)

// Compare says what differs between two machines.
func Compare(a, b *Document, nameA, nameB string) *Diff {
	d := &Diff{
		Schema: DiffSchema, Version: b.Version, Differences: []Difference{},
		A: Side{nameA, a.Time, systemText(a.System)}, B: Side{nameB, b.Time, systemText(b.System)},
	}
	x := &differ{d}
	x.machine(a, b)
	for _, id := range ids(a, b) {
		sa, sb := a.Stack(id), b.Stack(id)
		switch {
		case sa == nil:
			x.compare(rankProgram, "program", id, "", programText(sb), "")
		case sb == nil:
			x.compare(rankProgram, "program", id, programText(sa), "", "")
		default:
			x.stack(a, b, sa, sb)
		}
	}
	slices.SortStableFunc(d.Differences, func(p, q Difference) int { return cmp.Compare(p.rank, q.rank) })
	return d
}

func ids(a, b *Document) []string {
	var out []string
	for _, d := range []*Document{a, b} {
		for _, s := range d.Stacks {
			if !slices.Contains(out, s.ID) {
				out = append(out, s.ID)
			}
		}
	}
	return out
}

func systemText(s System) string {
	return strings.TrimSpace(cmp.Or(s.Name, strings.TrimSpace(s.ID+" "+s.Release), s.OS) + " " + s.Arch)
}

func programText(s *Stack) string {
	out := strings.TrimSpace(s.Name + " " + s.Version)
	if s.Library != "" && !strings.Contains(s.Library, s.Name) {
		out += " with " + s.Library
	}
	return out
}

func (x *differ) machine(a, b *Document) {
	off := func(d *Document) []string {
		var out []string
		for _, f := range d.Findings {
			if f.ID == FindVerifyOff {
				out = append(out, f.Title)
			}
		}
		return out
	}
	x.sets(rankVerify, "verification", "", off(a), off(b), "Where nothing is verified, everything connects.")
	behind := func(d *Document) string {
		if d.Clock.BehindMS > float64(clockSlack.Milliseconds()) {
			return "behind by " + span(d.Clock.BehindMS) + " at least"
		}
		return "not seen to be wrong"
	}
	x.compare(rankClock, "clock", "", behind(a), behind(b), "A clock that is behind finds new certificates not yet valid.")
	x.variables(rankVariable, "variable", a.Settings, b.Settings)
	x.variables(rankProxy, "proxy", a.Proxy.Variables, b.Proxy.Variables)
	policy := func(d *Document) string {
		var out []string
		for _, p := range d.Policies {
			text := p.ID + " " + p.Name
			for _, s := range p.Settings {
				text += "; " + s.Name + " = " + s.Value
			}
			out = append(out, text)
		}
		return strings.Join(out, "\n")
	}
	name := func(d *Document) string {
		var out []string
		for _, p := range d.Policies {
			out = append(out, p.ID+" "+p.Name)
		}
		return cmp.Or(strings.Join(out, ", "), "none")
	}
	if policy(a) != policy(b) {
		means := ""
		if name(a) == name(b) {
			means = "Of the same name, with other settings."
		}
		x.out.Differences = append(x.out.Differences, Difference{Part: "policy", Of: []string{}, A: name(a), B: name(b), Means: means, rank: rankPolicy})
	} else {
		x.out.Alike++
	}
	x.compare(rankSystem, "system", "", systemText(a.System), systemText(b.System), "")
}

func (x *differ) variables(rank int, part string, a, b []Variable) {
	value := func(all []Variable, name string) string {
		for _, v := range all {
			if v.Name == name {
				if v.Exists.String() == "no" {
					return v.Value + " (does not exist)"
				}
				return v.Value
			}
		}
		return ""
	}
	var names []string
	for _, v := range slices.Concat(a, b) {
		if !slices.Contains(names, v.Name) {
			names = append(names, v.Name)
		}
	}
	for _, n := range names {
		x.item(rank, part, "", n, value(a, n), value(b, n), "")
	}
}

func (x *differ) stack(a, b *Document, sa, sb *Stack) {
	id := sa.ID
	x.compare(rankVersion, "version", id, versionText(sa), versionText(sb), "Servers that speak only what the one lacks fail there.")
	x.compare(rankLevel, "level", id, levelText(sa), levelText(sb), "A higher level refuses smaller keys, SHA-1 and old versions.")
	x.stores(id, a.StoreOf(sa), b.StoreOf(sb))
	x.sets(rankSuites, "suites", id, suiteNames(sa), suiteNames(sb), "")
	x.compare(rankSuites, "groups", id, fmt.Sprint(sa.Groups), fmt.Sprint(sb.Groups), "")
	x.compare(rankSuites, "signatures", id, fmt.Sprint(sa.SignatureSchemes), fmt.Sprint(sb.SignatureSchemes), "")
	x.compare(rankSuites, "fingerprint", id, sa.JA4, sb.JA4, "The hellos differ; a middlebox may tell them apart.")
	x.settings(id, sa.Settings, sb.Settings)
	x.settings(id, sa.Packages, sb.Packages)
	x.compare(rankLibrary, "library", id, sa.Library, sb.Library, "")
	x.compare(rankProgram, "program", id, sa.Version, sb.Version, "")
}

func versionText(s *Stack) string {
	if s.MinVersion == 0 && s.MaxVersion == 0 {
		return "not known"
	}
	// Python and others say no upper bound: that of their library.
	return fmt.Sprintf("%s to %s", s.MinVersion, cmp.Or(s.MaxVersion, wire.VersionTLS13))
}

func levelText(s *Stack) string {
	if s.SecurityLevel < 0 {
		return "none"
	}
	return strconv.Itoa(s.SecurityLevel)
}

func suiteNames(s *Stack) []string {
	var out []string
	for _, c := range s.Suites {
		out = append(out, c.String())
	}
	return out
}

func (x *differ) settings(id string, a, b []Setting) {
	value := func(all []Setting, name string) string {
		s, _ := lastProperty(all, name)
		return s.Value
	}
	var names []string
	for _, s := range slices.Concat(a, b) {
		if !slices.Contains(names, s.Name) {
			names = append(names, s.Name)
		}
	}
	for _, n := range names {
		x.item(rankSetting, "setting", id, n, value(a, n), value(b, n), "")
	}
}

// stores compares roots by what they are, not by where they lie.
func (x *differ) stores(id string, a, b *Store) {
	if a == nil || b == nil {
		have := func(s *Store) string {
			if s == nil {
				return "none found"
			}
			return s.Path
		}
		x.compare(rankTrust, "trust", id, have(a), have(b), "")
		return
	}
	onlyA, onlyB := onlyIn(a, b), onlyIn(b, a)
	if len(onlyA)+len(onlyB) == 0 {
		x.out.Alike++
		return
	}
	x.add(Difference{
		Part: "trust", Of: stacks(id), A: strconv.Itoa(len(a.Certificates)), B: strconv.Itoa(len(b.Certificates)), OnlyA: onlyA, OnlyB: onlyB,
		Means: "Servers with certificates of these work in the one and fail in the other.", rank: rankTrust,
	})
}

// onlyIn names the roots of a store that another lacks; private CAs come first,
// because they are what people add by hand.
func onlyIn(a, b *Store) []string {
	there := map[string]bool{}
	for _, r := range b.Certificates {
		there[r.SHA256] = true
	}
	var private, public []string
	for _, r := range a.Certificates {
		switch {
		case there[r.SHA256]:
		case listed()[r.Subject]:
			public = append(public, commonName(r.Subject))
		default:
			private = append(private, commonName(r.Subject))
		}
	}
	slices.Sort(private)
	slices.Sort(public)
	return append(private, public...)
}
