package cause

// Side names who usually has to act. It is a string in JSON; "" means "not known".
type Side string

// The sides.
const (
	SideServer  Side = "server"
	SideClient  Side = "client"
	SideNetwork Side = "network" // firewalls, routers, middleboxes: neither end
	SideCDN     Side = "cdn"     // the edge's configuration
	SideOrigin  Side = "origin"  // the server behind a CDN
	SideProxy   Side = "proxy"   // an HTTP CONNECT proxy or a TLS-inspecting one
)

// Sides returns all sides.
func Sides() []Side {
	return []Side{SideServer, SideClient, SideNetwork, SideCDN, SideOrigin, SideProxy}
}

// Valid reports whether s is one of Sides.
func (s Side) Valid() bool {
	switch s {
	case SideServer, SideClient, SideNetwork, SideCDN, SideOrigin, SideProxy:
		return true
	}
	return false
}
