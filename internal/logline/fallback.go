package logline

// fallback is for lines of no known format: what stands at the beginning as a
// time stamp is one, and an address at the end belongs to the peer.
func (p *Parser) fallback(l *Line, line []byte) {
	if when, n := p.iso(line); n > 0 {
		l.Time, line = when, trimLeft(line[n:])
	} else if t, ok := date(line, '/'); ok && len(line) >= 19 && line[10] == ' ' && t.hours(line[11:]) {
		n := 19 + t.fraction(line[19:])
		l.Time, line = p.local(t), trimLeft(line[n:])
	}
	l.Message = trim(line)
}
