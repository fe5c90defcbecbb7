package wire

import "strings"

// findSuite returns the row of x, or nil. The search is spelled out because
// slices.BinarySearchFunc would copy a row at every step.
func findSuite(x CipherSuite) *suite {
	lo, hi := 0, len(suites)
	for lo < hi {
		switch mid := int(uint(lo+hi) / 2); {
		case suites[mid].id == x:
			return &suites[mid]
		case suites[mid].id < x:
			lo = mid + 1
		default:
			hi = mid
		}
	}
	return nil
}

// String returns the IANA name of x, or its number.
func (x CipherSuite) String() string {
	name := ""
	if s := findSuite(x); s != nil {
		name = s.name
	}
	return codeName(name, uint32(x), 4)
}

// OpenSSLName returns what OpenSSL calls x, or "" where no version of it knows
// the suite.
func (x CipherSuite) OpenSSLName() string {
	if s := findSuite(x); s != nil {
		return s.openssl
	}
	return ""
}

// ParseCipherSuite reads an IANA name, any of OpenSSL's names, or a number such
// as 0xC02F or 0xC0,0x2F. Case does not matter.
func ParseCipherSuite(name string) (CipherSuite, bool) {
	name = strings.TrimSpace(name)
	for i := range suites {
		if s := &suites[i]; strings.EqualFold(s.name, name) || s.openssl != "" && strings.EqualFold(s.openssl, name) {
			return s.id, true
		}
	}
	if id, ok := reverse(opensslAliases[:], name); ok {
		return id, true
	}
	if hi, lo, ok := strings.Cut(name, ","); ok { // as the registry writes it
		h, okHi := parseNumber(hi, 8)
		l, okLo := parseNumber(strings.TrimSpace(lo), 8)
		return CipherSuite(h<<8 | l), okHi && okLo
	}
	v, ok := parseNumber(name, 16)
	return CipherSuite(v), ok
}

// AllCipherSuites returns every named suite in ascending order, the ones
// outside the registry and the signalling values included.
func AllCipherSuites() []CipherSuite {
	all := make([]CipherSuite, len(suites))
	for i := range suites {
		all[i] = suites[i].id
	}
	return all
}

// String returns the name of x. SSL 2.0 hellos also carry the suites of later
// versions, behind a zero byte.
func (x SSL2Cipher) String() string {
	if name := lookup(ssl2CipherNames[:], x); name != "" {
		return name
	}
	if x <= 0xffff {
		return CipherSuite(x).String()
	}
	return hexCode(uint32(x), 6)
}
