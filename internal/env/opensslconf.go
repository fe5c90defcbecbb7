package env

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// opensslConf is a configuration file of OpenSSL as CONF_modules_load reads it:
// sections of name = value, variables, .include and .pragma (config(5)).
type opensslConf struct {
	sections map[string][]Setting
	last     map[[2]string]Setting // by section and name: a later one wins
	errors   []Setting             // Name: what is wrong
	files    []string
}

// Bounds of a file that might be hostile or include itself.
const (
	maxIncludes  = 64
	maxConfLines = 100_000
	maxExpanded  = 1 << 16 // of one value
	maxValues    = 16 << 20
)

// confReader reads files for parseOpenSSLConf.
type confReader struct {
	read   func(name string) ([]byte, error)
	list   func(dir string) []string // files of a directory, sorted; nil if it is none
	getenv func(name string) string
}

type confParser struct {
	confReader
	c        *opensslConf
	section  string
	lines    int
	values   int    // bytes of all values: a few variables can blow up a short file
	dollarID bool   // .pragma dollarid: a dollar is part of a name
	dir      string // .pragma includedir
	absolute bool
}

func parseOpenSSLConf(r confReader, name string) *opensslConf {
	p := &confParser{confReader: r, section: "default", c: &opensslConf{sections: map[string][]Setting{}, last: map[[2]string]Setting{}}}
	p.dir = r.getenv("OPENSSL_CONF_INCLUDE")
	p.file(name, 0, Setting{})
	return p.c
}

func (p *confParser) fail(file string, line int, format string, args ...any) {
	if len(p.c.errors) < 20 {
		p.c.errors = append(p.c.errors, Setting{Name: fmt.Sprintf(format, args...), File: file, Line: line})
	}
}

func (p *confParser) file(name string, depth int, from Setting) {
	if depth > 8 || len(p.c.files) >= maxIncludes {
		p.fail(from.File, from.Line, "too many included files")
		return
	}
	text, err := p.read(name)
	if err != nil {
		if depth > 0 { // OpenSSL passes over what it cannot include
			return
		}
		p.fail(name, 0, "cannot be read: %v", err)
		return
	}
	p.c.files = append(p.c.files, name)
	n, first := 0, 0
	logical := ""
	for row := range strings.SplitSeq(string(text), "\n") {
		if n++; p.lines > maxConfLines {
			p.fail(name, n, "too many lines")
			return
		}
		p.lines++
		row = strings.TrimSuffix(row, "\r")
		if logical == "" {
			first = n
		}
		row = stripComment(row)
		if body, more := continued(row); more {
			if logical += body; len(logical) > maxExpanded {
				p.fail(name, n, "line too long")
				return
			}
			continue
		}
		p.line(name, first, strings.TrimSpace(logical+row), depth)
		logical = ""
	}
	if s := strings.TrimSpace(logical); s != "" {
		p.line(name, first, s, depth)
	}
}

// continued: a backslash at the end joins the next line.
func continued(row string) (string, bool) {
	body := strings.TrimRight(row, "\\")
	if odd := (len(row) - len(body)) % 2; odd == 1 {
		return row[:len(row)-1], true
	}
	return row, false
}

// stripComment cuts at a # outside of quotes.
func stripComment(s string) string {
	quote := byte(0)
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'' || c == '`':
			quote = c
		case c == '#':
			return s[:i]
		}
	}
	return s
}

func (p *confParser) line(file string, n int, s string, depth int) {
	switch {
	case s == "":
	case strings.HasPrefix(s, "["):
		name, _, ok := strings.Cut(s[1:], "]")
		if !ok {
			p.fail(file, n, "a section without its closing bracket: %s", clip(s))
			return
		}
		p.section = strings.TrimSpace(name)
		if p.c.sections[p.section] == nil {
			p.c.sections[p.section] = []Setting{}
		}
	case directive(s, ".include"):
		p.include(file, n, rest(s, ".include"), depth)
	case directive(s, ".pragma"):
		p.pragma(rest(s, ".pragma"))
	default:
		name, value, ok := strings.Cut(s, "=")
		if !ok {
			p.fail(file, n, "a line without an equal sign: %s", clip(s))
			return
		}
		section, name := p.section, strings.TrimSpace(name)
		if a, b, ok := strings.Cut(name, "::"); ok {
			section, name = a, b
		}
		value, err := p.expand(strings.TrimSpace(value), section)
		if err != nil {
			p.fail(file, n, "%v", err)
			return
		}
		if p.values += len(value); p.values > maxValues {
			p.fail(file, n, "values that grow too long")
			return
		}
		set := Setting{Name: name, Value: value, File: file, Line: n}
		p.c.sections[section] = append(p.c.sections[section], set)
		p.c.last[[2]string{section, name}] = set
	}
}

func directive(s, name string) bool {
	after, ok := strings.CutPrefix(s, name)
	return ok && (after == "" || strings.ContainsAny(after[:1], " \t=:"))
}

func rest(s, name string) string {
	return strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(strings.TrimPrefix(s, name)), "="))
}

func (p *confParser) pragma(s string) {
	name, value, _ := strings.Cut(s, ":")
	on := strings.EqualFold(strings.TrimSpace(value), "on") || strings.EqualFold(strings.TrimSpace(value), "true")
	switch strings.TrimSpace(name) {
	case "dollarid":
		p.dollarID = on
	case "abspath":
		p.absolute = on
	case "includedir":
		p.dir = strings.TrimSpace(value)
	}
}

func (p *confParser) include(file string, n int, name string, depth int) {
	name, err := p.expand(name, p.section)
	if err != nil || name == "" {
		p.fail(file, n, ".include without a file")
		return
	}
	if !path.IsAbs(name) {
		if p.dir == "" {
			return // relative to a working directory that is not known
		}
		name = path.Join(p.dir, name)
	}
	if files := p.list(name); files != nil {
		for _, f := range files {
			if ext := path.Ext(f); ext == ".cnf" || ext == ".conf" {
				p.file(f, depth+1, Setting{File: file, Line: n})
			}
		}
		return
	}
	p.file(name, depth+1, Setting{File: file, Line: n})
}

// expand replaces $name, ${name}, $(name), with section::name and ENV::name, and
// takes away quotes and backslashes.
func (p *confParser) expand(s, section string) (string, error) {
	var b strings.Builder
	quote := byte(0)
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\'' || c == '`'):
			quote = c
		case c == '$' && !p.dollarID, c == '$' && p.dollarID && i+1 < len(s) && (s[i+1] == '{' || s[i+1] == '('):
			name, used := variableName(s[i+1:])
			if used == 0 {
				return "", fmt.Errorf("a dollar sign without a name: %s", clip(s))
			}
			i += used
			v, ok := p.variable(name, section)
			if !ok {
				return "", fmt.Errorf("variable %s has no value", clip(name))
			}
			b.WriteString(v)
		default:
			b.WriteByte(c)
		}
		if b.Len() > maxExpanded {
			return "", fmt.Errorf("a value that grows too long")
		}
	}
	return b.String(), nil
}

func variableName(s string) (name string, used int) {
	if s != "" && (s[0] == '{' || s[0] == '(') {
		end := strings.IndexByte(s, map[byte]byte{'{': '}', '(': ')'}[s[0]])
		if end < 0 {
			return "", 0
		}
		return s[1:end], end + 1
	}
	n := 0
	for n < len(s) && (s[n] == '_' || s[n] == ':' || s[n] >= '0' && s[n] <= '9' || s[n] >= 'a' && s[n] <= 'z' || s[n] >= 'A' && s[n] <= 'Z') {
		n++
	}
	return s[:n], n
}

func (p *confParser) variable(name, section string) (string, bool) {
	if s, n, ok := strings.Cut(name, "::"); ok {
		section, name = s, n
	}
	if section == "ENV" {
		v := p.getenv(name)
		return v, v != ""
	}
	if s, ok := p.c.get(section, name); ok {
		return s.Value, true
	}
	s, ok := p.c.get("default", name)
	return s.Value, ok
}

// get is the last value of a name in a section.
func (c *opensslConf) get(section, name string) (Setting, bool) {
	s, ok := c.last[[2]string{section, name}]
	return s, ok
}

// systemDefault are the settings that every context of libssl begins with: the
// section that openssl_conf, ssl_conf and system_default lead to. broken says
// where that path breaks off, which leaves a program without them.
func (c *opensslConf) systemDefault() (settings []Setting, broken *Setting) {
	at := "default"
	for _, name := range []string{"openssl_conf", "ssl_conf", "system_default"} {
		s, ok := c.get(at, name)
		if !ok {
			return nil, nil
		}
		if _, there := c.sections[s.Value]; !there {
			return nil, &s
		}
		at = s.Value
	}
	return slices.Clone(c.sections[at]), nil
}

func clip(s string) string {
	if len(s) > 60 {
		return strings.ToValidUTF8(s[:60], "") + "…"
	}
	return s
}
