package wire

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

//go:generate go run ./gen

// HashAlgorithm is a code point of the TLS HashAlgorithm registry (TLS 1.2).
type HashAlgorithm uint8

// SignatureAlgorithm is a code point of the TLS SignatureAlgorithm registry (TLS 1.2).
type SignatureAlgorithm uint8

// ECCurveType is a code point of the TLS EC Curve Types registry.
type ECCurveType uint8

// CertificateType is a code point of the TLS Certificate Types registry.
type CertificateType uint8

// CertificateStatusType is a code point of the TLS Certificate Status Types registry.
type CertificateStatusType uint8

// HPKEKEM is a code point of the HPKE KEM Identifiers registry.
type HPKEKEM uint16

// HPKEKDF is a code point of the HPKE KDF Identifiers registry.
type HPKEKDF uint16

// HPKEAEAD is a code point of the HPKE AEAD Identifiers registry.
type HPKEAEAD uint16

// named is one row of a name table.
type named[T ~uint8 | ~uint16 | ~uint32] struct {
	id   T
	name string
}

// CodePoint is a code point with its name, as every JSON document has it.
type CodePoint struct {
	ID   uint32 `json:"id"`
	Name string `json:"name"`
}

// lookup returns the name of id, or "". Tables ascend.
func lookup[T ~uint8 | ~uint16 | ~uint32](table []named[T], id T) string {
	i, ok := slices.BinarySearchFunc(table, id, func(r named[T], id T) int { return cmp.Compare(r.id, id) })
	if !ok {
		return ""
	}
	return table[i].name
}

// reverse returns the code point with a name, in any case.
func reverse[T ~uint8 | ~uint16 | ~uint32](table []named[T], name string) (T, bool) {
	for i := range table {
		if strings.EqualFold(table[i].name, name) {
			return table[i].id, true
		}
	}
	return 0, false
}

// codeName returns name, or the value in that many hexadecimal digits where
// there is none.
func codeName(name string, v uint32, digits int) string {
	if name != "" {
		return name
	}
	s := hexCode(v, digits)
	if digits == 4 && IsGREASE(uint16(v)) { // four digits are 16 bits
		return "GREASE (" + s + ")"
	}
	return s
}

// String returns the name of x, or its number. The registry has GREASE values
// of its own, 0x0B and every 31st after it (RFC 8701, Section 2).
func (x PSKMode) String() string {
	name := lookup(pskModeNames[:], x)
	if name == "" && x%0x1f == 0x0b {
		name = "GREASE (" + hexCode(uint32(x), 2) + ")"
	}
	return codeName(name, uint32(x), 2)
}

// MarshalJSON writes v as a CodePoint.
func (v Version) MarshalJSON() ([]byte, error) { return marshalCode(uint32(v), v.String()), nil }

// UnmarshalJSON reads a CodePoint or a number.
func (v *Version) UnmarshalJSON(b []byte) error { return unmarshalCode(v, b) }

func hexCode(v uint32, digits int) string {
	const d = "0123456789ABCDEF"
	b := make([]byte, 2+digits)
	b[0], b[1] = '0', 'x'
	for i := len(b) - 1; i > 1; i-- {
		b[i] = d[v&15]
		v >>= 4
	}
	return string(b)
}

// parseNumber reads 0xC02F, and what String writes for GREASE.
func parseNumber(s string, bits int) (uint32, bool) {
	if g, ok := strings.CutPrefix(s, "GREASE ("); ok {
		s = strings.TrimSuffix(g, ")")
	}
	if len(s) < 3 || s[0] != '0' || s[1] != 'x' && s[1] != 'X' {
		return 0, false
	}
	v, err := strconv.ParseUint(s[2:], 16, bits)
	return uint32(v), err == nil // at most 32 bits were asked for
}

// marshalCode writes a CodePoint. Names hold nothing that JSON escapes.
func marshalCode(id uint32, name string) []byte {
	b := make([]byte, 0, len(name)+24)
	b = strconv.AppendUint(append(b, `{"id":`...), uint64(id), 10)
	b = append(append(b, `,"name":"`...), name...)
	return append(b, `"}`...)
}

// unmarshalCode reads a CodePoint, of which only the id counts, or a number.
func unmarshalCode[T ~uint8 | ~uint16 | ~uint32](x *T, b []byte) error {
	var c struct {
		ID *uint32 `json:"id"`
	}
	err := json.Unmarshal(b, &c)
	if err != nil {
		c.ID = new(uint32)
		err = json.Unmarshal(b, c.ID)
	}
	switch {
	case string(b) == "null":
		return nil // as encoding/json does
	case err != nil || c.ID == nil:
		return fmt.Errorf("reading a code point from %.40q: neither a number nor an object with an id", b)
	case *c.ID > uint32(^T(0)):
		return fmt.Errorf("reading a code point: %d is above %d", *c.ID, ^T(0))
	}
	*x = T(*c.ID)
	return nil
}
