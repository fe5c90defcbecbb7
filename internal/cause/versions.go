package cause

import "strings"

// Versions is a range of releases as people write them: "<8u31", ">=12 <18",
// several with "||" between them. Empty is every release.
type Versions string

// Hold reports whether a release is in the range. A release that is not known
// ("" or no number) may be any, so that it is.
func (r Versions) Hold(release string) bool {
	v, ok := parseRelease(release)
	if !ok || strings.TrimSpace(string(r)) == "" {
		return true
	}
	for part := range strings.SplitSeq(string(r), "||") {
		holds := true
		for bound := range strings.FieldsSeq(part) {
			limit, from := strings.CutPrefix(bound, ">=")
			if !from {
				limit = strings.TrimPrefix(bound, "<")
			}
			if l, ok := parseRelease(limit); ok {
				holds = holds && from == (compareReleases(v, l) >= 0)
			}
		}
		if holds {
			return true
		}
	}
	return false
}

// Valid reports whether the range is one: bounds with "<" or ">=" only.
func (r Versions) Valid() bool {
	if r == "" {
		return true
	}
	for part := range strings.SplitSeq(string(r), "||") {
		bounds := strings.Fields(part)
		if len(bounds) == 0 {
			return false
		}
		for _, b := range bounds {
			limit, from := strings.CutPrefix(b, ">=")
			if !from {
				if limit, from = strings.CutPrefix(b, "<"); !from {
					return false
				}
			}
			if _, ok := parseRelease(limit); !ok || strings.HasPrefix(limit, "=") {
				return false
			}
		}
	}
	return true
}

// maxRelease bounds the parts of a release and the value of each.
const maxRelease = 1 << 20

// parseRelease reads the numbers of a release: "8u31" is 8, 31; "1.8.0_31" is
// the same; "1.0.2k" is 1, 0, 2, 11. What follows a '+', '-', '~' or a word (a
// build, a package, a pre-release) does not count.
func parseRelease(s string) ([]int, bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	if len(s) > 1 && s[0] == 'v' {
		s = s[1:]
	}
	var parts []int
	for s != "" && len(parts) < 8 {
		n := 0
		for n < len(s) && s[n] >= '0' && s[n] <= '9' {
			n++
		}
		if n == 0 {
			break
		}
		value := 0
		for _, c := range s[:n] {
			value = min(value*10+int(c-'0'), maxRelease)
		}
		parts, s = append(parts, value), s[n:]
		if s == "" {
			break
		}
		switch c := s[0]; {
		case c == '.' || c == '_':
			s = s[1:]
		case c >= 'a' && c <= 'z' && len(s) > 1 && s[1] >= '0' && s[1] <= '9':
			s = s[1:] // 8u31
		case c >= 'a' && c <= 'z' && (len(s) == 1 || s[1] < 'a' || s[1] > 'z'):
			return javaRelease(append(parts, int(c-'a')+1)), true // 1.0.2k
		default:
			s = ""
		}
	}
	return javaRelease(parts), len(parts) > 0
}

// javaRelease makes 8, 31 of 1.8.0_31: Java counted so up to its release 8, and
// nothing else has a release 1.5 to 1.8 with a fourth number.
func javaRelease(parts []int) []int {
	if len(parts) == 4 && parts[0] == 1 && parts[1] >= 5 && parts[1] <= 8 && parts[2] == 0 {
		return []int{parts[1], parts[3]}
	}
	return parts
}

func compareReleases(a, b []int) int {
	for i := range max(len(a), len(b)) {
		var x, y int
		if i < len(a) {
			x = a[i]
		}
		if i < len(b) {
			y = b[i]
		}
		if x != y {
			return x - y
		}
	}
	return 0
}
