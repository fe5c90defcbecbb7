package trust

import (
	"strconv"
	"strings"
	"sync"
)

// dottedOIDs has the OIDs that occur in nearly every certificate by their
// encoding, so that reading one makes no new string of them.
var dottedOIDs = sync.OnceValue(func() map[string]string {
	m := map[string]string{}
	add := func(dotted string) { m[string(encodeOID(dotted))] = dotted }
	for o := range keyOIDs {
		add(o)
	}
	for o := range sigOIDs {
		add(o)
	}
	for o := range attributeNames {
		add(o)
	}
	for o := range ekuNames {
		add(o)
	}
	for _, c := range curves {
		add(c.oid)
	}
	for _, o := range []string{
		extSKI, extKeyUsage, extSAN, extBasicConstraints, extNameConstraints, extCRLDP, extPolicies, extAKI, extEKU, extAIA,
		extTLSFeature, extSCT, extCTPoison,
		"1.3.6.1.5.5.7.48.1", "1.3.6.1.5.5.7.48.2", // id-ad-ocsp, id-ad-caIssuers
		"2.23.140.1.1", "2.23.140.1.2.1", "2.23.140.1.2.2", "2.23.140.1.2.3", // CA/Browser Forum: EV, DV, OV, IV
	} {
		add(o)
	}
	return m
})

// encodeOID is the content of an OBJECT IDENTIFIER (X.690, Section 8.19) of
// which the arcs fit 32 bits.
func encodeOID(dotted string) []byte {
	var out []byte
	var first uint64
	for i, arc := range strings.Split(dotted, ".") {
		v, _ := strconv.ParseUint(arc, 10, 32)
		switch i {
		case 0:
			first = v * 40
			continue
		case 1:
			v += first
		}
		n := 1
		for x := v >> 7; x > 0; x >>= 7 {
			n++
		}
		for n--; n > 0; n-- {
			out = append(out, byte(v>>(7*n))&0x7f|0x80)
		}
		out = append(out, byte(v)&0x7f)
	}
	return out
}
