package client

import (
	"testing"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// FuzzJudge: whatever a server answers, every client comes to a judgement that
// names a known cause and a sentence.
func FuzzJudge(f *testing.F) {
	for _, id := range []string{"modern", "openssl-3.0", "java-17"} {
		f.Add([]byte{3, 3}, []byte{3, 0, 0x1d, 1, 4}, []byte{0x30, 0}, uint16(0x0403), uint16(len(id)), false)
	}
	sh := &wire.ServerHello{
		LegacyVersion: wire.VersionTLS12, CipherSuite: wire.TLS_DHE_RSA_WITH_AES_128_CBC_SHA,
		Extensions: []wire.Extension{wire.ALPNExt("h2"), {Type: wire.ExtKeyShare, Data: []byte{0, 0x1d}}, {Type: wire.ExtSupportedVersions, Data: []byte{3, 4}}},
	}
	seed, err := sh.Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed[4:], []byte{0, 1, 5, 0, 1, 2, 0, 1, 3, 8, 4, 0, 1, 1}, []byte(nil), uint16(0x0201), uint16(3), true)
	f.Fuzz(func(t *testing.T, hello, kx, cert []byte, scheme, client uint16, retry bool) {
		ids := IDs()
		p, err := Get(ids[int(client)%len(ids)])
		if err != nil {
			t.Fatal(err)
		}
		tr := &transcript.Transcript{
			Attempt:   transcript.Attempt{Handshake: &transcript.Handshake{Hello: p.BuildHello(HelloOptions{HTTP: true})}},
			Signature: wire.SignatureScheme(scheme), Certificates: [][]byte{cert}, CertificateBytes: len(cert),
		}
		if sh, err := wire.ParseServerHello(hello); err == nil {
			tr.Server = sh
			if retry {
				tr.Retry = sh
			}
			tr.KeyExchange, _ = wire.ParseServerKeyExchange(kx, sh.CipherSuite, sh.Version())
			tr.Encrypted = &wire.EncryptedExtensions{Extensions: sh.Extensions}
		}
		var relaxed []Dimension
		for range 20 {
			r := p.Judge(tr, relaxed...)
			if r == nil {
				return
			}
			if _, ok := cause.Get(r.Cause); !ok || r.Detail == "" || r.Dimension == "" || r.Step == cause.StepUnknown {
				t.Fatalf("judgement %+v", r)
			}
			relaxed = append(relaxed, r.Dimension)
		}
		t.Fatal("no end of refusals")
	})
}
