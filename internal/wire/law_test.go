package wire

import (
	"bytes"
	"errors"
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

func bytesUpTo(n int) *rapid.Generator[[]byte] { return rapid.SliceOfN(rapid.Byte(), 0, n) }

// orNil makes an empty slice nil, as the parsers do.
func orNil[T any](s []T) []T {
	if len(s) == 0 {
		return nil
	}
	return s
}

var extensionLists = rapid.Custom(func(t *rapid.T) []Extension {
	if rapid.Bool().Draw(t, "no block") {
		return nil
	}
	out := []Extension{}
	for range rapid.IntRange(0, 8).Draw(t, "extensions") {
		out = append(out, Extension{ExtensionType(rapid.Uint16().Draw(t, "type")), append([]byte{}, bytesUpTo(300).Draw(t, "data")...)})
	}
	return out
})

var clientHellos = rapid.Custom(func(t *rapid.T) *ClientHello {
	h := &ClientHello{
		LegacyVersion: Version(rapid.Uint16().Draw(t, "version")),
		SessionID:     orNil(bytesUpTo(32).Draw(t, "session")),
		Extensions:    extensionLists.Draw(t, "extensions"),
	}
	copy(h.Random[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "random"))
	for range rapid.IntRange(0, 100).Draw(t, "suites") {
		h.CipherSuites = append(h.CipherSuites, CipherSuite(rapid.Uint16().Draw(t, "suite")))
	}
	for range rapid.IntRange(0, 3).Draw(t, "methods") {
		h.CompressionMethods = append(h.CompressionMethods, CompressionMethod(rapid.Byte().Draw(t, "method")))
	}
	return h
})

func TestClientHelloParsesAsBuilt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := clientHellos.Draw(t, "hello")
		b, err := h.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		m, rest, err := ParseMessage(b)
		if err != nil || len(rest) > 0 || m.Type != TypeClientHello || !bytes.Equal(m.Raw, b) || h.Size() != len(b) {
			t.Fatalf("message: %v", err)
		}
		got, err := ParseClientHello(m.Body)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, h) {
			t.Fatalf("got %+v\nwant %+v", got, h)
		}
		if c := h.Clone(); !reflect.DeepEqual(c, h) {
			t.Fatalf("the clone is %+v", c)
		}
	})
}

func TestServerHelloParsesAsBuilt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := &ServerHello{
			LegacyVersion:     Version(rapid.Uint16().Draw(t, "version")),
			SessionID:         append([]byte{}, bytesUpTo(32).Draw(t, "session")...),
			CipherSuite:       CipherSuite(rapid.Uint16().Draw(t, "suite")),
			CompressionMethod: CompressionMethod(rapid.Byte().Draw(t, "method")),
			Extensions:        extensionLists.Draw(t, "extensions"),
		}
		copy(h.Random[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "random"))
		b, err := h.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseServerHello(b[4:])
		if err != nil || !bytes.Equal(got.SessionID, h.SessionID) {
			t.Fatal(err)
		}
		got.SessionID = h.SessionID
		if !reflect.DeepEqual(got, h) {
			t.Fatalf("got %+v\nwant %+v", got, h)
		}
	})
}

func TestCertificateParsesAsBuilt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.SampledFrom([]Version{VersionSSL30, VersionTLS12, VersionTLS13}).Draw(t, "version")
		c := &Certificate{}
		if v == VersionTLS13 {
			c.Context = append([]byte{}, bytesUpTo(255).Draw(t, "context")...)
		}
		for range rapid.IntRange(0, 5).Draw(t, "certificates") {
			e := CertificateEntry{DER: append([]byte{}, bytesUpTo(500).Draw(t, "der")...)}
			if v == VersionTLS13 {
				e.Extensions = append([]Extension{}, extensionLists.Draw(t, "extensions")...)
			}
			c.Entries = append(c.Entries, e)
		}
		b, err := c.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		parse := ParseCertificate
		if v == VersionTLS13 {
			parse = ParseCertificate13
		}
		got, err := parse(b[4:])
		if err != nil {
			t.Fatal(err)
		}
		if again, err := got.Marshal(v); err != nil || !bytes.Equal(again, b) || len(got.Entries) != len(c.Entries) {
			t.Fatalf("got %+v\nwant %+v", got, c)
		}
	})
}

func TestSSL2HelloParsesAsBuilt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := &SSL2ClientHello{Version: Version(rapid.Uint16().Draw(t, "version")), SessionID: bytesUpTo(32).Draw(t, "session"), Challenge: bytesUpTo(32).Draw(t, "challenge")}
		for range rapid.IntRange(0, 20).Draw(t, "ciphers") {
			h.Ciphers = append(h.Ciphers, SSL2Cipher(rapid.Uint32Range(0, 1<<24-1).Draw(t, "cipher")))
		}
		got, err := ParseSSL2ClientHello(h.Marshal())
		if err != nil || got.Version != h.Version || !reflect.DeepEqual(got.Ciphers, h.Ciphers) ||
			!bytes.Equal(got.SessionID, h.SessionID) || !bytes.Equal(got.Challenge, h.Challenge) {
			t.Fatalf("%v: got %+v\nwant %+v", err, got, h)
		}
	})
}

func TestRecordsCarryWhatWasPutIn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		payload := bytesUpTo(40000).Draw(t, "payload")
		sizes := rapid.SliceOfN(rapid.IntRange(-5, 20000), 0, 5).Draw(t, "sizes")
		b := AppendRecords(nil, ContentHandshake, VersionTLS12, payload, sizes...)
		var got []byte
		for i := 0; len(b) > 0; i++ {
			r, rest, err := ParseRecord(b)
			if err != nil || r.Type != ContentHandshake || r.Version != VersionTLS12 || len(r.Payload) == 0 || len(r.Payload) > MaxPlaintext {
				t.Fatalf("record %d: %v", i, err)
			}
			if i < len(sizes) && len(rest) > 0 && len(r.Payload) != min(max(sizes[i], 1), MaxPlaintext) {
				t.Fatalf("record %d has %d bytes, asked for %d", i, len(r.Payload), sizes[i])
			}
			for n := range min(len(b)-len(rest), 8) {
				if _, _, err := ParseRecord(b[:n]); !errors.Is(err, ErrNeedMore) {
					t.Fatalf("a prefix of %d bytes: %v", n, err)
				}
			}
			got, b = append(got, r.Payload...), rest
		}
		if !bytes.Equal(got, payload) {
			t.Fatal("the payload is not what was put in")
		}
	})
}

func TestPadTo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := clientHellos.Draw(t, "hello")
		h.Remove(ExtPadding)
		n := h.Size()
		want := n + rapid.IntRange(-8, 600).Draw(t, "more")
		ok := h.PadTo(want)
		possible := want == n || h.Extensions != nil && want >= n+4
		if ok != possible || ok && h.Size() != want {
			t.Fatalf("padding %d to %d: %v, now %d", n, want, ok, h.Size())
		}
	})
}

func TestExtensionsReadAsBuilt(t *testing.T) {
	h := &ClientHello{Extensions: []Extension{}, LegacyVersion: VersionTLS12}
	groups := []Group{0x0a0a, GroupX25519, GroupSecp256r1}
	schemes := []SignatureScheme{SigEd25519, SigRSAPSSRSAESHA256}
	shares := []KeyShare{{0x0a0a, []byte{0}}, {GroupX25519, bytes.Repeat([]byte{7}, 32)}}
	for _, e := range []Extension{
		ServerNameExt("a.example"), SupportedVersionsExt(0x0a0a, VersionTLS13, VersionTLS12), SupportedGroupsExt(groups...),
		SignatureAlgorithmsExt(schemes...), KeyShareExt(shares...), ALPNExt("h2", "http/1.1"),
		CompressCertificateExt(CertCompressionBrotli, CertCompressionZlib),
	} {
		h.Set(e)
	}
	switch {
	case h.ServerName() != "a.example", !reflect.DeepEqual(h.SupportedGroups(), groups), !reflect.DeepEqual(h.SignatureAlgorithms(), schemes),
		!reflect.DeepEqual(h.KeyShares(), shares), !reflect.DeepEqual(h.ALPN(), []string{"h2", "http/1.1"}),
		!reflect.DeepEqual(h.CertCompressions(), []CertCompression{CertCompressionBrotli, CertCompressionZlib}),
		!reflect.DeepEqual(h.SupportedVersions(), []Version{VersionTLS13, VersionTLS12}), h.MaxVersion() != VersionTLS13,
		h.OffersVersion(VersionTLS11), !h.OffersVersion(VersionTLS12):
		t.Errorf("%+v", h)
	}
	h.Set(Extension{ExtPreSharedKey, []byte{1}})
	h.Set(PaddingExt(3))
	if h.Extensions[len(h.Extensions)-1].Type != ExtPreSharedKey {
		t.Error("pre_shared_key is not the last extension")
	}
}

func TestLimitsReadAsBuilt(t *testing.T) {
	for code, want := range map[uint8]int{0: 0, 1: 512, 2: 1024, 3: 2048, 4: 4096, 5: 0} {
		exts := []Extension{MaxFragmentLengthExt(code), RecordSizeLimitExt(0x4001)}
		sh, ee := &ServerHello{Extensions: exts}, &EncryptedExtensions{exts}
		if sh.MaxFragmentLength() != want || ee.MaxFragmentLength() != want || sh.RecordSizeLimit() != 0x4001 || ee.RecordSizeLimit() != 0x4001 {
			t.Errorf("code %d: %d, %d", code, sh.MaxFragmentLength(), ee.RecordSizeLimit())
		}
	}
	none := &ServerHello{Extensions: []Extension{{ExtMaxFragmentLength, nil}, {ExtRecordSizeLimit, []byte{1}}}}
	if none.MaxFragmentLength() != 0 || none.RecordSizeLimit() != 0 {
		t.Error("limits of extensions that are cut short")
	}
}

// The bytes of the example in RFC 8448, Section 4, but for their lengths.
func TestPreSharedKeyExt(t *testing.T) {
	e := PreSharedKeyExt([]byte{0x2c, 0x03}, 0xfad6aac5, []byte{0x3a, 0xdd, 0x4f})
	want := []byte{0, 8, 0, 2, 0x2c, 0x03, 0xfa, 0xd6, 0xaa, 0xc5, 0, 4, 3, 0x3a, 0xdd, 0x4f}
	if e.Type != ExtPreSharedKey || !bytes.Equal(e.Data, want) {
		t.Errorf("% x", e.Data)
	}
}

func TestMaxEarlyData(t *testing.T) {
	for name, tc := range map[string]struct {
		exts []Extension
		want uint32
	}{
		"none":     {nil, 0},
		"some":     {[]Extension{{ExtEarlyData, []byte{0, 1, 2, 3}}}, 0x010203},
		"too few":  {[]Extension{{ExtEarlyData, []byte{1, 2, 3}}}, 0},
		"too many": {[]Extension{{ExtEarlyData, []byte{1, 2, 3, 4, 5}}}, 0},
	} {
		if n := (&NewSessionTicket{Extensions: tc.exts}).MaxEarlyData(); n != tc.want {
			t.Errorf("%s: %d", name, n)
		}
	}
}
