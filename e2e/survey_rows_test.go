//go:build linux

package e2e

// surveyRow is a server of which every question is asked twice: by tlswhy survey and by foreign clients.
type surveyRow struct {
	name   string // server software first
	server string // key of servers; the part of name before the slash if empty
	spec   spec
	target string // default shop.example
}

const (
	// Mozilla's recommendations, version 5.7.
	mozillaIntermediate = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384:DHE-RSA-CHACHA20-POLY1305"
	mozillaOld          = mozillaIntermediate + ":ECDHE-ECDSA-AES128-SHA256:ECDHE-RSA-AES128-SHA256:ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA384:ECDHE-RSA-AES256-SHA384:ECDHE-ECDSA-AES256-SHA:ECDHE-RSA-AES256-SHA:DHE-RSA-AES128-SHA256:DHE-RSA-AES256-SHA256:AES128-GCM-SHA256:AES256-GCM-SHA384:AES128-SHA256:AES256-SHA256:AES128-SHA:AES256-SHA:DES-CBC3-SHA:@SECLEVEL=0"
	mozillaGroups       = "X25519:prime256v1:secp384r1"
	preferServer        = "ssl_prefer_server_ciphers on;\n"
)

var surveyRows = []surveyRow{
	{name: "nginx/defaults"},
	{name: "nginx/two-certificates", spec: spec{second: "p256", alpn: []string{"h2"}, ciphers: "HIGH:!aNULL:!eNULL", lines: preferServer}},
	{name: "nginx/mozilla-modern", spec: spec{min: "1.3", cert: "p256", groups: mozillaGroups}},
	{name: "nginx/mozilla-intermediate", spec: spec{second: "p256", ciphers: mozillaIntermediate, groups: mozillaGroups, dh: "2048"}},
	{name: "nginx/mozilla-old", spec: spec{min: "1.0", weak: true, ciphers: mozillaOld, groups: mozillaGroups, dh: "1024", lines: preferServer}},
	{name: "nginx/odd-order", spec: spec{lines: preferServer, ciphers: "CAMELLIA128-SHA:ECDHE-RSA-AES256-SHA:AES256-CCM8:ECDHE-RSA-CHACHA20-POLY1305:AES128-SHA256:DHE-RSA-ARIA128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-CCM:AES256-SHA", dh: "2048", suites: "TLS_AES_128_CCM_8_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_CCM_SHA256:TLS_AES_128_GCM_SHA256"}},
	{name: "nginx/everything", spec: spec{min: "1.0", weak: true, second: "p256", ciphers: "ALL:COMPLEMENTOFALL", dh: "1024"}},
	{name: "apache2/tls12", spec: spec{max: "1.2", ciphers: "HIGH:!aNULL", lines: "SSLHonorCipherOrder on\n"}},
	{name: "haproxy/h2", spec: spec{second: "p384", alpn: []string{"h2", "http/1.1"}, ciphers: "HIGH:!aNULL:!kRSA", groups: "P-384:X25519:P-256"}},
	{name: "lighttpd/groups", spec: spec{cert: "p256", groups: "X448:P-256:brainpoolP384r1:secp256k1:P-521", ciphers: "ECDHE:!aNULL"}},
	{name: "stunnel/no-forward-secrecy", spec: spec{min: "1.0", max: "1.2", weak: true, ciphers: "kRSA"}},
	{name: "s_server/psk-and-anonymous", spec: spec{max: "1.2", weak: true, ciphers: "aPSK:aNULL:ECDHE-RSA-AES128-SHA", lines: "-psk\n1a2b3c4d"}},
	{name: "s_server/null", spec: spec{min: "1.0", max: "1.2", weak: true, ciphers: "eNULL:AES128-SHA", lines: "-serverpref"}},
	{name: "s_server/groups", spec: spec{max: "1.2", groups: "brainpoolP256r1:P-384:sect283k1:secp256k1:X25519", lines: "-serverpref"}},
	{name: "s_server/sigalgs", spec: spec{ciphers: "ECDHE:DHE", sigalgs: "rsa_pss_rsae_sha384:RSA+SHA512:RSA+SHA1:rsa_pss_rsae_sha256", weak: true}},
	{name: "s_server/chacha", spec: spec{lines: "-serverpref -prioritize_chacha", ciphers: "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-SHA:ECDHE-RSA-CHACHA20-POLY1305:AES128-SHA"}},
	{name: "s_server/dsa", spec: spec{cert: "dsa", max: "1.2", weak: true, ciphers: "ALL", dh: "2048"}},
	{name: "s_server/ed448", spec: spec{cert: "ed448"}},
	{name: "gnutls/normal"},
	{name: "gnutls/own-order", spec: spec{min: "1.0", ciphers: "%SERVER_PRECEDENCE:+3DES-CBC:+ARCFOUR-128:+CAMELLIA-128-CBC:+CAMELLIA-128-GCM:+CAMELLIA-256-GCM:+DHE-RSA:+SHA256:+SHA384:+SIGN-RSA-SHA1"}},
	{name: "gnutls/anonymous-and-null", spec: spec{min: "1.0", max: "1.2", ciphers: "+ANON-ECDH:+ANON-DH:+NULL:+MD5:-GROUP-X25519:-GROUP-X448"}},
	{name: "java/defaults", spec: spec{alpn: []string{"h2", "http/1.1"}}},
	{name: "java/everything", spec: spec{min: "1.0", weak: true, cert: "p256"}},
	{name: "go/defaults", spec: spec{alpn: []string{"h2", "http/1.1"}, min: "1.0"}},
	{name: "node-0.10/defaults"},
	{name: "postfix/starttls", spec: spec{min: "1.0", weak: true}, target: "smtp://shop.example"},
	{name: "dovecot/imap", target: "imap://shop.example"},
}
