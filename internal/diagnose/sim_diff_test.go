package diagnose

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tlswhy/tlswhy/internal/report"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// sentHello reads the hello of an attempt as it was sent.
func sentHello(t tester, h report.Handshake) *wire.ClientHello {
	t.Helper()
	var msg []byte
	for rest := h.Hello; len(rest) > 0; {
		r, left, err := wire.ParseRecord(rest)
		if err != nil {
			t.Fatalf("%s: records of the hello: %v", h.ID, err)
		}
		msg, rest = append(msg, r.Payload...), left
	}
	m, _, err := wire.ParseMessage(msg)
	if err != nil {
		t.Fatalf("%s: %v", h.ID, err)
	}
	hello, err := wire.ParseClientHello(m.Body)
	if err != nil {
		t.Fatalf("%s: %v", h.ID, err)
	}
	return hello
}

// differences lists in what two hellos differ, but for randoms and padding.
func differences(t tester, a, b report.Handshake) []string {
	x, y := aspects(sentHello(t, a)), aspects(sentHello(t, b))
	var out []string
	for k := range x {
		if x[k] != y[k] {
			out = append(out, k)
		}
	}
	for k := range y {
		if _, ok := x[k]; !ok {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return out
}

// aspects are all that a hello says, by name.
func aspects(h *wire.ClientHello) map[string]string {
	out := map[string]string{
		"legacy_version": h.LegacyVersion.String(), "session_id": fmt.Sprint(len(h.SessionID)),
		"compression": fmt.Sprint(h.CompressionMethods), "block": fmt.Sprint(h.Extensions == nil),
	}
	for _, s := range h.CipherSuites {
		i, _ := s.Info()
		switch {
		case wire.IsGREASE(uint16(s)):
			out["GREASE"] += "suite "
		case i.KeyExchange == wire.KXTLS13:
			out["suites of TLS 1.3"] += s.String() + " "
		default:
			out["suites"] += s.String() + " "
		}
	}
	for _, e := range h.Extensions {
		switch {
		case e.Type == wire.ExtPadding:
		case wire.IsGREASE(uint16(e.Type)):
			out["GREASE"] += "extension "
		case e.Type == wire.ExtSupportedGroups:
			for _, g := range h.SupportedGroups() {
				if wire.IsGREASE(uint16(g)) {
					out["GREASE"] += "group "
				} else {
					out[e.Type.String()] += g.String() + " "
				}
			}
		case e.Type == wire.ExtSignatureAlgorithms:
			for _, x := range h.SignatureAlgorithms() {
				if wire.IsGREASE(uint16(x)) {
					out["GREASE"] += "scheme "
				} else {
					out[e.Type.String()] += x.String() + " "
				}
			}
		case e.Type == wire.ExtKeyShare:
			out[e.Type.String()] = ""
			for _, k := range h.KeyShares() {
				if wire.IsGREASE(uint16(k.Group)) {
					out["GREASE"] += "share "
				} else {
					out[e.Type.String()] += k.Group.String() + " "
				}
			}
		case e.Type == wire.ExtSupportedVersions:
			if len(h.SupportedVersions()) != (len(e.Data)-1)/2 {
				out["GREASE"] += "version "
			}
			out[e.Type.String()] = fmt.Sprint(h.SupportedVersions())
		default:
			out[e.Type.String()] += fmt.Sprintf("%x", e.Data)
		}
	}
	return out
}

// allowed says that a change, by its words, covers a difference. TLS 1.3 brings
// its suites, groups, schemes and shares along, and so does TLS 1.2 its schemes.
func allowed(change, difference string) bool {
	dim, what, _ := strings.Cut(change, ": ")
	has := func(ds ...string) bool { return slices.Contains(ds, difference) }
	switch dim {
	case "versions":
		switch {
		case what == "offer TLS 1.3":
			return has("legacy_version", "supported_versions", "session_id", "suites of TLS 1.3", "key_share", "psk_key_exchange_modes", "supported_groups", "signature_algorithms", "block", "GREASE")
		case what == "offer TLS 1.2 at most":
			return has("supported_versions", "suites of TLS 1.3", "key_share", "psk_key_exchange_modes", "post_handshake_auth", "compress_certificate", "encrypted_client_hello", "early_data", "cookie", "pre_shared_key", "GREASE")
		case what == "offer TLS 1.2":
			return has("legacy_version", "supported_versions", "signature_algorithms")
		}
		return has("legacy_version", "supported_versions")
	case "suites":
		return has("suites", "suites of TLS 1.3")
	case "groups":
		return difference == "supported_groups" || strings.HasPrefix(what, "leave out") && difference == "key_share"
	case "signature algorithms":
		return has("signature_algorithms")
	case "alpn":
		return has("application_layer_protocol_negotiation", "application_settings", "application_settings_old")
	case "sni":
		return has("server_name")
	case "extensions":
		if strings.HasPrefix(what, "leave the GREASE") {
			return has("GREASE")
		}
		return has("GREASE") || strings.Contains(what, difference)
	case "size":
		return strings.HasPrefix(what, "let the hello shrink") && has("supported_groups", "key_share")
	case "client":
		return true // another client altogether
	}
	return false
}
