package trust

import (
	"time"

	"golang.org/x/crypto/cryptobyte"
)

// SCT is a signed certificate timestamp (RFC 6962, Section 3.2). Its signature
// is not checked: that needs the logs' keys.
type SCT struct {
	Version   uint8 // 0 is v1
	LogID     [32]byte
	Timestamp time.Time
	Raw       []byte
}

const maxSCTs = 64

// ParseSCTList reads a SignedCertificateTimestampList (RFC 6962, Section 3.3),
// as it stands in a certificate, an OCSP response or the TLS extension.
func ParseSCTList(b []byte) ([]SCT, bool) {
	s := cryptobyte.String(b)
	var list cryptobyte.String
	if !s.ReadUint16LengthPrefixed(&list) || !s.Empty() {
		return nil, false
	}
	var out []SCT
	for !list.Empty() {
		var one cryptobyte.String
		if !list.ReadUint16LengthPrefixed(&one) || len(out) == maxSCTs {
			return out, false
		}
		sct := SCT{Raw: one}
		var ms uint64
		if !one.ReadUint8(&sct.Version) {
			return out, false
		}
		if sct.Version == 0 {
			if !one.CopyBytes(sct.LogID[:]) || !one.ReadUint64(&ms) {
				return out, false
			}
			sct.Timestamp = time.UnixMilli(int64(min(ms, 1<<48))).UTC()
		}
		out = append(out, sct)
	}
	return out, true
}
