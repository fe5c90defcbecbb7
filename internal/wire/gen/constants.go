package main

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
)

// registries lists what is generated, in the order of the output.
var registries = []registry{
	{file: "tls-cipher-suites", goType: "CipherSuite", prefix: "", table: "", digits: 4, doc: "Cipher suites. Those named SSL_ or _OLD, and the others of tls-cipher-suites-extra.csv, are not registered at IANA."},
	{file: "ssl2-cipher-kinds", goType: "SSL2Cipher", prefix: "", table: "ssl2CipherNames", digits: 6, doc: "Cipher kinds of SSL 2.0."},
	{file: "tls-supported-groups", goType: "Group", prefix: "Group", table: "groupNames", digits: 4, doc: "Groups for key exchange."},
	{file: "tls-signature-schemes", goType: "SignatureScheme", prefix: "Sig", table: "signatureSchemeNames", digits: 4, doc: "Signature schemes, with the pairs of TLS 1.2 that have no name in TLS 1.3."},
	{file: "tls-hash-algorithms", goType: "HashAlgorithm", prefix: "HashAlgorithm", table: "hashAlgorithmNames", digits: 2, doc: "Hash algorithms of TLS 1.2 signatures."},
	{file: "tls-signature-algorithms", goType: "SignatureAlgorithm", prefix: "SignatureAlgorithm", table: "signatureAlgorithmNames", digits: 2, doc: "Signature algorithms of TLS 1.2."},
	{file: "tls-extension-types", goType: "ExtensionType", prefix: "Ext", table: "extensionTypeNames", digits: 0, doc: "Extension types."},
	{file: "tls-alerts", goType: "AlertDescription", prefix: "Alert", table: "alertNames", digits: 0, doc: "Alert descriptions."},
	{file: "tls-handshake-types", goType: "HandshakeType", prefix: "Type", table: "handshakeTypeNames", digits: 0, doc: "Handshake message types."},
	{file: "tls-content-types", goType: "ContentType", prefix: "Content", table: "contentTypeNames", digits: 0, doc: "Record content types."},
	{file: "tls-compression-methods", goType: "CompressionMethod", prefix: "Compression", table: "compressionMethodNames", digits: 0, doc: "Compression methods."},
	{file: "tls-certificate-compression-algorithms", goType: "CertCompression", prefix: "CertCompression", table: "certCompressionNames", digits: 0, doc: "Certificate compression algorithms (RFC 8879)."},
	{file: "tls-ec-point-formats", goType: "ECPointFormat", prefix: "Point", table: "ecPointFormatNames", digits: 0, doc: "EC point formats (RFC 8422)."},
	{file: "tls-ec-curve-types", goType: "ECCurveType", prefix: "CurveType", table: "ecCurveTypeNames", digits: 0, doc: "EC curve types of a ServerKeyExchange (RFC 8422)."},
	{file: "tls-psk-key-exchange-modes", goType: "PSKMode", prefix: "PSKMode", table: "pskModeNames", digits: 0, doc: "PSK key exchange modes."},
	{file: "tls-certificate-types", goType: "CertificateType", prefix: "CertType", table: "certificateTypeNames", digits: 0, doc: "Certificate types (RFC 7250)."},
	{file: "tls-client-certificate-types", goType: "ClientCertificateType", prefix: "ClientCert", table: "clientCertificateTypeNames", digits: 0, doc: "Client certificate types of a TLS 1.2 CertificateRequest."},
	{file: "tls-certificate-status-types", goType: "CertificateStatusType", prefix: "CertStatus", table: "certificateStatusTypeNames", digits: 0, doc: "Certificate status types (RFC 6066, RFC 6961)."},
	{file: "hpke-kem-ids", goType: "HPKEKEM", prefix: "HPKEKEM", table: "hpkeKEMNames", digits: 4, doc: "HPKE key encapsulation mechanisms, for Encrypted ClientHello."},
	{file: "hpke-kdf-ids", goType: "HPKEKDF", prefix: "HPKEKDF", table: "hpkeKDFNames", digits: 4, doc: "HPKE key derivation functions."},
	{file: "hpke-aead-ids", goType: "HPKEAEAD", prefix: "HPKEAEAD", table: "hpkeAEADNames", digits: 4, doc: "HPKE ciphers."},
}

// special are names that the rules of identifier would spell badly.
var special = map[string]string{
	"application_layer_protocol_negotiation": "ALPN",
	"ansiX962_compressed_prime":              "CompressedPrime",
	"ansiX962_compressed_char2":              "CompressedChar2",
	"psk_ke":                                 "KE",
	"psk_dhe_ke":                             "DHEKE",
	"named_curve":                            "Named",
	"NULL":                                   "Null",
	"tls12_cid":                              "TLS12CID",
	"1609Dot2":                               "1609Dot2",
	"Raw Public Key":                         "RawPublicKey",
}

// words are the parts of names that are written in their own case.
var words = wordTable(`ALPN AEAD CA CIDs DH DHE DHKEM DMS DNSSEC DSA DSS EC ECCSI ECDH ECDHE ECDSA ECH EKT GOST HKDF
	HMAC IBC IBS IBS1 IBS2 ID ISO KE KEM LTS MAC MD5 ML MLDSA44 MLDSA65 MLDSA87 OCSP OID Old PKCS1 PSK PSS QUIC RRC RSA
	RSAE SHA1 SHA2 SHA224 SHA256 SHA384 SHA512 SHAKE SLHDSA SM2Sig SM3 SRP SRTP TACK TLMSP TLS URL GCM AES ACK
	FFDHE2048 FFDHE3072 FFDHE4096 FFDHE6144 FFDHE8192`)

func wordTable(s string) map[string]string {
	m := map[string]string{}
	for _, w := range strings.Fields(s) {
		m[strings.ToLower(w)] = w
	}
	return m
}

// identifier spells a registered name as the rest of a Go constant:
// ecdsa_secp256r1_sha256 becomes ECDSASecp256r1SHA256.
func identifier(name string) string {
	if s, ok := special[name]; ok {
		return s
	}
	var b strings.Builder
	for part := range strings.FieldsFuncSeq(name, func(r rune) bool { return r != '.' && !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		part = strings.ReplaceAll(part, ".", "")
		tls13 := strings.HasSuffix(part, "tls13")
		part = strings.TrimSuffix(part, "tls13")
		switch w, ok := words[strings.ToLower(part)]; {
		case ok:
			part = w
		case strings.HasPrefix(part, "gostr"):
			part = "GOSTR" + part[len("gostr"):]
		default:
			part = strings.ToUpper(part[:1]) + part[1:]
		}
		if tls13 {
			part += "TLS13"
		}
		// Two numbers that meet would read as one.
		if b.Len() > 0 && isDigit(b.String()[b.Len()-1]) && isDigit(part[0]) {
			b.WriteByte('_')
		}
		b.WriteString(part)
	}
	return b.String()
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// writeConstants emits the constants of the cipher suites, or of all else.
func writeConstants(b *bytes.Buffer, regs map[string]*registry, suites bool) error {
	seen := map[string]bool{}
	for i := range registries {
		r := regs[registries[i].file]
		bare := r.goType == "CipherSuite" || r.goType == "SSL2Cipher"
		if bare != suites {
			continue
		}
		fmt.Fprintf(b, "// %s\nconst (\n", r.doc)
		for _, e := range r.entries {
			name := e.name
			if !bare {
				name = r.prefix + identifier(e.name)
			}
			if seen[name] {
				return fmt.Errorf("two constants named %s", name)
			}
			seen[name] = true
			if r.digits > 0 {
				fmt.Fprintf(b, "%s %s = 0x%0*X\n", name, r.goType, r.digits, e.value)
			} else {
				fmt.Fprintf(b, "%s %s = %d\n", name, r.goType, e.value)
			}
		}
		b.WriteString(")\n\n")
	}
	return nil
}
