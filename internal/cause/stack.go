package cause

import (
	"slices"
	"strings"
)

// Component is a piece of software, with its release where that is known.
type Component struct {
	Software string // id of data/software.yaml
	Release  string // "8u51", "3.0.22"; "" is any
}

// Stack is what a program is made of, as far as fixes are written for it: the
// program or language first, then what it is built on.
type Stack []Component

// StackOf reads a stack from a name such as "nginx", "java-8u51" or
// "python-3.11-debian"; what the software is like belongs to it. It is empty
// where no fixes are written for the software.
func StackOf(name string) Stack {
	s, stem := lookup(name)
	if s == nil {
		return nil
	}
	c := Component{Software: s.ID}
	if rest := strings.TrimPrefix(strings.ToLower(name)[len(stem):], "-"); s.ID == stem || contains(s.Aliases, stem) {
		c.Release, _, _ = strings.Cut(rest, "-")
		if _, ok := parseRelease(c.Release); !ok {
			c.Release = ""
		}
	}
	stack := Stack{c}
	for _, id := range s.Like {
		stack = append(stack, Component{Software: id})
	}
	return stack
}

// Top is the first component, the zero value where there is none.
func (s Stack) Top() Component {
	if len(s) == 0 {
		return Component{}
	}
	return s[0]
}

// String names the first component as its makers do: "Node.js 18.20.8".
func (s Stack) String() string {
	top := s.Top()
	w, ok := LookupSoftware(top.Software)
	if !ok {
		return ""
	}
	return strings.TrimSpace(w.Name + " " + top.Release)
}

// Admits reports whether a fix can be applied to the stack: false where it is
// for another release of what the stack has. A fix for software that is not in
// the stack is admitted.
func (s Stack) Admits(f *Fix) bool {
	for _, c := range s {
		if c.Software == f.For {
			return f.Versions.Hold(c.Release)
		}
	}
	return true
}

// reaches reports whether a fix written for component i is one for the whole:
// options of the openssl program are nothing for what is built on its library.
func (s Stack) reaches(i int, f *Fix) bool {
	if f.For != s[i].Software || !f.Versions.Hold(s[i].Release) {
		return false
	}
	if i == 0 {
		return true
	}
	w, ok := LookupSoftware(f.For)
	return !ok || f.Place == "" || !slices.Contains(w.Own, f.Place)
}

// With is the stack with what is known of one of its components. A component
// that it does not have stays out of it.
func (s Stack) With(c Component) Stack {
	for i := range s {
		if s[i].Software == c.Software && i > 0 && c.Release != "" {
			s[i].Release = c.Release
		}
	}
	return s
}
