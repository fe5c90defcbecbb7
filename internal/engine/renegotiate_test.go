package engine_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/tlswhy/tlswhy/internal/engine"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

func TestClientRenegotiation(t *testing.T) {
	id := newIdentity(t, "rsa")
	cert, key := id.files(t)
	standard := serve(t, &tls.Config{Certificates: []tls.Certificate{id.cert}, MaxVersion: tls.VersionTLS12})
	declines := sServer(t, "-cert", cert, "-key", key)
	allows := sServer(t, "-cert", cert, "-key", key, "-client_renegotiation")
	httpd := apache(t, newIdentity(t, "p256"))
	gnutls := func(priority string) string {
		port := freePort(t)
		return start(t, port, tool(t, "gnutls-serv"), "--http", "--quiet", "-p", port, "--x509certfile", cert, "--x509keyfile", key, "--priority", priority)
	}
	for name, tc := range map[string]struct {
		addr     string
		o        offer
		want     transcript.Tri
		response bool // the connection is of use afterwards
		insecure bool // the server knows nothing of RFC 5746
	}{
		"OpenSSL declines":                {addr: declines, o: offer{version: wire.VersionTLS12}, want: transcript.No, response: true},
		"OpenSSL, TLS 1.2":                {addr: allows, o: offer{version: wire.VersionTLS12}, want: transcript.Yes, response: true},
		"OpenSSL, TLS 1.0, no EMS":        {addr: allows, o: offer{version: wire.VersionTLS10, noEMS: true}, want: transcript.Yes, response: true},
		"OpenSSL, ticket":                 {addr: allows, o: offer{version: wire.VersionTLS12, extra: []wire.Extension{wire.SessionTicketExt()}}, want: transcript.Yes, response: true},
		"OpenSSL, TLS 1.3":                {addr: allows, o: offer{version: wire.VersionTLS13}, want: transcript.Unknown, response: true},
		"standard library":                {addr: standard, o: offer{version: wire.VersionTLS12}, want: transcript.No},
		"Apache":                          {addr: httpd, o: offer{version: wire.VersionTLS12}, want: transcript.No, response: true},
		"GnuTLS":                          {addr: gnutls("NORMAL"), o: offer{version: wire.VersionTLS12}, want: transcript.Yes, response: true},
		"GnuTLS, no secure renegotiation": {addr: gnutls("NORMAL:%DISABLE_SAFE_RENEGOTIATION"), o: offer{version: wire.VersionTLS12}, want: transcript.Yes, response: true, insecure: true},
	} {
		for _, depth := range []transcript.Depth{transcript.DepthFlight, transcript.DepthFinish, transcript.DepthRequest} {
			t.Run(fmt.Sprintf("%s/depth %d", name, depth), func(t *testing.T) {
				begin := time.Now()
				tr := try(t, tc.addr, &transcript.Handshake{Hello: tc.o.hello(), Renegotiate: true, Depth: depth}, engine.Options{})
				wantComplete(t, tr)
				want := tc.want
				if depth == transcript.DepthFlight {
					want = transcript.Unknown
				}
				if tr.Renegotiated != want {
					t.Errorf("renegotiated %v: %+v, %+v", tr.Renegotiated, tr.Outcome, tr.Alerts)
				}
				if depth == transcript.DepthRequest && (tr.Response != nil) != tc.response {
					t.Errorf("response %+v", tr.Response)
				}
				if _, secure := tr.Server.Extension(wire.ExtRenegotiationInfo); tr.Version() < wire.VersionTLS13 && secure == tc.insecure {
					t.Errorf("renegotiation_info: %v", secure)
				}
				if d := time.Since(begin); d > 5*time.Second {
					t.Errorf("it took %s", d)
				}
			})
		}
	}
}

// A server that never reads again: nothing is known, and soon.
func TestSilentRenegotiation(t *testing.T) {
	id := newIdentity(t, "p256")
	for name, say := range map[string]func(*tls.Conn){
		"nothing": func(*tls.Conn) {},
		"data all the time": func(c *tls.Conn) {
			for {
				if _, err := c.Write([]byte("* OK ready")); err != nil {
					return
				}
				time.Sleep(20 * time.Millisecond)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			done := make(chan struct{})
			addr := scripted(t, func(nc net.Conn) {
				c := tls.Server(nc, &tls.Config{Certificates: []tls.Certificate{id.cert}, MaxVersion: tls.VersionTLS12})
				if c.Handshake() != nil {
					return
				}
				go say(c)
				<-done
			})
			defer close(done)
			begin := time.Now()
			tr := try(t, addr, &transcript.Handshake{Hello: offer{version: wire.VersionTLS12}.hello(), Renegotiate: true, Depth: transcript.DepthRequest}, engine.Options{})
			if tr.Outcome.Kind != transcript.Silent || tr.Renegotiated != transcript.Unknown || tr.Outcome.Reached != transcript.ReachedFinished {
				t.Errorf("%+v, renegotiated %v", tr.Outcome, tr.Renegotiated)
			}
			if d := time.Since(begin); d < 900*time.Millisecond || d > 4*time.Second {
				t.Errorf("it took %s", d)
			}
		})
	}
}

// A mail server's greeting may come between our hello and the answer to it.
func TestGreetingBeforeRenegotiation(t *testing.T) {
	id := newIdentity(t, "p256")
	addr := scripted(t, func(nc net.Conn) {
		c := tls.Server(nc, &tls.Config{Certificates: []tls.Certificate{id.cert}, MaxVersion: tls.VersionTLS12})
		if c.Handshake() != nil {
			return
		}
		_, _ = io.WriteString(c, "220 mail.example.test ESMTP\r\n")
		time.Sleep(50 * time.Millisecond)
		_, _ = io.Copy(io.Discard, c) // refuses the hello: unexpected_message
	})
	tr := try(t, addr, &transcript.Handshake{Hello: offer{version: wire.VersionTLS12}.hello(), Renegotiate: true, Depth: transcript.DepthFinish}, engine.Options{})
	wantComplete(t, tr)
	if a, ok := tr.ServerAlert(); tr.Renegotiated != transcript.No || !ok || a.Phase != transcript.Renegotiating {
		t.Errorf("renegotiated %v, %+v", tr.Renegotiated, tr.Alerts)
	}
}
