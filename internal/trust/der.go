package trust

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// Tags of X.690, Section 8, as the identifier byte (class, constructed, number).
const (
	tagBoolean         = 0x01
	tagInteger         = 0x02
	tagBitString       = 0x03
	tagOctetString     = 0x04
	tagNull            = 0x05
	tagOID             = 0x06
	tagEnum            = 0x0a
	tagUTF8String      = 0x0c
	tagNumericString   = 0x12
	tagPrintableString = 0x13
	tagT61String       = 0x14
	tagIA5String       = 0x16
	tagUTCTime         = 0x17
	tagGeneralizedTime = 0x18
	tagVisibleString   = 0x1a
	tagUniversalString = 0x1c
	tagBMPString       = 0x1e
	tagSequence        = 0x30
	tagSet             = 0x31
)

// contextTag is the identifier byte of a context-specific tag.
func contextTag(n byte, constructed bool) byte {
	if constructed {
		return 0xa0 | n
	}
	return 0x80 | n
}

const (
	maxOddities = 32
	maxDepth    = 24      // nesting of indefinite lengths
	maxOIDBytes = 128     // longest OID that is printed
	maxIntBytes = 4 << 10 // longest INTEGER that is read: a 32768-bit number
)

// oddities collects what a strict reader would refuse. A nil receiver drops it.
type oddities struct{ list []string }

func (o *oddities) add(format string, args ...any) {
	if o == nil || len(o.list) >= maxOddities {
		return
	}
	if s := fmt.Sprintf(format, args...); !slices.Contains(o.list, s) {
		o.list = append(o.list, s)
	}
}

// element is one TLV.
type element struct {
	tag  byte   // identifier byte; 0x1f in the low bits marks a long-form number
	full []byte // with header
	body []byte
	odd  *oddities
}

func (e element) inner() *der { return &der{b: e.body, odd: e.odd} }

// der reads DER and forgives what BER allows and old encoders did: lengths that
// are longer than needed and indefinite lengths. A certificate that clients
// refuse for its encoding must still be shown.
type der struct {
	b   []byte
	odd *oddities
}

func newDER(b []byte, odd *oddities) *der { return &der{b: b, odd: odd} }

func (d *der) empty() bool { return len(d.b) == 0 }

// peek tells whether the next element has that identifier byte.
func (d *der) peek(tag byte) bool { return len(d.b) > 0 && d.b[0] == tag }

// any reads the next element whatever it is.
func (d *der) any() (element, bool) { return d.read(0) }

func (d *der) read(depth int) (element, bool) {
	b := d.b
	if len(b) < 2 || depth > maxDepth {
		return element{}, false
	}
	tag, i := b[0], 1
	if tag&0x1f == 0x1f { // long-form tag number, X.690, Section 8.1.2.4
		for i < len(b) && i < 6 && b[i]&0x80 != 0 {
			i++
		}
		i++
	}
	if i >= len(b) {
		return element{}, false
	}
	first := b[i]
	i++
	n := int(first)
	switch {
	case first == 0x80:
		if tag&0x20 == 0 {
			return element{}, false // indefinite length needs a constructed encoding
		}
		return d.readIndefinite(tag, i, depth)
	case first > 0x80:
		count := int(first & 0x7f)
		if count > 8 || i+count > len(b) {
			return element{}, false
		}
		n = 0
		for _, c := range b[i : i+count] {
			if n > len(b) {
				return element{}, false
			}
			n = n<<8 | int(c)
		}
		if n < 0x80 || b[i] == 0 {
			d.odd.add("length not in its shortest form")
		}
		i += count
	}
	if n > len(b)-i {
		return element{}, false
	}
	d.b = b[i+n:]
	return element{tag: tag, full: b[:i+n], body: b[i : i+n], odd: d.odd}, true
}

// readIndefinite reads up to the end-of-contents octets (X.690, Section 8.1.5).
func (d *der) readIndefinite(tag byte, header, depth int) (element, bool) {
	d.odd.add("indefinite length (BER)")
	in := &der{b: d.b[header:], odd: d.odd}
	for {
		if len(in.b) >= 2 && in.b[0] == 0 && in.b[1] == 0 {
			end := len(d.b) - len(in.b)
			el := element{tag: tag, full: d.b[:end+2], body: d.b[header:end], odd: d.odd}
			d.b = d.b[end+2:]
			return el, true
		}
		if _, ok := in.read(depth + 1); !ok {
			return element{}, false
		}
	}
}

// take reads the next element if it has that identifier byte.
func (d *der) take(tag byte) (element, bool) {
	if !d.peek(tag) {
		return element{}, false
	}
	return d.any()
}

func (d *der) sequence() (element, bool) { return d.take(tagSequence) }

// integer reads an INTEGER of bounded size.
func (d *der) integer() (*big.Int, bool) {
	e, ok := d.take(tagInteger)
	if !ok {
		return nil, false
	}
	return e.integer()
}

// integer reads the body as two's complement.
func (e element) integer() (*big.Int, bool) {
	b := e.body
	if len(b) == 0 || len(b) > maxIntBytes {
		return nil, false
	}
	if len(b) > 1 && (b[0] == 0 && b[1]&0x80 == 0 || b[0] == 0xff && b[1]&0x80 != 0) {
		e.odd.add("INTEGER not in its shortest form")
	}
	n := new(big.Int).SetBytes(b)
	if b[0]&0x80 != 0 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(len(b))*8))
	}
	return n, true
}

// boolean reads a BOOLEAN; any value but 0 is true, as in BER.
func (d *der) boolean() (value, ok bool) {
	e, ok := d.take(tagBoolean)
	if !ok || len(e.body) != 1 {
		return false, false
	}
	if e.body[0] != 0 && e.body[0] != 0xff {
		e.odd.add("BOOLEAN %#x", e.body[0])
	}
	return e.body[0] != 0, true
}

// bits returns the bytes of a BIT STRING body and the count of unused bits at
// its end (0 to 7).
func (e element) bits() (b []byte, unused int, ok bool) {
	if len(e.body) == 0 || e.body[0] > 7 || (len(e.body) == 1 && e.body[0] != 0) {
		return nil, 0, false
	}
	return e.body[1:], int(e.body[0]), true
}

// oid reads an OBJECT IDENTIFIER in dotted form.
func (d *der) oid() (string, bool) {
	e, ok := d.take(tagOID)
	if !ok {
		return "", false
	}
	return oidString(e.body)
}

func oidString(b []byte) (string, bool) {
	if s, ok := dottedOIDs()[string(b)]; ok {
		return s, true
	}
	return printOID(b)
}

func printOID(b []byte) (string, bool) {
	if len(b) == 0 || len(b) > maxOIDBytes || b[len(b)-1]&0x80 != 0 {
		return "", false
	}
	var s strings.Builder
	var v uint64
	first := true
	for _, c := range b {
		if v > 1<<56 {
			return "", false
		}
		v = v<<7 | uint64(c&0x7f)
		if c&0x80 != 0 {
			continue
		}
		if first { // X.690, Section 8.19.4: two arcs in the first number
			root := min(v/40, 2)
			s.WriteString(strconv.FormatUint(root, 10))
			v -= root * 40
			first = false
		}
		s.WriteByte('.')
		s.WriteString(strconv.FormatUint(v, 10))
		v = 0
	}
	return s.String(), true
}

// octets concatenates an OCTET STRING, also in BER's constructed form.
func (e element) octets() []byte {
	if e.tag&0x20 == 0 {
		return e.body
	}
	var out []byte
	in := e.inner()
	for !in.empty() {
		part, ok := in.take(tagOctetString)
		if !ok {
			break
		}
		out = append(out, part.body...)
	}
	return out
}
