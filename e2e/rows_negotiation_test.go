//go:build linux

package e2e

var versionRows = []row{
	{
		name: "nginx/tls10-only", spec: spec{max: "1.0", weak: true}, want: noVersion(),
		view: []view{fails("curl", "version|unsupported protocol|legacy sigalg"), sees("openssl", append([]string{"-tls1"}, oldSuites...)...)},
	},
	{
		name: "apache2/tls11-only", spec: spec{max: "1.1", weak: true}, want: noVersion(),
		view: []view{fails("curl", "version|protocol|legacy sigalg"), sees("openssl", append([]string{"-tls1_1"}, oldSuites...)...)},
	},
	{
		name: "haproxy/tls10-only", spec: spec{max: "1.0", weak: true}, want: noVersion(),
		view: []view{fails("curl", ""), sees("openssl", append([]string{"-tls1"}, oldSuites...)...)},
	},
	{
		name: "s_server/tls11-only", spec: spec{max: "1.1", weak: true}, want: noVersion(),
		view: []view{fails("curl", ""), sees("openssl", append([]string{"-tls1_1"}, oldSuites...)...)},
	},
	{
		name: "stunnel/tls11-only", spec: spec{max: "1.1", weak: true}, want: noVersion(),
		view: []view{fails("curl", ""), sees("openssl", append([]string{"-tls1_1"}, oldSuites...)...)},
	},
	{
		name: "lighttpd/tls10-only", spec: spec{max: "1.0", weak: true}, want: noVersion(),
		view: []view{fails("curl", ""), sees("openssl", append([]string{"-tls1"}, oldSuites...)...)},
	},
	{
		name: "hitch/tls11-only", spec: spec{max: "1.1", weak: true}, want: noVersion(),
		view: []view{fails("curl", ""), sees("openssl", append([]string{"-tls1_1"}, oldSuites...)...)},
	},
	{
		name: "gnutls/tls11-only", spec: spec{max: "1.1"}, want: noVersion(),
		view: []view{fails("curl", ""), sees("openssl", append([]string{"-tls1_1"}, oldSuites...)...)},
	},
	{
		name: "java/ssl3-only", spec: spec{min: "ssl3", max: "ssl3", weak: true}, want: noVersion(),
		view: []view{fails("curl", "")},
	},
	{
		name: "java/tls10-only", spec: spec{max: "1.0", weak: true}, want: noVersion(),
		view: []view{fails("curl", ""), sees("node-0.10")},
	},
	{
		name: "python/tls11-only", spec: spec{max: "1.1", weak: true}, want: noVersion(),
		view: []view{fails("curl", ""), sees("openssl", append([]string{"-tls1_1"}, oldSuites...)...)},
	},
	// OpenSSL 3 gets through here: TLS 1.0 with static RSA needs no signature for its security level to refuse. Browsers do not.
	{
		name: "node-0.10/tls10-only", spec: spec{lines: `{"secureProtocol": "TLSv1_method"}`}, want: noVersion(),
		view: []view{sees("curl", "-v").saying("TLSv1.0"), fails("curl", "", "--tlsv1.2"), sees("node-4")},
	},
	{
		name: "node/tls10-only", spec: spec{max: "1.0", weak: true}, want: noVersion(),
		view: []view{fails("curl", ""), sees("node-0.10")},
	},
	// Two walls, one behind the other: the version is the root, the suites come next.
	{
		name: "node-0.10/tls10-and-rc4", spec: spec{ciphers: "RC4-SHA", lines: `{"secureProtocol": "TLSv1_method"}`},
		want: noVersion().with(func(w *want) { w.either = "no-shared-cipher" }),
		view: []view{fails("curl", ""), fails("openssl", "", append([]string{"-tls1"}, oldSuites...)...), sees("node-0.10")},
	},
	{
		name: "java/tls10-and-single-des", spec: spec{max: "1.0", weak: true, ciphers: "SSL_RSA_WITH_DES_CBC_SHA"},
		want: noVersion().with(func(w *want) { w.either = "no-shared-cipher" }), view: []view{fails("curl", "")},
	},
	{
		name: "java/tls10-and-export", spec: spec{max: "1.0", weak: true, ciphers: "SSL_RSA_EXPORT_WITH_RC4_40_MD5"},
		want: noVersion().with(func(w *want) { w.either = "no-shared-cipher" }), view: []view{fails("curl", "")},
	},
	{
		name: "gnutls/tls11-and-3des", spec: spec{max: "1.1", ciphers: "-CIPHER-ALL:+3DES-CBC"},
		want: noVersion().with(func(w *want) { w.either = "no-shared-cipher" }),
		view: []view{fails("curl", ""), sees("node-4", "DES-CBC3-SHA")},
	},
}

var suiteRows = []row{
	{
		name: "nginx/camellia-only", spec: spec{max: "1.2", ciphers: "ECDHE-RSA-CAMELLIA256-SHA384:DHE-RSA-CAMELLIA256-SHA256"}, want: noCipher(),
		view: []view{fails("curl", "handshake failure"), sees("openssl", "-cipher", "CAMELLIA")},
	},
	{
		name: "stunnel/aria-only", spec: spec{max: "1.2", ciphers: "ECDHE-ARIA256-GCM-SHA384"}, want: noCipher(),
		view: []view{fails("curl", ""), sees("openssl", "-cipher", "ARIAGCM")},
	},
	{
		name: "nginx/ccm8-only", spec: spec{max: "1.2", weak: true, ciphers: "AES256-CCM8:AES128-CCM8"}, want: noCipher(),
		view: []view{fails("curl", ""), sees("openssl", oldSuites...)},
	},
	{
		name: "nginx/null-only", spec: spec{max: "1.2", weak: true, ciphers: "ECDHE-RSA-NULL-SHA:NULL-SHA256"}, want: noCipher(),
		view: []view{fails("curl", ""), sees("openssl", "-cipher", "eNULL:@SECLEVEL=0")},
	},
	{
		name: "apache2/ecdsa-suites-rsa-cert", spec: spec{max: "1.2", ciphers: "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256"},
		// No client can mend this: the suites do not fit the certificate.
		want: noCipher().likely(), view: []view{fails("curl", "handshake failure"), fails("openssl", "", oldSuites...)},
	},
	{
		name: "nginx/rsa-suites-ecdsa-cert", spec: spec{max: "1.2", cert: "p256", ciphers: "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256"},
		want: noCipher().likely(), view: []view{fails("curl", "handshake failure"), fails("openssl", "", oldSuites...)},
	},
	{
		name: "caddy/ecdsa-suites-rsa-cert", spec: spec{max: "1.2", ciphers: "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"},
		want: noCipher().likely(), view: []view{fails("curl", "")},
	},
	{
		name: "haproxy/static-rsa-only", spec: spec{max: "1.2", ciphers: "AES128-GCM-SHA256:AES256-GCM-SHA384"}, as: "go-1.26.8", want: noCipher(),
		view: []view{sees("curl"), fails("openssl", "", "-cipher", "ECDHE")},
	},
	{
		name: "java/rc4-only", spec: spec{max: "1.2", weak: true, ciphers: "SSL_RSA_WITH_RC4_128_SHA"}, want: noCipher(),
		view: []view{fails("curl", "handshake failure"), fails("openssl", "", oldSuites...), sees("node-0.10")},
	},
	{
		name: "gnutls/3des-only", spec: spec{max: "1.2", ciphers: "-CIPHER-ALL:+3DES-CBC"}, want: noCipher(),
		view: []view{fails("curl", ""), sees("node-4", "DES-CBC3-SHA")},
	},
	{
		name: "node-4/rc4-only", spec: spec{ciphers: "RC4-SHA:RC4-MD5"}, want: noCipher(),
		view: []view{fails("curl", ""), sees("node-0.10")},
	},
	{
		name: "java/anonymous-only", spec: spec{max: "1.2", weak: true, ciphers: "TLS_DH_anon_WITH_AES_128_GCM_SHA256"}, want: noCipher(),
		view: []view{fails("curl", ""), sees("openssl", "-cipher", "ADH:@SECLEVEL=0")},
	},
	{
		name: "s_server/psk-only", spec: spec{max: "1.2", ciphers: "PSK", lines: "-nocert -psk 1a2b3c4d"}, want: noCipher().likely(),
		view: []view{fails("curl", ""), sees("openssl", "-tls1_2", "-psk", "1a2b3c4d", "-cipher", "PSK")},
	},
	{
		name: "haproxy/tls13-ccm8-only", spec: spec{min: "1.3", suites: "TLS_AES_128_CCM_8_SHA256"}, want: noCipher(),
		view: []view{fails("curl", ""), sees("openssl", "-ciphersuites", "TLS_AES_128_CCM_8_SHA256")},
	},
	{
		name: "s_server/tls13-ccm-only", spec: spec{min: "1.3", suites: "TLS_AES_128_CCM_SHA256"}, want: noCipher(),
		view: []view{fails("curl", ""), sees("openssl", "-ciphersuites", "TLS_AES_128_CCM_SHA256")},
	},
	{
		name: "nginx/dsa-certificate", spec: spec{max: "1.2", cert: "dsa", weak: true, ciphers: "DHE-DSS-AES256-GCM-SHA384:DHE-DSS-AES128-SHA", dh: "2048"}, want: noCipher(),
		view: []view{fails("curl", ""), sees("openssl", "-cipher", "ALL:@SECLEVEL=0", "-sigalgs", "DSA+SHA256:RSA+SHA256")},
	},
}

var groupRows = []row{
	{
		name: "nginx/x448-only", spec: spec{min: "1.3", groups: "X448"}, want: noGroup(),
		view: []view{sees("curl"), fails("openssl", "", "-groups", "X25519:P-256")},
	},
	{
		name: "haproxy/p521-only", spec: spec{max: "1.2", ciphers: "ECDHE-RSA-AES256-GCM-SHA384", groups: "secp521r1"}, want: noGroup(),
		view: []view{sees("curl"), fails("openssl", "", "-groups", "X25519:P-256:P-384")},
	},
	{
		name: "apache2/brainpool-only", spec: spec{max: "1.2", ciphers: "ECDHE-RSA-AES256-GCM-SHA384", groups: "brainpoolP384r1"}, want: noGroup(),
		view: []view{fails("curl", "handshake failure"), sees("openssl", "-tls1_2", "-groups", "brainpoolP384r1")},
	},
	{
		name: "s_server/ffdhe8192-only", spec: spec{min: "1.3", groups: "ffdhe8192"}, want: noGroup(),
		view: []view{sees("curl"), fails("openssl", "", "-groups", "X25519:P-256:P-384")},
	},
	{
		name: "s_server/sect571r1-only", spec: spec{max: "1.2", ciphers: "ECDHE-RSA-AES256-GCM-SHA384", groups: "sect571r1"}, want: noGroup(),
		view: []view{fails("curl", ""), sees("openssl", "-tls1_2", "-groups", "sect571r1")},
	},
	{
		name: "stunnel/p521-only", spec: spec{max: "1.2", ciphers: "ECDHE-RSA-AES256-GCM-SHA384", groups: "secp521r1"}, want: noGroup(),
		view: []view{sees("curl"), fails("openssl", "", "-groups", "X25519:P-256:P-384")},
	},
	{
		name: "java/x448-only", spec: spec{min: "1.3", groups: "x448"}, want: noGroup(),
		view: []view{sees("curl"), fails("openssl", "", "-groups", "X25519:P-256")},
	},
	{
		name: "node/brainpool-only", spec: spec{max: "1.2", ciphers: "ECDHE-RSA-AES256-GCM-SHA384", groups: "brainpoolP256r1"}, want: noGroup(),
		view: []view{fails("curl", ""), sees("openssl", "-tls1_2", "-groups", "brainpoolP256r1")},
	},
	{
		name: "python/p521-only", spec: spec{max: "1.2", ciphers: "ECDHE-RSA-AES256-GCM-SHA384", groups: "secp521r1"}, want: noGroup(),
		view: []view{sees("curl"), fails("openssl", "", "-groups", "X25519:P-256:P-384")},
	},
	{
		name: "node-24/hybrid-only", spec: spec{min: "1.3", groups: "X25519MLKEM768"}, as: "java-17", want: noGroup(),
		view: []view{fails("curl", "handshake failure"), sees("node-24")},
	},
	{
		name: "nginx/secp256k1-certificate", spec: spec{max: "1.2", cert: "secp256k1", ciphers: "ECDHE-ECDSA-AES256-GCM-SHA384"}, want: noGroup().orElse("no-shared-cipher"),
		view: []view{fails("curl", "handshake failure"), sees("openssl", "-groups", "X25519:secp256k1")},
	},
}

var signatureRows = []row{
	{
		name: "nginx/ed25519-certificate", spec: spec{cert: "ed25519"}, want: noSigAlg(),
		view: []view{sees("curl"), fails("openssl", "", "-sigalgs", "RSA-PSS+SHA256:ECDSA+SHA256")},
	},
	{
		name: "haproxy/ed448-certificate", spec: spec{cert: "ed448"}, want: noSigAlg(),
		view: []view{sees("curl"), fails("openssl", "", "-sigalgs", "RSA-PSS+SHA256:ECDSA+SHA256:ed25519")},
	},
	{
		name: "apache2/p521-certificate-tls13", spec: spec{min: "1.3", cert: "p521"}, want: noSigAlg(),
		view: []view{sees("curl"), fails("openssl", "", "-sigalgs", "RSA-PSS+SHA256:ECDSA+SHA256:ECDSA+SHA384")},
	},
	{
		name: "s_server/sha1-signature-only", spec: spec{max: "1.2", weak: true, ciphers: "ECDHE-RSA-AES128-GCM-SHA256", sigalgs: "RSA+SHA1"}, want: noSigAlg(),
		view: []view{fails("curl", ""), sees("openssl", "-cipher", "ALL:@SECLEVEL=0", "-sigalgs", "RSA+SHA1:RSA+SHA256")},
	},
	{
		name: "lighttpd/rsa-pss-certificate", spec: spec{min: "1.3", cert: "rsa-pss"}, want: noSigAlg(),
		view: []view{sees("curl"), fails("openssl", "", "-sigalgs", "rsa_pss_rsae_sha256:ECDSA+SHA256")},
	},

	{
		name: "s_server/alpn-foo", spec: spec{alpn: []string{"foo/1"}}, want: noALPN(),
		view: []view{fails("curl", "application protocol"), sees("openssl", "-alpn", "foo/1")},
	},
	{
		name: "nginx-stream/alpn-imap", spec: spec{lines: "ssl_alpn imap;\n"}, want: noALPN(),
		view: []view{fails("curl", "application protocol"), sees("openssl", "-alpn", "imap")},
	},
	{
		name: "java/alpn-mqtt", spec: spec{alpn: []string{"mqtt"}}, want: noALPN(),
		view: []view{fails("curl", "application protocol"), sees("openssl", "-alpn", "mqtt")},
	},
	{
		name: "gnutls/alpn-coap", spec: spec{alpn: []string{"coap"}}, want: noALPN(),
		view: []view{fails("curl", "application protocol|alert"), sees("openssl", "-alpn", "coap")},
	},
	{
		name: "node/alpn-xmpp", spec: spec{alpn: []string{"xmpp-client"}}, want: noALPN(),
		view: []view{fails("curl", ""), sees("openssl", "-alpn", "xmpp-client")},
	},
	{
		name: "caddy/alpn-postgresql", spec: spec{alpn: []string{"postgresql"}}, want: noALPN(),
		view: []view{fails("curl", ""), sees("openssl", "-alpn", "postgresql")},
	},
}

// dhe is what makes a server use its Diffie-Hellman group.
const dhe = "DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384:DHE-RSA-AES128-SHA"

func weakDH() want { return blocked("weak-dh", "keys", "server", "verify") }

var keyRows = []row{
	{
		name: "nginx/dh1024", as: "openssl-3.0", spec: spec{max: "1.2", weak: true, ciphers: dhe, dh: "1024"}, want: weakDH(),
		view: []view{fails("curl", "dh key too small"), sees("openssl", oldSuites...)},
	},
	{
		name: "nginx/dh1024-preferred", as: "openssl-3.0", spec: spec{max: "1.2", weak: true, ciphers: dhe + ":ECDHE-RSA-AES128-GCM-SHA256", dh: "1024", lines: "ssl_prefer_server_ciphers on;\n"}, want: weakDH(),
		view: []view{fails("curl", "dh key too small"), sees("openssl", "-cipher", "DEFAULT:!DHE")},
	},
	{
		name: "apache2/dh1024", as: "openssl-3.0", spec: spec{max: "1.2", weak: true, ciphers: dhe, dh: "1024"}, want: weakDH(),
		view: []view{fails("curl", "dh key too small"), sees("openssl", oldSuites...)},
	},
	{
		name: "haproxy/dh1024", as: "openssl-3.0", spec: spec{max: "1.2", weak: true, ciphers: dhe, dh: "1024"}, want: weakDH(),
		view: []view{fails("curl", "dh key too small"), sees("openssl", oldSuites...)},
	},
	{
		name: "java/dh768", as: "openssl-3.0", spec: spec{max: "1.2", weak: true, dh: "legacy", ciphers: "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256,TLS_DHE_RSA_WITH_AES_128_CBC_SHA"}, want: weakDH(),
		view: []view{fails("curl", "dh key too small"), fails("openssl", "dh key too small", oldSuites...)},
	},
	{name: "haproxy/dh2048", as: "openssl-3.0", spec: spec{max: "1.2", ciphers: dhe, dh: "2048"}, want: want{}, view: []view{sees("curl")}},

	{
		name: "gnutls/no-renegotiation-info", as: "openssl-3.0", spec: spec{max: "1.2", ciphers: "%DISABLE_SAFE_RENEGOTIATION"},
		want: blocked("legacy-renegotiation", "keys", "server", "verify"),
		view: []view{fails("curl", "unsafe legacy renegotiation"), sees("openssl", "-legacy_server_connect")},
	},
	{
		name: "gnutls/no-renegotiation-info-ecdsa", spec: spec{max: "1.2", cert: "p256", ciphers: "%DISABLE_SAFE_RENEGOTIATION"},
		want: blocked("legacy-renegotiation", "keys", "server", "verify"),
		view: []view{fails("curl", "unsafe legacy renegotiation"), sees("openssl", "-legacy_server_connect")},
	},

	// The server signs with a key that is not the certificate's: JSSE does it when two key stores are mixed up.
	{
		name: "java/wrong-key-tls13", spec: spec{trick: "wrong-key"}, want: blocked("cert-key-mismatch", "keys", "server", "observation"),
		view: []view{fails("curl", "signature|rsa routines")},
	},
	{
		name: "java/wrong-key-tls12", spec: spec{max: "1.2", trick: "wrong-key"}, want: blocked("cert-key-mismatch", "keys", "server", "observation"),
		view: []view{fails("curl", "signature|rsa routines")},
	},
	{
		name: "go/wrong-key", spec: spec{trick: "wrong-key"}, want: blocked("cert-key-mismatch", "keys", "server", "observation"),
		view: []view{fails("curl", "signature|rsa routines")},
	},

	{
		name: "java/failing-key-manager", spec: spec{trick: "throwing-keys"}, want: blocked("server-internal-error", "cipher", "server", "").likely(),
		view: []view{fails("curl", "internal error|alert|unexpected eof")},
	},
	{
		name: "python/internal-error", spec: spec{trick: "internal-error"}, want: blocked("server-internal-error", "cipher", "server", "").likely(),
		view: []view{fails("curl", "internal error")},
	},
	{
		name: "nginx/h2-over-cbc", as: "chrome", spec: spec{max: "1.2", alpn: []string{"h2"}, ciphers: "ECDHE-RSA-AES128-SHA:ECDHE-RSA-AES256-SHA"},
		want: blocked("http2-inadequate-security", "secure", "server", "observation").likely(), view: []view{sees("openssl", "-alpn", "h2")},
	},
}
