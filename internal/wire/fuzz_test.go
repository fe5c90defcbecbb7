package wire

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"
)

func seed(f *testing.F, hexes ...string) {
	f.Helper()
	for _, s := range hexes {
		b, err := hex.DecodeString(s)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
}

func seedHello(f *testing.F) []byte {
	h := &ClientHello{
		LegacyVersion: VersionTLS12, SessionID: make([]byte, 32), CipherSuites: []CipherSuite{0x1301, 0xc02f}, CompressionMethods: []CompressionMethod{0},
		Extensions: []Extension{ServerNameExt("a.example"), SupportedVersionsExt(VersionTLS13), SupportedGroupsExt(GroupX25519), KeyShareExt(KeyShare{GroupX25519, make([]byte, 32)}), ALPNExt("h2")},
	}
	b, err := h.Marshal()
	if err != nil {
		f.Fatal(err)
	}
	return b
}

func FuzzParseClientHello(f *testing.F) {
	f.Add(seedHello(f)[4:])
	seed(f, "", "0300", "0303"+hex.EncodeToString(make([]byte, 32))+"000002002f0100")
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := ParseClientHello(b)
		if err != nil {
			return
		}
		again, err := h.Marshal()
		if err != nil || !bytes.Equal(again[4:], b) {
			t.Fatalf("built again: %v\n%x\n%x", err, again, b)
		}
		h.ServerName()
		h.SupportedVersions()
		h.MaxVersion()
		h.SupportedGroups()
		h.SignatureAlgorithms()
		h.SignatureAlgorithmsCert()
		h.ALPN()
		h.KeyShares()
	})
}

func FuzzParseServerHello(f *testing.F) {
	h := &ServerHello{LegacyVersion: VersionTLS12, CipherSuite: 0x1301, Extensions: []Extension{{ExtSupportedVersions, []byte{3, 4}}, {ExtKeyShare, []byte{0, 0x1d}}, CookieExt([]byte("c"))}}
	for range 2 {
		b, _ := h.Marshal()
		f.Add(b[4:])
		h.SetHelloRetryRequest()
	}
	seed(f, "", "0303")
	f.Fuzz(func(t *testing.T, b []byte) {
		if e, err := ParseEncryptedExtensions(b); err == nil {
			e.ALPN()
			e.RecordSizeLimit()
			e.MaxFragmentLength()
		}
		h, err := ParseServerHello(b)
		if err != nil {
			return
		}
		again, err := h.Marshal()
		if err != nil || !bytes.Equal(again[4:], b) {
			t.Fatalf("built again: %v\n%x\n%x", err, again, b)
		}
		h.Version()
		h.KeyShare()
		h.Cookie()
		h.ALPN()
		h.RecordSizeLimit()
		h.MaxFragmentLength()
	})
}

func FuzzParseCertificate(f *testing.F) {
	c := &Certificate{Entries: []CertificateEntry{{DER: []byte("der"), Extensions: []Extension{{ExtStatusRequest, []byte{1, 0, 0, 1, 9}}}}, {DER: []byte("x")}}}
	for _, v := range []Version{VersionTLS12, VersionTLS13} {
		b, _ := c.Marshal(v)
		f.Add(b[4:])
	}
	seed(f, "", "000000", "00000000")
	f.Fuzz(func(t *testing.T, b []byte) {
		if c, err := ParseCertificate(b); err == nil {
			if again, err := c.Marshal(VersionTLS12); err != nil || !bytes.Equal(again[4:], b) {
				t.Fatalf("built again: %v\n%x\n%x", err, again, b)
			}
		}
		if c, err := ParseCertificate13(b); err == nil {
			c.OCSP()
			if again, err := c.Marshal(VersionTLS13); err != nil || !bytes.Equal(again[4:], b) {
				t.Fatalf("built again: %v\n%x\n%x", err, again, b)
			}
		}
		_, _ = ParseCertificateStatus(b)
		_, _ = ParseCertificateVerify(b)
	})
}

func FuzzParseCertificateRequest(f *testing.F) {
	for _, s := range []string{"", "0101000403040104000000", "02014000020401000400023000", "0000080d00040002040300"} {
		b, err := hex.DecodeString(s)
		if err != nil {
			f.Fatal(err)
		}
		for _, v := range []uint16{0x0301, 0x0303, 0x0304} {
			f.Add(b, v)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte, v uint16) {
		r, err := ParseCertificateRequest(b, Version(v))
		if err == nil && len(r.Authorities) > len(b) {
			t.Fatal("more names than bytes")
		}
		_, _ = ParseNewSessionTicket(b, Version(v))
	})
}

func FuzzParseServerKeyExchange(f *testing.F) {
	for _, s := range []string{"", "03001d2001", "03001d0401020304040100021234", "0002ffff00010200020304040100011f", "0001ff000103040100021234"} {
		b, err := hex.DecodeString(s)
		if err != nil {
			f.Fatal(err)
		}
		for _, suite := range []CipherSuite{TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_DHE_RSA_WITH_AES_128_CBC_SHA, TLS_RSA_EXPORT_WITH_RC4_40_MD5, TLS_DHE_PSK_WITH_AES_128_CBC_SHA} {
			f.Add(b, uint16(suite), uint16(VersionTLS12))
			f.Add(b, uint16(suite), uint16(VersionTLS10))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte, suite, v uint16) {
		k, err := ParseServerKeyExchange(b, CipherSuite(suite), Version(v))
		if err == nil && (len(k.Params) > len(b) || k.DHBits() > 8*len(b)) {
			t.Fatalf("%+v from %d bytes", k, len(b))
		}
	})
}

func FuzzParseSSL2(f *testing.F) {
	f.Add((&SSL2ClientHello{Version: VersionTLS10, Ciphers: []SSL2Cipher{0x010080, 0x2f}, Challenge: make([]byte, 16)}).Marshal())
	seed(f, "", "8003000001", "800e0400010002000000030000010080")
	f.Fuzz(func(t *testing.T, b []byte) {
		if h, err := ParseSSL2ClientHello(b); err == nil && !bytes.HasPrefix(b, h.Marshal()) {
			t.Fatalf("built again: %x from %x", h.Marshal(), b)
		}
		if h, err := ParseSSL2ServerHello(b); err == nil && len(h.Certificate) > len(b) {
			t.Fatal("longer than its input")
		}
	})
}

func FuzzRecord(f *testing.F) {
	f.Add(AppendRecords(nil, ContentHandshake, VersionTLS10, seedHello(f), 20, 100))
	seed(f, "", "15030300020228", "160300", "48545450")
	f.Fuzz(func(t *testing.T, b []byte) {
		var hs []byte
		rest := b
		for {
			r, more, err := ParseRecord(rest)
			if err != nil {
				if !errors.Is(err, ErrNeedMore) && !errors.Is(err, ErrNotTLS) {
					t.Fatal(err)
				}
				break
			}
			if len(more) >= len(rest) || len(r.Payload) > MaxCiphertext {
				t.Fatal("no progress, or too long a payload")
			}
			ParseAlert(r.Payload)
			hs, rest = append(hs, r.Payload...), more
		}
		for {
			m, more, err := ParseMessage(hs)
			if err != nil {
				break
			}
			if len(more) >= len(hs) || !bytes.Equal(m.Raw, hs[:len(hs)-len(more)]) {
				t.Fatal("no progress, or a message that is not its bytes")
			}
			hs = more
		}
	})
}
