package survey

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"github.com/tlswhy/tlswhy/internal/wire"
)

// mozillaJSON holds the facts of Mozilla's Server Side TLS guidelines; its
// "source" says which.
//
//go:embed data/mozilla.json
var mozillaJSON []byte

// guidelines are recommended configurations.
type guidelines struct {
	Version  string        `json:"version"`
	Source   string        `json:"source"`
	Profiles []recommended `json:"profiles"` // strictest first
}

// recommended is one configuration. Lists are in order of preference.
type recommended struct {
	Name     string   `json:"name"`
	Versions []string `json:"versions"`
	Suites   []string `json:"suites"` // IANA names, of all versions
	Groups   []string `json:"groups"`
	// CertificateTypes are "ecdsa" and "rsa".
	CertificateTypes      []string `json:"certificate_types"`
	CertificateCurves     []string `json:"certificate_curves"`
	CertificateSignatures []string `json:"certificate_signatures"` // of the CA
	RSABits               int      `json:"rsa_bits"`               // 0: no RSA key
	DHBits                int      `json:"dh_bits"`                // 0: no finite fields
	ECDHBits              int      `json:"ecdh_bits"`
	HSTSMaxAge            int64    `json:"hsts_max_age_s"`
	OCSPStapling          bool     `json:"ocsp_stapling"`
	ServerOrder           bool     `json:"server_order"`
	MaxDays               int      `json:"max_days"` // of the certificate's validity

	versions []wire.Version
	suites   []wire.CipherSuite
	groups   []wire.Group
}

// mozilla reads the data, once. That it can be read is tested.
var mozilla = sync.OnceValue(func() *guidelines {
	g, err := readGuidelines(mozillaJSON)
	if err != nil {
		return &guidelines{}
	}
	return g
})

func readGuidelines(data []byte) (*guidelines, error) {
	g := new(guidelines)
	if err := json.Unmarshal(data, g); err != nil {
		return nil, fmt.Errorf("reading the guidelines: %w", err)
	}
	for i := range g.Profiles {
		p := &g.Profiles[i]
		for _, name := range p.Versions {
			v, ok := wire.ParseVersion(name)
			if !ok {
				return nil, fmt.Errorf("guidelines: version %q", name)
			}
			p.versions = append(p.versions, v)
		}
		for _, name := range p.Suites {
			x, ok := wire.ParseCipherSuite(name)
			if !ok {
				return nil, fmt.Errorf("guidelines: suite %q", name)
			}
			p.suites = append(p.suites, x)
		}
		for _, name := range p.Groups {
			x, ok := wire.ParseGroup(name)
			if !ok {
				return nil, fmt.Errorf("guidelines: group %q", name)
			}
			p.groups = append(p.groups, x)
		}
	}
	return g, nil
}

// weaker says that a suite protects less than the weakest of the configuration
// does. One that is not listed and as good as one that is passes: new suites come,
// and lists stay.
func (p *recommended) weaker(x wire.CipherSuite) bool {
	if slices.Contains(p.suites, x) {
		return false
	}
	i, ok := x.Info()
	if why, _ := weakness(x); !ok || why != "" || i.Mode == wire.ModeCCM8 {
		return true // tags of 64 bits are for small devices
	}
	switch i.Authentication {
	case wire.AuthRSA, wire.AuthECDSA, wire.AuthTLS13:
	default:
		return true
	}
	return !slices.ContainsFunc(p.suites, func(y wire.CipherSuite) bool {
		j, _ := y.Info()
		return (i.KeyExchange == wire.KXTLS13) == (j.KeyExchange == wire.KXTLS13) && (i.AEAD || !j.AEAD) && (i.ForwardSecret || !j.ForwardSecret) && i.KeyBits >= min(j.KeyBits, 128)
	})
}

// suitesOf are the suites that the configuration has for a version.
func (p *recommended) suitesOf(v wire.Version) []wire.CipherSuite {
	var out []wire.CipherSuite
	for _, x := range p.suites {
		if i, ok := x.Info(); ok && i.SupportedIn(v) {
			out = append(out, x)
		}
	}
	return out
}
