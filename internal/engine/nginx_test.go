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

// nginx runs nginx with early data, and on a second port with session IDs in
// place of tickets.
func nginx(t testing.TB) (tickets, ids string) {
	t.Helper()
	program := tool(t, "nginx")
	cert, key := newIdentity(t, "rsa").files(t)
	dir := t.TempDir()
	first, second := freePort(t), freePort(t)
	conf := fmt.Sprintf(`
daemon off;
master_process off;
pid %[1]s/pid;
error_log stderr;
events {}
http {
	access_log off;
	client_body_temp_path %[1]s; proxy_temp_path %[1]s; fastcgi_temp_path %[1]s; uwsgi_temp_path %[1]s; scgi_temp_path %[1]s;
	ssl_certificate %[4]s;
	ssl_certificate_key %[5]s;
	ssl_protocols TLSv1.2 TLSv1.3;
	ssl_session_cache shared:s:1m;
	server {
		listen 127.0.0.1:%[2]s ssl http2;
		ssl_early_data on;
		location / { return 200 "early '$ssl_early_data' resumed $ssl_session_reused"; }
	}
	server {
		listen 127.0.0.1:%[3]s ssl;
		ssl_session_tickets off;
		location / { return 200 "resumed $ssl_session_reused"; }
	}
}
`, dir, first, second, cert, key)
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	tickets = start(t, first, program, "-c", file, "-p", dir, "-e", "stderr")
	return tickets, "127.0.0.1:" + second
}

func TestNginx(t *testing.T) {
	tickets, ids := nginx(t)
	ticket := []wire.Extension{wire.SessionTicketExt()}
	for name, tc := range map[string]struct {
		addr    string
		o       offer
		tickets bool
		early   transcript.Tri
	}{
		"TLS 1.2, ID":            {addr: ids, o: offer{version: wire.VersionTLS12, extra: ticket}},
		"TLS 1.2, ticket":        {addr: tickets, o: offer{version: wire.VersionTLS12, extra: ticket}, tickets: true},
		"TLS 1.3":                {addr: ids, o: offer{version: wire.VersionTLS13}, tickets: true},
		"TLS 1.3, early":         {addr: tickets, o: offer{version: wire.VersionTLS13}, tickets: true, early: transcript.Yes},
		"TLS 1.3, early, HTTP/2": {addr: tickets, o: offer{version: wire.VersionTLS13, alpn: []string{"h2"}}, tickets: true, early: transcript.Yes},
	} {
		t.Run(name, func(t *testing.T) {
			tr := resumes(t, tc.addr, transcript.Handshake{Hello: tc.o.hello(), Depth: transcript.DepthRequest, EarlyData: true}, tc.tickets)
			wantResponse(t, tr, "resumed r")
			if tr.EarlyData != tc.early {
				t.Errorf("early data: %v", tr.EarlyData)
			}
		})
	}
	tr := try(t, ids, &transcript.Handshake{Hello: offer{version: wire.VersionTLS12}.hello(), Renegotiate: true, Depth: transcript.DepthFinish}, engine.Options{})
	wantComplete(t, tr)
	if tr.Renegotiated != transcript.No {
		t.Errorf("renegotiated %v: %+v, %+v", tr.Renegotiated, tr.Outcome, tr.Alerts)
	}
}
