package client

import (
	"slices"
	"strings"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// Stack is what the client is made of, as far as the catalogue has advice for it:
// what its profile names, or else what its id, its group and its library tell.
// It is empty where only general advice is to be had.
func (p *Profile) Stack() cause.Stack {
	if len(p.Software) > 0 {
		if p.Software[0] == cause.Generic {
			return nil
		}
		var stack cause.Stack
		for _, s := range p.Software {
			id, release, _ := strings.Cut(s, " ")
			stack = append(stack, cause.Component{Software: id, Release: release})
		}
		return stack
	}
	if p.Kind == Reference {
		return nil
	}
	var stack cause.Stack
	for i, name := range []string{p.ID, slug(p.Group), slug(p.Product)} {
		// An id has its version behind it; Apache Traffic Server is no Apache.
		if s, ok := cause.LookupSoftware(name); ok && (i == 0 || s.ID == name || slices.Contains(s.Aliases, name)) {
			stack = cause.StackOf(s.ID)
			stack[0].Release, _, _ = strings.Cut(p.Version, " ")
			break
		}
	}
	library := p.library()
	if library.Software == "" || p.Kind == CDN || p.Kind == Bot {
		return stack // nobody sets options of another's library
	}
	if len(stack) == 0 {
		return cause.Stack{library}
	}
	// A library that has advice of its own replaces those that such software is
	// built on elsewhere: curl with GnuTLS reads no openssl.cnf.
	return slices.DeleteFunc(stack, func(c cause.Component) bool {
		return c != stack[0] && c.Software != library.Software && isLibrary(c.Software)
	}).With(library)
}

// library is the TLS library, as far as the catalogue knows it: "OpenSSL 1.0.1u".
func (p *Profile) library() cause.Component {
	for _, name := range []string{p.Library, p.Family} {
		if stack := cause.StackOf(slug(name)); len(stack) > 0 {
			return stack.Top()
		}
	}
	return cause.Component{}
}

func isLibrary(id string) bool {
	s, ok := cause.LookupSoftware(id)
	return ok && s.Kind == cause.KindLibrary
}

// slug spells a name as ids are: "curl (OpenSSL)" is "curl-openssl".
func slug(name string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(name), func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '.')
	}), "-")
}
