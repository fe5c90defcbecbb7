package client

import (
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tlswhy/tlswhy/internal/trust"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// members are the clients that "modern" stands for.
var members = []string{"chrome", "firefox", "safari", "openssl-3.0", "curl-openssl", "go-1.26.8", "java-17", "java-25", "java-25-httpclient"}

// common are the items that all members have, in the order of the first.
func common[T comparable](t *testing.T, list func(*wire.ClientHello) []T) []T {
	t.Helper()
	var out []T
	for i, id := range members {
		p, err := Get(id)
		if err != nil {
			t.Fatal(err)
		}
		l := list(p.Hello)
		if i == 0 {
			out = slices.Clone(l)
			continue
		}
		out = slices.DeleteFunc(out, func(x T) bool { return !slices.Contains(l, x) })
	}
	return out
}

func sameSet[T comparable](t *testing.T, what string, got, want []T) {
	t.Helper()
	for _, x := range got {
		if !slices.Contains(want, x) {
			t.Errorf("%s: modern offers %v, which not all of its members do", what, x)
		}
	}
	for _, x := range want {
		if !slices.Contains(got, x) {
			t.Errorf("%s: all members offer %v, modern does not", what, x)
		}
	}
}

// TestModernIsWhatItsMembersHaveInCommon computes the intersection again.
func TestModernIsWhatItsMembersHaveInCommon(t *testing.T) {
	m, err := Get(Default)
	if err != nil {
		t.Fatal(err)
	}
	h := m.Hello
	suites := func(h *wire.ClientHello) []wire.CipherSuite { return h.CipherSuites }
	sameSet(t, "suites", h.CipherSuites, common(t, suites))
	sameSet(t, "groups", h.SupportedGroups(), common(t, (*wire.ClientHello).SupportedGroups))
	sameSet(t, "signature algorithms", h.SignatureAlgorithms(), common(t, (*wire.ClientHello).SignatureAlgorithms))
	shares := func(h *wire.ClientHello) []wire.Group {
		var out []wire.Group
		for _, s := range h.KeyShares() {
			out = append(out, s.Group)
		}
		return out
	}
	sameSet(t, "key shares", shares(h), common(t, shares))
	// The versions that a member offers and completes.
	var versions []wire.Version
	for _, v := range []wire.Version{wire.VersionTLS10, wire.VersionTLS11, wire.VersionTLS12, wire.VersionTLS13} {
		all := true
		for _, id := range members {
			p, _ := Get(id)
			all = all && p.Hello.OffersVersion(v) && v >= p.Policy.MinVersion
		}
		if all {
			versions = append(versions, v)
		}
	}
	sameSet(t, "versions", h.SupportedVersions(), versions)
}

// TestModernRefusesWhatAnyMemberRefuses compares the policies.
func TestModernRefusesWhatAnyMemberRefuses(t *testing.T) {
	m, _ := Get(Default)
	mp := m.Policy
	atLeast := func(id, what string, got, want int) {
		if got < want {
			t.Errorf("%s wants %s of %d, modern of %d", id, what, want, got)
		}
	}
	atMost := func(id, what string, got, want int) {
		if want != 0 && (got == 0 || got > want) {
			t.Errorf("%s reads %s up to %d, modern up to %d", id, what, want, got)
		}
	}
	implies := func(id, what string, got, want bool) {
		if want && !got {
			t.Errorf("%s: %s, modern does not", id, what)
		}
	}
	for _, id := range members {
		p, _ := Get(id)
		q := p.Policy
		atLeast(id, "a version", int(mp.MinVersion), int(q.MinVersion))
		atLeast(id, "RSA keys", mp.MinRSABits, max(q.MinRSABits, q.MinHandshakeRSABits))
		atLeast(id, "DH primes", mp.MinDHBits, q.MinDHBits)
		atMost(id, "RSA keys", mp.MaxHandshakeRSABits, q.MaxHandshakeRSABits)
		atMost(id, "certificates", mp.MaxCertificateBytes, q.MaxCertificateBytes)
		atMost(id, "chains", mp.MaxChain, q.MaxChain)
		atMost(id, "waiting", mp.Patience, q.Patience)
		implies(id, "refuses SHA-1 certificates", mp.RefuseSHA1Certificates, q.RefuseSHA1Certificates)
		implies(id, "refuses SHA-1 in the handshake", mp.RefuseSHA1Handshake, q.RefuseSHA1Handshake)
		implies(id, "requires RFC 5746", mp.RequireSecureRenegotiation, q.RequireSecureRenegotiation)
		implies(id, "requires RFC 7627", mp.RequireExtendedMasterSecret, q.RequireExtendedMasterSecret)
		implies(id, "requires a SAN", mp.RequireSAN, q.RequireSAN)
		implies(id, "honours must-staple", mp.HonoursMustStaple, q.HonoursMustStaple)
		implies(id, "requires CT", mp.RequiresCT, q.RequiresCT)
		implies(id, "refuses a CA as leaf", mp.RefuseCALeaf, q.RefuseCALeaf)
		implies(id, "honours distrust dates", mp.HonoursDistrust, q.HonoursDistrust)
		implies(id, "checks keyUsage", mp.CheckKeyUsage, q.CheckKeyUsage)
		implies(id, "refuses weak h2", mp.RefuseWeakHTTP2, q.RefuseWeakHTTP2)
		implies(id, "fetches no intermediate", !mp.FetchesAIA, !q.FetchesAIA)
		if at := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC); q.MaxValidity(at) != 0 {
			atMost(id, "validity", mp.MaxValidity(at), q.MaxValidity(at))
		}
	}
}

// TestModernInTermsOfTrust: the profile and package trust mean the same client.
func TestModernInTermsOfTrust(t *testing.T) {
	m, _ := Get(Default)
	if got, want := m.TrustPolicy(true), trust.Modern(); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	private := m.TrustPolicy(false)
	if private.PublicCA {
		t.Error("rules of public CAs for private roots")
	}
}

func TestAClientThatVerifiesNothingDemandsNothing(t *testing.T) {
	p, err := Get("nginx-proxy")
	if err != nil {
		t.Fatal(err)
	}
	got := p.TrustPolicy(true)
	want := trust.Policy{Names: got.Names, PublicCA: true, ExpiresSoon: got.ExpiresSoon}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
	s, err := p.Store()
	if err != nil || s.Len() != 0 {
		t.Errorf("store of %d roots, %v", s.Len(), err)
	}
}

// TestNoIDIsLost: people name clients in scripts. testdata/ids.txt lists those
// that were ever published; adding is free, removing is not.
func TestNoIDIsLost(t *testing.T) {
	b, err := os.ReadFile("testdata/ids.txt")
	if err != nil {
		t.Fatal(err)
	}
	published := strings.Fields(string(b))
	if len(published) < 100 {
		t.Fatalf("only %d ids", len(published))
	}
	for _, id := range published {
		if _, err := Get(id); err != nil {
			t.Error(err)
		}
	}
	for _, id := range IDs() {
		if !slices.Contains(published, id) {
			t.Logf("%s is new: add it to testdata/ids.txt", id)
		}
	}
}
