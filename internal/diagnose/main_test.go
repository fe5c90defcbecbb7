package diagnose

import (
	"flag"
	"os"
	"strconv"
	"testing"
)

// rapidDefaults bound the laws: shrinking stops before anybody waits, and a
// failure is told by its seed, not by a file in the tree.
var rapidDefaults = map[string]string{"rapid.checks": "150", "rapid.shrinktime": "5s", "rapid.nofailfile": "true"}

func TestMain(m *testing.M) {
	flag.Parse()
	given := map[string]bool{}
	flag.Visit(func(f *flag.Flag) { given[f.Name] = true })
	for name, value := range rapidDefaults {
		if !given[name] {
			_ = flag.Set(name, value)
		}
	}
	os.Exit(m.Run())
}

// fewerChecks is for a law that takes long: of 150 checks it makes n.
func fewerChecks(n int) (restore func()) {
	v := flag.Lookup("rapid.checks").Value
	before := v.String()
	if all, err := strconv.Atoi(before); err == nil {
		_ = v.Set(strconv.Itoa(max(all*n/150, 1)))
	}
	return func() { _ = v.Set(before) }
}
