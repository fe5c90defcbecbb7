package diagnose

import (
	"testing"

	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// A cause that the answers to the fan let expect takes two rounds: a connection
// and a hello each.
func TestTwoRounds(t *testing.T) {
	for _, f := range negotiations() {
		switch f.name {
		case "TLS 1.0 alone", "TLS 1.1 alone", "RC4 alone", "Camellia alone", "Ed25519 certificate", "SHA-1 alone", "brainpool alone", "another protocol":
		default:
			continue
		}
		t.Run(f.name, func(t *testing.T) {
			w := f.world()
			x := examine(t, w, profile(t, "modern"), nil)
			if n := x.roundTrips(w); n != 4 {
				t.Errorf("%d round trips instead of 4", n)
			}
			if len(x.Findings) == 0 || x.Findings[0].Cause != f.want || x.Findings[0].Proof == nil || x.Findings[0].Proof.Repeated != 2 {
				t.Errorf("no %s that was seen twice: %+v", f.want, x.Findings)
			}
		})
	}
}

func TestForeseen(t *testing.T) {
	c := &wire.ClientHello{LegacyVersion: wire.VersionTLS12, CipherSuites: []wire.CipherSuite{wire.TLS_RSA_WITH_AES_128_CBC_SHA}, Extensions: []wire.Extension{}}
	c.Set(wire.ALPNExt("h2"))
	answer := func(v wire.Version, s wire.CipherSuite) *transcript.Transcript {
		return &transcript.Transcript{
			Server:  &wire.ServerHello{LegacyVersion: v, CipherSuite: s},
			Outcome: transcript.Outcome{Kind: transcript.Complete, Reached: transcript.ReachedFlight},
		}
	}
	refused := func(d wire.AlertDescription) *transcript.Transcript {
		return &transcript.Transcript{Outcome: transcript.Outcome{Kind: transcript.AlertReceived, Reached: transcript.ReachedConnected, Alert: &wire.Alert{Level: 2, Description: d}}}
	}
	for _, tt := range []struct {
		name string
		base *transcript.Transcript
		fan  []*transcript.Transcript
		want []string
	}{
		{"one suite is lacking", refused(wire.AlertHandshakeFailure), []*transcript.Transcript{answer(wire.VersionTLS12, wire.TLS_RSA_WITH_RC4_128_SHA)}, []string{"suites+TLS_RSA_WITH_RC4_128_SHA"}},
		{"two things are lacking", refused(wire.AlertHandshakeFailure), []*transcript.Transcript{answer(wire.VersionTLS13, wire.TLS_SM4_GCM_SM3)}, nil},
		{"nobody answers", refused(wire.AlertHandshakeFailure), []*transcript.Transcript{refused(wire.AlertHandshakeFailure)}, nil},
		{"the alert is about ALPN", refused(wire.AlertNoApplicationProtocol), nil, []string{"alpn-"}},
	} {
		var got []string
		for _, ch := range foreseen(c, tt.base, tt.fan) {
			got = append(got, ch.key)
		}
		if len(got) != len(tt.want) || len(got) > 0 && got[0] != tt.want[0] {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
