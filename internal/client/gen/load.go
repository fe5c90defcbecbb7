package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// clientFile is one file of data; client.schema.json says the same for editors.
type clientFile struct {
	ID      string   `yaml:"id"`
	Kind    string   `yaml:"kind"`
	Group   string   `yaml:"group"`
	Label   string   `yaml:"label"`
	Family  string   `yaml:"family"`
	Product string   `yaml:"product"`
	Version string   `yaml:"version"`
	Library string   `yaml:"library"`
	Stack   []string `yaml:"stack"`
	Year    int      `yaml:"year"`
	Source  string   `yaml:"source"`
	Note    string   `yaml:"note"`
	Sources []string `yaml:"sources"`
	Padding string   `yaml:"padding"`
	Hello   hello    `yaml:"hello"`
	Policy  *policy  `yaml:"policy"`

	path string
}

// hello is either Base64, the records of a capture, or a description to build from.
type hello struct {
	Base64 string `yaml:"base64"`

	Suites              []string `yaml:"suites"`
	Extensions          []string `yaml:"extensions"` // in order; those below by name, others as name=hex
	Versions            []string `yaml:"versions"`
	Groups              []string `yaml:"groups"`
	KeyShares           []string `yaml:"key_shares"`
	SignatureAlgorithms []string `yaml:"signature_algorithms"`
	ALPN                []string `yaml:"alpn"`
	SessionID           int      `yaml:"session_id"` // bytes
	LegacyVersion       string   `yaml:"legacy_version"`
	RecordVersion       string   `yaml:"record_version"`
}

type policy struct {
	MinVersion                  string   `yaml:"min_version"`
	MinRSABits                  int      `yaml:"min_rsa_bits"`
	MinECBits                   int      `yaml:"min_ec_bits"`
	MinHandshakeRSABits         int      `yaml:"min_handshake_rsa_bits"`
	MaxHandshakeRSABits         int      `yaml:"max_handshake_rsa_bits"`
	MinDHBits                   int      `yaml:"min_dh_bits"`
	MaxDHBits                   int      `yaml:"max_dh_bits"`
	RefuseSHA1Certificates      bool     `yaml:"refuse_sha1_certificates"`
	RefuseMD5Certificates       bool     `yaml:"refuse_md5_certificates"`
	RefuseSHA1Handshake         bool     `yaml:"refuse_sha1_handshake"`
	RequireSecureRenegotiation  bool     `yaml:"require_secure_renegotiation"`
	RequireExtendedMasterSecret bool     `yaml:"require_extended_master_secret"`
	RequireSAN                  bool     `yaml:"require_san"`
	CommonNameToo               bool     `yaml:"common_name_too"`
	DeepWildcards               bool     `yaml:"deep_wildcards"`
	WildcardLabels              int      `yaml:"wildcard_labels"`
	SendsSNI                    bool     `yaml:"sends_sni"`
	VerifiesChain               bool     `yaml:"verifies_chain"`
	VerifiesName                bool     `yaml:"verifies_name"`
	VerifiesDates               bool     `yaml:"verifies_dates"`
	PartialChain                bool     `yaml:"partial_chain"`
	MaxPath                     int      `yaml:"max_path"`
	SentOrderOnly               bool     `yaml:"sent_order_only"`
	IgnoresAnchorDates          bool     `yaml:"ignores_anchor_dates"`
	RefuseCALeaf                bool     `yaml:"refuse_ca_leaf"`
	IgnoresEKU                  bool     `yaml:"ignores_eku"`
	HonoursMustStaple           bool     `yaml:"honours_must_staple"`
	RequiresCT                  bool     `yaml:"requires_ct"`
	Validity                    string   `yaml:"validity"` // a schedule of validity.yaml
	HonoursDistrust             bool     `yaml:"honours_distrust"`
	FetchesAIA                  bool     `yaml:"fetches_aia"`
	PreloadsIntermediates       bool     `yaml:"preloads_intermediates"`
	UsesECH                     bool     `yaml:"uses_ech"`
	Store                       string   `yaml:"store"`
	Revocation                  string   `yaml:"revocation"`
	IPInCommonName              bool     `yaml:"ip_in_common_name"`
	IPAsDNSName                 bool     `yaml:"ip_as_dns_name"`
	FallsBack                   []string `yaml:"falls_back"`
	MaxCertificateBytes         int      `yaml:"max_certificate_bytes"`
	MaxChain                    int      `yaml:"max_chain"`
	CheckKeyUsage               bool     `yaml:"check_key_usage"`
	KeyUsageFor                 string   `yaml:"key_usage_for"`
	RefuseWeakHTTP2             bool     `yaml:"refuse_weak_http2"`
	Patience                    int      `yaml:"patience"` // seconds
}

// rulesFile is rules/validity.yaml: limits on the validity of leaves by the day
// of their issuance.
type rulesFile struct {
	Schedules map[string][]limit `yaml:"schedules"`
}

type limit struct {
	From string `yaml:"from"` // YYYY-MM-DD
	Days int    `yaml:"days"`
}

// load reads every file and reports all that cannot be read, not the first.
func load(dir string) ([]*clientFile, *rulesFile, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		return nil, nil, err
	}
	rules := &rulesFile{}
	errs := []error{decode(filepath.Join(dir, "rules", "validity.yaml"), rules)}
	var clients []*clientFile
	for _, path := range paths {
		c := &clientFile{path: path}
		if err := decode(path, c); err != nil {
			errs = append(errs, err)
			continue
		}
		if want := strings.TrimSuffix(filepath.Base(path), ".yaml"); c.ID != want {
			errs = append(errs, fmt.Errorf("%s: id is %q, the file's name says %q", path, c.ID, want))
		}
		clients = append(clients, c)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, nil, err
	}
	slices.SortFunc(clients, func(a, b *clientFile) int { return strings.Compare(a.ID, b.ID) })
	return clients, rules, nil
}

// decode reads one document strictly: an unknown or doubled key is an error that
// tells file and line.
func decode(path string, into any) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	dec := yaml.NewDecoder(f, yaml.Strict())
	switch err := dec.Decode(into); {
	case errors.Is(err, io.EOF):
		return fmt.Errorf("%s: empty file", path)
	case err != nil:
		return located(path, err)
	}
	var more any
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: more than one document", path)
	}
	return nil
}

// located puts file and line before goccy/go-yaml's message, in the form that
// editors can follow.
func located(path string, err error) error {
	var syntax yaml.Error
	if errors.As(err, &syntax) && syntax.GetToken() != nil && syntax.GetToken().Position != nil {
		pos := syntax.GetToken().Position
		return fmt.Errorf("%s:%d:%d: %s", path, pos.Line, pos.Column, syntax.GetMessage())
	}
	return fmt.Errorf("%s: %w", path, err)
}
