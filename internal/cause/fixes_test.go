package cause_test

import (
	"slices"
	"testing"

	"github.com/tlswhy/tlswhy/internal/cause"
)

func TestFixesFor(t *testing.T) {
	for _, c := range []struct {
		cause    cause.ID
		software string
		side     cause.Side
		want     []string // For of each, in order
	}{
		{cause.TLS13Missing, "nginx", cause.SideServer, []string{"nginx", "generic"}},
		{cause.TLS13Missing, "openresty", cause.SideServer, []string{"nginx", "generic"}},
		{cause.TLS13Missing, "Nginx", cause.SideServer, []string{"nginx", "generic"}},
		{cause.TLS13Missing, "tomcat", cause.SideServer, []string{"tomcat", "java", "generic"}},
		{cause.UntrustedRoot, "java-8u51", cause.SideClient, []string{"java", "generic"}},
		{cause.UntrustedRoot, "python-3.11-debian", cause.SideClient, []string{"python", "openssl", "generic"}},
		{cause.WeakDH, "curl-openssl", cause.SideClient, []string{"curl", "openssl", "generic"}},
		{cause.UntrustedRoot, "node-18.20.8", cause.SideClient, []string{"nodejs", "generic"}},
		{cause.MTLSRequired, "chrome", cause.SideClient, []string{"browser", "generic"}},
		{cause.TLS13Missing, "", cause.SideServer, []string{"generic"}},
		{cause.WeakDH, "", "", []string{"generic", "generic"}},
		{cause.NoSharedVersion, "abacus", cause.SideClient, []string{"generic"}},
		{cause.Expired, "haproxy", cause.SideServer, []string{"haproxy", "generic"}},
		{cause.TCPTimeout, "iis", cause.SideNetwork, []string{"iis", "generic"}},
		{cause.OriginWrongSNI, "nginx", cause.SideCDN, []string{"nginx", "nginx", "generic", "generic"}},
	} {
		got, ok := cause.Get(c.cause)
		if !ok {
			t.Fatal(c.cause)
		}
		var names []string
		for _, f := range got.FixesFor(c.software, c.side) {
			names = append(names, f.For)
			if c.side == cause.SideClient != (f.Side == cause.SideClient) && c.side != "" {
				t.Errorf("%s: a fix of side %s was given for %s", c.cause, f.Side, c.side)
			}
		}
		if !slices.Equal(names, c.want) {
			t.Errorf("%s.FixesFor(%q, %q) are for %v, want %v", c.cause, c.software, c.side, names, c.want)
		}
	}
}

// TestOwnFixReplacesRecipe: incomplete-chain has its own words for nginx, and
// takes the rest from the recipe.
func TestOwnFixReplacesRecipe(t *testing.T) {
	c, _ := cause.Get(cause.IncompleteChain)
	var nginx, dovecot int
	for _, f := range c.Fixes {
		if f.Side == cause.SideClient {
			continue
		}
		switch f.For {
		case "nginx":
			nginx++
		case "dovecot":
			dovecot++
		}
	}
	if nginx != 1 || dovecot != 1 {
		t.Errorf("%d fixes for nginx and %d for dovecot, want one of each", nginx, dovecot)
	}
}

// TestServersAreServed: for the causes that a server's administrator meets most,
// every kind of server that we know has its fix.
func TestServersAreServed(t *testing.T) {
	servers := []string{"nginx", "apache", "haproxy", "caddy", "traefik", "envoy", "litespeed", "iis", "tomcat", "nodejs", "go", "cloudflare", "aws-alb"}
	for _, id := range []cause.ID{
		cause.NoSharedVersion, cause.NoSharedCipher, cause.WrongCertificate, cause.IncompleteChain, cause.Expired,
		cause.MTLSRequired, cause.SelfSigned, cause.HostnameMismatch, cause.ObsoleteProtocolEnabled, cause.TLS13Missing, cause.WeakSuitesEnabled,
	} {
		c, _ := cause.Get(id)
		for _, s := range servers {
			if fixes := c.FixesFor(s, cause.SideServer); len(fixes) == 0 || fixes[0].For == cause.Generic {
				if s == "tomcat" && len(c.FixesFor("java", cause.SideServer)) > 1 {
					continue
				}
				t.Errorf("%s has no fix for %s", id, s)
			}
		}
	}
	for _, id := range []cause.ID{cause.NoSharedVersion, cause.ClientTooOld, cause.UntrustedRoot, cause.TLSInterception, cause.ClientCABundleOutdated, cause.MTLSRequired} {
		c, _ := cause.Get(id)
		for _, s := range []string{"openssl", "java", "python", "nodejs"} {
			if fixes := c.FixesFor(s, cause.SideClient); len(fixes) == 0 || fixes[0].For == cause.Generic {
				t.Errorf("%s has no fix for the client %s", id, s)
			}
		}
	}
}
