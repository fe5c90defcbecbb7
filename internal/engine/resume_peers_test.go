package engine_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tlswhy/tlswhy/internal/engine"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// resumes makes a session on the server and resumes it, and returns the second
// transcript.
func resumes(t *testing.T, addr string, h transcript.Handshake, tickets bool) *transcript.Transcript {
	t.Helper()
	first := h
	first.EarlyData = false
	tr := try(t, addr, &first, engine.Options{})
	wantComplete(t, tr)
	h.Resume = wantSessions(t, tr, tr.Version(), tickets)
	tr = try(t, addr, &h, engine.Options{})
	wantComplete(t, tr)
	if tr.Resumed != transcript.Yes || tr.Finished != transcript.Yes {
		t.Fatalf("resumed: %v, finished: %v", tr.Resumed, tr.Finished)
	}
	return tr
}

func TestResumptionOfOpenSSL(t *testing.T) {
	cert, key := newIdentity(t, "rsa").files(t)
	plain := sServer(t, "-cert", cert, "-key", key)
	byID := sServer(t, "-cert", cert, "-key", key, "-no_ticket")
	alone := sServer(t, "-cert", cert, "-key", key, "-allow_no_dhe_kex")
	etm := []wire.Extension{wire.EncryptThenMACExt(), wire.SessionTicketExt()}
	for name, tc := range map[string]struct {
		addr    string
		o       offer
		tickets bool
		npn     bool
	}{
		"TLS 1.0, ID":               {addr: byID, o: offer{version: wire.VersionTLS10}},
		"TLS 1.1, ID, no EMS":       {addr: byID, o: offer{version: wire.VersionTLS11, noEMS: true}},
		"TLS 1.2, ID":               {addr: byID, o: offer{version: wire.VersionTLS12}},
		"TLS 1.2, ID, CBC":          {addr: byID, o: offer{version: wire.VersionTLS12, suites: []wire.CipherSuite{wire.TLS_RSA_WITH_AES_256_CBC_SHA256}, extra: etm}},
		"TLS 1.0, ticket":           {addr: plain, o: offer{version: wire.VersionTLS10, extra: etm}, tickets: true},
		"TLS 1.2, ticket":           {addr: plain, o: offer{version: wire.VersionTLS12, extra: etm}, tickets: true},
		"TLS 1.2, ticket, CCM":      {addr: plain, o: offer{version: wire.VersionTLS12, suites: []wire.CipherSuite{wire.TLS_RSA_WITH_AES_128_CCM_8}, extra: etm}, tickets: true},
		"TLS 1.3":                   {addr: plain, o: offer{version: wire.VersionTLS13, only: true}, tickets: true},
		"TLS 1.3, CCM":              {addr: plain, o: offer{version: wire.VersionTLS13, suites: []wire.CipherSuite{wire.TLS_AES_128_CCM_SHA256}}, tickets: true},
		"TLS 1.3, SHA-384, retry":   {addr: plain, o: offer{version: wire.VersionTLS13, suites: []wire.CipherSuite{wire.TLS_AES_256_GCM_SHA384}, shares: []wire.Group{}}, tickets: true},
		"TLS 1.3, stateful":         {addr: byID, o: offer{version: wire.VersionTLS13}, tickets: true},
		"TLS 1.3, PSK alone":        {addr: alone, o: offer{version: wire.VersionTLS13, extra: []wire.Extension{wire.PSKModesExt(wire.PSKModeKE)}}, tickets: true},
		"TLS 1.3, both modes":       {addr: alone, o: offer{version: wire.VersionTLS13, extra: []wire.Extension{wire.PSKModesExt(wire.PSKModeKE, wire.PSKModeDHEKE)}}, tickets: true},
		"TLS 1.2, next protocol":    {addr: sServer(t, "-cert", cert, "-key", key, "-nextprotoneg", "http/1.1"), o: offer{version: wire.VersionTLS12, extra: []wire.Extension{{Type: wire.ExtNextProtocolNegotiation}, wire.SessionTicketExt()}}, tickets: true, npn: true},
		"TLS 1.2, client's session": {addr: byID, o: offer{version: wire.VersionTLS12, extra: []wire.Extension{wire.SessionTicketExt()}}},
	} {
		t.Run(name, func(t *testing.T) {
			tr := resumes(t, tc.addr, transcript.Handshake{Hello: tc.o.hello(), Depth: transcript.DepthRequest}, tc.tickets)
			wantResponse(t, tr, "s_server")
			if !strings.Contains(string(tr.Response.Body), "Reused, TLS") {
				t.Errorf("the server did not resume: %s", tr.Response.Body)
			}
			if tc.addr == alone {
				if _, share := tr.Server.KeyShare(); share != strings.Contains(name, "both") {
					t.Errorf("key share: %v", share)
				}
			}
		})
	}
}

// The ticket of one server is nothing to another.
func TestRefusedSessionsOfOpenSSL(t *testing.T) {
	cert, key := newIdentity(t, "rsa").files(t)
	addr := sServer(t, "-cert", cert, "-key", key)
	other := sServer(t, "-cert", cert, "-key", key)
	for _, o := range []offer{
		{version: wire.VersionTLS12},
		{version: wire.VersionTLS12, extra: []wire.Extension{wire.SessionTicketExt()}},
		{version: wire.VersionTLS13},
		{version: wire.VersionTLS13, shares: []wire.Group{}},
	} {
		t.Run(fmt.Sprintf("%s/%d extensions/%d shares", o.version, len(o.extra), len(o.shares)), func(t *testing.T) {
			h := transcript.Handshake{Hello: o.hello(), Depth: transcript.DepthRequest}
			first := h
			tr := try(t, addr, &first, engine.Options{})
			h.Resume = wantSessions(t, tr, o.version, o.extra != nil || o.version >= wire.VersionTLS13)
			tr = try(t, other, &h, engine.Options{})
			wantResponse(t, tr, "New, TLS")
			if tr.Resumed != transcript.No || len(tr.Sessions) == 0 {
				t.Errorf("resumed: %v, %d sessions", tr.Resumed, len(tr.Sessions))
			}
		})
	}
}

func TestEarlyDataOfOpenSSL(t *testing.T) {
	cert, key := newIdentity(t, "p256").files(t)
	serve := func(args ...string) string {
		port := freePort(t)
		return start(t, port, tool(t, "openssl"), append([]string{
			"s_server", "-quiet", "-accept", "127.0.0.1:" + port, "-cert", cert, "-key", key,
			"-early_data", "-max_early_data", "4321", "-ciphersuites", allSuites13,
		}, args...)...)
	}
	// OpenSSL takes a ticket once, against replays, and counts a hello and its
	// repetition after a HelloRetryRequest as two.
	once, often := serve(), serve("-no_anti_replay")
	// s_server talks to its terminal and not to us: we listen for the tickets.
	listen := engine.Options{NoOp: &engine.NoOp{Proto: "none"}}
	for _, tc := range []struct {
		name  string
		suite wire.CipherSuite
		retry bool
		depth transcript.Depth
		want  transcript.Tri
	}{
		{"accepted", wire.TLS_AES_128_GCM_SHA256, false, transcript.DepthRequest, transcript.Yes},
		{"accepted, SHA-384", wire.TLS_AES_256_GCM_SHA384, false, transcript.DepthFinish, transcript.Yes},
		{"accepted, flight", wire.TLS_CHACHA20_POLY1305_SHA256, false, transcript.DepthFlight, transcript.Yes},
		{"retried", wire.TLS_AES_128_GCM_SHA256, true, transcript.DepthRequest, transcript.No},
	} {
		for addr, replays := range map[string]bool{once: false, often: true} {
			t.Run(fmt.Sprintf("%s/replays=%v", tc.name, replays), func(t *testing.T) {
				o := offer{version: wire.VersionTLS13, only: true, suites: []wire.CipherSuite{tc.suite}}
				if tc.retry {
					o.shares = []wire.Group{}
				}
				tr := try(t, addr, &transcript.Handshake{Hello: o.hello(), Depth: transcript.DepthRequest}, listen)
				wantComplete(t, tr)
				s := wantSessions(t, tr, wire.VersionTLS13, true)
				if s.MaxEarlyData != 4321 || s.Lifetime != 7200 {
					t.Fatalf("%d bytes, %d seconds", s.MaxEarlyData, s.Lifetime)
				}
				again := func() *transcript.Transcript {
					tr := try(t, addr, &transcript.Handshake{Hello: o.hello(), Depth: tc.depth, Resume: s, EarlyData: true}, listen)
					wantComplete(t, tr)
					return tr
				}
				tr = again()
				if tr.EarlyData != tc.want || tr.Resumed != transcript.TriOf(!tc.retry || replays) {
					t.Errorf("early data %v, resumed %v", tr.EarlyData, tr.Resumed)
				}
				if tc.depth == transcript.DepthRequest && len(tr.Sessions) == 0 {
					t.Error("the server did not go on: no tickets behind the handshake")
				}
				want := transcript.No
				if replays {
					want = tc.want
				}
				if tr = again(); tr.EarlyData != want {
					t.Errorf("early data %v the second time", tr.EarlyData)
				}
			})
		}
	}
}

func TestResumptionOfGnuTLS(t *testing.T) {
	serv := tool(t, "gnutls-serv")
	cert, key := newIdentity(t, "rsa").files(t)
	serve := func(args ...string) string {
		port := freePort(t)
		return start(t, port, serv, append([]string{"--http", "--quiet", "-p", port, "--x509certfile", cert, "--x509keyfile", key}, args...)...)
	}
	tickets, ids, early := serve(), serve("--noticket"), serve("--earlydata", "--maxearlydata=1000")
	withTicket := []wire.Extension{wire.SessionTicketExt()}
	for name, tc := range map[string]struct {
		addr    string
		o       offer
		tickets bool
		early   transcript.Tri
	}{
		"TLS 1.2, ID":       {addr: ids, o: offer{version: wire.VersionTLS12}},
		"TLS 1.2, ticket":   {addr: tickets, o: offer{version: wire.VersionTLS12, extra: withTicket}, tickets: true},
		"TLS 1.3":           {addr: tickets, o: offer{version: wire.VersionTLS13, suites: []wire.CipherSuite{wire.TLS_AES_256_GCM_SHA384}}, tickets: true},
		"TLS 1.3, retry":    {addr: tickets, o: offer{version: wire.VersionTLS13, shares: []wire.Group{}}, tickets: true},
		"TLS 1.3, early":    {addr: early, o: offer{version: wire.VersionTLS13}, tickets: true, early: transcript.Yes},
		"TLS 1.3, no early": {addr: tickets, o: offer{version: wire.VersionTLS13}, tickets: true},
	} {
		t.Run(name, func(t *testing.T) {
			tr := resumes(t, tc.addr, transcript.Handshake{Hello: tc.o.hello(), Depth: transcript.DepthRequest, EarlyData: true}, tc.tickets)
			wantResponse(t, tr, "GnuTLS")
			if tr.EarlyData != tc.early {
				t.Errorf("early data: %v", tr.EarlyData)
			}
		})
	}
}
