package client

import (
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/lab/oddtls"
	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/trust"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// origin is a server in front of which proxies stand: all of TLS 1.2 and 1.3,
// with a good certificate, before change.
type origin struct {
	realServer
	name  string
	key   string
	leaf  []func(*x509.Certificate)
	self  bool // signed by itself
	facts func(*transcript.Facts)
}

func (o origin) build(t testing.TB) (*transcript.Facts, PredictOptions) {
	s := o.realServer
	s.shareFirst = true
	if s.Versions == nil {
		s.Versions = []wire.Version{wire.VersionTLS12, wire.VersionTLS13}
	}
	if s.Suites == nil {
		s.Suites = slices.Concat(suites13, ecdheGCM, ecdheCBC, transport)
	}
	if s.Groups == nil {
		s.Groups = []wire.Group{wire.GroupX25519, wire.GroupSecp256r1, wire.GroupSecp384r1}
	}
	s.Schemes = allSchemes
	if o.key == "" {
		o.key = "RSA 2048"
	}
	s.Key = keyKinds()[o.key]
	if o.self {
		s.Chain = [][]byte{selfSignedFor(t, s.Key)}
	} else {
		s.Chain = predictCA().issue(t, o.key, o.leaf...)
	}
	f := s.facts()
	f.Features.ExtendedMasterSecret = transcript.Yes
	if o.facts != nil {
		o.facts(f)
	}
	return f, PredictOptions{Host: predictHost, ServerName: predictHost, HTTP: true, Roots: predictCA().store}
}

func selfSignedFor(t testing.TB, key any) []byte {
	if tt, ok := t.(*testing.T); ok {
		return selfSigned(tt, key)
	}
	return nil
}

func certified(f func(*x509.Certificate)) []func(*x509.Certificate) {
	return []func(*x509.Certificate){f}
}

func versions(vs ...wire.Version) []wire.Version { return vs }

// measuredOrigins are the origins that real proxies were put in front of.
func measuredOrigins() []origin {
	return []origin{
		{name: "good", realServer: realServer{Config: oddtls.Config{Versions: versions(wire.VersionTLS12)}}},
		{name: "1.3 alone", realServer: realServer{Config: oddtls.Config{Versions: versions(wire.VersionTLS13)}}},
		{name: "self-signed", self: true},
		{name: "other name", leaf: certified(func(c *x509.Certificate) { c.DNSNames = []string{"other.example.org"} })},
		{name: "expired", leaf: certified(func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Hour) })},
		{name: "SHA-1", leaf: certified(func(c *x509.Certificate) { c.SignatureAlgorithm = x509.ECDSAWithSHA1 })},
		{name: "CN only", leaf: certified(func(c *x509.Certificate) { c.DNSNames = nil })},
		{name: "RSA 1024", key: "RSA 1024"},
		{name: "client EKU", leaf: certified(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} })},
		{name: "1.1, RSA", realServer: realServer{Config: oddtls.Config{Versions: versions(wire.VersionTLS11), Suites: []wire.CipherSuite{wire.TLS_RSA_WITH_AES_128_CBC_SHA}}}},
		{name: "1.0, RSA", realServer: realServer{Config: oddtls.Config{Versions: versions(wire.VersionTLS10), Suites: []wire.CipherSuite{wire.TLS_RSA_WITH_AES_128_CBC_SHA}}}},
		{name: "1.0, ECDHE", realServer: realServer{Config: oddtls.Config{Versions: versions(wire.VersionTLS10), Suites: ecdheCBC}}},
		{name: "DHE 1024", realServer: realServer{Config: oddtls.Config{
			Versions: versions(wire.VersionTLS12), Suites: []wire.CipherSuite{wire.TLS_DHE_RSA_WITH_AES_128_GCM_SHA256},
			DH: oddtls.DH1024(),
		}}},
	}
}

// TestMeasuredProxies: which of measuredOrigins each proxy could not fetch from,
// as the real ones of Debian 12 were seen to do (200 or an error page).
func TestMeasuredProxies(t *testing.T) {
	const (
		unverified = "1.0, ECDHE; DHE 1024"
		chain      = "self-signed; expired; SHA-1; RSA 1024; client EKU; " + unverified
		whole      = "self-signed; other name; expired; SHA-1; RSA 1024; client EKU; " + unverified
		from12     = "; 1.1, RSA; 1.0, RSA"
	)
	for id, fails := range map[string]string{
		"nginx-proxy":                  "1.3 alone; " + unverified,
		"nginx-proxy-sni":              "1.3 alone; " + unverified,
		"nginx-proxy-verify":           "1.3 alone; " + whole,
		"nginx-proxy-1.23.4":           unverified,
		"nginx-proxy-1.27.3":           unverified + from12,
		"apache-proxy":                 "other name; expired; " + unverified,
		"apache-proxy-verify":          whole,
		"haproxy-proxy":                unverified,
		"haproxy-proxy-verify":         chain,
		"haproxy-proxy-sni":            whole,
		"caddy-proxy":                  "self-signed; other name; expired; SHA-1; CN only; client EKU; " + unverified + from12,
		"h2o-proxy":                    chain,
		"squid-proxy":                  whole,
		"trafficserver-proxy":          unverified + from12,
		"trafficserver-proxy-enforced": whole + from12,
		"nghttpx-proxy":                whole + from12,
		"stunnel":                      unverified,
		"stunnel-verify":               whole,
	} {
		p, err := Get(id)
		if err != nil {
			t.Error(err)
			continue
		}
		for _, o := range measuredOrigins() {
			f, opts := o.build(t)
			x := p.Predict(f, opts)
			want := OK
			if slices.Contains(strings.Split(fails, "; "), o.name) {
				want = Fail
			}
			// That a server shows a SHA-1 certificate to clients that list no SHA-1
			// was seen of this one; of others nobody knows.
			if x.Outcome != want || !x.Exact && !strings.Contains(x.Open, "ecdsa_sha1") {
				t.Errorf("%s, origin %q: %s (%s: %s; open %q), measured %s", id, o.name, x.Outcome, x.Cause, x.Why, x.Open, want)
			}
		}
	}
}

// TestDocumentedProxies: what the makers of proxies and CDNs say of origins.
func TestDocumentedProxies(t *testing.T) {
	good := origin{}
	selfSigned := origin{self: true}
	expired := origin{leaf: certified(func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Hour) })}
	otherName := origin{leaf: certified(func(c *x509.Certificate) { c.DNSNames = []string{"other.example.org"} })}
	cnOnly := origin{leaf: certified(func(c *x509.Certificate) { c.DNSNames = nil })}
	needsName := origin{realServer: realServer{needsName: true}}
	only := func(v wire.Version, suites ...wire.CipherSuite) origin {
		return origin{realServer: realServer{Config: oddtls.Config{Versions: versions(v), Suites: suites}}}
	}
	only13 := only(wire.VersionTLS13)
	rsaKeys := only(wire.VersionTLS12, wire.TLS_RSA_WITH_AES_128_GCM_SHA256)
	tls10 := only(wire.VersionTLS10, slices.Concat(ecdheCBC, transport)...)
	for _, c := range []struct {
		client string
		origin origin
		cause  cause.ID // "": it connects
		says   string
	}{
		{"nginx-proxy", needsName, cause.SNIRequired, "nginx: proxy_ssl_server_name is off by default"},
		{"nginx-proxy-sni", needsName, "", "nginx: proxy_ssl_server_name"},
		{"nginx-proxy", selfSigned, "", "nginx: proxy_ssl_verify is off by default"},
		{"nginx-proxy-1.23.4", only13, "", "nginx CHANGES 1.23.4: TLS 1.3 is enabled by default"},
		{"nginx-proxy", only13, cause.NoSharedVersion, "nginx CHANGES 1.23.4: TLS 1.3 is enabled by default, so not before"},
		{"nginx-proxy-1.27.3", tls10, cause.NoSharedVersion, "nginx CHANGES 1.27.3: TLS 1.0 and 1.1 are disabled by default"},
		{"ingress-nginx", needsName, cause.SNIRequired, "ingress-nginx annotations: proxy-ssl-server-name"},
		{"ingress-nginx", selfSigned, "", "ingress-nginx annotations: proxy-ssl-verify is off"},
		{"kong", needsName, "", "Kong's nginx template: proxy_ssl_server_name on"},
		{"kong", selfSigned, "", "Kong: tls_verify is unset by default"},
		{"apache-proxy", needsName, "", "Apache mod_proxy sends the backend's host"},
		{"apache-proxy", selfSigned, "", "Apache: SSLProxyVerify none is the default"},
		{"apache-proxy", otherName, cause.HostnameMismatch, "Apache: SSLProxyCheckPeerName is on by default"},
		{"apache-proxy", expired, cause.Expired, "Apache: SSLProxyCheckPeerExpire is on by default"},
		{"haproxy-proxy", needsName, cause.SNIRequired, "HAProxy: sni has no default before 3.3"},
		{"haproxy-proxy-3.3", needsName, "", "HAProxy 3.3: sni-auto"},
		{"haproxy-proxy-verify", otherName, "", "HAProxy: verifyhost or sni is needed for the name"},
		{"envoy", needsName, cause.SNIRequired, "Envoy: UpstreamTlsContext.sni has no default"},
		{"envoy", expired, "", "Envoy: without trusted_ca a certificate is not verified"},
		{"envoy", only13, cause.NoSharedVersion, "Envoy: tls_maximum_protocol_version is TLSv1_2 for clients"},
		{"envoy", rsaKeys, cause.NoSharedCipher, "Envoy: default ciphers of clients"},
		{"envoy-verify", otherName, "", "Envoy issue 7312: subjectAltName is not verified by default"},
		{"envoy-verify", selfSigned, cause.UntrustedRoot, "Envoy: trusted_ca"},
		{"istio", only13, "", "Istio: TLS 1.3 is the maximum of its clusters"},
		{"istio", selfSigned, cause.UntrustedRoot, "Istio 1.21: VERIFY_CERTIFICATE_AT_CLIENT is on"},
		{"istio-1.20", needsName, cause.SNIRequired, "Istio 1.21: ENABLE_AUTO_SNI was off before"},
		{"istio-1.20", selfSigned, "", "Istio 1.21: VERIFY_CERTIFICATE_AT_CLIENT was off before"},
		{"traefik", selfSigned, cause.UntrustedRoot, "Traefik: insecureSkipVerify is false"},
		{"traefik", rsaKeys, cause.NoSharedCipher, "Go 1.22: no RSA key transport by default"},
		{"caddy-proxy", rsaKeys, "", "Go before 1.22 offers RSA key transport"},
		{"varnish-enterprise", otherName, "", "Varnish Enterprise: ssl_verify_host is 0"},
		{"varnish-enterprise", expired, cause.Expired, "Varnish Enterprise: ssl_verify_peer is 1"},

		{"cloudflare-full", selfSigned, "", "Cloudflare, Full: not validated in any way"},
		{"cloudflare-full", expired, "", "Cloudflare, Full: it can be expired"},
		{"cloudflare-full", otherName, "", "Cloudflare, Full: no matching CN/SAN needed"},
		{"cloudflare-full", needsName, "", "Cloudflare sends the Host as server name"},
		{"cloudflare-full", tls10, "", "Cloudflare: cipher suites for origins, TLS 1.0"},
		{"cloudflare-full", only(wire.VersionTLS12, wire.TLS_DHE_RSA_WITH_AES_128_GCM_SHA256), cause.NoSharedCipher, "Cloudflare: cipher suites for origins have no DHE"},
		{"cloudflare-full", only(wire.VersionTLS12, wire.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256), cause.NoSharedCipher, "Cloudflare: cipher suites for origins, no ChaCha20 before TLS 1.3"},
		{"cloudflare-full-strict", good, "", "Cloudflare, Full (strict)"},
		{"cloudflare-full-strict", cnOnly, "", "Cloudflare, Full (strict): CN or SAN"},
		{"cloudflare-full-strict", selfSigned, cause.UntrustedRoot, "Cloudflare, Full (strict): of a public CA or the Origin CA"},
		{"cloudflare-full-strict", expired, cause.Expired, "Cloudflare, Full (strict): unexpired"},
		{"cloudflare-full-strict", otherName, cause.HostnameMismatch, "Cloudflare, Full (strict): CN or SAN matches"},
		{"cloudfront", selfSigned, cause.UntrustedRoot, "CloudFront: requirements for certificates"},
		{"cloudfront", otherName, cause.HostnameMismatch, "CloudFront: HTTP 502, domain names don't match"},
		{"cloudfront", only13, cause.NoSharedVersion, "CloudFront: OriginSslProtocols end at TLSv1.2"},
		{"cloudfront", tls10, cause.NoSharedVersion, "CloudFront: minimum origin SSL protocol"},
		{"cloudfront-tls1.0", tls10, "", "CloudFront: OriginSslProtocols, TLSv1"},
		{"cloudfront", only(wire.VersionTLS12, wire.TLS_RSA_WITH_AES_128_GCM_SHA256), cause.NoSharedCipher, "CloudFront: ciphers for origins"},
		{"aws-alb", selfSigned, "", "ALB: you can use self-signed certificates or certificates that have expired"},
		{"aws-alb", expired, "", "ALB: you can use self-signed certificates or certificates that have expired"},
		{"aws-alb", only13, "", "ALB: ELBSecurityPolicy-TLS13-1-0-2021-06"},
		{"aws-alb-2016", only13, cause.NoSharedVersion, "ALB: ELBSecurityPolicy-2016-08 otherwise"},
		{"aws-nlb", otherName, "", "NLB: the load balancer does not validate these certificates"},
		{"aws-api-gateway", selfSigned, cause.UntrustedRoot, "API Gateway: self-signed.badssl.com fails"},
		{"aws-api-gateway", expired, cause.Expired, "API Gateway: expired certificates fail"},
		{"google-lb", selfSigned, "", "Google: accepts any certificate that your backends present"},
		{"google-lb", needsName, cause.SNIRequired, "Google: the name is sent with tlsSettings.sni"},
		{"google-lb-authenticated", selfSigned, cause.UntrustedRoot, "Google: backend authenticated TLS"},
		{"google-lb-authenticated", cnOnly, cause.HostnameMismatch, "Google: one of the SANs has to match"},
		{"azure-front-door", otherName, cause.HostnameMismatch, "Front Door: certificate subject name validation"},
		{"azure-front-door", tls10, cause.NoSharedVersion, "Front Door: TLS 1.2 and 1.3 to origins"},
		{"azure-app-gateway", tls10, cause.NoSharedVersion, "Application Gateway: TLS 1.2 at least since August 2025"},
		{"fastly", needsName, cause.SNIRequired, "Fastly: no SNI without ssl_sni_hostname"},
		{"fastly-sni", needsName, "", "Fastly: ssl_sni_hostname"},
		{"fastly", selfSigned, cause.UntrustedRoot, "Fastly: ssl_check_cert is on by default"},
		{"akamai", needsName, "", "Akamai: origin_sni is true by default"},
		{"akamai", otherName, cause.HostnameMismatch, "Akamai: Match CN/SAN To"},
	} {
		p, err := Get(c.client)
		if err != nil {
			t.Error(err)
			continue
		}
		f, o := c.origin.build(t)
		want := Fail
		if c.cause == "" {
			want = OK
		}
		if x := p.Predict(f, o); x.Outcome != want || !x.Exact || x.Cause != c.cause && !slices.Contains(alike(c.cause), x.Cause) {
			t.Errorf("%s: %s %s (%s; open %q), want %s %s: %s", c.client, x.Outcome, x.Cause, x.Why, x.Open, want, c.cause, c.says)
		}
	}
}

// alike are causes that tell the same story of a certificate in more detail.
func alike(id cause.ID) []cause.ID {
	switch id {
	case cause.UntrustedRoot:
		return []cause.ID{cause.SelfSigned}
	case cause.HostnameMismatch:
		return []cause.ID{cause.CNOnly}
	}
	return nil
}

// TestMeasuredNegotiation is a second round of measurements: what they share of
// keys, suites, groups and signatures.
func TestMeasuredNegotiation(t *testing.T) {
	only := func(v wire.Version, suites ...wire.CipherSuite) origin {
		return origin{realServer: realServer{Config: oddtls.Config{Versions: versions(v), Suites: suites}}}
	}
	origins := map[string]origin{
		"ECDSA":       {key: "ECDSA P-256", realServer: realServer{Config: oddtls.Config{Versions: versions(wire.VersionTLS12), Suites: ecdsaGCM}}},
		"Ed25519":     {key: "Ed25519", realServer: realServer{Config: oddtls.Config{Suites: slices.Concat(suites13, ecdsaGCM)}}},
		"ChaCha20":    only(wire.VersionTLS12, wire.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256),
		"RSA":         only(wire.VersionTLS12, wire.TLS_RSA_WITH_AES_128_GCM_SHA256),
		"Camellia":    only(wire.VersionTLS12, wire.TLS_RSA_WITH_CAMELLIA_128_CBC_SHA),
		"DHE 2048":    only(wire.VersionTLS12, wire.TLS_DHE_RSA_WITH_AES_128_GCM_SHA256),
		"secp521r1":   {realServer: realServer{Config: oddtls.Config{Versions: versions(wire.VersionTLS13), Groups: []wire.Group{wire.GroupSecp521r1}}}},
		"SHA-1 signs": only(wire.VersionTLS12, ecdheGCM...),
	}
	sha1 := origins["SHA-1 signs"]
	sha1.facts = func(f *transcript.Facts) {
		f.SignatureAlgorithms = []transcript.SchemeFact{{Scheme: wire.SigRSAPKCS1SHA1, TLS12: transcript.Yes, TLS13: transcript.No}}
	}
	origins["SHA-1 signs"] = sha1
	for id, fails := range map[string][]string{
		"nginx-proxy":                  {"Camellia", "secp521r1", "SHA-1 signs"},
		"nginx-proxy-verify":           {"Camellia", "secp521r1", "SHA-1 signs"},
		"nginx-proxy-1.23.4":           {"Camellia", "SHA-1 signs"},
		"apache-proxy":                 {"Camellia", "SHA-1 signs"},
		"haproxy-proxy-sni":            {"Camellia", "SHA-1 signs"},
		"caddy-proxy":                  {"Camellia", "DHE 2048"},
		"stunnel-verify":               {"DHE 2048", "SHA-1 signs"},
		"h2o-proxy":                    {"Camellia", "SHA-1 signs"},
		"squid-proxy":                  {"Camellia", "SHA-1 signs"},
		"nghttpx-proxy":                {"RSA", "Camellia", "SHA-1 signs"},
		"trafficserver-proxy-enforced": {"Camellia", "SHA-1 signs"},
	} {
		p, err := Get(id)
		if err != nil {
			t.Error(err)
			continue
		}
		for name, o := range origins {
			f, opts := o.build(t)
			want := OK
			if slices.Contains(fails, name) {
				want = Fail
			}
			if x := p.Predict(f, opts); x.Outcome != want {
				t.Errorf("%s, %s: %s %s (%s; open %q)", id, name, x.Outcome, x.Cause, x.Why, x.Open)
			}
		}
	}
}

// TestProxiesAndIntermediates: how many intermediates each takes.
func TestProxiesAndIntermediates(t *testing.T) {
	pki := []*predictPKI{predictCA()}
	for i := range 2 {
		key := keyKinds()["ECDSA P-256"]
		above := pki[i]
		der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
			SerialNumber: big.NewInt(int64(10 + i)), Subject: pkix.Name{CommonName: fmt.Sprintf("Example CA %d", i)}, IsCA: true, BasicConstraintsValid: true,
			NotBefore: time.Now().AddDate(-1, 0, 0), NotAfter: time.Now().AddDate(4, 0, 0), KeyUsage: x509.KeyUsageCertSign,
		}, above.root, key.Public(), above.key)
		if err != nil {
			t.Fatal(err)
		}
		ca, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		pki = append(pki, &predictPKI{key, ca, predictCA().store})
	}
	chains := map[string][][]byte{"none": predictCA().issue(t, "RSA 2048")[:1]}
	one := pki[1].issue(t, "RSA 2048")
	chains["one"], chains["one, not sent"] = one, one[:1]
	chains["two"] = append(pki[2].issue(t, "RSA 2048"), pki[1].root.Raw)
	for id, fails := range map[string][]string{
		"nginx-proxy":                  {},
		"nginx-proxy-verify":           {"two", "one, not sent"},
		"apache-proxy":                 {},
		"apache-proxy-verify":          {"one, not sent"}, // with SSLProxyVerifyDepth 3; its default of 1 refuses one, too
		"haproxy-proxy-sni":            {"one, not sent"},
		"caddy-proxy":                  {"one, not sent"},
		"stunnel-verify":               {"one, not sent"},
		"h2o-proxy":                    {"one, not sent"},
		"squid-proxy":                  {"one, not sent"},
		"nghttpx-proxy":                {"one, not sent"},
		"trafficserver-proxy-enforced": {"one, not sent"},
	} {
		p, err := Get(id)
		if err != nil {
			t.Error(err)
			continue
		}
		for name, chain := range chains {
			f, o := origin{}.build(t)
			f.Served[0].Chain = chain
			want := OK
			if slices.Contains(fails, name) {
				want = Fail
			}
			if x := p.Predict(f, o); x.Outcome != want || !x.Exact {
				t.Errorf("%s, intermediates: %s: %s %s (%s; open %q)", id, name, x.Outcome, x.Cause, x.Why, x.Open)
			}
		}
	}
}

// TestOriginCA: Full (strict) trusts two roots that no browser has.
func TestOriginCA(t *testing.T) {
	strict, _ := Get("cloudflare-full-strict")
	store, err := strict.Store()
	if err != nil {
		t.Fatal(err)
	}
	if mozilla := trust.MozillaStore(); store.Len() != mozilla.Len()+2 {
		t.Errorf("%d roots, Mozilla's are %d", store.Len(), mozilla.Len())
	}
}
