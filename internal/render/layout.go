package render

import (
	"strings"

	"github.com/clipperhouse/displaywidth"
)

// style is how a piece of text looks on a terminal. The sixteen colours of the
// terminal's own theme are used, so that they are readable on any background.
type style uint8

const (
	plain style = iota
	bold
	dim
	red
	green
	yellow
	cyan
	boldRed
	boldGreen
	boldYellow
)

var sgr = [...]string{
	plain: "", bold: "1", dim: "2", red: "31", green: "32", yellow: "33", cyan: "36",
	boldRed: "1;31", boldGreen: "1;32", boldYellow: "1;33",
}

// span is text of one style, without line ends.
type span struct {
	style style
	text  string
}

type line []span

func text(s string) line { return line{{plain, s}} }

func styled(st style, s string) line { return line{{st, s}} }

func (l line) width() int {
	n := 0
	for _, s := range l {
		n += displaywidth.String(s.text)
	}
	return n
}

// write appends the line, with or without colour, and without spaces at its end.
func (l line) write(b *strings.Builder, color bool) {
	on := plain
	change := func(to style) {
		if !color || sgr[on] == sgr[to] {
			return
		}
		if sgr[on] != "" {
			b.WriteString("\x1b[0m")
		}
		if sgr[to] != "" {
			b.WriteString("\x1b[" + sgr[to] + "m")
		}
		on = to
	}
	for _, s := range trimRight(l) {
		if s.text != "" {
			change(s.style)
			b.WriteString(s.text)
		}
	}
	change(plain)
	b.WriteByte('\n')
}

// word is an unbreakable run of spans; gap is the number of spaces before it.
type word struct {
	spans line
	gap   int
}

func words(l line) []word {
	var out []word
	gap := 0
	for _, s := range l {
		for rest := s.text; rest != ""; {
			if rest[0] == ' ' {
				n := len(rest) - len(strings.TrimLeft(rest, " "))
				gap, rest = gap+n, rest[n:]
				continue
			}
			end := strings.IndexByte(rest, ' ')
			if end < 0 {
				end = len(rest)
			}
			piece := span{s.style, rest[:end]}
			if gap > 0 || len(out) == 0 {
				out = append(out, word{line{piece}, gap})
			} else {
				last := &out[len(out)-1]
				last.spans = append(last.spans, piece)
			}
			gap, rest = 0, rest[end:]
		}
	}
	return out
}

// wrap breaks a line at spaces so that no line is wider than width, where its
// words allow it; a word that is wider is broken too, but for one that a person
// may want to copy whole (see breakable).
func wrap(l line, width int) []line {
	width = max(width, 1)
	var out []line
	var cur line
	used := 0
	for _, w := range words(l) {
		n := w.spans.width()
		if used > 0 && w.gap > 0 {
			if used+w.gap+n > width {
				out = append(out, cur)
				cur, used = nil, 0
			} else {
				cur = append(cur, span{w.spans[0].style, strings.Repeat(" ", w.gap)})
				used += w.gap
			}
		}
		for used == 0 && n > width && breakable(w.spans) {
			head, tail := split(w.spans, width)
			out = append(out, head)
			w.spans = tail
			n = tail.width()
		}
		cur = append(cur, w.spans...)
		used += n
	}
	if len(cur) > 0 || len(out) == 0 {
		out = append(out, cur)
	}
	return out
}

// breakable says of an overlong word whether it may be broken: a URL or a path
// of bearable length is left to the terminal, which wraps it so that it can
// still be copied.
func breakable(l line) bool {
	for _, s := range l {
		if len(s.text) < 200 && (strings.Contains(s.text, "://") || strings.HasPrefix(s.text, "/") || strings.Contains(s.text, "=/")) {
			return false
		}
	}
	return true
}

// split cuts at a width, between characters as people see them.
func split(l line, width int) (head, tail line) {
	used := 0
	for i, s := range l {
		at := 0
		g := displaywidth.StringGraphemes(s.text)
		for g.Next() {
			if used += g.Width(); used > width && at+len(head) > 0 {
				return append(head, span{s.style, s.text[:at]}), append(line{{s.style, s.text[at:]}}, l[i+1:]...)
			}
			at += len(g.Value())
		}
		head = append(head, s)
	}
	return head, nil
}

// shortened drops words at the end until the line is no wider than width.
func shortened(l line, width int) line {
	for l.width() > width && len(l) > 0 {
		last := &l[len(l)-1]
		cut := strings.LastIndexByte(strings.TrimRight(last.text, " "), ' ')
		if cut <= 0 && len(l) <= 2 {
			l, _ = split(l, width) // one long word after the margin
			break
		}
		if cut <= 0 {
			l = l[:len(l)-1]
			continue
		}
		last.text = last.text[:cut]
	}
	return trimRight(l)
}

// wrapCommand breaks a shell command at spaces outside of quotes, with the
// backslash that lets it be pasted as it stands. The lines after the first are
// indented by two columns.
func wrapCommand(command string, width int) []string {
	if displaywidth.String(command) <= width || strings.Contains(command, "\n") {
		return strings.Split(command, "\n")
	}
	var out []string
	cur := ""
	for _, w := range shellWords(command) {
		indent := ""
		if len(out) > 0 {
			indent = "  "
		}
		switch {
		case cur == "":
			cur = indent + w
		case displaywidth.String(cur)+1+displaywidth.String(w)+2 > width:
			out = append(out, cur+` \`)
			cur = "  " + w
		default:
			cur += " " + w
		}
	}
	return append(out, cur)
}

// shellWords splits at spaces that stand in no quotes; what cannot be split
// without knowing more of the shell stays in one piece. An option and its value
// stay together.
func shellWords(s string) []string {
	var out []string
	quote := byte(0)
	start := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && quote != '\'':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == ' ':
			if i > start {
				out = append(out, s[start:i])
			}
			start = i + 1
		}
	}
	if start < len(s) {
		out = append(out, s[start:])
	}
	var joined []string
	for i := 0; i < len(out); i++ {
		if w := out[i]; strings.HasPrefix(w, "-") && i+1 < len(out) && !strings.HasPrefix(out[i+1], "-") && !strings.ContainsAny(out[i+1], "|<>&;") {
			joined = append(joined, w+" "+out[i+1])
			i++
			continue
		}
		joined = append(joined, out[i])
	}
	return joined
}

// padded fills s with spaces to a width.
func padded(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-displaywidth.String(s)))
}
