package env

import (
	"regexp"
	"sync"
)

// pattern is a regular expression that is compiled at first use: most runs of the
// program need none of them, and start sooner.
func pattern(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}
