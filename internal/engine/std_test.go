package engine_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tlswhy/tlswhy/internal/engine"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// serve runs an HTTPS server of the standard library.
func serve(t testing.TB, cfg *tls.Config) string {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "hello %s over %s", r.URL.Path, r.Proto)
	}))
	s.TLS = cfg
	s.EnableHTTP2 = true
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

func wantComplete(t *testing.T, tr *transcript.Transcript) {
	t.Helper()
	if tr.Outcome.Kind != transcript.Complete {
		t.Fatalf("outcome %+v, alerts %+v", tr.Outcome, tr.Alerts)
	}
}

func wantResponse(t *testing.T, tr *transcript.Transcript, body string) {
	t.Helper()
	wantComplete(t, tr)
	if tr.Response == nil || tr.Response.Status != 200 || !bytes.Contains(tr.Response.Body, []byte(body)) {
		t.Fatalf("response %+v, outcome %+v", tr.Response, tr.Outcome)
	}
	if tr.Outcome.Reached != transcript.ReachedResponse || tr.Finished != transcript.Yes {
		t.Fatalf("reached %v, finished %v", tr.Outcome.Reached, tr.Finished)
	}
}

func TestEverySuiteOfTheStandardLibrary(t *testing.T) {
	t.Setenv("GODEBUG", "tlsrsakex=1,tls3des=1,tls10server=1,tlssha1=1")
	ids := map[string]identity{"rsa": newIdentity(t, "rsa"), "ecdsa": newIdentity(t, "p256")}
	all := append(tls.CipherSuites(), tls.InsecureCipherSuites()...)
	for _, s := range all {
		for _, v := range s.SupportedVersions {
			key := "rsa"
			if strings.Contains(s.Name, "ECDSA") {
				key = "ecdsa"
			}
			t.Run(fmt.Sprintf("%s/%s", tls.VersionName(v), s.Name), func(t *testing.T) {
				addr := serve(t, &tls.Config{
					Certificates: []tls.Certificate{ids[key].cert}, MinVersion: v, MaxVersion: v, CipherSuites: []uint16{s.ID},
				})
				h := &transcript.Handshake{
					Hello: offer{version: wire.Version(v), suites: []wire.CipherSuite{wire.CipherSuite(s.ID)}}.hello(),
					Depth: transcript.DepthRequest, Request: &transcript.Request{Path: "/x"},
				}
				tr := try(t, addr, h, engine.Options{})
				for i := 0; i < 3 && tr.CloseNotify == transcript.Unknown; i++ {
					tr = try(t, addr, h, engine.Options{}) // a busy server closes later than anybody waits
				}
				wantResponse(t, tr, "hello /x over HTTP/1.1")
				if tr.Version() != wire.Version(v) || tr.Server.CipherSuite != wire.CipherSuite(s.ID) {
					t.Errorf("got %s %s", tr.Version(), tr.Server.CipherSuite)
				}
				if len(tr.Certificates) != 1 || !bytes.Equal(tr.Certificates[0], ids[key].der) {
					t.Error("the certificate is not the server's")
				}
				rsaKX := strings.HasPrefix(s.Name, "TLS_RSA_")
				if !rsaKX && tr.SignatureValid != transcript.Yes {
					t.Errorf("signature %s valid: %v", tr.Signature, tr.SignatureValid)
				}
				if tr.CloseNotify != transcript.Yes {
					t.Errorf("close_notify: %v", tr.CloseNotify)
				}
			})
		}
	}
}

func TestGroupsOfTheStandardLibrary(t *testing.T) {
	id := newIdentity(t, "p384")
	for _, g := range []wire.Group{
		wire.GroupX25519, wire.GroupSecp256r1, wire.GroupSecp384r1, wire.GroupSecp521r1, wire.GroupX25519MLKEM768,
		wire.GroupSecP256r1MLKEM768, wire.GroupSecP384r1MLKEM1024,
	} {
		for _, direct := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/share=%v", g, direct), func(t *testing.T) {
				addr := serve(t, &tls.Config{Certificates: []tls.Certificate{id.cert}, CurvePreferences: []tls.CurveID{tls.CurveID(g)}})
				shares := []wire.Group{g}
				if !direct {
					shares = []wire.Group{}
				}
				h := &transcript.Handshake{
					Hello: offer{version: wire.VersionTLS13, groups: []wire.Group{g}, shares: shares}.hello(),
					Depth: transcript.DepthRequest,
				}
				tr := try(t, addr, h, engine.Options{})
				wantResponse(t, tr, "hello /")
				if tr.Group != g || (tr.Retry != nil) == direct || (tr.Retried != nil) == direct {
					t.Errorf("group %s, retry %v", tr.Group, tr.Retry != nil)
				}
			})
		}
	}
}

func TestHTTP2(t *testing.T) {
	id := newIdentity(t, "p256")
	addr := serve(t, &tls.Config{Certificates: []tls.Certificate{id.cert}, NextProtos: []string{"h2", "http/1.1"}})
	for _, v := range []wire.Version{wire.VersionTLS12, wire.VersionTLS13} {
		t.Run(v.String(), func(t *testing.T) {
			h := &transcript.Handshake{
				Hello: offer{version: v, alpn: []string{"h2", "http/1.1"}}.hello(),
				Depth: transcript.DepthRequest, Request: &transcript.Request{Path: "/two"},
			}
			tr := try(t, addr, h, engine.Options{})
			wantResponse(t, tr, "hello /two over HTTP/2.0")
			if tr.ALPN() != "h2" || tr.Response.Proto != "h2" || tr.Response.GoAway != -1 {
				t.Errorf("%q %+v", tr.ALPN(), tr.Response)
			}
		})
	}
}

func TestClientCertificates(t *testing.T) {
	t.Setenv("GODEBUG", "tls10server=1,tlssha1=1,tlsrsakex=1")
	server := newIdentity(t, "rsa")
	for _, kind := range []string{"rsa", "p256", "p384", "p521", "ed25519"} {
		id := newIdentity(t, kind)
		pool := x509.NewCertPool()
		c, _ := x509.ParseCertificate(id.der)
		pool.AddCert(c)
		for _, v := range []wire.Version{wire.VersionTLS10, wire.VersionTLS11, wire.VersionTLS12, wire.VersionTLS13} {
			if kind == "ed25519" && v < wire.VersionTLS12 {
				continue // there is no way to sign with it
			}
			t.Run(kind+"/"+v.String(), func(t *testing.T) {
				addr := serve(t, &tls.Config{
					Certificates: []tls.Certificate{server.cert}, ClientAuth: tls.RequireAnyClientCert, ClientCAs: pool,
					MinVersion: uint16(v), MaxVersion: uint16(v),
				})
				h := &transcript.Handshake{Hello: offer{version: v}.hello(), Depth: transcript.DepthRequest, Certificate: id.client()}
				tr := try(t, addr, h, engine.Options{})
				wantResponse(t, tr, "hello")
				if len(tr.CertificateRequests) != 1 || !tr.CertificateRequests[0].Answered {
					t.Errorf("requests: %+v", tr.CertificateRequests)
				}
				// Without one, the server's alert comes in the handshake, or late in TLS 1.3.
				h = &transcript.Handshake{Hello: offer{version: v}.hello(), Depth: transcript.DepthRequest}
				tr = try(t, addr, h, engine.Options{})
				want := transcript.DuringHandshake
				if v == wire.VersionTLS13 {
					want = transcript.AfterFinished
				}
				a, ok := tr.ServerAlert()
				if tr.Outcome.Kind != transcript.AlertReceived || !ok || a.Phase != want {
					t.Errorf("outcome %+v, alerts %+v", tr.Outcome, tr.Alerts)
				}
			})
		}
	}
}

func TestDepths(t *testing.T) {
	id := newIdentity(t, "p256")
	for _, v := range []wire.Version{wire.VersionTLS12, wire.VersionTLS13} {
		addr := serve(t, &tls.Config{Certificates: []tls.Certificate{id.cert}})
		for depth, want := range map[transcript.Depth]transcript.Milestone{
			transcript.DepthFlight: transcript.ReachedFlight, transcript.DepthFinish: transcript.ReachedFinished,
			transcript.DepthRequest: transcript.ReachedResponse,
		} {
			tr := try(t, addr, &transcript.Handshake{Hello: offer{version: v}.hello(), Depth: depth}, engine.Options{})
			wantComplete(t, tr)
			if tr.Outcome.Reached != want {
				t.Errorf("%s, depth %d: reached %s", v, depth, tr.Outcome.Reached)
			}
			last := tr.Alerts[len(tr.Alerts)-1]
			if last.Alert.Description != wire.AlertCloseNotify {
				t.Errorf("%s, depth %d: ended with %+v", v, depth, last)
			}
			if tr.Times.FirstByte <= 0 || tr.Times.Handshake < tr.Times.FirstByte || tr.Times.LongestGap < tr.Times.FirstByte {
				t.Errorf("times %+v", tr.Times)
			}
			if len(tr.Hello) == 0 || len(tr.Reply) == 0 || tr.BytesSent == 0 || tr.BytesReceived == 0 {
				t.Errorf("bytes missing")
			}
		}
	}
}
