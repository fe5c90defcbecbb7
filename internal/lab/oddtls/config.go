// Package oddtls is a TLS server for what crypto/tls rightly refuses: SSL 3.0,
// RC4, export, NULL and anonymous suites, Diffie-Hellman groups of any size,
// curves such as brainpool, no RFC 5746, renegotiation, post-handshake
// authentication. It exists to be diagnosed, on loopback, with throw-away keys:
// it is not constant-time and protects nothing.
//
// It speaks SSL 3.0 (RFC 6101), TLS 1.0 (RFC 2246), 1.1 (RFC 4346), 1.2 (RFC
// 5246) and 1.3 (RFC 8446), always with a full handshake.
package oddtls

import (
	"crypto"
	"crypto/x509"
	"fmt"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// Config is what a server accepts. It must not change while in use.
type Config struct {
	Versions []wire.Version     // any of SSL 3.0 to TLS 1.3; the newest in common is taken
	Suites   []wire.CipherSuite // in order of preference
	Groups   []wire.Group       // in order of preference; nil: P-256
	// DH is used by DHE suites; zero: ffdhe2048. Groups of RFC 7919 in Groups
	// are for TLS 1.3 and, in TLS 1.2, for clients that list them.
	DH DHGroup
	// Schemes are the signatures the server makes, in order of preference; nil:
	// all that fit its key. Before TLS 1.2 there is no choice.
	Schemes []wire.SignatureScheme

	Chain [][]byte      // DER, leaf first; none is needed for anonymous suites
	Key   crypto.Signer // RSA of at least 1024 bits, ECDSA on a NIST curve, Ed25519, or CurveKey, Ed448Key

	PSK []byte // of PSK suites, for any identity; nil: none fits

	ALPN []string // nil: the extension is ignored
	// NoRenegotiationInfo leaves out the extension of RFC 5746.
	NoRenegotiationInfo bool
	// Renegotiates lets clients begin a new handshake, up to TLS 1.2; otherwise they
	// are warned off with no_renegotiation.
	Renegotiates bool
	// SSL2 answers an SSL 2.0 CLIENT-HELLO with a SERVER-HELLO, and goes no further.
	SSL2 bool

	// ClientAuth asks for a certificate in the first handshake. CheckClient
	// decides about what comes (nil: none came); an alert of 0 accepts.
	ClientAuth  bool
	CheckClient func(chain []*x509.Certificate) wire.AlertDescription
}

// AlertError is a handshake that ended with an alert, sent or received.
type AlertError struct {
	Alert    wire.AlertDescription
	Received bool
	Why      string
}

func (e *AlertError) Error() string {
	if e.Received {
		return fmt.Sprintf("peer sent alert %s", e.Alert)
	}
	return fmt.Sprintf("%s (alert %s)", e.Why, e.Alert)
}

func fail(a wire.AlertDescription, format string, args ...any) error {
	return &AlertError{Alert: a, Why: fmt.Sprintf(format, args...)}
}
