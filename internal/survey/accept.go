package survey

import (
	"slices"

	"github.com/tlswhy/tlswhy/internal/transcript"
	"github.com/tlswhy/tlswhy/internal/wire"
)

// AcceptVersion changes facts to those of a server that accepts one version more,
// with the suites, groups and signatures of the strictest of Mozilla's
// configurations that has the version. It does nothing where no suite of that
// goes with the server's keys, or the version is there.
func AcceptVersion(f *transcript.Facts, v wire.Version) {
	if slices.Contains(f.Versions, v) {
		return
	}
	if c := strictest(f, v); c != nil {
		c.addVersions(f, []wire.Version{v})
	}
}

// AcceptKey changes facts to those of a server that has a further certificate
// with a key of that kind ("RSA 2048", "ECDSA P-256"), with suites for it.
func AcceptKey(f *transcript.Facts, key string) {
	if len(f.Versions) == 0 {
		return
	}
	if c := strictest(f, slices.Min(f.Versions)); c != nil {
		c.addKey(f, key)
	}
}

// strictest is a comparison with the strictest configuration that has the version.
func strictest(f *transcript.Facts, v wire.Version) *comparison {
	g := mozilla()
	for i := range g.Profiles {
		if slices.Contains(g.Profiles[i].versions, v) {
			return &comparison{s: &Survey{Facts: *f}, p: &g.Profiles[i]}
		}
	}
	return nil
}
