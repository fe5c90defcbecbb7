package wire

import "strings"

// groupAliases are names that people and configuration files use.
var groupAliases = [...]named[Group]{
	{GroupSecp192r1, "P-192"},
	{GroupSecp192r1, "prime192v1"},
	{GroupSecp224r1, "P-224"},
	{GroupSecp256r1, "P-256"},
	{GroupSecp256r1, "P256"},
	{GroupSecp256r1, "prime256v1"},
	{GroupSecp384r1, "P-384"},
	{GroupSecp384r1, "P384"},
	{GroupSecp521r1, "P-521"},
	{GroupSecp521r1, "P521"},
	{GroupX25519, "curve25519"},
	{GroupX25519Kyber768Draft00, "X25519Kyber768"},
}

// ParseGroup reads an IANA name, a common alias such as P-256 or prime256v1, or
// a number such as 0x001D. Case does not matter.
func ParseGroup(name string) (Group, bool) {
	name = strings.TrimSpace(name)
	if id, ok := reverse(groupNames[:], name); ok {
		return id, true
	}
	if id, ok := reverse(groupAliases[:], name); ok {
		return id, true
	}
	v, ok := parseNumber(name, 16)
	return Group(v), ok
}

// ParseSignatureScheme reads an IANA name, OpenSSL's spelling with a plus
// (RSA+SHA256, RSA-PSS+SHA256), or a number such as 0x0804. Case does not
// matter.
func ParseSignatureScheme(name string) (SignatureScheme, bool) {
	name = strings.TrimSpace(name)
	if id, ok := reverse(signatureSchemeNames[:], name); ok {
		return id, true
	}
	if key, hash, ok := strings.Cut(name, "+"); ok {
		return parsePair(key, hash)
	}
	v, ok := parseNumber(name, 16)
	return SignatureScheme(v), ok
}

// parsePair reads key and hash of TLS 1.2 (RFC 5246, Section 7.4.1.4.1).
func parsePair(key, hash string) (SignatureScheme, bool) {
	h, ok := reverse(hashAlgorithmNames[:], hash)
	if !ok || h == HashAlgorithmNone || h == HashAlgorithmIntrinsic {
		return 0, false
	}
	pair := func(s SignatureAlgorithm) (SignatureScheme, bool) {
		return SignatureScheme(h)<<8 | SignatureScheme(s), true
	}
	switch strings.ToUpper(key) {
	case "RSA":
		return pair(SignatureAlgorithmRSA)
	case "DSA":
		return pair(SignatureAlgorithmDSA)
	case "ECDSA":
		return pair(SignatureAlgorithmECDSA)
	case "RSA-PSS", "PSS":
		switch h {
		case HashAlgorithmSHA256:
			return SigRSAPSSRSAESHA256, true
		case HashAlgorithmSHA384:
			return SigRSAPSSRSAESHA384, true
		case HashAlgorithmSHA512:
			return SigRSAPSSRSAESHA512, true
		}
	}
	return 0, false
}

// AllGroups returns every named group in ascending order, those outside the
// registry included.
func AllGroups() []Group { return ids(groupNames[:]) }

// AllSignatureSchemes returns every named scheme in ascending order, the pairs
// of TLS 1.2 included.
func AllSignatureSchemes() []SignatureScheme { return ids(signatureSchemeNames[:]) }

func ids[T ~uint8 | ~uint16 | ~uint32](table []named[T]) []T {
	all := make([]T, len(table))
	for i := range table {
		all[i] = table[i].id
	}
	return all
}

// ParseExtensionType reads an IANA name or a number such as 0x0010.
func ParseExtensionType(name string) (ExtensionType, bool) {
	name = strings.TrimSpace(name)
	if id, ok := reverse(extensionTypeNames[:], name); ok {
		return id, true
	}
	switch strings.ToLower(name) {
	case "extended_main_secret": // the registry's word since RFC 9846
		return ExtExtendedMasterSecret, true
	case "alpn":
		return ExtALPN, true
	case "sni":
		return ExtServerName, true
	}
	v, ok := parseNumber(name, 16)
	return ExtensionType(v), ok
}

// ParseAlertDescription reads an IANA name, with or without _RESERVED, or a number such as
// 0x28.
func ParseAlertDescription(name string) (AlertDescription, bool) {
	name = strings.TrimSpace(name)
	if id, ok := reverse(alertNames[:], strings.TrimSuffix(name, "_RESERVED")); ok {
		return id, true
	}
	v, ok := parseNumber(name, 8)
	return AlertDescription(v), ok
}

// ALPNName returns what the registry calls a protocol id ("HTTP/2 over TLS" for
// h2), or "" for an id that nobody registered.
func ALPNName(id string) string {
	for i := range alpnNames {
		if alpnNames[i].id == id {
			return alpnNames[i].name
		}
	}
	return ""
}
