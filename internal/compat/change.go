package compat

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tlswhy/tlswhy/internal/client"
	"github.com/tlswhy/tlswhy/internal/survey"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/trust"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// Change is a change of a server's configuration that nobody has made yet.
type Change struct {
	Text  string // as written
	edits []func(*transcript.Facts) error
}

// Settings are the words that a change may begin with.
func Settings() []string { return []string{"versions", "suites", "groups", "certificate", "chain"} }

// ParseChange reads one or more settings, with blanks between them:
//
//	versions=1.2,1.3           exactly these
//	versions=+1.0 suites=-3DES one more, one less
//	suites=ECDHE-RSA-AES128-GCM-SHA256,TLS_AES_128_GCM_SHA256
//	groups=+X25519MLKEM768     first of the list
//	certificate=new.pem        another certificate with its chain, PEM
//	certificate=+ECDSA:P-256   a second certificate with such a key
//	chain=+intermediate.pem    the same leaf, with these sent besides
//	chain=issuers.pem          the same leaf, with these instead
//
// read gives the content of a file. Suites, groups and versions are known by their
// names at IANA and in OpenSSL; suites also by what they have in common: 3DES,
// RC4, CBC, NULL, EXPORT, RSA (key transport), DHE, ECDHE, AEAD.
func ParseChange(text string, read func(name string) ([]byte, error)) (*Change, error) {
	c := &Change{Text: strings.Join(strings.Fields(text), " ")}
	for _, part := range strings.Fields(text) {
		setting, values, ok := strings.Cut(part, "=")
		if !ok || values == "" {
			return nil, fmt.Errorf("%q: write SETTING=VALUES, as in versions=1.2,1.3", part)
		}
		var edit func(*transcript.Facts) error
		var err error
		switch setting {
		case "versions":
			edit, err = parseList(values, parseVersion, editVersions)
		case "suites":
			edit, err = parseList(values, parseSuites, editSuites)
		case "groups":
			edit, err = parseList(values, parseGroup, editGroups)
		case "certificate":
			edit, err = parseCertificate(values, read)
		case "chain":
			edit, err = parseChain(values, read)
		default:
			err = fmt.Errorf("no setting is called that; there are %s", strings.Join(Settings(), ", "))
		}
		if err != nil {
			return nil, fmt.Errorf("%q: %w", part, err)
		}
		c.edits = append(c.edits, edit)
	}
	if len(c.edits) == 0 {
		return nil, errors.New("nothing is changed; write SETTING=VALUES, as in versions=1.2,1.3")
	}
	return c, nil
}

// Apply returns what the server would be with the change. Its error says that it
// would accept nobody, or that the change has nothing to act on.
func (c *Change) Apply(f *transcript.Facts) (*transcript.Facts, error) {
	out := f.Clone()
	for _, edit := range c.edits {
		if err := edit(out); err != nil {
			return nil, fmt.Errorf("%s: %w", c.Text, err)
		}
	}
	return out, nil
}

// delta is what a list becomes: set replaces it, then add and remove apply.
type delta[T comparable] struct{ set, add, remove []T }

// parseList reads values with a sign each; those without one are the whole list.
func parseList[T comparable](values string, parse func(string) ([]T, error), edit func(*transcript.Facts, delta[T]) error) (func(*transcript.Facts) error, error) {
	var d delta[T]
	for _, v := range strings.Split(values, ",") {
		into := &d.set
		switch {
		case strings.HasPrefix(v, "+"):
			into, v = &d.add, v[1:]
		case strings.HasPrefix(v, "-"):
			into, v = &d.remove, v[1:]
		}
		x, err := parse(v)
		if err != nil {
			return nil, err
		}
		*into = append(*into, x...)
	}
	if len(d.set) > 0 && len(d.add)+len(d.remove) > 0 {
		return nil, errors.New("either a whole list, or values with + and -")
	}
	return func(f *transcript.Facts) error { return edit(f, d) }, nil
}

func parseVersion(s string) ([]wire.Version, error) {
	v, ok := wire.ParseVersion(s)
	if !ok || v < wire.VersionSSL30 {
		return nil, fmt.Errorf("%q is no version; there are 1.0, 1.1, 1.2, 1.3 and SSLv3", s)
	}
	return []wire.Version{v}, nil
}

func parseGroup(s string) ([]wire.Group, error) {
	g, ok := wire.ParseGroup(s)
	if !ok {
		return nil, fmt.Errorf("%q is no group that is known, such as X25519 or secp384r1", s)
	}
	return []wire.Group{g}, nil
}

// classes of suites, by what people call them.
var classes = map[string]func(wire.SuiteInfo) bool{
	"3des":   func(i wire.SuiteInfo) bool { return i.Cipher == wire.Cipher3DES },
	"rc4":    func(i wire.SuiteInfo) bool { return i.Cipher == wire.CipherRC4 },
	"cbc":    func(i wire.SuiteInfo) bool { return i.Mode == wire.ModeCBC },
	"null":   func(i wire.SuiteInfo) bool { return i.Null },
	"export": func(i wire.SuiteInfo) bool { return i.Export },
	"rsa":    func(i wire.SuiteInfo) bool { return i.KeyExchange == wire.KXRSA },
	"dhe":    func(i wire.SuiteInfo) bool { return i.KeyExchange == wire.KXDHE },
	"ecdhe":  func(i wire.SuiteInfo) bool { return i.KeyExchange == wire.KXECDHE },
	"aead":   func(i wire.SuiteInfo) bool { return i.AEAD },
}

func parseSuites(s string) ([]wire.CipherSuite, error) {
	if is, ok := classes[strings.ToLower(s)]; ok {
		var out []wire.CipherSuite
		for _, x := range wire.AllCipherSuites() {
			if i, ok := x.Info(); ok && is(i) {
				out = append(out, x)
			}
		}
		return out, nil
	}
	x, ok := wire.ParseCipherSuite(s)
	if _, known := x.Info(); !ok || !known {
		return nil, fmt.Errorf("%q is no cipher suite that is known, by its name at IANA or in OpenSSL", s)
	}
	return []wire.CipherSuite{x}, nil
}

// editVersions: a version that comes new brings what Mozilla's strictest
// configuration that has it brings.
func editVersions(f *transcript.Facts, d delta[wire.Version]) error {
	remove := d.remove
	if len(d.set) > 0 {
		d.add = d.set
		for _, v := range f.Versions {
			if !slices.Contains(d.set, v) {
				remove = append(slices.Clip(remove), v)
			}
		}
	}
	for _, v := range d.add {
		survey.AcceptVersion(f, v)
	}
	f.Versions = slices.DeleteFunc(f.Versions, func(v wire.Version) bool { return slices.Contains(remove, v) })
	for _, v := range remove {
		delete(f.Suites, v.String())
	}
	if len(f.Versions) == 0 {
		return errors.New("no version would be left")
	}
	return nil
}

// editSuites changes the suites of each version in which they exist. New ones
// come last: who turns a suite on for old clients does not prefer it.
func editSuites(f *transcript.Facts, d delta[wire.CipherSuite]) error {
	accepted := false
	for _, v := range f.Versions {
		s := f.Suites[v.String()]
		fits := func(x wire.CipherSuite) bool {
			i, ok := x.Info()
			return ok && i.MinVersion <= v && v <= i.MaxVersion
		}
		if len(d.set) > 0 {
			if in := filter(d.set, fits); len(in) > 0 || v < wire.VersionTLS13 {
				s.List = in // a list that names none of TLS 1.3 leaves those alone, as servers do
			}
		}
		s.List = slices.DeleteFunc(s.List, func(x wire.CipherSuite) bool { return slices.Contains(d.remove, x) })
		for _, x := range filter(d.add, fits) {
			if !slices.Contains(s.List, x) {
				s.List = append(s.List, x)
			}
		}
		f.Suites[v.String()] = s
		accepted = accepted || len(s.List) > 0
	}
	// A version without a suite is refused; facts say so by not listing it.
	f.Versions = slices.DeleteFunc(f.Versions, func(v wire.Version) bool { return len(f.Suites[v.String()].List) == 0 })
	if !accepted {
		return errors.New("no suite would be left")
	}
	if hasDHE(f) && len(f.DH) == 0 && !slices.ContainsFunc(f.Groups, func(g transcript.GroupFact) bool { return g.Group.FiniteField() }) {
		f.DH = []transcript.DHFact{{Bits: 2048, Name: "ffdhe2048", Generator: 2, Safe: transcript.Yes}}
	}
	return nil
}

func filter[T any](list []T, keep func(T) bool) []T {
	return slices.DeleteFunc(slices.Clone(list), func(x T) bool { return !keep(x) })
}

func hasDHE(f *transcript.Facts) bool {
	for _, s := range f.Suites {
		for _, x := range s.List {
			if i, ok := x.Info(); ok && i.KeyExchange == wire.KXDHE {
				return true
			}
		}
	}
	return false
}

// editGroups changes the groups for all versions that can use them. A new one
// comes first: nobody adds a group to have it chosen last.
func editGroups(f *transcript.Facts, d delta[wire.Group]) error {
	fact := func(g wire.Group) transcript.GroupFact {
		x := transcript.GroupFact{Group: g, TLS13: transcript.TriOf(slices.Max(f.Versions) >= wire.VersionTLS13), TLS12: transcript.TriOf(!g.PostQuantum())}
		return x
	}
	if len(d.set) > 0 {
		old := f.Groups
		f.Groups = nil
		for _, g := range d.set {
			x := fact(g)
			if i := slices.IndexFunc(old, func(y transcript.GroupFact) bool { return y.Group == g }); i >= 0 {
				x = old[i]
			}
			f.Groups = append(f.Groups, x)
		}
	}
	f.Groups = slices.DeleteFunc(f.Groups, func(x transcript.GroupFact) bool { return slices.Contains(d.remove, x.Group) })
	var first []transcript.GroupFact
	for _, g := range d.add {
		if !slices.ContainsFunc(f.Groups, func(x transcript.GroupFact) bool { return x.Group == g }) {
			first = append(first, fact(g))
		}
	}
	f.Groups = slices.Concat(first, f.Groups)
	return nil
}

// parseCertificate reads a file, or a kind of key with a sign.
func parseCertificate(value string, read func(string) ([]byte, error)) (func(*transcript.Facts) error, error) {
	if kind, ok := strings.CutPrefix(value, "+"); ok {
		key := strings.ReplaceAll(kind, ":", " ")
		switch strings.ToUpper(strings.Fields(key + " ?")[0]) {
		case "RSA", "ECDSA":
		default:
			return nil, errors.New("a second certificate is +RSA:2048 or +ECDSA:P-256; another one in place of all is a PEM file")
		}
		return func(f *transcript.Facts) error { survey.AcceptKey(f, key); return nil }, nil
	}
	chain, err := readChain(value, read)
	if err != nil {
		return nil, err
	}
	return func(f *transcript.Facts) error {
		x := transcript.Served{
			SHA256: fmt.Sprintf("%x", chain[0].SHA256), Chain: raw(chain), KeyFits: transcript.Yes,
			For: []transcript.Asked{transcript.ByName, transcript.ByNoName, transcript.ByOtherName},
		}
		if chain[0].Key != nil {
			x.Key = chain[0].Key.Describe()
		}
		kinds := map[string]bool{}
		for _, old := range f.Served {
			kinds[kindOf(old.Key)] = true
		}
		f.Served = nil
		if k := kindOf(x.Key); !kinds[k] {
			f.SignatureAlgorithms = nil
			survey.AcceptKey(f, x.Key)
			f.Served = nil
		}
		f.Served = append(f.Served, x)
		f.Features.OCSPStapling = transcript.No
		return nil
	}, nil
}

func kindOf(key string) string {
	kind, _, _ := strings.Cut(key, " ")
	return strings.ToUpper(kind)
}

// parseChain reads the certificates to send besides the leaf.
func parseChain(value string, read func(string) ([]byte, error)) (func(*transcript.Facts) error, error) {
	name, more := strings.CutPrefix(value, "+")
	certs, err := readChain(name, read)
	if err != nil {
		return nil, err
	}
	return func(f *transcript.Facts) error {
		for i := range f.Served {
			x := &f.Served[i]
			if len(x.Chain) == 0 {
				continue
			}
			keep := x.Chain[:1]
			if more {
				keep = x.Chain
			}
			x.Chain = slices.Concat(keep, raw(certs))
			x.Bytes = 0 // not what was measured
		}
		return nil
	}, nil
}

func readChain(name string, read func(string) ([]byte, error)) ([]*trust.Certificate, error) {
	text, err := read(name)
	if err != nil {
		return nil, err
	}
	return trust.ParsePEM(text)
}

func raw(certs []*trust.Certificate) [][]byte {
	var out [][]byte
	for _, c := range certs {
		out = append(out, c.Raw)
	}
	return out
}

// whatIf compares the clients before and after a change.
func whatIf(p *client.Predictor, f *transcript.Facts, profiles []*client.Profile, c *Change) (*WhatIf, error) {
	after, err := c.Apply(f)
	if err != nil {
		return nil, err
	}
	w := &WhatIf{Change: c.Text, Lost: []string{}, Gained: []string{}, Open: []string{}}
	then := p.With(after)
	for _, x := range profiles {
		a, b := p.Predict(x), then.Predict(x)
		switch {
		case !a.Exact || !b.Exact:
			w.Open = append(w.Open, x.ID)
		case a.Outcome == b.Outcome:
		case a.Outcome == client.OK:
			w.Lost = append(w.Lost, x.ID)
		default:
			w.Gained = append(w.Gained, x.ID)
		}
	}
	return w, nil
}
