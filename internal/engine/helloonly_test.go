package engine_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/tlswhy/tlswhy/internal/engine"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// heardServer is crypto/tls as a server that tells how each handshake failed.
func heardServer(t testing.TB, cfg *tls.Config) (addr string, heard func() error) {
	t.Helper()
	said := make(chan error, 16)
	addr = scripted(t, func(c net.Conn) {
		_ = c.SetDeadline(time.Now().Add(10 * time.Second))
		said <- tls.Server(c, cfg).Handshake()
	})
	return addr, func() error {
		select {
		case err := <-said:
			return err
		case <-time.After(10 * time.Second):
			t.Fatal("the server did not end")
			return nil
		}
	}
}

// What the server chose is known at its hello; the goodbye has to be one that
// the server can read.
func TestHelloOnly(t *testing.T) {
	id := newIdentity(t, "rsa")
	for _, tc := range []struct {
		name  string
		v     wire.Version
		group wire.Group
		none  bool // no key share
	}{
		{name: "TLS 1.2", v: wire.VersionTLS12, group: wire.GroupX25519},
		{name: "TLS 1.3", v: wire.VersionTLS13, group: wire.GroupX25519},
		{name: "TLS 1.3, hybrid", v: wire.VersionTLS13, group: wire.GroupX25519MLKEM768},
		{name: "TLS 1.3, no share", v: wire.VersionTLS13, group: wire.GroupSecp384r1, none: true},
	} {
		for _, depth := range []transcript.Depth{transcript.DepthFlight, transcript.DepthRequest} {
			t.Run(fmt.Sprintf("%s/depth %d", tc.name, depth), func(t *testing.T) {
				addr, heard := heardServer(t, &tls.Config{Certificates: []tls.Certificate{id.cert}})
				o := offer{version: tc.v, groups: []wire.Group{tc.group}}
				if tc.none {
					o.shares = []wire.Group{}
				}
				keys := engine.NewKeys()
				tr := try(t, addr, &transcript.Handshake{Hello: o.hello(), HelloOnly: true, Depth: depth}, engine.Options{Keys: keys})
				wantComplete(t, tr)
				if err := heard(); !errors.Is(err, io.EOF) { // its word for close_notify
					t.Errorf("the server heard %v", err)
				}
				if tr.Certificates != nil || tr.Encrypted != nil || tr.Finished != transcript.Unknown {
					t.Error("more was read than the hello")
				}
				if tc.none {
					if tr.Retry == nil || tr.Server != nil || tr.Retried != nil || tr.Outcome.Reached != transcript.ReachedRetry {
						t.Fatalf("%+v", tr.Outcome)
					}
					if ks, _ := tr.Retry.KeyShare(); ks.Group != tc.group {
						t.Errorf("asked for %s", ks.Group)
					}
					return
				}
				if tr.Server == nil || tr.Retry != nil || tr.Outcome.Reached != transcript.ReachedHello || tr.Version() != tc.v {
					t.Fatalf("%+v", tr.Outcome)
				}
				if tc.v >= wire.VersionTLS13 && tr.Group != tc.group {
					t.Errorf("group %s", tr.Group)
				}
			})
		}
	}
}

// A list of no key shares goes out as it is, even where our keys could fill it.
func TestEmptyKeyShare(t *testing.T) {
	var mu sync.Mutex
	var sent *wire.ClientHello
	addr := scripted(t, func(c net.Conn) {
		h := readHello(c)
		mu.Lock()
		sent = h
		mu.Unlock()
		_, _ = c.Write(alertRecord(2, 40))
	})
	try(t, addr, &transcript.Handshake{Hello: offer{version: wire.VersionTLS13, shares: []wire.Group{}}.hello(), HelloOnly: true}, engine.Options{})
	mu.Lock()
	defer mu.Unlock()
	if d, ok := sent.Extension(wire.ExtKeyShare); !ok || !bytes.Equal(d, []byte{0, 0}) {
		t.Errorf("key_share % x, %v", d, ok)
	}
}

// The choice of what we cannot compute is as good an answer as any, and a choice
// that is not legal is none.
func TestHelloOnlyOfOddServers(t *testing.T) {
	is13 := wire.Extension{Type: wire.ExtSupportedVersions, Data: []byte{3, 4}}
	retry := func(suite wire.CipherSuite, g wire.Group) func(net.Conn) {
		return answers(func(h *wire.ClientHello) []byte {
			sh := &wire.ServerHello{
				LegacyVersion: wire.VersionTLS12, SessionID: h.SessionID, CipherSuite: suite,
				Extensions: []wire.Extension{is13, {Type: wire.ExtKeyShare, Data: u16(int(g))}},
			}
			sh.SetHelloRetryRequest()
			b, _ := sh.Marshal()
			return record(22, 0x0303, b)
		})
	}
	for name, tc := range map[string]struct {
		serve   func(net.Conn)
		kind    transcript.Kind
		reached transcript.Milestone
	}{
		"a suite that is not computed": {retry(wire.TLS_SM4_GCM_SM3, wire.GroupCurveSM2), transcript.Complete, transcript.ReachedRetry},
		"a group that was not offered": {retry(wire.TLS_SM4_GCM_SM3, wire.GroupX448), transcript.Malformed, transcript.ReachedRetry},
		"a suite that was not offered": {retry(wire.TLS_AES_256_GCM_SHA384, wire.GroupCurveSM2), transcript.Malformed, transcript.ReachedRetry},
		"a suite of TLS 1.2, no flight": {answers(func(*wire.ClientHello) []byte {
			return helloRecord(wire.VersionTLS12, wire.TLS_ECDHE_RSA_WITH_ARIA_128_GCM_SHA256)
		}), transcript.Complete, transcript.ReachedHello},
	} {
		t.Run(name, func(t *testing.T) {
			h := offer{
				version: wire.VersionTLS13, groups: []wire.Group{wire.GroupCurveSM2}, shares: []wire.Group{},
				suites: []wire.CipherSuite{wire.TLS_SM4_GCM_SM3, wire.TLS_ECDHE_RSA_WITH_ARIA_128_GCM_SHA256},
			}.hello()
			tr := try(t, scripted(t, tc.serve), &transcript.Handshake{Hello: h, HelloOnly: true, Depth: transcript.DepthFinish}, engine.Options{})
			if tr.Outcome.Kind != tc.kind || tr.Outcome.Reached != tc.reached {
				t.Errorf("%+v", tr.Outcome)
			}
		})
	}
}
