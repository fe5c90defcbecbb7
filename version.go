package tlswhy

import (
	"runtime/debug"
	"sync"
)

// version is set by the linker in releases: -X github.com/tlswhy/tlswhy.version=v1.2.3.
var version string

// Version of the program or the module, such as "v1.2.3"; "devel" where neither
// the linker nor the module's build information says.
func Version() string { return versionOnce() }

var versionOnce = sync.OnceValue(func() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "devel"
	}
	for _, m := range append([]*debug.Module{&info.Main}, info.Deps...) {
		if m.Path == "github.com/tlswhy/tlswhy" && m.Version != "" && m.Version != "(devel)" {
			return m.Version
		}
	}
	return "devel"
})
