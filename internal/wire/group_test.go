package wire

import (
	"strings"
	"testing"
)

// What the registry calls by the name of a scheme is of its kind.
func TestGroupKinds(t *testing.T) {
	for v := range 1 << 16 {
		g := Group(v)
		name := strings.ToUpper(g.String())
		if want := strings.Contains(name, "MLKEM") || strings.Contains(name, "KYBER") || strings.Contains(name, "CECPQ"); g.PostQuantum() != want {
			t.Errorf("%s: post-quantum %t", g, g.PostQuantum())
		}
		if want := strings.HasPrefix(name, "FFDHE"); g.FiniteField() != want {
			t.Errorf("%s: finite field %t", g, g.FiniteField())
		}
	}
}
