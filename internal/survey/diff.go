package survey

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// DiffSchema names the document that compares two surveys.
const DiffSchema = "tlswhy/survey-diff/v1"

// Diff is what two surveys tell differently: an edge and its origin, two nodes
// of one name, one server before and after a change. What is alike is counted
// and not named.
type Diff struct {
	Schema  string `json:"schema"`
	Version string `json:"tlswhy,omitempty"` // of the program that compared
	A       Side   `json:"a"`
	B       Side   `json:"b"`
	// Differences, in the order of a survey's parts.
	Differences []Difference `json:"differences"`
	// Alike counts what was compared and is the same.
	Alike int `json:"alike"`
	// NotCompared names what at least one of the two surveys does not know.
	NotCompared []string `json:"not_compared"`
	// OnlyA are ids of clients that connect to A and are kept out of B, OnlyB the
	// other way round; of those predicted exactly.
	OnlyA []string `json:"clients_only_a"`
	OnlyB []string `json:"clients_only_b"`
}

// Side is one of the two surveys.
type Side struct {
	// Name tells it from the other in a word or two: "before", an address, a target.
	Name     string        `json:"name"`
	Target   report.Target `json:"target"`
	Time     string        `json:"time"` // RFC 3339, UTC
	Complete bool          `json:"complete"`
	// NoTLS says why there is nothing to compare: the survey found no TLS. "": it did.
	NoTLS string `json:"no_tls,omitempty"`
}

// Difference is one thing that two surveys tell differently. Of lists, OnlyA and
// OnlyB say what is missing at the other; if both are empty the order differs,
// and A and B hold it. Of values, A and B hold them.
type Difference struct {
	// Part is the member of a survey's JSON that differs: "versions", "suites",
	// "groups", "signature_algorithms", "alpn", "dh", "certificates", "features",
	// "client_certificate_authorities", "dns", "http", "findings".
	Part string `json:"part"`
	// Item is what of it, "" where the part is one thing: a version's name of
	// suites, a key's kind of certificates, a member's name of the others.
	Item  string   `json:"item"`
	Kind  DiffKind `json:"kind"`
	OnlyA []string `json:"only_a"`
	OnlyB []string `json:"only_b"`
	A     string   `json:"a"`
	B     string   `json:"b"`
}

// DiffKind says how two surveys differ in a thing.
type DiffKind string

// Kinds of differences.
const (
	DiffSet   DiffKind = "set"   // what a list holds
	DiffOrder DiffKind = "order" // in which order
	DiffValue DiffKind = "value"
)

// Compare tells how two surveys differ.
func Compare(a, b *Survey) *Diff {
	d := &differ{both13: sharedVersions(a, b).tls13, Diff: &Diff{
		Schema: DiffSchema, A: sideOf(a), B: sideOf(b),
		Differences: []Difference{}, NotCompared: []string{}, OnlyA: []string{}, OnlyB: []string{},
	}}
	d.nameSides(a.Options.Connect, b.Options.Connect)
	d.list("versions", "", nameList(a.Versions), nameList(b.Versions), false)
	if d.A.NoTLS != "" || d.B.NoTLS != "" {
		return d.Diff // whatever else the one has, the other lacks
	}
	d.suites(a, b)
	d.groups(a, b)
	d.list("signature_algorithms", "", schemeNames(a, sharedVersions(a, b)), schemeNames(b, sharedVersions(a, b)), false)
	d.known("signature_algorithms", "order", string(a.SignatureOrder), string(b.SignatureOrder))
	d.list("alpn", "", a.ALPN, b.ALPN, true)
	d.tri("alpn", "refuses", a.ALPNRefuses, b.ALPNRefuses)
	d.list("dh", "", primeNames(a), primeNames(b), false)
	d.certificates(a, b)
	d.features("features", reflect.ValueOf(a.Features), reflect.ValueOf(b.Features))
	d.list("client_certificate_authorities", "", a.Authorities, b.Authorities, false)
	d.dns(a, b)
	d.http(a, b)
	d.list("findings", "", findingCauses(a), findingCauses(b), false)
	d.clients(a, b)
	return d.Diff
}

func sideOf(s *Survey) Side {
	x := Side{Target: s.Target, Time: s.Time, Complete: s.Complete}
	if len(s.Versions) == 0 {
		x.NoTLS = "no hello was answered"
		if n := len(s.Notes); n > 0 {
			x.NoTLS = s.Notes[n-1]
		}
	}
	return x
}

// differ collects what differs.
type differ struct {
	*Diff
	both13 bool // both take TLS 1.3
}

// nameSides picks what tells the two apart: targets, else what was dialled, else
// time.
func (d *differ) nameSides(connectA, connectB string) {
	a, b := &d.A, &d.B
	switch {
	case a.Target.String() != b.Target.String():
		a.Name, b.Name = a.Target.String(), b.Target.String()
	case a.Target.Address != b.Target.Address && a.Target.Address != "" && b.Target.Address != "":
		a.Name, b.Name = a.Target.Address, b.Target.Address
	case connectA != connectB && a.Target.Address == b.Target.Address: // another port of it
		a.Name, b.Name = cmp.Or(connectA, a.Target.Address), cmp.Or(connectB, b.Target.Address)
	case b.Time < a.Time: // RFC 3339 in UTC sorts as text
		a.Name, b.Name = "after", "before"
	default:
		a.Name, b.Name = "before", "after"
	}
}

func (d *differ) add(x Difference) {
	if x.OnlyA == nil {
		x.OnlyA = []string{}
	}
	if x.OnlyB == nil {
		x.OnlyB = []string{}
	}
	d.Differences = append(d.Differences, x)
}

// list compares two lists; ordered says that their order means something.
func (d *differ) list(part, item string, a, b []string, ordered bool) {
	onlyA, onlyB := lacking(a, b), lacking(b, a)
	switch {
	case len(onlyA)+len(onlyB) > 0:
		d.add(Difference{Part: part, Item: item, Kind: DiffSet, OnlyA: onlyA, OnlyB: onlyB})
	case len(a) == 0:
	default:
		d.Alike++
	}
	if !ordered {
		return
	}
	// The order of what both have: an item more moves none of the others.
	bothA, bothB := lacking(a, onlyA), lacking(b, onlyB)
	if !slices.Equal(bothA, bothB) {
		d.add(Difference{Part: part, Item: item, Kind: DiffOrder, A: strings.Join(bothA, ", "), B: strings.Join(bothB, ", ")})
	}
}

// lacking is what of a is not in b, each once.
func lacking(a, b []string) []string {
	var out []string
	for _, s := range a {
		if !slices.Contains(b, s) && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

func (d *differ) value(part, item, a, b string) {
	if a != b {
		d.add(Difference{Part: part, Item: item, Kind: DiffValue, A: a, B: b})
		return
	}
	d.Alike++
}

// known is value for what is "" where nobody looked.
func (d *differ) known(part, item, a, b string) {
	switch {
	case a == "" && b == "":
	case a == "" || b == "":
		d.unknown(part, item)
	default:
		d.value(part, item, a, b)
	}
}

func (d *differ) tri(part, item string, a, b transcript.Tri) {
	known := func(t transcript.Tri) string {
		if t == transcript.Unknown {
			return ""
		}
		return t.String()
	}
	d.known(part, item, known(a), known(b))
}

func (d *differ) unknown(part, item string) {
	if item != "" {
		part += "." + item
	}
	d.NotCompared = append(d.NotCompared, part)
}

// suites compares those of each version that both take: that a version is
// lacking is said already.
func (d *differ) suites(a, b *Survey) {
	for _, v := range a.Versions {
		name := v.String()
		x, okX := a.Suites[name]
		y, okY := b.Suites[name]
		if !okX || !okY || !slices.Contains(b.Versions, v) {
			continue
		}
		server := x.Order == transcript.ServerOrder && y.Order == transcript.ServerOrder
		d.list("suites", name, suiteNameList(x), suiteNameList(y), server)
		// Of one suite nothing can be told of the order.
		if len(suiteNameList(x)) > 1 && len(suiteNameList(y)) > 1 {
			d.known("suites", name+" order", string(x.Order), string(y.Order))
			d.tri("suites", name+" chacha_first", x.ChaChaFirst, y.ChaChaFirst)
		}
		if x.Complete != y.Complete {
			d.unknown("suites", name)
		}
	}
}

func suiteNameList(s transcript.SuiteFacts) []string {
	return append(nameList(s.List), nameList(s.ListSSL2)...)
}

func nameList[T fmt.Stringer](all []T) []string {
	out := make([]string, len(all))
	for i, x := range all {
		out[i] = x.String()
	}
	return out
}

func (d *differ) groups(a, b *Survey) {
	in := sharedVersions(a, b)
	list := func(s *Survey) []string {
		var out []string
		for _, g := range s.Groups {
			if where, taken := in.taken(g.TLS13, g.TLS12); taken {
				out = append(out, g.Group.String()+where)
			}
		}
		return out
	}
	server := a.GroupOrder == transcript.ServerOrder && b.GroupOrder == transcript.ServerOrder
	d.list("groups", "", list(a), list(b), server)
	if len(a.Groups) > 1 && len(b.Groups) > 1 {
		d.known("groups", "order", string(a.GroupOrder), string(b.GroupOrder))
		d.known("groups", "order in TLS 1.2", string(a.GroupOrder12), string(b.GroupOrder12))
		d.tri("groups", "key_share_first", a.ShareFirst, b.ShareFirst)
	}
}

func schemeNames(s *Survey, in shared) []string {
	var out []string
	for _, x := range s.SignatureAlgorithms {
		where, taken := in.taken(x.TLS13, x.TLS12)
		if name := x.Scheme.String() + where; taken && !slices.Contains(out, name) { // once for each certificate
			out = append(out, name)
		}
	}
	return out
}

// shared says which versions both servers take: what is taken in a version that
// one of them lacks is no difference of its own.
type shared struct{ tls13, older bool }

func sharedVersions(a, b *Survey) shared {
	var in shared
	for _, v := range a.Versions {
		if slices.Contains(b.Versions, v) {
			in.tls13 = in.tls13 || v >= wire.VersionTLS13
			in.older = in.older || v < wire.VersionTLS13
		}
	}
	return in
}

// taken says whether something is taken in a shared version, and in which if not
// in all that it could be taken in.
func (in shared) taken(tls13, tls12 transcript.Tri) (where string, taken bool) {
	new13, old := in.tls13 && tls13 == transcript.Yes, in.older && tls12 == transcript.Yes
	switch {
	case !in.tls13 || !in.older:
	case new13 && tls12 == transcript.No:
		where = " (TLS 1.3)"
	case old && tls13 == transcript.No:
		where = " (not TLS 1.3)"
	}
	return where, new13 || old
}

func primeNames(s *Survey) []string {
	var out []string
	for _, p := range s.DH {
		name := strconv.Itoa(p.Bits) + " bits"
		if p.Name != "" {
			name += ", " + p.Name
		} else if len(p.Prime) >= 8 {
			name += ", prime " + p.Prime[:8]
		}
		out = append(out, name)
	}
	return out
}

func findingCauses(s *Survey) []string {
	var out []string
	for _, f := range s.Findings {
		out = append(out, string(f.Cause))
	}
	return out
}

// features compares members of a struct by their names in JSON.
func (d *differ) features(part string, a, b reflect.Value) {
	for i := range a.NumField() {
		f := a.Type().Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		switch x := a.Field(i).Interface().(type) {
		case transcript.Tri:
			d.tri(part, name, x, b.Field(i).Interface().(transcript.Tri))
		case string:
			d.known(part, name, x, b.Field(i).String())
		case []wire.CertCompression:
			d.list(part, name, nameList(x), nameList(b.Field(i).Interface().([]wire.CertCompression)), false)
		default:
			if f.Type.Kind() == reflect.Struct {
				d.features(part+"."+name, a.Field(i), b.Field(i))
				continue
			}
			if strings.HasPrefix(name, "ticket") && !d.both13 {
				continue // of TLS 1.3
			}
			if y := b.Field(i).Interface(); !a.Field(i).IsZero() || !b.Field(i).IsZero() { // numbers: 0 is none
				d.value(part, name, fmt.Sprint(x), fmt.Sprint(y))
			}
		}
	}
}

func (d *differ) dns(a, b *Survey) {
	if !a.DNS.Asked || !b.DNS.Asked {
		if a.DNS.Asked != b.DNS.Asked {
			d.unknown("dns", "")
		}
		return
	}
	d.list("dns", "caa", a.DNS.CAA, b.DNS.CAA, false)
	d.list("dns", "tlsa", a.DNS.TLSA, b.DNS.TLSA, false)
	d.list("dns", "https", a.DNS.HTTPS, b.DNS.HTTPS, false)
	d.tri("dns", "tlsa_match", a.DNS.TLSAMatch, b.DNS.TLSAMatch)
}

func (d *differ) http(a, b *Survey) {
	x, y := a.HTTP, b.HTTP
	if x == nil || y == nil {
		if x != y {
			d.value("http", "", answerLine(x), answerLine(y))
		}
		return
	}
	d.value("http", "proto", x.Proto, y.Proto)
	d.value("http", "status", strconv.Itoa(x.Status), strconv.Itoa(y.Status))
	d.value("http", "server", x.Server, y.Server)
	d.value("http", "alt_svc", x.AltSvc, y.AltSvc)
	d.value("http", "hsts", x.HSTS.String(), y.HSTS.String())
}

func answerLine(h *HTTP) string {
	if h == nil {
		return "no answer"
	}
	return h.Proto + " " + strconv.Itoa(h.Status)
}

// String is the header's value, "" of nil.
func (h *HSTS) String() string {
	if h == nil {
		return ""
	}
	s := "max-age=" + strconv.FormatInt(h.MaxAge, 10)
	if h.IncludeSubDomains {
		s += "; includeSubDomains"
	}
	if h.Preload {
		s += "; preload"
	}
	return s
}

// clients compares whom the settings keep out.
func (d *differ) clients(a, b *Survey) {
	if !a.Complete || !b.Complete { // what was not asked for keeps nobody out
		d.unknown("locks_out", "")
		return
	}
	out := func(s *Survey) []string {
		var all []string
		for _, l := range s.LocksOut {
			all = append(all, l.Clients...)
		}
		slices.Sort(all)
		return slices.Compact(all)
	}
	x, y := out(a), out(b)
	d.OnlyA = append(d.OnlyA, lacking(y, x)...)
	d.OnlyB = append(d.OnlyB, lacking(x, y)...)
}

// kindOfKey is "ECDSA" of "ECDSA P-256".
func kindOfKey(key string) string {
	kind, _, _ := strings.Cut(key, " ")
	return cmp.Or(kind, "?")
}
