package logline

import "bytes"

// hasPrefix is bytes.HasPrefix for a constant.
func hasPrefix(b []byte, s string) bool { return len(b) >= len(s) && string(b[:len(s)]) == s }

func hasSuffix(b []byte, s string) bool { return len(b) >= len(s) && string(b[len(b)-len(s):]) == s }

// after is what follows the first s in b.
func after(b []byte, s string) ([]byte, bool) {
	i := index(b, s)
	if i < 0 {
		return nil, false
	}
	return b[i+len(s):], true
}

// index is bytes.Index for a string constant, without a copy of it.
func index(b []byte, s string) int {
	for from := 0; ; {
		i := bytes.IndexByte(b[from:], s[0])
		if i < 0 || from+i+len(s) > len(b) {
			return -1
		}
		if from += i; string(b[from:from+len(s)]) == s {
			return from
		}
		from++
	}
}

// before is b up to the first s, or all of it.
func before(b []byte, s string) []byte {
	if i := index(b, s); i >= 0 {
		return b[:i]
	}
	return b
}

// word is b up to its first space, and what follows the spaces.
func word(b []byte) (w, rest []byte) {
	i := bytes.IndexByte(b, ' ')
	if i < 0 {
		return b, nil
	}
	return b[:i], trimLeft(b[i:])
}

func trimLeft(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	return b
}

func trim(b []byte) []byte {
	b = trimLeft(b)
	for len(b) > 0 && (b[len(b)-1] == ' ' || b[len(b)-1] == '\t') {
		b = b[:len(b)-1]
	}
	return b
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// digits is the length of the run of digits that b begins with.
func digits(b []byte) int {
	n := 0
	for n < len(b) && isDigit(b[n]) {
		n++
	}
	return n
}

// number reads the decimal number that b begins with, of at most 18 digits.
func number(b []byte) (n int64, length int) {
	for length < len(b) && length < 18 && isDigit(b[length]) {
		n = n*10 + int64(b[length]-'0')
		length++
	}
	return n, length
}

// none is what logs write for nothing.
func nothing(b []byte) bool {
	return len(b) == 0 || len(b) == 1 && b[0] == '-' || string(b) == "(null)" || string(b) == "null"
}

// something is b, or nil where it is nothing.
func something(b []byte) []byte {
	if nothing(b) {
		return nil
	}
	return b
}

// texts keeps texts that had to be put together, so that equal ones are made once.
type texts struct {
	known   map[string][]byte
	scratch []byte
}

// maxTexts bounds what is kept; a log with more kinds of lines pays an allocation
// for each.
const maxTexts = 512

// join puts parts that are not nil together with a space between them.
func (t *texts) join(parts ...[]byte) []byte {
	t.scratch = t.scratch[:0]
	n, only := 0, []byte(nil)
	for _, part := range parts {
		if len(part) == 0 {
			continue
		}
		if n++; n == 1 {
			only = part
		} else {
			t.scratch = append(t.scratch, ' ')
		}
		t.scratch = append(t.scratch, part...)
	}
	if n <= 1 {
		return only
	}
	return t.keep()
}

// keep is scratch as a text that stays.
func (t *texts) keep() []byte {
	if known, ok := t.known[string(t.scratch)]; ok {
		return known
	}
	text := bytes.Clone(t.scratch)
	if t.known == nil {
		t.known = map[string][]byte{}
	}
	if len(t.known) < maxTexts && len(text) < 1024 {
		t.known[string(text)] = text
	}
	return text
}
