package client

import (
	"crypto/md5" // JA3 is defined with it
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// JA3 is the fingerprint of Salesforce's JA3 as text and as the MD5 of the text.
// GREASE is left out.
func JA3(h *wire.ClientHello) (text, hash string) {
	var formats []uint16
	if d, ok := h.Extension(wire.ExtECPointFormats); ok && len(d) > 0 {
		for _, f := range d[1:] {
			formats = append(formats, uint16(f))
		}
	}
	text = strings.Join([]string{
		strconv.Itoa(int(h.LegacyVersion)),
		decimals(codes(h.CipherSuites)),
		decimals(extensionCodes(h)),
		decimals(codes(h.SupportedGroups())),
		decimals(formats),
	}, ",")
	sum := md5.Sum([]byte(text)) // see above
	return text, hex.EncodeToString(sum[:])
}

// JA4 is the TLS client fingerprint of FoxIO's JA4 (over TCP). GREASE is left
// out; suites and extensions are sorted, so that browsers which shuffle them
// keep their fingerprint.
func JA4(h *wire.ClientHello) string {
	suites, exts := codes(h.CipherSuites), extensionCodes(h)
	sni := "i"
	if _, ok := h.Extension(wire.ExtServerName); ok {
		sni = "d"
	}
	a := fmt.Sprintf("t%s%s%02d%02d%s", ja4Version(h.MaxVersion()), sni, min(len(suites), 99), min(len(exts), 99), ja4ALPN(h.ALPN()))

	slices.Sort(suites)
	exts = slices.DeleteFunc(exts, func(e uint16) bool {
		return e == uint16(wire.ExtServerName) || e == uint16(wire.ExtALPN)
	})
	slices.Sort(exts)
	c := hexadecimals(exts)
	if schemes := codes(h.SignatureAlgorithms()); len(schemes) > 0 {
		c += "_" + hexadecimals(schemes)
	}
	return a + "_" + hash12(hexadecimals(suites)) + "_" + hash12(c)
}

func ja4Version(v wire.Version) string {
	switch v {
	case wire.VersionTLS13:
		return "13"
	case wire.VersionTLS12:
		return "12"
	case wire.VersionTLS11:
		return "11"
	case wire.VersionTLS10:
		return "10"
	case wire.VersionSSL30:
		return "s3"
	case wire.VersionSSL20:
		return "s2"
	}
	return "00"
}

// ja4ALPN is the first and last character of the first protocol, or of its
// hexadecimal form where they are no letters and digits.
func ja4ALPN(protocols []string) string {
	if len(protocols) == 0 || protocols[0] == "" {
		return "00"
	}
	p := protocols[0]
	if !alphanumeric(p[0]) || !alphanumeric(p[len(p)-1]) {
		p = hex.EncodeToString([]byte(p))
	}
	return p[:1] + p[len(p)-1:]
}

func alphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// hash12 are the first twelve digits of a SHA-256; zeros for nothing.
func hash12(s string) string {
	if s == "" {
		return "000000000000"
	}
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:6])
}

// codes are the code points without GREASE.
func codes[T ~uint16](list []T) []uint16 {
	out := make([]uint16, 0, len(list))
	for _, v := range list {
		if !wire.IsGREASE(uint16(v)) {
			out = append(out, uint16(v))
		}
	}
	return out
}

func extensionCodes(h *wire.ClientHello) []uint16 {
	types := make([]wire.ExtensionType, len(h.Extensions))
	for i, e := range h.Extensions {
		types[i] = e.Type
	}
	return codes(types)
}

func decimals(list []uint16) string {
	s := make([]string, len(list))
	for i, v := range list {
		s[i] = strconv.Itoa(int(v))
	}
	return strings.Join(s, "-")
}

func hexadecimals(list []uint16) string {
	s := make([]string, len(list))
	for i, v := range list {
		s[i] = fmt.Sprintf("%04x", v)
	}
	return strings.Join(s, ",")
}
