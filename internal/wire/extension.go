package wire

// The extensions of a ClientHello, built. Each function returns the extension
// with the given content and checks nothing: what a real client would never
// send is exactly what an experiment may want to.

// ServerNameExt is server_name with one host_name (RFC 6066, Section 3).
func ServerNameExt(name string) Extension {
	n := len(name)
	d := append([]byte{byte((n + 3) >> 8), byte(n + 3), 0, byte(n >> 8), byte(n)}, name...)
	return Extension{ExtServerName, d}
}

// SupportedVersionsExt is supported_versions (RFC 8446, Section 4.2.1).
func SupportedVersionsExt(versions ...Version) Extension {
	d := []byte{byte(2 * len(versions))}
	return Extension{ExtSupportedVersions, append16(d, versions)}
}

// SupportedGroupsExt is supported_groups (RFC 8446, Section 4.2.7).
func SupportedGroupsExt(groups ...Group) Extension {
	return Extension{ExtSupportedGroups, append16(len16(nil, 2*len(groups)), groups)}
}

// SignatureAlgorithmsExt is signature_algorithms (RFC 8446, Section 4.2.3).
func SignatureAlgorithmsExt(schemes ...SignatureScheme) Extension {
	return Extension{ExtSignatureAlgorithms, append16(len16(nil, 2*len(schemes)), schemes)}
}

// KeyShareExt is key_share with these entries (RFC 8446, Section 4.2.8). The
// engine fills entries of no data with a fresh key.
func KeyShareExt(shares ...KeyShare) Extension {
	var d []byte
	for _, s := range shares {
		d = append(len16(len16(d, int(s.Group)), len(s.Data)), s.Data...)
	}
	return Extension{ExtKeyShare, append(len16(nil, len(d)), d...)}
}

// ALPNExt is application_layer_protocol_negotiation (RFC 7301).
func ALPNExt(protocols ...string) Extension {
	var d []byte
	for _, p := range protocols {
		d = append(append(d, byte(len(p))), p...)
	}
	return Extension{ExtALPN, append(len16(nil, len(d)), d...)}
}

// StatusRequestExt asks for a stapled OCSP response (RFC 6066, Section 8).
func StatusRequestExt() Extension { return Extension{ExtStatusRequest, []byte{1, 0, 0, 0, 0}} }

// ECPointFormatsExt offers uncompressed points (RFC 8422, Section 5.1.2).
func ECPointFormatsExt() Extension { return Extension{ExtECPointFormats, []byte{1, 0}} }

// RenegotiationInfoExt is the empty renegotiation_info of a first handshake (RFC 5746, Section 3.4).
func RenegotiationInfoExt(verify []byte) Extension {
	return Extension{ExtRenegotiationInfo, append([]byte{byte(len(verify))}, verify...)}
}

// ExtendedMasterSecretExt is extended_master_secret (RFC 7627).
func ExtendedMasterSecretExt() Extension { return Extension{ExtExtendedMasterSecret, nil} }

// EncryptThenMACExt is encrypt_then_mac (RFC 7366).
func EncryptThenMACExt() Extension { return Extension{ExtEncryptThenMAC, nil} }

// SessionTicketExt is the empty session_ticket of a client that has none (RFC 5077).
func SessionTicketExt() Extension { return Extension{ExtSessionTicket, nil} }

// SCTExt asks for certificate timestamps (RFC 6962, Section 3.3.1).
func SCTExt() Extension { return Extension{ExtSignedCertificateTimestamp, nil} }

// PSKModesExt is psk_key_exchange_modes (RFC 8446, Section 4.2.9).
func PSKModesExt(modes ...PSKMode) Extension {
	d := []byte{byte(len(modes))}
	for _, m := range modes {
		d = append(d, byte(m))
	}
	return Extension{ExtPSKKeyExchangeModes, d}
}

// CompressCertificateExt is compress_certificate (RFC 8879, Section 3).
func CompressCertificateExt(algorithms ...CertCompression) Extension {
	return Extension{ExtCompressCertificate, append16([]byte{byte(2 * len(algorithms))}, algorithms)}
}

// MaxFragmentLengthExt is max_fragment_length: code 1 to 4 stands for 2^(8+code)
// bytes, 512 to 4096 (RFC 6066, Section 4).
func MaxFragmentLengthExt(code uint8) Extension {
	return Extension{ExtMaxFragmentLength, []byte{code}}
}

// RecordSizeLimitExt is record_size_limit: the most bytes of plaintext, 64 and
// more, in a protected record to us, of which TLS 1.3 needs one for the content
// type (RFC 8449, Section 4).
func RecordSizeLimitExt(limit uint16) Extension {
	return Extension{ExtRecordSizeLimit, len16(nil, int(limit))}
}

// PreSharedKeyExt is pre_shared_key with one identity, its age in milliseconds as
// obfuscated by the ticket, and its binder (RFC 8446, Section 4.2.11). It has to be
// the last extension of the hello.
func PreSharedKeyExt(identity []byte, age uint32, binder []byte) Extension {
	d := append(len16(len16(nil, len(identity)+6), len(identity)), identity...)
	d = append(d, byte(age>>24), byte(age>>16), byte(age>>8), byte(age))
	d = append(len16(d, len(binder)+1), byte(len(binder)))
	return Extension{ExtPreSharedKey, append(d, binder...)}
}

// EarlyDataExt is the early_data of a hello (RFC 8446, Section 4.2.10).
func EarlyDataExt() Extension { return Extension{ExtEarlyData, nil} }

// PostHandshakeAuthExt is post_handshake_auth (RFC 8446, Section 4.2.6).
func PostHandshakeAuthExt() Extension { return Extension{ExtPostHandshakeAuth, nil} }

// CookieExt echoes the cookie of a HelloRetryRequest (RFC 8446, Section 4.2.2).
func CookieExt(cookie []byte) Extension {
	return Extension{ExtCookie, append(len16(nil, len(cookie)), cookie...)}
}

// PaddingExt is n zero bytes (RFC 7685); the extension takes n+4 bytes.
func PaddingExt(n int) Extension { return Extension{ExtPadding, make([]byte, n)} }

// Size is the length in bytes of the handshake message, header included, or 0
// if the hello cannot be built.
func (h *ClientHello) Size() int {
	n, _ := h.size()
	return n
}

// PadTo grows or shrinks the padding extension so that the handshake message is
// size bytes long, and reports whether that was possible: the padding extension
// itself takes four bytes, and a hello without extension block has none.
func (h *ClientHello) PadTo(size int) bool {
	if h.Extensions == nil {
		return h.Size() == size
	}
	c := h.Clone()
	c.Remove(ExtPadding)
	n := c.Size()
	if n == size {
		h.Remove(ExtPadding)
		return true
	}
	if n+4 > size {
		return false
	}
	h.Set(PaddingExt(size - n - 4))
	return true
}

func len16(d []byte, n int) []byte { return append(d, byte(n>>8), byte(n)) }

func append16[T ~uint16](d []byte, vs []T) []byte {
	for _, v := range vs {
		d = append(d, byte(v>>8), byte(v))
	}
	return d
}
