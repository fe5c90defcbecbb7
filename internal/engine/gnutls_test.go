package engine_test

import (
	"fmt"
	"testing"

	"github.com/tlswhy/tlswhy/internal/engine"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

func TestGnuTLS(t *testing.T) {
	serv := tool(t, "gnutls-serv")
	cert, key := newIdentity(t, "rsa").files(t)
	port := freePort(t)
	addr := start(t, port, serv, "--http", "--quiet", "-p", port, "--x509certfile", cert, "--x509keyfile", key, "--priority",
		"NORMAL:+VERS-TLS1.0:+VERS-TLS1.1:+DHE-RSA:+RSA:+3DES-CBC:+ARCFOUR-128:+AES-128-CCM-8:+MD5:+SIGN-RSA-SHA1:%SERVER_PRECEDENCE:%VERIFY_ALLOW_SIGN_WITH_SHA1")
	for _, tc := range []struct {
		v      wire.Version
		suites []wire.CipherSuite
	}{
		{wire.VersionTLS10, []wire.CipherSuite{wire.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, wire.TLS_DHE_RSA_WITH_AES_128_CBC_SHA, wire.TLS_RSA_WITH_AES_256_CBC_SHA}},
		{wire.VersionTLS11, []wire.CipherSuite{wire.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, wire.TLS_RSA_WITH_3DES_EDE_CBC_SHA}},
		{wire.VersionTLS12, []wire.CipherSuite{
			wire.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, wire.TLS_DHE_RSA_WITH_AES_128_GCM_SHA256, wire.TLS_RSA_WITH_AES_128_CCM,
			wire.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, wire.TLS_RSA_WITH_RC4_128_SHA,
		}},
		{wire.VersionTLS13, []wire.CipherSuite{wire.TLS_AES_128_GCM_SHA256, wire.TLS_AES_256_GCM_SHA384, wire.TLS_AES_128_CCM_SHA256, wire.TLS_CHACHA20_POLY1305_SHA256}},
	} {
		for _, s := range tc.suites {
			for _, etm := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%s/etm=%v", tc.v, s, etm), func(t *testing.T) {
					o := offer{version: tc.v, suites: []wire.CipherSuite{s}}
					if etm {
						o.extra = []wire.Extension{wire.EncryptThenMACExt(), wire.SessionTicketExt()}
					}
					tr := try(t, addr, &transcript.Handshake{Hello: o.hello(), Depth: transcript.DepthRequest}, engine.Options{})
					wantResponse(t, tr, "GnuTLS")
					if etm && tc.v < wire.VersionTLS13 && tr.Tickets == 0 {
						t.Error("no ticket")
					}
				})
			}
		}
	}
}
