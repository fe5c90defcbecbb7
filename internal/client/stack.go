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
	for _, name := range []string{p.ID, slug(p.Group), slug(p.Product)} {
		if s, ok := cause.LookupSoftware(name); ok {
			stack = cause.StackOf(s.ID)
			stack[0].Release = p.Version
			break
		}
	}
	library := p.library()
	if library.Software == "" {
		return stack
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

// library is the TLS library, as far as the catalogue knows it.
func (p *Profile) library() cause.Component {
	words := strings.Fields(p.Library)
	for n := min(2, len(words)); n > 0; n-- {
		if s, ok := cause.LookupSoftware(strings.Join(words[:n], "-")); ok {
			return cause.Component{Software: s.ID, Release: release(words[n:])}
		}
	}
	if s, ok := cause.LookupSoftware(slug(p.Family)); ok {
		return cause.Component{Software: s.ID, Release: release(words)}
	}
	return cause.Component{}
}

// release is the first word that is a number, but for "OpenSSL of macOS 10".
func release(words []string) string {
	if slices.Contains(words, "of") {
		return ""
	}
	for _, w := range words {
		if w[0] >= '0' && w[0] <= '9' {
			return w
		}
	}
	return ""
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
