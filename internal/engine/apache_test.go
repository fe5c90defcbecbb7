package engine_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/tlswhy/tlswhy/internal/engine"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// apache runs httpd with a page for everybody and one behind a client
// certificate, which it asks for when it has read the request.
func apache(t testing.TB, client identity) string {
	t.Helper()
	httpd := tool(t, "apache2")
	dir := t.TempDir()
	cert, key := newIdentity(t, "rsa").files(t)
	ca, _ := client.files(t)
	port := freePort(t)
	if err := os.MkdirAll(filepath.Join(dir, "www", "private"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, d := range []string{dir, filepath.Join(dir, "www"), filepath.Join(dir, "www", "private"), filepath.Dir(cert), filepath.Dir(ca)} {
		for p := d; len(p) > len(os.TempDir()); p = filepath.Dir(p) {
			if err := os.Chmod(p, 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	for f, s := range map[string]string{"index.html": "public page", "private/index.html": "private page"} {
		if err := os.WriteFile(filepath.Join(dir, "www", f), []byte(s), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	conf := fmt.Sprintf(`
ServerRoot %[1]s
PidFile %[1]s/pid
Listen 127.0.0.1:%[2]s
ServerName www.example.test
ErrorLog %[1]s/error.log
User nobody
Group nogroup
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule dir_module /usr/lib/apache2/modules/mod_dir.so
LoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so
DocumentRoot %[1]s/www
DirectoryIndex index.html
SSLEngine on
SSLProtocol all
SSLCertificateFile %[3]s
SSLCertificateKeyFile %[4]s
SSLCACertificateFile %[5]s
<Location /private/>
  SSLVerifyClient require
  SSLVerifyDepth 2
</Location>
`, dir, port, cert, key, ca)
	file := filepath.Join(dir, "httpd.conf")
	if err := os.WriteFile(file, []byte(conf), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			b, _ := os.ReadFile(filepath.Join(dir, "error.log"))
			t.Logf("error.log: %s", b)
		}
	})
	return start(t, port, httpd, "-X", "-f", file)
}

func TestClientCertificateAskedForByPath(t *testing.T) {
	client := newIdentity(t, "p256")
	stranger := newIdentity(t, "rsa")
	addr := apache(t, client)
	get := func(v wire.Version, path string, cert *transcript.ClientCertificate, extra ...wire.Extension) *transcript.Transcript {
		return try(t, addr, &transcript.Handshake{
			Hello: offer{version: v, alpn: []string{"http/1.1"}, extra: extra}.hello(), Depth: transcript.DepthRequest,
			Request: &transcript.Request{Path: path}, Certificate: cert,
		}, engine.Options{})
	}
	for _, tc := range []struct {
		name  string
		v     wire.Version
		extra []wire.Extension
		phase transcript.Phase
	}{
		{"TLS 1.2 renegotiates", wire.VersionTLS12, nil, transcript.Renegotiating},
		{"TLS 1.3 asks after the handshake", wire.VersionTLS13, []wire.Extension{wire.PostHandshakeAuthExt()}, transcript.PostHandshake},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tr := get(tc.v, "/", nil, tc.extra...)
			wantResponse(t, tr, "public page")
			if len(tr.CertificateRequests) != 0 || tr.Renegotiation {
				t.Error("asked for a certificate at the public page")
			}
			asked := func(tr *transcript.Transcript, answered bool) {
				t.Helper()
				if len(tr.CertificateRequests) != 1 || tr.CertificateRequests[0].Phase != tc.phase || tr.CertificateRequests[0].Answered != answered {
					t.Errorf("requests %+v", tr.CertificateRequests)
				}
				if tr.Renegotiation != (tc.phase == transcript.Renegotiating) {
					t.Errorf("renegotiation: %v", tr.Renegotiation)
				}
			}
			tr = get(tc.v, "/private/", client.client(), tc.extra...)
			wantResponse(t, tr, "private page")
			asked(tr, true)
			for name, cert := range map[string]*transcript.ClientCertificate{"none": nil, "of a stranger": stranger.client()} {
				tr = get(tc.v, "/private/", cert, tc.extra...)
				asked(tr, cert != nil)
				refused := tr.Response != nil && tr.Response.Status == 403
				a, alerted := tr.ServerAlert()
				if !refused && !(tr.Outcome.Kind == transcript.AlertReceived && alerted && a.Phase == tc.phase) {
					t.Errorf("certificate %s: outcome %+v, alerts %+v, response %+v", name, tr.Outcome, tr.Alerts, tr.Response)
				}
				t.Logf("certificate %s: outcome %+v, alerts %+v, response %v", name, tr.Outcome, tr.Alerts, tr.Response)
			}
		})
	}
	t.Run("TLS 1.3 without post_handshake_auth", func(t *testing.T) {
		tr := get(wire.VersionTLS13, "/private/", client.client())
		if tr.Response == nil || tr.Response.Status != 403 {
			t.Errorf("outcome %+v, response %+v", tr.Outcome, tr.Response)
		}
	})
	t.Run("without renegotiation_info", func(t *testing.T) {
		h := &transcript.Handshake{
			Hello: offer{version: wire.VersionTLS12}.hello(), Depth: transcript.DepthRequest,
			Request: &transcript.Request{Path: "/private/"}, Certificate: client.client(),
		}
		h.Hello.Remove(wire.ExtRenegotiationInfo)
		tr := try(t, addr, h, engine.Options{})
		t.Logf("outcome %+v, alerts %+v, response %v", tr.Outcome, tr.Alerts, tr.Response)
		if tr.Outcome.Kind == transcript.Complete && tr.Response.Status == 200 {
			t.Error("a renegotiation that was not secure")
		}
	})
}
