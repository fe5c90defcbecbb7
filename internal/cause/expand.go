package cause

import "strings"

// Expand fills a template's placeholders in, for reading. What the caller does
// not know becomes the placeholder's default, so that every template yields a
// sentence or a command that makes sense; names that are no placeholder stay as
// they are. A placeholder that is empty takes the space before it along.
//
// Values are inserted as they are: whoever prints the result escapes it.
func Expand(template string, known map[string]string) string {
	return expand(template, values(known), func(s string) string { return s })
}

// ExpandCommand is Expand for shell commands that people paste. Names on a
// certificate are the peer's choice, so a value that a shell would not take as
// one plain word is quoted, and control characters become question marks.
func ExpandCommand(template string, known map[string]string) string {
	return expand(template, values(known), ShellQuote)
}

func expand(template string, v values, quote func(string) string) string {
	var out []byte
	for {
		open := strings.IndexByte(template, '{')
		if open < 0 {
			return string(append(out, template...))
		}
		out = append(out, template[:open]...)
		template = template[open:]

		name, escaped, size := scanPlaceholder(template)
		p := findPlaceholder(name)
		switch {
		case size == 0:
			size = 1
			out = append(out, '{')
		case escaped:
			out = append(out, template[1:size-1]...)
		case p == nil:
			out = append(out, template[:size]...)
		default:
			value := v.get(name)
			switch flag, arg, found := strings.Cut(value, " "); {
			case p.Flag && found:
				value = flag + " " + quote(arg) // the flag is ours, its value is not
			case !p.Flag && value != "":
				value = quote(value)
			}
			if value == "" && len(out) > 0 && out[len(out)-1] == ' ' {
				out = out[:len(out)-1]
			}
			out = append(out, value...)
		}
		template = template[size:]
	}
}

// scanPlaceholder reads {name} or {{name}} at the start of s, which begins with
// a brace. Size is 0 if it is neither, so that configuration snippets may use
// braces of their own.
func scanPlaceholder(s string) (name string, escaped bool, size int) {
	start := 1
	if strings.HasPrefix(s, "{{") {
		escaped, start = true, 2
	}
	end := start
	for end < len(s) && (s[end] == '_' || 'a' <= s[end] && s[end] <= 'z' || end > start && '0' <= s[end] && s[end] <= '9') {
		end++
	}
	if end == start || !strings.HasPrefix(s[end:], "}") {
		return "", false, 0
	}
	name, size = s[start:end], end+1
	if escaped {
		if !strings.HasPrefix(s[end:], "}}") {
			return "", false, 0
		}
		size++
	}
	return name, escaped, size
}

// ShellQuote makes one word of s for a POSIX shell.
func ShellQuote(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < 0x20 || r >= 0x7f && r < 0xa0 {
			return '?'
		}
		return r
	}, s)
	plain := strings.IndexFunc(s, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("@%+=:,./_-", r))
	}) < 0
	if plain {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
