package trust

import (
	"crypto/elliptic"

	"github.com/ProtonMail/go-crypto/bitcurves"
	"github.com/ProtonMail/go-crypto/brainpool"
)

// namedCurve is a curve of a certificate. curve is nil where we know the name
// and cannot compute; such signatures are reported as unchecked.
type namedCurve struct {
	oid, name string
	bits      int
	curve     func() elliptic.Curve
}

// curves lists names as RFC 5480, RFC 5639 and SEC 2 give them; NIST's own
// names for the five that everybody calls so.
var curves = []namedCurve{
	{"1.2.840.10045.3.1.7", "P-256", 256, elliptic.P256},
	{"1.3.132.0.34", "P-384", 384, elliptic.P384},
	{"1.3.132.0.35", "P-521", 521, elliptic.P521},
	{"1.3.132.0.33", "P-224", 224, elliptic.P224},
	{"1.2.840.10045.3.1.1", "P-192", 192, nil},
	{"1.3.132.0.10", "secp256k1", 256, func() elliptic.Curve { return bitcurves.S256() }},
	{"1.3.132.0.32", "secp224k1", 224, nil},
	{"1.3.132.0.31", "secp192k1", 192, nil},
	{"1.3.132.0.8", "secp160r1", 160, nil},
	{"1.3.132.0.9", "secp160k1", 160, nil},
	{"1.3.132.0.30", "secp160r2", 160, nil},
	{"1.3.36.3.3.2.8.1.1.7", "brainpoolP256r1", 256, brainpool.P256r1},
	{"1.3.36.3.3.2.8.1.1.8", "brainpoolP256t1", 256, brainpool.P256t1},
	{"1.3.36.3.3.2.8.1.1.11", "brainpoolP384r1", 384, brainpool.P384r1},
	{"1.3.36.3.3.2.8.1.1.12", "brainpoolP384t1", 384, brainpool.P384t1},
	{"1.3.36.3.3.2.8.1.1.13", "brainpoolP512r1", 512, brainpool.P512r1},
	{"1.3.36.3.3.2.8.1.1.14", "brainpoolP512t1", 512, brainpool.P512t1},
	{"1.3.36.3.3.2.8.1.1.1", "brainpoolP160r1", 160, nil},
	{"1.3.36.3.3.2.8.1.1.3", "brainpoolP192r1", 192, nil},
	{"1.3.36.3.3.2.8.1.1.5", "brainpoolP224r1", 224, nil},
	{"1.3.36.3.3.2.8.1.1.9", "brainpoolP320r1", 320, nil},
	{"1.3.132.0.1", "sect163k1", 163, nil},
	{"1.3.132.0.15", "sect163r2", 163, nil},
	{"1.3.132.0.26", "sect233k1", 233, nil},
	{"1.3.132.0.27", "sect233r1", 233, nil},
	{"1.3.132.0.16", "sect283k1", 283, nil},
	{"1.3.132.0.17", "sect283r1", 283, nil},
	{"1.3.132.0.36", "sect409k1", 409, nil},
	{"1.3.132.0.37", "sect409r1", 409, nil},
	{"1.3.132.0.38", "sect571k1", 571, nil},
	{"1.3.132.0.39", "sect571r1", 571, nil},
	{"1.2.156.10197.1.301", "sm2p256v1", 256, nil},
}

var curveOIDs = func() map[string]namedCurve {
	m := make(map[string]namedCurve, len(curves))
	for _, c := range curves {
		m[c.oid] = c
	}
	return m
}()

// curveByName returns nil for curves that cannot be computed here.
func curveByName(name string) elliptic.Curve {
	for _, c := range curves {
		if c.name == name && c.curve != nil {
			return c.curve()
		}
	}
	return nil
}
