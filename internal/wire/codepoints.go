// Package wire turns bytes into TLS messages and back. It builds any
// ClientHello from SSL 2.0 to TLS 1.3 and parses whatever a server may answer.
// It does no I/O, keeps no state and never panics on hostile input.
//
// Names of code points are those of the IANA registries (see the iana
// directory). Structures follow RFC 8446 (TLS 1.3), RFC 5246 (TLS 1.2),
// RFC 4346, RFC 2246, RFC 6101 (SSL 3.0) and the SSL 2.0 draft of 1995.
package wire

// Version is a protocol version as it stands on the wire.
type Version uint16

// Protocol versions. SSL 2.0 has its number in its own hello format only.
const (
	VersionSSL20 Version = 0x0002
	VersionSSL30 Version = 0x0300
	VersionTLS10 Version = 0x0301
	VersionTLS11 Version = 0x0302
	VersionTLS12 Version = 0x0303
	VersionTLS13 Version = 0x0304
)

// CipherSuite is a code point of the TLS Cipher Suites registry.
type CipherSuite uint16

// SSL2Cipher is one of SSL 2.0's three-byte cipher kinds.
type SSL2Cipher uint32

// Group is a code point of the TLS Supported Groups registry.
type Group uint16

// SignatureScheme is a code point of the TLS SignatureScheme registry. In TLS
// 1.2 the same two bytes are a SignatureAndHashAlgorithm.
type SignatureScheme uint16

// ExtensionType is a code point of the TLS ExtensionType Values registry.
type ExtensionType uint16

// AlertDescription is a code point of the TLS Alerts registry.
type AlertDescription uint8

// AlertLevel is 1 (warning) or 2 (fatal).
type AlertLevel uint8

// HandshakeType is a code point of the TLS HandshakeType registry.
type HandshakeType uint8

// ContentType is a code point of the TLS ContentType registry.
type ContentType uint8

// CompressionMethod is a code point of the TLS Compression Methods registry.
type CompressionMethod uint8

// CertCompression is a code point of the TLS Certificate Compression Algorithm IDs registry.
type CertCompression uint16

// ECPointFormat is a code point of the TLS EC Point Formats registry.
type ECPointFormat uint8

// PSKMode is a code point of the TLS PskKeyExchangeMode registry.
type PSKMode uint8

// ClientCertificateType is a code point of the TLS ClientCertificateType Identifiers registry.
type ClientCertificateType uint8

// Alert is the body of an alert record.
type Alert struct {
	Level       AlertLevel       `json:"level"`
	Description AlertDescription `json:"description"`
}

// String names the version the way people write it.
func (v Version) String() string {
	switch v {
	case VersionSSL20:
		return "SSL 2.0"
	case VersionSSL30:
		return "SSL 3.0"
	case VersionTLS10:
		return "TLS 1.0"
	case VersionTLS11:
		return "TLS 1.1"
	case VersionTLS12:
		return "TLS 1.2"
	case VersionTLS13:
		return "TLS 1.3"
	}
	if IsGREASE(uint16(v)) {
		return "GREASE (" + hex16(uint16(v)) + ")"
	}
	return hex16(uint16(v))
}

// ParseVersion reads "TLS 1.2", "tls1.2", "1.2", "SSLv3", "ssl3" and the like.
func ParseVersion(s string) (Version, bool) {
	b := make([]byte, 0, len(s))
	for i := range len(s) {
		switch c := s[i]; {
		case c == ' ' || c == '_' || c == '-':
		case c >= 'A' && c <= 'Z':
			b = append(b, c+'a'-'A')
		default:
			b = append(b, c)
		}
	}
	switch string(b) {
	case "ssl2", "sslv2", "ssl2.0", "sslv2.0":
		return VersionSSL20, true
	case "ssl3", "sslv3", "ssl3.0", "sslv3.0":
		return VersionSSL30, true
	case "tls1", "tlsv1", "tls1.0", "tlsv1.0", "1.0":
		return VersionTLS10, true
	case "tls1.1", "tlsv1.1", "1.1", "tls11":
		return VersionTLS11, true
	case "tls1.2", "tlsv1.2", "1.2", "tls12":
		return VersionTLS12, true
	case "tls1.3", "tlsv1.3", "1.3", "tls13":
		return VersionTLS13, true
	}
	return 0, false
}

// IsGREASE reports whether v is one of the 16 reserved values of RFC 8701.
func IsGREASE(v uint16) bool { return v&0x0f0f == 0x0a0a && v>>8 == v&0xff }

func hex16(v uint16) string {
	const d = "0123456789ABCDEF"
	return string([]byte{'0', 'x', d[v>>12], d[v>>8&15], d[v>>4&15], d[v&15]})
}
