package trust

import (
	"strconv"
	"strings"
	"time"
)

// parseTime reads UTCTime or GeneralizedTime (RFC 5280, Section 4.1.2.5),
// and the forms of X.680 that the RFC forbids: no seconds, fractions, zones.
func parseTime(e element) (time.Time, bool) {
	s := string(e.body)
	if len(s) > 40 {
		return time.Time{}, false
	}
	digits := 4
	if e.tag == tagUTCTime {
		digits = 2
	} else if e.tag != tagGeneralizedTime {
		return time.Time{}, false
	}
	stem, zone := s, ""
	if i := strings.IndexAny(s, "Z+-"); i >= 0 {
		stem, zone = s[:i], s[i:]
	}
	stem, fraction, hasFraction := strings.Cut(stem, ".")
	if hasFraction && strings.Trim(fraction, "0123456789") != "" {
		return time.Time{}, false
	}
	for _, c := range stem {
		if c < '0' || c > '9' {
			return time.Time{}, false
		}
	}
	var v [6]int // year month day hour minute second
	widths := [6]int{digits, 2, 2, 2, 2, 2}
	rest, read := stem, 0
	for i, w := range widths {
		if len(rest) < w {
			break
		}
		v[i], _ = strconv.Atoi(rest[:w])
		rest = rest[w:]
		read = i + 1
	}
	if rest != "" || read < 4 {
		return time.Time{}, false
	}
	if read < 6 || hasFraction || zone != "Z" {
		e.odd.add("time %q is not in the form that RFC 5280 demands", s)
	}
	if e.tag == tagUTCTime {
		if v[0] += 1900; v[0] < 1950 {
			v[0] += 100
		}
	}
	offset := 0
	if len(zone) == 5 {
		h, err1 := strconv.Atoi(zone[1:3])
		m, err2 := strconv.Atoi(zone[3:])
		if err1 != nil || err2 != nil {
			return time.Time{}, false
		}
		if offset = h*3600 + m*60; zone[0] == '-' {
			offset = -offset
		}
	} else if zone != "Z" && zone != "" {
		return time.Time{}, false
	}
	t := time.Date(v[0], time.Month(v[1]), v[2], v[3], v[4], v[5], 0, time.UTC)
	if int(t.Month()) != v[1] || t.Day() != v[2] || t.Hour() != v[3] || t.Minute() != v[4] {
		return time.Time{}, false // 31 February, hour 25
	}
	return t.Add(-time.Duration(offset) * time.Second), true
}
