//go:build linux

package main

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// found is what a scanner says that a server accepts, as words that can be
// compared: "TLS 1.2", "TLS 1.2 TLS_RSA_WITH_AES_128_CBC_SHA", "x25519".
type found struct {
	versions, pairs, groups set
	noGroups                bool // it lists none, by design
	roundTrips              int  // that it says it took; 0 where it says nothing
}

type set map[string]bool

func newFound() *found { return &found{versions: set{}, pairs: set{}, groups: set{}} }

func (f *found) pair(v wire.Version, suite wire.CipherSuite) {
	f.versions[v.String()] = true
	f.pairs[v.String()+" "+suite.String()] = true
}

// scanner is a program that lists what a server accepts.
type scanner struct {
	name string
	// cmd has {out} where the scanner is to write its file, if it writes one.
	cmd  []string
	read func(c cost, file string) (*found, error)
}

// scanners are the peers, each asked for all that it can tell of versions,
// suites, their order, groups and certificates, and tlswhy first. testssl.sh has
// two tests of suites, of which the faster one (-P) lists nothing where the
// client's order decides; the other (-E) tells no order.
func (s *setup) scanners(port int, serverOrder bool) []scanner {
	at := fmt.Sprintf("%s:%d", s.Addr, port)
	suites := "-E"
	if serverOrder {
		suites = "-P"
	}
	return []scanner{
		{"tlswhy survey", []string{s.Tlswhy, "survey", fmt.Sprintf("%s:%d", s.Name, port), "--connect", at, "--ca-file", s.CA, "--json"}, readSurvey},
		{"nmap ssl-enum-ciphers", []string{"nmap", "-Pn", "-n", "-p", fmt.Sprint(port), "--script", "ssl-enum-ciphers", "--script-args", "tls.servername=" + s.Name, s.Addr}, readNmap},
		{"sslscan", []string{"sslscan", "--no-colour", "--show-certificate", "--show-sigs", "--sni-name=" + s.Name, "--xml={out}", at}, readSslscan},
		{"testssl.sh", []string{
			"testssl", "--quiet", "--color", "0", "--warnings", "off", "--nodns=none", "--openssl", "/usr/bin/openssl", "--add-ca", s.CA,
			"-p", suites, "-f", "-S", "--jsonfile", "{out}", "--ip=" + s.Addr, fmt.Sprintf("%s:%d", s.Name, port),
		}, readTestssl},
	}
}

func readSurvey(c cost, _ string) (*found, error) {
	var doc struct {
		Versions []wire.Version `json:"versions"`
		Suites   map[string]struct {
			List []wire.CipherSuite `json:"list"`
		} `json:"suites"`
		Groups []struct {
			Group wire.Group `json:"id"`
			TLS13 string     `json:"tls13"`
			TLS12 string     `json:"tls12"`
		} `json:"groups"`
		Complete   bool     `json:"complete"`
		Notes      []string `json:"notes"`
		RoundTrips int      `json:"round_trips"`
	}
	if c.Exit != 0 {
		return nil, fmt.Errorf("exit %d: %s", c.Exit, firstLine(c))
	}
	if err := json.Unmarshal(c.Stdout, &doc); err != nil {
		return nil, fmt.Errorf("reading its document: %w", err)
	}
	if !doc.Complete {
		return nil, fmt.Errorf("not complete: %s", strings.Join(doc.Notes, "; "))
	}
	f := newFound()
	f.roundTrips = doc.RoundTrips
	for _, v := range doc.Versions {
		f.versions[v.String()] = true
		for _, suite := range doc.Suites[v.String()].List {
			f.pair(v, suite)
		}
	}
	for _, g := range doc.Groups {
		if g.TLS13 == "yes" || g.TLS12 == "yes" {
			f.groups[g.Group.String()] = true
		}
	}
	return f, nil
}

var nmapLine = regexp.MustCompile(`(?m)^\|_? +(?:((?:SSL|TLS)v[0-9.]+): *|(TLS_\w+) .*)$`)

// readNmap reads the text: versions, and below each its suites. Of TLS 1.3 it
// says AKE where the registry says nothing.
func readNmap(c cost, _ string) (*found, error) {
	if c.Exit != 0 {
		return nil, fmt.Errorf("exit %d: %s", c.Exit, firstLine(c))
	}
	f := newFound()
	f.noGroups = true
	var v wire.Version
	for _, m := range nmapLine.FindAllStringSubmatch(string(c.Stdout), -1) {
		if m[1] != "" {
			v, _ = wire.ParseVersion(m[1])
			continue
		}
		name := strings.Replace(m[2], "TLS_AKE_WITH_", "TLS_", 1)
		suite, ok := wire.ParseCipherSuite(name)
		if !ok || v == 0 {
			return nil, fmt.Errorf("nmap names a suite %q", m[2])
		}
		f.pair(v, suite)
	}
	return f.any(c)
}

// any is an error where nothing was found: every server takes something.
func (f *found) any(c cost) (*found, error) {
	if len(f.pairs) == 0 {
		return nil, fmt.Errorf("found nothing, exit %d: %s", c.Exit, firstLine(c))
	}
	return f, nil
}

func readSslscan(c cost, file string) (*found, error) {
	if c.Exit != 0 {
		return nil, fmt.Errorf("exit %d: %s", c.Exit, firstLine(c))
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	type row struct {
		Version string `xml:"sslversion,attr"`
		ID      string `xml:"id,attr"`
	}
	var doc struct {
		Test struct {
			Ciphers []row `xml:"cipher"`
			Groups  []row `xml:"group"`
		} `xml:"ssltest"`
	}
	if err := xml.Unmarshal(b, &doc); err != nil {
		return nil, fmt.Errorf("reading its file: %w", err)
	}
	f := newFound()
	for _, x := range doc.Test.Ciphers {
		v, okV := wire.ParseVersion(x.Version)
		suite, ok := wire.ParseCipherSuite(x.ID)
		if !ok || !okV {
			return nil, fmt.Errorf("sslscan names a suite %s %q", x.Version, x.ID)
		}
		f.pair(v, suite)
	}
	for _, x := range doc.Test.Groups {
		g, ok := wire.ParseGroup(x.ID)
		if !ok {
			return nil, fmt.Errorf("sslscan names a group %q", x.ID)
		}
		f.groups[g.String()] = true
	}
	return f.any(c)
}

var testsslSuite = regexp.MustCompile(`^cipher-(\w+?)_x([0-9a-f]{2,4})$`)

// readTestssl takes no notice of the exit code, which counts findings.
func readTestssl(c cost, file string) (*found, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, errors.Join(err, errors.New(firstLine(c)))
	}
	var rows []struct {
		ID      string `json:"id"`
		Finding string `json:"finding"`
	}
	if err := json.Unmarshal(b, &rows); err != nil {
		return nil, fmt.Errorf("reading its file: %w", err)
	}
	f := newFound()
	for _, r := range rows {
		switch {
		case strings.HasPrefix(r.ID, "cipherorder_"):
			v, ok := wire.ParseVersion(strings.ReplaceAll(strings.TrimPrefix(r.ID, "cipherorder_"), "_", "."))
			if !ok {
				return nil, fmt.Errorf("testssl.sh names a version %q", r.ID)
			}
			for name := range strings.FieldsSeq(r.Finding) {
				suite, ok := wire.ParseCipherSuite(name)
				if !ok {
					return nil, fmt.Errorf("testssl.sh names a suite %q", name)
				}
				f.pair(v, suite)
			}
		case testsslSuite.MatchString(r.ID):
			m := testsslSuite.FindStringSubmatch(r.ID)
			v, okV := wire.ParseVersion(strings.ReplaceAll(m[1], "_", "."))
			n, err := strconv.ParseUint(m[2], 16, 16)
			if !okV || err != nil {
				return nil, fmt.Errorf("testssl.sh names a suite %q", r.ID)
			}
			f.pair(v, wire.CipherSuite(n))
		case r.ID == "PFS_ECDHE_curves", r.ID == "FS_ECDHE_curves", r.ID == "DH_groups":
			for name := range strings.FieldsSeq(r.Finding) {
				if g, ok := wire.ParseGroup(name); ok { // others are words on DH parameters
					f.groups[g.String()] = true
				}
			}
		}
	}
	return f.any(c)
}
