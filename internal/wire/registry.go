package wire

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
