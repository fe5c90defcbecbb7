package trust

import "crypto"

// SignatureAlgorithm is an AlgorithmIdentifier that names a signature.
type SignatureAlgorithm struct {
	// OID is dotted.
	OID string
	// Name is the usual name ("sha256WithRSAEncryption"), or the OID.
	Name string
	// HashName is "SHA-256" and the like; "" where the algorithm has its own.
	HashName string
	SigAlg
}

type sigOID struct {
	name   string
	scheme Scheme
	hash   crypto.Hash
}

// sigOIDs follows RFC 3279, RFC 4055, RFC 5758, RFC 8410, RFC 9881 and, for the
// odd ones, what OpenSSL calls them.
var sigOIDs = map[string]sigOID{
	"1.2.840.113549.1.1.2":    {"md2WithRSAEncryption", SchemeUnknown, 0},
	"1.2.840.113549.1.1.3":    {"md4WithRSAEncryption", PKCS1v15, crypto.MD4},
	"1.2.840.113549.1.1.4":    {"md5WithRSAEncryption", PKCS1v15, crypto.MD5},
	"1.3.14.3.2.3":            {"md5WithRSA", PKCS1v15, crypto.MD5},
	"1.2.840.113549.1.1.5":    {"sha1WithRSAEncryption", PKCS1v15, crypto.SHA1},
	"1.3.14.3.2.29":           {"sha1WithRSA", PKCS1v15, crypto.SHA1},
	"1.2.840.113549.1.1.14":   {"sha224WithRSAEncryption", PKCS1v15, crypto.SHA224},
	"1.2.840.113549.1.1.11":   {"sha256WithRSAEncryption", PKCS1v15, crypto.SHA256},
	"1.2.840.113549.1.1.12":   {"sha384WithRSAEncryption", PKCS1v15, crypto.SHA384},
	"1.2.840.113549.1.1.13":   {"sha512WithRSAEncryption", PKCS1v15, crypto.SHA512},
	"1.3.36.3.3.1.2":          {"ripemd160WithRSA", PKCS1v15, crypto.RIPEMD160},
	"1.2.840.113549.1.1.10":   {"RSASSA-PSS", PSS, 0},
	"1.2.840.10045.4.1":       {"ecdsa-with-SHA1", ECDSA, crypto.SHA1},
	"1.2.840.10045.4.3.1":     {"ecdsa-with-SHA224", ECDSA, crypto.SHA224},
	"1.2.840.10045.4.3.2":     {"ecdsa-with-SHA256", ECDSA, crypto.SHA256},
	"1.2.840.10045.4.3.3":     {"ecdsa-with-SHA384", ECDSA, crypto.SHA384},
	"1.2.840.10045.4.3.4":     {"ecdsa-with-SHA512", ECDSA, crypto.SHA512},
	"1.2.840.10040.4.3":       {"dsa-with-sha1", DSA, crypto.SHA1},
	"1.3.14.3.2.27":           {"dsaWithSHA1", DSA, crypto.SHA1},
	"2.16.840.1.101.3.4.3.1":  {"dsa-with-sha224", DSA, crypto.SHA224},
	"2.16.840.1.101.3.4.3.2":  {"dsa-with-sha256", DSA, crypto.SHA256},
	"2.16.840.1.101.3.4.3.3":  {"dsa-with-sha384", DSA, crypto.SHA384},
	"2.16.840.1.101.3.4.3.4":  {"dsa-with-sha512", DSA, crypto.SHA512},
	"1.3.101.112":             {"Ed25519", EdDSA, 0},
	"1.3.101.113":             {"Ed448", EdDSA, 0},
	"2.16.840.1.101.3.4.3.17": {"ML-DSA-44", MLDSA, 0},
	"2.16.840.1.101.3.4.3.18": {"ML-DSA-65", MLDSA, 0},
	"2.16.840.1.101.3.4.3.19": {"ML-DSA-87", MLDSA, 0},
	"1.2.643.2.2.3":           {"GOST R 34.11-94 with GOST R 34.10-2001", SchemeUnknown, 0},
	"1.2.643.7.1.1.3.2":       {"GOST R 34.10-2012 with GOST R 34.11-2012 (256 bit)", SchemeUnknown, 0},
	"1.2.643.7.1.1.3.3":       {"GOST R 34.10-2012 with GOST R 34.11-2012 (512 bit)", SchemeUnknown, 0},
	"1.2.156.10197.1.501":     {"SM2-with-SM3", SchemeUnknown, 0},
}

var hashOIDs = map[string]crypto.Hash{
	"1.2.840.113549.2.5":      crypto.MD5,
	"1.3.14.3.2.26":           crypto.SHA1,
	"2.16.840.1.101.3.4.2.4":  crypto.SHA224,
	"2.16.840.1.101.3.4.2.1":  crypto.SHA256,
	"2.16.840.1.101.3.4.2.2":  crypto.SHA384,
	"2.16.840.1.101.3.4.2.3":  crypto.SHA512,
	"2.16.840.1.101.3.4.2.5":  crypto.SHA512_224,
	"2.16.840.1.101.3.4.2.6":  crypto.SHA512_256,
	"2.16.840.1.101.3.4.2.8":  crypto.SHA3_256,
	"2.16.840.1.101.3.4.2.9":  crypto.SHA3_384,
	"2.16.840.1.101.3.4.2.10": crypto.SHA3_512,
}

// parseSignatureAlgorithm reads an AlgorithmIdentifier SEQUENCE.
func parseSignatureAlgorithm(e element) SignatureAlgorithm {
	in := e.inner()
	oid, ok := in.oid()
	if !ok {
		e.odd.add("signature algorithm without OID")
		return SignatureAlgorithm{Name: "unknown"}
	}
	a := SignatureAlgorithm{OID: oid, Name: oid}
	if s, ok := sigOIDs[oid]; ok {
		a.Name, a.Scheme, a.Hash = s.name, s.scheme, s.hash
	}
	switch {
	case a.Scheme == PSS:
		if p, ok := in.sequence(); ok {
			a.SigAlg = parsePSSParams(p)
		} else {
			a.SigAlg = pssDefaults
		}
	case oid == "1.2.840.113549.1.1.2":
		a.HashName = "MD2"
		return a
	case a.Scheme == PKCS1v15 && in.empty():
		e.odd.add("RSA signature algorithm without the NULL parameter")
	}
	if a.Hash != 0 {
		a.HashName = hashName(a.Hash)
	}
	return a
}

func hashName(h crypto.Hash) string {
	if h == crypto.MD5SHA1 {
		return "MD5+SHA-1"
	}
	return h.String()
}

// pssDefaults are those of RSASSA-PSS-params (RFC 4055, Section 3.1).
var pssDefaults = SigAlg{Scheme: PSS, Hash: crypto.SHA1, MGFHash: crypto.SHA1, SaltLength: 20}

func parsePSSParams(seq element) SigAlg {
	alg := pssDefaults
	in := seq.inner()
	hash := func(d *der) crypto.Hash {
		ai, ok := d.sequence()
		if !ok {
			return 0
		}
		oid, _ := ai.inner().oid()
		return hashOIDs[oid] // 0 if unknown: Verify says unsupported
	}
	for !in.empty() {
		e, ok := in.any()
		if !ok {
			seq.odd.add("RSASSA-PSS parameters are malformed")
			break
		}
		switch e.tag {
		case contextTag(0, true):
			alg.Hash = hash(e.inner())
		case contextTag(1, true):
			if mgf, ok := e.inner().sequence(); ok {
				mi := mgf.inner()
				if oid, _ := mi.oid(); oid != "1.2.840.113549.1.1.8" { // id-mgf1
					seq.odd.add("mask generation function %s", oid)
				}
				if alg.MGFHash = hash(mi); alg.MGFHash == 0 {
					alg.Hash = 0 // 0 would mean "as Hash"; Verify has to say unsupported
				}
			}
		case contextTag(2, true):
			if n, ok := e.inner().integer(); ok && n.IsInt64() && n.Int64() >= 0 && n.Int64() < 1<<16 {
				alg.SaltLength = int(n.Int64())
			}
		}
	}
	return alg
}
