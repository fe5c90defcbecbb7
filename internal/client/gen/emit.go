package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// line is what package client decodes; the id has to come first.
type line struct {
	ID            string
	Kind          string
	Group         string
	Label         string
	Family        string
	Product       string
	Version       string
	Library       string   `json:",omitempty"`
	Software      []string `json:",omitempty"`
	Year          int
	Source        string
	Note          string   `json:",omitempty"`
	Sources       []string `json:",omitempty"`
	RecordVersion uint16
	Padding       string `json:",omitempty"`
	Hello         []byte
	Policy        linePolicy
}

type linePolicy struct {
	MinVersion                  uint16      `json:",omitempty"`
	MinRSABits                  int         `json:",omitempty"`
	MinECBits                   int         `json:",omitempty"`
	MinHandshakeRSABits         int         `json:",omitempty"`
	MaxHandshakeRSABits         int         `json:",omitempty"`
	MinDHBits                   int         `json:",omitempty"`
	MaxDHBits                   int         `json:",omitempty"`
	RefuseSHA1Certificates      bool        `json:",omitempty"`
	RefuseMD5Certificates       bool        `json:",omitempty"`
	RefuseSHA1Handshake         bool        `json:",omitempty"`
	RequireSecureRenegotiation  bool        `json:",omitempty"`
	RequireExtendedMasterSecret bool        `json:",omitempty"`
	RequireSAN                  bool        `json:",omitempty"`
	CommonNameToo               bool        `json:",omitempty"`
	DeepWildcards               bool        `json:",omitempty"`
	WildcardLabels              int         `json:",omitempty"`
	SendsSNI                    bool        `json:",omitempty"`
	VerifiesChain               bool        `json:",omitempty"`
	VerifiesName                bool        `json:",omitempty"`
	VerifiesDates               bool        `json:",omitempty"`
	PartialChain                bool        `json:",omitempty"`
	MaxPath                     int         `json:",omitempty"`
	SentOrderOnly               bool        `json:",omitempty"`
	IgnoresAnchorDates          bool        `json:",omitempty"`
	RefuseCALeaf                bool        `json:",omitempty"`
	IgnoresEKU                  bool        `json:",omitempty"`
	HonoursMustStaple           bool        `json:",omitempty"`
	RequiresCT                  bool        `json:",omitempty"`
	Validity                    []lineLimit `json:",omitempty"`
	HonoursDistrust             bool        `json:",omitempty"`
	FetchesAIA                  bool        `json:",omitempty"`
	PreloadsIntermediates       bool        `json:",omitempty"`
	UsesECH                     bool        `json:",omitempty"`
	Store                       string
	Revocation                  string   `json:",omitempty"`
	IPInCommonName              bool     `json:",omitempty"`
	IPAsDNSName                 bool     `json:",omitempty"`
	FallsBack                   []uint16 `json:",omitempty"`
	MaxCertificateBytes         int      `json:",omitempty"`
	MaxChain                    int      `json:",omitempty"`
	CheckKeyUsage               bool     `json:",omitempty"`
	KeyUsageFor                 string   `json:",omitempty"`
	RefuseWeakHTTP2             bool     `json:",omitempty"`
	Patience                    int      `json:",omitempty"`
}

type lineLimit struct {
	From string
	Days int
}

var (
	idPattern   = regexp.MustCompile(`^[a-z0-9]+([.-][a-z0-9]+)*$`)
	sources     = []string{"captured", "documented", "estimated"}
	paddings    = []string{"", "at-least-one", "exact", "body"}
	kinds       = []string{"reference", "browser", "platform", "language", "tool", "library", "mail", "proxy", "cdn", "bot"}
	stores      = regexp.MustCompile(`^(system|none|cloudflare|(mozilla|apple|microsoft|chrome|java|android|debian)(@[0-9]{4}-(0[1-9]|1[0-2]))?)$`)
	keyUsageFor = []string{"", "ecdsa", "ecdsa-tls12", "tls12"}
	revocation  = []string{"", "none", "stapled", "pushed", "soft", "hard"}
)

// emit checks the clients and writes a line for each.
func emit(clients []*clientFile, rules *rulesFile) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	var errs []error
	for _, c := range clients {
		l, err := c.compile(rules)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", c.path, err))
			continue
		}
		if err := enc.Encode(l); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), errors.Join(errs...)
}

func (c *clientFile) compile(rules *rulesFile) (*line, error) {
	var errs []error
	complain := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if !idPattern.MatchString(c.ID) {
		complain("id %q is not made of lower-case words, dots and dashes", c.ID)
	}
	for _, f := range []struct{ name, value string }{{"group", c.Group}, {"label", c.Label}, {"family", c.Family}, {"product", c.Product}, {"version", c.Version}, {"note", c.Note}} {
		if f.value == "" {
			complain("%s is missing", f.name)
		}
	}
	if c.Year < 1995 || c.Year > 2100 {
		complain("year %d", c.Year)
	}
	if !slices.Contains(kinds, c.Kind) {
		complain("kind %q is none of %s", c.Kind, strings.Join(kinds, ", "))
	}
	if c.Source == "documented" && len(c.Sources) == 0 {
		complain("it is documented, and sources name no document")
	}
	if !slices.Contains(sources, c.Source) {
		complain("source %q is none of %s", c.Source, strings.Join(sources, ", "))
	}
	if !slices.Contains(paddings, c.Padding) {
		complain("padding %q is none of %q", c.Padding, paddings)
	}
	if c.Policy == nil {
		complain("policy is missing")
		return nil, errors.Join(errs...)
	}
	msg, record, err := c.Hello.message()
	if err != nil {
		errs = append(errs, err)
	}
	p, err := c.Policy.compile(rules)
	if err != nil {
		errs = append(errs, err)
	}
	return &line{
		ID: c.ID, Kind: c.Kind, Group: c.Group, Label: c.Label, Family: c.Family, Product: c.Product, Version: c.Version, Library: c.Library, Software: c.Stack, Year: c.Year, Source: c.Source,
		Note: strings.Join(strings.Fields(c.Note), " "), RecordVersion: uint16(record), Padding: c.Padding, Hello: msg, Policy: p, Sources: c.Sources,
	}, errors.Join(errs...)
}

func (p *policy) compile(rules *rulesFile) (linePolicy, error) {
	var errs []error
	var minimum wire.Version
	if p.MinVersion != "" {
		v, ok := wire.ParseVersion(p.MinVersion)
		if !ok {
			errs = append(errs, fmt.Errorf("policy: min_version %q", p.MinVersion))
		}
		minimum = v
	}
	if !stores.MatchString(p.Store) {
		errs = append(errs, fmt.Errorf("policy: store %q is not of the form PROGRAM or PROGRAM@YYYY-MM", p.Store))
	}
	if !slices.Contains(keyUsageFor, p.KeyUsageFor) || p.KeyUsageFor != "" && !p.CheckKeyUsage {
		errs = append(errs, fmt.Errorf("policy: key_usage_for %q is none of %q, or check_key_usage is not set", p.KeyUsageFor, keyUsageFor))
	}
	if !slices.Contains(revocation, p.Revocation) {
		errs = append(errs, fmt.Errorf("policy: revocation %q is none of %q", p.Revocation, revocation))
	}
	var fallsBack []uint16
	for _, s := range p.FallsBack {
		v, ok := wire.ParseVersion(s)
		if !ok {
			errs = append(errs, fmt.Errorf("policy: falls_back %q", s))
		}
		fallsBack = append(fallsBack, uint16(v))
	}
	if p.VerifiesChain && p.Store == "none" {
		errs = append(errs, errors.New("policy: it verifies chains without a store"))
	}
	for name, n := range map[string]int{
		"min_rsa_bits": p.MinRSABits, "min_ec_bits": p.MinECBits, "min_handshake_rsa_bits": p.MinHandshakeRSABits,
		"max_handshake_rsa_bits": p.MaxHandshakeRSABits, "min_dh_bits": p.MinDHBits, "max_dh_bits": p.MaxDHBits, "max_certificate_bytes": p.MaxCertificateBytes,
		"max_chain": p.MaxChain, "max_path": p.MaxPath, "patience": p.Patience, "wildcard_labels": p.WildcardLabels,
	} {
		if n < 0 || n > 1<<24 {
			errs = append(errs, fmt.Errorf("policy: %s is %d", name, n))
		}
	}
	validity, err := rules.schedule(p.Validity)
	if err != nil {
		errs = append(errs, err)
	}
	return linePolicy{
		MinVersion: uint16(minimum), MinRSABits: p.MinRSABits, MinECBits: p.MinECBits,
		MinHandshakeRSABits: p.MinHandshakeRSABits, MaxHandshakeRSABits: p.MaxHandshakeRSABits, MinDHBits: p.MinDHBits, MaxDHBits: p.MaxDHBits,
		RefuseSHA1Certificates: p.RefuseSHA1Certificates, RefuseMD5Certificates: p.RefuseMD5Certificates,
		RefuseSHA1Handshake: p.RefuseSHA1Handshake, WildcardLabels: p.WildcardLabels, CommonNameToo: p.CommonNameToo, DeepWildcards: p.DeepWildcards, PartialChain: p.PartialChain,
		SentOrderOnly: p.SentOrderOnly, IgnoresAnchorDates: p.IgnoresAnchorDates, RefuseCALeaf: p.RefuseCALeaf, IgnoresEKU: p.IgnoresEKU, HonoursDistrust: p.HonoursDistrust,
		RequireSecureRenegotiation: p.RequireSecureRenegotiation, RequireExtendedMasterSecret: p.RequireExtendedMasterSecret,
		RequireSAN: p.RequireSAN, SendsSNI: p.SendsSNI, VerifiesChain: p.VerifiesChain, VerifiesName: p.VerifiesName, VerifiesDates: p.VerifiesDates,
		HonoursMustStaple: p.HonoursMustStaple, RequiresCT: p.RequiresCT, Validity: validity, FetchesAIA: p.FetchesAIA, UsesECH: p.UsesECH, PreloadsIntermediates: p.PreloadsIntermediates, MaxPath: p.MaxPath,
		Store: p.Store, MaxCertificateBytes: p.MaxCertificateBytes, MaxChain: p.MaxChain, CheckKeyUsage: p.CheckKeyUsage, KeyUsageFor: p.KeyUsageFor,
		RefuseWeakHTTP2: p.RefuseWeakHTTP2, Patience: p.Patience, Revocation: p.Revocation,
		IPInCommonName: p.IPInCommonName, IPAsDNSName: p.IPAsDNSName, FallsBack: fallsBack,
	}, errors.Join(errs...)
}

// schedule returns a named list of limits and checks that its dates ascend.
func (r *rulesFile) schedule(name string) ([]lineLimit, error) {
	if name == "" {
		return nil, nil
	}
	list, ok := r.Schedules[name]
	if !ok {
		return nil, fmt.Errorf("policy: validity %q is no schedule of rules/validity.yaml", name)
	}
	var out []lineLimit
	for _, l := range list {
		if _, err := time.Parse(time.DateOnly, l.From); err != nil || l.Days <= 0 {
			return nil, fmt.Errorf("rules/validity.yaml: %s: from %q, days %d", name, l.From, l.Days)
		}
		if n := len(out); n > 0 && out[n-1].From >= l.From {
			return nil, fmt.Errorf("rules/validity.yaml: %s: %s does not come after %s", name, l.From, out[n-1].From)
		}
		out = append(out, lineLimit(l))
	}
	return out, nil
}
