//go:build linux

package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// clientFixCase is a fix on the client's side: options of curl or of openssl s_client that get it through to the endpoint
// of a row.
type clientFixCase struct {
	cause  cause.ID
	fixFor string // curl or openssl
	row    string
	root   string // identity behind {ca_file} in place of the usual roots
	sparse bool   // s_client without its usual -servername
}

func (c clientFixCase) name() string { return fmt.Sprintf("%s/%s", c.fixFor, c.cause) }

var clientFixCases = []clientFixCase{
	{cause: "no-shared-version", fixFor: "curl", row: "nginx/tls10-only"},
	{cause: "no-shared-version", fixFor: "openssl", row: "nginx/tls10-only"},
	{cause: "no-shared-cipher", fixFor: "curl", row: "nginx/ccm8-only"},
	{cause: "no-shared-cipher", fixFor: "openssl", row: "nginx/ccm8-only"},
	{cause: "mtls-required", fixFor: "curl", row: "haproxy/client-certificate-missing-tls1.2"},
	{cause: "mtls-required", fixFor: "openssl", row: "haproxy/client-certificate-missing-tls1.2"},
	{cause: "sni-required", fixFor: "openssl", row: "haproxy/strict-sni-and-none-sent", sparse: true},
	{cause: "starttls-required", fixFor: "openssl", row: "postfix/smtp-without-starttls-asked"},
	{cause: "version-intolerant", fixFor: "curl", row: "middlebox/version-intolerant-reset"},
	{cause: "version-intolerant", fixFor: "openssl", row: "middlebox/version-intolerant-reset"},
	{cause: "weak-dh", fixFor: "curl", row: "nginx/dh1024-preferred"},
	{cause: "weak-dh", fixFor: "openssl", row: "nginx/dh1024-preferred"},
	{cause: "weak-key", fixFor: "curl", row: "nginx/rsa1024"},
	{cause: "weak-key", fixFor: "openssl", row: "nginx/rsa1024"},
	{cause: "weak-signature", fixFor: "curl", row: "apache2/sha1"},
	{cause: "weak-signature", fixFor: "openssl", row: "apache2/sha1"},
	{cause: "untrusted-root", fixFor: "curl", row: "apache2/private-root", root: "ca/private"},
}

func (c clientFixCase) catalogued() (*cause.Fix, error) {
	entry, ok := cause.Get(c.cause)
	if !ok {
		return nil, fmt.Errorf("the catalogue has no cause %s", c.cause)
	}
	for _, f := range entry.Fixes {
		if f.For == c.fixFor && f.Side == cause.SideClient && f.Place == "options" && f.Config != "" {
			return f, nil
		}
	}
	return nil, fmt.Errorf("the catalogue has no options of %s in %s", c.fixFor, c.cause)
}

// TestClientFixes lets a real client fail, and then get through with the options that the catalogue names.
func TestClientFixes(t *testing.T) {
	rows := allRows()
	for _, c := range clientFixCases {
		t.Run(c.name(), func(t *testing.T) {
			t.Parallel()
			f, err := c.catalogued()
			if err != nil {
				t.Fatal(err)
			}
			i := slices.IndexFunc(rows, func(r row) bool { return r.name == c.row })
			if i < 0 {
				t.Fatalf("no row %s", c.row)
			}
			r := rows[i]
			e := r.up(t)
			plain := view{client: c.fixFor}
			if c.sparse {
				plain.args = []string{"-noservername"}
			}
			if ok, out := plain.ask(t, e, &r); ok {
				t.Fatalf("%s gets through without the fix\n%s", c.fixFor, clip(out, 1000))
			}
			roots := e.pki.roots()
			if c.root != "" {
				roots = e.id(c.root).leafFile
			}
			options := cause.Expand(f.Config, map[string]string{
				"host": r.host(), "port": fmtInt(e.port), "service": "smtp", "ca_file": roots,
				"client_cert_file": e.id("client/good").chainFile, "client_key_file": e.id("client/good").keyFile,
			})
			fixed := view{client: c.fixFor, args: strings.Fields(options)}
			if ok, out := fixed.ask(t, e, &r); !ok {
				t.Errorf("%s does not get through with %q\n%s", c.fixFor, options, clip(out, 1500))
			}
		})
	}
}
