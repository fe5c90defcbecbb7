//go:build linux

package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// surveyed is what these tests read of a survey's document, as a user's script would.
type surveyed struct {
	Versions []wire.Version `json:"versions"`
	Suites   map[string]struct {
		Order       string             `json:"order"`
		List        []wire.CipherSuite `json:"list"`
		ChaChaFirst string             `json:"chacha_first"`
	} `json:"suites"`
	Groups []struct {
		Group wire.Group `json:"id"`
		TLS13 string     `json:"tls13"`
		TLS12 string     `json:"tls12"`
	} `json:"groups"`
	GroupOrder   string `json:"group_order"`
	GroupOrder12 string `json:"group_order_tls12"` // of a server that has TLS 1.3 too
	ShareFirst   string `json:"key_share_first"`
	Schemes      []struct {
		Scheme wire.SignatureScheme `json:"id"`
		TLS13  string               `json:"tls13"`
		TLS12  string               `json:"tls12"`
	} `json:"signature_algorithms"`
	SchemeOrder  string   `json:"signature_order"`
	ALPN         []string `json:"alpn"`
	ALPNRefuses  string   `json:"alpn_refuses"`
	Certificates []struct {
		SHA256 string `json:"sha256"`
	} `json:"certificates"`
	Features map[string]any `json:"features"`
	Complete bool           `json:"complete"`
	Notes    []string       `json:"notes"`

	Connections int     `json:"connections"`
	RoundTrips  int     `json:"round_trips"`
	ElapsedMS   float64 `json:"elapsed_ms"`
}

// survey runs tlswhy survey on the endpoint.
func survey(e *env, target string) *surveyed {
	e.t.Helper()
	c := exec.Command(program(e.t), "survey", target, "--connect", e.addr(), "--ca-file", e.pki.roots(), "--json")
	c.Env = append(c.Environ(), "HOME="+e.dir, "XDG_CONFIG_HOME="+e.dir)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil {
		e.t.Fatalf("%s: %v\n%s%s", c, err, errs.String(), clip(out.String(), 1500))
	}
	s := &surveyed{}
	if err := json.Unmarshal(out.Bytes(), s); err != nil {
		e.t.Fatalf("%s: %v\n%s", c, err, clip(out.String(), 1500))
	}
	if !s.Complete {
		e.t.Errorf("the survey is not complete: %s", strings.Join(s.Notes, "; "))
	}
	return s
}

// comparison holds a survey against foreign clients.
type comparison struct {
	*asker
	s *surveyed

	asked   atomic.Int64
	mu      sync.Mutex
	differs []string
	leaves  map[string]string // seen by foreign clients, and where

	versions []wire.Version                  // accepted, oldest first
	accepted map[wire.Version][]opensslSuite // of those that openssl can offer
	refused  map[wire.Version][]opensslSuite // likewise
}

// TestSurveyAgreesWithOpenSSL asks every server for each thing one by one with openssl s_client, and with gnutls-cli for the
// suites that Debian's OpenSSL lacks, and holds the survey against all answers. Nothing is remembered from earlier runs.
func TestSurveyAgreesWithOpenSSL(t *testing.T) {
	program(t)
	more := gnutlsSuites(t)
	var asked atomic.Int64
	t.Cleanup(func() { t.Logf("%d servers, %d questions", len(surveyRows), asked.Load()) })
	for _, r := range surveyRows {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			server, target := r.server, r.target
			if server == "" {
				server, _, _ = strings.Cut(r.name, "/")
			}
			if target == "" {
				target = "shop.example"
			}
			e := start(t, server, r.spec)
			s := survey(e, target)
			c := &comparison{asker: &asker{t: t, addr: e.addr()}, s: s, leaves: map[string]string{}, accepted: map[wire.Version][]opensslSuite{}, refused: map[wire.Version][]opensslSuite{}}
			if scheme, _, ok := strings.Cut(target, "://"); ok {
				c.starttls = scheme
			}
			c.askVersions()
			c.askSuites(more)
			c.askOrders()
			c.askGroups()
			c.askSchemes()
			c.askALPN()
			c.askFeatures()
			c.compareLeaves()
			asked.Add(c.asked.Load())
			t.Logf("survey: %d connections, %d round trips, %.0f ms; foreign clients: %d", s.Connections, s.RoundTrips, s.ElapsedMS, c.asked.Load())
			slices.Sort(c.differs)
			if len(c.differs) > 0 {
				t.Errorf("%d differences; the server: %s\n  %s", len(c.differs), commands(e), strings.Join(c.differs, "\n  "))
			}
		})
	}
}

// commands are the command lines of the endpoint's processes.
func commands(e *env) string {
	var list []string
	for _, p := range e.procs {
		list = append(list, p.cmd.String())
	}
	return strings.Join(list, "; ")
}

func (c *comparison) differ(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.differs = append(c.differs, fmt.Sprintf(format, args...))
}

// ask is openssl with a count and a look at the certificate.
func (c *comparison) ask(args ...string) answer {
	ans := c.openssl(args...)
	c.asked.Add(1)
	if ans.leaf != "" {
		c.mu.Lock()
		c.leaves[ans.leaf] = strings.Join(args, " ")
		c.mu.Unlock()
	}
	return ans
}

// each runs f for all of n at once; the asker bounds the processes.
func each(n int, f func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Add(1)
		go func() { defer wg.Done(); f(i) }()
	}
	wg.Wait()
}

func suiteNames(list []opensslSuite) []string {
	var names []string
	for _, s := range list {
		names = append(names, s.name)
	}
	return names
}

func (c *comparison) askVersions() {
	all := []wire.Version{wire.VersionTLS10, wire.VersionTLS11, wire.VersionTLS12, wire.VersionTLS13}
	yes := make([]bool, len(all))
	each(len(all), func(i int) {
		ans := c.ask(append(offering(all[i], suiteNames(opensslSuites(c.t, all[i]))...), everyGroup(all[i])...)...)
		yes[i] = ans.hello && ans.version == all[i]
		if ours := slices.Contains(c.s.Versions, all[i]); ours != yes[i] {
			c.differ("%s: openssl says %s, survey says %v", all[i], describe(ans), ours)
		}
	})
	for i, v := range all {
		if yes[i] {
			c.versions = append(c.versions, v)
		}
	}
	if len(c.versions) == 0 {
		c.t.Fatal("openssl gets through in no version")
	}
}

func (c *comparison) newest() wire.Version { return c.versions[len(c.versions)-1] }

// classic is the newest version before TLS 1.3 that the server takes, or 0.
func (c *comparison) classic() wire.Version {
	for _, v := range slices.Backward(c.versions) {
		if v < wire.VersionTLS13 {
			return v
		}
	}
	return 0
}

// askSuites asks for each suite by itself. A version that was refused with all suites together needs no more questions, and
// suites with a pre-shared key or password are asked for one by one only where a server takes any of them.
func (c *comparison) askSuites(more []gnutlsSuite) {
	for _, v := range c.versions {
		list := opensslSuites(c.t, v)
		known := map[wire.CipherSuite]bool{}
		for _, s := range list {
			known[s.id] = true
		}
		kinds := map[string][]opensslSuite{}
		for _, s := range list {
			kinds[secretKind(s.name)] = append(kinds[secretKind(s.name)], s)
		}
		for _, kind := range []string{"", "PSK", "SRP"} {
			list := kinds[kind]
			ask := func(names ...string) answer { return c.ask(append(offering(v, names...), everyGroup(v)...)...) }
			all := answer{hello: true}
			if kind != "" && len(list) > 0 {
				all = ask(suiteNames(list)...)
			}
			yes := make([]bool, len(list))
			each(len(list), func(i int) {
				yes[i] = c.suite(v, list[i].id, "openssl", func() answer {
					if !all.hello {
						return all
					}
					return ask(list[i].name)
				})
			})
			for i, s := range list {
				if yes[i] {
					c.accepted[v] = append(c.accepted[v], s)
				} else {
					c.refused[v] = append(c.refused[v], s)
				}
			}
		}
		if v == wire.VersionTLS13 {
			continue
		}
		others := map[string][]gnutlsSuite{}
		for _, s := range more {
			if info, ok := s.id.Info(); !known[s.id] && ok && info.MinVersion <= v {
				others[secretKind(s.name)] = append(others[secretKind(s.name)], s)
			}
		}
		for _, kind := range []string{"", "PSK", "SRP"} {
			list := others[kind]
			ask := func(which ...gnutlsSuite) answer { c.asked.Add(1); return c.gnutls(v, which...) }
			all := answer{hello: true}
			if kind != "" && len(list) > 0 {
				all = ask(list...)
			}
			each(len(list), func(i int) {
				c.suite(v, list[i].id, "gnutls-cli", func() answer {
					if !all.hello {
						return all
					}
					return ask(list[i])
				})
			})
		}
	}
}

// secretKind is what a suite needs beside certificates.
func secretKind(name string) string {
	for _, kind := range []string{"PSK", "SRP"} {
		if strings.Contains(name, kind) {
			return kind
		}
	}
	return ""
}

// suite holds one answer against the survey and says whether the suite is accepted. A difference is asked once more, for a
// busy server may have dropped the first question.
func (c *comparison) suite(v wire.Version, id wire.CipherSuite, who string, ask func() answer) bool {
	ours := slices.Contains(c.s.Suites[v.String()].List, id)
	accepts := func(a answer) bool { return a.hello && a.version == v && a.suite == id }
	ans := ask()
	if accepts(ans) != ours {
		ans = ask()
	}
	if accepts(ans) != ours {
		c.differ("%s %s: %s says %s, survey says %s", v, id, who, describe(ans), map[bool]string{true: "accepted", false: "refused"}[ours])
	}
	return accepts(ans)
}

// compareLeaves: whatever certificate a foreign client saw, the survey has to have seen.
func (c *comparison) compareLeaves() {
	ours := map[string]bool{}
	for _, x := range c.s.Certificates {
		ours[x.SHA256] = true
	}
	for _, leaf := range slices.Sorted(maps.Keys(c.leaves)) {
		if !ours[leaf] {
			c.differ("certificate %s: openssl sees it with %s, survey does not", leaf, c.leaves[leaf])
		}
	}
}
