package textdiag

import (
	"bytes"
	"strings"
)

// gap is how many bytes a {} stands for at most.
const gap = 200

// pattern is a literal of a signature: its parts in lower case, with gaps between
// them.
type pattern struct {
	parts  []string
	length int  // bytes of all parts
	whole  bool // short: has to be a word by itself
	head   bool // begins with a gap
	tail   bool // ends with one

	// The window of a part that the automaton looks for.
	part, offset int
}

// shortest is the length from which a literal is told from a part of a word.
const shortest = 12

func parse(literal string) pattern {
	var p pattern
	s := strings.ToLower(strings.Join(strings.Fields(strings.ReplaceAll(literal, "{}", "\x00")), " "))
	for _, part := range strings.Split(s, "\x00") {
		p.parts = append(p.parts, part)
		p.length += len(part)
	}
	if len(p.parts) > 1 && p.parts[0] == "" {
		p.parts, p.head = p.parts[1:], true
	}
	if n := len(p.parts); n > 1 && p.parts[n-1] == "" {
		p.parts, p.tail = p.parts[:n-1], true
	}
	p.whole = p.length < shortest
	return p
}

// place is where something stands in a text.
type place struct{ from, to int }

// find looks whether the pattern stands where its window was found, and where
// its parts are then.
func (p *pattern) find(d *document, window int, places []place) ([]place, bool) {
	at := window - p.offset
	if !partAt(d.low, at, p.parts[p.part]) {
		return nil, false
	}
	places = append(places[:0], make([]place, len(p.parts))...)
	places[p.part] = place{at, at + len(p.parts[p.part])}
	for i := p.part - 1; i >= 0; i-- {
		end := places[i+1].from
		from := max(0, end-gap-len(p.parts[i]))
		if line := bytes.LastIndexByte(d.low[from:end], '\n'); line >= 0 && !endsInSpace(p.parts[i]) {
			from += line + 1
		}
		k := lastIndex(d.low[from:end], p.parts[i])
		if k < 0 {
			return nil, false
		}
		places[i] = place{from + k, from + k + len(p.parts[i])}
	}
	for i := p.part + 1; i < len(p.parts); i++ {
		from := places[i-1].to
		to := min(len(d.low), from+gap+len(p.parts[i]))
		if line := bytes.IndexByte(d.low[from:to], '\n'); line >= 0 {
			to = min(to, from+line+len(p.parts[i]))
		}
		k := index(d.low[from:to], p.parts[i])
		if k < 0 {
			return nil, false
		}
		places[i] = place{from + k, from + k + len(p.parts[i])}
	}
	if !p.head && !p.freeBefore(d.low, places[0].from) || !p.tail && !p.freeAfter(d.low, places[len(places)-1].to) {
		return nil, false
	}
	return places, true
}

func endsInSpace(s string) bool { return strings.HasSuffix(s, " ") }

// freeBefore says whether what stands before does not continue the literal's
// first word or number.
func (p *pattern) freeBefore(low []byte, at int) bool {
	return at == 0 || !p.continues(low[at-1], low[at])
}

func (p *pattern) freeAfter(low []byte, at int) bool {
	// Numbers in hexadecimal may follow each other without anything between them.
	return at >= len(low) || !p.continues(low[at], low[at-1]) || hasPrefix(low[at:], "0x")
}

func (p *pattern) continues(outside, inside byte) bool {
	if isDigit(inside) {
		return isDigit(outside)
	}
	return p.whole && isWord(inside) && isWord(outside)
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isWord(c byte) bool { return isDigit(c) || c >= 'a' && c <= 'z' || c == '_' }

// partAt compares; a space of the literal stands for a line end too.
func partAt(low []byte, at int, part string) bool {
	if at < 0 || at+len(part) > len(low) {
		return false
	}
	for i := range len(part) {
		if c := low[at+i]; c != part[i] && !(c == '\n' && part[i] == ' ') {
			return false
		}
	}
	return true
}

func index(low []byte, part string) int {
	if !strings.Contains(part, " ") {
		return bytes.Index(low, []byte(part))
	}
	for i := 0; i+len(part) <= len(low); i++ {
		if partAt(low, i, part) {
			return i
		}
	}
	return -1
}

func lastIndex(low []byte, part string) int {
	for i := len(low) - len(part); i >= 0; i-- {
		if partAt(low, i, part) {
			return i
		}
	}
	return -1
}

// captures are the texts that the gaps of the pattern stand for.
func (p *pattern) captures(d *document, places []place) []string {
	var out []string
	add := func(from, to int) {
		out = append(out, string(bytes.ToValidUTF8(bytes.TrimSpace(d.plain[from:to]), []byte("\ufffd"))))
	}
	if p.head {
		from := max(0, places[0].from-gap)
		from += bytes.LastIndexByte(d.plain[from:places[0].from], '\n') + 1
		add(from, places[0].from)
	}
	for i := 1; i < len(places); i++ {
		add(places[i-1].to, places[i].from)
	}
	if p.tail {
		end := places[len(places)-1].to
		to := min(len(d.plain), end+gap)
		if i := bytes.IndexByte(d.plain[end:to], '\n'); i >= 0 {
			to = end + i
		}
		add(end, to)
	}
	return out
}
