package trust

import (
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Name is a distinguished name.
type Name struct {
	// Raw is the DER of the Name.
	Raw []byte
	// RDNs in the order of the encoding, most general first. Attributes of one
	// multi-valued RDN stand next to each other.
	Attributes []NameAttribute
	// CN is the last (most specific) commonName; O and OU the first
	// organizationName and organizationalUnitName. Empty if absent.
	CN, O, OU string
}

// NameAttribute is one type and value of a Name.
type NameAttribute struct {
	OID   string // dotted
	Value string // valid UTF-8, may hold control characters
	// Multi is set if the attribute shares its RDN with the one before it.
	Multi bool
}

// attributeNames are the short names of RFC 4514, Section 3, and some that
// people know from OpenSSL.
var attributeNames = map[string]string{
	"2.5.4.3": "CN", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST", "2.5.4.9": "STREET",
	"2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.5": "serialNumber", "2.5.4.17": "postalCode",
	"2.5.4.4": "SN", "2.5.4.42": "GN", "2.5.4.12": "title", "2.5.4.15": "businessCategory",
	"2.5.4.97": "organizationIdentifier", "2.5.4.46": "dnQualifier",
	"0.9.2342.19200300.100.1.25": "DC", "0.9.2342.19200300.100.1.1": "UID",
	"1.2.840.113549.1.9.1":     "emailAddress",
	"1.3.6.1.4.1.311.60.2.1.1": "jurisdictionL", "1.3.6.1.4.1.311.60.2.1.2": "jurisdictionST",
	"1.3.6.1.4.1.311.60.2.1.3": "jurisdictionC",
}

const maxNameAttributes = 128

// parseName reads the content of a Name element.
func parseName(e element, what string) Name {
	n := Name{Raw: e.full}
	in := e.inner()
	for !in.empty() && len(n.Attributes) < maxNameAttributes {
		set, ok := in.take(tagSet)
		if !ok {
			e.odd.add("%s is malformed", what)
			break
		}
		s := set.inner()
		for multi := false; !s.empty() && len(n.Attributes) < maxNameAttributes; multi = true {
			seq, ok := s.sequence()
			if !ok {
				e.odd.add("%s is malformed", what)
				break
			}
			si := seq.inner()
			oid, ok1 := si.oid()
			val, ok2 := si.any()
			if !ok1 || !ok2 {
				e.odd.add("%s is malformed", what)
				continue
			}
			v, good := decodeString(val)
			if !good {
				e.odd.add("%s holds a string that its type does not allow", what)
			}
			n.Attributes = append(n.Attributes, NameAttribute{OID: oid, Value: v, Multi: multi})
			switch {
			case oid == "2.5.4.3":
				n.CN = v
			case oid == "2.5.4.10" && n.O == "":
				n.O = v
			case oid == "2.5.4.11" && n.OU == "":
				n.OU = v
			}
		}
	}
	return n
}

// String formats the name as RFC 4514 does: most specific first, special
// characters escaped. Control characters are escaped as \XX.
func (n Name) String() string {
	var b strings.Builder
	attrs := n.Attributes
	for end := len(attrs); end > 0; {
		start := end - 1
		for start > 0 && attrs[start].Multi {
			start--
		}
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		for i, a := range attrs[start:end] {
			if i > 0 {
				b.WriteByte('+')
			}
			name := attributeNames[a.OID]
			if name == "" {
				name = a.OID
			}
			b.WriteString(name)
			b.WriteByte('=')
			escapeValue(&b, a.Value)
		}
		end = start
	}
	return b.String()
}

// Short is what people call the holder: the common name, else the unit or
// organization, else the whole name.
func (n Name) Short() string {
	for _, s := range []string{n.CN, n.OU, n.O} {
		if s != "" {
			return s
		}
	}
	return n.String()
}

func escapeValue(b *strings.Builder, v string) {
	for i, r := range v {
		last := i+utf8.RuneLen(r) == len(v)
		switch {
		case strings.ContainsRune(`"+,;<>\`, r), i == 0 && (r == ' ' || r == '#'), last && r == ' ':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < 0x20 || r == 0x7f:
			b.WriteByte('\\')
			b.WriteString(hex.EncodeToString([]byte{byte(r)}))
		default:
			b.WriteRune(r)
		}
	}
}

// key is the name's form for comparison: RFC 5280, Section 7.1, as OpenSSL
// canonises it. Case, runs of spaces and the string type do not count.
func (n Name) key() string {
	var b strings.Builder
	b.Grow(len(n.Raw) + 16*len(n.Attributes)) // dotted OIDs are longer than encoded ones
	for _, a := range n.Attributes {
		if a.Multi {
			b.WriteByte('+')
		}
		b.WriteString(a.OID)
		b.WriteByte('=')
		space := false
		for _, r := range strings.TrimFunc(a.Value, unicode.IsSpace) {
			if unicode.IsSpace(r) {
				space = true
				continue
			}
			if space {
				b.WriteByte(' ')
				space = false
			}
			b.WriteRune(unicode.ToLower(r))
		}
		b.WriteByte(0)
	}
	if len(n.Attributes) == 0 && len(n.Raw) > 2 {
		return string(n.Raw) // unreadable: only an identical one is equal
	}
	return b.String()
}

// decodeString reads a DirectoryString or IA5String into valid UTF-8; false if
// the content breaks the rules of its type.
func decodeString(e element) (string, bool) {
	b := e.body
	switch e.tag {
	case tagBMPString:
		if len(b)%2 != 0 {
			return strings.ToValidUTF8(string(b), "\ufffd"), false
		}
		u := make([]uint16, len(b)/2)
		for i := range u {
			u[i] = uint16(b[2*i])<<8 | uint16(b[2*i+1])
		}
		return string(utf16.Decode(u)), true
	case tagUniversalString:
		if len(b)%4 != 0 {
			return strings.ToValidUTF8(string(b), "\ufffd"), false
		}
		var s strings.Builder
		for i := 0; i < len(b); i += 4 {
			s.WriteRune(rune(uint32(b[i])<<24 | uint32(b[i+1])<<16 | uint32(b[i+2])<<8 | uint32(b[i+3])))
		}
		return s.String(), true
	case tagT61String:
		// Nobody writes T.61; what is there is Latin-1, or UTF-8.
		if utf8.Valid(b) {
			return string(b), true
		}
		r := make([]rune, len(b))
		for i, c := range b {
			r[i] = rune(c)
		}
		return string(r), true
	case tagPrintableString, tagNumericString, tagIA5String, tagVisibleString:
		s := strings.ToValidUTF8(string(b), "\ufffd")
		return s, !slices.ContainsFunc(b, func(c byte) bool {
			return c >= 0x80 || e.tag == tagPrintableString && !printable(c)
		})
	case tagUTF8String:
		return strings.ToValidUTF8(string(b), "\ufffd"), utf8.Valid(b)
	}
	return "#" + hex.EncodeToString(e.full), false
}

// printable is PrintableString's alphabet (X.680, Section 41.4), with the three
// that many CAs used all the same and x509 accepts: * & and _ in names of hosts.
func printable(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		strings.IndexByte(" '()+,-./:=?*&_@", c) >= 0
}

// ParseName reads a Name in DER, such as those of a CertificateRequest.
func ParseName(b []byte) (Name, error) {
	var odd oddities
	e, ok := newDER(b, &odd).take(tagSequence)
	if !ok {
		return Name{}, errors.New("malformed distinguished name")
	}
	return parseName(e, "name"), nil
}
