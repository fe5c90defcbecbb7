package client

import (
	"encoding/hex"
	"strings"
	"testing"
)

// What clients know of the roots that broke people, from the lists of their time.
func TestProfilesKnowTheRootsOfTheirTime(t *testing.T) {
	const isrgX1, dstX3, addTrust = "96bcec06", "06872603", "687fa451"
	for _, c := range []struct {
		id, root string
		want     bool
	}{
		{"node-0.10.48", isrgX1, false},
		{"node-0.10.48", dstX3, true},
		{"node-8.17.0", isrgX1, true},
		{"node-10.24.1", addTrust, true},
		{"node-16.20.2", addTrust, false},
		{"node-16.20.2", dstX3, false},
		{"android-6", isrgX1, false},
		{"android-6", dstX3, true},
		{"android-7.1", isrgX1, true},
		{"java-8u51", isrgX1, false},
		{"java-8u51", dstX3, false},
		{"java-8u181", isrgX1, true},
		{"chrome", isrgX1, true},
		{"safari", isrgX1, true},
	} {
		p, err := Get(c.id)
		if err != nil {
			t.Fatal(err)
		}
		s, err := p.Store()
		if err != nil {
			t.Fatal(err)
		}
		got := false
		for _, a := range s.Anchors() {
			got = got || strings.HasPrefix(hex.EncodeToString(a.SHA256[:]), c.root)
		}
		if got != c.want {
			t.Errorf("%s with %s: root %s is there: %v", c.id, s.Name, c.root, got)
		}
	}
}

// Whether an expired root still counts; Java, OpenSSL and Node.js were tried, of
// the others their sources or makers say so.
func TestAnchorDates(t *testing.T) {
	for id, want := range map[string]bool{
		"android-4.4": true, "android-6": true, "java-17": true, "java-8": true, "rustls-0.20": true, "deno-2.1.0": true, "bearssl-0.6": true,
		"openssl-3.0": false, "node-16.20.2": false, "curl-openssl": false, "gnutls-cli": false, "go-1.26.8": false, "firefox": false, "nss-tstclnt": false,
	} {
		p, err := Get(id)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.TrustPolicy(true).IgnoresAnchorDates; got != want {
			t.Errorf("%s ignores the dates of roots: %v", id, got)
		}
	}
}
