package engine_test

import (
	"bytes"
	"crypto/hpke"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/tlswhy/tlswhy/internal/client"
	"github.com/tlswhy/tlswhy/internal/engine"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

const echPublicName = "public.example.test"

// newECHKey makes a key of the standard library's server, and the list that
// would be published for it.
func newECHKey(t testing.TB, id uint8, kem wire.HPKEKEM, suites ...wire.HPKESuite) (tls.EncryptedClientHelloKey, []byte) {
	t.Helper()
	k, err := hpke.NewKEM(uint16(kem))
	if err != nil {
		t.Fatal(err)
	}
	private, err := k.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	secret, err := private.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	c := wire.ECHConfig{
		Version: wire.ECHVersion, ConfigID: id, KEM: kem, PublicKey: private.PublicKey().Bytes(), Suites: suites,
		MaximumNameLength: 32, PublicName: echPublicName,
	}
	raw, err := c.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	list, err := wire.MarshalECHConfigList(c)
	if err != nil {
		t.Fatal(err)
	}
	return tls.EncryptedClientHelloKey{Config: raw, PrivateKey: secret, SendAsRetry: true}, list
}

var (
	aes128 = wire.HPKESuite{KDF: wire.HPKEKDFHKDFSHA256, AEAD: wire.HPKEAEADAES128GCM}
	chacha = wire.HPKESuite{KDF: wire.HPKEKDFHKDFSHA384, AEAD: wire.HPKEAEADChaCha20Poly1305}
)

// serveECH answers with the name that the server saw and whether it decrypted it.
func serveECH(t testing.TB, cfg *tls.Config) string {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "name %s ech %v", r.TLS.ServerName, r.TLS.ECHAccepted)
	}))
	s.TLS = cfg
	s.EnableHTTP2 = true
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

func TestECHAccepted(t *testing.T) {
	id := newIdentity(t, "p256")
	type shape struct {
		name   string
		kem    wire.HPKEKEM
		suites []wire.HPKESuite
		curves []tls.CurveID
		retry  bool
	}
	shapes := []shape{
		{"X25519", wire.HPKEKEMDHKEMX25519HKDFSHA256, []wire.HPKESuite{aes128}, nil, false},
		{"P-256, ChaCha20", wire.HPKEKEMDHKEMP256HKDFSHA256, []wire.HPKESuite{chacha}, nil, false},
		{"a suite that nobody knows first", wire.HPKEKEMDHKEMX25519HKDFSHA256, []wire.HPKESuite{{KDF: 0x7777, AEAD: 0x7777}, {KDF: 1, AEAD: wire.HPKEAEADExportOnly}, aes128}, nil, false},
		{"HelloRetryRequest", wire.HPKEKEMDHKEMX25519HKDFSHA256, []wire.HPKESuite{aes128}, []tls.CurveID{tls.CurveP384}, true},
	}
	hellos := map[string]*wire.ClientHello{
		"small": offer{version: wire.VersionTLS13}.hello(), "no name": offer{version: wire.VersionTLS13}.hello(),
	}
	hellos["no name"].Remove(wire.ExtServerName)
	for _, p := range []string{"chrome", "firefox", "safari", "modern"} {
		profile, err := client.Get(p)
		if err != nil {
			t.Fatal(err)
		}
		hellos[p] = profile.BuildHello(client.HelloOptions{ServerName: "www.example.test", HTTP: true})
	}
	for _, s := range shapes {
		for name, hello := range hellos {
			t.Run(s.name+"/"+name, func(t *testing.T) {
				key, list := newECHKey(t, 9, s.kem, s.suites...)
				addr := serveECH(t, &tls.Config{Certificates: []tls.Certificate{id.cert}, EncryptedClientHelloKeys: []tls.EncryptedClientHelloKey{key}, CurvePreferences: s.curves})
				tr := try(t, addr, &transcript.Handshake{Hello: hello, ECH: list, Depth: transcript.DepthRequest}, engine.Options{})
				wantResponse(t, tr, fmt.Sprintf("name %s ech true", hello.ServerName()))
				if e := tr.ECH; e == nil || !e.Offered || e.Accepted != transcript.Yes || e.PublicName != echPublicName || e.ConfigID != 9 || e.RetryConfigs != nil {
					t.Errorf("%+v", e)
				}
				if (tr.Retry != nil) != s.retry {
					t.Errorf("HelloRetryRequest: %v", tr.Retry != nil)
				}
				sent := append(slices.Clone(tr.Hello), tr.Retried...)
				if bytes.Contains(sent, []byte("www.example.test")) || !bytes.Contains(sent, []byte(echPublicName)) {
					t.Error("the name crossed the wire in clear, or the public one did not")
				}
				if plain := try(t, addr, &transcript.Handshake{Hello: hello}, engine.Options{}); len(tr.Hello) > len(plain.Hello)+500 {
					t.Errorf("%d bytes instead of %d: what both hellos have is sent twice", len(tr.Hello), len(plain.Hello))
				}
			})
		}
	}
}

func TestECHRejected(t *testing.T) {
	id := newIdentity(t, "p256")
	other, otherList := newECHKey(t, 9, wire.HPKEKEMDHKEMX25519HKDFSHA256, aes128)
	_, stale := newECHKey(t, 9, wire.HPKEKEMDHKEMX25519HKDFSHA256, aes128)
	keys := []tls.EncryptedClientHelloKey{other}
	for _, s := range []struct {
		name  string
		cfg   *tls.Config
		retry []byte
	}{
		{"another key", &tls.Config{EncryptedClientHelloKeys: keys}, otherList},
		{"another key, HelloRetryRequest", &tls.Config{EncryptedClientHelloKeys: keys, CurvePreferences: []tls.CurveID{tls.CurveP384}}, otherList},
		{"another key, client certificate wanted", &tls.Config{EncryptedClientHelloKeys: keys, ClientAuth: tls.RequestClientCert}, otherList},
		{"no ECH", &tls.Config{}, nil},
		{"no ECH, HelloRetryRequest", &tls.Config{CurvePreferences: []tls.CurveID{tls.CurveP384}}, nil},
		{"no TLS 1.3", &tls.Config{MaxVersion: tls.VersionTLS12}, nil},
	} {
		for _, depth := range []transcript.Depth{transcript.DepthFlight, transcript.DepthRequest} {
			t.Run(fmt.Sprintf("%s/%d", s.name, depth), func(t *testing.T) {
				seen := ""
				cfg := s.cfg.Clone()
				cfg.GetCertificate = func(h *tls.ClientHelloInfo) (*tls.Certificate, error) {
					seen = h.ServerName
					return &id.cert, nil
				}
				h := &transcript.Handshake{Hello: offer{version: wire.VersionTLS13}.hello(), ECH: stale, Depth: depth, Certificate: id.client()}
				tr := try(t, serveECH(t, cfg), h, engine.Options{})
				wantComplete(t, tr)
				if tr.ECH == nil || !tr.ECH.Offered || tr.ECH.Accepted != transcript.No || !bytes.Equal(tr.ECH.RetryConfigs, s.retry) {
					t.Fatalf("%+v", tr.ECH)
				}
				if seen != echPublicName || tr.Response != nil || tr.SignatureValid != transcript.Yes {
					t.Errorf("name %q, response %v, signature %v", seen, tr.Response, tr.SignatureValid)
				}
				for _, r := range tr.CertificateRequests {
					if r.Answered {
						t.Error("the client certificate was shown to the public name")
					}
				}
				want := wire.AlertCloseNotify
				if depth == transcript.DepthRequest {
					want = wire.AlertECHRequired
				}
				if last := tr.Alerts[len(tr.Alerts)-1]; last.From != transcript.FromClient || last.Alert.Description != want {
					t.Errorf("ended with %+v", last)
				}
				if tr.ECH.RetryConfigs == nil || depth != transcript.DepthRequest {
					return
				}
				again := try(t, serveECH(t, cfg), &transcript.Handshake{Hello: offer{version: wire.VersionTLS13}.hello(), ECH: tr.ECH.RetryConfigs}, engine.Options{})
				if again.ECH.Accepted != transcript.Yes {
					t.Errorf("with the retry configs: %+v", again.ECH)
				}
			})
		}
	}
}

func TestECHThatCannotBeOffered(t *testing.T) {
	id := newIdentity(t, "p256")
	_, list := newECHKey(t, 1, wire.HPKEKEMDHKEMX25519HKDFSHA256, aes128)
	unknown, err := wire.MarshalECHConfigList(wire.ECHConfig{Version: 0xfe0a, Raw: []byte{0xfe, 0x0a, 0, 1, 0}},
		wire.ECHConfig{Version: wire.ECHVersion, KEM: 0x7777, PublicKey: []byte{1}, Suites: []wire.HPKESuite{aes128}, PublicName: "a.example"},
		wire.ECHConfig{Version: wire.ECHVersion, KEM: wire.HPKEKEMDHKEMX25519HKDFSHA256, PublicKey: []byte{1}, Suites: []wire.HPKESuite{aes128}, PublicName: "a.example"})
	if err != nil {
		t.Fatal(err)
	}
	addr := serveECH(t, &tls.Config{Certificates: []tls.Certificate{id.cert}})
	for name, h := range map[string]*transcript.Handshake{
		"TLS 1.2":            {Hello: offer{version: wire.VersionTLS12}.hello(), ECH: list},
		"nothing understood": {Hello: offer{version: wire.VersionTLS13}.hello(), ECH: unknown},
		"no list":            {Hello: offer{version: wire.VersionTLS13}.hello(), ECH: []byte{1, 2, 3}},
		"an empty list":      {Hello: offer{version: wire.VersionTLS13}.hello(), ECH: []byte{}},
	} {
		h.Depth = transcript.DepthRequest
		tr := try(t, addr, h, engine.Options{})
		wantResponse(t, tr, "name www.example.test ech false")
		if tr.ECH == nil || tr.ECH.Offered || tr.ECH.Accepted != transcript.Unknown {
			t.Errorf("%s: %+v", name, tr.ECH)
		}
	}
}
