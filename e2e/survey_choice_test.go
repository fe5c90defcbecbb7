//go:build linux

package e2e

import (
	"slices"
	"strings"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// chooses says whose order decides among names: the answers to two opposite orders tell. "" where they tell neither, as with
// servers that look at more than the order.
func chooses(names []string, ask func([]string) string) string {
	back := slices.Clone(names)
	slices.Reverse(back)
	a, b := ask(names), ask(back)
	switch {
	case a == "" || b == "":
		return ""
	case a == b:
		return "server"
	case a == names[0] && b == back[0]:
		return "client"
	}
	return ""
}

// inOrder asks for each pair of neighbours in a list that is said to be in the server's order, the second first.
func (c *comparison) inOrder(what string, names []string, ask func([]string) string) {
	each(max(len(names)-1, 0), func(i int) {
		pair := []string{names[i+1], names[i]}
		got := ask(pair)
		if got == "" || got == names[i] {
			return
		}
		if chacha(pair[0]) { // crypto/tls does not look at suites that it does not know when it asks whether ChaCha20 is first
			slices.Reverse(pair)
		}
		if again := ask(pair); again == got {
			c.differ("%s: survey puts %s before %s, openssl gets the second of them", what, names[i], names[i+1])
		}
	})
}

func chacha(name string) bool { return strings.Contains(name, "CHACHA20") }

// askOrders compares the order of suites, in each version.
func (c *comparison) askOrders() {
	for _, v := range c.versions {
		ours := c.s.Suites[v.String()]
		name := map[wire.CipherSuite]string{}
		for _, s := range c.accepted[v] {
			name[s.id] = s.name
		}
		// A server may take ChaCha20 of those that list it first. A suite that it refuses goes before it, so that nothing does.
		guard := slices.IndexFunc(c.refused[v], func(s opensslSuite) bool {
			return !chacha(s.name) && !strings.Contains(s.name, "PSK") && !strings.Contains(s.name, "SRP")
		})
		choose := func(names []string) string {
			if guard >= 0 {
				names = append([]string{c.refused[v][guard].name}, names...)
			}
			ans := c.ask(append(offering(v, names...), everyGroup(v)...)...)
			if !ans.hello {
				return ""
			}
			return name[ans.suite]
		}
		var plain, listed []string
		for _, s := range c.accepted[v] {
			if !chacha(s.name) {
				plain = append(plain, s.name)
			}
		}
		for _, id := range ours.List {
			if n := name[id]; n != "" {
				listed = append(listed, n)
			}
		}
		if len(plain) < 2 {
			continue
		}
		order := chooses(plain, choose)
		if order != "" && order != ours.Order {
			c.differ("%s: openssl finds the %s's order, survey says %q", v, order, ours.Order)
		}
		if order == "server" && ours.Order == "server" {
			c.inOrder(v.String(), listed, choose)
			c.askChaCha(v, plain, name)
		}
	}
}

// askChaCha looks at servers that take ChaCha20 of a client that wants it first.
func (c *comparison) askChaCha(v wire.Version, plain []string, name map[wire.CipherSuite]string) {
	var fast []string
	for _, s := range c.accepted[v] {
		if chacha(s.name) && !strings.Contains(s.name, "PSK") {
			fast = append(fast, s.name)
		}
	}
	if len(fast) == 0 {
		return
	}
	ask := func(names ...string) string {
		return name[c.ask(append(offering(v, names...), everyGroup(v)...)...).suite]
	}
	first, last := ask(slices.Concat(fast, plain)...), ask(slices.Concat(plain, fast)...)
	if chacha(last) || last == "" {
		return // it is the server's favourite anyway
	}
	if want, got := map[bool]string{true: "yes", false: "no"}[chacha(first)], c.s.Suites[v.String()].ChaChaFirst; want != got {
		c.differ("%s: chacha_first: openssl finds %s, survey says %s", v, want, got)
	}
}

// ephemeral are suites whose key exchange is in a group that the client names.
func ephemeral(v wire.Version, kind string) []string {
	if v == wire.VersionTLS13 {
		return offering(v, suiteNames(all13)...)
	}
	return offering(v, kind)
}

// askGroups asks for each group by itself, in TLS 1.3 and in the newest version before it.
func (c *comparison) askGroups() {
	for _, v := range []wire.Version{c.classic(), wire.VersionTLS13} {
		if !slices.Contains(c.versions, v) {
			continue
		}
		names := groupNames(v)
		var ids []wire.Group
		for g := range names {
			ids = append(ids, g)
		}
		slices.Sort(ids)
		ask := func(list ...string) answer {
			return c.ask(append(ephemeral(v, "kECDHE"), "-groups", strings.Join(list, ":"))...)
		}
		// With a key on a curve, the client has to name that curve as well (RFC 8422, Section 4).
		var curves []string
		if v != wire.VersionTLS13 && !slices.ContainsFunc(c.accepted[v], ecdheRSA) {
			curves = []string{"P-256", "P-384", "P-521"}
		}
		if all := c.ask(append(ephemeral(v, "kECDHE"), everyGroup(v)...)...); !all.hello {
			ids = nil // no group at all is taken
			c.noGroups(v)
		}
		yes, unsure := make([]bool, len(ids)), make([]bool, len(ids))
		each(len(ids), func(i int) {
			g := ids[i]
			ours := c.groupOf(g, v)
			test := func() answer {
				ans := ask(names[g])
				for _, curve := range curves {
					if ans.hello || curve == names[g] {
						continue
					}
					both := ask(names[g], curve)
					if both.hello && both.group == g {
						return both
					}
					unsure[i] = unsure[i] || both.hello // it may like the curve better
				}
				return ans
			}
			accepts := func(a answer) bool { return a.hello && a.group == g }
			ans := test()
			if accepts(ans) != (ours == "yes") {
				ans = test()
			}
			if ours == "yes" && !accepts(ans) {
				// Servers with several certificates may need another hint before they take the group.
				if v != wire.VersionTLS13 {
					ans = c.ask(append(ephemeral(v, "kECDHE+aRSA"), "-groups", names[g])...)
				}
				if !accepts(ans) {
					ans = ask(append([]string{names[g]}, others(names, g)...)...)
				}
			}
			yes[i] = accepts(ans)
			if yes[i] != (ours == "yes") && (yes[i] || !unsure[i]) {
				c.differ("%s group %s: openssl says %s, survey says %q", v, g, describe(ans), ours)
			}
		})
		var accepted []string
		id := map[wire.Group]string{}
		for i, g := range ids {
			if yes[i] {
				accepted = append(accepted, names[g])
				id[g] = names[g]
			}
		}
		if len(accepted) > 1 {
			c.groupOrder(v, accepted, id, ask, ids, yes)
		}
	}
}

// groupOrder compares whose order decides among groups in a version, and the order if it is the server's.
func (c *comparison) groupOrder(v wire.Version, accepted []string, id map[wire.Group]string, ask func(...string) answer, ids []wire.Group, yes []bool) {
	names := groupNames(v)
	choose := func(list []string) string {
		if ans := ask(list...); ans.hello {
			return id[ans.group]
		}
		return ""
	}
	plain := choose
	guarded := v != wire.VersionTLS13
	if v == wire.VersionTLS13 {
		// s_client sends a share of its first group. Where that is one that the server refuses, its own order shows.
		if i := slices.Index(yes, false); i >= 0 {
			guarded = true
			choose = func(list []string) string { return plain(append([]string{names[ids[i]]}, list...)) }
		}
	}
	order := chooses(accepted, choose)
	ours := c.s.GroupOrder
	if v != wire.VersionTLS13 && c.newest() == wire.VersionTLS13 {
		ours = c.s.GroupOrder12 // "" where the survey did not look
	}
	if order == "" || ours == "" {
		return
	}
	if ours != order && (guarded || order == "server" || c.s.ShareFirst != "yes") {
		c.differ("%s groups: openssl finds the %s's order, survey says %q (key_share_first: %q)", v, order, ours, c.s.ShareFirst)
	}
	if v == wire.VersionTLS13 && guarded && order == "server" {
		first := chooses(accepted, plain) == "client"
		if got := c.s.ShareFirst; got != map[bool]string{true: "yes", false: "no"}[first] {
			c.differ("TLS 1.3 groups: key_share_first: openssl finds %v, survey says %q", first, got)
		}
	}
	if order == "server" && ours == "server" {
		var listed []string
		for _, x := range c.s.Groups {
			if n := id[x.Group]; n != "" {
				listed = append(listed, n)
			}
		}
		c.inOrder(v.String()+" groups", listed, choose)
	}
}

// others are the names of all but one.
func others[K comparable](names map[K]string, but K) []string {
	var list []string
	for k, name := range names {
		if k != but {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return list
}

func ecdheRSA(s opensslSuite) bool {
	info, _ := s.id.Info()
	return info.KeyExchange == wire.KXECDHE && info.Authentication == wire.AuthRSA
}

// noGroups holds a server without any curve against the survey, which may know of FFDHE groups.
func (c *comparison) noGroups(v wire.Version) {
	for g := range groupNames(v) {
		if ours := c.groupOf(g, v); ours == "yes" {
			c.differ("%s group %s: openssl gets no group at all, survey says yes", v, g)
		}
	}
}

func (c *comparison) groupOf(g wire.Group, v wire.Version) string {
	for _, x := range c.s.Groups {
		if x.Group == g {
			if v == wire.VersionTLS13 {
				return x.TLS13
			}
			return x.TLS12
		}
	}
	return "no"
}

// askSchemes asks for each signature scheme by itself. Before TLS 1.2 there is no choice.
func (c *comparison) askSchemes() {
	for _, v := range []wire.Version{wire.VersionTLS12, wire.VersionTLS13} {
		if !slices.Contains(c.versions, v) {
			continue
		}
		names := schemeNames(v)
		var ids []wire.SignatureScheme
		for s := range names {
			ids = append(ids, s)
		}
		if all := c.ask(append(ephemeral(v, "kECDHE:kDHE:!aNULL:!PSK:!SRP"), everyGroup(v)...)...); !all.hello {
			for _, x := range c.s.Schemes {
				if v == wire.VersionTLS12 && x.TLS12 == "yes" {
					c.differ("%s signature %s: openssl gets nothing signed, survey says yes", v, x.Scheme)
				}
			}
			continue
		}
		each(len(ids), func(i int) {
			s, ours := ids[i], "no"
			for _, x := range c.s.Schemes {
				if x.Scheme == s && v == wire.VersionTLS13 {
					ours = x.TLS13
				} else if x.Scheme == s {
					ours = x.TLS12
				}
			}
			ask := func(list ...string) answer {
				return c.ask(slices.Concat(ephemeral(v, "kECDHE:kDHE:!aNULL:!PSK:!SRP"), everyGroup(v), []string{"-sigalgs", strings.Join(list, ":")})...)
			}
			accepts := func(a answer) bool { return a.hello && a.scheme == s }
			ans := ask(names[s])
			if accepts(ans) != (ours == "yes") {
				ans = ask(names[s])
			}
			if ours == "yes" && !accepts(ans) {
				// HAProxy 2.6 chooses among certificates before OpenSSL does, and overlooks RSA-PSS in a list without PKCS #1.
				ans = ask(names[s], "RSA+SHA256")
			}
			if accepts(ans) != (ours == "yes") {
				c.differ("%s signature %s: openssl says %s, signed with %s; survey says %q", v, s, describe(ans), ans.scheme, ours)
			}
		})
	}
}

// askALPN asks for protocols by themselves: those that are usual, and those that the survey has found.
func (c *comparison) askALPN() {
	protocols := []string{"h2", "http/1.1", "http/1.0", "imap", "pop3", "xmpp-client", "acme-tls/1", "mqtt"}
	for _, p := range c.s.ALPN {
		if !slices.Contains(protocols, p) {
			protocols = append(protocols, p)
		}
	}
	v := c.newest()
	ask := func(p string) answer {
		return c.ask(slices.Concat(offering(v, suiteNames(c.accepted[v])...), everyGroup(v), []string{"-alpn", p})...)
	}
	each(len(protocols), func(i int) {
		p := protocols[i]
		ans := ask(p)
		if ours := slices.Contains(c.s.ALPN, p); (ans.alpn == p) != ours {
			c.differ("ALPN %s: openssl gets %q (%s), survey says %v", p, ans.alpn, describe(ans), ours)
		}
	})
	if len(c.s.ALPN) == 0 {
		return
	}
	const nobodys = "no-such-protocol"
	if ans, ours := ask(nobodys), c.s.ALPNRefuses; ans.hello != (ours == "no") {
		c.differ("an unknown ALPN: openssl says %s, survey says alpn_refuses: %q", describe(ans), ours)
	}
}

// askFeatures compares what a ServerHello before TLS 1.3 says by its extensions.
func (c *comparison) askFeatures() {
	v := c.classic()
	if v == 0 {
		return
	}
	all := slices.Concat(offering(v, suiteNames(c.accepted[v])...), everyGroup(v))
	compare := func(name string, yes bool, ans answer) {
		if want, got := map[bool]string{true: "yes", false: "no"}[yes], c.s.Features[name]; ans.hello && got != want {
			c.differ("%s: openssl finds %s, survey says %v", name, want, got)
		}
	}
	ans := c.ask(all...)
	compare("secure_renegotiation", slices.Contains(ans.exts, 0xff01), ans)
	compare("extended_master_secret", slices.Contains(ans.exts, 23), ans)
	compare("session_tickets", slices.Contains(ans.exts, 35), ans)
	without := c.ask(append(all, "-no_ticket")...)
	compare("session_ids", without.id, without)

	var blocks []string // encrypt-then-mac is answered with CBC alone (RFC 7366, Section 3)
	for _, s := range c.accepted[v] {
		if info, _ := s.id.Info(); info.Mode == wire.ModeCBC {
			blocks = append(blocks, s.name)
		}
	}
	if len(blocks) > 0 {
		ans := c.ask(append(offering(v, blocks...), everyGroup(v)...)...)
		compare("encrypt_then_mac", slices.Contains(ans.exts, 22), ans)
	}
	if i := slices.Index(c.versions, v); v == c.newest() && i > 0 || v < c.newest() {
		older := v
		if v == c.newest() {
			older = c.versions[i-1]
		}
		ans := c.ask(slices.Concat(offering(older, suiteNames(c.accepted[older])...), everyGroup(older), []string{"-fallback_scsv"})...)
		// A server that ends the connection without a word may mean either.
		if want, got := map[bool]string{true: "yes", false: "no"}[ans.alert == 86], c.s.Features["fallback_scsv"]; got != want && (ans.hello || ans.alert == 86) {
			c.differ("fallback_scsv: openssl finds %s (%s), survey says %v", want, describe(ans), got)
		}
	}
}
