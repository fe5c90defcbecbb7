package textdiag

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// reasonText are the reasons of OpenSSL's SSL library (include/openssl/sslerr.h)
// with their texts, as `openssl errstr` of release 3.0 prints them. A number
// that was ever given away keeps its meaning in all releases.
//
//go:embed openssl-reasons.txt
var reasonText string

var reasons struct {
	once sync.Once
	text map[int]string
}

func reasonOf(number int) string {
	reasons.once.Do(func() {
		reasons.text = map[int]string{}
		for l := range strings.Lines(reasonText) {
			n, text, _ := strings.Cut(strings.TrimRight(l, "\n"), " ")
			if v, err := strconv.Atoi(n); err == nil {
				reasons.text[v] = text
			}
		}
	})
	return reasons.text[number]
}

// Library numbers in packed error codes: that of SSL in OpenSSL and LibreSSL, and
// in BoringSSL. Reasons from alertReason on are alerts that were received.
const (
	libSSL       = 20
	libSSLBoring = 16
	alertReason  = 1000
)

// packedCode is an error code as OpenSSL and its relatives print it.
type packedCode struct {
	place
	text   string // eight hexadecimal digits
	reason string // of the table; "" where it has none
	alert  int    // received; -1 for none
	ssl    bool   // of the SSL library
}

// codeAt reads the code after "error:", of eight digits or without a zero before
// them. Up to release 1.1.1 the digits are two for
// the library, three for the function, three for the reason; from 3.0 on the
// library begins at bit 23, and there are no functions.
func codeAt(d *document, at int) (packedCode, bool) {
	const most = 8
	digits := 0
	for at+digits < len(d.low) && digits <= most && isHex(d.low[at+digits]) {
		digits++
	}
	c := packedCode{place: place{at, at + digits}, alert: -1}
	if digits < most-1 || digits > most {
		return c, false
	}
	c.text = strings.Repeat("0", most-digits) + strings.ToUpper(string(d.low[at:at+digits]))
	v, err := strconv.ParseUint(c.text, 16, 32)
	if err != nil {
		return c, false
	}
	reason := -1
	switch {
	case v>>23 == libSSL:
		reason = int(v & 0x7fffff)
	case v>>24 == libSSL, v>>24 == libSSLBoring:
		reason = int(v & 0xfff)
	}
	if reason < 0 {
		return c, true
	}
	c.ssl = true
	if a := reason - alertReason; a >= 0 && a < 256 {
		c.alert = a
	} else if v>>24 != libSSLBoring {
		c.reason = reasonOf(reason)
	} else {
		c.reason = boringReason(d.low[c.to:])
	}
	return c, true
}

// boringReason is the reason that BoringSSL writes behind its code, as OpenSSL
// would write it: the numbers are its own, the names are mostly shared.
func boringReason(rest []byte) string {
	const lead = ":ssl routines:openssl_internal:"
	if !hasPrefix(rest, lead) {
		return ""
	}
	name := rest[len(lead):min(len(rest), len(lead)+80)]
	for i, c := range name {
		if c != '_' && !isWord(c) {
			name = name[:i]
			break
		}
	}
	return strings.ReplaceAll(string(name), "_", " ")
}

func isHex(c byte) bool { return isDigit(c) || c >= 'a' && c <= 'f' }

// spelled is the line that OpenSSL 3 writes for the code, "" where that is not
// known.
func (c packedCode) spelled() string {
	if c.reason == "" {
		return ""
	}
	return fmt.Sprintf("error:%s:SSL routines::%s", c.text, c.reason)
}

// name is the alert's name with its number, for people.
func alertName(id uint8) string {
	return fmt.Sprintf("%s (%d)", wire.AlertDescription(id), id)
}
