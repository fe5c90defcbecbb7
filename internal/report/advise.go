package report

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/trust"
)

// Begin begins a finding with what the catalogue says of its cause. It is
// blocking; Advice.Complete adds fixes, commands and re-test.
func Begin(id cause.ID, confidence Confidence, detail string, evidence ...string) Finding {
	f := Finding{Cause: id, Confidence: confidence, Detail: detail, Blocking: true, Evidence: []string{}, Values: map[string]string{}}
	if c, ok := cause.Get(id); ok {
		f.Severity, f.Step, f.Side, f.Title = c.Severity, c.Step, c.Side, c.Title
	}
	for _, e := range evidence {
		if e != "" && !slices.Contains(f.Evidence, e) {
			f.Evidence = append(f.Evidence, e)
		}
	}
	return f
}

// Observed makes f proved by what the protocol says itself, in the attempt of
// that id.
func (f Finding) Observed(what, id string) Finding {
	f.Confidence = Proved
	f.Proof = &Proof{Kind: ByObservation, Baseline: id, Change: "none: observed", Effect: what, Repeated: 1}
	return f
}

// Advice is what the advice on a finding depends on besides its cause.
type Advice struct {
	// Known fills the placeholders of the catalogue's texts; see Placeholders.
	Known map[string]string
	// Software that answered, "" for unknown, and what the client is made of that was
	// looked at: their fixes come first.
	Software string
	Client   cause.Stack
	// Library that the client brings, as its makers write it; "" for unknown.
	Library string
	// Retest is the command that repeats the whole.
	Retest string
}

// Complete adds what to do about a finding: fixes for the software that answered
// first, the commands that show the failure, and the re-test. Nothing stays nil.
func (a Advice) Complete(f *Finding) {
	if f.Alternatives == nil {
		f.Alternatives = []Alternative{}
	}
	if f.Either == nil {
		f.Either = [][]string{}
	}
	c, ok := cause.Get(f.Cause)
	if !ok {
		return
	}
	v := map[string]string{}
	for k, x := range a.Known {
		v[k] = x
	}
	for k, x := range f.Values {
		v[k] = x
	}
	v["acts"] = string(cause.SideServer)
	if f.Side == cause.SideClient {
		v["acts"] = string(cause.SideClient)
	}
	if name := a.Client.String(); name != "" {
		v["stack"] = name
	}
	if a.Library != "" {
		v["library"] = a.Library
	}
	if f.Title == "" {
		f.Title = c.Title
	}
	f.Title = cause.Expand(f.Title, v)
	f.Fix = a.fixes(c, f.Side, v)
	f.Reproduce = []string{}
	for _, cmd := range c.Reproduce {
		f.Reproduce = append(f.Reproduce, cause.ExpandCommand(cmd, v))
	}
	f.Retest = a.Retest
}

// fixes lists the fixes of a cause, best first at either end: for the server that
// answered and for this client, in general, then for all other software. What
// another release of the client's own software would need is left out.
func (a Advice) fixes(c *cause.Cause, side cause.Side, v map[string]string) []Fix {
	server := cause.StackOf(a.Software)
	sides := []cause.Side{side, c.Side, cause.SideClient, cause.SideServer}
	out := []Fix{}
	seen := map[string]bool{}
	add := func(x cause.Fix) {
		key := x.For + string(x.Side) + x.Text
		if seen[key] {
			return
		}
		seen[key] = true
		fix := Fix{For: x.For, Side: x.Side, Versions: string(x.Versions), Text: cause.Expand(x.Text, v), Config: cause.Expand(x.Config, v), Place: x.Place, Verified: x.Verified}
		for _, cmd := range x.Run {
			fix.Run = append(fix.Run, cause.ExpandCommand(cmd, v))
		}
		out = append(out, fix)
	}
	for _, side := range sides {
		stack := server
		if side == cause.SideClient {
			stack = a.Client
		}
		all := c.FixesOf(stack, side, v)
		if (side == cause.SideClient) != (v["acts"] == string(cause.SideClient)) {
			// What the other end could do instead is weighed by its price, which the
			// text written for that has.
			slices.SortStableFunc(all, func(x, y cause.Fix) int { return priced(y) - priced(x) })
		}
		for _, x := range all {
			add(x)
		}
	}
	// What answered may stand before what has to be changed, so the fixes for all
	// other software follow.
	for _, x := range c.Fixes {
		if x.Suits(v) && (x.Side != cause.SideClient || a.Client.Admits(x)) {
			add(*x)
		}
	}
	return out
}

// priced is 1 for a text that is written for the case that the other end acts.
func priced(x cause.Fix) int {
	if x.For == cause.Generic && slices.ContainsFunc(x.When, func(c cause.Condition) bool { return c.Name == "acts" && len(c.Is) == 1 && c.Is[0] != string(x.Side) }) {
		return 1
	}
	return 0
}

// Placeholders are the values of the catalogue's placeholders that a target and
// the flags determine; addr is what was dialled, sni the name that was sent.
func Placeholders(t Target, o Options, sni string, addr netip.AddrPort) map[string]string {
	v := map[string]string{"host": t.Host, "port": fmt.Sprint(t.Port), "sni": sni, "path": t.Path}
	if t.Path == "" {
		v["path"] = "/"
	}
	if addr.Addr().IsValid() {
		v["address"] = addr.Addr().String()
		if o.Connect != "" || t.IsAddress() {
			v["connect"] = addr.String()
		}
	}
	if t.StartTLS != "" {
		v["service"] = t.StartTLS
	}
	if o.CAFile != "" {
		v["ca_file"] = o.CAFile
	}
	if o.Proxy != "" {
		v["proxy"] = hostOf(o.Proxy)
	}
	return v
}

// hostOf is host and port of a URL: texts must not repeat its password.
func hostOf(proxy string) string {
	u, err := url.Parse(proxy)
	if err != nil {
		return ""
	}
	return u.Host
}

// Command is the command line that repeats what was done to a target: program
// and command, the target as it was given, flags of the command's own, and those
// of o.
func Command(command string, t Target, o Options, own ...string) string {
	parts := []string{command}
	target := t.Input
	if target == "" {
		target = t.String()
	}
	parts = append(parts, shellWord(target))
	for _, x := range own {
		parts = append(parts, shellWord(x))
	}
	add := func(flag, value string) {
		if value != "" {
			parts = append(parts, flag, shellWord(value))
		}
	}
	add("--connect", o.Connect)
	add("--sni", o.SNI)
	add("--starttls", o.StartTLS)
	add("--ca-file", o.CAFile)
	if o.PublicRoots {
		parts = append(parts, "--public-roots")
	}
	add("--cert", o.Cert)
	add("--key", o.Key)
	add("--proxy", o.Proxy)
	add("--resolver", o.Resolver)
	add("--at", o.At)
	add("--ech-config", o.ECHConfig)
	if o.NoAIA {
		parts = append(parts, "--no-aia")
	}
	return strings.Join(parts, " ")
}

// shellWord makes one word of s for a POSIX shell.
func shellWord(s string) string {
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-/:@%+=,", r))
	}) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// ChainOf shows certificates; from is "sent", or "aia" for fetched ones.
func ChainOf(certs []*trust.Certificate, from string) []ChainCert {
	out := make([]ChainCert, 0, len(certs))
	for _, c := range certs {
		x := trust.Summarize(c)
		if x.SANs == nil {
			x.SANs = []string{}
		}
		out = append(out, ChainCert{Subject: x.Subject, Issuer: x.Issuer, NotBefore: x.NotBefore.UTC(), NotAfter: x.NotAfter.UTC(), SANs: x.SANs, Key: x.Key, Signature: x.Signature, SHA256: x.SHA256, From: from})
	}
	return out
}
