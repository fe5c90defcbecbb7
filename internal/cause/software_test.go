package cause_test

import (
	"testing"

	"github.com/tlswhy/tlswhy/internal/cause"
)

func TestDetectSoftware(t *testing.T) {
	for _, c := range []struct{ header, banner, body, want string }{
		{header: "nginx/1.22.1", want: "nginx"},
		{header: "openresty/1.25.3.1", want: "nginx"},
		{header: "Apache/2.4.71 (Debian)", want: "apache"},
		{header: "Apache", want: "apache"},
		{header: "Apache-Coyote/1.1", want: "tomcat"},
		{header: "Microsoft-IIS/10.0", want: "iis"},
		{header: "Microsoft-HTTPAPI/2.0", want: "iis"},
		{header: "LiteSpeed", want: "litespeed"},
		{header: "Caddy", want: "caddy"},
		{header: "cloudflare", want: "cloudflare"},
		{header: "awselb/2.0", want: "aws-alb"},
		{header: "CloudFront", want: "aws-cloudfront"},
		{header: "istio-envoy", want: "envoy"},
		{header: "Jetty(9.4.53.v20231009)", want: "java"},
		{header: "Kestrel", want: "dotnet"},
		{header: "gunicorn", want: "python"},
		{header: "my-own/1.0"},
		{header: "apachelike/1.0"},
		{banner: "220 mx.example.com ESMTP Postfix (Debian/GNU)", want: "postfix"},
		{banner: "* OK [CAPABILITY IMAP4rev1 STARTTLS] Dovecot (Debian) ready.", want: "dovecot"},
		{banner: "220 EX01.example.com Microsoft ESMTP MAIL Service ready", want: "iis"},
		{banner: "220 mx.example.com ESMTP"},
		{body: "<html>\r\n<head><title>400 No required SSL certificate was sent</title></head>\r\n<body>\r\n<hr><center>nginx/1.22.1</center>\r\n", want: "nginx"},
		{body: "<hr>\n<address>Apache/2.4.71 (Debian) Server at example.com Port 443</address>", want: "apache"},
		{body: "<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n</body></html>\n", want: "haproxy"},
		{body: "Bad Request\r\nThis combination of host and port requires TLS.\r\n", want: "tomcat"},
		{body: "Client sent an HTTP request to an HTTPS server.\n", want: "go"},
		{body: "upstream connect error or disconnect/reset before headers. reset reason: connection failure", want: "envoy"},
		{body: "<p>our page about nginx and Apache</p>"},
		{header: "cloudflare", body: "<center>nginx</center>", want: "cloudflare"},
		{header: "nginx", banner: "", body: "<h3>Apache Tomcat/9.0.1</h3>", want: "nginx"},
		{},
	} {
		if got := cause.DetectSoftware(c.header, c.banner, c.body); got != c.want {
			t.Errorf("DetectSoftware(%q, %q, %q) = %q, want %q", c.header, c.banner, c.body, got, c.want)
		}
	}
}

func TestDetectByCertificate(t *testing.T) {
	for subject, want := range map[string]string{
		"CN=TRAEFIK DEFAULT CERT":                                     "traefik",
		"CN=Kubernetes Ingress Controller Fake Certificate,O=Acme Co": "nginx",
		"CN=example.com":                                              "",
		"":                                                            "",
	} {
		if got := cause.DetectByCertificate(subject); got != want {
			t.Errorf("DetectByCertificate(%q) = %q, want %q", subject, got, want)
		}
	}
}

func TestLookupSoftware(t *testing.T) {
	for name, want := range map[string]string{
		"nginx": "nginx", "IIS": "iis", "java-17-httpclient": "java", "openssl-s_server": "openssl-s_server",
		"openssl-3.0": "openssl", "apache-httpd": "apache", "firefox-esr": "browser", "golang": "go", "node-fetch-26.10.0": "nodejs",
		"": "", "-": "", "---": "", "nonsense-1.0": "", "generic": "",
	} {
		s, ok := cause.LookupSoftware(name)
		if got := ok; got != (want != "") || ok && s.ID != want {
			t.Errorf("LookupSoftware(%q) = %v, %v, want %q", name, s, ok, want)
		}
	}
}

// TestSoftwareNames keeps ids and aliases apart: a name means one software.
func TestSoftwareNames(t *testing.T) {
	owner := map[string]string{cause.Generic: cause.Generic}
	for _, s := range cause.AllSoftware() {
		for _, name := range append([]string{s.ID}, s.Aliases...) {
			if owner[name] != "" {
				t.Errorf("%q means %s and %s", name, owner[name], s.ID)
			}
			owner[name] = s.ID
		}
	}
	for _, s := range cause.AllSoftware() {
		used := false
		for _, c := range cause.All() {
			for _, f := range c.Fixes {
				used = used || f.For == s.ID
			}
		}
		if !used {
			t.Errorf("no fix is written for %s", s.ID)
		}
	}
}
