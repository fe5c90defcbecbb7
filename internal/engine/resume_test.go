package engine_test

import (
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/tlswhy/tlswhy/internal/engine"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// resumingServer is a server of the standard library that says whether it
// resumed; newKeys makes it forget its tickets.
func resumingServer(t testing.TB, cfg *tls.Config) (addr string, newKeys func()) {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "resumed: %v", r.TLS.DidResume)
	}))
	newKeys = func() {
		var k [32]byte
		_, _ = rand.Read(k[:])
		cfg.SetSessionTicketKeys([][32]byte{k})
	}
	newKeys()
	s.TLS = cfg
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	// StartTLS clones the configuration.
	newKeys = func() {
		var k [32]byte
		_, _ = rand.Read(k[:])
		s.TLS.SetSessionTicketKeys([][32]byte{k})
	}
	return s.Listener.Addr().String(), newKeys
}

// wantSessions holds all sessions of a handshake against it, and returns the last
// by ticket or by ID.
func wantSessions(t *testing.T, tr *transcript.Transcript, v wire.Version, tickets bool) *transcript.Session {
	t.Helper()
	if len(tr.Sessions) == 0 {
		t.Fatalf("no session: %+v, %d tickets", tr.Outcome, tr.Tickets)
	}
	var last *transcript.Session
	for _, s := range tr.Sessions {
		if s.Version != v || s.Suite != tr.Server.CipherSuite || len(s.Secret) < 32 || s.Received.IsZero() || (len(s.Ticket) > 0) == (len(s.ID) > 0) {
			t.Errorf("session of %s, %s: %d bytes of secret, %d of ID, %d of ticket", s.Version, s.Suite, len(s.Secret), len(s.ID), len(s.Ticket))
		}
		if (len(s.Ticket) > 0) == tickets {
			last = s
		}
	}
	if last == nil {
		t.Fatalf("%d sessions, none by ticket (%v) or ID", len(tr.Sessions), tickets)
	}
	return last
}

func TestResumptionOfTheStandardLibrary(t *testing.T) {
	t.Setenv("GODEBUG", "tlsrsakex=1,tls10server=1,tlssha1=1")
	id := newIdentity(t, "rsa")
	for _, tc := range []struct {
		v     wire.Version
		suite wire.CipherSuite
		noEMS bool
		retry bool
	}{
		{v: wire.VersionTLS10, suite: wire.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA},
		{v: wire.VersionTLS11, suite: wire.TLS_RSA_WITH_AES_128_CBC_SHA, noEMS: true},
		{v: wire.VersionTLS12, suite: wire.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256},
		{v: wire.VersionTLS12, suite: wire.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, noEMS: true},
		{v: wire.VersionTLS13, suite: wire.TLS_AES_128_GCM_SHA256},
		{v: wire.VersionTLS13, suite: wire.TLS_AES_256_GCM_SHA384},
		{v: wire.VersionTLS13, suite: wire.TLS_CHACHA20_POLY1305_SHA256},
		{v: wire.VersionTLS13, suite: wire.TLS_AES_256_GCM_SHA384, retry: true},
	} {
		t.Run(fmt.Sprintf("%s/%s/retry=%v", tc.v, tc.suite, tc.retry), func(t *testing.T) {
			addr, newKeys := resumingServer(t, &tls.Config{
				Certificates: []tls.Certificate{id.cert}, MinVersion: uint16(tc.v), MaxVersion: uint16(tc.v), CipherSuites: []uint16{uint16(tc.suite)},
			})
			o := offer{version: tc.v, suites: []wire.CipherSuite{tc.suite}, noEMS: tc.noEMS, extra: []wire.Extension{wire.SessionTicketExt()}}
			if tc.retry {
				o.shares = []wire.Group{}
			}
			h := transcript.Handshake{Hello: o.hello(), Depth: transcript.DepthRequest}
			first := h
			tr := try(t, addr, &first, engine.Options{})
			wantResponse(t, tr, "resumed: false")
			if tr.Resumed != transcript.Unknown {
				t.Errorf("resumed: %v", tr.Resumed)
			}
			s := wantSessions(t, tr, tc.v, true)
			if s.ExtendedMasterSecret != (!tc.noEMS && tc.v < wire.VersionTLS13) || s.MaxEarlyData != 0 {
				t.Errorf("%+v", s)
			}

			h.Resume = s
			again := h
			tr = try(t, addr, &again, engine.Options{})
			wantResponse(t, tr, "resumed: true")
			if tr.Resumed != transcript.Yes || tr.Certificates != nil || (tr.Retry != nil) != tc.retry {
				t.Errorf("resumed: %v, retry: %v", tr.Resumed, tr.Retry != nil)
			}
			if tc.v >= wire.VersionTLS13 {
				// A session of a resumed handshake is as good.
				third := h
				third.Resume = wantSessions(t, tr, tc.v, true)
				wantResponse(t, try(t, addr, &third, engine.Options{}), "resumed: true")
			}
			for _, d := range []transcript.Depth{transcript.DepthFlight, transcript.DepthFinish} {
				short := h
				short.Depth = d
				tr = try(t, addr, &short, engine.Options{})
				wantComplete(t, tr)
				if want := transcript.ReachedFlight + transcript.Milestone(d); tr.Resumed != transcript.Yes || tr.Outcome.Reached != want || tr.Finished != transcript.Yes {
					t.Errorf("%+v, resumed: %v", tr.Outcome, tr.Resumed)
				}
			}
			only := h
			only.HelloOnly = true
			if tr = try(t, addr, &only, engine.Options{}); tr.Outcome.Kind != transcript.Complete || tr.Resumed != transcript.Yes && !tc.retry {
				t.Errorf("%+v, resumed: %v", tr.Outcome, tr.Resumed)
			}

			newKeys()
			refused := h
			tr = try(t, addr, &refused, engine.Options{})
			wantResponse(t, tr, "resumed: false")
			if tr.Resumed != transcript.No || len(tr.Certificates) != 1 {
				t.Errorf("resumed: %v, %d certificates", tr.Resumed, len(tr.Certificates))
			}
			if len(again.Hello.SessionID) > 0 && !bytes.Equal(again.Hello.SessionID, make([]byte, len(again.Hello.SessionID))) {
				t.Error("the caller's hello was changed")
			}
		})
	}
}

// What the hello cannot carry is not offered.
func TestSessionThatDoesNotFit(t *testing.T) {
	id := newIdentity(t, "p256")
	addr, _ := resumingServer(t, &tls.Config{Certificates: []tls.Certificate{id.cert}})
	session := func(v wire.Version) *transcript.Session {
		o := offer{version: v, only: true, extra: []wire.Extension{wire.SessionTicketExt()}}
		tr := try(t, addr, &transcript.Handshake{Hello: o.hello(), Depth: transcript.DepthRequest}, engine.Options{})
		return wantSessions(t, tr, v, true)
	}
	s12, s13 := session(wire.VersionTLS12), session(wire.VersionTLS13)
	for name, tc := range map[string]struct {
		s     *transcript.Session
		o     offer
		want  transcript.Tri
		group wire.Group
	}{
		"TLS 1.3 in a hello of TLS 1.2": {s: s13, o: offer{version: wire.VersionTLS12}, want: transcript.Unknown},
		"another suite":                 {s: s12, o: offer{version: wire.VersionTLS12, suites: []wire.CipherSuite{wire.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}}, want: transcript.Unknown},
		"TLS 1.2 where TLS 1.3 wins":    {s: s12, o: offer{version: wire.VersionTLS13}, want: transcript.No},
		"TLS 1.2 of TLS 1.3":            {s: s12, o: offer{version: wire.VersionTLS12}, want: transcript.Yes},
	} {
		t.Run(name, func(t *testing.T) {
			tr := try(t, addr, &transcript.Handshake{Hello: tc.o.hello(), Resume: tc.s, Depth: transcript.DepthRequest}, engine.Options{})
			wantResponse(t, tr, fmt.Sprintf("resumed: %v", tc.want == transcript.Yes))
			if tr.Resumed != tc.want {
				t.Errorf("resumed: %v", tr.Resumed)
			}
		})
	}
}
