package logline

import "time"

// at is a moment of a calendar as written; the zone is decided later.
type at struct {
	year, month, day, hour, minute, second int
	nano                                   int
}

// unix are the seconds of the moment if it is of UTC, by the count of days of
// the proleptic Gregorian calendar; time.Date costs ten times this.
func (t at) unix() int64 {
	y, m := int64(t.year), int64(t.month)
	if m <= 2 {
		y--
		m += 12
	}
	days := 365*y + y/4 - y/100 + y/400 + (153*(m-3)+2)/5 + int64(t.day) - 719469
	return days*86400 + int64(t.hour)*3600 + int64(t.minute)*60 + int64(t.second)
}

// local is the moment where no zone is written.
func (p *Parser) local(t at) time.Time {
	if p.Zone == nil || p.Zone == time.UTC {
		return time.Unix(t.unix(), int64(t.nano)).UTC()
	}
	return time.Date(t.year, time.Month(t.month), t.day, t.hour, t.minute, t.second, t.nano, p.Zone).UTC()
}

// offset is the moment at so many seconds east of UTC.
func (t at) offset(east int) time.Time {
	return time.Unix(t.unix()-int64(east), int64(t.nano)).UTC()
}

func (p *Parser) now() time.Time {
	if p.Now != nil {
		return p.Now()
	}
	return time.Now()
}

// thisYear is the moment of a month and a day without a year: the latest that is
// no more than a day ahead. A log is of the past.
func (p *Parser) thisYear(t at) time.Time {
	limit := p.now().Add(24 * time.Hour)
	t.year = limit.UTC().Year() + 1 // zones may be ahead
	for range 3 {
		if when := p.local(t); !when.After(limit) && (t.month != 2 || t.day != 29 || leap(t.year)) {
			return when
		}
		t.year--
	}
	for !leap(t.year) && t.month == 2 && t.day == 29 {
		t.year--
	}
	return p.local(t)
}

func leap(y int) bool { return y%4 == 0 && (y%100 != 0 || y%400 == 0) }

// two reads two digits; -1 if they are none.
func two(b []byte) int {
	h, l := b[0]-'0', b[1]-'0'
	if h > 9 || l > 9 {
		return -1
	}
	return int(h)*10 + int(l)
}

// date reads "2006/01/02" with any separator.
func date(b []byte, sep byte) (t at, ok bool) {
	if len(b) < 10 || b[4] != sep || b[7] != sep {
		return t, false
	}
	c, y, m, d := two(b), two(b[2:]), two(b[5:]), two(b[8:])
	if c < 0 || y < 0 || m < 0 || d < 0 {
		return t, false
	}
	t.year, t.month, t.day = c*100+y, m, d
	return t, t.month >= 1 && t.month <= 12 && t.day >= 1 && t.day <= 31
}

// hours reads "15:04:05".
func (t *at) hours(b []byte) bool {
	if len(b) < 8 || b[2] != ':' || b[5] != ':' {
		return false
	}
	h, m, s := two(b), two(b[3:]), two(b[6:])
	if h < 0 || m < 0 || s < 0 {
		return false
	}
	t.hour, t.minute, t.second = h, m, s
	return h <= 24 && m <= 59 && s <= 60
}

// fraction reads ".123456" or ",123" and returns its length.
func (t *at) fraction(b []byte) int {
	if len(b) < 2 || b[0] != '.' && b[0] != ',' || !isDigit(b[1]) {
		return 0
	}
	n, unit := 1, 100_000_000
	for n < len(b) && isDigit(b[n]) {
		t.nano += int(b[n]-'0') * unit
		unit /= 10
		n++
	}
	return n
}

// zone reads "Z", "+02", "+0200", "+02:00" and returns seconds east of UTC.
func zone(b []byte) (east, length int, ok bool) {
	if len(b) == 0 {
		return 0, 0, false
	}
	if b[0] == 'Z' {
		return 0, 1, true
	}
	if b[0] != '+' && b[0] != '-' || len(b) < 3 {
		return 0, 0, false
	}
	h := two(b[1:])
	if h < 0 || h > 15 {
		return 0, 0, false
	}
	east, length = h*3600, 3
	rest := b[3:]
	if len(rest) >= 3 && rest[0] == ':' {
		rest = rest[1:]
		length++
	}
	if len(rest) >= 2 {
		if m := two(rest); m >= 0 && m <= 59 {
			east += m * 60
			length += 2
		} else if length == 4 {
			length = 3
		}
	} else if length == 4 {
		length = 3
	}
	if b[0] == '-' {
		east = -east
	}
	return east, length, true
}

// iso reads RFC 3339 and what is like it: "2006-01-02T15:04:05.999+02:00",
// "2006-01-02 15:04:05,123", "2006-01-02 15:04:05.123 UTC".
func (p *Parser) iso(b []byte) (when time.Time, length int) {
	t, ok := date(b, '-')
	if !ok || len(b) < 19 || b[10] != 'T' && b[10] != ' ' && b[10] != 't' {
		return when, 0
	}
	n := 11
	if b[n] == ' ' { // MySQL 5 and MariaDB pad the hour with a space
		if len(b) < 19 || !isDigit(b[12]) || b[13] != ':' {
			return when, 0
		}
		padded := [8]byte{'0', b[12], ':', b[14], b[15], ':', b[17], b[18]}
		if b[16] != ':' || !t.hours(padded[:]) {
			return when, 0
		}
	} else if !t.hours(b[n:]) {
		return when, 0
	}
	n += 8
	n += t.fraction(b[n:])
	rest := b[n:]
	if east, k, ok := zone(rest); ok {
		return t.offset(east), n + k
	}
	if len(rest) > 0 && rest[0] == ' ' {
		if hasPrefix(rest[1:], "UTC") || hasPrefix(rest[1:], "GMT") {
			return t.offset(0), n + 4
		}
		if len(rest) >= 6 && (rest[1] == '+' || rest[1] == '-') && digits(rest[2:]) == 4 {
			if east, k, ok := zone(rest[1:]); ok {
				return t.offset(east), n + 1 + k
			}
		}
		if k := letters(rest[1:]); k >= 3 && k <= 4 && k+1 < len(rest) && (rest[k+1] == ' ' || rest[k+1] == ']') && isUpper(rest[1:k+1]) && zoneWord(rest[1:k+1]) {
			n += k + 1 // "CET": the host's own
		}
	}
	return p.local(t), n
}

// zoneWord tells an abbreviated zone from a level such as WARN.
func zoneWord(w []byte) bool {
	switch string(w) {
	case "CET", "CEST", "EET", "EEST", "WET", "WEST", "MSK", "BST", "IST", "EST", "EDT", "CST", "CDT", "MST", "MDT", "PST", "PDT", "JST", "KST", "AEST", "AEDT", "AWST", "ACST", "NZST", "NZDT", "SAST", "HKT", "SGT", "MESZ", "MEZ":
		return true
	}
	return false
}

func isUpper(b []byte) bool {
	for _, c := range b {
		if c < 'A' || c > 'Z' {
			return false
		}
	}
	return true
}

func letters(b []byte) int {
	n := 0
	for n < len(b) && isLetter(b[n]) {
		n++
	}
	return n
}

// month reads "Jan" and returns 1 to 12, or 0.
func month(b []byte) int {
	if len(b) < 3 {
		return 0
	}
	switch string(b[:3]) {
	case "Jan":
		return 1
	case "Feb":
		return 2
	case "Mar":
		return 3
	case "Apr":
		return 4
	case "May":
		return 5
	case "Jun":
		return 6
	case "Jul":
		return 7
	case "Aug":
		return 8
	case "Sep":
		return 9
	case "Oct":
		return 10
	case "Nov":
		return 11
	case "Dec":
		return 12
	}
	return 0
}

// weekday says whether b begins with "Mon " or the like.
func weekday(b []byte) bool {
	if len(b) < 4 || b[3] != ' ' {
		return false
	}
	switch string(b[:3]) {
	case "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun":
		return true
	}
	return false
}

// dayOf reads a day of one or two digits, which may be padded with a space.
func dayOf(b []byte) (day, length int) {
	if len(b) > 1 && b[0] == ' ' {
		b, length = b[1:], 1
	}
	v, n := number(b)
	if n < 1 || n > 2 || v < 1 || v > 31 {
		return 0, 0
	}
	return int(v), length + n
}

// epoch is a moment given as a number since 1970: seconds, milli-, micro- or
// nanoseconds by its size, with a fraction.
func epoch(b []byte) (time.Time, bool) {
	v, n := number(b)
	if n < 9 {
		return time.Time{}, false
	}
	if n == 18 && n < len(b) && isDigit(b[n]) { // nanoseconds have 19 digits
		v = v*10 + int64(b[n]-'0')
		n++
	}
	var t at
	k := t.fraction(b[n:])
	if n+k != len(b) {
		return time.Time{}, false
	}
	switch {
	case n <= 11:
		return time.Unix(v, int64(t.nano)).UTC(), true
	case n <= 14:
		return time.UnixMilli(v).Add(time.Duration(t.nano / 1000)).UTC(), true
	case n <= 17:
		return time.UnixMicro(v).UTC(), true
	}
	return time.Unix(0, v).UTC(), true
}
