package engine_test

import (
	"bytes"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/tlswhy/tlswhy/internal/engine"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// Servers that take up a session in a way that nobody may.
func TestOddResumptions(t *testing.T) {
	const ok, cbc = wire.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, wire.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA
	is13 := wire.Extension{Type: wire.ExtSupportedVersions, Data: []byte{3, 4}}
	share := wire.Extension{Type: wire.ExtKeyShare, Data: append(append(u16(int(wire.GroupX25519)), u16(32)...), bytes.Repeat([]byte{9}, 32)...)}
	psk := func(data ...byte) wire.Extension { return wire.Extension{Type: wire.ExtPreSharedKey, Data: data} }
	ems := wire.ExtendedMasterSecretExt()
	byID := &transcript.Session{Version: wire.VersionTLS12, Suite: ok, Secret: make([]byte, 48), ID: []byte("an id"), ExtendedMasterSecret: true}
	byTicket := &transcript.Session{Version: wire.VersionTLS12, Suite: ok, Secret: make([]byte, 48), Ticket: []byte("a ticket"), ExtendedMasterSecret: true}
	s13 := &transcript.Session{Version: wire.VersionTLS13, Suite: wire.TLS_AES_128_GCM_SHA256, Secret: make([]byte, 32), Ticket: []byte("a ticket"), Received: time.Now()}
	echo := func(v wire.Version, s wire.CipherSuite, more []byte, exts ...wire.Extension) func(net.Conn) {
		return answers(func(h *wire.ClientHello) []byte {
			sh := &wire.ServerHello{LegacyVersion: v, SessionID: h.SessionID, CipherSuite: s, Extensions: exts}
			b, _ := sh.Marshal()
			return append(record(22, v, b), more...)
		})
	}
	ccs := record(20, 0x0303, []byte{1})
	certificate := record(22, 0x0303, []byte{11, 0, 0, 3, 0, 0, 0})
	const s128, s256 = wire.TLS_AES_128_GCM_SHA256, wire.TLS_AES_256_GCM_SHA384
	for name, tc := range map[string]struct {
		session *transcript.Session
		serve   func(net.Conn)
		detail  string
	}{
		"another version":        {byID, echo(wire.VersionTLS11, cbc, nil, ems), "a session of TLS 1.2 with TLS 1.1"},
		"another suite":          {byTicket, echo(wire.VersionTLS12, cbc, nil, ems), "resumes a session of TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 with TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"},
		"without EMS":            {byID, echo(wire.VersionTLS12, ok, nil), "began with extended_master_secret without it"},
		"a certificate":          {byID, echo(wire.VersionTLS12, ok, certificate, ems), "certificate instead of ChangeCipherSpec"},
		"a false Finished":       {byTicket, echo(wire.VersionTLS12, ok, append(bytes.Clone(ccs), record(22, 0x0303, make([]byte, 40))...), ems), "its MAC is wrong"},
		"TLS 1.3 by ID":          {s13, echo(wire.VersionTLS12, ok, ccs, ems), "a session that does not exist"},
		"index":                  {s13, echo(wire.VersionTLS12, s128, nil, is13, share, psk(0, 1)), "number 1 of a single one"},
		"index of a byte":        {s13, echo(wire.VersionTLS12, s128, nil, is13, share, psk(0)), "pre_shared_key of 1 bytes"},
		"another hash":           {s13, echo(wire.VersionTLS12, s256, nil, is13, share, psk(0, 0)), "a session of TLS_AES_128_GCM_SHA256 with TLS_AES_256_GCM_SHA384"},
		"no share":               {s13, echo(wire.VersionTLS12, s128, nil, is13, psk(0, 0)), "without a key share"},
		"not offered":            {nil, echo(wire.VersionTLS12, s128, nil, is13, share, psk(0, 0)), "which the hello does not offer"},
		"not offered but TLS1.2": {byID, echo(wire.VersionTLS12, s128, nil, is13, share, psk(0, 0)), "which the hello does not offer"},
	} {
		t.Run(name, func(t *testing.T) {
			hello := offer{version: wire.VersionTLS13, extra: []wire.Extension{wire.SupportedVersionsExt(wire.VersionTLS13, wire.VersionTLS12, wire.VersionTLS11)}}.hello()
			tr := try(t, scripted(t, tc.serve), &transcript.Handshake{Hello: hello, Resume: tc.session, Depth: transcript.DepthFinish, Wait: time.Second}, engine.Options{})
			if tr.Outcome.Kind != transcript.Malformed || !strings.Contains(tr.Outcome.Detail, tc.detail) {
				t.Errorf("%+v", tr.Outcome)
			}
			if len(tr.Sessions) > 0 {
				t.Error("a session of a handshake that failed")
			}
		})
	}
}

// After a HelloRetryRequest of another hash the ticket is of no use (RFC 8446,
// Section 4.1.4).
func TestSessionDroppedAtRetry(t *testing.T) {
	cert, key := newIdentity(t, "p256").files(t)
	addr := sServer(t, "-cert", cert, "-key", key, "-serverpref", "-ciphersuites", "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256")
	for _, shares := range [][]wire.Group{nil, {}} {
		hello := func(s ...wire.CipherSuite) *wire.ClientHello {
			return offer{version: wire.VersionTLS13, suites: s, shares: shares}.hello()
		}
		tr := try(t, addr, &transcript.Handshake{Hello: hello(wire.TLS_AES_128_GCM_SHA256), Depth: transcript.DepthRequest}, engine.Options{})
		s := wantSessions(t, tr, wire.VersionTLS13, true)
		h := &transcript.Handshake{Hello: hello(wire.TLS_AES_128_GCM_SHA256, wire.TLS_AES_256_GCM_SHA384), Resume: s, Depth: transcript.DepthRequest}
		tr = try(t, addr, h, engine.Options{})
		wantResponse(t, tr, "New, TLS")
		if tr.Resumed != transcript.No || tr.Server.CipherSuite != wire.TLS_AES_256_GCM_SHA384 || (tr.Retry == nil) != (shares == nil) {
			t.Errorf("resumed %v with %s, retry: %v", tr.Resumed, tr.Server.CipherSuite, tr.Retry != nil)
		}
		if tr.Retry == nil {
			continue
		}
		second, _, err := wire.ParseRecord(tr.Retried)
		if err != nil {
			t.Fatal(err)
		}
		sent, err := wire.ParseClientHello(second.Payload[4:])
		if err != nil {
			t.Fatal(err)
		}
		if _, kept := sent.Extension(wire.ExtPreSharedKey); kept {
			t.Error("the ticket is in the second hello")
		}
	}
}
