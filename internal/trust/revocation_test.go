package trust

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tlswhy/tlswhy/internal/cause"
	"golang.org/x/crypto/ocsp"
)

func TestOCSPRequestIsWhatTheLibraryMakes(t *testing.T) {
	p := newPKI()
	leaf := issue(spec{}, p.inter)
	got, err := OCSPRequest(leaf.Certificate, p.inter.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	want, err := ocsp.CreateRequest(leaf.x, p.inter.x, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %x\nwant %x", got, want)
	}
}

func ocspFor(t testing.TB, leaf, issuer *ident, r ocsp.Response, responder *ident) []byte {
	t.Helper()
	r.SerialNumber = leaf.x.SerialNumber
	if r.ThisUpdate.IsZero() {
		r.ThisUpdate, r.NextUpdate = now.Add(-time.Hour), now.Add(5*day)
	}
	signer := issuer
	if responder != nil {
		signer, r.Certificate = responder, responder.x
	}
	der, err := ocsp.CreateResponse(issuer.x, signer.x, r, signer.key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func TestParseOCSPAgainstLibrary(t *testing.T) {
	p := newPKI()
	leaf, other := issue(spec{}, p.inter), issue(spec{}, p.inter)
	responder := issue(spec{cn: "OCSP", noSAN: true, key: "p384", eku: []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning}}, p.inter)
	impostor := issue(spec{cn: "OCSP", noSAN: true, key: "p384"}, p.inter)
	old := ocsp.Response{Status: ocsp.Good, ThisUpdate: now.Add(-20 * day), NextUpdate: now.Add(-10 * day)}
	for _, c := range []struct {
		name    string
		der     []byte
		state   RevocationState
		proves  bool
		current bool
	}{
		{"good", ocspFor(t, leaf, p.inter, ocsp.Response{Status: ocsp.Good}, nil), RevocationGood, true, true},
		{"revoked", ocspFor(t, leaf, p.inter, ocsp.Response{Status: ocsp.Revoked, RevokedAt: now.Add(-day), RevocationReason: ocsp.KeyCompromise}, nil), RevocationRevoked, true, true},
		{"unknown", ocspFor(t, leaf, p.inter, ocsp.Response{Status: ocsp.Unknown}, nil), RevocationUnknown, true, true},
		{"delegated responder", ocspFor(t, leaf, p.inter, ocsp.Response{Status: ocsp.Good}, responder), RevocationGood, true, true},
		{"responder without the right to", ocspFor(t, leaf, p.inter, ocsp.Response{Status: ocsp.Good}, impostor), RevocationGood, false, true},
		{"outdated", ocspFor(t, leaf, p.inter, old, nil), RevocationGood, false, false},
		{"of another certificate", ocspFor(t, other, p.inter, ocsp.Response{Status: ocsp.Good}, nil), RevocationUnknown, false, false},
		{"server error", ocsp.UnauthorizedErrorResponse, RevocationUnknown, false, false},
	} {
		s := ParseOCSP(c.der, leaf.Certificate, p.inter.Certificate, now)
		if s.State != c.state || s.Proves() != c.proves || s.Current != c.current {
			t.Errorf("%s: %+v", c.name, s)
		}
		lib, err := ocsp.ParseResponseForCert(c.der, leaf.x, p.inter.x)
		if err != nil {
			if s.Proves() {
				t.Errorf("%s: the library says %v", c.name, err)
			}
			continue
		}
		if !lib.ThisUpdate.Equal(s.ThisUpdate) || !lib.NextUpdate.Equal(s.NextUpdate) || !lib.RevokedAt.Equal(s.RevokedAt) {
			t.Errorf("%s: times %v %v %v, the library reads %v %v %v", c.name, s.ThisUpdate, s.NextUpdate, s.RevokedAt, lib.ThisUpdate, lib.NextUpdate, lib.RevokedAt)
		}
		if s.State == RevocationRevoked && s.Reason != "keyCompromise" {
			t.Errorf("%s: reason %s", c.name, s.Reason)
		}
	}
	if s := ParseOCSP(ocsp.UnauthorizedErrorResponse, leaf.Certificate, p.inter.Certificate, now); s.Err == nil || !strings.Contains(s.Err.Error(), "unauthorized") {
		t.Errorf("error response: %v", s.Err)
	}
	if s := ParseOCSP(ocspFor(t, leaf, p.inter, ocsp.Response{Status: ocsp.Good}, nil), leaf.Certificate, nil, now); s.Err != nil || s.SignatureOK || s.State != RevocationGood {
		t.Errorf("without the issuer: %+v", s)
	}
}

func TestStaples(t *testing.T) {
	p := newPKI()
	leaf := issue(spec{ext: []pkix.Extension{mustStapleExt}}, p.inter)
	in := p.input(leaf, p.inter)
	for _, c := range []struct {
		name   string
		staple []byte
		want   cause.ID
		says   string
	}{
		{"good", ocspFor(t, leaf, p.inter, ocsp.Response{Status: ocsp.Good}, nil), "", ""},
		{"revoked", ocspFor(t, leaf, p.inter, ocsp.Response{Status: ocsp.Revoked, RevokedAt: now.Add(-day)}, nil), cause.Revoked, "stapled OCSP response"},
		{"outdated", ocspFor(t, leaf, p.inter, ocsp.Response{Status: ocsp.Good, ThisUpdate: now.Add(-9 * day), NextUpdate: now.Add(-2 * day)}, nil), cause.MustStapleMissing, "outside its validity"},
		{"signed by somebody else", ocspFor(t, leaf, p.root, ocsp.Response{Status: ocsp.Good}, nil), cause.MustStapleMissing, "another certificate"},
		{"nonsense", []byte("nonsense"), cause.MustStapleMissing, "not usable"},
		{"server error", ocsp.TryLaterErrorResponse, cause.MustStapleMissing, "tryLater"},
	} {
		in.Staple = c.staple
		in.Policy.Revoked = true
		r := Verify(in)
		root, _ := r.Root()
		if root.Cause != c.want || !strings.Contains(root.Detail, c.says) {
			t.Errorf("%s: %s", c.name, r.Verdict())
		}
	}
}

func TestParseCRLAgainstLibrary(t *testing.T) {
	p := newPKI()
	leaf := issue(spec{serial: 0x8000_0001}, p.inter)
	var entries []x509.RevocationListEntry
	for i := range 500 {
		entries = append(entries, x509.RevocationListEntry{SerialNumber: big.NewInt(int64(1_000_000 + i)), RevocationTime: now.Add(-9 * day)})
	}
	hit := x509.RevocationListEntry{SerialNumber: leaf.x.SerialNumber, RevocationTime: now.Add(-2 * day), ReasonCode: 4}
	idp := func(body ...byte) []pkix.Extension {
		return []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 28}, Critical: true, Value: append([]byte{0x30, byte(len(body))}, body...)}}
	}
	delta := []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 27}, Critical: true, Value: []byte{2, 1, 1}}}
	for _, c := range []struct {
		name    string
		entries []x509.RevocationListEntry
		ext     []pkix.Extension
		issuer  *ident
		next    time.Time
		state   RevocationState
		err     error
		proves  bool
	}{
		{"not listed", entries, nil, p.inter, now.Add(day), RevocationGood, nil, true},
		{"empty list", nil, nil, p.inter, now.Add(day), RevocationGood, nil, true},
		{"listed", append(slices.Clone(entries), hit), nil, p.inter, now.Add(day), RevocationRevoked, nil, true},
		{"outdated", entries, nil, p.inter, now.Add(-time.Minute), RevocationGood, nil, false},
		{"other issuer", entries, nil, p.root, now.Add(day), RevocationUnknown, errCRLIssuer, false},
		{"for CAs only", entries, idp(0x82, 1, 0xff), p.inter, now.Add(day), RevocationUnknown, errCRLScope, false},
		{"for users only", entries, idp(0x81, 1, 0xff), p.inter, now.Add(day), RevocationGood, nil, true},
		{"changes only", entries, delta, p.inter, now.Add(day), RevocationUnknown, errCRLDelta, false},
		{"changes only, listed", []x509.RevocationListEntry{hit}, delta, p.inter, now.Add(day), RevocationRevoked, nil, true},
	} {
		der, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{
			Number: big.NewInt(1), ThisUpdate: now.Add(-day), NextUpdate: c.next, RevokedCertificateEntries: c.entries, ExtraExtensions: c.ext,
		}, c.issuer.x, c.issuer.key)
		if err != nil {
			t.Fatal(err)
		}
		for _, list := range [][]byte{der, pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der})} {
			s := ParseCRL(list, leaf.Certificate, p.inter.Certificate, now)
			if s.State != c.state || !errors.Is(s.Err, c.err) || s.Proves() != c.proves {
				t.Errorf("%s: %+v", c.name, s)
			}
			if s.State == RevocationRevoked && (s.Reason != "superseded" || !s.RevokedAt.Equal(hit.RevocationTime)) {
				t.Errorf("%s: %s at %v", c.name, s.Reason, s.RevokedAt)
			}
		}
		der[len(der)-1] ^= 1
		if s := ParseCRL(der, leaf.Certificate, p.inter.Certificate, now); s.SignatureOK {
			t.Errorf("%s: altered list verifies", c.name)
		}
	}
}

// fakeWeb answers from a map and keeps what was asked.
type fakeWeb struct {
	pages map[string][]byte
	asked []string
}

func (f *fakeWeb) Fetch(_ context.Context, r FetchRequest) (FetchResponse, error) {
	f.asked = append(f.asked, r.Method+" "+r.URL)
	b, ok := f.pages[r.URL]
	if !ok {
		return FetchResponse{Status: http.StatusNotFound}, nil
	}
	return FetchResponse{Status: http.StatusOK, Body: b}, nil
}

func TestFetchIssuersCompletesTheChain(t *testing.T) {
	p := newPKI()
	sub := caSpec("Zoo Sub")
	sub.aia = "http://ca.example/inter.p7c"
	subCA := issue(sub, p.inter)
	leaf := issue(spec{aia: "http://ca.example/sub.crt"}, subCA)
	p7 := must(asn1.Marshal(struct {
		OID asn1.ObjectIdentifier
		SD  struct {
			Version int
			Digests []asn1.RawValue `asn1:"set"`
			Content struct{ OID asn1.ObjectIdentifier }
			Certs   asn1.RawValue
			Infos   []asn1.RawValue `asn1:"set"`
		} `asn1:"explicit,tag:0"`
	}{OID: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}, SD: struct {
		Version int
		Digests []asn1.RawValue `asn1:"set"`
		Content struct{ OID asn1.ObjectIdentifier }
		Certs   asn1.RawValue
		Infos   []asn1.RawValue `asn1:"set"`
	}{
		Version: 1,
		Content: struct{ OID asn1.ObjectIdentifier }{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}},
		Certs:   asn1.RawValue{Class: 2, Tag: 0, IsCompound: true, Bytes: append(slices.Clone(p.root.Raw), p.inter.Raw...)},
	}}))
	for name, page := range map[string][]byte{"DER": subCA.Raw, "PEM": pemOf(subCA.Certificate)} {
		web := &fakeWeb{pages: map[string][]byte{"http://ca.example/sub.crt": page, "http://ca.example/inter.p7c": p7}}
		in := p.input(leaf)
		before := Verify(in)
		extra, after := FetchIssuers(context.Background(), web, in)
		if root, _ := before.Root(); root.Cause != cause.IncompleteChain {
			t.Errorf("%s: before: %s", name, before.Verdict())
		}
		if !after.OK || !after.UsedExtra || len(extra) != 3 {
			t.Errorf("%s: after %d fetched: %s", name, len(extra), after.Verdict())
		}
		if want := []string{"GET http://ca.example/sub.crt", "GET http://ca.example/inter.p7c"}; !slices.Equal(web.asked, want) {
			t.Errorf("%s: asked %q", name, web.asked)
		}
	}
	web := &fakeWeb{}
	if _, after := FetchIssuers(context.Background(), web, p.input(leaf)); after.OK || len(web.asked) != 1 {
		t.Errorf("nothing to be had: %s, asked %q", after.Verdict(), web.asked)
	}
	web = &fakeWeb{pages: map[string][]byte{"http://ca.example/sub.crt": p.root.Raw}}
	if _, after := FetchIssuers(context.Background(), web, p.input(leaf)); after.OK || len(web.asked) != 1 {
		t.Errorf("the wrong one: %s, asked %q", after.Verdict(), web.asked)
	}
}

func TestRequestsOnlyOverHTTP(t *testing.T) {
	p := newPKI()
	leaf := issue(spec{aia: "ldap:///CN=x", ocsp: "http://ocsp.example", crl: "file:///etc/passwd"}, p.inter)
	if r := AIARequests(chain(leaf, leaf)); len(r) != 0 {
		t.Errorf("%+v", r)
	}
	if r := CRLRequests(leaf.Certificate); len(r) != 0 {
		t.Errorf("%+v", r)
	}
	r := OCSPRequests(leaf.Certificate, p.inter.Certificate)
	if len(r) != 1 || r[0].Method != http.MethodPost || r[0].ContentType != "application/ocsp-request" || len(r[0].Body) == 0 || r[0].Cert != leaf.Certificate {
		t.Errorf("%+v", r)
	}
	if OCSPRequests(leaf.Certificate, nil) != nil {
		t.Error("no issuer, no request")
	}
}
