package diagnose

import (
	"github.com/tlswhy/tlswhy/internal/offer"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// The fan: maximal hellos, one per generation of the protocol. Together they
// are answered by every server that speaks TLS to anybody.
type fanHello struct {
	purpose string
	// version is the one that an answer shows to be enabled.
	version wire.Version
	hello   func(sni string) *wire.ClientHello
	// posture: an answer by itself is a finding even on a healthy server.
	posture bool
}

func fan() []fanHello {
	return []fanHello{
		{"widest TLS 1.3 hello", wire.VersionTLS13, func(sni string) *wire.ClientHello { return offer.TLS13(sni, false) }, false},
		{"widest TLS 1.3 hello with a hybrid key share", wire.VersionTLS13, func(sni string) *wire.ClientHello { return offer.TLS13(sni, true) }, false},
		{"widest TLS 1.2 hello", wire.VersionTLS12, func(sni string) *wire.ClientHello {
			return offer.Older(wire.VersionTLS12, sni, offer.Ordinary(wire.VersionTLS12))
		}, false},
		{"widest TLS 1.1 hello", wire.VersionTLS11, func(sni string) *wire.ClientHello {
			return offer.Older(wire.VersionTLS11, sni, offer.Ordinary(wire.VersionTLS11))
		}, true},
		{"widest TLS 1.0 hello", wire.VersionTLS10, func(sni string) *wire.ClientHello {
			return offer.Older(wire.VersionTLS10, sni, offer.Ordinary(wire.VersionTLS10))
		}, true},
		{"widest SSL 3.0 hello", wire.VersionSSL30, func(string) *wire.ClientHello {
			return offer.Older(wire.VersionSSL30, "", offer.Ordinary(wire.VersionSSL30))
		}, true},
		{"weak suites alone", 0, func(sni string) *wire.ClientHello { return offer.Older(wire.VersionTLS12, sni, offer.Weak()) }, true},
		{"export, NULL and anonymous suites alone", 0, func(sni string) *wire.ClientHello { return offer.Older(wire.VersionTLS12, sni, offer.Broken()) }, true},
	}
}
