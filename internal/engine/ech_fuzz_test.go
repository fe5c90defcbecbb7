package engine

import (
	"context"
	"crypto/hpke"
	"testing"
	"time"

	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// FuzzECH gives an encrypted hello a peer that says anything, and reads anything
// as the list of keys.
func FuzzECH(f *testing.F) {
	key, err := hpke.MLKEM768X25519().GenerateKey()
	if err != nil {
		f.Fatal(err)
	}
	good, err := wire.MarshalECHConfigList(wire.ECHConfig{
		Version: wire.ECHVersion, KEM: wire.HPKEKEM(hpke.MLKEM768X25519().ID()), PublicKey: key.PublicKey().Bytes(),
		Suites: []wire.HPKESuite{{KDF: wire.HPKEKDFHKDFSHA256, AEAD: wire.HPKEAEADAES128GCM}}, PublicName: "public.example",
	})
	if err != nil {
		f.Fatal(err)
	}
	sh := &wire.ServerHello{LegacyVersion: wire.VersionTLS12, CipherSuite: wire.TLS_AES_128_GCM_SHA256, Extensions: []wire.Extension{
		{Type: wire.ExtSupportedVersions, Data: []byte{3, 4}}, {Type: wire.ExtKeyShare, Data: []byte{0, 23}}, {Type: wire.ExtEncryptedClientHello, Data: make([]byte, 8)},
	}}
	for range 2 {
		hello, err := sh.Marshal()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(wire.AppendRecords(nil, wire.ContentHandshake, wire.VersionTLS12, hello), good)
		sh.SetHelloRetryRequest()
	}
	f.Fuzz(func(t *testing.T, reply, list []byte) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		h := &transcript.Handshake{Host: "a.example", Hello: fuzzHello(wire.VersionTLS13), ECH: list, Depth: transcript.DepthRequest, Wait: time.Second}
		tr := &transcript.Transcript{}
		Run(ctx, replay(reply), h, tr, Options{Keys: fuzzKeys, Rand: seeded(3)})
		switch {
		case tr.Outcome.Kind == "" || tr.Outcome.Kind == transcript.LocalError:
			t.Fatalf("outcome %+v", tr.Outcome)
		case tr.ECH != nil && !tr.ECH.Offered && tr.ECH.Accepted != transcript.Unknown:
			t.Fatalf("judged without being offered: %+v", tr.ECH)
		case tr.ECH != nil && tr.ECH.Accepted == transcript.Yes:
			t.Fatal("a peer without the key confirmed the hello")
		case ctx.Err() != nil:
			t.Fatal("no end")
		}
	})
}
