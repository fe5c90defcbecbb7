package trust

import (
	"crypto/x509"
	"testing"
	"time"
)

func TestCloudflareStore(t *testing.T) {
	own, err := ParsePEM(cloudflareOriginCA)
	if err != nil || len(own) != 2 {
		t.Fatalf("%d roots: %v", len(own), err)
	}
	for _, c := range own {
		x, err := x509.ParseCertificate(c.Raw)
		if err != nil {
			t.Fatal(err)
		}
		if err := x.CheckSignatureFrom(x); err != nil {
			t.Errorf("%s: %v", x.Subject, err)
		}
		if res := Verify(Input{Chain: []*Certificate{c}, Roots: CloudflareStore(), At: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Policy: Policy{Trust: true, Time: true}}); !res.Best.Trusted() {
			t.Errorf("%s is not trusted", x.Subject)
		}
		if res := Verify(Input{Chain: []*Certificate{c}, Roots: MozillaStore(), At: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Policy: Policy{Trust: true, Time: true}}); res.Best.Trusted() {
			t.Errorf("%s is trusted by Mozilla", x.Subject)
		}
	}
}
