package compat

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/client"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// maxImprovements are told of: beyond the first few, a person wants to decide by
// --if.
const maxImprovements = 4

// obstacles groups the clients that fail by what keeps them out, what keeps most
// out first.
func obstacles(rows []Row) []Obstacle {
	var out []Obstacle
	for _, r := range rows {
		if r.Outcome != Fail || r.Cause == nil || r.Kind == client.Reference {
			continue
		}
		text := r.Setting
		if text == "" {
			text = r.Why
		}
		i := slices.IndexFunc(out, func(o Obstacle) bool { return o.Cause == *r.Cause && o.Text == text })
		if i < 0 {
			i = len(out)
			out = append(out, Obstacle{Step: *r.Step, Cause: *r.Cause, Text: text})
		}
		out[i].Clients = append(out[i].Clients, r.ID)
	}
	slices.SortStableFunc(out, func(a, b Obstacle) int {
		return cmp.Or(cmp.Compare(len(b.Clients), len(a.Clients)), cmp.Compare(a.Step, b.Step))
	})
	return out
}

// improver looks for changes that let clients in.
type improver struct {
	p    *client.Predictor
	f    *transcript.Facts
	out  []*client.Profile // that fail, as far as can be told
	in   []*client.Profile // that connect
	best []Improvement
}

// improvements tries one change of each kind that could help somebody who is out,
// and keeps those that do.
func improvements(p *client.Predictor, f *transcript.Facts, profiles []*client.Profile) []Improvement {
	m := &improver{p: p, f: f}
	var negotiation, chain bool
	keys := map[wire.CipherSuite]bool{}
	groups := map[wire.Group]bool{}
	for _, c := range profiles {
		x := p.Predict(c)
		switch {
		case c.Kind == client.Reference || !x.Exact:
		case x.Outcome == client.OK:
			m.in = append(m.in, c)
		default:
			m.out = append(m.out, c)
			switch x.Cause {
			case cause.NoSharedVersion, cause.ClientTooOld:
				negotiation = true
			case cause.IncompleteChain:
				chain = true
			}
			for _, s := range c.Hello.CipherSuites {
				keys[s] = true
			}
			for _, g := range c.Hello.SupportedGroups() {
				groups[g] = true
			}
		}
	}
	if negotiation {
		for _, v := range []wire.Version{wire.VersionTLS13, wire.VersionTLS12, wire.VersionTLS11, wire.VersionTLS10} {
			if !slices.Contains(f.Versions, v) {
				m.consider("versions=+"+v.String()[len("TLS "):], "accept "+v.String()+" too", priceOfVersion(v))
			}
		}
	}
	for _, s := range slices.Sorted(maps.Keys(keys)) {
		i, ok := s.Info()
		if ok && i.Registered && !i.Anonymous && !i.Null && !i.Export && !i.PSK && !accepted(f, s) {
			m.consider("suites=+"+s.String(), "accept "+s.String()+" too", priceOfSuite(i))
		}
	}
	for _, g := range slices.Sorted(maps.Keys(groups)) {
		if !wire.IsGREASE(uint16(g)) && !slices.ContainsFunc(f.Groups, func(x transcript.GroupFact) bool { return x.Group == g }) {
			m.consider("groups=+"+g.String(), "accept the group "+g.String()+" too", "")
		}
	}
	for _, key := range []string{"RSA:2048", "ECDSA:P-256"} {
		name := strings.ReplaceAll(key, ":", " ")
		if kind := kindOf(name); !slices.ContainsFunc(f.Served, func(x transcript.Served) bool { return kindOf(x.Key) == kind }) {
			m.consider("certificate=+"+key, "have a second certificate with an "+name+" key", "")
		}
	}
	if chain {
		m.considerChain()
	}
	return m.choose()
}

func accepted(f *transcript.Facts, x wire.CipherSuite) bool {
	for _, s := range f.Suites {
		if slices.Contains(s.List, x) {
			return true
		}
	}
	return false
}

// consider keeps a change if it lets somebody in.
func (m *improver) consider(change, text, price string) {
	c, err := ParseChange(change, nil)
	if err != nil {
		return
	}
	after, err := c.Apply(m.f)
	if err != nil {
		return
	}
	m.keep(after, Improvement{Change: change, Text: text, Price: price})
}

// considerChain: the issuers that were fetched, sent.
func (m *improver) considerChain() {
	missing := m.p.Fetched()
	if len(missing) == 0 {
		// Nobody here knows it: whom it lets in is not known for sure, but who waits.
		x := Improvement{Change: "chain=+intermediate.pem", Text: "send the certificate of the issuer, if that is an intermediate", Loses: []string{}}
		for _, c := range m.out {
			if m.p.Predict(c).Cause == cause.IncompleteChain {
				x.LetsIn = append(x.LetsIn, c.ID)
			}
		}
		m.best = append(m.best, x)
		return
	}
	after := m.f.Clone()
	for i := range after.Served {
		if x := &after.Served[i]; len(x.Chain) > 0 {
			x.Chain = slices.Concat(x.Chain, raw(missing))
		}
	}
	m.keep(after, Improvement{Change: "chain=+intermediate.pem", Text: fmt.Sprintf("send the certificate of %s too", missing[0].Subject.Short())})
}

func (m *improver) keep(after *transcript.Facts, x Improvement) {
	then := m.p.With(after)
	for _, c := range m.out {
		if y := then.Predict(c); y.Exact && y.Outcome == client.OK {
			x.LetsIn = append(x.LetsIn, c.ID)
		}
	}
	if len(x.LetsIn) == 0 {
		return
	}
	x.Loses = []string{}
	for _, c := range m.in {
		if y := then.Predict(c); y.Exact && y.Outcome == client.Fail {
			x.Loses = append(x.Loses, c.ID)
		}
	}
	m.best = append(m.best, x)
}

// choose takes what costs nothing in safety first, of that what lets in most, and
// then only what lets in somebody else.
func (m *improver) choose() []Improvement {
	slices.SortStableFunc(m.best, func(a, b Improvement) int {
		return cmp.Or(free(b)-free(a), cmp.Compare(len(b.LetsIn), len(a.LetsIn)), cmp.Compare(len(a.Loses), len(b.Loses)), cmp.Compare(len(a.Price), len(b.Price)))
	})
	var out []Improvement
	let := map[string]bool{}
	for _, x := range m.best {
		if len(out) == maxImprovements {
			break
		}
		if slices.ContainsFunc(x.LetsIn, func(id string) bool { return !let[id] }) {
			out = append(out, x)
			for _, id := range x.LetsIn {
				let[id] = true
			}
		}
	}
	return out
}

func free(x Improvement) int {
	if x.Price == "" && len(x.Loses) == 0 {
		return 1
	}
	return 0
}

func priceOfVersion(v wire.Version) string {
	if v < wire.VersionTLS12 {
		return "SHA-1 signatures, forbidden by RFC 8996"
	}
	return ""
}

// priceOfSuite is what is wrong with a suite, the worst first.
func priceOfSuite(i wire.SuiteInfo) string {
	switch {
	case i.Cipher == wire.CipherRC4:
		return "RC4 is broken and forbidden by RFC 7465"
	case i.KeyBits > 0 && i.KeyBits < 112:
		return fmt.Sprintf("a key of %d bits can be tried out", i.KeyBits)
	case i.Cipher == wire.Cipher3DES:
		return "3DES has blocks of 64 bits, which leak after some GB (Sweet32)"
	case !i.ForwardSecret && !i.AEAD:
		return "for them no forward secrecy, and CBC"
	case !i.ForwardSecret:
		return "for them no forward secrecy"
	case !i.AEAD:
		return "for them CBC instead of AEAD"
	}
	return ""
}
