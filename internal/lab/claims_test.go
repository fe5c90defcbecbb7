package lab

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// What the catalogue says of an endpoint is checked here with programs that are
// not ours. A claim is one run of one of them and what it has to say.
type claim struct {
	run  func(t *testing.T, e Endpoint) string
	want string
}

// tool finds a foreign program; CI has them all.
func tool(t testing.TB, name string) string {
	t.Helper()
	p, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("%s is not installed", name)
		}
		t.Skipf("%s is not installed", name)
	}
	return p
}

func run(t *testing.T, limit time.Duration, stdin, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, tool(t, name), args...)
	cmd.Stdin = strings.NewReader(stdin)
	out, _ := cmd.CombinedOutput() // failing is what they are here for
	return string(out)
}

// openssl is `openssl s_client` that verifies chain and name and sends a request.
func openssl(args, want string) claim {
	return claim{func(t *testing.T, e Endpoint) string {
		request := fmt.Sprintf("GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", e.Host)
		full := []string{"s_client", "-connect", e.Addr, "-CAfile", running(t).CAFile(), "-verify_hostname", e.Host, "-verify_return_error", "-ign_eof"}
		if !strings.Contains(args, "-noservername") {
			full = append(full, "-servername", e.Host)
		}
		return run(t, patience, request, "openssl", append(full, strings.Fields(args)...)...)
	}, want}
}

// curl fetches the endpoint's page, with its client certificate and proxy.
func curl(args, want string) claim {
	return claim{func(t *testing.T, e Endpoint) string {
		_, port, err := net.SplitHostPort(e.Addr)
		if err != nil {
			t.Fatal(err)
		}
		full := []string{"-sS", "--cacert", running(t).CAFile(), "-w", "\n%{http_code} HTTP/%{http_version}\n", "--resolve", e.Host + ":" + port + ":" + strings.TrimSuffix(e.Addr, ":"+port)}
		for i, a := range e.Args {
			switch a {
			case "--cert", "--key", "--proxy":
				full = append(full, a, e.Args[i+1])
			}
		}
		full = append(append(full, strings.Fields(args)...), "https://"+net.JoinHostPort(e.Host, port)+"/")
		return run(t, patience, "", "curl", full...)
	}, want}
}

// mailClient is `openssl s_client -starttls` with the endpoint's protocol.
func mailClient(want string) claim {
	return claim{func(t *testing.T, e Endpoint) string {
		protocol, _, _ := strings.Cut(e.Target, "://")
		return run(t, patience, "QUIT\r\n", "openssl", "s_client", "-connect", e.Addr, "-starttls", protocol, "-CAfile", running(t).CAFile(), "-verify_hostname", e.Host)
	}, want}
}

// check runs a check in Go, which answers "ok" if all is as it should be.
func check(f func(t *testing.T, e Endpoint) error) claim {
	return claim{func(t *testing.T, e Endpoint) string {
		if err := f(t, e); err != nil {
			return err.Error()
		}
		return "ok"
	}, "ok"}
}

const (
	works     = "200 HTTP/1.1"
	verified  = "Verify return code: 0 (ok)"
	alert40   = "SSL alert number 40"
	alert70   = "SSL alert number 70"
	resetSaid = "reset by peer"
	noRecord  = "wrong version number"
	hungUp    = "unexpected eof"
	timedOut  = "curl: (28)" // its words depend on where the second ended
	modern    = "-groups X25519:P-256:P-384 "
)

func TestClaims(t *testing.T) {
	claims := map[string][]claim{}
	for _, part := range []map[string][]claim{healthyClaims, certificateClaims, negotiationClaims, handshakeClaims, interferenceClaims, connectClaims, echClaims} {
		for name, c := range part {
			if claims[name] != nil {
				t.Errorf("%s: claims in two places", name)
			}
			claims[name] = c
		}
	}
	slots := make(chan struct{}, 4)
	for _, s := range Catalogue() {
		cs := claims[s.Name]
		if len(cs) == 0 {
			t.Errorf("%s: nothing checks it", s.Name)
			continue
		}
		delete(claims, s.Name)
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			slots <- struct{}{}
			defer func() { <-slots }()
			e := endpoint(t, s.Name)
			for i, c := range cs {
				if got := c.run(t, e); !strings.Contains(got, c.want) {
					t.Errorf("claim %d: no %q in\n%s", i+1, c.want, shorten(got))
				}
			}
		})
	}
	for name := range claims {
		t.Errorf("claims for %q, which does not exist", name)
	}
}

// shorten takes the certificates out of what openssl prints.
func shorten(s string) string {
	var b bytes.Buffer
	inside := false
	for _, l := range strings.Split(s, "\n") {
		inside = inside || strings.HasPrefix(l, "-----BEGIN")
		if !inside && len(l) < 300 && len(b.String()) < 900 {
			b.WriteString(l + "\n")
		}
		inside = inside && !strings.HasPrefix(l, "-----END")
	}
	return b.String()
}

var healthyClaims = map[string][]claim{
	"healthy":                {curl("", works), openssl("-tls1_2", verified), openssl("-tls1_3", verified), gnutls("- Handshake was completed")},
	"healthy-rsa":            {curl("", works), openssl("", "2048 bit")},
	"healthy-p384":           {curl("", works), openssl("", "384 bit")},
	"healthy-tls12":          {curl("", works), openssl("-tls1_3", alert70), gnutls("- Handshake was completed")},
	"healthy-tls12-rsa":      {curl("", works), openssl("-tls1_3", alert70)},
	"healthy-tls13":          {curl("", works), openssl("-tls1_2", alert70)},
	"healthy-hybrid":         {curl("", works), check(usesHybrid)},
	"healthy-p256":           {curl("", works), openssl("-groups X25519:P-384", alert40)},
	"healthy-wildcard":       {curl("", works), openssl("", verified)},
	"healthy-many-names":     {curl("", works), openssl("", verified)},
	"healthy-long-chain":     {curl("", works), openssl("-showcerts", " 4 s:")},
	"healthy-root-sent":      {curl("", works), openssl("-showcerts", " 2 s:")},
	"healthy-stapled":        {curl("", works), openssl("-status", "Cert Status: good"), gnutls("- Handshake was completed")},
	"healthy-garbage-staple": {curl("", works), curl("--cert-status", "Invalid OCSP response")},
	"healthy-renegotiates":   {curl("", works), check(renegotiates)},
	"healthy-must-staple":    {curl("--cert-status", works), gnutls("- Handshake was completed")},
	"healthy-ocsp":           {curl("", works), check(ocspSays("good")), check(crlHas(false))},
	"healthy-constrained":    {curl("", works), openssl("", verified)},
	"healthy-cross-signed":   {curl("", works), openssl("", verified)},
	"healthy-old-versions":   {curl("", works), openssl("-tls1 -cipher ALL@SECLEVEL=0", verified)},
	"healthy-weak-suites":    {curl("", works), check(suiteWorks(rc4SHA)), check(suiteWorks(des3SHA))},
	"healthy-http2":          {curl("--http2", "200 HTTP/2")},
	"healthy-mtls-optional":  {curl("", works), openssl("", "Requested Signature Algorithms")},
	"healthy-mtls":           {curl("", works), check(withoutClientCert("certificate required"))},
	"tls13-missing":          {curl("", works), openssl("-tls1_3", alert70)},
	"obsolete-protocols":     {curl("", works), openssl("-tls1 -cipher ALL@SECLEVEL=0", verified)},
	"weak-suites":            {openssl("-tls1_3", verified), check(suiteWorks(rc4SHA)), check(suiteWorks(des3SHA))},
	"proxy":                  {curl("", works)},
	"smtp":                   {mailClient(verified)},
	"imap":                   {mailClient(verified)},
	"pop3":                   {mailClient(verified)},
}

var certificateClaims = map[string][]claim{
	"expired":                    {curl("", "certificate has expired"), gnutls("expired certificate")},
	"expired-years":              {curl("", "certificate has expired")},
	"not-yet-valid":              {curl("", "certificate is not yet valid"), gnutls("not yet valid")},
	"clock-skew":                 {curl("", works), openssl("-attime 1451606400", "certificate is not yet valid")},
	"expires-soon":               {curl("", works), openssl(attime(6*day), "certificate has expired")},
	"wrong-host":                 {curl("", "no alternative certificate subject name"), openssl("", "hostname mismatch")},
	"wrong-host-parent":          {curl("", "no alternative certificate subject name")},
	"wrong-host-wildcard":        {curl("", "no alternative certificate subject name")},
	"cn-only":                    {check(goSays("certificate relies on legacy Common Name field"))},
	"weak-key":                   {openssl("", "EE certificate key too weak"), openssl("-cipher ALL@SECLEVEL=0", verified)},
	"sha1":                       {openssl("", "CA signature digest algorithm too weak"), openssl("-cipher ALL@SECLEVEL=0", verified)},
	"md5":                        {openssl("", "CA signature digest algorithm too weak"), openssl("-cipher ALL@SECLEVEL=0", verified)},
	"wrong-eku":                  {curl("", "unsuitable certificate purpose"), check(goSays("incompatible key usage"))},
	"wrong-eku-code":             {curl("", "unsuitable certificate purpose")},
	"wrong-key-usage":            {gnutls("Key usage violation in certificate has been detected")},
	"ca-as-leaf":                 {openssl("", verified), check(leafIsCA)},
	"must-staple":                {openssl("-status", "OCSP response: no response sent"), gnutls("requires the server to include an OCSP status")},
	"ct-missing":                 {curl("", works)},
	"ten-years":                  {curl("", works), openssl(attime(9*365*day), "expired"), check(validFor(10 * 365 * day))},
	"revoked-ocsp":               {curl("", works), check(ocspSays("revoked"))},
	"revoked-crl":                {curl("", works), check(crlHas(true))},
	"revoked-stapled":            {openssl("-status", "Cert Status: revoked"), curl("--cert-status", "revocation reason: keyCompromise")},
	"self-signed":                {curl("", "self-signed certificate")},
	"self-signed-ca":             {curl("", "self-signed certificate")},
	"untrusted-root":             {curl("", "unable to get local issuer certificate"), gnutls("issuer is unknown")},
	"untrusted-root-sent":        {curl("", "self-signed certificate in certificate chain")},
	"interception":               {openssl("", "Example SSL Inspection root CA")},
	"incomplete-chain":           {openssl("", "unable to get local issuer certificate"), check(aiaCompletes)},
	"incomplete-chain-no-aia":    {openssl("", "unable to get local issuer certificate")},
	"incomplete-chain-other":     {openssl("", "unable to get local issuer certificate")},
	"chain-order":                {openssl("-showcerts", " 2 s:O = tlswhy lab, CN = tlswhy lab issuing CA"), curl("", works)},
	"chain-unrelated":            {openssl("-showcerts", " 1 s:CN = other.tlswhy.test"), curl("", works)},
	"expired-intermediate":       {openssl("", "certificate has expired")},
	"issuer-not-ca":              {openssl("", "invalid CA certificate")},
	"path-length":                {openssl("", "path length constraint exceeded")},
	"name-constraints":           {openssl("", "permitted subtree violation")},
	"name-constraints-excluded":  {openssl("", "excluded subtree violation")},
	"weak-intermediate":          {openssl("", "CA certificate key too weak"), openssl("-cipher ALL@SECLEVEL=0", verified)},
	"certificate-too-large":      {openssl("", "excessive message size")},
	"certificate-too-large-java": {openssl("", verified), check(javaSays("maximum allowed size"))},
	"smtp-expired":               {mailClient("certificate has expired")},
}
