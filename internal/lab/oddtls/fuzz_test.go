package oddtls

import (
	"bytes"
	"net"
	"testing"
	"time"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// script is a connection that plays a client's bytes and then ends.
type script struct{ *bytes.Reader }

func (script) Write(b []byte) (int, error)      { return len(b), nil }
func (script) Close() error                     { return nil }
func (script) LocalAddr() net.Addr              { return nil }
func (script) RemoteAddr() net.Addr             { return nil }
func (script) SetDeadline(time.Time) error      { return nil }
func (script) SetReadDeadline(time.Time) error  { return nil }
func (script) SetWriteDeadline(time.Time) error { return nil }

// FuzzServer throws bytes at servers of every version.
func FuzzServer(f *testing.F) {
	hello := func(v wire.Version) []byte {
		h := &wire.ClientHello{
			LegacyVersion: min(v, wire.VersionTLS12), CompressionMethods: []wire.CompressionMethod{0},
			CipherSuites: []wire.CipherSuite{wire.TLS_AES_128_GCM_SHA256, wire.TLS_RSA_WITH_RC4_128_SHA, wire.TLS_DH_anon_WITH_RC4_128_MD5},
		}
		if v == wire.VersionTLS13 {
			h.Extensions = []wire.Extension{
				wire.SupportedVersionsExt(v), wire.SupportedGroupsExt(wire.GroupX25519),
				wire.SignatureAlgorithmsExt(wire.SigECDSASecp256r1SHA256),
				wire.KeyShareExt(wire.KeyShare{Group: wire.GroupX25519, Data: bytes.Repeat([]byte{9}, 32)}),
			}
		}
		b, err := h.Marshal()
		if err != nil {
			f.Fatal(err)
		}
		return wire.AppendRecord(nil, wire.ContentHandshake, wire.VersionTLS10, b)
	}
	for _, v := range []wire.Version{wire.VersionSSL30, wire.VersionTLS10, wire.VersionTLS12, wire.VersionTLS13} {
		f.Add(hello(v))
		cke := wire.AppendRecord(hello(v), wire.ContentHandshake, wire.VersionTLS10, wire.AppendMessage(nil, wire.TypeClientKeyExchange, []byte{0, 1, 2}))
		f.Add(wire.AppendRecord(cke, wire.ContentChangeCipherSpec, wire.VersionTLS10, []byte{1}))
	}
	f.Add((&wire.SSL2ClientHello{Version: wire.VersionSSL20, Ciphers: []wire.SSL2Cipher{0x010080}, Challenge: make([]byte, 16)}).Marshal())
	f.Add((&wire.SSL2ClientHello{Version: wire.VersionTLS10, Ciphers: []wire.SSL2Cipher{5}, Challenge: make([]byte, 16)}).Marshal())
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"))
	all := &Config{
		Versions: []wire.Version{wire.VersionSSL30, wire.VersionTLS10, wire.VersionTLS11, wire.VersionTLS12, wire.VersionTLS13},
		Suites:   []wire.CipherSuite{wire.TLS_AES_128_GCM_SHA256, wire.TLS_DH_anon_WITH_RC4_128_MD5, wire.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256},
		Groups:   []wire.Group{wire.GroupX25519, wire.GroupSecp256r1}, DH: DH512(), ALPN: []string{"http/1.1"},
		Chain: [][]byte{selfSigned(f, ecKey())}, Key: ecKey(), ClientAuth: true, SSL2: true,
	}
	plain := &Config{Versions: all.Versions, Suites: []wire.CipherSuite{wire.TLS_RSA_WITH_RC4_128_SHA}, Chain: [][]byte{selfSigned(f, rsaKey())}, Key: rsaKey()}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, cfg := range []*Config{all, plain} {
			if c, err := Server(script{bytes.NewReader(b)}, cfg); err == nil {
				t.Errorf("handshake of %s succeeded with made-up bytes", c.Version())
			}
		}
	})
}
