package tlswhy

import (
	"context"
	"runtime/debug"
	"time"

	"github.com/tlswhy/tlswhy/internal/env"
)

// Environment is a machine as a client: what speaks TLS there, what it trusts and
// what it insists on. Its JSON is of schema tlswhy/env/v1.
type Environment = env.Document

// Env looks at this machine. It connects to nothing and runs the programs that it
// finds, within seconds.
func Env(ctx context.Context) *Environment {
	return env.Collect(ctx, env.ThisHost(Version(), buildTime()))
}

// buildTime is that of the commit that was built; zero if it is not known.
func buildTime() time.Time {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return time.Time{}
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.time" {
			t, _ := time.Parse(time.RFC3339, s.Value) // zero if it is none
			return t
		}
	}
	return time.Time{}
}
