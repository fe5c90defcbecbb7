package engine

import (
	"bytes"
	"compress/zlib"
	"crypto/rand"
	"errors"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/cloudflare/circl/dh/x25519"
	"github.com/cloudflare/circl/kem/kyber/kyber768"
	"github.com/klauspost/compress/zstd"

	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

func TestDecompressCertificate(t *testing.T) {
	msg := bytes.Repeat([]byte("certificate "), 400)
	packed := map[wire.CertCompression][]byte{}
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	_, _ = z.Write(msg)
	_ = z.Close()
	packed[wire.CertCompressionZlib] = bytes.Clone(b.Bytes())
	b.Reset()
	br := brotli.NewWriter(&b)
	_, _ = br.Write(msg)
	_ = br.Close()
	packed[wire.CertCompressionBrotli] = bytes.Clone(b.Bytes())
	enc, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	packed[wire.CertCompressionZstd] = enc.EncodeAll(msg, nil)
	body := func(alg wire.CertCompression, size int, data []byte) []byte {
		return append([]byte{byte(alg >> 8), byte(alg), byte(size >> 16), byte(size >> 8), byte(size), byte(len(data) >> 16), byte(len(data) >> 8), byte(len(data))}, data...)
	}
	for alg, data := range packed {
		used, got, err := decompressCertificate(body(alg, len(msg), data))
		if err != nil || !bytes.Equal(got, msg) || used != alg {
			t.Errorf("%s: %v, %s", alg, err, used)
		}
		for name, bad := range map[string][]byte{
			"longer than it says":  body(alg, len(msg)-1, data),
			"shorter than it says": body(alg, len(msg)+1, data),
			"cut":                  body(alg, len(msg), data[:len(data)/2]),
			"spoilt":               body(alg, len(msg), append([]byte{0xff, 0xff, 0xff}, data[3:]...)),
			"huge":                 body(alg, 1<<24-1, data),
			"trailing bytes":       append(body(alg, len(msg), data), 0),
		} {
			if _, _, err := decompressCertificate(bad); err == nil {
				t.Errorf("%s, %s: accepted", alg, name)
			}
		}
	}
	if _, _, err := decompressCertificate(body(99, len(msg), msg)); err == nil {
		t.Error("an unknown algorithm was accepted")
	}
}

func TestCompressedCertificate(t *testing.T) {
	cert, err := (&wire.Certificate{Entries: []wire.CertificateEntry{{DER: make([]byte, 2000)}}}).Marshal(wire.VersionTLS13)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	_, _ = z.Write(cert[4:])
	_ = z.Close()
	body := append([]byte{0, byte(wire.CertCompressionZlib), 0, byte((len(cert) - 4) >> 8), byte(len(cert) - 4), 0, byte(b.Len() >> 8), byte(b.Len())}, b.Bytes()...)
	packed := wire.AppendMessage(nil, wire.TypeCompressedCertificate, body)
	for _, offers := range []wire.CertCompression{wire.CertCompressionZlib, wire.CertCompressionBrotli} {
		hello := fuzzHello(wire.VersionTLS13)
		hello.Set(wire.CompressCertificateExt(offers))
		c := &conn{t: &transcript.Transcript{}, hello: hello, log: &messageLog{}}
		err := c.certificate13(&wire.Message{Type: wire.TypeCompressedCertificate, Body: body, Raw: packed})
		if offers == wire.CertCompressionZlib {
			if err != nil || c.t.CertificateCompression != offers || c.t.CompressedBytes != len(packed) || c.t.CertificateBytes != len(cert) || len(c.t.Certificates) != 1 {
				t.Errorf("%v: %s, %d of %d bytes", err, c.t.CertificateCompression, c.t.CompressedBytes, c.t.CertificateBytes)
			}
			continue
		}
		// RFC 8879, Section 4: the algorithm has to be one of those offered.
		var e *end
		if !errors.As(err, &e) || e.kind != transcript.Malformed || e.say != wire.AlertIllegalParameter || c.t.CertificateCompression != 0 {
			t.Errorf("not offered: %v", err)
		}
	}
}

// Early data belong to a ticket that was taken, and to its suite (RFC 8446, Section
// 4.2.10).
func TestEarlyDataThatNobodyMayTake(t *testing.T) {
	const s128 = wire.TLS_AES_128_GCM_SHA256
	taken := &wire.EncryptedExtensions{Extensions: []wire.Extension{wire.EarlyDataExt()}}
	for name, tc := range map[string]struct {
		ee      *wire.EncryptedExtensions
		offers  bool
		resumed *transcript.Session
		kind    transcript.Kind
		want    transcript.Tri
	}{
		"not offered":   {ee: taken},
		"taken":         {ee: taken, offers: true, resumed: &transcript.Session{Suite: s128, Secret: make([]byte, 32)}, want: transcript.Yes},
		"refused":       {ee: &wire.EncryptedExtensions{}, offers: true, want: transcript.No},
		"no ticket":     {ee: taken, offers: true, kind: transcript.Malformed},
		"another suite": {ee: taken, offers: true, resumed: &transcript.Session{Suite: wire.TLS_CHACHA20_POLY1305_SHA256, Secret: make([]byte, 32)}, kind: transcript.Malformed},
	} {
		t.Run(name, func(t *testing.T) {
			suite, err := computable(s128)
			if err != nil {
				t.Fatal(err)
			}
			c := &conn{t: &transcript.Transcript{}, offersEarly: tc.offers, resumed: tc.resumed, suite: suite, pskHash: suite.hash, helloSum: make([]byte, 32)}
			err = c.gotEarlyData(tc.ee)
			var e *end
			if tc.kind == "" && err != nil || tc.kind != "" && (!errors.As(err, &e) || e.kind != tc.kind) {
				t.Errorf("ended by %v", err)
			}
			if c.t.EarlyData != tc.want || (c.out != nil) != (tc.want == transcript.Yes) {
				t.Errorf("early data %v", c.t.EarlyData)
			}
		})
	}
}

func TestShareLen(t *testing.T) {
	keys := NewKeys()
	for g := range groups {
		p, err := keys.get(g, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(p.public()); n != ShareLen(g) {
			t.Errorf("%s: a share of %d bytes, ShareLen says %d", g, n, ShareLen(g))
		}
		again, _ := keys.get(g, rand.Reader)
		if !bytes.Equal(again.public(), p.public()) {
			t.Errorf("%s: the key was not kept", g)
		}
		for _, bad := range [][]byte{nil, {4}, make([]byte, len(p.public())), bytes.Repeat([]byte{0xff}, 3000)} {
			if _, err := p.shared(bad); err == nil {
				t.Errorf("%s: a false share of %d bytes was accepted", g, len(bad))
			}
		}
	}
	if ShareLen(wire.GroupSect283k1) != 0 || CanCompute(wire.GroupSect283k1) {
		t.Error("sect283k1 is computed")
	}
}

// The draft group of browsers of 2023 has no server left to try it on.
func TestKyberDraft(t *testing.T) {
	p, err := NewKeys().get(wire.GroupX25519Kyber768Draft00, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	share := p.public()
	var secret, public, theirs, first x25519.Key
	_, _ = rand.Read(secret[:])
	x25519.KeyGen(&public, &secret)
	copy(theirs[:], share[:32])
	if !x25519.Shared(&first, &secret, &theirs) {
		t.Fatal("low order")
	}
	pk, err := kyber768.Scheme().UnmarshalBinaryPublicKey(share[32:])
	if err != nil {
		t.Fatal(err)
	}
	ct, second, err := kyber768.Scheme().Encapsulate(pk)
	if err != nil {
		t.Fatal(err)
	}
	got, err := p.shared(append(public[:], ct...))
	if err != nil || !bytes.Equal(got, append(first[:], second...)) {
		t.Errorf("the secrets differ: %v", err)
	}
}
