package wire

import (
	"errors"
	"fmt"
	"slices"

	"golang.org/x/crypto/cryptobyte"
)

// helloRetryRandom marks a ServerHello as HelloRetryRequest (RFC 8446, Section 4.1.3).
var helloRetryRandom = [32]byte{
	0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
	0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
}

// ServerHello is a ServerHello of SSL 3.0 to TLS 1.3, or a HelloRetryRequest.
type ServerHello struct {
	LegacyVersion     Version
	Random            [32]byte
	SessionID         []byte
	CipherSuite       CipherSuite
	CompressionMethod CompressionMethod
	Extensions        []Extension // nil: no extension block
}

// ParseServerHello reads the body of a ServerHello message.
func ParseServerHello(body []byte) (*ServerHello, error) {
	s := cryptobyte.String(body)
	h := &ServerHello{}
	var version, suite uint16
	var comp uint8
	var sid cryptobyte.String
	if !s.ReadUint16(&version) || !s.CopyBytes(h.Random[:]) || !s.ReadUint8LengthPrefixed(&sid) ||
		!s.ReadUint16(&suite) || !s.ReadUint8(&comp) {
		return nil, errors.New("truncated ServerHello")
	}
	if len(sid) > 32 {
		return nil, errors.New("session ID of the ServerHello is longer than 32 bytes")
	}
	h.LegacyVersion, h.CipherSuite, h.CompressionMethod = Version(version), CipherSuite(suite), CompressionMethod(comp)
	h.SessionID = slices.Clone([]byte(sid))
	if s.Empty() {
		return h, nil
	}
	exts, err := parseExtensions(&s)
	if err != nil {
		return nil, fmt.Errorf("reading ServerHello: %w", err)
	}
	if !s.Empty() {
		return nil, errors.New("bytes after the extensions of the ServerHello")
	}
	h.Extensions = exts
	return h, nil
}

// Marshal returns the handshake message with its header.
func (h *ServerHello) Marshal() ([]byte, error) {
	var b cryptobyte.Builder
	b.AddUint16(uint16(h.LegacyVersion))
	b.AddBytes(h.Random[:])
	b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(h.SessionID) })
	b.AddUint16(uint16(h.CipherSuite))
	b.AddUint8(uint8(h.CompressionMethod))
	if h.Extensions != nil {
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { addExtensions(b, h.Extensions) })
	}
	body, err := b.Bytes()
	if err != nil {
		return nil, fmt.Errorf("building ServerHello: %w", err)
	}
	return AppendMessage(nil, TypeServerHello, body), nil
}

func addExtensions(b *cryptobyte.Builder, exts []Extension) {
	for _, e := range exts {
		b.AddUint16(uint16(e.Type))
		b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(e.Data) })
	}
}

// IsHelloRetryRequest reports whether this is a HelloRetryRequest.
func (h *ServerHello) IsHelloRetryRequest() bool { return h.Random == helloRetryRandom }

// SetHelloRetryRequest makes it one.
func (h *ServerHello) SetHelloRetryRequest() { h.Random = helloRetryRandom }

// Extension returns the data of the first extension of type t.
func (h *ServerHello) Extension(t ExtensionType) ([]byte, bool) { return find(h.Extensions, t) }

// Version is the version chosen: that of supported_versions where it is present.
func (h *ServerHello) Version() Version {
	if d, ok := h.Extension(ExtSupportedVersions); ok && len(d) == 2 {
		return Version(d[0])<<8 | Version(d[1])
	}
	return h.LegacyVersion
}

// KeyShare is the share of a ServerHello, or the group alone that a
// HelloRetryRequest asks for.
func (h *ServerHello) KeyShare() (KeyShare, bool) {
	d, ok := h.Extension(ExtKeyShare)
	if !ok {
		return KeyShare{}, false
	}
	if h.IsHelloRetryRequest() {
		if len(d) != 2 {
			return KeyShare{}, false
		}
		return KeyShare{Group: Group(d[0])<<8 | Group(d[1])}, true
	}
	s := cryptobyte.String(d)
	ks, ok := readKeyShare(&s)
	return ks, ok && s.Empty()
}

// Cookie is the cookie of a HelloRetryRequest, or nil.
func (h *ServerHello) Cookie() []byte {
	d, ok := h.Extension(ExtCookie)
	if !ok || len(d) < 2 || len(d)-2 != int(d[0])<<8|int(d[1]) {
		return nil
	}
	return d[2:]
}

// ALPN is the protocol chosen in a TLS 1.2 or older ServerHello, or "".
func (h *ServerHello) ALPN() string { return oneALPN(h.Extensions) }

func oneALPN(exts []Extension) string {
	d, _ := find(exts, ExtALPN)
	if p := parseALPN(d); len(p) == 1 {
		return p[0]
	}
	return ""
}

// RecordSizeLimit is the limit that the server announces before TLS 1.3 (RFC
// 8449), 0 for none.
func (h *ServerHello) RecordSizeLimit() int { return recordSizeLimit(h.Extensions) }

// MaxFragmentLength is what the server agrees to in bytes before TLS 1.3 (RFC
// 6066, Section 4), 0 for none.
func (h *ServerHello) MaxFragmentLength() int { return maxFragmentLength(h.Extensions) }

func recordSizeLimit(exts []Extension) int {
	d, _ := find(exts, ExtRecordSizeLimit)
	if len(d) != 2 {
		return 0
	}
	return int(d[0])<<8 | int(d[1])
}

func maxFragmentLength(exts []Extension) int {
	d, _ := find(exts, ExtMaxFragmentLength)
	if len(d) != 1 || d[0] < 1 || d[0] > 4 {
		return 0
	}
	return 1 << (8 + d[0])
}

// EncryptedExtensions is the message of RFC 8446, Section 4.3.1.
type EncryptedExtensions struct{ Extensions []Extension }

// ParseEncryptedExtensions reads the body of the message.
func ParseEncryptedExtensions(body []byte) (*EncryptedExtensions, error) {
	s := cryptobyte.String(body)
	exts, err := parseExtensions(&s)
	if err != nil || !s.Empty() {
		return nil, errors.New("malformed EncryptedExtensions")
	}
	return &EncryptedExtensions{exts}, nil
}

// ALPN is the protocol chosen, or "".
func (e *EncryptedExtensions) ALPN() string { return oneALPN(e.Extensions) }

// Extension returns the data of the first extension of type t.
func (e *EncryptedExtensions) Extension(t ExtensionType) ([]byte, bool) { return find(e.Extensions, t) }

// RecordSizeLimit is the limit that the server announces (RFC 8449), 0 for none.
func (e *EncryptedExtensions) RecordSizeLimit() int { return recordSizeLimit(e.Extensions) }

// MaxFragmentLength is what the server agrees to in bytes (RFC 6066, Section 4),
// 0 for none.
func (e *EncryptedExtensions) MaxFragmentLength() int { return maxFragmentLength(e.Extensions) }

// CertificateEntry is one certificate with, in TLS 1.3, its extensions.
type CertificateEntry struct {
	DER        []byte
	Extensions []Extension
}

// Certificate is the Certificate message, with its context in TLS 1.3.
type Certificate struct {
	Context []byte
	Entries []CertificateEntry
}

// ParseCertificate reads a Certificate message of TLS 1.2 and older (RFC 5246, Section 7.4.2).
func ParseCertificate(body []byte) (*Certificate, error) {
	s := cryptobyte.String(body)
	var list cryptobyte.String
	if !s.ReadUint24LengthPrefixed(&list) || !s.Empty() {
		return nil, errors.New("malformed Certificate message")
	}
	c := &Certificate{}
	for !list.Empty() {
		var der cryptobyte.String
		if !list.ReadUint24LengthPrefixed(&der) {
			return nil, errors.New("truncated certificate in the Certificate message")
		}
		c.Entries = append(c.Entries, CertificateEntry{DER: slices.Clone([]byte(der))})
	}
	return c, nil
}

// ParseCertificate13 reads a Certificate message of TLS 1.3 (RFC 8446, Section 4.4.2).
func ParseCertificate13(body []byte) (*Certificate, error) {
	s := cryptobyte.String(body)
	var context, list cryptobyte.String
	if !s.ReadUint8LengthPrefixed(&context) || !s.ReadUint24LengthPrefixed(&list) || !s.Empty() {
		return nil, errors.New("malformed Certificate message")
	}
	c := &Certificate{Context: slices.Clone([]byte(context))}
	for !list.Empty() {
		var der cryptobyte.String
		if !list.ReadUint24LengthPrefixed(&der) {
			return nil, errors.New("truncated certificate in the Certificate message")
		}
		exts, err := parseExtensions(&list)
		if err != nil {
			return nil, fmt.Errorf("reading Certificate: %w", err)
		}
		c.Entries = append(c.Entries, CertificateEntry{slices.Clone([]byte(der)), exts})
	}
	return c, nil
}

// Marshal returns the handshake message with its header, in the form of version.
func (c *Certificate) Marshal(version Version) ([]byte, error) {
	var b cryptobyte.Builder
	if version >= VersionTLS13 {
		b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(c.Context) })
	}
	b.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) {
		for _, e := range c.Entries {
			b.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(e.DER) })
			if version >= VersionTLS13 {
				b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { addExtensions(b, e.Extensions) })
			}
		}
	})
	body, err := b.Bytes()
	if err != nil {
		return nil, fmt.Errorf("building Certificate: %w", err)
	}
	return AppendMessage(nil, TypeCertificate, body), nil
}

// OCSP is the stapled response of the leaf in TLS 1.3, or nil.
func (c *Certificate) OCSP() []byte {
	if len(c.Entries) == 0 {
		return nil
	}
	d, _ := find(c.Entries[0].Extensions, ExtStatusRequest)
	r, _ := ParseCertificateStatus(d)
	return r
}

// ParseCertificateStatus reads a CertificateStatus body (RFC 6066, Section 8)
// and returns the OCSP response in it.
func ParseCertificateStatus(body []byte) ([]byte, error) {
	s := cryptobyte.String(body)
	var kind uint8
	var resp cryptobyte.String
	if !s.ReadUint8(&kind) || kind != 1 || !s.ReadUint24LengthPrefixed(&resp) || !s.Empty() {
		return nil, errors.New("malformed CertificateStatus")
	}
	return slices.Clone([]byte(resp)), nil
}

// CertificateVerify is the message of TLS 1.2 and 1.3; older versions have no
// scheme in it.
type CertificateVerify struct {
	Scheme    SignatureScheme
	Signature []byte
}

// ParseCertificateVerify reads the body of the message, with the scheme.
func ParseCertificateVerify(body []byte) (*CertificateVerify, error) {
	s := cryptobyte.String(body)
	var scheme uint16
	var sig cryptobyte.String
	if !s.ReadUint16(&scheme) || !s.ReadUint16LengthPrefixed(&sig) || !s.Empty() {
		return nil, errors.New("malformed CertificateVerify")
	}
	return &CertificateVerify{SignatureScheme(scheme), slices.Clone([]byte(sig))}, nil
}

// CertificateRequest is a server's demand for a client certificate.
type CertificateRequest struct {
	Context            []byte                  // TLS 1.3
	Types              []ClientCertificateType // TLS 1.2 and older
	SignatureSchemes   []SignatureScheme       // TLS 1.2 and 1.3
	CertificateSchemes []SignatureScheme       // TLS 1.3: signature_algorithms_cert
	Authorities        [][]byte                // distinguished names in DER
}

// ParseCertificateRequest reads the message of the given version: TLS 1.3 (RFC
// 8446, Section 4.3.2), TLS 1.2 (RFC 5246, Section 7.4.4) or older.
func ParseCertificateRequest(body []byte, version Version) (*CertificateRequest, error) {
	s := cryptobyte.String(body)
	r := &CertificateRequest{}
	bad := errors.New("malformed CertificateRequest")
	if version >= VersionTLS13 {
		var context cryptobyte.String
		if !s.ReadUint8LengthPrefixed(&context) {
			return nil, bad
		}
		r.Context = slices.Clone([]byte(context))
		exts, err := parseExtensions(&s)
		if err != nil || !s.Empty() {
			return nil, bad
		}
		d, _ := find(exts, ExtSignatureAlgorithms)
		r.SignatureSchemes = lists[SignatureScheme](d)
		d, _ = find(exts, ExtSignatureAlgorithmsCert)
		r.CertificateSchemes = lists[SignatureScheme](d)
		d, _ = find(exts, ExtCertificateAuthorities)
		r.Authorities, _ = parseNames(d)
		return r, nil
	}
	var types, schemes cryptobyte.String
	if !s.ReadUint8LengthPrefixed(&types) {
		return nil, bad
	}
	for _, t := range types {
		r.Types = append(r.Types, ClientCertificateType(t))
	}
	if version >= VersionTLS12 {
		if !s.ReadUint16LengthPrefixed(&schemes) {
			return nil, bad
		}
		for _, v := range list16(schemes) {
			r.SignatureSchemes = append(r.SignatureSchemes, SignatureScheme(v))
		}
	}
	names, ok := parseNames(s)
	if !ok {
		return nil, bad
	}
	r.Authorities = names
	return r, nil
}

func parseNames(d []byte) ([][]byte, bool) {
	s := cryptobyte.String(d)
	var list, name cryptobyte.String
	if !s.ReadUint16LengthPrefixed(&list) || !s.Empty() {
		return nil, false
	}
	var out [][]byte
	for !list.Empty() {
		if !list.ReadUint16LengthPrefixed(&name) {
			return out, false
		}
		out = append(out, slices.Clone([]byte(name)))
	}
	return out, true
}

// NewSessionTicket is the message of TLS 1.2 (RFC 5077) or TLS 1.3.
type NewSessionTicket struct {
	Lifetime   uint32 // seconds
	AgeAdd     uint32 // TLS 1.3
	Nonce      []byte // TLS 1.3
	Ticket     []byte
	Extensions []Extension // TLS 1.3
}

// ParseNewSessionTicket reads the message of the given version.
func ParseNewSessionTicket(body []byte, version Version) (*NewSessionTicket, error) {
	s := cryptobyte.String(body)
	t := &NewSessionTicket{}
	var nonce, ticket cryptobyte.String
	ok := s.ReadUint32(&t.Lifetime)
	if version >= VersionTLS13 {
		ok = ok && s.ReadUint32(&t.AgeAdd) && s.ReadUint8LengthPrefixed(&nonce)
	}
	if !ok || !s.ReadUint16LengthPrefixed(&ticket) {
		return nil, errors.New("malformed NewSessionTicket")
	}
	t.Nonce, t.Ticket = slices.Clone([]byte(nonce)), slices.Clone([]byte(ticket))
	if version >= VersionTLS13 {
		exts, err := parseExtensions(&s)
		if err != nil {
			return nil, fmt.Errorf("reading NewSessionTicket: %w", err)
		}
		t.Extensions = exts
	}
	if !s.Empty() {
		return nil, errors.New("bytes after the NewSessionTicket")
	}
	return t, nil
}

// MaxEarlyData is how many bytes of early data the ticket allows, 0 for none (RFC
// 8446, Section 4.6.1).
func (t *NewSessionTicket) MaxEarlyData() uint32 {
	d, _ := find(t.Extensions, ExtEarlyData)
	s := cryptobyte.String(d)
	var n uint32
	if !s.ReadUint32(&n) || !s.Empty() {
		return 0
	}
	return n
}
