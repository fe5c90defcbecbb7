package main

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// paddedSize is what a padding extension without content fills a hello up to
// (RFC 7685, Section 4).
const paddedSize = 512

// sampleName stands where a described hello sends the name of its target.
const sampleName = "a.example.com"

// message returns the handshake message with its header and the version of the
// records that carry it.
func (h *hello) message() ([]byte, wire.Version, error) {
	described := len(h.Suites)+len(h.Extensions)+len(h.Versions)+len(h.Groups) > 0
	switch {
	case h.Base64 != "" && described:
		return nil, 0, errors.New("hello: either base64 or a description")
	case h.Base64 != "":
		return h.captured()
	}
	ch, err := h.build()
	if err != nil {
		return nil, 0, fmt.Errorf("hello: %w", err)
	}
	record := wire.VersionTLS10
	if h.RecordVersion != "" {
		var ok bool
		if record, ok = wire.ParseVersion(h.RecordVersion); !ok {
			return nil, 0, fmt.Errorf("hello: record_version %q", h.RecordVersion)
		}
	}
	b, err := ch.Marshal()
	return b, record, err
}

// captured joins the records of a capture and checks that the hello in them is
// whole and rebuilds to the same bytes.
func (h *hello) captured() ([]byte, wire.Version, error) {
	b, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(h.Base64), ""))
	if err != nil {
		return nil, 0, fmt.Errorf("hello: %w", err)
	}
	var msg []byte
	var version wire.Version
	for len(b) > 0 {
		rec, rest, err := wire.ParseRecord(b)
		if err != nil {
			return nil, 0, fmt.Errorf("hello: %w", err)
		}
		msg, version, b = append(msg, rec.Payload...), rec.Version, rest
	}
	if len(msg) < 4 || msg[0] != byte(wire.TypeClientHello) || len(msg)-4 != int(msg[1])<<16|int(msg[2])<<8|int(msg[3]) {
		return nil, 0, errors.New("hello: not one whole ClientHello")
	}
	ch, err := wire.ParseClientHello(msg[4:])
	if err != nil {
		return nil, 0, fmt.Errorf("hello: %w", err)
	}
	again, err := ch.Marshal()
	if err != nil || string(again) != string(msg) {
		return nil, 0, errors.New("hello: does not rebuild to the same bytes")
	}
	return msg, version, nil
}

// build makes the hello that the description means.
func (h *hello) build() (*wire.ClientHello, error) {
	ch := &wire.ClientHello{
		LegacyVersion:      wire.VersionTLS12,
		SessionID:          make([]byte, h.SessionID),
		CompressionMethods: []wire.CompressionMethod{0},
		Extensions:         []wire.Extension{},
	}
	if h.LegacyVersion != "" {
		var ok bool
		if ch.LegacyVersion, ok = wire.ParseVersion(h.LegacyVersion); !ok {
			return nil, fmt.Errorf("legacy_version %q", h.LegacyVersion)
		}
	}
	if len(h.Extensions) == 0 {
		ch.Extensions = nil // not an empty list, which older servers take for garbage
	}
	var err error
	if ch.CipherSuites, err = parseAll(h.Suites, wire.ParseCipherSuite); err != nil {
		return nil, fmt.Errorf("suites: %w", err)
	}
	versions, err := parseAll(h.Versions, parseVersion)
	if err != nil {
		return nil, fmt.Errorf("versions: %w", err)
	}
	groups, err := parseAll(h.Groups, wire.ParseGroup)
	if err != nil {
		return nil, fmt.Errorf("groups: %w", err)
	}
	shareGroups, err := parseAll(h.KeyShares, wire.ParseGroup)
	if err != nil {
		return nil, fmt.Errorf("key_shares: %w", err)
	}
	schemes, err := parseAll(h.SignatureAlgorithms, wire.ParseSignatureScheme)
	if err != nil {
		return nil, fmt.Errorf("signature_algorithms: %w", err)
	}
	var shares []wire.KeyShare
	for _, g := range shareGroups {
		size, ok := shareSizes[g]
		if wire.IsGREASE(uint16(g)) {
			size, ok = 1, true // as BoringSSL does
		}
		if !ok {
			return nil, fmt.Errorf("key_shares: the size of a share of %s is not known here", g)
		}
		shares = append(shares, wire.KeyShare{Group: g, Data: make([]byte, size)})
	}
	known := map[string]wire.Extension{
		"server_name":                            wire.ServerNameExt(sampleName),
		"supported_versions":                     wire.SupportedVersionsExt(versions...),
		"supported_groups":                       wire.SupportedGroupsExt(groups...),
		"key_share":                              wire.KeyShareExt(shares...),
		"signature_algorithms":                   wire.SignatureAlgorithmsExt(schemes...),
		"application_layer_protocol_negotiation": wire.ALPNExt(h.ALPN...),
		"status_request":                         wire.StatusRequestExt(),
		"ec_point_formats":                       wire.ECPointFormatsExt(),
		"renegotiation_info":                     wire.RenegotiationInfoExt(nil),
		"extended_master_secret":                 wire.ExtendedMasterSecretExt(),
		"encrypt_then_mac":                       wire.EncryptThenMACExt(),
		"session_ticket":                         wire.SessionTicketExt(),
		"signed_certificate_timestamp":           wire.SCTExt(),
		"psk_key_exchange_modes":                 wire.PSKModesExt(1), // psk_dhe_ke
		"post_handshake_auth":                    wire.PostHandshakeAuthExt(),
	}
	for _, text := range h.Extensions {
		e, ok := known[text]
		if !ok {
			if e, err = rawExtension(text); err != nil {
				return nil, fmt.Errorf("extensions: %w", err)
			}
		}
		ch.Extensions = append(ch.Extensions, e)
	}
	if d, ok := ch.Extension(wire.ExtPadding); ok && len(d) == 0 && !ch.PadTo(paddedSize) {
		return nil, fmt.Errorf("extensions: padding: the hello has more than %d bytes without", paddedSize)
	}
	return ch, nil
}

// parseVersion reads the name of a version, or GREASE as 0x0A0A.
func parseVersion(name string) (wire.Version, bool) {
	if v, ok := wire.ParseVersion(name); ok {
		return v, true
	}
	g, ok := wire.ParseGroup(name) // any two bytes
	return wire.Version(g), ok && wire.IsGREASE(uint16(g))
}

// rawExtension reads name=hex, or a name alone for an empty one.
func rawExtension(text string) (wire.Extension, error) {
	name, data, _ := strings.Cut(text, "=")
	t, ok := wire.ParseExtensionType(name)
	if !ok {
		return wire.Extension{}, fmt.Errorf("unknown name %q", name)
	}
	d, err := hex.DecodeString(data)
	return wire.Extension{Type: t, Data: d}, err
}

// shareSizes are the bytes of a client's key share (RFC 8446, Section 4.2.8; RFC 9794's hybrids).
var shareSizes = map[wire.Group]int{
	wire.GroupX25519: 32, wire.GroupX448: 56, wire.GroupSecp256r1: 65, wire.GroupSecp384r1: 97, wire.GroupSecp521r1: 133,
	wire.GroupFFDHE2048: 256, wire.GroupFFDHE3072: 384, wire.GroupX25519MLKEM768: 1216, wire.GroupX25519Kyber768Draft00: 1216,
	wire.GroupSecP256r1MLKEM768: 1249, wire.GroupSecP384r1MLKEM1024: 1665,
}

// parseAll reads a list of names and complains of the first unknown one.
func parseAll[T any](names []string, parse func(string) (T, bool)) ([]T, error) {
	out := make([]T, 0, len(names))
	for _, n := range names {
		v, ok := parse(n)
		if !ok {
			return nil, fmt.Errorf("unknown name %q", n)
		}
		out = append(out, v)
	}
	return out, nil
}
