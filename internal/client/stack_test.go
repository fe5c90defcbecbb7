package client

import (
	"testing"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// general lists the clients for which the catalogue has general advice alone, and why.
var general = map[string]string{
	"modern":                  "stands for no program",
	"akamai":                  "its operator's settings are in the profile's note; nobody reaches its library",
	"azure-app-gateway":       "a service",
	"azure-front-door":        "a service",
	"fastly":                  "a service",
	"exchange-online":         "a service",
	"exchange-online-sts":     "a service",
	"gmail":                   "a service",
	"gmail-sts":               "a service",
	"google-lb":               "a service",
	"bearssl-0.6":             "embedded: all is chosen in the firmware's code",
	"botan-2.19":              "embedded: all is chosen in the program's code",
	"node-forge-1.4":          "a library whose settings are all in the program's code",
	"reclaim-tls-0.1":         "a library whose settings are all in the program's code",
	"subtls-0.5":              "a library whose settings are all in the program's code",
	"pandoc-haskell-tls":      "Haskell's tls reads no configuration",
	"google-lb-authenticated": "a service",
	"pike-8.0":                "Pike's TLS reads no configuration",
}

// TestStack: every profile leads to software that there are fixes for, or is one
// of a kind for which there are none to be had.
func TestStack(t *testing.T) {
	for _, p := range All() {
		stack := p.Stack()
		if len(stack) == 0 {
			if general[p.ID] == "" && p.Kind != CDN && p.Kind != Bot && p.Kind != Reference {
				t.Errorf("%s: no software of the catalogue; name it under stack: or say here why there is none", p.ID)
			}
			continue
		}
		for _, c := range stack {
			if s, ok := cause.LookupSoftware(c.Software); !ok || s.ID != c.Software {
				t.Errorf("%s: its stack has %q, which is no id of the catalogue's software", p.ID, c.Software)
			}
			if c.Release != "" && cause.Versions("<0").Hold(c.Release) {
				t.Errorf("%s: release %q of %s is no number", p.ID, c.Release, c.Software)
			}
		}
	}
}

func TestStackOfProfile(t *testing.T) {
	for _, c := range []struct {
		p    Profile
		want string
	}{
		{Profile{ID: "java-8u51", Version: "8u51", Library: "SunJSSE 8", Family: "JSSE"}, "java 8u51"},
		{Profile{ID: "node-0.10.48", Version: "0.10.48", Library: "OpenSSL 1.0.1u", Family: "OpenSSL"}, "nodejs 0.10.48"},
		{Profile{ID: "python-3.6.15", Version: "3.6.15", Library: "OpenSSL 3.0.22", Family: "OpenSSL"}, "python 3.6.15, openssl 3.0.22"},
		{Profile{ID: "curl-openssl", Version: "7.88.1", Library: "OpenSSL 3.0.22", Family: "OpenSSL"}, "curl 7.88.1, openssl 3.0.22"},
		{Profile{ID: "git-gnutls", Version: "2.39.5", Library: "GnuTLS 3.7.9", Family: "GnuTLS"}, "git 2.39.5, curl"},
		{Profile{ID: "elinks", Version: "0.13.2", Library: "GnuTLS 3.7.9", Family: "GnuTLS"}, "gnutls 3.7.9"},
		{Profile{ID: "trafficserver", Product: "Apache Traffic Server", Version: "9.2", Library: "OpenSSL 3.0.1"}, "openssl 3.0.1"},
		{Profile{ID: "somecdn", Kind: CDN, Family: "OpenSSL", Library: "OpenSSL 3.0"}, ""},
		{Profile{ID: "outlook-2013", Version: "15", Software: []string{"schannel 6.1"}}, "schannel 6.1"},
		{Profile{ID: "node-forge", Version: "1.4", Software: []string{"generic"}}, ""},
		{Profile{ID: "modern", Kind: Reference, Library: "OpenSSL 3"}, ""},
	} {
		got := ""
		for i, x := range c.p.Stack() {
			if i > 0 {
				got += ", "
			}
			got += x.Software
			if x.Release != "" {
				got += " " + x.Release
			}
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.p.ID, got, c.want)
		}
	}
}

// TestAdviceReachesStacks: for the causes that clients meet most, the client's
// own software has something to say, of the release at hand.
func TestAdviceReachesStacks(t *testing.T) {
	main := []cause.ID{cause.UntrustedRoot, cause.TLSInterception, cause.ClientCABundleOutdated, cause.IncompleteChain, cause.MTLSRequired, cause.NoSharedVersion, cause.NoSharedCipher}
	// Where the general advice is all there is.
	none := map[string]map[cause.ID]string{
		"nss":            {cause.IncompleteChain: "libpkix of the program decides"},
		"mono":           {cause.MTLSRequired: "as in .NET, in code"},
		"iis":            nil, // Exchange Online, a service
		"stunnel":        nil,
		"aws-alb":        nil,
		"aws-cloudfront": nil,
		"cloudflare":     {cause.TLSInterception: "not on its way to an origin", cause.ClientCABundleOutdated: "Cloudflare keeps it"},
	}
	proxies := map[string]bool{"nginx": true, "apache": true, "haproxy": true, "envoy": true, "caddy": true, "traefik": true, "postfix": true}
	for _, p := range All() {
		top := p.Stack().Top().Software
		if _, excepted := none[top]; top == "" || excepted && none[top] == nil {
			continue
		}
		for _, id := range main {
			if none[top][id] != "" || proxies[top] && id == cause.TLSInterception {
				continue
			}
			c, _ := cause.Get(id)
			if fixes := c.FixesOf(p.Stack(), cause.SideClient, nil); len(fixes) == 0 || fixes[0].For == cause.Generic {
				t.Errorf("%s: nothing for %s", id, p.ID)
			}
		}
	}
}

// TestAdviceFitsTheRelease: what another release would need is not said.
func TestAdviceFitsTheRelease(t *testing.T) {
	old := map[string]string{"acts": "client", "letting": "TLS 1.2"}
	server := map[string]string{"acts": "server"}
	for _, c := range []struct {
		id     cause.ID
		stack  cause.Stack
		values map[string]string
		want   string // a text of the first fix, or of its configuration
	}{
		{cause.NoSharedVersion, cause.StackOf("java-7u80"), map[string]string{"acts": "client", "letting": "TLS 1.0"}, "-Djdk.tls.client.protocols=TLSv1.2 -Dhttps.protocols=TLSv1.2"},
		{cause.NoSharedVersion, cause.StackOf("java-7u80"), map[string]string{"acts": "client", "letting": "TLS 1.0", "taken": "TLS 1.3"}, "Java 7 has no TLS 1.3 and will get none: run the program on Java 11 or later."},
		{cause.NoSharedVersion, cause.StackOf("java-8u51"), old, "{stack} has no TLS 1.3. Update to 8u341 or later, which offers it by default, or run the program on Java 11 and up."},
		{cause.NoSharedVersion, cause.StackOf("java-8u300"), old, "-Djdk.tls.client.protocols=TLSv1.3,TLSv1.2"},
		{cause.NoSharedVersion, cause.StackOf("java-17"), server, "-Djava.security.properties=legacy.security -Djdk.tls.client.protocols=TLSv1,TLSv1.1,TLSv1.2"},
		{cause.NoSharedVersion, cause.StackOf("node-16.20.2"), server, "NODE_OPTIONS=--tls-min-v1.0"},
		{cause.NoSharedVersion, cause.StackOf("node-18.20.8"), server, "https.request(url, { minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' })"},
		{cause.UntrustedRoot, cause.StackOf("node-0.10.48"), nil, "options.ca = [require('fs').readFileSync('{ca_file}')]"},
		{cause.UntrustedRoot, cause.StackOf("node-18"), nil, "NODE_EXTRA_CA_CERTS={ca_file}"},
		{cause.NoSharedVersion, cause.StackOf("python-3.6.15"), server, "OPENSSL_CONF=./legacy.cnf"},
		{cause.WeakSignature, cause.StackOf("go-1.22.0"), nil, "GODEBUG=x509sha1=1"},
	} {
		e, _ := cause.Get(c.id)
		fixes := e.FixesOf(c.stack, cause.SideClient, c.values)
		if len(fixes) == 0 || fixes[0].Config != c.want && fixes[0].Text != c.want {
			t.Errorf("%s for %s: %+v, want %s", c.id, c.stack, fixes, c.want)
		}
	}
}
