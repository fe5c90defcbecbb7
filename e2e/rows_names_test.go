//go:build linux

package e2e

func needsSNI() want {
	return blocked("sni-required", "certificate", "client", "handshake")
}

// unknownName is likely and not proved: to prove it one would have to guess a name that the server does know.
func unknownName() want {
	return blocked("unrecognized-name", "certificate", "server", "").likely()
}

func otherSite() want {
	return blocked("wrong-certificate", "certificate", "server", "").likely().orElse("hostname-mismatch")
}

func filtered(confidence string) want {
	return want{cause: "sni-filtered", step: "version", side: "network", confidence: confidence}
}

var noSNI = []string{"--sni", "none"}

var nameRows = []row{
	{
		name: "haproxy/strict-sni-and-none-sent", spec: spec{trick: "strict-sni"}, args: noSNI, want: needsSNI(),
		view: []view{sees("curl"), fails("openssl", "alert|error", "-noservername")},
	},
	{
		name: "nginx/reject-and-none-sent", spec: spec{trick: "reject"}, args: noSNI, want: needsSNI(),
		view: []view{sees("curl"), fails("openssl", "unrecognized name", "-noservername")},
	},
	{
		name: "nginx/default-site-and-none-sent", spec: spec{trick: "default-site", second: "elsewhere"}, args: noSNI, want: needsSNI(),
		view: []view{sees("curl"), sees("openssl", "-noservername").saying("CN = default.example")},
	},
	{
		name: "haproxy/strict-sni-unknown-name", spec: spec{trick: "strict-sni"}, target: "cafe.example", want: unknownName(),
		view: []view{fails("curl", "")},
	},
	{
		name: "nginx/reject-unknown-name", spec: spec{trick: "reject"}, target: "cafe.example", want: unknownName(),
		view: []view{fails("curl", "unrecognized name")},
	},
	{
		name: "java/name-matcher", spec: spec{trick: "names=shop[.]example"}, target: "cafe.example", want: unknownName(),
		view: []view{fails("curl", "unrecognized name")},
	},
	{
		name: "python/unknown-name", spec: spec{trick: "unrecognized"}, want: unknownName(),
		view: []view{fails("curl", "unrecognized name")},
	},
	{
		name: "hitch/abort-on-unknown-name", spec: spec{lines: "sni-nomatch-abort = on"}, target: "cafe.example", want: unknownName(),
		view: []view{fails("curl", "unrecognized name")},
	},
	{
		name: "caddy/no-such-site", target: "cafe.example", want: unknownName().orElse("server-internal-error"),
		view: []view{fails("curl", "internal error")},
	},
	{
		name: "nginx/default-site-unknown-name", spec: spec{trick: "default-site", second: "elsewhere"}, target: "cafe.example", want: otherSite(),
		view: []view{fails("curl", "no alternative certificate subject name|subject name")},
	},
	{
		name: "nginx/default-site-closes", spec: spec{trick: "close", second: "elsewhere"}, target: "cafe.example", want: otherSite(),
		view: []view{fails("curl", "subject name"), fails("curl", "Empty reply", "-k")},
	},
	{
		name: "apache2/wrong-name-sent", spec: spec{trick: "vhosts", second: "elsewhere"}, args: []string{"--sni", "default.example"}, want: otherSite(),
		view: []view{sees("curl"), sees("openssl", "-servername", "default.example", "-verify_hostname", "default.example").saying("CN = default.example")},
	},
	{
		name: "haproxy/default-certificate", spec: spec{second: "elsewhere", cert: "second"}, target: "cafe.example", want: otherSite(),
		view: []view{fails("curl", "subject name")},
	},

	// Devices that read the name: HAProxy puts the hello together first, the kernel's string match looks at one packet.
	{
		name: "balancer/name-rejected", spec: spec{
			behind: []backend{{"nginx", spec{}}},
			lines:  "  tcp-request inspect-delay 5s\n  tcp-request content reject if { req.ssl_sni -i shop.example }\n  tcp-request content accept if { req.ssl_hello_type 1 }",
		},
		want: filtered("likely").orElse("unrecognized-name"), view: []view{fails("curl", ""), sees("openssl", "-servername", "www.shop.example")},
	},
	{
		name: "kernel/name-reset", spec: spec{behind: []backend{{"nginx", spec{}}}, lines: "-m string --algo bm --string shop.example -j REJECT --reject-with tcp-reset"},
		want: filtered("proved"), view: []view{fails("curl", "reset"), fails("openssl", "certificate|errno", "-noservername", "-verify_hostname", "nobody.example")},
	},
	{
		name: "kernel/name-dropped", spec: spec{behind: []backend{{"nginx", spec{}}}, lines: "-m string --algo bm --string shop.example -j DROP"}, args: []string{"--timeout", "6s"},
		want: filtered("likely"), view: []view{fails("curl", "timed out", "-m", "3")},
	},
	{
		name: "middlebox/name-alert", spec: spec{behind: []backend{{"nginx", spec{}}}, trick: "name=shop.example: alert=49"},
		want: filtered("likely").orElse("unrecognized-name"), view: []view{fails("curl", "access denied"), sees("openssl", "-servername", "www.shop.example")},
	},
}
