package trust

import (
	"bytes"
	"crypto/x509/pkix"
	"encoding/asn1"
	"slices"
	"strings"
	"testing"
	"time"
)

// tlv builds an element with the shortest length.
func tlv(tag byte, parts ...[]byte) []byte {
	body := slices.Concat(parts...)
	n := len(body)
	switch {
	case n < 0x80:
		return append([]byte{tag, byte(n)}, body...)
	case n < 0x100:
		return append([]byte{tag, 0x81, byte(n)}, body...)
	}
	return append([]byte{tag, 0x82, byte(n >> 8), byte(n)}, body...)
}

// indefinite builds an element of BER's indefinite length.
func indefinite(tag byte, parts ...[]byte) []byte {
	return slices.Concat([]byte{tag, 0x80}, slices.Concat(parts...), []byte{0, 0})
}

// oddCert is a certificate built field by field; nil fields are the usual ones.
type oddCert struct {
	version, serial, innerAlg, issuer, validity, subject, spki, extensions []byte
	tail, wrap                                                             func([]byte) []byte
}

var (
	oidCN      = tlv(tagOID, []byte{0x55, 0x04, 0x03})
	ecdsaAlg   = tlv(tagSequence, tlv(tagOID, []byte{0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02}))
	someName   = rdn(tlv(tagUTF8String, []byte("good.example")))
	someDates  = tlv(tagSequence, tlv(tagUTCTime, []byte("260101000000Z")), tlv(tagUTCTime, []byte("270101000000Z")))
	unknownKey = tlv(tagSequence, tlv(tagSequence, tlv(tagOID, []byte{0x2a, 3, 4})), tlv(tagBitString, []byte{0, 1, 2, 3}))
)

func rdn(value []byte) []byte {
	return tlv(tagSequence, tlv(tagSet, tlv(tagSequence, oidCN, value)))
}

func (o oddCert) build() []byte {
	or := func(b, def []byte) []byte {
		if b == nil {
			return def
		}
		return b
	}
	tbs := tlv(
		tagSequence,
		or(o.version, tlv(0xa0, tlv(tagInteger, []byte{2}))), or(o.serial, tlv(tagInteger, []byte{7})), or(o.innerAlg, ecdsaAlg),
		or(o.issuer, someName), or(o.validity, someDates), or(o.subject, someName), or(o.spki, unknownKey), o.extensions,
	)
	der := tlv(tagSequence, tbs, ecdsaAlg, tlv(tagBitString, []byte{0, 1, 2}))
	if o.wrap != nil {
		der = o.wrap(slices.Concat(tbs, ecdsaAlg, tlv(tagBitString, []byte{0, 1, 2})))
	}
	if o.tail != nil {
		der = o.tail(der)
	}
	return der
}

func extension(oid, value []byte) []byte {
	return tlv(tagSequence, tlv(tagOID, oid), tlv(tagOctetString, value))
}

func TestOdditiesAreNotedNotRefused(t *testing.T) {
	sanOID, bcOID := []byte{0x55, 0x1d, 0x11}, []byte{0x55, 0x1d, 0x13}
	san := func(name string) []byte { return tlv(tagSequence, tlv(0x82, []byte(name))) }
	exts := func(e ...[]byte) []byte { return tlv(0xa3, tlv(tagSequence, e...)) }
	for _, c := range []struct {
		name  string
		cert  oddCert
		says  string
		check func(*Certificate) bool
	}{
		{"as it should be", oddCert{}, "", func(c *Certificate) bool {
			return c.Subject.CN == "good.example" && c.Key.Type == KeyUnknown && c.Key.AlgorithmOID == "1.2.3.4" && c.NotAfter.Year() == 2027
		}},
		{"negative serial", oddCert{serial: tlv(tagInteger, []byte{0x80})}, "not positive", func(c *Certificate) bool { return c.Serial.Int64() == -128 }},
		{"long serial", oddCert{serial: tlv(tagInteger, bytes.Repeat([]byte{0x7f}, 30))}, "more than 20 bytes", nil},
		{"padded serial", oddCert{serial: tlv(tagInteger, []byte{0, 0, 7})}, "shortest form", func(c *Certificate) bool { return c.Serial.Int64() == 7 }},
		{"version 9", oddCert{version: tlv(0xa0, tlv(tagInteger, []byte{8}))}, "unknown certificate version", nil},
		{"version 1 with extensions", oddCert{version: []byte{}, extensions: exts(extension(sanOID, san("a.example")))}, "version 1", func(c *Certificate) bool { return c.Version == 1 && c.DNSNames[0] == "a.example" }},
		{"algorithms differ", oddCert{innerAlg: tlv(tagSequence, tlv(tagOID, []byte{0x2a, 3}))}, "algorithms differ", nil},
		{"Latin-1 in UTF8String", oddCert{subject: rdn(tlv(tagUTF8String, []byte("b\xfccher")))}, "string that its type does not allow", func(c *Certificate) bool { return c.Subject.CN == "b\ufffdcher" }},
		{"UTF-8 in PrintableString", oddCert{subject: rdn(tlv(tagPrintableString, []byte("bücher")))}, "string that its type", func(c *Certificate) bool { return c.Subject.CN == "bücher" }},
		{"Latin-1 in T61String", oddCert{subject: rdn(tlv(tagT61String, []byte("b\xfccher")))}, "", func(c *Certificate) bool { return c.Subject.CN == "bücher" }},
		{"BMPString", oddCert{subject: rdn(tlv(tagBMPString, []byte{0, 'b', 0, 0xfc}))}, "", func(c *Certificate) bool { return c.Subject.CN == "bü" }},
		{"UniversalString", oddCert{subject: rdn(tlv(tagUniversalString, []byte{0, 1, 0xf6, 0}))}, "", func(c *Certificate) bool { return c.Subject.CN == "😀" }},
		{"a number as common name", oddCert{subject: rdn(tlv(tagInteger, []byte{5}))}, "string that its type", func(c *Certificate) bool { return c.Subject.CN == "#020105" }},
		{"no seconds", oddCert{validity: tlv(tagSequence, tlv(tagUTCTime, []byte("2601010000Z")), tlv(tagGeneralizedTime, []byte("20991231235959Z")))}, "not in the form", func(c *Certificate) bool { return c.NotBefore.Year() == 2026 && c.NotAfter.Year() == 2099 }},
		{"time with zone", oddCert{validity: tlv(tagSequence, tlv(tagUTCTime, []byte("260101000000+0200")), tlv(tagUTCTime, []byte("270101000000Z")))}, "not in the form", func(c *Certificate) bool {
			return c.NotBefore.Equal(time.Date(2025, 12, 31, 22, 0, 0, 0, time.UTC))
		}},
		{"31 February", oddCert{validity: tlv(tagSequence, tlv(tagUTCTime, []byte("260231000000Z")), tlv(tagUTCTime, []byte("270101000000Z")))}, "date is unreadable", func(c *Certificate) bool { return c.NotBefore.IsZero() && c.NotAfter.Year() == 2027 }},
		{"end before beginning", oddCert{validity: tlv(tagSequence, tlv(tagUTCTime, []byte("270101000000Z")), tlv(tagUTCTime, []byte("260101000000Z")))}, "notAfter is before notBefore", nil},
		{"key is no key", oddCert{spki: tlv(tagSequence, tlv(tagInteger, []byte{1}))}, "public key is malformed", func(c *Certificate) bool { return c.Key != nil && c.Key.Type == KeyUnknown }},
		{"extension twice", oddCert{extensions: exts(extension(sanOID, san("first.example")), extension(sanOID, san("second.example")))}, "2.5.29.17 occurs twice", func(c *Certificate) bool { return slices.Equal(c.DNSNames, []string{"first.example"}) }},
		{"name that is not ASCII", oddCert{extensions: exts(extension(sanOID, san("bücher.example")))}, "not ASCII", func(c *Certificate) bool { return c.DNSNames[0] == "bücher.example" }},
		{"cut off extension", oddCert{extensions: exts(extension(sanOID, san("a.example")[:5]))}, "2.5.29.17 is malformed", func(c *Certificate) bool { return c.HasSAN && len(c.DNSNames) == 0 }},
		{"address of 5 bytes", oddCert{extensions: exts(extension(sanOID, tlv(tagSequence, tlv(0x87, []byte{1, 2, 3, 4, 5}))))}, "2.5.29.17 is malformed", nil},
		{"path length below zero", oddCert{extensions: exts(extension(bcOID, tlv(tagSequence, tlv(tagBoolean, []byte{0xff}), tlv(tagInteger, []byte{0xff}))))}, "2.5.29.19 is malformed", func(c *Certificate) bool { return c.IsCA() && c.BasicConstraints.PathLen == -1 }},
		{"BER boolean", oddCert{extensions: exts(extension(bcOID, tlv(tagSequence, tlv(tagBoolean, []byte{1}))))}, "BOOLEAN 0x1", func(c *Certificate) bool { return c.IsCA() }},
		{"indefinite length", oddCert{wrap: func(b []byte) []byte { return indefinite(tagSequence, b) }}, "indefinite length", nil},
		{"long form of a short length", oddCert{subject: slices.Concat([]byte{tagSequence, 0x82, 0, byte(len(someName) - 2)}, someName[2:])}, "length not in its shortest form", nil},
		{"bytes after the end", oddCert{tail: func(b []byte) []byte { return append(b, 1, 2, 3) }}, "3 bytes after", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			cert, err := ParseCertificate(c.cert.build())
			if err != nil {
				t.Fatal(err)
			}
			all := strings.Join(cert.Oddities, "; ")
			if c.says == "" && all != "" || !strings.Contains(all, c.says) {
				t.Errorf("oddities %q", cert.Oddities)
			}
			if c.check != nil && !c.check(cert) {
				t.Errorf("%+v", cert)
			}
			// Whatever it is, it can be judged and shown.
			r := Verify(Input{Chain: []*Certificate{cert}, Name: "good.example", At: now, Policy: Modern()})
			if r.OK {
				t.Error("nobody signed it")
			}
			Summarize(cert)
		})
	}
}

func TestUnreadableIsRefused(t *testing.T) {
	good := oddCert{}.build()
	for name, der := range map[string][]byte{
		"nothing":              nil,
		"text":                 []byte("hello"),
		"cut off":              good[:len(good)-1],
		"tag only":             {tagSequence},
		"length of 2^63":       {tagSequence, 0x88, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		"length overflows":     {tagSequence, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		"endless nesting":      bytes.Repeat([]byte{tagSequence, 0x80}, 10_000),
		"no validity":          oddCert{validity: []byte{}}.build(),
		"key instead of chain": unknownKey,
	} {
		if c, err := ParseCertificate(der); err == nil {
			t.Errorf("%s: %+v", name, c)
		}
	}
}

func TestNameFormats(t *testing.T) {
	raw := must(asn1.Marshal(pkix.RDNSequence{
		{{Type: asn1.ObjectIdentifier{2, 5, 4, 6}, Value: "DE"}},
		{{Type: asn1.ObjectIdentifier{2, 5, 4, 10}, Value: `Müller, "Söhne" + Co.`}},
		{{Type: asn1.ObjectIdentifier{2, 5, 4, 11}, Value: "a"}, {Type: asn1.ObjectIdentifier{1, 2, 3}, Value: " #b "}},
		{{Type: asn1.ObjectIdentifier{2, 5, 4, 3}, Value: "x\x1b[31m\ny"}},
	}))
	e, _ := newDER(raw, nil).sequence()
	n := parseName(e, "name")
	if got, want := n.String(), `CN=x\1b[31m\0ay,1.2.3=\ #b\ +OU=a,O=Müller\, \"Söhne\" \+ Co.,C=DE`; got != want && got != `CN=x\1b[31m\0ay,OU=a+1.2.3=\ #b\ ,O=Müller\, \"Söhne\" \+ Co.,C=DE` {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	same := func(a, b []byte) bool {
		ea, _ := newDER(a, nil).sequence()
		eb, _ := newDER(b, nil).sequence()
		return parseName(ea, "").key() == parseName(eb, "").key()
	}
	if !same(rdn(tlv(tagUTF8String, []byte("Zoo  Root "))), rdn(tlv(tagPrintableString, []byte("zoo root")))) {
		t.Error("case, spaces and string type do not tell names apart")
	}
	if same(rdn(tlv(tagUTF8String, []byte("Zoo Root"))), rdn(tlv(tagUTF8String, []byte("Zoo Root 2")))) || same(rdn([]byte{5, 0}), rdn([]byte{4, 0})) {
		t.Error("different names are equal")
	}
}
