package trust

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
)

// through is the input as it looks with certificates that went through the cache.
func through(t *testing.T, k *Cache, in Input) Input {
	t.Helper()
	in.Cache = k
	in.Chain = slices.Clone(in.Chain)
	for i, c := range in.Chain {
		in.Chain[i] = must(k.ParseCertificate(c.Raw))
		if !bytes.Equal(in.Chain[i].Raw, c.Raw) {
			t.Fatalf("%s became %s", c.Subject, in.Chain[i].Subject)
		}
	}
	return in
}

// sameWithCache: what is remembered changes no verdict, neither when it is put
// into the cache nor when it comes from there.
func sameWithCache(t *testing.T, k *Cache, in Input, want *Result) {
	t.Helper()
	in = through(t, k, in)
	for _, time := range []string{"first", "second"} {
		got := Verify(in)
		if g, w := words(&got), words(want); g != w {
			t.Errorf("the %s time with a cache:\n%s\nwithout:\n%s", time, g, w)
		}
	}
}

func words(r *Result) string {
	s := fmt.Sprintf("ok %v, ambiguous %v, %d paths, extra %v, cut %v\n", r.OK, r.Ambiguous, len(r.Paths), r.UsedExtra, r.Cut)
	for _, d := range r.Defects {
		s += fmt.Sprintf("%s %v %d: %s\n", d.Cause, d.Blocking, d.Index, d.Detail)
	}
	return s
}

func TestCacheKeepsCAsAlone(t *testing.T) {
	p, k := newPKI(), NewCache()
	leaf := issue(spec{}, p.inter)
	for range 2 {
		if r := Verify(through(t, k, p.input(leaf, p.inter))); !r.OK {
			t.Fatal(r.Verdict())
		}
	}
	if len(k.certs) != 1 || k.certs[string(p.inter.Raw)] == nil {
		t.Errorf("%d certificates are held", len(k.certs))
	}
	if len(k.links) != 1 { // the intermediate's; the leaf's is verified every time
		t.Errorf("%d links are held", len(k.links))
	}
	// A link that is remembered is not one for another certificate of that name.
	forged := slices.Clone(p.inter.Raw)
	forged[len(forged)-1] ^= 1
	if r := Verify(through(t, k, p.input(leaf, &ident{Certificate: must(ParseCertificate(forged))}))); r.OK {
		t.Error("an intermediate with a broken signature is taken")
	}
	// And the leaf's own signature counts although its CA is known.
	broken := slices.Clone(leaf.Raw)
	broken[len(broken)-1] ^= 1
	if r := Verify(through(t, k, p.input(&ident{Certificate: must(ParseCertificate(broken))}, p.inter))); r.OK {
		t.Error("a leaf with a broken signature is taken")
	}
}

func TestCacheIsBounded(t *testing.T) {
	p, k := newPKI(), NewCache()
	for i := range maxCachedNames + 10 {
		k.interception(&Name{Raw: fmt.Append(nil, i)}, func(string) (string, bool) { return "", false })
	}
	if len(k.names) > maxCachedNames {
		t.Errorf("%d names are held", len(k.names))
	}
	for i := range maxCachedCerts {
		k.certs[fmt.Sprint(i)] = p.root.Certificate
	}
	if must(k.ParseCertificate(p.inter.Raw)); len(k.certs) > maxCachedCerts {
		t.Errorf("%d certificates are held", len(k.certs))
	}
	large := issue(spec{cn: "Large CA", ca: true, ocsp: "http://" + string(bytes.Repeat([]byte{'x'}, maxCachedBytes)), na: 900 * day}, p.root)
	must(k.ParseCertificate(large.Raw))
	if k.certs[string(large.Raw)] != nil {
		t.Error("a certificate of any size is held")
	}
}
