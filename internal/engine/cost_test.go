package engine

import (
	"testing"

	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// BenchmarkHelloOnly is what an attempt costs that ends at the server's answer,
// without the network and the server.
func BenchmarkHelloOnly(b *testing.B) {
	is13 := wire.Extension{Type: wire.ExtSupportedVersions, Data: []byte{3, 4}}
	record := func(retry bool, suite wire.CipherSuite, exts ...wire.Extension) []byte {
		sh := &wire.ServerHello{LegacyVersion: wire.VersionTLS12, CipherSuite: suite, Extensions: exts}
		if retry {
			sh.SetHelloRetryRequest()
		}
		msg, err := sh.Marshal()
		if err != nil {
			b.Fatal(err)
		}
		return wire.AppendRecord(nil, wire.ContentHandshake, wire.VersionTLS12, msg)
	}
	keys := NewKeys()
	pair, err := NewKeys().get(wire.GroupX25519, seeded(1))
	if err != nil {
		b.Fatal(err)
	}
	share := wire.Extension{Type: wire.ExtKeyShare, Data: append([]byte{0, 29, 0, 32}, pair.public()...)}
	empty := fuzzHello(wire.VersionTLS13)
	empty.Set(wire.KeyShareExt())
	for _, tc := range []struct {
		name   string
		hello  *wire.ClientHello
		answer []byte
	}{
		{"TLS 1.2", fuzzHello(wire.VersionTLS12), record(false, wire.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256)},
		{"TLS 1.3 retry", empty, record(true, wire.TLS_AES_128_GCM_SHA256, is13, wire.Extension{Type: wire.ExtKeyShare, Data: []byte{0, 29}})},
		{"TLS 1.3", fuzzHello(wire.VersionTLS13), record(false, wire.TLS_AES_128_GCM_SHA256, is13, share)},
	} {
		b.Run(tc.name, func(b *testing.B) {
			b.ReportAllocs()
			h := &transcript.Handshake{Hello: tc.hello, HelloOnly: true}
			for b.Loop() {
				tr := &transcript.Transcript{}
				Run(b.Context(), replay(tc.answer), h, tr, Options{Keys: keys})
				if tr.Outcome.Kind != transcript.Complete {
					b.Fatal(tr.Outcome)
				}
			}
		})
	}
}
