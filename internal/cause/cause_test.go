package cause_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/tlswhy/tlswhy/internal/cause"
)

// vocabulary is what scripts, reports and other packages rely on. An entry never
// changes its meaning; a new cause gets a line here.
const vocabulary = `
dns-failure reach connect high server
tcp-refused reach connect high server
tcp-unreachable reach connect high network
tcp-timeout reach connect high network
tcp-reset reach connect high network
rate-limited reach connect low server
inconsistent-endpoints reach connect medium server
proxy-refused reach connect high proxy
starttls-failed interference connect high server
not-tls interference version high server
starttls-required interference version high client
reset-after-hello interference version medium network
silent-after-hello interference version medium network
closed-after-hello interference version medium server
sni-filtered interference version medium network
large-hello-dropped interference version medium network
server-flight-dropped interference certificate medium network
ech-rejected interference version medium server
version-intolerant interference version medium server
tls-interception interference verify medium proxy
malformed-reply interference version medium server
slow-handshake interference version medium server
no-shared-version negotiation version high server
no-shared-cipher negotiation cipher high server
no-shared-group negotiation cipher high server
no-shared-signature-algorithm negotiation cipher high server
no-alpn-overlap negotiation cipher medium server
weak-dh negotiation keys medium server
legacy-renegotiation negotiation keys medium server
client-too-old negotiation version medium client
server-internal-error negotiation cipher high server
sni-required sni certificate high client
unrecognized-name sni certificate high server
wrong-certificate sni certificate high server
mtls-required mutual-tls keys medium client
mtls-cert-rejected mutual-tls keys medium client
expired certificate verify high server
not-yet-valid certificate verify high server
client-clock-skew certificate verify medium client
hostname-mismatch certificate verify high server
self-signed certificate verify high server
untrusted-root certificate verify high server
incomplete-chain certificate verify medium server
wrong-chain-order certificate certificate low server
expired-intermediate certificate verify high server
revoked certificate verify high server
weak-key certificate verify high server
weak-signature certificate verify high server
cn-only certificate verify high server
wrong-eku certificate verify high server
wrong-key-usage certificate verify high server
ca-as-leaf certificate verify high server
issuer-not-ca certificate verify high server
path-length-exceeded certificate verify high server
ct-missing certificate verify medium server
key-pinning certificate verify medium client
name-constraints certificate verify high server
must-staple-missing certificate verify medium server
validity-too-long certificate verify medium server
cert-key-mismatch certificate keys high server
client-ca-bundle-outdated certificate verify medium client
certificate-too-large certificate certificate medium server
http2-inadequate-security secure secure medium server
unclean-close secure secure low server
obsolete-protocol-enabled posture version low server
tls13-missing posture version low server
weak-suites-enabled posture cipher low server
expires-soon posture verify low server
insecure-options posture keys low server
stapling-broken posture verify medium server
client-setup client connect medium client
origin-unreachable cdn-origin connect high origin
origin-firewall cdn-origin connect high origin
origin-handshake-failed cdn-origin version high origin
origin-cert-invalid cdn-origin verify high origin
origin-wrong-sni cdn-origin certificate high cdn
redirect-loop cdn-origin secure high cdn
`

func TestVocabulary(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(vocabulary), "\n")
	all := cause.All()
	if len(all) != len(lines) {
		t.Errorf("the catalogue has %d causes, the vocabulary %d", len(all), len(lines))
	}
	for i, line := range lines {
		want := strings.Fields(line)
		c, ok := cause.Get(cause.ID(want[0]))
		if !ok {
			t.Errorf("%s is missing", want[0])
			continue
		}
		got := []string{string(c.ID), string(c.Group), c.Step.String(), c.Severity.String(), string(c.Side)}
		if strings.Join(got, " ") != line {
			t.Errorf("catalogue says %q, the vocabulary %q", got, line)
		}
		if i < len(all) && all[i] != c {
			t.Errorf("place %d of All is %s, want %s", i, all[i].ID, c.ID)
		}
	}
}

func TestGet(t *testing.T) {
	c, ok := cause.Get(cause.NoSharedVersion)
	if !ok || c.ID != "no-shared-version" {
		t.Errorf("Get(NoSharedVersion) = %v, %v", c, ok)
	}
	for _, id := range []cause.ID{"", "no-such-cause", "No-Shared-Version"} {
		if c, ok := cause.Get(id); ok || c != nil || id.Valid() {
			t.Errorf("Get(%q) = %v, %v", id, c, ok)
		}
	}
	if !cause.ExpiresSoon.Valid() {
		t.Error("ExpiresSoon is not valid")
	}
}

func TestAllIsACopy(t *testing.T) {
	all := cause.All()
	all[0] = nil
	if cause.All()[0] == nil {
		t.Error("a caller's change of All's slice is seen by the next caller")
	}
}

func TestSteps(t *testing.T) {
	for i, s := range cause.Steps() {
		if s.Index() != i+1 {
			t.Errorf("%v has index %d, want %d", s, s.Index(), i+1)
		}
		back, err := cause.ParseStep(s.String())
		if err != nil || back != s {
			t.Errorf("ParseStep(%q) = %v, %v", s.String(), back, err)
		}
	}
	if cause.StepConnect >= cause.StepSecure || cause.StepUnknown >= cause.StepConnect {
		t.Error("steps are not ordered")
	}
	for _, bad := range []string{"Connect", "handshake", "7"} {
		if s, err := cause.ParseStep(bad); err == nil || s != cause.StepUnknown {
			t.Errorf("ParseStep(%q) = %v, %v", bad, s, err)
		}
	}
	if got := cause.Step(8).String(); got != "step(8)" {
		t.Errorf("Step(8) prints %q", got)
	}
}

func TestJSON(t *testing.T) {
	type finding struct {
		Cause    cause.ID       `json:"cause"`
		Step     cause.Step     `json:"step"`
		Severity cause.Severity `json:"severity"`
		Side     cause.Side     `json:"side"`
	}
	in := finding{cause.NoSharedCipher, cause.StepCipher, cause.SeverityHigh, cause.SideServer}
	text, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"cause":"no-shared-cipher","step":"cipher","severity":"high","side":"server"}`
	if string(text) != want {
		t.Errorf("got %s, want %s", text, want)
	}
	var out finding
	if err := json.Unmarshal(text, &out); err != nil || out != in {
		t.Errorf("read back %+v, %v", out, err)
	}
	for _, bad := range []string{`{"step":"ciphers"}`, `{"severity":"severe"}`, `{"step":3}`} {
		if err := json.Unmarshal([]byte(bad), &out); err == nil {
			t.Errorf("%s was accepted", bad)
		}
	}
	if _, err := json.Marshal(cause.Step(99)); err == nil {
		t.Error("Step(99) was written")
	}
	if _, err := json.Marshal(cause.Severity(99)); err == nil {
		t.Error("Severity(99) was written")
	}
}

func TestSides(t *testing.T) {
	for _, s := range cause.Sides() {
		if !s.Valid() {
			t.Errorf("%q is not valid", s)
		}
	}
	if cause.Side("").Valid() || cause.Side("peer").Valid() {
		t.Error("a side that does not exist is valid")
	}
}
