package trust

import (
	"encoding/hex"
	"time"
)

// Summary is a certificate as a report shows it.
type Summary struct {
	Subject   string    `json:"subject"`
	Issuer    string    `json:"issuer"`
	NotBefore time.Time `json:"not_before"`
	NotAfter  time.Time `json:"not_after"`
	SANs      []string  `json:"sans"`
	Key       string    `json:"key"`
	Signature string    `json:"signature"`
	SHA256    string    `json:"sha256"` // lower-case hex
}

// Summarize shortens a certificate to its Summary. SANs are DNS names and
// addresses, then the rest with its kind in front.
func Summarize(c *Certificate) Summary {
	s := Summary{
		Subject: c.Subject.String(), Issuer: c.Issuer.String(),
		NotBefore: c.NotBefore, NotAfter: c.NotAfter,
		SANs: append([]string{}, c.DNSNames...),
		Key:  c.Key.Describe(), Signature: c.SignatureAlgorithm.Name,
		SHA256: hex.EncodeToString(c.SHA256[:]),
	}
	for _, ip := range c.IPAddresses {
		s.SANs = append(s.SANs, ip.String())
	}
	for _, m := range c.EmailAddresses {
		s.SANs = append(s.SANs, "email:"+m)
	}
	for _, u := range c.URIs {
		s.SANs = append(s.SANs, "uri:"+u)
	}
	return s
}

// Summaries shortens a chain.
func Summaries(chain []*Certificate) []Summary {
	out := make([]Summary, len(chain))
	for i, c := range chain {
		out[i] = Summarize(c)
	}
	return out
}
