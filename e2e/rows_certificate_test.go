//go:build linux

package e2e

// warns is a certificate that today's clients take and that still deserves a word.
func warns(cause string) want { return want{warning: cause} }

var certificateRows = []row{
	// Dates.
	{name: "nginx/expired", spec: spec{cert: "expired"}, want: badCert("expired"), view: []view{fails("curl", "expired")}},
	{name: "stunnel/expired-yesterday", spec: spec{cert: "expired-ec"}, want: badCert("expired"), view: []view{fails("curl", "expired")}},
	{name: "dovecot/expired-imaps", spec: spec{cert: "expired", wrap: true}, target: "imaps://shop.example", want: badCert("expired"), view: []view{fails("openssl", "expired")}},
	{name: "dovecot/expired-starttls", spec: spec{cert: "expired"}, target: "imap://shop.example", want: badCert("expired"), view: []view{fails("openssl", "expired", "-starttls", "imap")}},
	{name: "postfix/expired-starttls", spec: spec{cert: "expired"}, target: "smtp://shop.example", want: badCert("expired"), view: []view{fails("openssl", "expired", "-starttls", "smtp")}},
	{name: "apache2/not-yet-valid", spec: spec{cert: "not-yet-valid"}, want: badCert("not-yet-valid"), view: []view{fails("curl", "not yet valid")}},
	{name: "haproxy/expired-intermediate", spec: spec{cert: "lapsed-issuer"}, want: badCert("expired-intermediate"), view: []view{fails("curl", "expired")}},
	{name: "nginx/ten-years", spec: spec{cert: "ten-years"}, args: []string{"--public-roots"}, want: badCert("validity-too-long").orElse("ct-missing"), view: []view{sees("curl")}},
	{name: "nginx/no-transparency", spec: spec{cert: "no-transparency"}, args: []string{"--public-roots"}, as: "chrome", want: blocked("ct-missing", "verify", "server", ""), view: []view{sees("curl")}},

	// Names.
	{name: "nginx/other-name", spec: spec{cert: "other-name"}, want: badCert("hostname-mismatch").orElse("wrong-certificate"), view: []view{fails("curl", "subject name")}},
	{name: "haproxy/parent-only", spec: spec{cert: "parent-only"}, want: badCert("hostname-mismatch").orElse("wrong-certificate"), view: []view{fails("curl", "subject name")}},
	{name: "java/wildcard-too-deep", spec: spec{cert: "wildcard"}, target: "a.till.shop.example", want: badCert("hostname-mismatch").orElse("wrong-certificate"), view: []view{fails("curl", "subject name")}},
	{name: "lighttpd/address-not-named", spec: spec{}, target: "127.0.0.1", want: badCert("hostname-mismatch").orElse("wrong-certificate"), view: []view{fails("curl", "subject name")}},
	// curl, Node.js and Python still look at the common name; browsers and Go do not.
	{name: "node/name-in-common-name", spec: spec{cert: "name-in-cn"}, want: badCert("cn-only"), view: []view{sees("curl"), sees("node")}},
	{name: "haproxy/name-constraints", spec: spec{cert: "constrained"}, want: badCert("name-constraints"), view: []view{fails("curl", "permitted subtree")}},

	// Trust.
	{name: "nginx/self-signed", spec: spec{cert: "self-signed"}, want: badCert("self-signed"), view: []view{fails("curl", "self.signed")}},
	{name: "python/self-signed-ecdsa", spec: spec{cert: "self-signed-ec"}, want: badCert("self-signed"), view: []view{fails("curl", "self.signed")}},
	{name: "lighttpd/self-signed-localhost", spec: spec{cert: "self-signed-local"}, want: badCert("self-signed"), view: []view{fails("curl", "self.signed")}},
	{name: "apache2/private-root", spec: spec{cert: "private-root"}, want: badCert("untrusted-root").likely(), view: []view{fails("curl", "local issuer")}},
	// The issuer is missing from what is sent and from the store: whether somebody forgot to send it or the client lacks it,
	// nothing from outside tells.
	{
		name: "lighttpd/leaf-of-a-private-root", spec: spec{cert: "private-leaf-only"},
		want: badCert("untrusted-root").possible().orElse("incomplete-chain").with(func(w *want) { w.rival = "incomplete-chain" }), view: []view{fails("curl", "local issuer")},
	},
	{name: "stunnel/private-root-sent", spec: spec{cert: "private-root-sent"}, want: badCert("untrusted-root"), view: []view{fails("curl", "self.signed")}},
	{name: "hitch/private-root-ecdsa", spec: spec{cert: "private-root-ec"}, want: badCert("untrusted-root").possible().orElse("incomplete-chain"), view: []view{fails("curl", "local issuer")}},
	{name: "nginx/inspected", spec: spec{cert: "inspected"}, want: blocked("tls-interception", "verify", "proxy", "").likely(), view: []view{fails("curl", "self.signed")}},

	// Chains.
	{name: "nginx/leaf-only", spec: spec{cert: "leaf-only"}, want: badCert("incomplete-chain").likely(), view: []view{fails("curl", "local issuer")}},
	{name: "apache2/leaf-only-with-aia", spec: spec{cert: "leaf-only-aia"}, want: badCert("incomplete-chain"), view: []view{fails("curl", "local issuer")}},
	{name: "caddy/leaf-only-ecdsa", spec: spec{cert: "leaf-only-ec"}, want: badCert("incomplete-chain").likely(), view: []view{fails("curl", "local issuer")}},
	{name: "gnutls/wrong-issuer-sent", spec: spec{cert: "wrong-issuer"}, want: badCert("incomplete-chain").likely(), view: []view{fails("curl", "local issuer")}},
	{name: "nginx/chain-out-of-order", spec: spec{cert: "swapped"}, want: warns("wrong-chain-order"), view: []view{sees("curl")}},
	{name: "haproxy/unrelated-certificate", spec: spec{cert: "unrelated"}, want: warns("wrong-chain-order"), view: []view{sees("curl")}},
	{name: "s_server/path-too-long", spec: spec{cert: "too-deep"}, want: badCert("path-length-exceeded"), view: []view{fails("curl", "path length")}},
	{name: "nginx/signed-by-a-leaf", spec: spec{cert: "by-leaf"}, target: "shop.example", want: badCert("issuer-not-ca"), view: []view{fails("curl", "invalid CA|CA cert")}},
	{name: "nginx/certificate-too-large", spec: spec{cert: "huge"}, as: "openssl-3.0", want: blocked("certificate-too-large", "certificate", "server", ""), view: []view{fails("curl", "excessive message size")}},

	// Usage.
	{name: "nginx/client-eku", spec: spec{cert: "client-eku"}, want: badCert("wrong-eku"), view: []view{fails("curl", "unsuitable certificate purpose")}},
	{name: "s_server/code-signing-eku", spec: spec{cert: "code-eku"}, want: badCert("wrong-eku"), view: []view{fails("curl", "unsuitable certificate purpose")}},
	{name: "nginx/key-usage-without-signature", spec: spec{cert: "no-signing", max: "1.2", ciphers: "ECDHE-RSA-AES128-GCM-SHA256"}, want: badCert("wrong-key-usage"), view: []view{sees("curl"), fails("gnutls", "(?i)key usage")}},
	{name: "apache2/ca-as-leaf", spec: spec{cert: "ca-as-leaf"}, want: badCert("ca-as-leaf"), view: []view{sees("curl")}},
	{name: "apache2/must-staple", spec: spec{cert: "must-staple"}, want: badCert("must-staple-missing"), view: []view{sees("openssl", "-status").saying("no response sent")}},

	// Strength.
	{name: "nginx/rsa1024", spec: spec{cert: "rsa1024", weak: true}, want: badCert("weak-key"), view: []view{fails("curl", "key too (small|weak)")}},
	{name: "s_server/rsa1024-issuer", spec: spec{cert: "weak-issuer", weak: true}, want: badCert("weak-key"), view: []view{fails("curl", "key too (small|weak)")}},
	{name: "apache2/sha1", spec: spec{cert: "sha1", weak: true}, want: badCert("weak-signature"), view: []view{fails("curl", "(md|digest algorithm) too weak")}},
	{name: "nginx/sha1-issuer", spec: spec{cert: "sha1-issuer", weak: true}, want: badCert("weak-signature"), view: []view{fails("curl", "(md|digest algorithm) too weak")}},
	{name: "s_server/md5", spec: spec{cert: "md5", weak: true}, want: badCert("weak-signature"), view: []view{fails("curl", "(md|digest algorithm) too weak")}},

	// Revocation warns only: current clients mostly do not ask.
	{name: "nginx/revoked-by-crl", spec: spec{cert: "revoked-crl"}, want: warns("revoked"), view: []view{sees("curl")}},
	{name: "nginx/revoked-by-ocsp", spec: spec{cert: "revoked-ocsp"}, want: warns("revoked"), run: ocspResponder, view: []view{sees("curl")}},
}

// ocspResponder runs "openssl ocsp" where the certificate says that it is.
func ocspResponder(e *env, _ *row) {
	issuing := e.id("ca/rsa-issuing")
	e.spawn(e.command("openssl", "ocsp", "-index", e.pki.ocspIndex(e.t), "-port", fmtInt(e.pki.ocspPort), "-CA", issuing.leafFile,
		"-rsigner", issuing.leafFile, "-rkey", issuing.keyFile, "-text"))
	e.waitListening(e.pki.ocspPort)
}
