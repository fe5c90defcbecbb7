package trust

import "testing"

// Every OID of the table is what its encoding reads as.
func TestDottedOIDsReadAsTheyAreEncoded(t *testing.T) {
	known := dottedOIDs()
	if len(known) < 100 {
		t.Fatalf("only %d OIDs are known", len(known))
	}
	for b, want := range known {
		if got, ok := printOID([]byte(b)); !ok || got != want {
			t.Errorf("% x reads as %q, not as %q", b, got, want)
		}
	}
}
