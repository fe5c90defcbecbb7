package lab

import (
	"fmt"
	"net"
	"strings"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// Spec describes an endpoint, running or not.
type Spec struct {
	Name  string // "expired": what is typed after `tlswhy lab`
	Title string // one sentence on what is there
	// Cause is what `tlswhy check` has to name first, given Args; "": healthy.
	Cause cause.ID
	// Step is where Cause shows; StepUnknown if healthy.
	Step cause.Step
	// Also are causes that are right too: nothing seen from outside tells them
	// from Cause, or they are there besides it.
	Also []cause.ID
	// Fails says that the client does not get through. A Cause without it is a
	// warning: the connection works, and will hurt.
	Fails bool
	Host  string   // the name to ask for
	Args  []string // flags of tlswhy that belong to the endpoint
}

// Endpoint is a Spec that is running.
type Endpoint struct {
	Spec
	Addr    string // host:port to connect to
	Target  string // what to give tlswhy as target: a name, or a URL
	Command string // a complete tlswhy command line
}

// entry is a Spec with the way to bring it up.
type entry struct {
	Spec
	scheme string // "" is https
	ports  int    // how many ports it takes, 0 is 1
	// dns is what the lab's name server says about the host; nil: the lab's
	// address. A zero address stands for that too.
	dns *dnsAnswer
	up  func(*env) error
}

// Catalogue lists every endpoint there is, without starting any. Args lacks what
// is only known at run time: paths and ports.
func Catalogue() []Spec {
	var out []Spec
	for _, e := range entries() {
		out = append(out, e.Spec)
	}
	return out
}

func entries() []*entry {
	var all []*entry
	for _, group := range [][]*entry{
		healthyEntries(), postureEntries(), certificateEntries(), chainEntries(), negotiationEntries(), parameterEntries(),
		nameEntries(), mutualEntries(), secureEntries(), interferenceEntries(), connectEntries(), mailEntries(), echEntries(),
	} {
		all = append(all, group...)
	}
	for _, e := range all {
		if e.Host == "" {
			e.Host = e.Name + "." + Domain
		}
		if c, ok := cause.Get(e.Cause); ok {
			e.Step = c.Step
		}
	}
	return all
}

// env is what one endpoint is brought up with.
type env struct {
	lab   *Lab
	pki   *pki
	entry *entry
	host  string
	port  int // next port to use, 0: any

	// set by up
	addr       string
	args       []string // come after the entry's own
	resolved   bool     // the target is found by --resolver, not by --connect
	targetPort string   // then: "" is 443
}

// unavailableError says that this machine cannot have the endpoint.
type unavailableError struct{ why string }

func (e unavailableError) Error() string { return e.why }

func (e *env) endpoint() Endpoint {
	ep := Endpoint{Spec: e.entry.Spec, Addr: e.addr}
	ep.Args = append(append([]string(nil), e.entry.Args...), e.args...)
	ep.Target = ep.Host
	if e.entry.scheme != "" {
		ep.Target = e.entry.scheme + "://" + ep.Host
	}
	if e.targetPort != "" {
		ep.Target = net.JoinHostPort(ep.Host, e.targetPort)
	}
	words := []string{"tlswhy", ep.Target}
	if !e.resolved {
		words = append(words, "--connect", e.addr)
	}
	words = append(append(words, "--ca-file", e.lab.CAFile()), ep.Args...)
	for i, w := range words {
		words[i] = shellQuote(w)
	}
	ep.Command = strings.Join(words, " ")
	return ep
}

// shellQuote leaves plain words alone and puts others in single quotes.
func shellQuote(s string) string {
	plain := s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:,=@%+[]") == ""
	if plain {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// Ports before those of the endpoints.
const (
	pkiPort = iota
	dnsPort
	firstPort
)

// planPorts gives every entry its first port; nil if ports are not fixed.
func planPorts(base int) (map[string]int, error) {
	if base == 0 {
		return nil, nil
	}
	plan, next := map[string]int{}, base+firstPort
	for _, e := range entries() {
		plan[e.Name] = next
		next += max(e.ports, 1)
	}
	if base < 1 || next > 1<<16 {
		return nil, fmt.Errorf("base port %d: the lab needs ports %d to %d", base, base, next-1)
	}
	return plan, nil
}
