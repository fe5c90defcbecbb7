// Package cause is the catalogue: why a TLS connection fails, cause by cause,
// written for someone on call. It holds no logic of diagnosis; other packages
// point at its ids and print its texts.
//
// The source is the YAML under data/. `go generate` compiles it into Go
// literals that the linker lays out as static data, so that nothing
// is read, unpacked or parsed when a program starts or asks for a cause. What
// the functions here return is shared: callers must not change it.
package cause

//go:generate go run ./gen

// ID names a cause, such as "no-shared-version". An id never changes its
// meaning; the constants in zz_ids.go are all there are.
type ID string

// Group is the chapter of the catalogue that a cause stands in.
type Group string

// The groups, in catalogue order.
const (
	GroupReach        Group = "reach"
	GroupInterference Group = "interference"
	GroupNegotiation  Group = "negotiation"
	GroupSNI          Group = "sni"
	GroupMutualTLS    Group = "mutual-tls"
	GroupCertificate  Group = "certificate"
	GroupSecure       Group = "secure"
	GroupPosture      Group = "posture" // works, and will hurt: never blocking
	GroupClient       Group = "client"
	GroupCDNOrigin    Group = "cdn-origin"
)

// Cause is one entry of the catalogue. Texts may hold placeholders such as
// {host}; Expand fills them in.
type Cause struct {
	ID       ID
	Group    Group
	Step     Step     // where it shows
	Severity Severity // how much it hurts
	Side     Side     // who usually has to act

	Title   string // a few words, no full stop
	Summary string // one sentence that a stranger understands
	What    string // what goes on, one paragraph

	Near    []ID          // causes that share its symptoms, likeliest first
	Shows   []Symptom     // the texts people see
	Confirm []string      // how to make sure by hand, in order
	Decides []Distinction // what tells it from each of Near, in that order

	Fixes      []*Fix   // shared with other causes where the same recipe helps
	Reproduce  []string // shell commands; fill in with ExpandCommand
	Retest     string   // a sentence: how to know that it is gone
	References []string // RFC sections, vendors' documents
}

// Symptom is a text that people see when a cause strikes. Signatures that match
// texts by machine are other data; this is for reading.
type Symptom struct {
	In   string // who shows it, such as "Chrome" or "nginx error.log"
	Text string
}

// Distinction tells a cause from a neighbour.
type Distinction struct {
	From ID
	How  string
}

// Fix is one way to repair a cause in one piece of software.
type Fix struct {
	// For is a software id of data/software.yaml, such as "nginx", or Generic.
	For string
	// Side is who applies it; a cause can often be repaired from either end.
	Side Side
	// Versions are the releases of the software that it is for; empty: all.
	Versions Versions
	// When lists what has to be so for it to help, beyond the cause itself.
	When []Condition
	// Text says what to do.
	Text string
	// Config holds configuration lines, "" if prose is all there is. They
	// replace lines of the same directive at Place, or are added there.
	Config string
	// Place says where Config goes, in the software's own terms: "server" for
	// nginx's server block, "bind" for the end of a HAProxy bind line. It is
	// one of the places that data/software.yaml lists for the software.
	Place string
	// Run holds shell commands to run, in order, after Config is in place.
	Run []string
	// Verified is set once a test has applied the fix to the real software and
	// seen the handshake succeed. Renderers mark the others as unverified.
	Verified bool
}

// Generic is the software id of a fix that names no product.
const Generic = "generic"

// Get returns a cause. The result is shared and must not be changed.
func Get(id ID) (*Cause, bool) {
	c := find(id)
	return c, c != nil
}

// All returns every cause in catalogue order: by group, and within a group as
// its files say. The causes are shared and must not be changed.
func All() []*Cause {
	return append([]*Cause(nil), catalogue[:]...)
}

// Valid reports whether the catalogue has the id.
func (id ID) Valid() bool {
	return find(id) != nil
}
