package wire

import (
	"errors"
	"fmt"
	"slices"

	"golang.org/x/crypto/cryptobyte"
)

// Extension is one extension as it stands on the wire.
type Extension struct {
	Type ExtensionType
	Data []byte
}

// ClientHello is a ClientHello of SSL 3.0 to TLS 1.3 as an ordered list of what
// stands in it, so that any real client's hello can be held, changed in one
// place and sent: parsing what Marshal wrote gives the same value again.
type ClientHello struct {
	LegacyVersion      Version
	Random             [32]byte
	SessionID          []byte // 0 to 32 bytes
	CipherSuites       []CipherSuite
	CompressionMethods []CompressionMethod
	Extensions         []Extension // nil: no extension block at all, as in SSL 3.0
}

// Marshal returns the handshake message with its four-byte header.
func (h *ClientHello) Marshal() ([]byte, error) {
	n, err := h.size()
	if err != nil {
		return nil, fmt.Errorf("building ClientHello: %w", err)
	}
	b := make([]byte, 0, n)
	b = append(b, byte(TypeClientHello), byte((n-4)>>16), byte((n-4)>>8), byte(n-4))
	b = append(b, byte(h.LegacyVersion>>8), byte(h.LegacyVersion))
	b = append(b, h.Random[:]...)
	b = append(append(b, byte(len(h.SessionID))), h.SessionID...)
	b = append16(len16(b, 2*len(h.CipherSuites)), h.CipherSuites)
	b = append(b, byte(len(h.CompressionMethods)))
	for _, c := range h.CompressionMethods {
		b = append(b, byte(c))
	}
	if h.Extensions == nil {
		return b, nil
	}
	at := len(b)
	b = append(b, 0, 0)
	for _, e := range h.Extensions {
		b = append(b, byte(e.Type>>8), byte(e.Type))
		b = append(len16(b, len(e.Data)), e.Data...)
	}
	block := len(b) - at - 2
	b[at], b[at+1] = byte(block>>8), byte(block)
	return b, nil
}

// size is the length of what Marshal returns; an error, where a part is longer
// than its length field can say.
func (h *ClientHello) size() (int, error) {
	const max8, max16 = 1<<8 - 1, 1<<16 - 1
	n := 4 + 2 + len(h.Random) + 1 + len(h.SessionID) + 2 + 2*len(h.CipherSuites) + 1 + len(h.CompressionMethods)
	long := len(h.SessionID) > max8 || 2*len(h.CipherSuites) > max16 || len(h.CompressionMethods) > max8
	if h.Extensions != nil {
		block := 0
		for _, e := range h.Extensions {
			block += 4 + len(e.Data)
			long = long || len(e.Data) > max16
		}
		long = long || block > max16
		n += 2 + block
	}
	if long {
		return 0, errors.New("a part is too long for its length field")
	}
	return n, nil
}

// ParseClientHello reads the body of a ClientHello message (without header).
func ParseClientHello(body []byte) (*ClientHello, error) {
	s := cryptobyte.String(body)
	h := &ClientHello{}
	var version uint16
	var sid, suites, comp cryptobyte.String
	if !s.ReadUint16(&version) || !s.CopyBytes(h.Random[:]) || !s.ReadUint8LengthPrefixed(&sid) ||
		!s.ReadUint16LengthPrefixed(&suites) || !s.ReadUint8LengthPrefixed(&comp) {
		return nil, errors.New("truncated ClientHello")
	}
	if len(sid) > 32 || len(suites)%2 != 0 {
		return nil, errors.New("bad length in ClientHello")
	}
	h.LegacyVersion = Version(version)
	if len(sid) > 0 {
		h.SessionID = slices.Clone([]byte(sid))
	}
	for !suites.Empty() {
		var c uint16
		suites.ReadUint16(&c)
		h.CipherSuites = append(h.CipherSuites, CipherSuite(c))
	}
	for _, c := range comp {
		h.CompressionMethods = append(h.CompressionMethods, CompressionMethod(c))
	}
	if s.Empty() {
		return h, nil
	}
	exts, err := parseExtensions(&s)
	if err != nil {
		return nil, fmt.Errorf("reading ClientHello: %w", err)
	}
	if !s.Empty() {
		return nil, errors.New("bytes after the extensions of the ClientHello")
	}
	h.Extensions = exts
	return h, nil
}

// parseExtensions reads a two-byte length and the extensions in it. The result
// is not nil, so that an empty block differs from none.
func parseExtensions(s *cryptobyte.String) ([]Extension, error) {
	var block cryptobyte.String
	if !s.ReadUint16LengthPrefixed(&block) {
		return nil, errors.New("truncated extensions")
	}
	exts := []Extension{}
	for !block.Empty() {
		var t uint16
		var d cryptobyte.String
		if !block.ReadUint16(&t) || !block.ReadUint16LengthPrefixed(&d) {
			return nil, errors.New("truncated extension")
		}
		exts = append(exts, Extension{ExtensionType(t), slices.Clone([]byte(d))})
	}
	return exts, nil
}

// Clone returns a deep copy.
func (h *ClientHello) Clone() *ClientHello {
	c := *h
	c.SessionID = slices.Clone(h.SessionID)
	c.CipherSuites = slices.Clone(h.CipherSuites)
	c.CompressionMethods = slices.Clone(h.CompressionMethods)
	if h.Extensions != nil {
		n := 0
		for _, e := range h.Extensions {
			n += len(e.Data)
		}
		// One array for all: a hello is cloned for every attempt.
		data := make([]byte, 0, n)
		c.Extensions = make([]Extension, len(h.Extensions))
		for i, e := range h.Extensions {
			c.Extensions[i].Type = e.Type
			if e.Data != nil {
				from := len(data)
				data = append(data, e.Data...)
				c.Extensions[i].Data = data[from:len(data):len(data)]
			}
		}
	}
	return &c
}

// Extension returns the data of the first extension of type t.
func (h *ClientHello) Extension(t ExtensionType) ([]byte, bool) { return find(h.Extensions, t) }

func find(exts []Extension, t ExtensionType) ([]byte, bool) {
	for _, e := range exts {
		if e.Type == t {
			return e.Data, true
		}
	}
	return nil, false
}

// Set replaces the extension of the same type where it stands, or adds e: before
// pre_shared_key, which has to be last (RFC 8446, Section 4.2.11).
func (h *ClientHello) Set(e Extension) {
	for i := range h.Extensions {
		if h.Extensions[i].Type == e.Type {
			h.Extensions[i] = e
			return
		}
	}
	n := len(h.Extensions)
	if n > 0 && h.Extensions[n-1].Type == ExtPreSharedKey {
		n--
	}
	h.Extensions = slices.Insert(h.Extensions, n, e)
}

// Remove takes every extension of type t out. A hello keeps its (empty) block.
func (h *ClientHello) Remove(t ExtensionType) {
	h.Extensions = slices.DeleteFunc(h.Extensions, func(e Extension) bool { return e.Type == t })
}

// ServerName is the host_name of the server_name extension, or "".
func (h *ClientHello) ServerName() string {
	d, ok := h.Extension(ExtServerName)
	if !ok {
		return ""
	}
	s := cryptobyte.String(d)
	var list, name cryptobyte.String
	var kind uint8
	if !s.ReadUint16LengthPrefixed(&list) || !list.ReadUint8(&kind) || kind != 0 || !list.ReadUint16LengthPrefixed(&name) {
		return ""
	}
	return string(name)
}

// SupportedVersions lists what the hello offers, newest preference first as
// sent, GREASE left out. Without the extension that is all versions up to
// LegacyVersion that its suites allow: the list holds LegacyVersion alone.
func (h *ClientHello) SupportedVersions() []Version {
	d, ok := h.Extension(ExtSupportedVersions)
	if !ok {
		return []Version{h.LegacyVersion}
	}
	var out []Version
	s := cryptobyte.String(d)
	var list cryptobyte.String
	if s.ReadUint8LengthPrefixed(&list) {
		for _, v := range list16(list) {
			if !IsGREASE(v) {
				out = append(out, Version(v))
			}
		}
	}
	return out
}

// OffersVersion reports whether a server may answer this hello with v. Without
// supported_versions anything from SSL 3.0 to LegacyVersion may be chosen.
func (h *ClientHello) OffersVersion(v Version) bool {
	if _, ok := h.Extension(ExtSupportedVersions); ok {
		return slices.Contains(h.SupportedVersions(), v)
	}
	return v <= h.LegacyVersion
}

// MaxVersion is the newest version offered.
func (h *ClientHello) MaxVersion() Version { return slices.Max(append(h.SupportedVersions(), 0)) }

// SupportedGroups lists supported_groups as sent, GREASE included.
func (h *ClientHello) SupportedGroups() []Group {
	d, _ := h.Extension(ExtSupportedGroups)
	return lists[Group](d)
}

// SignatureAlgorithms lists signature_algorithms as sent, GREASE included.
func (h *ClientHello) SignatureAlgorithms() []SignatureScheme {
	d, _ := h.Extension(ExtSignatureAlgorithms)
	return lists[SignatureScheme](d)
}

// SignatureAlgorithmsCert lists signature_algorithms_cert, or nil.
func (h *ClientHello) SignatureAlgorithmsCert() []SignatureScheme {
	d, _ := h.Extension(ExtSignatureAlgorithmsCert)
	return lists[SignatureScheme](d)
}

// ALPN lists the application protocols offered.
func (h *ClientHello) ALPN() []string {
	d, _ := h.Extension(ExtALPN)
	return parseALPN(d)
}

// CertCompressions lists compress_certificate as sent, GREASE included.
func (h *ClientHello) CertCompressions() []CertCompression {
	d, _ := h.Extension(ExtCompressCertificate)
	s := cryptobyte.String(d)
	var list cryptobyte.String
	if !s.ReadUint8LengthPrefixed(&list) {
		return nil
	}
	var out []CertCompression
	for _, v := range list16(list) {
		out = append(out, CertCompression(v))
	}
	return out
}

// KeyShares lists the key_share entries of the hello as sent, GREASE included.
func (h *ClientHello) KeyShares() []KeyShare {
	d, ok := h.Extension(ExtKeyShare)
	if !ok {
		return nil
	}
	s := cryptobyte.String(d)
	var list cryptobyte.String
	if !s.ReadUint16LengthPrefixed(&list) {
		return nil
	}
	var out []KeyShare
	for !list.Empty() {
		ks, ok := readKeyShare(&list)
		if !ok {
			return out
		}
		out = append(out, ks)
	}
	return out
}

// KeyShare is one entry of key_share (RFC 8446, Section 4.2.8).
type KeyShare struct {
	Group Group
	Data  []byte
}

func readKeyShare(s *cryptobyte.String) (KeyShare, bool) {
	var g uint16
	var d cryptobyte.String
	if !s.ReadUint16(&g) || !s.ReadUint16LengthPrefixed(&d) {
		return KeyShare{}, false
	}
	return KeyShare{Group(g), slices.Clone([]byte(d))}, true
}

// lists reads a two-byte length and two-byte items; what does not fit is left.
func lists[T ~uint16](d []byte) []T {
	s := cryptobyte.String(d)
	var list cryptobyte.String
	if !s.ReadUint16LengthPrefixed(&list) {
		return nil
	}
	var out []T
	for _, v := range list16(list) {
		out = append(out, T(v))
	}
	return out
}

func list16(s cryptobyte.String) []uint16 {
	out := make([]uint16, 0, len(s)/2)
	var v uint16
	for s.ReadUint16(&v) {
		out = append(out, v)
	}
	return out
}

func parseALPN(d []byte) []string {
	s := cryptobyte.String(d)
	var list, p cryptobyte.String
	if !s.ReadUint16LengthPrefixed(&list) {
		return nil
	}
	var out []string
	for list.ReadUint8LengthPrefixed(&p) {
		out = append(out, string(p))
	}
	return out
}
