package compat

import (
	"slices"
	"testing"

	"github.com/tlswhy/tlswhy/internal/cause"
	"github.com/tlswhy/tlswhy/internal/client"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// A suite that nobody connected by separates nobody, though all who connect have
// it and no other has: such is coincidence.
func TestSeparatorsAreOfWhatConnects(t *testing.T) {
	var profiles []*client.Profile
	for _, id := range []string{"curl-nss", "curl-windows"} {
		p, err := client.Get(id)
		if err != nil {
			t.Fatal(err)
		}
		profiles = append(profiles, p)
	}
	suite, step := wire.CipherSuite(0x009e), cause.StepCipher // TLS_DHE_RSA_WITH_AES_128_GCM_SHA256
	rows := []Row{rowOf(profiles[0]), rowOf(profiles[1])}
	rows[0].Outcome, rows[0].Cipher = OK, &suite
	rows[1].Outcome, rows[1].Step = Fail, &step
	if got, want := separators(profiles, rows), []string{"a suite with DHE"}; !slices.Equal(got, want) {
		t.Errorf("DHE connects: %q, want %q", got, want)
	}
	suite = 0xc02f // TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, which both have
	for _, s := range separators(profiles, rows) {
		if s == "a suite with 3DES" || s == "a suite with DHE" {
			t.Errorf("ECDHE connects, and %q is said to separate", s)
		}
	}
}
