package cause

import "strings"

// Software is a program that fixes are written for.
type Software struct {
	ID      string   // as in Fix.For
	Name    string   // as its makers write it
	Kind    Kind     // what it is in a connection
	Aliases []string // other names that mean the same fixes, such as "openresty" for nginx
	Like    []string // ids of software whose fixes also apply, nearest first
	Reload  string   // command that checks a changed configuration and loads it, "" if there is none
	Places  []string // the values that Fix.Place may have
	Own     []string // those of Places that are nothing for what is built on it

	// What gives it away; each is found as a whole word in any case.
	Header      []string // in a Server: header
	Banner      []string // in a greeting or STARTTLS dialogue
	Body        []string // in an error page; matched as it stands
	Certificate []string // in the subject of its built-in default certificate
}

// Kind is what a piece of software is in a connection.
type Kind string

// The kinds of software.
const (
	KindServer  Kind = "server"  // terminates TLS on a machine of one's own
	KindEdge    Kind = "edge"    // terminates TLS as a service: CDN, load balancer
	KindLibrary Kind = "library" // a language or library that does both ends
	KindClient  Kind = "client"
)

// AllSoftware returns the software that fixes are written for, in the order in
// which detection tries it. It is shared and must not be changed.
func AllSoftware() []Software { return softwareTable[:] }

// LookupSoftware finds software by id or alias. A name with a version or flavour
// behind it, such as "java-8u51" or "python-3.11-debian", finds its stem.
func LookupSoftware(name string) (*Software, bool) {
	s, _ := lookup(name)
	return s, s != nil
}

func contains(list []string, s string) bool {
	for _, e := range list {
		if e == s {
			return true
		}
	}
	return false
}

// DetectSoftware guesses which software answered, from a Server: header, a
// banner and the body of an error page, any of which may be empty. It returns a
// software id or "". What names a product outright wins over what a page looks
// like; in front of a CDN it is the edge that is detected, as it should be.
func DetectSoftware(serverHeader, banner, body string) string {
	for i := range softwareTable {
		if s := &softwareTable[i]; anyWord(serverHeader, s.Header) || anyWord(banner, s.Banner) {
			return s.ID
		}
	}
	for i := range softwareTable {
		for _, text := range softwareTable[i].Body {
			if strings.Contains(body, text) {
				return softwareTable[i].ID
			}
		}
	}
	return ""
}

// DetectByCertificate recognises the certificates that software makes for itself
// when nobody gives it one, by their subject. It returns a software id or "".
func DetectByCertificate(subject string) string {
	for i := range softwareTable {
		if s := &softwareTable[i]; anyWord(subject, s.Certificate) {
			return s.ID
		}
	}
	return ""
}
