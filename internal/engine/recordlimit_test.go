package engine_test

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/tlswhy/tlswhy/internal/engine"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// Servers that keep to small records, and refuse larger ones of ours: the
// request is longer than any of them.
func TestRecordLimits(t *testing.T) {
	cert, key := newIdentity(t, "rsa").files(t)
	openssl := sServer(t, "-cert", cert, "-key", key)
	gnutls := func(args ...string) string {
		port := freePort(t)
		return start(t, port, tool(t, "gnutls-serv"), append([]string{"--http", "--quiet", "-p", port, "--x509certfile", cert, "--x509keyfile", key}, args...)...)
	}
	plain, small := gnutls(), gnutls("--recordsize=600")
	for name, tc := range map[string]struct {
		addr     string
		page     string
		exts     []wire.Extension
		fragment int
		limit    func(v wire.Version) int
	}{
		"OpenSSL, 512":          {addr: openssl, page: "s_server", exts: []wire.Extension{wire.MaxFragmentLengthExt(1)}, fragment: 512},
		"OpenSSL, 4096":         {addr: openssl, page: "s_server", exts: []wire.Extension{wire.MaxFragmentLengthExt(4)}, fragment: 4096},
		"GnuTLS, 512":           {addr: plain, page: "GnuTLS", exts: []wire.Extension{wire.RecordSizeLimitExt(513)}, limit: func(wire.Version) int { return wire.MaxPlaintext }},
		"GnuTLS, largest":       {addr: plain, page: "GnuTLS", exts: []wire.Extension{wire.RecordSizeLimitExt(0x4001)}, limit: func(wire.Version) int { return wire.MaxPlaintext }},
		"GnuTLS, 600 announced": {addr: small, page: "GnuTLS", exts: []wire.Extension{wire.RecordSizeLimitExt(1000)}, limit: func(wire.Version) int { return 600 }},
	} {
		for _, v := range []wire.Version{wire.VersionTLS12, wire.VersionTLS13} {
			t.Run(fmt.Sprintf("%s/%s", name, v), func(t *testing.T) {
				h := &transcript.Handshake{
					Hello: offer{version: v, extra: tc.exts}.hello(), Depth: transcript.DepthRequest,
					Request: &transcript.Request{Path: "/" + strings.Repeat("x", 900)},
				}
				if tc.addr == openssl {
					h.Request.Path = "/"
					h.Host, h.Port = strings.Repeat("x", 9000)+".test", 443 // the Host header
				}
				tr := try(t, tc.addr, h, engine.Options{})
				wantResponse(t, tr, tc.page)
				var fragment, limit int
				if v >= wire.VersionTLS13 {
					fragment, limit = tr.Encrypted.MaxFragmentLength(), tr.Encrypted.RecordSizeLimit()
				} else {
					fragment, limit = tr.Server.MaxFragmentLength(), tr.Server.RecordSizeLimit()
				}
				want := 0
				if tc.limit != nil {
					want = tc.limit(v)
				}
				if fragment != tc.fragment || limit < want || limit > want+1 {
					t.Errorf("fragment %d, limit %d", fragment, limit)
				}
			})
		}
	}
}

func TestOddRecordLimits(t *testing.T) {
	const ok = wire.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
	size, fragment := wire.RecordSizeLimitExt(512), wire.MaxFragmentLengthExt(1)
	certificate := record(22, 0x0303, append([]byte{11, 0, 2, 3, 0, 2, 0, 0, 1, 0xfd}, make([]byte, 509)...))
	for name, tc := range map[string]struct {
		answer []wire.Extension
		more   []byte
		detail string
		said   wire.AlertDescription
	}{
		"both":               {[]wire.Extension{size, fragment}, nil, "both record_size_limit and max_fragment_length", wire.AlertIllegalParameter},
		"too small":          {[]wire.Extension{wire.RecordSizeLimitExt(63)}, nil, "record_size_limit 00 3f", wire.AlertIllegalParameter},
		"another fragment":   {[]wire.Extension{wire.MaxFragmentLengthExt(2)}, nil, "max_fragment_length 02 of the server in answer to 01", wire.AlertIllegalParameter},
		"longer than agreed": {[]wire.Extension{fragment}, certificate, "519 bytes where max_fragment_length allows 512", wire.AlertRecordOverflow},
	} {
		t.Run(name, func(t *testing.T) {
			addr := scripted(t, answers(func(*wire.ClientHello) []byte {
				return append(helloRecord(wire.VersionTLS12, ok, tc.answer...), tc.more...)
			}))
			hello := offer{version: wire.VersionTLS12, extra: []wire.Extension{size, fragment}}.hello()
			tr := try(t, addr, &transcript.Handshake{Hello: hello, Depth: transcript.DepthFinish, Wait: time.Second}, engine.Options{})
			if tr.Outcome.Kind != transcript.Malformed || !strings.Contains(tr.Outcome.Detail, tc.detail) {
				t.Errorf("%+v", tr.Outcome)
			}
			if a := tr.Alerts[len(tr.Alerts)-1]; a.From != transcript.FromClient || a.Alert.Description != tc.said {
				t.Errorf("%+v", tr.Alerts)
			}
		})
	}
	// Nothing agreed, nothing held.
	tr := try(t, scripted(t, func(c net.Conn) {
		answers(func(*wire.ClientHello) []byte {
			return append(append(helloRecord(wire.VersionTLS12, ok, size), certificate...), record(22, 0x0303, []byte{14, 0, 0, 0})...)
		})(c)
	}), &transcript.Handshake{Hello: offer{version: wire.VersionTLS12}.hello()}, engine.Options{})
	wantComplete(t, tr)
}
