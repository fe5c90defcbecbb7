// Package safe makes text of a peer harmless before it is shown: names on
// certificates, banners, alerts and headers are whatever the other side likes,
// and may hold escape sequences, a reversal of the reading direction or a
// megabyte of combining accents.
package safe

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxLine is how many characters of one piece of peer text are shown where the
// caller has no narrower bound.
const MaxLine = 400

// maxMarks is how many combining marks in a row are kept: more than any script
// needs (Vietnamese and pointed Hebrew take three), few enough not to paint
// over the neighbouring lines.
const maxMarks = 4

// Line makes one line of s, of at most limit characters: what controls a
// terminal, hides or reorders text is written out as an escape, such as \x1b or
// \u202e, and so are line ends and bytes that are not UTF-8.
func Line(s string, limit int) string {
	out, _ := clean(s, limit, false)
	return out
}

// Text is Line for text of several lines: line ends stay, tabs become a space.
func Text(s string, limit int) string {
	out, _ := clean(s, limit, true)
	return out
}

// Plain reports whether Line would leave s as it is, length aside.
func Plain(s string) bool {
	_, changed := clean(s, len(s), false)
	return !changed
}

func clean(s string, limit int, lines bool) (out string, changed bool) {
	if harmless(s) && len(s) <= limit {
		return s, false
	}
	var b strings.Builder
	n, marks := 0, 0
	for i := 0; i < len(s); {
		if n >= limit {
			b.WriteString("…")
			return b.String(), true
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			writeHex(&b, s[i])
			changed = true
		case r == '\n' && lines:
			b.WriteByte('\n')
		case r == '\t' && lines:
			b.WriteByte(' ')
			changed = true
		case dangerous(r):
			b.WriteString(Escape(r))
			changed = true
		case unicode.In(r, unicode.Mn, unicode.Me):
			if marks++; marks <= maxMarks {
				b.WriteRune(r)
			} else {
				changed = true
			}
		default:
			marks = 0
			b.WriteRune(r)
		}
		i += size
		n++
	}
	return b.String(), changed
}

// harmless is the fast path: printable ASCII needs no further look.
func harmless(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// Dangerous reports whether r may control a terminal, hide text or change the
// order in which it is read.
func Dangerous(r rune) bool { return dangerous(r) }

func dangerous(r rune) bool {
	switch {
	case r < 0x20, 0x7f <= r && r < 0xa0: // C0, DEL, C1: a terminal obeys them
		return true
	case r < 0x80:
		return false
	case r == 0x00ad, r == 0x034f, r == 0x061c, r == 0x180e, r == 0xfeff:
		return true // soft hyphen, grapheme joiner, Arabic letter mark, Mongolian separator, BOM
	case 0x115f <= r && r <= 0x1160, r == 0x3164, r == 0xffa0: // Hangul fillers show nothing
		return true
	case 0x200b <= r && r <= 0x200f, 0x2028 <= r && r <= 0x202e, 0x2060 <= r && r <= 0x206f:
		return true // zero width, line separators, bidirectional overrides and isolates (UAX #9)
	case 0xfff0 <= r && r <= 0xfffb, 0xe0000 <= r && r <= 0xe0fff: // specials, tag characters
		return true
	}
	return unicode.In(r, unicode.Co, unicode.Cs) || r&0xfffe == 0xfffe
}

// Escape writes a character out in ASCII, as a Go or JavaScript string would.
func Escape(r rune) string {
	switch r {
	case '\n':
		return `\n`
	case '\r':
		return `\r`
	case '\t':
		return `\t`
	}
	if r < 0x80 {
		var b strings.Builder
		writeHex(&b, byte(r))
		return b.String()
	}
	digits := strconv.FormatInt(int64(r), 16)
	if r <= 0xffff {
		return `\u` + strings.Repeat("0", 4-len(digits)) + digits
	}
	return `\U` + strings.Repeat("0", 8-len(digits)) + digits
}

func writeHex(b *strings.Builder, c byte) {
	const digits = "0123456789abcdef"
	b.WriteString(`\x`)
	b.WriteByte(digits[c>>4])
	b.WriteByte(digits[c&15])
}
