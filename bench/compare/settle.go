//go:build linux

package main

import (
	"context"
	"fmt"
	"maps"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// dispute is something that not all scanners found.
type dispute struct {
	kind    string // "version", "suite", "group"
	what    string
	by, not []string // scanners
	verdict string   // what openssl s_client says: "accepted", "refused", "cannot be asked"
}

// disputes compares what was found, and asks openssl s_client where they differ.
func (s *setup) disputes(port int, names []string, all []*found) []*dispute {
	var list []*dispute
	for _, kind := range []struct {
		name string
		of   func(*found) set
	}{
		{"version", func(f *found) set { return f.versions }},
		{"suite", func(f *found) set { return f.pairs }},
		{"group", func(f *found) set { return f.groups }},
	} {
		union := set{}
		for _, f := range all {
			if f != nil {
				maps.Copy(union, kind.of(f))
			}
		}
		for _, what := range slices.Sorted(maps.Keys(union)) {
			d := &dispute{kind: kind.name, what: what}
			for i, f := range all {
				switch {
				case f == nil || kind.name == "group" && f.noGroups:
				case kind.of(f)[what]:
					d.by = append(d.by, names[i])
				default:
					d.not = append(d.not, names[i])
				}
			}
			if len(d.not) > 0 {
				list = append(list, d)
			}
		}
	}
	var wg sync.WaitGroup
	slots := make(chan struct{}, 8)
	for _, d := range list {
		wg.Add(1)
		go func() {
			defer wg.Done()
			slots <- struct{}{}
			defer func() { <-slots }()
			d.verdict = s.settle(port, d)
		}()
	}
	wg.Wait()
	return list
}

var (
	clientFlags = map[string]string{"TLS 1.0": "-tls1", "TLS 1.1": "-tls1_1", "TLS 1.2": "-tls1_2", "TLS 1.3": "-tls1_3"}
	cipherLine  = regexp.MustCompile(`Cipher is (\S+)`)
	clientError = regexp.MustCompile(`no ciphers available|Error with command|unknown option|Call to SSL_CONF_cmd|no cipher match|no protocols available`)
)

// settle asks openssl s_client.
func (s *setup) settle(port int, d *dispute) string {
	const all13 = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_CCM_SHA256:TLS_AES_128_CCM_8_SHA256"
	var tries [][]string
	switch d.kind {
	case "version":
		tries = [][]string{{clientFlags[d.what], "-cipher", "ALL:COMPLEMENTOFALL:@SECLEVEL=0", "-ciphersuites", all13}}
	case "suite":
		v, name := d.what[:7], d.what[8:]
		suite, _ := wire.ParseCipherSuite(name)
		if v == "TLS 1.3" {
			tries = [][]string{{"-tls1_3", "-cipher", "ALL:@SECLEVEL=0", "-ciphersuites", name}}
		} else if suite.OpenSSLName() != "" {
			tries = [][]string{{clientFlags[v], "-cipher", suite.OpenSSLName() + ":@SECLEVEL=0"}}
		}
	case "group":
		// With an RSA certificate as well as with an ECDSA one, that needs its own curve.
		for _, list := range []string{d.what, d.what + ":P-256"} {
			tries = append(tries, []string{"-tls1_2", "-cipher", "kECDHE:@SECLEVEL=0", "-groups", list})
		}
		tries = append(tries, []string{"-tls1_3", "-cipher", "ALL:@SECLEVEL=0", "-ciphersuites", all13, "-groups", d.what})
	}
	verdict := "cannot be asked"
	for _, args := range tries {
		if args[0] == "" {
			continue
		}
		switch said := s.client(port, args...); {
		case said == "":
			continue
		case said == "refused" || d.kind == "group" && strings.HasSuffix(args[len(args)-1], ":P-256") && said != d.what:
			verdict = "refused"
		default:
			return "accepted"
		}
	}
	return verdict
}

var (
	temporaryKey = regexp.MustCompile(`Server Temp Key: (?:ECDH, )?([\w-]+)`)
	keyNames     = strings.NewReplacer("prime256v1", "secp256r1", "X25519", "x25519", "X448", "x448")
)

// client runs one s_client and returns "" where it cannot ask, "refused", or
// the group of the key exchange.
func (s *setup) client(port int, args ...string) string {
	ctx, stop := context.WithTimeout(context.Background(), 20*time.Second)
	defer stop()
	c := exec.CommandContext(ctx, "openssl", append([]string{"s_client", "-connect", fmt.Sprintf("%s:%d", s.Addr, port), "-servername", s.Name}, args...)...)
	c.Env = append(c.Environ(), "OPENSSL_CONF=/dev/null")
	out, _ := c.CombinedOutput() // a refusal is an answer
	m := cipherLine.FindSubmatch(out)
	switch {
	case clientError.Match(out) || m == nil && !strings.Contains(string(out), "CONNECTED("):
		return ""
	case m == nil || string(m[1]) == "(NONE)" || string(m[1]) == "0000":
		return "refused"
	}
	if k := temporaryKey.FindSubmatch(out); k != nil {
		return keyNames.Replace(string(k[1]))
	}
	return "accepted"
}
