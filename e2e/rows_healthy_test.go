//go:build linux

package e2e

import "strings"

// healthyRows must give no blocking finding, whatever else is worth saying about them.
var healthyRows = []row{
	{name: "nginx/healthy", view: []view{sees("curl"), sees("openssl")}},
	{name: "apache2/healthy-tls12", spec: spec{max: "1.2"}, view: []view{sees("curl"), fails("openssl", "", "-tls1_3")}},
	{name: "haproxy/healthy-tls13", spec: spec{min: "1.3"}, view: []view{sees("curl"), fails("openssl", "", "-tls1_2")}},
	{name: "lighttpd/healthy-ecdsa", spec: spec{cert: "p256"}, view: []view{sees("curl")}},
	{name: "stunnel/healthy-p384", spec: spec{cert: "p384"}, view: []view{sees("curl")}},
	{name: "hitch/healthy-rsa4096", spec: spec{cert: "rsa4096"}, view: []view{sees("curl")}},
	{name: "s_server/healthy-wildcard", spec: spec{cert: "wildcard"}, target: "till.shop.example", view: []view{sees("curl")}},
	{name: "gnutls/healthy-deep-chain", spec: spec{cert: "deep"}, view: []view{sees("curl"), sees("gnutls").saying("Handshake was completed")}},
	{name: "nginx/healthy-root-sent", spec: spec{cert: "with-root"}, view: []view{sees("curl")}},
	{name: "apache2/healthy-500-names", spec: spec{cert: "many-names"}, target: "branch-0499.shop.example", view: []view{sees("curl")}},
	{name: "nginx/healthy-optional-client-certificate", spec: spec{clients: "optional"}, view: []view{sees("curl")}},
	{name: "s_server/healthy-optional-client-certificate", spec: spec{max: "1.2", clients: "optional"}, view: []view{sees("curl")}},
	{name: "nginx/healthy-dual-certificates", spec: spec{second: "p256"}, view: []view{sees("curl"), sees("openssl", "-sigalgs", "ECDSA+SHA256:RSA+SHA256")}},
	{name: "haproxy/healthy-h2", spec: spec{alpn: []string{"h2", "http/1.1"}}, view: []view{sees("curl", "--http2", "-v").saying("accepted h2")}},
	{name: "node-24/healthy-hybrid", view: []view{sees("curl"), sees("node-24")}},
	{name: "go/healthy-hybrid-only", spec: spec{min: "1.3", groups: "X25519MLKEM768"}, as: "chrome", view: []view{fails("curl", ""), sees("node-24")}},
	{name: "caddy/healthy", view: []view{sees("curl")}},
	{name: "java/healthy-ecdsa", spec: spec{cert: "p256"}, view: []view{sees("curl"), sees("java")}},
	{name: "python/healthy", view: []view{sees("curl"), sees("python")}},
	{name: "node-8/healthy-old-library", spec: spec{}, want: want{warning: "tls13-missing"}, view: []view{sees("curl")}},
	{name: "nginx/healthy-all-versions", spec: spec{min: "1.0", weak: true}, want: want{warning: "obsolete-protocol-enabled"}, view: []view{sees("curl"), sees("openssl", append([]string{"-tls1"}, oldSuites...)...)}},
	{name: "nginx/healthy-address", spec: spec{cert: "ipaddress"}, target: "127.0.0.1", view: []view{sees("curl")}},
	{name: "nginx/healthy-expires-soon", spec: spec{cert: "soon"}, want: want{warning: "expires-soon"}, view: []view{sees("curl")}},
	{name: "python/healthy-abrupt-close", spec: spec{trick: "abrupt"}, want: want{warning: "unclean-close"}, view: []view{sees("curl")}},
	{name: "postfix/healthy-starttls", target: "smtp://shop.example", view: []view{sees("openssl", "-starttls", "smtp")}},
	{name: "postfix/healthy-implicit", spec: spec{wrap: true}, target: "smtps://shop.example", view: []view{sees("openssl")}},
	{name: "dovecot/healthy-imap", target: "imap://shop.example", view: []view{sees("openssl", "-starttls", "imap")}},
	{name: "dovecot/healthy-pop3", spec: spec{proto: "pop3"}, target: "pop3://shop.example", view: []view{sees("openssl", "-starttls", "pop3")}},
	{name: "dovecot/healthy-imaps", spec: spec{wrap: true, cert: "p256"}, target: "imaps://shop.example", view: []view{sees("openssl")}},
	{name: "slapd/healthy-ldaps", spec: spec{wrap: true}, target: "ldaps://shop.example", view: []view{sees("openssl")}},
}

func mtls(version string) spec {
	return spec{min: version, max: version, clients: "require"}
}

func with(id string) []string {
	return []string{"--cert", "{chain:client/" + id + "}", "--key", "{key:client/" + id + "}"}
}

func curlWith(id string) []string {
	return []string{"--cert", "{chain:client/" + id + "}", "--key", "{key:client/" + id + "}", "-f"}
}

func mtlsMissing() want { return observed("mtls-required", "keys", "client") }
func mtlsRefused() want { return observed("mtls-cert-rejected", "keys", "client") }

// clientCertRows: every server software that can demand a client certificate, in both versions where the alert comes at
// different times, and the three outcomes.
var clientCertRows = func() []row {
	var rows []row
	for _, s := range []string{"nginx", "apache2", "haproxy", "stunnel", "hitch", "lighttpd", "s_server", "gnutls", "java", "node", "python", "caddy"} {
		for _, v := range []string{"1.2", "1.3"} {
			missing := row{
				name: s + "/client-certificate-missing-tls" + v, server: s, spec: mtls(v), want: mtlsMissing(),
				view: []view{fails("curl", "", "-f"), sees("curl", curlWith("good")...)},
			}
			rows = append(rows, missing)
			id := "other"
			if v == "1.2" && strings.Contains("nginx haproxy java", s) {
				id = "expired"
			}
			rows = append(rows, row{
				name: s + "/client-certificate-" + id + "-tls" + v, server: s, spec: mtls(v), args: with(id), want: mtlsRefused(),
				view: []view{fails("curl", "", curlWith(id)...)},
			})
		}
	}
	const byPath = "SSLCACertificateFile {leaf:ca/clients}\n<Location /private>\nSSLVerifyClient require\nSSLVerifyDepth 2\n</Location>\n"
	rows = append(rows,
		row{
			name: "apache2/client-certificate-by-path-tls12", server: "apache2", spec: spec{max: "1.2", lines: byPath}, target: "https://shop.example/private/", want: mtlsMissing(),
			view: []view{fails("curl", "", "-f"), sees("curl", curlWith("good")...)},
		},
		row{
			name: "apache2/client-certificate-by-path-tls13", server: "apache2", spec: spec{min: "1.3", lines: byPath}, target: "https://shop.example/private/",
			want: mtlsMissing().with(func(w *want) { w.proof = "" }), // offering post_handshake_auth changes the answer: as good a proof

			view: []view{fails("curl", "", "-f"), sees("curl", curlWith("good")...)},
		},
		row{name: "apache2/client-certificate-not-on-this-path", server: "apache2", spec: spec{lines: byPath}, target: "https://shop.example/", view: []view{sees("curl", "-f")}},
	)
	// Postfix shakes hands with everybody and then says 421 without being asked.
	rows = append(rows,
		row{
			name: "postfix/client-certificate-missing", server: "postfix", spec: spec{clients: "require"}, target: "smtp://shop.example", want: mtlsMissing(),
			view: []view{sees("openssl", "-starttls", "smtp")},
		},
		row{name: "postfix/client-certificate-other", server: "postfix", spec: spec{clients: "require"}, target: "smtp://shop.example", args: with("other"), want: mtlsRefused()},
	)
	for _, s := range []string{"apache2", "nginx", "java"} {
		rows = append(rows, row{name: s + "/healthy-client-certificate-given", server: s, spec: mtls(map[string]string{"nginx": "1.2"}[s]), args: with("good"), view: []view{sees("curl", curlWith("good")...)}})
	}
	return rows
}()
