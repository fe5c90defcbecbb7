package textdiag

import "bytes"

// document is a text made fit for matching. plain and low have the same
// length: low is plain in lower case.
type document struct {
	plain, low []byte
	cut        bool // the text was longer than maxText
}

// read drops what a terminal would obey and makes one of white space that a
// page or a log viewer may have made several: a run of it becomes a space, or a
// line end if it holds one. Typographic quotes become those of programs.
func read(text []byte) document {
	d := document{cut: len(text) > maxText}
	if d.cut {
		text = text[:maxText]
	}
	d.plain = make([]byte, 0, len(text))
	space := byte(0)
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case c == 0x1b:
			i += escapeLength(text[i:])
			continue
		case c == '\n':
			space = '\n'
			i++
			continue
		case c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f':
			if space == 0 {
				space = ' '
			}
			i++
			continue
		case c < 0x20 || c == 0x7f: // NUL and the like say nothing
			i++
			continue
		}
		add, n := c, 1
		if c >= 0x80 {
			switch {
			case hasPrefix(text[i:], "\u00a0"):
				if space == 0 {
					space = ' '
				}
				i += 2
				continue
			case hasPrefix(text[i:], "\u2018"), hasPrefix(text[i:], "\u2019"):
				add, n = '\'', 3
			case hasPrefix(text[i:], "\u201c"), hasPrefix(text[i:], "\u201d"):
				add, n = '"', 3
			}
		}
		if space != 0 && len(d.plain) > 0 {
			d.plain = append(d.plain, space)
		}
		space = 0
		d.plain = append(d.plain, add)
		i += n
	}
	d.low = make([]byte, len(d.plain))
	for i, c := range d.plain {
		d.low[i] = lower(c)
	}
	return d
}

func hasPrefix(b []byte, s string) bool { return len(b) >= len(s) && string(b[:len(s)]) == s }

// escapeLength is how long the escape sequence is that b begins with: CSI and
// OSC in full (ECMA-48), of others the two bytes.
func escapeLength(b []byte) int {
	if len(b) < 2 {
		return len(b)
	}
	switch b[1] {
	case '[':
		for i := 2; i < len(b) && i < 64; i++ {
			if b[i] >= 0x40 && b[i] <= 0x7e {
				return i + 1
			}
			if b[i] < 0x20 {
				return i
			}
		}
	case ']':
		for i := 2; i < len(b) && i < 4096; i++ {
			if b[i] == 0x07 {
				return i + 1
			}
			if b[i] == 0x1b || b[i] == '\n' {
				return i
			}
		}
	}
	return 2
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// lineAt is the line around a place, of at most 400 bytes.
func (d *document) lineAt(start, end int) string {
	from := bytes.LastIndexByte(d.plain[:start], '\n') + 1
	to := len(d.plain)
	if i := bytes.IndexByte(d.plain[end:], '\n'); i >= 0 {
		to = end + i
	}
	if to-from > maxLine {
		from = max(from, min(start, end-maxLine/2)-maxLine/4)
		from = min(from, start)
		to = min(to, from+maxLine)
	}
	return string(bytes.ToValidUTF8(bytes.TrimSpace(d.plain[from:to]), []byte("\ufffd")))
}
