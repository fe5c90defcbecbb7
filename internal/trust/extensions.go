package trust

import (
	"fmt"
	"strings"
)

const (
	maxExtensions = 128
	maxListed     = 10_000 // names, policies and the like: a certificate of 16 MB could hold a million
)

// OIDs of extensions that are read.
const (
	extSKI              = "2.5.29.14"
	extKeyUsage         = "2.5.29.15"
	extSAN              = "2.5.29.17"
	extBasicConstraints = "2.5.29.19"
	extNameConstraints  = "2.5.29.30"
	extCRLDP            = "2.5.29.31"
	extPolicies         = "2.5.29.32"
	extPolicyMappings   = "2.5.29.33"
	extAKI              = "2.5.29.35"
	extPolicyConstr     = "2.5.29.36"
	extEKU              = "2.5.29.37"
	extInhibitAny       = "2.5.29.54"
	extAIA              = "1.3.6.1.5.5.7.1.1"
	extTLSFeature       = "1.3.6.1.5.5.7.1.24"
	extSCT              = "1.3.6.1.4.1.11129.2.4.2"
	extCTPoison         = "1.3.6.1.4.1.11129.2.4.3"
)

// KeyUsage holds the bits of RFC 5280, Section 4.2.1.3; bit 0 is the lowest.
type KeyUsage uint16

// Key usages.
const (
	UsageDigitalSignature KeyUsage = 1 << iota
	UsageContentCommitment
	UsageKeyEncipherment
	UsageDataEncipherment
	UsageKeyAgreement
	UsageCertSign
	UsageCRLSign
	UsageEncipherOnly
	UsageDecipherOnly
)

// String lists the usages by their names in RFC 5280.
func (u KeyUsage) String() string {
	names := [...]string{
		"digitalSignature", "contentCommitment", "keyEncipherment", "dataEncipherment",
		"keyAgreement", "keyCertSign", "cRLSign", "encipherOnly", "decipherOnly",
	}
	var out []string
	for i, n := range names {
		if u&(1<<i) != 0 {
			out = append(out, n)
		}
	}
	return strings.Join(out, ", ")
}

// Extended key usages that matter to TLS.
const (
	EKUAny          = "2.5.29.37.0"
	EKUServerAuth   = "1.3.6.1.5.5.7.3.1"
	EKUClientAuth   = "1.3.6.1.5.5.7.3.2"
	EKUOCSPSigning  = "1.3.6.1.5.5.7.3.9"
	EKUMicrosoftSGC = "1.3.6.1.4.1.311.10.3.3" // server gated crypto, once the same as serverAuth
	EKUNetscapeSGC  = "2.16.840.1.113730.4.1"
)

var ekuNames = map[string]string{
	EKUAny: "anyExtendedKeyUsage", EKUServerAuth: "serverAuth", EKUClientAuth: "clientAuth",
	"1.3.6.1.5.5.7.3.3": "codeSigning", "1.3.6.1.5.5.7.3.4": "emailProtection",
	"1.3.6.1.5.5.7.3.5": "ipsecEndSystem", "1.3.6.1.5.5.7.3.6": "ipsecTunnel", "1.3.6.1.5.5.7.3.7": "ipsecUser",
	"1.3.6.1.5.5.7.3.8": "timeStamping", EKUOCSPSigning: "OCSPSigning",
	"1.3.6.1.5.5.7.3.17": "ipsecIKE", EKUMicrosoftSGC: "msSGC", EKUNetscapeSGC: "nsSGC",
	"1.3.6.1.4.1.311.20.2.2": "msSmartcardLogin", "1.3.6.1.4.1.311.10.3.4": "msEFS",
	"1.3.6.1.5.2.3.4": "pkinit-KPClientAuth", "1.3.6.1.5.2.3.5": "pkinit-KPKdc",
}

// EKUName is the usual name of an extended key usage, or the OID itself.
func EKUName(oid string) string {
	if n, ok := ekuNames[oid]; ok {
		return n
	}
	return oid
}

// parseExtensions reads Extensions. Of a repeated extension the first counts:
// RFC 5280, Section 4.2 forbids them and clients differ.
func (c *Certificate) parseExtensions(e element, odd *oddities) {
	seq, ok := e.inner().sequence()
	if !ok {
		odd.add("extensions are malformed")
		return
	}
	in := seq.inner()
	seen := make(map[string]bool)
	for !in.empty() {
		if len(c.Extensions) == maxExtensions {
			odd.add("more than %d extensions", maxExtensions)
			return
		}
		one, ok := in.sequence()
		if !ok {
			odd.add("extensions are malformed")
			return
		}
		ei := one.inner()
		oid, ok := ei.oid()
		if !ok {
			odd.add("extension without OID")
			continue
		}
		ext := Extension{OID: oid}
		if ei.peek(tagBoolean) {
			ext.Critical, _ = ei.boolean()
		}
		val, ok := ei.any()
		if !ok || val.tag&^0x20 != tagOctetString {
			odd.add("extension %s has no value", oid)
			continue
		}
		ext.Value = val.octets()
		c.Extensions = append(c.Extensions, ext)
		if seen[oid] {
			odd.add("extension %s occurs twice", oid)
			continue
		}
		seen[oid] = true
		known, good := c.readExtension(ext, odd)
		if !good {
			odd.add("extension %s is malformed", oid)
		}
		if !known && ext.Critical {
			c.UnknownCritical = append(c.UnknownCritical, oid)
		}
	}
}

// readExtension reads one extension; known tells whether clients process it,
// good whether it was well-formed.
func (c *Certificate) readExtension(ext Extension, odd *oddities) (known, good bool) {
	d := newDER(ext.Value, odd)
	known = true
	switch ext.OID {
	case extSKI:
		e, ok := d.take(tagOctetString)
		c.SubjectKeyID, good = e.body, ok
	case extAKI:
		good = c.readAKI(d)
	case extKeyUsage:
		good = c.readKeyUsage(d)
	case extBasicConstraints:
		good = c.readBasicConstraints(d)
	case extSAN:
		good = c.readSAN(d)
	case extEKU:
		c.HasEKU = true
		good = eachElement(d, func(in *der) bool {
			oid, ok := in.oid()
			c.EKU = append(c.EKU, oid)
			return ok
		})
	case extNameConstraints:
		c.NameConstraints, good = parseNameConstraints(d)
	case extAIA:
		good = c.readAIA(d)
	case extCRLDP:
		good = c.readCRLDP(d)
	case extPolicies:
		good = eachElement(d, func(in *der) bool {
			p, ok := in.sequence()
			if !ok {
				return false
			}
			oid, ok := p.inner().oid()
			c.Policies = append(c.Policies, oid)
			return ok
		})
	case extTLSFeature:
		good = eachElement(d, func(in *der) bool {
			n, ok := in.integer()
			if ok && n.IsInt64() && (n.Int64() == 5 || n.Int64() == 17) { // status_request, status_request_v2
				c.MustStaple = true
			}
			return ok
		})
	case extSCT:
		var e element
		if e, good = d.take(tagOctetString); good {
			c.SCTs, good = ParseSCTList(e.body)
		}
	case extCTPoison:
		c.CTPoison = true
		return false, true // critical by design: a precertificate must not be served
	case extPolicyMappings, extPolicyConstr, extInhibitAny:
		good = true // policy processing: TLS clients do not ask for a policy
	default:
		return false, true
	}
	return known, good
}

// eachElement calls read inside a SEQUENCE until it is empty or malformed.
func eachElement(d *der, read func(*der) bool) bool {
	seq, ok := d.sequence()
	if !ok {
		return false
	}
	in := seq.inner()
	for n := 0; !in.empty(); n++ {
		if n == maxListed || !read(in) {
			return false
		}
	}
	return true
}

func (c *Certificate) readAKI(d *der) bool {
	seq, ok := d.sequence()
	if !ok {
		return false
	}
	if e, ok := seq.inner().take(contextTag(0, false)); ok {
		c.AuthorityKeyID = e.body
	}
	return true
}

func (c *Certificate) readKeyUsage(d *der) bool {
	e, ok := d.take(tagBitString)
	if !ok {
		return false
	}
	b, _, ok := e.bits()
	if !ok {
		return false
	}
	c.HasKeyUsage = true
	for i := range min(9, len(b)*8) {
		if b[i/8]&(0x80>>(i%8)) != 0 {
			c.KeyUsage |= 1 << i
		}
	}
	return true
}

func (c *Certificate) readBasicConstraints(d *der) bool {
	seq, ok := d.sequence()
	if !ok {
		return false
	}
	bc := &BasicConstraints{PathLen: -1}
	c.BasicConstraints = bc
	in := seq.inner()
	if in.peek(tagBoolean) {
		if bc.CA, ok = in.boolean(); !ok {
			return false
		}
	}
	if in.peek(tagInteger) {
		n, ok := in.integer()
		if !ok || !n.IsInt64() || n.Int64() < 0 || n.Int64() > 1<<20 {
			return false
		}
		bc.PathLen = int(n.Int64())
	}
	return true
}

func (c *Certificate) readSAN(d *der) bool {
	c.HasSAN = true
	names, good := parseGeneralNames(d)
	for _, n := range names {
		switch n.kind {
		case nameDNS:
			c.DNSNames = append(c.DNSNames, n.text)
		case nameEmail:
			c.EmailAddresses = append(c.EmailAddresses, n.text)
		case nameURI:
			c.URIs = append(c.URIs, n.text)
		case nameIP:
			c.IPAddresses = append(c.IPAddresses, n.ip)
		}
	}
	return good
}

// readAIA reads AuthorityInfoAccessSyntax (RFC 5280, Section 4.2.2.1).
func (c *Certificate) readAIA(d *der) bool {
	return eachElement(d, func(in *der) bool {
		ad, ok := in.sequence()
		if !ok {
			return false
		}
		ai := ad.inner()
		method, ok := ai.oid()
		if !ok {
			return false
		}
		if uri, ok := ai.take(contextTag(6, false)); ok {
			switch method {
			case "1.3.6.1.5.5.7.48.1":
				c.OCSPServers = append(c.OCSPServers, latin(uri.body))
			case "1.3.6.1.5.5.7.48.2":
				c.IssuerURLs = append(c.IssuerURLs, latin(uri.body))
			}
		}
		return true
	})
}

// readCRLDP reads the URLs of CRLDistributionPoints (RFC 5280, Section 4.2.1.13).
func (c *Certificate) readCRLDP(d *der) bool {
	return eachElement(d, func(in *der) bool {
		dp, ok := in.sequence()
		if !ok {
			return false
		}
		point, ok := dp.inner().take(contextTag(0, true))
		if !ok {
			return true // a cRLIssuer alone
		}
		full, ok := point.inner().take(contextTag(0, true))
		if !ok {
			return true // relative to the issuer
		}
		for fi := full.inner(); !fi.empty(); {
			e, ok := fi.any()
			if !ok {
				return false
			}
			if e.tag == contextTag(6, false) && len(c.CRLDistributionPoints) < maxListed {
				c.CRLDistributionPoints = append(c.CRLDistributionPoints, latin(e.body))
			}
		}
		return true
	})
}

// latin makes valid UTF-8 of an IA5String.
func latin(b []byte) string { return strings.ToValidUTF8(string(b), "\ufffd") }

// Describe names a key for a report: "RSA 2048", "ECDSA P-256", "Ed25519".
func (k *PublicKey) Describe() string {
	switch k.Type {
	case KeyRSA:
		return fmt.Sprintf("RSA %d", k.Bits)
	case KeyRSAPSS:
		return fmt.Sprintf("RSA-PSS %d", k.Bits)
	case KeyECDSA, KeySM2:
		if k.Curve == "" {
			return "ECDSA"
		}
		return "ECDSA " + k.Curve
	case KeyDSA, KeyDH:
		return fmt.Sprintf("%s %d", strings.ToUpper(string(k.Type)), k.Bits)
	case KeyEd25519:
		return "Ed25519"
	case KeyEd448:
		return "Ed448"
	case KeyUnknown:
		if k.AlgorithmOID != "" {
			return "unknown (" + k.AlgorithmOID + ")"
		}
		return "unknown"
	}
	return strings.ToUpper(string(k.Type))
}
