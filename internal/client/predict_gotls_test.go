package client

import (
	"crypto/rsa"
	"crypto/tls"
	"slices"
	"testing"

	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// TestPredictionAgainstGo: the same with crypto/tls, which was written by others,
// and serves two certificates.
func TestPredictionAgainstGo(t *testing.T) {
	// In TLS 1.2 it settles on a certificate first, then on a suite.
	ecdsa := []wire.CipherSuite{wire.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, wire.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, wire.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, wire.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA}
	rsas := []wire.CipherSuite{wire.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, wire.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, wire.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, wire.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA}
	own13 := []wire.CipherSuite{wire.TLS_AES_128_GCM_SHA256, wire.TLS_AES_256_GCM_SHA384, wire.TLS_CHACHA20_POLY1305_SHA256}
	x25519 := []wire.Group{wire.GroupX25519, wire.GroupSecp256r1, wire.GroupSecp384r1}
	for _, c := range []struct {
		name     string
		versions []wire.Version
		suites   []wire.CipherSuite
		groups   []wire.Group
		keys     []string
	}{
		{"two certificates", []wire.Version{wire.VersionTLS13, wire.VersionTLS12}, slices.Concat(ecdsa, rsas), x25519, []string{"ECDSA P-256", "RSA 2048"}},
		{"two certificates and old versions", []wire.Version{wire.VersionTLS12, wire.VersionTLS11, wire.VersionTLS10}, slices.Concat(ecdsa, rsas), x25519, []string{"ECDSA P-256", "RSA 2048"}},
		{"a post-quantum group", []wire.Version{wire.VersionTLS13, wire.VersionTLS12}, ecdsa, append([]wire.Group{wire.GroupX25519MLKEM768}, x25519...), []string{"ECDSA P-256"}},
		{"secp384r1 alone", []wire.Version{wire.VersionTLS13, wire.VersionTLS12}, rsas, x25519[2:], []string{"RSA 2048"}},
		{"key transport", []wire.Version{wire.VersionTLS12, wire.VersionTLS11, wire.VersionTLS10}, []wire.CipherSuite{wire.TLS_RSA_WITH_AES_128_GCM_SHA256, wire.TLS_RSA_WITH_AES_256_GCM_SHA384, wire.TLS_RSA_WITH_AES_128_CBC_SHA, wire.TLS_RSA_WITH_AES_256_CBC_SHA}, x25519, []string{"RSA 2048"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cfg := &tls.Config{MinVersion: uint16(slices.Min(c.versions)), MaxVersion: uint16(slices.Max(c.versions))}
			s := realServer{shareFirst: true, chachaFirst: true}
			s.Versions, s.Groups, s.Schemes = c.versions, c.groups, allSchemes
			var served []transcript.Served
			for _, k := range c.keys {
				s.withKey(t, k)
				cfg.Certificates = append(cfg.Certificates, tls.Certificate{Certificate: s.Chain, PrivateKey: s.Key})
				served = append(served, transcript.Served{SHA256: k, For: []transcript.Asked{transcript.ByName, transcript.ByNoName}, Chain: s.Chain, Bytes: 1000})
			}
			for _, x := range c.suites {
				cfg.CipherSuites = append(cfg.CipherSuites, uint16(x))
			}
			for _, g := range c.groups {
				cfg.CurvePreferences = append(cfg.CurvePreferences, tls.CurveID(g))
			}
			f := s.facts()
			for _, v := range c.versions {
				sf := transcript.SuiteFacts{Order: transcript.ServerOrder, Complete: true, ChaChaFirst: transcript.Yes, List: own13}
				if v < wire.VersionTLS13 {
					sf.List = slices.DeleteFunc(slices.Clone(c.suites), func(x wire.CipherSuite) bool { i, _ := x.Info(); return !i.SupportedIn(v) })
				}
				f.Suites[v.String()] = sf
			}
			f.GroupOrder12 = transcript.ClientOrder
			if c.versions[0] < wire.VersionTLS13 {
				f.GroupOrder = transcript.ClientOrder
			}
			f.Served, f.SignatureOrder = served, transcript.ClientOrder
			f.Features.ExtendedMasterSecret = transcript.Yes
			for i := range f.Groups {
				if f.Groups[i].Group == wire.GroupX25519MLKEM768 {
					f.Groups[i].TLS12 = transcript.No
				}
			}
			addr := listen(t, cfg)
			pr := NewPredictor(f, PredictOptions{Host: "www.example.org", ServerName: "www.example.org", HTTP: true, NoTrust: true})
			_, bothKinds := s.Key.(*rsa.PrivateKey)
			bothKinds = bothKinds && len(c.keys) > 1
			unsaid := 0
			for _, p := range oneAttempt() {
				tr := meet(t, p, addr, true)
				x, h := pr.Predict(p), whatHappened(p, &s, tr)
				if bothKinds || h.version == wire.VersionTLS12 {
					// Which certificate it takes does not hang on the schemes, so these
					// are not what the facts can say.
					h.scheme = x.Signature
				}
				if x.Group == 0 && h.group == wire.GroupX25519MLKEM768 && h.retry {
					unsaid++ // a matter of the software's version
					h.group, h.retry = 0, false
				}
				if d := disagreement(x, h); d != "" {
					t.Errorf("%s: %s (%s; %s)", p.ID, d, x.Why, h.detail)
				}
			}
			if unsaid > 5 { // those that list X25519MLKEM768 and send no share of it
				t.Errorf("of %d clients it is not said what they get", unsaid)
			}
		})
	}
}
