package logline

import "net/netip"

// without is b without b[from:to], so that texts that differ there alone become
// equal ones.
func (p *Parser) without(b []byte, from, to int) []byte {
	switch {
	case from >= to:
		return b
	case to == len(b):
		return b[:from]
	case from == 0:
		return b[to:]
	}
	p.texts.scratch = append(append(p.texts.scratch[:0], b[:from]...), b[to:]...)
	return p.texts.keep()
}

// scrub takes out of a text what differs between equal failures: addresses with
// their ports, and the thread that OpenSSL's queue lines begin with. It gives the
// first address that is not of this host alone.
func (p *Parser) scrub(b []byte) (text []byte, a netip.Addr, port uint16) {
	if index(b, "IP SANs") >= 0 { // the address is what the certificate lacks
		return b, a, 0
	}
	var cuts [8]struct{ from, to int }
	n := 0
	for i := 0; i < len(b) && n < len(cuts); {
		c := b[i]
		if !isDigit(c) && (c|0x20 < 'a' || c|0x20 > 'f') && c != '[' && c != ':' || i > 0 && inWord(b[i-1]) {
			i++
			continue
		}
		if c == '[' && (i+3 >= len(b) || hex(b[i+1]) < 0 && b[i+1] != ':') {
			i++
			continue
		}
		if found, at, k := endpoint(b[i:]); k > 0 && (found.Is4() || k > 4) {
			if !a.IsValid() {
				a, port = found, at
			}
			cuts[n].from, cuts[n].to = i, i+k
			n++
			i += k
			continue
		}
		k := hexRun(b[i:])
		if k >= 8 && hasPrefix(b[i+k:], ":error:") { // thread id
			cuts[n].from, cuts[n].to = i, i+k+1
			n++
			i += k + len(":error:")
			continue
		}
		i += max(k, 1)
	}
	if n == 0 {
		return b, a, port
	}
	s := p.texts.scratch[:0]
	from := 0
	for _, cut := range cuts[:n] {
		s = append(s, b[from:cut.from]...)
		from = cut.to
	}
	p.texts.scratch = append(s, b[from:]...)
	return p.texts.keep(), a, port
}

// inWord says whether an address cannot begin after c.
func inWord(c byte) bool { return isLetter(c) || isDigit(c) || c == '.' || c == '_' || c == '-' }

func hexRun(b []byte) int {
	n := 0
	for n < len(b) && hex(b[n]) >= 0 {
		n++
	}
	return n
}

// bracketed reads "name[192.0.2.7]" and "name [192.0.2.7]:25" as mail servers
// write peers: where the name begins and what follows the address.
func bracketed(b []byte) (from, to int, a netip.Addr, port uint16) {
	for i := 0; i < len(b); i++ {
		if b[i] != '[' {
			continue
		}
		found, k := address(b[i+1:])
		if k == 0 || i+1+k >= len(b) || b[i+1+k] != ']' {
			continue
		}
		to = i + k + 2
		port, n := portAfter(b[to:])
		from = i
		for from > 0 && inWord(b[from-1]) {
			from--
		}
		return from, to + n, found, port
	}
	return 0, 0, a, 0
}
